//! Keys of the history: search, choose, call back, write to, keep as a contact, forget.

use super::{drawn, lists, note, people, phone, say, threads};
use crate::control::HistoryAsk;
use crate::control::verb::Request;
use crate::ui::form::Form;
use crate::ui::keymap::{Act, Key};
use crate::ui::model::{Mode, Model, Pane};
use crate::ui::msg::Action;
use crate::ui::past::{self, PastCall};
use crate::ui::people::MAX_SEARCH;
use crossterm::event::{KeyCode, KeyModifiers};
use std::time::Instant;

/// Opens the list, or closes it. What was missed is looked at from now on.
pub fn open(model: &mut Model) -> Vec<Action> {
    if let Mode::History(_) = model.mode {
        model.mode = Mode::Phone;
        return drawn();
    }
    if model.mode == Mode::Contacts(Pane::Form) {
        return drawn();
    }
    model.mode = Mode::History(Pane::List);
    model.past.search.clear();
    model.past.kind = None;
    model.past.missed = 0;
    [anew(model), vec![Action::Ask(past::look())]].concat()
}

/// A key while the list, the details or a question is open.
pub fn key(model: &mut Model, pane: Pane, key: Key, now: Instant) -> Vec<Action> {
    match pane {
        Pane::List | Pane::Form => list_key(model, key, now),
        Pane::Details => details_key(model, key, now),
        Pane::AskDelete | Pane::AskClear => ask_key(model, pane, key, now),
    }
}

/// Pasted text is searched for.
pub fn paste(model: &mut Model, text: &str) -> Vec<Action> {
    let line = text.split(['\r', '\n']).find(|line| !line.trim().is_empty()).unwrap_or_default();
    let whole = format!("{}{}", model.past.search.text(), line.trim());
    model.past.search.set(&whole, MAX_SEARCH);
    anew(model)
}

fn list_key(model: &mut Model, key: Key, now: Instant) -> Vec<Action> {
    if let Some(row) = lists::moved(model.past.row, model.past.calls().len(), key.code) {
        model.past.row = row;
        return [lists::ask(model.past.ask_more()), drawn()].concat();
    }
    let past = &mut model.past;
    match (key.code, key.modifiers) {
        (KeyCode::Char(c), _) if key.is_character() => past.search.insert(c, MAX_SEARCH),
        (KeyCode::Backspace, _) => past.search.backspace(),
        (KeyCode::Char('u'), KeyModifiers::CONTROL) => past.search.clear(),
        (KeyCode::Tab, _) => past.kind = past::next_kind(past.kind),
        (KeyCode::Esc, _) if !past.search.is_empty() || past.kind.is_some() => {
            past.search.clear();
            past.kind = None;
        }
        (KeyCode::Esc, _) => {
            model.mode = Mode::Phone;
            return drawn();
        }
        (KeyCode::Enter, _) => return call_back(model, now),
        _ => return act_on(model, key, now),
    }
    anew(model)
}

fn details_key(model: &mut Model, key: Key, now: Instant) -> Vec<Action> {
    match key.code {
        KeyCode::Up => model.past.scroll = model.past.scroll.saturating_sub(1),
        KeyCode::Down => model.past.scroll += 1,
        KeyCode::Esc | KeyCode::Left | KeyCode::Right => model.mode = Mode::History(Pane::List),
        KeyCode::Enter => return call_back(model, now),
        _ => return act_on(model, key, now),
    }
    drawn()
}

fn act_on(model: &mut Model, key: Key, now: Instant) -> Vec<Action> {
    let act = model.act(key);
    match act {
        Some(Act::Details | Act::Add | Act::Delete | Act::Messages) => {}
        Some(Act::Edit | Act::Star) | None => return Vec::new(),
        Some(act) => return [super::run(model, act, now), drawn()].concat(),
    }
    let Some(PastCall { call, .. }) = chosen(model, now) else { return drawn() };
    match act {
        Some(Act::Details) => {
            model.past.scroll = 0;
            model.mode = Mode::History(Pane::Details);
        }
        Some(Act::Add) => {
            let mut form = match model.people.with_number(&call.number) {
                Some(known) => Form::edit(known),
                None => Form::new(&call.name, &call.number),
            };
            form.from_history = true;
            return people::write_down(model, form);
        }
        Some(Act::Delete) => model.mode = Mode::History(Pane::AskDelete),
        _ => return threads::open_with(model, &call.number, &call.account),
    }
    drawn()
}

fn ask_key(model: &mut Model, pane: Pane, key: Key, now: Instant) -> Vec<Action> {
    model.mode = Mode::History(Pane::List);
    let ask = match (pane, key.code) {
        (Pane::AskDelete, KeyCode::Char('y')) => {
            let Some(PastCall { call, .. }) = chosen(model, now) else { return drawn() };
            HistoryAsk::Remove(vec![call.id])
        }
        (Pane::AskDelete, KeyCode::Char('a')) => {
            model.mode = Mode::History(Pane::AskClear);
            return drawn();
        }
        (Pane::AskClear, KeyCode::Char('y')) => HistoryAsk::Clear,
        _ => {
            note(model, say!("told-nothing-forgotten"), now);
            return drawn();
        }
    };
    [vec![Action::Ask(Request::History { ask, form: None })], drawn()].concat()
}

/// From the account the call was on, if it is still there.
fn call_back(model: &mut Model, now: Instant) -> Vec<Action> {
    let Some(PastCall { call, .. }) = chosen(model, now) else { return drawn() };
    let is_there = model.status.accounts.iter().any(|account| account.aor == call.account);
    phone::call(model, &call.number, is_there.then_some(call.account), now)
}

fn chosen(model: &mut Model, now: Instant) -> Option<PastCall> {
    let chosen = model.past.chosen().cloned();
    if chosen.is_none() {
        note(model, say!("told-no-call-chosen"), now);
    }
    chosen
}

fn anew(model: &mut Model) -> Vec<Action> {
    [lists::ask(model.past.ask_anew()), drawn()].concat()
}
