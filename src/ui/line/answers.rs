//! The phone's answers as sentences. What an event tells anyway is not said twice.

use super::state::{Do, Line, Now, Thing, Topic, says};
use super::told::names;
use super::words::{self, count, sentence};
use super::{lists, settings};
use crate::control::verb::Request;
use crate::control::{
    CallInfo, Command, CommandError, Contact, ContactsAsk, MessageInfo, PingInfo, Record, Reloaded, SoundDevice,
    SoundPath, SoundTestResult, Switch, Traced, TransferTo, VoicePart, Way,
};
use crate::text::{sanitise, sanitise_trimmed};
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
        Request::Ready => says(if fields.get("ready") == Some(&Value::Bool(true)) { "Ready." } else { "Not ready." }),
        Request::Codecs => codecs(line, fields),
        Request::Reload => {
            line.changes_settings = false;
            let told = serde_json::from_value::<Reloaded>(Value::Object(fields.clone()));
            says(told.map_or_else(|_| "The settings were read again.".to_owned(), |told| sentence(&told.words())))
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
    let switch = |on: bool| if on { "on" } else { "off" };
    match done {
        Command::Mute { path } | Command::Unmute { path } => {
            let muted = matches!(done, Command::Mute { .. });
            let what = match path {
                SoundPath::Mic => {
                    status.mic_muted = muted;
                    "Microphone"
                }
                SoundPath::Speaker => {
                    status.speaker_muted = muted;
                    "Speaker"
                }
            };
            says(format!("{what} {}.", if muted { "muted" } else { "open" }))
        }
        Command::Volume { path, .. } => {
            let what = if *path == SoundPath::Mic { "Microphone" } else { "Speaker" };
            let level = fields.get("level").and_then(Value::as_u64);
            level.map_or_else(Vec::new, |level| says(format!("{what} volume {level}.")))
        }
        Command::Dnd { on } => {
            status.dnd = *on;
            says(format!("Do not disturb is {}.", switch(*on)))
        }
        Command::AutoAnswer { on } => {
            status.auto_answer = *on;
            says(if *on { "Calls are answered by themselves." } else { "Calls ring again." })
        }
        Command::AutoConference { on } => {
            status.auto_conference = *on;
            says(format!("Answered calls join a conference: {}.", switch(*on)))
        }
        Command::Forward { number } => {
            status.forward.clone_from(number);
            says(match number {
                Some(number) => format!("Calls are forwarded to {}.", sanitise_trimmed(number)),
                None => "Calls are not forwarded.".to_owned(),
            })
        }
        Command::Voice { part, how } => {
            let what = match part {
                VoicePart::Echo => "Echo canceller",
                VoicePart::Noise => "Noise suppression",
                VoicePart::Rnnoise => "Noise suppression by RNNoise",
                VoicePart::Gain => "Automatic gain",
                VoicePart::Boost => "Microphone boost",
            };
            let how = match how {
                Switch::Auto => "automatic",
                Switch::On => "on",
                Switch::Off => "off",
            };
            says(format!("{what} {how}."))
        }
        Command::Device { device, name } => {
            let what = match device {
                SoundDevice::Input => "Microphone",
                SoundDevice::Output => "Speaker",
                SoundDevice::Ring => "Ringer",
            };
            let name = if name.is_empty() { "the system's".to_owned() } else { sanitise_trimmed(name) };
            says(format!("{what}: {name}."))
        }
        Command::SelectAccount { account } => {
            let known = status.accounts.iter().find(|it| it.id.to_string() == *account);
            let name = known.map_or(account.as_str(), |it| if it.aor.is_empty() { &it.label } else { &it.aor });
            says(format!("Calls go out as {}.", sanitise_trimmed(name)))
        }
        Command::Ignore { .. } => says("It rings on, not here."),
        Command::Message { .. } => {
            let code = fields.get("message").and_then(|message| message.get("status")).and_then(Value::as_u64);
            says(if code == Some(202) { "Taken, on its way." } else { "Delivered." })
        }
        Command::Transfer { to, .. } => says(match to {
            TransferTo::Number(number) => format!("Transferred to {}.", sanitise_trimmed(number)),
            TransferTo::Call(_) => "The two are connected.".to_owned(),
        }),
        Command::Ping { .. } => match read::<PingInfo>(fields, "ping") {
            Some(ping) => {
                says(format!("{} answers {} within {:.0} milliseconds.", sanitise(&ping.uri), ping.status, ping.rtt_ms))
            }
            None => Vec::new(),
        },
        Command::TestAudio => match read::<SoundTestResult>(fields, "sound_test") {
            Some(result) => says(sound_test(&result)),
            None => Vec::new(),
        },
        Command::Dtmf { .. } => match text(fields, "note") {
            note if note.is_empty() => Vec::new(),
            note => says(sentence(&note)),
        },
        Command::Password { .. } => says("The password is taken."),
        _ => Vec::new(),
    }
}

/// What the microphone brought, without what only a shell can do.
fn sound_test(result: &SoundTestResult) -> String {
    let words = result.words();
    let words = words.split(": ").next().unwrap_or(&words);
    let loudest = format!("loudest minus {:.0} decibels", result.loudest_dbfs.abs());
    if result.heard {
        sentence(&format!("{words}, {loudest}"))
    } else {
        "No sound came from the microphone. devices chooses another one.".to_owned()
    }
}

fn contacts(line: &mut Line, ask: &ContactsAsk, fields: &Map<String, Value>) -> Vec<Do> {
    let number = |key: &str| fields.get(key).and_then(Value::as_u64);
    let mut out = Vec::new();
    if let ContactsAsk::Remove { .. } = ask {
        line.thing = None;
        out.extend(says("Deleted."));
    } else if let Some(contact) = read::<Contact>(fields, "contact") {
        out.extend(says(format!("{}. Kept.", words::contact(&contact))));
        if matches!(line.thing, Some(Thing::Contact(_))) {
            line.thing = Some(Thing::Contact(Box::new(contact)));
        }
    } else if let Some(exported) = number("exported") {
        out.extend(says(format!("{exported} written to {}", text(fields, "file"))));
    } else if let (Some(added), Some(changed), Some(same)) = (number("added"), number("changed"), number("same")) {
        out.extend(says(format!("{added} added, {changed} changed, {same} known already.")));
    } else {
        out.extend(says("Done."));
    }
    let problems = fields.get("problems").and_then(Value::as_array).map_or(0, Vec::len);
    if problems > 0 {
        out.extend(says(format!("{} could not be read.", count(problems, "part"))));
    }
    out
}

fn history(line: &mut Line, fields: &Map<String, Value>, now: Now) -> Vec<Do> {
    if let Some(calls) = read::<Vec<Record>>(fields, "history") {
        return lists::past(line, calls, fields.get("more") == Some(&Value::Bool(true)), now);
    }
    let number = |key: &str| fields.get(key).and_then(Value::as_u64);
    says(match (number("removed"), number("imported")) {
        (Some(1), _) => "1 call forgotten.".to_owned(),
        (Some(removed), _) => format!("{removed} calls forgotten."),
        (None, Some(imported)) => format!("{imported} brought over."),
        (None, None) => "Nothing is new any more.".to_owned(),
    })
}

fn codecs(line: &mut Line, fields: &Map<String, Value>) -> Vec<Do> {
    let codecs = fields.get("codecs").and_then(Value::as_array).cloned().unwrap_or_default();
    let row = |codec: &Value| {
        let id = sanitise(codec.get("id").and_then(Value::as_str).unwrap_or_default());
        match (codec.get("place").and_then(Value::as_u64), codec.get("why").and_then(Value::as_str)) {
            (Some(place), _) => format!("{place} {id}."),
            (None, Some(why)) => format!("{id} is not to be had: {}", sentence(&sanitise(why))),
            (None, None) => format!("{id} is not offered."),
        }
    };
    let lines = codecs.iter().map(row).collect();
    line.pages(lines)
}

/// SIP messages, a sentence each.
fn ladder(line: &mut Line, messages: &[Traced]) -> Vec<Do> {
    if messages.is_empty() {
        return says("No messages of that call are remembered.");
    }
    let mut lines: Vec<String> = Vec::new();
    let (mut peer, mut last) = (None, String::new());
    for message in messages {
        let far = (message.remote, message.transport.as_str());
        if peer.replace(far) != Some(far) {
            lines.push(format!("Between us and {}, {}:", message.remote, sanitise(&message.transport)));
        }
        let body = if message.content.as_deref() == Some("application/sdp") { ", with SDP" } else { "" };
        let answer = message.start.split_once(' ').map_or("", |(_, answer)| answer).trim();
        let text = sanitise(&match (message.status, message.way) {
            (None, Way::Sent) => format!("We send {}{body}.", message.method),
            (None, Way::Received) => format!("They send {}{body}.", message.method),
            (Some(_), Way::Sent) => format!("We answer {answer} to {}{body}.", message.method),
            (Some(_), Way::Received) => format!("They answer {answer} to {}{body}.", message.method),
        });
        if text == last {
            lines.push("The same again.".to_owned());
        } else {
            last.clone_from(&text);
            lines.push(text);
        }
    }
    line.pages(lines)
}
