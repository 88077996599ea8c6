//! Shortens or lengthens speech by one period of what it resembles, so that nobody hears it.

use super::FRAME;
use super::jitter_buffer::{Haste, Pace};
use std::time::Duration;
use wide::f32x8;

/// Periods tried, samples at 48 kHz: 2.5 to 15 ms (400 to 67 Hz).
const PERIODS: (usize, usize) = (120, 720);
/// The longest period: so much played sound is needed to lengthen, twice as much unplayed to shorten.
pub const LONGEST: usize = PERIODS.1;
/// How alike two periods must be, and in a hurry.
const ALIKE: (f32, f32) = (0.9, 0.5);
/// Below this mean square (−50 dBFS) it is a pause, and anything may be cut.
const QUIET: f32 = 1e-5;
/// Saving less than this is not worth a cut in silence, and less than a tick none in speech.
const WORTH: usize = 120;
/// Samples compared at once.
const LANES: usize = 8;
/// The rough search is done at 8 kHz.
const ROUGH: usize = 6;

/// Changes the sound from `at` on as `pace` wants; what is before has been played. True when it did.
pub fn adjust(sound: &mut Vec<f32>, at: usize, pace: Pace) -> bool {
    let unplayed = sound.len().saturating_sub(at);
    match pace {
        Pace::Even => false,
        Pace::Shorten(spare, haste) => {
            let most = samples(spare).min(unplayed / 2);
            let quiet = is_quiet(sound.get(at..at + 2 * most).unwrap_or_default());
            let period = match most {
                0..WORTH => None,
                most if quiet => Some(most),
                most if most < FRAME || haste == Haste::Pause => None,
                most => {
                    let enough = if haste == Haste::Now { ALIKE.1 } else { ALIKE.0 };
                    alike(sound, most, enough, |period| (at, at + period))
                }
            };
            period.is_some_and(|period| shorten(sound, at, period))
        }
        Pace::Stretch(needed, haste) => {
            let most = LONGEST.min(unplayed).min(at);
            let needed = samples(needed).min(most);
            let quiet = is_quiet(sound.get(at - needed..at + needed).unwrap_or_default());
            let period = match needed {
                0 => None,
                needed if quiet => Some(needed),
                _ if haste == Haste::Pause => None,
                _ => alike(sound, most, ALIKE.0, |period| (at.saturating_sub(period), at)),
            };
            period.is_some_and(|period| lengthen(sound, at, period))
        }
    }
}

/// Leaves out up to `most` samples of this sound where nobody hears it: in a pause all of them, in speech a period; in a
/// hurry what comes nearest to one. How many; as many at its beginning have become the joint, after which it goes on as
/// many later.
pub fn leave_out(sound: &mut [f32], most: usize, hurry: bool) -> usize {
    let enough = if hurry { f32::MIN } else { ALIKE.0 };
    let most = most.min(sound.len() / 2);
    let quiet = sound.get(..2 * most).is_some_and(is_quiet);
    let period = match most {
        most if quiet => Some(most),
        0..WORTH => None,
        most => alike(sound, most, enough, |period| (0, period)),
    };
    period.inspect(|period| join(sound, 0, *period)).unwrap_or(0)
}

fn samples(duration: Duration) -> usize {
    (duration.as_micros() * FRAME as u128 / 10_000) as usize
}

fn energy(part: &[f32]) -> f32 {
    part.iter().map(|s| s * s).sum()
}

/// True for what nobody says anything in.
pub fn is_quiet(sound: &[f32]) -> bool {
    energy(sound) / (sound.len().max(1) as f32) < QUIET
}

/// The period after which the sound resembles itself most, if it does so enough. `places`: where the two begin.
fn alike(sound: &[f32], most: usize, enough: f32, places: impl Fn(usize) -> (usize, usize)) -> Option<usize> {
    let most = most.min(PERIODS.1);
    let longest = PERIODS.0 + most.checked_sub(PERIODS.0)? / ROUGH * ROUGH;
    let (start, _) = places(longest);
    let mut rough = [0.0_f32; 2 * PERIODS.1 / ROUGH];
    let groups = sound.get(start..start + 2 * longest)?.chunks_exact(ROUGH);
    rough.iter_mut().zip(groups).for_each(|(sum, group)| *sum = group.iter().sum());

    let roughly = |period: usize| {
        let (first, second) = places(period);
        likeness(&rough, (first - start) / ROUGH, (second - start) / ROUGH, period / ROUGH)
    };
    let (period, _) = best((PERIODS.0..=longest).step_by(ROUGH), roughly)?;
    let near = period.saturating_sub(ROUGH - 1).max(PERIODS.0)..=(period + ROUGH - 1).min(most);
    let exactly = |period: usize| {
        let (first, second) = places(period);
        likeness(sound, first, second, period)
    };
    let (period, alike) = best(near, exactly)?;
    (alike > enough).then_some(period)
}

/// The period with the highest figure.
fn best(periods: impl Iterator<Item = usize>, figure: impl Fn(usize) -> Option<f32>) -> Option<(usize, f32)> {
    periods.filter_map(|period| Some((period, figure(period)?))).max_by(|a, b| a.1.total_cmp(&b.1))
}

/// How alike two parts of a length are, at most 1.
fn likeness(sound: &[f32], first: usize, second: usize, length: usize) -> Option<f32> {
    let (first, second) = (sound.get(first..first + length)?, sound.get(second..second + length)?);
    let ((first, ends), (second, others)) = (first.as_chunks::<LANES>(), second.as_chunks::<LANES>());
    let (mut product, mut energies) = (f32x8::ZERO, (f32x8::ZERO, f32x8::ZERO));
    let mut add = |a: f32x8, b: f32x8| {
        product += a * b;
        energies = (energies.0 + a * a, energies.1 + b * b);
    };
    first.iter().zip(second).for_each(|(a, b)| add(f32x8::new(*a), f32x8::new(*b)));
    let padded = |ends: &[f32]| f32x8::new(std::array::from_fn(|at| ends.get(at).copied().unwrap_or(0.0)));
    add(padded(ends), padded(others));
    Some(product.reduce_add() / f32::sqrt((energies.0.reduce_add() + 1e-9) * (energies.1.reduce_add() + 1e-9)))
}

/// Two periods become one, faded from the first into the second.
fn shorten(sound: &mut Vec<f32>, at: usize, period: usize) -> bool {
    join(sound, at, period);
    sound.drain(at + period..at + 2 * period);
    true
}

/// The first of two periods fades into the second.
fn join(sound: &mut [f32], at: usize, period: usize) {
    for index in 0..period {
        let second = sound.get(at + period + index).copied().unwrap_or(0.0);
        if let Some(first) = sound.get_mut(at + index) {
            let weight = index as f32 / period as f32;
            *first = *first * (1.0 - weight) + second * weight;
        }
    }
}

/// A period more after what was played: faded from what follows into what has just been.
fn lengthen(sound: &mut Vec<f32>, at: usize, period: usize) -> bool {
    let end = sound.len();
    sound.resize(end + period, 0.0);
    sound.copy_within(at..end, at + period);
    for index in 0..period {
        let before = sound.get(at - period + index).copied().unwrap_or(0.0);
        if let Some(between) = sound.get_mut(at + index) {
            let weight = index as f32 / period as f32;
            *between = *between * (1.0 - weight) + before * weight;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shorten_by(ms: u64) -> Pace {
        Pace::Shorten(Duration::from_millis(ms), Haste::Word)
    }

    fn stretch_by(ms: u64) -> Pace {
        Pace::Stretch(Duration::from_millis(ms), Haste::Word)
    }

    fn tone(samples: usize) -> Vec<f32> {
        (0..samples).map(|n| 0.5 * (n as f32 * 200.0 * std::f32::consts::TAU / 48_000.0).sin()).collect()
    }

    fn click(sound: &[f32]) -> f32 {
        sound.windows(2).map(|w| (w[0] - w[1]).abs()).fold(0.0, f32::max)
    }

    #[test]
    fn a_tone_changes_its_length_and_nothing_else() {
        for (pace, length) in [
            (shorten_by(10), 5 * FRAME - 480),
            (shorten_by(14), 5 * FRAME - 480),
            (stretch_by(4), 5 * FRAME + 240),
            (Pace::Even, 5 * FRAME),
        ] {
            let mut sound = tone(5 * FRAME);
            assert_eq!(adjust(&mut sound, 2 * FRAME, pace), pace != Pace::Even);
            assert!(sound.len().abs_diff(length) % 240 == 0, "{pace:?}: {}", sound.len());
            assert!(click(&sound) < 0.02, "{pace:?}: a click of {}", click(&sound));
        }
    }

    /// A vowel of several harmonics through two hundred changes: no seam, the pitch stays, the energy stays.
    #[test]
    fn many_changes_leave_a_vowel_whole() {
        for hz in [80.0, 130.0, 290.0] {
            let vowel = |n: usize| {
                let turn = n as f32 * hz / 48_000.0;
                (1..12).map(|k| 0.2 / k as f32 * (std::f32::consts::TAU * (turn * k as f32).fract()).sin()).sum::<f32>()
            };
            let plain: Vec<f32> = (0..48_000).map(vowel).collect();
            for pace in [shorten_by(15), stretch_by(5)] {
                let (mut heard, mut at, mut changes) = (vec![0.0; 0], 0, 0);
                while changes < 200 {
                    // The far end's sound goes on where it was; ours has been shortened or lengthened.
                    let played = heard.len();
                    heard.extend((at..at + 3 * FRAME).map(vowel));
                    at += 3 * FRAME;
                    changes += usize::from(adjust(&mut heard, played, pace));
                    assert!(at < 1_000 * FRAME, "{hz} Hz, {pace:?}: {changes} changes");
                }
                assert!(click(&heard) < click(&plain) * 1.5, "{hz} Hz, {pace:?}: a click of {}", click(&heard));
                let change = energy(&heard) / heard.len() as f32 / (energy(&plain) / plain.len() as f32);
                assert!((0.9..1.1).contains(&change), "{hz} Hz, {pace:?}: {change}");
            }
        }
    }

    #[test]
    fn a_pause_gives_all_it_can() {
        for (pace, length) in
            [(shorten_by(9), 4 * FRAME - 432), (shorten_by(2), 4 * FRAME), (stretch_by(7), 4 * FRAME + 336)]
        {
            let mut pause = vec![0.001; 4 * FRAME];
            adjust(&mut pause, 2 * FRAME, pace);
            assert_eq!(pause.len(), length, "{pace:?}");
            assert!(pause.iter().all(|s| (s - 0.001).abs() < 1e-6));
        }
    }

    #[test]
    fn what_is_left_out_at_the_beginning_is_not_heard() {
        let rows = [
            (vec![0.001; 960], 480, false, 480),
            (vec![0.001; 960], 60, false, 60),
            (tone(960), 300, false, 240),
            (tone(960), 200, false, 0),
            (tone(960), 100, true, 0),
        ];
        for (plain, most, hurry, expected) in rows {
            let mut sound = plain.clone();
            let left_out = leave_out(&mut sound, most, hurry);
            assert_eq!(left_out, expected, "{most} of {:?}", &plain[..3]);
            sound.drain(left_out..2 * left_out);
            assert!(click(&sound) <= click(&plain) * 1.1 + 1e-6, "{most}: a click of {}", click(&sound));
        }
        assert!((120..=200).contains(&leave_out(&mut tone(960), 200, true)), "in a hurry less alike is enough");
    }

    #[test]
    fn not_where_it_would_be_heard() {
        let mut state = 1_u32;
        let mut noise: Vec<f32> = (0..6 * FRAME)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 8) as f32 / 16_777_216.0 - 0.5
            })
            .collect();
        assert_eq!(leave_out(&mut noise.clone(), FRAME, false), 0);
        assert!(!adjust(&mut noise, 2 * FRAME, shorten_by(15)) && !adjust(&mut noise, 2 * FRAME, stretch_by(5)));
        let mut speech = tone(4 * FRAME);
        assert!(!adjust(&mut speech, 2 * FRAME, shorten_by(9)), "a saving of less than a tick waits for a pause");
        for pace in [Pace::Shorten, Pace::Stretch] {
            let at_leisure = pace(Duration::from_millis(15), Haste::Pause);
            assert!(!adjust(&mut speech, 2 * FRAME, at_leisure), "{at_leisure:?} waits for a pause");
            assert!(adjust(&mut vec![0.0; 4 * FRAME], 2 * FRAME, at_leisure), "{at_leisure:?} has one");
        }
    }
}
