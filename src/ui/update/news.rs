//! News from the phone: status, events, levels, answers.

use super::{devices, drawn, faces, ladder, lists, note, say, threads};
use crate::control::announcement::{self, Announcement};
use crate::control::feed::Feed;
use crate::control::{
    CallDirection, CallInfo, CallState, Command, CommandError, EndedBy, Event, Levels, MediaInfo, RegistrationState,
    Reply, Status,
};
use crate::ui::keymap::Act;
use crate::ui::log::{About, Level};
use crate::ui::model::{CallRow, Connection, EndedCall, Mode, Model, SILENT, Weight};
use crate::ui::msg::{Action, Urgency};
use crate::ui::settings;
use crate::ui::view::words;
use crate::ui::waves::Waves;
use std::mem;
use std::time::{Duration, Instant};

/// Takes news in.
pub fn feed(model: &mut Model, feed: Feed, now: Instant) -> Vec<Action> {
    match feed {
        Feed::Status(status) => set_status(model, *status, now),
        Feed::Event(event) => on_event(model, *event, now),
        Feed::Levels(levels) => set_levels(model, levels, now),
        // It did not ask for that.
        Feed::Traced(_) => Vec::new(),
        Feed::Face(ask) => faces::asked(model, ask, now),
        Feed::Closed(reason) => {
            let text = say!("told-phone-gone-why", reason = &reason);
            model.log.add(&model.wall, Level::Error, About::Phone, &text, None);
            model.talk = None;
            model.mode = Mode::Phone;
            went_away(model, reason);
            drawn()
        }
    }
}

/// Nothing is known of it any more.
fn went_away(model: &mut Model, reason: String) {
    model.connection = Connection::Closed(reason);
    model.calls.clear();
    for account in &mut model.status.accounts {
        account.registered = false;
        account.state = RegistrationState::Off;
    }
}

/// Takes the answer to a command in: silence is consent, a refusal is told.
pub fn reply(model: &mut Model, command: &Command, reply: Result<Reply, CommandError>, now: Instant) -> Vec<Action> {
    let refusal = match reply {
        Ok(Reply::Messages(messages)) => {
            messages.iter().for_each(|message| model.threads.take(message));
            return [threads::look(model), drawn()].concat();
        }
        Ok(Reply::SoundTest(result)) => {
            note(model, result.words(), now);
            return drawn();
        }
        Ok(Reply::Digits { note: Some(text), .. }) => {
            note(model, text, now);
            return drawn();
        }
        Ok(_) => return Vec::new(),
        Err(refusal) => refusal,
    };
    match command {
        // An older phone knows neither; nothing was asked by hand.
        Command::Messages { .. } | Command::Composing { .. } => return Vec::new(),
        Command::Device { .. } => return devices::refused(model, &refusal, now),
        Command::Message { target, text, .. } => model.threads.refused(target, text, &refusal.message),
        _ => {}
    }
    if let Command::Dial { target, .. } = command {
        // A number that could not be dialled is given back, to be mended.
        if model.field.is_empty() {
            model.field.set(target);
        }
    }
    model.log.add(&model.wall, Level::Error, About::Refused, &refusal.message, refusal.hint.clone());
    say(model, Weight::Error, refusal.message, refusal.hint, now);
    drawn()
}

fn set_status(model: &mut Model, mut status: Status, now: Instant) -> Vec<Action> {
    let infos = mem::take(&mut status.calls);
    let calls: Vec<CallRow> = infos
        .into_iter()
        .filter(|info| info.state != CallState::Ended)
        .map(|info| {
            let old = model.calls.iter().find(|row| row.info.id == info.id);
            let since = timer_start(old, &info, now);
            CallRow { info, since }
        })
        .collect();
    model.registrations.take(&status.accounts, now);
    for account in &mut status.accounts {
        // A countdown that nothing shows must not draw.
        account.expires_in = None;
    }
    let same_calls = calls.len() == model.calls.len()
        && calls
            .iter()
            .zip(&model.calls)
            .all(|(new, old)| new.since == old.since && shown(&new.info) == shown(&old.info));
    for ask in &mut status.asks {
        ask.expires_in = 0;
    }
    model.wrap_up_until = status.wrap_up.map(|left_s| {
        let told = now + Duration::from_secs(left_s);
        // Told in whole seconds: what differs by less is the same.
        let same =
            |until: &Instant| told.max(*until).saturating_duration_since(told.min(*until)) <= Duration::from_secs(1);
        model.wrap_up_until.filter(same).unwrap_or(told)
    });
    status.wrap_up = status.wrap_up.map(|_| 0);
    let changed = !same_calls || status != model.status || model.connection != Connection::Open;
    let digits_for = model.digit_call().map(|row| row.info.id.clone());
    if status.dialled != model.status.dialled {
        model.field.follow(status.dialled.iter().map(String::as_str));
    }
    model.status = status;
    model.calls = calls;
    // Each is taken in, whatever the others tell.
    let sounded = model.calls.iter().filter(|row| model.quality.take(&row.info)).count() > 0;
    let is_back = matches!(model.connection, Connection::Closed(_));
    model.connection = Connection::Open;
    if is_back {
        note(model, say!("told-phone-back"), now);
    }
    if model.chosen.as_ref().is_some_and(|id| !model.calls.iter().any(|row| row.info.id == *id)) {
        model.chosen = None;
    }
    if model.digit_call().map(|row| row.info.id.clone()) != digits_for {
        model.digits_sent.clear();
    }
    if !model.has_sound() {
        let calls = &model.calls;
        model.quality.keep_levels(|id| calls.iter().any(|row| row.info.id == id), &model.waves);
        model.levels = SILENT;
        model.waves = Waves::default();
    }
    if model.status.unread == 0 {
        model.threads.read_all();
    }
    if let Mode::Transfer { call, other: Some(other) } = model.mode.clone()
        && !model.others(&call).any(|row| row.info.id == other)
    {
        let other = model.others(&call).next().map(|row| row.info.id.clone());
        model.mode = Mode::Transfer { call, other };
    }
    model.switchboard.take(&model.status.lights, now);
    let question_gone = match model.mode {
        Mode::AskHangup => model.calls.len() < 2,
        Mode::AskQuit => model.calls.is_empty(),
        Mode::Transfer { ref call, .. } | Mode::Digits { ref call } => {
            !model.calls.iter().any(|row| row.info.id == *call)
        }
        _ => false,
    };
    if question_gone {
        model.mode = Mode::Phone;
    }
    if changed || sounded && model.mode == Mode::Quality { drawn() } else { Vec::new() }
}

/// When the timer of a call read zero. Talk is dated by the phone, ringing by its first sight.
fn timer_start(old: Option<&CallRow>, info: &CallInfo, now: Instant) -> Instant {
    let talks = |state| matches!(state, CallState::Connected | CallState::Held);
    let told = talks(info.state).then(|| {
        let seconds = if info.duration.is_finite() { info.duration.clamp(0.0, 1e7) } else { 0.0 };
        now.checked_sub(Duration::from_secs_f64(seconds)).unwrap_or(now)
    });
    match (told, old.filter(|row| talks(row.info.state) == talks(info.state))) {
        (None, Some(row)) => row.since,
        (None, None) => now,
        (Some(told), Some(row)) => {
            let drift = told.max(row.since).saturating_duration_since(told.min(row.since));
            if drift < Duration::from_secs(1) { row.since } else { told }
        }
        (Some(told), None) => told,
    }
}

/// A call without what moves by itself: the timer's frame, once a second, shows that too.
fn shown(info: &CallInfo) -> CallInfo {
    let media = info.media.as_ref().map(|media| MediaInfo {
        codec: media.codec.clone(),
        clock_rate: media.clock_rate,
        ptime_ms: media.ptime_ms,
        srtp: media.srtp.clone(),
        ice: media.ice.clone(),
        dtls: media.dtls,
        nothing_heard: media.nothing_heard.clone(),
        not_heard: media.not_heard.clone(),
        ..MediaInfo::default()
    });
    CallInfo { duration: 0.0, media, ..info.clone() }
}

fn set_levels(model: &mut Model, levels: Levels, now: Instant) -> Vec<Action> {
    if !model.has_sound() {
        return Vec::new();
    }
    let tidy = |dbfs: f32| if dbfs.is_finite() { dbfs.clamp(SILENT.mic_dbfs, 0.0) } else { SILENT.mic_dbfs };
    let levels = Levels { mic_dbfs: tidy(levels.mic_dbfs), speaker_dbfs: tidy(levels.speaker_dbfs) };
    model.waves.take(levels, now);
    model.levels = levels;
    vec![Action::Draw(Urgency::Meter)]
}

fn on_event(model: &mut Model, event: Event, now: Instant) -> Vec<Action> {
    ladder::note_event(model, &event);
    let is_logged = model.log.take(&model.wall, &event);
    let mut actions = act_on(model, event, now);
    if is_logged && model.mode == Mode::Log && actions.is_empty() {
        actions.extend(drawn());
    }
    actions
}

fn act_on(model: &mut Model, event: Event, now: Instant) -> Vec<Action> {
    let told = Announcement::of(&event).map(|told| announced(model, &told)).unwrap_or_default();
    match event {
        Event::CallIncoming { .. } | Event::CallAsked { .. } => return told,
        Event::CallEnded { call } => {
            model.quality.end(&call, &model.waves);
            on_ended(model, &call, now);
            return [lists::ended(model, &call), told, drawn()].concat();
        }
        Event::Message { message } => {
            model.threads.take(&message);
            if message.outgoing {
                return drawn();
            }
            let looked = threads::look(model);
            let whom = message.remote.name.unwrap_or(message.remote.user);
            if looked.is_empty() {
                let key = model.keymap.key(Act::Messages, model.field.focused);
                let hint = key.map(|key| say!("told-writes-key", key = key.to_string()));
                let text = say!("told-writes-text", who = &whom, text = message.text.replace('\n', " / "));
                say(model, Weight::Note, text, hint, now);
            }
            return [looked, told].concat();
        }
        Event::Composing { account, remote, for_s } => {
            model.threads.writes(&remote, &account, Duration::from_secs(for_s), now);
        }
        Event::CallParked { call } => {
            note(model, say!("told-of-call", who = words::who(&call), what = words::outcome(&call)), now)
        }
        Event::CallRecording { call } => note_of(model, words::recording(&call), now),
        Event::CallPlaying { call } => note_of(model, words::playing(&call), now),
        Event::CallMediaLost { call, way, reason } => {
            say(
                model,
                Weight::Error,
                say!("told-of-call", who = words::who(&call), what = words::silent(way, &reason)),
                None,
                now,
            );
        }
        Event::CallMediaReturned { call, .. } => {
            note(model, say!("told-of-call", who = words::who(&call), what = say!("told-sound-again")), now)
        }
        Event::CallDtmf { call, digit, .. } => note(model, say!("told-pressed", who = words::who(&call), digit), now),
        Event::TalkingMuted => {
            let key = model.keymap.key(Act::Verb("mute"), model.field.focused);
            let hint = key.map(|key| say!("told-muted-key", key = key.to_string()));
            say(model, Weight::Error, say!("told-talking-muted"), hint, now);
        }
        Event::Config { message, changed, .. } => {
            // The answer to whoever asked for it tells more, and may have come before.
            if !model.settings.is_own(&changed) {
                note(model, message, now);
            }
            // Whoever else has changed the file: what is looked at is as it is there now.
            if matches!(model.mode, Mode::Settings | Mode::Devices) {
                return [vec![Action::Ask(settings::ask())], drawn()].concat();
            }
        }
        // An error that is being read stays; the log has both.
        Event::Device { .. } | Event::Directory { .. } if shows_error(model, now) => {}
        Event::Device { message } | Event::Directory { message } => note(model, message, now),
        Event::Error { message, hint } => say(model, Weight::Error, message, hint, now),
        Event::Exited => {
            went_away(model, say!("told-phone-ended"));
        }
        // The status that goes with these says it all.
        _ => return Vec::new(),
    }
    drawn()
}

/// Somebody wants something: heard and seen also where nobody looks. Whoever looks at the terminal sees it there, and is asked
/// by its notice to answer a call alone; where the phone tells the desktop that the terminal stands on, once is enough.
fn announced(model: &Model, told: &Announcement) -> Vec<Action> {
    let rings = matches!(told.about, announcement::About::Rings(_));
    let is_told = model.is_near && model.status.desktop_notices || model.is_watched && !rings;
    let bell = (!matches!(told.about, announcement::About::Missed(_))).then_some(Action::Bell);
    let notice = (!is_told).then(|| Action::Notify(told.head.clone()));
    bell.into_iter().chain(notice).chain(drawn()).collect()
}

fn shows_error(model: &Model, now: Instant) -> bool {
    model.message.as_ref().is_some_and(|message| message.weight == Weight::Error && message.until > now)
}

fn note_of(model: &mut Model, words: Option<String>, now: Instant) {
    if let Some(words) = words {
        note(model, words, now);
    }
}

fn on_ended(model: &mut Model, call: &CallInfo, now: Instant) {
    let who = words::who(call);
    let answered = call.answered_after.is_some() || words::is_taken_elsewhere(call);
    let outcome = words::outcome(call);
    let wished = call.ended_by == Some(EndedBy::Local) && !call.failed_here();
    let weight = match call.direction {
        CallDirection::Outgoing if !answered && !wished => Weight::Error,
        _ => Weight::Note,
    };
    let keys =
        [Act::Ladder, Act::LadderWhy].map(|act| model.keymap.key(act, model.is_typing()).map(|keys| keys.to_string()));
    let hint = match keys {
        [Some(ladder), Some(why)] if weight == Weight::Error => {
            Some(say!("told-why-keys", keys = format!("{ladder} {why}")))
        }
        _ => None,
    };
    say(model, weight, say!("told-of-call", who = &who, what = &outcome), hint, now);
    model.remember(EndedCall { who, direction: call.direction, outcome, answered });
}
