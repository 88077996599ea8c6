//! The phone's UDP sockets for signalling: one per address family, on one port.

use crate::sip::flow::{Flow, Transport};
use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use tokio::io::Interest;
use tokio::net::UdpSocket;

/// Largest datagram read.
pub const MAX_DATAGRAM: usize = 65_535;

/// Remembered local addresses of routes.
const ROUTES: usize = 256;

/// Why no socket could be had.
#[derive(Debug, thiserror::Error)]
#[error("cannot bind udp {address}: {}", crate::text::plain_error(source))]
pub struct BindError {
    /// What was tried.
    pub address: SocketAddr,
    /// The system's words.
    pub source: io::Error,
}

/// What a socket brought.
#[derive(Debug)]
pub enum Received {
    /// A datagram of this length in the caller's buffer.
    Datagram(usize, Flow),
    /// The network could not deliver to this path.
    Unreachable(Flow, io::Error),
}

/// The sockets.
#[derive(Debug)]
pub struct Sockets {
    own: Pair,
    /// On a port where others look for a phone; what comes in there is answered from there.
    also: Option<Pair>,
    routes: HashMap<IpAddr, IpAddr>,
}

/// One per address family, on one port.
#[derive(Debug)]
struct Pair {
    v4: Option<UdpSocket>,
    v6: Option<UdpSocket>,
}

impl Pair {
    fn bind(address: Option<IpAddr>, port: u16) -> Result<Pair, BindError> {
        match address {
            Some(ip @ IpAddr::V4(_)) => Ok(Pair { v4: Some(open(SocketAddr::new(ip, port))?), v6: None }),
            Some(ip @ IpAddr::V6(_)) => Ok(Pair { v4: None, v6: Some(open(SocketAddr::new(ip, port))?) }),
            None => {
                let v4 = open(SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), port))?;
                let port = v4.local_addr().map_or(port, |a| a.port());
                let v6 = open(SocketAddr::new(Ipv6Addr::UNSPECIFIED.into(), port)).ok();
                Ok(Pair { v4: Some(v4), v6 })
            }
        }
    }

    fn addresses(&self) -> Vec<SocketAddr> {
        [&self.v4, &self.v6].into_iter().flatten().filter_map(|s| s.local_addr().ok()).collect()
    }

    fn of_family(&self, remote: SocketAddr) -> Option<&UdpSocket> {
        if remote.is_ipv4() { self.v4.as_ref() } else { self.v6.as_ref() }
    }
}

impl Sockets {
    /// Binds `address` (all addresses of both families when `None`), port 0 = any free one.
    ///
    /// # Errors
    /// What could not be bound. A machine without IPv6 is no error.
    pub fn bind(address: Option<IpAddr>, port: u16) -> Result<Sockets, BindError> {
        Ok(Sockets { own: Pair::bind(address, port)?, also: None, routes: HashMap::new() })
    }

    /// Hears what comes to another port as well; the addresses of that.
    ///
    /// # Errors
    /// As of [`Sockets::bind`]; what was heard before is heard on.
    pub fn hear_also(&mut self, address: Option<IpAddr>, port: u16) -> Result<Vec<SocketAddr>, BindError> {
        let pair = Pair::bind(address, port)?;
        Ok(self.also.insert(pair).addresses())
    }

    /// The addresses bound, without those of [`Sockets::hear_also`].
    pub fn local_addresses(&self) -> Vec<SocketAddr> {
        self.own.addresses()
    }

    /// The path to a peer: our side's address as the system would route it.
    ///
    /// # Errors
    /// No socket of that family, or no route.
    pub fn flow_to(&mut self, remote: SocketAddr) -> io::Result<Flow> {
        let local = self.own.of_family(remote).ok_or_else(|| no_socket(remote))?.local_addr()?;
        self.flow(local, remote)
    }

    fn flow(&mut self, local: SocketAddr, remote: SocketAddr) -> io::Result<Flow> {
        let ip = if local.ip().is_unspecified() { self.route(remote)? } else { local.ip() };
        Ok(Flow { transport: Transport::Udp, local: SocketAddr::new(ip, local.port()), remote })
    }

    fn route(&mut self, remote: SocketAddr) -> io::Result<IpAddr> {
        if let Some(ip) = self.routes.get(&remote.ip()) {
            return Ok(*ip);
        }
        let probe = std::net::UdpSocket::bind(match remote {
            SocketAddr::V4(_) => SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), 0),
            SocketAddr::V6(_) => SocketAddr::new(Ipv6Addr::UNSPECIFIED.into(), 0),
        })?;
        probe.connect(remote)?;
        let ip = probe.local_addr()?.ip();
        if self.routes.len() >= ROUTES {
            self.routes.clear();
        }
        self.routes.insert(remote.ip(), ip);
        Ok(ip)
    }

    /// Forgets remembered routes, as after a network change.
    pub fn forget_routes(&mut self) {
        self.routes.clear();
    }

    /// Sends a datagram at once; a full socket buffer is an error like any other.
    ///
    /// # Errors
    /// The system's refusal.
    pub fn send(&self, flow: &Flow, bytes: &[u8]) -> io::Result<()> {
        // Past the runtime, which would call a fresh socket not yet writable.
        socket2::SockRef::from(self.socket(flow)?).send_to(bytes, &flow.remote.into()).map(|_| ())
    }

    /// Waits for the next datagram or report.
    ///
    /// # Errors
    /// The socket itself failed.
    pub async fn receive(&mut self, buffer: &mut [u8]) -> io::Result<Received> {
        loop {
            let also = self.also.as_ref();
            tokio::select! {
                r = readable(self.own.v4.as_ref()) => r?,
                r = readable(self.own.v6.as_ref()) => r?,
                r = readable(also.and_then(|pair| pair.v4.as_ref())) => r?,
                r = readable(also.and_then(|pair| pair.v6.as_ref())) => r?,
            }
            if let Some(received) = self.take(buffer) {
                return Ok(received);
            }
        }
    }

    fn take(&mut self, buffer: &mut [u8]) -> Option<Received> {
        let mut arrived = None;
        let mut failed = None;
        let pairs = [Some(&self.own), self.also.as_ref()].into_iter().flatten();
        for socket in pairs.flat_map(|pair| [&pair.v4, &pair.v6]).flatten() {
            let local = socket.local_addr().ok()?;
            match socket.try_recv_from(buffer) {
                Ok((length, from)) => {
                    arrived = Some((length, from, local));
                    break;
                }
                Err(_) => failed = failed.or_else(|| unreachable(socket).map(|(peer, error)| (peer, error, local))),
            }
        }
        if let Some((length, from, local)) = arrived {
            return self.flow(local, from).ok().map(|flow| Received::Datagram(length, flow));
        }
        let (peer, error, local) = failed?;
        self.flow(local, peer).ok().map(|flow| Received::Unreachable(flow, error))
    }

    /// What a request came in by, its response goes out by.
    //= RFC 3581 §4
    fn socket(&self, flow: &Flow) -> io::Result<&UdpSocket> {
        let has_port = |socket: &&UdpSocket| socket.local_addr().is_ok_and(|local| local.port() == flow.local.port());
        let also = self.also.as_ref().and_then(|pair| pair.of_family(flow.remote)).filter(has_port);
        also.or(self.own.of_family(flow.remote)).ok_or_else(|| no_socket(flow.remote))
    }
}

fn no_socket(remote: SocketAddr) -> io::Error {
    let family = if remote.is_ipv4() { "IPv4" } else { "IPv6" };
    io::Error::new(io::ErrorKind::AddrNotAvailable, format!("no {family} socket is open"))
}

async fn readable(socket: Option<&UdpSocket>) -> io::Result<()> {
    match socket {
        Some(socket) => socket.ready(interest()).await.map(|_| ()),
        None => std::future::pending().await,
    }
}

fn open(address: SocketAddr) -> Result<UdpSocket, BindError> {
    let bind = || -> io::Result<UdpSocket> {
        let domain = socket2::Domain::for_address(address);
        let socket = socket2::Socket::new(domain, socket2::Type::DGRAM, Some(socket2::Protocol::UDP))?;
        if address.is_ipv6() {
            socket.set_only_v6(true)?;
        }
        socket.set_nonblocking(true)?;
        socket.bind(&address.into())?;
        let socket = UdpSocket::from_std(socket.into())?;
        #[cfg(target_os = "linux")]
        super::icmp::enable(&socket)?;
        Ok(socket)
    };
    bind().map_err(|source| BindError { address, source })
}

#[cfg(target_os = "linux")]
fn interest() -> Interest {
    Interest::READABLE | Interest::ERROR
}

#[cfg(target_os = "linux")]
fn unreachable(socket: &UdpSocket) -> Option<(SocketAddr, io::Error)> {
    socket.try_io(Interest::ERROR, || super::icmp::take(socket).ok_or(io::ErrorKind::WouldBlock.into())).ok()
}

#[cfg(not(target_os = "linux"))]
fn interest() -> Interest {
    Interest::READABLE
}

#[cfg(not(target_os = "linux"))]
fn unreachable(_: &UdpSocket) -> Option<(SocketAddr, io::Error)> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn runtime() -> tokio::runtime::Runtime {
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
    }

    #[test]
    fn a_datagram_tells_both_ends_of_its_path() {
        runtime().block_on(async {
            let mut a = Sockets::bind(None, 0).expect("bind");
            let b = std::net::UdpSocket::bind("127.0.0.1:0").expect("bind");
            let port = a.local_addresses()[0].port();
            b.send_to(b"hello", ("127.0.0.1", port)).expect("send");
            let mut buffer = [0; 64];
            let got = tokio::time::timeout(Duration::from_secs(5), a.receive(&mut buffer)).await;
            let Ok(Ok(Received::Datagram(5, flow))) = got else { panic!("{got:?}") };
            assert_eq!(flow.local, SocketAddr::from(([127, 0, 0, 1], port)));
            assert_eq!(flow.remote, b.local_addr().expect("address"));
        });
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_closed_port_is_reported_with_its_path() {
        runtime().block_on(async {
            let closed = std::net::UdpSocket::bind("127.0.0.1:0").expect("bind").local_addr().expect("address");
            let mut a = Sockets::bind(None, 0).expect("bind");
            let flow = a.flow_to(closed).expect("route");
            a.send(&flow, b"anyone?").expect("send");
            let mut buffer = [0; 64];
            let got = tokio::time::timeout(Duration::from_secs(5), a.receive(&mut buffer)).await;
            let Ok(Ok(Received::Unreachable(path, error))) = got else { panic!("{got:?}") };
            assert_eq!(path, flow);
            assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
        });
    }

    #[test]
    fn what_comes_to_the_other_port_is_answered_from_there() {
        runtime().block_on(async {
            let mut a = Sockets::bind(None, 0).expect("bind");
            let also = a.hear_also(None, 0).expect("bind")[0].port();
            let own = a.local_addresses()[0].port();
            let b = std::net::UdpSocket::bind("127.0.0.1:0").expect("bind");
            b.set_read_timeout(Some(Duration::from_secs(5))).expect("a limit");
            for port in [also, own] {
                b.send_to(b"hello", ("127.0.0.1", port)).expect("send");
                let mut buffer = [0; 64];
                let got = tokio::time::timeout(Duration::from_secs(5), a.receive(&mut buffer)).await;
                let Ok(Ok(Received::Datagram(5, flow))) = got else { panic!("{got:?}") };
                assert_eq!(flow.local.port(), port);
                a.send(&flow, b"well").expect("send");
                assert_eq!(b.recv_from(&mut buffer).expect("an answer").1.port(), port);
            }
        });
    }

    #[test]
    fn a_taken_port_is_named() {
        runtime().block_on(async {
            let taken = std::net::UdpSocket::bind("127.0.0.1:0").expect("bind");
            let address = taken.local_addr().expect("address");
            let error = Sockets::bind(Some(address.ip()), address.port()).expect_err("taken");
            assert!(error.to_string().contains(&address.to_string()), "{error}");
        });
    }
}
