//! What another program asks of the interface: come, go, show a number. Calling stays the person's.

use super::{Weight, drawn, note, phone, say};
use crate::control::{Command, FaceAsk, Press};
use crate::ui::keymap::{Act, Key};
use crate::ui::model::{Mode, Model};
use crate::ui::msg::{Action, Urgency};
use crossterm::event::KeyCode;
use std::time::Instant;

/// Does what is asked.
pub fn asked(model: &mut Model, ask: FaceAsk, now: Instant) -> Vec<Action> {
    match ask {
        FaceAsk::Show => vec![Action::Raise, Action::Draw(Urgency::Now)],
        FaceAsk::Hide if model.stays => vec![Action::Quit],
        FaceAsk::Hide => {
            note(model, say!("told-not-hidden"), now);
            drawn()
        }
        FaceAsk::Fill { number } => {
            model.mode = Mode::Phone;
            fill(model, &number);
            if !number.is_empty() {
                let key = |act| model.keymap.key(act, true).map(|key| key.to_string()).unwrap_or_default();
                let hint = say!("told-link-keys", call = key(Act::Verb("call")), cancel = key(Act::Cancel));
                say(model, Weight::Note, say!("told-link", number = &number), Some(hint), now);
            }
            raised()
        }
        FaceAsk::Digits { digits } => {
            let Some(call) = model.digit_call().map(|row| row.info.id.clone()) else {
                return phone::refuse(model, say!("told-digits-no-call", digits), now);
            };
            fill(model, &digits);
            model.mode = Mode::Digits { call };
            raised()
        }
    }
}

/// A key while digits wait to be sent.
pub fn digits_key(model: &mut Model, key: Key, now: Instant) -> Vec<Action> {
    match key.code {
        KeyCode::Enter => return send_digits(model, now),
        KeyCode::Esc => close(model),
        KeyCode::Char(c) if key.is_character() => model.field.insert(c),
        _ => {
            model.field.key(key.code, key.modifiers);
            model.field.focused = true;
        }
    }
    drawn()
}

fn send_digits(model: &mut Model, now: Instant) -> Vec<Action> {
    let Mode::Digits { call } = model.mode.clone() else { return Vec::new() };
    let digits = model.field.text().trim().to_owned();
    if digits.is_empty() {
        return phone::refuse(model, say!("told-no-digits"), now);
    }
    close(model);
    phone::send(Command::Dtmf { call: Some(call), digits, press: Press::Tap, via: None })
}

fn close(model: &mut Model) {
    model.mode = Mode::Phone;
    model.field.clear();
}

/// What was typed before comes back with the key that recalls.
fn fill(model: &mut Model, text: &str) {
    if text.is_empty() {
        model.field.focused = true;
        return;
    }
    model.field.take();
    model.field.set(text);
}

fn raised() -> Vec<Action> {
    vec![Action::Raise, Action::Draw(Urgency::Now)]
}
