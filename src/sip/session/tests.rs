//! A session and its peer's messages, for the tests of its verbs.
#![allow(clippy::disallowed_methods)] // A moment to count from; nothing waits on it.

use super::{Effect, Exchange, Session};
use crate::sip::message::{HeaderName, Method, Request, Response, StatusCode};
use crate::sip::transaction::{Config, ServerId};
use rand::SeedableRng;
use rand::rngs::StdRng;
use std::time::{Duration, Instant};

fn invite(from: &str, to: &str, headers: &[(HeaderName, &str)], body: &[u8]) -> Request {
    let mut invite = Request::new(Method::Invite, "sip:bob@example.com");
    for (name, value) in [
        (HeaderName::Via, "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1"),
        (HeaderName::From, from),
        (HeaderName::To, to),
        (HeaderName::CallId, "call"),
        (HeaderName::CSeq, "1 INVITE"),
        (HeaderName::Contact, "<sip:alice@192.0.2.1>"),
    ] {
        invite.headers.push(name, value);
    }
    headers.iter().for_each(|(name, value)| invite.headers.push(name.clone(), *value));
    super::set_body(&mut invite, "application/sdp", body.to_vec());
    invite
}

/// A session that calls.
pub(super) struct Caller {
    pub session: Session,
    pub invite: Request,
    pub now: Instant,
    pub rng: StdRng,
}

impl Caller {
    pub fn new(body: &[u8]) -> Caller {
        let invite = invite("<sip:alice@example.com>;tag=a", "<sip:bob@example.com>", &[], body);
        let mut session = Session::connect(invite.clone(), Config::default());
        session.poll();
        Caller { session, invite, now: Instant::now(), rng: StdRng::seed_from_u64(1) }
    }

    /// The INVITE is answered by the far end of this tag.
    pub fn answered(&mut self, status: u16, tag: &str, headers: &[(HeaderName, &str)], body: &[u8]) -> Vec<Effect> {
        let mut response = Response::to_request(&self.invite, StatusCode(status), Some(tag));
        response.headers.push(HeaderName::Contact, format!("<sip:{tag}@192.0.2.2>"));
        headers.iter().for_each(|(name, value)| response.headers.push(name.clone(), *value));
        response.body = body.to_vec();
        self.session.receive_response(Exchange::Invite, response, self.now, &mut self.rng);
        self.effects()
    }

    pub fn effects(&mut self) -> Vec<Effect> {
        std::iter::from_fn(|| self.session.poll()).collect()
    }
}

/// A session that is called.
pub(super) struct Callee {
    pub session: Session,
    pub now: Instant,
    start: Instant,
    rng: StdRng,
    cseq: u32,
}

impl Callee {
    pub fn new(headers: &[(HeaderName, &str)], body: &[u8]) -> Callee {
        let now = Instant::now();
        let mut rng = StdRng::seed_from_u64(1);
        let invite = invite("<sip:alice@example.com>;tag=a", "<sip:bob@example.com>", headers, body);
        let session = Session::incoming(invite, ServerId(1), Config::default(), now, &mut rng).expect("a dialog");
        Callee { session, now, start: now, rng, cseq: 1 }
    }

    /// The caller's next request in the dialog.
    pub fn asked(&mut self, method: Method, headers: &[(HeaderName, &str)], body: &[u8]) -> Vec<Effect> {
        self.cseq += 1;
        let to = format!("<sip:bob@example.com>;tag={}", self.session.local_tag());
        let mut request = invite("<sip:alice@example.com>;tag=a", &to, headers, body);
        request.headers.set(HeaderName::CSeq, format!("{} {method}", self.cseq));
        request.method = method;
        let server = (request.method != Method::Ack).then_some(ServerId(u64::from(self.cseq)));
        self.session.receive(server, request, self.now, &mut self.rng);
        self.effects()
    }

    /// Milliseconds after the beginning it is.
    pub fn at(&mut self, ms: u64) {
        self.now = self.start + Duration::from_millis(ms);
        self.session.handle_timeout(self.now);
    }

    /// Lets time pass until so many milliseconds after the beginning; when something was sent.
    pub fn run(&mut self, ms: u64) -> Vec<u128> {
        let end = self.start + Duration::from_millis(ms);
        let mut sent = Vec::new();
        while let Some(next) = self.session.next_timeout().filter(|at| *at <= end) {
            self.now = next;
            self.session.handle_timeout(next);
            sent.extend(self.effects().iter().map(|_| (next - self.start).as_millis()));
        }
        self.now = end;
        sent
    }

    pub fn effects(&mut self) -> Vec<Effect> {
        std::iter::from_fn(|| self.session.poll()).collect()
    }
}
