//! The registration of one AOR at its registrar: RFC 3261 §10.2, as a machine.

use crate::sip::header::NameAddr;
use crate::sip::message::{HeaderName, Method, Request, Response};
use rand::{Rng, RngExt};
use std::time::{Duration, Instant};

/// Shortest and longest binding we believe in, whatever the registrar says, in seconds.
const EXPIRES_S: std::ops::RangeInclusive<u32> = 30..=86_400;
/// First and longest wait before a failed registration is tried again.
const RETRY_FIRST: Duration = Duration::from_secs(5);
const RETRY_MOST: Duration = Duration::from_secs(600);
/// First wait after the path of a binding has ended, and how long a binding stands before its loss counts as the first.
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
    /// Send again at once (`again`): 423 with a lifetime we can live with, or the wish has changed meanwhile.
    Again,
    /// Refused; tried again later if `next_timeout` says so.
    Failed,
}

/// The machine. It makes requests; Via, credentials, and Contact if there is none, are the sender's.
#[derive(Debug)]
pub struct Registration {
    binding: Binding,
    cseq: u32,
    expires_s: u32,
    state: State,
    failures: u32,
    /// Since when the binding has stood, and how often its path has ended before it had stood for long.
    since: Option<Instant>,
    cuts: u32,
    too_brief: u8,
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
        let expires_s = binding.expires_s.clamp(*EXPIRES_S.start(), *EXPIRES_S.end());
        Registration {
            binding,
            cseq,
            expires_s,
            state: State::Off,
            failures: 0,
            since: None,
            cuts: 0,
            too_brief: 0,
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

    /// Begins, or refreshes; `None` while another REGISTER is under way: what that one leaves to do follows its answer.
    /// A standing binding stays `Registered` until the answer says otherwise.
    pub fn register(&mut self) -> Option<Request> {
        self.due = None;
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
        let (pending, expires_s) = if self.wanted { (Pending::Register, self.expires_s) } else { (Pending::Leave, 0) };
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
            (423, Pending::Register) if self.wanted && self.lengthen(response) => Verdict::Again,
            _ => {
                let after = response.headers.retry_after().ok().flatten().map(|s| Duration::from_secs(s.into()));
                self.fail(after, now, rng);
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
        let doubled = RETRY_FIRST.saturating_mul(1 << self.failures.min(7)).min(RETRY_MOST);
        self.failures = self.failures.saturating_add(1);
        let wait = doubled.max(at_least.unwrap_or_default().min(Duration::from_secs(86_400)));
        self.due = now.checked_add(wait + wait.mul_f64(rng.random_range(0.0..0.5)));
    }

    /// The path the binding was made over has ended: nobody reaches us by it. Registered anew soon at first, more
    /// patiently while that keeps happening. False if there was no binding, or the REGISTER under way decides.
    pub fn cut_off(&mut self, now: Instant, rng: &mut impl Rng) -> bool {
        let State::Registered { .. } = self.state else { return false };
        if self.pending.is_some() {
            return false;
        }
        let stood = self.since.is_some_and(|since| now.saturating_duration_since(since) >= STEADY);
        self.cuts = if stood { 0 } else { self.cuts.saturating_add(1) };
        self.state = State::Failed;
        let wait = CUT_OFF_FIRST.saturating_mul(1 << self.cuts.min(10)).min(RETRY_MOST);
        self.due = now.checked_add(wait.mul_f64(rng.random_range(0.5..1.0)));
        true
    }

    /// Not tried again by itself: the password is wrong and stays wrong.
    pub fn give_up(&mut self) {
        self.due = None;
        self.pending = None;
        self.bound = false;
        self.state = if self.wanted { State::Failed } else { State::Off };
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
        self.failures = 0;
        self.too_brief = 0;
        let contacts = response.headers.contacts().ok();
        let ours = contacts.iter().flat_map(|list| list.list()).filter(|contact| is_ours(contact));
        //= RFC 3261 §10.2.4: the lifetime of our binding is the one the registrar states
        let granted = ours.filter_map(NameAddr::expires).max().or_else(|| response.headers.expires().ok().flatten());
        let granted = granted.unwrap_or(self.expires_s).clamp(*EXPIRES_S.start(), *EXPIRES_S.end());
        let life = Duration::from_secs(granted.into());
        self.state = State::Registered { until: now + life };
        // Between 75 % and 90 %: early enough for a lost round of retransmissions, and not all phones at once.
        self.due = Some(now + life.mul_f64(rng.random_range(0.75..0.90)));
    }

    /// 423: true if we can ask for as much as the registrar wants.
    fn lengthen(&mut self, response: &Response) -> bool {
        let least = response.headers.min_expires().ok().flatten().unwrap_or(0);
        self.too_brief = self.too_brief.saturating_add(1);
        //= RFC 3261 §10.2.8
        let sensible = least > self.expires_s && EXPIRES_S.contains(&least) && self.too_brief <= 2;
        if sensible {
            self.expires_s = least;
        }
        sensible
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
