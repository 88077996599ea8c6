//! The publication of our own state at an event server: RFC 3903 §4, as a machine.

use crate::sip::event::Package;
use crate::sip::ident;
use crate::sip::message::{HeaderName, Method, Request, Response};
use crate::sip::patience::{Lifetime, Patience, refresh_after, retry_after};
use rand::Rng;
use rand::rngs::StdRng;
use std::time::{Duration, Instant};

/// Longest first wait before another try, at least half of it; and the longest a server may ask for.
const RETRY_FIRST: Duration = Duration::from_secs(8);
const RETRY_AFTER_MOST: Duration = Duration::from_secs(86_400);

/// What an answer to a PUBLISH comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing to do.
    Waiting,
    /// 401 or 407: send `again` with credentials, or `stop`.
    Challenged,
    /// Send `again` at once: the state has changed meanwhile, is unknown to the server (412), or wants longer (423).
    Again,
    /// Failed; tried again later if `next_timeout` says so.
    Failed,
}

/// The PUBLISH without a final answer.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Pending {
    cseq: u32,
    /// What it tells; `None` removes.
    state: Option<String>,
    conditional: bool,
}

/// The machine. It makes requests; Via, Route and credentials are the sender's.
#[derive(Debug)]
pub struct Publication {
    uri: String,
    from: String,
    package: Package,
    call_id: String,
    from_tag: String,
    cseq: u32,
    lifetime: Lifetime,
    /// What the server names our state by; `None` = it has none.
    etag: Option<String>,
    /// What is to be told; `None` = nothing.
    wanted: Option<String>,
    /// What the server has been told.
    told: Option<String>,
    pending: Option<Pending>,
    due: Option<Instant>,
    patience: Patience,
    why: Option<String>,
}

impl Publication {
    /// Of nothing yet; `uri` is our AOR, `from` the same as From has it, without a tag.
    pub fn new(uri: String, from: String, package: Package, rng: &mut StdRng) -> Publication {
        Publication {
            uri,
            from,
            package,
            call_id: ident::call_id(rng, ""),
            from_tag: ident::tag(rng),
            cseq: ident::cseq(rng),
            lifetime: Lifetime::new(package.expires_s()),
            etag: None,
            wanted: None,
            told: None,
            pending: None,
            due: None,
            patience: Patience::new(RETRY_FIRST, RETRY_AFTER_MOST),
            why: None,
        }
    }

    /// Why it has failed or stopped, in words; foreign text.
    pub fn why(&self) -> Option<&str> {
        self.why.as_deref()
    }

    /// Tells this state, a document; `None` while another PUBLISH is under way, if the server has it already, or while
    /// a failure is waited out.
    pub fn publish(&mut self, state: &str) -> Option<Request> {
        if self.wanted.as_deref() == Some(state) {
            return None;
        }
        let waits_out = self.why.is_some();
        self.wanted = Some(state.to_owned());
        if self.pending.is_some() || waits_out { None } else { Some(self.again()) }
    }

    /// Takes it back; `None` if the server has nothing, or while another PUBLISH is under way: then its answer decides.
    pub fn withdraw(&mut self) -> Option<Request> {
        self.wanted = None;
        self.due = None;
        self.why = None;
        if self.pending.is_some() || self.etag.is_none() { None } else { Some(self.again()) }
    }

    /// Asks soon whether the server still has it: a 412 says that it has not.
    pub fn refresh_soon(&mut self, now: Instant) {
        if let Some(due) = self.due.as_mut() {
            *due = (*due).min(now + RETRY_FIRST);
        }
    }

    /// The wish once more, with the next CSeq number.
    pub fn again(&mut self) -> Request {
        self.cseq = self.cseq.saturating_add(1);
        let mut request = Request::new(Method::Publish, self.uri.clone());
        let expires = if self.wanted.is_some() { self.lifetime.asked_s() } else { 0 };
        for (name, value) in [
            (HeaderName::MaxForwards, "70".to_owned()),
            (HeaderName::From, format!("{};tag={}", self.from, self.from_tag)),
            (HeaderName::To, format!("<{}>", self.uri)),
            (HeaderName::CallId, self.call_id.clone()),
            (HeaderName::CSeq, format!("{} PUBLISH", self.cseq)),
            (HeaderName::Event, self.package.token().to_owned()),
            (HeaderName::Expires, expires.to_string()),
        ] {
            request.headers.push(name, value);
        }
        //= RFC 3903 §4.1: the entity-tag ties a refresh, a change or a removal to what the server has
        if let Some(etag) = &self.etag {
            request.headers.push(HeaderName::SipIfMatch, etag.as_str());
        }
        let refreshes = self.etag.is_some() && self.told == self.wanted;
        //= RFC 3903 §4.3, §4.5: a refresh and a removal have no body
        if let Some(state) = self.wanted.as_ref().filter(|_| !refreshes) {
            request.headers.push(HeaderName::ContentType, self.package.media_type());
            request.body = state.clone().into_bytes();
        }
        self.due = None;
        self.pending = Some(Pending { cseq: self.cseq, state: self.wanted.clone(), conditional: self.etag.is_some() });
        request
    }

    /// Takes in a response.
    pub fn receive(&mut self, response: &Response, now: Instant, rng: &mut impl Rng) -> Verdict {
        let number = response.headers.cseq().ok().flatten().map(|cseq| cseq.number);
        let ours = |pending: &mut Pending| Some(pending.cseq) == number && !response.status.is_provisional();
        let Some(pending) = self.pending.take_if(ours) else { return Verdict::Waiting };
        match response.status.0 {
            200..=299 => self.accepted(pending, response, now, rng),
            401 | 407 => Verdict::Challenged,
            //= RFC 3903 §4.4: what the entity-tag named is gone: begin anew
            412 if pending.conditional => {
                self.forget();
                if self.wanted.is_some() { Verdict::Again } else { Verdict::Waiting }
            }
            423 if self.wanted.is_some() && self.lifetime.lengthen(response) => Verdict::Again,
            _ if self.wanted.is_none() => {
                self.forget();
                Verdict::Waiting
            }
            status => {
                let why = format!("{status} {}", response.reason);
                match status {
                    //= RFC 3903 §6: not for us, or not this package
                    403 | 404 | 405 | 415 | 489 | 501 | 603 | 604 => self.stop(why),
                    _ => self.fail(why, retry_after(response), now, rng),
                }
                Verdict::Failed
            }
        }
    }

    fn accepted(&mut self, pending: Pending, response: &Response, now: Instant, rng: &mut impl Rng) -> Verdict {
        self.patience.reset();
        self.why = None;
        if pending.state.is_none() {
            self.forget();
            return if self.wanted.is_some() { Verdict::Again } else { Verdict::Waiting };
        }
        //= RFC 3903 §4.1: every 2xx names the state anew
        self.etag = response.headers.text(&HeaderName::SipEtag).filter(|etag| etag.len() <= 256);
        self.told = pending.state;
        if self.told != self.wanted {
            return if self.wanted.is_some() || self.etag.is_some() { Verdict::Again } else { Verdict::Waiting };
        }
        let granted_s = self.lifetime.granted_s(response.headers.expires().ok().flatten());
        self.due = Some(now + refresh_after(granted_s, rng));
        Verdict::Waiting
    }

    /// The PUBLISH got no final response.
    pub fn unanswered(&mut self, why: &str, now: Instant, rng: &mut impl Rng) {
        if self.pending.take().is_none() {
            return;
        }
        if self.wanted.is_some() {
            self.fail(why.to_owned(), None, now, rng);
        } else {
            self.forget();
        }
    }

    /// No more tries until it is withdrawn.
    pub fn stop(&mut self, why: String) {
        self.forget();
        self.due = None;
        self.why = Some(why);
    }

    /// When `handle_timeout` is wanted next.
    pub fn next_timeout(&self) -> Option<Instant> {
        self.due
    }

    /// Does what is due: a refresh or another try.
    pub fn handle_timeout(&mut self, now: Instant) -> Option<Request> {
        self.due.take_if(|due| *due <= now)?;
        (self.pending.is_none() && self.wanted.is_some()).then(|| self.again())
    }

    fn fail(&mut self, why: String, at_least: Option<Duration>, now: Instant, rng: &mut impl Rng) {
        self.due = now.checked_add(self.patience.wait(at_least, rng));
        self.why = Some(why);
    }

    fn forget(&mut self) {
        self.etag = None;
        self.told = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sip::message::StatusCode;
    use rand::SeedableRng;

    struct Stage {
        machine: Publication,
        now: Instant,
        rng: StdRng,
    }

    #[allow(clippy::disallowed_methods)] // A moment to count from.
    fn stage() -> Stage {
        let mut rng = StdRng::seed_from_u64(1);
        let (uri, from) = ("sip:al@example.net".to_owned(), "<sip:al@example.net>".to_owned());
        Stage { machine: Publication::new(uri, from, Package::Presence, &mut rng), now: Instant::now(), rng }
    }

    impl Stage {
        fn answer(&mut self, sent: &Request, status: u16, headers: &[(HeaderName, &str)]) -> Verdict {
            let mut response = Response::to_request(sent, StatusCode(status), Some("s"));
            headers.iter().for_each(|(name, value)| response.headers.push(name.clone(), *value));
            self.machine.receive(&response, self.now, &mut self.rng)
        }

        fn ok(&mut self, sent: &Request, etag: &str) -> Verdict {
            self.answer(sent, 200, &[(HeaderName::SipEtag, etag), (HeaderName::Expires, "3600")])
        }

        /// Moves to the next time-out.
        fn next(&mut self) -> (Duration, Option<Request>) {
            let at = self.machine.next_timeout().expect("something is due");
            let after = at - self.now;
            self.now = at;
            (after, self.machine.handle_timeout(at))
        }
    }

    fn text(request: &Request, name: HeaderName) -> Option<String> {
        request.headers.text(&name)
    }

    //= RFC 3903 §4.1
    #[test]
    fn the_four_kinds_of_a_publication() {
        let mut stage = stage();
        let first = stage.machine.publish("open").expect("at rest");
        assert_eq!((first.method.clone(), first.body.as_slice()), (Method::Publish, &b"open"[..]));
        assert_eq!(text(&first, HeaderName::Event).as_deref(), Some("presence"));
        assert_eq!(text(&first, HeaderName::ContentType).as_deref(), Some("application/pidf+xml"));
        assert_eq!(text(&first, HeaderName::SipIfMatch), None);
        assert_eq!(stage.ok(&first, "e1"), Verdict::Waiting);
        assert_eq!(stage.machine.publish("open"), None, "known");
        let (after, refresh) = stage.next();
        assert!((2700..3240).contains(&after.as_secs()), "{after:?}");
        let refresh = refresh.expect("a refresh");
        assert_eq!((text(&refresh, HeaderName::SipIfMatch).as_deref(), refresh.body.len()), (Some("e1"), 0));
        stage.ok(&refresh, "e2");
        let change = stage.machine.publish("busy").expect("nothing under way");
        assert_eq!(
            (text(&change, HeaderName::SipIfMatch).as_deref(), change.body.as_slice()),
            (Some("e2"), &b"busy"[..])
        );
        stage.ok(&change, "e3");
        let removal = stage.machine.withdraw().expect("there is something");
        assert_eq!((text(&removal, HeaderName::Expires).as_deref(), removal.body.len()), (Some("0"), 0));
        assert_eq!(text(&removal, HeaderName::SipIfMatch).as_deref(), Some("e3"));
        stage.answer(&removal, 200, &[]);
        assert_eq!((stage.machine.withdraw(), stage.machine.next_timeout()), (None, None));
    }

    #[test]
    fn a_change_meanwhile_follows_the_answer() {
        let mut stage = stage();
        let first = stage.machine.publish("open").expect("at rest");
        assert_eq!(stage.machine.publish("busy"), None);
        assert_eq!(stage.machine.publish("away"), None);
        assert_eq!(stage.ok(&first, "e1"), Verdict::Again);
        let second = stage.machine.again();
        assert_eq!(second.body, b"away");
        assert_eq!(stage.machine.withdraw(), None);
        assert_eq!(stage.ok(&second, "e2"), Verdict::Again);
        assert_eq!(text(&stage.machine.again(), HeaderName::Expires).as_deref(), Some("0"));
    }

    //= RFC 3903 §4.4
    #[test]
    fn a_state_the_server_has_forgotten_is_told_anew() {
        let mut stage = stage();
        let first = stage.machine.publish("open").expect("at rest");
        stage.ok(&first, "e1");
        let (_, refresh) = stage.next();
        assert_eq!(stage.answer(&refresh.expect("a refresh"), 412, &[]), Verdict::Again);
        let anew = stage.machine.again();
        assert_eq!((text(&anew, HeaderName::SipIfMatch), anew.body.as_slice()), (None, &b"open"[..]));
        // To what names nothing, 412 makes no sense and no loop.
        assert_eq!(stage.answer(&anew, 412, &[]), Verdict::Failed);
        assert!(stage.machine.next_timeout().is_some_and(|at| at - stage.now >= RETRY_FIRST / 2));
    }

    #[test]
    fn refusals_stop_or_are_waited_out() {
        for (status, again) in
            [(403, false), (404, false), (405, false), (489, false), (503, true), (408, true), (480, true)]
        {
            let mut stage = stage();
            let sent = stage.machine.publish("open").expect("at rest");
            assert_eq!(stage.answer(&sent, status, &[(HeaderName::RetryAfter, "60")]), Verdict::Failed, "{status}");
            let wait = stage.machine.next_timeout().map(|at| at - stage.now);
            assert_eq!(wait.is_some_and(|wait| wait >= Duration::from_secs(60)), again, "{status}");
            assert_eq!(stage.machine.publish("busy"), None, "{status}: a change waits");
            if again {
                assert_eq!(stage.next().1.map(|request| request.body), Some(b"busy".to_vec()), "{status}");
            }
        }
    }

    #[test]
    fn silence_and_min_expires() {
        let mut stage = stage();
        let mut sent = stage.machine.publish("open").expect("at rest");
        for round in 0..10_u32 {
            stage.machine.unanswered("no answer", stage.now, &mut stage.rng);
            let (after, next) = stage.next();
            let most = (RETRY_FIRST * (1 << round.min(7))).min(Duration::from_secs(600));
            assert!(after >= most / 2 && after < most, "{round}: {after:?}");
            sent = next.expect("another try");
        }
        assert_eq!(stage.answer(&sent, 423, &[(HeaderName::MinExpires, "7200")]), Verdict::Again);
        let longer = stage.machine.again();
        assert_eq!(text(&longer, HeaderName::Expires).as_deref(), Some("7200"));
        assert_eq!(stage.answer(&longer, 423, &[(HeaderName::MinExpires, "4294967295")]), Verdict::Failed);
    }
}
