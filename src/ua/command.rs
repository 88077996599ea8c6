//! What a person or a script asks of the phone, as values.

use super::outcome::ExitCode;
use super::snapshot::{CallInfo, MessageInfo, PingInfo};
pub use crate::config::Secret;
pub use crate::config::dial::decode_argument;
pub use crate::media::command::SoundTestResult;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Ties a reply to its request; chosen by the asker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RequestId(pub u64);

/// Which calls a hang-up means.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum HangupWhich {
    /// The current call: the only one, or the active one.
    #[default]
    Current,
    /// One call, by id.
    Call(String),
    /// Every call except ringing incoming ones (MicroSIP's `/hangupall`).
    AllButRinging,
    /// Every call.
    All,
    /// Ringing incoming calls.
    Incoming,
    /// Own calls not answered yet.
    Calling,
}

/// Which sound path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SoundPath {
    /// The microphone.
    #[default]
    Mic,
    /// The speaker.
    Speaker,
}

/// A part of what is done to the microphone's sound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VoicePart {
    /// The speaker's echo is taken out.
    Echo,
    /// Steady noise is lowered.
    Noise,
    /// All noise is lowered, by RNNoise.
    Rnnoise,
    /// Voices are brought to one level.
    Gain,
    /// The microphone is amplified.
    Boost,
}

/// A use that a sound card is put to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SoundDevice {
    /// The microphone.
    Input,
    /// The speaker.
    Output,
    /// The speaker that rings.
    Ring,
}

impl SoundDevice {
    /// Every one.
    pub const ALL: [SoundDevice; 3] = [SoundDevice::Input, SoundDevice::Output, SoundDevice::Ring];

    /// Its word.
    pub const fn word(self) -> &'static str {
        match self {
            SoundDevice::Input => "input",
            SoundDevice::Output => "output",
            SoundDevice::Ring => "ring",
        }
    }
}

/// On, off, or as fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Switch {
    /// As the devices in use want it.
    Auto,
    /// Always.
    On,
    /// Never.
    Off,
}

/// A change of a volume.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VolumeChange {
    /// To this value, 0–100.
    To(u8),
    /// By this much, clamped to 0–100.
    By(i16),
}

/// How a digit is pressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Press {
    /// As long as usual, 160 ms.
    #[default]
    Tap,
    /// So long, 40 ms at least and 5 s at most.
    For(Duration),
    /// Until `Up`, 5 s at most.
    Down,
    /// It is let go of.
    Up,
}

/// How digits go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum DtmfVia {
    /// RFC 4733.
    Rtp,
    /// SIP INFO, `application/dtmf-relay` or `application/dtmf`.
    Info,
    /// Tones in the sound.
    Inband,
}

/// Whom a call is handed over to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TransferTo {
    /// A number or URI as typed, unasked.
    Number(String),
    /// The far end of another call, by its id or number; `None` = the obvious one.
    Call(Option<String>),
}

/// What becomes of a recording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RecordAct {
    /// It begins.
    Start {
        /// Into this file, which is not there yet; else into one called by date and party, as the settings say.
        file: Option<String>,
    },
    /// It ends.
    Stop,
    /// What comes is left out.
    Pause,
    /// What comes is recorded again.
    Resume,
}

/// A command; `call` fields are ids such as `c1`, `None` = the obvious one.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Command {
    /// Dial a number or URI as typed (dial plan, prefix and `,digits` suffix apply).
    Dial { target: String, account: Option<String> },
    /// Answer a ringing call.
    Answer { call: Option<String> },
    /// Reject a ringing call; 486 unless said.
    Reject { call: Option<String>, code: Option<u16> },
    /// End calls.
    Hangup { which: HangupWhich },
    /// Put on hold.
    Hold { call: Option<String> },
    /// Put on hold, or take back from it.
    ToggleHold { call: Option<String> },
    /// Take back from hold.
    Resume { call: Option<String> },
    /// These calls hear each other, those of the conference so far too; none named = all that are answered.
    Conference { calls: Vec<String> },
    /// These calls leave the conference and wait on hold; none named = it ends, and the last one is talked with.
    LeaveConference { calls: Vec<String> },
    /// Record a call.
    Record { call: Option<String>, act: RecordAct },
    /// Play a WAV file to a far end; `alone` = without the microphone.
    Play { call: Option<String>, file: String, alone: bool },
    /// Play no longer.
    StopPlaying { call: Option<String> },
    /// Mute a path.
    Mute { path: SoundPath },
    /// Open a path again.
    Unmute { path: SoundPath },
    /// Mute a path, or open it if it is muted.
    ToggleMute { path: SoundPath },
    /// Change a volume.
    Volume { path: SoundPath, change: VolumeChange },
    /// Use the sound card of this name, for good; empty = the system's default.
    Device { device: SoundDevice, name: String },
    /// Treat the voice of the person here, for good.
    Voice { part: VoicePart, how: Switch },
    /// Send digits in the current call; `,` pauses a second. `Press::Up` looks at no digits.
    Dtmf { call: Option<String>, digits: String, press: Press, via: Option<DtmfVia> },
    /// Send an instant message; the reply tells whether it was delivered.
    Message { target: String, text: String, account: Option<String> },
    /// Ask a target, or the account's server, whether it answers; the reply comes with the answer.
    Ping { target: Option<String>, account: Option<String> },
    /// A message to this address is being written: told, if the settings allow it. Repeat it while it goes on.
    Composing { target: String, account: Option<String> },
    /// The messages of this run, with one user or address or with all; `read` = they are, from now on.
    Messages { with: Option<String>, read: bool },
    /// Hand a call over; the reply comes with the outcome.
    Transfer { call: Option<String>, to: TransferTo },
    /// Take a call that rings at somebody else's phone; without a number one that a light shows.
    Pickup { number: Option<String>, account: Option<String> },
    /// Hand a call over to where calls are parked; the reply comes with the outcome.
    Park { call: Option<String>, number: Option<String> },
    /// Call a parked call back; without a number the one that was parked last, or the only one there is.
    Retrieve { number: Option<String>, account: Option<String> },
    /// Let a ringing call ring on unheard.
    Ignore { call: Option<String> },
    /// Call the mailbox of an account, else the one where something waits.
    Voicemail { account: Option<String> },
    /// Calls ring again before `wrapUpTime` is over.
    Available,
    /// Press a shortcut, by its number from 1 on or its label; `text` is for one that writes a message.
    Shortcut { which: String, text: Option<String> },
    /// Register an account (all without a selector: number, label or AOR).
    Register { account: Option<String> },
    /// Un-register.
    Unregister { account: Option<String> },
    /// Un-register every phone of the account.
    UnregisterAll { account: Option<String> },
    /// Calls go out with this account from now on: its number, label or AOR.
    SelectAccount { account: String },
    /// An account's password until the phone ends (the selected one's without a selector); it registers anew.
    Password { account: Option<String>, password: Secret },
    /// Do not disturb.
    Dnd { on: bool },
    /// Answer calls without a person, or no longer.
    AutoAnswer { on: bool },
    /// Calls that are answered join a conference by themselves, or no longer.
    AutoConference { on: bool },
    /// Send incoming calls on to this number; `None` = no more.
    Forward { number: Option<String> },
    /// The same for those on whom no person looks: what `denyDial` rules out is not dialled.
    Guarded(Box<Command>),
    /// Record three seconds of the microphone and play them back; the reply tells what was heard.
    TestAudio,
    /// End all calls, un-register, then `Event::Exited`.
    Exit,
}

impl Command {
    /// True for those whose reply waits for what becomes of them at the far end, up to minutes.
    pub fn awaits_outcome(&self) -> bool {
        use Command::{Guarded, Message, Park, Ping, Shortcut, TestAudio, Transfer};
        if let Guarded(inner) = self {
            return inner.awaits_outcome();
        }
        matches!(self, Message { .. } | Ping { .. } | Transfer { .. } | Park { .. } | Shortcut { .. } | TestAudio)
    }
}

/// A positive answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Reply {
    /// Done, or under way.
    Done,
    /// Done; this call it concerns.
    Call(Box<CallInfo>),
    /// The message, delivered.
    Message(Box<MessageInfo>),
    /// Who was asked has answered with success.
    Ping(Box<PingInfo>),
    /// Messages, oldest first.
    Messages(Vec<MessageInfo>),
    /// The volume now.
    Volume(SoundPath, u8),
    /// What the microphone brought.
    SoundTest(SoundTestResult),
    /// The settings count as they were read.
    Reloaded(Box<Reloaded>),
    /// Digits go this way.
    Digits {
        /// The way.
        via: DtmfVia,
        /// Why it is not the one set, or why it may fail.
        note: Option<String>,
    },
}

/// What came of new settings.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Reloaded {
    /// The keys that have another value, `Settings.DND`; the section alone of an account that is new or gone.
    pub changed: Vec<String>,
    /// The numbers of the accounts that are registered because of it.
    pub registering: Vec<u32>,
    /// Those of `changed` that count when the phone is started the next time.
    pub needs_restart: Vec<String>,
    /// What was odd in the files, a line each.
    #[serde(default)]
    pub notes: Vec<String>,
}

impl Reloaded {
    /// In a sentence.
    pub fn words(&self) -> String {
        const MOST: usize = 8;
        let list = |names: &[String]| {
            let more = names.len().saturating_sub(MOST);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            format!("{}{more}", names.iter().take(MOST).cloned().collect::<Vec<_>>().join(", "))
        };
        match (self.changed.as_slice(), self.needs_restart.as_slice()) {
            ([], _) => "the settings were read again: nothing has changed".to_owned(),
            (changed, []) => format!("the settings were read again: {}", list(changed)),
            (changed, waits) => {
                format!("the settings were read again: {}; only a restart takes {}", list(changed), list(waits))
            }
        }
    }
}

/// A refusal: what was tried, on what, what next.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct CommandError {
    /// The exit code a command line ends with.
    pub code: ExitCode,
    /// Machine-readable kind, `no_such_call`.
    pub kind: &'static str,
    /// One line for people.
    pub message: String,
    /// What to do next, if there is something.
    pub hint: Option<String>,
}
