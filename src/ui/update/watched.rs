//! Keys of the list of those who are watched.

use super::{drawn, phone, threads};
use crate::control::{Command, LightInfo, LightState};
use crate::ui::keymap::{Act, Key};
use crate::ui::model::{Mode, Model};
use crate::ui::msg::Action;
use crossterm::event::KeyCode;
use std::time::Instant;

const PAGE: usize = 10;

/// Opens the list with this light chosen.
pub fn open(model: &mut Model, row: usize) -> Vec<Action> {
    model.mode = Mode::Watched { row };
    drawn()
}

/// A key while the list is open.
pub fn key(model: &mut Model, key: Key, now: Instant) -> Vec<Action> {
    let last = model.status.lights.len().saturating_sub(1);
    let Mode::Watched { row } = &mut model.mode else { return Vec::new() };
    match key.code {
        KeyCode::Up | KeyCode::Char('k') => *row = row.saturating_sub(1),
        KeyCode::Down | KeyCode::Char('j') => *row = (*row + 1).min(last),
        KeyCode::PageUp => *row = row.saturating_sub(PAGE),
        KeyCode::PageDown => *row = (*row + PAGE).min(last),
        KeyCode::Home => *row = 0,
        KeyCode::End => *row = last,
        KeyCode::Enter => {
            let light = model.status.lights.get(*row).cloned();
            model.mode = Mode::Phone;
            return light.map_or_else(drawn, |light| act_on(&light));
        }
        _ => {
            let row = *row;
            let act = model.act(key);
            if let (Some(Act::Messages), Some(light)) = (act, model.status.lights.get(row).cloned()) {
                return threads::open_with(model, &light.uri, &light.account);
            }
            model.mode = Mode::Phone;
            // The key that opened it closes it; every other one means what it always means.
            return match act {
                Some(Act::Watched | Act::Cancel) | None => drawn(),
                Some(act) => [super::run(model, act, now), drawn()].concat(),
            };
        }
    }
    drawn()
}

/// What Enter does with somebody who is watched: takes the call that rings there, else calls.
fn act_on(light: &LightInfo) -> Vec<Action> {
    let (target, account) = (light.target.clone(), Some(light.account.clone()));
    phone::send(match light.state {
        LightState::Ringing => Command::Pickup { number: Some(target), account },
        _ => Command::Dial { target, account },
    })
}
