//! Keys as RFC 4733 telephone events.

use std::collections::VecDeque;
use std::time::Duration;

use super::RtpTime;

/// Shortest key that is sent.
pub const MIN_DURATION: Duration = Duration::from_millis(40);
/// Most keys that wait to be sent.
pub const MAX_QUEUED: usize = 256;
/// Copies of the last packet of an event (RFC 4733 §2.5.1.4).
const END_COPIES: u8 = 3;
/// How far back a timestamp may lie and be a late copy's, ticks: five seconds of the fastest clock. Beyond it the
/// sender's clock has begun anew.
const LATE: i32 = 240_000;
/// Level of our events, −10 dBm0.
const VOLUME: u8 = 10;
/// The keys in the order of their event codes (RFC 4733 §3.2).
const KEYS: &str = "0123456789*#ABCD";

/// The event code of a key, case ignored.
pub fn event_code(key: char) -> Option<u8> {
    KEYS.chars().position(|known| known == key.to_ascii_uppercase()).and_then(|n| u8::try_from(n).ok())
}

/// The key of an event code 0..=15.
pub fn key(event_code: u8) -> Option<char> {
    KEYS.chars().nth(event_code.into())
}

/// A packet to send in place of sound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventPacket {
    /// Marker bit: the first packet of an event.
    pub marker: bool,
    /// When the event began, the same in all its packets.
    pub time: RtpTime,
    /// Event, end bit and volume, duration.
    pub payload: [u8; 4],
}

/// What one key has come to.
#[derive(Debug, Clone, Copy)]
enum Sending {
    Idle,
    Event(Sounding),
    End { code: u8, start: RtpTime, duration: u16, left: u8 },
    Pause { until: RtpTime },
}

/// A key that is held.
#[derive(Debug, Clone, Copy)]
struct Sounding {
    code: u8,
    /// When its segment began.
    start: RtpTime,
    /// Ticks of the segments before it.
    before: u32,
    /// Nothing of the segment is sent yet.
    first: bool,
    /// How long it is to last in all, ticks; `None` = it was let go of, and ends with the next packet.
    lasts: Option<u32>,
}

/// Sends keys one after another; ask it once per packet time.
#[derive(Debug, Clone)]
pub struct Sender {
    clock_rate: u32,
    sound_rate: u32,
    pause: Duration,
    queue: VecDeque<(u8, u32)>,
    sending: Sending,
}

impl Sender {
    /// A sender at this RTP clock; each key is followed by a pause of `pause`.
    pub fn new(clock_rate: u32, pause: Duration) -> Sender {
        Sender {
            clock_rate,
            sound_rate: clock_rate,
            pause,
            queue: VecDeque::with_capacity(MAX_QUEUED),
            sending: Sending::Idle,
        }
    }

    /// The clock of the sound it stands in, which is that of the timestamps; durations have the events' own.
    //= RFC 4733 §2.1: the timestamps are those of the sound
    pub fn set_sound_rate(&mut self, sound_rate: u32) {
        self.sound_rate = sound_rate.max(1);
    }

    /// Queues a key `0-9*#A-D` that lasts `duration`, 40 ms at least. False and nothing queued when it is no key or too
    /// many wait.
    pub fn push(&mut self, key: char, duration: Duration) -> bool {
        let Some(code) = event_code(key).filter(|_| self.queue.len() < MAX_QUEUED) else { return false };
        self.queue.push_back((code, ticks(self.clock_rate, duration.max(MIN_DURATION))));
        true
    }

    /// Lets go of the key that is held: it ends with the next packet, no sooner than after 40 ms.
    pub fn release(&mut self) {
        match (&mut self.sending, self.queue.front_mut()) {
            (Sending::Event(sounding), _) => sounding.lasts = None,
            (Sending::Idle | Sending::Pause { .. }, Some((_, lasts))) => *lasts = ticks(self.clock_rate, MIN_DURATION),
            _ => {}
        }
    }

    /// True while keys wait, sound or pause.
    pub fn is_active(&self) -> bool {
        !self.queue.is_empty() || !matches!(self.sending, Sending::Idle)
    }

    /// The packet to send now in place of sound, `packet` ticks of the events' clock long; `None` = send sound.
    pub fn poll(&mut self, now: RtpTime, packet: u32) -> Option<EventPacket> {
        if let Sending::Pause { until } = self.sending
            && now.since(until) >= 0
        {
            self.sending = Sending::Idle;
        }
        if matches!(self.sending, Sending::Idle)
            && let Some((code, lasts)) = self.queue.pop_front()
        {
            self.sending = Sending::Event(Sounding { code, start: now, before: 0, first: true, lasts: Some(lasts) });
        }
        match self.sending {
            Sending::Idle | Sending::Pause { .. } => None,
            Sending::Event(sounding) => self.go_on(sounding, now, packet),
            Sending::End { .. } => self.end(now, false),
        }
    }

    fn go_on(&mut self, held: Sounding, now: RtpTime, packet: u32) -> Option<EventPacket> {
        let Sounding { code, start, before, first, lasts } = held;
        let marker = first && before == 0;
        let since = scaled(u32::try_from(now.since(start)).unwrap_or(0), self.sound_rate, self.clock_rate);
        let elapsed = since.saturating_add(packet);
        let least = ticks(self.clock_rate, MIN_DURATION).saturating_sub(before);
        let left = lasts.map_or(elapsed.min(u16::MAX.into()).max(least), |lasts| lasts.saturating_sub(before));
        let duration = u16::try_from(elapsed.min(left)).unwrap_or(u16::MAX);
        //= RFC 4733 §2.5.1.3: a segment that is full does not end the event, nor does the next one's first packet
        let may_end = !first || before == 0;
        if u32::from(duration) == left && may_end {
            self.sending = Sending::End { code, start, duration, left: END_COPIES };
            return self.end(now, marker);
        }
        let full = u32::from(u16::MAX);
        self.sending = Sending::Event(if duration == u16::MAX {
            let length = scaled(full, self.clock_rate, self.sound_rate);
            Sounding { start: start.plus(length), before: before.saturating_add(full), first: true, ..held }
        } else {
            Sounding { first: false, ..held }
        });
        Some(event_packet(code, start, marker, false, duration))
    }

    fn end(&mut self, now: RtpTime, marker: bool) -> Option<EventPacket> {
        let Sending::End { code, start, duration, left } = self.sending else { return None };
        self.sending = match left.saturating_sub(1) {
            0 => Sending::Pause { until: now.plus(ticks(self.sound_rate, self.pause)) },
            left => Sending::End { code, start, duration, left },
        };
        Some(event_packet(code, start, marker, true, duration))
    }
}

fn event_packet(code: u8, time: RtpTime, marker: bool, end: bool, duration: u16) -> EventPacket {
    let [high, low] = duration.to_be_bytes();
    let payload = [code, if end { 0x80 | VOLUME } else { VOLUME }, high, low];
    EventPacket { marker, time, payload }
}

/// Ticks of one clock in those of another.
fn scaled(ticks: u32, from: u32, to: u32) -> u32 {
    u32::try_from(u64::from(ticks) * u64::from(to) / u64::from(from.max(1))).unwrap_or(u32::MAX)
}

fn ticks(clock_rate: u32, duration: Duration) -> u32 {
    u32::try_from(duration.as_millis().saturating_mul(clock_rate.into()) / 1000).unwrap_or(u32::MAX)
}

/// Hears each key once, however many of its packets come.
#[derive(Debug, Clone, Default)]
pub struct Receiver {
    last: Option<Heard>,
}

#[derive(Debug, Clone, Copy)]
struct Heard {
    code: u8,
    time: RtpTime,
    duration: u16,
    ended: bool,
}

impl Receiver {
    /// A telephone-event packet; the key when it is the first heard of its event. Events that are no keys, late copies
    /// and short payloads give `None`.
    pub fn receive(&mut self, time: RtpTime, payload: &[u8]) -> Option<char> {
        let &[code, flags, high, low] = payload.first_chunk::<4>()?;
        let duration = u16::from_be_bytes([high, low]);
        let ended = flags & 0x80 != 0;
        let heard = Heard { code, time, duration, ended };
        if let Some(last) = self.last {
            let step = time.since(last.time);
            if (-LATE..0).contains(&step) {
                return None;
            }
            if step == 0 && code == last.code {
                self.last = Some(Heard { ended: ended || last.ended, duration: duration.max(last.duration), ..heard });
                return None;
            }
            // What begins before the key heard last was over is a copy of it, whose sender moves the timestamp on.
            let overlaps = (0..i32::from(last.duration)).contains(&step);
            //= RFC 4733 §2.5.1.3: a long event goes on in a segment that begins where the last one was full
            let goes_on = !last.ended && (step == i32::from(last.duration) || step == i32::from(u16::MAX));
            if code == last.code && (overlaps || goes_on) {
                self.last = Some(Heard { ended: ended || last.ended, ..heard });
                return None;
            }
        }
        self.last = Some(heard);
        key(code)
    }

    /// The source changed: its timestamps begin anew.
    pub fn reset(&mut self) {
        self.last = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACKET: u32 = 160;

    fn sent(sender: &mut Sender, packets: u32) -> Vec<Option<EventPacket>> {
        (0..packets).map(|n| sender.poll(RtpTime(u32::MAX - 300).plus(n * PACKET), PACKET)).collect()
    }

    fn sender() -> Sender {
        Sender::new(8_000, Duration::from_millis(40))
    }

    fn press(sender: &mut Sender, keys: &str, ms: u64) {
        assert!(keys.chars().all(|key| sender.push(key, Duration::from_millis(ms))));
    }

    fn durations(packets: &[EventPacket]) -> Vec<u16> {
        packets.iter().map(|p| u16::from_be_bytes([p.payload[2], p.payload[3]])).collect()
    }

    #[test]
    fn one_key_on_the_wire() {
        let mut sender = sender();
        press(&mut sender, "5", 100);
        let packets: Vec<_> = sent(&mut sender, 12).into_iter().flatten().collect();
        assert_eq!(durations(&packets), [160, 320, 480, 640, 800, 800, 800]);
        let ends: Vec<_> = packets.iter().map(|p| p.payload[1] & 0x80 != 0).collect();
        assert_eq!(ends, [false, false, false, false, true, true, true]);
        assert_eq!(packets.iter().filter(|p| p.marker).count(), 1);
        assert!(packets.iter().all(|p| p.time == RtpTime(u32::MAX - 300) && p.payload[0] == 5));
        assert!(!sender.is_active());
    }

    #[test]
    fn what_is_sent_is_heard_once_each_with_any_packets_lost() {
        for lost in 0..7 {
            let (mut sender, mut receiver) = (sender(), Receiver::default());
            press(&mut sender, "11#d9", 100);
            let packets: Vec<_> = sent(&mut sender, 120).into_iter().flatten().collect();
            // Of each event of 7 packets only one arrives.
            let arriving = packets.iter().skip(lost).step_by(7);
            let keys: String = arriving.filter_map(|p| receiver.receive(p.time, &p.payload)).collect();
            assert_eq!(keys, "11#D9", "packet {lost} of each");
        }
    }

    //= RFC 4733 §2.5.1.3
    #[test]
    fn a_long_key_goes_in_segments_and_is_heard_once() {
        // The second ends so shortly after a full segment that the new one has nothing but its end to report.
        for ticks in [150_000, 65_535 + 40, 65_535] {
            // A clock of 1000 makes ticks of milliseconds.
            let mut sender = Sender::new(1_000, Duration::from_millis(40));
            press(&mut sender, "77", ticks);
            let ticks = u32::try_from(ticks).unwrap();
            let packets: Vec<_> = sent(&mut sender, 2_200).into_iter().flatten().collect();
            let mut receiver = Receiver::default();
            let keys: String = packets.iter().filter_map(|p| receiver.receive(p.time, &p.payload)).collect();
            assert_eq!((keys.as_str(), sender.is_active()), ("77", false), "{ticks} ticks");
            assert_eq!(packets.iter().filter(|p| p.marker).count(), 2, "{ticks} ticks");
            let first: Vec<_> = packets.split(|p| p.payload[1] & 0x80 != 0).next().unwrap_or_default().to_vec();
            let duration = |p: &EventPacket| u16::from_be_bytes([p.payload[2], p.payload[3]]);
            for pair in first.windows(2).filter(|pair| pair[0].time != pair[1].time) {
                assert_eq!((duration(&pair[0]), pair[1].time.since(pair[0].time)), (0xffff, 0xffff), "{ticks} ticks");
            }
            let end = packets.iter().find(|p| p.payload[1] & 0x80 != 0).unwrap();
            let lasted = end.time.plus(duration(end).into()).since(first[0].time);
            assert_eq!(u32::try_from(lasted), Ok(ticks));
            let segments = first.windows(2).filter(|pair| pair[0].time != pair[1].time).count();
            assert_eq!(segments as u32, (ticks - 1) / 0xffff, "{ticks} ticks");
        }
    }

    #[test]
    fn a_key_lasts_until_it_is_let_go_of() {
        // Let go of after so many packets → durations; 40 ms at least, and the segment that has just begun is said to end.
        for (after, expected) in
            [(0, &[160, 320, 320, 320][..]), (1, &[160, 320, 320, 320]), (5, &[160, 320, 480, 640, 800, 960, 960, 960])]
        {
            let mut sender = sender();
            press(&mut sender, "5", 5_000);
            let mut packets: Vec<_> = sent(&mut sender, after);
            sender.release();
            let at = RtpTime(u32::MAX - 300).plus(after * PACKET);
            packets.extend((0..12).map(|n| sender.poll(at.plus(n * PACKET), PACKET)));
            let packets: Vec<_> = packets.into_iter().flatten().collect();
            assert_eq!((durations(&packets).as_slice(), sender.is_active()), (expected, false), "after {after}");
            assert_eq!(packets.iter().filter(|p| p.payload[1] & 0x80 != 0).count(), 3, "after {after}");
        }
        let mut long = sender();
        press(&mut long, "5", 60_000);
        let mut packets: Vec<_> = sent(&mut long, 410).into_iter().flatten().collect();
        long.release();
        let at = RtpTime(u32::MAX - 300).plus(410 * PACKET);
        packets.extend((0..8).filter_map(|n| long.poll(at.plus(n * PACKET), PACKET)));
        let end = packets.last().unwrap();
        assert_eq!(end.time.plus(durations(&[*end])[0].into()).since(packets[0].time), 412 * 160);
    }

    #[test]
    fn the_clock_is_the_sounds() {
        let mut sender = Sender::new(48_000, Duration::from_millis(40));
        press(&mut sender, "5", 100);
        let packets: Vec<_> = (0..12).filter_map(|n| sender.poll(RtpTime(n * 960), 960)).collect();
        assert_eq!(durations(&packets), [960, 1_920, 2_880, 3_840, 4_800, 4_800, 4_800]);
    }

    //= RFC 4733 §2.1
    #[test]
    fn in_sound_of_another_clock_only_the_durations_are_the_events_own() {
        for (clock, sound) in [(8_000, 48_000), (48_000, 8_000), (8_000, 16_000)] {
            let mut sender = Sender::new(clock, Duration::from_millis(40));
            sender.set_sound_rate(sound);
            press(&mut sender, "57", 100);
            let packets: Vec<_> = (0..20).map(|n| sender.poll(RtpTime(n * (sound / 50)), clock / 50)).collect();
            let sent: Vec<_> = packets.iter().flatten().copied().collect();
            let told = [1, 2, 3, 4, 5, 5, 5].map(|n| u16::try_from(n * clock / 50).unwrap());
            assert_eq!(durations(&sent), [told, told].concat(), "{clock} in {sound}");
            // Seven packets, then 40 ms from the last one's beginning.
            let starts = [RtpTime(0), RtpTime(8 * sound / 50)];
            assert!(sent.iter().enumerate().all(|(n, p)| p.time == starts[n / 7]), "{clock} in {sound}: {sent:?}");
            assert!(packets[7].is_none() && packets[8].is_some(), "{clock} in {sound}");
        }
    }

    #[test]
    fn keys_are_checked() {
        let mut sender = sender();
        assert!(!sender.push('x', MIN_DURATION) && !sender.is_active());
        assert_eq!((0..2 * MAX_QUEUED).filter(|_| sender.push('1', MIN_DURATION)).count(), MAX_QUEUED);
        assert_eq!((event_code('a'), event_code('#'), key(15), key(16)), (Some(12), Some(11), Some('D'), None));
    }

    #[test]
    fn receiver_rows() {
        // (timestamp, event, end, duration) → keys
        type Packets = &'static [(u32, u8, bool, u16)];
        let rows: &[(&str, Packets, &str)] = &[
            ("copies of the end", &[(0, 1, false, 160), (0, 1, true, 320), (0, 1, true, 320)], "1"),
            ("only the end", &[(0, 1, true, 320)], "1"),
            ("end lost, same key again", &[(0, 1, false, 160), (1600, 1, false, 160)], "11"),
            ("end lost, next key", &[(0, 1, false, 160), (1600, 2, false, 160)], "12"),
            ("late copy of the first", &[(0, 1, true, 320), (1600, 2, false, 160), (0, 1, true, 320)], "12"),
            ("long key in segments", &[(0, 1, false, 65_535), (65_535, 1, false, 160), (65_535, 1, true, 320)], "1"),
            ("each packet a time of its own", &[(0, 1, false, 160), (160, 1, false, 320), (320, 1, true, 480)], "1"),
            ("ends with times of their own", &[(0, 1, false, 800), (640, 1, true, 800), (799, 1, true, 800)], "1"),
            ("endless and of no length", &[(0, 1, false, 65_535), (9, 1, false, 0), (80_000, 1, false, 0)], "11"),
            ("a clock that began anew", &[(900_000, 1, true, 320), (100, 2, true, 320)], "12"),
            ("another key at the same time", &[(0, 1, false, 160), (0, 2, false, 160)], "12"),
            ("flash is no key", &[(0, 16, false, 160)], ""),
            ("over the wrap", &[(u32::MAX, 1, true, 160), (800, 1, true, 160)], "11"),
        ];
        for (what, packets, keys) in rows {
            let mut receiver = Receiver::default();
            let heard: String = packets
                .iter()
                .filter_map(|(t, code, end, d)| {
                    receiver.receive(RtpTime(*t), &event_packet(*code, RtpTime(*t), false, *end, *d).payload)
                })
                .collect();
            assert_eq!(heard, *keys, "{what}");
        }
        assert_eq!(Receiver::default().receive(RtpTime(0), &[1, 2, 3]), None);
    }
}
