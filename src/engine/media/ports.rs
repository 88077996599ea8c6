//! Pairs of ports: RTP on an even one, RTCP on the next.

use crate::config::RtpPorts;
use mio::net::UdpSocket;
use rand::{Rng, RngExt};
use std::io;
use std::net::{IpAddr, SocketAddr};

/// Binds a pair on `local` within `min..=max`; 0 and 0 = anywhere; a `max` not above `min` = from `min` on.
//= RFC 3550 §11
pub fn bind_pair(local: IpAddr, min: u16, max: u16, rng: &mut impl Rng) -> Result<(UdpSocket, UdpSocket), String> {
    let ports = RtpPorts::of(min, max);
    let (first, pairs) = ports.pairs();
    let start = if pairs > 0 { rng.random_range(0..pairs) } else { 0 };
    let mut last = io::Error::other("no even port with a neighbour in the range");
    for index in 0..pairs.min(500) {
        let Ok(port) = u16::try_from(first + (start + index) % pairs * 2) else { continue };
        let pair = UdpSocket::bind(SocketAddr::new(local, port))
            .and_then(|rtp| Ok((rtp, UdpSocket::bind(SocketAddr::new(local, port + 1))?)));
        match pair {
            Ok(pair) => return Ok(pair),
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => last = error,
            Err(error) => {
                last = error;
                break;
            }
        }
    }
    let RtpPorts { low, high } = ports;
    Err(format!("cannot bind a pair of RTP ports on {local} within {low}-{high}: {last}"))
}
