//! What may follow the keys pressed so far: a box at the foot of the screen.

use super::Look;
use crate::ui::keymap::{Binding, Key};
use crate::ui::model::Model;
use crate::ui::theme::Role;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::Line;
use unicode_width::UnicodeWidthStr;

/// The least height of a place where the box has a frame.
const FRAMED: u16 = 6;
/// Cells between two columns.
const GAP: usize = 3;
/// The widest words.
const WIDEST: usize = 20;

/// A key that may follow, and what it does.
struct Cell {
    key: Key,
    words: String,
    leads_on: bool,
    place: Rect,
}

/// Draws it while a prefix waits.
pub fn draw(model: &Model, look: Look, area: Rect, buf: &mut Buffer) {
    let Some(pending) = &model.pending else { return };
    let Some(frame) = frame(model, area) else { return };
    look.clear(buf, frame);
    if border(model, area) > 0 {
        let keys: Vec<String> = pending.keys.iter().map(Key::to_string).collect();
        look.panel(buf, frame, &look.clip(&keys.join(" "), frame.width.saturating_sub(4)), true);
    }
    let key_width = cells(model, area).iter().map(|cell| cell.key.to_string().width()).max().unwrap_or(0);
    for cell in cells(model, area) {
        let words = if cell.leads_on { look.glyphs.ellipsis.to_owned() } else { cell.words };
        let line = Line::from(vec![
            look.span(Role::Key, format!(" {:>key_width$} ", cell.key.to_string())),
            look.span(if cell.leads_on { Role::Dim } else { Role::Text }, words),
        ]);
        buf.set_line(cell.place.x, cell.place.y, &line, cell.place.width);
    }
    if let Some((place, text)) = left_out(model, area) {
        buf.set_span(place.x, place.y, &look.span(Role::Dim, text), place.width);
    }
}

/// How many more keys there are than have room, in the last cells of the last row.
fn left_out(model: &Model, area: Rect) -> Option<(Rect, String)> {
    let (_, _, all) = columns(model, area)?;
    let shown = cells(model, area);
    let count = all.checked_sub(shown.len()).filter(|count| *count > 0)?;
    let last = shown.iter().map(|cell| cell.place.y).max()?;
    let text = format!(" +{count}");
    let width = (text.width() as u16).min(area.width);
    Some((Rect::new(area.right() - border(model, area) - width, last, width, 1), text))
}

/// The key that a click chooses.
pub fn key_at(model: &Model, area: Rect, at: Position) -> Option<Key> {
    cells(model, area).into_iter().find(|cell| cell.place.contains(at)).map(|cell| cell.key)
}

/// The box itself; it is there while a prefix waits.
pub fn frame(model: &Model, area: Rect) -> Option<Rect> {
    model.pending.as_ref()?;
    let (columns, _, count) = columns(model, area)?;
    let height = (count.div_ceil(columns) as u16 + 2 * border(model, area)).min(area.height);
    Some(Rect { y: area.bottom() - height, height, ..area })
}

/// Cells of the frame at each side: it makes way for keys.
fn border(model: &Model, area: Rect) -> u16 {
    let rows = columns(model, area).map_or(0, |(columns, _, count)| count.div_ceil(columns));
    u16::from(area.height >= FRAMED && rows + 2 <= usize::from(area.height))
}

/// Columns, the width of one, and how many keys there are.
fn columns(model: &Model, area: Rect) -> Option<(usize, usize, usize)> {
    let pending = model.pending.as_ref()?;
    let next = model.keymap.next(model.place(), &pending.keys);
    let widest = |it: &(Key, Option<&Binding>)| {
        it.0.to_string().width() + it.1.map_or(1, |binding| binding.words().width().min(WIDEST))
    };
    let width = next.iter().map(widest).max()? + GAP;
    let room = usize::from(area.width.saturating_sub(2));
    (area.height > 0 && room > 0).then(|| ((room / width).clamp(1, next.len()), width.min(room), next.len()))
}

fn cells(model: &Model, area: Rect) -> Vec<Cell> {
    let (Some(pending), Some(frame)) = (&model.pending, frame(model, area)) else { return Vec::new() };
    let Some((columns, ..)) = columns(model, area) else { return Vec::new() };
    let border = border(model, area);
    let inner = Rect {
        x: frame.x + border,
        y: frame.y + border,
        width: frame.width.saturating_sub(2 * border),
        height: frame.height.saturating_sub(2 * border),
    };
    let width = inner.width / columns as u16;
    let next = model.keymap.next(model.place(), &pending.keys);
    let rows = next.len().div_ceil(columns);
    let cells = next.into_iter().enumerate().filter_map(|(at, (key, binding))| {
        let (column, row) = ((at / rows) as u16, (at % rows) as u16);
        let place = Rect::new(inner.x + column * width, inner.y + row, width, 1);
        let words = binding.map_or(String::new(), |binding| binding.words().into_owned());
        (row < inner.height).then_some(Cell { key, words, leads_on: binding.is_none(), place })
    });
    cells.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::keymap::Place;
    use std::time::Instant;

    #[allow(clippy::disallowed_methods)]
    fn now() -> Instant {
        Instant::now()
    }

    #[test]
    fn what_has_no_room_is_counted() {
        let mut model = Model::new((20, 5), true, Vec::new());
        let space = Key::parse("Space").expect("a key");
        model.pending = Some(crate::ui::model::Pending { keys: vec![space], until: now() });
        let area = Rect::new(0, 1, 20, 3);
        let all = model.keymap.next(Place::Everywhere, &[space]).len();
        let shown = cells(&model, area).len();
        let (place, text) = left_out(&model, area).expect("a count");
        assert_eq!((text, area.intersection(place)), (format!(" +{}", all - shown), place));
        assert_eq!(left_out(&model, Rect::new(0, 2, 80, 20)), None);
    }

    #[test]
    fn every_key_that_may_follow_has_a_place_of_its_own() {
        let mut model = Model::new((80, 24), true, Vec::new());
        let space = Key::parse("Space").expect("a key");
        model.pending = Some(crate::ui::model::Pending { keys: vec![space], until: now() });
        let all = model.keymap.next(Place::Everywhere, &[space]).len();
        for (columns, rows) in [(120, 36), (80, 20), (40, 9), (300, 90)] {
            let area = Rect::new(0, 2, columns, rows);
            let cells = cells(&model, area);
            assert_eq!(cells.len(), all, "{columns} x {rows}");
            for cell in &cells {
                assert_eq!(area.intersection(cell.place), cell.place);
                assert_eq!(key_at(&model, area, cell.place.as_position()), Some(cell.key));
            }
        }
    }
}
