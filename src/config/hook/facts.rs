//! What is told of an event, and how it is put into what a file has written: each value within its place, and nothing but
//! a value.

use super::super::command_line::CommandLine;
use super::Trigger;
use crate::text::sanitise;

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
    /// The text of a message.
    pub text: String,
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
    ("text", |facts| &facts.text),
];

/// Placeholders that nothing is put into.
const PASSWORDS: [&str; 2] = ["password", "md5_password"];

/// Longest value that is put into an argument, in characters.
const MAX_VALUE: usize = 128;

impl Facts {
    /// A line or a word with the facts in their places, one line whatever they are. No value has a quote or a backslash:
    /// within quotes it stays there.
    pub fn put_into(&self, template: &str) -> String {
        let plain = |text: &str, _| sanitise(text).chars().filter(|c| !"\"'\\".contains(*c)).collect();
        fill(template, self, plain).0
    }

    /// The environment variables that tell them, and the trigger's name.
    pub fn environment(&self, trigger: Trigger) -> Vec<(String, String)> {
        let facts = NAMES.iter().map(|(name, get)| (*name, sanitise(get(self))));
        let event = std::iter::once(("event", trigger.name().to_owned()));
        event.chain(facts).map(|(name, value)| (format!("TUIPHONE_{}", name.to_ascii_uppercase()), value)).collect()
    }
}

impl CommandLine {
    /// The program and its arguments with the facts put in: `%1`, `%number%` or `{number}` each within its argument, those
    /// in braces encoded as a URL wants them. The number comes last as an argument of its own, unless the command names it
    /// or has a token between percent signs.
    ///
    /// How many there are depends on the command alone, and nothing that is put in begins an argument with `-`.
    pub fn argv(&self, facts: &Facts) -> Vec<String> {
        let mut argv = vec![self.program.clone()];
        let mut is_told = false;
        for argument in &self.arguments {
            let (mut text, tells) = fill(argument, facts, |value, is_token| match is_token {
                true => reduced(value),
                false => encoded(value),
            });
            // Why: of `{name}-{number}`, a caller without a name would make an option.
            if !argument.starts_with('-') {
                text = text.trim_start_matches('-').to_owned();
            }
            argv.push(text);
            is_told |= tells;
        }
        if !is_told {
            argv.push(reduced(&facts.number));
        }
        argv
    }
}

/// A text with the facts in their places, each made harmless so, and whether it tells the number. `harmless` is told
/// whether the place is a token between percent signs.
fn fill(template: &str, facts: &Facts, harmless: impl Fn(&str, bool) -> String) -> (String, bool) {
    let (mut text, mut tells, mut rest) = (String::new(), false, template);
    while let Some(c) = rest.chars().next() {
        match placeholder(rest) {
            Some(Placeholder { name, is_token, behind }) => {
                let fact = NAMES.iter().find(|(known, _)| *known == name);
                text += &harmless(fact.map_or("", |(_, get)| get(facts)), is_token);
                tells |= is_token || matches!(name, "number" | "callerid" | "user");
                rest = behind;
            }
            None => {
                text.push(c);
                rest = rest.get(c.len_utf8()..).unwrap_or_default();
            }
        }
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

pub(super) fn wants_password(argument: &str) -> bool {
    let starts = argument.char_indices().filter_map(|(at, _)| argument.get(at..));
    starts.filter_map(placeholder).any(|found| PASSWORDS.contains(&found.name))
}

/// What begins an option (`-`), a file to read (`@`) or another folder (`.`): no foreign text begins so.
fn begins_odd(c: &char) -> bool {
    "-@.".contains(*c)
}

/// Foreign text within an argument: letters, digits and `+*#._@-`, blanks as `_`.
fn reduced(text: &str) -> String {
    let plain = text.chars().map(|c| if c.is_whitespace() { '_' } else { c });
    let kept = plain.filter(|c| c.is_ascii_alphanumeric() || "+*#._@-".contains(*c));
    kept.skip_while(begins_odd).take(MAX_VALUE).collect()
}

/// Foreign text within an argument that is a URL, as MicroSIP has it: `%20` for a blank.
//= RFC 3986 §2.3
fn encoded(text: &str) -> String {
    let kept: String = sanitise(text).chars().skip_while(begins_odd).take(MAX_VALUE).collect();
    let mut out = String::with_capacity(kept.len());
    for byte in kept.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out += &format!("%{byte:02X}");
        }
    }
    out
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
            ("crm.exe %number%:%user%@%domain%", "crm.exe|+4930:bob@pbx.example.net"),
            ("crm.exe {callerid}", "crm.exe|%2B4930"),
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

    /// A placeholder of MicroSIP a row. `cmdOutgoingCall=browser "http://crm/?n={number}"`.
    #[test]
    fn what_stands_in_braces_is_encoded_for_a_url() {
        let text = str::to_owned;
        let facts = Facts {
            name: text("Bob O'Neil & Söhne; 50%"),
            server: text("2001:db8::1"),
            extension: text("101"),
            call_id: text("a1b2@192.0.2.1"),
            time: text("20260102T030405Z"),
            ..facts()
        };
        for (placeholder, value) in [
            ("{server}", "2001%3Adb8%3A%3A1"),
            ("{extension}", "101"),
            ("{password}", ""),
            ("{md5_password}", ""),
            ("{duration}", "12"),
            ("{time}", "20260102T030405Z"),
            ("{callid}", "a1b2%40192.0.2.1"),
            ("{direction}", "incoming"),
            ("{callerid}", "%2B4930"),
            ("{user}", "bob"),
            ("{number}", "%2B4930"),
            ("{domain}", "pbx.example.net"),
            ("{name}", "Bob%20O%27Neil%20%26%20S%C3%B6hne%3B%2050%25"),
        ] {
            let told = argv(&format!("open http://crm/?x={placeholder}"), &facts);
            let appended = if placeholder == "{user}" || value == "%2B4930" { "" } else { "|+4930" };
            assert_eq!(told, format!("open|http://crm/?x={value}{appended}"), "{placeholder}");
        }
        let above = Facts { name: text("..@x"), ..facts.clone() };
        assert_eq!(argv("open {name}", &above), "open|x|+4930", "nor another folder");
        let odd = Facts { name: text("--x@\u{1b}\n../"), number: "9".repeat(5000), ..facts };
        assert_eq!(argv("open {name} {number}", &odd), format!("open|x%40%20..%2F|{}", "9".repeat(MAX_VALUE)));
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
    fn lines_keep_their_form_whatever_is_put_into_them() {
        for (template, expected) in [
            (r#"{"number":"%number%","name":"{name}"}"#, r#"{"number":"+4930","name":"Bob ONeil; rm -rf /"}"#),
            ("call %1 from %domain%, %odd%", "call +4930 from pbx.example.net, %odd%"),
        ] {
            assert_eq!(facts().put_into(template), expected, "{template}");
        }
        let hostile = Facts { name: "\"},\\\n{\u{1b}[2J'%number%".to_owned(), ..facts() };
        assert_eq!(hostile.put_into("<%name%>"), "<}, {[2J%number%>");
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
