//! What a face is told without asking.

use super::{Event, Levels, Status};

/// One piece of news.
#[derive(Debug, Clone, PartialEq)]
pub enum Feed {
    /// The phone as it stands now.
    Status(Box<Status>),
    /// Something happened.
    Event(Box<Event>),
    /// The sound levels, at most ten times a second and only while they move.
    Levels(Levels),
    /// No more news will come: why.
    Closed(String),
}
