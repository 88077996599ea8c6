//! A datagram and the moment it arrived. Where the system stamps packets (Linux) they may wait for the next tick: half
//! the wake-ups of a call, and times that do not depend on when this thread gets its turn.

use mio::net::UdpSocket;
use std::io;
use std::net::SocketAddr;
use std::time::Instant;

#[cfg(target_os = "linux")]
pub use stamped::{IS_STAMPED, enable, receive};
#[cfg(not(target_os = "linux"))]
pub use unstamped::{IS_STAMPED, enable, receive};

#[cfg(target_os = "linux")]
mod stamped {
    use super::*;
    use crate::engine::net::icmp::address;
    use nix::sys::socket::{ControlMessageOwned, MsgFlags, SockaddrStorage, recvmsg, setsockopt, sockopt};
    use nix::sys::time::TimeSpec;
    use std::os::fd::AsRawFd;
    use std::time::{Duration, SystemTime, UNIX_EPOCH};

    /// Whether [`receive`] tells when a datagram came, not when it was read.
    pub const IS_STAMPED: bool = true;

    /// A stamp older than this is a wall clock that was set meanwhile.
    const OLDEST: Duration = Duration::from_secs(1);

    /// Asks the system to stamp what this socket receives.
    pub fn enable(socket: &UdpSocket) -> io::Result<()> {
        Ok(setsockopt(socket, sockopt::ReceiveTimestampns, &true)?)
    }

    /// The next datagram: its length in `buffer`, its sender, its arrival.
    pub fn receive(socket: &UdpSocket, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr, Instant)> {
        let mut parts = [io::IoSliceMut::new(buffer)];
        let mut space = nix::cmsg_space!(TimeSpec);
        let flags = MsgFlags::MSG_DONTWAIT;
        let message = recvmsg::<SockaddrStorage>(socket.as_raw_fd(), &mut parts, Some(&mut space), flags)?;
        let from = message.address.as_ref().and_then(address).ok_or_else(|| io::Error::other("no sender"))?;
        let stamp = message.cmsgs()?.find_map(|c| match c {
            ControlMessageOwned::ScmTimestampns(stamp) => Some(Duration::from(stamp)),
            _ => None,
        });
        Ok((message.bytes, from, arrival(stamp)))
    }

    #[allow(clippy::disallowed_methods, reason = "the shell reads the clocks")]
    fn arrival(stamp: Option<Duration>) -> Instant {
        let (now, wall) = (Instant::now(), SystemTime::now());
        let age = stamp.and_then(|stamp| wall.duration_since(UNIX_EPOCH + stamp).ok());
        age.filter(|age| *age < OLDEST).and_then(|age| now.checked_sub(age)).unwrap_or(now)
    }
}

#[cfg(not(target_os = "linux"))]
mod unstamped {
    use super::*;

    /// Whether [`receive`] tells when a datagram came, not when it was read.
    pub const IS_STAMPED: bool = false;

    /// Nothing to ask for here.
    pub fn enable(_: &UdpSocket) -> io::Result<()> {
        Ok(())
    }

    /// The next datagram: its length in `buffer`, its sender, its arrival.
    #[allow(clippy::disallowed_methods, reason = "the shell reads the clocks")]
    pub fn receive(socket: &UdpSocket, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr, Instant)> {
        let (length, from) = socket.recv_from(buffer)?;
        Ok((length, from, Instant::now()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    #[allow(clippy::disallowed_methods, reason = "the arrival is a reading of the clock")]
    fn a_datagram_that_waited_tells_when_it_came() {
        let socket = UdpSocket::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        enable(&socket).unwrap();
        let mut buffer = [0; 16];
        let nothing = receive(&socket, &mut buffer).expect_err("nothing came");
        assert_eq!(nothing.kind(), io::ErrorKind::WouldBlock);
        let far = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        let before = Instant::now();
        far.send_to(b"sound", socket.local_addr().unwrap()).unwrap();
        let sent = Instant::now();
        std::thread::sleep(Duration::from_millis(200));
        let (length, from, arrival) = receive(&socket, &mut buffer).unwrap();
        let read = Instant::now();
        assert_eq!((length, from, &buffer[..5]), (5, far.local_addr().unwrap(), &b"sound"[..]));
        // Two clocks are read one after the other, and others may run between: nearer to the sending than to the reading.
        let half = (read - sent) / 2;
        assert!(arrival + half >= before && (!IS_STAMPED || arrival <= sent + half));
    }
}
