//! Where packets wait: a ring by number, its memory taken at the start.

use super::{CAPACITY, Incoming, Kind};

/// Room in each slot before a larger payload has come: 20 ms of G.711 or G.722, Opus up to 128 kbit/s.
const USUAL_PAYLOAD: usize = 320;

/// A packet; where its payload lies is known to [`Slots::payload`].
#[derive(Debug, Clone, Copy, Default)]
pub struct Slot {
    pub count: u64,
    /// µs on the sender's line of time.
    pub begins: i64,
    pub payload_type: u8,
    pub kind: Kind,
    used: bool,
    place: u16,
    length: u16,
}

/// The packets.
#[derive(Debug, Clone)]
pub struct Slots {
    ring: Vec<Slot>,
    /// Payloads, each at its place. The place that was left last is taken first: a call holds few packets at a time, and
    /// what of this memory is never touched the system need not have.
    payloads: Vec<u8>,
    /// Room for a payload.
    room: usize,
    /// Places that were taken once and are free.
    free: Vec<u16>,
    newest: Option<u64>,
}

impl Default for Slots {
    fn default() -> Slots {
        Slots {
            ring: vec![Slot::default(); CAPACITY as usize],
            payloads: Vec::with_capacity(CAPACITY as usize * USUAL_PAYLOAD),
            room: USUAL_PAYLOAD,
            free: Vec::with_capacity(CAPACITY as usize),
            newest: None,
        }
    }
}

impl Slots {
    /// Keeps a packet that is less than [`CAPACITY`] above the lowest; false when its place is taken.
    pub fn put(&mut self, packet: Incoming<'_>, begins: i64) -> bool {
        let Ok(length) = u16::try_from(packet.payload.len()) else { return false };
        let at = (packet.count % CAPACITY) as usize;
        if self.ring.get(at).is_none_or(|slot| slot.used) {
            return false;
        }
        self.widen(packet.payload.len());
        let place = self.free.pop().unwrap_or((self.payloads.len() / self.room) as u16);
        let begin = usize::from(place) * self.room;
        if self.payloads.len() < begin + self.room {
            self.payloads.resize(begin + self.room, 0);
        }
        if let Some(to) = self.payloads.get_mut(begin..begin + packet.payload.len()) {
            to.copy_from_slice(packet.payload);
        }
        let Incoming { count, payload_type, kind, .. } = packet;
        if let Some(slot) = self.ring.get_mut(at) {
            *slot = Slot { count, begins, payload_type, kind, used: true, place, length };
        }
        self.newest = Some(self.newest.map_or(count, |newest| newest.max(count)));
        true
    }

    /// Makes room for larger payloads: for all at once, so that it happens once.
    fn widen(&mut self, length: usize) {
        if length <= self.room {
            return;
        }
        let room = length.next_power_of_two();
        let mut payloads = Vec::with_capacity(CAPACITY as usize * room);
        for payload in self.payloads.chunks(self.room) {
            let begin = payloads.len();
            payloads.extend_from_slice(payload);
            payloads.resize(begin + room, 0);
        }
        (self.payloads, self.room) = (payloads, room);
    }

    /// What a packet carries; of one that was taken, until the next one is put.
    pub fn payload(&self, slot: Slot) -> &[u8] {
        let begin = usize::from(slot.place) * self.room;
        self.payloads.get(begin..begin + usize::from(slot.length)).unwrap_or_default()
    }

    /// The packet of this number, when it is here.
    pub fn get(&self, count: u64) -> Option<Slot> {
        self.ring.get((count % CAPACITY) as usize).filter(|slot| slot.used && slot.count == count).copied()
    }

    /// The same, and its place is free from now on.
    pub fn take(&mut self, count: u64) -> Option<Slot> {
        let slot = self.ring.get_mut((count % CAPACITY) as usize)?;
        (slot.used && slot.count == count).then(|| {
            slot.used = false;
            self.free.push(slot.place);
            *slot
        })
    }

    /// The lowest number that is here.
    pub fn lowest(&self) -> Option<u64> {
        self.ring.iter().filter(|slot| slot.used).map(|slot| slot.count).min()
    }

    /// The highest number there has been.
    pub fn newest(&self) -> Option<u64> {
        self.newest
    }

    /// Packets that are here.
    pub fn held(&self) -> usize {
        self.ring.iter().filter(|slot| slot.used).count()
    }

    /// Forgets all packets; how many that were.
    pub fn clear(&mut self) -> usize {
        self.newest = None;
        let held = self.held();
        self.ring.iter_mut().for_each(|slot| slot.used = false);
        self.free.clear();
        self.payloads.clear();
        held
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rtp::RtpTime;

    fn put(slots: &mut Slots, count: u64, payload: &[u8]) -> bool {
        let time = RtpTime(0);
        slots.put(Incoming { count, time, clock_rate: 8_000, payload_type: 0, payload, kind: Kind::Sound }, 0)
    }

    /// What is kept of this packet.
    fn kept(slots: &Slots, count: u64) -> Option<Vec<u8>> {
        Some(slots.payload(slots.get(count)?).to_vec())
    }

    #[test]
    fn a_packet_keeps_its_payload_whatever_comes_and_goes() {
        let mut slots = Slots::default();
        // Left in another order than they came; places are taken again, and a larger payload moves all.
        assert!((0..8).all(|n| put(&mut slots, n, &[n as u8; 160])));
        for n in [3, 0, 6] {
            let taken = slots.take(n).unwrap();
            assert_eq!(slots.payload(taken), [n as u8; 160]);
            assert!(slots.take(n).is_none());
        }
        assert!(
            put(&mut slots, 8, &[8; 20]) && put(&mut slots, 9, &[9; USUAL_PAYLOAD + 1]) && put(&mut slots, 10, &[])
        );
        assert!(!put(&mut slots, 8 + CAPACITY, &[1]), "its place is taken");
        for n in [1, 2, 4, 5, 7] {
            assert_eq!(kept(&slots, n), Some(vec![n as u8; 160]), "{n}");
        }
        assert_eq!((kept(&slots, 8), kept(&slots, 10)), (Some(vec![8; 20]), Some(Vec::new())));
        assert_eq!(kept(&slots, 9), Some(vec![9; USUAL_PAYLOAD + 1]));
        assert!(slots.take(4).is_some() && slots.take(1).is_some());
        assert_eq!((slots.clear(), slots.held(), slots.lowest()), (6, 0, None));
        assert!((100..100 + CAPACITY).all(|n| put(&mut slots, n, &[n as u8; 200])));
        assert!((100..100 + CAPACITY).all(|n| kept(&slots, n) == Some(vec![n as u8; 200])));
    }

    #[test]
    fn a_call_whose_packets_go_as_they_come_touches_room_for_two() {
        let mut slots = Slots::default();
        for n in 0..500 {
            assert!(put(&mut slots, n, &[0; 160]));
            assert!(n == 0 || slots.take(n - 1).is_some());
        }
        assert_eq!(slots.payloads.len(), 2 * USUAL_PAYLOAD);
    }
}
