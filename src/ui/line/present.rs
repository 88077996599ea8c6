//! Where am I: the calls that are up, the accounts, the sound, what is switched on.

use super::state::Line;
use super::told::{ended, meaning};
use super::words::{duration, list, name, party, plain, sentence, who};
use crate::control::causes::{self, Cause};
use crate::control::{
    AccountInfo, CallDirection, CallInfo, CallState, EndedBy, Grade, Levels, LightInfo, RecordingState,
    RegistrationState, TlsTrust,
};
use crate::text::local::decimal;
use crate::text::words::retold;
use crate::text::{sanitise, sanitise_trimmed, say};
use crate::ui::view::words;

/// Below this the microphone hears nothing, dBFS; below the second little; above the third it is too loud.
const SILENT_DBFS: f32 = -60.0;
const SOFT_DBFS: f32 = -40.0;
const LOUD_DBFS: f32 = -3.0;

/// The first words.
pub fn greeting(line: &Line) -> Vec<String> {
    let mut out = vec![say!("line-greeting", accounts_in_short = accounts_in_short(line))];
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
            .map(|ask| sentence(&say!("line-asked-to-call", name = name(&ask.from), whom = party(&ask.to)))),
    );
    if status.unread > 0 {
        out.push(say!("line-unread", count = status.unread));
    }
    let voicemail = status.accounts.iter().filter_map(|account| account.voicemail.as_ref()).find(|it| it.waiting);
    out.extend(voicemail.map(|it| sentence(&words::voicemail(it))));
    out.push(accounts_in_short(line));
    out
}

/// A call as it stands.
pub fn call(call: &CallInfo) -> String {
    let far = who(call);
    let told = match call.state {
        CallState::Calling => say!("line-call-calling", whom = party(&call.remote)),
        CallState::Ringing => say!("line-call-ringing", far),
        CallState::EarlyMedia => say!("line-call-early-sound", far),
        CallState::Incoming if call.ignored => say!("line-call-ignored", far),
        CallState::Incoming => say!("line-call-incoming", whom = party(&call.remote)),
        CallState::Connected if call.remote_hold => {
            say!("line-call-held-there", far, time = duration(call.duration))
        }
        CallState::Connected => {
            say!("line-call-talking", whom = party(&call.remote), time = duration(call.duration))
        }
        CallState::Held => say!("line-call-held", far, time = duration(call.duration)),
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
        ([], ..) => say!("line-account-none"),
        (_, [], Some(failed)) => account(failed),
        ([one], [], None) => account(one),
        (_, [], None) => say!("line-account-off"),
        (_, some, _) => say!("line-registered-names", names = list(some)),
    }
}

/// Where an account stands, and why.
pub fn account(account: &AccountInfo) -> String {
    let aor = sanitise_trimmed(if account.aor.is_empty() { &account.label } else { &account.aor });
    let reason = account.reason.as_deref().map(sanitise).filter(|reason| !reason.is_empty());
    let reason = reason.map(|reason| causes::told(&reason).into_owned());
    let why = match (account.status.filter(|status| *status >= 300), reason) {
        (Some(status), Some(reason)) if !reason.contains(&status.to_string()) => Some(format!("{reason}, {status}")),
        (_, Some(reason)) => Some(reason),
        (Some(status), None) => Some(status.to_string()),
        (None, None) => None,
    };
    match (account.state, why) {
        (RegistrationState::Registered, _) if account.tls == Some(TlsTrust::Unverified) => {
            say!("line-registered-unverified", aor)
        }
        (RegistrationState::Registered, _) => say!("line-registered", aor),
        (RegistrationState::Registering, _) => say!("line-registering", aor),
        (RegistrationState::Off, _) if account.direct => sentence(&say!("line-ready-direct", aor)),
        (RegistrationState::Off, _) => say!("line-not-registered", aor),
        (RegistrationState::Failed, Some(why)) => say!("line-register-failed-why", aor, why),
        (RegistrationState::Failed, None) => say!("line-register-failed", aor),
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
    out.extend(it.expires_in.map(|seconds| say!("line-registration-renewed", time = duration(seconds as f64))));
    out.extend(it.public.as_ref().map(|at| say!("line-seen-outside-as", at = sanitise_trimmed(at))));
    out.extend(it.rewritten.as_ref().map(|words| sentence(&retold(&sanitise(words)))));
    out.extend(it.voicemail.as_ref().map(|voicemail| sentence(&words::voicemail(voicemail))));
    out
}

/// How a call sounds.
pub fn quality(call: &CallInfo) -> Option<String> {
    let media = call.media.as_ref()?;
    if let Some(why) = &media.nothing_heard {
        return Some(say!("line-call-heard-nothing", why = sentence(&retold(&sanitise(why))).to_lowercase()));
    }
    let of = |grade: Option<Grade>, mos: Option<f64>, cause: &Option<String>| {
        let (grade, mos) = (words::grade(grade?), decimal(mos.filter(|mos| mos.is_finite())?, 1));
        Some(match cause {
            Some(cause) => {
                say!(
                    "line-sound-graded-because",
                    grade,
                    mos,
                    cause = retold(&sanitise(cause)).replace('%', &say!("line-percent"))
                )
            }
            None => say!("line-sound-graded", grade, mos),
        })
    };
    let Some(here) = of(media.grade_rx, media.mos_rx, &media.cause_rx) else {
        return Some(say!("line-sound-unmeasured"));
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
        return vec![say!("line-sound-none-yet", who = who(call))];
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
        return vec![say!("line-sound-none")];
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
        if name.is_empty() { say!("line-device-none") } else { name }
    };
    let mut out = vec![
        say!("line-device-in-use-microphone", input = device(&status.audio.input), volume_mic = status.volume_mic),
        say!("line-device-in-use-speaker", output = device(&status.audio.output), volume = status.volume),
    ];
    out.extend(words::voice(&status.voice).map(|words| say!("line-voice-now", words)));
    out.extend(status.audio.warning.as_ref().map(|warning| sentence(&retold(&sanitise(warning)))));
    out
}

/// Why the last call ended as it did.
pub fn why(line: &Line) -> Vec<String> {
    let Some(call) = line.ended.front() else {
        return vec![say!("line-why-none")];
    };
    let mut out = vec![ended(call)];
    let reason = call.reason.as_deref().map(sanitise).filter(|reason| !reason.is_empty());
    let reason = reason.map(|reason| causes::told(&reason).into_owned());
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
        let cause = likely(call);
        if !wished(call) && !is_said && cause.is_none() {
            out.push(sentence(&say!("line-why-means", outcome = meaning(outcome))));
        }
        out.extend(cause.map(|cause| sentence(&plain(&say!("line-likely", cause = cause.why_told())))));
        let next = cause.and_then(Cause::next_told);
        out.extend(next.map(|next| sentence(&plain(&say!("line-next", next)))));
        out.push(say!("line-why-ladder", id = &call.id));
    }
    out
}

/// It ended on this side because somebody wanted that.
fn wished(call: &CallInfo) -> bool {
    call.ended_by == Some(EndedBy::Local) && !call.failed_here()
}

/// What lies behind the failure of a call of ours, most of the time.
fn likely(call: &CallInfo) -> Option<&'static Cause> {
    let fails = call.direction == CallDirection::Outgoing && !wished(call);
    match call.status.filter(|_| fails) {
        Some(status @ 300..) => Some(causes::of_call(status)),
        _ => call.reason.as_deref().filter(|_| fails).and_then(causes::of_words),
    }
}

/// Somebody who is watched.
pub fn light(light: &LightInfo) -> String {
    let (name, state) = (sanitise_trimmed(light.called()), words::light(light.state));
    sentence(&match words::light_detail(light) {
        Some(detail) => say!("line-light-detail", name, state, detail = sanitise(&detail)),
        None => say!("line-light", name, state),
    })
}
