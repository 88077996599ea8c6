//! Samples: jitter buffer, codecs, mixing, resampling, levels, tones. No device, no thread.
//!
//! Inside, sound is 48 kHz mono `f32` in frames of 10 ms.

pub mod bridge;
pub mod codec;
pub mod comfort_noise;
pub mod command;
pub mod dtx;
pub mod encryption;
pub mod jitter_buffer;
pub mod level;
pub mod microphone;
pub mod mixer;
pub mod ogg_opus;
pub mod plc;
mod polyphase;
pub mod probe;
pub mod quality;
pub mod reach;
pub mod resample;
pub mod silence;
pub mod sound_test;
pub mod stream;
pub mod stretch;
pub mod tone;
pub mod vad;
pub mod voice;
pub mod voice_processing;
pub mod wire;

/// Samples in a frame of 10 ms.
pub const FRAME: usize = 480;
/// Samples a second inside the phone.
pub const SAMPLE_RATE: u32 = 48_000;
