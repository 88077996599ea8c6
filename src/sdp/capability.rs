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
}

/// `(audioCodecs id, rtpmap name, clock rate, channels, static payload type, fmtp)`. The id names the sampling
/// rate, SDP the RTP clock.
type Row = (&'static str, &'static str, u32, u8, Option<u8>, Option<&'static str>);

const TABLE: &[Row] = &[
    ("opus/48000/2", "opus", 48_000, 2, None, Some("useinbandfec=1")),
    ("PCMA/8000/1", "PCMA", 8_000, 1, Some(8), None),
    ("PCMU/8000/1", "PCMU", 8_000, 1, Some(0), None),
    ("G722/16000/1", "G722", 8_000, 1, Some(9), None),
    ("G7221/16000/1", "G7221", 16_000, 1, None, Some("bitrate=32000")),
    ("G7221/32000/1", "G7221", 32_000, 1, None, Some("bitrate=48000")),
    ("G723/8000/1", "G723", 8_000, 1, Some(4), None),
    ("G729/8000/1", "G729", 8_000, 1, Some(18), Some("annexb=no")),
    ("GSM/8000/1", "GSM", 8_000, 1, Some(3), None),
    ("GSM-EFR/8000/1", "GSM-EFR", 8_000, 1, None, None),
    ("AMR/8000/1", "AMR", 8_000, 1, None, Some("octet-align=1")),
    ("AMR-WB/16000/1", "AMR-WB", 16_000, 1, None, Some("octet-align=1")),
    ("iLBC/8000/1", "iLBC", 8_000, 1, None, Some("mode=30")),
    ("speex/32000/1", "speex", 32_000, 1, None, None),
    ("speex/16000/1", "speex", 16_000, 1, None, None),
    ("speex/8000/1", "speex", 8_000, 1, None, None),
    ("SILK/24000/1", "SILK", 24_000, 1, None, None),
    ("SILK/16000/1", "SILK", 16_000, 1, None, None),
    ("SILK/12000/1", "SILK", 12_000, 1, None, None),
    ("SILK/8000/1", "SILK", 8_000, 1, None, None),
    ("L16/8000/1", "L16", 8_000, 1, None, None),
    ("L16/8000/2", "L16", 8_000, 2, None, None),
    ("L16/16000/1", "L16", 16_000, 1, None, None),
    ("L16/16000/2", "L16", 16_000, 2, None, None),
    ("L16/44100/1", "L16", 44_100, 1, Some(11), None),
    ("L16/44100/2", "L16", 44_100, 2, Some(10), None),
    ("L16/48000/1", "L16", 48_000, 1, None, None),
    ("L16/48000/2", "L16", 48_000, 2, None, None),
];

impl Capability {
    /// The codec of an `audioCodecs` id, `opus/48000/2`, `G722/16000/1`. As in MicroSIP a prefix is enough and case
    /// does not matter. `None` when no id begins so. Whether this phone can code it is the caller's to know.
    pub fn from_microsip_id(id: &str) -> Option<Capability> {
        let id = id.trim();
        let named = |row: &&Row| row.0.get(..id.len()).is_some_and(|head| head.eq_ignore_ascii_case(id));
        let exact = |row: &&Row| row.0.eq_ignore_ascii_case(id);
        let row = TABLE.iter().find(exact).or_else(|| TABLE.iter().find(named))?;
        if id.is_empty() {
            return None;
        }
        let &(_, encoding, clock_rate, channels, static_payload_type, fmtp) = row;
        Some(Capability {
            encoding: encoding.into(),
            clock_rate,
            channels,
            static_payload_type,
            fmtp: fmtp.map(str::to_owned),
        })
    }

    /// The `audioCodecs` id of this codec, if it has one.
    pub fn microsip_id(&self) -> Option<&'static str> {
        TABLE
            .iter()
            .find(|row| {
                row.1.eq_ignore_ascii_case(&self.encoding) && row.2 == self.clock_rate && row.3 == self.channels
            })
            .map(|row| row.0)
    }

    /// True when the format is this codec: name without case, clock rate and channels.
    pub fn matches(&self, format: &Format) -> bool {
        format.encoding.eq_ignore_ascii_case(&self.encoding)
            && format.clock_rate == self.clock_rate
            && format.channels == self.channels
    }
}
