//! The two ends of an open device.

use rtrb::{Consumer, Producer};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

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

/// Sound that comes in.
pub struct CaptureLine {
    /// Mono samples.
    pub samples: Consumer<f32>,
    /// Their rate, Hz.
    pub rate: u32,
    /// How the device is.
    pub health: Arc<Health>,
}

/// Sound that goes out.
pub struct PlaybackLine {
    /// Mono samples.
    pub samples: Producer<f32>,
    /// Their rate, Hz.
    pub rate: u32,
    /// How the device is.
    pub health: Arc<Health>,
}
