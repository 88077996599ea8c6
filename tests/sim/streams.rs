//! Connections of the virtual network: in order, later where something is lost, broken, refused, or never there.

use super::network::Door;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tuiphone::sip::flow::{Flow, Transport};

/// How long one address may take, and how long what was sent may go unacknowledged, as the engine has them.
const PATIENCE: Duration = Duration::from_secs(5);
pub const UNACKNOWLEDGED: Duration = Duration::from_secs(20);
/// The first wait before a lost segment is sent again; doubled each time.
const RESEND: Duration = Duration::from_millis(200);
/// Where the ports of connections that share none begin.
const FIRST_PORT: u16 = 40_000;

/// One side of a connection: the node, and its address on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct End {
    node: SocketAddr,
    at: SocketAddr,
}

#[derive(Debug)]
struct Connection {
    id: u64,
    transport: Transport,
    ends: [End; 2],
    /// When the last message towards each end arrives.
    last: [Option<Instant>; 2],
    /// Nothing comes through any more, and nobody knows yet.
    stalled: bool,
}

/// What a connection says to a node.
pub type Told = (SocketAddr, Flow);

#[derive(Debug, Default)]
pub struct Streams {
    live: Vec<Connection>,
    made: u64,
}

impl Streams {
    /// How many connections this node has.
    pub fn count(&self, node: SocketAddr) -> usize {
        self.live.iter().filter(|connection| connection.ends.iter().any(|end| end.node == node)).count()
    }

    /// The connection of this node to that address, if there is one that works.
    pub fn find(&self, node: SocketAddr, transport: Transport, to: SocketAddr) -> Option<Flow> {
        let connection = self.live.iter().find(|c| c.transport == transport && c.far_end(node, to).is_some())?;
        connection.far_end(node, to).map(|far| connection.flow(1 - far))
    }

    /// Opens one, known to both at once.
    pub fn open(&mut self, node: SocketAddr, transport: Transport, to: SocketAddr) -> Flow {
        self.made += 1;
        // Only plain TCP shares the port that is listened on.
        let port = FIRST_PORT + u16::try_from(self.made % 20_000).unwrap_or_default();
        let at = if transport == Transport::Tcp { node } else { SocketAddr::new(node.ip(), port) };
        let ends = [End { node, at }, End { node: to, at: to }];
        self.live.push(Connection { id: self.made, transport, ends, last: [None; 2], stalled: false });
        Flow { transport, local: at, remote: to }
    }

    /// When a message of this node arrives: the connection's number, the end it goes to, the time; `None` if it never
    /// does. `Err`: there is no such connection.
    pub fn send(
        &mut self,
        node: SocketAddr,
        flow: Flow,
        at: Option<Instant>,
    ) -> Result<Option<(u64, usize, Instant)>, ()> {
        let connection = self.live.iter_mut().find(|connection| connection.is(node, flow)).ok_or(())?;
        let far = connection.far_end(node, flow.remote).ok_or(())?;
        connection.stalled |= at.is_none();
        let Some(at) = at.filter(|_| !connection.stalled) else { return Ok(None) };
        let at = connection.last[far].map_or(at, |last| last.max(at));
        connection.last[far] = Some(at);
        Ok(Some((connection.id, far, at)))
    }

    /// Whom a message on this connection reaches, and on which path; nobody if it is gone.
    pub fn receiver(&self, id: u64, far: usize) -> Option<Told> {
        let connection = self.live.iter().find(|connection| connection.id == id && !connection.stalled)?;
        Some((connection.ends[far].node, connection.flow(far)))
    }

    /// The connection of this path, to be ended later.
    pub fn id(&self, node: SocketAddr, flow: Flow) -> Option<u64> {
        self.live.iter().find(|connection| connection.is(node, flow)).map(|connection| connection.id)
    }

    /// Ends one connection; both sides are to be told.
    pub fn end(&mut self, id: u64) -> Vec<Told> {
        self.end_those(|connection| connection.id == id)
    }

    /// Ends every connection of a node.
    pub fn end_all(&mut self, node: SocketAddr) -> Vec<Told> {
        self.end_those(|connection| connection.ends.iter().any(|end| end.node == node))
    }

    fn end_those(&mut self, which: impl Fn(&Connection) -> bool) -> Vec<Told> {
        let ended = self.live.extract_if(.., |connection| which(connection));
        ended.flat_map(|connection| [0, 1].map(|end| (connection.ends[end].node, connection.flow(end)))).collect()
    }
}

impl Connection {
    /// Which of its ends is at `to`, seen from the other one at `node`.
    fn far_end(&self, node: SocketAddr, to: SocketAddr) -> Option<usize> {
        (0..2).find(|far| self.ends[*far].at == to && self.ends[1 - *far].node == node)
    }

    /// It is this path of the node.
    fn is(&self, node: SocketAddr, flow: Flow) -> bool {
        self.far_end(node, flow.remote).is_some_and(|far| self.flow(1 - far) == flow)
    }

    /// The path as this end has it.
    fn flow(&self, end: usize) -> Flow {
        Flow { transport: self.transport, local: self.ends[end].at, remote: self.ends[1 - end].at }
    }
}

/// How long it takes to find out about each address in turn, and the one that takes the connection.
pub fn try_in_turn(
    addresses: &[SocketAddr],
    transport: Transport,
    round_trip: Duration,
    door: impl Fn(SocketAddr) -> Door,
) -> (Duration, Result<SocketAddr, String>) {
    let mut taken = Duration::ZERO;
    let mut why = "no address".to_owned();
    for address in addresses {
        let words = match door(*address) {
            Door::Open => return (taken + round_trip, Ok(*address)),
            Door::Shut => {
                taken += round_trip;
                "connection refused".to_owned()
            }
            Door::Dead => {
                taken += PATIENCE;
                format!("no answer in {} s", PATIENCE.as_secs())
            }
        };
        why = format!("cannot connect to {address} ({transport}): {words}");
    }
    (taken, Err(why))
}

/// How much later a message comes whose segment is lost this often.
pub fn lateness(losses: u32) -> Duration {
    RESEND * (2u32.saturating_pow(losses.min(8)) - 1)
}
