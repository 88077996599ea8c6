//! The ladder of SIP messages: we and the far ends as lines that go down, an arrow for each message.
//!
//! ```text
//!  12:00:01          this phone                    192.0.2.2:5060 udp
//!     0.000              │────── INVITE (SDP) ×2 ───────▶│
//!     0.512    +0.512    │◀╌╌╌╌╌╌╌ 180 Ringing ╌╌╌╌╌╌╌╌╌╌│
//! ```

mod message;
mod why;

use super::{Look, list, words};
use crate::control::trace::words::brief;
use crate::control::{CallInfo, Traced, Way};
use crate::text::local::{moment, number};
use crate::text::say;
use crate::ui::ladder::{Kept, Ladder, Pane, Step, Talk, peer};
use crate::ui::model::Model;
use crate::ui::theme::Role;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::Line;
use unicode_width::UnicodeWidthStr;

/// Columns from which there are lines, and from which the gap to the step before is told.
const LINES: u16 = 34;
const GAPS: u16 = 58;
/// Columns of a time, of a gap.
const TIME: u16 = 9;
const GAP: u16 = 9;
/// From one line to the next, in columns.
const LEAST_SPAN: u16 = 22;
const MOST_SPAN: u16 = 60;

/// Draws it over the body of the screen; gives where the cursor of the search is.
pub fn draw(model: &Model, look: Look, pane: Pane, area: Rect, buf: &mut Buffer) -> Option<Position> {
    let Places { steps, detail } = places(area, pane);
    let mut cursor = None;
    if !steps.is_empty() {
        cursor = draw_steps(model, look, pane, steps, buf);
    }
    if !detail.is_empty() {
        match pane {
            Pane::Why => why::draw(model, look, detail, buf),
            _ => message::draw(model, look, detail, pane == Pane::Message, buf),
        }
    }
    cursor
}

/// The step at a cell.
pub fn step_at(model: &Model, pane: Pane, area: Rect, at: Position) -> Option<usize> {
    let steps = places(area, pane).steps;
    let framed = u16::from(steps.height >= 6);
    let inner = Rect { y: steps.y + framed, height: steps.height.saturating_sub(2 * framed), ..steps };
    let inner = below_search(model, inner);
    let heads = heads(inner);
    let row = at.y.checked_sub(inner.y + heads)?;
    if !inner.contains(at) {
        return None;
    }
    let ladder = &model.ladder;
    let room = usize::from(inner.height.saturating_sub(heads));
    let row = list::first(ladder.row, ladder.steps.len(), room) + usize::from(row);
    (row < ladder.steps.len()).then_some(row)
}

/// Whose messages are shown, in words.
pub fn title(model: &Model) -> String {
    let ladder = &model.ladder;
    let Some(talk) = &ladder.chosen else { return say!("ladder-title-none") };
    let at = ladder.talks.iter().position(|known| known == talk).map_or(0, |at| at + 1);
    match ladder.talks.len() {
        all @ 2.. => say!("ladder-title-of", name = name(model, talk), at, all),
        _ => say!("ladder-title", name = name(model, talk)),
    }
}

/// The call these messages belong to, as far as it is known.
pub(super) fn call<'m>(model: &'m Model, talk: &Talk) -> Option<&'m CallInfo> {
    let Talk::Call(id) = talk else { return None };
    let live = model.calls.iter().map(|row| &row.info).find(|call| call.sip_call_id == *id);
    live.or_else(|| model.ladder.ended_call(id))
}

fn name(model: &Model, talk: &Talk) -> String {
    match (talk, call(model, talk)) {
        (Talk::Call(_), Some(call)) if call.outcome.is_some() => {
            format!("{}, {}", words::who(call), words::outcome(call))
        }
        (Talk::Call(_), Some(call)) => format!("{}, {}", words::who(call), words::call_state(call)),
        (Talk::Call(id), None) => {
            let named = model.ladder.messages().iter().find_map(|told| told.call.clone());
            say!("ladder-call", id = named.unwrap_or_else(|| id.clone()))
        }
        (Talk::Account(aor), _) => {
            let account = model.status.accounts.iter().find(|account| account.aor == *aor);
            let state = account.map(|account| format!(", {}", words::registration(account))).unwrap_or_default();
            format!("{aor}{state}")
        }
        (Talk::Rest, _) => say!("ladder-rest"),
        (Talk::All, _) => say!("ladder-all"),
    }
}

struct Places {
    steps: Rect,
    detail: Rect,
}

/// Steps and detail beside each other where there is room; else what is read lies over the steps.
fn places(area: Rect, pane: Pane) -> Places {
    let (steps, detail) = list::split(area);
    let beside = detail.x > area.x;
    match pane {
        Pane::Message | Pane::Why if !beside => Places { steps: Rect::default(), detail: area },
        _ => Places { steps, detail },
    }
}

/// Rows of the names above the lines.
fn heads(inner: Rect) -> u16 {
    u16::from(inner.width >= LINES && inner.height >= 4)
}

/// What the line of the search leaves.
fn below_search(model: &Model, inner: Rect) -> Rect {
    let is_shown = model.ladder.searches || !model.ladder.search.is_empty();
    let above = u16::from(is_shown).min(inner.height);
    Rect { y: inner.y + above, height: inner.height - above, ..inner }
}

/// What is searched for, and how many steps have it.
fn draw_search(look: Look, ladder: &Ladder, area: Rect, buf: &mut Buffer) -> Option<Position> {
    let told = match ladder.found() {
        _ if ladder.search.is_empty() => String::new(),
        (0, _) => say!("ladder-none-found") + " ",
        (all, Some(at)) => say!("ladder-found", at, all) + " ",
        (all, None) => format!("{all} "),
    };
    let role = if ladder.found().0 == 0 { Role::Pending } else { Role::Dim };
    let width = (told.width() as u16).min(area.width);
    buf.set_span(area.right() - width, area.y, &look.span(role, told), width);
    list::search(look, buf, Rect { width: area.width - width, ..area }, &ladder.search).filter(|_| ladder.searches)
}

/// Where the lines are.
struct Lanes {
    ours: u16,
    span: u16,
    /// Far ends with a line of their own; the last one takes those that have none.
    count: u16,
    gaps: bool,
}

impl Lanes {
    fn of(area: Rect, peers: usize) -> Lanes {
        let gaps = area.width >= GAPS;
        let ours = area.x + 2 + TIME + if gaps { GAP } else { 0 };
        let room = area.right().saturating_sub(ours + 2);
        let most = (room / LEAST_SPAN).max(1);
        let count = u16::try_from(peers.max(1)).unwrap_or(u16::MAX).min(most);
        Lanes { ours, span: (room / count).min(MOST_SPAN), count, gaps }
    }

    /// The column of a far end.
    fn of_peer(&self, at: usize) -> u16 {
        self.ours + self.span * (self.place(at) + 1)
    }

    fn place(&self, at: usize) -> u16 {
        u16::try_from(at).unwrap_or(u16::MAX).min(self.count.saturating_sub(1))
    }
}

fn draw_steps(model: &Model, look: Look, pane: Pane, area: Rect, buf: &mut Buffer) -> Option<Position> {
    let ladder = &model.ladder;
    let whole = list::panel(look, buf, area, &title(model), pane == Pane::Steps)?;
    let inner = below_search(model, whole);
    let cursor = if inner == whole { None } else { draw_search(look, ladder, whole, buf) };
    if ladder.steps.is_empty() {
        list::instead(look, buf, inner, &nothing(ladder));
        return cursor;
    }
    let lanes = (inner.width >= LINES).then(|| Lanes::of(inner, ladder.peers.len()));
    let heads = heads(inner);
    if let Some(lanes) = lanes.as_ref().filter(|_| heads > 0) {
        let began = time_of_day(&model.wall.time_of(ladder.began_us()));
        draw_heads(look, ladder, lanes, &began, inner, buf);
    }
    let rows = Rect { y: inner.y + heads, height: inner.height - heads, ..inner };
    let told = ladder.over.as_ref().map(|why| say!("ladder-over", why));
    let told = told.or_else(|| (ladder.dropped > 0).then(|| say!("ladder-dropped", count = ladder.dropped)));
    let rows = match told.filter(|_| rows.height > 2) {
        Some(told) => {
            let last = Line::from(look.span(Role::Pending, format!(" {told}")));
            look.row(buf, rows, rows.height - 1, last, Line::default());
            Rect { height: rows.height - 1, ..rows }
        }
        None => rows,
    };
    let room = usize::from(rows.height);
    let first = list::first(ladder.row, ladder.steps.len(), room);
    let began = ladder.began_us();
    let shown = ladder.steps.iter().enumerate().skip(first).take(room);
    for (row, (at, step)) in (0..).zip(shown) {
        let before = at.checked_sub(1).and_then(|before| ladder.at_us(ladder.steps.get(before)?));
        let at_us = ladder.at_us(step).unwrap_or(began);
        let line = StepLine {
            step,
            chosen: at == ladder.row,
            found: ladder.is_found(at),
            since_us: at_us - began,
            gap_us: before.map(|it| at_us - it),
        };
        match &lanes {
            Some(lanes) => draw_step(look, ladder, lanes, &line, Rect { y: rows.y + row, height: 1, ..rows }, buf),
            None => draw_narrow(look, ladder, &line, rows, row, buf),
        }
    }
    cursor
}

/// What stands in place of steps.
fn nothing(ladder: &Ladder) -> Vec<String> {
    let first = match (&ladder.over, &ladder.chosen) {
        (Some(why), _) => say!("ladder-no-messages", why),
        (None, Some(Talk::Account(aor))) => {
            return vec![say!("ladder-none-of-account", aor), say!("ladder-why-account")];
        }
        (None, Some(Talk::Call(_))) => {
            return vec![say!("ladder-none-of-call"), say!("ladder-why-call")];
        }
        (None, _) => say!("ladder-nothing"),
    };
    vec![first, say!("ladder-call-somebody")]
}

struct StepLine<'s> {
    step: &'s Step,
    chosen: bool,
    /// It has what is searched for.
    found: bool,
    since_us: i64,
    gap_us: Option<i64>,
}

fn draw_heads(look: Look, ladder: &Ladder, lanes: &Lanes, began: &str, area: Rect, buf: &mut Buffer) {
    if lanes.gaps {
        buf.set_span(area.x + 1, area.y, &look.span(Role::Dim, began), TIME);
    }
    centred(look, buf, area, lanes.ours, &look.clip(&say!("ladder-phone"), 6), 6, Role::Title);
    for at in 0..usize::from(lanes.count) {
        let is_last = at + 1 == usize::from(lanes.count);
        let more = ladder.peers.len().saturating_sub(at + 1);
        let name = match ladder.peers.get(at) {
            Some(name) if is_last && more > 0 => format!("{name} +{more}"),
            Some(name) => name.clone(),
            None => continue,
        };
        centred(look, buf, area, lanes.of_peer(at), &look.clip(&name, lanes.span - 4), lanes.span - 4, Role::Title);
    }
}

/// Writes a text with its middle at this column, within the area.
fn centred(look: Look, buf: &mut Buffer, area: Rect, column: u16, text: &str, most: u16, role: Role) {
    let width = (text.width() as u16).min(most);
    // Never against the frame.
    let left = column.saturating_sub(width / 2).max(area.x).min(area.right().saturating_sub(width + 1));
    buf.set_span(left, area.y, &look.span(role, text), width);
}

fn draw_step(look: Look, ladder: &Ladder, lanes: &Lanes, line: &StepLine<'_>, area: Rect, buf: &mut Buffer) {
    let y = area.y;
    buf.set_span(area.x, y, &list::mark(look, line.chosen), 1);
    let width = usize::from(TIME) - 1;
    let role = if line.found { Role::Key } else { Role::Text };
    buf.set_span(area.x + 1, y, &look.span(role, format!("{:>width$}", elapsed(line.since_us))), TIME);
    if lanes.gaps {
        let gap = line.gap_us.map(|gap| format!("+{}", elapsed(gap))).unwrap_or_default();
        buf.set_span(area.x + 1 + TIME, y, &look.span(Role::Dim, format!("{gap:>width$}")), GAP);
    }
    let wire = look.span(Role::Border, look.glyphs.lifeline);
    for column in std::iter::once(lanes.ours).chain((0..usize::from(lanes.count)).map(|at| lanes.of_peer(at))) {
        buf.set_span(column, y, &wire, 1);
    }
    match line.step {
        Step::Message { times, .. } => {
            let Some(kept) = ladder.message(line.step) else { return };
            arrow(look, ladder, lanes, kept, *times, line.chosen, y, buf);
        }
        step => {
            let (role, text) = aside(step);
            let role = if line.chosen { Role::Selected } else { role };
            let most = area.right().saturating_sub(lanes.ours + 2);
            let text = format!(" {} {} ", look.glyphs.dot, look.clip(&text, most.saturating_sub(4)));
            buf.set_span(lanes.ours + 2, y, &look.span(role, text), most);
        }
    }
}

#[allow(clippy::too_many_arguments)]
fn arrow(
    look: Look,
    ladder: &Ladder,
    lanes: &Lanes,
    kept: &Kept,
    times: usize,
    chosen: bool,
    y: u16,
    buf: &mut Buffer,
) {
    let told = &kept.told;
    let name = peer(told);
    let at = ladder.peers.iter().position(|known| *known == name).unwrap_or(0);
    let (from, to) = (lanes.ours + 1, lanes.of_peer(at));
    let length = to.saturating_sub(from);
    let role = role(told);
    let shaft = if told.status.is_some() { look.glyphs.wire_answer } else { look.glyphs.wire };
    buf.set_span(from, y, &look.span(role, shaft.repeat(usize::from(length))), length);
    match told.way {
        Way::Sent => buf.set_span(to - 1, y, &look.span(role, look.glyphs.head_right), 1),
        Way::Received => buf.set_span(from, y, &look.span(role, look.glyphs.head_left), 1),
    };
    let often = if times > 1 { format!(" {}{times}", look.glyphs.times) } else { String::new() };
    let room = length.saturating_sub(6).saturating_sub(often.width() as u16);
    let label = format!(" {}{often} ", look.clip(&brief(told), room));
    let width = (label.width() as u16).min(length);
    let role = if chosen { Role::Selected } else { role };
    buf.set_span(from + (length - width) / 2, y, &look.span(role, label), width);
}

/// A step where there is no room for lines.
fn draw_narrow(look: Look, ladder: &Ladder, line: &StepLine<'_>, area: Rect, row: u16, buf: &mut Buffer) {
    let (role, sign, text) = match (line.step, ladder.message(line.step)) {
        (Step::Message { times, .. }, Some(kept)) => {
            let often = if *times > 1 { format!(" {}{times}", look.glyphs.times) } else { String::new() };
            let sign = if kept.told.way == Way::Sent { look.glyphs.outgoing } else { look.glyphs.incoming };
            (role(&kept.told), sign, brief(&kept.told) + &often)
        }
        (step, _) => {
            let (role, text) = aside(step);
            (role, look.glyphs.dot, text)
        }
    };
    let role = if line.chosen { Role::Selected } else { role };
    let left = vec![list::mark(look, line.chosen), look.span(role, format!("{sign} {text}"))];
    let role = if line.found { Role::Key } else { Role::Dim };
    let right = if area.width >= 28 { Line::from(look.span(role, elapsed(line.since_us))) } else { Line::default() };
    look.row(buf, area, row, Line::from(left), right);
}

/// What a step that is no message says.
fn aside(step: &Step) -> (Role, String) {
    match step {
        Step::Fold { count, .. } => (Role::Dim, say!("ladder-keep-alives", count = *count)),
        Step::Note(note) => (Role::Pending, note.text.clone()),
        Step::Message { .. } => (Role::Dim, String::new()),
    }
}

fn role(told: &Traced) -> Role {
    match told.status {
        None => Role::Strong,
        Some(200..300) => Role::Good,
        // A question for the password is no refusal yet.
        Some(100..=399 | 401 | 407) => Role::Pending,
        Some(_) => Role::Bad,
    }
}

/// A time of day as people here have it, without its seconds where all of it has no room.
fn time_of_day(time: &str) -> String {
    let all = moment(time);
    if all.len() <= usize::from(TIME) { all } else { moment(time.get(..5).unwrap_or(time)) }
}

/// `0.012`, `75.300`, `3:05.1`, `1:02:03`.
fn elapsed(us: i64) -> String {
    let us = us.max(0);
    let (seconds, rest) = (us / 1_000_000, us % 1_000_000);
    number(match seconds {
        0..100 => format!("{seconds}.{:03}", rest / 1_000),
        100..3_600 => format!("{}:{:02}.{}", seconds / 60, seconds % 60, rest / 100_000),
        _ => format!("{}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_keep_to_their_column() {
        for (us, expected) in [
            (0, "0.000"),
            (12_345, "0.012"),
            (99_999_999, "99.999"),
            (185_100_000, "3:05.1"),
            (3_723_000_000, "1:02:03"),
            (-5, "0.000"),
        ] {
            assert_eq!(elapsed(us), expected);
            assert!(expected.len() < usize::from(TIME));
        }
    }
}
