//! A program's word on a call that comes in (`decideIncoming`): after the rules that refuse, before the phone answers, sends
//! on or rings. Without a word in time it is as if nobody had been asked.

use super::agent::{Agent, IncomingPolicy};
use super::event::Event;
use super::outcome::{EndedBy, ExitCode};
use super::port::Output;
use super::snapshot::CallState;
use crate::sip::message::StatusCode;
use crate::text::sanitise;
use std::time::{Duration, Instant};

/// The longest name that a program gives a caller, in characters.
const MAX_NAME: usize = 128;
/// The longest number or file, in bytes.
const MAX_VALUE: usize = 1024;
/// What the agent waits beyond the time that the program has: to start it takes a moment, too.
const GRACE: Duration = Duration::from_millis(500);

/// What is to become of a call.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Decision {
    /// What would have become of it without a word.
    #[default]
    None,
    /// It is answered at once.
    Accept,
    /// It is refused with this status, 400–699.
    Reject(u16),
    /// It is sent on to this number or address.
    Redirect(String),
    /// It is answered, hears this file, and is hung up.
    Play(String),
    /// It rings for the caller, and nobody here hears it.
    Ignore,
}

/// What a program says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Verdict {
    /// The caller is shown with this name.
    pub name: Option<String>,
    /// What becomes of the call.
    pub decision: Decision,
}

impl Verdict {
    /// Reads what a program has written: `name TEXT`, and one of `accept`, `reject [CODE]`, `redirect NUMBER`, `play FILE`,
    /// `ignore`, `ring`, a line each; nothing at all is `ring`.
    ///
    /// # Errors
    /// What cannot be understood, in words; then nothing of it counts.
    pub fn parse(text: &str) -> Result<Verdict, String> {
        let mut verdict = Verdict::default();
        let mut is_decided = false;
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let (word, value) =
                line.split_once(char::is_whitespace).map_or((line, ""), |(word, rest)| (word, rest.trim()));
            let odd = || format!("{:?} is none of accept, reject, redirect, play, name, ignore, ring", sanitise(word));
            let given = || match value.len() {
                0 => Err(format!("{word} needs something behind it")),
                1..=MAX_VALUE if !value.contains(char::is_control) => Ok(value.to_owned()),
                _ => Err(format!("what stands behind {word} is too long, or has control characters")),
            };
            let decision =
                match word.to_ascii_lowercase().as_str() {
                    "name" if !value.is_empty() => {
                        verdict.name = Some(sanitise(value).chars().take(MAX_NAME).collect());
                        continue;
                    }
                    "accept" | "answer" if value.is_empty() => Decision::Accept,
                    "reject" => Decision::Reject(match value {
                        "" => 486,
                        code => code.parse().ok().filter(|code| (400..700).contains(code)).ok_or_else(|| {
                            format!("reject takes a status from 400 to 699, not {:?}", sanitise(code))
                        })?,
                    }),
                    "redirect" => Decision::Redirect(given()?),
                    "play" => Decision::Play(given()?),
                    "ignore" if value.is_empty() => Decision::Ignore,
                    "ring" | "none" if value.is_empty() => Decision::None,
                    _ => return Err(odd()),
                };
            if std::mem::replace(&mut is_decided, true) {
                return Err("it decides twice".to_owned());
            }
            verdict.decision = decision;
        }
        Ok(verdict)
    }
}

/// How long a call rings before it is answered or sent on without a person; `None` = it is not.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Plan {
    pub forwards: Option<Duration>,
    pub answers: Option<Duration>,
}

/// A call that is being decided about.
#[derive(Debug)]
pub(super) struct Deciding {
    /// What would become of it without a word.
    plan: Plan,
    /// It does then.
    pub until: Instant,
}

impl Agent {
    /// Asks about a call that came in; false if there is nobody to ask.
    pub(super) fn asks_about(&mut self, id: u32, plan: Plan, now: Instant) -> bool {
        let decider = &self.config.settings.decider;
        if decider.command.is_none() || self.config.incoming != IncomingPolicy::Ring {
            return false;
        }
        let until = now + Duration::from_secs(decider.timeout_s.into()) + GRACE;
        let Some(call) = self.call_mut(id) else { return false };
        call.deciding = Some(Deciding { plan, until });
        if let Some(info) = self.call(id).map(|call| self.call_info(call, now)) {
            self.outputs.push_back(Output::Decide { call: id, info: Box::new(info) });
        }
        true
    }

    /// The word on a call, unless it is over or somebody was quicker.
    pub(super) fn decided(&mut self, id: u32, verdict: Verdict, now: Instant) {
        let Some(call) = self.call_mut(id).filter(|call| call.state == CallState::Incoming) else { return };
        let Some(Deciding { mut plan, .. }) = call.deciding.take() else { return };
        if verdict.name.is_some() {
            call.remote.name = verdict.name;
        }
        match verdict.decision {
            Decision::None => {}
            Decision::Accept => plan = Plan { forwards: None, answers: Some(Duration::ZERO) },
            Decision::Play(file) => {
                call.announcement = Some(file);
                plan = Plan { forwards: None, answers: Some(Duration::ZERO) };
            }
            Decision::Ignore => {
                call.ignored = true;
                plan.answers = None;
            }
            Decision::Reject(status) => return self.reject_by_word(id, status, now),
            Decision::Redirect(number) => match self.send_on(id, &number, "unconditional", now) {
                true => return,
                false => {
                    let message = format!("decideIncoming: calls cannot be sent on to {}", sanitise(&number));
                    let hint = Some("a number this account can call, or sip:user@host; the call rings".to_owned());
                    self.outputs.push_back(Output::Event(Event::Error { message, hint }));
                }
            },
        }
        self.let_ring(id, plan, None, now);
    }

    /// No word in time.
    pub(super) fn decide_timeout(&mut self, id: u32, now: Instant) {
        if self.call(id).and_then(|call| call.deciding.as_ref()).is_some_and(|deciding| deciding.until <= now) {
            self.decided(id, Verdict::default(), now);
        }
    }

    fn reject_by_word(&mut self, id: u32, status: u16, now: Instant) {
        let Some(call) = self.call_mut(id) else { return };
        call.status = Some(status);
        call.reason = Some("refused by decideIncoming".to_owned());
        call.outcome = Some(super::admission::DENIED);
        if let Some(session) = call.session.as_mut() {
            session.reject(StatusCode(status));
        }
        self.end_call(id, EndedBy::Local, ExitCode::of_status(status, true), now);
    }

    /// A call has heard what it was answered for: nobody is there whom it could talk to.
    pub(super) fn announced(&mut self, id: u32, now: Instant) {
        let has_heard = self.call_mut(id).is_some_and(|call| call.announcement.take().is_some());
        let Some(call) = self.call_mut(id).filter(|call| has_heard && call.is_live()) else { return };
        call.reason = Some("it has heard what decideIncoming played".to_owned());
        if let Some(session) = call.session.as_mut() {
            session.close_with(None);
        }
        self.end_call(id, EndedBy::Local, ExitCode::Ok, now);
    }

    /// A call was answered: what it is to hear is played.
    pub(super) fn announce(&mut self, id: u32) {
        let Some(call) = self.call_mut(id) else { return };
        if let Some(file) = call.announcement.clone() {
            self.play_to(id, &file, true);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_programs_write() {
        let of = |decision| Ok(Verdict { name: None, decision });
        let named = |decision| Ok(Verdict { name: Some("Ann B".to_owned()), decision });
        for (text, expected) in [
            ("", of(Decision::None)),
            ("\n \r\n", of(Decision::None)),
            ("ring", of(Decision::None)),
            ("accept\n", of(Decision::Accept)),
            ("ACCEPT", of(Decision::Accept)),
            ("reject", of(Decision::Reject(486))),
            ("reject 603\r\n", of(Decision::Reject(603))),
            ("redirect sip:bob@example.net", of(Decision::Redirect("sip:bob@example.net".to_owned()))),
            ("play /a b.wav", of(Decision::Play("/a b.wav".to_owned()))),
            ("ignore", of(Decision::Ignore)),
            ("name Ann B", named(Decision::None)),
            ("name Ann B\nignore", named(Decision::Ignore)),
            ("reject\nname\tAnn B", named(Decision::Reject(486))),
        ] {
            assert_eq!(Verdict::parse(text), expected, "{text:?}");
        }
        let long = format!("play {}", "x".repeat(MAX_VALUE + 1));
        for text in
            ["hello", "accept now", "reject 200", "reject 700", "redirect", "play", "name", "accept\nreject", &long]
        {
            assert!(Verdict::parse(text).is_err(), "{text:?}");
        }
        let name = Verdict::parse(&format!("name \u{1b}[2J{}", "x".repeat(500))).unwrap().name.unwrap();
        assert!(name.chars().count() == MAX_NAME && !name.contains('\u{1b}'), "{name}");
    }
}
