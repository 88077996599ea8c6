//! `view`: draws the model, a file per thing on screen. Reads everything, changes nothing.

mod accounts;
pub mod bidi;
mod calls;
mod card;
mod detail;
mod devices;
mod dial_field;
mod dial_pad;
mod footer;
mod header;
pub(super) mod help;
pub mod hit;
mod incoming;
pub(super) mod ladder;
pub mod layout;
mod lights;
mod list;
mod log;
mod message;
mod meters;
mod offers;
mod palette;
mod past;
mod people;
pub(super) mod quality;
mod registrations;
mod settings;
pub mod setup;
mod sheet;
mod shortcuts;
pub(super) mod switchboard;
mod themes;
mod threads;
pub mod title;
mod underline;
mod which_key;
pub mod wide;
pub mod words;

use super::glyphs::Glyphs;
use super::model::{Mode, Model};
use super::theme::{Role, Theme};
use layout::Layout;
use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Style, Stylize};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear, Widget};
use std::time::Instant;
use unicode_width::UnicodeWidthStr;

/// The most cells that lie behind the first one of a character.
const MOST_CELLS: usize = 4;

/// What every panel is drawn with.
#[derive(Clone, Copy)]
pub(super) struct Look<'a> {
    theme: &'a Theme,
    glyphs: &'a Glyphs,
    now: Instant,
}

impl Look<'_> {
    fn style(&self, role: Role) -> Style {
        self.theme.style(role)
    }

    fn span<'s>(&self, role: Role, text: impl Into<String>) -> Span<'s> {
        Span::styled(text.into(), self.theme.style(role))
    }

    fn clip(&self, text: &str, width: u16) -> String {
        words::clip(text, usize::from(width), self.glyphs.ellipsis)
    }

    /// Empties a place for what lies over the rest.
    fn clear(&self, buf: &mut Buffer, area: Rect) {
        for y in area.top()..area.bottom() {
            make_way(buf, buf.area.x, area.x, y);
        }
        Clear.render(area, buf);
        buf.set_style(area, self.style(Role::Text));
    }

    /// Draws a panel's frame and gives what is inside.
    fn panel(&self, buf: &mut Buffer, area: Rect, title: &str, focus: bool) -> Rect {
        // The border's look would show through.
        self.panel_of(buf, area, Line::from(self.span(Role::Title, format!(" {title} ")).not_dim()), focus)
    }

    /// The same where not all of the title is equally weighty.
    fn panel_of(&self, buf: &mut Buffer, area: Rect, title: Line<'_>, focus: bool) -> Rect {
        let border = if focus { Role::BorderFocus } else { Role::Border };
        let block = Block::bordered().border_set(self.glyphs.border).border_style(self.style(border)).title(title);
        let inner = block.inner(area);
        block.render(area, buf);
        inner
    }

    /// Draws `left` and, at the right end of the same row, `right`, which wins if both do not fit.
    fn row(&self, buf: &mut Buffer, area: Rect, row: u16, left: Line<'_>, right: Line<'_>) {
        if row >= area.height {
            return;
        }
        let y = area.y + row;
        let right_width = (right.width() as u16).min(area.width);
        let left_width = area.width.saturating_sub(right_width).saturating_sub(u16::from(right_width > 0));
        buf.set_line(area.x, y, &left, left_width);
        if left.width() > usize::from(left_width) && left_width > 0 {
            let end = area.x + left_width - 1;
            make_way(buf, area.x, end, y);
            buf.set_string(end, y, self.glyphs.ellipsis, self.style(Role::Dim));
        }
        buf.set_line(area.x + area.width - right_width, y, &right, right_width);
    }
}

/// A wide character before `x` that reaches into it goes as a whole: a terminal would leave out what is drawn there.
/// `from` is where its row begins.
fn make_way(buf: &mut Buffer, from: u16, x: u16, y: u16) {
    let mut before = (from..x).rev().take(MOST_CELLS);
    let reaches =
        |column: &u16| buf.cell((*column, y)).is_some_and(|cell| cell.symbol().width() > usize::from(x - column));
    if let Some(cell) = before.find(reaches).and_then(|column| buf.cell_mut((column, y))) {
        cell.set_symbol(" ");
    }
}

/// Draws the whole screen.
pub fn view(model: &Model, theme: &Theme, glyphs: &Glyphs, now: Instant, frame: &mut Frame) {
    let area = frame.area();
    let layout = Layout::of(model, area);
    // One that is tried is seen on the whole screen.
    let tried = model.themes.tried().filter(|_| model.mode == Mode::Themes);
    let theme = tried.map_or(theme, |one| &one.theme);
    let look = Look { theme, glyphs, now };
    let buf = frame.buffer_mut();
    buf.set_style(area, look.style(Role::Text));
    header::draw(model, look, layout.header, buf);
    incoming::draw(model, look, layout.banner, buf);
    accounts::draw(model, look, layout.accounts, buf);
    dial_pad::draw(model, look, &layout, buf);
    let cursor = dial_field::draw(model, look, &layout, buf);
    card::draw(model, look, layout.card, buf);
    calls::draw(model, look, &layout, buf);
    detail::draw(model, look, layout.detail, buf);
    shortcuts::draw(model, look, layout.shortcuts, buf);
    lights::draw(model, look, layout.lights, buf);
    meters::draw(model, look, layout.sound, layout.framed, buf);
    message::draw(model, look, &layout, buf);
    footer::draw(model, look, layout.footer, buf);
    offers::draw(model, look, &layout, buf);
    let over = layout.overlay;
    let cursor = match &model.mode {
        Mode::Help { search, row } => {
            help::draw(model, look, search, *row, over, buf);
            None
        }
        Mode::Switchboard => switchboard::draw(model, look, over, buf),
        Mode::Accounts => {
            registrations::draw(model, look, over, buf);
            None
        }
        Mode::Settings => settings::draw(model, look, over, buf),
        Mode::Devices => {
            devices::draw(model, look, over, buf);
            None
        }
        Mode::Themes => {
            themes::draw(model, look, over, buf);
            None
        }
        Mode::Threads { .. } => {
            threads::draw_list(model, look, over, buf);
            None
        }
        Mode::Thread { .. } => threads::draw(model, look, over, buf),
        Mode::Ladder(pane) => ladder::draw(model, look, *pane, over, buf),
        Mode::Quality => {
            quality::draw(model, look, over, buf);
            None
        }
        Mode::Log => log::draw(model, look, over, buf),
        Mode::Palette => palette::draw(model, look, over, buf),
        Mode::Sheet => {
            sheet::draw(model, look, over, buf);
            None
        }
        Mode::Contacts(pane) => people::draw(model, look, *pane, over, buf),
        Mode::History(pane) => past::draw(model, look, *pane, over, buf),
        Mode::Phone | Mode::AskHangup | Mode::AskQuit | Mode::Transfer { .. } | Mode::Digits { .. } => cursor,
    };
    which_key::draw(model, look, over, buf);
    underline::of_words_only(buf);
    if let Some(position) = cursor {
        frame.set_cursor_position(position);
    }
}
