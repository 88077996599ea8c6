//! Calls that were, and contacts.

use crate::control::{Contact, Record};
use schemars::JsonSchema;

#[derive(JsonSchema)]
pub struct History {
    /// The latest first
    history: Vec<Record>,
    /// There are older ones that fit
    more: bool,
}

#[derive(JsonSchema)]
pub struct Removed {
    /// So many are forgotten
    removed: usize,
}

#[derive(JsonSchema)]
pub struct Seen {
    seen: bool,
}

#[derive(JsonSchema)]
pub struct Imported {
    /// So many are new
    imported: usize,
    /// So many were there
    known: usize,
}

#[derive(JsonSchema)]
pub struct Contacts {
    contacts: Vec<Contact>,
    /// What of the file could not be read
    problems: Vec<ContactProblem>,
    file: String,
    /// Where the directories of the settings stand, if there are any
    #[serde(skip_serializing_if = "Option::is_none")]
    directory: Option<Vec<Directory>>,
}

#[derive(JsonSchema)]
pub struct Directory {
    kind: String,
    url: String,
    state: String,
    /// ISO 8601 UTC
    loaded_at: Option<String>,
    /// Seconds until it is asked again
    next_in: Option<u64>,
    /// How many it has
    contacts: usize,
    error: Option<String>,
    problems: Vec<ContactProblem>,
}

#[derive(JsonSchema)]
pub struct Refreshed {
    /// Missing, like those below, where no directory has said anything yet
    #[serde(skip_serializing_if = "Option::is_none")]
    added: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    changed: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    removed: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    same: Option<usize>,
    directory: Vec<Directory>,
}

#[derive(JsonSchema)]
pub struct ContactProblem {
    /// From 1
    line: Option<usize>,
    message: String,
}

#[derive(JsonSchema)]
pub struct Added {
    contact: Option<Contact>,
    /// False: it was there and is changed
    added: bool,
}

#[derive(JsonSchema)]
pub struct Gone {
    removed: Vec<Contact>,
}

#[derive(JsonSchema)]
pub struct TakenIn {
    added: usize,
    changed: usize,
    same: usize,
    without_number: usize,
    problems: Vec<ContactProblem>,
    file: String,
}

#[derive(JsonSchema)]
pub struct Exported {
    exported: usize,
    file: String,
}
