//! An ICE agent beside its stream: the pair in use, who is heard, what is told.

use super::{Arrived, Output, Relay, Servers, port_of, socket_of};
use crate::media::reach::{MediaPath, Reach};
use crate::media::stream::Port;
use crate::nat::ice::{
    self, Agent, Candidate, CandidateKind, Config, Credentials, Event, Received, RelayId, Remote, Role, priority,
};
use crate::sdp::{Agreed, IceAgreed, IceDescription};
use rand::rngs::StdRng;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Instant;
use zeroize::Zeroizing;

/// Which way media of one port goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Route {
    /// There is none.
    None,
    /// To whom the stream says: the far end has no ICE.
    AsItIs,
    /// From this socket to this address.
    Direct(usize, SocketAddr),
    /// Through the agent.
    Relayed,
}

#[derive(Debug)]
pub(super) struct Ice {
    agent: Agent,
    relays: Vec<Relay>,
    relay_only: bool,
    /// Candidates that no server told of.
    public: Vec<Candidate>,
    is_gathered: bool,
    /// Checks begin, and that is still to be told.
    begins: bool,
    /// Which pairs are in use was told.
    is_found: bool,
    routes: [Route; 2],
    pairs: [Option<(Candidate, Candidate)>; 2],
    /// Who sends, as far as the stream knows: whom the descriptions name, whichever pair is in use.
    faces: [Option<SocketAddr>; 2],
    path: Option<MediaPath>,
    /// Streams to servers.
    streams: Vec<(RelayId, SocketAddr)>,
    /// Servers that were complained about.
    unreached: Vec<SocketAddr>,
}

impl Ice {
    pub(super) fn new(
        sockets: &[SocketAddr],
        reach: &Reach,
        public: Option<(SocketAddr, SocketAddr)>,
        servers: Servers,
        until: Instant,
        now: Instant,
        rng: &mut StdRng,
    ) -> Ice {
        let hosts = sockets.iter().enumerate().map(|(at, socket)| (component_of(port_of(at)), *socket)).collect();
        let config = Config {
            stun: servers.stun,
            turn: servers.turn.iter().map(|relay| relay.server.clone()).collect(),
            relay_only: reach.relay_only,
            gather_most: until.saturating_duration_since(now),
            ..Config::new(role(reach.controlling), hosts)
        };
        let public = public.map_or(Vec::new(), |(rtp, rtcp)| vec![(Port::Rtp, rtp), (Port::Rtcp, rtcp)]);
        let public = public.into_iter().filter_map(|(port, address)| {
            let base = sockets.get(socket_of(port)).copied().filter(|base| *base != address)?;
            let (component, kind) = (component_of(port), CandidateKind::ServerReflexive);
            let priority = priority(kind, u16::MAX, component);
            Some(Candidate { foundation: "0".into(), component, priority, address, kind, related: Some(base), base })
        });
        Ice {
            agent: Agent::new(config, now, rng),
            relays: servers.turn,
            relay_only: reach.relay_only,
            public: public.collect(),
            is_gathered: false,
            begins: false,
            is_found: false,
            routes: [Route::None; 2],
            pairs: [None, None],
            faces: [None; 2],
            path: None,
            streams: Vec::new(),
            unreached: Vec::new(),
        }
    }

    pub(super) fn agent(&mut self) -> &mut Agent {
        &mut self.agent
    }

    pub(super) fn next_timeout(&self) -> Option<Instant> {
        self.agent.next_timeout()
    }

    pub(super) fn is_gathered(&self) -> bool {
        self.is_gathered
    }

    pub(super) fn route(&self, port: Port) -> Route {
        match port {
            Port::Rtp => self.routes[0],
            Port::Rtcp => self.routes[1],
        }
    }

    /// A datagram, and whether the agent had a part in it.
    pub(super) fn receive<'a>(
        &mut self,
        port: Port,
        local: SocketAddr,
        from: SocketAddr,
        bytes: &'a [u8],
        now: Instant,
    ) -> (Arrived<'a>, bool) {
        //= RFC 7983 §7: STUN and the channels of TURN; all else is media, or DTLS
        if !matches!(bytes.first(), Some(0..=3 | 64..=79)) {
            let is_back = self.agent.heard(component_of(port), from, now);
            return (self.judge(port, from, bytes), is_back);
        }
        let arrived = match self.agent.handle_datagram(local, from, bytes, now) {
            Received::Data { component, from, data } => {
                self.agent.heard(component, from, now);
                self.judge(port_with(component), from, data)
            }
            Received::Taken => Arrived::Taken,
            Received::Nothing => Arrived::Stranger(from),
        };
        (arrived, true)
    }

    /// Only who takes part is heard; before that is known, handshakes alone, which prove themselves.
    fn judge<'a>(&self, port: Port, from: SocketAddr, data: &'a [u8]) -> Arrived<'a> {
        if self.route(port) == Route::AsItIs {
            return Arrived::Media { port, from, data };
        }
        match self.face(port) {
            Some(face) if self.agent.is_peer(component_of(port), from) => Arrived::Media { port, from: face, data },
            None if self.agent.peer_credentials().is_none() && matches!(data.first(), Some(20..=63)) => {
                Arrived::Media { port, from, data }
            }
            _ => Arrived::Stranger(from),
        }
    }

    fn face(&self, port: Port) -> Option<SocketAddr> {
        match port {
            Port::Rtp => self.faces[0],
            Port::Rtcp => self.faces[1],
        }
    }

    pub(super) fn streamed(&mut self, relay: RelayId, bytes: &[u8], now: Instant) -> Vec<(Port, SocketAddr, Vec<u8>)> {
        let media = self.agent.handle_stream(relay, bytes, now).unwrap_or_default();
        let known = media.into_iter().filter_map(|(component, from, data)| {
            self.agent.heard(component, from, now);
            let Arrived::Media { port, from, .. } = self.judge(port_with(component), from, &data) else { return None };
            Some((port, from, data))
        });
        known.collect()
    }

    /// A stream to a server is no more: what is to be told of it.
    pub(super) fn closed(&mut self, relay: RelayId, why: &str) -> Option<Output> {
        let (_, server) = self.streams.iter().find(|(known, _)| *known == relay).copied()?;
        self.unreached_once(server, why)
    }

    /// Told once of each server.
    fn unreached_once(&mut self, address: SocketAddr, why: &str) -> Option<Output> {
        let known = self.relays.iter().find(|known| known.server.address == address);
        let server = known.filter(|_| !self.unreached.contains(&address))?.name.to_string();
        self.unreached.push(address);
        Some(Output::Unreached { server, why: why.to_owned() })
    }

    pub(super) fn send(&mut self, port: Port, bytes: &[u8], now: Instant) {
        self.agent.send(component_of(port), bytes, now);
    }

    pub(super) fn start(&mut self, agreed: &Agreed, now: Instant) {
        self.faces = [agreed.remote_rtp, agreed.remote_rtcp];
        let Some(IceAgreed { ours, theirs, controlling }) = &agreed.ice else { return self.start_plain(now) };
        let (own, other) = (credentials(ours), credentials(theirs));
        let is_other_peer = self.agent.peer_credentials().is_some_and(|known| *known != other);
        // For who had no ICE some of it may have been given back.
        let was_plain = std::mem::replace(&mut self.routes, [Route::None; 2])[0] == Route::AsItIs;
        if was_plain || own != *self.agent.credentials() || is_other_peer {
            self.agent.begin_anew(own, now);
        }
        if agreed.rtcp_mux {
            self.agent.set_muxed();
        }
        if self.agent.peer_credentials().is_none() {
            self.agent.set_role(role(*controlling));
            self.begins = true;
        }
        let candidates = candidates(theirs, agreed.rtcp_mux);
        self.agent.set_remote(Remote { credentials: other, candidates, is_lite: theirs.is_lite }, now);
    }

    /// The far end has no ICE: media goes where its description says, from the sockets or through the relay.
    fn start_plain(&mut self, now: Instant) {
        if self.relay_only {
            let faces = (1..).zip(self.faces).filter_map(|(component, face)| Some((component, face?)));
            let remotes: Vec<(u8, SocketAddr)> = faces.collect();
            self.agent.set_plain(&remotes, now);
        } else if self.routes[0] != Route::AsItIs {
            self.routes = [Route::AsItIs; 2];
            self.agent.rest(now);
        }
    }

    pub(super) fn close(&mut self, now: Instant) {
        self.agent.close(now);
    }

    /// What the agent wishes becomes what the wire wishes.
    pub(super) fn drain(&mut self, sockets: &[SocketAddr], outputs: &mut VecDeque<Output>) {
        if std::mem::take(&mut self.begins) {
            (self.is_found, self.pairs) = (false, [None, None]);
            self.tell(MediaPath::Checking, outputs);
        }
        while let Some(output) = self.agent.poll() {
            match output {
                ice::Output::Transmit { from, to, bytes } => {
                    if let Some(socket) = sockets.iter().position(|socket| *socket == from) {
                        outputs.push_back(Output::Transmit { socket, to, bytes });
                    }
                }
                ice::Output::Connect { relay, server } => {
                    let is_it = |known: &&Relay| known.server.is_stream && known.server.address == server;
                    let secure = self.relays.iter().find(is_it).filter(|known| known.is_secure);
                    let secure = secure.map(|known| known.name.host.clone());
                    self.streams.retain(|(known, _)| *known != relay);
                    self.streams.push((relay, server));
                    outputs.push_back(Output::Connect { relay, server, secure });
                }
                ice::Output::Stream { relay, bytes } => outputs.push_back(Output::Stream { relay, bytes }),
                ice::Output::Event(event) => self.happened(event, outputs),
            }
        }
        // A peer without ICE is no way that was found.
        if !self.is_found && self.agent.is_done() && self.agent.peer_credentials().is_some() {
            self.is_found = true;
            let pairs = self.pairs.iter().flatten().cloned().collect();
            let controlling = self.agent.role() == Role::Controlling;
            self.tell(MediaPath::Connected { pairs, controlling }, outputs);
        }
        if self.routes[0] != Route::AsItIs {
            self.routes = [1, 2].map(|component| match self.agent.selected(component) {
                None => Route::None,
                Some((base, remote)) => {
                    let socket = sockets.iter().position(|socket| *socket == base);
                    socket.map_or(Route::Relayed, |socket| Route::Direct(socket, remote))
                }
            });
        }
    }

    fn happened(&mut self, event: Event, outputs: &mut VecDeque<Output>) {
        match event {
            Event::Candidate(_) | Event::Connected => {}
            Event::Gathered => self.is_gathered = true,
            Event::RelayFailed(server, failure) => {
                outputs.extend(self.unreached_once(server, &failure.to_string()));
            }
            Event::Selected { component, local, remote } => {
                if let Some(pair) = self.pairs.get_mut(usize::from(component) - 1) {
                    *pair = Some((local, remote));
                }
                self.is_found = false;
            }
            // Sound without reports is better than none.
            Event::Failed if self.agent.selected(1).is_some() => {}
            Event::Failed => self.tell(MediaPath::Failed, outputs),
            Event::Unanswered { .. } => self.tell(MediaPath::Lost, outputs),
            Event::Answered { .. } => self.is_found = false,
            Event::ConsentLost { component: 1 } => {
                self.is_found = false;
                self.tell(MediaPath::Lost, outputs);
            }
            Event::ConsentLost { .. } => {}
        }
    }

    fn tell(&mut self, path: MediaPath, outputs: &mut VecDeque<Output>) {
        if self.path.as_ref() != Some(&path) {
            outputs.push_back(Output::Path(path.clone()));
            self.path = Some(path);
        }
    }

    /// What is to be told the far end.
    pub(super) fn ready(&self) -> Output {
        let defaults = [1, 2].map(|component| self.default_candidate(component));
        if self.relay_only && defaults[0].is_none() {
            let names: Vec<String> = self.relays.iter().map(|relay| relay.name.to_string()).collect();
            let tried = if names.is_empty() { "no TURN server".to_owned() } else { names.join(", ") };
            return Output::Barred(format!("no relay is to be had ({tried}), and sound may only go through one"));
        }
        let mapped = defaults[0].map(|rtp| {
            let neighbour = SocketAddr::new(rtp.ip(), rtp.port().wrapping_add(1));
            (rtp, defaults[1].unwrap_or(neighbour))
        });
        let credentials = self.agent.credentials();
        let ice = IceDescription {
            ufrag: credentials.ufrag.clone(),
            password: credentials.password.to_string(),
            candidates: self.candidates().map(Candidate::to_string).collect(),
            options: vec!["ice2".to_owned()],
            is_complete: true,
            ..IceDescription::default()
        };
        Output::Ready { mapped, ice: Some(Box::new(ice)) }
    }

    fn candidates(&self) -> impl Iterator<Item = &Candidate> {
        self.agent.candidates().chain(&self.public)
    }

    /// What stands in `c=` and `m=`, for peers without ICE. Not the relayed one before others, as RFC 8445 §5.1.4 would
    /// like: such a peer is a PBX most often, which answers to where our packets come from.
    fn default_candidate(&self, component: u8) -> Option<SocketAddr> {
        let order = |candidate: &&Candidate| {
            let kind = match candidate.kind {
                CandidateKind::ServerReflexive => 0,
                CandidateKind::Relayed => 2,
                _ => 1,
            };
            (kind, u32::MAX - candidate.priority)
        };
        let own = self.candidates().filter(|candidate| candidate.component == component);
        own.min_by_key(order).map(|candidate| candidate.address)
    }
}

fn role(controlling: bool) -> Role {
    if controlling { Role::Controlling } else { Role::Controlled }
}

fn component_of(port: Port) -> u8 {
    if port == Port::Rtp { 1 } else { 2 }
}

fn port_with(component: u8) -> Port {
    if component == 1 { Port::Rtp } else { Port::Rtcp }
}

fn credentials(description: &IceDescription) -> Credentials {
    let password = Zeroizing::new(description.password.clone());
    Credentials { ufrag: description.ufrag.clone(), password }
}

/// The candidates of the far end that can be used; with one port for both those of RTP.
fn candidates(theirs: &IceDescription, rtcp_mux: bool) -> Vec<Candidate> {
    let read = theirs.candidates.iter().filter_map(|line| line.parse::<Candidate>().ok());
    read.filter(|candidate| candidate.component == 1 || candidate.component == 2 && !rtcp_mux).collect()
}
