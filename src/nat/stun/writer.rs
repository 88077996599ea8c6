//! A message being written.

use super::integrity::{self, Key};
use super::message::{Attribute, Class, HEADER, MAGIC_COOKIE, Method, TransactionId, xor};
use std::net::{IpAddr, SocketAddr};

/// A message being written: attributes in order, then [`sign`](Writer::sign), then [`finish`](Writer::finish).
#[derive(Debug, Clone)]
pub struct Writer {
    bytes: Vec<u8>,
    id: TransactionId,
}

impl Writer {
    /// The header.
    pub fn new(class: Class, Method(method): Method, id: TransactionId) -> Writer {
        let class = match class {
            Class::Request => 0,
            Class::Indication => 0x010,
            Class::Success => 0x100,
            Class::Error => 0x110,
        };
        let kind: u16 = (method & 0xf) | (method & 0x70) << 1 | (method & 0xf80) << 2 | class;
        let mut bytes = Vec::with_capacity(128);
        bytes.extend_from_slice(&kind.to_be_bytes());
        bytes.extend_from_slice(&[0, 0]);
        bytes.extend_from_slice(&MAGIC_COOKIE.to_be_bytes());
        bytes.extend_from_slice(&id.0);
        Writer { bytes, id }
    }

    /// An attribute of these bytes; past 65,535 they are cut.
    pub fn attribute(mut self, kind: Attribute, value: &[u8]) -> Writer {
        let length = u16::try_from(value.len()).unwrap_or(u16::MAX);
        self.bytes.extend_from_slice(&kind.0.to_be_bytes());
        self.bytes.extend_from_slice(&length.to_be_bytes());
        self.bytes.extend(value.iter().take(length.into()));
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
        self
    }

    /// A number of 32 bits.
    pub fn number(self, kind: Attribute, value: u32) -> Writer {
        self.attribute(kind, &value.to_be_bytes())
    }

    /// An address, hidden from meddling gateways.
    pub fn xor_address(self, kind: Attribute, address: SocketAddr) -> Writer {
        let hidden = xor(address, self.id);
        self.address(kind, hidden)
    }

    /// An address as it is.
    pub fn address(self, kind: Attribute, address: SocketAddr) -> Writer {
        let [p0, p1] = address.port().to_be_bytes();
        match address.ip() {
            IpAddr::V4(ip) => self.attribute(kind, &[&[0, 1, p0, p1][..], &ip.octets()].concat()),
            IpAddr::V6(ip) => self.attribute(kind, &[&[0, 2, p0, p1][..], &ip.octets()].concat()),
        }
    }

    /// Why it is an error.
    pub fn error(self, code: u16, reason: &str) -> Writer {
        let [class, number] = [(code / 100) as u8, (code % 100) as u8];
        self.attribute(Attribute::ERROR_CODE, &[&[0, 0, class, number][..], reason.as_bytes()].concat())
    }

    /// MESSAGE-INTEGRITY.
    pub fn sign(self, key: &Key) -> Writer {
        let signature = key.sign(&self.bytes);
        self.attribute(Attribute::MESSAGE_INTEGRITY, &signature)
    }

    /// The bytes, their fingerprint at the end.
    pub fn finish(mut self) -> Vec<u8> {
        self.set_length(8);
        let crc = integrity::fingerprint(&self.bytes);
        self.attribute(Attribute::FINGERPRINT, &crc.to_be_bytes()).bytes
    }

    /// The bytes without a fingerprint, for what travels in numbers.
    pub fn finish_plain(mut self) -> Vec<u8> {
        self.set_length(0);
        self.bytes
    }

    fn set_length(&mut self, more: usize) {
        let length = (self.bytes.len() + more).saturating_sub(HEADER) as u16;
        if let Some(place) = self.bytes.get_mut(2..4) {
            place.copy_from_slice(&length.to_be_bytes());
        }
    }
}
