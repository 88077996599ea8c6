//! Programs that run when something happens to a call: MicroSIP's `cmd*` keys, and what their programs are told.

use super::command_line::CommandLine;
use crate::text::sanitise;

/// The triggers, and the names that follow from theirs.
macro_rules! triggers {
    ($($(#[$doc:meta])* $name:ident)*) => {
        /// What a hook hangs on, in MicroSIP's order.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Trigger { $($(#[$doc])* $name,)* }

        impl Trigger {
            /// Every one, in MicroSIP's order.
            pub const ALL: &'static [Trigger] = &[$(Trigger::$name,)*];

            /// Its name: `CallEnd`.
            pub const fn name(self) -> &'static str {
                match self { $(Trigger::$name => stringify!($name),)* }
            }

            /// Its key of `[Settings]`: `cmdCallEnd`.
            pub const fn key(self) -> &'static str {
                match self { $(Trigger::$name => concat!("cmd", stringify!($name)),)* }
            }

            /// Its key of `[tuiphone]`: `OnCallEnd`.
            pub const fn own_key(self) -> &'static str {
                match self { $(Trigger::$name => concat!("On", stringify!($name)),)* }
            }
        }
    };
}

triggers! {
    /// Our INVITE is out.
    OutgoingCall
    /// An INVITE came, whatever becomes of it.
    IncomingCall
    /// It rings here.
    CallRing
    /// An incoming call is answered.
    CallAnswer
    /// The same, where the caller offers video.
    CallAnswerVideo
    /// Any call is answered.
    CallStart
    /// A call ended with 486, 600 or 603, from either side.
    CallBusy
    /// A call ended otherwise.
    CallEnd
}

/// A program that something sets off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hook {
    /// What does.
    pub on: Trigger,
    /// The key it stands under.
    pub key: &'static str,
    /// The value as it is written.
    pub text: String,
    /// What is run; `None`: the value cannot be read.
    pub command: Option<CommandLine>,
}

/// The hooks of a configuration.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Hooks {
    list: Vec<Hook>,
    /// The folder their programs run in; empty = that of the phone.
    pub folder: String,
}

impl Hooks {
    /// There is none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The commands of a trigger, each with its key.
    pub fn on(&self, trigger: Trigger) -> impl Iterator<Item = (&'static str, &CommandLine)> {
        let hooks = self.list.iter().filter(move |hook| hook.on == trigger);
        hooks.filter_map(|hook| Some((hook.key, hook.command.as_ref()?)))
    }

    /// The value of a key as it is written.
    pub fn text(&self, key: &str) -> String {
        self.list.iter().find(|hook| hook.key == key).map(|hook| hook.text.clone()).unwrap_or_default()
    }

    /// Takes the value of a `cmd…` key, a command line; what is odd about it.
    pub fn set(&mut self, trigger: Trigger, text: &str) -> Option<String> {
        self.put(trigger, trigger.key(), text, |text| CommandLine::parse(text).map_err(|why| why.to_string()))
    }

    /// Takes the value of an `On…` key, `Exec,command line,argument,…`; what is odd about it.
    pub fn set_own(&mut self, trigger: Trigger, text: &str) -> Option<String> {
        self.put(trigger, trigger.own_key(), text, exec)
    }

    fn put(
        &mut self,
        trigger: Trigger,
        key: &'static str,
        text: &str,
        read: impl Fn(&str) -> Result<CommandLine, String>,
    ) -> Option<String> {
        self.list.retain(|hook| hook.key != key);
        if text.trim().is_empty() {
            return None;
        }
        let command = read(text);
        let complaint = match &command {
            Err(why) => Some(format!("{why}; nothing is run")),
            Ok(command) => command.arguments.iter().any(|word| wants_password(word)).then(|| {
                "{password} and {md5_password} stay empty: everybody can read the arguments of a program".to_owned()
            }),
        };
        self.list.push(Hook { on: trigger, key, text: text.to_owned(), command: command.ok() });
        complaint
    }

    /// Puts the programs that are named by a path where they are.
    pub fn locate(&mut self, place: impl Fn(&str) -> String) {
        for command in self.list.iter_mut().filter_map(|hook| hook.command.as_mut()) {
            if command.program.contains(std::path::is_separator) {
                command.program = place(&command.program);
            }
        }
    }
}

/// The command of `Exec,command line,argument,…`: what stands between commas is one argument more.
fn exec(text: &str) -> Result<CommandLine, String> {
    let (action, rest) = text.split_once(',').unwrap_or((text, ""));
    if !action.trim().eq_ignore_ascii_case("exec") {
        return Err(format!("{:?} is not Exec, the one action there is", sanitise(action.trim())));
    }
    let mut words = rest.split(',');
    let mut command = CommandLine::parse(words.next().unwrap_or_default()).map_err(|why| why.to_string())?;
    command.arguments.extend(words.map(|word| word.trim().to_owned()));
    Ok(command)
}

/// What a program is told, as the far end and the account said it: nothing here is safe before it is reduced.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Facts {
    /// The one who calls or is called, as MicroSIP tells it.
    pub number: String,
    /// The user part of the far end's address.
    pub user: String,
    /// Its host.
    pub domain: String,
    /// Its display name.
    pub name: String,
    /// The Call-ID header.
    pub call_id: String,
    /// Our name of the call, `c1`.
    pub call: String,
    /// `incoming` or `outgoing`.
    pub direction: String,
    /// The last SIP status that mattered.
    pub status: String,
    /// Seconds talked.
    pub duration: String,
    /// When the call began: `20260102T030405Z`.
    pub time: String,
    /// Our account's AOR, its user and its server.
    pub account: String,
    /// See `account`.
    pub extension: String,
    /// See `account`.
    pub server: String,
}

/// A fact under the name that commands call it by; its variable is that name in capitals.
type Named = (&'static str, fn(&Facts) -> &str);

const NAMES: &[Named] = &[
    ("number", |facts| &facts.number),
    ("callerid", |facts| &facts.number),
    ("user", |facts| &facts.user),
    ("domain", |facts| &facts.domain),
    ("name", |facts| &facts.name),
    ("callid", |facts| &facts.call_id),
    ("call", |facts| &facts.call),
    ("direction", |facts| &facts.direction),
    ("status", |facts| &facts.status),
    ("duration", |facts| &facts.duration),
    ("time", |facts| &facts.time),
    ("account", |facts| &facts.account),
    ("extension", |facts| &facts.extension),
    ("server", |facts| &facts.server),
];

/// Placeholders that nothing is put into.
const PASSWORDS: [&str; 2] = ["password", "md5_password"];

/// Longest value that is put into an argument, in characters.
const MAX_VALUE: usize = 128;

impl Facts {
    /// The environment variables that tell them, and the trigger's name.
    pub fn environment(&self, trigger: Trigger) -> Vec<(String, String)> {
        let facts = NAMES.iter().map(|(name, get)| (*name, sanitise(get(self))));
        let event = std::iter::once(("event", trigger.name().to_owned()));
        event.chain(facts).map(|(name, value)| (format!("TUIPHONE_{}", name.to_ascii_uppercase()), value)).collect()
    }
}

impl CommandLine {
    /// The program and its arguments with the facts put in: `%1`, `%number%` or `{number}` each within its argument. The
    /// number comes last as an argument of its own, unless the command names it or has a token between percent signs.
    ///
    /// How many there are depends on the command alone, and nothing that is put in begins an argument with `-`.
    pub fn argv(&self, facts: &Facts) -> Vec<String> {
        let mut argv = vec![self.program.clone()];
        let mut is_told = false;
        for argument in &self.arguments {
            let (text, tells) = fill(argument, facts);
            argv.push(text);
            is_told |= tells;
        }
        if !is_told {
            argv.push(reduced(&facts.number));
        }
        argv
    }
}

/// An argument with the facts in their places, and whether it tells the number.
fn fill(argument: &str, facts: &Facts) -> (String, bool) {
    let (mut text, mut tells, mut rest) = (String::new(), false, argument);
    while let Some(c) = rest.chars().next() {
        match placeholder(rest) {
            Some(Placeholder { name, is_token, behind }) => {
                let fact = NAMES.iter().find(|(known, _)| *known == name);
                text += &reduced(fact.map_or("", |(_, get)| get(facts)));
                tells |= is_token || matches!(name, "number" | "callerid" | "user");
                rest = behind;
            }
            None => {
                text.push(c);
                rest = rest.get(c.len_utf8()..).unwrap_or_default();
            }
        }
    }
    // Why: of `{name}-{number}`, a caller without a name would make an option.
    if !argument.starts_with('-') {
        text = text.trim_start_matches('-').to_owned();
    }
    (text, tells)
}

struct Placeholder<'a> {
    name: &'static str,
    /// It stands between percent signs.
    is_token: bool,
    behind: &'a str,
}

/// The placeholder that a text begins with.
fn placeholder(text: &str) -> Option<Placeholder<'_>> {
    if let Some(behind) = text.strip_prefix("%1") {
        return Some(Placeholder { name: "number", is_token: true, behind });
    }
    let (is_token, (inner, behind)) = match text.strip_prefix('%') {
        Some(rest) => (true, rest.split_once('%')?),
        None => (false, text.strip_prefix('{')?.split_once('}')?),
    };
    let names = NAMES.iter().map(|(name, _)| *name).chain(PASSWORDS);
    let name = names.into_iter().find(|name| name.eq_ignore_ascii_case(inner))?;
    Some(Placeholder { name, is_token, behind })
}

fn wants_password(argument: &str) -> bool {
    let starts = argument.char_indices().filter_map(|(at, _)| argument.get(at..));
    starts.filter_map(placeholder).any(|found| PASSWORDS.contains(&found.name))
}

/// Foreign text within an argument: letters, digits and `+*#._@-`, blanks as `_`. In front of it nothing that a program
/// takes for an option (`-`), a file to read (`@`) or another folder (`.`).
fn reduced(text: &str) -> String {
    let plain = text.chars().map(|c| if c.is_whitespace() { '_' } else { c });
    let kept = plain.filter(|c| c.is_ascii_alphanumeric() || "+*#._@-".contains(*c));
    kept.skip_while(|c| "-@.".contains(*c)).take(MAX_VALUE).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn facts() -> Facts {
        let text = str::to_owned;
        Facts {
            number: text("+4930"),
            user: text("bob"),
            domain: text("pbx.example.net"),
            name: text("Bob O'Neil; rm -rf /"),
            direction: text("incoming"),
            duration: text("12"),
            ..Facts::default()
        }
    }

    fn argv(command: &str, facts: &Facts) -> String {
        CommandLine::parse(command).unwrap().argv(facts).join("|")
    }

    #[test]
    fn the_number_comes_last_unless_the_command_has_it() {
        for (command, expected) in [
            ("crm.exe", "crm.exe|+4930"),
            ("crm.exe --in x", "crm.exe|--in|x|+4930"),
            ("crm.exe %1", "crm.exe|+4930"),
            ("crm.exe tel=%1&x", "crm.exe|tel=+4930&x"),
            ("crm.exe %number% %DIRECTION%", "crm.exe|+4930|incoming"),
            ("crm.exe %direction%", "crm.exe|incoming"),
            ("crm.exe {direction} {duration}", "crm.exe|incoming|12|+4930"),
            ("crm.exe {number}:{user}@{domain}", "crm.exe|+4930:bob@pbx.example.net"),
            ("crm.exe {callerid}", "crm.exe|+4930"),
            ("crm.exe %name%", "crm.exe|Bob_ONeil_rm_-rf_"),
            ("crm.exe {password}{md5_password}x %password%", "crm.exe|x|"),
            // What is no placeholder stays.
            ("crm.exe {odd} %odd% {number 100% }", "crm.exe|{odd}|%odd%|{number|100%|}|+4930"),
            // A program is what the file says.
            ("{number}.sh", "{number}.sh|+4930"),
        ] {
            assert_eq!(argv(command, &facts()), expected, "{command}");
        }
    }

    #[test]
    fn nobody_adds_options_files_or_folders() {
        for (number, expected) in [
            ("", "x|"),
            ("--exec=sh", "x|execsh"),
            ("@microsip.ini", "x|microsip.ini"),
            ("../../etc", "x|etc"),
            ("-.@-@x", "x|x"),
            ("$(reboot)`id`|&;<>\"'\\\n\0%1{name}", "x|rebootid_1name"),
            ("*97#", "x|*97#"),
            ("\u{ff0d}x\u{202e}y", "x|xy"),
        ] {
            let facts = Facts { number: number.to_owned(), ..Facts::default() };
            assert_eq!(argv("x", &facts), expected, "{number:?}");
        }
        // What the file itself begins with a sign is its own wish, what an empty name uncovers is not.
        let facts = Facts { number: "600".to_owned(), ..Facts::default() };
        assert_eq!(argv("x {name}--{number} -n{number}", &facts), "x|600|-n600");
        let long = Facts { number: "9".repeat(5000), ..Facts::default() };
        assert_eq!(argv("x", &long).len(), 2 + MAX_VALUE);
    }

    #[test]
    fn what_the_environment_tells_has_no_controls() {
        let facts = Facts { name: "Ann\u{1b}[2J\n\0 Ü".to_owned(), ..facts() };
        let variables = facts.environment(Trigger::CallEnd);
        let value = |name: &str| variables.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
        assert_eq!(value("TUIPHONE_EVENT"), Some("CallEnd"));
        assert_eq!(value("TUIPHONE_NAME"), Some("Ann[2J  Ü"));
        assert_eq!((value("TUIPHONE_NUMBER"), value("TUIPHONE_PASSWORD")), (Some("+4930"), None));
    }

    #[test]
    fn values_that_cannot_be_run_are_kept_and_told() {
        let mut hooks = Hooks::default();
        for (text, complaint, runs) in [
            ("notify \"x", Some("a quote is not closed; nothing is run"), false),
            ("notify {Password}", Some("{password} and {md5_password} stay empty"), true),
            ("notify", None, true),
        ] {
            let told = hooks.set(Trigger::CallEnd, text);
            assert_eq!(told.as_deref().map(|told| told.split(": ").next().unwrap()), complaint, "{text}");
            assert_eq!((hooks.text("cmdCallEnd").as_str(), hooks.on(Trigger::CallEnd).next().is_some()), (text, runs));
        }
        assert_eq!((hooks.set(Trigger::CallEnd, " "), hooks.is_empty()), (None, true));
    }

    #[test]
    fn lines_of_our_own_run_beside_microsips() {
        for (text, expected) in [
            ("Exec,crm.sh,%number%,%name% x", Ok("crm.sh|+4930|Bob_ONeil_rm_-rf_ x")),
            ("exec, \"a b.sh\" -v , in {direction}", Ok("a b.sh|-v|in incoming|+4930")),
            ("Exec,", Err("it is empty; nothing is run")),
            ("Exec", Err("it is empty; nothing is run")),
            (
                "SendMessage,Window,WM_USER+100",
                Err("\"SendMessage\" is not Exec, the one action there is; nothing is run"),
            ),
        ] {
            let mut hooks = Hooks::default();
            hooks.set(Trigger::CallEnd, "first.sh");
            let complaint = hooks.set_own(Trigger::CallEnd, text);
            let run: Vec<_> =
                hooks.on(Trigger::CallEnd).map(|(key, line)| (key, line.argv(&facts()).join("|"))).collect();
            assert_eq!(run[0], ("cmdCallEnd", "first.sh|+4930".to_owned()), "{text}");
            match expected {
                Ok(argv) => assert_eq!((run[1].0, run[1].1.as_str()), ("OnCallEnd", argv)),
                Err(why) => assert_eq!((run.len(), complaint.as_deref()), (1, Some(why))),
            }
            assert_eq!(hooks.text("OnCallEnd"), text);
        }
    }

    #[test]
    fn programs_by_a_path_are_found_from_elsewhere_too() {
        let mut hooks = Hooks::default();
        hooks.set(Trigger::CallEnd, "bin/x.sh a/b");
        hooks.set(Trigger::CallStart, "x.sh a/b");
        hooks.locate(|program| format!("/at/{program}"));
        let argv = |trigger| hooks.on(trigger).next().unwrap().1.argv(&Facts::default()).join(" ");
        assert_eq!(
            (argv(Trigger::CallEnd), argv(Trigger::CallStart)),
            ("/at/bin/x.sh a/b ".into(), "x.sh a/b ".into())
        );
    }

    proptest! {
        #[test]
        fn whatever_callers_say_the_count_stays_and_no_option_comes(
            template in proptest::collection::vec("[a-z%1{}=/-]{0,4}(\\{name\\}|%1|%name%|\\{number\\}|\\{call\\})?[-@.a-z]{0,3}", 0..5),
            number in any::<String>(),
            name in any::<String>(),
            other in "[-@./%{}1a ]{0,12}",
        ) {
            let line = CommandLine { program: "x".to_owned(), arguments: template };
            let count = line.argv(&Facts::default()).len();
            for facts in [
                Facts { number: number.clone(), name: name.clone(), ..Facts::default() },
                Facts { number: other.clone(), call: other, name: number, ..Facts::default() },
            ] {
                let argv = line.argv(&facts);
                prop_assert_eq!(argv.len(), count);
                for (at, argument) in argv.iter().enumerate() {
                    let own = at.checked_sub(1).and_then(|at| line.arguments.get(at)).is_some_and(|own| own.starts_with('-'));
                    prop_assert!(own || !argument.starts_with('-'), "{:?}", argument);
                    prop_assert!(argument.chars().all(|c| !c.is_control()));
                }
            }
        }
    }
}
