//! Linear samples of 16 bits (RFC 3551 §4.5.11), the most significant byte first; channels in turn.

use super::Decoded;
use super::at_rate::{Compress, Expand};

/// Both directions. Said alike in all channels; heard as their mean.
pub struct L16 {
    channels: usize,
}

impl L16 {
    /// With so many channels.
    pub fn new(channels: u8) -> L16 {
        L16 { channels: usize::from(channels.max(1)) }
    }
}

impl Compress for L16 {
    fn compress(&mut self, sound: &[i16], payload: &mut Vec<u8>) {
        for sample in sound {
            for _ in 0..self.channels {
                payload.extend(sample.to_be_bytes());
            }
        }
    }
}

impl Expand for L16 {
    fn expand(&mut self, payload: &[u8], sound: &mut Vec<i16>) -> Decoded {
        let moments = payload.chunks_exact(2 * self.channels);
        if !moments.remainder().is_empty() {
            return Decoded::Damaged;
        }
        sound.extend(moments.map(|moment| {
            let sum: i32 = moment.as_chunks().0.iter().map(|bytes| i32::from(i16::from_be_bytes(*bytes))).sum();
            (sum / self.channels as i32) as i16
        }));
        Decoded::Sound
    }

    fn foresee(&mut self, payload: &[u8], sound: &mut Vec<i16>) -> bool {
        self.expand(payload, sound) == Decoded::Sound
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    //= RFC 3551 §4.5.11, §4.1: network byte order, left and right in turn
    #[test]
    fn samples_are_written_and_read() {
        let (mut mono, mut stereo) = (L16::new(1), L16::new(2));
        let (mut one, mut two, mut heard) = (Vec::new(), Vec::new(), Vec::new());
        mono.compress(&[0x0102, -2], &mut one);
        stereo.compress(&[0x0102, -2], &mut two);
        assert_eq!(one, [1, 2, 0xff, 0xfe]);
        assert_eq!(two, [1, 2, 1, 2, 0xff, 0xfe, 0xff, 0xfe]);
        assert_eq!(stereo.expand(&[0x7f, 0xff, 0x7f, 0xff, 0x00, 0x04, 0xff, 0xfe], &mut heard), Decoded::Sound);
        assert_eq!(heard, [0x7fff, 1]);
        for odd in [&[1][..], &[1, 2, 3], &[1, 2, 3, 4, 5, 6]] {
            assert_eq!(stereo.expand(odd, &mut heard), Decoded::Damaged, "{} bytes", odd.len());
        }
    }
}
