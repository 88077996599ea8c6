//! The noise between words: measured in what is heard, or described by the sender (RFC 3389), and made again.

use super::codec::ComfortNoise;

/// Coefficients of a shape.
const ORDER: usize = 12;
/// What is measured is never louder, dBov: a call that begins with a word has no background yet.
const LOUDEST: f32 = -46.0;
/// What is measured is never quieter; this is no noise at all.
const NONE: f32 = -127.0;

/// Makes noise at any rate.
#[derive(Debug, Clone)]
pub struct NoiseMaker {
    gain: f32,
    reflection: [f32; ORDER],
    random: u32,
    delayed: [f32; ORDER],
}

impl Default for NoiseMaker {
    fn default() -> NoiseMaker {
        NoiseMaker { gain: 0.0, reflection: [0.0; ORDER], random: 0x9e37_79b9, delayed: [0.0; ORDER] }
    }
}

impl NoiseMaker {
    /// From now on it makes this noise.
    pub fn tune(&mut self, noise: &ComfortNoise) {
        let rms = if noise.level_dbov > NONE { 10_f32.powf(noise.level_dbov / 20.0) } else { 0.0 };
        // What the filter adds to the energy is taken off before it.
        let power: f32 = noise.reflection.iter().map(|k| 1.0 - k * k).product();
        self.gain = rms * power.max(0.0).sqrt();
        self.reflection = noise.reflection;
        // Why: what is left of another shape can ring in this one ten thousand times as loud. In a lattice what each place
        // remembers is independent of the others, and of a power that follows from the shape.
        let mut power = rms * rms;
        for (delayed, k) in self.delayed.iter_mut().zip(&noise.reflection) {
            let most = 3.0 * power.max(0.0).sqrt();
            *delayed = delayed.clamp(-most, most);
            power *= 1.0 - k * k;
        }
    }

    /// The next sample: white noise through a lattice of the reflection coefficients.
    pub fn sample(&mut self) -> f32 {
        let mut forward = self.white() * self.gain;
        for index in (0..ORDER).rev() {
            let k = self.reflection.get(index).copied().unwrap_or(0.0);
            let before = self.delayed.get(index).copied().unwrap_or(0.0);
            forward -= k * before;
            if let Some(after) = self.delayed.get_mut(index + 1) {
                *after = k * forward + before;
            }
        }
        if let Some(first) = self.delayed.first_mut() {
            *first = forward;
        }
        forward
    }

    /// Even between ±√3: a root mean square of 1.
    fn white(&mut self) -> f32 {
        self.random = self.random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        ((self.random >> 8) as f32 / 8_388_608.0 - 1.0) * 3_f32.sqrt()
    }
}

/// Measures the background: what is there when nobody speaks.
#[derive(Debug, Clone)]
pub struct Background {
    /// The least mean square of late.
    floor: f32,
    /// Of the quiet frames, per sample.
    autocorrelation: [f32; ORDER + 1],
}

impl Default for Background {
    fn default() -> Background {
        Background { floor: f32::MAX, autocorrelation: [0.0; ORDER + 1] }
    }
}

impl Background {
    /// Listens to 10 ms.
    pub fn hear(&mut self, frame: &[f32]) {
        /// The floor rises by 1.3 dB/s.
        const RISE: f32 = 1.003;
        const BARELY: f32 = 1e-10;
        /// Within 5 dB of the floor it is background.
        const NEAR: f32 = 3.0;
        /// Frames that make a tenth of what is remembered.
        const NEW: f32 = 0.1;
        let length = frame.len().max(1) as f32;
        let power = frame.iter().map(|s| s * s).sum::<f32>() / length;
        let fell = power < self.floor / NEAR;
        self.floor = power.min(self.floor * RISE + BARELY);
        if power > self.floor * NEAR + BARELY {
            return;
        }
        let weight = if fell { 1.0 } else { NEW };
        for (lag, sum) in self.autocorrelation.iter_mut().enumerate() {
            let product: f32 = frame.iter().zip(frame.iter().skip(lag)).map(|(a, b)| a * b).sum();
            *sum += (product / length - *sum) * weight;
        }
    }

    /// The noise it found (the Levinson-Durbin recursion).
    pub fn noise(&self) -> ComfortNoise {
        let [power, ..] = self.autocorrelation;
        let mut noise = ComfortNoise::white((10.0 * power.log10()).clamp(NONE, LOUDEST));
        let mut predictor = [0.0_f32; ORDER + 1];
        // A little white noise keeps it stable.
        let mut error = power * 1.001 + 1e-12;
        for order in 1..=ORDER {
            let past = (1..order).map(|i| self.at(order - i) * predictor.get(i).copied().unwrap_or(0.0));
            let k = (-(self.at(order) + past.sum::<f32>()) / error).clamp(-0.98, 0.98);
            let before = predictor;
            for (i, tap) in predictor.iter_mut().enumerate().take(order).skip(1) {
                *tap += k * before.get(order - i).copied().unwrap_or(0.0);
            }
            if let (Some(tap), Some(to)) = (predictor.get_mut(order), noise.reflection.get_mut(order - 1)) {
                (*tap, *to) = (k, k);
            }
            error *= 1.0 - k * k;
        }
        noise
    }

    fn at(&self, lag: usize) -> f32 {
        self.autocorrelation.get(lag).copied().unwrap_or(0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(noise: &ComfortNoise, samples: usize) -> Vec<f32> {
        let mut maker = NoiseMaker::default();
        maker.tune(noise);
        (0..samples).map(|_| maker.sample()).collect()
    }

    /// Level in dBFS, and the correlation of neighbours: high for dark noise, low for bright.
    fn described(sound: &[f32]) -> (f32, f32) {
        let power: f32 = sound.iter().map(|s| s * s).sum();
        let neighbours: f32 = sound.windows(2).map(|w| w[0] * w[1]).sum();
        (10.0 * (power / sound.len() as f32).log10(), neighbours / power)
    }

    #[test]
    fn noise_is_as_loud_and_as_dark_as_described() {
        let rows: [(&[u8], f32, f32); 5] = [
            (&[40], -40.0, 0.0),
            (&[70], -70.0, 0.0),
            (&[0x80 | 50], -50.0, 0.0),
            (&[45, 27], -45.0, 0.79),
            (&[45, 227, 127, 100], -45.0, -0.79),
        ];
        for (payload, level, colour) in rows {
            let (is, neighbours) = described(&made(&ComfortNoise::parse(payload).unwrap(), 48_000));
            assert!((is - level).abs() < 1.0, "{payload:?}: {is} dBFS");
            assert!((neighbours - colour).abs() < 0.05, "{payload:?}: {neighbours}");
        }
        let wild: Vec<u8> = (0..=255).rev().collect();
        assert!(made(&ComfortNoise::parse(&wild).unwrap(), 48_000).iter().all(|s| s.abs() < 1.0));
    }

    /// Descriptions that follow each other are any: the loudest that the loudest of them says is what is heard.
    #[test]
    fn what_is_left_of_one_shape_does_not_ring_in_the_next() {
        let shapes = [[0_u8; 12], [254; 12], [127; 12], [0, 254, 0, 254, 0, 254, 0, 254, 0, 254, 0, 254], [100; 12]];
        let mut maker = NoiseMaker::default();
        for turn in 0..200 {
            let payload = [&[0][..], &shapes[turn * 7 % shapes.len()]].concat();
            maker.tune(&ComfortNoise::parse(&payload).unwrap());
            let loudest = (0..480).map(|_| maker.sample().abs()).fold(0.0, f32::max);
            assert!(loudest <= 12.0, "turn {turn}: {loudest}");
        }
    }

    #[test]
    fn what_is_measured_sounds_like_what_was_heard() {
        let heard = made(&ComfortNoise::parse(&[55, 40, 140]).unwrap(), 16_000);
        let mut background = Background::default();
        let word = |n: usize| 0.3 * (n as f32 * 0.1).sin();
        for (n, frame) in heard.chunks(80).enumerate() {
            let speaks = n % 50 > 30;
            let frame: Vec<f32> =
                frame.iter().enumerate().map(|(i, s)| s + if speaks { word(i) } else { 0.0 }).collect();
            background.hear(&frame);
        }
        let ((level, colour), (again, colour_again)) =
            (described(&heard), described(&made(&background.noise(), 48_000)));
        assert!(
            (level - again).abs() < 2.0 && (colour - colour_again).abs() < 0.1,
            "{level} {again} {colour} {colour_again}"
        );
    }

    #[test]
    fn silence_has_no_background_and_a_word_is_none() {
        let (mut silent, mut talking) = (Background::default(), Background::default());
        for _ in 0..100 {
            silent.hear(&[0.0; 80]);
            talking.hear(&[0.3; 80]);
        }
        assert!(made(&silent.noise(), 800).iter().all(|s| *s == 0.0));
        assert!(described(&made(&talking.noise(), 8_000)).0 < -45.0);
        assert!(made(&Background::default().noise(), 80).iter().all(|s| *s == 0.0));
    }
}
