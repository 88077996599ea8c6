//! Calling out: the target, the wait for the registration, the first path, the INVITE.

use super::account::Line;
use super::agent::Agent;
use super::call::{Call, MAX_CALLS, party};
use super::command::{CommandError, Reply};
use super::conference::CONFERENCE_LEG;
use super::event::Event;
use super::outcome::{EndedBy, ExitCode};
use super::port::Output;
use super::route::{Hop, Job};
use super::snapshot::{CallDirection, CallInfo};
use crate::config::AccountId;
use crate::config::dial::{DialTarget, dial, is_direct};
use crate::sip::flow::Flow;
use crate::sip::header::NameAddr;
use crate::sip::ident;
use crate::sip::message::{HeaderName, Method, Request};
use crate::sip::registration::State;
use crate::sip::session::{Session, set_body};
use crate::sip::uri::Uri;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// How long a call waits for its account to be registered.
const WAIT_REGISTERED: Duration = Duration::from_secs(33);
/// Longest address that is called, in bytes.
pub(super) const MAX_TARGET: usize = 1024;

impl Agent {
    /// `Command::Dial`.
    pub(super) fn dial(&mut self, typed: &str, account: Option<&str>, now: Instant) -> Result<Reply, CommandError> {
        let id = self.account_for(typed, account)?;
        let (target, uri) = self.address(typed, id, "call")?;
        self.room_for_a_call()?;
        let mut call = self.new_call_to(id, &uri, now);
        call.target = target.uri;
        call.extra = target.headers;
        call.post_dial = target.dtmf;
        Ok(Reply::Call(Box::new(self.place(call, now))))
    }

    /// A call of ours to this address, not placed yet.
    pub(super) fn new_call_to(&mut self, account: AccountId, uri: &Uri, now: Instant) -> Call {
        self.last_call += 1;
        let remote = party(&NameAddr::new(uri.clone()));
        let mut call = Call::new(self.last_call, account, CallDirection::Outgoing, remote, now, self.clock.date(now));
        call.target = uri.to_string();
        call.sip_call_id = ident::call_id(&mut self.rng, "");
        call
    }

    /// Places a call, once its account is registered.
    pub(super) fn place(&mut self, mut call: Call, now: Instant) -> CallInfo {
        let (number, id) = (call.id, call.account);
        let waits = |line: &Line| line.registers() && !line.registration.is_registered();
        let waits = self.account(id).is_some_and(waits);
        self.hold_others(None, now);
        call.waits_until = waits.then(|| now + WAIT_REGISTERED);
        let info = self.call_info(&call, now);
        self.note_last_call(&info.number);
        self.calls.push(call);
        self.outputs.push_back(Output::Event(Event::CallOutgoing { call: info.clone() }));
        if waits {
            let state = self.account(id).map(|line| line.registration.state());
            if !matches!(state, Some(State::Registering)) {
                self.register(id, now);
            }
        } else {
            self.begin_call(number, now);
        }
        info
    }

    /// The address of what was typed, on this account; `verb` tells what it was wanted for.
    pub(super) fn address(
        &self,
        typed: &str,
        account: AccountId,
        verb: &str,
    ) -> Result<(DialTarget, Uri), CommandError> {
        let Some(line) = self.account(account) else { return Err(no_account("0")) };
        let refusal = |why: &str, hint: &str| CommandError {
            code: ExitCode::Usage,
            kind: "bad_number",
            message: format!("cannot {verb} {}: {why}", crate::text::sanitise(typed)),
            hint: Some(hint.into()),
        };
        let target = dial(typed, &line.account)
            .map_err(|error| refusal(&error.to_string(), "a number, user@host or sip:user@host"))?;
        let uri = Uri::parse(&target.uri).ok().filter(|uri| target.uri.len() <= MAX_TARGET && uri.host().is_some());
        let uri = uri.filter(Uri::is_sip).ok_or_else(|| {
            let hint = "a number needs an account with a domain; sip:user@host works without";
            refusal("not a SIP address", hint)
        })?;
        Ok((target, uri))
    }

    /// The registration the calls of this account wait for has come to a result.
    pub(super) fn registration_settled(&mut self, id: AccountId, now: Instant) {
        self.release_messages(id, now);
        let Some(line) = self.account(id) else { return };
        let waiting = self.calls.iter().filter(|call| call.account == id && call.waits_until.is_some());
        let waiting: Vec<u32> = waiting.map(|call| call.id).collect();
        let (registered, unreachable) = (line.registration.is_registered(), line.unreachable);
        let (state, status, reason) = (line.registration.state(), line.status, line.reason.clone());
        for number in waiting {
            let Some(call) = self.call_mut(number) else { continue };
            call.waits_until = None;
            if registered {
                self.begin_call(number, now);
                continue;
            }
            (call.status, call.reason) = match state {
                State::Off => (None, Some("the account was un-registered".into())),
                _ => (status, reason.clone()),
            };
            let code = match status {
                _ if unreachable => ExitCode::Unreachable,
                Some(408 | 503) => ExitCode::Unreachable,
                _ => ExitCode::Refused,
            };
            self.end_call(number, if unreachable { EndedBy::Network } else { EndedBy::Remote }, code, now);
        }
    }

    /// Finds the first path of a call.
    pub(super) fn begin_call(&mut self, id: u32, now: Instant) {
        let hop = self.call(id).and_then(|call| self.hop_to(call.account, &call.target));
        self.route(hop, Job::Dial(id), now);
    }

    /// The proxy, the account's own server for targets of its domain, else the target itself.
    pub(super) fn hop_to(&self, account: AccountId, target: &str) -> Option<Hop> {
        let uri = Uri::parse(target).ok()?;
        let own = Hop::of_uri(&uri)?;
        let first = self.account(account).and_then(|line| line.first_hop(false));
        let hop = first.filter(|_| self.is_at_home(account, target)).unwrap_or(own);
        //= RFC 5630 §5.1.1: what is asked for by sips goes to the first hop by TLS as well, whatever is configured
        Some(Hop { secure: hop.secure || uri.is_sips(), ..hop })
    }

    /// The target is reached over the account's own proxy, or in its own domain.
    pub(super) fn is_at_home(&self, account: AccountId, target: &str) -> bool {
        let Some(line) = self.account(account) else { return false };
        let home = Hop::of_server(line.account.domain_or_server(), "").map(|hop| hop.host);
        let host = Uri::parse(target).ok().and_then(|uri| Hop::of_uri(&uri)).map(|hop| hop.host);
        !line.routes(false).is_empty() || host.zip(home).is_some_and(|(host, home)| host.eq_ignore_ascii_case(&home))
    }

    /// The first path is known: bind the sound on its address.
    pub(super) fn dial_path(&mut self, id: u32, flow: Flow, more: VecDeque<Flow>, now: Instant) {
        let chosen = self.is_chosen_by_others(id);
        let (account, at_home) = self
            .call(id)
            .map_or((AccountId(0), false), |call| (call.account, self.is_at_home(call.account, &call.target)));
        // Why not what others chose: without a server of its own, the account's path would be what a stranger names.
        let is_own = |line: &&mut Line| at_home && (!chosen || line.first_hop(false).is_some());
        if let Some(line) = self.account_mut(account).filter(is_own) {
            line.note_servers(&flow, &more);
        }
        let Some(call) = self.call_mut(id).filter(|call| call.is_live()) else { return };
        call.flow = Some(flow);
        call.more = more;
        if call.bound.is_some() {
            return self.invite(id, now);
        }
        let stream = call.stream;
        self.bind(stream, flow);
    }

    pub(super) fn dial_unreachable(&mut self, id: u32, words: &str, now: Instant) {
        if let Some(call) = self.call_mut(id) {
            call.reason = Some(crate::text::sanitise(words));
            self.end_call(id, EndedBy::Network, ExitCode::Unreachable, now);
        }
    }

    /// The sound is bound: offers it in an INVITE.
    pub(super) fn invite(&mut self, id: u32, now: Instant) {
        let Some(mut negotiation) = self.new_negotiation(id) else { return };
        let tag = ident::tag(&mut self.rng);
        let cseq = ident::cseq(&mut self.rng).max(1);
        let Some(call) = self.call(id) else { return };
        let (Some(flow), Some(line)) = (call.flow, self.account(call.account)) else { return };
        let mut request = Request::new(Method::Invite, call.target.clone());
        let headers = &mut request.headers;
        headers.push(HeaderName::MaxForwards, "70");
        line.routes(false).into_iter().for_each(|route| headers.push(HeaderName::Route, route));
        for (name, value) in line.presented(&flow) {
            let tag = if name == HeaderName::From { format!(";tag={tag}") } else { String::new() };
            headers.push(name, value + &tag);
        }
        headers.push(HeaderName::To, format!("<{}>", call.target));
        headers.push(HeaderName::CallId, call.sip_call_id.as_str());
        headers.push(HeaderName::CSeq, format!("{cseq} INVITE"));
        for (name, value) in &call.extra {
            headers.push(HeaderName::from_token(name), value.as_str());
        }
        if let Some(leg) = self.conference_leg(call) {
            headers.push(HeaderName::from_token(CONFERENCE_LEG), leg);
        }
        //= RFC 3261 §13.2.1: without an offer of ours the called offers, and the ACK or PRACK bears our answer
        if !self.config.settings.late_offer {
            set_body(&mut request, "application/sdp", negotiation.offer(false).to_bytes());
        }
        let terms = self.terms(call.account);
        let ring = Duration::from_secs(self.config.settings.ring_timeout_s.into());
        if let Some(call) = self.call_mut(id) {
            call.negotiation = Some(negotiation);
            call.session = Some(Session::connect(request, terms));
            if ring > Duration::ZERO {
                call.ring_until.get_or_insert(now + ring);
            }
        }
        self.advance_calls(now);
        // Why once: a redirection, or another way to offer, is the same call to a person.
        if let Some(call) = self.call_mut(id).filter(|call| call.dialled.is_none()) {
            call.dialled = Some(now);
            self.tell(id, now, |call| Event::CallDialling { call });
        }
    }

    pub(super) fn room_for_a_call(&self) -> Result<(), CommandError> {
        let live = self.calls.iter().filter(|call| call.is_live()).count();
        let refusal = |kind, message: String, hint: &str| {
            Err(CommandError { code: ExitCode::Refused, kind, message, hint: Some(hint.into()) })
        };
        if self.exiting.is_some() {
            return refusal("exiting", "the phone is shutting down".into(), "start it again");
        }
        if live >= MAX_CALLS {
            return refusal("too_many_calls", format!("{live} calls are up, the most there can be"), "hang up one");
        }
        if self.config.settings.single_mode && live > 0 {
            let hint = "hang up first, or set singleMode=0";
            return refusal("single_mode", "another call is up, and this phone takes one at a time".into(), hint);
        }
        Ok(())
    }

    /// The account of a dial command: the named one; Local for an address with a host where no account gives one, and
    /// beside an account for one that is no name; else the selected one.
    pub(super) fn account_for(&self, typed: &str, account: Option<&str>) -> Result<AccountId, CommandError> {
        if let Some(wanted) = account {
            return self.find_account(wanted);
        }
        let selected = self.selected_account();
        let is_near = self.account(selected).is_some_and(|line| is_direct(typed, &line.account));
        if self.config.settings.enable_local_account && is_near {
            return Ok(AccountId(0));
        }
        let has_domain = self.account(selected).is_some_and(|line| !line.account.domain_or_server().is_empty());
        Ok(if !has_domain && typed.contains('@') { AccountId(0) } else { selected })
    }

    /// By number, label or AOR.
    pub(super) fn find_account(&self, wanted: &str) -> Result<AccountId, CommandError> {
        let fits = |line: &&Line| {
            let account = &line.account;
            let is_it = wanted.parse() == Ok(account.id.0)
                || wanted.eq_ignore_ascii_case(&account.label)
                || wanted.trim_start_matches("sip:").eq_ignore_ascii_case(&account.aor());
            is_it && !line.leaving
        };
        self.lines.iter().find(fits).map(|line| line.account.id).ok_or_else(|| no_account(wanted))
    }
}

pub(super) fn no_account(wanted: &str) -> CommandError {
    CommandError {
        code: ExitCode::NotFound,
        kind: "no_such_account",
        message: format!("no account {}", crate::text::sanitise(wanted)),
        hint: Some("`tuiphone accounts` lists them".into()),
    }
}
