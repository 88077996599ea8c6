//! The audio line of the peer: where it listens, which way it runs, how long its packets are.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use super::{
    Agreed, Direction, ExtendedReports, Format, IceDescription, LocalMedia, Media, NegotiationError, SessionDescription,
};

/// Stands for a peer whose candidates are still to come: the dummy address (RFC 7600), the port to discard.
const NOBODY: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 0, 8)), 9);
/// Of the prefix to discard (RFC 6666).
const NOBODY_IN_IPV6: SocketAddr = SocketAddr::new(IpAddr::V6(Ipv6Addr::new(0x100, 0, 0, 0, 0, 0, 0, 8)), 9);

/// An audio line of the peer, as far as it does not depend on codecs.
pub(super) struct Line {
    rtp: Option<SocketAddr>,
    rtcp: Option<SocketAddr>,
    pub(super) rtcp_mux: bool,
    /// It names extended reports, these.
    pub(super) extended_reports: Option<ExtendedReports>,
    /// As the peer sees it, a 0.0.0.0 counted as not receiving.
    pub(super) direction: Direction,
    /// The peer's ICE, if we have it as well and what it says can be used.
    pub(super) ice: Option<IceDescription>,
    /// The peer's ICE was rewritten on its way here, or it says that ours was on its way there.
    pub(super) is_mangled: bool,
    ptime: Option<Duration>,
    maxptime: Option<Duration>,
}

impl Line {
    /// Read the line; an error when no codec could make it usable.
    pub(super) fn read(
        whole: &SessionDescription,
        media: &Media,
        local: &LocalMedia,
    ) -> Result<Line, NegotiationError> {
        let ice = local.ice.as_ref().and_then(|_| IceDescription::read(whole, media)).filter(IceDescription::is_of_use);
        let is_mangled = ice.as_ref().is_some_and(|ice| ice.is_mangled(whole, media));
        let ice = ice.filter(|_| !is_mangled);
        let ip = whole.address_of(media).ok_or(NegotiationError::Address)?;
        let target = |ip: IpAddr, port: u16| (!ip.is_unspecified() && port != 0).then_some(SocketAddr::new(ip, port));
        let other_family = !ip.is_unspecified() && ip.is_ipv4() != local.rtp.ip().to_canonical().is_ipv4();
        let group = ip.is_multicast() || ip == IpAddr::V4(Ipv4Addr::BROADCAST);
        //= RFC 8839 §4.2.4: with ICE the address for everybody else need not be one of use to us
        let best = |component| ice.as_ref().and_then(|ice| ice.best(component, local.rtp.is_ipv4()));
        if (other_family && best(1).is_none()) || group {
            return Err(NegotiationError::Address);
        }
        let to_come = ice.as_ref().map(|_| if local.rtp.is_ipv4() { NOBODY } else { NOBODY_IN_IPV6 });
        let rtcp = match media.attribute("rtcp") {
            Some(value) => rtcp_attribute(value, ip),
            None => media.port.checked_add(1).map(|port| (ip, port)),
        };
        let milliseconds = |name: &str| {
            let number = media.attribute(name)?.split(['.', ' ']).next()?.parse::<u16>().ok()?;
            (number > 0).then(|| Duration::from_millis(number.into()))
        };
        Ok(Line {
            rtp: target(ip, media.port).filter(|_| !other_family).or_else(|| best(1)).or(to_come),
            rtcp: rtcp
                .and_then(|(ip, port)| target(ip, port))
                .filter(|_| !other_family)
                .or_else(|| best(2))
                .or(to_come),
            rtcp_mux: media.has_attribute("rtcp-mux"),
            extended_reports: whole.attribute_of(media, "rtcp-xr").map(ExtendedReports::parse),
            direction: peer_direction(whole, media, ice.is_some()),
            is_mangled: is_mangled || local.ice.is_some() && media.has_attribute("ice-mismatch"),
            ice,
            ptime: milliseconds("ptime"),
            maxptime: milliseconds("maxptime"),
        })
    }

    /// What the line comes to with the formats, direction and multiplexing settled, unprotected.
    pub(super) fn agreed(
        &self,
        formats: Settled<'_>,
        direction: Direction,
        rtcp_mux: bool,
        default_ptime: Duration,
    ) -> Agreed {
        let Settled { send, mut receive, theirs, ours, packet_ms } = formats;
        let events = |formats: &[Format]| -> Vec<(u8, u32)> {
            let events = formats.iter().filter(|format| format.is_telephone_event());
            events.map(|format| (format.payload_type, format.clock_rate)).collect()
        };
        let receive_events = events(ours);
        let peer_events = if receive_events.is_empty() { Vec::new() } else { events(theirs) };
        //= RFC 4733 §2.1: the clock of the sound; better the wrong clock than no digits
        let event = peer_events.iter().find(|(_, rate)| *rate == send.clock_rate).or_else(|| peer_events.first());
        //= RFC 3389 §4: comfort noise has the clock of the sound it stands in for
        let noise = |formats: &[Format]| {
            formats.iter().find(|format| format.is_comfort_noise() && format.clock_rate == send.clock_rate).cloned()
        };
        let our_noise = noise(ours);
        let comfort_noise_send = our_noise.is_some().then(|| noise(theirs)).flatten().map(|noise| noise.payload_type);
        receive.extend(our_noise);
        let wish = Wish {
            length: self.ptime.unwrap_or(default_ptime),
            // Why: RFC 7587 dropped it from its drafts, and every browser says it.
            least: send.parameter("minptime").map_or(Duration::ZERO, |ms| Duration::from_millis(ms.into())),
            most: self.maxptime.unwrap_or(Duration::MAX),
        };
        Agreed {
            remote_rtp: self.rtp,
            remote_rtcp: if rtcp_mux { self.rtp } else { self.rtp.and(self.rtcp) },
            rtcp_mux,
            extended_reports: self.extended_reports.unwrap_or_default(),
            ptime: wish.of(packet_ms),
            send,
            receive,
            telephone_event_send: event.copied(),
            telephone_event_receive: receive_events,
            comfort_noise_send,
            direction,
            srtp: None,
            ice: None,
            mangled: self.is_mangled,
            dtls: None,
        }
    }
}

/// The formats both sides settled on.
pub(super) struct Settled<'a> {
    /// What we send, by the peer's number.
    pub(super) send: Format,
    /// What we may receive, by our numbers.
    pub(super) receive: Vec<Format>,
    /// All the peer listed.
    pub(super) theirs: &'a [Format],
    /// All we listed.
    pub(super) ours: &'a [Format],
    /// How long packets of what we send can be, the shortest first.
    pub(super) packet_ms: &'a [u16],
}

/// The direction as the peer sees it; with the address 0.0.0.0 (RFC 3264 §8.4) or port 0 it takes nothing.
pub(super) fn peer_direction(whole: &SessionDescription, media: &Media, by_ice: bool) -> Direction {
    let direction = whole.direction_of(media);
    //= RFC 8839 §4.4.1.1.1: with ICE nobody holds by an address
    let reachable = media.port != 0 && (by_ice || whole.address_of(media).is_some_and(|ip| !ip.is_unspecified()));
    Direction::of(direction.sends() && media.port != 0, direction.receives() && reachable)
}

/// The agreement of before, with nobody sending.
pub(super) fn paused(agreed: &Agreed) -> Agreed {
    Agreed { remote_rtp: None, remote_rtcp: None, direction: Direction::Inactive, ..agreed.clone() }
}

/// `53020 IN IP4 126.16.64.4` or `53020` (RFC 3605 §2.1).
fn rtcp_attribute(value: &str, default: IpAddr) -> Option<(IpAddr, u16)> {
    let mut words = value.split_ascii_whitespace();
    let port = words.next()?.parse().ok()?;
    let ip = words.nth(2).and_then(|address| address.parse().ok()).unwrap_or(default);
    (ip.is_ipv4() == default.is_ipv4() && !ip.is_multicast()).then_some((ip, port))
}

/// How long packets ought to be.
struct Wish {
    length: Duration,
    least: Duration,
    most: Duration,
}

impl Wish {
    /// The longest packets the codec has that are no longer than wished for; shorter ones than `least` only where it has no
    /// others up to `most`, and longer ones than that where it has nothing else.
    fn of(&self, packet_ms: &[u16]) -> Duration {
        let lengths = packet_ms.iter().map(|ms| Duration::from_millis((*ms).into()));
        let may = lengths.clone().filter(|length| *length <= self.most);
        let enough = may.clone().filter(|length| *length >= self.least);
        let wished = |length: &Duration| *length <= self.length;
        let best = enough.clone().filter(wished).max().or(enough.min()).or(may.filter(wished).max());
        best.or(lengths.min()).unwrap_or(Duration::from_millis(20))
    }
}
