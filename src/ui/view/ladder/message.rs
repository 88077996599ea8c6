//! The chosen message of the ladder: when and where it went, what is new in its description of the sound, its headers, its
//! body.

use super::super::{Look, list, words};
use crate::control::trace::words::headers;
use crate::control::{Traced, Way};
use crate::text::local::{moment, number};
use crate::text::say;
use crate::ui::ladder::{Kept, Step, sdp};
use crate::ui::model::Model;
use crate::ui::theme::Role;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

/// A header's name that stands before its value, in cells, at most.
const MOST_NAME: usize = 24;

/// Draws it.
pub fn draw(model: &Model, look: Look, area: Rect, focus: bool, buf: &mut Buffer) {
    let Some(kept) = model.ladder.chosen_message() else {
        let Some(inner) = list::panel(look, buf, area, &say!("ladder-message"), focus) else { return };
        let words = match model.ladder.steps.get(model.ladder.row) {
            Some(Step::Note(note)) => note.text.clone(),
            _ => say!("ladder-choose"),
        };
        list::instead(look, buf, inner, &[words]);
        return;
    };
    let told = &kept.told;
    let Some(inner) = list::panel(look, buf, area, told.start.trim_start_matches("SIP/2.0 "), focus) else { return };
    let inner = Rect { x: inner.x + 1, width: inner.width.saturating_sub(1), ..inner };
    let lines = lines(model, look, kept, usize::from(inner.width.max(1)));
    let skip = if focus { model.ladder.scroll.min(lines.len().saturating_sub(usize::from(inner.height))) } else { 0 };
    for (row, line) in (0..inner.height).zip(lines.into_iter().skip(skip)) {
        look.row(buf, inner, row, line, Line::default());
    }
}

fn lines<'s>(model: &Model, look: Look, kept: &Kept, width: usize) -> Vec<Line<'s>> {
    let told = &kept.told;
    let Traced { local, remote, transport, bytes, way, .. } = told;
    let (from, to) = if *way == Way::Sent { (local, remote) } else { (remote, local) };
    let at = number(moment(&model.wall.exact_time_of(kept.at_us)));
    let since = super::elapsed(kept.at_us - model.ladder.began_us());
    let (from, to) = (from.to_string(), to.to_string());
    let facts = say!("ladder-facts", at, since, transport, from, to, bytes = *bytes);
    let mut out: Vec<Line> = Vec::new();
    let mut say = |role: Role, text: &str| {
        out.extend(words::wrap(text, width).into_iter().map(|text| Line::from(look.span(role, text))));
    };
    say(Role::Dim, &facts);
    for line in described(model, told) {
        say(Role::Pending, &line);
    }
    out.push(Line::default());
    let mut lines = told.text.lines();
    for text in words::wrap(lines.next().unwrap_or_default(), width) {
        out.push(Line::from(look.span(Role::Strong, text)));
    }
    let mut in_body = false;
    for line in lines {
        in_body |= line.is_empty();
        let name = line.split_once(':').filter(|(name, _)| !in_body && name.width() <= MOST_NAME);
        let texts = words::wrap(line, width);
        for (at, text) in texts.into_iter().enumerate() {
            let spans: Vec<Span> = match name.filter(|(name, _)| at == 0 && text.starts_with(name)) {
                Some((name, _)) => {
                    let rest = text.get(name.len()..).unwrap_or_default().to_owned();
                    vec![look.span(Role::Title, name.to_owned()), look.span(Role::Text, rest)]
                }
                None => vec![look.span(Role::Text, text)],
            };
            out.push(Line::from(spans));
        }
    }
    out
}

/// What its description of the sound says, and what is new in it.
fn described(model: &Model, told: &Traced) -> Vec<String> {
    if !sdp::is_in(told) {
        return Vec::new();
    }
    let before = model.ladder.described_before(told.n).find(|other| other.way == told.way);
    let news = sdp::news(told, before);
    let mut lines: Vec<String> = match (before, news.is_empty()) {
        (Some(_), true) => vec![say!("ladder-sdp-same")],
        (Some(_), false) => news.into_iter().map(|line| say!("ladder-sdp-new", line)).collect(),
        (None, _) => news.into_iter().map(|line| say!("ladder-sdp", line)).collect(),
    };
    let answers = told.status.is_some() || told.method == "ACK" || told.method == "PRACK";
    // An answer is to the offer of the same transaction.
    let sequence =
        |told: &Traced| headers(told, &["CSeq"]).next().and_then(|value| value.split(' ').next().map(str::to_owned));
    let offer = model.ladder.described_before(told.n).find(|other| other.way != told.way);
    if let Some(offer) = offer.filter(|offer| answers && sequence(offer) == sequence(told)) {
        lines.extend(sdp::taken(told, offer).into_iter().map(|line| say!("ladder-sdp-answer", line)));
    }
    lines
}
