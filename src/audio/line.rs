//! The two ends of an open device.

use rtrb::{Consumer, Producer};
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::Waker;
use std::time::{Duration, Instant};

/// What a device's callbacks noticed; they may do no more than count.
#[derive(Debug, Default)]
pub struct Health {
    /// Times the speaker had nothing to play.
    pub underruns: AtomicU32,
    /// Times the microphone had no room.
    pub overruns: AtomicU32,
    /// Errors the system reported.
    pub errors: AtomicU32,
    /// The device is gone.
    pub fatal: AtomicBool,
}

impl Health {
    /// True when the device is gone.
    pub fn is_gone(&self) -> bool {
        self.fatal.load(Ordering::Relaxed)
    }
}

/// A device that said nothing for longer stands still.
const LONGEST_AGE: Duration = Duration::from_millis(50);

/// A moment that one thread notes and another looks back to.
#[derive(Debug)]
pub struct Moment {
    /// Microseconds after `start`; comes round after an hour, only short differences count.
    micros: AtomicU32,
    start: Instant,
    clock: fn() -> Instant,
}

impl Moment {
    /// On a clock of one's own.
    pub fn by(clock: fn() -> Instant) -> Moment {
        Moment { micros: AtomicU32::new(0), start: clock(), clock }
    }

    /// It is now.
    pub fn note(&self) {
        self.micros.store(self.now(), Ordering::Relaxed);
    }

    /// Samples of this rate that take as long as has passed since.
    fn passed(&self, rate: u32) -> isize {
        let age = self.now().wrapping_sub(self.micros.load(Ordering::Relaxed)).min(LONGEST_AGE.as_micros() as u32);
        (u64::from(age) * u64::from(rate) / 1_000_000) as isize
    }

    fn now(&self) -> u32 {
        (self.clock)().saturating_duration_since(self.start).as_micros() as u32
    }
}

impl Default for Moment {
    fn default() -> Moment {
        Moment::by(now)
    }
}

#[allow(clippy::disallowed_methods, reason = "the shell reads the clock")]
fn now() -> Instant {
    Instant::now()
}

/// Sound that comes in.
pub struct CaptureLine {
    /// Mono samples.
    pub samples: Consumer<f32>,
    /// Their rate, Hz.
    pub rate: u32,
    /// Samples that come at once; 0 = not known.
    pub burst: usize,
    /// How the device is.
    pub health: Arc<Health>,
    /// When the last of them came.
    pub came: Arc<Moment>,
}

impl CaptureLine {
    /// A line from something of which only the samples are known.
    pub fn new(samples: Consumer<f32>, rate: u32, health: Arc<Health>) -> CaptureLine {
        CaptureLine { samples, rate, burst: 0, health, came: Arc::default() }
    }

    /// Samples not yet read, as few as they are just before the next burst where bursts are known: how much of one has
    /// been said since the last shifts against our clock.
    pub fn fill(&self) -> isize {
        let (held, burst) = (self.samples.slots() as isize, self.burst as isize);
        held + self.came.passed(self.rate).min(burst) - burst
    }
}

/// What lies between a speaker's ring and the speaker, where that can be seen.
#[derive(Debug, Default)]
pub struct Ahead {
    /// Nothing is taken yet.
    pub(super) waits: AtomicBool,
    /// Samples there beyond those that its next burst takes, when last seen; below zero, it will run dry.
    pub(super) samples: AtomicI32,
    /// When that was.
    pub(super) seen: Moment,
    /// Samples that its next burst takes.
    pub(super) burst: AtomicI32,
    /// Samples that a server which always wants more is to have in all; 0 = that is not known yet.
    #[cfg_attr(not(feature = "audio"), allow(dead_code))]
    pub(super) target: AtomicI32,
    /// Fetches what is in the ring.
    pub(super) fetch: OnceLock<Waker>,
}

impl Ahead {
    /// Samples that the device takes at once and is to have in all, on a clock of one's own.
    pub fn by(clock: fn() -> Instant, burst: usize, target: usize) -> Ahead {
        let [burst, target] = [burst, target].map(|samples| AtomicI32::new(samples as i32));
        Ahead { seen: Moment::by(clock), burst, target, ..Ahead::default() }
    }

    /// So many samples were there now.
    #[cfg(feature = "audio")]
    pub(super) fn see(&self, samples: i32) {
        self.samples.store(samples, Ordering::Relaxed);
        self.seen.note();
    }
}

/// Sound that goes out.
pub struct PlaybackLine {
    /// Mono samples.
    pub samples: Producer<f32>,
    /// Their rate, Hz.
    pub rate: u32,
    /// How the device is.
    pub health: Arc<Health>,
    /// What can be seen of the device itself.
    pub ahead: Arc<Ahead>,
}

impl PlaybackLine {
    /// A line to something that fetches by itself.
    pub fn new(samples: Producer<f32>, rate: u32, health: Arc<Health>) -> PlaybackLine {
        PlaybackLine { samples, rate, health, ahead: Arc::default() }
    }

    /// Samples not yet played, in the ring and beyond it, without those that the next burst takes where that is known.
    pub fn fill(&self) -> isize {
        let ring = self.samples.buffer().capacity().saturating_sub(self.samples.slots());
        if self.burst() == 0 {
            return ring as isize;
        }
        // What was there has been played since, whether the device said so or not.
        ring as isize + self.ahead.samples.load(Ordering::Relaxed) as isize - self.ahead.seen.passed(self.rate)
    }

    /// True while the device takes nothing yet: what is pushed would only be late.
    pub fn waits(&self) -> bool {
        self.ahead.waits.load(Ordering::Relaxed)
    }

    /// Samples that the device takes at once; 0 = not known.
    pub fn burst(&self) -> usize {
        self.ahead.burst.load(Ordering::Relaxed).max(0) as usize
    }

    /// What was pushed is to be fetched now.
    pub fn fetch(&self) {
        if let Some(waker) = self.ahead.fetch.get() {
            waker.wake_by_ref();
        }
    }
}
