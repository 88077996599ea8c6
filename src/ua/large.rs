//! Requests too large for a datagram: they go by TCP, and by UDP after all where nobody listens on TCP.

use super::agent::Agent;
use super::owner::Owner;
use super::route::{Hop, Job};
use crate::sip::flow::{Flow, Transport};
use crate::sip::message::Request;
use crate::sip::transaction::Failure;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// What a datagram may carry where the path's MTU is unknown, bytes (RFC 3261 §18.1.1).
const LARGEST: usize = 1_300;
/// How long a host that refused TCP is not asked again.
const REFUSAL_LIFE: Duration = Duration::from_secs(600);
/// Most hosts remembered to refuse TCP.
const MAX_REFUSALS: usize = 64;

/// A request on its way to a connection, and the way it came from.
#[derive(Debug)]
pub(super) struct Large {
    pub owner: Owner,
    pub request: Request,
    pub flow: Flow,
    pub more: VecDeque<Flow>,
}

impl Agent {
    /// This many bytes should not go over this path.
    pub(super) fn is_too_large(&self, bytes: usize, flow: &Flow, now: Instant) -> bool {
        let refused = |until: &Instant| *until > now;
        //= RFC 3261 §18.1.1: within the MTU where it is known; that of a loopback is 64 kB
        flow.transport == Transport::Udp
            && bytes > LARGEST
            && !flow.remote.ip().is_loopback()
            && !self.refusals.get(&flow.remote).is_some_and(refused)
    }

    /// Finds a connection to the same place.
    pub(super) fn find_connection(&mut self, large: Large, now: Instant) {
        let remote = large.flow.remote;
        let (host, port) = (remote.ip().to_string(), Some(remote.port()));
        let hop = Hop { host, port, transport: Some(Transport::Tcp), secure: false };
        self.route(Some(hop), Job::Large(Box::new(large)), now);
    }

    /// There is one: the datagram's path stays behind it.
    pub(super) fn connection_found(&mut self, large: Large, connection: Flow, now: Instant) {
        let Large { owner, request, flow, mut more } = large;
        let account = self.account_of(owner);
        // Why: it is the same server, and may ask for the password here as there.
        if let Some(line) = self.account_mut(account).filter(|line| line.is_own_path(&flow)) {
            line.note_servers(&connection, &VecDeque::new());
        }
        more.push_front(flow);
        self.send_large(Large { owner, request, flow: connection, more }, now);
    }

    /// There is none.
    //= RFC 3261 §18.1.1: after ICMP or a refused connection the request should go by UDP
    pub(super) fn no_connection(&mut self, large: Large, now: Instant) {
        self.stream_refused(large.flow.remote, now);
        self.send_large(large, now);
    }

    /// Sends it, unless its call was given up meanwhile.
    //= RFC 3261 §9.1: no CANCEL could follow an INVITE that leaves after the person hung up
    fn send_large(&mut self, large: Large, now: Instant) {
        let Large { owner, request, flow, more } = large;
        match self.is_wanted(owner) {
            true => self.transmit(owner, request, flow, more, now),
            false => self.owner_failed(owner, Failure::Transport, "given up", now),
        }
    }

    /// TCP does not work there: for a while, everything goes by UDP.
    pub(super) fn stream_refused(&mut self, remote: SocketAddr, now: Instant) {
        self.refusals.retain(|_, until| *until > now);
        if self.refusals.len() < MAX_REFUSALS {
            self.refusals.insert(remote, now + REFUSAL_LIFE);
        }
    }
}
