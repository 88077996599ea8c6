//! The level meters, both ways, in dBFS; on tall screens how loud it was of late too.

use super::{Look, words};
use crate::text::say;
use crate::text::words::retold;
use crate::ui::keymap::Act;
use crate::ui::model::{Mode, Model, SILENCE_DBFS};
use crate::ui::theme::Role;
use crate::ui::waves::first_shown;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Stylize;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

/// The left end of a meter, in dBFS.
const FLOOR_DBFS: f32 = -60.0;
/// From here a level counts as loud, and as about to clip.
const LOUD_DBFS: f32 = -9.0;
const CLIP_DBFS: f32 = -0.5;
/// Cells of `-23 dBFS`.
const FIGURE_WIDTH: u16 = 9;

/// One meter.
struct Meter {
    name: String,
    dbfs: f32,
    muted: bool,
    history: Vec<f32>,
    /// Values before those.
    forgotten: u64,
}

/// Draws both.
pub fn draw(model: &Model, look: Look, area: Rect, framed: bool, buf: &mut Buffer) {
    if area.is_empty() {
        return;
    }
    let live = model.has_sound();
    let history = |of: fn(&crate::control::Levels) -> f32| model.waves.columns().map(of).collect();
    let forgotten = model.waves.forgotten();
    let mic = Meter {
        name: say!("meters-mic"),
        dbfs: model.levels.mic_dbfs,
        muted: model.status.mic_muted,
        history: history(|levels| levels.mic_dbfs),
        forgotten,
    };
    let speaker = Meter {
        name: if framed { say!("meters-speaker") } else { say!("meters-spk") },
        dbfs: model.levels.speaker_dbfs,
        muted: model.status.speaker_muted,
        history: history(|levels| levels.speaker_dbfs),
        forgotten,
    };
    if !framed {
        let area = Rect { x: area.x + 1, width: area.width.saturating_sub(1), ..area };
        let half = area.width / 2;
        bar(look, &mic, live, 4, Rect { width: half, ..area }, buf);
        bar(look, &speaker, live, 4, Rect { x: area.x + half, width: area.width - half, ..area }, buf);
        return;
    }
    let inner = look.panel_of(buf, area, title(model, look, area.width), false);
    let inner = Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner };
    let each = inner.height / 2;
    let rests = !live && !mic.muted && model.mode == Mode::Devices;
    for (at, meter) in (0u16..).zip([mic, speaker]) {
        let area = Rect { y: inner.y + at * each, height: each, ..inner };
        bar(look, &meter, live, 8, area, buf);
        if each > 1 {
            graph(
                look,
                &meter,
                Rect {
                    x: area.x + 8,
                    y: area.y + 1,
                    width: area.width.saturating_sub(8 + FIGURE_WIDTH),
                    height: each - 1,
                },
                buf,
            );
        }
    }
    if rests {
        draw_rest(model, look, inner, buf);
    }
}

/// Why the levels rest, in place of the first bar: only the view of devices is there to look at them.
fn draw_rest(model: &Model, look: Look, area: Rect, buf: &mut Buffer) {
    let why = match model.keymap.key(Act::Verb("test-audio"), false) {
        Some(key) => say!("meters-closed-key", key = key.to_string()),
        None => say!("meters-closed"),
    };
    let width = area.width.saturating_sub(8 + FIGURE_WIDTH);
    let why = look.clip(&why, width.saturating_sub(2));
    buf.set_span(area.x + 8, area.y, &look.span(Role::Dim, format!(" {why} ")), width);
}

/// Draws one level in a row of its own.
pub(super) fn one(look: Look, name: &str, dbfs: f32, area: Rect, buf: &mut Buffer) {
    let name_width = if name.len() < 4 { 4 } else { 11 };
    let meter = Meter { name: name.to_owned(), dbfs, muted: false, history: Vec::new(), forgotten: 0 };
    bar(look, &meter, true, name_width, area, buf);
}

/// What it is, and less weighty the devices, or what is wrong with them; where nobody talks the key of the test.
fn title(model: &Model, look: Look, width: u16) -> Line<'static> {
    let audio = &model.status.audio;
    let devices = match (audio.input.as_str(), audio.output.as_str()) {
        ("", "") => String::new(),
        (input, output) if input == output => format!("{} {input} ", look.glyphs.dot),
        (input, output) => format!("{} {input} {} {output} ", look.glyphs.dot, look.glyphs.outgoing),
    };
    let treated =
        words::voice(&model.status.voice).map(|treated| format!("{} {treated} ", look.glyphs.dot)).unwrap_or_default();
    let (role, of_them) = match &audio.warning {
        Some(warning) => (Role::Pending, format!("{} {} ", look.glyphs.failed, retold(warning))),
        None => (Role::Dim, devices + &treated),
    };
    // The border's look would show through.
    let span = |role, text: String| match look.span(role, text) {
        span if role == Role::Dim => span,
        span => span.not_dim(),
    };
    let name = look.clip(&format!(" {} ", say!("meters-title")), width.saturating_sub(2));
    let room = width.saturating_sub(2 + name.width() as u16);
    let of_them = match look.clip(of_them.trim_end(), room.saturating_sub(1)) {
        text if text.is_empty() => text,
        text => text + " ",
    };
    let left = usize::from(room).saturating_sub(of_them.width());
    let mut spans = vec![span(Role::Title, name), span(role, of_them)];
    let key = model.keymap.key(Act::Verb("test-audio"), false).filter(|_| model.calls.is_empty() && !model.has_sound());
    let hint = key.map(|key| format!("{} {} ", look.glyphs.dot, say!("meters-test", key = key.to_string())));
    spans.extend(hint.filter(|hint| hint.width() <= left).map(|hint| span(Role::Dim, hint)));
    Line::from(spans)
}

fn bar(look: Look, meter: &Meter, live: bool, name_width: usize, area: Rect, buf: &mut Buffer) {
    let short = look.clip(&meter.name, name_width.saturating_sub(1) as u16);
    let name = look.span(Role::Text, words::pad(&short, name_width));
    let figure_width = if name_width > 4 { FIGURE_WIDTH } else { 4 };
    let width = area.width.saturating_sub(name_width as u16 + figure_width + u16::from(name_width <= 4));
    let mut spans = vec![name];
    if meter.muted {
        spans.push(look.span(Role::Alert, format!(" {} ", say!("meters-muted"))));
    } else {
        spans.extend(cells(look, if live { meter.dbfs } else { SILENCE_DBFS }, width));
        // A sum, for there is no -0 dBFS.
        let dbfs = meter.dbfs.round() + 0.0;
        let figure = match (live, name_width > 4) {
            (false, _) => String::new(),
            (true, true) => format!("{dbfs:>4.0} dBFS"),
            (true, false) => format!("{dbfs:>4.0}"),
        };
        spans.push(look.span(if live { Role::Text } else { Role::Dim }, figure));
    }
    buf.set_line(area.x, area.y, &Line::from(spans), area.width);
}

/// The bar in runs of one role each.
fn cells(look: Look, dbfs: f32, width: u16) -> Vec<Span<'static>> {
    let mark = |dbfs: f32| ((fraction(dbfs) * f32::from(width)).round() as u16).min(width);
    let filled = mark(dbfs);
    let run =
        |role, glyph: &str, from: u16, to: u16| look.span(role, glyph.repeat(usize::from(to.saturating_sub(from))));
    let (loud, clip) = (mark(LOUD_DBFS), mark(CLIP_DBFS));
    let on = look.glyphs.meter_on;
    vec![
        run(Role::LevelNormal, on, 0, filled.min(loud)),
        run(Role::LevelLoud, on, loud, filled.min(clip)),
        run(Role::LevelClip, on, clip, filled),
        run(Role::LevelEmpty, look.glyphs.meter_off, filled, width),
    ]
}

/// The history as rising bars, written from left to right.
fn graph(look: Look, meter: &Meter, area: Rect, buf: &mut Buffer) {
    let first = first_shown(meter.forgotten + meter.history.len() as u64, area.width);
    let skip = usize::try_from(first.saturating_sub(meter.forgotten)).unwrap_or(usize::MAX);
    for (column, dbfs) in (area.left()..area.right()).zip(meter.history.iter().skip(skip)) {
        let eighths = (fraction(*dbfs) * f32::from(area.height) * 8.0).round() as u16;
        let role = role(*dbfs);
        for up in 0..area.height {
            let step = eighths.saturating_sub(up * 8).min(8);
            // A blank in another colour would be written all the same.
            if step > 0 {
                let glyph = look.glyphs.bars.get(usize::from(step)).copied().unwrap_or(" ");
                buf.set_string(column, area.bottom() - 1 - up, glyph, look.style(role));
            }
        }
    }
}

/// What a level of the past means.
pub fn role(dbfs: f32) -> Role {
    match dbfs {
        CLIP_DBFS.. => Role::LevelClip,
        LOUD_DBFS.. => Role::LevelLoud,
        _ => Role::LevelPast,
    }
}

/// How loud a level is, from 0 to 1.
pub fn fraction(dbfs: f32) -> f32 {
    ((dbfs - FLOOR_DBFS) / -FLOOR_DBFS).clamp(0.0, 1.0)
}
