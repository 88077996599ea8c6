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
        let listeners = addresses.iter().map(|address| connect::listen(*address).map_err(|error| (*address, error)));
        for listener in listeners.collect::<Result<Vec<_>, _>>()? {
            streams.listening.extend(listener.local_addr().ok());
            streams.acceptors.push(tokio::spawn(accept(listener, streams.reports.0.clone())).abort_handle());
        }
        Ok(streams)
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
        let task = tokio::spawn(async move {
            let arrived = |bytes| {
                let message = reports.send(Report::Message(id, flow, bytes));
                async { message.await.is_ok() }
            };
            let why = match wire {
                Wire::Stream(stream) => carry(stream, patience, (replies, queued), arrived).await,
                Wire::Web(socket) => websocket::carry(*socket, patience, queued, arrived).await,
            };
            let _ = reports.send(Report::Ended(id, flow, why)).await;
        });
        let identity = opened.flatten();
        self.live.insert(flow, Connection { id, queue, task: task.abort_handle(), accepted, spoke: false, identity });
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
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::time::timeout;

    const MESSAGE: &[u8] = b"OPTIONS sip:a@b SIP/2.0\r\nContent-Length: 0\r\n\r\n";
    const LOOPBACK: SocketAddr = SocketAddr::new(IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 0);

    fn run(test: impl Future<Output = ()>) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async { timeout(Duration::from_secs(20), test).await.expect("in time") });
    }

    fn streams() -> Streams {
        Streams::listen(&[LOOPBACK]).expect("a listener")
    }

    fn at(streams: &Streams) -> SocketAddr {
        *streams.local_addresses().first().expect("listening")
    }

    fn target(address: SocketAddr) -> Target {
        Target { transport: Transport::Tcp, addresses: vec![address], identity: None }
    }

    async fn opened(streams: &mut Streams) -> Result<Flow, String> {
        match streams.next().await {
            News::Opened(_, result) => result,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn two_phones_share_one_connection_both_ways() {
        run(async {
            let (mut a, mut b) = (streams(), streams());
            a.open(1, target(at(&b)));
            let flow = opened(&mut a).await.expect("it listens");
            assert_eq!(flow, Flow { transport: Transport::Tcp, local: at(&a), remote: at(&b) });
            a.send(flow, MESSAGE.to_vec()).expect("sent");
            let News::Message(back, bytes) = b.next().await else { panic!("a message") };
            assert_eq!(bytes, MESSAGE);
            #[cfg(unix)]
            assert_eq!(back, Flow { transport: Transport::Tcp, local: at(&b), remote: at(&a) });
            // Asked again, both ends find it.
            a.open(2, target(at(&b)));
            assert_eq!(opened(&mut a).await, Ok(flow));
            b.open(3, target(back.remote));
            assert_eq!(opened(&mut b).await, Ok(back));
            b.send(back, MESSAGE.repeat(3)).expect("sent");
            for _ in 0..3 {
                assert!(matches!(a.next().await, News::Message(from, bytes) if from == flow && bytes == MESSAGE));
            }
            drop(b);
            assert!(matches!(a.next().await, News::Closed(lost, _) if lost == flow));
            assert!(a.send(flow, MESSAGE.to_vec()).is_err());
        });
    }

    #[test]
    fn who_asks_meanwhile_gets_the_same_connection() {
        run(async {
            let (mut a, b) = (streams(), streams());
            a.open(1, target(at(&b)));
            a.open(2, target(at(&b)));
            let (first, second) = (opened(&mut a).await, opened(&mut a).await);
            assert!(first.is_ok());
            assert_eq!((first, a.live.len()), (second, 1));
        });
    }

    #[test]
    fn what_is_being_opened_when_the_network_changes_begins_anew() {
        run(async {
            let (mut a, b) = (streams(), streams());
            a.open(1, target(at(&b)));
            let before = a.opening.first().map(|opening| opening.task.id());
            a.keep_only(&[]);
            assert_ne!(a.opening.first().map(|opening| opening.task.id()), before);
            assert!(opened(&mut a).await.is_ok());
            assert_eq!((a.live.len(), a.opening.len()), (1, 0));
        });
    }

    #[test]
    fn addresses_are_tried_in_turn_and_the_last_refusal_told() {
        run(async {
            let closed = std::net::TcpListener::bind(LOOPBACK).and_then(|l| l.local_addr()).expect("a port");
            let (mut a, b) = (streams(), streams());
            a.open(1, Target { addresses: vec![closed, at(&b)], ..target(closed) });
            assert_eq!(opened(&mut a).await.map(|flow| flow.remote), Ok(at(&b)));
            a.open(2, target(closed));
            let words = opened(&mut a).await.expect_err("closed");
            assert_eq!(words, format!("cannot connect to {closed} (tcp): connection refused"));
        });
    }

    /// A phone that calls its own address is a stranger to itself.
    #[test]
    fn a_phone_can_connect_to_itself() {
        run(async {
            let mut a = streams();
            a.open(1, target(at(&a)));
            let mut flow = None;
            while flow.is_none() {
                if let News::Opened(_, result) = a.next().await {
                    flow = result.ok();
                }
            }
            a.send(flow.expect("it listens"), MESSAGE.to_vec()).expect("sent");
            while !matches!(a.next().await, News::Message(back, _) if Some(back) != flow) {}
            assert_eq!(a.live.len(), 2);
        });
    }

    /// Of loopback every address is ours on Linux alone.
    #[cfg(target_os = "linux")]
    #[test]
    fn who_says_nothing_makes_room_for_who_does() {
        run(async {
            let mut a = streams();
            let to = at(&a);
            let connect = |host: u8| {
                let socket = tokio::net::TcpSocket::new_v4().expect("a socket");
                socket.bind(SocketAddr::from(([127, 0, 0, host], 0))).expect("loopback");
                async move { socket.connect(to).await.expect("accepted by the system") }
            };
            let mut speaks = connect(1).await;
            speaks.write_all(MESSAGE).await.expect("taken");
            assert!(matches!(a.next().await, News::Message(..)));
            let mut silent = Vec::new();
            for n in 0..300u16 {
                silent.push(connect(2 + u8::try_from(n / 6).expect("50 hosts")).await);
                let _ = timeout(Duration::from_millis(1), a.next()).await;
            }
            while a.turned_away < 300 - 63 {
                let _ = timeout(Duration::from_millis(20), a.next()).await;
            }
            assert_eq!((a.live.len(), a.turned_away), (MAX_ACCEPTED, 300 - 63));
            let mut late = connect(200).await;
            late.write_all(MESSAGE).await.expect("taken");
            assert!(matches!(a.next().await, News::Message(..)), "there is room for one more");
            speaks.write_all(MESSAGE).await.expect("taken");
            assert!(matches!(a.next().await, News::Message(..)), "who has spoken stays");
        });
    }

    #[test]
    fn one_source_cannot_take_every_place() {
        run(async {
            let mut a = streams();
            let mut peers = Vec::new();
            for _ in 0..MAX_PER_SOURCE + 3 {
                peers.push(TcpStream::connect(at(&a)).await.expect("accepted by the system"));
            }
            while a.turned_away < 3 {
                let _ = timeout(Duration::from_millis(20), a.next()).await;
            }
            assert_eq!((a.live.len(), a.turned_away), (MAX_PER_SOURCE, 3));
            // Those turned away see the end; the others are served.
            let last = peers.last_mut().expect("there are some");
            assert!(matches!(last.read(&mut [0; 1]).await, Ok(0) | Err(_)));
            let first = peers.first_mut().expect("there are some");
            first.write_all(MESSAGE).await.expect("taken");
            assert!(matches!(a.next().await, News::Message(..)));
            // A place that is given back is there again.
            peers.clear();
            while !a.live.is_empty() {
                a.next().await;
            }
            let mut late = TcpStream::connect(at(&a)).await.expect("accepted");
            late.write_all(MESSAGE).await.expect("taken");
            assert!(matches!(a.next().await, News::Message(..)));
        });
    }

    //= RFC 3261 §18.2.2
    #[test]
    fn a_response_without_its_connection_goes_where_the_via_points() {
        run(async {
            let (mut a, mut b) = (streams(), streams());
            let gone = Flow { transport: Transport::Tcp, local: at(&a), remote: "127.0.0.1:9".parse().expect("it is") };
            let via =
                format!("Via: SIP/2.0/TCP client.invalid:{};received=127.0.0.1;branch=z9hG4bKa\r\n", at(&b).port());
            let ok = format!("SIP/2.0 200 OK\r\n{via}Content-Length: 0\r\n\r\n");
            a.send(gone, ok.clone().into_bytes()).expect("it will be tried");
            a.send(gone, ok.clone().into_bytes()).expect("it will be tried");
            let work = async {
                loop {
                    a.next().await;
                }
            };
            let got = async {
                for _ in 0..2 {
                    assert!(matches!(b.next().await, News::Message(_, bytes) if bytes == ok.as_bytes()));
                }
            };
            tokio::select! { () = got => {}, () = work => {} }
            assert!(a.send(gone, MESSAGE.to_vec()).is_err(), "a request is not sent elsewhere");
        });
    }

    #[test]
    fn what_nobody_reads_does_not_pile_up() {
        run(async {
            let mut a = streams();
            let deaf = tokio::net::TcpListener::bind(LOOPBACK).await.expect("a listener");
            a.open(1, target(deaf.local_addr().expect("its address")));
            let flow = opened(&mut a).await.expect("it listens");
            let _peer = deaf.accept().await.expect("connected");
            let mut sent = 0;
            while a.send(flow, vec![b'x'; 60_000]).is_ok() {
                sent += 1;
                assert!(sent < 10 * MAX_QUEUE, "it takes and takes");
                tokio::task::yield_now().await;
            }
            assert!(a.live.is_empty());
        });
    }
}
