//! Provisional responses that must arrive, the peer's and ours, and their PRACK (RFC 3262).

use super::connect::Fork;
use super::offer::{Asked, is_described};
use super::{Effect, End, Session, Stage};
use crate::sip::header::RAck;
use crate::sip::message::{HeaderName, Method, Request, Response, StatusCode};
use crate::sip::transaction::{Config, Failure, ServerId};
use std::time::{Duration, Instant};

/// What a provisional response of a fork asks of us.
#[derive(Debug)]
pub(super) enum Heard {
    /// Nothing.
    Plain,
    /// This PRACK.
    Reliable(Request),
    /// This PRACK, with our answer to this offer.
    Offer(Request, Vec<u8>),
}

impl Fork {
    /// Takes a provisional response to our `invite` in; `None` if it is to be left unheard. A body it keeps is the
    /// answer to our offer.
    pub(super) fn hear(&mut self, response: &mut Response, invite: &Request) -> Option<Heard> {
        let has_offered = !invite.body.is_empty();
        let Some(rack) = rack_of(response) else {
            //= RFC 3261 §13.2.1: what is not sent reliably bears no offer; after the answer, no other
            if !has_offered || self.settled {
                response.body.clear();
            }
            return Some(Heard::Plain);
        };
        //= RFC 3262 §4: in the order of RSeq, each but once
        if self.rseq.is_some_and(|last| last.checked_add(1) != Some(rack.rseq)) {
            return None;
        }
        self.rseq = Some(rack.rseq);
        let _ = self.dialog.refresh_target(&response.headers);
        let mut prack = self.dialog.request(Method::Prack);
        prack.headers.push(HeaderName::RAck, rack.to_string());
        let is_described = is_described(&response.headers, &response.body);
        //= RFC 6337 §3.1.1: one offer and one answer; what descriptions follow say nothing new
        if !is_described || std::mem::replace(&mut self.settled, true) {
            response.body.clear();
        } else if !has_offered {
            return Some(Heard::Offer(prack, std::mem::take(&mut response.body)));
        }
        Some(Heard::Reliable(prack))
    }
}

/// What acknowledges this response, if it is reliable.
pub(super) fn rack_of(response: &Response) -> Option<RAck> {
    //= RFC 3262 §3: both `Require: 100rel` and RSeq, 1 to 2³¹ − 1 at first
    let rseq = response.headers.rseq().ok().flatten().filter(|rseq| *rseq > 0)?;
    let cseq = response.headers.cseq().ok().flatten()?;
    response.headers.requires("100rel").then_some(RAck { rseq, cseq })
}

/// Our reliable provisional responses to the INVITE that calls us.
#[derive(Debug)]
pub(super) struct Reliable {
    may: bool,
    must: bool,
    /// The number of the last.
    rseq: u32,
    pending: Option<Pending>,
    /// What is said as soon as that is acknowledged.
    next: Option<(StatusCode, Vec<u8>)>,
    /// The 200 that waits for it, with this description.
    accept: Option<Vec<u8>>,
}

/// One on its way, sent again until its PRACK comes.
#[derive(Debug)]
struct Pending {
    server: ServerId,
    response: Response,
    interval: Duration,
    again: Instant,
    until: Instant,
}

impl Reliable {
    /// What `invite` allows and asks for; the first number follows `rseq`, below 2³¹ − 1.
    pub(super) fn new(invite: &Request, rseq: u32) -> Reliable {
        Reliable {
            may: invite.headers.supports("100rel"),
            must: invite.headers.requires("100rel"),
            rseq,
            pending: None,
            next: None,
            accept: None,
        }
    }

    /// Whether a provisional response goes reliably: if the caller insists, or if it bears a description.
    pub(super) fn applies(&self, body: &[u8]) -> bool {
        //= RFC 3262 §3
        self.must || self.may && !body.is_empty()
    }

    /// The 200 must wait, and is kept.
    pub(super) fn keep_accept(&mut self, body: &[u8]) -> bool {
        //= RFC 3262 §3: no 2xx while a description of ours is not acknowledged
        let waits = self.pending.as_ref().is_some_and(|pending| !pending.response.body.is_empty());
        if waits {
            self.next = None;
            self.accept = Some(body.to_vec());
        }
        waits
    }

    pub(super) fn next_timeout(&self) -> Option<Instant> {
        self.pending.as_ref().map(|pending| pending.again.min(pending.until))
    }

    /// Nothing is sent again any more.
    pub(super) fn stop(&mut self) {
        (self.pending, self.next, self.accept) = (None, None, None);
    }

    /// Takes up `response`, numbered; or keeps it until the one before is acknowledged.
    pub(super) fn send(
        &mut self,
        server: ServerId,
        mut response: Response,
        config: &Config,
        now: Instant,
    ) -> Option<Response> {
        if self.pending.is_some() {
            //= RFC 3262 §3: the next one only after the PRACK to the one before
            let is_poorer = response.body.is_empty() && self.next.as_ref().is_some_and(|(_, body)| !body.is_empty());
            if !is_poorer {
                self.next = Some((response.status, response.body));
            }
            return None;
        }
        self.rseq = self.rseq.saturating_add(1);
        response.headers.push(HeaderName::Require, "100rel");
        response.headers.push(HeaderName::RSeq, self.rseq.to_string());
        let interval = config.t1;
        let (again, until) = (now + interval, now + config.t1_64());
        self.pending = Some(Pending { server, response: response.clone(), interval, again, until });
        Some(response)
    }

    /// The response that `prack` acknowledges; from now on it is.
    fn acknowledge(&mut self, prack: &Request) -> Option<Response> {
        let rack = prack.headers.rack().ok().flatten()?;
        let cseq = self.pending.as_ref()?.response.headers.cseq().ok().flatten();
        //= RFC 3262 §3: the number, the CSeq and the method
        if rack.rseq != self.rseq || cseq.as_ref() != Some(&rack.cseq) {
            return None;
        }
        self.pending.take().map(|pending| pending.response)
    }
}

impl Session {
    pub(super) fn prack_received(&mut self, server: ServerId, prack: Request, fork: String, now: Instant) {
        let Some(response) = self.reliable.as_mut().and_then(|reliable| reliable.acknowledge(&prack)) else {
            //= RFC 3262 §3: a PRACK of nothing
            return self.respond(server, &prack, StatusCode(481));
        };
        let is_described = is_described(&prack.headers, &prack.body);
        let has_offered = !response.body.is_empty() && !self.settled;
        match (has_offered, is_described) {
            //= RFC 3262 §5: a PRACK may bear an offer of its own, answered in its 200
            (false, true) if self.settled => {
                let body = prack.body.clone();
                self.ask(Asked::Response(server, prack), fork, body);
            }
            (false, _) => self.respond(server, &prack, StatusCode(200)),
            (true, _) => {
                self.settled = is_described;
                self.respond(server, &prack, StatusCode(200));
                self.effects.push_back(Effect::Confirmed(prack.body));
            }
        }
        let Some(reliable) = self.reliable.as_mut() else { return };
        match (reliable.accept.take(), reliable.next.take()) {
            (Some(body), _) => self.accept(body, now),
            (None, Some((status, body))) => self.ring(status, body, now),
            (None, None) => {}
        }
    }

    pub(super) fn reliable_timeout(&mut self, now: Instant) {
        let Some(reliable) = self.reliable.as_mut() else { return };
        let Some(pending) = reliable.pending.as_mut() else { return };
        let server = pending.server;
        if now >= pending.until {
            reliable.stop();
            //= RFC 3262 §3: no PRACK in 64·T1: the INVITE is refused with a 5xx
            if matches!(&self.stage, Stage::Accepting(accepting) if accepting.sent.is_none()) {
                self.refuse_invite(StatusCode(504), End::Failed(Failure::Timeout));
            }
        } else if now >= pending.again {
            //= RFC 3262 §3: T1, doubled each time
            pending.interval = pending.interval.saturating_mul(2);
            pending.again += pending.interval;
            let response = pending.response.clone();
            self.effects.push_back(Effect::Respond(server, response));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Exchange;
    use super::super::tests::*;
    use super::*;

    const RELIABLE: (HeaderName, &str) = (HeaderName::Require, "100rel");

    fn rseq(number: &str) -> [(HeaderName, &str); 2] {
        [RELIABLE, (HeaderName::RSeq, number)]
    }

    fn prack_of(effect: &Effect) -> Option<&Request> {
        match effect {
            Effect::Request(Exchange::Prack, request) => Some(request),
            _ => None,
        }
    }

    fn pracks(effects: &[Effect]) -> Vec<&Request> {
        effects.iter().filter_map(prack_of).collect()
    }

    fn racks(effects: &[Effect]) -> Vec<String> {
        pracks(effects).iter().filter_map(|prack| prack.headers.text(&HeaderName::RAck)).collect()
    }

    //= RFC 3262 §4
    #[test]
    fn each_fork_is_acknowledged_in_order_and_once() {
        let mut caller = Scene::caller(b"offer");
        for (tag, number, expect) in [
            ("one", "7", Some("7 1 INVITE")),
            ("one", "7", None),
            ("one", "9", None),
            ("one", "6", None),
            ("two", "1", Some("1 1 INVITE")),
            ("one", "8", Some("8 1 INVITE")),
            ("two", "2", Some("2 1 INVITE")),
        ] {
            let effects = caller.answered(183, tag, &rseq(number), b"");
            assert_eq!(racks(&effects), expect.into_iter().collect::<Vec<_>>(), "{tag} {number}");
            let told = effects.iter().filter(|effect| matches!(effect, Effect::Progress { .. })).count();
            assert_eq!(told, usize::from(expect.is_some()), "{tag} {number}");
        }
        let prack = |effects: &[Effect]| pracks(effects)[0].headers.text(&HeaderName::CSeq);
        assert_eq!(prack(&caller.answered(180, "one", &rseq("9"), b"")).as_deref(), Some("4 PRACK"));
    }

    //= RFC 3262 §4, RFC 3261 §12.2.1.1
    #[test]
    fn a_prack_goes_where_its_fork_is() {
        let mut caller = Scene::caller(b"offer");
        let route = (HeaderName::RecordRoute, "<sip:p2;lr>, <sip:p1;lr>");
        let headers = [RELIABLE, (HeaderName::RSeq, "1"), route];
        let effects = caller.answered(180, "one", &headers, b"");
        let prack = pracks(&effects)[0];
        assert_eq!(prack.uri, "sip:one@192.0.2.2");
        let routes: Vec<_> = prack.headers.all(&HeaderName::Route).collect();
        assert_eq!(routes, [b"<sip:p1;lr>", b"<sip:p2;lr>"]);
        assert!(prack.headers.text(&HeaderName::To).is_some_and(|to| to.ends_with(";tag=one")));
    }

    //= RFC 3262 §3
    #[test]
    fn only_require_and_rseq_together_make_a_response_reliable() {
        for headers in [&[RELIABLE][..], &[(HeaderName::RSeq, "1")], &[RELIABLE, (HeaderName::RSeq, "0")]] {
            let effects = Scene::caller(b"offer").answered(183, "one", headers, b"answer");
            assert!(matches!(effects.as_slice(), [Effect::Progress { .. }]), "{effects:?}");
        }
    }

    //= RFC 3262 §5, RFC 6337 §3.1.1
    #[test]
    fn a_reliable_answer_is_the_answer() {
        let mut caller = Scene::caller(b"offer");
        let body = |effects: &[Effect]| match effects.last() {
            Some(Effect::Progress { response, .. } | Effect::Answered { response, .. }) => response.body.clone(),
            other => panic!("{other:?}"),
        };
        assert_eq!(body(&caller.answered(183, "one", &[], b"first")), b"first");
        assert_eq!(body(&caller.answered(183, "one", &rseq("1"), b"answer")), b"answer");
        assert_eq!(body(&caller.answered(183, "one", &rseq("2"), b"other")), b"");
        assert_eq!(body(&caller.answered(183, "one", &[], b"other")), b"");
        assert_eq!(body(&caller.answered(200, "one", &[], b"other")), b"");
    }

    //= RFC 3262 §5
    #[test]
    fn an_offer_in_a_reliable_response_is_answered_in_its_prack() {
        let mut caller = Scene::caller(b"");
        assert!(matches!(
            caller.answered(183, "one", &[], b"unreliable").as_slice(),
            [Effect::Progress { response, .. }] if response.body.is_empty()
        ));
        let effects = caller.answered(183, "one", &rseq("1"), b"offer");
        let [Effect::Offered { fork, body }, Effect::Progress { .. }] = effects.as_slice() else {
            panic!("{effects:?}")
        };
        assert_eq!((fork.as_str(), body.as_slice()), ("one", &b"offer"[..]));
        caller.session.answer_offer(b"answer".to_vec(), caller.now);
        let effects = caller.effects();
        assert_eq!(pracks(&effects)[0].body, b"answer");
        assert_eq!(racks(&effects), ["1 1 INVITE"]);
        let effects = caller.answered(200, "one", &[], b"offer");
        assert!(matches!(
            effects.as_slice(),
            [Effect::Ack(ack), Effect::Answered { response, .. }] if ack.body.is_empty() && response.body.is_empty()
        ));
    }

    fn response_of(effect: &Effect) -> Option<&Response> {
        match effect {
            Effect::Respond(_, response) => Some(response),
            _ => None,
        }
    }

    fn said(effects: &[Effect]) -> Vec<&Response> {
        effects.iter().filter_map(response_of).collect()
    }

    fn prack(callee: &mut Scene, rack: &str, body: &[u8]) -> Vec<Effect> {
        callee.asked(Method::Prack, &[(HeaderName::RAck, rack)], body)
    }

    fn rack(response: &Response) -> String {
        rack_of(response).map(|rack| rack.to_string()).unwrap_or_default()
    }

    //= RFC 3262 §3
    #[test]
    fn what_goes_reliably() {
        let (supported, required) = ((HeaderName::Supported, "timer, 100rel"), RELIABLE);
        for (header, body, reliable) in [
            (None, &b""[..], false),
            (None, b"answer", false),
            (Some(supported.clone()), b"", false),
            (Some(supported), b"answer", true),
            (Some(required.clone()), b"", true),
            (Some(required), b"answer", true),
        ] {
            let mut callee = Scene::callee(header.as_slice(), b"offer");
            callee.session.ring(StatusCode(183), body.to_vec(), callee.now);
            let effects = callee.effects();
            assert_eq!(rack_of(said(&effects)[0]).is_some(), reliable, "{header:?} {body:?}");
            assert_eq!(said(&effects)[0].body, body);
        }
    }

    //= RFC 3262 §3
    #[test]
    fn a_reliable_response_is_sent_again_until_its_prack() {
        let mut callee = Scene::callee(&[RELIABLE], b"offer");
        callee.session.ring(StatusCode(180), Vec::new(), callee.now);
        let first = said(&callee.effects())[0].clone();
        assert_eq!(callee.run(4000), [500, 1500, 3500]);
        assert_eq!(said(&prack(&mut callee, "1 1 INVITE", b""))[0].status.0, 481);
        assert_eq!(said(&prack(&mut callee, &rack(&first), b""))[0].status.0, 200);
        assert_eq!(callee.run(40_000), []);
        //= RFC 3262 §3: a PRACK of nothing
        assert_eq!(said(&prack(&mut callee, &rack(&first), b""))[0].status.0, 481);
    }

    //= RFC 3262 §3
    #[test]
    fn without_a_prack_the_invite_is_refused_after_64_t1() {
        let mut callee = Scene::callee(&[RELIABLE], b"offer");
        callee.session.ring(StatusCode(180), Vec::new(), callee.now);
        callee.effects();
        assert_eq!(callee.run(31_999), [500, 1500, 3500, 7500, 15_500, 31_500]);
        let effects = callee.at(32_000);
        assert_eq!(said(&effects)[0].status.0, 504);
        assert_eq!(effects.last(), Some(&Effect::Ended(End::Failed(Failure::Timeout))));
        assert_eq!(callee.session.next_timeout(), None);
    }

    //= RFC 3262 §3
    #[test]
    fn one_at_a_time_and_no_200_before_a_description_has_arrived() {
        let mut callee = Scene::callee(&[RELIABLE], b"offer");
        let now = callee.now;
        callee.session.ring(StatusCode(180), Vec::new(), now);
        callee.session.ring(StatusCode(183), b"answer".to_vec(), now);
        callee.session.ring(StatusCode(180), Vec::new(), now);
        let effects = callee.effects();
        let [first] = said(&effects)[..] else { panic!("{effects:?}") };
        let effects = prack(&mut callee, &rack(first), b"");
        let [_, second] = said(&effects)[..] else { panic!("{effects:?}") };
        assert_eq!((second.status.0, second.body.as_slice()), (183, &b"answer"[..]));
        assert_eq!(second.headers.rseq().unwrap(), first.headers.rseq().unwrap().map(|rseq| rseq + 1));
        callee.session.accept(b"answer".to_vec(), now);
        assert_eq!(callee.effects(), [], "the 200 waits");
        let effects = prack(&mut callee, &rack(second), b"");
        let [_, ok] = said(&effects)[..] else { panic!("{effects:?}") };
        assert_eq!((ok.status.0, ok.body.len()), (200, 0), "the answer was in the 183");
    }

    //= RFC 3262 §3
    #[test]
    fn a_200_needs_no_prack_of_a_response_without_a_description() {
        let mut callee = Scene::callee(&[RELIABLE], b"offer");
        callee.session.ring(StatusCode(180), Vec::new(), callee.now);
        let ringing = said(&callee.effects())[0].clone();
        callee.session.accept(b"answer".to_vec(), callee.now);
        assert_eq!(said(&callee.effects())[0].body, b"answer");
        assert_eq!(said(&prack(&mut callee, &rack(&ringing), b""))[0].status.0, 200);
    }

    //= RFC 3262 §5
    #[test]
    fn our_offer_in_a_reliable_response_is_answered_by_the_prack() {
        let supported = (HeaderName::Supported, "100rel");
        let mut callee = Scene::callee(&[supported], b"");
        callee.session.ring(StatusCode(183), b"offer".to_vec(), callee.now);
        let early = said(&callee.effects())[0].clone();
        assert_eq!(early.body, b"offer");
        callee.session.accept(b"offer".to_vec(), callee.now);
        let effects = prack(&mut callee, &rack(&early), b"answer");
        assert!(effects.contains(&Effect::Confirmed(b"answer".to_vec())), "{effects:?}");
        let [_, ok] = said(&effects)[..] else { panic!("{effects:?}") };
        assert_eq!((ok.status.0, ok.body.len()), (200, 0));
        //= RFC 3261 §13.2.1: without 100rel no offer before the 200
        let mut callee = Scene::callee(&[], b"");
        callee.session.ring(StatusCode(183), b"offer".to_vec(), callee.now);
        assert_eq!(said(&callee.effects())[0].body, b"");
    }

    //= RFC 3262 §5
    #[test]
    fn an_offer_in_a_prack_is_answered_in_its_200() {
        let supported = (HeaderName::Supported, "100rel");
        let mut callee = Scene::callee(&[supported], b"offer");
        callee.session.ring(StatusCode(183), b"answer".to_vec(), callee.now);
        let early = said(&callee.effects())[0].clone();
        let effects = prack(&mut callee, &rack(&early), b"second");
        assert!(matches!(effects.as_slice(), [Effect::Offered { body, .. }] if body == b"second"));
        callee.session.answer_offer(b"answer".to_vec(), callee.now);
        let effects = callee.effects();
        assert_eq!((said(&effects)[0].status.0, said(&effects)[0].body.as_slice()), (200, &b"answer"[..]));
    }

    #[test]
    fn nothing_is_sent_again_after_the_end() {
        let mut callee = Scene::callee(&[RELIABLE], b"offer");
        callee.session.ring(StatusCode(180), Vec::new(), callee.now);
        callee.session.reject(StatusCode(486));
        callee.effects();
        assert_eq!(callee.run(40_000), []);
    }
}
