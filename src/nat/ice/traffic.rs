//! Datagrams and streams: whose they are, and which way they go.

use super::agent::Agent;
use super::{Output, RelayId};
use crate::nat::stun::{Message, looks_like};
use crate::nat::turn;
use std::net::SocketAddr;
use std::time::Instant;

/// What a datagram was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Received<'a> {
    /// Nothing of this agent's, and no media of its components.
    Nothing,
    /// It was the agent's.
    Taken,
    /// Media, perhaps; the agent does not look into it.
    Data {
        /// 1 = RTP, 2 = RTCP.
        component: u8,
        /// Who sent it.
        from: SocketAddr,
        /// What.
        data: &'a [u8],
    },
}

impl Agent {
    /// A datagram came to a socket of ours.
    pub fn handle_datagram<'a>(
        &mut self,
        local: SocketAddr,
        from: SocketAddr,
        bytes: &'a [u8],
        now: Instant,
    ) -> Received<'a> {
        let is_server = |client: &turn::Client| client.server() == from;
        let of_socket = self.gather.relays.iter_mut().filter(|relay| relay.base == Some(local));
        let client = of_socket.filter_map(|relay| relay.client.as_mut()).find(|client| is_server(client));
        let received = client.map(|client| {
            let received = client.receive(bytes, now);
            (received, client.relayed().to_vec())
        });
        let result = match received {
            Some((received, relayed)) if received != turn::Received::Nothing => self.carried(received, &relayed, now),
            _ => self.arrived(local, from, bytes, now),
        };
        self.finish_turn(now);
        result
    }

    /// Bytes came on a stream of a TURN server; what peers sent in them is passed on: component, sender, data.
    pub fn handle_stream(
        &mut self,
        RelayId(at): RelayId,
        bytes: &[u8],
        now: Instant,
    ) -> Result<Vec<(u8, SocketAddr, Vec<u8>)>, turn::FramingError> {
        let mut media = Vec::new();
        if let Some(relay) = self.gather.relays.get_mut(at).filter(|relay| relay.client.is_some()) {
            relay.framer.push(bytes);
        }
        while let Some(relay) = self.gather.relays.get_mut(at) {
            let frame = relay.framer.next_frame();
            let (Some(client), Ok(Some(frame))) = (relay.client.as_mut(), &frame) else {
                if let Err(error) = frame {
                    self.stream_closed(RelayId(at), now);
                    return Err(error);
                }
                break;
            };
            let received = client.receive(frame, now);
            let relayed = client.relayed().to_vec();
            if let Received::Data { component, from, data } = self.carried(received, &relayed, now) {
                media.push((component, from, data.to_vec()));
            }
        }
        self.finish_turn(now);
        Ok(media)
    }

    /// Sends media on the pair in use; false where there is none, the peer's consent is gone, or the relay.
    pub fn send(&mut self, component: u8, data: &[u8], now: Instant) -> bool {
        let pair = self.selected(component).filter(|(base, _)| self.has_way_from(*base));
        let Some((base, remote)) = pair else { return false };
        self.transmit(base, remote, data.to_vec(), now);
        self.pump(now);
        true
    }

    /// A datagram from a socket, or through the server that lends the address.
    pub(super) fn transmit(&mut self, base: SocketAddr, to: SocketAddr, bytes: Vec<u8>, now: Instant) {
        if !self.has_way_from(base) {
            return;
        }
        match self.client_of(base) {
            Some(client) => client.send(to, &bytes, now),
            None => self.outputs.push_back(Output::Transmit { from: base, to, bytes }),
        }
    }

    /// A socket of ours, or an address that is still lent: what is not has no socket to be sent from.
    fn has_way_from(&mut self, base: SocketAddr) -> bool {
        self.config.hosts.iter().any(|(_, host)| *host == base) || self.client_of(base).is_some()
    }

    /// Who carries what is sent from this address.
    pub(super) fn client_of(&mut self, base: SocketAddr) -> Option<&mut turn::Client> {
        let clients = self.gather.relays.iter_mut().filter_map(|relay| relay.client.as_mut());
        clients.into_iter().find(|client| client.relayed().contains(&base))
    }

    /// All of a socket's, or of a relayed address's.
    fn arrived<'a>(&mut self, base: SocketAddr, from: SocketAddr, data: &'a [u8], now: Instant) -> Received<'a> {
        let hosts = self.config.hosts.iter().find(|(_, host)| *host == base).map(|(component, _)| *component);
        let lent = self.locals.iter().find(|local| local.base == base).map(|local| local.component);
        let Some(component) = hosts.or(lent) else { return Received::Nothing };
        if !looks_like(data) {
            return Received::Data { component, from, data };
        }
        let Ok(message) = Message::parse(data) else { return Received::Nothing };
        let is_ours = self.gathered(base, from, &message, now) || self.stun(component, base, from, &message, now);
        if is_ours { Received::Taken } else { Received::Nothing }
    }

    fn carried<'a>(&mut self, received: turn::Received<'a>, relayed: &[SocketAddr], now: Instant) -> Received<'a> {
        match received {
            turn::Received::Data { peer, data } => {
                let base = relayed.iter().find(|relayed| relayed.is_ipv4() == peer.is_ipv4());
                base.map_or(Received::Taken, |base| self.arrived(*base, peer, data, now))
            }
            turn::Received::Taken => Received::Taken,
            turn::Received::Nothing => Received::Nothing,
        }
    }
}
