//! Following the far end's REFER: a new call, and the news of it in the old one (RFC 3515, RFC 5589 §6).

use super::agent::Agent;
use super::call::{Call, MAX_CALLS, party};
use super::outcome::ExitCode;
use super::snapshot::CallState;
use crate::config::AccountId;
use crate::sip::header::NameAddr;
use crate::sip::message::{HeaderName, Method, Request, Response, StatusCode};
use crate::sip::refer::{Progress, Referral, SIPFRAG};
use crate::sip::refer_news::{News, Notice};
use crate::sip::session::{Exchange, set_body};
use crate::sip::transaction::ServerId;
use crate::sip::uri::{Host, Uri};
use std::time::Instant;

/// A call that the far end of another asked for.
#[derive(Debug)]
pub(super) struct Followed {
    call: u32,
    pub news: News,
    was_held: bool,
}

impl Agent {
    /// A REFER in a call.
    pub(super) fn refer_received(&mut self, id: u32, server: ServerId, request: &Request, now: Instant) {
        let (referral, target) = match self.judge_refer(id, request) {
            Ok(judged) => judged,
            Err((status, words)) => {
                let mut response = Response::to_request(request, status, None);
                response.reason = words;
                return self.answer(server, response, None, now);
            }
        };
        let mut response = Response::to_request(request, StatusCode(202), None);
        if !referral.wants_news {
            //= RFC 4488 §4
            response.headers.push(HeaderName::ReferSub, "false");
        }
        let contact =
            self.call(id).and_then(|call| Some(self.account(call.account)?.contact(&call.flow?, call.secure)));
        self.answer(server, response, contact, now);
        let was_held = self.call(id).is_some_and(Call::wants_hold);
        let new = self.call_referred(id, &target, &referral, request, now);
        let number = request.headers.cseq().ok().flatten().map_or(0, |cseq| cseq.number);
        if let Some(call) = self.call_mut(id) {
            let news = News::new(number, referral.wants_news, false, now);
            call.follows = Some(Followed { call: new, news, was_held });
        }
    }

    /// Whether a REFER is followed, and where to.
    fn judge_refer(&self, id: u32, request: &Request) -> Result<(Referral, Uri), (StatusCode, String)> {
        let refusal = |status, words: &str| (StatusCode(status), words.to_owned());
        let call = self.call(id).filter(|call| call.is_answered()).ok_or_else(|| refusal(403, "Not in a call"))?;
        if !self.config.settings.follow_transfers {
            return Err(refusal(403, "Transfers are not followed"));
        }
        if call.follows.is_some() {
            return Err(refusal(491, StatusCode(491).default_reason()));
        }
        let live = self.calls.iter().filter(|call| call.is_live()).count();
        if live >= MAX_CALLS || self.exiting.is_some() {
            return Err(refusal(503, StatusCode(503).default_reason()));
        }
        let referral = Referral::of(request).map_err(|why| (why.status(), why.to_string()))?;
        let target =
            self.callable(&referral.target, call.account).ok_or_else(|| refusal(404, "No way to that number"))?;
        if self.is_for_a_person(&target, call.account) {
            return Err(refusal(403, "Only a person dials that"));
        }
        // Why not what takes a call's place: that is another call, whoever it is with.
        if referral.replaces.is_none() && self.is_called(&target) {
            return Err(refusal(603, "Already in call with this contact"));
        }
        Ok((referral, target))
    }

    /// A call with this address is up.
    fn is_called(&self, target: &Uri) -> bool {
        let wanted = party(&NameAddr::new(target.clone())).uri;
        self.calls.iter().any(|call| call.is_live() && call.remote.uri.eq_ignore_ascii_case(&wanted))
    }

    /// What is called for an address that others chose; a number is one of the account's own domain.
    pub(super) fn callable(&self, uri: &Uri, account: AccountId) -> Option<Uri> {
        if !uri.is_tel() {
            return Some(uri.clone()).filter(|uri| uri.is_sip() && uri.host().is_some());
        }
        let home = Host::parse(self.account(account)?.account.domain_or_server()).ok()?;
        //= RFC 3966 §3, RFC 3261 §19.1.6: the account's own server knows the number
        uri.tel_at(&home).filter(|uri| uri.user().is_some_and(|user| !user.is_empty()))
    }

    /// Calls whom the far end of a call named.
    fn call_referred(&mut self, id: u32, target: &Uri, referral: &Referral, request: &Request, now: Instant) -> u32 {
        let account = self.account_of_call(id);
        let mut call = self.new_call_to(account, target, now);
        let number = call.id;
        //= RFC 3892 §2.2: who sent us goes with the call
        let referrer = request.headers.referred_by().ok().flatten();
        call.extra.extend(referrer.map(|by| ("Referred-By".to_owned(), by.to_string())));
        //= RFC 3891 §4
        call.extra.extend(referral.replaces.as_ref().map(|replaces| ("Replaces".to_owned(), replaces.to_string())));
        call.referred_by = self.call(id).map(|call| call.remote.clone());
        self.place(call, now);
        number
    }

    /// Tells whoever sent us somewhere how that fares; true if there was something to tell.
    pub(super) fn give_news(&mut self, now: Instant) -> bool {
        let following: Vec<u32> = self.calls.iter().filter(|call| call.follows.is_some()).map(|call| call.id).collect();
        let mut any = false;
        for id in following {
            any |= self.give_news_in(id, now);
        }
        any
    }

    fn give_news_in(&mut self, id: u32, now: Instant) -> bool {
        let Some(new) = self.call(id).and_then(|call| call.follows.as_ref()).map(|followed| followed.call) else {
            return false;
        };
        let progress = self.call(new).map(progress);
        let Some(call) = self.call_mut(id) else { return false };
        let (is_live, Some(followed)) = (call.is_live(), call.follows.as_mut()) else { return false };
        if let Some(progress) = progress {
            followed.news.learn(progress);
        }
        let failed = !followed.news.status().is_success();
        match (followed.news.next(now), call.session.as_mut()) {
            (Some(notice), Some(session)) => {
                session.send(Exchange::Notify, Method::Notify, |notify| put_notice(notify, notice));
            }
            _ if followed.news.is_settled() => self.follow_over(id, is_live && failed, now),
            _ => return false,
        }
        true
    }

    /// A NOTIFY of ours was answered, or never will be (`None`).
    pub(super) fn news_answered(&mut self, id: u32, status: Option<StatusCode>) {
        if let Some(followed) = self.call_mut(id).and_then(|call| call.follows.as_mut()) {
            followed.news.answered(status);
        }
    }

    /// A SUBSCRIBE in a call: of whoever sent us somewhere, for more news of it or for no more.
    pub(super) fn news_subscribed(&mut self, id: u32, server: ServerId, request: &Request, now: Instant) {
        let contact =
            self.call(id).and_then(|call| Some(self.account(call.account)?.contact(&call.flow?, call.secure)));
        let follows = self.call_mut(id).and_then(|call| call.follows.as_mut());
        let granted = follows.map_or(Err(StatusCode(481)), |followed| followed.news.subscribed(request, now));
        let response = subscribe_answer(request, granted);
        self.answer(server, response, contact, now);
    }

    /// The new call is decided; the old one is taken back if it failed.
    fn follow_over(&mut self, id: u32, failed: bool, now: Instant) {
        let talks = self.calls.iter().any(|call| call.id != id && call.state == CallState::Connected);
        let Some(followed) = self.call_mut(id).and_then(|call| call.follows.take()) else { return };
        if failed && !followed.was_held && !talks {
            self.want_hold(id, false, now);
        }
    }

    /// The path of a call that others chose is not the account's own, unless its server is asked first.
    pub(super) fn is_chosen_by_others(&self, id: u32) -> bool {
        let by_dialog = |call: &Call| call.picks_up.as_ref().is_some_and(|pickup| pickup.by_dialog);
        self.call(id).is_some_and(|call| call.redirections > 0 || call.referred_by.is_some() || by_dialog(call))
    }
}

/// Writes a NOTIFY.
pub(super) fn put_notice(notify: &mut Request, notice: Notice) {
    notify.headers.push(HeaderName::Event, notice.event);
    notify.headers.push(HeaderName::SubscriptionState, notice.state);
    set_body(notify, SIPFRAG, notice.progress.to_body());
}

/// The answer to a SUBSCRIBE that was granted so many seconds, or refused.
pub(super) fn subscribe_answer(request: &Request, granted: Result<u32, StatusCode>) -> Response {
    let mut response = Response::to_request(request, granted.err().unwrap_or(StatusCode(200)), None);
    match granted {
        //= RFC 6665 §4.2.1.1
        Ok(seconds) => response.headers.push(HeaderName::Expires, seconds.to_string()),
        Err(StatusCode(489)) => response.headers.push(HeaderName::AllowEvents, "refer"),
        Err(_) => {}
    }
    response
}

/// How far a call has come, as its referrer is told.
pub(super) fn progress(call: &Call) -> Progress {
    let status = call.status.unwrap_or(100);
    Progress::of(match call.code {
        _ if call.answered.is_some() => 200,
        None if call.is_live() => status.clamp(100, 199),
        _ if status >= 300 => status,
        Some(ExitCode::Unreachable) => 503,
        Some(ExitCode::NoCommonCodec) => 488,
        _ => 487,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ua::snapshot::{CallDirection, Party};

    #[test]
    #[allow(clippy::disallowed_methods)]
    fn a_call_in_one_status() {
        let now = Instant::now();
        for (status, code, answered, told) in [
            (None, None, false, 100),
            (Some(183), None, false, 183),
            (Some(200), None, true, 200),
            (Some(486), Some(ExitCode::Busy), false, 486),
            (None, Some(ExitCode::Unreachable), false, 503),
            // Given up here while it rang.
            (Some(180), Some(ExitCode::NoAnswer), false, 487),
            (Some(200), Some(ExitCode::NoCommonCodec), false, 488),
            (Some(200), Some(ExitCode::Ok), true, 200),
        ] {
            let mut call =
                Call::new(1, AccountId(0), CallDirection::Outgoing, Party::default(), now, std::time::UNIX_EPOCH);
            (call.status, call.code) = (status, code);
            call.answered = answered.then_some(now);
            if code.is_some() {
                call.state = CallState::Ended;
            }
            assert_eq!(progress(&call), Progress::of(told), "{status:?} {code:?}");
        }
    }
}
