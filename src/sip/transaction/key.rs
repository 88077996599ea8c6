//! What ties a message to its transaction: RFC 3261 §17.1.3 and §17.2.3.

use crate::sip::flow::Flow;
use crate::sip::header::Via;
use crate::sip::message::{HeaderName, Method, Request, Response};
use crate::sip::uri::Host;

/// The key of a transaction in the table.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum TransactionKey {
    /// A client: our own branch and the method in CSeq.
    Client {
        /// Branch of the top Via.
        branch: String,
        /// Method token.
        method: String,
    },
    /// A server: the branch, who chose it, and the method; an ACK has its INVITE's key.
    Server {
        /// Branch of the top Via.
        branch: String,
        /// `host:port` of the top Via, lower-case.
        sent_by: String,
        /// Method token.
        method: String,
    },
    /// A server, for a peer of RFC 2543 whose branch means nothing. Why without To: its tag in the ACK is one that we
    /// chose, and no two transactions differ in it alone.
    Rfc2543 {
        /// Request-URI.
        uri: String,
        /// Tag of From.
        from_tag: String,
        /// Call-ID.
        call_id: String,
        /// CSeq number.
        cseq: u32,
        /// Top Via as it came.
        via: String,
        /// Method token.
        method: String,
    },
}

impl TransactionKey {
    /// The key of a request we send; `None` without a branch.
    pub fn of_sent(request: &Request) -> Option<TransactionKey> {
        let via = request.headers.via_top().ok()??;
        Some(TransactionKey::Client { branch: via.branch()?.to_owned(), method: request.method.to_string() })
    }

    /// The key of the transaction a response belongs to.
    pub fn of_response(response: &Response) -> Option<TransactionKey> {
        let via = response.headers.via_top().ok()??;
        let cseq = response.headers.cseq().ok()??;
        Some(TransactionKey::Client { branch: via.branch()?.to_owned(), method: cseq.method.to_string() })
    }

    /// The key of a request we received; that of its INVITE for an ACK.
    pub fn of_received(request: &Request) -> Option<TransactionKey> {
        let method = if request.method == Method::Ack { Method::Invite } else { request.method.clone() };
        TransactionKey::of_received_as(request, &method)
    }

    /// The key of the INVITE that a CANCEL means (§9.2).
    pub fn cancelled_by(cancel: &Request) -> Option<TransactionKey> {
        TransactionKey::of_received_as(cancel, &Method::Invite)
    }

    fn of_received_as(request: &Request, method: &Method) -> Option<TransactionKey> {
        let via = request.headers.via_top().ok()??;
        let method = method.to_string();
        //= RFC 3261 §17.2.3: with the magic cookie branch, sent-by and method decide.
        if let (true, Some(branch)) = (via.has_magic_cookie(), via.branch()) {
            return Some(TransactionKey::Server { branch: branch.to_owned(), sent_by: sent_by(&via), method });
        }
        let headers = &request.headers;
        Some(TransactionKey::Rfc2543 {
            uri: request.uri.clone(),
            from_tag: headers.from().ok().flatten().and_then(|from| from.tag().map(str::to_owned)).unwrap_or_default(),
            call_id: headers.text(&HeaderName::CallId).unwrap_or_default(),
            cseq: headers.cseq().ok().flatten().map_or(0, |cseq| cseq.number),
            via: headers.text(&HeaderName::Via).unwrap_or_default(),
            method,
        })
    }
}

/// Call-ID, tag of From, CSeq number and method: the same request by whatever way (§8.2.2.2).
pub(super) type MergeKey = (String, String, u32, String);

/// `None` for a request within a dialog, or one that cannot be told.
pub(super) fn merge_key(request: &Request) -> Option<MergeKey> {
    let headers = &request.headers;
    if headers.to().ok()??.tag().is_some() {
        return None;
    }
    let from_tag = headers.from().ok()??.tag()?.to_owned();
    let cseq = headers.cseq().ok()??;
    Some((headers.text(&HeaderName::CallId)?, from_tag, cseq.number, request.method.to_string()))
}

/// `host:port` of a Via, lower-case; the port only if it is there.
pub(super) fn sent_by(via: &Via) -> String {
    let (host, port) = via.sent_by();
    let host = host.to_string().to_ascii_lowercase();
    match port {
        Some(port) => format!("{host}:{port}"),
        None => host,
    }
}

/// Puts our Via with this branch on top of `request`; it asks for the source of the request as the peer sees it (RFC 3581).
pub fn push_via(request: &mut Request, flow: &Flow, branch: &str) {
    push_via_as(request, flow, Host::from(flow.local.ip()), Some(flow.local.port()), branch);
}

/// The same, under another name than our address.
pub fn push_via_as(request: &mut Request, flow: &Flow, host: Host, port: Option<u16>, branch: &str) {
    let via = Via::new(flow.transport.via_token(), host, port, branch);
    request.headers.push_front(HeaderName::Via, via.to_string());
}
