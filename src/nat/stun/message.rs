//! One STUN message, read in place.

use super::integrity::{self, Integrity, Key};
use crate::text::sanitise_bytes;
use rand::Rng;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Longest message that is read: what TURN carries is no longer than a datagram of sound.
pub const MAX_BYTES: usize = 4096;
/// Most attributes of one message.
const MAX_ATTRIBUTES: usize = 64;
/// Bytes of the header.
pub(super) const HEADER: usize = 20;
/// What stands in every message (RFC 8489 §5).
pub(super) const MAGIC_COOKIE: u32 = 0x2112_a442;

/// Ties a response to its request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TransactionId(pub [u8; 12]);

impl TransactionId {
    /// 96 bits of chance.
    pub fn new(rng: &mut impl Rng) -> TransactionId {
        let mut id = [0; 12];
        rng.fill_bytes(&mut id);
        TransactionId(id)
    }
}

/// What kind of message it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Asks for a response.
    Request,
    /// Asks for none.
    Indication,
    /// It was done.
    Success,
    /// It was not.
    Error,
}

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Method(pub u16);

#[allow(missing_docs, reason = "names of the standards")]
impl Method {
    pub const BINDING: Method = Method(1);
    pub const ALLOCATE: Method = Method(3);
    pub const REFRESH: Method = Method(4);
    pub const SEND: Method = Method(6);
    pub const DATA: Method = Method(7);
    pub const CREATE_PERMISSION: Method = Method(8);
    pub const CHANNEL_BIND: Method = Method(9);
}

/// The type of an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attribute(pub u16);

#[allow(missing_docs, reason = "names of the standards")]
impl Attribute {
    pub const MAPPED_ADDRESS: Attribute = Attribute(0x0001);
    pub const CHANGE_REQUEST: Attribute = Attribute(0x0003);
    pub const USERNAME: Attribute = Attribute(0x0006);
    pub const MESSAGE_INTEGRITY: Attribute = Attribute(0x0008);
    pub const ERROR_CODE: Attribute = Attribute(0x0009);
    pub const UNKNOWN_ATTRIBUTES: Attribute = Attribute(0x000a);
    pub const CHANNEL_NUMBER: Attribute = Attribute(0x000c);
    pub const LIFETIME: Attribute = Attribute(0x000d);
    pub const XOR_PEER_ADDRESS: Attribute = Attribute(0x0012);
    pub const DATA: Attribute = Attribute(0x0013);
    pub const REALM: Attribute = Attribute(0x0014);
    pub const NONCE: Attribute = Attribute(0x0015);
    pub const XOR_RELAYED_ADDRESS: Attribute = Attribute(0x0016);
    pub const REQUESTED_ADDRESS_FAMILY: Attribute = Attribute(0x0017);
    pub const REQUESTED_TRANSPORT: Attribute = Attribute(0x0019);
    pub const MESSAGE_INTEGRITY_SHA256: Attribute = Attribute(0x001c);
    pub const XOR_MAPPED_ADDRESS: Attribute = Attribute(0x0020);
    pub const PRIORITY: Attribute = Attribute(0x0024);
    pub const USE_CANDIDATE: Attribute = Attribute(0x0025);
    pub const ADDITIONAL_ADDRESS_FAMILY: Attribute = Attribute(0x8000);
    pub const SOFTWARE: Attribute = Attribute(0x8022);
    pub const ALTERNATE_SERVER: Attribute = Attribute(0x8023);
    pub const FINGERPRINT: Attribute = Attribute(0x8028);
    pub const ICE_CONTROLLED: Attribute = Attribute(0x8029);
    pub const ICE_CONTROLLING: Attribute = Attribute(0x802a);
    pub const OTHER_ADDRESS: Attribute = Attribute(0x802c);

    /// What a peer may demand that we understand: of a request of checks, or of a response.
    const UNDERSTOOD: [Attribute; 17] = [
        Attribute::MAPPED_ADDRESS,
        Attribute::USERNAME,
        Attribute::MESSAGE_INTEGRITY,
        Attribute::ERROR_CODE,
        Attribute::UNKNOWN_ATTRIBUTES,
        Attribute::CHANNEL_NUMBER,
        Attribute::LIFETIME,
        Attribute::XOR_PEER_ADDRESS,
        Attribute::DATA,
        Attribute::REALM,
        Attribute::NONCE,
        Attribute::XOR_RELAYED_ADDRESS,
        Attribute::REQUESTED_TRANSPORT,
        Attribute::MESSAGE_INTEGRITY_SHA256,
        Attribute::XOR_MAPPED_ADDRESS,
        Attribute::PRIORITY,
        Attribute::USE_CANDIDATE,
    ];
}

/// Why bytes are no STUN message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StunError {
    /// Shorter than a header, or without the cookie.
    #[error("not a STUN message")]
    NotStun,
    /// Longer than [`MAX_BYTES`].
    #[error("STUN message of {0} bytes, the most read is {MAX_BYTES}")]
    TooLong(usize),
    /// Its lengths do not add up.
    #[error("STUN message whose lengths do not add up")]
    Lengths,
    /// More attributes than any honest peer writes.
    #[error("STUN message with more than {MAX_ATTRIBUTES} attributes")]
    TooManyAttributes,
    /// The fingerprint is not that of the message.
    #[error("STUN message with a wrong fingerprint")]
    Fingerprint,
}

/// Why a request was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorCode {
    /// 300–699.
    pub code: u16,
    /// The server's words, safe to show.
    pub reason: String,
}

/// A message whose lengths add up and whose fingerprint, if there is one, is right.
#[derive(Debug, Clone, Copy)]
pub struct Message<'a> {
    /// Request, indication, success or error.
    pub class: Class,
    /// What is asked for.
    pub method: Method,
    /// Its transaction.
    pub id: TransactionId,
    bytes: &'a [u8],
}

/// True for what can be STUN by its first bytes: it may share a port with RTP, DTLS and TURN's channels (RFC 7983).
pub fn looks_like(bytes: &[u8]) -> bool {
    let cookie = bytes.get(4..8) == Some(&MAGIC_COOKIE.to_be_bytes());
    bytes.first().is_some_and(|first| *first < 4) && bytes.len() >= HEADER && cookie
}

impl<'a> Message<'a> {
    /// Read a datagram, or one message of a stream.
    pub fn parse(bytes: &'a [u8]) -> Result<Message<'a>, StunError> {
        if !looks_like(bytes) {
            return Err(StunError::NotStun);
        }
        if bytes.len() > MAX_BYTES {
            return Err(StunError::TooLong(bytes.len()));
        }
        let Some((&[t0, t1, l0, l1, _, _, _, _, ref id @ ..], _)) = bytes.split_first_chunk::<HEADER>() else {
            return Err(StunError::NotStun);
        };
        let kind = u16::from_be_bytes([t0, t1]);
        let message = Message {
            //= RFC 8489 §5: the bits of the class stand between those of the method
            class: match (kind >> 4 & 1) | (kind >> 7 & 2) {
                0 => Class::Request,
                1 => Class::Indication,
                2 => Class::Success,
                _ => Class::Error,
            },
            method: Method((kind & 0xf) | (kind >> 1 & 0x70) | (kind >> 2 & 0xf80)),
            id: TransactionId(*id),
            bytes,
        };
        message.check(usize::from(u16::from_be_bytes([l0, l1])))?;
        Ok(message)
    }

    fn check(&self, length: usize) -> Result<(), StunError> {
        if !length.is_multiple_of(4) || length.checked_add(HEADER) != Some(self.bytes.len()) {
            return Err(StunError::Lengths);
        }
        let mut walk = self.walk();
        let mut count = 0;
        while let Some((kind, value, at)) = walk.next() {
            count += 1;
            if count > MAX_ATTRIBUTES {
                return Err(StunError::TooManyAttributes);
            }
            //= RFC 8489 §14.7: the last attribute, over everything before it
            if kind == Attribute::FINGERPRINT {
                let right = integrity::fingerprint(self.bytes.get(..at).unwrap_or_default());
                let is_right = value == right.to_be_bytes();
                return if is_right && walk.rest.is_empty() { Ok(()) } else { Err(StunError::Fingerprint) };
            }
        }
        if walk.rest.is_empty() { Ok(()) } else { Err(StunError::Lengths) }
    }

    /// The first attribute of this type. What stands behind the signature is not of it, and not read.
    pub fn attribute(&self, kind: Attribute) -> Option<&'a [u8]> {
        self.signed().find(|(known, _)| *known == kind).map(|(_, value)| value)
    }

    /// True when it carries the attribute.
    pub fn has(&self, kind: Attribute) -> bool {
        self.attribute(kind).is_some()
    }

    /// A number of 32 bits.
    pub fn number(&self, kind: Attribute) -> Option<u32> {
        self.attribute(kind)?.try_into().map(u32::from_be_bytes).ok()
    }

    /// A number of 64 bits.
    pub fn long_number(&self, kind: Attribute) -> Option<u64> {
        self.attribute(kind)?.try_into().map(u64::from_be_bytes).ok()
    }

    /// An address that is hidden from meddling gateways (RFC 8489 §14.2).
    pub fn xor_address(&self, kind: Attribute) -> Option<SocketAddr> {
        self.xor_addresses(kind).next()
    }

    /// All of them: an allocation may have one of each family.
    pub fn xor_addresses(&self, kind: Attribute) -> impl Iterator<Item = SocketAddr> {
        let id = self.id;
        let values = self.signed().filter(move |(known, _)| *known == kind);
        values.filter_map(move |(_, value)| Some(xor(address(value)?, id)))
    }

    /// An address as it is.
    pub fn address(&self, kind: Attribute) -> Option<SocketAddr> {
        address(self.attribute(kind)?)
    }

    /// Where a Binding request was seen to come from; MAPPED-ADDRESS is what servers before RFC 5389 say.
    /// `None` as well for what can be no source.
    pub fn mapped(&self) -> Option<SocketAddr> {
        let told = self.xor_address(Attribute::XOR_MAPPED_ADDRESS).or_else(|| self.address(Attribute::MAPPED_ADDRESS));
        told.filter(|at| at.port() != 0 && !at.ip().is_unspecified() && !at.ip().is_multicast())
    }

    /// Why it is an error.
    pub fn error(&self) -> Option<ErrorCode> {
        let (&[_, _, class, number], reason) = self.attribute(Attribute::ERROR_CODE)?.split_first_chunk::<4>()?;
        let code = u16::from(class & 7) * 100 + u16::from(number.min(99));
        Some(ErrorCode { code, reason: sanitise_bytes(reason) })
    }

    /// What must be understood and is not (RFC 8489 §14): types below 0x8000.
    pub fn not_understood(&self) -> Vec<Attribute> {
        let known = |kind: Attribute| kind.0 >= 0x8000 || Attribute::UNDERSTOOD.contains(&kind);
        self.signed().map(|(kind, _)| kind).filter(|kind| !known(*kind)).collect()
    }

    /// Whether it was signed with this key.
    pub fn integrity(&self, key: &Key) -> Integrity {
        let signature = self.walk().find(|(kind, ..)| *kind == Attribute::MESSAGE_INTEGRITY);
        let Some((_, told, at)) = signature else { return Integrity::Missing };
        let before = self.bytes.get(..at).unwrap_or_default();
        if integrity::is_same(&key.sign(before), told) { Integrity::Good } else { Integrity::Bad }
    }

    fn signed(&self) -> impl Iterator<Item = (Attribute, &'a [u8])> {
        let mut over = false;
        let within = self.walk().take_while(move |(kind, ..)| {
            //= RFC 8489 §14.5: attributes after MESSAGE-INTEGRITY are ignored
            let was_over = over;
            over |= [Attribute::MESSAGE_INTEGRITY, Attribute::MESSAGE_INTEGRITY_SHA256].contains(kind);
            !was_over
        });
        within.map(|(kind, value, _)| (kind, value))
    }

    fn walk(&self) -> Walk<'a> {
        Walk { rest: self.bytes.get(HEADER..).unwrap_or_default(), at: HEADER }
    }
}

/// The attributes in order: type, value, and where in the message it begins.
struct Walk<'a> {
    rest: &'a [u8],
    at: usize,
}

impl<'a> Iterator for Walk<'a> {
    type Item = (Attribute, &'a [u8], usize);

    fn next(&mut self) -> Option<Self::Item> {
        let (&[k0, k1, l0, l1], tail) = self.rest.split_first_chunk::<4>()?;
        let length = usize::from(u16::from_be_bytes([l0, l1]));
        let value = tail.get(..length)?;
        let padded = length.next_multiple_of(4);
        let at = self.at;
        self.rest = tail.get(padded..)?;
        self.at = at + 4 + padded;
        Some((Attribute(u16::from_be_bytes([k0, k1])), value, at))
    }
}

//= RFC 8489 §14.1
fn address(value: &[u8]) -> Option<SocketAddr> {
    let (&[_, family, p0, p1], ip) = value.split_first_chunk::<4>()?;
    let ip = match family {
        1 => IpAddr::V4(Ipv4Addr::from(<[u8; 4]>::try_from(ip).ok()?)),
        2 => IpAddr::V6(Ipv6Addr::from(<[u8; 16]>::try_from(ip).ok()?)),
        _ => return None,
    };
    Some(SocketAddr::new(ip, u16::from_be_bytes([p0, p1])))
}

/// Hides an address, or uncovers it.
//= RFC 8489 §14.2
pub(super) fn xor(address: SocketAddr, TransactionId(id): TransactionId) -> SocketAddr {
    let port = address.port() ^ (MAGIC_COOKIE >> 16) as u16;
    let ip = match address.ip() {
        IpAddr::V4(ip) => IpAddr::V4(Ipv4Addr::from_bits(ip.to_bits() ^ MAGIC_COOKIE)),
        IpAddr::V6(ip) => {
            let low = id.iter().fold(0u128, |bits, byte| bits << 8 | u128::from(*byte));
            IpAddr::V6(Ipv6Addr::from_bits(ip.to_bits() ^ (u128::from(MAGIC_COOKIE) << 96 | low)))
        }
    };
    SocketAddr::new(ip, port)
}
