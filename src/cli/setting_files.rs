//! The settings of a phone that runs, as its files have them: the same code as `config`, for whoever asks the phone.

use super::config_verb::{self, Entry};
use super::ini_files::IniFiles;
use super::options::Options;
use super::paths::{Environment, IniPath};
use super::{exit, out, password_verb, session};
use crate::config::Secret;
use crate::config::schema::{self, Kind, Place, Row, Section, Takes};
use crate::control::{CommandError, SettingAsk, SettingChanged, SettingInfo, SettingTold};
use crate::engine::setting::SettingFiles;
use crate::text::{masked, sanitise_text};
use serde_json::{Map, Value};

/// Those of the phone that was read from this ini file.
pub fn source(options: &Options, ini: &IniPath) -> SettingFiles {
    let (options, ini) = (options.clone(), ini.clone());
    SettingFiles::new(move |ask| {
        let environment = Environment::of_process();
        let files = match ini.path.exists() {
            true => IniFiles::again(&ini, &options, &environment)?,
            false => IniFiles::open(&options, &environment)?,
        };
        let foreign = || format!("{} is MicroSIP's own and never written", files.ini.path.display());
        let change = |name: String, value: Option<Secret>| {
            if files.ini.foreign {
                return Err(exit::config(foreign(), Some(&session::copied(&environment))));
            }
            changed(name, value, &files).map(SettingTold::Changed)
        };
        match ask {
            SettingAsk::List => Ok(SettingTold::List(list(&files, files.ini.foreign.then(foreign).as_deref()))),
            SettingAsk::Set { name, value } => change(name, Some(value)),
            SettingAsk::Unset { name } => change(name, None),
        }
    })
}

fn changed(name: String, value: Option<Secret>, files: &IniFiles) -> Result<SettingChanged, CommandError> {
    if let Some(number) = password_of(&name) {
        let note = password_verb::replace(number, &value.unwrap_or_default(), files)?;
        return Ok(SettingChanged { name, changed: true, needs_restart: false, notes: vec![note] });
    }
    let written = config_verb::change(&[(&name, value.as_ref().map(Secret::reveal))], files)?;
    let needs_restart = !written.needs_restart.is_empty() && written.changed;
    let notes = written.notes.iter().map(|note| line(note)).collect();
    let name = written.keys.into_iter().next().unwrap_or(name);
    Ok(SettingChanged { name, changed: written.changed, needs_restart, notes })
}

/// The number of the account whose password this is.
fn password_of(name: &str) -> Option<u32> {
    let (section, key) = name.split_once('.')?;
    Row::find(Section::Account, key).filter(|row| row.is_password())?;
    Place::of(section).filter(|place| place.sections == [Section::Account])?.account
}

fn list(files: &IniFiles, foreign: Option<&str>) -> Vec<SettingInfo> {
    let read = config_verb::entries(files).into_iter().map(|entry| info(&entry, foreign));
    let layers = files.all_layers();
    let kept = schema::all_kept().iter().filter(|kept| kept.section == Section::Settings);
    let kept = kept.flat_map(|kept| kept.keys.iter().map(move |key| (*key, kept.why)));
    let place = Place { name: "Settings".to_owned(), sections: &[Section::Settings], account: None };
    let kept = kept.map(|(key, why)| {
        let entry = Entry::raw(&place, key, layers.find(&place.name, key), files);
        SettingInfo { kept: Some(why.to_owned()), default: None, ..info(&entry, foreign) }
    });
    read.chain(kept).collect()
}

fn info(entry: &Entry, foreign: Option<&str>) -> SettingInfo {
    let shown = line(&masked(&entry.value));
    let (origin, file, at) = match &entry.origin {
        Some((word, file, at)) => (*word, file.clone(), *at),
        None => ("default", None, None),
    };
    let place = file.map(|file| at.map_or_else(|| file.clone(), |at| format!("{file}, line {at}")));
    let locked = entry.locked().map(|place| format!("locked by {place}"));
    SettingInfo {
        section: entry.section.clone(),
        key: entry.key.clone(),
        kind: entry.row.map_or("text", |row| row.kind.word()).to_owned(),
        words: match entry.row.map(|row| row.kind) {
            Some(Kind::Word(words)) => words.iter().map(|word| (*word).to_owned()).collect(),
            _ => Vec::new(),
        },
        masked: !entry.is_secret && shown != entry.value,
        value: (!entry.is_secret).then_some(shown),
        set: !entry.value.is_empty(),
        default: entry.default.map(str::to_owned),
        origin: origin.to_owned(),
        place,
        inherited: entry.is_inherited && entry.origin.is_some(),
        locked: locked.or_else(|| foreign.map(str::to_owned)),
        doc: entry.row.map_or("", |row| row.doc).to_owned(),
        takes: match entry.row.map(|row| row.takes) {
            Some(Takes::Restart) => "restart",
            Some(Takes::Anew) => "anew",
            Some(Takes::Now) | None => "now",
        }
        .to_owned(),
        kept: None,
    }
}

fn line(text: &str) -> String {
    sanitise_text(text).replace('\n', " ")
}

/// Prints an answer: of the list what is not as it comes.
pub(super) fn print(fields: &Map<String, Value>, quiet: bool) {
    let read = |name: &str| fields.get(name).cloned().unwrap_or_default();
    if let Ok(settings) = serde_json::from_value::<Vec<SettingInfo>>(read("settings")) {
        let told = settings.iter().filter(|info| info.origin != "default" && !info.inherited);
        for info in told {
            let value = match &info.value {
                Some(value) => format!("={value}"),
                None if info.set => " is set, and not shown".to_owned(),
                None => " is empty".to_owned(),
            };
            let locked = info.locked.as_ref().map(|why| format!("  ; {why}")).unwrap_or_default();
            out::line(&format!("{}{value}{locked}", info.name()));
        }
    } else if let Ok(changed) = serde_json::from_value::<SettingChanged>(read("setting")) {
        changed.notes.iter().for_each(|note| out::talk(&format!("tuiphone: {note}")));
        if !quiet {
            out::line(&words(&changed));
        }
    }
}

fn words(changed: &SettingChanged) -> String {
    let name = &changed.name;
    match (changed.changed, changed.needs_restart) {
        (false, _) => format!("{name} is so already"),
        (true, false) => format!("{name} is changed"),
        (true, true) => format!("{name} is changed; the phone takes it when it is started the next time"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::paths::IniPath;
    use crate::config::Document;

    fn files(folder: &std::path::Path, text: &str) -> IniFiles {
        let path = folder.join("microsip.ini");
        std::fs::write(&path, text).unwrap();
        let main = Document::parse(text.as_bytes()).unwrap();
        let overlay = Document::parse(b"[Settings]\nDND=1\n").unwrap();
        let ini = IniPath { path, exists: true, trusted: true, ..IniPath::default() };
        let (given, overrides) = (Document::default(), vec![folder.join("override.ini")]);
        IniFiles { ini, named: true, main, overrides, overlays: vec![overlay], given }
    }

    const TEXT: &str = "[Settings]\nDND=0\nvolumeOutput=70\n[Account1]\nserver=s\ndomain=d\nusername=u\npassword=p\n";

    #[test]
    fn each_key_tells_where_its_value_comes_from_and_no_secret() {
        let folder = tempfile::tempdir().unwrap();
        let all = list(&files(folder.path(), TEXT), None);
        let of = |name: &str| all.iter().find(|info| info.name() == name).unwrap_or_else(|| panic!("no {name}"));
        let dnd = of("Settings.DND");
        assert_eq!((dnd.value.as_deref(), dnd.origin.as_str()), (Some("1"), "override"));
        assert!(dnd.locked.as_ref().is_some_and(|why| why.ends_with("override.ini, line 2")), "{dnd:?}");
        let volume = of("Settings.volumeOutput");
        assert_eq!((volume.value.as_deref(), volume.origin.as_str(), &volume.locked), (Some("70"), "file", &None));
        assert!(volume.place.as_ref().is_some_and(|place| place.ends_with("microsip.ini, line 3")));
        let password = of("Account1.password");
        assert_eq!((password.kind.as_str(), &password.value, password.set), ("secret", &None, true));
        assert_eq!(of("Account1.transport").words, ["", "udp", "tcp", "tls", "ws", "wss"]);
        assert_eq!(of("tuiphone.bindAddress").takes, "restart");
        assert!(of("Settings.disableVideo").kept.as_ref().is_some_and(|why| why.contains("video")));
    }

    #[test]
    fn one_line_changes_and_goes_again() {
        let folder = tempfile::tempdir().unwrap();
        let set = |value: Option<&str>, name: &str| {
            let text = std::fs::read_to_string(folder.path().join("microsip.ini")).unwrap_or_else(|_| TEXT.to_owned());
            let files = files(folder.path(), &text);
            let told = changed(name.to_owned(), value.map(Secret::new), &files);
            (told, std::fs::read_to_string(folder.path().join("microsip.ini")).unwrap())
        };
        let (told, text) = set(Some("1"), "settings.singlemode");
        assert_eq!(told.map(|told| (told.name, told.changed)), Ok(("Settings.singleMode".to_owned(), true)));
        assert_eq!(text, TEXT.replace("volumeOutput=70\n", "volumeOutput=70\nsingleMode=1\n"));
        let (told, text) = set(None, "Settings.singleMode");
        assert_eq!((told.map(|told| told.changed), text.as_str()), (Ok(true), TEXT));
        let (told, text) = set(Some("::1"), "tuiphone.bindAddress");
        assert_eq!(told.map(|told| told.needs_restart), Ok(true));
        assert!(text.ends_with("[tuiphone]\nbindAddress=::1\n"), "{text}");
        for (name, value, why) in [
            ("Settings.DND", "0", "is locked by"),
            ("Settings.nonsense", "0", "no key Settings.nonsense is known"),
            ("Settings.sourcePort", "99999", "cannot set Settings.sourcePort"),
        ] {
            let (told, after) = set(Some(value), name);
            let said = told.unwrap_err().message;
            assert!(said.contains(why) && after == text, "{name}: {said}");
        }
    }

    #[test]
    fn a_password_is_told_by_its_row_and_account() {
        for (name, expected) in [
            ("Account1.password", Some(1)),
            ("account12.PASSWORD", Some(12)),
            ("Settings.password", None),
            ("Account1.label", None),
            ("tuiphone1.turnPassword", None),
            ("password", None),
        ] {
            assert_eq!(password_of(name), expected, "{name}");
        }
    }
}
