//! Streams whose keys come of a handshake: nothing goes before them, and nothing without.

use super::*;
use crate::rtp::dropped::Kind as Datagram;
use crate::rtp::dtls::Certificate;
use crate::sdp::dtls::{DtlsExchange, DtlsLine, Fingerprint, Setup};
use crate::sdp::{IceAgreed, IceDescription};
use std::net::SocketAddr;

fn certificate(seed: u64) -> Certificate {
    let wall = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_219_200);
    Certificate::generate(&mut StdRng::seed_from_u64(seed), wall).unwrap()
}

fn line(fingerprint: &str, setup: Setup) -> DtlsLine {
    let fingerprints = vec![Fingerprint::parse(fingerprint).unwrap()];
    DtlsLine { fingerprints, setup: Some(setup), tls_id: None }
}

/// What each side knows when B answered the offer of A and is to begin; `believed` is what A was told of B.
fn exchanges(a: &str, b: &str, believed: &str) -> [Option<DtlsExchange>; 2] {
    let offer = line(a, Setup::ActPass);
    let at_a = DtlsExchange { ours: offer.clone(), theirs: line(believed, Setup::Active), part: Setup::Passive };
    let at_b = DtlsExchange { ours: line(b, Setup::Active), theirs: offer, part: Setup::Active };
    [Some(at_a), Some(at_b)]
}

/// Two that are to shake hands, and who they are.
fn pair() -> (Pair, [Certificate; 2]) {
    let mut pair = pair_of("PCMA");
    let who = [certificate(1), certificate(2)];
    pair.a.set_certificate(who[0].clone());
    pair.b.set_certificate(who[1].clone());
    (pair, who)
}

fn only(remote: ([u8; 4], u16)) -> Agreed {
    let only = agreed("PCMA", remote);
    Agreed { receive: vec![format("PCMA")], rtcp_mux: true, remote_rtcp: only.remote_rtp, ..only }
}

fn agree(pair: &mut Pair, [a, b]: [Option<DtlsExchange>; 2]) {
    pair.a.start(Agreed { dtls: a, ..only(B) }).unwrap();
    pair.b.start(Agreed { dtls: b, ..only(A) }).unwrap();
}

/// The same with reports on a port of their own.
fn agree_apart(pair: &mut Pair, [a, b]: [Option<DtlsExchange>; 2]) {
    pair.a.start(apart(a, B)).unwrap();
    pair.b.start(apart(b, A)).unwrap();
}

fn apart(dtls: Option<DtlsExchange>, remote: ([u8; 4], u16)) -> Agreed {
    Agreed { dtls, rtcp_mux: false, remote_rtcp: agreed("PCMA", remote).remote_rtcp, ..only(remote) }
}

/// Somebody who has not begun yet.
fn fresh(pair: &mut Pair, who: &Certificate) -> MediaStream {
    let anchor = WallAnchor { instant: pair.now, wall: SystemTime::UNIX_EPOCH };
    let mut fresh = MediaStream::new(anchor, pair.now, &mut pair.rng);
    fresh.set_certificate(who.clone());
    fresh
}

/// B once more, having forgotten everything: A has its hello.
fn knocks_anew(pair: &mut Pair, b: &Certificate, dtls: Option<DtlsExchange>) -> MediaStream {
    let mut again = fresh(pair, b);
    again.start(Agreed { dtls, ..only(A) }).unwrap();
    again.tick_capture(pair.now, &[0.0; FRAME], &mut pair.rng);
    let hello = again.poll_transmit().expect("a hello");
    pair.a.receive_rtp(&hello.bytes, B.into(), pair.now);
    again
}

/// What both said about keys.
fn said(pair: &mut Pair) -> [Vec<StreamEvent>; 2] {
    let about = |event: &StreamEvent| matches!(event, StreamEvent::Secured(_) | StreamEvent::NotSecured(_));
    [&mut pair.a, &mut pair.b].map(|stream| std::iter::from_fn(|| stream.poll_event()).filter(about).collect())
}

const SECURED: [StreamEvent; 1] = [StreamEvent::Secured("AEAD_AES_256_GCM")];

//= RFC 5764 §4.2
#[test]
fn sound_goes_once_there_are_keys() {
    let (mut pair, [a, b]) = pair();
    agree(&mut pair, exchanges(a.fingerprint(), b.fingerprint(), b.fingerprint()));
    pair.run(1_000, sine(1_000.0), clean);
    assert_eq!(said(&mut pair), [SECURED, SECURED]);
    let level = goertzel_dbfs(&pair.heard[24_000..], 1_000.0, 48_000);
    assert!((level + 6.0).abs() < 1.0, "{level}");
    let counters = pair.b.session.counters();
    assert_eq!(counters.dropped.total(), 0, "{:?}", counters.dropped.named().collect::<Vec<_>>());
    assert!(counters.received >= 45, "{}", counters.received);
}

/// Whatever leaves before the keys is of the handshake, and a far end that never answers gets nothing else.
#[test]
fn nothing_goes_before_the_keys() {
    let (mut pair, [a, b]) = pair();
    let [_, at_b] = exchanges(a.fingerprint(), b.fingerprint(), b.fingerprint());
    pair.b.start(Agreed { dtls: at_b, ..only(A) }).unwrap();
    let mut wire = Vec::new();
    for _ in 0..2_500 {
        pair.b.tick_capture(pair.now, &[0.1; FRAME], &mut pair.rng);
        wire.extend(std::iter::from_fn(|| pair.b.poll_transmit()));
        // Neither is plain sound taken meanwhile.
        pair.a.start(only(B)).unwrap();
        pair.a.tick_capture(pair.now, &[0.1; FRAME], &mut pair.rng);
        while let Some(plain) = pair.a.poll_transmit() {
            pair.b.receive_rtp(&plain.bytes, A.into(), pair.now);
        }
        pair.now += Duration::from_millis(10);
    }
    assert!(wire.len() > 3, "{} hellos", wire.len());
    assert!(wire.iter().all(|t| Datagram::of(&t.bytes) == Datagram::Odd(Dropped::Dtls) && t.to == A.into()));
    assert_eq!(pair.b.session.counters().received, 0);
    assert_eq!(said(&mut pair)[1], [StreamEvent::NotSecured(Failure::Timeout)]);
    assert!(pair.b.stats(pair.now).silence_rx.is_none(), "what is not there yet is not missed");
}

//= RFC 5763 §5
#[test]
fn another_certificate_than_was_announced_ends_it() {
    let (mut pair, [a, b]) = pair();
    let other = certificate(3);
    agree(&mut pair, exchanges(a.fingerprint(), b.fingerprint(), other.fingerprint()));
    pair.run(8_000, sine(1_000.0), clean);
    let [at_a, at_b] = said(&mut pair);
    assert_eq!(at_a, [StreamEvent::NotSecured(Failure::Certificate)]);
    assert!(!at_b.contains(&SECURED[0]), "{at_b:?}");
    assert!(pair.heard.iter().all(|sample| *sample == 0.0));
    assert_eq!((pair.a.session.counters().sent, pair.b.session.counters().sent), (0, 0));
}

/// What asks for no new association leaves keys and SSRC as they are; what does brings others.
//= RFC 8842 §3.1
#[test]
fn an_association_goes_on_until_it_is_renewed() {
    let (mut pair, [a, b]) = pair();
    let stands = exchanges(a.fingerprint(), b.fingerprint(), b.fingerprint());
    agree(&mut pair, stands.clone());
    pair.run(500, sine(1_000.0), clean);
    assert_eq!(said(&mut pair), [SECURED, SECURED]);
    let name = pair.a.session.ssrc();
    agree(&mut pair, stands);
    pair.run(500, sine(1_000.0), clean);
    assert_eq!((said(&mut pair), pair.a.session.ssrc()), ([vec![], vec![]], name));
    let other = certificate(4);
    pair.b.set_certificate(other.clone());
    agree(&mut pair, exchanges(a.fingerprint(), other.fingerprint(), other.fingerprint()));
    pair.run(1_000, sine(1_000.0), clean);
    assert_eq!(said(&mut pair), [SECURED, SECURED]);
    assert_ne!(pair.a.session.ssrc(), name);
    assert!(goertzel_dbfs(&pair.heard[72_000..], 1_000.0, 48_000) > -7.0);
    // And no keys are left where none are agreed.
    agree(&mut pair, [None, None]);
    pair.run(1_000, sine(1_000.0), clean);
    assert!(goertzel_dbfs(&pair.heard[120_000..], 1_000.0, 48_000) > -7.0);
}

/// The hello of who answers comes before the answer does.
#[test]
fn a_hello_before_the_answer_is_not_lost() {
    let (mut pair, [a, b]) = pair();
    pair.a = fresh(&mut pair, &a);
    let [at_a, at_b] = exchanges(a.fingerprint(), b.fingerprint(), b.fingerprint());
    pair.b.start(Agreed { dtls: at_b, ..only(A) }).unwrap();
    pair.b.tick_capture(pair.now, &[0.0; FRAME], &mut pair.rng);
    let hello = pair.b.poll_transmit().expect("a hello");
    assert_eq!(pair.b.poll_transmit(), None);
    pair.a.receive_rtp(&hello.bytes, B.into(), pair.now);
    pair.a.start(Agreed { dtls: at_a, ..only(B) }).unwrap();
    // Before the hello comes again, 250 ms later.
    pair.run(200, sine(1_000.0), clean);
    assert_eq!(said(&mut pair), [SECURED, SECURED]);
}

/// Asterisk does so with each description. A hello alone, which anybody can send, changes nothing.
//= RFC 6347 §4.2.8
#[test]
fn a_far_end_may_shake_hands_anew() {
    let (mut pair, [a, b]) = pair();
    let stands = exchanges(a.fingerprint(), b.fingerprint(), b.fingerprint());
    agree(&mut pair, stands.clone());
    pair.run(500, sine(1_000.0), clean);
    assert_eq!(said(&mut pair), [SECURED, SECURED]);
    let [_, at_b] = stands;
    let again = knocks_anew(&mut pair, &b, at_b);
    let received = pair.b.session.counters().received;
    pair.run(500, sine(1_000.0), clean);
    assert_eq!(said(&mut pair), [vec![], vec![]]);
    assert_eq!(pair.b.session.counters().received - received, 25);
    pair.b = again;
    pair.run(1_500, sine(1_000.0), clean);
    assert_eq!(said(&mut pair), [SECURED, SECURED]);
    let end = pair.heard.len() - 24_000;
    assert!(goertzel_dbfs(&pair.heard[end..], 1_000.0, 48_000) > -7.0);
}

/// Somebody begins anew, and the one there is ends.
#[test]
fn who_closes_while_another_begins_is_heard() {
    let (mut pair, [a, b]) = pair();
    let stands = exchanges(a.fingerprint(), b.fingerprint(), b.fingerprint());
    agree(&mut pair, stands.clone());
    pair.run(500, sine(1_000.0), clean);
    let [_, at_b] = stands;
    knocks_anew(&mut pair, &b, at_b);
    pair.b.close(pair.now);
    while let Some(last) = pair.b.poll_transmit() {
        pair.a.receive_rtp(&last.bytes, B.into(), pair.now);
    }
    assert!(std::iter::from_fn(|| pair.a.poll_event()).any(|event| event == StreamEvent::Closed));
}

/// The datagrams of handshakes that a stream sends now, and to whom.
fn shakes(stream: &mut MediaStream) -> Vec<SocketAddr> {
    let sent = std::iter::from_fn(|| stream.poll_transmit());
    sent.filter(|t| Datagram::of(&t.bytes) == Datagram::Odd(Dropped::Dtls)).map(|t| t.to).collect()
}

//= RFC 5763 §6.7.1
#[test]
fn hands_are_shaken_on_the_way_that_ice_finds() {
    let (mut pair, [a, b]) = pair();
    let [_, at_b] = exchanges(a.fingerprint(), b.fingerprint(), b.fingerprint());
    let theirs = IceDescription { ufrag: "peer".into(), ..IceDescription::default() };
    let ice = IceAgreed { ours: IceDescription::default(), theirs, controlling: false };
    pair.b.start(Agreed { dtls: at_b, ice: Some(ice), ..only(A) }).unwrap();
    pair.b.tick_capture(pair.now, &[0.0; FRAME], &mut pair.rng);
    assert_eq!(shakes(&mut pair.b), []);
    pair.b.connected(pair.now);
    assert_eq!(shakes(&mut pair.b), [A.into()]);
}

/// The far end moves, and then it wants to go on without.
#[test]
fn an_association_is_closed_where_its_far_end_is() {
    let (mut pair, [a, b]) = pair();
    let stands = exchanges(a.fingerprint(), b.fingerprint(), b.fingerprint());
    agree(&mut pair, stands.clone());
    pair.run(500, sine(1_000.0), clean);
    let [at_a, _] = stands;
    let elsewhere = ([192, 0, 2, 77], 7_000);
    shakes(&mut pair.a);
    for (dtls, closed) in [(at_a, vec![]), (None, vec![SocketAddr::from(elsewhere)])] {
        pair.a.start(Agreed { dtls, ..only(elsewhere) }).unwrap();
        pair.a.tick_capture(pair.now, &[0.0; FRAME], &mut pair.rng);
        assert_eq!(shakes(&mut pair.a), closed);
    }
}

/// Whoever hangs up says so to the association as well.
#[test]
fn a_call_that_ends_closes_its_association() {
    let (mut pair, [a, b]) = pair();
    agree(&mut pair, exchanges(a.fingerprint(), b.fingerprint(), b.fingerprint()));
    pair.run(500, sine(1_000.0), clean);
    pair.a.close(pair.now);
    let wire: Vec<Transmit> = std::iter::from_fn(|| pair.a.poll_transmit()).collect();
    let kinds: Vec<Datagram> = wire.iter().map(|t| Datagram::of(&t.bytes)).collect();
    assert_eq!(kinds, [Datagram::Rtcp, Datagram::Odd(Dropped::Dtls)]);
    for Transmit { bytes, .. } in &wire {
        pair.b.receive_rtp(bytes, A.into(), pair.now);
    }
    let sent = pair.b.session.counters().sent;
    pair.run(200, sine(1_000.0), |_| None);
    assert_eq!(pair.b.session.counters().sent, sent, "who has closed is sent nothing");
}

//= RFC 5763 §6, RFC 5764 §4.1
#[test]
fn reports_apart_have_keys_of_their_own() {
    let (mut pair, [a, b]) = pair();
    let stands = exchanges(a.fingerprint(), b.fingerprint(), b.fingerprint());
    agree_apart(&mut pair, stands.clone());
    pair.run(8_000, sine(1_000.0), clean);
    assert_eq!(said(&mut pair), [SECURED, SECURED]);
    assert!(goertzel_dbfs(&pair.heard[24_000..], 1_000.0, 48_000) > -7.0);
    // With the sound, and apart once more.
    for agree in [agree, agree_apart] {
        let before = [&pair.a, &pair.b].map(|stream| stream.session.reported());
        assert!(before.iter().all(Option::is_some), "{before:?}");
        agree(&mut pair, stands.clone());
        pair.run(8_000, sine(1_000.0), clean);
        assert_eq!(said(&mut pair), [vec![], vec![]], "the sound keeps its keys");
        let after = [&pair.a, &pair.b].map(|stream| stream.session.reported());
        assert!(before.iter().zip(&after).all(|(before, after)| after > before));
    }
    for stream in [&pair.a, &pair.b] {
        // A goodbye, to who had said his own.
        let odd: Vec<_> = stream.session.counters().dropped.named().filter(|(name, _)| *name != "dtls").collect();
        assert!(odd.is_empty(), "{odd:?}");
    }
}

/// Where nobody answers on the port of reports there are none, and the sound goes.
#[test]
fn no_report_goes_before_its_keys() {
    let (mut pair, [a, b]) = pair();
    agree_apart(&mut pair, exchanges(a.fingerprint(), b.fingerprint(), b.fingerprint()));
    let mut reports = Vec::new();
    for _ in 0..3_000 {
        for from in [A, B] {
            pair.a.tick_capture(pair.now, &[0.1; FRAME], &mut pair.rng);
            while let Some(transmit) = pair.a.poll_transmit() {
                match transmit.port {
                    Port::Rtp => pair.b.receive_rtp(&transmit.bytes, from.into(), pair.now),
                    Port::Rtcp => reports.push(transmit),
                }
            }
            std::mem::swap(&mut pair.a, &mut pair.b);
        }
        pair.now += Duration::from_millis(10);
    }
    assert_eq!(said(&mut pair), [SECURED, SECURED]);
    assert!(reports.len() > 3, "{} hellos", reports.len());
    assert!(reports.iter().all(|t| Datagram::of(&t.bytes) == Datagram::Odd(Dropped::Dtls)));
    assert!(pair.a.session.counters().received > 1_400 && pair.b.session.counters().received > 1_400);
}

/// Another certificate on the port of reports: somebody stands between, and nothing more is said to anybody.
//= RFC 5763 §5
#[test]
fn another_certificate_for_the_reports_ends_it() {
    let (mut pair, [a, b]) = pair();
    let [at_a, at_b] = exchanges(a.fingerprint(), b.fingerprint(), b.fingerprint());
    let mut other = fresh(&mut pair, &certificate(3));
    other.start(apart(at_b.clone(), A)).unwrap();
    agree_apart(&mut pair, [at_a, at_b]);
    for _ in 0..500 {
        for stream in [&mut pair.a, &mut pair.b, &mut other] {
            stream.tick_capture(pair.now, &[0.1; FRAME], &mut pair.rng);
        }
        while let Some(transmit) = pair.a.poll_transmit() {
            match transmit.port {
                Port::Rtp => pair.b.receive_rtp(&transmit.bytes, A.into(), pair.now),
                Port::Rtcp => other.receive_rtcp(&transmit.bytes, (A.0, A.1 + 1).into(), pair.now),
            }
        }
        while let Some(transmit) = pair.b.poll_transmit() {
            if transmit.port == Port::Rtp {
                pair.a.receive_rtp(&transmit.bytes, B.into(), pair.now);
            }
        }
        while let Some(transmit) = other.poll_transmit() {
            if transmit.port == Port::Rtcp {
                pair.a.receive_rtcp(&transmit.bytes, (B.0, B.1 + 1).into(), pair.now);
            }
        }
        pair.now += Duration::from_millis(10);
    }
    assert!(said(&mut pair)[0].contains(&StreamEvent::NotSecured(Failure::Certificate)));
    let sent = pair.a.session.counters().sent;
    pair.run(1_000, sine(1_000.0), clean);
    assert_eq!(pair.a.session.counters().sent, sent);
}
