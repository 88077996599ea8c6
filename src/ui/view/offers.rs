//! Numbers offered for what is typed: below the field where there is a dial pad, else above it.

use super::layout::Layout;
use super::{Look, list, people};
use crate::text::say;
use crate::ui::model::{Mode, Model};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

/// Where they are; nothing if none are offered.
pub fn area(model: &Model, layout: &Layout) -> Rect {
    let asks = matches!(model.mode, Mode::Phone | Mode::Transfer { .. });
    let offered = model.matches.list().len() as u16;
    if !asks || offered == 0 || model.field.is_empty() {
        return Rect::default();
    }
    if layout.framed {
        return Rect { height: offered.min(layout.pad.height), ..layout.pad };
    }
    // A row of the calls stays.
    let rows = offered.min(layout.calls.height.saturating_sub(1));
    Rect { y: layout.calls.bottom() - rows, height: rows, ..layout.calls }
}

/// Draws them.
pub fn draw(model: &Model, look: Look, layout: &Layout, buf: &mut Buffer) {
    let area = area(model, layout);
    look.clear(buf, area);
    for (row, (at, offered)) in (0..area.height).zip(model.matches.list().iter().enumerate()) {
        let chosen = model.matches.chosen() == Some(at);
        let name = if offered.name.trim().is_empty() { say!("offers-earlier") } else { offered.name.clone() };
        let (left, right) = people::offered(look, &name, &offered.number, chosen, area.width);
        look.row(buf, area, row, left, right);
        if chosen {
            list::bar(look, buf, area, row);
        }
    }
}

/// The one at a cell.
pub fn offer_at(model: &Model, layout: &Layout, at: Position) -> Option<usize> {
    let area = area(model, layout);
    area.contains(at).then(|| usize::from(at.y - area.y))
}
