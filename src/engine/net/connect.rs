//! Opening connections and listening for them.

use crate::sip::flow::Transport;
use crate::text::plain_error;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::time::timeout;

/// How long one address, and all addresses of a name, may take.
const ONE: Duration = Duration::from_secs(5);
const ALL: Duration = Duration::from_secs(15);

/// Connections that may wait to be accepted.
const BACKLOG: u32 = 64;

/// A connection is noticed as dead when what we sent has not been taken for this long.
#[cfg(any(target_os = "linux", target_os = "android"))]
const UNACKNOWLEDGED: Duration = Duration::from_secs(20);

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

/// Connects to the first address that takes us, in bounded time. `from` is our side's address and port for each family;
/// another port is taken where that one is not to be had.
///
/// # Errors
/// What was tried last and why not, in words.
pub async fn first(
    addresses: &[SocketAddr],
    from: &[SocketAddr],
    transport: Transport,
) -> Result<(TcpStream, SocketAddr), String> {
    let in_turn = async {
        let mut why = "no address".to_owned();
        for address in addresses {
            let from = from.iter().find(|from| from.is_ipv4() == address.is_ipv4());
            let error = match timeout(ONE, one(*address, from.copied())).await {
                Ok(Ok(stream)) => return Ok((stream, *address)),
                Ok(Err(error)) => plain_error(&error),
                Err(_) => format!("no answer in {} s", ONE.as_secs()),
            };
            why = format!("cannot connect to {address} ({transport}): {error}");
        }
        Err(why)
    };
    timeout(ALL, in_turn).await.unwrap_or_else(|_| Err(format!("no connection in {} s", ALL.as_secs())))
}

async fn one(address: SocketAddr, from: Option<SocketAddr>) -> io::Result<TcpStream> {
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
