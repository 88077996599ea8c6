//! OPTIONS from outside (RFC 3261 §11.2): what we can, said in few bytes.

use super::agent::Agent;
use super::identity::Caller;
use crate::sip::flow::Flow;
use crate::sip::message::{HeaderName, Request, Response, StatusCode};
use crate::sip::option_tag::ALLOW;
use crate::sip::transaction::{ServerId, stateless_tag};
use std::time::Instant;

impl Agent {
    /// An OPTIONS outside a call.
    pub(super) fn asked(&mut self, server: ServerId, request: &Request, flow: &Flow, now: Instant) {
        // Why: whoever could not call is not told whether we talk.
        let line = self.addressee(request, flow).and_then(|id| self.account(id));
        let busy = line.is_some_and(|line| {
            let caller = Caller::of(&request.headers, line.is_own_path(flow));
            self.denies(line, request, &caller, flow).is_some()
        });
        //= RFC 3261 §11.2: the status an INVITE would get
        let status = line.and_then(|_| self.refuses_all()).or(busy.then_some(StatusCode(486)));
        self.tell_abilities(server, request, status.unwrap_or(StatusCode(200)), now);
    }

    /// What we take, without a session description: the answer must not be much larger than the question.
    pub(super) fn tell_abilities(&mut self, server: ServerId, request: &Request, status: StatusCode, now: Instant) {
        //= RFC 3261 §11.2
        let mut response = Response::to_request(request, status, Some(&stateless_tag(request)));
        let messages = !self.config.settings.disable_messaging;
        for (name, value) in [
            (HeaderName::Allow, self.allow()),
            (HeaderName::Accept, if messages { "application/sdp, text/plain" } else { "application/sdp" }),
            (HeaderName::AcceptEncoding, "identity"),
            (HeaderName::AcceptLanguage, "en"),
        ] {
            response.headers.push(name, value);
        }
        self.answer(server, response, None, now);
    }

    /// The methods we take.
    pub(super) fn allow(&self) -> &'static str {
        let messages = !self.config.settings.disable_messaging;
        if messages { ALLOW } else { ALLOW.trim_end_matches(", MESSAGE") }
    }
}
