//! Nodes, links that delay, lose, reorder and duplicate, and one clock. Everything follows from the seed.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};
use tuiphone::demo::exchange::Exchange;
use tuiphone::sip::event::message_summary::MessageSummary;
use tuiphone::sip::flow::{Flow, Transport};

/// Something with an address.
pub trait Node {
    fn receive(&mut self, bytes: &[u8], flow: Flow, now: Instant);
    fn handle_timeout(&mut self, now: Instant);
    fn next_timeout(&self) -> Option<Instant>;
    /// Where to, and what.
    fn poll(&mut self) -> Option<(SocketAddr, Vec<u8>)>;
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
    in_flight: BTreeMap<(Instant, u64), Packet>,
    sent: u64,
    /// One line a packet: who, whom, first words; printed when a scenario fails.
    pub trace: Vec<String>,
    /// Every packet: from, to, how many copies arrive, its bytes.
    pub tap: Vec<(u16, u16, u32, Vec<u8>)>,
    /// Loses the packets whose trace line it says so of.
    pub lose: fn(&str) -> bool,
}

struct Packet {
    from: SocketAddr,
    to: SocketAddr,
    bytes: Vec<u8>,
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
            in_flight: BTreeMap::new(),
            sent: 0,
            trace: Vec::new(),
            tap: Vec::new(),
            lose: |_| false,
        }
    }

    pub fn add<N: Node + 'static>(&mut self, address: SocketAddr, node: N) -> Rc<RefCell<N>> {
        let node = Rc::new(RefCell::new(node));
        self.nodes.push((address, Rc::clone(&node) as Rc<RefCell<dyn Node>>));
        node
    }

    /// Lets this much time pass.
    pub fn run(&mut self, time: Duration) {
        let end = self.now + time;
        loop {
            self.collect();
            let packet = self.in_flight.keys().next().map(|(at, _)| *at);
            let timer = self.nodes.iter().filter_map(|(_, node)| node.borrow().next_timeout()).min();
            let Some(next) = packet.into_iter().chain(timer).min().filter(|at| *at <= end) else { break };
            self.now = self.now.max(next);
            self.deliver();
            let now = self.now;
            for (_, node) in &self.nodes {
                let mut node = node.borrow_mut();
                if node.next_timeout().is_some_and(|at| at <= now) {
                    node.handle_timeout(now);
                }
            }
        }
        self.now = end;
    }

    fn collect(&mut self) {
        let mut out = Vec::new();
        for (from, node) in &self.nodes {
            while let Some((to, bytes)) = node.borrow_mut().poll() {
                out.push(Packet { from: *from, to, bytes });
            }
        }
        for packet in out {
            self.send(packet);
        }
    }

    fn send(&mut self, packet: Packet) {
        let text = String::from_utf8_lossy(&packet.bytes).into_owned();
        let at = (self.now - self.start).as_millis();
        let (from, to) = (packet.from.port(), packet.to.port());
        let line = format!("{from} -> {to} {}", words(&text));
        let copies = if self.rng.random_bool(self.link.loss) || (self.lose)(&line) {
            0
        } else {
            1 + u32::from(self.rng.random_bool(self.link.duplication))
        };
        self.trace.push(format!("{at:>6} ms x{copies} {line}"));
        self.tap.push((from, to, copies, packet.bytes.clone()));
        for _ in 0..copies {
            let jitter = self.link.jitter.mul_f64(self.rng.random::<f64>());
            self.sent += 1;
            let copy = Packet { bytes: packet.bytes.clone(), ..packet };
            self.in_flight.insert((self.now + self.link.delay + jitter, self.sent), copy);
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
            let packet = entry.remove();
            let flow = Flow { transport: Transport::Udp, local: packet.to, remote: packet.from };
            if let Some((_, node)) = self.nodes.iter().find(|(address, _)| *address == packet.to) {
                node.borrow_mut().receive(&packet.bytes, flow, self.now);
            }
        }
    }
}

/// `INVITE sip:b@c`, `200 INVITE`, or `keep-alive`.
fn words(message: &str) -> String {
    let first = message.lines().next().unwrap_or_default();
    let cseq = message.lines().find_map(|line| line.strip_prefix("CSeq: ")).unwrap_or_default();
    match first.strip_prefix("SIP/2.0 ") {
        Some(status) => format!("{} {}", status.get(..3).unwrap_or(status), cseq.split(' ').nth(1).unwrap_or_default()),
        None if first.is_empty() => "keep-alive".to_owned(),
        None => first.trim_end_matches(" SIP/2.0").to_owned(),
    }
}

/// The exchange as a node.
pub struct ExchangeNode {
    pub exchange: Exchange,
    rng: StdRng,
    out: std::collections::VecDeque<(SocketAddr, Vec<u8>)>,
}

impl ExchangeNode {
    pub fn new(exchange: Exchange, seed: u64) -> ExchangeNode {
        ExchangeNode { exchange, rng: StdRng::seed_from_u64(seed), out: Default::default() }
    }

    /// The exchange starts again: its bindings and subscriptions are gone.
    pub fn forget(&mut self) {
        self.exchange = Exchange::new(self.exchange.config().clone());
    }

    /// Lights or clears a user's voicemail lamp.
    pub fn set_voicemail(&mut self, user: &str, summary: MessageSummary, now: Instant) {
        let sent = self.exchange.set_voicemail(user, summary, now, &mut self.rng);
        self.out.extend(sent.into_iter().map(|transmit| (transmit.flow.remote, transmit.bytes)));
    }
}

impl Node for ExchangeNode {
    fn receive(&mut self, bytes: &[u8], flow: Flow, now: Instant) {
        let sent = self.exchange.handle(bytes, flow, now, &mut self.rng);
        self.out.extend(sent.into_iter().map(|transmit| (transmit.flow.remote, transmit.bytes)));
    }

    fn handle_timeout(&mut self, now: Instant) {
        let sent = self.exchange.handle_timeout(now, &mut self.rng);
        self.out.extend(sent.into_iter().map(|transmit| (transmit.flow.remote, transmit.bytes)));
    }

    fn next_timeout(&self) -> Option<Instant> {
        self.exchange.next_timeout()
    }

    fn poll(&mut self) -> Option<(SocketAddr, Vec<u8>)> {
        self.out.pop_front()
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
