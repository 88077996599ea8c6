//! What a socket learns of its gateway: its address, its changes, its kind.

use super::gateway::{DEPENDENCES, Kind};
use super::internet::{Datagram, Internet, Node, Weather};
use super::pairs::ip;
use super::server::{PORT, Server};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};
use tuiphone::nat::kind::{self, Behaviour, Dependence, Survey};
use tuiphone::nat::mapping::{self, Mapping};

const LOCAL: &str = "10.0.0.2:4000";
const OUTSIDE: &str = "198.51.100.1";

fn servers() -> Vec<SocketAddr> {
    ["192.0.2.1", "192.0.2.2"].map(|server| SocketAddr::new(ip(server), PORT)).to_vec()
}

struct Surveyor {
    survey: Survey,
    known: Option<Behaviour>,
}

impl Node for Surveyor {
    fn receive(&mut self, _at: SocketAddr, from: SocketAddr, bytes: &[u8], now: Instant) {
        self.survey.handle_datagram(bytes, from, now);
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.survey.handle_timeout(now);
    }

    fn next_timeout(&self) -> Option<Instant> {
        self.survey.next_timeout()
    }

    fn poll(&mut self) -> Option<Datagram> {
        match self.survey.poll()? {
            kind::Effect::Transmit { to, bytes } => Some((LOCAL.parse().unwrap(), to, bytes)),
            kind::Effect::Known(behaviour) => {
                self.known = Some(behaviour);
                None
            }
        }
    }
}

/// What is known in the end, behind this gateway; whether the server can answer from elsewhere.
fn surveyed(kind: Option<Kind>, weather: Weather, can_change: bool) -> Behaviour {
    let mut net = Internet::new(1, weather);
    let mut first = Server::new("192.0.2.1");
    first.other = can_change.then(|| ip("192.0.2.3"));
    net.add(&[ip("192.0.2.1"), ip("192.0.2.3")], None, first);
    net.add(&[ip("192.0.2.2")], None, Server::new("192.0.2.2"));
    let gateway = kind.map(|kind| net.gateway(OUTSIDE, kind));
    let local: SocketAddr = LOCAL.parse().unwrap();
    let survey = Survey::new(local, &servers(), net.now, &mut net.rng);
    let surveyor = net.add(&[local.ip()], gateway, Surveyor { survey, known: None });
    let watched = Rc::clone(&surveyor);
    assert!(net.run_until(Duration::from_secs(60), || watched.borrow().known.is_some()));
    let known = surveyor.borrow().known;
    known.unwrap()
}

#[test]
//= RFC 5780 §4.3, §4.4
fn every_kind_is_told_from_every_other() {
    for (mapping, filtering) in DEPENDENCES.into_iter().flat_map(|m| DEPENDENCES.map(|f| (m, f))) {
        let known = surveyed(Some(Kind::new(mapping, filtering)), Weather::FINE, true);
        assert_eq!((known.mapping, known.filtering), (Some(mapping), Some(filtering)));
        assert_eq!(known.mapped.map(|mapped| mapped.ip()), Some(ip(OUTSIDE)));
        let plain = surveyed(Some(Kind::new(mapping, filtering)), Weather::FINE, false);
        assert_eq!(plain.is_symmetric(), mapping != Dependence::EndpointIndependent, "of two plain servers: {plain}");
        assert_eq!(plain.filtering, None);
    }
    let none = surveyed(None, Weather::FINE, true);
    assert_eq!((none.is_own, none.to_string().as_str()), (true, "no NAT"));
}

#[test]
fn where_no_server_answers_it_is_said() {
    let known = surveyed(None, Weather { loss: 1.0, ..Weather::FINE }, true);
    assert_eq!(known.to_string(), "no STUN server answers: UDP may be blocked");
}

struct Mapped {
    mapping: Mapping,
    told: VecDeque<mapping::Effect>,
}

impl Node for Mapped {
    fn receive(&mut self, _at: SocketAddr, from: SocketAddr, bytes: &[u8], now: Instant) {
        self.mapping.handle_datagram(bytes, from, now);
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.mapping.handle_timeout(now);
    }

    fn next_timeout(&self) -> Option<Instant> {
        self.mapping.next_timeout()
    }

    fn poll(&mut self) -> Option<Datagram> {
        match self.mapping.poll()? {
            mapping::Effect::Transmit { to, bytes } => Some((LOCAL.parse().unwrap(), to, bytes)),
            told => {
                self.told.push_back(told);
                None
            }
        }
    }
}

fn mapped(net: &mut Internet, gateway: usize) -> Rc<RefCell<Mapped>> {
    let local: SocketAddr = LOCAL.parse().unwrap();
    let mapping = Mapping::new(local, &servers(), Duration::from_secs(15), net.now, &mut net.rng);
    net.add(&[local.ip()], Some(gateway), Mapped { mapping, told: VecDeque::new() })
}

#[test]
fn an_address_is_held_for_an_hour_and_its_change_is_told() {
    for (seed, weather) in [(1, Weather::FINE), (2, Weather::FOUL)] {
        let mut net = Internet::new(seed, weather);
        net.add(&[ip("192.0.2.1")], None, Server::new("192.0.2.1"));
        net.add(&[ip("192.0.2.2")], None, Server::new("192.0.2.2"));
        // Foul weather may lose every packet of half a minute: that must not be a change.
        let gateway = net.gateway(OUTSIDE, Kind { expiry: Duration::from_secs(60), ..Kind::CONE });
        let node = mapped(&mut net, gateway);
        net.run(Duration::from_secs(3600));
        let told: Vec<_> = node.borrow_mut().told.drain(..).collect();
        assert_eq!(told, [mapping::Effect::Mapped(SocketAddr::new(ip(OUTSIDE), 20_007))], "seed {seed}");
        net.gateways[gateway].reboot();
        net.run(Duration::from_secs(30));
        let told: Vec<_> = node.borrow_mut().told.drain(..).collect();
        assert_eq!(told, [mapping::Effect::Mapped(SocketAddr::new(ip(OUTSIDE), 21_014))], "seed {seed}");
    }
}

#[test]
fn the_second_server_stands_in_for_the_first() {
    let mut net = Internet::new(1, Weather::FINE);
    let first = net.add(&[ip("192.0.2.1")], None, Server::new("192.0.2.1"));
    net.add(&[ip("192.0.2.2")], None, Server::new("192.0.2.2"));
    let gateway = net.gateway(OUTSIDE, Kind::CONE);
    let node = mapped(&mut net, gateway);
    net.run(Duration::from_secs(5));
    first.borrow_mut().dead = true;
    net.run(Duration::from_secs(60));
    let told: Vec<_> = node.borrow_mut().told.drain(..).collect();
    assert_eq!(told.len(), 1, "the same address as before: {told:?}");
    assert!(node.borrow().mapping.mapped().is_some());
}
