//! Packets, keys and pairs of ends for the tests of SRTP.

mod hostile;
mod oracle;
mod properties;
mod vectors;

use super::{Inbound, MasterKey, Outbound, Suite};
use crate::rtp::{Packet, RtpTime, SequenceNumber, Ssrc};

/// Octets written as digits of 16, spaces and line ends between them.
pub(super) fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u32> = text.chars().filter(|c| !c.is_whitespace()).map(|c| c.to_digit(16).unwrap()).collect();
    digits.chunks(2).map(|pair| (pair[0] * 16 + pair[1]) as u8).collect()
}

/// A master key that a number makes.
fn master(suite: Suite, number: u8) -> MasterKey {
    let octets: Vec<u8> = (0..suite.key_and_salt() as u8).map(|n| n.wrapping_mul(7).wrapping_add(number)).collect();
    MasterKey::new(suite, &octets).unwrap()
}

/// Both ends of a direction.
fn pair(suite: Suite) -> (Outbound, Inbound) {
    let master = master(suite, 1);
    (Outbound::new(&master).unwrap(), Inbound::new(&[master]).unwrap())
}

fn rtp(ssrc: u32, sequence: u16, payload: &[u8]) -> Vec<u8> {
    let sequence = SequenceNumber(sequence);
    let packet = Packet { payload_type: 8, marker: false, sequence, time: RtpTime(7), ssrc: Ssrc(ssrc), payload };
    let mut bytes = Vec::new();
    packet.write(&mut bytes);
    bytes
}

/// An empty receiver report and a chunk of names.
fn rtcp(ssrc: u32) -> Vec<u8> {
    [&[0x80, 201, 0, 1][..], &ssrc.to_be_bytes(), &[0x81, 202, 0, 2], &ssrc.to_be_bytes(), b"\x01\x02ab"].concat()
}

fn sealed(outbound: &mut Outbound, mut packet: Vec<u8>) -> Vec<u8> {
    outbound.protect_rtp(&mut packet).unwrap();
    packet
}
