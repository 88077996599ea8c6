//! In place of the history in a build without it: nothing is kept, and whoever asks is told so.

use crate::history::{Found, HistoryAsk, Record};
use crate::ua::command::CommandError;
use crate::ua::event::Event;
use crate::ua::outcome::ExitCode;
use std::io;
use std::path::{Path, PathBuf};

/// Where the history would be.
#[derive(Debug, Clone)]
pub struct Shelf {
    /// The file.
    pub file: PathBuf,
    /// The most calls that would be kept.
    pub most: u32,
}

/// Takes in nothing.
///
/// # Errors
/// There are calls to take in.
pub fn join(_: &Shelf, calls: &[Record], _: bool) -> Result<usize, String> {
    if calls.is_empty() { Ok(0) } else { Err("this build of tuiphone keeps no history of calls".to_owned()) }
}

/// Reads nothing.
///
/// # Errors
/// Always.
pub fn calls_of(_: &Path) -> Result<Vec<Record>, String> {
    Err("this build of tuiphone reads no databases".to_owned())
}

/// No history.
#[derive(Debug, Clone)]
pub struct Library;

impl Library {
    /// Starts nothing.
    ///
    /// # Errors
    /// None.
    pub fn start(_: Shelf, _: impl Fn(String) + Send + 'static) -> io::Result<Library> {
        Ok(Library)
    }

    /// Keeps nothing.
    pub fn saw(&self, _: &Event) {}

    /// Has no answer.
    ///
    /// # Errors
    /// Always.
    pub async fn ask(&self, _: HistoryAsk) -> Result<Found, CommandError> {
        Err(CommandError {
            code: ExitCode::NotFound,
            kind: "history",
            message: "this build of tuiphone keeps no history of calls".into(),
            hint: Some("build it with the feature \"history\"".into()),
        })
    }

    /// Keeps nothing.
    pub fn keep_at_most(&self, _: u32) {}

    /// Has nothing to write.
    pub async fn written(&self) {}
}
