//! What a simulated internet does not meet: older peers, floods, streams.
#![allow(clippy::disallowed_methods)] // A moment to count from; nothing waits on it.

use super::*;
use crate::nat::stun::{Attribute, Class, Key, Message, Method, TransactionId, Writer};
use crate::nat::turn::Framer;
use rand::SeedableRng;
use rand::rngs::StdRng;
use std::time::Instant;

const OURS: &str = "192.168.1.2:4000";

fn at(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

fn agent(config: Config, now: Instant) -> Agent {
    Agent::new(config, now, &mut StdRng::seed_from_u64(1))
}

fn remote(addresses: &[&str]) -> Remote {
    let credentials = Credentials { ufrag: "peer".into(), password: "password-of-the-peer-22".to_owned().into() };
    let candidates = addresses.iter().zip(0u16..).map(|(address, place)| {
        let (foundation, kind) = (format!("{place}"), CandidateKind::Host);
        let priority = priority(kind, 65_535 - place, 1);
        Candidate { foundation, component: 1, priority, address: at(address), kind, related: None, base: at(address) }
    });
    Remote { credentials, candidates: candidates.collect(), is_lite: false }
}

/// A check of the peer's.
fn check(agent: &Agent, id: u8, nominates: bool) -> Vec<u8> {
    let own = agent.credentials();
    let request = Writer::new(Class::Request, Method::BINDING, TransactionId([id; 12]))
        .attribute(Attribute::USERNAME, format!("{}:peer", own.ufrag).as_bytes())
        .number(Attribute::PRIORITY, priority(CandidateKind::PeerReflexive, 65_535, 1))
        .attribute(Attribute::ICE_CONTROLLING, &[0xff; 8]);
    let request = if nominates { request.attribute(Attribute::USE_CANDIDATE, &[]) } else { request };
    request.sign(&Key::short_term(&own.password)).finish()
}

/// The checks it wants sent.
fn checks(agent: &mut Agent) -> Vec<Vec<u8>> {
    let outputs = std::iter::from_fn(|| agent.poll());
    let bytes = outputs.filter_map(|output| match output {
        Output::Transmit { bytes, .. } => Some(bytes),
        _ => None,
    });
    bytes.collect()
}

/// Answers every check that goes to these addresses.
fn answer_once(agent: &mut Agent, now: Instant, alive: &[&str]) -> Vec<Event> {
    let mut events = Vec::new();
    while let Some(output) = agent.poll() {
        match output {
            Output::Transmit { from, to, bytes } if alive.iter().any(|alive| at(alive) == to) => {
                let request = Message::parse(&bytes).unwrap();
                let success = Writer::new(Class::Success, Method::BINDING, request.id);
                let success = success.xor_address(Attribute::XOR_MAPPED_ADDRESS, from);
                let bytes = success.sign(&Key::short_term("password-of-the-peer-22")).finish();
                if request.class == Class::Request {
                    agent.handle_datagram(from, to, &bytes, now);
                }
            }
            Output::Event(event) => events.push(event),
            _ => {}
        }
    }
    events
}

/// Answers every check that goes to these addresses, until nothing more is begun.
fn answer(agent: &mut Agent, now: &mut Instant, alive: &[&str]) -> Vec<Event> {
    let mut events = Vec::new();
    for _ in 0..40 {
        events.extend(answer_once(agent, *now, alive));
        *now += Duration::from_millis(50);
        agent.handle_timeout(*now);
    }
    events
}

#[test]
//= RFC 5245 §8.1.1.2: aggressive nomination; the best of what is nominated counts
fn a_peer_that_nominates_all_it_checks() {
    let mut now = Instant::now();
    let mut agent = agent(Config::new(Role::Controlled, vec![(1, at(OURS))]), now);
    let (good, better) = ("192.168.1.4:5000", "192.168.1.3:5000");
    agent.set_remote(remote(&[better, good]), now);
    for (id, from) in [(1, good), (2, better), (3, good)] {
        let check = check(&agent, id, true);
        assert_eq!(agent.handle_datagram(at(OURS), at(from), &check, now), Received::Taken);
        answer(&mut agent, &mut now, &[good, better]);
        let expected = if id == 1 { good } else { better };
        assert_eq!(agent.selected(1), Some((at(OURS), at(expected))), "check {id}");
    }
}

#[test]
//= RFC 8445 §8.1.1: nominated once
fn a_better_pair_is_waited_for_and_not_for_long() {
    let mut now = Instant::now();
    let mut agent = agent(Config::new(Role::Controlling, vec![(1, at(OURS))]), now);
    let (dead, alive) = ("192.168.1.3:5000", "192.168.1.4:5000");
    agent.set_remote(remote(&[dead, alive]), now);
    let events = answer(&mut agent, &mut now, &[alive]);
    assert_eq!(agent.selected(1), Some((at(OURS), at(alive))));
    assert!(events.contains(&Event::Connected), "{events:?}");
}

#[test]
fn nobody_is_asked_to_come_in_the_past() {
    let mut now = Instant::now();
    let mut agent = agent(Config::new(Role::Controlling, vec![(1, at(OURS))]), now);
    let (dead, alive) = ("192.168.1.3:5000", "192.168.1.4:5000");
    agent.set_remote(remote(&[dead, alive]), now);
    let end = now + Duration::from_secs(10);
    while let Some(next) = agent.next_timeout().filter(|next| *next < end) {
        now = now.max(next);
        agent.handle_timeout(now);
        assert!(agent.next_timeout().is_none_or(|next| next > now));
        answer_once(&mut agent, now, &[alive]);
    }
    assert_eq!(agent.selected(1), Some((at(OURS), at(alive))));
}

#[test]
//= RFC 8445 §7.3: a check that comes before the description counts when that is there
fn who_checked_before_the_answer_is_checked_first() {
    let mut now = Instant::now();
    let mut agent = agent(Config::new(Role::Controlled, vec![(1, at(OURS))]), now);
    let unknown = "203.0.113.7:6000";
    let check = check(&agent, 1, true);
    assert_eq!(agent.handle_datagram(at(OURS), at(unknown), &check, now), Received::Taken);
    agent.set_remote(remote(&["192.168.1.3:5000"]), now);
    answer(&mut agent, &mut now, &[unknown]);
    assert_eq!(agent.selected(1), Some((at(OURS), at(unknown))));
}

#[test]
fn what_is_told_and_what_is_found_is_bounded() {
    let mut now = Instant::now();
    let mut agent = agent(Config::new(Role::Controlled, vec![(1, at(OURS))]), now);
    let many: Vec<String> = (0..200).map(|place| format!("192.168.2.{place}:5000")).collect();
    agent.set_remote(remote(&many.iter().map(String::as_str).collect::<Vec<_>>()), now);
    assert_eq!(agent.remotes.len(), MAX_REMOTE);
    let mut fresh = self::agent(Config::new(Role::Controlled, vec![(1, at(OURS))]), now);
    fresh.set_remote(remote(&["192.168.1.3:5000"]), now);
    for port in 1..=200 {
        let check = check(&fresh, 9, false);
        fresh.handle_datagram(at(OURS), SocketAddr::new(at(OURS).ip(), port), &check, now);
    }
    assert!(fresh.remotes.len() <= 1 + 16, "{}", fresh.remotes.len());
    answer(&mut fresh, &mut now, &["192.168.1.3:5000"]);
    let mut early = self::agent(Config::new(Role::Controlled, vec![(1, at(OURS))]), now);
    for port in 1..=200 {
        let check = check(&early, 9, false);
        early.handle_datagram(at(OURS), SocketAddr::new(at(OURS).ip(), port), &check, now);
    }
    assert!(early.early.len() <= 16);
}

#[test]
fn an_answer_that_is_not_the_peer_s_is_not_believed() {
    let mut now = Instant::now();
    let mut agent = agent(Config::new(Role::Controlling, vec![(1, at(OURS))]), now);
    let peer = "192.168.1.3:5000";
    agent.set_remote(remote(&[peer]), now);
    now += Duration::from_millis(50);
    agent.handle_timeout(now);
    let id = Message::parse(&checks(&mut agent)[0]).unwrap().id;
    let success = |mapped: &str, key: &str| {
        let success = Writer::new(Class::Success, Method::BINDING, id);
        let success = success.xor_address(Attribute::XOR_MAPPED_ADDRESS, at(mapped));
        success.sign(&Key::short_term(key)).finish()
    };
    let state = |agent: &Agent| agent.checklist.pairs.first().map(|pair| pair.state);
    agent.handle_datagram(at(OURS), at(peer), &success(OURS, "guess"), now);
    assert_eq!(state(&agent), Some(checklist::PairState::InProgress));
    let refusal = Writer::new(Class::Error, Method::BINDING, id).error(401, "Unauthorized").finish();
    agent.handle_datagram(at(OURS), at("192.168.1.9:1"), &refusal, now);
    assert_eq!(state(&agent), Some(checklist::PairState::InProgress));
    //= RFC 8445 §7.2.5.2.1
    agent.handle_datagram(at(OURS), at("192.168.1.9:1"), &success(OURS, "password-of-the-peer-22"), now);
    assert_eq!(state(&agent), Some(checklist::PairState::Failed));
}

#[test]
fn no_answer_counts_twice() {
    let now = Instant::now();
    let mut agent = agent(Config::new(Role::Controlled, vec![(1, at(OURS))]), now);
    let peer = "192.168.1.3:5000";
    agent.set_remote(remote(&[peer]), now);
    agent.handle_timeout(now);
    let id = Message::parse(&checks(&mut agent)[0]).unwrap().id;
    // The peer's check cuts ours short; its answer still counts.
    let theirs = check(&agent, 1, false);
    agent.handle_datagram(at(OURS), at(peer), &theirs, now);
    for port in 1..=200 {
        let success = Writer::new(Class::Success, Method::BINDING, id);
        let success = success.xor_address(Attribute::XOR_MAPPED_ADDRESS, SocketAddr::new(at(OURS).ip(), port));
        let success = success.sign(&Key::short_term("password-of-the-peer-22")).finish();
        agent.handle_datagram(at(OURS), at(peer), &success, now);
    }
    assert_eq!(agent.locals.len(), 2, "the host, and what was seen first");
}

#[test]
//= RFC 8445 §7.2.5.1, §16.1
fn who_is_told_of_a_conflict_takes_the_other_role_and_another_number() {
    let mut now = Instant::now();
    let mut agent = agent(Config::new(Role::Controlling, vec![(1, at(OURS))]), now);
    let peer = "192.168.1.3:5000";
    agent.set_remote(remote(&[peer]), now);
    agent.handle_timeout(now);
    let first = checks(&mut agent).remove(0);
    let first = Message::parse(&first).unwrap();
    let conflict = Writer::new(Class::Error, Method::BINDING, first.id).error(487, "Role Conflict");
    let conflict = conflict.sign(&Key::short_term("password-of-the-peer-22")).finish();
    for _ in 0..3 {
        agent.handle_datagram(at(OURS), at(peer), &conflict, now);
        assert_eq!(agent.role(), Role::Controlled);
    }
    now += Duration::from_millis(50);
    agent.handle_timeout(now);
    let again = checks(&mut agent).remove(0);
    let again = Message::parse(&again).unwrap().long_number(Attribute::ICE_CONTROLLED);
    assert!(again.is_some() && again != first.long_number(Attribute::ICE_CONTROLLING));
}

#[test]
fn a_peer_that_always_objects_is_checked_no_longer_than_any_other() {
    let begun = Instant::now();
    let (mut now, mut last) = (begun, begun);
    let mut agent = agent(Config::new(Role::Controlling, vec![(1, at(OURS))]), now);
    let peer = "192.168.1.3:5000";
    agent.set_remote(remote(&[peer]), now);
    while let Some(next) = agent.next_timeout().filter(|next| *next < begun + Duration::from_secs(60)) {
        now = now.max(next);
        agent.handle_timeout(now);
        for check in checks(&mut agent) {
            last = now;
            let id = Message::parse(&check).unwrap().id;
            let conflict = Writer::new(Class::Error, Method::BINDING, id).error(487, "Role Conflict");
            let conflict = conflict.sign(&Key::short_term("password-of-the-peer-22")).finish();
            agent.handle_datagram(at(OURS), at(peer), &conflict, now);
        }
    }
    assert!(last > begun && last - begun < Duration::from_secs(40), "{:?}", last - begun);
}

#[test]
//= RFC 7675 §5.1
fn a_check_that_is_heard_again_brings_no_consent_back() {
    let mut now = Instant::now();
    let mut agent = agent(Config::new(Role::Controlled, vec![(1, at(OURS))]), now);
    let peer = "192.168.1.3:5000";
    agent.set_remote(remote(&[peer]), now);
    let nomination = check(&agent, 1, true);
    agent.handle_datagram(at(OURS), at(peer), &nomination, now);
    answer(&mut agent, &mut now, &[peer]);
    assert_eq!(agent.selected(1), Some((at(OURS), at(peer))));
    now += Duration::from_secs(31);
    agent.handle_timeout(now);
    assert_eq!(agent.selected(1), None);
    agent.handle_datagram(at(OURS), at(peer), &nomination, now);
    answer(&mut agent, &mut now, &[peer]);
    assert_eq!(agent.selected(1), None);
}

#[test]
fn a_peer_does_not_lead_us_to_ourselves() {
    let now = Instant::now();
    let mut agent = agent(Config::new(Role::Controlling, vec![(1, at(OURS))]), now);
    agent.set_remote(remote(&["127.0.0.1:5000", OURS, "192.168.1.3:5000"]), now);
    let ends: Vec<_> = agent.checklist.pairs.iter().map(|pair| pair.remote).collect();
    assert_eq!(ends, [at("192.168.1.3:5000")]);
}

#[test]
//= RFC 8445 §8.1.2
fn who_has_a_pair_looks_for_no_other() {
    let mut now = Instant::now();
    let mut agent = agent(Config::new(Role::Controlling, vec![(1, at(OURS))]), now);
    let peer = "192.168.1.3:5000";
    agent.set_remote(remote(&[peer]), now);
    answer(&mut agent, &mut now, &[peer]);
    assert!(agent.is_connected());
    let late = remote(&["192.168.1.9:5000"]).candidates.remove(0);
    agent.add_remote_candidate(late, now);
    now += Duration::from_millis(50);
    agent.handle_timeout(now);
    assert_eq!(checks(&mut agent), Vec::<Vec<u8>>::new());
}

#[test]
fn a_peer_without_ice_is_met_in_its_own_family() {
    let now = Instant::now();
    let (ours, peer) = ("[2001:db8::2]:4000", "[2001:db8::9]:5000");
    let mut agent = agent(Config::new(Role::Controlling, vec![(1, at(OURS)), (1, at(ours))]), now);
    agent.set_plain(&[(1, at(peer))], now);
    assert_eq!(agent.selected(1), Some((at(ours), at(peer))));
}

#[test]
fn media_is_passed_on_and_foreign_messages_are_not() {
    let now = Instant::now();
    let mut agent = agent(Config::new(Role::Controlled, vec![(1, at(OURS))]), now);
    let from = at("192.168.1.3:5000");
    let data = Received::Data { component: 1, from, data: b"\x80rtp" };
    assert_eq!(agent.handle_datagram(at(OURS), from, b"\x80rtp", now), data);
    assert_eq!(agent.handle_datagram(at("192.168.1.2:9"), from, b"\x80rtp", now), Received::Nothing);
    let broken = b"\0\x01\0\x04\x21\x12\xa4\x42aaaaaaaaaaaa";
    assert_eq!(agent.handle_datagram(at(OURS), from, broken, now), Received::Nothing);
}

#[test]
//= RFC 8656 §2.1: TURN over a stream
fn an_address_is_borrowed_over_a_stream() {
    let now = Instant::now();
    let mut config = Config::new(Role::Controlling, vec![(1, at(OURS))]);
    let (address, username) = (at("192.0.2.1:443"), "alice".to_owned());
    config.turn = vec![turn::Server { address, is_stream: true, username, password: "wonder".to_owned().into() }];
    let mut agent = agent(config, now);
    agent.handle_timeout(now);
    let outputs: Vec<_> = std::iter::from_fn(|| agent.poll()).collect();
    let relay = RelayId(0);
    assert!(outputs.contains(&Output::Connect { relay, server: address }), "{outputs:?}");
    agent.stream_opened(relay, now);
    let mut answers = 0;
    while let Some(output) = agent.poll() {
        let Output::Stream { bytes, .. } = output else { continue };
        let mut framer = Framer::default();
        framer.push(&bytes);
        let request = framer.next_frame().unwrap().unwrap();
        let request = Message::parse(&request).unwrap();
        let answer = match request.has(Attribute::USERNAME) {
            false => Writer::new(Class::Error, request.method, request.id)
                .error(401, "Unauthorized")
                .attribute(Attribute::REALM, b"r")
                .attribute(Attribute::NONCE, b"n")
                .finish(),
            true => Writer::new(Class::Success, request.method, request.id)
                .xor_address(Attribute::XOR_RELAYED_ADDRESS, at("192.0.2.1:50000"))
                .sign(&Key::long_term("alice", b"r", "wonder"))
                .finish(),
        };
        answers += 1;
        for piece in answer.chunks(7) {
            assert_eq!(agent.handle_stream(relay, piece, now), Ok(Vec::new()));
        }
    }
    assert_eq!(answers, 2);
    assert_eq!(agent.default_candidate(1).map(|candidate| candidate.address), Some(at("192.0.2.1:50000")));
    assert_eq!(agent.handle_stream(relay, b"\xff\0\0\0", now), Err(turn::FramingError::NotTurn));
    agent.stream_closed(relay, now);
    let failed = Output::Event(Event::RelayFailed(address, turn::Failure::NoAnswer));
    let outputs: Vec<_> = std::iter::from_fn(|| agent.poll()).collect();
    assert_eq!(outputs.iter().filter(|output| **output == failed).count(), 1, "{outputs:?}");
    assert_eq!(agent.default_candidate(1).map(|candidate| candidate.address), Some(at(OURS)));
    assert_eq!(agent.handle_stream(relay, b"\xff\0\0\0", now), Ok(Vec::new()), "nobody listens any more");
}

#[test]
//= RFC 8445 §5.3
fn names_and_passwords_are_long_enough_and_do_not_repeat() {
    let mut rng = StdRng::seed_from_u64(7);
    let drawn: Vec<_> = (0..100).map(|_| Credentials::new(&mut rng)).collect();
    for credentials in &drawn {
        assert!(credentials.ufrag.len() >= 4 && credentials.password.len() >= 22);
        assert!(!format!("{credentials:?}").contains(credentials.password.as_str()));
    }
    let names: std::collections::BTreeSet<_> = drawn.iter().map(|credentials| &credentials.ufrag).collect();
    assert_eq!(names.len(), 100);
}
