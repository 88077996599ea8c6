//! Hold and resume: what the person wishes, what the far end is asked, what it says.
//!
//! A call is held from the moment the person says so: it hears silence and is not heard, whatever the far end answers.
//! It is resumed when the far end agrees, or at once if it never agreed to the hold.

use super::agent::Agent;
use super::call::Call;
use super::event::Event;
use super::port::Output;
use super::reach::restart_ice;
use super::snapshot::CallState;
use crate::media::command::{Endpoint, MediaCommand};
use crate::sdp;
use crate::sip::message::Response;
use crate::sip::transaction::Failure;
use crate::text::sanitise;
use std::time::Instant;

impl Agent {
    /// Holds or resumes a call; the far end is asked as soon as no other change is under way.
    pub(super) fn want_hold(&mut self, id: u32, hold: bool, now: Instant) {
        let Some(call) = self.call_mut(id).filter(|call| call.is_answered() && call.wants_hold() != hold) else {
            return;
        };
        call.hold_wanted = Some(hold);
        if hold && call.state == CallState::Connected {
            call.state = CallState::Held;
            self.tell(id, now, |call| Event::CallHeld { call });
        }
    }

    /// One person has one mouth: every other answered call is put on hold, but for those it confers with.
    pub(super) fn hold_others(&mut self, but: Option<u32>, now: Instant) {
        if self.config.endpoint != Endpoint::Phone {
            return;
        }
        let confers = but.and_then(|id| self.call(id)).is_some_and(|call| call.conference);
        let others = self.calls.iter().filter(|call| Some(call.id) != but && !(confers && call.conference));
        let others: Vec<u32> = others.map(|call| call.id).collect();
        others.into_iter().for_each(|id| self.want_hold(id, true, now));
    }

    /// Offers every wish that can be offered now, and the new address of calls that have moved; true if there was one.
    pub(super) fn send_holds(&mut self, now: Instant) -> bool {
        let mut any = false;
        let mut resumed = Vec::new();
        for call in &mut self.calls {
            if call.hold_wanted.is_none() && !call.move_wanted {
                continue;
            }
            let (Some(session), Some(negotiation)) = (call.session.as_mut(), call.negotiation.as_mut()) else {
                continue;
            };
            let hold = call.hold_wanted.unwrap_or(negotiation.held());
            if call.hold_offered.is_none() && negotiation.held() == hold && !call.move_wanted {
                call.hold_wanted = None;
                resumed.extend((!hold).then_some(call.id));
            } else if session.can_modify() {
                any = true;
                call.hold_offered = call.hold_wanted.take();
                call.move_offered = std::mem::take(&mut call.move_wanted);
                if negotiation.has_lost_ice() {
                    restart_ice(negotiation, &mut self.rng);
                }
                session.modify(negotiation.offer(hold).to_bytes());
            }
        }
        resumed.into_iter().for_each(|id| self.resumed(id, now));
        any
    }

    /// Our re-INVITE was answered.
    pub(super) fn modified(&mut self, id: u32, body: &[u8], now: Instant) {
        let Some(call) = self.call_mut(id) else { return };
        let answer = sdp::parse(body).ok();
        let agreed = answer.and_then(|answer| call.negotiation.as_mut()?.accept_answer(&answer).ok());
        let Some(agreed) = agreed else {
            return self.change_refused(id, "its answer has no sound this phone can play");
        };
        call.move_offered = false;
        let resumes = call.hold_offered.take() == Some(false) && call.hold_wanted.is_none();
        self.start(id, agreed, now);
        if resumes {
            self.resumed(id, now);
        }
    }

    /// Our re-INVITE was refused.
    pub(super) fn modify_refused(&mut self, id: u32, response: &Response) {
        self.change_refused(id, &format!("{} {}", response.status, sanitise(&response.reason)));
    }

    /// Our re-INVITE could not be sent.
    pub(super) fn modify_unsent(&mut self, id: u32, why: Failure) {
        self.change_failed(id, "the far end cannot be asked", &why.to_string());
    }

    fn change_refused(&mut self, id: u32, why: &str) {
        self.change_failed(id, "the far end refused", why);
    }

    /// What was agreed before stands, and the person is told; a call is as silent as it was.
    fn change_failed(&mut self, id: u32, what: &str, why: &str) {
        let Some(call) = self.call_mut(id) else { return };
        let offered = call.hold_offered.take();
        call.move_offered = false;
        if let Some(negotiation) = call.negotiation.as_mut() {
            negotiation.abandon_offer();
        }
        let (wish, hint) = match offered {
            // A refresh nobody asked for: the session tries again, or ends when its time is over.
            None => return,
            Some(false) => ("resume", "it stays on hold"),
            Some(true) => ("hold", "it hears silence and is not played here all the same"),
        };
        let message = format!("{what} to {wish} call {}: {why}", call.name());
        self.outputs.push_back(Output::Event(Event::Error { message, hint: Some(hint.into()) }));
    }

    fn resumed(&mut self, id: u32, now: Instant) {
        let Some(call) = self.call_mut(id).filter(|call| call.state == CallState::Held) else { return };
        call.state = CallState::Connected;
        self.tell(id, now, |call| Event::CallResumed { call });
    }

    /// Gives every call the sound its state asks for, told when it changes.
    pub(super) fn attach_sounds(&mut self) {
        let one_at_a_time = self.config.endpoint != Endpoint::Bench;
        let talking = one_at_a_time && self.calls.iter().any(|call| call.state == CallState::Connected);
        for call in self.calls.iter_mut().filter(|call| call.is_live() && call.flow.is_some()) {
            // Why silence, not nothing: many servers hang up a call without RTP.
            let endpoint = match call.state {
                CallState::Held => Endpoint::Silence,
                CallState::EarlyMedia if talking => Endpoint::Silence,
                _ => self.config.endpoint.clone(),
            };
            if call.attached != endpoint {
                call.attached = endpoint.clone();
                self.outputs.push_back(Output::Media(MediaCommand::Attach { stream: call.stream, endpoint }));
            }
        }
    }
}

impl Call {
    /// The person's last word on it: on hold.
    pub fn wants_hold(&self) -> bool {
        self.hold_wanted.or(self.hold_offered).unwrap_or(self.state == CallState::Held)
    }
}
