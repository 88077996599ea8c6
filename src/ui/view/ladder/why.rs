//! Why did this fail? The words about the messages that are shown.

use super::super::{Look, list, words};
use crate::control::trace::why::{Known, why};
use crate::text::say;
use crate::ui::ladder::Talk;
use crate::ui::model::Model;
use crate::ui::theme::Role;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

/// Draws them.
pub fn draw(model: &Model, look: Look, area: Rect, buf: &mut Buffer) {
    let talk = model.ladder.chosen.as_ref();
    let title = talk.map_or_else(|| say!("ladder-why"), |talk| say!("ladder-why-of", name = super::name(model, talk)));
    let Some(inner) = list::panel(look, buf, area, &title, true) else { return };
    let inner = Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner };
    let lines = lines(model, look, usize::from(inner.width.max(1)));
    let skip = model.ladder.scroll.min(lines.len().saturating_sub(usize::from(inner.height)));
    for (row, line) in (0..inner.height).zip(lines.into_iter().skip(skip)) {
        look.row(buf, inner, row, line, Line::default());
    }
}

fn lines<'s>(model: &Model, look: Look, width: usize) -> Vec<Line<'s>> {
    let talk = model.ladder.chosen.as_ref();
    let account = match talk {
        Some(Talk::Account(aor)) => model.status.accounts.iter().find(|account| account.aor == *aor),
        _ => None,
    };
    let known = Known { call: talk.and_then(|talk| super::call(model, talk)), account };
    let mut out = Vec::new();
    for verdict in why(&model.ladder.messages(), known) {
        let (role, sign) =
            if verdict.is_bad { (Role::Bad, look.glyphs.failed) } else { (Role::Good, look.glyphs.registered) };
        let indent = "  ";
        let narrow = width.saturating_sub(indent.len()).max(1);
        for (at, text) in words::wrap(&verdict.what, narrow).into_iter().enumerate() {
            let sign = if at == 0 { format!("{sign} ") } else { indent.to_owned() };
            out.push(Line::from(vec![look.span(role, sign), look.span(Role::Strong, text)]));
        }
        let cause = (!verdict.cause.is_empty()).then(|| say!("ladder-likely", cause = &verdict.cause));
        let next = (!verdict.next.is_empty()).then(|| say!("ladder-next", next = &verdict.next));
        for (role, text) in [(Role::Text, cause), (Role::Key, next)] {
            let Some(text) = text else { continue };
            out.push(Line::default());
            for text in words::wrap(&text, narrow) {
                out.push(Line::from(vec![look.span(Role::Dim, indent), look.span(role, text)]));
            }
        }
        out.push(Line::default());
    }
    out
}
