//! What a row of the table of verbs is made of.

use super::super::format::Format;
use super::super::{Command, ContactsAsk, FaceAsk, Form, HistoryAsk, SettingAsk, TraceAsk};
use super::Values;

/// A parameter of a verb.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Param {
    /// Its name: the JSON key, and `--name` for an option.
    pub name: &'static str,
    /// How a command line gives it.
    pub kind: ParamKind,
    /// One line for people.
    pub doc: &'static str,
}

/// How a command line gives a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParamKind {
    /// By its place; must be there.
    Required,
    /// By its place; may be missing.
    Optional,
    /// By its place, with every word behind it; must be there.
    Rest,
    /// By its place, with every word behind it; may be missing.
    Words,
    /// `--name VALUE`.
    Option,
    /// `--name`.
    Flag,
}

/// What a verb asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// A command to the agent.
    Command(Command),
    /// The whole status.
    Status {
        /// Or a line of one's own about it.
        format: Option<Format>,
    },
    /// The live calls.
    Calls,
    /// The accounts.
    Accounts,
    /// The shortcuts.
    Shortcuts,
    /// Whether the phone can dial.
    Ready,
    /// The sound devices.
    Devices,
    /// The codecs.
    Codecs,
    /// The contacts: some of them, or a change.
    Contacts(ContactsAsk),
    /// The calls that were.
    History {
        /// Which, or what is to become of them.
        ask: HistoryAsk,
        /// How the command line is to write them; programs that ask get JSON.
        form: Option<Form>,
    },
    /// A call to the number that was dialled last.
    Redial {
        /// Or to whoever was talked to last.
        last: bool,
        /// No person asks: as [`Command::Guarded`].
        guarded: bool,
    },
    /// The configuration is to be read again.
    Reload,
    /// The settings: all of them, or a change.
    Settings(SettingAsk),
    /// Something for the interfaces that are open.
    Face(FaceAsk),
    /// The phone is to run without an interface; a phone that runs does so already.
    Background {
        /// Nothing is said about it.
        silent: bool,
    },
    /// Events from now on, a line each.
    Watch {
        /// Only what `On…=SendMessage` of the settings sends to this name.
        name: Option<String>,
    },
    /// SIP messages: the last ones, those to come, or both.
    Trace {
        /// Which.
        ask: TraceAsk,
        /// How the command line is to write them; programs that ask get JSON.
        form: TraceForm,
    },
    /// The sound of a call from now on, in place of microphone and speaker: the connection carries it.
    Sound {
        /// Its id.
        call: String,
        /// Samples a second of its s16le mono.
        rate: u32,
    },
    /// Status, events and levels from now on: what a face draws from.
    Attach {
        /// It is an interface, which can be shown, hidden and filled.
        face: bool,
    },
}

/// How the command line writes a trace.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum TraceForm {
    /// Every message whole.
    #[default]
    Full,
    /// A line each.
    Short,
    /// Arrows between the phone and its peers.
    Ladder,
    /// A diagram for Mermaid.
    Mermaid,
    /// This file, in pcapng; `-` = standard output.
    Pcap(String),
}

impl Request {
    /// The same for somebody on whom no person looks: what `[tuiphone] denyDial` rules out is not dialled.
    pub fn guarded(self) -> Request {
        match self {
            Request::Command(command @ Command::Guarded(_)) => Request::Command(command),
            Request::Command(command) => Request::Command(Command::Guarded(Box::new(command))),
            Request::Redial { last, .. } => Request::Redial { last, guarded: true },
            other => other,
        }
    }
}

/// A command line as it is typed, and what comes of it. Help and man pages show it, tests run it.
pub type Example = (&'static str, &'static str);

/// Turns parameters into a request; the error is a sentence.
pub type Make = fn(&Values) -> Result<Request, String>;

/// A row of the table.
#[derive(Debug, Clone, Copy)]
pub struct VerbRow {
    /// The name.
    pub name: &'static str,
    /// Other spellings of the same word.
    pub aliases: &'static [&'static str],
    /// The parameters, positional ones in order.
    pub params: &'static [Param],
    /// One line for people: imperative.
    pub doc: &'static str,
    /// How it is used, the most usual way first.
    pub examples: &'static [Example],
    /// The key it has in the default keymap.
    pub key: Option<&'static str>,
    /// Makes the request.
    pub make: Make,
}
