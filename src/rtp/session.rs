//! One RTP session with its RTCP, without a socket: datagrams in, datagrams out.

mod figures;
mod remote;
mod reports;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use rand::Rng;

use super::dropped::{Dropped, Kind, Tally};
use super::rtcp::WallAnchor;
use super::rtcp::timing::Timing;
use super::{Packet, RtpTime, SequenceNumber, Source, Ssrc, Verdict};

use figures::Window;
pub use figures::{Quality, Sound};
use remote::Remote;
use reports::Peer;
pub use reports::Wanted;

/// How far back a packet of ours may have been sent that comes back to us.
const MIRROR: u16 = 1_000;
/// Most times our SSRC is changed because another has it.
const MAX_COLLISIONS: u64 = 3;
/// A source that was silent so long gives way to another at its first packet.
const SILENT: Duration = Duration::from_millis(200);

/// A packet of the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Received<'a> {
    /// The packet.
    pub packet: Packet<'a>,
    /// Its sequence number extended: rises by one per packet sent.
    pub count: u64,
    /// The first of its SSRC, or of a sender that restarted: counts and timestamps begin anew.
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
    /// Packets too late to be played.
    pub discarded: u64,
    /// Packets that came twice.
    pub duplicates: u64,
    /// Changes of the far end's SSRC.
    pub source_changes: u64,
    /// Changes of ours, because another had it.
    pub collisions: u64,
    /// What came and was not taken.
    pub dropped: Tally,
}

/// The machine of one session.
#[derive(Debug, Clone)]
pub struct RtpSession {
    ssrc: Ssrc,
    cname: String,
    clock_rate: u32,
    /// Payload types that may come, and their clocks.
    clocks: Vec<(u8, u32)>,
    sequence: SequenceNumber,
    start: RtpTime,
    last_sent: Option<(RtpTime, Instant)>,
    source: Source,
    control: Source,
    rtcp_mux: bool,
    remote: Option<Remote>,
    /// Another source that speaks: its SSRC and the number that would follow.
    candidate: Option<(Ssrc, SequenceNumber)>,
    /// The far end moved: whoever speaks first is the source.
    moved: bool,
    heard: Option<Instant>,
    collided: bool,
    anchor: WallAnchor,
    timing: Timing,
    counters: Counters,
    peer: Peer,
    window: Window,
    /// The report being sent.
    datagram: Vec<u8>,
}

impl RtpSession {
    /// A session at this RTP clock. SSRC, first sequence number, first timestamp and CNAME are drawn from `rng`.
    pub fn new(clock_rate: u32, anchor: WallAnchor, rng: &mut impl Rng) -> RtpSession {
        RtpSession {
            ssrc: Ssrc(rng.next_u32()),
            //= RFC 7022 §4.2: a random name per session
            cname: format!("{:016x}", rng.next_u64()),
            clock_rate,
            clocks: Vec::new(),
            sequence: first_number(rng),
            start: RtpTime(rng.next_u32()),
            last_sent: None,
            source: Source::of_sound(),
            control: Source::of_reports(),
            rtcp_mux: false,
            remote: None,
            candidate: None,
            moved: false,
            heard: None,
            collided: false,
            anchor,
            timing: Timing::default(),
            counters: Counters::default(),
            peer: Peer::default(),
            window: Window::default(),
            datagram: Vec::with_capacity(256),
        }
    }

    /// Where the far end listens, as agreed; `None` while it takes nothing.
    pub fn set_remote(&mut self, rtp: Option<SocketAddr>, rtcp: Option<SocketAddr>, rtcp_mux: bool) {
        self.moved |= self.source.signal(rtp);
        self.control.signal(if rtcp_mux { None } else { rtcp });
        self.rtcp_mux = rtcp_mux;
    }

    /// What the far end wants to be told in extended reports (RFC 3611 §5).
    pub fn set_wanted(&mut self, wanted: Wanted) {
        self.peer.wanted = wanted;
    }

    /// The RTP clocks from now on: of what is sent, and of each payload type that may come. Any other has that of what
    /// is sent.
    pub fn set_clocks(&mut self, sent: u32, received: impl IntoIterator<Item = (u8, u32)>) {
        self.clock_rate = sent;
        self.clocks.clear();
        self.clocks.extend(received);
    }

    /// Our SSRC.
    pub fn ssrc(&self) -> Ssrc {
        self.ssrc
    }

    /// Another SSRC from the next packet on.
    pub fn rename(&mut self, rng: &mut impl Rng) {
        self.ssrc = Ssrc(rng.next_u32());
        self.sequence = first_number(rng);
        self.peer.block = None;
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
        self.counters.sent = self.counters.sent.saturating_add(1);
        let octets = u64::try_from(payload.len()).unwrap_or_default();
        self.counters.octets_sent = self.counters.octets_sent.saturating_add(octets);
        Some(target)
    }

    /// A datagram on the RTP port. `None`: it was RTCP, not ours to take, or seen before; counted.
    pub fn receive<'a>(&mut self, from: SocketAddr, datagram: &'a [u8], now: Instant) -> Option<Received<'a>> {
        match Kind::of(datagram) {
            Kind::Rtp => {}
            Kind::Rtcp => {
                self.receive_rtcp(from, datagram, now);
                return None;
            }
            Kind::KeepAlive => return None,
            Kind::Odd(dropped) => return self.drop(dropped, from),
        }
        let Ok(packet) = Packet::parse(datagram) else { return self.drop(Dropped::Malformed, from) };
        if self.source.judge(from, now) == Verdict::Drop {
            return self.drop(Dropped::Strangers, from);
        }
        if packet.ssrc == self.ssrc && !self.is_mirror(&packet) {
            //= RFC 3550 §8.2: the far end has our SSRC; we take another, and hear it all the same
            self.collided = self.counters.collisions < MAX_COLLISIONS;
            self.counters.dropped.add(Dropped::Collision, from);
        }
        let same = self.remote.as_ref().is_some_and(|remote| remote.ssrc == packet.ssrc);
        if !same && !self.takes_over(&packet, now) {
            return self.drop(Dropped::OtherSources, from);
        }
        if !same && self.remote.is_some() {
            self.counters.source_changes = self.counters.source_changes.saturating_add(1);
            self.retire_remote();
        }
        let clock = self.clocks.iter().find(|(payload_type, _)| *payload_type == packet.payload_type);
        let clock_rate = clock.map_or(self.clock_rate, |(_, rate)| *rate);
        let remote = self.remote.get_or_insert_with(|| Remote::new(&packet, clock_rate, now));
        let Some(counted) = remote.count(&packet, clock_rate, now) else { return self.drop(Dropped::Jumped, from) };
        if counted.astray && counted.retired.is_none() {
            self.counters.dropped.add(Dropped::Timestamp, from);
        }
        if remote.talks_after_goodbye(now) {
            self.counters.dropped.add(Dropped::Goodbye, from);
        }
        if let Some(old) = &counted.retired {
            self.counters.retire(old);
        }
        self.timing.heard(packet.ssrc, true, now);
        if counted.duplicate {
            return None;
        }
        self.heard = Some(now);
        self.counters.received = self.counters.received.saturating_add(1);
        Some(Received { packet, count: counted.count, new_source: !same || counted.retired.is_some() })
    }

    /// Its packet came too late to be played; `count` as it was received.
    pub fn discard(&mut self, count: u64) {
        if let Some(remote) = &mut self.remote {
            remote.stats.discard(count);
        }
    }

    /// A packet of the far end's is of no use to who plays the sound.
    pub fn refuse(&mut self, dropped: Dropped, from: SocketAddr) {
        self.counters.dropped.add(dropped, from);
    }

    /// Counters, those of the present source included.
    pub fn counters(&self) -> Counters {
        let mut counters = self.counters;
        if let Some(remote) = &self.remote {
            counters.retire(&remote.stats);
        }
        counters
    }

    /// Interarrival jitter in ms.
    pub fn jitter_ms(&self) -> f64 {
        self.remote.as_ref().map_or(0.0, |remote| remote.stats.jitter_ms())
    }

    /// Who sent sound from elsewhere last.
    pub fn stranger(&self) -> Option<SocketAddr> {
        self.counters.dropped.stranger()
    }

    /// When the last packet of sound was taken.
    pub fn heard(&self) -> Option<Instant> {
        self.heard
    }

    fn drop<T>(&mut self, dropped: Dropped, from: SocketAddr) -> Option<T> {
        self.counters.dropped.add(dropped, from);
        None
    }

    /// Echo numbers and SIPp return packets as they are: our own, sent a moment ago, from the far end's address.
    fn is_mirror(&self, packet: &Packet<'_>) -> bool {
        self.last_sent.is_some() && (1..=MIRROR).contains(&self.sequence.0.wrapping_sub(packet.sequence.0))
    }

    /// Whether a packet of another source makes it the source. One that goes on keeps its place, whatever else comes.
    //= RFC 3550 A.1, §8.2
    fn takes_over(&mut self, packet: &Packet<'_>, now: Instant) -> bool {
        let follows = self.candidate == Some((packet.ssrc, packet.sequence));
        self.candidate = Some((packet.ssrc, packet.sequence.next()));
        let moved = std::mem::take(&mut self.moved);
        let Some(remote) = &self.remote else { return true };
        let silent = now.saturating_duration_since(remote.heard);
        moved || silent >= SILENT || (follows && silent >= remote.packet_time * 3 / 2)
    }

    fn retire_remote(&mut self) {
        self.counters = self.counters();
        self.remote = None;
        self.candidate = None;
    }
}

/// Below the wrap: who joins an SRTP stream takes it for one without roll-overs.
fn first_number(rng: &mut impl Rng) -> SequenceNumber {
    SequenceNumber((rng.next_u32() & 0x7fff) as u16)
}

impl Counters {
    /// Adds what was counted of a source.
    fn retire(&mut self, stats: &super::ReceptionStats) {
        self.lost = self.lost.saturating_add(stats.lost());
        self.duplicates = self.duplicates.saturating_add(stats.duplicates());
        self.discarded = self.discarded.saturating_add(stats.discarded());
    }
}

#[cfg(test)]
mod tests;
