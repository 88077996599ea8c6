//! A session and its peer's messages, for the tests of its verbs.
#![allow(clippy::disallowed_methods)] // A moment to count from; nothing waits on it.

mod races;

use super::{Effect, Exchange, Session, Terms};
use crate::sip::message::{HeaderName, Method, Request, Response, StatusCode};
use crate::sip::transaction::{Config, ServerId};
use rand::SeedableRng;
use rand::rngs::StdRng;
use std::time::{Duration, Instant};

const ALICE: &str = "<sip:alice@example.com>;tag=a";
const BOB: &str = "<sip:bob@example.com>";

fn invite(from: &str, to: &str, headers: &[(HeaderName, &str)], body: &[u8]) -> Request {
    let mut invite = Request::new(Method::Invite, "sip:bob@example.com");
    for (name, value) in [
        (HeaderName::Via, "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1"),
        (HeaderName::From, from),
        (HeaderName::To, to),
        (HeaderName::CallId, "call"),
        (HeaderName::CSeq, "1 INVITE"),
        (HeaderName::Contact, "<sip:peer@192.0.2.2>"),
    ] {
        invite.headers.push(name, value);
    }
    headers.iter().for_each(|(name, value)| invite.headers.set(name.clone(), *value));
    super::set_body(&mut invite, "application/sdp", body.to_vec());
    invite
}

/// A session, Alice's as the caller or Bob's as the called, with a session timer of half an hour.
pub(super) struct Scene {
    pub session: Session,
    /// The INVITE that began it.
    pub invite: Request,
    pub now: Instant,
    start: Instant,
    rng: StdRng,
    cseq: u32,
    is_caller: bool,
}

impl Scene {
    /// Alice has sent her INVITE.
    pub fn caller(body: &[u8]) -> Scene {
        let mut session = Session::connect(invite(ALICE, BOB, &[], body), terms());
        let sent = session.poll();
        let Some(Effect::Request(Exchange::Invite, invite)) = sent else { panic!("{sent:?}") };
        let now = Instant::now();
        Scene { session, invite, now, start: now, rng: StdRng::seed_from_u64(1), cseq: 1, is_caller: true }
    }

    /// Bob has Alice's INVITE.
    pub fn callee(headers: &[(HeaderName, &str)], body: &[u8]) -> Scene {
        let now = Instant::now();
        let mut rng = StdRng::seed_from_u64(1);
        let invite = invite(ALICE, BOB, headers, body);
        let session = Session::incoming(invite.clone(), ServerId(1), terms(), now, &mut rng).expect("a dialog");
        Scene { session, invite, now, start: now, rng, cseq: 1, is_caller: false }
    }

    /// Our INVITE is answered by the far end of this tag.
    pub fn answered(&mut self, status: u16, tag: &str, headers: &[(HeaderName, &str)], body: &[u8]) -> Vec<Effect> {
        let mut response = Response::to_request(&self.invite, StatusCode(status), Some(tag));
        response.headers.push(HeaderName::Contact, format!("<sip:{tag}@192.0.2.2>"));
        self.replied(Exchange::Invite, response, headers, body)
    }

    /// The request of ours is answered.
    pub fn replied(
        &mut self,
        exchange: Exchange,
        mut response: Response,
        headers: &[(HeaderName, &str)],
        body: &[u8],
    ) -> Vec<Effect> {
        headers.iter().for_each(|(name, value)| response.headers.push(name.clone(), *value));
        response.body = body.to_vec();
        self.session.receive_response(exchange, response, self.now, &mut self.rng);
        self.effects()
    }

    /// The peer's next request in the dialog; as the far end of tag `one` if we called.
    pub fn asked(&mut self, method: Method, headers: &[(HeaderName, &str)], body: &[u8]) -> Vec<Effect> {
        self.cseq += u32::from(method != Method::Ack);
        let (from, to) = match self.is_caller {
            true => (format!("{BOB};tag=one"), ALICE.to_owned()),
            false => (ALICE.to_owned(), format!("{BOB};tag={}", self.session.local_tag())),
        };
        let mut request = invite(&from, &to, &[], body);
        request.headers.set(HeaderName::CSeq, format!("{} {method}", self.cseq));
        headers.iter().for_each(|(name, value)| request.headers.set(name.clone(), *value));
        request.method = method;
        let server = (request.method != Method::Ack).then_some(ServerId(u64::from(self.cseq)));
        self.session.receive(server, request, self.now, &mut self.rng);
        self.effects()
    }

    /// So many milliseconds after the beginning it is.
    pub fn at(&mut self, ms: u64) -> Vec<Effect> {
        self.now = self.start + Duration::from_millis(ms);
        self.session.handle_timeout(self.now);
        self.effects()
    }

    /// Lets so many milliseconds pass.
    pub fn wait(&mut self, ms: u128) {
        let past = (self.now - self.start).as_millis();
        self.at(u64::try_from(past + ms).expect("a test is short"));
    }

    /// Lets time pass until so many milliseconds after the beginning; what the session wished, and when.
    pub fn wishes(&mut self, ms: u64) -> Vec<(u128, Effect)> {
        let end = self.start + Duration::from_millis(ms);
        let mut wishes = Vec::new();
        while let Some(next) = self.session.next_timeout().filter(|at| *at <= end) {
            self.now = self.now.max(next);
            let effects = self.at(u64::try_from((next - self.start).as_millis()).expect("a test is short"));
            wishes.extend(effects.into_iter().map(|effect| ((next - self.start).as_millis(), effect)));
        }
        self.now = end;
        wishes
    }

    /// The times alone.
    pub fn run(&mut self, ms: u64) -> Vec<u128> {
        self.wishes(ms).into_iter().map(|(at, _)| at).collect()
    }

    pub fn effects(&mut self) -> Vec<Effect> {
        let all = std::iter::from_fn(|| self.session.poll());
        // Who and where the peer is, is for those who show it.
        all.filter(|effect| *effect != Effect::Refreshed).collect()
    }
}

fn terms() -> Terms {
    Terms { timing: Config::default(), interval: Some(1800) }
}
