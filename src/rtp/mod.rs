//! RTP (RFC 3550): packets, sequence arithmetic, statistics, RTCP, telephone events. No samples, no sockets.

pub mod bursts;
pub mod dropped;
pub mod dtls;
pub mod mos;
mod packet;
pub mod rtcp;
mod sequence;
mod session;
mod source;
pub mod srtp;
mod stats;
pub mod telephone_event;
mod threats;

pub use packet::{Packet, PacketError, is_rtcp};
pub use sequence::Extender;
pub use session::{Counters, Quality, Received, RtpSession, Sound, Wanted};
pub use source::{Source, Verdict};
pub use stats::ReceptionStats;

/// An RTP timestamp, in ticks of the clock rate, wrapping.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct RtpTime(pub u32);

impl RtpTime {
    /// This time `ticks` later.
    pub fn plus(self, ticks: u32) -> RtpTime {
        RtpTime(self.0.wrapping_add(ticks))
    }

    /// Ticks from `earlier` to this, negative when this is the earlier one.
    pub fn since(self, earlier: RtpTime) -> i32 {
        self.0.wrapping_sub(earlier.0).cast_signed()
    }
}

/// A synchronisation source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct Ssrc(pub u32);

/// A sequence number as on the wire, wrapping.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct SequenceNumber(pub u16);

impl SequenceNumber {
    /// The one after this.
    pub fn next(self) -> SequenceNumber {
        SequenceNumber(self.0.wrapping_add(1))
    }
}
