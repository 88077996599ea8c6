//! One subscription of ours: RFC 6665 §4.1, as a machine.
//!
//! ```text
//!  subscribe ─▶ Subscribing ─NOTIFY─▶ Pending ⇄ Active ─▶ refresh before the end, in the dialog
//!                  │ refused, no NOTIFY     │ terminated, expired
//!                  ▼                        ▼
//!               Stopped ◀── for good ── Waiting ── later ─▶ subscribe anew
//! ```
//!
//! A SUBSCRIBE that forks may found several subscriptions; this machine keeps one: that of the first NOTIFY. The others
//! get 481, which ends them at their notifiers (RFC 6665 §4.1.4).

use crate::sip::dialog::{Dialog, DialogId};
use crate::sip::event::Package;
use crate::sip::ident;
use crate::sip::message::{HeaderName, Method, Request, Response, StatusCode};
use crate::sip::patience::{Lifetime, Patience, refresh_after, retry_after};
use crate::sip::uri::Uri;
use rand::Rng;
use rand::rngs::StdRng;
use std::time::{Duration, Instant};

/// Longest first wait before another try, at least half of it; and the longest a notifier may ask for.
const RETRY_FIRST: Duration = Duration::from_secs(8);
const RETRY_AFTER_MOST: Duration = Duration::from_secs(86_400);
/// What is nearer than this is at hand.
const SOON: Duration = Duration::from_secs(5);
/// Ends told by a NOTIFY that differ by less are the same.
const SAME_END: Duration = Duration::from_secs(30);

/// What is subscribed to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// The resource: Request-URI and To.
    pub uri: String,
    /// From, `"Bob" <sip:bob@example.net>`, without a tag.
    pub from: String,
    /// The event package.
    pub package: Package,
}

/// Where a subscription stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Not wanted.
    Off,
    /// Asked for; no NOTIFY yet.
    Subscribing,
    /// Known to the notifier, not yet allowed.
    Pending,
    /// In force.
    Active,
    /// A SUBSCRIBE with Expires: 0 is under way.
    Unsubscribing,
    /// Failed or ended; tried again at `next_timeout`.
    Waiting,
    /// Refused for good.
    Stopped,
}

/// What an answer to a SUBSCRIBE comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing to do: a provisional response, one we no longer wait for, or all is well.
    Waiting,
    /// 401 or 407: send `again` with credentials, or `stop`.
    Challenged,
    /// Send `again` at once: 423 with a lifetime we can live with, or the wish has changed meanwhile.
    Again,
    /// Failed: `state` says for how long, `why` says why.
    Failed,
}

/// The SUBSCRIBE without a final answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Pending {
    cseq: u32,
    leaves: bool,
    /// It was sent within the dialog.
    refreshes: bool,
}

/// The machine. It makes requests; Via, Contact, Route outside the dialog and credentials are the sender's.
#[derive(Debug)]
pub struct Subscription {
    subject: Subject,
    timer_n: Duration,
    state: State,
    call_id: String,
    from_tag: String,
    cseq: u32,
    lifetime: Lifetime,
    wanted: bool,
    dialog: Option<Dialog>,
    /// A NOTIFY has chosen the dialog.
    notified: bool,
    pending: Option<Pending>,
    /// Timer N: until when a NOTIFY must have come.
    notify_by: Option<Instant>,
    until: Option<Instant>,
    due: Option<Instant>,
    patience: Patience,
    why: Option<String>,
}

impl Subscription {
    /// At rest. `t1_64` is 64·T1, the length of timer N.
    pub fn new(subject: Subject, t1_64: Duration, rng: &mut StdRng) -> Subscription {
        Subscription {
            lifetime: Lifetime::new(subject.package.expires_s()),
            subject,
            timer_n: t1_64,
            state: State::Off,
            call_id: ident::call_id(rng, ""),
            from_tag: ident::tag(rng),
            cseq: ident::cseq(rng),
            wanted: false,
            dialog: None,
            notified: false,
            pending: None,
            notify_by: None,
            until: None,
            due: None,
            patience: Patience::new(RETRY_FIRST, RETRY_AFTER_MOST),
            why: None,
        }
    }

    /// Where it stands.
    pub fn state(&self) -> State {
        self.state
    }

    /// What is subscribed to.
    pub fn subject(&self) -> &Subject {
        &self.subject
    }

    /// Why it is `Waiting` or `Stopped`, in words; foreign text.
    pub fn why(&self) -> Option<&str> {
        self.why.as_deref()
    }

    /// Where requests within the dialog go; `None` before there is one.
    pub fn next_hop(&self) -> Option<&Uri> {
        self.dialog.as_ref().map(Dialog::next_hop)
    }

    /// Begins, if it is not under way.
    pub fn subscribe(&mut self, now: Instant) -> Option<Request> {
        self.wanted = true;
        match self.state {
            State::Off | State::Waiting | State::Stopped if self.pending.is_none() => {
                self.state = State::Subscribing;
                self.due = None;
                Some(self.again(now))
            }
            // The answer under way decides; `Again` follows it.
            State::Unsubscribing => {
                self.state = State::Subscribing;
                None
            }
            _ => None,
        }
    }

    /// Ends it; `None` if there is nothing to end, or if the answer under way comes first.
    pub fn unsubscribe(&mut self, now: Instant) -> Option<Request> {
        self.wanted = false;
        self.due = None;
        if self.dialog.is_none() && self.pending.is_none() {
            self.over(State::Off);
            return None;
        }
        self.state = State::Unsubscribing;
        if self.pending.is_some() { None } else { Some(self.again(now)) }
    }

    /// Asks for the whole state once more, soon: something was missed.
    pub fn refresh_soon(&mut self, now: Instant) {
        let soon = now + SOON;
        if matches!(self.state, State::Active | State::Pending) {
            self.due = Some(self.due.map_or(soon, |due| due.min(soon)));
        }
    }

    /// The wish once more, with the next CSeq number (after a challenge, a 423, or a change of mind).
    pub fn again(&mut self, now: Instant) -> Request {
        let leaves = !self.wanted;
        let refreshes = self.dialog.is_some();
        let mut request = match self.dialog.as_mut() {
            Some(dialog) => dialog.request(Method::Subscribe),
            None => self.first(),
        };
        let expires = if leaves { 0 } else { self.lifetime.asked_s() };
        request.headers.push(HeaderName::Event, self.subject.package.token());
        request.headers.push(HeaderName::Accept, self.subject.package.media_type());
        request.headers.push(HeaderName::Expires, expires.to_string());
        let cseq = request.headers.cseq().ok().flatten().map_or(self.cseq, |cseq| cseq.number);
        self.pending = Some(Pending { cseq, leaves, refreshes });
        //= RFC 6665 §4.1.2.4: timer N from the SUBSCRIBE on, until a NOTIFY comes
        if leaves || !self.notified {
            self.notify_by = Some(now + self.timer_n);
        }
        request
    }

    fn first(&mut self) -> Request {
        self.cseq = self.cseq.saturating_add(1);
        let Subject { uri, from, .. } = &self.subject;
        let mut request = Request::new(Method::Subscribe, uri.clone());
        request.headers.push(HeaderName::MaxForwards, "70");
        request.headers.push(HeaderName::From, format!("{from};tag={}", self.from_tag));
        request.headers.push(HeaderName::To, format!("<{uri}>"));
        request.headers.push(HeaderName::CallId, self.call_id.as_str());
        request.headers.push(HeaderName::CSeq, format!("{} SUBSCRIBE", self.cseq));
        request
    }

    /// Takes in a response to `sent`.
    pub fn receive(&mut self, sent: &Request, response: &Response, now: Instant, rng: &mut impl Rng) -> Verdict {
        let number = response.headers.cseq().ok().flatten().map(|cseq| cseq.number);
        let ours = self.pending.filter(|pending| Some(pending.cseq) == number && !response.status.is_provisional());
        let Some(pending) = ours else { return Verdict::Waiting };
        self.pending = None;
        match response.status.0 {
            200..=299 => self.accepted(pending, sent, response, now, rng),
            401 | 407 if !self.wanted && self.dialog.is_none() => self.over_as(State::Off),
            401 | 407 => Verdict::Challenged,
            423 if !pending.leaves && self.lifetime.lengthen(response) => Verdict::Again,
            // Whatever the answer to leaving, we are not there any more.
            _ if !self.wanted => self.over_as(State::Off),
            status => {
                self.refused(pending, status, response, now, rng);
                Verdict::Failed
            }
        }
    }

    fn accepted(
        &mut self,
        pending: Pending,
        sent: &Request,
        response: &Response,
        now: Instant,
        rng: &mut impl Rng,
    ) -> Verdict {
        //= RFC 6665 §4.4.1: the NOTIFY founds the dialog; until it comes, the 2xx tells enough to leave again
        match self.dialog.as_mut() {
            None if self.state != State::Waiting => self.dialog = Dialog::uac(sent, response).ok(),
            Some(dialog) if DialogId::of_response(response).as_ref() == Some(dialog.id()) => {
                // A 2xx without what it needs changes nothing.
                let _unreadable = dialog.confirm(response);
            }
            _ => {}
        }
        if pending.leaves == self.wanted {
            return Verdict::Again;
        }
        if !pending.leaves {
            if pending.refreshes {
                self.patience.reset();
            }
            //= RFC 6665 §4.1.2.1: the 2xx states the lifetime
            let granted_s = self.lifetime.granted_s(response.headers.expires().ok().flatten());
            self.grant(granted_s, now, rng);
        }
        Verdict::Waiting
    }

    fn refused(&mut self, pending: Pending, status: u16, response: &Response, now: Instant, rng: &mut impl Rng) {
        let after = retry_after(response);
        let why = format!("{status} {}", response.reason);
        match status {
            //= RFC 6665 §4.1.2.2: these end a subscription that is refreshed; a new one may fare better
            403..=406 | 410 | 416 | 480..=485 | 489 | 501 | 603 | 604 | 606 if pending.refreshes => {
                self.fail(why, after, now, rng);
            }
            403..=406 | 410 | 416 | 482..=485 | 489 | 501 | 603 | 604 | 606 => self.stop(why),
            //= RFC 6665 §4.1.2.2: any other leaves it in force until its end
            _ if pending.refreshes && self.until.is_some_and(|until| until > now + SOON) => {
                let wait = self.patience.wait(after, rng);
                self.due = Some(now + wait);
            }
            _ => self.fail(why, after, now, rng),
        }
    }

    /// The SUBSCRIBE got no final response. In force before, it stays so until its end.
    pub fn unanswered(&mut self, why: &str, now: Instant, rng: &mut impl Rng) {
        let Some(pending) = self.pending.take() else { return };
        if !self.wanted {
            self.over(State::Off);
        } else if pending.refreshes && self.until.is_some_and(|until| until > now + SOON) {
            let wait = self.patience.wait(None, rng);
            self.due = Some(now + wait);
        } else {
            self.fail(why.to_owned(), None, now, rng);
        }
    }

    /// No more tries: refused for good, or no credentials.
    pub fn stop(&mut self, why: String) {
        self.over(if self.wanted { State::Stopped } else { State::Off });
        self.why = Some(why);
    }

    /// A NOTIFY is for this subscription: its Call-ID, our tag, the package, and the dialog if there is one.
    pub fn owns(&self, notify: &Request) -> bool {
        let Some(id) = DialogId::of_request(notify) else { return false };
        //= RFC 6665 §4.4.1: Call-ID, the tag of our From, and Event tell whose a NOTIFY is
        let ours = id.call_id == self.call_id && id.local_tag == self.from_tag;
        let event = notify.headers.event().ok().flatten();
        let same_event = event.is_some_and(|event| event.value.eq_ignore_ascii_case(self.subject.package.token()));
        let listens = !matches!(self.state, State::Off | State::Waiting | State::Stopped);
        let other = self.dialog.as_ref().filter(|_| self.notified).is_some_and(|d| d.id().remote_tag != id.remote_tag);
        ours && same_event && listens && !other
    }

    /// Takes in a NOTIFY it owns; its body is to be read only if this is `Ok`, else it is answered with the status.
    pub fn notified(&mut self, notify: &Request, now: Instant, rng: &mut impl Rng) -> Result<(), StatusCode> {
        //= RFC 6665 §8.2.3: a NOTIFY without Subscription-State is no NOTIFY
        let state = notify.headers.subscription_state().ok().flatten().ok_or(StatusCode(400))?;
        let id = DialogId::of_request(notify);
        let bears_route = notify.headers.get(&HeaderName::RecordRoute).is_some();
        let keeps = |dialog: &&mut Dialog| self.notified || id.as_ref() == Some(dialog.id()) && !bears_route;
        match self.dialog.as_mut().filter(keeps) {
            Some(dialog) => {
                dialog.receive(notify).map_err(|error| error.status())?;
                //= RFC 6665 §4.4.1: NOTIFY is a target refresh request
                dialog.refresh_target(&notify.headers).map_err(|error| error.status())?;
                self.notified = true;
            }
            //= RFC 6665 §4.1.4: the first NOTIFY chooses among forks
            None => {
                let cseq = self.dialog.as_ref().map_or(self.cseq, Dialog::local_cseq);
                self.dialog = Some(Dialog::notified(notify, cseq).map_err(|error| error.status())?);
                self.notified = true;
            }
        }
        let seconds = |name: &str| state.params.value(name).and_then(|value| value.parse::<u32>().ok());
        let leaving = self.state == State::Unsubscribing;
        if state.value.eq_ignore_ascii_case("terminated") {
            let reason = state.params.value("reason").map(|reason| reason.to_ascii_lowercase());
            let after = seconds("retry-after").map(|s| Duration::from_secs(s.into()));
            if self.wanted {
                self.terminated(reason.as_deref(), after, now, rng);
            } else {
                self.over(State::Off);
            }
            return Ok(());
        }
        if !leaving {
            self.notify_by = None;
            let is_pending = state.value.eq_ignore_ascii_case("pending");
            self.state = if is_pending { State::Pending } else { State::Active };
            self.why = None;
        }
        //= RFC 6665 §4.1.3: the lifetime in a NOTIFY is the one that counts
        if let Some(told) = seconds("expires") {
            let told = self.lifetime.granted_s(Some(told));
            let end = now + Duration::from_secs(told.into());
            let differs = |known: Instant| end.max(known).duration_since(end.min(known)) > SAME_END;
            if self.until.is_none_or(differs) {
                self.grant(told, now, rng);
            }
        } else if self.until.is_none() {
            let granted_s = self.lifetime.granted_s(None);
            self.grant(granted_s, now, rng);
        }
        Ok(())
    }

    //= RFC 6665 §4.1.3
    fn terminated(&mut self, reason: Option<&str>, after: Option<Duration>, now: Instant, rng: &mut impl Rng) {
        let why = format!("the subscription ended: {}", reason.unwrap_or("without a reason"));
        match reason {
            Some("rejected" | "noresource" | "invariant") => self.stop(why),
            // `retry-after` has no meaning with these two: again at once, which for us is the shortest wait.
            Some("deactivated" | "timeout") => self.fail(why, None, now, rng),
            _ => self.fail(why, after, now, rng),
        }
    }

    /// When `handle_timeout` is wanted next.
    pub fn next_timeout(&self) -> Option<Instant> {
        [self.notify_by, self.due, self.until].into_iter().flatten().min()
    }

    /// Does what is due: a refresh, another try, or giving up the wait for a NOTIFY.
    pub fn handle_timeout(&mut self, now: Instant, rng: &mut impl Rng) -> Option<Request> {
        let is_due = |at: Option<Instant>| at.is_some_and(|at| at <= now);
        if is_due(self.notify_by) {
            //= RFC 6665 §4.1.2.4: without a NOTIFY there is no subscription
            if self.wanted {
                self.fail("no notification came".to_owned(), None, now, rng);
            } else {
                self.over(State::Off);
            }
        } else if is_due(self.until) {
            self.fail("it ran out".to_owned(), None, now, rng);
        }
        if !is_due(self.due) {
            return None;
        }
        self.due = None;
        if self.pending.is_some() || !self.wanted {
            return None;
        }
        if self.state == State::Waiting {
            self.state = State::Subscribing;
        }
        Some(self.again(now))
    }

    fn grant(&mut self, seconds: u32, now: Instant, rng: &mut impl Rng) {
        self.until = Some(now + Duration::from_secs(seconds.into()));
        self.due = Some(now + refresh_after(seconds, rng));
    }

    /// Over for now; anew after `at_least`, or later, each time more patiently.
    fn fail(&mut self, why: String, at_least: Option<Duration>, now: Instant, rng: &mut impl Rng) {
        self.over(State::Waiting);
        let wait = self.patience.wait(at_least, rng);
        self.due = Some(now + wait);
        self.why = Some(why);
        //= RFC 6665 §4.1.2.2: a new subscription has a Call-ID and a tag of its own
        self.call_id = ident::call_id(rng, "");
        self.from_tag = ident::tag(rng);
    }

    fn over(&mut self, state: State) {
        self.state = state;
        self.dialog = None;
        self.notified = false;
        self.pending = None;
        self.notify_by = None;
        self.until = None;
        self.due = None;
        self.why = None;
    }

    fn over_as(&mut self, state: State) -> Verdict {
        self.over(state);
        Verdict::Waiting
    }
}

#[cfg(test)]
mod tests;
