//! The themes to choose from, at the side: the rest of the screen shows the one that is tried.

use super::{Look, list};
use crate::text::say;
use crate::ui::model::Model;
use crate::ui::theme::{Role, Theme};
use crate::ui::themes::Choice;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

/// The widest it is.
const WIDE: u16 = 36;
/// Columns from which the colours of each one have room.
const COLOURS: u16 = 24;

/// Draws them.
pub fn draw(model: &Model, look: Look, body: Rect, buf: &mut Buffer) {
    let themes = &model.themes;
    let Some(inner) = list::panel(look, buf, place(model, body), &say!("themes-title"), true) else { return };
    if themes.list().is_empty() {
        look.row(
            buf,
            inner,
            0,
            Line::from(look.span(Role::Dim, format!(" {}", say!("themes-reading")))),
            Line::default(),
        );
    }
    let rows = rows(model, inner);
    let first = list::first(themes.row(), themes.list().len(), usize::from(rows));
    for (y, (at, one)) in (0..rows).zip(themes.list().iter().enumerate().skip(first)) {
        choice(model, look, at, one, inner, y, buf);
    }
    if let Some(why) = trouble(model).filter(|_| rows < inner.height) {
        let why = look.clip(&format!(" {why}"), inner.width);
        look.row(buf, inner, rows, Line::from(look.span(Role::Bad, why)), Line::default());
    }
}

/// Which one is drawn at a cell of the screen.
pub fn row_at(model: &Model, body: Rect, at: Position) -> Option<usize> {
    let inner = list::inside(place(model, body));
    let rows = rows(model, inner);
    let all = model.themes.list().len();
    let row = at.y.checked_sub(inner.y).filter(|row| inner.contains(at) && *row < rows)?;
    Some(list::first(model.themes.row(), all, usize::from(rows)) + usize::from(row)).filter(|row| *row < all)
}

/// At the right, no taller than it needs.
fn place(model: &Model, body: Rect) -> Rect {
    let width = body.width.min(WIDE);
    let wanted = model.themes.list().len().max(1) + usize::from(trouble(model).is_some()) + 2;
    let height = u16::try_from(wanted).unwrap_or(u16::MAX).min(body.height);
    Rect { x: body.right() - width, width, height, ..body }
}

/// Rows for names: what is wrong with the one that is tried has the last line.
fn rows(model: &Model, inner: Rect) -> u16 {
    inner.height - u16::from(trouble(model).is_some() && inner.height > 2)
}

fn trouble(model: &Model) -> Option<&str> {
    model.themes.tried().and_then(|one| one.trouble.as_deref())
}

/// Its name, whose it is, and its colours.
fn choice(model: &Model, look: Look, at: usize, one: &Choice, area: Rect, y: u16, buf: &mut Buffer) {
    let chosen = at == model.themes.row();
    let sign = if model.themes.is_worn(at) { look.glyphs.registered } else { look.glyphs.off };
    let role = if chosen { Role::Strong } else { Role::Text };
    let left = vec![
        list::mark(look, chosen),
        look.span(if model.themes.is_worn(at) { Role::Good } else { Role::Dim }, format!(" {sign} ")),
        look.span(role, one.name.clone()),
    ];
    let colours = colours(look, &one.theme);
    let width = if area.width >= COLOURS { colours.width() as u16 } else { 0 };
    let (words, signs) = (Rect { width: area.width - width, ..area }, area.right() - width);
    let whose = if one.is_own { say!("themes-yours") + " " } else { String::new() };
    look.row(buf, words, y, Line::from(left), Line::from(look.span(Role::Dim, whose)));
    if chosen {
        list::bar(look, buf, words, y);
    }
    buf.set_line(signs, area.y + y, &colours, width);
}

/// Signs in the colours of a theme.
fn colours(look: Look, theme: &Theme) -> Line<'static> {
    let sign =
        |(role, sign): (Role, &str)| Span::styled(format!(" {sign}"), theme.style(Role::Text).patch(theme.style(role)));
    let glyphs = look.glyphs;
    let signs = [
        (Role::Good, glyphs.registered),
        (Role::Pending, glyphs.registering),
        (Role::Bad, glyphs.failed),
        (Role::Key, glyphs.message),
        (Role::Text, ""),
    ];
    Line::from(signs.map(sign).to_vec())
}
