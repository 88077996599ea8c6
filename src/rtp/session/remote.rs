//! The source that is heard: its count, its statistics, what it said of itself.

use std::time::{Duration, Instant};

use crate::rtp::rtcp::NtpTime;
use crate::rtp::{Extender, Packet, ReceptionStats, RtpTime, Ssrc};

/// Sound may be under way while its goodbye comes.
const AFTER_GOODBYE: Duration = Duration::from_millis(500);
/// Timestamps may differ so much from the time that passed: a long key stands still for 8 s.
const ASTRAY: Duration = Duration::from_secs(10);

/// The source that is heard.
#[derive(Debug, Clone)]
pub struct Remote {
    pub ssrc: Ssrc,
    pub stats: ReceptionStats,
    /// When it was last heard.
    pub heard: Instant,
    /// Sound of one of its packets.
    pub packet_time: Duration,
    /// Its last SR, and when it came.
    pub last_report: Option<(NtpTime, Instant)>,
    /// It said goodbye.
    pub goodbye: Option<Instant>,
    clock_rate: u32,
    extender: Extender,
    /// Its number, and its timestamp if that is of the present clock.
    newest: Option<(u64, Option<RtpTime>)>,
}

/// What a packet counts as.
#[derive(Debug, Clone)]
pub struct Counted {
    pub count: u64,
    pub duplicate: bool,
    /// Its timestamp is far from where time has gone since the packet before.
    pub astray: bool,
    /// What was counted before its sender restarted, if it did.
    pub retired: Option<ReceptionStats>,
}

impl Remote {
    /// The sender of this packet, which is still to be counted.
    pub fn new(packet: &Packet<'_>, clock_rate: u32, now: Instant) -> Remote {
        Remote {
            ssrc: packet.ssrc,
            stats: ReceptionStats::new(clock_rate, (1 << 16) + u64::from(packet.sequence.0)),
            heard: now,
            packet_time: Duration::from_millis(20),
            last_report: None,
            goodbye: None,
            clock_rate: clock_rate.max(1),
            extender: Extender::default(),
            newest: None,
        }
    }

    /// Counts a packet whose timestamp is of this clock; `None` if its number is out of any order.
    pub fn count(&mut self, packet: &Packet<'_>, clock_rate: u32, now: Instant) -> Option<Counted> {
        if clock_rate != self.clock_rate {
            //= RFC 7160 §4.1: another payload type may have another clock; spans are of one clock
            self.clock_rate = clock_rate.max(1);
            self.stats.set_clock_rate(self.clock_rate);
            self.newest = self.newest.map(|(newest, _)| (newest, None));
        }
        let before = self.extender.highest();
        let count = self.extender.extend(packet.sequence)?;
        let restarted = before.is_some_and(|highest| count.saturating_sub(highest) > u64::from(u16::MAX / 2));
        // What lies between was never sent.
        let retired =
            restarted.then(|| std::mem::replace(&mut self.stats, ReceptionStats::new(self.clock_rate, count)));
        let duplicate = !self.stats.receive(count, packet.time, now);
        let elapsed = now.saturating_duration_since(std::mem::replace(&mut self.heard, now));
        let mut astray = false;
        if let Some((_, Some(time))) = self.newest {
            let bound = i128::from(self.clock_rate) * (ASTRAY.as_secs() as i128);
            let ticks = elapsed.as_micros().saturating_mul(self.clock_rate.into()) / 1_000_000;
            let ticks = i128::try_from(ticks).unwrap_or(i128::MAX);
            astray = ticks.saturating_sub(packet.time.since(time).into()).abs() > bound;
        }
        if let Some((newest, Some(time))) = self.newest
            && count == newest.saturating_add(1)
            && let Ok(ticks) = u64::try_from(packet.time.since(time))
        {
            let span = Duration::from_micros(ticks.saturating_mul(1_000_000) / u64::from(self.clock_rate));
            if (Duration::from_millis(5)..=Duration::from_millis(120)).contains(&span) {
                self.packet_time = span;
            }
        }
        if self.newest.is_none_or(|(newest, _)| count > newest) {
            self.newest = Some((count, Some(packet.time)));
        }
        Some(Counted { count, duplicate, astray, retired })
    }

    /// Told once: a source that talks on after its goodbye never said it, or takes it back.
    pub fn talks_after_goodbye(&mut self, now: Instant) -> bool {
        let talks = self.goodbye.is_some_and(|at| now.saturating_duration_since(at) >= AFTER_GOODBYE);
        if talks {
            self.goodbye = None;
        }
        talks
    }
}
