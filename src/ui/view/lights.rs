//! Who is watched and what they do: a panel where there is room; the switchboard shows them all.

use super::{Look, list, words};
use crate::control::{LightInfo, LightState};
use crate::text::say;
use crate::ui::keymap::Act;
use crate::ui::model::Model;
use crate::ui::theme::Role;
use ratatui::buffer::Buffer;
use ratatui::layout::{Margin, Position, Rect};
use ratatui::text::{Line, Span};

/// Most rows of the panel.
const PANEL_ROWS: usize = 6;

/// Rows the panel wants, its frame counted.
pub fn panel_height(model: &Model) -> u16 {
    match model.status.lights.len() {
        0 => 0,
        lights => lights.min(PANEL_ROWS) as u16 + 2,
    }
}

/// Draws the panel: as many as fit, and how many do not.
pub fn draw(model: &Model, look: Look, area: Rect, buf: &mut Buffer) {
    if area.is_empty() {
        return;
    }
    let inner = look.panel(buf, area, &say!("lights-title"), false);
    let lights = &model.status.lights;
    let shown = visible(lights.len(), inner.height);
    let names = list::column(lights.iter().take(shown).map(LightInfo::called), inner.width);
    for (row, light) in (0..).zip(lights.iter().take(shown)) {
        let left = [vec![Span::raw(" ")], line(look, light, names)].concat();
        look.row(buf, inner, row, Line::from(left), Line::default());
    }
    if shown < lights.len() {
        let count = lights.len() - shown;
        let more = match model.keymap.key(Act::Watched, false) {
            Some(key) => say!("lights-more-key", count, key = key.to_string()),
            None => say!("lights-more", count),
        };
        let more = look.span(Role::Dim, format!(" {more}"));
        look.row(buf, inner, shown as u16, Line::from(more), Line::default());
    }
}

/// The light of the panel at a cell.
pub fn light_at(model: &Model, area: Rect, at: Position) -> Option<usize> {
    let inner = area.inner(Margin::new(1, 1));
    let row = usize::from(at.y.checked_sub(inner.y)?);
    (area.contains(at) && row < visible(model.status.lights.len(), inner.height)).then_some(row)
}

/// How many of them get a row of their own.
fn visible(lights: usize, rows: u16) -> usize {
    let rows = usize::from(rows);
    if lights <= rows { lights } else { rows.saturating_sub(1) }
}

fn line(look: Look, light: &LightInfo, names: usize) -> Vec<Span<'static>> {
    let (glyph, role) = sign(look, light.state);
    let mut spans = vec![
        look.span(role, format!("{glyph} ")),
        look.span(Role::Strong, words::pad(light.called(), names) + "  "),
        look.span(role, words::light(light.state)),
    ];
    spans.extend(words::light_detail(light).map(|detail| look.span(Role::Dim, format!(" ({detail})"))));
    spans
}

/// The sign of a light, and what it means.
pub fn sign(look: Look, state: LightState) -> (&'static str, Role) {
    match state {
        LightState::Unknown => (look.glyphs.missing, Role::Dim),
        LightState::Offline => (look.glyphs.failed, Role::Dim),
        LightState::Idle => (look.glyphs.off, Role::Good),
        LightState::Ringing => (look.glyphs.incoming, Role::Incoming),
        LightState::Busy => (look.glyphs.registered, Role::Bad),
        LightState::Held => (look.glyphs.held, Role::Pending),
        LightState::Away => (look.glyphs.registering, Role::Pending),
    }
}
