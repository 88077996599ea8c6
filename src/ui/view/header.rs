//! The first line: the program, the phone's state, the microphone.

use super::{Look, words};
use crate::control::{AccountInfo, CallInfo, RecordingState, RegistrationState, TlsTrust};
use crate::ui::model::{Connection, Model};
use crate::ui::theme::Role;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

/// Below this width the program's name makes way.
const NARROW: u16 = 36;

/// Below this width words make way for shorter ones.
const NARROW_WORDS: u16 = 60;

/// Draws it.
pub fn draw(model: &Model, look: Look, area: Rect, buf: &mut Buffer) {
    let brand = if area.width >= NARROW { " tuiphone " } else { " " };
    let mut left = vec![look.span(Role::Brand, brand)];
    left.extend(state(model, look));
    let mut right = sound(model, look, area.width);
    right.push(Span::raw(" "));
    look.row(buf, area, 0, Line::from(left), Line::from(right));
}

fn state(model: &Model, look: Look) -> Vec<Span<'static>> {
    match &model.connection {
        Connection::Opening => return vec![look.span(Role::Pending, "connecting")],
        Connection::Closed(_) => return vec![look.span(Role::Alert, " phone gone ")],
        Connection::Open => {}
    }
    let accounts = &model.status.accounts;
    let shown = accounts.iter().find(|account| account.selected).or(accounts.first());
    let Some(account) = shown else { return vec![look.span(Role::Dim, "no account")] };
    let (glyph, role) = super::accounts::sign(look, account);
    let mut spans = vec![look.span(role, format!("{glyph} {}", words::registration(account)))];
    // The account that calls by address has none itself.
    let name = if account.aor.is_empty() { &account.label } else { &account.aor };
    spans.push(look.span(Role::Text, format!(" {name}")));
    let failed =
        accounts.iter().filter(|other| other.state == RegistrationState::Failed && other.id != account.id).count();
    if failed > 0 {
        spans.push(look.span(Role::Bad, format!("  {} {failed} failed", look.glyphs.failed)));
    }
    spans
}

fn sound(model: &Model, look: Look, width: u16) -> Vec<Span<'static>> {
    let status = &model.status;
    let mut spans = Vec::new();
    let is_unverified = |account: &AccountInfo| account.registered && account.tls == Some(TlsTrust::Unverified);
    if status.accounts.iter().any(is_unverified) {
        spans
            .push(look.span(Role::Alert, if width >= NARROW_WORDS { " SERVER NOT VERIFIED " } else { " UNVERIFIED " }));
        spans.push(Span::raw(" "));
    }
    let records = |call: &CallInfo| call.recording.as_ref().is_some_and(|r| r.state == RecordingState::Recording);
    if model.calls.iter().any(|row| records(&row.info)) {
        spans.push(look.span(Role::Alert, " REC "));
        spans.push(Span::raw(" "));
    }
    if status.dnd {
        spans.push(look.span(Role::Alert, " DND "));
        spans.push(Span::raw(" "));
    }
    if let Some(until) = model.wrap_up_until {
        let left = until.saturating_duration_since(look.now);
        let left_s = left.as_secs() + u64::from(left.subsec_nanos() > 0);
        let word = if width >= NARROW_WORDS { "WRAPPING UP" } else { "WRAP" };
        spans.push(look.span(Role::Alert, format!(" {word} {left_s} s ")));
        spans.push(Span::raw(" "));
    }
    if status.auto_answer {
        spans.push(look.span(Role::Alert, if width >= NARROW_WORDS { " ANSWERS ITSELF " } else { " AA " }));
        spans.push(Span::raw(" "));
    }
    if let Some(number) = &status.forward {
        let number = look.clip(number, width / 4);
        spans.push(look.span(Role::Alert, format!(" FWD {number} ")));
        spans.push(Span::raw(" "));
    }
    let waiting = status.accounts.iter().filter_map(|account| account.voicemail.as_ref()).filter(|v| v.waiting);
    let new = waiting.clone().fold(0_u32, |sum, voicemail| sum.saturating_add(voicemail.new));
    if waiting.count() > 0 {
        let count = if new > 0 { format!(" {new}") } else { String::new() };
        spans.push(look.span(Role::Pending, format!("{} voicemail{count}", look.glyphs.message)));
        spans.push(Span::raw("  "));
    }
    let unread = model.threads.unread();
    if unread > 0 {
        spans.push(look.span(Role::Pending, format!("{} messages {unread}", look.glyphs.message)));
        spans.push(Span::raw("  "));
    }
    if model.past.missed > 0 {
        spans.push(look.span(Role::Pending, format!("{} missed {}", look.glyphs.message, model.past.missed)));
        spans.push(Span::raw("  "));
    }
    let long = width >= NARROW_WORDS;
    let alone = spans.is_empty();
    match (status.mic_muted, long) {
        (true, true) if status.voice.talking_muted => spans.push(look.span(Role::Alert, " MIC MUTED: YOU TALK ")),
        (true, _) => spans.push(look.span(Role::Alert, " MIC MUTED ")),
        (false, _) if model.talk.is_some() => spans.push(look.span(Role::Pressed, " TALKING ")),
        (false, true) => spans.push(look.span(Role::Dim, format!("mic {}%", status.volume_mic))),
        (false, false) if alone => spans.push(look.span(Role::Dim, "mic on")),
        (false, false) => {}
    }
    if status.speaker_muted {
        spans.push(Span::raw(" "));
        spans.push(look.span(Role::Alert, if long { " SPEAKER MUTED " } else { " SPK MUTED " }));
    } else if long {
        spans.push(look.span(Role::Dim, format!(" {} speaker {}%", look.glyphs.dot, status.volume)));
    }
    spans
}
