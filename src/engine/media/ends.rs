//! What the media thread listens to and plays on: generators, clips, and devices joined to its clock.

use crate::audio::{CaptureLine, PlaybackLine};
use crate::media::resample::DriftResampler;
use crate::media::tone::Sine;
use crate::media::voice::Voice;
use crate::media::{FRAME, SAMPLE_RATE};
use std::collections::VecDeque;

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
    /// Plays 10 ms.
    pub fn write(&mut self, frame: &[f32; FRAME]) {
        if let Speaker::Line(line) = self {
            line.write(frame);
        }
    }
}

/// Holds a ring's lowest fill near a target by bending the ratio of its converter. The lowest counts, not the mean,
/// because devices take and bring their sound in bursts of their own size.
#[derive(Debug, Clone, Copy)]
struct FillControl {
    target_s: f64,
    lowest_s: f64,
    ticks: u32,
    integral: f64,
    drift: f64,
}

impl FillControl {
    const WINDOW_TICKS: u32 = 50;
    /// What is too much to be worked off by bending.
    const SURPLUS_S: f64 = 0.040;

    fn new(target_s: f64) -> FillControl {
        FillControl { target_s, lowest_s: f64::MAX, ticks: 0, integral: 0.0, drift: 0.0 }
    }

    /// The target was too low for this machine: aim higher from now on.
    fn ran_dry(&mut self) {
        const STEP_S: f64 = 0.005;
        const MOST_S: f64 = 0.050;
        self.target_s = (self.target_s + STEP_S).min(MOST_S);
    }

    /// Takes a tick's fill in seconds; after each window the seconds to drop at once, mostly 0.
    fn update(&mut self, fill_s: f64) -> Option<f64> {
        self.lowest_s = self.lowest_s.min(fill_s);
        self.ticks += 1;
        if self.ticks < Self::WINDOW_TICKS {
            return None;
        }
        let error = self.lowest_s - self.target_s;
        (self.ticks, self.lowest_s) = (0, f64::MAX);
        if error > Self::SURPLUS_S {
            return Some(error);
        }
        self.integral = (self.integral + error * 5e-4).clamp(-0.002, 0.002);
        self.drift = error * 0.05 + self.integral;
        Some(0.0)
    }
}

/// A device's microphone on our clock.
pub struct LineIn {
    line: CaptureLine,
    converter: DriftResampler,
    control: Option<FillControl>,
    primed: bool,
}

impl LineIn {
    /// A tick takes 10 ms; this much more is always there.
    const LOWEST_S: f64 = 0.016;

    /// Joins a device; `None` when its rate cannot be converted.
    pub fn new(line: CaptureLine) -> Option<LineIn> {
        let converter = DriftResampler::new(line.rate, SAMPLE_RATE).ok()?;
        Some(LineIn { line, converter, control: Some(FillControl::new(Self::LOWEST_S)), primed: false })
    }

    /// Joins a source without a clock, which waits when it is not read: a pipe.
    pub fn pipe(line: CaptureLine) -> Option<LineIn> {
        Some(LineIn { control: None, ..LineIn::new(line)? })
    }

    fn read(&mut self, frame: &mut [f32; FRAME]) {
        let samples = &mut self.line.samples;
        let (fill, hundredth) = (samples.slots(), self.line.rate as usize / 100);
        let was_primed = self.primed;
        self.primed = if was_primed { fill >= self.converter.wanted() } else { fill >= 2 * hundredth };
        if let (true, false, Some(control)) = (was_primed, self.primed, &mut self.control) {
            control.ran_dry();
        }
        if !self.primed {
            frame.fill(0.0);
            return;
        }
        if let Some(control) = &mut self.control
            && let Some(surplus_s) = control.update(fill as f64 / f64::from(self.line.rate))
        {
            for _ in 0..(surplus_s * f64::from(self.line.rate)) as usize {
                let _ = samples.pop();
            }
            self.converter.set_drift(-control.drift);
        }
        self.converter.read(frame, |chunk| chunk.iter_mut().for_each(|to| *to = samples.pop().unwrap_or(0.0)));
    }
}

/// A device's speaker on our clock.
pub struct LineOut {
    line: PlaybackLine,
    converter: Option<DriftResampler>,
    control: Option<FillControl>,
    waiting: VecDeque<f32>,
    skip: usize,
    chunk: Vec<f32>,
}

impl LineOut {
    /// What is left when the device has taken a burst.
    const LOWEST_S: f64 = 0.008;

    /// Joins a device that has a clock of its own; `None` when its rate cannot be converted.
    pub fn new(mut line: PlaybackLine) -> Option<LineOut> {
        let converter = DriftResampler::new(SAMPLE_RATE, line.rate).ok()?;
        for _ in 0..line.rate / 50 {
            let _ = line.samples.push(0.0);
        }
        let chunk = vec![0.0; line.rate as usize / 100];
        let waiting = VecDeque::with_capacity(4 * FRAME);
        let control = Some(FillControl::new(Self::LOWEST_S));
        Some(LineOut { line, converter: Some(converter), control, waiting, skip: 0, chunk })
    }

    /// Joins a sink without a clock, which takes what comes: a pipe.
    pub fn pipe(line: PlaybackLine) -> Option<LineOut> {
        Some(LineOut { control: None, ..LineOut::new(line)? })
    }

    /// Joins a sink that takes all it is given: a file.
    pub fn file(line: PlaybackLine) -> LineOut {
        LineOut { line, converter: None, control: None, waiting: VecDeque::new(), skip: 0, chunk: Vec::new() }
    }

    fn write(&mut self, frame: &[f32; FRAME]) {
        let samples = &mut self.line.samples;
        let Some(converter) = &mut self.converter else {
            for sample in frame {
                let _ = samples.push(*sample);
            }
            return;
        };
        if let Some(control) = &mut self.control {
            let fill = samples.buffer().capacity().saturating_sub(samples.slots());
            if let Some(surplus_s) = control.update(fill as f64 / f64::from(self.line.rate)) {
                self.skip = (surplus_s * 100.0) as usize;
                converter.set_drift(-control.drift);
            }
            if self.skip > 0 {
                self.skip -= 1;
                return;
            }
            if fill == 0 {
                // A little more at once, or it would run dry again at the next burst.
                control.ran_dry();
                for _ in &self.chunk {
                    let _ = samples.push(0.0);
                }
            }
        }
        self.waiting.extend(frame);
        while self.waiting.len() >= converter.wanted() {
            let waiting = &mut self.waiting;
            converter.read(&mut self.chunk, |input| {
                input.iter_mut().for_each(|to| *to = waiting.pop_front().unwrap_or(0.0));
            });
            for sample in &self.chunk {
                let _ = samples.push(*sample);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::Health;
    use rtrb::RingBuffer;
    use std::sync::Arc;

    /// A speaker that takes bursts, with a clock of its own: how often it ran dry after `settled` ticks, and its last fill.
    fn speaker(rate: u32, burst: usize, ppm: f64) -> (u32, usize) {
        let (samples, mut device) = RingBuffer::new(rate as usize / 5);
        let line = PlaybackLine { samples, rate, health: Arc::new(Health::default()) };
        let mut out = LineOut::new(line).unwrap();
        let (mut owed, mut dry) = (0.0, 0);
        for tick in 0..6_000 {
            out.write(&[0.1; FRAME]);
            owed += f64::from(rate) / 100.0 * (1.0 + ppm * 1e-6);
            while owed >= burst as f64 {
                owed -= burst as f64;
                let taken = (0..burst).filter(|_| device.pop().is_ok()).count();
                dry += u32::from(tick > 500 && taken < burst);
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
            for tick in 0..6_000 {
                owed += f64::from(rate) / 100.0 * (1.0 + ppm * 1e-6);
                while owed >= burst as f64 {
                    owed -= burst as f64;
                    for _ in 0..burst {
                        let _ = device.push(0.1);
                    }
                }
                let mut frame = [0.0; FRAME];
                mic.read(&mut frame);
                gaps += u32::from(tick > 500 && frame.iter().any(|s| *s < 0.05));
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
