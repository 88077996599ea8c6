//! The few fields of RTP and RTCP that protection depends on.

use super::SrtpError;
use crate::rtp::Ssrc;

/// Octets of an RTCP header that stay in clear: the first four and the SSRC.
pub(super) const RTCP_HEADER: usize = 8;

/// What an RTP packet says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RtpHeader {
    pub(super) ssrc: Ssrc,
    pub(super) sequence: u16,
    /// Octets up to the payload: with CSRCs and extension, which stay in clear.
    pub(super) length: usize,
}

impl RtpHeader {
    /// Read the header of a packet of which at least the header is there.
    pub(super) fn read(packet: &[u8]) -> Result<RtpHeader, SrtpError> {
        const FIXED: usize = 12;
        const EXTENSION: u8 = 0x10;
        let fixed = packet.first_chunk::<FIXED>().ok_or(SrtpError::Short(packet.len()))?;
        let [first, _, high, low, _, _, _, _, a, b, c, d] = *fixed;
        if !version_2(first) {
            return Err(SrtpError::Malformed);
        }
        //= RFC 3550 §5.1, §5.3.1
        let mut length = FIXED.saturating_add(usize::from(first & 0x0f).saturating_mul(4));
        if first & EXTENSION != 0 {
            let head = packet.get(length..).and_then(|rest| rest.first_chunk::<4>()).ok_or(SrtpError::Malformed)?;
            let words = usize::from(u16::from_be_bytes([head[2], head[3]]));
            length = length.saturating_add(4).saturating_add(words.saturating_mul(4));
        }
        if length > packet.len() {
            return Err(SrtpError::Malformed);
        }
        Ok(RtpHeader {
            ssrc: Ssrc(u32::from_be_bytes([a, b, c, d])),
            sequence: u16::from_be_bytes([high, low]),
            length,
        })
    }
}

/// The SSRC an RTCP packet comes from: that of its first part.
pub(super) fn rtcp_ssrc(packet: &[u8]) -> Result<Ssrc, SrtpError> {
    let &[first, _, _, _, a, b, c, d] = packet.first_chunk::<RTCP_HEADER>().ok_or(SrtpError::Short(packet.len()))?;
    if version_2(first) { Ok(Ssrc(u32::from_be_bytes([a, b, c, d]))) } else { Err(SrtpError::Malformed) }
}

fn version_2(first: u8) -> bool {
    first >> 6 == 2
}
