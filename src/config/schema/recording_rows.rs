//! The keys of recording and of what is played.

use super::field::*;
use super::{Kind, Row, settings, tuiphone};
use crate::config::Settings;
use crate::config::value::flag;

const FORMATS: &[&str] = &["", "ogg", "wav", "mp3"];

/// Those of `[Settings]` and `[tuiphone]`, in file order.
pub(super) const ROWS: &[Row] = &[
    settings(
        "recordingPath",
        Kind::Text,
        "",
        "folder of recordings, beside this file unless it says where; empty = recordings in the data folder",
        |s| s.recording_path.clone(),
        |s, v| set(&mut s.recording_path, v.to_owned()),
    ),
    settings(
        "recordingFormat",
        Kind::Word(FORMATS),
        "ogg",
        "ogg = Ogg/Opus, wav; empty = ogg, and mp3 is taken as ogg",
        |s| if s.record_wav { "wav" } else { "ogg" }.to_owned(),
        format,
    ),
    settings(
        "autoRecording",
        Kind::Flag,
        "0",
        "1 = every call is recorded from the answer on",
        |s| digit(s.auto_recording),
        |s, v| set(&mut s.auto_recording, flag(v)),
    ),
    tuiphone(
        "recordStereo",
        Kind::Flag,
        "0",
        "1 = this side is recorded on the left, the far end on the right; 0 = both in one",
        |s| digit(s.record_stereo),
        |s, v| set(&mut s.record_stereo, flag(v)),
    ),
    tuiphone(
        "holdMusic",
        Kind::File,
        "",
        "WAV file that a far end hears on hold, again and again; empty = silence",
        |s| s.hold_music.clone(),
        |s, v| set(&mut s.hold_music, v.to_owned()),
    ),
];

fn format(s: &mut Settings, value: &str) -> Option<String> {
    s.record_wav = value.eq_ignore_ascii_case("wav");
    let known = s.record_wav || value.is_empty() || value.eq_ignore_ascii_case("ogg");
    (!known).then(|| format!("{value} is not written by this phone; recordings are ogg"))
}
