//! MicroSIP's spellings and bare numbers, rewritten into the words the parser knows.

use crate::control::{spelling, verb};
use clap::Command;
use std::ffi::{OsStr, OsString};

/// The words that begin a command and are no verbs of a running phone.
pub(super) const OWN: &[&str] = &["config", "daemon", "demo", "help", "import", "password"];

/// The command that stands for a line in one of the socket's spellings.
pub(super) const SPELLED: &str = "as-spelled";

/// The command that a bare number stands for.
pub(super) const BARE: &str = "dial-as-typed";

/// Options, verbs and words of MicroSIP that this version has not; a near miss of theirs is no good advice.
pub(super) const NOT_HERE: &[&str] = &[
    "--dialplan",
    "--show",
    "--notify",
    "/minimized",
    "/hidden",
    "/hide",
    "/reset",
    "/resetnoask",
    "account",
    "show",
    "hide",
    "test",
    "doctor",
    "trace",
    "url",
    "completions",
    "man",
    "serve",
];

/// The sentence about one of them.
pub(super) fn not_here(word: &str) -> String {
    format!("this version of tuiphone has no {word}")
}

/// The words as the parser takes them, and what is to be said about them on standard error.
///
/// # Errors
/// A sentence about a word with a slash that MicroSIP does not have, or that is one verb too many.
pub(super) fn rewrite(
    argv: impl IntoIterator<Item = OsString>,
    parser: &Command,
) -> Result<(Vec<OsString>, Vec<String>), String> {
    let mut words = argv.into_iter();
    let mut options: Vec<OsString> = words.next().into_iter().collect();
    let (mut command, mut notes) = (Vec::new(), Vec::new());
    while let Some(word) = words.next() {
        let text = word.to_string_lossy().into_owned();
        let fresh = command.is_empty();
        let place = if fresh { &mut options } else { &mut command };
        if text == "--" {
            command.extend(fresh.then(|| BARE.into()));
            command.push(word);
            command.extend(words.by_ref());
        } else if takes_value(&word, parser) {
            place.push(word);
            place.extend(words.next());
        } else if let Some(body) = text.strip_prefix('/') {
            slash(body, &mut options, &mut command, &mut notes)?;
        } else if text.starts_with('-') {
            place.push(word);
        } else if fresh && text == "dde" {
            command.push(SPELLED.into());
            command.push(words.next().map(dde).ok_or("dde needs its text, such as '[Dial(600)]'")?);
        } else if fresh && ["msip:", "[", "action=", "action:"].iter().any(|start| text.starts_with(start)) {
            command.extend([OsString::from(SPELLED), word]);
        } else if fresh && !is_command(&text) && spelling::dialable(&text) {
            command.extend([OsString::from(BARE), word]);
        } else {
            command.push(word);
        }
    }
    options.extend(command);
    Ok((options, notes))
}

/// DDE text; its brackets may be missing.
fn dde(text: OsString) -> OsString {
    let whole = text.to_string_lossy();
    if whole.starts_with('[') { text } else { format!("[{whole}]").into() }
}

/// A word of MicroSIP's own command line, without its slash.
fn slash(
    word: &str,
    options: &mut Vec<OsString>,
    command: &mut Vec<OsString>,
    notes: &mut Vec<String>,
) -> Result<(), String> {
    let (name, value) = word.split_once(':').map_or((word, None), |(name, value)| (name, Some(value)));
    let lower = name.to_ascii_lowercase();
    let (is_option, words) = match (lower.as_str(), value) {
        ("i", Some(file)) => (true, vec!["--ini", file]),
        ("account", Some(account)) => (true, vec!["--account", account]),
        ("password", Some(password)) => (true, vec!["--password", password]),
        ("?", None) => (true, vec!["--help"]),
        ("answer", None) => (false, vec!["answer"]),
        ("hangupall", None) => (false, vec!["hangupall"]),
        ("hangupincoming", None) => (false, vec!["hangup", "--incoming"]),
        ("hangupcalling", None) => (false, vec!["hangup", "--calling"]),
        ("exit", None) => (false, vec!["exit"]),
        ("dtmf", Some(digits)) => (false, vec!["dtmf", digits]),
        ("transfer", Some(number)) => (false, vec!["transfer", number]),
        _ if NOT_HERE.iter().any(|known| known.strip_prefix('/') == Some(lower.as_str())) => {
            return Err(format!("{}; to dial it, write -- /{word}", not_here(&format!("/{lower}"))));
        }
        // A path, or the text of a message.
        _ if !command.is_empty() => {
            command.push(format!("/{word}").into());
            return Ok(());
        }
        _ => return Err(format!("there is no /{word}; to dial it, write -- /{word}")),
    };
    if !is_option && !command.is_empty() {
        return Err(format!("/{word} does not go together with what stands before it"));
    }
    let list = if is_option { options } else { command };
    list.extend(words.into_iter().map(OsString::from));
    if name != lower {
        notes.push(format!("/{name} is taken as /{lower}; MicroSIP itself would dial it"));
    }
    Ok(())
}

fn is_command(text: &str) -> bool {
    OWN.contains(&text) || verb::find(text).is_some()
}

/// True for an option whose value is the next word.
fn takes_value(word: &OsStr, parser: &Command) -> bool {
    let word = word.to_string_lossy();
    parser.get_arguments().filter(|arg| arg.get_action().takes_values()).any(|arg| {
        let long = arg.get_long().is_some_and(|long| word.strip_prefix("--") == Some(long));
        long || arg.get_short().is_some_and(|short| word.strip_prefix('-') == Some(short.encode_utf8(&mut [0; 4])))
    })
}
