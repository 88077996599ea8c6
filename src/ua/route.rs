//! From a request to a path: the next hop, its resolution, failing over, and what every message of ours bears.

use super::account::Line;
use super::agent::Agent;
use super::detour::Setback;
use super::large::Large;
use super::owner::Owner;
use super::port::{Output, QueryId};
use crate::config::AccountId;
use crate::sip::flow::{Flow, Transport};
use crate::sip::ident;
pub(super) use crate::sip::locate::Target as Hop;
use crate::sip::message::{HeaderName, Method, Request, Response, StatusCode};
use crate::sip::option_tag::supported;
use crate::sip::session::Terms;
use crate::sip::transaction::{ClientId, Failure, ServerId, push_via, push_via_as};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// How long a resolved hop is believed without asking the resolver, which believes its records for their own time.
const HOP_LIFE: Duration = Duration::from_secs(5);
/// Most hops remembered.
const MAX_HOPS: usize = 64;
/// Most names being resolved at once.
const MAX_QUERIES: usize = 256;

/// A hop, and whose settings a connection to it obeys where that matters: others share theirs.
pub(super) type Lane = (Hop, Option<AccountId>);

/// What waits for a path.
#[derive(Debug)]
pub(super) enum Job {
    /// A request in a transaction.
    Request(Owner, Box<Request>),
    /// An ACK of a call.
    Ack(u32, Box<Request>),
    /// A call whose address is gone and that needs another path.
    Move(u32),
    /// A call that needs its first path.
    Dial(u32),
    /// A request that needs a connection.
    Large(Box<Large>),
    /// A message that needs its first path.
    Message(u32),
    /// An OPTIONS that needs its first path.
    Probe(u32),
    /// A STUN server to ask.
    Stun,
    /// A host to knock at.
    Knock(String),
    /// A request whose connection did not bring it through, and how that ended.
    Again(Box<Sent>, Box<Setback>),
}

impl Job {
    /// Whose request waits.
    pub fn owner(&mut self) -> Option<&mut Owner> {
        match self {
            Job::Request(owner, _) => Some(owner),
            Job::Large(large) => Some(&mut large.owner),
            Job::Again(sent, _) => Some(&mut sent.owner),
            _ => None,
        }
    }
}

/// A request under way: enough to send it again.
#[derive(Debug, Clone)]
pub(super) struct Sent {
    pub owner: Owner,
    /// Without Via and Contact.
    pub request: Request,
    pub flow: Flow,
    pub more: VecDeque<Flow>,
    /// The last response that came.
    pub heard: Option<StatusCode>,
    /// How often it went over another connection.
    pub tries: u8,
}

impl Agent {
    /// Finds paths to the hop, then does the job.
    pub(super) fn route(&mut self, hop: Option<Hop>, job: Job, now: Instant) {
        let Some(hop) = hop else { return self.unroutable(job, "the address has no host", now) };
        let is_named = hop.plain_transport().is_named();
        let lane: Lane = (hop, is_named.then(|| self.account_of_job(&job)));
        self.hops.retain(|_, (_, until)| *until > now);
        if let Some((flows, _)) = self.hops.get(&lane) {
            let flows = flows.clone();
            return self.carry_out(job, flows, now);
        }
        if let Some((_, jobs)) = self.queries.values_mut().find(|(asked, _)| *asked == lane) {
            jobs.push(job);
            return;
        }
        if self.queries.len() >= MAX_QUERIES {
            return self.unroutable(job, "too many names are being looked up", now);
        }
        self.last_query += 1;
        let query = QueryId(self.last_query);
        let identity = lane.1.and_then(|id| self.account(id)).map(|line| Box::new(line.identity(&lane.0)));
        self.queries.insert(query.0, (lane.clone(), vec![job]));
        let avoid = self.detours.avoided(now);
        self.outputs.push_back(Output::Resolve { query, target: lane.0, identity, avoid });
    }

    fn account_of_job(&self, job: &Job) -> AccountId {
        match job {
            Job::Request(owner, _) => self.account_of(*owner),
            Job::Large(large) => self.account_of(large.owner),
            Job::Ack(call, _) | Job::Dial(call) | Job::Move(call) => self.account_of_call(*call),
            Job::Message(id) => self.account_of(Owner::Message(*id)),
            Job::Probe(id) => self.account_of(Owner::Probe(*id)),
            Job::Again(sent, _) => self.account_of(sent.owner),
            Job::Stun | Job::Knock(_) => AccountId(0),
        }
    }

    pub(super) fn resolved(&mut self, query: QueryId, flows: Result<Vec<Flow>, String>, now: Instant) {
        let Some((lane, jobs)) = self.queries.remove(&query.0) else { return };
        match flows {
            Ok(flows) if !flows.is_empty() => {
                self.detours.note_lane(&flows, &lane);
                if self.hops.len() < MAX_HOPS {
                    self.hops.insert(lane, (flows.clone(), now + HOP_LIFE));
                }
                jobs.into_iter().for_each(|job| self.carry_out(job, flows.clone(), now));
            }
            Ok(_) => jobs.into_iter().for_each(|job| self.unroutable(job, &format!("{} has no address", lane.0), now)),
            Err(words) => jobs.into_iter().for_each(|job| self.unroutable(job, &words, now)),
        }
    }

    fn carry_out(&mut self, job: Job, mut flows: Vec<Flow>, now: Instant) {
        self.detours.sort(&mut flows, now);
        let mut flows = VecDeque::from(flows);
        let Some(first) = flows.pop_front() else { return };
        match job {
            Job::Request(owner, request) => self.transmit(owner, *request, first, flows, now),
            Job::Ack(call, request) => self.send_ack(call, *request, first),
            Job::Move(call) => self.call_moves(call, first),
            Job::Dial(call) => self.dial_path(call, first, flows, now),
            Job::Large(large) => self.connection_found(*large, first, now),
            Job::Message(id) => self.message_path(id, first, flows, now),
            Job::Probe(id) => self.probe_path(id, first, flows, now),
            Job::Stun => self.stun_server(Ok(std::iter::once(first).chain(flows).collect()), now),
            Job::Knock(host) => self.knock_at(&host, Some(first), now),
            Job::Again(sent, setback) => self.send_again(*sent, *setback, first, flows, now),
        }
    }

    fn unroutable(&mut self, job: Job, words: &str, now: Instant) {
        if let Job::Ack(call, _) | Job::Request(Owner::Call(call, _), _) = &job
            && let Some(flow) = self.connection_of(*call, &job)
        {
            return self.carry_out(job, vec![flow], now);
        }
        match job {
            Job::Request(owner, _) => self.owner_failed(owner, Failure::Transport, words, now),
            // The next change of the network is another chance.
            Job::Ack(..) | Job::Move(_) => {}
            Job::Dial(call) => self.dial_unreachable(call, words, now),
            Job::Large(large) => self.no_connection(*large, now),
            Job::Message(id) => self.message_unanswered(id, words),
            Job::Probe(id) => self.probe_unanswered(id, Failure::Transport, words, now),
            Job::Stun => self.stun_server(Err(words), now),
            Job::Knock(host) => self.knock_at(&host, None, now),
            Job::Again(sent, setback) => self.set_back(*sent, *setback, Some(words), now),
        }
    }

    /// The connection that a call came about on. Its far end was the right one then, and put itself on the way: it knows
    /// the servers that it names as nobody outside does, and no certificate either.
    fn connection_of(&self, call: u32, job: &Job) -> Option<Flow> {
        let call = self.call(call).filter(|call| !call.cut_off)?;
        let needs_tls = matches!(job, Job::Ack(_, request) | Job::Request(_, request) if is_secure(&request.uri));
        let is_tls = |transport| matches!(transport, Transport::Tls | Transport::Wss);
        call.flow.filter(|flow| flow.transport.is_reliable() && (is_tls(flow.transport) || !needs_tls))
    }

    /// Sends a request in a transaction of its own over `flow`; over one of `more` if that cannot deliver.
    pub(super) fn transmit(&mut self, owner: Owner, request: Request, flow: Flow, more: VecDeque<Flow>, now: Instant) {
        self.transmit_as(Sent { owner, request, flow, more, heard: None, tries: 0 }, now);
    }

    pub(super) fn transmit_as(&mut self, sent: Sent, now: Instant) {
        let Sent { owner, mut request, flow, more, tries, .. } = sent;
        self.leaving(owner, &flow, &more);
        let account = self.account_of(owner);
        if let Some(line) = self.lines.iter_mut().find(|line| line.account.id == account) {
            line.authorise(&mut request, &flow, &mut self.rng);
        }
        let mut wire = request.clone();
        self.finish(&mut wire, account, &flow);
        if self.is_too_large(wire.to_bytes().len(), &flow, now) {
            return self.find_connection(Large { owner, request, flow, more }, now);
        }
        self.left(owner, &wire, flow, now);
        let client = self.layer.request(wire, flow, now);
        self.clients.insert(client, Sent { owner, request, flow, more, heard: None, tries });
    }

    /// Sends the ACK to a 2xx.
    pub(super) fn send_ack(&mut self, call: u32, mut request: Request, flow: Flow) {
        self.finish(&mut request, self.account_of_call(call), &flow);
        self.layer.send_ack(&request, flow);
    }

    /// A connection has ended, or nobody listens at the far port: nothing more goes that way, and a registration over it reaches nobody.
    pub(super) fn connection_lost(&mut self, flow: &Flow, now: Instant) {
        self.hops.retain(|_, (flows, _)| !flows.contains(flow));
        self.watches_lose(flow);
        let carried = |call: &&mut super::call::Call| call.flow == Some(*flow) && flow.transport.is_reliable();
        self.calls.iter_mut().filter(carried).for_each(|call| call.cut_off = true);
        let over_it = |line: &&Line| line.path() == Some(flow);
        let lines: Vec<AccountId> = self.lines.iter().filter(over_it).map(|line| line.account.id).collect();
        let why = self.transport_error.clone().unwrap_or_default();
        lines.into_iter().for_each(|id| self.registration_cut_off(id, flow, &why, now));
    }

    /// The transaction ended without a final response: another path, or the news.
    pub(super) fn client_failed(&mut self, client: ClientId, why: Failure, now: Instant) {
        //= RFC 3263 §4.3: the next address after a transport failure, or when nothing answers
        if why != Failure::Full && self.another_path(client, Setback::Failed(why), now) {
            return;
        }
        let Some(sent) = self.clients.remove(&client) else { return };
        self.set_back(sent, Setback::Failed(why), None, now);
    }

    /// In words: why a request got no answer over this path.
    pub(super) fn why_failed(&self, flow: &Flow, why: Failure) -> String {
        let peer = format!("{} ({})", flow.remote, flow.transport);
        match (&self.transport_error, why) {
            (_, Failure::Timeout) => {
                let waited = self.layer_config.t1_64();
                format!("no answer from {peer} in {} s", waited.as_secs().max(1))
            }
            (Some(error), Failure::Transport) => format!("cannot reach {peer}: {error}"),
            _ => format!("cannot reach {peer}: {why}"),
        }
    }

    /// Via, Contact and what we say of ourselves.
    fn finish(&mut self, request: &mut Request, account: AccountId, flow: &Flow) {
        let branch = ident::branch(&mut self.rng);
        match self.account(account).map(|line| line.sent_by(flow)) {
            Some((host, port)) => push_via_as(request, flow, host, port, &branch),
            None => push_via(request, flow, &branch),
        }
        if !self.config.settings.rport
            && let Some(via) = request.headers.text(&HeaderName::Via)
        {
            request.headers.set(HeaderName::Via, via.replace(";rport", ""));
        }
        if let Some(line) = self.account_mut(account) {
            match request.method {
                Method::Register if request.headers.get(&HeaderName::Contact).is_none() => {
                    for contact in line.register_contacts(flow) {
                        request.headers.push(HeaderName::Contact, contact);
                    }
                }
                //= RFC 3515 §2.2, RFC 3261 §8.1.1.8: whatever may found a dialog or refresh its target
                Method::Invite | Method::Update | Method::Refer | Method::Subscribe | Method::Notify => {
                    request.headers.set(HeaderName::Contact, line.contact(flow, is_secure(&request.uri)))
                }
                _ => {}
            }
        }
        if matches!(request.method, Method::Invite | Method::Register | Method::Options | Method::Update) {
            request.headers.set(HeaderName::Allow, self.allow());
        }
        let but = self.not_offered(account, flow);
        if let Some(tags) = supported(&request.method, &but) {
            request.headers.set(HeaderName::Supported, tags);
        }
        request.headers.set(HeaderName::UserAgent, self.user_agent());
    }

    /// Answers a request; `contact` for those that found or refresh a dialog.
    pub(super) fn answer(&mut self, server: ServerId, mut response: Response, contact: Option<String>, now: Instant) {
        if let Some(contact) = contact {
            response.headers.set(HeaderName::Contact, contact);
        }
        let method = response.headers.cseq().ok().flatten().map(|cseq| cseq.method);
        //= RFC 3261 §20.5, RFC 3311 §5.1: whoever may change the call early must know how
        let is_early = (101..200).contains(&response.status.0) && method == Some(Method::Invite);
        if response.status.is_success() || matches!(response.status.0, 405 | 501) || is_early {
            response.headers.set(HeaderName::Allow, self.allow());
        }
        let offers = method.filter(|method| is_early || response.status.is_success() || *method == Method::Options);
        let but = self.gruu_if_off();
        if let Some(tags) = offers.and_then(|method| supported(&method, but.as_slice())) {
            response.headers.set(HeaderName::Supported, tags);
        }
        response.headers.set(HeaderName::Server, self.user_agent());
        self.layer.respond(server, response, now);
    }

    /// The extensions that the settings leave out.
    fn not_offered(&self, account: AccountId, flow: &Flow) -> Vec<&'static str> {
        let timer = self.terms(account).interval.is_none().then_some("timer");
        //= RFC 7118 §5.1: our own address leads nowhere there, a GRUU is all that could
        let has_address = !matches!(flow.transport, Transport::Ws | Transport::Wss);
        timer.into_iter().chain(self.gruu_if_off().filter(|_| has_address)).collect()
    }

    fn gruu_if_off(&self) -> Option<&'static str> {
        (!self.config.settings.gruu).then_some("gruu")
    }

    /// What calls of an account are held to.
    pub(super) fn terms(&self, account: AccountId) -> Terms {
        let off = self.account(account).is_some_and(|line| line.account.disable_session_timer);
        let interval = (!off).then_some(self.config.settings.session_timer_s);
        Terms { timing: self.layer_config, interval }
    }

    /// What we call ourselves.
    pub(super) fn user_agent(&self) -> String {
        let own = crate::text::sanitise(&self.config.settings.user_agent);
        if own.is_empty() { concat!("tuiphone/", env!("CARGO_PKG_VERSION")).to_owned() } else { own }
    }
}

/// A `sips:` URI: nothing but TLS will do.
pub(super) fn is_secure(uri: &str) -> bool {
    uri.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("sips:"))
}
