//! What happened: the events of `watch`, hooks and screens, one table.

use super::command::DtmfVia;
use super::snapshot::{
    AccountInfo, AskInfo, CallInfo, LightInfo, MessageInfo, Party, SoundWay, VoiceInfo, VoicemailInfo,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// An event; the tag is the name that `watch` prints.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "event", rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Event {
    /// An account is registered, is not, or cannot be.
    Registration {
        account: AccountInfo,
        /// It has come to another end than the last time: a refresh has not.
        #[serde(default)]
        changed: bool,
    },
    /// Somebody calls.
    CallIncoming { call: CallInfo },
    /// A call is placed.
    CallOutgoing { call: CallInfo },
    /// Our INVITE is out, the first of this call.
    CallDialling { call: CallInfo },
    /// It rings: there, or here.
    CallRinging { call: CallInfo },
    /// There is sound before the answer.
    CallEarlyMedia { call: CallInfo },
    /// A call is answered.
    CallAnswered { call: CallInfo },
    /// It is on hold.
    CallHeld { call: CallInfo },
    /// It is taken back from hold.
    CallResumed { call: CallInfo },
    /// Its recording began, is paused or goes on, ended or failed: `call.recording`.
    CallRecording { call: CallInfo },
    /// A file is played to its far end, or no longer: `call.playing`.
    CallPlaying { call: CallInfo },
    /// It joined the conference or left it: `call.conference`.
    CallConference { call: CallInfo },
    /// The far end is somebody else than it was thought to be, or has a name now.
    CallRenamed { call: CallInfo },
    /// The far end talks to somebody else now.
    CallTransferred { call: CallInfo },
    /// The call waits at `transfer.parked_at`.
    CallParked { call: CallInfo },
    /// Somebody asks this phone to call: nothing happens unless the person consents.
    CallAsked { ask: AskInfo },
    /// The way of its sound by ICE: looked for, found, failed, lost; `call.media.ice`.
    CallPath { call: CallInfo },
    /// A handshake brought the keys of its sound, or the far end has closed them; `call.media.srtp`, `call.media.dtls`.
    CallSecured { call: CallInfo },
    /// The far end pressed a key.
    CallDtmf {
        call: CallInfo,
        digit: char,
        /// How it came.
        via: DtmfVia,
    },
    /// How it sounds: when that changes, else every five seconds.
    CallQuality { call: CallInfo },
    /// No sound comes (`rx`), or the far end reports that none comes to it (`tx`).
    CallMediaLost { call: CallInfo, way: SoundWay, reason: String },
    /// There is sound again.
    CallMediaReturned { call: CallInfo, way: SoundWay },
    /// A call is over.
    CallEnded { call: CallInfo },
    /// An instant message came in, or the fate of one of ours is known.
    Message { message: MessageInfo },
    /// Somebody types a message to `account`, an AOR; believed for `for_s` seconds, 0 = no longer.
    Composing { account: String, remote: Party, for_s: u64 },
    /// Messages wait at the server, or no longer; `account` is the AOR.
    Mwi { account: String, voicemail: VoicemailInfo },
    /// Somebody who is watched is free, called, busy, away…
    Presence { light: LightInfo },
    /// What is done to the microphone's sound has changed.
    Voice { voice: VoiceInfo },
    /// New calls find the phone busy for so many seconds after a talk; 0 = they ring again.
    WrapUp { for_s: u64 },
    /// The person talks, and the microphone is muted.
    TalkingMuted,
    /// A sound device came, went or failed.
    Device { message: String },
    /// A line `On…=SendMessage,…` of the settings: for those who listen under the name of `target`, and nobody else.
    Notification {
        target: String,
        /// What the message is called, as the settings have it.
        msg: String,
        /// The trigger, such as `IncomingCall`.
        hook: String,
        call: Option<String>,
        number: String,
        /// The other values, placeholders filled in.
        values: Vec<String>,
    },
    /// Contacts came, changed or went with a directory.
    Directory { message: String },
    /// What a program said that a call set off, or how it ended; `hook` is its trigger, such as `CallEnd`.
    Hook { hook: String, call: Option<String>, message: String },
    /// The configuration was read again or is wrong.
    Config {
        message: String,
        /// The keys that have another value.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        changed: Vec<String>,
        /// Those of them that count when the phone is started the next time.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        needs_restart: Vec<String>,
    },
    /// Something went wrong that no command asked for.
    Error { message: String, hint: Option<String> },
    /// The phone has let go of everything after `exit`.
    Exited,
}

impl Event {
    /// The call an event is about.
    pub fn call(&self) -> Option<&CallInfo> {
        match self {
            Event::CallIncoming { call }
            | Event::CallOutgoing { call }
            | Event::CallDialling { call }
            | Event::CallRinging { call }
            | Event::CallEarlyMedia { call }
            | Event::CallAnswered { call }
            | Event::CallHeld { call }
            | Event::CallResumed { call }
            | Event::CallRecording { call }
            | Event::CallPlaying { call }
            | Event::CallConference { call }
            | Event::CallRenamed { call }
            | Event::CallTransferred { call }
            | Event::CallParked { call }
            | Event::CallPath { call }
            | Event::CallSecured { call }
            | Event::CallDtmf { call, .. }
            | Event::CallQuality { call }
            | Event::CallMediaLost { call, .. }
            | Event::CallMediaReturned { call, .. }
            | Event::CallEnded { call } => Some(call),
            Event::Registration { .. }
            | Event::Message { .. }
            | Event::CallAsked { .. }
            | Event::Composing { .. }
            | Event::Mwi { .. }
            | Event::Presence { .. }
            | Event::Voice { .. }
            | Event::TalkingMuted
            | Event::Device { .. }
            | Event::Directory { .. }
            | Event::Hook { .. }
            | Event::Notification { .. }
            | Event::WrapUp { .. }
            | Event::Config { .. }
            | Event::Error { .. }
            | Event::Exited => None,
        }
    }

    /// The name of each, as `watch` prints it.
    pub const NAMES: &[&str] = &[
        "registration",
        "call_incoming",
        "call_outgoing",
        "call_dialling",
        "call_ringing",
        "call_early_media",
        "call_answered",
        "call_held",
        "call_resumed",
        "call_recording",
        "call_playing",
        "call_conference",
        "call_renamed",
        "call_transferred",
        "call_parked",
        "call_asked",
        "call_path",
        "call_secured",
        "call_dtmf",
        "call_quality",
        "call_media_lost",
        "call_media_returned",
        "call_ended",
        "message",
        "composing",
        "mwi",
        "presence",
        "voice",
        "wrap_up",
        "talking_muted",
        "device",
        "notification",
        "directory",
        "hook",
        "config",
        "error",
        "exited",
    ];

    /// As a line of JSON has it; `time` is ISO 8601 UTC.
    pub fn line(&self, time: &str) -> Value {
        let mut fields = Map::from_iter([("v".to_owned(), 1.into()), ("time".to_owned(), time.into())]);
        if let Ok(Value::Object(own)) = serde_json::to_value(self) {
            fields.extend(own);
        }
        Value::Object(fields)
    }

    /// A word about the configuration.
    pub fn config(message: String) -> Event {
        Event::Config { message, changed: Vec::new(), needs_restart: Vec::new() }
    }
}

/// Whether an event of this name is among those that `only` lists, `call_*,message`; empty = it is.
pub fn named(name: &str, only: &str) -> bool {
    let mut patterns = only.split([',', ' ']).filter(|pattern| !pattern.is_empty()).peekable();
    let fits = |pattern: &str| pattern.strip_suffix('*').map_or(pattern == name, |start| name.starts_with(start));
    patterns.peek().is_none() || patterns.any(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// serde knows them all.
    #[test]
    fn every_event_is_named() {
        let told = serde_json::from_str::<Event>(r#"{"event":"none"}"#).expect_err("there is none").to_string();
        let known: Vec<&str> = told.split('`').skip(3).step_by(2).collect();
        assert_eq!(known, Event::NAMES);
        assert_eq!(Event::Exited.line("T").to_string(), r#"{"v":1,"time":"T","event":"exited"}"#);
    }

    #[test]
    fn events_are_chosen_by_their_names() {
        for (name, only, is) in [
            ("call_ended", "", true),
            ("call_ended", "call_*", true),
            ("call_ended", "message, call_ended", true),
            ("call_ended", "call", false),
            ("call_ended", "message,mwi", false),
            ("mwi", "*", true),
            ("mwi", ",", true),
        ] {
            assert_eq!(named(name, only), is, "{name} {only:?}");
        }
    }
}
