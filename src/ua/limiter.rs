//! Fair shares of what may be asked of the phone: so much at once, so much for each second after it.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// A share.
#[derive(Debug, Clone, Copy)]
pub(super) struct Share {
    /// So many at once, 1 at least.
    pub burst: u32,
    /// So many a second in the long run, 1 at least.
    pub per_second: u32,
}

/// Who has used how much of the share that each has; of those at rest nothing is kept.
#[derive(Debug)]
pub(super) struct Limiter<K> {
    interval: Duration,
    tolerance: Duration,
    most: usize,
    /// When all that each has asked for is paid off (the "theoretical arrival time" of a leaky bucket).
    due: BTreeMap<K, Instant>,
}

impl<K: Ord> Limiter<K> {
    /// One that remembers `most` askers.
    pub fn new(share: Share, most: usize) -> Limiter<K> {
        let interval = Duration::from_secs(1) / share.per_second.max(1);
        let tolerance = interval.saturating_mul(share.burst.saturating_sub(1));
        Limiter { interval, tolerance, most, due: BTreeMap::new() }
    }

    /// Whether this one may ask once more; nobody new while too many others have just asked.
    pub fn admits(&mut self, asker: K, now: Instant) -> bool {
        if self.due.len() >= self.most && !self.due.contains_key(&asker) {
            self.due.retain(|_, due| *due > now);
            if self.due.len() >= self.most {
                return false;
            }
        }
        let due = self.due.get(&asker).map_or(now, |due| (*due).max(now));
        let admitted = due.saturating_duration_since(now) <= self.tolerance;
        if admitted {
            self.due.insert(asker, due + self.interval);
        }
        admitted
    }

    /// How many are remembered.
    pub fn len(&self) -> usize {
        self.due.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[allow(clippy::disallowed_methods)] // A moment to count from; nothing waits on it.
    fn start() -> Instant {
        Instant::now()
    }

    #[test]
    fn a_burst_passes_then_the_rate() {
        let mut limiter = Limiter::new(Share { burst: 5, per_second: 2 }, 8);
        let now = start();
        let admitted = |limiter: &mut Limiter<u8>, at| (0..20).filter(|_| limiter.admits(1, at)).count();
        assert_eq!(admitted(&mut limiter, now), 5);
        assert_eq!(admitted(&mut limiter, now + Duration::from_secs(1)), 2);
        assert_eq!(admitted(&mut limiter, now + Duration::from_secs(60)), 5, "a pause is worth a burst, not more");
        assert!(limiter.admits(2, now + Duration::from_secs(60)), "another's share is its own");
    }

    #[test]
    fn askers_are_bounded_and_forgotten_at_rest() {
        let mut limiter = Limiter::new(Share { burst: 5, per_second: 1 }, 8);
        let now = start();
        assert_eq!((0..100).filter(|asker| limiter.admits(*asker, now)).count(), 8);
        assert!(limiter.admits(0, now), "who is known keeps its share");
        assert_eq!(limiter.len(), 8);
        let later = now + Duration::from_secs(10);
        assert_eq!((100..200).filter(|asker| limiter.admits(*asker, later)).count(), 8);
    }
}
