//! A candidate: an address where media may be received, and its line (RFC 8839 §5.1).

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::str::FromStr;

/// How an address was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CandidateKind {
    /// Of a socket of the machine.
    Host,
    /// As a server saw it.
    ServerReflexive,
    /// As the peer saw it.
    PeerReflexive,
    /// Borrowed from a server.
    Relayed,
}

impl CandidateKind {
    const TABLE: [(CandidateKind, &str, u32); 4] = [
        //= RFC 8445 §5.1.2.2: type preferences
        (CandidateKind::Host, "host", 126),
        (CandidateKind::ServerReflexive, "srflx", 100),
        (CandidateKind::PeerReflexive, "prflx", 110),
        (CandidateKind::Relayed, "relay", 0),
    ];

    /// Its word in a description.
    pub fn token(self) -> &'static str {
        Self::TABLE.iter().find(|(kind, ..)| *kind == self).map_or("host", |(_, token, _)| token)
    }

    fn preference(self) -> u32 {
        Self::TABLE.iter().find(|(kind, ..)| *kind == self).map_or(0, |(.., preference)| *preference)
    }
}

/// One address of one component.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Equal for those found in the same way from the same place.
    pub foundation: String,
    /// 1 = RTP, 2 = RTCP.
    pub component: u8,
    /// The higher the better.
    pub priority: u32,
    /// Where it receives.
    pub address: SocketAddr,
    /// How it was found.
    pub kind: CandidateKind,
    /// The address it was found from, for people who look for faults.
    pub related: Option<SocketAddr>,
    /// Where it sends from: a socket of ours, or the relayed address itself. Of a peer's candidate that was found: where.
    pub base: SocketAddr,
}

/// Why a line is no candidate of use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CandidateError {
    /// Not `foundation component transport priority address port typ kind`.
    #[error("not a candidate")]
    Malformed,
    /// TCP, a host name, a kind nobody knows, an address that no peer has: passed over.
    #[error("a candidate of no use here")]
    NoUse,
}

/// The priority of a candidate; `local` tells addresses of one kind apart.
//= RFC 8445 §5.1.2.1
pub fn priority(kind: CandidateKind, local: u16, component: u8) -> u32 {
    kind.preference() << 24 | u32::from(local) << 8 | (256 - u32::from(component))
}

impl fmt::Display for Candidate {
    //= RFC 8839 §5.1
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Candidate { foundation, component, priority, address, kind, related, .. } = self;
        write!(f, "{foundation} {component} UDP {priority} {} {} typ {}", address.ip(), address.port(), kind.token())?;
        match related {
            Some(related) => write!(f, " raddr {} rport {}", related.ip(), related.port()),
            None => Ok(()),
        }
    }
}

impl FromStr for Candidate {
    type Err = CandidateError;

    /// The value of an `a=candidate` line. Extensions behind it are passed over.
    fn from_str(line: &str) -> Result<Candidate, CandidateError> {
        let mut words = line.split_ascii_whitespace();
        let mut word = || words.next().ok_or(CandidateError::Malformed);
        let foundation = word()?;
        let component: u16 = word()?.parse().map_err(|_| CandidateError::Malformed)?;
        let transport = word()?;
        let priority: u32 = word()?.parse().map_err(|_| CandidateError::Malformed)?;
        let (address, port) = (word()?, word()?.parse::<u16>().map_err(|_| CandidateError::Malformed)?);
        if !word()?.eq_ignore_ascii_case("typ") {
            return Err(CandidateError::Malformed);
        }
        let token = word()?;
        //= RFC 8839 §5.1: 1–32 ice-chars; components 1–256
        let is_ice = |c: char| c.is_ascii_alphanumeric() || c == '+' || c == '/';
        if foundation.len() > 32 || !foundation.chars().all(is_ice) || !(1..=256).contains(&component) {
            return Err(CandidateError::Malformed);
        }
        //= RFC 8445 §5.1.2: priorities lie between 1 and 2^31 - 1
        if priority == 0 || priority > i32::MAX as u32 {
            return Err(CandidateError::Malformed);
        }
        let kind = CandidateKind::TABLE.iter().find(|(_, known, _)| token.eq_ignore_ascii_case(known));
        //= RFC 8839 §5.1: what is not understood is ignored
        let (Some((kind, ..)), true) = (kind, transport.eq_ignore_ascii_case("udp")) else {
            return Err(CandidateError::NoUse);
        };
        let ip: IpAddr = address.parse().map_err(|_| CandidateError::NoUse)?;
        let component = u8::try_from(component).map_err(|_| CandidateError::NoUse)?;
        let address = SocketAddr::new(ip.to_canonical(), port);
        if !may_be_a_peer(address) {
            return Err(CandidateError::NoUse);
        }
        let mut related: (Option<IpAddr>, Option<u16>) = (None, None);
        while let (Some(name), Some(value)) = (words.next(), words.next()) {
            match name {
                "raddr" => related.0 = value.parse().ok(),
                "rport" => related.1 = value.parse().ok(),
                _ => {}
            }
        }
        let related = related.0.zip(related.1).map(|(ip, port)| SocketAddr::new(ip, port));
        let foundation = foundation.to_owned();
        Ok(Candidate { foundation, component, priority, address, kind: *kind, related, base: address })
    }
}

/// A peer's word leads our packets to one machine, and to none of the services of a system: whoever describes a call may
/// not search other people's ports by it.
fn may_be_a_peer(address: SocketAddr) -> bool {
    let ip = address.ip();
    let is_one = !ip.is_unspecified() && !ip.is_multicast() && ip != IpAddr::V4(Ipv4Addr::BROADCAST);
    // What passes every firewall is where relays and servers of conferences listen.
    is_one && (address.port() >= 1024 || matches!(address.port(), 80 | 443))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    //= RFC 8839 §5.1
    fn lines_are_read_and_written() {
        let rows = [
            "1 1 UDP 2130706431 192.0.2.1 3478 typ host",
            "2 1 UDP 1694498815 192.0.2.3 45664 typ srflx raddr 10.0.1.1 rport 8998",
            "3 2 UDP 16777214 2001:db8::7 45664 typ relay raddr 192.0.2.3 rport 9",
            "+/aZ 256 UDP 1 192.0.2.1 1 typ prflx",
        ];
        for line in rows {
            let read = line.parse::<Candidate>();
            match line.contains(" 256 ") {
                true => assert_eq!(read, Err(CandidateError::NoUse)),
                false => assert_eq!(read.map(|c| c.to_string()), Ok(line.to_owned())),
            }
        }
        let odd = "a 1 udp 2130706431 ::ffff:192.0.2.1 443 TYP Host generation 0 network-cost 999 ufrag x";
        assert_eq!(odd.parse::<Candidate>().unwrap().to_string(), "a 1 UDP 2130706431 192.0.2.1 443 typ host");
    }

    #[test]
    fn what_is_of_no_use_is_told_from_what_is_broken() {
        use CandidateError::{Malformed, NoUse};
        let rows = [
            ("", Malformed),
            ("1 1 UDP 1 192.0.2.1 9", Malformed),
            ("1 0 UDP 1 192.0.2.1 9 typ host", Malformed),
            ("1 1 UDP 0 192.0.2.1 9 typ host", Malformed),
            ("1 1 UDP 2147483648 192.0.2.1 9 typ host", Malformed),
            ("1 1 UDP 1 192.0.2.1 65536 typ host", Malformed),
            ("1 1 UDP 1 192.0.2.1 9 kind host", Malformed),
            ("012345678901234567890123456789012 1 UDP 1 192.0.2.1 9 typ host", Malformed),
            ("a;b 1 UDP 1 192.0.2.1 9 typ host", Malformed),
            ("1 1 TCP 1 192.0.2.1 4000 typ host tcptype active", NoUse),
            ("1 1 UDP 1 8f3c.local 4000 typ host", NoUse),
            ("1 1 UDP 1 192.0.2.1 4000 typ other", NoUse),
            ("1 1 UDP 1 192.0.2.1 0 typ host", NoUse),
            ("1 1 UDP 1 192.0.2.1 53 typ host", NoUse),
            ("1 1 UDP 1 0.0.0.0 4000 typ host", NoUse),
            ("1 1 UDP 1 224.0.0.1 4000 typ host", NoUse),
            ("1 1 UDP 1 255.255.255.255 4000 typ host", NoUse),
            ("1 1 UDP 1 ff02::1 4000 typ host", NoUse),
            ("1 1 UDP 1 ::ffff:0.0.0.0 4000 typ host", NoUse),
            ("1 1 UDP 1 ::ffff:224.0.0.1 4000 typ host", NoUse),
            ("1 1 UDP 1 ::ffff:255.255.255.255 4000 typ host", NoUse),
        ];
        for (line, error) in rows {
            assert_eq!(line.parse::<Candidate>(), Err(error), "{line}");
        }
    }

    #[test]
    //= RFC 8445 §5.1.2
    fn priorities_of_the_standard() {
        assert_eq!(priority(CandidateKind::Host, 65_535, 1), 2_130_706_431);
        assert_eq!(priority(CandidateKind::ServerReflexive, 65_535, 2), 1_694_498_814);
        assert!(priority(CandidateKind::PeerReflexive, 0, 2) > priority(CandidateKind::ServerReflexive, 65_535, 1));
        assert!(priority(CandidateKind::Relayed, 65_535, 1) < priority(CandidateKind::ServerReflexive, 0, 2));
    }
}
