//! Devices: sound cards, files and pipes. The media thread sees only the wait-free ends of rings.

#[cfg(all(feature = "audio", target_os = "linux", target_arch = "x86_64"))]
mod asound;
pub mod audiosocket;
#[cfg(feature = "audio")]
pub mod callback;
#[cfg(feature = "audio")]
mod card;
pub mod cards;
#[cfg(feature = "audio")]
mod host;
pub mod jack;
pub mod kind;
pub mod latency;
pub mod line;
pub mod mp3;
pub mod pipe;
pub mod priority;
#[cfg(all(feature = "audio", target_os = "linux"))]
mod pulse;
pub mod quiet;
pub mod spec;
pub mod wav;

pub use latency::Latency;
pub use line::{Ahead, CaptureLine, Health, Moment, PlaybackLine};
pub use spec::{Direction, Spec, SpecError};
