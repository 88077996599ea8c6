//! People who speak: a synthetic voice always, a recorded one where the package `pocketsphinx-testdata` is installed.

use std::path::Path;
use tuiphone::audio::wav;
use tuiphone::media::resample::clip_to_internal;
use tuiphone::media::voice::Voice;

const FOLDER: &str = "/usr/share/pocketsphinx/test/data/librivox";

/// So many seconds of a synthetic voice.
pub fn synthetic(seed: u32, seconds: usize) -> Vec<f32> {
    let mut sound = vec![0.0; seconds * 48_000];
    Voice::new(seed).fill(&mut sound);
    sound
}

/// So many seconds of a reader; `None` where there is no recording.
pub fn recorded(first: usize, seconds: usize) -> Option<Vec<f32>> {
    let clips = ["0870", "0920", "0890", "0930", "0880"];
    let mut sound = Vec::new();
    for clip in clips.iter().cycle().skip(first) {
        let path = format!("{FOLDER}/sense_and_sensibility_01_austen_64kb-{clip}.wav");
        let (samples, rate) = wav::read(Path::new(&path)).ok()?;
        sound.extend(clip_to_internal(&samples, rate).ok()?);
        if sound.len() >= seconds * 48_000 {
            break;
        }
    }
    sound.truncate(seconds * 48_000);
    Some(sound)
}

/// Both, where there are both.
pub fn speakers(seconds: usize) -> Vec<(&'static str, Vec<f32>)> {
    let recorded = recorded(0, seconds).map(|sound| ("recorded", sound));
    if recorded.is_none() {
        println!("no recorded speech (package pocketsphinx-testdata): the synthetic voice alone");
    }
    std::iter::once(("synthetic", synthetic(1, seconds))).chain(recorded).collect()
}
