//! Nodes, links that delay, lose, reorder and duplicate, and one clock. Everything follows from the seed.

use super::gateway::Gateway;
use super::mangle::mangle;
use super::streams::{Streams, Told, UNACKNOWLEDGED, lateness, try_in_turn};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};
use tuiphone::sip::flow::{Flow, Transport};

/// Something with an address.
pub trait Node {
    fn receive(&mut self, bytes: &[u8], flow: Flow, now: Instant);
    fn handle_timeout(&mut self, now: Instant);
    fn next_timeout(&self) -> Option<Instant>;
    fn poll(&mut self) -> Option<Wish>;
    /// The connection it wished for.
    fn opened(&mut self, _asked: u64, _result: Result<Flow, String>, _now: Instant) {}
    /// The connection has ended, or nobody listens there.
    fn failed(&mut self, _flow: Flow, _why: &str, _now: Instant) {}
}

/// What a node wants of the network.
pub enum Wish {
    /// These bytes sent: the path's transport and far end count.
    Send(Flow, Vec<u8>),
    /// A connection to the first of these that takes it, under a number of the node's own.
    Connect(u64, Transport, Vec<SocketAddr>),
}

/// What is met at an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    Open,
    /// Refused at once.
    Shut,
    /// Silence, in both directions.
    Dead,
}

/// What a packet meets on its way.
#[derive(Debug, Clone, Copy)]
pub struct Link {
    pub delay: Duration,
    /// Up to this much more, by chance: packets overtake each other.
    pub jitter: Duration,
    pub loss: f64,
    pub duplication: f64,
}

impl Link {
    pub const GOOD: Link =
        Link { delay: Duration::from_millis(10), jitter: Duration::ZERO, loss: 0.0, duplication: 0.0 };
    /// Nothing is lost, but much comes late, twice or out of order.
    pub const LATE: Link = Link { loss: 0.0, ..Link::BAD };
    /// Bad, but a scenario of many steps comes through.
    pub const POOR: Link = Link { loss: 0.1, ..Link::BAD };
    pub const BAD: Link =
        Link { delay: Duration::from_millis(20), jitter: Duration::from_millis(300), loss: 0.2, duplication: 0.1 };
}

pub struct Network {
    pub now: Instant,
    pub link: Link,
    pub seed: u64,
    start: Instant,
    rng: StdRng,
    nodes: Vec<(SocketAddr, Rc<RefCell<dyn Node>>)>,
    asleep: BTreeSet<SocketAddr>,
    /// Nodes whose datagrams go through a NAT; connections do not.
    gateways: BTreeMap<SocketAddr, Gateway>,
    in_flight: BTreeMap<(Instant, u64), News>,
    sent: u64,
    streams: Streams,
    /// Addresses that are not open, for datagrams (`false`) or connections (`true`).
    doors: BTreeMap<(SocketAddr, bool), Door>,
    /// One line a packet: who, whom, first words; printed when a scenario fails.
    pub trace: Vec<String>,
    /// Every packet: from, to, how many copies arrive, its bytes.
    pub tap: Vec<(u16, u16, u32, Vec<u8>)>,
    /// Loses the packets whose trace line it says so of; a connection they are sent on is dead from then on.
    pub lose: fn(&str) -> bool,
    /// Packets are damaged on their way, one in so many; 0 = none.
    pub damage: u32,
}

struct Packet {
    from: SocketAddr,
    to: SocketAddr,
    bytes: Vec<u8>,
}

/// What is on its way.
enum News {
    Datagram(Packet),
    /// Number of the connection, and which end it goes to.
    Message(u64, usize, Vec<u8>),
    Opened(SocketAddr, u64, Transport, Result<SocketAddr, String>),
    Failed(Told, &'static str),
    Broken(u64),
}

impl Network {
    pub fn new(seed: u64, link: Link) -> Network {
        let now = Instant::now();
        Network {
            now,
            link,
            seed,
            start: now,
            rng: StdRng::seed_from_u64(seed),
            nodes: Vec::new(),
            asleep: BTreeSet::new(),
            gateways: BTreeMap::new(),
            in_flight: BTreeMap::new(),
            sent: 0,
            streams: Streams::default(),
            doors: BTreeMap::new(),
            trace: Vec::new(),
            tap: Vec::new(),
            lose: |_| false,
            damage: 0,
        }
    }

    pub fn add<N: Node + 'static>(&mut self, address: SocketAddr, node: N) -> Rc<RefCell<N>> {
        let node = Rc::new(RefCell::new(node));
        self.nodes.push((address, Rc::clone(&node) as Rc<RefCell<dyn Node>>));
        node
    }

    /// The node is behind this NAT.
    pub fn put_behind(&mut self, node: SocketAddr, gateway: Gateway) {
        self.gateways.insert(node, gateway);
    }

    /// The NAT before a node that has one.
    pub fn gateway(&mut self, node: SocketAddr) -> &mut Gateway {
        self.gateways.get_mut(&node).unwrap()
    }

    /// From now on the node is elsewhere; its connections are over, and only the far ends are told. Those it was opening
    /// begin anew.
    pub fn move_node(&mut self, from: SocketAddr, to: SocketAddr) {
        self.nodes.iter_mut().filter(|(address, _)| *address == from).for_each(|(address, _)| *address = to);
        let its_own = |news: &News| matches!(news, News::Opened(asker, ..) if *asker == from);
        let waiting: Vec<News> = self.in_flight.extract_if(.., |_, news| its_own(news)).map(|(_, news)| news).collect();
        for news in waiting {
            if let News::Opened(_, asked, transport, result) = news {
                self.put(self.link.delay * 2, News::Opened(to, asked, transport, result));
            }
        }
        let ended = self.streams.end_all(from);
        self.tell_end(ended.into_iter().filter(|(node, _)| *node != from).collect());
    }

    /// What is met at this address from now on, by datagrams or by connections.
    pub fn set_door(&mut self, at: SocketAddr, streams: bool, door: Door) {
        self.doors.insert((at, streams), door);
    }

    /// Every connection of this node breaks; both sides notice.
    pub fn cut(&mut self, node: SocketAddr) {
        let ended = self.streams.end_all(node);
        self.tell_end(ended);
    }

    /// How many connections the node has.
    pub fn connections(&self, node: SocketAddr) -> usize {
        self.streams.count(node)
    }

    /// The node's machine sleeps: it hears nothing and no timer of it fires; or it wakes.
    pub fn sleep(&mut self, node: SocketAddr, sleeps: bool) {
        if sleeps {
            self.asleep.insert(node)
        } else {
            self.asleep.remove(&node)
        };
    }

    /// Lets this much time pass.
    pub fn run(&mut self, time: Duration) {
        let end = self.now + time;
        loop {
            self.collect();
            let news = self.in_flight.keys().next().map(|(at, _)| *at);
            let awake = self.nodes.iter().filter(|(address, _)| !self.asleep.contains(address));
            let timer = awake.filter_map(|(_, node)| node.borrow().next_timeout()).min();
            let Some(next) = news.into_iter().chain(timer).min().filter(|at| *at <= end) else { break };
            self.now = self.now.max(next);
            self.deliver();
            let now = self.now;
            for (_, node) in self.nodes.iter().filter(|(address, _)| !self.asleep.contains(address)) {
                let mut node = node.borrow_mut();
                if node.next_timeout().is_some_and(|at| at <= now) {
                    node.handle_timeout(now);
                }
            }
        }
        self.now = end;
    }

    fn collect(&mut self) {
        let mut wishes = Vec::new();
        for (from, node) in &self.nodes {
            while let Some(wish) = node.borrow_mut().poll() {
                wishes.push((*from, wish));
            }
        }
        for (from, wish) in wishes {
            match wish {
                Wish::Send(flow, bytes) if flow.transport == Transport::Udp => {
                    self.send(Packet { from, to: flow.remote, bytes });
                }
                Wish::Send(flow, bytes) => self.send_on(from, flow, bytes),
                Wish::Connect(asked, transport, to) => self.connect(from, asked, transport, &to),
            }
        }
    }

    fn send(&mut self, packet: Packet) {
        let line = format!("{} -> {} {}", name(packet.from), name(packet.to), words(&packet.bytes));
        let doors = [packet.from, packet.to].map(|at| self.door(at, false));
        let copies = if self.rng.random_bool(self.link.loss) || (self.lose)(&line) || doors.contains(&Door::Dead) {
            0
        } else {
            1 + u32::from(self.rng.random_bool(self.link.duplication))
        };
        self.note(copies, line, (packet.from, packet.to), &packet.bytes);
        if copies > 0 && doors[1] == Door::Shut {
            let flow = Flow { transport: Transport::Udp, local: packet.from, remote: packet.to };
            return self.put(self.link.delay * 2, News::Failed((packet.from, flow), "connection refused"));
        }
        let now = self.now;
        let gateway = self.gateways.get_mut(&packet.from);
        let from = gateway.map_or(packet.from, |gateway| gateway.outbound(packet.from, packet.to, now));
        for _ in 0..copies {
            let jitter = self.link.jitter.mul_f64(self.rng.random::<f64>());
            let mut copy = Packet { from, bytes: packet.bytes.clone(), ..packet };
            if self.damage > 0 && self.rng.random_ratio(1, self.damage) {
                copy.bytes = mangle(&mut self.rng, copy.bytes, &self.tap);
            }
            self.put(self.link.delay + jitter, News::Datagram(copy));
        }
    }

    /// A message on a connection: lost segments make it later, and those behind it.
    fn send_on(&mut self, from: SocketAddr, flow: Flow, bytes: Vec<u8>) {
        let line = format!("{} -> {} {} ({})", name(from), name(flow.remote), words(&bytes), flow.transport);
        let losses = (0..).take_while(|_| self.link.loss > 0.0 && self.rng.random_bool(self.link.loss)).count();
        let jitter = self.link.jitter.mul_f64(self.rng.random::<f64>());
        let dead = (self.lose)(&line) || [from, flow.remote].iter().any(|at| self.door(*at, true) == Door::Dead);
        let late = lateness(u32::try_from(losses).unwrap_or_default());
        let at = (!dead).then(|| self.now + self.link.delay + jitter + late);
        let Ok(arrives) = self.streams.send(from, flow, at) else {
            self.note(0, line, (from, flow.remote), &bytes);
            return self.put(Duration::ZERO, News::Failed((from, flow), "the connection has ended"));
        };
        self.note(u32::from(arrives.is_some()), line, (from, flow.remote), &bytes);
        match arrives {
            Some((id, far, at)) => self.put(at - self.now, News::Message(id, far, bytes)),
            None => {
                if let Some(id) = self.streams.id(from, flow) {
                    self.put(UNACKNOWLEDGED, News::Broken(id));
                }
            }
        }
    }

    fn connect(&mut self, from: SocketAddr, asked: u64, transport: Transport, to: &[SocketAddr]) {
        let known = to.iter().find_map(|to| self.streams.find(from, transport, *to));
        let names: Vec<String> = to.iter().map(|to| name(*to)).collect();
        if let Some(flow) = known {
            return self.put(Duration::ZERO, News::Opened(from, asked, transport, Ok(flow.remote)));
        }
        let (wait, result) = try_in_turn(to, transport, self.link.delay * 2, |at| match self.door(from, true) {
            Door::Dead => Door::Dead,
            _ if self.nodes.iter().all(|(address, _)| *address != at) => Door::Shut,
            _ => self.door(at, true),
        });
        let ends = (from, to.first().copied().unwrap_or(from));
        self.note(1, format!("{} -> {} connect ({transport})", name(from), names.join(", ")), ends, b"");
        self.put(wait, News::Opened(from, asked, transport, result));
    }

    fn door(&self, at: SocketAddr, streams: bool) -> Door {
        if self.asleep.contains(&at) {
            Door::Dead
        } else {
            self.doors.get(&(at, streams)).copied().unwrap_or(Door::Open)
        }
    }

    fn note(&mut self, copies: u32, line: String, (from, to): (SocketAddr, SocketAddr), bytes: &[u8]) {
        let at = (self.now - self.start).as_millis();
        self.trace.push(format!("{at:>6} ms x{copies} {line}"));
        self.tap.push((from.port(), to.port(), copies, bytes.to_vec()));
    }

    fn put(&mut self, wait: Duration, news: News) {
        self.sent += 1;
        self.in_flight.insert((self.now + wait, self.sent), news);
    }

    fn tell_end(&mut self, ended: Vec<Told>) {
        for told in ended {
            self.put(self.link.delay, News::Failed(told, "the peer closed the connection"));
        }
    }

    /// When packets were sent whose trace line has all these words, in milliseconds.
    pub fn times(&self, has: &[&str]) -> Vec<u64> {
        let fits = self.trace.iter().filter(|line| has.iter().all(|words| line.contains(words)));
        fits.filter_map(|line| line.split_whitespace().next()?.parse().ok()).collect()
    }

    fn deliver(&mut self) {
        while let Some(entry) = self.in_flight.first_entry() {
            if entry.key().0 > self.now {
                break;
            }
            let (news, now) = (entry.remove(), self.now);
            match news {
                News::Datagram(packet) => {
                    let flow = Flow { transport: Transport::Udp, local: packet.to, remote: packet.from };
                    let gateway = self.gateways.values_mut().find(|gateway| gateway.outside == packet.to.ip());
                    let inside = gateway.map_or(Some(packet.to), |it| it.inbound(packet.to.port(), packet.from, now));
                    if let Some(to) = inside {
                        self.with(to, |node| node.receive(&packet.bytes, flow, now));
                    }
                }
                News::Message(id, far, bytes) => {
                    if let Some((to, flow)) = self.streams.receiver(id, far) {
                        self.with(to, |node| node.receive(&bytes, flow, now));
                    }
                }
                News::Opened(from, asked, transport, result) => {
                    let known = |streams: &Streams, to| streams.find(from, transport, to);
                    let flow = result.map(|to| match known(&self.streams, to) {
                        Some(flow) => flow,
                        None => self.streams.open(from, transport, to),
                    });
                    self.with(from, |node| node.opened(asked, flow, now));
                }
                News::Failed((to, flow), why) => self.with(to, |node| node.failed(flow, why, now)),
                News::Broken(id) => {
                    let ended = self.streams.end(id);
                    self.tell_end(ended);
                }
            }
        }
    }

    fn with(&self, at: SocketAddr, act: impl FnOnce(&mut dyn Node)) {
        let awake = self.nodes.iter().filter(|(address, _)| !self.asleep.contains(address));
        if let Some((_, node)) = awake.into_iter().find(|(address, _)| *address == at) {
            act(&mut *node.borrow_mut());
        }
    }
}

/// Its port, on this machine; elsewhere its host, and the port if it is not SIP's.
fn name(address: SocketAddr) -> String {
    match (address.ip().is_loopback(), address.port()) {
        (true, port) => port.to_string(),
        (false, 5060) => address.ip().to_string(),
        (false, _) => address.to_string(),
    }
}

/// `INVITE sip:b@c`, `200 INVITE`, or `keep-alive`.
fn words(message: &[u8]) -> String {
    if tuiphone::nat::stun::looks_like(message) {
        return "STUN".to_owned();
    }
    let message = String::from_utf8_lossy(message);
    let first = message.lines().next().unwrap_or_default();
    let cseq = message.lines().find_map(|line| line.strip_prefix("CSeq: ")).unwrap_or_default();
    match first.strip_prefix("SIP/2.0 ") {
        Some(status) => format!("{} {}", status.get(..3).unwrap_or(status), cseq.split(' ').nth(1).unwrap_or_default()),
        None if first.is_empty() => "keep-alive".to_owned(),
        None => first.trim_end_matches(" SIP/2.0").to_owned(),
    }
}

/// Runs a scenario on many seeds; a failure names its seed and shows what was sent.
pub fn seeds(count: u64, link: Link, scenario: impl Fn(&mut Network, u64) -> Result<(), String>) {
    for seed in 0..count {
        let mut network = Network::new(seed, link);
        if let Err(problem) = scenario(&mut network, seed) {
            panic!("seed {seed}: {problem}\n{}", network.trace.join("\n"));
        }
    }
}
