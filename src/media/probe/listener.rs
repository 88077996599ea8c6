//! What is heard, as it goes: silence, a tone and which, something that moves like speech, or a steady noise.
//!
//! Every 32 ms the last 64 ms are looked at. A tone has nearly all its power at one or two frequencies that stay where they
//! are; speech, music too, changes its level; what does neither is noise.

use super::spectrum::{peak_hz, power};
use super::{Narrow, RATE};
use crate::media::level::dbfs;
use std::collections::VecDeque;

/// Samples between two looks, and of a look.
const HOP: usize = 256;
const LOOK: usize = 2 * HOP;
/// Time between two looks.
pub const HOP_MS: u32 = HOP as u32 * 1_000 / RATE;
/// Softer than this is silence, dBFS.
pub const SILENCE_DBFS: f32 = -50.0;
/// The share of the power that a tone's frequencies have at least.
const TONAL: f32 = 0.8;
/// A second frequency is one if it has this share of the first's power.
const SECOND: f32 = 0.05;
/// Bins that a frequency fills to each side.
const SPREAD: usize = 3;
/// How far a tone's frequency may move from look to look.
const STEADY_HZ: f32 = 6.0;
/// Looks that a tone stays before it is one: no vowel does.
const SURE: u32 = 5;
/// Looks that speech is judged by: a second.
const MEMORY: usize = 32;
/// Looks of these that are neither silent nor a tone.
const LEAST_ACTIVE: usize = 5;
/// How far speech moves up and down, dB.
const MOVES_DB: f32 = 6.0;

/// What is heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Nothing, or next to nothing.
    Silence,
    /// One frequency or two, steady.
    Tone,
    /// Sound that moves: speech, music.
    Speech,
    /// Sound that does not.
    Noise,
}

impl Kind {
    /// The word.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Silence => "silence",
            Kind::Tone => "tone",
            Kind::Speech => "speech",
            Kind::Noise => "noise",
        }
    }
}

/// One look.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Moment {
    /// Its end, in milliseconds from the first sample on.
    pub at_ms: u64,
    /// What is heard.
    pub kind: Kind,
    /// The frequencies of a tone, the louder one first, Hz.
    pub tones: [Option<f32>; 2],
    /// How loud, dBFS.
    pub level_dbfs: f32,
}

impl Moment {
    /// True for a tone that has this frequency, within 3 % and 10 Hz.
    pub fn has_tone(&self, hz: f32) -> bool {
        let near = |tone: &f32| (tone - hz).abs() <= (hz * 0.03).max(10.0);
        self.kind == Kind::Tone && self.tones.iter().flatten().any(near)
    }
}

/// All that was heard, summed up.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Heard {
    /// How long each kind was heard, milliseconds.
    pub silence_ms: u64,
    /// See `silence_ms`.
    pub tone_ms: u64,
    /// See `silence_ms`.
    pub speech_ms: u64,
    /// See `silence_ms`.
    pub noise_ms: u64,
    /// The frequency of the tone that was heard last, Hz.
    pub tone_hz: Option<f32>,
    /// The loudest look, dBFS.
    pub loudest_dbfs: f32,
}

impl Heard {
    /// What it was, all in all; `None` = too little to tell. A tone is worth a third of a second, speech half a second.
    pub fn kind(&self) -> Option<Kind> {
        let all = self.silence_ms + self.tone_ms + self.speech_ms + self.noise_ms;
        if all < 500 {
            return None;
        }
        Some(match self {
            Heard { speech_ms: 500.., .. } if self.speech_ms >= self.tone_ms => Kind::Speech,
            Heard { tone_ms: 300.., .. } => Kind::Tone,
            Heard { noise_ms, silence_ms, .. } if noise_ms > silence_ms => Kind::Noise,
            _ => Kind::Silence,
        })
    }

    /// True if this was heard long enough to say so.
    pub fn has(&self, kind: Kind) -> bool {
        let all = self.silence_ms + self.tone_ms + self.speech_ms + self.noise_ms;
        match kind {
            Kind::Tone => self.tone_ms >= 300,
            Kind::Speech => self.speech_ms >= 500,
            Kind::Noise => self.noise_ms >= 500,
            // A click at the beginning is no sound.
            Kind::Silence => all >= 500 && self.silence_ms * 20 >= all * 19,
        }
    }
}

/// Hears a call.
#[derive(Debug, Clone, Default)]
pub struct Listener {
    narrow: Narrow,
    /// At 8 kHz: what was looked at once, and what comes.
    sound: Vec<f32>,
    looks: u64,
    tone: Option<Candidate>,
    /// The levels of the last second; `None` = a tone.
    levels: VecDeque<Option<f32>>,
    heard: Heard,
}

/// A tone that may be one.
#[derive(Debug, Clone, Copy)]
struct Candidate {
    tones: [Option<f32>; 2],
    looks: u32,
}

impl Listener {
    /// Takes in sound at 48 kHz; what is now known.
    pub fn hear(&mut self, sound: &[f32]) -> Vec<Moment> {
        let (mut told, mut start) = (Vec::new(), 0);
        let mut narrow = std::mem::take(&mut self.sound);
        self.narrow.push(sound, &mut narrow);
        while let Some(look) = narrow.get(start..start + LOOK) {
            told.push(self.look(look));
            start += HOP;
        }
        narrow.drain(..start);
        self.sound = narrow;
        told
    }

    /// What was heard so far.
    pub fn heard(&self) -> &Heard {
        &self.heard
    }

    fn look(&mut self, look: &[f32]) -> Moment {
        self.looks += 1;
        let fresh = look.get(HOP..).unwrap_or_default();
        let level_dbfs = dbfs((fresh.iter().map(|sample| sample * sample).sum::<f32>() / HOP as f32).sqrt());
        let silent = level_dbfs < SILENCE_DBFS;
        let tones = if silent { None } else { tones(look) };
        self.tone = match (tones, self.tone) {
            (Some(tones), Some(before)) if same(tones, before.tones) => {
                Some(Candidate { tones, looks: before.looks.saturating_add(1) })
            }
            (Some(tones), _) => Some(Candidate { tones, looks: 1 }),
            (None, _) => None,
        };
        let sure = self.tone.filter(|tone| tone.looks >= SURE);
        if self.levels.len() == MEMORY {
            self.levels.pop_front();
        }
        self.levels.push_back(if self.tone.is_some() { None } else { Some(level_dbfs) });
        let kind = match sure {
            _ if silent => Kind::Silence,
            Some(_) => Kind::Tone,
            None if self.moves() => Kind::Speech,
            None => Kind::Noise,
        };
        let tones = sure.map(|tone| tone.tones).unwrap_or_default();
        self.count(kind, level_dbfs, tones[0]);
        Moment { at_ms: (self.looks + 1) * u64::from(HOP_MS), kind, tones, level_dbfs }
    }

    /// The level went up and down within the last second.
    fn moves(&self) -> bool {
        let active = self.levels.iter().flatten().filter(|level| **level >= SILENCE_DBFS);
        let (mut count, mut least, mut most) = (0, f32::MAX, f32::MIN);
        for level in active {
            (count, least, most) = (count + 1, least.min(*level), most.max(*level));
        }
        let pauses = self.levels.iter().flatten().any(|level| *level < SILENCE_DBFS);
        count >= LEAST_ACTIVE && (most - least >= MOVES_DB || pauses)
    }

    fn count(&mut self, kind: Kind, level_dbfs: f32, tone_hz: Option<f32>) {
        let heard = &mut self.heard;
        let time = match kind {
            Kind::Silence => &mut heard.silence_ms,
            Kind::Tone => &mut heard.tone_ms,
            Kind::Speech => &mut heard.speech_ms,
            Kind::Noise => &mut heard.noise_ms,
        };
        *time += u64::from(HOP_MS);
        heard.loudest_dbfs = if self.looks == 1 { level_dbfs } else { heard.loudest_dbfs.max(level_dbfs) };
        heard.tone_hz = tone_hz.or(heard.tone_hz);
    }
}

/// The one or two frequencies that have nearly all the power of a look.
fn tones(look: &[f32]) -> Option<[Option<f32>; 2]> {
    let mut power = power(look);
    // What lies below the telephone's band tells nothing.
    power.iter_mut().take(4).for_each(|bin| *bin = 0.0);
    let all: f32 = power.iter().sum();
    let spectrum = power.clone();
    let mut loudest = || {
        let at = (0..power.len()).max_by(|a, b| bin(&power, *a).total_cmp(&bin(&power, *b)))?;
        let around = at.saturating_sub(SPREAD)..(at + SPREAD + 1).min(power.len());
        let found: f32 = power.get(around.clone())?.iter().sum();
        power.get_mut(around)?.fill(0.0);
        Some((at, found))
    };
    let ((first, one), (second, two)) = (loudest()?, loudest()?);
    if one + two < TONAL * all {
        return None;
    }
    let is_second = two >= SECOND * one;
    Some([Some(peak_hz(&spectrum, first)), is_second.then(|| peak_hz(&spectrum, second))])
}

fn bin(power: &[f32], at: usize) -> f32 {
    power.get(at).copied().unwrap_or(0.0)
}

/// The same frequencies, in whichever order.
fn same(now: [Option<f32>; 2], before: [Option<f32>; 2]) -> bool {
    let near = |a: Option<f32>, b: Option<f32>| match (a, b) {
        (Some(a), Some(b)) => (a - b).abs() <= STEADY_HZ,
        (None, None) => true,
        _ => false,
    };
    near(now[0], before[0]) && near(now[1], before[1]) || near(now[0], before[1]) && near(now[1], before[0])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::tone::Sine;
    use crate::media::voice::Voice;

    const SECOND_OF: usize = 48_000;

    fn sines(hz: &[f32], amplitude: f32, seconds: usize) -> Vec<f32> {
        let mut sum = vec![0.0; SECOND_OF * seconds];
        for hz in hz {
            let mut one = vec![0.0; sum.len()];
            Sine::new(*hz, amplitude).fill(&mut one);
            sum.iter_mut().zip(one).for_each(|(sum, sample)| *sum += sample);
        }
        sum
    }

    fn noise(amplitude: f32, seconds: usize) -> Vec<f32> {
        let mut state = 7_u32;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            ((state >> 8) as f32 / (1 << 23) as f32 - 1.0) * amplitude
        };
        (0..SECOND_OF * seconds).map(|_| next()).collect()
    }

    fn voice(seed: u32, seconds: usize) -> Vec<f32> {
        let mut sound = vec![0.0; SECOND_OF * seconds];
        Voice::new(seed).fill(&mut sound);
        sound
    }

    fn heard(sound: &[f32]) -> Heard {
        let mut listener = Listener::default();
        listener.hear(sound);
        listener.heard().clone()
    }

    #[test]
    fn each_kind_is_told_from_the_others() {
        let mut noisy = sines(&[440.0], 0.2, 3);
        noisy.iter_mut().zip(noise(0.02, 3)).for_each(|(sample, noise)| *sample += noise);
        let rows: [(&str, Vec<f32>, Kind, Option<f32>); 9] = [
            ("nothing", vec![0.0; SECOND_OF * 3], Kind::Silence, None),
            ("a soft hiss", noise(0.002, 3), Kind::Silence, None),
            ("ringback", sines(&[425.0], 0.2, 3), Kind::Tone, Some(425.0)),
            ("two tones", sines(&[440.0, 480.0], 0.15, 3), Kind::Tone, Some(440.0)),
            ("a tone in noise", noisy, Kind::Tone, Some(440.0)),
            ("a voice", voice(601, 6), Kind::Speech, None),
            ("another", voice(5, 6), Kind::Speech, None),
            ("noise", noise(0.2, 3), Kind::Noise, None),
            ("no numbers", vec![f32::NAN; SECOND_OF * 3], Kind::Silence, None),
        ];
        for (what, sound, kind, hz) in rows {
            let heard = heard(&sound);
            assert_eq!(heard.kind(), Some(kind), "{what}: {heard:?}");
            assert!(heard.has(kind), "{what}: {heard:?}");
            for other in [Kind::Silence, Kind::Tone, Kind::Speech].into_iter().filter(|other| *other != kind) {
                assert!(!heard.has(other), "{what} is no {}: {heard:?}", other.word());
            }
            if let Some(hz) = hz {
                let told = heard.tone_hz.unwrap();
                assert!((told - hz).abs() < 4.0 || (told - 480.0).abs() < 4.0, "{what}: {told} Hz");
            }
        }
    }

    #[test]
    fn a_tone_is_known_within_a_quarter_of_a_second_and_gone_as_fast() {
        let mut sound = vec![0.0; SECOND_OF];
        sound.extend(sines(&[1_000.0], 0.1, 1));
        sound.extend(vec![0.0; SECOND_OF]);
        let mut listener = Listener::default();
        let moments: Vec<Moment> = sound.chunks(480).flat_map(|piece| listener.hear(piece)).collect();
        let tonal: Vec<u64> = moments.iter().filter(|m| m.has_tone(1_000.0)).map(|m| m.at_ms).collect();
        let (first, last) = (tonal[0], tonal[tonal.len() - 1]);
        assert!((1_150..1_250).contains(&first) && (1_980..2_080).contains(&last), "{first} to {last}");
        assert!(moments.iter().all(|moment| !moment.has_tone(1_100.0)));
    }

    #[test]
    fn a_little_is_too_little() {
        assert_eq!(heard(&vec![0.0; SECOND_OF / 4]).kind(), None);
        assert!(!heard(&[]).has(Kind::Silence));
    }
}
