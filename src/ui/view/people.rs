//! Contacts: the list, all that is known of the chosen one, and the form somebody is written down in.

use super::list::{self, Fact};
use super::{Look, dial_field, lights, words};
use crate::control::Contact;
use crate::text::{say, words as texts};
use crate::ui::form::{FIELDS, Form, FormField, Part, Typed};
use crate::ui::keymap::Act;
use crate::ui::model::{Model, Pane};
use crate::ui::people::{self, Person};
use crate::ui::theme::Role;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

/// Cells of the name of a field.
const LABEL: usize = 10;

/// Draws them over the body of the screen; gives where the cursor is.
pub fn draw(model: &Model, look: Look, pane: Pane, area: Rect, buf: &mut Buffer) -> Option<Position> {
    match (pane, &model.people.form) {
        (Pane::Form, Some(form)) => draw_form(look, form, area, buf),
        (Pane::Details, _) => {
            draw_details(model, look, area, true, buf);
            None
        }
        _ => {
            let (places, details) = list::split(area);
            if !details.is_empty() {
                draw_details(model, look, details, false, buf);
            }
            draw_list(model, look, places, buf)
        }
    }
}

fn draw_list(model: &Model, look: Look, area: Rect, buf: &mut Buffer) -> Option<Position> {
    let people = &model.people;
    let title = match (people.list().len(), people.found()) {
        (0, _) => say!("people-title"),
        (all, found) if all == found => say!("people-title-count", count = all),
        (all, found) => say!("people-title-found", found, count = all),
    };
    let inner = list::panel(look, buf, area, &title, true)?;
    let cursor = list::search(look, buf, inner, &people.search);
    let rows = Rect { y: inner.y + 1, height: inner.height.saturating_sub(1), ..inner };
    if people.found() == 0 {
        list::instead(look, buf, rows, &nobody(model));
    }
    let room = usize::from(rows.height);
    let first = list::first(people.row, people.found(), room);
    let names = people.rows(first).take(room).map(|person| person.contact.name.as_str());
    let names = list::column(names, rows.width);
    for (row, (at, person)) in (0..).zip(people.rows(first).enumerate().take(room)) {
        let chosen = first + at == people.row;
        person_line(model, look, (person, chosen), names, rows, row, buf);
    }
    cursor
}

/// Why nobody is listed.
fn nobody(model: &Model) -> Vec<String> {
    let people = &model.people;
    let key = model.keymap.key(Act::Add, true).map(|key| key.to_string()).unwrap_or_default();
    match (&people.trouble, people.known) {
        (Some(trouble), _) => vec![trouble.clone()],
        (None, false) => vec![say!("people-asking")],
        (None, true) if people.list().is_empty() => {
            vec![say!("people-nobody-yet"), say!("people-add", key)]
        }
        (None, true) => vec![say!("people-nobody-found", key)],
    }
}

/// All in one line: star, name, number, light.
fn person_line(
    model: &Model,
    look: Look,
    (person, chosen): (&Person, bool),
    names: usize,
    area: Rect,
    row: u16,
    buf: &mut Buffer,
) {
    let contact = &person.contact;
    let star = look.span(Role::Pending, if contact.starred { "* " } else { "  " });
    let mut left = vec![list::mark(look, chosen), star];
    if contact.number == contact.name || contact.number.is_empty() {
        left.push(look.span(Role::Strong, contact.name.clone()));
    } else {
        left.push(look.span(Role::Strong, words::pad(&contact.name, names)));
        left.push(look.span(Role::Dim, format!("  {}", contact.number)));
    }
    let right = people::light(&model.status.lights, contact).map(|light| {
        let (glyph, role) = lights::sign(look, light.state);
        let detail = words::light_detail(light).map(|detail| format!(" ({detail})")).unwrap_or_default();
        let text = look.clip(&format!("{glyph} {}{detail}", words::light(light.state)), area.width / 2);
        Line::from(look.span(role, format!("{text} ")))
    });
    look.row(buf, area, row, Line::from(left), right.unwrap_or_default());
    if chosen {
        list::bar(look, buf, area, row);
    }
}

fn draw_details(model: &Model, look: Look, area: Rect, focus: bool, buf: &mut Buffer) {
    let chosen = model.people.chosen();
    let title = chosen.map_or_else(|| say!("people-contact"), |contact| contact.name.clone());
    let Some(inner) = list::panel(look, buf, area, &title, focus) else { return };
    let Some(contact) = chosen else { return };
    let facts = facts(model, contact, focus);
    let at = facts.iter().position(|fact| fact.chosen).unwrap_or(0);
    list::facts(look, buf, inner, &facts, (at + 1).saturating_sub(usize::from(inner.height)));
}

fn facts(model: &Model, contact: &Contact, focus: bool) -> Vec<Fact> {
    let mut numbers = 0;
    let fields = FIELDS.iter().filter_map(|field| match field.part {
        Part::Text(get) => Fact::of(label(field), get(contact)),
        Part::Number(get) => Fact::of(label(field), get(contact)).map(|fact| {
            numbers += 1;
            Fact { chosen: focus && numbers == model.people.number + 1, ..fact }
        }),
        Part::Flag(get) => Fact::of(label(field), if get(contact) { say!("people-yes") } else { String::new() }),
    });
    let mut facts: Vec<Fact> = fields.collect();
    if let Some(light) = people::light(&model.status.lights, contact) {
        let detail = words::light_detail(light).map(|detail| format!(" ({detail})")).unwrap_or_default();
        let label = FIELDS.iter().find(|field| field.attribute == "presence").map(label).unwrap_or_default();
        facts.retain(|fact| fact.label != label);
        facts.extend(Fact::of(label, format!("{}{detail}", words::light(light.state))));
    }
    facts.extend(Fact::of(say!("people-fact-said"), contact.info.clone()));
    facts.extend(Fact::of(say!("people-fact-id"), contact.id.clone()));
    let from = if contact.directory { say!("people-directory") } else { String::new() };
    facts.extend(Fact::of(say!("people-fact-from"), from));
    facts
}

/// What a field is called.
fn label(field: &FormField) -> String {
    texts::of("field", field.attribute, field.label).into_owned()
}

fn draw_form(look: Look, form: &Form, area: Rect, buf: &mut Buffer) -> Option<Position> {
    let title = form.old.as_ref();
    let title = title.map_or_else(|| say!("people-new"), |old| say!("people-change", name = &old.name));
    let inner = list::panel(look, buf, area, &title, true)?;
    let room = usize::from(inner.height);
    let first = list::first(form.row, FIELDS.len(), room);
    let mut cursor = None;
    let fields = FIELDS.iter().zip(&form.typed).enumerate().skip(first).take(room);
    for (row, (at, (field, typed))) in (0..).zip(fields) {
        let chosen = at == form.row;
        let role = if chosen { Role::Title } else { Role::Dim };
        let label = vec![list::mark(look, chosen), look.span(role, words::pad(&label(field), LABEL) + " ")];
        let width = (LABEL as u16 + 2).min(inner.width);
        let place = Rect { x: inner.x + width, y: inner.y + row, width: inner.width - width, height: 1 };
        match typed {
            Typed::Text(line) if chosen => {
                look.row(buf, inner, row, Line::from(label), Line::default());
                cursor = dial_field::line(look, line, place, buf);
            }
            Typed::Text(line) => {
                let text = look.span(Role::Text, line.text());
                look.row(buf, inner, row, Line::from([label, vec![text]].concat()), Line::default());
            }
            Typed::Flag(on) => {
                let hint = if chosen { format!("  {}", say!("people-space")) } else { String::new() };
                let text = vec![
                    look.span(Role::Text, if *on { say!("people-yes") } else { say!("people-no") }),
                    look.span(Role::Dim, hint),
                ];
                look.row(buf, inner, row, Line::from([label, text].concat()), Line::default());
                cursor = if chosen { Some(Position::new(place.x, place.y)) } else { cursor };
            }
        }
    }
    cursor
}

/// A number that is offered while one is typed: whose it is, and the number.
pub fn offered(look: Look, name: &str, number: &str, chosen: bool, width: u16) -> (Line<'static>, Line<'static>) {
    let number = look.clip(number, width.saturating_mul(2) / 3);
    let left = vec![list::mark(look, chosen), Span::raw(" "), look.span(Role::Text, name.to_owned())];
    (Line::from(left), Line::from(look.span(Role::Strong, number)))
}
