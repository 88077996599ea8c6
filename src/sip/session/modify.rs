//! Changing a session under way: re-INVITE, ours and the peer's, and their collision (RFC 3261 §14).

use super::accept::Sent;
use super::offer::{Asked, is_described};
use super::reliable::rack_of;
use super::timer::PAUSE;
use super::{Effect, End, Exchange, Session, set_body};
use crate::sip::message::{HeaderName, Headers, Method, Request, Response, StatusCode};
use crate::sip::patience::retry_after;
use crate::sip::transaction::{Failure, ServerId};
use rand::{Rng, RngExt};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Most collisions, and cut paths, in a row before a change is given up.
const MAX_GLARES: u8 = 6;
/// Between a change whose path was cut and the next try.
pub(super) const CUT_OFF: Duration = Duration::from_secs(4);
/// Longest wait that a far end asks for which is still busy with a change.
const OPEN_MOST: Duration = Duration::from_secs(10);
/// Most ACKs kept: as many changes as a person makes in 64·T1.
const MAX_ACKS: usize = 16;

/// The changes under way.
#[derive(Debug, Default)]
pub(super) struct Modifying {
    /// Ours, as it was sent.
    pub(super) sent: Option<Request>,
    /// The last reliable provisional response to it, and the answer that came with one.
    rseq: Option<u32>,
    answer: Option<Vec<u8>>,
    /// The ACKs of those accepted, last first, for 2xx that come again.
    pub(super) acks: VecDeque<Request>,
    ours: bool,
    retry_at: Option<Instant>,
    glares: u8,
    /// Our 2xx to the peer's re-INVITE, until its ACK.
    accepted: Option<Sent>,
    /// That 2xx bore our offer: the ACK bears the answer.
    awaits_answer: bool,
}

impl Modifying {
    /// Our 2xx to the peer's re-INVITE is on its way, with our offer if the peer gave none.
    pub(super) fn accepted(&mut self, sent: Sent, awaits_answer: bool) {
        self.accepted = Some(sent);
        self.awaits_answer = awaits_answer;
    }

    /// An offer of ours has no answer yet.
    pub(super) fn is_offering(&self) -> bool {
        self.ours || self.accepted.is_some() && self.awaits_answer
    }

    /// What is left of it after the end.
    pub(super) fn over(self) -> Modifying {
        Modifying { sent: self.sent, acks: self.acks, ..Modifying::default() }
    }

    pub(super) fn next_timeout(&self) -> Option<Instant> {
        [self.retry_at, self.accepted.as_ref().map(Sent::next_timeout)].into_iter().flatten().min()
    }
}

impl Session {
    /// No change is under way and none of the peer's waits: `modify` may be called.
    pub fn can_modify(&self) -> bool {
        let Modifying { ours, retry_at, accepted, .. } = &self.modify;
        self.is_confirmed() && !ours && self.asked.is_none() && retry_at.is_none() && accepted.is_none()
    }

    /// Offers this description in a re-INVITE.
    pub fn modify(&mut self, body: Vec<u8>) {
        if !self.can_modify() {
            return;
        }
        let Some(dialog) = self.dialog.as_mut() else { return };
        let mut request = dialog.request(Method::Invite);
        set_body(&mut request, "application/sdp", body);
        self.timer.ask(&mut request);
        self.modify.ours = true;
        self.modify.sent = Some(request.clone());
        (self.modify.rseq, self.modify.answer) = (None, None);
        self.effects.push_back(Effect::Request(Exchange::Modify, request));
    }

    pub(super) fn modify_answered(&mut self, response: Response, now: Instant, rng: &mut impl Rng) {
        let is_success = response.status.is_success();
        let asked = number(&response.headers);
        if let Some(ack) = self.modify.acks.iter().find(|ack| is_success && number(&ack.headers) == asked) {
            //= RFC 3261 §13.2.2.4, §14.1: the ACK is sent again for each 2xx that comes again
            self.effects.push_back(Effect::Ack(ack.clone()));
            return;
        }
        if self.modify.sent.as_ref().is_none_or(|sent| number(&sent.headers) != asked) {
            return;
        }
        match response.status.0 {
            100..=199 => self.modify_progress(response),
            200..=299 => self.modify_accepted(response, now),
            _ if !self.is_confirmed() => {}
            401 | 407 => self.effects.push_back(Effect::Challenged(Exchange::Modify, response)),
            491 | 500 if let Some(wait) = self.wait_after(&response, rng) => {
                self.modify_again(now + wait);
            }
            //= RFC 3261 §12.2.1.2: the dialog is gone
            status @ (408 | 481) => self.hang_up_lost(End::Lost(status)),
            //= RFC 4028 §7.4: once more with the least interval the far end takes
            422 if self.timer.raise(&response) => {
                self.modify.ours = false;
                self.timer.refresh_at(now);
                self.effects.push_back(Effect::Collided);
            }
            _ => self.modify_refused(response, now),
        }
    }

    /// How long a change waits that met one of the peer's; `None` if it did not, or too often.
    fn wait_after(&self, response: &Response, rng: &mut impl Rng) -> Option<Duration> {
        if self.modify.glares >= MAX_GLARES {
            return None;
        }
        match (response.status.0, self.is_caller) {
            //= RFC 3261 §14.1: the owner of the Call-ID waits 2.1–4 s, the other 0–2 s, in steps of 10 ms
            (491, true) => Some(Duration::from_millis(rng.random_range(210..=400) * 10)),
            (491, false) => Some(Duration::from_millis(rng.random_range(0..=200) * 10)),
            //= RFC 3261 §14.2: 500 with a wait of ten seconds at most: a change of ours before is still open there
            _ => retry_after(response).filter(|wait| *wait <= OPEN_MOST),
        }
    }

    /// Our change did not leave: again in a while, some times.
    pub(super) fn modify_undelivered(&mut self, why: Failure, now: Instant) {
        match self.modify.glares < MAX_GLARES {
            true => self.modify_again(now + CUT_OFF),
            false => self.hang_up_lost(End::Failed(why)),
        }
    }

    fn modify_again(&mut self, at: Instant) {
        self.modify.ours = false;
        self.modify.glares += 1;
        self.modify.retry_at = Some(at);
        self.timer.refresh_at(at);
        self.effects.push_back(Effect::Collided);
    }

    fn modify_progress(&mut self, mut response: Response) {
        let Some(rack) = rack_of(&response).filter(|_| self.modify.ours) else { return };
        //= RFC 3262 §4: in the order of RSeq, each but once
        if self.modify.rseq.is_some_and(|last| last.checked_add(1) != Some(rack.rseq)) {
            return;
        }
        self.modify.rseq = Some(rack.rseq);
        //= RFC 3262 §5: the answer may come with it
        if is_described(&response.headers, &response.body) {
            self.modify.answer.get_or_insert(std::mem::take(&mut response.body));
        }
        let Some(dialog) = self.dialog.as_mut() else { return };
        let mut prack = dialog.request(Method::Prack);
        prack.headers.push(HeaderName::RAck, rack.to_string());
        self.effects.push_back(Effect::Request(Exchange::Prack, prack));
    }

    fn modify_accepted(&mut self, response: Response, now: Instant) {
        if let (Some(dialog), Some(sent)) = (self.dialog.as_mut(), self.modify.sent.as_ref()) {
            let _ = dialog.refresh_target(&response.headers);
            let ack = dialog.ack_for(sent);
            self.modify.acks.push_front(ack.clone());
            self.modify.acks.truncate(MAX_ACKS);
            self.effects.push_back(Effect::Ack(ack));
        }
        self.modify.glares = 0;
        if std::mem::take(&mut self.modify.ours) && self.is_confirmed() {
            self.note_allow(&response.headers);
            self.timer.note(&response, now);
            self.effects.push_back(Effect::Refreshed);
            let answer = self.modify.answer.take().unwrap_or(response.body);
            self.effects.push_back(Effect::Modified(answer));
        }
    }

    pub(super) fn modify_refused(&mut self, response: Response, now: Instant) {
        self.modify.ours = false;
        self.modify.glares = 0;
        self.timer.refresh_later(&response, now);
        self.effects.push_back(Effect::ModifyRefused(response));
    }

    /// A change of ours never left: the far end knows nothing of it, and the call is as it was.
    pub(super) fn change_unsent(&mut self, exchange: Exchange, why: Failure, now: Instant) {
        self.timer.refresh_at(now + PAUSE);
        if exchange == Exchange::Modify && std::mem::take(&mut self.modify.ours) {
            self.modify.glares = 0;
            self.effects.push_back(Effect::ModifyUnsent(why));
        }
    }

    pub(super) fn modify_received(&mut self, server: ServerId, request: Request, fork: String, rng: &mut impl Rng) {
        //= RFC 3261 §14.2: 500 while an offer of the peer waits for our answer, 491 while ours waits for the peer's
        if self.asked.is_some() || self.waiting_invite().is_some() {
            return self.not_now(server, &request, rng);
        }
        //= RFC 5407 §3.1.4, §3.1.5: before the ACK only while our 200 bears an offer, not an answer
        let is_open = self.is_confirmed() || self.is_accepted() && self.settled;
        if self.modify.is_offering() || !is_open {
            return self.respond(server, &request, StatusCode(491));
        }
        if !self.takes_interval(server, &request) {
            return;
        }
        self.note_allow(&request.headers);
        self.refresh_target(&fork, &request);
        let body = request.body.clone();
        self.ask(Asked::Response(server, request), fork, body);
    }

    pub(super) fn refresh_target(&mut self, fork: &str, request: &Request) {
        if let Some(dialog) = self.dialog_with(fork) {
            let _ = dialog.refresh_target(&request.headers);
            self.effects.push_back(Effect::Refreshed);
        }
    }

    /// 500: the peer may ask again in a while.
    pub(super) fn not_now(&mut self, server: ServerId, request: &Request, rng: &mut impl Rng) {
        let mut response = Response::to_request(request, StatusCode(500), Some(&self.local_tag));
        //= RFC 3261 §14.2, RFC 3311 §5.2: 0 to 10 s by chance
        response.headers.push(HeaderName::RetryAfter, rng.random_range(0..=10).to_string());
        self.effects.push_back(Effect::Respond(server, response));
    }

    /// The ACK is for our 2xx to the peer's re-INVITE.
    //= RFC 3261 §13.2.2.4: an ACK is for the INVITE of its number; one of the change before may come late
    pub(super) fn is_for_change(&self, ack: &Request) -> bool {
        let accepted = self.modify.accepted.as_ref();
        accepted.is_some_and(|sent| number(&ack.headers) == number(&sent.response.headers))
    }

    pub(super) fn modify_acknowledged(&mut self, ack: &Request) {
        self.modify.accepted = None;
        if std::mem::take(&mut self.modify.awaits_answer) {
            self.effects.push_back(Effect::Confirmed(ack.body.clone()));
        }
    }

    pub(super) fn modify_timeout(&mut self, now: Instant) {
        if self.modify.retry_at.is_some_and(|at| at <= now) {
            self.modify.retry_at = None;
        }
        let Some(sent) = self.modify.accepted.as_mut() else { return };
        let server = sent.server;
        match sent.handle_timeout(&self.config, now) {
            Ok(Some(response)) => self.effects.push_back(Effect::Respond(server, response)),
            Ok(None) => {}
            Err(why) => self.hang_up_lost(End::Failed(why)),
        }
    }
}

fn number(headers: &Headers) -> Option<u32> {
    headers.cseq().ok().flatten().map(|cseq| cseq.number)
}
