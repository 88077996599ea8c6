//! Themes: which one is chosen, and `tuiphone theme`.

use super::options::{Job, Options};
use super::paths::Environment;
use super::shelf::{self, ShelfJob};
use super::{exit, out, platform};
use crate::control::{CommandError, ExitCode};
use crate::text::sanitise;
use crate::ui::layered::Fault;
use crate::ui::theme::{Garment, Looks, Role, THEMES, Wardrobe, read};
use clap::{ArgMatches, Command};
use serde_json::{Value, json};
use std::cell::RefCell;
use std::path::{Path, PathBuf};
use tokio::sync::mpsc;

/// The command as the parser has it.
pub fn command() -> Command {
    let roles = Command::new("roles").about("List what a theme gives looks to");
    shelf::command(&THEMES, "List, show and check themes of the interface", Some(roles), true)
}

/// What its words ask for.
pub fn job(matches: &ArgMatches) -> Job {
    Job::Theme(shelf::job(matches))
}

/// Does it.
///
/// # Errors
/// There is no such theme; it cannot be read, or is not as it should be.
pub fn run(job: &ShelfJob, options: &Options, environment: &Environment) -> Result<ExitCode, CommandError> {
    let shelf = Shelf(shelf::Shelf::of(&THEMES, options, environment));
    let in_json = options.json || options.ndjson;
    match job {
        ShelfJob::List => shelf.0.list(in_json),
        ShelfJob::Parts if in_json => {
            let roles: Vec<Value> =
                Role::ALL.iter().map(|role| json!({ "name": role.name(), "doc": role.doc() })).collect();
            out::json(&json!({ "v": 1, "verb": "theme", "ok": true, "roles": roles }));
        }
        ShelfJob::Parts => Role::ALL.iter().for_each(|role| out::line(&format!("{:14} {}", role.name(), role.doc()))),
        ShelfJob::Show(None) => return Err(exit::usage("a theme is missing")),
        ShelfJob::Show(Some(name)) => shelf.0.show(name, &shelf.0.bytes(name)?, in_json),
        ShelfJob::Check(name) => return Ok(shelf.0.check(name, &shelf.looks(name)?.1, in_json)),
    }
    Ok(ExitCode::Ok)
}

/// Where themes of one's own are.
#[derive(Debug, Clone)]
pub struct Shelf(shelf::Shelf);

impl Shelf {
    /// The folder beside this ini file.
    pub fn beside(ini: &Path) -> Shelf {
        Shelf(shelf::Shelf::beside(&THEMES, ini))
    }

    /// The looks that a setting names, and what is odd about them in a line; with a fault of the whole, the terminal's.
    pub fn chosen(&self, name: &str) -> (Looks, Option<String>) {
        let name = named(name);
        match self.looks(name) {
            Err(why) => (Looks::default(), Some(why.message)),
            Ok((looks, faults)) => (looks, self.0.odd(name, &faults)),
        }
    }

    /// All names in order, each with its file or that it comes along.
    pub fn names(&self) -> impl Iterator<Item = (String, String)> {
        self.0.names()
    }

    fn looks(&self, name: &str) -> Result<(Looks, Vec<Fault>), CommandError> {
        Ok(read(&self.0.bytes(name)?, &|other| self.0.other(other)))
    }

    /// The files a theme is made of, and those that would go before one that comes along.
    fn files(&self, name: &str) -> Vec<PathBuf> {
        let names = RefCell::new(vec![name.to_owned()]);
        let other = |other: &str| {
            names.borrow_mut().push(other.to_owned());
            self.0.other(other)
        };
        if let Ok(bytes) = self.0.bytes(name) {
            read(&bytes, &other);
        }
        names.into_inner().iter().map(|name| self.0.place(name)).collect()
    }
}

impl Wardrobe for Shelf {
    fn names(&self) -> Vec<(String, bool)> {
        let all = self.0.all().into_iter().map(|(name, file)| (name, file.is_some()));
        // A name that commands a terminal is nobody's choice.
        all.filter(|(name, _)| sanitise(name) == *name).collect()
    }

    fn read(&self, name: &str) -> Garment {
        let name = named(name);
        let (looks, faults) = match self.looks(name) {
            Err(why) => return Garment { looks: Looks::default(), trouble: Some(sanitise(&why.message)) },
            Ok(read) => read,
        };
        let file = self.0.place(name);
        let file = file.file_name().unwrap_or_default().to_string_lossy();
        let first = faults.iter().find(|fault| !fault.is_note);
        let trouble = first.map(|fault| sanitise(&format!("{file}:{}: {}", fault.line, fault.words)));
        Garment { looks, trouble }
    }

    fn watch(&self, name: &str) -> Option<mpsc::Receiver<()>> {
        platform::watch(&self.files(named(name)))
    }
}

/// What is meant by what a setting says.
fn named(name: &str) -> &str {
    if name.trim().is_empty() { THEMES.first() } else { name.trim() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::theme::looks_of;

    fn shelf(files: &[(&str, &str)]) -> (tempfile::TempDir, Shelf) {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("themes")).unwrap();
        for (name, text) in files {
            std::fs::write(folder.path().join("themes").join(name), text).unwrap();
        }
        let shelf = Shelf::beside(&folder.path().join("microsip.ini"));
        (folder, shelf)
    }

    #[test]
    fn a_theme_of_ones_own_goes_before_the_one_of_that_name_and_may_begin_with_it() {
        let (_folder, shelf) = shelf(&[("nord.ini", "[theme]\ninherits=nord\n[roles]\nbad=underline\n")]);
        let (looks, odd) = shelf.chosen("nord");
        assert_eq!(odd, None);
        let theirs = looks_of("nord");
        assert_eq!(looks.of(Role::Good), theirs.of(Role::Good));
        assert_ne!(looks.of(Role::Bad), theirs.of(Role::Bad));
    }

    #[test]
    fn what_is_not_there_or_odd_is_told_in_a_line_and_the_rest_counts() {
        let (_folder, shelf) = shelf(&[("mine.ini", "[roles]\nbad=fat\ngood=bold\n")]);
        let (looks, odd) = shelf.chosen("nowhere");
        assert_eq!((looks, odd.as_deref()), (looks_of("terminal"), Some("there is no theme nowhere")));
        let (looks, odd) = shelf.chosen("mine");
        let odd = odd.unwrap();
        assert!(odd.starts_with("theme mine line 2: bad: 'fat' is no colour") && !odd.contains('\n'), "{odd}");
        assert_eq!(looks.of(Role::Good).add_modifier, ratatui::style::Modifier::BOLD);
        assert_eq!(shelf.chosen("").1, None);
        assert!(shelf.names().any(|(name, from)| name == "mine" && from.ends_with("mine.ini")));
    }
}
