//! GSM 06.10 full rate (ETSI EN 300 961): 8 kHz, 20 ms in 33 bytes, in the fixed-point arithmetic of its §5.
//!
//! Short-term filter → long-term predictor → every third sample of what is left, per 5 ms.

mod analysis;
mod arithmetic;
mod frame;
mod lattice;
mod residual;

use super::Decoded;
use super::at_rate::{Compress, Expand};
use analysis::{Preprocessor, log_area_ratios};
use arithmetic::{rounded_product, sum};
use frame::{FRAME_BYTES, Parameters};
use lattice::{Analysis, Synthesis};
use residual::{History, SUBFRAME};

/// Samples of a frame.
const SAMPLES: usize = 160;

/// 8 kHz sound to frames.
#[derive(Debug, Clone, Default)]
pub struct GsmEncoder {
    preprocessor: Preprocessor,
    lattice: Analysis,
    history: History,
}

impl GsmEncoder {
    fn frame(&mut self, sound: &[i16; SAMPLES]) -> Parameters {
        let mut sound = self.preprocessor.filter(sound);
        let ratios = log_area_ratios(&mut sound);
        self.lattice.filter(&ratios, &mut sound);
        let mut subframes = sound.as_chunks::<SUBFRAME>().0.iter();
        let subframes =
            [(); 4].map(|()| subframes.next().map_or_else(Default::default, |part| self.history.code(part)));
        Parameters { ratios, subframes }
    }
}

impl Compress for GsmEncoder {
    fn compress(&mut self, sound: &[i16], payload: &mut Vec<u8>) {
        payload.extend(sound.as_chunks().0.iter().flat_map(|part| self.frame(part).pack()));
    }
}

/// Frames to 8 kHz sound.
#[derive(Debug, Clone, Default)]
pub struct GsmDecoder {
    history: History,
    lattice: Synthesis,
    deemphasised: i32,
}

impl GsmDecoder {
    fn sound(&mut self, frame: &Parameters) -> [i16; SAMPLES] {
        let mut sound = [0; SAMPLES];
        for (to, subframe) in sound.as_chunks_mut::<SUBFRAME>().0.iter_mut().zip(&frame.subframes) {
            *to = self.history.decode(subframe);
        }
        self.lattice.filter(&frame.ratios, &mut sound);
        //= EN 300 961 §5.3.5: de-emphasis, and 13 bits of 16
        sound.map(|sample| {
            self.deemphasised = sum(sample, rounded_product(self.deemphasised, 28_180));
            (sum(self.deemphasised, self.deemphasised) & !7) as i16
        })
    }
}

impl Expand for GsmDecoder {
    fn expand(&mut self, payload: &[u8], sound: &mut Vec<i16>) -> Decoded {
        let (frames, rest) = payload.as_chunks::<FRAME_BYTES>();
        if !rest.is_empty() {
            return Decoded::Damaged;
        }
        for frame in frames {
            let Some(parameters) = Parameters::unpack(frame) else { return Decoded::Damaged };
            sound.extend(self.sound(&parameters));
        }
        Decoded::Sound
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{generated, hash};
    use super::*;

    /// Of code that agrees bit for bit with an independent coder, frame by frame, both directions, on speech and on this.
    #[test]
    fn every_bit_is_the_recommendations() {
        let (mut frames, mut sound) = (Vec::new(), Vec::new());
        GsmEncoder::default().compress(&generated(), &mut frames);
        assert_eq!(hash(frames.iter().copied()), "dfb3cc188b50b1bc29a26cc01c240de82b214f55569829425b0111b8f5a28fa8");
        assert_eq!(GsmDecoder::default().expand(&frames, &mut sound), Decoded::Sound);
        assert_eq!(
            hash(sound.iter().flat_map(|sample| sample.to_le_bytes())),
            "43dbdce3d2f6ec5a36d8dbd3712958e52978aadf56f05bcd245dad0e8befc607"
        );
    }

    #[test]
    fn frames_are_packed_and_read() {
        let parameters = Parameters { ratios: [63, 1, 31, 2, 15, 3, 7, 4], ..Parameters::default() };
        let packed = parameters.clone().pack();
        //= RFC 3551 §4.5.8.1: the signature, then six bits of the first ratio
        assert_eq!(packed[..2], [0xdf, 0xc1]);
        assert_eq!(Parameters::unpack(&packed), Some(parameters));
        assert_eq!(Parameters::unpack(&[0xcf; FRAME_BYTES]), None);
    }

    /// Any parameters at all, and the loudest sound: no sum leaves its bounds.
    #[test]
    fn nothing_overflows() {
        let (mut decoder, mut encoder, mut state) = (GsmDecoder::default(), GsmEncoder::default(), 1_u32);
        let mut random = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        };
        for _ in 0..2_000 {
            let mut frame: [u8; FRAME_BYTES] = std::array::from_fn(|_| random());
            frame[0] |= 0xd0;
            frame[0] &= 0xdf;
            let mut sound = Vec::new();
            assert_eq!(decoder.expand(&frame, &mut sound), Decoded::Sound);
            encoder.compress(&sound, &mut Vec::new());
            let square: Vec<i16> = (0..SAMPLES).map(|_| if random() < 128 { i16::MIN } else { i16::MAX }).collect();
            encoder.compress(&square, &mut Vec::new());
        }
    }
}
