//! Shortens or lengthens speech by one period of what it resembles, so that nobody hears it.

use super::FRAME;
use super::jitter_buffer::Pace;
use std::time::{Duration, Instant};

/// At most one change in this time, unless far behind.
const BETWEEN: Duration = Duration::from_millis(100);
/// Periods tried, samples at 48 kHz: 2.5 to 10 ms.
const PERIODS: std::ops::RangeInclusive<usize> = 120..=480;
/// How alike two periods must be.
const ALIKE: f32 = 0.9;
/// Below this mean square (−50 dBFS) anything may be cut.
const QUIET: f32 = 1e-5;

/// Changes the sound from `start` on as `pace` wants; true when it did.
pub fn adjust(sound: &mut Vec<f32>, start: usize, pace: Pace, now: Instant, last: Option<Instant>) -> bool {
    let soon = last.is_some_and(|last| now.saturating_duration_since(last) < BETWEEN);
    if pace == Pace::Even || (soon && pace != Pace::MuchFaster) {
        return false;
    }
    let fresh = sound.get(start..).unwrap_or_default();
    if fresh.len() < 2 * FRAME {
        return false;
    }
    let period = match pace {
        Pace::Trim => is_quiet(fresh).then_some(FRAME),
        _ => best_period(fresh, pace == Pace::MuchFaster),
    };
    let Some(period) = period else { return false };
    if pace == Pace::Slower {
        lengthen(sound, start, period)
    } else {
        shorten(sound, start, period)
    }
    true
}

fn is_quiet(sound: &[f32]) -> bool {
    energy(sound) / (sound.len().max(1) as f32) < QUIET
}

fn energy(part: &[f32]) -> f32 {
    part.iter().map(|s| s * s).sum()
}

/// The period after which the sound resembles itself most, if it does so enough.
fn best_period(fresh: &[f32], anyhow: bool) -> Option<usize> {
    if is_quiet(fresh) {
        return Some(FRAME);
    }
    let likeness = |period: usize| {
        let (first, second) = (fresh.get(..period)?, fresh.get(period..2 * period)?);
        let product: f32 = first.iter().zip(second).map(|(a, b)| a * b).sum();
        Some(product / (energy(first) * energy(second)).sqrt().max(1e-9))
    };
    let best_of = |periods: &mut dyn Iterator<Item = usize>| {
        periods.filter_map(|period| Some((period, likeness(period)?))).max_by(|a, b| a.1.total_cmp(&b.1))
    };
    let (rough, _) = best_of(&mut PERIODS.step_by(4))?;
    let near = rough.saturating_sub(3).max(*PERIODS.start())..=(rough + 3).min(*PERIODS.end());
    let (period, alike) = best_of(&mut near.into_iter())?;
    (alike > ALIKE || (anyhow && alike > 0.0)).then_some(period)
}

/// Two periods become one, faded from the first into the second.
fn shorten(sound: &mut Vec<f32>, start: usize, period: usize) {
    for index in 0..period {
        let second = sound.get(start + period + index).copied().unwrap_or(0.0);
        if let Some(first) = sound.get_mut(start + index) {
            let weight = index as f32 / period as f32;
            *first = *first * (1.0 - weight) + second * weight;
        }
    }
    sound.drain(start + period..start + 2 * period);
}

/// A period more, faded from the second back into the first.
fn lengthen(sound: &mut Vec<f32>, start: usize, period: usize) {
    let end = sound.len();
    sound.resize(end + period, 0.0);
    sound.copy_within(start + period..end, start + 2 * period);
    for index in 0..period {
        let first = sound.get(start + index).copied().unwrap_or(0.0);
        let weight = index as f32 / period as f32;
        let second = sound.get(start + 2 * period + index).copied().unwrap_or(0.0);
        if let Some(between) = sound.get_mut(start + period + index) {
            *between = second * (1.0 - weight) + first * weight;
        }
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods)] // a moment to count from
mod tests {
    use super::*;

    fn tone(samples: usize) -> Vec<f32> {
        (0..samples).map(|n| 0.5 * (n as f32 * 200.0 * std::f32::consts::TAU / 48_000.0).sin()).collect()
    }

    #[test]
    fn a_tone_changes_its_length_and_nothing_else() {
        let now = Instant::now();
        for (pace, length) in
            [(Pace::Faster, 3 * FRAME - 240), (Pace::Slower, 3 * FRAME + 240), (Pace::Even, 3 * FRAME)]
        {
            let mut sound = tone(3 * FRAME);
            assert_eq!(adjust(&mut sound, FRAME, pace, now, None), pace != Pace::Even);
            assert_eq!(sound.len(), length, "{pace:?}");
            let jump = sound.windows(2).map(|w| (w[0] - w[1]).abs()).fold(0.0, f32::max);
            assert!(jump < 0.02, "{pace:?}: a click of {jump}");
        }
    }

    /// A vowel of several harmonics through two hundred changes: no seam, the pitch stays, the energy stays.
    #[test]
    fn many_changes_leave_a_vowel_whole() {
        let vowel = |n: usize| {
            let turn = n as f32 * 130.0 / 48_000.0;
            (1..12).map(|k| 0.2 / k as f32 * (std::f32::consts::TAU * (turn * k as f32).fract()).sin()).sum::<f32>()
        };
        let steepest = (0..48_000).map(|n| (vowel(n + 1) - vowel(n)).abs()).fold(0.0, f32::max);
        let now = Instant::now();
        for pace in [Pace::Faster, Pace::Slower] {
            let (mut heard, mut at, mut changes) = (Vec::new(), 0, 0);
            while changes < 200 {
                // The far end's sound goes on where it was; ours has been shortened or lengthened.
                let mut packet: Vec<f32> = (at..at + 2 * FRAME).map(vowel).collect();
                at += 2 * FRAME;
                changes += usize::from(adjust(&mut packet, 0, pace, now, None));
                heard.extend(packet);
            }
            let jump = heard.windows(2).map(|w| (w[0] - w[1]).abs()).fold(0.0, f32::max);
            assert!(jump < steepest * 1.5, "{pace:?}: a click of {jump} where {steepest} is the steepest");
            let loudness = |sound: &[f32]| energy(sound) / sound.len() as f32;
            let plain: Vec<f32> = (0..48_000).map(vowel).collect();
            let change = loudness(&heard) / loudness(&plain);
            assert!((0.9..1.1).contains(&change), "{pace:?}: {change}");
        }
    }

    #[test]
    fn a_little_delay_waits_for_a_pause() {
        let now = Instant::now();
        assert!(!adjust(&mut tone(2 * FRAME), 0, Pace::Trim, now, None));
        let mut pause = vec![0.001; 2 * FRAME];
        assert!(adjust(&mut pause, 0, Pace::Trim, now, None));
        assert_eq!(pause.len(), FRAME);
    }

    #[test]
    fn not_too_often_and_not_where_it_would_be_heard() {
        let now = Instant::now();
        let mut sound = tone(2 * FRAME);
        assert!(!adjust(&mut sound, 0, Pace::Faster, now, Some(now)));
        assert!(adjust(&mut sound, 0, Pace::MuchFaster, now, Some(now)));
        let mut state = 1_u32;
        let mut noise: Vec<f32> = (0..2 * FRAME)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 8) as f32 / 16_777_216.0 - 0.5
            })
            .collect();
        assert!(!adjust(&mut noise, 0, Pace::Faster, now, None));
    }
}
