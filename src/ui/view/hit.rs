//! What the mouse points at.

use super::layout::Layout;
use super::{
    calls, devices, footer, incoming, ladder, lights, log, offers, palette, registrations, settings, shortcuts,
    switchboard, themes, which_key,
};
use crate::ui::keymap::{Act, Key};
use crate::ui::model::{Mode, Model};
use ratatui::layout::{Position, Rect};

/// Something that can be clicked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hit {
    /// A key of the dial pad.
    Pad(char),
    /// A key named on screen.
    Act(Act),
    /// A key that is told of on screen, as if it were pressed.
    Press(Key),
    /// A key that may follow those pressed.
    Next(Key),
    /// A live call, by id.
    Call(String),
    /// Somebody who is watched, by the place in the list.
    Light(usize),
    /// A row of the switchboard, the accounts, the settings, the devices or the themes, by its place among those found.
    Cell(usize),
    /// A row of the palette.
    Offer(usize),
    /// A shortcut, by its number.
    Shortcut(u8),
    /// A line of the log, by its place.
    Entry(usize),
    /// A step of the ladder, by its place.
    Step(usize),
    /// A number that is offered, by the place in the list.
    Match(usize),
}

/// What is at this cell.
pub fn hit(model: &Model, column: u16, row: u16) -> Option<Hit> {
    let area = Rect::new(0, 0, model.size.0, model.size.1);
    let layout = Layout::of(model, area);
    let at = Position::new(column, row);
    if layout.footer.contains(at) {
        return footer::hit_at(model, layout.footer, column);
    }
    if layout.banner.contains(at) {
        return incoming::act_at(model, layout.banner, at).map(Hit::Act);
    }
    if which_key::frame(model, layout.overlay).is_some_and(|frame| frame.contains(at)) {
        return which_key::key_at(model, layout.overlay, at).map(Hit::Next);
    }
    if let Mode::Ladder(pane) = model.mode {
        return ladder::step_at(model, pane, layout.overlay, at).map(Hit::Step);
    }
    match model.mode {
        Mode::Switchboard => return switchboard::cell_at(model, layout.overlay, at).map(Hit::Cell),
        Mode::Accounts => return registrations::row_at(model, layout.overlay, at).map(Hit::Cell),
        Mode::Settings => return settings::row_at(model, layout.overlay, at).map(Hit::Cell),
        Mode::Devices => return devices::row_at(model, layout.overlay, at).map(Hit::Cell),
        Mode::Themes => return themes::row_at(model, layout.overlay, at).map(Hit::Cell),
        _ => {}
    }
    if model.mode == Mode::Log {
        return log::row_at(model, layout.overlay, at).map(Hit::Entry);
    }
    if model.mode == Mode::Palette {
        return palette::offer_at(model, layout.overlay, at).map(Hit::Offer);
    }
    if model.mode != Mode::Phone {
        return None;
    }
    if layout.field.contains(at) {
        return Some(Hit::Act(Act::Type));
    }
    if let Some(at) = offers::offer_at(model, &layout, at) {
        return Some(Hit::Match(at));
    }
    if let Some((digit, ..)) = layout.pad_keys().find(|(_, _, key)| key.contains(at)) {
        return Some(Hit::Pad(digit));
    }
    if let Some(number) = shortcuts::shortcut_at(model, layout.shortcuts, at) {
        return Some(Hit::Shortcut(number));
    }
    if let Some(row) = lights::light_at(model, layout.lights, at) {
        return Some(Hit::Light(row));
    }
    calls::call_at(model, &layout, at).map(Hit::Call)
}
