//! The dial pad.

use super::layout::Layout;
use super::{Look, offers};
use crate::text::say;
use crate::ui::model::{Mode, Model};
use crate::ui::theme::Role;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Widget};

/// Draws the panel's frame and the keys.
pub fn draw(model: &Model, look: Look, layout: &Layout, buf: &mut Buffer) {
    if layout.dial.is_empty() {
        return;
    }
    let title = if let Mode::Transfer { .. } = model.mode {
        say!("dial-pad-transfer-to")
    } else if let Mode::Digits { .. } = model.mode {
        say!("dial-pad-send-digits")
    } else if model.digit_call().is_some() && !model.field.focused {
        say!("dial-pad-tones")
    } else {
        say!("dial-pad-dial")
    };
    look.panel(buf, layout.dial, &title, model.field.focused);
    let line = Rect { y: layout.field.y + 1, ..layout.field };
    let rule = look.glyphs.meter_off.repeat(usize::from(line.width));
    buf.set_string(line.x, line.y, rule, look.style(Role::Border));
    if !offers::area(model, layout).is_empty() {
        return;
    }
    for (digit, letters, key) in layout.pad_keys() {
        let pressed = model.pressed.is_some_and(|(c, until)| c == digit && look.now < until);
        let role = if pressed { Role::Pressed } else { Role::Strong };
        match layout.pad_rows {
            1 => {
                let line = Line::from(vec![look.span(role, format!(" {digit} ")), look.span(Role::Dim, letters)]);
                buf.set_line(key.x + 1, key.y, &line, key.width.saturating_sub(1));
            }
            2 => {
                centred(buf, key, 0, look.span(role, format!(" {digit} ")));
                centred(buf, key, 1, look.span(Role::Dim, letters));
            }
            _ => {
                let border = if pressed { Role::BorderFocus } else { Role::Border };
                Block::bordered().border_set(look.glyphs.border).border_style(look.style(border)).render(key, buf);
                let digit = look.span(role, format!(" {digit} "));
                let line = Line::from(vec![digit, look.span(Role::Dim, format!("{letters:<4}"))]);
                let margin = (key.width.saturating_sub(line.width() as u16) / 2).max(1);
                buf.set_line(key.x + margin, key.y + 1, &line, key.width.saturating_sub(margin + 1));
            }
        }
    }
}

fn centred(buf: &mut Buffer, area: Rect, row: u16, span: Span) {
    let margin = area.width.saturating_sub(span.width() as u16) / 2;
    buf.set_span(area.x + margin, area.y + row, &span, area.width);
}
