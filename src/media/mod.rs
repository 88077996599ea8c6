//! Samples: jitter buffer, codecs, mixing, resampling, levels, tones. No device, no thread.

pub mod command;
