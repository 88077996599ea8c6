//! How long sound is under way: a chirp is said, and looked for in what is heard.
//!
//! A chirp of a quarter of a second through the telephone's band is like nothing else, so that its place is known to a
//! sample, through any codec and beside a voice.

use super::spectrum::{Complex, transform};
use super::{RATE, ms, narrow};
use crate::media::SAMPLE_RATE;
use crate::media::level::dbfs;
use std::f32::consts::{PI, TAU};

/// How long a chirp is.
pub const CHIRP_MS: u32 = 250;
/// The longest echo that is looked for.
pub const LONGEST_ECHO_MS: u32 = 2_000;

const FROM_HZ: f32 = 400.0;
const TO_HZ: f32 = 3_000.0;
/// -12 dBFS: loud enough, and below what limiters take for too loud.
const AMPLITUDE: f32 = 0.25;
/// Less like the chirp than this is something else: noise comes to 0.2, two codecs in a row leave 0.8.
const LEAST_LIKENESS: f32 = 0.4;
/// What we said ourselves is the chirp itself, with a microphone beside it.
const OWN_LIKENESS: f32 = 0.6;

/// An echo that was found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Echo {
    /// From mouth to ear and back, with both jitter buffers: the median of all chirps.
    pub delay_ms: f64,
    /// How much louder it is than what was said; below 0 = softer.
    pub gain_db: f64,
    /// How much it is like what was said, 0..=1.
    pub likeness: f64,
    /// It comes back upside down.
    pub inverted: bool,
    /// Chirps that were said, and that came back.
    pub said: usize,
    /// See `said`.
    pub heard: usize,
}

/// The chirp, at 48 kHz.
pub fn chirp() -> Vec<f32> {
    let length = (SAMPLE_RATE * CHIRP_MS / 1_000) as usize;
    let seconds = CHIRP_MS as f32 / 1_000.0;
    let sample = |n: usize| {
        let at = n as f32 / SAMPLE_RATE as f32;
        let phase = TAU * (FROM_HZ * at + (TO_HZ - FROM_HZ) * at * at / (2.0 * seconds));
        AMPLITUDE * phase.sin() * (PI * n as f32 / length as f32).sin()
    };
    (0..length).map(sample).collect()
}

/// Looks for the chirps of what was said in what was heard, moment beside moment, both at 8 kHz. `Ok(None)` = none came
/// back, `Err` = none was said.
///
/// # Errors
/// There is no chirp in what was said.
pub fn find_echo(said: &[f32], heard: &[f32]) -> Result<Option<Echo>, NoChirp> {
    let template = narrow(&chirp());
    let own = places(&template, said);
    if own.is_empty() {
        return Err(NoChirp);
    }
    let longest = (LONGEST_ECHO_MS * RATE / 1_000) as usize;
    let mut found: Vec<(usize, Found)> = Vec::new();
    for (n, at) in own.iter().enumerate() {
        let next = own.get(n + 1).map_or(usize::MAX, |next| next - at);
        // Where the next one begins its own echo might be taken for this one's.
        let span = longest.min(next).saturating_add(template.len());
        let window = heard.get(*at..).unwrap_or_default();
        let window = window.get(..span.min(window.len())).unwrap_or_default();
        found.extend(best(&template, window).filter(|found| found.likeness >= LEAST_LIKENESS).map(|found| (n, found)));
    }
    found.sort_by_key(|(_, found)| found.at);
    let Some((_, middle)) = found.get(found.len() / 2) else { return Ok(None) };
    Ok(Some(Echo {
        delay_ms: ms(middle.at),
        gain_db: f64::from(dbfs(middle.gain)),
        likeness: f64::from(middle.likeness),
        inverted: middle.inverted,
        said: own.len(),
        heard: found.len(),
    }))
}

/// Nothing that was said is a chirp.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoChirp;

/// Where a sound is most like the template.
#[derive(Debug, Clone, Copy)]
struct Found {
    at: usize,
    likeness: f32,
    gain: f32,
    inverted: bool,
}

/// Where chirps begin, in order.
fn places(template: &[f32], sound: &[f32]) -> Vec<usize> {
    let piece = template.len() * 4;
    let mut found: Vec<usize> = Vec::new();
    // Each piece overlaps the next by a chirp, so that none is cut in two.
    let mut start = 0;
    while start < sound.len() {
        let end = (start + piece + template.len()).min(sound.len());
        let part = sound.get(start..end).unwrap_or_default();
        if let Some(best) = best(template, part).filter(|found| found.likeness >= OWN_LIKENESS) {
            let at = start + best.at;
            if found.last().is_none_or(|last| at > last + template.len()) {
                found.push(at);
            }
        }
        start += piece;
    }
    found
}

fn best(template: &[f32], sound: &[f32]) -> Option<Found> {
    let last = sound.len().checked_sub(template.len())?;
    let products = correlate(template, sound);
    let own: f32 = template.iter().map(|sample| sample * sample).sum();
    // The energy under the template at each place, summed up as it moves.
    let mut under: f64 = sound.iter().take(template.len()).map(|sample| f64::from(sample * sample)).sum();
    let mut best: Option<Found> = None;
    for at in 0..=last {
        let product = products.get(at).copied().unwrap_or(0.0);
        let energy = (under.max(0.0) as f32).max(own * 1e-7);
        let likeness = product.abs() / (own * energy).sqrt();
        if best.is_none_or(|best| likeness > best.likeness) {
            best = Some(Found { at, likeness: likeness.min(1.0), gain: product.abs() / own, inverted: product < 0.0 });
        }
        let square = |at: usize| sound.get(at).map_or(0.0, |sample| f64::from(sample * sample));
        under += square(at + template.len()) - square(at);
    }
    best
}

/// What template and sound have in common, for each place of the template.
fn correlate(template: &[f32], sound: &[f32]) -> Vec<f32> {
    let length = (template.len() + sound.len()).next_power_of_two();
    let spread = |of: &[f32]| {
        let mut values: Vec<Complex> = of.iter().map(|sample| [*sample, 0.0]).collect();
        values.resize(length, [0.0; 2]);
        transform(&mut values, false);
        values
    };
    let (template, mut values) = (spread(template), spread(sound));
    for (value, t) in values.iter_mut().zip(&template) {
        *value = [value[0] * t[0] + value[1] * t[1], value[1] * t[0] - value[0] * t[1]];
    }
    transform(&mut values, true);
    values.iter().take(sound.len()).map(|[re, _]| re / length as f32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::voice::Voice;
    use proptest::prelude::*;

    /// What was said: chirps at these times, ms; in seconds of silence.
    fn said(at_ms: &[usize], seconds: usize) -> Vec<f32> {
        let mut sound = vec![0.0; 48_000 * seconds];
        for at in at_ms {
            sound.iter_mut().skip(at * 48).zip(chirp()).for_each(|(sample, chirp)| *sample += chirp);
        }
        narrow(&sound)
    }

    fn echo(said: &[f32], delay: usize, gain: f32) -> Vec<f32> {
        let mut heard = vec![0.0; said.len()];
        heard.iter_mut().skip(delay).zip(said).for_each(|(to, from)| *to = from * gain);
        heard
    }

    #[test]
    fn the_delay_is_known_to_a_sample_the_level_to_a_tenth() {
        let said = said(&[300, 2_800], 5);
        for (delay, gain) in [(0, 1.0), (8, 0.5), (1_234, 0.1), (15_999, -0.7)] {
            let found = find_echo(&said, &echo(&said, delay, gain)).unwrap().unwrap();
            assert_eq!((found.delay_ms, found.inverted), (ms(delay), gain < 0.0), "{found:?}");
            assert!((found.gain_db - 20.0 * f64::from(gain.abs()).log10()).abs() < 0.1, "{found:?}");
            assert!(found.likeness > 0.98 && found.said == 2 && found.heard >= 1, "{found:?}");
        }
    }

    #[test]
    fn a_voice_beside_it_and_g711_between_do_not_hide_it() {
        let said = said(&[500], 4);
        let mut voice = vec![0.0; 48_000 * 4];
        Voice::new(3).fill(&mut voice);
        let mut heard = echo(&said, 800, 0.5);
        heard.iter_mut().zip(narrow(&voice)).for_each(|(sample, voice)| *sample += voice * 0.3);
        // As coarse as eight bits.
        heard.iter_mut().for_each(|sample| *sample = (*sample * 128.0).round() / 128.0);
        let found = find_echo(&said, &heard).unwrap().unwrap();
        assert!((found.delay_ms - 100.0).abs() < 0.3, "{found:?}");
    }

    #[test]
    fn no_echo_and_no_chirp_are_two_things() {
        let said = said(&[300], 3);
        let mut voice = vec![0.0; 48_000 * 3];
        Voice::new(9).fill(&mut voice);
        for heard in [vec![0.0; said.len()], narrow(&voice), Vec::new()] {
            assert_eq!(find_echo(&said, &heard), Ok(None));
        }
        assert_eq!(find_echo(&narrow(&voice), &said), Err(NoChirp));
        assert_eq!(find_echo(&[], &[]), Err(NoChirp));
    }

    #[test]
    fn an_echo_later_than_the_longest_is_none() {
        let said = said(&[100], 4);
        assert_eq!(find_echo(&said, &echo(&said, 8 * 2_300, 1.0)), Ok(None));
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

        #[test]
        fn any_delay_and_level_is_found_through_noise(
            delay in 0_usize..15_000, gain in 0.05_f32..2.0, seed in 1_u32..1_000_000,
        ) {
            let said = said(&[400], 3);
            let mut heard = echo(&said, delay, gain);
            let mut noise = seed;
            for sample in &mut heard {
                noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                // 20 dB below the echo.
                *sample += ((noise >> 8) as f32 / (1 << 23) as f32 - 1.0) * gain * AMPLITUDE * 0.1;
            }
            let found = find_echo(&said, &heard).unwrap().unwrap();
            prop_assert!((found.delay_ms - ms(delay)).abs() < 0.2, "{:?} for {}", found, delay);
        }

        #[test]
        fn noise_is_no_echo(seed in 1_u32..1_000_000) {
            let said = said(&[400], 3);
            let mut noise = seed;
            let heard: Vec<f32> = said.iter().map(|_| {
                noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (noise >> 8) as f32 / (1 << 23) as f32 - 1.0
            }).collect();
            prop_assert_eq!(find_echo(&said, &heard), Ok(None));
        }
    }
}
