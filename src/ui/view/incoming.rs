//! The banner of a ringing call: who, on which account, and the keys that answer it. Nothing covers it.

use super::{Look, words};
use crate::text::say;
use crate::ui::keymap::Act;
use crate::ui::model::Model;
use crate::ui::theme::Role;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Modifier;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Widget};
use unicode_width::UnicodeWidthStr;

/// The verbs of the two buttons, left to right.
const BUTTONS: [&str; 2] = ["answer", "reject"];

/// Draws the banner, framed if there is room.
pub fn draw(model: &Model, look: Look, area: Rect, buf: &mut Buffer) {
    let Some(call) = model.incoming().filter(|_| !area.is_empty()) else { return };
    let style = look.style(Role::Incoming);
    let inner = inside(area);
    if inner != area {
        let title = look.span(Role::Incoming, format!(" {} ", say!("incoming-title")));
        // A frame that is reversed would be a wall.
        let frame = style.not_reversed();
        let block = Block::bordered().border_set(look.glyphs.alarm).border_style(frame).title(Line::from(title));
        block.render(area, buf);
    }
    let name = words::who(&call.info);
    let number = words::number(&call.info);
    let timer = Line::from(
        look.span(Role::Incoming, format!("{} ", words::clock(look.now.saturating_duration_since(call.since)))),
    );
    let mut first = vec![Span::raw(" ")];
    if inner == area {
        first.push(Span::styled(format!("{} {} ", look.glyphs.incoming, say!("incoming-call")), style));
    }
    first.push(Span::styled(name.clone(), style));
    if number != name {
        first.push(look.span(Role::Text, format!("  {number}")));
    }
    look.row(buf, inner, 0, Line::from(first), timer);
    if inner.height > 2 {
        let text = look.clip(
            &format!(
                "{}{} {} {}",
                words::via(&call.info).map(|via| format!("{via} {} ", look.glyphs.dot)).unwrap_or_default(),
                call.info.remote.uri,
                look.glyphs.outgoing,
                call.info.account
            ),
            inner.width.saturating_sub(2),
        );
        look.row(buf, inner, 1, Line::from(look.span(Role::Dim, format!(" {text}"))), Line::default());
    }
    for ((button, place), role) in buttons(model, inner).into_iter().zip([Role::Good, Role::Bad]) {
        let style = look.style(role).add_modifier(Modifier::REVERSED | Modifier::BOLD);
        buf.set_span(place.x, place.y, &Span::styled(button, style), place.width);
    }
}

/// What a click does.
pub fn act_at(model: &Model, area: Rect, at: Position) -> Option<Act> {
    let places = buttons(model, inside(area));
    places.iter().zip(BUTTONS).find(|((_, place), _)| place.contains(at)).map(|(_, verb)| Act::Verb(verb))
}

fn inside(area: Rect) -> Rect {
    if area.height < 5 {
        area
    } else {
        Rect { x: area.x + 1, y: area.y + 1, width: area.width - 2, height: area.height - 2 }
    }
}

fn buttons(model: &Model, inner: Rect) -> Vec<(String, Rect)> {
    if inner.height < 2 {
        return Vec::new();
    }
    let mut x = inner.x + 1;
    let mut places = Vec::new();
    for (verb, label) in BUTTONS.into_iter().zip([say!("incoming-answer"), say!("incoming-reject")]) {
        let key = model.keymap.key(Act::Verb(verb), model.is_typing()).map(|key| key.to_string()).unwrap_or_default();
        let text = format!("  {key} {label}  ");
        let width = (text.width() as u16).min(inner.right().saturating_sub(x));
        places.push((text, Rect::new(x, inner.bottom() - 1, width, 1)));
        x = x.saturating_add(width + 2);
    }
    places
}
