//! The demo alive: the exchange on a socket of loopback, a phone for each far end.

use super::exchange::{Exchange, ExchangeConfig, User};
use super::far_ends::{CallBack, FAR_ENDS, FarEnd, echo};
use crate::audio::Spec;
use crate::config::{Account, AccountId, Secret};
use crate::engine::handle::Handle;
use crate::engine::media::MediaConfig;
use crate::engine::net::paths::{Arrival, Paths};
use crate::engine::net::udp::{BindError, MAX_DATAGRAM};
use crate::engine::signalling::{self, EngineConfig, EngineError};
use crate::media::command::Endpoint;
use crate::sip::auth::Algorithm;
use crate::sip::event::message_summary::{Counts, MessageSummary};
use crate::ua::command::{Command, HangupWhich};
use crate::ua::event::Event;
use rand::SeedableRng;
use rand::rngs::StdRng;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// The demo's domain; nothing resolves it, everything goes through the exchange.
pub const DOMAIN: &str = "demo";

/// The number of the person at this phone.
pub const OWN_NUMBER: &str = "100";

/// How long the far ends may take to register before everything goes on without them.
const AT_HOME: Duration = Duration::from_secs(20);

const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// Why the demo did not start.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// No socket for the exchange.
    #[error(transparent)]
    Exchange(#[from] BindError),
    /// A far end did not start.
    #[error("the far end {number}: {source}")]
    FarEnd {
        /// Which.
        number: &'static str,
        /// Why.
        source: EngineError,
    },
}

/// The running demo; ends when dropped.
pub struct Demo {
    server: SocketAddr,
    password: String,
    voicemail: mpsc::Sender<u32>,
    far_ends: Vec<Handle>,
    tasks: Vec<JoinHandle<()>>,
}

impl Demo {
    /// Starts the exchange and the far ends on the current runtime; everything that varies comes from `seed`.
    ///
    /// # Errors
    /// No socket, or no thread.
    pub fn start(seed: [u8; 32]) -> Result<Demo, DemoError> {
        let mut rng = StdRng::from_seed(seed);
        let password = crate::sip::ident::tag(&mut rng);
        let users = FAR_ENDS
            .iter()
            .map(|f| f.user)
            .chain([OWN_NUMBER])
            .map(|number| User::new(number, &password, Algorithm::SHA256))
            .collect();
        let exchange = Exchange::new(ExchangeConfig::new(DOMAIN, users));
        let (paths, _) = Paths::bind(Some(LOOPBACK), 0)?;
        let server = paths.local_addresses().first().copied().unwrap_or(SocketAddr::new(LOOPBACK, 0));
        let (voicemail, messages) = mpsc::channel(4);
        let mut demo = Demo { server, password, voicemail, far_ends: Vec::new(), tasks: Vec::new() };
        demo.tasks.push(tokio::spawn(exchange_task(exchange, paths, messages, StdRng::from_rng(&mut rng))));
        for far_end in FAR_ENDS {
            let handle = demo.far_end(far_end, &mut rng)?;
            demo.tasks.push(tokio::spawn(manners(handle.clone(), far_end)));
            demo.far_ends.push(handle);
        }
        Ok(demo)
    }

    /// Waits until every far end has registered, within bounds: who is called before that is not there.
    pub async fn at_home(&self) {
        let all = async {
            for far_end in &self.far_ends {
                let mut changed = far_end.changed();
                loop {
                    changed.mark_unchanged();
                    let Ok(status) = far_end.status().await else { break };
                    if status.accounts.iter().all(|account| account.registered) || changed.changed().await.is_err() {
                        break;
                    }
                }
            }
        };
        let _ = tokio::time::timeout(AT_HOME, all).await;
    }

    /// From now on things happen by themselves: messages, voicemail, calls.
    pub fn liven(&mut self) {
        self.tasks.push(tokio::spawn(lively(self.far_ends.clone(), self.voicemail.clone())));
    }

    /// The account of the person at this phone.
    pub fn account(&self) -> Account {
        Account {
            label: "Demo".to_owned(),
            server: self.server.to_string(),
            proxies: vec![self.server.to_string()],
            domain: DOMAIN.to_owned(),
            username: OWN_NUMBER.to_owned(),
            password: Secret::new(self.password.as_str()),
            display_name: "You".to_owned(),
            voicemail_number: "601".to_owned(),
            ..Account::new(AccountId(1))
        }
    }

    /// Where the exchange listens.
    pub fn server(&self) -> SocketAddr {
        self.server
    }

    fn far_end(&self, far_end: &'static FarEnd, rng: &mut StdRng) -> Result<Handle, DemoError> {
        let mut agent = far_end.agent(DOMAIN, &self.server.to_string(), &self.password);
        for account in &mut agent.accounts {
            account.proxies = vec![self.server.to_string()];
        }
        let mut seed = [0; 32];
        rand::Rng::fill_bytes(rng, &mut seed);
        let config = EngineConfig {
            agent,
            bind: Some(LOOPBACK),
            port: 0,
            port_is_wanted: false,
            port_also: None,
            media: MediaConfig {
                input: Spec::Null,
                output: Spec::Null,
                ring: Spec::Null,
                seed: rand::Rng::next_u64(rng),
                ..MediaConfig::default()
            },
            trace: None,
            settings_file: None,
            contacts: None,
            certificate_file: None,
            history: None,
            mqtt: None,
            seed,
        };
        let (handle, _) =
            signalling::start(config).map_err(|source| DemoError::FarEnd { number: far_end.user, source })?;
        Ok(handle)
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

/// Keeps a far end alive, lets 600 send messages back and 700 call back.
async fn manners(handle: Handle, far_end: &FarEnd) {
    let mut events = handle.events();
    let mut call_back = CallBack::new();
    loop {
        let due = call_back.next_timeout();
        tokio::select! {
            event = events.recv() => match event {
                Ok(event) if far_end.calls_back => call_back.handle(&event, now()),
                Ok(event) if far_end.endpoint == Endpoint::Echo => {
                    if let Event::Message { message } = &*event
                        && let Some(command) = echo(message)
                    {
                        // The fate of one must not hold up the next.
                        let handle = handle.clone();
                        tokio::spawn(async move { handle.request(command).await });
                    }
                }
                Err(tokio::sync::broadcast::error::RecvError::Closed) => return,
                _ => {}
            },
            () = until(due) => {
                if let Some(command) = call_back.poll(now()) {
                    let _ = handle.request(command).await;
                }
            }
        }
    }
}

/// What happens by itself, over and over, each so many seconds after the one before.
async fn lively(far_ends: Vec<Handle>, voicemail: mpsc::Sender<u32>) {
    let far_end = |user: &str| FAR_ENDS.iter().position(|f| f.user == user).and_then(|at| far_ends.get(at));
    loop {
        for (seconds, user, deed) in LIVELY {
            tokio::time::sleep(Duration::from_secs(*seconds)).await;
            let me = || OWN_NUMBER.to_owned();
            let command = match deed {
                Deed::Voicemail(new) => {
                    let _ = voicemail.send(*new).await;
                    continue;
                }
                Deed::Message(text) => Command::Message { target: me(), text: (*text).to_owned(), account: None },
                Deed::Call => Command::Dial { target: me(), account: None },
                Deed::HangUp => Command::Hangup { which: HangupWhich::Calling },
            };
            if let Some(handle) = far_end(user) {
                let _ = handle.request(command).await;
            }
        }
    }
}

enum Deed {
    Voicemail(u32),
    Message(&'static str),
    Call,
    HangUp,
}

const LIVELY: &[(u64, &str, Deed)] = &[
    (6, "", Deed::Voicemail(1)),
    (6, "600", Deed::Message("Write back, and I repeat it.")),
    (10, "700", Deed::Call),
    (20, "700", Deed::HangUp),
    (10, "", Deed::Voicemail(0)),
    (30, "601", Deed::Message("Call 601 to hear an announcement.")),
];

async fn exchange_task(mut exchange: Exchange, mut paths: Paths, mut voicemail: mpsc::Receiver<u32>, mut rng: StdRng) {
    let mut buffer = vec![0; MAX_DATAGRAM];
    loop {
        let due = exchange.next_timeout();
        let sent = tokio::select! {
            arrival = paths.next(&mut buffer) => match arrival {
                Ok(Arrival::Datagram(length, flow)) => {
                    exchange.handle(buffer.get(..length).unwrap_or_default(), flow, now(), &mut rng)
                }
                Ok(Arrival::Message(flow, bytes)) => exchange.handle(&bytes, flow, now(), &mut rng),
                Ok(Arrival::Lost(..) | Arrival::Found(..)) => Vec::new(),
                Err(_) => return,
            },
            Some(new) = voicemail.recv() => {
                let voice = Some(Counts { new, ..Counts::default() });
                let summary = MessageSummary { waiting: new > 0, account: None, voice };
                exchange.set_voicemail(OWN_NUMBER, summary, now(), &mut rng)
            }
            () = until(due) => exchange.handle_timeout(now(), &mut rng),
        };
        for transmit in sent {
            let _ = paths.send(transmit.flow, transmit.bytes);
        }
    }
}

async fn until(due: Option<Instant>) {
    match due {
        Some(at) => tokio::time::sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
}

fn now() -> Instant {
    #[allow(clippy::disallowed_methods, reason = "the shell reads the clock")]
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn whoever_waits_finds_every_far_end_at_home() {
        let demo = Demo::start([3; 32]).unwrap();
        demo.at_home().await;
        for (handle, far_end) in demo.far_ends.iter().zip(FAR_ENDS) {
            let status = handle.status().await.unwrap();
            assert!(status.accounts.iter().all(|account| account.registered), "{}", far_end.user);
        }
    }
}
