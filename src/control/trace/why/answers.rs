//! What a single message says of its own: the status of an answer, the headers that explain it, why it ends a call.

use super::Verdict;
use crate::control::trace::words::headers;
use crate::control::{Traced, Way, causes};

/// Why this phone refuses.
pub(super) fn own(status: u16) -> (&'static str, &'static str) {
    match status {
        401 | 403 | 404 => (
            "the request did not come by the way of the registrar, or was for nobody here",
            "acceptFrom names who else may call",
        ),
        480 => ("nobody answered here in time", "autoAnswer, forwarding or voicemail may do so"),
        481 => ("this phone knows no such call any more", "the other side may have been restarted"),
        486 => (
            "this phone was busy: do not disturb, a pause after a talk, or every line taken",
            "look at dnd and callWaiting",
        ),
        488 => (
            "this phone takes none of what was offered: no codec, or no encryption in common",
            "compare the SDP of the offer with audioCodecs and SRTP",
        ),
        603 => ("the call was rejected here", "nothing is wrong"),
        _ => causes::of_call(status),
    }
}

/// `486 Busy Here`.
pub(super) fn spoken(answer: &Traced) -> &str {
    answer.start.trim_start_matches("SIP/2.0 ")
}

/// What the headers of an answer add.
pub(super) fn details(answer: &Traced) -> String {
    let one = |names: &[&str]| headers(answer, names).next().map(str::to_owned);
    let warning = one(&["Warning"]).map(|warning| match warning.split_once('"') {
        Some((_, text)) => format!("\"{}\"", text.trim_end_matches('"')),
        None => warning,
    });
    let reason = headers(answer, &["Reason"]).next().map(released);
    let parts = [
        warning.map(|text| format!("it warns: {text}")),
        reason,
        one(&["Retry-After"]).map(|after| format!("it may be tried again after {after} s")),
        one(&["Unsupported"]).map(|what| format!("it does not know: {what}")),
        one(&["Min-Expires"]).map(|least| format!("it wants at least {least} s")),
        one(&["Error-Info"]).map(|what| format!("it says more at {what}")),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    if parts.is_empty() { String::new() } else { format!("; {}", parts.join("; ")) }
}

/// A Reason, as a person would say it.
fn released(reason: &str) -> String {
    let value = |name: &str| {
        let found = reason.split(';').skip(1).find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('='));
        found.map(|value| value.trim_matches('"'))
    };
    let cause = value("cause").and_then(|cause| cause.parse().ok());
    let words = cause.filter(|_| reason.starts_with("Q.850")).and_then(causes::of_release);
    let own = value("text").filter(|text| !text.is_empty());
    match (words, own) {
        (Some(words), Some(own)) => format!("reason: {words} (\"{own}\")"),
        (Some(words), None) => format!("reason: {words}"),
        (None, Some(own)) => format!("reason: \"{own}\""),
        (None, None) => format!("reason: {reason}"),
    }
}

/// Why a request says that it ends something, unless that is as usual.
pub(super) fn reason_of(request: &Traced) -> Option<Verdict> {
    if !matches!(request.method.as_str(), "BYE" | "CANCEL") {
        return None;
    }
    let reason = headers(request, &["Reason"]).next()?;
    if reason.starts_with("Q.850") && reason.contains("cause=16") || reason.contains("cause=200") {
        return None;
    }
    let who = if request.way == Way::Sent { "this phone" } else { "the far end" };
    let cause = "a call that ends early by itself was ended by a timer, a network or a server, not by a person";
    let next = "the reason names who; its log says more";
    Some(Verdict::bad(format!("{who} sent {}; {}", request.method, released(reason)), (cause, next)))
}
