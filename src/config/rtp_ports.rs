//! Ports for sound: RTP on an even one, RTCP on the next (RFC 3550 §11).

/// The ports among which pairs are looked for, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RtpPorts {
    /// The first.
    pub low: u16,
    /// The last.
    pub high: u16,
}

impl RtpPorts {
    /// What `rtpPortMin` and `rtpPortMax` come to; 0 and 0 = anywhere, a `max` not above `min` = from `min` on.
    pub fn of(min: u16, max: u16) -> RtpPorts {
        match (min, max) {
            (0, _) => RtpPorts { low: 16_384, high: 65_534 },
            (low, high) if high > low => RtpPorts { low, high },
            (low, _) => RtpPorts { low, high: 65_535 },
        }
    }

    /// The first even one, and how many pairs there are from there on.
    pub fn pairs(self) -> (u32, u32) {
        let first = u32::from(self.low).next_multiple_of(2);
        (first, (u32::from(self.high) + 1).saturating_sub(first) / 2)
    }

    /// What is odd about these two, and which of them: its key, and words.
    pub fn complaint(min: u16, max: u16) -> Option<(&'static str, String)> {
        let ports = RtpPorts::of(min, max);
        match ports.pairs() {
            _ if min == 0 && max > 0 => Some(("rtpPortMax", "not used without rtpPortMin; any port is".to_owned())),
            (_, 0) => {
                let RtpPorts { low, high } = ports;
                let words = format!("no even port with its neighbour is from {low} to {high}: no call could be made");
                Some((if max > min { "rtpPortMax" } else { "rtpPortMin" }, words))
            }
            _ if max > 0 && max <= min => {
                let words = format!("not used: it is not above rtpPortMin; ports from {min} on are");
                Some(("rtpPortMax", words))
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    //= RFC 3550 §11
    #[test]
    fn pairs_are_even_ports_with_their_neighbours() {
        for (min, max, pairs) in [
            (0, 0, (16_384, 24_575)),
            (20_000, 20_001, (20_000, 1)),
            (20_001, 20_002, (20_002, 0)),
            (20_001, 20_003, (20_002, 1)),
            (65_534, 0, (65_534, 1)),
            (65_535, 0, (65_536, 0)),
            (20_000, 10_000, (20_000, 22_768)),
        ] {
            assert_eq!(RtpPorts::of(min, max).pairs(), pairs, "{min} {max}");
            let is_odd = pairs.1 == 0 || max > 0 && max < min;
            assert_eq!(RtpPorts::complaint(min, max).is_some(), is_odd, "{min} {max}");
        }
    }
}
