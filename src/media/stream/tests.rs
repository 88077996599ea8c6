//! Two streams joined by a network in memory, in virtual time.
#![allow(clippy::disallowed_methods)] // a moment to count from

mod changes;
mod encrypted;
mod handshake;

use super::super::codec::Codec;
use super::super::level::dbfs;
use super::super::tone::{FULL_SCALE_DBM0, Sine, dtmf_frequencies, goertzel_dbfs};
use super::*;
use crate::sdp::{Direction, Format};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::time::SystemTime;

const A: ([u8; 4], u16) = ([10, 0, 0, 1], 4_000);
const B: ([u8; 4], u16) = ([10, 0, 0, 2], 5_000);

/// A codec by its id, the dynamic ones under 96 and 97.
fn format(codec: &str) -> Format {
    let codec = Codec::by_id(codec).unwrap();
    let dynamic = if codec.encoding == "opus" { 96 } else { 97 };
    codec.capability(&Tuning::default()).numbered(codec.static_payload_type.unwrap_or(dynamic))
}

fn agreed(encoding: &str, remote: ([u8; 4], u16)) -> Agreed {
    let events = (101, format(encoding).clock_rate);
    Agreed {
        remote_rtp: Some(remote.into()),
        remote_rtcp: Some((remote.0, remote.1 + 1).into()),
        rtcp_mux: false,
        extended_reports: Default::default(),
        send: format(encoding),
        receive: ["opus", "PCMA", "PCMU"].map(format).to_vec(),
        telephone_event_send: Some(events),
        telephone_event_receive: vec![events],
        comfort_noise_send: None,
        ptime: Duration::from_millis(20),
        direction: Direction::SendRecv,
        srtp: None,
        mangled: false,
        ice: None,
        dtls: None,
    }
}

struct Pair {
    a: MediaStream,
    b: MediaStream,
    rng: StdRng,
    now: Instant,
    /// Datagrams under way to B: arrival, bytes.
    under_way: Vec<(Instant, Transmit)>,
    heard: Vec<f32>,
    answered: Vec<f32>,
    sent: usize,
}

/// What the network does to a packet: `None` = lost, else its delay.
type Network = fn(&mut StdRng) -> Option<Duration>;

fn clean(_: &mut StdRng) -> Option<Duration> {
    Some(Duration::ZERO)
}

impl Pair {
    fn new(encoding: &str) -> Pair {
        let mut rng = StdRng::seed_from_u64(1);
        let now = Instant::now();
        let anchor = WallAnchor { instant: now, wall: SystemTime::UNIX_EPOCH };
        let mut a = MediaStream::new(anchor, now, &mut rng);
        let mut b = MediaStream::new(anchor, now, &mut rng);
        a.start(agreed(encoding, B)).unwrap();
        b.start(agreed(encoding, A)).unwrap();
        Pair { a, b, rng, now, under_way: Vec::new(), heard: Vec::new(), answered: Vec::new(), sent: 0 }
    }

    /// A speaks `sound`, the network does its work; what B plays, and what A plays of B's answer, is kept.
    fn run(&mut self, ms: u64, mut sound: impl FnMut(&mut [f32; FRAME]), network: Network) {
        for _ in 0..ms / 10 {
            let mut frame = [0.0; FRAME];
            sound(&mut frame);
            self.a.tick_capture(self.now, &frame, &mut self.rng);
            while let Some(transmit) = self.a.poll_transmit() {
                self.sent += usize::from(transmit.port == Port::Rtp);
                if let Some(delay) = network(&mut self.rng) {
                    self.under_way.push((self.now + delay, transmit));
                }
            }
            self.under_way.sort_by_key(|(at, _)| *at);
            while let Some((at, transmit)) = self.under_way.first().cloned()
                && at <= self.now
            {
                self.under_way.remove(0);
                match transmit.port {
                    Port::Rtp => self.b.receive_rtp(&transmit.bytes, A.into(), at),
                    Port::Rtcp => self.b.receive_rtcp(&transmit.bytes, (A.0, A.1 + 1).into(), at),
                }
            }
            self.b.tick_play(self.now, &mut frame);
            self.heard.extend_from_slice(&frame);
            self.b.tick_capture(self.now, &[0.0; FRAME], &mut self.rng);
            while let Some(transmit) = self.b.poll_transmit() {
                match transmit.port {
                    Port::Rtp => self.a.receive_rtp(&transmit.bytes, B.into(), self.now),
                    Port::Rtcp => self.a.receive_rtcp(&transmit.bytes, (B.0, B.1 + 1).into(), self.now),
                }
            }
            self.a.tick_play(self.now, &mut frame);
            self.answered.extend_from_slice(&frame);
            self.now += Duration::from_millis(10);
        }
    }

    fn press(&mut self, digits: &str, inband: bool) {
        digits.chars().for_each(|digit| self.a.send_digit(digit, Duration::from_millis(160), inband));
    }

    fn digits_of_b(&mut self) -> Vec<(char, bool)> {
        let digit = |event| match event {
            StreamEvent::Digit { digit, inband } => Some((digit, inband)),
            _ => None,
        };
        self.events_of_b().into_iter().filter_map(digit).collect()
    }

    fn events_of_b(&mut self) -> Vec<StreamEvent> {
        std::iter::from_fn(|| self.b.poll_event()).collect()
    }
}

/// Two that take nothing but this codec, in packets of 20 ms.
fn pair_of(codec: &str) -> Pair {
    let mut pair = Pair::new(codec);
    pair.a.start(Agreed { receive: vec![format(codec)], ..agreed(codec, B) }).unwrap();
    pair.b.start(Agreed { receive: vec![format(codec)], ..agreed(codec, A) }).unwrap();
    pair
}

fn sine(hz: f32) -> impl FnMut(&mut [f32; FRAME]) {
    let mut sine = Sine::new(hz, 0.5);
    move |frame| sine.fill(frame)
}

#[test]
fn a_tone_goes_in_and_comes_out_with_each_codec() {
    for encoding in ["PCMU", "PCMA", "opus", "G722", "GSM", "L16/8000/2", "L16/44100/1", "L16/44100/2", "L16/48000/2"] {
        let mut pair = pair_of(encoding);
        pair.run(2_000, sine(1_000.0), clean);
        let level = goertzel_dbfs(&pair.heard[24_000..], 1_000.0, 48_000);
        assert!((level + 6.0).abs() < 1.0, "{encoding}: {level} dBFS");
        assert!(goertzel_dbfs(&pair.heard[24_000..], 1_700.0, 48_000) < -40.0, "{encoding}");
        assert_eq!((pair.sent, pair.events_of_b()), (100, vec![StreamEvent::FirstPacket]), "{encoding}");
        let stats = pair.b.stats(pair.now);
        assert_eq!((stats.rx_packets, stats.rx_lost, stats.rx_late, stats.concealed_ms), (100, 0, 0, 0), "{encoding}");
        let least = if encoding == "GSM" { 3.5 } else { 4.0 };
        assert!(stats.playout_delay_ms <= 60.0 && stats.mos_rx > Some(least), "{encoding}: {stats:?}");
    }
}

/// A second of speech, two of silence, in turn: what is sent of it, as pairs of payload type and marker.
fn spoken_with_pauses(comfort_noise: Option<u8>) -> Vec<(u8, bool)> {
    let mut pair = Pair::new("PCMU");
    pair.a.tune(Tuning { suppress_silence: true, ..Tuning::default() });
    pair.a.start(Agreed { comfort_noise_send: comfort_noise, ..agreed("PCMU", B) }).unwrap();
    let (mut sent, mut tone) = (Vec::new(), sine(500.0));
    for tick in 0..900 {
        let mut frame = [0.0; FRAME];
        if tick % 300 < 100 {
            tone(&mut frame);
        }
        pair.a.tick_capture(pair.now, &frame, &mut pair.rng);
        while let Some(transmit) = pair.a.poll_transmit() {
            if transmit.port == Port::Rtp {
                sent.push((transmit.bytes[1] & 0x7f, transmit.bytes[1] & 0x80 != 0));
                pair.b.receive_rtp(&transmit.bytes, A.into(), pair.now);
            }
        }
        pair.b.tick_play(pair.now, &mut frame);
        pair.now += Duration::from_millis(10);
    }
    let stats = pair.b.stats(pair.now);
    assert_eq!((stats.rx_lost, stats.rx_late), (0, 0));
    sent
}

//= RFC 3389 §5, RFC 3551 §4.1
#[test]
fn silence_is_sent_as_noise_where_that_is_taken() {
    let sent = spoken_with_pauses(Some(13));
    let noises = sent.iter().filter(|(number, _)| *number == 13).count();
    // 50 packets of speech and 10 of hang-over, three times; the noise at the start of each silence and a second later.
    assert_eq!((sent.len() - noises, noises), (180, 6), "{sent:?}");
    let marked: Vec<usize> = (0..sent.len()).filter(|index| sent[*index].1).collect();
    assert_eq!(marked, [0, 62, 124], "the first of each spurt");
    assert_eq!(spoken_with_pauses(None).len(), 450, "who takes no noise hears all");
}

#[test]
fn a_bad_network_is_borne() {
    let networks: [(&str, Network, f32); 3] = [
        ("loss", |rng| rng.random_bool(0.95).then_some(Duration::ZERO), 3.0),
        ("jitter", |rng| Some(Duration::from_millis(rng.random_range(0..60))), 3.0),
        ("both", |rng| rng.random_bool(0.95).then(|| Duration::from_millis(rng.random_range(0..40))), 4.0),
    ];
    for (name, network, tolerance) in networks {
        for encoding in ["PCMU", "opus"] {
            let mut pair = Pair::new(encoding);
            pair.run(10_000, sine(500.0), network);
            let loud = pair.heard[96_000..].chunks(FRAME * 10);
            let levels: Vec<f32> = loud.map(|part| goertzel_dbfs(&part[..FRAME], 500.0, 48_000)).collect();
            let good = levels.iter().filter(|level| (*level + 6.0).abs() < tolerance).count();
            assert!(good * 10 >= levels.len() * 8, "{name}, {encoding}: {good} of {} {levels:?}", levels.len());
            assert_eq!(pair.heard.len(), 480_000);
            let stats = pair.b.stats(pair.now);
            assert!(stats.playout_delay_ms < 250.0, "{name}, {encoding}: {stats:?}");
        }
    }
}

/// What a person hears of one packet in twenty lost: sound that goes on, as loud as before, no later.
#[test]
fn a_twentieth_lost_leaves_no_gap() {
    for encoding in ["PCMU", "opus"] {
        let mut pair = Pair::new(encoding);
        pair.run(20_000, sine(500.0), |rng| rng.random_bool(0.95).then_some(Duration::ZERO));
        let rms = |part: &[f32]| dbfs((part.iter().map(|s| s * s).sum::<f32>() / part.len() as f32).sqrt());
        let mut levels: Vec<f32> = pair.heard[96_000..].chunks(FRAME).map(rms).collect();
        levels.sort_by(f32::total_cmp);
        let (least, most) = (levels[levels.len() / 200], levels[levels.len() - 1]);
        // Two in a row fade to half, and Opus seldom does more to a tone.
        assert!(
            levels[0] > -9.0 - 20.0 && least > -9.0 - 7.0 && most < -9.0 + 3.0,
            "{encoding}: {least} to {most} dBFS"
        );
        let stats = pair.b.stats(pair.now);
        assert!(stats.rx_lost > 30, "{stats:?}");
        assert!(stats.playout_delay_ms <= 60.0 && stats.stretched_ms <= 100, "{stats:?}");
    }
}

/// Opus says the last packet again once it has heard of the loss; G.711 cannot.
#[test]
fn what_is_restored_is_not_counted_as_made_up() {
    for encoding in ["PCMU", "opus"] {
        let (mut pair, mut voice) = (Pair::new(encoding), Voice::new(1));
        pair.run(30_000, |frame| voice.fill(frame), |rng| rng.random_bool(0.9).then_some(Duration::ZERO));
        let stats = pair.b.stats(pair.now);
        let lost_ms = stats.rx_lost * 20;
        match encoding {
            "opus" => assert!((100..lost_ms * 2 / 3).contains(&stats.concealed_ms), "{lost_ms} ms, {stats:?}"),
            _ => assert!(stats.concealed_ms.abs_diff(lost_ms) <= 20, "{lost_ms} ms, {stats:?}"),
        }
    }
}

/// A line that is bad now and then: what restores is there when it is needed again.
#[test]
fn a_clean_while_is_not_believed_at_once() {
    let (mut pair, mut voice) = (Pair::new("opus"), Voice::new(1));
    let mut begun = (0, 0);
    for _ in 0..6 {
        pair.run(4_000, |frame| voice.fill(frame), |rng| rng.random_bool(0.9).then_some(Duration::ZERO));
        pair.run(8_000, |frame| voice.fill(frame), clean);
        let stats = pair.b.stats(pair.now);
        if begun == (0, 0) {
            begun = (stats.rx_lost * 20, stats.concealed_ms);
        }
    }
    let stats = pair.b.stats(pair.now);
    let (lost_ms, made_up_ms) = (stats.rx_lost * 20 - begun.0, stats.concealed_ms - begun.1);
    assert!(made_up_ms * 2 < lost_ms, "{lost_ms} ms, {made_up_ms} ms of it made up");
}

#[test]
fn digits_arrive_once_each_and_sound_goes_on() {
    let mut pair = Pair::new("opus");
    pair.run(500, sine(1_000.0), clean);
    pair.press("12#", false);
    pair.run(2_000, sine(1_000.0), |rng| rng.random_bool(0.9).then_some(Duration::ZERO));
    assert_eq!(pair.digits_of_b(), [('1', false), ('2', false), ('#', false)]);
    assert_eq!(std::iter::from_fn(|| pair.a.poll_event()).last(), Some(StreamEvent::DigitSent));
    assert!(goertzel_dbfs(&pair.heard[96_000..], 1_000.0, 48_000) > -9.0);
}

/// Which codings tones survive, and which of those `Format::carries_tones` trusts.
#[test]
fn in_band_digits_are_heard_as_tones() {
    for encoding in ["PCMU", "PCMA", "opus"] {
        let mut pair = Pair::new(encoding);
        pair.run(200, |_| {}, clean);
        pair.press("123A456B789C*0#D", true);
        pair.run(16 * 210 + 400, |_| {}, clean);
        let expected: Vec<_> = "123A456B789C*0#D".chars().map(|digit| (digit, true)).collect();
        assert_eq!(pair.digits_of_b(), expected, "{encoding}");
        assert!(format(encoding).carries_tones(), "{encoding}");
        let (low, high) = dtmf_frequencies('1').unwrap();
        let during = &pair.heard[48 * 280..48 * 350];
        let levels = [low, high].map(|hz| goertzel_dbfs(during, hz, 48_000) + FULL_SCALE_DBM0);
        assert!((levels[0] + 9.0).abs() < 1.5 && (levels[1] + 7.0).abs() < 1.5, "{encoding}: {levels:?} dBm0");
    }
}

#[test]
fn the_voice_comes_back_after_a_digit_without_a_click() {
    let mut pair = Pair::new("PCMA");
    let mut time = 0.0_f32;
    // At its peak where a frame begins.
    let mut voice = |frame: &mut [f32; FRAME]| {
        for sample in frame {
            *sample = 0.25 * (std::f32::consts::TAU * 300.0 * time / 48_000.0).cos();
            time = (time + 1.0) % 48_000.0;
        }
    };
    pair.run(400, &mut voice, clean);
    pair.press("5", true);
    pair.run(600, &mut voice, clean);
    // 160 ms of tones, 50 ms of silence, and at most 60 ms of delay.
    let after = &pair.heard[48 * 620..];
    let jump = after.windows(2).map(|pair| (pair[0] - pair[1]).abs()).fold(0.0, f32::max);
    assert!(goertzel_dbfs(&after[48 * 80..], 300.0, 48_000) > -13.0 && jump < 0.02, "a jump of {jump}");
}

#[test]
fn a_digit_lasts_until_it_is_let_go_of() {
    for inband in [false, true] {
        let mut pair = Pair::new("PCMA");
        pair.run(200, |_| {}, clean);
        while pair.a.poll_event().is_some() {}
        pair.a.send_digit('7', Duration::from_secs(5), inband);
        pair.run(1_000, |_| {}, clean);
        assert_eq!((pair.digits_of_b(), pair.a.poll_event()), (vec![('7', inband)], None), "inband {inband}");
        pair.a.release_digit();
        pair.run(200, |_| {}, clean);
        assert_eq!(pair.a.poll_event(), Some(StreamEvent::DigitSent), "inband {inband}");
    }
}

#[test]
fn held_means_nothing_is_sent_and_the_codec_may_change() {
    let mut pair = Pair::new("PCMU");
    pair.run(1_000, sine(1_000.0), clean);
    let mut hold = agreed("PCMU", B);
    hold.direction = Direction::Inactive;
    pair.a.start(hold).unwrap();
    let before = pair.sent;
    pair.run(3_000, sine(1_000.0), clean);
    assert_eq!(pair.sent, before);
    pair.a.start(agreed("opus", B)).unwrap();
    pair.run(1_000, sine(1_000.0), clean);
    assert_eq!(pair.sent, before + 50);
    let end = pair.heard.len();
    let level = goertzel_dbfs(&pair.heard[end - 24_000..], 1_000.0, 48_000);
    assert!((level + 6.0).abs() < 1.0, "{level} dBFS after resume with another codec");
}

//= RFC 3264 §5.1: no media before an answer
#[test]
fn nothing_is_sent_to_nobody() {
    let mut pair = Pair::new("PCMU");
    let mut nowhere = agreed("PCMU", B);
    (nowhere.remote_rtp, nowhere.remote_rtcp) = (None, None);
    pair.a.start(nowhere).unwrap();
    pair.run(1_000, sine(1_000.0), clean);
    assert_eq!(pair.sent, 0);
}

#[test]
fn endpoints_answer() {
    for (endpoint, hears) in [(Endpoint::Echo, 600.0), (Endpoint::Ringback, 425.0)] {
        let mut pair = Pair::new("PCMA");
        pair.b.attach(endpoint.clone());
        pair.run(900, sine(600.0), clean);
        let level = goertzel_dbfs(&pair.answered[24_000..43_000], hears, 48_000);
        assert!(level > -22.0, "{endpoint:?}: {level} dBFS");
    }
    let mut pair = Pair::new("PCMA");
    pair.b.attach(Endpoint::DigitReader);
    pair.press("9", false);
    pair.run(600, |_| {}, clean);
    let loud = |hz| pair.answered.chunks(2_400).any(|part| goertzel_dbfs(part, hz, 48_000) > -20.0);
    assert!(loud(852.0) && loud(1_477.0) && !loud(697.0));
    let mut pair = Pair::new("PCMA");
    pair.b.attach(Endpoint::Announcement);
    pair.run(3_000, |_| {}, clean);
    assert!(pair.answered.iter().any(|s| s.abs() > 0.05));
}

#[test]
fn strangers_and_rubbish_change_nothing() {
    let mut pair = Pair::new("PCMU");
    pair.run(500, sine(1_000.0), clean);
    for length in 0..64 {
        let rubbish: Vec<u8> = (0..length).map(|_| pair.rng.random()).collect();
        pair.b.receive_rtp(&rubbish, A.into(), pair.now);
        pair.b.receive_rtcp(&rubbish, (A.0, A.1 + 1).into(), pair.now);
        pair.b.receive_rtp(&rubbish, ([10, 9, 9, 9], 1).into(), pair.now);
    }
    pair.run(500, sine(1_000.0), clean);
    assert!(goertzel_dbfs(&pair.heard[30_000..], 1_000.0, 48_000) > -8.0);
}
