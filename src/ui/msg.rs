//! What reaches the interface, and what it wants done: the two sides of `update`.

use crate::control::feed::Feed;
use crate::control::{Command, CommandError, Reply};
use crossterm::event::{Event, KeyEvent, MouseEvent};

/// What happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Msg {
    /// A key.
    Key(KeyEvent),
    /// The mouse.
    Mouse(MouseEvent),
    /// Text pasted in one piece.
    Paste(String),
    /// The terminal's new size: columns, rows.
    Resize(u16, u16),
    /// News from the phone.
    Feed(Feed),
    /// The phone's answer to a command.
    Reply(Command, Result<Reply, CommandError>),
    /// The moment `Model::next_wake` named has come.
    Tick,
}

impl Msg {
    /// A terminal's event; `None` for those that mean nothing here.
    pub fn of_terminal(event: Event) -> Option<Msg> {
        match event {
            Event::Key(key) => Some(Msg::Key(key)),
            Event::Mouse(mouse) => Some(Msg::Mouse(mouse)),
            Event::Paste(text) => Some(Msg::Paste(text)),
            Event::Resize(columns, rows) => Some(Msg::Resize(columns, rows)),
            Event::FocusGained | Event::FocusLost => None,
        }
    }
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Ask the phone.
    Send(Command),
    /// The screen is out of date.
    Draw(Urgency),
    /// Draw the whole screen again, whatever is thought to be on it.
    Repaint,
    /// Ring the terminal's bell.
    Bell,
    /// Stop until the shell's `fg`.
    Suspend,
    /// Leave.
    Quit,
}

/// How soon the screen must follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Urgency {
    /// With the next frame of the meters.
    Meter,
    /// At once.
    Now,
}
