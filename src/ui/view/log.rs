//! The log: what happened, the newest last, each in a line; the chosen one in full below.

use super::{Look, list, words};
use crate::text::say;
use crate::ui::log::{Entry, Level};
use crate::ui::model::Model;
use crate::ui::theme::Role;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::Line;

/// Columns from which the day and what it is about are told.
const WIDE: u16 = 70;
/// Cells of what it is about.
const ABOUT: usize = 9;
/// Rows from which the chosen one is told in full below, and the rows of that.
const TALL: u16 = 12;
const FULL: u16 = 4;

/// Draws it over the body of the screen; gives where the cursor of the search is.
pub fn draw(model: &Model, look: Look, area: Rect, buf: &mut Buffer) -> Option<Position> {
    let log = &model.log;
    let inner = list::panel(look, buf, area, &title(model), true)?;
    let Places { search, rows, full } = places(model, inner);
    let cursor = if search.is_empty() { None } else { list::search(look, buf, search, &log.search) };
    if log.is_empty() {
        let words = match (log.count(), log.search.is_empty()) {
            (0, _) => say!("log-nothing-yet"),
            (_, true) => say!("log-none-of-level"),
            (_, false) => say!("log-none-found"),
        };
        list::instead(look, buf, rows, &[words]);
    }
    let room = usize::from(rows.height);
    let first = list::first(log.row, log.len(), room);
    for (row, (at, entry)) in (0..).zip(log.from(first).take(room).enumerate()) {
        line(look, entry, first + at == log.row, rows, row, buf);
    }
    if let Some(entry) = log.get(log.row).filter(|_| !full.is_empty()) {
        in_full(look, entry, full, buf);
    }
    cursor.filter(|_| log.searches)
}

/// The line at a cell.
pub fn row_at(model: &Model, area: Rect, at: Position) -> Option<usize> {
    let framed = u16::from(area.height >= 6);
    let inner = Rect {
        x: area.x + framed,
        y: area.y + framed,
        width: area.width.saturating_sub(2 * framed),
        height: area.height.saturating_sub(2 * framed),
    };
    let rows = places(model, inner).rows;
    let row = usize::from(at.y.checked_sub(rows.y)?);
    let log = &model.log;
    let row = list::first(log.row, log.len(), usize::from(rows.height)) + row;
    (rows.contains(at) && row < log.len()).then_some(row)
}

struct Places {
    search: Rect,
    rows: Rect,
    full: Rect,
}

fn places(model: &Model, inner: Rect) -> Places {
    let searches = u16::from(model.log.searches || !model.log.search.is_empty()).min(inner.height.saturating_sub(1));
    let search = Rect { height: searches, ..inner };
    let full = if inner.height >= TALL && !model.log.is_empty() { FULL } else { 0 };
    let rows = Rect { y: inner.y + searches, height: inner.height - searches - full, ..inner };
    let full = Rect { y: rows.bottom(), height: full, ..inner };
    Places { search, rows, full }
}

fn title(model: &Model) -> String {
    let log = &model.log;
    let newer = log.len().saturating_sub(log.row + 1);
    let mut parts = vec![say!("log-title", level = log.least.words())];
    parts.extend(log.holds.then(|| say!("log-newer", count = newer)));
    parts.extend((log.dropped > 0).then(|| say!("log-dropped", count = log.dropped)));
    parts.join(", ")
}

fn line(look: Look, entry: &Entry, chosen: bool, area: Rect, row: u16, buf: &mut Buffer) {
    let (sign, role) = sign(look, entry.level);
    let wide = area.width >= WIDE;
    let at = if wide { entry.at.get(5..) } else { entry.at.get(11..19) }.unwrap_or(&entry.at);
    let at = crate::text::local::moment(at);
    let mut left = vec![list::mark(look, chosen), look.span(Role::Dim, format!("{at} "))];
    left.push(look.span(role, format!("{sign} ")));
    if wide {
        left.push(look.span(Role::Dim, words::pad(&look.clip(&entry.about.told(), ABOUT as u16), ABOUT) + " "));
    }
    let role = match entry.level {
        Level::Detail => Role::Dim,
        Level::Error => Role::Strong,
        _ => Role::Text,
    };
    left.push(look.span(role, entry.text.clone()));
    look.row(buf, area, row, Line::from(left), Line::default());
    if chosen {
        list::bar(look, buf, area, row);
    }
}

/// The chosen one: all of its words, and what to do next.
fn in_full(look: Look, entry: &Entry, area: Rect, buf: &mut Buffer) {
    let rule = look.glyphs.border.horizontal_top.repeat(usize::from(area.width));
    buf.set_span(area.x, area.y, &look.span(Role::Border, rule), area.width);
    let width = usize::from(area.width.saturating_sub(2)).max(1);
    let next = entry.hint.as_ref().map(|hint| say!("log-next", hint));
    let next: Vec<String> = next.iter().flat_map(|next| words::wrap(next, width)).take(1).collect();
    let room = usize::from(area.height - 1).saturating_sub(next.len());
    let texts = words::wrap(&entry.text, width).into_iter().take(room).map(|text| (Role::Text, text));
    let lines = texts.chain(next.into_iter().map(|text| (Role::Key, text)));
    for (row, (role, text)) in (1..area.height).zip(lines) {
        look.row(buf, area, row, Line::from(look.span(role, format!(" {text}"))), Line::default());
    }
}

fn sign(look: Look, level: Level) -> (&'static str, Role) {
    match level {
        Level::Detail => (look.glyphs.dot, Role::Dim),
        Level::Note => (look.glyphs.registered, Role::Good),
        Level::Warning => (look.glyphs.message, Role::Pending),
        Level::Error => (look.glyphs.failed, Role::Bad),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::log::About;
    use unicode_width::UnicodeWidthStr;

    #[test]
    fn what_an_entry_is_about_fits_its_column() {
        for about in About::ALL {
            assert!(about.word().width() <= ABOUT, "{about:?}");
        }
    }
}
