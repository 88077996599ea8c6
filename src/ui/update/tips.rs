//! Keys about tips.

use super::{drawn, phone};
use crate::text::say;
use crate::ui::model::Model;
use crate::ui::msg::Action;
use std::time::Instant;

/// Another tip, where one is shown.
pub fn next(model: &mut Model, now: Instant) -> Vec<Action> {
    let Some(tips) = &mut model.tips else { return phone::refuse(model, say!("tip-off"), now) };
    tips.turn();
    model.message = None;
    drawn()
}
