//! The address of one local socket as the internet sees it, kept alive.
//!
//! ```text
//!  new ─▶ asks the first server, after a second of silence the next one as well …
//!      ─▶ Mapped(address) ─▶ asks again every `refresh`, first the one that answered ─▶ Mapped(another) or Lost
//! ```

use super::stun::{Class, Message, Method, Retransmission, Schedule, TransactionId, Turn, Writer};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// Most servers that are asked (`STUN` of the configuration).
pub const MAX_SERVERS: usize = 8;
/// A server that is silent so long is not waited for alone.
const PATIENCE: Duration = Duration::from_secs(1);
/// Where nobody answers, they are asked again after this.
const RETRY: Duration = Duration::from_secs(30);
/// Refreshed no more often than this.
const REFRESH_LEAST: Duration = Duration::from_secs(2);

/// What the machine wishes or tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Send these bytes from the socket.
    Transmit {
        /// A server.
        to: SocketAddr,
        /// A request.
        bytes: Vec<u8>,
    },
    /// The socket's address as seen from outside, the first time and after each change.
    Mapped(SocketAddr),
    /// No server answers any more, or none ever did.
    Lost,
}

/// The machine of one socket.
#[derive(Debug)]
pub struct Mapping {
    /// Best first: the one that answered last leads.
    servers: Vec<SocketAddr>,
    refresh: Duration,
    asked: Vec<Asked>,
    /// The next server to be asked in this round, and when.
    next: Option<(usize, Instant)>,
    /// When the next round begins.
    round: Option<Instant>,
    mapped: Option<SocketAddr>,
    effects: VecDeque<Effect>,
    rng: StdRng,
}

#[derive(Debug)]
struct Asked {
    server: SocketAddr,
    id: TransactionId,
    timer: Retransmission,
}

impl Mapping {
    /// Asks at once. Of the servers those count whose family is that of the socket.
    pub fn new(local: SocketAddr, servers: &[SocketAddr], refresh: Duration, now: Instant, rng: &mut impl Rng) -> Self {
        let usable = servers.iter().filter(|server| server.is_ipv4() == local.is_ipv4());
        let mut mapping = Mapping {
            servers: usable.take(MAX_SERVERS).copied().collect(),
            refresh: refresh.max(REFRESH_LEAST),
            asked: Vec::new(),
            next: None,
            round: Some(now),
            mapped: None,
            effects: VecDeque::new(),
            rng: StdRng::from_rng(rng),
        };
        mapping.handle_timeout(now);
        mapping
    }

    /// The address as it was seen last, while a server answers.
    pub fn mapped(&self) -> Option<SocketAddr> {
        self.mapped
    }

    /// A server may still answer.
    pub fn is_asking(&self) -> bool {
        !self.asked.is_empty() || self.next.is_some()
    }

    /// A datagram came to the socket; true if it is an answer to a question of this machine.
    pub fn handle_datagram(&mut self, bytes: &[u8], from: SocketAddr, now: Instant) -> bool {
        let Ok(message) = Message::parse(bytes) else { return false };
        let is_answer = |asked: &Asked| asked.id == message.id && asked.server == from;
        let Some(at) = self.asked.iter().position(is_answer) else { return false };
        match (message.class, message.mapped()) {
            (Class::Success, Some(address)) => self.answered(from, address, now),
            (Class::Request | Class::Indication, _) => return false,
            //= RFC 8489 §6.3.4: a server that refuses is as good as none
            _ => {
                self.asked.remove(at);
                self.next = self.next.map(|(server, _)| (server, now));
                self.handle_timeout(now);
            }
        }
        true
    }

    /// The time of [`next_timeout`](Self::next_timeout) has come.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.round.is_some_and(|at| at <= now) {
            self.round = None;
            self.next = Some((0, now));
        }
        let mut again = Vec::new();
        self.asked.retain_mut(|asked| match asked.timer.poll(now) {
            Turn::Wait => true,
            Turn::GiveUp => false,
            Turn::Again => {
                again.push((asked.server, asked.id));
                true
            }
        });
        again.into_iter().for_each(|(server, id)| self.transmit(server, id));
        if let Some((at, when)) = self.next.filter(|(_, when)| *when <= now) {
            self.next = None;
            if let Some(server) = self.servers.get(at).copied() {
                self.next = Some((at + 1, when.max(now) + PATIENCE));
                let id = TransactionId::new(&mut self.rng);
                self.asked.push(Asked { server, id, timer: Retransmission::new(Schedule::SERVER, now) });
                self.transmit(server, id);
            }
        }
        if self.asked.is_empty() && self.next.is_none() && self.round.is_none() {
            self.round = (!self.servers.is_empty()).then_some(now + RETRY);
            self.mapped = None;
            self.effects.push_back(Effect::Lost);
        }
    }

    /// When it wants to be told the time.
    pub fn next_timeout(&self) -> Option<Instant> {
        let timers = self.asked.iter().map(|asked| asked.timer.next_timeout());
        timers.chain(self.next.map(|(_, at)| at)).chain(self.round).min()
    }

    /// What it wishes next.
    pub fn poll(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    fn answered(&mut self, server: SocketAddr, address: SocketAddr, now: Instant) {
        self.asked.clear();
        self.next = None;
        self.round = Some(now + self.refresh);
        self.servers.sort_by_key(|known| *known != server);
        if self.mapped.replace(address) != Some(address) {
            self.effects.push_back(Effect::Mapped(address));
        }
    }

    fn transmit(&mut self, to: SocketAddr, id: TransactionId) {
        let bytes = Writer::new(Class::Request, Method::BINDING, id).finish();
        self.effects.push_back(Effect::Transmit { to, bytes });
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods)] // A moment to count from; nothing waits on it.
mod tests {
    use super::*;
    use crate::nat::stun::Attribute;

    const LOCAL: &str = "10.0.0.2:4000";
    const ONE: &str = "192.0.2.1:3478";
    const TWO: &str = "192.0.2.2:3478";
    const OUTSIDE: &str = "198.51.100.9:61000";

    fn at(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    fn new(servers: &[&str], now: Instant) -> Mapping {
        let servers: Vec<_> = servers.iter().map(|server| at(server)).collect();
        let mut rng = StdRng::seed_from_u64(1);
        Mapping::new(at(LOCAL), &servers, Duration::from_secs(15), now, &mut rng)
    }

    fn sent(mapping: &mut Mapping) -> Vec<(SocketAddr, TransactionId)> {
        let effects = std::iter::from_fn(|| mapping.poll());
        let requests = effects.filter_map(|effect| match effect {
            Effect::Transmit { to, bytes } => Some((to, Message::parse(&bytes).unwrap().id)),
            _ => None,
        });
        requests.collect()
    }

    fn answer(id: TransactionId, mapped: &str) -> Vec<u8> {
        let writer = Writer::new(Class::Success, Method::BINDING, id);
        writer.xor_address(Attribute::XOR_MAPPED_ADDRESS, at(mapped)).finish()
    }

    /// Every wish until the time, and when it came.
    fn run(mapping: &mut Mapping, start: Instant, seconds: f64) -> Vec<(u128, Effect)> {
        let end = start + Duration::from_secs_f64(seconds);
        let mut all = Vec::new();
        while let Some(now) = mapping.next_timeout().filter(|at| *at <= end) {
            mapping.handle_timeout(now);
            all.extend(std::iter::from_fn(|| mapping.poll()).map(|effect| ((now - start).as_millis(), effect)));
        }
        all
    }

    #[test]
    fn asked_told_refreshed_and_a_change_is_told() {
        let start = Instant::now();
        let mut mapping = new(&[ONE, TWO, "[2001:db8::1]:3478"], start);
        let requests = sent(&mut mapping);
        assert_eq!(requests.iter().map(|(to, _)| *to).collect::<Vec<_>>(), [at(ONE)]);
        assert!(mapping.handle_datagram(&answer(requests[0].1, OUTSIDE), at(ONE), start));
        assert_eq!(mapping.poll(), Some(Effect::Mapped(at(OUTSIDE))));
        assert_eq!(mapping.next_timeout(), Some(start + Duration::from_secs(15)));
        for (after, mapped, told) in [(15, OUTSIDE, None), (30, "198.51.100.9:7", Some("198.51.100.9:7"))] {
            let now = start + Duration::from_secs(after);
            mapping.handle_timeout(now);
            let requests = sent(&mut mapping);
            assert!(mapping.handle_datagram(&answer(requests[0].1, mapped), at(ONE), now));
            assert_eq!(mapping.poll(), told.map(|told| Effect::Mapped(at(told))));
        }
    }

    #[test]
    fn a_silent_server_is_not_waited_for_alone_and_comes_last_from_then_on() {
        let start = Instant::now();
        let mut mapping = new(&[ONE, TWO], start);
        let (first, now) = (sent(&mut mapping), start + PATIENCE);
        mapping.handle_timeout(start + Duration::from_millis(500));
        mapping.handle_timeout(now);
        let rest = sent(&mut mapping);
        assert_eq!(rest.iter().map(|(to, _)| *to).collect::<Vec<_>>(), [at(ONE), at(TWO)]);
        assert_eq!(first[0], rest[0], "sent again, not asked anew");
        assert!(mapping.handle_datagram(&answer(rest[1].1, OUTSIDE), at(TWO), now));
        assert!(!mapping.handle_datagram(&answer(first[0].1, OUTSIDE), at(ONE), now), "it is over");
        assert_eq!(sent(&mut mapping), []);
        mapping.handle_timeout(now + Duration::from_secs(15));
        assert_eq!(sent(&mut mapping)[0].0, at(TWO));
    }

    #[test]
    fn what_was_not_asked_is_not_believed() {
        let start = Instant::now();
        let mut mapping = new(&[ONE], start);
        let id = sent(&mut mapping)[0].1;
        let other = TransactionId([7; 12]);
        assert!(!mapping.handle_datagram(&answer(id, OUTSIDE), at(TWO), start), "from elsewhere");
        assert!(!mapping.handle_datagram(&answer(other, OUTSIDE), at(ONE), start), "to another question");
        let echo = Writer::new(Class::Request, Method::BINDING, id).finish();
        assert!(!mapping.handle_datagram(&echo, at(ONE), start), "our own request");
        assert!(!mapping.handle_datagram(b"\x80rtp", at(ONE), start), "no STUN at all");
        assert_eq!((mapping.mapped(), mapping.poll()), (None, None));
    }

    #[test]
    fn where_nobody_answers_it_is_told_and_tried_again() {
        let start = Instant::now();
        let mut mapping = new(&[ONE], start);
        sent(&mut mapping);
        let told = run(&mut mapping, start, 69.4);
        let lost: Vec<_> = told.iter().filter(|(_, effect)| *effect == Effect::Lost).map(|(at, _)| *at).collect();
        assert_eq!((lost, told.len()), (vec![39_500], 7), "six more requests and the word");
        assert_eq!(run(&mut mapping, start, 69.6).first().map(|(at, _)| *at), Some(69_500));
        let mut none = new(&[], start);
        assert_eq!((none.poll(), none.next_timeout()), (Some(Effect::Lost), None));
    }

    #[test]
    fn a_refusal_leads_to_the_next_server_at_once() {
        let start = Instant::now();
        let mut mapping = new(&[ONE, TWO], start);
        let id = sent(&mut mapping)[0].1;
        let refusal = Writer::new(Class::Error, Method::BINDING, id).error(500, "Server Error").finish();
        assert!(mapping.handle_datagram(&refusal, at(ONE), start));
        assert_eq!(sent(&mut mapping).iter().map(|(to, _)| *to).collect::<Vec<_>>(), [at(TWO)]);
    }
}
