//! What a line of the settings does when its event comes: `Exec,program,argument,…`, `SendMessage,target,message,token,…`
//! or `Socket,path,line`.

use super::super::command_line::CommandLine;
use crate::text::sanitise;

/// Longest value of an `On…` key, in bytes.
const MAX_BYTES: usize = CommandLine::MAX_BYTES;
/// Longest name that others listen under, in characters.
pub const MAX_NAME: usize = 64;
/// Most values of one message.
const MAX_VALUES: usize = 16;

/// What is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// A program is run.
    Run(CommandLine),
    /// Those who listen under a name are told.
    Notify {
        /// The name.
        target: String,
        /// What the message is called, such as `WM_USER+100`.
        message: String,
        /// What it brings, with placeholders.
        values: Vec<String>,
    },
    /// A line is written to a local socket.
    Write {
        /// The socket.
        path: String,
        /// The line, with placeholders.
        line: String,
    },
}

/// Why a line does nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum ActionError {
    #[error("{0}")]
    Command(String),
    #[error("{0:?} is none of Exec, SendMessage, Socket")]
    Unknown(String),
    #[error("it is longer than {MAX_BYTES} bytes")]
    TooLong,
    #[error(
        "SendMessage needs a name of at most {MAX_NAME} characters, and a message: SendMessage,MyApp,WM_USER+100,%number%"
    )]
    Target,
    #[error("SendMessage brings {MAX_VALUES} values at most")]
    TooMany,
    #[error("Socket needs a path and a line: Socket,/run/crm.sock,%number%")]
    Path,
}

impl Action {
    /// The texts with placeholders.
    pub(super) fn templates(&self) -> impl Iterator<Item = &str> {
        let texts: &[String] = match self {
            Action::Run(command) => &command.arguments,
            Action::Notify { values, .. } => values,
            Action::Write { line, .. } => std::slice::from_ref(line),
        };
        texts.iter().map(String::as_str)
    }

    /// The action of an `On…` key.
    pub(super) fn parse(text: &str) -> Result<Action, ActionError> {
        if text.len() > MAX_BYTES {
            return Err(ActionError::TooLong);
        }
        let (word, rest) = text.split_once(',').unwrap_or((text, ""));
        match word.trim().to_ascii_lowercase().as_str() {
            "exec" => exec(rest),
            "sendmessage" => notify(rest),
            "socket" => {
                let (path, line) =
                    rest.split_once(',').map(|(path, line)| (path.trim(), line.trim())).unwrap_or_default();
                let path = path.trim_matches('"');
                match path.is_empty() || line.is_empty() {
                    true => Err(ActionError::Path),
                    false => Ok(Action::Write { path: path.to_owned(), line: line.to_owned() }),
                }
            }
            _ => Err(ActionError::Unknown(sanitise(word.trim()))),
        }
    }
}

/// What stands between commas is one argument more.
fn exec(rest: &str) -> Result<Action, ActionError> {
    let mut words = rest.split(',');
    let command = CommandLine::parse(words.next().unwrap_or_default());
    let mut command = command.map_err(|why| ActionError::Command(why.to_string()))?;
    command.arguments.extend(words.map(|word| word.trim().to_owned()));
    Ok(Action::Run(command))
}

fn notify(rest: &str) -> Result<Action, ActionError> {
    let mut words = rest.split(',').map(|word| word.trim().to_owned());
    let (target, message) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    if target.is_empty() || message.is_empty() || target.chars().count() > MAX_NAME {
        return Err(ActionError::Target);
    }
    let values: Vec<String> = words.collect();
    if values.len() > MAX_VALUES { Err(ActionError::TooMany) } else { Ok(Action::Notify { target, message, values }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_action_is_read() {
        let run = |words: &[&str]| {
            let mut words = words.iter().map(|&word| word.to_owned());
            Action::Run(CommandLine { program: words.next().unwrap(), arguments: words.collect() })
        };
        let notify = |target: &str, message: &str, values: &[&str]| {
            let values = values.iter().map(|&value| value.to_owned()).collect();
            Action::Notify { target: target.to_owned(), message: message.to_owned(), values }
        };
        let write = |path: &str, line: &str| Action::Write { path: path.to_owned(), line: line.to_owned() };
        for (text, expected) in [
            ("Exec,crm.sh,%number%", run(&["crm.sh", "%number%"])),
            ("exec, \"a b.sh\" -v , x", run(&["a b.sh", "-v", "x"])),
            ("SendMessage,MyAppWindow,WM_USER+100,%number%", notify("MyAppWindow", "WM_USER+100", &["%number%"])),
            ("sendmessage, My App , 1 ", notify("My App", "1", &[])),
            ("Socket,/run/crm.sock,call %number%, %name%", write("/run/crm.sock", "call %number%, %name%")),
            ("socket, \"a b.sock\" , {\"n\":1}", write("a b.sock", "{\"n\":1}")),
        ] {
            assert_eq!(Action::parse(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_does_nothing_says_why() {
        for (text, why) in [
            ("Exec,", "it is empty"),
            ("Exec,\"a", "a quote is not closed"),
            ("PostMessage,x", "\"PostMessage\" is none of Exec, SendMessage, Socket"),
            ("", "\"\" is none of Exec, SendMessage, Socket"),
            ("SendMessage,x", "SendMessage needs a name"),
            (&format!("SendMessage,{},m", "x".repeat(MAX_NAME + 1)), "SendMessage needs a name"),
            (&format!("SendMessage,x,m{}", ",v".repeat(MAX_VALUES + 1)), "SendMessage brings 16 values at most"),
            ("Socket,x", "Socket needs a path and a line"),
            ("Socket,,x", "Socket needs a path and a line"),
            (&"x".repeat(MAX_BYTES + 1), "it is longer than 4096 bytes"),
        ] {
            let told = Action::parse(text).expect_err(text).to_string();
            assert!(told.starts_with(why), "{told}");
        }
    }
}
