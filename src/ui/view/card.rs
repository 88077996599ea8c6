//! The card of the current call: who, for how long, and how well one hears; big enough to be read from a step away.

use super::{Look, calls, words};
use crate::control::{CallDirection, CallState, MediaInfo};
use crate::text::say;
use crate::text::words::retold;
use crate::ui::model::{CallRow, Model};
use crate::ui::theme::Role;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Stylize;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Widget};

/// Least cells beside a big timer.
const BESIDE_TIMER: u16 = 20;
/// A grade of four bars of rising height begins here, in MOS.
const GRADES: [f64; 4] = [1.0, 2.6, 3.6, 4.0];

/// The call that has a card: the current one, unless the banner tells of it.
pub fn call(model: &Model) -> Option<&CallRow> {
    model.current().filter(|call| call.info.state != CallState::Incoming)
}

/// Draws it.
pub fn draw(model: &Model, look: Look, area: Rect, buf: &mut Buffer) {
    let Some(call) = call(model).filter(|_| !area.is_empty()) else { return };
    let info = &call.info;
    let (glyph, role) = calls::sign(look, info.state);
    let border = look.style(if info.state == CallState::Connected { Role::Good } else { Role::Border });
    // The border's look would show through.
    let title = look.span(role, format!(" {glyph} {} ", words::call_state(info))).not_dim();
    let block = Block::bordered().border_set(look.glyphs.border).border_style(border).title(Line::from(title));
    let inner = block.inner(area);
    block.render(area, buf);
    let inner = Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner };
    // The tallest card breathes.
    let inner = if inner.height > 5 { Rect { y: inner.y + 1, height: inner.height - 1, ..inner } } else { inner };

    let clock = words::clock(look.now.saturating_duration_since(call.since));
    let timer = timer(look, role, &clock, inner, buf);
    let beside = Rect { width: inner.width.saturating_sub(timer), ..inner };
    let name = words::who(info);
    let mut rows = vec![look.span(Role::Strong, look.clip(&name, beside.width))];
    let number = words::number(info);
    if number != name {
        rows.push(look.span(Role::Text, look.clip(&number, beside.width)));
    }
    if inner.height >= 5 {
        let way = match info.direction {
            CallDirection::Outgoing => say!("card-as", account = &info.account),
            CallDirection::Incoming => say!("card-to", account = &info.account),
        };
        rows.push(look.span(Role::Dim, look.clip(&way, beside.width)));
    }
    let room = inner.height.saturating_sub(2).max(1);
    for (row, span) in (0..room).zip(rows) {
        look.row(buf, beside, row, Line::from(span), Line::default());
    }
    if inner.height < 3 {
        return;
    }
    let marks = calls::marks(look, info);
    let state = match &info.media {
        Some(media) if !media.codec.is_empty() => sound(look, media, inner.width),
        _ => {
            let status = info.status.zip(info.reason.as_deref());
            let status = status.map(|(status, reason)| words::answer(Some(status), reason));
            vec![look.span(Role::Dim, status.unwrap_or_else(|| say!("card-asking")))]
        }
    };
    let marks = calls::fitting(look, marks, 0, inner.width);
    look.row(buf, inner, inner.height - 2, Line::from(marks), Line::default());
    look.row(buf, inner, inner.height - 1, Line::from(state), Line::default());
}

/// Draws the timer at the right end, big where there is room; the cells it takes, with a blank before them.
fn timer(look: Look, role: Role, clock: &str, area: Rect, buf: &mut Buffer) -> u16 {
    let big = look.glyphs.digits.and_then(|digits| big(&digits, clock));
    let wide = big.as_ref().map_or(0, |rows| rows[0].chars().count() as u16);
    match big.filter(|_| area.height >= 5 && area.width >= wide + BESIDE_TIMER) {
        Some(rows) => {
            for (row, text) in (0..).zip(rows) {
                look.row(buf, area, row, Line::default(), Line::from(look.span(role, text)));
            }
            wide + 2
        }
        None => {
            look.row(buf, area, 0, Line::default(), Line::from(look.span(role, clock)));
            clock.len() as u16 + 2
        }
    }
}

/// A clock in digits three rows tall; `None` for what has none.
fn big(digits: &[[&str; 3]; 11], clock: &str) -> Option<[String; 3]> {
    let places = clock.chars().map(|c| if c == ':' { Some(10) } else { c.to_digit(10).map(|d| d as usize) });
    let signs = places.map(|place| digits.get(place?)).collect::<Option<Vec<_>>>()?;
    Some([0, 1, 2].map(|row| signs.iter().map(|sign| sign[row]).collect::<Vec<_>>().join(" ")))
}

/// Bars and a word for the quality, the codec, what protects it.
fn sound(look: Look, media: &MediaInfo, width: u16) -> Vec<Span<'static>> {
    let mut bars = Vec::new();
    if let Some((quality, is_bad)) = words::quality(media) {
        let mos = media.mos_rx.unwrap_or_default();
        let role = if is_bad { Role::Bad } else { Role::Good };
        for (place, least) in (1..).zip(GRADES) {
            let bar = look.glyphs.bars.get(place * 2).copied().unwrap_or(" ");
            bars.push(look.span(if mos >= least { role } else { Role::LevelEmpty }, bar));
        }
        bars.push(look.span(role, format!(" {quality}")));
        bars.push(look.span(Role::Dim, format!(" {} ", look.glyphs.dot)));
    }
    let taken: usize = bars.iter().map(Span::width).sum();
    let mut parts = vec![look.span(Role::Text, words::codec(media))];
    let protection = calls::protection(look, media);
    parts.push(protection.unwrap_or_else(|| look.span(Role::Dim, words::protected(media))));
    parts.extend(calls::way(look, media));
    parts.extend(media.cause_rx.as_ref().map(|cause| look.span(Role::Bad, retold(cause).into_owned())));
    parts.push(look.span(Role::Dim, words::loss(media)));
    parts.push(look.span(Role::Dim, words::jitter(media)));
    let room = width.saturating_sub(taken as u16);
    bars.into_iter().chain(calls::fitting(look, parts, 0, room)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::glyphs::UNICODE;
    use unicode_width::UnicodeWidthStr;

    #[test]
    fn big_clocks_have_three_rows_of_one_width() {
        let digits = UNICODE.digits.expect("digits");
        for (clock, width) in [("00:12", 17), ("1:02:03", 23), ("123:45:07", 31)] {
            let rows = big(&digits, clock).expect("a clock");
            assert_eq!(rows.each_ref().map(|row| row.width()), [width; 3], "{clock}: {rows:#?}");
        }
        assert_eq!(big(&digits, "12 s"), None);
        assert_eq!(big(&digits, "00:12").expect("a clock")[0], "█▀█ █▀█ ▄ ▀█  ▀▀█");
    }
}
