//! DTMF heard in the sound, within the limits of ITU-T Q.24.
//!
//! The sound is brought down to 8 kHz and looked at in blocks of 10 ms. Of each block the content at the eight frequencies
//! is known (Goertzel). How far its phase turns from one block to the next tells the frequency itself, far more exactly
//! than a block's length allows: that, and that there is hardly anything else, is what keeps voices from being digits.

use super::dtmf::{COLUMNS, ROWS, digit_of};
use crate::media::{FRAME, SAMPLE_RATE};
use std::f32::consts::{PI, TAU};
use wide::f32x8;

/// Samples of 48 kHz that make one of 8 kHz.
const DECIMATION: usize = 6;
/// Samples of a block.
const BLOCK: usize = FRAME / DECIMATION;
const RATE: f32 = SAMPLE_RATE as f32 / DECIMATION as f32;
/// Least level of each tone: −30 dBm0 as power of a sample; the limits of Q.24 begin at −25 to −29 dBm0.
const LEAST_POWER: f32 = 2.4e-4;
/// Columns may be louder than rows by 6 dB and softer by 10 dB, the widest of Q.24.
const TWIST: std::ops::RangeInclusive<f32> = 0.093..=4.2;
/// For a digit to begin: off by 1.5 % is one, off by 3.5 % is none.
const SURE: Limits = Limits { tolerance: 0.025, purity: 0.82, steady: 0.8 };
/// For it to go on: whoever speaks into it does not make it two.
const STILL: Limits = Limits { tolerance: 0.05, purity: 0.4, steady: 0.25 };
/// Pairs of blocks that must agree: a tone of 40 ms fills three blocks wherever it begins, one of 26 ms never.
const AGREE: u8 = 2;
/// Pairs without the digit after which it has ended: a pause of 40 ms has them, a dropout of 10 ms has not.
const ENDED: u8 = 4;

/// What two blocks with a digit have.
struct Limits {
    /// How far the tones may be off, as a share of their frequencies.
    tolerance: f32,
    /// The share of all power that is in the two tones, at least.
    purity: f32,
    /// The share of its neighbour's power that a block has at least; one that is not filled by the tone has less.
    steady: f32,
}

/// Complex: real and imaginary part.
type Complex = [f32; 2];

/// Hears each digit once, after 30 ms of it.
#[derive(Debug, Clone)]
pub struct DtmfDetector {
    /// Cosine and sine of what each frequency turns in a sample.
    turns: [Complex; 8],
    before: Option<Block>,
    candidate: Option<char>,
    agreeing: u8,
    held: Option<char>,
    missing: u8,
}

/// What is kept of a block.
#[derive(Debug, Clone, Copy)]
struct Block {
    tones: [Complex; 8],
    /// Sum of the squares.
    energy: f32,
}

/// A tone in two blocks.
#[derive(Debug, Clone, Copy)]
struct Tone {
    energy: f32,
    /// How far from its nominal frequency, as a share of it.
    deviation: f32,
}

impl Default for DtmfDetector {
    fn default() -> DtmfDetector {
        let turns = frequencies().map(|hz| {
            let (sin, cos) = (TAU * hz / RATE).sin_cos();
            [cos, sin]
        });
        DtmfDetector { turns, before: None, candidate: None, agreeing: 0, held: None, missing: 0 }
    }
}

impl DtmfDetector {
    /// The next 10 ms at 48 kHz; the digit that is now sure.
    pub fn hear(&mut self, frame: &[f32; FRAME]) -> Option<char> {
        let block = Block::of(frame, &self.turns);
        let blocks = self.before.zip(block);
        let within = |limits| blocks.and_then(|(before, now)| digit(&before, &now, limits));
        let digit = within(&SURE);
        let goes_on = self.held.is_some() && (digit == self.held || within(&STILL) == self.held);
        self.before = block;
        self.agreeing = match digit {
            Some(_) if digit == self.candidate => self.agreeing.saturating_add(1),
            Some(_) => 1,
            None => 0,
        };
        self.candidate = digit;
        if goes_on {
            self.missing = 0;
            return None;
        }
        self.missing = self.missing.saturating_add(1);
        if self.missing >= ENDED {
            self.held = None;
        }
        if self.agreeing < AGREE {
            return None;
        }
        (self.held, self.missing) = (digit, 0);
        digit
    }
}

impl Block {
    /// `None` when it is too soft for two tones.
    fn of(frame: &[f32; FRAME], turns: &[Complex; 8]) -> Option<Block> {
        let mut samples = [0.0_f32; BLOCK];
        for (sample, group) in samples.iter_mut().zip(frame.chunks_exact(DECIMATION)) {
            *sample = group.iter().sum::<f32>() / DECIMATION as f32;
        }
        let energy: f32 = samples.iter().map(|sample| sample * sample).sum();
        // Anything that is no number is no sound either.
        (energy >= LEAST_POWER * BLOCK as f32).then(|| Block { tones: goertzel(&samples, turns), energy })
    }
}

fn frequencies() -> [f32; 8] {
    let ([a, b, c, d], [e, f, g, h]) = (ROWS, COLUMNS);
    [a, b, c, d, e, f, g, h]
}

/// The content at the frequencies, all at once; the phases are those at the block's end.
fn goertzel(samples: &[f32; BLOCK], turns: &[Complex; 8]) -> [Complex; 8] {
    let twice = f32x8::new(turns.map(|[cos, _]| 2.0 * cos));
    let (mut s1, mut s2) = (f32x8::ZERO, f32x8::ZERO);
    for sample in samples {
        (s1, s2) = (twice * s1 - s2 + *sample, s1);
    }
    let mut tones = [[0.0; 2]; 8];
    let states = s1.to_array().into_iter().zip(s2.to_array());
    for ((tone, (s1, s2)), [cos, sin]) in tones.iter_mut().zip(states).zip(turns) {
        *tone = [s1 - s2 * cos, s2 * sin];
    }
    tones
}

/// The digit that fills both blocks.
fn digit(before: &Block, now: &Block, limits: &Limits) -> Option<char> {
    let (least, most) = (before.energy.min(now.energy), before.energy.max(now.energy));
    let loudest = |range: std::ops::Range<usize>| {
        let energy = |at: &usize| power(before.tones.get(*at)) + power(now.tones.get(*at));
        range.max_by(|a, b| energy(a).total_cmp(&energy(b)))
    };
    let (row, column) = (loudest(0..4)?, loudest(4..8)?);
    let (low, high) = (tone(before, now, row)?, tone(before, now, column)?);
    let enough = 2.0 * LEAST_POWER * BLOCK as f32;
    let fits = least >= limits.steady * most
        && low.deviation.abs() <= limits.tolerance
        && high.deviation.abs() <= limits.tolerance
        && low.energy.min(high.energy) >= enough
        && TWIST.contains(&(high.energy / low.energy))
        && low.energy + high.energy >= limits.purity * (before.energy + now.energy);
    if fits { digit_of(row, column - 4) } else { None }
}

fn tone(before: &Block, now: &Block, at: usize) -> Option<Tone> {
    let (a, b) = (before.tones.get(at)?, now.tones.get(at)?);
    let hz = *frequencies().get(at)?;
    let turned = (b[1] * a[0] - b[0] * a[1]).atan2(b[0] * a[0] + b[1] * a[1]);
    let off = (turned - TAU * hz / RATE * BLOCK as f32 + PI).rem_euclid(TAU) - PI;
    // Half the turn of a block: by so much a tone beside the frequency is seen too small.
    let half = off / 2.0;
    let seen = if half.abs() < 1e-3 { 1.0 } else { half.sin() / half };
    let energy = (power(Some(a)) + power(Some(b))) * 2.0 / BLOCK as f32 / (seen * seen);
    Some(Tone { energy, deviation: off * RATE / (TAU * BLOCK as f32 * hz) })
}

fn power(value: Option<&Complex>) -> f32 {
    value.map_or(0.0, |[re, im]| re * re + im * im)
}

#[cfg(test)]
mod tests {
    use super::super::{DtmfPlayer, FULL_SCALE_DBM0, Sine, dtmf_frequencies};
    use super::*;
    use crate::media::voice::Voice;
    use rand::rngs::StdRng;
    use rand::{RngExt, SeedableRng};
    use std::time::Duration;

    const DIGITS: &str = "123A456B789C*0#D";

    fn heard(sound: &[f32]) -> String {
        let mut detector = DtmfDetector::default();
        sound.as_chunks::<FRAME>().0.iter().filter_map(|frame| detector.hear(frame)).collect()
    }

    /// A digit as a generator of tests makes it.
    #[derive(Clone, Copy)]
    struct Sent {
        digit: char,
        ms: f32,
        /// dBm0 of the row, dB of the column above it, deviation of both as a share.
        row_dbm0: f32,
        twist_db: f32,
        off: f32,
        /// Where in a block it begins, ms.
        at_ms: f32,
    }

    const USUAL: Sent = Sent { digit: '5', ms: 40.0, row_dbm0: -9.0, twist_db: 2.0, off: 0.0, at_ms: 0.0 };

    fn amplitude(dbm0: f32) -> f32 {
        10.0_f32.powf((dbm0 - FULL_SCALE_DBM0) / 20.0)
    }

    impl Sent {
        fn add_to(self, sound: &mut Vec<f32>) {
            let (row, column) = dtmf_frequencies(self.digit).unwrap();
            let (low, high) = (amplitude(self.row_dbm0), amplitude(self.row_dbm0 + self.twist_db));
            sound.resize(sound.len() + (self.at_ms * 48.0) as usize, 0.0);
            let sine = |n: usize, hz: f32| (TAU * hz * (1.0 + self.off) * n as f32 / SAMPLE_RATE as f32).sin();
            sound.extend((0..(self.ms * 48.0) as usize).map(|n| low * sine(n, row) + high * sine(n, column)));
        }

        fn heard(self) -> String {
            let mut sound = vec![0.0; FRAME * 10];
            self.add_to(&mut sound);
            sound.resize(sound.len().next_multiple_of(FRAME) + FRAME * 10, 0.0);
            heard(&sound)
        }
    }

    //= ITU-T Q.24 Table A-1
    #[test]
    fn the_limits_of_q24() {
        let rows: &[(&str, Sent, bool)] = &[
            ("the usual", USUAL, true),
            ("shortest, between two blocks", Sent { at_ms: 5.0, ..USUAL }, true),
            ("shortest, later", Sent { at_ms: 7.3, ..USUAL }, true),
            ("too short", Sent { ms: 23.0, ..USUAL }, false),
            ("too short, between two blocks", Sent { ms: 23.0, at_ms: 8.0, ..USUAL }, false),
            ("soft", Sent { row_dbm0: -25.0, twist_db: 0.0, ..USUAL }, true),
            ("too soft", Sent { row_dbm0: -35.0, twist_db: 0.0, ..USUAL }, false),
            ("loud", Sent { row_dbm0: -3.0, twist_db: 0.0, ..USUAL }, true),
            ("column louder", Sent { twist_db: 6.0, ..USUAL }, true),
            ("column far louder", Sent { twist_db: 9.0, ..USUAL }, false),
            ("row louder", Sent { twist_db: -9.0, ..USUAL }, true),
            ("row far louder", Sent { twist_db: -13.0, ..USUAL }, false),
            ("a little high", Sent { off: 0.017, ..USUAL }, true),
            ("a little low", Sent { off: -0.017, ..USUAL }, true),
            ("too high", Sent { off: 0.035, ..USUAL }, false),
            ("too low", Sent { off: -0.035, ..USUAL }, false),
            ("far off", Sent { off: 0.07, ms: 200.0, ..USUAL }, false),
        ];
        for (what, sent, is_digit) in rows {
            for digit in DIGITS.chars() {
                let sent = Sent { digit, ..*sent };
                let expected = if *is_digit { digit.to_string() } else { String::new() };
                assert_eq!(sent.heard(), expected, "{what}: {digit}");
            }
        }
    }

    #[test]
    fn digits_at_full_speed_are_heard_once_each_and_a_dropout_is_no_pause() {
        let mut sound = Vec::new();
        let numbers = "1122*##4480900D";
        for (n, digit) in numbers.chars().enumerate() {
            sound.resize(sound.len() + 40 * 48 + n * 7, 0.0);
            Sent { digit, ..USUAL }.add_to(&mut sound);
        }
        sound.resize(sound.len().next_multiple_of(FRAME) + FRAME, 0.0);
        assert_eq!(heard(&sound), numbers);
        for at in 0..10 {
            let mut sound = Vec::new();
            Sent { ms: 200.0, ..USUAL }.add_to(&mut sound);
            let hole = 100 * 48 + at * 48;
            sound[hole..hole + 480].fill(0.0);
            assert_eq!(heard(&sound), "5", "dropout at {at} ms");
        }
    }

    #[test]
    fn who_speaks_into_a_digit_makes_it_no_two() {
        let mut player = DtmfPlayer::default();
        DIGITS.chars().for_each(|digit| player.push(digit, Duration::from_millis(300)));
        let mut digits = vec![0.0; FRAME * 35 * 17];
        player.mix_into(&mut digits);
        for seed in 1..20 {
            let mut sound = vec![0.0; digits.len()];
            Voice::new(seed).fill(&mut sound);
            let power = sound.iter().map(|sample| sample * sample).sum::<f32>() / sound.len() as f32;
            // 12 dB softer than the digits.
            let gain = (0.25 * (0.247_f32.powi(2) + 0.311_f32.powi(2)) / 2.0 / power).sqrt() / 2.0;
            sound.iter_mut().zip(&digits).for_each(|(sample, digit)| *sample = *sample * gain + digit);
            assert_eq!(heard(&sound), DIGITS, "voice {seed}");
        }
    }

    #[test]
    fn what_is_sent_is_heard_through_noise() {
        let mut rng = StdRng::seed_from_u64(4);
        let mut player = DtmfPlayer::default();
        DIGITS.chars().for_each(|digit| player.push(digit, Duration::from_millis(80)));
        let mut sound = vec![0.0; FRAME * 13 * 17];
        player.mix_into(&mut sound);
        // Noise of 15 dB less than the digits within the telephone's band: 48 kHz has six times that band.
        let level = amplitude(-5.0 - 15.0) / 2.0_f32.sqrt() * 6.0_f32.sqrt() * 3.0_f32.sqrt();
        sound.iter_mut().for_each(|sample| *sample += rng.random_range(-level..level));
        assert_eq!(heard(&sound), DIGITS);
    }

    #[test]
    fn nothing_else_is_a_digit() {
        let mut rng = StdRng::seed_from_u64(5);
        let seconds = |fill: &mut dyn FnMut(&mut [f32]), count: usize| {
            let mut sound = vec![0.0; count * SAMPLE_RATE as usize];
            fill(&mut sound);
            heard(&sound)
        };
        assert_eq!(seconds(&mut |sound| sound.fill_with(|| rng.random_range(-0.5..0.5)), 60), "", "noise");
        for seed in 1..5 {
            assert_eq!(seconds(&mut |sound| Voice::new(seed).fill(sound), 60), "", "voice {seed}");
        }
        for hz in [350.0, 425.0, 440.0, 697.0, 941.0, 1_209.0, 1_633.0, 2_600.0] {
            assert_eq!(seconds(&mut |sound| Sine::new(hz, 0.3).fill(sound), 2), "", "{hz} Hz");
        }
        let rows_only = |sound: &mut [f32]| {
            let (mut a, mut b) = (Sine::new(697.0, 0.3), Sine::new(941.0, 0.3));
            let mut other = vec![0.0; sound.len()];
            a.fill(sound);
            b.fill(&mut other);
            sound.iter_mut().zip(other).for_each(|(sample, other)| *sample += other);
        };
        assert_eq!(seconds(&mut { rows_only }, 2), "", "two rows");
        assert_eq!(seconds(&mut |sound| sound.fill(f32::NAN), 1), "", "no numbers");
        assert_eq!(seconds(&mut |sound| sound.fill(f32::INFINITY), 1), "", "no numbers");
    }
}
