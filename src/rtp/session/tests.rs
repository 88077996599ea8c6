//! Two sessions that talk with each other, in virtual time.
#![allow(clippy::disallowed_methods)] // a moment to count from

use super::*;
use crate::rtp::is_rtcp;
use crate::rtp::mos::Impairment;
use crate::rtp::rtcp::{self, Item};
use rand::SeedableRng;
use rand::rngs::StdRng;
use std::time::SystemTime;

mod hostile;

struct Pair {
    a: RtpSession,
    b: RtpSession,
    start: Instant,
    rng: StdRng,
}

fn at(host: u8, port: u16) -> SocketAddr {
    SocketAddr::from(([192, 0, 2, host], port))
}

fn sound() -> Sound {
    let codec = Impairment::of("PCMU");
    let ms = Duration::from_millis;
    Sound { heard: codec, sent: codec, ptime: ms(20), playout: ms(40), playout_limit: ms(500) }
}

fn pair() -> Pair {
    let mut rng = StdRng::seed_from_u64(11);
    let start = Instant::now();
    let anchor = WallAnchor { instant: start, wall: SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000) };
    let mut a = RtpSession::new(8_000, anchor, &mut rng);
    let mut b = RtpSession::new(8_000, anchor, &mut rng);
    a.set_remote(Some(at(2, 5000)), Some(at(2, 5001)), false);
    b.set_remote(Some(at(1, 4000)), Some(at(1, 4001)), false);
    Pair { a, b, start, rng }
}

/// Who joins an SRTP stream counts its roll-overs from 0.
#[test]
fn another_name_begins_below_the_wrap() {
    let mut pair = pair();
    for _ in 0..20 {
        let before = pair.a.ssrc();
        pair.a.sequence = SequenceNumber(0xffff);
        pair.a.rename(&mut pair.rng);
        assert!(pair.a.ssrc() != before && pair.a.sequence.0 < 0x8000, "{:?}", pair.a.sequence);
    }
}

impl Pair {
    /// `a` sends packet `n`, 20 ms each.
    fn packet(&mut self, n: u32) -> Vec<u8> {
        let mut buffer = Vec::new();
        let time = self.a.time_at(n * 160);
        let target = self.a.send(0, n == 0, time, &[0xff; 160], self.now(n), &mut buffer);
        assert_eq!(target, Some(at(2, 5000)));
        buffer
    }

    fn now(&self, n: u32) -> Instant {
        self.start + Duration::from_millis(20) * n
    }

    /// Packet `n` from `a` comes to `b` at once.
    fn pass(&mut self, n: u32) -> bool {
        let (packet, now) = (self.packet(n), self.now(n));
        self.b.receive(at(1, 4000), &packet, now).is_some()
    }

    /// Both sessions tick until slot `until`, 20 ms each; reports take 40 ms and arrive if `passes` (by `a`, by `b`).
    fn tick(&mut self, from: u32, until: u32, passes: [bool; 2], mut each: impl FnMut(&mut Pair, u32)) {
        let mut under_way: Vec<(Instant, bool, Vec<u8>)> = Vec::new();
        for n in from..until {
            each(self, n);
            let now = self.now(n);
            let report = self.a.poll_rtcp(now, &mut self.rng, sound).map(|(_, bytes)| bytes.to_vec());
            under_way.extend(report.map(|bytes| (now, true, bytes)));
            let report = self.b.poll_rtcp(now, &mut self.rng, sound).map(|(_, bytes)| bytes.to_vec());
            under_way.extend(report.map(|bytes| (now, false, bytes)));
            for (_, by_a, bytes) in under_way.extract_if(.., |(sent, ..)| now >= *sent + Duration::from_millis(40)) {
                match by_a {
                    true if passes[0] => assert!(self.b.receive_rtcp(at(1, 4001), &bytes, now)),
                    false if passes[1] => assert!(self.a.receive_rtcp(at(2, 5001), &bytes, now)),
                    _ => {}
                }
            }
        }
    }
}

#[test]
fn loss_order_and_duplicates_are_counted() {
    let mut pair = pair();
    let packets: Vec<_> = (0..10).map(|n| pair.packet(n)).collect();
    let mut counts = Vec::new();
    // 3 is lost, 6 and 5 change places, 8 comes twice.
    for (slot, n) in [0, 1, 2, 4, 6, 5, 7, 8, 8, 9].into_iter().enumerate() {
        let now = pair.now(slot as u32);
        counts.extend(pair.b.receive(at(1, 4000), &packets[n], now).map(|r| r.count));
    }
    let first = counts[0];
    assert_eq!(counts.iter().map(|c| c - first).collect::<Vec<_>>(), [0, 1, 2, 4, 6, 5, 7, 8, 9]);
    let counters = pair.b.counters();
    assert_eq!((counters.received, counters.lost, counters.duplicates), (9, 1, 1));
}

#[test]
fn nothing_is_sent_to_nobody() {
    let mut pair = pair();
    pair.a.set_remote(None, None, false);
    let (time, now) = (pair.a.time_at(0), pair.start);
    assert_eq!(pair.a.send(0, true, time, &[1], now, &mut Vec::new()), None);
    assert_eq!(pair.a.counters().sent, 0);
    assert_eq!(pair.a.bye(now), None);
}

/// A gateway puts another sender in: after one packet that could be anybody's it is heard, and the totals go on.
#[test]
fn a_new_ssrc_begins_anew_and_keeps_the_totals() {
    let mut pair = pair();
    for n in 0..20 {
        match n {
            7 => drop(pair.packet(n)),
            _ => assert!(pair.pass(n)),
        }
    }
    pair.a.ssrc = Ssrc(pair.a.ssrc.0.wrapping_add(1));
    pair.a.sequence = SequenceNumber(60_000);
    assert!(!pair.pass(20));
    let (packet, now) = (pair.packet(21), pair.now(21));
    assert!(pair.b.receive(at(1, 4000), &packet, now).is_some_and(|r| r.new_source));
    assert!(pair.pass(22));
    let counters = pair.b.counters();
    assert_eq!((counters.source_changes, counters.lost, counters.received), (1, 1, 19 + 2));
}

#[test]
fn after_silence_or_a_move_the_first_packet_counts() {
    for moved in [false, true] {
        let mut pair = pair();
        assert!(pair.pass(0));
        pair.a.ssrc = Ssrc(5);
        if moved {
            pair.b.set_remote(Some(at(1, 4002)), None, false);
            pair.b.set_remote(Some(at(1, 4000)), None, false);
        }
        let n = if moved { 1 } else { 10 };
        assert!(pair.pass(n), "moved: {moved}");
    }
}

#[test]
fn numbers_and_timestamps_wrap() {
    let mut pair = pair();
    pair.a.sequence = SequenceNumber(65_530);
    pair.a.start = RtpTime(u32::MAX - 800);
    let counts: Vec<u64> = (0..20)
        .filter_map(|n| {
            let (packet, now) = (pair.packet(n), pair.now(n));
            pair.b.receive(at(1, 4000), &packet, now).map(|received| received.count)
        })
        .collect();
    assert!(counts.windows(2).all(|pair| pair[1] == pair[0] + 1) && counts.len() == 20, "{counts:?}");
    assert_eq!((pair.b.counters().lost, pair.b.jitter_ms()), (0, 0.0));
}

//= RFC 3550 A.1
#[test]
fn a_sender_that_restarts_is_heard_after_one_packet() {
    let mut pair = pair();
    (0..20).for_each(|n| assert!(pair.pass(n)));
    pair.a.sequence = SequenceNumber(40_000);
    pair.a.start = RtpTime(77);
    assert!(!pair.pass(20));
    let (packet, now) = (pair.packet(21), pair.now(21));
    assert!(pair.b.receive(at(1, 4000), &packet, now).is_some_and(|r| r.new_source));
    assert!(pair.pass(22));
    let counters = pair.b.counters();
    assert_eq!((counters.lost, counters.source_changes, counters.dropped.of(Dropped::Jumped)), (0, 0, 1));
}

#[test]
fn reports_measure_loss_and_round_trip() {
    let mut pair = pair();
    pair.tick(0, 600, [true, true], |pair, n| {
        let (packet, now) = (pair.packet(n), pair.now(n));
        if n % 4 != 2 {
            pair.b.receive(at(1, 4000), &packet, now);
        }
    });
    let loss = pair.a.loss_at_peer().expect("a report");
    assert!((0.24..0.26).contains(&loss), "{loss}");
    let total = pair.a.total_loss_at_peer().expect("a report");
    assert!((0.24..0.26).contains(&total), "{total}: what came after the report is not counted as heard");
    assert_eq!(pair.a.peer_hears(), Some(true));
    let round_trip = pair.a.round_trip().expect("round trip");
    assert!(round_trip.abs_diff(Duration::from_millis(80)) <= Duration::from_millis(1), "{round_trip:?}");
    assert_eq!(pair.b.round_trip(), None, "who sends no SR learns none without XR");
    assert!(pair.b.peer_sent().is_some_and(|sent| sent > 300));
    let quality = pair.b.quality();
    assert!((0.24..0.26).contains(&quality.loss) && (0.24..0.26).contains(&quality.loss_total), "{quality:?}");
    assert_eq!(quality.loss_run, 1.0);
    let (mean, least) = (quality.mos_mean.unwrap_or(9.0), quality.mos_least.unwrap_or(9.0));
    assert!(least <= mean && mean < 3.0, "{quality:?}");
    assert!(pair.a.quality().there.is_some_and(|rating| rating.mos < 3.0));
}

//= RFC 3611 §4.4, §4.5, §4.7
#[test]
fn extended_reports_tell_receivers_the_round_trip_and_senders_how_they_sound() {
    let mut pair = pair();
    let wanted = Wanted { voip: true, statistics: true, reference: true };
    pair.a.set_wanted(wanted);
    pair.b.set_wanted(wanted);
    pair.tick(0, 1_000, [true, true], |pair, n| {
        let (packet, now) = (pair.packet(n), pair.now(n));
        if n % 50 >= 3 {
            let count = pair.b.receive(at(1, 4000), &packet, now).map(|received| received.count);
            if n % 50 == 20 {
                pair.b.discard(count.unwrap_or_default());
            }
        }
    });
    let round_trip = pair.b.round_trip().expect("round trip by DLRR");
    assert!(round_trip.abs_diff(Duration::from_millis(80)) <= Duration::from_millis(1), "{round_trip:?}");
    let (voip, _) = pair.a.peer.voip.expect("VoIP metrics");
    assert!((14..=16).contains(&voip.loss_rate) && (4..=5).contains(&voip.discard_rate), "{voip:?}");
    // Three in a row, and one 17 later, which is beyond the burst.
    assert_eq!((voip.burst_density, voip.burst_duration, voip.gap_minimum), (255, 60, 16), "{voip:?}");
    assert!((4..=6).contains(&voip.gap_density) && (900..=960).contains(&voip.gap_duration), "{voip:?}");
    assert_eq!((voip.buffer_nominal, voip.buffer_limit, voip.end_system_delay), (40, 500, 82));
    let quality = pair.a.quality();
    assert!(quality.told && quality.there.map(|rating| rating.mos) == voip.mos(), "{quality:?}");
    assert!(voip.mos() < Some(3.8), "{voip:?}");
    assert!(pair.b.peer.voip.is_none(), "who hears nothing has nothing to rate");
}

#[test]
fn who_is_not_heard_is_told_by_the_next_report() {
    let mut pair = pair();
    let speak = |pair: &mut Pair, n: u32, arrives: bool| {
        let (packet, now) = (pair.packet(n), pair.now(n));
        let answer = {
            let mut buffer = Vec::new();
            pair.b.send(0, n == 0, pair.b.time_at(n * 160), &[0; 160], now, &mut buffer);
            buffer
        };
        pair.a.receive(at(2, 5000), &answer, now);
        if arrives {
            pair.b.receive(at(1, 4000), &packet, now);
        }
    };
    pair.tick(0, 100, [true, true], |pair, n| speak(pair, n, false));
    assert_eq!(pair.a.peer_hears(), Some(false), "nothing came from the start");
    assert_eq!(pair.b.peer_hears(), Some(true));
    pair.tick(100, 500, [true, true], |pair, n| speak(pair, n, true));
    assert_eq!(pair.a.peer_hears(), Some(true), "it comes now");
    pair.tick(500, 1_300, [true, true], |pair, n| speak(pair, n, false));
    assert_eq!(pair.a.peer_hears(), Some(false), "and no longer");
}

/// One report is enough: it tells of no packet of the last seconds, though of some since the report before.
#[test]
fn the_first_report_after_the_sound_stops_arriving_tells() {
    let mut pair = pair();
    let (mut reported, mut stopped, mut told) = (None, None, None);
    pair.tick(0, 1_500, [true, true], |pair, n| {
        let (packet, now) = (pair.packet(n), pair.now(n));
        // Half a second after a report the line breaks.
        if n >= 500 && pair.a.reported() != reported && stopped.is_none() {
            stopped = Some(n + 25);
        }
        if stopped.is_none_or(|stop| n < stop) {
            reported = pair.a.reported();
            pair.b.receive(at(1, 4000), &packet, now);
        } else if pair.a.reported() != reported && told.is_none() && stopped.is_some_and(|stop| n > stop + 75 + 4) {
            told = pair.a.peer_hears();
        }
    });
    assert_eq!((told, pair.a.peer_hears()), (Some(false), Some(false)));
}

//= RFC 5761 §4
#[test]
fn rtcp_shares_the_port_whether_agreed_or_not() {
    for agreed in [true, false] {
        let mut pair = pair();
        pair.a.set_remote(Some(at(2, 5000)), Some(at(2, 5000)), true);
        let rtcp = if agreed { at(1, 4000) } else { at(1, 4001) };
        pair.b.set_remote(Some(at(1, 4000)), Some(rtcp), agreed);
        pair.packet(0);
        let now = pair.start;
        let (target, bye) = pair.a.bye(now).map(|(to, bytes)| (to, bytes.to_vec())).expect("BYE");
        assert_eq!(target, at(2, 5000));
        let mut items = Vec::new();
        assert!(is_rtcp(&bye) && rtcp::read(&bye, |item| items.push(item)).is_ok());
        assert!(items.contains(&Item::Bye(pair.a.ssrc())), "{items:?}");
        assert!(pair.b.receive(at(1, 4000), &bye, now).is_none());
        assert_eq!((pair.b.counters().dropped.total(), pair.b.reported()), (0, Some(now)));
    }
}
