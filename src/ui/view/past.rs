//! Calls that were: the list, and all that is known of the chosen one. Each says in words what it was.

use super::list::{self, Fact};
use super::{Look, words};
use crate::control::causes;
use crate::control::{Grade, Kind, Record};
use crate::text::local::{decimal, moment};
use crate::text::say;
use crate::ui::model::{Model, Pane};
use crate::ui::past::PastCall;
use crate::ui::theme::Role;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::Line;
use std::time::Duration;

/// Cells of the word for a kind.
const KIND: usize = 9;
/// Below these widths year and number make way, and how the call ended.
const NARROW: u16 = 60;
const NARROWEST: u16 = 56;

/// Draws it over the body of the screen; gives where the cursor is.
pub fn draw(model: &Model, look: Look, pane: Pane, area: Rect, buf: &mut Buffer) -> Option<Position> {
    if pane == Pane::Details {
        draw_details(model, look, area, true, buf);
        return None;
    }
    let (places, details) = list::split(area);
    if !details.is_empty() {
        draw_details(model, look, details, false, buf);
    }
    draw_list(model, look, places, buf)
}

/// A kind of call in a word.
pub fn kind(kind: Kind) -> String {
    match kind {
        Kind::Outgoing => say!("past-outgoing"),
        Kind::Incoming => say!("past-incoming"),
        Kind::Missed => say!("past-missed"),
        Kind::AnsweredElsewhere => say!("past-elsewhere"),
    }
}

/// The other side of a call: its name, else its number.
pub fn who(call: &Record) -> &str {
    if call.name.trim().is_empty() { &call.number } else { &call.name }
}

fn draw_list(model: &Model, look: Look, area: Rect, buf: &mut Buffer) -> Option<Position> {
    let past = &model.past;
    let calls = past.calls();
    let title = past.kind.map_or_else(|| say!("past-title"), |only| say!("past-title-kind", kind = kind(only)));
    let title = match (calls.len(), past.has_more()) {
        (0, _) => title,
        (count, false) => say!("past-title-count", title, count),
        (count, true) => say!("past-title-more", title, count),
    };
    let inner = list::panel(look, buf, area, &title, true)?;
    let cursor = list::search(look, buf, inner, &past.search);
    let rows = Rect { y: inner.y + 1, height: inner.height.saturating_sub(1), ..inner };
    if calls.is_empty() {
        let is_filtered = !past.search.is_empty() || past.kind.is_some();
        let words = match (&past.trouble, past.known) {
            (Some(trouble), _) => trouble.clone(),
            (None, false) => say!("past-asking"),
            (None, true) if is_filtered => say!("past-none-found"),
            (None, true) => say!("past-none"),
        };
        list::instead(look, buf, rows, &[words]);
    }
    let room = usize::from(rows.height);
    let first = list::first(past.row, calls.len(), room);
    let names = list::column(calls.iter().skip(first).take(room).map(|past| who(&past.call)), rows.width);
    for (row, (at, call)) in (0..).zip(calls.iter().enumerate().skip(first).take(room)) {
        call_line(look, call, at == past.row, names, rows, row, buf);
    }
    cursor
}

/// All in one line: what it was, with whom, how long or why not, when.
fn call_line(look: Look, past: &PastCall, chosen: bool, names: usize, area: Rect, row: u16, buf: &mut Buffer) {
    let call = &past.call;
    let (glyph, role) = sign(look, call.kind);
    let long = area.width >= NARROW;
    let mut left =
        vec![list::mark(look, chosen), look.span(role, format!("{glyph} {} ", words::pad(&kind(call.kind), KIND)))];
    if long && who(call) != call.number {
        left.push(look.span(Role::Strong, words::pad(who(call), names)));
        left.push(look.span(Role::Dim, format!("  {}", call.number)));
    } else {
        left.push(look.span(Role::Strong, who(call).to_owned()));
    }
    let ended = look.clip(&ended(call), area.width / 4);
    let when = if long { past.local.get(..16) } else { past.local.get(5..16) };
    let when = moment(when.unwrap_or(&past.local));
    let right = if area.width >= NARROWEST { format!("{ended}  {when} ") } else { format!("{when} ") };
    look.row(buf, area, row, Line::from(left), Line::from(look.span(Role::Dim, right)));
    if chosen {
        list::bar(look, buf, area, row);
    }
}

/// How long it lasted, else how it ended where the kind does not say so.
fn ended(call: &Record) -> String {
    match (call.duration_s, call.kind) {
        (0, Kind::Missed | Kind::AnsweredElsewhere) => String::new(),
        (0, _) => causes::told(&call.ended()).into_owned(),
        (seconds, _) => say!("words-talked", time = words::clock(Duration::from_secs(seconds.into()))),
    }
}

fn draw_details(model: &Model, look: Look, area: Rect, focus: bool, buf: &mut Buffer) {
    let chosen = model.past.chosen();
    let title = chosen.map_or_else(|| say!("past-call"), |past| who(&past.call).to_owned());
    let Some(inner) = list::panel(look, buf, area, &title, focus) else { return };
    let Some(past) = chosen else { return };
    let goes_on = goes_on(model, &past.call);
    list::facts(look, buf, inner, &facts(past, goes_on), if focus { model.past.scroll } else { 0 });
}

/// It is among the calls of now. One without an outcome that is not was cut off together with the phone.
fn goes_on(model: &Model, call: &Record) -> bool {
    call.outcome.is_empty() && model.calls.iter().any(|now| now.info.sip_call_id == call.sip_call_id)
}

fn facts(past: &PastCall, goes_on: bool) -> Vec<Fact> {
    let call = &past.call;
    let talked = Duration::from_secs(call.duration_s.into());
    let talked = match call.outcome.is_empty() {
        true if goes_on => say!("past-not-over"),
        true => say!("past-cut-off"),
        false if call.duration_s > 0 => words::clock(talked),
        false => say!("past-not-at-all"),
    };
    let status = call.status.map(|status| status.to_string());
    // That it was brought over says nothing of its end.
    let outcome = Some(words::outcome_of(&call.outcome)).filter(|_| call.outcome != "imported");
    let ended = [Some(causes::told(&call.info).into_owned()), status, outcome];
    let ended = ended.into_iter().flatten().filter(|text| !text.is_empty() && !call.outcome.is_empty());
    let ended: Vec<String> = ended.collect();
    let mos = call
        .mos
        .filter(|mos| mos.is_finite())
        .map(|mos| say!("past-quality", grade = words::grade(Grade::of(mos)), mos = decimal(mos, 1)));
    let how = if call.kind == Kind::AnsweredElsewhere { say!("words-answered-elsewhere") } else { kind(call.kind) };
    let facts = [
        Fact::of(say!("past-fact-number"), call.number.clone()),
        Fact::of(say!("past-fact-kind"), how),
        Fact::of(say!("past-fact-began"), moment(&past.local)),
        Fact::of(say!("past-fact-talked"), talked),
        Fact::of(say!("past-fact-ended"), ended.join(", ")),
        Fact::of(say!("past-fact-codec"), call.codec.clone()),
        Fact::of(say!("past-fact-quality"), mos.unwrap_or_default()),
        Fact::of(say!("past-fact-recording"), call.recording.clone()),
        Fact::of(say!("past-fact-account"), call.account.clone()),
        Fact::of(say!("past-fact-address"), call.uri.clone()),
        Fact::of(say!("past-fact-call-id"), call.sip_call_id.clone()),
    ];
    facts.into_iter().flatten().collect()
}

fn sign(look: Look, kind: Kind) -> (&'static str, Role) {
    match kind {
        Kind::Outgoing => (look.glyphs.outgoing, Role::Text),
        Kind::Incoming => (look.glyphs.incoming, Role::Good),
        Kind::Missed => (look.glyphs.failed, Role::Bad),
        Kind::AnsweredElsewhere => (look.glyphs.off, Role::Dim),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_without_an_end_is_not_said_to_have_one() {
        let text = |outcome: &str, goes_on, label| {
            let call = Record { status: Some(200), outcome: outcome.to_owned(), ..Record::default() };
            let past = PastCall { call, local: String::new() };
            facts(&past, goes_on).into_iter().find(|fact| fact.label == label).map(|fact| fact.text)
        };
        for (outcome, goes_on, talked, ended) in [
            ("", true, "not over yet", None),
            ("", false, "nobody knows: the phone ended first", None),
            ("cancelled", false, "not at all", Some("200, cancelled")),
        ] {
            assert_eq!(text(outcome, goes_on, "talked").as_deref(), Some(talked));
            assert_eq!(text(outcome, goes_on, "ended").as_deref(), ended);
        }
    }
}
