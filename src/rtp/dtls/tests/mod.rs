//! Two machines against each other in virtual time, over a link that loses, doubles and reorders.
#![allow(clippy::disallowed_methods)] // a moment to count from

mod attacks;
mod loss;

use super::machine::config;
use super::*;
use crate::rtp::srtp::Suite;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::net::SocketAddr;
use std::time::{Duration, Instant, SystemTime};

/// One end: a machine, its address, and what it has said.
pub(super) struct End {
    pub(super) machine: Association,
    pub(super) address: SocketAddr,
    pub(super) keys: Vec<Keys>,
    pub(super) failed: Vec<Failure>,
    pub(super) closed: bool,
}

/// Both ends and the link between them.
pub(super) struct Link {
    pub(super) ends: [End; 2],
    pub(super) now: Instant,
    pub(super) sent: usize,
    flying: Vec<(Instant, usize, Vec<u8>)>,
    rng: StdRng,
    /// Of each datagram, in percent: lost, doubled, late by up to 200 ms more.
    faults: [u32; 3],
}

pub(super) fn certificate(seed: u64) -> Certificate {
    let wall = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_219_200);
    Certificate::generate(&mut StdRng::seed_from_u64(seed), wall).unwrap()
}

/// What the signalling says of a certificate, by its text.
pub(super) fn announced(fingerprint: &str) -> Expected {
    let (hash, value) = fingerprint.split_once(' ').unwrap();
    let value: Vec<u8> = value.split(':').map(|byte| u8::from_str_radix(byte, 16).unwrap()).collect();
    Expected::new([(hash, value.as_slice())]).unwrap()
}

pub(super) fn address(octet: u8) -> SocketAddr {
    SocketAddr::from(([203, 0, 113, octet], 4_000))
}

impl Link {
    /// The first end is the client; each has been told of the other's certificate.
    pub(super) fn new(seed: u64, faults: [u32; 3]) -> Link {
        let [first, second] = [certificate(seed), certificate(seed + 1_000)];
        let expected = [announced(second.fingerprint()), announced(first.fingerprint())];
        Link::of([first, second], expected, seed, faults)
    }

    pub(super) fn of(certificates: [Certificate; 2], expected: [Expected; 2], seed: u64, faults: [u32; 3]) -> Link {
        let now = Instant::now();
        let [first, second] = certificates;
        let [of_second, of_first] = expected;
        let end = |role, certificate, expected, at: u8, peer: u8| {
            let config = config(Some(seed + u64::from(at))).unwrap();
            let path = Path::Signalled(address(peer));
            let (machine, effects) = Association::with(config, role, certificate, expected, path, now).unwrap();
            (End { machine, address: address(at), keys: Vec::new(), failed: Vec::new(), closed: false }, effects)
        };
        let (client, hello) = end(Role::Client, first, of_second, 1, 2);
        let (server, nothing) = end(Role::Server, second, of_first, 2, 1);
        assert_eq!(nothing, [], "a server waits");
        let rng = StdRng::seed_from_u64(seed);
        let mut link = Link { ends: [client, server], now, sent: 0, flying: Vec::new(), rng, faults };
        link.take(0, hello);
        link
    }

    fn percent(&mut self, of: u32) -> bool {
        self.rng.random_range(0..100) < of
    }

    /// Carry out what the end `who` asked for.
    pub(super) fn take(&mut self, who: usize, effects: Vec<Effect>) {
        let [lost, doubled, late] = self.faults;
        for effect in effects {
            match effect {
                Effect::Transmit { to, datagram } => {
                    assert!(datagram.len() <= 1_150, "{} bytes", datagram.len());
                    assert_eq!(to, self.ends[1 - who].address);
                    self.sent += 1;
                    let copies = if self.percent(doubled) { 2 } else { 1 };
                    for _ in 0..copies {
                        if self.percent(lost) {
                            continue;
                        }
                        let late = if self.percent(late) { self.rng.random_range(0..200) } else { 0 };
                        let arrives = self.now + Duration::from_millis(20 + late);
                        self.flying.push((arrives, 1 - who, datagram.clone()));
                    }
                }
                Effect::Keys(keys) => self.ends[who].keys.push(keys),
                Effect::Failed(why) => self.ends[who].failed.push(why),
                Effect::Closed => self.ends[who].closed = true,
            }
        }
    }

    /// Go to the next thing that happens; false when nothing is left.
    pub(super) fn step(&mut self) -> bool {
        let arrival =
            self.flying.iter().enumerate().min_by_key(|(_, (at, ..))| *at).map(|(index, (at, ..))| (*at, index));
        let wakes = [0, 1].into_iter().filter_map(|who| Some((self.ends[who].machine.wake_at()?, who)));
        let wake = wakes.min();
        match (arrival, wake) {
            (None, None) => return false,
            (Some((at, index)), wake) if wake.is_none_or(|(wake, _)| at <= wake) => {
                let (_, who, bytes) = self.flying.remove(index);
                self.now = self.now.max(at);
                let from = self.ends[1 - who].address;
                let effects = self.ends[who].machine.handle(Event::Datagram { from, bytes: &bytes }, self.now);
                self.take(who, effects);
            }
            (_, Some((at, who))) => {
                self.now = self.now.max(at);
                let effects = self.ends[who].machine.handle(Event::Timeout, self.now);
                self.take(who, effects);
            }
            (Some(_), None) => return false,
        }
        true
    }

    /// Until nothing moves any more.
    pub(super) fn run(&mut self) {
        for _ in 0..2_000 {
            if !self.step() {
                return;
            }
        }
        panic!("no end after 2000 steps and {} datagrams", self.sent);
    }

    /// Something from outside for one end, as if it came from `from`.
    pub(super) fn inject(&mut self, who: usize, from: SocketAddr, bytes: &[u8]) -> Vec<Effect> {
        self.ends[who].machine.handle(Event::Datagram { from, bytes }, self.now)
    }

    /// Both have keys, the same ones, once, and nothing failed.
    pub(super) fn agreed(&self) -> bool {
        let [client, server] = &self.ends;
        match (client.keys.as_slice(), server.keys.as_slice()) {
            ([ours], [theirs]) => {
                assert_eq!((&ours.local, &ours.remote), (&theirs.remote, &theirs.local));
                assert_eq!(ours.local.suite(), ours.remote.suite());
                assert_ne!(ours.local, ours.remote);
                client.failed.is_empty() && server.failed.is_empty()
            }
            _ => false,
        }
    }
}

#[test]
//= RFC 5764 §4.1.2: the strongest that both have
fn two_phones_agree_in_one_go() {
    let mut link = Link::new(1, [0; 3]);
    let start = link.now;
    link.run();
    assert!(link.agreed(), "{:?} {:?}", link.ends[0].failed, link.ends[1].failed);
    assert_eq!(link.ends[0].keys[0].local.suite(), Suite::Aes256Gcm);
    // Hello and cookie, then two flights each way: three round trips of 40 ms.
    assert_eq!(link.now - start, Duration::from_millis(120));
    assert!(link.sent <= 12, "{} datagrams", link.sent);
    for end in &link.ends {
        assert_eq!(end.machine.wake_at(), None, "nothing is left to wait for");
    }
}

#[test]
fn another_call_has_other_keys() {
    let keys = |seed| {
        let mut link = Link::new(seed, [0; 3]);
        link.run();
        link.ends[0].keys.pop().unwrap()
    };
    let (first, again, other) = (keys(1), keys(1), keys(2));
    assert_ne!(first.local, again.local, "even with the same seed: keys are no matter of seeds");
    assert_ne!(first.local, other.local);
}

#[test]
fn a_call_that_ends_says_so_and_nothing_more_is_done() {
    let mut link = Link::new(1, [0; 3]);
    link.run();
    let now = link.now;
    let effects = link.ends[0].machine.handle(Event::Close, now);
    assert!(matches!(effects.as_slice(), [Effect::Transmit { .. }]), "{effects:?}");
    link.take(0, effects);
    link.run();
    assert!(link.ends[1].closed && !link.ends[0].closed);
    for who in [0, 1] {
        assert_eq!(link.ends[who].machine.handle(Event::Close, now), []);
        assert_eq!(link.ends[who].machine.handle(Event::Timeout, now), []);
    }
}

#[test]
fn what_ends_before_its_keys_says_nothing() {
    let mut link = Link::new(1, [0; 3]);
    let now = link.now;
    let effects = link.ends[0].machine.handle(Event::Close, now);
    assert!(!effects.iter().any(|effect| !matches!(effect, Effect::Transmit { .. })), "{effects:?}");
    assert_eq!(link.ends[0].machine.wake_at(), None);
}
