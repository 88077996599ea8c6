//! What is agreed anew in the course of a call: another codec, other packets, another source.

use super::*;

/// A tone whose steepest slope is known, loud enough that a click would stand out.
const TONE: f32 = 400.0;
const SLOPE: f32 = 0.5 * TONE * std::f32::consts::TAU / 48_000.0;

/// A codec in packets of so many ms, and nothing but that to be received.
fn only(codec: &str, ms: u64, remote: ([u8; 4], u16)) -> Agreed {
    Agreed { receive: vec![format(codec)], ptime: Duration::from_millis(ms), ..agreed(codec, remote) }
}

fn pair(codec: &str, ms: u64) -> Pair {
    let mut pair = Pair::new(codec);
    pair.a.start(only(codec, ms, B)).unwrap();
    pair.b.start(only(codec, ms, A)).unwrap();
    pair
}

/// The steepest step between two samples, in steps of the tone; and the least level of 20 ms, dB below the tone.
fn seam(heard: &[f32]) -> (f32, f32) {
    let step = heard.windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(0.0, f32::max) / SLOPE;
    let rms = |part: &[f32]| dbfs((part.iter().map(|s| s * s).sum::<f32>() / part.len() as f32).sqrt());
    let level = heard.chunks_exact(2 * FRAME).map(rms).fold(0.0, f32::min);
    (step, dbfs(0.5 / 2.0_f32.sqrt()) - level)
}

fn in_40_ms(_: &mut StdRng) -> Option<Duration> {
    Some(Duration::from_millis(40))
}

/// No click and no hole, whatever codec; GSM bends a tone of this level by itself.
#[track_caller]
fn assert_whole(heard: &[f32], what: &str) {
    let (step, dip) = seam(heard);
    let most = if what.contains("GSM") { 1.7 } else { 1.15 };
    assert!(step < most && dip < 10.0, "{what}: {step:.2} of the tone's slope, a dip of {dip:.1} dB");
}

/// Every codec follows on every other, at any place in a packet, with 30 ms between the two ends' changes: whoever
/// changes first, what is under way is heard, and the tone goes on.
//= RFC 3264 §8.3.2, RFC 7160 §4.1
#[test]
fn a_change_of_codec_is_not_heard() {
    let codecs = [("PCMU", 20), ("PCMA", 60), ("G722", 10), ("opus", 20), ("L16/16000", 10), ("GSM", 40)];
    for (from, before) in codecs {
        for (to, after) in codecs.into_iter().filter(|(to, _)| *to != from) {
            for (receiver_first, into_packet) in [(true, 0), (false, 10), (true, 30), (false, 50)] {
                let (mut pair, mut tone) = (pair(from, before), sine(TONE));
                pair.run(600 + into_packet, &mut tone, in_40_ms);
                for receiver in [receiver_first, !receiver_first] {
                    match receiver {
                        true => pair.b.start(only(to, after, A)).unwrap(),
                        false => pair.a.start(only(to, after, B)).unwrap(),
                    }
                    pair.run(30, &mut tone, in_40_ms);
                }
                pair.run(600, &mut tone, in_40_ms);
                let what = format!("{from} {before} ms to {to} {after} ms, receiver first {receiver_first}");
                assert_whole(&pair.heard[48 * 400..], &what);
                let stats = pair.b.stats(pair.now);
                assert_eq!((stats.rx_lost, stats.rx_late), (0, 0), "{what}: {stats:?}");
                assert!(stats.jitter_ms < 4.0 && stats.concealed_ms <= 60, "{what}: {stats:?}");
            }
        }
    }
}

/// Packets change their length at any place, and what was gathered of the old length goes out as the new.
#[test]
fn a_change_of_packets_is_not_heard() {
    for (from, to) in [(60, 20), (20, 60), (60, 10), (10, 50), (50, 30), (40, 10)] {
        for into_packet in (0..from).step_by(10) {
            let (mut pair, mut tone) = (pair("PCMA", from), sine(TONE));
            pair.run(600 + into_packet, &mut tone, clean);
            pair.a.start(only("PCMA", to, B)).unwrap();
            pair.run(600, &mut tone, clean);
            let what = format!("{from} to {to} ms, {into_packet} ms into a packet");
            assert_whole(&pair.heard[48 * 400..], &what);
            let stats = pair.b.stats(pair.now);
            assert_eq!((stats.rx_lost, stats.rx_late), (0, 0), "{what}: {stats:?}");
        }
    }
}

/// Each end sends what the other likes best, under the other's numbers and in packets of its own length; each clock is
/// taken for what it is.
#[test]
fn the_two_ways_may_differ() {
    let numbered = |codec: &str, payload_type: u8| Format { payload_type, ..format(codec) };
    for (there, there_ms, back, back_ms) in
        [("opus", 20, "PCMU", 30), ("PCMU", 60, "opus", 10), ("G722", 10, "L16/16000", 40), ("GSM", 60, "PCMA", 50)]
    {
        let (mut pair, mut tone) = (Pair::new("PCMU"), sine(TONE));
        let agree = |remote, send, ms, receive| Agreed {
            send,
            receive: vec![receive],
            ptime: Duration::from_millis(ms),
            ..agreed("PCMU", remote)
        };
        pair.a.start(agree(B, numbered(there, 110), there_ms, numbered(back, 96))).unwrap();
        pair.b.start(agree(A, numbered(back, 96), back_ms, numbered(there, 110))).unwrap();
        pair.b.attach(Endpoint::Echo);
        pair.run(1_500, &mut tone, clean);
        let what = format!("{there} there, {back} back");
        assert_whole(&pair.heard[48 * 500..], &what);
        assert_whole(&pair.answered[48 * 800..], &what);
        for stats in [pair.a.stats(pair.now), pair.b.stats(pair.now)] {
            assert!(stats.jitter_ms < 1.0 && stats.playout_delay_ms < 80.0, "{what}: {stats:?}");
            assert_eq!((stats.rx_lost, stats.rx_late, stats.concealed_ms), (0, 0, 0), "{what}: {stats:?}");
        }
    }
}

/// The far end changes its codec and its source with it, or begins its timestamps anew.
#[test]
fn another_source_is_joined() {
    for (from, to) in [("PCMU", "opus"), ("opus", "G722"), ("G722", "PCMU"), ("PCMA", "PCMA")] {
        let (mut pair, mut tone) = (pair(from, 20), sine(TONE));
        pair.run(800, &mut tone, clean);
        let anchor = WallAnchor { instant: pair.now, wall: SystemTime::UNIX_EPOCH };
        pair.a = MediaStream::new(anchor, pair.now, &mut pair.rng);
        pair.a.start(only(to, 20, B)).unwrap();
        pair.b.start(only(to, 20, A)).unwrap();
        pair.run(800, &mut tone, clean);
        // A hole of some 60 ms is filled; a second one of the same length follows while its packets are judged.
        let (step, _) = seam(&pair.heard[48 * 500..]);
        assert!(step < 1.2, "{from} to {to}: {step:.2}");
        let stats = pair.b.stats(pair.now);
        assert!(stats.concealed_ms <= 300, "{from} to {to}: {stats:?}");
    }
}

/// A number that means something else from now on: what waits under it is not decoded as that.
#[test]
fn a_number_may_change_its_meaning() {
    let under_96 = |codec: &str, remote| {
        let format = Format { payload_type: 96, ..format(codec) };
        Agreed { send: format.clone(), receive: vec![format], ..agreed(codec, remote) }
    };
    let (mut pair, mut tone) = (Pair::new("PCMU"), sine(TONE));
    pair.a.start(under_96("L16/16000", B)).unwrap();
    pair.b.start(under_96("L16/16000", A)).unwrap();
    pair.run(800, &mut tone, clean);
    pair.a.start(under_96("PCMA", B)).unwrap();
    pair.b.start(under_96("PCMA", A)).unwrap();
    pair.run(800, &mut tone, clean);
    let (step, _) = seam(&pair.heard[48 * 500..]);
    assert!(step < 1.2, "{step:.2}");
    assert_whole(&pair.heard[48 * 1_000..], "as before");
}

/// The times at which A sends RTP in so many seconds, in ms, with what it carries.
fn sent_in(pair: &mut Pair, seconds: u64) -> Vec<(u64, u8, Vec<u8>)> {
    let start = pair.now;
    let mut sent = Vec::new();
    for _ in 0..seconds * 100 {
        pair.a.tick_capture(pair.now, &[0.0; FRAME], &mut pair.rng);
        while let Some(transmit) = pair.a.poll_transmit() {
            if transmit.port == Port::Rtp {
                let packet = crate::rtp::Packet::parse(&transmit.bytes).unwrap();
                let ms = u64::try_from((pair.now - start).as_millis()).unwrap();
                sent.push((ms, packet.payload_type, packet.payload.to_vec()));
            }
        }
        pair.now += Duration::from_millis(10);
    }
    sent
}

/// Whoever is held sends no sound, and yet something: what the far end plays to it comes in by the path that opens.
//= RFC 6263 §4.2
#[test]
fn whoever_is_held_keeps_its_path_open() {
    for (noise, expected) in [(None, (0, vec![])), (Some(13), (13, vec![127]))] {
        for direction in [Direction::RecvOnly, Direction::Inactive] {
            let mut pair = Pair::new("PCMU");
            assert_eq!(sent_in(&mut pair, 1).len(), 50);
            pair.a.start(Agreed { direction, comfort_noise_send: noise, ..agreed("PCMU", B) }).unwrap();
            let sent = sent_in(&mut pair, 61);
            let all = sent.iter().all(|(_, payload_type, payload)| (*payload_type, payload.clone()) == expected);
            assert!(all && sent.len() == 4, "{sent:?}");
            assert!(sent.windows(2).all(|pair| (15_000..=15_020).contains(&(pair[1].0 - pair[0].0))), "{sent:?}");
            // Held before a word was said, the path is not open yet.
            let mut fresh = MediaStream::new(
                WallAnchor { instant: pair.now, wall: std::time::SystemTime::UNIX_EPOCH },
                pair.now,
                &mut pair.rng,
            );
            fresh.start(Agreed { direction, comfort_noise_send: noise, ..agreed("PCMU", B) }).unwrap();
            pair.a = fresh;
            assert_eq!(sent_in(&mut pair, 10).len(), 1);
            // Nobody listens there: nothing is sent.
            let nobody = Agreed { remote_rtp: None, ..agreed("PCMU", B) };
            pair.a.start(Agreed { direction, comfort_noise_send: noise, ..nobody }).unwrap();
            assert_eq!(sent_in(&mut pair, 40).len(), 0);
        }
    }
}
