//! What a synthetic call tells by its sound: how long an echo takes, what is heard, whether it is a known announcement.
//!
//! Everything here looks at the telephone's band, at 8 kHz.
//!
//! ```text
//!  48 kHz ─► Narrow ─┬─► Listener: silence, tone, speech, noise, every 32 ms
//!                    ├─► chirp::find_echo: said against heard
//!                    └─► fingerprint::Fingerprint: heard against a file
//! ```

pub mod chirp;
pub mod fingerprint;
pub mod listener;
mod spectrum;

use super::SAMPLE_RATE;

/// Samples a second of everything here.
pub const RATE: u32 = 8_000;

/// Samples of 48 kHz that make one of 8 kHz.
const DECIMATION: usize = (SAMPLE_RATE / RATE) as usize;
/// Length of the filter before that: 2 ms.
const TAPS: usize = 96;

/// Brings 48 kHz down to 8 kHz; what is above the telephone's band is taken out first.
#[derive(Debug, Clone)]
pub struct Narrow {
    taps: [f32; TAPS],
    /// What the next sample still needs: the filter's length, and what is too little for one.
    rest: Vec<f32>,
}

impl Default for Narrow {
    fn default() -> Narrow {
        const CUT_HZ: f32 = 3_600.0;
        let turn = std::f32::consts::TAU / SAMPLE_RATE as f32;
        let mut taps: [f32; TAPS] = std::array::from_fn(|n| {
            let off = n as f32 - (TAPS - 1) as f32 / 2.0;
            let sinc = (turn * CUT_HZ * off).sin() / off;
            let window = 0.5 - 0.5 * (std::f32::consts::TAU * (n as f32 + 0.5) / TAPS as f32).cos();
            sinc * window
        });
        let sum: f32 = taps.iter().sum();
        taps.iter_mut().for_each(|tap| *tap /= sum);
        Narrow { taps, rest: vec![0.0; TAPS - DECIMATION] }
    }
}

impl Narrow {
    /// Adds what these samples at 48 kHz come to; what is no number is silence.
    pub fn push(&mut self, sound: &[f32], out: &mut Vec<f32>) {
        self.rest.extend(sound.iter().map(|sample| if sample.is_finite() { *sample } else { 0.0 }));
        let mut taken = 0;
        while let Some(window) = self.rest.get(taken..taken + TAPS) {
            out.push(window.iter().zip(&self.taps).map(|(sample, tap)| sample * tap).sum());
            taken += DECIMATION;
        }
        self.rest.drain(..taken);
    }
}

/// A whole sound at 8 kHz.
pub fn narrow(sound: &[f32]) -> Vec<f32> {
    let mut out = Vec::with_capacity(sound.len() / DECIMATION + 1);
    Narrow::default().push(sound, &mut out);
    out
}

/// Milliseconds of so many samples at 8 kHz.
fn ms(samples: usize) -> f64 {
    samples as f64 * 1_000.0 / f64::from(RATE)
}

#[cfg(test)]
mod tests {
    use super::super::tone::{Sine, goertzel_dbfs};
    use super::*;

    fn at(hz: f32) -> f32 {
        let mut sound = vec![0.0; 48_000];
        Sine::new(hz, 0.5).fill(&mut sound);
        let low = narrow(&sound);
        assert_eq!(low.len(), 8_000);
        let folded = if hz > 4_000.0 { 8_000.0 - hz } else { hz };
        goertzel_dbfs(&low[4_000..], folded, RATE)
    }

    #[test]
    fn the_band_of_the_telephone_stays_and_what_is_above_it_does_not_fold_into_it() {
        for hz in [300.0, 1_000.0, 2_000.0, 3_000.0] {
            assert!((at(hz) + 6.0).abs() < 1.0, "{hz} Hz: {} dBFS", at(hz));
        }
        for hz in [5_000.0, 6_000.0, 7_000.0] {
            assert!(at(hz) < -46.0, "{hz} Hz: {} dBFS", at(hz));
        }
    }

    #[test]
    fn in_pieces_it_is_the_same_and_what_is_no_number_is_silence() {
        let sound: Vec<f32> = (0..4_801).map(|n| (n as f32 * 0.1).sin()).collect();
        let (mut pieces, mut low) = (Vec::new(), Narrow::default());
        sound.chunks(7).for_each(|piece| low.push(piece, &mut pieces));
        assert_eq!(pieces, narrow(&sound));
        assert!(narrow(&[f32::NAN; 480]).iter().all(|sample| *sample == 0.0));
    }
}
