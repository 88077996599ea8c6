//! The verbs of the history of calls.

use super::{Param, ParamKind, Request, Values, VerbRow, flag, option, optional};
use crate::control::{Form, HistoryAsk, Kind, Query};
use std::time::UNIX_EPOCH;

/// Calls that are listed where nobody says how many.
const LISTED: usize = 100;

const FORMS: [(&str, Form); 4] =
    [("csv", Form::Csv), ("old-csv", Form::OldCsv), ("xml", Form::Xml), ("markdown", Form::Markdown)];

pub(super) const HISTORY: VerbRow = VerbRow {
    name: "history",
    aliases: &[],
    params: &[
        optional("act", "rm, clear, seen or import; without it the calls are listed, the latest first"),
        Param { name: "of", kind: ParamKind::Words, doc: "With rm the ids of calls, with import a file of MicroSIP's" },
        option("search", "Only calls with this in number, name, address or outcome"),
        option("kind", "Only outgoing, incoming, missed or answered_elsewhere; several with commas"),
        option("account", "Only those of this account"),
        option("since", "From this day or moment on, UTC: 2026-01-31 or 2026-01-31T12:00:00Z"),
        option("until", "Before this day or moment"),
        option("before", "Only calls older than the one with this id: the next page"),
        option("limit", "So many at most; 100 unless said, 0 = all"),
        flag("new", "Only those since somebody looked: in the interface, or with seen"),
        flag("csv", "All, in MicroSIP's CSV"),
        flag("old-csv", "All, in the CSV of MicroSIP before 3.22.5"),
        flag("xml", "All, in MicroSIP's XML"),
        flag("markdown", "All, as a table in Markdown"),
    ],
    doc: "List the calls that were, forget some, or bring over MicroSIP's",
    examples: &[
        ("tuiphone history", "The latest calls"),
        ("tuiphone history --kind missed --since 2026-01-31", "Who called in vain"),
        ("tuiphone history --search 600 --csv", "For a table"),
        ("tuiphone history seen", "Nothing is new any more"),
    ],
    key: Some("F11"),
    make: history,
};

pub(super) const REDIAL: VerbRow = VerbRow {
    name: "redial",
    aliases: &[],
    params: &[flag("last", "Call whoever was talked to last, callers included, as MicroSIP's redial does")],
    doc: "Call the number again that was dialled last",
    examples: &[("tuiphone redial", "Call the last number again")],
    key: None,
    make: |v| Ok(Request::Redial { last: v.flag("last"), guarded: false }),
};

fn history(v: &Values) -> Result<Request, String> {
    let of = v.text("of").unwrap_or_default();
    let ask = match v.text("act").map(|act| act.to_ascii_lowercase()).as_deref() {
        None | Some("list") if of.is_empty() => return list(v),
        Some("clear") if of.is_empty() => HistoryAsk::Clear,
        Some("seen") if of.is_empty() => HistoryAsk::Seen,
        Some("rm") => {
            let ids = of.split_whitespace().map(|id| id.parse().map_err(|_| format!("'{id}' is no id of a call")));
            let ids: Vec<i64> = ids.collect::<Result<_, _>>()?;
            if ids.is_empty() {
                return Err("no id given".into());
            }
            HistoryAsk::Remove(ids)
        }
        Some("import") if !of.is_empty() => HistoryAsk::Import(of),
        Some("import") => return Err("no file given".into()),
        Some("clear" | "list" | "seen") | None => return Err(format!("'{of}' is one word too many")),
        Some(other) => return Err(format!("'{other}' is none of rm, clear, seen, import; --search looks for it")),
    };
    let known = ["act", "of"];
    match v.names().find(|name| !known.contains(name)) {
        Some(name) => Err(format!("--{name} is for listing")),
        None => Ok(Request::History { ask, form: None }),
    }
}

fn list(v: &Values) -> Result<Request, String> {
    let mut forms = FORMS.iter().filter(|(name, _)| v.flag(name)).map(|(_, form)| *form);
    let form = forms.next();
    if forms.next().is_some() {
        return Err("history is written in one form at a time".into());
    }
    let kinds = v.text("kind").unwrap_or_default();
    let kinds = kinds.split(',').map(str::trim).filter(|word| !word.is_empty());
    let kinds = kinds.map(|word| Kind::of_word(word).ok_or_else(|| format!("'{word}' is no kind of call")));
    let query = Query {
        text: v.text("search").unwrap_or_default(),
        kinds: kinds.collect::<Result<_, _>>()?,
        account: v.text("account"),
        since_ms: moment(v, "since")?,
        until_ms: moment(v, "until")?,
        before: number(v, "before")?,
        unseen: v.flag("new"),
        limit: number(v, "limit")?.unwrap_or(if form.is_some() { 0 } else { LISTED }),
    };
    Ok(Request::History { ask: HistoryAsk::List(query), form })
}

fn number<T: std::str::FromStr>(v: &Values, name: &str) -> Result<Option<T>, String> {
    v.text(name).map(|text| text.parse().map_err(|_| format!("{name} is a number, not '{text}'"))).transpose()
}

/// Milliseconds since 1970.
fn moment(v: &Values, name: &str) -> Result<Option<i64>, String> {
    let Some(text) = v.text(name) else { return Ok(None) };
    let whole = if text.len() == "2026-01-31".len() { format!("{text}T00:00:00Z") } else { text.clone() };
    let at = humantime::parse_rfc3339_weak(&whole).map_err(|_| {
        format!("{name} is a day or a moment, such as 2026-01-31 or 2026-01-31T12:00:00Z, not '{text}'")
    })?;
    let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    Ok(i64::try_from(since.as_millis()).ok())
}

#[cfg(test)]
mod tests {
    use super::super::find;
    use super::*;

    fn ask(line: &str) -> Result<(HistoryAsk, Option<Form>), String> {
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        match find("history").unwrap().parse_words(&words)? {
            Request::History { ask, form } => Ok((ask, form)),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn words_become_questions() {
        let all = Query { limit: 100, ..Query::default() };
        let list = |query: Query| Ok((HistoryAsk::List(query), None));
        let rows = [
            ("", list(all.clone())),
            ("list", list(all.clone())),
            ("--search bob --limit 5", list(Query { text: "bob".into(), limit: 5, ..all.clone() })),
            ("--kind out,MISSED", list(Query { kinds: vec![Kind::Outgoing, Kind::Missed], ..all.clone() })),
            (
                "--since 1970-01-02 --until 1970-01-02T00:00:01Z --before 7 --account a@b",
                list(Query {
                    since_ms: Some(86_400_000),
                    until_ms: Some(86_401_000),
                    before: Some(7),
                    account: Some("a@b".into()),
                    ..all.clone()
                }),
            ),
            ("--xml", Ok((HistoryAsk::List(Query { limit: 0, ..all.clone() }), Some(Form::Xml)))),
            ("rm 5 7", Ok((HistoryAsk::Remove(vec![5, 7]), None))),
            ("CLEAR", Ok((HistoryAsk::Clear, None))),
            ("seen", Ok((HistoryAsk::Seen, None))),
            ("--new --kind missed", list(Query { kinds: vec![Kind::Missed], unseen: true, ..all.clone() })),
            ("import /a b.ini", Ok((HistoryAsk::Import("/a b.ini".into()), None))),
        ];
        for (line, expected) in rows {
            assert_eq!(ask(line), expected, "{line}");
        }
    }

    #[test]
    fn what_makes_no_sense_is_said() {
        for (line, why) in [
            ("bob", "--search looks for it"),
            ("rm", "no id given"),
            ("rm c1", "'c1' is no id of a call"),
            ("import", "no file given"),
            ("clear all", "one word too many"),
            ("clear --search bob", "--search is for listing"),
            ("--csv --xml", "one form at a time"),
            ("--kind lost", "'lost' is no kind of call"),
            ("--since yesterday", "a day or a moment"),
            ("--limit few", "limit is a number"),
        ] {
            let error = ask(line).unwrap_err();
            assert!(error.contains(why), "{line}: {error}");
        }
    }
}
