//! Tones: call progress by country, rings, DTMF sent and heard, a sine. Generators keep their phase; none allocates.

mod detector;
mod dtmf;
mod plan;
mod player;
mod ring;

pub use detector::DtmfDetector;
pub use dtmf::{DtmfPlayer, dtmf_frequencies};
pub use plan::{EUROPE, PLANS, Plan};
pub use player::TonePlayer;

use super::SAMPLE_RATE;
use std::f32::consts::TAU;

/// What a sine at full scale has, dBm0 (ITU-T G.711).
pub const FULL_SCALE_DBM0: f32 = 3.17;

/// Sines that sound together, with a phase each, and a 5 ms ramp at the beginning and the end.
#[derive(Debug, Clone, Default)]
struct Chord {
    phases: [f32; 3],
    frequencies: [f32; 3],
    amplitudes: [f32; 3],
    gain: f32,
}

impl Chord {
    /// The next sample of these frequencies in Hz (0 = none), `amplitude` in all.
    fn sample(&mut self, frequencies: [f32; 3], amplitude: f32) -> f32 {
        let count = frequencies.iter().filter(|hz| **hz > 0.0).count().max(1);
        self.sample_each(frequencies, [amplitude / (count as f32).sqrt(); 3])
    }

    /// The next sample of these frequencies in Hz (0 = none), each at an amplitude of its own.
    fn sample_each(&mut self, frequencies: [f32; 3], amplitudes: [f32; 3]) -> f32 {
        let wanted = if frequencies.iter().any(|hz| *hz > 0.0) { 1.0 } else { 0.0 };
        if wanted > 0.0 {
            (self.frequencies, self.amplitudes) = (frequencies, amplitudes);
        }
        self.gain += (wanted - self.gain).clamp(-1.0 / player::RAMP, 1.0 / player::RAMP);
        if self.gain <= 0.0 {
            self.phases = [0.0; 3];
            return 0.0;
        }
        let mut sum = 0.0;
        for ((phase, hz), amplitude) in self.phases.iter_mut().zip(self.frequencies).zip(self.amplitudes) {
            if hz > 0.0 {
                sum += amplitude * phase.sin();
                *phase += TAU * hz / SAMPLE_RATE as f32;
                if *phase >= TAU {
                    *phase -= TAU;
                }
            }
        }
        sum * self.gain
    }
}

/// A steady sine at 48 kHz: a pointer that turns, which costs less than a sine for each sample.
#[derive(Debug, Clone)]
pub struct Sine {
    /// Cosine and sine of where it points, and of what it turns in a sample.
    at: [f32; 2],
    turn: [f32; 2],
    amplitude: f32,
    gain: f32,
}

impl Sine {
    /// A sine of this frequency in Hz and amplitude (1 = full scale).
    pub fn new(frequency: f32, amplitude: f32) -> Sine {
        let (sin, cos) = (TAU * frequency / SAMPLE_RATE as f32).sin_cos();
        Sine { at: [1.0, 0.0], turn: [cos, sin], amplitude, gain: 0.0 }
    }

    /// Writes the next samples.
    pub fn fill(&mut self, frame: &mut [f32]) {
        let [cos, sin] = self.turn;
        for sample in frame {
            self.gain = (self.gain + 1.0 / player::RAMP).min(1.0);
            let [x, y] = self.at;
            *sample = self.amplitude * self.gain * y;
            self.at = [x * cos - y * sin, x * sin + y * cos];
        }
        // What rounding adds to its length is taken off.
        let length = self.at[0].hypot(self.at[1]);
        self.at = self.at.map(|part| part / length);
    }
}

/// The level of one frequency in a signal, dBFS of its peak amplitude (Goertzel).
pub fn goertzel_dbfs(signal: &[f32], frequency: f32, rate: u32) -> f32 {
    let omega = std::f64::consts::TAU * f64::from(frequency) / f64::from(rate.max(1));
    let coefficient = 2.0 * omega.cos();
    let (mut s1, mut s2) = (0.0_f64, 0.0_f64);
    for sample in signal {
        let s0 = f64::from(*sample) + coefficient * s1 - s2;
        (s2, s1) = (s1, s0);
    }
    let power = (s1 * s1 + s2 * s2 - coefficient * s1 * s2).max(0.0);
    super::level::dbfs((2.0 * power.sqrt() / signal.len().max(1) as f64) as f32)
}

fn samples(ms: u32) -> u32 {
    ms * (SAMPLE_RATE / 1_000)
}
