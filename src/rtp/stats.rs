//! What is counted of one received source (RFC 3550 §6.4.1, A.3, A.8).

use std::time::Instant;

use super::bursts::BurstMeter;
use super::rtcp::ReportBlock;
use super::rtcp::xr::Statistics;
use super::{RtpTime, Ssrc};

/// A packet this far behind the newest is taken for lost, as bursts go.
const SETTLED: u64 = 32;

/// Reception statistics of one source.
#[derive(Debug, Clone)]
pub struct ReceptionStats {
    clock_rate: u32,
    base: u64,
    highest: u64,
    /// Packets, duplicates too (RFC 3550 A.3).
    received: u64,
    duplicates: u64,
    reordered: u64,
    /// Bit n: the packet `highest - n` came.
    seen: u128,
    expected_prior: u64,
    received_prior: u64,
    previous: Option<(Instant, RtpTime)>,
    /// Jitter × 16, in clock ticks.
    jitter_q4: u64,
    /// Bit n: the packet `highest - n` came too late to be played.
    discarded: u128,
    discards: u64,
    /// Up to here `bursts` has heard of all packets.
    settled: u64,
    bursts: BurstMeter,
    summary: Summary,
}

/// What a Statistics Summary covers: since the last one.
#[derive(Debug, Clone, Copy, Default)]
struct Summary {
    begin: u64,
    expected: u64,
    received: u64,
    duplicates: u64,
    spans: u32,
    shortest: u32,
    longest: u32,
    sum: f64,
    squares: f64,
}

impl Summary {
    fn span(&mut self, ticks: u32) {
        self.shortest = if self.spans == 0 { ticks } else { self.shortest.min(ticks) };
        self.longest = self.longest.max(ticks);
        self.spans = self.spans.saturating_add(1);
        self.sum += f64::from(ticks);
        self.squares += f64::from(ticks) * f64::from(ticks);
    }
}

impl ReceptionStats {
    /// Before the first packet, whose count is `first`.
    pub fn new(clock_rate: u32, first: u64) -> ReceptionStats {
        ReceptionStats {
            clock_rate: clock_rate.max(1),
            base: first,
            highest: first,
            received: 0,
            duplicates: 0,
            reordered: 0,
            seen: 0,
            expected_prior: 0,
            received_prior: 0,
            previous: None,
            jitter_q4: 0,
            discarded: 0,
            discards: 0,
            settled: first.saturating_sub(1),
            bursts: BurstMeter::default(),
            summary: Summary { begin: first, ..Summary::default() },
        }
    }

    /// What comes from now on has timestamps of this clock.
    pub fn set_clock_rate(&mut self, clock_rate: u32) {
        let (old, new) = (u64::from(self.clock_rate), u64::from(clock_rate.max(1)));
        self.jitter_q4 = self.jitter_q4.saturating_mul(new) / old;
        self.clock_rate = clock_rate.max(1);
        self.previous = None;
    }

    /// A packet came; false when it came before.
    pub fn receive(&mut self, count: u64, time: RtpTime, arrival: Instant) -> bool {
        self.received = self.received.saturating_add(1);
        if count > self.highest {
            self.settle(count);
            let shift = u32::try_from(count.saturating_sub(self.highest)).unwrap_or(u32::MAX);
            self.seen = self.seen.checked_shl(shift).unwrap_or(0);
            self.discarded = self.discarded.checked_shl(shift).unwrap_or(0);
            self.highest = count;
        } else if count < self.highest {
            self.reordered = self.reordered.saturating_add(1);
        }
        self.base = self.base.min(count);
        let bit = self.bit(count);
        if self.seen & bit != 0 {
            self.duplicates = self.duplicates.saturating_add(1);
            return false;
        }
        self.seen |= bit;
        self.measure_jitter(time, arrival);
        true
    }

    /// A packet came too late to be played.
    pub fn discard(&mut self, count: u64) {
        self.discards = self.discards.saturating_add(1);
        self.discarded |= self.bit(count);
    }

    fn bit(&self, count: u64) -> u128 {
        u32::try_from(self.highest.saturating_sub(count)).ok().and_then(|n| 1u128.checked_shl(n)).unwrap_or(0)
    }

    /// Before `highest` becomes this: what falls behind is as it is.
    fn settle(&mut self, highest: u64) {
        let until = highest.saturating_sub(SETTLED);
        while self.settled < until {
            self.settled = self.settled.saturating_add(1);
            let came = self.settled <= self.highest && self.seen & !self.discarded & self.bit(self.settled) != 0;
            self.bursts.packet(came);
        }
    }

    //= RFC 3550 A.8
    fn measure_jitter(&mut self, time: RtpTime, arrival: Instant) {
        let previous = self.previous.replace((arrival, time));
        let Some((before, time_before)) = previous else { return };
        let elapsed = arrival.saturating_duration_since(before).as_micros();
        let ticks = elapsed.saturating_mul(self.clock_rate.into()) / 1_000_000;
        let difference = i128::try_from(ticks).unwrap_or(i128::MAX).saturating_sub(time.since(time_before).into());
        // A pause or a restart of the sender's clock is not jitter.
        let bound = u64::from(self.clock_rate);
        let Some(difference) = u64::try_from(difference.unsigned_abs()).ok().filter(|d| *d <= bound) else { return };
        self.summary.span(u32::try_from(difference).unwrap_or(u32::MAX));
        self.jitter_q4 =
            self.jitter_q4.saturating_add(difference).saturating_sub(self.jitter_q4.saturating_add(8) >> 4);
    }

    /// Packets sent as far as the counts tell.
    pub fn expected(&self) -> u64 {
        if self.received == 0 { 0 } else { self.highest.saturating_sub(self.base).saturating_add(1) }
    }

    /// Packets received, each once.
    pub fn received(&self) -> u64 {
        self.received.saturating_sub(self.duplicates)
    }

    /// Packets never seen so far.
    pub fn lost(&self) -> u64 {
        self.expected().saturating_sub(self.received())
    }

    /// Packets that came twice.
    pub fn duplicates(&self) -> u64 {
        self.duplicates
    }

    /// Packets that came after a later one.
    pub fn reordered(&self) -> u64 {
        self.reordered
    }

    /// Interarrival jitter in clock ticks.
    pub fn jitter_ticks(&self) -> u32 {
        u32::try_from(self.jitter_q4 >> 4).unwrap_or(u32::MAX)
    }

    /// Interarrival jitter in milliseconds.
    pub fn jitter_ms(&self) -> f64 {
        self.jitter_q4 as f64 / 16.0 * 1000.0 / f64::from(self.clock_rate)
    }

    /// Packets that came too late to be played.
    pub fn discarded(&self) -> u64 {
        self.discards
    }

    /// How the losses lie, late packets being lost; the last packets are not in it yet.
    pub fn bursts(&self) -> &BurstMeter {
        &self.bursts
    }

    /// What was counted since the last summary.
    //= RFC 3611 §4.6
    pub fn summary(&mut self, ssrc: Ssrc) -> Statistics {
        let (expected, received, duplicates) = (self.expected(), self.received(), self.duplicates);
        let now = self.summary;
        let next = self.highest.saturating_add(1);
        self.summary = Summary { begin: next, expected, received, duplicates, ..Summary::default() };
        let spans = f64::from(now.spans.max(1));
        let mean = now.sum / spans;
        let narrow = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
        let lost = expected.saturating_sub(now.expected).saturating_sub(received.saturating_sub(now.received));
        Statistics {
            ssrc,
            begin: now.begin as u16,
            end: next as u16,
            lost: narrow(lost),
            duplicates: narrow(duplicates.saturating_sub(now.duplicates)),
            jitter_min: now.shortest,
            jitter_max: now.longest,
            jitter_mean: mean as u32,
            jitter_deviation: (now.squares / spans - mean * mean).max(0.0).sqrt() as u32,
        }
    }

    /// The report block about this source, and a new interval for its fraction lost. `lsr` and `dlsr` are left 0.
    //= RFC 3550 A.3
    pub fn report(&mut self, ssrc: Ssrc) -> ReportBlock {
        let expected = self.expected();
        let expected_interval = expected.saturating_sub(self.expected_prior);
        let received_interval = self.received.saturating_sub(self.received_prior);
        let lost_interval = expected_interval.saturating_sub(received_interval);
        let fraction = lost_interval.saturating_mul(256).checked_div(expected_interval).unwrap_or(0);
        self.expected_prior = expected;
        self.received_prior = self.received;
        let signed = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        let lost = signed(expected).saturating_sub(signed(self.received)).clamp(-0x80_0000, 0x7f_ffff);
        ReportBlock {
            ssrc,
            fraction_lost: u8::try_from(fraction).unwrap_or(u8::MAX),
            cumulative_lost: i32::try_from(lost).unwrap_or(0),
            // Counts start one cycle up.
            highest_sequence: self.highest.saturating_sub(1 << 16) as u32,
            jitter: self.jitter_ticks(),
            lsr: 0,
            dlsr: 0,
        }
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods)] // a moment to count from
mod tests {
    use super::*;
    use std::time::Duration;

    /// `(count, arrival ms)`, 20 ms packets at 8000 Hz.
    fn heard(packets: &[(u64, u64)]) -> ReceptionStats {
        let start = Instant::now();
        let mut stats = ReceptionStats::new(8_000, packets.first().map_or(0, |p| p.0));
        for (count, ms) in packets {
            stats.receive(*count, RtpTime(*count as u32 * 160), start + Duration::from_millis(*ms));
        }
        stats
    }

    #[test]
    fn loss_duplicates_and_order() {
        type Row = (&'static [(u64, u64)], u64, u64, u64, u8);
        let rows: &[Row] = &[
            (&[(70_000, 0), (70_001, 20), (70_002, 40)], 0, 0, 0, 0),
            (&[(70_000, 0), (70_003, 60)], 2, 0, 0, 128),
            (&[(70_000, 0), (70_002, 40), (70_001, 41)], 0, 0, 1, 0),
            (&[(70_000, 0), (70_000, 1), (70_003, 60)], 2, 1, 0, 64),
            (&[(70_001, 0), (70_000, 1)], 0, 0, 1, 0),
            (&[(70_000, 0), (71_000, 20_000)], 999, 0, 0, 255),
        ];
        for (packets, lost, duplicates, reordered, fraction) in rows {
            let mut stats = heard(packets);
            assert_eq!(
                (stats.lost(), stats.duplicates(), stats.reordered()),
                (*lost, *duplicates, *reordered),
                "{packets:?}"
            );
            assert_eq!(stats.report(Ssrc(1)).fraction_lost, *fraction, "{packets:?}");
            assert_eq!(stats.report(Ssrc(1)).fraction_lost, 0, "the next interval is empty");
        }
    }

    //= RFC 3550 A.8
    #[test]
    fn jitter_is_a_sixteenth_of_each_difference() {
        assert_eq!(heard(&[(70_000, 0), (70_001, 20), (70_002, 40)]).jitter_ticks(), 0);
        // 16 ms late = 128 ticks; a sixteenth of it.
        assert_eq!(heard(&[(70_000, 0), (70_001, 36)]).jitter_ticks(), 8);
        let swinging: Vec<(u64, u64)> = (0..400).map(|n| (70_000 + n, n * 20 + (n % 2) * 10)).collect();
        assert!((heard(&swinging).jitter_ms() - 10.0).abs() < 0.2);
    }

    #[test]
    fn late_and_lost_packets_make_bursts() {
        let mut stats = heard(&[]);
        let start = Instant::now();
        for count in (0..200_u64).filter(|count| ![60, 62].contains(count)) {
            stats.receive(count, RtpTime(count as u32 * 160), start + Duration::from_millis(count * 20));
            if [61, 63].contains(&count) {
                stats.discard(count);
            }
        }
        assert_eq!((stats.lost(), stats.discarded()), (2, 2));
        let bursts = stats.bursts().bursts();
        assert_eq!((bursts.burst_packets, bursts.burst_density, stats.bursts().mean_run()), (4.0, 1.0, 4.0));
    }

    #[test]
    fn a_packet_that_comes_in_another_order_is_no_loss() {
        let swapped: Vec<(u64, u64)> = (0..200).map(|n| (70_000 + (n ^ 1), n * 20)).collect();
        let stats = heard(&swapped);
        assert_eq!((stats.lost(), stats.reordered(), stats.bursts().mean_run()), (0, 100, 0.0));
    }

    //= RFC 3611 §4.6
    #[test]
    fn a_summary_tells_of_its_interval() {
        let mut stats = heard(&[(70_000, 0), (70_001, 20), (70_001, 21), (70_003, 70), (70_004, 80)]);
        let told = stats.summary(Ssrc(7));
        assert_eq!((told.begin, told.end), (70_000_u64 as u16, 70_005_u64 as u16));
        assert_eq!((told.lost, told.duplicates, told.jitter_min, told.jitter_max), (1, 1, 0, 80));
        assert_eq!((told.jitter_mean, told.jitter_deviation), (53, 37));
        let next = stats.summary(Ssrc(7));
        assert_eq!((next.begin, next.end, next.lost, next.duplicates, next.jitter_max), (told.end, told.end, 0, 0, 0));
    }
}
