//! Two phones behind every pair of kinds of NAT: who reaches whom, and how.

use super::gateway::{DEPENDENCES, Kind};
use super::internet::{Internet, Weather};
use super::peer::Peer;
use super::server::{PASSWORD, PORT, Server, USER};
use std::cell::RefCell;
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;
use std::time::Duration;
use tuiphone::nat::ice::{CandidateKind, Config, Event, Role};
use tuiphone::nat::turn;

pub const SERVER: &str = "192.0.2.1";

/// Two phones and their servers.
pub struct Call {
    pub net: Internet,
    pub caller: Rc<RefCell<Peer>>,
    pub callee: Rc<RefCell<Peer>>,
    pub server: Rc<RefCell<Server>>,
}

pub fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

pub fn account() -> turn::Server {
    let address = SocketAddr::new(ip(SERVER), PORT);
    turn::Server { address, is_stream: false, username: USER.into(), password: PASSWORD.to_owned().into() }
}

/// Ports of both components of a phone at this address.
pub fn hosts(address: &str) -> Vec<(u8, SocketAddr)> {
    vec![(1, SocketAddr::new(ip(address), 4000)), (2, SocketAddr::new(ip(address), 4001))]
}

impl Call {
    /// Each behind its gateway, or none; gathering is over.
    pub fn new(seed: u64, weather: Weather, kinds: [Option<Kind>; 2], with_turn: bool) -> Call {
        let mut net = Internet::new(seed, weather);
        let server = net.add(&[ip(SERVER)], None, Server::new(SERVER));
        let mut phones = Vec::new();
        for (at, kind) in kinds.into_iter().enumerate() {
            let (inside, outside) = (["10.0.0.2", "10.1.0.2"][at], ["198.51.100.1", "203.0.113.1"][at]);
            let gateway = kind.map(|kind| net.gateway(outside, kind));
            let address = if gateway.is_some() { inside } else { outside };
            let mut config = Config::new([Role::Controlling, Role::Controlled][at], hosts(address));
            config.stun = vec![SocketAddr::new(ip(SERVER), PORT)];
            // Where packets are lost, a server that lends an address answers late.
            config.gather_most = if weather.loss > 0.0 { Duration::from_secs(12) } else { config.gather_most };
            config.turn = if with_turn { vec![account()] } else { Vec::new() };
            let peer = Peer::new(config, net.now, &mut net.rng);
            phones.push(net.add(&[ip(address)], gateway, peer));
        }
        let [caller, callee] = phones.try_into().unwrap_or_else(|_| unreachable!());
        let mut call = Call { net, caller, callee, server };
        call.run_until(13, |caller, callee| caller.has(&Event::Gathered) && callee.has(&Event::Gathered));
        call
    }

    pub fn run_until(&mut self, seconds: u64, mut is_so: impl FnMut(&Peer, &Peer) -> bool) -> bool {
        let (caller, callee) = (Rc::clone(&self.caller), Rc::clone(&self.callee));
        let is_so = || is_so(&caller.borrow(), &callee.borrow());
        self.net.run_until(Duration::from_secs(seconds), is_so)
    }

    /// The callee has the offer first, the caller the answer 100 ms later.
    pub fn describe(&mut self) {
        let offer = self.caller.borrow().description();
        self.callee.borrow_mut().agent.set_remote(offer, self.net.now);
        let answer = self.callee.borrow().description();
        self.net.run(Duration::from_millis(100));
        self.caller.borrow_mut().agent.set_remote(answer, self.net.now);
    }

    /// Both have their pairs within this time.
    pub fn connects(&mut self, seconds: u64) -> bool {
        self.run_until(seconds, |caller, callee| caller.agent.is_connected() && callee.agent.is_connected())
    }

    /// Sound goes both ways on both components.
    pub fn talks(&mut self) -> bool {
        let text = format!("\u{80}sound {:?}", self.net.now);
        for (phone, _) in [(&self.caller, 0), (&self.callee, 1)] {
            for component in [1, 2] {
                phone.borrow_mut().agent.send(component, text.as_bytes(), self.net.now);
            }
        }
        let has = |phone: &Peer| {
            let heard = |c: &u8| phone.heard.iter().any(|(known, _, data)| known == c && data == text.as_bytes());
            [1, 2].iter().all(heard)
        };
        self.run_until(2, |caller, callee| has(caller) && has(callee))
    }
}

/// No gateway, then mapping by filtering: endpoint-independent, address-dependent, address-and-port-dependent.
fn kinds() -> Vec<Option<Kind>> {
    let nine = DEPENDENCES.iter().flat_map(|mapping| DEPENDENCES.map(|filtering| Kind::new(*mapping, filtering)));
    std::iter::once(None).chain(nine.map(Some)).collect()
}

/// How a pair connects: `h`ost, `s`rflx, `p`rflx, `r`elayed, `.` not at all, `!` without sound.
fn how(seed: u64, weather: Weather, pair: [Option<Kind>; 2], with_turn: bool) -> char {
    let mut call = Call::new(seed, weather, pair, with_turn);
    call.describe();
    if !call.connects(39) {
        return '.';
    }
    let way = call.caller.borrow().way().max(call.callee.borrow().way());
    if weather.loss == 0.0 && !call.talks() {
        return '!';
    }
    match way {
        Some(CandidateKind::Host) => 'h',
        Some(CandidateKind::ServerReflexive) => 's',
        Some(CandidateKind::PeerReflexive) => 'p',
        Some(CandidateKind::Relayed) => 'r',
        None => '?',
    }
}

fn table(seed: u64, weather: Weather, with_turn: bool) -> Vec<String> {
    let kinds = kinds();
    let row = |a: &Option<Kind>| kinds.iter().map(|b| how(seed, weather, [*a, *b], with_turn)).collect();
    kinds.iter().map(row).collect()
}

/// Rows: the caller's gateway; columns: the callee's.
#[rustfmt::skip]
const TABLE: [&str; 10] = [
    // none   EI mapping        AD mapping         APD mapping
    //        EI  AD  APD       EI  AD  APD        EI  AD  APD   filtering
    "hssspppppp", // none
    "sssspppppp", // EI mapping, EI filtering: full cone
    "sssspppppp", // EI mapping, AD filtering: restricted cone
    "ssssrrrrrr", // EI mapping, APD filtering: port-restricted cone, what most homes have
    "ppprpprppr", // AD mapping
    "ppprpprppr",
    "ppprrrrrrr",
    "ppprpprrrr", // APD mapping
    "ppprpprrrr",
    "ppprrrrrrr", // APD mapping, APD filtering: symmetric, what most offices have
];

#[test]
fn every_pair_of_kinds_connects_and_talks() {
    for seed in [1, 2] {
        assert_eq!(table(seed, Weather::FINE, true), TABLE, "seed {seed}");
    }
}

#[test]
fn without_a_relay_the_same_pairs_connect_directly_and_no_others() {
    let without = TABLE.map(|row| row.replace('r', "."));
    assert_eq!(table(3, Weather::FINE, false), without);
}

#[test]
fn every_pair_connects_where_a_tenth_of_all_packets_is_lost() {
    for seed in [4, 5] {
        let table = table(seed, Weather::FOUL, true);
        assert!(table.iter().all(|row| !row.contains(['.', '!', '?'])), "seed {seed}: {table:#?}");
    }
}
