//! How the NAT before a socket behaves, as far as servers can tell, in words.
//!
//! ```text
//!  RFC 5780 server   Open? ─▶ Filtering: answer from elsewhere, from another port ─▶ Mapping: asked elsewhere
//!  two plain servers one and the same address, or two: a symmetric NAT
//! ```
//!
//! The socket must be fresh: whoever was sent to before may answer through the pinhole.

use super::mapping::MAX_SERVERS;
use super::stun::{Attribute, Class, Message, Method, Retransmission, Schedule, TransactionId, Turn, Writer};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use std::collections::VecDeque;
use std::fmt;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// What something of a NAT depends on (RFC 4787 §4.1, §5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Dependence {
    /// On nothing.
    EndpointIndependent,
    /// On the address of the far end.
    AddressDependent,
    /// On its address and port.
    AddressAndPortDependent,
}

/// What is known of the way out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Behaviour {
    /// The address as seen from outside; `None` where no server answered.
    pub mapped: Option<SocketAddr>,
    /// It is the socket's own.
    pub is_own: bool,
    /// To whom the NAT shows the same address.
    pub mapping: Option<Dependence>,
    /// Whom it lets in.
    pub filtering: Option<Dependence>,
}

impl Behaviour {
    /// Each far end sees another address: calls between two such need a relay.
    pub fn is_symmetric(&self) -> bool {
        self.mapping.is_some_and(|mapping| mapping != Dependence::EndpointIndependent)
    }
}

impl fmt::Display for Behaviour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use Dependence::{AddressAndPortDependent, AddressDependent, EndpointIndependent};
        let filtering = match self.filtering {
            Some(EndpointIndependent) => "lets anybody in",
            Some(AddressDependent) => "lets in whom it was sent to, from any port",
            Some(AddressAndPortDependent) => "lets in only whom it was sent to",
            None => "",
        };
        let kind = match (self.mapped, self.is_own, self.mapping) {
            (None, ..) => return f.write_str("no STUN server answers: UDP may be blocked"),
            (_, true, _) if matches!(self.filtering, Some(EndpointIndependent) | None) => "no NAT",
            (_, true, _) => "no NAT, but a firewall",
            (.., Some(EndpointIndependent)) => "NAT with one address for everybody (cone)",
            (.., Some(_)) => "symmetric NAT: another address for each far end; calls may need TURN",
            (.., None) => "NAT",
        };
        f.write_str(kind)?;
        match filtering {
            "" => Ok(()),
            _ if kind == "no NAT" => Ok(()),
            words => write!(f, ", {words}"),
        }
    }
}

/// What the machine wishes or tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Send these bytes from the socket.
    Transmit {
        /// A server.
        to: SocketAddr,
        /// A request.
        bytes: Vec<u8>,
    },
    /// All that could be learnt; the machine is done.
    Known(Behaviour),
}

/// One question after the other.
//= RFC 5780 §4.3, §4.4
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Question {
    /// What is my address?
    Open,
    /// Answer from your other address.
    OtherAddress,
    /// Answer from your other port.
    OtherPort,
    /// What is my address, seen from your other address?
    Elsewhere,
    /// And from your other port there? Its other address saw this one.
    ElsewherePort(SocketAddr),
    /// What is my address, seen from another server?
    Second(SocketAddr),
}

/// Silence is an answer here: less patience than with a server that must answer.
const SCHEDULE: Schedule = Schedule { rto: Duration::from_millis(500), sent_most: 3, last_wait: 2 };
/// CHANGE-REQUEST (RFC 5780 §7.2): the address, the port.
const CHANGE: [u32; 2] = [4, 2];

/// The machine of one survey.
#[derive(Debug)]
pub struct Survey {
    local: SocketAddr,
    /// Those not asked yet.
    servers: VecDeque<SocketAddr>,
    /// The one asked, and its other address and port if it has one.
    server: SocketAddr,
    other: SocketAddr,
    question: Option<(Question, TransactionId, Retransmission)>,
    behaviour: Behaviour,
    effects: VecDeque<Effect>,
    rng: StdRng,
}

impl Survey {
    /// Asks the first of these servers at once.
    pub fn new(local: SocketAddr, servers: &[SocketAddr], now: Instant, rng: &mut impl Rng) -> Survey {
        let usable = servers.iter().filter(|server| server.is_ipv4() == local.is_ipv4());
        let mut survey = Survey {
            local,
            servers: usable.take(MAX_SERVERS).copied().collect(),
            server: local,
            other: local,
            question: None,
            behaviour: Behaviour::default(),
            effects: VecDeque::new(),
            rng: StdRng::from_rng(rng),
        };
        survey.next_server(now);
        survey
    }

    /// A datagram came to the socket; true if it is the answer.
    pub fn handle_datagram(&mut self, bytes: &[u8], from: SocketAddr, now: Instant) -> bool {
        let Ok(message) = Message::parse(bytes) else { return false };
        let Some((question, id, _)) = self.question else { return false };
        if message.id != id || from != self.answers_from(question) {
            return false;
        }
        match (message.class, message.mapped()) {
            (Class::Success, Some(mapped)) => self.answered(question, mapped, &message, now),
            (Class::Success | Class::Error, _) => self.unanswered(question, now),
            _ => return false,
        }
        true
    }

    /// The time of [`next_timeout`](Self::next_timeout) has come.
    pub fn handle_timeout(&mut self, now: Instant) {
        let Some((question, id, timer)) = &mut self.question else { return };
        let (question, id) = (*question, *id);
        match timer.poll(now) {
            Turn::Wait => {}
            Turn::Again => self.transmit(question, id),
            Turn::GiveUp => self.unanswered(question, now),
        }
    }

    /// When it wants to be told the time; never once it is done.
    pub fn next_timeout(&self) -> Option<Instant> {
        self.question.as_ref().map(|(_, _, timer)| timer.next_timeout())
    }

    /// What it wishes next.
    pub fn poll(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    fn answered(&mut self, question: Question, mapped: SocketAddr, message: &Message<'_>, now: Instant) {
        use Dependence::{AddressAndPortDependent, AddressDependent, EndpointIndependent};
        let is_same = self.behaviour.mapped == Some(mapped);
        match question {
            Question::Open => {
                self.behaviour.mapped = Some(mapped);
                self.behaviour.is_own = mapped == self.local;
                let server = self.server;
                let other = message.address(Attribute::OTHER_ADDRESS);
                //= RFC 5780 §7.4: another address of the same family, and another port
                match other.filter(|other| other.ip() != server.ip() && other.is_ipv4() == server.is_ipv4()) {
                    Some(other) => {
                        self.other = other;
                        self.ask(Question::OtherAddress, now);
                    }
                    None => self.ask_second(now),
                }
            }
            Question::OtherAddress | Question::OtherPort => {
                let is_other = question == Question::OtherAddress;
                self.behaviour.filtering = Some(if is_other { EndpointIndependent } else { AddressDependent });
                self.ask(Question::Elsewhere, now);
            }
            Question::Elsewhere if !is_same => self.ask(Question::ElsewherePort(mapped), now),
            // Two servers cannot tell more: another address for another far end.
            Question::Second(_) if !is_same => self.done(Some(AddressDependent)),
            Question::Elsewhere | Question::Second(_) => self.done(Some(EndpointIndependent)),
            Question::ElsewherePort(seen) if seen == mapped => self.done(Some(AddressDependent)),
            Question::ElsewherePort(_) => self.done(Some(AddressAndPortDependent)),
        }
    }

    fn unanswered(&mut self, question: Question, now: Instant) {
        match question {
            Question::Open => self.next_server(now),
            Question::OtherAddress => self.ask(Question::OtherPort, now),
            Question::OtherPort => {
                self.behaviour.filtering = Some(Dependence::AddressAndPortDependent);
                self.ask(Question::Elsewhere, now);
            }
            Question::Elsewhere | Question::Second(_) => self.ask_second(now),
            Question::ElsewherePort(_) => self.done(Some(Dependence::AddressDependent)),
        }
    }

    fn next_server(&mut self, now: Instant) {
        match self.servers.pop_front() {
            Some(server) => {
                (self.server, self.other) = (server, server);
                self.ask(Question::Open, now);
            }
            None => self.done(None),
        }
    }

    fn ask_second(&mut self, now: Instant) {
        let (first, own) = (self.server.ip(), self.behaviour.is_own);
        match self.servers.iter().position(|server| server.ip() != first).filter(|_| !own) {
            Some(at) => {
                let server = self.servers.remove(at).unwrap_or(self.server);
                self.ask(Question::Second(server), now);
            }
            None => self.done(own.then_some(Dependence::EndpointIndependent)),
        }
    }

    fn done(&mut self, mapping: Option<Dependence>) {
        self.question = None;
        self.behaviour.mapping = mapping;
        self.effects.push_back(Effect::Known(self.behaviour));
    }

    fn ask(&mut self, question: Question, now: Instant) {
        let id = TransactionId::new(&mut self.rng);
        self.question = Some((question, id, Retransmission::new(SCHEDULE, now)));
        self.transmit(question, id);
    }

    fn transmit(&mut self, question: Question, id: TransactionId) {
        let [address, port] = CHANGE;
        let request = Writer::new(Class::Request, Method::BINDING, id);
        let (to, request) = match question {
            Question::Open => (self.server, request),
            Question::OtherAddress => (self.server, request.number(Attribute::CHANGE_REQUEST, address | port)),
            Question::OtherPort => (self.server, request.number(Attribute::CHANGE_REQUEST, port)),
            Question::Elsewhere => (SocketAddr::new(self.other.ip(), self.server.port()), request),
            Question::ElsewherePort(_) => (self.other, request),
            Question::Second(server) => (server, request),
        };
        self.effects.push_back(Effect::Transmit { to, bytes: request.finish() });
    }

    /// Where the answer comes from.
    fn answers_from(&self, question: Question) -> SocketAddr {
        match question {
            Question::Open => self.server,
            Question::OtherAddress | Question::ElsewherePort(_) => self.other,
            Question::OtherPort => SocketAddr::new(self.server.ip(), self.other.port()),
            Question::Elsewhere => SocketAddr::new(self.other.ip(), self.server.port()),
            Question::Second(server) => server,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn behaviour_in_words() {
        use Dependence::{AddressAndPortDependent, AddressDependent, EndpointIndependent};
        let known = |is_own, mapping, filtering| Behaviour {
            mapped: Some("192.0.2.1:1".parse().unwrap()),
            is_own,
            mapping,
            filtering,
        };
        let rows = [
            (Behaviour::default(), "no STUN server answers: UDP may be blocked"),
            (known(true, Some(EndpointIndependent), Some(EndpointIndependent)), "no NAT"),
            (known(true, None, None), "no NAT"),
            (
                known(true, Some(EndpointIndependent), Some(AddressDependent)),
                "no NAT, but a firewall, lets in whom it was sent to, from any port",
            ),
            (
                known(false, Some(EndpointIndependent), Some(AddressAndPortDependent)),
                "NAT with one address for everybody (cone), lets in only whom it was sent to",
            ),
            (
                known(false, Some(AddressDependent), None),
                "symmetric NAT: another address for each far end; calls may need TURN",
            ),
            (known(false, None, None), "NAT"),
        ];
        for (behaviour, words) in rows {
            assert_eq!(behaviour.to_string(), words);
        }
    }
}
