//! How long to wait: learned from how much later than the fastest the packets come.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

const BUCKET_MS: i64 = 10;
const BUCKETS: usize = 41;
const FORGET: f64 = 0.983;
const QUANTILE: f64 = 0.95;
const PERIOD: Duration = Duration::from_millis(500);
const START: Duration = Duration::from_millis(40);
const MIN: Duration = Duration::from_millis(20);
const MAX: Duration = Duration::from_millis(400);
/// Periods over which the fastest packet counts.
const WINDOW: usize = 4;

/// The delay to aim at. Times are µs.
#[derive(Debug, Clone)]
pub struct Target {
    histogram: [f64; BUCKETS],
    /// Weight of the start value, falling as the histogram fills.
    learned: Duration,
    fastest: VecDeque<i64>,
    period_start: Option<Instant>,
    period_worst: i64,
    boost: Option<(Duration, Instant)>,
}

impl Default for Target {
    fn default() -> Target {
        Target {
            histogram: [0.0; BUCKETS],
            learned: START,
            fastest: VecDeque::with_capacity(WINDOW + 1),
            period_start: None,
            period_worst: 0,
            boost: None,
        }
    }
}

impl Target {
    /// A packet came after this transit time (arrival − timestamp, any zero); how much slower than the fastest.
    pub fn arrived(&mut self, transit: i64, now: Instant) -> i64 {
        match self.period_start {
            Some(start) if now.saturating_duration_since(start) < PERIOD => {}
            Some(_) => {
                self.close_period();
                self.fastest.push_back(transit);
                if self.fastest.len() > WINDOW {
                    self.fastest.pop_front();
                }
                self.period_start = Some(now);
            }
            None => {
                self.fastest.push_back(transit);
                self.period_start = Some(now);
            }
        }
        if let Some(last) = self.fastest.back_mut() {
            *last = (*last).min(transit);
        }
        let relative = transit - self.fastest();
        self.period_worst = self.period_worst.max(relative);
        relative
    }

    /// A packet came too late by so much: wait for its like at once, and less again over some seconds.
    pub fn late(&mut self, relative: i64, now: Instant) {
        let wanted = Duration::from_micros(relative.max(0) as u64) + Duration::from_millis(10);
        if wanted > self.delay(now) {
            self.boost = Some((wanted, now));
        }
    }

    /// The delay aimed at.
    pub fn delay(&self, now: Instant) -> Duration {
        const HALF_LIFE_S: f64 = 2.0;
        let boosted = self.boost.map_or(Duration::ZERO, |(boost, at)| {
            boost.mul_f64(0.5_f64.powf(now.saturating_duration_since(at).as_secs_f64() / HALF_LIFE_S))
        });
        self.learned.max(boosted).clamp(MIN, MAX)
    }

    /// The transit time of the fastest packet of late.
    pub fn fastest(&self) -> i64 {
        self.fastest.iter().copied().min().unwrap_or(0)
    }

    /// Timestamps begin anew; what was learned of the network stays.
    pub fn forget_transit(&mut self) {
        self.fastest.clear();
        self.period_start = None;
        self.period_worst = 0;
    }

    fn close_period(&mut self) {
        let bucket = (self.period_worst / 1_000 / BUCKET_MS).clamp(0, BUCKETS as i64 - 1) as usize;
        self.period_worst = 0;
        self.histogram.iter_mut().for_each(|weight| *weight *= FORGET);
        if let Some(weight) = self.histogram.get_mut(bucket) {
            *weight += 1.0 - FORGET;
        }
        let wanted = self.histogram.iter().sum::<f64>() * QUANTILE;
        let mut sum = 0.0;
        let quantile = self.histogram.iter().position(|weight| {
            sum += weight;
            sum >= wanted
        });
        let upper_edge_ms = (quantile.unwrap_or(BUCKETS) as i64 + 1) * BUCKET_MS;
        self.learned = Duration::from_millis(upper_edge_ms as u64).clamp(MIN, MAX);
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods)] // a moment to count from
mod tests {
    use super::*;

    #[test]
    fn the_target_follows_the_network() {
        let start = Instant::now();
        for (jitter_ms, low, high) in [(0, 20, 20), (8, 20, 20), (55, 60, 60), (120, 130, 130), (5_000, 400, 400)] {
            let mut target = Target::default();
            assert_eq!(target.delay(start), START);
            for n in 0..500_u64 {
                let slow = if n % 5 == 4 { jitter_ms * 1_000 } else { 0 };
                target.arrived(7_000_000 + slow, start + Duration::from_millis(20 * n));
            }
            let delay = target.delay(start + Duration::from_secs(10)).as_millis();
            assert!((low..=high).contains(&delay), "{jitter_ms} ms of jitter: {delay} ms");
        }
    }

    #[test]
    fn a_late_packet_raises_it_at_once_and_for_a_while() {
        let start = Instant::now();
        let mut target = Target::default();
        target.late(150_000, start);
        assert_eq!(target.delay(start), Duration::from_millis(160));
        assert_eq!(target.delay(start + Duration::from_secs(2)), Duration::from_millis(80));
        assert_eq!(target.delay(start + Duration::from_secs(20)), START);
    }
}
