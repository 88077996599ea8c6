//! A phone: an agent, what it was told, and what it heard.

use super::internet::{Datagram, Node};
use rand::rngs::StdRng;
use std::net::SocketAddr;
use std::time::Instant;
use tuiphone::nat::ice::{Agent, Candidate, CandidateKind, Config, Event, Output, Received, Remote};

pub struct Peer {
    pub agent: Agent,
    pub events: Vec<(Instant, Event)>,
    pub heard: Vec<(u8, SocketAddr, Vec<u8>)>,
    /// The pairs in use, the last one of each component.
    pub pairs: Vec<(u8, Candidate, Candidate)>,
    out: Vec<Datagram>,
    now: Instant,
}

impl Peer {
    pub fn new(config: Config, now: Instant, rng: &mut StdRng) -> Peer {
        let agent = Agent::new(config, now, rng);
        Peer { agent, events: Vec::new(), heard: Vec::new(), pairs: Vec::new(), out: Vec::new(), now }
    }

    pub fn has(&self, event: &Event) -> bool {
        self.events.iter().any(|(_, known)| known == event)
    }

    /// What its description says; the lines are written and read again.
    pub fn description(&self) -> Remote {
        let lines = self.agent.candidates().map(Candidate::to_string);
        let candidates = lines.map(|line| line.parse().unwrap()).collect();
        Remote { credentials: self.agent.credentials().clone(), candidates, is_lite: false }
    }

    /// How media goes: the kind that says most of the two ends'.
    pub fn way(&self) -> Option<CandidateKind> {
        self.pairs.iter().map(|(_, local, remote)| local.kind.max(remote.kind)).max()
    }

    /// Takes what the agent wishes.
    pub fn drain(&mut self) {
        while let Some(output) = self.agent.poll() {
            match output {
                Output::Transmit { from, to, bytes } => self.out.push((from, to, bytes)),
                Output::Event(Event::Selected { component, local, remote }) => {
                    self.pairs.retain(|(known, ..)| *known != component);
                    self.pairs.push((component, local, remote));
                }
                Output::Event(event) => self.events.push((self.now, event)),
                Output::Connect { .. } | Output::Stream { .. } => {}
            }
        }
    }
}

impl Node for Peer {
    fn receive(&mut self, at: SocketAddr, from: SocketAddr, bytes: &[u8], now: Instant) {
        self.now = now;
        if let Received::Data { component, from, data } = self.agent.handle_datagram(at, from, bytes, now) {
            self.heard.push((component, from, data.to_vec()));
        }
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.now = now;
        self.agent.handle_timeout(now);
    }

    fn next_timeout(&self) -> Option<Instant> {
        self.agent.next_timeout()
    }

    fn poll(&mut self) -> Option<Datagram> {
        self.drain();
        if self.out.is_empty() { None } else { Some(self.out.remove(0)) }
    }
}
