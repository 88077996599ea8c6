//! What reaches the interface, and what it wants done: the two sides of `update`.

use super::ladder::Export;
use super::past::PastCall;
use super::themes::Choice;
use crate::control::feed::Feed;
use crate::control::verb::Request;
use crate::control::{Command, CommandError, Contact, Reply, SettingChanged, SettingInfo, SoundCard, TraceLine};
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
    /// Keys go to the terminal from now on, or no longer.
    Focus(bool),
    /// The terminal tells of keys that are let go of.
    TellsReleases,
    /// News from the phone.
    Feed(Feed),
    /// The phone's answer to a command.
    Reply(Command, Result<Reply, CommandError>),
    /// The phone's answer to a question about people or the past.
    Answer(Request, Result<Answer, CommandError>),
    /// A message that went over the wire, while the ladder is open.
    Traced(Box<TraceLine>),
    /// No more of them come: why.
    TraceOver(String),
    /// Where a trace was written to, or why it was not.
    Kept(Result<String, String>),
    /// Every theme there is.
    Themes(Vec<Choice>),
    /// The file of the theme that is worn was written: it is worn anew, or else what is wrong with it.
    Dressed(Option<String>),
    /// The answer to a command of the palette, by its verb: an outline.
    Ran(&'static str, Result<Vec<String>, CommandError>),
    /// The moment `Model::next_wake` named has come.
    Tick,
}

/// What there is of people, the past and the settings.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// Contacts, and how much of their file could not be read.
    Contacts(Vec<Contact>, usize),
    /// Calls, the latest first, and whether there are older ones that fit.
    Calls(Vec<PastCall>, bool),
    /// Every setting.
    Settings(Vec<SettingInfo>),
    /// What came of another value of one.
    Setting(SettingChanged),
    /// The sound cards.
    Cards(Vec<SoundCard>),
    /// The codecs that are offered, the preferred first.
    Codecs(Vec<String>),
    /// It is done.
    Done,
}

impl Msg {
    /// A terminal's event.
    pub fn of_terminal(event: Event) -> Msg {
        match event {
            Event::Key(key) => Msg::Key(key),
            Event::Mouse(mouse) => Msg::Mouse(mouse),
            Event::Paste(text) => Msg::Paste(text),
            Event::Resize(columns, rows) => Msg::Resize(columns, rows),
            Event::FocusGained => Msg::Focus(true),
            Event::FocusLost => Msg::Focus(false),
        }
    }
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Ask the phone.
    Send(Command),
    /// Ask it about people or the past.
    Ask(Request),
    /// Ask it what a command of the palette says, by its verb.
    Run(&'static str, Box<Request>),
    /// The screen is out of date.
    Draw(Urgency),
    /// Draw the whole screen again, whatever is thought to be on it.
    Repaint,
    /// Bring the terminal's window to the front, where it lets us; its bell tells of it.
    Raise,
    /// Ring the terminal's bell.
    Bell,
    /// Tell of this on the desktop of whoever sits at the terminal, where it can.
    Notify(String),
    /// Put a text into the clipboard of whoever looks at the terminal; that it is there is said.
    Copy(String),
    /// Let the phone tell every message that goes over the wire, or no longer.
    Trace(bool),
    /// Write a trace into a file of its own.
    Keep(Box<Export>),
    /// Tell every theme there is.
    LayOutThemes,
    /// Wear the theme of this name from now on; an empty one means the first.
    Wear(String),
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
