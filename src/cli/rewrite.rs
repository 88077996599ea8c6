//! MicroSIP's spellings and bare numbers, rewritten into the words the parser knows.

use crate::control::spelling::table::{self, Form, Means};
use crate::control::{spelling, verb};
use clap::Command;
use std::ffi::{OsStr, OsString};
use std::path::Path;

/// The command that stands for a line in one of the socket's spellings.
pub(super) const SPELLED: &str = "as-spelled";

/// The same, read with MicroSIP's habits.
pub(super) const MICROSIP: &str = "as-microsip";

/// The command that a bare number stands for.
pub(super) const BARE: &str = "dial-as-typed";

/// Options and verbs that this version has not; a near miss of theirs is no good advice.
pub(super) const NOT_HERE: &[&str] = &[
    #[cfg(not(feature = "http"))]
    "serve",
];

/// The sentence about one of them.
pub(super) fn not_here(word: &str) -> String {
    format!("this version of tuiphone has no {word}")
}

/// Why a line is no good.
#[derive(Debug)]
pub(super) enum Wrong {
    /// As it stands.
    Usage(String),
    /// It has a word that nobody knows, and MicroSIP would dial it.
    Unknown(String),
}

/// True for a program that is called `microsip`, by a link or a copy.
pub(super) fn is_microsip(program: &OsStr) -> bool {
    Path::new(program).file_stem().is_some_and(|name| name.eq_ignore_ascii_case("microsip"))
}

/// The words as the parser takes them, and what is to be said about them on standard error.
///
/// # Errors
/// A sentence about a word with a slash that MicroSIP does not have, or that is one verb too many.
pub(super) fn rewrite(
    argv: impl IntoIterator<Item = OsString>,
    parser: &Command,
) -> Result<(Vec<OsString>, Vec<String>), Wrong> {
    let mut words = argv.into_iter();
    let program = words.next();
    let as_microsip = program.as_deref().is_some_and(is_microsip);
    let mut line = Rewritten { options: program.into_iter().collect(), ..Rewritten::default() };
    while let Some(word) = words.next() {
        let text = word.to_string_lossy().into_owned();
        let fresh = line.command.is_empty();
        if text == "--" {
            line.command.extend(fresh.then(|| BARE.into()));
            line.command.push(word);
            line.command.extend(words.by_ref());
        } else if takes_value(&word, parser) {
            let place = line.place();
            place.push(word);
            place.extend(words.next());
        } else if fresh && as_microsip && text.trim().contains(' ') && !text.starts_with('-') {
            line.command.extend([OsString::from(MICROSIP), word]);
        } else if let Some(body) = text.strip_prefix('/') {
            line.slash(body)?;
        } else if fresh && text == "--hide" {
            line.command.extend([SPELLED, "/hide"].map(OsString::from));
        } else if text.starts_with('-') {
            line.place().push(word);
        } else if fresh && text == "dde" {
            line.dde(&mut words)?;
        } else if fresh && spelling::is_spelled(&text) {
            line.command.extend([OsString::from(SPELLED), word]);
        } else if fresh && !is_command(&text) && as_microsip {
            line.command.extend([OsString::from(MICROSIP), word]);
        } else if fresh && !is_command(&text) && spelling::dialable(&text) {
            line.command.extend([OsString::from(BARE), word]);
        } else if line.command.first().is_some_and(|first| first == BARE) {
            let number = line.command.last().map(|number| number.to_string_lossy().into_owned()).unwrap_or_default();
            let how = format!("a message is written: tuiphone message {number} {text} …");
            return Err(Wrong::Usage(format!("'{text}' behind a number is one word too many; {how}")));
        } else {
            line.command.push(word);
        }
    }
    Ok(line.finish())
}

#[derive(Default)]
struct Rewritten {
    options: Vec<OsString>,
    command: Vec<OsString>,
    /// `/account:N` and `/password:P`, which are a command where there is no other.
    chosen: Vec<(&'static str, String)>,
    notes: Vec<String>,
}

impl Rewritten {
    fn place(&mut self) -> &mut Vec<OsString> {
        if self.command.is_empty() { &mut self.options } else { &mut self.command }
    }

    /// A word of MicroSIP's own command line, without its slash.
    fn slash(&mut self, word: &str) -> Result<(), Wrong> {
        let (name, value) = word.split_once(':').map_or((word, None), |(name, value)| (name, Some(value)));
        let lower = name.to_ascii_lowercase();
        let Some(row) = table::find(Form::Slash, &lower) else {
            if !self.command.is_empty() {
                // A path, or the text of a message.
                self.command.push(format!("/{word}").into());
                return Ok(());
            }
            return Err(Wrong::Unknown(format!("there is no /{word}; to dial it, write -- /{word}")));
        };
        if row.takes_value() != value.is_some() {
            return Err(Wrong::Usage(format!("it is written {}", row.written(Form::Slash))));
        }
        let is_option = matches!(row.means, Means::Option(..));
        if !is_option && !self.command.is_empty() {
            return Err(Wrong::Usage(format!("/{word} does not go together with what stands before it")));
        }
        match (row.means, value) {
            (Means::Option("ini", _), Some(file)) => self.options.extend(["--ini".into(), file.into()]),
            (Means::Option(option, _), Some(value)) => self.chosen.push((option, value.to_owned())),
            (Means::Option(option, _), None) => self.options.push(format!("--{option}").into()),
            (Means::Words(words), _) => self.command.extend(words.iter().map(OsString::from)),
            // Its note about the letters is the reader's.
            (Means::Verb { .. }, _) => self.command.extend([SPELLED.into(), OsString::from(format!("/{word}"))]),
        }
        if name != lower && !matches!(row.means, Means::Verb { .. }) {
            self.notes.push(format!("/{name} is taken as /{lower}; MicroSIP itself would dial it"));
        }
        Ok(())
    }

    /// DDE text; its brackets may be missing. Which program and topic are meant is all one.
    fn dde(&mut self, words: &mut impl Iterator<Item = OsString>) -> Result<(), Wrong> {
        let mut text = None;
        let mut rest = Vec::new();
        while let Some(word) = words.next() {
            let whole = word.to_string_lossy().into_owned();
            match whole.as_str() {
                "--service" | "--topic" => drop(words.next()),
                _ if whole.starts_with("--service=") || whole.starts_with("--topic=") => {}
                _ if text.is_none() && !whole.starts_with('-') => {
                    text = Some(if whole.starts_with('[') { whole } else { format!("[{whole}]") });
                }
                _ => rest.push(word),
            }
        }
        let text = text.ok_or_else(|| Wrong::Usage("dde needs its text, such as '[Dial(600)]'".to_owned()))?;
        self.command.extend([SPELLED.into(), OsString::from(text)]);
        self.command.extend(rest);
        Ok(())
    }

    fn finish(mut self) -> (Vec<OsString>, Vec<String>) {
        if self.command.is_empty() && !self.chosen.is_empty() {
            // The password last: it goes on to the end of the line.
            self.chosen.sort_by_key(|(option, _)| *option == "password");
            if self.chosen.iter().any(|(option, _)| *option == "password") {
                self.notes.push("others on this machine can read /password:".to_owned());
            }
            let words: Vec<String> = self.chosen.iter().map(|(option, value)| format!("/{option}:{value}")).collect();
            self.command.extend([SPELLED.into(), OsString::from(words.join(" "))]);
        } else {
            let chosen = self.chosen.iter().flat_map(|(option, value)| [format!("--{option}"), value.clone()]);
            self.options.extend(chosen.map(OsString::from));
        }
        self.options.extend(self.command);
        (self.options, self.notes)
    }
}

fn is_command(text: &str) -> bool {
    super::args::is_own(text) || verb::find(text).is_some()
}

/// True for an option whose value is the next word.
fn takes_value(word: &OsStr, parser: &Command) -> bool {
    let word = word.to_string_lossy();
    parser.get_arguments().filter(|arg| arg.get_action().takes_values()).any(|arg| {
        let long = arg.get_long().is_some_and(|long| word.strip_prefix("--") == Some(long));
        long || arg.get_short().is_some_and(|short| word.strip_prefix('-') == Some(short.encode_utf8(&mut [0; 4])))
    })
}
