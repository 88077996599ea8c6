//! The network around us changes: what is forgotten, what is registered anew, which calls move to another address.
//!
//! Changes come in bursts and flap; what follows from them is put together, by chance so that not all phones of a house
//! speak at once, and never done more than once in five seconds.

use super::agent::Agent;
use super::event::Event;
use super::knocking::Then;
use super::owner::Owner;
use super::port::Output;
use super::reach::Bound;
use super::route::Job;
use crate::config::AccountId;
use crate::media::command::StreamId;
use crate::sdp::LocalMedia;
use crate::sip::flow::Flow;
use crate::text::sanitise;
use rand::RngExt;
use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

/// Seconds between the first news and what follows from it; time for an address to be joined by its route.
const SETTLE_S: std::ops::Range<f64> = 0.5..2.0;
/// Least time between one round of registering anew and the next.
const APART: Duration = Duration::from_secs(5);
/// Most addresses of this machine remembered.
const MAX_ADDRESSES: usize = 256;

/// What is known of the network.
#[derive(Debug, Default)]
pub(super) struct Network {
    /// This machine's addresses, loopback apart; `None` before the first news.
    addresses: Option<BTreeSet<IpAddr>>,
    due: Option<Instant>,
    last: Option<Instant>,
}

impl Network {
    pub fn next_timeout(&self) -> Option<Instant> {
        self.due
    }

    pub fn set_addresses(&mut self, addresses: Vec<IpAddr>) {
        self.addresses = Some(addresses.into_iter().take(MAX_ADDRESSES).collect());
    }

    /// This machine's addresses that others may reach, as far as known.
    pub fn addresses(&self) -> impl Iterator<Item = &IpAddr> {
        self.addresses.iter().flatten()
    }

    /// What was sent from this address cannot be any more.
    pub fn has_lost(&self, flow: &Flow) -> bool {
        let ip = flow.local.ip();
        !ip.is_loopback() && self.addresses.as_ref().is_some_and(|addresses| !addresses.contains(&ip))
    }
}

impl Agent {
    /// `Input::NetworkChanged`.
    pub(super) fn network_changed(&mut self, addresses: Vec<IpAddr>, now: Instant) {
        let away = addresses.is_empty();
        self.network.set_addresses(addresses);
        self.hops.clear();
        self.detours.forget();
        if !self.config.settings.network_changes || self.exiting.is_some() {
            return;
        }
        if away {
            self.network.due = None;
            return self.suspend_registrations(now);
        }
        let settled = now + Duration::from_secs_f64(self.rng.random_range(SETTLE_S));
        let due = self.network.last.map_or(settled, |last| settled.max(last + APART));
        // The first news sets the time: a network that flaps does not put it off for ever.
        self.network.due.get_or_insert(due);
    }

    pub(super) fn network_timeouts(&mut self, now: Instant) {
        if self.network.due.is_none_or(|due| due > now) {
            return;
        }
        self.network.due = None;
        self.network.last = Some(now);
        self.look_outside(now);
        self.register_anew(now);
        self.watches_move(now);
        let moved =
            |call: &&super::call::Call| call.is_answered() && call.flow.is_some_and(|f| self.network.has_lost(&f));
        let calls: Vec<u32> = self.calls.iter().filter(moved).map(|call| call.id).collect();
        for id in calls {
            let target = self.call(id).and_then(|call| call.session.as_ref()?.next_hop());
            let hop = target.and_then(super::route::Hop::of_uri);
            self.route(hop, Job::Move(id), now);
        }
    }

    /// Nothing can be reached: what is registered from addresses that are gone waits for the network.
    fn suspend_registrations(&mut self, now: Instant) {
        let gone: Vec<AccountId> = self.lines_cut_off().collect();
        for id in gone {
            let Some(line) = self.account_mut(id) else { continue };
            line.lose_path();
            if line.registration.suspend() {
                line.status = None;
                line.unreachable = true;
                line.reason = Some("the network is away".to_owned());
                self.tell_registration(id, now);
            }
        }
    }

    fn lines_cut_off(&self) -> impl Iterator<Item = AccountId> {
        let lines = self.lines.iter().filter(|line| line.path().is_some_and(|path| self.network.has_lost(path)));
        lines.map(|line| line.account.id)
    }

    fn register_anew(&mut self, now: Instant) {
        let ids = self.lines.iter().filter(|line| line.path().is_none_or(|path| !path.local.ip().is_loopback()));
        for id in ids.map(|line| line.account.id).collect::<Vec<_>>() {
            if !self.knocks_first(id, Then::RegisterAnew, now) {
                self.register_line_anew(id, now);
            }
        }
    }

    /// What is wanted of an account is asked for once more, by whatever path there is now.
    pub(super) fn register_line_anew(&mut self, id: AccountId, now: Instant) {
        let Some(line) = self.account_mut(id) else { return };
        let was = line.registration.state();
        let Some(request) = line.registration.start_over() else { return };
        line.lose_path();
        line.recontacted = false;
        let changed = was != line.registration.state();
        // What was under way went by paths that may be gone, and is not waited for.
        let owner = Owner::Register(id);
        let (clients, layer) = (&mut self.clients, &mut self.layer);
        clients.extract_if(.., |_, sent| sent.owner == owner).for_each(|(client, _)| layer.abandon(client));
        let is_its = |job: &Job| match job {
            Job::Request(whose, _) => *whose == owner,
            Job::Large(large) => large.owner == owner,
            _ => false,
        };
        self.queries.values_mut().for_each(|(_, jobs)| jobs.retain(|job| !is_its(job)));
        self.send_register(id, request, now);
        if changed {
            self.tell_registration(id, now);
        }
    }

    /// A path from an address we still have leads to the far end of a call: its sound is bound there first.
    pub(super) fn call_moves(&mut self, id: u32, flow: Flow) {
        let Some(call) = self.call_mut(id).filter(|call| call.is_answered()) else { return };
        call.flow = Some(flow);
        call.cut_off = false;
        call.moving = true;
        let stream = call.stream;
        self.bind(stream, flow);
    }

    /// The account is registered over a new connection: calls whose own has ended go on there, and their far ends are
    /// told where that changes our address.
    pub(super) fn calls_rejoin(&mut self, account: AccountId) {
        let line = self.lines.iter().find(|line| line.account.id == account);
        let Some((line, path)) = line.and_then(|line| Some((line, *line.path()?))) else { return };
        for call in self.calls.iter_mut().filter(|call| call.account == account && call.cut_off) {
            let Some(old) = call.flow.filter(|old| (old.transport, old.remote) == (path.transport, path.remote)) else {
                continue;
            };
            call.cut_off = false;
            call.flow = Some(path);
            //= RFC 3261 §12.2.1.1: a re-INVITE bears the new target
            call.move_wanted |=
                call.is_answered() && line.contact(&old, call.secure) != line.contact(&path, call.secure);
        }
    }

    /// The registrar, or a STUN server, sees us elsewhere than before: far ends of calls over that path are told, in a
    /// re-INVITE that bears the new Contact.
    pub(super) fn calls_retell(&mut self, account: AccountId) {
        let Some(line) = self.account_mut(account) else { return };
        let Some(path) = line.path else { return };
        let seen = line.outer(&path);
        if std::mem::replace(&mut line.told, seen) == seen {
            return;
        }
        let over_it = |call: &&super::call::Call| {
            call.account == account && call.is_answered() && !call.moving && call.flow == Some(path)
        };
        let ids: Vec<u32> = self.calls.iter().filter(over_it).map(|call| call.id).collect();
        for id in ids {
            let shown = self.call(id).and_then(|call| Some(self.shown(id, call.bound.as_ref()?)));
            let Some(call) = self.calls.iter_mut().find(|call| call.id == id) else { continue };
            let Some((negotiation, (rtp, rtcp))) = call.negotiation.as_mut().zip(shown) else { continue };
            call.move_wanted = true;
            if negotiation.local().rtp != rtp {
                let local = LocalMedia { rtp, rtcp, ..negotiation.local().clone() };
                negotiation.set_local(local);
                //= RFC 4568 §7.1.4: another address, another key
                negotiation.rekey(&mut self.rng);
            }
        }
    }

    /// The addresses that descriptions of a call bear: those of its sockets, as they are seen from outside. Where the
    /// sound did not ask for them itself the ports are our own: most NATs keep them, and others need ICE or a far end
    /// that looks where packets come from.
    pub(super) fn shown(&self, id: u32, bound: &Bound) -> (SocketAddr, SocketAddr) {
        let (rtp, rtcp) = bound.shown();
        let call = self.call(id).filter(|_| bound.mapped.is_none() && bound.ice.is_none());
        let ip = call.and_then(|call| self.account(call.account)?.shown_ip(&call.flow?));
        let shown = |own: SocketAddr| {
            SocketAddr::new(ip.filter(|ip| ip.is_ipv4() == own.is_ipv4()).unwrap_or(own.ip()), own.port())
        };
        (shown(rtp), shown(rtcp))
    }

    /// The sound of a call is bound at another address: the far end is told in a re-INVITE.
    pub(super) fn moved(&mut self, id: u32) {
        let bound = self.call(id).and_then(|call| call.bound.clone());
        let shown = bound.as_ref().map(|bound| self.shown(id, bound));
        let Some(call) = self.calls.iter_mut().find(|call| call.id == id) else { return };
        call.moving = false;
        if let Some(((negotiation, bound), (rtp, rtcp))) = call.negotiation.as_mut().zip(bound).zip(shown) {
            let local = LocalMedia { rtp, rtcp, ice: bound.ice, ..negotiation.local().clone() };
            negotiation.set_local(local);
            //= RFC 4568 §7.1.4: another address, another key
            negotiation.rekey(&mut self.rng);
            call.move_wanted = true;
        }
    }

    /// The sound of a call could not be bound anew: the call goes on as it is, and the person is told. False if it was
    /// not to move.
    pub(super) fn move_failed(&mut self, stream: StreamId, error: &str) -> bool {
        let Some(call) = self.calls.iter_mut().find(|call| call.stream == stream && call.moving) else { return false };
        call.moving = false;
        let message = format!("call {} cannot follow to the new address: {}", call.name(), sanitise(error));
        let hint = Some("hang up and call again if nothing is heard".to_owned());
        self.outputs.push_back(Output::Event(Event::Error { message, hint }));
        true
    }
}
