//! When reports are sent (RFC 3550 §6.2, §6.3), and who takes part.

use std::time::{Duration, Instant};

use rand::{Rng, RngExt};

use crate::rtp::Ssrc;

/// Most participants kept; a call has two, one that is mixed or forked a few.
const MAX_MEMBERS: usize = 16;
/// Share of the session's bandwidth that is for reports.
const SHARE: f64 = 0.05;
const MINIMUM: f64 = 5.0;
/// Makes up for timer reconsideration: e − 3/2.
const COMPENSATION: f64 = 1.218_28;
/// What UDP and IPv4 add to a report.
const HEADERS: usize = 28;

/// The clock of one participant's reports.
#[derive(Debug, Clone)]
pub struct Timing {
    /// Octets a second of the session.
    bandwidth: f64,
    /// Mean size of reports, sent and received.
    average: f64,
    members: Vec<Member>,
    /// Members when `next` was chosen, with ourselves.
    members_then: usize,
    previous: Option<Instant>,
    next: Option<Instant>,
}

#[derive(Debug, Clone, Copy)]
struct Member {
    ssrc: Ssrc,
    heard: Instant,
    sent: Option<Instant>,
}

impl Default for Timing {
    fn default() -> Timing {
        Timing {
            bandwidth: 8_000.0,
            average: 128.0,
            members: Vec::with_capacity(MAX_MEMBERS),
            members_then: 1,
            previous: None,
            next: None,
        }
    }
}

impl Timing {
    /// A participant was heard, by RTP if `sends`.
    pub fn heard(&mut self, ssrc: Ssrc, sends: bool, now: Instant) {
        if let Some(member) = self.members.iter_mut().find(|member| member.ssrc == ssrc) {
            member.heard = now;
            member.sent = if sends { Some(now) } else { member.sent };
        } else if self.members.len() < MAX_MEMBERS {
            self.members.push(Member { ssrc, heard: now, sent: sends.then_some(now) });
        }
    }

    /// A participant left: who stays may report sooner.
    //= RFC 3550 §6.3.4: reverse reconsideration
    pub fn left(&mut self, ssrc: Ssrc, now: Instant) {
        self.members.retain(|member| member.ssrc != ssrc);
        let (members, then) = (self.count(), self.members_then.max(1));
        if members < then {
            let share = |span: Duration| span.mul_f64(members as f64 / then as f64);
            self.next = self.next.map(|next| now + share(next.saturating_duration_since(now)));
            self.previous =
                self.previous.map(|at| now.checked_sub(share(now.saturating_duration_since(at))).unwrap_or(at));
            self.members_then = members;
        }
    }

    /// A report of this many bytes was sent or received.
    //= RFC 3550 §6.3.3
    pub fn measure(&mut self, bytes: usize) {
        self.average += (bytes.saturating_add(HEADERS) as f64 - self.average) / 16.0;
    }

    /// The session carries so many octets a second.
    pub fn set_bandwidth(&mut self, octets: f64) {
        if octets.is_finite() && octets > 0.0 {
            self.bandwidth = octets;
        }
    }

    /// True when a report is due; then the next one is chosen. `we_sent`: RTP of ours went out since the last two reports.
    pub fn poll(&mut self, we_sent: bool, now: Instant, rng: &mut impl Rng) -> bool {
        let Some(next) = self.next else {
            //= RFC 3550 §6.2: in a call of two the first report need not wait; with something to tell it is worth more
            self.next = Some(now + Duration::from_millis(rng.random_range(1_000..1_500)));
            return false;
        };
        if now < next {
            return false;
        }
        self.expire(now);
        //= RFC 3550 §6.3.6: who came since counts
        if let Some(previous) = self.previous {
            let reconsidered = previous + self.interval(we_sent, rng);
            if reconsidered > now {
                (self.next, self.members_then) = (Some(reconsidered), self.count());
                return false;
            }
        }
        self.previous = Some(now);
        (self.next, self.members_then) = (Some(now + self.interval(we_sent, rng)), self.count());
        true
    }

    /// With ourselves.
    fn count(&self) -> usize {
        self.members.len().saturating_add(1)
    }

    //= RFC 3550 §6.3.1
    fn interval(&self, we_sent: bool, rng: &mut impl Rng) -> Duration {
        let seconds = self.deterministic(we_sent);
        Duration::from_secs_f64(seconds * rng.random_range(0.5..1.5) / COMPENSATION)
    }

    fn deterministic(&self, we_sent: bool) -> f64 {
        let members = self.count() as f64;
        let senders =
            (self.members.iter().filter(|member| member.sent.is_some()).count() + usize::from(we_sent)) as f64;
        let share = self.bandwidth * SHARE;
        let (share, count) = match (senders <= members * 0.25, we_sent) {
            (false, _) => (share, members),
            (true, true) => (share * 0.25, senders),
            (true, false) => (share * 0.75, members - senders),
        };
        //= RFC 3550 §6.2: the reduced minimum of a session above 72 kbit/s
        let kilobits = self.bandwidth * 8.0 / 1_000.0;
        let minimum = MINIMUM.min(360.0 / kilobits.max(1.0)).max(1.0);
        (self.average * count / share.max(1.0)).clamp(minimum, 60.0)
    }

    //= RFC 3550 §6.3.5: silent for five intervals, or not sending for two
    fn expire(&mut self, now: Instant) {
        let interval = Duration::from_secs_f64(self.deterministic(false));
        let silent = |at: Instant, times: u32| now.saturating_duration_since(at) > interval * times;
        self.members.retain(|member| !silent(member.heard, 5));
        for member in &mut self.members {
            member.sent = member.sent.filter(|at| !silent(*at, 2));
        }
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods)] // a moment to count from
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    const TICK: Duration = Duration::from_millis(10);

    /// The times of the reports in so many seconds, in seconds.
    fn reports(timing: &mut Timing, seconds: u64, mut each: impl FnMut(&mut Timing, Instant)) -> Vec<f64> {
        let (rng, start) = (&mut StdRng::seed_from_u64(3), Instant::now());
        let ticks = (0..seconds * 100).map(|n| start + TICK * n as u32);
        let due = ticks.filter(|now| {
            each(timing, *now);
            timing.poll(true, *now, rng)
        });
        due.map(|at| (at - start).as_secs_f64()).collect()
    }

    fn gaps(times: &[f64]) -> Vec<f64> {
        times.windows(2).map(|pair| pair[1] - pair[0]).collect()
    }

    #[test]
    fn intervals_stay_in_their_bounds() {
        // (kbit/s of the session, shortest, longest gap)
        for (kilobits, shortest, longest) in
            [(16.0, 2.0, 6.2), (72.0, 2.0, 6.2), (144.0, 1.0, 3.1), (2_000.0, 0.4, 1.3)]
        {
            let mut timing = Timing::default();
            timing.set_bandwidth(kilobits * 125.0);
            let times = reports(&mut timing, 600, |timing, now| timing.heard(Ssrc(1), true, now));
            assert!(times[0] < 1.52, "the first one comes at once: {times:?}");
            let gaps = gaps(&times);
            assert!(gaps.iter().all(|gap| (shortest..longest).contains(gap)), "{kilobits} kbit/s: {gaps:?}");
            assert!(gaps.len() > 100 - 20, "{kilobits} kbit/s: {}", gaps.len());
        }
    }

    /// On average the compensated, reconsidered interval is the deterministic one.
    #[test]
    fn the_mean_is_five_seconds() {
        let mut timing = Timing::default();
        let times = reports(&mut timing, 20_000, |timing, now| timing.heard(Ssrc(1), true, now));
        let gaps = gaps(&times);
        let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
        assert!((4.7..5.3).contains(&mean), "{mean}");
    }

    #[test]
    fn a_crowd_slows_the_reports_and_is_bounded() {
        let mut timing = Timing::default();
        timing.set_bandwidth(1_000.0);
        let mut next = 0;
        let times = reports(&mut timing, 600, |timing, now| {
            next += 1;
            timing.heard(Ssrc(next % 1_000), true, now);
        });
        assert_eq!(timing.members.len(), MAX_MEMBERS);
        // 17 × 128 octets at 50 octets a second take 43 s.
        assert!(gaps(&times).iter().all(|gap| *gap > 15.0), "{times:?}");
    }

    #[test]
    fn who_leaves_or_falls_silent_is_forgotten() {
        let (mut timing, start) = (Timing::default(), Instant::now());
        timing.set_bandwidth(1_000.0);
        (0..9).for_each(|n| timing.heard(Ssrc(n), false, start));
        let rng = &mut StdRng::seed_from_u64(5);
        assert!(!timing.poll(true, start, rng));
        assert!(timing.poll(true, start + Duration::from_secs(2), rng));
        let before = timing.next.map(|next| next - start).unwrap_or_default();
        (1..9).for_each(|n| timing.left(Ssrc(n), start + Duration::from_secs(2)));
        let after = timing.next.map(|next| next - start).unwrap_or_default();
        assert!(after < before / 2, "{before:?} {after:?}");
        timing.expire(start + Duration::from_secs(301));
        assert_eq!(timing.count(), 1);
    }
}
