//! One RTP packet, read in place and written into a reused buffer.

use super::{RtpTime, SequenceNumber, Ssrc};

/// An RTP packet; CSRCs, extension and padding are checked and left behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Packet<'a> {
    /// Payload type, 0..=127.
    pub payload_type: u8,
    /// Marker bit; for sound the start of a talkspurt.
    pub marker: bool,
    /// Sequence number.
    pub sequence: SequenceNumber,
    /// Timestamp.
    pub time: RtpTime,
    /// Who sends.
    pub ssrc: Ssrc,
    /// The payload without padding.
    pub payload: &'a [u8],
}

/// Why a datagram is no RTP packet.
#[derive(Debug, thiserror::Error)]
#[error("not an RTP packet: {0}")]
pub struct PacketError(#[from] rtp_types::RtpParseError);

impl<'a> Packet<'a> {
    /// Read a datagram. Refused: another version than 2, and lengths of CSRCs, extension or padding that do not fit.
    pub fn parse(datagram: &'a [u8]) -> Result<Packet<'a>, PacketError> {
        let packet = rtp_types::RtpPacket::parse(datagram)?;
        let start = packet.payload_offset();
        let payload = datagram.get(start..start.saturating_add(packet.payload_len())).unwrap_or_default();
        Ok(Packet {
            payload_type: packet.payload_type(),
            marker: packet.marker_bit(),
            sequence: SequenceNumber(packet.sequence_number()),
            time: RtpTime(packet.timestamp()),
            ssrc: Ssrc(packet.ssrc()),
            payload,
        })
    }

    /// Write the packet in place of what `buffer` held.
    pub fn write(&self, buffer: &mut Vec<u8>) {
        const VERSION_2: u8 = 0x80;
        buffer.clear();
        buffer.push(VERSION_2);
        buffer.push((self.payload_type & 0x7f) | if self.marker { 0x80 } else { 0 });
        buffer.extend_from_slice(&self.sequence.0.to_be_bytes());
        buffer.extend_from_slice(&self.time.0.to_be_bytes());
        buffer.extend_from_slice(&self.ssrc.0.to_be_bytes());
        buffer.extend_from_slice(self.payload);
    }
}

/// Tells RTCP from RTP on a shared port.
//= RFC 5761 §4: packet types 192–223
pub fn is_rtcp(datagram: &[u8]) -> bool {
    datagram.get(1).is_some_and(|kind| (192..=223).contains(kind))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const FIXED: [u8; 12] = [0x80, 0x88, 0x12, 0x34, 0, 0, 0, 9, 1, 2, 3, 4];

    fn with(first: u8, tail: &[u8]) -> Vec<u8> {
        let mut bytes = FIXED.to_vec();
        bytes[0] = first;
        bytes.extend_from_slice(tail);
        bytes
    }

    #[test]
    fn payloads_found_and_bad_lengths_refused() {
        type Row = (&'static str, Vec<u8>, Option<&'static [u8]>);
        let rows: &[Row] = &[
            ("plain", with(0x80, b"abc"), Some(b"abc")),
            ("empty", with(0x80, b""), Some(b"")),
            ("one CSRC", with(0x81, b"\0\0\0\x01abc"), Some(b"abc")),
            ("CSRC cut", with(0x82, b"\0\0\0\x01abc"), None),
            ("extension", with(0x90, b"\xbe\xde\0\x01\0\0\0\0abc"), Some(b"abc")),
            ("extension too long", with(0x90, b"\xbe\xde\xff\xff\0\0\0\0abc"), None),
            ("extension header cut", with(0x90, b"\xbe\xde"), None),
            ("padding", with(0xa0, b"abc\0\0\x03"), Some(b"abc")),
            ("all padding", with(0xa0, b"\0\x02"), Some(b"")),
            ("padding 0", with(0xa0, b"abc\0"), None),
            ("padding too long", with(0xa0, b"abc\x05"), None),
            ("padding nowhere", with(0xa0, b""), None),
            ("version 1", with(0x40, b"abc"), None),
            ("too short", FIXED[..11].to_vec(), None),
        ];
        for (what, bytes, payload) in rows {
            assert_eq!(Packet::parse(bytes).ok().map(|p| p.payload), *payload, "{what}");
        }
    }

    #[test]
    fn rtcp_is_told_from_rtp() {
        assert!(is_rtcp(&[0x80, 200]) && is_rtcp(&[0x80, 207]));
        assert!(!is_rtcp(&[0x80, 0x88]) && !is_rtcp(&[0x80]));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_datagram(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            let _ = Packet::parse(&bytes);
        }

        #[test]
        fn written_is_read(payload_type in 0u8..128, marker: bool, s: u16, t: u32, ssrc: u32, payload in proptest::collection::vec(any::<u8>(), 0..40)) {
            let packet = Packet { payload_type, marker, sequence: SequenceNumber(s), time: RtpTime(t), ssrc: Ssrc(ssrc), payload: &payload };
            let mut buffer = vec![1, 2, 3];
            packet.write(&mut buffer);
            prop_assert_eq!(Packet::parse(&buffer).ok(), Some(packet));
        }
    }
}
