//! Calling: the INVITE, its forks, its answers, its cancellation (RFC 3261 §13.2, §9.1).

use super::offer::{Asked, is_described};
use super::reliable::Heard;
use super::timer::Timer;
use super::{Effect, End, Exchange, Session, Stage, Terms};
use crate::sip::dialog::{Dialog, DialogId};
use crate::sip::message::{HeaderName, Headers, Request, Response};
use std::collections::VecDeque;
use std::time::Instant;

/// Most early dialogs of one call.
const MAX_FORKS: usize = 12;

/// An INVITE of ours without a final response.
#[derive(Debug)]
pub(super) struct Connecting {
    pub(super) cseq: u32,
    pub(super) forks: Vec<Fork>,
    pub(super) cancelled: bool,
}

/// A far end our INVITE came to: its dialog, and how far it got.
#[derive(Debug)]
pub(super) struct Fork {
    pub(super) dialog: Dialog,
    /// The last reliable provisional response.
    pub(super) rseq: Option<u32>,
    /// Offer and answer are exchanged for good.
    pub(super) settled: bool,
}

impl Connecting {
    /// Offer and answer with this fork are exchanged for good.
    pub(super) fn is_settled(&self, tag: &str) -> bool {
        self.forks.iter().any(|fork| fork.settled && fork.dialog.id().remote_tag == tag)
    }

    pub(super) fn fork_mut(&mut self, tag: &str) -> Option<&mut Fork> {
        self.forks.iter_mut().find(|fork| fork.dialog.id().remote_tag == tag)
    }
}

impl Session {
    /// Calls: `invite` is complete but for Via and Contact.
    pub fn connect(mut invite: Request, terms: Terms) -> Session {
        let timer = Timer::new(terms.interval);
        timer.ask(&mut invite);
        let headers = &invite.headers;
        let tag = headers.from().ok().flatten().and_then(|from| from.tag().map(str::to_owned)).unwrap_or_default();
        let call_id = headers.call_id().ok().flatten().unwrap_or_default().to_owned();
        let cseq = headers.cseq().ok().flatten().map_or(1, |cseq| cseq.number);
        Session {
            config: terms.timing,
            stage: Stage::Connecting(Box::new(Connecting { cseq, forks: Vec::new(), cancelled: false })),
            dialog: None,
            acks: Vec::new(),
            invite: Some(invite.clone()),
            modify: super::Modifying::default(),
            asked: None,
            reliable: None,
            settled: false,
            timer,
            peer_updates: false,
            call_id,
            local_tag: tag,
            is_caller: true,
            effects: VecDeque::from([Effect::Request(Exchange::Invite, invite)]),
        }
    }

    pub(super) fn invite_answered(&mut self, response: Response, now: Instant) {
        match response.status.0 {
            ..=100 => {}
            101..=199 => self.progress(response),
            200..=299 => self.accepted(response, now),
            401 | 407 if self.wants_answer() => self.effects.push_back(Effect::Challenged(Exchange::Invite, response)),
            422 if self.wants_answer() && self.timer.raise(&response) => self.invite_again(),
            _ => self.refused(response),
        }
    }

    pub(super) fn refused(&mut self, response: Response) {
        if let Stage::Connecting(connecting) = &self.stage {
            let cancelled = connecting.cancelled;
            self.stage = Stage::Ended;
            self.effects.push_back(if cancelled { Effect::Ended(End::Local) } else { Effect::Refused(response) });
        }
    }

    /// The INVITE once more, with the interval that a 422 demands.
    fn invite_again(&mut self) {
        let Some(mut invite) = self.invite.clone() else { return };
        invite.headers.remove(&HeaderName::Via);
        //= RFC 4028 §7.3: the same Call-ID, the next CSeq
        let mut invite = self.retry(Exchange::Invite, invite);
        self.timer.ask(&mut invite);
        self.effects.push_back(Effect::Request(Exchange::Invite, invite));
    }

    /// This INVITE is the one whose answer is still missing.
    pub fn waits_for(&self, invite: &Request) -> bool {
        let number = invite.headers.cseq().ok().flatten().map(|cseq| cseq.number);
        matches!(&self.stage, Stage::Connecting(connecting) if number == Some(connecting.cseq))
    }

    fn wants_answer(&self) -> bool {
        matches!(&self.stage, Stage::Connecting(connecting) if !connecting.cancelled)
    }

    fn progress(&mut self, mut response: Response) {
        let Stage::Connecting(connecting) = &mut self.stage else { return };
        let Some(invite) = self.invite.as_ref().filter(|_| !connecting.cancelled) else { return };
        let tag = DialogId::of_response(&response).map(|id| id.remote_tag).unwrap_or_default();
        if !tag.is_empty() && connecting.fork_mut(&tag).is_none() {
            if connecting.forks.len() >= MAX_FORKS {
                return;
            }
            //= RFC 3261 §12.1.2
            if let Ok(dialog) = Dialog::uac(invite, &response) {
                connecting.forks.push(Fork { dialog, rseq: None, settled: false });
            }
        }
        let heard = match connecting.fork_mut(&tag) {
            Some(fork) => fork.hear(&mut response, invite),
            None => Some(Heard::Plain),
        };
        match heard {
            None => return,
            Some(Heard::Plain) => {}
            Some(Heard::Reliable(prack)) => self.effects.push_back(Effect::Request(Exchange::Prack, prack)),
            Some(Heard::Offer(prack, offer)) => self.ask(Asked::Prack(prack), tag.clone(), offer),
        }
        self.effects.push_back(Effect::Progress { fork: tag, response });
    }

    fn accepted(&mut self, mut response: Response, now: Instant) {
        let Some(id) = DialogId::of_response(&response) else { return };
        if let Some((_, ack)) = self.acks.iter().find(|(known, _)| *known == id) {
            //= RFC 3261 §13.2.2.4: the ACK is sent again for each 2xx that comes again
            self.effects.push_back(Effect::Ack(ack.clone()));
            return;
        }
        if self.acks.len() >= MAX_FORKS {
            return;
        }
        let fault = drop_unreadable(&mut response.headers);
        let Some(Fork { mut dialog, settled, .. }) = self.take_fork(&id, &response) else { return };
        // What was understood of an early dialog is better than half of what was not.
        if fault.is_none() && dialog.confirm(&response).is_err() {
            return;
        }
        let Some(invite) = self.invite.as_ref() else { return };
        let has_offered = !invite.body.is_empty();
        let ack = dialog.ack_for(invite);
        self.acks.push((id.clone(), ack.clone()));
        match &self.stage {
            Stage::Connecting(connecting) if !connecting.cancelled && fault.is_none() => {
                self.dialog = Some(dialog);
                self.stage = Stage::Confirmed;
                self.note_allow(&response.headers);
                self.timer.note(&response, now);
                let fork = id.remote_tag.clone();
                if !has_offered && !settled && is_described(&response.headers, &response.body) {
                    self.ask(Asked::Ack(id, ack), fork.clone(), std::mem::take(&mut response.body));
                } else {
                    self.effects.push_back(Effect::Ack(ack));
                }
                //= RFC 6337 §3.1.1: after a reliable answer a description in the 2xx says nothing new
                if settled {
                    response.body.clear();
                }
                self.effects.push_back(Effect::Answered { fork, response });
            }
            stage => {
                //= RFC 3261 §9.1, §13.2.2.4: an answer nobody waits for, or can follow, is acknowledged and hung up
                let end = match stage {
                    Stage::Connecting(connecting) if connecting.cancelled => Some(End::Local),
                    Stage::Connecting(_) => fault.map(End::Unreadable),
                    _ => None,
                };
                let bye = dialog.request(crate::sip::message::Method::Bye);
                self.effects.push_back(Effect::Ack(ack));
                self.effects.push_back(Effect::Request(Exchange::Surplus, bye));
                if let Some(end) = end {
                    self.end(end);
                }
            }
        }
    }

    fn take_fork(&mut self, id: &DialogId, response: &Response) -> Option<Fork> {
        if let Stage::Connecting(connecting) = &mut self.stage
            && let Some(at) = connecting.forks.iter().position(|fork| fork.dialog.id() == id)
        {
            return Some(connecting.forks.swap_remove(at));
        }
        let dialog = Dialog::uac(self.invite.as_ref()?, response).ok()?;
        Some(Fork { dialog, rseq: None, settled: false })
    }
}

/// Takes out what cannot be read of where a dialog leads; the first such header.
fn drop_unreadable(headers: &mut Headers) -> Option<HeaderName> {
    let contact = headers.contacts().is_err().then_some(HeaderName::Contact);
    let route = headers.record_routes().is_err().then_some(HeaderName::RecordRoute);
    [&contact, &route].into_iter().flatten().for_each(|name| headers.remove(name));
    contact.or(route)
}

#[cfg(test)]
mod tests {
    use super::super::tests::Scene;
    use super::*;
    use crate::sip::message::{Method, StatusCode};

    const UNREADABLE: &str = "<sip:p1";

    //= RFC 3261 §13.2.2.4
    #[test]
    fn an_answer_that_leads_nowhere_is_acknowledged_and_hung_up() {
        for (rung, header, target) in [
            (true, HeaderName::Contact, "sip:one@192.0.2.2"),
            (true, HeaderName::RecordRoute, "sip:one@192.0.2.2"),
            (false, HeaderName::Contact, "sip:bob@example.com"),
            (false, HeaderName::RecordRoute, "sip:peer@192.0.2.3"),
        ] {
            let mut scene = Scene::caller(b"offer");
            if rung {
                scene.answered(180, "one", &[], b"");
            }
            let mut response = Response::to_request(&scene.invite, StatusCode(200), Some("one"));
            response.headers.push(HeaderName::Contact, "<sip:peer@192.0.2.3>");
            response.headers.set(header.clone(), UNREADABLE);
            let effects = scene.replied(Exchange::Invite, response.clone(), &[], b"answer");
            let [Effect::Ack(ack), Effect::Request(Exchange::Surplus, bye), Effect::Ended(end)] = effects.as_slice()
            else {
                panic!("{header} {rung}: {effects:?}")
            };
            assert_eq!((ack.uri.as_str(), &bye.method, bye.uri.as_str()), (target, &Method::Bye, target), "{header}");
            assert_eq!(*end, End::Unreadable(header.clone()));
            let again = scene.replied(Exchange::Invite, response, &[], b"answer");
            assert_eq!(again, [Effect::Ack(ack.clone())], "{header}: acknowledged again, hung up once");
        }
    }

    #[test]
    fn such_an_answer_to_a_cancelled_call_ends_it_as_cancelled() {
        let mut scene = Scene::caller(b"offer");
        scene.session.close();
        scene.effects();
        let mut response = Response::to_request(&scene.invite, StatusCode(200), Some("one"));
        response.headers.push(HeaderName::Contact, UNREADABLE);
        let effects = scene.replied(Exchange::Invite, response, &[], b"answer");
        assert_eq!(effects.last(), Some(&Effect::Ended(End::Local)));
    }
}
