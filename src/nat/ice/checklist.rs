//! Pairs of candidates: which one is checked next.

use super::{Candidate, Role};
use crate::nat::stun::{Retransmission, TransactionId};
use std::collections::VecDeque;
use std::net::SocketAddr;

/// Most pairs that are checked.
//= RFC 8445 §6.1.2.5
const MAX_PAIRS: usize = 100;
/// Most checks of a pair whose answers still count.
const MAX_EARLIER: usize = 4;

/// How far the check of a pair is (RFC 8445 §6.1.2.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PairState {
    Frozen,
    Waiting,
    InProgress,
    Succeeded,
    Failed,
}

/// What tells pairs apart: where it is sent from, and where to.
pub(super) type PairKey = (SocketAddr, SocketAddr);

/// A check under way.
#[derive(Debug)]
pub(super) struct Check {
    pub id: TransactionId,
    pub bytes: Vec<u8>,
    pub timer: Retransmission,
    /// As whom it was sent.
    pub role: Role,
    /// It carries USE-CANDIDATE.
    pub nominates: bool,
}

#[derive(Debug)]
pub(super) struct Pair {
    pub component: u8,
    /// The base it is sent from.
    pub base: SocketAddr,
    pub remote: SocketAddr,
    /// Of the candidates: ours, the peer's.
    pub priorities: (u32, u32),
    pub priority: u64,
    pub foundation: String,
    pub state: PairState,
    pub check: Option<Check>,
    /// Earlier checks that were cut short; whether they nominated.
    pub earlier: Vec<(TransactionId, Role, bool)>,
    /// The address of ours that the peer sees, once it succeeded.
    pub valid: Option<SocketAddr>,
    /// We decided for it.
    pub nominate: bool,
    /// The peer did.
    pub nominated_by_peer: bool,
    /// It was in use until the peer's consent was gone.
    pub is_lost: bool,
}

impl Pair {
    pub fn new(local: &Candidate, remote: &Candidate, role: Role) -> Pair {
        let priorities = (local.priority, remote.priority);
        Pair {
            component: local.component,
            base: local.base,
            remote: remote.address,
            priorities,
            priority: pair_priority(priorities, role),
            foundation: format!("{}:{}", local.foundation, remote.foundation),
            state: PairState::Frozen,
            check: None,
            earlier: Vec::new(),
            valid: None,
            nominate: false,
            nominated_by_peer: false,
            is_lost: false,
        }
    }

    pub fn key(&self) -> PairKey {
        (self.base, self.remote)
    }

    /// May still become valid.
    pub fn is_open(&self) -> bool {
        matches!(self.state, PairState::Frozen | PairState::Waiting | PairState::InProgress)
    }

    /// The check under way is not sent again; its answer still counts.
    pub fn cut_short(&mut self) {
        if let Some(check) = self.check.take() {
            self.earlier.truncate(MAX_EARLIER - 1);
            self.earlier.insert(0, (check.id, check.role, check.nominates));
        }
    }

    /// The check of this answer is over: none counts twice.
    pub fn answered(&mut self, id: TransactionId) {
        if self.check.as_ref().is_some_and(|check| check.id == id) {
            self.check = None;
        }
        self.earlier.retain(|(known, ..)| *known != id);
    }

    /// As whom the check of this answer was sent, and whether it nominated.
    pub fn asked(&self, id: TransactionId) -> Option<(Role, bool)> {
        let current = self.check.as_ref().filter(|check| check.id == id).map(|check| (check.role, check.nominates));
        let earlier = self.earlier.iter().find(|(known, ..)| *known == id);
        current.or(earlier.map(|(_, role, nominates)| (*role, *nominates)))
    }
}

/// The priority of a pair.
//= RFC 8445 §6.1.2.3
fn pair_priority((local, remote): (u32, u32), role: Role) -> u64 {
    let (controlling, controlled) = if role == Role::Controlling { (local, remote) } else { (remote, local) };
    let (least, most) = (controlling.min(controlled), controlling.max(controlled));
    (u64::from(least) << 32) + 2 * u64::from(most) + u64::from(controlling > controlled)
}

/// Pairs, best first, and those that something made urgent.
#[derive(Debug, Default)]
pub(super) struct Checklist {
    pub pairs: Vec<Pair>,
    triggered: VecDeque<PairKey>,
}

impl Checklist {
    pub fn get(&mut self, key: PairKey) -> Option<&mut Pair> {
        self.pairs.iter_mut().find(|pair| pair.key() == key)
    }

    /// Adds a pair, unless one with the same ends is there; the worst one goes where there are too many.
    pub fn add(&mut self, mut pair: Pair) {
        if self.get(pair.key()).is_some() {
            return;
        }
        //= RFC 8445 §6.1.2.6: of each foundation one pair at first; a success frees the others
        let mut alike = self.pairs.iter().filter(|other| other.foundation == pair.foundation).peekable();
        if alike.peek().is_none() || alike.any(|other| other.state == PairState::Succeeded) {
            pair.state = PairState::Waiting;
        }
        self.pairs.push(pair);
        self.sort();
        if self.pairs.len() > MAX_PAIRS {
            let worst = self.pairs.iter().rposition(|pair| pair.is_open() && pair.check.is_none());
            worst.into_iter().for_each(|at| drop(self.pairs.remove(at)));
        }
    }

    /// As the other one, every pair has another priority, and nothing is decided yet.
    pub fn set_role(&mut self, role: Role) {
        for pair in &mut self.pairs {
            pair.priority = pair_priority(pair.priorities, role);
            pair.nominate = false;
        }
        self.sort();
    }

    /// This pair is checked before all others.
    pub fn trigger(&mut self, key: PairKey) {
        if let Some(pair) = self.get(key) {
            pair.cut_short();
            pair.state = PairState::Waiting;
            if !self.triggered.contains(&key) {
                self.triggered.push_back(key);
            }
        }
    }

    /// Something is left to be checked.
    pub fn has_next(&self) -> bool {
        !self.triggered.is_empty()
            || self.pairs.iter().any(|pair| matches!(pair.state, PairState::Waiting | PairState::Frozen))
    }

    /// The pair to be checked now.
    //= RFC 8445 §6.1.4.2
    pub fn next_pair(&mut self) -> Option<PairKey> {
        while let Some(key) = self.triggered.pop_front() {
            if self.get(key).is_some_and(|pair| pair.state == PairState::Waiting) {
                return Some(key);
            }
        }
        let waiting = self.pairs.iter().find(|pair| pair.state == PairState::Waiting);
        waiting.or_else(|| self.pairs.iter().find(|pair| self.may_thaw(pair))).map(Pair::key)
    }

    fn may_thaw(&self, frozen: &Pair) -> bool {
        let is_busy = |pair: &Pair| matches!(pair.state, PairState::Waiting | PairState::InProgress);
        let alike = |pair: &&Pair| pair.foundation == frozen.foundation;
        frozen.state == PairState::Frozen && !self.pairs.iter().filter(alike).any(is_busy)
    }

    /// A pair of this component succeeded: those like it are worth a check, and those of the other components need not
    /// wait for what will not answer.
    //= RFC 8445 §7.2.5.3.3
    pub fn thaw(&mut self, foundation: &str, component: u8) {
        let frozen = self.pairs.iter_mut().filter(|pair| pair.state == PairState::Frozen);
        let worth = frozen.filter(|pair| pair.foundation == foundation || pair.component != component);
        worth.for_each(|pair| pair.state = PairState::Waiting);
    }

    /// How many are waiting or under way: the more there are, the slower each is sent again.
    pub fn busy(&self) -> u32 {
        let busy = |pair: &&Pair| matches!(pair.state, PairState::Waiting | PairState::InProgress);
        self.pairs.iter().filter(busy).count() as u32
    }

    /// The component has what it needs: nothing more is begun for it, and none of its pairs holds others up.
    //= RFC 8445 §8.1.2
    pub fn finish(&mut self, component: u8) {
        self.pairs.retain(|pair| {
            pair.component != component || !matches!(pair.state, PairState::Waiting | PairState::Frozen)
        });
        for pair in self.pairs.iter_mut().filter(|pair| pair.component == component) {
            pair.cut_short();
            if pair.state == PairState::InProgress {
                pair.state = PairState::Failed;
            }
        }
    }

    /// The peer's consent is gone: what worked before counts no more, and the pair that was in use never again.
    //= RFC 7675 §5.1: not without other credentials
    pub fn lose(&mut self, component: u8, lost: PairKey) {
        for pair in self.pairs.iter_mut().filter(|pair| pair.component == component) {
            (pair.state, pair.check) = (PairState::Failed, None);
            pair.earlier.clear();
            pair.is_lost |= pair.key() == lost;
        }
    }

    fn sort(&mut self) {
        self.pairs.sort_by_key(|pair| (std::cmp::Reverse(pair.priority), pair.component));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    //= RFC 8445 §6.1.2.3
    fn both_sides_compute_the_same_priority() {
        let (ours, theirs) = (2_130_706_431, 1_694_498_815);
        let controlling = pair_priority((ours, theirs), Role::Controlling);
        assert_eq!(controlling, (1_694_498_815u64 << 32) + 2 * 2_130_706_431 + 1);
        assert_eq!(controlling, pair_priority((theirs, ours), Role::Controlled));
    }

    #[test]
    //= RFC 8445 §7.2.5.3.3
    fn a_success_of_one_component_begins_the_others() {
        let mut list = Checklist::default();
        let local = |component| format!("1 {component} UDP 1 192.0.2.1 400{component} typ host").parse().unwrap();
        let remote =
            |at, component| format!("{at} {component} UDP 1 192.0.2.2 {at}00{component} typ host").parse().unwrap();
        for (at, component) in [(2, 1), (2, 2), (3, 1)] {
            list.add(Pair::new(&local(component), &remote(at, component), Role::Controlled));
        }
        assert_eq!(list.pairs.iter().filter(|pair| pair.state == PairState::Frozen).count(), 1);
        let other = list.pairs.iter().position(|pair| pair.remote.port() == 3001).unwrap();
        let foundation = list.pairs[other].foundation.clone();
        list.pairs[other].state = PairState::Succeeded;
        list.thaw(&foundation, 1);
        assert_eq!(list.pairs.iter().filter(|pair| pair.state == PairState::Frozen).count(), 0);
    }

    #[test]
    //= RFC 8445 §6.1.2.6, §8.1.2
    fn a_component_that_has_its_pair_holds_no_other_up() {
        let mut list = Checklist::default();
        for component in [1, 2] {
            let host =
                |ip: &str| format!("1 {component} UDP 1 {ip} 400{component} typ host").parse::<Candidate>().unwrap();
            list.add(Pair::new(&host("192.0.2.1"), &host("192.0.2.2"), Role::Controlling));
        }
        let first = list.next_pair().unwrap();
        list.get(first).unwrap().state = PairState::InProgress;
        assert_eq!(list.next_pair(), None, "it is frozen");
        list.finish(1);
        let second = list.next_pair().unwrap();
        assert_eq!(list.get(second).map(|pair| pair.component), Some(2));
    }
}
