//! A phone behind a NAT: where it is told to be, what keeps its path open, who meddles with what it says.

use super::network::moves;
use super::registering::{SERVER, answer, state};
use super::rules::{self, SDP};
use super::*;
use crate::config::Rewrite;
use crate::nat::stun::{self, Attribute, Class, Method as StunMethod, Writer};
use crate::sip::message::{HeaderName, Method, StatusCode};

const INSIDE: [u8; 4] = [192, 0, 2, 5];

/// A phone at 192.0.2.5, its REGISTER sent.
fn behind(account: Account, settings: Settings) -> World {
    let mut world = World::new();
    world.add(AgentConfig::new(settings, vec![account]), 5070);
    world.phones[0].at = SocketAddr::from((INSIDE, 5070));
    world.run(Duration::ZERO);
    world
}

/// The registrar takes the last REGISTER, which came to it from there.
fn seen(world: &mut World, at: &str) {
    let request = last_register(world);
    let at: SocketAddr = at.parse().expect("an address");
    let mut response = Response::to_request(&request, StatusCode(200), Some("srv"));
    let via = request.headers.text(&HeaderName::Via).unwrap_or_default();
    response.headers.set(HeaderName::Via, via.replace(";rport", &format!(";rport={};received={}", at.port(), at.ip())));
    let contact = request.headers.contacts().expect("one").first().expect("one").to_string();
    response.headers.push(HeaderName::Contact, contact + ";expires=120");
    world.send(SERVER, 0, response.to_bytes());
}

fn last_register(world: &World) -> Request {
    world.requests("REGISTER").pop().expect("a REGISTER")
}

fn contact(request: &Request) -> String {
    request.headers.text(&HeaderName::Contact).unwrap_or_default()
}

fn body(request: &Request) -> String {
    String::from_utf8_lossy(&request.body).into_owned()
}

fn public(address: &str) -> Account {
    Account { public_address: address.parse().ok(), ..account("101") }
}

#[test]
fn a_description_bears_our_address_as_the_account_wishes() {
    let rewriting = |rewrite| Account { rewrite, ..account("101") };
    for (account, registered, shown) in [
        (rewriting(Rewrite::Everything), "198.51.100.9", "198.51.100.9"),
        (rewriting(Rewrite::Contact), "198.51.100.9", "192.0.2.5"),
        (rewriting(Rewrite::Nothing), "192.0.2.5", "192.0.2.5"),
        (public("203.0.113.7"), "203.0.113.7", "203.0.113.7"),
        (public("2001:db8::7"), "192.0.2.5", "192.0.2.5"),
    ] {
        let mut world = behind(account, Settings::default());
        seen(&mut world, "198.51.100.9:40000");
        world.dial(0, "600");
        let invite = world.last_request();
        assert!(contact(&invite).contains(&format!("@{registered}:")), "{}", contact(&invite));
        let body = body(&invite);
        assert!(body.contains(&format!("c=IN IP4 {shown}\r\n")), "{body}");
        assert!(!body.contains("a=rtcp:") || body.contains(&format!("IN IP4 {shown}")), "{body}");
    }
}

/// It was another address of the same machine, before the router gave it this one.
#[test]
fn a_public_address_of_the_network_around_us_moves_with_us() {
    let mut world = World::new();
    world.add(AgentConfig::new(Settings::default(), vec![public("10.0.0.9")]), 5070);
    world.phones[0].at = SocketAddr::from(([10, 0, 0, 5], 5070));
    world.run(Duration::ZERO);
    assert!(contact(&world.last_request()).contains("@10.0.0.5:5070"));
}

/// The router was restarted in the middle of a call, and has another address.
//= RFC 3261 §12.2.1.1
#[test]
fn far_ends_of_calls_are_told_of_an_address_that_changed() {
    let rewriting = Account { rewrite: Rewrite::Everything, ..account("101") };
    let mut world = behind(rewriting, Settings::default());
    seen(&mut world, "198.51.100.9:40000");
    seen(&mut world, "198.51.100.9:40000");
    world.dial(0, "600");
    let invite = world.last_request();
    let mut response = Response::to_request(&invite, StatusCode(200), Some("far"));
    response.headers.push(HeaderName::Contact, "<sip:600@127.0.0.1:5999>");
    response.headers.push(HeaderName::ContentType, "application/sdp");
    response.body = SDP.as_bytes().to_vec();
    world.send(SERVER, 0, response.to_bytes());
    assert_eq!(world.count("INVITE"), 1);
    let before = world.count("REGISTER");
    while world.count("REGISTER") == before {
        world.run(Duration::from_secs(1));
    }
    seen(&mut world, "198.51.100.9:40000");
    world.run(Duration::from_secs(3));
    assert_eq!(world.count("INVITE"), 1, "nothing has changed");
    let before = world.count("REGISTER");
    while world.count("REGISTER") == before {
        world.run(Duration::from_secs(1));
    }
    seen(&mut world, "203.0.113.8:7");
    world.run(Duration::from_millis(100));
    let again = world.requests("INVITE").pop().expect("an INVITE");
    assert!(contact(&again).contains("@203.0.113.8:7"), "{}", contact(&again));
    assert!(body(&again).contains("c=IN IP4 203.0.113.8\r\n"), "{}", body(&again));
    assert_eq!(rules::state(&world), [crate::ua::snapshot::CallState::Connected]);
}

#[test]
fn the_path_is_kept_open_as_often_as_the_account_says() {
    for (keep_alive_s, in_a_minute) in [(2, 30), (5, 12), (15, 4), (60, 1)] {
        let mut world = behind(Account { keep_alive_s, ..account("101") }, Settings::default());
        seen(&mut world, "192.0.2.5:5070");
        world.run(Duration::from_secs(60));
        assert_eq!(world.count("keep-alive"), in_a_minute, "{keep_alive_s}");
    }
}

/// The phone's last question by STUN, answered by the server as if it came from there.
fn stun(world: &mut World, at: &str) {
    let question = world.outside.iter().rev().find(|(_, packet)| stun::looks_like(&packet.bytes)).expect("STUN");
    let (id, to) = (stun::Message::parse(&question.1.bytes).expect("STUN").id, question.1.to);
    assert_eq!(to, address(SERVER));
    let answer = Writer::new(Class::Success, StunMethod::BINDING, id);
    let answer = answer.xor_address(Attribute::XOR_MAPPED_ADDRESS, at.parse().expect("an address"));
    world.send(SERVER, 0, answer.finish());
}

/// Registered at a server that keeps paths apart.
fn outbound() -> World {
    let mut world = behind(Account { register_refresh_s: 86_400, ..account("101") }, Settings::default());
    let contact = contact(&world.last_request());
    let headers = [(HeaderName::Require, "outbound"), (HeaderName::Contact, &format!("{contact};expires=86400"))];
    answer(&mut world, 200, &headers);
    world
}

//= RFC 5626 §4.4.2
#[test]
fn over_udp_a_server_that_keeps_paths_apart_is_asked_by_stun() {
    let mut world = outbound();
    assert_eq!(world.count("stun"), 1, "{:#?} {:?}", world.log, state(&world));
    stun(&mut world, "198.51.100.9:40000");
    for _ in 0..10 {
        world.run(Duration::from_secs(15));
        stun(&mut world, "198.51.100.9:40000");
    }
    // Each question with its answer, and no CRLF beside them.
    assert_eq!(
        (world.count("stun"), world.count("keep-alive"), world.count("REGISTER")),
        (22, 0, 1),
        "{:#?}",
        world.log
    );
    world.run(Duration::from_secs(15));
    stun(&mut world, "198.51.100.9:40007");
    let reason = "the path to 127.0.0.1:5999 (udp) was lost: it is seen at 198.51.100.9:40007 now";
    assert_eq!(state(&world).reason.as_deref(), Some(reason));
    world.run(Duration::from_secs(2));
    assert!(world.count("REGISTER") > 1);
}

//= RFC 5626 §4.4.2
#[test]
fn who_answered_stun_and_falls_silent_is_gone_and_who_never_did_is_not() {
    for answers in [true, false] {
        let mut world = outbound();
        if answers {
            stun(&mut world, "198.51.100.9:40000");
        }
        world.run(Duration::from_secs(50));
        let why = state(&world).reason;
        assert!(why.is_none_or(|why| !why.ends_with("no answer to keep-alives")));
        world.run(Duration::from_secs(600));
        assert_eq!(world.count("REGISTER") > 1, answers, "{:#?}", world.log);
        assert_eq!(world.count("keep-alive") > 30, !answers);
        assert!(world.count("stun") <= 16, "{:#?}", world.log);
    }
}

fn knocker(host: &str) -> Settings {
    Settings { port_knocker_host: host.to_owned(), port_knocker_ports: vec![7000, 8000, 9000], ..Settings::default() }
}

/// When which port of which host was knocked at, and the REGISTERs between, in milliseconds.
fn knocks(world: &World) -> Vec<(u128, String)> {
    let told = |(at, packet): &(Duration, Packet)| match message::parse(&packet.bytes) {
        Ok(Message::Request(request)) => Some((at.as_millis(), request.method.to_string())),
        _ if packet.bytes == b"knock\0" => Some((at.as_millis(), packet.to.to_string())),
        _ => None,
    };
    let mut all: Vec<_> = world.outside.iter().filter_map(told).collect();
    all.dedup_by(|a, b| a.1 == b.1);
    all
}

fn is_knocked(knocks: &[(u128, String)], host: &str) -> bool {
    let expected = [(0, format!("{host}:7000")), (200, format!("{host}:8000")), (400, format!("{host}:9000"))];
    let start = knocks.first().map_or(0, |(at, _)| *at);
    let moved: Vec<_> = knocks.iter().map(|(at, what)| (at - start, what.clone())).collect();
    moved == [&expected[..], &[(600, "REGISTER".to_owned())]].concat()
}

#[test]
fn the_doors_are_knocked_at_before_an_account_registers() {
    for (host, knocked) in [("", "127.0.0.1"), ("203.0.113.1", "203.0.113.1")] {
        let mut world = behind(account("101"), knocker(host));
        world.run(Duration::from_millis(700));
        assert!(is_knocked(&knocks(&world), knocked), "{:?}", knocks(&world));
        seen(&mut world, "192.0.2.5:5070");
        assert!(state(&world).registered);
        // A refresh goes where the door is open already.
        let before = knocks(&world).len();
        world.run(Duration::from_secs(110));
        assert!(world.count("REGISTER") > 1 && knocks(&world).len() == before, "{:#?}", world.log);
        seen(&mut world, "192.0.2.5:5070");
        world.outside.clear();
        // Another network, another address: the door is shut again.
        moves(&mut world, Some([192, 0, 2, 6]));
        world.run(Duration::from_secs(4));
        assert!(is_knocked(&knocks(&world), knocked), "{:?}", knocks(&world));
        // And where the path was lost.
        seen(&mut world, "192.0.2.6:5070");
        world.outside.clear();
        let flow = Flow { transport: Transport::Udp, local: world.phones[0].at, remote: address(SERVER) };
        let now = world.now;
        world.phones[0].agent.handle(Input::TransportFailed { flow, error: "connection refused".into() }, now);
        world.run(Duration::from_secs(4));
        assert!(is_knocked(&knocks(&world), knocked), "{:?}", knocks(&world));
    }
}

#[test]
fn a_door_that_cannot_be_found_keeps_nobody_from_registering_and_who_leaves_does_not_knock_on() {
    let world = behind(account("101"), knocker("no.such.host"));
    assert_eq!(world.count("REGISTER"), 1);
    let mut world = behind(account("101"), knocker(""));
    world.command(0, Command::Unregister { account: None }).expect("it has a registrar");
    world.run(Duration::from_secs(5));
    assert_eq!(world.count("REGISTER"), 0, "{:#?}", world.log);
}

/// The REGISTER comes back with another Via or Contact: what is said of it.
fn rewritten(via: (&str, &str), contact: (&str, &str)) -> (Option<String>, usize) {
    let mut world = behind(account("101"), Settings::default());
    let request = last_register(&world);
    let mut response = Response::to_request(&request, StatusCode(200), Some("srv"));
    let text = |name: &HeaderName| request.headers.text(name).unwrap_or_default();
    response.headers.set(HeaderName::Via, text(&HeaderName::Via).replace(via.0, via.1));
    response.headers.push(HeaderName::Contact, text(&HeaderName::Contact).replace(contact.0, contact.1));
    world.send(SERVER, 0, response.to_bytes());
    let tells = |event: &&Event| matches!(event, Event::Error { message, .. } if message.contains("SIP ALG"));
    (state(&world).rewritten, world.phones[0].events.iter().filter(tells).count())
}

//= RFC 3261 §18.1.2, §10.3
#[test]
fn what_comes_back_rewritten_is_said_in_words() {
    let own = ("192.0.2.5:5070", "192.0.2.5:5070");
    let alg = ("192.0.2.5:5070", "198.51.100.9:1024");
    assert_eq!(rewritten(own, own), (None, 0));
    // Nothing comes of it: whoever is silent would be no worse.
    let (words, told) = rewritten(alg, own);
    let via = "a SIP ALG in the router rewrites what we send: our Via of 192.0.2.5:5070 came back as 198.51.100.9:1024";
    assert_eq!((words.as_deref(), told), (Some(via), 1));
    let (words, told) = rewritten(own, alg);
    let contact = "our Contact of 192.0.2.5:5070 was registered as 198.51.100.9:1024: the server puts it right, or a SIP \
                   ALG in the router rewrites it";
    assert_eq!((words.as_deref(), told), (Some(contact), 0));
}

/// One that changes the case of letters spoils what is told apart by it.
//= RFC 3261 §8.2.6.2, §20.8
#[test]
fn a_call_id_in_other_letters_is_said_in_words() {
    let mut world = behind(account("101"), Settings::default());
    let request = last_register(&world);
    let ours = request.headers.text(&HeaderName::CallId).unwrap_or_default();
    let mut response = Response::to_request(&request, StatusCode(200), Some("srv"));
    response.headers.set(HeaderName::CallId, ours.to_uppercase());
    world.send(SERVER, 0, response.to_bytes());
    let theirs = ours.to_uppercase();
    let words = format!("a SIP ALG in the router rewrites what we send: our Call-ID of {ours} came back as {theirs}");
    assert_eq!(state(&world).rewritten, Some(words));
    assert!(!state(&world).registered);
}

/// It undoes in the answer what it did to the request, and goes too far: no server outside sees an inner address.
//= RFC 3261 §18.2.1
#[test]
fn a_router_that_undoes_what_it_does_is_given_away_by_our_source() {
    let server = SocketAddr::from(([203, 0, 113, 99], 5999));
    for (received, is_told) in [("10.0.0.5", true), ("198.51.100.9", false)] {
        let account = Account { server: server.to_string(), domain: "203.0.113.99".into(), ..account("101") };
        let mut world = World::new();
        world.add(AgentConfig::new(Settings::default(), vec![account]), 5070);
        world.phones[0].at = SocketAddr::from(([10, 0, 0, 5], 5070));
        world.run(Duration::ZERO);
        let request = last_register(&world);
        let mut response = Response::to_request(&request, StatusCode(200), Some("srv"));
        let via = request.headers.text(&HeaderName::Via).unwrap_or_default();
        response.headers.set(HeaderName::Via, via.replace(";rport", &format!(";rport=5070;received={received}")));
        let to = world.phones[0].at;
        world.wire.push_back(Packet { from: server, to, bytes: response.to_bytes() });
        world.settle();
        let words = "203.0.113.99 is outside and says it sees us at 10.0.0.5: a SIP ALG in the router rewrites what comes \
                     and goes";
        assert_eq!(state(&world).rewritten.as_deref(), is_told.then_some(words));
    }
}

#[test]
fn what_nobody_asked_for_by_stun_is_counted_and_no_more() {
    let mut world = outbound();
    stun(&mut world, "198.51.100.9:40000");
    let stranger = Writer::new(Class::Success, StunMethod::BINDING, stun::TransactionId([7; 12]));
    let stranger = stranger.xor_address(Attribute::XOR_MAPPED_ADDRESS, address(9)).finish();
    for from in [SERVER, 6000] {
        world.send(from, 0, stranger.clone());
    }
    assert_eq!((world.count("REGISTER"), state(&world).registered), (1, true));
    let refused = world.phones[0].agent.status(world.now).refused;
    assert_eq!(refused.get("unreadable"), Some(&2), "{refused:?}");
    assert_eq!(world.requests(Method::Register.as_str()).len(), 1);
}

//= RFC 5626 §4.4.1
#[test]
fn on_a_connection_who_grants_a_flow_timer_or_outbound_owes_answers() {
    for (transport, granted, owes) in [
        ("tcp", None, false),
        ("tcp", Some((HeaderName::FlowTimer, "60")), true),
        ("tcp", Some((HeaderName::Require, "outbound")), true),
        ("udp", Some((HeaderName::FlowTimer, "60")), false),
    ] {
        let mut world = behind(Account { transport: transport.into(), ..account("101") }, Settings::default());
        answer(&mut world, 200, granted.as_slice());
        world.run(Duration::from_secs(30));
        let words = if owes { "keep-alive owed" } else { "keep-alive" };
        let kept: Vec<&String> = world.log.iter().filter(|line| line.contains("keep-alive")).collect();
        assert!(kept.len() == 2 && kept.iter().all(|line| line.ends_with(words)), "{transport}: {kept:?}");
    }
}
