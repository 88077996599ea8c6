//! Voices in virtual time: rooms that echo, fans that hum, people who whisper, people who say no digits.
#![cfg(feature = "apm")]
#![allow(missing_docs, clippy::unwrap_used)]

mod digits;
mod echo;
mod level;
mod room;
mod speech;

/// 10 ms at 48 kHz.
type Frame = [f32; tuiphone::media::FRAME];

/// The power of a stretch of sound in dB below full scale.
fn power_db(sound: &[f32]) -> f64 {
    let sum: f64 = sound.iter().map(|sample| f64::from(*sample).powi(2)).sum();
    10.0 * (sum / sound.len().max(1) as f64).max(1e-12).log10()
}

/// Samples from one second to another.
fn between(sound: &[f32], from_s: usize, to_s: usize) -> &[f32] {
    &sound[from_s * 48_000..to_s * 48_000]
}
