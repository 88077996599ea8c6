//! One thread owns the history of calls: whoever asks waits for it, the signalling never does.

use super::files;
use super::past::record;
use crate::config::ini::Document;
use crate::history::{Found, HistoryAsk, Kind, Record, Store, StoreError, call_log_table, calls_section};
use crate::text::plain_error;
use crate::ua::command::CommandError;
use crate::ua::event::Event;
use crate::ua::outcome::ExitCode;
use crate::ua::snapshot::CallInfo;
use rusqlite::{Connection, OpenFlags};
use std::collections::VecDeque;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::time::Duration;
use tokio::sync::oneshot;

/// What may wait for the thread.
const BACKLOG: usize = 1_024;

/// An idle phone holds no file open, and none of the memory that takes.
const IDLE: Duration = Duration::from_secs(10);

/// Calls that cannot be written, on a full disk say, wait for room; of more than these the oldest are forgotten.
const MOST_WAITING: usize = 1_000;

/// How often the oldest calls are let go, in calls that were kept.
const TRIM_EVERY: u32 = 1_000;

/// The largest database of MicroSIP's that is read: a thousand calls have a thousandth of it.
const MAX_DATABASE_BYTES: u64 = 256 * 1024 * 1024;

/// The head of every SQLite file.
const SQLITE: &[u8] = b"SQLite format 3\0";

/// Where the history is, and how long it may grow.
#[derive(Debug, Clone)]
pub struct Shelf {
    /// The file.
    pub file: PathBuf,
    /// The most calls that are kept.
    pub most: u32,
}

/// How the thread is reached; cheap to clone. It ends with the last of these.
#[derive(Debug, Clone)]
pub struct Library {
    jobs: SyncSender<Job>,
}

type Answer = Result<Found, CommandError>;

#[derive(Debug)]
enum Job {
    Keep(Box<Record>),
    Ask(HistoryAsk, oneshot::Sender<Answer>),
    Written(oneshot::Sender<()>),
    Most(u32),
}

impl Library {
    /// Starts the thread. `complain` is told, once, what cannot be kept, and what happened to a damaged file.
    ///
    /// # Errors
    /// The system has no more threads.
    pub fn start(shelf: Shelf, complain: impl Fn(String) + Send + 'static) -> io::Result<Library> {
        let (jobs, waiting) = sync_channel(BACKLOG);
        let keeper = Keeper::new(shelf, Box::new(complain));
        std::thread::Builder::new().name("library".into()).spawn(move || keeper.work(&waiting))?;
        Ok(Library { jobs })
    }

    /// Keeps what an event tells of a call. Never waits: where too much waits already, a call is left out.
    pub fn saw(&self, event: &Event) {
        if let Some(call) = call_to_keep(event) {
            let _ = self.jobs.try_send(Job::Keep(Box::new(record(call))));
        }
    }

    /// Asks, or changes.
    ///
    /// # Errors
    /// The history cannot be read or written.
    pub async fn ask(&self, ask: HistoryAsk) -> Answer {
        let (reply, answer) = oneshot::channel();
        match self.jobs.try_send(Job::Ask(ask, reply)) {
            Ok(()) => answer.await.map_err(|_| refused("the thread of the history has ended".to_owned()))?,
            Err(TrySendError::Full(_)) => Err(refused("the history has too much to do; ask again".to_owned())),
            Err(TrySendError::Disconnected(_)) => Err(refused("the thread of the history has ended".to_owned())),
        }
    }

    /// The most calls that are kept from now on.
    pub fn keep_at_most(&self, calls: u32) {
        let _ = self.jobs.try_send(Job::Most(calls));
    }

    /// Waits until everything seen so far is written, and the file let go.
    pub async fn written(&self) {
        let (reply, written) = oneshot::channel();
        if self.jobs.try_send(Job::Written(reply)).is_ok() {
            let _ = written.await;
        }
    }
}

/// The call of an event that changes what is kept of it.
fn call_to_keep(event: &Event) -> Option<&CallInfo> {
    match event {
        Event::CallIncoming { call }
        | Event::CallOutgoing { call }
        | Event::CallAnswered { call }
        | Event::CallRenamed { call }
        | Event::CallRecording { call }
        | Event::CallEnded { call } => Some(call),
        _ => None,
    }
}

fn refused(message: String) -> CommandError {
    CommandError { code: ExitCode::Unexpected, kind: "history", message, hint: None }
}

/// What the thread has.
struct Keeper {
    shelf: Shelf,
    complain: Box<dyn Fn(String) + Send>,
    store: Option<Store>,
    kept: u32,
    /// It was said that nothing can be kept.
    told: bool,
    /// What could not be written so far, the oldest first.
    waiting: VecDeque<Record>,
}

impl Keeper {
    fn new(shelf: Shelf, complain: Box<dyn Fn(String) + Send>) -> Keeper {
        Keeper { shelf, complain, store: None, kept: 0, told: false, waiting: VecDeque::new() }
    }

    fn work(mut self, jobs: &Receiver<Job>) {
        loop {
            let job = match &self.store {
                None if self.waiting.is_empty() => jobs.recv().map_err(|_| RecvTimeoutError::Disconnected),
                _ => jobs.recv_timeout(IDLE),
            };
            match job {
                Ok(Job::Keep(call)) => self.keep(*call),
                Ok(Job::Ask(ask, reply)) => drop(reply.send(self.answer(ask))),
                Ok(Job::Most(calls)) => (self.shelf.most, self.kept) = (calls, 0),
                Ok(Job::Written(reply)) => {
                    self.catch_up();
                    self.store = None;
                    let _ = reply.send(());
                }
                Err(RecvTimeoutError::Timeout) => {
                    self.catch_up();
                    self.store = None;
                }
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    fn keep(&mut self, call: Record) {
        // What was known of it before says less.
        let is_same = |other: &Record| {
            let ways = [other, &call].map(|call| call.kind == Kind::Outgoing);
            other.sip_call_id == call.sip_call_id && other.started_ms == call.started_ms && ways[0] == ways[1]
        };
        self.waiting.retain(|other| !is_same(other));
        if self.waiting.len() >= MOST_WAITING {
            self.waiting.pop_front();
        }
        self.waiting.push_back(call);
        self.catch_up();
    }

    /// Writes what waits. What cannot be written goes on waiting; that is said once.
    fn catch_up(&mut self) {
        if self.waiting.is_empty() {
            return;
        }
        let (most, trims) = (self.shelf.most, self.kept.is_multiple_of(TRIM_EVERY));
        let mut waiting = std::mem::take(&mut self.waiting);
        let calls = waiting.make_contiguous();
        let kept = self.with(true, |store| {
            store.keep(calls)?;
            if trims || calls.len() > 1 { store.trim(most).map(|_| ()) } else { Ok(()) }
        });
        match kept {
            Ok(_) => {
                self.kept = self.kept.wrapping_add(1);
                self.told = false;
            }
            Err(why) => {
                self.waiting = waiting;
                if !self.told {
                    self.told = true;
                    (self.complain)(format!("the history of calls is not kept: {}: {why}", self.shelf.file.display()));
                }
            }
        }
    }

    fn answer(&mut self, ask: HistoryAsk) -> Answer {
        self.catch_up();
        if ask == HistoryAsk::Clear {
            self.waiting.clear();
        }
        let file = self.shelf.file.clone();
        let nothing = match ask {
            HistoryAsk::List(_) => Found::Records(Vec::new(), false),
            HistoryAsk::Seen => Found::Seen,
            _ => Found::Removed(0),
        };
        let done = match ask {
            HistoryAsk::List(query) => {
                self.with(false, |store| store.search(&query).map(|(calls, more)| Found::Records(calls, more)))
            }
            HistoryAsk::Remove(ids) => self.with(false, |store| store.remove(&ids).map(Found::Removed)),
            HistoryAsk::Clear => self.with(false, |store| store.clear().map(Found::Removed)),
            HistoryAsk::Seen => self.with(false, |store| store.saw().map(|()| Found::Seen)),
            HistoryAsk::Import(from) => {
                let calls = calls_of(Path::new(&from)).map_err(|why| CommandError {
                    code: ExitCode::Config,
                    kind: "import",
                    message: format!("cannot bring over the calls of {}: {why}", crate::text::sanitise(&from)),
                    hint: Some("MicroSIP keeps them in its microsip.ini, or in a database beside it".into()),
                })?;
                let count = |new: usize| Found::Imported { new, known: calls.len() - new };
                self.with(true, |store| store.keep(&calls).map(count))
            }
        };
        match done {
            Ok(Some(found)) => Ok(found),
            // No call was kept so far.
            Ok(None) => Ok(nothing),
            Err(why) => Err(CommandError {
                code: ExitCode::Config,
                ..refused(format!("cannot use the history of calls in {}: {why}", file.display()))
            }),
        }
    }

    /// Works on the store; `None` if there is none and none is to be made. A damaged one is put aside, and it is gone
    /// on with a new one.
    fn with<T>(
        &mut self,
        makes: bool,
        work: impl Fn(&Store) -> Result<T, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        let mut done = self.attempt(makes, &work);
        if matches!(done, Err(StoreError::Damaged)) {
            self.store = None;
            let aside = put_aside(&self.shelf.file).map_err(|_| StoreError::Damaged)?;
            let (file, aside) = (self.shelf.file.display(), aside.display());
            (self.complain)(format!(
                "the history of calls in {file} is damaged; it is now {aside}, and a new one begins"
            ));
            done = self.attempt(makes, &work);
        }
        if done.is_err() {
            self.store = None;
        }
        done
    }

    fn attempt<T>(
        &mut self,
        makes: bool,
        work: &impl Fn(&Store) -> Result<T, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        let store = match self.store.take() {
            Some(store) => store,
            None if !makes && !self.shelf.file.exists() => return Ok(None),
            None => open(&self.shelf.file)?,
        };
        work(self.store.insert(store)).map(Some)
    }
}

/// Opens or makes the file, its owner's alone.
fn open(file: &Path) -> Result<Store, StoreError> {
    let _ = private_folder(file.parent().unwrap_or(Path::new(".")));
    let mut options = fs::OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    // What goes wrong here SQLite says in its own words.
    drop(options.open(file));
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Store::new(Connection::open_with_flags(file, flags)?)
}

fn private_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Gives a file and what belongs to it a name that nothing has yet.
fn put_aside(file: &Path) -> io::Result<PathBuf> {
    let beside = |number: usize| {
        let mut name = file.as_os_str().to_owned();
        name.push(format!(".damaged-{number}"));
        PathBuf::from(name)
    };
    let aside = (1..).map(beside).find(|path| !path.exists()).unwrap_or_else(|| beside(0));
    fs::rename(file, &aside)?;
    for part in ["-wal", "-shm"] {
        let with = |path: &Path| {
            let mut name = path.as_os_str().to_owned();
            name.push(part);
            name
        };
        let _ = fs::rename(with(file), with(&aside));
    }
    Ok(aside)
}

/// Takes in those of these calls that are not kept yet; how many they are. Without `writes` they are only counted.
///
/// # Errors
/// The history cannot be read or written; in words.
pub fn join(shelf: &Shelf, calls: &[Record], writes: bool) -> Result<usize, String> {
    if calls.is_empty() || !writes && !shelf.file.exists() {
        return Ok(calls.len());
    }
    let joined = || -> Result<usize, StoreError> {
        let store = open(&shelf.file)?;
        let new = store.lacking(calls)?;
        if !writes || new.is_empty() {
            return Ok(new.len());
        }
        let kept = store.keep(&new)?;
        store.trim(shelf.most)?;
        Ok(kept)
    };
    joined().map_err(|why| format!("cannot use the history of calls in {}: {why}", shelf.file.display()))
}

/// The calls of a file of MicroSIP's: of its ini, or of its database, whatever that is called.
///
/// # Errors
/// It cannot be read, or has none; in words.
pub fn calls_of(file: &Path) -> Result<Vec<Record>, String> {
    let plain = |error: io::Error| plain_error(&error);
    if files::read(file, SQLITE.len()).map_err(plain)?.starts_with(SQLITE) {
        let length = fs::metadata(file).map_err(plain)?.len();
        if length > MAX_DATABASE_BYTES {
            return Err(format!("it has {length} bytes, more than a database of calls may have"));
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let calls = Connection::open_with_flags(file, flags)
            .map_err(StoreError::from)
            .and_then(|db| call_log_table::read(&db))
            .map_err(|why| why.to_string())?;
        return calls.ok_or_else(|| "it has no table call_log".to_owned());
    }
    let bytes = files::read(file, Document::MAX_BYTES).map_err(plain)?;
    let document = Document::parse(&bytes).map_err(|error| error.to_string())?;
    if !document.has_section("Calls") {
        return Err("it has no section [Calls]".to_owned());
    }
    Ok(calls_section::of_ini(|section, key| document.get(section, key)))
}

#[cfg(test)]
mod tests;
