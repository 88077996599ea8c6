//! A call as it stands: its state, the far end, its sound, what is done with it.

use super::MediaInfo;
use crate::ua::outcome::{EndedBy, ExitCode};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where a call stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum CallState {
    /// Outgoing, no provisional answer yet.
    Calling,
    /// Outgoing, the far end rings.
    Ringing,
    /// Outgoing, sound before the answer.
    EarlyMedia,
    /// Incoming, rings here.
    Incoming,
    Connected,
    /// Held by this side (`remote_hold` tells of the other).
    Held,
    Ended,
}

/// Who called whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum CallDirection {
    Outgoing,
    Incoming,
}

/// The far side, as safe text.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[allow(missing_docs)]
pub struct Party {
    pub uri: String,
    pub user: String,
    pub name: Option<String>,
}

/// One call; the `call` object of the contract.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CallInfo {
    /// `c1`, unique in this daemon's life.
    pub id: String,
    /// The Call-ID header.
    pub sip_call_id: String,
    /// Who called whom.
    pub direction: CallDirection,
    /// Where it stands.
    pub state: CallState,
    /// Our account's AOR.
    pub account: String,
    /// The far side.
    pub remote: Party,
    /// The far side as MicroSIP shows it: its user, or `user@host` of another domain, without the account's
    /// `dialingPrefix`.
    #[serde(default)]
    pub number: String,
    /// The caller does not want to be known; `remote` tells nobody.
    #[serde(default)]
    pub anonymous: bool,
    /// Who was called first and sent the call on to us, if the own network says so.
    #[serde(default)]
    pub via: Option<Party>,
    /// How the caller asks to ring (Alert-Info), as text: nothing is ever fetched.
    #[serde(default)]
    pub alert: Option<String>,
    /// Incoming: a person is to answer it. Not so where it answers itself or is sent on at once, or a rule refused it.
    #[serde(default)]
    pub rings: bool,
    /// Incoming: a person has ignored it. It rings on for the caller.
    #[serde(default)]
    pub ignored: bool,
    /// The far end offered video when it called; none is taken.
    #[serde(default)]
    pub offers_video: bool,
    /// It was answered without a person.
    #[serde(default)]
    pub auto_answered: bool,
    /// The last SIP status that mattered: provisional or final.
    pub status: Option<u16>,
    /// Its reason phrase, or plain words.
    pub reason: Option<String>,
    /// Who ended it.
    pub ended_by: Option<EndedBy>,
    /// `ok`, `busy`, … (the exit-code enum's kind; `answered` for a call that was, `answered_elsewhere` for one that
    /// another phone took, `forwarded` for one sent on), once ended.
    pub outcome: Option<String>,
    /// ISO 8601 UTC.
    pub started_at: String,
    /// Outgoing: seconds from start to the INVITE, the wait for a registration; `None` = none has gone out.
    #[serde(default)]
    pub dialled_after: Option<f64>,
    /// Seconds from start to 180/183.
    pub ringing_after: Option<f64>,
    /// Seconds from start to the answer.
    pub answered_after: Option<f64>,
    /// Seconds since the answer, or of the whole talk once ended.
    pub duration: f64,
    /// The far side holds us.
    pub remote_hold: bool,
    /// It is part of the conference, talking or on hold.
    #[serde(default)]
    pub conference: bool,
    /// Its recording: the one under way, or the last.
    #[serde(default)]
    pub recording: Option<RecordingInfo>,
    /// The file played to its far end: the one under way, or the last.
    #[serde(default)]
    pub playing: Option<PlayingInfo>,
    /// The sound, once there is some.
    pub media: Option<MediaInfo>,
    /// Its being handed over by this side, once asked for.
    #[serde(default)]
    pub transfer: Option<TransferInfo>,
    /// Who sent this side here, if the person did not choose it.
    #[serde(default)]
    pub referred_by: Option<Party>,
    /// The call whose place it takes, `c1`.
    #[serde(default)]
    pub takes_over: Option<String>,
    /// The number whose ringing it takes.
    #[serde(default)]
    pub picks_up: Option<String>,
}

impl CallInfo {
    /// It came to nothing on this side by nobody's wish: no port was free for its sound, or no codec is common.
    pub fn failed_here(&self) -> bool {
        let kinds = [ExitCode::Unexpected, ExitCode::NoCommonCodec].map(ExitCode::kind);
        self.ended_by == Some(EndedBy::Local)
            && self.answered_after.is_none()
            && self.outcome.as_deref().is_some_and(|outcome| kinds.contains(&outcome))
    }
}

/// Where a recording stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum RecordingState {
    #[default]
    Opening,
    Recording,
    /// By the person, or because the call is on hold.
    Paused,
    Ended,
    Failed,
}

impl RecordingState {
    /// It goes on, or will.
    pub fn is_on(self) -> bool {
        matches!(self, RecordingState::Opening | RecordingState::Recording | RecordingState::Paused)
    }
}

/// The recording of a call.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct RecordingInfo {
    /// Where it stands.
    pub state: RecordingState,
    /// Its file, the last one if it takes several; empty until it is open.
    pub file: String,
    /// Sound that the disk was too slow for, silent in the file; told as it ends.
    #[serde(default)]
    pub lost_ms: u64,
    /// Why it failed.
    pub reason: Option<String>,
}

/// Where the playing of a file stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum PlayingState {
    Playing,
    Ended,
    Stopped,
    Failed,
}

/// A file played to a far end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PlayingInfo {
    /// Where it stands.
    pub state: PlayingState,
    /// The file.
    pub file: String,
    /// Why it failed.
    pub reason: Option<String>,
}

/// How far the handing over of a call has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TransferState {
    /// The call is put on hold first.
    Holding,
    /// The far end is asked.
    Asked,
    /// It calls.
    Accepted,
    /// It talks to somebody else.
    Done,
    /// It does not; the call is still here.
    Failed,
}

/// The handing over of a call; the `transfer` object of a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TransferInfo {
    /// The address the far end is to call.
    pub to: String,
    /// The call that was consulted before.
    pub with: Option<String>,
    /// How far it has come.
    pub state: TransferState,
    /// Where the call waits, if it was parked and a light told.
    #[serde(default)]
    pub parked_at: Option<String>,
    /// The last status of the far end's call, or of the refusal.
    pub status: Option<u16>,
    /// Its reason phrase, or plain words.
    pub reason: Option<String>,
}
