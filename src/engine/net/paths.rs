//! Every way out of the phone: datagrams and connections behind one door, and the step from addresses to paths.

use super::streams::{News, Streams};
use super::udp::{BindError, Received, Sockets};
use super::wire::Target;
use crate::sip::flow::{Flow, Transport};
use crate::sip::locate::Candidate;
use crate::text::plain_error;
use crate::ua::port::Identity;
use std::collections::{HashMap, VecDeque};
use std::io;
use std::net::{IpAddr, SocketAddr};

/// How often a free port is looked for that both UDP and TCP can have.
const TRIES: usize = 16;

/// What happens on the paths.
#[derive(Debug)]
pub enum Arrival {
    /// A datagram of this length in the caller's buffer.
    Datagram(usize, Flow),
    /// A message on a connection.
    Message(Flow, Vec<u8>),
    /// The network could not deliver, or the connection has ended; why, in words.
    Lost(Flow, String),
    /// The answer to [`Paths::find`] with this number.
    Found(u64, Result<Vec<Flow>, String>),
}

/// Who wants paths, and which.
#[derive(Debug)]
pub struct Wanted {
    /// Comes back with [`Arrival::Found`].
    pub asker: u64,
    /// Whom a connection over a named transport must lead to.
    pub identity: Option<Box<Identity>>,
    /// Addresses to try last.
    pub avoid: Vec<SocketAddr>,
}

/// Sockets and connections.
#[derive(Debug)]
pub struct Paths {
    sockets: Sockets,
    streams: Streams,
    /// Who waits for a connection, and what can be tried after it.
    waiting: HashMap<u64, (VecDeque<Candidate>, Wanted)>,
    found: VecDeque<Arrival>,
}

impl Paths {
    /// Listens on `address` (all addresses of both families when `None`), UDP and TCP on the same port, 0 = any free
    /// one. Where UDP has the port and TCP cannot, nobody can connect to us, and the words say why.
    ///
    /// # Errors
    /// No UDP socket.
    pub fn bind(address: Option<IpAddr>, port: u16) -> Result<(Paths, Option<String>), BindError> {
        let mut sockets = Sockets::bind(address, port)?;
        let mut listened = Streams::listen(&sockets.local_addresses());
        for _ in 0..TRIES {
            if listened.is_ok() || port != 0 {
                break;
            }
            sockets = Sockets::bind(address, 0)?;
            listened = Streams::listen(&sockets.local_addresses());
        }
        let (streams, notice) = match listened {
            Ok(streams) => (streams, None),
            Err((address, error)) => (
                Streams::deaf(),
                Some(format!("cannot listen on tcp {address}: {}; calls come in over UDP only", plain_error(&error))),
            ),
        };
        Ok((Paths { sockets, streams, waiting: HashMap::new(), found: VecDeque::new() }, notice))
    }

    /// Hears what comes to another port as well, and answers from there; why not all of it can be, in words.
    pub fn hear_also(&mut self, address: Option<IpAddr>, port: u16) -> Option<String> {
        let heard = match self.sockets.hear_also(address, port) {
            Ok(heard) => heard,
            Err(busy) => return Some(format!("{busy}; calls to this machine's address come in on the own port only")),
        };
        let refused = self.streams.listen_also(&heard).err()?;
        Some(format!(
            "cannot listen on tcp {}: {}; calls come in there over UDP only",
            refused.0,
            plain_error(&refused.1)
        ))
    }

    /// The addresses datagrams come in on, and connections on the same, without those of [`Paths::hear_also`].
    pub fn local_addresses(&self) -> Vec<SocketAddr> {
        self.sockets.local_addresses()
    }

    /// Connections turned away since the start.
    pub fn turned_away(&self) -> u64 {
        self.streams.turned_away()
    }

    /// Finds paths to the first of these that can be had, answered by [`Arrival::Found`]. A connection is there when it
    /// is found, over a named transport to the wanted identity; a datagram's path is not tried.
    pub fn find(&mut self, wanted: Wanted, candidates: Result<Vec<Candidate>, String>) {
        match candidates {
            Ok(mut candidates) => {
                candidates.sort_by_key(|candidate| wanted.avoid.contains(&candidate.address));
                self.go_on(wanted, candidates.into(), "it has no address".to_owned());
            }
            Err(why) => self.found.push_back(Arrival::Found(wanted.asker, Err(why))),
        }
    }

    /// Sends a message.
    ///
    /// # Errors
    /// The path cannot take it, in words.
    pub fn send(&mut self, flow: Flow, bytes: Vec<u8>) -> Result<(), String> {
        if flow.transport != Transport::Udp {
            return self.streams.send(flow, bytes);
        }
        match self.sockets.send(&flow, &bytes) {
            // A full buffer is a lost datagram: the transaction sends it again.
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(()),
            // A report about an earlier datagram may answer instead of this send: once more tells.
            Err(_) => self.sockets.send(&flow, &bytes).map_err(|error| plain_error(&error)),
            Ok(()) => Ok(()),
        }
    }

    /// Whoever is at the far end of this connection has promised to answer every ping.
    pub fn expect_pongs(&mut self, flow: &Flow) {
        self.streams.expect_pongs(flow);
    }

    /// Waits for the next thing to happen.
    ///
    /// # Errors
    /// A socket itself failed.
    pub async fn next(&mut self, buffer: &mut [u8]) -> io::Result<Arrival> {
        loop {
            if let Some(found) = self.found.pop_front() {
                return Ok(found);
            }
            tokio::select! {
                received = self.sockets.receive(buffer) => return Ok(match received? {
                    Received::Datagram(length, flow) => Arrival::Datagram(length, flow),
                    Received::Unreachable(flow, error) => Arrival::Lost(flow, plain_error(&error)),
                }),
                news = self.streams.next() => match news {
                    News::Message(flow, bytes) => return Ok(Arrival::Message(flow, bytes)),
                    News::Closed(flow, why) => return Ok(Arrival::Lost(flow, why)),
                    News::Opened(asker, result) => self.opened(asker, result),
                },
            }
        }
    }

    /// The machine has these addresses now: routes are asked for anew, connections from others are over.
    pub fn network_changed(&mut self, addresses: &[IpAddr]) {
        self.sockets.forget_routes();
        self.streams.keep_only(addresses);
    }

    /// Lets what was sent go out, within a bound.
    pub async fn close(self) {
        self.streams.close().await;
    }

    fn go_on(&mut self, wanted: Wanted, mut left: VecDeque<Candidate>, why: String) {
        let asker = wanted.asker;
        match left.front().map(|first| (first.transport, wanted.avoid.contains(&first.address))) {
            None => self.found.push_back(Arrival::Found(asker, Err(why))),
            Some((Transport::Udp, _)) => {
                let flows = self.datagram_paths(&left);
                self.found.push_back(Arrival::Found(asker, flows));
            }
            Some((transport, avoided)) => {
                // Apart from those to avoid: a connection that is there would be found before one to be opened.
                let alike = |candidate: &&Candidate| {
                    candidate.transport == transport && wanted.avoid.contains(&candidate.address) == avoided
                };
                let alike = left.iter().take_while(alike).count();
                let addresses = left.drain(..alike).map(|candidate| candidate.address).collect();
                let identity = wanted.identity.clone().filter(|_| transport.is_named());
                self.waiting.insert(asker, (left, wanted));
                self.streams.open(asker, Target { transport, addresses, identity });
            }
        }
    }

    fn opened(&mut self, asker: u64, result: Result<Flow, String>) {
        let Some((left, wanted)) = self.waiting.remove(&asker) else { return };
        match result {
            Ok(flow) => {
                let others = self.datagram_paths(&left).unwrap_or_default();
                let flows = std::iter::once(flow).chain(others).collect();
                self.found.push_back(Arrival::Found(asker, Ok(flows)));
            }
            Err(why) => self.go_on(wanted, left, why),
        }
    }

    fn datagram_paths(&mut self, candidates: &VecDeque<Candidate>) -> Result<Vec<Flow>, String> {
        let mut refusal = "no way to it".to_owned();
        let mut flows = Vec::new();
        for Candidate { address, .. } in candidates.iter().filter(|c| c.transport == Transport::Udp) {
            match self.sockets.flow_to(*address) {
                Ok(flow) => flows.push(flow),
                Err(error) => refusal = format!("no way to {address}: {}", plain_error(&error)),
            }
        }
        if flows.is_empty() { Err(refusal) } else { Ok(flows) }
    }
}
