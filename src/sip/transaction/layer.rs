//! The table of transactions: finds the machine a message belongs to, carries out its wishes, bounds it all.

use super::key::{MergeKey, merge_key, sent_by};
use super::queue::TimerQueue;
use super::reply::{note_source, stateless_tag};
use super::{
    ClientEvent, ClientId, Config, Counters, Effect, Effects, Failure, InviteClient, InviteServer, InviteServerState,
    LayerEvent, NonInviteClient, NonInviteServer, ServerEvent, ServerId, TransactionKey,
};
use crate::sip::flow::Flow;
use crate::sip::header::Via;
use crate::sip::message::{HeaderName, Headers, Message, Method, Request, Response, StatusCode};
use crate::sip::reason::Reason;
use std::collections::{BTreeMap, VecDeque};
use std::time::Instant;

#[derive(Debug)]
enum Machine {
    InviteClient(InviteClient),
    Client(NonInviteClient),
    InviteServer(InviteServer),
    Server(NonInviteServer),
}

#[derive(Debug)]
struct Entry {
    machine: Machine,
    flow: Flow,
    key: TransactionKey,
    /// Clients: `sent-by` of our Via, and what else a response must bear.
    sent_by: String,
    asked: (Option<u32>, String),
    /// A CANCEL of the layer's own: nobody is told of it.
    hidden: bool,
    merge: Option<MergeKey>,
    /// Server of an INVITE: its CANCEL came. The tag of the responses, for the answer to it.
    cancelled: bool,
    to_tag: Option<String>,
    /// Server: forgotten with its first final response.
    is_brief: bool,
    /// Server: bytes that the request makes us keep.
    weight: usize,
}

impl Entry {
    /// What a response repeats otherwise than we wrote it: the header, what we wrote, what came back. Call-ID is told by
    /// every byte, the case of its letters too.
    //= RFC 3261 §8.2.6.2, §20.8
    fn rewritten(&self, headers: &Headers, via: &Via) -> Option<(&'static str, String, String)> {
        let (number, call_id) = asked(headers);
        let digits = |number: Option<u32>| number.map(|number| number.to_string()).unwrap_or_default();
        let rows = [
            ("Via", self.sent_by.clone(), sent_by(via)),
            ("Call-ID", self.asked.1.clone(), call_id),
            ("CSeq", digits(self.asked.0), digits(number)),
        ];
        rows.into_iter().find(|(_, ours, theirs)| ours != theirs)
    }
}

/// All transactions of the phone. Feed it messages and time; `poll` until it has nothing more.
#[derive(Debug)]
pub struct Layer {
    config: Config,
    last_id: u64,
    entries: BTreeMap<u64, Entry>,
    keys: BTreeMap<TransactionKey, u64>,
    merges: BTreeMap<MergeKey, u64>,
    /// Bytes kept for requests from outside.
    weight: usize,
    timers: TimerQueue,
    events: VecDeque<LayerEvent>,
    counters: Counters,
}

impl Layer {
    /// An empty table.
    pub fn new(config: Config) -> Layer {
        Layer {
            config,
            last_id: 0,
            entries: BTreeMap::new(),
            keys: BTreeMap::new(),
            merges: BTreeMap::new(),
            weight: 0,
            timers: TimerQueue::default(),
            events: VecDeque::new(),
            counters: Counters::default(),
        }
    }

    /// Sends a request, our Via on top (`push_via`), any method but ACK; its fate comes through `poll`.
    pub fn request(&mut self, request: Request, flow: Flow, now: Instant) -> ClientId {
        self.start_client(request, flow, false, now)
    }

    /// Sends the ACK to a 2xx: no transaction, once for each 2xx that comes.
    pub fn send_ack(&mut self, ack: &Request, flow: Flow) {
        self.events.push_back(LayerEvent::Transmit { flow, bytes: ack.to_bytes() });
    }

    /// Cancels an INVITE: at once if it has a provisional response, else when one comes; nothing after a final one.
    /// The far end is told the `reason`.
    pub fn cancel(&mut self, client: ClientId, reason: Option<Reason>, now: Instant) {
        self.client_event(client.0, ClientEvent::Cancel(reason), None, now);
    }

    /// Forgets a request of ours other than INVITE: it is not sent again, and an answer to it is nobody's.
    pub fn abandon(&mut self, client: ClientId) {
        if self.entries.get(&client.0).is_some_and(|entry| matches!(entry.machine, Machine::Client(_))) {
            self.remove(client.0);
        }
    }

    /// Keeps nothing of this request once its final response has gone out, which must follow from the request alone
    /// and not be a 2xx to an INVITE: one that comes again is a new one and gets the same (§8.2.7).
    pub fn keep_no_state(&mut self, server: ServerId) {
        if let Some(entry) = self.entries.get_mut(&server.0) {
            entry.is_brief = true;
        }
    }

    /// Answers a request. A 2xx to an INVITE may be passed again and again (§13.3.1.4); anything else counts once.
    pub fn respond(&mut self, server: ServerId, response: Response, now: Instant) {
        if let Some(entry) = self.entries.get(&server.0).filter(|e| e.is_brief && response.status.is_final()) {
            self.events.push_back(LayerEvent::Transmit { flow: entry.flow, bytes: response.to_bytes() });
            return self.remove(server.0);
        }
        if let Some(entry) = self.entries.get_mut(&server.0)
            && let Ok(Some(to)) = response.headers.to()
        {
            entry.to_tag = to.tag().map(str::to_owned);
        }
        self.server_event(server.0, ServerEvent::Respond(response), None, now);
    }

    /// Takes in a message that arrived on `flow`.
    pub fn receive(&mut self, message: Message, flow: Flow, now: Instant) {
        match message {
            Message::Request(request) => self.receive_request(request, flow, now),
            Message::Response(response) => self.receive_response(response, flow, now),
        }
    }

    /// Refuses a request that cannot be read as a whole: without a transaction, the same answer to each repeat of it
    /// (§8.2.7). `words` is the reason phrase. Nothing is sent for an ACK, or where no Via tells the way back.
    pub fn refuse(&mut self, mut request: Request, status: StatusCode, words: &str, flow: Flow) {
        match note_source(&mut request, flow) {
            Some(reply_to) if request.method != Method::Ack => {
                let mut response = Response::to_request(&request, status, Some(&stateless_tag(&request)));
                response.reason = words.to_owned();
                self.events.push_back(LayerEvent::Transmit { flow: reply_to, bytes: response.to_bytes() });
            }
            _ => self.counters.unusable += 1,
        }
    }

    /// The transport could not deliver to this peer, the network said so, or the connection has ended.
    pub fn transport_failed(&mut self, flow: Flow, now: Instant) {
        let is_stream = flow.transport.is_reliable();
        let same_path = |entry: &Entry| {
            let same = entry.flow.transport == flow.transport && entry.flow.remote == flow.remote;
            same && (entry.flow.local == flow.local || !is_stream)
        };
        let hit: Vec<u64> = self.entries.iter().filter(|(_, e)| same_path(e)).map(|(id, _)| *id).collect();
        for id in hit {
            self.client_event(id, ClientEvent::TransportFailed, None, now);
            //= RFC 3261 §18.2.2: a response whose connection has ended goes out over another one
            if !is_stream {
                self.server_event(id, ServerEvent::TransportFailed, None, now);
            }
        }
    }

    /// When `handle_timeout` is wanted next.
    pub fn next_timeout(&self) -> Option<Instant> {
        self.timers.next()
    }

    /// Fires every timer that is due.
    pub fn handle_timeout(&mut self, now: Instant) {
        while let Some((at, id, timer)) = self.timers.pop_due(now) {
            // Why `at`: a late wake-up must not stretch the schedule that follows.
            self.client_event(id, ClientEvent::Timer(timer), None, at);
            self.server_event(id, ServerEvent::Timer(timer), None, at);
        }
    }

    /// The next thing to do or to know.
    pub fn poll(&mut self) -> Option<LayerEvent> {
        self.events.pop_front()
    }

    /// Number of live transactions.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// True without a live transaction.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Bytes kept for requests from outside, about.
    pub fn weight(&self) -> usize {
        self.weight
    }

    /// What was dropped or refused.
    pub fn counters(&self) -> Counters {
        self.counters
    }

    fn start_client(&mut self, request: Request, flow: Flow, hidden: bool, now: Instant) -> ClientId {
        let id = self.new_id();
        let client = ClientId(id);
        let via = request.headers.via_top().ok().flatten();
        let (Some(key), Some(via)) = (TransactionKey::of_sent(&request), via) else {
            self.events.push_back(LayerEvent::ClientFailed { client, why: Failure::Transport });
            return client;
        };
        if self.is_full() && !hidden {
            self.counters.refused += 1;
            self.events.push_back(LayerEvent::ClientFailed { client, why: Failure::Full });
            return client;
        }
        let (sent_by, asked) = (sent_by(&via), asked(&request.headers));
        let reliable = flow.transport.is_reliable();
        let (machine, effects) = if request.method == Method::Invite {
            let (machine, effects) = InviteClient::new(request, reliable, self.config, now);
            (Machine::InviteClient(machine), effects)
        } else {
            let (machine, effects) = NonInviteClient::new(&request, reliable, self.config, now);
            (Machine::Client(machine), effects)
        };
        let entry = Entry {
            machine,
            flow,
            key,
            sent_by,
            asked,
            hidden,
            merge: None,
            cancelled: false,
            to_tag: None,
            is_brief: false,
            weight: 0,
        };
        self.insert(id, entry);
        self.carry_out(id, effects, None, flow, now);
        client
    }

    fn receive_response(&mut self, response: Response, flow: Flow, now: Instant) {
        let via = response.headers.via_top().ok().flatten();
        let (Some(key), Some(via)) = (TransactionKey::of_response(&response), via) else {
            self.counters.unusable += 1;
            return;
        };
        let Some(&id) = self.keys.get(&key) else {
            self.counters.stray_responses += 1;
            return;
        };
        //= RFC 3261 §18.1.2: a response whose sent-by is not ours is dropped; §8.1.3.3: as is one with a second Via.
        // Why number and Call-ID too: one that its asker does not know for the answer would end its transaction all the
        // same, and he would wait for ever.
        let rewritten = self.entries.get(&id).and_then(|entry| entry.rewritten(&response.headers, &via));
        if rewritten.is_some() || response.headers.vias().map_or(0, |vias| vias.len()) != 1 {
            self.counters.foreign_responses += 1;
            // Why it is told: who cannot know our branch was not on the way; who was has rewritten what we sent.
            if let Some((header, ours, theirs)) = rewritten {
                self.events.push_back(LayerEvent::Rewritten { client: ClientId(id), header, ours, theirs });
            }
            return;
        }
        self.client_event(id, ClientEvent::Response(response), Some(flow), now);
    }

    fn receive_request(&mut self, mut request: Request, flow: Flow, now: Instant) {
        let key = TransactionKey::of_received(&request);
        let (Some(key), Some(reply_to)) = (key, note_source(&mut request, flow)) else {
            self.counters.unusable += 1;
            return;
        };
        match request.method {
            Method::Ack => self.receive_ack(&key, request, flow, now),
            Method::Cancel => self.receive_cancel(request, reply_to),
            _ => match self.keys.get(&key) {
                Some(&id) => {
                    self.counters.absorbed += 1;
                    self.server_event(id, ServerEvent::Retransmission, None, now);
                }
                None => self.new_server(key, request, flow, reply_to, now),
            },
        }
    }

    fn receive_ack(&mut self, key: &TransactionKey, ack: Request, flow: Flow, now: Instant) {
        match self.keys.get(key) {
            Some(&id) => self.server_event(id, ServerEvent::Ack, Some((ack, flow)), now),
            //= RFC 3261 §17.2.3: an ACK that matches nothing is the user's: it acknowledges a 2xx.
            None => self.events.push_back(LayerEvent::Request { server: None, request: ack, flow }),
        }
    }

    /// Why without a transaction: the answer depends on nothing but the request, so each retransmission gets the same one.
    fn receive_cancel(&mut self, cancel: Request, reply_to: Flow) {
        let id = TransactionKey::cancelled_by(&cancel).and_then(|key| self.keys.get(&key).copied());
        let entry = id.and_then(|id| self.entries.get_mut(&id).map(|entry| (id, entry)));
        let Some((id, entry)) = entry else {
            //= RFC 3261 §9.2: 481 to a CANCEL of nothing.
            self.answer(&cancel, StatusCode(481), reply_to);
            return;
        };
        //= RFC 3261 §9.2: 200, with the tag of the responses to the INVITE.
        let tag = entry.to_tag.clone().unwrap_or_else(|| stateless_tag(&cancel));
        let response = Response::to_request(&cancel, StatusCode(200), Some(&tag));
        self.events.push_back(LayerEvent::Transmit { flow: reply_to, bytes: response.to_bytes() });
        let waits = matches!(&entry.machine, Machine::InviteServer(m) if m.state() == InviteServerState::Proceeding);
        if waits && !entry.cancelled {
            entry.cancelled = true;
            self.events.push_back(LayerEvent::Cancelled { server: ServerId(id), cancel });
        }
    }

    fn new_server(&mut self, key: TransactionKey, request: Request, flow: Flow, reply_to: Flow, now: Instant) {
        let merge = merge_key(&request);
        //= RFC 3261 §8.2.2.2: the same request by another way is refused with 482.
        if merge.as_ref().is_some_and(|merge| self.merges.contains_key(merge)) {
            self.counters.merged += 1;
            self.answer(&request, StatusCode(482), reply_to);
            return;
        }
        let weight = request.headers.iter().map(|(_, value)| value.len()).sum();
        if self.is_full_for_others() || self.weight.saturating_add(weight) > self.config.max_weight {
            self.counters.refused += 1;
            self.answer(&request, StatusCode(503), reply_to);
            return;
        }
        let id = self.new_id();
        let reliable = flow.transport.is_reliable();
        let (machine, effects) = if request.method == Method::Invite {
            let (machine, effects) = InviteServer::new(&request, reliable, self.config, now);
            (Machine::InviteServer(machine), effects)
        } else {
            let (machine, effects) = NonInviteServer::new(&request, reliable, self.config, now);
            (Machine::Server(machine), effects)
        };
        let entry = Entry {
            machine,
            flow: reply_to,
            key,
            sent_by: String::new(),
            asked: Default::default(),
            hidden: false,
            merge,
            cancelled: false,
            to_tag: None,
            is_brief: false,
            weight,
        };
        self.insert(id, entry);
        self.carry_out(id, effects, None, flow, now);
        self.events.push_back(LayerEvent::Request { server: Some(ServerId(id)), request, flow });
    }

    fn answer(&mut self, request: &Request, status: StatusCode, flow: Flow) {
        let mut response = Response::to_request(request, status, Some(&stateless_tag(request)));
        if status == StatusCode(503) {
            response.headers.push(HeaderName::RetryAfter, "5");
        }
        self.events.push_back(LayerEvent::Transmit { flow, bytes: response.to_bytes() });
    }

    fn client_event(&mut self, id: u64, event: ClientEvent, from: Option<Flow>, now: Instant) {
        let Some(entry) = self.entries.get_mut(&id) else { return };
        let effects = match &mut entry.machine {
            Machine::InviteClient(machine) => machine.handle(event, now),
            Machine::Client(machine) => machine.handle(event, now),
            Machine::InviteServer(_) | Machine::Server(_) => return,
        };
        let from = from.unwrap_or(entry.flow);
        self.carry_out(id, effects, None, from, now);
    }

    fn server_event(&mut self, id: u64, event: ServerEvent, ack: Option<(Request, Flow)>, now: Instant) {
        let Some(entry) = self.entries.get_mut(&id) else { return };
        let effects = match &mut entry.machine {
            Machine::InviteServer(machine) => machine.handle(event, now),
            Machine::Server(machine) => machine.handle(event, now),
            Machine::InviteClient(_) | Machine::Client(_) => return,
        };
        let flow = entry.flow;
        self.carry_out(id, effects, ack, flow, now);
    }

    /// `from`: where the message that caused these wishes came from.
    fn carry_out(&mut self, id: u64, effects: Effects, mut ack: Option<(Request, Flow)>, from: Flow, now: Instant) {
        let Some(entry) = self.entries.get(&id) else { return };
        let (flow, hidden) = (entry.flow, entry.hidden);
        let is_client = matches!(entry.machine, Machine::InviteClient(_) | Machine::Client(_));
        let mut failed = false;
        for effect in effects {
            let event = match effect {
                Effect::Send(bytes) => Some(LayerEvent::Transmit { flow, bytes }),
                Effect::SetTimer(timer, at) => {
                    self.timers.set(id, timer, at);
                    None
                }
                Effect::StopTimer(timer) => {
                    self.timers.stop(id, timer);
                    None
                }
                Effect::SendCancel(cancel) => {
                    self.start_client(cancel, flow, true, now);
                    None
                }
                Effect::TellUser(response) if !hidden => {
                    Some(LayerEvent::Response { client: ClientId(id), response, flow: from })
                }
                Effect::PassAck => {
                    ack.take().map(|(request, flow)| LayerEvent::Request { server: None, request, flow })
                }
                Effect::Failed(why) if is_client && !hidden => {
                    failed = true;
                    Some(LayerEvent::ClientFailed { client: ClientId(id), why })
                }
                Effect::Failed(why) if !is_client => Some(LayerEvent::ServerFailed { server: ServerId(id), why }),
                Effect::TellUser(_) | Effect::Failed(_) => None,
                Effect::Done => {
                    self.remove(id);
                    match (is_client, hidden || failed) {
                        (true, true) => None,
                        (true, false) => Some(LayerEvent::ClientEnded { client: ClientId(id) }),
                        (false, _) => Some(LayerEvent::ServerEnded { server: ServerId(id) }),
                    }
                }
            };
            self.events.extend(event);
        }
    }

    fn new_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    fn is_full(&self) -> bool {
        self.entries.len() >= self.config.max_transactions
    }

    /// Why less than all: whatever comes in, the phone itself can still call, refresh and hang up.
    fn is_full_for_others(&self) -> bool {
        self.entries.len() >= self.config.max_transactions - self.config.max_transactions / 4
    }

    fn insert(&mut self, id: u64, entry: Entry) {
        self.weight += entry.weight;
        self.keys.insert(entry.key.clone(), id);
        if let Some(merge) = &entry.merge {
            self.merges.insert(merge.clone(), id);
        }
        self.entries.insert(id, entry);
    }

    fn remove(&mut self, id: u64) {
        self.timers.stop_all(id);
        let Some(entry) = self.entries.remove(&id) else { return };
        self.weight -= entry.weight;
        self.keys.remove(&entry.key);
        if let Some(merge) = entry.merge {
            self.merges.remove(&merge);
        }
    }
}

/// The number in CSeq, and Call-ID: a response bears those of its request (RFC 3261 §8.2.6.2).
fn asked(headers: &Headers) -> (Option<u32>, String) {
    let number = headers.cseq().ok().flatten().map(|cseq| cseq.number);
    (number, headers.text(&HeaderName::CallId).unwrap_or_default())
}

#[cfg(test)]
mod tests;
