//! What a person typed → the URI to call: number clean-up, dialling prefix, dial plan, DTMF suffix.

use super::Account;
use std::time::Duration;

/// Where a call goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DialTarget {
    /// The Request-URI, `sip:100@pbx.example.net`; no headers in it.
    pub uri: String,
    /// Headers the address asked for (`?X-Queue=7`), decoded; only harmless names.
    pub headers: Vec<(String, String)>,
    /// Digits to send after the answer.
    pub dtmf: Vec<DtmfChunk>,
}

/// Digits to send, and how long to wait before them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DtmfChunk {
    /// Counted from the answer for the first chunk, from the sending of the chunk before for the others.
    pub after: Duration,
    /// The digits; may be empty (a pause only).
    pub digits: String,
}

/// Why nothing can be dialled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DialError {
    /// Nothing typed.
    #[error("there is no number to call")]
    Empty,
}

/// The target of `typed` on this account.
pub fn dial(typed: &str, account: &Account) -> Result<DialTarget, DialError> {
    let typed = typed.trim();
    if typed.is_empty() {
        return Err(DialError::Empty);
    }
    let uri = match (typed.starts_with("sip"), typed.contains('@')) {
        (true, _) => typed.to_owned(),
        (false, true) => format!("sip:{typed}"),
        (false, false) => format!("sip:{typed}@{}", account.domain),
    };
    Ok(DialTarget { uri, headers: Vec::new(), dtmf: Vec::new() })
}
