//! The accounts, and all that is known of the chosen one's registration: where it stands, by which way, and if it failed,
//! why, and what to do about it.

use super::list::{self, Fact};
use super::{Look, accounts, words};
use crate::control::causes::{self, Cause};
use crate::control::{AccountInfo, RegistrationState, TlsTrust};
use crate::text::say;
use crate::text::words::retold;
use crate::ui::keymap::Act;
use crate::ui::model::Model;
use crate::ui::theme::Role;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};
use std::time::Duration;

/// Columns from which the details stand beside the list.
const BESIDE: u16 = 100;

/// Below this width it is not said which one calls go out by, and below that one the sign alone says where it stands.
const NARROW: u16 = 36;
const NARROW_WORDS: u16 = 28;

/// Which account is drawn at a cell of the screen.
pub fn row_at(model: &Model, body: Rect, at: Position) -> Option<usize> {
    let rows = list::inside(split(model, body).0);
    let many = model.status.accounts.len();
    let first = list::first(model.registrations.row, many, usize::from(rows.height));
    let row = first + usize::from(at.y.checked_sub(rows.y)?);
    (rows.contains(at) && row < many).then_some(row)
}

/// Draws them over the body of the screen.
pub fn draw(model: &Model, look: Look, body: Rect, buf: &mut Buffer) {
    let (places, details) = split(model, body);
    let all = &model.status.accounts;
    let chosen = all.get(model.registrations.row);
    let title = match all.len() {
        0 => say!("accounts-title"),
        count => say!("accounts-title-count", count),
    };
    if let Some(rows) = list::panel(look, buf, places, &title, true) {
        if all.is_empty() {
            list::instead(look, buf, rows, &none(model));
        }
        let first = list::first(model.registrations.row, all.len(), usize::from(rows.height));
        for (row, (at, account)) in (0..rows.height).zip(all.iter().enumerate().skip(first)) {
            account_line(look, account, at == model.registrations.row, rows, row, buf);
        }
    }
    if let (Some(account), false) = (chosen, details.is_empty())
        && let Some(inner) = list::panel(look, buf, details, name(account), false)
    {
        list::facts(look, buf, inner, &facts(model, look, account), model.registrations.scroll);
    }
}

/// The list takes the rows it needs, the details all others.
fn split(model: &Model, body: Rect) -> (Rect, Rect) {
    if body.width >= BESIDE {
        let width = body.width / 3;
        return (Rect { width, ..body }, Rect { x: body.x + width, width: body.width - width, ..body });
    }
    let many = model.status.accounts.len().clamp(1, 8) as u16;
    // Where there is room, a frame; its panel has one from six rows on.
    let list = if body.height < 16 { many.min(body.height / 3).max(2) } else { (many + 2).max(6).min(body.height / 2) };
    if model.status.accounts.is_empty() || body.height < 4 {
        return (body, Rect::default());
    }
    (Rect { height: list, ..body }, Rect { y: body.y + list, height: body.height - list, ..body })
}

fn none(model: &Model) -> Vec<String> {
    let key = model.keymap.key(Act::Settings, false).map(|key| key.to_string()).unwrap_or_default();
    vec![say!("accounts-none"), say!("accounts-setup", key)]
}

fn name(account: &AccountInfo) -> &str {
    if account.label.is_empty() { &account.aor } else { &account.label }
}

fn account_line(look: Look, account: &AccountInfo, chosen: bool, area: Rect, row: u16, buf: &mut Buffer) {
    let (glyph, role) = accounts::sign(look, account);
    let left = vec![
        list::mark(look, chosen),
        look.span(role, format!("{glyph} ")),
        look.span(if account.selected { Role::Strong } else { Role::Text }, name(account)),
        Span::raw("  "),
    ];
    let default = match account.selected && area.width >= NARROW {
        true => format!(" {}", say!("accounts-default")),
        false => String::new(),
    };
    let mut right = vec![look.span(role, words::registration(account)), look.span(Role::Dim, format!("{default} "))];
    if area.width < NARROW_WORDS {
        right.clear();
    }
    look.row(buf, area, row, Line::from(left), Line::from(right));
    if chosen {
        list::bar(look, buf, area, row);
    }
}

fn facts(model: &Model, look: Look, account: &AccountInfo) -> Vec<Fact> {
    let seen = model.registrations.of(account.id);
    let since = seen.and_then(|seen| seen.since).map(|since| look.now.saturating_duration_since(since));
    let state = match since {
        _ if account.direct && account.state == RegistrationState::Off => say!("accounts-direct"),
        Some(time) => say!("accounts-since", state = words::registration(account), time = about(time)),
        None => words::registration(account),
    };
    let until = seen.and_then(|seen| seen.until).map(|until| until.saturating_duration_since(look.now));
    let expires = until.map(|left| say!("accounts-renewed", time = about(left))).unwrap_or_default();
    let last = words::answer(account.status, account.reason.as_deref().unwrap_or_default());
    let cause = match (account.state, account.status) {
        (RegistrationState::Failed, Some(status @ 300..)) => Some(causes::of_register(status)),
        (RegistrationState::Failed, _) => {
            Some(causes::of_silence(account.reason.as_deref().unwrap_or_default(), &account.transport))
        }
        _ => None,
    };
    let failures = seen.map_or(0, |seen| seen.failures);
    let failures = if failures > 0 { say!("accounts-failures", count = failures) } else { String::new() };
    let trust = match account.tls {
        Some(TlsTrust::Verified) => say!("accounts-tls-verified"),
        Some(TlsTrust::Pinned) => say!("accounts-tls-pinned"),
        Some(TlsTrust::Unverified) => say!("accounts-tls-unverified"),
        None if account.direct => String::new(),
        None => say!("accounts-tls-none"),
    };
    let way = account.hop.clone().unwrap_or_else(|| account.transport.clone());
    let public = account.public.as_ref().map(|at| say!("accounts-nat-between", at)).unwrap_or_default();
    let nat = model.status.nat.as_ref().map(|nat| match &nat.address {
        Some(address) => format!("{address}, {}", words::parts(&nat.words)),
        None => words::parts(&nat.words),
    });
    let list = |routes: &[String]| routes.join(", ");
    let facts = [
        Fact::of(say!("accounts-fact-state"), state),
        Fact::of(say!("accounts-fact-why"), cause.map(Cause::why_told).unwrap_or_default()),
        Fact::of(say!("accounts-fact-try"), cause.and_then(Cause::next_told).unwrap_or_default()),
        Fact::of(say!("accounts-fact-last-said"), last),
        Fact::of(say!("accounts-fact-failures"), failures),
        Fact::of(say!("accounts-fact-expires"), expires),
        Fact::of(say!("accounts-fact-address"), account.aor.clone()),
        Fact::of(say!("accounts-fact-server"), account.server.clone()),
        Fact::of(say!("accounts-fact-by-way-of"), way),
        Fact::of(say!("accounts-fact-tls"), trust),
        Fact::of(say!("accounts-fact-seen-as"), public),
        Fact::of(say!("accounts-fact-nat"), nat.unwrap_or_default()),
        Fact::of(say!("accounts-fact-rewritten"), account.rewritten.as_deref().map(retold).unwrap_or_default()),
        Fact::of(say!("accounts-fact-gruu"), account.gruu.clone().unwrap_or_default()),
        Fact::of(say!("accounts-fact-path"), list(&account.path)),
        Fact::of(say!("accounts-fact-route"), list(&account.service_route)),
        Fact::of(say!("accounts-fact-voicemail"), account.voicemail.as_ref().map(voicemail).unwrap_or_default()),
        Fact::of(say!("accounts-fact-codecs"), list(&model.registrations.codecs)),
    ];
    facts.into_iter().flatten().collect()
}

fn voicemail(voicemail: &crate::control::VoicemailInfo) -> String {
    let words = words::waiting(voicemail);
    match &voicemail.number {
        Some(number) => say!("accounts-mailbox", words, number),
        None => words,
    }
}

/// `4 min`, `40 s`: in steps that do not flicker.
fn about(time: Duration) -> String {
    match time.as_secs() {
        seconds @ 0..60 => say!("accounts-seconds", count = seconds / 10 * 10),
        seconds @ 60..3_600 => say!("accounts-minutes", count = seconds / 60),
        seconds => say!("accounts-hours", time = format!("{}:{:02}", seconds / 3_600, seconds / 60 % 60)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_move_in_steps() {
        for (seconds, expected) in [(0, "0 s"), (19, "10 s"), (60, "1 min"), (3_599, "59 min"), (3_660, "1:01 h")] {
            assert_eq!(about(Duration::from_secs(seconds)), expected);
        }
    }
}
