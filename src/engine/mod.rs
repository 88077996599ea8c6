//! The shell round the pure phone: sockets, names, timers, the media thread. Runs `ua` and `media`, decides nothing.

pub mod handle;
pub mod instance;
mod keeping;
pub mod media;
pub mod net;
pub mod signalling;
pub mod trace;

/// The sound devices of this machine, as `devices` prints them: what `--audio-in` and `--audio-out` take.
pub fn devices() -> Vec<serde_json::Value> {
    use crate::audio::kind::is_in_the_room;
    use crate::audio::{Direction, cards};
    let list = |direction, word: &'static str| {
        cards::names(direction).into_iter().map(move |(name, default)| {
            // What aec=auto makes of it.
            let aec = if is_in_the_room(&name) { "on" } else { "off" };
            let name = crate::text::sanitise(&name);
            serde_json::json!({"direction": word, "spec": format!("device:{name}"), "name": name, "default": default, "aec": aec})
        })
    };
    list(Direction::Input, "input").chain(list(Direction::Output, "output")).collect()
}
