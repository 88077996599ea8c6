//! Shapes that no type of the phone's own has: answers that are put together where they are printed.

#![allow(dead_code, reason = "they are described, never made")]
#![allow(missing_docs)]

use crate::control::{
    AccountInfo, CallInfo, Contact, DtmfVia, Event, FaceAsk, MessageInfo, PingInfo, Record, ShortcutInfo,
    SoundTestResult, Status,
};
use schemars::JsonSchema;

/// What is refused.
#[derive(JsonSchema)]
pub(super) struct Refusal {
    /// Version of these shapes: 1
    v: u8,
    /// That of the request, whatever it is; on the control socket alone
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<serde_json::Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    verb: Option<String>,
    /// False
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
    /// A word for it, narrower than the code
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
}

#[derive(JsonSchema)]
pub(super) struct Done {
    /// The call it was about
    #[serde(skip_serializing_if = "Option::is_none")]
    call: Option<CallInfo>,
    /// `volume`: `mic` or `speaker`
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    /// `volume`: 0 to 100
    #[serde(skip_serializing_if = "Option::is_none")]
    level: Option<u8>,
    /// `dtmf`: how the digits went
    #[serde(skip_serializing_if = "Option::is_none")]
    via: Option<DtmfVia>,
    /// `show`, `hide`, `url`: how many interfaces were told
    #[serde(skip_serializing_if = "Option::is_none")]
    interfaces: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sound_test: Option<SoundTestResult>,
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

#[derive(JsonSchema)]
pub(super) struct History {
    /// The latest first
    history: Vec<Record>,
    /// There are older ones that fit
    more: bool,
}

#[derive(JsonSchema)]
pub(super) struct Removed {
    /// So many are forgotten
    removed: usize,
}

#[derive(JsonSchema)]
pub(super) struct Seen {
    seen: bool,
}

#[derive(JsonSchema)]
pub(super) struct Imported {
    /// So many are new
    imported: usize,
    /// So many were there
    known: usize,
}

#[derive(JsonSchema)]
pub(super) struct Contacts {
    contacts: Vec<Contact>,
    /// What of the file could not be read
    problems: Vec<ContactProblem>,
    file: String,
    /// Where the directories of the settings stand, if there are any
    #[serde(skip_serializing_if = "Option::is_none")]
    directory: Option<serde_json::Value>,
}

#[derive(JsonSchema)]
pub(super) struct ContactProblem {
    /// From 1
    line: Option<usize>,
    message: String,
}

#[derive(JsonSchema)]
pub(super) struct Added {
    contact: Option<Contact>,
    /// False: it was there and is changed
    added: bool,
}

#[derive(JsonSchema)]
pub(super) struct Gone {
    removed: Vec<Contact>,
}

#[derive(JsonSchema)]
pub(super) struct TakenIn {
    added: usize,
    changed: usize,
    same: usize,
    without_number: usize,
    problems: Vec<ContactProblem>,
    file: String,
}

#[derive(JsonSchema)]
pub(super) struct Exported {
    exported: usize,
    file: String,
}

#[derive(JsonSchema)]
pub(super) struct Devices {
    devices: Vec<Device>,
}

#[derive(JsonSchema)]
pub(super) struct Device {
    /// `input` or `output`
    direction: String,
    /// As `--audio-in` and `--audio-out` take it
    spec: String,
    name: String,
    /// The system's choice
    default: bool,
    /// What `aec=auto` makes of it: `on` or `off`
    aec: String,
}

#[derive(JsonSchema)]
pub(super) struct Codecs {
    codecs: Vec<Codec>,
}

#[derive(JsonSchema)]
pub(super) struct Codec {
    /// As `audioCodecs` has it
    id: String,
    /// From 1, of those that are offered
    place: Option<usize>,
    available: bool,
    /// Why it is not to be had
    why: Option<String>,
    /// The static one
    payload_type: Option<u8>,
    /// How long its packets may be
    ptime_ms: Vec<u32>,
}

#[derive(JsonSchema)]
pub(super) struct ConfigPath {
    path: String,
    exists: bool,
    /// Files whose keys go before
    overrides: Vec<String>,
}

#[derive(JsonSchema)]
pub(super) struct ConfigValues {
    values: Vec<ConfigValue>,
}

/// A key and its value in force.
#[derive(JsonSchema)]
pub(super) struct ConfigValue {
    section: String,
    key: String,
    /// Null of a secret
    value: Option<String>,
    /// There is one
    set: bool,
    secret: bool,
    /// A part of the value is hidden
    masked: bool,
    default: Option<String>,
    /// `default`, `file`, `override`, `option`
    origin: String,
    file: Option<String>,
    line: Option<usize>,
    /// `override.ini` has it: `config set` cannot change it
    locked: bool,
}

#[derive(JsonSchema)]
pub(super) struct ConfigDefaults {
    keys: Vec<Key>,
    kept: Vec<KeptKey>,
}

#[derive(JsonSchema)]
pub(super) struct Key {
    section: String,
    key: String,
    default: String,
    /// `flag`, `number`, `text`, `secret`, `word`, `list`
    kind: String,
    doc: String,
}

/// A key of MicroSIP's that stays in the file and is not used.
#[derive(JsonSchema)]
pub(super) struct KeptKey {
    section: String,
    key: String,
    why: String,
}

#[derive(JsonSchema)]
pub(super) struct ConfigSet {
    path: String,
    changed: bool,
    keys: Vec<String>,
    notes: Vec<String>,
}

#[derive(JsonSchema)]
pub(super) struct ConfigFindings {
    path: String,
    findings: Vec<Finding>,
}

#[derive(JsonSchema)]
pub(super) struct Finding {
    file: String,
    line: Option<usize>,
    section: String,
    key: String,
    kind: String,
    /// Good to know, and not wrong
    note: bool,
    message: String,
}

#[derive(JsonSchema)]
pub(super) struct DialPlan {
    number: String,
    account: String,
    steps: Vec<DialStep>,
    /// The rule that let it out
    rule: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    uri: Option<String>,
    /// Sent after the answer
    #[serde(skip_serializing_if = "Option::is_none")]
    dtmf: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    headers: Option<Vec<DialHeader>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ErrorInfo>,
}

#[derive(JsonSchema)]
pub(super) struct DialStep {
    step: String,
    rule: Option<String>,
    result: String,
}

#[derive(JsonSchema)]
pub(super) struct DialHeader {
    name: String,
    value: String,
}

#[derive(JsonSchema)]
pub(super) struct Import {
    /// False: only told
    done: bool,
    ini: String,
    found: Vec<ImportFile>,
    accounts: Vec<ImportAccount>,
    /// Those that are here already
    known_accounts: Vec<String>,
    settings: Vec<ImportSetting>,
    /// Keys that have another value here, which stays
    kept_settings: Vec<String>,
    contacts: ImportCount,
    calls: ImportCount,
    /// What became of passwords: `plain`, `keyring`, `none`
    passwords: Option<String>,
    notes: Vec<String>,
}

#[derive(JsonSchema)]
pub(super) struct ImportFile {
    softphone: String,
    file: String,
}

#[derive(JsonSchema)]
pub(super) struct ImportAccount {
    id: u32,
    aor: String,
    /// `plain`, `encrypted`, `hashed`, `none`
    password: String,
}

#[derive(JsonSchema)]
pub(super) struct ImportSetting {
    section: String,
    key: String,
    value: String,
}

#[derive(JsonSchema)]
pub(super) struct ImportCount {
    found: usize,
    new: usize,
}

#[derive(JsonSchema)]
pub(super) struct Passwords {
    accounts: Vec<PasswordPlace>,
}

#[derive(JsonSchema)]
pub(super) struct PasswordPlace {
    id: u32,
    aor: String,
    /// Where it is: `plain`, `command`, `keyring`, `encrypted`, `none`
    password: String,
}

#[derive(JsonSchema)]
pub(super) struct PasswordKept {
    action: String,
    account: String,
    /// `plain`, `keyring`, `kernel` or `file`
    kept: String,
}

#[derive(JsonSchema)]
pub(super) struct PasswordForgotten {
    action: String,
    account: String,
    /// It was there
    keyring: bool,
    /// It was there
    kernel: bool,
    /// It was there
    file: bool,
    /// It was there
    ini: bool,
}

#[derive(JsonSchema)]
pub(super) struct Reset {
    backup: String,
    files: Vec<String>,
}

#[derive(JsonSchema)]
pub(super) struct Url {
    done: Vec<String>,
}

#[derive(JsonSchema)]
pub(super) struct Man {
    dir: String,
    pages: usize,
}

#[derive(JsonSchema)]
pub(super) struct Schemas {
    schemas: Vec<SchemaName>,
}

#[derive(JsonSchema)]
pub(super) struct SchemaName {
    name: String,
    doc: String,
}

#[derive(JsonSchema)]
pub(super) struct Version {
    version: String,
}

/// A line of `attach`.
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
