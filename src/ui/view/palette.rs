//! The palette: a line, and what may become of it.

use super::{Look, dial_field, list};
use crate::text::{say, words};
use crate::ui::model::Model;
use crate::ui::palette::{Entry, Offer, doc_of_param, offers, typing};
use crate::ui::theme::Role;
use ratatui::buffer::Buffer;
use ratatui::layout::{Margin, Position, Rect};
use ratatui::text::Line;
use unicode_width::UnicodeWidthStr;

/// Columns from which the sides stay free.
const WIDE: u16 = 100;
/// Cells of a name.
const NAME: usize = 16;
/// Columns from which sentences have room beside names.
const SENTENCES: u16 = 50;

/// Draws it; gives where the cursor is.
pub fn draw(model: &Model, look: Look, area: Rect, buf: &mut Buffer) -> Option<Position> {
    let rows = offers(model);
    let area = place(area, rows.len());
    let inner = list::panel(look, buf, area, &say!("palette-title"), true)?;
    let sign = look.span(Role::Title, " : ");
    buf.set_span(inner.x, inner.y, &sign, inner.width);
    let line = Rect { x: inner.x + 3, width: inner.width.saturating_sub(3), height: 1, ..inner };
    let cursor = dial_field::line(look, &model.palette.line, line, buf);
    let text = model.palette.line.text();
    let asked = typing(&text);
    let mut body = Rect { y: inner.y + 1, height: inner.height.saturating_sub(1), ..inner };
    if let Some((row, param)) = asked.and_then(|typing| Some((typing.row, typing.param?))) {
        let words = look.clip(&format!(" {}: {}", param.name, doc_of_param(row, param)), body.width);
        look.row(buf, body, 0, Line::from(look.span(Role::Dim, words)), Line::default());
        body = Rect { y: body.y + 1, height: body.height.saturating_sub(1), ..body };
    } else if rows.is_empty() {
        let words = if asked.is_some() { say!("palette-enter") } else { say!("palette-none") };
        look.row(buf, body, 0, Line::from(look.span(Role::Dim, format!(" {words}"))), Line::default());
    }
    let meant = (asked.is_none() && !text.trim().is_empty()).then_some(0);
    let chosen = model.palette.row.or(meant);
    let first = list::first(chosen.unwrap_or(0), rows.len(), usize::from(body.height));
    for (y, (at, offer)) in (0..body.height).zip(rows.iter().enumerate().skip(first)) {
        match offer {
            Offer::Act(entry) => entry_line(look, entry, chosen == Some(at), body, y, buf),
            Offer::Word { word, what } => {
                let left = Line::from(vec![
                    list::mark(look, chosen == Some(at)),
                    look.span(Role::Strong, word.clone()),
                    look.span(Role::Dim, format!("  {what}")),
                ]);
                look.row(buf, body, y, left, Line::default());
                if chosen == Some(at) {
                    list::bar(look, buf, body, y);
                }
            }
        }
    }
    cursor
}

/// The row of what is offered at a cell.
pub fn offer_at(model: &Model, area: Rect, at: Position) -> Option<usize> {
    let rows = offers(model);
    let inner = list::inside(place(area, rows.len()));
    let text = model.palette.line.text();
    let asked = typing(&text);
    let above = 1 + u16::from(asked.and_then(|typing| typing.param).is_some());
    let meant = (asked.is_none() && !text.trim().is_empty()).then_some(0);
    let room = inner.height.checked_sub(above)?;
    let first = list::first(model.palette.row.or(meant).unwrap_or(0), rows.len(), usize::from(room));
    let row = at.y.checked_sub(inner.y + above).filter(|row| inner.contains(at) && *row < room)?;
    Some(first + usize::from(row)).filter(|row| *row < rows.len())
}

/// Where it lies: no taller than it needs.
fn place(area: Rect, rows: usize) -> Rect {
    let area = if area.width > WIDE { area.inner(Margin::new((area.width - 96) / 2, 0)) } else { area };
    let height = u16::try_from(rows.max(2)).unwrap_or(u16::MAX).saturating_add(4).min(area.height);
    Rect { height, ..area }
}

/// Name, what it is or why it cannot be, and its key.
fn entry_line(look: Look, entry: &Entry, chosen: bool, area: Rect, y: u16, buf: &mut Buffer) {
    let is_on = entry.why.is_none();
    let role = |role| if is_on { role } else { Role::Dim };
    let key = format!(" {} ", entry.key);
    let sentence = match &entry.why {
        Some(why) => format!("{} {why}", look.glyphs.dot),
        None if area.width >= SENTENCES => words::of("act", entry.name, entry.doc).into_owned(),
        None => String::new(),
    };
    let room = usize::from(area.width).saturating_sub(NAME + 3 + key.width());
    let sentence = look.clip(&sentence, room as u16);
    let left = Line::from(vec![
        list::mark(look, chosen),
        look.span(role(Role::Strong), format!("{:<NAME$} ", entry.name)),
        look.span(role(Role::Text), sentence),
    ]);
    let key = if entry.key.is_empty() { String::new() } else { key };
    look.row(buf, area, y, left, Line::from(look.span(role(Role::Key), key)));
    if chosen {
        list::bar(look, buf, area, y);
    }
}
