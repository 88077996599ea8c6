//! Armed timers of all transactions, soonest first.

use super::Timer;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

/// Which timer of which transaction is due when.
#[derive(Debug, Default)]
pub(super) struct TimerQueue {
    due: BTreeSet<(Instant, u64, Timer)>,
    armed: BTreeMap<(u64, Timer), Instant>,
}

impl TimerQueue {
    pub(super) fn set(&mut self, id: u64, timer: Timer, at: Instant) {
        self.stop(id, timer);
        self.armed.insert((id, timer), at);
        self.due.insert((at, id, timer));
    }

    pub(super) fn stop(&mut self, id: u64, timer: Timer) {
        if let Some(at) = self.armed.remove(&(id, timer)) {
            self.due.remove(&(at, id, timer));
        }
    }

    pub(super) fn stop_all(&mut self, id: u64) {
        let timers: Vec<Timer> = self.armed.range((id, Timer::A)..=(id, Timer::Cancel)).map(|((_, t), _)| *t).collect();
        for timer in timers {
            self.stop(id, timer);
        }
    }

    pub(super) fn next(&self) -> Option<Instant> {
        self.due.first().map(|(at, _, _)| *at)
    }

    /// Takes the soonest timer that is due, with the time it was set for.
    pub(super) fn pop_due(&mut self, now: Instant) -> Option<(Instant, u64, Timer)> {
        let first = *self.due.first()?;
        if first.0 > now {
            return None;
        }
        self.stop(first.1, first.2);
        Some(first)
    }
}
