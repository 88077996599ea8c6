//! DTMF digits as two tones each (ITU-T Q.23).

use super::{Chord, samples};
use std::collections::VecDeque;
use std::time::Duration;

/// Keys by row and column.
const KEYS: [&str; 4] = ["123A", "456B", "789C", "*0#D"];
/// Hz of the rows.
pub(super) const ROWS: [f32; 4] = [697.0, 770.0, 852.0, 941.0];
/// Hz of the columns.
pub(super) const COLUMNS: [f32; 4] = [1_209.0, 1_336.0, 1_477.0, 1_633.0];
/// −9 and −7 dBm0, the columns 2 dB above the rows (ETSI ES 201 235-2 §4.2).
const AMPLITUDES: [f32; 3] = [0.247, 0.311, 0.0];
/// Shortest tone and pause that any receiver takes (ITU-T Q.24).
const LEAST_MS: u32 = 40;
/// Silence after a digit.
const PAUSE_MS: u32 = 50;
/// How many digits may wait to be sent.
const MAX_DIGITS: usize = 64;

/// The two frequencies of a DTMF digit in Hz, its row's first.
pub fn dtmf_frequencies(digit: char) -> Option<(f32, f32)> {
    let digit = digit.to_ascii_uppercase();
    KEYS.iter().zip(ROWS).find_map(|(keys, row)| {
        let column = keys.chars().position(|key| key == digit)?;
        Some((row, *COLUMNS.get(column)?))
    })
}

/// The digit of a row and a column.
pub(super) fn digit_of(row: usize, column: usize) -> Option<char> {
    KEYS.get(row)?.chars().nth(column)
}

/// Digits played one after another, each followed by 50 ms of silence.
#[derive(Debug, Clone)]
pub struct DtmfPlayer {
    queue: VecDeque<(char, u32)>,
    current: (f32, f32),
    /// Samples of the tone that are played, and that are left; samples of silence that are left.
    played: u32,
    on: u32,
    off: u32,
    chord: Chord,
}

impl Default for DtmfPlayer {
    fn default() -> DtmfPlayer {
        let queue = VecDeque::with_capacity(MAX_DIGITS);
        DtmfPlayer { queue, current: (0.0, 0.0), played: 0, on: 0, off: 0, chord: Chord::default() }
    }
}

impl DtmfPlayer {
    /// Adds a digit that lasts `duration`, 40 ms at least; what is no digit, or one too many, is left out.
    pub fn push(&mut self, digit: char, duration: Duration) {
        if dtmf_frequencies(digit).is_some() && self.queue.len() < MAX_DIGITS {
            let ms = u32::try_from(duration.as_millis()).unwrap_or(u32::MAX).clamp(LEAST_MS, 60_000);
            self.queue.push_back((digit, samples(ms)));
        }
    }

    /// Lets go of the digit that sounds: it ends at once, no sooner than after 40 ms.
    pub fn release(&mut self) {
        let least = samples(LEAST_MS);
        match self.queue.front_mut() {
            _ if self.on > 0 => self.on = least.saturating_sub(self.played),
            Some((_, lasts)) => *lasts = least,
            None => {}
        }
    }

    /// True while there is something to play.
    pub fn is_active(&self) -> bool {
        !self.queue.is_empty() || self.on > 0 || self.off > 0
    }

    /// Adds the next samples at 48 kHz to `frame`.
    pub fn mix_into(&mut self, frame: &mut [f32]) {
        for sample in frame {
            if self.on == 0 && self.off == 0 {
                let Some((digit, lasts)) = self.queue.pop_front() else { return };
                self.current = dtmf_frequencies(digit).unwrap_or_default();
                (self.played, self.on, self.off) = (0, lasts, samples(PAUSE_MS));
            }
            let (low, high) = if self.on > 0 { self.current } else { (0.0, 0.0) };
            *sample += self.chord.sample_each([low, high, 0.0], AMPLITUDES);
            if self.on > 0 {
                (self.on, self.played) = (self.on - 1, self.played.saturating_add(1));
            } else {
                self.off -= 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::SAMPLE_RATE;
    use crate::media::tone::{FULL_SCALE_DBM0, goertzel_dbfs};

    fn played(digits: &[(char, u64)]) -> DtmfPlayer {
        let mut player = DtmfPlayer::default();
        digits.iter().for_each(|(digit, ms)| player.push(*digit, Duration::from_millis(*ms)));
        player
    }

    fn frames(player: &mut DtmfPlayer) -> usize {
        let mut frames = 0;
        while player.is_active() {
            player.mix_into(&mut [0.0; 480]);
            frames += 1;
        }
        frames
    }

    //= ITU-T Q.23, ETSI ES 201 235-2 §4.2
    #[test]
    fn each_digit_is_its_two_frequencies_at_their_levels() {
        for (row, keys) in KEYS.iter().enumerate() {
            for (column, digit) in keys.chars().enumerate() {
                let mut sound = vec![0.0; 7_680];
                played(&[(digit, 160)]).mix_into(&mut sound);
                let steady = &sound[480..7_200];
                for hz in ROWS.into_iter().chain(COLUMNS) {
                    let level = goertzel_dbfs(steady, hz, SAMPLE_RATE) + FULL_SCALE_DBM0;
                    match hz {
                        hz if hz == ROWS[row] => assert!((level + 9.0).abs() < 0.2, "{digit}: {hz} at {level} dBm0"),
                        hz if hz == COLUMNS[column] => assert!((level + 7.0).abs() < 0.2, "{digit}: {hz} {level}"),
                        _ => assert!(level < -30.0, "{digit}: {hz} Hz at {level} dBm0"),
                    }
                }
                assert_eq!(digit_of(row, column), Some(digit));
                assert!(steady.iter().all(|sample| sample.abs() < 0.6));
            }
        }
        assert_eq!((dtmf_frequencies('x'), dtmf_frequencies('d')), (None, Some((941.0, 1_633.0))));
    }

    #[test]
    fn digits_take_their_time() {
        let mut player = played(&[('1', 160), ('x', 160), ('2', 10), ('3', 1_000)]);
        assert_eq!(frames(&mut player), 21 + 9 + 105);
        assert_eq!(frames(&mut played(&[('1', 160); 2 * MAX_DIGITS])), MAX_DIGITS * 21);
    }

    #[test]
    fn a_digit_ends_when_it_is_let_go_of() {
        for (after, more) in [(0, 4 + 5), (2, 2 + 5), (50, 5)] {
            let mut player = played(&[('1', 5_000)]);
            (0..after).for_each(|_| player.mix_into(&mut [0.0; 480]));
            player.release();
            assert_eq!(frames(&mut player), more, "after {after}");
        }
    }
}
