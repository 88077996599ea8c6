//! What an offer and its answer settled for the one audio line.

use std::net::SocketAddr;
use std::time::Duration;

use super::dtls::DtlsExchange;
use super::{CryptoKey, IceDescription, KeyAndSalt};

/// Who may send (RFC 3264 §5.1), from the point of view of whoever holds the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Direction {
    /// Both ways.
    #[default]
    SendRecv,
    /// We send.
    SendOnly,
    /// We receive.
    RecvOnly,
    /// Nobody sends.
    Inactive,
}

impl Direction {
    /// True when the holder may send.
    pub fn sends(self) -> bool {
        matches!(self, Direction::SendRecv | Direction::SendOnly)
    }
    /// True when the holder may receive.
    pub fn receives(self) -> bool {
        matches!(self, Direction::SendRecv | Direction::RecvOnly)
    }
    /// The same line seen from the other side.
    pub fn reversed(self) -> Direction {
        match self {
            Direction::SendOnly => Direction::RecvOnly,
            Direction::RecvOnly => Direction::SendOnly,
            both => both,
        }
    }
}

/// One payload format of an m= line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Format {
    /// RTP payload type number, 0..=127.
    pub payload_type: u8,
    /// Encoding name, `PCMU`, `opus`, `telephone-event` (compare without case).
    pub encoding: String,
    /// RTP clock rate in Hz.
    pub clock_rate: u32,
    /// Channels of the rtpmap; 1 when not written.
    pub channels: u8,
    /// The fmtp parameters verbatim.
    pub fmtp: Option<String>,
}

/// Extended reports that the peer asks for (RFC 3611 §5.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ExtendedReports {
    /// `voip-metrics`: how it sounds.
    pub voip_metrics: bool,
    /// `stat-summary`: what was counted.
    pub statistics: bool,
    /// `rcvr-rtt=all`: round trips for those who only receive.
    pub receiver_rtt: bool,
}

impl ExtendedReports {
    /// What this phone asks for, the value of `a=rtcp-xr`: no more than it shows, as an INVITE must fit into a datagram.
    pub(super) const OURS: &str = "rcvr-rtt=all voip-metrics";

    /// Read the value of `a=rtcp-xr`; what is not known is passed over.
    pub fn parse(value: &str) -> ExtendedReports {
        let names = |name: &'static str| {
            value.split_ascii_whitespace().find_map(move |format| {
                let rest =
                    format.get(..name.len()).filter(|head| head.eq_ignore_ascii_case(name)).map(|_| name.len())?;
                let rest = format.get(rest..)?;
                (rest.is_empty() || rest.starts_with('=')).then_some(rest)
            })
        };
        ExtendedReports {
            voip_metrics: names("voip-metrics").is_some(),
            statistics: names("stat-summary").is_some(),
            receiver_rtt: names("rcvr-rtt").is_some_and(|mode| mode.starts_with("=all")),
        }
    }
}

/// What protects the sound, both ways: SRTP with keys that the descriptions carried (RFC 4568).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Srtp {
    /// The suite, by its name in the registry of RFC 4568.
    pub suite: &'static str,
    /// The key of what we send. Forks of a call share it, so that each of their streams has an SSRC of its own.
    pub send: KeyAndSalt,
    /// The keys of what the peer sends; several are told apart by their identifiers.
    pub receive: Vec<CryptoKey>,
}

/// ICE on both sides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IceAgreed {
    /// What we told the peer last. Another name than before restarts it.
    pub ours: IceDescription,
    /// What the peer told us last.
    pub theirs: IceDescription,
    /// We decide which pair is used, as ours was the offer; for the first time and after a restart.
    pub controlling: bool,
}

/// The settled audio stream, from our point of view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agreed {
    /// Where our RTP goes; `None` while the peer gave 0.0.0.0 or port 0.
    pub remote_rtp: Option<SocketAddr>,
    /// Where our RTCP goes (RFC 3605, or RTP port + 1; equal to `remote_rtp` with mux).
    pub remote_rtcp: Option<SocketAddr>,
    /// RTP and RTCP share a port (RFC 5761).
    pub rtcp_mux: bool,
    /// What the peer asks to be told in reports.
    pub extended_reports: ExtendedReports,
    /// The format we send; its payload type is the one the peer asked for.
    pub send: Format,
    /// Every format we must be able to receive, by the payload types we gave; the preferred one first, comfort noise last,
    /// no telephone-event.
    pub receive: Vec<Format>,
    /// Payload type and clock rate for RFC 4733 events we send; `None` = peer takes none.
    pub telephone_event_send: Option<(u8, u32)>,
    /// Payload types and clock rates on which events may arrive.
    pub telephone_event_receive: Vec<(u8, u32)>,
    /// Payload type for comfort noise (RFC 3389) we send in silence; `None` = peer takes none beside this codec.
    pub comfort_noise_send: Option<u8>,
    /// Sound per packet we send (the peer's ptime, else 20 ms).
    pub ptime: Duration,
    /// Our direction.
    pub direction: Direction,
    /// What protects it, where the descriptions carried the keys.
    pub srtp: Option<Srtp>,
    /// How a way is looked for; `None` = it is where the descriptions say.
    pub ice: Option<IceAgreed>,
    /// Both have ICE, but the addresses of a description were rewritten on their way: it is not used.
    pub mangled: bool,
    /// The handshake that brings the keys; without either of the two it is plain RTP, and never with both.
    pub dtls: Option<DtlsExchange>,
}
