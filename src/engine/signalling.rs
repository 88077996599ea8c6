//! The signalling task: the one owner of the agent. Short on purpose: it moves things, the agent decides; what that wants
//! is carried out in `outputs`.

mod outputs;

use super::address_book::AddressBook;
use super::directory::Directories;
use super::handle::{Ask, Ends, Handle};
use super::hooks;
use super::library::{Library, Shelf};
use super::media::{self, MediaConfig, MediaHandle, MediaReport};
use super::mqtt::{Asked, Speaker};
use super::net::dns::Dns;
use super::net::paths::{Arrival, Paths, Wanted};
use super::net::udp::{BindError, MAX_DATAGRAM};
use super::net::watch::{Change, Watch};
use super::reloading::name_servers;
use super::trace::Trace;
use super::trace::tap::Tap;
use super::webhook::{Teller, last_words};
use super::{certificate, keeping};
use crate::config::Settings;
use crate::media::command::MediaEvent;
use crate::sdp::dtls::Fingerprint;
use crate::sip::flow::Transport;
use crate::sip::locate::{Candidate, Target};
use crate::ua::agent::{Agent, AgentConfig};
use crate::ua::command::{CommandError, Reply, RequestId};
use crate::ua::deciding::Verdict;
use crate::ua::event::Event;
use crate::ua::port::{Input, QueryId};
use crate::ua::refused::Refused;
use crate::ua::snapshot::AudioInfo;
use rand::SeedableRng;
use rand::rngs::StdRng;
use std::collections::HashMap;
use std::io;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

/// How long the end of a phone waits for what is being written.
const KEEP_PATIENCE: Duration = Duration::from_secs(2);

/// How long the end of a phone waits for sound that is being written, and for servers of sound to be told of it.
const SOUND_PATIENCE: Duration = Duration::from_secs(1);

/// Things that are taken without leaving the runtime to anybody else.
const MAX_IN_A_ROW: u32 = 64;

type Keeper = (mpsc::UnboundedSender<keeping::Job>, JoinHandle<()>);

/// What a phone is started with.
#[derive(Debug)]
pub struct EngineConfig {
    /// The agent's part.
    pub agent: AgentConfig,
    /// Address to listen on; `None` = all of both families.
    pub bind: Option<IpAddr>,
    /// SIP port; 0 = any.
    pub port: u16,
    /// A taken port is an error; otherwise another one is used, with an `Error` event.
    pub port_is_wanted: bool,
    /// Another port where calls come in, where it is free.
    pub port_also: Option<u16>,
    /// The sound's part.
    pub media: MediaConfig,
    /// Where the SIP trace goes.
    pub trace: Option<Trace>,
    /// The file that keeps what a person changes for good; it must be there already.
    pub settings_file: Option<PathBuf>,
    /// The file of contacts, there or not; `None` = this phone knows nobody.
    pub contacts: Option<AddressBook>,
    /// The file that keeps this phone's certificate, if an account wants one; `None` = one for this run.
    pub certificate_file: Option<PathBuf>,
    /// Where the history of calls is kept; `None` = nowhere.
    pub history: Option<Shelf>,
    /// Who does what a broker of MQTT asks for; `None` = this phone speaks to none, whatever the settings say.
    pub mqtt: Option<mpsc::Sender<Asked>>,
    /// Seed of every tag, branch and Call-ID; from the system's source of chance outside tests.
    pub seed: [u8; 32],
}

/// Why the phone did not start.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// No signalling socket.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// No media thread.
    #[error("cannot start the sound thread: {0}")]
    Media(io::Error),
}

/// Starts a phone on the current runtime.
///
/// # Errors
/// No socket, or no media thread.
pub fn start(mut config: EngineConfig) -> Result<(Handle, JoinHandle<()>), EngineError> {
    let certificate = config.agent.wants_certificate().then(|| certificate::of(config.certificate_file.as_deref()));
    let (certificate, unkept) = certificate.unwrap_or_default();
    config.agent.fingerprint = certificate.as_ref().and_then(|made| Fingerprint::parse(made.fingerprint()));
    config.media.certificate = certificate;
    let (mut paths, notice) = match Paths::bind(config.bind, config.port) {
        Err(busy) if config.port != 0 && !config.port_is_wanted => {
            (Paths::bind(config.bind, 0)?.0, Some(format!("{busy}; another port is used")))
        }
        other => other?,
    };
    let unheard = config.port_also.and_then(|port| paths.hear_also(config.bind, port));
    let (reports, reports_rx) = mpsc::unbounded_channel();
    let audio =
        AudioInfo { input: config.media.input.to_string(), output: config.media.output.to_string(), warning: None };
    let media_config = config.media.clone();
    let media = media::spawn(config.media, move |report| {
        let _ = reports.send(report);
    })
    .map_err(EngineError::Media)?;
    let (mut handle, ends) =
        super::handle::pair(media.clone(), paths.local_addresses(), &config.agent.settings.audio_codecs);
    if let Some(contacts) = config.contacts {
        handle.open_contacts(contacts);
    }
    // Apart from the agent's: what directories do changes none of its tags.
    let chance = StdRng::from_seed(config.seed.map(|byte| !byte));
    let undirected = handle.open_directories(&config.agent.settings, &config.agent.accounts, chance);
    #[allow(clippy::disallowed_methods, reason = "the shell reads the clocks")]
    let (now, wall) = (Instant::now(), SystemTime::now());
    let mut rng = StdRng::from_seed(config.seed);
    let settings = &config.agent.settings;
    let dns = Dns::new(name_servers(settings));
    let events = ends.events.clone();
    let complain = move |message| drop(events.send(Arc::new(Event::Error { message, hint: None })));
    let library = config.history.map(|shelf| Library::start(shelf, complain.clone()));
    let (library, without) = match library {
        Some(Err(why)) => (None, Some(format!("the history of calls is not kept: {why}"))),
        Some(Ok(library)) => (Some(library), None),
        None => (None, None),
    };
    let handle = handle.with_library(library.clone());
    let own_writes = handle.own_writes();
    let keeper = config.settings_file.map(|file| keeping::start(file, own_writes, complain));
    let hooks = hooks::Runner::start(settings, &config.agent.accounts, ends.events.clone());
    let decisions = hooks::Decisions::new(ends.events.clone());
    let webhook = Teller::start(settings, &config.agent.accounts, &ends.events);
    let mqtt = config.mqtt.map(|commands| Speaker::start(&config.agent, &handle, commands, config.seed));
    let signalling = Signalling {
        read: settings.clone(),
        touched: Vec::new(),
        certificate_file: config.certificate_file,
        has_certificate: config.agent.fingerprint.is_some(),
        rng: StdRng::from_rng(&mut rng),
        dns,
        agent: Agent::new(config.agent, rng, now, wall),
        paths,
        media,
        media_config,
        ends,
        audio,
        trace: config.trace,
        tap: Tap::default(),
        seen: Vec::new(),
        keeper,
        hooks,
        webhook,
        mqtt,
        decisions,
        library,
        directories: handle.directories(),
        replies: HashMap::new(),
        next_request: 0,
        answers: mpsc::unbounded_channel(),
        dirty: true,
        over: false,
    };
    let task =
        tokio::spawn(signalling.run(
            reports_rx,
            notice.into_iter().chain(unheard).chain(unkept).chain(without).chain(undirected).collect(),
        ));
    Ok((handle, task))
}

type Answer = (Wanted, Result<Vec<Candidate>, String>);

/// What a target may be reached by, the preferred first.
pub(super) fn able(target: &Target) -> Vec<Transport> {
    match target.transport {
        _ if target.secure => vec![Transport::Tls, Transport::Wss],
        Some(transport) => vec![transport],
        None => vec![Transport::Udp, Transport::Tcp],
    }
}

pub(super) struct Signalling {
    rng: StdRng,
    pub(super) dns: Dns,
    pub(super) agent: Agent,
    paths: Paths,
    media: MediaHandle,
    media_config: MediaConfig,
    pub(super) ends: Ends,
    pub(super) audio: AudioInfo,
    trace: Option<Trace>,
    tap: Tap,
    seen: Vec<outputs::Seen>,
    keeper: Option<Keeper>,
    pub(super) hooks: Option<hooks::Runner>,
    pub(super) webhook: Option<Teller>,
    pub(super) mqtt: Option<Speaker>,
    decisions: hooks::Decisions,
    pub(super) library: Option<Library>,
    pub(super) directories: Option<Directories>,
    replies: HashMap<RequestId, oneshot::Sender<Result<Reply, CommandError>>>,
    next_request: u64,
    answers: (mpsc::UnboundedSender<Answer>, mpsc::UnboundedReceiver<Answer>),
    pub(super) dirty: bool,
    over: bool,
    /// The settings as the files say them.
    pub(super) read: Settings,
    /// What was changed in the phone since it was last asked to write that.
    pub(super) touched: Vec<&'static str>,
    pub(super) certificate_file: Option<PathBuf>,
    pub(super) has_certificate: bool,
}

enum Next {
    Arrived(io::Result<Arrival>),
    Ask(Option<Ask>),
    Changed(Change),
    Report(MediaReport),
    Resolved(Answer),
    Decided(u32, Verdict),
    Timeout,
}

impl Signalling {
    async fn run(mut self, mut reports: mpsc::UnboundedReceiver<MediaReport>, notices: Vec<String>) {
        let mut buffer = vec![0u8; MAX_DATAGRAM];
        for message in notices {
            self.event(Event::Error { message, hint: None });
        }
        self.agent.handle(Input::Timeout, now());
        let mut watch = Watch::start();
        let mut in_a_row = 0;
        self.agent.handle(Input::Addresses(watch.addresses()), now());
        loop {
            // 1. carry out what the agent wants
            self.drain();
            // 2. tell the faces
            self.tap.flush();
            if std::mem::take(&mut self.dirty) {
                self.ends.changed.send_modify(|n| *n = n.wrapping_add(1));
            }
            if self.over {
                let sound = tokio::time::timeout(SOUND_PATIENCE, self.media.finish());
                if let Some(library) = self.library {
                    let _ = tokio::time::timeout(KEEP_PATIENCE, library.written()).await;
                }
                if let Some((keeper, kept)) = self.keeper {
                    drop(keeper);
                    let _ = tokio::time::timeout(KEEP_PATIENCE, kept).await;
                }
                last_words(self.hooks, self.webhook, self.mqtt).await;
                let _ = sound.await;
                return self.paths.close().await;
            }
            // 3. wait for whatever comes first
            let deadline = self.agent.next_timeout();
            let next = tokio::select! {
                // Why in this order: what has happened to the sound is told before somebody ends it, and who has the phone
                // comes before whoever floods its sockets.
                biased;
                Some(r) = reports.recv() => Next::Report(r),
                ask = self.ends.asks.recv() => Next::Ask(ask),
                Some(a) = self.answers.1.recv() => Next::Resolved(a),
                Some((call, verdict)) = self.decisions.next() => Next::Decided(call, verdict),
                change = watch.next() => Next::Changed(change),
                () = sleep_until(deadline) => Next::Timeout,
                a = self.paths.next(&mut buffer) => Next::Arrived(a),
            };
            // 4. hand it to the agent
            self.take(next, &buffer);
            // A flood leaves the faces their turn, whatever comes between its messages.
            in_a_row += 1;
            if in_a_row >= MAX_IN_A_ROW {
                in_a_row = 0;
                tokio::task::yield_now().await;
            }
        }
    }

    fn take(&mut self, next: Next, buffer: &[u8]) {
        #[allow(clippy::disallowed_methods, reason = "the shell reads the clocks")]
        self.agent.set_clock(now(), SystemTime::now());
        match next {
            Next::Arrived(Ok(Arrival::Datagram(length, flow))) => {
                self.arrived(flow, buffer.get(..length).unwrap_or_default());
            }
            Next::Arrived(Ok(Arrival::Message(flow, bytes))) => self.arrived(flow, &bytes),
            Next::Arrived(Ok(Arrival::Lost(flow, error))) => {
                self.agent.handle(Input::TransportFailed { flow, error }, now());
            }
            Next::Arrived(Ok(Arrival::Found(query, flows))) => {
                self.agent.handle(Input::Resolved(QueryId(query), flows), now());
            }
            Next::Arrived(Err(e)) => {
                self.event(Event::Error { message: format!("the SIP socket failed: {e}"), hint: None })
            }
            Next::Changed(Change { addresses, slept }) => {
                self.paths.network_changed(if slept { &[] } else { &addresses });
                self.dns.forget();
                self.agent.handle(Input::NetworkChanged { addresses }, now());
            }
            Next::Report(MediaReport::Event(event)) => {
                self.dirty |= !matches!(
                    event,
                    MediaEvent::Bound { .. } | MediaEvent::BindFailed { .. } | MediaEvent::Digit { .. }
                );
                self.agent.handle(Input::Media(event), now());
            }
            Next::Report(MediaReport::Warning(message)) => {
                self.audio.warning = Some(message.clone());
                self.event(Event::Device { message });
            }
            Next::Report(MediaReport::Restored) => {
                self.audio.warning = None;
                self.event(Event::Device { message: "the sound devices are back".to_owned() });
            }
            Next::Resolved((wanted, found)) => self.paths.find(wanted, found),
            Next::Timeout => self.agent.handle(Input::Timeout, now()),
            Next::Decided(call, verdict) => self.agent.handle(Input::Decided(call, verdict), now()),
            Next::Ask(None) => self.over = true,
            Next::Ask(Some(Ask::Status(reply))) => {
                let mut status = self.agent.status(now());
                status.audio = self.audio.clone();
                status.mqtt = self.mqtt.as_ref().and_then(Speaker::info);
                status.refused.insert(Refused::Connections.name().to_owned(), self.paths.turned_away());
                let _ = reply.send(status);
            }
            Next::Ask(Some(Ask::Trace(reply))) => drop(reply.send(self.tap.open())),
            Next::Ask(Some(Ask::Contacts(book))) => {
                self.dirty = true;
                self.agent.handle(Input::Contacts(book), now());
            }
            Next::Ask(Some(Ask::ForgetDialled)) => self.agent.forget_dialled(),
            Next::Ask(Some(Ask::Written(reply))) => {
                self.touched.clear();
                // Without a keeper nothing waits to be written.
                if let Some((keeper, _)) = &self.keeper {
                    let _ = keeper.send(keeping::Job::Written(reply));
                }
            }
            Next::Ask(Some(Ask::Configure(fresh, reply))) => {
                let request = self.request(reply);
                self.configure(*fresh, request);
            }
            Next::Ask(Some(Ask::Command(command, reply))) => {
                let request = self.request(reply);
                // What is begun shows before its outcome is known.
                self.dirty = true;
                self.agent.handle(Input::Command(request, command), now());
            }
        }
    }

    /// The number of a request whose answer goes there.
    fn request(&mut self, reply: oneshot::Sender<Result<Reply, CommandError>>) -> RequestId {
        let request = RequestId(self.next_request);
        self.next_request += 1;
        self.replies.insert(request, reply);
        request
    }
}

pub(super) fn now() -> Instant {
    #[allow(clippy::disallowed_methods, reason = "the shell reads the clock")]
    Instant::now()
}

async fn sleep_until(deadline: Option<Instant>) {
    match deadline {
        Some(at) => tokio::time::sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests;
