//! What the screens of contacts and of calls have in common: a line that searches, a list of which only what is seen is
//! made, and facts, a line each.

use super::{Look, dial_field, words};
use crate::text::say;
use crate::ui::editor::Editor;
use crate::ui::theme::Role;
use ratatui::buffer::Buffer;
use ratatui::layout::{Margin, Position, Rect};
use ratatui::style::Color;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

/// Columns from which the details stand beside the list, and rows from which they stand below it.
const BESIDE: u16 = 100;
const BELOW: u16 = 20;
/// Rows of the details below, their frame counted.
const DETAIL_ROWS: u16 = 9;
/// Rows from which a panel has a frame.
const FRAMED: u16 = 6;
/// Cells of the name of a fact.
const LABEL: usize = 10;

/// Something known of somebody or something.
pub struct Fact {
    /// What it is.
    pub label: String,
    /// What is known.
    pub text: String,
    /// The keys have chosen it.
    pub chosen: bool,
}

impl Fact {
    /// One that is not to be chosen; `None` if nothing is known.
    pub fn of(label: impl Into<String>, text: impl Into<String>) -> Option<Fact> {
        let text = text.into();
        (!text.is_empty()).then(|| Fact { label: label.into(), text, chosen: false })
    }
}

/// Where list and details go; the details have no area where there is no room for them.
pub fn split(area: Rect) -> (Rect, Rect) {
    if area.width >= BESIDE {
        let width = area.width / 2;
        (Rect { width, ..area }, Rect { x: area.x + width, width: area.width - width, ..area })
    } else if area.height >= BELOW {
        let height = area.height - DETAIL_ROWS;
        (Rect { height, ..area }, Rect { y: area.y + height, height: DETAIL_ROWS, ..area })
    } else {
        (area, Rect::default())
    }
}

/// A cleared panel; where there is little room, the frame makes way. Nothing where there is none at all.
pub fn panel(look: Look, buf: &mut Buffer, area: Rect, title: &str, focus: bool) -> Option<Rect> {
    if area.height < 2 || area.width < 4 {
        return None;
    }
    look.clear(buf, area);
    let is_framed = inside(area) != area;
    Some(if is_framed { look.panel(buf, area, &look.clip(title, area.width.saturating_sub(4)), focus) } else { area })
}

/// What is inside such a panel.
pub fn inside(area: Rect) -> Rect {
    if area.height < FRAMED || area.width < 4 { area } else { area.inner(Margin::new(1, 1)) }
}

/// The line that searches, in the first row; gives where its cursor is.
pub fn search(look: Look, buf: &mut Buffer, area: Rect, line: &Editor) -> Option<Position> {
    let label = look.span(Role::Title, format!(" {} ", say!("list-find")));
    let width = (label.width() as u16).min(area.width);
    buf.set_span(area.x, area.y, &label, width);
    dial_field::line(look, line, Rect { x: area.x + width, width: area.width - width, height: 1, ..area }, buf)
}

/// The first row of a list that is shown, so that the chosen one is.
pub fn first(chosen: usize, rows: usize, room: usize) -> usize {
    // A few rows below the chosen one are seen, as long as there are some.
    let ahead = (room / 4).min(rows.saturating_sub(chosen + 1));
    (chosen + 1 + ahead).saturating_sub(room)
}

/// Cells of a column for these texts in a list of this width. The few that are very long stand out of it: they would push
/// what follows the others far away.
pub fn column<'t>(texts: impl Iterator<Item = &'t str>, width: u16) -> usize {
    texts.map(UnicodeWidthStr::width).filter(|text| *text <= usize::from(width / 3)).max().unwrap_or(0)
}

/// The sign before a row.
pub fn mark(look: Look, chosen: bool) -> Span<'static> {
    look.span(Role::Key, if chosen { look.glyphs.selected } else { " " })
}

/// Lays the colour of what is chosen over a row, beside its sign: one colour for all of it, and nothing faint in it.
pub fn bar(look: Look, buf: &mut Buffer, area: Rect, row: u16) {
    let row = Rect { x: area.x + 1, y: area.y + row, width: area.width.saturating_sub(1), height: 1 };
    let style = look.style(Role::Selected);
    let style = style.fg(style.fg.unwrap_or(Color::Reset)).not_dim();
    buf.set_style(row.intersection(area), style);
}

/// Words in place of a list.
pub fn instead(look: Look, buf: &mut Buffer, area: Rect, lines: &[String]) {
    let width = usize::from(area.width.saturating_sub(2));
    let rows = lines.iter().flat_map(|line| words::wrap(line, width.max(1)));
    for (row, text) in (0..).zip(rows.take(usize::from(area.height))) {
        look.row(buf, area, row, Line::from(look.span(Role::Dim, format!(" {text}"))), Line::default());
    }
}

/// Draws facts, from this row on; long ones go on in the next row. Gives the rows there are.
pub fn facts(look: Look, buf: &mut Buffer, area: Rect, facts: &[Fact], skip: usize) -> usize {
    let width = usize::from(area.width).saturating_sub(LABEL + 3).max(1);
    let mut rows = Vec::new();
    for fact in facts {
        for (at, text) in words::wrap(&fact.text, width).into_iter().enumerate() {
            let label = if at == 0 { fact.label.as_str() } else { "" };
            let role = if fact.chosen { Role::Strong } else { Role::Text };
            rows.push(Line::from(vec![
                mark(look, fact.chosen && at == 0),
                look.span(Role::Dim, words::pad(label, LABEL) + " "),
                look.span(role, text),
            ]));
        }
    }
    let all = rows.len();
    let skip = skip.min(all.saturating_sub(usize::from(area.height)));
    for (row, line) in (0..area.height).zip(rows.into_iter().skip(skip)) {
        look.row(buf, area, row, line, Line::default());
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_is_as_wide_as_its_texts_but_for_the_very_long_ones() {
        for (texts, width, expected) in [
            (vec!["Echo", "Announcement"], 60, 12),
            (vec!["Echo", "Announcement"], 30, 4),
            (vec!["名前", "Echo and so on and on"], 30, 4),
            (vec![], 30, 0),
        ] {
            assert_eq!(column(texts.iter().copied(), width), expected, "{texts:?} in {width}");
        }
    }

    #[test]
    fn the_chosen_row_is_seen_with_some_behind_it() {
        for (chosen, rows, room, expected) in [
            (0, 100, 10, 0),
            (7, 100, 10, 0),
            (8, 100, 10, 1),
            (99, 100, 10, 90),
            (98, 100, 10, 90),
            (5, 6, 0, 6),
            (3, 4, 1, 3),
        ] {
            assert_eq!(first(chosen, rows, room), expected, "{chosen} of {rows} in {room}");
        }
    }
}
