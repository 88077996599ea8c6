//! The accounts: glyph, word and reason of each registration.

use super::{Look, words};
use crate::control::{AccountInfo, RegistrationState, TlsTrust};
use crate::text::say;
use crate::ui::model::Model;
use crate::ui::theme::Role;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

/// Rows for where one stands and why: at most, and where not all of them would have room.
const MOST_REASON: usize = 5;
const LEAST_REASON: usize = 2;

/// The glyph of where an account stands, and its role.
pub fn sign(look: Look, account: &AccountInfo) -> (&'static str, Role) {
    match account.state {
        RegistrationState::Off if account.direct => (look.glyphs.registered, Role::Good),
        RegistrationState::Registered => (look.glyphs.registered, Role::Good),
        RegistrationState::Registering => (look.glyphs.registering, Role::Pending),
        RegistrationState::Failed => (look.glyphs.failed, Role::Bad),
        RegistrationState::Off => (look.glyphs.off, Role::Dim),
    }
}

/// Draws the panel.
pub fn draw(model: &Model, look: Look, area: Rect, buf: &mut Buffer) {
    if area.is_empty() {
        return;
    }
    let inner = look.panel(buf, area, &say!("accounts-panel-title"), false);
    let inner = Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner };
    let accounts = &model.status.accounts;
    if accounts.is_empty() {
        look.row(buf, inner, 0, Line::from(look.span(Role::Dim, say!("accounts-panel-none"))), Line::default());
        return;
    }
    let told = |most| accounts.iter().map(|account| lines(look, account, inner.width, most)).collect::<Vec<_>>();
    let rows = |all: &[Vec<Line>]| all.iter().map(Vec::len).sum::<usize>();
    let in_full = Some(told(MOST_REASON)).filter(|all| rows(all) <= usize::from(inner.height));
    let mut row = 0;
    for (at, lines) in in_full.unwrap_or_else(|| told(LEAST_REASON)).into_iter().enumerate() {
        let left = accounts.len() - at;
        if row + lines.len() as u16 > inner.height && left > 0 {
            let last = inner.height.saturating_sub(1);
            let more = look.span(Role::Dim, say!("accounts-panel-more", count = left));
            look.row(
                buf,
                Rect { y: inner.y + row.min(last), height: 1, ..inner },
                0,
                Line::from(more),
                Line::default(),
            );
            return;
        }
        for line in lines {
            look.row(buf, inner, row, line, Line::default());
            row += 1;
        }
    }
}

fn lines(look: Look, account: &AccountInfo, width: u16, most: usize) -> Vec<Line<'static>> {
    let (glyph, role) = sign(look, account);
    let name = if account.label.is_empty() { &account.aor } else { &account.label };
    let name_role = if account.selected { Role::Strong } else { Role::Text };
    let mut lines = vec![Line::from(vec![
        look.span(role, format!("{glyph} ")),
        look.span(name_role, look.clip(name, width.saturating_sub(2))),
    ])];
    let mut second = words::registration(account).to_owned();
    if account.state == RegistrationState::Failed {
        let why = words::answer(account.status, account.reason.as_deref().unwrap_or_default());
        if !why.is_empty() {
            second = format!("{second}: {why}");
        }
    } else if account.direct {
        second = say!("accounts-panel-no-registrar", state = second);
    } else if !account.transport.is_empty() && account.state == RegistrationState::Registered {
        second = format!("{second} {} {}", look.glyphs.dot, account.transport);
        if account.tls == Some(TlsTrust::Unverified) {
            second = say!("accounts-panel-not-verified", state = second);
        }
    }
    let indent = width.saturating_sub(2);
    for piece in wrap(&second, usize::from(indent), most) {
        lines.push(Line::from(
            look.span(if role == Role::Good { Role::Dim } else { role }, format!("  {}", look.clip(&piece, indent))),
        ));
    }
    if let Some(voicemail) = account.voicemail.as_ref().filter(|voicemail| voicemail.waiting) {
        lines.push(Line::from(vec![
            look.span(Role::Pending, format!("{} ", look.glyphs.message)),
            look.span(Role::Text, look.clip(&words::voicemail(voicemail), indent)),
        ]));
    }
    lines
}

/// Breaks at blanks into at most `most` lines; the last one keeps the rest.
fn wrap(text: &str, width: usize, most: usize) -> Vec<String> {
    use unicode_width::UnicodeWidthStr;
    let mut lines: Vec<String> = vec![String::new()];
    for word in text.split(' ') {
        let full = lines.len() >= most;
        let Some(line) = lines.last_mut() else { break };
        if !full && !line.is_empty() && line.width() + 1 + word.width() > width {
            lines.push(word.to_owned());
        } else {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines
}
