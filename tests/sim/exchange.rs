//! The exchange as a node.

use super::network::{Node, Wish};
use rand::SeedableRng;
use rand::rngs::StdRng;
use std::collections::VecDeque;
use std::time::Instant;
use tuiphone::demo::exchange::{Exchange, Transmit};
use tuiphone::sip::event::message_summary::MessageSummary;
use tuiphone::sip::flow::Flow;

pub struct ExchangeNode {
    pub exchange: Exchange,
    rng: StdRng,
    out: VecDeque<Transmit>,
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
        self.out.extend(sent);
    }
}

impl Node for ExchangeNode {
    fn receive(&mut self, bytes: &[u8], flow: Flow, now: Instant) {
        let sent = self.exchange.handle(bytes, flow, now, &mut self.rng);
        self.out.extend(sent);
    }

    fn handle_timeout(&mut self, now: Instant) {
        let sent = self.exchange.handle_timeout(now, &mut self.rng);
        self.out.extend(sent);
    }

    fn next_timeout(&self) -> Option<Instant> {
        self.exchange.next_timeout()
    }

    fn poll(&mut self) -> Option<Wish> {
        self.out.pop_front().map(|transmit| Wish::Send(transmit.flow, transmit.bytes))
    }
}
