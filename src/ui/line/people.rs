//! Contacts: found, added, changed.

use super::state::{Do, Line, Thing, Topic, asks, asks_for, says};
use super::words::sentence;
use crate::control::ContactsAsk;
use crate::control::verb::{self, Request, Values};
use crate::text::say;

/// Asks for those with this in name or number; empty = all.
pub fn find(search: &str) -> Vec<Do> {
    let wanted = Some(search.to_owned()).filter(|text| !text.is_empty());
    asks_for(Request::Contacts(ContactsAsk::List { search: wanted }), Topic::Contacts { search: search.to_owned() })
}

/// `contacts search ann`, `contacts add 7001 Ann Bell`; options are read as everywhere.
pub fn contacts(rest: &str) -> Option<Vec<Do>> {
    let (act, what) = rest.split_once(' ').unwrap_or((rest, ""));
    let what = what.trim();
    if what.contains("--") || what.contains('"') {
        return None;
    }
    match act.to_ascii_lowercase().as_str() {
        "list" | "search" | "find" => Some(find(what)),
        "add" if !what.is_empty() => Some(added(what)),
        "rm" | "remove" | "delete" if !what.is_empty() => {
            let who = what.to_owned();
            Some(asks(Request::Contacts(ContactsAsk::Remove { who, called: None })))
        }
        "edit" | "change" | "refresh" | "import" | "export" | "rm" | "remove" | "delete" | "add" => None,
        _ => Some(find(rest)),
    }
}

/// `7001 Ann Bell`.
fn added(text: &str) -> Vec<Do> {
    let (number, name) = text.split_once(' ').unwrap_or((text, ""));
    let name = Some(name.trim().to_owned()).filter(|name| !name.is_empty());
    let parts = name.map(|name| ("name".to_owned(), name)).into_iter().collect();
    asks(Request::Contacts(ContactsAsk::Add { number: number.to_owned(), parts }))
}

/// Somebody new: `7001 Ann Bell`, or the far side of the chosen call.
pub fn add(line: &Line, rest: &str) -> Vec<Do> {
    match (&line.thing, rest) {
        (Some(Thing::Past(call)), rest) if !rest.starts_with(|c: char| c.is_ascii_digit() || c == '+') => {
            let name = if rest.is_empty() { call.name.as_str() } else { rest };
            added(format!("{} {name}", call.number).trim())
        }
        (_, "") => says(say!("line-add-how")),
        (_, rest) => added(rest),
    }
}

fn chosen_contact(line: &Line) -> Option<(String, Option<String>)> {
    match &line.thing {
        Some(Thing::Contact(contact)) => Some((contact.number.clone(), Some(contact.name.clone()))),
        _ => None,
    }
}

/// Changes a part of the chosen one: `mobile 0170123`.
pub fn edit(line: &Line, rest: &str) -> Vec<Do> {
    let Some((who, called)) = chosen_contact(line) else {
        return says(say!("line-choose-contact-first"));
    };
    let (part, value) = rest.split_once(' ').unwrap_or((rest, ""));
    if part.is_empty() {
        return says(say!("line-edit-how"));
    }
    let part = part.trim_end_matches('=').to_ascii_lowercase();
    let mut values = Values::default();
    values.set("action", "edit");
    values.set("what", who);
    called.into_iter().for_each(|called| values.set("called", called));
    values.set(&part, value.trim());
    match verb::find("contacts").map(|row| row.request(values)) {
        Some(Ok(request)) => asks(request),
        Some(Err(why)) => says(sentence(&why)),
        None => Vec::new(),
    }
}

/// A star for the chosen one, or none.
pub fn star(line: &Line) -> Vec<Do> {
    let Some(Thing::Contact(contact)) = &line.thing else {
        return says(say!("line-choose-contact-first"));
    };
    let star = if contact.starred { "0" } else { "1" };
    asks(Request::Contacts(ContactsAsk::Edit {
        who: contact.number.clone(),
        called: Some(contact.name.clone()),
        parts: vec![("starred".to_owned(), star.to_owned())],
    }))
}
