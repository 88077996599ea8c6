//! The language of the interface: which one is chosen, and `tuiphone words`.

use super::options::{Job, Options};
use super::paths::Environment;
use super::shelf::{self, ShelfJob};
use crate::config::schema;
use crate::control::verb::VERBS;
use crate::control::{CommandError, ExitCode, causes};
use crate::demo::far_ends::FAR_ENDS;
use crate::text::local::{self, Local};
use crate::text::words::{self, Catalogue, ENGLISH, MAX_FILE, Spot, Words, against, id_of, message};
use crate::ui::form::FIELDS;
use crate::ui::keymap::{Keymap, Place};
use crate::ui::layered::{BuiltIn, Fault, Kind};
use crate::ui::line::commands;
use crate::ui::log::About;
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
            shelf.show(name, &whole(name, &shelf)?, in_json);
        }
        ShelfJob::Check(name) => return Ok(shelf.check(name, &faults(&whole(name, &shelf)?), in_json)),
    }
    Ok(ExitCode::Ok)
}

/// The texts of a language; of English with what tables have in it.
fn whole(name: &str, shelf: &shelf::Shelf) -> Result<Vec<u8>, CommandError> {
    let is_english = name.eq_ignore_ascii_case(LANGUAGES.first()) && shelf.own(name).is_none();
    if is_english { Ok(template().into_bytes()) } else { shelf.bytes(name) }
}

/// All names in order, each with its file or that it comes along.
pub fn names(ini: &Path) -> Vec<(String, String)> {
    shelf::Shelf::beside(&LANGUAGES, ini).names().collect()
}

/// From here on the interface speaks the language of the settings, else of the locale, where it has a file, and writes dates
/// and numbers as the locale does; a line on what is odd about the file.
pub fn choose(setting: &str, ini: &Path) -> Option<String> {
    local::choose(Local::of(&locale("LC_TIME"), &locale("LC_NUMERIC")));
    let (own, odd) = own(setting, ini);
    own.into_iter().for_each(words::choose);
    odd
}

/// A variable of the locale, by what overrules it first.
fn locale(of: &str) -> String {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    ["LC_ALL", of, "LANG"].into_iter().find_map(variable).unwrap_or_default()
}

/// The words of that language, if it has a file, and a line on what is odd about it.
pub fn own(setting: &str, ini: &Path) -> (Option<Words>, Option<String>) {
    let shelf = shelf::Shelf::beside(&LANGUAGES, ini);
    let setting = setting.trim();
    let asked = if setting.is_empty() { locale("LC_MESSAGES") } else { setting.to_owned() };
    let names = if shelf::is_path(&LANGUAGES, &asked) { vec![asked.clone()] } else { tags(&asked) };
    let Some(name) = names.iter().find(|name| shelf.own(name).is_some()) else {
        let is_there = setting.is_empty() || names.iter().any(|name| LANGUAGES.find(name).is_some());
        let none = || format!("there is no language {}: tuiphone words list", crate::text::sanitise(setting));
        return (None, (!is_there).then(none));
    };
    let bytes = match shelf.bytes(name) {
        Ok(bytes) => bytes,
        Err(why) => return (None, Some(why.message)),
    };
    let (catalogue, faults) = Catalogue::read(&bytes);
    let tag = Path::new(name).file_stem().unwrap_or_default().to_string_lossy().replace('_', "-");
    let odd = shelf.odd(name, &faults.into_iter().map(fault).collect::<Vec<_>>());
    (Some(Words::of(&tag, catalogue)), odd)
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
pub fn template() -> String {
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
    text.push_str("\n## Why something failed, most of the time\n\n");
    for cause in causes::all() {
        text.push_str(&message(&id_of("cause", cause.name), cause.why));
    }
    text.push_str("\n## What to do about it\n\n");
    for cause in causes::all().filter(|cause| !cause.next.is_empty()) {
        text.push_str(&message(&id_of("next", cause.name), cause.next));
    }
    text.push_str("\n## Why a network released a call, by the cause of Q.850\n\n");
    for (cause, words) in causes::RELEASES {
        text.push_str(&message(&id_of("release", &cause.to_string()), words));
    }
    text.push_str("\n## How calls and commands end\n\n");
    for code in ExitCode::ALL {
        text.push_str(&message(&id_of("outcome", code.kind()), code.meaning()));
    }
    text.push_str("\n## What an entry of the log is about\n\n");
    for about in About::ALL {
        text.push_str(&message(&id_of("about", about.word()), about.word()));
    }
    text.push_str("\n## Parts of commands\n\n");
    for (verb, param) in VERBS.iter().flat_map(|verb| verb.params.iter().map(move |param| (verb.name, param))) {
        text.push_str(&message(&id_of("param", &format!("{verb} {}", param.name)), param.doc));
    }
    text.push_str("\n## Examples of commands\n\n");
    for verb in VERBS {
        for (number, (_, doc)) in (1..).zip(verb.examples) {
            let number: usize = number;
            text.push_str(&message(&id_of("example", &format!("{} {number}", verb.name)), doc));
        }
    }
    text.push_str("\n## Far ends of the demo, by their numbers\n\n");
    for far in FAR_ENDS {
        text.push_str(&message(&id_of("far-end", far.user), far.name));
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
    text.push_str("\n## Settings of MicroSIP that are kept, and not used\n\n");
    for kept in schema::all_kept().iter().filter(|kept| kept.section == schema::Section::Settings) {
        let mut ids = kept.keys.iter().map(|key| id_of("kept", key)).filter(|id| known.insert(id.clone()));
        let Some(first) = ids.next() else { continue };
        text.push_str(&message(&first, kept.why));
        // The same reason is written once.
        ids.for_each(|id| text.push_str(&format!("{id} = {{ {first} }}\n")));
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
                .into_iter()
                .chain(["cause-call-busy", "next-call-busy", "release-17", "outcome-no_answer", "about-account"])
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
