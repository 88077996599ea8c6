//! The registration of one AOR at its registrar: RFC 3261 §10.2, as a machine.

mod granted;

pub use granted::Granted;

use crate::sip::header::NameAddr;
use crate::sip::message::{HeaderName, Method, Request, Response};
use crate::sip::patience::{Lifetime, Patience, refresh_after, retry_after};
use rand::Rng;
use std::time::{Duration, Instant};

/// Longest first wait before a failed registration is tried again, at least half of it; and the longest a registrar may
/// wish for with Retry-After.
const RETRY_FIRST: Duration = Duration::from_secs(10);
const RETRY_AFTER_MOST: Duration = Duration::from_secs(3600);
/// The same after the path of a binding has ended, and how long a binding stands before its loss counts as the first.
const CUT_OFF_FIRST: Duration = Duration::from_secs(1);
const STEADY: Duration = Duration::from_secs(120);

/// What does not change from one REGISTER to the next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    /// Request-URI, `sip:example.net`.
    pub registrar: String,
    /// From and To, `"Bob" <sip:bob@example.net>`, without a tag.
    pub address: String,
    /// Tag of From.
    pub from_tag: String,
    /// Call-ID, the same for every REGISTER of this run.
    pub call_id: String,
    /// The wished lifetime in seconds.
    pub expires_s: u32,
}

/// Where the registration stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Not registered, nothing under way.
    Off,
    /// A REGISTER is under way, or about to be.
    Registering,
    /// The registrar holds our binding.
    Registered {
        /// Until then.
        until: Instant,
    },
    /// A REGISTER with Expires: 0 is under way.
    Unregistering,
    /// Refused or unanswered.
    Failed,
}

/// What an answer to a REGISTER comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing to do: a provisional response, or one we no longer wait for.
    Waiting,
    /// The binding stands.
    Registered,
    /// The binding is gone, as wished.
    Unregistered,
    /// 401 or 407: send again with credentials (`again`), or `fail`.
    Challenged,
    /// Send again at once (`again`): 423 with a lifetime we can live with, 439, or the wish has changed meanwhile.
    Again,
    /// Refused; tried again later if `next_timeout` says so, never by itself otherwise.
    Failed,
}

/// The machine. It makes requests; Via, credentials, and Contact if there is none, are the sender's.
#[derive(Debug)]
pub struct Registration {
    binding: Binding,
    cseq: u32,
    lifetime: Lifetime,
    state: State,
    granted: Granted,
    /// The registrar wants nothing to do with `reg-id`.
    no_outbound: bool,
    retries: Patience,
    /// Since when the binding has stood.
    since: Option<Instant>,
    cuts: Patience,
    /// The network is away.
    suspended: bool,
    due: Option<Instant>,
    /// We want a binding; the request under way may still say otherwise.
    wanted: bool,
    /// The registrar may hold a binding of ours.
    bound: bool,
    /// Whoever made them: every binding is to go.
    every: bool,
    pending: Option<Pending>,
}

/// The REGISTER without a final answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pending {
    Register,
    Leave,
}

impl Registration {
    /// At rest; `cseq` is the number before the first one used.
    pub fn new(binding: Binding, cseq: u32) -> Registration {
        Registration {
            lifetime: Lifetime::new(binding.expires_s),
            binding,
            cseq,
            state: State::Off,
            granted: Granted::default(),
            no_outbound: false,
            retries: Patience::new(RETRY_FIRST, RETRY_AFTER_MOST),
            since: None,
            cuts: Patience::new(CUT_OFF_FIRST, RETRY_AFTER_MOST),
            suspended: false,
            due: None,
            wanted: false,
            bound: false,
            every: false,
            pending: None,
        }
    }

    /// Where it stands.
    pub fn state(&self) -> State {
        self.state
    }

    /// The binding is in force.
    pub fn is_registered(&self) -> bool {
        matches!(self.state, State::Registered { .. })
    }

    /// The terms of the binding, as last granted; the last known ones after a failure.
    pub fn granted(&self) -> &Granted {
        &self.granted
    }

    /// The Contact of a REGISTER may bear `reg-id` (RFC 5626 §4.2).
    pub fn offers_outbound(&self) -> bool {
        !self.no_outbound
    }

    /// Begins, or refreshes; `None` while another REGISTER is under way: what that one leaves to do follows its answer.
    /// A standing binding stays `Registered` until the answer says otherwise.
    pub fn register(&mut self) -> Option<Request> {
        self.due = None;
        self.suspended = false;
        self.wanted = true;
        self.every = false;
        if !self.is_registered() {
            self.state = State::Registering;
        }
        self.next()
    }

    /// Gives the binding back; `None` if there is none, or while another REGISTER is under way: then its answer decides.
    pub fn unregister(&mut self) -> Option<Request> {
        self.due = None;
        self.wanted = false;
        if !self.bound && self.pending.is_none() {
            self.state = State::Off;
            return None;
        }
        self.state = State::Unregistering;
        self.next()
    }

    /// Gives back, without waiting for the answer under way, what it may still bind: for when there is no more time.
    /// `None` if no REGISTER for a binding is under way.
    pub fn leave_now(&mut self) -> Option<Request> {
        let may_bind = self.pending == Some(Pending::Register);
        self.wanted = false;
        may_bind.then(|| self.again())
    }

    /// Removes every binding of the address, also those of other phones; `None` while another REGISTER is under way.
    pub fn unregister_all(&mut self) -> Option<Request> {
        self.every = true;
        self.bound = true;
        self.unregister()
    }

    /// The wish once more, with the next CSeq number (after a challenge, a 423, or a change of mind).
    pub fn again(&mut self) -> Request {
        let wish = (Pending::Register, self.lifetime.asked_s());
        let (pending, expires_s) = if self.wanted { wish } else { (Pending::Leave, 0) };
        self.pending = Some(pending);
        self.request(expires_s)
    }

    fn next(&mut self) -> Option<Request> {
        //= RFC 3261 §10.2: no new REGISTER before the final answer to the one before
        if self.pending.is_some() { None } else { Some(self.again()) }
    }

    /// Takes in a response. `is_ours` finds our own Contact among the bindings it lists.
    pub fn receive(
        &mut self,
        response: &Response,
        is_ours: impl Fn(&NameAddr) -> bool,
        now: Instant,
        rng: &mut impl Rng,
    ) -> Verdict {
        let number = response.headers.cseq().ok().flatten().map(|cseq| cseq.number);
        if response.status.is_provisional() || number != Some(self.cseq) {
            return Verdict::Waiting;
        }
        let Some(pending) = self.pending.take() else { return Verdict::Waiting };
        match (response.status.0, pending) {
            (200..=299, Pending::Leave) => {
                self.bound = false;
                self.granted = Granted::default();
                if self.wanted {
                    return Verdict::Again;
                }
                self.state = State::Off;
                Verdict::Unregistered
            }
            (200..=299, Pending::Register) => {
                self.bound = true;
                if !self.wanted {
                    return Verdict::Again;
                }
                self.accept(response, is_ours, now, rng);
                Verdict::Registered
            }
            (401 | 407, _) if !self.wanted && !self.bound => {
                self.state = State::Off;
                Verdict::Unregistered
            }
            (401 | 407, _) => Verdict::Challenged,
            (423, Pending::Register) if self.wanted && self.lifetime.lengthen(response) => Verdict::Again,
            //= RFC 5626 §4.2.1: the first hop cannot keep paths apart; registered without, then
            (439, Pending::Register) if self.wanted && !self.no_outbound => {
                self.no_outbound = true;
                Verdict::Again
            }
            //= RFC 3261 §21.4.4: the same request is refused for ever
            (403, _) => {
                let bound = self.bound && self.wanted;
                self.give_up();
                self.bound = bound;
                Verdict::Failed
            }
            _ => {
                self.fail(retry_after(response), now, rng);
                Verdict::Failed
            }
        }
    }

    /// No registration for now: refused or unanswered. Tried again after `at_least`, or later, each time more patiently.
    pub fn fail(&mut self, at_least: Option<Duration>, now: Instant, rng: &mut impl Rng) {
        self.pending = None;
        if !self.wanted {
            self.bound = false;
            self.state = State::Off;
            return;
        }
        self.state = State::Failed;
        self.due = now.checked_add(self.retries.wait(at_least, rng));
    }

    /// The path the binding was made over has ended: nobody reaches us by it. Registered anew soon at first, more
    /// patiently while that keeps happening. False if there was no binding, or the REGISTER under way decides.
    pub fn cut_off(&mut self, now: Instant, rng: &mut impl Rng) -> bool {
        let State::Registered { .. } = self.state else { return false };
        if self.pending.is_some() {
            return false;
        }
        if self.since.is_some_and(|since| now.saturating_duration_since(since) >= STEADY) {
            self.cuts.reset();
        }
        self.state = State::Failed;
        self.due = now.checked_add(self.cuts.wait(None, rng));
        true
    }

    /// Nothing can be reached for now: waits, for [`start_over`](Self::start_over). False if it did not stand or was not
    /// about to.
    pub fn suspend(&mut self) -> bool {
        if !self.wanted || !self.is_alive() {
            return false;
        }
        self.pending = None;
        self.due = None;
        self.suspended = true;
        self.state = State::Failed;
        true
    }

    /// The paths are others than before: what is wanted is asked for anew, whatever is under way. `None` if nothing is
    /// wanted, or if it was refused for good.
    pub fn start_over(&mut self) -> Option<Request> {
        if !self.wanted || !self.is_alive() {
            return None;
        }
        self.pending = None;
        self.due = None;
        self.suspended = false;
        self.retries.reset();
        if !self.is_registered() {
            self.state = State::Registering;
        }
        Some(self.again())
    }

    /// The next REGISTER has this From and asks for so many seconds.
    pub fn rebind(&mut self, address: String, expires_s: u32) {
        self.binding.address = address;
        if self.binding.expires_s != expires_s {
            self.binding.expires_s = expires_s;
            self.lifetime = Lifetime::new(expires_s);
        }
    }

    /// What was refused for good may be asked for again, by [`start_over`](Self::start_over). False if no binding is wanted.
    pub fn revive(&mut self) -> bool {
        self.suspended |= self.wanted && !self.is_alive();
        self.wanted
    }

    /// It stands, is asked for, or will be.
    fn is_alive(&self) -> bool {
        self.is_registered() || self.pending.is_some() || self.due.is_some() || self.suspended
    }

    /// Not tried again by itself: what was refused is refused again.
    pub fn give_up(&mut self) {
        self.due = None;
        self.pending = None;
        self.bound = false;
        self.state = if self.wanted { State::Failed } else { State::Off };
    }

    /// `register` is about to be called; what was due is not due any more.
    pub fn put_off(&mut self) {
        self.due = None;
    }

    /// When `register` is to be called: a refresh or another try.
    pub fn next_timeout(&self) -> Option<Instant> {
        self.due
    }

    /// True once the time of `next_timeout` has come.
    pub fn is_due(&self, now: Instant) -> bool {
        self.due.is_some_and(|due| due <= now)
    }

    fn accept(&mut self, response: &Response, is_ours: impl Fn(&NameAddr) -> bool, now: Instant, rng: &mut impl Rng) {
        if !self.is_registered() || self.since.is_none() {
            self.since = Some(now);
        }
        self.retries.reset();
        self.granted = Granted::read(response, is_ours, &mut self.lifetime);
        let granted_s = self.granted.expires_s;
        self.state = State::Registered { until: now + Duration::from_secs(granted_s.into()) };
        self.due = Some(now + refresh_after(granted_s, rng));
    }

    fn request(&mut self, expires_s: u32) -> Request {
        let Binding { registrar, address, from_tag, call_id, .. } = &self.binding;
        self.cseq = self.cseq.saturating_add(1);
        let mut request = Request::new(Method::Register, registrar.clone());
        request.headers.push(HeaderName::MaxForwards, "70");
        request.headers.push(HeaderName::From, format!("{address};tag={from_tag}"));
        request.headers.push(HeaderName::To, address.as_str());
        request.headers.push(HeaderName::CallId, call_id.as_str());
        request.headers.push(HeaderName::CSeq, format!("{} REGISTER", self.cseq));
        request.headers.push(HeaderName::Expires, expires_s.to_string());
        if self.every && expires_s == 0 {
            //= RFC 3261 §10.2.2: `*` stands for every binding, and goes with a lifetime of zero alone
            request.headers.push(HeaderName::Contact, "*");
        }
        request
    }
}

#[cfg(test)]
mod tests;
