//! When a path does not bring a request through: the next one of its hop, a new connection, another address (RFC 3263 §4.3).

use super::agent::Agent;
use super::route::{Job, Lane, Sent};
use crate::sip::flow::{Flow, Transport};
use crate::sip::message::{Response, StatusCode};
use crate::sip::transaction::{ClientId, Failure};
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// How long an address that failed is tried last, if it does not say how long, and at most.
const AVOIDED: Duration = Duration::from_secs(60);
const AVOIDED_MOST: Duration = Duration::from_secs(3600);
/// Most addresses, and connections, remembered.
const MAX_KNOWN: usize = 64;
/// Most connections one request goes over, the first apart.
const MAX_TRIES: u8 = 4;

/// Why a request has to go another way.
#[derive(Debug, Clone)]
pub(super) enum Setback {
    /// This was the answer: a 503.
    Refused(Response),
    /// There was no answer.
    Failed(Failure),
}

impl Setback {
    /// How long its address is tried last.
    //= RFC 3261 §21.5.4
    fn lasts(&self) -> Duration {
        let Setback::Refused(response) = self else { return AVOIDED };
        let seconds = response.headers.retry_after().ok().flatten();
        seconds.map_or(AVOIDED, |seconds| Duration::from_secs(seconds.into()).min(AVOIDED_MOST))
    }
}

/// What is known of paths that failed, and of where connections lead.
#[derive(Debug, Default)]
pub(super) struct Detours {
    avoided: Vec<(Transport, SocketAddr, Instant)>,
    lanes: VecDeque<(Flow, Lane)>,
}

impl Detours {
    /// Addresses that are to be tried last.
    pub fn avoided(&mut self, now: Instant) -> Vec<SocketAddr> {
        self.avoided.retain(|(_, _, until)| *until > now);
        self.avoided.iter().map(|(_, remote, _)| *remote).collect()
    }

    /// Puts the paths to addresses that failed last; the order is otherwise kept.
    pub fn sort(&self, flows: &mut [Flow], now: Instant) {
        flows.sort_by_key(|flow| self.is_avoided(flow, now));
    }

    /// These paths lead there.
    pub fn note_lane(&mut self, flows: &[Flow], lane: &Lane) {
        for flow in flows.iter().filter(|flow| flow.transport.is_reliable()) {
            self.lanes.retain(|(known, _)| known != flow);
            self.lanes.push_back((*flow, lane.clone()));
        }
        self.lanes.drain(..self.lanes.len().saturating_sub(MAX_KNOWN));
    }

    /// Something was answered there.
    pub fn answered(&mut self, flow: &Flow) {
        self.avoided.retain(|(transport, remote, _)| (*transport, *remote) != (flow.transport, flow.remote));
    }

    /// The network is another one: what failed may not fail again.
    pub fn forget(&mut self) {
        self.avoided.clear();
    }

    /// The accounts have other numbers: where connections lead is not known any more.
    pub fn forget_lanes(&mut self) {
        self.lanes.clear();
    }

    /// Nobody there takes requests, for this reason.
    pub fn avoid(&mut self, flow: &Flow, why: &Setback, now: Instant) {
        self.answered(flow);
        if self.avoided.len() < MAX_KNOWN {
            self.avoided.push((flow.transport, flow.remote, now + why.lasts()));
        }
    }

    fn is_avoided(&self, flow: &Flow, now: Instant) -> bool {
        let is_it = |(transport, remote, until): &(Transport, SocketAddr, Instant)| {
            (*transport, *remote) == (flow.transport, flow.remote) && *until > now
        };
        self.avoided.iter().any(is_it)
    }

    fn lane(&self, flow: &Flow) -> Option<Lane> {
        self.lanes.iter().find(|(known, _)| known == flow).map(|(_, lane)| lane.clone())
    }
}

impl Agent {
    /// Sends the request another way; false if there is none, or if nobody waits for it any more.
    pub(super) fn another_path(&mut self, client: ClientId, setback: Setback, now: Instant) -> bool {
        let Some(Sent { owner, flow, more, heard, tries, .. }) = self.clients.get(&client) else { return false };
        let (flow, is_last, heard, tries) = (*flow, more.is_empty(), *heard, *tries);
        // Why not after a ring: the path led to somebody, whose refusal it is; another would call him twice.
        if !self.is_wanted(*owner) || heard > Some(StatusCode(100)) {
            return false;
        }
        // A connection that ends says nothing of the address it led to.
        let is_cut = flow.transport.is_reliable() && matches!(setback, Setback::Failed(Failure::Transport));
        if !is_cut {
            self.detours.avoid(&flow, &setback, now);
        }
        if is_last {
            let may = flow.transport.is_reliable() && heard.is_none() && tries < if is_cut { 1 } else { MAX_TRIES };
            let lane = self.detours.lane(&flow).filter(|_| may);
            let Some((lane, sent)) = lane.and_then(|lane| Some((lane, self.clients.remove(&client)?))) else {
                return false;
            };
            self.hops.remove(&lane);
            self.route(Some(lane.0), Job::Again(Box::new(sent), Box::new(setback)), now);
            return true;
        }
        let Some(mut sent) = self.clients.remove(&client) else { return false };
        let Some(next) = sent.more.pop_front() else { return false };
        if next.transport == Transport::Udp && next.remote == flow.remote {
            self.stream_refused(flow.remote, now);
        }
        self.transmit_as(Sent { flow: next, ..sent }, now);
        true
    }

    /// The paths to where a request failed before, asked for anew.
    pub(super) fn send_again(&mut self, sent: Sent, setback: Setback, flow: Flow, more: VecDeque<Flow>, now: Instant) {
        //= RFC 3263 §4.3: another address; the same one only where it was the connection that ended
        let is_cut = matches!(setback, Setback::Failed(Failure::Transport));
        let is_other = flow != sent.flow && !self.detours.is_avoided(&flow, now);
        if !(is_cut || is_other) || !self.is_wanted(sent.owner) {
            return self.set_back(sent, setback, None, now);
        }
        let tries = sent.tries + 1;
        self.transmit_as(Sent { flow, more, tries, ..sent }, now);
    }

    /// There is no other way: its owner learns how the last one ended.
    pub(super) fn set_back(&mut self, sent: Sent, setback: Setback, words: Option<&str>, now: Instant) {
        match setback {
            Setback::Refused(response) => self.owner_answered(&sent, response, now),
            Setback::Failed(why) => {
                self.hops.retain(|_, (flows, _)| !flows.contains(&sent.flow));
                let words = words.map_or_else(|| self.why_failed(&sent.flow, why), str::to_owned);
                self.owner_failed(sent.owner, why, &words, now);
            }
        }
    }
}
