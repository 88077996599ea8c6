//! What a phone keeps in memory, counted: for tests and measurements.

use super::agent::Agent;
use super::route::Job;

/// How many of each are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[allow(missing_docs)]
pub struct Census {
    pub transactions: usize,
    /// Bytes kept for requests from outside, about.
    pub weight: usize,
    /// Calls, with those whose end is still to be acknowledged.
    pub calls: usize,
    /// Requests under way, each with its owner.
    pub requests: usize,
    /// Names being looked up, and what waits for them.
    pub queries: usize,
    pub jobs: usize,
    pub hops: usize,
    pub subscriptions: usize,
    pub messages: usize,
    pub probes: usize,
    /// Senders whose share is remembered.
    pub sources: usize,
    pub outputs: usize,
}

impl Census {
    /// Nothing is under way: what is left is what the phone knows, within its bounds.
    pub fn is_at_rest(&self) -> bool {
        let Census { transactions, weight, calls, requests, queries, jobs, messages, probes, outputs, .. } = *self;
        [transactions, weight, calls, requests, queries, jobs, messages, probes, outputs] == [0; 9]
    }
}

impl Agent {
    /// Counts what is kept.
    #[doc(hidden)]
    pub fn census(&self) -> Census {
        let waiting = self.queries.values().map(|(_, jobs): &(_, Vec<Job>)| jobs.len());
        Census {
            transactions: self.layer.len(),
            weight: self.layer.weight(),
            calls: self.calls.len(),
            requests: self.clients.len(),
            queries: self.queries.len(),
            jobs: waiting.sum(),
            hops: self.hops.len(),
            subscriptions: self.watches.len(),
            messages: self.messages.len(),
            probes: self.probes.len(),
            sources: self.gate.len(),
            outputs: self.outputs.len(),
        }
    }
}
