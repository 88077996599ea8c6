//! What the callbacks of devices do: samples into a ring and out of one. They allocate nothing, wait for nothing and drop
//! nothing; what goes wrong they count.

use super::Health;
use super::line::{Ahead, Moment};
use super::priority::Raise;
use rtrb::{Consumer, Producer};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// How long sound takes to fade in or out, seconds.
const FADE_S: f32 = 0.005;

/// What a microphone brings.
pub struct Taken {
    ring: Producer<f32>,
    came: Arc<Moment>,
    health: Arc<Health>,
    raise: Raise,
}

impl Taken {
    /// Into this ring; `came` is noted each time.
    pub fn new(ring: Producer<f32>, came: Arc<Moment>, health: Arc<Health>) -> Taken {
        Taken { ring, came, health, raise: Raise::default() }
    }

    /// Takes a burst; what there is no room for is lost and counted.
    pub fn take(&mut self, samples: impl Iterator<Item = f32>) {
        self.raise.once();
        for sample in samples {
            if self.ring.push(sample).is_err() {
                self.health.overruns.fetch_add(1, Ordering::Relaxed);
                break;
            }
        }
        self.came.note();
    }
}

/// What a speaker plays that asks when it is time.
pub struct Given {
    ring: Consumer<f32>,
    health: Arc<Health>,
    fade: Fade,
    /// The ring is filled when the media thread has it; before that nothing can be missing.
    begun: bool,
    raise: Raise,
}

impl Given {
    /// Out of this ring, at this rate in Hz.
    pub fn new(ring: Consumer<f32>, rate: u32, health: Arc<Health>) -> Given {
        Given { ring, health, fade: Fade::new(rate), begun: false, raise: Raise::default() }
    }

    /// Plays as many samples as `places` has; where the ring is empty the sound fades.
    pub fn give<T>(&mut self, places: impl Iterator<Item = T>, mut put: impl FnMut(T, f32)) {
        self.raise.once();
        let mut starved = false;
        for place in places {
            let sample = self.ring.pop().ok();
            self.begun |= sample.is_some();
            starved |= sample.is_none() && self.begun;
            put(place, self.fade.next(sample));
        }
        if starved {
            self.health.underruns.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// What a sound server fetches that always wants more than there is.
pub struct Feed {
    ring: Consumer<f32>,
    pub(super) ahead: Arc<Ahead>,
    health: Arc<Health>,
    raise: Raise,
    /// Samples it had when last asked.
    left: isize,
    begun: bool,
    dry: bool,
    fade: Fade,
}

impl Feed {
    /// Out of this ring, at this rate in Hz; what the server holds is told to `ahead`.
    pub fn new(ring: Consumer<f32>, rate: u32, ahead: Arc<Ahead>, health: Arc<Health>) -> Feed {
        let (raise, fade) = (Raise::default(), Fade::new(rate));
        Feed { ring, ahead, health, raise, left: 0, begun: false, dry: false, fade }
    }

    /// Fills the beginning of what the server asks for; how many samples that are.
    ///
    /// The ring is emptied. Where it is empty and the server has less than its next burst takes, the sound fades within
    /// 5 ms instead of clicking.
    pub fn fill(&mut self, asked: &mut [[u8; 4]]) -> usize {
        self.raise.once();
        // Why not as much as is asked for first: whoever comes late is asked for what was missed as well.
        let target = self.ahead.target.load(Ordering::Relaxed) as isize;
        if target == 0 {
            return 0;
        }
        let burst = self.ahead.burst.load(Ordering::Relaxed) as isize;
        let left = target - asked.len() as isize;
        if left < 0 {
            self.ahead.waits.store(false, Ordering::Relaxed);
        }
        let there = self.ring.slots();
        self.begun |= there > 0;
        // What the server has played in advance of us it leaves out.
        let late = if self.begun { usize::try_from(-left).unwrap_or(0) } else { 0 };
        if late > 0 {
            self.fade.silent();
        }
        let starved = self.begun && there == 0 && left < burst;
        if starved && !self.dry {
            self.health.underruns.fetch_add(1, Ordering::Relaxed);
        }
        self.dry = if there > 0 { false } else { self.dry || starved };
        let made_up = if starved { usize::try_from(burst - left.max(0)).unwrap_or(0) } else { 0 };
        let mut written = 0;
        for (number, out) in asked.iter_mut().take(late + there + made_up).enumerate() {
            let sample = if number < late { 0.0 } else { self.fade.next(self.ring.pop().ok()) };
            *out = sample.to_le_bytes();
            written += 1;
        }
        let ahead = if self.begun { left + written as isize - burst } else { 0 };
        if left == self.left {
            self.ahead.samples.store(ahead as i32, Ordering::Relaxed);
        } else {
            self.ahead.see(ahead as i32);
        }
        self.left = left + written as isize;
        written
    }
}

/// Sound that comes and goes without a click: where there is none, the last sample fades.
struct Fade {
    last: f32,
    gain: f32,
    step: f32,
}

impl Fade {
    fn new(rate: u32) -> Fade {
        Fade { last: 0.0, gain: 0.0, step: 1.0 / (rate as f32 * FADE_S) }
    }

    /// Nothing was heard of late.
    fn silent(&mut self) {
        self.gain = 0.0;
    }

    fn next(&mut self, sample: Option<f32>) -> f32 {
        self.last = sample.unwrap_or(self.last);
        let step = if sample.is_some() { self.step } else { -self.step };
        self.gain = (self.gain + step).clamp(0.0, 1.0);
        self.last * self.gain
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rtrb::RingBuffer;

    fn samples(bytes: &[[u8; 4]]) -> Vec<f32> {
        bytes.iter().map(|sample| f32::from_le_bytes(*sample)).collect()
    }

    /// A server that was not answered in time asks for what it has missed as well.
    #[test]
    fn what_came_too_late_is_left_out_and_not_written_into_the_past() {
        let (mut given, ring) = RingBuffer::new(1_000);
        let ahead = Arc::new(Ahead::default());
        let mut feed = Feed::new(ring, 48_000, ahead.clone(), Arc::default());
        (0..100).for_each(|_| given.push(0.5).unwrap_or_default());
        let mut asked = [[1; 4]; 350];
        assert_eq!(feed.fill(&mut asked), 0, "what the server holds in all is not known yet");
        ahead.target.store(300, Ordering::Relaxed);
        assert_eq!(feed.fill(&mut asked), 150);
        let told = samples(&asked);
        assert!(told.iter().take(50).all(|sample| *sample == 0.0), "the past is silent: {told:?}");
        assert!(told.iter().skip(51).take(99).all(|sample| *sample > 0.0), "all that was given is heard: {told:?}");
        // From now on it has what it asked for, but for what is played.
        (0..100).for_each(|_| given.push(0.5).unwrap_or_default());
        assert_eq!(feed.fill(&mut asked[..220]), 100);
        assert_eq!(ahead.samples.load(Ordering::Relaxed), 80 + 100, "of 300, 220 were missing");
    }
}
