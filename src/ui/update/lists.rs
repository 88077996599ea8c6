//! Answers about people and the past, and what the two lists have in common: keys that move through them.

use super::{devices, drawn, note, say, settings};
use crate::control::verb::Request;
use crate::control::{
    CallDirection, CallInfo, CommandError, Contact, ContactsAsk, ExitCode, HistoryAsk, Kind, Query, SettingAsk,
};
use crate::text::words::retold;
use crate::ui::log::{About, Level};
use crate::ui::model::{Mode, Model, Pane, Weight};
use crate::ui::msg::{Action, Answer};
use crate::ui::past::{self, PastCall};
use crossterm::event::KeyCode;
use std::time::Instant;

/// Rows that a page key moves by.
const PAGE: usize = 10;

/// Where a key leads in a list of so many rows.
pub fn moved(row: usize, rows: usize, code: KeyCode) -> Option<usize> {
    let last = rows.saturating_sub(1);
    Some(match code {
        KeyCode::Up => row.saturating_sub(1),
        KeyCode::Down => (row + 1).min(last),
        KeyCode::PageUp => row.saturating_sub(PAGE),
        KeyCode::PageDown => (row + PAGE).min(last),
        KeyCode::Home => 0,
        KeyCode::End => last,
        _ => return None,
    })
}

/// Takes an answer in.
pub fn answer(model: &mut Model, request: &Request, answer: Result<Answer, CommandError>, now: Instant) -> Vec<Action> {
    match (request, answer) {
        (Request::Contacts(ContactsAsk::List { .. }), Ok(Answer::Contacts(contacts, problems))) => {
            contacts_came(model, contacts, problems)
        }
        (Request::Contacts(ContactsAsk::List { .. }), Err(why)) => {
            model.people.trouble = Some(retold(&why.message).into_owned());
            drawn_in(model, false)
        }
        (Request::Contacts(ask), Ok(_)) => changed(model, ask, now),
        (Request::Settings(SettingAsk::List), Ok(Answer::Settings(list))) => {
            model.devices.take_wanted(&list);
            settings::came(model, Ok(list))
        }
        (Request::Settings(SettingAsk::List), Err(why)) => settings::came(model, Err(why)),
        (Request::Settings(ask), Ok(Answer::Setting(told))) => settings::changed(model, ask, Ok(told), now),
        (Request::Settings(ask), Err(why)) => settings::changed(model, ask, Err(why), now),
        (Request::Devices, Ok(Answer::Cards(cards))) => devices::came(model, Ok(cards)),
        (Request::Devices, Err(why)) => devices::came(model, Err(why)),
        (Request::Codecs, Ok(Answer::Codecs(codecs))) => {
            model.registrations.codecs = codecs;
            if model.mode == Mode::Accounts { drawn() } else { Vec::new() }
        }
        // An older phone has none to tell.
        (Request::Codecs, _) => Vec::new(),
        (Request::History { ask: HistoryAsk::List(query), .. }, Ok(Answer::Calls(calls, more))) => {
            calls_came(model, query, calls, more)
        }
        (Request::History { ask: HistoryAsk::List(query), .. }, Err(why)) => {
            model.past.absent |= why.code == ExitCode::NotFound;
            model.past.failed(query, &retold(&why.message));
            drawn_in(model, true)
        }
        (Request::History { ask: HistoryAsk::Remove(ids), .. }, Ok(_)) => {
            model.past.forget(ids);
            note(model, say!("told-forgotten"), now);
            [ask(model.past.ask()), drawn()].concat()
        }
        (Request::History { ask: HistoryAsk::Clear, .. }, Ok(_)) => {
            model.past.forget_all();
            model.field.forget_dialled();
            note(model, say!("told-all-forgotten"), now);
            drawn()
        }
        // An older phone does not know what was looked at; nothing was asked by hand.
        (Request::History { ask: HistoryAsk::Seen, .. }, _) | (_, Ok(_)) => Vec::new(),
        (_, Err(why)) => {
            model.log.add(&model.wall, Level::Error, About::Refused, &why.message, why.hint.clone());
            say(model, Weight::Error, why.message, why.hint, now);
            drawn()
        }
    }
}

/// A call has ended: what of it is to be asked.
pub fn ended(model: &mut Model, call: &CallInfo) -> Vec<Action> {
    let number = [&call.number, &call.remote.user, &call.remote.uri].into_iter().find(|text| !text.is_empty());
    let name = call.remote.name.clone().unwrap_or_default();
    model.past.saw(number.map_or("", String::as_str), &name);
    model.matches.forget();
    if model.past.absent {
        return Vec::new();
    }
    if let Mode::History(_) = model.mode {
        return [vec![Action::Ask(past::look())], ask(model.past.ask())].concat();
    }
    let incoming = call.direction == CallDirection::Incoming;
    incoming.then(past::ask_missed).map(Action::Ask).into_iter().collect()
}

/// The question, if there is one.
pub fn ask(request: Option<Request>) -> Vec<Action> {
    request.map(Action::Ask).into_iter().collect()
}

/// Asks for all contacts.
pub fn ask_contacts() -> Vec<Action> {
    vec![Action::Ask(Request::Contacts(ContactsAsk::List { search: None }))]
}

fn contacts_came(model: &mut Model, contacts: Vec<Contact>, problems: usize) -> Vec<Action> {
    model.people.take(contacts);
    model.people.trouble = (problems > 0).then(|| say!("told-contacts-unread", count = problems));
    model.matches.forget();
    drawn_in(model, false)
}

fn calls_came(model: &mut Model, query: &Query, calls: Vec<PastCall>, more: bool) -> Vec<Action> {
    let missed = model.past.missed;
    let outgoing = calls.iter().map(|past| &past.call).filter(|call| call.kind == Kind::Outgoing);
    let numbers: Vec<String> = outgoing.map(|call| call.number.clone()).collect();
    if *query == past::recent() {
        model.log.take_past(&calls);
    }
    let next = model.past.take(query, calls, more);
    if *query == past::recent() {
        model.field.remember_older(numbers.iter().map(String::as_str));
        model.matches.forget();
    }
    let tells = model.past.missed != missed || *query == past::recent() && !numbers.is_empty();
    let draws = if tells { drawn() } else { drawn_in(model, true) };
    [ask(next), draws].concat()
}

/// The file of contacts is another one now.
fn changed(model: &mut Model, ask: &ContactsAsk, now: Instant) -> Vec<Action> {
    let told = match ask {
        ContactsAsk::Add { number, .. } => Some(say!("told-contact-added", number)),
        ContactsAsk::Edit { .. } => Some(say!("told-saved")),
        ContactsAsk::Remove { who, .. } => Some(say!("told-contact-removed", who)),
        _ => None,
    };
    if let Some(told) = told {
        note(model, told, now);
    }
    if let Some(form) = model.people.form.take_if(|form| form.ask().as_ref() == Some(ask)) {
        model.people.wish = Some((form.any_number(), form.value("name")));
        if model.mode == Mode::Contacts(Pane::Form) {
            model.mode = if form.from_history { Mode::History(Pane::List) } else { Mode::Contacts(Pane::List) };
        }
    }
    [ask_contacts(), drawn()].concat()
}

/// A frame, if the list is on the screen: of calls, or of contacts.
fn drawn_in(model: &Model, calls: bool) -> Vec<Action> {
    let shown = match model.mode {
        Mode::History(_) => calls,
        Mode::Contacts(_) => !calls,
        _ => false,
    };
    if shown { drawn() } else { Vec::new() }
}
