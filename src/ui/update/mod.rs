//! `update`: a message changes the model and says what is to be done. No clock, no terminal, no phone.

mod devices;
mod faces;
mod form;
mod help;
mod ladder;
mod lists;
mod log;
mod news;
mod palette;
mod past;
mod people;
mod phone;
mod quality;
mod registrations;
mod sequence;
mod settings;
mod switchboard;
mod talk;
mod themes;
mod threads;
mod tips;
mod transfer;

use super::keymap::{Act, Key};
use super::model::{Message, Mode, Model, Pane, Weight};
use super::msg::{Action, Msg, Urgency};
use super::osc::MOST_COPIED;
use super::view::hit::{Hit, hit};
use crate::control::SettingAsk;
use crate::control::verb::Request;
use crate::text::sanitise;
use crate::text::words::{retold, say};
use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use std::time::{Duration, Instant};

/// How long a note and an error stay on the message line.
const NOTE_STAYS: Duration = Duration::from_secs(8);
const ERROR_STAYS: Duration = Duration::from_secs(30);

/// Takes a message in. Nothing to draw, nothing to do: an empty list.
pub fn update(model: &mut Model, msg: Msg, now: Instant) -> Vec<Action> {
    let mut actions = take_in(model, msg, now);
    for action in &actions {
        if let Action::Ask(Request::Settings(SettingAsk::Set { name, .. } | SettingAsk::Unset { name })) = action {
            model.settings.asks(name);
        }
    }
    actions.extend(follow(model));
    let offers = model.matches.follow(&model.field, model.people.list(), model.past.recent());
    if let Some(copied) = actions.iter().find_map(copied) {
        note(model, copied, now);
        actions.extend(drawn());
    }
    if offers && !actions.iter().any(|action| matches!(action, Action::Draw(_))) {
        actions.extend(drawn());
    }
    actions
}

/// That a text was copied, for the message line.
fn copied(action: &Action) -> Option<String> {
    match action {
        Action::Copy(text) if text.len() > MOST_COPIED => Some(say!("told-copied-beginning")),
        Action::Copy(_) => Some(say!("told-copied")),
        _ => None,
    }
}

/// The phone tells what goes over the wire for as long as the ladder is open, and no longer. One that help, palette or an
/// answer lies over is open.
fn follow(model: &mut Model) -> Option<Action> {
    let is_covered = matches!(model.mode, Mode::Help { .. } | Mode::Palette | Mode::Sheet);
    let is_open = matches!(if is_covered { &model.returns } else { &model.mode }, Mode::Ladder(_));
    if is_open {
        model.ladder.refresh(&model.status.accounts);
    }
    if is_open == model.ladder.followed {
        return None;
    }
    model.ladder.followed = is_open;
    if !is_open {
        model.ladder.forget();
    }
    Some(Action::Trace(is_open))
}

fn take_in(model: &mut Model, msg: Msg, now: Instant) -> Vec<Action> {
    match msg {
        Msg::Key(key) => on_key(model, key, now),
        Msg::Mouse(mouse) => on_mouse(model, mouse, now),
        Msg::Paste(text) => on_paste(model, &text),
        Msg::Resize(columns, rows) => {
            if model.size == (columns, rows) {
                return Vec::new();
            }
            model.size = (columns, rows);
            drawn()
        }
        Msg::Focus(is_watched) => {
            model.is_watched = is_watched;
            if is_watched { Vec::new() } else { talk::end(model) }
        }
        Msg::TellsReleases => {
            model.tells_releases = true;
            drawn()
        }
        Msg::Feed(feed) => news::feed(model, feed, now),
        Msg::Reply(command, reply) => news::reply(model, &command, reply, now),
        Msg::Answer(request, answer) => lists::answer(model, &request, answer, now),
        Msg::Traced(line) => ladder::traced(model, *line),
        Msg::TraceOver(why) => ladder::over(model, why),
        Msg::Kept(path) => ladder::kept(model, path, now),
        Msg::Themes(list) => themes::came(model, list),
        Msg::Dressed(trouble) => themes::dressed(model, trouble, now),
        Msg::Ran(verb, answer) => palette::ran(model, verb, answer, now),
        Msg::Tick => on_tick(model, now),
    }
}

fn on_key(model: &mut Model, event: KeyEvent, now: Instant) -> Vec<Action> {
    // Windows and some terminals report releases too: a doubled key here is a doubled digit there.
    match event.kind {
        KeyEventKind::Press => {}
        KeyEventKind::Repeat => return Vec::new(),
        KeyEventKind::Release => return phone::let_go(model, Key::from(event)),
    }
    let key = Key::from(event);
    match talk::key(model, key, now).or_else(|| sequence::key(model, key, now)) {
        Some(actions) => actions,
        None => press(model, key, now),
    }
}

/// Does an act as if its key had been pressed here.
fn mean(model: &mut Model, act: Act, now: Instant) -> Vec<Action> {
    model.meant = Some(act);
    let actions = press(model, Key::NONE, now);
    model.meant = None;
    actions
}

/// Lays help, palette, themes or an answer over what is open; closing it leads back there, if that is no question.
fn open_over(model: &mut Model, mode: Mode) {
    let asks = matches!(
        model.mode,
        Mode::AskHangup | Mode::AskQuit | Mode::Transfer { .. } | Mode::Digits { .. } | Mode::Contacts(Pane::AskDelete)
    );
    if !matches!(model.mode, Mode::Help { .. } | Mode::Palette | Mode::Sheet | Mode::Themes) {
        model.returns = if asks { Mode::Phone } else { model.mode.clone() };
    }
    model.mode = mode;
}

/// Leads back to what was open below.
fn back(model: &mut Model) {
    model.mode = std::mem::take(&mut model.returns);
}

/// The key by which lists and lines of text know what this one does, whatever it is bound to.
fn plain(model: &Model, key: Key) -> Key {
    let code = match model.act(key) {
        _ if key.is_character() && model.is_typing() => return key,
        Some(Act::Up) => KeyCode::Up,
        Some(Act::Down) => KeyCode::Down,
        Some(Act::First) => KeyCode::Home,
        Some(Act::Last) => KeyCode::End,
        Some(Act::Cancel) => KeyCode::Esc,
        _ => return key,
    };
    Key { code, modifiers: KeyModifiers::NONE }
}

fn press(model: &mut Model, key: Key, now: Instant) -> Vec<Action> {
    let key = if model.mode == Mode::Phone { key } else { plain(model, key) };
    // Function keys mean the same everywhere, so a call can be answered out of the help.
    let everywhere = model.act(key).filter(|act| {
        let leaves = matches!(act, Act::Interrupt | Act::Suspend | Act::Repaint | Act::Quit | Act::Palette);
        // A shortcut calls: not out of a list somebody else is chosen in.
        let does = matches!(act, Act::Verb(verb) if *verb != "shortcut");
        key.is_command() && (leaves || does)
    });
    match (everywhere, &model.mode) {
        (Some(act), _) => run(model, act, now),
        (None, Mode::Phone) => phone::key(model, key, now),
        (None, Mode::Help { .. }) => help::key(model, key, now),
        (None, Mode::Switchboard) => switchboard::key(model, key, now),
        (None, Mode::Accounts) => registrations::key(model, key, now),
        (None, Mode::Settings) => settings::key(model, key, now),
        (None, Mode::Devices) => devices::key(model, key, now),
        (None, Mode::Themes) => themes::key(model, key, now),
        (None, Mode::Threads { .. }) => threads::list_key(model, key, now),
        (None, Mode::Thread { .. }) => threads::key(model, key, now),
        (None, Mode::Contacts(Pane::Form)) => form::key(model, key, now),
        (None, Mode::Contacts(pane)) => people::key(model, *pane, key, now),
        (None, Mode::History(pane)) => past::key(model, *pane, key, now),
        (None, Mode::Ladder(pane)) => ladder::key(model, *pane, key, now),
        (None, Mode::Quality) => quality::key(model, key, now),
        (None, Mode::Log) => log::key(model, key, now),
        (None, Mode::Palette) => palette::key(model, key, now),
        (None, Mode::Sheet) => palette::sheet_key(model, key, now),
        (None, Mode::AskHangup) => phone::answer_hangup(model, key, now),
        (None, Mode::AskQuit) => phone::answer_quit(model, key),
        (None, Mode::Transfer { .. }) => transfer::key(model, key, now),
        (None, Mode::Digits { .. }) => faces::digits_key(model, key, now),
    }
}

/// Does what a binding says; keys, the mouse and the help all come here.
pub(super) fn run(model: &mut Model, act: Act, now: Instant) -> Vec<Action> {
    let own = match model.mode {
        Mode::Ladder(pane) => ladder::act(model, pane, act, now),
        Mode::Quality => quality::act(model, act),
        Mode::Log => log::act(model, act, now),
        Mode::Switchboard => switchboard::act(model, act, now),
        Mode::Accounts => registrations::act(model, act, now),
        Mode::Settings => settings::act(model, act, now),
        Mode::Devices => devices::act(model, act, now),
        Mode::Themes => themes::act(model, act),
        _ => None,
    };
    if let Some(actions) = own {
        return actions;
    }
    match act {
        Act::Help => {
            match model.mode {
                Mode::Help { .. } => back(model),
                _ => open_over(model, Mode::Help { search: String::new(), row: 0 }),
            }
            drawn()
        }
        Act::Palette => palette::open(model),
        Act::Watched => switchboard::open(model, None, now),
        Act::Accounts => registrations::open(model, now),
        Act::Settings => settings::open(model),
        Act::Devices => devices::open(model),
        Act::Themes => themes::open(model),
        Act::Messages => threads::open(model),
        Act::Ladder => ladder::open(model),
        Act::LadderWhy => ladder::open_why(model),
        Act::Quality => quality::open(model),
        Act::Log => log::open(model),
        Act::Quit => phone::quit(model),
        Act::Interrupt => vec![Action::Quit],
        // Whoever is stopped mutes nothing.
        Act::Suspend if model.talk.is_some() => {
            note(model, say!("told-muted-again"), now);
            talk::end(model)
        }
        Act::Suspend => vec![Action::Suspend],
        Act::Repaint => vec![Action::Repaint],
        Act::Verb("contacts") => people::open(model),
        Act::Verb("history") => past::open(model),
        Act::Verb("transfer") => transfer::open(model, now),
        // Hanging up a second time answers its own question.
        Act::Verb("hangup") => phone::run(model, act, now),
        act => {
            // Who writes may answer, hold or mute in between, and so does whoever sits at the switchboard.
            let traces = matches!(model.mode, Mode::Ladder(_) | Mode::Quality | Mode::Log);
            let views = traces || matches!(model.mode, Mode::Accounts | Mode::Settings | Mode::Devices | Mode::Themes);
            let watches = views && is_about_a_call(act);
            let stays = matches!(model.mode, Mode::Thread { .. } | Mode::Contacts(Pane::Form) | Mode::Switchboard);
            if !watches && !stays {
                model.mode = Mode::Phone;
            }
            phone::run(model, act, now)
        }
    }
}

/// What is done to a call or its sound: whoever watches its messages or its quality goes on watching.
fn is_about_a_call(act: Act) -> bool {
    match act {
        Act::PushToTalk | Act::MuteSpeaker | Act::SpeakerUp | Act::SpeakerDown | Act::MicUp | Act::MicDown => true,
        Act::Verb(verb) => {
            const WATCHED: [&str; 16] = [
                "answer",
                "reject",
                "hangup",
                "ignore",
                "hold",
                "resume",
                "mute",
                "unmute",
                "record",
                "conference",
                "aec",
                "denoise",
                "agc",
                "boost",
                "register",
                "unregister",
            ];
            WATCHED.contains(&verb)
        }
        _ => false,
    }
}

fn on_mouse(model: &mut Model, mouse: MouseEvent, now: Instant) -> Vec<Action> {
    match mouse.kind {
        MouseEventKind::Down(MouseButton::Left) => match hit(model, mouse.column, mouse.row) {
            Some(Hit::Pad(c)) => phone::press(model, c, now),
            Some(Hit::Act(act)) => mean(model, act, now),
            Some(Hit::Press(key)) => sequence::key(model, key, now).unwrap_or_else(|| press(model, key, now)),
            Some(Hit::Next(key)) => sequence::key(model, key, now).unwrap_or_default(),
            Some(Hit::Light(place)) => switchboard::open(model, Some(place), now),
            Some(Hit::Cell(row)) => match model.mode {
                Mode::Accounts => registrations::click(model, row, now),
                Mode::Settings => settings::click(model, row, now),
                Mode::Devices => devices::click(model, row, now),
                Mode::Themes => themes::click(model, row),
                _ => switchboard::click(model, row, now),
            },
            Some(Hit::Offer(row)) => palette::click(model, row, now),
            Some(Hit::Shortcut(number)) => phone::shortcut(model, number, now),
            Some(Hit::Match(at)) => {
                model.matches.choose(&mut model.field, at);
                drawn()
            }
            Some(Hit::Entry(row)) => log::click(model, row),
            Some(Hit::Step(row)) => ladder::click(model, row),
            Some(Hit::Call(id)) => {
                model.chosen = Some(id);
                drawn()
            }
            None => Vec::new(),
        },
        MouseEventKind::ScrollUp => on_key(model, KeyCode::Up.into(), now),
        MouseEventKind::ScrollDown => on_key(model, KeyCode::Down.into(), now),
        _ => Vec::new(),
    }
}

fn on_paste(model: &mut Model, text: &str) -> Vec<Action> {
    match &mut model.mode {
        Mode::Phone | Mode::Transfer { .. } | Mode::Digits { .. } => model.field.paste(text),
        Mode::Help { search, row } => {
            let text = sanitise(text);
            search.extend(text.chars().take(help::SEARCH_CHARS.saturating_sub(search.len())));
            *row = 0;
        }
        Mode::Palette => palette::paste(model, text),
        Mode::Thread { .. } => threads::paste(model, text),
        Mode::Contacts(Pane::Form) => form::paste(model, text),
        Mode::Contacts(_) => people::paste(model, text),
        Mode::Log if !model.log.searches => return Vec::new(),
        Mode::Ladder(_) if model.ladder.searches => ladder::paste(model, text),
        Mode::Log => log::paste(model, text),
        Mode::History(_) => return [past::paste(model, text), drawn()].concat(),
        Mode::Switchboard => switchboard::paste(model, text),
        Mode::Settings => settings::paste(model, text),
        Mode::Accounts | Mode::Devices | Mode::Themes => return Vec::new(),
        Mode::Threads { .. } | Mode::Ladder(_) | Mode::Quality | Mode::Sheet | Mode::AskHangup | Mode::AskQuit => {
            return Vec::new();
        }
    }
    drawn()
}

fn on_tick(model: &mut Model, now: Instant) -> Vec<Action> {
    let mut changed = !model.calls.is_empty() || model.wrap_up_until.is_some();
    model.wrap_up_until = model.wrap_up_until.filter(|until| *until > now);
    model.waves.advance(now);
    if model.message.as_ref().is_some_and(|message| message.until <= now) {
        model.message = None;
        changed = true;
    }
    changed |= model.threads.tick(now);
    changed |= model.mode == Mode::Switchboard && model.switchboard.tick(now);
    changed |= sequence::tick(model, now);
    changed |= model.mode == Mode::Accounts && model.registrations.tick(now);
    if model.pressed.is_some_and(|(_, until)| until <= now) {
        model.pressed = None;
        changed = true;
    }
    if changed { drawn() } else { Vec::new() }
}

fn drawn() -> Vec<Action> {
    vec![Action::Draw(Urgency::Now)]
}

fn note(model: &mut Model, text: impl Into<String>, now: Instant) {
    say(model, Weight::Note, text.into(), None, now);
}

fn say(model: &mut Model, weight: Weight, text: String, hint: Option<String>, now: Instant) {
    let stays = match weight {
        Weight::Note => NOTE_STAYS,
        Weight::Error => ERROR_STAYS,
    };
    // The engine speaks English.
    let (text, hint) = (retold(&text).into_owned(), hint.map(|hint| retold(&hint).into_owned()));
    model.message = Some(Message { text, hint, weight, until: now + stays });
}
