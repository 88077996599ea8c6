//! Keys of the phone itself: typing, dialling, calls, sound, and the two questions it asks.

use super::{drawn, note, talk};
use crate::control::verb::{self, Request};
use crate::control::{
    AccountInfo, CallState, Command, HangupWhich, PlayingState, Press, RecordAct, SoundPath, Switch, VoicePart,
    VolumeChange,
};
use crate::text::say;
use crate::ui::keymap::{Act, Binding, Key};
use crate::ui::model::{CallRow, Connection, Mode, Model};
use crate::ui::msg::{Action, Urgency};
use crossterm::event::KeyCode;
use std::time::{Duration, Instant};

/// How long a key of the pad looks pressed.
const PRESS_SHOWS: Duration = Duration::from_millis(150);
/// A digit that is held ends by then.
const LONGEST_HELD: Duration = Duration::from_secs(5);
/// Digits sent that are shown.
const DIGITS_SHOWN: usize = 32;
/// A step of the volume, in percent.
const VOLUME_STEP: i16 = 5;

/// A key with nothing over the screen.
pub fn key(model: &mut Model, key: Key, now: Instant) -> Vec<Action> {
    match key.code {
        KeyCode::Char(c) if key.is_character() && model.field.focused => {
            model.field.insert(c);
            pressed(model, c, now);
            return drawn();
        }
        // A key that is held comes again and again where releases are told too.
        KeyCode::Char(c) if key.is_character() && model.held.is_some_and(|held| held.0 == c && now < held.1) => {
            return Vec::new();
        }
        KeyCode::Char(c) if key.is_character() && is_dialled(c) => {
            let how = if model.tells_releases { Press::Down } else { Press::Tap };
            return dialled(model, c, how, now);
        }
        _ => {}
    }
    if model.field.focused && (completes(model, super::plain(model, key)) || model.field.key(key.code, key.modifiers)) {
        return drawn();
    }
    match model.act(key) {
        Some(act @ Act::Verb("shortcut")) => {
            let place = |binding: &Binding| binding.keys.iter().position(|keys| keys.is(key));
            let nth = model.keymap.binding(act).and_then(place).and_then(|nth| u8::try_from(nth + 1).ok());
            match nth {
                Some(nth) => shortcut(model, nth, now),
                None => super::run(model, act, now),
            }
        }
        Some(act) => super::run(model, act, now),
        None => Vec::new(),
    }
}

/// A key that goes through the numbers offered.
pub(super) fn completes(model: &mut Model, key: Key) -> bool {
    let down = match key.code {
        KeyCode::Down | KeyCode::Tab => true,
        KeyCode::Up => false,
        _ => return false,
    };
    key.modifiers.is_empty() && !model.field.is_empty() && model.matches.step(&mut model.field, down)
}

/// A key was let go of: its tone ends, or what is said while it is held.
pub fn let_go(model: &mut Model, key: Key) -> Vec<Action> {
    model.tells_releases = true;
    if let Some(actions) = talk::let_go(model, key) {
        return actions;
    }
    let KeyCode::Char(c) = key.code else { return Vec::new() };
    let call = model.digit_call().map(|row| row.info.id.clone());
    match model.held.take_if(|(held, _)| *held == c) {
        Some(_) if call.is_some() => {
            vec![Action::Send(Command::Dtmf { call, digits: c.to_string(), press: Press::Up, via: None })]
        }
        _ => Vec::new(),
    }
}

/// A key of the dial pad: a tone in a call, else typed.
pub fn press(model: &mut Model, c: char, now: Instant) -> Vec<Action> {
    dialled(model, c, Press::Tap, now)
}

fn dialled(model: &mut Model, c: char, press: Press, now: Instant) -> Vec<Action> {
    pressed(model, c, now);
    let tone_for = model.digit_call().filter(|_| !model.field.focused && c != '+').map(|row| row.info.id.clone());
    let Some(call) = tone_for else {
        model.field.insert(c);
        return drawn();
    };
    model.digits_sent.push(c);
    if model.digits_sent.len() > DIGITS_SHOWN {
        model.digits_sent.remove(0);
    }
    model.held = (press == Press::Down).then_some((c, now + LONGEST_HELD));
    send(Command::Dtmf { call: Some(call), digits: c.to_string(), press, via: None })
}

/// An act that is about the phone.
pub fn run(model: &mut Model, act: Act, now: Instant) -> Vec<Action> {
    match act {
        Act::Verb(verb) => run_verb(model, verb, now),
        Act::Type => {
            model.field.focused = true;
            drawn()
        }
        Act::PushToTalk => mute(model, SoundPath::Mic),
        Act::MuteSpeaker => mute(model, SoundPath::Speaker),
        Act::SpeakerUp => volume(SoundPath::Speaker, VOLUME_STEP),
        Act::SpeakerDown => volume(SoundPath::Speaker, -VOLUME_STEP),
        Act::MicUp => volume(SoundPath::Mic, VOLUME_STEP),
        Act::MicDown => volume(SoundPath::Mic, -VOLUME_STEP),
        Act::Up => up_down(model, true),
        Act::Down => up_down(model, false),
        Act::First => choose(model, 0),
        Act::Last => choose(model, model.calls.len().saturating_sub(1)),
        Act::Cancel => {
            model.field.clear();
            model.message = None;
            model.chosen = None;
            drawn()
        }
        Act::Echo => match model.status.echo.clone() {
            Some(target) => send(Command::Dial { target, account: None }),
            None => refuse(model, say!("told-no-echo"), now),
        },
        Act::Details | Act::Add | Act::Edit | Act::Star | Act::Delete => {
            refuse(model, say!("told-open-list-first"), now)
        }
        Act::LadderFold
        | Act::LadderSearch
        | Act::LadderNext
        | Act::LadderPrevious
        | Act::Copy
        | Act::CopyAll
        | Act::Export => {
            let key =
                model.keymap.key(Act::Ladder, false).map(|key| say!("told-open-ladder-by", key = key.to_string()));
            refuse(model, key.unwrap_or_else(|| say!("told-open-ladder-first")), now)
        }
        // Keys of views that are not open.
        Act::Left | Act::Right | Act::Consult => Vec::new(),
        Act::LogSearch => refuse(model, say!("told-open-log-first"), now),
        Act::AccountRegister | Act::AccountUnregister => Vec::new(),
        Act::SettingsChanged | Act::SettingsDefault | Act::SettingsUndo => Vec::new(),
        Act::Accounts | Act::Settings | Act::Devices | Act::Themes => Vec::new(),
        Act::Ladder
        | Act::LadderWhy
        | Act::Quality
        | Act::Log
        | Act::Watched
        | Act::Palette
        | Act::Messages
        | Act::Help
        | Act::Quit
        | Act::Interrupt
        | Act::Suspend
        | Act::Repaint => Vec::new(),
        Act::NextTip => super::tips::next(model, now),
    }
}

/// Leaves; asks first only if a call would end with the interface.
pub fn quit(model: &mut Model) -> Vec<Action> {
    if model.stays || model.calls.is_empty() || model.mode == Mode::AskQuit {
        return vec![Action::Quit];
    }
    model.mode = Mode::AskQuit;
    drawn()
}

/// A key after "hang up which?".
pub fn answer_hangup(model: &mut Model, key: Key, now: Instant) -> Vec<Action> {
    let which = match key.code {
        _ if model.act(key) == Some(Act::Verb("hangup")) => current_id(model).map(HangupWhich::Call),
        KeyCode::Char('a') => Some(HangupWhich::All),
        KeyCode::Char('y') | KeyCode::Enter => current_id(model).map(HangupWhich::Call),
        KeyCode::Char(c) => {
            let nth = c.to_digit(10).and_then(|digit| digit.checked_sub(1));
            let row = nth.and_then(|nth| model.calls.get(nth as usize));
            row.map(|row| HangupWhich::Call(row.info.id.clone()))
        }
        KeyCode::Up | KeyCode::Down => return up_down(model, key.code == KeyCode::Up),
        _ => None,
    };
    model.mode = Mode::Phone;
    match which {
        Some(which) => send(Command::Hangup { which }),
        None => {
            note(model, say!("told-nothing-hung-up"), now);
            drawn()
        }
    }
}

/// A key after "end the call and quit?".
pub fn answer_quit(model: &mut Model, key: Key) -> Vec<Action> {
    if matches!(key.code, KeyCode::Char('y' | 'q') | KeyCode::Enter) {
        return vec![Action::Quit];
    }
    model.mode = Mode::Phone;
    drawn()
}

/// Presses a shortcut. One that writes opens the conversation with its number.
pub(super) fn shortcut(model: &mut Model, wanted: u8, now: Instant) -> Vec<Action> {
    if !model.status.shortcuts_shown {
        return refuse(model, say!("told-shortcuts-off"), now);
    }
    let Some(shortcut) = model.status.shortcuts.iter().find(|shortcut| shortcut.n == wanted) else {
        return refuse(model, say!("told-no-shortcut", number = wanted), now);
    };
    let (writes, number) = (shortcut.act == "message", shortcut.number.clone());
    if writes {
        model.field.clear();
        number.chars().for_each(|c| model.field.insert(c));
        return super::run(model, Act::Messages, now);
    }
    send(Command::Shortcut { which: wanted.to_string(), text: None })
}

fn run_verb(model: &mut Model, verb: &str, now: Instant) -> Vec<Action> {
    if let Connection::Closed(_) = model.connection {
        note(model, say!("told-phone-gone"), now);
        return drawn();
    }
    // Whoever asks for a call waits like one.
    let asks = model.status.asks.first().map(|ask| ask.id.clone());
    let ringing = model.incoming().map(|row| row.info.id.clone()).or(asks);
    match verb {
        "call" => dial(model, now),
        "test-audio" => {
            note(model, say!("told-speak"), now);
            send(Command::TestAudio)
        }
        "ignore" => match model.incoming().map(|row| row.info.id.clone()) {
            Some(id) => send(Command::Ignore { call: Some(id) }),
            None => refuse(model, say!("told-none-rings"), now),
        },
        "voicemail" => voicemail(model, now),
        "shortcut" => {
            let key = model.keymap.key(Act::Verb("shortcut"), false).map(|key| key.to_string()).unwrap_or_default();
            refuse(model, say!("told-shortcut-key", key), now)
        }
        "answer" => match ringing.or_else(|| ignored(model)) {
            Some(id) => send(Command::Answer { call: Some(id) }),
            None => refuse(model, say!("told-none-rings"), now),
        },
        "reject" => match ringing {
            Some(id) => send(Command::Reject { call: Some(id), code: None }),
            None => refuse(model, say!("told-none-rings"), now),
        },
        "hangup" => hangup(model, now),
        "hold" => hold(model, now),
        "resume" => resume(model, now),
        "conference" => conference(model),
        "record" => record(model, now),
        "play" => play(model, now),
        "mute" | "unmute" => mute(model, SoundPath::Mic),
        "pickup" => {
            let number = model.field.take();
            send(Command::Pickup { number, account: None })
        }
        "park" => match model.current().filter(|row| is_answered(row)).map(|row| row.info.id.clone()) {
            Some(id) => send(Command::Park { call: Some(id), number: model.field.take() }),
            None => refuse(model, say!("told-none-to-park"), now),
        },
        "retrieve" => {
            let number = model.field.take();
            send(Command::Retrieve { number, account: None })
        }
        "redial" => vec![Action::Ask(Request::Redial { last: false, guarded: false }), Action::Draw(Urgency::Now)],
        "dnd" => send(Command::Dnd { on: !model.status.dnd }),
        "forward" => forward(model, now),
        "aec" | "denoise" | "agc" | "boost" => voice(model, verb, now),
        _ => match verb::find(verb).map(|row| row.parse_words(&[])) {
            Some(Ok(Request::Command(command))) => send(command),
            _ => refuse(model, say!("told-more-words", verb), now),
        },
    }
}

/// A call that rings on unheard.
fn ignored(model: &Model) -> Option<String> {
    model
        .calls
        .iter()
        .find(|row| row.info.ignored && row.info.state == CallState::Incoming)
        .map(|row| row.info.id.clone())
}

/// Dials what is typed; with nothing typed, brings the last number back.
fn dial(model: &mut Model, now: Instant) -> Vec<Action> {
    match model.field.take() {
        Some(target) => {
            model.message = None;
            send(Command::Dial { target, account: None })
        }
        None if model.field.recall(true) => drawn(),
        None => refuse(model, say!("told-type-first"), now),
    }
}

/// Calls somebody that a list shows; with no account, from the selected one.
pub(super) fn call(model: &mut Model, target: &str, account: Option<String>, now: Instant) -> Vec<Action> {
    model.mode = Mode::Phone;
    if let Connection::Closed(_) = model.connection {
        return refuse(model, say!("told-phone-gone"), now);
    }
    model.field.remember(target);
    model.message = None;
    send(Command::Dial { target: target.to_owned(), account })
}

fn hangup(model: &mut Model, now: Instant) -> Vec<Action> {
    let asked = model.mode == Mode::AskHangup;
    match (model.calls.len(), current_id(model)) {
        (0, _) | (_, None) => refuse(model, say!("told-none-to-hang-up"), now),
        (1, Some(id)) => send(Command::Hangup { which: HangupWhich::Call(id) }),
        (_, Some(id)) if asked => {
            model.mode = Mode::Phone;
            send(Command::Hangup { which: HangupWhich::Call(id) })
        }
        _ => {
            model.mode = Mode::AskHangup;
            drawn()
        }
    }
}

fn hold(model: &mut Model, now: Instant) -> Vec<Action> {
    let call = model.current().map(|row| (row.info.id.clone(), row.info.state));
    match call {
        Some((id, CallState::Held)) => send(Command::Resume { call: Some(id) }),
        Some((id, CallState::Connected)) => send(Command::Hold { call: Some(id) }),
        _ => refuse(model, say!("told-none-to-hold"), now),
    }
}

fn resume(model: &mut Model, now: Instant) -> Vec<Action> {
    let held = |row: &&CallRow| row.info.state == CallState::Held;
    let call = model.current().filter(held).or_else(|| model.calls.iter().find(held));
    match call.map(|row| row.info.id.clone()) {
        Some(id) => send(Command::Resume { call: Some(id) }),
        None => refuse(model, say!("told-none-held"), now),
    }
}

/// Records the current call, or no longer.
fn record(model: &mut Model, now: Instant) -> Vec<Action> {
    let Some(call) = model.current().filter(|row| is_answered(row)).map(|row| row.info.clone()) else {
        return refuse(model, say!("told-none-to-record"), now);
    };
    let is_on = call.recording.is_some_and(|it| it.state.is_on());
    let act = if is_on { RecordAct::Stop } else { RecordAct::Start { file: None } };
    send(Command::Record { call: Some(call.id), act })
}

/// Plays the file whose name is typed to the current call; with nothing typed, no longer.
fn play(model: &mut Model, now: Instant) -> Vec<Action> {
    let Some(call) = model.current().filter(|row| is_answered(row)).map(|row| row.info.clone()) else {
        return refuse(model, say!("told-none-to-play-to"), now);
    };
    let id = Some(call.id);
    match model.field.take() {
        Some(file) => send(Command::Play { call: id, file, alone: false }),
        None if call.playing.is_some_and(|playing| playing.state == PlayingState::Playing) => {
            send(Command::StopPlaying { call: id })
        }
        None => {
            let key = |act, typing| model.keymap.key(act, typing).map(|key| key.to_string()).unwrap_or_default();
            let (types, plays) = (key(Act::Type, false), key(Act::Verb("play"), true));
            refuse(model, say!("told-play-how", types, plays), now)
        }
    }
}

/// All answered calls hear each other; from within, it ends.
fn conference(model: &Model) -> Vec<Action> {
    let calls = Vec::new();
    let confers = model.current().is_some_and(|row| row.info.conference);
    let alone = model.calls.iter().all(|row| row.info.conference || !is_answered(row));
    send(if confers && alone { Command::LeaveConference { calls } } else { Command::Conference { calls } })
}

/// Calls the mailbox: of the account where something waits, else of the selected one, else of any.
fn voicemail(model: &mut Model, now: Instant) -> Vec<Action> {
    let number = |account: &AccountInfo| account.voicemail.as_ref().and_then(|voicemail| voicemail.number.clone());
    let waits = |account: &AccountInfo| account.voicemail.as_ref().is_some_and(|voicemail| voicemail.waiting);
    let mut mailboxes: Vec<_> =
        model.status.accounts.iter().filter_map(|account| Some((account, number(account)?))).collect();
    mailboxes.sort_by_key(|(account, _)| (!waits(account), !account.selected));
    match mailboxes.into_iter().next() {
        Some((account, target)) => send(Command::Dial { target, account: Some(account.aor.clone()) }),
        None => refuse(model, say!("told-no-mailbox"), now),
    }
}

pub(super) fn is_answered(row: &CallRow) -> bool {
    matches!(row.info.state, CallState::Connected | CallState::Held)
}

/// Off if it is on; else to the number that is typed.
fn forward(model: &mut Model, now: Instant) -> Vec<Action> {
    let number = model.field.take();
    if number.is_none() && model.status.forward.is_none() {
        let key = model.keymap.key(Act::Verb("forward"), true).map(|key| key.to_string()).unwrap_or_default();
        return refuse(model, say!("told-forward-how", key), now);
    }
    send(Command::Forward { number })
}

fn mute(model: &Model, path: SoundPath) -> Vec<Action> {
    let muted = match path {
        SoundPath::Mic => model.status.mic_muted,
        SoundPath::Speaker => model.status.speaker_muted,
    };
    send(if muted { Command::Unmute { path } } else { Command::Mute { path } })
}

/// Turns a treatment of the microphone's sound on or off; for the echo canceller on means as the devices want it.
fn voice(model: &mut Model, verb: &str, now: Instant) -> Vec<Action> {
    let voice = &model.status.voice;
    let (part, is_on, on) = match verb {
        "aec" => (VoicePart::Echo, voice.aec != "off", Switch::Auto),
        "denoise" => (VoicePart::Noise, voice.noise_suppression, Switch::On),
        "agc" => (VoicePart::Gain, voice.agc, Switch::On),
        _ => (VoicePart::Boost, voice.mic_boost_db > 0, Switch::On),
    };
    let switched = if is_on { Switch::Off } else { on };
    let how = match switched {
        Switch::Auto => "auto",
        Switch::On => "on",
        Switch::Off => "off",
    };
    let told = match verb {
        "aec" => say!("told-voice-echo", how),
        "denoise" => say!("told-voice-noise", how),
        "agc" => say!("told-voice-gain", how),
        _ => say!("told-voice-boost", how),
    };
    note(model, told, now);
    [drawn(), send(Command::Voice { part, how: switched })].concat()
}

fn volume(path: SoundPath, by: i16) -> Vec<Action> {
    send(Command::Volume { path, change: VolumeChange::By(by) })
}

fn up_down(model: &mut Model, up: bool) -> Vec<Action> {
    if model.field.focused || model.calls.is_empty() {
        return if model.field.recall(up) { drawn() } else { Vec::new() };
    }
    let current = current_id(model);
    let at = model.calls.iter().position(|row| Some(&row.info.id) == current.as_ref()).unwrap_or(0);
    choose(model, if up { at.saturating_sub(1) } else { (at + 1).min(model.calls.len() - 1) })
}

fn choose(model: &mut Model, at: usize) -> Vec<Action> {
    let chosen = model.calls.get(at).map(|row| row.info.id.clone());
    if chosen.is_none() || model.chosen == chosen {
        return Vec::new();
    }
    model.chosen = chosen;
    drawn()
}

fn pressed(model: &mut Model, c: char, now: Instant) {
    if is_dialled(c) {
        model.pressed = Some((c, now + PRESS_SHOWS));
    }
}

fn is_dialled(c: char) -> bool {
    c.is_ascii_digit() || matches!(c, '*' | '#' | '+')
}

fn current_id(model: &Model) -> Option<String> {
    model.current().map(|row| row.info.id.clone())
}

pub(super) fn refuse(model: &mut Model, why: impl Into<String>, now: Instant) -> Vec<Action> {
    note(model, why, now);
    drawn()
}

pub(super) fn send(command: Command) -> Vec<Action> {
    vec![Action::Send(command), Action::Draw(Urgency::Now)]
}
