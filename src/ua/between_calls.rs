//! What happens beside and between calls: one that is left to ring elsewhere, the pause after a talk, the mailbox, and
//! codes that tell the exchange what a person has changed here.

use super::agent::Agent;
use super::call::Call;
use super::command::{CommandError, Reply};
use super::event::Event;
use super::outcome::ExitCode;
use super::port::Output;
use crate::sip::message::{HeaderName, Request};
use crate::text::sanitise;
use std::time::{Duration, Instant};

/// Most ignored calls that are remembered.
const MOST_IGNORED: usize = 32;

impl Agent {
    /// `Command::Ignore`: it rings on for the caller, and is still there to be answered. The same call does not ring anew.
    pub(super) fn ignore(&mut self, call: Option<String>) -> Result<Reply, CommandError> {
        if self.config.settings.no_ignore_call {
            return Err(CommandError {
                code: ExitCode::Config,
                kind: "no_ignore_call",
                message: "cannot ignore a call: noIgnoreCall in the settings forbids it".into(),
                hint: Some("answer it or reject it".into()),
            });
        }
        let rings = |call: &Call| call.is_ringing_here() && !call.ignored;
        let id = self.pick(call, "ignore", "is not ringing here", rings)?;
        if let Some(call) = self.call_mut(id) {
            call.ignored = true;
            let call_id = call.sip_call_id.clone();
            self.ignored.push_back(call_id);
            let surplus = self.ignored.len().saturating_sub(MOST_IGNORED);
            self.ignored.drain(..surplus);
        }
        Ok(Reply::Done)
    }

    /// An INVITE of a call that a person here has ignored.
    pub(super) fn is_ignored(&self, invite: &Request) -> bool {
        let call_id = invite.headers.text(&HeaderName::CallId).unwrap_or_default();
        self.ignored.contains(&call_id)
    }

    /// `Command::Voicemail`: calls the mailbox of the account, else the one where most waits.
    pub(super) fn call_mailbox(&mut self, account: Option<&str>, now: Instant) -> Result<Reply, CommandError> {
        let wanted = account.map(|account| self.find_account(account)).transpose()?;
        let selected = self.selected_account();
        let mailboxes = self.lines.iter().filter(|line| wanted.is_none_or(|id| line.account.id == id));
        let mailboxes = mailboxes.filter_map(|line| {
            let told = line.voicemail.as_ref();
            let set = Some(line.account.voicemail_number.clone()).filter(|number| !number.is_empty());
            let number = set.or_else(|| told.and_then(|voicemail| voicemail.number.clone()))?;
            let waits = told.is_some_and(|voicemail| voicemail.waiting);
            Some((waits, line.account.id == selected, line.account.id, number))
        });
        let Some((.., id, number)) = mailboxes.max_by_key(|(waits, selected, ..)| (*waits, *selected)) else {
            return Err(CommandError {
                code: ExitCode::NotFound,
                kind: "no_mailbox",
                message: "no mailbox is known".into(),
                hint: Some("name it in the account's voicemailNumber".into()),
            });
        };
        self.dial(&number, Some(&id.0.to_string()), now)
    }

    /// A talk is over: new calls wait for `wrapUpTime`.
    pub(super) fn begin_wrap_up(&mut self, now: Instant) {
        let seconds = self.config.settings.wrap_up_s;
        if seconds > 0 && self.exiting.is_none() {
            self.wrap_up_until = Some(now + Duration::from_secs(seconds.into()));
            self.outputs.push_back(Output::Event(Event::WrapUp { for_s: seconds.into() }));
        }
    }

    /// `Command::Available`: the pause is over before its time.
    pub(super) fn end_wrap_up(&mut self) -> Result<Reply, CommandError> {
        match self.wrap_up_until.take() {
            Some(_) => {
                self.outputs.push_back(Output::Event(Event::WrapUp { for_s: 0 }));
                Ok(Reply::Done)
            }
            None => Err(CommandError {
                code: ExitCode::NotFound,
                kind: "no_wrap_up",
                message: "calls ring here already: no talk is being wrapped up".into(),
                hint: None,
            }),
        }
    }

    pub(super) fn wrap_up_timeout(&mut self, now: Instant) {
        if self.wrap_up_until.is_some_and(|until| until <= now) {
            let _ = self.end_wrap_up();
        }
    }

    /// Seconds until new calls ring again, if a talk is being wrapped up.
    pub(super) fn wraps_up_for(&self, now: Instant) -> Option<u64> {
        let left = self.wrap_up_until?.saturating_duration_since(now);
        Some(left.as_secs() + u64::from(left.subsec_nanos() > 0))
    }

    /// Tells the exchange of do-not-disturb, if there is a code for that.
    pub(super) fn tell_exchange_of_dnd(&mut self, on: bool, now: Instant) {
        let settings = &self.config.settings;
        let code = if on { &settings.dnd_on_code } else { &settings.dnd_off_code };
        self.tell_exchange(code.clone(), "do-not-disturb", now);
    }

    /// Tells the exchange where calls are sent on to, or that they are not, if there is a code for that.
    pub(super) fn tell_exchange_of_forward(&mut self, to: Option<&str>, now: Instant) {
        let settings = &self.config.settings;
        let code = match to {
            None => settings.forward_off_code.clone(),
            Some(_) if settings.forward_on_code.is_empty() => String::new(),
            Some(number) => {
                format!("{}{}", settings.forward_on_code, number.replace(['(', ')', '-', '.', '/', ' '], ""))
            }
        };
        self.tell_exchange(code, "forwarding", now);
    }

    /// Calls a code of the exchange. What was changed here stays, whatever becomes of that.
    fn tell_exchange(&mut self, code: String, of: &str, now: Instant) {
        if code.is_empty() {
            return;
        }
        // Why: it would put the talk on hold.
        let refused = match self.calls.iter().any(Call::is_live) {
            true => Some("another call is up".to_owned()),
            false => self.dial(&code, None, now).err().map(|refusal| refusal.message),
        };
        if let Some(why) = refused {
            let message = format!("the exchange was not told of {of}: {why}");
            let hint = Some(format!("call {} by hand", sanitise(&code)));
            self.outputs.push_back(Output::Event(Event::Error { message, hint }));
        }
    }
}
