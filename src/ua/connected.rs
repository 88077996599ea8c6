//! Who is at the far end of a call now: what the own network says while the call goes on (RFC 3325), and a far end that
//! has become somebody else (RFC 4916).

use super::agent::Agent;
use super::call::{Call, party};
use super::event::Event;
use super::identity::{is_anonymous, network_says, wants_privacy};
use super::snapshot::Party;
use crate::sip::flow::Flow;
use crate::sip::header::NameAddr;
use crate::sip::message::{Headers, Method, Request, Response};
use std::time::Instant;

impl Agent {
    /// A request within the call is about to be judged; keeps whom it names until it is taken up.
    pub(super) fn hear_claim(&mut self, id: u32, request: &Request, flow: &Flow) {
        if !matches!(request.method, Method::Invite | Method::Update) {
            return;
        }
        let own = self.account(self.account_of_call(id)).is_some_and(|line| line.is_own_path(flow));
        let Some(call) = self.call_mut(id) else { return };
        let claim = if own { named(&request.headers) } else { None };
        call.claim = claim.or_else(|| renamed(call, &request.headers));
    }

    /// A response to a change of ours, over this path, is about to be judged; keeps whom it names until it is taken up.
    pub(super) fn hear_answered(&mut self, id: u32, response: &Response, flow: &Flow) {
        let own = self.account(self.account_of_call(id)).is_some_and(|line| line.is_own_path(flow));
        if let Some(call) = self.call_mut(id).filter(|_| response.status.is_success()) {
            call.claim = Some(&response.headers).filter(|_| own).and_then(named);
        }
    }

    /// The far end's change was taken up, or it took up ours.
    pub(super) fn far_end_changed(&mut self, id: u32, now: Instant) {
        if let Some(claim) = self.call_mut(id).and_then(|call| call.claim.take()) {
            self.far_end_is(id, claim, now);
        }
    }

    /// A response to our INVITE: who is called, after all.
    pub(super) fn hear_called(&mut self, id: u32, response: &Response, now: Instant) {
        let path = self.call(id).and_then(|call| call.flow);
        let own = self.account(self.account_of_call(id)).zip(path).is_some_and(|(line, flow)| line.is_own_path(&flow));
        if let Some(called) = Some(&response.headers).filter(|_| own).and_then(named) {
            self.far_end_is(id, called, now);
        }
    }

    fn far_end_is(&mut self, id: u32, party: Party, now: Instant) {
        let Some(call) = self.call_mut(id).filter(|call| call.is_live()) else { return };
        let known = &mut call.remote;
        // Why: a server writes the same number with a domain of its own, and not always with the name.
        if party.user == known.user && (party.name.is_none() || party.name == known.name) {
            return;
        }
        *known = if party.user == known.user { Party { name: party.name, ..known.clone() } } else { party };
        call.anonymous = false;
        self.tell(id, now, |call| Event::CallRenamed { call });
    }
}

/// Whom the network names; nobody who hides.
fn named(headers: &Headers) -> Option<Party> {
    //= RFC 3325 §9.1; Remote-Party-ID may name either side, here it is always the other one
    network_says(headers, |_| true).filter(|_| !wants_privacy(headers)).map(|address| party(&address))
}

/// Whom From names, if that is somebody else than From named before.
fn renamed(call: &mut Call, headers: &Headers) -> Option<Party> {
    //= RFC 4916 §4.3
    let from = headers.from().ok().flatten().filter(|from| !is_anonymous(from))?;
    let first = call.session.as_ref().and_then(|session| NameAddr::parse(session.dialog()?.remote()).ok());
    let before = call.from_named.clone().or_else(|| first.map(|address| party(&address)))?;
    let now = party(&from);
    (now != before).then(|| call.from_named.insert(now).clone())
}
