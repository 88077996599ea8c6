//! Puts packets in order and gives them out at an even pace, as late as the network makes necessary.
//!
//! The delay is counted from the fastest packet of the last two seconds. Its target is the 95 % quantile of how much
//! later than that others came; who plays the sound stretches or shortens it towards the target.
//!
//! ```text
//!            due                 packet ─► Frame
//!  Waiting ───────► playing ──┬─ none, a later one is here ─► Missing
//!     ▲                │      └─ none ─► Starved, for half a second at most
//!     └─ a pause ──────┘
//! ```

mod slots;
mod target;
mod words;

use super::codec::MAX_PAYLOAD;
use crate::rtp::RtpTime;
use slots::Slots;
use std::time::{Duration, Instant};
use target::Target;
pub use words::{Counters, Haste, Incoming, Kind, Pace, Pulled};

/// Most packets held.
pub const CAPACITY: u64 = 64;
/// Between these two the delay is kept, by default.
pub const LIMITS: (Duration, Duration) = (Duration::from_millis(10), Duration::from_millis(400));
/// Without any packet for this long, the next one starts anew.
const GIVE_UP: Duration = Duration::from_millis(500);
/// So far off a timestamp belongs to another timeline.
const JUMP_US: i64 = 2_000_000;
/// After a pause, so far off it does.
const SHIFT_US: i64 = 400_000;
/// A backlog that is not worth hearing, on top of the target.
const BACKLOG_US: i64 = 500_000;
/// Packets for which one that repeats its predecessor promises that others will.
const BELIEVED: u16 = 1_500;
/// What is asked for at a time.
const TICK_US: i64 = 10_000;
/// How long packets are, 2.5 to 120 ms, and before that is known.
const PACKET_US: (i64, i64) = (2_500, 120_000);
const USUAL_PACKET_US: i64 = 20_000;

/// The last packet that tells the time.
#[derive(Debug, Clone, Copy)]
struct Reference {
    count: u64,
    time: RtpTime,
    clock_rate: u32,
    begins: i64,
    arrived: Instant,
}

impl Reference {
    fn of(packet: Incoming<'_>, begins: i64, now: Instant) -> Reference {
        let Incoming { count, time, clock_rate, .. } = packet;
        Reference { count, time, clock_rate, begins, arrived: now }
    }

    /// µs from its timestamp to another.
    fn until(&self, time: RtpTime, clock_rate: u32) -> i64 {
        i64::from(time.since(self.time)) * 1_000_000 / i64::from(clock_rate.max(1))
    }

    fn passed(&self, now: Instant) -> i64 {
        now.saturating_duration_since(self.arrived).as_micros() as i64
    }
}

#[derive(Debug, Clone, Copy)]
struct Playing {
    /// Where its sound begins, µs on the sender's line of time.
    begins: i64,
    /// Concealed in its place so far.
    starved: i64,
    starved_since: Option<Instant>,
}

impl Playing {
    fn at(begins: i64) -> Playing {
        Playing { begins, starved: 0, starved_since: None }
    }
}

/// The buffer of one source. Its time is in µs, whatever clock the packets have.
#[derive(Debug, Clone)]
pub struct JitterBuffer {
    slots: Slots,
    reference: Option<Reference>,
    /// A packet out of line. The next one tells who is right.
    stray: Option<Reference>,
    /// The number whose turn it is; what is below has had it. `None` before the start.
    next: Option<u64>,
    /// `None` = waiting.
    playing: Option<Playing>,
    packet: i64,
    epoch: Instant,
    target: Target,
    /// How much is lost, 0..=1: soon believed, slowly forgotten.
    loss: f32,
    /// For so many packets more it is believed that they repeat one another.
    repeats: u16,
    delay: Duration,
    counters: Counters,
}

impl JitterBuffer {
    /// An empty buffer.
    pub fn new(now: Instant) -> JitterBuffer {
        JitterBuffer {
            slots: Slots::default(),
            reference: None,
            stray: None,
            next: None,
            playing: None,
            packet: USUAL_PACKET_US,
            epoch: now,
            target: Target::new(LIMITS.0, LIMITS.1),
            loss: 0.0,
            repeats: 0,
            delay: Duration::ZERO,
            counters: Counters::default(),
        }
    }

    /// The least delay aimed at from now on.
    pub fn set_least(&mut self, least: Duration) {
        self.target.set_least(least);
    }

    /// Forgets all packets: another source. Counters stay, and what was learned of the network.
    pub fn restart(&mut self) {
        let held = self.slots.clear();
        self.counters.dropped = self.counters.dropped.saturating_add(held as u64);
        (self.reference, self.stray) = (None, None);
        (self.next, self.playing) = (None, None);
        self.repeats = 0;
        self.target.forget_transit();
        self.counters.restarts = self.counters.restarts.saturating_add(1);
    }

    /// A packet arrived.
    pub fn insert(&mut self, packet: Incoming<'_>, now: Instant) {
        if packet.payload.len() > MAX_PAYLOAD || self.is_stray(packet, now) {
            self.counters.dropped = self.counters.dropped.saturating_add(1);
            return;
        }
        let begins = self.reference.map_or(0, |known| self.begins(packet, known, now));
        if packet.kind != Kind::Other {
            self.keep_time(packet, begins, now);
        }
        if self.next.is_some_and(|next| packet.count < next) {
            self.counters.late = self.counters.late.saturating_add(1);
            return;
        }
        let awaited = self.playing.is_some_and(|playing| playing.starved > 0) && self.next == Some(packet.count);
        while self
            .next
            .or_else(|| self.slots.lowest())
            .is_some_and(|lowest| packet.count >= lowest.saturating_add(CAPACITY))
        {
            self.drop_oldest();
        }
        let counter = match (self.slots.put(packet, begins), awaited) {
            (false, _) => &mut self.counters.duplicate,
            (true, true) => &mut self.counters.awaited,
            (true, false) => return,
        };
        *counter = counter.saturating_add(1);
    }

    /// What to play after what is decoded already, which lasts for `ahead`.
    pub fn pull(&mut self, now: Instant, ahead: Duration) -> Pulled<'_> {
        self.pass_others();
        if self.playing.is_none() && !self.begin(now) {
            return if self.next.is_some() { Pulled::Pause } else { Pulled::Waiting };
        }
        self.pass_concealed();
        self.shed_backlog(now);
        let (Some(playing), Some(next)) = (self.playing, self.next) else { return Pulled::Waiting };
        let Some((begins, kind)) = self.slots.get(next).map(|slot| (slot.begins, slot.kind)) else {
            return if self.slots.newest().is_some_and(|newest| newest > next) {
                self.miss(next, playing)
            } else {
                self.starve(playing, now)
            };
        };
        let slack = self.slack_of(begins, now);
        // A gap in the timestamps and none in the numbers: the sender was silent.
        let gap = begins - playing.begins;
        if gap >= TICK_US && slack < self.needed(now) {
            self.playing = None;
            return Pulled::Pause;
        }
        let pace = self.pace(begins, ahead.as_micros() as i64, now);
        let ends = begins.saturating_add(self.packet);
        self.playing = (kind == Kind::Sound).then_some(Playing::at(ends));
        self.next = Some(next.saturating_add(1));
        self.counters.played = self.counters.played.saturating_add(1);
        self.remember_loss(false);
        match self.slots.take(next) {
            Some(slot) => {
                let (payload_type, payload) = (slot.payload_type, self.slots.payload(slot));
                Pulled::Frame { payload_type, payload, pace }
            }
            None => Pulled::Waiting,
        }
    }

    /// How long the sound of the last frame was, and whether it repeats the one before it, as Opus can.
    pub fn played(&mut self, duration: Duration, repeats: bool) {
        if let Some(playing) = &mut self.playing {
            let more = duration.as_micros() as i64 - self.packet;
            playing.begins = playing.begins.saturating_add(more);
        }
        // Nothing is repeated of a pause: the next word is waited for all the same.
        self.repeats = if repeats { BELIEVED } else { self.repeats.saturating_sub(1) };
    }

    /// True when the packet whose turn comes next is here.
    pub fn has_next(&self) -> bool {
        self.playing.is_some() && self.next.is_some_and(|next| self.slots.get(next).is_some())
    }

    /// The delay of what was played last behind the fastest packet; zero before the start.
    pub fn delay(&self) -> Duration {
        self.delay
    }

    /// The delay aimed at.
    pub fn target(&self, now: Instant) -> Duration {
        self.target.delay(now) + Duration::from_micros(self.look_ahead() as u64)
    }

    /// The counters.
    pub fn counters(&self) -> Counters {
        self.counters
    }

    /// True for a packet out of line. When the next one goes on from it, that is the line.
    fn is_stray(&mut self, packet: Incoming<'_>, now: Instant) -> bool {
        let Some(known) = self.reference else { return false };
        let off = |known: Reference| match packet.kind {
            Kind::Other => 0,
            _ => (self.begins(packet, known, now) - known.begins - known.passed(now)).abs(),
        };
        let newest = self.slots.newest().unwrap_or(known.count);
        if packet.count.abs_diff(newest) < CAPACITY && off(known) < JUMP_US {
            self.stray = None;
            return false;
        }
        let follows = |stray: &Reference| {
            packet.count > stray.count && packet.count - stray.count < CAPACITY && off(*stray) < JUMP_US
        };
        if self.stray.as_ref().is_some_and(follows) {
            self.restart();
            return false;
        }
        self.stray = Some(Reference::of(packet, 0, now));
        true
    }

    /// Where a packet's sound begins, by one that tells the time.
    fn begins(&self, packet: Incoming<'_>, known: Reference, now: Instant) -> i64 {
        let by_time = known.until(packet.time, known.clock_rate);
        if packet.clock_rate == known.clock_rate {
            return known.begins.saturating_add(by_time);
        }
        //= RFC 7160 §4.1: up to the first packet of another clock the timestamp has run by the old one
        // Why: some begin anew there; then the number tells, and of the two what fits the arrival better.
        let by_number = packet.count.wrapping_sub(known.count) as i64;
        let by_number = by_number.clamp(-(CAPACITY as i64), CAPACITY as i64) * self.packet;
        let passed = known.passed(now);
        let off = |span: &i64| (span - passed).abs();
        known.begins.saturating_add(if off(&by_time) <= off(&by_number) { by_time } else { by_number })
    }

    fn keep_time(&mut self, packet: Incoming<'_>, begins: i64, now: Instant) {
        let transit = self.since_epoch(now).saturating_sub(begins);
        if self.playing.is_none() && self.slots.held() == 0 && (transit - self.target.fastest()).abs() > SHIFT_US {
            self.target.forget_transit();
        }
        self.target.arrived(transit, now);
        if let Some(known) = self.reference
            && packet.count == known.count.wrapping_add(1)
        {
            let step = begins.saturating_sub(known.begins);
            if (PACKET_US.0..=PACKET_US.1).contains(&step) {
                self.packet = step;
            }
        }
        if self.reference.is_none_or(|known| packet.count > known.count) {
            self.reference = Some(Reference::of(packet, begins, now));
        }
    }

    /// Starts playing when the first packet held is due.
    fn begin(&mut self, now: Instant) -> bool {
        let Some(lowest) = self.slots.lowest() else { return false };
        let Some(begins) = self.slots.get(lowest).map(|slot| slot.begins) else { return false };
        if self.slack_of(begins, now) < self.needed(now) {
            return false;
        }
        let passed = self.next.map_or(0, |next| lowest.saturating_sub(next));
        self.counters.missing = self.counters.missing.saturating_add(passed);
        self.next = Some(lowest);
        self.playing = Some(Playing::at(begins));
        true
    }

    /// Packets that bring no sound take their number and no time.
    fn pass_others(&mut self) {
        while let Some(first) = self.next.or_else(|| self.slots.lowest())
            && self.slots.get(first).is_some_and(|slot| slot.kind == Kind::Other)
        {
            self.slots.take(first);
            self.counters.other = self.counters.other.saturating_add(1);
            self.next = Some(first.saturating_add(1));
            // What comes after an event begins when its timestamp says so.
            self.playing = None;
        }
    }

    /// What was lost while nothing came has been concealed already.
    fn pass_concealed(&mut self) {
        while let (Some(mut playing), Some(next)) = (self.playing, self.next)
            && playing.starved >= self.packet
            && self.slots.get(next).is_none()
            && self.slots.newest().is_some_and(|newest| newest > next)
        {
            playing.starved -= self.packet;
            playing.begins = playing.begins.saturating_add(self.packet);
            self.playing = Some(playing);
            self.next = Some(next.saturating_add(1));
            self.counters.missing = self.counters.missing.saturating_add(1);
            self.remember_loss(true);
        }
    }

    fn miss(&mut self, next: u64, playing: Playing) -> Pulled<'_> {
        let after = next.saturating_add(1);
        // What lies between its neighbours, when they are a packet apart.
        let between = self.slots.get(after).map(|slot| slot.begins.saturating_sub(playing.begins));
        let lasted = between.filter(|span| (1..=PACKET_US.1).contains(span)).unwrap_or(self.packet);
        self.playing = Some(Playing::at(playing.begins.saturating_add(lasted)));
        self.next = Some(after);
        self.counters.missing = self.counters.missing.saturating_add(1);
        self.remember_loss(true);
        let duration = Duration::from_micros(lasted.max(TICK_US) as u64);
        let concealed = Duration::from_micros(playing.starved.max(0) as u64);
        let next = self.slots.get(after).filter(|slot| slot.kind == Kind::Sound);
        Pulled::Missing { duration, concealed, next: next.map(|slot| (slot.payload_type, self.slots.payload(slot))) }
    }

    fn starve(&mut self, playing: Playing, now: Instant) -> Pulled<'_> {
        let since = playing.starved_since.unwrap_or(now);
        if now.saturating_duration_since(since) >= GIVE_UP {
            self.playing = None;
            return Pulled::Pause;
        }
        let starved = playing.starved.saturating_add(TICK_US);
        self.playing = Some(Playing { starved, starved_since: Some(since), ..playing });
        Pulled::Starved
    }

    /// `begins`: where the packet's sound does; `ahead`: what is played before it; µs.
    fn pace(&mut self, begins: i64, ahead: i64, now: Instant) -> Pace {
        /// Back and forth around a tick's edge is avoided.
        const HOLD: i64 = 2_000;
        /// Four times a small delay is no reason to hurry.
        const PATIENT: i64 = 60_000;
        /// So much too long waits for a pause: words are worth more.
        const LONG: i64 = 40_000;
        /// So long before its turn the slowest of late came: a pause is soon enough.
        const EASY: i64 = 5_000;
        let slack = self.slack_of(begins, now);
        let delay = slack.saturating_add(ahead);
        self.delay = Duration::from_micros(delay.max(0) as u64);
        // When its turn would have come, had it not been pulled early.
        let slack = slack.saturating_add(ahead / TICK_US * TICK_US);
        let (needed, target) = (self.needed(now), self.target(now).as_micros() as i64);
        if slack < needed {
            let ticks = (needed - slack + TICK_US - 1) / TICK_US;
            let spread = self.target.slowest().saturating_sub(self.target.fastest());
            let haste = if slack - self.look_ahead() - spread >= EASY { Haste::Pause } else { Haste::Word };
            return Pace::Stretch(Duration::from_micros((ticks * TICK_US - ahead % TICK_US) as u64), haste);
        }
        let haste = match slack - needed {
            _ if delay > target.saturating_mul(4).max(target + PATIENT) => Haste::Now,
            LONG.. => Haste::Word,
            _ => Haste::Pause,
        };
        let ticks = (slack - needed - HOLD).max(0) / TICK_US;
        match ticks * TICK_US + ahead % TICK_US {
            0 => Pace::Even,
            spare => Pace::Shorten(Duration::from_micros(spare as u64), haste),
        }
    }

    /// The least slack of the packet whose turn it is, µs.
    fn needed(&self, now: Instant) -> i64 {
        self.target.slack(now).as_micros() as i64 + self.look_ahead()
    }

    /// Where packets are lost and each repeats the one before it, waiting for one more restores most; µs.
    fn look_ahead(&self) -> i64 {
        /// Two losses in ten seconds.
        const WORTHWHILE: f32 = 0.007;
        if self.repeats > 0 && self.loss > WORTHWHILE { self.packet } else { 0 }
    }

    fn remember_loss(&mut self, missing: bool) {
        self.loss += if missing { (1.0 - self.loss) / 200.0 } else { -self.loss / 1_000.0 };
    }

    /// Half a second too much is not played at double speed but left out.
    fn shed_backlog(&mut self, now: Instant) {
        let slack = |buffer: &JitterBuffer| {
            let next = buffer.next.filter(|next| buffer.slots.newest().is_some_and(|newest| newest > *next))?;
            Some(buffer.slots.get(next).map_or(i64::MAX, |slot| buffer.slack_of(slot.begins, now)))
        };
        let needed = self.needed(now);
        if slack(self).is_some_and(|slack| slack != i64::MAX && slack > needed.saturating_add(BACKLOG_US)) {
            while slack(self).is_some_and(|slack| slack > needed.saturating_add(TICK_US)) {
                self.drop_oldest();
            }
        }
    }

    /// Makes room, or shortens a backlog.
    fn drop_oldest(&mut self) {
        let Some(oldest) = self.next.or_else(|| self.slots.lowest()) else { return };
        if self.slots.get(oldest).is_some() {
            self.slots.take(oldest);
            self.counters.dropped = self.counters.dropped.saturating_add(1);
        } else {
            self.counters.missing = self.counters.missing.saturating_add(1);
        }
        let after = oldest.saturating_add(1);
        self.next = Some(after);
        self.playing = match (self.playing, self.slots.get(after)) {
            (Some(_), Some(slot)) => Some(Playing::at(slot.begins)),
            (playing, _) => playing,
        };
    }

    fn slack_of(&self, begins: i64, now: Instant) -> i64 {
        self.since_epoch(now).saturating_sub(begins).saturating_sub(self.target.fastest())
    }

    fn since_epoch(&self, now: Instant) -> i64 {
        now.saturating_duration_since(self.epoch).as_micros() as i64
    }
}

#[cfg(test)]
mod tests;
