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

/// Holds a ring's fill near 20 ms by bending the ratio of its converter.
#[derive(Debug, Clone, Copy, Default)]
struct FillControl {
    average_s: Option<f64>,
    integral: f64,
}

impl FillControl {
    const TARGET_S: f64 = 0.020;

    /// The drift to set for a fill in seconds: positive when the ring is too full.
    fn update(&mut self, fill_s: f64) -> f64 {
        const WEIGHT: f64 = 0.005; // low-pass of 2 s
        let average = self.average_s.get_or_insert(fill_s);
        *average += (fill_s - *average) * WEIGHT;
        let error = *average - Self::TARGET_S;
        self.integral = (self.integral + error * 2e-5).clamp(-0.002, 0.002);
        error * 0.05 + self.integral
    }
}

/// A device's microphone on our clock.
pub struct LineIn {
    line: CaptureLine,
    converter: DriftResampler,
    control: FillControl,
    primed: bool,
}

impl LineIn {
    /// Joins a device; `None` when its rate cannot be converted.
    pub fn new(line: CaptureLine) -> Option<LineIn> {
        let converter = DriftResampler::new(line.rate, SAMPLE_RATE).ok()?;
        Some(LineIn { line, converter, control: FillControl::default(), primed: false })
    }

    fn read(&mut self, frame: &mut [f32; FRAME]) {
        let samples = &mut self.line.samples;
        let (fill, hundredth) = (samples.slots(), self.line.rate as usize / 100);
        self.primed = if self.primed { fill >= self.converter.wanted() } else { fill >= 2 * hundredth };
        if !self.primed {
            frame.fill(0.0);
            return;
        }
        if fill > 10 * hundredth {
            for _ in 2 * hundredth..fill {
                let _ = samples.pop();
            }
            self.control = FillControl::default();
        }
        self.converter.set_drift(-self.control.update(fill as f64 / f64::from(self.line.rate)));
        self.converter.read(frame, |chunk| chunk.iter_mut().for_each(|to| *to = samples.pop().unwrap_or(0.0)));
    }
}

/// A device's speaker on our clock.
pub struct LineOut {
    line: PlaybackLine,
    converter: Option<DriftResampler>,
    control: FillControl,
    waiting: VecDeque<f32>,
    chunk: Vec<f32>,
}

impl LineOut {
    /// Joins a device that has a clock of its own; `None` when its rate cannot be converted.
    pub fn new(mut line: PlaybackLine) -> Option<LineOut> {
        let converter = DriftResampler::new(SAMPLE_RATE, line.rate).ok()?;
        for _ in 0..line.rate / 50 {
            let _ = line.samples.push(0.0);
        }
        let chunk = vec![0.0; line.rate as usize / 100];
        let waiting = VecDeque::with_capacity(4 * FRAME);
        Some(LineOut { line, converter: Some(converter), control: FillControl::default(), waiting, chunk })
    }

    /// Joins a sink that takes all it is given: a file.
    pub fn file(line: PlaybackLine) -> LineOut {
        LineOut { line, converter: None, control: FillControl::default(), waiting: VecDeque::new(), chunk: Vec::new() }
    }

    fn write(&mut self, frame: &[f32; FRAME]) {
        let samples = &mut self.line.samples;
        let Some(converter) = &mut self.converter else {
            for sample in frame {
                let _ = samples.push(*sample);
            }
            return;
        };
        let fill = samples.buffer().capacity().saturating_sub(samples.slots());
        converter.set_drift(-self.control.update(fill as f64 / f64::from(self.line.rate)));
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
