//! What a single message says of its own: the status of an answer, the headers that explain it, why it ends a call.

use super::Verdict;
use crate::control::trace::words::headers;
use crate::control::{Traced, Way, causes};
use crate::text::say;

/// `486 Busy Here`, and what its headers add.
pub(super) fn said(answer: &Traced) -> String {
    let one = |names: &[&str]| headers(answer, names).next().map(str::to_owned);
    let warning = one(&["Warning"]).map(|warning| match warning.split_once('"') {
        Some((_, text)) => format!("\"{}\"", text.trim_end_matches('"')),
        None => warning,
    });
    let parts = [
        Some(answer.start.trim_start_matches("SIP/2.0 ").to_owned()),
        warning.map(|text| say!("why-warns", text)),
        headers(answer, &["Reason"]).next().map(released),
        one(&["Retry-After"]).map(|after| {
            let seconds = after.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default();
            say!("why-retry-after", seconds)
        }),
        one(&["Unsupported"]).map(|what| say!("why-unsupported", what)),
        one(&["Min-Expires"]).map(|seconds| say!("why-min-expires", seconds)),
        one(&["Error-Info"]).map(|place| say!("why-error-info", place)),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join("; ")
}

/// A Reason, as a person would say it.
//= RFC 3326 §2
fn released(reason: &str) -> String {
    let value = |name: &str| {
        let found = reason.split(';').skip(1).find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('='));
        found.map(|value| value.trim_matches('"'))
    };
    let cause = value("cause").and_then(|cause| cause.parse().ok());
    let meaning = cause.filter(|_| is_of_network(reason)).and_then(causes::of_release);
    let own = value("text").filter(|text| !text.is_empty());
    match (meaning, own) {
        (Some(meaning), Some(text)) => say!("why-reason-and-text", meaning, text),
        (Some(meaning), None) => say!("why-reason", meaning),
        (None, Some(text)) => say!("why-reason-text", text),
        (None, None) => say!("why-reason", meaning = reason),
    }
}

/// Its cause is one of Q.850.
fn is_of_network(reason: &str) -> bool {
    reason.get(..5).is_some_and(|protocol| protocol.eq_ignore_ascii_case("Q.850"))
}

/// Why a request says that it ends something, unless that is as usual.
pub(super) fn released_by(request: &Traced) -> Option<Verdict> {
    if !matches!(request.method.as_str(), "BYE" | "CANCEL") {
        return None;
    }
    let reason = headers(request, &["Reason"]).next()?;
    if is_of_network(reason) && reason.contains("cause=16") || reason.contains("cause=200") {
        return None;
    }
    let (method, reason) = (&request.method, released(reason));
    let what = match request.way {
        Way::Sent => say!("why-we-ended", method, reason),
        Way::Received => say!("why-they-ended", method, reason),
    };
    Some(Verdict::bad(what, &causes::ENDED_EARLY))
}
