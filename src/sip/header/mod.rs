//! Typed header values, read on demand from the raw lines of [`Headers`](crate::sip::message::Headers).

mod access;
mod name_addr;
mod number;
mod params;
pub mod split;
mod values;
mod via;

pub use name_addr::{ContactList, NameAddr};
pub use params::Params;
pub use values::{CSeq, MediaType, RAck, Refresher, Replaces, SessionExpires, Valued};
pub use via::Via;

use crate::sip::message::HeaderName;
use crate::sip::uri::UriError;

/// Why a header value cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ValueError {
    /// Nothing there.
    #[error("empty value")]
    Empty,
    /// Not UTF-8 where text is needed.
    #[error("not UTF-8")]
    NotText,
    /// A quote never closed, or in the wrong place.
    #[error("unbalanced quotes")]
    Quote,
    /// An angle bracket missing or never closed.
    #[error("unbalanced or missing angle brackets")]
    Bracket,
    /// Something between the address and its parameters.
    #[error("unexpected text behind the address")]
    Trailing,
    /// A parameter that is none, is missing or is there twice.
    #[error("bad parameter")]
    Parameter,
    /// No number, or out of range.
    #[error("bad number")]
    Number,
    /// Not `number method`.
    #[error("not a sequence number and a method")]
    CSeq,
    /// Not `SIP/2.0/transport host`.
    #[error("not a Via")]
    Via,
    /// Not `type/subtype`.
    #[error("not a media type")]
    MediaType,
    /// A header that may be there once is there twice, with different values.
    #[error("given more than once")]
    Repeated,
    /// The URI in it cannot be read.
    #[error(transparent)]
    Uri(#[from] UriError),
}

/// Which header cannot be read, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name}: {problem}")]
pub struct HeaderError {
    /// The header.
    pub name: HeaderName,
    /// What is wrong with it.
    pub problem: ValueError,
}
