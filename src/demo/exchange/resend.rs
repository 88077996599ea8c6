//! Requests that came over a stream and leave as a datagram: who sent them does not repeat them, so the exchange must.

use super::Transmit;
use std::time::{Duration, Instant};

const T1: Duration = Duration::from_millis(500);
const T2: Duration = Duration::from_secs(4);
/// Most requests watched at once.
const MOST: usize = 64;

#[derive(Debug)]
struct Pending {
    /// The branch of our Via.
    branch: String,
    transmit: Transmit,
    wait: Duration,
    next: Instant,
    end: Instant,
}

/// The requests that wait for a first answer.
#[derive(Debug, Default)]
pub struct Resending {
    pending: Vec<Pending>,
}

impl Resending {
    /// A request was sent; it is sent again until something answers its branch, for 64 · T1 (RFC 3261 §17.1.1.2).
    pub fn watch(&mut self, branch: String, transmit: Transmit, now: Instant) {
        if self.pending.len() < MOST {
            self.pending.push(Pending { branch, transmit, wait: T1, next: now + T1, end: now + 64 * T1 });
        }
    }

    /// An answer came to this branch.
    pub fn answered(&mut self, branch: &str) {
        self.pending.retain(|pending| pending.branch != branch);
    }

    /// When `due` is wanted next.
    pub fn next_timeout(&self) -> Option<Instant> {
        self.pending.iter().map(|pending| pending.next).min()
    }

    /// What is to be sent again by now.
    pub fn due(&mut self, now: Instant) -> Vec<Transmit> {
        self.pending.retain(|pending| now < pending.end);
        let late = self.pending.iter_mut().filter(|pending| pending.next <= now);
        late.map(|pending| {
            pending.wait = (pending.wait * 2).min(T2);
            pending.next = now + pending.wait;
            pending.transmit.clone()
        })
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sip::flow::{Flow, Transport};

    //= RFC 3261 §17.1.1.2, §17.1.2.2
    #[test]
    fn a_request_is_sent_again_until_it_is_answered_or_given_up() {
        #[allow(clippy::disallowed_methods, reason = "a moment to count from")]
        let start = Instant::now();
        let address = ([127, 0, 0, 1], 5060).into();
        let flow = Flow { transport: Transport::Udp, local: address, remote: address };
        let mut resending = Resending::default();
        for branch in ["a", "b"] {
            resending.watch(branch.to_owned(), Transmit { flow, bytes: branch.into() }, start);
        }
        let mut sent = Vec::new();
        while let Some(now) = resending.next_timeout() {
            let after_ms = now.duration_since(start).as_millis();
            sent.push((after_ms, resending.due(now).len()));
            if after_ms == 1500 {
                resending.answered("b");
            }
        }
        assert_eq!(sent.get(..4), Some(&[(500, 2), (1500, 2), (3500, 1), (7500, 1)][..]));
        assert_eq!(sent.last(), Some(&(35_500, 0)), "{sent:?}");
    }
}
