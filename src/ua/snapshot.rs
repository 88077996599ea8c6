//! The phone as it stands, in the shape that `status` prints: read by every face, sent whole.

mod call;
mod sound;

pub use call::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
pub use sound::{Grade, Handshake, IceInfo, IceState, MediaInfo, SoundWay};
use std::collections::BTreeMap;

/// The phone in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum PhoneState {
    #[default]
    Idle,
    Registering,
    Ringing,
    Calling,
    Connected,
    Held,
}

/// Everything a face needs to draw.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Status {
    /// Version of this shape: 1.
    pub v: u8,
    /// The phone in one word.
    pub state: PhoneState,
    /// Accounts in order of their number.
    pub accounts: Vec<AccountInfo>,
    /// Live calls, oldest first; ended ones are not here.
    pub calls: Vec<CallInfo>,
    /// Those who are watched, in the order of the settings.
    #[serde(default)]
    pub lights: Vec<LightInfo>,
    /// Numbers at hand, in the order of `[Shortcuts]`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shortcuts: Vec<ShortcutInfo>,
    /// Interfaces show them (`enableShortcuts`).
    #[serde(default)]
    pub shortcuts_shown: bool,
    /// What was dialled, as it was typed, the last one first; ten at most.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dialled: Vec<String>,
    /// Who was called, or called, last; empty = nobody yet.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub last_call_number: String,
    /// Messages that came in and nobody has looked at.
    #[serde(default)]
    pub unread: u32,
    /// Those who ask this phone to call somebody, and wait for a word.
    #[serde(default)]
    pub asks: Vec<AskInfo>,
    /// Do not disturb.
    pub dnd: bool,
    /// Seconds for which new calls still find the phone busy, after a talk (`wrapUpTime`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wrap_up: Option<u64>,
    /// What a contact does when it is chosen (`defaultAction`): empty = call.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub default_action: String,
    /// Where incoming calls are sent on to, if they are.
    #[serde(default)]
    pub forward: Option<String>,
    /// Calls are answered without a person: all, or those that `autoAnswerNumber` allows.
    #[serde(default)]
    pub auto_answer: bool,
    /// Calls that are answered join a conference by themselves.
    #[serde(default)]
    pub auto_conference: bool,
    /// Microphone muted.
    pub mic_muted: bool,
    /// Speaker muted.
    pub speaker_muted: bool,
    /// Speaker volume, 0–100.
    pub volume: u8,
    /// Microphone volume, 0–100.
    pub volume_mic: u8,
    /// What is done to voices.
    #[serde(default)]
    pub voice: VoiceInfo,
    /// The microphone is being tested.
    #[serde(default)]
    pub testing: bool,
    /// The number of a service that sends back what it hears.
    #[serde(default)]
    pub echo: Option<String>,
    /// Sound devices in use, as a person would name them; filled in by the engine.
    pub audio: AudioInfo,
    /// What STUN servers say of the way out, if they are asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nat: Option<NatInfo>,
    /// The broker of MQTT that is told of this phone, if the settings name one; filled in by the engine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mqtt: Option<MqttInfo>,
    /// The desktop of whoever is logged in there is told of calls and messages; filled in by the engine.
    #[serde(default)]
    pub desktop_notices: bool,
    /// What came from outside and led to nothing since the start, by class (`ua::refused`); the engine adds its own.
    #[serde(default)]
    pub refused: BTreeMap<String, u64>,
}

/// A broker of MQTT that is told of this phone.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct MqttInfo {
    /// Where it is, and the topic above all others: `mqtts://hub.example.net:8883/phone`.
    pub broker: String,
    /// It listens.
    pub online: bool,
    /// Why not.
    pub why: Option<String>,
    /// Events that are still to be told.
    pub waiting: usize,
    /// Those that went unheard since the start.
    pub missed: u64,
}

/// What is done to voices.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct VoiceInfo {
    /// When the speaker's echo is taken out of the microphone's sound: `auto`, `on`, `off`.
    pub aec: String,
    /// Noise suppression is asked for.
    pub noise_suppression: bool,
    /// Automatic gain is asked for.
    pub agc: bool,
    /// Amplification of the microphone, dB.
    pub mic_boost_db: u8,
    /// Amplification of the speaker, dB.
    pub speaker_boost_db: u8,
    /// What is done now: `aec`, `noise_suppression`, `rnnoise`, `agc`; nothing without a call.
    pub active: Vec<String>,
    /// The person talks into the muted microphone.
    pub talking_muted: bool,
}

impl VoiceInfo {
    /// What is done now, for people: `echo canceller, noise suppression`; `None` = nothing.
    pub fn words(&self) -> Option<String> {
        let word = |active: &String| match active.as_str() {
            "aec" => "echo canceller".to_owned(),
            "noise_suppression" => "noise suppression".to_owned(),
            "rnnoise" => "noise suppression by RNNoise".to_owned(),
            "agc" => "automatic gain".to_owned(),
            other => other.to_owned(),
        };
        let words: Vec<String> = self.active.iter().map(word).collect();
        (!words.is_empty()).then(|| words.join(", "))
    }
}

/// The sound devices in use.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[allow(missing_docs)]
pub struct AudioInfo {
    pub input: String,
    pub output: String,
    /// Why the sound is not what was asked for, if so.
    pub warning: Option<String>,
}

/// Where a registration stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum RegistrationState {
    /// Never registers (no server), or was un-registered by hand.
    #[default]
    Off,
    Registering,
    Registered,
    /// Failed; tried again later.
    Failed,
}

/// What a server under TLS has to prove.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TlsTrust {
    /// Its name and its authority.
    Verified,
    /// That it has the one certificate of `tlsFingerprint`.
    Pinned,
    /// Nothing: `tlsVerify=0`.
    Unverified,
}

/// One account.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct AccountInfo {
    /// Number.
    pub id: u32,
    /// Shown name; the AOR when the label is empty.
    pub label: String,
    /// `user@domain`.
    pub aor: String,
    /// State in one word.
    pub state: RegistrationState,
    /// `state == registered`.
    pub registered: bool,
    /// It has no registrar: it calls and is called by address, and is ready without a registration.
    #[serde(default)]
    pub direct: bool,
    /// Status of the last final answer to a REGISTER.
    pub status: Option<u16>,
    /// Its reason phrase, or why there was no answer.
    pub reason: Option<String>,
    /// Seconds until the binding expires.
    pub expires_in: Option<u64>,
    /// `udp`…
    pub transport: String,
    /// Its server, as the settings name it; empty = none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub server: String,
    /// Where requests go that are its own, once one went: `tls 192.0.2.1:5061`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hop: Option<String>,
    /// What its server has to prove; `None` without TLS.
    pub tls: Option<TlsTrust>,
    /// The account new calls use.
    pub selected: bool,
    /// The address that leads to this phone from anywhere, if the registrar granted one (RFC 5627).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gruu: Option<String>,
    /// The proxies calls come in by and go out by, if the registrar named them (RFC 3327, RFC 3608).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub path: Vec<String>,
    /// See `path`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub service_route: Vec<String>,
    /// Where the registrar sees this phone, if elsewhere than it sees itself: a NAT is between.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public: Option<String>,
    /// What is rewritten on the way to the registrar, in words: a SIP ALG, as a rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rewritten: Option<String>,
    /// What the server last said of waiting messages, if it said anything.
    #[serde(default)]
    pub voicemail: Option<VoicemailInfo>,
}

/// What STUN servers say of the way out.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct NatInfo {
    /// Our SIP socket as the internet sees it.
    pub address: Option<String>,
    /// Each far end sees another address: calls may need TURN.
    pub symmetric: bool,
    /// The kind of NAT, or why it is not known, in words.
    pub words: String,
}

/// Waiting messages of an account.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct VoicemailInfo {
    /// The lamp is on.
    pub waiting: bool,
    /// New messages, as far as counted.
    pub new: u32,
    /// Old ones.
    pub old: u32,
    /// New urgent ones, counted in `new` too.
    pub urgent_new: u32,
    /// Old urgent ones.
    pub urgent_old: u32,
    /// What to call for them: the setting, else what the server says.
    pub number: Option<String>,
}

impl VoicemailInfo {
    /// For people: `voicemail: 2 new`. Not "messages": those are written ones.
    pub fn words(&self) -> String {
        match (self.waiting, self.new) {
            (false, _) => "voicemail: none new".to_owned(),
            (true, 0) => "voicemail: some waits".to_owned(),
            (true, new) => format!("voicemail: {new} new"),
        }
    }
}

/// An instant message.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct MessageInfo {
    /// `m1`, unique in this daemon's life.
    pub id: String,
    /// We wrote it.
    pub outgoing: bool,
    /// Our account's AOR.
    pub account: String,
    /// The far side.
    pub remote: Party,
    /// The text, made safe to show; lines end with `\n`.
    pub text: String,
    /// ISO 8601 UTC.
    pub at: String,
    /// Somebody has looked at it, here or by `messages --read`; ours always are.
    #[serde(default)]
    pub read: bool,
    /// Outgoing: a server or the far side has it.
    pub delivered: Option<bool>,
    /// Outgoing: status of the final answer.
    pub status: Option<u16>,
    /// Outgoing: its reason phrase, or why there was no answer.
    pub reason: Option<String>,
}

/// The answer to an OPTIONS.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct PingInfo {
    /// Our account's AOR.
    pub account: String,
    /// Who was asked.
    pub uri: String,
    /// Status of the final answer.
    pub status: u16,
    /// Its reason phrase.
    pub reason: String,
    /// From the request to the answer, in milliseconds; repetitions are not counted anew.
    pub rtt_ms: f64,
    /// The methods it takes (Allow).
    pub allow: Vec<String>,
    /// The bodies it takes (Accept).
    pub accept: Vec<String>,
    /// The extensions it knows (Supported).
    pub supported: Vec<String>,
    /// What it calls itself (Server).
    pub server: String,
}

impl PingInfo {
    /// The answer in one line for people.
    pub fn words(&self) -> String {
        let takes = if self.allow.is_empty() { String::new() } else { format!("; takes {}", self.allow.join(", ")) };
        format!("{} {} from {} in {:.1} ms{takes}", self.status, self.reason, self.uri, self.rtt_ms)
    }
}

/// What a light shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum LightState {
    #[default]
    Unknown,
    Offline,
    Idle,
    Ringing,
    Busy,
    /// Its one call is on hold.
    Held,
    Away,
}

/// A light: somebody who is watched.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct LightInfo {
    /// Whom, as given.
    pub target: String,
    /// Who that is, by the contacts.
    #[serde(default)]
    pub name: Option<String>,
    /// The address that is asked.
    pub uri: String,
    /// Our account's AOR.
    pub account: String,
    /// The event package that tells: `dialog` or `presence`.
    pub package: String,
    /// What it shows.
    pub state: LightState,
    /// The other side of the watched phone's call, if told.
    pub remote: Option<Party>,
    /// What the watched one says of itself.
    pub note: Option<String>,
    /// Why nothing is known, if something is wrong.
    pub reason: Option<String>,
}

impl LightInfo {
    /// The name of whom it is about, else whom was given.
    pub fn called(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.target)
    }
}

/// A shortcut as it stands: what its next press is about.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct ShortcutInfo {
    /// Its number, from 1 on.
    pub n: u8,
    /// Its label, else its number.
    pub label: String,
    /// Whom or what the next press is about.
    pub number: String,
    /// What a press does: `call`, `message`, `dtmf`, `transfer`, `callOrBT`… as in the ini file.
    #[serde(rename = "type")]
    pub act: String,
    /// The next press is about the second of its two numbers.
    pub toggled: bool,
    /// What its light shows, if it has one.
    pub light: Option<LightState>,
}

/// Somebody asks this phone to call somebody: `answer r1` does, `reject r1` does not.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct AskInfo {
    /// `r1`, unique in this daemon's life.
    pub id: String,
    /// Our account's AOR.
    pub account: String,
    /// Who asks.
    pub from: Party,
    /// Whom to call.
    pub to: Party,
    /// Seconds until it is taken as a no.
    pub expires_in: u64,
}
