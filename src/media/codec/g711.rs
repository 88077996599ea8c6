//! G.711: 8 kHz, a byte a sample.

use super::Decoded;
use super::at_rate::{Compress, Expand};
use audio_codec_algorithms::{decode_alaw, decode_ulaw, encode_alaw, encode_ulaw};

/// The two curves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Law {
    /// PCMA.
    A,
    /// PCMU.
    Mu,
}

/// Both directions.
pub struct G711(pub Law);

impl Compress for G711 {
    fn compress(&mut self, sound: &[i16], payload: &mut Vec<u8>) {
        match self.0 {
            Law::A => payload.extend(sound.iter().copied().map(encode_alaw)),
            Law::Mu => payload.extend(sound.iter().copied().map(encode_ulaw)),
        }
    }
}

impl Expand for G711 {
    fn expand(&mut self, payload: &[u8], sound: &mut Vec<i16>) -> Decoded {
        match self.0 {
            Law::A => sound.extend(payload.iter().copied().map(decode_alaw)),
            Law::Mu => sound.extend(payload.iter().copied().map(decode_ulaw)),
        }
        Decoded::Sound
    }

    fn foresee(&mut self, payload: &[u8], sound: &mut Vec<i16>) -> bool {
        self.expand(payload, sound) == Decoded::Sound
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
