//! ChannelData, and messages out of a stream.

/// Sound in four bytes of frame.
//= RFC 8656 §12.4
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChannelData<'a> {
    /// 0x4000–0x4FFF.
    pub channel: u16,
    /// What is carried.
    pub data: &'a [u8],
}

impl<'a> ChannelData<'a> {
    /// The least and greatest channel.
    pub const CHANNELS: std::ops::RangeInclusive<u16> = 0x4000..=0x4fff;

    /// Read a datagram or a frame of a stream; padding behind the data is passed over.
    pub fn parse(bytes: &'a [u8]) -> Option<ChannelData<'a>> {
        let (&[c0, c1, l0, l1], rest) = bytes.split_first_chunk::<4>()?;
        let channel = u16::from_be_bytes([c0, c1]);
        let data = rest.get(..usize::from(u16::from_be_bytes([l0, l1])))?;
        Self::CHANNELS.contains(&channel).then_some(ChannelData { channel, data })
    }

    /// The bytes; padded to four on a stream. `None` for more data than a length can tell.
    pub fn to_bytes(self, is_stream: bool) -> Option<Vec<u8>> {
        let length = u16::try_from(self.data.len()).ok()?;
        let mut bytes = Vec::with_capacity(self.data.len() + 8);
        bytes.extend_from_slice(&self.channel.to_be_bytes());
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(self.data);
        if is_stream {
            //= RFC 8656 §12.5: over TCP and TLS padded to a multiple of four
            bytes.resize(bytes.len().next_multiple_of(4), 0);
        }
        Some(bytes)
    }
}

/// Why a stream cannot be read on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FramingError {
    /// Neither a message nor a channel begins here.
    #[error("the TURN server sent what is neither STUN nor a channel")]
    NotTurn,
}

/// Cuts a stream into messages and channel data.
#[derive(Debug, Default)]
pub struct Framer {
    bytes: Vec<u8>,
}

impl Framer {
    /// More of the stream came.
    pub fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// The next whole frame; `None` while it is not complete. After an error the stream is of no use.
    pub fn next_frame(&mut self) -> Result<Option<Vec<u8>>, FramingError> {
        let Some((&[first, _, l0, l1], _)) = self.bytes.split_first_chunk::<4>() else { return Ok(None) };
        let length = usize::from(u16::from_be_bytes([l0, l1]));
        //= RFC 8656 §12: the first bits tell messages from channels
        // A peer may send datagrams of any length through the server: none of them may end the stream.
        let whole = match first {
            0x00..=0x3f => length + 20,
            0x40..=0x4f => (length + 4).next_multiple_of(4),
            _ => return Err(FramingError::NotTurn),
        };
        if self.bytes.len() < whole {
            return Ok(None);
        }
        let rest = self.bytes.split_off(whole);
        Ok(Some(std::mem::replace(&mut self.bytes, rest)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nat::stun::{Class, Method, TransactionId, Writer};

    #[test]
    fn a_stream_is_cut_wherever_it_was_torn() {
        let message = Writer::new(Class::Request, Method::ALLOCATE, TransactionId([1; 12])).finish();
        let sound = ChannelData { channel: 0x4001, data: b"abcde" };
        let frames = [message.clone(), sound.to_bytes(true).unwrap(), message];
        let stream = frames.concat();
        assert_eq!(frames[1].len(), 12);
        for piece in 1..stream.len() {
            let (mut framer, mut got) = (Framer::default(), Vec::new());
            for bytes in stream.chunks(piece) {
                framer.push(bytes);
                while let Some(frame) = framer.next_frame().unwrap() {
                    got.push(frame);
                }
            }
            assert_eq!(got, frames, "in pieces of {piece}");
            assert_eq!(ChannelData::parse(&got[1]), Some(sound));
        }
    }

    #[test]
    fn a_peer_cannot_end_the_stream_by_a_long_datagram() {
        let long = ChannelData { channel: 0x4001, data: &[7; 65_535] };
        let sound = ChannelData { channel: 0x4001, data: b"abcd" };
        let mut framer = Framer::default();
        for frame in [long, sound] {
            framer.push(&frame.to_bytes(true).unwrap());
            let read = framer.next_frame().unwrap().unwrap();
            assert_eq!(ChannelData::parse(&read), Some(frame));
        }
    }

    #[test]
    fn what_is_no_frame_ends_the_stream() {
        type Read = Result<Option<Vec<u8>>, FramingError>;
        let rows: [(&[u8], Read); 4] = [
            (b"SSH-2.0", Err(FramingError::NotTurn)),
            (b"\x80\0\0\0", Err(FramingError::NotTurn)),
            (b"\x50\0\0\0", Err(FramingError::NotTurn)),
            (b"\0\x01\0", Ok(None)),
        ];
        for (bytes, result) in rows {
            let mut framer = Framer::default();
            framer.push(bytes);
            assert_eq!(framer.next_frame(), result, "{bytes:?}");
        }
    }

    #[test]
    fn channels_that_are_none() {
        for bytes in [&b"\x3f\xff\0\0"[..], b"\x50\0\0\0", b"\x40\0\0\x02a", b"\x40\0\0", b""] {
            assert_eq!(ChannelData::parse(bytes), None, "{bytes:?}");
        }
        let empty = ChannelData { channel: 0x4fff, data: b"" };
        assert_eq!(ChannelData::parse(b"\x4f\xff\0\0"), Some(empty));
        assert_eq!(empty.to_bytes(false), Some(b"\x4f\xff\0\0".to_vec()));
        assert_eq!(ChannelData { channel: 0x4000, data: &[0; 65_536] }.to_bytes(false), None);
    }
}
