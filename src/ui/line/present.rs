//! Where am I: the calls that are up, the accounts, the sound, what is switched on.

use super::state::Line;
use super::told::{ended, meaning};
use super::words::{count, duration, list, name, party, sentence, who};
use crate::control::{
    AccountInfo, CallInfo, CallState, EndedBy, Grade, Levels, LightInfo, RecordingState, RegistrationState, TlsTrust,
};
use crate::text::{sanitise, sanitise_trimmed, say};
use crate::ui::view::words;

/// Below this the microphone hears nothing, dBFS; below the second little; above the third it is too loud.
const SILENT_DBFS: f32 = -60.0;
const SOFT_DBFS: f32 = -40.0;
const LOUD_DBFS: f32 = -3.0;

/// The first words.
pub fn greeting(line: &Line) -> Vec<String> {
    let mut out = vec![format!("tuiphone. {} Question mark is help.", accounts_in_short(line))];
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
        status.asks.iter().map(|ask| {
            sentence(&format!("{} asks you to call {}. a does, r does not", name(&ask.from), party(&ask.to)))
        }),
    );
    if status.unread > 0 {
        out.push(format!(
            "{} unread. c reads.",
            sentence(&count(status.unread as usize, "message")).trim_end_matches('.')
        ));
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
        CallState::Calling => format!("Calling {}", party(&call.remote)),
        CallState::Ringing => format!("Ringing at {far}"),
        CallState::EarlyMedia => format!("Calling {far}, with sound before the answer"),
        CallState::Incoming if call.ignored => format!("{far} rings, ignored"),
        CallState::Incoming => format!("{} rings. a answers, r rejects", party(&call.remote)),
        CallState::Connected if call.remote_hold => format!("{far} has put you on hold, {}", duration(call.duration)),
        CallState::Connected => format!("Talking to {}, {}", party(&call.remote), duration(call.duration)),
        CallState::Held => format!("{far} is on hold, {}", duration(call.duration)),
        CallState::Ended => ended(call),
    };
    let recorded = match call.recording.as_ref().map(|it| it.state) {
        Some(RecordingState::Recording) => ", recorded",
        Some(RecordingState::Paused) => ", the recording is paused",
        _ => "",
    };
    let conference = if call.conference { ", in the conference" } else { "" };
    sentence(&format!("{told}{conference}{recorded}"))
}

fn accounts_in_short(line: &Line) -> String {
    let accounts: Vec<&AccountInfo> = line.status.accounts.iter().filter(|it| !it.aor.is_empty()).collect();
    let registered: Vec<String> =
        accounts.iter().filter(|it| it.registered).map(|it| sanitise_trimmed(&it.aor)).collect();
    let failed = accounts.iter().find(|it| it.state == RegistrationState::Failed);
    match (accounts.as_slice(), registered.as_slice(), failed) {
        ([], ..) => "No account.".to_owned(),
        (_, [], Some(failed)) => account(failed),
        ([one], [], None) => account(one),
        (_, [], None) => "Not registered.".to_owned(),
        (_, some, _) => format!("Registered as {}.", list(some)),
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
            format!("Registered as {aor}. The server's certificate is not verified.")
        }
        (RegistrationState::Registered, _) => format!("Registered as {aor}."),
        (RegistrationState::Registering, _) => format!("Registering as {aor}."),
        (RegistrationState::Off, _) if account.direct => sentence(&format!("{aor} is ready, without a server")),
        (RegistrationState::Off, _) => format!("Not registered as {aor}."),
        (RegistrationState::Failed, Some(why)) => format!("Cannot register as {aor}: {why}."),
        (RegistrationState::Failed, None) => format!("Cannot register as {aor}: no answer."),
    }
}

/// Everything about an account.
pub fn account_in_full(it: &AccountInfo) -> Vec<String> {
    let mut out = vec![account(it)];
    let label = sanitise_trimmed(&it.label);
    let selected = if it.selected { ", calls go out with it" } else { "" };
    out.push(sentence(&format!("Number {}, {label}, over {}{selected}", it.id, sanitise_trimmed(&it.transport))));
    out.extend(it.expires_in.map(|seconds| format!("Renewed within {}.", duration(seconds as f64))));
    out.extend(it.public.as_ref().map(|at| format!("Seen from outside at {}.", sanitise_trimmed(at))));
    out.extend(it.rewritten.as_ref().map(|words| sentence(&sanitise(words))));
    out.extend(it.voicemail.as_ref().map(|voicemail| sentence(&voicemail.words())));
    out
}

/// How a call sounds.
pub fn quality(call: &CallInfo) -> Option<String> {
    let media = call.media.as_ref()?;
    if let Some(why) = &media.nothing_heard {
        return Some(format!("Nothing is heard: {}", sentence(&sanitise(why)).to_lowercase()));
    }
    let of = |grade: Option<Grade>, mos: Option<f64>, cause: &Option<String>| {
        let cause = cause.as_ref().map(|cause| format!(", because of {}", sanitise(cause).replace('%', "percent")));
        Some(format!("{}, {:.1} of 5{}", grade?.word(), mos.filter(|mos| mos.is_finite())?, cause.unwrap_or_default()))
    };
    let Some(here) = of(media.grade_rx, media.mos_rx, &media.cause_rx) else {
        return Some("The sound is not measured yet.".to_owned());
    };
    let there = of(media.grade_tx, media.mos_tx, &media.cause_tx);
    let there = match (&media.not_heard, there) {
        (Some(_), _) => " You are not heard.".to_owned(),
        (None, Some(there)) => format!(" There it is {there}."),
        (None, None) => String::new(),
    };
    Some(format!("The sound here is {here}.{there}"))
}

/// The same, and what it is made of.
pub fn quality_in_full(call: &CallInfo) -> Vec<String> {
    let Some(media) = call.media.as_ref().filter(|media| !media.codec.is_empty()) else {
        return vec![format!("There is no sound with {} yet.", who(call))];
    };
    let mut out: Vec<String> = quality(call).into_iter().collect();
    let round_trip = media.rtt_ms.map(|ms| format!(", round trip {ms:.0} milliseconds")).unwrap_or_default();
    let lost = words::loss_percent(media);
    out.push(format!(
        "Lost {lost:.1} percent, delay {:.0} milliseconds, jitter {:.0}{round_trip}.",
        media.playout_delay_ms, media.jitter_ms
    ));
    let khz = f64::from(media.clock_rate) / 1000.0;
    let protected = words::protected(media);
    out.push(sentence(&format!("Codec {}, {khz} kilohertz, {protected}", sanitise_trimmed(&media.codec))));
    out
}

/// How loud it is, in words.
pub fn levels(line: &Line) -> Vec<String> {
    let Some(Levels { mic_dbfs, speaker_dbfs }) = line.levels else {
        return vec!["There is no sound now. test-audio tests the microphone.".to_owned()];
    };
    let word = |dbfs: f32| match dbfs {
        dbfs if dbfs.is_nan() || dbfs < SILENT_DBFS => "silent",
        dbfs if dbfs < SOFT_DBFS => "soft",
        dbfs if dbfs > LOUD_DBFS => "too loud",
        _ => "good",
    };
    let mic = if line.status.mic_muted { "muted" } else { word(mic_dbfs) };
    let speaker = if line.status.speaker_muted { "muted" } else { word(speaker_dbfs) };
    vec![format!("Microphone {mic}, speaker {speaker}.")]
}

/// Which devices carry the sound, and how loud they are set.
pub fn sound(line: &Line) -> Vec<String> {
    let status = &line.status;
    let device = |name: &str| {
        let name = sanitise_trimmed(name);
        if name.is_empty() { "none in use".to_owned() } else { name }
    };
    let mut out = vec![
        format!("Microphone: {}, volume {}.", device(&status.audio.input), status.volume_mic),
        format!("Speaker: {}, volume {}.", device(&status.audio.output), status.volume),
    ];
    out.extend(status.voice.words().map(|words| format!("The voice goes through {words}.")));
    out.extend(status.audio.warning.as_ref().map(|warning| sentence(&sanitise(warning))));
    out
}

/// Why the last call ended as it did.
pub fn why(line: &Line) -> Vec<String> {
    let Some(call) = line.ended.front() else {
        return vec!["No call has ended since you came.".to_owned()];
    };
    let mut out = vec![ended(call)];
    let reason = call.reason.as_deref().map(sanitise).filter(|reason| !reason.is_empty());
    let by = match call.ended_by {
        Some(EndedBy::Local) => "This side ended it",
        Some(EndedBy::Remote) => "The far side ended it",
        Some(EndedBy::Network) => "The network ended it",
        None => "It ended",
    };
    let said = match (call.status, reason) {
        (Some(status), Some(reason)) => format!("{by}: {status} {reason}"),
        (Some(status), None) => format!("{by}: status {status}"),
        (None, Some(reason)) => format!("{by}: {reason}"),
        (None, None) => by.to_owned(),
    };
    out.push(sentence(&said));
    if call.answered_after.is_none() {
        let outcome = call.outcome.as_deref().unwrap_or_default();
        let is_said = matches!(outcome, "busy" | "no_answer" | "rejected" | "no_such_number");
        if call.ended_by != Some(EndedBy::Local) && !is_said {
            out.push(sentence(&format!("That means: {}", meaning(outcome))));
        }
        out.push(format!("ladder {} tells its messages.", call.id));
    }
    out
}

/// Somebody who is watched.
pub fn light(light: &LightInfo) -> String {
    let detail = words::light_detail(light).map(|detail| format!(", {}", sanitise(&detail))).unwrap_or_default();
    sentence(&format!("{} is {}{detail}", sanitise_trimmed(light.called()), words::light(light.state)))
}
