//! The timers of RFC 3261 §17 and RFC 6026, and the three values they are made of.

use std::time::Duration;

/// Estimate of the round-trip time (RFC 3261 §17.1.1.1).
pub const T1: Duration = Duration::from_millis(500);
/// The longest interval between retransmissions of non-INVITE requests and of INVITE responses.
pub const T2: Duration = Duration::from_secs(4);
/// The longest time a message stays in the network.
pub const T4: Duration = Duration::from_secs(5);

/// A timer of a transaction, by its name in the RFC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Timer {
    /// INVITE client, unreliable transports: send the request again.
    A,
    /// INVITE client: no response came.
    B,
    /// INVITE client: retransmissions of a non-2xx final response have died out.
    D,
    /// Non-INVITE client, unreliable transports: send the request again.
    E,
    /// Non-INVITE client: no final response came. At the server: the client has given up, an answer is of no use.
    F,
    /// INVITE server, unreliable transports: send the non-2xx final response again.
    G,
    /// INVITE server: the ACK never came.
    H,
    /// INVITE server: retransmissions of the ACK have died out.
    I,
    /// Non-INVITE server: retransmissions of the request have died out.
    J,
    /// Non-INVITE client: retransmissions of the response have died out.
    K,
    /// INVITE server: retransmissions of an accepted INVITE have died out (RFC 6026).
    L,
    /// INVITE client: no more 2xx, from this or another branch of a fork (RFC 6026).
    M,
    /// Server: a 100 is due unless the user has answered (RFC 3261 §17.2.1, RFC 4320 §4.1).
    Trying,
    /// INVITE client: a CANCEL was sent and no final response came (RFC 3261 §9.1).
    Cancel,
}

/// The values that all timers are computed from, and the bound of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Config {
    /// Round-trip estimate, 500 ms.
    pub t1: Duration,
    /// Longest retransmission interval, 4 s.
    pub t2: Duration,
    /// Longest life of a message in the network, 5 s.
    pub t4: Duration,
    /// Most transactions alive at once, a quarter of them for requests of our own alone; beyond it requests are
    /// refused with 503.
    pub max_transactions: usize,
    /// Most bytes kept for requests from outside, counted in header values; beyond it the same.
    pub max_weight: usize,
}

impl Default for Config {
    fn default() -> Config {
        Config { t1: T1, t2: T2, t4: T4, max_transactions: 4096, max_weight: 4 << 20 }
    }
}

impl Config {
    /// 64·T1: timers B, F, H, J, L, M.
    pub fn t1_64(&self) -> Duration {
        self.t1.saturating_mul(64)
    }

    /// Timer D for unreliable transports: as long as the server may retransmit, at least 32 s.
    pub fn d(&self) -> Duration {
        self.t1_64().max(Duration::from_secs(32))
    }

    /// The retransmission interval after this one: doubled, T2 at most.
    pub fn backoff(&self, interval: Duration) -> Duration {
        interval.saturating_mul(2).min(self.t2)
    }

    /// How long a server of a non-INVITE request keeps quiet: until timer E of the client has grown to T2.
    pub fn quiet(&self) -> Duration {
        let mut interval = self.t1;
        let mut elapsed = Duration::ZERO;
        while interval < self.t2 && !interval.is_zero() {
            elapsed = elapsed.saturating_add(interval);
            interval = self.backoff(interval);
        }
        elapsed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_derived_from_t1_t2() {
        let config = Config::default();
        assert_eq!(config.t1_64(), Duration::from_secs(32));
        assert_eq!(config.d(), Duration::from_secs(32));
        //= RFC 4320 §4.1: timer E is reset to T2 when it fires 3.5 s after the request.
        assert_eq!(config.quiet(), Duration::from_millis(3500));
        let quick = Config { t1: Duration::from_millis(50), ..config };
        assert_eq!(quick.d(), Duration::from_secs(32), "timer D is never below 32 s");
    }
}
