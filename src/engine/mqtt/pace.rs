//! When a broker that was lost is tried again: ever more rarely, and not with all others at once.

use std::time::Duration;

/// The first pause, without its jitter; each is twice as long as the one before.
const FIRST: Duration = Duration::from_secs(5);
/// The longest.
const LAST: Duration = Duration::from_secs(300);
/// A broker that stayed for this long was a good one: then the pauses begin anew.
const STEADY: Duration = Duration::from_secs(60);

/// How patient we are.
#[derive(Debug)]
pub(super) struct Pace {
    first: Duration,
    failures: u32,
}

impl Default for Pace {
    fn default() -> Pace {
        Pace::beginning(FIRST)
    }
}

impl Pace {
    /// One whose first pause is this long.
    pub fn beginning(first: Duration) -> Pace {
        Pace { first, failures: 0 }
    }

    /// The pause before the next try, after a conversation of this length. `chance` is 0..=255, and makes it up to half
    /// as long again.
    pub fn pause(&mut self, lasted: Duration, chance: u8) -> Duration {
        if lasted >= STEADY {
            self.failures = 0;
        }
        let pause = self.first.saturating_mul(1 << self.failures.min(16)).min(LAST);
        self.failures = self.failures.saturating_add(1);
        pause + pause.mul_f64(f64::from(chance) / 512.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_bound_and_begin_anew() {
        let (mut pace, none) = (Pace::default(), Duration::ZERO);
        let seconds: Vec<u64> = (0..9).map(|_| pace.pause(none, 0).as_secs()).collect();
        assert_eq!(seconds, [5, 10, 20, 40, 80, 160, 300, 300, 300]);
        assert_eq!(pace.pause(Duration::from_secs(59), 0).as_secs(), 300, "too short to be a good one");
        assert_eq!(pace.pause(Duration::from_secs(60), 0).as_secs(), 5);
    }

    #[test]
    fn chance_spreads_them() {
        let pause = |chance| Pace::default().pause(Duration::ZERO, chance);
        assert!(pause(0) == FIRST && pause(128) > pause(127) && pause(255) < FIRST.mul_f64(1.5));
    }
}
