//! The shell round the pure phone: sockets, names, timers, the media thread. Runs `ua` and `media`, decides nothing.

pub mod handle;
pub mod media;
pub mod net;
pub mod priority;
pub mod signalling;
pub mod trace;

/// The sound devices of this machine, as `devices` prints them.
pub fn devices() -> Vec<serde_json::Value> {
    Vec::new()
}
