//! Checks: ours sent and answered, the peer's answered and returned, and which pair is nominated.

use super::agent::{Agent, Early};
use super::checklist::{Check, Pair, PairKey, PairState};
use super::consent::Consent;
use super::{Candidate, CandidateKind, Event, MAX_REMOTE, Output, Role, priority};
use crate::nat::stun::{
    Attribute, Class, Integrity, Key, Message, Method, Retransmission, Schedule, TransactionId, Turn, Writer,
};
use rand::Rng;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

//= RFC 8445 §14.3: RTO = max (500 ms, Ta * the pairs that are waiting or under way)
const RTO_LEAST: Duration = Duration::from_millis(500);
/// A better pair than the one that works is waited for this long.
const WAIT: Duration = Duration::from_millis(100);
/// Longer, where the one that works goes through a relay.
const WAIT_RELAYED: Duration = Duration::from_secs(1);
/// Most candidates that are found by the peer's checks of one base. Between two NATs that give each far end another
/// address every check finds one more, and those that were told of would never be checked.
const MAX_FOUND: usize = 16;
/// Most checks that are remembered before the peer's description came.
const MAX_EARLY: usize = 16;

impl Agent {
    /// Begins the next check.
    pub(super) fn check_next(&mut self, now: Instant) {
        if let Some(key) = self.checklist.next_pair() {
            self.check(key, now);
        }
    }

    fn check(&mut self, key: PairKey, now: Instant) {
        let busy = self.checklist.busy();
        let Some((component, nominates)) = self.checklist.get(key).map(|pair| (pair.component, pair.nominate)) else {
            return;
        };
        let nominates = nominates && self.role == Role::Controlling;
        let Some((username, key_of_peer)) = self.signing() else { return };
        let id = TransactionId::new(&mut self.rng);
        let mut request = self.binding(id, &username, key.0, component);
        if nominates {
            request = request.attribute(Attribute::USE_CANDIDATE, &[]);
        }
        let bytes = request.sign(&key_of_peer).finish();
        let rto = RTO_LEAST.max(super::agent::TA * busy);
        let timer = Retransmission::new(Schedule { rto, ..Schedule::SERVER }, now);
        let role = self.role;
        if let Some(pair) = self.checklist.get(key) {
            pair.cut_short();
            pair.state = PairState::InProgress;
            pair.check = Some(Check { id, bytes: bytes.clone(), timer, role, nominates });
        }
        self.transmit(key.0, key.1, bytes, now);
    }

    /// The name by which the peer knows us, and its key.
    //= RFC 8445 §7.2.2
    pub(super) fn signing(&self) -> Option<(String, Key)> {
        let peer = self.peer.as_ref()?;
        Some((format!("{}:{}", peer.credentials.ufrag, self.credentials.ufrag), peer.key.clone()))
    }

    /// A Binding request of a pair, not signed yet.
    pub(super) fn binding(&self, id: TransactionId, username: &str, base: SocketAddr, component: u8) -> Writer {
        let role = match self.role {
            Role::Controlling => Attribute::ICE_CONTROLLING,
            Role::Controlled => Attribute::ICE_CONTROLLED,
        };
        //= RFC 8445 §7.1.1: the priority that a candidate found by this check would have
        let priority = priority(CandidateKind::PeerReflexive, self.local_preference(base), component);
        Writer::new(Class::Request, Method::BINDING, id)
            .attribute(Attribute::USERNAME, username.as_bytes())
            .number(Attribute::PRIORITY, priority)
            .attribute(role, &self.tie_breaker.to_be_bytes())
    }

    /// Checks that were not answered are sent again, or their pairs fail.
    pub(super) fn check_timeout(&mut self, now: Instant) {
        let mut again = Vec::new();
        for pair in &mut self.checklist.pairs {
            let Some(check) = &mut pair.check else { continue };
            match check.timer.poll(now) {
                Turn::Wait => {}
                Turn::Again => again.push((pair.base, pair.remote, check.bytes.clone())),
                Turn::GiveUp => {
                    pair.state = PairState::Failed;
                    pair.check = None;
                }
            }
        }
        again.into_iter().for_each(|(base, remote, bytes)| self.transmit(base, remote, bytes, now));
    }

    /// A STUN message came; false if it is none of ours.
    pub(super) fn stun(
        &mut self,
        component: u8,
        base: SocketAddr,
        from: SocketAddr,
        message: &Message<'_>,
        now: Instant,
    ) -> bool {
        match (message.method, message.class) {
            (Method::BINDING, Class::Request) => self.request(component, base, from, message, now),
            //= RFC 8445 §11: an indication keeps a pair alive and wants nothing
            (Method::BINDING, Class::Indication) => true,
            (Method::BINDING, _) => self.answer(base, from, message, now) || self.consented(base, from, message, now),
            _ => false,
        }
    }

    fn request(
        &mut self,
        component: u8,
        base: SocketAddr,
        from: SocketAddr,
        message: &Message<'_>,
        now: Instant,
    ) -> bool {
        let refuse = |code, reason: &str| {
            let error = Writer::new(Class::Error, Method::BINDING, message.id);
            error.error(code, reason)
        };
        let username = message.attribute(Attribute::USERNAME).unwrap_or_default();
        let ufrag = username.split(|byte| *byte == b':').next().unwrap_or_default();
        let known = [Some(&self.credentials), self.previous.as_ref()];
        let ours = known.into_iter().flatten().find(|known| known.ufrag.as_bytes() == ufrag);
        let key = ours.map(|ours| Key::short_term(&ours.password));
        //= RFC 8489 §9.1.3: a name nobody knows, or another's signature
        let Some(key) = key.filter(|key| message.integrity(key) == Integrity::Good) else {
            self.transmit(base, from, refuse(401, "Unauthorized").finish(), now);
            return true;
        };
        let unknown = message.not_understood();
        if !unknown.is_empty() {
            let types: Vec<u8> = unknown.iter().flat_map(|kind| kind.0.to_be_bytes()).collect();
            let error = refuse(420, "Unknown Attribute").attribute(Attribute::UNKNOWN_ATTRIBUTES, &types);
            self.transmit(base, from, error.sign(&key).finish(), now);
            return true;
        }
        if !self.roles_agree(message) {
            self.transmit(base, from, refuse(487, "Role Conflict").sign(&key).finish(), now);
            return true;
        }
        let is_known = self.remotes.iter().any(|remote| (remote.component, remote.address) == (component, from));
        if !is_known && !self.has_room(base) {
            // What is not taken is not answered: the peer must not think that the pair works.
            return true;
        }
        let success = Writer::new(Class::Success, Method::BINDING, message.id);
        let success = success.xor_address(Attribute::XOR_MAPPED_ADDRESS, from).sign(&key).finish();
        self.transmit(base, from, success, now);
        let is_current = ours_is_current(&self.credentials.ufrag, ufrag);
        let Some(priority) = message.number(Attribute::PRIORITY).filter(|_| is_current) else { return true };
        let early = Early { base, from, priority, nominates: message.has(Attribute::USE_CANDIDATE) };
        if !self.components.contains(&component) {
            return true;
        }
        if self.peer.is_some() {
            self.checked_by_peer(early, now);
        } else if self.early.len() < MAX_EARLY {
            //= RFC 8445 §7.3: a check may come before the description; it counts when that is there
            self.early.retain(|known| (known.base, known.from) != (base, from));
            self.early.push(early);
        }
        true
    }

    fn has_room(&self, base: SocketAddr) -> bool {
        let found = |remote: &&Candidate| remote.kind == CandidateKind::PeerReflexive && remote.base == base;
        self.remotes.len() < MAX_REMOTE && self.remotes.iter().filter(found).count() < MAX_FOUND
    }

    /// Settles who decides where both think they do, or both do not; false if the peer has to give way.
    //= RFC 8445 §7.3.1.1
    fn roles_agree(&mut self, message: &Message<'_>) -> bool {
        let controlling = message.long_number(Attribute::ICE_CONTROLLING);
        let controlled = message.long_number(Attribute::ICE_CONTROLLED);
        match (self.role, controlling, controlled) {
            (Role::Controlling, Some(theirs), _) if self.tie_breaker >= theirs => false,
            (Role::Controlling, Some(_), _) => {
                self.set_role(Role::Controlled);
                true
            }
            (Role::Controlled, _, Some(theirs)) if self.tie_breaker >= theirs => {
                self.set_role(Role::Controlling);
                true
            }
            (Role::Controlled, _, Some(_)) => false,
            _ => true,
        }
    }

    /// The peer reached us: the way back is checked before all others.
    //= RFC 8445 §7.3.1.3, §7.3.1.4
    pub(super) fn checked_by_peer(&mut self, early: Early, now: Instant) {
        let Early { base, from, priority, nominates } = early;
        let Some(local) = self.locals.iter().find(|local| local.address == base && local.base == base).cloned() else {
            return;
        };
        let known = self.remotes.iter().find(|remote| (remote.component, remote.address) == (local.component, from));
        let remote = match known {
            Some(remote) => remote.clone(),
            None if self.has_room(base) => {
                let foundation = format!("p{}", self.remotes.len());
                let (component, kind) = (local.component, CandidateKind::PeerReflexive);
                let remote = Candidate { foundation, component, priority, address: from, kind, related: None, base };
                self.remotes.push(remote.clone());
                remote
            }
            None => return,
        };
        self.checklist.add(Pair::new(&local, &remote, self.role));
        let key = (base, from);
        let (role, connected) = (self.role, self.is_connected());
        let Some(pair) = self.checklist.get(key) else { return };
        if pair.is_lost {
            return;
        }
        let is_open = pair.state != PairState::Succeeded;
        if is_open && (!connected || nominates) {
            self.checklist.trigger(key);
        }
        if nominates && role == Role::Controlled {
            let Some(pair) = self.checklist.get(key) else { return };
            pair.nominated_by_peer = true;
            if pair.state == PairState::Succeeded {
                self.select(key, now);
            }
        }
    }

    /// An answer to a check of ours.
    fn answer(&mut self, base: SocketAddr, from: SocketAddr, message: &Message<'_>, now: Instant) -> bool {
        let asked = |pair: &Pair| pair.asked(message.id).map(|(role, nominates)| (pair.key(), role, nominates));
        let Some((key, role, nominates)) = self.checklist.pairs.iter().find_map(asked) else { return false };
        let Some(peer) = &self.peer else { return true };
        let signed = message.integrity(&peer.key);
        let code = message.error().map_or(0, |error| error.code);
        //= RFC 8489 §9.1.4: what is not signed by the peer is not believed; that it knows no such name cannot be signed
        let is_refusal = signed == Integrity::Missing && from == key.1 && matches!(code, 400 | 401);
        if signed != Integrity::Good && !is_refusal {
            return true;
        }
        self.checklist.get(key).into_iter().for_each(|pair| pair.answered(message.id));
        match message.class {
            //= RFC 8445 §7.2.5.2.1: from where the check went, to where it came from
            Class::Success if key == (base, from) && message.mapped().is_some() => {
                let mapped = message.mapped().unwrap_or(base);
                self.succeeded(key, mapped, role == Role::Controlling && nominates, now);
            }
            Class::Error if code == 487 => {
                if role == self.role {
                    //= RFC 8445 §7.2.5.1, §16.1: the other role and another number, unless it was taken since
                    self.tie_breaker = self.rng.next_u64();
                    self.set_role(role.other());
                }
                self.checklist.trigger(key);
            }
            _ => self.fail(key),
        }
        true
    }

    /// A check that was cut short says nothing of the one that took its place.
    fn fail(&mut self, key: PairKey) {
        let unanswered = |pair: &&mut Pair| pair.state == PairState::InProgress && pair.check.is_none();
        if let Some(pair) = self.checklist.get(key).filter(unanswered) {
            pair.state = PairState::Failed;
        }
    }

    //= RFC 8445 §7.2.5.3
    fn succeeded(&mut self, key: PairKey, mapped: SocketAddr, nominated: bool, now: Instant) {
        let Some(pair) = self.checklist.get(key) else { return };
        pair.state = PairState::Succeeded;
        pair.check = None;
        pair.valid = Some(mapped);
        let (component, foundation) = (pair.component, pair.foundation.clone());
        let by_peer = pair.nominated_by_peer && self.role == Role::Controlled;
        self.checklist.thaw(&foundation, component);
        //= RFC 8445 §7.2.5.3.1: an address that nobody told of before
        let is_known = self.locals.iter().any(|local| local.address == mapped && local.component == component);
        let found = self.locals.iter().filter(|local| local.kind == CandidateKind::PeerReflexive).count();
        if !is_known && found < MAX_REMOTE {
            self.add_local(component, CandidateKind::PeerReflexive, mapped, key.0, None);
        }
        if nominated || by_peer {
            self.select(key, now);
        } else if self.checklist.get(key).is_some_and(|pair| pair.nominate) {
            // The answer to an earlier check: the one that nominates has still to be sent.
            self.checklist.trigger(key);
        }
    }

    /// Decides for the best pairs, where that is ours to do and time.
    //= RFC 8445 §8.1.1: regular nomination, once for each component
    pub(super) fn nominate(&mut self, now: Instant) {
        if self.role != Role::Controlling || self.peer.is_none() || self.is_connected() {
            self.nominate_at = None;
            return;
        }
        let is_chosen = |component: &u8| {
            let chosen = |pair: &Pair| pair.nominate && pair.state != PairState::Failed && pair.component == *component;
            self.checklist.pairs.iter().any(chosen) || self.has_pair(*component)
        };
        let open: Vec<u8> = self.components.iter().copied().filter(|component| !is_chosen(component)).collect();
        let best = |component: &u8| {
            let mut own = self.checklist.pairs.iter().filter(|pair| pair.component == *component);
            let better = own.clone().take_while(|pair| pair.state != PairState::Succeeded).any(Pair::is_open);
            own.find(|pair| pair.state == PairState::Succeeded).map(|pair| (pair.key(), better))
        };
        // One that nothing works for holds no other up.
        let best: Vec<_> = open.iter().filter_map(best).collect();
        if best.is_empty() {
            self.nominate_at = None;
            return;
        }
        if best.iter().any(|(_, better)| *better) {
            let relayed = best.iter().any(|(key, _)| self.is_relayed(*key));
            let wait = if relayed { WAIT_RELAYED } else { WAIT };
            // A direct way found while a relay would do shortens the wait.
            let until = self.nominate_at.map_or(now + wait, |at| at.min(now + wait));
            self.nominate_at = Some(until);
            if now < until {
                return;
            }
        }
        self.nominate_at = None;
        for (key, _) in best {
            self.checklist.get(key).into_iter().for_each(|pair| pair.nominate = true);
            self.checklist.trigger(key);
        }
    }

    fn is_relayed(&self, (base, remote): PairKey) -> bool {
        let relayed = |candidate: &Candidate| candidate.kind == CandidateKind::Relayed;
        self.locals.iter().any(|local| local.address == base && relayed(local))
            || self.remotes.iter().any(|known| known.address == remote && relayed(known))
    }

    /// The pair is the one to use.
    //= RFC 8445 §8.1
    fn select(&mut self, key: PairKey, now: Instant) {
        let Some(pair) = self.checklist.get(key) else { return };
        let (component, pair_priority, valid) = (pair.component, pair.priority, pair.valid.unwrap_or(key.0));
        // Peers older than RFC 8445 nominate all they check: the best one counts.
        let known = self.selected_pair(component).filter(|known| known.is_current);
        if known.is_some_and(|known| known.priority >= pair_priority) {
            return;
        }
        let Some((username, peer)) = self.signing() else { return };
        let was_connected = self.is_connected();
        let consent = Consent::new(username, peer, now, &mut self.rng);
        self.use_pair(component, key, pair_priority, Some(consent), now);
        self.checklist.finish(component);
        let own = |at: SocketAddr| self.locals.iter().find(|own| own.address == at && own.component == component);
        let local = own(valid).or_else(|| own(key.0));
        let remote = self.remotes.iter().find(|remote| remote.address == key.1 && remote.component == component);
        if let (Some(local), Some(remote)) = (local.cloned(), remote.cloned()) {
            self.outputs.push_back(Output::Event(Event::Selected { component, local, remote }));
        }
        if self.is_connected() && !was_connected {
            self.outputs.push_back(Output::Event(Event::Connected));
        }
    }
}

fn ours_is_current(current: &str, ufrag: &[u8]) -> bool {
    current.as_bytes() == ufrag
}
