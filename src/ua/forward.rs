//! Calls sent on to another number: at once, when nobody has answered for a while, or from a busy phone (302 with Diversion, RFC 5806).

use super::account::Line;
use super::agent::{Agent, IncomingPolicy};
use super::command::{CommandError, Reply};
use super::outcome::{EndedBy, ExitCode};
use crate::config::Forwarding;
use crate::config::dial::dial;
use crate::sip::header::NameAddr;
use crate::sip::message::{HeaderName, Headers, StatusCode};
use crate::sip::uri::Uri;
use crate::text::sanitise;
use std::time::{Duration, Instant};

/// The outcome of a call that was sent on.
pub(super) const FORWARDED: &str = "forwarded";
/// Most times a call may have been sent on before it comes to us; more look like a loop.
const MAX_DIVERSIONS: u32 = 5;
/// Most Diversion lines of the caller that are handed on.
const MAX_LINES: usize = 8;

impl Agent {
    /// How long a new call rings before it is sent on; `None` = it is not.
    pub(super) fn forwards(&self, line: &Line, headers: &Headers) -> Option<Duration> {
        let settings = &self.config.settings;
        let is_on = self.config.incoming == IncomingPolicy::Ring && self.forward_target().is_some();
        let onward = onward(&settings.forwarding_number, line, headers).filter(|_| is_on);
        onward.map(|_| Duration::from_secs(settings.forwarding_delay_s.into()))
    }

    /// The headers that send a call on which finds the phone busy; `None` = it is told busy.
    pub(super) fn forwards_busy(&self, line: &Line, headers: &Headers) -> Option<Vec<(HeaderName, String)>> {
        let to = onward(&self.config.settings.forwarding_busy_number, line, headers)?;
        Some(moved(&to, "user-busy", line, headers))
    }

    /// The number that calls are sent on to, if they are.
    pub(super) fn forward_target(&self) -> Option<&str> {
        let settings = &self.config.settings;
        let is_on = match settings.forwarding {
            Forwarding::Never => false,
            Forwarding::Button => settings.forwarding_button,
            Forwarding::All => true,
        };
        Some(settings.forwarding_number.as_str()).filter(|number| is_on && !number.trim().is_empty())
    }

    /// Sends a ringing call on.
    pub(super) fn forward(&mut self, id: u32, now: Instant) {
        let number = self.config.settings.forwarding_number.clone();
        let reason =
            if self.call(id).is_some_and(|call| call.ringing.is_some()) { "no-answer" } else { "unconditional" };
        self.send_on(id, &number, reason, now);
    }

    /// Sends a call that came in on to this number; false if the number is none, or leads back here.
    pub(super) fn send_on(&mut self, id: u32, number: &str, reason: &str, now: Instant) -> bool {
        let Some(call) = self.call(id) else { return false };
        let Some(line) = self.account(call.account) else { return false };
        let Some(invite) = call.session.as_ref().and_then(|session| session.waiting_invite()) else { return false };
        let Some(to) = onward(number, line, &invite.headers) else { return false };
        let lines = moved(&to, reason, line, &invite.headers);
        let Some(call) = self.call_mut(id) else { return false };
        call.status = Some(302);
        call.reason = Some(format!("forwarded to {}", sanitise(number)));
        call.outcome = Some(FORWARDED);
        if let Some(session) = call.session.as_mut() {
            session.reject_with(StatusCode(302), lines);
        }
        self.end_call(id, EndedBy::Local, ExitCode::NoAnswer, now);
        true
    }

    /// `Command::Forward`: on with a number, off without.
    pub(super) fn set_forward(&mut self, number: Option<String>) -> Result<Reply, CommandError> {
        let Some(number) = number else {
            let settings = &mut self.config.settings;
            settings.forwarding_button = false;
            if settings.forwarding == Forwarding::All {
                settings.forwarding = Forwarding::Button;
            }
            return Ok(Reply::Done);
        };
        let refusal = |why: &str, hint: &str| CommandError {
            code: ExitCode::Usage,
            kind: "bad_number",
            message: format!("cannot forward to {}: {why}", sanitise(&number)),
            hint: Some(hint.to_owned()),
        };
        let line = self.account(self.selected_account());
        let made = line.and_then(|line| target(&number, line).map(|uri| is_self(&uri, line)));
        match made {
            None => {
                return Err(refusal("it is no number this account can call", "a number, user@host or sip:user@host"));
            }
            Some(true) => return Err(refusal("it is this phone's own", "another number")),
            Some(false) => {}
        }
        let settings = &mut self.config.settings;
        settings.forwarding_number = number;
        settings.forwarding_button = true;
        if settings.forwarding == Forwarding::Never {
            settings.forwarding = Forwarding::Button;
        }
        Ok(Reply::Done)
    }
}

/// The address that a number stands for at this account.
fn target(number: &str, line: &Line) -> Option<Uri> {
    let target = dial(number, &line.account).ok()?;
    Uri::parse(&target.uri).ok().filter(Uri::is_sip)
}

/// The same, unless a call with these headers would come back.
fn onward(number: &str, line: &Line, headers: &Headers) -> Option<Uri> {
    target(number, line).filter(|to| !has_looped(headers, line) && !is_self(to, line))
}

/// The headers of a 302 to this address, for an INVITE with these.
fn moved(to: &Uri, reason: &str, line: &Line, headers: &Headers) -> Vec<(HeaderName, String)> {
    let mut lines = vec![(HeaderName::Contact, format!("<{to}>"))];
    //= RFC 5806 §5: the one who diverts stands above those before
    lines.push((HeaderName::Diversion, format!("<sip:{}>;reason={reason};counter=1", line.account.aor())));
    let before = headers.all(&HeaderName::Diversion).take(MAX_LINES);
    lines.extend(before.map(|line| (HeaderName::Diversion, String::from_utf8_lossy(line).into_owned())));
    lines
}

/// The account's own address, or one of its user at its domain.
fn is_self(uri: &Uri, line: &Line) -> bool {
    let is_user = uri.user_decoded().is_some_and(|user| user == line.account.username);
    is_user && uri.host().is_some_and(|host| line.is_home(&host.to_string()))
}

/// It was sent on from here before, or too often by others.
fn has_looped(headers: &Headers, line: &Line) -> bool {
    let diversions = headers.addresses(&HeaderName::Diversion).unwrap_or_default();
    //= RFC 5806 §4: an element without a counter stands for one
    let count = |address: &NameAddr| address.params.value("counter").and_then(|n| n.parse().ok()).unwrap_or(1_u32);
    let times = diversions.iter().map(count).fold(0_u32, u32::saturating_add);
    times > MAX_DIVERSIONS || diversions.iter().any(|address| is_self(&address.uri, line))
}
