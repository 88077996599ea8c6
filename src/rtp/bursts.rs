//! How losses lie: in bursts, or one by one (RFC 3611 §4.7.2; ITU-T G.107 BurstR).

/// Packets received in a row that end a burst.
pub const GAP_MINIMUM: u8 = 16;

/// Hears of each packet in the order of sending whether it came in time.
#[derive(Debug, Clone, Copy, Default)]
pub struct BurstMeter {
    packets: u64,
    lost: u64,
    /// Losses in a row, and how often there were some.
    in_a_row: u64,
    runs: u64,
    /// Received since the last loss.
    received: u64,
    /// Since the first loss that may be a burst: packets up to the last loss, and losses.
    open: Option<Stretch>,
    bursts: Stretch,
    burst_count: u64,
    gaps: Stretch,
}

#[derive(Debug, Clone, Copy, Default)]
struct Stretch {
    packets: u64,
    lost: u64,
}

/// What lies in bursts and what between.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Bursts {
    /// Share of the packets within bursts that is missing, 0..=1.
    pub burst_density: f64,
    /// Share of those between.
    pub gap_density: f64,
    /// Mean packets of a burst.
    pub burst_packets: f64,
    /// Mean packets between two.
    pub gap_packets: f64,
}

impl BurstMeter {
    /// The next packet came in time, or did not.
    pub fn packet(&mut self, came: bool) {
        self.packets = self.packets.saturating_add(1);
        if came {
            self.received = self.received.saturating_add(1);
            self.in_a_row = 0;
            if self.received == u64::from(GAP_MINIMUM) {
                self.close();
            }
            return;
        }
        self.lost = self.lost.saturating_add(1);
        self.runs = self.runs.saturating_add(u64::from(self.in_a_row == 0));
        self.in_a_row = self.in_a_row.saturating_add(1);
        match &mut self.open {
            Some(open) => {
                open.packets = open.packets.saturating_add(self.received).saturating_add(1);
                open.lost = open.lost.saturating_add(1);
            }
            None => {
                self.gaps.packets = self.gaps.packets.saturating_add(self.received);
                self.open = Some(Stretch { packets: 1, lost: 1 });
            }
        }
        self.received = 0;
    }

    /// What may have been a burst was one if more than one packet was lost.
    fn close(&mut self) {
        let Some(open) = self.open.take() else { return };
        let to = if open.lost > 1 { &mut self.bursts } else { &mut self.gaps };
        to.packets = to.packets.saturating_add(open.packets);
        to.lost = to.lost.saturating_add(open.lost);
        self.burst_count = self.burst_count.saturating_add(u64::from(open.lost > 1));
    }

    /// Bursts and gaps so far; one that is open counts.
    //= RFC 3611 §4.7.2
    pub fn bursts(&self) -> Bursts {
        let mut all = *self;
        all.close();
        all.gaps.packets = all.gaps.packets.saturating_add(all.received);
        let share = |of: Stretch| if of.packets == 0 { 0.0 } else { of.lost as f64 / of.packets as f64 };
        let mean = |packets: u64, count: u64| if count == 0 { 0.0 } else { packets as f64 / count as f64 };
        Bursts {
            burst_density: share(all.bursts),
            gap_density: share(all.gaps),
            burst_packets: mean(all.bursts.packets, all.burst_count),
            // Before each burst, and after the last.
            gap_packets: mean(all.gaps.packets, all.burst_count.saturating_add(1)),
        }
    }

    /// Losses in a row on average; 0 without any.
    pub fn mean_run(&self) -> f64 {
        if self.runs == 0 { 0.0 } else { self.lost as f64 / self.runs as f64 }
    }

    /// BurstR: losses in a row against those of random loss at the same rate; 1 = random, more = in bursts.
    pub fn ratio(&self) -> f64 {
        let loss = if self.packets == 0 { 0.0 } else { self.lost as f64 / self.packets as f64 };
        (self.mean_run() * (1.0 - loss)).max(1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meter(packets: &str) -> BurstMeter {
        let mut meter = BurstMeter::default();
        for (count, letter) in packets.split_whitespace().map(|run| run.split_at(run.len() - 1)) {
            (0..count.parse().unwrap_or(0)).for_each(|_| meter.packet(letter == "+"));
        }
        meter
    }

    #[test]
    fn bursts_and_gaps() {
        // (received + and lost -, burst density, gap density, burst packets, gap packets, mean run)
        let rows = [
            ("100+", 0.0, 0.0, 0.0, 100.0, 0.0),
            ("50+ 1- 49+", 0.0, 0.01, 0.0, 100.0, 1.0),
            ("48+ 4- 48+", 1.0, 0.0, 4.0, 48.0, 4.0),
            ("40+ 1- 8+ 1- 50+", 0.2, 0.0, 10.0, 45.0, 1.0),
            ("40+ 1- 15+ 1- 43+", 2.0 / 17.0, 0.0, 17.0, 41.5, 1.0),
            ("40+ 1- 16+ 1- 42+", 0.0, 0.02, 0.0, 100.0, 1.0),
            ("20+ 2- 20+ 4- 20+", 1.0, 0.0, 3.0, 20.0, 3.0),
            ("20+ 3-", 1.0, 0.0, 3.0, 10.0, 3.0),
        ];
        for (packets, burst_density, gap_density, burst_packets, gap_packets, run) in rows {
            let meter = meter(packets);
            let expected = Bursts { burst_density, gap_density, burst_packets, gap_packets };
            assert_eq!((meter.bursts(), meter.mean_run()), (expected, run), "{packets}");
        }
    }

    #[test]
    fn the_ratio_is_one_for_random_loss() {
        let mut state = 7_u32;
        let mut meter = BurstMeter::default();
        for _ in 0..100_000 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            meter.packet(state >> 16 > 6_553);
        }
        assert!((meter.ratio() - 1.0).abs() < 0.03, "{}", meter.ratio());
        let together: String = "47+ 3- ".repeat(50);
        assert!((super::tests::meter(&together).ratio() - 3.0 * 0.94).abs() < 1e-9);
        assert_eq!(BurstMeter::default().ratio(), 1.0);
    }
}
