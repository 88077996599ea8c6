//! What the interface knows: the phone's last status, what is typed, what is open. Plain data; `update` changes it.

use super::completion::Matches;
use super::devices::Devices;
use super::dial_field::DialField;
use super::keymap::{Act, Key, Keymap, Place};
use super::ladder::{self, Ladder};
use super::log::Log;
use super::palette::Palette;
use super::past::Past;
use super::people::People;
use super::quality::Quality;
use super::registrations::Registrations;
use super::settings::Settings;
use super::sheet::Sheet;
use super::switchboard::Switchboard;
use super::themes::Themes;
use super::threads::Threads;
use super::tips::Tips;
use super::wall::Wall;
use super::waves::Waves;
use crate::control::{CallDirection, CallInfo, CallState, Levels, Status};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Ended calls kept for the list.
const RECENT: usize = 30;
/// The level of silence, in dBFS.
pub const SILENCE_DBFS: f32 = -96.0;

/// A live call.
#[derive(Debug, Clone, PartialEq)]
pub struct CallRow {
    /// As the phone tells it.
    pub info: CallInfo,
    /// When the timer of its present phase (ringing or talking) read zero.
    pub since: Instant,
}

/// A call that ended while the interface was open.
#[derive(Debug, Clone, PartialEq)]
pub struct EndedCall {
    /// Number or name of the far side.
    pub who: String,
    /// Who called whom.
    pub direction: CallDirection,
    /// How it ended, in words.
    pub outcome: String,
    /// It was answered, here or on another phone.
    pub answered: bool,
}

/// How bad a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    /// Good to know.
    Note,
    /// Something went wrong.
    Error,
}

/// The message line.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// What was tried, on what, what happened.
    pub text: String,
    /// What next.
    pub hint: Option<String>,
    /// How bad it is.
    pub weight: Weight,
    /// When it goes.
    pub until: Instant,
}

/// Keys pressed that are the beginning of others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pending {
    /// In their order.
    pub keys: Vec<Key>,
    /// When nobody waits for the next one any more.
    pub until: Instant,
}

/// What lies over the screen and takes the keys.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Mode {
    /// Nothing.
    #[default]
    Phone,
    /// The list of keys.
    Help {
        /// What is searched for.
        search: String,
        /// The chosen row of those that match.
        row: usize,
    },
    /// The grid of those who are watched.
    Switchboard,
    /// The accounts and their registrations.
    Accounts,
    /// Every key of the settings.
    Settings,
    /// The sound devices.
    Devices,
    /// The list of written conversations.
    Threads {
        /// The chosen row.
        row: usize,
    },
    /// A written conversation.
    Thread {
        /// Its number.
        id: u32,
        /// Rows it is scrolled back by.
        back: usize,
    },
    /// Contacts.
    Contacts(Pane),
    /// Calls that were.
    History(Pane),
    /// SIP messages as a ladder.
    Ladder(ladder::Pane),
    /// How a call sounds.
    Quality,
    /// What happened.
    Log,
    /// The themes to choose from.
    Themes,
    /// The palette: commands by name.
    Palette,
    /// An answer that is more than a line.
    Sheet,
    /// Several calls are up: which to hang up?
    AskHangup,
    /// The phone ends with the interface and a call is up: really?
    AskQuit,
    /// Digits wait in the field to be sent in a call.
    Digits {
        /// The call, by id.
        call: String,
    },
    /// Whom is a call handed over to? The number is typed into the field.
    Transfer {
        /// The call, by id.
        call: String,
        /// The call it is connected with if no number is typed.
        other: Option<String>,
    },
}

/// What of a list of contacts or calls takes the keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pane {
    /// The list, and the line that searches it.
    List,
    /// All that is known of the chosen one.
    Details,
    /// The form somebody is written down in.
    Form,
    /// Away with the chosen one?
    AskDelete,
    /// Away with all of them?
    AskClear,
}

/// Is the phone there?
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Connection {
    /// No status has come yet.
    Opening,
    /// Yes.
    Open,
    /// It went away, with this reason.
    Closed(String),
}

/// Everything `view` draws from.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    /// The phone's last status; its calls are in `calls`.
    pub status: Status,
    /// Live calls, oldest first.
    pub calls: Vec<CallRow>,
    /// Ended calls, newest first.
    pub recent: VecDeque<EndedCall>,
    /// The chosen call, by id, if one was chosen by hand.
    pub chosen: Option<String>,
    /// Levels now.
    pub levels: Levels,
    /// How loud it was of late.
    pub waves: Waves,
    /// The line one types into.
    pub field: DialField,
    /// What may become of what is typed into it.
    pub matches: Matches,
    /// Written conversations.
    pub threads: Threads,
    /// Contacts.
    pub people: People,
    /// Calls that were.
    pub past: Past,
    /// SIP messages, while they are looked at.
    pub ladder: Ladder,
    /// How calls sounded, second by second.
    pub quality: Quality,
    /// What happened since the interface was opened.
    pub log: Log,
    /// The clock on the wall as of the last message.
    pub wall: Wall,
    /// Those who are watched.
    pub switchboard: Switchboard,
    /// Where the accounts stand, since when.
    pub registrations: Registrations,
    /// The settings, once they were looked at.
    pub settings: Settings,
    /// The sound devices, once they were looked at.
    pub devices: Devices,
    /// The themes, while one is chosen.
    pub themes: Themes,
    /// When calls ring again after the last talk, if they do not yet.
    pub wrap_up_until: Option<Instant>,
    /// Digits sent in the present call.
    pub digits_sent: String,
    /// The digit whose key is held, until it ends by itself.
    pub held: Option<(char, Instant)>,
    /// The terminal tells of keys that are let go of: it said so, or does.
    pub tells_releases: bool,
    /// Somebody looks at the terminal, as far as it tells.
    pub is_watched: bool,
    /// Whoever looks at it sits at this machine.
    pub is_near: bool,
    /// The key that is held to talk.
    pub talk: Option<Key>,
    /// The key of the dial pad that shows as pressed, and until when.
    pub pressed: Option<(char, Instant)>,
    /// What takes the keys.
    pub mode: Mode,
    /// What takes them again once help, palette or sheet is closed.
    pub returns: Mode,
    /// What is typed into the palette, and what was.
    pub palette: Palette,
    /// An answer that is more than a line.
    pub sheet: Sheet,
    /// Keys pressed that are the beginning of others.
    pub pending: Option<Pending>,
    /// What `Key::NONE` means while it is carried out.
    pub meant: Option<Act>,
    /// The message line.
    pub message: Option<Message>,
    /// Is the phone there?
    pub connection: Connection,
    /// The keys.
    pub keymap: Keymap,
    /// Columns and rows.
    pub size: (u16, u16),
    /// The phone lives on when the interface is left.
    pub stays: bool,
    /// What to try, for an empty call list.
    pub welcome: Vec<String>,
    /// What is good to know, while the phone is idle; `None` = nobody wants to.
    pub tips: Option<Tips>,
}

impl Model {
    /// An interface before its first news.
    pub fn new(size: (u16, u16), stays: bool, welcome: Vec<String>) -> Model {
        Model {
            status: Status::default(),
            calls: Vec::new(),
            recent: VecDeque::new(),
            chosen: None,
            levels: SILENT,
            waves: Waves::default(),
            field: DialField::default(),
            matches: Matches::default(),
            threads: Threads::default(),
            people: People::default(),
            past: Past::default(),
            ladder: Ladder::default(),
            quality: Quality::default(),
            log: Log::default(),
            wall: Wall::default(),
            switchboard: Switchboard::default(),
            registrations: Registrations::default(),
            settings: Settings::default(),
            devices: Devices::default(),
            themes: Themes::default(),
            wrap_up_until: None,
            digits_sent: String::new(),
            held: None,
            tells_releases: false,
            is_watched: false,
            is_near: false,
            talk: None,
            pressed: None,
            mode: Mode::Phone,
            returns: Mode::Phone,
            palette: Palette::default(),
            sheet: Sheet::default(),
            pending: None,
            meant: None,
            message: None,
            connection: Connection::Opening,
            keymap: Keymap::default(),
            size,
            stays,
            welcome,
            tips: None,
        }
    }

    /// The call that commands mean: the one chosen by hand, else the one talking, dialling, ringing, held, in this order.
    pub fn current(&self) -> Option<&CallRow> {
        let chosen = self.chosen.as_ref().and_then(|id| self.calls.iter().find(|row| row.info.id == *id));
        chosen.or_else(|| self.calls.iter().min_by_key(|row| precedence(row.info.state)))
    }

    /// The answered calls beside this one.
    pub fn others(&self, id: &str) -> impl Iterator<Item = &CallRow> {
        let answered = |row: &&CallRow| matches!(row.info.state, CallState::Connected | CallState::Held);
        self.calls.iter().filter(answered).filter(move |row| row.info.id != id)
    }

    /// The ringing call that `answer` and `reject` mean: the current one, else the first.
    pub fn incoming(&self) -> Option<&CallRow> {
        let rings = |row: &&CallRow| row.info.state == CallState::Incoming && !row.info.ignored;
        self.current().filter(rings).or_else(|| self.calls.iter().find(rings))
    }

    /// The call that typed digits go to as tones.
    pub fn digit_call(&self) -> Option<&CallRow> {
        let listens = |row: &&CallRow| matches!(row.info.state, CallState::Connected | CallState::EarlyMedia);
        self.current().filter(listens)
    }

    /// Letters go into a text, so that only other keys are commands.
    pub fn is_typing(&self) -> bool {
        let types = matches!(
            self.mode,
            Mode::Palette
                | Mode::Help { .. }
                | Mode::Thread { .. }
                | Mode::Transfer { .. }
                | Mode::Contacts(_)
                | Mode::History(_)
        );
        let searches =
            self.mode == Mode::Switchboard && self.switchboard.searching || self.mode == Mode::Log && self.log.searches;
        let searches = searches || matches!(self.mode, Mode::Ladder(_)) && self.ladder.searches;
        let sets = self.mode == Mode::Settings && (self.settings.searching || self.settings.edit.is_some());
        // A number that is half typed waits below a view.
        let dials = matches!(self.mode, Mode::Phone | Mode::AskHangup | Mode::AskQuit | Mode::Digits { .. });
        types || searches || sets || dials && self.field.focused
    }

    /// Where keys count now.
    pub fn place(&self) -> Place {
        self.place_of(&self.mode)
    }

    /// Where keys count in a mode.
    pub fn place_of(&self, mode: &Mode) -> Place {
        match mode {
            Mode::Contacts(_) => Place::Contacts,
            Mode::History(_) => Place::History,
            Mode::Threads { .. } | Mode::Thread { .. } => Place::Messages,
            Mode::Ladder(_) => Place::Ladder,
            Mode::Switchboard => Place::Switchboard,
            Mode::Quality => Place::Quality,
            Mode::Log => Place::Log,
            Mode::Accounts => Place::Accounts,
            Mode::Settings => Place::Settings,
            Mode::Devices => Place::Devices,
            Mode::Phone
            | Mode::Help { .. }
            | Mode::Themes
            | Mode::Palette
            | Mode::Sheet
            | Mode::AskHangup
            | Mode::AskQuit
            | Mode::Digits { .. }
            | Mode::Transfer { .. } => Place::Everywhere,
        }
    }

    /// What a key does now, if no text and no list takes it.
    pub fn act(&self, key: Key) -> Option<Act> {
        if key == Key::NONE { self.meant } else { self.keymap.act_in(self.place(), key) }
    }

    /// A call or a test carries sound, so the meters mean something.
    pub fn has_sound(&self) -> bool {
        let sounds =
            |row: &CallRow| matches!(row.info.state, CallState::Connected | CallState::EarlyMedia | CallState::Held);
        self.status.testing || self.calls.iter().any(sounds)
    }

    /// When `Msg::Tick` is next due; `None` lets an idle phone sleep.
    pub fn next_wake(&self, now: Instant) -> Option<Instant> {
        let second = self.current().map(|row| {
            let whole = now.saturating_duration_since(row.since).as_secs() + 1;
            row.since + Duration::from_secs(whole)
        });
        let message = self.message.as_ref().map(|message| message.until);
        let pressed = self.pressed.map(|(_, until)| until);
        let pending = self.pending.as_ref().map(|pending| pending.until);
        let wrap_up = self.wrap_up_until.map(|until| {
            let left = until.saturating_duration_since(now).saturating_sub(Duration::from_nanos(1));
            until.checked_sub(Duration::from_secs(left.as_secs())).unwrap_or(until)
        });
        let lights = match self.mode {
            Mode::Switchboard => self.switchboard.next_wake(now),
            Mode::Accounts => self.registrations.next_wake(now),
            _ => None,
        };
        [second, message, pressed, pending, wrap_up, lights, self.threads.next_wake()].into_iter().flatten().min()
    }

    /// Puts an ended call on top of the list.
    pub(super) fn remember(&mut self, call: EndedCall) {
        self.recent.push_front(call);
        self.recent.truncate(RECENT);
    }
}

/// No sound at all.
pub const SILENT: Levels = Levels { mic_dbfs: SILENCE_DBFS, speaker_dbfs: SILENCE_DBFS };

fn precedence(state: CallState) -> u8 {
    match state {
        CallState::Connected => 0,
        CallState::EarlyMedia | CallState::Ringing | CallState::Calling => 1,
        CallState::Incoming => 2,
        CallState::Held => 3,
        CallState::Ended => 4,
    }
}
