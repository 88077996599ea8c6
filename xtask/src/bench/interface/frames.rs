//! What a program writes to its terminal, cut into frames; and what many times come to. Pure.

use std::time::Duration;

/// Finds a mark in what comes in pieces.
#[derive(Debug, Clone)]
pub struct Marks {
    mark: &'static [u8],
    /// So many bytes of it have come.
    matched: usize,
}

impl Marks {
    /// The ends of updates that a terminal shows as a whole (mode 2026).
    pub fn updates() -> Marks {
        Marks { mark: b"\x1b[?2026l", matched: 0 }
    }

    /// The resetting of all looks, last of the cells of a frame: before the terminal has said that it knows the mode above.
    pub fn resets() -> Marks {
        Marks { mark: b"\x1b[0m", matched: 0 }
    }

    /// The last of the questions to a terminal (DA1).
    pub fn asked() -> Marks {
        Marks { mark: b"\x1b[c", matched: 0 }
    }

    /// How many of them end in this piece.
    pub fn within(&mut self, bytes: &[u8]) -> usize {
        let mut found = 0;
        for byte in bytes {
            // Only its first byte is an escape, so that a mismatch begins anew with this byte or behind it.
            self.matched = match self.mark.get(self.matched) {
                Some(wanted) if wanted == byte => self.matched + 1,
                _ => usize::from(self.mark.first() == Some(byte)),
            };
            if self.matched == self.mark.len() {
                self.matched = 0;
                found += 1;
            }
        }
        found
    }
}

/// The least of these times that so many hundredths of them do not exceed.
pub fn percentile(times: &[Duration], hundredths: usize) -> Duration {
    let mut sorted = times.to_vec();
    sorted.sort();
    let rank = (sorted.len() * hundredths).div_ceil(100).max(1);
    sorted.get(rank - 1).copied().unwrap_or_default()
}

/// For the table: the median and what 99 of 100 do not exceed.
pub fn median_and_p99(times: &[Duration]) -> String {
    let [half, most] = [50, 99].map(|part| percentile(times, part).as_secs_f64() * 1e3);
    format!("{half:.2} / {most:.2} ms")
}

/// For the table: bytes a second.
pub fn rate(bytes: usize, time: Duration) -> String {
    format!("{:.0}", bytes as f64 / time.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_found_in_whatever_pieces_it_comes() {
        let written = b"\x1b[?2026hab\x1b[0m\x1b\x1b[?2026l\x1b[?2026h\x1b[?202\x1b[?2026l";
        for size in 1..=written.len() {
            let mut updates = Marks::updates();
            let found: usize = written.chunks(size).map(|piece| updates.within(piece)).sum();
            assert_eq!(found, 2, "in pieces of {size}");
        }
        assert_eq!(Marks::resets().within(written), 1);
        assert_eq!(Marks::asked().within(b"\x1b[?u\x1b[?2026$p\x1b[c"), 1);
    }

    #[test]
    fn a_percentile_is_one_of_the_times() {
        let ms = Duration::from_millis;
        let hundred: Vec<Duration> = (1..=100).rev().map(ms).collect();
        for (hundredths, wanted) in [(0, 1), (1, 1), (50, 50), (99, 99), (100, 100)] {
            assert_eq!(percentile(&hundred, hundredths), ms(wanted), "{hundredths}");
        }
        assert_eq!([0, 50, 99].map(|part| percentile(&[ms(3), ms(7)], part)), [3, 3, 7].map(ms));
        assert_eq!(percentile(&[], 99), Duration::ZERO);
        assert_eq!(median_and_p99(&hundred), "50.00 / 99.00 ms");
    }

    #[test]
    fn bytes_are_told_by_the_second() {
        assert_eq!(rate(0, Duration::from_secs(10)), "0");
        assert_eq!(rate(1_204, Duration::from_secs(10)), "120");
    }
}
