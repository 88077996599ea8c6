//! Session descriptions (RFC 8866) and offer/answer (RFC 3264). No codec code.
//!
//! [`parse`] reads what a peer wrote, leniently; [`SessionDescription::to_bytes`] prints what we write;
//! [`offer_answer::Negotiation`] is the machine between the two and yields [`Agreed`].

mod agreed;
mod capability;
mod crypto;
mod description;
pub mod dtls;
mod format;
mod ice;
mod line;
pub mod offer_answer;
mod parse;
mod protection;
#[cfg(test)]
mod tests;

pub use agreed::{Agreed, Direction, ExtendedReports, Format, IceAgreed, Srtp};
pub use capability::Capability;
pub use crypto::{CryptoKey, CryptoSuite, KeyAndSalt};
pub use description::{Attribute, Media, Origin, SessionDescription};
pub use ice::IceDescription;
pub use offer_answer::{LocalMedia, Negotiation, NegotiationError, Nominated, Order};
pub use parse::{MAX_BYTES, MAX_FORMATS, MAX_MEDIA, SdpError, parse};
pub use protection::Encryption;
