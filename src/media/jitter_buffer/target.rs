//! How long to wait: learned from how much later than the fastest the packets come.
//!
//! Of every half second the slowest packet goes into a histogram that forgets; the delay aimed at covers 95 % of them.
//! A packet later than that raises it at once, for some seconds. Before much is known, the worst is still to come.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

const BUCKET_US: i64 = 5_000;
const BUCKETS: usize = 80;
const FORGET: f64 = 0.983;
const QUANTILE: f64 = 0.95;
const PERIOD: Duration = Duration::from_millis(500);
/// Before anything is known of the line.
const START: Duration = Duration::from_millis(40);
/// Before anything is learned of a line whose first packets came evenly, and how many must have for the least delay.
const START_EVEN: Duration = Duration::from_millis(20);
const ENOUGH: u32 = 6;
/// What is even, µs.
const EVEN: i64 = 5_000;
/// Sound is played in whole ticks: half of one is the mean cost of rounding.
const HALF_TICK: Duration = Duration::from_millis(5);
/// Periods over which the fastest packet counts.
const WINDOW: usize = 4;
/// And over which the slowest does.
const WINDOW_SLOW: usize = 6;
/// Periods before enough is known; until then so much is added, falling, to what the packets differ by, up to this.
const EARLY: u32 = 6;
const EARLY_MORE: f64 = 0.5;
const EARLY_MOST: Duration = Duration::from_millis(150);
/// What a late packet adds to its own delay, and the most it raises the delay to.
const BOOST: (Duration, Duration) = (Duration::from_millis(10), Duration::from_millis(300));
const HALF_LIFE_S: f64 = 2.0;

/// The delay to aim at. Times are µs.
#[derive(Debug, Clone)]
pub struct Target {
    least: Duration,
    most: Duration,
    histogram: [f64; BUCKETS],
    periods: u32,
    learned: Duration,
    fastest: VecDeque<i64>,
    slowest: VecDeque<i64>,
    period: Option<Period>,
    boost: Option<(Duration, Instant)>,
}

/// The packets of half a second.
#[derive(Debug, Clone, Copy)]
struct Period {
    since: Instant,
    packets: u32,
    /// Behind the fastest.
    worst: i64,
}

impl Target {
    /// Nothing learned; the delay stays between these two.
    pub fn new(least: Duration, most: Duration) -> Target {
        Target {
            least,
            most,
            histogram: [0.0; BUCKETS],
            periods: 0,
            learned: START,
            fastest: VecDeque::with_capacity(WINDOW),
            slowest: VecDeque::with_capacity(WINDOW_SLOW),
            period: None,
            boost: None,
        }
    }

    /// The least delay from now on.
    pub fn set_least(&mut self, least: Duration) {
        self.least = least.min(self.most);
    }

    /// A packet came after this transit time (arrival − timestamp, any zero); how much slower than the fastest.
    pub fn arrived(&mut self, transit: i64, now: Instant) -> i64 {
        let fresh = Period { since: now, packets: 0, worst: 0 };
        let mut period = match self.period {
            Some(period) if now.saturating_duration_since(period.since) < PERIOD => period,
            before => {
                if let Some(before) = before {
                    self.learn(before.worst);
                }
                for (extremes, window) in [(&mut self.fastest, WINDOW), (&mut self.slowest, WINDOW_SLOW)] {
                    if extremes.len() >= window {
                        extremes.pop_front();
                    }
                    extremes.push_back(transit);
                }
                fresh
            }
        };
        if let Some(last) = self.fastest.back_mut() {
            *last = (*last).min(transit);
        }
        if let Some(last) = self.slowest.back_mut() {
            *last = (*last).max(transit);
        }
        let relative = transit.saturating_sub(self.fastest());
        period.packets = period.packets.saturating_add(1);
        period.worst = period.worst.max(relative);
        self.period = Some(period);
        if self.periods == 0 {
            let even = self.spread() < EVEN;
            self.learned = match period.packets {
                2..ENOUGH if even => START_EVEN,
                ENOUGH.. if even => self.least,
                _ => START,
            };
        }
        let behind = Duration::from_micros(relative.max(0) as u64);
        if behind > self.delay(now) {
            self.boost = Some(((behind + BOOST.0).min(BOOST.1), now));
        }
        relative
    }

    /// The delay aimed at.
    pub fn delay(&self, now: Instant) -> Duration {
        let boosted = self.boost.map_or(Duration::ZERO, |(boost, at)| {
            boost.mul_f64(0.5_f64.powf(now.saturating_duration_since(at).as_secs_f64() / HALF_LIFE_S))
        });
        self.learned.max(boosted).max(self.unknown()).max(self.least).min(self.most)
    }

    /// The least time a packet must have had on its way, behind the fastest, when its turn comes.
    pub fn slack(&self, now: Instant) -> Duration {
        self.delay(now).saturating_sub(HALF_TICK)
    }

    /// The transit time of the fastest packet of late.
    pub fn fastest(&self) -> i64 {
        self.fastest.iter().copied().min().unwrap_or(0)
    }

    /// The transit time of the slowest packet of late.
    pub fn slowest(&self) -> i64 {
        self.slowest.iter().copied().max().unwrap_or(0)
    }

    fn spread(&self) -> i64 {
        self.slowest().saturating_sub(self.fastest())
    }

    /// What an uneven line is likely to need, as far as the first packets tell.
    fn unknown(&self) -> Duration {
        let spread = self.spread();
        let left = EARLY.saturating_sub(self.periods);
        if left == 0 || spread < EVEN {
            return Duration::ZERO;
        }
        let more = 1.0 + EARLY_MORE * f64::from(left) / f64::from(EARLY);
        Duration::from_micros((spread as f64 * more) as u64).min(EARLY_MOST)
    }

    /// Timestamps begin anew; what was learned of the network stays.
    pub fn forget_transit(&mut self) {
        self.fastest.clear();
        self.slowest.clear();
        self.period = None;
    }

    /// Half a second whose slowest packet was so far behind.
    fn learn(&mut self, worst: i64) {
        self.periods = self.periods.saturating_add(1);
        // The first periods weigh more: what is known at the start is little.
        let forget = FORGET.min(1.0 - 2.0 / f64::from(self.periods.saturating_add(1)));
        let bucket = (worst / BUCKET_US).clamp(0, BUCKETS as i64 - 1) as usize;
        self.histogram.iter_mut().for_each(|weight| *weight *= forget);
        if let Some(weight) = self.histogram.get_mut(bucket) {
            *weight += 1.0 - forget;
        }
        let wanted = self.histogram.iter().sum::<f64>() * QUANTILE;
        let mut sum = 0.0;
        let quantile = self.histogram.iter().position(|weight| {
            sum += weight;
            sum >= wanted
        });
        let upper_edge = (quantile.unwrap_or(BUCKETS) as i64 + 1) * BUCKET_US;
        self.learned = Duration::from_micros(upper_edge as u64) + HALF_TICK;
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods)] // a moment to count from
mod tests {
    use super::*;

    const LEAST: Duration = Duration::from_millis(10);

    fn target() -> Target {
        Target::new(LEAST, Duration::from_millis(400))
    }

    #[test]
    fn the_target_follows_the_network() {
        let start = Instant::now();
        for (jitter_ms, expected) in [(0, 10), (8, 15), (55, 65), (120, 130), (5_000, 400)] {
            let mut target = target();
            assert_eq!(target.delay(start), START);
            for n in 0..500_u64 {
                let slow = if n % 5 == 4 { jitter_ms * 1_000 } else { 0 };
                target.arrived(7_000_000 + slow, start + Duration::from_millis(20 * n));
            }
            let delay = target.delay(start + Duration::from_secs(10)).as_millis();
            assert_eq!(delay, expected, "{jitter_ms} ms of jitter");
        }
    }

    /// The delay after so many half seconds, of which those are late by 55 ms that `is_late` says.
    fn after(periods: u64, is_late: impl Fn(u64) -> bool) -> Duration {
        let start = Instant::now();
        let mut target = target();
        for n in 0..25 * periods {
            let slow = if n % 25 == 12 && is_late(n / 25) { 55_000 } else { 0 };
            target.arrived(7_000_000 + slow, start + Duration::from_millis(20 * n));
        }
        target.delay(start + Duration::from_millis(500 * periods + 10_000))
    }

    /// Late packets of one half second in ten are waited for, those of one in fifty are not; and what was at the very
    /// start is soon forgotten.
    #[test]
    fn what_is_rare_is_not_waited_for() {
        assert_eq!(after(200, |period| period % 10 == 5), Duration::from_millis(65));
        assert_eq!(after(201, |period| period % 50 == 5), LEAST);
        assert_eq!(after(33, |period| period < 3), LEAST);
    }

    /// Of late means two seconds for the fastest, three for the slowest.
    #[test]
    fn what_was_fast_or_slow_counts_for_a_while() {
        let start = Instant::now();
        let mut target = target();
        target.arrived(-30_000, start);
        target.arrived(50_000, start);
        let mut told = Vec::new();
        for period in 1..8 {
            target.arrived(0, start + PERIOD * period);
            told.push((target.fastest() / 1_000, target.slowest() / 1_000));
        }
        assert_eq!(told, [(-30, 50), (-30, 50), (-30, 50), (0, 50), (0, 50), (0, 0), (0, 0)]);
    }

    #[test]
    fn a_new_line_of_time_is_no_late_packet() {
        let start = Instant::now();
        let mut target = target();
        for n in 0..60 {
            target.arrived(0, start + Duration::from_millis(20 * n));
        }
        target.forget_transit();
        let now = start + Duration::from_millis(1_200);
        assert_eq!((target.arrived(5_000_000, now), target.delay(now)), (0, LEAST));
    }

    #[test]
    fn an_even_start_is_believed_and_an_uneven_one_is_not() {
        let start = Instant::now();
        for (transits, expected) in [
            (&[0][..], START),
            (&[0, 2_000], START_EVEN),
            (&[0, 2_000, -4_000], START),
            (&[0, 2_000, 0, 1_000, 0, 0], LEAST),
            (&[0, 2_000, 0, 1_000, 0, 0, 5_000], START),
        ] {
            let mut target = target();
            for (n, transit) in (0..).zip(transits) {
                target.arrived(*transit, start + Duration::from_millis(20 * n));
            }
            assert_eq!(target.delay(start), expected, "{transits:?}");
        }
    }

    #[test]
    fn before_much_is_known_the_worst_is_still_to_come() {
        let start = Instant::now();
        let mut target = target();
        let mut told = Vec::new();
        for n in 0..200_u64 {
            let now = start + Duration::from_millis(20 * n);
            target.arrived(if n % 2 == 1 { 60_000 } else { 0 }, now);
            if [1, 25, 50, 75, 100, 125, 150].contains(&n) {
                told.push(target.delay(now).as_millis());
            }
        }
        assert_eq!(told, [90, 85, 80, 75, 70, 70, 70]);
    }

    #[test]
    fn a_late_packet_raises_it_at_once_and_for_a_while() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut target = target();
        for n in 0..10 {
            target.arrived(0, start - Duration::from_millis(500 * (9 - n)));
        }
        target.arrived(150_000, start);
        assert_eq!(target.delay(start), Duration::from_millis(160));
        assert_eq!(target.delay(at(2)), Duration::from_millis(80));
        assert_eq!(target.delay(at(20)), LEAST);
        target.arrived(5_000_000, start);
        assert_eq!(target.delay(start), BOOST.1, "a stray cannot ask for more");
    }
}
