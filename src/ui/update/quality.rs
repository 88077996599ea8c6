//! Keys of the view of a call's quality.

use super::{drawn, phone};
use crate::ui::keymap::{Act, Key};
use crate::ui::model::{Mode, Model};
use crate::ui::msg::Action;
use crossterm::event::KeyCode;
use std::time::Instant;

/// Opens it for the current call, else for the last one; or closes it.
pub fn open(model: &mut Model) -> Vec<Action> {
    if model.mode == Mode::Quality {
        model.mode = Mode::Phone;
        return drawn();
    }
    model.quality.chosen = None;
    model.quality.scroll = 0;
    model.mode = Mode::Quality;
    drawn()
}

/// A key while it is open.
pub fn key(model: &mut Model, key: Key, now: Instant) -> Vec<Action> {
    let current = model.current().map(|row| row.info.id.clone());
    let quality = &mut model.quality;
    match key.code {
        KeyCode::Tab | KeyCode::Right => quality.turn(current.as_deref(), true),
        KeyCode::BackTab | KeyCode::Left => quality.turn(current.as_deref(), false),
        KeyCode::Up => quality.scroll = quality.scroll.saturating_sub(1),
        KeyCode::Down => quality.scroll = (quality.scroll + 1).min(crate::ui::view::quality::MOST_FACTS),
        // Digits go to the call, the rest means what it always means.
        KeyCode::Char('0'..='9' | '*' | '#') if key.is_character() && model.digit_call().is_some() => {
            return phone::key(model, key, now);
        }
        _ => return model.act(key).map_or_else(Vec::new, |act| super::run(model, act, now)),
    }
    drawn()
}

/// What an act does here, if it is one of the view's.
pub fn act(model: &mut Model, act: Act) -> Option<Vec<Action>> {
    match act {
        Act::Quality | Act::Cancel => {
            model.mode = Mode::Phone;
            Some(drawn())
        }
        Act::Copy => {
            let current = model.current().map(|row| row.info.id.as_str());
            let track = model.quality.shown(current)?;
            let facts = crate::ui::view::quality::facts(track);
            let lines: String = facts.iter().map(|(label, text)| format!("{label}: {text}\n")).collect();
            Some(vec![Action::Copy(lines)])
        }
        _ => None,
    }
}
