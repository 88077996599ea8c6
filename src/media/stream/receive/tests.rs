//! What networks do to packets, by the laws of well-known traces, and what the receiving half makes of it.
#![allow(clippy::disallowed_methods)] // a moment to count from

use super::super::super::voice::Voice;
use super::*;
use crate::rtp::{Packet, RtpTime, SequenceNumber, Ssrc};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

const PTIME_MS: f64 = 20.0;
/// Two minutes.
const PACKETS: usize = 6_000;

/// Each packet it decodes is the next 20 ms of a voice.
struct Reader(Voice);

impl Decoder for Reader {
    fn decode(&mut self, _payload: &[u8], sound: &mut Vec<f32>) -> Decoded {
        for _ in 0..2 {
            let mut frame = [0.0; FRAME];
            self.0.fill(&mut frame);
            sound.extend_from_slice(&frame);
        }
        Decoded::Sound
    }

    fn conceal(&mut self, duration: Duration, _next: Option<&[u8]>, sound: &mut Vec<f32>) -> Filled {
        sound.resize(sound.len() + duration.as_millis() as usize / 10 * FRAME, 0.0);
        Filled::Concealed
    }

    fn rest(&mut self, _described: Option<&ComfortNoise>, sound: &mut Vec<f32>) {
        sound.resize(sound.len() + FRAME, 0.0);
    }
}

/// A tone without a pause, whatever comes.
struct Hum(u64);

impl Hum {
    fn go_on(&mut self, samples: usize, sound: &mut Vec<f32>) {
        for _ in 0..samples {
            self.0 += 1;
            sound.push(0.3 * (self.0 as f32 * 200.0 * std::f32::consts::TAU / 48_000.0).sin());
        }
    }
}

impl Decoder for Hum {
    fn decode(&mut self, _payload: &[u8], sound: &mut Vec<f32>) -> Decoded {
        self.go_on(2 * FRAME, sound);
        Decoded::Sound
    }

    fn conceal(&mut self, duration: Duration, _next: Option<&[u8]>, sound: &mut Vec<f32>) -> Filled {
        self.go_on(duration.as_millis() as usize / 10 * FRAME, sound);
        Filled::Concealed
    }

    fn rest(&mut self, _described: Option<&ComfortNoise>, sound: &mut Vec<f32>) {
        self.go_on(FRAME, sound);
    }
}

/// What came of a trace.
#[derive(Debug, Default)]
struct Outcome {
    late_percent: f64,
    /// Above the fastest packet of the two seconds around, ms.
    mean_ms: f64,
    first_ms: f64,
    stretched_percent: f64,
    concealed_ms: u64,
    /// Least and most delay after the first ten seconds, ms.
    range_ms: (f64, f64),
}

/// The standard normal distribution (Box and Muller).
fn normal(rng: &mut StdRng) -> f64 {
    let (u, v): (f64, f64) = (rng.random(), rng.random());
    (-2.0 * (1.0 - u).ln()).sqrt() * (std::f64::consts::TAU * v).cos()
}

/// The gamma distribution of this shape and scale (Marsaglia and Tsang; shapes from 1 on).
fn gamma(rng: &mut StdRng, shape: f64, scale: f64) -> f64 {
    let d = shape - 1.0 / 3.0;
    let c = 1.0 / (9.0 * d).sqrt();
    loop {
        let x = normal(rng);
        let v = (1.0 + c * x).powi(3);
        if v > 0.0 && (1.0 - rng.random::<f64>()).ln() < 0.5 * x * x + d - d * v + d * v.ln() {
            return d * v * scale;
        }
    }
}

fn trace(name: &str, seed: u64) -> Vec<f64> {
    let rng = &mut StdRng::seed_from_u64(seed);
    let at = |n: usize| n as f64 * PTIME_MS;
    let mut delays: Vec<f64> = (0..PACKETS)
        .map(|n| match name {
            "lan" => normal(rng).abs(),
            "wifi" | "wifi with stalls" => gamma(rng, 2.0, 4.0),
            "lte" => {
                let spike = if rng.random_bool(0.005) { f64::from(rng.random_range(60..120)) } else { 0.0 };
                at(n) % 100.0 * 0.4 + gamma(rng, 1.5, 5.0) + spike
            }
            "route" => gamma(rng, 2.0, 3.0) + if (PACKETS / 3..2 * PACKETS / 3).contains(&n) { 80.0 } else { 0.0 },
            _ => gamma(rng, 2.0, 3.0) + at(n) * 200e-6,
        })
        .collect();
    if name == "wifi with stalls" {
        // Each four seconds nothing for 120 to 180 ms, then everything at once.
        for start in (150..PACKETS).step_by(200) {
            let stall = f64::from(rng.random_range(120..180));
            for (k, delay) in delays.iter_mut().skip(start).take((stall / PTIME_MS) as usize + 1).enumerate() {
                *delay = delay.max(stall - k as f64 * PTIME_MS);
            }
        }
    }
    delays
}

fn format() -> Format {
    Format { payload_type: 0, encoding: "PCMU".to_owned(), clock_rate: 8_000, channels: 1, fmtp: None }
}

/// Packets sent each 20 ms, late by `delays`, against a clock whose ticks lie `phase` ms after the first packet's sending.
fn run(delays: &[f64], phase: f64) -> Outcome {
    let start = Instant::now();
    let at = |ms: f64| start + Duration::from_nanos((ms.max(0.0) * 1e6) as u64);
    let mut receive = Receive::new(start);
    receive.decoders.push((0, format(), Box::new(Reader(Voice::new(7)))));
    receive.gain.set(1.0);
    let mut arrivals: Vec<(f64, usize)> =
        delays.iter().enumerate().map(|(n, delay)| (n as f64 * PTIME_MS + delay, n)).collect();
    arrivals.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut arrivals = arrivals.into_iter().peekable();
    let (mut before, mut frame) = (0, [0.0; FRAME]);
    let (mut sum, mut measured, mut first_ms, mut range) = (0.0, 0_u32, 0.0, (f64::MAX, 0.0_f64));
    let mut played = 0_usize;
    for tick in 0..delays.len() * 2 {
        let ms = tick as f64 * 10.0 + phase;
        while let Some((arrived, n)) = arrivals.next_if(|(arrived, _)| *arrived <= ms) {
            let packet = Packet {
                payload_type: 0,
                marker: false,
                sequence: SequenceNumber(n as u16),
                time: RtpTime(n as u32 * 160),
                ssrc: Ssrc(1),
                payload: &SOUND,
            };
            receive.insert(65_536 + n as u64, &packet, at(arrived));
        }
        receive.play(at(ms), &mut frame);
        let counters = receive.buffer.counters();
        if counters.played + counters.missing > before {
            before = counters.played + counters.missing;
            played = before as usize - 1;
            let (from, to) = (played.saturating_sub(100), (played + 100).min(delays.len()));
            let fastest = delays[from..to].iter().copied().fold(f64::MAX, f64::min);
            // All that is decoded ends with this packet; this tick's 10 ms of it are played.
            let begins = ms + 10.0 + receive.unplayed() as f64 / 48.0 - PTIME_MS;
            let delay = begins - played as f64 * PTIME_MS - fastest;
            (sum, measured) = (sum + delay, measured + 1);
            if measured == 1 {
                first_ms = delay;
            }
            if played > 500 {
                range = (range.0.min(delay), range.1.max(delay));
            }
        }
    }
    let counters = receive.buffer.counters();
    assert!(played + 20 > delays.len(), "{played} of {}", delays.len());
    Outcome {
        late_percent: 100.0 * (counters.late + counters.awaited) as f64 / delays.len() as f64,
        mean_ms: sum / f64::from(measured),
        first_ms,
        stretched_percent: 100.0 * receive.stretched as f64 / (delays.len() * 2 * FRAME) as f64,
        concealed_ms: receive.concealed / 48,
        range_ms: range,
    }
}

#[test]
fn as_good_as_the_model_on_every_trace() {
    // Late percent and mean delay in ms of the model: a histogram as here, in 10 ms steps, without a tick's rounding.
    let rows = [
        ("lan", 0.0, 28.0),
        ("wifi", 0.07, 45.0),
        ("wifi with stalls", 0.18, 158.0),
        ("lte", 0.23, 122.0),
        ("route", 0.10, 50.0),
        ("drift", 0.08, 31.0),
    ];
    println!("trace: late, mean delay, stretched; of the model");
    for (name, late, mean) in rows {
        let outcomes = [(1, 0.0), (2, 5.0), (3, 9.0)].map(|(seed, phase)| run(&trace(name, seed), phase));
        let [is_late, is_mean, stretched] =
            [|o: &Outcome| o.late_percent, |o: &Outcome| o.mean_ms, |o: &Outcome| o.stretched_percent]
                .map(|figure| outcomes.iter().map(figure).sum::<f64>() / outcomes.len() as f64);
        println!("{name}: {is_late:.2} %, {is_mean:.1} ms, {stretched:.2} %; {late:.2} %, {mean:.0} ms");
        assert!(is_late <= late * 1.2 && is_mean <= mean * 1.2, "{name}: {is_late:.2} %, {is_mean:.1} ms");
        assert!(outcomes.iter().all(|o| o.first_ms <= 50.0 && o.stretched_percent < 1.0), "{name}: {outcomes:.2?}");
    }
}

/// A clean line, wherever the ticks lie: no delay to speak of from the first second on, and nothing made up.
#[test]
fn a_clean_line_costs_a_tick() {
    for phase in 0..10 {
        let outcome = run(&trace("lan", 4)[..1_000], f64::from(phase));
        assert!(outcome.first_ms <= 40.0 && outcome.mean_ms <= 20.0, "{outcome:.2?}");
        assert!(outcome.range_ms.1 <= 20.0, "{outcome:.2?}");
        assert_eq!((outcome.late_percent, outcome.concealed_ms), (0.0, 0), "{outcome:.2?}");
    }
}

/// Ten minutes of a clock that is 200 ppm off, one way or the other: 120 ms in all.
#[test]
fn a_wrong_clock_is_followed() {
    for ppm in [-200.0, 200.0] {
        let delays: Vec<f64> = (0..30_000).map(|n| 200.0 + f64::from(n) * PTIME_MS * ppm * 1e-6).collect();
        let outcome = run(&delays, 3.0);
        let (least, most) = outcome.range_ms;
        assert!(most - least <= 20.0 && most <= 30.0, "{ppm} ppm: {outcome:.2?}");
        assert_eq!((outcome.late_percent, outcome.concealed_ms), (0.0, 0), "{ppm} ppm: {outcome:.2?}");
    }
}

/// Quiet for 40 ms is the middle of a word, for 50 a pause; where there is none for ten seconds a word must do.
#[test]
fn what_can_wait_waits_for_a_pause() {
    let (start, ms) = (Instant::now(), Duration::from_millis(20));
    let mut receive = Receive::new(start);
    for (quiet, wanted, allowed) in [
        (4, Pace::Shorten(ms, Haste::Pause), Pace::Even),
        (4, Pace::Stretch(ms, Haste::Pause), Pace::Even),
        (4, Pace::Shorten(ms, Haste::Word), Pace::Shorten(ms, Haste::Word)),
        (4, Pace::Stretch(ms, Haste::Word), Pace::Stretch(ms, Haste::Word)),
        (5, Pace::Shorten(ms, Haste::Pause), Pace::Shorten(ms, Haste::Pause)),
        (5, Pace::Stretch(ms, Haste::Pause), Pace::Stretch(ms, Haste::Pause)),
    ] {
        receive.quiet = quiet;
        assert_eq!(receive.at_leisure(wanted, start), allowed, "{wanted:?} after {quiet} quiet ticks");
    }
    receive.quiet = 0;
    let wanted = Pace::Shorten(ms, Haste::Pause);
    for (after, haste) in [(0, None), (9_999, None), (10_000, Some(Haste::Word)), (10_020, Some(Haste::Word))] {
        let allowed = receive.at_leisure(wanted, start + Duration::from_millis(after));
        assert_eq!(allowed, haste.map_or(Pace::Even, |haste| Pace::Shorten(ms, haste)), "after {after} ms");
    }
}

/// Where nobody pauses, as over a noise, what is too much comes off in words after ten seconds: on a line that loses packets,
/// and with the next packet at hand, too.
#[test]
fn without_a_pause_a_word_must_do() {
    let ms = Duration::from_millis;
    let start = Instant::now();
    let mut receive = Receive::new(start);
    receive.decoders.push((0, format(), Box::new(Hum(0))));
    receive.buffer.set_least(ms(50));
    let mut frame = [0.0; FRAME];
    let mut delays = Vec::new();
    for tick in 0..2_500_u64 {
        let (now, number) = (start + ms(10 * tick), tick / 2);
        if tick % 2 == 0 && number % 100 != 99 {
            let (count, packet) = packet(65_536 + number, number as u32 * 160, &SOUND);
            receive.insert(count, &packet, now);
        }
        if tick == 500 {
            receive.buffer.set_least(ms(20));
        }
        receive.play(now, &mut frame);
        if tick > 100 && tick % 100 == 0 {
            delays.push(receive.buffer.delay().as_millis());
        }
    }
    let (waits, after) = delays.split_at(13);
    assert!(waits.iter().all(|delay| *delay >= 45), "{delays:?}");
    assert!(after.iter().skip(2).all(|delay| *delay <= 35), "{delays:?}");
}

/// A packet's.
const SOUND: [u8; 160] = [0; 160];

/// What an attacker sends beside the sound.
type Attack = fn(&mut StdRng, u64) -> (u64, Packet<'static>);

fn packet(count: u64, time: u32, payload: &'static [u8]) -> (u64, Packet<'static>) {
    let sequence = SequenceNumber(count as u16);
    (count, Packet { payload_type: 0, marker: false, sequence, time: RtpTime(time), ssrc: Ssrc(1), payload })
}

/// A second of sound, a second of it under attack, three after. Sound is whole again for the last half of them, and no later
/// than a bad line makes it.
#[test]
fn attacks_pass() {
    const FIRST: u64 = 65_536;
    let attacks: [(&str, Attack); 6] = [
        ("wild timestamps", |rng, now| packet(now, rng.random(), &SOUND)),
        ("one byte", |_, now| packet(now, (now - FIRST) as u32 * 160, &[0])),
        ("no byte", |_, now| packet(now, (now - FIRST) as u32 * 160, &[])),
        ("numbers that jump", |rng, now| packet(now + rng.random_range(0..3_000), (now - FIRST) as u32 * 160, &SOUND)),
        ("out of order", |rng, now| {
            let back = rng.random_range(0..60);
            packet(now + 30 - back, ((now - FIRST) as u32 + 30 - back as u32).wrapping_mul(160), &SOUND)
        }),
        ("the largest", |_, now| packet(now, (now - FIRST) as u32 * 160, &[0; 3_840])),
    ];
    for (name, attack) in attacks {
        let rng = &mut StdRng::seed_from_u64(5);
        let start = Instant::now();
        let mut receive = Receive::new(start);
        receive.decoders.push((0, format(), Box::new(Reader(Voice::new(7)))));
        let (mut frame, mut concealed) = ([0.0; FRAME], 0);
        for tick in 0..500 {
            let (now, number) = (start + Duration::from_millis(10 * tick), FIRST + tick / 2);
            if (100..200).contains(&tick) {
                for _ in 0..20 {
                    let (count, packet) = attack(rng, number);
                    receive.insert(count, &packet, now);
                }
            }
            if tick % 2 == 0 {
                let (count, packet) = packet(number, (number - FIRST) as u32 * 160, &SOUND);
                receive.insert(count, &packet, now);
            }
            receive.play(now, &mut frame);
            assert!(receive.sound.capacity() <= ROOM, "{name}: {}", receive.sound.capacity());
            if tick == 350 {
                concealed = receive.concealed;
            }
        }
        let delay = receive.buffer.delay();
        assert!(delay <= Duration::from_millis(410), "{name}: {delay:?}");
        assert_eq!(receive.concealed, concealed, "{name}: {:?}", receive.buffer.counters());
    }
}

/// Of each packet: how late it is, ms (none = lost), whether it comes twice, and its length.
type Fate = (Option<u16>, bool, u8);

proptest! {
    #![proptest_config(ProptestConfig { rng_seed: RngSeed::Fixed(44), cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever the network does, each tick has its 10 ms, memory is bounded, and every packet is accounted for.
    #[test]
    fn every_tick_has_its_sound(fates in proptest::collection::vec(any::<Fate>(), 1..150)) {
        let start = Instant::now();
        let mut receive = Receive::new(start);
        receive.decoders.push((0, format(), Box::new(Reader(Voice::new(7)))));
        let mut coming = Vec::new();
        for (n, (late, twice, length)) in (0_u64..).zip(&fates) {
            if let Some(late) = late {
                let arrival = 20 * n + u64::from(late % 600);
                coming.extend(std::iter::repeat_n((arrival, n, *length), 1 + usize::from(*twice)));
            }
        }
        coming.sort_unstable();
        let (mut frame, mut inserted) = ([0.0; FRAME], 0);
        let mut coming = coming.into_iter().peekable();
        for tick in 0..fates.len() as u64 * 2 + 150 {
            let now = start + Duration::from_millis(10 * tick);
            while let Some((_, n, length)) = coming.next_if(|(arrival, ..)| *arrival <= 10 * tick) {
                let payload = SOUND.get(..length.into()).unwrap_or(&SOUND);
                let (count, packet) = packet(65_536 + n, n as u32 * 160, payload);
                receive.insert(count, &packet, now);
                inserted += 1;
            }
            frame.fill(f32::NAN);
            receive.play(now, &mut frame);
            prop_assert!(frame.iter().all(|sample| sample.is_finite()));
            prop_assert!(receive.sound.capacity() <= ROOM);
        }
        let c = receive.buffer.counters();
        prop_assert_eq!(c.played + c.other + c.late + c.duplicate + c.dropped, inserted, "{:?}", c);
    }
}
