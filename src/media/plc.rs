//! Waveform concealment after the idea of ITU-T G.711 Appendix I: the last pitch period goes on, and fades.

/// How far back a pitch period is looked for: 15 ms (66 Hz) down to 2.5 ms (400 Hz).
const PITCH_MS: (f32, f32) = (2.5, 15.0);
/// Sound compared to find it.
const MATCH_MS: f32 = 20.0;

/// Remembers what was heard and goes on from it.
#[derive(Debug, Clone)]
pub struct Concealer {
    rate: usize,
    history: Vec<f32>,
    period: Vec<f32>,
    position: usize,
    lost_samples: usize,
}

impl Concealer {
    /// A concealer at this sample rate in Hz.
    pub fn new(rate: u32) -> Concealer {
        let rate = rate as usize;
        Concealer {
            rate,
            history: vec![0.0; rate * 50 / 1_000],
            period: Vec::with_capacity(rate / 50),
            position: 0,
            lost_samples: 0,
        }
    }

    /// Takes in good sound, blending its start with what was made up.
    pub fn good(&mut self, sound: &mut [f32]) {
        if self.lost_samples > 0 {
            let overlap = (self.rate * 4 / 1_000).min(sound.len());
            for (index, sample) in sound.iter_mut().take(overlap).enumerate() {
                let weight = (index + 1) as f32 / (overlap + 1) as f32;
                *sample = *sample * weight + self.continue_period() * (1.0 - weight);
            }
            self.lost_samples = 0;
        }
        self.remember(sound);
    }

    /// Makes up sound: full for 10 ms, then fading to silence at 60 ms.
    pub fn conceal(&mut self, sound: &mut [f32]) {
        if self.lost_samples == 0 {
            self.take_period();
        }
        for sample in sound.iter_mut() {
            *sample = self.continue_period();
            self.lost_samples = self.lost_samples.saturating_add(1);
        }
        self.remember(sound);
    }

    fn continue_period(&mut self) -> f32 {
        let (whole, silent) = (self.rate / 100, self.rate * 6 / 100);
        let faded = self.lost_samples.saturating_sub(whole) as f32 / (silent - whole).max(1) as f32;
        let sample = self.period.get(self.position).copied().unwrap_or(0.0);
        self.position = if self.position + 1 >= self.period.len() { 0 } else { self.position + 1 };
        sample * (1.0 - faded).max(0.0)
    }

    /// Cuts out the last pitch period, its end bent so that it joins its own start.
    fn take_period(&mut self) {
        let pitch = self.find_pitch();
        let overlap = pitch / 4;
        let end = self.history.len();
        self.period.clear();
        self.period.extend(self.history.iter().skip(end.saturating_sub(pitch)));
        for index in 0..overlap {
            let weight = (index + 1) as f32 / (overlap + 1) as f32;
            let before = self.history.get((end + index).saturating_sub(pitch + overlap)).copied().unwrap_or(0.0);
            if let Some(sample) = self.period.get_mut(pitch - overlap + index) {
                *sample = *sample * (1.0 - weight) + before * weight;
            }
        }
        self.position = 0;
    }

    /// The lag at which the last sound resembles itself most (normalised cross-correlation).
    fn find_pitch(&self) -> usize {
        let samples = |ms: f32| (self.rate as f32 * ms / 1_000.0) as usize;
        let (shortest, longest, length) = (samples(PITCH_MS.0), samples(PITCH_MS.1), samples(MATCH_MS));
        let end = self.history.len();
        let recent = self.history.get(end.saturating_sub(length)..).unwrap_or_default();
        let mut best = (longest, f32::MIN);
        for lag in shortest..=longest {
            let from = end.saturating_sub(length + lag);
            let earlier = self.history.get(from..from + recent.len()).unwrap_or_default();
            let (mut product, mut energy) = (0.0, 1e-9);
            for (now, then) in recent.iter().zip(earlier) {
                product += now * then;
                energy += then * then;
            }
            let likeness = product / f32::sqrt(energy);
            if likeness > best.1 {
                best = (lag, likeness);
            }
        }
        best.0
    }

    fn remember(&mut self, sound: &[f32]) {
        let keep = self.history.len();
        let new = sound.get(sound.len().saturating_sub(keep)..).unwrap_or_default();
        self.history.copy_within(new.len().., 0);
        self.history.iter_mut().skip(keep - new.len()).zip(new).for_each(|(old, new)| *old = *new);
    }
}

#[cfg(test)]
mod tests {
    use super::super::tone::goertzel_dbfs;
    use super::*;

    fn tone(from: usize, samples: usize) -> Vec<f32> {
        (from..from + samples).map(|n| 0.5 * (n as f32 * 200.0 * std::f32::consts::TAU / 8_000.0).sin()).collect()
    }

    #[test]
    fn a_periodic_sound_goes_on_and_fades() {
        let mut plc = Concealer::new(8_000);
        plc.good(&mut tone(0, 800));
        let mut lost = vec![0.0; 640];
        plc.conceal(&mut lost);
        assert!((goertzel_dbfs(&lost[..80], 200.0, 8_000) + 6.0).abs() < 1.0);
        assert!(lost[500..].iter().all(|s| *s == 0.0));
        let jump = lost.windows(2).map(|w| (w[0] - w[1]).abs()).fold(0.0, f32::max);
        assert!(jump < 0.12, "a click of {jump}");
    }

    #[test]
    fn good_sound_after_a_loss_joins_without_a_click() {
        let mut plc = Concealer::new(8_000);
        plc.good(&mut tone(0, 800));
        let mut joined = vec![0.0; 80];
        plc.conceal(&mut joined);
        let mut after = tone(880, 160);
        plc.good(&mut after);
        joined.extend(after);
        let jump = joined.windows(2).map(|w| (w[0] - w[1]).abs()).fold(0.0, f32::max);
        assert!(jump < 0.12, "a click of {jump}");
    }

    #[test]
    fn nothing_heard_yet_conceals_as_silence() {
        let mut lost = [1.0; 80];
        Concealer::new(8_000).conceal(&mut lost);
        assert_eq!(lost, [0.0; 80]);
    }
}
