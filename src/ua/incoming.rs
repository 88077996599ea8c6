//! Requests from outside: what is answered without a person, what belongs to a call, what is a new one.

use super::agent::Agent;
use super::command::DtmfVia;
use super::refused::Refused;
use crate::sip::body::take_description;
use crate::sip::dialog::DialogId;
use crate::sip::flow::Flow;
use crate::sip::message::{HeaderName, Method, Request, Response, StatusCode};
use crate::sip::option_tag;
use crate::sip::session::Session;
use crate::sip::transaction::{Failure, ServerId, stateless_tag};
use crate::sip::validate::check_request;
use std::time::Instant;

impl Agent {
    /// A new request, or an ACK to a 2xx (`server` is `None`).
    pub(super) fn request_received(
        &mut self,
        server: Option<ServerId>,
        mut request: Request,
        flow: Flow,
        now: Instant,
    ) {
        let dialog = DialogId::of_request(&request);
        let Some(server) = server else {
            let _ = take_description(&mut request.headers, &mut request.body);
            let owner =
                dialog.and_then(|id| self.calls.iter_mut().find_map(|c| c.session.as_mut().filter(|s| s.owns(&id))));
            if let Some(session) = owner {
                session.receive(None, request, now, &mut self.rng);
            }
            return;
        };
        let is_ours = dialog.as_ref().is_some_and(|id| self.is_in_dialog(id, &request));
        if !is_ours && (dialog.is_some() || self.addressee(&request, &flow).is_none()) {
            //= RFC 3261 §8.2.7: what is refused anyway is worth no memory, and no second answer to who did not ask
            self.layer.keep_no_state(server);
            self.count_refused(if dialog.is_some() { Refused::Forged } else { Refused::Strangers });
            if dialog.is_none() && request.method == Method::Invite {
                self.tell_first_stranger(&flow);
            }
        }
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
            let mut response = Response::to_request(&request, StatusCode(420), Some(&stateless_tag(&request)));
            response.headers.push(HeaderName::Unsupported, unknown);
            return self.answer(server, response, None, now);
        }
        if let Some(id) = dialog {
            if matches!(request.method, Method::Invite | Method::Update | Method::Prack)
                && let Err(why) = take_description(&mut request.headers, &mut request.body)
            {
                return self.refuse_body(server, &request, why, now);
            }
            if let Some(call) = self.calls.iter().find(|c| c.session.as_ref().is_some_and(|s| s.owns(&id))) {
                self.hear_claim(call.id, &request, &flow);
            }
            match self.calls.iter_mut().find_map(|c| c.session.as_mut().filter(|s| s.owns(&id))) {
                Some(session) => session.receive(Some(server), request, now, &mut self.rng),
                None if request.method == Method::Notify => self.watch_notified(server, &request, now),
                None if request.method == Method::Subscribe => self.asker_subscribed(server, &request, &id, now),
                //= RFC 3261 §12.2.2
                None => self.refuse(server, &request, StatusCode(481), None, now),
            }
            return;
        }
        match request.method {
            Method::Invite => self.invited(server, request, flow, now),
            Method::Options => self.asked(server, &request, &flow, now),
            Method::Refer => self.asked_to_call(server, &request, flow, now),
            Method::Notify => self.unasked_notify(server, &request, flow, now),
            Method::Message => self.message_received(server, &request, &flow, now),
            Method::Bye | Method::Info | Method::Update | Method::Prack => {
                self.refuse(server, &request, StatusCode(481), None, now);
            }
            _ => self.refuse(server, &request, StatusCode(405), None, now),
        }
    }

    pub(super) fn refuse(
        &mut self,
        server: ServerId,
        request: &Request,
        status: StatusCode,
        words: Option<&str>,
        now: Instant,
    ) {
        let mut response = Response::to_request(request, status, Some(&stateless_tag(request)));
        if let Some(words) = words {
            response.reason = words.to_owned();
        }
        self.answer(server, response, None, now);
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
            Method::Options => return self.tell_abilities(server, &request, StatusCode(200), now),
            Method::Notify => self.transfer_news(id, &request, now),
            Method::Message => return self.take_message(server, &request, self.account_of_call(id), now),
            //= RFC 8840 §9: an empty INFO or another's is answered as any
            Method::Info if is_of(&request, "application", "trickle-ice-sdpfrag") => {
                if self.trickled(id, &request.body) { StatusCode(200) } else { StatusCode(400) }
            }
            Method::Info => {
                let digit = dtmf_relay(&request);
                if let Some(digit) = digit {
                    self.digit_heard(id, digit, DtmfVia::Info, now);
                }
                if digit.is_some() || request.body.is_empty() { StatusCode(200) } else { StatusCode(415) }
            }
            Method::Refer => return self.refer_received(id, server, &request, now),
            Method::Subscribe => return self.news_subscribed(id, server, &request, now),
            _ => StatusCode(405),
        };
        let response = Response::to_request(&request, status, None);
        self.answer(server, response, None, now);
    }
}

fn is_of(request: &Request, kind: &str, subtype: &str) -> bool {
    request.headers.content_type().ok().flatten().is_some_and(|media_type| media_type.is(kind, subtype))
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
