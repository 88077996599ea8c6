//! What people read is dated by the clock on the wall, all else is counted by ours. The two part: one is set, and ours
//! stands still while the machine sleeps.

use super::agent::Agent;
use std::time::{Instant, SystemTime};

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
}
