//! Call progress tones, rings and short sounds for the person here. Nothing allocates once a player is made.

use super::plan::{Part, Plan, SPECIAL_INFORMATION, parts};
use super::ring::RingPlayer;
use super::{Chord, dtmf_frequencies, samples};
use crate::media::SAMPLE_RATE;
use crate::media::command::{LocalTone, ShortTone};

/// Loudness of a tone, −20 dBFS in all; of what sounds beside a voice.
const LOUD: f32 = 0.1;
const SOFT: f32 = 0.06;
/// How long the tones last that end by themselves, in ms, to the end of their round.
const BUSY_MS: u32 = 4_000;
const CONGESTION_MS: u32 = 3_000;
/// A clip that is shorter rings no more often than that, ms.
const SHORTEST_RING_MS: u32 = 2_000;

/// A sound at 48 kHz.
pub struct TonePlayer(Sound);

enum Sound {
    Cadence(Cadence),
    Ring(Box<RingPlayer>),
    Clip { samples: Vec<f32>, period: usize, at: usize },
    Nothing,
}

struct Cadence {
    parts: Vec<Part>,
    /// 0 = for ever.
    rounds: u32,
    amplitude: f32,
    chord: Chord,
    part: usize,
    left: u32,
}

impl TonePlayer {
    /// A tone of this plan, from the beginning of its cadence.
    pub fn new(tone: LocalTone, plan: &Plan) -> TonePlayer {
        let endless = |text, amplitude| TonePlayer::cadence(parts(text), None, amplitude);
        match tone {
            LocalTone::Dial => endless(plan.dial, LOUD),
            LocalTone::Ringback => endless(plan.ringback, LOUD),
            LocalTone::CallWaiting => endless(plan.waiting, SOFT),
            LocalTone::Busy => TonePlayer::cadence(parts(plan.busy), Some(BUSY_MS), LOUD),
            LocalTone::Congestion => TonePlayer::cadence(parts(plan.congestion), Some(CONGESTION_MS), LOUD),
            LocalTone::SpecialInformation => TonePlayer::cadence(parts(SPECIAL_INFORMATION), Some(BUSY_MS), LOUD),
            LocalTone::Ring(ringing) => TonePlayer(Sound::Ring(Box::new(RingPlayer::new(ringing)))),
        }
    }

    /// A sound that is over at once.
    pub fn short(tone: ShortTone) -> TonePlayer {
        let parts = match tone {
            ShortTone::Key(digit) => {
                let (row, column) = dtmf_frequencies(digit).unwrap_or_default();
                vec![([row, column, 0.0], 120), ([0.0; 3], 10)]
            }
            ShortTone::HangUp => parts("480/120 0/60 360/180 0/10"),
            ShortTone::Go => parts("800/200 0/10"),
        };
        TonePlayer::cadence(parts, Some(1), SOFT)
    }

    /// A clip at 48 kHz, again and again.
    pub fn clip(clip: Vec<f32>) -> TonePlayer {
        let period = clip.len().max(samples(SHORTEST_RING_MS) as usize);
        TonePlayer(Sound::Clip { samples: clip, period, at: 0 })
    }

    /// Silence, until it is known what is to sound.
    pub fn nothing() -> TonePlayer {
        TonePlayer(Sound::Nothing)
    }

    fn cadence(parts: Vec<Part>, at_least_ms: Option<u32>, amplitude: f32) -> TonePlayer {
        let round: u32 = parts.iter().map(|(_, ms)| ms).sum();
        let rounds = at_least_ms.map_or(0, |least| least.div_ceil(round.max(1)));
        let left = parts.first().map_or(0, |(_, ms)| samples(*ms));
        TonePlayer(Sound::Cadence(Cadence { parts, rounds, amplitude, chord: Chord::default(), part: 0, left }))
    }

    /// Adds the next samples to `frame`; false once the tone has ended by itself.
    pub fn mix_into(&mut self, frame: &mut [f32]) -> bool {
        match &mut self.0 {
            Sound::Cadence(cadence) => cadence.mix_into(frame),
            Sound::Ring(ring) => {
                ring.mix_into(frame);
                true
            }
            Sound::Clip { samples, period, at } => {
                for sample in frame {
                    *sample += samples.get(*at).copied().unwrap_or(0.0);
                    *at = (*at + 1) % (*period).max(1);
                }
                true
            }
            Sound::Nothing => true,
        }
    }
}

impl Cadence {
    fn mix_into(&mut self, frame: &mut [f32]) -> bool {
        for sample in frame {
            let Some((hz, _)) = self.parts.get(self.part) else { return false };
            *sample += self.chord.sample(*hz, self.amplitude);
            self.left = self.left.saturating_sub(1);
            if self.left > 0 {
                continue;
            }
            self.part += 1;
            if self.part == self.parts.len() && self.rounds != 1 {
                self.part = 0;
                self.rounds = self.rounds.saturating_sub(1);
            }
            self.left = self.parts.get(self.part).map_or(0, |(_, ms)| samples(*ms));
        }
        true
    }
}

/// Steady sines together take this many samples to come and go.
pub(super) const RAMP: f32 = 0.005 * SAMPLE_RATE as f32;

#[cfg(test)]
mod tests {
    use super::super::plan::{EUROPE, PLANS};
    use super::*;
    use crate::media::command::Ringing;
    use crate::media::tone::goertzel_dbfs;

    /// What is heard of a tone: where it sounds and is silent, in ms, and the level of each frequency while it sounds.
    fn heard(player: &mut TonePlayer, ms: u32) -> Vec<f32> {
        let mut sound = vec![0.0; samples(ms) as usize];
        player.mix_into(&mut sound);
        sound
    }

    /// The cadence as an ear would time it: ms of sound, ms of silence, in turn.
    fn timing(sound: &[f32]) -> Vec<u32> {
        let mut spans: Vec<(bool, u32)> = Vec::new();
        for block in sound.chunks(48) {
            let loud = block.iter().any(|sample| sample.abs() > 0.004);
            match spans.last_mut() {
                Some((last, ms)) if *last == loud => *ms += 1,
                _ => spans.push((loud, 1)),
            }
        }
        // Sines that beat are silent for a moment.
        let mut clean: Vec<(bool, u32)> = Vec::new();
        for (loud, ms) in spans {
            match clean.last_mut() {
                Some((last, sum)) if *last == loud || ms < 12 => *sum += ms,
                _ => clean.push((loud, ms)),
            }
        }
        clean.into_iter().map(|(_, ms)| ms).collect()
    }

    /// The written parts as a cadence: parts that sound one after another are one span.
    fn written(text: &str) -> Vec<u32> {
        let mut spans: Vec<(bool, u32)> = Vec::new();
        for (hz, ms) in parts(text) {
            match spans.last_mut() {
                Some((loud, sum)) if *loud == (hz[0] > 0.0) => *sum += ms,
                _ => spans.push((hz[0] > 0.0, ms)),
            }
        }
        spans.into_iter().map(|(_, ms)| ms).collect()
    }

    #[test]
    fn each_tone_of_each_country_has_its_frequencies_and_its_cadence() {
        for plan in PLANS {
            let tones = [
                (LocalTone::Dial, plan.dial),
                (LocalTone::Ringback, plan.ringback),
                (LocalTone::Busy, plan.busy),
                (LocalTone::Congestion, plan.congestion),
                (LocalTone::CallWaiting, plan.waiting),
                (LocalTone::SpecialInformation, SPECIAL_INFORMATION),
            ];
            for (tone, text) in tones {
                let round: u32 = parts(text).iter().map(|(_, ms)| ms).sum();
                let sound = heard(&mut TonePlayer::new(tone, plan), round);
                let (timed, written) = (timing(&sound), written(text));
                let fits =
                    timed.len() == written.len() && timed.iter().zip(&written).all(|(a, b)| a.abs_diff(*b) <= 12);
                assert!(fits, "{} {tone:?}: {timed:?} instead of {written:?}", plan.country);
                let mut at = 0;
                for (hz, ms) in parts(text) {
                    let span = samples(at + 10) as usize..samples(at + ms.min(1_000)) as usize;
                    at += ms;
                    let count = hz.iter().filter(|hz| **hz > 0.0).count();
                    let amplitude = if tone == LocalTone::CallWaiting { SOFT } else { LOUD };
                    let expected = 20.0 * (amplitude / (count.max(1) as f32).sqrt()).log10();
                    for hz in hz.into_iter().filter(|hz| *hz > 0.0 && ms >= 100) {
                        let level = goertzel_dbfs(&sound[span.clone()], hz, SAMPLE_RATE);
                        assert!((level - expected).abs() < 3.0, "{} {tone:?}: {hz} Hz {level} dBFS", plan.country);
                    }
                }
            }
        }
    }

    #[test]
    fn what_tells_of_an_end_ends_by_itself() {
        let frames = |mut player: TonePlayer| (0..2_000).take_while(|_| player.mix_into(&mut [0.0; 480])).count();
        let of = |tone| frames(TonePlayer::new(tone, &EUROPE));
        assert_eq!(
            (of(LocalTone::Busy), of(LocalTone::Congestion), of(LocalTone::SpecialInformation)),
            (400, 300, 597)
        );
        for tone in [LocalTone::Ringback, LocalTone::Ring(Ringing::Usual), LocalTone::CallWaiting, LocalTone::Dial] {
            assert_eq!(of(tone), 2_000);
        }
        for tone in [ShortTone::Key('5'), ShortTone::HangUp, ShortTone::Go] {
            assert!((10..40).contains(&frames(TonePlayer::short(tone))), "{tone:?}");
        }
    }

    #[test]
    fn a_key_sounds_like_its_digit_and_a_clip_like_itself() {
        let sound = heard(&mut TonePlayer::short(ShortTone::Key('5')), 110);
        assert!(
            goertzel_dbfs(&sound, 770.0, SAMPLE_RATE) > -32.0 && goertzel_dbfs(&sound, 1_336.0, SAMPLE_RATE) > -32.0
        );
        let mut clip = TonePlayer::clip(vec![0.5; 4_800]);
        let sound = heard(&mut clip, 4_000);
        assert_eq!(timing(&sound), [100, 1_900, 100, 1_900]);
        assert!(heard(&mut TonePlayer::nothing(), 100).iter().all(|sample| *sample == 0.0));
    }
}
