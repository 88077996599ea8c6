//! How things end: the exit codes, and the outcome of a call, each one table.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

macro_rules! exit_codes {
    ($($variant:ident = $code:literal, $kind:literal, $meaning:literal, $sip:literal;)*) => {
        /// Exit codes of every command line, and `error.code` in JSON.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[allow(missing_docs)]
        pub enum ExitCode { $($variant,)* }

        impl ExitCode {
            /// Every code in order.
            pub const ALL: &'static [ExitCode] = &[$(ExitCode::$variant,)*];
            /// The number the process ends with.
            pub fn code(self) -> u8 { match self { $(ExitCode::$variant => $code,)* } }
            /// One word for JSON's `outcome` and `kind`.
            pub fn kind(self) -> &'static str { match self { $(ExitCode::$variant => $kind,)* } }
            /// What it means, for people.
            pub fn meaning(self) -> &'static str { match self { $(ExitCode::$variant => $meaning,)* } }
            /// The SIP statuses behind it, for the man page.
            pub fn sip(self) -> &'static str { match self { $(ExitCode::$variant => $sip,)* } }
        }
    };
}

exit_codes! {
    Ok = 0, "ok", "did what was asked", "2xx";
    Unexpected = 1, "unexpected", "unexpected error", "";
    Usage = 2, "usage", "wrong usage", "";
    Config = 3, "config", "configuration missing or wrong", "";
    NoDaemon = 4, "no_daemon", "no daemon, or it cannot be reached", "";
    NotFound = 5, "not_found", "no such call, account or device; nothing to do", "";
    Refused = 10, "refused", "refused by authentication or policy", "401 403 407 433";
    Unreachable = 11, "unreachable", "server unreachable", "transport, 408/503 before 1xx";
    Busy = 20, "busy", "busy", "486 600";
    NoAnswer = 21, "no_answer", "no answer", "408 480 487 after ringing";
    Rejected = 22, "rejected", "rejected", "603 607";
    NoSuchNumber = 23, "no_such_number", "no such number", "404 484 604 410";
    NoCommonCodec = 24, "no_common_codec", "no common codec, media refused", "488 606 415";
    Failed = 25, "failed", "another 4xx-6xx", "status in the JSON";
    NoMedia = 30, "no_media", "answered, but no media arrived", "";
    Expectation = 31, "expectation", "an expectation of `test` failed", "";
    Interrupted = 130, "interrupted", "interrupted", "";
    Terminated = 143, "terminated", "terminated", "";
}

impl ExitCode {
    /// The code of a call that ended with this final status. `progressed`: a provisional response other than 100 was seen.
    pub fn of_status(status: u16, progressed: bool) -> ExitCode {
        match status {
            200..=299 => ExitCode::Ok,
            //= RFC 5079 §4
            401 | 403 | 407 | 433 => ExitCode::Refused,
            486 | 600 => ExitCode::Busy,
            408 | 503 if !progressed => ExitCode::Unreachable,
            408 | 480 | 487 => ExitCode::NoAnswer,
            603 | 607 => ExitCode::Rejected,
            404 | 410 | 484 | 604 => ExitCode::NoSuchNumber,
            415 | 488 | 606 => ExitCode::NoCommonCodec,
            _ => ExitCode::Failed,
        }
    }
}

/// Who ended a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EndedBy {
    /// This side.
    Local,
    /// The far side.
    Remote,
    /// A time-out or a network failure.
    Network,
}
