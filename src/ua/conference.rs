//! The conference: calls that hear each other beside the person here, mixed at this phone. There is one at a time.
//!
//! It is one talk among others: another call holds all of it, and to resume one of its calls then resumes all.

use super::agent::Agent;
use super::call::Call;
use super::command::{CommandError, Reply};
use super::event::Event;
use super::outcome::ExitCode;
use super::port::Output;
use super::snapshot::CallState;
use super::transfer::Transfer;
use crate::media::command::{Endpoint, MediaCommand, StreamId};
use std::time::Instant;

/// The header that marks a call into a conference, as MicroSIP has it: the Call-ID of one that is in it.
pub(super) const CONFERENCE_LEG: &str = "X-Conf-Call-ID";
/// Longest Call-ID that is told to others, in bytes.
const MAX_LEG: usize = 256;

impl Agent {
    /// These calls join; none named: all that are answered and not being handed over.
    pub(super) fn confer(&mut self, named: Vec<String>, now: Instant) -> Result<Reply, CommandError> {
        let joining = if named.is_empty() {
            self.members(|call| call.is_answered() && !call.is_handed_over())
        } else {
            let answered = |name| self.pick(Some(name), "join", "is not connected", Call::is_answered);
            named.into_iter().map(answered).collect::<Result<_, _>>()?
        };
        let stays = |call: &Call| call.conference && !call.is_handed_over();
        let members = self.members(|call| call.is_answered() && (stays(call) || joining.contains(&call.id)));
        let [first, _, ..] = members[..] else {
            return Err(CommandError {
                code: ExitCode::NotFound,
                kind: "too_few_calls",
                message: "a conference takes two calls that are answered".into(),
                hint: Some("call the second, then: tuiphone conference".into()),
            });
        };
        members.iter().for_each(|id| self.set_conference(*id, true, now));
        self.hold_others(Some(first), now);
        members.iter().for_each(|id| self.want_hold(*id, false, now));
        Ok(Reply::Done)
    }

    /// `AC` is on, and there may be more than one call.
    pub(super) fn confers_by_itself(&self) -> bool {
        self.config.settings.auto_conference && !self.config.settings.single_mode
    }

    /// With `AC` a call that is answered joins those that are; one that takes another's place has that one's.
    pub(super) fn confer_by_itself(&mut self, id: u32, now: Instant) {
        let by_itself = self.confers_by_itself();
        let joins = self.call(id).is_some_and(|call| call.joins_conference || by_itself && call.takes_over.is_none());
        if joins && self.config.endpoint == Endpoint::Phone {
            // Alone it joins nobody.
            let _ = self.confer(Vec::new(), now);
        }
    }

    /// The Call-ID that marks this call of ours as one into a conference: that of the first member, else of the first call
    /// it will join. `None` = it is no such call, or says so by itself.
    pub(super) fn conference_leg(&self, call: &Call) -> Option<String> {
        let joins = call.joins_conference || self.confers_by_itself() && call.referred_by.is_none();
        let says_so = call.extra.iter().any(|(name, _)| name.eq_ignore_ascii_case(CONFERENCE_LEG));
        let others = || self.calls.iter().filter(|other| other.id != call.id && other.is_answered());
        let leg = others().find(|other| other.conference).or_else(|| others().next())?;
        let tells = joins && !says_so && leg.sip_call_id.len() <= MAX_LEG;
        tells.then(|| leg.sip_call_id.clone())
    }

    /// These calls leave and wait on hold; none named: all but the one that was talked with last.
    pub(super) fn leave_conference(&mut self, named: Vec<String>, now: Instant) -> Result<Reply, CommandError> {
        let in_it = |call: &Call| call.conference;
        let mut leaving = Vec::new();
        for name in named {
            leaving.push(self.pick(Some(name), "leave", "is in no conference", in_it)?);
        }
        if leaving.is_empty() {
            let members = self.members(in_it);
            if members.is_empty() {
                return Err(CommandError {
                    code: ExitCode::NotFound,
                    kind: "no_call",
                    message: "there is no conference".into(),
                    hint: None,
                });
            }
            let talks = |id: &&u32| self.call(**id).is_some_and(|call| call.state == CallState::Connected);
            let stays = members.iter().rfind(talks).or(members.last()).copied();
            self.dissolve(now);
            leaving.extend(members.into_iter().filter(|id| Some(*id) != stays));
        }
        for id in leaving {
            self.set_conference(id, false, now);
            self.want_hold(id, true, now);
        }
        Ok(Reply::Done)
    }

    /// The calls that come back when this one is resumed: itself, or the whole conference if all of it is on hold.
    pub(super) fn resumed_with(&self, id: u32) -> Vec<u32> {
        let in_it = self.call(id).is_some_and(|call| call.conference);
        let talks = |call: &Call| call.conference && call.is_answered() && call.state == CallState::Connected;
        if !in_it || self.calls.iter().any(talks) {
            return vec![id];
        }
        self.members(|call| call.conference && call.is_answered())
    }

    /// Who is left alone confers no longer; tells the sound who hears whom when that changes.
    pub(super) fn settle_conference(&mut self, now: Instant) {
        if self.members(|call| call.conference).len() < 2 {
            self.dissolve(now);
        }
        let talks = |call: &&Call| call.conference && call.state == CallState::Connected;
        let streams: Vec<StreamId> = self.calls.iter().filter(talks).map(|call| call.stream).collect();
        if streams != self.conferring && self.config.endpoint == Endpoint::Phone {
            self.conferring.clone_from(&streams);
            self.outputs.push_back(Output::Media(MediaCommand::Conference(streams)));
        }
    }

    /// This call, with those it confers with while it is talked with.
    pub(super) fn talks_with(&self, id: u32) -> Vec<u32> {
        let in_it = |call: &Call| call.conference && call.state == CallState::Connected;
        let all = self.members(in_it);
        if all.contains(&id) { all } else { vec![id] }
    }

    fn members(&self, fits: impl Fn(&Call) -> bool) -> Vec<u32> {
        self.calls.iter().filter(|call| call.is_live() && fits(call)).map(|call| call.id).collect()
    }

    fn dissolve(&mut self, now: Instant) {
        self.members(|call| call.conference).into_iter().for_each(|id| self.set_conference(id, false, now));
    }

    fn set_conference(&mut self, id: u32, joined: bool, now: Instant) {
        let Some(call) = self.call_mut(id).filter(|call| call.conference != joined) else { return };
        call.conference = joined;
        self.tell(id, now, |call| Event::CallConference { call });
    }
}

impl Call {
    /// It is to go to somebody else, or its far end has sent us to somebody else: nobody is to hear it meanwhile.
    fn is_handed_over(&self) -> bool {
        self.follows.is_some() || self.transfer.as_ref().is_some_and(Transfer::is_pending)
    }
}
