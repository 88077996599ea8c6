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

    /// `low`, `normal`, `high`, or the milliseconds that either direction may take; `None` for anything else.
    pub fn parse(text: &str) -> Option<Latency> {
        match text {
            "low" => Some(Latency::LOW),
            "" | "normal" => Some(Latency::NORMAL),
            "high" => Some(Latency::HIGH),
            _ => {
                let all = text.parse::<u16>().ok().filter(|ms| (4..=500).contains(ms))?;
                let block = (all / 2).min(50);
                Some(Latency { block_s: f64::from(block) / 1e3, spare_s: f64::from(all - block) / 1e3 })
            }
        }
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
    fn words_and_milliseconds_are_read() {
        let rows = [
            ("", Some(Latency::NORMAL)),
            ("low", Some(Latency::LOW)),
            ("high", Some(Latency::HIGH)),
            ("20", Some(Latency { block_s: 0.010, spare_s: 0.010 })),
            ("200", Some(Latency { block_s: 0.050, spare_s: 0.150 })),
            ("3", None),
            ("501", None),
            ("-20", None),
            ("Low", None),
        ];
        for (text, expected) in rows {
            assert_eq!(Latency::parse(text), expected, "{text}");
        }
    }
}
