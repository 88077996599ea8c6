//! Keys of the settings: told, changed, explained. A key needs no section where only one has it.

use super::state::{Do, Line, Topic, Wish, asks, says};
use super::words::{list, sentence};
use crate::control::verb::Request;
use crate::control::{Secret, SettingAsk, SettingChanged, SettingInfo};
use crate::text::{elided, sanitise};
use serde_json::{Map, Value};

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
        None if text.is_empty() => says("Set what? set KEY VALUE. settings lists the keys."),
        None => says(format!("Set {} to what? unset {0} is as it comes.", elided(text, SHOWN))),
    }
}

/// Does what was wished, now that the settings are known.
pub fn answer(line: &mut Line, wish: Wish, known: Vec<SettingInfo>) -> Vec<Do> {
    let key = match &wish {
        Wish::Find(text) => {
            let lines = found(text, &known);
            return match (lines.is_empty(), text.is_empty()) {
                (true, true) => says("All settings are as they come."),
                (true, false) => says(format!("No setting has {} in it.", elided(text, SHOWN))),
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
            let mut out = says(format!("{name}: {}", sentence(&info.doc)));
            if !info.words.is_empty() {
                let words: Vec<String> = info.words.iter().filter(|word| !word.is_empty()).cloned().collect();
                out.extend(says(format!("It is one of {}.", list(&words))));
            }
            out
        }
        Wish::Get(_) | Wish::Find(_) => {
            let locked =
                info.locked.as_ref().map(|why| format!(" Locked: {}", sentence(&sanitise(why)))).unwrap_or_default();
            says(format!("{} {}{locked}", value_of(info), sentence(&info.doc)))
        }
    }
}

/// What came of a change.
pub fn changed(line: &mut Line, fields: &Map<String, Value>) -> Vec<Do> {
    let told = fields.get("setting").cloned().and_then(|told| serde_json::from_value::<SettingChanged>(told).ok());
    let Some(told) = told else { return says("Done.") };
    line.changes_settings &= told.changed;
    let restart = if told.needs_restart { " It counts from the next start of the phone on." } else { "" };
    let mut out = says(match told.changed {
        true => format!("{} is changed.{restart}", sanitise(&told.name)),
        false => format!("{} was so already.", sanitise(&told.name)),
    });
    out.extend(told.notes.iter().flat_map(|note| says(sentence(&sanitise(note)))));
    out
}

/// `Settings.DND is off.`
fn value_of(info: &SettingInfo) -> String {
    let value = info.value.as_deref().map(sanitise);
    let words = match (info.kind.as_str(), value.as_deref()) {
        ("secret", _) if info.set => "set, and not told",
        ("secret", _) => "not set",
        ("flag", Some("1")) => "on",
        ("flag", Some("0" | "")) => "off",
        (_, None | Some("")) => "empty",
        (_, Some(value)) => value,
    };
    format!("{} is {}.", info.name(), words.trim_end_matches('.'))
}

fn found(text: &str, known: &[SettingInfo]) -> Vec<String> {
    let text = text.to_lowercase();
    let fits = |info: &&SettingInfo| match text.is_empty() {
        true => info.origin != "default" && !info.inherited,
        false => info.name().to_lowercase().contains(&text) || info.doc.to_lowercase().contains(&text),
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
            format!("There is neither a command nor a setting {shown}. help all lists the commands.")
        }
        (_, true) => format!("There is no setting {shown}. settings {shown} looks for it."),
        (_, false) => format!("There is no setting {shown}, but {}.", list(&near)),
    }
}
