//! The accounts as the interface has them beside the status: which is chosen, since when each stands where it stands, until
//! when it is registered, and how often it failed. Plain data.

use crate::control::{AccountInfo, RegistrationState};
use std::time::{Duration, Instant};

/// How often a time that is shown moves on.
const STEP: Duration = Duration::from_secs(10);

/// What was seen of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    id: u32,
    state: RegistrationState,
    reason: Option<String>,
    /// Since when it stands so; `None` = before anybody looked.
    pub since: Option<Instant>,
    /// Until when it is registered, unless that is renewed.
    pub until: Option<Instant>,
    /// How often it failed since this interface was opened.
    pub failures: u32,
}

/// All of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Registrations {
    seen: Vec<Seen>,
    /// The chosen account, by its place.
    pub row: usize,
    /// Rows the details are scrolled by.
    pub scroll: usize,
    /// The codecs that are offered, the preferred first.
    pub codecs: Vec<String>,
    stepped: Option<Instant>,
}

impl Registrations {
    /// Takes in where the accounts stand now.
    pub fn take(&mut self, accounts: &[AccountInfo], now: Instant) {
        let old = std::mem::take(&mut self.seen);
        let see = |account: &AccountInfo| {
            let before = old.iter().find(|seen| seen.id == account.id);
            let is_same = before.is_some_and(|seen| seen.state == account.state);
            let since = if is_same { before.and_then(|seen| seen.since) } else { before.map(|_| now) };
            let is_failed = account.state == RegistrationState::Failed;
            let fails = is_failed && !(is_same && before.is_some_and(|seen| seen.reason == account.reason));
            Seen {
                id: account.id,
                state: account.state,
                reason: account.reason.clone(),
                since,
                until: account.expires_in.map(|seconds| now + Duration::from_secs(seconds.min(1 << 31))),
                failures: before.map_or(0, |seen| seen.failures).saturating_add(u32::from(fails)),
            }
        };
        self.seen = accounts.iter().map(see).collect();
        self.row = self.row.min(accounts.len().saturating_sub(1));
    }

    /// What was seen of this account.
    pub fn of(&self, id: u32) -> Option<&Seen> {
        self.seen.iter().find(|seen| seen.id == id)
    }

    /// When the times shown are to move on; `None` while none are shown.
    pub fn next_wake(&self, now: Instant) -> Option<Instant> {
        let moves = self.seen.iter().any(|seen| seen.since.is_some() || seen.until.is_some());
        moves.then(|| self.stepped.unwrap_or(now) + STEP)
    }

    /// The time that `next_wake` named has come: draw.
    pub fn tick(&mut self, now: Instant) -> bool {
        let is_due = self.stepped.is_none_or(|stepped| now >= stepped + STEP);
        if is_due {
            self.stepped = Some(now);
        }
        is_due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[allow(clippy::disallowed_methods)]
    fn changes_are_dated_and_failures_counted() {
        use RegistrationState::{Failed, Registered, Registering};
        let start = Instant::now();
        let mut all = Registrations::default();
        let at = |seconds: u64| start + Duration::from_secs(seconds);
        let tell = |all: &mut Registrations, state, reason: &str, seconds| {
            let expires_in = (state == Registered).then_some(60);
            let reason = Some(reason.to_owned());
            all.take(&[AccountInfo { id: 1, state, reason, expires_in, ..AccountInfo::default() }], at(seconds));
            all.of(1).cloned().unwrap()
        };
        assert_eq!(tell(&mut all, Registering, "", 0).since, None);
        let seen = tell(&mut all, Registered, "OK", 1);
        assert_eq!((seen.since, seen.until), (Some(at(1)), Some(at(61))));
        let seen = tell(&mut all, Registered, "OK", 31);
        assert_eq!((seen.since, seen.until, seen.failures), (Some(at(1)), Some(at(91)), 0));
        assert!(all.next_wake(at(31)).is_some());
        for (reason, failures) in [("401", 1), ("401", 1), ("no answer", 2)] {
            let seen = tell(&mut all, Failed, reason, 40);
            assert_eq!((seen.failures, seen.until), (failures, None), "{reason}");
        }
        all.take(&[], at(50));
        assert_eq!((all.of(1), all.next_wake(at(50))), (None, None));
    }
}
