//! The call list: live calls with state, timer, codec and quality; below them the calls that ended.

use super::layout::Layout;
use super::{Look, words};
use crate::control::{CallDirection, CallInfo, CallState, IceState, MediaInfo, PlayingState, RecordingState};
use crate::text::words::retold;
use crate::text::{sanitise, say};
use crate::ui::model::{CallRow, Connection, EndedCall, Model};
use crate::ui::theme::Role;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

/// Cells of the state word; the longest ones push.
const STATE_WIDTH: usize = 9;
/// Below this width the name comes before the state.
const NARROW: u16 = 32;

/// Draws the list.
pub fn draw(model: &Model, look: Look, layout: &Layout, buf: &mut Buffer) {
    let (area, framed) = (layout.calls, layout.framed);
    if area.is_empty() {
        return;
    }
    let inner = if framed { look.panel(buf, area, &say!("calls-title"), false) } else { area };
    let mut row = 0;
    let current = model.current().map(|call| call.info.id.as_str());
    for (at, call) in visible(model, layout, inner) {
        let chosen = model.calls.len() > 1 && current == Some(call.info.id.as_str());
        first_line(look, call, at, chosen, model.calls.len() > 1, inner, row, buf);
        row += 1;
        if framed {
            second_line(look, call, inner, row, buf);
            row += 1;
        }
    }
    if row == 0 && model.recent.is_empty() && layout.card.is_empty() {
        empty(model, look, inner, framed, buf);
    }
    if framed && row > 0 {
        row += 1;
    }
    for ended in model.recent.iter().take(usize::from(inner.height.saturating_sub(row))) {
        ended_line(look, ended, inner, row, buf);
        row += 1;
    }
    // What there is to call stays in sight, as long as all of it has room.
    let welcome = model.welcome.len() as u16;
    if framed && model.calls.is_empty() && !model.recent.is_empty() && row + welcome <= inner.height {
        let blank = u16::from(row + welcome < inner.height);
        for (row, text) in (row + blank..).zip(&model.welcome) {
            let text = look.clip(text, inner.width.saturating_sub(4));
            look.row(buf, inner, row, Line::from(look.span(Role::Dim, format!("  {text}"))), Line::default());
        }
    }
}

/// Rows of the panel that shows all there is to call, where there is something to tell of that.
pub(super) fn rows_at_rest(model: &Model) -> u16 {
    if model.calls.is_empty() && !model.welcome.is_empty() { model.welcome.len() as u16 + 4 } else { 0 }
}

/// The live call drawn at a cell, by id.
pub fn call_at(model: &Model, layout: &Layout, at: Position) -> Option<String> {
    let (area, framed) = (layout.calls, layout.framed);
    if !area.contains(at) {
        return None;
    }
    let edge = u16::from(framed);
    let inner = Rect { y: area.y + edge, height: area.height.saturating_sub(2 * edge), ..area };
    let row = usize::from(at.y.checked_sub(inner.y)?) / if framed { 2 } else { 1 };
    visible(model, layout, inner).nth(row).map(|(_, call)| call.info.id.clone())
}

/// The live calls there is room for, the current one among them; the only one is not told twice.
fn visible<'m>(model: &'m Model, layout: &Layout, area: Rect) -> impl Iterator<Item = (usize, &'m CallRow)> {
    let room = usize::from(area.height / if layout.framed { 2 } else { 1 });
    let room = if model.calls.len() == 1 && !layout.card.is_empty() { 0 } else { room };
    let current = model.current().and_then(|call| model.calls.iter().position(|row| row.info.id == call.info.id));
    let skip = current.map_or(0, |at| (at + 1).saturating_sub(room));
    model.calls.iter().enumerate().skip(skip).take(room)
}

#[allow(clippy::too_many_arguments)]
fn first_line(
    look: Look,
    call: &CallRow,
    at: usize,
    chosen: bool,
    several: bool,
    area: Rect,
    row: u16,
    buf: &mut Buffer,
) {
    let (glyph, role) = sign(look, call.info.state);
    let mark = if chosen { look.glyphs.selected } else { " " };
    let mut left = vec![look.span(Role::Key, mark), look.span(role, format!("{glyph} "))];
    if several {
        left.push(look.span(Role::Dim, format!("{} ", at + 1)));
    }
    let state = words::call_state(&call.info);
    let name = words::who(&call.info);
    let number = words::number(&call.info);
    if area.width < NARROW {
        left.push(look.span(Role::Strong, format!("{name} ")));
        left.push(look.span(role, state));
    } else {
        left.push(look.span(role, format!("{state:<STATE_WIDTH$} ")));
        left.push(look.span(Role::Strong, name.clone()));
        if number != name {
            left.push(look.span(Role::Dim, format!("  {number}")));
        }
    }
    let elapsed = look.now.saturating_duration_since(call.since);
    let timer = look.span(role, format!("{} ", words::clock(elapsed)));
    look.row(buf, area, row, Line::from(left), Line::from(timer));
}

fn second_line(look: Look, call: &CallRow, area: Rect, row: u16, buf: &mut Buffer) {
    let parts = [marks(look, &call.info), sound(look, &call.info)].concat();
    look.row(buf, area, row, Line::from(fitting(look, parts, 5, area.width)), Line::default());
}

/// Whole parts with dots between, after so many blanks, as many as fit; the first one always.
pub(super) fn fitting<'s>(look: Look, parts: Vec<Span<'s>>, indent: usize, room: u16) -> Vec<Span<'s>> {
    let mut spans = vec![Span::raw(" ".repeat(indent))];
    let mut width = indent;
    for (at, part) in parts.into_iter().enumerate() {
        width += part.width() + if at > 0 { 3 } else { 0 };
        if at > 0 && width > usize::from(room) {
            break;
        }
        if at > 0 {
            spans.push(look.span(Role::Dim, format!(" {} ", look.glyphs.dot)));
        }
        spans.push(part);
    }
    spans
}

/// What is particular about a call: recorded, played to, handed over, sent here.
pub(super) fn marks(look: Look, info: &CallInfo) -> Vec<Span<'static>> {
    let mut parts = Vec::new();
    parts.extend(info.auto_answered.then(|| look.span(Role::Pending, say!("calls-answered-by-itself"))));
    parts.extend(recording(info).map(|(role, mark)| look.span(role, mark)));
    let plays = info.playing.as_ref().is_some_and(|playing| playing.state == PlayingState::Playing);
    parts.extend(plays.then(|| look.span(Role::Pending, say!("calls-playing-a-file"))));
    parts.extend(info.conference.then(|| look.span(Role::Good, say!("calls-conference"))));
    parts.extend(words::transfer(info).map(|step| look.span(Role::Pending, step)));
    parts.extend(words::via(info).map(|via| look.span(Role::Dim, via)));
    parts.extend(words::origin(info).map(|origin| look.span(Role::Dim, origin)));
    let silence = info.media.as_ref().filter(|media| !media.codec.is_empty()).and_then(words::silence);
    parts.extend(silence.map(|words| look.span(Role::Bad, words)));
    parts
}

/// Codec, quality and protection; without sound how far the call has come.
fn sound(look: Look, info: &CallInfo) -> Vec<Span<'static>> {
    let mut parts = Vec::new();
    match &info.media {
        Some(media) if !media.codec.is_empty() => {
            parts.push(look.span(Role::Dim, words::codec(media)));
            if let Some((quality, bad)) = words::quality(media) {
                parts.push(look.span(if bad { Role::Bad } else { Role::Good }, quality));
            }
            parts.extend(protection(look, media));
            parts.extend(way(look, media));
            parts.extend(media.cause_rx.as_ref().map(|cause| look.span(Role::Bad, retold(cause).into_owned())));
            parts.push(look.span(Role::Dim, words::loss(media)));
            parts.push(look.span(Role::Dim, words::jitter(media)));
            if words::protection(media).is_none() {
                parts.push(look.span(Role::Dim, words::protected(media)));
            }
        }
        _ => {
            if let (Some(status), Some(reason)) = (info.status, info.reason.as_deref()) {
                parts.push(look.span(Role::Dim, words::answer(Some(status), reason)));
            }
            parts.push(look.span(Role::Dim, info.account.clone()));
        }
    }
    parts
}

/// What protects the sound, if anything does or should.
pub(super) fn protection(look: Look, media: &MediaInfo) -> Option<Span<'static>> {
    words::protection_mark(media).map(|(words, good)| {
        let role = good.map_or(Role::Pending, |good| if good { Role::Good } else { Role::Bad });
        look.span(role, words)
    })
}

/// The way ICE found.
pub(super) fn way(look: Look, media: &MediaInfo) -> Option<Span<'static>> {
    media.ice.as_ref().map(|ice| {
        let is_bad = matches!(ice.state, IceState::Failed | IceState::Lost);
        look.span(if is_bad { Role::Bad } else { Role::Dim }, words::ice(ice))
    })
}

/// The mark of a recorded call.
fn recording(info: &CallInfo) -> Option<(Role, String)> {
    match info.recording.as_ref()?.state {
        RecordingState::Recording => Some((Role::Alert, format!(" {} ", say!("calls-records")))),
        RecordingState::Paused => Some((Role::Pending, say!("calls-recording-paused"))),
        RecordingState::Failed => Some((Role::Bad, say!("calls-recording-failed"))),
        RecordingState::Opening | RecordingState::Ended => None,
    }
}

fn ended_line(look: Look, ended: &EndedCall, area: Rect, row: u16, buf: &mut Buffer) {
    let glyph = match ended.direction {
        CallDirection::Outgoing => look.glyphs.outgoing,
        CallDirection::Incoming => look.glyphs.incoming,
    };
    let missed = !ended.answered && ended.direction == CallDirection::Incoming;
    let role = if missed { Role::Pending } else { Role::Dim };
    let outcome = if missed && ended.outcome != "cancelled" {
        say!("calls-missed", outcome = &ended.outcome)
    } else {
        ended.outcome.clone()
    };
    // The name has its half where both do not fit.
    let beside = area.width.saturating_sub(ended.who.width() as u16 + 5);
    let outcome = look.clip(&outcome, beside.max(area.width / 2));
    let left = Line::from(vec![look.span(role, format!(" {glyph} ")), look.span(role, ended.who.clone())]);
    look.row(buf, area, row, left, Line::from(look.span(role, format!("{outcome} "))));
}

fn empty(model: &Model, look: Look, area: Rect, framed: bool, buf: &mut Buffer) {
    let mut lines = match &model.connection {
        Connection::Open => vec![say!("calls-none")],
        Connection::Opening => vec![say!("calls-connecting")],
        Connection::Closed(reason) => vec![say!("calls-phone-gone"), sanitise(reason), say!("calls-phone-awaited")],
    };
    if model.connection == Connection::Open {
        lines.extend(model.welcome.iter().cloned());
        if model.welcome.is_empty() {
            lines.push(say!("calls-how"));
        }
    }
    let edge = u16::from(framed);
    for (row, text) in (edge..).zip(lines) {
        let text = look.clip(&text, area.width.saturating_sub(4));
        let role = if row == edge { Role::Text } else { Role::Dim };
        look.row(buf, area, row, Line::from(vec![Span::raw("  "), look.span(role, text)]), Line::default());
    }
}

/// The sign of a state, and its role.
pub(super) fn sign(look: Look, state: CallState) -> (&'static str, Role) {
    match state {
        CallState::Calling | CallState::Ringing | CallState::EarlyMedia => (look.glyphs.outgoing, Role::Pending),
        CallState::Incoming => (look.glyphs.incoming, Role::Incoming),
        CallState::Connected => (look.glyphs.talking, Role::Good),
        CallState::Held => (look.glyphs.held, Role::Pending),
        CallState::Ended => (look.glyphs.off, Role::Dim),
    }
}
