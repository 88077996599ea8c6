//! How the rest of the program reaches a running phone.

use super::address_book::{AddressBook, ContactsAsk, FILE_NAME};
use super::call_sound::CallSound;
use super::directory::{self, Directories};
use super::file_watch::OwnWrites;
use super::library::Library;
use super::media::tap::Tap;
use super::media::{MediaGone, MediaHandle};
use super::reloading::{Fresh, Reloader};
use super::setting::SettingFiles;
use super::trace::tap::Opened;
use crate::config::{Account, Settings};
use crate::contacts::Book;
use crate::history::{Found, HistoryAsk};
use crate::ua::command::{Command, CommandError, Reply};
use crate::ua::event::Event;
use crate::ua::outcome::ExitCode;
use crate::ua::snapshot::Status;
use crate::ua::stream_of;
use rand::rngs::StdRng;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::{broadcast, mpsc, oneshot, watch};

/// Events a slow reader may fall behind by before it misses some.
const EVENT_BACKLOG: usize = 256;

/// Questions that may wait at once.
const ASK_BACKLOG: usize = 256;

/// How often it is looked whether somebody else has changed the contacts.
const CONTACTS_PERIOD: Duration = Duration::from_secs(15);

/// Sound levels, -96.0..=0.0 dBFS.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Levels {
    /// What the microphone brings, after mute and volume.
    pub mic_dbfs: f32,
    /// What the speaker plays.
    pub speaker_dbfs: f32,
}

/// Asks that an interface may fall behind by before it misses some.
const FACE_BACKLOG: usize = 16;

/// What somebody asks of the interfaces that are open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FaceAsk {
    /// Come to the front.
    Show,
    /// Go; the phone stays.
    Hide,
    /// Show this in the dial field, and wait for a person; empty = only go there.
    Fill {
        /// Number or address.
        number: String,
    },
    /// Show these digits, and wait for a person to send them in the call.
    Digits {
        /// `0-9 * # A-D ,`.
        digits: String,
    },
}

/// What the signalling task is asked.
#[derive(Debug)]
pub(super) enum Ask {
    Command(Command, oneshot::Sender<Result<Reply, CommandError>>),
    Status(oneshot::Sender<Status>),
    Trace(oneshot::Sender<Opened>),
    Contacts(Arc<Book>),
    /// Nobody was dialled or called yet.
    ForgetDialled,
    /// Tell when everything is written that was to be kept.
    Written(oneshot::Sender<()>),
    Configure(Box<Fresh>, oneshot::Sender<Result<Reply, CommandError>>),
}

/// A running phone; cheap to clone. The phone lives until `Command::Exit`, or until the last handle is gone.
#[derive(Clone)]
pub struct Handle {
    asks: mpsc::Sender<Ask>,
    changed: watch::Receiver<u64>,
    events: broadcast::Sender<Arc<Event>>,
    media: MediaHandle,
    addresses: Arc<[SocketAddr]>,
    codecs: watch::Receiver<Arc<[String]>>,
    contacts: Option<AddressBook>,
    directories: Option<Directories>,
    library: Option<Library>,
    pub(super) reloader: Option<Arc<Reloader>>,
    pub(super) settings: Option<SettingFiles>,
    faces: broadcast::Sender<FaceAsk>,
    own_writes: OwnWrites,
    on_desktop: Arc<AtomicBool>,
}

/// The signalling task's ends of a `Handle`'s channels.
#[derive(Debug)]
pub(super) struct Ends {
    pub asks: mpsc::Receiver<Ask>,
    pub changed: watch::Sender<u64>,
    pub events: broadcast::Sender<Arc<Event>>,
    /// Those of the settings.
    pub codecs: watch::Sender<Arc<[String]>>,
}

pub(super) fn pair(media: MediaHandle, addresses: Vec<SocketAddr>, codecs: &[String]) -> (Handle, Ends) {
    let (asks, asks_rx) = mpsc::channel(ASK_BACKLOG);
    let (changed, changed_rx) = watch::channel(0);
    let (events, _) = broadcast::channel(EVENT_BACKLOG);
    let (codecs, codecs_rx) = watch::channel(codecs.into());
    let (faces, _) = broadcast::channel(FACE_BACKLOG);
    let handle = Handle {
        asks,
        changed: changed_rx,
        events: events.clone(),
        media,
        addresses: addresses.into(),
        codecs: codecs_rx,
        contacts: None,
        directories: None,
        library: None,
        reloader: None,
        settings: None,
        faces,
        own_writes: OwnWrites::default(),
        on_desktop: Arc::default(),
    };
    (handle, Ends { asks: asks_rx, changed, events, codecs })
}

impl Handle {
    /// Carries out a command.
    ///
    /// # Errors
    /// The agent's refusal, or `NoDaemon` when the phone has stopped.
    pub async fn request(&self, command: Command) -> Result<Reply, CommandError> {
        let (reply, answer) = oneshot::channel();
        self.asks.send(Ask::Command(command, reply)).await.map_err(|_| stopped())?;
        answer.await.map_err(|_| stopped())?
    }

    /// The phone as it stands now.
    ///
    /// # Errors
    /// `NoDaemon` when the phone has stopped.
    pub async fn status(&self) -> Result<Status, CommandError> {
        let (reply, answer) = oneshot::channel();
        self.asks.send(Ask::Status(reply)).await.map_err(|_| stopped())?;
        let status = answer.await.map_err(|_| stopped())?;
        Ok(Status { desktop_notices: self.on_desktop.load(Ordering::Relaxed), ..status })
    }

    /// From now on the desktop of whoever is logged in here is told of calls and messages, or not.
    pub fn tells_desktop(&self, does: bool) {
        self.on_desktop.store(does, Ordering::Relaxed);
    }

    /// The last SIP messages, and those to come.
    ///
    /// # Errors
    /// `NoDaemon` when the phone has stopped.
    pub(super) async fn opened(&self) -> Result<Opened, CommandError> {
        let (reply, answer) = oneshot::channel();
        self.asks.send(Ask::Trace(reply)).await.map_err(|_| stopped())?;
        answer.await.map_err(|_| stopped())
    }

    /// Asks the history of calls, or changes it.
    ///
    /// # Errors
    /// This phone keeps none, or it cannot be read or written.
    pub async fn history(&self, ask: HistoryAsk) -> Result<Found, CommandError> {
        match &self.library {
            Some(library) => {
                let clears = ask == HistoryAsk::Clear;
                let found = library.ask(ask).await?;
                if clears {
                    self.asks.send(Ask::ForgetDialled).await.map_err(|_| stopped())?;
                }
                Ok(found)
            }
            None => Err(CommandError {
                code: ExitCode::NotFound,
                kind: "history",
                message: "this phone keeps no history of calls".into(),
                hint: None,
            }),
        }
    }

    /// The same phone, with this history.
    pub(super) fn with_library(self, library: Option<Library>) -> Handle {
        Handle { library, ..self }
    }

    /// Events from now on.
    pub fn events(&self) -> broadcast::Receiver<Arc<Event>> {
        self.events.subscribe()
    }

    /// Asks something of every interface that is open; how many there are.
    pub fn tell_faces(&self, ask: FaceAsk) -> usize {
        self.faces.send(ask).unwrap_or(0)
    }

    /// What is asked of interfaces from now on; whoever holds it is one.
    pub fn faces(&self) -> broadcast::Receiver<FaceAsk> {
        self.faces.subscribe()
    }

    /// Ticks whenever the status may have changed; closes when the phone stops.
    pub fn changed(&self) -> watch::Receiver<u64> {
        self.changed.clone()
    }

    /// Asks for contacts, or changes them; the fields of the reply.
    ///
    /// # Errors
    /// The refusal, or `NoDaemon` when the phone has stopped.
    pub async fn contacts(&self, ask: ContactsAsk) -> Result<Map<String, Value>, CommandError> {
        let Some(contacts) = self.contacts.clone() else { return Err(without_contacts()) };
        if ask == ContactsAsk::Refresh {
            return match &self.directories {
                Some(directories) => directories.refresh().await,
                None => Err(without_contacts()),
            };
        }
        let directories = self.directories.as_ref().filter(|_| matches!(ask, ContactsAsk::List { .. }));
        let work = move || (contacts.obey(&ask), contacts.fresh());
        let (told, book) = tokio::task::spawn_blocking(work).await.map_err(|_| stopped())?;
        if let Some(book) = book {
            self.asks.send(Ask::Contacts(Arc::new(book))).await.map_err(|_| stopped())?;
        }
        let mut told = told?;
        if let Some(shown) = directories.and_then(Directories::shown) {
            told.insert("directory".to_owned(), shown);
        }
        Ok(told)
    }

    /// The directories of the settings feed the contacts from now on; what is wrong with them, in words.
    pub(super) fn open_directories(&mut self, settings: &Settings, accounts: &[Account], rng: StdRng) -> Vec<String> {
        let Some(contacts) = self.contacts.clone().filter(AddressBook::is_fed) else { return Vec::new() };
        let (directories, wrong) = directory::start(settings, accounts, contacts, &self.asks, &self.events, rng);
        self.directories = Some(directories);
        wrong
    }

    /// What this phone writes into its own files.
    pub(super) fn own_writes(&self) -> OwnWrites {
        self.own_writes.clone()
    }

    /// The directories, if contacts are fed by any.
    pub(super) fn directories(&self) -> Option<Directories> {
        self.directories.clone()
    }

    /// Names come from these contacts from now on, whoever changes their file, for as long as the phone lives.
    pub(super) fn open_contacts(&mut self, contacts: AddressBook) {
        self.contacts = Some(contacts.clone());
        let (phone, events) = (self.asks.downgrade(), self.events.downgrade());
        tokio::spawn(async move {
            let old = contacts.clone();
            let moved = tokio::task::spawn_blocking(move || old.migrate()).await;
            let words = match moved {
                Ok(Ok(0)) | Err(_) => None,
                Ok(Ok(count)) => Some(Event::Directory {
                    message: format!("{count} contacts of the ini file are in {FILE_NAME} now"),
                }),
                Ok(Err(CommandError { message, hint, .. })) => Some(Event::Error { message, hint }),
            };
            if let (Some(words), Some(events)) = (words, events.upgrade()) {
                let _ = events.send(Arc::new(words));
            }
            loop {
                let contacts = contacts.clone();
                let book = tokio::task::spawn_blocking(move || contacts.fresh()).await.ok().flatten();
                let Some(asks) = phone.upgrade() else { return };
                if let Some(book) = book
                    && asks.send(Ask::Contacts(Arc::new(book))).await.is_err()
                {
                    return;
                }
                drop(asks);
                tokio::time::sleep(CONTACTS_PERIOD).await;
            }
        });
    }

    /// The addresses the phone listens on for SIP.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// The codecs of the settings, the preferred first.
    pub fn codecs(&self) -> Arc<[String]> {
        self.codecs.borrow().clone()
    }

    /// The media thread.
    pub(super) fn media(&self) -> &MediaHandle {
        &self.media
    }

    /// Where questions and events go.
    pub(super) fn ends(&self) -> (&mpsc::Sender<Ask>, &broadcast::Sender<Arc<Event>>) {
        (&self.asks, &self.events)
    }

    /// Listens to a call and speaks in it, once its sound has a place: from early media or its answer on.
    ///
    /// # Errors
    /// No call is called so; the phone has stopped, or is too busy.
    pub fn tap(&self, call: &str) -> Result<Tap, CommandError> {
        self.media.tap(stream_of(call).ok_or_else(|| no_call(call))?).map_err(not_tapped)
    }

    /// The sound of a call from now on, s16le mono at this rate in Hz, in place of microphone and speaker.
    ///
    /// # Errors
    /// There is no such call; the phone has stopped, or is too busy; there is no such rate.
    pub async fn take_over(&self, call: &str, rate: u32) -> Result<CallSound, CommandError> {
        let events = self.events();
        let is_live = self.status().await?.calls.iter().any(|live| live.id == call);
        let stream = stream_of(call).filter(|_| is_live).ok_or_else(|| no_call(call))?;
        let tap = self.media.take_over(stream).map_err(not_tapped)?;
        CallSound::new(tap, rate, call, events)
    }

    /// The sound levels now.
    pub fn levels(&self) -> Levels {
        let (mic, speaker) = self.media.levels();
        Levels { mic_dbfs: mic.peak_dbfs, speaker_dbfs: speaker.peak_dbfs }
    }
}

fn no_call(call: &str) -> CommandError {
    let message = format!("there is no call {}", crate::text::elided(call, 40));
    CommandError { code: ExitCode::NotFound, kind: "no_such_call", message, hint: None }
}

fn not_tapped(gone: MediaGone) -> CommandError {
    match gone {
        MediaGone::Ended => stopped(),
        MediaGone::Full => {
            CommandError { code: ExitCode::Unexpected, kind: "unexpected", message: gone.to_string(), hint: None }
        }
    }
}

fn without_contacts() -> CommandError {
    let code = ExitCode::NotFound;
    CommandError { code, kind: code.kind(), message: "this phone has no contacts".into(), hint: None }
}

pub(super) fn stopped() -> CommandError {
    CommandError {
        code: ExitCode::NoDaemon,
        kind: "no_daemon",
        message: "the phone has stopped".into(),
        hint: Some("start it again: tuiphone".into()),
    }
}
