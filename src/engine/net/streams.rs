//! The phone's connections: found or opened for who wants to send, accepted within limits, gone when they fail.

use super::stream::{Patience, carry};
use super::wire::{self, Opened, Target, Wire};
use super::{connect, websocket};
use crate::sip::flow::{Flow, Transport};
use crate::sip::message::{self, Message};
use crate::sip::transaction::reply_address;
use crate::ua::port::Identity;
use std::collections::{HashMap, VecDeque};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::AbortHandle;

/// Connections accepted at most, in all and from one address.
pub const MAX_ACCEPTED: usize = 64;
/// See [`MAX_ACCEPTED`].
pub const MAX_PER_SOURCE: usize = 8;
/// Connections of our own at most, open or being opened.
const MAX_OWN: usize = 128;
/// Messages that may wait to go out on one connection, or for it to be opened.
const MAX_QUEUE: usize = 64;
/// Reports of all connections that may wait for the phone: those who send more wait with them.
const MAX_REPORTS: usize = 64;

/// What happens on connections.
#[derive(Debug)]
pub enum News {
    /// A whole message arrived.
    Message(Flow, Vec<u8>),
    /// The connection has ended; why, in words.
    Closed(Flow, String),
    /// The answer to [`Streams::open`] with this number: the path, or why there is none.
    Opened(u64, Result<Flow, String>),
}

/// The connections, owned by the signalling task. Nothing here waits but [`next`](Streams::next).
#[derive(Debug)]
pub struct Streams {
    listening: Vec<SocketAddr>,
    acceptors: Vec<AbortHandle>,
    live: HashMap<Flow, Connection>,
    opening: Vec<Opening>,
    reports: (mpsc::Sender<Report>, mpsc::Receiver<Report>),
    news: VecDeque<News>,
    last_id: u64,
    /// Connections turned away since the start.
    turned_away: u64,
}

#[derive(Debug)]
struct Connection {
    id: u64,
    queue: mpsc::Sender<Vec<u8>>,
    task: AbortHandle,
    accepted: bool,
    owes_pongs: Arc<AtomicBool>,
    /// A whole message has come over it.
    spoke: bool,
    identity: Option<Box<Identity>>,
}

#[derive(Debug)]
struct Opening {
    id: u64,
    target: Target,
    askers: Vec<u64>,
    first: Vec<Vec<u8>>,
    task: AbortHandle,
}

enum Report {
    Accepted(TcpStream, SocketAddr),
    Opened(u64, Result<Opened, String>),
    Message(u64, Flow, Vec<u8>),
    Ended(u64, Flow, String),
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Drop for Streams {
    fn drop(&mut self) {
        self.acceptors.iter().chain(self.opening.iter().map(|opening| &opening.task)).for_each(AbortHandle::abort);
    }
}

impl Streams {
    /// Listens on these addresses: all of them or none.
    ///
    /// # Errors
    /// The first address that could not be had, and the system's refusal.
    pub fn listen(addresses: &[SocketAddr]) -> Result<Streams, (SocketAddr, io::Error)> {
        let mut streams = Streams::deaf();
        streams.listen_also(addresses)?;
        Ok(streams)
    }

    /// Listens on more addresses, on all of them or on none.
    ///
    /// # Errors
    /// As of [`Streams::listen`].
    pub fn listen_also(&mut self, addresses: &[SocketAddr]) -> Result<(), (SocketAddr, io::Error)> {
        let listeners = addresses.iter().map(|address| connect::listen(*address).map_err(|error| (*address, error)));
        for listener in listeners.collect::<Result<Vec<_>, _>>()? {
            self.listening.extend(listener.local_addr().ok());
            self.acceptors.push(tokio::spawn(accept(listener, self.reports.0.clone())).abort_handle());
        }
        Ok(())
    }

    /// Nobody can connect to us.
    pub fn deaf() -> Streams {
        Streams {
            listening: Vec::new(),
            acceptors: Vec::new(),
            live: HashMap::new(),
            opening: Vec::new(),
            reports: mpsc::channel(MAX_REPORTS),
            news: VecDeque::new(),
            last_id: 0,
            turned_away: 0,
        }
    }

    /// The addresses listened on.
    pub fn local_addresses(&self) -> &[SocketAddr] {
        &self.listening
    }

    /// Connections turned away since the start.
    pub fn turned_away(&self) -> u64 {
        self.turned_away
    }

    /// Finds or opens a connection; `asker` comes back with the answer.
    pub fn open(&mut self, asker: u64, target: Target) {
        if let Some(flow) = self.find(&target) {
            return self.news.push_back(News::Opened(asker, Ok(flow)));
        }
        match self.begin(target) {
            Some(opening) => opening.askers.push(asker),
            None => self.news.push_back(News::Opened(asker, Err("too many connections are open".to_owned()))),
        }
    }

    /// Gives a message to the connection of this path. A response whose connection is gone gets a new one.
    ///
    /// # Errors
    /// Why it cannot go out, in words; the connection is then gone.
    pub fn send(&mut self, flow: Flow, bytes: Vec<u8>) -> Result<(), String> {
        if let Some(connection) = self.live.get(&flow) {
            let why = match connection.queue.try_send(bytes) {
                Ok(()) => return Ok(()),
                Err(mpsc::error::TrySendError::Full(_)) => "the peer takes nothing",
                Err(mpsc::error::TrySendError::Closed(_)) => "the connection has ended",
            };
            self.live.remove(&flow);
            return Err(why.to_owned());
        }
        //= RFC 3261 §18.2.2: a response whose connection is gone goes over a new one to where the Via points
        let address = match message::parse(&bytes) {
            Ok(Message::Response(response)) if flow.transport == Transport::Tcp => reply_address(&response),
            _ => None,
        };
        let gone = || "the connection has ended".to_owned();
        let addresses = vec![address.ok_or_else(gone)?];
        let target = Target { transport: flow.transport, addresses, identity: None };
        if let Some(flow) = self.find(&target).filter(|found| *found != flow) {
            return self.send(flow, bytes);
        }
        let opening = self.begin(target).filter(|opening| opening.first.len() < MAX_QUEUE).ok_or_else(gone)?;
        opening.first.push(bytes);
        Ok(())
    }

    /// The far end of this connection has promised to answer every ping.
    pub fn expect_pongs(&mut self, flow: &Flow) {
        if let Some(connection) = self.live.get(flow) {
            connection.owes_pongs.store(true, Ordering::Relaxed);
        }
    }

    /// Ends every connection from an address that is not among these; those within the machine go on. What is being
    /// opened begins anew: nobody knows which address it began from.
    pub fn keep_only(&mut self, addresses: &[IpAddr]) {
        for at in 0..self.opening.len() {
            let Some(task) = self.opening.get(at).map(|opening| self.connect(opening.id, &opening.target)) else {
                break;
            };
            if let Some(opening) = self.opening.get_mut(at) {
                std::mem::replace(&mut opening.task, task).abort();
            }
        }
        let is_gone = |flow: &&Flow| !flow.local.ip().is_loopback() && !addresses.contains(&flow.local.ip());
        for flow in self.live.keys().filter(is_gone).copied().collect::<Vec<_>>() {
            self.live.remove(&flow);
            self.news.push_back(News::Closed(flow, "the network has changed".to_owned()));
        }
    }

    /// Waits for the next thing to happen.
    pub async fn next(&mut self) -> News {
        loop {
            if let Some(news) = self.news.pop_front() {
                return news;
            }
            if let Some(report) = self.reports.1.recv().await {
                self.take(report);
            }
        }
    }

    /// Lets what was sent go out, and ends every connection, within a bound.
    pub async fn close(mut self) {
        let live: Vec<(mpsc::Sender<Vec<u8>>, usize)> =
            self.live.values().map(|c| (c.queue.clone(), c.queue.max_capacity())).collect();
        let out = async {
            while live.iter().any(|(queue, most)| !queue.is_closed() && queue.capacity() < *most) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let _ = tokio::time::timeout(Duration::from_millis(500), out).await;
        self.live.clear();
    }

    fn take(&mut self, report: Report) {
        match report {
            Report::Accepted(stream, remote) => self.accepted(stream, remote),
            Report::Opened(id, result) => self.opened(id, result),
            Report::Message(id, flow, bytes) if self.is_live(id, &flow) => {
                if let Some(connection) = self.live.get_mut(&flow) {
                    connection.spoke = true;
                }
                self.news.push_back(News::Message(flow, bytes));
            }
            Report::Ended(id, flow, why) if self.is_live(id, &flow) => {
                self.live.remove(&flow);
                self.news.push_back(News::Closed(flow, why));
            }
            Report::Message(..) | Report::Ended(..) => {}
        }
    }

    /// A path may have had another connection before.
    fn is_live(&self, id: u64, flow: &Flow) -> bool {
        self.live.get(flow).is_some_and(|connection| connection.id == id)
    }

    fn accepted(&mut self, stream: TcpStream, remote: SocketAddr) {
        let of = |ip: Option<IpAddr>| {
            let from = |flow: &Flow| ip.is_none_or(|ip| ip == flow.remote.ip());
            self.live.iter().filter(|(flow, connection)| connection.accepted && from(flow)).count()
        };
        let crowded = of(Some(remote.ip())) >= MAX_PER_SOURCE;
        let full = of(None) >= MAX_ACCEPTED;
        let Ok(local) = stream.local_addr() else { return };
        // Why: whoever holds places and says nothing must not keep out those who do.
        let gives_way = if full { self.longest_silent() } else { None };
        if crowded || full {
            self.turned_away += 1;
        }
        match gives_way {
            _ if crowded => return,
            None if full => return,
            Some(silent) => drop(self.live.remove(&silent)),
            None => {}
        }
        let _ = stream.set_nodelay(true);
        let flow = Flow { transport: Transport::Tcp, local, remote };
        self.start(flow, Wire::Stream(Box::new(stream)), Vec::new(), None);
    }

    /// Of the connections accepted that have brought no message yet, the oldest.
    fn longest_silent(&self) -> Option<Flow> {
        let silent = self.live.iter().filter(|(_, connection)| connection.accepted && !connection.spoke);
        silent.min_by_key(|(_, connection)| connection.id).map(|(flow, _)| *flow)
    }

    fn opened(&mut self, id: u64, result: Result<Opened, String>) {
        let Some(at) = self.opening.iter().position(|opening| opening.id == id) else { return };
        let Opening { target, askers, first, .. } = self.opening.swap_remove(at);
        let Target { transport, identity, .. } = target;
        let answer = result.map(|(wire, local, remote)| {
            let flow = Flow { transport, local: self.local(transport, local), remote };
            match self.live.get(&flow) {
                Some(connection) => first.into_iter().for_each(|bytes| drop(connection.queue.try_send(bytes))),
                None => self.start(flow, wire, first, Some(identity)),
            }
            flow
        });
        self.news.extend(askers.into_iter().map(|asker| News::Opened(asker, answer.clone())));
    }

    /// Our address of a connection as peers are told: over plain TCP the one we listen on.
    fn local(&self, transport: Transport, own: SocketAddr) -> SocketAddr {
        let listening = self.listening.iter().find(|at| at.is_ipv4() == own.is_ipv4());
        let port = listening.filter(|_| transport == Transport::Tcp).map_or(own.port(), SocketAddr::port);
        SocketAddr::new(own.ip(), port)
    }

    /// `opened`: by us, to whom; `None` if it was accepted.
    fn start(&mut self, flow: Flow, wire: Wire, first: Vec<Vec<u8>>, opened: Option<Option<Box<Identity>>>) {
        let accepted = opened.is_none();
        self.last_id += 1;
        let id = self.last_id;
        let (queue, queued) = mpsc::channel(MAX_QUEUE);
        first.into_iter().for_each(|bytes| drop(queue.try_send(bytes)));
        let reports = self.reports.0.clone();
        let patience = if accepted { Patience::ACCEPTED } else { Patience::OPENED };
        let replies = queue.clone();
        let owes_pongs = Arc::new(AtomicBool::new(false));
        let owes = Arc::clone(&owes_pongs);
        let task = tokio::spawn(async move {
            let arrived = |bytes| {
                let message = reports.send(Report::Message(id, flow, bytes));
                async { message.await.is_ok() }
            };
            let why = match wire {
                Wire::Stream(stream) => carry(stream, (patience, owes), (replies, queued), arrived).await,
                Wire::Web(socket) => websocket::carry(*socket, patience, queued, arrived).await,
            };
            let _ = reports.send(Report::Ended(id, flow, why)).await;
        });
        let identity = opened.flatten();
        let task = task.abort_handle();
        self.live.insert(flow, Connection { id, queue, task, accepted, owes_pongs, spoke: false, identity });
    }

    fn find(&self, target: &Target) -> Option<Flow> {
        let fits = |(flow, connection): &(&Flow, &Connection)| {
            flow.transport == target.transport && target.is_met_by(connection.identity.as_deref())
        };
        let to = |address: &SocketAddr| self.live.iter().filter(fits).find(|(flow, _)| flow.remote == *address);
        target.addresses.iter().find_map(to).map(|(flow, _)| *flow)
    }

    /// The opening of this connection, under way or begun now; `None` at the limit.
    fn begin(&mut self, target: Target) -> Option<&mut Opening> {
        if let Some(at) = self.opening.iter().position(|opening| opening.target == target) {
            return self.opening.get_mut(at);
        }
        let own = self.live.values().filter(|connection| !connection.accepted).count() + self.opening.len();
        if own >= MAX_OWN {
            return None;
        }
        self.last_id += 1;
        let id = self.last_id;
        let task = self.connect(id, &target);
        self.opening.push(Opening { id, target, askers: Vec::new(), first: Vec::new(), task });
        self.opening.last_mut()
    }

    fn connect(&self, id: u64, target: &Target) -> AbortHandle {
        let (reports, from, target) = (self.reports.0.clone(), self.listening.clone(), target.clone());
        let task = tokio::spawn(async move {
            let opened = wire::open(&target, &from).await;
            let _ = reports.send(Report::Opened(id, opened)).await;
        });
        task.abort_handle()
    }
}

async fn accept(listener: TcpListener, reports: mpsc::Sender<Report>) {
    loop {
        match listener.accept().await {
            Ok((stream, remote)) => {
                if reports.send(Report::Accepted(stream, remote)).await.is_err() {
                    return;
                }
            }
            // Out of file descriptors, as a rule: others may be given back.
            Err(_) => tokio::time::sleep(Duration::from_millis(200)).await,
        }
    }
}

#[cfg(test)]
mod tests;
