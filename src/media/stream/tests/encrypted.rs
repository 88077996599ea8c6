//! Streams that are encrypted: what goes over the wire, and what is taken from it.

use super::*;
use crate::media::encryption::suites;
use crate::rtp::dropped::Tally;
use crate::sdp::{CryptoKey, KeyAndSalt, Srtp};

/// PCMA in clear: silence is `d5`.
const SILENCE: [u8; 160] = [0xd5; 160];

/// What each end is told of keys that a number makes, A first.
fn keys(suite: usize, number: u64) -> [Option<Srtp>; 2] {
    let suite = suites()[suite];
    let mut rng = StdRng::seed_from_u64(number);
    let [ours, theirs] = [0, 1].map(|_| KeyAndSalt::random(suite.key_and_salt, &mut rng));
    let end = |send: &KeyAndSalt, key: &KeyAndSalt| {
        Some(Srtp { suite: suite.name, send: send.clone(), receive: vec![CryptoKey { key: key.clone(), mki: vec![] }] })
    };
    [end(&ours, &theirs), end(&theirs, &ours)]
}

fn pair(srtp: [Option<Srtp>; 2]) -> Pair {
    let mut pair = pair_of("PCMA");
    agree(&mut pair, srtp);
    pair
}

fn agree(pair: &mut Pair, [a, b]: [Option<Srtp>; 2]) {
    let only = |remote| Agreed { receive: vec![format("PCMA")], ..agreed("PCMA", remote) };
    pair.a.start(Agreed { srtp: a, ..only(B) }).unwrap();
    pair.b.start(Agreed { srtp: b, ..only(A) }).unwrap();
}

/// What A sends in so many ms of silence.
fn sent(pair: &mut Pair, ms: u64) -> Vec<Transmit> {
    let mut sent = Vec::new();
    for _ in 0..ms / 10 {
        pair.a.tick_capture(pair.now, &[0.0; FRAME], &mut pair.rng);
        sent.extend(std::iter::from_fn(|| pair.a.poll_transmit()));
        pair.now += Duration::from_millis(10);
    }
    sent
}

fn dropped(stream: &MediaStream, name: &str) -> u64 {
    let tally: Tally = stream.session.counters().dropped;
    tally.named().find(|(known, _)| *known == name).map_or(0, |(_, count)| count)
}

#[test]
fn sound_is_heard_through_every_suite() {
    for suite in 0..suites().len() {
        let mut pair = pair(keys(suite, 1));
        pair.run(1_000, sine(1_000.0), clean);
        let level = goertzel_dbfs(&pair.heard[24_000..], 1_000.0, 48_000);
        assert!((level + 6.0).abs() < 1.0, "{}: {level}", suites()[suite].name);
        assert_eq!(dropped(&pair.b, "unauthentic"), 0);
    }
}

#[test]
fn nothing_plain_goes_out_and_nothing_plain_is_taken() {
    let mut pair = pair(keys(0, 1));
    let mut wire = sent(&mut pair, 12_000);
    pair.a.close(pair.now);
    wire.extend(std::iter::from_fn(|| pair.a.poll_transmit()));
    assert!(wire.iter().filter(|t| t.port == Port::Rtcp).count() > 1, "reports too");
    for Transmit { port, bytes, .. } in &wire {
        match port {
            Port::Rtp => assert!(bytes.len() == 12 + 160 + 16 && bytes[12..172] != SILENCE),
            // E bit and index stand at the end, and our name is nowhere: 16 digits.
            Port::Rtcp => {
                assert!(bytes[bytes.len() - 4] & 0x80 != 0);
                assert!(!bytes.windows(16).any(|part| part.iter().all(u8::is_ascii_hexdigit)));
            }
        }
    }
    let mut plain = super::pair_of("PCMA");
    for transmit in sent(&mut plain, 1_000) {
        pair.b.receive_rtp(&transmit.bytes, A.into(), pair.now);
    }
    assert_eq!((dropped(&pair.b, "unauthentic"), pair.b.session.counters().received), (50, 0));
}

#[test]
fn forgeries_and_repeats_are_counted_and_sound_goes_on() {
    let mut pair = pair(keys(3, 1));
    let wire = sent(&mut pair, 400);
    for transmit in &wire {
        let mut forged = transmit.bytes.clone();
        forged[20] ^= 1;
        pair.b.receive_rtp(&forged, A.into(), pair.now);
        // From elsewhere a forgery moves nothing.
        pair.b.receive_rtp(&forged, ([10, 0, 0, 9], 9_000).into(), pair.now);
        pair.b.receive_rtp(&transmit.bytes, A.into(), pair.now);
        pair.b.receive_rtp(&transmit.bytes, A.into(), pair.now);
    }
    let counters = pair.b.session.counters();
    assert_eq!((counters.received, dropped(&pair.b, "unauthentic"), dropped(&pair.b, "replayed")), (20, 40, 20));
}

/// Without keys that can be used nothing is sent, and nothing taken.
#[test]
fn keys_that_cannot_be_used_leave_silence() {
    let [a, b] = keys(0, 1);
    let broken = a.map(|srtp| Srtp { suite: "F8_128_HMAC_SHA1_80", ..srtp });
    let mut pair = pair([broken, b]);
    assert!(sent(&mut pair, 1_000).is_empty());
}

/// The SSRC of what was sent.
fn name(wire: &[Transmit]) -> Vec<u8> {
    let mut names: Vec<&[u8]> = wire.iter().filter(|t| t.port == Port::Rtp).map(|t| &t.bytes[8..12]).collect();
    names.dedup();
    assert_eq!(names.len(), 1);
    names[0].to_vec()
}

/// Who counts our roll-overs on understands us, and who begins at 0 as well.
//= RFC 3711 §3.3.1, RFC 4568 §7.1.4
#[test]
fn another_key_comes_with_another_name() {
    let mut pair = pair(keys(0, 1));
    let mut before = name(&sent(&mut pair, 100));
    let rows = [
        ("the same again", keys(0, 1), false),
        ("another key", keys(0, 2), true),
        ("another suite", keys(3, 2), true),
        ("the first key", keys(0, 1), true),
        ("plain", [None, None], false),
        ("the same after it", keys(0, 1), true),
    ];
    for (what, srtp, renamed) in rows {
        agree(&mut pair, srtp);
        let now = name(&sent(&mut pair, 100));
        assert_eq!(now != before, renamed, "{what}");
        before = now;
    }
}

#[test]
fn keys_change_without_a_gap() {
    let mut pair = pair(keys(0, 1));
    let mut sound = sine(1_000.0);
    pair.run(1_000, &mut sound, clean);
    agree(&mut pair, keys(0, 2));
    pair.run(1_000, &mut sound, clean);
    agree(&mut pair, keys(3, 3));
    pair.run(1_000, &mut sound, clean);
    // The same again, as a refresh has it, changes nothing.
    agree(&mut pair, keys(3, 3));
    pair.run(1_000, &mut sound, clean);
    for part in pair.heard[24_000..].chunks(4_800) {
        assert!(goertzel_dbfs(part, 1_000.0, 48_000) > -9.0);
    }
    assert_eq!((dropped(&pair.b, "unauthentic"), dropped(&pair.b, "replayed")), (0, 0));
}
