//! How early sound is handed to a device and fetched from it: little delay, or few gaps on a busy machine.

/// What `audioLatency` says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Latency {
    /// What a sound server takes or brings at once, seconds.
    pub block_s: f64,
    /// What is there beyond that at first, seconds; gaps raise it.
    pub spare_s: f64,
}

impl Latency {
    /// For a machine with nothing else to do.
    pub const LOW: Latency = Latency { block_s: 0.0025, spare_s: 0.001 };
    /// For most: three blocks a tick, so that the two do not beat.
    pub const NORMAL: Latency = Latency { block_s: 0.010 / 3.0, spare_s: 0.002 };
    /// For a busy machine, a virtual one, Bluetooth.
    pub const HIGH: Latency = Latency { block_s: 0.020, spare_s: 0.015 };

    /// So many milliseconds in either direction.
    pub fn of_ms(all_ms: u16) -> Latency {
        let block_ms = (all_ms / 2).min(50);
        Latency { block_s: f64::from(block_ms) / 1e3, spare_s: f64::from(all_ms - block_ms) / 1e3 }
    }
}

impl Default for Latency {
    fn default() -> Latency {
        Latency::NORMAL
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_half_of_it_and_no_longer_than_50_ms() {
        assert_eq!(Latency::of_ms(20), Latency { block_s: 0.010, spare_s: 0.010 });
        assert_eq!(Latency::of_ms(200), Latency { block_s: 0.050, spare_s: 0.150 });
    }
}
