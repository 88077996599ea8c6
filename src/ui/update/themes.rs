//! Keys of the themes to choose from: each is tried at once on the whole screen; one is kept, or all is as before.

use super::{Weight, back, drawn, lists, note, open_over, say};
use crate::control::verb::Request;
use crate::control::{Secret, SettingAsk};
use crate::ui::keymap::{Act, Key};
use crate::ui::model::{Mode, Model};
use crate::ui::msg::Action;
use crate::ui::theme::THEMES;
use crate::ui::themes::Choice;
use crossterm::event::KeyCode;
use std::time::Instant;

/// The setting that names the theme.
const SETTING: &str = "tuiphone.theme";

/// Opens them, or closes them.
pub fn open(model: &mut Model) -> Vec<Action> {
    if model.mode == Mode::Themes {
        back(model);
        return drawn();
    }
    model.themes.begin();
    open_over(model, Mode::Themes);
    [vec![Action::LayOutThemes], drawn()].concat()
}

/// A key while they are open.
pub fn key(model: &mut Model, key: Key, now: Instant) -> Vec<Action> {
    if let Some(row) = lists::moved(model.themes.row(), model.themes.list().len(), key.code) {
        model.themes.choose(row);
        return drawn();
    }
    match key.code {
        KeyCode::Enter => keep(model),
        KeyCode::Esc => {
            back(model);
            drawn()
        }
        _ => model.act(key).map_or_else(Vec::new, |act| [super::run(model, act, now), drawn()].concat()),
    }
}

/// What is about them; nothing of what is about the phone.
pub fn act(model: &mut Model, act: Act) -> Option<Vec<Action>> {
    (act == Act::Cancel).then(|| {
        back(model);
        drawn()
    })
}

/// A click tries one; on the one that is tried, it is kept.
pub fn click(model: &mut Model, row: usize) -> Vec<Action> {
    if model.themes.row() == row {
        return keep(model);
    }
    model.themes.choose(row);
    drawn()
}

/// They have come.
pub fn came(model: &mut Model, list: Vec<Choice>) -> Vec<Action> {
    if model.mode != Mode::Themes {
        return Vec::new();
    }
    model.themes.take(list);
    drawn()
}

/// The file of the one that is worn was written: it is worn anew, or this is wrong with it.
pub fn dressed(model: &mut Model, trouble: Option<String>, now: Instant) -> Vec<Action> {
    match trouble {
        Some(why) => {
            model.themes.complaint = Some(why.clone());
            say(model, Weight::Error, why, Some(say!("told-colours-stay")), now);
        }
        None => {
            let said = model.themes.complaint.take();
            model.message.take_if(|message| said.as_ref() == Some(&message.text));
        }
    }
    let anew = (model.mode == Mode::Themes).then_some(Action::LayOutThemes);
    [anew.into_iter().collect(), drawn()].concat()
}

/// The setting has another value now: that theme is worn. `None`: it is another setting.
pub fn set(model: &mut Model, ask: &SettingAsk, now: Instant) -> Option<Vec<Action>> {
    let name = match ask {
        SettingAsk::Set { name, value } if name.eq_ignore_ascii_case(SETTING) => value.reveal().to_owned(),
        SettingAsk::Unset { name } if name.eq_ignore_ascii_case(SETTING) => String::new(),
        _ => return None,
    };
    let shown = if name.is_empty() { THEMES.first() } else { name.as_str() };
    note(model, say!("told-theme", name = shown), now);
    Some(wear(model, name))
}

fn keep(model: &mut Model) -> Vec<Action> {
    // Who types ahead of the list waits for it.
    let Some(name) = model.themes.tried().map(|one| one.name.clone()) else { return Vec::new() };
    back(model);
    let value = Secret::new(&name);
    let ask = Action::Ask(Request::Settings(SettingAsk::Set { name: SETTING.to_owned(), value }));
    [wear(model, name), vec![ask]].concat()
}

fn wear(model: &mut Model, name: String) -> Vec<Action> {
    model.themes.worn.clone_from(&name);
    [vec![Action::Wear(name)], drawn()].concat()
}
