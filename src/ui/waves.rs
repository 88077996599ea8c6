//! How loud it was of late: the peak of each quarter of a second, in order of time.
//!
//! A graph of them is written on, column by column, and goes on by a third of its lane once that is full. One that moved with
//! each value would be drawn anew as a whole, several times a second: too much for a slow line.

use super::model::SILENT;
use crate::control::Levels;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// What a column of a graph stands for.
const COLUMN: Duration = Duration::from_millis(250);
/// Columns that are kept: more than the widest screen shows.
const MOST_COLUMNS: usize = 400;

/// Peaks of the microphone and the speaker.
#[derive(Debug, Clone, PartialEq)]
pub struct Waves {
    /// When the column that is not complete yet began.
    since: Option<Instant>,
    /// The levels told last, and the loudest of that column.
    last: Levels,
    loudest: Levels,
    columns: VecDeque<Levels>,
    /// Columns before those that are kept.
    forgotten: u64,
}

impl Default for Waves {
    fn default() -> Waves {
        Waves { since: None, last: SILENT, loudest: SILENT, columns: VecDeque::new(), forgotten: 0 }
    }
}

impl Waves {
    /// It is so loud from now on.
    pub fn take(&mut self, levels: Levels, now: Instant) {
        self.advance(now);
        self.since.get_or_insert(now);
        self.last = levels;
        self.loudest = Levels {
            mic_dbfs: self.loudest.mic_dbfs.max(levels.mic_dbfs),
            speaker_dbfs: self.loudest.speaker_dbfs.max(levels.speaker_dbfs),
        };
    }

    /// Time passes: levels that do not change are not told again.
    pub fn advance(&mut self, now: Instant) {
        let Some(since) = self.since else { return };
        let passed = now.saturating_duration_since(since).as_millis() / COLUMN.as_millis();
        let passed = u32::try_from(passed).unwrap_or(u32::MAX);
        self.since = since.checked_add(COLUMN.saturating_mul(passed)).or(Some(now));
        for _ in 0..passed.min(MOST_COLUMNS as u32) {
            self.columns.push_back(std::mem::replace(&mut self.loudest, self.last));
            if self.columns.len() > MOST_COLUMNS {
                self.columns.pop_front();
                self.forgotten += 1;
            }
        }
    }

    /// The complete columns that are kept, oldest first.
    pub fn columns(&self) -> impl DoubleEndedIterator<Item = &Levels> {
        self.columns.iter()
    }

    /// Columns there were before those.
    pub fn forgotten(&self) -> u64 {
        self.forgotten
    }

    /// Nothing is known.
    pub fn is_empty(&self) -> bool {
        self.columns.is_empty()
    }
}

/// The first value that a lane of so many columns shows of so many values. It stays for as long as there is room.
pub fn first_shown(values: u64, columns: u16) -> u64 {
    let step = u64::from(columns / 3).max(1);
    values.saturating_sub(u64::from(columns)).div_ceil(step) * step
}

#[cfg(test)]
mod tests {
    use super::*;

    fn levels(mic_dbfs: f32) -> Levels {
        Levels { mic_dbfs, speaker_dbfs: -50.0 }
    }

    fn mic(waves: &Waves) -> Vec<f32> {
        waves.columns().map(|levels| levels.mic_dbfs).collect()
    }

    #[test]
    #[allow(clippy::disallowed_methods)]
    fn a_column_is_the_loudest_of_its_time_and_silence_goes_on() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let mut waves = Waves::default();
        waves.advance(at(9_000));
        assert!(waves.is_empty(), "nothing was told yet");
        for (ms, dbfs) in [(0, -30.0), (100, -10.0), (200, -20.0), (300, -40.0), (400, -60.0)] {
            waves.take(levels(dbfs), at(ms));
        }
        assert_eq!(mic(&waves), [-10.0], "the second is not complete");
        waves.advance(at(1_000));
        assert_eq!(mic(&waves), [-10.0, -20.0, -60.0, -60.0], "what was told last holds until another is told");
        waves.take(levels(-5.0), at(1_100));
        waves.advance(at(1_250));
        assert_eq!(mic(&waves).last(), Some(&-5.0));
    }

    #[test]
    #[allow(clippy::disallowed_methods)]
    fn it_is_bounded_however_long_nobody_looked() {
        let start = Instant::now();
        let mut waves = Waves::default();
        waves.take(levels(-20.0), start);
        waves.advance(start + Duration::from_secs(1_000_000));
        assert_eq!((waves.columns().count(), waves.forgotten()), (MOST_COLUMNS, 0));
        waves.advance(start + Duration::from_secs(1_000_001));
        assert_eq!((waves.columns().count(), waves.forgotten()), (MOST_COLUMNS, 4));
    }

    #[test]
    fn a_lane_is_written_on_and_seldom_moves() {
        let first: Vec<u64> = (0..=20).map(|values| first_shown(values, 9)).collect();
        assert_eq!(first, [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 3, 3, 6, 6, 6, 9, 9, 9, 12, 12]);
        for columns in 0..8 {
            for values in 0..40 {
                let first = first_shown(values, columns);
                assert!(first == 0 || values - first.min(values) <= u64::from(columns), "{values} in {columns}");
            }
        }
    }
}
