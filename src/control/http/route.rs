//! What a request asks for, by its method, path, query and body. Verbs and their parameters are those of the one table.

use super::answer::Refusal;
use crate::control::outside::offered;
use crate::control::spelling::{self, Line};
use crate::control::verb::{Param, ParamKind, Request, VerbRow};
use crate::control::{ContactsAsk, ExitCode, HistoryAsk};
use hyper::Method;
use serde_json::{Map, Value};

/// Where everything stands.
pub(super) const ROOT: &str = "/v1/";

/// Most parameters of a query.
const MAX_PARAMETERS: usize = 32;

/// What is asked for.
#[derive(Debug)]
pub(super) enum Asked {
    /// A verb; its parameters are in the query.
    Verb(Verb),
    /// A verb; its parameters are in the body.
    WithBody(&'static VerbRow),
    /// Events, those that are named or all.
    Events(String),
    /// The description of all of this.
    OpenApi,
}

/// A verb with its parameters.
#[derive(Debug)]
pub(super) struct Verb {
    /// As it is read.
    pub line: Line,
    /// The line of the control socket that it was read from.
    pub text: String,
}

/// Reads all but the body.
pub(super) fn asked(method: &Method, path: &str, query: &str) -> Result<Asked, Refusal> {
    let unknown = || {
        Refusal::new(404, ExitCode::Usage, "not_found", "there is nothing of that name")
            .hint("/v1/openapi.json tells what there is")
    };
    let name = path.strip_prefix(ROOT).ok_or_else(unknown)?;
    if matches!(name, "events" | "openapi.json") {
        if method != Method::GET {
            return Err(Refusal::method("GET"));
        }
        if name == "openapi.json" {
            return Ok(Asked::OpenApi);
        }
        let mut parameters = parameters(query)?;
        let only = parameters.remove("only").and_then(|only| only.as_str().map(str::to_owned)).unwrap_or_default();
        return match parameters.keys().next() {
            None => Ok(Asked::Events(only)),
            Some(_) => Err(usage("events takes only=NAME,NAME…")),
        };
    }
    let row = offered().find(|row| row.name == name || row.aliases.contains(&name)).ok_or_else(unknown)?;
    if method == Method::POST {
        return match query {
            "" => Ok(Asked::WithBody(row)),
            _ => Err(usage("the parameters of a POST stand in its body, as JSON")),
        };
    }
    if method != Method::GET {
        return Err(Refusal::method(if can_only_read(row) { "GET, POST" } else { "POST" }));
    }
    let verb = verb(row, parameters(query)?)?;
    match &verb.line.request {
        Ok(request) if !only_reads(request) => Err(Refusal::method("POST")),
        Err(_) if !can_only_read(row) => Err(Refusal::method("POST")),
        _ => Ok(Asked::Verb(verb)),
    }
}

/// Reads the body of a verb: an object of its parameters, or nothing.
pub(super) fn with_body(row: &'static VerbRow, body: &[u8]) -> Result<Verb, Refusal> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return verb(row, Map::new());
    }
    match serde_json::from_slice(body) {
        Ok(Value::Object(parameters)) => verb(row, parameters),
        Ok(_) => Err(usage("the body is an object of JSON")),
        Err(why) => Err(usage(&format!("the body is no JSON: {why}"))),
    }
}

/// The line that asks for the same on the control socket, read as every line is. No person looks on: it is guarded.
fn verb(row: &'static VerbRow, mut parameters: Map<String, Value>) -> Result<Verb, Refusal> {
    if parameters.keys().any(|name| ["verb", "cmd", "id", "v", spelling::GUARDED].contains(&name.as_str())) {
        return Err(usage("the verb stands in the path, and nothing else is told but its parameters"));
    }
    parameters.insert("verb".to_owned(), row.name.into());
    parameters.insert(spelling::GUARDED.to_owned(), true.into());
    let text = Value::Object(parameters).to_string();
    let mut line = spelling::parse(&text);
    line.verb = row.name;
    Ok(Verb { line, text })
}

/// A request that changes nothing: only such a one is taken by GET, which anybody's link may be.
fn only_reads(request: &Request) -> bool {
    matches!(
        request,
        Request::Status { .. }
            | Request::Calls
            | Request::Accounts
            | Request::Shortcuts
            | Request::Ready
            | Request::Devices
            | Request::Codecs
            | Request::History { ask: HistoryAsk::List(_), .. }
            | Request::Contacts(ContactsAsk::List { .. })
    )
}

/// The verb reads, if it is told nothing else.
pub(super) fn can_only_read(row: &VerbRow) -> bool {
    spelling::parse(row.name).request.is_ok_and(|request| only_reads(&request))
}

/// The verb reads with this parameter too, whatever may stand in it.
pub(super) fn reads_by(row: &'static VerbRow, param: &Param) -> bool {
    let samples: &[&str] = if param.kind == ParamKind::Flag { &["true"] } else { &["1", "missed", "2026-01-31"] };
    samples.iter().any(|sample| {
        let parameters = Map::from_iter([(param.name.to_owned(), (*sample).into())]);
        let request = verb(row, parameters).ok().and_then(|verb| verb.line.request.ok());
        request
            .is_some_and(|request| only_reads(&request) && !matches!(request, Request::History { form: Some(_), .. }))
    })
}

fn usage(why: &str) -> Refusal {
    Refusal::new(400, ExitCode::Usage, "usage", &crate::text::elided(why, 300))
}

/// `search=bob&limit=5`; each once.
fn parameters(query: &str) -> Result<Map<String, Value>, Refusal> {
    let mut parameters = Map::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, "true"));
        let read = unescaped(name).zip(unescaped(value));
        let (name, value) =
            read.ok_or_else(|| usage("the query is not UTF-8, or has a % with no two digits behind"))?;
        if parameters.len() >= MAX_PARAMETERS || parameters.insert(name, value.into()).is_some() {
            return Err(usage("a parameter stands in the query twice, or there are too many"));
        }
    }
    Ok(parameters)
}

/// `%C3%A9` and `+` read; `None` = they make no text.
fn unescaped(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
                let (high, low) = (digit(rest.next())?, digit(rest.next())?);
                u8::try_from(high * 16 + low).ok()?
            }
            byte => byte,
        });
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::{Command, Query};

    fn read(method: &Method, target: &str) -> Result<Asked, u16> {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        asked(method, path, query).map_err(|refusal| refusal.status)
    }

    #[test]
    fn methods_and_paths() {
        let (get, post) = (Method::GET, Method::POST);
        for (method, target, expected) in [
            (&get, "/v1/status", 200),
            (&get, "/v1/calls", 200),
            (&get, "/v1/history?search=bob&limit=5", 200),
            (&get, "/v1/contacts?what=ann", 200),
            (&get, "/v1/contacts?action=rm&what=ann", 405),
            (&get, "/v1/contacts?action=export&what=/tmp/x.csv", 405),
            (&get, "/v1/history?act=clear", 405),
            (&get, "/v1/call?number=600", 405),
            (&get, "/v1/exit", 405),
            (&get, "/v1/hangup?all", 405),
            (&get, "/v1/redial", 405),
            (&get, "/v1/status?a=1&a=2", 400),
            (&get, "/v1/status?%zz", 400),
            (&get, "/v1/status?%ff", 400),
            (&get, "/v1/status?verb=exit", 400),
            (&get, "/v1/status?guarded=false", 400),
            (&post, "/v1/call", 200),
            (&post, "/v1/dial", 200),
            (&post, "/v1/call?number=600", 400),
            (&post, "/v1/CALL", 404),
            (&post, "/v1/session-password", 404),
            (&post, "/v1/attach", 404),
            (&get, "/v1/watch", 404),
            (&post, "/v1/hangupincoming", 404),
            (&get, "/v1/", 404),
            (&get, "/", 404),
            (&get, "", 404),
            (&get, "/v2/status", 404),
            (&get, "/v1//status", 404),
            (&get, "/v1/../v1/status", 404),
            (&Method::PUT, "/v1/call", 405),
            (&Method::DELETE, "/v1/status", 405),
            (&Method::OPTIONS, "/v1/call", 405),
            (&Method::HEAD, "/v1/status", 405),
            (&post, "/v1/events", 405),
            (&get, "/v1/events?only=call_*", 200),
            (&get, "/v1/events?all", 400),
            (&post, "/v1/openapi.json", 405),
        ] {
            let told = read(method, target).map_or_else(|status| status, |_| 200);
            assert_eq!(told, expected, "{method} {target}");
        }
        let events = read(&get, "/v1/events?only=call_*%2Cmwi");
        assert!(matches!(&events, Ok(Asked::Events(only)) if only == "call_*,mwi"), "{events:?}");
        let Ok(Asked::Verb(verb)) = read(&get, "/v1/history?search=J%C3%BCrgen+M&new") else { panic!("a question") };
        let query = Query { text: "Jürgen M".to_owned(), unseen: true, limit: 100, ..Query::default() };
        assert_eq!(verb.line.request, Ok(Request::History { ask: HistoryAsk::List(query), form: None }));
    }

    #[test]
    fn whatever_is_asked_for_is_guarded() {
        let row = offered().find(|row| row.name == "call").expect("a verb");
        let dial = |body: &[u8]| with_body(row, body).map(|verb| verb.line.request).map_err(|refusal| refusal.status);
        let target = Command::Dial { target: "600".to_owned(), account: None };
        let guarded = Request::Command(Command::Guarded(Box::new(target)));
        assert_eq!(dial(br#"{"number":"600"}"#), Ok(Ok(guarded)));
        for body in [&br#"{"number":"600","guarded":false}"#[..], br#"{"verb":"exit"}"#, b"[]", b"600", b"{", b"\xff"] {
            assert_eq!(dial(body), Err(400), "{}", body.escape_ascii());
        }
        for body in [&b""[..], b" \r\n", b"{}", br#"{"number":"600","more":1}"#, br#"{"number":["600"]}"#] {
            assert!(dial(body).is_ok_and(|request| request.is_err()), "{}", body.escape_ascii());
        }
        let redial = offered().find(|row| row.name == "redial").expect("a verb");
        let told = with_body(redial, b"").expect("read").line.request;
        assert_eq!(told, Ok(Request::Redial { last: false, guarded: true }));
    }
}
