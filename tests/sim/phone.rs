//! The whole phone as a node: resolves every name to the exchange, binds ports out of thin air.

use super::network::Node;
use rand::SeedableRng;
use rand::rngs::StdRng;
use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant, SystemTime};
use tuiphone::config::{Account, AccountId, Secret, Settings};
use tuiphone::media::command::{MediaCommand, MediaEvent};
use tuiphone::sip::flow::{Flow, Transport};
use tuiphone::ua::agent::{Agent, AgentConfig, IncomingPolicy};
use tuiphone::ua::command::{Command, RequestId};
use tuiphone::ua::event::Event;
use tuiphone::ua::port::{Input, Output};
use tuiphone::ua::snapshot::{CallInfo, CallState, RegistrationState};

pub struct Phone {
    pub agent: Agent,
    pub events: Vec<Event>,
    /// Streams that were started and not closed.
    pub sounding: Vec<u32>,
    /// Where it believes to be, behind a NAT.
    pub inside: SocketAddr,
    exchange: SocketAddr,
    out: VecDeque<(SocketAddr, Vec<u8>)>,
}

/// An account of the exchange's domain.
pub fn account(id: u32, user: (&str, &str)) -> Account {
    Account {
        server: "demo.invalid".to_owned(),
        domain: "demo.invalid".to_owned(),
        username: user.0.to_owned(),
        password: Secret::new(user.1),
        ..Account::new(AccountId(id))
    }
}

impl Phone {
    pub fn new(
        address: SocketAddr,
        exchange: SocketAddr,
        user: (&str, &str),
        incoming: IncomingPolicy,
        (seed, now): (u64, Instant),
    ) -> Phone {
        let seed = seed << 16 | u64::from(address.port());
        Phone::with(address, exchange, Phone::config(user, incoming), seed, now)
    }

    /// What a phone is made of: one account, several calls at once.
    pub fn config(user: (&str, &str), incoming: IncomingPolicy) -> AgentConfig {
        let settings = Settings { single_mode: false, ..Settings::default() };
        AgentConfig { incoming, ..AgentConfig::new(settings, vec![account(1, user)]) }
    }

    pub fn with(address: SocketAddr, exchange: SocketAddr, config: AgentConfig, seed: u64, now: Instant) -> Phone {
        let wall = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
        let agent = Agent::new(config, StdRng::seed_from_u64(seed), now, wall);
        Phone { agent, events: Vec::new(), sounding: Vec::new(), inside: address, exchange, out: VecDeque::new() }
    }

    pub fn command(&mut self, command: Command, now: Instant) {
        self.input(Input::Command(RequestId(1), command), now);
    }

    pub fn registration(&self, now: Instant) -> Option<RegistrationState> {
        self.agent.status(now).accounts.iter().find(|account| account.id == 1).map(|account| account.state)
    }

    /// The states of the live calls, oldest first.
    pub fn states(&self, now: Instant) -> Vec<CallState> {
        self.agent.status(now).calls.iter().map(|call| call.state).collect()
    }

    /// The last call that ended.
    pub fn ended(&self) -> Option<&CallInfo> {
        fn ended(event: &Event) -> Option<&CallInfo> {
            if let Event::CallEnded { call } = event { Some(call) } else { None }
        }
        self.events.iter().rev().find_map(ended)
    }

    fn input(&mut self, input: Input<'_>, now: Instant) {
        self.agent.handle(input, now);
        while let Some(output) = self.agent.poll_output() {
            match output {
                Output::Transmit { flow, bytes } => self.out.push_back((flow.remote, bytes)),
                Output::Resolve { query, target, .. } => {
                    let port = target.port.unwrap_or(5060);
                    let literal = target.host.parse::<IpAddr>().map(|ip| SocketAddr::new(ip, port));
                    let remote = literal.unwrap_or(self.exchange);
                    let flow = Flow { transport: Transport::Udp, local: self.inside, remote };
                    self.agent.handle(Input::Resolved(query, Ok(vec![flow])), now);
                }
                Output::Media(MediaCommand::Bind { stream, local }) => {
                    let bound = |port| SocketAddr::new(local, port);
                    let event = MediaEvent::Bound { stream, rtp: bound(4000), rtcp: bound(4001) };
                    self.agent.handle(Input::Media(event), now);
                }
                Output::Media(MediaCommand::Start { stream, .. }) => {
                    self.sounding.retain(|known| *known != stream.0);
                    self.sounding.push(stream.0);
                }
                Output::Media(MediaCommand::Close { stream }) => self.sounding.retain(|known| *known != stream.0),
                Output::Event(event) => self.events.push(event),
                Output::Media(_) | Output::Keep(_) | Output::Reply(..) => {}
            }
        }
    }
}

impl Node for Phone {
    fn receive(&mut self, bytes: &[u8], flow: Flow, now: Instant) {
        self.input(Input::Datagram { bytes, flow: Flow { local: self.inside, ..flow } }, now);
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.input(Input::Timeout, now);
    }

    fn next_timeout(&self) -> Option<Instant> {
        self.agent.next_timeout()
    }

    fn poll(&mut self) -> Option<(SocketAddr, Vec<u8>)> {
        self.out.pop_front()
    }
}
