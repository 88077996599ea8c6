//! Where everything goes, from one line to 300 columns. The mouse asks the same table, so it hits what is drawn.
//!
//! ```text
//!  from 64 × 16                                      smaller
//!  header                                            header
//!  banner of an incoming call                        banner
//!  ╭ Dial ──────╮ ╭ Card of the current call ──╮     calls
//!  │ field, pad │ ╭ Calls ─────────────────────╮     meters
//!  ╰────────────╯ ╰────────────────────────────╯     field
//!  ╭ Accounts ──╮ ╭ Call: detail (tall) ───────╮     message
//!  │            │ ╭ Shortcuts (if wanted) ─────╮     footer
//!  │            │ ╭ Watched (if anybody is) ───╮
//!  │            │ ╭ Sound ─────────────────────╮
//!  ╰────────────╯ ╰────────────────────────────╯
//!  message
//!  footer
//! ```

use super::{calls, card, lights, shortcuts};
use crate::ui::model::Model;
use ratatui::layout::Rect;

/// The rectangles; one without an area is not drawn.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[allow(missing_docs)]
pub struct Layout {
    pub header: Rect,
    pub banner: Rect,
    pub dial: Rect,
    pub field: Rect,
    pub pad: Rect,
    /// Rows a key of the pad takes: 1, 2, or 3 with a frame of its own.
    pub pad_rows: u16,
    pub accounts: Rect,
    pub card: Rect,
    pub calls: Rect,
    pub detail: Rect,
    pub shortcuts: Rect,
    pub lights: Rect,
    pub sound: Rect,
    pub message: Rect,
    pub footer: Rect,
    /// Where a list may lie over the screen; never over the banner.
    pub overlay: Rect,
    /// Panels have frames.
    pub framed: bool,
}

/// The smallest screen with frames and a dial pad.
const FRAMED: (u16, u16) = (64, 16);
/// Rows of the banner with a frame, and without.
const BANNER: u16 = 5;
const BANNER_BARE: u16 = 3;
/// Frame, field and the line below it.
const DIAL_FIXED: u16 = 4;
/// Rows the list of calls keeps beside those who are watched, and below a card; there it keeps so many calls.
const LEAST_CALLS: u16 = 8;
const LEAST_BELOW_CARD: u16 = 4;
const MOST_KEPT: usize = 3;
/// Rows from which the panel of those who are watched shows more than how many there are.
const LEAST_WATCHED: u16 = 4;
/// Rows of the card of the current call, with its frame: as many as there is room for.
const CARD: [u16; 3] = [8, 7, 5];
/// Rows of the meters: with little room, with the history of the levels, and at most.
const SOUND: u16 = 4;
const SOUND_TALL: u16 = 8;
const SOUND_MOST: u16 = 20;
/// Rows of the detail of a call.
const DETAIL: u16 = 10;
/// Rows at which the body is tall enough for the detail of a call.
const TALL: u16 = 30;

/// The pad's keys, row by row.
pub const PAD: [[(char, &str); 3]; 4] = [
    [('1', ""), ('2', "abc"), ('3', "def")],
    [('4', "ghi"), ('5', "jkl"), ('6', "mno")],
    [('7', "pqrs"), ('8', "tuv"), ('9', "wxyz")],
    [('*', ""), ('0', "+"), ('#', "")],
];

impl Layout {
    /// The layout of a screen.
    pub fn of(model: &Model, area: Rect) -> Layout {
        let rings = model.incoming().is_some();
        if area.width >= FRAMED.0 && area.height >= FRAMED.1 { framed(model, area, rings) } else { bare(area, rings) }
    }

    /// The rectangle of each key of the pad.
    pub fn pad_keys(&self) -> impl Iterator<Item = (char, &'static str, Rect)> {
        let (pad, rows) = (self.pad, self.pad_rows);
        let width = pad.width / 3;
        let left = pad.x + (pad.width - 3 * width) / 2;
        let keys = (0u16..).zip(PAD).flat_map(|(y, keys)| (0u16..).zip(keys).map(move |(x, key)| (x, y, key)));
        keys.filter(move |(_, y, _)| rows > 0 && (y + 1) * rows <= pad.height).map(move |(x, y, (digit, letters))| {
            (digit, letters, Rect::new(left + x * width, pad.y + y * rows, width, rows))
        })
    }
}

fn framed(model: &Model, area: Rect, rings: bool) -> Layout {
    let mut rest = area;
    let header = top(&mut rest, 1);
    let banner = top(&mut rest, if rings { BANNER } else { 0 });
    let footer = bottom(&mut rest, 1);
    let message = bottom(&mut rest, 1);
    let overlay = rest;
    let left_width = if area.width >= 100 { 36 } else { 30 };
    let mut left = Rect { width: left_width, ..rest };
    let mut right = Rect { x: rest.x + left_width, width: rest.width - left_width, ..rest };

    let pad_rows = match rest.height {
        25.. => 3,
        17.. => 2,
        _ => 1,
    };
    let dial = top(&mut left, DIAL_FIXED + 4 * pad_rows);
    let inner = Rect { x: dial.x + 2, y: dial.y + 1, width: dial.width - 4, height: dial.height.saturating_sub(2) };
    let field = Rect { height: 1, ..inner };
    let pad = Rect { y: inner.y + 2, height: inner.height.saturating_sub(2), ..inner };
    let accounts = if left.height >= 3 { left } else { Rect::default() };

    let tall = rest.height >= TALL;
    let has_card = card::call(model).is_some();
    // Where the card says all there is of calls, their rows go to the sound.
    let is_all = has_card && model.calls.len() == 1 && model.recent.is_empty();
    let below_card = match model.calls.len() {
        0 | 1 => LEAST_BELOW_CARD,
        several => 2 + 2 * several.min(MOST_KEPT) as u16,
    };
    let mut spare = right.height;
    let mut want = |rows: u16| {
        spare -= rows.min(spare);
        (rows, spare)
    };
    let (sound, left_over) = want(if tall { SOUND_TALL } else { SOUND });
    let card = CARD.into_iter().find(|rows| left_over >= rows + below_card).filter(|_| has_card).unwrap_or(0);
    let (card, left_over) = want(card);
    // The calls keep their rows; those who are watched have a list of their own as well.
    let least = match (card > 0, is_all && tall) {
        (true, true) => 0,
        (true, false) => below_card,
        (false, _) => LEAST_CALLS.max(calls::rows_at_rest(model)),
    };
    let room = left_over.saturating_sub(least);
    let at_hand = Some(shortcuts::panel_height(model, right.width)).filter(|rows| *rows <= room).unwrap_or(0);
    let has_detail = tall && !model.calls.is_empty() && room >= at_hand + DETAIL;
    let detail = if has_detail { DETAIL } else { 0 };
    let lit = lights::panel_height(model);
    let watched = Some(lit.min(room - at_hand - detail)).filter(|rows| *rows >= lit.min(LEAST_WATCHED)).unwrap_or(0);
    let (_, calls) = want(at_hand + watched + detail);
    let is_told = is_all && card > 0;
    let more = if is_told { calls.min(SOUND_MOST - sound) } else { 0 };
    let more = if calls - more < LEAST_BELOW_CARD { calls.min(SOUND_MOST) * u16::from(is_told) } else { more };

    let sound = bottom(&mut right, sound + more);
    let watched = bottom(&mut right, watched);
    let at_hand = bottom(&mut right, at_hand);
    let detail = bottom(&mut right, detail);
    let card = top(&mut right, card);
    Layout {
        header,
        banner,
        dial,
        field,
        pad,
        pad_rows,
        accounts,
        card,
        calls: right,
        detail,
        shortcuts: at_hand,
        lights: watched,
        sound,
        message,
        footer,
        overlay,
        framed: true,
    }
}

/// What matters most gets its row first.
fn bare(area: Rect, rings: bool) -> Layout {
    let mut spare = area.height;
    let mut want = |rows: u16| {
        let got = rows.min(spare);
        spare -= got;
        got
    };
    let mut banner = want(u16::from(rings));
    let footer = want(1);
    let mut calls = want(1);
    let field = want(1);
    let header = want(1);
    let message = want(1);
    if rings {
        banner += want(BANNER_BARE - 1);
    }
    let sound = want(u16::from(area.height >= 8));
    calls += want(area.height);

    let mut rest = area;
    let header = top(&mut rest, header);
    let banner = top(&mut rest, banner);
    let overlay = Rect { height: rest.height.saturating_sub(footer), ..rest };
    Layout {
        header,
        banner,
        calls: top(&mut rest, calls),
        sound: top(&mut rest, sound),
        field: top(&mut rest, field),
        message: top(&mut rest, message),
        footer: top(&mut rest, footer),
        overlay,
        ..Layout::default()
    }
}

fn top(rest: &mut Rect, rows: u16) -> Rect {
    let rows = rows.min(rest.height);
    let taken = Rect { height: rows, ..*rest };
    rest.y += rows;
    rest.height -= rows;
    taken
}

fn bottom(rest: &mut Rect, rows: u16) -> Rect {
    let rows = rows.min(rest.height);
    rest.height -= rows;
    Rect { y: rest.y + rest.height, height: rows, ..*rest }
}
