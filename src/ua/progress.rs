//! What a session's effects mean for its call: rings, answers, changes, the end.

use super::agent::Agent;
use super::call::Call;
use super::ending::Ending;
use super::event::Event;
use super::outcome::{EndedBy, ExitCode};
use super::owner::Owner;
use super::redirect::Redirected;
use super::route::Job;
use super::snapshot::CallState;
use super::sound::note_agreed;
use crate::sdp;
use crate::sip::message::{HeaderName, Method, Response, StatusCode};
use crate::sip::reason::Reason;
use crate::sip::session::{Effect, End, Exchange};
use crate::text::sanitise;
use std::time::{Duration, Instant};

/// What the far end is told of a BYE of ours that needs a word.
//= RFC 3326 §2
fn reason_of(call: &Call, exchange: Exchange) -> Option<Reason> {
    let talks = call.is_answered() && call.session.as_ref().is_some_and(|session| !session.is_ended());
    match exchange {
        Exchange::Surplus if talks => Some(Reason::completed_elsewhere()),
        Exchange::Surplus if call.answered.is_none() => Some(given_up(call)),
        Exchange::Bye if call.code == Some(ExitCode::NoCommonCodec) => Some(Reason::sip(488, "Not Acceptable Here")),
        _ => None,
    }
}

/// Why a call of ours no longer wants an answer.
fn given_up(call: &Call) -> Reason {
    match call.ended_by {
        // Another call took its place.
        Some(EndedBy::Remote) => Reason::completed_elsewhere(),
        Some(EndedBy::Network) => Reason::q850(19, "No answer from user"),
        _ => Reason::q850(16, "Normal call clearing"),
    }
}

impl Agent {
    /// Carries out what the sessions wish; true if there was something.
    pub(super) fn advance_calls(&mut self, now: Instant) -> bool {
        let mut any = false;
        let mut at = 0;
        while let Some(call) = self.calls.get_mut(at) {
            let id = call.id;
            match call.session.as_mut().and_then(|session| session.poll()) {
                Some(effect) => {
                    any = true;
                    self.session_effect(id, effect, now);
                }
                None => at += 1,
            }
        }
        any
    }

    fn session_effect(&mut self, id: u32, effect: Effect, now: Instant) {
        match effect {
            Effect::Request(exchange, mut request) => {
                if let Some(reason) = self.call(id).and_then(|call| reason_of(call, exchange)) {
                    request.headers.push(HeaderName::Reason, reason.to_string());
                }
                self.send_in_call(id, exchange, request, now);
            }
            Effect::Ack(request) => {
                let hop =
                    self.hop_in_dialog(self.account_of_call(id), self.call(id).and_then(|call| call.flow), &request);
                match self.direct(id, hop.as_ref()) {
                    Some(flow) => self.send_ack(id, request, flow),
                    None => self.route(hop, Job::Ack(id, Box::new(request)), now),
                }
            }
            Effect::Cancel => self.cancel_invite(id, Exchange::Invite, now),
            Effect::Respond(server, mut response) => {
                if self.call(id).is_some_and(Call::takes_candidates) && !response.body.is_empty() {
                    //= RFC 8840 §10.1, RFC 6086 §5.2.3
                    response.headers.push(HeaderName::from_token("Recv-Info"), "trickle-ice");
                }
                let contact = self.call(id).and_then(|call| {
                    //= RFC 3261 §12.1.1, §12.2.2: Contact in what founds a dialog or refreshes its target
                    let method = response.headers.cseq().ok().flatten().map(|cseq| cseq.method);
                    let bears = (101..300).contains(&response.status.0)
                        && matches!(method, Some(Method::Invite | Method::Update));
                    let flow = call.flow.filter(|_| bears)?;
                    self.account(call.account).map(|line| line.contact(&flow, call.secure))
                });
                self.answer(server, response, contact, now);
            }
            Effect::Progress { fork, response } => self.progressed(id, fork, &response, now),
            Effect::Answered { fork, response } => self.answered(id, &fork, &response, now),
            Effect::Challenged(exchange, response) => self.challenged(id, exchange, response, now),
            Effect::Refused(response) => self.refused(id, &response, now),
            Effect::Confirmed(body) => self.confirmed(id, &body, now),
            Effect::Offered { fork, body } => self.offered(id, &fork, &body, now),
            Effect::Refreshed => self.far_end_changed(id, now),
            Effect::Modified(body) => self.modified(id, &body, now),
            Effect::Collided => {
                if let Some(call) = self.call_mut(id) {
                    call.hold_wanted = call.hold_wanted.or(call.hold_offered.take());
                    call.move_wanted |= std::mem::take(&mut call.move_offered);
                    if let Some(negotiation) = call.negotiation.as_mut() {
                        negotiation.abandon_offer();
                    }
                }
            }
            Effect::Refresh => {
                let call = self.call_mut(id);
                if let Some((session, negotiation)) =
                    call.and_then(|call| call.session.as_mut().zip(call.negotiation.as_mut()))
                {
                    session.modify(negotiation.offer_again().to_bytes());
                }
            }
            Effect::ModifyRefused(response) => self.modify_refused(id, &response),
            Effect::ModifyUnsent(why) => self.modify_unsent(id, why),
            Effect::Other(server, request) => self.other_request(id, server, request, now),
            Effect::Ended(end) => self.session_ended(id, end, now),
        }
    }

    fn progressed(&mut self, id: u32, fork: String, response: &Response, now: Instant) {
        self.hear_called(id, response, now);
        let early = self.early_answer(id, &fork, response);
        let Some(call) = self.call_mut(id).filter(|call| call.is_live()) else { return };
        call.status = Some(response.status.0);
        call.reason = Some(sanitise(&response.reason));
        call.progressed = true;
        call.alerted |= response.status.0 == 180;
        call.ringing.get_or_insert(now);
        if let Some(agreed) = early {
            self.hear_early(id, &agreed, now);
        } else if call.state == CallState::Calling {
            call.state = CallState::Ringing;
            self.tell(id, now, |call| Event::CallRinging { call });
        }
    }

    fn answered(&mut self, id: u32, fork: &str, response: &Response, now: Instant) {
        self.hear_called(id, response, now);
        let Some(call) = self.call_mut(id) else { return };
        let early = call.forks.remove(fork);
        let mut negotiation = early.clone().or_else(|| call.negotiation.clone());
        call.forks.clear();
        let mut why = None;
        let agreed = match (negotiation.as_mut(), response.body.is_empty(), &early) {
            //= RFC 3261 §13.2.1: the answer may have come with a provisional response of the same fork already
            (Some(early), true, Some(_)) => early.agreed().cloned(),
            (Some(negotiation), _, _) => {
                let agreed = sdp::parse(&response.body).ok().map(|answer| negotiation.accept_answer(&answer));
                agreed.and_then(|agreed| agreed.inspect_err(|error| why = Some(error.to_string())).ok())
            }
            (None, _, _) => None,
        };
        let why = why.unwrap_or_else(|| "with no sound this phone can play".to_owned());
        call.negotiation = negotiation;
        call.status = Some(response.status.0);
        call.reason = Some(sanitise(&response.reason));
        let Some(agreed) = agreed else {
            call.reason = Some(format!("answered, but {why}"));
            if let Some(session) = call.session.as_mut() {
                session.close();
            }
            return self.end_call(id, EndedBy::Local, ExitCode::NoCommonCodec, now);
        };
        note_agreed(call, &agreed);
        self.connected(id, now);
        self.hold_others(Some(id), now);
        self.start(id, agreed, now);
    }

    /// The call is answered, whichever side called.
    pub(super) fn connected(&mut self, id: u32, now: Instant) {
        let longest = Some(self.config.settings.auto_hang_up_s).filter(|seconds| *seconds > 0);
        let Some(call) = self.call_mut(id) else { return };
        call.state = CallState::Connected;
        call.answered = Some(now);
        call.ring_until = None;
        call.hang_up_at = longest.map(|seconds| now + Duration::from_secs(seconds.into()));
        call.tell_nominated();
        let keys = std::mem::take(&mut call.post_dial);
        self.tell(id, now, |call| Event::CallAnswered { call });
        self.confer_by_itself(id, now);
        self.record_by_itself(id);
        self.announce(id);
        self.key(id, &keys, now);
    }

    fn refused(&mut self, id: u32, response: &Response, now: Instant) {
        let status = response.status.0;
        if self.pickup_by_code(id, status, now) || status == 488 && self.offer_otherwise(id, now) {
            return;
        }
        //= RFC 3261 §21.3.4, §21.3.5: behind 305 is a proxy, which is not the called's to choose; behind 380 no address
        let contacts = response.headers.contacts().ok().filter(|_| matches!(status, 300..=304 | 306..=379));
        let waits = self.call(id).is_some_and(|call| !call.targets.is_empty() && status < 600);
        let redirected = match contacts {
            Some(contacts) => self.redirect(id, contacts.list(), now),
            None if waits => self.redirect(id, &[], now),
            None => Redirected::Nowhere,
        };
        let more = match status {
            401 | 407 => Some(self.why_unanswered(id, response)),
            //= RFC 5079 §5
            433 => Some("whoever calls there must say who it is; hideCID hides it".to_owned()),
            //= RFC 4028 §7.3
            422 => {
                let least = response.headers.min_se().ok().flatten().unwrap_or_default();
                Some(format!("a session timer of at least {least} s is asked for"))
            }
            _ => None,
        };
        let Some(call) = self.call_mut(id) else { return };
        let refused = Ending::refused(response, more, call.known(now));
        let ending = match redirected {
            Redirected::Called => return,
            Redirected::Elsewhere(uri) => {
                let uri = sanitise(uri.as_str());
                let words = format!("moved to {uri}, not followed by itself: call that address to go on");
                Ending { code: ExitCode::Refused, words: Some(words), ..refused }
            }
            Redirected::Nowhere => refused,
        };
        call.status = ending.status;
        call.reason = ending.words;
        self.end_call(id, ending.by, ending.code, now);
    }

    /// Nobody has answered for as long as a call may ring.
    //= RFC 3261 §9.1
    pub(super) fn ring_timeout(&mut self, id: u32, now: Instant) {
        let Some(call) = self.call_mut(id) else { return };
        let waited = now.saturating_duration_since(call.started).as_secs();
        call.reason = Some(format!("nobody answered in {waited} s"));
        if let Some(session) = call.session.as_mut() {
            session.close();
        }
        self.end_call(id, EndedBy::Network, ExitCode::NoAnswer, now);
    }

    /// `autoHangUpTime` is over.
    pub(super) fn hang_up_in_time(&mut self, id: u32, now: Instant) {
        let Some(call) = self.call_mut(id).filter(|call| call.is_live()) else { return };
        call.hang_up_at = None;
        call.reason = Some("it lasted as long as autoHangUpTime lets it".into());
        if let Some(session) = call.session.as_mut() {
            session.close_with(Some((HeaderName::Warning, "399 tuiphone \"call duration limit\"".to_owned())));
        }
        self.end_call(id, EndedBy::Local, ExitCode::Ok, now);
    }

    fn confirmed(&mut self, id: u32, body: &[u8], now: Instant) {
        let Some(call) = self.call_mut(id) else { return };
        let waits = call.negotiation.as_ref().is_some_and(|n| n.agreed().is_none());
        if body.is_empty() && !waits {
            return;
        }
        let answer = sdp::parse(body).ok();
        let agreed = answer.and_then(|answer| call.negotiation.as_mut()?.accept_answer(&answer).ok());
        match agreed {
            Some(agreed) => self.start(id, agreed, now),
            //= RFC 3261 §13.2.1, RFC 3262 §5: an ACK or PRACK without a usable answer to our offer leaves no session
            None if waits => {
                call.reason = Some("the caller's answer has no sound this phone can play".into());
                call.code = Some(ExitCode::NoCommonCodec);
                match call.session.as_mut() {
                    Some(session) if session.waiting_invite().is_some() => session.reject(StatusCode(488)),
                    Some(session) => session.close(),
                    None => {}
                }
            }
            None => {
                if let Some(negotiation) = call.negotiation.as_mut() {
                    negotiation.abandon_offer();
                }
            }
        }
    }

    fn cancel_invite(&mut self, id: u32, exchange: Exchange, now: Instant) {
        let owner = Owner::Call(id, exchange);
        // The last one: those before it were challenged.
        let client = self.clients.iter().rfind(|(_, sent)| sent.owner == owner).map(|(client, _)| *client);
        let reason = self.call(id).map(given_up);
        if let Some(client) = client {
            self.layer.cancel(client, reason, now);
        }
    }

    fn session_ended(&mut self, id: u32, end: End, now: Instant) {
        //= RFC 3261 §9.1, §17.1.1.2: nothing else ends a change that was met with "trying" and then with silence
        self.cancel_invite(id, Exchange::Modify, now);
        let Some(call) = self.call_mut(id) else { return };
        let Ending { by, code, status, words, outcome } = Ending::of_session(&end, call.known(now));
        call.status = status.or(call.status);
        call.reason = words.or(call.reason.take());
        call.outcome = call.outcome.or(outcome);
        self.end_call(id, by, code, now);
    }
}
