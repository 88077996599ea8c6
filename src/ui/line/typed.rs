//! What a line means. In this order: the answer to a question, the number of a row, digits, a letter or a word of line mode,
//! a verb as everywhere.

use super::commands::{self, Own};
use super::state::{Do, Line, Now, Question, asks, says};
use super::words::{error, party, who};
use super::{acts, help, lists};
use crate::control::verb::{self, Request};
use crate::control::{CallState, Command, ExitCode, HistoryAsk, Press, TraceAsk, spelling};
use crate::text::{elided, say};

/// Characters of a word that an error repeats.
const SHOWN: usize = 40;

/// True for lines that ask for what was said before.
pub fn repeats(text: &str) -> bool {
    let text = text.trim();
    text == "." || text.eq_ignore_ascii_case("repeat")
}

/// Carries a typed line out.
pub fn line(line: &mut Line, text: &str, now: Now) -> Vec<Do> {
    let text = text.trim_end_matches(['\r', '\n']);
    // A question may well be written to somebody.
    let is_text = matches!(named(text.trim()).0.to_ascii_lowercase().as_str(), "write" | "reply" | "message");
    let begun = text.strip_suffix('\t').or_else(|| text.strip_suffix('?').filter(|_| !is_text));
    if let Some(begun) = begun.filter(|begun| !begun.trim().is_empty()) {
        return help::complete(line, begun);
    }
    if text.chars().any(char::is_control) {
        return says(say!("line-odd-characters"));
    }
    let text = text.trim();
    if text.is_empty() {
        return line.next_page();
    }
    if repeats(text) {
        return line.last_said().iter().flat_map(|said| says(said.clone())).collect();
    }
    if let Some(question) = line.question.take() {
        match text.to_ascii_lowercase().as_str() {
            "y" | "yes" => return consented(question),
            "n" | "no" => return says(say!("line-nothing-done")),
            // Whoever goes on with something else has not consented.
            _ => {}
        }
    }
    let nth = text.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
    let row = nth.filter(|_| text.len() <= 3 && !text.starts_with('+')).and_then(|nth| line.choices.get(nth).cloned());
    if let Some(choice) = row {
        line.choices.clear();
        line.more.clear();
        return lists::choose(line, choice, now);
    }
    if !matches!(named(text).0, "more") {
        line.more.clear();
        line.choices.clear();
    }
    if is_number(text) {
        line.take_typed(text);
        return digits(line, text);
    }
    if !matches!(named(text).0, "again" | "typed") {
        line.take_typed(text);
    }
    command(line, text, now)
}

fn consented(question: Question) -> Vec<Do> {
    match question {
        Question::Ask(request) => asks(*request),
        Question::Leave => vec![Do::Leave],
    }
}

/// The command at the beginning of a line, its letter spelt out, and what stands behind it.
fn named(text: &str) -> (&str, &str) {
    let (first, rest) = text.split_once(' ').map_or((text, ""), |(first, rest)| (first, rest.trim()));
    let mut letters = first.chars();
    let letter = letters.next().filter(|_| letters.next().is_none());
    (letter.and_then(commands::of_letter).unwrap_or(first), rest)
}

/// Carries a command out, however it came.
pub(super) fn command(line: &mut Line, text: &str, now: Now) -> Vec<Do> {
    let (name, rest) = named(text);
    if let Some(word) = commands::find(name) {
        // A trace with words of its own is the verb.
        let is_verb = match word.own {
            Own::Ladder => rest.starts_with('-'),
            Own::Where => !rest.is_empty(),
            _ => false,
        };
        if !is_verb {
            return acts::own(line, word.own, rest, now);
        }
    }
    if let Some(row) = verb::find(name)
        && let Some(done) = acts::verb(line, row.name, rest, now)
    {
        return done;
    }
    let whole = if rest.is_empty() { name.to_owned() } else { format!("{name} {rest}") };
    verb_line(line, &whole)
}

/// A line in any of the spellings that the phone knows.
fn verb_line(line: &mut Line, text: &str) -> Vec<Do> {
    let read = spelling::parse(text);
    match read.request {
        Ok(request) => {
            let mut out: Vec<Do> = read.note.into_iter().flat_map(|note| says(super::words::sentence(&note))).collect();
            out.extend(requested(line, request));
            out
        }
        Err(why) if read.verb.is_empty() && why.code == ExitCode::Usage => {
            let first = text.split(' ').next().unwrap_or_default();
            let known = verb::find(first).is_some() || text.starts_with(['{', '[', '/']) || text.contains([':', '=']);
            match known {
                true => says(error(&why)),
                false => says(say!("line-command-unknown", first = elided(first, SHOWN))),
            }
        }
        Err(why) => says(error(&why)),
    }
}

/// A request that a line spelt; those that take everything away are asked back about.
pub(super) fn requested(line: &mut Line, request: Request) -> Vec<Do> {
    match &request {
        Request::Command(Command::Exit) => {
            line.question = Some(Question::Ask(Box::new(request)));
            says(match line.status.calls.len() {
                0 => say!("line-end-phone"),
                count => say!("line-end-phone-and-calls", count),
            })
        }
        Request::History { ask: HistoryAsk::Clear, .. } => {
            line.question = Some(Question::Ask(Box::new(request)));
            says(say!("line-forget-question"))
        }
        Request::Watch { .. } | Request::Attach { .. } => says(say!("line-watch-needless")),
        Request::Sound { .. } => says(say!("line-sound-needs-program")),
        Request::Trace { ask, .. } => {
            let ask = TraceAsk { follow: false, sound: None, data: false, ..ask.clone() };
            acts::ladder(ask)
        }
        Request::Status { format: None } => super::present::all(line).into_iter().flat_map(says).collect(),
        Request::Command(Command::Register { .. } | Command::Unregister { .. } | Command::UnregisterAll { .. }) => {
            line.awaits_registration = true;
            asks(request)
        }
        _ => asks(request),
    }
}

/// A number as people type it, and nothing else.
pub fn is_number(text: &str) -> bool {
    let dialled = |c: char| c.is_ascii_digit() || "*#".contains(c);
    let between = |c: char| " -/().,".contains(c);
    text.starts_with(|c: char| dialled(c) || c == '+' || c == '(')
        && text.chars().any(dialled)
        && text.chars().enumerate().all(|(at, c)| dialled(c) || between(c) || (c == '+' && at <= 1))
}

/// Digits alone dial, and are tones in a call. They never answer.
fn digits(line: &mut Line, text: &str) -> Vec<Do> {
    let is_tones = text.chars().all(|c| c.is_ascii_digit() || "*#,".contains(c));
    if let Some(call) = line.tone_call() {
        if !is_tones {
            return says(say!("line-digits-in-call", text));
        }
        let call = Some(call.id.clone());
        let tones = Command::Dtmf { call, digits: text.to_owned(), press: Press::Tap, via: None };
        return asks(Request::Command(tones));
    }
    if let Some(call) = line.ringing().find(|call| !call.ignored) {
        return says(say!("line-digits-while-ringing", whom = party(&call.remote), text));
    }
    let waits = |state| matches!(state, CallState::Calling | CallState::Ringing);
    if let Some(call) = line.current().filter(|call| waits(call.state)) {
        return says(say!(
            "line-digits-while-calling",
            who = super::words::sentence(&who(call)).trim_end_matches('.'),
            text
        ));
    }
    asks(Request::Command(Command::Dial { target: text.to_owned(), account: None }))
}
