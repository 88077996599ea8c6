//! What a face is told without asking.

use super::{Event, FaceAsk, Levels, Status, TraceLine};

/// One piece of news.
#[derive(Debug, Clone, PartialEq)]
pub enum Feed {
    /// The phone as it stands now.
    Status(Box<Status>),
    /// Something happened.
    Event(Box<Event>),
    /// The sound levels, at most ten times a second and only while they move.
    Levels(Levels),
    /// Somebody asks something of the interfaces; only they are told.
    Face(FaceAsk),
    /// What went over the wire, for those who asked for that.
    Traced(Box<TraceLine>),
    /// No more news will come: why.
    Closed(String),
}
