//! Keys of the form somebody is written down in.

use super::{drawn, note, say};
use crate::control::verb::Request;
use crate::ui::form::{FIELDS, Form, MAX_CHARS, Typed};
use crate::ui::keymap::Key;
use crate::ui::model::{Mode, Model, Pane};
use crate::ui::msg::Action;
use crossterm::event::KeyCode;
use std::time::Instant;

/// A key while the form is open.
pub fn key(model: &mut Model, key: Key, now: Instant) -> Vec<Action> {
    let Some(form) = &mut model.people.form else {
        model.mode = Mode::Contacts(Pane::List);
        return drawn();
    };
    let leaving = std::mem::take(&mut form.leaving);
    let (is_changed, last) = (form.is_changed(), FIELDS.len() - 1);
    match key.code {
        KeyCode::Enter => return save(model, now),
        KeyCode::Esc if leaving || !is_changed => return leave(model),
        KeyCode::Esc => {
            form.leaving = true;
            note(model, say!("told-not-saved"), now);
        }
        KeyCode::Up | KeyCode::BackTab => form.row = form.row.saturating_sub(1),
        KeyCode::Down | KeyCode::Tab => form.row = (form.row + 1).min(last),
        KeyCode::PageUp => form.row = 0,
        KeyCode::PageDown => form.row = last,
        _ if form.typed.get_mut(form.row).is_some_and(|typed| is_typed(typed, key)) => {}
        // Keys that are no text work as they do while a message is written.
        _ => {
            let act = model.act(key).filter(|_| !key.is_character());
            return act.map_or_else(Vec::new, |act| super::run(model, act, now));
        }
    }
    drawn()
}

/// Pasted text goes into the field; its line ends become blanks.
pub fn paste(model: &mut Model, text: &str) {
    let Some(Form { typed, row, .. }) = &mut model.people.form else { return };
    if let Some(Typed::Text(line)) = typed.get_mut(*row) {
        let text = text.trim().replace("\r\n", " ").replace(['\n', '\r', '\t'], " ");
        text.chars().for_each(|c| line.insert(c, MAX_CHARS));
    }
}

/// Gives a key to a field; false if it means nothing there.
fn is_typed(typed: &mut Typed, key: Key) -> bool {
    match (typed, key.code) {
        (Typed::Text(line), KeyCode::Char(c)) if key.is_character() => line.insert(c, MAX_CHARS),
        (Typed::Text(line), code) => return line.key(code, key.modifiers),
        (Typed::Flag(on), KeyCode::Char(' ')) => *on = !*on,
        (Typed::Flag(_), _) => return false,
    }
    true
}

fn save(model: &mut Model, now: Instant) -> Vec<Action> {
    let Some(form) = &mut model.people.form else { return Vec::new() };
    let number = form.any_number();
    if number.is_empty() {
        form.row = FIELDS.iter().position(|field| field.attribute == "number").unwrap_or(0);
        note(model, say!("told-number-missing"), now);
        return drawn();
    }
    let Some(ask) = form.ask() else { return leave(model) };
    let is_new = form.old.is_none();
    if let Some(name) = model.people.with_number(&number).filter(|_| is_new).map(|known| known.name.clone()) {
        note(model, say!("told-contact-known", number, name), now);
        return drawn();
    }
    [vec![Action::Ask(Request::Contacts(ask))], drawn()].concat()
}

fn leave(model: &mut Model) -> Vec<Action> {
    let form = model.people.form.take();
    let from_history = form.is_some_and(|form| form.from_history);
    model.mode = if from_history { Mode::History(Pane::List) } else { Mode::Contacts(Pane::List) };
    model.message = None;
    drawn()
}
