//! Where am I: the calls that are up, the accounts, the sound, what is switched on.

use super::state::Line;
use super::told::{ended, meaning};
use super::words::{duration, list, name, party, sentence, who};
use crate::control::{
    AccountInfo, CallInfo, CallState, EndedBy, Grade, Levels, LightInfo, RecordingState, RegistrationState, TlsTrust,
};
use crate::text::local::decimal;
use crate::text::{sanitise, sanitise_trimmed, say};
use crate::ui::view::words;

/// Below this the microphone hears nothing, dBFS; below the second little; above the third it is too loud.
const SILENT_DBFS: f32 = -60.0;
const SOFT_DBFS: f32 = -40.0;
const LOUD_DBFS: f32 = -3.0;

/// The first words.
pub fn greeting(line: &Line) -> Vec<String> {
    let mut out = vec![say!("line-tuiphone-accounts-in-short-question", accounts_in_short = accounts_in_short(line))];
    let up: Vec<&CallInfo> = line.status.calls.iter().filter(|call| call.state != CallState::Incoming).collect();
    out.extend(up.into_iter().map(call));
    out
}

/// All of it, the calls first.
pub fn all(line: &Line) -> Vec<String> {
    let status = &line.status;
    let mut out: Vec<String> = status.calls.iter().map(call).collect();
    if out.is_empty() {
        out.push(say!("line-no-call"));
    }
    let switches = [
        (status.mic_muted && status.speaker_muted, say!("line-muted-both")),
        (status.mic_muted && !status.speaker_muted, say!("line-muted-microphone")),
        (!status.mic_muted && status.speaker_muted, say!("line-muted-speaker")),
        (status.dnd, say!("line-dnd-on")),
        (status.auto_answer, say!("line-auto-answer-on")),
        (status.auto_conference, say!("line-auto-conference-on")),
    ];
    out.extend(switches.into_iter().filter(|(on, _)| *on).map(|(_, text)| text));
    if let Some(number) = &status.forward {
        out.push(say!("line-forwarded", number = sanitise_trimmed(number)));
    }
    if let Some(seconds) = status.wrap_up {
        out.push(say!("line-pause", time = duration(seconds as f64)));
    }
    out.extend(
        status
            .asks
            .iter()
            .map(|ask| sentence(&say!("line-name-asks-you-to-call", name = name(&ask.from), whom = party(&ask.to)))),
    );
    if status.unread > 0 {
        out.push(say!("line-unread", count = status.unread));
    }
    let voicemail = status.accounts.iter().filter_map(|account| account.voicemail.as_ref()).find(|it| it.waiting);
    out.extend(voicemail.map(|it| sentence(&it.words())));
    out.push(accounts_in_short(line));
    out
}

/// A call as it stands.
pub fn call(call: &CallInfo) -> String {
    let far = who(call);
    let told = match call.state {
        CallState::Calling => say!("line-calling-whom", whom = party(&call.remote)),
        CallState::Ringing => say!("line-ringing-at-far", far),
        CallState::EarlyMedia => say!("line-calling-far-with-sound-before", far),
        CallState::Incoming if call.ignored => say!("line-far-rings-ignored", far),
        CallState::Incoming => say!("line-whom-rings-a-answers-r", whom = party(&call.remote)),
        CallState::Connected if call.remote_hold => {
            say!("line-far-has-put-you-on", far, time = duration(call.duration))
        }
        CallState::Connected => {
            say!("line-talking-to-whom-time", whom = party(&call.remote), time = duration(call.duration))
        }
        CallState::Held => say!("line-far-is-on-hold-time", far, time = duration(call.duration)),
        CallState::Ended => ended(call),
    };
    let told = if call.conference { say!("line-call-in-conference", call = told) } else { told };
    sentence(&match call.recording.as_ref().map(|it| it.state) {
        Some(RecordingState::Recording) => say!("line-call-recorded", call = told),
        Some(RecordingState::Paused) => say!("line-call-recording-paused", call = told),
        _ => told,
    })
}

fn accounts_in_short(line: &Line) -> String {
    let accounts: Vec<&AccountInfo> = line.status.accounts.iter().filter(|it| !it.aor.is_empty()).collect();
    let registered: Vec<String> =
        accounts.iter().filter(|it| it.registered).map(|it| sanitise_trimmed(&it.aor)).collect();
    let failed = accounts.iter().find(|it| it.state == RegistrationState::Failed);
    match (accounts.as_slice(), registered.as_slice(), failed) {
        ([], ..) => say!("line-no-account"),
        (_, [], Some(failed)) => account(failed),
        ([one], [], None) => account(one),
        (_, [], None) => say!("line-not-registered"),
        (_, some, _) => say!("line-registered-as-names", names = list(some)),
    }
}

/// Where an account stands, and why.
pub fn account(account: &AccountInfo) -> String {
    let aor = sanitise_trimmed(if account.aor.is_empty() { &account.label } else { &account.aor });
    let reason = account.reason.as_deref().map(sanitise).filter(|reason| !reason.is_empty());
    let why = match (account.status.filter(|status| *status >= 300), reason) {
        (Some(status), Some(reason)) if !reason.contains(&status.to_string()) => Some(format!("{reason}, {status}")),
        (_, Some(reason)) => Some(reason),
        (Some(status), None) => Some(status.to_string()),
        (None, None) => None,
    };
    match (account.state, why) {
        (RegistrationState::Registered, _) if account.tls == Some(TlsTrust::Unverified) => {
            say!("line-registered-as-aor-the-servers", aor)
        }
        (RegistrationState::Registered, _) => say!("line-registered-as-aor", aor),
        (RegistrationState::Registering, _) => say!("line-registering-as-aor", aor),
        (RegistrationState::Off, _) if account.direct => sentence(&say!("line-aor-is-ready-without-a", aor)),
        (RegistrationState::Off, _) => say!("line-not-registered-as-aor", aor),
        (RegistrationState::Failed, Some(why)) => say!("line-cannot-register-as-aor-why", aor, why),
        (RegistrationState::Failed, None) => say!("line-cannot-register-as-aor-no", aor),
    }
}

/// Everything about an account.
pub fn account_in_full(it: &AccountInfo) -> Vec<String> {
    let mut out = vec![account(it)];
    let label = sanitise_trimmed(&it.label);
    let transport = sanitise_trimmed(&it.transport);
    out.push(sentence(&match it.selected {
        true => say!("line-account-number-selected", number = it.id, label, transport),
        false => say!("line-account-number", number = it.id, label, transport),
    }));
    out.extend(it.expires_in.map(|seconds| say!("line-renewed-within-time", time = duration(seconds as f64))));
    out.extend(it.public.as_ref().map(|at| say!("line-seen-from-outside-at-at", at = sanitise_trimmed(at))));
    out.extend(it.rewritten.as_ref().map(|words| sentence(&sanitise(words))));
    out.extend(it.voicemail.as_ref().map(|voicemail| sentence(&voicemail.words())));
    out
}

/// How a call sounds.
pub fn quality(call: &CallInfo) -> Option<String> {
    let media = call.media.as_ref()?;
    if let Some(why) = &media.nothing_heard {
        return Some(say!("line-nothing-is-heard-why", why = sentence(&sanitise(why)).to_lowercase()));
    }
    let of = |grade: Option<Grade>, mos: Option<f64>, cause: &Option<String>| {
        let (grade, mos) = (grade?.word(), decimal(mos.filter(|mos| mos.is_finite())?, 1));
        Some(match cause {
            Some(cause) => {
                say!("line-sound-graded-because", grade, mos, cause = sanitise(cause).replace('%', "percent"))
            }
            None => say!("line-sound-graded", grade, mos),
        })
    };
    let Some(here) = of(media.grade_rx, media.mos_rx, &media.cause_rx) else {
        return Some(say!("line-the-sound-is-not-measured"));
    };
    let there = of(media.grade_tx, media.mos_tx, &media.cause_tx);
    Some(match (&media.not_heard, there) {
        (Some(_), _) => say!("line-sound-not-heard", here),
        (None, Some(there)) => say!("line-sound-here-and-there", here, there),
        (None, None) => say!("line-sound-here", here),
    })
}

/// The same, and what it is made of.
pub fn quality_in_full(call: &CallInfo) -> Vec<String> {
    let Some(media) = call.media.as_ref().filter(|media| !media.codec.is_empty()) else {
        return vec![say!("line-there-is-no-sound-with", who = who(call))];
    };
    let mut out: Vec<String> = quality(call).into_iter().collect();
    let lost = decimal(words::loss_percent(media), 1);
    let (delay, jitter) = (format!("{:.0}", media.playout_delay_ms), format!("{:.0}", media.jitter_ms));
    out.push(match media.rtt_ms {
        Some(ms) => say!("line-sound-figures-trip", lost, delay, jitter, trip = format!("{ms:.0}")),
        None => say!("line-sound-figures", lost, delay, jitter),
    });
    let rate = decimal(f64::from(media.clock_rate) / 1000.0, usize::from(media.clock_rate % 1000 != 0));
    let protection = words::protected(media).to_string();
    out.push(sentence(&say!("line-sound-codec", codec = sanitise_trimmed(&media.codec), rate, protection)));
    out
}

/// How loud it is, in words.
pub fn levels(line: &Line) -> Vec<String> {
    let Some(Levels { mic_dbfs, speaker_dbfs }) = line.levels else {
        return vec![say!("line-there-is-no-sound-now")];
    };
    let word = |dbfs: f32, is_muted: bool| match dbfs {
        _ if is_muted => say!("line-level-muted"),
        dbfs if dbfs.is_nan() || dbfs < SILENT_DBFS => say!("line-level-silent"),
        dbfs if dbfs < SOFT_DBFS => say!("line-level-soft"),
        dbfs if dbfs > LOUD_DBFS => say!("line-level-too-loud"),
        _ => say!("line-level-good"),
    };
    let microphone = word(mic_dbfs, line.status.mic_muted);
    let speaker = word(speaker_dbfs, line.status.speaker_muted);
    vec![say!("line-levels", microphone, speaker)]
}

/// Which devices carry the sound, and how loud they are set.
pub fn sound(line: &Line) -> Vec<String> {
    let status = &line.status;
    let device = |name: &str| {
        let name = sanitise_trimmed(name);
        if name.is_empty() { say!("line-none-in-use") } else { name }
    };
    let mut out = vec![
        say!(
            "line-microphone-input-volume-volume-mic",
            input = device(&status.audio.input),
            volume_mic = status.volume_mic
        ),
        say!("line-speaker-output-volume-volume", output = device(&status.audio.output), volume = status.volume),
    ];
    out.extend(status.voice.words().map(|words| say!("line-the-voice-goes-through-words", words)));
    out.extend(status.audio.warning.as_ref().map(|warning| sentence(&sanitise(warning))));
    out
}

/// Why the last call ended as it did.
pub fn why(line: &Line) -> Vec<String> {
    let Some(call) = line.ended.front() else {
        return vec![say!("line-no-call-has-ended-since")];
    };
    let mut out = vec![ended(call)];
    let reason = call.reason.as_deref().map(sanitise).filter(|reason| !reason.is_empty());
    let by = match call.ended_by {
        Some(EndedBy::Local) => say!("line-ended-here"),
        Some(EndedBy::Remote) => say!("line-ended-there"),
        Some(EndedBy::Network) => say!("line-ended-network"),
        None => say!("line-ended"),
    };
    let why = match (call.status, reason) {
        (Some(status), Some(reason)) => Some(format!("{status} {reason}")),
        (Some(status), None) => Some(say!("line-ended-status", status)),
        (None, reason) => reason,
    };
    out.push(sentence(&why.map_or(by.clone(), |why| say!("line-ended-why", by, why))));
    if call.answered_after.is_none() {
        let outcome = call.outcome.as_deref().unwrap_or_default();
        let is_said = matches!(outcome, "busy" | "no_answer" | "rejected" | "no_such_number");
        if call.ended_by != Some(EndedBy::Local) && !is_said {
            out.push(sentence(&say!("line-that-means-outcome", outcome = meaning(outcome))));
        }
        out.push(say!("line-ladder-id-tells-its-messages", id = &call.id));
    }
    out
}

/// Somebody who is watched.
pub fn light(light: &LightInfo) -> String {
    let (name, state) = (sanitise_trimmed(light.called()), words::light(light.state));
    sentence(&match words::light_detail(light) {
        Some(detail) => say!("line-light-detail", name, state, detail = sanitise(&detail)),
        None => say!("line-light", name, state),
    })
}
