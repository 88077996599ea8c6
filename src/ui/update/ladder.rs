//! Keys of the ladder: whose messages, which one, why it failed, copies and files of them.

use super::{drawn, lists, note, phone, say};
use crate::control::trace::export::{self, Form};
use crate::control::trace::words::full;
use crate::control::{CallInfo, Event, TraceLine, Traced};
use crate::ui::keymap::{Act, Key};
use crate::ui::ladder::{Export, MAX_SEARCH, Pane, Step, Talk, micros};
use crate::ui::model::{Mode, Model};
use crate::ui::msg::Action;
use crossterm::event::{KeyCode, KeyModifiers};
use std::time::Instant;

/// Rows that a page key scrolls by.
const PAGE: usize = 10;

/// Opens the ladder of the current call, else of what failed or was last; or closes it.
pub fn open(model: &mut Model) -> Vec<Action> {
    if let Mode::Ladder(_) = model.mode {
        model.mode = Mode::Phone;
        return drawn();
    }
    let call = model.current().map(|row| Talk::Call(row.info.sip_call_id.clone()));
    model.ladder.open(call);
    model.mode = Mode::Ladder(Pane::Steps);
    drawn()
}

/// Opens the words about the current call, else about what failed or was last.
pub fn open_why(model: &mut Model) -> Vec<Action> {
    open(model);
    show(model, Pane::Why)
}

/// A key while it is open.
pub fn key(model: &mut Model, pane: Pane, key: Key, now: Instant) -> Vec<Action> {
    let own = match pane {
        Pane::AskForm => Some(form_key(model, key, now)),
        Pane::Steps if model.ladder.searches => Some(search_key(model, key, now)),
        Pane::Steps => steps_key(model, key),
        Pane::Message | Pane::Why => read_key(model, pane, key),
    };
    if let Some(actions) = own {
        return actions;
    }
    match (key.code, model.act(key)) {
        // Digits go to the call, the rest means what it always means.
        (KeyCode::Char('0'..='9' | '*' | '#'), _) if key.is_character() && model.digit_call().is_some() => {
            phone::key(model, key, now)
        }
        (_, Some(act)) => super::run(model, act, now),
        _ => Vec::new(),
    }
}

/// What an act does here, if it is one of the ladder's; keys and clicks alike.
pub fn act(model: &mut Model, pane: Pane, act: Act, now: Instant) -> Option<Vec<Action>> {
    Some(match (act, pane) {
        (Act::Cancel, Pane::Steps) if model.ladder.searches || !model.ladder.search.is_empty() => {
            model.ladder.stop_search();
            drawn()
        }
        (Act::LadderSearch, _) => {
            model.ladder.searches = true;
            show(model, Pane::Steps)
        }
        (Act::LadderNext | Act::LadderPrevious, _) => {
            let is_searched = !model.ladder.search.is_empty();
            if !model.ladder.search_on(act == Act::LadderNext) {
                let why = if is_searched { say!("told-message-not-found") } else { say!("told-nothing-searched") };
                return Some(phone::refuse(model, why, now));
            }
            show(model, if pane == Pane::Message { pane } else { Pane::Steps })
        }
        (Act::Cancel, Pane::Steps) | (Act::Ladder, _) => {
            model.mode = Mode::Phone;
            drawn()
        }
        (Act::Cancel, _) | (Act::LadderWhy, Pane::Why) => show(model, Pane::Steps),
        (Act::LadderWhy, _) => {
            model.ladder.scroll = 0;
            show(model, Pane::Why)
        }
        (Act::LadderFold, _) => {
            model.ladder.unfolded = !model.ladder.unfolded;
            model.ladder.touch();
            drawn()
        }
        (Act::Copy, _) => copy_one(model, now),
        (Act::CopyAll, _) => copy_all(model, now),
        (Act::Export, _) if model.ladder.messages().is_empty() => {
            note(model, say!("told-no-message-to-keep"), now);
            drawn()
        }
        (Act::Export, _) => show(model, Pane::AskForm),
        _ => return None,
    })
}

/// A step was clicked: it is chosen, or, if it is already, its message is opened.
pub fn click(model: &mut Model, row: usize) -> Vec<Action> {
    let again = model.ladder.row == row && matches!(model.mode, Mode::Ladder(Pane::Steps));
    model.ladder.choose(row);
    show(model, if again { Pane::Message } else { Pane::Steps })
}

/// A message came.
pub fn traced(model: &mut Model, line: TraceLine) -> Vec<Action> {
    match line {
        // What comes late was asked for by a ladder that is closed.
        TraceLine::Sip(told) if model.ladder.followed => {
            model.ladder.take(told);
            if matches!(model.mode, Mode::Ladder(_)) { drawn() } else { Vec::new() }
        }
        _ => Vec::new(),
    }
}

/// No more messages come.
pub fn over(model: &mut Model, why: String) -> Vec<Action> {
    if !model.ladder.followed {
        return Vec::new();
    }
    model.ladder.over = Some(why);
    drawn()
}

/// A file was written, or could not be.
pub fn kept(model: &mut Model, path: Result<String, String>, now: Instant) -> Vec<Action> {
    match path {
        Ok(path) => note(model, say!("told-kept", path), now),
        Err(why) => super::say(model, crate::ui::model::Weight::Error, why, None, now),
    }
    drawn()
}

/// What an event adds between the messages: what is no message.
pub fn note_event(model: &mut Model, event: &Event) {
    let at_us = model.wall.us;
    let noted: Option<(&CallInfo, String)> = match event {
        Event::CallEnded { call } => {
            model.ladder.ended(call);
            None
        }
        // Told within seconds of it, so the phone's own times say when it was.
        Event::CallQuality { call } => {
            first_sound(model, call);
            None
        }
        Event::CallMediaLost { call, way, reason } => Some((call, crate::ui::view::words::silent(*way, reason))),
        Event::CallMediaReturned { call, .. } => Some((call, say!("told-sound-again"))),
        Event::CallDtmf { call, digit, .. } => Some((call, say!("told-far-end-pressed", digit))),
        Event::CallSecured { call } => {
            let words = call.media.as_ref().and_then(crate::ui::view::words::protection);
            words.map(|(words, _)| (call, say!("told-sound-protected", words)))
        }
        _ => None,
    };
    if let Some((call, text)) = noted {
        model.ladder.note(call, at_us, text);
    }
}

/// Notes when the first sound of a call came, once.
fn first_sound(model: &mut Model, call: &CallInfo) {
    let Some(media) = &call.media else { return };
    let (Some(answered), Some(first)) = (call.answered_after, media.first_rtp_after) else { return };
    let after = ((answered + first).clamp(0.0, 1e7) * 1e6) as i64;
    let text =
        say!("told-first-sound", ms = format!("{:.0}", first * 1e3), codec = crate::ui::view::words::codec(media));
    model.ladder.note_once(call, micros(&call.started_at) + after, text);
}

/// Pasted text is searched for.
pub fn paste(model: &mut Model, text: &str) {
    let line = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    model.ladder.search.set(line.trim(), MAX_SEARCH);
    model.ladder.search_anew();
}

fn show(model: &mut Model, pane: Pane) -> Vec<Action> {
    model.mode = Mode::Ladder(pane);
    drawn()
}

fn steps_key(model: &mut Model, key: Key) -> Option<Vec<Action>> {
    if let Some(row) = lists::moved(model.ladder.row, model.ladder.steps.len(), key.code) {
        model.ladder.choose(row);
        return Some(drawn());
    }
    match key.code {
        KeyCode::Tab | KeyCode::Right => model.ladder.turn(true),
        KeyCode::BackTab | KeyCode::Left => model.ladder.turn(false),
        KeyCode::Enter => match model.ladder.steps.get(model.ladder.row) {
            Some(Step::Message { .. }) => return Some(show(model, Pane::Message)),
            Some(Step::Fold { .. }) => {
                model.ladder.unfolded = true;
                model.ladder.touch();
            }
            Some(Step::Note(_)) | None => return Some(Vec::new()),
        },
        _ => return None,
    }
    Some(drawn())
}

/// A key while the search takes them. Enter and the arrows lead back to the steps.
fn search_key(model: &mut Model, key: Key, now: Instant) -> Vec<Action> {
    let ladder = &mut model.ladder;
    match (key.code, key.modifiers) {
        (KeyCode::Char(c), _) if key.is_character() => ladder.search.insert(c, MAX_SEARCH),
        (KeyCode::Char('u'), KeyModifiers::CONTROL) => ladder.search.clear(),
        (KeyCode::Enter, _) => {
            ladder.searches = false;
            return drawn();
        }
        (KeyCode::Esc, _) => {
            ladder.stop_search();
            return drawn();
        }
        (KeyCode::Up | KeyCode::Down, _) => {
            ladder.search_on(key.code == KeyCode::Down);
            return drawn();
        }
        (code, modifiers) if ladder.search.key(code, modifiers) => {}
        _ => {
            let act = model.act(key).filter(|_| key.is_command());
            return act.map_or_else(Vec::new, |act| super::run(model, act, now));
        }
    }
    ladder.search_anew();
    drawn()
}

/// A key while a message, or the words about it, take the keys.
fn read_key(model: &mut Model, pane: Pane, key: Key) -> Option<Vec<Action>> {
    let ladder = &mut model.ladder;
    match key.code {
        KeyCode::Up => ladder.scroll = ladder.scroll.saturating_sub(1),
        KeyCode::Down => ladder.scroll += 1,
        KeyCode::PageUp => ladder.scroll = ladder.scroll.saturating_sub(PAGE),
        KeyCode::PageDown => ladder.scroll += PAGE,
        KeyCode::Home => ladder.scroll = 0,
        KeyCode::Left if pane == Pane::Message => ladder.choose(ladder.row.saturating_sub(1)),
        KeyCode::Right if pane == Pane::Message => ladder.choose(ladder.row + 1),
        KeyCode::Tab if pane == Pane::Why => ladder.turn(true),
        KeyCode::Enter => return Some(show(model, Pane::Steps)),
        _ => return None,
    }
    Some(drawn())
}

fn form_key(model: &mut Model, key: Key, now: Instant) -> Vec<Action> {
    model.mode = Mode::Ladder(Pane::Steps);
    let form = match key.code {
        KeyCode::Char('m') => Form::Mermaid,
        KeyCode::Char('t') | KeyCode::Enter => Form::Text,
        KeyCode::Char('p') => Form::Pcapng,
        _ => {
            note(model, say!("told-nothing-kept"), now);
            return drawn();
        }
    };
    let messages = model.ladder.messages();
    let what = match &model.ladder.chosen {
        Some(Talk::Call(_)) => messages.iter().find_map(|told| told.call.clone()).unwrap_or_else(|| "call".to_owned()),
        Some(Talk::Account(aor)) => aor.clone(),
        Some(Talk::Rest) => "rest".to_owned(),
        Some(Talk::All) | None => "all".to_owned(),
    };
    let name = export::name(&what, messages.first().copied());
    let bytes = form.of(&messages);
    [vec![Action::Keep(Box::new(Export { name, form, bytes }))], drawn()].concat()
}

fn copy_one(model: &mut Model, now: Instant) -> Vec<Action> {
    match model.ladder.chosen_message() {
        Some(kept) => vec![Action::Copy(full(&kept.told))],
        None => {
            note(model, say!("told-no-message-chosen"), now);
            drawn()
        }
    }
}

fn copy_all(model: &mut Model, now: Instant) -> Vec<Action> {
    let messages: Vec<&Traced> = model.ladder.messages();
    if messages.is_empty() {
        note(model, say!("told-no-message-to-copy"), now);
        return drawn();
    }
    vec![Action::Copy(export::ladder(&messages))]
}
