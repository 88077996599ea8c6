//! The keys of what is done to voices.

use super::field::{digit, set};
use super::words;
use super::{Kind, Row, settings, tuiphone};
use crate::config::value::{flag, within};

/// Those of `[Settings]` and `[tuiphone]`, in file order.
pub(super) const ROWS: &[Row] = &[
    settings(
        "micAmplification",
        Kind::Flag,
        "0",
        "amplify the microphone, by micBoost",
        |s| digit(s.mic_amplification),
        |s, v| set(&mut s.mic_amplification, flag(v)),
    ),
    settings(
        "EC",
        Kind::Flag,
        "1",
        "take the speaker's echo out of the microphone's sound where there can be one; see aec",
        |s| digit(s.echo_cancel),
        |s, v| set(&mut s.echo_cancel, flag(v)),
    ),
    tuiphone(
        "aec",
        Kind::Word(words::ECHO_WORDS),
        "auto",
        "echo canceller: on, off, or auto = as EC says, but not for headsets, headphones and what is no sound card",
        words::echo_text,
        words::echo,
    ),
    tuiphone(
        "noiseSuppression",
        Kind::Word(words::NOISE_WORDS),
        "0",
        "1 = steady noise at the microphone is lowered; rnnoise = all that is no voice, where the build has RNNoise",
        words::noise_text,
        words::noise,
    ),
    tuiphone(
        "agc",
        Kind::Flag,
        "0",
        "1 = quiet and loud voices at the microphone are brought to one level",
        |s| digit(s.automatic_gain),
        |s, v| set(&mut s.automatic_gain, flag(v)),
    ),
    tuiphone(
        "micBoost",
        Kind::Number,
        "12",
        "dB that micAmplification adds, 0-30; agc finds the level by itself",
        |s| s.mic_boost_db.to_string(),
        |s, v| decibels(&mut s.mic_boost_db, v),
    ),
    tuiphone(
        "speakerBoost",
        Kind::Number,
        "0",
        "dB by which the speaker is amplified beyond its volume, 0-30",
        |s| s.speaker_boost_db.to_string(),
        |s, v| decibels(&mut s.speaker_boost_db, v),
    ),
];

/// What is amplified more is noise.
fn decibels(field: &mut u8, value: &str) -> Option<String> {
    const MOST: u8 = 30;
    let (number, complaint) = within::<u8>(value, MOST);
    *field = u8::try_from(number).unwrap_or(MOST);
    complaint
}
