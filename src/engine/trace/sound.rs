//! The packets of sound that a trace asks for, as they are on the wire: without one a packet costs a look at a flag.

use super::message::Way;
use crate::media::command::StreamId;
use crate::rtp::dropped::Kind;
use base64ct::{Base64, Encoding};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::time::SystemTime;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

/// Traces of sound at once.
const MOST: usize = 4;
/// Packets that a slow reader may fall behind by; what is more is left out.
pub const BACKLOG: usize = 1024;

/// How much of a packet is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// Its header: who sends what when, and nothing of what is said or which keys are pressed.
    Header,
    /// All of it, as it is on the wire: encrypted sound stays so.
    Whole,
}

/// A packet as the media thread saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    at: SystemTime,
    stream: StreamId,
    way: Way,
    local: SocketAddr,
    remote: SocketAddr,
    length: usize,
    bytes: Vec<u8>,
}

/// The media thread's end.
#[derive(Debug, Default)]
pub struct Taps {
    is_open: Cell<bool>,
    list: RefCell<Vec<(Depth, mpsc::Sender<Seen>)>>,
}

impl Taps {
    /// One more wants to know; beyond the most there can be it hears nothing.
    pub fn add(&self, depth: Depth, out: mpsc::Sender<Seen>) {
        let mut list = self.list.borrow_mut();
        list.retain(|(_, out)| !out.is_closed());
        if list.len() < MOST {
            list.push((depth, out));
        }
        self.is_open.set(!list.is_empty());
    }

    /// Somebody wants to know.
    pub fn is_open(&self) -> bool {
        self.is_open.get()
    }

    /// A packet went or came. `local` is asked for where somebody wants to know.
    pub fn saw(
        &self,
        stream: StreamId,
        way: Way,
        bytes: &[u8],
        remote: SocketAddr,
        local: impl FnOnce() -> Option<SocketAddr>,
    ) {
        if !self.is_open.get() || !matches!(Kind::of(bytes), Kind::Rtp | Kind::Rtcp) {
            return;
        }
        let Some(local) = local() else { return };
        #[allow(clippy::disallowed_methods, reason = "the shell reads the clocks")]
        let at = SystemTime::now();
        let mut list = self.list.borrow_mut();
        list.retain(|(depth, out)| {
            let part = bytes.get(..shown(bytes, *depth)).unwrap_or(bytes);
            let seen = Seen { at, stream, way, local, remote, length: bytes.len(), bytes: part.to_vec() };
            !matches!(out.try_send(seen), Err(TrySendError::Closed(_)))
        });
        self.is_open.set(!list.is_empty());
    }
}

/// How many of its bytes are told.
fn shown(packet: &[u8], depth: Depth) -> usize {
    match (depth, Kind::of(packet)) {
        (Depth::Header, Kind::Rtp) => header_length(packet).min(packet.len()),
        _ => packet.len(),
    }
}

//= RFC 3550 §5.1, §5.3.1
fn header_length(packet: &[u8]) -> usize {
    let first = packet.first().copied().unwrap_or_default();
    let fixed = 12 + 4 * usize::from(first & 0x0f);
    match packet.get(fixed + 2..fixed + 4) {
        Some(&[high, low]) if first & 0x10 != 0 => fixed + 4 + 4 * usize::from(u16::from_be_bytes([high, low])),
        _ => fixed,
    }
}

/// A packet, as programs read it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub struct TracedPacket {
    /// RFC 3339 with microseconds, UTC.
    pub time: String,
    /// Which way it went.
    pub way: Way,
    /// Our address on that path.
    pub local: SocketAddr,
    /// The peer's.
    pub remote: SocketAddr,
    /// Its length on the wire.
    pub bytes: usize,
    /// The call it belongs to, `c1`.
    pub call: String,
    /// `rtp` or `rtcp`.
    pub kind: String,
    /// Payload type, of RTP; packet type, of RTCP.
    pub payload_type: u8,
    /// RTP: the marker bit.
    pub marker: bool,
    /// RTP: the sequence number.
    pub sequence: Option<u16>,
    /// RTP: its time in ticks of the clock rate.
    pub timestamp: Option<u32>,
    /// Who sends.
    pub ssrc: Option<u32>,
    /// As much of it as is told, in base64.
    pub data: String,
}

impl Seen {
    /// As programs read it.
    pub fn told(self) -> TracedPacket {
        let is_rtp = Kind::of(&self.bytes) == Kind::Rtp;
        let second = self.bytes.get(1).copied().unwrap_or_default();
        let four = |at: usize| Some(u32::from_be_bytes(self.bytes.get(at..at + 4)?.try_into().ok()?));
        let two = |at: usize| Some(u16::from_be_bytes(self.bytes.get(at..at + 2)?.try_into().ok()?));
        TracedPacket {
            time: humantime::format_rfc3339_micros(self.at).to_string(),
            way: self.way,
            local: self.local,
            remote: self.remote,
            bytes: self.length,
            call: format!("c{}", self.stream.0),
            kind: if is_rtp { "rtp" } else { "rtcp" }.to_owned(),
            payload_type: if is_rtp { second & 0x7f } else { second },
            marker: is_rtp && second & 0x80 != 0,
            sequence: two(2).filter(|_| is_rtp),
            timestamp: four(4).filter(|_| is_rtp),
            ssrc: four(if is_rtp { 8 } else { 4 }),
            data: Base64::encode_string(&self.bytes),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two contributing sources and an extension of one word before the sound.
    const RTP: &[u8] = &[
        0x92, 0x80, 0, 7, 0, 0, 0, 160, 0xab, 0xcd, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0xbe, 0xde, 0, 1, 9, 9, 9, 9, 0x55,
        0x55,
    ];
    const REPORT: &[u8] = &[0x80, 201, 0, 1, 0xab, 0xcd, 0, 1];

    fn at(port: u16) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], port))
    }

    #[test]
    fn a_header_is_told_without_the_sound_behind_it() {
        let taps = Taps::default();
        let (out, mut seen) = mpsc::channel(4);
        let (more, mut whole) = mpsc::channel(4);
        taps.saw(StreamId(1), Way::Sent, RTP, at(2), || panic!("nobody asks"));
        taps.add(Depth::Header, out);
        taps.add(Depth::Whole, more);
        for bytes in [RTP, b"\x00\x01\x00\x00 stun", REPORT] {
            taps.saw(StreamId(1), Way::Received, bytes, at(2), || Some(at(1)));
        }
        let told = seen.try_recv().unwrap().told();
        assert_eq!((told.call.as_str(), told.kind.as_str(), told.bytes), ("c1", "rtp", 30));
        assert_eq!((told.payload_type, told.marker, told.sequence), (0, true, Some(7)));
        assert_eq!((told.timestamp, told.ssrc), (Some(160), Some(0xabcd_0001)));
        assert_eq!(Base64::decode_vec(&told.data).unwrap(), RTP[..28]);
        assert_eq!(Base64::decode_vec(&whole.try_recv().unwrap().told().data).unwrap(), RTP);
        let report = seen.try_recv().unwrap().told();
        assert_eq!((report.kind.as_str(), report.payload_type, report.ssrc), ("rtcp", 201, Some(0xabcd_0001)));
        assert_eq!((report.sequence, report.marker, seen.try_recv().is_err()), (None, false, true));
    }

    #[test]
    fn who_is_slow_misses_packets_and_who_is_gone_costs_nothing() {
        let taps = Taps::default();
        let (out, mut seen) = mpsc::channel(1);
        taps.add(Depth::Header, out);
        for _ in 0..3 {
            taps.saw(StreamId(1), Way::Sent, RTP, at(2), || Some(at(1)));
        }
        assert!(seen.try_recv().is_ok() && seen.try_recv().is_err() && taps.is_open());
        drop(seen);
        taps.saw(StreamId(1), Way::Sent, RTP, at(2), || Some(at(1)));
        assert!(!taps.is_open());
    }

    #[test]
    fn no_packet_is_too_short_to_be_told() {
        for length in 1..RTP.len() {
            let part = RTP.get(..length).unwrap();
            assert!(shown(part, Depth::Header) <= length);
            let (stream, way, at_) = (StreamId(1), Way::Sent, std::time::UNIX_EPOCH);
            let seen = Seen { at: at_, stream, way, local: at(1), remote: at(2), length, bytes: part.to_vec() };
            assert_eq!(seen.told().bytes, length);
        }
    }
}
