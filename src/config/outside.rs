//! What lies between the phone and programs elsewhere: who is told of events.

use super::Secret;

/// Who is told of events by a POST each (`[tuiphone] webhook` and its like).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Webhook {
    /// An address of `http` or `https`; empty = nobody. Many such addresses are secrets.
    pub url: Secret,
    /// What signs the events; empty = nothing does.
    pub secret: Secret,
    /// Names of events with commas between, `call_*`; empty = all.
    pub events: String,
}

