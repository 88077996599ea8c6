//! The frames of AudioSocket: a kind, the length of the payload in two bytes, big-endian, and the payload.

/// Bytes before the payload.
pub const HEADER: usize = 3;

/// Rates of sound in Hz. The kind of the first is 0x10, those of the others follow.
pub const RATES: [u32; 9] = [8_000, 12_000, 16_000, 24_000, 32_000, 44_100, 48_000, 96_000, 192_000];

const HANG_UP: u8 = 0x00;
const ID: u8 = 0x01;
const DIGIT: u8 = 0x03;
const FIRST_SOUND: u8 = 0x10;
const ERROR: u8 = 0xff;

/// What a frame says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Frame<'a> {
    /// The connection ends.
    HangUp,
    /// Which call this is.
    Id(&'a [u8]),
    /// A DTMF digit.
    Digit(char),
    /// s16le mono, whole samples.
    Sound {
        /// Samples a second.
        rate: u32,
        /// The samples.
        bytes: &'a [u8],
    },
    /// The other side failed, with a number of its own if it has one.
    Error(Option<u8>),
    /// Something that is none of these.
    Other,
}

impl Frame<'_> {
    /// The length of the payload that follows this header.
    pub fn length([_, high, low]: [u8; HEADER]) -> usize {
        usize::from(u16::from_be_bytes([high, low]))
    }

    /// What a frame of this kind says.
    pub fn parse(kind: u8, payload: &[u8]) -> Frame<'_> {
        let rate = || RATES.get(usize::from(kind.checked_sub(FIRST_SOUND)?)).copied();
        match (kind, payload) {
            (HANG_UP, _) => Frame::HangUp,
            (ID, id) => Frame::Id(id),
            (DIGIT, &[digit @ (b'0'..=b'9' | b'*' | b'#' | b'A'..=b'D' | b'a'..=b'd')]) => {
                Frame::Digit(char::from(digit.to_ascii_uppercase()))
            }
            (ERROR, payload) => Frame::Error(payload.first().copied()),
            _ => match rate() {
                Some(rate) => {
                    let whole = payload.len() & !1;
                    Frame::Sound { rate, bytes: payload.get(..whole).unwrap_or_default() }
                }
                None => Frame::Other,
            },
        }
    }

    /// The bytes of a frame; a payload longer than a frame can be is cut.
    pub fn bytes(&self) -> Vec<u8> {
        let mut digit = [0; 4];
        let (kind, payload): (u8, &[u8]) = match self {
            Frame::HangUp | Frame::Other => (HANG_UP, &[]),
            Frame::Id(id) => (ID, id),
            Frame::Digit(c) => (DIGIT, c.encode_utf8(&mut digit).as_bytes()),
            Frame::Error(_) => (ERROR, &[]),
            Frame::Sound { rate, bytes } => {
                let place = RATES.iter().position(|known| known == rate).and_then(|at| u8::try_from(at).ok());
                (FIRST_SOUND.saturating_add(place.unwrap_or_default()), bytes)
            }
        };
        let length = u16::try_from(payload.len()).unwrap_or(u16::MAX);
        let payload = payload.get(..usize::from(length)).unwrap_or_default();
        [&[kind], &length.to_be_bytes()[..], payload].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_asterisks() {
        for (bytes, frame) in [
            (&[0, 0, 0][..], Frame::HangUp),
            (&[1, 0, 2, 7, 8], Frame::Id(&[7, 8])),
            (&[3, 0, 1, b'#'], Frame::Digit('#')),
            (&[0x10, 0, 2, 1, 2], Frame::Sound { rate: 8_000, bytes: &[1, 2] }),
            (&[0x12, 0, 4, 1, 2, 3, 4], Frame::Sound { rate: 16_000, bytes: &[1, 2, 3, 4] }),
            (&[0x18, 0, 0], Frame::Sound { rate: 192_000, bytes: &[] }),
            (&[0xff, 0, 0], Frame::Error(None)),
        ] {
            let (head, payload) = bytes.split_at(HEADER);
            assert_eq!(Frame::length([head[0], head[1], head[2]]), payload.len());
            assert_eq!(Frame::parse(head[0], payload), frame);
            assert_eq!(frame.bytes(), bytes);
        }
    }

    #[test]
    fn what_makes_no_sense_is_put_aside() {
        for (kind, payload, frame) in [
            (0x10, &[1, 2, 3][..], Frame::Sound { rate: 8_000, bytes: &[1, 2] }),
            (0x10, &[1], Frame::Sound { rate: 8_000, bytes: &[] }),
            (0x19, &[1, 2], Frame::Other),
            (0x02, &[], Frame::Other),
            (0x0f, &[1, 2], Frame::Other),
            (0x03, b"x", Frame::Other),
            (0x03, b"12", Frame::Other),
            (0x03, &[], Frame::Other),
            (0x03, b"d", Frame::Digit('D')),
            (0xff, &[4, 5], Frame::Error(Some(4))),
            (0x00, &[1, 2, 3], Frame::HangUp),
        ] {
            assert_eq!(Frame::parse(kind, payload), frame, "{kind:#x} {payload:?}");
        }
        assert_eq!(Frame::Id(&[0; 70_000]).bytes().len(), HEADER + 65_535);
    }
}
