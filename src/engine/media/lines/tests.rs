use super::*;
use crate::audio::Health;
use rtrb::RingBuffer;
use std::sync::Arc;

/// A speaker that takes bursts, with a clock of its own: how often it ran dry, and its last fill.
fn speaker(rate: u32, burst: usize, ppm: f64) -> (u32, usize) {
    let (samples, mut device) = RingBuffer::new(rate as usize / 5);
    let line = PlaybackLine::new(samples, rate, Arc::default());
    let mut out = LineOut::new(line, Latency::NORMAL).unwrap();
    let (mut owed, mut dry) = (0.0, 0);
    for _ in 0..4_000 {
        out.write(&[0.1; FRAME]);
        owed += f64::from(rate) / 100.0 * (1.0 + ppm * 1e-6);
        while owed >= burst as f64 {
            owed -= burst as f64;
            let taken = (0..burst).filter(|_| device.pop().is_ok()).count();
            dry += u32::from(taken < burst);
        }
    }
    (dry, device.slots())
}

#[test]
fn a_speaker_with_its_own_clock_and_bursts_never_runs_dry() {
    for (rate, burst, ppm) in
        [(48_000, 480, 0.0), (48_000, 960, 200.0), (48_000, 256, -200.0), (44_100, 1_024, 300.0), (16_000, 320, 0.0)]
    {
        let (dry, fill) = speaker(rate, burst, ppm);
        let most = burst + rate as usize * 35 / 1_000;
        assert!(dry == 0 && fill < most, "{rate} Hz, {burst} at once, {ppm} ppm: dry {dry}, fill {fill}");
    }
}

#[test]
fn a_microphone_in_bursts_has_no_gaps_and_little_delay() {
    for (rate, burst, ppm) in [(48_000, 24, 0.0), (48_000, 960, 200.0), (44_100, 512, -200.0), (16_000, 320, 0.0)] {
        let (mut device, samples) = RingBuffer::new(rate as usize / 5);
        let line = CaptureLine::new(samples, rate, Arc::default());
        let mut mic = LineIn::new(line, Latency::NORMAL).unwrap();
        let (mut owed, mut gaps) = (0.0, 0);
        for tick in 0..4_000 {
            owed += f64::from(rate) / 100.0 * (1.0 + ppm * 1e-6);
            while owed >= burst as f64 {
                owed -= burst as f64;
                for _ in 0..burst {
                    let _ = device.push(0.1);
                }
            }
            let mut frame = [0.0; FRAME];
            mic.read(&mut frame);
            gaps += u32::from(tick > 20 && frame.iter().any(|s| *s < 0.05));
        }
        let fill = mic.line.samples.slots();
        assert!(gaps == 0 && fill < burst + rate as usize * 40 / 1_000, "{rate} {burst} {ppm}: {gaps}, {fill}");
    }
}

#[test]
fn a_pipe_that_does_not_keep_up_is_silent_and_counted_once() {
    let (mut given, samples) = RingBuffer::new(4_800);
    let line = CaptureLine::new(samples, 48_000, Arc::default());
    let mut mic = LineIn::pipe(line).unwrap();
    let mut loud = |mic: &mut LineIn, more: usize| {
        (0..more).for_each(|_| given.push(0.5).unwrap_or_default());
        let mut frame = [0.0; FRAME];
        mic.read(&mut frame);
        frame.iter().any(|s| *s > 0.4)
    };
    assert!(!loud(&mut mic, 500), "20 ms are gathered first");
    assert!(loud(&mut mic, 700) && loud(&mut mic, 0) && mic.gaps() == 0);
    for _ in 0..10 {
        assert!(!loud(&mut mic, 0));
    }
    assert_eq!(mic.gaps(), 1);
    assert!(loud(&mut mic, 2_000));
}

#[test]
fn a_pipe_loses_and_adds_nothing() {
    let rate = 16_000;
    let (samples, mut taken) = RingBuffer::new(rate as usize / 5);
    let health = Arc::new(Health::default());
    let mut out = LineOut::pipe(PlaybackLine::new(samples, rate, health.clone())).unwrap();
    let (mut given, samples) = RingBuffer::new(rate as usize / 5);
    let mut mic = LineIn::pipe(CaptureLine::new(samples, rate, health)).unwrap();
    let (mut written, mut read) = (0, 0);
    for _ in 0..1_000 {
        out.write(&[0.1; FRAME]);
        written += std::iter::from_fn(|| taken.pop().ok()).count();
        while given.push(0.1).is_ok() {
            read += 1;
        }
        mic.read(&mut [0.0; FRAME]);
    }
    let ten_seconds = rate as usize * 10;
    assert!(written.abs_diff(ten_seconds) < 1_000 && read - rate as usize / 5 <= ten_seconds, "{written} {read}");
}

/// Two cards, each with a clock of its own, and ours between them: what is said into one is played on the other.
#[cfg(feature = "audio")]
mod rings {
    use super::*;
    use crate::audio::callback::{Feed, Taken};
    use crate::audio::{Ahead, Moment};
    use crate::media::voice::Voice;
    use std::cell::Cell;
    use std::collections::VecDeque;
    use std::f64::consts::TAU;
    use std::time::{Duration, Instant};

    /// What the server wants of us: more than there is.
    const TARGET: usize = 7_200;
    /// A tone's frequency in Hz, and its amplitude.
    const TONE: (f64, f64) = (200.0, 0.3);

    thread_local! {
        static START: Instant = clock_of_the_machine();
        static PASSED: Cell<f64> = const { Cell::new(0.0) };
    }

    #[allow(clippy::disallowed_methods, reason = "a moment to count from")]
    fn clock_of_the_machine() -> Instant {
        Instant::now()
    }

    fn clock() -> Instant {
        START.with(|start| *start) + Duration::from_secs_f64(PASSED.get())
    }

    #[derive(Debug, Clone, Copy, PartialEq)]
    enum Who {
        Microphone,
        Speaker,
        Us,
    }

    #[derive(Debug, Clone, Copy, PartialEq)]
    enum Said {
        /// At this rate.
        Tone(f64),
        Voice,
        Noise,
    }

    /// The sound that is said.
    struct Source(Said, u64, Voice, VecDeque<f32>);

    impl Source {
        fn next(&mut self) -> f32 {
            self.1 += 1;
            match self.0 {
                Said::Tone(rate) => (TONE.1 * (self.1 as f64 * TONE.0 / rate * TAU).sin()) as f32,
                Said::Noise => {
                    let number =
                        self.1.wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(29).wrapping_mul(0xBF58_476D_1CE4_E5B9);
                    ((number >> 40) as f32 / 16_777_216.0 - 0.5) * 0.2
                }
                Said::Voice => {
                    if self.3.is_empty() {
                        let mut frame = [0.0; FRAME];
                        self.2.fill(&mut frame);
                        self.3.extend(frame);
                    }
                    self.3.pop_front().unwrap_or(0.0)
                }
            }
        }
    }

    /// The whole path.
    struct Path {
        rate: u32,
        /// Samples that both devices take or bring at once.
        burst: usize,
        said: Source,
        taken: Taken,
        mic: LineIn,
        out: LineOut,
        feed: Feed,
        /// What the server has; it plays on without us.
        server: VecDeque<f32>,
        in_advance: usize,
        asked: Vec<[u8; 4]>,
        /// When a microphone's burst, a speaker's and a tick are due, and how far apart they are.
        due: [f64; 3],
        apart: [f64; 3],
        /// Held up: who, from when, until when.
        held_up: Option<(usize, f64, f64)>,
        last: [f32; 2],
        /// The sharpest bend of what was played.
        click: f32,
        ticks: usize,
        /// The lowest fill of the two rings in this half second and the one before, seconds.
        lowest_s: [f64; 2],
        before_s: [f64; 2],
    }

    impl Path {
        fn new(said: Said, rate: u32, ppm: [f64; 2]) -> Path {
            let burst = rate as usize / 300;
            PASSED.set(0.0);
            let (samples, ring) = RingBuffer::new(rate as usize / 5);
            let mut line = CaptureLine::new(ring, rate, Arc::default());
            (line.burst, line.came) = (burst, Arc::new(Moment::by(clock)));
            let taken = Taken::new(samples, line.came.clone(), line.health.clone());
            let mic = LineIn::new(line, Latency::NORMAL).unwrap();
            let (samples, ring) = RingBuffer::new(rate as usize / 5);
            let mut line = PlaybackLine::new(samples, rate, Arc::default());
            line.ahead = Arc::new(Ahead::by(clock, burst, TARGET));
            let feed = Feed::new(ring, rate, line.ahead.clone(), line.health.clone());
            let out = LineOut::new(line, Latency::NORMAL).unwrap();
            let burst_s = burst as f64 / f64::from(rate);
            Path {
                rate,
                burst,
                said: Source(said, 0, Voice::new(3), VecDeque::new()),
                taken,
                mic,
                out,
                feed,
                server: VecDeque::new(),
                in_advance: 0,
                asked: vec![[0; 4]; 4 * TARGET],
                due: [0.0013, 0.0007, 0.0],
                apart: [burst_s / (1.0 + ppm[0] * 1e-6), burst_s / (1.0 + ppm[1] * 1e-6), 0.010],
                held_up: None,
                last: [0.0; 2],
                click: 0.0,
                ticks: 0,
                lowest_s: [f64::MAX; 2],
                before_s: [0.0; 2],
            }
        }

        fn hold_up(&mut self, who: Who, ms: f64) {
            let now = PASSED.get();
            self.held_up = Some((who as usize, now, now + ms / 1e3));
        }

        /// Runs for so long.
        fn run(&mut self, seconds: f64) {
            let until = PASSED.get() + seconds;
            loop {
                let at = |who: usize| match self.held_up {
                    Some((held, from, to)) if held == who && (from..to).contains(&self.due[who]) => to,
                    _ => self.due[who],
                };
                let Some(who) = (0..3).min_by(|a, b| at(*a).total_cmp(&at(*b))) else { return };
                if at(who) >= until {
                    return;
                }
                PASSED.set(PASSED.get().max(at(who)));
                self.due[who] += self.apart[who];
                match who {
                    0 => self.taken.take(std::iter::repeat_with(|| self.said.next()).take(self.burst)),
                    1 => self.play(),
                    _ => self.tick(),
                }
            }
        }

        fn play(&mut self) {
            for _ in 0..self.burst {
                let sample = self.server.pop_front();
                self.in_advance += usize::from(sample.is_none());
                let sample = sample.unwrap_or(0.0);
                self.click = self.click.max((sample - 2.0 * self.last[0] + self.last[1]).abs());
                self.last = [sample, self.last[0]];
            }
            self.fetch();
        }

        fn fetch(&mut self) {
            let wish = TARGET + self.in_advance - self.server.len();
            let written = self.feed.fill(&mut self.asked[..wish]);
            let late = written.min(self.in_advance);
            self.in_advance -= late;
            self.server.extend(self.asked[late..written].iter().map(|sample| f32::from_le_bytes(*sample)));
        }

        fn tick(&mut self) {
            let mut frame = [0.0; FRAME];
            self.mic.read(&mut frame);
            self.out.write(&frame);
            self.fetch();
            let (mic, out) = (self.mic.line.fill(), self.out.line.fill());
            for (lowest, fill) in self.lowest_s.iter_mut().zip([mic, out]) {
                *lowest = lowest.min(fill as f64 / f64::from(self.rate));
            }
            self.ticks += 1;
            if self.ticks.is_multiple_of(50) {
                self.before_s = std::mem::replace(&mut self.lowest_s, [f64::MAX; 2]);
            }
        }

        fn gaps(&self) -> u32 {
            self.mic.gaps() + self.out.gaps()
        }
    }

    /// The sharpest bend of the tone between three samples.
    fn tone_bend(rate: u32) -> f32 {
        (TONE.1 * 2.0 * (1.0 - (TAU * TONE.0 / f64::from(rate)).cos())) as f32
    }

    #[test]
    fn ten_minutes_between_clocks_that_run_apart() {
        let rate = 16_000;
        let mut path = Path::new(Said::Tone(f64::from(rate)), rate, [200.0, -200.0]);
        path.run(5.0);
        path.click = 0.0;
        let (mut least, mut most) = ([f64::MAX; 2], [f64::MIN; 2]);
        for _ in 0..1_190 {
            path.run(0.5);
            for ring in 0..2 {
                least[ring] = least[ring].min(path.before_s[ring]);
                most[ring] = most[ring].max(path.before_s[ring]);
            }
        }
        let told = format!("{} gaps, a click of {}, fills of {least:?} to {most:?} s", path.gaps(), path.click);
        assert!(path.gaps() == 0 && path.click < 1.05 * tone_bend(rate), "{told}");
        assert!((0..2).all(|ring| most[ring] - least[ring] < 0.004), "{told}");
    }

    /// Of what came late nothing is lost, and it is not heard how the delay comes back.
    #[test]
    fn what_a_hold_up_leaves_behind_is_gone_after_ten_seconds() {
        let rate = 48_000;
        let (tone, voice, noise) = ((Said::Tone(48e3), 0.006), (Said::Voice, 0.006), (Said::Noise, 0.020));
        let rows = [
            (Who::Microphone, 30.0, tone),
            (Who::Microphone, 60.0, voice),
            (Who::Microphone, 120.0, tone),
            (Who::Speaker, 30.0, tone),
            (Who::Speaker, 120.0, tone),
            (Who::Us, 30.0, tone),
            (Who::Us, 60.0, tone),
            (Who::Us, 60.0, noise),
            (Who::Us, 120.0, tone),
            (Who::Us, 120.0, voice),
        ];
        for (who, ms, (said, more_s)) in rows {
            let mut path = Path::new(said, rate, [0.0, 0.0]);
            path.run(3.0);
            let before_s = path.before_s;
            path.hold_up(who, ms);
            path.run(0.5);
            let gaps = path.gaps();
            path.click = 0.0;
            path.run(10.0);
            let longer_s = path.before_s[0] - before_s[0] + path.before_s[1] - before_s[1];
            let told = format!("{said:?}, {who:?} held up for {ms} ms: {longer_s} s, a click of {}", path.click);
            assert!(longer_s < more_s && path.gaps() == gaps, "{told}; gaps: {gaps}, {}", path.gaps());
            assert!(!matches!(said, Said::Tone(_)) || path.click < 1.05 * tone_bend(rate), "{told}");
        }
    }
}
