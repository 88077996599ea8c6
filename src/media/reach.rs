//! Words between the signalling and the sound: what is known of the way to it, what may be borrowed, which way it goes.

use crate::nat::ice::{Candidate, CandidateKind};
use std::fmt;
use std::net::IpAddr;
use zeroize::Zeroizing;

/// How a far end is to reach the sound of a call. By default at the sockets as they are.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reach {
    /// A way is looked for by ICE (RFC 8445).
    pub ice: bool,
    /// With ICE: the offer is ours.
    pub controlling: bool,
    /// With ICE: through a relay only, no address of ours is told.
    pub relay_only: bool,
    /// With ICE: other addresses of this machine, of either family, best first.
    pub addresses: Vec<IpAddr>,
    /// Servers that tell an address (STUN), best first.
    pub stun: Vec<ServerName>,
    /// Servers that lend one (TURN), best first; with ICE only.
    pub turn: Vec<TurnServer>,
    /// The address by which the world knows us; it counts where no STUN server is asked.
    pub public: Option<IpAddr>,
}

impl Reach {
    /// The servers that may be asked.
    pub fn names(&self) -> impl Iterator<Item = &ServerName> {
        self.stun.iter().chain(self.turn.iter().map(|server| &server.name))
    }
}

/// A server as a person writes it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ServerName {
    /// A name or an address, without brackets.
    pub host: String,
    /// Its port, if it is said.
    pub port: Option<u16>,
}

impl fmt::Display for ServerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.port, self.host.contains(':')) {
            (Some(port), true) => write!(f, "[{}]:{port}", self.host),
            (Some(port), false) => write!(f, "{}:{port}", self.host),
            (None, _) => f.write_str(&self.host),
        }
    }
}

/// A TURN server and the account there.
#[derive(Clone, PartialEq, Eq)]
pub struct TurnServer {
    /// Which.
    pub name: ServerName,
    /// How it is spoken to.
    pub transport: TurnTransport,
    /// The name of the account.
    pub username: String,
    /// Its password.
    pub password: Zeroizing<String>,
}

impl fmt::Debug for TurnServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TurnServer({}, {:?})", self.name, self.transport)
    }
}

/// How a TURN server is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TurnTransport {
    /// In datagrams.
    #[default]
    Udp,
    /// Over a stream.
    Tcp,
    /// Over a stream that is encrypted.
    Tls,
}

/// The port of STUN and TURN servers (RFC 8489 §18.6, RFC 8656 §6).
pub const STUN_PORT: u16 = 3478;

impl TurnTransport {
    /// Where such a server listens, if nothing else is said.
    pub fn default_port(self) -> u16 {
        if self == TurnTransport::Tls { 5349 } else { STUN_PORT }
    }
}

/// Which way the sound of a call goes, as far as ICE knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MediaPath {
    /// It is looked for; until it is found after a restart, the one before is in use.
    Checking,
    /// It was found, or is another one.
    Connected {
        /// Ours and the far end's, of RTP first.
        pairs: Vec<(Candidate, Candidate)>,
        /// The choice was ours.
        controlling: bool,
    },
    /// None was found in time; nothing is sent.
    Failed,
    /// The far end has not answered for 30 s; nothing is sent until a restart (RFC 7675).
    Lost,
}

impl MediaPath {
    /// Through a relay of either end.
    pub fn is_relayed(&self) -> bool {
        let is_relayed = |(ours, theirs): &(Candidate, Candidate)| {
            ours.kind == CandidateKind::Relayed || theirs.kind == CandidateKind::Relayed
        };
        matches!(self, MediaPath::Connected { pairs, .. } if pairs.iter().any(is_relayed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_shown_as_it_was_written_and_its_password_never() {
        let rows = [
            ("turn.example.net", None, "turn.example.net"),
            ("turn.example.net", Some(443), "turn.example.net:443"),
            ("2001:db8::1", None, "2001:db8::1"),
            ("2001:db8::1", Some(443), "[2001:db8::1]:443"),
        ];
        for (host, port, shown) in rows {
            let name = ServerName { host: host.to_owned(), port };
            assert_eq!(name.to_string(), shown);
            let (username, password) = ("alice".to_owned(), Zeroizing::new("wonder".to_owned()));
            let server = TurnServer { name, transport: TurnTransport::Udp, username, password };
            assert_eq!(format!("{server:?}"), format!("TurnServer({shown}, Udp)"));
        }
    }
}
