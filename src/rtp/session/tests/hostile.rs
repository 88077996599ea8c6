//! What others do to a session: sound goes on, nobody is answered, everything is counted.

use super::*;
use proptest::prelude::*;

/// A header of another making; payload 160 octets.
fn forged(ssrc: u32, sequence: u16, time: u32) -> Vec<u8> {
    let payload = [0; 160];
    let packet = Packet {
        payload_type: 0,
        marker: false,
        sequence: SequenceNumber(sequence),
        time: RtpTime(time),
        ssrc: Ssrc(ssrc),
        payload: &payload,
    };
    let mut bytes = Vec::new();
    packet.write(&mut bytes);
    bytes
}

#[test]
fn what_is_no_sound_is_counted_by_its_kind_and_sound_goes_on() {
    let bye = [0x81, 203, 0, 1, 0, 0, 0, 9];
    let rows: [(Dropped, SocketAddr, Vec<u8>); 8] = [
        (Dropped::Malformed, at(1, 4000), b"noise".to_vec()),
        (Dropped::Malformed, at(1, 4000), vec![0x80]),
        (Dropped::Strangers, at(66, 4000), forged(9, 1, 1)),
        (Dropped::RtcpStrangers, at(66, 4000), bye.to_vec()),
        (Dropped::Stun, at(1, 4000), vec![0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42]),
        (Dropped::Dtls, at(1, 4000), vec![22, 254, 253, 0, 0]),
        (Dropped::Oversize, at(1, 4000), vec![0x80; 5_000]),
        (Dropped::OtherSources, at(1, 4000), forged(9, 1, 1)),
    ];
    let mut pair = pair();
    assert!(pair.pass(0));
    for (n, (kind, from, bytes)) in (1..).zip(rows) {
        let (before, now) = (pair.b.counters().dropped.of(kind), pair.now(n) - Duration::from_millis(5));
        assert!(pair.b.receive(from, &bytes, now).is_none(), "{kind:?}");
        assert_eq!(pair.b.counters().dropped.of(kind), before + 1, "{kind:?}");
        assert!(pair.pass(n), "{kind:?}");
    }
    let counters = pair.b.counters();
    assert_eq!((counters.received, counters.lost, counters.source_changes), (9, 0, 0));
}

/// What is no report neither takes the place of reports nor is taken for a broken one.
#[test]
fn what_comes_to_the_port_of_reports_is_counted_by_its_kind() {
    let stun = [0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42];
    let rows: [(&[u8], Option<Dropped>); 5] = [
        (&stun, Some(Dropped::Stun)),
        (&[22, 254, 253], Some(Dropped::Dtls)),
        (&[0x80, 0, 0, 1], Some(Dropped::Malformed)),
        (&[0x80, 200, 0, 9], Some(Dropped::Malformed)),
        (b"\r\n", None),
    ];
    for (bytes, kind) in rows {
        let mut pair = pair();
        pair.packet(0);
        let now = pair.now(1);
        // From another port of the far end's host, as a NAT might make it.
        assert!(!pair.a.receive_rtcp(at(2, 7777), bytes, now), "{bytes:?}");
        let dropped = pair.a.counters().dropped;
        assert_eq!((dropped.total(), kind.map(|kind| dropped.of(kind))), (kind.is_some().into(), kind.map(|_| 1)));
        assert_eq!(pair.a.bye(now).map(|(to, _)| to), Some(at(2, 5001)), "{bytes:?}");
    }
}

#[test]
fn a_flood_of_sources_takes_no_place() {
    let mut pair = pair();
    for n in 0..200 {
        assert!(pair.pass(n));
        for k in 1..20 {
            let now = pair.now(n) + Duration::from_micros(900 * u64::from(k));
            assert!(pair.b.receive(at(1, 4000), &forged(n * 20 + k, 7, 7), now).is_none());
        }
    }
    let counters = pair.b.counters();
    assert_eq!((counters.received, counters.source_changes, counters.lost), (200, 0, 0));
    assert_eq!(counters.dropped.of(Dropped::OtherSources), 200 * 19);
}

/// A second source with numbers in order, as of an attacker or of a gateway that forks.
#[test]
fn two_sources_at_once_do_not_take_turns() {
    let mut pair = pair();
    for n in 0..200 {
        assert!(pair.pass(n));
        let now = pair.now(n) + Duration::from_millis(10);
        assert!(pair.b.receive(at(1, 4000), &forged(9, n as u16, n * 160), now).is_none());
    }
    assert_eq!(pair.b.counters().source_changes, 0);
}

/// A key that stands still for eight seconds, a pause of a minute and packets out of order have honest timestamps.
#[test]
fn timestamps_that_run_wild_are_counted_and_honest_ones_are_not() {
    let mut pair = pair();
    (0..20).for_each(|n| assert!(pair.pass(n)));
    let (early, late, now) = (pair.packet(20), pair.packet(21), pair.now(21));
    assert!(pair.b.receive(at(1, 4000), &late, now).is_some() && pair.b.receive(at(1, 4000), &early, now).is_some());
    let stands = pair.a.time_at(22 * 160);
    for n in 22..420 {
        let (mut bytes, now) = (Vec::new(), pair.now(n));
        pair.a.send(101, false, stands, &[5, 10, 0, 160], now, &mut bytes);
        assert!(pair.b.receive(at(1, 4000), &bytes, now).is_some());
    }
    (420..440).chain(3_440..3_460).for_each(|n| assert!(pair.pass(n)));
    assert_eq!(pair.b.counters().dropped.of(Dropped::Timestamp), 0);
    for n in 3_460..3_480 {
        let (mut bytes, now) = (Vec::new(), pair.now(n));
        let time = pair.a.time_at(n.wrapping_mul(0x9e37_79b9));
        pair.a.send(0, false, time, &[0xff; 160], now, &mut bytes);
        assert!(pair.b.receive(at(1, 4000), &bytes, now).is_some(), "it is played all the same");
    }
    assert_eq!(pair.b.counters().dropped.of(Dropped::Timestamp), 20);
    assert_eq!(pair.b.counters().lost, 0);
}

#[test]
fn a_forged_goodbye_does_not_end_the_sound() {
    let mut pair = pair();
    for n in 0..100 {
        assert!(pair.pass(n));
        if n % 50 == 10 {
            let mut bye = vec![0x81, 203, 0, 1];
            bye.extend(pair.a.ssrc().0.to_be_bytes());
            let now = pair.now(n);
            assert!(pair.b.receive_rtcp(at(1, 4001), &bye, now));
            assert!(!pair.b.receive_rtcp(at(66, 4001), &bye, now));
        }
    }
    let dropped = pair.b.counters().dropped;
    assert_eq!((dropped.of(Dropped::Goodbye), dropped.of(Dropped::RtcpStrangers)), (2, 2));
    assert_eq!(pair.b.counters().lost, 0);
}

/// Nothing that a stranger sends makes this phone send, or send elsewhere.
#[test]
fn strangers_are_not_answered() {
    let mut pair = pair();
    let (before, now) = (pair.b.bye(pair.start).map(|(to, _)| to), pair.start);
    assert_eq!(before, None, "nothing was sent yet");
    for n in 0..100 {
        assert!(pair.b.receive(at(66, 4000), &forged(9, n, 0), now).is_none());
        assert!(!pair.b.receive_rtcp(at(66, 4001), &[0x80, 201, 0, 1, 0, 0, 0, 9], now));
    }
    let mut sent = Vec::new();
    for n in 0..600 {
        let (session, rng) = (&mut pair.b, &mut pair.rng);
        sent.extend(session.poll_rtcp(now + Duration::from_millis(20) * n, rng, sound).map(|(to, _)| to));
    }
    assert!(sent.len() < 6 && sent.iter().all(|to| *to == at(1, 4001)), "{sent:?}");
    assert_eq!(pair.b.send(0, true, RtpTime(0), &[], now, &mut Vec::new()), Some(at(1, 4000)));
}

//= RFC 3550 §8.2
#[test]
fn a_mirror_is_heard_and_its_reports_are_not_believed() {
    let mut pair = pair();
    let packet = pair.packet(0);
    let (now, own) = (pair.start, pair.a.ssrc());
    assert!(pair.a.receive(at(66, 5000), &packet, now).is_none(), "from elsewhere it is a stranger's");
    assert!(pair.a.receive(at(2, 5000), &packet, now).is_some_and(|r| r.packet.ssrc == own));
    let bye = pair.a.bye(now).map(|(_, bytes)| bytes.to_vec()).unwrap_or_default();
    assert!(!pair.a.receive_rtcp(at(2, 5001), &bye, now));
    let dropped = pair.a.counters().dropped;
    assert_eq!((dropped.of(Dropped::Mirrored), dropped.of(Dropped::Collision), pair.a.reported()), (1, 0, None));
}

//= RFC 3550 §8.2: BYE under the old SSRC, then another one; not for ever
#[test]
fn an_ssrc_that_another_has_is_given_up() {
    let mut pair = pair();
    pair.packet(0);
    let mut sequence = 30_000;
    for collision in 1..=5_u64 {
        let own = pair.a.ssrc();
        let now = pair.now(collision as u32 * 50);
        for _ in 0..2 {
            sequence += 1;
            pair.a.receive(at(2, 5000), &forged(own.0, sequence, 0), now);
        }
        let report = pair.a.poll_rtcp(now, &mut pair.rng, sound).map(|(_, bytes)| bytes.to_vec());
        let mut items = Vec::new();
        rtcp::read(&report.unwrap_or_default(), |item| items.push(item)).ok();
        let changes = collision <= MAX_COLLISIONS;
        assert_eq!(items.contains(&Item::Bye(own)), changes, "{collision}");
        assert_eq!(pair.a.ssrc() != own, changes, "{collision}");
    }
    assert_eq!(pair.a.counters().collisions, MAX_COLLISIONS);
    assert!(pair.a.counters().received >= 5, "its sound is heard all the same");
}

#[test]
fn a_live_stream_is_not_pulled_away() {
    let mut pair = pair();
    for n in 0..50 {
        assert!(pair.pass(n));
        let now = pair.now(n);
        // The same host, another port: a NAT may do that, but not while the first is heard.
        assert!(pair.b.receive(at(1, 9), &forged(9, n as u16, 0), now).is_none());
    }
    assert_eq!(pair.b.counters().dropped.of(Dropped::Strangers), 50);
    assert_eq!(pair.b.send(0, true, RtpTime(0), &[], pair.now(50), &mut Vec::new()), Some(at(1, 4000)));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever comes from wherever: no panic, sums hold, and after it sound is heard again.
    #[test]
    fn any_datagrams(datagrams in proptest::collection::vec(
        (0u8..4, 0u8..4, proptest::collection::vec(any::<u8>(), 0..120), any::<u16>(), any::<u32>()), 0..80,
    )) {
        let mut pair = pair();
        prop_assert!(pair.pass(0));
        let mut taken = 1;
        for (n, (kind, host, bytes, sequence, time)) in (1..).zip(datagrams) {
            let own = pair.a.ssrc().0;
            let datagram = match kind {
                0 => bytes,
                1 => forged(own, sequence, time),
                2 => forged(time, sequence, time),
                _ => [&[0x80 | (sequence as u8 & 0x3f), 192 + (sequence >> 8) as u8 % 32, 0, (bytes.len() / 4) as u8], &bytes[..]].concat(),
            };
            let now = pair.now(n);
            taken += u64::from(pair.b.receive(at(host, 4000), &datagram, now).is_some());
            pair.b.receive_rtcp(at(host, 4001), &datagram, now);
            let (session, rng) = (&mut pair.b, &mut pair.rng);
            session.poll_rtcp(now, rng, sound);
        }
        prop_assert_eq!(pair.b.counters().received, taken);
        let later = 10_000;
        let heard = (0..4).filter(|n| pair.pass(later + n)).count();
        prop_assert!(heard >= 2, "{}", heard);
    }
}
