//! Replies and events as the contract prints them.

use super::feed::Feed;
use super::kind;
use super::spelling::Line;
use super::verb::Request;
use super::{CommandError, Event, ExitCode, Found, Levels, Reply, SoundPath, Status};
use serde_json::{Map, Value, json};

/// The reply line to a request.
pub fn reply(line: &Line, result: Result<Map<String, Value>, CommandError>) -> Value {
    let mut out = Map::new();
    out.insert("v".into(), 1.into());
    if let Some(id) = &line.id {
        out.insert("id".into(), id.clone());
    }
    if !line.verb.is_empty() {
        out.insert("verb".into(), line.verb.into());
    }
    match result {
        Ok(fields) => {
            out.insert("ok".into(), true.into());
            out.extend(fields);
        }
        Err(e) => {
            out.insert("ok".into(), false.into());
            out.insert("error".into(), error(&e));
        }
    }
    if let Some(note) = &line.note {
        out.entry("note").or_insert_with(|| note.as_str().into());
    }
    Value::Object(out)
}

/// The `error` object.
pub fn error(e: &CommandError) -> Value {
    json!({"code": e.code.code(), "kind": e.kind, "message": e.message, "hint": e.hint})
}

/// The error a reply line carries, read back.
pub fn error_from(value: &Value) -> CommandError {
    let number = value.get("code").and_then(Value::as_u64).unwrap_or(1);
    let code = ExitCode::ALL.iter().copied().find(|c| u64::from(c.code()) == number).unwrap_or(ExitCode::Unexpected);
    let text = |key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
    let kind = text("kind").and_then(|word| kind::known(&word));
    CommandError {
        code,
        kind: kind.unwrap_or(code.kind()),
        message: text("message").unwrap_or_else(|| "the phone refused without saying why".into()),
        hint: text("hint"),
    }
}

/// The fields a command's reply adds to the line.
pub fn reply_fields(reply: &Reply) -> Map<String, Value> {
    match reply {
        Reply::Done => Map::new(),
        Reply::Call(call) => object(json!({"call": call})),
        Reply::Message(message) => object(json!({"message": message})),
        Reply::Ping(ping) => object(json!({"ping": ping})),
        Reply::Messages(messages) => object(json!({"messages": messages})),
        Reply::Reloaded(told) => object(json!(told)),
        Reply::SoundTest(result) => object(json!({"sound_test": result})),
        Reply::Digits { via, note } => object(json!({"via": via, "note": note})),
        Reply::Volume(path, level) => object(json!({"path": path_word(*path), "level": level})),
    }
}

/// A command's reply, read back from its line.
pub fn reply_from(value: &Value) -> Reply {
    if let Some(call) = value.get("call").and_then(|c| serde_json::from_value(c.clone()).ok()) {
        return Reply::Call(Box::new(call));
    }
    if let Some(message) = value.get("message").and_then(|m| serde_json::from_value(m.clone()).ok()) {
        return Reply::Message(Box::new(message));
    }
    if let Some(ping) = value.get("ping").and_then(|p| serde_json::from_value(p.clone()).ok()) {
        return Reply::Ping(Box::new(ping));
    }
    if let Some(messages) = value.get("messages").and_then(|m| serde_json::from_value(m.clone()).ok()) {
        return Reply::Messages(messages);
    }
    if let Some(result) = value.get("sound_test").and_then(|result| serde_json::from_value(result.clone()).ok()) {
        return Reply::SoundTest(result);
    }
    if let Some(via) = value.get("via").and_then(|via| serde_json::from_value(via.clone()).ok()) {
        return Reply::Digits { via, note: value.get("note").and_then(Value::as_str).map(str::to_owned) };
    }
    match (value.get("path").and_then(Value::as_str), value.get("level").and_then(Value::as_u64)) {
        (Some("mic"), Some(level)) => Reply::Volume(SoundPath::Mic, u8::try_from(level).unwrap_or(100)),
        (Some(_), Some(level)) => Reply::Volume(SoundPath::Speaker, u8::try_from(level).unwrap_or(100)),
        _ => Reply::Done,
    }
}

/// The fields of the history's answer.
pub fn history_fields(found: &Found) -> Map<String, Value> {
    object(match found {
        Found::Records(calls, more) => json!({"history": calls, "more": more}),
        Found::Removed(count) => json!({"removed": count}),
        Found::Seen => json!({"seen": true}),
        Found::Imported { new, known } => json!({"imported": new, "known": known}),
    })
}

/// The fields of a question's reply.
pub fn status_fields(request: &Request, status: &Status) -> Map<String, Value> {
    match request {
        Request::Calls => object(json!({"calls": status.calls})),
        Request::Accounts => object(json!({"accounts": status.accounts})),
        Request::Shortcuts => object(json!({"shortcuts": status.shortcuts})),
        Request::Status { format: Some(format) } => object(json!({ "text": format.fill(status) })),
        Request::Ready => object(json!({
            "ready": ready(status),
            "registered": status.accounts.iter().any(|a| a.registered),
            "version": env!("CARGO_PKG_VERSION"),
            "build": super::skew::build(),
        })),
        _ => object(json!(status)),
    }
}

/// A phone is ready when some account can place a call: a registered one, or one that never registers.
pub fn ready(status: &Status) -> bool {
    use super::RegistrationState::{Off, Registered};
    status.accounts.iter().any(|a| matches!(a.state, Registered | Off))
}

/// An event line of `watch`; `time` is ISO 8601 UTC.
pub fn event(event: &Event, time: &str) -> Value {
    event.line(time)
}

/// A line of `attach` and `trace`.
pub fn feed(feed: &Feed) -> Value {
    let own = match feed {
        Feed::Status(status) => json!({"feed": "status", "status": status}),
        Feed::Event(event) => json!({"feed": "event", "event": event}),
        Feed::Levels(l) => json!({"feed": "levels", "mic_dbfs": l.mic_dbfs, "speaker_dbfs": l.speaker_dbfs}),
        Feed::Face(ask) => json!({"feed": "face", "ask": ask}),
        Feed::Traced(line) => json!(line),
        Feed::Closed(why) => json!({"feed": "closed", "why": why}),
    };
    let mut fields = object(json!({"v": 1}));
    fields.extend(object(own));
    Value::Object(fields)
}

/// A line of `attach`, read back; `None` for what this version does not know.
pub fn feed_from(mut value: Value) -> Option<Feed> {
    let number = |v: &Value, key: &str| v.get(key).and_then(Value::as_f64).map(|n| n as f32);
    Some(match value.get("feed")?.as_str()? {
        "status" => Feed::Status(serde_json::from_value(value.get_mut("status")?.take()).ok()?),
        "event" => Feed::Event(serde_json::from_value(value.get_mut("event")?.take()).ok()?),
        "levels" => Feed::Levels(Levels {
            mic_dbfs: number(&value, "mic_dbfs")?,
            speaker_dbfs: number(&value, "speaker_dbfs")?,
        }),
        "face" => Feed::Face(serde_json::from_value(value.get_mut("ask")?.take()).ok()?),
        "sip" | "rtp" => Feed::Traced(Box::new(serde_json::from_value(value).ok()?)),
        "closed" => Feed::Closed(value.get("why")?.as_str()?.to_owned()),
        _ => return None,
    })
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

fn path_word(path: SoundPath) -> &'static str {
    match path {
        SoundPath::Mic => "mic",
        SoundPath::Speaker => "speaker",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::spelling;
    use crate::control::{DtmfVia, FaceAsk};

    #[test]
    fn replies_have_the_contract_shape() {
        let line = spelling::parse(r#"{"verb":"answer","id":"x"}"#);
        let refused = CommandError {
            code: ExitCode::NotFound,
            kind: "no_such_call",
            message: "no call is ringing".into(),
            hint: None,
        };
        assert_eq!(
            reply(&line, Err(refused)).to_string(),
            r#"{"v":1,"id":"x","verb":"answer","ok":false,"error":{"code":5,"kind":"no_such_call","message":"no call is ringing","hint":null}}"#
        );
        let done = reply(&line, Ok(Map::new()));
        assert_eq!(done["ok"], true);
        assert_eq!(error_from(&json!({"code": 20, "message": "m"})).code, ExitCode::Busy);
        for (told, kind) in [("no_such_call", "no_such_call"), ("of_another_version", "not_found"), ("", "not_found")] {
            assert_eq!(error_from(&json!({"code": 5, "kind": told, "message": "m"})).kind, kind);
        }
    }

    #[test]
    fn a_feed_survives_its_line() {
        let feeds = [
            Feed::Status(Box::new(Status { v: 1, volume: 70, ..Status::default() })),
            Feed::Event(Box::new(Event::CallDtmf { call: sample_call(), digit: '5', via: DtmfVia::Rtp })),
            Feed::Levels(Levels { mic_dbfs: -20.0, speaker_dbfs: -96.0 }),
            Feed::Face(FaceAsk::Hide),
            Feed::Face(FaceAsk::Fill { number: "sip:a@b".into() }),
            Feed::Traced(Box::new(sample_packet())),
            Feed::Closed("gone".into()),
        ];
        for f in feeds {
            let line: Value = serde_json::from_str(&feed(&f).to_string()).expect("JSON");
            assert_eq!(feed_from(line), Some(f));
        }
        assert_eq!(feed_from(json!({"feed": "later"})), None);
        assert_eq!(event(&Event::Exited, "T")["event"], "exited");
    }

    fn sample_packet() -> crate::control::TraceLine {
        serde_json::from_value(json!({"feed": "rtp", "time": "T", "way": "sent", "local": "127.0.0.1:1",
            "remote": "[::1]:2", "bytes": 172, "call": "c1", "kind": "rtp", "payload_type": 0, "marker": false,
            "sequence": 1, "timestamp": 160, "ssrc": 7, "data": ""}))
        .expect("the shape of a packet")
    }

    fn sample_call() -> crate::control::CallInfo {
        serde_json::from_value(json!({"id": "c1", "sip_call_id": "x", "direction": "outgoing", "state": "connected",
            "account": "a@b", "remote": {"uri": "sip:600@b", "user": "600", "name": null}, "started_at": "T",
            "duration": 1.5, "remote_hold": false}))
        .expect("the shape of a call")
    }
}
