//! A signal that moves like speech: for the demo and for a phone without a microphone. The same every time.

use super::SAMPLE_RATE;
use std::f32::consts::TAU;

/// Syllables of a glottal buzz through two formants, with pauses between phrases.
#[derive(Debug, Clone)]
pub struct Voice {
    noise: u32,
    time: u64,
    phase: f32,
    syllable: Syllable,
    left: u32,
    filters: [Formant; 2],
}

#[derive(Debug, Clone, Copy)]
struct Syllable {
    pitch_hz: f32,
    formants_hz: [f32; 2],
    length: u32,
    loud: f32,
}

/// What no sample exceeds, -15.9 dBFS.
const CEILING: f32 = 0.16;
/// Brings speech to about -26 dBov while somebody speaks, the habit of speech tests.
const GAIN: f32 = 0.55;

/// A resonance as loud at one frequency as at another.
#[derive(Debug, Clone, Copy, Default)]
struct Formant {
    gain: f32,
    feedback: [f32; 2],
    y1: f32,
    y2: f32,
}

impl Formant {
    fn tune(&mut self, hz: f32) {
        const BANDWIDTH_HZ: f32 = 90.0;
        let radius = (-std::f32::consts::PI * BANDWIDTH_HZ / SAMPLE_RATE as f32).exp();
        let angle = TAU * hz / SAMPLE_RATE as f32;
        self.gain = 2.0 * (1.0 - radius) * angle.sin();
        self.feedback = [2.0 * radius * angle.cos(), -radius * radius];
    }

    fn filter(&mut self, input: f32) -> f32 {
        let output = input * self.gain + self.feedback[0] * self.y1 + self.feedback[1] * self.y2;
        (self.y2, self.y1) = (self.y1, output);
        output
    }
}

impl Voice {
    /// A voice; the same seed says the same.
    pub fn new(seed: u32) -> Voice {
        let silent = Syllable { pitch_hz: 120.0, formants_hz: [500.0, 1_500.0], length: 1, loud: 0.0 };
        Voice { noise: seed | 1, time: 0, phase: 0.0, syllable: silent, left: 0, filters: Default::default() }
    }

    /// Writes the next samples at 48 kHz.
    pub fn fill(&mut self, frame: &mut [f32]) {
        for sample in frame {
            if self.left == 0 {
                self.syllable = self.next_syllable();
                self.left = self.syllable.length;
                let hz = self.syllable.formants_hz;
                self.filters.iter_mut().zip(hz).for_each(|(filter, hz)| filter.tune(hz));
            }
            self.left -= 1;
            self.time += 1;
            let Syllable { pitch_hz, length, loud, .. } = self.syllable;
            let progress = 1.0 - self.left as f32 / length.max(1) as f32;
            let envelope = (std::f32::consts::PI * progress).sin().max(0.0) * loud;
            self.phase = (self.phase + pitch_hz * (1.1 - 0.2 * progress) / SAMPLE_RATE as f32) % 1.0;
            let buzz = (1.0 - 2.0 * self.phase) * envelope;
            let [low, high] = &mut self.filters;
            let spoken = low.filter(buzz) + 0.6 * high.filter(buzz);
            *sample = CEILING * (spoken * GAIN / CEILING).tanh();
        }
    }

    fn next_syllable(&mut self) -> Syllable {
        const VOWELS: [[f32; 2]; 5] =
            [[730.0, 1_090.0], [270.0, 2_290.0], [300.0, 870.0], [530.0, 1_840.0], [570.0, 840.0]];
        let vowel = VOWELS[self.chance(5) as usize % VOWELS.len()];
        let pause = self.chance(6) == 0;
        let ms = if pause { 250 + self.chance(350) } else { 120 + self.chance(130) };
        Syllable {
            pitch_hz: 105.0 + self.chance(40) as f32,
            formants_hz: vowel,
            length: ms * (SAMPLE_RATE / 1_000),
            loud: if pause { 0.0 } else { 0.6 + self.chance(40) as f32 / 100.0 },
        }
    }

    /// Xorshift: a fixed sequence is what is wanted here, not chance.
    fn chance(&mut self, below: u32) -> u32 {
        self.noise ^= self.noise << 13;
        self.noise ^= self.noise >> 17;
        self.noise ^= self.noise << 5;
        self.noise % below.max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::level::dbfs;

    #[test]
    fn it_speaks_pauses_and_repeats_itself() {
        let mut first = vec![0.0; 480_000];
        let mut second = first.clone();
        Voice::new(7).fill(&mut first);
        Voice::new(7).fill(&mut second);
        assert_eq!(first, second);
        let loud = |frame: &&[f32]| frame.iter().any(|s| s.abs() > 0.01);
        let talking = first.chunks(480).filter(loud).count();
        assert!((300..950).contains(&talking), "{talking} of 1000 frames");
    }

    /// About as ITU-T P.56 has it: the mean power of what is not 16 dB below it.
    #[test]
    fn it_is_as_loud_as_speech_in_tests() {
        for seed in [1, 7, 601] {
            let mut speech = vec![0.0; 960_000];
            Voice::new(seed).fill(&mut speech);
            let mean = |powers: &[f32]| powers.iter().sum::<f32>() / powers.len() as f32;
            let powers: Vec<f32> =
                speech.chunks(1_440).map(|part| mean(&part.iter().map(|s| s * s).collect::<Vec<_>>())).collect();
            let active: Vec<f32> = powers.iter().copied().filter(|power| *power > mean(&powers) / 40.0).collect();
            let level = 10.0 * mean(&active).log10();
            let peak = dbfs(speech.iter().fold(0.0, |peak, s| s.abs().max(peak)));
            assert!((level + 26.0).abs() < 1.5 && (peak + 16.0).abs() < 0.5, "{level} dBov, peak {peak} dBFS");
        }
    }
}
