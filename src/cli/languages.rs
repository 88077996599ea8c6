//! The language of the interface: which one is chosen, and `tuiphone words`.

use super::options::{Job, Options};
use super::paths::Environment;
use super::shelf::{self, ShelfJob};
use crate::config::schema;
use crate::control::verb::VERBS;
use crate::control::{CommandError, ExitCode};
use crate::text::local::{self, Local};
use crate::text::words::{self, Catalogue, ENGLISH, MAX_FILE, Spot, Words, against, id_of, message};
use crate::ui::form::FIELDS;
use crate::ui::keymap::{Keymap, Place};
use crate::ui::layered::{BuiltIn, Fault, Kind};
use crate::ui::line::commands;
use crate::ui::setup::answers::{PRESETS, Preset};
use crate::ui::setup::refusal;
use clap::{ArgMatches, Command};
use std::path::Path;

/// Languages, and the one that comes with the program.
static LANGUAGES: Kind = Kind {
    word: "language",
    verb: "words",
    folder: "words",
    extension: "ftl",
    max_bytes: MAX_FILE,
    sections: &[],
    built_in: &[BuiltIn { name: "en", text: ENGLISH }],
};

/// The command as the parser has it.
pub fn command() -> Command {
    shelf::command(&LANGUAGES, "List, show and check the texts of the interface", None, false)
}

/// What its words ask for.
pub fn job(matches: &ArgMatches) -> Job {
    Job::Words(shelf::job(matches))
}

/// Does it.
///
/// # Errors
/// There is no such language; its file cannot be read.
pub fn run(job: &ShelfJob, options: &Options, environment: &Environment) -> Result<ExitCode, CommandError> {
    let shelf = shelf::Shelf::of(&LANGUAGES, options, environment);
    let in_json = options.json || options.ndjson;
    match job {
        ShelfJob::List | ShelfJob::Parts => shelf.list(in_json),
        ShelfJob::Show(name) => {
            let name = name.as_deref().unwrap_or(LANGUAGES.first());
            // What tables have in English is written there.
            let is_english = name.eq_ignore_ascii_case(LANGUAGES.first()) && shelf.own(name).is_none();
            let bytes = if is_english { template().into_bytes() } else { shelf.bytes(name)? };
            shelf.show(name, &bytes, in_json);
        }
        ShelfJob::Check(name) => return Ok(shelf.check(name, &faults(&shelf.bytes(name)?), in_json)),
    }
    Ok(ExitCode::Ok)
}

/// All names in order, each with its file or that it comes along.
pub fn names(ini: &Path) -> Vec<(String, String)> {
    shelf::Shelf::beside(&LANGUAGES, ini).names().collect()
}

/// From here on the interface speaks the language of the settings, else of the locale, where it has a file, and writes dates
/// and numbers as the locale does; a line on what is odd about the file.
pub fn choose(setting: &str, ini: &Path) -> Option<String> {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let locale = |of: &str| ["LC_ALL", of, "LANG"].into_iter().find_map(variable).unwrap_or_default();
    local::choose(Local::of(&locale("LC_TIME"), &locale("LC_NUMERIC")));
    let shelf = shelf::Shelf::beside(&LANGUAGES, ini);
    let setting = setting.trim();
    let asked = if setting.is_empty() { locale("LC_MESSAGES") } else { setting.to_owned() };
    let names = if shelf::is_path(&LANGUAGES, &asked) { vec![asked.clone()] } else { tags(&asked) };
    let Some(name) = names.iter().find(|name| shelf.own(name).is_some()) else {
        let is_there = setting.is_empty() || names.iter().any(|name| LANGUAGES.find(name).is_some());
        return (!is_there)
            .then(|| format!("there is no language {}: tuiphone words list", crate::text::sanitise(setting)));
    };
    let bytes = match shelf.bytes(name) {
        Ok(bytes) => bytes,
        Err(why) => return Some(why.message),
    };
    let (catalogue, faults) = Catalogue::read(&bytes);
    let tag = Path::new(name).file_stem().unwrap_or_default().to_string_lossy().replace('_', "-");
    words::choose(Words::of(&tag, catalogue));
    shelf.odd(name, &faults.into_iter().map(fault).collect::<Vec<_>>())
}

/// The names a locale may have: `pt_BR.UTF-8` is pt-BR, else pt.
fn tags(locale: &str) -> Vec<String> {
    let name = locale.split(['.', '@']).next().unwrap_or_default();
    if matches!(name, "" | "C" | "POSIX") {
        return Vec::new();
    }
    let (dashes, lines) = (name.replace('_', "-"), name.replace('-', "_"));
    let language = dashes.split('-').next().unwrap_or_default().to_owned();
    vec![dashes, lines, language]
}

/// English with the rows of the tables: what a translator begins with.
fn template() -> String {
    let mut text = ENGLISH.trim_end().to_owned();
    text.push_str("\n\n## What keys do\n\n");
    let keymap = Keymap::default();
    let acts = keymap.bindings().iter().map(|binding| (binding.name, binding.doc));
    let unbound =
        VERBS.iter().map(|verb| (verb.name, verb.doc)).filter(|(name, _)| !acts.clone().any(|(act, _)| act == *name));
    for (name, doc) in acts.clone().chain(unbound) {
        text.push_str(&message(&id_of("act", name), doc));
    }
    text.push_str("\n## What keys do, in a word for the footer\n\n");
    for binding in keymap.bindings().iter().filter(|binding| !binding.short.is_empty()) {
        text.push_str(&message(&id_of("key", binding.name), binding.short));
    }
    text.push_str("\n## Where keys count\n\n");
    for place in Place::ALL {
        text.push_str(&message(&id_of("place", place.words()), place.words()));
    }
    text.push_str("\n## Exchanges of the first run\n\n");
    for (name, english) in PRESETS.iter().flat_map(Preset::texts) {
        text.push_str(&message(&id_of("exchange", &name), english));
    }
    text.push_str("\n## What a server's no means, by its status\n\n");
    for (status, means) in refusal::rows() {
        text.push_str(&message(&id_of("refusal", &status), means));
    }
    text.push_str("\n## Words of line mode\n\n");
    for word in commands::WORDS {
        text.push_str(&message(&id_of("word", word.names.first().copied().unwrap_or_default()), word.doc));
    }
    text.push_str("\n## Fields of a contact\n\n");
    for field in FIELDS {
        text.push_str(&message(&id_of("field", field.attribute), field.label));
    }
    text.push_str("\n## Settings\n\n");
    let mut known = std::collections::BTreeSet::new();
    for row in schema::rows() {
        let id = id_of("setting", &format!("{}.{}", row.section.name(1).trim_end_matches('1'), row.key));
        if known.insert(id.clone()) {
            text.push_str(&message(&id, row.doc));
        }
    }
    text
}

fn faults(bytes: &[u8]) -> Vec<Fault> {
    let (own, mut spots) = Catalogue::read(bytes);
    let (all, _) = Catalogue::read(template().as_bytes());
    spots.extend(against(&all, &own));
    spots.sort_by_key(|spot| spot.line);
    spots.into_iter().map(fault).collect()
}

fn fault(spot: Spot) -> Fault {
    Fault { line: spot.line, words: crate::text::sanitise(&spot.words), is_note: spot.is_note }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_translator_begins_with_is_whole_and_without_fault() {
        assert_eq!(faults(template().as_bytes()), []);
        let template = template();
        for id in
            ["act-answer", "key-answer", "word-where", "field-number", "setting-Settings-DND", "setting-Account-label"]
        {
            assert!(template.contains(&format!("\n{id} = ")), "{id}");
        }
        let (catalogue, _) = Catalogue::read(template.as_bytes());
        let starts = template.lines().filter(|line| line.starts_with(|c: char| c.is_ascii_alphabetic())).count();
        assert_eq!(starts, catalogue.ids().count(), "an id stands twice");
    }

    #[test]
    fn a_locale_names_its_dialect_first() {
        assert_eq!(tags("pt_BR.UTF-8"), ["pt-BR", "pt_BR", "pt"]);
        assert_eq!(tags("de@euro")[0], "de");
        assert!(tags("C.UTF-8").is_empty() && tags("POSIX").is_empty() && tags("").is_empty());
    }

    #[test]
    fn a_language_that_is_not_there_is_told_and_english_is_always() {
        let folder = tempfile::tempdir().unwrap();
        let ini = folder.path().join("microsip.ini");
        assert_eq!(choose("en", &ini), None);
        assert_eq!(choose("xx", &ini).as_deref(), Some("there is no language xx: tuiphone words list"));
    }
}
