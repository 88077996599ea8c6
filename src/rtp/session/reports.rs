//! The reports of a session: what the far end says, what we say, and when.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use rand::Rng;

use super::{RtpSession, Sound};
use crate::rtp::dropped::{Dropped, Kind};
use crate::rtp::rtcp::xr::{self, VoipMetrics};
use crate::rtp::rtcp::{self, Item, NtpTime, Report, ReportBlock, SenderInfo};
use crate::rtp::{Ssrc, Verdict};

/// A report that comes sooner says nothing of what we sent: it was under way.
const TELLING: Duration = Duration::from_millis(800);
/// Whose newest packet of ours was sent so long before its report gets none since, and at most so long: a number farther
/// off is no count of our packets.
const BEHIND: [Duration; 2] = [Duration::from_millis(1_500), Duration::from_secs(20)];

/// What the far end wants in extended reports (RFC 3611 §5.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Wanted {
    /// VoIP Metrics.
    pub voip: bool,
    /// Statistics Summary.
    pub statistics: bool,
    /// Receiver Reference Times, so that receivers learn the round trip too.
    pub reference: bool,
}

/// The far end by its reports.
#[derive(Debug, Clone, Default)]
pub struct Peer {
    pub wanted: Wanted,
    /// What it says of us, and when it said so.
    pub block: Option<(ReportBlock, Instant)>,
    pub voip: Option<(VoipMetrics, Instant)>,
    pub round_trip: Option<Duration>,
    /// Packets it says it has sent.
    pub sent: Option<u32>,
    /// It was last heard of.
    pub heard: Option<Instant>,
    /// Whether our sound comes to it, as far as it told.
    pub hears: Option<bool>,
    /// What we had sent when it last told.
    sent_then: u64,
    /// Its reference time, to be answered.
    reference: Option<(Ssrc, NtpTime, Instant)>,
    /// What we had sent at our last reports, the later one first.
    reported: [u64; 2],
}

impl RtpSession {
    /// A datagram on the RTCP port, or RTCP on that of RTP; true if the far end sent it and it can be read.
    //= RFC 5761 §4: on one port the types tell; a far end that did not agree to it is understood as well
    pub fn receive_rtcp(&mut self, from: SocketAddr, datagram: &[u8], now: Instant) -> bool {
        let (own, mut mirrored) = (self.ssrc, false);
        let mut note = |item| {
            if let Item::Sender(by, _) | Item::Receiver(by) | Item::Extended(by, _) = item {
                mirrored |= by == own;
            }
        };
        let odd = match Kind::of(datagram) {
            Kind::Rtcp if rtcp::read(datagram, &mut note).is_ok() => None,
            Kind::Rtcp | Kind::Rtp => Some(Dropped::Malformed),
            Kind::Odd(dropped) => Some(dropped),
            Kind::KeepAlive => return false,
        };
        if let Some(dropped) = odd {
            self.counters.dropped.add(dropped, from);
            return false;
        }
        let from = SocketAddr::new(from.ip().to_canonical(), from.port());
        // On the port of sound the far end is known by its sound.
        let known = self.source.target() == Some(from) || self.control.judge(from, now) == Verdict::Accept;
        if !known {
            self.counters.dropped.add(Dropped::RtcpStrangers, from);
            return false;
        }
        //= RFC 3550 §8.2: a loop; our own words say nothing of the far end
        if mirrored {
            self.counters.dropped.add(Dropped::Mirrored, from);
            return false;
        }
        self.timing.measure(datagram.len());
        self.peer.heard = Some(now);
        let mut seen = Seen::default();
        let _ = rtcp::read(datagram, |item| self.take(item, &mut seen, now));
        if seen.is_report {
            self.judge_hearing(&seen);
        }
        true
    }

    fn take(&mut self, item: Item, seen: &mut Seen, now: Instant) {
        let ntp = self.anchor.ntp(now);
        match item {
            Item::Sender(by, info) => {
                self.timing.heard(by, true, now);
                seen.is_report = true;
                if let Some(remote) = self.remote.as_mut().filter(|remote| remote.ssrc == by) {
                    remote.last_report = Some((info.ntp, now));
                }
                self.peer.sent = Some(info.packets);
            }
            Item::Receiver(by) => {
                self.timing.heard(by, false, now);
                seen.is_report = true;
            }
            Item::Block(_, block) if block.ssrc == self.ssrc => {
                seen.progress = self.peer.block.map(|(before, _)| before.highest_sequence != block.highest_sequence);
                seen.of_us = true;
                self.peer.round_trip = block.round_trip(ntp).or(self.peer.round_trip);
                self.peer.block = Some((block, now));
            }
            Item::Block(..) => seen.of_others = true,
            Item::Bye(ssrc) => {
                self.timing.left(ssrc, now);
                // Why no more: anybody who knows the addresses can say it; the signalling ends calls.
                if let Some(remote) = self.remote.as_mut().filter(|remote| remote.ssrc == ssrc) {
                    remote.goodbye = Some(now);
                }
            }
            Item::Extended(by, xr::Block::Reference(time)) => self.peer.reference = Some((by, time, now)),
            Item::Extended(_, xr::Block::Delay { ssrc, last, since }) if ssrc == self.ssrc => {
                self.peer.round_trip = rtcp::round_trip(last, since, ntp).or(self.peer.round_trip);
            }
            Item::Extended(_, xr::Block::Voip(voip)) if voip.ssrc == self.ssrc => self.peer.voip = Some((voip, now)),
            Item::Extended(..) => {}
        }
    }

    /// Whether our sound comes to the far end, by its report.
    //= RFC 3550 §6.4: a report has a block for each source heard since the last one
    fn judge_hearing(&mut self, seen: &Seen) {
        let sent = self.counters.sent;
        if sent.saturating_sub(self.peer.sent_then) < self.packets_of(TELLING)
            && !(seen.of_us && seen.progress != Some(false))
        {
            return;
        }
        self.peer.hears = match (seen.of_us, seen.progress) {
            (true, progress) => Some(progress.unwrap_or(true) && !self.tail_is_missing()),
            // It tells of sources that are not ours: a gateway that forwards what another one said.
            (false, _) if seen.of_others => None,
            (false, _) => Some(false),
        };
        self.peer.sent_then = sent;
    }

    /// Whether what we sent of late never came, by the last report.
    fn tail_is_missing(&self) -> bool {
        let [least, most] = BEHIND.map(|span| self.packets_of(span + self.peer.round_trip.unwrap_or_default()));
        self.peer.block.is_some_and(|(block, _)| (least..most).contains(&self.sent_after(&block)))
    }

    /// The report, when it is due, and where it goes. Ask on every tick; `sound` is asked once a second at most.
    pub fn poll_rtcp(
        &mut self,
        now: Instant,
        rng: &mut impl Rng,
        sound: impl FnOnce() -> Sound,
    ) -> Option<(SocketAddr, &[u8])> {
        if self.window.is_due(now) {
            self.measure(sound(), now);
        }
        //= RFC 3550 §8.2: goodbye under the old name, then another
        if std::mem::take(&mut self.collided) {
            let goodbye = self.report(true, now);
            self.rename(rng);
            self.counters.collisions = self.counters.collisions.saturating_add(1);
            return goodbye.map(|to| (to, self.datagram.as_slice()));
        }
        if !self.timing.poll(self.has_sent(), now, rng) {
            return None;
        }
        let to = self.report(false, now)?;
        self.timing.measure(self.datagram.len());
        Some((to, &self.datagram))
    }

    /// The BYE that ends the session, and where it goes; `None` when nothing was ever sent (RFC 3550 §6.3.7).
    pub fn bye(&mut self, now: Instant) -> Option<(SocketAddr, &[u8])> {
        self.last_sent?;
        let to = self.report(true, now)?;
        Some((to, &self.datagram))
    }

    //= RFC 3550 §6.4: an SR by who has sent since the last but one report
    fn has_sent(&self) -> bool {
        self.counters.sent > self.peer.reported[1]
    }

    /// Writes the report into `datagram` and says where it goes.
    fn report(&mut self, bye: bool, now: Instant) -> Option<SocketAddr> {
        let target = if self.rtcp_mux { self.source.target() } else { self.control.target() }?;
        let ntp = self.anchor.ntp(now);
        let sender = self.last_sent.filter(|_| self.has_sent()).map(|(time, at)| {
            let elapsed = now.saturating_duration_since(at).as_micros().saturating_mul(self.clock_rate.into());
            SenderInfo {
                ntp,
                time: time.plus((elapsed / 1_000_000) as u32),
                packets: self.counters.sent as u32,
                octets: self.counters.octets_sent as u32,
            }
        });
        self.peer.reported = [self.counters.sent, self.peer.reported[0]];
        let extended = self.extended(sender.is_some(), ntp, now);
        let block = self.remote.as_mut().map(|remote| {
            let block = remote.stats.report(remote.ssrc);
            let Some((heard, at)) = remote.last_report else { return block };
            let dlsr = rtcp::in_65536ths(now.saturating_duration_since(at));
            ReportBlock { lsr: heard.middle(), dlsr, ..block }
        });
        let report = Report { ssrc: self.ssrc, sender, block, cname: &self.cname, extended, bye };
        report.write(&mut self.datagram);
        Some(target)
    }

    /// What the far end asked for, and the answer to its reference time.
    //= RFC 3611 §4.5, §5.2: blocks are sent to who named them; a reference time asks for itself
    fn extended(&mut self, sends: bool, ntp: NtpTime, now: Instant) -> [Option<xr::Block>; 4] {
        let wanted = self.peer.wanted;
        let answer = self.peer.reference.take().map(|(ssrc, time, at)| {
            let since = rtcp::in_65536ths(now.saturating_duration_since(at));
            xr::Block::Delay { ssrc, last: time.middle(), since }
        });
        let voip = if wanted.voip { self.voip_metrics() } else { None };
        let summary =
            self.remote.as_mut().filter(|_| wanted.statistics).map(|remote| remote.stats.summary(remote.ssrc));
        [
            (wanted.reference && !sends).then_some(xr::Block::Reference(ntp)),
            answer,
            summary.map(xr::Block::Statistics),
            voip.map(xr::Block::Voip),
        ]
    }

    /// Round trip by the far end's last report.
    pub fn round_trip(&self) -> Option<Duration> {
        self.peer.round_trip
    }

    /// Share of our packets the far end's last report calls lost, 0..=1.
    pub fn loss_at_peer(&self) -> Option<f64> {
        self.peer.block.map(|(block, _)| f64::from(block.fraction_lost) / 256.0)
    }

    /// When it said so.
    pub fn loss_told(&self) -> Option<Instant> {
        self.peer.block.map(|(_, told)| told)
    }

    /// Share of our packets the far end has not seen since the start, 0..=1.
    pub fn total_loss_at_peer(&self) -> Option<f64> {
        let (block, _) = self.peer.block?;
        let lost = f64::from(block.cumulative_lost.max(0));
        // What was sent after the newest packet it tells of is not judged yet.
        let judged = self.counters.sent.saturating_sub(self.sent_after(&block));
        Some((lost / (judged.max(1) as f64)).min(1.0))
    }

    /// Packets we have sent after the newest one that this report tells of.
    fn sent_after(&self, block: &ReportBlock) -> u64 {
        self.sequence.0.wrapping_sub(1).wrapping_sub(block.highest_sequence as u16).into()
    }

    /// Interarrival jitter at the far end in ms.
    pub fn jitter_at_peer(&self) -> Option<f64> {
        self.peer.block.map(|(block, _)| f64::from(block.jitter) * 1_000.0 / f64::from(self.clock_rate.max(1)))
    }

    /// What is known of the far end's hearing is of another time: a call was held.
    pub fn forget_hearing(&mut self) {
        (self.peer.hears, self.peer.sent_then) = (None, self.counters.sent);
    }

    /// When the far end last reported.
    pub fn reported(&self) -> Option<Instant> {
        self.peer.heard
    }

    /// Whether our sound comes to the far end, as far as it told.
    pub fn peer_hears(&self) -> Option<bool> {
        self.peer.hears
    }

    /// Packets the far end says it has sent.
    pub fn peer_sent(&self) -> Option<u32> {
        self.peer.sent
    }
}

/// What stands in one datagram.
#[derive(Debug, Default)]
struct Seen {
    is_report: bool,
    of_us: bool,
    of_others: bool,
    /// Its word of us is another than the last one; `None` if it is the first.
    progress: Option<bool>,
}
