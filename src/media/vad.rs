//! Whether somebody speaks: the level of each 10 ms against that of the background.

use super::FRAME;
use super::level::dbfs;

/// How long speech is taken to go on after its last loud frame, frames of 10 ms.
const HANG_OVER: u32 = 20;
/// How far above its background speech stands, dB.
const MARGIN_DB: f32 = 9.0;
/// What no background is quieter than, dBFS: below this plus the margin nobody is understood.
const QUIETEST_DBFS: f32 = -65.0;
/// What is louder is speech, whatever went before: a held tone is no background.
const LOUDEST_DBFS: f32 = -30.0;
/// How fast the background follows what lasts, dB in 10 ms: 3 dB a second.
const RISE_DB: f32 = 0.03;

/// Tells speech from background in 48 kHz frames of 10 ms.
///
/// Two levels are watched, each with a background of its own: that of the sound, which vowels raise, and that of its
/// first difference, which raises the weak hiss that words begin with.
#[derive(Debug, Clone)]
pub struct Vad {
    whole: Background,
    hiss: Background,
    hanging: u32,
}

impl Default for Vad {
    fn default() -> Vad {
        Vad { whole: Background::new(), hiss: Background::new(), hanging: 0 }
    }
}

impl Vad {
    /// Hears 10 ms more: true while somebody speaks, and for 200 ms after.
    pub fn hear(&mut self, frame: &[f32; FRAME]) -> bool {
        let (mut whole, mut hiss, mut before) = (0.0_f32, 0.0_f32, frame[0]);
        for sample in frame {
            whole += sample * sample;
            hiss += (sample - before) * (sample - before);
            before = *sample;
        }
        let level = |sum: f32| dbfs((sum / FRAME as f32).sqrt());
        let (whole, hiss) = (self.whole.stands_out(level(whole)), self.hiss.stands_out(level(hiss)));
        let hangs = self.hanging > 0;
        self.hanging = if whole || hiss { HANG_OVER } else { self.hanging.saturating_sub(1) };
        whole || hiss || hangs
    }

    /// The level of the background, dBFS: what comfort noise should sound like.
    pub fn background_dbfs(&self) -> f32 {
        self.whole.level
    }
}

#[derive(Debug, Clone)]
struct Background {
    level: f32,
}

impl Background {
    fn new() -> Background {
        Background { level: QUIETEST_DBFS }
    }

    /// Compares a frame with the background and lets the background follow: down at once, up slowly.
    fn stands_out(&mut self, level: f32) -> bool {
        const FALL: f32 = 0.2;
        let heard = level.max(QUIETEST_DBFS);
        let stands_out = heard > self.level + MARGIN_DB || heard > LOUDEST_DBFS;
        let step = if heard < self.level { (heard - self.level) * FALL } else { RISE_DB.min(heard - self.level) };
        self.level = (self.level + step).min(LOUDEST_DBFS);
        stands_out
    }
}

#[cfg(test)]
mod tests {
    use super::super::voice::Voice;
    use super::*;

    /// White noise of this RMS, the same every time.
    struct Noise(u32, f32);

    impl Noise {
        fn frame(&mut self) -> [f32; FRAME] {
            std::array::from_fn(|_| {
                self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let uniform = (self.0 >> 8) as f32 / (1 << 23) as f32 - 1.0;
                uniform * self.1 * f32::sqrt(3.0)
            })
        }
    }

    fn amplitude(dbfs: f32) -> f32 {
        10.0_f32.powf(dbfs / 20.0)
    }

    /// The part of the frames taken for speech.
    fn active(vad: &mut Vad, frames: usize, mut next: impl FnMut() -> [f32; FRAME]) -> f64 {
        (0..frames).filter(|_| vad.hear(&next())).count() as f64 / frames as f64
    }

    #[test]
    fn backgrounds_are_not_speech() {
        for level in [-96.0, -60.0, -50.0, -40.0] {
            let (mut vad, mut noise) = (Vad::default(), Noise(1, amplitude(level)));
            active(&mut vad, 1_000, || noise.frame());
            let rest = active(&mut vad, 1_000, || noise.frame());
            assert!(rest < 0.01, "{level} dBFS: {rest}");
            let told = vad.background_dbfs();
            assert!((told - level.max(QUIETEST_DBFS)).abs() < 2.0, "{level} dBFS is told as {told}");
        }
    }

    #[test]
    fn speech_is_heard_above_each_background() {
        for level in [-96.0, -60.0, -50.0, -45.0] {
            let (mut vad, mut noise, mut voice) = (Vad::default(), Noise(1, amplitude(level)), Voice::new(1));
            active(&mut vad, 1_000, || noise.frame());
            let (mut loud, mut missed, mut said) = (0, 0, 0);
            for _ in 0..2_000 {
                let (mut frame, behind) = ([0.0; FRAME], noise.frame());
                voice.fill(&mut frame);
                let power = frame.iter().map(|s| s * s).sum::<f32>() / FRAME as f32;
                frame.iter_mut().zip(behind).for_each(|(a, b)| *a += b);
                let heard = vad.hear(&frame);
                said += usize::from(heard);
                if power > amplitude(-32.0).powi(2) {
                    loud += 1;
                    missed += usize::from(!heard);
                }
            }
            assert!(loud > 500, "{loud} frames of speech");
            assert_eq!(missed, 0, "of {loud} at {level} dBFS");
            assert!(said < 1_900, "{said} of 2000: its pauses are pauses");
        }
    }

    #[test]
    fn speech_hangs_over_for_200_ms() {
        let mut vad = Vad::default();
        let loud = [0.1; FRAME];
        assert!(!vad.hear(&[0.0; FRAME]));
        assert!(vad.hear(&loud));
        let after = (0..).take_while(|_| vad.hear(&[0.0; FRAME])).count();
        assert_eq!(after, 20);
    }

    #[test]
    fn a_background_that_grew_is_learnt_and_a_held_tone_is_not() {
        let (mut vad, mut noise) = (Vad::default(), Noise(1, amplitude(-40.0)));
        active(&mut vad, 100, || [0.0; FRAME]);
        assert_eq!(active(&mut vad, 100, || noise.frame()), 1.0, "a change is something");
        active(&mut vad, 900, || noise.frame());
        assert!(active(&mut vad, 500, || noise.frame()) < 0.01);
        let mut time = 0;
        let tone = || {
            std::array::from_fn(|_| {
                time += 1;
                0.2 * (time as f32 * 0.0576).sin()
            })
        };
        assert_eq!(active(&mut vad, 3_000, tone), 1.0);
    }
}
