//! From 16-bit sequence numbers to a count that does not wrap.

use super::SequenceNumber;

/// Most packets missing in a row that are still a gap and not a jump (RFC 3550 A.1).
const MAX_DROPOUT: u16 = 3000;
/// How far behind a packet may come (RFC 3550 A.1).
const MAX_MISORDER: u16 = 100;

/// Extends the sequence numbers of one source. Unlike RFC 3550 A.1 without probation: SIP has announced the source.
#[derive(Debug, Clone, Default)]
pub struct Extender {
    highest: Option<u64>,
    /// What would follow the last number that jumped.
    after_jump: Option<SequenceNumber>,
}

impl Extender {
    /// The count of this packet; rises by one per packet sent, over wraps too. `None`: the number jumped; the packet
    /// is not to be used, and if the next one continues from it the count goes on from there.
    pub fn extend(&mut self, sequence: SequenceNumber) -> Option<u64> {
        const CYCLE: u64 = 1 << 16;
        let Some(highest) = self.highest else {
            // One cycle up, so that what was sent before the first packet seen has a count too.
            let first = CYCLE.saturating_add(sequence.0.into());
            self.highest = Some(first);
            return Some(first);
        };
        let ahead = sequence.0.wrapping_sub(highest as u16);
        let behind = 0u16.wrapping_sub(ahead);
        if ahead < MAX_DROPOUT {
            self.after_jump = None;
            let count = highest.saturating_add(ahead.into());
            self.highest = Some(count);
            Some(count)
        } else if behind <= MAX_MISORDER {
            highest.checked_sub(behind.into())
        } else if self.after_jump == Some(sequence) {
            //= RFC 3550 A.1: two in a row after a jump, the sender has restarted
            self.after_jump = None;
            let count = (highest / CYCLE).saturating_add(1).saturating_mul(CYCLE).saturating_add(sequence.0.into());
            self.highest = Some(count);
            Some(count)
        } else {
            self.after_jump = Some(sequence.next());
            None
        }
    }

    /// The greatest count so far.
    pub fn highest(&self) -> Option<u64> {
        self.highest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts() {
        let c = |n: u64| Some(65_536 + n);
        type Row<'a> = (&'a str, &'a [u16], &'a [Option<u64>]);
        let rows: &[Row] = &[
            ("in order", &[5, 6, 7], &[c(5), c(6), c(7)]),
            ("gap", &[5, 9], &[c(5), c(9)]),
            ("reordered", &[5, 7, 6, 8], &[c(5), c(7), c(6), c(8)]),
            ("before the first", &[0, 65_535], &[c(0), Some(65_535)]),
            ("wrap", &[65_535, 0, 1], &[c(65_535), c(65_536), c(65_537)]),
            ("wrap reordered", &[65_534, 0, 65_535, 1], &[c(65_534), c(65_536), c(65_535), c(65_537)]),
            ("one stray", &[5, 40_000, 6], &[c(5), None, c(6)]),
            ("restart", &[5, 40_000, 40_001], &[c(5), None, c(65_536 + 40_001)]),
            ("restart downwards", &[50_000, 10, 11], &[c(50_000), None, c(65_536 + 11)]),
            ("duplicate", &[5, 5], &[c(5), c(5)]),
        ];
        for (what, numbers, expected) in rows {
            let mut extender = Extender::default();
            let counts: Vec<_> = numbers.iter().map(|n| extender.extend(SequenceNumber(*n))).collect();
            assert_eq!(counts, *expected, "{what}");
        }
    }
}
