//! G.711: 8 kHz, a byte a sample, a waveform concealment of its own.

use super::super::FRAME;
use super::super::plc::Concealer;
use super::super::resample::Resampler;
use super::{CodecError, Decoder, Encoder, Filled, MAX_PAYLOAD};
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

    fn conceal(&mut self, duration: Duration, _next: Option<&[u8]>, sound: &mut Vec<f32>) -> Filled {
        for _ in 0..duration.as_millis() / 10 {
            let mut narrow = [0.0; CHUNK];
            self.concealer.conceal(&mut narrow);
            self.widen(&narrow, sound);
        }
        Filled::Concealed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// ITU-T G.711 tables 1a and 2a as the arithmetic they tabulate, in 16-bit steps: the value of a code.
    fn value(law: Law, code: u8) -> i32 {
        let bits = i32::from(if law == Law::A { code ^ 0x55 } else { !code });
        let (segment, step) = (bits >> 4 & 7, bits & 15);
        let size = match (law, segment) {
            (Law::Mu, _) => (((2 * step + 33) << segment) - 33) * 4,
            (Law::A, 0) => (2 * step + 1) * 8,
            (Law::A, _) => ((2 * step + 33) << (segment - 1)) * 8,
        };
        // The sign bit of an A-law code is 1 for what is positive; the µ-law one was inverted above.
        if (bits & 0x80 != 0) == (law == Law::A) { size } else { -size }
    }

    fn decoded(law: Law, code: u8) -> i32 {
        i32::from(if law == Law::A { decode_alaw(code) } else { decode_ulaw(code) })
    }

    fn encoded(law: Law, linear: i16) -> u8 {
        if law == Law::A { encode_alaw(linear) } else { encode_ulaw(linear) }
    }

    //= ITU-T G.711 §3.1, tables 1 and 2
    #[test]
    fn every_code_has_the_value_of_the_table() {
        for law in [Law::A, Law::Mu] {
            for code in 0..=255 {
                assert_eq!(decoded(law, code), value(law, code), "{law:?} {code:#04x}");
            }
        }
    }

    /// The code of a 16-bit value by the decision values of the tables: segments double, 16 steps each. Negative values
    /// are taken in ones' complement, as the ITU's own tools do.
    fn code(law: Law, linear: i16) -> u8 {
        let magnitude = u32::from(if linear < 0 { !linear } else { linear }.unsigned_abs());
        match law {
            Law::A => {
                let magnitude = magnitude >> 4;
                let segment = if magnitude < 16 { 0 } else { magnitude.ilog2() - 3 };
                let step = magnitude >> segment.saturating_sub(1) & 15;
                ((u32::from(linear >= 0) << 7 | segment << 4 | step) as u8) ^ 0x55
            }
            Law::Mu => {
                let magnitude = ((magnitude >> 2) + 33).min(8_191);
                let segment = magnitude.ilog2() - 5;
                !((u32::from(linear < 0) << 7 | segment << 4 | magnitude >> (segment + 1) & 15) as u8)
            }
        }
    }

    #[test]
    fn every_value_has_the_code_of_the_table() {
        for law in [Law::A, Law::Mu] {
            for linear in i16::MIN..=i16::MAX {
                assert_eq!(encoded(law, linear), code(law, linear), "{law:?} {linear}");
            }
        }
    }
}
