//! Which way requests go, and to whom credentials are shown, against a scripted far end.

use super::rules::{PEER, SDP, ask, called, cseq, respond, state};
use super::*;
use crate::sip::message::{HeaderName, StatusCode};
use crate::ua::command::HangupWhich;
use crate::ua::snapshot::CallState;

const SPARE: u16 = 5997;

/// A phone with an account at 5998, registered there under the realm `pbx`.
fn at_home() -> World {
    let mut world = World::new();
    let account = Account { server: format!("127.0.0.1:{PEER}"), ..account("101") };
    world.add(AgentConfig::new(Settings::default(), vec![account]), 5070);
    world.run(Duration::ZERO);
    let first = world.last_request();
    respond(&mut world, &first, 401, &[(HeaderName::WwwAuthenticate, "Digest realm=\"pbx\", nonce=\"a\"")], "");
    let second = world.last_request();
    respond(&mut world, &second, 200, &[], "");
    world.dial(0, "600");
    let invite = world.last_request();
    respond(&mut world, &invite, 200, &[], SDP);
    assert_eq!(state(&world), [CallState::Connected]);
    world
}

//= RFC 3261 §22.1, §22.3
#[test]
fn inside_a_call_only_the_registrars_realm_is_answered() {
    for (realm, answers) in [("pbx", true), ("evil", false)] {
        for command in [Command::Hold { call: None }, Command::Hangup { which: HangupWhich::All }] {
            let mut world = at_home();
            world.command(0, command.clone()).expect("connected");
            let request = world.last_request();
            let challenge = format!("Digest realm=\"{realm}\", nonce=\"b\"");
            respond(&mut world, &request, 407, &[(HeaderName::ProxyAuthenticate, &challenge)], "");
            let again = world.outside.iter().rev().find_map(|(_, packet)| match message::parse(&packet.bytes) {
                Ok(Message::Request(r)) if r.method == request.method => Some(r),
                _ => None,
            });
            let again = again.expect("it was sent");
            let shown = again.headers.text(&HeaderName::ProxyAuthorization);
            assert_eq!(shown.is_some_and(|value| value.contains("nonce=\"b\"")), answers, "{realm}, {command:?}");
            assert_eq!(cseq(&again), cseq(&request) + u32::from(answers), "{realm}, {command:?}");
        }
    }
}

/// Whether a 407 of this realm to the phone's last request was answered.
fn answers(world: &mut World, realm: &str) -> bool {
    let request = world.last_request();
    let nonce = format!("nonce=\"{}\"", cseq(&request));
    let challenge = format!("Digest realm=\"{realm}\", {nonce}");
    respond(world, &request, 407, &[(HeaderName::ProxyAuthenticate, &challenge)], "");
    let again = world.last_request();
    again.method == request.method && String::from_utf8_lossy(&again.to_bytes()).contains(&nonce)
}

/// A phone whose registrar asked for a password, or did not, with a call under way.
fn dialled(registrar_asks: bool) -> World {
    let mut world = World::new();
    let account = Account { server: format!("127.0.0.1:{PEER}"), ..account("101") };
    world.add(AgentConfig::new(Settings::default(), vec![account]), 5070);
    world.run(Duration::ZERO);
    assert!(!registrar_asks || answers(&mut world, "pbx"));
    let register = world.last_request();
    respond(&mut world, &register, 200, &[], "");
    world.dial(0, "600");
    world
}

//= RFC 3261 §22.1, §22.3
#[test]
fn a_call_is_asked_for_the_password_by_its_own_realm_alone() {
    // (the registrar asked, the far end rings, realm, answered)
    for (asks, rings, realm, answered) in [
        (true, false, "pbx", true),
        (true, false, "127.0.0.1", true),
        (true, false, "evil", false),
        (true, true, "evil", false),
        (false, false, "asterisk", true),
        (false, true, "evil", false),
        (false, true, "127.0.0.1", true),
    ] {
        let mut world = dialled(asks);
        let invite = world.last_request();
        if rings {
            respond(&mut world, &invite, 180, &[], "");
        }
        assert_eq!(answers(&mut world, realm), answered, "{asks}, {rings}, {realm}");
        if !answered {
            world.run(Duration::from_secs(1));
            let reason = "Proxy Authentication Required: evil is no realm of this account, and is shown no password";
            assert_eq!(world.ended(0).reason.as_deref(), Some(reason));
        }
    }
}

/// The registrar never asked: inside the call only who was answered before it began may ask.
#[test]
fn a_realm_unknown_before_the_call_is_not_answered_in_it() {
    for (realm, answered) in [("asterisk", true), ("evil", false)] {
        let mut world = dialled(false);
        assert!(answers(&mut world, "asterisk"));
        let invite = world.last_request();
        respond(&mut world, &invite, 200, &[], SDP);
        world.command(0, Command::Hangup { which: HangupWhich::All }).expect("connected");
        assert_eq!(answers(&mut world, realm), answered, "{realm}");
    }
}

/// Over TCP a transaction is over with its final response (RFC 3261 §17.1.1.2, timer D), not so the exchange.
#[test]
fn a_challenge_over_tcp_is_answered() {
    let mut world = World::new();
    let account = Account { server: format!("127.0.0.1:{PEER}"), transport: "tcp".into(), ..account("101") };
    world.add(AgentConfig::new(Settings::default(), vec![account]), 5070);
    world.run(Duration::ZERO);
    let register = world.last_request();
    respond(&mut world, &register, 200, &[], "");
    world.dial(0, "600");
    let invite = world.last_request();
    let challenge = "Digest realm=\"pbx\", nonce=\"a\"";
    respond(&mut world, &invite, 407, &[(HeaderName::ProxyAuthenticate, challenge)], "");
    let again = world.last_request();
    assert_eq!((&again.method, cseq(&again)), (&invite.method, cseq(&invite) + 1));
    assert!(again.headers.get(&HeaderName::ProxyAuthorization).is_some());
}

/// A server behind the registrar's, which no name leads to, is reached by the connection there is.
#[test]
fn a_connection_carries_what_its_call_can_send_nowhere_else() {
    for (transport, carried) in [("tls", true), ("tcp", true), ("udp", false)] {
        let mut world = World::new();
        let account = Account { server: format!("127.0.0.1:{PEER}"), transport: transport.into(), ..account("101") };
        world.add(AgentConfig::new(Settings::default(), vec![account]), 5070);
        world.run(Duration::ZERO);
        let register = world.last_request();
        respond(&mut world, &register, 200, &[], "");
        world.dial(0, "600");
        let invite = world.last_request();
        let inside = format!("<sip:edge.inside;transport={transport};lr>");
        respond(&mut world, &invite, 200, &[(HeaderName::RecordRoute, &inside)], SDP);
        world.command(0, Command::Hangup { which: HangupWhich::All }).expect("connected");
        assert_eq!((world.count("ACK"), world.count("BYE")), (carried.into(), carried.into()), "{transport}");
    }
}

/// Another socket of the registrar's machine is not the registrar.
#[test]
fn a_neighbour_of_the_registrar_is_a_stranger() {
    let mut world = at_home();
    world.command(0, Command::Hangup { which: HangupWhich::All }).expect("connected");
    let invite = String::from_utf8(called("", "", "x")).expect("text").replace("sip:alice@", "sip:101@");
    world.send(6001, 0, invite.replace("127.0.0.1:5998", "127.0.0.1:6001").into_bytes());
    assert_eq!(world.last_response().status.0, 404);
    world.send(PEER, 0, invite.replace("Call-ID: in", "Call-ID: in2").into_bytes());
    assert_eq!(world.last_response().status.0, 180);
}

/// To know a call by all its names does not let a stranger in.
//= RFC 3891 §3, §8
#[test]
fn a_stranger_takes_over_no_call() {
    let mut world = at_home();
    let invite = world.requests("INVITE").pop().expect("the call's");
    let text = |name| invite.headers.text(&name).unwrap_or_default();
    let tag = text(HeaderName::From).split_once(";tag=").map(|(_, tag)| tag.to_owned()).expect("ours");
    let replaces = format!("Replaces: {};to-tag={tag};from-tag=one\r\n", text(HeaderName::CallId));
    let taking = String::from_utf8(called(&replaces, "", "x")).expect("text").replace("sip:alice@", "sip:101@");
    world.send(6001, 0, taking.replace("127.0.0.1:5998", "127.0.0.1:6001").into_bytes());
    assert_eq!((world.last_response().status.0, state(&world)), (404, vec![CallState::Connected]));
    world.send(PEER, 0, taking.replace("Call-ID: in", "Call-ID: in2").into_bytes());
    assert_eq!(world.last_response().status.0, 200, "the names are right: who comes by the registrar takes it over");
}

/// Whom a far end hands us over to is no server of ours, whatever realm it names.
//= RFC 3261 §22.1
#[test]
fn who_is_called_for_a_far_end_is_shown_no_password() {
    let mut world = at_home();
    let invite = world.requests("INVITE").pop().expect("the call's");
    let refer = ask(&mut world, &invite, "REFER", 20, "Refer-To: <sip:x@127.0.0.9:6000>\r\n", "");
    assert_eq!(refer.status.0, 202);
    let called = |world: &World| -> Vec<Request> {
        world.requests("INVITE").into_iter().filter(|invite| invite.uri == "sip:x@127.0.0.9:6000").collect()
    };
    let new = called(&world).pop().expect("it is called");
    let challenge = [(HeaderName::ProxyAuthenticate, "Digest realm=\"pbx\", nonce=\"b\"")];
    respond(&mut world, &new, 407, &challenge, "");
    world.run(Duration::from_secs(1));
    assert_eq!(called(&world).len(), 1);
    let shown = [HeaderName::Authorization, HeaderName::ProxyAuthorization];
    assert!(shown.iter().all(|name| new.headers.get(name).is_none()), "{new:?}");
}

/// Whoever tries a phone without a server by its address is told by the phone why it stays silent, once.
#[test]
fn the_first_call_of_a_stranger_is_told_of_where_there_is_no_server() {
    let told = |world: &World| {
        let words = |event: &Event| matches!(event, Event::Error { message, .. } if message.contains("strangers"));
        world.phones[0].events.iter().filter(|event| words(event)).count()
    };
    for (mut world, expected) in [(World::new(), 1), (at_home(), 0)] {
        if world.phones.is_empty() {
            world.add(local("alice"), 5070);
        }
        for call in ["in", "in2"] {
            let invite = String::from_utf8(called("", "", "x")).expect("text").replace("sip:alice@", "sip:nobody@");
            let invite =
                invite.replace("127.0.0.1:5998", "127.0.0.1:6001").replace("Call-ID: in", &format!("Call-ID: {call}"));
            world.send(6001, 0, invite.into_bytes());
            assert_eq!(world.last_response().status.0, 404);
        }
        assert_eq!(told(&world), expected);
    }
}

fn dialled_with_a_spare() -> (World, Request) {
    let mut world = World::new();
    world.add(local("alice"), 5070);
    world.spare = Some(SPARE);
    world.dial(0, "sip:bob@127.0.0.1:5998");
    let invite = world.last_request();
    (world, invite)
}

fn invites_to(world: &World, port: u16) -> usize {
    let is_invite = |packet: &Packet| packet.to.port() == port && packet.bytes.starts_with(b"INVITE");
    world.outside.iter().filter(|(_, packet)| is_invite(packet)).count()
}

//= RFC 3263 §4.3
#[test]
fn the_next_address_is_tried_after_503_and_silence() {
    let (mut world, invite) = dialled_with_a_spare();
    respond(&mut world, &invite, 503, &[(HeaderName::RetryAfter, "9")], "");
    assert_eq!((world.count("ACK"), invites_to(&world, SPARE)), (1, 1));
    let next = world.last_request();
    assert_eq!(cseq(&next), cseq(&invite));
    // Now there is no other: the refusal is told.
    let refused = Response::to_request(&next, StatusCode(503), Some("two"));
    world.send(SPARE, 0, refused.to_bytes());
    world.run(Duration::from_secs(1));
    assert_eq!(world.ended(0).reason.as_deref(), Some("Service Unavailable"));

    let (mut world, _) = dialled_with_a_spare();
    world.run(Duration::from_millis(32_100));
    assert_eq!((invites_to(&world, PEER), invites_to(&world, SPARE)), (7, 1));
    world.run(Duration::from_secs(40));
    assert_eq!(world.ended(0).outcome.as_deref(), Some("unreachable"));
}

//= RFC 3261 §21.5.4
#[test]
fn a_busy_server_is_left_alone_as_long_as_it_says() {
    let rows =
        [(Some("9"), 8, false), (Some("9"), 10, true), (None, 10, false), (None, 61, true), (Some("300"), 61, false)];
    for (says, after_s, comes_back) in rows {
        let (mut world, invite) = dialled_with_a_spare();
        let header = says.map(|seconds| (HeaderName::RetryAfter, seconds));
        respond(&mut world, &invite, 503, header.as_slice(), "");
        let next = world.last_request();
        world.send(SPARE, 0, Response::to_request(&next, StatusCode(486), Some("two")).to_bytes());
        world.run(Duration::from_secs(after_s));
        world.dial(0, "sip:carol@127.0.0.1:5998");
        assert_eq!(invites_to(&world, PEER) == 2, comes_back, "{says:?} after {after_s} s");
    }
}

/// A 503 after a ring is the far end's: nobody else is called, and the server is none to avoid.
#[test]
fn a_far_end_that_rang_and_refused_is_called_once() {
    for (status, elsewhere) in [(100, 1), (180, 0), (183, 0)] {
        let (mut world, invite) = dialled_with_a_spare();
        respond(&mut world, &invite, status, &[], "");
        respond(&mut world, &invite, 503, &[], "");
        assert_eq!(invites_to(&world, SPARE), elsewhere, "{status}");
        world.dial(0, "sip:carol@127.0.0.1:5998");
        assert_eq!(invites_to(&world, SPARE), 2 * elsewhere, "{status}: the next call");
    }
}

/// An account with a second server whose call was challenged and asked for once more; that INVITE.
fn challenged_with_a_spare() -> (World, Request) {
    let mut world = World { spare: Some(SPARE), ..World::new() };
    let account = Account { server: format!("127.0.0.1:{PEER}"), ..account("101") };
    let settings = Settings { single_mode: false, ..Settings::default() };
    world.add(AgentConfig::new(settings, vec![account]), 5070);
    world.run(Duration::ZERO);
    let register = world.last_request();
    respond(&mut world, &register, 200, &[], "");
    world.dial(0, "600");
    assert!(answers(&mut world, "pbx"));
    let invite = world.last_request();
    (world, invite)
}

//= RFC 3263 §4.3
#[test]
fn the_next_address_is_tried_after_a_challenge_too() {
    let (mut world, invite) = challenged_with_a_spare();
    respond(&mut world, &invite, 503, &[], "");
    assert_eq!(invites_to(&world, SPARE), 1);
    assert_eq!(cseq(&world.last_request()), cseq(&invite));
}

/// A server that gives each nonce for one request does not always say `stale`: the password was good all the same.
#[test]
fn a_ring_proves_the_password() {
    for (status, answered) in [(100, false), (180, true)] {
        let (mut world, invite) = challenged_with_a_spare();
        respond(&mut world, &invite, status, &[], "");
        world.dial(0, "601");
        assert_eq!(answers(&mut world, "pbx"), answered, "{status}");
    }
}

/// A call over TCP; how often it was tried at the first address and at the other.
fn over_tcp(then: impl FnOnce(&mut World, &Request)) -> (World, [usize; 2]) {
    let mut world = World::new();
    world.add(local("alice"), 5070);
    world.spare = Some(SPARE);
    world.dial(0, &format!("sip:bob@127.0.0.1:{PEER};transport=tcp"));
    let invite = world.last_request();
    then(&mut world, &invite);
    world.run(Duration::from_secs(1));
    let tries = [PEER, SPARE].map(|port| invites_to(&world, port));
    (world, tries)
}

fn hangs_up(world: &mut World, port: u16) {
    let flow = Flow { transport: Transport::Tcp, local: world.phones[0].at, remote: address(port) };
    let now = world.now;
    world.phones[0].agent.handle(Input::TransportFailed { flow, error: "reset".into() }, now);
    world.settle();
}

//= RFC 3263 §4.3
#[test]
fn a_connection_to_the_next_address_is_opened_after_503_and_silence() {
    let refused = |world: &mut World, request: &Request, port: u16| {
        world.send(port, 0, Response::to_request(request, StatusCode(503), Some("srv")).to_bytes());
    };
    let (mut world, tries) = over_tcp(|world, invite| refused(world, invite, PEER));
    assert_eq!(tries, [1, 1], "{:#?}", world.log);
    // The next call does not begin with the one that failed.
    world.dial(0, &format!("sip:carol@127.0.0.1:{PEER};transport=tcp"));
    assert_eq!([PEER, SPARE].map(|port| invites_to(&world, port)), [1, 2]);
    // Now there is no other: the refusal is told.
    let (world, tries) = over_tcp(|world, invite| {
        refused(world, invite, PEER);
        let next = world.last_request();
        refused(world, &next, SPARE);
    });
    assert_eq!((tries, world.ended(0).reason.as_deref()), ([1, 1], Some("Service Unavailable")));
    let (_, tries) = over_tcp(|world, _| world.run(Duration::from_secs(33)));
    assert_eq!(tries, [1, 1]);
}

/// A connection that was there may close as it is used: once more over a new one, never a third time.
#[test]
fn a_connection_that_closes_under_a_request_is_opened_once_more() {
    let (_, tries) = over_tcp(|world, _| hangs_up(world, PEER));
    assert_eq!(tries, [2, 0]);
    let (world, tries) = over_tcp(|world, _| (0..2).for_each(|_| hangs_up(world, PEER)));
    assert_eq!((tries, world.ended(0).outcome.as_deref()), ([2, 0], Some("unreachable")));
    let words = world.ended(0).reason.unwrap_or_default();
    assert_eq!(words, format!("cannot reach 127.0.0.1:{PEER} (tcp): reset"));
    // Who has heard of it would hear of it twice; who does not want it any more, not at all.
    let rings = |world: &mut World, invite: &Request| respond(world, invite, 180, &[], "");
    let (_, tries) = over_tcp(|world, invite| {
        rings(world, invite);
        hangs_up(world, PEER);
    });
    assert_eq!(tries, [1, 0]);
    let (_, tries) = over_tcp(|world, _| {
        world.command(0, Command::Hangup { which: HangupWhich::All }).expect("there is a call");
        hangs_up(world, PEER);
    });
    assert_eq!(tries, [1, 0]);
}

#[test]
fn a_call_given_up_tries_no_other_address() {
    let (mut world, _) = dialled_with_a_spare();
    world.command(0, Command::Hangup { which: HangupWhich::All }).expect("there is a call");
    world.run(Duration::from_secs(40));
    assert_eq!(invites_to(&world, SPARE), 0);
    let flow = Flow { transport: Transport::Udp, local: address(5070), remote: address(PEER) };
    let (mut world, _) = dialled_with_a_spare();
    world.command(0, Command::Hangup { which: HangupWhich::All }).expect("there is a call");
    let now = world.now;
    world.phones[0].agent.handle(Input::TransportFailed { flow, error: "refused".into() }, now);
    world.settle();
    assert_eq!(invites_to(&world, SPARE), 0);
}

/// The registrar sees us elsewhere and says so in its 200: registered there at once, but an address that changes each
/// time makes no storm.
//= RFC 3581 §4
#[test]
fn a_learned_address_is_registered_once_between_refreshes() {
    let mut world = World::new();
    let account = Account { server: format!("127.0.0.1:{PEER}"), ..account("101") };
    world.add(AgentConfig::new(Settings::default(), vec![account]), 5070);
    world.run(Duration::ZERO);
    let mut contacts = Vec::new();
    for port in [40_001, 40_002, 40_003] {
        let register = world.last_request();
        contacts.push(register.headers.all(&HeaderName::Contact).count());
        let mut ok = Response::to_request(&register, StatusCode(200), Some("r"));
        let via = register.headers.text(&HeaderName::Via).unwrap_or_default();
        ok.headers.set(HeaderName::Via, via.replace(";rport", &format!(";received=198.51.100.7;rport={port}")));
        ok.headers.push(HeaderName::Expires, "100");
        world.send(PEER, 0, ok.to_bytes());
    }
    assert_eq!((world.count("REGISTER"), contacts), (2, vec![1, 2, 2]));
    let second = world.last_request();
    let text = String::from_utf8(second.to_bytes()).expect("text");
    assert!(text.contains("@198.51.100.7:40001>"), "{text}");
    assert!(text.contains("@127.0.0.1:5070>;expires=0"), "{text}");
    world.run(Duration::from_secs(60));
    assert_eq!(world.count("REGISTER"), 2);
}

//= RFC 3261 §8.1.3.4
#[test]
fn redirections_go_to_the_likeliest_first_and_nowhere_twice() {
    let (mut world, first) = dialled_with_a_spare();
    world.spare = None;
    let contacts = "<sip:odd@127.0.0.1:5998>;q=nan, <sip:low@127.0.0.1:5998>;q=0.1, <sip:bob@127.0.0.1:5998>, <sip:high@127.0.0.1:5998>;q=0.9";
    let moved = |request: &Request, contacts: &str| {
        let mut response = Response::to_request(request, StatusCode(302), Some("m"));
        response.headers.push(HeaderName::Contact, contacts);
        response.to_bytes()
    };
    world.send(PEER, 0, moved(&first, contacts));
    let mut asked = vec![first.uri];
    for _ in 0..3 {
        let request = world.last_request();
        asked.push(request.uri.clone());
        world.send(PEER, 0, moved(&request, "<sip:bob@127.0.0.1:5998>"));
    }
    assert_eq!(asked, ["bob", "high", "low", "odd"].map(|user| format!("sip:{user}@127.0.0.1:5998")));
    world.run(Duration::from_secs(1));
    assert_eq!((world.count("INVITE"), world.ended(0).status), (4, Some(302)));
}

/// The transports of two INVITEs to a far host, with a parameter of this length in the address.
fn invites_by(world: &mut World, length: usize) -> Vec<String> {
    world.add(local("alice"), 5070);
    for _ in 0..2 {
        world.dial(0, &format!("sip:bob@192.0.2.1;x={}", "x".repeat(length)));
    }
    let invites = world.tap.iter().filter(|bytes| bytes.starts_with(b"INVITE"));
    let via = |bytes: &Vec<u8>| {
        let text = String::from_utf8_lossy(bytes).into_owned();
        text.lines().find_map(|line| line.strip_prefix("Via: SIP/2.0/")?.split(' ').next().map(str::to_owned))
    };
    invites.filter_map(via).collect()
}

//= RFC 3261 §18.1.1
#[test]
fn what_a_datagram_cannot_carry_goes_by_tcp_or_after_all_by_udp() {
    assert_eq!(invites_by(&mut World::new(), 20), ["UDP", "UDP"]);
    assert_eq!(invites_by(&mut World::new(), 1_000), ["TCP", "TCP"]);
    let mut deaf = World { no_tcp: true, ..World::new() };
    assert_eq!(invites_by(&mut deaf, 1_000), ["UDP", "UDP"]);
}

//= RFC 3261 §9.1
#[test]
fn a_large_call_given_up_before_it_left_never_leaves() {
    for refused in [false, true] {
        let mut world = World { slow_tcp: Some(Vec::new()), ..World::new() };
        world.add(local("alice"), 5070);
        world.dial(0, &format!("sip:bob@192.0.2.1;x={}", "x".repeat(1_000)));
        world.command(0, Command::Hangup { which: HangupWhich::All }).expect("there is a call");
        let slow = world.slow_tcp.take().unwrap_or_default();
        assert_eq!(slow.len(), 1);
        for (query, answer) in slow {
            let answer = if refused { Err("Connection refused".to_owned()) } else { answer };
            let now = world.now;
            world.phones[0].agent.handle(Input::Resolved(query, answer), now);
        }
        world.run(Duration::from_secs(40));
        assert_eq!((world.count("INVITE"), world.phones[0].agent.calls.len()), (0, 0), "{refused}");
    }
}

#[test]
fn a_connection_that_breaks_leads_back_to_udp() {
    let mut world = World::new();
    assert_eq!(invites_by(&mut world, 1_000), ["TCP", "TCP"]);
    let (local, remote) = (world.phones[0].at, SocketAddr::from(([192, 0, 2, 1], 5060)));
    let flow = Flow { transport: Transport::Tcp, local, remote };
    let now = world.now;
    world.phones[0].agent.handle(Input::TransportFailed { flow, error: "reset".into() }, now);
    world.settle();
    let last = world.tap.iter().rev().take(2).map(|bytes| String::from_utf8_lossy(bytes).contains("SIP/2.0/UDP"));
    assert_eq!(last.collect::<Vec<_>>(), [true, true]);
}
