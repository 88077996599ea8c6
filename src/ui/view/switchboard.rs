//! The switchboard: a cell for each of those who are watched, a lamp in the colour of what they do and a word for it; below
//! them all that is known of the chosen one. Only cells that are seen are made.

use super::list;
use super::{Look, calls, words};
use crate::control::{CallState, LightInfo, LightState};
use crate::text::say;
use crate::ui::keymap::Act;
use crate::ui::model::{CallRow, Model};
use crate::ui::switchboard::is_on_the_phone;
use crate::ui::theme::Role;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Stylize;
use ratatui::text::{Line, Span};
use std::time::Duration;
use unicode_width::UnicodeWidthStr;

/// The least cells across that a light gets, on screens narrower than `NARROW` and on others.
const CELL: u16 = 22;
const CELL_NARROW: u16 = 18;
const NARROW: u16 = 60;
/// Rows inside the frame from which the chosen one is told of below the grid.
const TALL: u16 = 9;
/// Rows of that, the line above it counted.
const DETAIL: u16 = 3;

/// Where the cells are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Grid {
    area: Rect,
    /// Cells beside each other.
    pub columns: u16,
    /// Rows of each: one, or where all have room two of text, and a blank one below.
    height: u16,
}

impl Grid {
    /// In the body of the screen.
    pub fn of(model: &Model, body: Rect) -> Grid {
        let inner = list::inside(body);
        let above = u16::from(is_searched(model)) + u16::from(talk(model).is_some());
        let below = if inner.height >= TALL { DETAIL } else { 0 };
        let area =
            Rect { y: inner.y + above.min(inner.height), height: inner.height.saturating_sub(above + below), ..inner };
        let least = if area.width < NARROW { CELL_NARROW } else { CELL };
        let columns = (area.width / least).max(1);
        let lines = model.switchboard.found().div_ceil(usize::from(columns));
        let fits = |rows: &u16| usize::from(*rows) * lines <= usize::from(area.height);
        let height = [3, 2].into_iter().find(fits).unwrap_or(1);
        Grid { area, columns, height }
    }

    /// Lines of cells that are seen at once.
    pub fn lines(&self) -> usize {
        usize::from(self.area.height / self.height.max(1))
    }

    /// The first line of cells that is seen.
    fn first(&self, model: &Model) -> usize {
        let columns = usize::from(self.columns);
        let lines = model.switchboard.found().div_ceil(columns);
        list::first(model.switchboard.row() / columns, lines, self.lines())
    }

    /// The place of a cell of those seen.
    fn cell(&self, at: usize) -> Rect {
        let (column, line) = (at as u16 % self.columns, at as u16 / self.columns);
        let width = self.area.width / self.columns;
        Rect {
            x: self.area.x + column * width,
            y: self.area.y + line * self.height,
            width: width.saturating_sub(u16::from(self.columns > 1)),
            height: self.height,
        }
    }
}

/// Which of those found is drawn at a cell of the screen.
pub fn cell_at(model: &Model, body: Rect, at: Position) -> Option<usize> {
    let grid = Grid::of(model, body);
    let seen = (grid.lines() * usize::from(grid.columns)).min(model.switchboard.found());
    let first = grid.first(model) * usize::from(grid.columns);
    (0..seen)
        .find(|cell| grid.cell(*cell).contains(at))
        .map(|cell| first + cell)
        .filter(|at| *at < model.switchboard.found())
}

/// Draws it over the body of the screen; gives where the cursor is.
pub fn draw(model: &Model, look: Look, body: Rect, buf: &mut Buffer) -> Option<Position> {
    let board = &model.switchboard;
    let lights = &model.status.lights;
    let mut inner = list::panel(look, buf, body, &title(model), true)?;
    let grid = Grid::of(model, body);
    let mut cursor = None;
    if is_searched(model) {
        cursor = list::search(look, buf, inner, &board.search).filter(|_| board.searching);
        inner = below(inner);
    }
    if let Some(call) = talk(model) {
        let ((glyph, role), state) = (calls::sign(look, call.info.state), words::call_state(&call.info));
        let since = words::clock(look.now.saturating_duration_since(call.since));
        let more = match model.calls.len() - 1 {
            0 => String::new(),
            count => format!(" {}", say!("switchboard-more", count)),
        };
        let left = vec![
            look.span(role, format!(" {glyph} {state} ")),
            look.span(Role::Strong, words::who(&call.info)),
            look.span(Role::Dim, more),
        ];
        look.row(buf, inner, 0, Line::from(left), Line::from(look.span(role, format!("{since} "))));
    }
    if board.found() == 0 {
        list::instead(look, buf, grid.area, &nobody(model));
        return cursor;
    }
    let seen = grid.lines() * usize::from(grid.columns);
    let first = grid.first(model) * usize::from(grid.columns);
    for (cell, place) in board.found_from(first).take(seen).enumerate() {
        if let Some(light) = lights.get(place) {
            let lasts = board.lasts(place, look.now).filter(|_| is_on_the_phone(light.state));
            draw_cell(look, light, lasts, first + cell == board.row(), grid.cell(cell), buf);
        }
    }
    let rest = grid.area.bottom();
    let detail = Rect { y: rest, height: inner.bottom().saturating_sub(rest), ..inner };
    match board.place().and_then(|place| Some((lights.get(place)?, board.lasts(place, look.now)))) {
        Some((light, lasts)) if detail.height == DETAIL => draw_detail(model, look, light, lasts, detail, buf),
        _ => {}
    }
    if grid.height == 1 && detail.height == DETAIL {
        let legend = legend(look);
        let width = (legend.width() as u16).min(inner.width);
        buf.set_line(inner.right() - width, rest, &legend, width);
    }
    cursor
}

/// For how long, in whole minutes; nothing for the first one.
fn minutes(time: Option<Duration>) -> Option<String> {
    let minutes = time?.as_secs() / 60;
    match (minutes / 60, minutes % 60) {
        (0, 0) => None,
        (0, minutes) => Some(say!("switchboard-minutes", count = minutes)),
        (hours, minutes) => Some(say!("switchboard-hours", time = format!("{hours}:{minutes:02}"))),
    }
}

/// The call that is told of above the cells: one that comes in has its banner.
fn talk(model: &Model) -> Option<&CallRow> {
    model.current().filter(|row| row.info.state != CallState::Incoming)
}

fn is_searched(model: &Model) -> bool {
    model.switchboard.searching || !model.switchboard.search.is_empty()
}

fn below(area: Rect) -> Rect {
    Rect { y: area.y + area.height.min(1), height: area.height.saturating_sub(1), ..area }
}

/// How many there are, and how many of them are called, talk or have their call on hold.
fn title(model: &Model) -> String {
    let lights = &model.status.lights;
    let count = |state: LightState| lights.iter().filter(|light| light.state == state).count();
    let all = match (lights.len(), model.switchboard.found()) {
        (0, _) => return say!("switchboard-title"),
        (all, found) if all == found => say!("switchboard-title-count", count = all),
        (all, found) => say!("switchboard-title-found", found, count = all),
    };
    let ringing = Some(count(LightState::Ringing)).filter(|count| *count > 0);
    let talking = Some(count(LightState::Busy)).filter(|count| *count > 0);
    let ringing = ringing.map(|count| say!("switchboard-ringing", count));
    let talking = talking.map(|count| say!("switchboard-talking", count));
    let held = Some(count(LightState::Held)).filter(|count| *count > 0);
    let held = held.map(|count| say!("switchboard-held", count));
    [Some(all), ringing, talking, held].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// Why there is no cell.
fn nobody(model: &Model) -> Vec<String> {
    if !model.status.lights.is_empty() {
        return vec![say!("switchboard-none-found")];
    }
    let key = |act| model.keymap.key(act, true).or_else(|| model.keymap.key(act, false));
    let key = |act| key(act).map(|key| key.to_string()).unwrap_or_default();
    vec![
        say!("switchboard-nobody"),
        String::new(),
        say!("switchboard-contacts", contacts = key(Act::Verb("contacts")), edit = key(Act::Edit)),
        say!("switchboard-watch", example = "tuiphone config set tuiphone.watch='102 103'"),
    ]
}

fn draw_cell(look: Look, light: &LightInfo, lasts: Option<Duration>, chosen: bool, area: Rect, buf: &mut Buffer) {
    let (glyph, role) = super::lights::sign(look, light.state);
    let plain = |own: Role| if chosen { Role::Selected } else { own };
    // The lamp stays in its colour when the cell is chosen.
    let lamp = || look.span(if role == Role::Incoming { Role::Pending } else { role }, look.glyphs.selected);
    if chosen {
        let rest = Rect { x: area.x + 1, width: area.width.saturating_sub(1), height: area.height.min(2), ..area };
        buf.set_style(rest, look.style(Role::Selected));
    }
    let room = area.width.saturating_sub(2);
    let number = Some(light.target.as_str()).filter(|target| *target != light.called());
    let compact = area.height < 2;
    let room = if compact { room.saturating_sub(2) } else { room };
    let name_width = light.called().width() as u16;
    let number = number.filter(|number| name_width + number.width() as u16 + 2 <= room);
    let mut first = vec![lamp()];
    if compact {
        first.push(look.span(role, letter(light.state)));
    }
    first.push(look.span(plain(Role::Text), " "));
    first.push(look.span(plain(Role::Strong), look.clip(light.called(), room)).bold());
    let right = number.map(|number| look.span(plain(Role::Dim), number));
    look.row(buf, area, 0, Line::from(first), Line::from(right.into_iter().collect::<Vec<Span>>()));
    if compact {
        return;
    }
    let word = word(light.state);
    let right = minutes(lasts).filter(|right| word.width() + right.width() + 4 <= usize::from(room));
    let left = room.saturating_sub((word.width() + 2 + right.as_ref().map_or(0, |right| right.width() + 1)) as u16);
    let mut second = vec![lamp(), look.span(plain(Role::Text), " "), look.span(plain(role), format!("{glyph} {word}"))];
    if let Some(detail) = words::light_detail(light).filter(|_| left > 6) {
        second.push(look.span(plain(Role::Dim), format!(" {}", look.clip(&detail, left.saturating_sub(2)))));
    }
    let right = right.map(|right| look.span(plain(Role::Dim), right));
    look.row(buf, area, 1, Line::from(second), Line::from(right.into_iter().collect::<Vec<Span>>()));
}

/// All that is known of the chosen one, below a line.
fn draw_detail(model: &Model, look: Look, light: &LightInfo, lasts: Option<Duration>, area: Rect, buf: &mut Buffer) {
    let line = look.glyphs.border.horizontal_top.repeat(usize::from(area.width));
    look.row(buf, area, 0, Line::from(look.span(Role::Border, line)), Line::default());
    if let Some(call) = talk(model).filter(|_| model.switchboard.asking) {
        let whom = vec![look.span(
            Role::Pending,
            format!(" {}", say!("switchboard-to", who = words::who(&call.info), whom = light.called())),
        )];
        return look.row(buf, area, 1, Line::from(whom), Line::default());
    }
    let (glyph, role) = super::lights::sign(look, light.state);
    let mut does = format!("{glyph} {}", word(light.state));
    if let Some(detail) = words::light_detail(light) {
        does = match light.state == LightState::Busy && light.remote.is_some() {
            true => format!("{glyph} {}", say!("switchboard-talks-with", who = detail)),
            false => format!("{does}: {detail}"),
        };
    }
    if let Some(remote) = light.remote.as_ref().filter(|remote| remote.name.is_some() && !remote.user.is_empty()) {
        does = format!("{does} ({})", remote.user);
    }
    if let Some(minutes) = minutes(lasts) {
        does = say!("switchboard-for", does, time = minutes);
    }
    let left = vec![look.span(Role::Strong, format!(" {}  ", light.called())), look.span(role, does)];
    look.row(buf, area, 1, Line::from(left), Line::default());
    let account = match model.status.accounts.len() {
        ..=1 => String::new(),
        _ => format!("  {}", say!("words-via", name = &light.account)),
    };
    let left = look.span(Role::Dim, format!(" {}  {}{account}", light.target, light.uri));
    look.row(buf, area, 2, Line::from(left), Line::from(look.span(Role::Dim, format!("{} ", light.package))));
}

/// What a light shows, in a word that fits a cell.
fn word(state: LightState) -> String {
    if state == LightState::Busy { say!("words-talking") } else { words::light(state) }
}

/// The same in a letter: where there is room for no more.
fn letter(state: LightState) -> String {
    match state {
        LightState::Unknown => say!("switchboard-letter-unknown"),
        LightState::Offline => say!("switchboard-letter-offline"),
        LightState::Idle => say!("switchboard-letter-free"),
        LightState::Ringing => say!("switchboard-letter-ringing"),
        LightState::Busy => say!("switchboard-letter-talking"),
        LightState::Held => say!("switchboard-letter-held"),
        LightState::Away => say!("switchboard-letter-away"),
    }
}

/// The letters and their words, in a line.
fn legend(look: Look) -> Line<'static> {
    use LightState::{Away, Busy, Held, Idle, Offline, Ringing, Unknown};
    let one = |state| {
        let (_, role) = super::lights::sign(look, state);
        [look.span(role, letter(state)), look.span(Role::Dim, format!(" {}  ", word(state)))]
    };
    Line::from([Idle, Ringing, Busy, Held, Away, Offline, Unknown].map(one).into_iter().flatten().collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minutes_are_told_once_there_is_one() {
        for (seconds, expected) in
            [(0, None), (59, None), (60, Some("1 min")), (3_599, Some("59 min")), (3_900, Some("1:05 h"))]
        {
            assert_eq!(minutes(Some(Duration::from_secs(seconds))).as_deref(), expected, "{seconds}");
        }
        assert_eq!(minutes(None), None);
    }
}
