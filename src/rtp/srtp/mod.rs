//! SRTP (RFC 3711) with the suites of RFC 6188 and RFC 7714: packets are sealed and opened in their own buffer.
//!
//! ```text
//!            ╭ authenticated ─────────────╮                    ╭ authenticated ───────────────╮
//!  SRTP, CM  header │ payload ⊕ keystream │ MKI │ tag    SRTCP header │ rest ⊕ keystream │ E+index │ MKI │ tag
//!  SRTP, GCM header │ payload, sealed │ tag │ MKI        SRTCP header │ rest, sealed │ tag │ E+index │ MKI
//! ```
//!
//! [`Outbound`] protects what goes out, [`Inbound`] takes off what comes in; each holds the keys of its direction and
//! counts roll-overs of its own for every SSRC. Nothing is allocated for a packet, but a place for a new SSRC is kept.
//! Key derivation rate 0: session keys last as long as their master key.

mod derive;
mod inbound;
mod outbound;
mod packet;
mod sources;
mod suite;
#[cfg(test)]
mod tests;
mod transform;
mod window;

pub use inbound::Inbound;
pub use outbound::Outbound;
pub use sources::MAX_SOURCES;
pub use suite::{MAX_KEYS, MAX_MKI, MasterKey, Suite};

/// Most octets that protection adds to a packet: a tag, and for RTCP the index.
pub const MAX_OVERHEAD: usize = 16 + INDEX;

/// Octets of E bit and index at the end of SRTCP.
const INDEX: usize = 4;

/// Why a packet was neither protected nor taken; it is as it was, and so is what we know of its sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SrtpError {
    /// Fewer octets than header and tag need.
    #[error("a packet of {0} octets is too short for SRTP")]
    Short(usize),
    /// No RTP or RTCP of version 2, or header lengths that do not add up.
    #[error("not an RTP or RTCP packet")]
    Malformed,
    /// The tag is not that of this packet under our key: forged, damaged, or another key.
    #[error("the packet is not authentic: it was forged, damaged or made with another key")]
    Authentication,
    /// The index was there before, or is too far back to tell.
    #[error("the packet was received before, or is older than can be told")]
    Replayed,
    /// It names a master key that was not agreed.
    #[error("the packet names a master key that was not agreed")]
    UnknownKey,
    /// More SSRCs under one key than are kept apart.
    #[error("more than {MAX_SOURCES} SSRCs under one key")]
    Sources,
    /// The key has protected as many packets as it may (RFC 3711 §9.2).
    #[error("the master key has protected as many packets as it may, another one is due")]
    Expired,
    /// Not the length of master key and salt of the suite.
    #[error("{suite} needs {} octets of key and salt, not {had}", suite.key_and_salt())]
    KeyLength {
        /// The suite.
        suite: Suite,
        /// What was handed in.
        had: usize,
    },
    /// No key, more than [`MAX_KEYS`], several suites, or identifiers that do not tell keys apart.
    #[error("the master keys do not go together")]
    Keys,
}
