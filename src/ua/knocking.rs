//! Port knocking: a firewall lets in who has knocked at some of its ports before (`portKnockerHost`,
//! `portKnockerPorts`). Knocked before an account registers that is not registered, and after a change of the network.

use super::agent::Agent;
use super::port::Output;
use super::route::{Hop, Job};
use crate::config::AccountId;
use crate::sip::flow::{Flow, Transport};
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// Between two knocks, and from the last to the REGISTER.
const APART: Duration = Duration::from_millis(200);
/// What is sent to each port.
const KNOCK: &[u8] = b"knock\0";

/// What follows when a door was knocked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Then {
    Register,
    /// As `register`, whatever is under way.
    RegisterAnew,
}

/// One host, knocked at port by port.
#[derive(Debug)]
pub(super) struct Knocking {
    host: String,
    path: Option<Flow>,
    ports: VecDeque<u16>,
    /// When the next one is due, or what follows.
    at: Option<Instant>,
    waiting: Vec<(AccountId, Then)>,
}

impl Knocking {
    pub fn next_timeout(&self) -> Option<Instant> {
        self.at
    }

    /// Who waits.
    pub fn accounts(&mut self) -> impl Iterator<Item = &mut AccountId> {
        self.waiting.iter_mut().map(|(id, _)| id)
    }
}

impl Agent {
    /// Begins to knock for this account; false if it need not, and what is to follow is to be done at once.
    pub(super) fn knocks_first(&mut self, id: AccountId, then: Then, now: Instant) -> bool {
        let settings = &self.config.settings;
        let ports = VecDeque::from(settings.port_knocker_ports.clone());
        let Some(line) = self.lines.iter_mut().find(|line| line.account.id == id) else { return false };
        let is_open = then == Then::Register && line.registration.is_registered();
        if ports.is_empty() || !line.registers() || is_open || std::mem::take(&mut line.has_knocked) {
            return false;
        }
        let named = settings.port_knocker_host.as_str();
        let host = if named.is_empty() { Hop::of_server(&line.account.server, "") } else { Hop::of_server(named, "") };
        let Some(Hop { host, .. }) = host else { return false };
        line.registration.put_off();
        if let Some(knocking) = self.knocking.iter_mut().find(|knocking| knocking.host == host) {
            knocking.waiting.retain(|(known, _)| *known != id);
            knocking.waiting.push((id, then));
            return true;
        }
        let hop =
            Hop { host: host.clone(), port: ports.front().copied(), transport: Some(Transport::Udp), secure: false };
        self.knocking.push(Knocking { host: host.clone(), path: None, ports, at: None, waiting: vec![(id, then)] });
        self.route(Some(hop), Job::Knock(host), now);
        true
    }

    /// Where a host is that is to be knocked at; `None` = nowhere, and the registrations tell why, if they fail too.
    pub(super) fn knock_at(&mut self, host: &str, path: Option<Flow>, now: Instant) {
        let Some(knocking) = self.knocking.iter_mut().find(|knocking| knocking.host == host) else { return };
        knocking.path = path;
        knocking.at = Some(now);
        if path.is_none() {
            knocking.ports.clear();
        }
        self.knock(now);
    }

    /// The knocks that are due, and what follows the last ones.
    pub(super) fn knock(&mut self, now: Instant) {
        for knocking in self.knocking.iter_mut().filter(|knocking| knocking.at.is_some_and(|at| at <= now)) {
            let Some((path, port)) = knocking.path.zip(knocking.ports.pop_front()) else { continue };
            let flow = Flow { remote: SocketAddr::new(path.remote.ip(), port), ..path };
            self.outputs.push_back(Output::Transmit { flow, bytes: KNOCK.to_vec() });
            knocking.at = Some(now + APART);
        }
        let is_done = |knocking: &mut Knocking| knocking.ports.is_empty() && knocking.at.is_some_and(|at| at <= now);
        let done: Vec<Knocking> = self.knocking.extract_if(.., is_done).collect();
        for (id, then) in done.into_iter().flat_map(|knocking| knocking.waiting) {
            match then {
                Then::Register => {
                    self.account_mut(id).into_iter().for_each(|line| line.has_knocked = true);
                    self.register(id, now);
                }
                Then::RegisterAnew => self.register_line_anew(id, now),
            }
        }
    }

    /// The account is not to be registered any more.
    pub(super) fn knock_no_more(&mut self, id: AccountId) {
        self.knocking.iter_mut().for_each(|knocking| knocking.waiting.retain(|(known, _)| *known != id));
    }
}
