//! Keys of the palette: find, complete, carry out.

use super::{back, drawn, faces, mean, note, open_over, phone, say};
use crate::control::verb::Request;
use crate::control::{Command, CommandError, ContactsAsk, HistoryAsk, spelling};
use crate::ui::keymap::{Act, Key, Keymap};
use crate::ui::model::{Mode, Model, Weight};
use crate::ui::msg::{Action, Urgency};
use crate::ui::palette::{Entry, MAX_CHARS, Offer, asks, last_word, offers, typing};
use crate::ui::sheet::Sheet;
use crossterm::event::KeyCode;
use std::time::Instant;

const PAGE: usize = 10;

/// Opens it, or closes it.
pub fn open(model: &mut Model) -> Vec<Action> {
    if model.mode == Mode::Palette {
        back(model);
    } else {
        model.palette.begin();
        open_over(model, Mode::Palette);
    }
    drawn()
}

/// A key while it is open.
pub fn key(model: &mut Model, key: Key, now: Instant) -> Vec<Action> {
    let palette = &mut model.palette;
    match key.code {
        KeyCode::Char(c) if key.is_character() => {
            palette.line.insert(c, MAX_CHARS);
            palette.typed();
        }
        KeyCode::Esc => back(model),
        KeyCode::Enter => return enter(model, now),
        KeyCode::Tab => complete(model),
        KeyCode::Up if palette.row.is_none_or(|row| row == 0) && palette.recall(true) => {}
        KeyCode::Down if palette.row.is_none() && palette.recall(false) => {}
        KeyCode::Up => step(model, |row| row.saturating_sub(1)),
        KeyCode::Down => step(model, |row| row + 1),
        KeyCode::PageUp => step(model, |row| row.saturating_sub(PAGE)),
        KeyCode::PageDown => step(model, |row| row + PAGE),
        KeyCode::Backspace if palette.line.is_empty() => back(model),
        code if palette.line.key(code, key.modifiers) => palette.typed(),
        _ => {
            let act = model.act(key).filter(|_| !key.is_character());
            return act.map_or_else(Vec::new, |act| super::run(model, act, now));
        }
    }
    drawn()
}

/// A row was clicked: it is chosen and done.
pub fn click(model: &mut Model, row: usize, now: Instant) -> Vec<Action> {
    model.palette.row = Some(row);
    enter(model, now)
}

/// Pasted text stands in the line; its line ends carry nothing out.
pub fn paste(model: &mut Model, text: &str) {
    let text = text.trim().replace("\r\n", " ").replace(['\n', '\r', '\t'], " ");
    text.chars().for_each(|c| model.palette.line.insert(c, MAX_CHARS));
    model.palette.typed();
}

/// The phone has answered what was carried out.
pub fn ran(model: &mut Model, verb: &str, answer: Result<Vec<String>, CommandError>, now: Instant) -> Vec<Action> {
    match answer {
        Err(why) => say(model, Weight::Error, why.message, why.hint, now),
        Ok(lines) => match lines.as_slice() {
            [] => note(model, say!("told-verb-done", verb), now),
            [one] => note(model, say!("told-verb-says", verb, text = one.trim()), now),
            // Whoever types, or is asked something, is not interrupted.
            [first, ..] if model.is_typing() || matches!(model.mode, Mode::AskHangup | Mode::AskQuit) => {
                note(model, say!("told-verb-says-more", verb, text = first.trim(), count = lines.len() - 1), now);
            }
            _ => {
                model.sheet = Sheet { title: verb.to_owned(), lines, scroll: 0 };
                open_over(model, Mode::Sheet);
            }
        },
    }
    drawn()
}

/// A key while an answer is shown.
pub fn sheet_key(model: &mut Model, key: Key, now: Instant) -> Vec<Action> {
    let last = model.sheet.lines.len().saturating_sub(1);
    let scroll = &mut model.sheet.scroll;
    match key.code {
        KeyCode::Up => *scroll = scroll.saturating_sub(1),
        KeyCode::Down => *scroll = (*scroll + 1).min(last),
        KeyCode::PageUp => *scroll = scroll.saturating_sub(PAGE),
        KeyCode::PageDown => *scroll = (*scroll + PAGE).min(last),
        KeyCode::Home => *scroll = 0,
        KeyCode::End => *scroll = last,
        KeyCode::Esc | KeyCode::Enter => back(model),
        _ => {
            let act = model.act(key);
            return act.map_or_else(Vec::new, |act| [super::run(model, act, now), drawn()].concat());
        }
    }
    drawn()
}

fn step(model: &mut Model, to: impl Fn(usize) -> usize) {
    let rows = offers(model).len();
    // The first one of those found is meant already.
    let is_meant = typing(&model.palette.line.text()).is_none() && !model.palette.line.is_empty();
    let row = model.palette.row.map_or(if is_meant { to(0) } else { 0 }, to);
    model.palette.row = (rows > 0).then(|| row.min(rows - 1));
    model.palette.armed = false;
}

/// Puts the chosen one into the line, else the first one.
fn complete(model: &mut Model) {
    let chosen = offers(model).into_iter().nth(model.palette.row.unwrap_or(0));
    match chosen {
        Some(Offer::Act(entry)) => model.palette.set(&format!("{} ", entry.name)),
        Some(Offer::Word { word, .. }) => put(model, &word),
        None => {}
    }
}

/// Puts a word in the place of the last one.
fn put(model: &mut Model, word: &str) {
    let line = model.palette.line.text();
    let before = line.strip_suffix(last_word(&line)).unwrap_or_default();
    model.palette.set(&format!("{before}{word}"));
}

fn enter(model: &mut Model, now: Instant) -> Vec<Action> {
    let line = model.palette.line.text();
    let (text, row) = (line.trim().to_owned(), model.palette.row);
    let rows = offers(model);
    if typing(&line).is_some() {
        // What is chosen stands in the line before anything is done with it.
        if let Some(Offer::Word { word, .. }) = row.and_then(|row| rows.get(row)) {
            put(model, word);
            return drawn();
        }
        return carry_out(model, &text, now);
    }
    let is_named = |offer: &&Offer| matches!(offer, Offer::Act(entry) if entry.name.eq_ignore_ascii_case(&text));
    let chosen = row.and_then(|row| rows.get(row)).or_else(|| rows.iter().find(is_named));
    let found = rows.first().filter(|_| !text.is_empty() && !spelling::dialable(&text));
    match chosen.or(found).cloned() {
        Some(Offer::Act(entry)) => act_on(model, &entry, now),
        _ if text.is_empty() => drawn(),
        _ => carry_out(model, &text, now),
    }
}

fn act_on(model: &mut Model, entry: &Entry, now: Instant) -> Vec<Action> {
    if let Some(why) = &entry.why {
        return phone::refuse(model, say!("told-verb-says", verb = entry.name, text = why), now);
    }
    if asks(model, entry) {
        model.palette.set(&format!("{} ", entry.name));
        return drawn();
    }
    if entry.act == Act::Verb("exit") && !model.palette.armed {
        model.palette.set(entry.name);
        model.palette.armed = true;
        return phone::refuse(model, say!("told-exit-again"), now);
    }
    let has_key = match entry.act {
        Act::Verb(verb) => Keymap::has_own_way(verb),
        _ => true,
    };
    if !has_key {
        return carry_out(model, entry.name, now);
    }
    model.palette.use_up(entry.name);
    model.palette.remember(entry.name);
    back(model);
    [mean(model, entry.act, now), drawn()].concat()
}

/// Carries out a line as the command line would.
fn carry_out(model: &mut Model, text: &str, now: Instant) -> Vec<Action> {
    let line = spelling::parse(text);
    let request = match line.request {
        Ok(request) => request,
        Err(why) => {
            say(model, Weight::Error, why.message, why.hint, now);
            return drawn();
        }
    };
    let actions = match request {
        Request::Watch { .. } | Request::Trace { .. } | Request::Sound { .. } | Request::Attach { .. } => {
            return phone::refuse(model, say!("told-goes-on", verb = line.verb), now);
        }
        Request::Face(_) if line.verb == "call" => return phone::refuse(model, say!("told-call-whom"), now),
        Request::Face(ask) => {
            back(model);
            return [faces::asked(model, ask, now), drawn()].concat();
        }
        Request::Command(Command::Dial { target, account }) => {
            model.field.remember(&target);
            phone::send(Command::Dial { target, account })
        }
        Request::Contacts(ref ask) if !matches!(ask, ContactsAsk::List { .. }) => vec![Action::Ask(request)],
        Request::History { ref ask, .. } if !matches!(ask, HistoryAsk::List(_)) => vec![Action::Ask(request)],
        request => vec![Action::Run(line.verb, Box::new(request)), Action::Draw(Urgency::Now)],
    };
    model.palette.use_up(line.verb);
    model.palette.remember(text);
    model.message = None;
    back(model);
    [actions, drawn()].concat()
}
