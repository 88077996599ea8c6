//! Comfort noise (RFC 3389): what silence sounds like at the far end, in a few bytes.

use super::{Decoded, Decoder, Filled};
use std::time::Duration;

/// Most reflection coefficients we take; further ones say little.
pub const MAX_ORDER: usize = 12;

/// A background noise.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ComfortNoise {
    /// Its level, 0 to −127 dB to the overload point (an RMS of 1.0 is 0).
    pub level_dbov: f32,
    /// The reflection coefficients of its spectrum, -1..1; 0 from where none were sent on.
    pub reflection: [f32; MAX_ORDER],
}

impl ComfortNoise {
    /// White noise of this level.
    pub fn white(level_dbov: f32) -> ComfortNoise {
        ComfortNoise { level_dbov: level_dbov.clamp(-127.0, 0.0), reflection: [0.0; MAX_ORDER] }
    }

    /// Reads a payload; `None` without a byte.
    pub fn parse(payload: &[u8]) -> Option<ComfortNoise> {
        let (level, shape) = payload.split_first()?;
        //= RFC 3389 §3.1: seven bits of level; the first is 0
        let mut noise = ComfortNoise::white(-f32::from(level & 0x7f));
        //= RFC 3389 §3.2: k = 258 (N - 127) / 32768
        for (to, index) in noise.reflection.iter_mut().zip(shape) {
            *to = 258.0 * (f32::from((*index).min(254)) - 127.0) / 32_768.0;
        }
        Some(noise)
    }

    /// Appends the payload, without the coefficients that say nothing.
    pub fn write(&self, payload: &mut Vec<u8>) {
        payload.push((-self.level_dbov).round().clamp(0.0, 127.0) as u8);
        let order = self.reflection.iter().rposition(|k| *k != 0.0).map_or(0, |last| last + 1);
        let index = |k: &f32| (k * 32_768.0 / 258.0 + 127.0).round().clamp(0.0, 254.0) as u8;
        payload.extend(self.reflection.iter().take(order).map(index));
    }
}

/// Tells what noise to make.
#[derive(Debug, Default)]
pub struct NoiseDecoder;

impl Decoder for NoiseDecoder {
    fn decode(&mut self, payload: &[u8], _sound: &mut Vec<f32>) -> Decoded {
        ComfortNoise::parse(payload).map_or(Decoded::Damaged, Decoded::Noise)
    }

    /// A lost one is no gap: the noise of before goes on.
    fn conceal(&mut self, _duration: Duration, _next: Option<&[u8]>, _sound: &mut Vec<f32>) -> Filled {
        Filled::Concealed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    //= RFC 3389 §3
    #[test]
    fn payloads_are_read_and_written() {
        for (name, payload, level, first, again) in [
            ("level alone", &[45][..], -45.0, 0.0, &[45][..]),
            ("the loudest", &[0], 0.0, 0.0, &[0]),
            ("the reserved bit", &[0xad], -45.0, 0.0, &[45]),
            ("a middle that says nothing", &[60, 127], -60.0, 0.0, &[60]),
            ("shaped", &[60, 0, 254], -60.0, -0.99994, &[60, 0, 254]),
            ("an index of no meaning", &[60, 255], -60.0, 0.99994, &[60, 254]),
        ] {
            let noise = ComfortNoise::parse(payload).unwrap();
            assert_eq!(noise.level_dbov, level, "{name}");
            assert!((noise.reflection[0] - first).abs() < 1e-4 && noise.reflection[0].abs() < 1.0, "{name}: {noise:?}");
            let mut written = Vec::new();
            noise.write(&mut written);
            assert_eq!(written, again, "{name}");
        }
        assert_eq!(ComfortNoise::parse(&[]), None);
        let long = ComfortNoise::parse(&[200; 1_000]).unwrap();
        assert!(long.reflection.iter().all(|k| (k - 258.0 * 73.0 / 32_768.0).abs() < 1e-6));
    }
}
