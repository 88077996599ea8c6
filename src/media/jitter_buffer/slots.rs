//! Where packets wait: a ring by number, its memory taken at the start.

use super::{CAPACITY, Incoming, Kind};

/// Room in each slot before a larger payload has come: 20 ms of G.711 or G.722, Opus up to 128 kbit/s.
const USUAL_PAYLOAD: usize = 320;

/// A packet.
#[derive(Debug, Clone, Default)]
pub struct Slot {
    pub count: u64,
    /// µs on the sender's line of time.
    pub begins: i64,
    pub payload_type: u8,
    pub kind: Kind,
    pub payload: Vec<u8>,
    used: bool,
}

/// The packets.
#[derive(Debug, Clone)]
pub struct Slots {
    ring: Vec<Slot>,
    newest: Option<u64>,
}

impl Default for Slots {
    fn default() -> Slots {
        let slot = || Slot { payload: Vec::with_capacity(USUAL_PAYLOAD), ..Slot::default() };
        Slots { ring: std::iter::repeat_with(slot).take(CAPACITY as usize).collect(), newest: None }
    }
}

impl Slots {
    /// Keeps a packet that is less than [`CAPACITY`] above the lowest; false when its place is taken.
    pub fn put(&mut self, packet: Incoming<'_>, begins: i64) -> bool {
        let room = packet.payload.len().next_power_of_two();
        let Some(slot) = self.ring.get((packet.count % CAPACITY) as usize).filter(|slot| !slot.used) else {
            return false;
        };
        if room > slot.payload.capacity() {
            // All at once, so that it happens once.
            self.ring.iter_mut().for_each(|slot| slot.payload.reserve_exact(room.saturating_sub(slot.payload.len())));
        }
        let Some(slot) = self.ring.get_mut((packet.count % CAPACITY) as usize) else { return false };
        (slot.count, slot.begins, slot.kind, slot.used) = (packet.count, begins, packet.kind, true);
        slot.payload_type = packet.payload_type;
        slot.payload.clear();
        slot.payload.extend_from_slice(packet.payload);
        self.newest = Some(self.newest.map_or(packet.count, |newest| newest.max(packet.count)));
        true
    }

    /// The packet of this number, when it is here.
    pub fn get(&self, count: u64) -> Option<&Slot> {
        self.ring.get((count % CAPACITY) as usize).filter(|slot| slot.used && slot.count == count)
    }

    /// The same, and its place is free from now on.
    pub fn take(&mut self, count: u64) -> Option<&Slot> {
        let slot = self.ring.get_mut((count % CAPACITY) as usize)?;
        (slot.used && slot.count == count).then(|| {
            slot.used = false;
            &*slot
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
        self.ring.iter_mut().filter(|slot| slot.used).map(|slot| slot.used = false).count()
    }
}
