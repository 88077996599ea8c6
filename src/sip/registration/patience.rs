//! How long to wait before another try, each time longer (RFC 5626 §4.5).

use rand::{Rng, RngExt};
use std::time::Duration;

/// No failure makes a wait longer than this.
pub(super) const MOST: Duration = Duration::from_secs(600);

/// Waits that double from one failure to the next, with chance in them so that phones do not come back all at once.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    first: Duration,
    failures: u32,
}

impl Patience {
    /// The first wait is `first` at most, and half of it at least.
    pub const fn new(first: Duration) -> Patience {
        Patience { first, failures: 0 }
    }

    /// The wait after one more failure.
    pub fn wait(&mut self, rng: &mut impl Rng) -> Duration {
        //= RFC 5626 §4.5: between half and all of min(max-time, base-time × 2^failures)
        let most = self.first.saturating_mul(1 << self.failures.min(16)).min(MOST);
        self.failures = self.failures.saturating_add(1);
        most.mul_f64(rng.random_range(0.5..1.0))
    }

    /// It worked: the next failure is the first again.
    pub fn reset(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    //= RFC 5626 §4.5
    #[test]
    fn waits_double_within_chance_up_to_a_cap() {
        let mut rng = StdRng::seed_from_u64(2);
        let mut patience = Patience::new(Duration::from_secs(10));
        for (n, most) in [10, 20, 40, 80, 160, 320, 600, 600].into_iter().enumerate() {
            let wait = patience.wait(&mut rng).as_secs_f64();
            assert!((f64::from(most) / 2.0..f64::from(most)).contains(&wait), "try {n}: {wait}");
        }
        assert!((0..100).all(|_| patience.wait(&mut rng) >= MOST / 2));
        patience.reset();
        assert!(patience.wait(&mut rng) < Duration::from_secs(10));
    }

    #[test]
    fn two_phones_do_not_wait_alike() {
        let wait = |seed| Patience::new(MOST).wait(&mut StdRng::seed_from_u64(seed));
        assert!((1..20).any(|seed| wait(0).abs_diff(wait(seed)) > Duration::from_secs(60)));
    }
}
