//! RTCP (RFC 3550 §6): reports as values, their bytes, their timing.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rand::{Rng, RngExt};
use rtcp_types::prelude::*;
use rtcp_types::{Bye, Compound, Packet, ReceiverReport, Sdes, SdesChunk, SdesItem, SenderReport};

use super::{RtpTime, Ssrc};

/// Most report blocks kept of one datagram.
const MAX_BLOCKS: usize = 31;

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
        let ticks = now.middle().wrapping_sub(self.lsr).wrapping_sub(self.dlsr).cast_signed();
        let micros = u64::try_from(ticks).ok().filter(|_| self.lsr != 0)?.saturating_mul(1_000_000) >> 16;
        Some(Duration::from_micros(micros))
    }
}

/// What one RTCP datagram says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Who reports.
    pub ssrc: Ssrc,
    /// The SR part, if it sends.
    pub sender: Option<SenderInfo>,
    /// Report blocks.
    pub blocks: Vec<ReportBlock>,
    /// Canonical name (SDES), foreign text.
    pub cname: Option<String>,
    /// The source leaves (BYE).
    pub bye: bool,
}

/// RTCP that could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum RtcpError {
    /// A datagram is no RTCP.
    #[error("not an RTCP datagram: {0}")]
    Parse(#[from] rtcp_types::RtcpParseError),
    /// A report does not fit RTCP.
    #[error("cannot write RTCP: {0}")]
    Write(#[from] rtcp_types::RtcpWriteError),
}

impl Report {
    /// Read a compound datagram; packets of other kinds are passed over.
    pub fn parse(datagram: &[u8]) -> Result<Report, RtcpError> {
        let mut report = Report::default();
        for packet in Compound::parse(datagram)? {
            match packet? {
                Packet::Sr(sr) => {
                    report.ssrc = Ssrc(sr.ssrc());
                    report.sender = Some(SenderInfo {
                        ntp: NtpTime(sr.ntp_timestamp()),
                        time: RtpTime(sr.rtp_timestamp()),
                        packets: sr.packet_count(),
                        octets: sr.octet_count(),
                    });
                    report.push(sr.report_blocks());
                }
                Packet::Rr(rr) => {
                    report.ssrc = Ssrc(rr.ssrc());
                    report.push(rr.report_blocks());
                }
                Packet::Sdes(sdes) => {
                    let items = sdes.chunks().flat_map(SdesChunk::items);
                    let cname = items.filter(|item| item.type_() == SdesItem::CNAME).map(SdesItem::value).next();
                    report.cname = cname.map(|name| String::from_utf8_lossy(name).into_owned()).or(report.cname);
                }
                Packet::Bye(_) => report.bye = true,
                _ => {}
            }
        }
        Ok(report)
    }

    fn push<'a>(&mut self, blocks: impl Iterator<Item = rtcp_types::ReportBlock<'a>>) {
        let room = MAX_BLOCKS.saturating_sub(self.blocks.len());
        self.blocks.extend(blocks.take(room).map(|block| ReportBlock {
            ssrc: Ssrc(block.ssrc()),
            fraction_lost: block.fraction_lost(),
            // 24 bits, signed.
            cumulative_lost: (block.cumulative_lost() << 8).cast_signed() >> 8,
            highest_sequence: block.extended_sequence_number(),
            jitter: block.interarrival_jitter(),
            lsr: block.last_sender_report_timestamp(),
            dlsr: block.delay_since_last_sender_report_timestamp(),
        }));
    }

    /// The compound datagram: SR or RR first, then SDES with the CNAME, then BYE.
    //= RFC 3550 §6.1
    pub fn to_bytes(&self) -> Result<Vec<u8>, RtcpError> {
        let blocks = self.blocks.iter().take(MAX_BLOCKS).map(|block| {
            rtcp_types::ReportBlock::builder(block.ssrc.0)
                .fraction_lost(block.fraction_lost)
                .cumulative_lost(block.cumulative_lost.cast_unsigned() & 0xff_ffff)
                .extended_sequence_number(block.highest_sequence)
                .interarrival_jitter(block.jitter)
                .last_sender_report_timestamp(block.lsr)
                .delay_since_last_sender_report_timestamp(block.dlsr)
        });
        let compound = match self.sender {
            Some(sender) => Compound::builder().add_packet(
                blocks.fold(
                    SenderReport::builder(self.ssrc.0)
                        .ntp_timestamp(sender.ntp.0)
                        .rtp_timestamp(sender.time.0)
                        .packet_count(sender.packets)
                        .octet_count(sender.octets),
                    |report, block| report.add_report_block(block),
                ),
            ),
            None => Compound::builder().add_packet(
                blocks.fold(ReceiverReport::builder(self.ssrc.0), |report, block| report.add_report_block(block)),
            ),
        };
        let name = self.cname.as_deref().unwrap_or("anonymous");
        let chunk = SdesChunk::builder(self.ssrc.0).add_item(SdesItem::builder(SdesItem::CNAME, name));
        let compound = compound.add_packet(Sdes::builder().add_chunk(chunk));
        let compound = if self.bye { compound.add_packet(Bye::builder().add_source(self.ssrc.0)) } else { compound };
        let mut bytes = vec![0; compound.calculate_size()?];
        let written = compound.write_into(&mut bytes)?;
        bytes.truncate(written);
        Ok(bytes)
    }
}

/// Until the next report. With two members 5 % of the bandwidth of any voice codec allows more than one report in
/// 5 s, so the minimum interval decides; the first report may come after half of it.
//= RFC 3550 §6.3.1
pub fn interval(first: bool, rng: &mut impl Rng) -> Duration {
    const MINIMUM: f64 = 5.0;
    /// Makes up for timer reconsideration: e − 3/2.
    const COMPENSATION: f64 = 1.218_28;
    let seconds = if first { MINIMUM / 2.0 } else { MINIMUM };
    Duration::from_secs_f64(seconds * rng.random_range(0.5..1.5) / COMPENSATION)
}

#[cfg(test)]
#[allow(clippy::disallowed_methods)] // a moment to count from
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rand::SeedableRng;
    use rand::rngs::StdRng;

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

    #[test]
    fn what_is_written_is_read() {
        let sender = SenderInfo { ntp: NtpTime(5 << 32), time: RtpTime(77), packets: 8, octets: 1280 };
        let rows = [
            Report { ssrc: Ssrc(1), cname: Some("a@b".into()), ..Report::default() },
            Report { ssrc: Ssrc(1), sender: Some(sender), blocks: vec![block()], cname: Some("c".into()), bye: false },
            Report { ssrc: Ssrc(1), sender: None, blocks: vec![block(), block()], cname: Some("c".into()), bye: true },
        ];
        for report in rows {
            let bytes = report.to_bytes().expect("bytes");
            assert_eq!(Report::parse(&bytes).expect("report"), report);
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

    #[test]
    fn intervals_stay_in_their_bounds() {
        let rng = &mut StdRng::seed_from_u64(1);
        for _ in 0..200 {
            assert!((2.05..6.16).contains(&interval(false, rng).as_secs_f64()));
            assert!((1.02..3.08).contains(&interval(true, rng).as_secs_f64()));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_datagram(kind in 190u8..215, length in 0u8..8, count in 0u8..=255, rest in proptest::collection::vec(any::<u8>(), 0..64)) {
            let mut bytes = vec![0x80 | (count & 0x3f), kind, 0, length];
            bytes.extend(rest);
            let _ = Report::parse(&bytes);
        }
    }
}
