//! A NAT as a value: the kinds of RFC 4787.

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};
use tuiphone::nat::kind::Dependence;
use tuiphone::nat::kind::Dependence::{AddressAndPortDependent, AddressDependent, EndpointIndependent};

/// How it behaves.
#[derive(Debug, Clone, Copy)]
pub struct Kind {
    /// Who sees the same outer address (§4.1).
    pub mapping: Dependence,
    /// Who is let in (§5).
    pub filtering: Dependence,
    /// What is not used that long is forgotten (§4.3).
    pub expiry: Duration,
    /// Whether two inside reach each other by outer addresses (§6).
    pub hairpin: bool,
}

/// The three of RFC 4787.
pub const DEPENDENCES: [Dependence; 3] = [EndpointIndependent, AddressDependent, AddressAndPortDependent];

impl Kind {
    pub const fn new(mapping: Dependence, filtering: Dependence) -> Kind {
        Kind { mapping, filtering, expiry: Duration::from_secs(30), hairpin: false }
    }

    /// What most homes have.
    pub const CONE: Kind = Kind::new(EndpointIndependent, AddressAndPortDependent);
    /// What most offices have.
    pub const SYMMETRIC: Kind = Kind::new(AddressAndPortDependent, AddressAndPortDependent);
}

pub struct Gateway {
    pub outside: IpAddr,
    pub kind: Kind,
    mappings: Vec<Mapping>,
    /// Which socket inside has sent to which place outside, and when.
    sent: Vec<(SocketAddr, SocketAddr, Instant)>,
    next_port: u16,
}

struct Mapping {
    inside: SocketAddr,
    /// For whom it is; ports and addresses that do not matter are zero.
    far: SocketAddr,
    port: u16,
    used: Instant,
}

impl Gateway {
    pub fn new(outside: IpAddr, kind: Kind) -> Gateway {
        Gateway { outside, kind, mappings: Vec::new(), sent: Vec::new(), next_port: 20_000 }
    }

    /// A packet goes out: the address it has from then on.
    pub fn outbound(&mut self, inside: SocketAddr, to: SocketAddr, now: Instant) -> SocketAddr {
        self.forget(now);
        self.sent.retain(|(from, far, _)| (*from, *far) != (inside, to));
        self.sent.push((inside, to, now));
        let far = significant(self.kind.mapping, to);
        let known = self.mappings.iter_mut().find(|mapping| mapping.inside == inside && mapping.far == far);
        let port = match known {
            Some(mapping) => {
                mapping.used = now;
                mapping.port
            }
            None => {
                self.next_port += 7;
                self.mappings.push(Mapping { inside, far, port: self.next_port, used: now });
                self.next_port
            }
        };
        SocketAddr::new(self.outside, port)
    }

    /// A packet comes in: to whom, if to anybody.
    pub fn inbound(&mut self, port: u16, from: SocketAddr, now: Instant) -> Option<SocketAddr> {
        self.forget(now);
        let inside = self.mappings.iter().find(|mapping| mapping.port == port)?.inside;
        let filtering = self.kind.filtering;
        let is_alike = |far: &SocketAddr| significant(filtering, *far) == significant(filtering, from);
        self.sent.iter().any(|(by, far, _)| *by == inside && is_alike(far)).then_some(inside)
    }

    /// It was restarted: nothing is known any more, and ports are others.
    pub fn reboot(&mut self) {
        self.mappings.clear();
        self.sent.clear();
        self.next_port += 1000;
    }

    fn forget(&mut self, now: Instant) {
        let expiry = self.kind.expiry;
        self.mappings.retain(|mapping| now < mapping.used + expiry);
        self.sent.retain(|(_, _, at)| now < *at + expiry);
    }
}

/// What of a far end matters.
fn significant(dependence: Dependence, far: SocketAddr) -> SocketAddr {
    let nobody = SocketAddr::from(([0, 0, 0, 0], 0));
    match dependence {
        EndpointIndependent => nobody,
        AddressDependent => SocketAddr::new(far.ip(), 0),
        AddressAndPortDependent => far,
    }
}
