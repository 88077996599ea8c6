//! The whole phone as a node: finds names in a zone, binds ports out of thin air.

use super::network::{Node, Wish};
use super::zone::Zone;
use rand::SeedableRng;
use rand::rngs::StdRng;
use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::time::{Duration, Instant, SystemTime};
use tuiphone::config::{Account, AccountId, Secret, Settings};
use tuiphone::media::command::{MediaCommand, MediaEvent};
use tuiphone::sip::flow::{Flow, Transport};
use tuiphone::sip::locate::Candidate;
use tuiphone::ua::agent::{Agent, AgentConfig, IncomingPolicy};
use tuiphone::ua::command::{Command, CommandError, Reply, RequestId};
use tuiphone::ua::event::Event;
use tuiphone::ua::port::{Input, Output, QueryId};
use tuiphone::ua::snapshot::{CallInfo, CallState, RegistrationState};

pub struct Phone {
    pub agent: Agent,
    pub events: Vec<Event>,
    pub replies: Vec<Result<Reply, CommandError>>,
    /// Streams that were started and not closed.
    pub sounding: Vec<u32>,
    /// Where it believes to be, behind a NAT.
    pub inside: SocketAddr,
    pub zone: Zone,
    rng: StdRng,
    /// What can be tried after the connection that is being opened.
    waiting: BTreeMap<u64, Wanted>,
    out: VecDeque<Wish>,
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
        Phone {
            agent: Agent::new(config, StdRng::seed_from_u64(seed), now, wall),
            events: Vec::new(),
            replies: Vec::new(),
            sounding: Vec::new(),
            inside: address,
            zone: Zone::of(exchange.ip()),
            rng: StdRng::seed_from_u64(!seed),
            waiting: BTreeMap::new(),
            out: VecDeque::new(),
        }
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
                Output::Transmit { flow, bytes } => self.out.push_back(Wish::Send(flow, bytes)),
                Output::KeepAlive { flow, .. } => self.out.push_back(Wish::Send(flow, b"\r\n\r\n".to_vec())),
                Output::Resolve { query, target, avoid, .. } => match self.zone.find(&target, &mut self.rng) {
                    Ok(mut candidates) => {
                        candidates.sort_by_key(|candidate| avoid.contains(&candidate.address));
                        self.go_on(query.0, (candidates.into(), avoid), "it has no address".to_owned(), now);
                    }
                    Err(why) => self.agent.handle(Input::Resolved(query, Err(why)), now),
                },
                Output::Media(MediaCommand::Bind { stream, local, .. }) => {
                    let bound = |port| SocketAddr::new(local, port);
                    let (rtp, rtcp) = (bound(4000), bound(4001));
                    let event = MediaEvent::Bound { stream, rtp, rtcp, mapped: None, ice: None };
                    self.agent.handle(Input::Media(event), now);
                }
                Output::Media(MediaCommand::Start { stream, .. }) => {
                    self.sounding.retain(|known| *known != stream.0);
                    self.sounding.push(stream.0);
                }
                Output::Media(MediaCommand::Close { stream }) => self.sounding.retain(|known| *known != stream.0),
                Output::Event(event) => self.events.push(event),
                Output::Dialled { .. } => {}
                Output::Reply(_, reply) => self.replies.push(reply),
                Output::Media(_) | Output::Keep(_) | Output::Device(..) | Output::Decide { .. } => {}
            }
        }
    }
}

/// What can be tried, and what of it only in the end.
type Wanted = (VecDeque<Candidate>, Vec<SocketAddr>);

impl Phone {
    /// From addresses to paths, as the engine does it: a connection is there when it is found, a datagram's path is not
    /// tried.
    fn go_on(&mut self, query: u64, (mut left, avoid): Wanted, why: String, now: Instant) {
        let kind = |candidate: &Candidate| (candidate.transport, avoid.contains(&candidate.address));
        let flows = match left.front().map(|candidate| candidate.transport) {
            None => Err(why),
            Some(Transport::Udp) => Ok(self.datagram_paths(&left)),
            Some(transport) => {
                let first = left.front().map(kind);
                let alike = left.iter().take_while(|candidate| Some(kind(candidate)) == first).count();
                let addresses = left.drain(..alike).map(|candidate| candidate.address).collect();
                self.waiting.insert(query, (left, avoid));
                return self.out.push_back(Wish::Connect(query, transport, addresses));
            }
        };
        self.agent.handle(Input::Resolved(QueryId(query), flows), now);
    }

    fn datagram_paths(&self, candidates: &VecDeque<Candidate>) -> Vec<Flow> {
        let datagrams = candidates.iter().filter(|candidate| candidate.transport == Transport::Udp);
        let path = |to: &Candidate| Flow { transport: Transport::Udp, local: self.inside, remote: to.address };
        datagrams.map(path).collect()
    }

    /// The machine has this address now, or none.
    pub fn moved(&mut self, to: Option<SocketAddr>, now: Instant) {
        self.inside = to.unwrap_or(self.inside);
        self.input(Input::NetworkChanged { addresses: to.map(|to| to.ip()).into_iter().collect() }, now);
    }
}

impl Node for Phone {
    fn receive(&mut self, bytes: &[u8], flow: Flow, now: Instant) {
        let local = if flow.transport == Transport::Udp { self.inside } else { flow.local };
        self.input(Input::Datagram { bytes, flow: Flow { local, ..flow } }, now);
    }

    fn opened(&mut self, asked: u64, result: Result<Flow, String>, now: Instant) {
        let Some(wanted) = self.waiting.remove(&asked) else { return };
        match result {
            Ok(flow) => {
                let flows = std::iter::once(flow).chain(self.datagram_paths(&wanted.0)).collect();
                self.input(Input::Resolved(QueryId(asked), Ok(flows)), now);
            }
            Err(why) => {
                self.go_on(asked, wanted, why, now);
                self.input(Input::Timeout, now);
            }
        }
    }

    fn failed(&mut self, flow: Flow, why: &str, now: Instant) {
        let local = if flow.transport == Transport::Udp { self.inside } else { flow.local };
        self.input(Input::TransportFailed { flow: Flow { local, ..flow }, error: why.to_owned() }, now);
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.input(Input::Timeout, now);
    }

    fn next_timeout(&self) -> Option<Instant> {
        self.agent.next_timeout()
    }

    fn poll(&mut self) -> Option<Wish> {
        self.out.pop_front()
    }
}
