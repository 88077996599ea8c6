//! What lies between the phone and programs elsewhere: who is told of events, and who decides about a call.

use super::Secret;
use super::command_line::CommandLine;

/// Who is told of events by a POST each (`[tuiphone] webhook` and its like).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Webhook {
    /// An address of `http` or `https`; empty = nobody. Many such addresses are secrets.
    pub url: Secret,
    /// What signs the events; empty = nothing does.
    pub secret: Secret,
    /// Names of events with commas between, `call_*`; empty = all.
    pub events: String,
}

/// The program that decides about an incoming call (`[tuiphone] decideIncoming`, `decideTimeout`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decider {
    text: String,
    /// What is run; `None` = nothing, or the value cannot be read.
    pub command: Option<CommandLine>,
    /// How long it may think, in seconds.
    pub timeout_s: u32,
}

/// How long a program may think about a call where nobody says.
pub(super) const DECIDE_TIMEOUT_S: u32 = 2;

impl Default for Decider {
    fn default() -> Decider {
        Decider { text: String::new(), command: None, timeout_s: DECIDE_TIMEOUT_S }
    }
}

impl Decider {
    /// The value as it is written.
    pub fn text(&self) -> String {
        self.text.clone()
    }

    /// Takes the value, a command line; what is odd about it.
    pub fn set(&mut self, text: &str) -> Option<String> {
        text.clone_into(&mut self.text);
        let read = (!text.trim().is_empty()).then(|| CommandLine::parse(text)).transpose();
        let complaint = read.as_ref().err().map(|why| format!("{why}; nothing is run, and calls ring as without it"));
        self.command = read.ok().flatten();
        complaint
    }

    /// Puts a program that is named by a path where it is.
    pub fn locate(&mut self, place: impl Fn(&str) -> String) {
        let named = self.command.as_mut().filter(|command| command.program.contains(std::path::is_separator));
        if let Some(command) = named {
            command.program = place(&command.program);
        }
    }
}
