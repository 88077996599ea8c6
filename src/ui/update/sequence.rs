//! Keys pressed one after another: a prefix waits for the next one while a box lists what may follow.

use super::{drawn, mean, note, say};
use crate::ui::keymap::{Found, Key};
use crate::ui::model::{Mode, Model, Pane, Pending};
use crate::ui::msg::Action;
use crossterm::event::KeyCode;
use std::time::{Duration, Instant};

/// How long a prefix waits.
const PATIENCE: Duration = Duration::from_secs(20);

/// A key that belongs to a sequence; `None` for one that means what it always means.
pub fn key(model: &mut Model, key: Key, now: Instant) -> Option<Vec<Action>> {
    let begun = model.pending.take();
    let is_begun = begun.is_some();
    if !is_begun && !may_begin(model, key) {
        return None;
    }
    let mut keys = begun.map(|pending| pending.keys).unwrap_or_default();
    keys.push(key);
    match model.keymap.find(model.place(), &keys) {
        Found::More => {
            model.pending = Some(Pending { keys, until: now + PATIENCE });
            Some(drawn())
        }
        Found::Act(act) if is_begun => Some([mean(model, act, now), drawn()].concat()),
        _ if !is_begun => None,
        _ => leave(model, &keys, key, now),
    }
}

/// A prefix that was forgotten. True if there was one.
pub fn tick(model: &mut Model, now: Instant) -> bool {
    let Some(forgotten) = model.pending.take_if(|pending| pending.until <= now) else { return false };
    note(model, say!("told-no-key-followed", keys = words(&forgotten.keys)), now);
    true
}

/// A letter that is typed begins nothing, nor does one that answers a question.
pub(super) fn may_begin(model: &Model, key: Key) -> bool {
    let asks = matches!(
        model.mode,
        Mode::AskHangup
            | Mode::AskQuit
            | Mode::Contacts(Pane::AskDelete | Pane::AskClear)
            | Mode::History(Pane::AskDelete | Pane::AskClear)
    );
    let is_typed = key.is_character() && model.is_typing();
    !asks && !is_typed
}

/// A key that does not follow: digits are never lost, and a function key may be the one that answers.
fn leave(model: &mut Model, keys: &[Key], key: Key, now: Instant) -> Option<Vec<Action>> {
    match key.code {
        KeyCode::Char('0'..='9' | '*' | '#' | '+') | KeyCode::F(_) => return None,
        KeyCode::Esc | KeyCode::Backspace => {}
        _ => note(model, say!("told-leads-nowhere", keys = words(keys)), now),
    }
    Some(drawn())
}

fn words(keys: &[Key]) -> String {
    keys.iter().map(Key::to_string).collect::<Vec<_>>().join(" ")
}
