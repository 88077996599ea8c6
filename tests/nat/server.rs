//! A STUN and TURN server as a value (RFC 8489, RFC 5780, RFC 8656).

use super::internet::{Datagram, Node};
use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};
use tuiphone::nat::stun::{Attribute, Class, Integrity, Key, Message, Method, TransactionId, Writer};
use tuiphone::nat::turn::ChannelData;

pub const PORT: u16 = 3478;
pub const OTHER_PORT: u16 = 3479;
pub const USER: &str = "alice";
pub const PASSWORD: &str = "wonder";
const REALM: &str = "turn.example";

pub struct Server {
    ip: IpAddr,
    /// Its second address, if it can tell the behaviour of NATs.
    pub other: Option<IpAddr>,
    /// It lends addresses.
    pub turn: bool,
    /// A nonce is good for so long.
    pub nonce_life: Duration,
    /// Addresses it does not let through.
    pub forbidden: Vec<IpAddr>,
    /// It answers nothing any more.
    pub dead: bool,
    pub allocations: Vec<Allocation>,
    start: Option<Instant>,
    next_port: u16,
    out: VecDeque<Datagram>,
}

pub struct Allocation {
    pub client: SocketAddr,
    /// Of the request: it may be sent again.
    id: TransactionId,
    at: SocketAddr,
    pub relayed: SocketAddr,
    ends: Instant,
    pub permissions: Vec<(IpAddr, Instant)>,
    pub channels: Vec<(u16, SocketAddr, Instant)>,
}

impl Server {
    pub fn new(ip: &str) -> Server {
        Server {
            ip: ip.parse().unwrap(),
            other: None,
            turn: true,
            nonce_life: Duration::from_secs(600),
            forbidden: Vec::new(),
            dead: false,
            allocations: Vec::new(),
            start: None,
            next_port: 50_000,
            out: VecDeque::new(),
        }
    }

    fn nonce(&self, now: Instant) -> String {
        let age = now - self.start.unwrap_or(now);
        format!("nonce{}", age.as_millis() / self.nonce_life.as_millis())
    }

    fn binding(&mut self, at: SocketAddr, from: SocketAddr, message: &Message<'_>) {
        let change = message.number(Attribute::CHANGE_REQUEST).unwrap_or(0);
        let other = self.other.unwrap_or(self.ip);
        let ip = if change & 4 == 0 || at.ip() == other { at.ip() } else { other };
        let port = if change & 2 == 0 { at.port() } else { OTHER_PORT };
        let mut answer = Writer::new(Class::Success, Method::BINDING, message.id);
        answer = answer.xor_address(Attribute::XOR_MAPPED_ADDRESS, from);
        if self.other.is_some() {
            answer = answer.address(Attribute::OTHER_ADDRESS, SocketAddr::new(other, OTHER_PORT));
        }
        self.out.push_back((SocketAddr::new(ip, port), from, answer.finish()));
    }

    /// The key of a request that is signed as it must be; else it is challenged.
    fn signed(&mut self, at: SocketAddr, from: SocketAddr, message: &Message<'_>, now: Instant) -> Option<Key> {
        let key = Key::long_term(USER, REALM.as_bytes(), PASSWORD);
        let nonce = self.nonce(now);
        let code = match message.integrity(&key) {
            Integrity::Missing | Integrity::Bad => 401,
            Integrity::Good if message.attribute(Attribute::NONCE) != Some(nonce.as_bytes()) => 438,
            Integrity::Good => return Some(key),
        };
        let error = Writer::new(Class::Error, message.method, message.id).error(code, "challenge");
        let error = error.attribute(Attribute::REALM, REALM.as_bytes()).attribute(Attribute::NONCE, nonce.as_bytes());
        self.out.push_back((at, from, error.finish()));
        None
    }

    fn turn(&mut self, at: SocketAddr, from: SocketAddr, message: &Message<'_>, now: Instant) {
        let Some(key) = self.signed(at, from, message, now) else { return };
        let known = self.allocations.iter().position(|allocation| allocation.client == from);
        let peer = message.xor_address(Attribute::XOR_PEER_ADDRESS);
        let new = |class| Writer::new(class, message.method, message.id);
        let lifetime = message.number(Attribute::LIFETIME).unwrap_or(600).min(600);
        let forbidden = peer.is_some_and(|peer| self.forbidden.contains(&peer.ip()));
        let again = self.allocations.iter().find(|known| known.client == from && known.id == message.id);
        let again = again.map(|allocation| allocation.relayed);
        let allocated = |relayed| {
            new(Class::Success)
                .xor_address(Attribute::XOR_RELAYED_ADDRESS, relayed)
                .xor_address(Attribute::XOR_MAPPED_ADDRESS, from)
                .number(Attribute::LIFETIME, 600)
        };
        let answer = match (message.method, known, peer) {
            (Method::ALLOCATE, Some(_), _) if again.is_some() => allocated(again.unwrap()),
            (Method::ALLOCATE, None, _) => {
                self.next_port += 1;
                let relayed = SocketAddr::new(self.ip, self.next_port);
                let ends = now + Duration::from_secs(600);
                let (permissions, channels) = (Vec::new(), Vec::new());
                let id = message.id;
                self.allocations.push(Allocation { client: from, id, at, relayed, ends, permissions, channels });
                allocated(relayed)
            }
            (_, None, _) | (Method::ALLOCATE, Some(_), _) => new(Class::Error).error(437, "Allocation Mismatch"),
            (Method::REFRESH, Some(at), _) => {
                self.allocations[at].ends = now + Duration::from_secs(lifetime.into());
                new(Class::Success).number(Attribute::LIFETIME, lifetime)
            }
            (_, _, Some(_)) if forbidden => new(Class::Error).error(403, "Forbidden"),
            (Method::CREATE_PERMISSION, Some(at), Some(peer)) => {
                self.allocations[at].permit(peer.ip(), now);
                new(Class::Success)
            }
            (Method::CHANNEL_BIND, Some(at), Some(peer)) => {
                let channel = message.number(Attribute::CHANNEL_NUMBER).unwrap_or(0) >> 16;
                let allocation = &mut self.allocations[at];
                allocation.permit(peer.ip(), now);
                allocation.channels.retain(|(known, ..)| u32::from(*known) != channel);
                allocation.channels.push((channel as u16, peer, now + Duration::from_secs(600)));
                new(Class::Success)
            }
            _ => new(Class::Error).error(400, "Bad Request"),
        };
        self.out.push_back((at, from, answer.sign(&key).finish()));
    }

    /// A client sends to a peer.
    fn carry(&mut self, from: SocketAddr, peer: SocketAddr, data: &[u8], now: Instant) {
        let Some(allocation) = self.allocations.iter().find(|allocation| allocation.client == from) else { return };
        let (relayed, permitted) = (allocation.relayed, allocation.lets(peer.ip(), now));
        if permitted && peer.ip() == self.ip {
            // From one allocation to another.
            self.relayed(peer, relayed, data, now);
        } else if permitted {
            self.out.push_back((relayed, peer, data.to_vec()));
        }
    }

    /// A peer sends to a relayed address.
    fn relayed(&mut self, at: SocketAddr, from: SocketAddr, data: &[u8], now: Instant) {
        let Some(allocation) = self.allocations.iter().find(|allocation| allocation.relayed == at) else { return };
        if !allocation.lets(from.ip(), now) {
            return;
        }
        let channel = allocation.channels.iter().find(|(_, peer, ends)| *peer == from && now < *ends);
        let bytes = match channel {
            Some((channel, ..)) => ChannelData { channel: *channel, data }.to_bytes(false).unwrap(),
            None => Writer::new(Class::Indication, Method::DATA, TransactionId([9; 12]))
                .xor_address(Attribute::XOR_PEER_ADDRESS, from)
                .attribute(Attribute::DATA, data)
                .finish(),
        };
        self.out.push_back((allocation.at, allocation.client, bytes));
    }
}

impl Allocation {
    fn permit(&mut self, ip: IpAddr, now: Instant) {
        self.permissions.retain(|(known, _)| *known != ip);
        self.permissions.push((ip, now + Duration::from_secs(300)));
    }

    fn lets(&self, ip: IpAddr, now: Instant) -> bool {
        self.permissions.iter().any(|(known, ends)| *known == ip && now < *ends)
    }
}

impl Node for Server {
    fn receive(&mut self, at: SocketAddr, from: SocketAddr, bytes: &[u8], now: Instant) {
        self.start.get_or_insert(now);
        self.allocations.retain(|allocation| now < allocation.ends);
        if self.dead {
            return;
        }
        if at.port() != PORT && at.port() != OTHER_PORT {
            return self.relayed(at, from, bytes, now);
        }
        if let Some(ChannelData { channel, data }) = ChannelData::parse(bytes) {
            let allocation = self.allocations.iter().find(|allocation| allocation.client == from);
            let bound = allocation.and_then(|a| a.channels.iter().find(|(known, ..)| *known == channel));
            if let Some(peer) = bound.map(|(_, peer, _)| *peer) {
                self.carry(from, peer, data, now);
            }
            return;
        }
        let Ok(message) = Message::parse(bytes) else { return };
        match (message.class, message.method) {
            (Class::Request, Method::BINDING) => self.binding(at, from, &message),
            (Class::Request, _) if self.turn => self.turn(at, from, &message, now),
            (Class::Indication, Method::SEND) => {
                let peer = message.xor_address(Attribute::XOR_PEER_ADDRESS);
                if let Some((peer, data)) = peer.zip(message.attribute(Attribute::DATA)) {
                    self.carry(from, peer, data, now);
                }
            }
            _ => {}
        }
    }

    fn handle_timeout(&mut self, _now: Instant) {}

    fn next_timeout(&self) -> Option<Instant> {
        None
    }

    fn poll(&mut self) -> Option<Datagram> {
        self.out.pop_front()
    }
}
