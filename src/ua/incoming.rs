//! Requests from outside: who may ring, what is answered without a person, what belongs to a call.

use super::agent::{Agent, IncomingPolicy};
use super::call::{Call, MAX_CALLS, party};
use super::event::Event;
use super::snapshot::CallDirection;
use crate::config::{AccountId, AutoAnswer};
use crate::sdp;
use crate::sip::dialog::DialogId;
use crate::sip::flow::Flow;
use crate::sip::header::MediaType;
use crate::sip::ident;
use crate::sip::message::{HeaderName, Method, Request, Response, StatusCode};
use crate::sip::option_tag;
use crate::sip::session::{MIN_INTERVAL, Session, Terms, is_too_brief};
use crate::sip::transaction::{Failure, ServerId};
use crate::sip::uri::Uri;
use crate::sip::validate::check_request;
use std::time::{Duration, Instant};

impl Agent {
    /// A new request, or an ACK to a 2xx (`server` is `None`).
    pub(super) fn request_received(&mut self, server: Option<ServerId>, request: Request, flow: Flow, now: Instant) {
        let dialog = DialogId::of_request(&request);
        let Some(server) = server else {
            let owner =
                dialog.and_then(|id| self.calls.iter_mut().find_map(|c| c.session.as_mut().filter(|s| s.owns(&id))));
            if let Some(session) = owner {
                session.receive(None, request, now, &mut self.rng);
            }
            return;
        };
        //= RFC 3261 §8.2.1, §21.5.2: the method first; 501 for one that nobody here knows
        if let Method::Other(_) = request.method {
            return self.refuse(server, &request, StatusCode(501), None, now);
        }
        if let Err((status, words)) = check_request(&request) {
            return self.refuse(server, &request, status, Some(&words), now);
        }
        //= RFC 3261 §8.2.2.3
        let unknown = option_tag::unknown(&request).join(", ");
        if !unknown.is_empty() {
            let mut response = Response::to_request(&request, StatusCode(420), Some(&ident::tag(&mut self.rng)));
            response.headers.push(HeaderName::Unsupported, unknown);
            return self.answer(server, response, None, now);
        }
        if let Some(id) = dialog {
            match self.calls.iter_mut().find_map(|c| c.session.as_mut().filter(|s| s.owns(&id))) {
                Some(session) => session.receive(Some(server), request, now, &mut self.rng),
                None if request.method == Method::Notify => self.watch_notified(server, &request, now),
                //= RFC 3261 §12.2.2
                None => self.refuse(server, &request, StatusCode(481), None, now),
            }
            return;
        }
        match request.method {
            Method::Invite => self.invited(server, request, flow, now),
            Method::Options => self.tell_abilities(server, &request, now),
            // Why: outside a call nobody but the user makes this phone call somebody.
            Method::Refer => self.refuse(server, &request, StatusCode(403), None, now),
            Method::Notify => self.unasked_notify(server, &request, flow, now),
            Method::Message => self.message_received(server, &request, &flow, now),
            Method::Bye | Method::Info | Method::Update | Method::Prack => {
                self.refuse(server, &request, StatusCode(481), None, now);
            }
            _ => self.refuse(server, &request, StatusCode(405), None, now),
        }
    }

    fn tell_abilities(&mut self, server: ServerId, request: &Request, now: Instant) {
        //= RFC 3261 §11.2
        let mut response = Response::to_request(request, StatusCode(200), Some(&ident::tag(&mut self.rng)));
        for (name, value) in [
            (HeaderName::Accept, "application/sdp"),
            (HeaderName::AcceptEncoding, "identity"),
            (HeaderName::AcceptLanguage, "en"),
        ] {
            response.headers.push(name, value);
        }
        self.answer(server, response, None, now);
    }

    pub(super) fn refuse(
        &mut self,
        server: ServerId,
        request: &Request,
        status: StatusCode,
        words: Option<&str>,
        now: Instant,
    ) {
        let mut response = Response::to_request(request, status, Some(&ident::tag(&mut self.rng)));
        if let Some(words) = words {
            response.reason = words.to_owned();
        }
        self.answer(server, response, None, now);
    }

    /// Which account a request from outside is for; `None` = a stranger's.
    pub(super) fn addressee(&self, request: &Request, flow: &Flow) -> Option<AccountId> {
        let user = Uri::parse(&request.uri).ok().and_then(|uri| uri.user_decoded()).unwrap_or_default();
        // Why not Local beside others: its user is no secret, and it would ring for strangers.
        let local = self.config.settings.enable_local_account || self.lines.len() == 1;
        let lines = || self.lines.iter().filter(|line| line.account.id.0 != 0 || local);
        let by_contact = || lines().find(|line| line.contact_user == user && line.is_reachable());
        let named = |line: &&super::account::Line| line.account.username == user;
        let by_path = || {
            let from_server = || self.lines.iter().filter(|line| line.registers() && line.is_own_path(flow));
            from_server().find(named).or_else(|| from_server().next())
        };
        let any = || {
            let open = self.config.settings.accept_from_any;
            self.lines.iter().filter(|_| open).max_by_key(|line| (named(line), line.registers()))
        };
        by_contact().or_else(by_path).or_else(any).map(|line| line.account.id)
    }

    fn invited(&mut self, server: ServerId, request: Request, flow: Flow, now: Instant) {
        let Some(account) = self.addressee(&request, &flow) else {
            return self.refuse(server, &request, StatusCode(404), None, now);
        };
        let takes_over = match self.replaced(&request, account) {
            Ok(call) => call,
            Err(status) => return self.refuse(server, &request, status, None, now),
        };
        // Why: who takes over a call is no further one.
        if let Some(status) = self.busy().filter(|_| takes_over.is_none() || self.exiting.is_some()) {
            return self.refuse(server, &request, status, None, now);
        }
        if !is_readable(&request) {
            //= RFC 3261 §8.2.3
            let mut response = Response::to_request(&request, StatusCode(415), Some(&ident::tag(&mut self.rng)));
            response.headers.push(HeaderName::Accept, "application/sdp");
            response.headers.push(HeaderName::AcceptEncoding, "identity");
            return self.answer(server, response, None, now);
        }
        if !may_be_answered(&request) {
            //= RFC 3261 §21.4.7: the answer could only be of a kind that Accept rules out
            let words = "Accept rules out application/sdp";
            return self.refuse(server, &request, StatusCode(406), Some(words), now);
        }
        let terms = self.terms(account);
        if let Some((status, name, value)) = timer_refusal(&request, &terms) {
            let mut response = Response::to_request(&request, status, Some(&ident::tag(&mut self.rng)));
            response.headers.push(name, value);
            return self.answer(server, response, None, now);
        }
        let offer = match (request.body.is_empty(), sdp::parse(&request.body)) {
            (true, _) => None,
            (false, Ok(offer)) => Some(offer),
            (false, Err(_)) => return self.refuse(server, &request, StatusCode(488), None, now),
        };
        //= RFC 3261 §13.3.1.3: refused before it rings, not when somebody has picked up
        if let Some(Err(why)) = offer.as_ref().map(|offer| self.judge_offer(offer, flow.local.ip())) {
            let status = StatusCode(why.status_code());
            return self.refuse(server, &request, status, Some(&why.to_string()), now);
        }
        let remote = request.headers.from().ok().flatten().map(|from| party(&from)).unwrap_or_default();
        let call_id = request.headers.text(&HeaderName::CallId).unwrap_or_default();
        let session = match Session::incoming(request.clone(), server, terms, now, &mut self.rng) {
            Ok(session) => session,
            Err(error) => return self.refuse(server, &request, error.status(), None, now),
        };
        self.last_call += 1;
        let id = self.last_call;
        let mut call = Call::new(id, account, CallDirection::Incoming, remote, now);
        call.sip_call_id = call_id;
        call.session = Some(session);
        call.flow = Some(flow);
        call.offer = offer;
        call.answer_at = self.answers_itself_after().map(|after| now + after);
        call.early_wanted = matches!(self.config.incoming, IncomingPolicy::EarlyMedia { .. });
        let (stream, early) = (call.stream, call.early_wanted);
        call.takes_over = takes_over;
        //= RFC 3891 §3: the call goes on, with nobody asked
        call.answer_wanted = takes_over.is_some();
        if let (false, false, Some(session)) = (early, call.answer_wanted, call.session.as_mut()) {
            session.ring(StatusCode(180), Vec::new(), now);
        }
        call.ringing = Some(now);
        self.calls.push(call);
        self.bind(stream, flow);
        self.tell(id, now, |call| Event::CallIncoming { call });
    }

    /// The status a further call is refused with, if it is.
    fn busy(&self) -> Option<StatusCode> {
        if let IncomingPolicy::Refuse(status) = self.config.incoming {
            return Some(StatusCode(status.clamp(400, 699)));
        }
        let settings = &self.config.settings;
        let live = self.calls.iter().filter(|call| call.is_live()).count();
        let taken = live > 0 && !settings.call_waiting || live >= MAX_CALLS;
        (settings.dnd || taken || self.exiting.is_some()).then_some(StatusCode(486))
    }

    fn answers_itself_after(&self) -> Option<Duration> {
        let settings = &self.config.settings;
        match (self.config.incoming, settings.auto_answer) {
            (IncomingPolicy::Answer { after }, _) => Some(after),
            (IncomingPolicy::EarlyMedia { answer_after }, _) => answer_after,
            (_, AutoAnswer::All) => Some(Duration::from_secs(settings.auto_answer_delay_s.into())),
            (_, AutoAnswer::Button) if settings.auto_answer_button => {
                Some(Duration::from_secs(settings.auto_answer_delay_s.into()))
            }
            _ => None,
        }
    }

    pub(super) fn invite_cancelled(&mut self, server: ServerId, cancel: Request) {
        let called = |session: &&mut Session| session.server() == Some(server);
        if let Some(session) = self.calls.iter_mut().find_map(|call| call.session.as_mut().filter(called)) {
            session.cancelled(cancel);
        }
    }

    /// The answer to an INVITE cannot be delivered.
    pub(super) fn caller_lost(&mut self, server: ServerId, why: Failure) {
        let called = |session: &&mut Session| session.server() == Some(server);
        if let Some(session) = self.calls.iter_mut().find_map(|call| call.session.as_mut().filter(called)) {
            session.caller_lost(why);
        }
    }

    /// A request inside a call that is not the session's own business.
    pub(super) fn other_request(&mut self, id: u32, server: ServerId, request: Request, now: Instant) {
        let status = match request.method {
            Method::Options => return self.tell_abilities(server, &request, now),
            Method::Notify => self.transfer_news(id, &request, now),
            Method::Message => return self.take_message(server, &request, self.account_of_call(id), now),
            Method::Info => {
                let digit = dtmf_relay(&request);
                if let Some(digit) = digit {
                    self.tell(id, now, |call| Event::CallDtmf { call, digit });
                }
                if digit.is_some() || request.body.is_empty() { StatusCode(200) } else { StatusCode(415) }
            }
            Method::Refer => return self.refer_received(id, server, &request, now),
            _ => StatusCode(405),
        };
        let response = Response::to_request(&request, status, None);
        self.answer(server, response, None, now);
    }
}

/// Why its session timer cannot be agreed to, and the header that tells (RFC 4028 §9).
fn timer_refusal(request: &Request, terms: &Terms) -> Option<(StatusCode, HeaderName, String)> {
    match terms.interval {
        None if request.headers.requires("timer") => {
            Some((StatusCode(420), HeaderName::Unsupported, "timer".to_owned()))
        }
        Some(_) if is_too_brief(request) => Some((StatusCode(422), HeaderName::MinSe, MIN_INTERVAL.to_string())),
        _ => None,
    }
}

/// Its body, if it has one, is a plain session description.
fn is_readable(request: &Request) -> bool {
    let encoded = |coding: &str| !coding.eq_ignore_ascii_case("identity");
    let is_sdp = || request.headers.content_type().ok().flatten().is_some_and(|t| t.is("application", "sdp"));
    request.body.is_empty() || is_sdp() && !request.headers.tokens(&HeaderName::ContentEncoding).any(encoded)
}

/// Its Accept, if it has one, leaves room for a session description (RFC 3261 §20.1); elements nobody can read do.
fn may_be_answered(request: &Request) -> bool {
    let takes_sdp = |element: &[u8]| {
        let ranges = [("application", "sdp"), ("application", "*"), ("*", "*")];
        MediaType::parse(element).map_or(true, |range| ranges.iter().any(|(kind, sub)| range.is(kind, sub)))
    };
    request.headers.get(&HeaderName::Accept).is_none() || request.headers.elements(&HeaderName::Accept).any(takes_sdp)
}

/// The digit of an INFO: `application/dtmf-relay` (`Signal=5`) or `application/dtmf` (`5`).
fn dtmf_relay(request: &Request) -> Option<char> {
    let media_type = request.headers.content_type().ok()??;
    let body = std::str::from_utf8(request.body.get(..256).unwrap_or(&request.body)).ok()?;
    let value = if media_type.is("application", "dtmf-relay") {
        body.lines().find_map(|line| {
            let (name, value) = line.split_once('=')?;
            name.trim().eq_ignore_ascii_case("signal").then_some(value)
        })?
    } else if media_type.is("application", "dtmf") {
        body
    } else {
        return None;
    };
    let digit = match value.trim() {
        "10" => '*',
        "11" => '#',
        other => other.chars().next()?.to_ascii_uppercase(),
    };
    matches!(digit, '0'..='9' | '*' | '#' | 'A'..='D').then_some(digit)
}

impl super::account::Line {
    /// Its Contact is known to somebody who may use it: it is registered, or it has no registrar at all.
    fn is_reachable(&self) -> bool {
        !self.registers() || self.registration.is_registered()
    }
}
