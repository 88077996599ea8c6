//! The list of keys while it is open: search, choose, do.

use super::{back, drawn, mean};
use crate::ui::keymap::{Act, Key};
use crate::ui::model::{Mode, Model};
use crate::ui::msg::Action;
use crate::ui::view::help;
use crossterm::event::KeyCode;
use std::time::Instant;

/// Longest search.
pub const SEARCH_CHARS: usize = 40;
const PAGE: usize = 10;

/// A key while the list is open.
pub fn key(model: &mut Model, key: Key, now: Instant) -> Vec<Action> {
    let rows = help::rows(model);
    let Mode::Help { search, row } = &mut model.mode else { return Vec::new() };
    let last = rows.len().saturating_sub(1);
    match key.code {
        KeyCode::Esc | KeyCode::F(1) => back(model),
        KeyCode::Char('?') if search.is_empty() => back(model),
        KeyCode::Up => *row = row.saturating_sub(1),
        KeyCode::Down => *row = (*row + 1).min(last),
        KeyCode::PageUp => *row = row.saturating_sub(PAGE),
        KeyCode::PageDown => *row = (*row + PAGE).min(last),
        KeyCode::Home => *row = 0,
        KeyCode::End => *row = last,
        KeyCode::Backspace => {
            search.pop();
            *row = 0;
        }
        KeyCode::Char(c) if key.is_character() && search.chars().count() < SEARCH_CHARS => {
            search.push(c);
            *row = 0;
        }
        KeyCode::Enter => {
            let act = rows.get(*row).and_then(|row| row.act);
            back(model);
            if let Some(act) = act.filter(|act| *act != Act::Help) {
                let mut actions = mean(model, act, now);
                actions.extend(drawn());
                return actions;
            }
        }
        _ => return Vec::new(),
    }
    drawn()
}
