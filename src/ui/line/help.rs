//! Help in pages that do not flood, and completion without a key for it: a question mark (or Tab) behind what is typed, then
//! Enter, says what it may go on with.

use super::commands::{self, Word};
use super::settings;
use super::state::{Do, Line, Wish, says};
use super::words::{self, list, sentence};
use crate::control::verb::{self, ParamKind, VerbRow};
use crate::text::fold::fold;
use crate::text::{elided, say, words as catalogue};
use crate::ui::palette::doc_of_param;
use std::borrow::Cow;

/// Words of a completion at most.
const OFFERED: usize = 12;

fn first() -> [String; 6] {
    [
        say!("line-help-keys"),
        say!("line-help-digits"),
        say!("line-help-where"),
        say!("line-help-lists"),
        say!("line-help-verbosity"),
        say!("line-help-more"),
    ]
}

/// The first page, or all about a command.
pub fn help(line: &mut Line, about: &str) -> Vec<Do> {
    let mut letters = about.chars();
    let letter = letters.next().filter(|_| letters.next().is_none()).and_then(commands::of_letter);
    let about = letter.unwrap_or(about);
    if about.is_empty() {
        return first().into_iter().flat_map(says).collect();
    }
    if about.eq_ignore_ascii_case("all") {
        let lines = commands::names().map(in_a_line).collect();
        return line.pages(lines);
    }
    let (word, row) = (commands::find(about), verb::find(about));
    if word.is_none() && row.is_none() {
        // A key of the settings, perhaps.
        return settings::asks_for(Wish::Help(elided(about, 40)));
    }
    let mut lines: Vec<String> = word.into_iter().map(of_word).collect();
    lines.extend(row.into_iter().flat_map(of_verb));
    line.pages(lines)
}

/// `hangup, h: end a call.`
fn in_a_line(name: &'static str) -> String {
    let letter = commands::letter_of(name).map(|letter| format!(", {}", spoken(letter))).unwrap_or_default();
    let of_line = commands::find(name).map(doc_of);
    let doc = of_line.or_else(|| verb::find(name).map(|row| catalogue::of("act", name, row.doc)));
    format!("{name}{letter}: {}", words::sentence(&doc.unwrap_or_default()))
}

/// A letter as it is heard: a large one is said to be one.
fn spoken(letter: char) -> String {
    match letter {
        '.' => say!("line-full-stop"),
        '!' => say!("line-exclamation-mark"),
        '?' => say!("line-question-mark"),
        '<' => say!("line-less-than"),
        '>' => say!("line-greater-than"),
        letter if letter.is_uppercase() => say!("line-capital-letter", letter),
        letter => letter.to_string(),
    }
}

/// What a word of line mode does, in the language that is spoken.
fn doc_of(word: &Word) -> Cow<'static, str> {
    catalogue::of("word", word.names.first().copied().unwrap_or_default(), word.doc)
}

fn of_word(word: &Word) -> String {
    let name = word.names.first().copied().unwrap_or_default();
    let letter = commands::letter_of(name).map(|letter| format!(", {}", spoken(letter))).unwrap_or_default();
    let takes = if word.takes.is_empty() { String::new() } else { format!(" {}", word.takes.replace(['[', ']'], "")) };
    format!("{name}{takes}{letter}: {}", sentence(&doc_of(word)))
}

fn of_verb(row: &VerbRow) -> Vec<String> {
    let mut lines = vec![in_a_line(row.name)];
    for param in row.params {
        let name = match param.kind {
            ParamKind::Option => say!("line-option-and-value", name = param.name),
            ParamKind::Flag => format!("--{}", param.name),
            _ => param.name.to_uppercase(),
        };
        lines.push(format!("{name}: {}", sentence(&doc_of_param(row, param))));
    }
    let examples = (1..).zip(row.examples);
    let examples = examples.filter(|(_, (example, _))| !example.contains('|') && !example.contains("--json"));
    lines.extend(examples.map(|(number, (example, doc)): (usize, _)| {
        let doc = catalogue::of("example", &format!("{} {number}", row.name), doc);
        say!("line-for-example", line = example.replacen("tuiphone ", "", 1), doc = sentence(&doc))
    }));
    lines
}

/// What a line may go on with.
pub fn complete(line: &Line, begun: &str) -> Vec<Do> {
    let begun = begun.trim_start();
    let (first, rest) = match begun.split_once(' ') {
        Some((first, rest)) => (first, Some(rest.trim_start())),
        None => (begun.trim_end(), None),
    };
    let offers = match rest {
        None if first.starts_with(|c: char| c.is_ascii_digit()) => people(line, first),
        None => of_names(first),
        Some(rest) => behind(line, first, rest),
    };
    match offers.as_slice() {
        [] => says(say!("line-complete-none")),
        offers if offers.len() > OFFERED => {
            let some: Vec<String> = offers.iter().take(OFFERED).cloned().collect();
            says(say!("line-and-more", words = some.join(", "), count = offers.len() - OFFERED))
        }
        offers => says(format!("{}.", list(offers))),
    }
}

fn of_names(begun: &str) -> Vec<String> {
    let begun = begun.to_ascii_lowercase();
    let mut names: Vec<String> = commands::names().filter(|name| name.starts_with(&begun)).map(str::to_owned).collect();
    names.sort_unstable();
    names
}

/// What may stand behind a command.
fn behind(line: &Line, command: &str, begun: &str) -> Vec<String> {
    let mut letters = command.chars();
    let letter = letters.next().filter(|_| letters.next().is_none()).and_then(commands::of_letter);
    let command = letter.unwrap_or(command).to_ascii_lowercase();
    match command.as_str() {
        "help" | "complete" => of_names(begun),
        "answer" | "reject" | "ignore" => line.ringing().map(|call| call.id.clone()).collect(),
        "hangup" | "hold" | "resume" | "ladder" | "conference" => {
            line.status.calls.iter().map(|call| say!("line-call-id", id = &call.id, who = words::who(call))).collect()
        }
        "dnd" | "autoanswer" | "autoconference" | "aec" | "denoise" | "agc" | "boost" => {
            vec!["on".to_owned(), "off".to_owned()]
        }
        "call" | "dial" | "transfer" | "message" | "forward" | "pickup" | "find" | "contacts" | "history" => {
            people(line, begun)
        }
        "account" | "register" | "unregister" => line
            .status
            .accounts
            .iter()
            .map(|account| say!("line-account-id", id = account.id, aor = &account.aor))
            .collect(),
        other => match verb::find(other) {
            Some(row) => vec![row.usage().replace("...", "").replace(['[', ']'], "")],
            None => Vec::new(),
        },
    }
}

/// Contacts and numbers dialled before that begin so.
fn people(line: &Line, begun: &str) -> Vec<String> {
    let wanted = fold(begun.trim());
    let fits =
        |text: &str| fold(text).split(' ').any(|part| part.starts_with(&wanted)) || fold(text).starts_with(&wanted);
    let known = line.contacts.iter().filter(|it| fits(&it.name) || it.number.starts_with(begun.trim()));
    let mut out: Vec<String> = known.map(|it| words::contact(it).replace(", ", " ")).collect();
    let dialled =
        line.status.dialled.iter().filter(|number| fits(number) && !out.iter().any(|it| it.ends_with(*number)));
    let dialled: Vec<String> = dialled.cloned().collect();
    out.extend(dialled);
    out
}
