//! The sound devices: levels as they move, and for microphone, speaker and ringing what there is to choose from.

use super::list;
use super::{Look, meters, words};
use crate::control::SoundDevice;
use crate::text::say;
use crate::text::words::retold;
use crate::ui::devices::Row;
use crate::ui::keymap::Act;
use crate::ui::model::Model;
use crate::ui::theme::Role;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

/// Rows of the meters with their frame, and rows from which there is room for them.
const METERS: u16 = 4;
const TALL: u16 = 12;

/// A line of the list.
enum Entry {
    Heading(SoundDevice),
    Row(usize, Row),
    Words(String),
    Blank,
}

/// Which row is drawn at a cell of the screen.
pub fn row_at(model: &Model, body: Rect, at: Position) -> Option<usize> {
    let rows = list::inside(split(body).1);
    let entries = entries(model, rows);
    let line = first(model, &entries, rows) + usize::from(at.y.checked_sub(rows.y)?);
    match entries.get(line).filter(|_| rows.contains(at)) {
        Some(Entry::Row(row, _)) => Some(*row),
        _ => None,
    }
}

/// Draws them over the body of the screen.
pub fn draw(model: &Model, look: Look, body: Rect, buf: &mut Buffer) {
    let (top, places) = split(body);
    if !top.is_empty() {
        look.clear(buf, top);
        meters::draw(model, look, top, true, buf);
    }
    let Some(inner) = list::panel(look, buf, places, &say!("devices-title"), true) else { return };
    let entries = entries(model, inner);
    let first = first(model, &entries, inner);
    for (row, entry) in (0..inner.height).zip(entries.iter().skip(first)) {
        match entry {
            Entry::Heading(device) => heading(model, look, *device, inner, row, buf),
            Entry::Row(at, one) => device_line(model, look, one, *at == model.devices.row, inner, row, buf),
            Entry::Blank => {}
            Entry::Words(text) => {
                look.row(buf, inner, row, Line::from(look.span(Role::Dim, format!(" {text}"))), Line::default());
            }
        }
    }
}

fn split(body: Rect) -> (Rect, Rect) {
    if body.height < TALL || body.width < 40 {
        return (Rect::default(), body);
    }
    (Rect { height: METERS, ..body }, Rect { y: body.y + METERS, height: body.height - METERS, ..body })
}

/// All of them; where there is room, with a blank row between the places.
fn entries(model: &Model, area: Rect) -> Vec<Entry> {
    let mut entries = Vec::new();
    let mut place = None;
    for (at, row) in model.devices.rows().into_iter().enumerate() {
        if place != Some(row.device) {
            place = Some(row.device);
            entries.push(Entry::Heading(row.device));
        }
        entries.push(Entry::Row(at, row));
    }
    let warning = model.status.audio.warning.as_deref().map(|warning| retold(warning).into_owned());
    let bare = (model.devices.known && model.devices.is_bare()).then(|| say!("devices-bare"));
    let waits = (!model.devices.known && model.devices.trouble.is_none()).then(|| say!("devices-asking"));
    let told = [warning, model.devices.trouble.clone(), bare, waits].into_iter().flatten();
    let width = usize::from(area.width.saturating_sub(2)).max(1);
    let told: Vec<String> = told.flat_map(|text| words::wrap(&text, width)).collect();
    let begins: Vec<usize> = (1..entries.len()).filter(|at| matches!(entries[*at], Entry::Heading(_))).collect();
    let blanks = begins.len() + usize::from(!told.is_empty() && !entries.is_empty());
    let is_airy = entries.len() + told.len() + blanks <= usize::from(area.height);
    for at in begins.into_iter().rev().filter(|_| is_airy) {
        entries.insert(at, Entry::Blank);
    }
    if is_airy && !told.is_empty() && !entries.is_empty() {
        entries.push(Entry::Blank);
    }
    entries.extend(told.into_iter().map(Entry::Words));
    entries
}

fn first(model: &Model, entries: &[Entry], rows: Rect) -> usize {
    let chosen = entries.iter().position(|entry| matches!(entry, Entry::Row(at, _) if *at == model.devices.row));
    list::first(chosen.unwrap_or(0), entries.len(), usize::from(rows.height))
}

/// The place, its volume, and what is in use there now.
fn heading(model: &Model, look: Look, device: SoundDevice, area: Rect, row: u16, buf: &mut Buffer) {
    let status = &model.status;
    let (title, used, state) = match device {
        SoundDevice::Input => (
            say!("devices-microphone"),
            in_words(&status.audio.input),
            Some((status.volume_mic, status.mic_muted, Act::Verb("mute"))),
        ),
        SoundDevice::Output => (
            say!("devices-speaker"),
            in_words(&status.audio.output),
            Some((status.volume, status.speaker_muted, Act::MuteSpeaker)),
        ),
        SoundDevice::Ring => (say!("devices-ringing"), String::new(), None),
    };
    let mut left = vec![look.span(Role::Title, format!(" {title}"))];
    if !used.is_empty() {
        left.push(look.span(Role::Dim, format!("  {}", say!("devices-now", used))));
    }
    let right = match state {
        Some((_, true, act)) => {
            let key = model.keymap.key(act, false).map(|key| format!("{key} ")).unwrap_or_default();
            vec![
                look.span(Role::Key, key),
                look.span(Role::Alert, format!(" {} ", say!("devices-muted"))),
                Span::raw(" "),
            ]
        }
        Some((volume, false, _)) => vec![look.span(Role::Text, format!("{volume}% "))],
        None => Vec::new(),
    };
    look.row(buf, area, row, Line::from(left), Line::from(right));
}

fn device_line(model: &Model, look: Look, one: &Row, chosen: bool, area: Rect, row: u16, buf: &mut Buffer) {
    let glyph = if one.is_wanted { look.glyphs.registered } else { look.glyphs.off };
    let name = if one.is_systems { say!("devices-default") } else { one.name.clone() };
    let role = if one.is_wanted { Role::Good } else { Role::Dim };
    let left = vec![
        list::mark(look, chosen),
        look.span(role, format!(" {glyph} ")),
        look.span(if chosen || one.is_wanted { Role::Strong } else { Role::Text }, name),
    ];
    let used = match one.device {
        SoundDevice::Input => &model.status.audio.input,
        SoundDevice::Output => &model.status.audio.output,
        SoundDevice::Ring => "",
    };
    // What is wanted and not in use is what somebody looks for whose headset is silent.
    let right = match one.is_wanted && !one.is_systems && !used.is_empty() && !used.contains(one.name.as_str()) {
        true => vec![look.span(Role::Bad, format!("{} ", say!("devices-not-in-use")))],
        false => Vec::new(),
    };
    look.row(buf, area, row, Line::from(left), Line::from(right));
    if chosen {
        list::bar(look, buf, area, row);
    }
}

/// What is in use, the devices that are no cards in plain words.
fn in_words(name: &str) -> String {
    let kind = name.split([':', ' ']).next().unwrap_or_default();
    match kind {
        "null" => say!("devices-null"),
        "file" | "loop" | "tone" | "pipe" => say!("devices-no-card", name),
        _ => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_card_is_named_plainly() {
        for (name, words) in [
            ("null", "null, which is silence"),
            ("file:/a b.wav", "file:/a b.wav, in place of a card"),
            ("USB Headset", "USB Headset"),
            ("", ""),
        ] {
            assert_eq!(in_words(name), words);
        }
    }
}
