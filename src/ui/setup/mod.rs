//! The first run: five questions that end in a registered phone. [`model`] and [`update`] are pure; [`run`] is the shell,
//! and whoever starts it carries out what is asked of it and tells how it went.
//!
//! ```text
//!  keys, mouse, paste ─┐                                ┌─▶ Effect::Ask ─▶ whoever started it ─▶ News ─┐
//!  News ───────────────┼─▶ update(&mut Setup, Msg) ─────┴─▶ Suspend, Repaint, Leave(Ending)            │
//!                      └───────────────────────────────────────────────────────────────────────────────┘
//! ```

pub mod answers;
pub mod model;
pub mod refusal;
pub mod run;
pub mod update;

pub use answers::{Answers, Question, Transport};
pub use model::{Offer, Setup, Step};
pub use refusal::Refusal;

use crate::control::Levels;

/// What the questions want done.
#[derive(Debug, Clone, PartialEq)]
pub enum Ask {
    /// Register with these answers. The number comes back with the news of it.
    Try(u32, Box<Answers>),
    /// Enough of that.
    Stop,
    /// Record a few seconds and play them back.
    Microphone,
    /// Call a number that sends back what it hears.
    Echo(String),
    /// Enough of that call.
    HangUp,
    /// Write the answers down; the password is kept at this place of [`Setup::keeps`].
    Save(Box<Answers>, usize),
}

/// How it went.
#[derive(Debug, Clone, PartialEq)]
pub enum News {
    /// The server is asked over this transport.
    Trying(u32, Transport),
    /// It has said yes, over this transport.
    Registered(u32, Transport),
    /// It has not.
    Refused(u32, Refusal),
    /// Sound moves.
    Levels(Levels),
    /// What a test of sound came to, or what is wrong with the devices.
    Sound(String),
    /// The recording is played back, or the microphone has been heard.
    Heard(bool),
    /// The echo call: how it stands, and whether it is still up.
    Call(String, bool),
    /// It is written down.
    Saved,
    /// It is not; why.
    NotSaved(String),
}

/// How the questions end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// The answers are written down.
    Saved,
    /// The demo is wanted.
    Demo,
    /// Not now: the phone without an account.
    Skipped,
    /// Out of here; nothing was written.
    Left,
}
