//! The client against answers written by hand.
#![allow(clippy::disallowed_methods)] // A moment to count from; nothing waits on it.

use super::*;
use crate::nat::stun::{Attribute, Class, Key, Message, Method, TransactionId, Writer};
use rand::SeedableRng;
use rand::rngs::StdRng;
use std::time::{Duration, Instant};

const SERVER: &str = "192.0.2.1:3478";
const PEER: &str = "203.0.113.9:4000";
const RELAYED: &str = "192.0.2.1:50000";

fn at(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

fn key() -> Key {
    Key::long_term("alice", b"r", "wonder")
}

fn client(is_stream: bool, now: Instant) -> Client {
    let server =
        Server { address: at(SERVER), is_stream, username: "alice".into(), password: "wonder".to_owned().into() };
    Client::new(server, now, &mut StdRng::seed_from_u64(1))
}

/// The requests and indications it wants sent.
fn sent(client: &mut Client) -> Vec<Vec<u8>> {
    let effects = std::iter::from_fn(|| client.poll());
    let bytes = effects.filter_map(|effect| match effect {
        Effect::Transmit { bytes, .. } => Some(bytes),
        _ => None,
    });
    bytes.collect()
}

fn told(client: &mut Client) -> Vec<Effect> {
    std::iter::from_fn(|| client.poll()).filter(|effect| !matches!(effect, Effect::Transmit { .. })).collect()
}

fn error(request: &[u8], code: u16, nonce: &str) -> Vec<u8> {
    let request = Message::parse(request).unwrap();
    let error = Writer::new(Class::Error, request.method, request.id).error(code, "words");
    error.attribute(Attribute::REALM, b"r").attribute(Attribute::NONCE, nonce.as_bytes()).finish()
}

fn success(request: &[u8], add: impl Fn(Writer) -> Writer) -> Vec<u8> {
    let request = Message::parse(request).unwrap();
    add(Writer::new(Class::Success, request.method, request.id)).sign(&key()).finish()
}

fn lent(writer: Writer) -> Writer {
    let writer = writer.xor_address(Attribute::XOR_RELAYED_ADDRESS, at(RELAYED)).number(Attribute::LIFETIME, 600);
    writer.xor_address(Attribute::XOR_MAPPED_ADDRESS, at("198.51.100.1:7"))
}

/// A client with its address.
fn allocated(now: Instant) -> Client {
    let mut client = client(false, now);
    let first = sent(&mut client).remove(0);
    client.receive(&error(&first, 401, "one"), now);
    let signed = sent(&mut client).remove(0);
    client.receive(&success(&signed, lent), now);
    let relayed = vec![at(RELAYED)];
    assert_eq!(told(&mut client), [Effect::Allocated { relayed, mapped: Some(at("198.51.100.1:7")) }]);
    client
}

fn method(bytes: &[u8]) -> Method {
    Message::parse(bytes).unwrap().method
}

#[test]
//= RFC 8489 §9.2.5, RFC 8656 §7
fn a_challenge_is_answered_once_and_a_stale_nonce_with_the_new_one() {
    let now = Instant::now();
    let mut client = client(false, now);
    let first = sent(&mut client).remove(0);
    assert!(!Message::parse(&first).unwrap().has(Attribute::USERNAME), "nobody is told the name unasked");
    client.receive(&error(&first, 401, "one"), now);
    for nonce in ["two", "three"] {
        let signed = sent(&mut client).remove(0);
        client.receive(&error(&signed, 438, nonce), now);
    }
    let last = sent(&mut client).remove(0);
    assert_eq!(Message::parse(&last).unwrap().attribute(Attribute::NONCE), Some(&b"three"[..]));
    client.receive(&error(&last, 401, "four"), now);
    assert_eq!(told(&mut client), [Effect::Failed(Failure::Credentials)]);
    assert_eq!(client.next_timeout(), None);
}

#[test]
fn a_server_that_has_ever_new_nonces_is_left() {
    let now = Instant::now();
    let mut client = client(false, now);
    let mut requests = 0;
    while let Some(request) = sent(&mut client).pop() {
        requests += 1;
        assert!(requests < 10);
        client.receive(&error(&request, if requests == 1 { 401 } else { 438 }, &format!("n{requests}")), now);
    }
    assert_eq!((requests, client.relayed().len()), (4, 0));
}

#[test]
//= RFC 8656 §7.4, §8.3
fn refusals_are_told_in_the_server_s_words() {
    for code in [403, 437, 440, 441, 442, 486, 508] {
        let now = Instant::now();
        let mut client = client(false, now);
        let first = sent(&mut client).remove(0);
        client.receive(&error(&first, code, "n"), now);
        assert_eq!(told(&mut client), [Effect::Failed(Failure::Refused { code, reason: "words".into() })]);
    }
}

#[test]
fn what_is_not_signed_by_the_server_is_not_believed() {
    let now = Instant::now();
    let mut client = client(false, now);
    let first = sent(&mut client).remove(0);
    client.receive(&error(&first, 401, "one"), now);
    let signed = sent(&mut client).remove(0);
    let request = Message::parse(&signed).unwrap();
    let forged = lent(Writer::new(Class::Success, request.method, request.id));
    client.receive(&forged.clone().finish(), now);
    client.receive(&forged.sign(&Key::short_term("guess")).finish(), now);
    assert_eq!((told(&mut client), client.relayed()), (vec![], &[][..]));
    client.receive(&success(&signed, lent), now);
    assert_eq!(client.relayed(), [at(RELAYED)]);
}

#[test]
//= RFC 8489 §10
fn another_server_is_tried_twice() {
    let now = Instant::now();
    let mut client = client(false, now);
    for (hop, to) in ["192.0.2.2:3478", "192.0.2.3:3478", "192.0.2.4:3478"].into_iter().enumerate() {
        let Some(Effect::Transmit { bytes, .. }) = client.poll() else { panic!("hop {hop}") };
        let request = Message::parse(&bytes).unwrap();
        let moved = Writer::new(Class::Error, request.method, request.id).error(300, "Try Alternate");
        client.receive(&moved.address(Attribute::ALTERNATE_SERVER, at(to)).finish(), now);
    }
    assert_eq!(client.server(), at("192.0.2.3:3478"));
    assert!(matches!(told(&mut client)[..], [Effect::Failed(Failure::Refused { code: 300, .. })]));
}

#[test]
//= RFC 8656 §9, §11, §12
fn data_waits_for_its_permission_and_goes_in_a_channel_in_the_end() {
    let now = Instant::now();
    let mut client = allocated(now);
    client.send(at(PEER), b"one", now);
    (0..100).for_each(|_| client.send(at(PEER), b"two", now));
    let asked = sent(&mut client);
    assert_eq!(asked.iter().map(|bytes| method(bytes)).collect::<Vec<_>>(), [Method::CREATE_PERMISSION]);
    client.receive(&success(&asked[0], |writer| writer), now);
    let carried = sent(&mut client);
    let data: Vec<_> = carried.iter().map(|bytes| Message::parse(bytes).unwrap().attribute(Attribute::DATA)).collect();
    assert_eq!(data.len(), 16, "what waits is bounded");
    assert_eq!(data[..2], [Some(&b"one"[..]), Some(b"two")]);
    client.bind(at(PEER), now);
    client.bind(at(PEER), now);
    let bind = sent(&mut client);
    assert_eq!((bind.len(), method(&bind[0])), (1, Method::CHANNEL_BIND));
    client.receive(&success(&bind[0], |writer| writer), now);
    client.send(at(PEER), b"three", now);
    assert_eq!(sent(&mut client), [b"\x40\x00\x00\x05three"]);
    let peer = at(PEER);
    assert_eq!(client.receive(b"\x40\x00\x00\x03abc", now), Received::Data { peer, data: b"abc" });
    assert_eq!(client.receive(b"\x40\x01\x00\x03abc", now), Received::Nothing, "a channel that nobody bound");
}

#[test]
fn what_waits_is_gone_where_the_permission_is_refused_and_permissions_are_bounded() {
    let now = Instant::now();
    let mut client = allocated(now);
    (0..100).for_each(|_| client.send(at(PEER), b"x", now));
    let asked = sent(&mut client).remove(0);
    client.receive(&error(&asked, 403, "one"), now);
    assert_eq!(told(&mut client), [Effect::Forbidden(at(PEER).ip())]);
    client.send(at(PEER), b"x", now);
    assert_eq!(sent(&mut client), Vec::<Vec<u8>>::new());
    let mut asked = 0;
    for last in 0..200 {
        client.send(SocketAddr::from(([203, 0, 113, last], 1)), b"x", now);
        let requests = sent(&mut client);
        let asks = requests.iter().filter(|bytes| method(bytes) == Method::CREATE_PERMISSION);
        asks.for_each(|request| {
            asked += 1;
            client.receive(&success(request, |writer| writer), now);
        });
    }
    assert_eq!(asked, 63, "beside the one that was refused");
}

#[test]
//= RFC 8656 §8: refreshed a minute before; deleted by a lifetime of zero
fn an_allocation_is_refreshed_and_given_back() {
    let start = Instant::now();
    let mut client = allocated(start);
    assert_eq!(client.next_timeout(), Some(start + Duration::from_secs(540)));
    let now = start + Duration::from_secs(540);
    client.handle_timeout(now);
    let refresh = sent(&mut client).remove(0);
    assert_eq!(method(&refresh), Method::REFRESH);
    // What a server says it lasts is believed within reason.
    client.receive(&success(&refresh, |writer| writer.number(Attribute::LIFETIME, 0)), now);
    assert_eq!(client.next_timeout(), Some(now + Duration::from_secs(30)));
    client.close(now);
    let last = sent(&mut client).remove(0);
    assert_eq!(Message::parse(&last).unwrap().number(Attribute::LIFETIME), Some(0));
    client.receive(&success(&last, |writer| writer), now);
    assert_eq!((client.next_timeout(), told(&mut client)), (None, vec![]));
}

#[test]
fn an_allocation_that_the_server_has_lost_is_told() {
    let start = Instant::now();
    let mut client = allocated(start);
    client.handle_timeout(start + Duration::from_secs(540));
    let refresh = sent(&mut client).remove(0);
    client.receive(&error(&refresh, 437, "one"), start);
    assert!(matches!(told(&mut client)[..], [Effect::Failed(Failure::Refused { code: 437, .. })]));
    assert_eq!(client.relayed(), []);
}

#[test]
//= RFC 8656 §5
fn whichever_request_finds_the_allocation_gone_ends_it() {
    let now = Instant::now();
    let rows: [fn(&mut Client, Instant); 2] =
        [|client, now| client.send(at(PEER), b"x", now), |client, now| client.bind(at(PEER), now)];
    for asks in rows {
        let mut client = allocated(now);
        asks(&mut client, now);
        let asked = sent(&mut client).remove(0);
        client.receive(&error(&asked, 437, "one"), now);
        assert!(matches!(told(&mut client)[..], [Effect::Failed(Failure::Refused { code: 437, .. })]));
        assert_eq!((client.relayed(), client.next_timeout()), (&[][..], None));
    }
}

#[test]
//= RFC 8656 §11.4
fn data_counts_only_from_whom_was_to_be_let_through() {
    let now = Instant::now();
    let mut client = allocated(now);
    let data = Writer::new(Class::Indication, Method::DATA, TransactionId([9; 12]))
        .xor_address(Attribute::XOR_PEER_ADDRESS, at(PEER))
        .attribute(Attribute::DATA, b"x")
        .finish();
    assert_eq!(client.receive(&data, now), Received::Taken);
    client.send(at(PEER), b"y", now);
    assert_eq!(client.receive(&data, now), Received::Data { peer: at(PEER), data: b"x" });
    let asked = sent(&mut client).remove(0);
    client.receive(&error(&asked, 403, "one"), now);
    assert_eq!(client.receive(&data, now), Received::Taken);
}

#[test]
//= RFC 8656 §8
fn what_is_lent_after_the_end_is_given_back() {
    let now = Instant::now();
    let mut client = client(false, now);
    let first = sent(&mut client).remove(0);
    client.receive(&error(&first, 401, "one"), now);
    let signed = sent(&mut client).remove(0);
    client.close(now);
    client.receive(&success(&signed, lent), now);
    let last = sent(&mut client).remove(0);
    assert_eq!(Message::parse(&last).unwrap().number(Attribute::LIFETIME), Some(0));
    assert!(client.relayed().is_empty());
}

#[test]
fn a_challenge_that_makes_no_sense_does_not_take_the_key_away() {
    let now = Instant::now();
    let mut client = allocated(now);
    client.send(at(PEER), b"x", now);
    let asked = sent(&mut client).remove(0);
    let stale = Writer::new(Class::Error, Method::CREATE_PERMISSION, Message::parse(&asked).unwrap().id);
    client.receive(&stale.error(438, "Stale Nonce").finish(), now);
    client.bind(at(PEER), now);
    let bind = sent(&mut client).remove(0);
    assert_eq!(Message::parse(&bind).unwrap().integrity(&key()), crate::nat::stun::Integrity::Good);
}

#[test]
//= RFC 8489 §6.2.2
fn on_a_stream_nothing_is_sent_twice_and_channels_are_padded() {
    let now = Instant::now();
    let mut client = client(true, now);
    let first = sent(&mut client).remove(0);
    client.handle_timeout(now + Duration::from_secs(39));
    assert_eq!(sent(&mut client), Vec::<Vec<u8>>::new());
    client.receive(&error(&first, 401, "one"), now);
    let signed = sent(&mut client).remove(0);
    client.receive(&success(&signed, lent), now);
    client.bind(at(PEER), now);
    let bind = sent(&mut client).remove(0);
    client.receive(&success(&bind, |writer| writer), now);
    client.send(at(PEER), b"abc", now);
    assert_eq!(sent(&mut client), [b"\x40\x00\x00\x03abc\0"]);
}
