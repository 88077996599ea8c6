//! What went over the wire as Wireshark reads it: pcapng, each message a datagram of its own, whatever carried it.
//!
//! A message over TLS, TCP or a WebSocket is written as if UDP had carried it between the same addresses, and its comment
//! says what did: no key is needed to read it.

use crate::control::{TraceLine, Way};
use base64ct::{Base64, Encoding};
use std::net::{IpAddr, SocketAddr};
use std::time::{SystemTime, UNIX_EPOCH};

// draft-ietf-opsawg-pcapng §4.1, §4.2, §4.3
const SECTION_HEADER: u32 = 0x0a0d_0d0a;
const INTERFACE: u32 = 1;
const ENHANCED_PACKET: u32 = 6;
const BYTE_ORDER: u32 = 0x1a2b_3c4d;
/// An IP packet without anything before it.
const LINKTYPE_RAW: u16 = 101;

// Options, §3.5, §4.1 to §4.3.
const END: u16 = 0;
const COMMENT: u16 = 1;
const PROGRAM: u16 = 4;
const NAME: u16 = 2;
const RESOLUTION: u16 = 9;
const FLAGS: u16 = 2;

const UDP: u8 = 17;
const HOPS: u8 = 64;
const UDP_HEADER: usize = 8;
const IPV4_HEADER: usize = 20;
const IPV6_HEADER: usize = 40;

/// What a file begins with: one section, one interface with times in microseconds.
pub fn head(version: &str) -> Vec<u8> {
    let mut section = Vec::new();
    section.extend(BYTE_ORDER.to_le_bytes());
    section.extend([1, 0, 0, 0]);
    // How long it is, is not known yet.
    section.extend(u64::MAX.to_le_bytes());
    option(&mut section, PROGRAM, format!("tuiphone {version}").as_bytes());
    option(&mut section, END, &[]);
    let mut interface = Vec::new();
    interface.extend(LINKTYPE_RAW.to_le_bytes());
    interface.extend([0; 6]);
    option(&mut interface, NAME, b"tuiphone");
    option(&mut interface, RESOLUTION, &[6]);
    option(&mut interface, END, &[]);
    [block(SECTION_HEADER, &section), block(INTERFACE, &interface)].concat()
}

/// One message or packet.
pub fn packet(line: &TraceLine) -> Vec<u8> {
    let (time, way, local, remote, data, length, comment) = match line {
        TraceLine::Sip(it) => {
            let data = bytes(it.data.as_deref().unwrap_or_default());
            let call = it.call.as_ref().map(|call| format!(", {call}")).unwrap_or_default();
            let length = data.len();
            (&it.time, it.way, it.local, it.remote, data, length, format!("{}{call}", it.transport))
        }
        TraceLine::Rtp(it) => {
            (&it.time, it.way, it.local, it.remote, bytes(&it.data), it.bytes, format!("{}, {}", it.kind, it.call))
        }
    };
    let (source, target) = if way == Way::Sent { (local, remote) } else { (remote, local) };
    let frame = datagram(source, target, &data, length);
    let missing = length.saturating_sub(data.len());
    let at = humantime::parse_rfc3339(time).unwrap_or(UNIX_EPOCH);
    let at = at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_micros() as u64;
    let mut body = Vec::with_capacity(frame.len() + 64);
    let (high, low) = ((at >> 32) as u32, (at & 0xffff_ffff) as u32);
    for word in [0, high, low, frame.len() as u32, (frame.len() + missing) as u32] {
        body.extend(word.to_le_bytes());
    }
    padded(&mut body, &frame);
    option(&mut body, COMMENT, comment.as_bytes());
    // §4.3.1: 1 = inbound, 2 = outbound
    option(&mut body, FLAGS, &if way == Way::Sent { 2u32 } else { 1 }.to_le_bytes());
    option(&mut body, END, &[]);
    block(ENHANCED_PACKET, &body)
}

fn bytes(data: &str) -> Vec<u8> {
    Base64::decode_vec(data).unwrap_or_default()
}

fn block(kind: u32, body: &[u8]) -> Vec<u8> {
    let length = (body.len() + 12) as u32;
    let ends = length.to_le_bytes();
    [&kind.to_le_bytes()[..], &ends, body, &ends].concat()
}

fn option(out: &mut Vec<u8>, code: u16, value: &[u8]) {
    let value = value.get(..usize::from(u16::MAX)).unwrap_or(value);
    out.extend(code.to_le_bytes());
    out.extend((value.len() as u16).to_le_bytes());
    padded(out, value);
}

fn padded(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend_from_slice(bytes);
    out.extend(std::iter::repeat_n(0, bytes.len().next_multiple_of(4) - bytes.len()));
}

/// A UDP datagram in its IP packet. Of a payload of `length` bytes `data` is there.
fn datagram(source: SocketAddr, target: SocketAddr, data: &[u8], length: usize) -> Vec<u8> {
    let length = u16::try_from(length + UDP_HEADER).unwrap_or(u16::MAX);
    let mut udp = [source.port(), target.port(), length, 0].map(u16::to_be_bytes).concat();
    udp.extend_from_slice(data);
    let (mut packet, pseudo) = match (source.ip(), target.ip()) {
        (IpAddr::V4(source), IpAddr::V4(target)) => {
            let total = u16::try_from(usize::from(length) + IPV4_HEADER).unwrap_or(u16::MAX).to_be_bytes();
            let ends = [source.octets(), target.octets()].concat();
            // RFC 791 §3.1
            let mut ip = [&[0x45, 0][..], &total, &[0, 0, 0x40, 0, HOPS, UDP, 0, 0], &ends].concat();
            let sum = checksum(&[&ip]).to_be_bytes();
            ip.splice(10..12, sum);
            (ip, ends)
        }
        (source, target) => {
            let mapped = |ip: IpAddr| match ip {
                IpAddr::V4(ip) => ip.to_ipv6_mapped().octets(),
                IpAddr::V6(ip) => ip.octets(),
            };
            let ends = [mapped(source), mapped(target)].concat();
            // RFC 8200 §3
            let ip = [&[0x60, 0, 0, 0][..], &length.to_be_bytes(), &[UDP, HOPS], &ends].concat();
            debug_assert_eq!(ip.len(), IPV6_HEADER);
            (ip, ends)
        }
    };
    // RFC 768: over what is whole alone
    if usize::from(length) == udp.len() {
        let sum = checksum(&[&pseudo, &[0, UDP], &length.to_be_bytes(), &udp]);
        udp.splice(6..8, if sum == 0 { u16::MAX } else { sum }.to_be_bytes());
    }
    packet.extend(udp);
    packet
}

/// RFC 1071, over parts of even length but the last.
fn checksum(parts: &[&[u8]]) -> u16 {
    let words = parts.iter().flat_map(|part| part.chunks(2));
    let sum = words.fold(0u32, |sum, word| {
        let (high, low) = (word.first().copied().unwrap_or_default(), word.get(1).copied().unwrap_or_default());
        let sum = sum + u32::from(u16::from_be_bytes([high, low]));
        (sum & 0xffff) + (sum >> 16)
    });
    !(sum as u16)
}

#[cfg(test)]
mod tests {
    use super::super::words::tests::message;
    use super::*;
    use crate::control::TracedPacket;

    /// A block as the draft has it: its type and its body.
    fn blocks(mut file: &[u8]) -> Vec<(u32, Vec<u8>)> {
        let word = |bytes: &[u8], at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
        let mut found = Vec::new();
        while !file.is_empty() {
            let length = word(file, 4) as usize;
            assert!(length.is_multiple_of(4) && word(file, length - 4) as usize == length, "both lengths");
            found.push((word(file, 0), file[8..length - 4].to_vec()));
            file = &file[length..];
        }
        found
    }

    fn options(mut list: &[u8]) -> Vec<(u16, Vec<u8>)> {
        let mut found = Vec::new();
        loop {
            let (code, length) =
                (u16::from_le_bytes([list[0], list[1]]), u16::from_le_bytes([list[2], list[3]]) as usize);
            if code == END {
                assert_eq!(list.len(), 4);
                return found;
            }
            found.push((code, list[4..4 + length].to_vec()));
            list = &list[4 + length.next_multiple_of(4)..];
        }
    }

    //= RFC 1071 §3
    #[test]
    fn sums_are_those_of_the_standard() {
        let (one, other) = ([0x00, 0x01, 0xf2, 0x03], [0xf4, 0xf5, 0xf6, 0xf7]);
        assert_eq!((checksum(&[&one, &other]), checksum(&[&[0x12, 0x34, 0x56]])), (!0xddf2, !0x6834));
    }

    #[test]
    fn a_message_is_a_datagram_that_adds_up() {
        let mut sip = message(1, Way::Sent, 5061, "OPTIONS sip:a SIP/2.0", None);
        sip.transport = "tls".into();
        sip.call = Some("c1".into());
        sip.data = Some(Base64::encode_string(b"OPTIONS sip:a SIP/2.0\r\n\r\n"));
        let back = crate::control::Traced {
            way: Way::Received,
            local: "[2001:db8::1]:5060".parse().unwrap(),
            remote: "[2001:db8::2]:5080".parse().unwrap(),
            ..sip.clone()
        };
        let file = [head("1.2.3"), packet(&TraceLine::Sip(sip)), packet(&TraceLine::Sip(back))].concat();
        let found = blocks(&file);
        assert_eq!(found.iter().map(|(kind, _)| *kind).collect::<Vec<_>>(), [SECTION_HEADER, INTERFACE, 6, 6]);
        let section = &found[0].1;
        assert_eq!((&section[..8], &section[8..16]), (&[0x4d, 0x3c, 0x2b, 0x1a, 1, 0, 0, 0][..], &[0xff; 8][..]));
        assert_eq!(options(&section[16..]), [(PROGRAM, b"tuiphone 1.2.3".to_vec())]);
        assert_eq!(found[1].1[..8], [101, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(options(&found[1].1[8..]), [(NAME, b"tuiphone".to_vec()), (RESOLUTION, vec![6])]);
        for ((_, block), (version, from, to, flags)) in
            found[2..].iter().zip([(4, 5060, 5061, 2u32), (6, 5080, 5060, 1)])
        {
            let word = |at: usize| u32::from_le_bytes(block[at..at + 4].try_into().unwrap());
            let at = u64::from(word(4)) << 32 | u64::from(word(8));
            assert_eq!(at, 1_767_268_801_250_000, "2026-01-01T12:00:01.25Z");
            let length = word(12) as usize;
            assert_eq!(word(16) as usize, length);
            let frame = &block[20..20 + length];
            assert_eq!(frame[0] >> 4, version);
            let (header, ends) = if version == 4 { (20, 12..20) } else { (40, 8..40) };
            if version == 4 {
                assert_eq!(
                    (checksum(&[&frame[..20]]), usize::from(u16::from_be_bytes([frame[2], frame[3]]))),
                    (0, length)
                );
            }
            let udp = &frame[header..];
            let port = |at: usize| u16::from_be_bytes([udp[at], udp[at + 1]]);
            assert_eq!((port(0), port(2), usize::from(port(4))), (from, to, udp.len()));
            assert_eq!(checksum(&[&frame[ends], &[0, UDP], &udp[4..6], udp]), 0, "the sum of a datagram");
            assert_eq!(&udp[8..], b"OPTIONS sip:a SIP/2.0\r\n\r\n");
            let told = options(&block[20 + length.next_multiple_of(4)..]);
            assert_eq!(told, [(COMMENT, b"tls, c1".to_vec()), (FLAGS, flags.to_le_bytes().to_vec())]);
        }
    }

    #[test]
    fn a_packet_of_which_the_header_is_told_says_how_long_it_was() {
        let rtp = TracedPacket {
            time: "2026-01-01T12:00:01.25Z".into(),
            way: Way::Sent,
            local: "192.0.2.1:4000".parse().unwrap(),
            remote: "192.0.2.2:4002".parse().unwrap(),
            bytes: 172,
            call: "c1".into(),
            kind: "rtp".into(),
            payload_type: 0,
            marker: false,
            sequence: Some(1),
            timestamp: Some(160),
            ssrc: Some(1),
            data: Base64::encode_string(&[0x80; 12]),
        };
        let found = blocks(&packet(&TraceLine::Rtp(rtp)));
        let word = |at: usize| u32::from_le_bytes(found[0].1[at..at + 4].try_into().unwrap());
        assert_eq!((word(12), word(16)), (20 + 8 + 12, 20 + 8 + 172));
        let ip = &found[0].1[20..];
        assert_eq!(u16::from_be_bytes([ip[2], ip[3]]), 200, "the IP packet is as long as it was");
    }
}
