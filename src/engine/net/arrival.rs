//! A datagram and the moment it arrived. Where the system stamps packets (Linux) they may wait for the next tick: half
//! the wake-ups of a call, and times that do not depend on when this thread gets its turn.

use mio::net::UdpSocket;
use std::io;
use std::net::SocketAddr;
use std::time::Instant;

#[cfg(target_os = "linux")]
pub use stamped::{IS_STAMPED, Room, enable, receive};
#[cfg(not(target_os = "linux"))]
pub use unstamped::{IS_STAMPED, Room, enable, receive};

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

    /// Where the system puts its stamps: one for all datagrams.
    pub struct Room(Vec<u8>);

    impl Default for Room {
        fn default() -> Room {
            Room(nix::cmsg_space!(TimeSpec))
        }
    }

    /// Asks the system to stamp what this socket receives.
    pub fn enable(socket: &UdpSocket) -> io::Result<()> {
        Ok(setsockopt(socket, sockopt::ReceiveTimestampns, &true)?)
    }

    /// The next datagram: its length in `buffer`, its sender, its arrival.
    #[allow(clippy::disallowed_methods, reason = "the shell reads the clocks")]
    pub fn receive(socket: &UdpSocket, buffer: &mut [u8], room: &mut Room) -> io::Result<(usize, SocketAddr, Instant)> {
        let (length, from, stamp) = receive_stamped(socket, buffer, room)?;
        Ok((length, from, arrival(stamp, Instant::now(), SystemTime::now())))
    }

    /// The same with the system's stamp, if it put one on.
    pub(super) fn receive_stamped(
        socket: &UdpSocket,
        buffer: &mut [u8],
        Room(space): &mut Room,
    ) -> io::Result<(usize, SocketAddr, Option<SystemTime>)> {
        let mut parts = [io::IoSliceMut::new(buffer)];
        let flags = MsgFlags::MSG_DONTWAIT;
        let message = recvmsg::<SockaddrStorage>(socket.as_raw_fd(), &mut parts, Some(space), flags)?;
        let from = message.address.as_ref().and_then(address).ok_or_else(|| io::Error::other("no sender"))?;
        let stamp = message.cmsgs()?.find_map(|c| match c {
            ControlMessageOwned::ScmTimestampns(stamp) => UNIX_EPOCH.checked_add(Duration::from(stamp)),
            _ => None,
        });
        Ok((message.bytes, from, stamp))
    }

    /// The moment of a stamp; `now` and `wall` are the same moment on the two clocks.
    pub(super) fn arrival(stamp: Option<SystemTime>, now: Instant, wall: SystemTime) -> Instant {
        let age = stamp.and_then(|stamp| wall.duration_since(stamp).ok());
        age.filter(|age| *age < OLDEST).and_then(|age| now.checked_sub(age)).unwrap_or(now)
    }
}

#[cfg(not(target_os = "linux"))]
mod unstamped {
    use super::*;

    /// Whether [`receive`] tells when a datagram came, not when it was read.
    pub const IS_STAMPED: bool = false;

    /// Nothing is put anywhere here.
    #[derive(Default)]
    pub struct Room(());

    /// Nothing to ask for here.
    pub fn enable(_: &UdpSocket) -> io::Result<()> {
        Ok(())
    }

    /// The next datagram: its length in `buffer`, its sender, its arrival.
    #[allow(clippy::disallowed_methods, reason = "the shell reads the clocks")]
    pub fn receive(socket: &UdpSocket, buffer: &mut [u8], _: &mut Room) -> io::Result<(usize, SocketAddr, Instant)> {
        let (length, from) = socket.recv_from(buffer)?;
        Ok((length, from, Instant::now()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair() -> (UdpSocket, std::net::UdpSocket) {
        let socket = UdpSocket::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        enable(&socket).unwrap();
        (socket, std::net::UdpSocket::bind("127.0.0.1:0").unwrap())
    }

    /// Waits until a datagram can be read.
    fn await_datagram(socket: &mut UdpSocket) {
        let mut poll = mio::Poll::new().unwrap();
        poll.registry().register(socket, mio::Token(0), mio::Interest::READABLE).unwrap();
        let mut events = mio::Events::with_capacity(1);
        poll.poll(&mut events, Some(std::time::Duration::from_secs(60))).unwrap();
    }

    #[test]
    fn a_datagram_comes_with_its_sender_and_none_is_waited_for() {
        let (mut socket, far) = pair();
        let mut buffer = [0; 16];
        let nothing = receive(&socket, &mut buffer, &mut Room::default()).expect_err("nothing came");
        assert_eq!(nothing.kind(), io::ErrorKind::WouldBlock);
        far.send_to(b"sound", socket.local_addr().unwrap()).unwrap();
        await_datagram(&mut socket);
        let (length, from, _) = receive(&socket, &mut buffer, &mut Room::default()).unwrap();
        assert_eq!((length, from, &buffer[..5]), (5, far.local_addr().unwrap(), &b"sound"[..]));
    }

    #[cfg(target_os = "linux")]
    #[test]
    #[allow(clippy::disallowed_methods, reason = "the stamp is a reading of the wall clock")]
    fn a_datagram_that_waited_tells_when_it_came() {
        use std::time::SystemTime;
        let (mut socket, far) = pair();
        // The system begins to stamp a while after it was asked; before that the stamp is the moment of reading.
        for _ in 0..1_000 {
            let before = SystemTime::now();
            far.send_to(b"sound", socket.local_addr().unwrap()).unwrap();
            await_datagram(&mut socket);
            let after = SystemTime::now();
            let (.., stamp) = stamped::receive_stamped(&socket, &mut [0; 16], &mut Room::default()).unwrap();
            let stamp = stamp.expect("the system stamps");
            assert!(before <= stamp, "{before:?} {stamp:?}");
            if stamp <= after {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        panic!("a thousand datagrams were stamped when they were read");
    }

    #[cfg(target_os = "linux")]
    #[test]
    #[allow(clippy::disallowed_methods, reason = "any moment will do")]
    fn a_stamp_is_believed_unless_the_wall_clock_was_set() {
        use std::time::{Duration, SystemTime};
        let (now, wall) = (Instant::now() + Duration::from_secs(60), SystemTime::now());
        let rows = [
            (Some(wall - Duration::from_millis(20)), Duration::from_millis(20)),
            (Some(wall - Duration::from_secs(3600)), Duration::ZERO),
            (Some(wall + Duration::from_secs(3600)), Duration::ZERO),
            (None, Duration::ZERO),
        ];
        for (stamp, age) in rows {
            assert_eq!(stamped::arrival(stamp, now, wall), now - age, "{stamp:?}");
        }
    }
}
