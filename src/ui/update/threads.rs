//! Keys of the written conversations: the list, and one of them with a line to write in.

use super::{drawn, note, phone, say};
use crate::control::Command;
use crate::ui::keymap::{Act, Key};
use crate::ui::model::{Mode, Model};
use crate::ui::msg::Action;
use crate::ui::threads::MAX_CHARS;
use crossterm::event::{KeyCode, KeyModifiers};
use std::time::{Duration, Instant};

const PAGE: usize = 5;
/// How often the phone is told that the writing goes on.
const TELL_EVERY: Duration = Duration::from_secs(5);

/// Opens the list; with a number typed, the conversation with it.
pub fn open(model: &mut Model) -> Vec<Action> {
    if matches!(model.mode, Mode::Threads { .. } | Mode::Thread { .. }) {
        model.mode = Mode::Phone;
        return drawn();
    }
    let typed = model.field.text().trim().to_owned();
    if typed.is_empty() {
        model.mode = Mode::Threads { row: 0 };
        return drawn();
    }
    model.field.clear();
    open_with(model, &typed, "")
}

/// Opens the conversation with a number or an address; the account is an AOR, empty = the selected one.
pub fn open_with(model: &mut Model, target: &str, account: &str) -> Vec<Action> {
    let id = model.threads.open(target, account);
    show(model, id)
}

/// A key while the list is open.
pub fn list_key(model: &mut Model, key: Key, now: Instant) -> Vec<Action> {
    let last = model.threads.list().len().saturating_sub(1);
    let Mode::Threads { row } = &mut model.mode else { return Vec::new() };
    match key.code {
        KeyCode::Up | KeyCode::Char('k') => *row = row.saturating_sub(1),
        KeyCode::Down | KeyCode::Char('j') => *row = (*row + 1).min(last),
        KeyCode::Home => *row = 0,
        KeyCode::End => *row = last,
        KeyCode::Enter => {
            let row = *row;
            return match model.threads.list().get(row).map(|thread| thread.id) {
                Some(id) => show(model, id),
                None => Vec::new(),
            };
        }
        _ => {
            let act = model.act(key);
            model.mode = Mode::Phone;
            let key = model.keymap.key(Act::Messages, true).map(|key| key.to_string()).unwrap_or_default();
            return match act {
                Some(Act::Messages | Act::Cancel) | None => drawn(),
                Some(Act::Type) => {
                    note(model, say!("told-write-how", key), now);
                    super::run(model, Act::Type, now)
                }
                Some(act) => [super::run(model, act, now), drawn()].concat(),
            };
        }
    }
    drawn()
}

/// A key in a conversation.
pub fn key(model: &mut Model, key: Key, now: Instant) -> Vec<Action> {
    let Mode::Thread { id, back } = &mut model.mode else { return Vec::new() };
    let id = *id;
    let Some(thread) = model.threads.get_mut(id) else {
        model.mode = Mode::Phone;
        return drawn();
    };
    match key.code {
        KeyCode::Char(c) if key.is_character() => {
            thread.draft.insert(c, MAX_CHARS);
            return [tell(model, id, now), drawn()].concat();
        }
        KeyCode::Up => *back += 1,
        KeyCode::Down => *back = back.saturating_sub(1),
        KeyCode::PageUp => *back += PAGE,
        KeyCode::PageDown => *back = back.saturating_sub(PAGE),
        KeyCode::Enter => return send(model, id),
        _ if thread.draft.key(key.code, key.modifiers) => {}
        KeyCode::Esc | KeyCode::Tab => {
            let several = model.threads.list().len() > 1;
            model.mode = if several { Mode::Threads { row: 0 } } else { Mode::Phone };
        }
        _ if model.act(key) == Some(Act::Messages) => model.mode = Mode::Phone,
        _ if key.modifiers == KeyModifiers::NONE => {
            let act = model.act(key);
            return act.map_or_else(Vec::new, |act| super::run(model, act, now));
        }
        _ => return Vec::new(),
    }
    drawn()
}

/// Text pasted into the line; its line ends become blanks.
pub fn paste(model: &mut Model, text: &str) {
    let Mode::Thread { id, .. } = model.mode else { return };
    if let Some(thread) = model.threads.get_mut(id) {
        let text = text.trim_end().replace("\r\n", " ").replace(['\n', '\r', '\t'], " ");
        text.chars().for_each(|c| thread.draft.insert(c, MAX_CHARS));
    }
}

/// Tells the phone that the open conversation has been looked at, if there was something new.
pub fn look(model: &mut Model) -> Vec<Action> {
    let Mode::Thread { id, .. } = model.mode else { return Vec::new() };
    match model.threads.get_mut(id) {
        Some(thread) if thread.unread() > 0 => {
            thread.read();
            vec![Action::Send(Command::Messages { with: Some(thread.with.uri.clone()), read: true })]
        }
        _ => Vec::new(),
    }
}

fn show(model: &mut Model, id: u32) -> Vec<Action> {
    model.mode = Mode::Thread { id, back: 0 };
    let looked = look(model);
    if !looked.is_empty() {
        // It told of what is open now.
        model.message = None;
    }
    [looked, drawn()].concat()
}

fn send(model: &mut Model, id: u32) -> Vec<Action> {
    let Some(thread) = model.threads.get_mut(id) else { return Vec::new() };
    let text = thread.draft.text().trim().to_owned();
    if text.is_empty() {
        return Vec::new();
    }
    thread.draft.clear();
    let (target, account) = (thread.with.uri.clone(), account(&thread.account));
    model.threads.sending(id, &text);
    model.mode = Mode::Thread { id, back: 0 };
    phone::send(Command::Message { target, text, account })
}

/// The phone decides whether the far side is told.
fn tell(model: &mut Model, id: u32, now: Instant) -> Vec<Action> {
    let Some(thread) = model.threads.get_mut(id) else { return Vec::new() };
    if thread.told_at.is_some_and(|at| now < at + TELL_EVERY) {
        return Vec::new();
    }
    thread.told_at = Some(now);
    vec![Action::Send(Command::Composing { target: thread.with.uri.clone(), account: account(&thread.account) })]
}

fn account(aor: &str) -> Option<String> {
    (!aor.is_empty()).then(|| aor.to_owned())
}
