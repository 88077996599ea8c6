//! The settings: every key under its section with the value in force, and all that is known of the chosen one. What is
//! edited has the first line.

use super::list::{self, Fact};
use super::{Look, dial_field, words};
use crate::control::SettingInfo;
use crate::text::say;
use crate::ui::editor::Editor;
use crate::ui::model::Model;
use crate::ui::settings::{Edit, Field, Line as Row, doc, is_changed, is_on, kept};
use crate::ui::theme::Role;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

/// Cells of a key's name, on wide lists and on narrow ones.
const KEY: u16 = 26;
const KEY_NARROW: u16 = 16;

/// Which of those found is drawn at a cell of the screen.
pub fn row_at(model: &Model, body: Rect, at: Position) -> Option<usize> {
    let rows = rows(model, list::split(body).0);
    let lines = model.settings.lines();
    let line = first(model, &lines, rows) + usize::from(at.y.checked_sub(rows.y)?);
    match lines.get(line).filter(|_| rows.contains(at)) {
        Some(Row::Key(row, _)) => Some(*row),
        _ => None,
    }
}

/// Draws them over the body of the screen; gives where the cursor is.
pub fn draw(model: &Model, look: Look, body: Rect, buf: &mut Buffer) -> Option<Position> {
    let (places, details) = list::split(body);
    if let Some(inner) = list::panel(look, buf, details, &title_of(model), false)
        && let Some(info) = model.settings.chosen()
    {
        list::facts(look, buf, inner, &facts(info), 0);
    }
    draw_list(model, look, places, buf)
}

fn draw_list(model: &Model, look: Look, area: Rect, buf: &mut Buffer) -> Option<Position> {
    let settings = &model.settings;
    let title = match settings.count() {
        (0, _) => say!("settings-title"),
        (all, found) if all == found => say!("settings-title-count", count = all),
        (all, found) => say!("settings-title-found", found, count = all),
    };
    let title = if settings.only_changed { say!("settings-title-changed", title) } else { title };
    let inner = list::panel(look, buf, area, &title, true)?;
    let mut cursor = None;
    if let Some(edit) = &settings.edit {
        cursor = draw_edit(look, edit, inner, buf);
    } else if settings.searching || !settings.search.is_empty() {
        cursor = list::search(look, buf, inner, &settings.search).filter(|_| settings.searching);
    }
    let rows = rows(model, area);
    let lines = settings.lines();
    if lines.is_empty() {
        let text = match (&settings.trouble, settings.known) {
            (Some(trouble), _) => trouble.clone(),
            (None, false) => say!("settings-asking"),
            (None, true) => say!("settings-none-found"),
        };
        list::instead(look, buf, rows, &[text]);
        return cursor;
    }
    let first = first(model, &lines, rows);
    for (row, line) in (0..rows.height).zip(lines.iter().skip(first)) {
        match line {
            Row::Heading(info) => heading(look, info, rows, row, buf),
            Row::Key(at, info) => key_line(look, info, *at == settings.row(), rows, row, buf),
        }
    }
    cursor
}

/// Where the keys are listed.
fn rows(model: &Model, area: Rect) -> Rect {
    let inner = list::inside(area);
    let settings = &model.settings;
    let above = match &settings.edit {
        Some(edit) if edit.complaint.is_some() => 2,
        Some(_) => 1,
        None => u16::from(settings.searching || !settings.search.is_empty()),
    };
    let above = above.min(inner.height);
    Rect { y: inner.y + above, height: inner.height - above, ..inner }
}

fn first(model: &Model, lines: &[Row<'_>], rows: Rect) -> usize {
    let chosen = lines.iter().position(|line| matches!(line, Row::Key(row, _) if *row == model.settings.row()));
    list::first(chosen.unwrap_or(0), lines.len(), usize::from(rows.height))
}

fn draw_edit(look: Look, edit: &Edit, area: Rect, buf: &mut Buffer) -> Option<Position> {
    let key = edit.name.split_once('.').map_or(edit.name.as_str(), |(_, key)| key);
    let label = look.span(Role::Title, format!(" {}: ", look.clip(key, area.width / 2)));
    let width = (label.width() as u16).min(area.width);
    buf.set_span(area.x, area.y, &label, width);
    let place = Rect { x: area.x + width, width: area.width - width, height: 1, ..area };
    if let Some(complaint) = edit.complaint.as_ref().filter(|_| area.height > 1) {
        let text = look.clip(complaint, area.width.saturating_sub(2));
        look.row(buf, area, 1, Line::from(look.span(Role::Bad, format!(" {text}"))), Line::default());
    }
    match &edit.field {
        Field::Text(line) => dial_field::line(look, line, place, buf),
        Field::Hidden(line) => {
            let hidden = |text: String| "*".repeat(text.chars().count());
            let mut shown = Editor::default();
            shown.set(&hidden(line.text()), usize::MAX);
            let back = line.after_cursor().chars().count();
            (0..back).for_each(|_| shown.motion(crate::ui::editor::Motion::Left));
            dial_field::line(look, &shown, place, buf)
        }
        Field::Choice(words, at) => {
            let word = |word: &String| if word.is_empty() { say!("settings-empty-word") } else { word.clone() };
            let before: usize = words.iter().take(*at).map(|text| word(text).width() + 2).sum();
            let chosen = words.get(*at).map_or(0, |text| word(text).width() + 2);
            let width = usize::from(place.width);
            // Words that are left behind make room for the chosen one.
            let mut skip = 0;
            let mut used = before + chosen;
            for text in words.iter().take(*at).take_while(|_| words.len() > 1) {
                if used <= width {
                    break;
                }
                used -= word(text).width() + 2;
                skip += 1;
            }
            let spans = words.iter().enumerate().skip(skip).map(|(row, text)| {
                look.span(if row == *at { Role::Selected } else { Role::Dim }, format!(" {} ", word(text)))
            });
            look.row(buf, place, 0, Line::from(spans.collect::<Vec<_>>()), Line::default());
            None
        }
    }
}

fn heading(look: Look, info: &SettingInfo, area: Rect, row: u16, buf: &mut Buffer) {
    let text = match info.kept {
        Some(_) => say!("settings-kept"),
        None => format!("[{}]", info.section),
    };
    look.row(buf, area, row, Line::from(look.span(Role::Title, format!(" {text}"))), Line::default());
}

fn key_line(look: Look, info: &SettingInfo, chosen: bool, area: Rect, row: u16, buf: &mut Buffer) {
    let room = if area.width >= 2 * KEY { KEY } else { KEY_NARROW.min(area.width / 2) };
    let key = look.clip(&info.key, room);
    let pad = " ".repeat(usize::from(room).saturating_sub(key.width()) + 1);
    let is_changed = is_changed(info);
    let (key_role, value_role) = match (&info.kept, is_changed) {
        (Some(_), _) => (Role::Dim, Role::Dim),
        (None, true) => (Role::Text, Role::Strong),
        (None, false) => (Role::Text, Role::Dim),
    };
    let key_role = if chosen { Role::Strong } else { key_role };
    let left = vec![
        list::mark(look, chosen),
        Span::raw(" "),
        look.span(key_role, key),
        Span::raw(pad),
        look.span(value_role, shown(look, info)),
    ];
    let mark = match (&info.locked, info.kept.is_some()) {
        (Some(_), false) => Some((Role::Pending, format!("{} ", say!("settings-locked")))),
        _ => None,
    };
    let right = mark.map(|(role, text)| look.span(role, text));
    look.row(buf, area, row, Line::from(left), Line::from(right.into_iter().collect::<Vec<Span>>()));
    if chosen {
        list::bar(look, buf, area, row);
    }
}

/// A value as people read it.
fn shown(look: Look, info: &SettingInfo) -> String {
    match (&info.value, info.kind.as_str()) {
        (None, _) if info.set => say!("settings-hidden"),
        (Some(value), "flag") => {
            if is_on(value) {
                say!("settings-on")
            } else {
                say!("settings-off")
            }
        }
        (Some(value), _) if !value.is_empty() => value.clone(),
        _ => look.glyphs.missing.to_owned(),
    }
}

fn title_of(model: &Model) -> String {
    model.settings.chosen().map_or_else(|| say!("settings-one"), |info| info.key.clone())
}

fn facts(info: &SettingInfo) -> Vec<Fact> {
    let flag = |value: &str| if is_on(value) { say!("settings-flag-on") } else { say!("settings-flag-off") };
    let text = |value: &str| match info.kind.as_str() {
        "flag" => flag(value),
        _ if value.is_empty() => say!("settings-empty"),
        _ => value.to_owned(),
    };
    let value = match &info.value {
        Some(value) => text(value),
        None if info.set => say!("settings-value-hidden"),
        None => say!("settings-not-set"),
    };
    let from = match (info.origin.as_str(), &info.place) {
        ("default", _) => say!("settings-from-default"),
        ("command_line", _) => say!("settings-from-command-line"),
        (_, Some(place)) if info.inherited => say!("settings-from-common", place),
        (_, Some(place)) => place.clone(),
        (origin, None) => origin.to_owned(),
    };
    let takes = match info.takes.as_str() {
        _ if info.kept.is_some() => String::new(),
        "restart" => say!("settings-takes-restart"),
        "anew" => say!("settings-takes-anew"),
        _ => say!("settings-takes-now"),
    };
    let choices: Vec<&str> = info.words.iter().map(String::as_str).filter(|word| !word.is_empty()).collect();
    let facts = [
        Fact::of(say!("settings-fact-what"), doc(info)),
        Fact::of(say!("settings-fact-unused"), kept(info).unwrap_or_default()),
        Fact::of(say!("settings-fact-value"), value),
        Fact::of(
            say!("settings-fact-locked"),
            info.locked.as_deref().map(|why| why.trim_start_matches("locked ")).unwrap_or_default(),
        ),
        Fact::of(say!("settings-fact-choices"), choices.join(", ")),
        Fact::of(say!("settings-fact-default"), info.default.as_deref().map(text).unwrap_or_default()),
        Fact::of(say!("settings-fact-from"), from),
        Fact::of(say!("settings-fact-counts"), takes),
        Fact::of(say!("settings-fact-key"), words::clip(&info.name(), 200, "~")),
    ];
    facts.into_iter().flatten().collect()
}
