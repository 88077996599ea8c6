//! Written conversations: the list of them, and one with a line to write in. Everything is in words.

use super::{Look, dial_field, list, words};
use crate::text::say;
use crate::ui::keymap::Act;
use crate::ui::model::{Mode, Model};
use crate::ui::theme::Role;
use crate::ui::threads::{Fate, Thread};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

/// Rows inside the frame from which a line stands above what is being written.
const ROOMY: u16 = 8;

/// Draws the list over the body of the screen.
pub fn draw_list(model: &Model, look: Look, area: Rect, buf: &mut Buffer) {
    let Mode::Threads { row: chosen } = model.mode else { return };
    let threads = model.threads.list();
    if area.height < 3 || area.width < 4 {
        return;
    }
    look.clear(buf, area);
    let inner = look.panel(buf, area, &say!("threads-title"), true);
    if threads.is_empty() {
        let key = model.keymap.key(Act::Messages, true).map(|key| key.to_string()).unwrap_or_default();
        let lines = [say!("threads-none"), say!("threads-how", key)].map(|text| format!(" {text}"));
        for (row, text) in (0..).zip(lines) {
            look.row(buf, inner, row, Line::from(look.span(Role::Dim, text)), Line::default());
        }
    }
    let room = usize::from(inner.height);
    let skip = (chosen + 1).saturating_sub(room);
    for (row, (at, thread)) in (0..).zip(threads.iter().enumerate().skip(skip).take(room)) {
        let mark = if at == chosen { look.glyphs.selected } else { " " };
        let left = [vec![look.span(Role::Key, mark)], summary(look, thread)].concat();
        look.row(buf, inner, row, Line::from(left), Line::default());
        if at == chosen {
            list::bar(look, buf, inner, row);
        }
    }
}

/// Draws a conversation over the body of the screen and gives where the cursor is.
pub fn draw(model: &Model, look: Look, area: Rect, buf: &mut Buffer) -> Option<Position> {
    let Mode::Thread { id, back } = model.mode else { return None };
    let thread = model.threads.get(id)?;
    if area.height < 2 || area.width < 4 {
        return None;
    }
    look.clear(buf, area);
    // Where there is little room, the frame makes way.
    let inner = if area.height >= 6 {
        let title = say!("threads-title-with", who = heading(thread));
        look.panel(buf, area, &look.clip(&title, area.width.saturating_sub(4)), true)
    } else {
        area
    };
    let writes = thread.writes_until.is_some_and(|until| until > look.now);
    // A line between what was said and what is being written, where there is room for one.
    let has_rule = inner.height >= ROOMY;
    let below = 1 + u16::from(has_rule);
    let said = Rect { height: inner.height.saturating_sub(below + u16::from(writes)), ..inner };
    let rows = rows(look, thread, usize::from(said.width.saturating_sub(2)));
    let back = back.min(rows.len().saturating_sub(usize::from(said.height)));
    let first = rows.len().saturating_sub(usize::from(said.height) + back);
    for (row, (role, text)) in (0..).zip(rows.into_iter().skip(first).take(usize::from(said.height))) {
        look.row(buf, said, row, Line::from(vec![Span::raw(" "), look.span(role, text)]), Line::default());
    }
    if writes {
        let text = look.span(Role::Pending, format!(" {}", say!("threads-writes", who = thread.name())));
        look.row(buf, inner, said.height, Line::from(text), Line::default());
    }
    let label = look.span(Role::Title, format!(" {} ", say!("threads-write")));
    let width = (label.width() as u16).min(inner.width);
    let y = inner.bottom() - 1;
    if has_rule {
        let rule = look.glyphs.border.horizontal_top.repeat(usize::from(inner.width));
        buf.set_span(inner.x, y - 1, &look.span(Role::Border, rule), inner.width);
    }
    buf.set_span(inner.x, y, &label, width);
    let line = Rect { x: inner.x + width, y, width: inner.width - width, height: 1 };
    dial_field::line(look, &thread.draft, line, buf)
}

fn summary(look: Look, thread: &Thread) -> Vec<Span<'static>> {
    let new = match thread.unread() {
        0 => None,
        new => {
            Some(look.span(Role::Pending, format!("{} {}  ", look.glyphs.message, say!("threads-new", count = new))))
        }
    };
    let last = thread.lines.last().map(|line| {
        let text = line.text.replace('\n', " / ");
        if line.fate == Fate::Theirs { text } else { say!("threads-you", text) }
    });
    let name = look.span(Role::Strong, format!("{}  ", heading(thread)));
    new.into_iter().chain([name]).chain(last.map(|last| look.span(Role::Dim, last))).collect()
}

fn heading(thread: &Thread) -> String {
    let (name, number) = (thread.name(), thread.number());
    if name == number { name } else { format!("{name} ({number})") }
}

/// What was said, cut to the width, and what became of it.
fn rows(look: Look, thread: &Thread, width: usize) -> Vec<(Role, String)> {
    let mut rows = Vec::new();
    for line in &thread.lines {
        let (fate, bad) = match &line.fate {
            Fate::Theirs => (String::new(), false),
            Fate::Sending => (say!("threads-sending"), false),
            Fate::Delivered => (say!("threads-delivered"), false),
            Fate::Taken => (say!("threads-on-its-way"), false),
            Fate::Refused(why) => (say!("threads-refused", why), true),
        };
        let mine = line.fate != Fate::Theirs;
        let role = if bad {
            Role::Bad
        } else if mine {
            Role::Dim
        } else {
            Role::Text
        };
        let fate = if fate.is_empty() { fate } else { format!(" ({fate})") };
        let said =
            if mine { say!("threads-you", text = &line.text) } else { format!("{}: {}", thread.name(), line.text) };
        let said = said + &fate;
        rows.extend(words::wrap(&said, width).into_iter().map(|row| (role, row)));
    }
    if rows.is_empty() {
        rows.push((Role::Dim, look.clip(&say!("threads-nothing"), width as u16)));
    }
    rows
}
