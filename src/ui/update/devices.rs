//! Keys of the sound devices: choose, use, louder and quieter, test.

use super::{Weight, drawn, lists, note, phone, say, settings};
use crate::control::verb::Request;
use crate::control::{Command, CommandError, SoundCard, SoundDevice, SoundPath, VolumeChange};
use crate::text::words::retold;
use crate::ui::keymap::{Act, Key};
use crate::ui::model::{Mode, Model};
use crate::ui::msg::Action;
use crate::ui::settings as all_settings;
use crossterm::event::KeyCode;
use std::time::Instant;

/// A step of the volume, in percent.
const STEP: i16 = 5;

/// Opens them, or closes them.
pub fn open(model: &mut Model) -> Vec<Action> {
    if model.mode == Mode::Devices {
        model.mode = Mode::Phone;
        return drawn();
    }
    model.mode = Mode::Devices;
    [ask(), drawn()].concat()
}

/// What there is and what is wanted, once more.
pub fn ask() -> Vec<Action> {
    vec![Action::Ask(Request::Devices), Action::Ask(all_settings::ask())]
}

/// A key while they are open.
pub fn key(model: &mut Model, key: Key, now: Instant) -> Vec<Action> {
    let rows = model.devices.rows().len();
    if let Some(row) = lists::moved(model.devices.row, rows, key.code) {
        model.devices.row = row;
        return drawn();
    }
    match key.code {
        KeyCode::Enter => choose(model, now),
        KeyCode::Left => volume(model, -STEP),
        KeyCode::Right => volume(model, STEP),
        code => {
            let act = if code == KeyCode::Esc { Some(Act::Cancel) } else { model.act(key) };
            act.map_or_else(Vec::new, |act| [super::run(model, act, now), drawn()].concat())
        }
    }
}

/// Does what is about the devices; nothing of what is about the phone.
pub fn act(model: &mut Model, act: Act, now: Instant) -> Option<Vec<Action>> {
    Some(match act {
        Act::Cancel => {
            model.mode = Mode::Phone;
            drawn()
        }
        Act::Verb("test-audio") => phone::run(model, act, now),
        _ => return None,
    })
}

/// A click chooses a row; on the chosen one, it is used.
pub fn click(model: &mut Model, row: usize, now: Instant) -> Vec<Action> {
    if model.devices.row == row {
        return choose(model, now);
    }
    model.devices.row = row;
    drawn()
}

/// The cards have come, or not.
pub fn came(model: &mut Model, answer: Result<Vec<SoundCard>, CommandError>) -> Vec<Action> {
    match answer {
        Ok(cards) => model.devices.take(cards),
        Err(why) => model.devices.trouble = Some(retold(&why.message).into_owned()),
    }
    if model.mode == Mode::Devices { drawn() } else { Vec::new() }
}

/// Another device could not be had: what is wanted is asked for once more.
pub fn refused(model: &mut Model, why: &CommandError, now: Instant) -> Vec<Action> {
    say(model, Weight::Error, why.message.clone(), why.hint.clone(), now);
    let asks = if model.mode == Mode::Devices { ask() } else { Vec::new() };
    [asks, drawn()].concat()
}

fn choose(model: &mut Model, now: Instant) -> Vec<Action> {
    let Some(row) = model.devices.chosen() else { return drawn() };
    if let Some(why) = settings::locked(model, key_of(row.device)) {
        return phone::refuse(model, &why, now);
    }
    let part = match row.device {
        SoundDevice::Input => "microphone",
        SoundDevice::Output => "speaker",
        SoundDevice::Ring => "ringer",
    };
    let name = if row.is_systems { say!("line-device-of-system") } else { row.name.clone() };
    note(model, say!("told-device", part, name), now);
    model.devices.want(row.device, &row.name);
    phone::send(Command::Device { device: row.device, name: row.name })
}

fn key_of(device: SoundDevice) -> &'static str {
    match device {
        SoundDevice::Input => "audioInputDevice",
        SoundDevice::Output => "audioOutputDevice",
        SoundDevice::Ring => "audioRingDevice",
    }
}

/// Of the microphone while a microphone is chosen, else of the speaker.
fn volume(model: &Model, by: i16) -> Vec<Action> {
    let is_input = model.devices.chosen().is_some_and(|row| row.device == SoundDevice::Input);
    let path = if is_input { SoundPath::Mic } else { SoundPath::Speaker };
    phone::send(Command::Volume { path, change: VolumeChange::By(by) })
}
