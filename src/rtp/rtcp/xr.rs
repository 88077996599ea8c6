//! Extended reports (RFC 3611): how long a receiver's reports are under way, what was lost and how, how it sounds.

use super::{NtpTime, put};
use crate::rtp::Ssrc;

/// Block types (RFC 3611 §4).
const REFERENCE: u8 = 4;
const DELAY: u8 = 5;
const STATISTICS: u8 = 6;
const VOIP: u8 = 7;
/// What stands for a level, loss or rating that is not known.
pub const UNKNOWN: u8 = 127;

/// A report block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Block {
    /// Wall time of one who sends no SR (Receiver Reference Time).
    Reference(NtpTime),
    /// The answer to one (DLRR).
    Delay {
        /// Whom it answers.
        ssrc: Ssrc,
        /// The middle of its time.
        last: u32,
        /// Kept so long, in 1/65536 s.
        since: u32,
    },
    /// Counted since the last of these (Statistics Summary).
    Statistics(Statistics),
    /// What it makes of the sound it hears (VoIP Metrics).
    Voip(VoipMetrics),
}

/// Statistics Summary (RFC 3611 §4.6); jitter is that of single packets, in clock ticks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[allow(missing_docs)]
pub struct Statistics {
    pub ssrc: Ssrc,
    /// First sequence number counted.
    pub begin: u16,
    /// The one after the last counted.
    pub end: u16,
    pub lost: u32,
    pub duplicates: u32,
    pub jitter_min: u32,
    pub jitter_max: u32,
    pub jitter_mean: u32,
    pub jitter_deviation: u32,
}

/// VoIP Metrics (RFC 3611 §4.7). Rates and densities in 256ths, times in ms, ratings [`UNKNOWN`] if not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct VoipMetrics {
    /// The source.
    pub ssrc: Ssrc,
    /// Lost of all that were due.
    pub loss_rate: u8,
    /// Too late or too early to play.
    pub discard_rate: u8,
    /// Lost or discarded within bursts.
    pub burst_density: u8,
    /// Lost or discarded outside of them.
    pub gap_density: u8,
    /// Mean length of bursts.
    pub burst_duration: u16,
    /// Mean length of what lies between.
    pub gap_duration: u16,
    /// Round trip; 0 = not known.
    pub round_trip: u16,
    /// Within the reporter: coding, decoding, jitter buffer.
    pub end_system_delay: u16,
    /// dBm0, two's complement.
    pub signal_level: u8,
    /// dBm0, two's complement.
    pub noise_level: u8,
    /// Residual echo return loss, dB.
    pub echo_return_loss: u8,
    /// Packets received in a row that end a burst.
    pub gap_minimum: u8,
    /// R factor of this stretch, 0–100.
    pub r_factor: u8,
    /// R factor of what lies beyond it.
    pub external_r_factor: u8,
    /// MOS × 10 of listening.
    pub mos_listening: u8,
    /// MOS × 10 of talking with each other.
    pub mos_conversation: u8,
    /// Concealment, kind and rate of the jitter buffer.
    pub receiver: u8,
    /// Jitter buffer: delay in use.
    pub buffer_nominal: u16,
    /// Jitter buffer: delay it has gone to.
    pub buffer_maximum: u16,
    /// Jitter buffer: delay it may go to.
    pub buffer_limit: u16,
}

/// `VoipMetrics::receiver` of this phone: standard concealment, a jitter buffer that adapts, its rate not told.
pub const RECEIVER: u8 = 0b1111_0000;

/// Tells `block` of each block of a well-framed XR packet and who reports; unknown, cut and odd ones are passed over.
pub(super) fn read(packet: &[u8], mut block: impl FnMut(Ssrc, Block)) {
    let Some(by) = word(packet, 4).map(Ssrc) else { return };
    let mut rest = packet.get(8..).unwrap_or_default();
    while let Some(&[kind, _, high, low]) = rest.first_chunk::<4>() {
        let length = usize::from(u16::from_be_bytes([high, low])).saturating_add(1).saturating_mul(4);
        let Some((bytes, after)) = rest.split_at_checked(length) else { return };
        rest = after;
        match kind {
            DELAY => bytes.get(4..).unwrap_or_default().chunks_exact(12).for_each(|item| {
                if let (Some(ssrc), Some(last), Some(since)) = (word(item, 0), word(item, 4), word(item, 8)) {
                    block(by, Block::Delay { ssrc: Ssrc(ssrc), last, since });
                }
            }),
            _ => read_one(kind, bytes).into_iter().for_each(|one| block(by, one)),
        }
    }
}

fn read_one(kind: u8, bytes: &[u8]) -> Option<Block> {
    match (kind, bytes.len()) {
        (REFERENCE, 12) => {
            Some(Block::Reference(NtpTime(u64::from(word(bytes, 4)?) << 32 | u64::from(word(bytes, 8)?))))
        }
        (STATISTICS, 40) => Some(Block::Statistics(Statistics {
            ssrc: Ssrc(word(bytes, 4)?),
            begin: half(bytes, 8)?,
            end: half(bytes, 10)?,
            lost: word(bytes, 12)?,
            duplicates: word(bytes, 16)?,
            jitter_min: word(bytes, 20)?,
            jitter_max: word(bytes, 24)?,
            jitter_mean: word(bytes, 28)?,
            jitter_deviation: word(bytes, 32)?,
        })),
        (VOIP, 36) => {
            let byte = |at| bytes.get::<usize>(at).copied();
            Some(Block::Voip(VoipMetrics {
                ssrc: Ssrc(word(bytes, 4)?),
                loss_rate: byte(8)?,
                discard_rate: byte(9)?,
                burst_density: byte(10)?,
                gap_density: byte(11)?,
                burst_duration: half(bytes, 12)?,
                gap_duration: half(bytes, 14)?,
                round_trip: half(bytes, 16)?,
                end_system_delay: half(bytes, 18)?,
                signal_level: byte(20)?,
                noise_level: byte(21)?,
                echo_return_loss: byte(22)?,
                gap_minimum: byte(23)?,
                r_factor: byte(24)?,
                external_r_factor: byte(25)?,
                mos_listening: byte(26)?,
                mos_conversation: byte(27)?,
                receiver: byte(28)?,
                buffer_nominal: half(bytes, 30)?,
                buffer_maximum: half(bytes, 32)?,
                buffer_limit: half(bytes, 34)?,
            }))
        }
        _ => None,
    }
}

impl Block {
    /// Appends the block.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        /// Loss, duplicates and jitter are told; TTL is not.
        const LOSS_DUPLICATES_JITTER: u8 = 0b1110_0000;
        match self {
            Block::Reference(ntp) => {
                out.extend_from_slice(&[REFERENCE, 0, 0, 2]);
                out.extend_from_slice(&ntp.0.to_be_bytes());
            }
            Block::Delay { ssrc, last, since } => {
                out.extend_from_slice(&[DELAY, 0, 0, 3]);
                [ssrc.0, *last, *since].into_iter().for_each(|word| put(out, word));
            }
            Block::Statistics(statistics) => {
                out.extend_from_slice(&[STATISTICS, LOSS_DUPLICATES_JITTER, 0, 9]);
                put(out, statistics.ssrc.0);
                out.extend_from_slice(&statistics.begin.to_be_bytes());
                out.extend_from_slice(&statistics.end.to_be_bytes());
                let Statistics { lost, duplicates, jitter_min, jitter_max, jitter_mean, jitter_deviation, .. } =
                    *statistics;
                let words = [lost, duplicates, jitter_min, jitter_max, jitter_mean, jitter_deviation, 0];
                words.into_iter().for_each(|word| put(out, word));
            }
            Block::Voip(voip) => voip.write(out),
        }
    }
}

impl VoipMetrics {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&[VOIP, 0, 0, 8]);
        put(out, self.ssrc.0);
        out.extend_from_slice(&[self.loss_rate, self.discard_rate, self.burst_density, self.gap_density]);
        let halves = [self.burst_duration, self.gap_duration, self.round_trip, self.end_system_delay];
        halves.into_iter().for_each(|half| out.extend_from_slice(&half.to_be_bytes()));
        out.extend_from_slice(&[self.signal_level, self.noise_level, self.echo_return_loss, self.gap_minimum]);
        out.extend_from_slice(&[self.r_factor, self.external_r_factor, self.mos_listening, self.mos_conversation]);
        out.extend_from_slice(&[self.receiver, 0]);
        let halves = [self.buffer_nominal, self.buffer_maximum, self.buffer_limit];
        halves.into_iter().for_each(|half| out.extend_from_slice(&half.to_be_bytes()));
    }

    /// MOS of what the reporter hears, if it says: 1.0–5.0.
    pub fn mos(&self) -> Option<f64> {
        let told = [self.mos_conversation, self.mos_listening].into_iter().find(|mos| (10..=50).contains(mos));
        told.map(|mos| f64::from(mos) / 10.0)
    }
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn half(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(*bytes.get(at..)?.first_chunk()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(packet: &[u8]) -> Vec<Block> {
        let mut blocks = Vec::new();
        read(packet, |by, block| {
            assert_eq!(by, Ssrc(5));
            blocks.push(block);
        });
        blocks
    }

    fn packet(blocks: &[Block]) -> Vec<u8> {
        let mut bytes = vec![0x80, 207, 0, 0, 0, 0, 0, 5];
        blocks.iter().for_each(|block| block.write(&mut bytes));
        bytes
    }

    fn every_kind() -> [Block; 4] {
        [
            Block::Reference(NtpTime(0x0102_0304_0506_0708)),
            Block::Delay { ssrc: Ssrc(7), last: 8, since: 9 },
            Block::Statistics(Statistics {
                ssrc: Ssrc(7),
                begin: 65_530,
                end: 4,
                lost: 1,
                duplicates: 2,
                jitter_min: 3,
                jitter_max: 6,
                jitter_mean: 4,
                jitter_deviation: 5,
            }),
            Block::Voip(VoipMetrics {
                ssrc: Ssrc(7),
                loss_rate: 1,
                discard_rate: 2,
                burst_density: 3,
                gap_density: 4,
                burst_duration: 500,
                gap_duration: 600,
                round_trip: 700,
                end_system_delay: 80,
                signal_level: 0xe9,
                noise_level: 0xb0,
                echo_return_loss: UNKNOWN,
                gap_minimum: 16,
                r_factor: 91,
                external_r_factor: UNKNOWN,
                mos_listening: 43,
                mos_conversation: 42,
                receiver: RECEIVER,
                buffer_nominal: 40,
                buffer_maximum: 60,
                buffer_limit: 500,
            }),
        ]
    }

    //= RFC 3611 §4.4–4.7
    #[test]
    fn every_block_stands_at_its_place() {
        let blocks = every_kind();
        let bytes = packet(&blocks);
        assert_eq!(bytes.len(), 8 + 12 + 16 + 40 + 36);
        assert_eq!(told(&bytes), blocks);
        let voip = &bytes[8 + 12 + 16 + 40..];
        assert_eq!(voip[..4], [7, 0, 0, 8]);
        assert_eq!((voip[11], voip[23], voip[26], &voip[30..36]), (4, 16, 43, &[0, 40, 0, 60, 1, 244][..]));
    }

    #[test]
    fn odd_blocks_are_passed_over() {
        let good = Block::Delay { ssrc: Ssrc(7), last: 8, since: 9 };
        let mut bytes = packet(&[]);
        bytes.extend([99, 0, 0, 1, 1, 2, 3, 4]); // unknown
        bytes.extend([VOIP, 0, 0, 1, 1, 2, 3, 4]); // far too short
        bytes.extend([REFERENCE, 0, 0, 0]); // empty
        good.write(&mut bytes);
        bytes.extend([STATISTICS, 0, 0, 9, 1, 2]); // cut
        assert_eq!(told(&bytes), [good]);
        assert_eq!(told(&bytes[..7]), []);
    }

    #[test]
    fn unknown_ratings_are_none() {
        let mos = |conversation, listening| {
            VoipMetrics { mos_conversation: conversation, mos_listening: listening, ..VoipMetrics::default() }.mos()
        };
        let rows = [(42, 43, Some(4.2)), (UNKNOWN, 43, Some(4.3)), (UNKNOWN, UNKNOWN, None), (0, 0, None)];
        for (conversation, listening, expected) in rows {
            assert_eq!(mos(conversation, listening), expected);
        }
    }
}
