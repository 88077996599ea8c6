//! Hold and resume: what the person wishes, what the far end is asked, what it says.

use super::agent::Agent;
use super::event::Event;
use super::port::Output;
use super::snapshot::CallState;
use crate::sdp::{self, Negotiation};
use crate::sip::message::Response;
use crate::text::sanitise;
use std::time::Instant;

impl Agent {
    /// Our re-INVITE was answered.
    pub(super) fn modified(&mut self, id: u32, body: &[u8], now: Instant) {
        let Some(call) = self.call_mut(id) else { return };
        let answer = sdp::parse(body).ok();
        let agreed = answer.and_then(|answer| call.negotiation.as_mut()?.accept_answer(&answer).ok());
        if let (None, Some(negotiation)) = (&agreed, call.negotiation.as_mut()) {
            negotiation.abandon_offer();
        }
        let held = call.negotiation.as_ref().is_some_and(Negotiation::held);
        let was = call.state;
        if call.is_answered() {
            call.state = if held { CallState::Held } else { CallState::Connected };
        }
        let state = call.state;
        if let Some(agreed) = agreed {
            self.start(id, agreed, now);
        }
        match (was, state) {
            (CallState::Connected, CallState::Held) => self.tell(id, now, |call| Event::CallHeld { call }),
            (CallState::Held, CallState::Connected) => self.tell(id, now, |call| Event::CallResumed { call }),
            _ => {}
        }
    }

    /// Our re-INVITE was refused: what was before stands, and the person is told.
    pub(super) fn modify_refused(&mut self, id: u32, response: &Response) {
        let Some(call) = self.call_mut(id) else { return };
        call.hold_wanted = None;
        let wish = if call.hold_offered.take() == Some(false) { "resume" } else { "hold" };
        if let Some(negotiation) = call.negotiation.as_mut() {
            negotiation.abandon_offer();
        }
        let (name, status, reason) = (call.name(), response.status, sanitise(&response.reason));
        let message = format!("the far end refused to {wish} call {name}: {status} {reason}");
        self.outputs.push_back(Output::Event(Event::Error { message, hint: None }));
    }

    /// Offers a hold or its end as soon as no other change is under way.
    pub(super) fn want_hold(&mut self, id: u32, hold: bool) {
        let Some(call) = self.call_mut(id).filter(|call| call.is_answered()) else { return };
        call.hold_wanted = Some(hold);
    }

    /// Offers every hold that can be offered now; true if there was one.
    pub(super) fn send_holds(&mut self) -> bool {
        let mut any = false;
        for call in &mut self.calls {
            let Some(hold) = call.hold_wanted else { continue };
            let (Some(session), Some(negotiation)) = (call.session.as_mut(), call.negotiation.as_mut()) else {
                continue;
            };
            if !session.can_modify() {
                continue;
            }
            any = true;
            call.hold_offered = call.hold_wanted.take();
            session.modify(negotiation.offer(hold).to_bytes());
        }
        any
    }

    /// One person has one mouth: every other answered call is put on hold.
    pub(super) fn hold_others(&mut self, but: Option<u32>, _now: Instant) {
        if self.config.endpoint != crate::media::command::Endpoint::Phone {
            return;
        }
        let others = self.calls.iter().filter(|call| Some(call.id) != but && call.state == CallState::Connected);
        for id in others.map(|call| call.id).collect::<Vec<_>>() {
            self.want_hold(id, true);
        }
    }
}
