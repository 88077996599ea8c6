//! Keys of the contacts: search, choose, call, write to, and change.

use super::{drawn, lists, note, phone, say, threads};
use crate::control::verb::Request;
use crate::control::{Contact, ContactsAsk};
use crate::ui::form::{FIELDS, Form, Part};
use crate::ui::keymap::{Act, Key};
use crate::ui::model::{Mode, Model, Pane};
use crate::ui::msg::Action;
use crate::ui::people::MAX_SEARCH;
use crossterm::event::{KeyCode, KeyModifiers};
use std::time::Instant;

/// Opens the list, or closes it; what is typed into the dial field is searched for.
pub fn open(model: &mut Model) -> Vec<Action> {
    if let Mode::Contacts(pane) = model.mode {
        // What is being written down is not thrown away by a slip.
        if pane != Pane::Form {
            model.mode = Mode::Phone;
        }
        return drawn();
    }
    let typed = model.field.text();
    model.field.clear();
    model.people.row = 0;
    find(model, &typed);
    show(model);
    [lists::ask_contacts(), drawn()].concat()
}

/// A key while the list, the details or the question is open.
pub fn key(model: &mut Model, pane: Pane, key: Key, now: Instant) -> Vec<Action> {
    match pane {
        Pane::List => list_key(model, key, now),
        Pane::Details => details_key(model, key, now),
        Pane::Form | Pane::AskDelete | Pane::AskClear => ask_key(model, key, now),
    }
}

/// Pasted text is searched for.
pub fn paste(model: &mut Model, text: &str) {
    let line = text.split(['\r', '\n']).find(|line| !line.trim().is_empty()).unwrap_or_default();
    let whole = format!("{}{}", model.people.search.text(), line.trim());
    find(model, &whole);
    model.people.row = 0;
}

/// Opens the form; what it holds is all that is asked of the phone when it is saved.
pub fn write_down(model: &mut Model, form: Form) -> Vec<Action> {
    model.people.form = Some(form);
    model.mode = Mode::Contacts(Pane::Form);
    model.message = None;
    drawn()
}

fn list_key(model: &mut Model, key: Key, now: Instant) -> Vec<Action> {
    if let Some(row) = lists::moved(model.people.row, model.people.found(), key.code) {
        model.people.row = row;
        return drawn();
    }
    match (key.code, key.modifiers) {
        (KeyCode::Char(c), _) if key.is_character() => {
            model.people.search.insert(c, MAX_SEARCH);
            found_anew(model);
        }
        (KeyCode::Backspace, _) => {
            model.people.search.backspace();
            found_anew(model);
        }
        (KeyCode::Char('u'), KeyModifiers::CONTROL) => find(model, ""),
        (KeyCode::Esc, _) if !model.people.search.is_empty() => find(model, ""),
        (KeyCode::Esc, _) => model.mode = Mode::Phone,
        (KeyCode::Enter, _) => {
            let Some(chosen) = chosen(model, now) else { return drawn() };
            if model.status.default_action == "message" {
                return threads::open_with(model, bare(&chosen.number), "");
            }
            return phone::call(model, &chosen.number, None, now);
        }
        _ => return act_on(model, key, now),
    }
    drawn()
}

fn details_key(model: &mut Model, key: Key, now: Instant) -> Vec<Action> {
    let Some(contact) = model.people.chosen().cloned() else {
        show(model);
        return drawn();
    };
    let numbers = numbers(&contact);
    if let Some(row) = lists::moved(model.people.number, numbers.len(), key.code) {
        model.people.number = row;
        return drawn();
    }
    match key.code {
        KeyCode::Esc | KeyCode::Left | KeyCode::Right => show(model),
        KeyCode::Enter => {
            let number = numbers.get(model.people.number).cloned().unwrap_or(contact.number);
            return phone::call(model, &number, None, now);
        }
        _ => return act_on(model, key, now),
    }
    drawn()
}

/// Keys that mean the same in the list and in the details.
fn act_on(model: &mut Model, key: Key, now: Instant) -> Vec<Action> {
    let act = model.act(key);
    match act {
        Some(Act::Add) => {
            let typed = model.people.search.text();
            let is_number = !crate::text::fold::digits(&typed).is_empty();
            let form = if is_number { Form::new("", &typed) } else { Form::new(&typed, "") };
            return write_down(model, form);
        }
        Some(Act::Details | Act::Edit | Act::Star | Act::Delete | Act::Messages) => {}
        Some(act) => return [super::run(model, act, now), drawn()].concat(),
        None => return Vec::new(),
    }
    let Some(contact) = chosen(model, now) else { return drawn() };
    match act {
        Some(Act::Details) => {
            model.people.number = 0;
            model.mode = Mode::Contacts(Pane::Details);
        }
        Some(Act::Edit) => return write_down(model, Form::edit(&contact)),
        Some(Act::Delete) => model.mode = Mode::Contacts(Pane::AskDelete),
        Some(Act::Star) => {
            let starred = if contact.starred { "0" } else { "1" };
            let parts = vec![("starred".to_owned(), starred.to_owned())];
            let ask = ContactsAsk::Edit { who: contact.number, called: Some(contact.name), parts };
            return vec![Action::Ask(Request::Contacts(ask))];
        }
        _ => {
            let number = numbers(&contact).into_iter().nth(model.people.number).unwrap_or(contact.number);
            return threads::open_with(model, bare(&number), "");
        }
    }
    drawn()
}

fn ask_key(model: &mut Model, key: Key, now: Instant) -> Vec<Action> {
    show(model);
    if key.code != KeyCode::Char('y') {
        note(model, say!("told-nothing-deleted"), now);
        return drawn();
    }
    let Some(contact) = chosen(model, now) else { return drawn() };
    let ask = ContactsAsk::Remove { who: contact.number, called: Some(contact.name) };
    [vec![Action::Ask(Request::Contacts(ask))], drawn()].concat()
}

/// The chosen one; says so if there is none.
fn chosen(model: &mut Model, now: Instant) -> Option<Contact> {
    let chosen = model.people.chosen().cloned();
    if chosen.is_none() {
        note(model, say!("told-nobody-chosen"), now);
    }
    chosen
}

/// The numbers one can call, in the order of the details.
fn numbers(contact: &Contact) -> Vec<String> {
    let number = |part: Part| if let Part::Number(get) = part { Some(get(contact).to_owned()) } else { None };
    FIELDS.iter().filter_map(|field| number(field.part)).filter(|number| !number.is_empty()).collect()
}

/// A number without the digits to be sent after the answer.
fn bare(number: &str) -> &str {
    number.split(',').next().unwrap_or_default()
}

fn show(model: &mut Model) {
    model.people.number = 0;
    model.mode = Mode::Contacts(Pane::List);
}

fn find(model: &mut Model, text: &str) {
    model.people.search.set(text, MAX_SEARCH);
    found_anew(model);
}

fn found_anew(model: &mut Model) {
    model.people.row = 0;
    model.people.search();
}
