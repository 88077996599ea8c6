//! What people read is dated by the clock on the wall, all else is counted by ours. The two part: one is set, and ours
//! stands still while the machine sleeps.

use super::agent::Agent;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// The same moment on both, as it was last told.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clock {
    ours: Instant,
    wall: SystemTime,
}

impl Clock {
    pub fn new(ours: Instant, wall: SystemTime) -> Clock {
        Clock { ours, wall }
    }

    /// A moment of ours as the wall has it, before or after the one that was told.
    pub fn date(&self, at: Instant) -> SystemTime {
        let date = match at.checked_duration_since(self.ours) {
            Some(later) => self.wall.checked_add(later),
            None => self.wall.checked_sub(self.ours.saturating_duration_since(at)),
        };
        date.unwrap_or(self.wall)
    }
}

/// `2026-01-01T12:00:00.000Z` of a wall time; years 1970–9999.
pub(super) fn iso8601(at: SystemTime) -> String {
    let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    let (days, second) = (since.as_secs() / 86_400, since.as_secs() % 86_400);
    // Days to civil date, the year counted from March (H. Hinnant, "chrono-compatible low-level date algorithms").
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_index = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_index + 2) / 5 + 1;
    let month = if month_index < 10 { month_index + 3 } else { month_index - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{:03}Z", since.subsec_millis())
}

impl Agent {
    /// The same moment on the two clocks; what is dated from now on follows it.
    pub fn set_clock(&mut self, now: Instant, wall: SystemTime) {
        self.clock = Clock::new(now, wall);
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{World, local, wall};
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_moment_has_its_date_before_and_after_the_one_that_was_told() {
        let now = World::new().now + Duration::from_secs(60);
        let clock = Clock::new(now, wall());
        for seconds in [0, 5, 60] {
            let apart = Duration::from_secs(seconds);
            assert_eq!((clock.date(now + apart), clock.date(now - apart)), (wall() + apart, wall() - apart));
        }
    }

    /// As after a night's sleep: ours stood still meanwhile.
    #[test]
    fn a_call_keeps_its_date_and_the_next_one_has_that_of_the_clock() {
        let mut world = World::new();
        world.add(local("100"), 5060);
        let at = |world: &World, call: usize| {
            let date = world.phones[0].agent.status(world.now).calls[call].started_at.clone();
            humantime::parse_rfc3339(&date).unwrap()
        };
        world.dial(0, "sip:x@127.0.0.1:5990");
        let first = at(&world, 0);
        assert_eq!(first, wall());
        let night = Duration::from_secs(8 * 3_600);
        let now = world.now;
        world.phones[0].agent.set_clock(now, wall() + night);
        world.dial(0, "sip:y@127.0.0.1:5990");
        assert_eq!((at(&world, 0), at(&world, 1)), (first, first + night));
    }

    #[test]
    fn dates_are_civil() {
        for (unix_ms, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (1_767_268_800_123, "2026-01-01T12:00:00.123Z"),
            (4_107_542_399_999, "2100-02-28T23:59:59.999Z"),
        ] {
            assert_eq!(iso8601(UNIX_EPOCH + Duration::from_millis(unix_ms)), text);
        }
    }
}
