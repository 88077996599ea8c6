//! Being the target of a transfer: a call that takes another one's place (RFC 3891).

use super::agent::Agent;
use super::outcome::{EndedBy, ExitCode};
use super::snapshot::CallDirection;
use crate::config::AccountId;
use crate::sip::dialog::DialogId;
use crate::sip::message::{Request, StatusCode};
use crate::sip::session::Session;
use std::time::Instant;

impl Agent {
    /// The call an INVITE for this account takes over; `None` for a call of its own.
    ///
    /// # Errors
    /// The status it is refused with.
    pub(super) fn replaced(&self, request: &Request, account: AccountId) -> Result<Option<u32>, StatusCode> {
        let Some(replaces) = request.headers.replaces().map_err(|_| StatusCode(400))? else { return Ok(None) };
        let id = |remote_tag: &str| DialogId {
            call_id: replaces.call_id.clone(),
            local_tag: replaces.to_tag.clone(),
            remote_tag: remote_tag.to_owned(),
        };
        let named = id(&replaces.from_tag);
        //= RFC 3891 §3: 0 stands for the missing tag of an old far end
        let untagged = Some(id("")).filter(|_| replaces.from_tag == "0");
        let owns = |session: &Session| session.owns(&named) || untagged.as_ref().is_some_and(|id| session.owns(id));
        let found = self.calls.iter().find(|call| call.session.as_ref().is_some_and(owns));
        //= RFC 3891 §3: 481 without a match; nobody else's call is anybody's to take
        let call = found.filter(|call| call.account == account).ok_or(StatusCode(481))?;
        if !call.is_live() {
            //= RFC 3891 §3
            return Err(StatusCode(603));
        }
        match call.is_answered() {
            //= RFC 3891 §3
            true if replaces.early_only => Err(StatusCode(486)),
            true => Ok(Some(call.id)),
            //= RFC 3891 §3: an early dialog only if we began it
            false if call.direction == CallDirection::Outgoing => Ok(Some(call.id)),
            false => Err(StatusCode(481)),
        }
    }

    /// Ends the call that this one takes over; true if the person had it on hold.
    pub(super) fn take_over(&mut self, id: u32, now: Instant) -> bool {
        let Some((old, who)) = self.call(id).and_then(|call| Some((call.takes_over?, call.remote.uri.clone()))) else {
            return false;
        };
        let Some(call) = self.call_mut(old).filter(|call| call.is_live()) else { return false };
        let (was_held, confers) = (call.is_answered() && call.wants_hold(), call.conference);
        call.reason = Some(format!("taken over by {who}"));
        //= RFC 3891 §3: BYE for a confirmed dialog, CANCEL for an early one
        if let Some(session) = call.session.as_mut() {
            session.close();
        }
        self.end_call(old, EndedBy::Remote, ExitCode::Ok, now);
        if let Some(call) = self.call_mut(id) {
            call.conference = confers;
        }
        was_held
    }
}
