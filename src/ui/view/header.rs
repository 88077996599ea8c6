//! The first line: the program, the phone's state, the microphone.

use super::{Look, words};
use crate::control::{AccountInfo, CallInfo, RecordingState, RegistrationState, TlsTrust};
use crate::text::say;
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
        Connection::Opening => return vec![look.span(Role::Pending, say!("header-connecting"))],
        Connection::Closed(_) => return vec![look.span(Role::Alert, format!(" {} ", say!("header-phone-gone")))],
        Connection::Open => {}
    }
    let accounts = &model.status.accounts;
    let shown = accounts.iter().find(|account| account.selected).or(accounts.first());
    let Some(account) = shown else { return vec![look.span(Role::Dim, say!("header-no-account"))] };
    let (glyph, role) = super::accounts::sign(look, account);
    let mut spans = vec![look.span(role, format!("{glyph} {}", words::registration(account)))];
    // The account that calls by address has none itself.
    let name = if account.aor.is_empty() { &account.label } else { &account.aor };
    spans.push(look.span(Role::Text, format!(" {name}")));
    let failed =
        accounts.iter().filter(|other| other.state == RegistrationState::Failed && other.id != account.id).count();
    if failed > 0 {
        spans.push(look.span(Role::Bad, format!("  {} {}", look.glyphs.failed, say!("header-failed", count = failed))));
    }
    spans
}

fn sound(model: &Model, look: Look, width: u16) -> Vec<Span<'static>> {
    let status = &model.status;
    let mut spans = Vec::new();
    let is_unverified = |account: &AccountInfo| account.registered && account.tls == Some(TlsTrust::Unverified);
    if status.accounts.iter().any(is_unverified) {
        let word = if width >= NARROW_WORDS { say!("header-server-not-verified") } else { say!("header-unverified") };
        spans.push(look.span(Role::Alert, format!(" {word} ")));
        spans.push(Span::raw(" "));
    }
    let records = |call: &CallInfo| call.recording.as_ref().is_some_and(|r| r.state == RecordingState::Recording);
    if model.calls.iter().any(|row| records(&row.info)) {
        spans.push(look.span(Role::Alert, format!(" {} ", say!("header-records"))));
        spans.push(Span::raw(" "));
    }
    if status.dnd {
        spans.push(look.span(Role::Alert, format!(" {} ", say!("header-dnd"))));
        spans.push(Span::raw(" "));
    }
    if let Some(until) = model.wrap_up_until {
        let left = until.saturating_duration_since(look.now);
        let left_s = left.as_secs() + u64::from(left.subsec_nanos() > 0);
        let words = match width >= NARROW_WORDS {
            true => say!("header-wrapping-up", seconds = left_s),
            false => say!("header-wrap", seconds = left_s),
        };
        spans.push(look.span(Role::Alert, format!(" {words} ")));
        spans.push(Span::raw(" "));
    }
    if status.auto_answer {
        let word = if width >= NARROW_WORDS { say!("header-answers-itself") } else { say!("header-auto-answer") };
        spans.push(look.span(Role::Alert, format!(" {word} ")));
        spans.push(Span::raw(" "));
    }
    if let Some(number) = &status.forward {
        let number = look.clip(number, width / 4);
        spans.push(look.span(Role::Alert, format!(" {} ", say!("header-forwards", number))));
        spans.push(Span::raw(" "));
    }
    let waiting = status.accounts.iter().filter_map(|account| account.voicemail.as_ref()).filter(|v| v.waiting);
    let new = waiting.clone().fold(0_u32, |sum, voicemail| sum.saturating_add(voicemail.new));
    if waiting.count() > 0 {
        let words = if new > 0 { say!("header-voicemail-new", count = new) } else { say!("header-voicemail") };
        spans.push(look.span(Role::Pending, format!("{} {words}", look.glyphs.message)));
        spans.push(Span::raw("  "));
    }
    let unread = model.threads.unread();
    if unread > 0 {
        spans.push(
            look.span(Role::Pending, format!("{} {}", look.glyphs.message, say!("header-messages", count = unread))),
        );
        spans.push(Span::raw("  "));
    }
    if model.past.missed > 0 {
        spans.push(look.span(
            Role::Pending,
            format!("{} {}", look.glyphs.message, say!("header-missed", count = model.past.missed)),
        ));
        spans.push(Span::raw("  "));
    }
    let long = width >= NARROW_WORDS;
    let alone = spans.is_empty();
    match (status.mic_muted, long) {
        (true, true) if status.voice.talking_muted => {
            spans.push(look.span(Role::Alert, format!(" {} ", say!("header-muted-you-talk"))))
        }
        (true, _) => spans.push(look.span(Role::Alert, format!(" {} ", say!("header-muted")))),
        (false, _) if model.talk.is_some() => {
            spans.push(look.span(Role::Pressed, format!(" {} ", say!("header-talking"))))
        }
        (false, true) => spans.push(look.span(Role::Dim, say!("header-mic", level = status.volume_mic))),
        (false, false) if alone => spans.push(look.span(Role::Dim, say!("header-mic-on"))),
        (false, false) => {}
    }
    if status.speaker_muted {
        spans.push(Span::raw(" "));
        let word = if long { say!("header-speaker-muted") } else { say!("header-spk-muted") };
        spans.push(look.span(Role::Alert, format!(" {word} ")));
    } else if long {
        spans.push(
            look.span(Role::Dim, format!(" {} {}", look.glyphs.dot, say!("header-speaker", level = status.volume))),
        );
    }
    spans
}
