//! Names of STUN and TURN servers, found beside the media thread and remembered.

use crate::engine::net::resolve;
use crate::media::reach::{Reach, STUN_PORT, ServerName};
use crate::media::wire::{Relay, Servers};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::thread::Thread;
use std::time::{Duration, Instant};
use tokio::runtime::Handle;
use tokio::sync::mpsc;

/// What was found is believed so long; then it is used still, and asked for again.
const FRESH: Duration = Duration::from_secs(60);
/// That there is nothing is believed so long.
const NOTHING: Duration = Duration::from_secs(2);
/// Names remembered.
const MAX_NAMES: usize = 32;
/// Answers that may wait.
const QUEUE: usize = 64;

/// Wakes the media thread, which waits for its sockets, or sleeps until its next tick.
#[derive(Clone)]
pub(super) struct Bell {
    /// For one that waits.
    pub waker: Arc<mio::Waker>,
    /// For one that sleeps.
    pub thread: Thread,
}

impl Bell {
    pub(super) fn ring(&self) {
        let _ = self.waker.wake();
        self.thread.unpark();
    }
}

type Name = (String, u16);
type Answer = (Name, Result<Vec<SocketAddr>, String>);

#[derive(Debug)]
struct Known {
    name: Name,
    addresses: Vec<SocketAddr>,
    at: Instant,
}

/// A host that was looked for, and why it was not found, if so.
pub(super) type Looked = (String, Option<String>);

/// The names of servers.
pub(super) struct Names {
    /// Where they are looked for; `None` = nowhere.
    runtime: Option<Handle>,
    bell: Bell,
    known: Vec<Known>,
    asked: Vec<Name>,
    sender: mpsc::Sender<Answer>,
    receiver: mpsc::Receiver<Answer>,
}

impl Names {
    pub(super) fn new(runtime: Option<Handle>, bell: Bell) -> Names {
        let (sender, receiver) = mpsc::channel(QUEUE);
        Names { runtime, bell, known: Vec::new(), asked: Vec::new(), sender, receiver }
    }

    /// The addresses of the servers that are to be asked, and whether these are all; `poll` tells when there are more.
    pub(super) fn find(&mut self, reach: &Reach, now: Instant) -> (Servers, bool) {
        let (mut servers, mut is_all) = (Servers::default(), true);
        for name in &reach.stun {
            let found = self.addresses(name, STUN_PORT, now);
            is_all &= found.is_some();
            servers.stun.extend(found.unwrap_or_default());
        }
        for server in reach.turn.iter().filter(|_| reach.ice) {
            let found = self.addresses(&server.name, server.transport.default_port(), now);
            is_all &= found.is_some();
            servers.turn.extend(found.unwrap_or_default().into_iter().map(|address| Relay::new(server, address)));
        }
        (servers, is_all)
    }

    /// A name that was looked for since.
    pub(super) fn poll(&mut self, now: Instant) -> Option<Looked> {
        let (name, found) = self.receiver.try_recv().ok()?;
        self.asked.retain(|asked| *asked != name);
        let looked = (name.0.clone(), found.as_ref().err().cloned());
        // What was found once is better than nothing.
        let keeps = |known: &Known| known.name != name || found.is_err() && !known.addresses.is_empty();
        self.known.retain(keeps);
        if !self.known.iter().any(|known| known.name == name) {
            self.known.truncate(MAX_NAMES - 1);
            self.known.insert(0, Known { name, addresses: found.unwrap_or_default(), at: now });
        }
        Some(looked)
    }

    fn addresses(&mut self, server: &ServerName, default_port: u16, now: Instant) -> Option<Vec<SocketAddr>> {
        let port = server.port.unwrap_or(default_port);
        if let Ok(ip) = server.host.parse::<IpAddr>() {
            return Some(vec![SocketAddr::new(ip, port)]);
        }
        let name = (server.host.clone(), port);
        let known = self.known.iter().find(|known| known.name == name);
        let known = known.map(|known| (known.addresses.clone(), now.saturating_duration_since(known.at)));
        match known {
            Some((addresses, age)) if age < if addresses.is_empty() { NOTHING } else { FRESH } => Some(addresses),
            Some((addresses, _)) if !addresses.is_empty() => {
                self.ask(name);
                Some(addresses)
            }
            _ => (!self.ask(name)).then(Vec::new),
        }
    }

    /// False where there is nobody to ask.
    fn ask(&mut self, name: Name) -> bool {
        let Some(runtime) = &self.runtime else { return false };
        if !self.asked.contains(&name) {
            self.asked.push(name.clone());
            let (sender, bell) = (self.sender.clone(), self.bell.clone());
            runtime.spawn(async move {
                let found = resolve::lookup(&name.0, Some(name.1)).await;
                let _ = sender.send((name, found)).await;
                bell.ring();
            });
        }
        true
    }
}
