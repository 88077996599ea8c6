//! Handing a call over: hold, REFER, what the far end tells of it, the end (RFC 3515, RFC 5589 §6, §7).

use super::agent::Agent;
use super::call::Call;
use super::command::{CommandError, Reply, RequestId, TransferTo};
use super::event::Event;
use super::outcome::{EndedBy, ExitCode};
use super::port::Output;
use super::snapshot::{CallState, TransferInfo, TransferState};
use crate::sip::header::Replaces;
use crate::sip::message::{HeaderName, Method, Request, Response, StatusCode};
use crate::sip::refer::{Progress, is_without_news, refer_to};
use crate::sip::session::{Exchange, Session};
use crate::sip::uri::Uri;
use crate::text::sanitise;
use std::time::{Duration, Instant};

/// How long the outcome of a transfer is waited for: a little longer than a phone rings.
const PATIENCE: Duration = Duration::from_secs(200);
/// The same once the call is over.
const AFTERMATH: Duration = Duration::from_secs(4);
/// How long an exchange may take to act on a code.
const CODE_PATIENCE: Duration = Duration::from_secs(30);

/// A transfer of a call that this side asked for.
#[derive(Debug)]
pub(super) struct Transfer {
    pub info: TransferInfo,
    /// Who is told the outcome.
    asker: Option<RequestId>,
    target: Uri,
    replaces: Option<Replaces>,
    /// The call that was consulted.
    with: Option<u32>,
    was_held: bool,
    until: Instant,
    /// The number of the first REFER; one more for each challenge.
    cseq: u32,
    /// The target is where calls are parked.
    pub parks: bool,
    /// Keys ask the exchange for it, no REFER: the end of the call is all that tells.
    by_code: bool,
}

impl Transfer {
    /// The outcome is still to come.
    pub fn is_pending(&self) -> bool {
        !matches!(self.info.state, TransferState::Done | TransferState::Failed)
    }

    pub fn next_timeout(&self) -> Option<Instant> {
        self.is_pending().then_some(self.until)
    }

    /// One that the exchange was asked for by keys.
    pub fn by_code(info: TransferInfo, target: Uri, now: Instant) -> Transfer {
        Transfer {
            info,
            asker: None,
            target,
            replaces: None,
            with: None,
            was_held: true,
            until: now + CODE_PATIENCE,
            cseq: 0,
            parks: false,
            by_code: true,
        }
    }
}

impl Agent {
    /// `Command::Transfer`: begins; the reply follows with the outcome. The call it is about.
    pub(super) fn transfer(
        &mut self,
        asker: RequestId,
        call: Option<String>,
        to: TransferTo,
        now: Instant,
    ) -> Result<u32, CommandError> {
        let settings = &self.config.settings;
        let (blind, consult) = (settings.transfer_code.clone(), settings.consult_code.clone());
        match (&to, blind.in_use(), consult.in_use()) {
            (TransferTo::Number(number), Some(code), _) => {
                self.transfer_by_code(asker, call, (code, number), true, now)
            }
            (TransferTo::Call(Some(number)), _, Some(code)) if self.keys_to_consult(number) => {
                self.transfer_by_code(asker, call, (code, number), false, now)
            }
            _ => self.hand_over(asker, call, to, now),
        }
    }

    /// An attended transfer to this is keyed: the exchange listens for that, and no other call has this id or number.
    pub(super) fn keys_to_consult(&self, number: &str) -> bool {
        self.config.settings.consult_code.in_use().is_some() && self.consulted(None, Some(number)).is_err()
    }

    /// Hands a call over by REFER.
    pub(super) fn hand_over(
        &mut self,
        asker: RequestId,
        call: Option<String>,
        to: TransferTo,
        now: Instant,
    ) -> Result<u32, CommandError> {
        let (id, with) = match &to {
            TransferTo::Number(_) => (self.transferee(call, "transfer")?, None),
            TransferTo::Call(other) => {
                let with = self.consulted(call.as_deref(), other.as_deref())?;
                let held = |c: &Call| c.state == CallState::Held && c.id != with;
                let other = |c: &Call| c.is_answered() && c.id != with;
                let first = self.pick(call.clone(), "transfer", "is not on hold", held);
                (first.or_else(|_| self.pick(call, "transfer", "is not another connected call", other))?, Some(with))
            }
        };
        self.is_not_transferred(id)?;
        let Some(call) = self.call(id) else { return Ok(id) };
        let (target, replaces, shown) = match (&to, with) {
            (TransferTo::Number(typed), _) => {
                let (target, uri) = self.address(typed, call.account, "transfer to")?;
                (uri, None, target.uri)
            }
            (TransferTo::Call(_), with) => {
                let Some((target, replaces)) = with.and_then(|with| self.taken_over(with)) else { return Ok(id) };
                let shown = with.and_then(|with| self.call(with)).map(|call| call.remote.uri.clone());
                (target, Some(replaces), shown.unwrap_or_default())
            }
        };
        let was_held = call.wants_hold();
        let info = TransferInfo {
            to: sanitise(&shown),
            with: with.and_then(|with| self.call(with)).map(Call::name),
            state: TransferState::Holding,
            parked_at: None,
            status: None,
            reason: None,
        };
        let until = now + PATIENCE;
        let asker = Some(asker);
        let (cseq, parks, by_code) = (0, false, false);
        let transfer = Transfer { info, asker, target, replaces, with, was_held, until, cseq, parks, by_code };
        if let Some(call) = self.call_mut(id) {
            call.transfer = Some(transfer);
        }
        self.want_hold(id, true, now);
        Ok(id)
    }

    pub(super) fn is_not_transferred(&self, id: u32) -> Result<(), CommandError> {
        match self.call(id).filter(|call| call.transfer.as_ref().is_some_and(Transfer::is_pending)) {
            None => Ok(()),
            Some(call) => Err(CommandError {
                code: ExitCode::NotFound,
                kind: "wrong_state",
                message: format!("call {} is being transferred already", call.name()),
                hint: None,
            }),
        }
    }

    /// The call a blind transfer means: the one named, else the one talking, else one on hold.
    pub(super) fn transferee(&self, named: Option<String>, verb: &str) -> Result<u32, CommandError> {
        let talks = |call: &Call| call.state == CallState::Connected;
        let talking = self.pick(named.clone(), verb, "", talks);
        talking.or_else(|_| self.pick(named, verb, "is not connected", Call::is_answered))
    }

    /// The call the far end of an attended transfer is connected with: named by id or number, else the one talking.
    pub(super) fn consulted(&self, transferred: Option<&str>, named: Option<&str>) -> Result<u32, CommandError> {
        let free = |call: &&Call| call.is_answered() && Some(call.name().as_str()) != transferred;
        let others = || self.calls.iter().filter(free);
        let found = match named {
            Some(named) => others().rfind(|call| call.name() == named || call.remote.user == named),
            None => others().rfind(|call| call.state == CallState::Connected).or_else(|| others().next_back()),
        };
        let answered = self.calls.iter().filter(|call| call.is_answered()).count();
        match found {
            Some(call) if answered > 1 => Ok(call.id),
            _ => Err(CommandError {
                code: ExitCode::NotFound,
                kind: "no_call",
                message: match named {
                    Some(named) => format!("no other call with {} to connect with", sanitise(named)),
                    None => "there is no second call to connect with".into(),
                },
                hint: Some("call them first, or leave --attended out to hand the call over at once".into()),
            }),
        }
    }

    /// Where a call leads, and its dialog as the far end knows it.
    fn taken_over(&self, id: u32) -> Option<(Uri, Replaces)> {
        let dialog = self.call(id)?.session.as_ref()?.dialog()?;
        let known = dialog.id().clone();
        //= RFC 3891 §6.1: the tags as the receiver has them; its own is to-tag
        let replaces =
            Replaces { call_id: known.call_id, to_tag: known.remote_tag, from_tag: known.local_tag, early_only: false };
        //= RFC 5589 §7.3: the Contact leads to the very phone that has the call
        Some((dialog.remote_target().clone(), replaces))
    }

    /// Sends every REFER whose hold is settled; true if there was one.
    pub(super) fn send_transfers(&mut self, now: Instant) -> bool {
        let waits = |call: &&Call| {
            let holding = call.transfer.as_ref().is_some_and(|t| t.info.state == TransferState::Holding);
            let settled = call.hold_wanted.is_none() && call.hold_offered.is_none();
            holding && settled && call.session.as_ref().is_some_and(Session::is_confirmed)
        };
        let ready: Vec<u32> = self.calls.iter().filter(waits).map(|call| call.id).collect();
        ready.iter().for_each(|id| self.refer(*id, now));
        !ready.is_empty()
    }

    fn refer(&mut self, id: u32, now: Instant) {
        let account = self.account_of_call(id);
        let Some(flow) = self.call(id).and_then(|call| call.flow) else { return };
        let referrer = self.account(account).map(|line| line.from(&flow)).unwrap_or_default();
        let Some(call) = self.call_mut(id) else { return };
        let (Some(session), Some(transfer)) = (call.session.as_mut(), call.transfer.as_mut()) else { return };
        let to = refer_to(&transfer.target, transfer.replaces.as_ref());
        let number = session.send(Exchange::Refer, Method::Refer, |refer| {
            refer.headers.push(HeaderName::ReferTo, to);
            //= RFC 3892 §2.1
            refer.headers.push(HeaderName::ReferredBy, referrer);
        });
        transfer.cseq = number.unwrap_or_default();
        transfer.info.state = TransferState::Asked;
        transfer.until = now + PATIENCE;
    }

    /// The answer to our REFER.
    pub(super) fn refer_answered(&mut self, id: u32, response: &Response, now: Instant) {
        let transfer = self.call_mut(id).and_then(|call| call.transfer.as_mut());
        let Some(transfer) = transfer.filter(|t| t.info.state == TransferState::Asked) else { return };
        let status = response.status;
        if !status.is_final() {
            return;
        }
        if !status.is_success() {
            let progress = Progress { status, reason: response.reason.clone() };
            return self.transfer_failed(id, Some(progress), String::new(), now);
        }
        transfer.info.state = TransferState::Accepted;
        //= RFC 4488 §4: no news will come of it
        if is_without_news(response) {
            self.transferred(id, now);
        }
    }

    /// Nothing came back for our REFER.
    pub(super) fn refer_failed(&mut self, id: u32, words: &str, now: Instant) {
        let asked = |call: &Call| call.transfer.as_ref().is_some_and(|t| t.info.state == TransferState::Asked);
        if self.call(id).is_some_and(asked) {
            self.transfer_failed(id, None, sanitise(words), now);
        }
    }

    /// A NOTIFY in the call: how the transfer fares. The status it deserves.
    pub(super) fn transfer_news(&mut self, id: u32, notify: &Request, now: Instant) -> StatusCode {
        let event = notify.headers.event().ok().flatten().filter(|event| event.value.eq_ignore_ascii_case("refer"));
        let transfer = self.call_mut(id).and_then(|call| call.transfer.as_mut()).filter(|transfer| !transfer.by_code);
        let Some(transfer) = transfer else { return StatusCode(481) };
        let number: Option<u32> = event.and_then(|event| event.params.value("id").and_then(|id| id.parse().ok()));
        //= RFC 3515 §2.4.6: the id is the number of the REFER; the first in a dialog may go without
        if transfer.info.state == TransferState::Holding || number.is_some_and(|number| number < transfer.cseq) {
            return StatusCode(481);
        }
        if !transfer.is_pending() {
            return StatusCode(200);
        }
        let state = notify.headers.subscription_state().ok().flatten();
        let is_over = state.is_some_and(|state| state.value.eq_ignore_ascii_case("terminated"));
        match Progress::parse(&notify.body) {
            Some(progress) if progress.status.is_success() => {
                transfer.info.note(&progress);
                self.transferred(id, now);
            }
            Some(progress) if progress.status.is_final() => {
                self.transfer_failed(id, Some(progress), String::new(), now)
            }
            _ if is_over => self.transfer_failed(id, None, "the far end does not tell what became of it".into(), now),
            Some(progress) => transfer.info.note(&progress),
            None => {}
        }
        StatusCode(200)
    }

    /// The call is over while its transfer is under way.
    pub(super) fn transfer_left(&mut self, id: u32, now: Instant) {
        let Some(call) = self.call_mut(id) else { return };
        let ended_there = call.ended_by == Some(EndedBy::Remote);
        let Some(transfer) = call.transfer.as_mut() else { return };
        match transfer.info.state {
            // Whoever keyed the number has nothing else to hear of it.
            TransferState::Asked if transfer.by_code && ended_there => self.transferred(id, now),
            TransferState::Asked if transfer.by_code => transfer.info.state = TransferState::Failed,
            TransferState::Holding | TransferState::Asked => {
                self.transfer_failed(id, None, "the call ended before".into(), now);
            }
            //= RFC 5057 §4.1: the news may come after the BYE
            TransferState::Accepted => transfer.until = transfer.until.min(now + AFTERMATH),
            TransferState::Done | TransferState::Failed => {}
        }
    }

    /// No news for long.
    pub(super) fn transfer_timeout(&mut self, id: u32, now: Instant) {
        let Some(call) = self.call(id) else { return };
        let Some(transfer) = call.transfer.as_ref().filter(|t| t.is_pending() && t.until <= now) else { return };
        match transfer.info.state {
            // Whoever took the transfer on and hung up has somebody else to talk to.
            TransferState::Accepted if !call.is_live() => self.transferred(id, now),
            _ if transfer.by_code => {
                let words = format!("it is still here after {} s", CODE_PATIENCE.as_secs());
                self.transfer_failed(id, None, words, now);
            }
            _ => {
                let words = format!("no word of it in {} s", PATIENCE.as_secs());
                self.transfer_failed(id, Some(Progress { status: StatusCode(408), reason: words }), String::new(), now);
            }
        }
    }

    /// The far end has somebody else to talk to: hangs up here.
    fn transferred(&mut self, id: u32, now: Instant) {
        let Some(call) = self.call_mut(id) else { return };
        let Some(transfer) = call.transfer.as_mut() else { return };
        transfer.info.state = TransferState::Done;
        let (asker, with, parks) = (transfer.asker.take(), transfer.with, transfer.parks);
        call.reason = Some(format!("transferred to {}", transfer.info.to));
        self.tell(id, now, |call| Event::CallTransferred { call });
        if let Some(info) = self.call(id).map(|call| self.call_info(call, now)) {
            match asker {
                asker if parks => self.parked(asker, info, now),
                Some(asker) => self.outputs.push_back(Output::Reply(asker, Ok(Reply::Call(Box::new(info))))),
                None => {}
            }
        }
        for over in [Some(id), with].into_iter().flatten() {
            if self.call(over).is_some_and(Call::is_live) {
                self.hang_up_call(over, now);
            }
        }
    }

    /// The call stays ours: says why, and goes back to it.
    fn transfer_failed(&mut self, id: u32, progress: Option<Progress>, words: String, now: Instant) {
        let Some(call) = self.call_mut(id) else { return };
        let (name, is_live, talks_here) = (call.name(), call.is_live(), call.state == CallState::Connected);
        let Some(transfer) = call.transfer.as_mut() else { return };
        transfer.info.state = TransferState::Failed;
        let code = progress.as_ref().map_or(ExitCode::Unreachable, |p| ExitCode::of_status(p.status.0, true));
        match &progress {
            Some(progress) => transfer.info.note(progress),
            None => transfer.info.reason = Some(words.clone()),
        }
        let words = progress.map_or(words, |p| format!("{} {}", p.status, sanitise(&p.reason)));
        let (asker, blind) = (transfer.asker.take(), transfer.with.is_none());
        let (to, was_held) = (transfer.info.to.clone(), transfer.was_held);
        let talks = self.calls.iter().any(|other| other.id != id && other.state == CallState::Connected);
        let resumes = is_live && blind && !was_held && !talks;
        let error = CommandError {
            code,
            kind: code.kind(),
            message: format!("call {name} is not transferred to {to}: {words}"),
            hint: is_live.then(|| {
                match (talks_here, resumes) {
                    (true, _) => "you have the call back",
                    (false, true) => "you get the call back",
                    (false, false) => "the call is on hold",
                }
                .to_owned()
            }),
        };
        if resumes {
            self.want_hold(id, false, now);
        }
        let event = Event::Error { message: error.message.clone(), hint: error.hint.clone() };
        self.outputs.push_back(Output::Event(event));
        if let Some(asker) = asker {
            self.outputs.push_back(Output::Reply(asker, Err(error)));
        }
    }
}

impl TransferInfo {
    fn note(&mut self, progress: &Progress) {
        self.status = Some(progress.status.0);
        self.reason = Some(sanitise(&progress.reason));
    }
}
