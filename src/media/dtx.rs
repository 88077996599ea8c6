//! Silence that is not sent: what goes out in its place, by whether somebody speaks.

use super::FRAME;
use super::codec::ComfortNoise;
use super::level::dbfs;
use super::vad::Vad;

/// After so much silence the noise is told again though it is the same, ms: a lost packet is made good.
const AGAIN_MS: u32 = 1_000;
/// A change of the noise is told after so much, ms.
const SOONEST_MS: u32 = 200;
/// What is a change, dB.
const CHANGE_DB: f32 = 3.0;

/// What a packet's time is for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Say {
    /// Speech.
    Sound,
    /// Silence that sounds like this.
    Noise(ComfortNoise),
    /// Nothing: the silence goes on.
    Nothing,
}

/// Decides packet by packet.
#[derive(Debug, Clone, Default)]
pub struct SilenceSuppressor {
    vad: Vad,
    spoken: bool,
    /// Of the silence, below 4 kHz, dBFS.
    level: Option<f32>,
    /// What was told last, and how long ago, ms.
    told: Option<(f32, u32)>,
}

impl SilenceSuppressor {
    /// Hears 10 ms of the packet under way.
    pub fn hear(&mut self, frame: &[f32; FRAME]) {
        const WEIGHT: f32 = 0.1;
        if self.vad.hear(frame) {
            self.spoken = true;
            return;
        }
        // Six samples at once are one at 8 kHz: what the narrow codecs beside which noise is sent would carry.
        let narrow = frame.as_chunks::<6>().0.iter().map(|six| (six.iter().sum::<f32>() / 6.0).powi(2)).sum::<f32>();
        let level = dbfs((narrow / (FRAME / 6) as f32).sqrt());
        self.level = Some(self.level.map_or(level, |before| before + (level - before) * WEIGHT));
    }

    /// The packet of `ms` is full.
    pub fn decide(&mut self, ms: u32) -> Say {
        let level = match self.level {
            Some(level) if !std::mem::take(&mut self.spoken) => level,
            _ => {
                (self.spoken, self.level, self.told) = (false, None, None);
                return Say::Sound;
            }
        };
        //= RFC 3389 §5: at the start of the silence, and when it changes
        let due = self.told.is_none_or(|(told, age)| {
            age + ms >= AGAIN_MS || (age + ms >= SOONEST_MS && (level - told).abs() >= CHANGE_DB)
        });
        if due {
            self.told = Some((level, 0));
            return Say::Noise(ComfortNoise::white(level));
        }
        self.told = self.told.map(|(told, age)| (told, age + ms));
        Say::Nothing
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(amplitude: f32, seed: &mut u32) -> [f32; FRAME] {
        std::array::from_fn(|_| {
            *seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            amplitude * ((*seed >> 8) as f32 / (1 << 23) as f32 - 1.0)
        })
    }

    /// What becomes of packets of 20 ms at this level, a letter each.
    fn said(suppressor: &mut SilenceSuppressor, packets: usize, amplitude: f32) -> String {
        let mut seed = 1;
        let mut packet = || {
            suppressor.hear(&frame(amplitude, &mut seed));
            suppressor.hear(&frame(amplitude, &mut seed));
            match suppressor.decide(20) {
                Say::Sound => 'S',
                Say::Noise(_) => 'n',
                Say::Nothing => '-',
            }
        };
        (0..packets).map(|_| packet()).collect()
    }

    #[test]
    fn silence_is_told_once_and_now_and_then() {
        let mut suppressor = SilenceSuppressor::default();
        assert_eq!(said(&mut suppressor, 5, 0.3), "SSSSS");
        // 200 ms of hang-over, the noise, a second without a word, the noise.
        let quiet = said(&mut suppressor, 65, 0.000_5);
        assert_eq!(quiet, format!("{}n{}n{}", "S".repeat(10), "-".repeat(49), "-".repeat(4)));
        assert_eq!(said(&mut suppressor, 2, 0.3), "SS");
    }

    #[test]
    fn a_noise_that_changes_is_told_again() {
        let mut suppressor = SilenceSuppressor::default();
        said(&mut suppressor, 60, 0.000_3);
        let louder = said(&mut suppressor, 25, 0.000_6);
        assert!(louder.contains('n') && !louder.contains('S'), "{louder}");
    }

    /// White noise spread over 24 kHz has a sixth of its power below 4 kHz.
    #[test]
    fn the_level_is_that_of_the_telephone_band() {
        let (mut suppressor, mut seed) = (SilenceSuppressor::default(), 1);
        for _ in 0..50 {
            suppressor.hear(&frame(0.001 * f32::sqrt(3.0), &mut seed));
        }
        let Say::Noise(noise) = suppressor.decide(20) else { panic!("no noise") };
        assert!((noise.level_dbov + 60.0 + 7.8).abs() < 1.0, "{}", noise.level_dbov);
    }
}
