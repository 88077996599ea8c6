//! Parking a call at the exchange, and calling it back.

use super::agent::Agent;
use super::command::{CommandError, Reply, RequestId, TransferTo};
use super::event::Event;
use super::outcome::ExitCode;
use super::port::Output;
use super::snapshot::{CallInfo, LightInfo, LightState};
use crate::text::sanitise;
use std::time::{Duration, Instant};

/// How long the light of the place is waited for once a call is parked.
const LIGHT_COMES: Duration = Duration::from_secs(3);

/// The call that was parked last, until it is known where.
#[derive(Debug)]
struct Parked {
    asker: Option<RequestId>,
    call: CallInfo,
    until: Instant,
}

/// What is known of parked calls.
#[derive(Debug, Default)]
pub(super) struct Parking {
    /// The places taken before the call was sent there.
    taken: Vec<String>,
    /// A place that was taken since.
    found: Option<String>,
    waits: Option<Parked>,
    /// Where the last call was parked.
    last: Option<String>,
}

impl Parking {
    pub fn next_timeout(&self) -> Option<Instant> {
        self.waits.as_ref().map(|parked| parked.until)
    }
}

impl Agent {
    /// `Command::Park`: begins; the reply follows with the outcome.
    pub(super) fn park(
        &mut self,
        asker: RequestId,
        call: Option<String>,
        number: Option<String>,
        now: Instant,
    ) -> Result<(), CommandError> {
        let set = Some(self.config.settings.park_number.clone()).filter(|number| !number.is_empty());
        let number = number.or(set).ok_or_else(|| CommandError {
            code: ExitCode::Config,
            kind: "no_park_number",
            message: "cannot park: no number to park at is known".into(),
            hint: Some("name it, park 700, or set parkNumber".into()),
        })?;
        let call = self.transferee(call, "park")?;
        let id = self.hand_over(asker, self.call(call).map(|call| call.name()), TransferTo::Number(number), now)?;
        let taken = self.lights().into_iter().filter(|light| self.is_taken_slot(light)).map(|light| light.target);
        let taken = taken.collect();
        self.parking = Parking { taken, last: self.parking.last.take(), ..Parking::default() };
        if let Some(transfer) = self.call_mut(id).and_then(|call| call.transfer.as_mut()) {
            transfer.parks = true;
        }
        Ok(())
    }

    /// The exchange has the call: tells where, now or as soon as a light does.
    pub(super) fn parked(&mut self, asker: Option<RequestId>, call: CallInfo, now: Instant) {
        self.settle_parking();
        self.parking.waits = Some(Parked { asker, call, until: now + LIGHT_COMES });
        if self.config.settings.park_slots.is_empty() || self.parking.found.is_some() {
            self.settle_parking();
        }
    }

    /// A light changed: a place that is taken now is the call's.
    pub(super) fn slot_told(&mut self, light: &LightInfo) {
        let parks = self.parking.waits.is_some()
            || self.calls.iter().any(|call| call.transfer.as_ref().is_some_and(|t| t.parks && t.is_pending()));
        if parks && self.is_taken_slot(light) && !self.parking.taken.contains(&light.target) {
            self.parking.found.get_or_insert(light.target.clone());
            self.settle_parking();
        }
    }

    /// Nobody tells where the call waits.
    pub(super) fn parking_timeout(&mut self, now: Instant) {
        if self.parking.next_timeout().is_some_and(|until| until <= now) {
            self.settle_parking();
        }
    }

    fn settle_parking(&mut self) {
        let Some(Parked { asker, mut call, .. }) = self.parking.waits.take() else { return };
        let slot = self.parking.found.take();
        if let (Some(slot), Some(transfer)) = (&slot, call.transfer.as_mut()) {
            transfer.parked_at = Some(slot.clone());
            self.parking.last = Some(slot.clone());
            self.outputs.push_back(Output::Event(Event::CallParked { call: call.clone() }));
        }
        if let Some(asker) = asker {
            self.outputs.push_back(Output::Reply(asker, Ok(Reply::Call(Box::new(call)))));
        }
    }

    /// `Command::Retrieve`.
    pub(super) fn retrieve(
        &mut self,
        number: Option<&str>,
        account: Option<&str>,
        now: Instant,
    ) -> Result<Reply, CommandError> {
        if let Some(number) = number {
            return self.dial(number, account, now);
        }
        let mut taken: Vec<String> =
            self.lights().into_iter().filter(|light| self.is_taken_slot(light)).map(|light| light.target).collect();
        let last = self.parking.last.clone().filter(|last| taken.is_empty() || taken.contains(last));
        let only = taken.pop().filter(|_| taken.is_empty());
        let number = last.or(only).ok_or_else(|| CommandError {
            code: ExitCode::NotFound,
            kind: "no_call",
            message: "cannot tell which parked call to retrieve".into(),
            hint: Some("name its place: retrieve 701".into()),
        })?;
        let reply = self.dial(&number, account, now)?;
        self.parking.last = None;
        Ok(reply)
    }

    /// A place to park at with a call in it.
    fn is_taken_slot(&self, light: &LightInfo) -> bool {
        let is_slot = |slot: &String| sanitise(slot) == light.target;
        matches!(light.state, LightState::Busy | LightState::Held | LightState::Ringing)
            && self.config.settings.park_slots.iter().any(is_slot)
    }
}
