//! Puts packets in order and gives them out at an even pace, as late as the network makes necessary.
//!
//! The delay is counted from the fastest packet of the last two seconds. Its target is the 95 % quantile of how much
//! later than that others came; who plays the sound stretches or shortens it towards the target.

mod target;

use crate::rtp::RtpTime;
use std::time::{Duration, Instant};
use target::Target;

/// Most packets held.
pub const CAPACITY: u64 = 64;
/// Without any packet for this long, the next one starts anew.
const GIVE_UP: Duration = Duration::from_millis(500);

/// What to play now.
#[derive(Debug, PartialEq, Eq)]
pub enum Pulled<'a> {
    /// A packet's payload; empty = its sender said nothing (an event, comfort noise).
    Frame {
        /// Payload type.
        payload_type: u8,
        /// The payload.
        payload: &'a [u8],
        /// How to play it.
        pace: Pace,
    },
    /// A packet that did not come: conceal this long. The one after it, when that is here.
    Missing {
        /// How long.
        duration: Duration,
        /// Payload type and payload of the next packet.
        next: Option<(u8, &'a [u8])>,
    },
    /// The sender pauses: 10 ms of silence.
    Pause,
    /// Nothing has come in time: conceal 10 ms.
    Starved,
    /// Not started, or still collecting: 10 ms of silence.
    Waiting,
}

/// How the delay stands to its target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// Right.
    Even,
    /// A little too long: shorten silence.
    Trim,
    /// Too long: shorten where it is not heard.
    Faster,
    /// Far too long: shorten anywhere.
    MuchFaster,
    /// Too short: stretch.
    Slower,
}

/// A packet for the buffer.
#[derive(Debug, Clone, Copy)]
pub struct Incoming<'a> {
    /// Its extended sequence number.
    pub count: u64,
    /// Its timestamp.
    pub time: RtpTime,
    /// Payload type.
    pub payload_type: u8,
    /// The payload; empty for what is not sound.
    pub payload: &'a [u8],
}

/// Counters since the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counters {
    /// Came after their time.
    pub late: u64,
    /// Came twice.
    pub duplicate: u64,
    /// Starts anew: a jump, a long silence.
    pub restarts: u64,
}

#[derive(Debug, Clone, Default)]
struct Slot {
    count: u64,
    ticks: i64,
    payload_type: u8,
    payload: Vec<u8>,
    used: bool,
}

#[derive(Debug, Clone, Copy)]
struct Playing {
    count: u64,
    ticks: i64,
    starved_ticks: i64,
    starved_since: Option<Instant>,
}

/// The buffer of one source.
#[derive(Debug, Clone)]
pub struct JitterBuffer {
    clock_rate: u32,
    slots: Vec<Slot>,
    newest: Option<(u64, RtpTime, i64)>,
    /// The first packet of this run, where playing begins.
    first: Option<(u64, i64, Instant)>,
    playing: Option<Playing>,
    packet_ticks: i64,
    epoch: Instant,
    target: Target,
    counters: Counters,
}

impl JitterBuffer {
    /// An empty buffer for timestamps of this rate in Hz.
    pub fn new(clock_rate: u32, now: Instant) -> JitterBuffer {
        JitterBuffer {
            clock_rate: clock_rate.max(1_000),
            slots: vec![Slot::default(); CAPACITY as usize],
            newest: None,
            first: None,
            playing: None,
            packet_ticks: i64::from(clock_rate.max(1_000)) / 50,
            epoch: now,
            target: Target::default(),
            counters: Counters::default(),
        }
    }

    /// Forgets all packets: another source, another clock. Counters stay.
    pub fn restart(&mut self, clock_rate: u32) {
        if self.clock_rate != clock_rate.max(1_000) {
            self.clock_rate = clock_rate.max(1_000);
            self.packet_ticks = i64::from(self.clock_rate) / 50;
        }
        self.slots.iter_mut().for_each(|slot| slot.used = false);
        (self.newest, self.first, self.playing) = (None, None, None);
        self.target.forget_transit();
        self.counters.restarts = self.counters.restarts.saturating_add(1);
    }

    /// A packet arrived.
    pub fn insert(&mut self, packet: Incoming<'_>, now: Instant) {
        let jumped = self.newest.is_some_and(|(count, time, _)| {
            let step = i64::from(packet.time.since(time)).abs();
            packet.count.abs_diff(count) >= CAPACITY || step > 2 * i64::from(self.clock_rate) + self.packet_ticks * 64
        });
        if jumped {
            self.restart(self.clock_rate);
        }
        let ticks = self.newest.map_or(0, |(_, time, ticks)| ticks + i64::from(packet.time.since(time)));
        let relative = self.target.arrived(self.since_epoch(now) - self.duration_of(ticks), now);
        if self.playing.is_some_and(|playing| packet.count < playing.count) {
            self.counters.late = self.counters.late.saturating_add(1);
            self.target.late(relative, now);
            return;
        }
        let Some(slot) = self.slots.get_mut((packet.count % CAPACITY) as usize) else { return };
        if slot.used && slot.count == packet.count {
            self.counters.duplicate = self.counters.duplicate.saturating_add(1);
            return;
        }
        (slot.count, slot.ticks, slot.payload_type, slot.used) = (packet.count, ticks, packet.payload_type, true);
        slot.payload.clear();
        slot.payload.extend_from_slice(packet.payload);
        if let Some((count, _, before)) = self.newest
            && packet.count == count.wrapping_add(1)
        {
            let step = ticks - before;
            if (i64::from(self.clock_rate) / 400..=i64::from(self.clock_rate) * 12 / 100).contains(&step) {
                self.packet_ticks = step;
            }
        }
        if self.newest.is_none_or(|(count, ..)| packet.count > count) {
            self.newest = Some((packet.count, packet.time, ticks));
        }
        if self.playing.is_none() {
            let (count, first_ticks, at) = self.first.unwrap_or((packet.count, ticks, now));
            self.first = Some(if packet.count < count { (packet.count, ticks, at) } else { (count, first_ticks, at) });
        }
    }

    /// What to play; ask again when all of it has been played.
    pub fn pull(&mut self, now: Instant) -> Pulled<'_> {
        if self.playing.is_none() {
            let Some((count, ticks, arrived)) = self.first else { return Pulled::Waiting };
            if now.saturating_duration_since(arrived) < self.target.delay(now) {
                return Pulled::Waiting;
            }
            self.playing = Some(Playing { count, ticks, starved_ticks: 0, starved_since: None });
            self.first = None;
        }
        let Some(mut playing) = self.playing else { return Pulled::Waiting };
        let newest = self.newest.map_or(0, |(count, ..)| count);
        // What was lost while nothing came has been concealed already.
        while playing.starved_ticks >= self.packet_ticks && !self.has(playing.count) && newest > playing.count {
            playing.starved_ticks -= self.packet_ticks;
            playing.ticks += self.packet_ticks;
            playing.count += 1;
        }
        let pulled = if self.has(playing.count) {
            self.play(playing, now)
        } else if newest > playing.count {
            playing.count += 1;
            playing.ticks += self.packet_ticks;
            self.playing = Some(Playing { starved_ticks: 0, starved_since: None, ..playing });
            let duration = self.duration_ms(self.packet_ticks).max(Duration::from_millis(10));
            let next = self.slot(playing.count).map(|slot| (slot.payload_type, slot.payload.as_slice()));
            return Pulled::Missing { duration, next: next.filter(|(_, payload)| !payload.is_empty()) };
        } else {
            self.starve(playing, now);
            return Pulled::Starved;
        };
        match pulled {
            Some((count, pace)) => match self.slots.get((count % CAPACITY) as usize) {
                Some(slot) => Pulled::Frame { payload_type: slot.payload_type, payload: &slot.payload, pace },
                None => Pulled::Waiting,
            },
            None => Pulled::Pause,
        }
    }

    /// The delay of what is played now behind the fastest packet; zero before the start.
    pub fn delay(&self, now: Instant) -> Duration {
        let Some(playing) = self.playing else { return Duration::ZERO };
        let late = self.since_epoch(now) - self.duration_of(playing.ticks) - self.target.fastest();
        Duration::from_micros(late.max(0) as u64)
    }

    /// The delay aimed at.
    pub fn target(&self, now: Instant) -> Duration {
        self.target.delay(now)
    }

    /// The counters.
    pub fn counters(&self) -> Counters {
        self.counters
    }

    /// Plays the packet that is due, or pauses before it (`None`).
    fn play(&mut self, playing: Playing, now: Instant) -> Option<(u64, Pace)> {
        let ticks = self.slot(playing.count)?.ticks;
        let ahead = ticks - playing.ticks;
        // Seconds without packets but without a gap in their numbers: the sender was silent.
        if ahead > self.packet_ticks * 3 && playing.starved_ticks < ahead {
            let step = i64::from(self.clock_rate) / 100;
            self.playing = Some(Playing { ticks: playing.ticks + step, ..playing });
            return None;
        }
        self.playing = Some(Playing { ticks, ..playing });
        let pace = self.pace(now);
        self.playing = Some(Playing {
            count: playing.count + 1,
            ticks: ticks + self.packet_ticks,
            starved_ticks: 0,
            starved_since: None,
        });
        if let Some(slot) = self.slots.get_mut((playing.count % CAPACITY) as usize) {
            slot.used = false;
        }
        Some((playing.count, pace))
    }

    fn starve(&mut self, playing: Playing, now: Instant) {
        let since = playing.starved_since.unwrap_or(now);
        if now.saturating_duration_since(since) >= GIVE_UP {
            self.restart(self.clock_rate);
            return;
        }
        let starved_ticks = playing.starved_ticks + i64::from(self.clock_rate) / 100;
        self.playing = Some(Playing { starved_ticks, starved_since: Some(since), ..playing });
    }

    fn pace(&self, now: Instant) -> Pace {
        const SLACK: Duration = Duration::from_millis(20);
        /// Up to here the delay waits for a pause in the speech.
        const PATIENT: Duration = Duration::from_millis(60);
        /// Cutting into speech anywhere is heard; a quarter of a second of delay is worse.
        const FAR_BEHIND: Duration = Duration::from_millis(250);
        let (delay, target) = (self.delay(now), self.target.delay(now));
        if delay > (target * 4).max(FAR_BEHIND) {
            Pace::MuchFaster
        } else if delay > target + PATIENT {
            Pace::Faster
        } else if delay > target + SLACK {
            Pace::Trim
        } else if delay < target {
            Pace::Slower
        } else {
            Pace::Even
        }
    }

    fn has(&self, count: u64) -> bool {
        self.slot(count).is_some()
    }

    fn slot(&self, count: u64) -> Option<&Slot> {
        self.slots.get((count % CAPACITY) as usize).filter(|slot| slot.used && slot.count == count)
    }

    fn since_epoch(&self, now: Instant) -> i64 {
        now.saturating_duration_since(self.epoch).as_micros() as i64
    }

    /// Ticks as µs.
    fn duration_of(&self, ticks: i64) -> i64 {
        ticks.saturating_mul(1_000_000) / i64::from(self.clock_rate)
    }

    fn duration_ms(&self, ticks: i64) -> Duration {
        Duration::from_millis(self.duration_of(ticks).max(0) as u64 / 1_000)
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods)] // a moment to count from
mod tests {
    use super::*;

    /// Rows: (sequence, timestamp in ms, arrival in ms). The outcome of each 20 ms pull from 0 on, as one letter.
    fn run(rows: &[(u64, u32, u64)], pulls: u64) -> (String, Counters) {
        let start = Instant::now();
        let mut buffer = JitterBuffer::new(8_000, start);
        let mut rows = rows.iter().peekable();
        let mut outcome = String::new();
        let mut busy_until = 0;
        for ms in (0..pulls * 20).step_by(10) {
            let now = start + Duration::from_millis(ms);
            while let Some((count, time, _)) = rows.next_if(|row| row.2 <= ms) {
                let payload = [*count as u8; 160];
                let time = RtpTime(u32::MAX - 800).plus(time * 8);
                buffer.insert(Incoming { count: 1_000 + count, time, payload_type: 0, payload: &payload }, now);
            }
            if ms < busy_until {
                continue;
            }
            let (letter, lasts) = match buffer.pull(now) {
                Pulled::Frame { payload, .. } => (char::from(b'0' + payload[0]), 20),
                Pulled::Missing { next, .. } => (if next.is_some() { 'f' } else { 'm' }, 20),
                Pulled::Pause => ('p', 10),
                Pulled::Starved => ('s', 10),
                Pulled::Waiting => ('.', 10),
            };
            outcome.push(letter);
            busy_until = ms + lasts;
        }
        (outcome, buffer.counters())
    }

    #[test]
    fn what_is_played() {
        let even = |n: u64| (0..n).map(|i| (i, 20 * i as u32, 20 * i)).collect::<Vec<_>>();
        let without = |mut rows: Vec<_>, lost: u64| {
            rows.retain(|row: &(u64, u32, u64)| row.0 != lost);
            rows
        };
        let swapped = vec![(0, 0, 0), (2, 40, 20), (1, 20, 25), (3, 60, 60)];
        let rows: [(&str, Vec<_>, u64, &str); 5] = [
            ("a clean line starts after 40 ms", even(5), 7, "....01234"),
            ("a lost packet has its successor", without(even(5), 2), 7, "....01f34"),
            ("order is restored", swapped, 6, "....0123"),
            ("a packet twice", vec![(0, 0, 0), (0, 0, 10), (1, 20, 20)], 4, "....01"),
            ("nothing more comes", even(2), 5, "....01ss"),
        ];
        for (name, rows, pulls, expected) in rows {
            assert_eq!(run(&rows, pulls).0, expected, "{name}");
        }
    }

    #[test]
    fn what_comes_too_late_is_counted_and_not_played() {
        let rows = [(0, 0, 0), (1, 20, 20), (3, 60, 60), (4, 80, 80), (2, 40, 101), (5, 100, 105)];
        let (outcome, counters) = run(&rows, 8);
        assert_eq!(outcome, "....01f345");
        assert_eq!(counters.late, 1);
    }

    #[test]
    fn a_pause_without_a_gap_in_numbers_is_a_pause() {
        let (outcome, counters) = run(&[(0, 0, 0), (1, 20, 20), (2, 220, 220), (3, 240, 240)], 16);
        assert!(outcome.starts_with("....01s") && outcome.ends_with("23ss"), "{outcome}");
        assert_eq!(counters.late, 0);
    }

    #[test]
    fn a_jump_starts_anew() {
        for jump in [(70, 40, 40), (2, 60_000, 40)] {
            let mut rows = vec![(0, 0, 0), (1, 20, 20), jump];
            rows.push((jump.0 + 1, jump.1 + 20, 60));
            let (_, counters) = run(&rows, 8);
            assert_eq!(counters.restarts, 1);
        }
    }

    #[test]
    fn a_clean_line_loses_nothing_and_stays_short() {
        let start = Instant::now();
        let mut buffer = JitterBuffer::new(48_000, start);
        for n in 0..3_000_u64 {
            let now = start + Duration::from_millis(20 * n);
            let time = RtpTime((n as u32).wrapping_mul(960));
            buffer.insert(Incoming { count: n, time, payload_type: 96, payload: &[1] }, now);
            let _ = buffer.pull(now);
        }
        let now = start + Duration::from_secs(60);
        assert_eq!(buffer.counters(), Counters::default());
        assert!(buffer.delay(now) <= Duration::from_millis(60), "{:?}", buffer.delay(now));
        assert_eq!(buffer.target(now), Duration::from_millis(20));
    }
}
