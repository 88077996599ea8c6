//! The exchange at the level of datagrams.
#![allow(clippy::disallowed_methods)] // A moment to count from; nothing waits on it.

use super::*;
use crate::sip::auth::Authenticator;
use rand::SeedableRng;
use rand::rngs::StdRng;
use std::time::Duration;

struct Bench {
    exchange: Exchange,
    rng: StdRng,
    now: Instant,
    cseq: u32,
}

fn address_of(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}

fn bench() -> Bench {
    let users = vec![User::new("alice", "secret", Algorithm::MD5), User::new("bob", "hunter2", Algorithm::SHA256)];
    let exchange = Exchange::new(ExchangeConfig::new("demo.invalid", users));
    Bench { exchange, rng: StdRng::seed_from_u64(1), now: Instant::now(), cseq: 0 }
}

impl Bench {
    /// Sends from a port of loopback; what goes out, to which port.
    fn send(&mut self, port: u16, bytes: &[u8]) -> Vec<(u16, Message)> {
        let flow =
            Flow { transport: crate::sip::flow::Transport::Udp, local: address_of(5060), remote: address_of(port) };
        let out = self.exchange.handle(bytes, flow, self.now, &mut self.rng);
        out.into_iter().map(|t| (t.flow.remote.port(), parse(&t.bytes).unwrap())).collect()
    }

    fn request(&mut self, method: Method, from: &str, uri: &str, port: u16) -> Request {
        self.cseq += 1;
        let mut request = Request::new(method.clone(), uri);
        let to = if method == Method::Register { format!("<sip:{from}@demo.invalid>") } else { format!("<{uri}>") };
        for (name, value) in [
            (HeaderName::Via, format!("SIP/2.0/UDP 127.0.0.1:{port};branch=z9hG4bK{};rport", self.cseq)),
            (HeaderName::MaxForwards, "70".to_owned()),
            (HeaderName::From, format!("<sip:{from}@demo.invalid>;tag=f{from}")),
            (HeaderName::To, to),
            (HeaderName::CallId, format!("call-{from}")),
            (HeaderName::CSeq, format!("{} {method}", self.cseq)),
            (HeaderName::Contact, format!("<sip:{from}@127.0.0.1:{port}>")),
        ] {
            request.headers.set(name, value);
        }
        request
    }

    /// The answer of the exchange to a request that is not forwarded.
    fn answered(&mut self, port: u16, request: &Request) -> Response {
        let out = self.send(port, &request.to_bytes());
        let [(to, Message::Response(response))] = out.as_slice() else { panic!("no single answer: {out:?}") };
        assert_eq!(*to, port);
        response.clone()
    }

    /// Registers, answering the challenge; the final response.
    fn register(&mut self, user: &str, password: &str, port: u16, expires: &str) -> Response {
        let mut request = self.request(Method::Register, user, "sip:demo.invalid", port);
        request.headers.set(HeaderName::Expires, expires);
        let challenge = self.answered(port, &request);
        assert_eq!(challenge.status, StatusCode(401));
        authorise(&mut request, &challenge, user, password);
        self.answered(port, &request)
    }
}

fn authorise(request: &mut Request, challenge: &Response, user: &str, password: &str) {
    let mut authenticator = Authenticator::new();
    authenticator.challenged(request, challenge).unwrap();
    authenticator.authorise(request, user, password, || "c".to_owned());
}

#[test]
fn users_register_with_either_digest() {
    let mut bench = bench();
    for (user, password, port) in [("alice", "secret", 6001), ("bob", "hunter2", 6002)] {
        let response = bench.register(user, password, port, "300");
        assert_eq!(response.status, StatusCode(200), "{user}");
        let contact = response.headers.text(&HeaderName::Contact).unwrap();
        assert_eq!(contact, format!("<sip:{user}@127.0.0.1:{port}>;expires=300"));
        assert_eq!(bench.exchange.registrar().bindings(user).len(), 1);
    }
}

#[test]
fn a_wrong_password_is_challenged_again_and_a_stranger_is_404() {
    let mut bench = bench();
    assert_eq!(bench.register("alice", "guess", 6001, "300").status, StatusCode(401));
    assert!(bench.exchange.registrar().bindings("alice").is_empty());
    let stranger = bench.request(Method::Register, "mallory", "sip:demo.invalid", 6009);
    assert_eq!(bench.answered(6009, &stranger).status, StatusCode(404));
}

#[test]
fn an_old_nonce_is_stale() {
    let mut bench = bench();
    let mut request = bench.request(Method::Register, "alice", "sip:demo.invalid", 6001);
    let challenge = bench.answered(6001, &request);
    authorise(&mut request, &challenge, "alice", "secret");
    bench.now += Duration::from_secs(301);
    let again = bench.answered(6001, &request);
    assert_eq!(again.status, StatusCode(401));
    assert!(again.headers.text(&HeaderName::WwwAuthenticate).unwrap().contains("stale=true"));
}

/// Thousands who ask and never answer are not remembered, and push nobody's nonce out.
#[test]
fn challenges_that_nobody_answers_cost_nothing() {
    let mut bench = bench();
    let mut request = bench.request(Method::Register, "alice", "sip:demo.invalid", 6001);
    let challenge = bench.answered(6001, &request);
    authorise(&mut request, &challenge, "alice", "secret");
    for port in 10_000..12_000 {
        let other = bench.request(Method::Register, "bob", "sip:demo.invalid", port);
        assert_eq!(bench.answered(port, &other).status, StatusCode(401));
    }
    assert_eq!(bench.answered(6001, &request).status, StatusCode(200));
}

/// A nonce made up, or whose age was changed, is as good as none: with the right password it is stale.
#[test]
fn a_nonce_cannot_be_made_up() {
    let mut bench = bench();
    let first = bench.request(Method::Register, "alice", "sip:demo.invalid", 6001);
    let challenge = bench.answered(6001, &first);
    bench.now += Duration::from_secs(301);
    let value = challenge.headers.text(&HeaderName::WwwAuthenticate).unwrap();
    for (from, to) in [("nonce=\"0-", "nonce=\"12d-"), ("nonce=\"0-", "nonce=\"")] {
        let mut forged = challenge.clone();
        forged.headers.set(HeaderName::WwwAuthenticate, value.replace(from, to));
        let mut request = bench.request(Method::Register, "alice", "sip:demo.invalid", 6001);
        authorise(&mut request, &forged, "alice", "secret");
        let again = bench.answered(6001, &request);
        assert_eq!(again.status, StatusCode(401));
        assert!(again.headers.text(&HeaderName::WwwAuthenticate).unwrap().contains("stale=true"), "{to}");
    }
}

#[test]
fn lifetimes_are_kept() {
    let mut bench = bench();
    let brief = bench.register("alice", "secret", 6001, "5");
    //= RFC 3261 §10.3 step 7
    assert_eq!(brief.status, StatusCode(423));
    assert_eq!(brief.headers.text(&HeaderName::MinExpires).as_deref(), Some("60"));
    bench.register("alice", "secret", 6001, "60");
    bench.register("alice", "secret", 6003, "120");
    assert_eq!(bench.exchange.registrar().bindings("alice").len(), 2);
    bench.now += Duration::from_secs(61);
    bench.send(6009, b"");
    assert_eq!(bench.exchange.registrar().bindings("alice").len(), 1, "the brief one has ended");
    let gone = bench.register("alice", "secret", 6003, "0");
    assert_eq!((gone.status, gone.headers.get(&HeaderName::Contact)), (StatusCode(200), None));
    assert!(bench.exchange.registrar().bindings("alice").is_empty());
}

//= RFC 3261 §10.3 steps 6 and 7
#[test]
fn a_register_that_was_overtaken_changes_nothing() {
    // (CSeq beside that of the binding, Call-ID, Contact, Expires): the status, whether Alice is registered then
    let (alice, other) = ("<sip:alice@127.0.0.1:6001>", "<sip:alice@127.0.0.1:6009>");
    for (step, call_id, contact, expires, status, stays) in [
        (-1, "call-alice", alice, "0", 500, true),
        (-1, "call-alice", "*", "0", 500, true),
        // The same once more: the answer once more.
        (0, "call-alice", alice, "300", 200, true),
        (1, "call-alice", alice, "0", 200, false),
        (1, "call-alice", "*", "0", 200, false),
        // Another run of the phone counts from anew.
        (-1, "other", alice, "0", 200, false),
        (-1, "other", "*", "0", 200, false),
        (-1, "call-alice", other, "0", 200, true),
    ] {
        let mut bench = bench();
        bench.cseq = 10;
        assert_eq!(bench.register("alice", "secret", 6001, "300").status, StatusCode(200));
        let mut request = bench.request(Method::Register, "alice", "sip:demo.invalid", 6001);
        let number = 11_i32 + step;
        for (name, value) in [
            (HeaderName::CSeq, format!("{number} REGISTER")),
            (HeaderName::CallId, call_id.to_owned()),
            (HeaderName::Contact, contact.to_owned()),
            (HeaderName::Expires, expires.to_owned()),
        ] {
            request.headers.set(name, value);
        }
        let challenge = bench.answered(6001, &request);
        authorise(&mut request, &challenge, "alice", "secret");
        let case = format!("{number} {call_id} {contact} {expires}");
        assert_eq!(bench.answered(6001, &request).status, StatusCode(status), "{case}");
        assert_eq!(bench.exchange.registrar().bindings("alice").len(), usize::from(stays), "{case}");
    }
}

/// Alice calls Bob, who is at these ports; the INVITE with credentials and what it became.
fn call(bench: &mut Bench, ports: &[u16]) -> (Request, Vec<(u16, Message)>) {
    bench.register("alice", "secret", 6001, "300");
    for port in ports {
        bench.register("bob", "hunter2", *port, "300");
    }
    let mut invite = bench.request(Method::Invite, "alice", "sip:bob@demo.invalid", 6001);
    let challenge = bench.answered(6001, &invite);
    assert_eq!(challenge.status, StatusCode(407));
    let mut ack = invite.clone();
    ack.method = Method::Ack;
    ack.headers.set(HeaderName::To, challenge.headers.get(&HeaderName::To).unwrap());
    ack.headers.set(HeaderName::CSeq, format!("{} ACK", bench.cseq));
    assert_eq!(bench.send(6001, &ack.to_bytes()), [], "the ACK to the exchange's own answer ends there");
    authorise(&mut invite, &challenge, "alice", "secret");
    let out = bench.send(6001, &invite.to_bytes());
    (invite, out)
}

#[test]
fn a_call_goes_through_and_its_requests_follow_the_route() {
    let mut bench = bench();
    let (_, out) = call(&mut bench, &[6002]);
    let [(6002, Message::Request(invite))] = out.as_slice() else { panic!("{out:?}") };
    assert_eq!(invite.uri, "sip:bob@127.0.0.1:6002");
    assert_eq!(invite.headers.text(&HeaderName::RecordRoute).as_deref(), Some("<sip:127.0.0.1:5060;lr>"));
    assert_eq!(invite.headers.vias().unwrap().len(), 2);
    assert_eq!(invite.headers.max_forwards().unwrap(), Some(69));
    let ok = Response::to_request(invite, StatusCode(200), Some("b"));
    let out = bench.send(6002, &ok.to_bytes());
    let [(6001, Message::Response(back))] = out.as_slice() else { panic!("{out:?}") };
    assert_eq!(back.headers.vias().unwrap().len(), 1);
    let mut bye = bench.request(Method::Bye, "alice", "sip:bob@127.0.0.1:6002", 6001);
    bye.headers.set(HeaderName::To, "<sip:bob@demo.invalid>;tag=b");
    bye.headers.push(HeaderName::Route, "<sip:127.0.0.1:5060;lr>");
    let out = bench.send(6001, &bye.to_bytes());
    let [(6002, Message::Request(bye))] = out.as_slice() else { panic!("{out:?}") };
    assert!(bye.headers.get(&HeaderName::Route).is_none());
    assert!(bye.headers.get(&HeaderName::RecordRoute).is_none());
}

#[test]
fn a_fork_reaches_every_contact_and_a_cancel_follows_it() {
    let mut bench = bench();
    let (invite, out) = call(&mut bench, &[6002, 6003]);
    let branches = |out: &[(u16, Message)]| -> Vec<(u16, String)> {
        let branch = |m: &Message| m.headers().via_top().unwrap().unwrap().branch().unwrap().to_owned();
        out.iter().map(|(port, message)| (*port, branch(message))).collect()
    };
    let first = branches(&out);
    assert_eq!(first.iter().map(|(port, _)| *port).collect::<Vec<_>>(), [6002, 6003]);
    assert_ne!(first[0].1, first[1].1);
    assert_eq!(branches(&bench.send(6001, &invite.to_bytes())), first, "a retransmission is one on every branch");
    let mut cancel = invite.clone();
    cancel.method = Method::Cancel;
    cancel.headers.set(HeaderName::CSeq, format!("{} CANCEL", bench.cseq));
    assert_eq!(branches(&bench.send(6001, &cancel.to_bytes())), first);
    for (port, message) in &out {
        let Message::Request(request) = message else { panic!("{message:?}") };
        let ok = Response::to_request(request, StatusCode(200), Some(&format!("t{port}")));
        assert_eq!(bench.send(*port, &ok.to_bytes()).len(), 1, "both 200s go upstream");
    }
}

#[test]
fn what_cannot_be_reached() {
    let mut bench = bench();
    // (called, status)
    let rows = [("sip:bob@demo.invalid", 480), ("sip:nobody@demo.invalid", 404), ("sip:x@elsewhere.invalid", 404)];
    for (uri, status) in rows {
        let mut invite = bench.request(Method::Invite, "alice", uri, 6001);
        let challenge = bench.answered(6001, &invite);
        authorise(&mut invite, &challenge, "alice", "secret");
        assert_eq!(bench.answered(6001, &invite).status, StatusCode(status), "{uri}");
    }
    let stranger = bench.request(Method::Invite, "mallory", "sip:bob@demo.invalid", 6009);
    assert_eq!(bench.answered(6009, &stranger).status, StatusCode(403));
    let mut far = bench.request(Method::Options, "alice", "sip:bob@demo.invalid", 6001);
    far.headers.set(HeaderName::MaxForwards, "0");
    //= RFC 3261 §16.3 step 3
    assert_eq!(bench.answered(6001, &far).status, StatusCode(483));
    let options = bench.request(Method::Options, "alice", "sip:demo.invalid", 6001);
    assert_eq!(bench.answered(6001, &options).status, StatusCode(200));
}

#[test]
fn faults_come_and_go() {
    let mut bench = bench();
    let request = bench.request(Method::Register, "alice", "sip:demo.invalid", 6001);
    bench.exchange.set_fault(Method::Register, Some(Fault::Silent));
    assert_eq!(bench.send(6001, &request.to_bytes()), []);
    bench.exchange.set_fault(Method::Register, Some(Fault::Refuse(StatusCode(503))));
    assert_eq!(bench.answered(6001, &request).status, StatusCode(503));
    bench.exchange.set_fault(Method::Register, None);
    assert_eq!(bench.answered(6001, &request).status, StatusCode(401));
}

#[test]
fn noise_is_dropped() {
    let mut bench = bench();
    for noise in
        [&b""[..], b"\r\n\r\n", b"hello", b"SIP/2.0 200 OK\r\n\r\n", b"INVITE sip:bob@demo.invalid SIP/2.0\r\n\r\n"]
    {
        assert_eq!(bench.send(6001, noise), []);
    }
}
