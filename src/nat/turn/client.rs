//! One allocation at one server.

use super::Server;
use super::framing::ChannelData;
use super::permission::{MOST, Permissions, State};
use crate::nat::stun::{
    Attribute, Class, ErrorCode, Integrity, Key, Message, Method, Retransmission, Schedule, TransactionId, Turn, Writer,
};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

/// Most datagrams that wait for a permission.
const MAX_WAITING: usize = 16;
/// Most requests under way: every permission and channel once, and the allocation.
const MAX_PENDING: usize = 2 * MOST + 1;
/// Most answers to new nonces of one request.
const MAX_TRIES: u8 = 3;
/// Most servers that a server may lead to, one after the other.
const MAX_HOPS: u8 = 2;
/// What a server may say an allocation lasts, as far as it is believed, in seconds.
const LIFETIME_S: std::ops::RangeInclusive<u32> = 60..=3600;
/// What is asked for, in seconds.
const LIFETIME_ASKED_S: u32 = 600;
const UDP: u32 = 17 << 24;
const IPV6: u32 = 2 << 24;

/// What the machine wishes or tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Send these bytes to the server.
    Transmit {
        /// The server; it may lead to another one.
        to: SocketAddr,
        /// A datagram, or a piece of the stream.
        bytes: Vec<u8>,
    },
    /// The server lends these addresses.
    Allocated {
        /// One, or one of each family.
        relayed: Vec<SocketAddr>,
        /// Our address as the server sees it.
        mapped: Option<SocketAddr>,
    },
    /// The server does not let this address through.
    Forbidden(IpAddr),
    /// The allocation is over, or there never was one.
    Failed(Failure),
}

/// Why there is no allocation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// Nothing comes back.
    #[error("the TURN server does not answer")]
    NoAnswer,
    /// The account is not known there.
    #[error("the TURN server does not take the name and password")]
    Credentials,
    /// It asks for something else than an account, or makes no sense.
    #[error("the TURN server cannot be understood")]
    Nonsense,
    /// It refused.
    #[error("the TURN server refuses: {code} {reason}")]
    Refused {
        /// 300–699.
        code: u16,
        /// The server's words, safe to show.
        reason: String,
    },
}

/// What something that came from the server is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Received<'a> {
    /// Not of this allocation.
    Nothing,
    /// It was, and is done with.
    Taken,
    /// From a peer, through the server.
    Data {
        /// Who sent it.
        peer: SocketAddr,
        /// What.
        data: &'a [u8],
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Purpose {
    Allocate,
    Refresh(u32),
    Permit(IpAddr),
    Bind(SocketAddr, u16),
}

#[derive(Debug)]
struct Pending {
    purpose: Purpose,
    id: TransactionId,
    bytes: Vec<u8>,
    signed: bool,
    tries: u8,
    timer: Retransmission,
}

#[derive(Debug)]
struct Realm {
    realm: Vec<u8>,
    nonce: Vec<u8>,
    key: Key,
}

/// The machine of one allocation.
#[derive(Debug)]
pub struct Client {
    server: Server,
    hops: u8,
    realm: Option<Realm>,
    pending: Vec<Pending>,
    relayed: Vec<SocketAddr>,
    refresh: Option<Instant>,
    permissions: Permissions,
    waiting: VecDeque<(SocketAddr, Vec<u8>)>,
    is_over: bool,
    effects: VecDeque<Effect>,
    rng: StdRng,
}

impl Client {
    /// Asks for an allocation at once; over a stream when it is open.
    pub fn new(server: Server, now: Instant, rng: &mut impl Rng) -> Client {
        let mut client = Client {
            server,
            hops: 0,
            realm: None,
            pending: Vec::new(),
            relayed: Vec::new(),
            refresh: None,
            permissions: Permissions::default(),
            waiting: VecDeque::new(),
            is_over: false,
            effects: VecDeque::new(),
            rng: StdRng::from_rng(rng),
        };
        client.request(Purpose::Allocate, 0, now);
        client
    }

    /// The server that is used now.
    pub fn server(&self) -> SocketAddr {
        self.server.address
    }

    /// The addresses it lends; none before and after.
    pub fn relayed(&self) -> &[SocketAddr] {
        &self.relayed
    }

    /// What came from the server: a datagram, or a frame of its stream.
    pub fn receive<'a>(&mut self, bytes: &'a [u8], now: Instant) -> Received<'a> {
        if let Some(ChannelData { channel, data }) = ChannelData::parse(bytes) {
            let peer = self.permissions.peer_of(channel);
            return peer.map_or(Received::Nothing, |peer| Received::Data { peer, data });
        }
        let Ok(message) = Message::parse(bytes) else { return Received::Nothing };
        match message.class {
            Class::Request => Received::Nothing,
            Class::Indication if message.method == Method::DATA && !self.relayed.is_empty() => {
                //= RFC 8656 §11.4: indications are not signed; who was not to be let through has sent nothing
                let peer = message.xor_address(Attribute::XOR_PEER_ADDRESS);
                let peer = peer.filter(|peer| self.permissions.lets(peer.ip()));
                let data = message.attribute(Attribute::DATA);
                peer.zip(data).map_or(Received::Taken, |(peer, data)| Received::Data { peer, data })
            }
            Class::Indication => Received::Nothing,
            Class::Success | Class::Error => {
                let Some(at) = self.pending.iter().position(|pending| pending.id == message.id) else {
                    return Received::Nothing;
                };
                if self.is_believable(&message, at) {
                    let pending = self.pending.remove(at);
                    match message.class {
                        Class::Success => self.granted(pending, &message, now),
                        _ => self.refused(pending, &message, now),
                    }
                }
                Received::Taken
            }
        }
    }

    /// Carries data to a peer; asks for the permission first where there is none.
    pub fn send(&mut self, peer: SocketAddr, data: &[u8], now: Instant) {
        if self.relayed.is_empty() {
            return;
        }
        if let Some(channel) = self.permissions.channel_of(peer) {
            let bytes = ChannelData { channel, data }.to_bytes(self.server.is_stream);
            return bytes.into_iter().for_each(|bytes| self.transmit(bytes));
        }
        match self.permit(peer.ip(), now) {
            Some(State::Granted(_)) => {
                let id = TransactionId::new(&mut self.rng);
                let indication = Writer::new(Class::Indication, Method::SEND, id);
                let indication = indication.xor_address(Attribute::XOR_PEER_ADDRESS, peer);
                self.transmit(indication.attribute(Attribute::DATA, data).finish());
            }
            Some(State::Asked) if self.waiting.len() < MAX_WAITING => self.waiting.push_back((peer, data.to_vec())),
            _ => {}
        }
    }

    /// Gives a peer a channel: four bytes of frame instead of thirty-six.
    pub fn bind(&mut self, peer: SocketAddr, now: Instant) {
        if self.relayed.is_empty() {
            return;
        }
        if let Some(channel) = self.permissions.new_channel(peer) {
            self.request(Purpose::Bind(peer, channel), 0, now);
        }
    }

    /// Whom the server lets through it is to let through again: it may have forgotten.
    pub fn permit_again(&mut self, now: Instant) {
        self.permissions.ask_again(now);
    }

    /// Keeps a mapping towards the server alive (RFC 8445 §5.1.1.4).
    pub fn keep_alive(&mut self) {
        let id = TransactionId::new(&mut self.rng);
        self.transmit(Writer::new(Class::Indication, Method::BINDING, id).finish());
    }

    /// Gives the allocation back.
    //= RFC 8656 §8: a lifetime of zero deletes it
    pub fn close(&mut self, now: Instant) {
        if !self.relayed.is_empty() {
            self.pending.clear();
            self.relayed.clear();
            self.refresh = None;
            self.permissions = Permissions::default();
            self.request(Purpose::Refresh(0), 0, now);
        }
        self.is_over = true;
    }

    /// The time of [`next_timeout`](Self::next_timeout) has come.
    pub fn handle_timeout(&mut self, now: Instant) {
        let mut again = Vec::new();
        let mut over = Vec::new();
        self.pending.retain_mut(|pending| match pending.timer.poll(now) {
            Turn::Wait => true,
            Turn::Again => {
                again.push(pending.bytes.clone());
                true
            }
            Turn::GiveUp => {
                over.push(pending.purpose.clone());
                false
            }
        });
        again.into_iter().for_each(|bytes| self.transmit(bytes));
        over.into_iter().for_each(|purpose| self.failed(purpose, Failure::NoAnswer));
        if self.refresh.is_some_and(|at| at <= now) {
            self.refresh = None;
            self.request(Purpose::Refresh(LIFETIME_ASKED_S), 0, now);
        }
        let (ips, channels) = self.permissions.due(now);
        ips.into_iter().for_each(|ip| self.request(Purpose::Permit(ip), 0, now));
        channels.into_iter().for_each(|(peer, channel)| self.request(Purpose::Bind(peer, channel), 0, now));
    }

    /// When it wants to be told the time.
    pub fn next_timeout(&self) -> Option<Instant> {
        let timers = self.pending.iter().map(|pending| pending.timer.next_timeout());
        timers.chain(self.refresh).chain(self.permissions.next_timeout()).min()
    }

    /// What it wishes next.
    pub fn poll(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    /// Asks that a peer be let through; what is known of it.
    fn permit(&mut self, ip: IpAddr, now: Instant) -> Option<State> {
        let (state, is_new) = self.permissions.address(ip)?;
        if is_new {
            self.request(Purpose::Permit(ip), 0, now);
        }
        Some(state)
    }

    fn granted(&mut self, pending: Pending, message: &Message<'_>, now: Instant) {
        let lifetime = message.number(Attribute::LIFETIME).unwrap_or(LIFETIME_ASKED_S);
        match pending.purpose {
            // It was closed while it was asked for.
            Purpose::Allocate if self.is_over => self.request(Purpose::Refresh(0), 0, now),
            Purpose::Allocate => {
                let relayed: Vec<_> = message.xor_addresses(Attribute::XOR_RELAYED_ADDRESS).take(2).collect();
                if relayed.is_empty() {
                    return self.over(Failure::Nonsense);
                }
                self.refresh_before(lifetime, now);
                self.relayed.clone_from(&relayed);
                self.effects.push_back(Effect::Allocated { relayed, mapped: message.mapped() });
            }
            Purpose::Refresh(0) => {}
            Purpose::Refresh(_) => self.refresh_before(lifetime, now),
            Purpose::Permit(ip) => {
                self.permissions.granted(ip, now);
                let (ready, rest) = self.waiting.drain(..).partition(|(peer, _)| peer.ip() == ip);
                self.waiting = rest;
                VecDeque::into_iter(ready).for_each(|(peer, data)| self.send(peer, &data, now));
            }
            Purpose::Bind(peer, channel) => {
                self.permissions.address(peer.ip());
                //= RFC 8656 §12.2: a channel is a permission as well
                self.permissions.granted(peer.ip(), now);
                self.permissions.bound(channel, now);
            }
        }
    }

    fn refused(&mut self, pending: Pending, message: &Message<'_>, now: Instant) {
        let Some(ErrorCode { code, reason }) = message.error() else {
            return self.failed(pending.purpose, Failure::Nonsense);
        };
        let tries = pending.tries + 1;
        match code {
            _ if self.is_over && pending.purpose == Purpose::Allocate => {}
            //= RFC 8489 §9.2.5: the same request again, signed, or with the new nonce
            401 if pending.signed => self.failed(pending.purpose, Failure::Credentials),
            401 | 438 if tries > MAX_TRIES || !self.challenged(message) => {
                self.failed(pending.purpose, Failure::Nonsense);
            }
            401 | 438 => self.request(pending.purpose, tries, now),
            300 if pending.purpose == Purpose::Allocate && self.redirected(message) => {
                self.request(pending.purpose, tries, now);
            }
            //= RFC 8656 §8.3: what is to be deleted is not there
            437 if pending.purpose == Purpose::Refresh(0) => {}
            //= RFC 8656 §5: the server has no such allocation any more
            437 => self.over(Failure::Refused { code, reason }),
            _ => self.failed(pending.purpose, Failure::Refused { code, reason }),
        }
    }

    fn failed(&mut self, purpose: Purpose, failure: Failure) {
        match purpose {
            Purpose::Refresh(0) => {}
            Purpose::Allocate | Purpose::Refresh(_) => self.over(failure),
            Purpose::Permit(ip) => {
                self.permissions.refused(ip);
                self.waiting.retain(|(peer, _)| peer.ip() != ip);
                self.effects.push_back(Effect::Forbidden(ip));
            }
            Purpose::Bind(_, channel) => self.permissions.not_bound(channel),
        }
    }

    fn over(&mut self, failure: Failure) {
        self.pending.clear();
        self.relayed.clear();
        self.refresh = None;
        self.permissions = Permissions::default();
        if !std::mem::replace(&mut self.is_over, true) {
            self.effects.push_back(Effect::Failed(failure));
        }
    }

    //= RFC 8656 §8: a minute before it ends
    fn refresh_before(&mut self, lifetime: u32, now: Instant) {
        let lifetime = lifetime.clamp(*LIFETIME_S.start(), *LIFETIME_S.end());
        self.refresh = Some(now + Duration::from_secs(lifetime.saturating_sub(60).max(lifetime / 2).into()));
    }

    /// Takes realm and nonce of a challenge; false without them, and what was known stays.
    fn challenged(&mut self, message: &Message<'_>) -> bool {
        let known = self.realm.as_ref().map(|known| known.realm.clone());
        let realm = message.attribute(Attribute::REALM).map(<[u8]>::to_vec);
        let nonce = message.attribute(Attribute::NONCE).map(<[u8]>::to_vec);
        let Some((realm, nonce)) = realm.or(known).zip(nonce) else { return false };
        let key = Key::long_term(&self.server.username, &realm, &self.server.password);
        self.realm = Some(Realm { realm, nonce, key });
        true
    }

    /// Goes to another server of the same kind (RFC 8489 §10); false where that cannot be.
    fn redirected(&mut self, message: &Message<'_>) -> bool {
        let to = message.address(Attribute::ALTERNATE_SERVER).filter(|to| to.port() != 0 && !to.ip().is_unspecified());
        let is_family = |to: &SocketAddr| to.is_ipv4() == self.server.address.is_ipv4();
        let Some(to) = to.filter(is_family).filter(|_| self.hops < MAX_HOPS && !self.server.is_stream) else {
            return false;
        };
        self.hops += 1;
        self.server.address = to;
        self.realm = None;
        true
    }

    /// A success must be signed as the request was; a challenge cannot be.
    //= RFC 8489 §9.2.5
    fn is_believable(&self, message: &Message<'_>, at: usize) -> bool {
        let Some(Realm { key, .. }) = self.realm.as_ref().filter(|_| self.pending.get(at).is_some_and(|p| p.signed))
        else {
            return true;
        };
        match message.integrity(key) {
            Integrity::Good => true,
            Integrity::Missing => message.class == Class::Error,
            Integrity::Bad => false,
        }
    }

    fn request(&mut self, purpose: Purpose, tries: u8, now: Instant) {
        if self.pending.len() >= MAX_PENDING {
            return;
        }
        let id = TransactionId::new(&mut self.rng);
        let new = |method| Writer::new(Class::Request, method, id);
        let writer = match &purpose {
            //= RFC 8656 §7.1: an IPv6 address as well, if the server has one
            Purpose::Allocate => new(Method::ALLOCATE)
                .number(Attribute::REQUESTED_TRANSPORT, UDP)
                .number(Attribute::ADDITIONAL_ADDRESS_FAMILY, IPV6),
            Purpose::Refresh(lifetime) => new(Method::REFRESH).number(Attribute::LIFETIME, *lifetime),
            Purpose::Permit(ip) => {
                new(Method::CREATE_PERMISSION).xor_address(Attribute::XOR_PEER_ADDRESS, SocketAddr::new(*ip, 0))
            }
            Purpose::Bind(peer, channel) => new(Method::CHANNEL_BIND)
                .number(Attribute::CHANNEL_NUMBER, u32::from(*channel) << 16)
                .xor_address(Attribute::XOR_PEER_ADDRESS, *peer),
        };
        let bytes = match &self.realm {
            Some(Realm { realm, nonce, key }) => writer
                .attribute(Attribute::USERNAME, self.server.username.as_bytes())
                .attribute(Attribute::REALM, realm)
                .attribute(Attribute::NONCE, nonce)
                .sign(key)
                .finish(),
            None => writer.finish(),
        };
        let schedule = if self.server.is_stream { Schedule::STREAM } else { Schedule::SERVER };
        let timer = Retransmission::new(schedule, now);
        let signed = self.realm.is_some();
        self.pending.push(Pending { purpose, id, bytes: bytes.clone(), signed, tries, timer });
        self.transmit(bytes);
    }

    fn transmit(&mut self, bytes: Vec<u8>) {
        self.effects.push_back(Effect::Transmit { to: self.server.address, bytes });
    }
}
