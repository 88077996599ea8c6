//! Our SIP socket as the internet sees it: the address that STUN servers tell, and what kind of NAT is before it.
//!
//! ```text
//!  start, another network ─▶ names looked up ─┬▶ Mapping: the address, asked for again and again
//!                                             └▶ Survey: the kind of NAT, once
//! ```
//!
//! The address goes into the Contacts and descriptions of accounts whose registrar has not said where it sees us.

use super::agent::Agent;
use super::event::Event;
use super::port::Output;
use super::route::{Hop, Job};
use super::snapshot::NatInfo;
use crate::config::AccountId;
use crate::nat::kind::{self, Behaviour, Dependence, Survey};
use crate::nat::mapping::{self, MAX_SERVERS, Mapping};
use crate::nat::stun;
use crate::sip::flow::{Flow, Transport};
use crate::text::sanitise;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// How often the address is asked for again; what keeps it open are the keep-alives of the accounts.
const REFRESH: Duration = Duration::from_secs(30);

/// What is known of the way out.
#[derive(Debug, Default)]
pub(super) struct Outside {
    /// Names being looked up.
    asked: usize,
    /// Paths to the servers found.
    servers: Vec<Flow>,
    mapping: Option<(Flow, Mapping)>,
    survey: Option<Survey>,
    /// The address last told; it stays while nobody answers.
    mapped: Option<SocketAddr>,
    behaviour: Option<Behaviour>,
    /// Why there is no answer, in words.
    trouble: Option<String>,
}

impl Outside {
    pub fn next_timeout(&self) -> Option<Instant> {
        let mapping = self.mapping.as_ref().and_then(|(_, mapping)| mapping.next_timeout());
        mapping.into_iter().chain(self.survey.as_ref().and_then(Survey::next_timeout)).min()
    }

    /// For `status`; `seen` is where a registrar sees the same socket. `None` where no STUN server is asked.
    pub fn info(&self, seen: Option<SocketAddr>) -> Option<NatInfo> {
        let is_asked = self.asked > 0 || self.mapping.is_some() || self.trouble.is_some();
        let differs = seen.zip(self.mapped).is_some_and(|(seen, mapped)| seen != mapped);
        let behaviour = match (self.behaviour, self.mapped) {
            //= RFC 4787 §4.1: two far ends that see two addresses
            (known, Some(_)) if differs => {
                let known = known.unwrap_or_default();
                Some(Behaviour {
                    mapped: self.mapped,
                    mapping: Some(Dependence::AddressDependent),
                    is_own: false,
                    ..known
                })
            }
            (known, _) => known,
        };
        let words = match (&self.trouble, behaviour) {
            (Some(trouble), _) => trouble.clone(),
            (None, Some(behaviour)) => behaviour.to_string(),
            (None, None) => "asked for".to_owned(),
        };
        let symmetric = behaviour.is_some_and(|behaviour| behaviour.is_symmetric());
        is_asked.then(|| NatInfo { address: self.mapped.map(|at| at.to_string()), symmetric, words })
    }
}

impl Agent {
    /// Asks the STUN servers, if some are configured and an account uses the socket they tell of.
    pub(super) fn look_outside(&mut self, now: Instant) {
        let uses = self.lines.iter().any(|line| line.uses_stun());
        let servers = if uses && self.exiting.is_none() { self.config.settings.stun_servers() } else { Vec::new() };
        self.outside = Outside { asked: servers.len().min(MAX_SERVERS), ..Outside::default() };
        self.lines.iter_mut().for_each(|line| line.mapped = None);
        for (host, port) in servers.into_iter().take(MAX_SERVERS) {
            let hop = Hop { host, port: Some(port), transport: Some(Transport::Udp), secure: false };
            self.route(Some(hop), Job::Stun, now);
        }
    }

    /// The name of a STUN server was looked up: its addresses, or why there is none.
    pub(super) fn stun_server(&mut self, found: Result<Vec<Flow>, &str>, now: Instant) {
        let outside = &mut self.outside;
        match found {
            // Why IPv4 alone: nobody rewrites the addresses of IPv6.
            Ok(flows) => outside.servers.extend(flows.into_iter().filter(|flow| flow.local.is_ipv4())),
            Err(why) => outside.trouble = Some(format!("no STUN server: {}", sanitise(why))),
        }
        outside.asked = outside.asked.saturating_sub(1);
        if outside.asked > 0 {
            return;
        }
        let Some(path) = outside.servers.first().copied() else {
            return self.tell_trouble();
        };
        let servers: Vec<SocketAddr> = outside.servers.iter().map(|flow| flow.remote).collect();
        outside.trouble = None;
        outside.mapping = Some((path, Mapping::new(path.local, &servers, REFRESH, now, &mut self.rng)));
        outside.survey = Some(Survey::new(path.local, &servers, now, &mut self.rng));
        self.follow_outside(now);
    }

    /// A datagram that is STUN; false if nobody here asked for it.
    pub(super) fn stun_received(&mut self, bytes: &[u8], flow: &Flow, now: Instant) -> bool {
        if flow.transport != Transport::Udp || !stun::looks_like(bytes) {
            return false;
        }
        let outside = &mut self.outside;
        let mapping = outside.mapping.as_mut().is_some_and(|(_, it)| it.handle_datagram(bytes, flow.remote, now));
        let taken = mapping || outside.survey.as_mut().is_some_and(|it| it.handle_datagram(bytes, flow.remote, now));
        if taken {
            self.follow_outside(now);
        }
        taken || self.keep_alive_answered(bytes, flow, now)
    }

    pub(super) fn outside_timeouts(&mut self, now: Instant) {
        if self.outside.next_timeout().is_none_or(|at| at > now) {
            return;
        }
        if let Some((_, mapping)) = &mut self.outside.mapping {
            mapping.handle_timeout(now);
        }
        if let Some(survey) = &mut self.outside.survey {
            survey.handle_timeout(now);
        }
        self.follow_outside(now);
    }

    /// Does what the two machines wish, and hears what they tell.
    fn follow_outside(&mut self, now: Instant) {
        let Some((path, _)) = self.outside.mapping.as_ref() else { return };
        let path = *path;
        while let Some(effect) = self.outside.mapping.as_mut().and_then(|(_, mapping)| mapping.poll()) {
            match effect {
                mapping::Effect::Transmit { to, bytes } => self.send_stun(&path, to, bytes),
                mapping::Effect::Mapped(at) => self.mapped_at(at, now),
                mapping::Effect::Lost => {
                    let words = "no STUN server answers: UDP may be blocked".to_owned();
                    if self.outside.trouble.replace(words).is_none() {
                        self.tell_trouble();
                    }
                }
            }
        }
        while let Some(effect) = self.outside.survey.as_mut().and_then(Survey::poll) {
            match effect {
                kind::Effect::Transmit { to, bytes } => self.send_stun(&path, to, bytes),
                kind::Effect::Known(behaviour) => {
                    self.outside.behaviour = Some(behaviour);
                    self.outside.survey = None;
                }
            }
        }
    }

    fn send_stun(&mut self, path: &Flow, to: SocketAddr, bytes: Vec<u8>) {
        self.outputs.push_back(Output::Transmit { flow: Flow { remote: to, ..*path }, bytes });
    }

    /// The socket is seen at this address: what was registered under another one is registered anew. Where the registrar
    /// has said where it sees us it is asked again, if the address is another than before.
    fn mapped_at(&mut self, at: SocketAddr, now: Instant) {
        let has_changed = self.outside.mapped.replace(at).is_some();
        self.outside.trouble = None;
        let mut moved: Vec<AccountId> = Vec::new();
        for line in self.lines.iter_mut().filter(|line| line.uses_stun()) {
            line.mapped = Some(at);
            let is_elsewhere = has_changed && line.seen_at().is_some() || line.has_moved();
            if line.registration.is_registered() && is_elsewhere {
                moved.push(line.account.id);
            }
        }
        moved.into_iter().for_each(|id| self.refresh(id, now));
    }

    fn tell_trouble(&mut self) {
        let Some(message) = self.outside.trouble.clone() else { return };
        let hint = Some("check STUN, or set enableSTUN=0; the registrar's view of us is used meanwhile".to_owned());
        self.outputs.push_back(Output::Event(Event::Error { message, hint }));
    }
}
