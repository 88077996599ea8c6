//! What a session wishes and tells.

use crate::sip::message::{HeaderName, Request, Response};
use crate::sip::transaction::{Failure, ServerId};

/// Which of the session's requests a response belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Exchange {
    /// The first INVITE.
    Invite,
    /// PRACK.
    Prack,
    /// A re-INVITE of ours.
    Modify,
    /// UPDATE.
    Update,
    /// BYE.
    Bye,
    /// BYE to a dialog nobody wants: another branch of a fork answered too.
    Surplus,
    /// INFO.
    Info,
    /// REFER.
    Refer,
    /// NOTIFY of how a REFER of the peer fares.
    Notify,
}

/// What the session wishes or tells, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Send in a transaction of its own; the fate comes back through `receive_response` or `failed`.
    Request(Exchange, Request),
    /// Send without a transaction.
    Ack(Request),
    /// Cancel the transaction of `Exchange::Invite`.
    Cancel,
    /// Answer here. A 2xx to an INVITE may come again and again.
    Respond(ServerId, Response),
    /// A provisional response to our INVITE, from the fork with this tag. Its body, if any, is an answer.
    Progress {
        /// Tag of the fork; empty without a dialog.
        fork: String,
        /// The response.
        response: Response,
    },
    /// Our INVITE was accepted. A body is the answer; without one, offer and answer came before.
    Answered {
        /// Tag of the fork that won.
        fork: String,
        /// The response.
        response: Response,
    },
    /// Our request was challenged: `retry` with credentials, or `give_up`.
    Challenged(Exchange, Response),
    /// Our INVITE was refused for good (3xx–6xx).
    Refused(Response),
    /// The peer has our 200, or our description in a provisional response: the ACK or PRACK came, with its body (an
    /// answer, if ours was the offer).
    Confirmed(Vec<u8>),
    /// The peer offers, before the answer to the call or in it: `answer_offer` or `refuse_offer`.
    Offered {
        /// Tag of the far end that offers: of a fork, while our INVITE has no answer.
        fork: String,
        /// The offer; empty asks for ours.
        body: Vec<u8>,
    },
    /// The peer's re-INVITE or UPDATE is taken in, or its 2xx to ours: where the peer is may be new, and who.
    Refreshed,
    /// Our change was answered with this body.
    Modified(Vec<u8>),
    /// Our change met one of the peer's: `modify` again, with a new description, once `can_modify` says so.
    Collided,
    /// The session is to be refreshed: `modify` with the description last given, unchanged.
    Refresh,
    /// Our change was refused; what was before stands.
    ModifyRefused(Response),
    /// Our change could not be sent; what was before stands.
    ModifyUnsent(Failure),
    /// A request inside the dialog that is not the session's own; `respond` to it.
    Other(ServerId, Request),
    /// It is over.
    Ended(End),
}

/// How a session came to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// We hung up or cancelled.
    Local,
    /// The peer sent BYE, with this request.
    Bye(Box<Request>),
    /// The caller cancelled before the answer, with this request.
    Cancelled(Box<Request>),
    /// Nobody here answered in time; the caller was told this status.
    Unanswered(u16),
    /// Nothing came: no response, or no ACK to our 200.
    Failed(Failure),
    /// Nobody refreshed the session in the time agreed (RFC 4028 §10).
    Expired,
    /// The dialog is unknown to the peer (481) or it no longer answers (408).
    Lost(u16),
    /// The answer to our INVITE does not say readably, in this header, where the call leads; it was hung up.
    Unreadable(HeaderName),
}
