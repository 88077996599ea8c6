//! The spellings of a request: JSON, the command line's words, MicroSIP's words, action strings, DDE text. One reader for
//! the socket, the command line, links and Windows messages; what they mean stands in [`table`].

pub mod table;
pub mod uri;

use super::skew::SHAPES;
use super::verb::{self, Request, Values, VerbRow};
use super::{CommandError, ExitCode, decode_argument};
use crate::text::{elided, sanitise};
use table::{Form, Means};

/// Longest line a request may have, in bytes.
pub const MAX_LINE: usize = 64 * 1024;

/// The field of a JSON request that says that no person asks: then `[tuiphone] denyDial` counts.
pub const GUARDED: &str = "guarded";

/// Characters of a word that an error repeats.
const MAX_SHOWN: usize = 40;

/// A request and the `id` its JSON carried, to be echoed.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// Echoed in the reply.
    pub id: Option<serde_json::Value>,
    /// The verb's name, for the reply.
    pub verb: &'static str,
    /// What is asked.
    pub request: Result<Request, CommandError>,
    /// What is to be said about how it was written.
    pub note: Option<String>,
}

impl Line {
    /// A line that asks for nothing that could be done.
    pub fn refused(why: CommandError) -> Line {
        Line { id: None, verb: "", request: Err(why), note: None }
    }
}

/// How much of MicroSIP's habits a line is read with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Habits {
    /// A word that is none is an error, and so are words behind a number.
    Ours,
    /// What is no word is a number, and text behind it a message; not so with a slash or a dash.
    MicroSip,
    /// With these too.
    DialsUnknown,
}

/// Reads one line.
pub fn parse(line: &str) -> Line {
    read(line, None, Habits::Ours)
}

/// Reads one line, which is meant for this account.
pub fn parse_for(line: &str, account: Option<&str>) -> Line {
    read(line, account, Habits::Ours)
}

/// Reads a line as MicroSIP reads its command line and the text of Windows messages: one string, a pair of quotes round
/// the whole of it removed; `123 hello` is a message, nothing at all shows the interface. What is no word of anybody's is
/// a number to call; words with a slash or a dash only with `dial_unknown`, for a mistyped option is no number.
pub fn microsip_line(text: &str, dial_unknown: bool) -> Line {
    let text = text.trim_end_matches('\0').trim();
    let text = text.strip_prefix('"').and_then(|inner| inner.strip_suffix('"')).unwrap_or(text);
    read(text, None, if dial_unknown { Habits::DialsUnknown } else { Habits::MicroSip })
}

fn read(line: &str, account: Option<&str>, habits: Habits) -> Line {
    if line.len() > MAX_LINE {
        return Line::refused(verb::usage_error("a line may have 64 KiB at most".into()));
    }
    let line = line.trim();
    if line.starts_with('{') {
        return json(line);
    }
    match said(line, account, habits) {
        Ok((said, note)) => {
            let request = said.row.request(said.values).map_err(verb::usage_error);
            Line { id: None, verb: said.row.name, request, note }
        }
        Err(why) => Line::refused(verb::usage_error(why)),
    }
}

/// A verb and its parameters.
struct Said {
    row: &'static VerbRow,
    values: Values,
}

impl Said {
    /// A verb with these parameters set.
    fn new(verb: &str, sets: &[(&str, &str)]) -> Result<Said, String> {
        let row = verb::find(verb).ok_or_else(|| unknown(verb))?;
        let mut values = Values::default();
        sets.iter().for_each(|(name, value)| values.set(name, *value));
        Ok(Said { row, values })
    }

    fn dial(number: &str) -> Result<Said, String> {
        Said::new("call", &[("number", &decode_argument(number))])
    }
}

type Read = Result<(Said, Option<String>), String>;

fn said(line: &str, account: Option<&str>, habits: Habits) -> Read {
    if let Some(control) = line.chars().find(|c| c.is_control()) {
        return Err(format!("a line may have no control characters, such as {}", control.escape_default()));
    }
    let (line, choice) = choice(line);
    let account = choice.account.or(account);
    if let Some(password) = choice.password {
        let mut said = Said::new("session-password", &[("password", password)])?;
        account.into_iter().for_each(|account| said.values.set("account", account));
        return Ok((said, None));
    }
    if line.contains(" /password:") {
        return Err("a password is given by itself: /account:N /password:PASSWORD".into());
    }
    if line.is_empty() {
        return match (choice.account, habits) {
            (Some(account), _) => Ok((Said::new("account", &[("account", account)])?, None)),
            (None, Habits::Ours) => Err("an empty line".into()),
            (None, _) => Ok((Said::new("show", &[])?, None)),
        };
    }
    let (mut said, note) = if let Some(rest) = line.strip_prefix('[') {
        (dde(rest.strip_suffix(']').ok_or("DDE text ends with ]")?)?, None)
    } else if let Some(rest) = line.strip_prefix("action=").or_else(|| line.strip_prefix("action:")) {
        (action(rest)?, None)
    } else if let Some(rest) = line.strip_prefix('/') {
        slash(rest, habits)?
    } else if let Some(rest) = behind_msip(line) {
        (msip(rest)?, None)
    } else {
        (words(line, habits)?, None)
    };
    let chooses = said.row.params.iter().any(|param| param.name == "account");
    if let Some(account) = account.filter(|_| chooses || choice.account.is_some()) {
        if !chooses {
            return Err(format!("{} is for no account", said.row.name));
        }
        said.values.set("account", account);
    }
    Ok((said, note))
}

/// What stands before or behind the rest of a line.
#[derive(Default)]
struct Choice<'a> {
    account: Option<&'a str>,
    password: Option<&'a str>,
}

/// Takes `/account:N` and `/password:P` off a line: any number of them before the rest, one behind a single word.
fn choice(line: &str) -> (&str, Choice<'_>) {
    let (mut rest, mut choice) = (line, Choice::default());
    loop {
        let (word, behind) = rest.split_once(' ').unwrap_or((rest, ""));
        if let Some(account) = word.strip_prefix("/account:") {
            choice.account = Some(account);
        } else if let Some(password) = rest.strip_prefix("/password:") {
            // To the end: a password may have blanks.
            choice.password = Some(password);
            return ("", choice);
        } else {
            break;
        }
        rest = behind.trim_start();
    }
    if let Some((word, account)) = rest.split_once(" /account:")
        && !word.contains(' ')
        && !account.contains(' ')
    {
        choice.account = Some(account);
        rest = word;
    }
    (rest, choice)
}

/// `/answer`, `/dtmf:12`, without the slash.
fn slash(rest: &str, habits: Habits) -> Result<(Said, Option<String>), String> {
    let word = rest.split(' ').next().unwrap_or_default();
    let (name, value) = match word.split_once(':') {
        // What it is given goes on to the end of the line.
        Some((name, _)) => (name, rest.split_once(':').map(|(_, value)| value)),
        None => (word, None),
    };
    let lower = name.to_ascii_lowercase();
    let Some(row) = table::find(Form::Slash, &lower) else {
        return match habits {
            Habits::DialsUnknown => Ok((number(&format!("/{rest}"))?, None)),
            _ => Err(format!("there is no /{}; to dial it, write -- /{0}", shown(word))),
        };
    };
    let note = (name != lower).then(|| format!("/{name} is taken as /{lower}; MicroSIP itself would dial it"));
    let Means::Verb { verb, sets, value: param } = row.means else {
        return Err(format!("/{lower} is for the command line: tuiphone /{lower}"));
    };
    let mut said = Said::new(verb, sets)?;
    match (param, value) {
        (Some(param), Some(value)) => said.values.set(param, value),
        (Some(_), None) => return Err(format!("it is written {}", row.written(Form::Slash))),
        (None, Some(_)) => return Err(format!("/{lower} takes nothing behind a colon")),
        (None, None) => {
            let words: Vec<String> = rest.split_whitespace().skip(1).map(str::to_owned).collect();
            said.row.read_words(&words, &mut said.values)?;
        }
    }
    Ok((said, note))
}

fn behind_msip(line: &str) -> Option<&str> {
    let (scheme, rest) = line.split_once(':')?;
    scheme.eq_ignore_ascii_case("msip").then_some(rest)
}

/// The row of one of `msip:`'s words, and what it is given.
pub(super) fn msip_word(rest: &str) -> Option<(&'static table::Spelling, Option<&str>)> {
    if let Some(row) = table::find(Form::Msip, rest) {
        return Some((row, None));
    }
    let (name, value) = rest.split_once('_')?;
    Some((table::find(Form::Msip, name)?, Some(value)))
}

/// `hold`, `transfer_600`, a verb alone, else a number.
fn msip(rest: &str) -> Result<Said, String> {
    if let Some((row, value)) = msip_word(rest) {
        return of_row(row, value, Form::Msip);
    }
    match verb::find(rest) {
        Some(row) => Said::new(row.name, &[]),
        None if dialable(rest) => Said::dial(rest),
        None => Err(unknown(rest)),
    }
}

/// A row with a value or none, as it wants.
fn of_row(row: &table::Spelling, value: Option<&str>, form: Form) -> Result<Said, String> {
    let Means::Verb { verb, sets, value: param } = row.means else {
        return Err(format!("{} is for the command line", row.name));
    };
    let mut said = Said::new(verb, sets)?;
    match (param, value.map(str::trim).filter(|value| !value.is_empty())) {
        (Some(param), Some(value)) => said.values.set(param, value),
        (None, None) => {}
        (Some(_), None) => return Err(format!("it is written {}", row.written(form))),
        (None, Some(_)) => return Err(format!("{} takes nothing", row.written(form))),
    }
    Ok(said)
}

/// `Dial(600)`, `Status`.
fn dde(text: &str) -> Result<Said, String> {
    let (name, argument) = match text.split_once('(') {
        Some((name, rest)) => (name, rest.strip_suffix(')').ok_or("a DDE command ends with )]")?),
        None => (text, ""),
    };
    let lower = name.trim().to_ascii_lowercase();
    if let Some(row) = table::find(Form::Dde, &lower) {
        return of_row(row, Some(argument), Form::Dde);
    }
    let mut said = Said::new(&lower, &[])?;
    let places: Vec<&str> = said.row.places().map(|param| param.name).collect();
    // The last one may have commas of its own, as the digits of `800,1234#`.
    let mut arguments = argument.splitn(places.len().max(1), ',').map(str::trim);
    for (place, argument) in places.iter().zip(arguments.by_ref()).filter(|(_, argument)| !argument.is_empty()) {
        said.values.set(place, argument);
    }
    match arguments.find(|argument| !argument.is_empty()) {
        Some(more) => Err(format!("[{lower}] takes nothing such as '{}'", shown(more))),
        None => Ok(said),
    }
}

/// `call&number=600`, `dial?number=600`.
fn action(text: &str) -> Result<Said, String> {
    let (name, rest) = text.split_once(['&', '?']).unwrap_or((text, ""));
    let mut said = match table::find(Form::Action, &name.to_ascii_lowercase()) {
        Some(row) => of_row(row, None, Form::Action)?,
        None => Said::new(name, &[])?,
    };
    for pair in rest.split('&').filter(|p| !p.is_empty()) {
        let (key, value) = pair.split_once('=').unwrap_or((pair, "true"));
        said.values.set(key, decode_argument(value));
    }
    Ok(said)
}

/// `call 600`, `hangupincoming`, `dtmf:12`, `600`.
fn words(line: &str, habits: Habits) -> Result<Said, String> {
    let (first, rest) = line.split_once(' ').map_or((line, ""), |(first, rest)| (first, rest.trim()));
    if let Some(row) = table::find(Form::Word, &first.to_ascii_lowercase()).filter(|row| !row.takes_value()) {
        return of_row(row, Some(rest), Form::Word);
    }
    if let Some((name, value)) = line.split_once(':')
        && let Some(row) = table::find(Form::Word, &name.to_ascii_lowercase())
    {
        return of_row(row, Some(value), Form::Word);
    }
    if let Some(row) = verb::find(first) {
        let mut values = Values::default();
        let words: Vec<String> = rest.split_whitespace().map(str::to_owned).collect();
        row.read_words(&words, &mut values)?;
        return Ok(Said { row, values });
    }
    match habits {
        Habits::Ours if rest.is_empty() && dialable(first) => Said::dial(first),
        Habits::Ours if dialable(first) => {
            Err(format!("'{}' is more than a number; a message is written: message {} …", shown(line), shown(first)))
        }
        Habits::MicroSip if first.starts_with('-') => Err(unknown(first)),
        Habits::Ours => Err(unknown(first)),
        Habits::MicroSip | Habits::DialsUnknown => number(line),
    }
}

/// A number to dial; with text behind it, a message to it.
fn number(line: &str) -> Result<Said, String> {
    match line.split_once(' ').map(|(number, text)| (number, text.trim())) {
        Some((number, text)) if !text.is_empty() => {
            Said::new("message", &[("number", &decode_argument(number)), ("text", text)])
        }
        _ => Said::dial(line),
    }
}

fn json(line: &str) -> Line {
    let refuse = |id, why: String| Line { id, ..Line::refused(verb::usage_error(why)) };
    let object = match serde_json::from_str::<serde_json::Value>(line) {
        Ok(serde_json::Value::Object(object)) => object,
        Ok(_) => return refuse(None, "a request is a JSON object".into()),
        Err(e) => return refuse(None, format!("not JSON: {e}")),
    };
    let id = object.get("id").cloned();
    if let Some(v) = object.get("v").filter(|v| !v.is_null() && v.as_u64() != Some(SHAPES)) {
        let message = format!("this phone speaks version {SHAPES} of the protocol, not {}", shown(&v.to_string()));
        let why = CommandError { code: ExitCode::Usage, kind: "version", message, hint: None };
        return Line { id, ..Line::refused(why) };
    }
    let Some(word) = object.get("verb").or_else(|| object.get("cmd")).and_then(|v| v.as_str()) else {
        return refuse(id, "no \"verb\" in the request".into());
    };
    let row = table::find(Form::Word, &word.to_ascii_lowercase()).filter(|row| !row.takes_value());
    let said = match row {
        Some(row) => of_row(row, None, Form::Word),
        None => Said::new(word, &[]),
    };
    let Said { row, mut values } = match said {
        Ok(said) => said,
        Err(why) => return refuse(id, why),
    };
    for (key, value) in &object {
        match (key.as_str(), value) {
            ("id" | "verb" | "cmd" | "v" | GUARDED, _)
            | (_, serde_json::Value::Null | serde_json::Value::Bool(false)) => {}
            (key, serde_json::Value::String(text)) => values.set(key, text.clone()),
            (key, serde_json::Value::Number(n)) => values.set(key, n.to_string()),
            (key, serde_json::Value::Bool(true)) => values.set(key, "true"),
            (key, _) => return refuse(id, format!("\"{}\" is neither text nor a number", sanitise(key))),
        }
    }
    // A program that calls has a number; the field alone is a person's wish.
    if row.name == "call" && values.text("number").is_none() {
        return refuse(id, format!("no number given; usage: {}", row.usage()));
    }
    let is_guarded = object.get(GUARDED).is_some_and(|value| *value != serde_json::Value::Bool(false));
    let request = row.request(values).map_err(verb::usage_error);
    let request = if is_guarded { request.map(Request::guarded) } else { request };
    Line { id, verb: row.name, request, note: None }
}

fn unknown(word: &str) -> String {
    format!("no such verb: '{}'", shown(word))
}

fn shown(word: &str) -> String {
    elided(word, MAX_SHOWN)
}

/// True for a word that is read here although it is neither a verb nor a number: `[Dial(600)]`, `action=hangup`,
/// `msip:hold`, `hangupincoming`, `dtmf:12`.
pub fn is_spelled(word: &str) -> bool {
    let of_row = |name: &str, takes: bool| {
        table::find(Form::Word, &name.to_ascii_lowercase()).is_some_and(|row| row.takes_value() == takes)
    };
    ["[", "action=", "action:"].iter().any(|start| word.starts_with(start))
        || behind_msip(word).is_some()
        || of_row(word, false)
        || word.split_once(':').is_some_and(|(name, _)| of_row(name, true))
}

/// True for what is a number or an address beyond doubt, so that a mistyped verb is never dialled.
pub fn dialable(word: &str) -> bool {
    let number = |c: char| c.is_ascii_digit() || "+*#-.(),/".contains(c);
    let scheme = |(scheme, rest): (&str, &str)| {
        !rest.is_empty() && table::find(Form::Scheme, &scheme.to_ascii_lowercase()).is_some()
    };
    (word.chars().all(number) && word.chars().any(|c| c.is_ascii_digit() || c == '*' || c == '#'))
        || word.split_once(':').is_some_and(scheme)
        || (word.contains('@') && !word.starts_with('-'))
}

#[cfg(test)]
mod tests;
