//! Where a message came from or goes to.

use std::fmt;
use std::net::SocketAddr;

/// A SIP transport (RFC 3261 §18, RFC 7118).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Transport {
    /// Datagrams.
    Udp,
    /// A plain stream.
    Tcp,
    /// A stream under TLS.
    Tls,
    /// WebSocket.
    Ws,
    /// WebSocket under TLS.
    Wss,
}

impl Transport {
    /// True where the transport itself delivers or fails (RFC 3261 §17: timers A, E, G, I, J, K differ).
    pub fn is_reliable(self) -> bool {
        self != Transport::Udp
    }

    /// Its connections lead to a host by name, not to an address: TLS proves the name, WebSocket asks by it.
    pub fn is_named(self) -> bool {
        matches!(self, Transport::Tls | Transport::Ws | Transport::Wss)
    }

    /// A WebSocket: nobody can connect to our end of it.
    pub fn is_web_socket(self) -> bool {
        matches!(self, Transport::Ws | Transport::Wss)
    }

    /// The port where a URI names none.
    pub fn default_port(self) -> u16 {
        match self {
            //= RFC 3261 §19.1.2
            Transport::Udp | Transport::Tcp => 5060,
            Transport::Tls => 5061,
            //= RFC 7118 §5.1, RFC 6455 §3
            Transport::Ws => 80,
            Transport::Wss => 443,
        }
    }

    /// The transport of a Via token or of a URI's `transport` value, letter case aside.
    pub fn from_token(token: &str) -> Option<Transport> {
        [Transport::Udp, Transport::Tcp, Transport::Tls, Transport::Ws, Transport::Wss]
            .into_iter()
            .find(|t| t.via_token().eq_ignore_ascii_case(token))
    }

    /// The token of a Via header, `UDP`.
    pub fn via_token(self) -> &'static str {
        match self {
            Transport::Udp => "UDP",
            Transport::Tcp => "TCP",
            Transport::Tls => "TLS",
            Transport::Ws => "WS",
            Transport::Wss => "WSS",
        }
    }

    /// The value of a URI's `transport` parameter.
    pub fn uri_param(self) -> &'static str {
        match self {
            //= RFC 7118 §5.2.3: `ws` stands for both
            Transport::Wss => Transport::Ws.param(),
            other => other.param(),
        }
    }

    /// The value of microsip.ini's `transport` key, `udp`.
    pub fn param(self) -> &'static str {
        match self {
            Transport::Udp => "udp",
            Transport::Tcp => "tcp",
            Transport::Tls => "tls",
            Transport::Ws => "ws",
            Transport::Wss => "wss",
        }
    }
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.param())
    }
}

/// One path between us and a peer: the transport, our address on it and theirs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Flow {
    /// The transport.
    pub transport: Transport,
    /// Our address as the peer's side of the network would see it before any NAT; never unspecified.
    pub local: SocketAddr,
    /// The peer's address.
    pub remote: SocketAddr,
}
