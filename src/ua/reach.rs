//! How the sound of calls is reached from behind a NAT: what the accounts ask for, what becomes of it.

use super::agent::Agent;
use super::call::Call;
use super::event::Event;
use super::port::Output;
use super::snapshot::{CallDirection, IceInfo, IceState};
use crate::config::{AccountId, Server, TurnTransport};
use crate::media::command::{MediaCommand, StreamId};
use crate::media::reach::{self, MediaPath, Reach, ServerName};
use crate::nat::ice::Credentials;
use crate::sdp::{IceDescription, Negotiation, Nominated, SessionDescription};
use crate::sip::flow::Flow;
use rand::Rng;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

/// Most addresses of this machine told beside the first.
const MAX_OTHERS: usize = 4;
/// What stands in the way of many calls is told of again after this.
const TOLD_AGAIN: Duration = Duration::from_secs(600);
/// Most of that remembered.
const MAX_TOLD: usize = 16;

/// Where the sound of a call is bound, and what far ends are shown.
#[derive(Debug, Clone)]
pub(super) struct Bound {
    /// Our RTP and RTCP addresses.
    pub own: (SocketAddr, SocketAddr),
    /// As seen from outside, where that is known.
    pub mapped: Option<(SocketAddr, SocketAddr)>,
    /// Our candidates, if ICE is on.
    pub ice: Option<IceDescription>,
}

impl Bound {
    /// The addresses that stand in `c=` and `m=`.
    pub fn shown(&self) -> (SocketAddr, SocketAddr) {
        self.mapped.unwrap_or(self.own)
    }
}

/// Checks begin anew under a name of ours that nobody knows yet.
pub(super) fn restart_ice(negotiation: &mut Negotiation, rng: &mut impl Rng) {
    let Credentials { ufrag, password } = Credentials::new(rng);
    negotiation.restart_ice(&ufrag, &password);
}

impl Agent {
    /// Binds the sound of a call on the address of its path; answered by `Bound` or `BindFailed`.
    pub(super) fn bind(&mut self, stream: StreamId, flow: Flow) {
        let offer = self.calls.iter().find(|call| call.stream == stream).and_then(|call| call.offer.as_ref());
        let local = self.sound_address(offer, flow.local.ip());
        let reach = Box::new(self.reach(stream, flow.local.ip(), local));
        self.outputs.push_back(Output::Media(MediaCommand::Bind { stream, local, reach }));
    }

    /// Where sound is to be bound for an offer that came to this address: on one of the offer's family, if there is any.
    pub(super) fn sound_address(&self, offer: Option<&SessionDescription>, local: IpAddr) -> IpAddr {
        let theirs = offer.and_then(|offer| offer.media.iter().find_map(|media| offer.address_of(media)));
        let is_other = |ip: &IpAddr| !ip.is_unspecified() && ip.is_ipv4() != local.to_canonical().is_ipv4();
        let Some(theirs) = theirs.filter(is_other) else { return local };
        self.other_addresses(local).find(|ip| ip.is_ipv4() == theirs.is_ipv4()).unwrap_or(local)
    }

    /// This machine's other addresses; none where it is to be reached by this one alone.
    fn other_addresses(&self, local: IpAddr) -> impl Iterator<Item = IpAddr> {
        let is_alone = local.is_loopback() || !self.config.settings.bind_address.is_empty();
        self.network.addresses().filter(move |ip| !is_alone && **ip != local).copied()
    }

    fn reach(&self, stream: StreamId, signalling: IpAddr, local: IpAddr) -> Reach {
        let call = self.calls.iter().find(|call| call.stream == stream);
        let Some((call, line)) = call.and_then(|call| Some((call, self.account(call.account)?))) else {
            return Reach::default();
        };
        let (account, turn) = (&line.account, &line.account.turn);
        let settings = &self.config.settings;
        // Who is called by address is near, and MicroSIP asks nobody for them either.
        let asks = account.id != AccountId(0);
        let stun = settings.stun_servers().into_iter().filter(|_| asks);
        let transport = match turn.transport {
            TurnTransport::Udp => reach::TurnTransport::Udp,
            TurnTransport::Tcp => reach::TurnTransport::Tcp,
            TurnTransport::Tls => reach::TurnTransport::Tls,
        };
        let lends = |server: &Server| reach::TurnServer {
            name: ServerName { host: server.host.clone(), port: server.port },
            transport,
            username: turn.username.clone(),
            password: Zeroizing::new(turn.password.reveal().to_owned()),
        };
        let others = std::iter::once(signalling).chain(self.other_addresses(signalling));
        let others = others.filter(|ip| account.ice && *ip != local).take(MAX_OTHERS);
        Reach {
            ice: account.ice,
            controlling: call.makes_the_offer(settings.late_offer),
            relay_only: account.ice && turn.only,
            addresses: others.collect(),
            stun: stun.map(|(host, port)| ServerName { host, port: Some(port) }).collect(),
            turn: turn.servers.iter().filter(|_| account.ice).map(lends).collect(),
            public: Some(line.told_address(local)).filter(|told| *told != local),
        }
    }

    /// ICE tells how far it has come.
    pub(super) fn path_found(&mut self, stream: StreamId, path: MediaPath, now: Instant) {
        let Some(call) = self.calls.iter_mut().find(|call| call.stream == stream && call.is_live()) else { return };
        let (id, name) = (call.id, call.name());
        let info = info(&path);
        let state = info.state;
        let is_news = call.media.get_or_insert_default().ice.replace(info.clone()) != Some(info);
        match path {
            MediaPath::Connected { pairs, controlling } => {
                let nominated: Vec<Nominated> = pairs
                    .iter()
                    .map(|(ours, theirs)| Nominated {
                        component: ours.component,
                        line: ours.to_string(),
                        local: ours.address,
                        remote: theirs.address,
                    })
                    .collect();
                let theirs = call.sound.as_ref().and_then(|sound| sound.ice.as_ref()).map(|ice| ice.theirs.clone());
                let is_heard = |negotiation: &&mut Negotiation| {
                    let ice = negotiation.agreed().and_then(|agreed| agreed.ice.as_ref());
                    ice.zip(theirs.as_ref()).is_some_and(|(ice, theirs)| ice.theirs.is_same_session(theirs))
                };
                // Other forks have ways of their own.
                for negotiation in call.negotiation.iter_mut().chain(call.forks.values_mut()).filter(is_heard) {
                    negotiation.set_nominated(nominated.clone(), controlling);
                }
                call.tell_nominated();
            }
            MediaPath::Lost => {
                //= RFC 7675 §5.1: a restart may find another way. Who controls is told first, and asks for it.
                // What servers told may be of the time before: they are asked anew.
                if let Some(flow) = call.flow.filter(|_| call.is_answered() && !call.moving) {
                    call.moving = true;
                    self.bind(stream, flow);
                }
            }
            MediaPath::Checking | MediaPath::Failed => {}
        }
        if !is_news {
            return;
        }
        self.tell(id, now, |call| Event::CallPath { call });
        let (message, hint) = match state {
            IceState::Failed => (
                format!("call {name}: no way to the far end was found"),
                Some("a TURN server (turnServer in [tuiphone]) carries sound where no direct way is".to_owned()),
            ),
            IceState::Lost => (format!("call {name}: the far end is not reached any more"), None),
            IceState::Checking | IceState::Connected => return,
        };
        self.outputs.push_back(Output::Event(Event::Error { message, hint }));
    }

    /// The far end tells of more candidates; false if they are none of this call's.
    pub(super) fn trickled(&mut self, id: u32, body: &[u8]) -> bool {
        let Some(more) = IceDescription::read_fragment(body) else { return false };
        let Some(call) = self.call_mut(id).filter(|call| call.is_live()) else { return false };
        let stream = call.stream;
        // Before the answer each fork has its own.
        let mut negotiations = call.negotiation.iter_mut().chain(call.forks.values_mut());
        let agreed = negotiations.find_map(|negotiation| negotiation.trickled(more.clone()).cloned());
        let Some(agreed) = agreed else { return false };
        self.outputs.push_back(Output::Media(MediaCommand::Start { stream, agreed: Box::new(agreed) }));
        true
    }

    /// A STUN or TURN server is of no use. Told once for many calls.
    pub(super) fn server_unreached(&mut self, server: String, why: &str, now: Instant) {
        let message = format!("{server} does not help to get through the NAT: {why}");
        self.tell_seldom(server, message, "see STUN in [Settings] and turnServer in [tuiphone]", now);
    }

    /// Both sides have ICE, and what one of them wrote did not arrive as it was written.
    pub(super) fn description_mangled(&mut self, now: Instant) {
        let message = "something on the way changes the addresses in descriptions of calls: ICE is not used".to_owned();
        let hint = "a router's SIP ALG does so; turn that off, or set transport=tls";
        self.tell_seldom("descriptions".to_owned(), message, hint, now);
    }

    fn tell_seldom(&mut self, about: String, message: String, hint: &str, now: Instant) {
        self.troubles.retain(|(_, told)| now < *told + TOLD_AGAIN);
        if self.troubles.len() < MAX_TOLD && self.troubles.iter().all(|(known, _)| *known != about) {
            self.outputs.push_back(Output::Event(Event::Error { message, hint: Some(hint.to_owned()) }));
            self.troubles.push((about, now));
        }
    }
}

impl Call {
    /// The next description is an offer of ours.
    fn makes_the_offer(&self, late_offer: bool) -> bool {
        match self.direction {
            _ if self.moving => true,
            CallDirection::Outgoing => !late_offer,
            CallDirection::Incoming => self.offer.is_none(),
        }
    }

    /// The far end may tell of more candidates, and waits to hear that we take them.
    pub(super) fn takes_candidates(&self) -> bool {
        let agreed = self.negotiation.as_ref().and_then(Negotiation::agreed);
        agreed.and_then(|agreed| agreed.ice.as_ref()).is_some_and(|ice| ice.theirs.trickles())
    }

    /// Tells the far end which way is used, where it has to be.
    pub(super) fn tell_nominated(&mut self) {
        self.move_wanted |= self.is_answered() && self.negotiation.as_ref().is_some_and(Negotiation::owes_nominated);
    }
}

fn info(path: &MediaPath) -> IceInfo {
    let state = match path {
        MediaPath::Checking => IceState::Checking,
        MediaPath::Connected { .. } => IceState::Connected,
        MediaPath::Failed => IceState::Failed,
        MediaPath::Lost => IceState::Lost,
    };
    let MediaPath::Connected { pairs, .. } = path else { return IceInfo { state, ..IceInfo::default() } };
    let kinds = pairs.first().map(|(ours, theirs)| [ours, theirs].map(|candidate| candidate.kind.token().to_owned()));
    let [local, remote] = kinds.map_or([None, None], |kinds| kinds.map(Some));
    IceInfo { state, local, remote }
}
