//! The demo alive: the exchange on a socket of loopback, a phone for each far end.

use super::exchange::{Exchange, ExchangeConfig, User};
use super::far_ends::{CallBack, FAR_ENDS, FarEnd};
use crate::audio::Spec;
use crate::config::{Account, AccountId, Secret};
use crate::engine::handle::Handle;
use crate::engine::media::MediaConfig;
use crate::engine::net::paths::{Arrival, Paths};
use crate::engine::net::udp::{BindError, MAX_DATAGRAM};
use crate::engine::signalling::{self, EngineConfig, EngineError};
use crate::sip::auth::Algorithm;
use rand::SeedableRng;
use rand::rngs::StdRng;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Instant;
use tokio::task::JoinHandle;

/// The demo's domain; nothing resolves it, everything goes through the exchange.
pub const DOMAIN: &str = "demo";

/// The number of the person at this phone.
pub const OWN_NUMBER: &str = "100";

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
#[derive(Debug)]
pub struct Demo {
    server: SocketAddr,
    password: String,
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
        let mut demo = Demo { server, password, tasks: Vec::new() };
        demo.tasks.push(tokio::spawn(exchange_task(exchange, paths, StdRng::from_rng(&mut rng))));
        for far_end in FAR_ENDS {
            let task = demo.far_end(far_end, &mut rng)?;
            demo.tasks.push(task);
        }
        Ok(demo)
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
            ..Account::new(AccountId(1))
        }
    }

    /// Where the exchange listens.
    pub fn server(&self) -> SocketAddr {
        self.server
    }

    fn far_end(&self, far_end: &'static FarEnd, rng: &mut StdRng) -> Result<JoinHandle<()>, DemoError> {
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
            media: MediaConfig {
                input: Spec::Null,
                output: Spec::Null,
                ring: Spec::Null,
                seed: rand::Rng::next_u64(rng),
                ..MediaConfig::default()
            },
            trace: None,
            seed,
        };
        let (handle, _) =
            signalling::start(config).map_err(|source| DemoError::FarEnd { number: far_end.user, source })?;
        Ok(tokio::spawn(manners(handle, far_end.calls_back)))
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

/// Keeps a far end alive, and lets 700 call back.
async fn manners(handle: Handle, calls_back: bool) {
    let mut events = handle.events();
    let mut call_back = CallBack::new();
    loop {
        let due = call_back.next_timeout();
        tokio::select! {
            event = events.recv() => match event {
                Ok(event) if calls_back => call_back.handle(&event, now()),
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

async fn exchange_task(mut exchange: Exchange, mut paths: Paths, mut rng: StdRng) {
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
