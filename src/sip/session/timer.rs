//! Session timers (RFC 4028): what is asked for, what is agreed, when to refresh, when to give up.

use super::{Effect, End, Session};
use crate::sip::header::{Refresher, SessionExpires};
use crate::sip::message::{HeaderName, Request, Response, StatusCode};
use crate::sip::patience::retry_after;
use crate::sip::transaction::ServerId;
use std::time::{Duration, Instant};

/// The least interval anybody may ask for, in seconds (§4).
pub const MIN_INTERVAL: u32 = 90;
/// The longest least interval of others we go along with, in seconds.
const MAX_INTERVAL: u32 = 86_400;
/// Most 422s in one session.
const MAX_RAISES: u8 = 3;
/// Between a refresh that was refused and the next.
pub(super) const PAUSE: Duration = Duration::from_secs(10);
/// No refresh sooner than this after another, whatever the far end says.
const SHORTEST: Duration = Duration::from_secs(5);
/// While another change is under way.
const BUSY: Duration = Duration::from_secs(1);

/// The timer of one session.
#[derive(Debug, Default)]
pub(super) struct Timer {
    /// The interval we like, in seconds; `None` = no timer here.
    wanted: Option<u32>,
    /// The least interval that somebody on the way takes.
    least: u32,
    raises: u8,
    agreed: Option<Agreed>,
}

#[derive(Debug, Clone, Copy)]
struct Agreed {
    seconds: u32,
    /// We refresh, not the peer.
    ours: bool,
    /// `None` while a refresh is under way, or if it is the peer's.
    refresh_at: Option<Instant>,
    expires_at: Option<Instant>,
}

enum Due {
    Nothing,
    Refresh,
    Expiry,
}

/// The interval the request asks for is too short, and its sender can ask for a longer one.
pub fn is_too_brief(request: &Request) -> bool {
    let asked = request.headers.session_expires().ok().flatten();
    asked.is_some_and(|asked| asked.seconds < MIN_INTERVAL) && request.headers.supports("timer")
}

impl Timer {
    pub(super) fn new(wanted: Option<u32>) -> Timer {
        Timer { wanted, least: MIN_INTERVAL, ..Timer::default() }
    }

    /// Puts our wish into an INVITE or UPDATE.
    pub(super) fn ask(&self, request: &mut Request) {
        let Some(wanted) = self.wanted else { return };
        let seconds = self.agreed.map_or(wanted, |agreed| agreed.seconds).max(self.least);
        //= RFC 4028 §7.4: the roles stay, as the one who asks now sees them
        let refresher = self.agreed.map(|agreed| if agreed.ours { Refresher::Uac } else { Refresher::Uas });
        request.headers.set(HeaderName::SessionExpires, SessionExpires { seconds, refresher }.to_string());
        if self.least > MIN_INTERVAL {
            //= RFC 4028 §7.3: what a 422 demanded is said in every request after it
            request.headers.set(HeaderName::MinSe, self.least.to_string());
        }
    }

    /// Agrees to what the request asks for, in its 2xx.
    pub(super) fn answer(&mut self, request: &Request, response: &mut Response, now: Instant) {
        let Some(wanted) = self.wanted else { return };
        let knows = request.headers.supports("timer");
        let asked = request.headers.session_expires().ok().flatten();
        let least = request.headers.min_se().ok().flatten().unwrap_or_default().max(MIN_INTERVAL);
        //= RFC 4028 §9: we may shorten the interval, down to the least, and bring one in if the caller knows of it
        let seconds = match asked {
            Some(asked) => asked.seconds.min(wanted.max(least)),
            None if knows => wanted.max(least),
            None => return self.unmentioned(now),
        };
        //= RFC 4028 §9, table 2: the caller's choice, else the roles as they are; who knows no timer cannot refresh
        let stands = self.agreed.map(|agreed| if agreed.ours { Refresher::Uas } else { Refresher::Uac });
        let refresher = match asked.and_then(|asked| asked.refresher).or(stands) {
            _ if !knows => Refresher::Uas,
            chosen => chosen.unwrap_or(Refresher::Uac),
        };
        let agreed = SessionExpires { seconds, refresher: Some(refresher) };
        response.headers.set(HeaderName::SessionExpires, agreed.to_string());
        if knows {
            response.headers.push(HeaderName::Require, "timer");
        }
        self.agree(seconds, refresher == Refresher::Uas, now);
    }

    /// Takes up what the 2xx to a request of ours agrees to.
    pub(super) fn note(&mut self, response: &Response, now: Instant) {
        if self.wanted.is_none() {
            return;
        }
        match response.headers.session_expires().ok().flatten() {
            Some(said) => self.agree(said.seconds, said.refresher != Some(Refresher::Uas), now),
            None => self.unmentioned(now),
        }
    }

    /// A change came to pass without a word of the timer.
    fn unmentioned(&mut self, now: Instant) {
        match self.agreed {
            // Why: some far ends leave it out of a refresh or its 200, and count on.
            Some(agreed) if agreed.ours => self.agree(agreed.seconds, true, now),
            //= RFC 4028 §7.2: the session does not expire
            _ => self.agreed = None,
        }
    }

    fn agree(&mut self, seconds: u32, ours: bool, now: Instant) {
        //= RFC 4028 §7.2, §9: half the interval
        let half = Duration::from_secs(u64::from(seconds) / 2).max(SHORTEST);
        //= RFC 4028 §10: the lesser of 32 s and a third of the interval before its end
        let whole = u64::from(seconds.max(MIN_INTERVAL));
        let patience = Duration::from_secs(whole - (whole / 3).min(32));
        let refresh_at = now.checked_add(half).filter(|_| ours);
        self.agreed = Some(Agreed { seconds, ours, refresh_at, expires_at: now.checked_add(patience) });
    }

    /// A 422: takes its Min-SE as the least; false if that is past reason, or has been tried.
    pub(super) fn raise(&mut self, response: &Response) -> bool {
        let least = response.headers.min_se().ok().flatten().unwrap_or_default();
        let is_sound = self.wanted.is_some() && least > self.least && least <= MAX_INTERVAL;
        if !is_sound || self.raises >= MAX_RAISES {
            return false;
        }
        self.raises += 1;
        self.least = least;
        true
    }

    /// Refreshes at this moment, if that is ours to do.
    pub(super) fn refresh_at(&mut self, at: Instant) {
        if let Some(agreed) = self.agreed.as_mut().filter(|agreed| agreed.ours) {
            agreed.refresh_at = Some(at);
        }
    }

    /// A refresh was refused: once more in a while.
    pub(super) fn refresh_later(&mut self, response: &Response, now: Instant) {
        let wait = retry_after(response);
        //= RFC 4028 §10: the session lives on until it expires
        self.refresh_at(now + wait.unwrap_or(PAUSE).clamp(SHORTEST, Duration::from_secs(MAX_INTERVAL.into())));
    }

    fn due(&mut self, now: Instant) -> Due {
        match self.agreed.as_mut() {
            Some(agreed) if agreed.expires_at.is_some_and(|at| at <= now) => Due::Expiry,
            Some(agreed) if agreed.refresh_at.is_some_and(|at| at <= now) => {
                agreed.refresh_at = None;
                Due::Refresh
            }
            _ => Due::Nothing,
        }
    }

    pub(super) fn next_timeout(&self) -> Option<Instant> {
        let agreed = self.agreed?;
        [agreed.refresh_at, agreed.expires_at].into_iter().flatten().min()
    }
}

impl Session {
    /// Whether the interval that an INVITE or UPDATE asks for is long enough; answers 422 if it is not.
    pub(super) fn takes_interval(&mut self, server: ServerId, request: &Request) -> bool {
        let refuses = self.timer.wanted.is_some() && is_too_brief(request);
        if refuses {
            let mut response = Response::to_request(request, StatusCode(422), Some(&self.local_tag));
            //= RFC 4028 §9
            response.headers.push(HeaderName::MinSe, MIN_INTERVAL.to_string());
            self.effects.push_back(Effect::Respond(server, response));
        }
        !refuses
    }

    pub(super) fn timer_timeout(&mut self, now: Instant) {
        if !self.is_confirmed() {
            return;
        }
        match self.timer.due(now) {
            Due::Nothing => {}
            //= RFC 4028 §10: nobody refreshed the session: BYE
            Due::Expiry => self.hang_up_lost(End::Expired),
            Due::Refresh if !self.can_modify() => self.timer.refresh_at(now + BUSY),
            //= RFC 4028 §7.4: by UPDATE without an offer if the peer allows it
            Due::Refresh if self.peer_updates => self.update(),
            Due::Refresh => self.effects.push_back(Effect::Refresh),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Exchange;
    use super::super::tests::*;
    use super::*;
    use crate::sip::message::Method;
    use crate::sip::transaction::Failure;

    const ALLOWS: (HeaderName, &str) = (HeaderName::Allow, "INVITE, UPDATE");

    fn expires(value: &str) -> (HeaderName, &str) {
        (HeaderName::SessionExpires, value)
    }

    /// A caller whose INVITE got a 200 with these headers.
    fn calling(headers: &[(HeaderName, &str)]) -> Scene {
        let mut scene = Scene::caller(b"offer");
        scene.answered(200, "one", headers, b"answer");
        scene
    }

    /// Called with these headers, answered, acknowledged; and the 200.
    fn called(headers: &[(HeaderName, &str)]) -> (Scene, Response) {
        let mut scene = Scene::callee(headers, b"offer");
        scene.session.accept(b"answer".to_vec(), scene.now);
        let effects = scene.effects();
        let [Effect::Respond(_, ok)] = effects.as_slice() else { panic!("{effects:?}") };
        scene.asked(Method::Ack, &[(HeaderName::CSeq, "1 ACK")], b"");
        (scene, ok.clone())
    }

    fn sent(wishes: &[(u128, Effect)]) -> Vec<(u128, String)> {
        let word = |effect: &Effect| match effect {
            Effect::Request(_, request) => request.method.to_string(),
            Effect::Refresh => "refresh".to_owned(),
            Effect::Ended(_) => "end".to_owned(),
            other => panic!("{other:?}"),
        };
        wishes.iter().map(|(at, effect)| (*at, word(effect))).collect()
    }

    fn told(headers: &crate::sip::message::Headers, name: HeaderName) -> Option<String> {
        headers.text(&name)
    }

    //= RFC 4028 §7.1
    #[test]
    fn an_invite_asks_for_a_timer() {
        let scene = Scene::caller(b"offer");
        assert_eq!(told(&scene.invite.headers, HeaderName::SessionExpires).as_deref(), Some("1800"));
        assert_eq!(told(&scene.invite.headers, HeaderName::MinSe), None);
    }

    //= RFC 4028 §9 table 2
    #[test]
    fn what_a_call_is_answered_with() {
        let timer = (HeaderName::Supported, "timer");
        let min = (HeaderName::MinSe, "3600");
        for (headers, agreed, require) in [
            (vec![], None, false),
            (vec![timer.clone()], Some("1800;refresher=uac"), true),
            (vec![timer.clone(), min], Some("3600;refresher=uac"), true),
            (vec![timer.clone(), expires("600")], Some("600;refresher=uac"), true),
            (vec![timer.clone(), expires("600;refresher=uas")], Some("600;refresher=uas"), true),
            (vec![timer.clone(), expires("600;refresher=uac")], Some("600;refresher=uac"), true),
            (vec![timer, expires("7200")], Some("1800;refresher=uac"), true),
            // A proxy on the way asks, and the caller knows no timer.
            (vec![expires("600")], Some("600;refresher=uas"), false),
            (vec![expires("600;refresher=uac")], Some("600;refresher=uas"), false),
        ] {
            let (_, ok) = called(&headers);
            assert_eq!(told(&ok.headers, HeaderName::SessionExpires).as_deref(), agreed, "{headers:?}");
            assert_eq!(ok.headers.requires("timer"), require, "{headers:?}");
        }
    }

    //= RFC 4028 §7.2, §7.4, §10
    #[test]
    fn the_refresher_refreshes_at_half_and_the_other_hangs_up_in_time() {
        for (seconds, refresh, expiry) in [(90, 45, 60), (96, 48, 64), (300, 150, 268), (1800, 900, 1768)] {
            let ours = format!("{seconds};refresher=uac");
            let mut scene = calling(&[expires(&ours), ALLOWS]);
            let wishes = scene.wishes(2_000_000);
            let expect = [(refresh, "UPDATE"), (expiry, "BYE"), (expiry, "end")];
            assert_eq!(sent(&wishes), expect.map(|(at, word)| (at * 1000, word.to_owned())), "{seconds}");
            let theirs = format!("{seconds};refresher=uas");
            let wishes = calling(&[expires(&theirs), ALLOWS]).wishes(2_000_000);
            let expect = [(expiry, "BYE"), (expiry, "end")];
            assert_eq!(sent(&wishes), expect.map(|(at, word)| (at * 1000, word.to_owned())), "{seconds}");
            assert!(matches!(wishes.last(), Some((_, Effect::Ended(End::Expired)))));
        }
    }

    //= RFC 4028 §9
    #[test]
    fn the_called_refreshes_where_the_caller_cannot() {
        let (mut scene, _) = called(&[expires("600"), ALLOWS]);
        assert_eq!(sent(&scene.wishes(400_000)), [(300_000, "UPDATE".to_owned())]);
    }

    //= RFC 4028 §7.2
    #[test]
    fn without_a_word_of_the_timer_a_call_lasts() {
        assert_eq!(calling(&[ALLOWS]).wishes(100_000_000), []);
        assert_eq!(called(&[]).0.wishes(100_000_000), []);
    }

    /// The UPDATE that is sent at this time.
    fn update(scene: &mut Scene, ms: u64) -> Request {
        let wishes = scene.wishes(ms);
        match wishes.as_slice() {
            [(_, Effect::Request(Exchange::Update, request))] => request.clone(),
            other => panic!("{other:?}"),
        }
    }

    fn to(request: &Request, status: u16) -> Response {
        Response::to_request(request, StatusCode(status), None)
    }

    //= RFC 4028 §7.4
    #[test]
    fn each_refresh_begins_the_interval_anew() {
        let mut scene = calling(&[expires("600;refresher=uac"), ALLOWS]);
        let first = update(&mut scene, 300_000);
        assert_eq!(told(&first.headers, HeaderName::SessionExpires).as_deref(), Some("600;refresher=uac"));
        assert!(first.body.is_empty());
        scene.replied(Exchange::Update, to(&first, 200), &[expires("600;refresher=uac")], b"");
        let second = update(&mut scene, 600_000);
        // The 200 says nothing: we refresh all the same.
        scene.replied(Exchange::Update, to(&second, 200), &[], b"");
        let third = update(&mut scene, 900_000);
        scene.replied(Exchange::Update, to(&third, 200), &[expires("600;refresher=uas")], b"");
        assert_eq!(sent(&scene.wishes(1_468_000)), [(1_468_000, "BYE".to_owned()), (1_468_000, "end".to_owned())]);
    }

    //= RFC 4028 §7.4, §9
    #[test]
    fn the_peers_refresh_keeps_the_call_and_the_roles() {
        let mut scene = calling(&[expires("600;refresher=uas"), ALLOWS]);
        scene.wishes(500_000);
        let headers = [(HeaderName::Supported, "timer"), expires("600;refresher=uac")];
        let effects = scene.asked(Method::Update, &headers, b"");
        let [Effect::Respond(_, ok)] = effects.as_slice() else { panic!("{effects:?}") };
        assert_eq!(told(&ok.headers, HeaderName::SessionExpires).as_deref(), Some("600;refresher=uac"));
        assert!(ok.headers.requires("timer"));
        assert_eq!(scene.wishes(1_067_999), []);
        assert_eq!(scene.run(1_068_000), [1_068_000, 1_068_000]);
    }

    #[test]
    fn a_peer_without_update_is_refreshed_by_invite() {
        let mut scene = calling(&[expires("600;refresher=uac")]);
        assert_eq!(scene.wishes(300_000), [(300_000, Effect::Refresh)]);
        scene.session.modify(b"same".to_vec());
        let effects = scene.effects();
        let [Effect::Request(Exchange::Modify, invite)] = effects.as_slice() else { panic!("{effects:?}") };
        assert_eq!(told(&invite.headers, HeaderName::SessionExpires).as_deref(), Some("600;refresher=uac"));
        // It says it takes UPDATE, and does not.
        let mut scene = calling(&[expires("600;refresher=uac"), ALLOWS]);
        let refresh = update(&mut scene, 300_000);
        assert_eq!(scene.replied(Exchange::Update, to(&refresh, 405), &[], b""), []);
        assert_eq!(scene.wishes(300_000), [(300_000, Effect::Refresh)]);
    }

    //= RFC 4028 §10
    #[test]
    fn a_refused_refresh_is_tried_again_until_the_session_expires() {
        let mut scene = calling(&[expires("600;refresher=uac"), ALLOWS]);
        let refresh = update(&mut scene, 300_000);
        scene.replied(Exchange::Update, to(&refresh, 500), &[(HeaderName::RetryAfter, "7")], b"");
        let refresh = update(&mut scene, 307_000);
        scene.replied(Exchange::Update, to(&refresh, 503), &[], b"");
        update(&mut scene, 317_000);
        // Nor is it the end that there was no room to send one.
        scene.session.failed(Exchange::Update, Failure::Full, scene.now);
        let refresh = update(&mut scene, 327_000);
        assert_eq!(sent(&scene.wishes(568_000)), [(568_000, "BYE".to_owned()), (568_000, "end".to_owned())]);
        for status in [408, 481] {
            let mut scene = calling(&[expires("600;refresher=uac"), ALLOWS]);
            let first = update(&mut scene, 300_000);
            let effects = scene.replied(Exchange::Update, to(&first, status), &[], b"");
            assert_eq!(effects.last(), Some(&Effect::Ended(End::Lost(status))));
        }
        assert_eq!(refresh.method, Method::Update);
    }

    //= RFC 4028 §7.3
    #[test]
    fn a_422_is_met_with_its_least_and_with_reason() {
        let mut scene = Scene::caller(b"offer");
        for (least, cseq) in [("2000", "2 INVITE"), ("3000", "3 INVITE"), ("4000", "4 INVITE")] {
            let effects = scene.answered(422, "one", &[(HeaderName::MinSe, least)], b"");
            let [Effect::Request(Exchange::Invite, again)] = effects.as_slice() else { panic!("{effects:?}") };
            for (name, value) in
                [(HeaderName::SessionExpires, least), (HeaderName::MinSe, least), (HeaderName::CSeq, cseq)]
            {
                assert_eq!(told(&again.headers, name).as_deref(), Some(value));
            }
        }
        let effects = scene.answered(422, "one", &[(HeaderName::MinSe, "5000")], b"");
        assert!(matches!(effects.as_slice(), [Effect::Refused(_)]), "three times are enough");
        for least in ["90", "90000", "4294967295", "x"] {
            let effects = Scene::caller(b"offer").answered(422, "one", &[(HeaderName::MinSe, least)], b"");
            assert!(matches!(effects.as_slice(), [Effect::Refused(_)]), "{least}");
        }
    }

    //= RFC 4028 §9
    #[test]
    fn an_interval_that_is_too_brief_is_refused() {
        let timer = (HeaderName::Supported, "timer");
        for method in [Method::Update, Method::Invite] {
            let mut scene = calling(&[]);
            let effects = scene.asked(method, &[timer.clone(), expires("89")], b"offer");
            let [Effect::Respond(_, refusal)] = effects.as_slice() else { panic!("{effects:?}") };
            assert_eq!(refusal.status.0, 422);
            assert_eq!(told(&refusal.headers, HeaderName::MinSe).as_deref(), Some("90"));
            // Whoever knows no timer cannot ask for a longer one.
            assert!(matches!(
                scene.asked(Method::Update, &[expires("89")], b"offer").as_slice(),
                [Effect::Offered { .. }]
            ));
        }
    }

    /// Intervals of a far end that knows no bounds: never a storm, never a call hung up before its time.
    #[test]
    fn absurd_intervals_do_no_harm() {
        for (interval, first) in [("0", 5_000), ("1", 5_000), ("30", 15_000)] {
            let ours = format!("{interval};refresher=uac");
            let wishes = calling(&[expires(&ours), ALLOWS]).wishes(59_999);
            assert_eq!(sent(&wishes), [(first, "UPDATE".to_owned())], "{interval}");
        }
        assert_eq!(calling(&[expires("0;refresher=uas")]).wishes(59_999), []);
        assert_eq!(calling(&[expires("4294967295;refresher=uac")]).wishes(100_000_000), []);
    }
}
