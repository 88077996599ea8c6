//! Whether a known announcement is heard: how the power moves between bands, as bits, survives codecs, noise and another
//! volume (after Haitsma and Kalker, "A Highly Robust Audio Fingerprinting System", ISMIR 2002).

use super::spectrum::power;
use super::{RATE, ms};

/// Samples between two words, and of the window of one.
const HOP: usize = 128;
const WINDOW: usize = 1_024;
/// Bands, from the lowest to the highest frequency, each as wide to the ear as the next.
const BANDS: usize = 17;
const LOWEST_HZ: f32 = 300.0;
const HIGHEST_HZ: f32 = 3_000.0;
/// Words softer than the loudest by this share of power say nothing: they are noise.
const SOFT: f32 = 1e-4;
/// What no sound is softer than, so that digital silence has no words.
const FLOOR: f32 = 1e-3;
/// Words that must be compared: 1.6 s of sound.
const LEAST_WORDS: usize = 100;
/// As many bits of a hundred are equal in two sounds that are one and the same: half are by chance.
const LEAST_LIKENESS: f64 = 0.66;

/// A sound as bits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fingerprint {
    /// `None` where there is nothing to hear.
    words: Vec<Option<u16>>,
}

/// How much of a known sound was heard.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Likeness {
    /// The share of bits that are equal at the best place, 0..=1; what has nothing in common comes to 0.5.
    pub share: f64,
    /// Where the known sound begins in what was heard, milliseconds; below 0 = before it.
    pub at_ms: f64,
}

impl Likeness {
    /// It is that sound.
    pub fn is_same(&self) -> bool {
        self.share >= LEAST_LIKENESS
    }
}

impl Fingerprint {
    /// Of sound at 8 kHz.
    pub fn of(sound: &[f32]) -> Fingerprint {
        let edges: Vec<usize> = (0..=BANDS)
            .map(|n| {
                let hz = LOWEST_HZ * (HIGHEST_HZ / LOWEST_HZ).powf(n as f32 / BANDS as f32);
                (hz * WINDOW as f32 / RATE as f32).round() as usize
            })
            .collect();
        let windows = (0..).map(|n| sound.get(n * HOP..n * HOP + WINDOW)).map_while(|window| window);
        let bands: Vec<[f32; BANDS]> = windows
            .map(|window| {
                let power = power(window);
                std::array::from_fn(|n| {
                    let (from, to) = (edges.get(n).copied().unwrap_or(0), edges.get(n + 1).copied().unwrap_or(0));
                    power.get(from..to).unwrap_or_default().iter().sum()
                })
            })
            .collect();
        let loud = |bands: &[f32; BANDS]| bands.iter().sum::<f32>();
        let loudest = bands.iter().map(loud).fold(0.0, f32::max);
        let words = bands.windows(2).map(|pair| match pair {
            [before, now] if loud(now) > (loudest * SOFT).max(FLOOR) => Some(word(before, now)),
            _ => None,
        });
        Fingerprint { words: words.collect() }
    }

    /// How long the sound is that can be compared, milliseconds.
    pub fn heard_ms(&self) -> f64 {
        ms(self.words.iter().flatten().count() * HOP)
    }

    /// True if there is too little in it to know it again.
    pub fn is_too_short(&self) -> bool {
        self.words.iter().flatten().count() < LEAST_WORDS
    }

    /// Where this is most like a part of `heard`, or as much of it as was heard before the end; `None` = too little was.
    pub fn find_in(&self, heard: &Fingerprint) -> Option<Likeness> {
        let (own, other) = (self.words.len() as isize, heard.words.len() as isize);
        let mut best: Option<Likeness> = None;
        for shift in (1 - own)..other {
            let (mut equal, mut compared) = (0_u32, 0_usize);
            let from = shift.min(0).unsigned_abs();
            let pairs = self.words.iter().skip(from).zip(heard.words.iter().skip(shift.max(0).unsigned_abs()));
            for (a, b) in pairs {
                // Where the known sound has something and nothing is heard, it is not that sound.
                match (a, b) {
                    (Some(a), Some(b)) => equal += (a ^ b).count_zeros(),
                    (Some(_), None) => equal += u16::BITS / 2,
                    (None, _) => continue,
                }
                compared += 1;
            }
            if compared < LEAST_WORDS.min(self.words.iter().flatten().count()) || compared == 0 {
                continue;
            }
            let share = f64::from(equal) / (compared as f64 * f64::from(u16::BITS));
            if best.is_none_or(|best| share > best.share) {
                best = Some(Likeness { share, at_ms: shift as f64 * ms(HOP) });
            }
        }
        best
    }
}

/// A bit for each pair of bands: whether their difference has grown.
fn word(before: &[f32; BANDS], now: &[f32; BANDS]) -> u16 {
    let steps = |bands: &[f32; BANDS]| -> Vec<f32> {
        bands
            .windows(2)
            .map(|pair| match pair {
                [a, b] => a - b,
                _ => 0.0,
            })
            .collect()
    };
    let grown = steps(now).into_iter().zip(steps(before)).map(|(now, before)| now > before);
    grown.fold(0, |word, bit| word << 1 | u16::from(bit))
}

#[cfg(test)]
mod tests {
    use super::super::narrow;
    use super::*;
    use crate::media::voice::Voice;
    use proptest::prelude::*;

    fn voice(seed: u32, seconds: usize) -> Vec<f32> {
        let mut sound = vec![0.0; 48_000 * seconds];
        Voice::new(seed).fill(&mut sound);
        narrow(&sound)
    }

    /// As heard: later, softer, noisier, in steps of G.711's size.
    fn through(sound: &[f32], late: usize, gain: f32, noise: f32) -> Vec<f32> {
        let mut state = 11_u32;
        let mut heard = vec![0.0; late];
        heard.extend(sound);
        for sample in &mut heard {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let noise = ((state >> 8) as f32 / (1 << 23) as f32 - 1.0) * noise;
            *sample = ((*sample * gain + noise) * 512.0).round() / 512.0;
        }
        heard
    }

    #[test]
    fn a_known_sound_is_known_again_and_another_is_not() {
        let known = Fingerprint::of(&voice(601, 4));
        let rows = [
            ("as it is", voice(601, 4), true),
            ("later", through(&voice(601, 4), 4_321, 1.0, 0.0), true),
            ("softer, in noise", through(&voice(601, 4), 900, 0.4, 0.002), true),
            ("broken off", through(&voice(601, 4)[..20_000], 700, 1.0, 0.0), true),
            ("begun already", voice(601, 4)[9_000..].to_vec(), true),
            ("another voice", voice(602, 8), false),
            ("a third one", voice(77, 8), false),
            ("silence", vec![0.0; 32_000], false),
        ];
        for (what, heard, same) in rows {
            let found = known.find_in(&Fingerprint::of(&heard));
            assert_eq!(found.is_some_and(|found| found.is_same()), same, "{what}: {found:?}");
        }
        let later = known.find_in(&Fingerprint::of(&through(&voice(601, 4), 8_000, 1.0, 0.0))).unwrap();
        assert!((later.at_ms - 1_000.0).abs() < 20.0, "{later:?}");
    }

    #[test]
    fn too_little_is_said_to_be_so() {
        assert!(Fingerprint::of(&voice(601, 1)).is_too_short());
        assert!(Fingerprint::of(&vec![0.0; 80_000]).is_too_short());
        let known = Fingerprint::of(&voice(601, 4));
        assert!(!known.is_too_short() && known.heard_ms() > 1_600.0);
        assert_eq!(known.find_in(&Fingerprint::of(&[])), None);
        assert_eq!(Fingerprint::of(&[]).find_in(&known), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 6, ..ProptestConfig::default() })]

        #[test]
        fn voices_are_known_by_themselves_alone(seed in 1_u32..500, other in 501_u32..1_000, late in 0_usize..8_000) {
            let known = Fingerprint::of(&voice(seed, 3));
            let own = known.find_in(&Fingerprint::of(&through(&voice(seed, 3), late, 0.7, 0.001)));
            prop_assert!(own.is_some_and(|found| found.is_same()), "{:?}", own);
            let strange = known.find_in(&Fingerprint::of(&voice(other, 3)));
            prop_assert!(strange.is_none_or(|found| !found.is_same()), "{:?}", strange);
        }
    }
}
