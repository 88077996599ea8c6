//! The first line: the program, the phone's state, the microphone.

use super::{Look, words};
use crate::control::RegistrationState;
use crate::ui::model::{Connection, Model};
use crate::ui::theme::Role;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

/// Below this width the program's name makes way.
const NARROW: u16 = 36;

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
    let (glyph, role) = super::accounts::sign(look, account.state);
    let mut spans = vec![look.span(role, format!("{glyph} {}", words::registration(account.state)))];
    spans.push(look.span(Role::Text, format!(" {}", account.aor)));
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
    if status.dnd {
        spans.push(look.span(Role::Alert, " DND "));
        spans.push(Span::raw(" "));
    }
    if let Some(number) = &status.forward {
        let number = look.clip(number, width / 4);
        spans.push(look.span(Role::Alert, format!(" FWD {number} ")));
        spans.push(Span::raw(" "));
    }
    let long = width >= 60;
    match (status.mic_muted, long) {
        (true, _) => spans.push(look.span(Role::Alert, " MIC MUTED ")),
        (false, true) => spans.push(look.span(Role::Dim, format!("mic {}%", status.volume_mic))),
        (false, false) => spans.push(look.span(Role::Dim, "mic on")),
    }
    if status.speaker_muted {
        spans.push(Span::raw(" "));
        spans.push(look.span(Role::Alert, if long { " SPEAKER MUTED " } else { " SPK MUTED " }));
    } else if long {
        spans.push(look.span(Role::Dim, format!(" {} speaker {}%", look.glyphs.dot, status.volume)));
    }
    spans
}
