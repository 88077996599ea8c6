//! Event packages: what a NOTIFY or PUBLISH carries (RFC 6665 §7), each package a file. Everything here is foreign
//! text until it has been sanitised.

pub mod dialog_info;
pub mod iscomposing;
pub mod message_summary;
pub mod pidf;
pub mod reg_info;

use crate::text::xml::{Limits, XmlError};

/// Longest document that is read, in bytes.
pub const MAX_DOCUMENT: usize = 64 * 1024;

/// What a document may be at most.
const LIMITS: Limits = Limits { bytes: MAX_DOCUMENT, depth: 16, elements: 2048 };

/// A package this phone subscribes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Package {
    /// Waiting messages (RFC 3842).
    MessageSummary,
    /// The dialogs of somebody's phone (RFC 4235).
    Dialog,
    /// Somebody's presence (RFC 3856).
    Presence,
    /// The bindings of an AOR (RFC 3680).
    Reg,
}

impl Package {
    /// Every package.
    pub const ALL: [Package; 4] = [Package::MessageSummary, Package::Dialog, Package::Presence, Package::Reg];

    /// The token of Event and Allow-Events.
    pub fn token(self) -> &'static str {
        match self {
            Package::MessageSummary => "message-summary",
            Package::Dialog => "dialog",
            Package::Presence => "presence",
            Package::Reg => "reg",
        }
    }

    /// The media type of its documents.
    pub fn media_type(self) -> &'static str {
        match self {
            Package::MessageSummary => "application/simple-message-summary",
            Package::Dialog => "application/dialog-info+xml",
            Package::Presence => "application/pidf+xml",
            Package::Reg => "application/reginfo+xml",
        }
    }

    /// The lifetime to wish for, in seconds: what each RFC proposes.
    pub fn expires_s(self) -> u32 {
        match self {
            //= RFC 3842 §4.4: hours to days; RFC 4235 §3.4, RFC 3856 §6.4: one hour; RFC 3680 §4.4: 3761 s
            Package::MessageSummary | Package::Dialog | Package::Presence => 3600,
            Package::Reg => 3761,
        }
    }
}

/// Why a document is not taken in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    /// Longer than [`MAX_DOCUMENT`].
    #[error("{0} bytes, more than a document may have")]
    TooLong(usize),
    /// XML that is none, not of the package, or too much.
    #[error(transparent)]
    Xml(#[from] XmlError),
    /// Something it must say is missing or cannot be read.
    #[error("{0} is missing or unreadable")]
    Missing(&'static str),
}
