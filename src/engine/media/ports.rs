//! Pairs of ports: RTP on an even one, RTCP on the next.

use mio::net::UdpSocket;
use rand::{Rng, RngExt};
use std::io;
use std::net::{IpAddr, SocketAddr};

/// Binds a pair on `local` within `min..=max`; 0 and 0 = anywhere; a `max` not above `min` = from `min` on.
//= RFC 3550 §11
pub fn bind_pair(local: IpAddr, min: u16, max: u16, rng: &mut impl Rng) -> Result<(UdpSocket, UdpSocket), String> {
    let (low, high) = match (min, max) {
        (0, _) => (16_384, 65_534),
        (min, max) if max > min => (min, max),
        (min, _) => (min, 65_534),
    };
    let first = u32::from(low).next_multiple_of(2);
    let pairs = (u32::from(high) + 1).saturating_sub(first) / 2;
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
    Err(format!("cannot bind a pair of RTP ports on {local} within {low}-{high}: {last}"))
}
