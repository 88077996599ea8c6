//! How long something of ours lasts at a server (a binding, a subscription, a publication), when it is refreshed, and
//! how patiently the server is asked again.

use super::message::Response;
use rand::{Rng, RngExt};
use std::ops::RangeInclusive;
use std::time::Duration;

/// Shortest and longest lifetime we believe in, whatever a server says, in seconds.
const EXPIRES_S: RangeInclusive<u32> = 10..=86_400;
/// Most 423s in a row.
const MAX_RAISES: u8 = 2;
/// No failure makes a wait longer than this.
const WAIT_MOST: Duration = Duration::from_secs(600);

/// The lifetime we ask for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lifetime {
    asked_s: u32,
    raises: u8,
}

impl Lifetime {
    /// As long as wished, within reason.
    pub fn new(wished_s: u32) -> Lifetime {
        Lifetime { asked_s: believed(wished_s), raises: 0 }
    }

    /// What to ask for, in seconds.
    pub fn asked_s(&self) -> u32 {
        self.asked_s
    }

    /// What is granted, in seconds: what the server states, within reason, else what we asked for.
    pub fn granted_s(&mut self, stated: Option<u32>) -> u32 {
        self.raises = 0;
        believed(stated.unwrap_or(self.asked_s))
    }

    /// 423: asks for as much as the server wants from now on; false if that is past reason.
    pub fn lengthen(&mut self, response: &Response) -> bool {
        let least = response.headers.min_expires().ok().flatten().unwrap_or(0);
        self.raises = self.raises.saturating_add(1);
        //= RFC 3261 §10.2.8, RFC 6665 §4.2.1.1, RFC 3903 §6
        let sensible = least > self.asked_s && EXPIRES_S.contains(&least) && self.raises <= MAX_RAISES;
        if sensible {
            self.asked_s = least;
        }
        sensible
    }
}

fn believed(seconds: u32) -> u32 {
    seconds.clamp(*EXPIRES_S.start(), *EXPIRES_S.end())
}

/// When to refresh what lasts so many seconds.
pub(super) fn refresh_after(seconds: u32, rng: &mut impl Rng) -> Duration {
    // Between 75 % and 90 %: early enough for a lost round of retransmissions, and not all phones at once.
    Duration::from_secs(seconds.into()).mul_f64(rng.random_range(0.75..0.90))
}

/// The wait that a response asks for.
pub(super) fn retry_after(response: &Response) -> Option<Duration> {
    //= RFC 3261 §20.33
    response.headers.retry_after().ok().flatten().map(|seconds| Duration::from_secs(seconds.into()))
}

/// Waits that double from one failure to the next, with chance in them so that phones do not come back all at once.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    first: Duration,
    heeds: Duration,
    failures: u32,
}

impl Patience {
    /// The first wait is `first` at most, and half of it at least. A server's own wish is heeded up to `heeds`.
    pub const fn new(first: Duration, heeds: Duration) -> Patience {
        Patience { first, heeds, failures: 0 }
    }

    /// The wait after one more failure, as long as the server `asked` at least.
    pub fn wait(&mut self, asked: Option<Duration>, rng: &mut impl Rng) -> Duration {
        //= RFC 5626 §4.5: between half and all of min(max-time, base-time × 2^failures)
        let most = self.first.saturating_mul(1 << self.failures.min(16)).min(WAIT_MOST);
        self.failures = self.failures.saturating_add(1);
        let wait = most.mul_f64(rng.random_range(0.5..1.0));
        let asked = asked.unwrap_or_default().min(self.heeds);
        // As much later as the server wishes, by chance: many phones were told the same second.
        if asked > wait { asked + asked.mul_f64(rng.random_range(0.0..0.1)) } else { wait }
    }

    /// It worked: the next failure is the first again.
    pub fn reset(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sip::message::{HeaderName, Method, Request, StatusCode};
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    const HEEDS: Duration = Duration::from_secs(3600);

    fn seconds(count: u64) -> Duration {
        Duration::from_secs(count)
    }

    //= RFC 5626 §4.5
    #[test]
    fn waits_double_within_chance_up_to_a_cap() {
        let mut rng = StdRng::seed_from_u64(2);
        let mut patience = Patience::new(seconds(10), HEEDS);
        for (n, most) in [10, 20, 40, 80, 160, 320, 600, 600].into_iter().enumerate() {
            let wait = patience.wait(None, &mut rng);
            assert!((seconds(most) / 2..seconds(most)).contains(&wait), "try {n}: {wait:?}");
        }
        assert!((0..100).all(|_| patience.wait(None, &mut rng) >= WAIT_MOST / 2));
        patience.reset();
        assert!(patience.wait(None, &mut rng) < seconds(10));
    }

    #[test]
    fn two_phones_do_not_wait_alike() {
        let wait = |seed| Patience::new(WAIT_MOST, HEEDS).wait(None, &mut StdRng::seed_from_u64(seed));
        assert!((1..20).any(|seed| wait(0).abs_diff(wait(seed)) > seconds(60)));
    }

    //= RFC 3261 §20.33
    #[test]
    fn a_servers_wish_is_the_least_within_reason() {
        for (asked, least, most) in [(0, 5, 10), (4, 5, 10), (120, 120, 132), (u64::MAX, 3600, 3960)] {
            for seed in 0..20 {
                let mut rng = StdRng::seed_from_u64(seed);
                let wait = Patience::new(seconds(10), HEEDS).wait(Some(seconds(asked)), &mut rng);
                assert!((seconds(least)..seconds(most)).contains(&wait), "{asked}: {wait:?}");
            }
        }
    }

    fn too_brief(least: &str) -> Response {
        let mut response = Response::to_request(&Request::new(Method::Register, "sip:a"), StatusCode(423), None);
        response.headers.push(HeaderName::MinExpires, least);
        response
    }

    //= RFC 3261 §10.2.8
    #[test]
    fn a_423_is_met_within_reason() {
        for (least, met) in
            [("1800", true), ("86400", true), ("86401", false), ("4294967295", false), ("300", false), ("x", false)]
        {
            let mut lifetime = Lifetime::new(300);
            assert_eq!(lifetime.lengthen(&too_brief(least)), met, "{least}");
            assert_eq!(lifetime.asked_s().to_string() == least, met || least == "300", "{least}");
        }
        let mut lifetime = Lifetime::new(300);
        let met = ["400", "500", "600"].map(|least| lifetime.lengthen(&too_brief(least)));
        assert_eq!(met, [true, true, false], "a server that always wants more is left alone");
        assert_eq!(lifetime.granted_s(None), 500);
        assert!(lifetime.lengthen(&too_brief("600")), "what was granted is a new beginning");
    }

    #[test]
    fn a_lifetime_is_believed_within_reason_and_refreshed_before_its_end() {
        for (stated, granted) in
            [(None, 300), (Some(0), 10), (Some(10), 10), (Some(120), 120), (Some(u32::MAX), 86_400)]
        {
            assert_eq!(Lifetime::new(300).granted_s(stated), granted, "{stated:?}");
        }
        for seed in 0..20 {
            let after = refresh_after(100, &mut StdRng::seed_from_u64(seed));
            assert!((seconds(75)..seconds(90)).contains(&after), "{after:?}");
        }
    }
}
