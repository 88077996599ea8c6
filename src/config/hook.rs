//! What is done when something happens: MicroSIP's `cmd*` keys, the `On…` lines, and what they are told.

mod action;
mod facts;

use super::command_line::CommandLine;
pub use action::{Action, MAX_NAME};
pub use facts::Facts;

/// The triggers, and the names that follow from theirs.
macro_rules! triggers {
    ($($(#[$doc:meta])* $trigger:ident $name:literal $key:literal $own_key:literal)*) => {
        /// What a hook hangs on, MicroSIP's in its order.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Trigger { $($(#[$doc])* $trigger,)* }

        impl Trigger {
            /// Every one.
            pub const ALL: &'static [Trigger] = &[$(Trigger::$trigger,)*];

            /// Its name: `CallEnd`.
            pub const fn name(self) -> &'static str {
                match self { $(Trigger::$trigger => $name,)* }
            }

            /// Its key of `[Settings]`: `cmdCallEnd`; for those that MicroSIP does not have, the one of `[tuiphone]`.
            pub const fn key(self) -> &'static str {
                match self { $(Trigger::$trigger => $key,)* }
            }

            /// Its key of `[tuiphone]`: `OnCallEnd`.
            pub const fn own_key(self) -> &'static str {
                match self { $(Trigger::$trigger => $own_key,)* }
            }
        }
    };
}

triggers! {
    /// Our INVITE is out.
    OutgoingCall "OutgoingCall" "cmdOutgoingCall" "OnOutgoingCall"
    /// An INVITE came, whatever becomes of it.
    IncomingCall "IncomingCall" "cmdIncomingCall" "OnIncomingCall"
    /// It rings here.
    CallRing "CallRing" "cmdCallRing" "OnCallRing"
    /// An incoming call is answered.
    CallAnswer "CallAnswer" "cmdCallAnswer" "OnCallAnswer"
    /// The same, where the caller offers video.
    CallAnswerVideo "CallAnswerVideo" "cmdCallAnswerVideo" "OnCallAnswerVideo"
    /// Any call is answered.
    CallStart "CallStart" "cmdCallStart" "OnCallStart"
    /// A call ended with 486, 600 or 603, from either side.
    CallBusy "CallBusy" "cmdCallBusy" "OnCallBusy"
    /// A call ended otherwise.
    CallEnd "CallEnd" "cmdCallEnd" "OnCallEnd"
    /// An account was registered, un-registered, or could not be.
    Register "Register" "OnRegister" "OnRegister"
    /// A message came in.
    Message "Message" "OnMessage" "OnMessage"
    /// The server told of waiting messages.
    Mwi "MWI" "OnMWI" "OnMWI"
}

/// Something that is done when an event comes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hook {
    /// The event.
    pub on: Trigger,
    /// The key it stands under.
    pub key: &'static str,
    /// The value as it is written.
    pub text: String,
    /// What is done; `None`: the value cannot be read.
    pub action: Option<Action>,
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

    /// The actions of a trigger, each with its key.
    pub fn on(&self, trigger: Trigger) -> impl Iterator<Item = (&'static str, &Action)> {
        let hooks = self.list.iter().filter(move |hook| hook.on == trigger);
        hooks.filter_map(|hook| Some((hook.key, hook.action.as_ref()?)))
    }

    /// The value of a key as it is written.
    pub fn text(&self, key: &str) -> String {
        self.list.iter().find(|hook| hook.key == key).map(|hook| hook.text.clone()).unwrap_or_default()
    }

    /// Takes the value of a `cmd…` key, a command line; what is odd about it.
    pub fn set(&mut self, trigger: Trigger, text: &str) -> Option<String> {
        let read = |text: &str| CommandLine::parse(text).map(Action::Run).map_err(|why| why.to_string());
        self.put(trigger, trigger.key(), text, read)
    }

    /// Takes the value of an `On…` key: `Exec,command line,argument,…`, `SendMessage,target,message,value,…` or
    /// `Socket,path,line`; what is odd about it.
    pub fn set_own(&mut self, trigger: Trigger, text: &str) -> Option<String> {
        self.put(trigger, trigger.own_key(), text, |text| Action::parse(text).map_err(|why| why.to_string()))
    }

    fn put(
        &mut self,
        trigger: Trigger,
        key: &'static str,
        text: &str,
        read: impl Fn(&str) -> Result<Action, String>,
    ) -> Option<String> {
        self.list.retain(|hook| hook.key != key);
        if text.trim().is_empty() {
            return None;
        }
        let action = read(text);
        let complaint = match &action {
            Err(why) => Some(format!("{why}; nothing is run")),
            Ok(action) => action.templates().any(facts::wants_password).then(|| {
                "{password} and {md5_password} stay empty: everybody can read the arguments of a program".to_owned()
            }),
        };
        self.list.push(Hook { on: trigger, key, text: text.to_owned(), action: action.ok() });
        complaint
    }

    /// Puts the programs and sockets that are named by a path where they are.
    pub fn locate(&mut self, place: impl Fn(&str) -> String) {
        for action in self.list.iter_mut().filter_map(|hook| hook.action.as_mut()) {
            match action {
                Action::Run(command) if command.program.contains(std::path::is_separator) => {
                    command.program = place(&command.program);
                }
                Action::Write { path, .. } => *path = place(path),
                Action::Run(_) | Action::Notify { .. } => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts() -> Facts {
        let text = str::to_owned;
        let name = text("Bob O'Neil; rm -rf /");
        Facts { number: text("+4930"), direction: text("incoming"), name, ..Facts::default() }
    }

    /// What is done, in a line.
    fn argv(action: &Action, facts: &Facts) -> String {
        match action {
            Action::Run(line) => line.argv(facts).join("|"),
            Action::Write { path, line } => format!("{path} < {}", facts.put_into(line)),
            Action::Notify { target, message, .. } => format!("{target}: {message}"),
        }
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
            ("PostMessage,x", Err("\"PostMessage\" is none of Exec, SendMessage, Socket; nothing is run")),
        ] {
            let mut hooks = Hooks::default();
            hooks.set(Trigger::CallEnd, "first.sh");
            let complaint = hooks.set_own(Trigger::CallEnd, text);
            let run: Vec<_> = hooks.on(Trigger::CallEnd).map(|(key, action)| (key, argv(action, &facts()))).collect();
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
        hooks.set_own(Trigger::Mwi, "Socket,run/mwi,x");
        hooks.locate(|program| format!("/at/{program}"));
        let argv = |trigger| argv(hooks.on(trigger).next().unwrap().1, &Facts::default());
        let told = [argv(Trigger::CallEnd), argv(Trigger::CallStart), argv(Trigger::Mwi)];
        assert_eq!(told, ["/at/bin/x.sh|a/b|", "x.sh|a/b|", "/at/run/mwi < x"]);
    }

    #[test]
    fn keys_are_named_after_their_triggers() {
        let keys = |trigger: Trigger| (trigger.name(), trigger.key(), trigger.own_key());
        assert_eq!(keys(Trigger::CallEnd), ("CallEnd", "cmdCallEnd", "OnCallEnd"));
        assert_eq!(keys(Trigger::Mwi), ("MWI", "OnMWI", "OnMWI"));
    }
}
