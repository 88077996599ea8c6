//! The list of keys and verbs, made from the keymap and the verb table, searchable.

use super::{Look, list};
use crate::control::verb::VERBS;
use crate::text::{say, words};
use crate::ui::enabled::lacks;
use crate::ui::keymap::{Act, Binding, Place};
use crate::ui::model::{Mode, Model};
use crate::ui::theme::Role;
use ratatui::buffer::Buffer;
use ratatui::layout::{Margin, Rect};
use ratatui::text::{Line, Span};
use std::borrow::Cow;

/// Rows inside the frame from which there is room for headings.
const HEADINGS: u16 = 8;

/// A line of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Where it counts, for the heading of those it stands with.
    pub place: Cow<'static, str>,
    /// What Enter does; nothing for verbs of the command line alone.
    pub act: Option<Act>,
    /// The keys, or the verb with its arguments.
    pub how: String,
    /// What it is.
    pub what: String,
}

/// The rows that match what is searched for.
pub fn rows(model: &Model) -> Vec<Row> {
    let Mode::Help { search, .. } = &model.mode else { return Vec::new() };
    let here = model.place_of(&model.returns);
    let place = |binding: &Binding| match binding.places.contains(&here) {
        true => here,
        false => binding.places.first().copied().unwrap_or(Place::Everywhere),
    };
    // What counts in the view that is open stands first, what counts elsewhere last.
    let order = |binding: &&Binding| {
        let place = place(binding);
        (place != here, Place::ALL.iter().position(|known| *known == place))
    };
    let mut bindings: Vec<&Binding> = model.keymap.bindings().iter().filter(|it| !it.keys.is_empty()).collect();
    bindings.sort_by_key(order);
    let keys = bindings.into_iter().map(|binding| {
        let keys: Vec<String> = binding.keys.iter().map(|key| key.to_string()).collect();
        let what = match binding.act {
            Act::Verb(name) => format!("{}: {}", name, words::of("act", binding.name, binding.doc)),
            Act::PushToTalk if model.tells_releases => say!("help-hold-to-talk"),
            Act::PushToTalk => say!("help-talk-in-turn"),
            _ => words::of("act", binding.name, binding.doc).into_owned(),
        };
        // The footer is silent about what lacks something; here it is said what that is.
        let why = lacks(model, binding.act).map(|why| format!(" ({why})")).unwrap_or_default();
        Row { place: heading(place(binding)), act: Some(binding.act), how: keys.join(", "), what: what + &why }
    });
    let dialling =
        Row { place: heading(Place::Everywhere), act: None, how: "0-9 * # +".to_owned(), what: say!("help-dial") };
    let bound = |name| model.keymap.key(Act::Verb(name), false).is_some();
    let verbs = VERBS.iter().filter(|verb| !bound(verb.name)).map(|verb| Row {
        place: Cow::Owned(say!("help-command-line")),
        act: None,
        how: format!("tuiphone {}", verb.name),
        what: words::of("act", verb.name, verb.doc).into_owned(),
    });
    let wanted = search.to_lowercase();
    let matches = |row: &Row| row.how.to_lowercase().contains(&wanted) || row.what.to_lowercase().contains(&wanted);
    let mut rows: Vec<Row> = keys.collect();
    let everywhere = rows.iter().position(|row| row.place == dialling.place).unwrap_or(0);
    rows.insert(everywhere, dialling);
    rows.into_iter().chain(verbs).filter(matches).collect()
}

/// What stands over the keys that count there.
fn heading(place: Place) -> Cow<'static, str> {
    words::of("place", place.words(), place.words())
}

/// A line as it is drawn.
enum Drawn<'r> {
    Heading(&'r str),
    Row(usize, &'r Row),
}

/// The rows, each place under its heading where there is room for them.
fn lines(rows: &[Row], headed: bool) -> Vec<Drawn<'_>> {
    let mut lines = Vec::with_capacity(rows.len() + Place::ALL.len());
    let mut place = None;
    for (at, row) in rows.iter().enumerate() {
        if headed && place.replace(&*row.place) != Some(&*row.place) {
            lines.push(Drawn::Heading(&row.place));
        }
        lines.push(Drawn::Row(at, row));
    }
    lines
}

/// Draws it over the body of the screen.
pub fn draw(model: &Model, look: Look, search: &str, chosen: usize, area: Rect, buf: &mut Buffer) {
    let area = if area.width > 100 { area.inner(Margin::new((area.width - 96) / 2, 0)) } else { area };
    if area.height < 2 || area.width < 4 {
        return;
    }
    let rows = rows(model);
    let lines = lines(&rows, area.height >= HEADINGS);
    look.clear(buf, area);
    let title = if search.is_empty() { say!("help-title") } else { say!("help-title-search", search) };
    let inner = look.panel(buf, area, &look.clip(&title, area.width.saturating_sub(4)), true);
    if rows.is_empty() {
        look.row(
            buf,
            inner,
            0,
            Line::from(look.span(Role::Dim, format!(" {}", say!("help-nothing-matches")))),
            Line::default(),
        );
    }
    let room = usize::from(inner.height);
    let is_chosen = |line: &Drawn<'_>| matches!(line, Drawn::Row(at, _) if *at == chosen);
    let skip = (lines.iter().position(is_chosen).unwrap_or(0) + 1).saturating_sub(room);
    let how_width = if inner.width >= 70 { 22 } else { 14 };
    for (y, line) in (0u16..).zip(lines.iter().skip(skip).take(room)) {
        let (at, row) = match line {
            Drawn::Row(at, row) => (*at, *row),
            Drawn::Heading(place) => {
                look.row(buf, inner, y, Line::from(look.span(Role::Title, format!(" {place}"))), Line::default());
                continue;
            }
        };
        let how_role = if row.act.is_some() { Role::Key } else { Role::Dim };
        let how = look.clip(&row.how, how_width);
        let pad = " ".repeat(usize::from(how_width).saturating_sub(Span::raw(how.as_str()).width()));
        let what = look.clip(&row.what, inner.width.saturating_sub(how_width + 3));
        let mark = list::mark(look, at == chosen);
        let line = vec![mark, look.span(how_role, format!("{how}{pad} ")), look.span(Role::Text, what)];
        look.row(buf, inner, y, Line::from(line), Line::default());
        if at == chosen {
            list::bar(look, buf, inner, y);
        }
    }
}
