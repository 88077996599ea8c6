//! What stands between the sockets of a stream and its packets: nothing, an address as the world sees it, or ICE.
//!
//! ```text
//!  new ─▶ begin(servers) ─▶ Ready: what is to be told the far end ─▶ start(agreed) ─▶ Path …
//!
//!  socket ─▶ receive ─┬─ STUN, TURN: taken, answered by poll        stream ─▶ send ─┬─ to whom it says
//!                     └─ media ─▶ the stream                                        └─ the pair in use, or its relay
//! ```
//!
//! Sockets are numbered as they were given: even ones are of RTP, the next of RTCP.

mod ice;

use self::ice::Ice;
use super::reach::{MediaPath, Reach, ServerName, TurnServer, TurnTransport};
use super::stream::Port;
use crate::nat::mapping::{Effect, Mapping};
use crate::nat::turn;
use crate::sdp::{Agreed, IceDescription};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

pub use crate::nat::ice::RelayId;

/// A call is no later than this because servers do not answer; with a relay, which is asked twice, this; and this where
/// nothing else may be told.
const PATIENCE: Duration = Duration::from_millis(500);
const PATIENCE_RELAY: Duration = Duration::from_secs(1);
const PATIENCE_RELAY_ONLY: Duration = Duration::from_secs(4);
/// Servers whose names took long to find have this at least.
const LEAST: Duration = Duration::from_millis(200);
/// What was mapped is asked for again this often, which keeps it mapped.
const REFRESH: Duration = Duration::from_secs(15);

/// Servers whose addresses are known.
#[derive(Debug, Clone, Default)]
pub struct Servers {
    /// They tell an address.
    pub stun: Vec<SocketAddr>,
    /// They lend one.
    pub turn: Vec<Relay>,
}

/// A TURN server whose address is known.
#[derive(Debug, Clone)]
pub struct Relay {
    /// As it was written.
    pub name: ServerName,
    /// Where it is, and the account.
    pub server: turn::Server,
    /// Its stream is encrypted.
    pub is_secure: bool,
}

impl Relay {
    /// At this address.
    pub fn new(asked: &TurnServer, address: SocketAddr) -> Relay {
        let TurnServer { name, transport, username, password } = asked;
        let is_stream = *transport != TurnTransport::Udp;
        let (username, password) = (username.clone(), password.clone());
        let server = turn::Server { address, is_stream, username, password };
        Relay { name: name.clone(), server, is_secure: *transport == TurnTransport::Tls }
    }
}

/// What a datagram was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrived<'a> {
    /// Nothing for the stream.
    Taken,
    /// Of nobody who takes part.
    Stranger(SocketAddr),
    /// For the stream.
    Media {
        /// To which of its ports.
        port: Port,
        /// By whom, as the stream knows him.
        from: SocketAddr,
        /// What.
        data: &'a [u8],
    },
}

/// What the wire wishes or tells.
#[derive(Debug, Clone, PartialEq)]
pub enum Output {
    /// Send a datagram.
    Transmit {
        /// From this socket.
        socket: usize,
        /// To whom.
        to: SocketAddr,
        /// The datagram.
        bytes: Vec<u8>,
    },
    /// Open a stream; answered by `opened` or `closed`.
    Connect {
        /// The stream.
        relay: RelayId,
        /// The server.
        server: SocketAddr,
        /// By this name, where it must prove it.
        secure: Option<String>,
    },
    /// Write to a stream.
    Stream {
        /// The stream.
        relay: RelayId,
        /// The bytes.
        bytes: Vec<u8>,
    },
    /// What is to be told the far end is known: addresses in place of the sockets', and ICE.
    Ready {
        /// Of RTP and RTCP.
        mapped: Option<(SocketAddr, SocketAddr)>,
        /// Name, password, candidates.
        ice: Option<Box<IceDescription>>,
    },
    /// Nothing may be told the far end: why, as a sentence.
    Barred(String),
    /// Which way sound goes, after each change.
    Path(MediaPath),
    /// A server is of no use.
    Unreached {
        /// As it was written.
        server: String,
        /// Why.
        why: String,
    },
}

/// The wire of one stream.
#[derive(Debug)]
pub struct Wire {
    sockets: Vec<SocketAddr>,
    reach: Reach,
    way: Way,
    /// Servers that it may begin with.
    found: Servers,
    /// So long servers are waited for; `None` once it is said what is to be told.
    until: Option<Instant>,
    outputs: VecDeque<Output>,
    rng: StdRng,
}

#[derive(Debug)]
enum Way {
    Plain,
    /// For the addresses of servers.
    Waiting,
    Mapped(Box<[Mapping; 2]>),
    Ice(Box<Ice>),
}

impl Wire {
    /// Between these sockets and their stream: RTP and RTCP, and further pairs of them. Goes on at [`begin`](Self::begin),
    /// unless nothing is to be asked.
    pub fn new(sockets: Vec<SocketAddr>, reach: Reach, now: Instant, rng: &mut impl Rng) -> Wire {
        let asks = reach.ice || !reach.stun.is_empty();
        let patience = match (reach.relay_only, reach.turn.is_empty()) {
            (true, _) => PATIENCE_RELAY_ONLY,
            (false, false) if reach.ice => PATIENCE_RELAY,
            _ => PATIENCE,
        };
        let mut wire = Wire {
            way: if asks { Way::Waiting } else { Way::Plain },
            until: asks.then(|| now + patience),
            found: Servers::default(),
            sockets,
            reach,
            outputs: VecDeque::new(),
            rng: StdRng::from_rng(rng),
        };
        if !asks {
            let public = wire.public();
            wire.ready(public);
        }
        wire
    }

    /// What was asked for.
    pub fn reach(&self) -> &Reach {
        &self.reach
    }

    /// There is something to be done: [`poll`](Self::poll), or [`handle_timeout`](Self::handle_timeout).
    pub fn is_due(&self, now: Instant) -> bool {
        !self.outputs.is_empty() || self.next_timeout().is_some_and(|at| at <= now)
    }

    /// It waits for the addresses of its servers.
    pub fn is_waiting(&self) -> bool {
        matches!(self.way, Way::Waiting)
    }

    /// These of its servers were found so far; it begins with them when time is up.
    pub fn keep(&mut self, servers: Servers) {
        self.found = servers;
    }

    /// These are all of its servers.
    pub fn begin(&mut self, servers: Servers, now: Instant) {
        if !self.is_waiting() {
            return;
        }
        let until = self.until.unwrap_or(now).max(now + LEAST);
        self.until = Some(until);
        self.way = match self.reach.ice {
            true => {
                let public = self.public();
                Way::Ice(Box::new(Ice::new(&self.sockets, &self.reach, public, servers, until, now, &mut self.rng)))
            }
            false => {
                let mut mapping = |at: usize| {
                    let local = self.sockets.get(at).copied().unwrap_or(NOWHERE);
                    Mapping::new(local, &servers.stun, REFRESH, now, &mut self.rng)
                };
                Way::Mapped(Box::new([mapping(0), mapping(1)]))
            }
        };
        self.finish_turn(now);
    }

    /// A datagram came to a socket.
    pub fn receive<'a>(&mut self, socket: usize, from: SocketAddr, bytes: &'a [u8], now: Instant) -> Arrived<'a> {
        let as_it_is = Arrived::Media { port: port_of(socket), from, data: bytes };
        match &mut self.way {
            // A handshake may begin before the description is here.
            Way::Waiting if self.reach.ice && !matches!(bytes.first(), Some(20..=63)) => Arrived::Stranger(from),
            Way::Plain | Way::Waiting => as_it_is,
            Way::Mapped(mappings) => {
                //= RFC 7983 §7: by its first byte
                let is_stun = bytes.first().is_some_and(|first| *first < 4);
                let mapping = mappings.get_mut(socket).filter(|_| is_stun);
                if !mapping.is_some_and(|mapping| mapping.handle_datagram(bytes, from, now)) {
                    return as_it_is;
                }
                self.finish_turn(now);
                Arrived::Taken
            }
            Way::Ice(ice) => {
                let local = self.sockets.get(socket).copied().unwrap_or(NOWHERE);
                let (arrived, is_changed) = ice.receive(port_of(socket), local, from, bytes, now);
                if is_changed {
                    self.finish_turn(now);
                }
                arrived
            }
        }
    }

    /// From which socket, and to whom, media goes that the stream sends to `to`; `None`: it is on its way already, or
    /// there is none.
    pub fn send(&mut self, port: Port, to: SocketAddr, bytes: &[u8], now: Instant) -> Option<(usize, SocketAddr)> {
        let as_it_is = Some((socket_of(port), to));
        let ice = match &mut self.way {
            Way::Ice(ice) => ice,
            Way::Waiting if self.reach.ice => return None,
            _ => return as_it_is,
        };
        match ice.route(port) {
            ice::Route::AsItIs => as_it_is,
            ice::Route::Direct(socket, to) => Some((socket, to)),
            ice::Route::Relayed => {
                ice.send(port, bytes, now);
                self.finish_turn(now);
                None
            }
            ice::Route::None => None,
        }
    }

    /// Offer and answer have settled this.
    pub fn start(&mut self, agreed: &Agreed, now: Instant) {
        if let Way::Ice(ice) = &mut self.way {
            ice.start(agreed, now);
            self.finish_turn(now);
        }
    }

    /// The call is over: what servers lend is given back, for as long as there is a next timeout.
    pub fn close(&mut self, now: Instant) {
        match &mut self.way {
            Way::Ice(ice) => ice.close(now),
            other => *other = Way::Plain,
        }
        self.until = None;
        self.finish_turn(now);
        self.outputs.retain(|output| matches!(output, Output::Transmit { .. } | Output::Stream { .. }));
    }

    /// The stream to a server is open.
    pub fn opened(&mut self, relay: RelayId, now: Instant) {
        if let Way::Ice(ice) = &mut self.way {
            ice.agent().stream_opened(relay, now);
            self.finish_turn(now);
        }
    }

    /// The stream to a server has ended, or never was; why, as a sentence.
    pub fn closed(&mut self, relay: RelayId, why: &str, now: Instant) {
        if let Way::Ice(ice) = &mut self.way {
            self.outputs.extend(ice.closed(relay, why));
            ice.agent().stream_closed(relay, now);
            self.finish_turn(now);
        }
    }

    /// Bytes came on the stream of a server: what of them is for the media stream.
    pub fn streamed(&mut self, relay: RelayId, bytes: &[u8], now: Instant) -> Vec<(Port, SocketAddr, Vec<u8>)> {
        let Way::Ice(ice) = &mut self.way else { return Vec::new() };
        let media = ice.streamed(relay, bytes, now);
        self.finish_turn(now);
        media
    }

    /// The time of [`next_timeout`](Self::next_timeout) has come.
    pub fn handle_timeout(&mut self, now: Instant) {
        match &mut self.way {
            Way::Plain => {}
            Way::Waiting if self.until.is_some_and(|until| until <= now) => {
                let found = std::mem::take(&mut self.found);
                self.begin(found, now);
            }
            Way::Waiting => {}
            Way::Mapped(mappings) => mappings.iter_mut().for_each(|mapping| mapping.handle_timeout(now)),
            Way::Ice(ice) => ice.agent().handle_timeout(now),
        }
        self.finish_turn(now);
    }

    /// When it wants to be told the time.
    pub fn next_timeout(&self) -> Option<Instant> {
        let machine = match &self.way {
            Way::Plain | Way::Waiting => None,
            Way::Mapped(mappings) => mappings.iter().filter_map(Mapping::next_timeout).min(),
            Way::Ice(ice) => ice.next_timeout(),
        };
        machine.into_iter().chain(self.until).min()
    }

    /// What it wishes next.
    pub fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    fn finish_turn(&mut self, now: Instant) {
        match &mut self.way {
            Way::Plain | Way::Waiting => {}
            Way::Mapped(mappings) => {
                for (socket, mapping) in mappings.iter_mut().enumerate() {
                    while let Some(effect) = mapping.poll() {
                        if let Effect::Transmit { to, bytes } = effect {
                            self.outputs.push_back(Output::Transmit { socket, to, bytes });
                        }
                    }
                }
                self.settle(now);
            }
            Way::Ice(ice) => {
                ice.drain(&self.sockets, &mut self.outputs);
                let is_late = self.until.is_some_and(|until| until <= now);
                if self.until.is_some() && (ice.is_gathered() || is_late) {
                    self.until = None;
                    self.outputs.push_back(ice.ready());
                }
            }
        }
    }

    /// Says once what was mapped, when that is known or has taken too long.
    fn settle(&mut self, now: Instant) {
        let (Way::Mapped(mappings), Some(until)) = (&self.way, self.until) else { return };
        let [rtp, rtcp] = [0, 1].map(|at: usize| mappings.get(at).and_then(Mapping::mapped));
        let is_idle = mappings.iter().all(|mapping| mapping.mapped().is_some() || !mapping.is_asking());
        if !is_idle && now < until {
            return;
        }
        // Where only one was heard of, the other is most likely its neighbour.
        let mapped = rtp.map(|rtp| (rtp, rtcp.unwrap_or(SocketAddr::new(rtp.ip(), rtp.port().wrapping_add(1)))));
        if mapped.is_none() {
            let names: Vec<String> = self.reach.stun.iter().map(ServerName::to_string).collect();
            let why = "no answer: the far end is told the address of this machine".to_owned();
            self.outputs.push_back(Output::Unreached { server: names.join(", "), why });
        }
        self.ready(mapped);
    }

    fn ready(&mut self, mapped: Option<(SocketAddr, SocketAddr)>) {
        self.until = None;
        self.outputs.push_back(Output::Ready { mapped, ice: None });
    }

    /// The sockets behind the address by which the world knows us.
    fn public(&self) -> Option<(SocketAddr, SocketAddr)> {
        let ip = self.reach.public.filter(|_| self.reach.stun.is_empty() && !self.reach.relay_only)?;
        let &[rtp, rtcp, ..] = self.sockets.as_slice() else { return None };
        (ip.is_ipv4() == rtp.is_ipv4()).then(|| (SocketAddr::new(ip, rtp.port()), SocketAddr::new(ip, rtcp.port())))
    }
}

/// An address that nobody has.
//= RFC 7600 §4.8: 192.0.0.8
const NOWHERE: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 0, 8)), 9);

fn port_of(socket: usize) -> Port {
    if socket.is_multiple_of(2) { Port::Rtp } else { Port::Rtcp }
}

fn socket_of(port: Port) -> usize {
    usize::from(port == Port::Rtcp)
}
