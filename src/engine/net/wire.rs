//! From addresses to a connection that can carry messages: TCP, what TLS and WebSocket want before, and to whom it leads.

use super::stream::Duplex;
use super::{connect, tls, websocket};
use crate::sip::flow::Transport;
use crate::text::plain_error;
use crate::ua::port::Identity;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::timeout;

/// How long one address may take to be connected to, and all addresses of a name with their handshakes.
const CONNECT: Duration = Duration::from_secs(5);
const ALL: Duration = Duration::from_secs(20);

/// How long the handshakes of TLS and WebSocket may take together.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// Where a connection is wanted to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// A transport of streams.
    pub transport: Transport,
    /// Tried in this order.
    pub addresses: Vec<SocketAddr>,
    /// Over a named transport: to whom.
    pub identity: Option<Box<Identity>>,
}

impl Target {
    /// A connection that was opened to `identity` will do.
    //= RFC 5922 §7.1: never by its address alone, or a name would borrow the proof of another
    pub fn is_met_by(&self, identity: Option<&Identity>) -> bool {
        match (&self.identity, identity) {
            (None, None) => true,
            (Some(wanted), Some(proven)) => {
                // An address literal asks for whoever is there: the proxy whose name is proven already.
                let name = wanted.name.eq_ignore_ascii_case(&proven.name) || wanted.name.parse::<IpAddr>().is_ok();
                name && wanted.tls == proven.tls && wanted.web_socket_path == proven.web_socket_path
            }
            _ => false,
        }
    }
}

/// Which of its names a certificate vouches for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Names {
    /// Those of RFC 5922 §7: of its `sip:` URIs, without any of its host names, never by a wildcard.
    Sip,
    /// Those of the web (RFC 7118 §9, RFC 6125): its host names, wildcards too.
    Web,
}

/// A connection ready to carry messages.
pub enum Wire {
    Stream(Box<dyn Duplex>),
    Web(Box<websocket::Socket>),
}

/// The connection, our address on it, theirs.
pub type Opened = (Wire, SocketAddr, SocketAddr);

/// Opens a connection to the first address where all of it comes about, in bounded time.
///
/// # Errors
/// What was tried last and why not, in words.
pub async fn open(target: &Target, listening: &[SocketAddr]) -> Result<Opened, String> {
    let transport = target.transport;
    if matches!(transport, Transport::Tls | Transport::Wss) {
        tls::is_here()?;
    }
    // Only plain TCP shares the port we listen on.
    let port = |at: &SocketAddr| if transport == Transport::Tcp { at.port() } else { 0 };
    let from: Vec<SocketAddr> = listening.iter().map(|at| SocketAddr::new(at.ip(), port(at))).collect();
    let in_turn = async {
        let mut why = "no address".to_owned();
        for remote in &target.addresses {
            match open_to(target, *remote, &from).await {
                Ok((wire, local)) => return Ok((wire, local, *remote)),
                Err(error) => why = format!("cannot connect to {remote} ({transport}): {error}"),
            }
        }
        Err(why)
    };
    timeout(ALL, in_turn).await.unwrap_or_else(|_| Err(format!("no connection in {} s", ALL.as_secs())))
}

async fn open_to(target: &Target, remote: SocketAddr, from: &[SocketAddr]) -> Result<(Wire, SocketAddr), String> {
    let late = |limit: Duration| format!("no answer in {} s", limit.as_secs());
    let from = from.iter().find(|from| from.is_ipv4() == remote.is_ipv4()).copied();
    let stream = timeout(CONNECT, connect::to(remote, from)).await.map_err(|_| late(CONNECT))?;
    let stream = stream.map_err(|error| plain_error(&error))?;
    let local = stream.local_addr().map_err(|error| plain_error(&error))?;
    let wire = timeout(HANDSHAKE, shake_hands(target, stream, remote)).await.map_err(|_| late(HANDSHAKE))??;
    Ok((wire, local))
}

async fn shake_hands(target: &Target, stream: TcpStream, remote: SocketAddr) -> Result<Wire, String> {
    let Some(identity) = &target.identity else { return Ok(Wire::Stream(Box::new(stream))) };
    let secure = matches!(target.transport, Transport::Tls | Transport::Wss);
    let stream: Box<dyn Duplex> = match secure {
        true => {
            let names = if target.transport.is_web_socket() { Names::Web } else { Names::Sip };
            tls::secure(stream, &identity.name, &identity.tls, names).await?
        }
        false => Box::new(stream),
    };
    match target.transport.is_web_socket() {
        true => websocket::open(stream, remote, secure, identity).await.map(|socket| Wire::Web(Box::new(socket))),
        false => Ok(Wire::Stream(stream)),
    }
}
