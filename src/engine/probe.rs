//! What a synthetic call needs of the sound: a tap on a call, and the measurements that are made of it.

pub use super::media::tap::Tap;
pub use crate::media::probe::Narrow;
pub use crate::media::probe::chirp::{CHIRP_MS, Echo, LONGEST_ECHO_MS, NoChirp, chirp, find_echo};
pub use crate::media::probe::fingerprint::{Fingerprint, Likeness};
pub use crate::media::probe::listener::{Heard, Kind, Listener, Moment};

use super::signalling::EngineConfig;
use crate::audio::wav;
use crate::media::command::Endpoint;
use crate::media::probe::narrow;
use crate::media::resample::clip_to_internal;
use std::path::Path;

/// What of a known sound is looked at, seconds.
const LONGEST_S: usize = 60;

/// From its start on every call of this phone is one by itself, however many there are.
pub fn each_by_itself(config: &mut EngineConfig) {
    config.agent.endpoint = Endpoint::Bench;
}

/// The fingerprint of a WAV file.
///
/// # Errors
/// It cannot be read, or there is too little sound in it; a sentence.
pub fn known_sound(path: &Path) -> Result<Fingerprint, String> {
    let (samples, rate) = wav::read_first(path, LONGEST_S).map_err(|error| error.to_string())?;
    let sound = clip_to_internal(&samples, rate).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    let known = Fingerprint::of(&narrow(&sound));
    if known.is_too_short() {
        let heard_s = known.heard_ms() / 1_000.0;
        return Err(format!(
            "{} has {heard_s:.1} s of sound; two at least are needed to know it again",
            path.display()
        ));
    }
    Ok(known)
}
