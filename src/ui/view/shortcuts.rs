//! The numbers at hand, where the settings want them shown: the key of each, its light, what it is called, what it does.

use super::Look;
use super::lights::sign;
use crate::control::ShortcutInfo;
use crate::text::say;
use crate::ui::keymap::Act;
use crate::ui::model::Model;
use crate::ui::theme::Role;
use ratatui::buffer::Buffer;
use ratatui::layout::{Margin, Position, Rect};
use ratatui::text::{Line, Span};

/// Columns from which two stand side by side, frame and all.
const TWO_ABREAST: u16 = 44;

/// Rows the panel wants at this width, its frame counted.
pub fn panel_height(model: &Model, width: u16) -> u16 {
    match shown(model).len() {
        0 => 0,
        count => count.div_ceil(abreast(width)) as u16 + 2,
    }
}

/// Draws the panel: as many as fit.
pub fn draw(model: &Model, look: Look, area: Rect, buf: &mut Buffer) {
    if area.is_empty() {
        return;
    }
    let key = model.keymap.key(Act::Verb("shortcut"), false);
    let title = key.map_or_else(|| say!("shortcuts-title"), |key| say!("shortcuts-title-key", key = key.to_string()));
    look.panel(buf, area, &title, false);
    for (shortcut, cell) in cells(model, area) {
        look.row(buf, cell, 0, Line::from(spans(look, shortcut)), Line::default());
    }
}

/// The number of the shortcut at a cell.
pub fn shortcut_at(model: &Model, area: Rect, at: Position) -> Option<u8> {
    cells(model, area).find(|(_, cell)| cell.contains(at)).map(|(shortcut, _)| shortcut.n)
}

/// Those that the settings want to be seen.
fn shown(model: &Model) -> &[ShortcutInfo] {
    if model.status.shortcuts_shown { &model.status.shortcuts } else { &[] }
}

/// Each with its place; down the first column, then down the second.
fn cells(model: &Model, area: Rect) -> impl Iterator<Item = (&ShortcutInfo, Rect)> {
    let inner = area.inner(Margin::new(1, 1));
    let columns = abreast(area.width) as u16;
    let (width, rows) = (inner.width / columns, inner.height);
    let places = (0..columns).flat_map(move |column| (0..rows).map(move |row| (column, row)));
    let place = move |(column, row): (u16, u16)| Rect::new(inner.x + column * width, inner.y + row, width, 1);
    shown(model).iter().zip(places.map(place))
}

fn abreast(width: u16) -> usize {
    if width >= TWO_ABREAST { 2 } else { 1 }
}

/// `1 ● Bob 102`, `2 Boss transfer 300`
fn spans(look: Look, shortcut: &ShortcutInfo) -> Vec<Span<'static>> {
    let mut spans = vec![look.span(Role::Key, format!(" {} ", shortcut.n))];
    if let Some(state) = shortcut.light {
        let (glyph, role) = sign(look, state);
        spans.push(look.span(role, format!("{glyph} ")));
    }
    spans.push(look.span(Role::Strong, shortcut.label.clone()));
    let number = Some(shortcut.number.as_str()).filter(|number| *number != shortcut.label);
    let rest: Vec<String> = [act(&shortcut.act), number.map(str::to_owned)].into_iter().flatten().collect();
    if !rest.is_empty() {
        spans.push(look.span(Role::Dim, format!(" {}", rest.join(" "))));
    }
    spans
}

/// What a press does that is no call, in a word or two.
fn act(act: &str) -> Option<String> {
    Some(match act {
        "call" | "video" => return None,
        "message" => say!("shortcuts-write"),
        "dtmf" => say!("shortcuts-keys"),
        "transfer" | "attendedTransfer" => say!("shortcuts-transfer"),
        "conference" => say!("shortcuts-conference"),
        "callOrBT" | "callOrAT" => say!("shortcuts-call-transfer"),
        "callOrConference" => say!("shortcuts-call-conference"),
        _ => say!("shortcuts-not-known"),
    })
}
