//! Why did this fail? What the messages of a call or a registration come to, in plain words.
//!
//! ```text
//!  messages ─▶ exchanges: a request, how often it went, what was answered ─▶ the last of each kind decides ─▶ verdicts
//! ```

mod answers;

use super::words::{body_of, headers};
use crate::control::causes::{self, Cause};
use crate::control::{AccountInfo, CallInfo, CallState, RegistrationState, Traced, Way};
use crate::text::say;
use crate::text::words::retold;
use answers::{released_by, said};
use std::net::IpAddr;

/// One thing that can be said, in the language of the interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Something failed.
    pub is_bad: bool,
    /// What happened.
    pub what: String,
    /// Why, most of the time; empty where there is nothing to explain.
    pub cause: String,
    /// What to do next; empty where there is nothing to do.
    pub next: String,
}

impl Verdict {
    fn bad(what: String, cause: &'static Cause) -> Verdict {
        let next = cause.next_told().unwrap_or_default().into_owned();
        Verdict { is_bad: true, what, cause: cause.why_told().into_owned(), next }
    }

    /// The words of the failure say all that is known of it.
    fn bare(what: String) -> Verdict {
        Verdict { is_bad: true, what, cause: String::new(), next: String::new() }
    }

    fn well(what: String) -> Verdict {
        Verdict { is_bad: false, what, cause: String::new(), next: String::new() }
    }
}

/// What is known beside the messages.
#[derive(Debug, Clone, Copy, Default)]
pub struct Known<'a> {
    /// The call they belong to.
    pub call: Option<&'a CallInfo>,
    /// The account they register.
    pub account: Option<&'a AccountInfo>,
}

/// What these messages come to: what failed first, else how it stands.
pub fn why(messages: &[&Traced], known: Known<'_>) -> Vec<Verdict> {
    let exchanges = exchanges(messages);
    let mut verdicts: Vec<Verdict> = Vec::new();
    for (at, exchange) in exchanges.iter().enumerate() {
        let later = exchanges.get(at + 1..).unwrap_or_default();
        let is_repeated = later.iter().any(|other| (other.way, &other.method) == (exchange.way, &exchange.method));
        if !is_repeated {
            verdicts.extend(of_exchange(exchange, &exchanges, known));
        }
    }
    verdicts.extend(known.call.map(|call| of_sound(call, messages)).unwrap_or_default());
    verdicts
        .extend(messages.iter().filter(|message| message.status.is_none()).filter_map(|request| released_by(request)));
    if verdicts.is_empty() {
        verdicts.extend(known.account.and_then(of_account));
        verdicts.extend(known.call.filter(|_| messages.is_empty()).and_then(of_call));
    }
    if verdicts.is_empty() {
        verdicts.push(Verdict::well(standing(messages, &exchanges, known)));
    }
    verdicts
}

/// A request and its answers.
struct Exchange<'a> {
    way: Way,
    method: String,
    number: u32,
    first: &'a Traced,
    /// It went so often.
    times: usize,
    /// Anything was answered.
    is_heard: bool,
    last: Option<&'a Traced>,
    /// The final answer came so often.
    last_times: usize,
}

fn exchanges<'a>(messages: &[&'a Traced]) -> Vec<Exchange<'a>> {
    let mut found: Vec<Exchange<'a>> = Vec::new();
    for message in messages {
        let sequence = headers(message, &["CSeq"]).next().unwrap_or_default();
        let number = sequence.split_whitespace().next().and_then(|n| n.parse().ok()).unwrap_or(0);
        let of_request = message.status.is_none();
        let way = if of_request { message.way } else { opposite(message.way) };
        let known = found.iter_mut().rev().find(|exchange| {
            (exchange.way, exchange.number) == (way, number)
                && exchange.method == message.method
                && exchange.first.sip_call_id == message.sip_call_id
        });
        match (known, message.status) {
            (Some(exchange), None) => exchange.times += 1,
            (Some(exchange), Some(status)) => {
                exchange.is_heard = true;
                if status >= 200 {
                    let same = exchange.last.is_some_and(|last| last.status == Some(status));
                    exchange.last_times = if same { exchange.last_times + 1 } else { 1 };
                    exchange.last = Some(message);
                }
            }
            (None, None) => found.push(Exchange {
                way,
                method: message.method.clone(),
                number,
                first: message,
                times: 1,
                is_heard: false,
                last: None,
                last_times: 0,
            }),
            // Its request is not kept any more.
            (None, Some(_)) => {}
        }
    }
    found
}

fn opposite(way: Way) -> Way {
    match way {
        Way::Sent => Way::Received,
        Way::Received => Way::Sent,
    }
}

fn of_exchange(exchange: &Exchange<'_>, all: &[Exchange<'_>], known: Known<'_>) -> Option<Verdict> {
    let Exchange { way, method, times, .. } = exchange;
    if method == "ACK" {
        return None;
    }
    let status = exchange.last.and_then(|last| last.status);
    match (way, status) {
        (Way::Sent, None) if !exchange.is_heard => silence(exchange, *times, known),
        (_, Some(200..300)) if method == "INVITE" => unacknowledged(exchange, all),
        (_, Some(487)) if method == "INVITE" => None,
        (Way::Sent, Some(status @ 300..)) => {
            let has_credentials = headers(exchange.first, &["Authorization", "Proxy-Authorization"]).next().is_some();
            let cause = match (status, method.as_str()) {
                (401 | 407, _) if !has_credentials => &causes::NO_PASSWORD,
                (_, "REGISTER") => causes::of_register(status),
                _ => causes::of_call(status),
            };
            Some(Verdict::bad(say!("why-answered", method, answer = said(exchange.last?)), cause))
        }
        (Way::Received, Some(status @ 300..)) => {
            let what = say!("why-we-answered", method, answer = said(exchange.last?));
            Some(Verdict::bad(what, causes::of_own(status)))
        }
        _ => None,
    }
}

fn silence(exchange: &Exchange<'_>, times: usize, known: Known<'_>) -> Option<Verdict> {
    let is_over = known.call.is_some_and(|call| call.state == CallState::Ended)
        || known.account.is_some_and(|account| account.state == RegistrationState::Failed);
    if times < 3 && !is_over {
        return None;
    }
    let Traced { remote, transport, .. } = exchange.first;
    let reason = known.account.and_then(|account| account.reason.clone()).unwrap_or_default();
    let what = say!("why-silence", place = remote.to_string(), method = &exchange.method, count = times);
    Some(Verdict::bad(what, causes::of_silence(&reason, transport)))
}

/// An answered call that was not acknowledged.
fn unacknowledged(exchange: &Exchange<'_>, all: &[Exchange<'_>]) -> Option<Verdict> {
    let is_acknowledged =
        all.iter().any(|other| (other.way, other.number) == (exchange.way, exchange.number) && other.method == "ACK");
    if exchange.last_times < 3 {
        return None;
    }
    let times = exchange.last_times;
    Some(match (exchange.way, is_acknowledged) {
        (Way::Sent, _) => Verdict::bad(say!("why-ack-lost", count = times), &causes::ACK_LOST),
        (Way::Received, false) => Verdict::bad(say!("why-no-ack", count = times), &causes::OK_LOST),
        (Way::Received, true) => return None,
    })
}

/// Sound that goes one way or none.
fn of_sound(call: &CallInfo, messages: &[&Traced]) -> Vec<Verdict> {
    let Some(media) = &call.media else { return Vec::new() };
    let mut verdicts = Vec::new();
    if let Some(reason) = &media.nothing_heard {
        let theirs =
            messages.iter().rev().find(|message| message.way == Way::Received && names_place(message).is_some());
        let inner = theirs.and_then(|message| {
            let place = names_place(message)?;
            (is_private(place) && !is_private(message.remote.ip())).then_some((place, message.remote.ip()))
        });
        let reason = retold(reason);
        verdicts.push(match inner {
            Some((place, from)) => {
                let (place, from) = (place.to_string(), from.to_string());
                Verdict::bad(say!("why-nothing-heard-inner", reason, place, from), &causes::INNER_ADDRESS)
            }
            None => Verdict::bad(say!("why-nothing-heard", reason), &causes::SOUND_IN),
        });
    }
    if let Some(reason) = &media.not_heard {
        verdicts.push(Verdict::bad(say!("why-not-heard", reason = retold(reason)), &causes::SOUND_OUT));
    }
    verdicts
}

/// The address that the SDP of a message names.
fn names_place(message: &Traced) -> Option<IpAddr> {
    let line = body_of(message).lines().find_map(|line| line.strip_prefix("c=IN IP"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            // RFC 6598 §7 beside RFC 1918 §3
            let [first, second, ..] = address.octets();
            let shared = first == 100 && (64..128).contains(&second);
            address.is_private() || address.is_loopback() || address.is_link_local() || shared
        }
        IpAddr::V6(address) => address.is_loopback() || address.is_unique_local() || address.is_unicast_link_local(),
    }
}

/// An account of which no message tells.
fn of_account(account: &AccountInfo) -> Option<Verdict> {
    if account.state != RegistrationState::Failed {
        return None;
    }
    let reason = account.reason.as_deref().unwrap_or("no answer");
    let cause = match account.status {
        Some(status @ 300..) => causes::of_register(status),
        _ => causes::of_silence(reason, &account.transport),
    };
    Some(Verdict::bad(say!("why-not-registered", aor = &account.aor, reason = retold(reason)), cause))
}

/// A call of which no message tells: it failed before anything was sent, or long ago.
fn of_call(call: &CallInfo) -> Option<Verdict> {
    if call.state != CallState::Ended || call.answered_after.is_some() {
        return None;
    }
    let reason = call.reason.as_deref().unwrap_or("no answer");
    let what = say!("why-call-failed", reason = causes::told(reason));
    Some(match (call.status, &call.reason) {
        (Some(status @ 300..), _) => Verdict::bad(what, causes::of_call(status)),
        (_, None) => Verdict::bad(what, causes::of_silence("", "")),
        // Of a failure of another kind no network is to blame.
        (_, Some(reason)) => match causes::of_words(reason) {
            Some(cause) => Verdict::bad(what, cause),
            None => Verdict::bare(what),
        },
    })
}

/// How it stands where nothing failed.
fn standing(messages: &[&Traced], exchanges: &[Exchange<'_>], known: Known<'_>) -> String {
    let of = |method: &str| exchanges.iter().rev().find(|exchange| exchange.method == method);
    if let Some(account) = known.account {
        let aor = &account.aor;
        return match account.state {
            RegistrationState::Registered => say!("why-registered", aor),
            RegistrationState::Registering => say!("why-registering", aor),
            RegistrationState::Off | RegistrationState::Failed => say!("why-not-registering", aor),
        };
    }
    if messages.is_empty() {
        return say!("why-no-messages");
    }
    let invite = exchanges.iter().find(|exchange| exchange.method == "INVITE");
    match (of("CANCEL"), of("BYE"), invite) {
        (Some(Exchange { way: Way::Sent, .. }), _, _) => say!("why-we-gave-up"),
        (Some(_), _, _) => say!("why-they-gave-up"),
        (None, Some(Exchange { way: Way::Sent, .. }), _) => say!("why-we-hung-up"),
        (None, Some(_), _) => say!("why-they-hung-up"),
        (None, None, Some(invite)) => match invite.last.and_then(|last| last.status) {
            Some(_) => say!("why-call-up"),
            None => say!("why-no-answer-yet"),
        },
        (None, None, None) => say!("why-nothing-failed"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::words::tests::message;
    use super::*;

    /// A message with these headers and body.
    fn with(way: Way, start: &str, sequence: &str, more: &str) -> Traced {
        let mut told = message(1, way, 5060, start, None);
        told.method = sequence.split_whitespace().nth(1).unwrap_or_default().to_owned();
        told.text = format!("{start}\nCSeq: {sequence}\n{more}");
        if !more.contains("\n\n") {
            told.text.push('\n');
        }
        told
    }

    fn first(messages: &[Traced], known: Known<'_>) -> Verdict {
        let messages: Vec<&Traced> = messages.iter().collect();
        why(&messages, known).remove(0)
    }

    fn said(messages: &[Traced]) -> String {
        let Verdict { is_bad, what, cause, .. } = first(messages, Known::default());
        format!("{}{what} | {cause}", if is_bad { "! " } else { "" })
    }

    #[test]
    fn what_was_answered_is_explained() {
        use Way::{Received, Sent};
        let invite = |n: u8, more: &str| with(Sent, "INVITE sip:6 SIP/2.0", &format!("{n} INVITE"), more);
        let answer = |n: u8, line: &str, more: &str| with(Received, line, &format!("{n} INVITE"), more);
        let ok = || answer(1, "SIP/2.0 200 OK", "");
        for (messages, part) in [
            (
                vec![invite(1, ""), answer(1, "SIP/2.0 486 Busy Here", "")],
                "! INVITE was answered 486 Busy Here | the far end is busy",
            ),
            (
                vec![invite(1, ""), answer(1, "SIP/2.0 488 No", "Warning: 304 pbx \"no codec\"\n")],
                "! INVITE was answered 488 No; it warns: \"no codec\" | the two have no codec",
            ),
            (
                vec![
                    invite(1, ""),
                    answer(1, "SIP/2.0 503 X", "Retry-After: 30\nReason: Q.850;cause=34;text=\"full\"\n"),
                ],
                "reason: all lines are in use (\"full\"); it may be tried again after 30 s | the server cannot go on",
            ),
            (
                vec![
                    invite(1, ""),
                    answer(1, "SIP/2.0 407 X", ""),
                    invite(2, "Proxy-Authorization: <hidden>\n"),
                    answer(2, "SIP/2.0 407 X", ""),
                ],
                "! INVITE was answered 407 X | the server does not take the password",
            ),
            (vec![invite(1, ""), answer(1, "SIP/2.0 401 X", "")], "asks for a password, and none was sent"),
            (
                vec![
                    invite(1, ""),
                    answer(1, "SIP/2.0 401 X", ""),
                    invite(2, "Authorization: <hidden>\n"),
                    answer(2, "SIP/2.0 200 OK", ""),
                ],
                "nothing failed: the call is up",
            ),
            (
                vec![invite(1, ""), invite(1, ""), invite(1, "")],
                "! nobody at 192.0.2.2:5060 answered INVITE, sent 3 times | nothing comes back",
            ),
            (vec![invite(1, "")], "nothing failed so far"),
            (
                vec![invite(1, ""), ok(), with(Sent, "ACK sip:6 SIP/2.0", "1 ACK", ""), ok(), ok()],
                "our ACK does not arrive",
            ),
            (
                vec![
                    invite(1, ""),
                    with(Sent, "CANCEL sip:6 SIP/2.0", "1 CANCEL", ""),
                    with(Received, "SIP/2.0 200 OK", "1 CANCEL", ""),
                    answer(1, "SIP/2.0 487 X", ""),
                ],
                "nothing failed: this phone gave up",
            ),
            (
                vec![invite(1, ""), ok(), with(Received, "BYE sip:1 SIP/2.0", "1 BYE", "Reason: Q.850;cause=102\n")],
                "! the far end sent BYE; reason: a timer ran out, nothing",
            ),
            (
                vec![invite(1, ""), ok(), with(Received, "BYE sip:1 SIP/2.0", "1 BYE", "Reason: Q.850;cause=16\n")],
                "nothing failed: it was answered, and the far end hung up",
            ),
            (
                vec![
                    with(Received, "INVITE sip:1 SIP/2.0", "7 INVITE", ""),
                    with(Sent, "SIP/2.0 488 No", "7 INVITE", ""),
                ],
                "! this phone answered INVITE with 488 No | this phone takes none",
            ),
            (
                {
                    let answered = || with(Sent, "SIP/2.0 200 OK", "7 INVITE", "");
                    vec![with(Received, "INVITE sip:1 SIP/2.0", "7 INVITE", ""), answered(), answered(), answered()]
                },
                "no ACK came | the 200 OK or its ACK is lost",
            ),
            (vec![], "there are no messages"),
        ] {
            let told = said(&messages);
            assert!(told.contains(part), "{part}\n{told}");
        }
    }

    #[test]
    fn an_account_without_messages_tells_why_by_itself() {
        let account = AccountInfo {
            aor: "1@pbx".into(),
            state: RegistrationState::Failed,
            reason: Some("the certificate of pbx has expired".into()),
            transport: "tls".into(),
            ..AccountInfo::default()
        };
        let verdict = first(&[], Known { account: Some(&account), call: None });
        assert!(
            verdict.is_bad && verdict.what.contains("expired") && verdict.cause.contains("prove who it is"),
            "{verdict:?}"
        );
    }

    #[test]
    fn a_call_without_messages_blames_no_network_for_what_is_none_of_its() {
        for (reason, part) in [
            (None, "nothing comes back"),
            (Some("cannot find pbx (udp): it has no address"), "leads nowhere"),
            (Some("no codec is left to offer"), ""),
        ] {
            let info = serde_json::json!({"id": "c1", "sip_call_id": "x@y", "direction": "outgoing", "state": "ended",
                "account": "a@b", "remote": {"uri": "sip:600@b", "user": "600", "name": null}, "started_at": "T",
                "duration": 0.0, "remote_hold": false, "reason": reason});
            let call: CallInfo = serde_json::from_value(info).unwrap();
            let verdict = first(&[], Known { call: Some(&call), account: None });
            assert!(verdict.is_bad && verdict.cause.contains(part), "{verdict:?}");
            assert_eq!(verdict.cause.is_empty(), part.is_empty(), "{verdict:?}");
        }
    }

    #[test]
    fn sound_that_does_not_come_is_held_against_the_address_in_the_answer() {
        let info = serde_json::json!({"id": "c1", "sip_call_id": "x@y", "direction": "outgoing", "state": "connected",
            "account": "a@b", "remote": {"uri": "sip:600@b", "user": "600", "name": null}, "started_at": "T",
            "duration": 9.0, "remote_hold": false, "media": {"nothing_heard": "no packet came"}});
        let call: CallInfo = serde_json::from_value(info).unwrap();
        let invite = with(Way::Sent, "INVITE sip:6 SIP/2.0", "1 INVITE", "");
        let known = Known { call: Some(&call), account: None };
        for (place, part) in [("10.0.0.5", "an address of its own network"), ("192.0.2.2", "does not arrive")] {
            let body = format!("Content-Type: application/sdp\n\nv=0\nc=IN IP4 {place}\nm=audio 4000 RTP/AVP 0\n");
            let answer = with(Way::Received, "SIP/2.0 200 OK", "1 INVITE", &body);
            let verdict = first(&[invite.clone(), answer], known);
            assert!(verdict.cause.contains(part), "{verdict:?}");
        }
    }
}
