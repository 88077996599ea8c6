//! The asking end of a control socket.

use super::place;
use super::skew;
use super::spelling::GUARDED;
use super::values::voice_verbs;
use super::{
    Command, CommandError, ExitCode, HangupWhich, HistoryAsk, Kind, Press, Query, RecordAct, SoundPath, Switch,
    TransferTo, VoicePart, VolumeChange,
};
use crate::engine::local_socket;
use interprocess::local_socket::tokio::Stream;
use serde_json::{Value, json};
use std::io;
use std::path::Path;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, ReadHalf, WriteHalf};

/// A phone that does not answer for this long is taken for hung.
const REPLY_PATIENCE: Duration = Duration::from_secs(60);
/// The same where the answer is an outcome at the far end.
const OUTCOME_PATIENCE: Duration = Duration::from_secs(300);

/// A connection to a phone's socket.
#[derive(Debug)]
pub struct Client {
    reading: BufReader<ReadHalf<Stream>>,
    writing: WriteHalf<Stream>,
}

impl Client {
    /// Connects.
    ///
    /// # Errors
    /// `NoDaemon`: nobody listens there, or somebody else.
    pub async fn connect(path: &Path) -> Result<Client, CommandError> {
        place::fits(path).map_err(|e| no_daemon(path, &e))?;
        let stream = local_socket::connect(path).await.map_err(|e| no_daemon(path, &e))?;
        if !place::is_ours(&stream) {
            return Err(no_daemon(path, &io::Error::other("it belongs to another user")));
        }
        let (reading, writing) = tokio::io::split(stream);
        Ok(Client { reading: BufReader::new(reading), writing })
    }

    /// Sends a request line and waits for its reply.
    ///
    /// # Errors
    /// `NoDaemon`: the phone went away or hangs.
    pub async fn ask(&mut self, line: &str) -> Result<Value, CommandError> {
        self.ask_within(line, REPLY_PATIENCE).await
    }

    /// Sends a command and waits for its reply.
    ///
    /// # Errors
    /// `NoDaemon`: the phone went away or hangs.
    pub async fn command(&mut self, command: &Command) -> Result<Value, CommandError> {
        self.pass_on(&command_line(command), command.awaits_outcome()).await
    }

    /// As `ask`, for one whose answer may be an outcome at the far end.
    ///
    /// # Errors
    /// `NoDaemon`: the phone went away or hangs.
    pub async fn pass_on(&mut self, line: &str, awaits_outcome: bool) -> Result<Value, CommandError> {
        self.ask_within(line, if awaits_outcome { OUTCOME_PATIENCE } else { REPLY_PATIENCE }).await
    }

    async fn ask_within(&mut self, line: &str, patience: Duration) -> Result<Value, CommandError> {
        let sent = self.writing.write_all(format!("{line}\n").as_bytes()).await;
        match tokio::time::timeout(patience, self.line()).await {
            // A phone that turns us away may have said why before it heard us.
            Ok(Err(_)) if sent.is_err() => Err(gone("it closed the connection")),
            Ok(line) => line.and_then(|line| skew::strange(&line).map_or(Ok(line), Err)),
            Err(_) => Err(gone("no answer")),
        }
    }

    /// Its two ways.
    pub(super) fn split(self) -> (BufReader<ReadHalf<Stream>>, WriteHalf<Stream>) {
        (self.reading, self.writing)
    }

    /// The next line.
    ///
    /// # Errors
    /// `NoDaemon`: the phone went away.
    pub async fn line(&mut self) -> Result<Value, CommandError> {
        let mut line = String::new();
        match self.reading.read_line(&mut line).await {
            Ok(0) => Err(gone("it closed the connection")),
            Ok(_) => serde_json::from_str(&line).map_err(|e| gone(&e.to_string())),
            Err(e) => Err(gone(&e.to_string())),
        }
    }
}

fn no_daemon(path: &Path, error: &io::Error) -> CommandError {
    CommandError {
        code: ExitCode::NoDaemon,
        kind: "no_daemon",
        message: match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => {
                format!("no phone runs on {}", path.display())
            }
            _ => {
                format!("no phone can be reached on {}: {}", path.display(), crate::text::plain_error(error))
            }
        },
        hint: Some("start it: tuiphone daemon, or tuiphone for the interface".into()),
    }
}

fn gone(why: &str) -> CommandError {
    CommandError {
        code: ExitCode::NoDaemon,
        kind: "no_daemon",
        message: format!("the phone went away: {why}"),
        hint: None,
    }
}

/// A question to the history as the JSON line that parses back to it.
pub(super) fn history_line(ask: &HistoryAsk) -> String {
    let time = |ms: Option<i64>| {
        let at = Duration::from_millis(u64::try_from(ms?).unwrap_or_default());
        Some(humantime::format_rfc3339_millis(std::time::UNIX_EPOCH + at).to_string())
    };
    let value = match ask {
        HistoryAsk::List(Query { text, kinds, account, since_ms, until_ms, before, unseen, limit }) => json!({
            "verb": "history", "search": text, "kind": kinds.iter().map(|kind: &Kind| kind.word()).collect::<Vec<_>>().join(","),
            "account": account, "since": time(*since_ms), "until": time(*until_ms), "before": before, "new": unseen,
            "limit": limit,
        }),
        HistoryAsk::Remove(ids) => {
            let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
            json!({"verb": "history", "act": "rm", "of": ids.join(" ")})
        }
        HistoryAsk::Clear => json!({"verb": "history", "act": "clear"}),
        HistoryAsk::Seen => json!({"verb": "history", "act": "seen"}),
        HistoryAsk::Import(file) => json!({"verb": "history", "act": "import", "of": file}),
    };
    value.to_string()
}

/// A command as the JSON line that parses back to it.
fn command_line(command: &Command) -> String {
    command_value(command).to_string()
}

fn command_value(command: &Command) -> Value {
    let path = |p: SoundPath| if p == SoundPath::Mic { "mic" } else { "speaker" };
    match command {
        Command::Dial { target, account } => json!({"verb": "call", "number": target, "account": account}),
        Command::Answer { call } => json!({"verb": "answer", "call": call}),
        Command::Reject { call, code } => json!({"verb": "reject", "call": call, "code": code}),
        Command::Hangup { which } => match which {
            HangupWhich::Current => json!({"verb": "hangup"}),
            HangupWhich::Call(call) => json!({"verb": "hangup", "call": call}),
            HangupWhich::All => json!({"verb": "hangup", "all": true}),
            HangupWhich::Incoming => json!({"verb": "hangup", "incoming": true}),
            HangupWhich::Calling => json!({"verb": "hangup", "calling": true}),
            HangupWhich::AllButRinging => json!({"verb": "hangupall"}),
        },
        Command::Hold { call } => json!({"verb": "hold", "call": call}),
        Command::ToggleHold { call } => json!({"verb": "hold", "call": call, "toggle": true}),
        Command::Resume { call } => json!({"verb": "resume", "call": call}),
        Command::Record { call, act } => match act {
            RecordAct::Start { file } => json!({"verb": "record", "action": "start", "call": call, "file": file}),
            RecordAct::Stop => json!({"verb": "record", "action": "stop", "call": call}),
            RecordAct::Pause => json!({"verb": "record", "action": "pause", "call": call}),
            RecordAct::Resume => json!({"verb": "record", "action": "resume", "call": call}),
        },
        Command::Play { call, file, alone } => json!({"verb": "play", "file": file, "call": call, "alone": alone}),
        Command::StopPlaying { call } => json!({"verb": "play", "file": "stop", "call": call}),
        Command::Conference { calls } => json!({"verb": "conference", "calls": calls.join(" ")}),
        Command::LeaveConference { calls } => {
            json!({"verb": "conference", "calls": format!("off {}", calls.join(" "))})
        }
        Command::Mute { path: p } => json!({"verb": "mute", "path": path(*p)}),
        Command::Unmute { path: p } => json!({"verb": "unmute", "path": path(*p)}),
        Command::ToggleMute { path: p } => json!({"verb": "mute", "path": path(*p), "toggle": true}),
        Command::Volume { path: p, change } => {
            let level = match change {
                VolumeChange::To(n) => n.to_string(),
                VolumeChange::By(n) => format!("{n:+}"),
            };
            json!({"verb": "volume", "path": path(*p), "level": level})
        }
        Command::Device { device, name } => {
            let name = if name.is_empty() { "default" } else { name };
            json!({"verb": "device", "kind": device.word(), "name": name})
        }
        Command::Voice { part: VoicePart::Rnnoise, how } => {
            json!({"verb": "denoise", "state": if *how == Switch::Off { "off" } else { "rnnoise" }})
        }
        Command::Voice { part, how } => {
            let verb = voice_verbs().find(|(_, known)| known == part).map_or("", |(verb, _)| verb);
            let state = match how {
                Switch::Auto => "auto",
                Switch::On => "on",
                Switch::Off => "off",
            };
            json!({"verb": verb, "state": state})
        }
        Command::Dtmf { call, digits, press, via } => {
            let (duration, press) = match press {
                Press::Tap => (None, None),
                Press::For(lasts) => (Some(lasts.as_millis().to_string()), None),
                Press::Down => (None, Some("down")),
                Press::Up => (None, Some("up")),
            };
            json!({"verb": "dtmf", "call": call, "digits": digits, "duration": duration, "press": press, "via": via})
        }
        Command::Transfer { call, to } => match to {
            TransferTo::Number(number) => json!({"verb": "transfer", "call": call, "number": number}),
            TransferTo::Call(other) => json!({"verb": "transfer", "call": call, "number": other, "attended": true}),
        },
        Command::Pickup { number, account } => json!({"verb": "pickup", "number": number, "account": account}),
        Command::Park { call, number } => json!({"verb": "park", "call": call, "number": number}),
        Command::Retrieve { number, account } => json!({"verb": "retrieve", "number": number, "account": account}),
        Command::Ignore { call } => json!({"verb": "ignore", "call": call}),
        Command::Voicemail { account } => json!({"verb": "voicemail", "account": account}),
        Command::Available => json!({"verb": "available"}),
        Command::Shortcut { which, text } => json!({"verb": "shortcut", "which": which, "text": text}),
        Command::Register { account } => json!({"verb": "register", "account": account}),
        Command::Unregister { account } => json!({"verb": "unregister", "account": account}),
        Command::UnregisterAll { account } => json!({"verb": "unregister", "account": account, "all": true}),
        Command::Message { target, text, account } => {
            json!({"verb": "message", "number": target, "text": text, "account": account})
        }
        Command::Ping { target, account } => json!({"verb": "ping", "number": target, "account": account}),
        Command::Composing { target, account } => json!({"verb": "composing", "number": target, "account": account}),
        Command::Messages { with, read } => json!({"verb": "messages", "number": with, "read": read}),
        Command::Dnd { on } => json!({"verb": "dnd", "state": if *on { "on" } else { "off" }}),
        Command::AutoAnswer { on } => json!({"verb": "autoanswer", "state": if *on { "on" } else { "off" }}),
        Command::Forward { number } => json!({"verb": "forward", "number": number.as_deref().unwrap_or("off")}),
        Command::AutoConference { on } => json!({"verb": "autoconference", "state": if *on { "on" } else { "off" }}),
        Command::SelectAccount { account } => json!({"verb": "account", "account": account}),
        // Over a socket that only its owner reads.
        Command::Password { account, password } => {
            json!({"verb": "session-password", "account": account, "password": password.reveal()})
        }
        Command::Guarded(inner) => {
            let mut line = command_value(inner);
            if let Value::Object(fields) = &mut line {
                fields.insert(GUARDED.to_owned(), true.into());
            }
            line
        }
        Command::TestAudio => json!({"verb": "test-audio"}),
        Command::Exit => json!({"verb": "exit"}),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::verb::Request;
    use crate::control::{DtmfVia, Secret, SoundDevice, spelling};

    #[test]
    fn every_question_survives_its_line() {
        let whole = Query {
            text: "bob \"x\"".into(),
            kinds: vec![Kind::Missed, Kind::AnsweredElsewhere],
            account: Some("a@b".into()),
            since_ms: Some(1_767_323_045_678),
            until_ms: Some(0),
            before: Some(9),
            unseen: true,
            limit: 0,
        };
        let asks = [
            HistoryAsk::List(whole),
            HistoryAsk::List(Query { limit: 7, ..Query::default() }),
            HistoryAsk::Remove(vec![1, 1_767_323_045_678]),
            HistoryAsk::Clear,
            HistoryAsk::Seen,
            HistoryAsk::Import("/tmp/a b.ini".into()),
        ];
        for ask in asks {
            let line = history_line(&ask);
            assert_eq!(spelling::parse(&line).request, Ok(Request::History { ask, form: None }), "{line}");
        }
    }

    #[test]
    fn every_command_survives_its_line() {
        let call = Some("c1".to_owned());
        let commands = [
            Command::Dial { target: "sip:a@b;x=\"1\"".into(), account: Some("2".into()) },
            Command::Ping { target: Some("600".into()), account: Some("2".into()) },
            Command::Ping { target: None, account: None },
            Command::Answer { call: None },
            Command::Reject { call: call.clone(), code: Some(603) },
            Command::Hangup { which: HangupWhich::Current },
            Command::Hangup { which: HangupWhich::Call("c2".into()) },
            Command::Hangup { which: HangupWhich::All },
            Command::Hangup { which: HangupWhich::AllButRinging },
            Command::Hangup { which: HangupWhich::Incoming },
            Command::Hangup { which: HangupWhich::Calling },
            Command::Hold { call: call.clone() },
            Command::ToggleHold { call: call.clone() },
            Command::Resume { call: call.clone() },
            Command::Record { call: call.clone(), act: RecordAct::Start { file: Some("/tmp/a b.ogg".into()) } },
            Command::Record { call: None, act: RecordAct::Start { file: None } },
            Command::Record { call: None, act: RecordAct::Stop },
            Command::Record { call: call.clone(), act: RecordAct::Pause },
            Command::Record { call: None, act: RecordAct::Resume },
            Command::Play { call: call.clone(), file: "/tmp/a b.wav".into(), alone: true },
            Command::Play { call: None, file: "x.wav".into(), alone: false },
            Command::StopPlaying { call: call.clone() },
            Command::Conference { calls: Vec::new() },
            Command::Conference { calls: vec!["c1".into(), "c2".into()] },
            Command::LeaveConference { calls: Vec::new() },
            Command::LeaveConference { calls: vec!["c2".into()] },
            Command::Guarded(Box::new(Command::Dial { target: "600".into(), account: None })),
            Command::Mute { path: SoundPath::Speaker },
            Command::Unmute { path: SoundPath::Mic },
            Command::ToggleMute { path: SoundPath::Speaker },
            Command::SelectAccount { account: "a@b".into() },
            Command::Password { account: Some("2".into()), password: Secret::new("p w\"") },
            Command::Volume { path: SoundPath::Mic, change: VolumeChange::To(7) },
            Command::Volume { path: SoundPath::Speaker, change: VolumeChange::By(-5) },
            Command::Voice { part: VoicePart::Echo, how: Switch::Auto },
            Command::Voice { part: VoicePart::Noise, how: Switch::On },
            Command::Voice { part: VoicePart::Rnnoise, how: Switch::On },
            Command::Voice { part: VoicePart::Gain, how: Switch::Off },
            Command::Voice { part: VoicePart::Boost, how: Switch::On },
            Command::Device { device: SoundDevice::Ring, name: "USB Headset, Box (2)".into() },
            Command::Device { device: SoundDevice::Input, name: String::new() },
            Command::Transfer { call: call.clone(), to: TransferTo::Number("600".into()) },
            Command::Transfer { call: None, to: TransferTo::Call(Some("c2".into())) },
            Command::Transfer { call: None, to: TransferTo::Call(None) },
            Command::Pickup { number: Some("201".into()), account: None },
            Command::Park { call: call.clone(), number: None },
            Command::Retrieve { number: Some("701".into()), account: Some("2".into()) },
            Command::Dtmf { call: call.clone(), digits: "1,#".into(), press: Press::Tap, via: Some(DtmfVia::Info) },
            Command::Dtmf { call: None, digits: "1".into(), press: Press::For(Duration::from_millis(80)), via: None },
            Command::TestAudio,
            Command::Dtmf { call: None, digits: "1".into(), press: Press::Down, via: None },
            Command::Dtmf { call, digits: "1".into(), press: Press::Up, via: None },
            Command::Shortcut { which: "Night shift".into(), text: None },
            Command::Ignore { call: Some("c1".into()) },
            Command::Voicemail { account: Some("2".into()) },
            Command::Voicemail { account: None },
            Command::Available,
            Command::Shortcut { which: "3".into(), text: Some("on my way".into()) },
            Command::Register { account: None },
            Command::Unregister { account: Some("a@b".into()) },
            Command::UnregisterAll { account: None },
            Command::Dnd { on: true },
            Command::Dnd { on: false },
            Command::AutoAnswer { on: true },
            Command::AutoAnswer { on: false },
            Command::AutoConference { on: true },
            Command::Forward { number: None },
            Command::Forward { number: Some("600".into()) },
            Command::Message { target: "600".into(), text: "two\nlines --x".into(), account: None },
            Command::Composing { target: "600".into(), account: Some("2".into()) },
            Command::Messages { with: None, read: false },
            Command::Messages { with: Some("600".into()), read: true },
            Command::Exit,
        ];
        for command in commands {
            let line = command_line(&command);
            assert_eq!(spelling::parse(&line).request, Ok(Request::Command(command)), "{line}");
        }
    }
}
