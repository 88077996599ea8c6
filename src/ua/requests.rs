//! The requests of a call on their way: where they go, what becomes of them, who may ask for credentials.

use super::agent::Agent;
use super::owner::Owner;
use super::route::{Hop, Job, Sent, is_secure};
use crate::config::AccountId;
use crate::sip::body::take_description;
use crate::sip::flow::Flow;
use crate::sip::message::{Headers, Request, Response};
use crate::sip::session::Exchange;
use crate::sip::transaction::Failure;
use crate::text::sanitise;
use std::collections::VecDeque;
use std::time::Instant;

impl Agent {
    pub(super) fn send_in_call(&mut self, id: u32, exchange: Exchange, request: Request, now: Instant) {
        let owner = Owner::Call(id, exchange);
        if exchange == Exchange::Invite {
            let Some(call) = self.call_mut(id) else { return };
            let (flow, more) = (call.flow, std::mem::take(&mut call.more));
            if let Some(flow) = flow {
                self.transmit(owner, request, flow, more, now);
            }
            return;
        }
        let hop = self.hop_in_dialog(self.account_of_call(id), self.call(id).and_then(|call| call.flow), &request);
        match self.direct(id, hop.as_ref()) {
            Some(flow) => self.transmit(owner, request, flow, VecDeque::new(), now),
            None => self.route(hop, Job::Request(owner, Box::new(request)), now),
        }
    }

    /// The call's own path, if it is still there and leads where the hop does.
    pub(super) fn direct(&self, id: u32, hop: Option<&Hop>) -> Option<Flow> {
        let call = self.call(id).filter(|call| !call.cut_off)?;
        call.flow.filter(|flow| hop.is_some_and(|hop| hop.is_at(flow)))
    }

    /// Where a request inside a dialog goes: its first Route, or its request-URI.
    /// `path` is the one the dialog came about on.
    pub(super) fn hop_in_dialog(&self, account: AccountId, path: Option<Flow>, request: &Request) -> Option<Hop> {
        //= RFC 7118 §5: over WebSocket there is no other way than the server
        if path.is_some_and(|flow| flow.transport.is_web_socket()) {
            return self.account(account)?.first_hop(false);
        }
        let route = request.headers.routes().ok().and_then(|routes| routes.into_iter().next());
        //= RFC 3261 §12.2.1.1: behind a strict router the request-URI is the first hop
        let uri = match route {
            Some(route) if route.uri.is_lr() => route.uri,
            _ => crate::sip::uri::Uri::parse(&request.uri).ok()?,
        };
        Hop::of_uri(&uri).map(|hop| Hop { secure: hop.secure || is_secure(&request.uri), ..hop })
    }

    /// A response to a request of a call.
    pub(super) fn call_answered(
        &mut self,
        id: u32,
        exchange: Exchange,
        sent: &Sent,
        mut response: Response,
        now: Instant,
    ) {
        // What cannot be taken apart is no description: the session goes on without one.
        let _ = take_description(&mut response.headers, &mut response.body);
        // A ring too: whoever wanted a password has let the request pass.
        let is_past = response.status.0 > 100 && !matches!(response.status.0, 401 | 407);
        let is_settled = is_past && response.status.is_final();
        if is_past && let Some(line) = self.account_mut(self.account_of_call(id)) {
            line.accepted(&sent.request, &response);
        }
        if matches!(exchange, Exchange::Modify | Exchange::Update) {
            self.hear_answered(id, &response, &sent.flow);
        }
        let rng = &mut self.rng;
        let Some(call) = self.calls.iter_mut().find(|call| call.id == id) else { return };
        let told = (is_settled && (is_beside(exchange) || exchange == Exchange::Info)).then(|| response.clone());
        if let Some(session) = call.session.as_mut() {
            session.receive_response(exchange, response, now, rng);
        }
        if let Some(response) = told {
            self.beside_answered(id, exchange, &response, now);
        }
        self.send_due_digits(id, now);
    }

    /// A request had its final responses; true if that changes something.
    pub(super) fn client_ended(&mut self, sent: &Sent, now: Instant) -> bool {
        let Owner::Call(id, Exchange::Invite) = sent.owner else { return false };
        let call = self.call(id).and_then(|call| call.session.as_ref());
        let is_left = call.is_some_and(|session| session.waits_for(&sent.request));
        if is_left {
            // Why not sooner: the answer is repeated until it is acknowledged, and may yet come unharmed.
            let words = "no call follows from the answer: its From or To cannot be read";
            self.call_request_failed(id, Exchange::Invite, Failure::Timeout, words, now);
        }
        is_left
    }

    fn beside_answered(&mut self, id: u32, exchange: Exchange, response: &Response, now: Instant) {
        match exchange {
            Exchange::Refer => self.refer_answered(id, response, now),
            Exchange::Info => self.info_answered(id, Some(response)),
            _ => self.news_answered(id, Some(response.status)),
        }
    }

    pub(super) fn call_request_failed(&mut self, id: u32, exchange: Exchange, why: Failure, words: &str, now: Instant) {
        let Some(call) = self.call_mut(id) else { return };
        if exchange == Exchange::Invite && call.is_live() {
            call.reason = Some(sanitise(words));
        }
        if let Some(session) = call.session.as_mut() {
            session.failed(exchange, why, now);
        }
        match exchange {
            Exchange::Refer => self.refer_failed(id, words, now),
            Exchange::Notify => self.news_answered(id, None),
            Exchange::Info => self.info_answered(id, None),
            _ => {}
        }
        self.send_due_digits(id, now);
    }

    /// 401 or 407: once more with credentials, if the challenge came from the account's own path.
    pub(super) fn challenged(&mut self, id: u32, exchange: Exchange, response: Response, now: Instant) {
        let owner = Owner::Call(id, exchange);
        let asked = self.clients.iter().find(|(_, sent)| sent.owner == owner && is_answer(&response, &sent.request));
        let Some((client, Sent { request, flow, more, .. })) = asked else { return };
        let (client, request, flow, more) = (*client, request.clone(), *flow, more.clone());
        let account = self.account_of_call(id);
        let first = exchange == Exchange::Invite && self.is_first_answer(id);
        let answered = self.account_mut(account).is_some_and(|line| {
            // Why: whoever is called can make up a challenge, and the proxy carries it to us.
            line.strange_realm(&response, first).is_none() && line.take_challenge(&request, &response, &flow)
        });
        let Some(session) = self.call_mut(id).and_then(|call| call.session.as_mut()) else { return };
        if !answered {
            if is_beside(exchange) {
                return self.beside_answered(id, exchange, &response, now);
            }
            return session.give_up(exchange, response, now);
        }
        let request = session.retry(exchange, request);
        // It has its final response; only the new one may answer for this exchange.
        self.clients.remove(&client);
        self.transmit(owner, request, flow, more, now);
    }

    /// In words: why a 401 or 407 to an INVITE was the last.
    pub(super) fn why_unanswered(&self, id: u32, response: &Response) -> String {
        let Some((call, line)) = self.call(id).and_then(|call| Some((call, self.account(call.account)?))) else {
            return String::new();
        };
        let is_own = call.flow.is_some_and(|flow| line.is_own_path(&flow));
        match line.strange_realm(response, self.is_first_answer(id)) {
            _ if !is_own => "it is no server of this account, and is shown no password".to_owned(),
            Some(realm) => format!("{} is no realm of this account, and is shown no password", sanitise(&realm)),
            None => line.hint().to_owned(),
        }
    }

    /// Nobody behind the first server has been heard of in this call.
    fn is_first_answer(&self, id: u32) -> bool {
        self.call(id).is_some_and(|call| !call.progressed)
    }
}

/// It is of a usage of its own beside the session, in the same dialog (RFC 5057 §4).
fn is_beside(exchange: Exchange) -> bool {
    matches!(exchange, Exchange::Refer | Exchange::Notify)
}

/// The response is to this request of ours: the same number, in the same dialog.
fn is_answer(response: &Response, request: &Request) -> bool {
    let number = |headers: &Headers| headers.cseq().ok().flatten().map(|cseq| cseq.number);
    let tag = |headers: &Headers| headers.to().ok().flatten().and_then(|to| to.tag().map(str::to_owned));
    let dialog = tag(&request.headers);
    number(&response.headers) == number(&request.headers) && (dialog.is_none() || dialog == tag(&response.headers))
}
