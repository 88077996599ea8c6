//! Incoming calls: for whom, whether they may ring, and what becomes of those that may not.

use super::account::Line;
use super::agent::{Agent, IncomingPolicy};
use super::call::{CEILING, Call, MAX_CALLS};
use super::deciding::Plan;
use super::event::Event;
use super::forward::FORWARDED;
use super::gate::source;
use super::identity::Caller;
use super::outcome::{EndedBy, ExitCode};
use super::route::is_secure;
use super::snapshot::{CallDirection, CallState};
use crate::config::{AccountId, AutoAnswer, AutoAnswerCalls, DenyIncoming};
use crate::sdp::{self, SessionDescription};
use crate::sip::body::{BodyError, take_description};
use crate::sip::flow::Flow;
use crate::sip::header::{MediaType, NameAddr};
use crate::sip::ident;
use crate::sip::message::{HeaderName, Request, Response, StatusCode};
use crate::sip::reason::Reason;
use crate::sip::session::{MIN_INTERVAL, Session, Terms, is_too_brief};
use crate::sip::transaction::ServerId;
use crate::sip::uri::Uri;
use crate::text::{sanitise, sanitise_bytes};
use std::time::{Duration, Instant};

/// Most calls that ring at once without having come by a server of ours: from one source, and from all.
const RINGING_PER_SOURCE: usize = 8;
const RINGING_STRANGERS: usize = 24;

/// The outcome of a call that a rule refused.
pub(super) const DENIED: &str = "denied";

/// Why a call may not ring: what the caller reads, and the person here.
pub(super) struct Denial {
    status: u16,
    phrase: &'static str,
    headers: Vec<(HeaderName, String)>,
    words: String,
    outcome: &'static str,
    /// What the caller's phone may show of it.
    told: Option<&'static str>,
}

impl Denial {
    fn new(status: u16, phrase: &'static str, words: &str) -> Denial {
        Denial { status, phrase, headers: Vec::new(), words: words.to_owned(), outcome: DENIED, told: None }
    }

    /// With the words that MicroSIP has for it.
    fn telling(self, told: &'static str) -> Denial {
        Denial { told: Some(told), ..self }
    }

    fn busy(words: &str) -> Denial {
        Denial::new(486, "Busy Here", words)
    }
}

impl Agent {
    /// Which account a request from outside is for; `None` = a stranger's.
    pub(super) fn addressee(&self, request: &Request, flow: &Flow) -> Option<AccountId> {
        let user = Uri::parse(&request.uri).ok().and_then(|uri| uri.user_decoded()).unwrap_or_default();
        // Why not Local beside others: its user is no secret, and it would ring for strangers.
        let present = || self.lines.iter().filter(|line| !line.leaving);
        let local = self.config.settings.enable_local_account || present().count() == 1;
        let lines = || present().filter(|line| line.account.id.0 != 0 || local);
        let by_contact = || lines().find(|line| line.contact_user == user && line.is_reachable());
        let named = |line: &&Line| line.account.username == user;
        let by_path = || {
            let from_server = || present().filter(|line| line.registers() && line.is_own_path(flow));
            from_server().find(named).or_else(|| from_server().next())
        };
        let any = || {
            let open = self.config.settings.accept_from_any;
            present().filter(|_| open).max_by_key(|line| (named(line), line.registers()))
        };
        by_contact().or_else(by_path).or_else(any).map(|line| line.account.id)
    }
    pub(super) fn invited(&mut self, server: ServerId, mut request: Request, flow: Flow, now: Instant) {
        let line = self.addressee(&request, &flow).and_then(|id| self.account(id));
        let Some(line) = line else { return self.refuse(server, &request, StatusCode(404), None, now) };
        let account = line.account.id;
        let caller = Caller::of(&request.headers, line.is_own_path(&flow));
        if let Some(status) = self.refuses_all() {
            return self.refuse(server, &request, status, None, now);
        }
        let takes_over = match self.replaced(&request, account) {
            Ok(call) => call,
            Err(status) => return self.refuse(server, &request, status, None, now),
        };
        // Why: who takes over a call is no further one.
        if let Some(denial) = self.denies(line, &request, &caller, &flow).filter(|_| takes_over.is_none()) {
            return self.deny(server, account, &request, caller, denial, now);
        }
        if let Err(why) = take_description(&mut request.headers, &mut request.body) {
            return self.refuse_body(server, &request, why, now);
        }
        if !may_be_answered(&request) {
            //= RFC 3261 §21.4.7: the answer could only be of a kind that Accept rules out
            let words = "Accept rules out application/sdp";
            return self.refuse(server, &request, StatusCode(406), Some(words), now);
        }
        //= RFC 5768 §4: a call that may not go without
        let tag = ["ice", "trickle-ice"].into_iter().find(|tag| request.headers.requires(tag));
        if let (Some(tag), false) = (tag, line.account.ice) {
            let mut response = Response::to_request(&request, StatusCode(420), Some(&ident::tag(&mut self.rng)));
            response.headers.push(HeaderName::Unsupported, tag);
            return self.answer(server, response, None, now);
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
        let local = self.sound_address(offer.as_ref(), flow.local.ip());
        if let Some(Err(why)) = offer.as_ref().map(|offer| self.judge_offer(offer, account, local)) {
            let status = StatusCode(why.status_code());
            return self.refuse(server, &request, status, Some(&why.to_string()), now);
        }
        let Some(line) = self.account(account) else { return };
        let (forwards, answers) = match takes_over {
            Some(_) => (None, None),
            None => match self.answers_itself(line, &request.headers, &caller.party, &flow) {
                Ok(after) => (self.forwards(line, &request.headers), after),
                Err(status) => return self.refuse(server, &request, status, None, now),
            },
        };
        let session = match Session::incoming(request.clone(), server, terms, now, &mut self.rng) {
            Ok(session) => session,
            Err(error) => return self.refuse(server, &request, error.status(), None, now),
        };
        let mut call = self.new_incoming(account, &request, caller, now);
        let id = call.id;
        call.session = Some(session);
        call.flow = Some(flow);
        call.offers_video = offer.as_ref().is_some_and(SessionDescription::offers_video);
        call.offer = offer;
        call.early_wanted = matches!(self.config.incoming, IncomingPolicy::EarlyMedia { .. });
        let stream = call.stream;
        call.takes_over = takes_over;
        //= RFC 3891 §3: the call goes on, with nobody asked
        call.answer_wanted = takes_over.is_some();
        self.calls.push(call);
        let plan = Plan { forwards, answers };
        if takes_over.is_none() && self.asks_about(id, plan, now) {
            return self.bind(stream, flow);
        }
        self.let_ring(id, plan, Some(flow), now);
    }

    /// Lets a new call ring, or has it answered or sent on at once. `unbound` is the path by which its sound is still to be
    /// bound.
    pub(super) fn let_ring(&mut self, id: u32, plan: Plan, unbound: Option<Flow>, now: Instant) {
        let Plan { forwards, answers } = plan;
        let Some(call) = self.call_mut(id) else { return };
        // Of the two the shorter wait wins; sent on, where they are equal.
        call.forward_at = forwards.filter(|after| answers.is_none_or(|other| *after <= other)).map(|after| now + after);
        call.answer_at = answers.filter(|_| call.forward_at.is_none()).map(|after| now + after);
        if forwards == Some(Duration::ZERO) {
            return self.forward(id, now);
        }
        if let (false, false, Some(session)) = (call.early_wanted, call.answer_wanted, call.session.as_mut()) {
            session.ring(StatusCode(180), Vec::new(), now);
        }
        call.ringing = Some(now);
        call.rings = !call.answer_wanted && !call.ignored && call.answer_at.is_none_or(|at| at > now);
        let stream = call.stream;
        if let Some(flow) = unbound {
            self.bind(stream, flow);
        }
        self.tell(id, now, |call| Event::CallIncoming { call });
        // Nobody can be called back who has no number.
        let caller = self.call(id).filter(|call| !call.anonymous);
        let number = caller.map(|call| self.shown_number(call)).unwrap_or_default();
        self.note_last_call(&number);
    }

    fn new_incoming(&mut self, account: AccountId, request: &Request, caller: Caller, now: Instant) -> Call {
        self.last_call += 1;
        let mut call =
            Call::new(self.last_call, account, CallDirection::Incoming, caller.party, now, self.clock.date(now));
        call.anonymous = caller.anonymous;
        call.secure = is_secure(&request.uri);
        call.via = caller.via;
        call.alert = request.headers.get(&HeaderName::AlertInfo).map(sanitise_bytes).filter(|text| !text.is_empty());
        call.sip_call_id = request.headers.text(&HeaderName::CallId).unwrap_or_default();
        call
    }

    /// Nothing rings here at all.
    pub(super) fn refuses_all(&self) -> Option<StatusCode> {
        if let IncomingPolicy::Refuse(status) = self.config.incoming {
            return Some(StatusCode(status.clamp(400, 699)));
        }
        self.exiting.is_some().then_some(StatusCode(486))
    }

    /// MicroSIP's rules, in its order: other calls first, then who is called by whom.
    pub(super) fn denies(&self, line: &Line, request: &Request, caller: &Caller, flow: &Flow) -> Option<Denial> {
        let settings = &self.config.settings;
        if self.is_in_call_with(caller) {
            const TOLD: &str = "Already in call with this contact";
            return Some(Denial::new(486, TOLD, "already in a call with them").telling(TOLD));
        }
        if let Some(busy) = self.busy() {
            return Some(match self.forwards_busy(line, &request.headers) {
                Some(headers) => {
                    let number = sanitise(&settings.forwarding_busy_number);
                    let words = format!("{}; forwarded to {number}", busy.words);
                    Denial { headers, outcome: FORWARDED, ..Denial::new(302, "Moved Temporarily", &words) }
                }
                None => busy,
            });
        }
        if self.is_ignored(request) {
            return Some(Denial::new(487, "Request Terminated", "ignored before"));
        }
        if !line.is_own_path(flow) && self.is_rung_by_strangers(flow) {
            return Some(Denial::busy("too many calls from there ring already"));
        }
        let to = request.headers.to().ok().flatten();
        let from = request.headers.from().ok().flatten();
        let is_user = |it: &Option<NameAddr>| {
            it.as_ref().and_then(|it| it.uri.user_decoded()).is_some_and(|user| user == line.account.username)
        };
        let is_domain = |it: &Option<NameAddr>| {
            it.as_ref().and_then(|it| it.uri.host()).is_some_and(|host| line.is_home(&host.to_string()))
        };
        let denied = match settings.deny_incoming {
            DenyIncoming::Never => false,
            DenyIncoming::Button if settings.dnd => {
                return Some(Denial::new(486, "Do Not Disturb", "do not disturb").telling("Do Not Disturb"));
            }
            DenyIncoming::Button => false,
            DenyIncoming::User => !is_user(&to),
            DenyIncoming::Domain => !is_domain(&to),
            DenyIncoming::UserDomain => !is_user(&to) || !is_domain(&to),
            DenyIncoming::RemoteDomain => !is_domain(&from),
            DenyIncoming::All => true,
        };
        if denied {
            return Some(Denial::busy("blocked by denyIncoming").telling("Incoming calls blocked by user"));
        }
        //= RFC 5079 §4
        let hides = settings.deny_anonymous && caller.anonymous;
        hides.then(|| Denial::new(433, "Anonymity Disallowed", "blocked by denyAnonymous"))
    }

    /// As much rings that came from no server of ours as may: from the source of this path, or in all.
    fn is_rung_by_strangers(&self, flow: &Flow) -> bool {
        let own = |call: &Call, from: &Flow| self.account(call.account).is_some_and(|line| line.is_own_path(from));
        let ringing = self.calls.iter().filter(|call| call.state == CallState::Incoming);
        let from = ringing.filter_map(|call| call.flow.filter(|from| !own(call, from)));
        let sources: Vec<_> = from.map(|from| source(from.remote.ip())).collect();
        let alike = sources.iter().filter(|from| **from == source(flow.remote.ip())).count();
        alike >= RINGING_PER_SOURCE || sources.len() >= RINGING_STRANGERS
    }

    /// Another call there is, or all there may be.
    fn busy(&self) -> Option<Denial> {
        let settings = &self.config.settings;
        let live = self.calls.iter().filter(|call| call.is_live()).count();
        let most = usize::try_from(settings.max_concurrent_calls).ok().filter(|most| *most > 0);
        if self.wrap_up_until.is_some() && self.config.incoming == IncomingPolicy::Ring {
            return Some(Denial::busy("the call before was being wrapped up"));
        }
        if live > 0 && !settings.call_waiting {
            return Some(Denial::busy("another call was up"));
        }
        let is_full = live >= most.unwrap_or(MAX_CALLS).min(CEILING);
        let full = Denial::busy("the most calls there may be were up").telling("Maximum concurrent calls reached");
        is_full.then_some(full)
    }

    /// They talk to us already, or ring here. Two who call each other at the same moment do not.
    fn is_in_call_with(&self, caller: &Caller) -> bool {
        let settings = &self.config.settings;
        // Why not where every call is answered beside others: that is a machine's account, which one caller may call often.
        let is_person = self.config.incoming == IncomingPolicy::Ring
            && (settings.auto_answer, settings.auto_answer_calls) != (AutoAnswer::All, AutoAnswerCalls::Any);
        let same = |call: &&Call| call.remote.uri.eq_ignore_ascii_case(&caller.party.uri) && !call.anonymous;
        let here = |call: &Call| call.is_answered() || call.is_ringing_here();
        is_person && !caller.anonymous && self.calls.iter().filter(same).any(here)
    }

    /// Refuses a call that never rings, and notes it for those who ask later who called.
    fn deny(
        &mut self,
        server: ServerId,
        account: AccountId,
        request: &Request,
        caller: Caller,
        denial: Denial,
        now: Instant,
    ) {
        let mut response = Response::to_request(request, StatusCode(denial.status), Some(&ident::tag(&mut self.rng)));
        response.reason = denial.phrase.to_owned();
        denial.headers.into_iter().for_each(|(name, value)| response.headers.push(name, value));
        if let Some(told) = denial.told {
            response.headers.push(HeaderName::Reason, Reason::sip(denial.status, told).to_string());
        }
        self.answer(server, response, None, now);
        let mut call = self.new_incoming(account, request, caller, now);
        let id = call.id;
        call.status = Some(denial.status);
        call.reason = Some(denial.words);
        call.outcome = Some(denial.outcome);
        self.calls.push(call);
        self.end_call(id, EndedBy::Local, ExitCode::Busy, now);
    }

    //= RFC 3261 §8.2.3, §21.4.13
    pub(super) fn refuse_body(&mut self, server: ServerId, request: &Request, why: BodyError, now: Instant) {
        let mut response = Response::to_request(request, StatusCode(415), Some(&ident::tag(&mut self.rng)));
        response.reason = format!("{}: {why}", response.reason);
        response.headers.push(HeaderName::Accept, "application/sdp");
        response.headers.push(HeaderName::AcceptEncoding, "identity");
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

/// Its Accept, if it has one, leaves room for a session description (RFC 3261 §20.1); elements nobody can read do.
fn may_be_answered(request: &Request) -> bool {
    let takes_sdp = |element: &[u8]| {
        let ranges = [("application", "sdp"), ("application", "*"), ("*", "*")];
        MediaType::parse(element).map_or(true, |range| ranges.iter().any(|(kind, sub)| range.is(kind, sub)))
    };
    request.headers.get(&HeaderName::Accept).is_none() || request.headers.elements(&HeaderName::Accept).any(takes_sdp)
}

impl Line {
    /// Its Contact is known to somebody who may use it: it is registered, or it has no registrar at all.
    fn is_reachable(&self) -> bool {
        !self.registers() || self.registration.is_registered()
    }
}
