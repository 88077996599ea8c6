//! The phone's one front door: inputs in, outputs out, time and chance handed in.

use super::port::{Input, Output};
use super::snapshot::Status;
use crate::config::{Account, Settings};
use crate::media::command::Endpoint;
use rand::rngs::StdRng;
use std::collections::VecDeque;
use std::time::{Duration, Instant, SystemTime};

/// What becomes of an incoming call before a person decides; the phone itself rings, built-in far ends do more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum IncomingPolicy {
    /// Ring, and obey the settings (auto-answer, DND, call waiting).
    #[default]
    Ring,
    /// Ring, answer after this long.
    Answer {
        /// Counted from the INVITE.
        after: Duration,
    },
    /// 183 with sound before the answer; answered after this long, `None` = never.
    EarlyMedia {
        /// Counted from the INVITE.
        answer_after: Option<Duration>,
    },
    /// Refuse at once with this status, 400..=699.
    Refuse(u16),
}

/// What an agent is made of.
#[derive(Debug, Clone)]
pub struct AgentConfig {
    /// The settings.
    pub settings: Settings,
    /// The accounts; one without a server never registers. Account 0 (Local) is added if it is not here.
    pub accounts: Vec<Account>,
    /// Register every account with a server at once (on the first `handle`).
    pub register: bool,
    /// What calls talk to.
    pub endpoint: Endpoint,
    /// What becomes of incoming calls.
    pub incoming: IncomingPolicy,
    /// RFC 3261's T1; 500 ms unless tests want otherwise.
    pub t1: Duration,
}

impl AgentConfig {
    /// A phone with these settings and accounts that registers at once.
    pub fn new(settings: Settings, accounts: Vec<Account>) -> AgentConfig {
        AgentConfig {
            settings,
            accounts,
            register: true,
            endpoint: Endpoint::Phone,
            incoming: IncomingPolicy::Ring,
            t1: Duration::from_millis(500),
        }
    }
}

/// A phone: accounts, registrations, calls. Owns no socket, clock or thread.
///
/// After every `handle`, drain `poll_output` and call `handle(Input::Timeout, now)` at `next_timeout`.
#[derive(Debug)]
pub struct Agent {
    outputs: VecDeque<Output>,
}

impl Agent {
    /// A phone at rest. `now` and `wall` are the same moment on the two clocks; `wall` dates what people read.
    pub fn new(_config: AgentConfig, _rng: StdRng, _now: Instant, _wall: SystemTime) -> Agent {
        Agent { outputs: VecDeque::new() }
    }

    /// Takes one input in.
    pub fn handle(&mut self, _input: Input<'_>, _now: Instant) {}

    /// The next output, in the order they came about; `None` when there is nothing left to do.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When `Input::Timeout` is due.
    pub fn next_timeout(&self) -> Option<Instant> {
        None
    }

    /// Everything a face needs to draw, as of `now`.
    pub fn status(&self, _now: Instant) -> Status {
        Status { v: 1, ..Status::default() }
    }
}
