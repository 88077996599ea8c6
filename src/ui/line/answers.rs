//! The phone's answers as sentences. What an event tells anyway is not said twice.

use super::state::{Do, Line, Now, Thing, Topic, says};
use super::told::names;
use super::words::{self, sentence};
use super::{lists, settings};
use crate::control::verb::Request;
use crate::control::{
    CallInfo, Command, CommandError, Contact, ContactsAsk, MessageInfo, PingInfo, Record, Reloaded, SoundDevice,
    SoundPath, SoundTestResult, Switch, Traced, TransferTo, VoicePart, Way,
};
use crate::text::words::retold;
use crate::text::{sanitise, sanitise_trimmed, say};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// Takes an answer in, and says what of it is to be said.
pub fn answer(
    line: &mut Line,
    topic: Topic,
    request: &Request,
    answer: Result<Map<String, Value>, CommandError>,
    now: Now,
) -> Vec<Do> {
    let fields = match answer {
        Ok(fields) => fields,
        Err(_) if topic == Topic::Names => return Vec::new(),
        Err(why) => return says(words::error(&why)),
    };
    match topic {
        Topic::Names => {
            line.contacts = read(&fields, "contacts").unwrap_or_default();
            Vec::new()
        }
        Topic::Contacts { search } => {
            let found: Vec<Contact> = read(&fields, "contacts").unwrap_or_default();
            lists::contacts(line, &search, found, now)
        }
        Topic::Past => {
            let calls: Vec<Record> = read(&fields, "history").unwrap_or_default();
            lists::past(line, calls, fields.get("more") == Some(&Value::Bool(true)), now)
        }
        Topic::Threads => lists::threads(line, &messages(&fields)),
        Topic::Thread => lists::messages(line, &messages(&fields)),
        Topic::Devices => {
            let devices = fields.get("devices").and_then(Value::as_array).cloned().unwrap_or_default();
            lists::devices(line, &devices)
        }
        Topic::Ladder => ladder(line, &read::<Vec<Traced>>(&fields, "messages").unwrap_or_default()),
        Topic::Settings(wish) => settings::answer(line, wish, read(&fields, "settings").unwrap_or_default()),
        Topic::Plain => plain(line, request, &fields, now),
    }
}

fn read<T: DeserializeOwned>(fields: &Map<String, Value>, key: &str) -> Option<T> {
    serde_json::from_value(fields.get(key)?.clone()).ok()
}

fn messages(fields: &Map<String, Value>) -> Vec<MessageInfo> {
    read(fields, "messages").unwrap_or_default()
}

fn plain(line: &mut Line, request: &Request, fields: &Map<String, Value>, now: Now) -> Vec<Do> {
    if let Some(call) = read::<CallInfo>(fields, "call") {
        line.take_call(&call);
    }
    match request {
        Request::Command(Command::Guarded(inner)) => command(line, inner, fields),
        Request::Command(Command::Messages { .. }) => lists::messages(line, &messages(fields)),
        Request::Command(done) => command(line, done, fields),
        Request::Contacts(ask) => [contacts(line, ask, fields), names()].concat(),
        Request::Settings(_) => settings::changed(line, fields),
        Request::History { .. } => history(line, fields, now),
        Request::Status { .. } => says(text(fields, "text")),
        Request::Ready => says(if fields.get("ready") == Some(&Value::Bool(true)) {
            say!("line-ready")
        } else {
            say!("line-not-ready")
        }),
        Request::Codecs => codecs(line, fields),
        Request::Reload => {
            line.changes_settings = false;
            let told = serde_json::from_value::<Reloaded>(Value::Object(fields.clone()));
            says(told.map_or_else(|_| say!("line-settings-read-again"), |told| sentence(&retold(&told.words()))))
        }
        _ => Vec::new(),
    }
}

fn text(fields: &Map<String, Value>, key: &str) -> String {
    sanitise(fields.get(key).and_then(Value::as_str).unwrap_or_default())
}

/// What a command has brought about, where no event tells it; the status that follows is anticipated.
fn command(line: &mut Line, done: &Command, fields: &Map<String, Value>) -> Vec<Do> {
    let status = &mut line.status;
    match done {
        Command::Mute { path } | Command::Unmute { path } => {
            let muted = matches!(done, Command::Mute { .. });
            match path {
                SoundPath::Mic => status.mic_muted = muted,
                SoundPath::Speaker => status.speaker_muted = muted,
            }
            says(match (path, muted) {
                (SoundPath::Mic, true) => say!("line-microphone-muted"),
                (SoundPath::Mic, false) => say!("line-microphone-open"),
                (SoundPath::Speaker, true) => say!("line-speaker-muted"),
                (SoundPath::Speaker, false) => say!("line-speaker-open"),
            })
        }
        Command::Volume { path, .. } => {
            let level = fields.get("level").and_then(Value::as_u64);
            let told = |level| match path {
                SoundPath::Mic => say!("line-microphone-volume", level),
                SoundPath::Speaker => say!("line-speaker-volume", level),
            };
            level.map_or_else(Vec::new, |level: u64| says(told(level)))
        }
        Command::Dnd { on } => {
            status.dnd = *on;
            says(if *on { say!("line-dnd-on") } else { say!("line-dnd-off") })
        }
        Command::AutoAnswer { on } => {
            status.auto_answer = *on;
            says(if *on { say!("line-auto-answer-on") } else { say!("line-auto-answer-off") })
        }
        Command::AutoConference { on } => {
            status.auto_conference = *on;
            says(if *on { say!("line-joins-on") } else { say!("line-joins-off") })
        }
        Command::Forward { number } => {
            status.forward.clone_from(number);
            says(match number {
                Some(number) => say!("line-forwarded", number = sanitise_trimmed(number)),
                None => say!("line-forward-off"),
            })
        }
        Command::Voice { part, how } => {
            let how = match how {
                Switch::Auto => "automatic",
                Switch::On => "on",
                Switch::Off => "off",
            };
            says(match part {
                VoicePart::Echo => say!("line-voice-echo", how),
                VoicePart::Noise => say!("line-voice-noise", how),
                VoicePart::Rnnoise => say!("line-voice-rnnoise", how),
                VoicePart::Gain => say!("line-voice-gain", how),
                VoicePart::Boost => say!("line-voice-boost", how),
            })
        }
        Command::Device { device, name } => {
            let name = if name.is_empty() { say!("line-device-of-system") } else { sanitise_trimmed(name) };
            says(match device {
                SoundDevice::Input => say!("line-takes-microphone", name),
                SoundDevice::Output => say!("line-takes-speaker", name),
                SoundDevice::Ring => say!("line-takes-ringer", name),
            })
        }
        Command::SelectAccount { account } => {
            let known = status.accounts.iter().find(|it| it.id.to_string() == *account);
            let name = known.map_or(account.as_str(), |it| if it.aor.is_empty() { &it.label } else { &it.aor });
            says(say!("line-account-chosen", name = sanitise_trimmed(name)))
        }
        Command::Ignore { .. } => says(say!("line-ignored")),
        Command::Message { .. } => {
            let code = fields.get("message").and_then(|message| message.get("status")).and_then(Value::as_u64);
            says(if code == Some(202) { say!("line-message-taken") } else { say!("line-message-delivered") })
        }
        Command::Transfer { to, .. } => says(match to {
            TransferTo::Number(number) => say!("line-transferred-to", number = sanitise_trimmed(number)),
            TransferTo::Call(_) => say!("line-connected"),
        }),
        Command::Ping { .. } => match read::<PingInfo>(fields, "ping") {
            Some(ping) => says(say!(
                "line-ping-answers",
                uri = sanitise(&ping.uri),
                status = ping.status,
                time = format!("{:.0}", ping.rtt_ms)
            )),
            None => Vec::new(),
        },
        Command::TestAudio => match read::<SoundTestResult>(fields, "sound_test") {
            Some(result) => says(sound_test(&result)),
            None => Vec::new(),
        },
        Command::Dtmf { .. } => match text(fields, "note") {
            note if note.is_empty() => Vec::new(),
            note => says(sentence(&retold(&note))),
        },
        Command::Password { .. } => says(say!("line-password-taken")),
        _ => Vec::new(),
    }
}

/// What the microphone brought, without what only a shell can do.
fn sound_test(result: &SoundTestResult) -> String {
    let words = result.words();
    let words = retold(&words);
    let words = words.split(": ").next().unwrap_or(&words);
    if result.heard {
        sentence(&say!("line-sound-test", result = words, level = format!("{:.0}", result.loudest_dbfs.abs())))
    } else {
        say!("line-sound-test-silent")
    }
}

fn contacts(line: &mut Line, ask: &ContactsAsk, fields: &Map<String, Value>) -> Vec<Do> {
    let number = |key: &str| fields.get(key).and_then(Value::as_u64);
    let mut out = Vec::new();
    if let ContactsAsk::Remove { .. } = ask {
        line.thing = None;
        out.extend(says(say!("line-contact-deleted")));
    } else if let Some(contact) = read::<Contact>(fields, "contact") {
        out.extend(says(say!("line-contact-kept", contact = words::contact(&contact))));
        if matches!(line.thing, Some(Thing::Contact(_))) {
            line.thing = Some(Thing::Contact(Box::new(contact)));
        }
    } else if let Some(exported) = number("exported") {
        out.extend(says(say!("line-exported", count = exported, file = text(fields, "file"))));
    } else if let (Some(added), Some(changed), Some(same)) = (number("added"), number("changed"), number("same")) {
        out.extend(says(say!("line-contacts-imported", added, changed, same)));
    } else {
        out.extend(says(say!("line-done")));
    }
    let problems = fields.get("problems").and_then(Value::as_array).map_or(0, Vec::len);
    if problems > 0 {
        out.extend(says(say!("line-parts-unread", count = problems)));
    }
    out
}

fn history(line: &mut Line, fields: &Map<String, Value>, now: Now) -> Vec<Do> {
    if let Some(calls) = read::<Vec<Record>>(fields, "history") {
        return lists::past(line, calls, fields.get("more") == Some(&Value::Bool(true)), now);
    }
    let number = |key: &str| fields.get(key).and_then(Value::as_u64);
    says(match (number("removed"), number("imported")) {
        (Some(removed), _) => say!("line-calls-forgotten", count = removed),
        (None, Some(imported)) => say!("line-history-imported", count = imported),
        (None, None) => say!("line-missed-seen"),
    })
}

fn codecs(line: &mut Line, fields: &Map<String, Value>) -> Vec<Do> {
    let codecs = fields.get("codecs").and_then(Value::as_array).cloned().unwrap_or_default();
    let row = |codec: &Value| {
        let id = sanitise(codec.get("id").and_then(Value::as_str).unwrap_or_default());
        match (codec.get("place").and_then(Value::as_u64), codec.get("why").and_then(Value::as_str)) {
            (Some(place), _) => format!("{place} {id}."),
            (None, Some(why)) => say!("line-codec-missing", id, why = sentence(&sanitise(why))),
            (None, None) => say!("line-codec-not-offered", id),
        }
    };
    let lines = codecs.iter().map(row).collect();
    line.pages(lines)
}

/// SIP messages, a sentence each.
fn ladder(line: &mut Line, messages: &[Traced]) -> Vec<Do> {
    if messages.is_empty() {
        return says(say!("line-ladder-none"));
    }
    let mut lines: Vec<String> = Vec::new();
    let (mut peer, mut last) = (None, String::new());
    for message in messages {
        let far = (message.remote, message.transport.as_str());
        if peer.replace(far) != Some(far) {
            lines.push(say!(
                "line-ladder-between",
                address = message.remote.to_string(),
                transport = sanitise(&message.transport)
            ));
        }
        let answer = message.start.split_once(' ').map_or("", |(_, answer)| answer).trim();
        let method = &message.method;
        let told = match (message.status, message.way) {
            (None, Way::Sent) => say!("line-ladder-we-send", method),
            (None, Way::Received) => say!("line-ladder-they-send", method),
            (Some(_), Way::Sent) => say!("line-ladder-we-answer", answer, method),
            (Some(_), Way::Received) => say!("line-ladder-they-answer", answer, method),
        };
        let has_sdp = message.content.as_deref() == Some("application/sdp");
        let text = sanitise(&if has_sdp { say!("line-ladder-with-sdp", told) } else { format!("{told}.") });
        if text == last {
            lines.push(say!("line-ladder-same"));
        } else {
            last.clone_from(&text);
            lines.push(text);
        }
    }
    line.pages(lines)
}
