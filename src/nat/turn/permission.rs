//! Whom the server lets through: permissions and channels, and when they must be asked for again.

use super::framing::ChannelData;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

/// Most addresses let through, and most channels.
pub(super) const MOST: usize = 64;
//= RFC 8656 §9: a permission lasts 5 minutes
const PERMISSION: Duration = Duration::from_secs(240);
//= RFC 8656 §12: a channel lasts 10 minutes
const CHANNEL: Duration = Duration::from_secs(540);

/// How far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Asked,
    /// Until it must be asked for again.
    Granted(Instant),
    Refused,
}

/// Whom the server lets through.
#[derive(Debug, Default)]
pub(super) struct Permissions {
    addresses: Vec<(IpAddr, State)>,
    channels: Vec<(SocketAddr, u16, State)>,
}

impl Permissions {
    /// The state of an address; one nobody knew is `Asked` from now on, and `true` says so. `None` where there is no
    /// more room.
    pub fn address(&mut self, ip: IpAddr) -> Option<(State, bool)> {
        if let Some((_, state)) = self.addresses.iter().find(|(known, _)| *known == ip) {
            return Some((*state, false));
        }
        if self.addresses.len() >= MOST {
            return None;
        }
        self.addresses.push((ip, State::Asked));
        Some((State::Asked, true))
    }

    /// The address is let through, or about to be.
    pub fn lets(&self, ip: IpAddr) -> bool {
        self.addresses.iter().any(|(known, state)| *known == ip && *state != State::Refused)
    }

    /// A channel to be bound to the peer; `None` where it has one, or none is left.
    pub fn new_channel(&mut self, peer: SocketAddr) -> Option<u16> {
        if self.channels.iter().any(|(known, ..)| *known == peer) || self.channels.len() >= MOST {
            return None;
        }
        //= RFC 8656 §12: numbers are not used again for another peer
        let channel = ChannelData::CHANNELS.start().checked_add(self.channels.len() as u16)?;
        self.channels.push((peer, channel, State::Asked));
        Some(channel)
    }

    /// The channel of a peer, while it is bound.
    pub fn channel_of(&self, peer: SocketAddr) -> Option<u16> {
        let bound =
            |(known, _, state): &&(SocketAddr, u16, State)| *known == peer && matches!(state, State::Granted(_));
        self.channels.iter().find(bound).map(|(_, channel, _)| *channel)
    }

    /// The peer of a channel, bound or about to be.
    pub fn peer_of(&self, channel: u16) -> Option<SocketAddr> {
        self.channels.iter().find(|(_, known, _)| *known == channel).map(|(peer, ..)| *peer)
    }

    pub fn granted(&mut self, ip: IpAddr, now: Instant) {
        self.set(ip, State::Granted(now + PERMISSION));
    }

    pub fn refused(&mut self, ip: IpAddr) {
        self.set(ip, State::Refused);
    }

    pub fn bound(&mut self, channel: u16, now: Instant) {
        self.set_channel(channel, State::Granted(now + CHANNEL));
    }

    /// Data goes in indications from then on.
    pub fn not_bound(&mut self, channel: u16) {
        self.set_channel(channel, State::Refused);
    }

    /// All that are granted are due.
    pub fn ask_again(&mut self, now: Instant) {
        let addresses = self.addresses.iter_mut().map(|(_, state)| state);
        let states = addresses.chain(self.channels.iter_mut().map(|(.., state)| state));
        states.filter(|state| matches!(state, State::Granted(_))).for_each(|state| *state = State::Granted(now));
    }

    /// Those to ask for again; their time is put off to when that must have been answered.
    pub fn due(&mut self, now: Instant) -> (Vec<IpAddr>, Vec<(SocketAddr, u16)>) {
        let is_due = |state: &mut State| match state {
            State::Granted(at) if *at <= now => {
                *at = now + Duration::from_secs(60);
                true
            }
            _ => false,
        };
        let ips = self.addresses.iter_mut().filter_map(|(ip, state)| is_due(state).then_some(*ip)).collect();
        let channels = self.channels.iter_mut();
        (ips, channels.filter_map(|(peer, number, state)| is_due(state).then_some((*peer, *number))).collect())
    }

    /// When the next one is due.
    pub fn next_timeout(&self) -> Option<Instant> {
        let states = self.addresses.iter().map(|(_, state)| state).chain(self.channels.iter().map(|(.., state)| state));
        let granted = states.filter_map(|state| if let State::Granted(at) = state { Some(*at) } else { None });
        granted.min()
    }

    fn set(&mut self, ip: IpAddr, new: State) {
        self.addresses.iter_mut().filter(|(known, _)| *known == ip).for_each(|(_, state)| *state = new);
    }

    fn set_channel(&mut self, channel: u16, new: State) {
        self.channels.iter_mut().filter(|(_, known, _)| *known == channel).for_each(|(.., state)| *state = new);
    }
}
