//! What a referrer is owed: the subscription that a REFER founds at its receiver (RFC 3515 §2.4, RFC 6665 §4.2).

use super::message::{Request, StatusCode};
use super::refer::Progress;
use std::time::{Duration, Instant};

/// How long it lasts unless the referrer asks for more: longer than any phone rings.
const LASTS: Duration = Duration::from_secs(300);
/// Longest time a referrer is granted, in seconds.
const LONGEST_S: u32 = 3600;
/// Most times the same news is told again.
const MAX_RETELLINGS: u8 = 5;

/// What a NOTIFY says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Event.
    pub event: String,
    /// Subscription-State.
    pub state: String,
    /// The body.
    pub progress: Progress,
}

/// The news of a call that somebody else asked for. It makes no request: `next` says what the NOTIFY tells.
#[derive(Debug)]
pub struct News {
    /// The number of the REFER, which names the subscription.
    id: u32,
    wanted: bool,
    known: Progress,
    /// A person has not consented yet.
    pending: bool,
    declined: bool,
    told: Option<StatusCode>,
    /// A NOTIFY is under way: the next waits, so that they arrive in order.
    busy: bool,
    /// The referrer asked anew.
    asked: bool,
    /// The referrer wants no more.
    dropped: bool,
    /// The last news is out.
    ended: bool,
    retellings: u8,
    until: Instant,
}

impl News {
    /// Of the REFER with this number; `wanted`: the referrer is to be told. `pending`: a person is asked first.
    pub fn new(id: u32, wanted: bool, pending: bool, now: Instant) -> News {
        News {
            id,
            wanted,
            known: Progress::of(100),
            pending,
            declined: false,
            told: None,
            busy: false,
            asked: false,
            dropped: false,
            ended: false,
            retellings: 0,
            until: now + LASTS,
        }
    }

    /// The call has come so far.
    pub fn learn(&mut self, progress: Progress) {
        self.pending = false;
        self.known = progress;
    }

    /// The person does not consent, or nobody did in time: there is no call.
    pub fn decline(&mut self, status: u16) {
        self.declined = true;
        self.learn(Progress::of(status));
    }

    /// The last status.
    pub fn status(&self) -> StatusCode {
        self.known.status
    }

    /// The outcome is known, and the referrer knows it as far as it wants to.
    pub fn is_settled(&self) -> bool {
        self.known.status.is_final() && !self.is_owed()
    }

    /// Something is still to be told, or on its way.
    pub fn is_owed(&self) -> bool {
        self.wanted && (!self.ended || self.busy)
    }

    /// When `next` has something to say whatever else happens.
    pub fn next_timeout(&self) -> Option<Instant> {
        (self.wanted && !self.busy && !self.ended).then_some(self.until)
    }

    /// What is to be told now, if anything; its answer is waited for before the next.
    pub fn next(&mut self, now: Instant) -> Option<Notice> {
        let is_final = self.known.status.is_final();
        let is_last = is_final || self.dropped || self.until <= now;
        let is_new = is_last || self.asked || self.told.is_none_or(|told| self.known.status > told);
        if !self.wanted || self.busy || self.ended || !is_new {
            return None;
        }
        (self.busy, self.asked, self.ended) = (true, false, is_last);
        self.told = Some(self.known.status);
        let left = self.until.saturating_duration_since(now).as_secs();
        let state = match (is_last, is_final) {
            //= RFC 6665 §4.1.3
            (true, true) if self.declined => "terminated;reason=rejected".to_owned(),
            //= RFC 3515 §2.4.5: the last news ends the subscription
            (true, true) => "terminated;reason=noresource".to_owned(),
            (true, false) => "terminated;reason=timeout".to_owned(),
            //= RFC 3515 §2.4.4: until a person has decided
            (false, _) if self.pending => format!("pending;expires={left}"),
            (false, _) => format!("active;expires={left}"),
        };
        Some(Notice { event: format!("refer;id={}", self.id), state, progress: self.known.clone() })
    }

    /// A NOTIFY of ours was answered, or never will be (`None`).
    pub fn answered(&mut self, status: Option<StatusCode>) {
        self.busy = false;
        match status.map_or(408, |status| status.0) {
            200..=299 => self.retellings = 0,
            //= RFC 6665 §4.2.2: these, and none at all, end a subscription
            401 | 404 | 405 | 407 | 408 | 410 | 416 | 480..=485 | 489 | 501 | 604 => self.wanted = false,
            // Overtaken by another request of ours, for one: told again.
            _ => {
                (self.told, self.ended) = (None, false);
                self.retellings += 1;
                self.wanted = self.retellings <= MAX_RETELLINGS;
            }
        }
    }

    /// A SUBSCRIBE in its dialog: asks for more time, or for no more news. The seconds granted.
    ///
    /// # Errors
    /// The status it is refused with.
    pub fn subscribed(&mut self, request: &Request, now: Instant) -> Result<u32, StatusCode> {
        let event = request.headers.event().map_err(|_| StatusCode(400))?;
        //= RFC 6665 §4.2.1.1
        let event = event.filter(|event| event.value.eq_ignore_ascii_case("refer")).ok_or(StatusCode(489))?;
        //= RFC 3515 §2.4.6
        let named = event.params.value("id").is_none_or(|id| id.parse() == Ok(self.id));
        if !named || !self.wanted || self.ended {
            return Err(StatusCode(481));
        }
        let wished = request.headers.expires().map_err(|_| StatusCode(400))?;
        let granted = wished.map_or(LASTS.as_secs().try_into().unwrap_or(LONGEST_S), |wished| wished.min(LONGEST_S));
        match granted {
            0 => self.dropped = true,
            _ => {
                self.until = now + Duration::from_secs(granted.into());
                //= RFC 6665 §4.2.1.2: the state is told at once
                self.asked = true;
            }
        }
        Ok(granted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sip::message::{HeaderName, Method};

    #[allow(clippy::disallowed_methods)]
    fn news() -> (News, Instant) {
        let now = Instant::now();
        (News::new(7, true, false, now), now)
    }

    fn told(news: &mut News, now: Instant) -> Option<(u16, String)> {
        let notice = news.next(now)?;
        assert_eq!((notice.event.as_str(), news.next(now)), ("refer;id=7", None), "one at a time");
        news.answered(Some(StatusCode(200)));
        Some((notice.progress.status.0, notice.state))
    }

    fn subscribe(event: &str, expires: Option<&str>) -> Request {
        let mut request = Request::new(Method::Subscribe, "sip:a@b");
        request.headers.push(HeaderName::Event, event);
        expires.into_iter().for_each(|seconds| request.headers.push(HeaderName::Expires, seconds));
        request
    }

    //= RFC 3515 §2.4.4, §2.4.5
    #[test]
    fn each_step_is_told_once_and_the_last_ends_it() {
        let (mut news, now) = news();
        assert_eq!(told(&mut news, now), Some((100, "active;expires=300".into())));
        assert_eq!(told(&mut news, now), None);
        for (status, told_as) in [(183, Some(183)), (180, None), (200, Some(200))] {
            news.learn(Progress::of(status));
            let state = if status == 200 { "terminated;reason=noresource" } else { "active;expires=300" };
            assert_eq!(told(&mut news, now), told_as.map(|status| (status, state.to_owned())));
        }
        assert!(news.is_settled() && news.next_timeout().is_none());
    }

    //= RFC 3515 §2.4.4, RFC 6665 §4.1.3
    #[test]
    fn a_person_who_is_asked_makes_it_pending() {
        let (_, now) = news();
        for (declines, state) in [(true, "terminated;reason=rejected"), (false, "active;expires=300")] {
            let mut news = News::new(7, true, true, now);
            assert_eq!(told(&mut news, now), Some((100, "pending;expires=300".into())));
            if declines {
                news.decline(603)
            } else {
                news.learn(Progress::of(180))
            }
            let status = if declines { 603 } else { 180 };
            assert_eq!(told(&mut news, now), Some((status, state.into())));
            assert_eq!(news.is_settled(), declines);
        }
    }

    //= RFC 3515 §2.4.6, RFC 6665 §4.2.1
    #[test]
    fn a_referrer_may_ask_for_more_and_for_no_more() {
        for (event, expires, granted, state) in [
            ("refer;id=7", Some("60"), Ok(60), Some("active;expires=60")),
            ("Refer", Some("100000"), Ok(3600), Some("active;expires=3600")),
            ("refer", None, Ok(300), Some("active;expires=300")),
            ("refer;id=7", Some("0"), Ok(0), Some("terminated;reason=timeout")),
            ("refer;id=8", Some("60"), Err(481), None),
            ("presence", Some("60"), Err(489), None),
        ] {
            let (mut news, now) = news();
            told(&mut news, now);
            let answer = news.subscribed(&subscribe(event, expires), now).map_err(|status| status.0);
            assert_eq!(answer, granted, "{event} {expires:?}");
            assert_eq!(told(&mut news, now), state.map(|state| (100, state.to_owned())), "{event} {expires:?}");
            assert_eq!(news.is_owed(), granted != Ok(0), "{event} {expires:?}");
        }
        let (mut news, now) = news();
        news.subscribed(&subscribe("refer", Some("60")), now).unwrap();
        assert_eq!(told(&mut news, now + Duration::from_secs(60)), Some((100, "terminated;reason=timeout".into())));
        assert_eq!(news.subscribed(&subscribe("refer", Some("60")), now), Err(StatusCode(481)), "it is over");
        assert!(!news.is_settled(), "the call is not");
    }

    //= RFC 6665 §4.2.2
    #[test]
    fn who_does_not_listen_is_not_told_for_ever() {
        for (answer, tellings) in [(Some(500), 6), (Some(481), 1), (None, 1)] {
            let (mut news, now) = news();
            let mut count = 0;
            while news.next(now).is_some() {
                count += 1;
                news.answered(answer.map(StatusCode));
            }
            assert_eq!((count, news.is_owed()), (tellings, false), "{answer:?}");
        }
    }
}
