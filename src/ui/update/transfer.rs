//! Keys of a transfer: whom the call is handed over to.

use super::{drawn, phone, say};
use crate::control::{CallState, Command, TransferTo};
use crate::ui::keymap::Key;
use crate::ui::model::{Mode, Model};
use crate::ui::msg::Action;
use crossterm::event::KeyCode;
use std::time::Instant;

/// Asks whom to; asked already, does it.
pub fn open(model: &mut Model, now: Instant) -> Vec<Action> {
    if let Mode::Transfer { .. } = model.mode {
        return carry_out(model, now);
    }
    let Some(row) = model.current().filter(|row| phone::is_answered(row)) else {
        return phone::refuse(model, say!("told-none-to-transfer"), now);
    };
    let call = row.info.id.clone();
    let other = model.others(&call).next().map(|row| row.info.id.clone());
    model.mode = Mode::Transfer { call, other };
    model.field.focused = true;
    drawn()
}

/// A key while it is asked.
pub fn key(model: &mut Model, key: Key, now: Instant) -> Vec<Action> {
    match key.code {
        KeyCode::Enter => return carry_out(model, now),
        KeyCode::Esc => close(model),
        KeyCode::Tab => return consult(model, now),
        KeyCode::Up | KeyCode::Down if phone::completes(model, key) => {}
        KeyCode::Up | KeyCode::Down => next_other(model),
        KeyCode::Char(c) if key.is_character() => model.field.insert(c),
        _ => {
            model.field.key(key.code, key.modifiers);
            model.field.focused = true;
        }
    }
    drawn()
}

fn close(model: &mut Model) {
    model.mode = Mode::Phone;
    model.field.clear();
}

/// To the number that is typed; without one to the other call.
fn carry_out(model: &mut Model, now: Instant) -> Vec<Action> {
    let Mode::Transfer { call, other } = model.mode.clone() else { return Vec::new() };
    let (call, to) = match (model.field.take(), other) {
        (Some(number), _) => (call, TransferTo::Number(number)),
        (None, Some(other)) => {
            let is_held =
                |id: &String| model.calls.iter().any(|row| row.info.id == *id && row.info.state == CallState::Held);
            // Whoever waits is handed over to whoever was asked.
            let (call, with) = if is_held(&other) && !is_held(&call) { (other, call) } else { (call, other) };
            (call, TransferTo::Call(Some(with)))
        }
        (None, None) => return phone::refuse(model, say!("told-type-first"), now),
    };
    close(model);
    phone::send(Command::Transfer { call: Some(call), to })
}

/// Calls the number first; the transfer is for later.
fn consult(model: &mut Model, now: Instant) -> Vec<Action> {
    let Some(target) = model.field.take() else { return phone::refuse(model, say!("told-type-first"), now) };
    close(model);
    phone::send(Command::Dial { target, account: None })
}

fn next_other(model: &mut Model) {
    let Mode::Transfer { call, other } = &model.mode else { return };
    let ids: Vec<String> = model.others(call).map(|row| row.info.id.clone()).collect();
    let at = other.as_ref().and_then(|other| ids.iter().position(|id| id == other)).map_or(0, |at| at + 1);
    let next = ids.get(at).or(ids.first()).cloned();
    if let Mode::Transfer { other, .. } = &mut model.mode {
        *other = next;
    }
}
