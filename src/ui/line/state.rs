//! What line mode knows, what it asks, and what it wants done. Plain data.

use crate::control::feed::Feed;
use crate::control::verb::Request;
use crate::control::{CallInfo, CallState, CommandError, Contact, Levels, Record, Secret, Status};
use crate::text::say;
use crate::ui::asking::LocalTime;
use serde_json::{Map, Value};
use std::collections::VecDeque;
use std::time::Instant;

/// Lines said at once; the rest waits for Enter.
pub const PAGE: usize = 10;
/// Lines that wait for Enter at most.
const WAITING: usize = 2_000;
/// Lines typed that are remembered.
const TYPED: usize = 100;
/// Sentences kept for `log`.
const LOG: usize = 200;
/// Ended calls kept for `why`.
const ENDED: usize = 10;

/// The moment, on the phone's clock and on the wall's.
#[derive(Debug, Clone, Copy)]
pub struct Now {
    /// For what lasts.
    pub at: Instant,
    /// For what is dated, in seconds since 1970.
    pub wall_s: i64,
}

/// What happened.
#[derive(Debug, Clone)]
pub enum Msg {
    /// A whole line was typed.
    Typed(String),
    /// A line came that is longer than any command.
    TooLong,
    /// The input ended within a line.
    Unfinished,
    /// News from the phone.
    Feed(Feed),
    /// The phone's answer to a request.
    Answer(Topic, Box<Request>, Result<Map<String, Value>, CommandError>),
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq)]
pub enum Do {
    /// Say a sentence.
    Say(Said),
    /// Ask the phone.
    Ask(Box<Request>, Topic),
    /// Leave.
    Leave,
}

/// A sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// In words, without a line end.
    pub text: String,
    /// How much it matters.
    pub weight: Weight,
}

/// How much a sentence matters, and whether somebody waits for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    /// It answers what was typed.
    Answer,
    /// It happened by itself.
    News,
    /// Somebody rings.
    Alarm,
}

/// Why the phone is asked: how its answer is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Topic {
    /// As the request says.
    Plain,
    /// Contacts, to know their names; nothing is said.
    Names,
    /// Contacts to choose from.
    Contacts {
        /// What was searched for.
        search: String,
    },
    /// Calls that were, to choose from.
    Past,
    /// Who wrote, to choose from.
    Threads,
    /// What was written with one.
    Thread,
    /// Sound devices to choose from.
    Devices,
    /// SIP messages as sentences.
    Ladder,
    /// Settings, for this.
    Settings(Wish),
}

/// What is wished of the settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wish {
    /// Those that a text finds; empty = those that are not as they come.
    Find(String),
    /// The value of a key.
    Get(String),
    /// Another value.
    Set(String, Secret),
    /// The value it comes with.
    Unset(String),
    /// What a key is for; the name was no command.
    Help(String),
}

/// What is said without being asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verbosity {
    /// Calls, messages, faults.
    Quiet,
    /// And how they go on.
    Normal,
    /// Everything.
    All,
}

impl Verbosity {
    /// All of them.
    pub const ALL: [Verbosity; 3] = [Verbosity::Quiet, Verbosity::Normal, Verbosity::All];

    /// Its word.
    pub const fn word(self) -> &'static str {
        match self {
            Verbosity::Quiet => "quiet",
            Verbosity::Normal => "normal",
            Verbosity::All => "all",
        }
    }
}

/// A row of a numbered list: what its number does.
#[derive(Debug, Clone, PartialEq)]
pub enum Choice {
    /// A contact is chosen.
    Contact(Box<Contact>),
    /// A call that was is chosen.
    Past(Box<Record>),
    /// A live call is chosen, by its id.
    Call(String),
    /// What was written with this address is read.
    Thread(String),
    /// The phone is asked.
    Ask(Box<Request>),
}

/// What `call`, `write`, `delete` and their like are about when nobody is named.
#[derive(Debug, Clone, PartialEq)]
pub enum Thing {
    /// A contact.
    Contact(Box<Contact>),
    /// A call that was.
    Past(Box<Record>),
    /// Somebody with this address: who wrote, or whom a link names.
    Somebody(String),
}

impl Thing {
    /// Whom to call.
    pub fn number(&self) -> &str {
        match self {
            Thing::Contact(contact) => &contact.number,
            Thing::Past(call) => &call.number,
            Thing::Somebody(uri) => uri,
        }
    }
}

/// A question that waits for `y`.
#[derive(Debug, Clone, PartialEq)]
pub enum Question {
    /// The phone is asked if so.
    Ask(Box<Request>),
    /// It is left.
    Leave,
}

/// Everything line mode knows.
#[derive(Debug, Clone)]
pub struct Line {
    /// The phone's last status, its calls as the last events left them.
    pub status: Status,
    /// A status has come.
    pub known: bool,
    /// The phone is gone: why.
    pub closed: Option<String>,
    /// The phone lives on when line mode is left.
    pub stays: bool,
    /// The live call chosen by hand, by id.
    pub chosen: Option<String>,
    /// What was chosen from a list.
    pub thing: Option<Thing>,
    /// Rows of the last list, first = 1.
    pub choices: Vec<Choice>,
    /// What waits for `y`.
    pub question: Option<Question>,
    /// Lines that wait for Enter.
    pub more: VecDeque<String>,
    /// What is said without being asked for.
    pub verbosity: Verbosity,
    /// Numbers are written digit by digit.
    pub spaced: bool,
    /// Known by name.
    pub contacts: Vec<Contact>,
    /// Calls that ended, the last one first.
    pub ended: VecDeque<CallInfo>,
    /// Levels now; `None` = no sound.
    pub levels: Option<Levels>,
    /// Lines typed, the last one last.
    pub typed: VecDeque<String>,
    /// It was said once that digits are tones now.
    pub told_tones: bool,
    /// Somebody waits to hear how a registration went.
    pub awaits_registration: bool,
    /// Settings are being changed from here: the word that they were read again is not said twice.
    pub changes_settings: bool,
    /// How the wall's clock tells a moment.
    pub local_time: LocalTime,
    last: Vec<String>,
    log: VecDeque<(i64, String)>,
}

impl Line {
    /// Before the first news.
    pub fn new(stays: bool, local_time: LocalTime) -> Line {
        Line {
            status: Status::default(),
            known: false,
            closed: None,
            stays,
            chosen: None,
            thing: None,
            choices: Vec::new(),
            question: None,
            more: VecDeque::new(),
            verbosity: Verbosity::Normal,
            spaced: false,
            contacts: Vec::new(),
            ended: VecDeque::new(),
            levels: None,
            typed: VecDeque::new(),
            told_tones: false,
            awaits_registration: false,
            changes_settings: false,
            local_time,
            last: Vec::new(),
            log: VecDeque::new(),
        }
    }

    /// The call that commands mean: the one chosen by hand, else the one talking, dialling, ringing, held, in this order.
    pub fn current(&self) -> Option<&CallInfo> {
        let precedence = |state| match state {
            CallState::Connected => 0,
            CallState::EarlyMedia | CallState::Ringing | CallState::Calling => 1,
            CallState::Incoming => 2,
            CallState::Held => 3,
            CallState::Ended => 4,
        };
        let chosen = self.chosen.as_ref().and_then(|id| self.call(id));
        chosen.or_else(|| self.status.calls.iter().min_by_key(|call| precedence(call.state)))
    }

    /// A live call by its id.
    pub fn call(&self, id: &str) -> Option<&CallInfo> {
        self.status.calls.iter().find(|call| call.id == id)
    }

    /// Those that ring here, in the order they came.
    pub fn ringing(&self) -> impl Iterator<Item = &CallInfo> {
        self.status.calls.iter().filter(|call| call.state == CallState::Incoming)
    }

    /// Those that are answered.
    pub fn answered(&self) -> impl Iterator<Item = &CallInfo> {
        self.status.calls.iter().filter(|call| matches!(call.state, CallState::Connected | CallState::Held))
    }

    /// The call that commands mean, if it is answered.
    pub fn answered_current(&self) -> Option<&CallInfo> {
        self.current().filter(|call| matches!(call.state, CallState::Connected | CallState::Held))
    }

    /// The call that digits go to as tones.
    pub fn tone_call(&self) -> Option<&CallInfo> {
        self.current().filter(|call| matches!(call.state, CallState::Connected | CallState::EarlyMedia))
    }

    /// Takes the newest word about a call in.
    pub fn take_call(&mut self, call: &CallInfo) {
        let ended = call.state == CallState::Ended;
        match self.status.calls.iter().position(|known| known.id == call.id) {
            Some(at) if ended => {
                self.status.calls.remove(at);
            }
            Some(at) => {
                if let Some(known) = self.status.calls.get_mut(at) {
                    *known = call.clone();
                }
            }
            None if ended => {}
            None => self.status.calls.push(call.clone()),
        }
        if ended && self.chosen.as_ref() == Some(&call.id) {
            self.chosen = None;
        }
    }

    /// Keeps a call that ended for `why`.
    pub fn take_ended(&mut self, call: &CallInfo) {
        self.take_call(call);
        self.ended.push_front(call.clone());
        self.ended.truncate(ENDED);
    }

    /// Keeps a line that was typed for `again`.
    pub fn take_typed(&mut self, text: &str) {
        self.typed.push_back(text.to_owned());
        if self.typed.len() > TYPED {
            self.typed.pop_front();
        }
    }

    /// Says these lines: a page of them, the rest after Enter.
    pub fn pages(&mut self, lines: Vec<String>) -> Vec<Do> {
        self.more = lines.into_iter().take(WAITING).collect();
        self.next_page()
    }

    /// The next page of what waits.
    pub fn next_page(&mut self) -> Vec<Do> {
        let fits = self.more.len() <= PAGE + 1;
        let count = if fits { self.more.len() } else { PAGE };
        let mut out: Vec<Do> = self.more.drain(..count).flat_map(says).collect();
        if !fits {
            out.extend(says(say!("line-more", count = self.more.len())));
        }
        out
    }

    /// What was said last, to say it again.
    pub fn last_said(&self) -> &[String] {
        &self.last
    }

    /// What happened, and when, the last sentence last.
    pub fn log(&self) -> impl DoubleEndedIterator<Item = &(i64, String)> {
        self.log.iter()
    }

    /// Keeps what is said, for `.` and `log`.
    pub(super) fn remember_said(&mut self, done: &[Do], now: Now) {
        let said: Vec<String> = done.iter().filter_map(Do::said).map(|said| said.text.clone()).collect();
        if said.is_empty() {
            return;
        }
        let happened = done.iter().filter_map(Do::said).filter(|said| said.weight != Weight::Answer);
        for Said { text, .. } in happened {
            self.log.push_back((now.wall_s, text.clone()));
            if self.log.len() > LOG {
                self.log.pop_front();
            }
        }
        self.last = said;
    }
}

impl Do {
    /// The sentence, if one is said.
    pub fn said(&self) -> Option<&Said> {
        match self {
            Do::Say(said) => Some(said),
            Do::Ask(..) | Do::Leave => None,
        }
    }
}

/// Answers with a sentence.
pub fn says(text: impl Into<String>) -> Vec<Do> {
    vec![Do::Say(Said { text: text.into(), weight: Weight::Answer })]
}

/// Asks the phone, whose answer is told as the request says.
pub fn asks(request: Request) -> Vec<Do> {
    asks_for(request, Topic::Plain)
}

/// Asks the phone about this.
pub fn asks_for(request: Request, topic: Topic) -> Vec<Do> {
    vec![Do::Ask(Box::new(request), topic)]
}
