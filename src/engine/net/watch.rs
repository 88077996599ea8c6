//! Tells when the addresses of this machine change, and when it has slept.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::{Duration, Instant, SystemTime};
use tokio::time::{Interval, MissedTickBehavior, interval};

/// Between two looks at the clocks, and at the addresses where the system does not tell.
const LOOK: Duration = Duration::from_secs(5);
/// The clock on the wall may be ahead of ours by this much more than at the last look: it was set, or we slept.
const SLEPT: Duration = Duration::from_secs(10);

/// What a look finds.
#[derive(Debug, PartialEq, Eq)]
pub struct Change {
    /// The addresses now, loopback and link-local ones apart.
    pub addresses: Vec<IpAddr>,
    /// The machine has slept: its connections are likely dead.
    pub slept: bool,
}

/// The watch over the network.
#[derive(Debug)]
pub struct Watch {
    looks: Interval,
    clocks: (Instant, SystemTime),
    known: BTreeSet<IpAddr>,
    #[cfg(target_os = "linux")]
    news: Option<news::News>,
}

impl Watch {
    /// Begins with the addresses there are; needs the runtime.
    pub fn start() -> Watch {
        let mut looks = interval(LOOK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Watch {
            looks,
            clocks: clocks(),
            known: addresses(),
            #[cfg(target_os = "linux")]
            news: news::News::listen().ok(),
        }
    }

    /// The addresses there are, loopback and link-local ones apart.
    pub fn addresses(&self) -> Vec<IpAddr> {
        self.known.iter().copied().collect()
    }

    /// Waits for a change. Dropped and called again, it loses none.
    pub async fn next(&mut self) -> Change {
        loop {
            let told = self.told().await;
            let slept = has_slept(self.clocks, clocks());
            self.clocks = clocks();
            if told || slept {
                let now = addresses();
                if slept || now != self.known {
                    self.known = now;
                    return Change { addresses: self.known.iter().copied().collect(), slept };
                }
            }
        }
    }

    /// Waits for the system's word or the next look; true if it is time to read the addresses.
    #[cfg(target_os = "linux")]
    async fn told(&mut self) -> bool {
        let Some(news) = &self.news else {
            self.looks.tick().await;
            return true;
        };
        tokio::select! {
            alive = news.heard() => {
                if !alive {
                    self.news = None;
                }
                true
            }
            _ = self.looks.tick() => false,
        }
    }

    /// Waits for the next look, at which the addresses are read.
    #[cfg(not(target_os = "linux"))]
    async fn told(&mut self) -> bool {
        self.looks.tick().await;
        true
    }
}

fn clocks() -> (Instant, SystemTime) {
    #[allow(clippy::disallowed_methods, reason = "the shell reads the clocks")]
    (Instant::now(), SystemTime::now())
}

/// Our clock stands still while the machine sleeps, the one on the wall does not.
fn has_slept(before: (Instant, SystemTime), after: (Instant, SystemTime)) -> bool {
    let ours = after.0.saturating_duration_since(before.0);
    after.1.duration_since(before.1).is_ok_and(|walls| walls.saturating_sub(ours) > SLEPT)
}

#[cfg(unix)]
fn addresses() -> BTreeSet<IpAddr> {
    use nix::net::if_::InterfaceFlags;
    use nix::sys::socket::SockaddrStorage;
    let ip = |address: SockaddrStorage| {
        let v4 = address.as_sockaddr_in().map(|address| IpAddr::V4(address.ip()));
        v4.or_else(|| address.as_sockaddr_in6().map(|address| IpAddr::V6(address.ip())))
    };
    let Ok(interfaces) = nix::ifaddrs::getifaddrs() else { return BTreeSet::new() };
    let up = interfaces.filter(|interface| interface.flags.contains(InterfaceFlags::IFF_UP));
    up.filter_map(|interface| interface.address.and_then(ip)).filter(is_of_use).collect()
}

/// Where the system has no list at hand: the addresses its routes to the world begin at.
#[cfg(not(unix))]
fn addresses() -> BTreeSet<IpAddr> {
    let probe = |from: &str, to: &str| {
        let socket = std::net::UdpSocket::bind(from).ok()?;
        socket.connect(to).ok()?;
        socket.local_addr().ok().map(|address| address.ip())
    };
    // Addresses for documentation (RFC 5737, RFC 3849): nothing is sent.
    let found = [probe("0.0.0.0:0", "192.0.2.1:9"), probe("[::]:0", "[2001:db8::1]:9")];
    found.into_iter().flatten().filter(is_of_use).collect()
}

fn is_of_use(ip: &IpAddr) -> bool {
    let local = match ip {
        IpAddr::V4(ip) => ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_unicast_link_local(),
    };
    !local && !ip.is_loopback() && !ip.is_unspecified()
}

/// What Linux tells of links and addresses (rtnetlink).
#[cfg(target_os = "linux")]
mod news {
    use nix::sys::socket::{AddressFamily, NetlinkAddr, SockFlag, SockProtocol, SockType, bind, socket};
    use std::io;
    use std::os::fd::AsRawFd;
    use tokio::net::UnixDatagram;

    /// RTMGRP_LINK, RTMGRP_IPV4_IFADDR and RTMGRP_IPV6_IFADDR.
    const GROUPS: u32 = 0x1 | 0x10 | 0x100;

    /// Read as the datagrams they are; whose family the socket is of does not matter for that.
    #[derive(Debug)]
    pub struct News(UnixDatagram);

    impl News {
        pub fn listen() -> io::Result<News> {
            let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
            let fd = socket(AddressFamily::Netlink, SockType::Raw, flags, SockProtocol::NetlinkRoute)?;
            bind(fd.as_raw_fd(), &NetlinkAddr::new(0, GROUPS))?;
            Ok(News(UnixDatagram::from_std(fd.into())?))
        }

        /// Waits until something was told, and reads all of it; false if nothing more will be.
        pub async fn heard(&self) -> bool {
            if self.0.readable().await.is_err() {
                return false;
            }
            // What it says does not matter: the addresses are read anew.
            let mut told = [0; 4096];
            loop {
                match self.0.try_recv(&mut told) {
                    Ok(length) if length > 0 => {}
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => return true,
                    // More than it could keep for us: that too is news.
                    Err(error) if error.raw_os_error() == Some(nix::libc::ENOBUFS) => {}
                    _ => return false,
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_time_that_passed_unnoticed_is_sleep() {
        let (ours, walls) = clocks();
        let after = |mine: u64, theirs: u64| (ours + Duration::from_secs(mine), walls + Duration::from_secs(theirs));
        for (mine, theirs, slept) in [(5, 5, false), (5, 12, false), (5, 60, true), (3600, 3600, false), (60, 5, false)]
        {
            assert_eq!(has_slept((ours, walls), after(mine, theirs)), slept, "{mine} s, {theirs} s on the wall");
        }
        assert!(!has_slept(after(0, 60), after(5, 0)), "set back");
    }

    #[test]
    fn loopback_and_link_local_addresses_lead_nowhere() {
        for ip in addresses() {
            assert!(!ip.is_loopback(), "{ip}");
        }
        let of_use = |text: &str| is_of_use(&text.parse().expect("an address"));
        assert!(of_use("192.168.1.2") && of_use("2001:db8::1") && of_use("fd00::1"));
        assert!(!of_use("169.254.1.1") && !of_use("fe80::1") && !of_use("127.0.0.1") && !of_use("0.0.0.0"));
    }
}
