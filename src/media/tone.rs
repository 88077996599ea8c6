//! Tones: call progress by cadence, DTMF, a sine. Generators keep their phase; none allocates.

mod detector;
mod dtmf;

pub use detector::DtmfDetector;
pub use dtmf::{DtmfPlayer, dtmf_frequencies};

use super::SAMPLE_RATE;
use super::command::LocalTone;
use std::f32::consts::TAU;

/// What a sine at full scale has, dBm0 (ITU-T G.711).
pub const FULL_SCALE_DBM0: f32 = 3.17;

/// One piece of a cadence: up to two frequencies (0 = none) in Hz for so many ms.
type Step = (f32, f32, u32);

/// A cadence: its steps, how often it is played (0 = for ever), its level.
struct Cadence {
    steps: &'static [Step],
    rounds: u32,
    amplitude: f32,
}

/// The European plan (ITU-T E.180, ETSI TS 101 041-2): 425 Hz tones; two pairs of notes for an incoming call.
fn cadence(tone: LocalTone) -> Cadence {
    match tone {
        LocalTone::Ringback => Cadence { steps: &[(425.0, 0.0, 1_000), (0.0, 0.0, 4_000)], rounds: 0, amplitude: 0.1 },
        LocalTone::Busy => Cadence { steps: &[(425.0, 0.0, 500), (0.0, 0.0, 500)], rounds: 4, amplitude: 0.1 },
        LocalTone::Congestion => Cadence { steps: &[(425.0, 0.0, 250), (0.0, 0.0, 250)], rounds: 6, amplitude: 0.1 },
        LocalTone::CallWaiting => Cadence {
            steps: &[(425.0, 0.0, 200), (0.0, 0.0, 600), (425.0, 0.0, 200), (0.0, 0.0, 5_000)],
            rounds: 0,
            amplitude: 0.06,
        },
        LocalTone::Ring => Cadence {
            steps: &[
                (440.0, 554.4, 400),
                (0.0, 0.0, 100),
                (440.0, 554.4, 400),
                (0.0, 0.0, 100),
                (440.0, 659.3, 600),
                (0.0, 0.0, 2_400),
            ],
            rounds: 0,
            amplitude: 0.25,
        },
    }
}

/// Two sines with a phase each and a 5 ms ramp at every change.
#[derive(Debug, Clone, Default)]
struct Pair {
    phases: [f32; 2],
    frequencies: [f32; 2],
    gain: f32,
}

impl Pair {
    /// The next sample of two sines of these frequencies in Hz and amplitudes; 0 Hz is silence.
    fn sample(&mut self, [low, high]: [f32; 2], amplitudes: [f32; 2]) -> f32 {
        const RAMP: f32 = 1.0 / (0.005 * SAMPLE_RATE as f32);
        let wanted = if low > 0.0 { 1.0 } else { 0.0 };
        if wanted > 0.0 {
            self.frequencies = [low, high];
        }
        self.gain += (wanted - self.gain).clamp(-RAMP, RAMP);
        if self.gain <= 0.0 {
            self.phases = [0.0; 2];
            return 0.0;
        }
        let mut sum = 0.0;
        for ((phase, frequency), amplitude) in self.phases.iter_mut().zip(self.frequencies).zip(amplitudes) {
            if frequency > 0.0 {
                sum += amplitude * phase.sin();
                *phase = (*phase + TAU * frequency / SAMPLE_RATE as f32) % TAU;
            }
        }
        sum * self.gain
    }
}

/// A call progress tone at 48 kHz.
pub struct TonePlayer {
    cadence: Cadence,
    pair: Pair,
    step: usize,
    left: u32,
    rounds: u32,
}

impl TonePlayer {
    /// Starts a tone at the beginning of its cadence.
    pub fn new(tone: LocalTone) -> TonePlayer {
        let cadence = cadence(tone);
        let left = cadence.steps.first().map_or(0, |step| samples(step.2));
        TonePlayer { cadence, pair: Pair::default(), step: 0, left, rounds: 0 }
    }

    /// Adds the next samples to `frame`; false once the tone has ended by itself.
    pub fn mix_into(&mut self, frame: &mut [f32]) -> bool {
        for sample in frame {
            if self.cadence.rounds > 0 && self.rounds >= self.cadence.rounds {
                return false;
            }
            let (low, high, _) = self.cadence.steps.get(self.step).copied().unwrap_or_default();
            *sample += self.pair.sample([low, high], [self.cadence.amplitude; 2]);
            self.left = self.left.saturating_sub(1);
            if self.left == 0 {
                self.step += 1;
                if self.step >= self.cadence.steps.len() {
                    self.step = 0;
                    self.rounds = self.rounds.saturating_add(1);
                }
                self.left = self.cadence.steps.get(self.step).map_or(1, |step| samples(step.2));
            }
        }
        true
    }
}

/// A steady sine at 48 kHz.
#[derive(Debug, Clone)]
pub struct Sine {
    pair: Pair,
    frequency: f32,
    amplitude: f32,
}

impl Sine {
    /// A sine of this frequency in Hz and amplitude (1 = full scale).
    pub fn new(frequency: f32, amplitude: f32) -> Sine {
        Sine { pair: Pair::default(), frequency, amplitude }
    }

    /// Writes the next samples.
    pub fn fill(&mut self, frame: &mut [f32]) {
        for sample in frame {
            *sample = self.pair.sample([self.frequency, 0.0], [self.amplitude; 2]);
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn busy_ends_by_itself_and_ringback_does_not() {
        let frames = |tone| {
            let mut player = TonePlayer::new(tone);
            (0..1_000).take_while(|_| player.mix_into(&mut [0.0; 480])).count()
        };
        assert_eq!((frames(LocalTone::Busy), frames(LocalTone::Congestion)), (400, 300));
        for tone in [LocalTone::Ringback, LocalTone::Ring, LocalTone::CallWaiting] {
            assert_eq!(frames(tone), 1_000);
        }
    }

    #[test]
    fn ringback_is_425_hz_for_a_second_in_five() {
        let mut player = TonePlayer::new(LocalTone::Ringback);
        let mut sound = vec![0.0; 5 * 48_000];
        player.mix_into(&mut sound);
        assert!((goertzel_dbfs(&sound[..48_000], 425.0, SAMPLE_RATE) + 20.0).abs() < 0.5);
        assert!(sound[48_500..].iter().all(|s| *s == 0.0));
    }
}
