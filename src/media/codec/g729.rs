//! G.729 with annexes A and B, where a library for it is installed: frames of 10 ms in 10 bytes, silence in 2.
//!
//! The library is handed in: nothing here knows where it comes from.

use super::super::level::dbfs;
use super::at_rate::{Compress, Expand};
use super::{ComfortNoise, Decoded};
use std::fmt::Debug;

/// Samples of a frame.
pub const SAMPLES: usize = 80;
/// Bytes of a frame of speech.
pub const FRAME_BYTES: usize = 10;
/// Bytes of a frame that describes silence.
const SILENCE_BYTES: usize = 2;

/// Who makes encoders and decoders of G.729.
pub trait Library: Debug + Send + Sync {
    /// An encoder; with `annex_b` it falls silent in silence. `None` = the library has no room for it.
    fn encoder(&self, annex_b: bool) -> Option<Box<dyn EncodeFrame>>;
    /// A decoder; `None` = the library has no room for it.
    fn decoder(&self) -> Option<Box<dyn DecodeFrame>>;
}

/// 10 ms to bytes.
pub trait EncodeFrame: Send {
    /// How many bytes were written: 10 of speech, 2 of silence, none.
    fn encode(&mut self, sound: &[i16; SAMPLES], bytes: &mut [u8; FRAME_BYTES]) -> usize;
}

/// Bytes to 10 ms.
pub trait DecodeFrame: Send {
    /// 10 bytes of speech or 2 of silence; `None` = lost, or the silence goes on.
    fn decode(&mut self, bytes: Option<&[u8]>, sound: &mut [i16; SAMPLES]);
}

impl Compress for Box<dyn EncodeFrame> {
    fn compress(&mut self, sound: &[i16], payload: &mut Vec<u8>) {
        let mut over = false;
        for frame in sound.as_chunks().0 {
            let mut bytes = [0; FRAME_BYTES];
            let length = self.encode(frame, &mut bytes);
            //= RFC 3551 §4.5.6: a frame of silence is the last of its packet
            if !over {
                payload.extend(bytes.iter().take(length));
            }
            over |= length == SILENCE_BYTES;
        }
    }
}

impl Expand for Box<dyn DecodeFrame> {
    fn expand(&mut self, payload: &[u8], sound: &mut Vec<i16>) -> Decoded {
        let (frames, rest) = payload.as_chunks::<FRAME_BYTES>();
        if !rest.is_empty() && rest.len() != SILENCE_BYTES {
            return Decoded::Damaged;
        }
        let mut samples = [0; SAMPLES];
        for frame in frames {
            self.decode(Some(frame), &mut samples);
            sound.extend(samples);
        }
        if rest.is_empty() {
            return Decoded::Sound;
        }
        self.decode(Some(rest), &mut samples);
        sound.extend(samples);
        let power = samples.iter().map(|sample| (f32::from(*sample) / 32_768.0).powi(2)).sum::<f32>();
        Decoded::Noise(ComfortNoise::white(dbfs((power / SAMPLES as f32).sqrt())))
    }

    fn conceal(&mut self, length: usize, sound: &mut Vec<i16>) -> bool {
        let mut samples = [0; SAMPLES];
        for _ in 0..length / SAMPLES {
            self.decode(None, &mut samples);
            sound.extend(samples);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Says its frames by their lengths.
    struct Script(std::vec::IntoIter<usize>);

    impl EncodeFrame for Script {
        fn encode(&mut self, _: &[i16; SAMPLES], bytes: &mut [u8; FRAME_BYTES]) -> usize {
            bytes.fill(1);
            self.0.next().unwrap_or(0)
        }
    }

    impl DecodeFrame for Script {
        fn decode(&mut self, bytes: Option<&[u8]>, sound: &mut [i16; SAMPLES]) {
            sound.fill(bytes.map_or(-1, |bytes| bytes.len() as i16));
        }
    }

    //= RFC 3551 §4.5.6
    #[test]
    fn a_packet_ends_with_its_silence() {
        for (frames, length) in [
            (vec![10, 10], 20),
            (vec![10, 2], 12),
            (vec![2, 0], 2),
            (vec![2, 10], 2),
            (vec![0, 0], 0),
            (vec![0, 10], 10),
        ] {
            let mut payload = Vec::new();
            let mut encoder: Box<dyn EncodeFrame> = Box::new(Script(frames.clone().into_iter()));
            encoder.compress(&[0; 2 * SAMPLES], &mut payload);
            assert_eq!(payload.len(), length, "{frames:?}");
        }
    }

    #[test]
    fn frames_are_told_by_their_lengths() {
        for (length, samples, what) in [
            (10, 80, "sound"),
            (20, 160, "sound"),
            (2, 80, "noise"),
            (12, 160, "noise"),
            (1, 0, "damaged"),
            (11, 0, "damaged"),
            (18, 0, "damaged"),
        ] {
            let (mut sound, payload) = (Vec::new(), vec![1; length]);
            let mut decoder: Box<dyn DecodeFrame> = Box::new(Script(Vec::new().into_iter()));
            let decoded = match decoder.expand(&payload, &mut sound) {
                Decoded::Sound => "sound",
                Decoded::Noise(_) => "noise",
                Decoded::Damaged => "damaged",
            };
            assert_eq!((decoded, sound.len()), (what, samples), "{length} bytes");
        }
    }
}
