//! The configuration is read again while the phone runs: when somebody asks, and when its files have changed.
//!
//! ```text
//!  who asks, a look at the files ─▶ Reloader: one at a time ─▶ what is being kept is written ─▶ the files are read
//!      ─▶ the signalling task: what a person changed since stays ─▶ the agent, the sound, hooks, history
//! ```

use super::file_watch::{FileWatch, Look, OwnWrites};
use super::handle::{Ask, Handle, stopped};
use super::media::MediaConfig;
use super::net::dns::Dns;
use super::signalling::{Signalling, now};
use super::webhook::Teller;
use super::{certificate, hooks, keeping};
use crate::config::schema::rows;
use crate::config::{Settings, renewed};
use crate::sdp::dtls::Fingerprint;
use crate::ua::agent::AgentConfig;
use crate::ua::command::{CommandError, Reloaded, Reply, RequestId};
use crate::ua::event::Event;
use crate::ua::outcome::ExitCode;
use crate::ua::port::Input;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::{Mutex, broadcast, mpsc, oneshot};

/// How often files are looked at, and how soon again one that is being written.
const LOOK: Duration = Duration::from_secs(5);
const SETTLED: Duration = Duration::from_millis(500);

/// Why the configuration is read again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// Somebody asked for it.
    Asked,
    /// A file has changed: nobody may be there to be asked for a password.
    Noticed,
}

/// A configuration that was read again.
#[derive(Debug)]
pub struct Fresh {
    /// Of this settings, accounts and what follows from them count.
    pub agent: AgentConfig,
    /// The sound's part.
    pub media: MediaConfig,
    /// What was odd, a line each.
    pub notes: Vec<String>,
}

type Read = dyn Fn(Cause) -> Result<Fresh, CommandError> + Send + Sync;

/// How the configuration is read; it may take its time.
#[derive(Clone)]
pub struct Source(Arc<Read>);

impl Source {
    /// Reads so.
    pub fn new(read: impl Fn(Cause) -> Result<Fresh, CommandError> + Send + Sync + 'static) -> Source {
        Source(Arc::new(read))
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Source")
    }
}

/// Reads the configuration, once at a time.
#[derive(Debug)]
pub(super) struct Reloader {
    source: Source,
    turn: Mutex<()>,
    /// Files are looked at.
    watches: AtomicBool,
}

impl Handle {
    /// The same phone, whose configuration can be read again from there, and is when one of these files changes: they are
    /// looked at every five seconds, unless the settings say otherwise, for as long as the phone lives.
    pub fn with_source(mut self, source: Source, files: Vec<PathBuf>, settings: &Settings) -> Handle {
        let watches = AtomicBool::new(settings.watch_file);
        let reloader = Arc::new(Reloader { source, turn: Mutex::new(()), watches });
        let (asks, events) = self.ends();
        let (asks, events, watching) = (asks.downgrade(), events.clone(), reloader.clone());
        let files = (files, self.own_writes());
        tokio::spawn(async move { watching.watch(asks, events, files).await });
        self.reloader = Some(reloader);
        self
    }

    /// Reads the configuration again. Calls go on, and accounts that are as before are left in peace. Whoever watches is
    /// told, also of what cannot be read.
    ///
    /// # Errors
    /// It cannot be read, or makes no sense: everything is as before. Or the phone has none, or has stopped.
    pub async fn reload(&self, cause: Cause) -> Result<Reloaded, CommandError> {
        match &self.reloader {
            Some(reloader) => reloader.reload(self.ends(), cause).await,
            None => Err(CommandError {
                code: ExitCode::NotFound,
                kind: "no_file",
                message: "this phone has no settings that could be read again".into(),
                hint: None,
            }),
        }
    }
}

type Ends<'a> = (&'a mpsc::Sender<Ask>, &'a broadcast::Sender<Arc<Event>>);

impl Reloader {
    async fn reload(&self, (asks, events): Ends<'_>, cause: Cause) -> Result<Reloaded, CommandError> {
        let _turn = self.turn.lock().await;
        let (reply, written) = oneshot::channel();
        asks.send(Ask::Written(reply)).await.map_err(|_| stopped())?;
        // Whoever cannot write tells of it; what stands in the file is read all the same.
        let _ = written.await;
        let source = self.source.clone();
        let read = tokio::task::spawn_blocking(move || (source.0)(cause)).await;
        let read = read.unwrap_or_else(|why| {
            let message = format!("cannot read the settings again: {why}");
            Err(CommandError { code: ExitCode::Unexpected, kind: "unexpected", message, hint: None })
        });
        let fresh = read.inspect_err(|error| {
            let message = format!("the settings stay as they are: {error}");
            let message = crate::text::sanitise_text(&message).replace('\n', " ");
            let _ = events.send(Arc::new(Event::config(message)));
        })?;
        self.watches.store(fresh.agent.settings.watch_file, Ordering::Relaxed);
        let notes = fresh.notes.clone();
        let (reply, answer) = oneshot::channel();
        asks.send(Ask::Configure(Box::new(fresh), reply)).await.map_err(|_| stopped())?;
        match answer.await.map_err(|_| stopped())?? {
            Reply::Reloaded(told) => Ok(Reloaded { notes, ..*told }),
            _ => Ok(Reloaded { notes, ..Reloaded::default() }),
        }
    }

    /// Reads the configuration again when a file of it has changed.
    async fn watch(
        &self,
        asks: mpsc::WeakSender<Ask>,
        events: broadcast::Sender<Arc<Event>>,
        (files, own): (Vec<PathBuf>, OwnWrites),
    ) {
        let Ok(mut files) = tokio::task::spawn_blocking(move || FileWatch::new(files, own)).await else { return };
        let mut wait = LOOK;
        loop {
            tokio::time::sleep(wait).await;
            wait = LOOK;
            let Some(asks) = asks.upgrade().filter(|asks| !asks.is_closed()) else { return };
            if !self.watches.load(Ordering::Relaxed) {
                continue;
            }
            let looked = tokio::task::spawn_blocking(move || {
                let look = files.look();
                (files, look)
            });
            let Ok((looked, look)) = looked.await else { return };
            files = looked;
            match look {
                Look::Same => {}
                Look::Unsettled => wait = SETTLED,
                // What comes of it is an event.
                Look::Changed => drop(self.reload((&asks, &events), Cause::Noticed).await),
            }
        }
    }
}

impl Signalling {
    /// Everything that was read counts from now on, but for what a person has changed since.
    pub(super) fn configure(&mut self, fresh: Fresh, request: RequestId) {
        let Fresh { mut agent, mut media, .. } = fresh;
        let before = self.agent.settings();
        let (servers, most) = (name_servers(before), before.history_size);
        let new = renewed(&self.read, &agent.settings, before, &self.touched);
        let touched: Vec<_> = rows().filter(|row| self.touched.contains(&row.key)).collect();
        let said = std::mem::replace(&mut self.read, std::mem::replace(&mut agent.settings, new));
        for row in touched {
            if let Some((_, value)) = row.change(&self.read, &said) {
                row.read_settings(&mut self.read, &value);
            }
        }
        if name_servers(&agent.settings) != servers {
            self.dns = Dns::new(name_servers(&agent.settings));
        }
        if agent.settings.history_size != most
            && let Some(library) = self.library.as_ref().filter(|_| agent.settings.history_size > 0)
        {
            library.keep_at_most(agent.settings.history_size);
        }
        let directories = self.directories.as_ref();
        let wrong = directories.map(|it| it.configure(&agent.settings, &agent.accounts)).unwrap_or_default();
        wrong.into_iter().for_each(|message| self.event(Event::Error { message, hint: None }));
        match &mut self.hooks {
            Some(hooks) => hooks.configure(&agent.settings, &agent.accounts),
            None => self.hooks = hooks::Runner::start(&agent.settings, &agent.accounts, self.ends.events.clone()),
        }
        match &self.webhook {
            Some(webhook) => webhook.configure(&agent.settings, &agent.accounts),
            None => self.webhook = Teller::start(&agent.settings, &agent.accounts, &self.ends.events),
        }
        if let Some(mqtt) = &self.mqtt {
            mqtt.configure(&agent.settings, &agent.accounts);
        }
        self.ends.codecs.send_replace(agent.settings.audio_codecs.as_slice().into());
        if agent.wants_certificate() && !self.has_certificate {
            let (made, complaint) = certificate::of(self.certificate_file.as_deref());
            self.has_certificate = made.is_some();
            agent.fingerprint = made.as_ref().and_then(|made| Fingerprint::parse(made.fingerprint()));
            media.certificate = made;
            complaint.into_iter().for_each(|message| self.event(Event::Error { message, hint: None }));
        }
        self.configure_media(media);
        self.dirty = true;
        self.agent.handle(Input::Configured(request, Box::new(agent)), now());
    }
}

/// What a person changes for good is what the file says from then on, unless the command line says something else.
pub(super) fn note_kept(changes: &keeping::Changes, read: &mut Settings, touched: &mut Vec<&'static str>) {
    for (key, value) in changes {
        let is_given = read.given.contains(key);
        rows().filter(|row| row.key == *key && !is_given).for_each(|row| drop(row.read_settings(read, value)));
        if !touched.contains(key) {
            touched.push(key);
        }
    }
}

/// Those that are asked instead of the system's.
pub(super) fn name_servers(settings: &Settings) -> Vec<std::net::SocketAddr> {
    if settings.dns_srv { settings.name_servers.clone() } else { Vec::new() }
}
