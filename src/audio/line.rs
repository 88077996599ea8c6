//! The two ends of an open device.

use rtrb::{Consumer, Producer};
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::Waker;
use std::time::Instant;

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

/// A device that said nothing for longer stands still, microseconds.
const LONGEST_AGE: u32 = 50_000;

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
}

/// What lies between a speaker's ring and the speaker, where that can be seen.
#[derive(Debug)]
pub struct Ahead {
    /// Nothing is taken yet.
    pub(super) waits: AtomicBool,
    /// Samples there beyond those that its next burst takes, when last seen; below zero, it will run dry.
    pub(super) samples: AtomicI32,
    /// When that was, microseconds after `start`.
    pub(super) seen: AtomicU32,
    pub(super) start: Instant,
    /// Samples that its next burst takes.
    pub(super) burst: AtomicI32,
    /// Fetches what is in the ring.
    pub(super) fetch: OnceLock<Waker>,
}

impl Ahead {
    /// So many samples were there now.
    #[cfg(all(feature = "audio", target_os = "linux"))]
    pub(super) fn see(&self, samples: i32) {
        self.samples.store(samples, Ordering::Relaxed);
        self.seen.store(self.time(), Ordering::Relaxed);
    }

    /// Comes round after an hour; only short differences count.
    fn time(&self) -> u32 {
        now().saturating_duration_since(self.start).as_micros() as u32
    }
}

impl Default for Ahead {
    fn default() -> Ahead {
        Ahead {
            waits: AtomicBool::new(false),
            samples: AtomicI32::new(0),
            seen: AtomicU32::new(0),
            start: now(),
            burst: AtomicI32::new(0),
            fetch: OnceLock::new(),
        }
    }
}

#[allow(clippy::disallowed_methods, reason = "the shell reads the clock")]
fn now() -> Instant {
    Instant::now()
}

/// Sound that goes out.
pub struct PlaybackLine {
    /// Mono samples.
    pub samples: Producer<f32>,
    /// Their rate, Hz.
    pub rate: u32,
    /// How the device is.
    pub health: Arc<Health>,
    pub(super) ahead: Arc<Ahead>,
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
        let age = self.ahead.time().wrapping_sub(self.ahead.seen.load(Ordering::Relaxed)).min(LONGEST_AGE);
        let played = u64::from(age) * u64::from(self.rate) / 1_000_000;
        ring as isize + self.ahead.samples.load(Ordering::Relaxed) as isize - played as isize
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
