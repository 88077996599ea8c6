//! The title of the terminal's window: with whom, and what the call does. It has no clock, so that it changes with the phone.

use super::words;
use crate::control::CallState;
use crate::text::say;
use crate::ui::glyphs::Glyphs;
use crate::ui::model::Model;

/// `tuiphone`, or `Alice rings – tuiphone`: who comes first, for tabs are narrow.
pub fn title(model: &Model, glyphs: &Glyphs) -> String {
    let call = model.incoming().or_else(|| model.current());
    let Some(call) = call.map(|row| &row.info) else { return "tuiphone".to_owned() };
    let what = match call.state {
        CallState::Incoming => say!("title-calls"),
        _ => words::call_state(call),
    };
    let more = match model.calls.len() {
        ..=1 => String::new(),
        calls => format!(" +{}", calls - 1),
    };
    format!("{} {what}{more} {} tuiphone", words::who(call), glyphs.missing)
}
