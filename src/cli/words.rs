//! What people read: one plain sentence for each thing that happens.

use crate::control::{
    AccountInfo, CallDirection, CallInfo, CommandError, EndedBy, Event, Grade, IceState, LightInfo, MediaInfo,
    MessageInfo, Party, RegistrationState, SoundWay, TlsTrust,
};
use crate::ui::view::words;

/// A line of a log: when, which call, what.
pub fn line(event: &Event, at: &str) -> Option<String> {
    let call = event.call().map(|call| format!("{} ", call.id)).unwrap_or_default();
    Some(format!("{at} {call}{}", sentence(event)?))
}

/// A sentence for an event; `None` where a person need not know.
pub fn sentence(event: &Event) -> Option<String> {
    Some(match event {
        Event::Registration { account, .. } => registration(account)?,
        Event::CallOutgoing { call: CallInfo { referred_by: Some(by), remote: to, .. } } => {
            format!("transferred by {} to {}", party(by), party(to))
        }
        Event::CallOutgoing { call: CallInfo { picks_up: Some(number), .. } } => {
            format!("picking up the call of {number}")
        }
        Event::CallOutgoing { call } => format!("calling {}", remote(call)),
        Event::CallIncoming { call: call @ CallInfo { takes_over: Some(old), .. } } => {
            format!("{} takes over call {old}", remote(call))
        }
        Event::CallIncoming { call } => format!("{} calls", remote(call)),
        Event::CallDialling { .. } => return None,
        Event::CallRinging { call } if call.direction == CallDirection::Outgoing => "ringing".to_owned(),
        Event::CallRinging { .. } => return None,
        Event::CallEarlyMedia { .. } => "sound before the answer".to_owned(),
        Event::CallAnswered { call } => match &call.media {
            Some(media) if !media.codec.is_empty() => {
                format!("connected, {}, {}", media.codec, words::protected(media))
            }
            _ => "connected".to_owned(),
        },
        Event::CallHeld { .. } => "on hold".to_owned(),
        Event::CallResumed { .. } => "resumed".to_owned(),
        Event::CallRecording { call } => words::recording(call)?,
        Event::CallPlaying { call } => words::playing(call)?,
        Event::CallConference { call } if call.conference => format!("{} is in the conference", remote(call)),
        Event::CallConference { call } => format!("{} is in no conference any more", remote(call)),
        Event::CallRenamed { call } => format!("this is {}", remote(call)),
        Event::CallTransferred { call } => match &call.transfer {
            Some(transfer) => format!("{} is transferred to {}", remote(call), transfer.to),
            None => format!("{} is transferred", remote(call)),
        },
        Event::CallParked { call } => {
            let place = call.transfer.as_ref().and_then(|transfer| transfer.parked_at.clone());
            format!("{} is parked at {}", remote(call), place.unwrap_or_default())
        }
        Event::CallAsked { ask } => {
            let (from, to, id) = (party(&ask.from), party(&ask.to), &ask.id);
            format!("{from} asks you to call {to}: tuiphone answer {id}, or reject {id}")
        }
        Event::CallPath { call } => match call.media.as_ref().and_then(|media| media.ice.as_ref())? {
            ice if ice.state == IceState::Connected => format!("sound goes {}", ice.words()),
            // A failure is said by an error of its own.
            _ => return None,
        },
        Event::CallSecured { call } => words::protection(call.media.as_ref()?)?.0,
        Event::CallDtmf { digit, .. } => format!("the far end pressed {digit}"),
        Event::CallQuality { .. } => return None,
        Event::CallMediaLost { way, reason, .. } => words::silent(*way, reason),
        Event::CallMediaReturned { way: SoundWay::Rx, .. } => "there is sound again".to_owned(),
        Event::CallMediaReturned { way: SoundWay::Tx, .. } => "you are heard again".to_owned(),
        Event::CallEnded { call } => ended(call),
        Event::Message { message } => self::message(message),
        Event::Composing { .. } => return None,
        Event::Mwi { voicemail, .. } if !voicemail.waiting => return None,
        Event::Mwi { account, voicemail } => format!("{account}: {}", voicemail.words()),
        Event::Presence { light } => self::light(light),
        Event::Voice { voice } => match voice.words() {
            Some(words) => format!("the microphone's sound goes through {words}"),
            None => "the microphone's sound goes out as it is".to_owned(),
        },
        Event::TalkingMuted => "you are talking, and the microphone is muted".to_owned(),
        Event::Hook { hook, message, .. } => format!("{hook}: {message}"),
        Event::WrapUp { for_s: 0 } => "calls ring again".to_owned(),
        Event::WrapUp { for_s } => format!("wrapping up: new calls find the phone busy for {for_s} s"),
        Event::Notification { msg, number, values, .. } if values.is_empty() => format!("{msg} {number}"),
        Event::Notification { msg, values, .. } => format!("{msg} {}", values.join(" ")),
        Event::Device { message } | Event::Config { message, .. } | Event::Directory { message } => message.clone(),
        Event::Error { message, hint } => with_hint(message, hint.as_deref()),
        Event::Exited => "stopped".to_owned(),
    })
}

/// A message in a line: `Bob writes: hello`.
pub fn message(message: &MessageInfo) -> String {
    let Party { uri, user, name } = &message.remote;
    let whom = name.as_ref().unwrap_or(if user.is_empty() { uri } else { user });
    let text = message.text.replace('\n', " / ");
    match (message.delivered, message.reason.as_deref()) {
        (None, _) => format!("{whom} writes: {text}"),
        (Some(true), _) => format!("to {whom}: {text}"),
        (Some(false), why) => format!("not delivered to {whom} ({}): {text}", why.unwrap_or("no answer")),
    }
}

/// A light in words: `102 is ringing (Bob)`.
pub fn light(light: &LightInfo) -> String {
    let detail = words::light_detail(light).map(|detail| format!(" ({detail})")).unwrap_or_default();
    format!("{} is {}{detail}", light.called(), words::light(light.state))
}

/// Why an account is not registered: `404 Not Found`, `connection refused`.
pub fn why_unregistered(account: &AccountInfo) -> Option<String> {
    match (account.status, account.reason.as_deref()) {
        (Some(status), Some(reason)) if !reason.contains(&status.to_string()) => Some(format!("{status} {reason}")),
        (_, Some(reason)) => Some(reason.to_owned()),
        (Some(status), None) => Some(status.to_string()),
        (None, None) => None,
    }
}

fn registration(account: &AccountInfo) -> Option<String> {
    let aor = &account.aor;
    Some(match account.state {
        RegistrationState::Registered if account.tls == Some(TlsTrust::Unverified) => {
            format!("registered {aor}; the server's certificate is NOT verified (tlsVerify=0)")
        }
        RegistrationState::Registered => format!("registered {aor}"),
        RegistrationState::Registering => return None,
        RegistrationState::Off => format!("{aor} is not registered"),
        RegistrationState::Failed => {
            let why = why_unregistered(account).unwrap_or_else(|| "no answer".to_owned());
            format!("cannot register {aor}: {why}")
        }
    })
}

/// How a call ended, in words.
pub fn ended(call: &CallInfo) -> String {
    // A 200 that led to no call says nothing beside the reason.
    let answer = match (call.status.filter(|status| *status >= 300 || call.reason.is_none()), call.reason.as_deref()) {
        (Some(status), Some(reason)) if !reason.contains(&status.to_string()) => format!("{status} {reason}"),
        (_, Some(reason)) => reason.to_owned(),
        (Some(status), None) => status.to_string(),
        (None, None) => String::new(),
    };
    match call.answered_after {
        Some(_) => {
            let why = if call.ended_by == Some(EndedBy::Network) { call.reason.clone() } else { None };
            let details: Vec<String> = why.into_iter().chain(sound(call)).collect();
            let details = if details.is_empty() { String::new() } else { format!(": {}", details.join(", ")) };
            format!("ended after {:.1} s{details}", call.duration)
        }
        None if call.ended_by == Some(EndedBy::Local) && call.status.is_none_or(|s| s < 200) && !call.failed_here() => {
            if call.ringing_after.is_some() { "given up while it rang" } else { "given up before it rang" }.to_owned()
        }
        None if answer.is_empty() => "ended".to_owned(),
        None if call.ended_by == Some(EndedBy::Local) && call.direction == CallDirection::Incoming => {
            format!("refused: {answer}")
        }
        None => format!("not connected: {answer}"),
    }
}

/// Why a call that was answered is none that went well, and what may help.
pub fn unheard(call: &CallInfo) -> String {
    let known = call.media.as_ref().and_then(|media| media.nothing_heard.as_deref());
    let why = known.unwrap_or("no packet came; it was short, or a firewall or NAT is in the way");
    let next = "--debug - shows the addresses agreed on, publicAddr names ours from outside";
    format!("tuiphone: answered, but nothing was heard: {why}; {next}")
}

/// How a call sounds: `opus, good 4.3, heard there poor 3.3 (loss 6 %)`, or that nothing is heard, and why.
pub fn sound_now(media: &MediaInfo) -> String {
    let way = |grade: Option<Grade>, mos: Option<f64>, cause: &Option<String>| {
        let cause = cause.as_ref().map(|cause| format!(" ({cause})")).unwrap_or_default();
        Some(format!("{} {:.1}{cause}", grade?.word(), mos?))
    };
    let here = match &media.nothing_heard {
        Some(why) => Some(words::silent(SoundWay::Rx, why)),
        None => way(media.grade_rx, media.mos_rx, &media.cause_rx),
    };
    let there = match &media.not_heard {
        Some(why) => Some(words::silent(SoundWay::Tx, why)),
        None => way(media.grade_tx.filter(|grade| *grade != Grade::Good), media.mos_tx, &media.cause_tx)
            .map(|words| format!("heard there {words}")),
    };
    [Some(media.codec.clone()), here, there].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// How a call sounded all in all: `sound good 4.3, worst 3.2, loss 1.4 %`.
fn sound(call: &CallInfo) -> Option<String> {
    let media = call.media.as_ref()?;
    let mean = media.mos_rx_mean?;
    let worst = media.mos_rx_least.filter(|least| mean - least >= 0.3).map(|least| format!(", worst {least:.1}"));
    let loss = media.rx_loss_total * 100.0;
    let loss = (loss >= 0.1).then(|| format!(", loss {loss:.1} %"));
    let (worst, loss) = (worst.unwrap_or_default(), loss.unwrap_or_default());
    Some(format!("sound {} {mean:.1}{worst}{loss}", Grade::of(mean).word()))
}

/// The far side as a person would name it.
pub fn remote(call: &CallInfo) -> String {
    party(&call.remote)
}

fn party(party: &Party) -> String {
    match &party.name {
        Some(name) if !name.is_empty() => format!("{name} ({})", party.user),
        _ if !party.user.is_empty() => party.user.clone(),
        _ => party.uri.clone(),
    }
}

/// `tuiphone: what went wrong`, and what next on a line of its own.
pub fn error(error: &CommandError) -> String {
    format!("tuiphone: {}", with_hint(&error.message, error.hint.as_deref()))
}

fn with_hint(message: &str, hint: Option<&str>) -> String {
    match hint {
        Some(hint) => format!("{message}\nhint: {hint}"),
        None => message.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_that_failed_here_was_not_given_up() {
        for (direction, outcome, expected) in [
            ("outgoing", "no_answer", "given up before it rang"),
            ("outgoing", "unexpected", "not connected: no port is free"),
            ("incoming", "unexpected", "refused: no port is free"),
        ] {
            let text = format!(
                r#"{{"id": "c1", "sip_call_id": "x", "direction": "{direction}", "state": "ended", "account": "a@b",
                "remote": {{"uri": "sip:6@b", "user": "6", "name": null}}, "started_at": "2026-01-02T03:04:05.678Z",
                "ended_by": "local", "outcome": "{outcome}", "reason": "no port is free", "duration": 0.0,
                "remote_hold": false}}"#
            );
            let call: CallInfo = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
            assert_eq!(ended(&call), expected, "{direction} {outcome}");
        }
    }

    #[test]
    fn how_a_call_sounds_is_told_beside_it() {
        let rows = [
            ("{}", "pcmu"),
            (r#"{"mos_rx": 4.31, "grade_rx": "good", "mos_tx": 4.4, "grade_tx": "good"}"#, "pcmu, good 4.3"),
            (
                r#"{"mos_rx": 3.2, "grade_rx": "poor", "cause_rx": "loss 6 %", "mos_tx": 3.7, "grade_tx": "fair"}"#,
                "pcmu, poor 3.2 (loss 6 %), heard there fair 3.7",
            ),
            (
                r#"{"mos_rx": 4.3, "grade_rx": "good", "nothing_heard": "why", "not_heard": "because"}"#,
                "pcmu, nothing is heard: why, you are not heard: because",
            ),
        ];
        for (media, expected) in rows {
            let media: MediaInfo = serde_json::from_str(media).unwrap();
            assert_eq!(sound_now(&MediaInfo { codec: "pcmu".into(), ..media }), expected);
        }
    }

    #[test]
    fn the_end_of_a_call_tells_how_it_sounded() {
        let rows = [
            (r#"null"#, "ended after 61.2 s"),
            (r#"{"mos_rx_mean": 4.31, "mos_rx_least": 4.2}"#, "ended after 61.2 s: sound good 4.3"),
            (
                r#"{"mos_rx_mean": 3.9, "mos_rx_least": 2.6, "rx_loss_total": 0.0142}"#,
                "ended after 61.2 s: sound fair 3.9, worst 2.6, loss 1.4 %",
            ),
        ];
        for (media, expected) in rows {
            let text = format!(
                r#"{{"id": "c1", "sip_call_id": "x", "direction": "incoming", "state": "ended", "account": "a@b",
                "remote": {{"uri": "sip:6@b", "user": "6", "name": null}}, "started_at": "2026-01-02T03:04:05.678Z",
                "answered_after": 1.0, "duration": 61.2, "remote_hold": false, "media": {media}}}"#
            );
            let call: CallInfo = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
            assert_eq!(ended(&call), expected);
            let reason = Some("nothing was heard of the far end for 60 s".to_owned());
            let gone = CallInfo { ended_by: Some(EndedBy::Network), reason, media: None, ..call };
            assert_eq!(ended(&gone), "ended after 61.2 s: nothing was heard of the far end for 60 s");
        }
    }
}
