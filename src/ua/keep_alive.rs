//! The path of a registration is kept open, and known to be dead once it is (RFC 5626 §4.4).
//!
//! A double CRLF goes over every transport; on streams its answer is waited for where the connection is. Over UDP
//! nobody answers one: a server that keeps paths apart answers STUN instead, and tells where it sees us.

use super::account::Line;
use super::agent::Agent;
use super::port::Output;
use crate::nat::mapping::{Effect, Mapping};
use crate::sip::flow::{Flow, Transport};
use rand::Rng;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// The first keep-alive comes no later than this after a registration, in seconds.
const FIRST: Duration = Duration::from_secs(5);

/// Questions to the server of a path over UDP.
#[derive(Debug, Default)]
pub(super) struct Keeper {
    mapping: Option<Mapping>,
    /// Where it saw us, once it has answered.
    seen: Option<SocketAddr>,
    /// It knows no STUN.
    is_deaf: bool,
}

impl Keeper {
    pub fn next_timeout(&self) -> Option<Instant> {
        self.mapping.as_ref().and_then(Mapping::next_timeout)
    }
}

impl Line {
    /// The registration stands: from now on its path is kept open.
    pub(super) fn keep_open(&mut self, now: Instant, rng: &mut impl Rng) {
        if self.account.keep_alive_s == 0 {
            return;
        }
        let interval = self.keep_alive_interval();
        self.keep_alive_at.get_or_insert(now + interval.min(FIRST));
        //= RFC 5626 §4.4.2: over UDP, to a server that keeps paths apart
        let path = self.path.filter(|path| path.transport == Transport::Udp && self.registration.granted().outbound);
        match path.filter(|_| !self.keeper.is_deaf) {
            None => self.keeper.mapping = None,
            Some(path) if self.keeper.mapping.is_none() => {
                self.keeper.mapping = Some(Mapping::new(path.local, &[path.remote], interval, now, rng));
            }
            Some(_) => {}
        }
    }

    /// The interval is another one from now on.
    pub(super) fn keep_anew(&mut self, now: Instant, rng: &mut impl Rng) {
        (self.keep_alive_at, self.keeper) = (None, Keeper::default());
        if self.registration.is_registered() {
            self.keep_open(now, rng);
        }
    }

    fn keep_alive_interval(&self) -> Duration {
        let wished = Duration::from_secs(self.account.keep_alive_s.into());
        //= RFC 5626 §4.4: before the server gives the path up
        self.registration.granted().flow_timer.map_or(wished, |most| wished.min(most * 4 / 5))
    }

    /// The path to keep open by a double CRLF, if that is due now, and whether its server must answer.
    fn keep_alive(&mut self, now: Instant) -> Option<(Flow, bool)> {
        self.keep_alive_at.filter(|at| *at <= now)?;
        self.keep_alive_at = Some(now + self.keep_alive_interval()).filter(|_| self.registration.is_registered());
        let path = self.path.filter(|_| self.keep_alive_at.is_some() && self.keeper.seen.is_none())?;
        let granted = self.registration.granted();
        //= RFC 5626 §4.4.1, §5.4: who grants this answers keep-alives
        Some((path, path.transport.is_reliable() && (granted.outbound || granted.flow_timer.is_some())))
    }
}

impl Agent {
    /// Keeps open what is to be kept open now.
    pub(super) fn keep_alive(&mut self, now: Instant) {
        for (flow, owes) in self.lines.iter_mut().filter_map(|line| line.keep_alive(now)) {
            self.outputs.push_back(Output::KeepAlive { flow, owes });
        }
        for mapping in self.lines.iter_mut().filter_map(|line| line.keeper.mapping.as_mut()) {
            if mapping.next_timeout().is_some_and(|at| at <= now) {
                mapping.handle_timeout(now);
            }
        }
        self.follow_keepers(now);
    }

    /// A server answers; false if it was not asked.
    pub(super) fn keep_alive_answered(&mut self, bytes: &[u8], flow: &Flow, now: Instant) -> bool {
        let over_it = self.lines.iter_mut().filter(|line| line.path.is_some_and(|path| path.remote == flow.remote));
        let mut keepers = over_it.filter_map(|line| line.keeper.mapping.as_mut());
        let taken = keepers.any(|mapping| mapping.handle_datagram(bytes, flow.remote, now));
        self.follow_keepers(now);
        taken
    }

    /// Does what the keepers wish, and hears what they tell.
    pub(super) fn follow_keepers(&mut self, now: Instant) {
        let mut failed = Vec::new();
        for line in &mut self.lines {
            let (Some(flow), Keeper { mapping: Some(mapping), seen, is_deaf }) = (line.path, &mut line.keeper) else {
                continue;
            };
            while let Some(effect) = mapping.poll() {
                let why = match (effect, *seen) {
                    (Effect::Transmit { bytes, .. }, _) => {
                        self.outputs.push_back(Output::Transmit { flow, bytes });
                        continue;
                    }
                    (Effect::Mapped(at), None) => {
                        *seen = Some(at);
                        continue;
                    }
                    // Many servers answer no STUN, and nothing else is wrong there.
                    (Effect::Lost, None) => {
                        *is_deaf = true;
                        continue;
                    }
                    //= RFC 5626 §4.4.2: another address, or no answer: the path has failed
                    (Effect::Mapped(at), Some(_)) => format!("it is seen at {at} now"),
                    (Effect::Lost, Some(_)) => "no answer to keep-alives".to_owned(),
                };
                failed.push((line.account.id, flow, why));
            }
            if *is_deaf {
                line.keeper.mapping = None;
            }
        }
        failed.into_iter().for_each(|(id, flow, why)| self.registration_cut_off(id, &flow, &why, now));
    }
}
