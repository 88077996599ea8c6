//! RTCP (RFC 3550 §6): reports as values, read from datagrams and written into reused buffers.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rtcp_types::prelude::*;
use rtcp_types::{Bye, ReceiverReport, SenderReport};

use super::{RtpTime, Ssrc, is_rtcp};

pub mod timing;
pub mod xr;

/// Payload types of RTCP packets (RFC 3550 §12.1, RFC 3611 §2).
const SR: u8 = 200;
const RR: u8 = 201;
const SDES: u8 = 202;
const BYE: u8 = 203;
const XR: u8 = 207;
/// SDES item CNAME.
const CNAME: u8 = 1;

/// Seconds since 1900 in 32.32 fixed point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct NtpTime(pub u64);

impl NtpTime {
    /// The middle 32 bits, as LSR carries them: units of 1/65536 s.
    pub fn middle(self) -> u32 {
        (self.0 >> 16) as u32
    }
}

/// One moment on both clocks; wall time is read once and carried on by the steady clock.
#[derive(Debug, Clone, Copy)]
pub struct WallAnchor {
    /// The moment on the steady clock.
    pub instant: Instant,
    /// The same moment as wall time.
    pub wall: SystemTime,
}

impl WallAnchor {
    /// Wall time of `now` as NTP time.
    pub fn ntp(&self, now: Instant) -> NtpTime {
        const FROM_1900_TO_1970: u64 = 2_208_988_800;
        let since_1970 = self.wall.duration_since(UNIX_EPOCH).unwrap_or_default();
        let time = since_1970.saturating_add(now.saturating_duration_since(self.instant));
        let seconds = time.as_secs().wrapping_add(FROM_1900_TO_1970);
        let fraction = (u64::from(time.subsec_nanos()) << 32) / 1_000_000_000;
        NtpTime((seconds << 32) | fraction)
    }
}

/// What a sender says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SenderInfo {
    /// Wall time of the report.
    pub ntp: NtpTime,
    /// The same moment in RTP time.
    pub time: RtpTime,
    /// Packets sent.
    pub packets: u32,
    /// Payload octets sent.
    pub octets: u32,
}

/// What a receiver says of one source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReportBlock {
    /// The source.
    pub ssrc: Ssrc,
    /// Lost since the last report, in 256ths.
    pub fraction_lost: u8,
    /// Lost in all; negative when duplicates outweigh.
    pub cumulative_lost: i32,
    /// Extended highest sequence number.
    pub highest_sequence: u32,
    /// Interarrival jitter in clock ticks.
    pub jitter: u32,
    /// Middle of the last SR's NTP time; 0 = none came.
    pub lsr: u32,
    /// Since that SR, in 1/65536 s.
    pub dlsr: u32,
}

impl ReportBlock {
    /// Round trip, when this block answers an SR of ours. `None` without one, or when clocks make it negative.
    //= RFC 3550 §6.4.1
    pub fn round_trip(&self, now: NtpTime) -> Option<Duration> {
        round_trip(self.lsr, self.dlsr, now)
    }
}

/// Since the moment `echoed`, an NTP middle, less what the far end kept it; `None` if nothing was echoed or it is absurd.
pub(super) fn round_trip(echoed: u32, kept: u32, now: NtpTime) -> Option<Duration> {
    let ticks = now.middle().wrapping_sub(echoed).wrapping_sub(kept).cast_signed();
    let micros = u64::try_from(ticks).ok().filter(|_| echoed != 0)?.saturating_mul(1_000_000) >> 16;
    Some(Duration::from_micros(micros))
}

/// A time span in 1/65536 s.
pub(super) fn in_65536ths(span: Duration) -> u32 {
    u32::try_from((span.as_micros() << 16) / 1_000_000).unwrap_or(u32::MAX)
}

/// One thing an RTCP datagram says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Item {
    /// A sender of RTP reports; its blocks follow.
    Sender(Ssrc, SenderInfo),
    /// Somebody who only receives reports; its blocks follow.
    Receiver(Ssrc),
    /// What the first one says of a source.
    Block(Ssrc, ReportBlock),
    /// A source leaves.
    Bye(Ssrc),
    /// What the first one says beyond that (RFC 3611).
    Extended(Ssrc, xr::Block),
}

/// RTCP that could not be read.
#[derive(Debug, thiserror::Error)]
pub enum RtcpError {
    /// The lengths, versions or types of its packets are those of no RTCP datagram.
    #[error("not an RTCP datagram: its {0} bytes are no row of packets")]
    Framing(usize),
    /// A packet within it is not what it says it is.
    #[error("not an RTCP datagram: {0}")]
    Packet(#[from] rtcp_types::RtcpParseError),
}

/// Tells `item` of everything in a datagram that this phone has a use for; other packets and blocks are passed over.
/// A datagram need not begin with a report (RFC 5506).
///
/// # Errors
/// Framing is checked before anything is told; a packet that lies about its content ends the reading where it stands.
pub fn read(datagram: &[u8], mut item: impl FnMut(Item)) -> Result<(), RtcpError> {
    //= RFC 3550 A.2: the lengths of all packets add up to that of the datagram
    let framing = || RtcpError::Framing(datagram.len());
    let mut rest = datagram;
    while !rest.is_empty() {
        rest = first_packet(rest).ok_or_else(framing)?.2;
    }
    let mut rest = (!datagram.is_empty()).then_some(datagram).ok_or_else(framing)?;
    while let Some((kind, packet, after)) = first_packet(rest) {
        read_packet(kind, packet, &mut item)?;
        rest = after;
    }
    Ok(())
}

/// Type and bytes of the first packet, and what follows it.
fn first_packet(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let &[first, kind, high, low] = bytes.first_chunk::<4>()?;
    let length = usize::from(u16::from_be_bytes([high, low])).saturating_add(1).saturating_mul(4);
    let (packet, after) = bytes.split_at_checked(length)?;
    (first >> 6 == 2 && is_rtcp(packet)).then_some((kind, packet, after))
}

fn read_packet(kind: u8, packet: &[u8], item: &mut impl FnMut(Item)) -> Result<(), RtcpError> {
    match kind {
        SR => {
            let sr = SenderReport::parse(packet)?;
            let info = SenderInfo {
                ntp: NtpTime(sr.ntp_timestamp()),
                time: RtpTime(sr.rtp_timestamp()),
                packets: sr.packet_count(),
                octets: sr.octet_count(),
            };
            item(Item::Sender(Ssrc(sr.ssrc()), info));
            sr.report_blocks().for_each(|block| item(Item::Block(Ssrc(sr.ssrc()), (&block).into())));
        }
        RR => {
            let rr = ReceiverReport::parse(packet)?;
            item(Item::Receiver(Ssrc(rr.ssrc())));
            rr.report_blocks().for_each(|block| item(Item::Block(Ssrc(rr.ssrc()), (&block).into())));
        }
        BYE => Bye::parse(packet)?.ssrcs().for_each(|ssrc| item(Item::Bye(Ssrc(ssrc)))),
        XR => xr::read(packet, |by, block| item(Item::Extended(by, block))),
        _ => {}
    }
    Ok(())
}

impl From<&rtcp_types::ReportBlock<'_>> for ReportBlock {
    fn from(block: &rtcp_types::ReportBlock<'_>) -> ReportBlock {
        ReportBlock {
            ssrc: Ssrc(block.ssrc()),
            fraction_lost: block.fraction_lost(),
            // 24 bits, signed.
            cumulative_lost: (block.cumulative_lost() << 8).cast_signed() >> 8,
            highest_sequence: block.extended_sequence_number(),
            jitter: block.interarrival_jitter(),
            lsr: block.last_sender_report_timestamp(),
            dlsr: block.delay_since_last_sender_report_timestamp(),
        }
    }
}

/// A compound datagram to send.
#[derive(Debug, Clone, Copy)]
pub struct Report<'a> {
    /// Who reports.
    pub ssrc: Ssrc,
    /// What it says of itself, if it sends RTP.
    pub sender: Option<SenderInfo>,
    /// What it says of the source it hears.
    pub block: Option<ReportBlock>,
    /// Its canonical name, at most 255 bytes.
    pub cname: &'a str,
    /// What it says beyond that.
    pub extended: [Option<xr::Block>; 4],
    /// It leaves.
    pub bye: bool,
}

impl Report<'_> {
    /// Writes SR or RR, SDES with the CNAME, XR, BYE in place of what `buffer` held.
    //= RFC 3550 §6.1
    pub fn write(&self, buffer: &mut Vec<u8>) {
        buffer.clear();
        let blocks = u8::from(self.block.is_some());
        packet(buffer, if self.sender.is_some() { SR } else { RR }, blocks, |out| {
            put(out, self.ssrc.0);
            if let Some(sender) = self.sender {
                out.extend_from_slice(&sender.ntp.0.to_be_bytes());
                [sender.time.0, sender.packets, sender.octets].into_iter().for_each(|word| put(out, word));
            }
            if let Some(block) = self.block {
                let lost = block.cumulative_lost.clamp(-0x80_0000, 0x7f_ffff).cast_unsigned() & 0x00ff_ffff;
                put(out, block.ssrc.0);
                put(out, u32::from(block.fraction_lost) << 24 | lost);
                [block.highest_sequence, block.jitter, block.lsr, block.dlsr].into_iter().for_each(|w| put(out, w));
            }
        });
        packet(buffer, SDES, 1, |out| {
            put(out, self.ssrc.0);
            let name = self.cname.as_bytes();
            let length = u8::try_from(name.len()).unwrap_or(u8::MAX);
            out.extend_from_slice(&[CNAME, length]);
            out.extend(name.iter().take(length.into()));
            // At least one null ends the items.
            out.push(0);
        });
        if self.extended.iter().any(Option::is_some) {
            packet(buffer, XR, 0, |out| {
                put(out, self.ssrc.0);
                self.extended.iter().flatten().for_each(|block| block.write(out));
            });
        }
        if self.bye {
            packet(buffer, BYE, 1, |out| put(out, self.ssrc.0));
        }
    }
}

/// One packet: its header, what `body` writes, nulls up to a whole word, its length.
fn packet(buffer: &mut Vec<u8>, kind: u8, count: u8, body: impl FnOnce(&mut Vec<u8>)) {
    const VERSION_2: u8 = 0x80;
    let start = buffer.len();
    buffer.extend_from_slice(&[VERSION_2 | count, kind, 0, 0]);
    body(buffer);
    buffer.resize(buffer.len().next_multiple_of(4), 0);
    let words = u16::try_from(buffer.len().saturating_sub(start) / 4).unwrap_or(u16::MAX).saturating_sub(1);
    if let Some(length) = buffer.get_mut(start.saturating_add(2)..start.saturating_add(4)) {
        length.copy_from_slice(&words.to_be_bytes());
    }
}

fn put(out: &mut Vec<u8>, word: u32) {
    out.extend_from_slice(&word.to_be_bytes());
}

#[cfg(test)]
#[allow(clippy::disallowed_methods)] // a moment to count from
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn block() -> ReportBlock {
        ReportBlock {
            ssrc: Ssrc(2),
            fraction_lost: 12,
            cumulative_lost: -3,
            highest_sequence: 70_000,
            jitter: 9,
            lsr: 0x0001_0000,
            dlsr: 0x8000,
        }
    }

    fn items(datagram: &[u8]) -> Option<Vec<Item>> {
        let mut items = Vec::new();
        read(datagram, |item| items.push(item)).ok()?;
        Some(items)
    }

    #[test]
    fn what_is_written_is_read() {
        let info = SenderInfo { ntp: NtpTime(5 << 32), time: RtpTime(77), packets: 8, octets: 1280 };
        let plain = Report { ssrc: Ssrc(1), sender: None, block: None, cname: "a@b", extended: [None; 4], bye: false };
        let reference = xr::Block::Reference(NtpTime(9 << 32));
        let rows = [
            (plain, vec![Item::Receiver(Ssrc(1))]),
            (
                Report { sender: Some(info), block: Some(block()), cname: "c", ..plain },
                vec![Item::Sender(Ssrc(1), info), Item::Block(Ssrc(1), block())],
            ),
            (
                Report {
                    block: Some(block()),
                    bye: true,
                    cname: "",
                    extended: [Some(reference), None, None, None],
                    ..plain
                },
                vec![
                    Item::Receiver(Ssrc(1)),
                    Item::Block(Ssrc(1), block()),
                    Item::Extended(Ssrc(1), reference),
                    Item::Bye(Ssrc(1)),
                ],
            ),
        ];
        for (report, expected) in rows {
            let mut bytes = vec![1, 2, 3];
            report.write(&mut bytes);
            assert_eq!(items(&bytes), Some(expected));
            assert!(rtcp_types::Compound::parse(&bytes).is_ok_and(|mut all| all.all(|packet| packet.is_ok())));
        }
    }

    #[test]
    fn several_sources_and_reduced_size() {
        let mut two = Vec::new();
        let report = |ssrc| Report {
            ssrc: Ssrc(ssrc),
            sender: None,
            block: Some(block()),
            cname: "x",
            extended: [None; 4],
            bye: false,
        };
        report(1).write(&mut two);
        let mut second = Vec::new();
        report(3).write(&mut second);
        two.extend(&second);
        let by: Vec<_> = items(&two).unwrap_or_default().into_iter().collect();
        assert_eq!(by.len(), 4);
        assert!(by.contains(&Item::Block(Ssrc(3), block())));
        //= RFC 5506 §3.4.2: feedback may stand alone
        assert_eq!(items(&[0x81, BYE, 0, 1, 0, 0, 0, 7]), Some(vec![Item::Bye(Ssrc(7))]));
        assert_eq!(items(&[0x80, 205, 0, 2, 0, 0, 0, 7, 0, 0, 0, 9]), Some(vec![]));
    }

    #[test]
    fn what_does_not_add_up_is_refused_whole() {
        let mut good = Vec::new();
        Report { ssrc: Ssrc(1), sender: None, block: None, cname: "a", extended: [None; 4], bye: true }
            .write(&mut good);
        for cut in 1..good.len() {
            if [8, 20].contains(&cut) {
                continue;
            }
            assert_eq!(items(&good[..cut]), None, "cut at {cut}");
        }
        let rows: [(&str, &[u8]); 6] = [
            ("empty", &[]),
            ("version 1", &[0x41, BYE, 0, 1, 0, 0, 0, 7]),
            ("RTP", &[0x80, 0, 0, 1, 0, 0, 0, 7]),
            ("longer than it is", &[0x81, BYE, 0, 2, 0, 0, 0, 7]),
            ("an SR without its info", &[0x80, SR, 0, 1, 0, 0, 0, 7]),
            ("more blocks than there are", &[0x82, RR, 0, 1, 0, 0, 0, 7]),
        ];
        for (what, bytes) in rows {
            assert_eq!(items(bytes), None, "{what}");
        }
    }

    //= RFC 3550 §6.4.1 Figure 2
    #[test]
    fn round_trip_of_the_example() {
        let block = ReportBlock { lsr: 0xb705_2000, dlsr: 0x0005_4000, ..block() };
        let now = NtpTime(0x0000_b710_8000_0000);
        assert_eq!(block.round_trip(now), Some(Duration::from_millis(6125)));
        assert_eq!(ReportBlock { lsr: 0, ..block }.round_trip(now), None);
        assert_eq!(ReportBlock { dlsr: 0x00ff_0000, ..block }.round_trip(now), None, "negative");
    }

    #[test]
    fn wall_time_is_carried_by_the_steady_clock() {
        let instant = Instant::now();
        let anchor = WallAnchor { instant, wall: UNIX_EPOCH };
        assert_eq!(anchor.ntp(instant + Duration::from_millis(1500)).0, (2_208_988_801 << 32) | 0x8000_0000);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_datagram(kind in 190u8..225, length in 0u8..8, count in 0u8..=255, rest in proptest::collection::vec(any::<u8>(), 0..64)) {
            let mut bytes = vec![0x80 | (count & 0x3f), kind, 0, length];
            bytes.extend(rest);
            let _ = items(&bytes);
            bytes.extend(bytes.clone());
            let _ = items(&bytes);
        }
    }
}
