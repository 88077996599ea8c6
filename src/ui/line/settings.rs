//! Keys of the settings: told, changed, explained. A key needs no section where only one has it.

use super::state::{Do, Line, Topic, Wish, asks, says};
use super::words::{list, sentence};
use crate::control::verb::Request;
use crate::control::{Secret, SettingAsk, SettingChanged, SettingInfo};
use crate::text::{elided, sanitise, say};
use serde_json::{Map, Value};
use std::borrow::Cow;

/// Keys that are named where none fits.
const NEAR: usize = 5;
/// Characters of a word that an error repeats.
const SHOWN: usize = 40;

/// Asks for the settings, to do this with them.
pub fn asks_for(wish: Wish) -> Vec<Do> {
    super::state::asks_for(Request::Settings(SettingAsk::List), Topic::Settings(wish))
}

/// `set KEY VALUE`, `set KEY=VALUE`.
pub fn set(text: &str) -> Vec<Do> {
    match text.split_once([' ', '=']) {
        Some((key, value)) => asks_for(Wish::Set(key.to_owned(), Secret::new(value.trim()))),
        None if text.is_empty() => says(say!("line-set-how")),
        None => says(say!("line-set-to-what", key = elided(text, SHOWN))),
    }
}

/// Does what was wished, now that the settings are known.
pub fn answer(line: &mut Line, wish: Wish, known: Vec<SettingInfo>) -> Vec<Do> {
    let key = match &wish {
        Wish::Find(text) => {
            let lines = found(text, &known);
            return match (lines.is_empty(), text.is_empty()) {
                (true, true) => says(say!("line-settings-unchanged")),
                (true, false) => says(say!("line-settings-none", what = elided(text, SHOWN))),
                (false, _) => line.pages(lines),
            };
        }
        Wish::Get(key) | Wish::Set(key, _) | Wish::Unset(key) | Wish::Help(key) => key.clone(),
    };
    let Some(info) = named(line, &key, &known) else { return says(unknown(&wish, &key, &known)) };
    let name = info.name();
    match wish {
        Wish::Set(_, value) => {
            if info.kind == "secret" {
                line.typed.pop_back();
            }
            let value = match (info.kind.as_str(), value.reveal().to_ascii_lowercase().as_str()) {
                ("flag", "on" | "yes") => Secret::new("1"),
                ("flag", "off" | "no") => Secret::new("0"),
                _ => value,
            };
            line.changes_settings = true;
            asks(Request::Settings(SettingAsk::Set { name, value }))
        }
        Wish::Unset(_) => {
            line.changes_settings = true;
            asks(Request::Settings(SettingAsk::Unset { name }))
        }
        Wish::Help(_) => {
            let mut out = says(format!("{name}: {}", sentence(&doc(info))));
            if !info.words.is_empty() {
                let words: Vec<String> = info.words.iter().filter(|word| !word.is_empty()).cloned().collect();
                out.extend(says(say!("line-setting-choices", names = list(&words))));
            }
            out
        }
        Wish::Get(_) | Wish::Find(_) => {
            let told = format!("{} {}", value_of(info), sentence(&doc(info)));
            says(match &info.locked {
                Some(why) => say!("line-setting-locked", told, why = sentence(&sanitise(why))),
                None => told,
            })
        }
    }
}

/// What came of a change.
pub fn changed(line: &mut Line, fields: &Map<String, Value>) -> Vec<Do> {
    let told = fields.get("setting").cloned().and_then(|told| serde_json::from_value::<SettingChanged>(told).ok());
    let Some(told) = told else { return says(say!("line-done")) };
    line.changes_settings &= told.changed;
    let name = sanitise(&told.name);
    let mut out = says(match (told.changed, told.needs_restart) {
        (true, true) => say!("line-setting-changed-restart", name),
        (true, false) => say!("line-setting-changed", name),
        (false, _) => say!("line-setting-same", name),
    });
    out.extend(told.notes.iter().flat_map(|note| says(sentence(&sanitise(note)))));
    out
}

/// `Settings.DND is off.`
fn value_of(info: &SettingInfo) -> String {
    let value = info.value.as_deref().map(sanitise);
    let name = info.name();
    match (info.kind.as_str(), value.as_deref()) {
        ("secret", _) if info.set => say!("line-setting-secret", name),
        ("secret", _) => say!("line-setting-no-secret", name),
        ("flag", Some("1")) => say!("line-setting-on", name),
        ("flag", Some("0" | "")) => say!("line-setting-off", name),
        (_, None | Some("")) => say!("line-setting-empty", name),
        (_, Some(value)) => say!("line-setting-is", name, value = value.trim_end_matches('.')),
    }
}

/// What it is for, in the language that is spoken.
fn doc(info: &SettingInfo) -> Cow<'_, str> {
    crate::ui::settings::doc(info)
}

fn found(text: &str, known: &[SettingInfo]) -> Vec<String> {
    let text = text.to_lowercase();
    let fits = |info: &&SettingInfo| match text.is_empty() {
        true => info.origin != "default" && !info.inherited,
        false => info.name().to_lowercase().contains(&text) || doc(info).to_lowercase().contains(&text),
    };
    known.iter().filter(fits).map(value_of).collect()
}

/// The key of this name: with its section, else the phone's, else that of the account calls go out with.
fn named<'a>(line: &Line, name: &str, known: &'a [SettingInfo]) -> Option<&'a SettingInfo> {
    let whole = known.iter().find(|info| info.name().eq_ignore_ascii_case(name));
    let alike: Vec<&SettingInfo> = known.iter().filter(|info| info.key.eq_ignore_ascii_case(name)).collect();
    let account = line.status.accounts.iter().find(|account| account.selected).map_or(1, |account| account.id);
    let sections =
        ["Settings".to_owned(), "tuiphone".to_owned(), format!("Account{account}"), format!("tuiphone{account}")];
    let of_phone = sections.iter().find_map(|section| alike.iter().find(|info| info.section == *section).copied());
    whole.or(of_phone).or_else(|| alike.first().copied())
}

fn unknown(wish: &Wish, key: &str, known: &[SettingInfo]) -> String {
    let shown = elided(key, SHOWN);
    let near: Vec<String> = known
        .iter()
        .filter(|info| info.key.to_lowercase().contains(&key.to_lowercase()))
        .map(SettingInfo::name)
        .take(NEAR)
        .collect();
    match (wish, near.is_empty()) {
        (Wish::Help(_), true) => {
            say!("line-help-unknown", shown)
        }
        (_, true) => say!("line-setting-unknown", shown),
        (_, false) => say!("line-setting-near", shown, names = list(&near)),
    }
}
