//! What happened: the events of `watch`, hooks and screens, one table.

use super::snapshot::{AccountInfo, CallInfo, LightInfo, VoicemailInfo};
use serde::{Deserialize, Serialize};

/// An event; the tag is the name that `watch` prints.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Event {
    Registration {
        account: AccountInfo,
    },
    CallIncoming {
        call: CallInfo,
    },
    CallOutgoing {
        call: CallInfo,
    },
    CallRinging {
        call: CallInfo,
    },
    CallEarlyMedia {
        call: CallInfo,
    },
    CallAnswered {
        call: CallInfo,
    },
    CallHeld {
        call: CallInfo,
    },
    CallResumed {
        call: CallInfo,
    },
    CallDtmf {
        call: CallInfo,
        digit: char,
    },
    CallQuality {
        call: CallInfo,
    },
    CallEnded {
        call: CallInfo,
    },
    /// Messages wait at the server, or no longer; `account` is the AOR.
    Mwi {
        account: String,
        voicemail: VoicemailInfo,
    },
    /// Somebody who is watched is free, called, busy, away…
    Presence {
        light: LightInfo,
    },
    /// A sound device came, went or failed.
    Device {
        message: String,
    },
    /// The configuration was read again or is wrong.
    Config {
        message: String,
    },
    /// Something went wrong that no command asked for.
    Error {
        message: String,
        hint: Option<String>,
    },
    /// The phone has let go of everything after `exit`.
    Exited,
}
