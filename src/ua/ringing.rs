//! How a call is to ring, by what its Alert-Info says (RFC 3261 §20.4, RFC 7462). Nothing it points to is fetched.

use crate::media::command::Ringing;

/// Words of an Alert-Info in lower case, and the ring they ask for.
const WORDS: &[(&str, Ringing)] = &[
    ("urn:alert:source:internal", Ringing::Internal),
    ("urn:alert:source:external", Ringing::External),
    ("urn:alert:priority:high", Ringing::Urgent),
    ("alert-internal", Ringing::Internal),
    ("alert-external", Ringing::External),
    ("alert-emergency", Ringing::Urgent),
    ("info=internal", Ringing::Internal),
    ("info=external", Ringing::External),
    ("bellcore-dr2", Ringing::Internal),
    ("bellcore-dr3", Ringing::External),
    ("bellcore-dr4", Ringing::Urgent),
    ("bellcore-dr5", Ringing::Urgent),
];

impl super::call::Call {
    /// The ring its caller, or the exchange, asks for.
    pub(super) fn ringing_wanted(&self) -> Ringing {
        let alert = self.alert.as_deref().unwrap_or_default().to_ascii_lowercase();
        WORDS.iter().find(|(word, _)| alert.contains(word)).map_or(Ringing::Usual, |(_, ringing)| *ringing)
    }
}
