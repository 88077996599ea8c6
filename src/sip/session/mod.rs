//! The session: one INVITE's usage of its dialogs, as caller or callee. One verb, one file.
//!
//! ```text
//!  caller  connect ─▶ forks (early, PRACK) ─▶ 2xx ─▶ ACK ─▶ confirmed ─┬▶ modify (re-INVITE) ─▶ close (BYE)
//!  callee  accept: ring ─▶ 200, sent again until the ACK ──────────────┘
//! ```
//!
//! It makes requests and responses; addresses, Via, Contact and credentials are the sender's. Bodies are opaque.

mod accept;
mod close;
mod connect;
mod effect;
mod modify;
mod offer;
mod reliable;
mod timer;
mod update;

use crate::sip::dialog::{Dialog, DialogId};
use crate::sip::message::{HeaderName, Headers, Method, Request, Response, StatusCode};
use crate::sip::transaction::{self, Failure, ServerId};
use crate::sip::uri::Uri;
use accept::Accepting;
use connect::Connecting;
pub use effect::{Effect, End, Exchange};
use modify::{CUT_OFF, Modifying};
use offer::Asked;
use rand::Rng;
use reliable::Reliable;
use std::collections::VecDeque;
use std::time::Instant;
use timer::Timer;
pub use timer::{MIN_INTERVAL, is_too_brief};

#[derive(Debug)]
enum Stage {
    Connecting(Box<Connecting>),
    Accepting(Box<Accepting>),
    Confirmed,
    Closing,
    Ended,
}

/// What a session is held to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// The timers of RFC 3261.
    pub timing: transaction::Config,
    /// The session interval we like, in seconds, [`MIN_INTERVAL`] at least; `None` = no session timer (RFC 4028).
    pub interval: Option<u32>,
}

/// A session.
#[derive(Debug)]
pub struct Session {
    config: transaction::Config,
    stage: Stage,
    /// The dialog, once there is one that counts.
    dialog: Option<Dialog>,
    /// As caller: the forks that were acknowledged, with their ACK, for 2xx that come again.
    acks: Vec<(DialogId, Request)>,
    invite: Option<Request>,
    modify: Modifying,
    /// An offer of the peer that waits for our answer.
    asked: Option<Asked>,
    /// As callee: provisional responses that must arrive.
    reliable: Option<Reliable>,
    /// As callee: offer and answer of the INVITE are exchanged; as caller each fork knows for itself.
    settled: bool,
    timer: Timer,
    /// The peer takes UPDATE.
    peer_updates: bool,
    call_id: String,
    local_tag: String,
    /// We gave the Call-ID (RFC 3261 §14.1 paces 491 by it).
    is_caller: bool,
    effects: VecDeque<Effect>,
}

impl Session {
    /// The next wish, in order.
    pub fn poll(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    /// Call-ID of every message.
    pub fn call_id(&self) -> &str {
        &self.call_id
    }

    /// Our tag.
    pub fn local_tag(&self) -> &str {
        &self.local_tag
    }

    /// The dialog that counts: confirmed, or the callee's early one.
    pub fn dialog(&self) -> Option<&Dialog> {
        self.dialog.as_ref()
    }

    /// Answered, not ended.
    pub fn is_confirmed(&self) -> bool {
        matches!(self.stage, Stage::Confirmed)
    }

    /// Where requests inside the dialog go: its first Route, or the far end's Contact. `None` before there is a dialog.
    pub fn next_hop(&self) -> Option<&Uri> {
        self.dialog.as_ref().map(Dialog::next_hop)
    }

    /// Nothing more will come of it.
    pub fn is_ended(&self) -> bool {
        matches!(self.stage, Stage::Ended)
    }

    /// Effects wait to be carried out.
    pub fn has_effects(&self) -> bool {
        !self.effects.is_empty()
    }

    /// True if a request with these identifiers belongs to one of our dialogs.
    pub fn owns(&self, id: &DialogId) -> bool {
        self.call_id == id.call_id
            && self.local_tag == id.local_tag
            && self.dialogs().any(|dialog| dialog.id().remote_tag == id.remote_tag)
    }

    fn dialogs(&self) -> impl Iterator<Item = &Dialog> {
        let forks = match &self.stage {
            Stage::Connecting(connecting) => connecting.forks.as_slice(),
            _ => &[],
        };
        self.dialog.iter().chain(forks.iter().map(|fork| &fork.dialog))
    }

    /// Takes in a response to one of our requests.
    pub fn receive_response(&mut self, exchange: Exchange, response: Response, now: Instant, rng: &mut impl Rng) {
        match exchange {
            Exchange::Invite => self.invite_answered(response, now),
            Exchange::Modify => self.modify_answered(response, now, rng),
            Exchange::Update => self.update_answered(response, now),
            Exchange::Bye => self.bye_answered(&response),
            _ => match response.status.0 {
                401 | 407 => self.effects.push_back(Effect::Challenged(exchange, response)),
                //= RFC 3261 §12.2.1.2: the dialog is gone
                481 if matches!(exchange, Exchange::Info | Exchange::Refer) && self.is_confirmed() => {
                    self.hang_up_lost(End::Lost(481));
                }
                _ => {}
            },
        }
    }

    /// One of our requests got no final response.
    pub fn failed(&mut self, exchange: Exchange, why: Failure, now: Instant) {
        match exchange {
            Exchange::Modify | Exchange::Update if why == Failure::Full => self.change_unsent(exchange, why, now),
            Exchange::Invite if matches!(self.stage, Stage::Connecting(_)) => self.end(End::Failed(why)),
            //= RFC 3261 §12.2.1.2: silence ends the dialog; §8.1.3.1: a path that is cut counts as 503, which does not
            Exchange::Modify if self.is_confirmed() && why != Failure::Timeout => self.modify_undelivered(why, now),
            Exchange::Update if self.is_confirmed() && why != Failure::Timeout => self.timer.refresh_at(now + CUT_OFF),
            Exchange::Modify | Exchange::Update if self.is_confirmed() => self.hang_up_lost(End::Failed(why)),
            Exchange::Bye => self.end(End::Local),
            _ => {}
        }
    }

    /// A request inside one of our dialogs.
    pub fn receive(&mut self, server: Option<ServerId>, request: Request, now: Instant, rng: &mut impl Rng) {
        let Some(server) = server else {
            if request.method == Method::Ack {
                self.acknowledged(&request);
            }
            return;
        };
        let order = match self.dialog_of(&request) {
            None => {
                return self.respond(server, &request, StatusCode(481));
            }
            Some(dialog) => dialog.receive(&request).map(|()| dialog.id().remote_tag.clone()),
        };
        let fork = match order {
            Ok(fork) => fork,
            Err(error) => return self.respond(server, &request, error.status()),
        };
        //= RFC 5057 §4.1: a subscription in the dialog outlives the call
        let of_subscription = matches!(request.method, Method::Notify | Method::Subscribe);
        if (self.is_ended() || matches!(self.stage, Stage::Closing)) && of_subscription {
            return self.effects.push_back(Effect::Other(server, request));
        }
        //= RFC 3261 §15.1.1: with our BYE the call is over; only the peer's own BYE may cross it
        if self.is_ended() || matches!(self.stage, Stage::Closing) && request.method != Method::Bye {
            return self.respond(server, &request, StatusCode(481));
        }
        match request.method {
            Method::Bye => self.bye_received(server, request),
            Method::Prack => self.prack_received(server, request, fork, now),
            Method::Invite => self.modify_received(server, request, fork, rng),
            Method::Update => self.update_received(server, request, fork, rng, now),
            _ => self.effects.push_back(Effect::Other(server, request)),
        }
    }

    /// When `handle_timeout` is wanted next.
    pub fn next_timeout(&self) -> Option<Instant> {
        let accepting = match &self.stage {
            Stage::Accepting(accepting) => accepting.next_timeout(),
            _ => None,
        };
        let reliable = self.reliable.as_ref().and_then(Reliable::next_timeout);
        let timer = self.timer.next_timeout().filter(|_| self.is_confirmed());
        [accepting, reliable, timer, self.modify.next_timeout()].into_iter().flatten().min()
    }

    /// Does what is due.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.reliable_timeout(now);
        self.accept_timeout(now);
        self.modify_timeout(now);
        self.timer_timeout(now);
    }

    /// A request of another usage within the dialog (INFO, REFER, NOTIFY), completed by `fill`. Its CSeq number; `None`
    /// without a dialog.
    pub fn send(&mut self, exchange: Exchange, method: Method, fill: impl FnOnce(&mut Request)) -> Option<u32> {
        let dialog = self.dialog.as_mut()?;
        let mut request = dialog.request(method);
        fill(&mut request);
        let number = dialog.local_cseq();
        self.effects.push_back(Effect::Request(exchange, request));
        Some(number)
    }

    /// The CSeq number for sending a challenged request once more.
    pub fn retry(&mut self, exchange: Exchange, mut request: Request) -> Request {
        if exchange == Exchange::Invite {
            if let Stage::Connecting(connecting) = &mut self.stage {
                connecting.cseq += 1;
                //= RFC 3261 §8.1.3.5
                request.headers.set(HeaderName::CSeq, format!("{} INVITE", connecting.cseq));
                connecting.forks.clear();
            }
            return request;
        }
        let tag = request.headers.to().ok().flatten().and_then(|to| to.tag().map(str::to_owned)).unwrap_or_default();
        let number = match self.dialog_with(&tag) {
            Some(dialog) => dialog.next_cseq(),
            // Its dialog is not kept: this is the only request in it.
            None => request.headers.cseq().ok().flatten().map_or(1, |cseq| cseq.number.saturating_add(1)),
        };
        request.headers.set(HeaderName::CSeq, format!("{number} {}", request.method));
        request
    }

    /// Remembers what went out for good: the INVITE as sent is what ACKs are made from.
    pub fn sent(&mut self, exchange: Exchange, request: &Request) {
        match exchange {
            Exchange::Invite => self.invite = Some(request.clone()),
            Exchange::Modify => self.modify.sent = Some(request.clone()),
            _ => {}
        }
    }

    /// A challenged request stays unanswered: no credentials, or wrong ones.
    pub fn give_up(&mut self, exchange: Exchange, response: Response, now: Instant) {
        match exchange {
            Exchange::Invite => self.refused(response),
            Exchange::Modify => self.modify_refused(response, now),
            Exchange::Update => self.timer.refresh_later(&response, now),
            Exchange::Bye => self.end(End::Local),
            _ => {}
        }
    }

    fn dialog_of(&mut self, request: &Request) -> Option<&mut Dialog> {
        self.dialog_with(&DialogId::of_request(request)?.remote_tag)
    }

    /// The dialog with the far end of this tag.
    fn dialog_with(&mut self, tag: &str) -> Option<&mut Dialog> {
        if let Some(dialog) = self.dialog.as_mut().filter(|dialog| dialog.id().remote_tag == tag) {
            return Some(dialog);
        }
        match &mut self.stage {
            Stage::Connecting(connecting) => connecting.fork_mut(tag).map(|fork| &mut fork.dialog),
            _ => None,
        }
    }

    /// Notes whether the peer takes UPDATE, from a message of its.
    fn note_allow(&mut self, headers: &Headers) {
        let methods = headers.allows();
        if !methods.is_empty() {
            self.peer_updates = methods.contains(&Method::Update);
        }
    }

    fn respond(&mut self, server: ServerId, request: &Request, status: StatusCode) {
        let response = Response::to_request(request, status, Some(&self.local_tag));
        self.effects.push_back(Effect::Respond(server, response));
    }

    fn end(&mut self, how: End) {
        if !self.is_ended() {
            self.stage = Stage::Ended;
            self.asked = None;
            if let Some(reliable) = self.reliable.as_mut() {
                reliable.stop();
            }
            // A late 2xx to a re-INVITE of ours is still acknowledged.
            self.modify = std::mem::take(&mut self.modify).over();
            self.effects.push_back(Effect::Ended(how));
        }
    }
}

/// Puts a body and its type; an empty body has neither.
pub fn set_body(request: &mut Request, content_type: &str, body: Vec<u8>) {
    if !body.is_empty() {
        request.headers.set(HeaderName::ContentType, content_type);
    }
    request.body = body;
}

#[cfg(test)]
mod tests;
