//! Machines, gateways, and what lies between.

use super::gateway::{Gateway, Kind};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;
use std::time::{Duration, Instant};

/// A datagram: from, to, bytes.
pub type Datagram = (SocketAddr, SocketAddr, Vec<u8>);

/// Something with addresses.
pub trait Node {
    fn receive(&mut self, at: SocketAddr, from: SocketAddr, bytes: &[u8], now: Instant);
    fn handle_timeout(&mut self, now: Instant);
    fn next_timeout(&self) -> Option<Instant>;
    fn poll(&mut self) -> Option<Datagram>;
}

/// What a packet meets on its way.
#[derive(Debug, Clone, Copy)]
pub struct Weather {
    pub delay: Duration,
    pub jitter: Duration,
    pub loss: f64,
}

impl Weather {
    pub const FINE: Weather = Weather { delay: Duration::from_millis(20), jitter: Duration::ZERO, loss: 0.0 };
    pub const FOUL: Weather =
        Weather { delay: Duration::from_millis(40), jitter: Duration::from_millis(60), loss: 0.1 };
}

struct Place {
    node: Rc<RefCell<dyn Node>>,
    ips: Vec<IpAddr>,
    behind: Option<usize>,
}

pub struct Internet {
    pub now: Instant,
    pub start: Instant,
    pub weather: Weather,
    pub gateways: Vec<Gateway>,
    pub rng: StdRng,
    places: Vec<Place>,
    in_flight: BTreeMap<(Instant, u64), (usize, Datagram)>,
    sent: u64,
    /// What may pass at all: from, to.
    pub passes: fn(SocketAddr, SocketAddr) -> bool,
    /// Everything that machines sent: when, from, to, bytes.
    pub tap: Vec<(Duration, Datagram)>,
}

impl Internet {
    pub fn new(seed: u64, weather: Weather) -> Internet {
        let now = Instant::now();
        Internet {
            now,
            start: now,
            weather,
            gateways: Vec::new(),
            rng: StdRng::seed_from_u64(seed),
            places: Vec::new(),
            in_flight: BTreeMap::new(),
            sent: 0,
            passes: |_, _| true,
            tap: Vec::new(),
        }
    }

    pub fn gateway(&mut self, outside: &str, kind: Kind) -> usize {
        self.gateways.push(Gateway::new(outside.parse().unwrap(), kind));
        self.gateways.len() - 1
    }

    pub fn add<N: Node + 'static>(&mut self, ips: &[IpAddr], behind: Option<usize>, node: N) -> Rc<RefCell<N>> {
        let node = Rc::new(RefCell::new(node));
        let place = Place { node: Rc::clone(&node) as Rc<RefCell<dyn Node>>, ips: ips.to_vec(), behind };
        self.places.push(place);
        node
    }

    /// The machine has these addresses from now on, behind this gateway.
    pub fn move_node(&mut self, at: usize, ips: &[IpAddr], behind: Option<usize>) {
        (self.places[at].ips, self.places[at].behind) = (ips.to_vec(), behind);
    }

    /// Lets time pass until this is so, or for as long.
    pub fn run_until(&mut self, time: Duration, mut is_so: impl FnMut() -> bool) -> bool {
        let end = self.now + time;
        loop {
            self.collect();
            if is_so() {
                return true;
            }
            let timers = self.places.iter().filter_map(|place| place.node.borrow().next_timeout());
            let next = timers.chain(self.in_flight.keys().map(|(at, _)| *at)).min();
            let Some(next) = next.filter(|at| *at <= end) else { break };
            self.now = self.now.max(next);
            self.deliver();
            for place in &self.places {
                let mut node = place.node.borrow_mut();
                if node.next_timeout().is_some_and(|at| at <= self.now) {
                    node.handle_timeout(self.now);
                    // Who wants to be told the time that has passed already would never let go.
                    assert!(node.next_timeout().is_none_or(|at| at > self.now));
                }
            }
        }
        self.now = end;
        false
    }

    pub fn run(&mut self, time: Duration) {
        self.run_until(time, || false);
    }

    fn collect(&mut self) {
        for at in 0..self.places.len() {
            let node = Rc::clone(&self.places[at].node);
            while let Some(datagram) = { node.borrow_mut().poll() } {
                self.tap.push((self.now - self.start, datagram.clone()));
                self.send(at, datagram);
            }
        }
    }

    fn send(&mut self, at: usize, (from, to, bytes): Datagram) {
        let behind = self.places[at].behind;
        if !self.places[at].ips.contains(&from.ip()) || !(self.passes)(from, to) {
            return;
        }
        let is_near = |place: &Place| behind.is_some() && place.behind == behind && place.ips.contains(&to.ip());
        if let Some(neighbour) = self.places.iter().position(is_near) {
            return self.put(neighbour, (from, to, bytes));
        }
        let source = match behind {
            Some(gateway) if from.is_ipv4() => self.gateways[gateway].outbound(from, to, self.now),
            _ => from,
        };
        if self.rng.random_bool(self.weather.loss) {
            return;
        }
        let public = |place: &Place| place.behind.is_none() || to.is_ipv6();
        if let Some(public) = self.places.iter().position(|place| public(place) && place.ips.contains(&to.ip())) {
            return self.put(public, (source, to, bytes));
        }
        let Some(gateway) = self.gateways.iter().position(|gateway| gateway.outside == to.ip()) else { return };
        if behind == Some(gateway) && !self.gateways[gateway].kind.hairpin {
            return;
        }
        if let Some(inside) = self.gateways[gateway].inbound(to.port(), source, self.now) {
            let of = |place: &Place| place.behind == Some(gateway) && place.ips.contains(&inside.ip());
            if let Some(place) = self.places.iter().position(of) {
                self.put(place, (source, inside, bytes));
            }
        }
    }

    fn put(&mut self, to: usize, datagram: Datagram) {
        self.sent += 1;
        let late = self.weather.jitter.mul_f64(self.rng.random::<f64>());
        self.in_flight.insert((self.now + self.weather.delay + late, self.sent), (to, datagram));
    }

    fn deliver(&mut self) {
        while let Some(entry) = self.in_flight.first_entry() {
            if entry.key().0 > self.now {
                break;
            }
            let (place, (from, to, bytes)) = entry.remove();
            if self.places[place].ips.contains(&to.ip()) {
                self.places[place].node.borrow_mut().receive(to, from, &bytes, self.now);
            }
        }
    }
}
