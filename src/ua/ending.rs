//! How a call ended, in one place: by whom, with which exit code, in which words.

use super::outcome::{EndedBy, ExitCode};
use super::release;
use super::snapshot::CallDirection;
use crate::sip::message::{Headers, Response, StatusCode};
use crate::sip::reason::{Protocol, Reason, warnings};
use crate::sip::session::End;
use crate::sip::transaction::Failure;
use crate::text::sanitise;
use std::time::Duration;

/// The outcome of a call that another phone of ours took: nobody missed it.
pub(super) const ANSWERED_ELSEWHERE: &str = "answered_elsewhere";

/// The same in words.
const ELSEWHERE: &str = "answered elsewhere";

/// An end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ending {
    pub by: EndedBy,
    pub code: ExitCode,
    /// The status that tells it, if one does.
    pub status: Option<u16>,
    /// Why, if there is something to say beyond what is known.
    pub words: Option<String>,
    /// The outcome in a word, where it is not the code's.
    pub outcome: Option<&'static str>,
}

/// What is known of a call as it ends.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known {
    pub direction: CallDirection,
    pub talked: bool,
    /// A provisional response other than 100 was seen.
    pub progressed: bool,
    /// Since the call began.
    pub waited: Duration,
}

impl Ending {
    fn new(by: EndedBy, code: ExitCode, words: Option<&str>) -> Ending {
        Ending { by, code, status: None, words: words.map(str::to_owned), outcome: None }
    }

    /// The far end of a session went, or we did.
    pub fn of_session(end: &End, known: Known) -> Ending {
        let Known { direction, talked, progressed, waited } = known;
        match end {
            End::Local => Ending::new(EndedBy::Local, if talked { ExitCode::Ok } else { ExitCode::NoAnswer }, None),
            End::Bye(bye) => {
                let elsewhere = is_elsewhere(&Reason::all(&bye.headers)).then(|| ELSEWHERE.to_owned());
                let words = elsewhere.or_else(|| why(&bye.headers));
                Ending { words, ..Ending::new(EndedBy::Remote, ExitCode::Ok, None) }
            }
            End::Cancelled(cancel) => cancelled(&cancel.headers),
            End::Unanswered(status) => {
                let words = format!("nobody answered in {} s", waited.as_secs());
                let ending = Ending::new(EndedBy::Network, ExitCode::NoAnswer, Some(&words));
                Ending { status: Some(*status), ..ending }
            }
            End::Failed(Failure::Timeout) if direction == CallDirection::Outgoing && !talked => {
                let code = if progressed { ExitCode::NoAnswer } else { ExitCode::Unreachable };
                Ending::new(EndedBy::Network, code, None)
            }
            End::Failed(why) if talked => {
                Ending::new(EndedBy::Network, ExitCode::Ok, Some(&format!("the far end is gone: {why}")))
            }
            End::Failed(_) => {
                let words = (direction == CallDirection::Incoming).then_some("the caller cannot be reached");
                Ending::new(EndedBy::Network, ExitCode::Unreachable, words)
            }
            End::Expired => {
                Ending::new(EndedBy::Network, ExitCode::Ok, Some("the far end no longer refreshed the call"))
            }
            End::Unreadable(header) => {
                let words = format!("no call follows from the answer: its {header} cannot be read");
                Ending::new(EndedBy::Network, ExitCode::Failed, Some(&words))
            }
            End::Lost(status) => {
                Ending::new(EndedBy::Network, ExitCode::Ok, Some(&format!("the far end lost the call ({status})")))
            }
        }
    }

    /// Our INVITE was refused with this; `more` is what is known of the reason besides.
    pub fn refused(response: &Response, more: Option<String>, known: Known) -> Ending {
        let status = response.status.0;
        let phrase = sanitise(&response.reason);
        let phrase = if phrase.trim().is_empty() { response.status.default_reason().to_owned() } else { phrase };
        let mut details: Vec<String> = more.into_iter().chain(why(&response.headers)).collect();
        details.extend(warnings(&response.headers).iter().map(|text| sanitise(text)));
        details.dedup();
        details.retain(|detail| !detail.eq_ignore_ascii_case(&phrase));
        let mut words = phrase;
        if !details.is_empty() {
            words = format!("{words}: {}", details.join("; "));
        }
        //= RFC 3261 §20.33
        if let Ok(Some(seconds)) = response.headers.retry_after() {
            words = format!("{words}, try again in {}", about(seconds));
        }
        let code = ExitCode::of_status(status, known.progressed);
        Ending { status: Some(status), ..Ending::new(EndedBy::Remote, code, Some(&words)) }
    }
}

/// So many seconds as people say it.
fn about(seconds: u32) -> String {
    match seconds {
        0..=119 => format!("{seconds} s"),
        120..=7199 => format!("{} min", seconds.div_ceil(60)),
        _ => format!("{} h", seconds.div_ceil(3600)),
    }
}

/// The caller gave up, or somebody else took or declined the call.
fn cancelled(headers: &Headers) -> Ending {
    let reasons = Reason::all(headers);
    let declined = |reason: &Reason| reason.protocol == Protocol::Sip && matches!(reason.cause, 600 | 603);
    let (code, words, outcome) = if is_elsewhere(&reasons) {
        (ExitCode::NoAnswer, ELSEWHERE, Some(ANSWERED_ELSEWHERE))
    } else if reasons.iter().any(declined) {
        (ExitCode::Rejected, "declined elsewhere", None)
    } else {
        (ExitCode::NoAnswer, "the caller gave up", None)
    };
    Ending { status: Some(487), outcome, ..Ending::new(EndedBy::Remote, code, Some(words)) }
}

/// Another phone took the call.
//= RFC 3326 §3.1
fn is_elsewhere(reasons: &[Reason]) -> bool {
    reasons.iter().any(|reason| matches!((reason.protocol, reason.cause), (Protocol::Sip, 200) | (Protocol::Q850, 26)))
}

/// In words, why the far end did what it did: Q.850's cause in ours, else its own text. Nothing for what is normal.
fn why(headers: &Headers) -> Option<String> {
    let reasons = Reason::all(headers);
    let cause = reasons.iter().find(|reason| reason.protocol == Protocol::Q850);
    let is_normal = |reason: &Reason| reason.protocol == Protocol::Q850 && matches!(reason.cause, 16 | 31);
    if let Some(words) = cause.filter(|reason| !is_normal(reason)).and_then(|reason| release::words(reason.cause)) {
        return Some(words.to_owned());
    }
    let said = |reason: &Reason| match reason.text.trim() {
        "" if reason.protocol == Protocol::Sip => StatusCode(reason.cause).default_reason().to_owned(),
        text => sanitise(text),
    };
    reasons.iter().filter(|reason| !is_normal(reason)).map(said).find(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sip::message::{HeaderName, Method, Request};

    const RINGING: Known =
        Known { direction: CallDirection::Outgoing, talked: false, progressed: true, waited: Duration::ZERO };

    fn with(name: HeaderName, value: &str) -> Headers {
        let mut headers = Headers::new();
        headers.push(name, value);
        headers
    }

    //= RFC 3326 §2, §3.1
    #[test]
    fn a_cancelled_call_may_have_been_taken_elsewhere() {
        for (reason, words, outcome) in [
            ("", "the caller gave up", None),
            ("SIP;cause=487;text=\"ORIGINATOR_CANCEL\"", "the caller gave up", None),
            ("SIP;cause=200;text=\"Call completed elsewhere\"", "answered elsewhere", Some(ANSWERED_ELSEWHERE)),
            ("sip ; cause=200", "answered elsewhere", Some(ANSWERED_ELSEWHERE)),
            ("Q.850;cause=26", "answered elsewhere", Some(ANSWERED_ELSEWHERE)),
            // 200 is a SIP status; Q.850 has no such cause.
            ("Q.850;cause=200", "the caller gave up", None),
            ("SIP;cause=600;text=\"Busy Everywhere\"", "declined elsewhere", None),
        ] {
            let cancel =
                Request { headers: with(HeaderName::Reason, reason), ..Request::new(Method::Cancel, "sip:a@b") };
            let ending = Ending::of_session(&End::Cancelled(Box::new(cancel)), RINGING);
            assert_eq!((ending.words.as_deref(), ending.outcome), (Some(words), outcome), "{reason}");
            assert_eq!((ending.by, ending.status), (EndedBy::Remote, Some(487)), "{reason}");
        }
    }

    #[test]
    fn a_bye_says_why_where_that_is_news() {
        for (reason, words) in [
            ("", None),
            ("Q.850;cause=16;text=\"Normal call clearing\"", None),
            ("Q.850;cause=41;text=\"x\"", Some("the network has a passing fault")),
            ("Q.850;cause=199;text=\"odd\u{1b}[2J\"", Some("odd[2J")),
            ("SIP;cause=200;text=\"Call completed elsewhere\"", Some("answered elsewhere")),
            ("SIP;cause=503", Some("Service Unavailable")),
        ] {
            let bye = Request { headers: with(HeaderName::Reason, reason), ..Request::new(Method::Bye, "sip:a@b") };
            let ending = Ending::of_session(&End::Bye(Box::new(bye)), Known { talked: true, ..RINGING });
            assert_eq!(ending.words.as_deref(), words, "{reason}");
            assert_eq!((ending.by, ending.code), (EndedBy::Remote, ExitCode::Ok));
        }
    }

    //= RFC 3261 §20.33, §20.43; RFC 6432 §3
    #[test]
    fn a_refusal_tells_all_it_says() {
        use HeaderName::{Reason, RetryAfter, Warning};
        for (status, phrase, lines, words, code) in [
            (486, "Busy Here", vec![], "Busy Here", ExitCode::Busy),
            (486, "", vec![], "Busy Here", ExitCode::Busy),
            (
                480,
                "Away",
                vec![(RetryAfter, "30 (at lunch);duration=60")],
                "Away, try again in 30 s",
                ExitCode::NoAnswer,
            ),
            (
                503,
                "Service Unavailable",
                vec![(Reason, "Q.850;cause=34"), (RetryAfter, "5")],
                "Service Unavailable: all lines are in use, try again in 5 s",
                ExitCode::Failed,
            ),
            (
                488,
                "No",
                vec![(Warning, "304 pbx \"Media type not available\", 399 pbx \"no\", 399 pbx \"a\u{1b}b\"")],
                "No: Media type not available; ab",
                ExitCode::NoCommonCodec,
            ),
        ] {
            let mut headers = Headers::new();
            lines.into_iter().for_each(|(name, value)| headers.push(name, value));
            let response = Response { status: StatusCode(status), reason: phrase.into(), headers, body: Vec::new() };
            let ending = Ending::refused(&response, None, RINGING);
            assert_eq!((ending.words.as_deref(), ending.code), (Some(words), code), "{status}");
            assert_eq!(ending.status, Some(status));
        }
    }
}
