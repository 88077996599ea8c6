//! Opening connections and listening for them.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use tokio::net::{TcpListener, TcpSocket, TcpStream};

/// Connections that may wait to be accepted.
const BACKLOG: u32 = 64;

/// A connection is noticed as dead when what we sent has not been taken for this long.
#[cfg(any(target_os = "linux", target_os = "android"))]
const UNACKNOWLEDGED: std::time::Duration = std::time::Duration::from_secs(20);

/// Listens on an address; only one socket ever does.
///
/// # Errors
/// The system's refusal.
pub fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = socket(address)?;
    if address.is_ipv6() {
        socket2::SockRef::from(&socket).set_only_v6(true)?;
    }
    share(&socket)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Connects to an address. `from` is our side's address and port; another port is taken where that one is not to be had.
///
/// # Errors
/// The system's refusal.
pub async fn to(address: SocketAddr, from: Option<SocketAddr>) -> io::Result<TcpStream> {
    let stream = match from.filter(|from| !meets_itself(address, *from)) {
        Some(from) => match begin(address, Some(from)).await {
            Err(error) if is_taken(&error) => begin(address, Some(SocketAddr::new(from.ip(), 0))).await,
            other => other,
        },
        None => begin(address, None).await,
    }?;
    stream.set_nodelay(true)?;
    #[cfg(any(target_os = "linux", target_os = "android"))]
    socket2::SockRef::from(&stream).set_tcp_user_timeout(Some(UNACKNOWLEDGED))?;
    Ok(stream)
}

async fn begin(address: SocketAddr, from: Option<SocketAddr>) -> io::Result<TcpStream> {
    let socket = socket(address)?;
    if let Some(from) = from {
        share(&socket)?;
        socket.bind(from)?;
    }
    socket.connect(address).await
}

fn socket(address: SocketAddr) -> io::Result<TcpSocket> {
    if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }
}

/// The port we listen on is also the one we connect from, so that whoever answers to our Contact finds the connection
/// that is there (RFC 5923's aim without its header).
#[cfg(unix)]
fn share(socket: &TcpSocket) -> io::Result<()> {
    socket.set_reuseaddr(true)?;
    socket.set_reuseport(true)
}

/// Elsewhere sharing a port would let any program take our connections.
#[cfg(not(unix))]
fn share(_: &TcpSocket) -> io::Result<()> {
    Ok(())
}

/// From this port to the same one on this machine: the socket would be connected to itself.
fn meets_itself(address: SocketAddr, from: SocketAddr) -> bool {
    let any: IpAddr = if address.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let is_here = |ip| ip == any || std::net::UdpSocket::bind((ip, 0)).is_ok();
    address.port() == from.port() && is_here(address.ip())
}

fn is_taken(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::AddrInUse | io::ErrorKind::AddrNotAvailable)
}
