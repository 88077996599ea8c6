//! Keys of the log: search, levels, follow and hold, copies and files of it.

use super::{drawn, lists, note, say};
use crate::control::trace::export::Form;
use crate::ui::keymap::{Act, Key};
use crate::ui::ladder::Export;
use crate::ui::log::MAX_SEARCH;
use crate::ui::model::{Mode, Model};
use crate::ui::msg::Action;
use crossterm::event::{KeyCode, KeyModifiers};
use std::time::Instant;

/// Opens the log at its end, or closes it.
pub fn open(model: &mut Model) -> Vec<Action> {
    if model.mode == Mode::Log {
        model.mode = Mode::Phone;
        return drawn();
    }
    model.log.searches = false;
    model.log.search.clear();
    model.log.select();
    model.mode = Mode::Log;
    drawn()
}

/// A key while it is open.
pub fn key(model: &mut Model, key: Key, now: Instant) -> Vec<Action> {
    let log = &mut model.log;
    if let Some(row) = lists::moved(log.row, log.len(), key.code) {
        log.choose(row);
        return drawn();
    }
    if log.searches {
        match (key.code, key.modifiers) {
            (KeyCode::Char(c), _) if key.is_character() => log.search.insert(c, MAX_SEARCH),
            (KeyCode::Backspace, _) => log.search.backspace(),
            (KeyCode::Char('u'), KeyModifiers::CONTROL) => log.search.clear(),
            (KeyCode::Enter, _) => log.searches = false,
            (KeyCode::Esc, _) => {
                log.searches = false;
                log.search.clear();
            }
            _ => return Vec::new(),
        }
        if key.code != KeyCode::Enter {
            log.select();
        }
        return drawn();
    }
    if key.code == KeyCode::Tab {
        log.least = log.least.next();
        log.select();
        return drawn();
    }
    match model.act(key) {
        Some(act) => super::run(model, act, now),
        None => Vec::new(),
    }
}

/// Pasted text is searched for.
pub fn paste(model: &mut Model, text: &str) {
    let line = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    model.log.search.set(line.trim(), MAX_SEARCH);
    model.log.select();
}

/// A line was clicked.
pub fn click(model: &mut Model, row: usize) -> Vec<Action> {
    model.log.choose(row);
    drawn()
}

/// What an act does here, if it is one of the log's; keys and clicks alike.
pub fn act(model: &mut Model, act: Act, now: Instant) -> Option<Vec<Action>> {
    let log = &mut model.log;
    Some(match act {
        Act::Log => {
            model.mode = Mode::Phone;
            drawn()
        }
        Act::Cancel if !log.search.is_empty() => {
            log.search.clear();
            log.select();
            drawn()
        }
        Act::Cancel => {
            model.mode = Mode::Phone;
            drawn()
        }
        Act::LogSearch => {
            log.searches = true;
            drawn()
        }
        Act::Copy => match log.get(log.row) {
            Some(entry) => vec![Action::Copy(entry.line())],
            None => nothing(model, now),
        },
        Act::CopyAll | Act::Export if log.is_empty() => nothing(model, now),
        Act::CopyAll => vec![Action::Copy(lines(model))],
        Act::Export => {
            let stamp: String = model.wall.local.chars().filter(|c| c.is_ascii_digit() || *c == ' ').collect();
            let name = format!("log-{}", stamp.trim().replace(' ', "-"));
            let bytes = lines(model).into_bytes();
            vec![Action::Keep(Box::new(Export { name, form: Form::Text, bytes }))]
        }
        _ => return None,
    })
}

fn nothing(model: &mut Model, now: Instant) -> Vec<Action> {
    note(model, say!("told-no-line"), now);
    drawn()
}

fn lines(model: &Model) -> String {
    model.log.from(0).map(|entry| entry.line() + "\n").collect()
}
