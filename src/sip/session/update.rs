//! UPDATE, ours and the peer's, before the answer to the call and after it (RFC 3311).

use super::offer::{Asked, is_described};
use super::{Effect, End, Exchange, Session, Stage};
use crate::sip::message::{Method, Request, Response, StatusCode};
use crate::sip::transaction::ServerId;
use rand::Rng;
use std::time::Instant;

/// Where offer and answer stand in a dialog.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Exchanged {
    /// Either side may offer.
    Both,
    /// An offer of ours has no answer; or the peer may offer only in another message.
    Ours,
    /// An offer of the peer has no answer.
    Theirs,
}

impl Session {
    pub(super) fn update_received(
        &mut self,
        server: ServerId,
        request: Request,
        fork: String,
        rng: &mut impl Rng,
        now: Instant,
    ) {
        if !self.takes_interval(server, &request) {
            return;
        }
        if !is_described(&request.headers, &request.body) {
            //= RFC 3311 §5.2: without an offer it refreshes the target alone, at any time
            self.refresh_target(&fork, &request);
            let mut response = Response::to_request(&request, StatusCode(200), Some(&self.local_tag));
            if self.is_confirmed() {
                self.timer.answer(&request, &mut response, now);
            }
            self.effects.push_back(Effect::Respond(server, response));
            return;
        }
        match self.exchanged(&fork) {
            //= RFC 3311 §5.2
            Exchanged::Theirs => self.not_now(server, &request, rng),
            Exchanged::Ours => self.respond(server, &request, StatusCode(491)),
            Exchanged::Both => {
                self.refresh_target(&fork, &request);
                let body = request.body.clone();
                self.ask(Asked::Response(server, request), fork, body);
            }
        }
    }

    fn exchanged(&self, tag: &str) -> Exchanged {
        match &self.stage {
            _ if self.asked.is_some() => Exchanged::Theirs,
            Stage::Connecting(connecting) if connecting.is_settled(tag) => Exchanged::Both,
            Stage::Connecting(_) => Exchanged::Ours,
            Stage::Accepting(_) if self.settled => Exchanged::Both,
            Stage::Accepting(_) if self.was_offered() => Exchanged::Theirs,
            Stage::Accepting(_) => Exchanged::Ours,
            _ if self.modify.is_offering() => Exchanged::Ours,
            _ => Exchanged::Both,
        }
    }

    /// Refreshes the session without an offer.
    pub(super) fn update(&mut self) {
        let Some(dialog) = self.dialog.as_mut() else { return };
        let mut request = dialog.request(Method::Update);
        self.timer.ask(&mut request);
        self.effects.push_back(Effect::Request(Exchange::Update, request));
    }

    pub(super) fn update_answered(&mut self, response: Response, now: Instant) {
        if !self.is_confirmed() {
            return;
        }
        match response.status.0 {
            100..=199 => {}
            200..=299 => {
                if let Some(dialog) = self.dialog.as_mut() {
                    let _ = dialog.refresh_target(&response.headers);
                }
                self.timer.note(&response, now);
                self.effects.push_back(Effect::Refreshed);
            }
            401 | 407 => self.effects.push_back(Effect::Challenged(Exchange::Update, response)),
            //= RFC 3261 §12.2.1.2: the dialog is gone
            status @ (408 | 481) => self.hang_up_lost(End::Lost(status)),
            //= RFC 4028 §7.4: once more with the least interval the far end takes
            422 if self.timer.raise(&response) => self.update(),
            // Why: some far ends list UPDATE in Allow, and know it only before the answer.
            405 | 501 => {
                self.peer_updates = false;
                self.timer.refresh_at(now);
            }
            _ => self.timer.refresh_later(&response, now),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::*;
    use super::*;
    use crate::sip::message::HeaderName;

    const RELIABLE: [(HeaderName, &str); 2] = [(HeaderName::Require, "100rel"), (HeaderName::RSeq, "1")];

    /// The status an UPDATE with this body is answered with at once; `None` = it is an offer to be answered.
    fn judged(scene: &mut Scene, body: &[u8]) -> Option<u16> {
        let effects = scene.asked(Method::Update, &[], body);
        match effects.as_slice() {
            [Effect::Respond(_, response)] => {
                let wait = response.headers.retry_after().unwrap();
                //= RFC 3311 §5.2
                assert_eq!(wait.is_some_and(|wait| wait <= 10), response.status.0 == 500, "{response:?}");
                Some(response.status.0)
            }
            [Effect::Offered { body: offer, .. }] if offer == body => None,
            other => panic!("{other:?}"),
        }
    }

    //= RFC 3311 §5.2, RFC 3262 §5
    #[test]
    fn an_offer_in_an_update_is_taken_when_no_other_is_open() {
        let early = |body: &[u8], reliable: bool| {
            let mut scene = Scene::caller(body);
            scene.answered(183, "one", if reliable { &RELIABLE } else { &[] }, b"answer");
            scene
        };
        let called = |headers: &[(HeaderName, &str)], body: &[u8], description: &[u8]| {
            let mut scene = Scene::callee(headers, body);
            scene.session.ring(StatusCode(183), description.to_vec(), scene.now);
            scene.effects();
            scene
        };
        let supported = [(HeaderName::Supported, "100rel")];
        let connected = || {
            let mut scene = Scene::caller(b"offer");
            scene.answered(200, "one", &[], b"answer");
            scene
        };
        let changing = || {
            let mut scene = connected();
            scene.session.modify(b"hold".to_vec());
            scene.effects();
            scene
        };
        let accepted = |body: &[u8]| {
            let mut scene = Scene::callee(&[], body);
            scene.session.accept(b"description".to_vec(), scene.now);
            scene.effects();
            scene
        };
        for (what, mut scene, expect) in [
            ("our INVITE has no answer", early(b"offer", false), Some(491)),
            ("our INVITE has its answer, reliably", early(b"offer", true), None),
            ("nothing is answered here", called(&supported, b"offer", b""), Some(500)),
            ("an answer that may be lost", called(&[], b"offer", b"answer"), Some(500)),
            ("the answer went out reliably", called(&supported, b"offer", b"answer"), None),
            ("our offer went out reliably", called(&supported, b"", b"offer"), Some(491)),
            ("the 200 bears the answer", accepted(b"offer"), None),
            ("the 200 bears our offer", accepted(b""), Some(491)),
            ("in a call", connected(), None),
            ("our re-INVITE has no answer", changing(), Some(491)),
        ] {
            assert_eq!(judged(&mut scene, b"another"), expect, "{what}");
        }
        let mut scene = connected();
        assert_eq!(judged(&mut scene, b"first"), None);
        assert_eq!(judged(&mut scene, b"second"), Some(500), "the first is not answered");
    }

    //= RFC 3311 §5.2
    #[test]
    fn an_update_without_an_offer_moves_the_target_at_any_time() {
        let mut scene = Scene::caller(b"offer");
        scene.answered(180, "one", &[], b"");
        let moved = [(HeaderName::Contact, "<sip:moved@192.0.2.9>")];
        let effects = scene.asked(Method::Update, &moved, b"");
        assert!(matches!(effects.as_slice(), [Effect::Respond(_, response)] if response.status.0 == 200));
        scene.answered(200, "one", &[], b"answer");
        let effects = scene.asked(Method::Update, &moved, b"");
        assert!(matches!(effects.as_slice(), [Effect::Respond(_, response)] if response.status.0 == 200));
        scene.session.close();
        assert!(
            matches!(scene.effects().as_slice(), [Effect::Request(Exchange::Bye, bye)] if bye.uri.contains("moved"))
        );
    }
}
