//! When a directory is asked: at the start or once an account is registered, again when it wishes, and ever more rarely
//! while it cannot be had. Pure: time and chance are arguments.

use std::time::{Duration, Instant};

/// Never more often than this, whatever the directory wishes, in seconds.
const LEAST_S: u64 = 10;
/// The same for what a cache may keep, as MicroSIP has it.
const LEAST_AGE_S: u64 = 60;
/// At least this often, once it is to be asked again.
const MOST_S: u64 = 86_400;
/// The first pause after a failure; the nth is n³ times as long.
const RETRY_S: u64 = 10;
/// A pause is longer by up to this part of it: phones that lose a directory together do not all return at once.
const SPREAD: f64 = 0.2;

/// The moments of one directory.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Schedule {
    needs_account: bool,
    /// The account that is registered, by its number.
    account: Option<u32>,
    due: Option<Instant>,
    failures: u32,
}

impl Schedule {
    /// Of a directory that is asked at once, unless it needs the data of an account that is registered.
    pub fn new(needs_account: bool, now: Instant) -> Schedule {
        Schedule { needs_account, due: (!needs_account).then_some(now), ..Schedule::default() }
    }

    /// When it is to be asked next; `None` = not until something happens.
    pub fn due(&self) -> Option<Instant> {
        self.due.filter(|_| !self.waits())
    }

    /// It needs an account, and none is registered.
    pub fn waits(&self) -> bool {
        self.needs_account && self.account.is_none()
    }

    /// The selected account is registered, or is not.
    pub fn registered(&mut self, account: Option<u32>, now: Instant) {
        if self.needs_account && account.is_some() && account != self.account {
            (self.due, self.failures) = (Some(now), 0);
        }
        // Who loses a registration for a while is the same as before.
        self.account = account.or(self.account);
    }

    /// Somebody wants it now.
    pub fn asked(&mut self, now: Instant) {
        self.due = Some(now);
    }

    /// It has answered; what it wishes counts before what a cache may do.
    pub fn answered(&mut self, refresh_s: Option<u64>, max_age_s: Option<u64>, now: Instant) {
        self.failures = 0;
        let refresh = refresh_s.filter(|seconds| *seconds > 0).map(|seconds| seconds.clamp(LEAST_S, MOST_S));
        let pause = refresh.or_else(|| max_age_s.map(|seconds| seconds.clamp(LEAST_AGE_S, MOST_S)));
        self.due = pause.map(|seconds| now + Duration::from_secs(seconds));
    }

    /// It could not be had; the seconds until the next attempt, by a chance of 0 to 1.
    pub fn failed(&mut self, now: Instant, chance: f64) -> u64 {
        self.failures = self.failures.saturating_add(1);
        let cubed = u64::from(self.failures).saturating_pow(3);
        let pause_s = cubed.saturating_mul(RETRY_S).min(MOST_S);
        let pause = Duration::from_secs(pause_s).mul_f64(1.0 + SPREAD * chance.clamp(0.0, 1.0));
        self.due = Some(now + pause);
        pause.as_secs()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[allow(clippy::disallowed_methods, reason = "any moment will do")]
    fn now() -> Instant {
        Instant::now()
    }

    fn in_s(schedule: &Schedule, now: Instant) -> Option<u64> {
        schedule.due().map(|due| due.duration_since(now).as_secs())
    }

    #[test]
    fn it_wishes_to_be_asked_again() {
        let now = now();
        for (refresh, max_age, pause) in [
            (None, None, None),
            (Some(60), Some(300), Some(60)),
            (Some(1), None, Some(10)),
            (Some(u64::MAX), None, Some(86_400)),
            (Some(0), Some(300), Some(300)),
            (None, Some(0), Some(60)),
            (None, Some(u64::MAX), Some(86_400)),
            (None, Some(59), Some(60)),
            (None, Some(61), Some(61)),
            (None, Some(86_401), Some(86_400)),
            (Some(86_401), None, Some(86_400)),
            (Some(0), None, None),
        ] {
            let mut schedule = Schedule::new(false, now);
            assert_eq!(in_s(&schedule, now), Some(0));
            schedule.answered(refresh, max_age, now);
            assert_eq!(in_s(&schedule, now), pause, "{refresh:?} {max_age:?}");
        }
    }

    #[test]
    fn failures_are_ever_further_apart() {
        let now = now();
        let mut schedule = Schedule::new(false, now);
        let pauses: Vec<u64> = (0..4).map(|_| schedule.failed(now, 0.0)).collect();
        assert_eq!(pauses, [10, 80, 270, 640]);
        for _ in 0..100 {
            schedule.failed(now, 0.0);
        }
        assert_eq!(in_s(&schedule, now), Some(86_400));
        schedule.answered(Some(60), None, now);
        assert_eq!(schedule.failed(now, 0.0), 10, "an answer ends the row");
    }

    #[test]
    fn phones_that_fail_together_return_apart() {
        let now = now();
        for (failures, chance, pause) in
            [(1, 0.0, 10), (1, 0.5, 11), (1, 1.0, 12), (2, 0.5, 88), (3, 1.0, 324), (1, -9.0, 10), (1, 9.0, 12)]
        {
            let mut schedule = Schedule::new(false, now);
            let told = (0..failures).map(|_| schedule.failed(now, chance)).last();
            assert_eq!((told, in_s(&schedule, now)), (Some(pause), Some(pause)), "{failures} {chance}");
        }
    }

    #[test]
    fn an_account_must_be_registered_where_it_is_needed() {
        let now = now();
        let mut schedule = Schedule::new(true, now);
        schedule.asked(now);
        assert!(schedule.waits() && schedule.due().is_none());
        schedule.registered(None, now);
        assert_eq!(schedule.due(), None);
        schedule.registered(Some(1), now);
        assert_eq!(schedule.due(), Some(now));
        schedule.answered(None, None, now);
        // A refresh, and a gap: nothing new.
        schedule.registered(Some(1), now);
        schedule.registered(None, now);
        schedule.registered(Some(1), now);
        assert_eq!(schedule.due(), None);
        schedule.registered(Some(2), now);
        assert_eq!(schedule.due(), Some(now), "another account, another directory");
        let mut open = Schedule::new(false, now);
        open.answered(None, None, now);
        open.registered(Some(1), now);
        assert_eq!(open.due(), None, "this one needs nobody");
    }
}
