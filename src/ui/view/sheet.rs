//! An answer that is more than a line.

use super::{Look, list};
use crate::text::say;
use crate::ui::model::Model;
use crate::ui::theme::Role;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

/// Draws it; only what is seen is made.
pub fn draw(model: &Model, look: Look, area: Rect, buf: &mut Buffer) {
    let sheet = &model.sheet;
    let room = usize::from(list::inside(area).height);
    let first = sheet.scroll.min(sheet.lines.len().saturating_sub(room));
    let title = match sheet.lines.len() {
        all if all > room => {
            say!("sheet-title", title = &sheet.title, first = first + 1, last = (first + room).min(all), all)
        }
        _ => sheet.title.clone(),
    };
    let Some(inner) = list::panel(look, buf, area, &title, true) else { return };
    for (y, line) in (0..inner.height).zip(sheet.lines.iter().skip(first)) {
        let (name, value) = line.split_once(": ").map_or((line.as_str(), ""), |(name, value)| (name, value));
        let colon = if value.is_empty() { "" } else { ": " };
        let left =
            Line::from(vec![look.span(Role::Dim, format!(" {name}{colon}")), look.span(Role::Text, value.to_owned())]);
        look.row(buf, inner, y, left, Line::default());
    }
}
