//! The message line: what was tried, on what, what next; or the question that waits for an answer.

use super::layout::Layout;
use super::{Look, past, words};
use crate::text::say;
use crate::ui::ladder;
use crate::ui::model::{Connection, Mode, Model, Pane, Weight};
use crate::ui::theme::Role;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

/// Draws it; where there is no line for it, an error takes the last one of the calls.
pub fn draw(model: &Model, look: Look, layout: &Layout, buf: &mut Buffer) {
    let room = if layout.message.is_empty() { 0 } else { layout.message.width };
    let Some(line) = line(model, look).or_else(|| tip(model, look, room)) else { return };
    let mut area = layout.message;
    if area.is_empty() && layout.calls.height > 0 {
        area = Rect { y: layout.calls.bottom() - 1, height: 1, ..layout.calls };
        buf.set_style(area, look.style(Role::Text));
        buf.set_string(area.x, area.y, " ".repeat(usize::from(area.width)), look.style(Role::Text));
    }
    look.row(buf, area, 0, line, Line::default());
}

/// A tip, where nothing goes on, nobody types and all of it has room.
fn tip(model: &Model, look: Look, room: u16) -> Option<Line<'static>> {
    let is_there = model.connection == Connection::Open;
    let is_idle =
        model.mode == Mode::Phone && model.calls.is_empty() && model.field.is_empty() && model.pending.is_none();
    let text = model.tips.filter(|_| is_there && is_idle)?.due(&model.keymap)?;
    let line = Line::from(look.span(Role::Dim, format!(" {text}")));
    (line.width() <= usize::from(room)).then_some(line)
}

/// The question of a transfer.
fn whom(model: &Model, call: &str, other: Option<&str>) -> String {
    let who = |id: &str| model.calls.iter().find(|row| row.info.id == id).map(|row| words::who(&row.info));
    let call = who(call).unwrap_or_default();
    match other.and_then(who).filter(|_| model.field.is_empty()) {
        Some(other) => say!("message-transfer-or", call, other),
        None => say!("message-transfer", call),
    }
}

/// A yes cannot be taken back.
fn ends_something(mode: &Mode) -> bool {
    let is_deleted = |pane: &Pane| matches!(pane, Pane::AskDelete | Pane::AskClear);
    match mode {
        Mode::AskHangup | Mode::AskQuit => true,
        Mode::Contacts(pane) | Mode::History(pane) => is_deleted(pane),
        _ => false,
    }
}

fn line(model: &Model, look: Look) -> Option<Line<'static>> {
    let who = || model.current().map(|row| words::who(&row.info)).unwrap_or_default();
    let question = match model.mode {
        Mode::AskHangup => Some(say!("message-hang-up", count = model.calls.len(), who = who())),
        Mode::AskQuit => Some(say!("message-quit")),
        Mode::Transfer { ref call, ref other } => Some(whom(model, call, other.as_deref())),
        Mode::Contacts(Pane::AskDelete) => {
            model.people.chosen().map(|contact| say!("message-delete", name = &contact.name, number = &contact.number))
        }
        Mode::History(Pane::AskDelete) => {
            model.past.chosen().map(|past| say!("message-forget", who = past::who(&past.call), when = &past.local))
        }
        Mode::History(Pane::AskClear) => Some(say!("message-forget-all")),
        Mode::Ladder(ladder::Pane::AskForm) => Some(say!("message-form")),
        Mode::Digits { .. } => Some(say!("message-digits", who = who())),
        Mode::Phone if model.incoming().is_none() => {
            model.status.asks.first().map(|ask| words::ask(ask).trim().to_owned())
        }
        _ => None,
    };
    if let Some(question) = question {
        let role = if ends_something(&model.mode) { Role::Alert } else { Role::Pressed };
        return Some(Line::from(look.span(role, format!(" {question} "))));
    }
    let message = model.message.as_ref()?;
    let mut spans = match message.weight {
        Weight::Note => vec![look.span(Role::Text, format!(" {}", message.text))],
        Weight::Error => {
            vec![
                look.span(Role::Bad, format!(" {} ", look.glyphs.failed)),
                look.span(Role::Strong, message.text.clone()),
            ]
        }
    };
    if let Some(hint) = &message.hint {
        spans.push(look.span(Role::Dim, format!(" {} {hint}", look.glyphs.dot)));
    }
    Some(Line::from(spans))
}
