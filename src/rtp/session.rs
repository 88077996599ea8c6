//! One RTP session with its RTCP, without a socket: datagrams in, datagrams out.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use rand::Rng;

use super::rtcp::{self, NtpTime, Report, ReportBlock, SenderInfo, WallAnchor};
use super::{Extender, Packet, ReceptionStats, RtpTime, SequenceNumber, Source, Ssrc, Verdict, is_rtcp};

/// A packet of the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Received<'a> {
    /// The packet.
    pub packet: Packet<'a>,
    /// Its sequence number extended: rises by one per packet sent.
    pub count: u64,
    /// The first of its SSRC: counts and timestamps begin anew.
    pub new_source: bool,
}

/// What was counted of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counters {
    /// RTP packets sent.
    pub sent: u64,
    /// Payload octets sent.
    pub octets_sent: u64,
    /// RTP packets taken.
    pub received: u64,
    /// Packets lost, of earlier sources too.
    pub lost: u64,
    /// Packets that came twice.
    pub duplicates: u64,
    /// Datagrams from elsewhere than the far end.
    pub strangers: u64,
    /// Datagrams that are neither RTP nor RTCP, or jumped, or were our own.
    pub malformed: u64,
    /// Changes of the far end's SSRC.
    pub source_changes: u64,
}

/// The machine of one session.
#[derive(Debug, Clone)]
pub struct RtpSession {
    ssrc: Ssrc,
    cname: String,
    clock_rate: u32,
    sequence: SequenceNumber,
    start: RtpTime,
    last_sent: Option<(RtpTime, Instant)>,
    sent_since_report: bool,
    source: Source,
    control: Source,
    rtcp_mux: bool,
    remote: Option<Remote>,
    anchor: WallAnchor,
    next_report: Option<Instant>,
    counters: Counters,
    peer_view: Option<ReportBlock>,
    round_trip: Option<Duration>,
}

#[derive(Debug, Clone)]
struct Remote {
    ssrc: Ssrc,
    extender: Extender,
    stats: ReceptionStats,
    last_report: Option<(NtpTime, Instant)>,
}

impl RtpSession {
    /// A session at this RTP clock. SSRC, first sequence number, first timestamp and CNAME are drawn from `rng`.
    pub fn new(clock_rate: u32, anchor: WallAnchor, rng: &mut impl Rng) -> RtpSession {
        RtpSession {
            ssrc: Ssrc(rng.next_u32()),
            //= RFC 7022 §4.2: a random name per session
            cname: format!("{:016x}", rng.next_u64()),
            clock_rate,
            // Below the wrap, so that SRTP later begins with a clean rollover counter.
            sequence: SequenceNumber((rng.next_u32() & 0x7fff) as u16),
            start: RtpTime(rng.next_u32()),
            last_sent: None,
            sent_since_report: false,
            source: Source::default(),
            control: Source::default(),
            rtcp_mux: false,
            remote: None,
            anchor,
            next_report: None,
            counters: Counters::default(),
            peer_view: None,
            round_trip: None,
        }
    }

    /// Where the far end listens, as agreed; `None` while it takes nothing.
    pub fn set_remote(&mut self, rtp: Option<SocketAddr>, rtcp: Option<SocketAddr>, rtcp_mux: bool) {
        self.source.signal(rtp);
        self.control.signal(if rtcp_mux { None } else { rtcp });
        self.rtcp_mux = rtcp_mux;
    }

    /// The RTP clock of what is sent and measured from now on.
    pub fn set_clock_rate(&mut self, clock_rate: u32) {
        if self.clock_rate != clock_rate {
            self.clock_rate = clock_rate;
            self.retire_remote();
        }
    }

    /// Our SSRC.
    pub fn ssrc(&self) -> Ssrc {
        self.ssrc
    }

    /// The RTP time of a moment `ticks` after the start of the session.
    pub fn time_at(&self, ticks: u32) -> RtpTime {
        self.start.plus(ticks)
    }

    /// Write one packet into `buffer` and say where it goes; `None` (nothing written) while nobody takes it.
    pub fn send(
        &mut self,
        payload_type: u8,
        marker: bool,
        time: RtpTime,
        payload: &[u8],
        now: Instant,
        buffer: &mut Vec<u8>,
    ) -> Option<SocketAddr> {
        let target = self.source.target()?;
        let packet = Packet { payload_type, marker, sequence: self.sequence, time, ssrc: self.ssrc, payload };
        packet.write(buffer);
        self.sequence = self.sequence.next();
        self.last_sent = Some((time, now));
        self.sent_since_report = true;
        self.counters.sent = self.counters.sent.saturating_add(1);
        let octets = u64::try_from(payload.len()).unwrap_or_default();
        self.counters.octets_sent = self.counters.octets_sent.saturating_add(octets);
        Some(target)
    }

    /// A datagram on the RTP port. `None`: it was RTCP (with mux), not ours to take, or seen before; counted.
    pub fn receive<'a>(&mut self, from: SocketAddr, datagram: &'a [u8], now: Instant) -> Option<Received<'a>> {
        if is_rtcp(datagram) {
            if self.rtcp_mux {
                self.receive_rtcp(from, datagram, now);
            }
            return None;
        }
        let Ok(packet) = Packet::parse(datagram) else {
            self.counters.malformed = self.counters.malformed.saturating_add(1);
            return None;
        };
        // Our own SSRC from the far end's address is no loop but a mirror: echo numbers and SIPp return packets as they are.
        if self.source.judge(from, now) == Verdict::Drop {
            self.counters.strangers = self.counters.strangers.saturating_add(1);
            return None;
        }
        let new_source = self.remote.as_ref().is_none_or(|remote| remote.ssrc != packet.ssrc);
        if new_source && self.remote.is_some() {
            self.counters.source_changes = self.counters.source_changes.saturating_add(1);
            self.retire_remote();
        }
        let clock_rate = self.clock_rate;
        let remote = self.remote.get_or_insert_with(|| Remote {
            ssrc: packet.ssrc,
            extender: Extender::default(),
            stats: ReceptionStats::new(clock_rate, (1 << 16) + u64::from(packet.sequence.0)),
            last_report: None,
        });
        let before = remote.extender.highest();
        let Some(count) = remote.extender.extend(packet.sequence) else {
            self.counters.malformed = self.counters.malformed.saturating_add(1);
            return None;
        };
        if before.is_some_and(|highest| count.saturating_sub(highest) > u64::from(u16::MAX / 2)) {
            // The sender restarted: what lies between was never sent.
            let fresh = ReceptionStats::new(clock_rate, count);
            let old = std::mem::replace(&mut remote.stats, fresh);
            self.counters.lost = self.counters.lost.saturating_add(old.lost());
            self.counters.duplicates = self.counters.duplicates.saturating_add(old.duplicates());
        }
        if !remote.stats.receive(count, packet.time, now) {
            return None;
        }
        self.counters.received = self.counters.received.saturating_add(1);
        Some(Received { packet, count, new_source })
    }

    /// A datagram on the RTCP port; what it says, if it is the far end's.
    pub fn receive_rtcp(&mut self, from: SocketAddr, datagram: &[u8], now: Instant) -> Option<Report> {
        let from = SocketAddr::new(from.ip().to_canonical(), from.port());
        let Ok(report) = Report::parse(datagram) else {
            self.counters.malformed = self.counters.malformed.saturating_add(1);
            return None;
        };
        let judged = if self.rtcp_mux { &mut self.source } else { &mut self.control };
        // Reports come seconds apart: for mux the RTP rules decide, without counting as sound.
        let known =
            if self.rtcp_mux { judged.target() == Some(from) } else { judged.judge(from, now) == Verdict::Accept };
        if !known {
            self.counters.strangers = self.counters.strangers.saturating_add(1);
            return None;
        }
        let ntp = self.anchor.ntp(now);
        if let Some(block) = report.blocks.iter().find(|block| block.ssrc == self.ssrc) {
            self.peer_view = Some(*block);
            self.round_trip = block.round_trip(ntp).or(self.round_trip);
        }
        if let (Some(sender), Some(remote)) = (report.sender, &mut self.remote)
            && remote.ssrc == report.ssrc
        {
            remote.last_report = Some((sender.ntp, now));
        }
        Some(report)
    }

    /// The RTCP report, when it is due, and where it goes. Ask on every tick.
    pub fn poll_rtcp(&mut self, now: Instant, rng: &mut impl Rng) -> Option<(SocketAddr, Vec<u8>)> {
        let Some(due) = self.next_report else {
            self.next_report = Some(now + rtcp::interval(true, rng));
            return None;
        };
        if now < due {
            return None;
        }
        self.next_report = Some(now + rtcp::interval(false, rng));
        self.report(false, now)
    }

    /// The BYE that ends the session, and where it goes; `None` when nothing was ever sent (RFC 3550 §6.3.7).
    pub fn bye(&mut self, now: Instant) -> Option<(SocketAddr, Vec<u8>)> {
        self.last_sent?;
        self.report(true, now)
    }

    /// Counters, those of the present source included.
    pub fn counters(&self) -> Counters {
        let mut counters = self.counters;
        if let Some(remote) = &self.remote {
            counters.lost = counters.lost.saturating_add(remote.stats.lost());
            counters.duplicates = counters.duplicates.saturating_add(remote.stats.duplicates());
        }
        counters
    }

    /// Interarrival jitter in ms.
    pub fn jitter_ms(&self) -> f64 {
        self.remote.as_ref().map_or(0.0, |remote| remote.stats.jitter_ms())
    }

    /// Round trip by the far end's last report.
    pub fn round_trip(&self) -> Option<Duration> {
        self.round_trip
    }

    /// Share of our packets the far end's last report calls lost, 0..=1.
    pub fn loss_at_peer(&self) -> Option<f64> {
        self.peer_view.map(|block| f64::from(block.fraction_lost) / 256.0)
    }

    /// When the far end was last heard.
    pub fn heard(&self) -> Option<Instant> {
        self.source.heard()
    }

    fn retire_remote(&mut self) {
        self.counters = self.counters();
        self.remote = None;
    }

    fn report(&mut self, bye: bool, now: Instant) -> Option<(SocketAddr, Vec<u8>)> {
        let target = if self.rtcp_mux { self.source.target() } else { self.control.target() }?;
        let ntp = self.anchor.ntp(now);
        //= RFC 3550 §6.4: an SR by who has sent since the last reports
        let sender = self.last_sent.filter(|_| self.sent_since_report).map(|(time, at)| {
            let elapsed = now.saturating_duration_since(at).as_micros().saturating_mul(self.clock_rate.into());
            SenderInfo {
                ntp,
                time: time.plus((elapsed / 1_000_000) as u32),
                packets: self.counters.sent as u32,
                octets: self.counters.octets_sent as u32,
            }
        });
        self.sent_since_report = false;
        let block = self.remote.as_mut().map(|remote| {
            let block = remote.stats.report(remote.ssrc);
            let Some((heard, at)) = remote.last_report else { return block };
            let dlsr = (now.saturating_duration_since(at).as_micros() << 16) / 1_000_000;
            ReportBlock { lsr: heard.middle(), dlsr: u32::try_from(dlsr).unwrap_or(u32::MAX), ..block }
        });
        let report = Report {
            ssrc: self.ssrc,
            sender,
            blocks: block.into_iter().collect(),
            cname: Some(self.cname.clone()),
            bye,
        };
        Some((target, report.to_bytes().ok()?))
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods)] // a moment to count from
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand::rngs::StdRng;
    use std::time::SystemTime;

    struct Pair {
        a: RtpSession,
        b: RtpSession,
        start: Instant,
        rng: StdRng,
    }

    fn at(host: u8, port: u16) -> SocketAddr {
        SocketAddr::from(([192, 0, 2, host], port))
    }

    fn pair() -> Pair {
        let mut rng = StdRng::seed_from_u64(11);
        let start = Instant::now();
        let anchor = WallAnchor { instant: start, wall: SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000) };
        let mut a = RtpSession::new(8_000, anchor, &mut rng);
        let mut b = RtpSession::new(8_000, anchor, &mut rng);
        a.set_remote(Some(at(2, 5000)), Some(at(2, 5001)), false);
        b.set_remote(Some(at(1, 4000)), Some(at(1, 4001)), false);
        Pair { a, b, start, rng }
    }

    impl Pair {
        /// `a` sends packet `n`, 20 ms each.
        fn packet(&mut self, n: u32) -> Vec<u8> {
            let mut buffer = Vec::new();
            let time = self.a.time_at(n * 160);
            let target = self.a.send(0, n == 0, time, &[0xff; 160], self.now(n), &mut buffer);
            assert_eq!(target, Some(at(2, 5000)));
            buffer
        }

        fn now(&self, n: u32) -> Instant {
            self.start + Duration::from_millis(20) * n
        }
    }

    #[test]
    fn loss_order_and_duplicates_are_counted() {
        let mut pair = pair();
        let packets: Vec<_> = (0..10).map(|n| pair.packet(n)).collect();
        let mut counts = Vec::new();
        // 3 is lost, 6 and 5 change places, 8 comes twice.
        for (slot, n) in [0, 1, 2, 4, 6, 5, 7, 8, 8, 9].into_iter().enumerate() {
            let now = pair.now(slot as u32);
            counts.extend(pair.b.receive(at(1, 4000), &packets[n], now).map(|r| r.count));
        }
        let first = counts[0];
        assert_eq!(counts.iter().map(|c| c - first).collect::<Vec<_>>(), [0, 1, 2, 4, 6, 5, 7, 8, 9]);
        let counters = pair.b.counters();
        assert_eq!((counters.received, counters.lost, counters.duplicates), (9, 1, 1));
    }

    #[test]
    fn strangers_and_noise_are_dropped() {
        let mut pair = pair();
        let packet = pair.packet(0);
        let now = pair.start;
        assert!(pair.b.receive(at(66, 4000), &packet, now).is_none());
        assert!(pair.b.receive(at(1, 4000), b"noise", now).is_none());
        assert_eq!((pair.b.counters().strangers, pair.b.counters().malformed, pair.a.counters().malformed), (1, 1, 0));
        assert!(pair.b.receive(at(1, 4000), &packet, now).is_some_and(|r| r.new_source));
    }

    #[test]
    fn a_mirror_is_heard() {
        let mut pair = pair();
        let packet = pair.packet(0);
        let (now, own) = (pair.start, pair.a.ssrc());
        assert!(pair.a.receive(at(66, 5000), &packet, now).is_none(), "from elsewhere it is a stranger's");
        assert!(pair.a.receive(at(2, 5000), &packet, now).is_some_and(|r| r.packet.ssrc == own));
    }

    #[test]
    fn nothing_is_sent_to_nobody() {
        let mut pair = pair();
        pair.a.set_remote(None, None, false);
        let (time, now) = (pair.a.time_at(0), pair.start);
        assert_eq!(pair.a.send(0, true, time, &[1], now, &mut Vec::new()), None);
        assert_eq!(pair.a.counters().sent, 0);
        assert_eq!(pair.a.bye(now), None);
    }

    #[test]
    fn a_new_ssrc_begins_anew_and_keeps_the_totals() {
        let mut pair = pair();
        let (first, third) = (pair.packet(0), {
            pair.packet(1);
            pair.packet(2)
        });
        let now = pair.start;
        assert!(pair.b.receive(at(1, 4000), &first, now).is_some());
        assert!(pair.b.receive(at(1, 4000), &third, now).is_some());
        pair.a.ssrc = Ssrc(pair.a.ssrc.0.wrapping_add(1));
        pair.a.sequence = SequenceNumber(60_000);
        let other = pair.packet(3);
        assert!(pair.b.receive(at(1, 4000), &other, now).is_some_and(|r| r.new_source));
        let counters = pair.b.counters();
        assert_eq!((counters.source_changes, counters.lost, counters.received), (1, 1, 3));
    }

    #[test]
    fn reports_measure_loss_and_round_trip() {
        let mut pair = pair();
        for n in 0..4 {
            let packet = pair.packet(n);
            if n != 2 {
                let now = pair.now(n);
                pair.b.receive(at(1, 4000), &packet, now);
            }
        }
        let mut due = |session: &mut RtpSession, from: Instant| {
            (0..500)
                .map(|n| from + Duration::from_millis(20) * n)
                .find_map(|now| Some((session.poll_rtcp(now, &mut pair.rng)?, now)))
        };
        let ((target, sr), sent) = due(&mut pair.a, pair.start).expect("SR within ten seconds");
        assert_eq!(target, at(2, 5001));
        let heard = sent + Duration::from_millis(30);
        let report = pair.b.receive_rtcp(at(1, 4001), &sr, heard).expect("SR");
        assert_eq!(report.sender.map(|s| (s.packets, s.octets)), Some((4, 640)));
        assert!(pair.b.receive_rtcp(at(66, 4001), &sr, heard).is_none());

        let ((_, rr), answered) = due(&mut pair.b, heard).expect("RR within ten seconds");
        let back = answered + Duration::from_millis(30);
        let report = pair.a.receive_rtcp(at(2, 5001), &rr, back).expect("RR");
        assert!(report.sender.is_none());
        assert_eq!(pair.a.loss_at_peer(), Some(0.25));
        let round_trip = pair.a.round_trip().expect("round trip");
        assert!(round_trip.abs_diff(Duration::from_millis(60)) < Duration::from_millis(1), "{round_trip:?}");
    }

    #[test]
    fn rtcp_shares_the_port_when_agreed() {
        let mut pair = pair();
        pair.a.set_remote(Some(at(2, 5000)), Some(at(2, 5000)), true);
        pair.b.set_remote(Some(at(1, 4000)), Some(at(1, 4000)), true);
        pair.packet(0);
        let now = pair.start;
        let (target, bye) = pair.a.bye(now).expect("BYE");
        assert_eq!(target, at(2, 5000));
        assert!(is_rtcp(&bye) && Report::parse(&bye).is_ok_and(|report| report.bye));
        assert!(pair.b.receive(at(1, 4000), &bye, now).is_none());
        assert_eq!((pair.b.counters().malformed, pair.b.counters().strangers), (0, 0));
    }
}
