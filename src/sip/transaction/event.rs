//! What the table of transactions says to its user.

use super::Failure;
use crate::sip::flow::Flow;
use crate::sip::message::{Request, Response};

/// A client transaction; never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClientId(pub(super) u64);

/// A server transaction; never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ServerId(pub(in crate::sip) u64);

/// What the layer wishes or tells, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LayerEvent {
    /// Send these bytes.
    Transmit {
        /// The path.
        flow: Flow,
        /// The bytes.
        bytes: Vec<u8>,
    },
    /// A new request to be answered, or, without a transaction, an ACK that belongs to a 2xx (or to nothing).
    Request {
        /// Answer here; `None` for an ACK.
        server: Option<ServerId>,
        /// The request; its top Via tells the source it came from.
        request: Request,
        /// Where it came from.
        flow: Flow,
    },
    /// A response to a request of ours. An INVITE may yield several 2xx, retransmitted or from the branches of a fork:
    /// each is to be acknowledged.
    Response {
        /// The request's transaction.
        client: ClientId,
        /// The response.
        response: Response,
        /// Where it came from.
        flow: Flow,
    },
    /// A response to a request of ours was dropped: it bears our branch, and beside it something that we never wrote.
    Rewritten {
        /// The request's transaction.
        client: ClientId,
        /// The header that came back another: `Via`, `Call-ID` or `CSeq`.
        header: &'static str,
        /// What we wrote there; of a Via `host:port`.
        ours: String,
        /// What came back.
        theirs: String,
    },
    /// A request of ours got no final response; the transaction is over.
    ClientFailed {
        /// The transaction.
        client: ClientId,
        /// Why.
        why: Failure,
    },
    /// The transaction is over and tells no more; it had its final response.
    ClientEnded {
        /// The transaction.
        client: ClientId,
    },
    /// No ACK came to a non-2xx final response, or a response could not be sent.
    ServerFailed {
        /// The transaction.
        server: ServerId,
        /// Why.
        why: Failure,
    },
    /// The transaction is over: responses passed to it go nowhere.
    ServerEnded {
        /// The transaction.
        server: ServerId,
    },
    /// A CANCEL came, and was answered; its INVITE still waits for the final response, which should be 487.
    Cancelled {
        /// The transaction of the INVITE.
        server: ServerId,
        /// The CANCEL; its Reason may tell that someone else answered.
        cancel: Request,
    },
}

/// What was dropped or refused, since the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counters {
    /// Responses that belong to no transaction.
    pub stray_responses: u64,
    /// Responses whose Via, number or Call-ID are not those we sent.
    pub foreign_responses: u64,
    /// Messages without a usable Via or CSeq.
    pub unusable: u64,
    /// Requests refused with 503, or not sent, because the table was full.
    pub refused: u64,
    /// Requests refused with 482: the same request by two ways.
    pub merged: u64,
    /// Retransmitted requests that were absorbed.
    pub absorbed: u64,
}
