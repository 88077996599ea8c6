//! Phones on a network in memory, in virtual time.

mod alarms;
mod asked;
mod between_calls;
mod calls;
mod choosing;
mod codecs;
mod conferences;
mod connected;
mod deciders;
mod decisions;
mod dialled;
mod digits;
mod encryption;
mod endings;
mod floods;
mod following;
mod forgeries;
mod forks;
mod granted;
mod guarded;
mod holds;
mod hooks;
mod hostile;
mod ice;
mod incoming;
mod lasting;
mod messages;
mod nat;
mod network;
mod offers;
mod options;
mod parking;
mod paths;
mod people;
mod pickups;
mod probes;
mod reconfigure;
mod recordings;
mod redirects;
mod referrals;
mod registering;
mod rules;
mod schemes;
mod shortcuts;
mod states;
mod tones;
mod transfers;

use super::agent::{Agent, AgentConfig};
use super::command::{Command, CommandError, Reply, RequestId, SoundDevice};
use super::event::Event;
use super::port::{Input, Output, QueryId};
use crate::config::{Account, AccountId, Dialled, Secret, Settings};
use crate::media::command::{MediaCommand, MediaEvent, StreamStats};
use crate::nat::stun;
use crate::sip::flow::{Flow, Transport};
use crate::sip::message::{self, Message, Request, Response};
use rand::SeedableRng;
use rand::rngs::StdRng;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// A phone, its address, and everything it said.
pub(super) struct Phone {
    pub agent: Agent,
    pub at: SocketAddr,
    pub events: Vec<Event>,
    pub replies: Vec<Result<Reply, CommandError>>,
    pub media: Vec<MediaCommand>,
    /// Keys to be kept, with their values.
    pub kept: Vec<(&'static str, String)>,
    /// What was dialled, and the last number, as they were last to be kept.
    pub dialled: (Dialled, Option<String>),
    /// Calls that a program is asked about.
    pub decisions: Vec<u32>,
    /// Sound cards that are to be used.
    pub devices: Vec<(SoundDevice, String)>,
    next_port: u16,
    /// The sound answers `Bind`.
    pub binds: bool,
    /// The sound answers `SendDigit`.
    pub keys: bool,
}

/// A message on its way.
pub(super) struct Packet {
    pub from: SocketAddr,
    pub to: SocketAddr,
    pub bytes: Vec<u8>,
}

/// A name that was looked up, and what it leads to.
type Found = (QueryId, Result<Vec<Flow>, String>);

/// Phones and the scripted peer of a test; packets to nobody are kept for the script.
pub(super) struct World {
    pub now: Instant,
    pub start: Instant,
    pub phones: Vec<Phone>,
    pub wire: VecDeque<Packet>,
    /// What no phone received: `(when, packet)`.
    pub outside: Vec<(Duration, Packet)>,
    /// Every packet's bytes.
    pub tap: Vec<Vec<u8>>,
    /// Every message, first line and time.
    pub log: Vec<String>,
    /// Drops a packet if it says so.
    pub lose: Box<dyn FnMut(&Message) -> bool>,
    /// A second port every host has.
    pub spare: Option<u16>,
    /// Nobody listens on TCP.
    pub no_tcp: bool,
    /// TCP connections take until the test says so: what was asked for, and what will be answered.
    pub slow_tcp: Option<Vec<Found>>,
}

pub(super) fn address(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}

pub(super) fn wall() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_767_268_800)
}

/// An account of `user` at the scripted registrar on port 5999.
pub(super) fn account(user: &str) -> Account {
    Account {
        server: "127.0.0.1:5999".into(),
        domain: "127.0.0.1".into(),
        username: user.into(),
        password: Secret::new("secret"),
        ..Account::new(AccountId(1))
    }
}

/// A phone without registrar whose calls are by address.
pub(super) fn local(user: &str) -> AgentConfig {
    let account = Account { username: user.into(), ..Account::new(AccountId(0)) };
    let settings = Settings { single_mode: false, ..Settings::default() };
    AgentConfig::new(settings, vec![account])
}

impl Phone {
    /// The digits its sound was asked to send.
    pub fn digits(&self) -> String {
        let digit = |command: &MediaCommand| match command {
            MediaCommand::SendDigit { digit, .. } => Some(*digit),
            _ => None,
        };
        self.media.iter().filter_map(digit).collect()
    }

    /// The digits it told of.
    pub fn heard(&self) -> String {
        let digit = |event: &Event| if let Event::CallDtmf { digit, .. } = event { Some(*digit) } else { None };
        self.events.iter().filter_map(digit).collect()
    }
}

impl World {
    #[allow(clippy::disallowed_methods)]
    pub fn new() -> World {
        let now = Instant::now();
        World {
            now,
            start: now,
            phones: Vec::new(),
            wire: VecDeque::new(),
            outside: Vec::new(),
            tap: Vec::new(),
            log: Vec::new(),
            lose: Box::new(|_| false),
            spare: None,
            no_tcp: false,
            slow_tcp: None,
        }
    }

    /// Adds a phone at this port; its index.
    pub fn add(&mut self, config: AgentConfig, port: u16) -> usize {
        let rng = StdRng::seed_from_u64(u64::from(port));
        let agent = Agent::new(config, rng, self.now, wall());
        self.phones.push(Phone {
            agent,
            at: address(port),
            events: Vec::new(),
            replies: Vec::new(),
            media: Vec::new(),
            kept: Vec::new(),
            dialled: Default::default(),
            decisions: Vec::new(),
            devices: Vec::new(),
            next_port: port * 2,
            binds: true,
            keys: true,
        });
        self.phones.len() - 1
    }

    pub fn command(&mut self, phone: usize, command: Command) -> Result<Reply, CommandError> {
        let now = self.now;
        self.phones[phone].agent.handle(Input::Command(RequestId(1), command), now);
        self.settle();
        self.phones[phone].replies.last().cloned().expect("every command is answered")
    }

    pub fn dial(&mut self, phone: usize, target: &str) -> String {
        match self.command(phone, Command::Dial { target: target.into(), account: None }) {
            Ok(Reply::Call(call)) => call.id,
            other => panic!("{other:?}"),
        }
    }

    /// Carries outputs and packets until all is quiet at this moment.
    pub fn settle(&mut self) {
        loop {
            for phone in 0..self.phones.len() {
                self.carry_out(phone);
            }
            let Some(packet) = self.wire.pop_front() else { return };
            self.tap.push(packet.bytes.clone());
            let other = [("stun", stun::looks_like(&packet.bytes)), ("knock", packet.bytes == b"knock\0")];
            if let Some((name, _)) = other.iter().find(|(_, is_it)| *is_it) {
                let at = (self.now - self.start).as_secs_f64();
                self.log.push(format!("{at:.3} {} {name}", packet.from.port()));
                self.deliver(packet);
                continue;
            }
            let Ok(message) = message::parse(&packet.bytes) else { panic!("unreadable: {:?}", packet.bytes) };
            self.log.push(format!(
                "{:.3} {} {}",
                (self.now - self.start).as_secs_f64(),
                packet.from.port(),
                line(&message)
            ));
            if (self.lose)(&message) {
                continue;
            }
            self.deliver(packet);
        }
    }

    fn deliver(&mut self, packet: Packet) {
        let now = self.now;
        match self.phones.iter_mut().find(|phone| phone.at == packet.to) {
            Some(phone) => {
                let flow = Flow { transport: Transport::Udp, local: packet.to, remote: packet.from };
                phone.agent.handle(Input::Datagram { bytes: &packet.bytes, flow }, now);
            }
            None => self.outside.push((now - self.start, packet)),
        }
    }

    fn carry_out(&mut self, phone: usize) {
        let now = self.now;
        while let Some(output) = self.phones[phone].agent.poll_output() {
            let it = &mut self.phones[phone];
            match output {
                Output::Transmit { flow, bytes } => {
                    self.wire.push_back(Packet { from: flow.local, to: flow.remote, bytes });
                }
                Output::KeepAlive { flow, owes } => {
                    let (at, port) = ((self.now - self.start).as_secs_f64(), flow.local.port());
                    self.log.push(format!("{at:.3} {port} keep-alive{}", if owes { " owed" } else { "" }));
                }
                Output::Resolve { query, target, avoid, .. } => {
                    let (transport, host) = (target.plain_transport(), &target.host);
                    let answer = host
                        .parse()
                        .map(|ip| {
                            let ports = [Some(target.port.unwrap_or(5060)), self.spare].into_iter().flatten();
                            let mut remotes: Vec<_> = ports.map(|port| SocketAddr::new(ip, port)).collect();
                            remotes.sort_by_key(|remote| avoid.contains(remote));
                            // One connection is opened, not one to each address.
                            remotes.truncate(if transport.is_reliable() { 1 } else { remotes.len() });
                            remotes.into_iter().map(|remote| Flow { transport, local: it.at, remote }).collect()
                        })
                        .map_err(|_| format!("cannot find {target}: no such host"));
                    let refused = self.no_tcp && transport == Transport::Tcp;
                    let answer = if refused { Err("Connection refused".to_owned()) } else { answer };
                    match self.slow_tcp.as_mut().filter(|_| transport == Transport::Tcp) {
                        Some(slow) => slow.push((query, answer)),
                        None => it.agent.handle(Input::Resolved(query, answer), now),
                    }
                }
                Output::Media(command) => {
                    it.media.push(command.clone());
                    let binds = it.binds;
                    let event = match command {
                        MediaCommand::Bind { stream, local: ip, reach } if binds => {
                            it.next_port += 2;
                            let port = it.next_port;
                            Some(MediaEvent::Bound {
                                stream,
                                rtp: SocketAddr::new(ip, port),
                                rtcp: SocketAddr::new(ip, port + 1),
                                mapped: None,
                                ice: reach.ice.then(|| Box::new(ice::description(ip, port))),
                            })
                        }
                        // Sent at once: what is waited for is the word of it.
                        MediaCommand::SendDigit { stream, .. } if it.keys => Some(MediaEvent::DigitSent { stream }),
                        MediaCommand::Close { stream } => Some(MediaEvent::Stats {
                            stream,
                            stats: StreamStats { tx_packets: 7, ..StreamStats::default() },
                        }),
                        _ => None,
                    };
                    if let Some(event) = event {
                        it.agent.handle(Input::Media(event), now);
                    }
                }
                Output::Event(event) => it.events.push(event),
                Output::Decide { call, .. } => it.decisions.push(call),
                Output::Device(device, name) => it.devices.push((device, name)),
                Output::Keep(changes) => it.kept.extend(changes),
                Output::Dialled { numbers, last } => it.dialled = (numbers, last),
                Output::Reply(_, reply) => it.replies.push(reply),
            }
        }
    }

    /// Lets virtual time pass, waking whoever wants to be woken.
    pub fn run(&mut self, time: Duration) {
        self.settle();
        let until = self.now + time;
        let mut rounds = 0;
        while let Some(next) = self.phones.iter().filter_map(|p| p.agent.next_timeout()).min().filter(|at| *at <= until)
        {
            rounds += 1;
            assert!(rounds < 100_000, "time stands still: {:?}", self.log.last());
            self.now = self.now.max(next);
            for phone in &mut self.phones {
                if phone.agent.next_timeout().is_some_and(|at| at <= self.now) {
                    phone.agent.handle(Input::Timeout, self.now);
                }
            }
            self.settle();
        }
        self.now = until;
    }

    /// The scripted peer at `from` sends to a phone.
    pub fn send(&mut self, from: u16, phone: usize, bytes: Vec<u8>) {
        let to = self.phones[phone].at;
        self.wire.push_back(Packet { from: address(from), to, bytes });
        self.settle();
    }

    /// The last request that went outside.
    pub fn last_request(&self) -> Request {
        let requests = self.outside.iter().rev().filter_map(|(_, packet)| match message::parse(&packet.bytes) {
            Ok(Message::Request(request)) => Some(request),
            _ => None,
        });
        requests.into_iter().next().expect("a request went outside")
    }

    /// The requests of this method that went outside.
    pub fn requests(&self, method: &str) -> Vec<Request> {
        let request = |(_, packet): &(Duration, Packet)| match message::parse(&packet.bytes) {
            Ok(Message::Request(request)) if request.method.as_str() == method => Some(request),
            _ => None,
        };
        self.outside.iter().filter_map(request).collect()
    }

    /// The last response that went outside.
    pub fn last_response(&self) -> Response {
        let responses = self.outside.iter().rev().filter_map(|(_, packet)| match message::parse(&packet.bytes) {
            Ok(Message::Response(response)) => Some(response),
            _ => None,
        });
        responses.into_iter().next().expect("a response went outside")
    }

    /// How many logged messages begin with this.
    pub fn count(&self, what: &str) -> usize {
        self.log.iter().filter(|entry| entry.splitn(3, ' ').nth(2).is_some_and(|l| l.starts_with(what))).count()
    }

    /// The names of a phone's events.
    pub fn names(&self, phone: usize) -> Vec<String> {
        let name = |event: &Event| {
            let value = serde_json::to_value(event).expect("events are plain data");
            value["event"].as_str().unwrap_or_default().to_owned()
        };
        self.phones[phone].events.iter().map(name).collect()
    }

    /// The call of a phone's last `CallEnded`.
    pub fn ended(&self, phone: usize) -> super::snapshot::CallInfo {
        let ended = self.phones[phone].events.iter().rev().find_map(|event| match event {
            Event::CallEnded { call } => Some(call.clone()),
            _ => None,
        });
        ended.unwrap_or_else(|| panic!("no call ended: {:#?}", self.log))
    }
}

fn line(message: &Message) -> String {
    match message {
        Message::Request(request) => format!("{} {}", request.method, request.uri),
        Message::Response(response) => {
            let cseq = response.headers.cseq().ok().flatten().map(|c| c.method.to_string()).unwrap_or_default();
            format!("{} {cseq}", response.status)
        }
    }
}
