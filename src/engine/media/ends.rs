//! What the media thread listens to and plays on: generators, clips, and devices joined to its clock.

use crate::audio::{CaptureLine, PlaybackLine};
use crate::media::plc::Concealer;
use crate::media::resample::DriftResampler;
use crate::media::tone::Sine;
use crate::media::voice::Voice;
use crate::media::{FRAME, SAMPLE_RATE};
use std::collections::VecDeque;
use std::sync::atomic::Ordering;

/// Where the microphone's sound comes from.
pub enum Mic {
    /// Nowhere.
    Silent,
    /// A clip at 48 kHz.
    Clip {
        /// Its samples.
        samples: Vec<f32>,
        /// How many were played.
        at: usize,
        /// Again and again.
        repeat: bool,
    },
    /// A tone.
    Tone(Sine),
    /// Something like a voice.
    Voice(Box<Voice>),
    /// What was played last.
    Loopback,
    /// A device.
    Line(Box<LineIn>),
}

impl Mic {
    /// Times that a device brought too little or more than there was room for.
    pub fn gaps(&self) -> u32 {
        if let Mic::Line(line) = self { line.gaps() } else { 0 }
    }

    /// The next 10 ms; `played` is what the speaker got last.
    pub fn read(&mut self, frame: &mut [f32; FRAME], played: &[f32; FRAME]) {
        match self {
            Mic::Silent => frame.fill(0.0),
            Mic::Tone(sine) => sine.fill(frame),
            Mic::Voice(voice) => voice.fill(frame),
            Mic::Loopback => *frame = *played,
            Mic::Line(line) => line.read(frame),
            Mic::Clip { samples, at, repeat } => {
                for out in frame {
                    if *repeat && *at >= samples.len() {
                        *at = 0;
                    }
                    *out = samples.get(*at).copied().unwrap_or(0.0);
                    *at = at.saturating_add(1);
                }
            }
        }
    }
}

/// Where the speaker's sound goes.
pub enum Speaker {
    /// Nowhere.
    Silent,
    /// A device.
    Line(Box<LineOut>),
}

impl Speaker {
    /// Times that a device found nothing to play.
    pub fn gaps(&self) -> u32 {
        if let Speaker::Line(line) = self { line.gaps() } else { 0 }
    }

    /// Plays 10 ms.
    pub fn write(&mut self, frame: &[f32; FRAME]) {
        if let Speaker::Line(line) = self {
            line.write(frame);
        }
    }
}

/// Keeps a ring's lowest fill within a range. The lowest counts, not the mean, because devices take and bring their
/// sound in bursts of their own size.
///
/// A new ring is set right once, as soon as its device's bursts are known. From then on its fill may wander within
/// [`FillControl::ROOM_S`], which is more than the 10 ms by which two even clocks seem to shift against each other;
/// only what leaves it for two seconds is steered, gently, by the ratio of the converter: a bend of the pitch.
#[derive(Debug, Clone)]
struct FillControl {
    least_s: f64,
    lowest_s: f64,
    ticks: u32,
    settled: bool,
    recent_s: [f64; 4],
    bend: f64,
}

impl FillControl {
    /// A device that starts takes or brings its sound unevenly; that says nothing.
    const START_TICKS: u32 = 20;
    /// Bursts are known after this.
    const SETTLE_TICKS: u32 = 50;
    const WINDOW_TICKS: u32 = 50;
    /// How far the lowest fill may be above the least.
    const ROOM_S: f64 = 0.016;
    /// Where in this room a ring is set right to.
    const PLACE_S: f64 = 0.006;
    /// What needs no setting right.
    const NEAR_S: f64 = 0.004;
    /// What is too much to be worked off by bending.
    const SURPLUS_S: f64 = 0.040;

    fn new(least_s: f64) -> FillControl {
        FillControl { least_s, lowest_s: f64::MAX, ticks: 0, settled: false, recent_s: [least_s; 4], bend: 0.0 }
    }

    /// The least was too low for this machine: aim higher from now on.
    fn ran_dry(&mut self) {
        const STEP_S: f64 = 0.005;
        const MOST_S: f64 = 0.060;
        if self.settled {
            self.least_s = (self.least_s + STEP_S).min(MOST_S);
        }
    }

    /// Takes a tick's fill in seconds; the seconds to drop (> 0) or to add (< 0) at once, mostly 0.
    fn update(&mut self, fill_s: f64) -> f64 {
        self.ticks += 1;
        if self.settled || self.ticks > Self::START_TICKS {
            self.lowest_s = self.lowest_s.min(fill_s);
        }
        if self.ticks < if self.settled { Self::WINDOW_TICKS } else { Self::SETTLE_TICKS } {
            return 0.0;
        }
        let lowest_s = std::mem::replace(&mut self.lowest_s, f64::MAX);
        let (top_s, place_s) = (self.least_s + Self::ROOM_S, self.least_s + Self::PLACE_S);
        self.ticks = 0;
        if !self.settled || lowest_s > top_s + Self::SURPLUS_S {
            self.settled = true;
            self.recent_s = [place_s; 4];
            return if (lowest_s - place_s).abs() > Self::NEAR_S { lowest_s - place_s } else { 0.0 };
        }
        self.recent_s.rotate_left(1);
        self.recent_s[3] = lowest_s;
        let above_s = self.recent_s.iter().copied().fold(f64::MAX, f64::min) - top_s;
        let below_s = self.recent_s.iter().copied().fold(f64::MIN, f64::max) - self.least_s;
        // Too little ends in a gap, too much is only delay.
        self.bend = (above_s.max(0.0) * 0.02 + below_s.min(0.0) * 0.05).clamp(-0.002, 0.002);
        0.0
    }
}

/// A device's microphone on our clock.
pub struct LineIn {
    line: CaptureLine,
    converter: DriftResampler,
    control: Option<FillControl>,
    primed: bool,
    concealer: Concealer,
    gaps: u32,
}

impl LineIn {
    /// A tick takes 10 ms; this much more is always there, for a machine that stands still for a moment.
    const LEAST_S: f64 = 0.032;

    /// Joins a device; `None` when its rate cannot be converted.
    pub fn new(line: CaptureLine) -> Option<LineIn> {
        let converter = DriftResampler::new(line.rate, SAMPLE_RATE).ok()?;
        let control = Some(FillControl::new(Self::LEAST_S));
        Some(LineIn { line, converter, control, primed: false, concealer: Concealer::new(SAMPLE_RATE), gaps: 0 })
    }

    /// Joins a source without a clock, which waits when it is not read: a pipe.
    pub fn pipe(line: CaptureLine) -> Option<LineIn> {
        Some(LineIn { control: None, ..LineIn::new(line)? })
    }

    /// Times that sound was missing, lost or too late.
    fn gaps(&self) -> u32 {
        self.gaps.saturating_add(self.line.health.overruns.load(Ordering::Relaxed))
    }

    fn read(&mut self, frame: &mut [f32; FRAME]) {
        let (fill, rate) = (self.line.samples.slots(), f64::from(self.line.rate));
        let Some(control) = &mut self.control else {
            let enough = if self.primed { self.converter.wanted() } else { self.line.rate as usize / 50 };
            self.primed = fill >= enough;
            return if self.primed { self.convert(frame) } else { frame.fill(0.0) };
        };
        if !self.primed {
            self.primed = fill as f64 >= (control.least_s + FillControl::PLACE_S) * rate;
            if !self.primed {
                return frame.fill(0.0);
            }
        }
        let correction = (control.update(fill as f64 / rate) * rate) as isize;
        for _ in 0..correction.max(0) {
            let _ = self.line.samples.pop();
        }
        self.converter.set_drift(-control.bend);
        // What is made up now is there later.
        let missing = correction < -(self.line.rate as isize / 200);
        if fill < self.converter.wanted() {
            control.ran_dry();
            self.gaps = self.gaps.saturating_add(1);
        } else if !missing {
            self.convert(frame);
            return self.concealer.good(frame);
        }
        self.concealer.conceal(frame);
    }

    fn convert(&mut self, frame: &mut [f32; FRAME]) {
        let samples = &mut self.line.samples;
        self.converter.read(frame, |chunk| chunk.iter_mut().for_each(|to| *to = samples.pop().unwrap_or(0.0)));
    }
}

/// A device's speaker on our clock.
pub struct LineOut {
    line: PlaybackLine,
    converter: Option<DriftResampler>,
    control: Option<FillControl>,
    waiting: VecDeque<f32>,
    surplus: usize,
    chunk: Vec<f32>,
}

impl LineOut {
    /// What is left when the device has taken a burst, for a machine that stands still for a moment.
    const LEAST_S: f64 = 0.014;
    /// What most devices take at once.
    const BURST_S: f64 = 0.010;

    /// Joins a device that has a clock of its own; `None` when its rate cannot be converted.
    pub fn new(mut line: PlaybackLine) -> Option<LineOut> {
        let converter = DriftResampler::new(SAMPLE_RATE, line.rate).ok()?;
        silence(&mut line, Self::LEAST_S + FillControl::PLACE_S + Self::BURST_S);
        let chunk = vec![0.0; line.rate as usize / 100];
        let waiting = VecDeque::with_capacity(4 * FRAME);
        let control = Some(FillControl::new(Self::LEAST_S));
        Some(LineOut { line, converter: Some(converter), control, waiting, surplus: 0, chunk })
    }

    /// Joins a sink without a clock, which takes what comes: a pipe.
    pub fn pipe(line: PlaybackLine) -> Option<LineOut> {
        Some(LineOut { control: None, ..LineOut::new(line)? })
    }

    /// Joins a sink that takes all it is given: a file.
    pub fn file(line: PlaybackLine) -> LineOut {
        LineOut { line, converter: None, control: None, waiting: VecDeque::new(), surplus: 0, chunk: Vec::new() }
    }

    /// Times that the device found nothing to play.
    fn gaps(&self) -> u32 {
        self.line.health.underruns.load(Ordering::Relaxed)
    }

    fn write(&mut self, frame: &[f32; FRAME]) {
        let Some(converter) = &mut self.converter else {
            for sample in frame {
                let _ = self.line.samples.push(*sample);
            }
            return;
        };
        self.waiting.extend(frame);
        if let Some(control) = &mut self.control {
            let fill = self.line.samples.buffer().capacity().saturating_sub(self.line.samples.slots());
            let correction_s = control.update(fill as f64 / f64::from(self.line.rate));
            converter.set_drift(-control.bend);
            self.surplus += (correction_s * f64::from(SAMPLE_RATE)).max(0.0) as usize;
            let dropped = self.surplus.min(self.waiting.len());
            self.waiting.drain(..dropped);
            self.surplus -= dropped;
            silence(&mut self.line, -correction_s);
            if fill == 0 {
                // A little more at once, or it would run dry again at the next burst.
                control.ran_dry();
                silence(&mut self.line, Self::BURST_S);
            }
        }
        while self.waiting.len() >= converter.wanted() {
            let waiting = &mut self.waiting;
            converter.read(&mut self.chunk, |input| {
                input.iter_mut().for_each(|to| *to = waiting.pop_front().unwrap_or(0.0));
            });
            for sample in &self.chunk {
                let _ = self.line.samples.push(*sample);
            }
        }
    }
}

/// Adds seconds of silence.
fn silence(line: &mut PlaybackLine, seconds: f64) {
    for _ in 0..(seconds * f64::from(line.rate)).max(0.0) as usize {
        let _ = line.samples.push(0.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::Health;
    use rtrb::RingBuffer;
    use std::sync::Arc;

    /// A ring between our clock and a device's, `ppm` faster, that takes 20 ms at once and is sometimes a tick late:
    /// how often it ran dry, the largest bend in ppm, the fills of the last minute from least to most.
    fn ride(ppm: f64, minutes: u32) -> (u32, f64, f64) {
        const BURST_S: f64 = 0.020;
        let mut control = FillControl::new(LineOut::LEAST_S);
        let (mut fill_s, mut owed_s, mut chance) = (0.030, 0.0, 1_u32);
        let (mut dry, mut bend, mut least_s, mut most_s) = (0, 0.0_f64, f64::MAX, 0.0_f64);
        for tick in 0..minutes * 6_000 {
            chance = chance.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            owed_s += 0.010 * (1.0 + ppm * 1e-6);
            while owed_s >= BURST_S && chance >> 28 != 0 {
                owed_s -= BURST_S;
                dry += u32::from(fill_s < BURST_S);
                fill_s = (fill_s - BURST_S).max(0.0);
            }
            let correction_s = control.update(fill_s);
            fill_s += 0.010 * (1.0 - control.bend) - correction_s;
            bend = bend.max(control.bend.abs() * 1e6);
            if tick >= (minutes - 1) * 6_000 {
                (least_s, most_s) = (least_s.min(fill_s), most_s.max(fill_s));
            }
        }
        (dry, bend, most_s - least_s)
    }

    #[test]
    fn clocks_that_agree_leave_the_pitch_alone() {
        let (dry, bend, _) = ride(0.0, 10);
        assert!(dry == 0 && bend == 0.0, "dry {dry}, bent by {bend} ppm");
    }

    #[test]
    fn ten_minutes_of_drift_are_followed_without_running_dry() {
        for ppm in [200.0, -200.0] {
            let (dry, bend, range_s) = ride(ppm, 10);
            assert!(dry == 0 && (200.0..700.0).contains(&bend) && range_s < 0.045, "{ppm}: {dry} {bend} {range_s}");
        }
    }

    /// A speaker that takes bursts, with a clock of its own: how often it ran dry, and its last fill.
    fn speaker(rate: u32, burst: usize, ppm: f64) -> (u32, usize) {
        let (samples, mut device) = RingBuffer::new(rate as usize / 5);
        let line = PlaybackLine { samples, rate, health: Arc::new(Health::default()) };
        let mut out = LineOut::new(line).unwrap();
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
        for (rate, burst, ppm) in [
            (48_000, 480, 0.0),
            (48_000, 960, 200.0),
            (48_000, 256, -200.0),
            (44_100, 1_024, 300.0),
            (16_000, 320, 0.0),
        ] {
            let (dry, fill) = speaker(rate, burst, ppm);
            let most = burst + rate as usize * 35 / 1_000;
            assert!(dry == 0 && fill < most, "{rate} Hz, {burst} at once, {ppm} ppm: dry {dry}, fill {fill}");
        }
    }

    #[test]
    fn a_microphone_in_bursts_has_no_gaps_and_little_delay() {
        for (rate, burst, ppm) in [(48_000, 24, 0.0), (48_000, 960, 200.0), (44_100, 512, -200.0), (16_000, 320, 0.0)] {
            let (mut device, samples) = RingBuffer::new(rate as usize / 5);
            let line = CaptureLine { samples, rate, health: Arc::new(Health::default()) };
            let mut mic = LineIn::new(line).unwrap();
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
    fn a_pipe_loses_and_adds_nothing() {
        let rate = 16_000;
        let (samples, mut taken) = RingBuffer::new(rate as usize / 5);
        let health = Arc::new(Health::default());
        let mut out = LineOut::pipe(PlaybackLine { samples, rate, health: health.clone() }).unwrap();
        let (mut given, samples) = RingBuffer::new(rate as usize / 5);
        let mut mic = LineIn::pipe(CaptureLine { samples, rate, health }).unwrap();
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
}
