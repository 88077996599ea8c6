//! The directories that feed the contacts: asked on time, read, put into the file. A directory that hangs, lies or is
//! gone holds up nobody: all of this is a task of its own.

mod address;
#[cfg(feature = "carddav")]
mod card_dav;
mod kind;
#[cfg(feature = "ldap")]
mod ldap;
mod schedule;

use super::address_book::AddressBook;
use super::handle::Ask;
use super::net::http::Bounds;
use crate::config::{Account, DirectorySettings, Settings};
use crate::contacts::{Contact, MAX_BYTES, Problem, Taken};
use crate::text::sanitise;
use crate::ua::command::CommandError;
use crate::ua::event::Event;
use crate::ua::outcome::ExitCode;
use futures_util::future::join_all;
use kind::{Asker, Kind, Loaded, MadeOf, kinds};
use rand::RngExt;
use rand::rngs::StdRng;
use schedule::Schedule;
use serde_json::{Map, Value, json};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};
use tokio::sync::{broadcast, mpsc, oneshot, watch};

/// How much and how long.
const BOUNDS: Bounds = Bounds { bytes: MAX_BYTES, connect: Duration::from_secs(10), whole: Duration::from_secs(30) };

/// People who may ask for a refresh at once.
const BACKLOG: usize = 8;

type Fields = Map<String, Value>;
type Outcome = Result<Fields, CommandError>;

/// How the rest of the phone reaches its directories; cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Directories {
    asks: mpsc::Sender<oneshot::Sender<Outcome>>,
    shown: Arc<Mutex<Vec<Shown>>>,
    wishes: Arc<watch::Sender<Wish>>,
}

/// What the settings say of directories, and the accounts they are asked by.
#[derive(Debug, Clone)]
struct Wish {
    directories: DirectorySettings,
    accounts: Vec<Account>,
}

/// What people may know of a directory.
#[derive(Debug, Clone)]
struct Shown {
    kind: &'static str,
    url: String,
    state: &'static str,
    loaded_at: Option<SystemTime>,
    next: Option<Instant>,
    contacts: usize,
    error: Option<String>,
    problems: Vec<Problem>,
}

impl Directories {
    /// Asks every directory now; what came of it.
    ///
    /// # Errors
    /// None is set up, one of them could not be had, or the file cannot be written.
    pub async fn refresh(&self) -> Outcome {
        if lock(&self.shown).is_empty() {
            return Err(none());
        }
        let gone = || refusal(ExitCode::NoDaemon, "the phone has stopped".to_owned());
        let (reply, outcome) = oneshot::channel();
        self.asks.send(reply).await.map_err(|_| gone())?;
        outcome.await.map_err(|_| gone())?
    }

    /// Each of them, as JSON has it; `None` = none is set up.
    pub fn shown(&self) -> Option<Value> {
        let is_none = lock(&self.shown).is_empty();
        (!is_none).then(|| listed(&self.shown))
    }

    /// The settings and accounts are these from now on: directories that are not as before are asked anew. What is wrong
    /// with their settings, if they have changed, in words.
    pub fn configure(&self, settings: &Settings, accounts: &[Account]) -> Vec<String> {
        let wish = Wish { directories: settings.directories.clone(), accounts: accounts.to_vec() };
        let before = self.wishes.send_replace(wish);
        if before.directories == settings.directories { Vec::new() } else { kinds(&settings.directories).1 }
    }
}

fn listed(shown: &Mutex<Vec<Shown>>) -> Value {
    let now = now();
    let row = |shown: &Shown| {
        let at = shown.loaded_at.map(|at| humantime::format_rfc3339_seconds(at).to_string());
        let next = shown.next.map(|next| next.saturating_duration_since(now).as_secs());
        json!({
            "kind": shown.kind, "url": shown.url, "state": shown.state, "loaded_at": at, "next_in": next,
            "contacts": shown.contacts, "error": shown.error, "problems": shown.problems,
        })
    };
    lock(shown).iter().map(row).collect()
}

/// The refusal of a refresh where there is nothing to refresh.
fn none() -> CommandError {
    let hint = Some("set usersDirectory in [Settings]".to_owned());
    CommandError { hint, ..refusal(ExitCode::NotFound, "no directory is set up".to_owned()) }
}

/// A place that contacts come from.
struct Source {
    kind: Kind,
    /// The settings it was made of.
    made_of: MadeOf,
    schedule: Schedule,
    sequence: u64,
    /// What it said last, and whether that was all.
    last: Option<(Vec<Contact>, bool)>,
    /// What went wrong last, so that it is told once.
    told: Option<String>,
}

/// What directories need of the phone.
struct Phone {
    contacts: AddressBook,
    accounts: Vec<Account>,
    plain_text: bool,
    asks: mpsc::WeakSender<Ask>,
    events: broadcast::WeakSender<Arc<Event>>,
}

struct Directory {
    phone: Phone,
    sources: Vec<Source>,
    shown: Arc<Mutex<Vec<Shown>>>,
    rng: StdRng,
}

/// Starts the directories of the settings, those of today and of a later day, for as long as the phone lives. What is
/// wrong with their settings is told.
pub(super) fn start(
    settings: &Settings,
    accounts: &[Account],
    contacts: AddressBook,
    asks: &mpsc::Sender<Ask>,
    events: &broadcast::Sender<Arc<Event>>,
    rng: StdRng,
) -> (Directories, Vec<String>) {
    let wish = Wish { directories: settings.directories.clone(), accounts: accounts.to_vec() };
    let phone =
        Phone { contacts, accounts: Vec::new(), plain_text: false, asks: asks.downgrade(), events: events.downgrade() };
    let shown: Arc<Mutex<Vec<Shown>>> = Arc::default();
    let mut directory = Directory { phone, sources: Vec::new(), shown: Arc::clone(&shown), rng };
    let wrong = directory.configure(wish.clone());
    let (sender, refreshes) = mpsc::channel(BACKLOG);
    let (wishes, wished) = watch::channel(wish);
    tokio::spawn(directory.run(refreshes, wished, events.subscribe()));
    (Directories { asks: sender, shown, wishes: Arc::new(wishes) }, wrong)
}

impl Source {
    fn new(made_of: MadeOf, kind: Kind, now: Instant) -> Source {
        let schedule = Schedule::new(kind.needs_account(), now);
        Source { schedule, kind, made_of, sequence: 0, last: None, told: None }
    }

    fn first_shown(&self) -> Shown {
        Shown {
            kind: self.kind.name(),
            url: self.kind.shown(),
            state: "waiting",
            loaded_at: None,
            next: self.schedule.due(),
            contacts: 0,
            error: None,
            problems: Vec::new(),
        }
    }
}

impl Directory {
    async fn run(
        mut self,
        mut refreshes: mpsc::Receiver<oneshot::Sender<Outcome>>,
        mut wishes: watch::Receiver<Wish>,
        mut events: broadcast::Receiver<Arc<Event>>,
    ) {
        loop {
            let due = self.sources.iter().filter_map(|source| source.schedule.due()).min();
            tokio::select! {
                event = events.recv() => match event.as_deref() {
                    Ok(Event::Registration { .. }) | Err(broadcast::error::RecvError::Lagged(_)) => {
                        let account = self.registered().await;
                        let now = now();
                        self.sources.iter_mut().for_each(|source| source.schedule.registered(account, now));
                    }
                    Ok(_) => {}
                    Err(broadcast::error::RecvError::Closed) => return,
                },
                Ok(()) = wishes.changed() => {
                    let wish = wishes.borrow_and_update().clone();
                    // Whoever has set it has been told what is wrong with it.
                    self.configure(wish);
                    let (account, now) = (self.registered().await, now());
                    self.sources.iter_mut().for_each(|source| source.schedule.registered(account, now));
                }
                Some(reply) = refreshes.recv() => {
                    let now = now();
                    self.sources.iter_mut().for_each(|source| source.schedule.asked(now));
                    let outcome = self.load().await;
                    let _ = reply.send(outcome);
                }
                () = sleep_until(due) => drop(self.load().await),
            }
        }
    }

    /// The directories are these: those that are as before go on. What is wrong with others.
    fn configure(&mut self, wish: Wish) -> Vec<String> {
        let (kinds, wrong) = kinds(&wish.directories);
        self.phone.accounts = wish.accounts;
        self.phone.plain_text = wish.directories.plain_text;
        let mut shown = lock(&self.shown);
        let mut before: Vec<(Source, Shown)> =
            std::mem::take(&mut self.sources).into_iter().zip(std::mem::take(&mut *shown)).collect();
        for (made_of, kind) in kinds {
            let (source, told) = match before.iter().position(|(known, _)| known.made_of == made_of) {
                Some(at) => before.swap_remove(at),
                None => {
                    let source = Source::new(made_of, kind, now());
                    let told = source.first_shown();
                    (source, told)
                }
            };
            self.sources.push(source);
            shown.push(told);
        }
        wrong
    }

    /// The number of the account that new calls use, if it is registered.
    async fn registered(&self) -> Option<u32> {
        let (reply, status) = oneshot::channel();
        // Held no longer than this: whoever holds it keeps the phone alive.
        self.phone.asks.upgrade()?.send(Ask::Status(reply)).await.ok()?;
        let accounts = status.await.ok()?.accounts;
        accounts.into_iter().find(|account| account.selected && account.registered).map(|account| account.id)
    }

    /// Asks all that are due, and puts what they say into the file.
    async fn load(&mut self) -> Outcome {
        let registered = self.registered().await;
        let account = self.phone.accounts.iter().find(|account| Some(account.id.0) == registered);
        let (began, shown) = (now(), Arc::clone(&self.shown));
        let is_due = |source: &Source| source.schedule.due().is_some_and(|due| due <= began);
        let due: Vec<usize> =
            self.sources.iter().enumerate().filter(|(_, source)| is_due(source)).map(|(at, _)| at).collect();
        lock(&shown)
            .iter_mut()
            .enumerate()
            .filter(|(at, _)| due.contains(at))
            .for_each(|(_, one)| one.state = "loading");
        let loads = due.iter().filter_map(|at| self.sources.get(*at)).map(|source| {
            // Authorities of one's own count here too; whatever else an account says of TLS is about its server.
            let of = account.or_else(|| self.phone.accounts.first());
            let ca_file = of.map_or("", |account| account.tls.ca_file.as_str());
            let (plain_text, sequence) = (self.phone.plain_text, source.sequence);
            source.kind.load(Asker { account, ca_file, plain_text, sequence })
        });
        let loaded = join_all(loads).await;
        let mut errors = Vec::new();
        let is_silent = |loaded: &Loaded| matches!(loaded, Loaded::New { answer, .. } if answer.silent);
        let is_told = !loaded.iter().flatten().any(is_silent);
        for (at, outcome) in due.iter().zip(loaded) {
            errors.extend(self.take(*at, outcome));
        }
        let waiting = self.sources.iter().filter(|source| source.schedule.waits());
        errors.extend(waiting.map(|source| {
            format!("{} is asked once the account is registered, and it is not yet", source.kind.name())
        }));
        let taken =
            if self.sources.iter().any(|source| source.last.is_some()) { Some(self.keep(is_told).await) } else { None };
        let mut told = match taken {
            Some(Err(error)) => return Err(error),
            Some(Ok(taken)) => match json!(taken) {
                Value::Object(fields) => fields,
                _ => Fields::new(),
            },
            None => Fields::new(),
        };
        match errors.into_iter().next() {
            Some(why) => Err(refusal(ExitCode::Unreachable, why)),
            None => {
                told.insert("directory".to_owned(), listed(&self.shown));
                Ok(told)
            }
        }
    }

    /// Takes in what a directory said; what went wrong, in words.
    fn take(&mut self, at: usize, outcome: Result<Loaded, String>) -> Option<String> {
        let (now, chance) = (now(), self.rng.random());
        let source = self.sources.get_mut(at)?;
        let place = format!("{} {}", source.kind.name(), source.kind.shown());
        let mut shown = lock(&self.shown);
        let shown = shown.get_mut(at)?;
        source.sequence += 1;
        let wrong = match outcome {
            #[cfg(feature = "carddav")]
            Ok(Loaded::Same { refresh_s }) => {
                source.schedule.answered(Some(refresh_s), None, now);
                shown.state = "loaded";
                shown.error = None;
                shown.loaded_at = Some(wall());
                source.told.clone()
            }
            Ok(Loaded::New { answer, max_age_s }) => {
                source.schedule.answered(answer.refresh_s, max_age_s, now);
                shown.state = "loaded";
                shown.error = None;
                shown.contacts = answer.contacts.len();
                shown.loaded_at = Some(wall());
                shown.problems = answer.problems;
                source.last = Some((answer.contacts, answer.is_whole));
                shown.problems.first().map(|problem| {
                    let line = problem.line.map(|line| format!("line {line}: ")).unwrap_or_default();
                    let more = shown.problems.len() - 1;
                    let more = if more > 0 { format!(" (and {more} more)") } else { String::new() };
                    format!("{place}: {line}{}{more}", problem.message)
                })
            }
            Err(why) => {
                let pause_s = source.schedule.failed(now, chance);
                shown.state = "failed";
                shown.error = Some(why.clone());
                Some(format!("{place}: {why}; asked again in {pause_s} s"))
            }
        };
        shown.next = source.schedule.due();
        // Why not the pause: it grows, and nothing else is new.
        let essence = wrong.as_deref().map(|text| text.split("; asked again").next().unwrap_or_default().to_owned());
        if let Some(message) = wrong.clone().filter(|_| essence != source.told) {
            self.phone.tell(Event::Error { message, hint: None });
        }
        source.told = essence;
        wrong.filter(|_| shown.error.is_some())
    }

    /// Puts what the directories said last into the file, and the names into the phone.
    async fn keep(&self, is_told: bool) -> Result<Taken, CommandError> {
        let all: Vec<Contact> =
            self.sources.iter().filter_map(|source| source.last.as_ref()).flat_map(|(all, _)| all.clone()).collect();
        let is_whole = self.sources.iter().all(|source| source.last.as_ref().is_some_and(|(_, whole)| *whole));
        let contacts = self.phone.contacts.clone();
        let work = move || (contacts.replace_directory(&all, is_whole), contacts.fresh());
        let stopped = |_| refusal(ExitCode::Unexpected, "the contacts cannot be written".to_owned());
        let (taken, book) = tokio::task::spawn_blocking(work).await.map_err(stopped)?;
        if let (Some(book), Some(asks)) = (book, self.phone.asks.upgrade()) {
            let _ = asks.send(Ask::Contacts(Arc::new(book))).await;
        }
        match &taken {
            Err(error) => self.phone.tell(Event::Error {
                message: format!("what the directory says cannot be kept: {}", error.message),
                hint: error.hint.clone(),
            }),
            Ok(taken) if is_told && taken.added + taken.changed + taken.removed > 0 => {
                let Taken { added, changed, removed, .. } = taken;
                let message = format!("contacts of the directory: {added} new, {changed} changed, {removed} gone");
                self.phone.tell(Event::Directory { message });
            }
            Ok(_) => {}
        }
        taken
    }
}

impl Phone {
    fn tell(&self, event: Event) {
        if let Some(events) = self.events.upgrade() {
            let _ = events.send(Arc::new(event));
        }
    }
}

fn refusal(code: ExitCode, message: String) -> CommandError {
    CommandError { code, kind: code.kind(), message: sanitise(&message), hint: None }
}

fn lock(shown: &Mutex<Vec<Shown>>) -> std::sync::MutexGuard<'_, Vec<Shown>> {
    shown.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn sleep_until(due: Option<Instant>) {
    match due {
        Some(at) => tokio::time::sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
}

fn now() -> Instant {
    #[allow(clippy::disallowed_methods, reason = "the shell reads the clocks")]
    Instant::now()
}

fn wall() -> SystemTime {
    #[allow(clippy::disallowed_methods, reason = "the shell reads the clocks")]
    SystemTime::now()
}
