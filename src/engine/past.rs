//! What is kept of a call.

use crate::history::{Kind, Record};
use crate::text::sanitise;
use crate::ua::outcome::EndedBy;
use crate::ua::snapshot::{CallDirection, CallInfo, CallState};
use std::time::UNIX_EPOCH;

/// A call as the history keeps it, as far as it is known.
pub fn record(call: &CallInfo) -> Record {
    let started = humantime::parse_rfc3339_weak(&call.started_at).unwrap_or(UNIX_EPOCH);
    let started = started.duration_since(UNIX_EPOCH).unwrap_or_default();
    let media = call.media.as_ref();
    let kind = kind(call);
    Record {
        id: 0,
        kind,
        started_ms: i64::try_from(started.as_millis()).unwrap_or_default(),
        number: number(call),
        name: call.remote.name.clone().unwrap_or_default(),
        uri: call.remote.uri.clone(),
        account: call.account.clone(),
        // A cast that saturates: nobody talks longer.
        duration_s: if call.answered_after.is_some() { call.duration as u32 } else { 0 },
        outcome: call.outcome.clone().unwrap_or_default(),
        status: call.status,
        info: info(call, kind),
        codec: media.map(|media| media.codec.clone()).unwrap_or_default(),
        mos: media.and_then(|media| media.mos_rx_mean),
        recording: call.recording.as_ref().map(|recording| recording.file.clone()).unwrap_or_default(),
        sip_call_id: sanitise(&call.sip_call_id),
    }
}

/// A call that was declined here is not missed; one that a rule refused is.
fn kind(call: &CallInfo) -> Kind {
    let outcome = call.outcome.as_deref();
    let talked = call.answered_after.is_some();
    match call.direction {
        CallDirection::Outgoing => Kind::Outgoing,
        CallDirection::Incoming if outcome == Some(Kind::AnsweredElsewhere.word()) => Kind::AnsweredElsewhere,
        CallDirection::Incoming if talked || call.state != CallState::Ended => Kind::Incoming,
        CallDirection::Incoming if declined(call) => Kind::Incoming,
        CallDirection::Incoming => Kind::Missed,
    }
}

/// By the person, not by a rule or for want of a port.
fn declined(call: &CallInfo) -> bool {
    let ruled = matches!(call.outcome.as_deref(), Some("denied" | "forwarded"));
    call.ended_by == Some(EndedBy::Local) && !ruled && !call.failed_here()
}

/// How it ended: MicroSIP's words for what has some, else the reason that is known.
fn info(call: &CallInfo, kind: Kind) -> String {
    let reason = || call.reason.clone().unwrap_or_default();
    let rule = matches!(call.outcome.as_deref(), Some("denied" | "forwarded"));
    match kind {
        _ if call.state != CallState::Ended => String::new(),
        Kind::AnsweredElsewhere => "Answered Elsewhere".to_owned(),
        Kind::Missed if !rule => "Missed Call".to_owned(),
        Kind::Incoming if call.answered_after.is_none() => "Declined".to_owned(),
        _ if call.answered_after.is_some() && call.ended_by != Some(EndedBy::Network) => "Call Ended".to_owned(),
        _ => reason(),
    }
}

/// The other side as one would dial it.
fn number(call: &CallInfo) -> String {
    let remote = &call.remote;
    [&call.number, &remote.user, &remote.uri].into_iter().find(|text| !text.is_empty()).cloned().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A call in JSON: what is given, over an incoming one that nobody took.
    fn call(more: serde_json::Value) -> CallInfo {
        let mut call = serde_json::json!({"id": "c1", "sip_call_id": "x", "direction": "incoming", "state": "ended",
            "account": "101@pbx", "remote": {"uri": "sip:6@pbx", "user": "6", "name": "Bob"},
            "started_at": "2026-01-02T03:04:05.678Z", "duration": 0.0, "remote_hold": false, "status": 487,
            "reason": "Request Terminated", "ended_by": "remote", "outcome": "no_answer"});
        for (key, value) in more.as_object().unwrap() {
            call[key] = value.clone();
        }
        serde_json::from_value(call).unwrap()
    }

    #[test]
    fn each_end_has_its_kind_and_words() {
        use serde_json::json;
        let rows = [
            (json!({}), Kind::Missed, "Missed Call"),
            (json!({"state": "incoming", "ended_by": null, "outcome": null}), Kind::Incoming, ""),
            (json!({"ended_by": "local", "outcome": "busy"}), Kind::Incoming, "Declined"),
            (json!({"ended_by": "local", "outcome": "unexpected", "reason": "no port"}), Kind::Missed, "Missed Call"),
            (
                json!({"ended_by": "local", "outcome": "denied", "reason": "do not disturb"}),
                Kind::Missed,
                "do not disturb",
            ),
            (json!({"ended_by": "local", "outcome": "forwarded", "reason": "to 7"}), Kind::Missed, "to 7"),
            (json!({"outcome": "answered_elsewhere"}), Kind::AnsweredElsewhere, "Answered Elsewhere"),
            (json!({"answered_after": 1.0, "outcome": "answered"}), Kind::Incoming, "Call Ended"),
            (
                json!({"answered_after": 1.0, "ended_by": "network", "reason": "the far end is gone"}),
                Kind::Incoming,
                "the far end is gone",
            ),
            (json!({"direction": "outgoing", "status": 486, "reason": "Busy Here"}), Kind::Outgoing, "Busy Here"),
        ];
        for (more, kind, info) in rows {
            let kept = record(&call(more.clone()));
            assert_eq!((kept.kind, kept.info.as_str()), (kind, info), "{more}");
        }
    }

    #[test]
    fn what_is_known_is_kept() {
        let more = serde_json::json!({"answered_after": 1.0, "duration": 61.9,
            "media": {"codec": "opus", "mos_rx_mean": 4.2}, "recording": {"state": "ended", "file": "a.ogg", "reason": null}});
        let kept = record(&call(more));
        assert_eq!((kept.started_ms, kept.duration_s, kept.status), (1_767_323_045_678, 61, Some(487)));
        assert_eq!((&*kept.number, &*kept.name, &*kept.uri, &*kept.account), ("6", "Bob", "sip:6@pbx", "101@pbx"));
        assert_eq!((&*kept.codec, kept.mos, &*kept.recording, &*kept.sip_call_id), ("opus", Some(4.2), "a.ogg", "x"));
    }

    #[test]
    fn a_number_is_what_one_would_dial() {
        for (number, user, expected) in [("600", "49600", "600"), ("", "49600", "49600"), ("", "", "sip:far.example")] {
            let remote = serde_json::json!({"uri": "sip:far.example", "user": user, "name": null});
            let call = call(serde_json::json!({"number": number, "remote": remote}));
            assert_eq!(record(&call).number, expected);
        }
    }
}
