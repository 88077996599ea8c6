//! What this phone can code, as SDP names it.

use super::Format;

/// One codec we can use, before it has a payload type number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capability {
    /// Encoding name as written in rtpmap, `PCMU`, `opus`.
    pub encoding: String,
    /// RTP clock rate in Hz (G.722: 8000, RFC 3551 §4.5.2).
    pub clock_rate: u32,
    /// Channels as written in rtpmap.
    pub channels: u8,
    /// The number RFC 3551 gives it, if it gives one.
    pub static_payload_type: Option<u8>,
    /// fmtp parameters we state for what we receive.
    pub fmtp: Option<String>,
    /// How long our packets of it can be, ms, the shortest first.
    pub packet_ms: Vec<u16>,
}

impl Capability {
    /// True when the format is this codec: name without case, clock rate and channels.
    pub fn matches(&self, format: &Format) -> bool {
        format.encoding.eq_ignore_ascii_case(&self.encoding)
            && format.clock_rate == self.clock_rate
            && format.channels == self.channels
    }

    /// This codec under a number.
    pub fn numbered(&self, payload_type: u8) -> Format {
        Format {
            payload_type,
            encoding: self.encoding.clone(),
            clock_rate: self.clock_rate,
            channels: self.channels,
            fmtp: self.fmtp.clone(),
        }
    }
}
