//! What a transaction machine is told and what it wishes: every word here, one line each.

use super::Timer;
use crate::sip::message::{Request, Response};
use crate::sip::reason::Reason;
use std::time::Instant;

/// Why a transaction ended without what it was for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// Nothing came in time: no response, or at a server no ACK.
    #[error("no answer in time")]
    Timeout,
    /// The message could not be sent.
    #[error("the network refused the message")]
    Transport,
    /// The table of transactions is full; nothing was sent.
    #[error("too many transactions at once")]
    Full,
}

/// What happens to a client transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientEvent {
    /// A response to the request arrived.
    Response(Response),
    /// A timer this machine set has fired.
    Timer(Timer),
    /// The transport could not deliver.
    TransportFailed,
    /// The user no longer wants an answer (INVITE only), for this reason.
    Cancel(Option<Reason>),
}

/// What happens to a server transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServerEvent {
    /// The request arrived once more.
    Retransmission,
    /// The ACK arrived (INVITE only).
    Ack,
    /// The user answers.
    Respond(Response),
    /// A timer this machine set has fired.
    Timer(Timer),
    /// The transport could not deliver.
    TransportFailed,
}

/// A wish of a transaction machine, to be carried out in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Give these bytes to the transport.
    Send(Vec<u8>),
    /// Arm the timer for this time; it replaces an armed one of the same name.
    SetTimer(Timer, Instant),
    /// Disarm the timer.
    StopTimer(Timer),
    /// Hand the response to the user.
    TellUser(Response),
    /// Hand the ACK just received to the user: it acknowledges a 2xx.
    PassAck,
    /// Start a transaction of its own for this CANCEL.
    SendCancel(Request),
    /// Tell the user that this transaction failed; `Done` follows.
    Failed(Failure),
    /// Terminated: drop the machine.
    Done,
}

/// Wishes in the order they are to be carried out.
pub type Effects = Vec<Effect>;
