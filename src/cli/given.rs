//! What the command line says, as keys of the settings: it counts over every file, and stands in none.

use super::options::Options;
use crate::audio::Spec;
use crate::config::ini::{Document, Encoding};
use crate::config::schema::{Row, Section};
use crate::config::{AutoAnswer, Settings};

/// Those keys and their values, as a file would have them.
pub fn document(options: &Options) -> Document {
    let mut document = Document::new(Encoding::Utf8);
    for (row, value) in values(options) {
        // What a file could not say is in force all the same, and not shown.
        let _ = row.write(0, &value, &mut document);
    }
    document
}

/// The keys alone.
pub fn keys(options: &Options) -> Vec<&'static str> {
    values(options).into_iter().map(|(row, _)| row.key).collect()
}

fn values(options: &Options) -> Vec<(&'static Row, String)> {
    let device = |spec: &Option<Spec>| match spec {
        Some(Spec::Device(name)) => Some(name.clone()),
        _ => None,
    };
    let answers = options.auto_answer.map(|(mode, delay_s)| Settings {
        auto_answer: mode,
        auto_answer_delay_s: delay_s,
        auto_answer_button: mode == AutoAnswer::Button,
        ..Settings::default()
    });
    let shown = |key: &str| answers.as_ref().and_then(|settings| Row::find(Section::Settings, key)?.value(settings));
    let button = options.auto_answer.is_some_and(|(mode, _)| mode == AutoAnswer::Button);
    let all = [
        ("autoAnswer", shown("autoAnswer")),
        ("autoAnswerDelay", shown("autoAnswerDelay")),
        ("AA", shown("AA").filter(|_| button)),
        ("STUN", options.stun.as_ref().map(ToString::to_string)),
        ("enableSTUN", options.stun.as_ref().map(|_| "1".to_owned())),
        ("volumeOutput", options.volume.map(|level| level.to_string())),
        ("volumeInput", options.volume_mic.map(|level| level.to_string())),
        ("sourcePort", options.port.map(|port| port.to_string())),
        ("audioInputDevice", device(&options.audio_in)),
        ("audioOutputDevice", device(&options.audio_out)),
        ("audioRingDevice", device(&options.audio_ring)),
    ];
    all.into_iter().filter_map(|(key, value)| Some((Row::find(Section::Settings, key)?, value?))).collect()
}
