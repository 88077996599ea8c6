//! `history`: the calls that were, a line each, or in the forms of other programs.

use super::options::Options;
use super::paths::{Environment, IniPath};
use super::{exit, out, platform, verbs};
use crate::config::Settings;
use crate::control::link::Link;
use crate::control::verb::Request;
use crate::control::{CommandError, ExitCode, json};
use crate::engine::library::{Library, Shelf};
use crate::history::{Form, HistoryAsk, Query, Record};
use serde_json::{Map, Value};

/// Where the calls of a profile are kept; `None` if none are to be.
pub fn shelf(settings: &Settings, ini: &IniPath) -> Option<Shelf> {
    let most = settings.history_size;
    (most > 0).then(|| Shelf { file: Environment::of_process().history(ini), most })
}

/// Who knows the calls.
pub enum Source {
    /// A phone that runs.
    Phone(Link),
    /// The file of one that does not.
    File(Library),
}

impl Source {
    /// The file, read by this process.
    ///
    /// # Errors
    /// No history is kept, or no thread is to be had.
    pub fn of_file(shelf: Option<Shelf>) -> Result<Source, CommandError> {
        let Some(shelf) = shelf else {
            return Err(exit::config("no history of calls is kept".to_owned(), Some("see [tuiphone] historySize")));
        };
        let library = Library::start(shelf, |words| out::talk(&format!("tuiphone: {words}")));
        let library = library.map_err(|why| CommandError {
            code: ExitCode::Unexpected,
            kind: "history",
            message: format!("cannot read the history of calls: {why}"),
            hint: None,
        })?;
        Ok(Source::File(library))
    }

    async fn fields(&self, ask: HistoryAsk) -> Result<Map<String, Value>, CommandError> {
        match self {
            Source::Phone(link) => link.fields(&Request::History { ask, form: None }).await,
            Source::File(library) => Ok(json::history_fields(&library.ask(ask).await?)),
        }
    }
}

/// Asks and prints; the exit code.
pub async fn run(source: &Source, options: &Options, verb: &str, ask: HistoryAsk, form: Option<Form>) -> ExitCode {
    let request = Request::History { ask: ask.clone(), form };
    let HistoryAsk::List(query) = ask else {
        return verbs::answer(options, verb, &request, source.fields(ask).await);
    };
    let as_json = options.json || options.ndjson;
    let print = |calls: &[Record]| calls.iter().for_each(|call| out::line(&line(call, form)));
    if let Some(form) = form.filter(|_| !as_json) {
        out::line(form.head());
    }
    let (mut gathered, mut some) = (Vec::new(), false);
    let take = |calls: &[Record]| {
        some |= !calls.is_empty();
        if as_json { gathered.extend_from_slice(calls) } else { print(calls) }
    };
    let done = pages(source, query, take).await;
    match (done, form) {
        (Ok(more), _) if as_json => {
            let fields = Map::from_iter([
                ("history".to_owned(), serde_json::json!(gathered)),
                ("more".to_owned(), Value::Bool(more)),
            ]);
            return verbs::answer(options, verb, &request, Ok(fields));
        }
        (Err(error), _) => return verbs::answer(options, verb, &request, Err(error)),
        (Ok(_), Some(form)) if !form.foot().is_empty() => out::line(form.foot()),
        (Ok(_), None) if !some => out::line("no calls"),
        (Ok(true), None) if !options.quiet => out::talk("tuiphone: there are older ones; --limit 0 lists them all"),
        _ => {}
    }
    ExitCode::Ok
}

/// Hands over every page of what is wanted; whether there are more calls than that.
async fn pages(source: &Source, query: Query, mut take: impl FnMut(&[Record])) -> Result<bool, CommandError> {
    let mut next = query;
    loop {
        let mut fields = source.fields(HistoryAsk::List(next.clone())).await?;
        let calls = fields.remove("history").and_then(|calls| serde_json::from_value(calls).ok());
        let calls: Vec<Record> = calls.ok_or_else(|| verbs::unreadable("it has no history"))?;
        take(&calls);
        let more = fields.get("more") == Some(&Value::Bool(true));
        let Some(last) = calls.last().filter(|_| more && !out::is_gone()) else { return Ok(more) };
        next.before = Some(last.id);
        if next.limit > 0 {
            next.limit = next.limit.saturating_sub(calls.len());
            if next.limit == 0 {
                return Ok(more);
            }
        }
    }
}

/// A call in a line of the form, or for people: `1767323045678 2026-01-02 04:04:05 missed Bob (600): Missed Call`.
fn line(call: &Record, form: Option<Form>) -> String {
    let utc = || humantime::format_rfc3339_seconds(call.started()).to_string();
    let local = platform::local_time(call.started_s()).unwrap_or_else(utc);
    if let Some(form) = form {
        return form.row(call, &local);
    }
    let who = if call.name.is_empty() { call.number.clone() } else { format!("{} ({})", call.name, call.number) };
    let mut words = format!("{} {local} {} {who}", call.id, call.kind.word().replace('_', " "));
    if call.duration_s > 0 {
        words += &format!(", {} s", call.duration_s);
    }
    if !call.codec.is_empty() {
        words += &format!(", {}", call.codec);
    }
    if let Some(mos) = call.mos {
        words += &format!(" {mos:.1}");
    }
    let ended = call.ended();
    if !ended.is_empty() {
        words += &format!(": {ended}");
    }
    if !call.recording.is_empty() {
        words += &format!(" [{}]", call.recording);
    }
    crate::text::sanitise(&words)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::Kind;

    #[test]
    fn a_call_is_told_in_a_line() {
        let call = Record {
            id: 7,
            kind: Kind::AnsweredElsewhere,
            number: "600".into(),
            info: "Answered Elsewhere".into(),
            ..Record::default()
        };
        let told =
            |call: &Record| line(call, None).split_once(' ').map(|(id, rest)| (id.to_owned(), rest[20..].to_owned()));
        assert_eq!(told(&call), Some(("7".into(), "answered elsewhere 600: Answered Elsewhere".into())));
        let talked = Record {
            kind: Kind::Outgoing,
            name: "Bob".into(),
            duration_s: 61,
            codec: "opus".into(),
            mos: Some(4.24),
            info: "Call Ended".into(),
            recording: "/a.ogg".into(),
            ..call
        };
        assert_eq!(told(&talked).unwrap().1, "outgoing Bob (600), 61 s, opus 4.2: Call Ended [/a.ogg]");
    }
}
