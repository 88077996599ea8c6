//! Keymaps: which one is chosen, and `tuiphone keymap`.

use super::options::{Job, Options};
use super::out;
use super::paths::Environment;
use super::shelf::{self, ShelfJob};
use crate::control::{CommandError, ExitCode};
use crate::ui::keymap::{Binding, KEYMAPS, Keymap, read};
use crate::ui::layered::Fault;
use clap::{ArgMatches, Command};
use serde_json::{Value, json};
use std::path::Path;

/// The command as the parser has it.
pub fn command() -> Command {
    let actions = Command::new("actions").about("List what a key can do, and the keys of the default keymap");
    shelf::command(&KEYMAPS, "List, show and check keymaps of the interface", Some(actions), false)
}

/// What its words ask for.
pub fn job(matches: &ArgMatches) -> Job {
    Job::Keymap(shelf::job(matches))
}

/// Does it.
///
/// # Errors
/// There is no such keymap; it cannot be read, or is not as it should be.
pub fn run(job: &ShelfJob, options: &Options, environment: &Environment) -> Result<ExitCode, CommandError> {
    let shelf = Shelf(shelf::Shelf::of(&KEYMAPS, options, environment));
    let in_json = options.json || options.ndjson;
    match job {
        ShelfJob::List => shelf.0.list(in_json),
        ShelfJob::Parts => actions(in_json),
        ShelfJob::Show(name) => {
            let name = name.as_deref().unwrap_or(KEYMAPS.first());
            // The keys of the program itself are written where they are made.
            let is_default = name.eq_ignore_ascii_case(KEYMAPS.first()) && shelf.0.own(name).is_none();
            let bytes = if is_default { Keymap::default().text().into_bytes() } else { shelf.0.bytes(name)? };
            shelf.0.show(name, &bytes, in_json);
        }
        ShelfJob::Check(name) => return Ok(shelf.0.check(name, &shelf.keymap(name)?.1, in_json)),
    }
    Ok(ExitCode::Ok)
}

fn actions(in_json: bool) {
    let keymap = Keymap::default();
    let keys = |binding: &Binding| binding.keys.iter().map(|keys| keys.to_string()).collect::<Vec<_>>();
    let places = |binding: &Binding| binding.places.iter().map(|place| place.words()).collect::<Vec<_>>();
    if in_json {
        let row = |it: &Binding| json!({ "name": it.name, "doc": it.doc, "keys": keys(it), "places": places(it) });
        let actions: Vec<Value> = keymap.bindings().iter().map(row).collect();
        out::json(&json!({ "v": 1, "verb": "keymap", "ok": true, "actions": actions }));
        return;
    }
    for binding in keymap.bindings() {
        let keys = keys(binding).join(", ");
        out::line(format!("{:16} {keys:24} {}", binding.name, binding.doc).trim_end());
    }
}

/// Where keymaps of one's own are.
#[derive(Debug, Clone)]
pub struct Shelf(shelf::Shelf);

impl Shelf {
    /// The folder beside this ini file.
    pub fn beside(ini: &Path) -> Shelf {
        Shelf(shelf::Shelf::beside(&KEYMAPS, ini))
    }

    /// The keymap that a setting names; the default one if that is not as it should be, and why in a line.
    pub fn chosen(&self, name: &str) -> (Keymap, Option<String>) {
        let name = if name.trim().is_empty() { KEYMAPS.first() } else { name.trim() };
        match self.keymap(name) {
            Err(why) => (Keymap::default(), Some(why.message)),
            Ok((keymap, faults)) => match self.0.odd(name, &faults) {
                None => (keymap, None),
                odd => (Keymap::default(), odd),
            },
        }
    }

    /// All names in order, each with its file or that it comes along.
    pub fn names(&self) -> impl Iterator<Item = (String, String)> {
        self.0.names()
    }

    fn keymap(&self, name: &str) -> Result<(Keymap, Vec<Fault>), CommandError> {
        Ok(read(&self.0.bytes(name)?, &|other| self.0.other(other)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::keymap::{Act, Key, Place};

    #[test]
    fn a_keymap_that_is_not_as_it_should_be_leaves_the_default_one_and_says_why() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("keymaps")).unwrap();
        let write = |name: &str, text: &str| std::fs::write(folder.path().join("keymaps").join(name), text).unwrap();
        write("mine.ini", "[keymap]\ninherits=vim\n[keys]\nanswer=F5\n");
        write("torn.ini", "[keys]\nanswer=F5\nhold=F5\n");
        let shelf = Shelf::beside(&folder.path().join("microsip.ini"));
        let f5 = Key::parse("F5").unwrap();
        let (keymap, odd) = shelf.chosen("mine");
        assert_eq!((keymap.act_in(Place::Everywhere, f5), odd), (Some(Act::Verb("answer")), None));
        let (keymap, odd) = shelf.chosen("torn");
        assert_eq!(keymap, Keymap::default());
        let odd = odd.unwrap();
        assert!(odd.starts_with("keymap torn line 3: F5 is bound twice: answer and hold"), "{odd}");
        assert_eq!(shelf.chosen("nowhere"), (Keymap::default(), Some("there is no keymap nowhere".to_owned())));
        assert_eq!(shelf.chosen(""), (Keymap::default(), None));
    }
}
