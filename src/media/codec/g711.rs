//! G.711: 8 kHz, a byte a sample, a waveform concealment of its own.

use super::super::FRAME;
use super::super::plc::Concealer;
use super::super::resample::Resampler;
use super::{CodecError, Decoder, Encoder, MAX_PAYLOAD};
use audio_codec_algorithms::{decode_alaw, decode_ulaw, encode_alaw, encode_ulaw};
use std::time::Duration;

/// Samples in 10 ms at 8 kHz.
const CHUNK: usize = 80;

/// The two curves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Law {
    /// PCMA.
    A,
    /// PCMU.
    Mu,
}

pub struct G711Encoder {
    law: Law,
    down: Resampler,
}

impl G711Encoder {
    pub fn new(law: Law) -> Result<G711Encoder, CodecError> {
        Ok(G711Encoder { law, down: Resampler::new(48_000, 8_000)? })
    }
}

impl Encoder for G711Encoder {
    fn encode(&mut self, sound: &[f32], payload: &mut Vec<u8>) -> bool {
        for frame in sound.chunks_exact(FRAME) {
            let mut narrow = [0.0; CHUNK];
            self.down.process(frame, &mut narrow);
            payload.extend(narrow.iter().map(|sample| {
                let linear = (sample * 32_768.0).round().clamp(-32_768.0, 32_767.0) as i16;
                match self.law {
                    Law::A => encode_alaw(linear),
                    Law::Mu => encode_ulaw(linear),
                }
            }));
        }
        true
    }
}

pub struct G711Decoder {
    law: Law,
    up: Resampler,
    concealer: Concealer,
}

impl G711Decoder {
    pub fn new(law: Law) -> Result<G711Decoder, CodecError> {
        Ok(G711Decoder { law, up: Resampler::new(8_000, 48_000)?, concealer: Concealer::new(8_000) })
    }

    fn widen(&mut self, narrow: &[f32], sound: &mut Vec<f32>) {
        let mut wide = [0.0; FRAME];
        self.up.process(narrow, &mut wide);
        sound.extend_from_slice(&wide);
    }
}

impl Decoder for G711Decoder {
    fn decode(&mut self, payload: &[u8], sound: &mut Vec<f32>) -> bool {
        if payload.is_empty() || payload.len() > MAX_PAYLOAD {
            return false;
        }
        for bytes in payload.chunks(CHUNK) {
            let mut narrow = [0.0; CHUNK];
            for (sample, byte) in narrow.iter_mut().zip(bytes) {
                let linear = match self.law {
                    Law::A => decode_alaw(*byte),
                    Law::Mu => decode_ulaw(*byte),
                };
                *sample = f32::from(linear) / 32_768.0;
            }
            self.concealer.good(&mut narrow);
            self.widen(&narrow, sound);
        }
        true
    }

    fn conceal(&mut self, duration: Duration, _next: Option<&[u8]>, sound: &mut Vec<f32>) {
        for _ in 0..duration.as_millis() / 10 {
            let mut narrow = [0.0; CHUNK];
            self.concealer.conceal(&mut narrow);
            self.widen(&narrow, sound);
        }
    }
}
