//! Keys of the settings: search, choose, turn, type, save, take back.

use super::{Weight, drawn, lists, note, phone, say, themes};
use crate::control::{CommandError, SettingAsk, SettingChanged, SettingInfo};
use crate::ui::keymap::{Act, Key};
use crate::ui::model::{Mode, Model};
use crate::ui::msg::Action;
use crate::ui::people::MAX_SEARCH;
use crate::ui::settings::{self, Field, MAX_CHARS};
use crossterm::event::{KeyCode, KeyModifiers};
use std::time::Instant;

/// Opens them, or closes them; what is being edited is not thrown away.
pub fn open(model: &mut Model) -> Vec<Action> {
    if model.mode == Mode::Settings {
        return if model.settings.edit.is_some() { drawn() } else { close(model) };
    }
    model.mode = Mode::Settings;
    model.settings.searching = false;
    [vec![Action::Ask(settings::ask())], drawn()].concat()
}

/// A key while they are open.
pub fn key(model: &mut Model, key: Key, now: Instant) -> Vec<Action> {
    if model.settings.edit.is_some() {
        return edit_key(model, key, now);
    }
    if model.settings.searching {
        return search_key(model, key, now);
    }
    let rows = model.settings.count().1;
    if let Some(row) = lists::moved(model.settings.row(), rows, key.code) {
        model.settings.choose(row);
        return drawn();
    }
    match (key.code, model.act(key)) {
        (KeyCode::Enter, _) => enter(model, now),
        (KeyCode::Tab, _) => super::run(model, Act::SettingsChanged, now),
        (KeyCode::Esc, _) => super::run(model, Act::Cancel, now),
        (_, Some(act)) => [super::run(model, act, now), drawn()].concat(),
        (_, None) => Vec::new(),
    }
}

/// Does what is about the settings; nothing of what is about the phone.
pub fn act(model: &mut Model, act: Act, now: Instant) -> Option<Vec<Action>> {
    let settings = &mut model.settings;
    Some(match act {
        Act::Cancel if settings.edit.is_some() => {
            settings.edit = None;
            drawn()
        }
        Act::Cancel if settings.searching || !settings.search.is_empty() => {
            settings.searching = false;
            settings.search.clear();
            settings.find();
            drawn()
        }
        Act::Cancel if settings.only_changed => {
            settings.only_changed = false;
            settings.find();
            drawn()
        }
        Act::Cancel => close(model),
        Act::Type => {
            settings.searching = true;
            drawn()
        }
        Act::SettingsChanged => {
            settings.only_changed = !settings.only_changed;
            settings.find();
            drawn()
        }
        Act::SettingsDefault => match settings.unset() {
            Ok(request) => vec![Action::Ask(request)],
            Err(why) => phone::refuse(model, &why, now),
        },
        Act::SettingsUndo => match settings.undo() {
            Some(request) => vec![Action::Ask(request)],
            None => phone::refuse(model, say!("told-nothing-to-take-back"), now),
        },
        Act::Copy | Act::CopyAll => match settings.chosen().and_then(|info| Some((info.name(), info.value.clone()?))) {
            Some((name, value)) => vec![Action::Copy(format!("{name}={value}"))],
            None => phone::refuse(model, say!("told-no-value-to-copy"), now),
        },
        _ => return None,
    })
}

/// A click on one of those found: chooses; the chosen one is edited.
pub fn click(model: &mut Model, row: usize, now: Instant) -> Vec<Action> {
    if model.settings.edit.is_some() {
        return Vec::new();
    }
    if model.settings.row() == row {
        return enter(model, now);
    }
    model.settings.choose(row);
    drawn()
}

/// Pasted text goes where letters go; its line ends become blanks.
pub fn paste(model: &mut Model, text: &str) {
    let text = text.trim().replace("\r\n", " ").replace(['\n', '\r', '\t'], " ");
    match model.settings.edit.as_mut().map(|edit| &mut edit.field) {
        Some(Field::Text(line) | Field::Hidden(line)) => text.chars().for_each(|c| line.insert(c, MAX_CHARS)),
        Some(Field::Choice(..)) => {}
        None => {
            let whole = format!("{}{text}", model.settings.search.text());
            model.settings.search.set(&whole, MAX_SEARCH);
            model.settings.searching = true;
            model.settings.find();
        }
    }
}

/// Why a key of `[Settings]` cannot be changed, if that is known.
pub fn locked(model: &Model, key: &str) -> Option<String> {
    model.settings.locked("Settings", key)
}

/// All of them have come, or not.
pub fn came(model: &mut Model, answer: Result<Vec<SettingInfo>, CommandError>) -> Vec<Action> {
    match answer {
        Ok(list) => model.settings.take(list),
        Err(why) => model.settings.trouble = Some(why.to_string()),
    }
    if model.mode == Mode::Settings { drawn() } else { Vec::new() }
}

/// A change has been made, or not.
pub fn changed(
    model: &mut Model,
    ask: &SettingAsk,
    answer: Result<SettingChanged, CommandError>,
    now: Instant,
) -> Vec<Action> {
    let told = match answer {
        Ok(told) => told,
        Err(why) => {
            let name = match ask {
                SettingAsk::Set { name, .. } | SettingAsk::Unset { name } => name.as_str(),
                SettingAsk::List => "",
            };
            let is_edited = model.settings.edit.as_ref().is_some_and(|edit| edit.name == name);
            model.settings.stays(name);
            model.settings.refused(&why.message);
            if !is_edited {
                say(model, Weight::Error, why.message, why.hint, now);
            }
            return drawn();
        }
    };
    if !told.changed {
        model.settings.stays(&told.name);
    }
    model.settings.saved(&told.name, told.changed);
    let anew = vec![Action::Ask(settings::ask())];
    if let Some(worn) = themes::set(model, ask, now) {
        return [anew, worn].concat();
    }
    let mut text = match (told.changed, told.needs_restart) {
        (false, _) => say!("told-setting-same", name = &told.name),
        (true, false) => say!("told-setting-saved", name = &told.name),
        (true, true) => say!("told-setting-saved-for-later", name = &told.name),
    };
    for more in &told.notes {
        text = format!("{text}; {more}");
    }
    note(model, text, now);
    [anew, drawn()].concat()
}

fn enter(model: &mut Model, now: Instant) -> Vec<Action> {
    model.settings.searching = false;
    match model.settings.begin() {
        Ok(None) => drawn(),
        Ok(Some(request)) => vec![Action::Ask(request)],
        Err(why) => phone::refuse(model, &why, now),
    }
}

fn edit_key(model: &mut Model, key: Key, now: Instant) -> Vec<Action> {
    let Some(edit) = &mut model.settings.edit else { return Vec::new() };
    match key.code {
        KeyCode::Enter => {
            let saving = model.settings.save();
            return [lists::ask(saving), drawn()].concat();
        }
        KeyCode::Esc => model.settings.edit = None,
        _ if is_taken(&mut edit.field, key) => {}
        _ => {
            let act = model.act(key).filter(|_| key.is_command());
            return act.map_or_else(Vec::new, |act| super::run(model, act, now));
        }
    }
    drawn()
}

/// Gives a key to what is being edited; false if it means nothing there.
fn is_taken(field: &mut Field, key: Key) -> bool {
    match (field, key.code) {
        (Field::Choice(words, at), KeyCode::Left | KeyCode::Up | KeyCode::BackTab) => {
            *at = at.checked_sub(1).unwrap_or(words.len().saturating_sub(1));
        }
        (Field::Choice(words, at), KeyCode::Right | KeyCode::Down | KeyCode::Tab | KeyCode::Char(' ')) => {
            *at = (*at + 1) % words.len().max(1);
        }
        (Field::Choice(..), _) => return false,
        (Field::Text(line) | Field::Hidden(line), KeyCode::Char(c)) if key.is_character() => line.insert(c, MAX_CHARS),
        (Field::Text(line) | Field::Hidden(line), code) => return line.key(code, key.modifiers),
    }
    true
}

/// Enter and the arrows lead back to those found.
fn search_key(model: &mut Model, key: Key, now: Instant) -> Vec<Action> {
    let settings = &mut model.settings;
    match (key.code, key.modifiers) {
        (KeyCode::Char(c), _) if key.is_character() => settings.search.insert(c, MAX_SEARCH),
        (KeyCode::Enter | KeyCode::Tab | KeyCode::Down | KeyCode::Up, _) => settings.searching = false,
        (KeyCode::Esc, _) => return super::run(model, Act::Cancel, now),
        (KeyCode::Char('u'), KeyModifiers::CONTROL) => settings.search.clear(),
        (code, modifiers) if settings.search.key(code, modifiers) => {}
        _ => {
            let act = model.act(key).filter(|_| key.is_command());
            return act.map_or_else(Vec::new, |act| super::run(model, act, now));
        }
    }
    model.settings.find();
    drawn()
}

fn close(model: &mut Model) -> Vec<Action> {
    model.mode = Mode::Phone;
    model.settings.searching = false;
    drawn()
}
