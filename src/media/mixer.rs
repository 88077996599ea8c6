//! Gains without clicks, sums without clipping.

use super::SAMPLE_RATE;

/// A gain that reaches its target over 10 ms.
#[derive(Debug, Clone, Copy)]
pub struct Ramp {
    now: f32,
    target: f32,
    step: f32,
}

impl Ramp {
    /// A gain at rest.
    pub fn new(gain: f32) -> Ramp {
        Ramp { now: gain, target: gain, step: 0.0 }
    }

    /// Where to go.
    pub fn set(&mut self, gain: f32) {
        const TEN_MS: f32 = 0.010 * SAMPLE_RATE as f32;
        if gain != self.target {
            self.target = gain;
            self.step = (gain - self.now).abs() / TEN_MS;
        }
    }

    /// True when silent and staying so.
    pub fn is_silent(&self) -> bool {
        self.now == 0.0 && self.target == 0.0
    }

    /// Multiplies the frame.
    pub fn apply(&mut self, frame: &mut [f32]) {
        if self.now == self.target {
            match self.now {
                1.0 => {}
                0.0 => frame.fill(0.0),
                gain => frame.iter_mut().for_each(|sample| *sample *= gain),
            }
            return;
        }
        for sample in frame {
            self.now += (self.target - self.now).clamp(-self.step, self.step);
            *sample *= self.now;
        }
    }
}

/// A volume that can be muted and amplified.
#[derive(Debug, Clone, Copy)]
pub struct Gain {
    volume: f32,
    boost: f32,
    muted: bool,
    ramp: Ramp,
}

impl Default for Gain {
    fn default() -> Gain {
        Gain { volume: 1.0, boost: 1.0, muted: false, ramp: Ramp::new(1.0) }
    }
}

impl Gain {
    /// Sets the volume, 0–100.
    pub fn set_volume(&mut self, volume: u8) {
        self.volume = volume_gain(volume);
        self.aim();
    }

    /// Mutes or opens.
    pub fn set_muted(&mut self, muted: bool) {
        self.muted = muted;
        self.aim();
    }

    /// Amplifies beyond full volume, by dB.
    pub fn set_boost(&mut self, db: u8) {
        self.boost = 10.0_f32.powf(f32::from(db) / 20.0);
        self.aim();
    }

    /// What was set holds at once.
    pub fn settle(&mut self) {
        self.ramp = Ramp::new(self.ramp.target);
    }

    /// True while muted.
    pub fn is_muted(&self) -> bool {
        self.muted
    }

    /// Changes the frame; what is amplified does not clip.
    pub fn apply(&mut self, frame: &mut [f32]) {
        self.ramp.apply(frame);
        if self.boost != 1.0 {
            limit(frame);
        }
    }

    fn aim(&mut self) {
        self.ramp.set(if self.muted { 0.0 } else { self.volume * self.boost });
    }
}

/// Adds `from` to `to`.
pub fn add(to: &mut [f32], from: &[f32]) {
    to.iter_mut().zip(from).for_each(|(to, from)| *to += from);
}

/// Takes `own` out of `sum`: what a party of a conference hears.
pub fn subtract(sum: &mut [f32], own: &[f32]) {
    sum.iter_mut().zip(own).for_each(|(sum, own)| *sum -= own);
}

/// Leaves what is below −3 dBFS alone and bends the rest towards full scale.
pub fn limit(frame: &mut [f32]) {
    const KNEE: f32 = 0.707_945_8;
    for sample in frame {
        let size = sample.abs();
        if size > KNEE {
            let over = (size - KNEE) / (1.0 - KNEE);
            *sample = sample.signum() * (KNEE + (1.0 - KNEE) * over.tanh());
        } else if size.is_nan() {
            *sample = 0.0;
        }
    }
}

/// A volume of 0–100 as a gain; 100 = 1, each step at the low end a fixed part of a decibel (40 dB over the range).
pub fn volume_gain(volume: u8) -> f32 {
    match volume.min(100) {
        0 => 0.0,
        volume => 10.0_f32.powf((f32::from(volume) - 100.0) * 40.0 / 100.0 / 20.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quiet_sound_is_untouched_and_nothing_clips() {
        let mut quiet = [0.5, -0.7, 0.0];
        limit(&mut quiet);
        assert_eq!(quiet, [0.5, -0.7, 0.0]);
        let mut loud = [3.0, -20.0, 0.9, f32::NAN, f32::INFINITY];
        limit(&mut loud);
        assert!(loud.iter().all(|s| s.abs() <= 1.0), "{loud:?}");
        assert!(loud[2] > 0.708 && loud[2] < 0.9);
    }

    #[test]
    fn a_ramp_takes_ten_milliseconds() {
        let mut ramp = Ramp::new(1.0);
        ramp.set(0.0);
        let mut frame = [1.0_f32; 480];
        ramp.apply(&mut frame);
        assert!(frame.windows(2).all(|w| (w[0] - w[1]).abs() < 0.003));
        assert!((frame[239] - 0.5).abs() < 0.01 && frame[479] < 0.003);
        ramp.apply(&mut [1.0; 480]);
        assert!(ramp.is_silent());
    }

    #[test]
    fn what_is_amplified_does_not_clip_and_falls_silent_within_ten_milliseconds() {
        let mut gain = Gain::default();
        gain.set_boost(12);
        gain.set_volume(100);
        let mut frame = [0.5_f32; 480];
        gain.apply(&mut frame);
        gain.apply(&mut frame);
        assert!(frame.iter().all(|s| (0.7..=1.0).contains(s)), "{:?}", &frame[..4]);
        let mut quiet = [0.01_f32; 480];
        gain.apply(&mut quiet);
        assert!(quiet.iter().all(|s| (s - 0.0398).abs() < 1e-3), "{:?}", &quiet[..4]);
        gain.set_muted(true);
        let mut frame = [0.1_f32; 480];
        gain.apply(&mut frame);
        assert!(frame.windows(2).all(|w| (w[0] - w[1]).abs() < 0.1 * 4.0 / 400.0) && frame[479] < 0.002);
        gain.apply(&mut frame);
        assert!(frame[1..].iter().all(|s| *s == 0.0));
        gain.set_muted(false);
        gain.set_boost(0);
        gain.apply(&mut [0.0; 960]);
        let mut same = [0.9_f32; 480];
        gain.apply(&mut same);
        assert!(same.iter().all(|s| *s == 0.9), "what is not amplified is not bent");
    }

    #[test]
    fn a_party_hears_all_but_itself() {
        let (a, b, mic) = ([0.1; 4], [0.2; 4], [0.4; 4]);
        let mut sum = [0.0; 4];
        [a, b, mic].iter().for_each(|x| add(&mut sum, x));
        subtract(&mut sum, &b);
        assert!(sum.iter().all(|s| (s - 0.5).abs() < 1e-6));
    }

    #[test]
    fn volumes() {
        assert_eq!((volume_gain(0), volume_gain(100), volume_gain(255)), (0.0, 1.0, 1.0));
        assert!((volume_gain(50) - 0.1).abs() < 1e-4);
    }
}
