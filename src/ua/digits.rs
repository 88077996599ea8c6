//! Digits. Those of a person or a dial string go out one after another, in the sound, beside it or by INFO; those of the
//! far end are told once each, whichever ways they come.

use super::agent::Agent;
use super::call::Call;
use super::command::{CommandError, DtmfVia, Press, Reply};
use super::event::Event;
use super::limiter::{Limiter, Share};
use super::outcome::ExitCode;
use super::port::Output;
use crate::config::DtmfMethod;
use crate::media::command::{MediaCommand, ShortTone};
use crate::sip::message::{Method, Request, Response};
use crate::sip::session::{Exchange, set_body};
use crate::text::sanitise;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Most digits of one command.
pub(super) const MAX_DIGITS: usize = 64;
/// Most digits and pauses of one call that wait.
const MAX_WAITING: usize = 256;
/// How long a digit lasts that nobody holds, and a held one at least.
const TAP: Duration = Duration::from_millis(160);
/// How long a digit may be held.
const LONGEST: Duration = Duration::from_secs(5);
/// What `,` stands for.
const PAUSE: Duration = Duration::from_secs(1);
/// Silence between two digits by INFO at least.
const INFO_GAP: Duration = Duration::from_millis(90);
/// Word of a digit's end comes so much later at the most, with packets of 120 ms.
const WORD: Duration = Duration::from_secs(1);
/// A digit that comes twice within this time by different ways was pressed once.
const SAME_PRESS: Duration = Duration::from_millis(500);
/// Digits a far end may press: no person and no dialler is faster.
const PRESSES: Share = Share { burst: 32, per_second: 20 };

/// The digits of a call: ours that wait, and what was heard last.
#[derive(Debug)]
pub(super) struct Digits {
    waiting: VecDeque<Step>,
    /// One is out: nothing follows before there is word of it, or this moment.
    under_way: Option<(Instant, DtmfVia)>,
    /// Nothing follows before this.
    ready_at: Option<Instant>,
    /// A held digit began then; it is to end as soon as it may.
    held_since: Option<Instant>,
    let_go: bool,
    /// The far end takes `application/dtmf` only.
    plain_info: bool,
    /// The digit the INFO under way is about; its refusal was told.
    by_info: Option<char>,
    refusal_told: bool,
    heard: Option<(char, DtmfVia, Instant)>,
    presses: Limiter<()>,
}

#[derive(Debug, Clone, Copy)]
struct Step {
    /// A digit, or `,`.
    key: char,
    lasts: Duration,
    held: bool,
    via: Option<DtmfVia>,
}

impl Default for Digits {
    fn default() -> Digits {
        Digits {
            waiting: VecDeque::new(),
            under_way: None,
            ready_at: None,
            held_since: None,
            let_go: false,
            plain_info: false,
            by_info: None,
            refusal_told: false,
            heard: None,
            presses: Limiter::new(PRESSES, 1),
        }
    }
}

impl Digits {
    /// Forgets what waits.
    pub fn clear(&mut self) {
        self.waiting.clear();
        self.held_since = None;
    }

    pub fn next_timeout(&self) -> Option<Instant> {
        let next = self.under_way.map(|(until, _)| until).or(self.ready_at).filter(|_| !self.waiting.is_empty());
        let release = self.held_since.filter(|_| self.let_go).map(|since| since + TAP);
        next.into_iter().chain(release).min()
    }

    fn is_ready(&mut self, now: Instant) -> bool {
        self.under_way = self.under_way.filter(|(until, _)| *until > now);
        self.ready_at = self.ready_at.filter(|at| *at > now);
        self.under_way.is_none() && self.ready_at.is_none()
    }

    /// Adds keys, `,` a pause; false and nothing added when too many wait.
    pub fn push(&mut self, keys: &str, press: Press, via: Option<DtmfVia>) -> bool {
        if self.waiting.len() + keys.len() > MAX_WAITING {
            return false;
        }
        let (lasts, held) = match press {
            Press::For(lasts) => (lasts.min(LONGEST), false),
            Press::Down => (LONGEST, true),
            Press::Tap | Press::Up => (TAP, false),
        };
        self.waiting.extend(keys.chars().map(|key| Step { key: key.to_ascii_uppercase(), lasts, held, via }));
        true
    }
}

/// A way for digits, and what there is to say about it.
struct Way {
    via: DtmfVia,
    note: Option<String>,
}

pub(super) fn is_digit(c: char) -> bool {
    c.is_ascii_digit() || matches!(c, '*' | '#' | 'A'..='D' | 'a'..='d' | ',')
}

impl Agent {
    /// `Command::Dtmf`.
    pub(super) fn dtmf(
        &mut self,
        call: Option<String>,
        (digits, press): (&str, Press),
        via: Option<DtmfVia>,
        now: Instant,
    ) -> Result<Reply, CommandError> {
        let refusal = |code, kind, message, hint: &str| CommandError { code, kind, message, hint: Some(hint.into()) };
        if digits.is_empty() || digits.len() > MAX_DIGITS || !digits.chars().all(is_digit) {
            let message = format!("cannot send {} as digits", sanitise(digits));
            let hint = "0-9 * # A-D, a comma for a pause, at most 64";
            return Err(refusal(ExitCode::Usage, "bad_digits", message, hint));
        }
        let id = self.pick(call, "send digits in", "is not connected", Call::takes_digits)?;
        if press == Press::Up {
            self.let_go(id, now);
            return Ok(Reply::Done);
        }
        let way = self.way(id, via);
        let Some(call) = self.call_mut(id) else { return Ok(Reply::Done) };
        let name = call.name();
        if via == Some(DtmfVia::Rtp) && way.via != DtmfVia::Rtp {
            let message = format!("the far end of call {name} takes no telephone events");
            return Err(refusal(ExitCode::NotFound, "not_agreed", message, "try --via info or --via inband"));
        }
        if way.via == DtmfVia::Info && !call.is_answered() {
            let message = format!("call {name} is not answered yet: no digits can be sent by INFO");
            return Err(refusal(
                ExitCode::NotFound,
                "wrong_state",
                message,
                "wait for the answer, or try --via inband",
            ));
        }
        if way.via != DtmfVia::Info && !call.sends_sound() {
            let message = format!("call {name} is on hold: no digits can be sent in its sound");
            return Err(refusal(ExitCode::NotFound, "wrong_state", message, "resume it, or try --via info"));
        }
        if !call.digits.push(digits, press, via) {
            let message = format!("cannot send digits in call {name}: {MAX_WAITING} wait already");
            return Err(refusal(ExitCode::NotFound, "too_many", message, "wait until they are sent"));
        }
        self.send_due_digits(id, now);
        Ok(Reply::Digits { via: way.via, note: way.note })
    }

    /// Keys of the phone's own: of a dial string or a code.
    pub(super) fn key(&mut self, id: u32, keys: &str, now: Instant) {
        if let Some(call) = self.call_mut(id) {
            call.digits.push(keys, Press::Tap, None);
        }
        self.send_due_digits(id, now);
    }

    /// The way asked for, or the account's; another one where the far end or the codec does not take it.
    fn way(&self, id: u32, asked: Option<DtmfVia>) -> Way {
        let plain = |via| Way { via, note: None };
        let Some(call) = self.call(id) else { return plain(DtmfVia::Rtp) };
        let agreed = call.sound.as_ref();
        let takes_events = agreed.is_some_and(|agreed| agreed.telephone_event_send.is_some());
        let carries_tones = agreed.is_none_or(|agreed| agreed.send.carries_tones());
        let codec = agreed.map_or("the codec", |agreed| agreed.send.encoding.as_str());
        let garbled = format!("{codec} does not carry tones well");
        let method = self.account(call.account).map(|line| line.account.dtmf_method).unwrap_or_default();
        match (asked, method) {
            (Some(DtmfVia::Inband), _) => Way { via: DtmfVia::Inband, note: (!carries_tones).then_some(garbled) },
            (Some(DtmfVia::Info), _) | (None, DtmfMethod::Info) => plain(DtmfVia::Info),
            (Some(DtmfVia::Rtp), _) | (None, DtmfMethod::Auto | DtmfMethod::Rtp) if takes_events => plain(DtmfVia::Rtp),
            (None, DtmfMethod::Auto | DtmfMethod::Inband) if carries_tones => plain(DtmfVia::Inband),
            _ if carries_tones => {
                let note = "the far end takes no telephone events: the digits are sent as tones";
                Way { via: DtmfVia::Inband, note: Some(note.to_owned()) }
            }
            _ => Way { via: DtmfVia::Info, note: Some(format!("{garbled}: the digits are sent by INFO")) },
        }
    }

    /// Sends the next digit if it may go out, and ends a held one if it may end.
    pub(super) fn send_due_digits(&mut self, id: u32, now: Instant) {
        while let Some(call) = self.call_mut(id).filter(|call| call.takes_digits()) {
            let stream = call.stream;
            if call.digits.let_go && call.digits.held_since.is_some_and(|since| since + TAP <= now) {
                call.digits.held_since = None;
                self.outputs.push_back(Output::Media(MediaCommand::ReleaseDigit { stream }));
                continue;
            }
            if !call.digits.is_ready(now) {
                return;
            }
            let Some(Step { key, lasts, held, via }) = call.digits.waiting.front().copied() else { return };
            let (sends_sound, is_answered) = (call.sends_sound(), call.is_answered());
            let via = self.way(id, via).via;
            let Some(call) = self.call_mut(id) else { return };
            // What belongs into the sound waits for the end of the hold, what is asked of the far end for its answer.
            let may_go = if via == DtmfVia::Info { is_answered } else { sends_sound };
            if !may_go && key != ',' {
                return;
            }
            call.digits.waiting.pop_front();
            match (key, via) {
                (',', _) => call.digits.ready_at = Some(now + PAUSE),
                (digit, DtmfVia::Info) => {
                    self.send_info(id, digit, if held { TAP } else { lasts }, now);
                    self.sound_event(ShortTone::Key(digit));
                }
                (digit, via) => {
                    call.digits.under_way = Some((now + lasts + WORD, via));
                    call.digits.held_since = held.then_some(now);
                    call.digits.let_go = false;
                    let inband = via == DtmfVia::Inband;
                    let send = MediaCommand::SendDigit { stream, digit, duration: lasts, inband };
                    self.outputs.push_back(Output::Media(send));
                    self.sound_event(ShortTone::Key(digit));
                }
            }
        }
    }

    /// The key that was held is let go of.
    fn let_go(&mut self, id: u32, now: Instant) {
        let Some(call) = self.call_mut(id) else { return };
        match call.digits.waiting.back_mut().filter(|step| step.held) {
            Some(step) => (step.held, step.lasts) = (false, TAP),
            None => call.digits.let_go = true,
        }
        self.send_due_digits(id, now);
    }

    fn send_info(&mut self, id: u32, digit: char, lasts: Duration, now: Instant) {
        let Some(call) = self.call_mut(id) else { return };
        let (content_type, body) = match call.digits.plain_info {
            true => ("application/dtmf", digit.to_string()),
            false => ("application/dtmf-relay", format!("Signal={digit}\r\nDuration={}\r\n", lasts.as_millis())),
        };
        call.digits.ready_at = Some(now + lasts + INFO_GAP);
        call.digits.by_info = Some(digit);
        let Some(session) = call.session.as_mut() else { return };
        let fill = |info: &mut Request| set_body(info, content_type, body.into_bytes());
        // Its transaction ends by itself, after 32 s at the latest.
        if session.send(Exchange::Info, Method::Info, fill).is_some() {
            call.digits.under_way = Some((now + Duration::from_secs(40), DtmfVia::Info));
        }
    }

    /// The sound has sent a digit.
    pub(super) fn digit_sent(&mut self, id: u32, now: Instant) {
        if let Some(call) = self.call_mut(id) {
            call.digits.under_way = call.digits.under_way.filter(|(_, via)| *via == DtmfVia::Info);
            call.digits.held_since = None;
        }
        self.send_due_digits(id, now);
    }

    /// An INFO of ours has its answer, or `None`: it never will.
    pub(super) fn info_answered(&mut self, id: u32, response: Option<&Response>) {
        let Some(call) = self.call_mut(id) else { return };
        let status = response.map_or(408, |response| response.status.0);
        if matches!(status, 401 | 407) {
            return;
        }
        call.digits.under_way = None;
        let digit = call.digits.by_info.take();
        match (status, digit) {
            (200..=299, _) => {}
            (415, Some(key)) if !call.digits.plain_info => {
                call.digits.plain_info = true;
                call.digits.ready_at = None;
                let via = Some(DtmfVia::Info);
                call.digits.waiting.push_front(Step { key, lasts: TAP, held: false, via });
            }
            _ if !call.digits.refusal_told && call.is_live() => {
                call.digits.refusal_told = true;
                let message = format!("the far end takes no digits by INFO ({status})");
                let hint = Some("try dtmf --via rtp or --via inband, or another DTMFMethod".into());
                self.outputs.push_back(Output::Event(Event::Error { message, hint }));
            }
            _ => {}
        }
    }

    /// The far end has pressed a digit.
    pub(super) fn digit_heard(&mut self, id: u32, digit: char, via: DtmfVia, now: Instant) {
        let Some(call) = self.call_mut(id) else { return };
        let is_copy = call.digits.heard.is_some_and(|(before, by, at)| {
            before == digit && by != via && now.saturating_duration_since(at) < SAME_PRESS
        });
        if is_copy || !call.digits.presses.admits((), now) {
            return;
        }
        call.digits.heard = Some((digit, via, now));
        // A tone is in the sound already.
        if via != DtmfVia::Inband {
            self.sound_event(ShortTone::Key(digit));
        }
        self.tell(id, now, |call| Event::CallDtmf { call, digit, via });
    }
}

impl Call {
    /// Somebody may listen to digits: an announcement before the answer, too.
    fn takes_digits(&self) -> bool {
        self.is_answered() || self.is_early() && self.sound.is_some()
    }

    /// What is said here reaches the far end.
    fn sends_sound(&self) -> bool {
        self.sound.as_ref().is_none_or(|agreed| agreed.direction.sends())
    }
}
