//! What devices, codecs, the way to the server and a call are found to be.

use super::ErrorInfo;
use crate::control::{CallInfo, EndedBy, Handshake, TlsTrust};
use schemars::JsonSchema;
use std::collections::BTreeMap;

#[derive(JsonSchema)]
pub struct Devices {
    devices: Vec<Device>,
}

#[derive(JsonSchema)]
pub struct Device {
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
pub struct Codecs {
    codecs: Vec<Codec>,
}

#[derive(JsonSchema)]
pub struct Codec {
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
pub struct Doctor {
    checks: Vec<DoctorCheck>,
}

#[derive(JsonSchema)]
pub struct DoctorCheck {
    /// The check
    name: String,
    tried: String,
    /// A file, a server, an account
    on: String,
    result: DoctorResult,
    found: String,
    /// Why that is so, most likely
    cause: Option<String>,
    /// What to do about it
    next: Option<String>,
    /// `--fix` can mend it
    fixable: bool,
    fixed: bool,
}

#[derive(JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DoctorResult {
    Ok,
    Warn,
    Fail,
    Skip,
}

#[derive(JsonSchema)]
pub struct Test {
    /// How the worst call went: `answered`, else the word of an exit code
    outcome: Option<String>,
    /// The exit code
    code: u8,
    number: String,
    account: String,
    /// ISO 8601 UTC
    started_at: String,
    runs: Vec<TestRun>,
    summary: TestSummary,
}

/// One call of a test.
#[derive(JsonSchema)]
pub struct TestRun {
    /// From 1
    run: usize,
    ok: bool,
    outcome: String,
    /// The exit code that it alone would have
    code: u8,
    /// The final SIP status
    status: Option<u16>,
    reason: Option<String>,
    ended_by: Option<EndedBy>,
    /// What was measured, by name; what ends in `_ms` counts milliseconds, other times are seconds
    measures: BTreeMap<String, Option<f64>>,
    codec: Option<String>,
    /// `udp`, `tcp`, `tls`…
    transport: Option<String>,
    tls: Option<TlsTrust>,
    /// How the sound was encrypted
    srtp: Option<String>,
    dtls: Option<Handshake>,
    heard_here: Option<bool>,
    heard_there: Option<bool>,
    one_way_audio: Option<bool>,
    sound: Option<TestSound>,
    echo: Option<TestEcho>,
    dtmf: Option<TestDigits>,
    fingerprint: Option<TestLikeness>,
    checks: Vec<TestCheck>,
    call: Option<CallInfo>,
    /// Why there was no call
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ErrorInfo>,
}

#[derive(JsonSchema)]
pub struct TestSound {
    /// `silence`, `tone`, `speech`, `noise`; null = too little to tell
    kind: Option<String>,
    silence_ms: u64,
    tone_ms: u64,
    speech_ms: u64,
    noise_ms: u64,
    tone_hz: Option<f64>,
    loudest_dbfs: Option<f64>,
}

#[derive(JsonSchema)]
pub struct TestEcho {
    /// Anything was played
    played: bool,
    delay_ms: Option<f64>,
    gain_db: Option<f64>,
    /// 0 to 1
    likeness: Option<f64>,
    /// It comes back upside down
    inverted: Option<bool>,
}

#[derive(JsonSchema)]
pub struct TestDigits {
    sent: String,
    heard: String,
}

#[derive(JsonSchema)]
pub struct TestLikeness {
    /// It was the sound that was looked for
    same: bool,
    /// 0 to 1
    likeness: Option<f64>,
    at_ms: Option<f64>,
}

#[derive(JsonSchema)]
pub struct TestCheck {
    check: String,
    level: TestLevel,
    wanted: String,
    found: String,
}

#[derive(JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TestLevel {
    Ok,
    Warning,
    Failed,
    Skipped,
}

#[derive(JsonSchema)]
pub struct TestSummary {
    calls: usize,
    passed: usize,
    failed: usize,
    /// By name, of the calls that have it
    measures: BTreeMap<String, Spread>,
}

#[derive(JsonSchema)]
pub struct Spread {
    min: Option<f64>,
    median: Option<f64>,
    p95: Option<f64>,
    max: Option<f64>,
}
