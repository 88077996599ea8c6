//! One section of a configuration, seen through all its documents.

use super::layers::{Found, Layers};
use super::schema::{Row, Section};
use super::warning::Warning;
use std::borrow::Cow;

/// A section seen through all layers.
pub(super) struct View<'a> {
    pub(super) layers: &'a Layers<'a>,
    pub(super) section: String,
    /// ` ;…` behind a value is a comment. True for the unnumbered `[Account]` alone.
    pub(super) comments: bool,
}

impl<'a> View<'a> {
    pub(super) fn of(layers: &'a Layers<'a>, section: impl Into<String>) -> View<'a> {
        View { layers, section: section.into(), comments: false }
    }

    pub(super) fn exists(&self) -> bool {
        self.layers.has_section(&self.section)
    }

    pub(super) fn get(&self, key: &str) -> Option<Found<'a>> {
        let mut found = self.layers.find(&self.section, key)?;
        if self.comments
            && let Some((before, _)) = found.value.split_once(" ;")
        {
            found.value = before.trim().to_owned().into();
        }
        Some(found)
    }

    pub(super) fn text(&self, key: &str) -> Cow<'a, str> {
        self.get(key).map_or(Cow::Borrowed(""), |found| found.value)
    }

    pub(super) fn warning(&self, key: &str, message: String) -> Warning {
        let place = match key {
            "" => self.layers.place_of_section(&self.section),
            _ => self.get(key).and_then(|found| Some((found.layer, found.line?))),
        };
        let (layer, line) = place.map_or((0, None), |(layer, line)| (layer, Some(line)));
        Warning { layer, line, section: self.section.clone(), key: key.to_owned(), message, is_of_value: false }
    }

    pub(super) fn complaint(&self, key: &str, message: String) -> Warning {
        Warning { is_of_value: true, ..self.warning(key, message) }
    }
}

/// Feeds every key of the section that is present to `take`.
pub(super) fn fill(
    section: Section,
    view: &View<'_>,
    warnings: &mut Vec<Warning>,
    mut take: impl FnMut(&Row, &str) -> Option<String>,
) {
    for row in Row::of(section) {
        if let Some(found) = view.get(row.key)
            && let Some(complaint) = take(row, &found.value)
        {
            warnings.push(view.complaint(row.key, complaint));
        }
    }
}
