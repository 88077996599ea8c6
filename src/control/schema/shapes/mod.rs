//! Shapes that no type of the phone's own has: answers that are put together where they are printed.

#![allow(dead_code, reason = "they are described, never made")]
#![allow(missing_docs)]

pub(super) mod checks;
pub(super) mod files;
pub(super) mod people;

use crate::control::{
    AccountInfo, CallInfo, DtmfVia, Event, FaceAsk, MessageInfo, PingInfo, ShortcutInfo, SoundTestResult, Status,
    Traced,
};
use schemars::JsonSchema;

/// What is refused.
#[derive(JsonSchema)]
pub(super) struct Refusal {
    /// Version of these shapes
    #[schemars(extend("const" = 1))]
    v: u8,
    /// That of the request, whatever it is; on the control socket alone
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<serde_json::Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    verb: Option<String>,
    #[schemars(extend("const" = false))]
    ok: bool,
    error: ErrorInfo,
    /// What is to be said about the request
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

/// Why it is refused.
#[derive(JsonSchema)]
pub(super) struct ErrorInfo {
    /// The exit code of a command that is refused so
    code: u8,
    /// A word for it, often narrower than the code: tuiphone-control(7) has them; more may come
    kind: String,
    /// A sentence
    message: String,
    /// What to do about it
    hint: Option<String>,
}

#[derive(JsonSchema)]
pub(super) struct Text {
    /// The line
    text: String,
}

#[derive(JsonSchema)]
pub(super) struct Calls {
    calls: Vec<CallInfo>,
}

#[derive(JsonSchema)]
pub(super) struct Accounts {
    accounts: Vec<AccountInfo>,
}

#[derive(JsonSchema)]
pub(super) struct Ready {
    /// A call can be made
    ready: bool,
    /// With a registration
    registered: bool,
    /// The phone's
    version: String,
    /// What it understands and tells, as a number: another one is another build
    build: String,
}

#[derive(JsonSchema)]
pub(super) struct CallResult {
    /// `answered`, else the word of the exit code
    outcome: String,
    /// The call at its end, if there was one
    call: Option<CallInfo>,
    /// Why there was none
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ErrorInfo>,
    /// `--exec`: what became of the program
    #[serde(skip_serializing_if = "Option::is_none")]
    exec: Option<ExecEnd>,
    /// `--audiosocket`: what became of the connection
    #[serde(skip_serializing_if = "Option::is_none")]
    audiosocket: Option<AudioSocketEnd>,
}

#[derive(JsonSchema)]
pub(super) struct ExecEnd {
    /// Null where a signal ended it, or it never ran
    exit_code: Option<i32>,
    /// The signal that ended it
    signal: Option<i32>,
    ended_by: AttachmentEndedBy,
}

#[derive(JsonSchema)]
pub(super) struct AudioSocketEnd {
    /// The UUID it was told
    id: String,
    ended_by: AttachmentEndedBy,
}

/// Who was done first.
#[derive(JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum AttachmentEndedBy {
    Itself,
    Call,
}

#[derive(JsonSchema)]
pub(super) struct Done {
    /// The call it was about
    #[serde(skip_serializing_if = "Option::is_none")]
    call: Option<CallInfo>,
}

#[derive(JsonSchema)]
pub(super) struct Volume {
    path: PathWord,
    /// 0 to 100
    level: u8,
}

#[derive(JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum PathWord {
    Mic,
    Speaker,
}

#[derive(JsonSchema)]
pub(super) struct Digits {
    /// How they went
    via: DtmfVia,
}

#[derive(JsonSchema)]
pub(super) struct Interfaces {
    /// How many were told
    interfaces: usize,
}

#[derive(JsonSchema)]
pub(super) struct SoundTest {
    sound_test: SoundTestResult,
}

#[derive(JsonSchema)]
pub(super) struct Trace {
    /// The earliest first
    messages: Vec<Traced>,
}

#[derive(JsonSchema)]
pub(super) struct Served {
    /// Where the verbs are: `http://127.0.0.1:PORT/v1/`
    http: String,
    /// The file with the token that was made; null where one was given
    token_file: Option<String>,
}

#[derive(JsonSchema)]
pub(super) struct Message {
    message: MessageInfo,
}

#[derive(JsonSchema)]
pub(super) struct Messages {
    messages: Vec<MessageInfo>,
}

#[derive(JsonSchema)]
pub(super) struct Ping {
    ping: PingInfo,
}

#[derive(JsonSchema)]
pub(super) struct Shortcuts {
    shortcuts: Vec<ShortcutInfo>,
}

/// A line of `attach`; beside these it may be one of a trace.
#[derive(JsonSchema)]
#[serde(tag = "feed", rename_all = "snake_case")]
pub(super) enum Feed {
    /// The phone as it stands now
    Status { status: Box<Status> },
    /// Something happened
    Event { event: Box<Event> },
    /// Sound, at most ten times a second and only while it changes
    Levels { mic_dbfs: f32, speaker_dbfs: f32 },
    /// Somebody asks something of the interfaces
    Face { ask: FaceAsk },
    /// No more will come
    Closed { why: String },
}
