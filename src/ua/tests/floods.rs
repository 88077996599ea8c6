//! Floods: what is kept stays within its bounds, what is dropped is counted, and who is expected comes through.

use super::registering::{SERVER, registered};
use super::*;
use crate::sip::message::HeaderName;
use crate::ua::census::Census;
use std::net::Ipv4Addr;

/// Packets of a flood.
const MANY: u32 = 10_000;
/// Transactions that others may take, of those there are (`transaction::Config`).
const MOST_OF_OTHERS: usize = 3072;
const METHODS: [&str; 12] = [
    "INVITE",
    "OPTIONS",
    "MESSAGE",
    "SUBSCRIBE",
    "NOTIFY",
    "REGISTER",
    "REFER",
    "INFO",
    "BYE",
    "CANCEL",
    "UPDATE",
    "PUBLISH",
];

fn from_one(_: u32) -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 7], 5060))
}

/// Addresses as a flood makes them up.
fn from_many(n: u32) -> SocketAddr {
    SocketAddr::new(Ipv4Addr::from_bits(0x0a00_0000 + n).into(), 5060)
}

fn from_the_server(_: u32) -> SocketAddr {
    address(SERVER)
}

fn request(method: &str, uri: &str, n: u32, from: SocketAddr, extra: &str) -> Vec<u8> {
    format!(
        "{method} {uri} SIP/2.0\r\nVia: SIP/2.0/UDP {from};rport;branch=z9hG4bK-{method}{n}\r\nMax-Forwards: 70\r\n\
         From: <sip:e{n}@example.com>;tag=t{n}\r\nTo: <{uri}>\r\nCall-ID: {method}{n}\r\nCSeq: 1 {method}\r\n\
         Contact: <sip:e@{from}>\r\nUser-Agent: friendly-scanner\r\n{extra}\r\n"
    )
    .into_bytes()
}

fn contact(world: &World) -> String {
    world.last_request().headers.contacts().expect("readable").first().expect("one").uri.to_string()
}

fn hand(world: &mut World, from: SocketAddr, bytes: Vec<u8>) {
    let to = world.phones[0].at;
    world.wire.push_back(Packet { from, to, bytes });
    world.settle();
}

fn census(world: &World) -> Census {
    world.phones[0].agent.census()
}

fn refused(world: &World, class: &str) -> u64 {
    world.phones[0].agent.status(world.now).refused.get(class).copied().unwrap_or_default()
}

fn rings(world: &World) -> usize {
    world.names(0).iter().filter(|name| *name == "call_incoming").count()
}

/// The registrar sends a call, which rings and is given up.
fn a_call_comes_through(world: &mut World, contact: &str, n: u32) {
    let before = rings(world);
    let invite = request("INVITE", contact, 1_000_000 + n, address(SERVER), "");
    hand(world, address(SERVER), invite.clone());
    assert_eq!(rings(world), before + 1, "a call through the registrar rings, {n} packets into the flood");
    let cancel = String::from_utf8(invite).expect("text").replace("INVITE sip", "CANCEL sip");
    hand(world, address(SERVER), cancel.replace("CSeq: 1 INVITE", "CSeq: 1 CANCEL").into_bytes());
    assert_eq!(world.names(0).last().map(String::as_str), Some("call_ended"));
}

/// So many requests, one a millisecond; the highest census, bytes in, bytes out.
fn flood(
    world: &mut World,
    count: u32,
    from: fn(u32) -> SocketAddr,
    packet: impl Fn(u32, SocketAddr) -> Vec<u8>,
    mut meanwhile: impl FnMut(&mut World, u32),
) -> (Census, usize, usize) {
    let (mut most, mut came) = (Census::default(), 0);
    let before: usize = world.outside.iter().map(|(_, packet)| packet.bytes.len()).sum();
    for n in 0..count {
        let bytes = packet(n, from(n));
        came += bytes.len();
        hand(world, from(n), bytes);
        let now = census(world);
        most.transactions = most.transactions.max(now.transactions);
        most.weight = most.weight.max(now.weight);
        most.calls = most.calls.max(now.calls);
        most.sources = most.sources.max(now.sources);
        world.run(Duration::from_millis(1));
        if n % 1000 == 999 {
            meanwhile(world, n);
        }
    }
    let went: usize = world.outside.iter().map(|(_, packet)| packet.bytes.len()).sum();
    (most, came, went - before)
}

#[test]
fn strangers_calling_nobody_take_no_memory_and_leave_the_line_free() {
    for from in [from_one, from_many] {
        let mut world = registered();
        let contact = contact(&world);
        let (most, came, went) = flood(
            &mut world,
            MANY,
            from,
            |n, from| request("INVITE", "sip:100@127.0.0.1:5070", n, from, ""),
            |world, n| a_call_comes_through(world, &contact, n),
        );
        // Those of the calls that came through, and nothing of the flood's.
        assert!(most.transactions <= 12 && most.calls <= 1, "{most:?}");
        assert!(most.sources <= 2 * 1024 + 8, "{most:?}");
        assert!(went < came / 2, "{went} bytes for {came}");
        let (strangers, floods) = (refused(&world, "strangers"), refused(&world, "floods"));
        assert_eq!(strangers + floods, u64::from(MANY));
        assert!((60..=500).contains(&strangers), "{strangers} were answered");
        let lines = world.names(0).iter().filter(|name| *name == "error").count();
        assert_eq!(lines, 1, "one line, not {MANY}");
        world.run(Duration::from_secs(40));
        a_call_comes_through(&mut world, &contact, MANY);
    }
}

/// Each standing has a share of its own: what a server sends for nobody here costs its calls nothing, and strangers cost
/// the server nothing.
#[test]
fn a_flood_of_one_standing_leaves_the_others_their_share() {
    let for_nobody = |n, from| request("OPTIONS", "sip:100@127.0.0.1:5070", n, from, "");
    let to_server = |world: &World| world.outside.iter().filter(|(_, packet)| packet.to == address(SERVER)).count();
    type Senders = fn(u32) -> SocketAddr;
    let rows: [(Senders, bool); 2] = [(from_many, true), (from_the_server, false)];
    for (from, are_answered) in rows {
        let mut world = registered();
        let contact = contact(&world);
        flood(&mut world, 500, from, for_nobody, |_, _| {});
        assert!(refused(&world, "floods") > 100, "{}", from(0));
        let before = to_server(&world);
        (500..510).for_each(|n| hand(&mut world, address(SERVER), for_nobody(n, address(SERVER))));
        assert_eq!(to_server(&world) - before == 10, are_answered, "after those of {}", from(0));
        a_call_comes_through(&mut world, &contact, 500);
    }
}

/// Whoever lies about its address has one answer sent there, no more than it sent itself but for our name.
#[test]
fn an_answer_is_sent_once_and_amplifies_nothing() {
    let mut world = registered();
    for method in METHODS {
        let before = world.outside.len();
        let asked = request(method, "sip:127.0.0.1:5070", 1, from_one(0), "");
        hand(&mut world, from_one(0), asked.clone());
        assert_eq!(census(&world).weight, 0, "{method}");
        world.run(Duration::from_secs(40));
        let answers: Vec<usize> = world
            .outside
            .iter()
            .skip(before)
            .filter(|(_, packet)| packet.to == from_one(0))
            .map(|(_, packet)| packet.bytes.len())
            .collect();
        assert_eq!(answers.len(), 1, "{method}");
        assert!(answers.iter().sum::<usize>() < 2 * asked.len(), "{method}: {answers:?} for {}", asked.len());
        // The same once more has the same answer, tag and all.
        let first = world.last_response();
        hand(&mut world, from_one(0), asked);
        assert_eq!(world.last_response().headers.get(&HeaderName::To), first.headers.get(&HeaderName::To), "{method}");
    }
}

#[test]
fn no_method_fills_the_table_whoever_sends_it() {
    for from in [from_one, from_many, from_the_server] {
        for (method, to_contact) in METHODS.iter().flat_map(|method| [(method, false), (method, true)]) {
            let mut world = registered();
            let contact = contact(&world);
            let uri = if to_contact { contact.clone() } else { "sip:101@127.0.0.1:5070".to_owned() };
            let text = "Content-Type: text/plain\r\n\r\nhello";
            let extra = if *method == "MESSAGE" { text } else { "" };
            let (most, ..) =
                flood(&mut world, MANY / 8, from, |n, from| request(method, &uri, n, from, extra), |_, _| {});
            assert!(most.transactions <= MOST_OF_OTHERS, "{method} {uri}: {most:?}");
            assert!(most.weight <= 4 << 20, "{method} {uri}: {most:?}");
            assert!(most.calls <= 32, "{method} {uri}: {most:?}");
            let own = world.command(0, Command::Dial { target: "sip:bob@127.0.0.1:5998".into(), account: None });
            let taken =
                |error: &CommandError| most.calls > 0 && ["single_mode", "too_many_calls"].contains(&error.kind);
            assert!(own.as_ref().err().is_none_or(taken), "the phone itself may still call: {own:?}");
            let total: u64 = world.phones[0].agent.status(world.now).refused.values().sum();
            assert!(total > 0 || *method == "CANCEL", "{method} {uri}: nothing was counted");
        }
    }
}

/// Calls for our Contact from everywhere that nobody ever acknowledges.
#[test]
fn ten_thousand_half_open_calls_are_bounded_and_pass() {
    let mut world = registered();
    let contact = contact(&world);
    let long = format!("Subject: {}\r\n", "x".repeat(4000));
    let (most, ..) =
        flood(&mut world, MANY, from_many, |n, from| request("INVITE", &contact, n, from, &long), |_, _| {});
    assert!(most.transactions <= MOST_OF_OTHERS && most.weight <= 4 << 20, "{most:?}");
    assert!(most.transactions > 300, "the flood does reach the table: {most:?}");
    assert_eq!(most.calls, 24, "eight places stay for those who come by the registrar");
    assert!(refused(&world, "floods") > 9000);
    a_call_comes_through(&mut world, &contact, MANY);
    world.run(Duration::from_secs(33));
    assert!(census(&world).transactions < 100, "timer H has ended them: {:?}", census(&world));
}

#[test]
fn a_writer_who_does_not_stop_is_answered_and_shown_no_more() {
    let mut world = registered();
    let text = "Content-Type: text/plain\r\n\r\nhello";
    let told = |world: &World| world.names(0).iter().filter(|name| *name == "message").count();
    let write = |world: &mut World, n: u32, user: &str| {
        let bytes = request("MESSAGE", "sip:101@127.0.0.1:5070", n, address(SERVER), text);
        let bytes = String::from_utf8(bytes).expect("text").replace(&format!("sip:e{n}@"), &format!("sip:{user}@"));
        hand(world, address(SERVER), bytes.into_bytes());
    };
    (0..40).for_each(|n| write(&mut world, n, "spammer"));
    assert_eq!((told(&world), refused(&world, "messages")), (10, 30));
    let refusal = world.last_response();
    assert_eq!(refusal.status.0, 480);
    assert!(refusal.headers.get(&HeaderName::RetryAfter).is_some());
    write(&mut world, 100, "bob");
    assert_eq!(told(&world), 11, "another writer has a share of his own");
    world.run(Duration::from_secs(5));
    write(&mut world, 101, "spammer");
    assert_eq!(told(&world), 12);
}

/// Rubbish, responses to nothing, ACKs of nothing.
#[test]
fn what_belongs_to_nothing_leaves_nothing() {
    let response = "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 127.0.0.1:5070;branch=z9hG4bKnone\r\nFrom: <sip:a@b>;tag=1\r\n\
                    To: <sip:a@b>;tag=2\r\nCall-ID: 1\r\nCSeq: 1 INVITE\r\n\r\n";
    let mut rng = StdRng::seed_from_u64(3);
    let mut noise = vec![0u8; 1200];
    rand::Rng::fill_bytes(&mut rng, &mut noise);
    let ack = request("ACK", "sip:101@127.0.0.1:5070", 1, from_one(0), "");
    for (bytes, class) in [(response.as_bytes(), "stray"), (noise.as_slice(), "unreadable"), (&ack, "none")] {
        let mut world = registered();
        let before = census(&world);
        let flow = Flow { transport: Transport::Udp, local: address(5070), remote: from_one(0) };
        for _ in 0..MANY {
            let now = world.now;
            world.phones[0].agent.handle(Input::Datagram { bytes, flow }, now);
            while let Some(output) = world.phones[0].agent.poll_output() {
                assert!(matches!(output, Output::Event(Event::Error { .. })), "no answer: {output:?}");
            }
        }
        assert_eq!(census(&world), before);
        assert_eq!(refused(&world, class), if class == "none" { 0 } else { u64::from(MANY) }, "{class}");
    }
}
