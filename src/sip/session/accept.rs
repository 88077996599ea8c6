//! Being called: ring, answer, refuse; the 200 is sent again until its ACK comes (RFC 3261 §13.3.1).

use super::offer::is_described;
use super::reliable::Reliable;
use super::timer::Timer;
use super::{Effect, End, Modifying, Session, Stage, Terms};
use crate::sip::dialog::{Dialog, DialogError};
use crate::sip::ident;
use crate::sip::message::{HeaderName, Method, Request, Response, StatusCode};
use crate::sip::reason::Reason;
use crate::sip::transaction::{Config, Failure, ServerId};
use rand::{Rng, RngExt};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// How often a ringing phone says so again, how long it rings if the caller does not say, and the longest it does if so.
const REMIND: Duration = Duration::from_secs(60);
const RING: Duration = Duration::from_secs(180);
const RING_MOST: Duration = Duration::from_secs(600);

/// An INVITE to us whose ACK has not come.
#[derive(Debug)]
pub(super) struct Accepting {
    pub(super) server: ServerId,
    invite: Request,
    pub(super) sent: Option<Sent>,
    /// What is said next while it rings, and when.
    ringing: Option<(Repeat, Instant)>,
    /// The invitation lasts until then; past it this is the answer.
    expires: (Instant, StatusCode),
    /// Hang up when the ACK comes.
    pub(super) closing: bool,
}

/// How a provisional answer is given again.
#[derive(Debug)]
enum Repeat {
    Same(Response),
    /// Reliably, with a number of its own.
    Anew(StatusCode),
}

/// A 2xx on its way, sent again until acknowledged.
#[derive(Debug)]
pub(super) struct Sent {
    pub(super) server: ServerId,
    pub(super) response: Response,
    interval: Duration,
    again: Instant,
    until: Instant,
}

impl Sent {
    pub(super) fn new(server: ServerId, response: Response, config: &Config, now: Instant) -> Sent {
        let interval = config.t1;
        Sent { server, response, interval, again: now + interval, until: now + config.t1_64() }
    }

    pub(super) fn next_timeout(&self) -> Instant {
        self.again.min(self.until)
    }

    /// What is due: the response again, or the end of patience.
    pub(super) fn handle_timeout(&mut self, config: &Config, now: Instant) -> Result<Option<Response>, Failure> {
        if now >= self.until {
            return Err(Failure::Timeout);
        }
        if now < self.again {
            return Ok(None);
        }
        //= RFC 3261 §13.3.1.4: T1, doubled up to T2
        self.interval = config.backoff(self.interval);
        self.again += self.interval;
        Ok(Some(self.response.clone()))
    }
}

impl Accepting {
    pub(super) fn next_timeout(&self) -> Option<Instant> {
        match (&self.sent, &self.ringing) {
            (Some(sent), _) => Some(sent.next_timeout()),
            (None, Some((_, again))) => Some(self.expires.0.min(*again)),
            (None, None) => Some(self.expires.0),
        }
    }
}

impl Session {
    /// Is called: nothing is sent before `ring`, `accept` or `reject`.
    pub fn incoming(
        invite: Request,
        server: ServerId,
        terms: Terms,
        now: Instant,
        rng: &mut impl Rng,
    ) -> Result<Session, DialogError> {
        let local_tag = ident::tag(rng);
        let dialog = Dialog::uas(&invite, &local_tag)?;
        //= RFC 3262 §3: the first RSeq is drawn from 1 to 2³¹ − 1
        let reliable = Reliable::new(&invite, rng.random_range(0..0x7fff_ffff));
        let lasts = invite.headers.expires().ok().flatten().map(|s| Duration::from_secs(s.into()));
        let expires = match lasts.filter(|lasts| *lasts <= RING_MOST) {
            //= RFC 3261 §13.3.1: 487 when the time the caller gave is over
            Some(lasts) => (now + lasts, StatusCode(487)),
            // Why a bound of our own: a caller who gave up without hearing of us can send no CANCEL (§9.1).
            None => (now + lasts.map_or(RING, |_| RING_MOST), StatusCode(480)),
        };
        let allows_update = invite.headers.allows().contains(&Method::Update);
        let accepting = Accepting { server, invite, sent: None, ringing: None, expires, closing: false };
        Ok(Session {
            config: terms.timing,
            call_id: dialog.id().call_id.clone(),
            dialog: Some(dialog),
            stage: Stage::Accepting(Box::new(accepting)),
            acks: Vec::new(),
            invite: None,
            modify: Modifying::default(),
            asked: None,
            reliable: Some(reliable),
            settled: false,
            timer: Timer::new(terms.interval),
            peer_updates: allows_update,
            local_tag,
            is_caller: false,
            effects: VecDeque::new(),
        })
    }

    /// The INVITE that calls us, while it waits for its answer.
    pub fn waiting_invite(&self) -> Option<&Request> {
        match &self.stage {
            Stage::Accepting(accepting) if accepting.sent.is_none() => Some(&accepting.invite),
            _ => None,
        }
    }

    /// A provisional answer: 180, or 183 with a description. Said at once, or as soon as one before it that must arrive
    /// has arrived.
    pub fn ring(&mut self, status: StatusCode, body: Vec<u8>, now: Instant) {
        let Some(reliable) = self.reliable.as_ref() else { return };
        let is_reliable = reliable.applies(&body);
        //= RFC 3261 §13.2.1: an offer only in what arrives for sure
        let body = if self.settled || !self.was_offered() && !is_reliable { Vec::new() } else { body };
        let is_answer = !body.is_empty() && self.was_offered();
        let Some((server, mut response)) = self.answer(status, body) else { return };
        if let Some(reliable) = self.reliable.as_mut().filter(|_| is_reliable) {
            let Some(numbered) = reliable.send(server, response, &self.config, now) else { return };
            self.settled |= is_answer;
            response = numbered;
        }
        if let Stage::Accepting(accepting) = &mut self.stage {
            let again = if is_reliable { Repeat::Anew(status) } else { Repeat::Same(response.clone()) };
            accepting.ringing = Some((again, now + REMIND));
        }
        self.effects.push_back(Effect::Respond(server, response));
    }

    /// Answers with 200 and this description, which stays away if offer and answer are exchanged already.
    pub fn accept(&mut self, body: Vec<u8>, now: Instant) {
        if self.waiting_invite().is_none() || self.reliable.as_mut().is_some_and(|r| r.keep_accept(&body)) {
            return;
        }
        let body = if self.settled { Vec::new() } else { body };
        let Some((server, mut response)) = self.answer(StatusCode(200), body) else { return };
        self.settled |= self.was_offered();
        if let Stage::Accepting(accepting) = &self.stage {
            self.timer.answer(&accepting.invite, &mut response, now);
        }
        if let Some(dialog) = self.dialog.as_mut() {
            let _ = dialog.confirm(&response);
        }
        let sent = Sent::new(server, response.clone(), &self.config, now);
        self.effects.push_back(Effect::Respond(server, response));
        if let Stage::Accepting(accepting) = &mut self.stage {
            accepting.sent = Some(sent);
        }
    }

    /// Offer and answer of the INVITE that calls us are exchanged, before its 200.
    pub fn is_settled(&self) -> bool {
        self.settled
    }

    /// The INVITE that calls us bears an offer.
    pub(super) fn was_offered(&self) -> bool {
        matches!(&self.stage, Stage::Accepting(accepting) if is_described(&accepting.invite.headers, &accepting.invite.body))
    }

    /// Refuses, 300–699.
    pub fn reject(&mut self, status: StatusCode) {
        self.refuse_invite(status, End::Local);
    }

    /// Refuses, 300–699, with these headers besides: the Contacts of a 302.
    pub fn reject_with(&mut self, status: StatusCode, headers: Vec<(HeaderName, String)>) {
        if let Some((server, mut response)) = self.answer(status, Vec::new()) {
            headers.into_iter().for_each(|(name, value)| response.headers.push(name, value));
            self.effects.push_back(Effect::Respond(server, response));
            self.end(End::Local);
        }
    }

    pub(super) fn refuse_invite(&mut self, status: StatusCode, how: End) {
        if let Some((server, response)) = self.answer(status, Vec::new()) {
            self.effects.push_back(Effect::Respond(server, response));
            self.end(how);
        }
    }

    /// The caller gave up before our answer.
    pub fn cancelled(&mut self, cancel: Request) {
        //= RFC 3261 §9.2: the INVITE is answered 487
        self.refuse_invite(StatusCode(487), End::Cancelled(Box::new(cancel)));
    }

    /// The transaction of the INVITE is gone before our answer: nobody could hear one.
    pub fn caller_lost(&mut self, why: Failure) {
        //= RFC 3261 §17.2.4
        if self.waiting_invite().is_some() {
            self.end(End::Failed(why));
        }
    }

    /// The server transaction of the INVITE that calls us.
    pub fn server(&self) -> Option<ServerId> {
        match &self.stage {
            Stage::Accepting(accepting) => Some(accepting.server),
            _ => None,
        }
    }

    /// Our 200 went out (ACK or not).
    pub fn is_accepted(&self) -> bool {
        matches!(&self.stage, Stage::Accepting(accepting) if accepting.sent.is_some())
    }

    fn answer(&self, status: StatusCode, body: Vec<u8>) -> Option<(ServerId, Response)> {
        let Stage::Accepting(accepting) = &self.stage else { return None };
        if accepting.sent.is_some() {
            return None;
        }
        let mut response = Response::to_request(&accepting.invite, status, Some(&self.local_tag));
        if !body.is_empty() {
            response.headers.push(HeaderName::ContentType, "application/sdp");
            response.body = body;
        }
        Some((accepting.server, response))
    }

    pub(super) fn acknowledged(&mut self, ack: &Request) {
        if self.is_for_change(ack) {
            self.modify_acknowledged(ack);
        } else if let Stage::Accepting(accepting) = &self.stage
            && accepting.sent.is_some()
        {
            let closing = accepting.closing;
            self.stage = Stage::Confirmed;
            self.settled = true;
            self.effects.push_back(Effect::Confirmed(ack.body.clone()));
            if closing {
                self.close();
            }
        }
    }

    pub(super) fn accept_timeout(&mut self, now: Instant) {
        let Stage::Accepting(accepting) = &mut self.stage else { return };
        let Some(sent) = accepting.sent.as_mut() else { return self.ring_timeout(now) };
        let server = sent.server;
        match sent.handle_timeout(&self.config, now) {
            Ok(Some(response)) => self.effects.push_back(Effect::Respond(server, response)),
            Ok(None) => {}
            //= RFC 3261 §13.3.1.4: no ACK within 64*T1: BYE
            Err(why) => self.hang_up_lost(End::Failed(why)),
        }
    }

    fn ring_timeout(&mut self, now: Instant) {
        let Stage::Accepting(accepting) = &mut self.stage else { return };
        let (until, status) = accepting.expires;
        if now >= until {
            return self.refuse_invite(status, End::Unanswered(status.0));
        }
        let Some((repeat, again)) = accepting.ringing.as_mut().filter(|(_, again)| *again <= now) else { return };
        //= RFC 3261 §13.3.1.1: a provisional answer every minute, against proxies that give up
        *again = now + REMIND;
        match repeat {
            Repeat::Same(response) => {
                let response = response.clone();
                self.effects.push_back(Effect::Respond(accepting.server, response));
            }
            Repeat::Anew(status) => {
                let status = *status;
                self.ring(status, Vec::new(), now);
            }
        }
    }

    /// Sends BYE without waiting for its answer, and ends so.
    pub(super) fn hang_up_lost(&mut self, how: End) {
        if let Some(dialog) = self.dialog.as_mut() {
            let mut bye = dialog.request(Method::Bye);
            //= RFC 3326 §2: a far end that has not heard of it learns that we have waited in vain
            if matches!(how, End::Failed(Failure::Timeout) | End::Expired | End::Lost(408)) {
                bye.headers.push(HeaderName::Reason, Reason::q850(102, "Recovery on timer expiry").to_string());
            }
            self.effects.push_back(Effect::Request(super::Exchange::Surplus, bye));
        }
        self.end(how);
    }
}
