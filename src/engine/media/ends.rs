//! What the media thread listens to and plays on: generators, clips and devices.

use super::lines::{LineIn, LineOut};
use crate::media::FRAME;
use crate::media::tone::Sine;
use crate::media::voice::Voice;

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

    /// How old a device's sound is when it is read, seconds.
    pub fn delay_s(&self) -> f64 {
        if let Mic::Line(line) = self { line.delay_s() } else { 0.0 }
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

    /// How long sound waits until the device plays it, seconds.
    pub fn delay_s(&self) -> f64 {
        if let Speaker::Line(line) = self { line.delay_s() } else { 0.0 }
    }

    /// Plays 10 ms.
    pub fn write(&mut self, frame: &[f32; FRAME]) {
        if let Speaker::Line(line) = self {
            line.write(frame);
        }
    }
}
