//! Answers: where they go, and the tag of those that need no transaction.

use crate::sip::flow::{Flow, Transport};
use crate::sip::message::{HeaderName, Request, Response};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::SocketAddr;

/// Writes the source into the top Via (RFC 3261 §18.2.1, RFC 3581 §4) and returns where responses go (§18.2.2).
pub(super) fn note_source(request: &mut Request, flow: Flow) -> Option<Flow> {
    let mut via = request.headers.via_top().ok()??;
    let rest: Vec<Vec<u8>> = request.headers.elements(&HeaderName::Via).skip(1).map(<[u8]>::to_vec).collect();
    via.note_source(flow.remote);
    // Why to the source address alone, whatever `maddr` or `sent-by` say: an answer must not be aimed at a third party.
    let remote = match (flow.transport, via.rport()) {
        (Transport::Udp, None) => SocketAddr::new(flow.remote.ip(), via.sent_by().1.unwrap_or(5060)),
        _ => flow.remote,
    };
    request.headers.remove(&HeaderName::Via);
    for value in rest.into_iter().rev() {
        request.headers.push_front(HeaderName::Via, value);
    }
    request.headers.push_front(HeaderName::Via, via.to_string());
    Some(Flow { remote, ..flow })
}

/// Where a response goes when the connection its request came by is gone (RFC 3261 §18.2.2): the source address, at the
/// port the sender listens on.
pub fn reply_address(response: &Response) -> Option<SocketAddr> {
    let via = response.headers.via_top().ok()??;
    let (host, port) = via.sent_by();
    Some(SocketAddr::new(via.received().or(host.ip())?, port.unwrap_or(5060)))
}

/// A tag made from the request alone, so that retransmissions get the same (RFC 3261 §8.2.7).
pub fn stateless_tag(request: &Request) -> String {
    let mut hasher = DefaultHasher::new();
    for name in [HeaderName::Via, HeaderName::From, HeaderName::CallId, HeaderName::CSeq] {
        request.headers.get(&name).hash(&mut hasher);
    }
    format!("{:016x}", hasher.finish())
}
