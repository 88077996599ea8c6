//! `config`: the settings as the files have them, shown, changed and checked. No running phone is needed, and no secret
//! is told.

use super::config_args::{Name, no_change, unknown};
use super::config_check::{self, unseen};
use super::ini_files::IniFiles;
use super::options::{ConfigJob, Options};
use super::paths::Environment;
use super::{exit, number_way, out, session, settings_page};
use crate::config::ini::IniError;
use crate::config::schema::{self, Field, Kept, Kind, Known, Place, Row, Section, Takes};
use crate::config::{self, Account, AccountId, Found, Loaded, Settings, unfit};
use crate::control::{CommandError, ExitCode};
use crate::engine::files;
use crate::text::{masked, plain_error, sanitise};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// How a job ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ran {
    /// Its exit code.
    pub code: ExitCode,
    /// The ini file.
    pub ini: PathBuf,
    /// It is another one than before.
    pub changed: bool,
    /// The keys that were set and that no running phone takes.
    pub needs_restart: Vec<String>,
}

/// Carries out a `config` job.
///
/// # Errors
/// A file that cannot be read or written, a key that nobody knows, a value that cannot be taken, a key that is locked.
pub fn run(job: &ConfigJob, options: &Options, environment: &Environment) -> Result<Ran, CommandError> {
    // Where the files are is told even if they cannot be read.
    let files = match job {
        ConfigJob::Path | ConfigJob::Print { default: true } => IniFiles::find(options, environment),
        _ => IniFiles::open(options, environment)?,
    };
    if files.named
        && !files.ini.exists
        && !matches!(job, ConfigJob::Path | ConfigJob::Print { default: true } | ConfigJob::Set { .. })
    {
        return Err(files.missing());
    }
    let mut ran = Ran { code: ExitCode::Ok, ini: files.ini.path.clone(), changed: false, needs_restart: Vec::new() };
    match job {
        ConfigJob::Path => path(&files, options),
        ConfigJob::Print { default: true } => print_defaults(options),
        ConfigJob::Print { default: false } => print(&files, options),
        ConfigJob::Get { key } => get(key, &files, options)?,
        ConfigJob::Set { .. } if files.ini.foreign => {
            let message = format!("{} is MicroSIP's own and never written", files.ini.path.display());
            return Err(exit::config(message, Some(&session::copied(environment))));
        }
        ConfigJob::Set { changes, microsip } => {
            (ran.changed, ran.needs_restart) = set(changes, *microsip, files, options)?;
        }
        ConfigJob::Check => ran.code = config_check::run(&files, options),
        ConfigJob::DialPlan { number } => ran.code = number_way::run(number, &files, options)?,
    }
    Ok(ran)
}

fn path(files: &IniFiles, options: &Options) {
    let overrides: Vec<String> = files.overrides.iter().map(|path| path.display().to_string()).collect();
    if options.json {
        let ini = files.ini.path.display().to_string();
        return told(json!({ "path": ini, "exists": files.ini.exists, "overrides": overrides }));
    }
    out::line(&files.ini.path.display().to_string());
    overrides.iter().for_each(|path| out::line(path));
}

/// Every key that is read, with its value in force.
pub(super) fn entries(files: &IniFiles) -> Vec<Entry> {
    let loaded = files.load();
    let mut all: Vec<Entry> = Vec::new();
    let mut add = |place: &str, section: Section| {
        let place = Place::of(place).unwrap_or_else(|| Place { name: place.to_owned(), sections: &[], account: None });
        all.extend(Row::of(section).map(|row| Entry::of(row, &place, files, &loaded)));
    };
    add("Settings", Section::Settings);
    add("tuiphone", Section::Tuiphone);
    add("tuiphone", Section::TuiphoneAccount);
    for account in &loaded.accounts {
        add(&Section::Account.name(account.id.0), Section::Account);
        add(&Section::TuiphoneAccount.name(account.id.0), Section::TuiphoneAccount);
    }
    all
}

/// What the files say, as a file would have it, without secrets.
pub(super) fn lines(files: &IniFiles) -> Vec<String> {
    let (mut section, mut lines) = (String::new(), Vec::new());
    for entry in entries(files).iter().filter(|entry| entry.origin.is_some() && !entry.is_inherited) {
        if entry.section != section {
            section.clone_from(&entry.section);
            lines.push(format!("[{section}]"));
        }
        if let Some(place) = entry.locked() {
            lines.push(format!("; locked: {place}"));
        } else if entry.is_given() {
            lines.push("; on the command line".to_owned());
        }
        lines.push(entry.text());
    }
    lines
}

fn print(files: &IniFiles, options: &Options) {
    if options.json {
        return told(json!({ "values": entries(files).iter().map(Entry::json).collect::<Vec<_>>() }));
    }
    lines(files).iter().for_each(|line| out::line(line));
}

fn print_defaults(options: &Options) {
    if options.json {
        return told(settings_page::defaults_json());
    }
    settings_page::defaults().iter().for_each(|line| out::line(line));
}

fn get(name: &str, files: &IniFiles, options: &Options) -> Result<(), CommandError> {
    let Name { place, key, known } = Name::parse(name)?;
    let loaded = files.load();
    let layers = files.all_layers();
    let entry = match known {
        Known::Read(row) => {
            let is_loaded = place.account.is_none_or(|id| loaded.accounts.iter().any(|account| account.id.0 == id));
            if !is_loaded && !layers.has_section(&place.name) {
                let message = format!("there is no [{}] in {}", place.name, files.ini.path.display());
                return Err(CommandError { code: ExitCode::NotFound, kind: "no_such_account", message, hint: None });
            }
            Entry::of(row, &place, files, &loaded)
        }
        Known::Unknown => match layers.find(&place.name, &key) {
            Some(found) => Entry::raw(&place, &key, Some(found), files),
            None => return Err(unknown(&place, &key)),
        },
        Known::Kept(_) | Known::Entry => Entry::raw(&place, &key, layers.find(&place.name, &key), files),
    };
    if options.json {
        told(entry.json());
    } else if entry.is_secret {
        let state = if entry.value.is_empty() { "not set" } else { "set, and not shown" };
        out::talk(&format!("tuiphone: {}.{} is {state}", entry.section, entry.key));
    } else {
        out::line(&sanitise_line(&masked(&entry.value)));
    }
    Ok(())
}

/// Whether anything has changed, and the keys of it that only a restart takes.
fn set(
    changes: &[String],
    microsip: bool,
    mut files: IniFiles,
    options: &Options,
) -> Result<(bool, Vec<String>), CommandError> {
    files.begin(microsip);
    let mut wanted = Vec::new();
    for change in changes {
        let (name, value) = change.split_once('=').ok_or_else(|| no_change(change))?;
        wanted.push((name, Some(value)));
    }
    let is_made = !files.ini.path.exists();
    let Written { keys, changed, mut notes, needs_restart } = change(&wanted, &files)?;
    if is_made && changed && files.named {
        notes.push(format!("{} is new", files.ini.path.display()));
    }
    if options.json {
        told(json!({ "path": files.ini.path.display().to_string(), "changed": changed, "keys": keys, "notes": notes }));
    } else if !options.quiet {
        notes.iter().for_each(|note| out::talk(&format!("tuiphone: {}", sanitise_line(note))));
    }
    Ok((changed, needs_restart))
}

/// What a change was.
#[derive(Debug, Default)]
pub(super) struct Written {
    /// The keys.
    pub keys: Vec<String>,
    /// The file is another one than before.
    pub changed: bool,
    /// What is good to know.
    pub notes: Vec<String>,
    /// Those of the keys that no running phone takes.
    pub needs_restart: Vec<String>,
}

/// Changes these keys in the file, `None` = their lines go, and no other byte.
///
/// # Errors
/// A key that nobody knows or that is locked, a value that cannot be taken: nothing is changed.
pub(super) fn change(changes: &[(&str, Option<&str>)], files: &IniFiles) -> Result<Written, CommandError> {
    let before = config::load(&files.main, &files.overlays);
    let mut document = files.main.clone();
    let mut touched = Vec::new();
    let mut notes = Vec::new();
    let mut needs_restart = Vec::new();
    for (name, value) in changes {
        let Name { place, key, known } = Name::parse(name)?;
        if let Some(found) = files.layers().locked(&place.name, &key) {
            let line = found.line.map(|line| format!(", line {line}")).unwrap_or_default();
            let message = format!(
                "{}.{key} is locked by {}{line}; nothing was changed",
                place.name,
                files.path(found.layer).display()
            );
            let hint = Some("change it there, or leave override.ini alone: --no-override".to_owned());
            return Err(CommandError { code: ExitCode::Config, kind: "locked", message, hint });
        }
        let is_quoted = match known {
            Known::Unknown => return Err(unknown(&place, &key)),
            Known::Read(row) => {
                stands_elsewhere(row, &place, files, &before)?;
                if let Some(why) = value.and_then(|value| unfit(row, value)) {
                    let message = format!("cannot set {}.{key}: {}", place.name, sanitise(&why));
                    return Err(exit::config(message, Some("nothing was changed")));
                }
                if row.takes == Takes::Restart {
                    needs_restart.push(format!("{}.{key}", place.name));
                }
                let unseen = value.and_then(|value| unseen(row, value, &files.ini.path));
                notes.extend(unseen.map(|why| format!("{}.{key}: {why}", place.name)));
                row.quoted
            }
            Known::Kept(kept) => {
                notes.push(format!("{}.{key} is kept, and not used: {}", place.name, kept.why));
                Kept::is_quoted(&key)
            }
            Known::Entry => false,
        };
        let too_long = value.and_then(|value| schema::beyond_microsip(&place.name, &key, value));
        notes.extend(too_long.map(|words| format!("{}.{key} has {words}", place.name)));
        let written = match value {
            None => {
                document.remove(&place.name, &key);
                Ok(())
            }
            Some(value) if is_quoted => document.set_quoted(&place.name, &key, value),
            Some(value) => document.set(&place.name, &key, value),
        };
        written.map_err(|why| unwritable(&why, &place, &key, &files.ini.path))?;
        touched.push((place.name, key));
    }
    let after = config::load(&document, &files.overlays);
    for warning in &after.warnings {
        let is_touched = touched.iter().any(|(section, key)| {
            section.eq_ignore_ascii_case(&warning.section) && key.eq_ignore_ascii_case(&warning.key)
        });
        if !is_touched && before.warnings.iter().any(|old| is_same(old, warning)) {
            continue;
        }
        if warning.layer == 0 && warning.is_of_value && is_touched {
            let message = format!("cannot set {}.{}: {}", warning.section, warning.key, warning.message);
            return Err(exit::config(message, Some("nothing was changed")));
        }
        notes.push(files.located(warning));
    }
    let bytes = document.to_bytes();
    let changed = bytes != files.main.to_bytes();
    if changed {
        write(&files.ini.path, &bytes)?;
    }
    let keys = touched.iter().map(|(section, key)| format!("{section}.{key}")).collect();
    Ok(Written { keys, changed, notes, needs_restart })
}

/// Where the first account stands that is not under its number: `[Account]` of hand-written files, `[Settings]` of
/// MicroSIP's oldest.
fn section_of_first(row: &Row, place: &Place, files: &IniFiles) -> Option<&'static str> {
    let is_first = row.section == Section::Account && place.account == Some(1);
    let layers = files.layers();
    if !is_first || layers.has_section("Account1") {
        return None;
    }
    Some(if layers.has_section("Account") { "Account" } else { "Settings" })
}

/// An account that is not under its number must not be made a second time there.
fn stands_elsewhere(row: &Row, place: &Place, files: &IniFiles, loaded: &Loaded) -> Result<(), CommandError> {
    let elsewhere = section_of_first(row, place, files);
    let Some(section) = elsewhere.filter(|_| loaded.accounts.iter().any(|account| account.id.0 == 1)) else {
        return Ok(());
    };
    let message = format!("account 1 of {} stands under [{section}]; nothing was changed", files.ini.path.display());
    let hint = match section {
        "Account" => "name that section [Account1] first",
        _ => "MicroSIP's oldest files are so: move its keys under [Account1] first",
    };
    Err(exit::config(message, Some(hint)))
}

/// Replaces the file, whole or not at all; its folder is made where it is missing.
pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<(), CommandError> {
    let wrong =
        |why: std::io::Error| exit::config(format!("cannot write {}: {}", path.display(), plain_error(&why)), None);
    // Through a link: what it points at is replaced, the link stays.
    let target = match path.canonicalize() {
        Ok(target) => target,
        Err(_) => {
            std::fs::create_dir_all(path.parent().unwrap_or(Path::new("."))).map_err(wrong)?;
            path.to_owned()
        }
    };
    files::replace(&target, bytes).map_err(wrong)
}

fn is_same(one: &config::Warning, other: &config::Warning) -> bool {
    (one.layer, &one.section, &one.key, &one.message) == (other.layer, &other.section, &other.key, &other.message)
}

/// The value may be a secret: it is not told.
fn unwritable(why: &IniError, place: &Place, key: &str, file: &Path) -> CommandError {
    let name = format!("{}.{}", place.name, sanitise(key));
    let message = match why {
        IniError::Unwritable { what, .. } => {
            format!("cannot set {name}: its {what} holds what no line of an ini file can")
        }
        why => format!("cannot set {name} in {}: {why}", file.display()),
    };
    exit::config(message, Some("nothing was changed"))
}

/// One value in force, and where it comes from.
pub(super) struct Entry {
    pub section: String,
    pub key: String,
    pub value: String,
    pub is_secret: bool,
    /// It is another section's.
    pub is_inherited: bool,
    pub default: Option<&'static str>,
    /// Its row, if it is read.
    pub row: Option<&'static Row>,
    /// Where in a word, the file unless it is the command line, and the line; `None` = nowhere, the default counts.
    pub origin: Option<(&'static str, Option<String>, Option<usize>)>,
}

impl Entry {
    /// The value of a key that is read.
    fn of(row: &'static Row, place: &Place, files: &IniFiles, loaded: &Loaded) -> Entry {
        let layers = files.all_layers();
        let own = layers.find(section_of_first(row, place, files).unwrap_or(&place.name), row.key);
        let is_inherited = own.is_none();
        // What stands under [tuiphone] is meant for every account.
        let found =
            own.or_else(|| layers.find("tuiphone", row.key).filter(|_| row.section == Section::TuiphoneAccount));
        let account = place.account.and_then(|id| loaded.accounts.iter().find(|account| account.id.0 == id));
        let value = match row.field {
            Field::Settings(get, _) => get(&loaded.settings),
            Field::Account(get, _) => account.map_or_else(|| alone(row, found.as_ref()), get),
        };
        let is_secret = row.kind == Kind::Secret;
        // A password that only MicroSIP can read is one all the same.
        let value = if is_secret { found.as_ref().map_or(value, |found| found.value.to_string()) } else { value };
        let (default, row_of) = (Some(row.default), Some(row));
        Entry { value, is_secret, is_inherited, default, row: row_of, ..Entry::raw(place, row.key, found, files) }
    }

    /// The value as it is written.
    pub(super) fn raw(place: &Place, key: &str, found: Option<Found<'_>>, files: &IniFiles) -> Entry {
        let origin = found.as_ref().map(|it| {
            let word = files.origin(it.layer);
            let in_file = word != "command_line";
            let file = in_file.then(|| files.path(it.layer).display().to_string());
            (word, file, it.line.filter(|_| in_file))
        });
        let value = found.map(|found| found.value.into_owned()).unwrap_or_default();
        let lower = key.to_ascii_lowercase();
        // Other programs' keys.
        let is_secret = ["pass", "secret", "token"].iter().any(|word| lower.contains(word));
        let (section, key) = (place.name.clone(), key.to_owned());
        Entry { section, key, value, is_secret, is_inherited: false, default: None, row: None, origin }
    }

    /// The file and the line that lock it.
    pub(super) fn locked(&self) -> Option<String> {
        let (_, file, line) = self.origin.as_ref().filter(|(word, ..)| *word == "override")?;
        let file = file.clone()?;
        Some(line.map_or_else(|| file.clone(), |line| format!("{file}, line {line}")))
    }

    fn is_given(&self) -> bool {
        self.origin.as_ref().is_some_and(|(word, ..)| *word == "command_line")
    }

    fn text(&self) -> String {
        match (self.is_secret, self.value.is_empty()) {
            (true, false) => format!("; {} is set, and not shown", self.key),
            _ => sanitise_line(&format!("{}={}", self.key, masked(&self.value))),
        }
    }

    fn json(&self) -> Value {
        let (origin, file, line) = match &self.origin {
            Some((word, file, line)) => (*word, file.as_deref(), *line),
            None => ("default", None, None),
        };
        let shown = masked(&self.value);
        let is_masked = !self.is_secret && shown != self.value;
        let value = if self.is_secret { Value::Null } else { shown.into() };
        json!({
            "section": self.section, "key": self.key, "value": value, "set": !self.value.is_empty(),
            "secret": self.is_secret, "masked": is_masked, "default": self.default, "origin": origin, "file": file, "line": line,
            "locked": origin == "override",
        })
    }
}

/// The value of a key of no account in particular.
fn alone(row: &Row, found: Option<&Found<'_>>) -> String {
    let mut account = Account::new(AccountId(0));
    if let Some(found) = found {
        row.read_account(&mut account, &found.value);
    }
    match row.field {
        Field::Account(get, _) => get(&account),
        Field::Settings(get, _) => get(&Settings::default()),
    }
}

fn told(rest: Value) {
    let mut all = json!({ "v": 1, "verb": "config", "ok": true });
    if let (Some(all), Value::Object(rest)) = (all.as_object_mut(), rest) {
        all.extend(rest);
    }
    out::json(&all);
}

/// A line of any length, safe to show.
pub(super) fn sanitise_line(text: &str) -> String {
    crate::text::sanitise_text(text).replace('\n', " ")
}
