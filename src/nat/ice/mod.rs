//! ICE (RFC 8445): which of all addresses of two peers reach each other, and which pair of them is used.
//!
//! ```text
//!  Agent::new ─▶ gathers: host, srflx (STUN), relayed (TURN) ─▶ Candidate … Gathered ─▶ the description
//!  set_remote ─▶ pairs, best first, a check each 50 ms ─▶ valid ─▶ nominated ─▶ Selected … Connected
//!             ─▶ a check each 5 s from then on: consent (RFC 7675) ─▶ Unanswered … ConsentLost
//! ```
//!
//! A full agent for one stream of up to two components. Peers may be full, lite, older than RFC 8445 (aggressive
//! nomination), trickle their candidates (RFC 8838), or do without ICE.

mod agent;
mod candidate;
mod checklist;
mod checks;
mod consent;
mod gather;
#[cfg(test)]
mod tests;
mod traffic;

pub use agent::Agent;
pub use candidate::{Candidate, CandidateError, CandidateKind, priority};
pub use traffic::Received;

use crate::nat::turn;
use rand::Rng;
use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;
use zeroize::Zeroizing;

/// Most addresses of ours of one component.
pub const MAX_HOSTS: usize = 10;
/// Most candidates of a peer, found ones included.
pub const MAX_REMOTE: usize = 64;

/// Who decides which pair is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// We do: we made the offer, or the peer is lite.
    Controlling,
    /// The peer does.
    Controlled,
}

impl Role {
    /// The peer's.
    pub fn other(self) -> Role {
        match self {
            Role::Controlling => Role::Controlled,
            Role::Controlled => Role::Controlling,
        }
    }
}

/// What signs the checks that come to an agent.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// `a=ice-ufrag`.
    pub ufrag: String,
    /// `a=ice-pwd`.
    pub password: Zeroizing<String>,
}

impl Credentials {
    /// Fresh ones.
    //= RFC 8445 §5.3: at least 24 bits of chance and 128 bits
    pub fn new(rng: &mut impl Rng) -> Credentials {
        Credentials { ufrag: ice_chars(8, rng), password: Zeroizing::new(ice_chars(24, rng)) }
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credentials({})", self.ufrag)
    }
}

fn ice_chars(count: usize, rng: &mut impl Rng) -> String {
    const CHARS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let draw = |_| CHARS.get((rng.next_u32() >> 26) as usize).map_or('A', |byte| char::from(*byte));
    (0..count).map(draw).collect()
}

/// What an agent begins with.
#[derive(Debug, Clone)]
pub struct Config {
    /// Who made the offer is controlling.
    pub role: Role,
    /// The sockets of each component, best first.
    pub hosts: Vec<(u8, SocketAddr)>,
    /// Servers that tell an address.
    pub stun: Vec<SocketAddr>,
    /// Servers that lend one.
    pub turn: Vec<turn::Server>,
    /// No address of ours is told: everything goes through a relay.
    pub relay_only: bool,
    /// Gathering ends after this, whoever has not answered.
    pub gather_most: Duration,
}

impl Config {
    /// With these sockets and no server.
    pub fn new(role: Role, hosts: Vec<(u8, SocketAddr)>) -> Config {
        let gather_most = Duration::from_secs(2);
        Config { role, hosts, stun: Vec::new(), turn: Vec::new(), relay_only: false, gather_most }
    }
}

/// What the peer's description says.
#[derive(Debug, Clone)]
pub struct Remote {
    /// Its name and password.
    pub credentials: Credentials,
    /// Its candidates so far.
    pub candidates: Vec<Candidate>,
    /// `a=ice-lite`: it answers checks and makes none.
    pub is_lite: bool,
}

/// A TURN connection over a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RelayId(pub usize);

/// What the agent wishes or tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// Send a datagram.
    Transmit {
        /// From this socket.
        from: SocketAddr,
        /// To this address.
        to: SocketAddr,
        /// The bytes.
        bytes: Vec<u8>,
    },
    /// Open a stream to a TURN server; answered by `stream_opened` or `stream_closed`. An older one of this number is of
    /// no use any more.
    Connect {
        /// The stream.
        relay: RelayId,
        /// The server.
        server: SocketAddr,
    },
    /// Write to a stream.
    Stream {
        /// The stream.
        relay: RelayId,
        /// The bytes.
        bytes: Vec<u8>,
    },
    /// Something happened.
    Event(Event),
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A candidate of ours to be told to the peer.
    Candidate(Candidate),
    /// There are no more; the description is complete.
    Gathered,
    /// A TURN server lends nothing, or no longer.
    RelayFailed(SocketAddr, turn::Failure),
    /// Media of this component goes this way from now on.
    Selected {
        /// 1 = RTP, 2 = RTCP.
        component: u8,
        /// Ours.
        local: Candidate,
        /// The peer's.
        remote: Candidate,
    },
    /// Every component has its pair.
    Connected,
    /// No pair was found in time.
    Failed,
    /// Nothing comes from the peer, and it does not answer either: another way is to be found. What was in use may be
    /// used until consent is lost. Told to who controls alone.
    Unanswered {
        /// 1 = RTP, 2 = RTCP.
        component: u8,
    },
    /// It does after all.
    Answered {
        /// 1 = RTP, 2 = RTCP.
        component: u8,
    },
    /// The peer has not answered for 30 s: nothing may be sent any more.
    ConsentLost {
        /// 1 = RTP, 2 = RTCP.
        component: u8,
    },
}
