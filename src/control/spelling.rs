//! The four spellings of a request on the socket: JSON, the command line's words, action strings, DDE text.

use super::verb::{self, Request, Values};
use super::{Command, CommandError};

/// Longest line a request may have.
pub const MAX_LINE: usize = 64 * 1024;

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
}

/// Reads one line.
pub fn parse(line: &str) -> Line {
    let line = line.trim();
    if line.starts_with('{') {
        return json(line);
    }
    let parsed = if let Some(rest) = line.strip_prefix('[').and_then(|l| l.strip_suffix(']')) {
        dde(rest)
    } else if let Some(rest) = line.strip_prefix("action=").or_else(|| line.strip_prefix("action:")) {
        action(rest)
    } else {
        words(line)
    };
    match parsed {
        Ok((verb, request)) => Line { id: None, verb, request: Ok(request) },
        Err(why) => Line { id: None, verb: "", request: Err(verb::usage_error(why)) },
    }
}

type Parsed = Result<(&'static str, Request), String>;

fn json(line: &str) -> Line {
    let refuse = |id, why: String| Line { id, verb: "", request: Err(verb::usage_error(why)) };
    let object = match serde_json::from_str::<serde_json::Value>(line) {
        Ok(serde_json::Value::Object(object)) => object,
        Ok(_) => return refuse(None, "a request is a JSON object".into()),
        Err(e) => return refuse(None, format!("not JSON: {e}")),
    };
    let id = object.get("id").cloned();
    let Some(word) = object.get("verb").or_else(|| object.get("cmd")).and_then(|v| v.as_str()) else {
        return refuse(id, "no \"verb\" in the request".into());
    };
    let Some(row) = verb::find(word) else { return refuse(id, unknown(word)) };
    let mut values = Values::default();
    for (key, value) in &object {
        match (key.as_str(), value) {
            ("id" | "verb" | "cmd" | "v", _) | (_, serde_json::Value::Null | serde_json::Value::Bool(false)) => {}
            (key, serde_json::Value::String(text)) => values.set(key, text.clone()),
            (key, serde_json::Value::Number(n)) => values.set(key, n.to_string()),
            (key, serde_json::Value::Bool(true)) => values.set(key, "true"),
            (key, _) => return refuse(id, format!("\"{}\" is neither text nor a number", crate::text::sanitise(key))),
        }
    }
    Line { id, verb: row.name, request: row.request(values).map_err(verb::usage_error) }
}

fn unknown(word: &str) -> String {
    let shown: String = word.chars().take(MAX_SHOWN).collect();
    let more = if shown.len() < word.len() { "…" } else { "" };
    format!("no such verb: '{}{more}'", crate::text::sanitise(&shown))
}

/// `[Dial(600)]`, `[Status]`.
fn dde(text: &str) -> Parsed {
    let (name, argument) = match text.split_once('(') {
        Some((name, rest)) => (name, rest.strip_suffix(')').ok_or("a DDE command ends with )]")?),
        None => (text, ""),
    };
    let (path, name) = match name.to_ascii_lowercase().as_str() {
        "setmicvolume" => (Some("mic"), "volume"),
        "setvolume" => (Some("speaker"), "volume"),
        "reject" | "decline" if argument.trim().parse::<u16>().is_ok() => {
            return verb_words("reject", &["--code", argument.trim()]);
        }
        "volumeup" => return verb_words("volume", &["speaker", "+5"]),
        "volumedown" => return verb_words("volume", &["speaker", "-5"]),
        _ => (None, name),
    };
    let arguments = argument.split(',').map(str::trim).filter(|a| !a.is_empty());
    verb_words(name, &path.into_iter().chain(arguments).collect::<Vec<_>>())
}

/// `call&number=600`, `dial?number=600`.
fn action(text: &str) -> Parsed {
    let (name, rest) = text.split_once(['&', '?']).unwrap_or((text, ""));
    let row = verb::find(name).ok_or_else(|| unknown(name))?;
    let mut values = Values::default();
    for pair in rest.split('&').filter(|p| !p.is_empty()) {
        let (key, value) = pair.split_once('=').unwrap_or((pair, "true"));
        values.set(key, value.replace("%20", " ").replace("%2B", "+").replace("%2b", "+"));
    }
    Ok((row.name, row.request(values)?))
}

/// `call 600`, `/answer`, `/dtmf:12`, `msip:hold`, `600`.
fn words(line: &str) -> Parsed {
    if line.is_empty() {
        return Err("an empty line".into());
    }
    if line.eq_ignore_ascii_case("msip:hold") {
        return verb_words("hold", &["--toggle"]);
    }
    let line = line.strip_prefix("msip:").or_else(|| line.strip_prefix('/')).unwrap_or(line);
    let mut words = line.split_whitespace().map(str::to_owned);
    let first = words.next().unwrap_or_default();
    let rest: Vec<String> = words.collect();
    match first.to_ascii_lowercase().as_str() {
        "hangupincoming" => return verb_words("hangup", &["--incoming"]),
        "hangupcalling" => return verb_words("hangup", &["--calling"]),
        "micmute" => return verb_words("mute", &["mic"]),
        "micunmute" => return verb_words("unmute", &["mic"]),
        "speakmute" => return verb_words("mute", &["speaker"]),
        "speakunmute" => return verb_words("unmute", &["speaker"]),
        "micup" => return verb_words("volume", &["mic", "+5"]),
        "micdown" => return verb_words("volume", &["mic", "-5"]),
        "speakup" => return verb_words("volume", &["speaker", "+5"]),
        "speakdown" => return verb_words("volume", &["speaker", "-5"]),
        _ => {}
    }
    if let Some(digits) = first.strip_prefix("dtmf:") {
        return verb_words("dtmf", &[digits]);
    }
    if let Some(number) = first.strip_prefix("transfer:").or_else(|| first.strip_prefix("transfer_")) {
        return verb_words("transfer", &[number]);
    }
    if let Some(row) = verb::find(&first) {
        return Ok((row.name, row.parse_words(&rest)?));
    }
    if rest.is_empty() && dialable(&first) {
        return Ok(("call", Request::Command(Command::Dial { target: first, account: None })));
    }
    Err(unknown(&first))
}

fn verb_words(name: &str, words: &[&str]) -> Parsed {
    let row = verb::find(name).ok_or_else(|| unknown(name))?;
    let words: Vec<String> = words.iter().map(|w| (*w).to_owned()).collect();
    Ok((row.name, row.parse_words(&words)?))
}

/// True for what is a number or an address beyond doubt, so that a mistyped verb is never dialled.
pub fn dialable(word: &str) -> bool {
    let number = |c: char| c.is_ascii_digit() || "+*#-.(),/".contains(c);
    (word.chars().all(number) && word.chars().any(|c| c.is_ascii_digit() || c == '*' || c == '#'))
        || ["sip:", "sips:", "tel:", "callto:", "dial:", "dialpad:"]
            .iter()
            .any(|scheme| word.get(..scheme.len()).is_some_and(|head| head.eq_ignore_ascii_case(scheme)))
        || (word.contains('@') && !word.starts_with('-'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::{HangupWhich, SoundPath, TransferTo, VolumeChange};

    #[test]
    fn four_spellings_of_one_request() {
        let dial = Ok(Request::Command(Command::Dial { target: "600".into(), account: None }));
        for line in [
            r#"{"verb":"call","number":"600","id":7}"#,
            r#"{"cmd":"dial","number":600}"#,
            "call 600",
            "600",
            "dial 600",
            "action=call&number=600",
            "action:dial?number=600",
            "[Dial(600)]",
            "[CallTo(600)]",
        ] {
            assert_eq!(parse(line).request, dial, "{line}");
        }
        assert_eq!(parse(r#"{"verb":"call","number":"600","id":7}"#).id, Some(7.into()));
    }

    #[test]
    fn microsip_words() {
        let hangup = |which| Ok(Request::Command(Command::Hangup { which }));
        assert_eq!(parse("/hangupall").request, hangup(HangupWhich::AllButRinging));
        assert_eq!(parse("/hangupincoming").request, hangup(HangupWhich::Incoming));
        assert_eq!(parse("[Hangup]").request, hangup(HangupWhich::Current));
        assert_eq!(
            parse("msip:micup").request,
            Ok(Request::Command(Command::Volume { path: SoundPath::Mic, change: VolumeChange::By(5) }))
        );
        assert_eq!(
            parse("[SetVolume(40)]").request,
            Ok(Request::Command(Command::Volume { path: SoundPath::Speaker, change: VolumeChange::To(40) }))
        );
        assert_eq!(parse("msip:hold").request, Ok(Request::Command(Command::ToggleHold { call: None })));
        assert_eq!(parse("hold").request, Ok(Request::Command(Command::Hold { call: None })));
        let transfer = Ok(Request::Command(Command::Transfer { call: None, to: TransferTo::Number("600".into()) }));
        for line in ["/transfer:600", "msip:transfer_600", "[Transfer(600)]", "transfer 600"] {
            assert_eq!(parse(line).request, transfer, "{line}");
        }
        assert!(
            matches!(parse("/dtmf:12#").request, Ok(Request::Command(Command::Dtmf { digits, .. })) if digits == "12#")
        );
    }

    #[test]
    fn dde_rejects_with_a_status() {
        let reject =
            |call: Option<&str>, code| Ok(Request::Command(Command::Reject { call: call.map(str::to_owned), code }));
        assert_eq!(parse("[Reject]").request, reject(None, None));
        assert_eq!(parse("[Reject(603)]").request, reject(None, Some(603)));
        assert_eq!(parse("[Reject(c2)]").request, reject(Some("c2"), None));
    }

    #[test]
    fn an_error_repeats_little_of_what_was_sent() {
        let error = parse(&"x".repeat(60_000)).request.unwrap_err().message;
        assert!(error.len() < 100, "{error}");
    }

    #[test]
    fn a_mistyped_verb_is_not_dialled() {
        for line in ["anwser", "call", "{\"verb\":\"cal\"}", "{", "[Dial(600", "", "[]", "/dnd", "--call"] {
            assert!(parse(line).request.is_err(), "{line}");
        }
        assert!(dialable("+49(40)123") && dialable("*97") && dialable("sip:bob@h") && dialable("bob@h"));
        assert!(!dialable("bob") && !dialable("+") && !dialable("--x@y") && !dialable(""));
    }
}
