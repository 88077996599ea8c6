//! The shell round the pure phone: sockets, names, timers, the media thread. Runs `ua` and `media`, decides nothing.

pub mod address_book;
pub mod call_sound;
pub mod certificate;
mod directory;
pub mod examine;
pub mod exec;
mod file_watch;
pub mod files;
pub mod handle;
mod hooks;
pub mod instance;
mod keeping;
#[cfg(feature = "history")]
pub mod library;
#[cfg(not(feature = "history"))]
#[path = "no_library.rs"]
pub mod library;
pub mod local_socket;
pub mod media;
pub mod mqtt;
pub mod net;
pub mod past;
pub mod probe;
pub mod reloading;
pub mod setting;
pub mod signalling;
pub mod trace;
mod webhook;

pub use crate::config::hook::MAX_NAME;
pub use crate::contacts::{Contact, same_number};
pub use crate::history::{Form, Found, HistoryAsk, Kind, Query, Record};

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

/// The codecs, as `codecs` prints them: those chosen, in their order, then the others. `place` counts what is offered.
pub fn codecs(chosen: &[String]) -> Vec<serde_json::Value> {
    use crate::media::codec::{self, TABLE};
    let tuning = media::everything();
    let (offered, left_out) = codec::chosen(chosen, &tuning);
    let place = |id: &str| offered.iter().position(|codec| codec.id == id).map(|index| index + 1);
    let row = |codec: &codec::Codec| {
        serde_json::json!({
            "id": codec.id, "place": place(codec.id), "available": codec.missing(&tuning).is_none(),
            "why": codec.missing(&tuning), "payload_type": codec.static_payload_type, "ptime_ms": codec.packet_ms,
        })
    };
    let strange = left_out.iter().filter(|left| codec::Codec::by_id(&left.id).is_none()).map(|left| {
        let id = crate::text::sanitise(&left.id);
        serde_json::json!({"id": id, "place": null, "available": false, "why": left.why, "payload_type": null, "ptime_ms": []})
    });
    let mut rest: Vec<&codec::Codec> = TABLE.iter().filter(|codec| place(codec.id).is_none()).collect();
    rest.sort_by_key(|codec| codec.missing(&tuning).is_some());
    offered.iter().copied().chain(rest).map(row).chain(strange).collect()
}
