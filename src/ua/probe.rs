//! OPTIONS of ours outside a call (RFC 3261 §11): whether somebody answers, how soon, and what they take. A person asks,
//! or the phone asks the server it is registered at, if `probe` says so.

use super::account::Line;
use super::agent::Agent;
use super::command::{CommandError, Reply, RequestId};
use super::detour::Setback;
use super::outcome::ExitCode;
use super::owner::Owner;
use super::port::Output;
use super::route::{Job, Sent};
use super::snapshot::PingInfo;
use crate::config::AccountId;
use crate::sip::flow::Flow;
use crate::sip::ident;
use crate::sip::message::{HeaderName, Method, Request, Response};
use crate::sip::transaction::Failure;
use crate::text::sanitise;
use rand::{Rng, RngExt};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Most on their way at once.
const MAX_ON_THE_WAY: usize = 16;
/// Most values of a header told.
const MAX_TOLD: usize = 64;

/// An OPTIONS on its way.
#[derive(Debug)]
pub(super) struct Probe {
    id: u32,
    /// Who waits for the answer; `None` = the phone asks whether its registration still reaches somebody.
    asked: Option<RequestId>,
    pub account: AccountId,
    target: String,
    /// It is for the account's own server.
    is_to_server: bool,
    /// Nobody has answered yet but with a challenge.
    tries: u32,
    /// Where and when it went out last, repetitions apart.
    sent: Option<(Flow, Instant)>,
    /// However many addresses there are, it is over then.
    until: Instant,
}

impl Probe {
    pub fn next_timeout(&self) -> Option<Instant> {
        Some(self.until)
    }
}

impl Agent {
    /// `Command::Ping`: replied to once there is an answer, or time is up.
    pub(super) fn ping(&mut self, asked: RequestId, target: Option<&str>, account: Option<&str>, now: Instant) {
        if let Err(refusal) = self.begin_ping(asked, target, account, now) {
            self.outputs.push_back(Output::Reply(asked, Err(refusal)));
        }
    }

    fn begin_ping(
        &mut self,
        asked: RequestId,
        typed: Option<&str>,
        account: Option<&str>,
        now: Instant,
    ) -> Result<(), CommandError> {
        if self.exiting.is_some() || self.probes.len() >= MAX_ON_THE_WAY {
            return Err(CommandError {
                code: ExitCode::Refused,
                kind: "too_many_pings",
                message: format!("{} pings are on their way, the most there can be", self.probes.len()),
                hint: Some("try again in a moment".into()),
            });
        }
        let (account, target) = match typed {
            Some(typed) => self.addressed(typed, account, "ping").map(|(id, uri)| (id, uri.to_string()))?,
            None => self.own_server(account)?,
        };
        self.last_probe += 1;
        let id = self.last_probe;
        let until = now + 2 * self.layer_config.t1_64();
        let is_to_server = typed.is_none();
        let asked = Some(asked);
        let probe = Probe { id, asked, account, target, is_to_server, tries: 0, sent: None, until };
        let hop = match is_to_server {
            true => self.account(account).and_then(|line| line.first_hop(true)),
            false => self.hop_to(account, &probe.target),
        };
        self.probes.push(probe);
        self.route(hop, Job::Probe(id), now);
        Ok(())
    }

    /// The named account, or the obvious one, and the URI of its server.
    fn own_server(&self, account: Option<&str>) -> Result<(AccountId, String), CommandError> {
        let ids = self.registering_accounts(account)?;
        let selected = self.selected_account();
        let id = ids.iter().find(|id| **id == selected).or(ids.first()).copied().unwrap_or(selected);
        let domain = self.account(id).map_or("", |line| line.account.domain_or_server());
        Ok((id, format!("sip:{domain}")))
    }

    /// A path is known: the OPTIONS is written and sent.
    pub(super) fn probe_path(&mut self, id: u32, flow: Flow, more: VecDeque<Flow>, now: Instant) {
        let Some(probe) = self.probes.iter().find(|probe| probe.id == id) else { return };
        let (account, target, is_to_server) = (probe.account, probe.target.clone(), probe.is_to_server);
        let is_own = is_to_server || self.is_at_home(account, &target);
        let (tag, call_id) = (ident::tag(&mut self.rng), ident::call_id(&mut self.rng, ""));
        let cseq = ident::cseq(&mut self.rng).max(1);
        let Some(line) = self.account_mut(account) else { return };
        if is_own && line.first_hop(is_to_server).is_some() {
            line.note_servers(&flow, &more);
        }
        //= RFC 3261 §11.1
        let mut request = Request::new(Method::Options, target.clone());
        request.headers.push(HeaderName::MaxForwards, "70");
        line.routes(is_to_server).into_iter().for_each(|route| request.headers.push(HeaderName::Route, route));
        request.headers.push(HeaderName::From, format!("{};tag={tag}", line.from(&flow)));
        request.headers.push(HeaderName::To, format!("<{target}>"));
        request.headers.push(HeaderName::CallId, call_id);
        request.headers.push(HeaderName::CSeq, format!("{cseq} OPTIONS"));
        request.headers.push(HeaderName::Accept, "application/sdp");
        self.transmit(Owner::Probe(id), request, flow, more, now);
    }

    /// It goes out: from now on the answer is waited for.
    pub(super) fn probe_left(&mut self, id: u32, flow: Flow, now: Instant) {
        if let Some(probe) = self.probes.iter_mut().find(|probe| probe.id == id) {
            probe.sent = Some((flow, now));
        }
    }

    /// A response to an OPTIONS.
    pub(super) fn probe_answered(&mut self, id: u32, sent: &Sent, response: &Response, now: Instant) {
        if response.status.is_provisional() {
            return;
        }
        let Some(probe) = self.probes.iter_mut().find(|probe| probe.id == id) else { return };
        let Some(line) = self.lines.iter_mut().find(|line| line.account.id == probe.account) else { return };
        if probe.asked.is_none() {
            //= RFC 5626 §4.4: whatever the answer, the server is there
            line.plan_probe(now, &mut self.rng);
            self.probes.retain(|probe| probe.id != id);
            return;
        }
        let is_challenge = matches!(response.status.0, 401 | 407);
        if is_challenge {
            probe.tries += 1;
            // Why: whoever is asked can make up a challenge, and the proxy carries it to us.
            let answers = line.strange_realm(response, probe.tries == 1).is_none()
                && line.take_challenge(&sent.request, response, &sent.flow);
            if answers {
                let mut request = sent.request.clone();
                let number = request.headers.cseq().ok().flatten().map_or(1, |cseq| cseq.number.saturating_add(1));
                //= RFC 3261 §8.1.3.5
                request.headers.set(HeaderName::CSeq, format!("{number} OPTIONS"));
                return self.transmit(Owner::Probe(id), request, sent.flow, sent.more.clone(), now);
            }
        } else {
            line.accepted(&sent.request, response);
        }
        let hint = if is_challenge { format!(": {}", line.hint()) } else { String::new() };
        let info = PingInfo {
            account: line.account.aor(),
            uri: sanitise(&probe.target),
            status: response.status.0,
            reason: sanitise(&response.reason),
            rtt_ms: probe.sent.map_or(0.0, |(_, at)| milliseconds(at, now)),
            allow: told(response, &HeaderName::Allow),
            accept: told(response, &HeaderName::Accept),
            supported: told(response, &HeaderName::Supported),
            server: sanitise(&response.headers.text(&HeaderName::Server).unwrap_or_default()),
        };
        let code = ExitCode::of_status(info.status, false);
        let refusal = |info: &PingInfo| CommandError {
            code,
            kind: code.kind(),
            message: format!("{}{hint}", info.words()),
            hint: None,
        };
        self.end_probe(id, if code == ExitCode::Ok { Ok(info) } else { Err(refusal(&info)) });
    }

    /// The OPTIONS got no final response.
    pub(super) fn probe_unanswered(&mut self, id: u32, why: Failure, words: &str, now: Instant) {
        let Some(probe) = self.probes.iter().find(|probe| probe.id == id) else { return };
        if probe.asked.is_none() {
            return self.server_silent(id, why, words, now);
        }
        let code = ExitCode::Unreachable;
        let message = format!("cannot ping {}: {}", sanitise(&probe.target), sanitise(words));
        self.end_probe(id, Err(CommandError { code, kind: code.kind(), message, hint: None }));
    }

    fn end_probe(&mut self, id: u32, outcome: Result<PingInfo, CommandError>) {
        let Some(at) = self.probes.iter().position(|probe| probe.id == id) else { return };
        let Some(asked) = self.probes.remove(at).asked else { return };
        self.outputs.push_back(Output::Reply(asked, outcome.map(|info| Reply::Ping(Box::new(info)))));
    }

    /// The time of some is up.
    pub(super) fn probe_timeouts(&mut self, now: Instant) {
        let due: Vec<u32> = self.probes.iter().filter(|probe| probe.until <= now).map(|probe| probe.id).collect();
        for id in due {
            let (clients, layer) = (&mut self.clients, &mut self.layer);
            let late = clients.extract_if(.., |_, sent| sent.owner == Owner::Probe(id));
            late.for_each(|(client, _)| layer.abandon(client));
            self.probe_unanswered(id, Failure::Timeout, "no answer in time", now);
        }
    }

    /// The phone ends: whoever waits is told.
    pub(super) fn drop_probes(&mut self, now: Instant) {
        self.probes.retain(|probe| probe.asked.is_some());
        let ids: Vec<u32> = self.probes.iter().map(|probe| probe.id).collect();
        ids.into_iter().for_each(|id| self.probe_unanswered(id, Failure::Transport, "the phone is shutting down", now));
    }

    /// Asks the servers whose turn it is, each over the path of its registration.
    pub(super) fn probe_servers(&mut self, now: Instant) {
        let due = self.lines.iter_mut().filter(|line| line.probe_at.is_some_and(|at| at <= now));
        let due: Vec<(AccountId, Option<Flow>)> = due
            .map(|line| {
                line.probe_at = None;
                (line.account.id, line.path.filter(|_| line.registration.is_registered()))
            })
            .collect();
        for (account, path) in due {
            let is_asked = self.probes.iter().any(|probe| probe.asked.is_none() && probe.account == account);
            let Some(flow) = path.filter(|_| !is_asked && self.exiting.is_none()) else { continue };
            let domain = self.account(account).map_or("", |line| line.account.domain_or_server());
            let target = format!("sip:{domain}");
            self.last_probe += 1;
            let (id, until) = (self.last_probe, now + 2 * self.layer_config.t1_64());
            let (asked, sent) = (None, None);
            self.probes.push(Probe { id, asked, account, target, is_to_server: true, tries: 0, sent, until });
            self.probe_path(id, flow, VecDeque::new(), now);
        }
    }

    /// The server a registration stands at does not answer: the path is taken as failed, and registered anew.
    fn server_silent(&mut self, id: u32, why: Failure, words: &str, now: Instant) {
        let Some(at) = self.probes.iter().position(|probe| probe.id == id) else { return };
        let Probe { account, sent, .. } = self.probes.remove(at);
        let Some(line) = self.lines.iter_mut().find(|line| line.account.id == account) else { return };
        let path = sent.map(|(flow, _)| flow).filter(|flow| line.path() == Some(flow));
        //= RFC 5626 §4.4: the flow has failed, if it is still the one of the registration
        match path.filter(|_| why != Failure::Full) {
            Some(flow) => {
                self.detours.avoid(&flow, &Setback::Failed(why), now);
                self.hops.retain(|_, (flows, _)| !flows.contains(&flow));
                self.registration_cut_off(account, &flow, words, now);
            }
            None => line.plan_probe(now, &mut self.rng),
        }
    }

    pub(super) fn account_of_probe(&self, id: u32) -> AccountId {
        self.probes.iter().find(|probe| probe.id == id).map_or(AccountId(0), |probe| probe.account)
    }

    /// Somebody waits for the answer, by whatever path.
    pub(super) fn is_asked_for(&self, id: u32) -> bool {
        self.probes.iter().any(|probe| probe.id == id && probe.asked.is_some())
    }
}

impl Line {
    /// The server is asked in a while, unless that is planned already.
    pub(super) fn plan_probe(&mut self, now: Instant, rng: &mut impl Rng) {
        if self.account.probe_s == 0 {
            return;
        }
        //= RFC 5626 §4.4.1: between 80 and 100 % of the interval, so that not all phones of a house ask at once
        let wait = Duration::from_secs(self.account.probe_s.into()).mul_f64(rng.random_range(0.8..=1.0));
        self.probe_at.get_or_insert(now + wait);
    }
}

/// To a tenth.
fn milliseconds(from: Instant, to: Instant) -> f64 {
    (to.saturating_duration_since(from).as_secs_f64() * 10_000.0).round() / 10.0
}

/// The values of a header that is a list.
fn told(response: &Response, name: &HeaderName) -> Vec<String> {
    let values = response.headers.elements(name).filter_map(|value| std::str::from_utf8(value).ok());
    values.map(sanitise).filter(|value| !value.is_empty()).take(MAX_TOLD).collect()
}
