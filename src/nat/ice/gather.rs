//! Candidates of ours: hosts, what servers see, what servers lend.

use super::{Agent, Candidate, CandidateKind, Event, MAX_HOSTS, Output, RelayId, priority};
use crate::nat::stun::{Class, Message, Method, Retransmission, Schedule, TransactionId, Turn, Writer};
use crate::nat::turn::{self, Client, Framer};
use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

/// Most servers asked from one socket, of each kind.
const MAX_SERVERS: usize = 2;
/// What was found is kept alive this often until a pair is in use.
//= RFC 8445 §5.1.1.4, §11: Tr
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// Something to be asked, one each [`super::agent::TA`].
#[derive(Debug)]
enum Step {
    Stun(u8, SocketAddr, SocketAddr),
    Turn(u8, Option<SocketAddr>, turn::Server),
    /// A relay that was given back, or lost.
    Again(usize),
}

#[derive(Debug)]
struct Query {
    component: u8,
    base: SocketAddr,
    server: SocketAddr,
    id: TransactionId,
    timer: Retransmission,
}

/// A TURN server asked from one socket, or over a stream.
#[derive(Debug)]
pub(super) struct Relay {
    pub component: u8,
    /// `None` = a stream.
    pub base: Option<SocketAddr>,
    server: turn::Server,
    /// `None` while the stream is being opened, and when there is none.
    pub client: Option<Client>,
    pub framer: Framer,
    /// What it lends.
    lent: Vec<SocketAddr>,
    /// It has answered, or need not any more.
    is_settled: bool,
}

/// What gathering knows.
#[derive(Debug, Default)]
pub(super) struct Gather {
    steps: VecDeque<Step>,
    queries: Vec<Query>,
    pub relays: Vec<Relay>,
    /// Foundations: kind, base, server; the number is its place.
    foundations: Vec<(CandidateKind, IpAddr, Option<IpAddr>)>,
    deadline: Option<Instant>,
    keep_alive: Option<Instant>,
    /// Servers that answered, to be kept alive from these sockets.
    answered: Vec<(SocketAddr, SocketAddr)>,
}

impl Gather {
    /// There is something to be asked at the next turn.
    pub fn has_next(&self) -> bool {
        !self.steps.is_empty()
    }

    /// When it wants to be told the time.
    pub fn next_timeout(&self) -> Option<Instant> {
        let queries = self.queries.iter().map(|query| query.timer.next_timeout());
        let relays = self.relays.iter().filter_map(|relay| relay.client.as_ref()?.next_timeout());
        queries.chain(relays).chain(self.deadline).chain(self.keep_alive).min()
    }
}

impl Agent {
    /// Hosts are candidates at once; who else is to be asked is lined up.
    pub(super) fn begin_gathering(&mut self, now: Instant) {
        self.gather.deadline = Some(now + self.config.gather_most);
        self.gather.keep_alive = Some(now + KEEP_ALIVE);
        let mut hosts: Vec<(u8, SocketAddr)> = Vec::new();
        for (component, base) in self.config.hosts.clone() {
            if hosts.iter().filter(|(known, _)| *known == component).count() < MAX_HOSTS {
                hosts.push((component, base));
            }
        }
        for (component, base) in &hosts {
            if !self.config.relay_only {
                self.add_local(*component, CandidateKind::Host, *base, *base, None);
            }
        }
        let is_near = |server: &&SocketAddr, base: &SocketAddr| server.is_ipv4() == base.is_ipv4();
        let mut asked: Vec<(u8, bool)> = Vec::new();
        for (component, base) in hosts.iter().filter(|(_, base)| !base.ip().is_loopback()) {
            let stun = self.config.stun.iter().filter(|server| is_near(server, base) && !self.config.relay_only);
            self.gather.steps.extend(stun.take(MAX_SERVERS).map(|server| Step::Stun(*component, *base, *server)));
            let turn = self.config.turn.iter().filter(|server| !server.is_stream && is_near(&&server.address, base));
            // From the first address of each family: who lends counts what each user has borrowed.
            let is_first = !asked.contains(&(*component, base.is_ipv4()));
            asked.push((*component, base.is_ipv4()));
            let turn = turn.take(if is_first { MAX_SERVERS } else { 0 }).cloned();
            self.gather.steps.extend(turn.map(|server| Step::Turn(*component, Some(*base), server)));
        }
        let mut components: Vec<u8> = hosts.iter().map(|(component, _)| *component).collect();
        components.sort_unstable();
        components.dedup();
        for component in components {
            let streams = self.config.turn.iter().filter(|server| server.is_stream).take(MAX_SERVERS).cloned();
            self.gather.steps.extend(streams.map(|server| Step::Turn(component, None, server)));
        }
        self.settle(now);
    }

    /// Relays that were given back, or lost, are asked anew; the others, to let through whom they did: they may have
    /// forgotten it.
    //= RFC 8445 §9
    pub(super) fn gather_again(&mut self, now: Instant) {
        self.gather.deadline = Some(now + self.config.gather_most);
        self.gather.keep_alive = Some(now + KEEP_ALIVE);
        for (at, relay) in self.gather.relays.iter_mut().enumerate().filter(|(_, relay)| relay.is_gone()) {
            relay.is_settled = false;
            self.gather.steps.push_back(Step::Again(at));
        }
        let lenders = self.gather.relays.iter_mut().filter_map(|relay| relay.client.as_mut());
        lenders.for_each(|client| client.permit_again(now));
        self.settle(now);
    }

    /// Asks the next one.
    pub(super) fn gather_next(&mut self, now: Instant) {
        match self.gather.steps.pop_front() {
            Some(Step::Stun(component, base, server)) => {
                let id = TransactionId::new(&mut self.rng);
                let timer = Retransmission::new(Schedule::SERVER, now);
                self.gather.queries.push(Query { component, base, server, id, timer });
                self.query(base, server, id);
            }
            Some(Step::Turn(component, base, server)) => {
                let framer = Framer::default();
                let relay =
                    Relay { component, base, server, client: None, framer, lent: Vec::new(), is_settled: false };
                self.gather.relays.push(relay);
                self.ask_relay(self.gather.relays.len() - 1, now);
            }
            Some(Step::Again(at)) => self.ask_relay(at, now),
            None => {}
        }
    }

    /// Asks a server to lend an address; over a stream when that is open.
    fn ask_relay(&mut self, at: usize, now: Instant) {
        let Some(relay) = self.gather.relays.get_mut(at) else { return };
        relay.framer = Framer::default();
        relay.client = relay.base.map(|_| Client::new(relay.server.clone(), now, &mut self.rng));
        if relay.base.is_none() {
            let server = relay.server.address;
            self.outputs.push_back(Output::Connect { relay: RelayId(at), server });
        }
    }

    pub(super) fn gather_timeout(&mut self, now: Instant) {
        let mut again = Vec::new();
        self.gather.queries.retain_mut(|query| match query.timer.poll(now) {
            Turn::Wait => true,
            Turn::GiveUp => false,
            Turn::Again => {
                again.push((query.base, query.server, query.id));
                true
            }
        });
        again.into_iter().for_each(|(base, server, id)| self.query(base, server, id));
        let clients = self.gather.relays.iter_mut().filter_map(|relay| relay.client.as_mut());
        clients.filter(|c| c.next_timeout().is_some_and(|at| at <= now)).for_each(|c| c.handle_timeout(now));
        if self.gather.keep_alive.is_some_and(|at| at <= now) {
            self.gather.keep_alive = (!self.is_connected()).then_some(now + KEEP_ALIVE);
            for (from, to) in self.gather.answered.clone() {
                let id = TransactionId::new(&mut self.rng);
                let bytes = Writer::new(Class::Indication, Method::BINDING, id).finish();
                self.outputs.push_back(Output::Transmit { from, to, bytes });
            }
            let clients = self.gather.relays.iter_mut().filter_map(|relay| relay.client.as_mut());
            clients.filter(|client| !client.relayed().is_empty()).for_each(Client::keep_alive);
        }
        self.settle(now);
    }

    /// An answer of a STUN server; false if it is none.
    pub(super) fn gathered(&mut self, base: SocketAddr, from: SocketAddr, message: &Message<'_>, now: Instant) -> bool {
        let is_answer = |query: &Query| query.id == message.id && query.base == base && query.server == from;
        let Some(at) = self.gather.queries.iter().position(is_answer) else { return false };
        let query = self.gather.queries.remove(at);
        if let Some(mapped) = message.mapped().filter(|_| message.class == Class::Success) {
            self.gather.answered.push((base, from));
            let server = Some(from.ip());
            self.add_local(query.component, CandidateKind::ServerReflexive, mapped, base, server);
        }
        self.settle(now);
        true
    }

    /// What the relays wish becomes what the agent wishes.
    pub(super) fn pump(&mut self, now: Instant) {
        for at in 0..self.gather.relays.len() {
            while let Some(effect) = self.gather.relays.get_mut(at).and_then(|relay| relay.client.as_mut()?.poll()) {
                self.relay_effect(at, effect, now);
            }
        }
    }

    fn relay_effect(&mut self, at: usize, effect: turn::Effect, now: Instant) {
        let Some(relay) = self.gather.relays.get_mut(at) else { return };
        let (component, base, server) = (relay.component, relay.base, relay.server.address);
        match effect {
            turn::Effect::Transmit { to, bytes } => self.outputs.push_back(match base {
                Some(from) => Output::Transmit { from, to, bytes },
                None => Output::Stream { relay: RelayId(at), bytes },
            }),
            turn::Effect::Allocated { relayed, mapped } => {
                relay.is_settled = true;
                relay.lent.clone_from(&relayed);
                if let (Some(base), Some(mapped), false) = (base, mapped, self.config.relay_only) {
                    self.add_local(component, CandidateKind::ServerReflexive, mapped, base, Some(server.ip()));
                }
                for address in relayed {
                    self.add_local(component, CandidateKind::Relayed, address, address, Some(server.ip()));
                    if let Some(candidate) = self.locals.iter_mut().find(|local| local.address == address) {
                        candidate.related = mapped.filter(|_| !self.config.relay_only);
                    }
                }
                self.settle(now);
            }
            turn::Effect::Forbidden(ip) => {
                let lent = relay.lent.clone();
                self.forbid(&lent, ip);
            }
            turn::Effect::Failed(failure) => {
                relay.is_settled = true;
                self.forget_lent(at);
                self.outputs.push_back(Output::Event(Event::RelayFailed(server, failure)));
                self.settle(now);
            }
        }
    }

    /// The stream is open; the server is asked over it.
    pub fn stream_opened(&mut self, RelayId(at): RelayId, now: Instant) {
        let is_awaited = |relay: &&mut Relay| relay.client.is_none() && !relay.is_settled;
        if let Some(relay) = self.gather.relays.get_mut(at).filter(is_awaited) {
            relay.client = Some(Client::new(relay.server.clone(), now, &mut self.rng));
        }
        self.pump(now);
    }

    /// The stream has ended, or never was.
    pub fn stream_closed(&mut self, RelayId(at): RelayId, now: Instant) {
        if let Some(relay) = self.gather.relays.get_mut(at) {
            let is_news = !relay.is_gone();
            relay.client = None;
            relay.framer = Framer::default();
            relay.is_settled = true;
            let failed = Event::RelayFailed(relay.server.address, turn::Failure::NoAnswer);
            if is_news {
                self.outputs.push_back(Output::Event(failed));
            }
            self.forget_lent(at);
        }
        self.settle(now);
    }

    /// Tells once that there is nothing more to wait for.
    fn settle(&mut self, now: Instant) {
        let Some(deadline) = self.gather.deadline else { return };
        let gather = &self.gather;
        let is_done = gather.steps.is_empty() && gather.queries.is_empty();
        if now >= deadline || is_done && gather.relays.iter().all(|relay| relay.is_settled) {
            self.gather.deadline = None;
            self.outputs.push_back(Output::Event(Event::Gathered));
        }
    }

    /// A candidate of ours, unless it is known.
    pub(super) fn add_local(
        &mut self,
        component: u8,
        kind: CandidateKind,
        address: SocketAddr,
        base: SocketAddr,
        server: Option<IpAddr>,
    ) {
        //= RFC 8445 §5.1.3: redundant with one of the same address and base
        if self.locals.iter().any(|local| local.address == address && local.base == base) {
            return;
        }
        let foundation = self.foundation(kind, base.ip(), server);
        let priority = priority(kind, self.local_preference(base), component);
        let related = (kind != CandidateKind::Host).then_some(base);
        let candidate = Candidate { foundation, component, priority, address, kind, related, base };
        self.locals.push(candidate.clone());
        if kind != CandidateKind::PeerReflexive {
            self.outputs.push_back(Output::Event(Event::Candidate(candidate.clone())));
        }
        self.pair_local(&candidate);
    }

    //= RFC 8445 §5.1.1.3
    fn foundation(&mut self, kind: CandidateKind, base: IpAddr, server: Option<IpAddr>) -> String {
        let key = (kind, base, server);
        let place = self.gather.foundations.iter().position(|known| *known == key).unwrap_or_else(|| {
            self.gather.foundations.push(key);
            self.gather.foundations.len() - 1
        });
        (place + 1).to_string()
    }

    /// The order of the hosts; what is borrowed comes in the order it was lent.
    //= RFC 8445 §5.1.2.1: no two of one kind and component are alike
    pub(super) fn local_preference(&self, base: SocketAddr) -> u16 {
        let mut ips: Vec<IpAddr> = Vec::new();
        let known = self.config.hosts.iter().map(|(_, host)| host.ip());
        let lent = self.locals.iter().filter(|local| local.kind == CandidateKind::Relayed).map(|local| local.base.ip());
        known.chain(lent).for_each(|ip| {
            if !ips.contains(&ip) {
                ips.push(ip)
            }
        });
        let place = ips.iter().position(|ip| *ip == base.ip()).unwrap_or(ips.len());
        u16::MAX - place.min(1000) as u16
    }

    fn query(&mut self, from: SocketAddr, to: SocketAddr, id: TransactionId) {
        let bytes = Writer::new(Class::Request, Method::BINDING, id).finish();
        self.outputs.push_back(Output::Transmit { from, to, bytes });
    }

    /// Relays that no pair in use needs are given back; the others stay.
    pub(super) fn release_relays(&mut self, now: Instant) {
        let used: Vec<SocketAddr> = self.selected.iter().map(|selected| selected.base).collect();
        for at in 0..self.gather.relays.len() {
            let idle = |relay: &&mut Relay| !relay.lent.iter().any(|lent| used.contains(lent));
            let Some(relay) = self.gather.relays.get_mut(at).filter(idle) else { continue };
            relay.client.as_mut().into_iter().for_each(|client| client.close(now));
            relay.is_settled = true;
            self.forget_lent(at);
        }
        self.gather.steps.clear();
        self.gather.queries.clear();
    }

    /// Nothing is kept, and nothing more is told.
    pub(super) fn stop_gathering(&mut self, now: Instant) {
        (self.gather.deadline, self.gather.keep_alive) = (None, None);
        self.release_relays(now);
        self.pump(now);
    }

    /// What this relay lent is no address of ours any more: neither told of nor checked from.
    fn forget_lent(&mut self, at: usize) {
        let Some(relay) = self.gather.relays.get_mut(at) else { return };
        let lent = std::mem::take(&mut relay.lent);
        self.locals.retain(|local| !lent.contains(&local.base));
        self.checklist.pairs.retain(|pair| !lent.contains(&pair.base));
    }
}

impl Relay {
    /// It lends nothing, and is not about to.
    fn is_gone(&self) -> bool {
        self.is_settled && self.lent.is_empty()
    }
}
