//! What goes into the buffer and what comes out.

use crate::rtp::RtpTime;
use std::time::Duration;

/// What to play now.
#[derive(Debug, PartialEq, Eq)]
pub enum Pulled<'a> {
    /// A packet's payload; tell with [`super::JitterBuffer::played`] how long it was.
    Frame {
        /// Payload type.
        payload_type: u8,
        /// The payload.
        payload: &'a [u8],
        /// How to play it.
        pace: Pace,
    },
    /// A packet that did not come: conceal it. The one after it, when that is here.
    Missing {
        /// How long it was.
        duration: Duration,
        /// So much of it was concealed already.
        concealed: Duration,
        /// Payload type and payload of the next packet.
        next: Option<(u8, &'a [u8])>,
    },
    /// The sender pauses: 10 ms of background.
    Pause,
    /// Nothing has come in time: conceal 10 ms.
    Starved,
    /// Not started, or still collecting: 10 ms of silence.
    Waiting,
}

/// How the delay stands to its target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// Right.
    Even,
    /// Too long by this: what may be cut out.
    Shorten(Duration, Haste),
    /// Too short: this much more is needed.
    Stretch(Duration, Haste),
}

/// How soon the delay is to be changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Haste {
    /// In a pause, where it costs nothing.
    Pause,
    /// In a word too, where it is hardly heard.
    Word,
    /// At once: it is four times what it should be.
    Now,
}

/// What a packet brings.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Kind {
    /// Sound.
    #[default]
    Sound,
    /// What a sender says before it pauses: comfort noise, the last frame before discontinuous transmission.
    Pause,
    /// Not sound: an event, an unknown payload. It has a number and takes no time.
    Other,
}

/// A packet for the buffer.
#[derive(Debug, Clone, Copy)]
pub struct Incoming<'a> {
    /// Its extended sequence number.
    pub count: u64,
    /// Its timestamp.
    pub time: RtpTime,
    /// The clock of that, Hz.
    pub clock_rate: u32,
    /// Payload type.
    pub payload_type: u8,
    /// The payload.
    pub payload: &'a [u8],
    /// What it is.
    pub kind: Kind,
}

/// Counters since the start. Of the packets inserted each is one of played, late, duplicate, dropped or still held; of
/// the numbers passed each is played, other, or missing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counters {
    /// Given out.
    pub played: u64,
    /// Passed without sound.
    pub other: u64,
    /// Not there when their turn came.
    pub missing: u64,
    /// Came after their turn, of no use any more.
    pub late: u64,
    /// Came after their turn and were waited for.
    pub awaited: u64,
    /// Came twice.
    pub duplicate: u64,
    /// Thrown away: a timestamp out of line, a backlog, a payload too large, another source.
    pub dropped: u64,
    /// Starts anew: a jump, another source.
    pub restarts: u64,
}
