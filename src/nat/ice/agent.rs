//! The agent's door: what comes in, what goes out, and when.

use super::checklist::{Checklist, Pair, PairState};
use super::consent::Consent;
use super::gather::Gather;
use super::{Candidate, CandidateKind, Config, Credentials, Event, MAX_REMOTE, Output, Remote, Role};
use crate::nat::stun::Key;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

/// Between two requests that begin something.
//= RFC 8445 §14.2
pub(super) const TA: Duration = Duration::from_millis(50);
/// How long the peer may take to reach us, where no pair of ours works.
//= RFC 8863 §3: as long as one request lasts, 39.5 s
const PATIENCE: Duration = Duration::from_millis(39_500);
/// What is not used is given back after this.
//= RFC 8445 §8.3
const RELEASE: Duration = Duration::from_secs(3);
/// The same where it may still be used by another end of the call: no phone rings longer.
//= RFC 3261 §16.6: Timer C
const RINGS: Duration = Duration::from_secs(180);

/// The peer, as far as it was told of.
#[derive(Debug)]
pub(super) struct Peer {
    pub credentials: Credentials,
    pub key: Key,
}

/// A pair in use.
#[derive(Debug)]
pub(super) struct Selected {
    pub component: u8,
    pub base: SocketAddr,
    pub remote: SocketAddr,
    pub priority: u64,
    /// Of this session of checks; else of the one before a restart.
    pub is_current: bool,
    /// `None` for a peer without ICE.
    pub consent: Option<Consent>,
}

/// A check that came before the peer's description did.
#[derive(Debug, Clone, Copy)]
pub(super) struct Early {
    pub base: SocketAddr,
    pub from: SocketAddr,
    pub priority: u32,
    pub nominates: bool,
}

/// The agent of one stream.
#[derive(Debug)]
pub struct Agent {
    pub(super) config: Config,
    pub(super) role: Role,
    pub(super) tie_breaker: u64,
    pub(super) credentials: Credentials,
    /// Before the restart: the peer's consent still asks by them.
    pub(super) previous: Option<Credentials>,
    pub(super) peer: Option<Peer>,
    pub(super) locals: Vec<Candidate>,
    pub(super) remotes: Vec<Candidate>,
    pub(super) components: Vec<u8>,
    pub(super) checklist: Checklist,
    pub(super) early: Vec<Early>,
    pub(super) selected: Vec<Selected>,
    pub(super) gather: Gather,
    pub(super) nominate_at: Option<Instant>,
    /// When something was begun last.
    begun: Instant,
    give_up: Option<Instant>,
    release: Option<Instant>,
    pub(super) outputs: VecDeque<Output>,
    pub(super) rng: StdRng,
}

impl Agent {
    /// Begins to gather.
    pub fn new(config: Config, now: Instant, rng: &mut impl Rng) -> Agent {
        let mut rng = StdRng::from_rng(rng);
        let mut agent = Agent {
            role: config.role,
            tie_breaker: rng.next_u64(),
            credentials: Credentials::new(&mut rng),
            previous: None,
            peer: None,
            locals: Vec::new(),
            remotes: Vec::new(),
            components: components_of(&config),
            checklist: Checklist::default(),
            early: Vec::new(),
            selected: Vec::new(),
            gather: Gather::default(),
            nominate_at: None,
            // The first of all begins at once, the others wait their turn.
            begun: now.checked_sub(TA).unwrap_or(now),
            give_up: None,
            release: None,
            outputs: VecDeque::new(),
            rng,
            config,
        };
        agent.begin_gathering(now);
        agent
    }

    /// Our name and password, for the description.
    pub fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    /// Who decides, as far as is known.
    pub fn role(&self) -> Role {
        self.role
    }

    /// Who decides, before the peer is known: whose the offer was.
    pub fn set_role(&mut self, role: Role) {
        if self.role != role {
            self.role = role;
            self.nominate_at = None;
            self.checklist.set_role(role);
        }
    }

    /// The peer's name and password, since it was told of.
    pub fn peer_credentials(&self) -> Option<&Credentials> {
        self.peer.as_ref().map(|peer| &peer.credentials)
    }

    /// The peer has this address: it told of it, or was found there by a check that it signed.
    pub fn is_peer(&self, component: u8, address: SocketAddr) -> bool {
        let is_it = |remote: &Candidate| remote.address == address && remote.component == component;
        self.selected(component).is_some_and(|(_, remote)| remote == address) || self.remotes.iter().any(is_it)
    }

    /// Our candidates, for the description. Those that a peer saw are found by it.
    pub fn candidates(&self) -> impl Iterator<Item = &Candidate> {
        self.locals.iter().filter(|local| local.kind != CandidateKind::PeerReflexive)
    }

    /// The one for peers without ICE: it stands in `c=` and `m=`.
    //= RFC 8445 §5.1.4: relayed, else server-reflexive, else a host
    pub fn default_candidate(&self, component: u8) -> Option<&Candidate> {
        let own = self.candidates().filter(|candidate| candidate.component == component);
        own.min_by_key(|candidate| default_order(candidate))
    }

    /// The pair in use: our socket or relayed address, the peer's address.
    pub fn selected(&self, component: u8) -> Option<(SocketAddr, SocketAddr)> {
        self.selected_pair(component).map(|selected| (selected.base, selected.remote))
    }

    /// Every component has its pair.
    pub fn is_connected(&self) -> bool {
        !self.components.is_empty() && self.components.iter().all(|component| self.has_pair(*component))
    }

    /// The first component has its pair, and each other one too, unless it has none that could work.
    pub fn is_done(&self) -> bool {
        self.components.first().is_some_and(|first| self.has_pair(*first))
            && self.components.iter().all(|component| self.has_pair(*component) || !self.may_connect(*component))
    }

    /// A pair of the component works, or may be found to.
    pub(super) fn may_connect(&self, component: u8) -> bool {
        let may = |pair: &Pair| pair.is_open() || pair.state == PairState::Succeeded;
        self.checklist.pairs.iter().any(|pair| pair.component == component && may(pair))
    }

    /// RTP and RTCP share a port: that of the first component.
    //= RFC 8445 §13, RFC 5761 §5.1.3
    pub fn set_muxed(&mut self) {
        self.components.retain(|component| *component == 1);
    }

    /// The component has its pair of this session of checks.
    pub(super) fn has_pair(&self, component: u8) -> bool {
        self.selected.iter().any(|selected| selected.is_current && selected.component == component)
    }

    /// The peer's description came: checks begin. Other credentials than before are a restart of the peer's; then ours
    /// are new as well, and true is returned.
    pub fn set_remote(&mut self, remote: Remote, now: Instant) -> bool {
        let is_restart = self.peer.as_ref().is_some_and(|peer| peer.credentials != remote.credentials);
        if is_restart {
            self.restart(None, now);
        }
        if self.peer.is_none() {
            self.give_up = Some(now + PATIENCE);
            let key = Key::short_term(&remote.credentials.password);
            self.peer = Some(Peer { credentials: remote.credentials, key });
        }
        //= RFC 8445 §6.1.1: a full agent controls a lite one
        if remote.is_lite {
            self.set_role(Role::Controlling);
        }
        if !remote.candidates.is_empty() {
            //= RFC 8445 §6.1.2.1 and RFC 5761 §5.1.3: components that one side has not are not used
            self.components.retain(|known| remote.candidates.iter().any(|c| c.component == *known));
        }
        let mut candidates = remote.candidates;
        candidates.sort_by_key(|candidate| (candidate.component, u32::MAX - candidate.priority));
        candidates.into_iter().for_each(|candidate| self.add_remote(candidate));
        for early in std::mem::take(&mut self.early) {
            self.checked_by_peer(early, now);
        }
        self.finish_turn(now);
        is_restart
    }

    /// A candidate that the peer told of later (RFC 8838).
    pub fn add_remote_candidate(&mut self, candidate: Candidate, now: Instant) {
        if self.peer.is_some() {
            self.add_remote(candidate);
            self.finish_turn(now);
        }
    }

    /// The peer has no ICE: media goes between what both descriptions say.
    pub fn set_plain(&mut self, remotes: &[(u8, SocketAddr)], now: Instant) {
        self.checklist = Checklist::default();
        self.give_up = None;
        self.components.retain(|known| remotes.iter().any(|(component, _)| component == known));
        for (component, remote) in remotes {
            let own = self.candidates().filter(|own| own.component == *component);
            let usable = own.filter(|own| own.address.is_ipv4() == remote.is_ipv4());
            let Some(local) = usable.min_by_key(|own| default_order(own)).cloned() else { continue };
            self.use_pair(*component, (local.base, *remote), 0, None, now);
            let remote = plain_candidate(*component, *remote);
            self.outputs.push_back(Output::Event(Event::Selected { component: *component, local, remote }));
        }
        self.finish_turn(now);
    }

    /// New credentials and new checks; the pairs in use are used until there are better ones. With other sockets, where
    /// the machine has other addresses than before.
    //= RFC 8445 §9
    pub fn restart(&mut self, hosts: Option<Vec<(u8, SocketAddr)>>, now: Instant) {
        let credentials = Credentials::new(&mut self.rng);
        match hosts {
            Some(hosts) => {
                self.forget_peer(credentials);
                self.config.hosts = hosts;
                self.locals.clear();
                self.gather = Gather::default();
                self.begin_gathering(now);
                self.components = components_of(&self.config);
                self.finish_turn(now);
            }
            None => self.begin_anew(credentials, now),
        }
    }

    /// The same under a name of ours that is given: another one at a restart, the same where another end of a forked call
    /// answers.
    pub fn begin_anew(&mut self, credentials: Credentials, now: Instant) {
        if credentials == self.credentials {
            // What goes to one far end is nothing for another.
            self.selected.clear();
        }
        self.forget_peer(credentials);
        self.gather_again(now);
        self.components = components_of(&self.config);
        self.finish_turn(now);
    }

    fn forget_peer(&mut self, credentials: Credentials) {
        self.previous = Some(std::mem::replace(&mut self.credentials, credentials));
        self.peer = None;
        self.remotes.clear();
        self.early.clear();
        self.checklist = Checklist::default();
        self.nominate_at = None;
        (self.give_up, self.release) = (None, None);
        self.selected.iter_mut().for_each(|selected| selected.is_current = false);
        self.locals.retain(|local| local.kind != CandidateKind::PeerReflexive);
    }

    /// The peer has no ICE, but another end of the call may: what was told of in the offer stays good for a while.
    //= RFC 8445 §8.3
    pub fn rest(&mut self, now: Instant) {
        self.forget_checks();
        self.release = Some(now + RINGS);
    }

    fn forget_checks(&mut self) {
        (self.peer, self.checklist) = (None, Checklist::default());
        self.selected.clear();
        self.early.clear();
        (self.nominate_at, self.give_up, self.release) = (None, None, None);
    }

    /// The call is over: nothing is sent any more but what gives back what servers lend.
    pub fn close(&mut self, now: Instant) {
        self.forget_checks();
        self.stop_gathering(now);
    }

    /// The time of [`next_timeout`](Self::next_timeout) has come.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.gather_timeout(now);
        self.check_timeout(now);
        // What is decided for is begun in this turn.
        self.nominate(now);
        if self.next_beginning().is_some_and(|at| at <= now) {
            self.begun = now;
            if self.gather.has_next() { self.gather_next(now) } else { self.check_next(now) }
        }
        self.consent_timeout(now);
        if self.give_up.is_some_and(|at| at <= now) {
            self.give_up = None;
            if !self.is_connected() {
                // A peer that still comes is answered, and checked in return.
                self.checklist = Checklist::default();
                self.outputs.push_back(Output::Event(Event::Failed));
            }
        }
        if self.release.is_some_and(|at| at <= now) {
            self.release = None;
            self.stop_gathering(now);
        }
        self.finish_turn(now);
    }

    /// When it wants to be told the time.
    pub fn next_timeout(&self) -> Option<Instant> {
        let checks = self.checklist.pairs.iter().filter_map(|pair| Some(pair.check.as_ref()?.timer.next_timeout()));
        let consents = self.selected.iter().filter_map(|selected| Some(selected.consent.as_ref()?.next_timeout()));
        let single = [self.next_beginning(), self.nominate_at, self.give_up, self.release, self.gather.next_timeout()];
        checks.chain(consents).chain(single.into_iter().flatten()).min()
    }

    /// What it wishes next.
    pub fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    fn add_remote(&mut self, candidate: Candidate) {
        let is_known =
            self.remotes.iter().any(|c| (c.component, c.address) == (candidate.component, candidate.address));
        if is_known || self.remotes.len() >= MAX_REMOTE {
            return;
        }
        //= RFC 8445 §8.1.2: nothing is begun for a component that has its pair
        let is_open = !self.has_pair(candidate.component);
        for local in self.locals.iter().filter(|local| is_open && pairs(local, &candidate)) {
            self.checklist.add(Pair::new(local, &candidate, self.role));
        }
        self.remotes.push(candidate);
    }

    pub(super) fn pair_local(&mut self, local: &Candidate) {
        let is_open = !self.has_pair(local.component);
        for remote in self.remotes.iter().filter(|remote| is_open && pairs(local, remote)) {
            self.checklist.add(Pair::new(local, remote, self.role));
        }
    }

    /// Pairs with an address that a server does not let through are not tried on.
    pub(super) fn forbid(&mut self, lent: &[SocketAddr], ip: IpAddr) {
        let theirs = self.checklist.pairs.iter_mut().filter(|pair| lent.contains(&pair.base));
        for pair in theirs.filter(|pair| pair.remote.ip() == ip) {
            pair.state = PairState::Failed;
            pair.check = None;
        }
    }

    pub(super) fn selected_pair(&self, component: u8) -> Option<&Selected> {
        self.selected.iter().find(|selected| selected.component == component)
    }

    /// Media goes this way from now on.
    pub(super) fn use_pair(
        &mut self,
        component: u8,
        (base, remote): (SocketAddr, SocketAddr),
        priority: u64,
        consent: Option<Consent>,
        now: Instant,
    ) {
        self.selected.retain(|selected| selected.component != component);
        self.selected.push(Selected { component, base, remote, priority, is_current: true, consent });
        self.client_of(base).into_iter().for_each(|client| client.bind(remote, now));
        if self.is_connected() {
            self.give_up = None;
            self.release = Some(now + RELEASE);
        }
    }

    fn next_beginning(&self) -> Option<Instant> {
        let has_next = self.gather.has_next() || self.peer.is_some() && self.checklist.has_next();
        has_next.then_some(self.begun + TA)
    }

    pub(super) fn finish_turn(&mut self, now: Instant) {
        self.nominate(now);
        self.pump(now);
    }
}

//= RFC 8445 §6.1.2.2, §6.1.2.4: of one component and family, link-local only with its like; who is sent from is the base
// Loopback as well: no peer leads us to what listens on this machine alone.
fn pairs(local: &Candidate, remote: &Candidate) -> bool {
    let reach = |address: SocketAddr| match address.ip() {
        ip if ip.is_loopback() => 0,
        IpAddr::V6(ip) if ip.is_unicast_link_local() => 1,
        _ => 2,
    };
    local.address == local.base
        && local.address != remote.address
        && local.component == remote.component
        && local.address.is_ipv4() == remote.address.is_ipv4()
        && reach(local.address) == reach(remote.address)
}

/// The least is the default.
fn default_order(candidate: &Candidate) -> (u8, bool, u32) {
    let kind = match candidate.kind {
        CandidateKind::Relayed => 0,
        CandidateKind::ServerReflexive => 1,
        _ => 2,
    };
    (kind, candidate.address.is_ipv6(), u32::MAX - candidate.priority)
}

fn components_of(config: &Config) -> Vec<u8> {
    let mut components: Vec<u8> = config.hosts.iter().map(|(component, _)| *component).collect();
    components.sort_unstable();
    components.dedup();
    components
}

fn plain_candidate(component: u8, address: SocketAddr) -> Candidate {
    let foundation = "0".to_owned();
    let kind = CandidateKind::Host;
    Candidate { foundation, component, priority: 1, address, kind, related: None, base: address }
}
