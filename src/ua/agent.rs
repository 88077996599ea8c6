//! The phone's one front door: inputs in, outputs out, time and chance handed in.

use super::account::Line;
use super::asked::Ask;
use super::call::Call;
use super::clock::Clock;
use super::command::RequestId;
use super::composing::Composing;
use super::detour::{Detours, Setback};
use super::encryption::asked;
use super::gate::Gate;
use super::inbox::Inbox;
use super::knocking::Knocking;
use super::messages::Outgoing;
use super::network::Network;
use super::outside::Outside;
use super::parking::Parking;
use super::port::{Input, Output};
use super::probe::Probe;
use super::recording::Opening;
use super::refused::Refused;
use super::route::{Job, Lane, Sent};
use super::snapshot::Status;
use super::sound::tuning;
use super::subscriptions::Watch;
use super::voice::Voice;
use crate::config::{Account, AccountId, CallEndpoint, MAX_SHORTCUTS, Settings};
use crate::contacts::Book;
use crate::media::codec::Tuning;
use crate::media::command::{Endpoint, LocalTone, MediaCommand, StreamId};
use crate::sdp::dtls::Fingerprint;
use crate::sip::flow::Flow;
use crate::sip::ident;
use crate::sip::message::{self, Message, Problem};
use crate::sip::transaction::{self, ClientId, Layer, LayerEvent};
use rand::rngs::StdRng;
use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

/// What becomes of an incoming call before a person decides; the phone itself rings, built-in far ends do more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum IncomingPolicy {
    /// Ring, and obey the settings (auto-answer, DND, call waiting).
    #[default]
    Ring,
    /// Ring, answer after this long.
    Answer {
        /// Counted from the INVITE.
        after: Duration,
    },
    /// 183 with sound before the answer; answered after this long, `None` = never.
    EarlyMedia {
        /// Counted from the INVITE.
        answer_after: Option<Duration>,
    },
    /// Refuse at once with this status, 400..=699.
    Refuse(u16),
}

/// What an agent is made of.
#[derive(Debug, Clone)]
pub struct AgentConfig {
    /// The settings.
    pub settings: Settings,
    /// The accounts; one without a server never registers. Account 0 (Local) is added if it is not here.
    pub accounts: Vec<Account>,
    /// Register every account with a server at once (on the first `handle`).
    pub register: bool,
    /// What calls talk to.
    pub endpoint: Endpoint,
    /// What becomes of incoming calls.
    pub incoming: IncomingPolicy,
    /// The UUID of this phone (RFC 5626 §4.1), the same after every start; `None` = one for this run.
    pub instance: Option<String>,
    /// Of the certificate that the sound shows to far ends; without one no call has its keys by DTLS.
    pub fingerprint: Option<Fingerprint>,
    /// How sound is coded, by the settings and by what is installed.
    pub tuning: Tuning,
    /// RFC 3261's T1; 500 ms unless tests want otherwise.
    pub t1: Duration,
}

impl AgentConfig {
    /// A phone with these settings and accounts that registers at once.
    pub fn new(settings: Settings, accounts: Vec<Account>) -> AgentConfig {
        let endpoint = match settings.call_endpoint {
            CallEndpoint::Phone => Endpoint::Phone,
            CallEndpoint::Echo => Endpoint::Echo,
            CallEndpoint::Silence => Endpoint::Silence,
        };
        AgentConfig {
            tuning: tuning(&settings),
            settings,
            accounts,
            register: true,
            endpoint,
            incoming: IncomingPolicy::Ring,
            instance: None,
            fingerprint: None,
            t1: Duration::from_millis(500),
        }
    }

    /// Some account wants keys by DTLS.
    pub fn wants_certificate(&self) -> bool {
        self.accounts.iter().any(|account| asked(account.srtp).allows_dtls())
    }
}

/// A phone: accounts, registrations, calls. Owns no socket, clock or thread.
///
/// After every `handle`, drain `poll_output` and call `handle(Input::Timeout, now)` at `next_timeout`.
#[derive(Debug)]
pub struct Agent {
    pub(super) config: AgentConfig,
    pub(super) layer_config: transaction::Config,
    pub(super) rng: StdRng,
    pub(super) started: Instant,
    pub(super) clock: Clock,
    pub(super) layer: Layer,
    pub(super) gate: Gate,
    pub(super) outputs: VecDeque<Output>,
    pub(super) lines: Vec<Line>,
    /// In the order of their numbers.
    pub(super) calls: Vec<Call>,
    pub(super) last_call: u32,
    pub(super) watches: Vec<Watch>,
    pub(super) book: Arc<Book>,
    pub(super) last_watch: u32,
    pub(super) parking: Parking,
    /// New calls find the phone busy until then: a talk is being wrapped up.
    pub(super) wrap_up_until: Option<Instant>,
    /// The shortcuts whose next press is about their second number.
    pub(super) second_presses: [bool; MAX_SHORTCUTS],
    pub(super) asks: Vec<Ask>,
    pub(super) last_ask: u32,
    pub(super) messages: Vec<Outgoing>,
    pub(super) last_message: u32,
    pub(super) probes: Vec<Probe>,
    pub(super) last_probe: u32,
    pub(super) inbox: Inbox,
    pub(super) composing: Composing,
    pub(super) last_query: u64,
    pub(super) clients: BTreeMap<ClientId, Sent>,
    /// Over at once on reliable transports, while the answer still waits to be acted on.
    ended_clients: Vec<ClientId>,
    pub(super) queries: BTreeMap<u64, (Lane, Vec<Job>)>,
    pub(super) hops: BTreeMap<Lane, (Vec<Flow>, Instant)>,
    /// Who does not take TCP, and until when that is believed.
    pub(super) refusals: BTreeMap<SocketAddr, Instant>,
    pub(super) network: Network,
    /// What stands in the way of sound, as servers that do not help, and when that was told.
    pub(super) troubles: Vec<(String, Instant)>,
    pub(super) outside: Outside,
    pub(super) knocking: Vec<Knocking>,
    pub(super) detours: Detours,
    /// The system's words for the failure being handled.
    pub(super) transport_error: Option<String>,
    pub(super) mic_muted: bool,
    pub(super) speaker_muted: bool,
    pub(super) voice: Voice,
    pub(super) tone: Option<LocalTone>,
    /// Who waits for the test of microphone and speaker.
    pub(super) sound_tester: Option<RequestId>,
    /// Who waits until a file is open.
    pub(super) openings: Vec<Opening>,
    /// The streams that hear each other, as the sound was told.
    pub(super) conferring: Vec<StreamId>,
    /// The Call-IDs of calls that a person has ignored, the newest last: they do not ring anew.
    pub(super) ignored: VecDeque<String>,
    pub(super) exiting: Option<Instant>,
    pub(super) exited: bool,
    begun: bool,
}

impl Agent {
    /// A phone at rest. `now` and `wall` are the same moment on the two clocks; `wall` dates what people read.
    pub fn new(config: AgentConfig, mut rng: StdRng, now: Instant, wall: SystemTime) -> Agent {
        let fresh = ident::uuid(&mut rng);
        let instance = config.instance.clone().unwrap_or(fresh);
        let mut accounts = config.accounts.clone();
        if !accounts.iter().any(|account| account.id == AccountId(0)) {
            accounts.push(Account::new(AccountId(0)));
        }
        accounts.sort_by_key(|account| account.id);
        let mut lines: Vec<Line> =
            accounts.into_iter().map(|account| Line::new(account, &instance, &mut rng)).collect();
        let asks_stun = !config.settings.stun_servers().is_empty();
        lines.iter_mut().for_each(|line| line.stun = asks_stun);
        let layer_config = transaction::Config { t1: config.t1, ..transaction::Config::default() };
        Agent {
            layer: Layer::new(layer_config),
            gate: Gate::new(),
            layer_config,
            rng,
            started: now,
            clock: Clock::new(now, wall),
            outputs: VecDeque::new(),
            lines,
            calls: Vec::new(),
            last_call: 0,
            watches: Vec::new(),
            book: Arc::default(),
            last_watch: 0,
            parking: Parking::default(),
            wrap_up_until: None,
            second_presses: [false; MAX_SHORTCUTS],
            asks: Vec::new(),
            last_ask: 0,
            messages: Vec::new(),
            last_message: 0,
            probes: Vec::new(),
            last_probe: 0,
            inbox: Inbox::default(),
            composing: Composing::default(),
            last_query: 0,
            clients: BTreeMap::new(),
            ended_clients: Vec::new(),
            queries: BTreeMap::new(),
            hops: BTreeMap::new(),
            refusals: BTreeMap::new(),
            network: Network::default(),
            troubles: Vec::new(),
            outside: Outside::default(),
            knocking: Vec::new(),
            detours: Detours::default(),
            transport_error: None,
            mic_muted: false,
            speaker_muted: false,
            voice: Voice::default(),
            tone: None,
            sound_tester: None,
            openings: Vec::new(),
            conferring: Vec::new(),
            ignored: VecDeque::new(),
            exiting: None,
            exited: false,
            begun: false,
            config,
        }
    }

    /// Takes one input in.
    pub fn handle(&mut self, input: Input<'_>, now: Instant) {
        self.begin(now);
        match input {
            Input::Command(id, command) => self.commanded(id, command, now),
            Input::Datagram { bytes, flow } if self.stun_received(bytes, &flow, now) => {}
            Input::Datagram { bytes, flow } => {
                self.datagram(bytes, flow, now);
                self.tell_refused(&flow, now);
            }
            Input::Resolved(query, flows) => self.resolved(query, flows, now),
            Input::TransportFailed { flow, error } => {
                self.transport_error = Some(crate::text::sanitise(&error));
                self.connection_lost(&flow, now);
                self.layer.transport_failed(flow, now);
            }
            Input::Addresses(addresses) => self.network.set_addresses(addresses),
            Input::NetworkChanged { addresses } => self.network_changed(addresses, now),
            Input::Media(event) => self.media_event(event, now),
            Input::Contacts(book) => self.contacts_changed(book, now),
            Input::Configured(id, config) => self.configured(id, *config, now),
            Input::Decided(call, verdict) => self.decided(call, verdict, now),
            Input::Timeout => {}
        }
        self.timeouts(now);
        self.drain(now);
        self.transport_error = None;
    }

    /// The next output, in the order they came about; `None` when there is nothing left to do.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When `Input::Timeout` is due.
    pub fn next_timeout(&self) -> Option<Instant> {
        if self.exited {
            return None;
        }
        let registrations = self.lines.iter().filter_map(Line::next_timeout);
        let calls = self.calls.iter().filter_map(Call::next_timeout);
        let watches = self.watches.iter().filter_map(Watch::next_timeout);
        let begin = (!self.begun && self.config.register).then_some(self.started);
        registrations
            .chain(calls)
            .chain(watches)
            .chain(self.layer.next_timeout())
            .chain(self.exiting)
            .chain(self.wrap_up_until)
            .chain(self.parking.next_timeout())
            .chain(self.asks.iter().filter_map(Ask::next_timeout))
            .chain(self.probes.iter().filter_map(Probe::next_timeout))
            .chain(self.network.next_timeout())
            .chain(self.outside.next_timeout())
            .chain(self.knocking.iter().filter_map(Knocking::next_timeout))
            .chain(self.composing.next_timeout())
            .chain(begin)
            .min()
    }

    /// The settings that count.
    pub fn settings(&self) -> &Settings {
        &self.config.settings
    }

    /// Everything a face needs to draw, as of `now`.
    pub fn status(&self, now: Instant) -> Status {
        self.snapshot(now)
    }

    fn begin(&mut self, now: Instant) {
        if std::mem::replace(&mut self.begun, true) {
            return;
        }
        let (output, input) = (self.config.settings.volume_output, self.config.settings.volume_input);
        if (output, input) != (100, 100) {
            self.outputs.push_back(Output::Media(MediaCommand::Volume { output, input }));
        }
        self.begin_voice();
        self.look_outside(now);
        if self.config.register {
            let ids: Vec<AccountId> = self.lines.iter().map(|line| line.account.id).collect();
            ids.into_iter().for_each(|id| self.register(id, now));
        }
    }

    fn datagram(&mut self, bytes: &[u8], flow: Flow, now: Instant) {
        match message::parse(bytes) {
            Ok(Message::Request(request)) if !self.admits(&request, &flow, now) => {}
            Ok(message) => self.layer.receive(message, flow, now),
            // Bytes that are no request get no answer: their sender is not known to speak SIP, or to be who it says.
            Err(error) => {
                let (status, words) = (error.status(), error.problem.to_string());
                if error.problem != Problem::Empty {
                    self.count_refused(Refused::Unreadable);
                }
                if let Some(request) = error.request.filter(|request| self.admits(request, &flow, now)) {
                    //= RFC 4475 §3.1.2.2, §3.1.2.16: a request of a wrong length or version is answered
                    self.layer.refuse(*request, status, &words, flow);
                }
            }
        }
    }

    fn timeouts(&mut self, now: Instant) {
        if self.exited {
            return;
        }
        self.layer.handle_timeout(now);
        let due = self.lines.iter().filter(|line| line.registration.is_due(now)).map(|line| line.account.id);
        for id in due.collect::<Vec<_>>() {
            if self.exiting.is_none() {
                self.refresh(id, now);
            }
        }
        self.keep_alive(now);
        self.outside_timeouts(now);
        self.knock(now);
        self.network_timeouts(now);
        self.probe_timeouts(now);
        self.probe_servers(now);
        self.watch_timeouts(now);
        self.publication_timeouts(now);
        self.composing_timeouts(now);
        self.call_timeouts(now);
        self.parking_timeout(now);
        self.wrap_up_timeout(now);
        self.ask_timeouts(now);
    }

    /// Carries on until nothing is left to do at this moment.
    fn drain(&mut self, now: Instant) {
        loop {
            while let Some(event) = self.layer.poll() {
                self.layer_event(event, now);
            }
            let mut advanced = self.advance_calls(now)
                || self.send_holds(now)
                || self.send_transfers(now)
                || self.give_news(now)
                || self.tell_askers(now)
                || self.publish_state(now);
            for client in std::mem::take(&mut self.ended_clients) {
                let sent = self.clients.remove(&client);
                advanced |= sent.is_some_and(|sent| self.client_ended(&sent, now));
            }
            if !advanced {
                break;
            }
        }
        self.attach_sounds();
        self.play_on_hold();
        self.settle_conference(now);
        self.choose_tone();
        self.tell_ends(now);
        self.drop_those_who_left();
        self.finish_exit(now);
    }

    pub(super) fn layer_event(&mut self, event: LayerEvent, now: Instant) {
        match event {
            LayerEvent::Transmit { flow, bytes } => self.outputs.push_back(Output::Transmit { flow, bytes }),
            LayerEvent::Request { server, request, flow } => self.request_received(server, request, flow, now),
            LayerEvent::Response { client, response, .. } => {
                //= RFC 3263 §4.3: 503 counts as a failure of the path
                let is_busy = response.status.0 == 503;
                if is_busy && self.another_path(client, Setback::Refused(response.clone()), now) {
                    return;
                }
                let Some(sent) = self.clients.get_mut(&client) else { return };
                sent.heard = Some(response.status);
                let sent = sent.clone();
                if !is_busy {
                    self.detours.answered(&sent.flow);
                }
                self.owner_answered(&sent, response, now);
            }
            LayerEvent::ClientFailed { client, why } => self.client_failed(client, why, now),
            LayerEvent::ClientEnded { client } => {
                self.ended_clients.push(client);
            }
            LayerEvent::Cancelled { server, cancel } => self.invite_cancelled(server, cancel),
            LayerEvent::Rewritten { client, header, ours, theirs } => {
                self.header_rewritten(client, header, &ours, &theirs);
            }
            LayerEvent::ServerFailed { server, why } => self.caller_lost(server, why),
            LayerEvent::ServerEnded { .. } => {}
        }
    }

    pub(super) fn account(&self, id: AccountId) -> Option<&Line> {
        self.lines.iter().find(|line| line.account.id == id)
    }

    pub(super) fn account_mut(&mut self, id: AccountId) -> Option<&mut Line> {
        self.lines.iter_mut().find(|line| line.account.id == id)
    }

    pub(super) fn call(&self, id: u32) -> Option<&Call> {
        let at = self.calls.binary_search_by_key(&id, |call| call.id).ok()?;
        self.calls.get(at)
    }

    pub(super) fn call_mut(&mut self, id: u32) -> Option<&mut Call> {
        let at = self.calls.binary_search_by_key(&id, |call| call.id).ok()?;
        self.calls.get_mut(at)
    }

    pub(super) fn account_of_call(&self, id: u32) -> AccountId {
        self.call(id).map_or(AccountId(0), |call| call.account)
    }

    /// The account new calls use: the chosen one, else the first with a server, else the first.
    pub(super) fn selected_account(&self) -> AccountId {
        let chosen = self.config.settings.account_id.map(AccountId).filter(|id| self.account(*id).is_some());
        let with_server =
            || self.lines.iter().find(|line| line.registers() && !line.leaving).map(|line| line.account.id);
        let named =
            || self.lines.iter().find(|line| line.account.id.0 != 0 && !line.leaving).map(|line| line.account.id);
        chosen.or_else(with_server).or_else(named).unwrap_or(AccountId(0))
    }
}
