//! When a request over UDP is sent again.

use std::time::{Duration, Instant};

/// How patiently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Schedule {
    /// The first wait; each one is twice as long as the one before.
    pub rto: Duration,
    /// How often it is sent in all (Rc).
    pub sent_most: u32,
    /// How many first waits after the last one it is given up (Rm).
    pub last_wait: u32,
}

impl Schedule {
    /// For servers.
    //= RFC 8489 §6.2.1: RTO 500 ms, Rc 7, Rm 16: given up after 39.5 s
    pub const SERVER: Schedule = Schedule { rto: Duration::from_millis(500), sent_most: 7, last_wait: 16 };
    /// Over a stream nothing is sent again.
    //= RFC 8489 §6.2.2: Ti
    pub const STREAM: Schedule = Schedule { rto: Duration::from_millis(39_500), sent_most: 1, last_wait: 1 };
}

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// Nothing yet.
    Wait,
    /// Send it again.
    Again,
    /// Nobody answers.
    GiveUp,
}

/// The timer of one request that has been sent once.
#[derive(Debug, Clone, Copy)]
pub struct Retransmission {
    schedule: Schedule,
    sent: u32,
    next: Instant,
}

impl Retransmission {
    /// It was sent for the first time.
    pub fn new(schedule: Schedule, now: Instant) -> Retransmission {
        let mut timer = Retransmission { schedule, sent: 1, next: now };
        timer.next = now + timer.wait();
        timer
    }

    /// What the time says.
    pub fn poll(&mut self, now: Instant) -> Turn {
        if now < self.next {
            return Turn::Wait;
        }
        if self.sent >= self.schedule.sent_most {
            return Turn::GiveUp;
        }
        self.sent += 1;
        self.next = now + self.wait();
        Turn::Again
    }

    /// When it says more.
    pub fn next_timeout(&self) -> Instant {
        self.next
    }

    /// It was sent but once: what comes back tells how long the way is.
    pub fn is_first(&self) -> bool {
        self.sent == 1
    }

    fn wait(&self) -> Duration {
        if self.sent >= self.schedule.sent_most {
            self.schedule.rto.saturating_mul(self.schedule.last_wait)
        } else {
            self.schedule.rto.saturating_mul(1 << self.sent.saturating_sub(1).min(16))
        }
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods)] // A moment to count from; nothing waits on it.
mod tests {
    use super::*;

    #[test]
    //= RFC 8489 §6.2.1: requests at 0, 500, 1500, 3500, 7500, 15500 and 31500 ms, given up at 39500
    fn the_schedule_of_the_standard() {
        let start = Instant::now();
        let mut timer = Retransmission::new(Schedule::SERVER, start);
        let mut rows = Vec::new();
        loop {
            let at = timer.next_timeout();
            assert_eq!(timer.poll(at - Duration::from_millis(1)), Turn::Wait);
            let turn = timer.poll(at);
            rows.push((at - start).as_millis());
            if turn == Turn::GiveUp {
                break;
            }
        }
        assert_eq!(rows, [500, 1500, 3500, 7500, 15500, 31500, 39500]);
    }
}
