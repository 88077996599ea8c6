//! One-shot verbs to a running phone, and their answers as text.

use super::attached;
use super::options::Options;
use super::out;
use super::people;
use super::setting_files;
use super::signals::Interrupts;
use super::sound_test;
use crate::control::feed::Feed;
use crate::control::link::Link;
use crate::control::verb::Request;
use crate::control::{
    AccountInfo, CallInfo, Command, CommandError, ExitCode, MessageInfo, PingInfo, RecordingState, RegistrationState,
    Reloaded, ShortcutInfo, Status, TlsTrust, json,
};
use crate::engine::handle::Handle;
use serde_json::{Map, Value};
use std::time::Duration;

/// As long as a REGISTER is repeated (RFC 3261 timer F).
const REGISTRATION_PATIENCE: Duration = Duration::from_secs(32);

/// Sends a request and prints the answer.
pub async fn run(link: &Link, options: &Options, verb: &str, request: &Request) -> ExitCode {
    let forever = Duration::from_secs(86_400);
    let limit = options.timeout.unwrap_or(forever);
    match request {
        Request::Watch { .. } | Request::Attach { .. } => {
            // Whoever says for how long to watch has what was asked for when that is over.
            tokio::time::timeout(limit, watch(link, options, verb, request)).await.unwrap_or(ExitCode::Ok)
        }
        Request::Sound { call, rate } => {
            let mut interrupts = Interrupts::listen();
            tokio::select! {
                done = tokio::time::timeout(limit, attached::stand_in(link, call, *rate)) => match done {
                    Ok(Err(why)) => answer(options, verb, request, Err(why)),
                    _ => ExitCode::Ok,
                },
                code = interrupts.next() => code,
            }
        }
        Request::Trace { ask, form } => super::trace::run(link, options, ask, form).await,
        _ => {
            let asking = async {
                match request {
                    Request::Command(Command::TestAudio) => sound_test::run(link, options).await,
                    _ => link.fields(request).await,
                }
            };
            let result = match tokio::time::timeout(limit, asking).await {
                Ok(result) => result,
                Err(_) => Err(no_answer(limit)),
            };
            answer(options, verb, request, result)
        }
    }
}

/// Prints an answer; its exit code.
pub fn answer(
    options: &Options,
    verb: &str,
    request: &Request,
    result: Result<Map<String, Value>, CommandError>,
) -> ExitCode {
    let code = result.as_ref().map_or_else(|e| e.code, |fields| code_of(request, fields));
    if options.json || options.ndjson {
        let line =
            crate::control::spelling::Line { id: None, verb: name(verb), request: Ok(request.clone()), note: None };
        if let Err(e) = &result {
            out::error(e);
        }
        out::json(&json::reply(&line, result));
    } else {
        match result {
            Ok(fields) => print(request, &fields, options),
            Err(e) => out::error(&e),
        }
    }
    code
}

fn name(verb: &str) -> &'static str {
    crate::control::verb::find(verb).map_or("", |row| row.name)
}

fn code_of(request: &Request, fields: &Map<String, Value>) -> ExitCode {
    match request {
        Request::Command(Command::TestAudio) if sound_test::result(fields).is_some_and(|result| !result.heard) => {
            ExitCode::NotFound
        }
        Request::Ready if fields.get("ready") != Some(&Value::Bool(true)) => ExitCode::NotFound,
        _ => ExitCode::Ok,
    }
}

/// Waits until every account that is meant and registers has its answer; prints them; the code of the worst.
///
/// # Errors
/// The phone has stopped.
pub async fn registration(
    handle: &Handle,
    options: &Options,
    verb: &str,
    meant: impl Fn(&AccountInfo) -> bool,
    interrupts: &mut Interrupts,
) -> Result<ExitCode, CommandError> {
    let deadline = tokio::time::Instant::now() + options.timeout.unwrap_or(REGISTRATION_PATIENCE);
    let mut changed = handle.changed();
    let accounts = loop {
        let mut accounts = handle.status().await?.accounts;
        accounts.retain(&meant);
        if !accounts.iter().any(|a| a.state == RegistrationState::Registering) {
            break accounts;
        }
        tokio::select! {
            _ = changed.changed() => {}
            () = tokio::time::sleep_until(deadline) => {
                out::talk("tuiphone: there is no answer yet, and the time is up");
                break accounts;
            }
            code = interrupts.next() => return Ok(code),
        }
    };
    let code = accounts.iter().map(registration_code).find(|c| *c != ExitCode::Ok).unwrap_or(ExitCode::Ok);
    if options.json || options.ndjson {
        out::json(&serde_json::json!({"v": 1, "verb": verb, "ok": code == ExitCode::Ok, "accounts": accounts}));
    } else {
        accounts.iter().for_each(|account| out::line(&account_line(account)));
    }
    Ok(code)
}

fn registration_code(account: &AccountInfo) -> ExitCode {
    match (account.state, account.status) {
        (RegistrationState::Registered, _) => ExitCode::Ok,
        (RegistrationState::Off, None) if account.reason.is_none() => ExitCode::Ok,
        (_, Some(status)) => ExitCode::of_status(status, false),
        (_, None) => ExitCode::Unreachable,
    }
}

async fn watch(link: &Link, options: &Options, verb: &str, request: &Request) -> ExitCode {
    let feed = match request {
        Request::Watch { name: Some(name) } => link.feed_as(name).await,
        _ => link.feed().await,
    };
    let mut feed = match feed {
        Ok(feed) => feed,
        Err(e) => {
            if options.json || options.ndjson {
                out::json(&serde_json::json!({"v": 1, "verb": name(verb), "ok": false, "error": json::error(&e)}));
            }
            out::error(&e);
            return e.code;
        }
    };
    let mut interrupts = Interrupts::listen();
    let mut reader_gone = std::pin::pin!(super::platform::reader_gone());
    loop {
        let news = tokio::select! {
            news = feed.recv() => news,
            () = &mut reader_gone => return ExitCode::Ok,
            code = interrupts.next() => return code,
        };
        let Some(news) = news else { return ExitCode::Ok };
        match (&news, request) {
            (Feed::Closed(why), _) => {
                out::talk(&format!("tuiphone: {why}"));
                return ExitCode::NoDaemon;
            }
            (_, Request::Attach { .. }) => out::json(&json::feed(&news)),
            (Feed::Event(event), _) if options.json || options.ndjson => {
                out::json(&json::event(event, &out::time_now()))
            }
            (Feed::Event(event), _) => {
                if let Some(line) = super::words::line(event, &out::time_now()) {
                    out::line(&line);
                }
            }
            _ => {}
        }
        if out::is_gone() {
            return ExitCode::Ok;
        }
    }
}

/// ` 1  opus/48000/2     packets of 10 20 40 60 ms`
fn codec_line(codec: &Value) -> String {
    let place = codec.get("place").and_then(Value::as_u64).map(|place| place.to_string()).unwrap_or_default();
    let id = codec.get("id").and_then(Value::as_str).unwrap_or_default();
    let why = codec.get("why").and_then(Value::as_str).map(|why| format!("not to be had: {why}"));
    let packets = || {
        let ms = codec.get("ptime_ms").and_then(Value::as_array).into_iter().flatten().map(Value::to_string);
        let packets = ms.collect::<Vec<_>>().join(" ");
        format!("packets of {packets} ms{}", if place.is_empty() { ", not in audioCodecs" } else { "" })
    };
    format!("{place:>2}  {id:16} {}", why.unwrap_or_else(packets))
}

pub(super) fn no_answer(limit: Duration) -> CommandError {
    CommandError {
        code: ExitCode::NoDaemon,
        kind: "no_answer",
        message: format!("the phone has not answered within {} s", limit.as_secs_f64()),
        hint: None,
    }
}

fn print(request: &Request, fields: &Map<String, Value>, options: &Options) {
    let value = Value::Object(fields.clone());
    match request {
        Request::Status { format: Some(_) } => {
            out::line(fields.get("text").and_then(Value::as_str).unwrap_or_default());
        }
        Request::Status { format: None } => match serde_json::from_value::<Status>(value) {
            Ok(status) => status_text(&status),
            Err(e) => out::error(&unreadable(&e.to_string())),
        },
        Request::Calls => list::<CallInfo>(fields, "calls", "no calls", call_line),
        Request::Accounts => list::<AccountInfo>(fields, "accounts", "no accounts", account_line),
        Request::Shortcuts => list::<ShortcutInfo>(fields, "shortcuts", "no shortcuts", shortcut_line),
        Request::Devices => {
            let devices = fields.get("devices").and_then(Value::as_array).cloned().unwrap_or_default();
            if devices.is_empty() {
                let lack = crate::audio::cards::lack().map_or_else(String::new, |lack| format!(" ({lack})"));
                out::line(&format!("no sound card{lack}; null, file:, loop:, tone: and pipe: always work"));
            }
            for device in devices {
                let text = |key: &str| device.get(key).and_then(Value::as_str).unwrap_or("").to_owned();
                let worn = if text("aec") == "off" { "  (no echo canceller unless aec=on)" } else { "" };
                out::line(&format!("{:6} {}{worn}", text("direction"), text("name")));
            }
        }
        Request::Codecs => {
            let codecs = fields.get("codecs").and_then(Value::as_array);
            codecs.into_iter().flatten().for_each(|codec| out::line(&codec_line(codec)));
        }
        Request::Reload => match serde_json::from_value::<Reloaded>(value) {
            Ok(told) => {
                told.notes.iter().for_each(|note| out::talk(&format!("tuiphone: {note}")));
                out::line(&told.words());
            }
            Err(e) => out::error(&unreadable(&e.to_string())),
        },
        Request::Contacts(_) => people::print(fields, options.quiet),
        Request::Settings(_) => setting_files::print(fields, options.quiet),
        Request::Ready => {
            let registered = fields.get("registered") == Some(&Value::Bool(true));
            out::line(match (registered, code_of(request, fields)) {
                (true, _) => "ready, registered",
                (false, ExitCode::Ok) => "ready, without a registration",
                _ => "not registered",
            });
        }
        _ => {
            if let Some(result) = sound_test::result(fields) {
                out::line(&result.words());
            } else if fields.contains_key("messages") {
                list::<MessageInfo>(fields, "messages", "no messages", message_line);
            } else if fields.contains_key("message") {
                let status = fields.get("message").and_then(|message| message.get("status")).and_then(Value::as_u64);
                if !options.quiet {
                    out::line(if status == Some(202) { "taken, on its way" } else { "delivered" });
                }
            } else if let Some(ping) = fields.get("ping") {
                match serde_json::from_value::<PingInfo>(ping.clone()) {
                    Ok(ping) => out::line(&ping.words()),
                    Err(e) => out::error(&unreadable(&e.to_string())),
                }
            } else if let Some(note) = fields.get("note").and_then(Value::as_str) {
                out::talk(&format!("tuiphone: {note}"));
            } else if let Some(count) = fields.get("removed") {
                out::line(&format!("{count} forgotten"));
            } else if let Some(count) = fields.get("imported") {
                out::line(&format!(
                    "{count} brought over, {} were there already",
                    fields.get("known").unwrap_or(count)
                ));
            } else if let Some(level) = fields.get("level") {
                out::line(&level.to_string());
            } else if let (Some(call), false) = (fields.get("call"), options.quiet) {
                let text = |of: &str, key: &str| call.get(of).and_then(|part| part.get(key)?.as_str());
                match request {
                    Request::Command(Command::Record { .. }) => out::line(text("recording", "file").unwrap_or("")),
                    Request::Command(Command::Play { .. }) => {}
                    _ => {
                        let id = call.get("id").and_then(Value::as_str);
                        out::line(text("transfer", "parked_at").or(id).unwrap_or(""));
                    }
                }
            }
        }
    }
}

fn status_text(status: &Status) {
    let state = serde_json::to_value(status.state).ok().and_then(|v| v.as_str().map(str::to_owned));
    out::line(&state.unwrap_or_default());
    for account in &status.accounts {
        out::line(&account_line(account));
        if let Some(words) = &account.rewritten {
            out::line(&format!("    {words}"));
        }
    }
    if let Some(nat) = &status.nat {
        let address = nat.address.as_ref().map(|address| format!(", seen at {address}")).unwrap_or_default();
        out::line(&format!("STUN: {}{address}", nat.words));
    }
    for call in &status.calls {
        out::line(&call_line(call));
    }
    for light in &status.lights {
        out::line(&super::words::light(light));
    }
    if status.unread > 0 {
        out::line(&format!("messages: {} unread", status.unread));
    }
    if status.dnd {
        out::line("do not disturb");
    }
    if let Some(seconds) = status.wrap_up {
        out::line(&format!("wrapping up: new calls find the phone busy for {seconds} s"));
    }
    if status.auto_answer {
        out::line("calls are answered without a person");
    }
    if status.auto_conference {
        out::line("calls that are answered join a conference");
    }
    if let Some(number) = &status.forward {
        out::line(&format!("calls are sent on to {number}"));
    }
    if status.mic_muted {
        out::line(if status.voice.talking_muted {
            "microphone muted, and you are talking"
        } else {
            "microphone muted"
        });
    }
    if let Some(words) = status.voice.words() {
        out::line(&words);
    }
    if let Some(warning) = &status.audio.warning {
        out::line(warning);
    }
    let refused: Vec<_> = status.refused.iter().filter(|(_, count)| **count > 0).collect();
    if !refused.is_empty() {
        let refused: Vec<String> = refused.iter().map(|(class, count)| format!("{count} {class}")).collect();
        out::line(&format!("refused: {}", refused.join(", ")));
    }
}

fn account_line(a: &AccountInfo) -> String {
    let state = match a.state {
        RegistrationState::Registered => match a.expires_in {
            Some(s) => format!("registered, {s} s left"),
            None => "registered".into(),
        },
        RegistrationState::Registering => "registering".into(),
        RegistrationState::Off => match a.reason.as_deref().filter(|_| a.status.is_none_or(|status| status >= 300)) {
            Some(why) => format!("cannot be un-registered: {why}"),
            None if a.direct => "ready, no registrar".into(),
            None => "not registered".into(),
        },
        RegistrationState::Failed => format!("failed: {}", a.reason.as_deref().unwrap_or("no answer")),
    };
    let mark = if a.selected { '*' } else { ' ' };
    let open = if a.tls == Some(TlsTrust::Unverified) { ", NOT verified" } else { "" };
    let voicemail = a.voicemail.as_ref().filter(|voicemail| voicemail.waiting);
    let voicemail = voicemail.map(|voicemail| format!("; {}", voicemail.words())).unwrap_or_default();
    // The account that calls by address has none itself.
    let name = if a.aor.is_empty() { &a.label } else { &a.aor };
    let seen = a.public.as_ref().filter(|_| a.registered).map(|at| format!(", seen at {at}")).unwrap_or_default();
    format!("{mark} {} {name} ({}{open}): {state}{seen}{voicemail}", a.id, a.transport)
}

fn shortcut_line(shortcut: &ShortcutInfo) -> String {
    let ShortcutInfo { n, label, number, act, light, .. } = shortcut;
    let light = light.and_then(|light| serde_json::to_value(light).ok());
    let light = light.as_ref().and_then(Value::as_str).map(|light| format!(", {light}")).unwrap_or_default();
    let number = if label == number { String::new() } else { format!(" {number}") };
    format!("{n} {label}{number} ({act}{light})")
}

fn message_line(message: &MessageInfo) -> String {
    let new = if message.read { "" } else { " (new)" };
    format!("{}{new} {}", message.at, super::words::message(message))
}

fn call_line(c: &CallInfo) -> String {
    let state = serde_json::to_value(c.state).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default();
    let sound = c.media.as_ref().filter(|media| !media.codec.is_empty()).map(super::words::sound_now);
    let sound = sound.map(|sound| format!(", {sound}")).unwrap_or_default();
    let conference = if c.conference { ", in the conference" } else { "" };
    let recorded = match c.recording.as_ref().map(|recording| recording.state) {
        Some(RecordingState::Recording) => ", is recorded",
        Some(RecordingState::Paused) => ", its recording is paused",
        _ => "",
    };
    format!(
        "{} {} {} {:.0} s{conference}{recorded}{sound}",
        c.id,
        super::words::remote(c),
        state.replace('_', " "),
        c.duration
    )
}

fn list<T: serde::de::DeserializeOwned>(
    fields: &Map<String, Value>,
    key: &str,
    none: &str,
    line: impl Fn(&T) -> String,
) {
    let rows: Vec<T> = fields.get(key).and_then(|v| serde_json::from_value(v.clone()).ok()).unwrap_or_default();
    if rows.is_empty() {
        out::line(none);
    }
    for row in &rows {
        out::line(&line(row));
    }
}

/// The error of a reply that makes no sense.
pub(super) fn unreadable(why: &str) -> CommandError {
    CommandError {
        code: ExitCode::Unexpected,
        kind: "unexpected",
        message: format!("the phone's reply could not be read: {why}"),
        hint: None,
    }
}
