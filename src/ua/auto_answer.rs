//! Calls that answer themselves: by the toggle, always, or because the own PBX asks for it.
//!
//! A header opens the microphone only where `autoAnswer=header` says so, only for the account's own servers, and the
//! call is marked for eye and ear.

use super::account::Line;
use super::agent::{Agent, IncomingPolicy};
use super::call::Call;
use super::snapshot::{CallState, Party};
use crate::config::{AutoAnswer, AutoAnswerCalls};
use crate::sip::flow::Flow;
use crate::sip::header::Valued;
use crate::sip::message::{HeaderName, Headers, StatusCode};
use std::time::{Duration, Instant};

/// How long the mark for the ear lasts.
const MARK: Duration = Duration::from_secs(1);
/// Longest delay a header may ask for, in seconds.
const MAX_DELAY_S: u64 = 3600;

/// How a caller wants to be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Wish {
    automatic: bool,
    after: Option<Duration>,
    /// By itself or not at all.
    required: bool,
    /// By a person.
    manual: bool,
}

impl Wish {
    /// Reads an INVITE. `by_text`: an Alert-Info that merely says `Auto Answer` counts.
    fn of(headers: &Headers, by_text: bool) -> Wish {
        let mut wish = Wish::default();
        for (name, value) in headers.iter() {
            let text = String::from_utf8_lossy(value).to_ascii_lowercase();
            match name {
                HeaderName::CallInfo if text.contains("answer-after=") || text.contains("auto answer") => {
                    wish.automatic = true;
                    wish.after = wish.after.or(number_after(&text, "answer-after="));
                }
                HeaderName::AlertInfo => {
                    let asks = text.contains("answer-after=") || text.contains("alert-autoanswer");
                    let says = ["auto answer", "autoanswer", "auto-answer", "ring answer", "ringanswer", "ring-answer"];
                    if asks || by_text && says.iter().any(|words| text.contains(words)) {
                        wish.automatic = true;
                        wish.after = wish.after.or_else(|| number_after(&text, "answer-after="));
                        wish.after = wish.after.or_else(|| number_after(&text, "delay="));
                    }
                }
                HeaderName::Other(name) if name.eq_ignore_ascii_case("X-AUTOANSWER") => {
                    wish.automatic |= matches!(text.trim(), "true" | "1");
                }
                HeaderName::AnswerMode => wish.answer_mode(value),
                HeaderName::Other(name) if name.eq_ignore_ascii_case("Priv-Answer-Mode") => wish.answer_mode(value),
                _ => {}
            }
        }
        wish
    }

    //= RFC 5373 §4
    fn answer_mode(&mut self, value: &[u8]) {
        let Ok(Valued { value, params }) = Valued::parse(value) else { return };
        self.automatic |= value.eq_ignore_ascii_case("Auto");
        self.manual |= value.eq_ignore_ascii_case("Manual");
        self.required |= self.automatic && params.has("require");
    }
}

/// The seconds behind `name` in a lower-case text.
fn number_after(text: &str, name: &str) -> Option<Duration> {
    let (_, rest) = text.split_once(name)?;
    let digits: String = rest.trim_start_matches('"').chars().take_while(char::is_ascii_digit).take(9).collect();
    digits.parse().ok().map(|seconds: u64| Duration::from_secs(seconds.min(MAX_DELAY_S)))
}

/// The caller fits one of MicroSIP's patterns: `*` any run, `?` any character, `^` the next one or none.
fn fits(patterns: &str, user: &str) -> bool {
    let mut patterns = patterns.split([';', '|']).map(str::trim).filter(|pattern| !pattern.is_empty()).peekable();
    patterns.peek().is_none() || patterns.any(|pattern| fits_one(pattern, user))
}

fn fits_one(pattern: &str, user: &str) -> bool {
    let user: Vec<char> = user.chars().collect();
    // How much of `user` the pattern so far can have taken.
    let mut taken = vec![false; user.len() + 1];
    if let Some(first) = taken.first_mut() {
        *first = true;
    }
    let mut pattern = pattern.chars();
    while let Some(c) = pattern.next() {
        let (is_optional, c) = if c == '^' { (true, pattern.next().unwrap_or('^')) } else { (false, c) };
        let before = taken.clone();
        let step = |(at, known): (usize, &char)| {
            before.get(at).copied().unwrap_or(false) && (c == '?' || c.eq_ignore_ascii_case(known))
        };
        if c == '*' {
            let first = before.iter().position(|&is| is).unwrap_or(before.len());
            taken = (0..before.len()).map(|at| at >= first).collect();
        } else {
            taken = std::iter::once(false).chain(user.iter().enumerate().map(step)).collect();
            if is_optional {
                taken.iter_mut().zip(&before).for_each(|(now, was)| *now |= was);
            }
        }
    }
    taken.last().copied().unwrap_or(false)
}

impl Agent {
    /// How long a new call rings before it answers itself, `None` = a person must; or the status for a caller who wants
    /// nothing else.
    pub(super) fn answers_itself(
        &self,
        line: &Line,
        headers: &Headers,
        caller: &Party,
        flow: &Flow,
    ) -> Result<Option<Duration>, StatusCode> {
        let settings = &self.config.settings;
        match self.config.incoming {
            IncomingPolicy::Answer { after } => return Ok(Some(after)),
            IncomingPolicy::EarlyMedia { answer_after } => return Ok(answer_after),
            IncomingPolicy::Ring | IncomingPolicy::Refuse(_) => {}
        }
        let wish = Wish::of(headers, settings.auto_answer_alert_info);
        let (is_on, asked) = match settings.auto_answer {
            AutoAnswer::Never => (false, None),
            AutoAnswer::Button => (settings.auto_answer_button, None),
            AutoAnswer::All => (true, None),
            // Why: whoever reaches us could else listen in.
            AutoAnswer::Header => (wish.automatic && line.is_own_path(flow), wish.after),
        };
        let alone = |call: &Call| !call.is_live();
        let held = |call: &Call| !call.is_live() || call.state == CallState::Held;
        let has_room = match settings.auto_answer_calls {
            AutoAnswerCalls::Alone => self.calls.iter().all(alone),
            AutoAnswerCalls::Held => self.calls.iter().all(held),
            AutoAnswerCalls::Any => true,
        };
        let answers = is_on && has_room && !wish.manual && fits(&settings.auto_answer_number, &caller.user);
        let after = asked.unwrap_or(Duration::from_secs(settings.auto_answer_delay_s.into()));
        match answers {
            true => Ok(Some(after)),
            //= RFC 5373 §4.3.3: a required mode that is not granted
            false if wish.required => Err(StatusCode(403)),
            false => Ok(None),
        }
    }

    /// The time of a call that answers itself has come.
    pub(super) fn answer_itself(&mut self, id: u32, now: Instant) {
        let marks = self.config.incoming == IncomingPolicy::Ring;
        if let Some(call) = self.call_mut(id).filter(|_| marks) {
            call.auto_answered = true;
            call.mark_until = Some(now + MARK);
        }
        self.accept(id, now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish(name: &str, value: &str, by_text: bool) -> Wish {
        let mut headers = Headers::new();
        headers.push(HeaderName::from_token(name), value);
        Wish::of(&headers, by_text)
    }

    #[test]
    fn every_way_to_ask_is_understood() {
        let after = |seconds| Some(Duration::from_secs(seconds));
        for (name, value, automatic, delay) in [
            ("Call-Info", "<sip:x>;answer-after=3", true, after(3)),
            ("Call-Info", "<sip:x>; Answer-After=0", true, after(0)),
            ("Call-Info", "<sip:x>;answer-after=99999999999999999999", true, after(MAX_DELAY_S)),
            ("Call-Info", "Auto Answer", true, None),
            ("Call-Info", "<http://x/icon.png>;purpose=icon", false, None),
            ("Alert-Info", "<http://127.0.0.1/x>;info=alert-autoanswer;delay=2", true, after(2)),
            ("Alert-Info", "<http://x>;answer-after=1", true, after(1)),
            ("Alert-Info", "<http://x/ring.wav>", false, None),
            ("X-AutoAnswer", "TRUE", true, None),
            ("X-AUTOANSWER", "0", false, None),
            ("Answer-Mode", "Auto", true, None),
            ("Priv-Answer-Mode", "auto;require", true, None),
            ("Answer-Mode", "Manual", false, None),
        ] {
            let wish = wish(name, value, false);
            assert_eq!((wish.automatic, wish.after), (automatic, delay), "{name}: {value}");
        }
        for text in ["Auto Answer", "Ring Answer", "<http://x>;info=RingAnswer"] {
            assert!(!wish("Alert-Info", text, false).automatic && wish("Alert-Info", text, true).automatic, "{text}");
        }
        //= RFC 5373 §4.1
        assert!(wish("Answer-Mode", "Auto;require", false).required && wish("Answer-Mode", "Manual", false).manual);
    }

    #[test]
    fn patterns_are_microsips() {
        for (patterns, user, is) in [
            ("", "100", true),
            ("100", "100", true),
            ("100", "1000", false),
            ("1?0;2*", "110", true),
            ("1?0;2*", "2", true),
            ("1?0;2*", "1100", false),
            ("*5*7", "12567", true),
            ("*5*7", "1257x", false),
            ("^+49*", "+4912", true),
            ("^+49*", "4912", true),
            ("^+49*", "++4912", false),
            ("bob|ALICE", "alice", true),
            ("*", "", true),
            ("?", "", false),
        ] {
            assert_eq!(fits(patterns, user), is, "{patterns} {user}");
        }
    }
}
