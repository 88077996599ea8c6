//! Waveform concealment after ITU-T G.711 Appendix I: the last pitch periods go on, fade, and leave the background. Where
//! the sound behind the gap is known already, its first period is led to.

use super::codec::ComfortNoise;
use super::comfort_noise::{Background, NoiseMaker};

/// How far back a pitch period is looked for: 15 ms (66 Hz) down to 2.5 ms (400 Hz).
const PITCH_MS: (f32, f32) = (2.5, 15.0);
/// Sound compared to find it: the last says most of how it goes on.
const MATCH_MS: f32 = 10.0;
/// How alike the first periods behind a gap must be to be led to.
const ALIKE: f32 = 0.5;
/// The longest gap that is led across.
const LONGEST_MS: f32 = 60.0;
/// Full until the first, gone at the second. The Recommendation's 60 ms leave a hole in a word when three packets are lost.
const FADE_MS: (f32, f32) = (10.0, 120.0);
/// Most periods repeated: one for 10 ms, then two, then three, so that it does not buzz.
const PERIODS: usize = 3;

/// Remembers what was heard and goes on from it.
#[derive(Debug, Clone)]
pub struct Concealer {
    rate: usize,
    history: Vec<f32>,
    /// The history when the loss began.
    heard: Vec<f32>,
    /// The last periods of it, bent so that their end joins their start.
    periods: Vec<f32>,
    /// How the sound went on before more periods were taken, to be left gently.
    leaving: Vec<f32>,
    left: usize,
    pitch: usize,
    position: usize,
    /// What precedes the sound behind the gap, as that tells: as long as the gap; and how much of it has passed.
    coming: Vec<f32>,
    led: usize,
    lost_samples: usize,
    background: Background,
    maker: NoiseMaker,
}

impl Concealer {
    /// A concealer at this sample rate in Hz.
    pub fn new(rate: u32) -> Concealer {
        let rate = rate as usize;
        let length = rate * 50 / 1_000;
        Concealer {
            rate,
            history: vec![0.0; length],
            heard: vec![0.0; length],
            periods: Vec::with_capacity(length),
            leaving: Vec::with_capacity(length),
            left: 0,
            pitch: 1,
            position: 0,
            coming: Vec::with_capacity((rate as f32 * LONGEST_MS / 1_000.0) as usize),
            led: 0,
            lost_samples: 0,
            background: Background::default(),
            maker: NoiseMaker::default(),
        }
    }

    /// Takes in 10 ms of good sound, blending its start with what was made up.
    //= ITU-T G.711 Appendix I §I.2.7: the longer the gap, the longer the blend, 10 ms at most
    pub fn good(&mut self, sound: &mut [f32]) {
        self.background.hear(sound);
        if self.lost_samples > 0 && !self.has_led() {
            let more = self.lost_samples.saturating_sub(self.rate / 100) * 4 / 10;
            let overlap = (self.pitch / 4 + more).clamp(self.rate * 4 / 1_000, self.rate / 100).min(sound.len());
            for (index, sample) in sound.iter_mut().take(overlap).enumerate() {
                let weight = (index + 1) as f32 / (overlap + 1) as f32;
                *sample = *sample * weight + self.go_on() * (1.0 - weight);
            }
        }
        self.lost_samples = 0;
        self.coming.clear();
        self.remember(sound);
    }

    /// What is made up next is a gap of so many samples, and this is behind it; nothing = that is not known.
    pub fn lead_to(&mut self, next: &[f32], gap: usize) {
        self.coming.clear();
        self.led = 0;
        if gap > self.coming.capacity() {
            return;
        }
        let longest = self.samples(PITCH_MS.1).min(next.len() / 2);
        let lags = self.samples(PITCH_MS.0)..=longest;
        let length = self.samples(MATCH_MS).min(next.len() - longest);
        let found = most_alike(lags, |lag| Some((next.get(..length)?, next.get(lag..lag + length)?)));
        if let Some((lag, _)) = found.filter(|(_, alike)| *alike > ALIKE) {
            let period = next.iter().take(lag);
            self.coming.extend(period.rev().cycle().take(gap));
            self.coming.reverse();
        }
    }

    fn has_led(&self) -> bool {
        !self.coming.is_empty() && self.led == self.coming.len()
    }

    /// Makes up sound: full for 10 ms, then fading into the background at 120 ms.
    pub fn conceal(&mut self, sound: &mut [f32]) {
        let tick = self.rate / 100;
        for sample in sound.iter_mut() {
            if self.lost_samples.is_multiple_of(tick) && self.lost_samples / tick < PERIODS {
                self.take_periods(self.lost_samples / tick + 1);
            }
            *sample = self.go_on();
            if let Some(coming) = self.coming.get(self.led) {
                let weight = (self.led + 1) as f32 / (self.coming.len() + 1) as f32;
                *sample = *sample * (1.0 - weight) + coming * weight;
                self.led += 1;
            }
            self.lost_samples = self.lost_samples.saturating_add(1);
        }
        self.remember(sound);
    }

    /// The background alone: as described by its sender, else as it was measured.
    pub fn rest(&mut self, described: Option<&ComfortNoise>, sound: &mut [f32]) {
        if self.lost_samples == 0 {
            self.take_periods(1);
        }
        self.maker.tune(&described.copied().unwrap_or_else(|| self.background.noise()));
        // What the last gap was led to is not what comes next.
        self.coming.clear();
        // The last word is left as after a long gap.
        self.lost_samples = self.lost_samples.max(self.rate * 8 / 100);
        for sample in sound.iter_mut() {
            *sample = self.go_on();
            self.lost_samples = self.lost_samples.saturating_add(1);
        }
        self.remember(sound);
    }

    fn go_on(&mut self) -> f32 {
        let (whole, silent) = (self.samples(FADE_MS.0), self.samples(FADE_MS.1));
        let faded = self.lost_samples.saturating_sub(whole) as f32 / (silent - whole).max(1) as f32;
        let noise = self.maker.sample();
        if faded >= 1.0 {
            return noise;
        }
        let mut sample = self.next_of_periods();
        if let Some(old) = self.leaving.get(self.left) {
            let weight = (self.left + 1) as f32 / (self.leaving.len() + 1) as f32;
            sample = sample * weight + old * (1.0 - weight);
            self.left += 1;
        }
        sample * (1.0 - faded) + noise * faded.sqrt()
    }

    fn next_of_periods(&mut self) -> f32 {
        let sample = self.periods.get(self.position).copied().unwrap_or(0.0);
        self.position = if self.position + 1 >= self.periods.len() { 0 } else { self.position + 1 };
        sample
    }

    /// Cuts out the last periods, their end bent so that it joins their start.
    //= ITU-T G.711 Appendix I §I.2.4, §I.2.6: a quarter of a period overlaps; after 10 and 20 ms another is added
    fn take_periods(&mut self, count: usize) {
        self.leaving.clear();
        self.left = 0;
        if count == 1 {
            self.heard.copy_from_slice(&self.history);
            self.pitch = self.find_pitch();
            self.maker.tune(&self.background.noise());
            self.position = 0;
        } else {
            let phase = self.position % self.pitch;
            for _ in 0..self.pitch / 4 {
                let old = self.next_of_periods();
                self.leaving.push(old);
            }
            self.position = phase;
        }
        let (length, overlap, end) = (self.pitch * count, self.pitch / 4, self.heard.len());
        self.periods.clear();
        self.periods.extend(self.heard.iter().skip(end.saturating_sub(length)));
        for index in 0..overlap {
            let weight = (index + 1) as f32 / (overlap + 1) as f32;
            let before = self.heard.get((end + index).saturating_sub(length + overlap)).copied().unwrap_or(0.0);
            if let Some(sample) = self.periods.get_mut((length + index).saturating_sub(overlap)) {
                *sample = *sample * (1.0 - weight) + before * weight;
            }
        }
    }

    /// The lag at which the last sound resembles itself most.
    fn find_pitch(&self) -> usize {
        let (shortest, longest, length) = (self.samples(PITCH_MS.0), self.samples(PITCH_MS.1), self.samples(MATCH_MS));
        let last = self.history.len().saturating_sub(length);
        let pair = |lag: usize| Some((self.history.get(last..)?, self.history.get(last - lag..last - lag + length)?));
        most_alike(shortest..=longest, pair).map_or(longest, |(lag, _)| lag).max(1)
    }

    fn samples(&self, ms: f32) -> usize {
        (self.rate as f32 * ms / 1_000.0) as usize
    }

    fn remember(&mut self, sound: &[f32]) {
        let keep = self.history.len();
        let new = sound.get(sound.len().saturating_sub(keep)..).unwrap_or_default();
        self.history.copy_within(new.len().., 0);
        self.history.iter_mut().skip(keep - new.len()).zip(new).for_each(|(old, new)| *old = *new);
    }
}

/// The lag whose two sounds are most alike, and how much they are, at most 1 (normalised cross-correlation).
fn most_alike<'a>(
    lags: std::ops::RangeInclusive<usize>,
    pair: impl Fn(usize) -> Option<(&'a [f32], &'a [f32])>,
) -> Option<(usize, f32)> {
    let alike = |lag: usize| {
        let (one, other) = pair(lag)?;
        let (mut product, mut energies) = (0.0, (1e-9, 1e-9));
        for (a, b) in one.iter().zip(other) {
            product += a * b;
            energies = (energies.0 + a * a, energies.1 + b * b);
        }
        Some((lag, product / f32::sqrt(energies.0 * energies.1)))
    };
    // Of equals the shortest: the last of `max_by`.
    lags.rev().filter_map(alike).max_by(|a, b| a.1.total_cmp(&b.1))
}

#[cfg(test)]
mod tests {
    use super::super::tone::goertzel_dbfs;
    use super::*;

    fn tone(from: usize, samples: usize) -> Vec<f32> {
        (from..from + samples).map(|n| 0.5 * (n as f32 * 200.0 * std::f32::consts::TAU / 8_000.0).sin()).collect()
    }

    fn hear(plc: &mut Concealer, sound: &mut [f32]) {
        sound.chunks_mut(80).for_each(|frame| plc.good(frame));
    }

    fn click(sound: &[f32]) -> f32 {
        sound.windows(2).map(|w| (w[0] - w[1]).abs()).fold(0.0, f32::max)
    }

    #[test]
    fn a_periodic_sound_goes_on_and_fades() {
        let mut plc = Concealer::new(8_000);
        hear(&mut plc, &mut tone(0, 800));
        let mut lost = vec![0.0; 1_200];
        plc.conceal(&mut lost);
        for (from, decibels) in [(0, -6.0), (80, -6.4), (240, -8.3), (480, -12.0)] {
            let level = goertzel_dbfs(&lost[from..from + 80], 200.0, 8_000);
            assert!((level - decibels).abs() < 1.0, "{level} dB from {from} on");
        }
        assert!(lost[960..].iter().all(|s| s.abs() < 0.01), "faded");
        assert!(click(&lost) < 0.12, "a click of {}", click(&lost));
    }

    #[test]
    fn good_sound_after_a_loss_joins_without_a_click() {
        for gap in [80, 160, 240, 400, 800] {
            let mut plc = Concealer::new(8_000);
            hear(&mut plc, &mut tone(0, 800));
            let mut joined = vec![0.0; gap];
            plc.conceal(&mut joined);
            let mut after = tone(800 + gap + 13, 160);
            hear(&mut plc, &mut after);
            joined.extend(after);
            assert!(click(&joined) < 0.16, "a click of {} after {gap} samples", click(&joined));
        }
    }

    /// A voice whose pitch falls, or that grows soft: nearer to it when what is behind the gap is known, and left alone then.
    #[test]
    fn what_is_behind_a_gap_is_led_to() {
        let voice = |hz: f32, last: f32| {
            let mut turn = 0.0_f32;
            let sound = (0..1_200).map(move |n| {
                let passed = (n as f32 - 720.0).clamp(0.0, 240.0) / 240.0;
                turn += (200.0 + (hz - 200.0) * passed) / 8_000.0;
                (0.4 + (last - 0.4) * passed) * (turn * std::f32::consts::TAU).sin()
            });
            sound.collect::<Vec<f32>>()
        };
        for (hz, last) in [(200.0, 0.1), (170.0, 0.4), (230.0, 0.4), (180.0, 0.2)] {
            let said = voice(hz, last);
            let [alone, led] = [false, true].map(|known| {
                let mut plc = Concealer::new(8_000);
                hear(&mut plc, &mut said[..800].to_vec());
                plc.lead_to(if known { &said[960..1_120] } else { &[] }, 160);
                let mut joined = vec![0.0; 160];
                joined.chunks_mut(80).for_each(|frame| plc.conceal(frame));
                let mut after = said[960..1_120].to_vec();
                hear(&mut plc, &mut after);
                assert_eq!(after == said[960..1_120], known, "{hz} Hz, {last}");
                joined.extend(after);
                assert!(click(&joined) < 0.12, "{hz} Hz, {last}: a click of {}", click(&joined));
                let error = joined.iter().zip(&said[800..]).map(|(a, b)| (a - b) * (a - b)).sum::<f32>();
                error.sqrt()
            });
            assert!(led < 0.7 * alone, "{hz} Hz, {last}: off by {led}, without by {alone}");
        }
        // What it was led to does not come.
        let mut plc = Concealer::new(8_000);
        hear(&mut plc, &mut tone(0, 800));
        plc.lead_to(&tone(960, 160), 160);
        plc.conceal(&mut [0.0; 160]);
        plc.rest(None, &mut [0.0; 80]);
        let mut other = vec![0.5; 80];
        plc.good(&mut other);
        assert!(other[0] < 0.2 && other[79] > 0.4, "{other:?}");
        let mut plc = Concealer::new(8_000);
        hear(&mut plc, &mut tone(0, 800));
        for (next, gap) in [(&[][..], 160), (&[0.1], 160), (&[0.0; 160], 160), (&[0.1; 160], 4_000)] {
            plc.lead_to(next, gap);
            let mut lost = vec![0.0; 160];
            plc.conceal(&mut lost);
            assert!(lost.iter().all(|sample| sample.is_finite()), "{} samples, {gap}", next.len());
        }
    }

    /// A quiet room, a word, a loss: the word fades and the room is still there; so it is in a pause.
    #[test]
    fn what_remains_is_the_background() {
        let mut maker = NoiseMaker::default();
        maker.tune(&ComfortNoise::white(-60.0));
        let level = |sound: &[f32]| 10.0 * (sound.iter().map(|s| s * s).sum::<f32>() / sound.len() as f32).log10();
        for pause in [false, true] {
            let mut plc = Concealer::new(8_000);
            let mut heard: Vec<f32> = (0..8_000).map(|_| maker.sample()).collect();
            heard.iter_mut().skip(6_400).zip(tone(0, 1_600)).for_each(|(to, word)| *to += word);
            hear(&mut plc, &mut heard);
            let mut lost = vec![0.0; 1_600];
            if pause {
                plc.rest(None, &mut lost)
            } else {
                plc.conceal(&mut lost)
            }
            assert!((level(&lost[1_000..]) + 60.0).abs() < 3.0, "{} dBFS", level(&lost[1_000..]));
            plc.rest(Some(&ComfortNoise::white(-40.0)), &mut lost);
            assert!((level(&lost) + 40.0).abs() < 2.0, "{} dBFS as described", level(&lost));
        }
    }

    #[test]
    fn nothing_heard_yet_conceals_as_silence() {
        let mut lost = [1.0; 80];
        Concealer::new(8_000).conceal(&mut lost);
        assert_eq!(lost, [0.0; 80]);
    }
}
