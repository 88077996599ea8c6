//! Which packet of a stream a sequence number means, and whether it was there before.

/// As far back as packets are told apart; RFC 3711 §3.3.2 asks for 64. More than two seconds of 20 ms packets.
const WINDOW: u64 = 128;

/// The indices received of one stream.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Window {
    highest: Option<u64>,
    /// Bit n: the index n below the highest was there.
    seen: u128,
}

impl Window {
    /// The greatest index so far.
    pub(super) fn highest(&self) -> Option<u64> {
        self.highest
    }

    /// True when this index was there before, or is too far back to tell.
    pub(super) fn refuses(&self, index: u64) -> bool {
        match self.highest.and_then(|highest| highest.checked_sub(index)) {
            Some(behind) => behind >= WINDOW || self.seen & (1 << behind) != 0,
            None => false,
        }
    }

    /// Note an index that was not refused.
    pub(super) fn note(&mut self, index: u64) {
        let highest = self.highest.unwrap_or(index);
        match index.checked_sub(highest) {
            Some(ahead) => {
                let shift = u32::try_from(ahead).unwrap_or(u32::MAX);
                self.seen = self.seen.checked_shl(shift).unwrap_or(0) | 1;
                self.highest = Some(index);
            }
            None => {
                let behind = u32::try_from(highest.saturating_sub(index)).unwrap_or(u32::MAX);
                self.seen |= 1_u128.checked_shl(behind).unwrap_or(0);
                self.highest = Some(highest);
            }
        }
    }

    /// The same place under another key: whatever index comes now was not there before.
    pub(super) fn rekeyed(self) -> Window {
        Window { seen: 0, ..self }
    }
}

/// The index (roll-overs and sequence number) nearest to the highest so far; `None` before the first and beyond the last.
pub(super) fn guess(highest: u64, sequence: u16) -> Option<u64> {
    const HALF: u16 = 1 << 15;
    let (roll_overs, last) = ((highest >> 16) as u32, highest as u16);
    //= RFC 3711 §3.3.1, appendix A
    let roll_overs = if last < HALF {
        if sequence > last.saturating_add(HALF) { roll_overs.checked_sub(1) } else { Some(roll_overs) }
    } else if last.saturating_sub(HALF) > sequence {
        roll_overs.checked_add(1)
    } else {
        Some(roll_overs)
    };
    roll_overs.map(|roll_overs| (u64::from(roll_overs) << 16) | u64::from(sequence))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indices_are_guessed_across_roll_overs() {
        // (highest so far, sequence number, index)
        const TOP: u64 = (1 << 48) - 1;
        let rows = [
            (0x0_0005, 0x0006, Some(0x0_0006)),
            (0x0_0005, 0x8005, Some(0x0_8005)),
            (0x0_0005, 0x8006, None),
            (0x1_0005, 0x8006, Some(0x0_8006)),
            (0x1_0000, 0xffff, Some(0x0_ffff)),
            (0x0_ffff, 0x0000, Some(0x1_0000)),
            (0x0_ffff, 0x7ffe, Some(0x1_7ffe)),
            (0x0_ffff, 0x7fff, Some(0x0_7fff)),
            (0x0_8000, 0x0000, Some(0x0_0000)),
            (0x3_8001, 0x0000, Some(0x4_0000)),
            (TOP, 0xfffe, Some(TOP - 1)),
            (TOP, 0x0000, None),
        ];
        for (highest, sequence, index) in rows {
            assert_eq!(guess(highest, sequence), index, "{sequence:#x} after {highest:#x}");
        }
    }

    #[test]
    fn what_was_there_is_refused() {
        // (index, refused)
        let rows = [
            (1_000, false),
            (1_000, true),
            (999, false),
            (999, true),
            (1_002, false),
            (1_001, false),
            (1_000, true),
            (875, false),
            (874, true),
            (1_130, false),
            (1_002, true),
            (1_003, false),
            (100_000, false),
            (1_130, true),
            (99_999, false),
        ];
        let mut window = Window::default();
        for (index, refused) in rows {
            assert_eq!(window.refuses(index), refused, "{index}");
            if !refused {
                window.note(index);
            }
        }
    }
}
