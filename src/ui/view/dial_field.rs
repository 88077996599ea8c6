//! The line one types into, or the digits sent in a call.

use super::Look;
use super::layout::Layout;
use crate::text::say;
use crate::ui::editor::Editor;
use crate::ui::model::{Mode, Model};
use crate::ui::theme::Role;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Draws it; gives where the cursor is, if it is here.
pub fn draw(model: &Model, look: Look, layout: &Layout, buf: &mut Buffer) -> Option<Position> {
    let mut area = layout.field;
    if area.is_empty() {
        return None;
    }
    if !layout.framed {
        let label = if let Mode::Transfer { .. } = model.mode {
            say!("dial-field-to")
        } else if let Mode::Digits { .. } = model.mode {
            say!("dial-field-send")
        } else if model.digit_call().is_some() && !model.field.focused {
            say!("dial-field-tones")
        } else {
            say!("dial-field-dial")
        };
        let label = format!(" {label} ");
        let width = (label.width() as u16).min(area.width);
        buf.set_span(area.x, area.y, &look.span(Role::Title, label), width);
        area = Rect { x: area.x + width, width: area.width - width, ..area };
    }
    let field = &model.field;
    if field.is_empty() && !field.focused {
        let (role, text) = match model.digit_call() {
            Some(_) if model.digits_sent.is_empty() => (Role::Dim, say!("dial-field-keys-send-tones")),
            Some(_) => (Role::Strong, tail(&model.digits_sent, usize::from(area.width))),
            None => (Role::Dim, say!("dial-field-type-a-number")),
        };
        buf.set_line(area.x, area.y, &Line::from(look.span(role, look.clip(&text, area.width))), area.width);
        return None;
    }
    line(look, field.line(), area, buf)
}

/// Draws a line being typed and gives where its cursor is: the text slides so that the cursor, one cell after what is
/// before it, stays in sight.
pub fn line(look: Look, line: &Editor, area: Rect, buf: &mut Buffer) -> Option<Position> {
    let room = usize::from(area.width).checked_sub(1).filter(|_| area.height > 0)?;
    let before = tail(&line.before_cursor(), room);
    let column = before.width() as u16;
    let text = Span::styled(before + &line.after_cursor(), look.style(Role::Strong));
    buf.set_span(area.x, area.y, &text, area.width);
    Some(Position::new(area.x + column, area.y))
}

/// The end of a text that fits `width` cells.
fn tail(text: &str, width: usize) -> String {
    let mut used = 0;
    let kept = text.chars().rev().take_while(|c| {
        used += c.width().unwrap_or(0);
        used <= width
    });
    let mut kept: Vec<char> = kept.collect();
    kept.reverse();
    kept.into_iter().collect()
}
