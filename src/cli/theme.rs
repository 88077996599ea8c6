//! Themes: those that come along, those of one's own in the folder `themes` beside the ini file, and `tuiphone theme`.

use super::options::{Job, Options};
use super::paths::Environment;
use super::{exit, out};
use crate::control::{CommandError, ExitCode};
use crate::text::{plain_error, sanitise};
use crate::ui::theme::{BUILT_IN, BuiltIn, Fault, Looks, MAX_FILE, Role, read};
use clap::{Arg, ArgMatches, Command};
use serde_json::{Value, json};
use std::io::Read;
use std::path::{Path, PathBuf};

/// Themes of one's own that are listed.
const MOST: usize = 500;

/// What is asked of themes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ThemeJob {
    /// What there is.
    List,
    /// What a theme file may name.
    Roles,
    /// The file of one, to begin one's own with.
    Show(String),
    /// Whether one is as it should be.
    Check(String),
}

/// The command as the parser has it.
pub fn command() -> Command {
    let name = || Arg::new("name").value_name("THEME");
    Command::new("theme")
        .about("List, show and check themes of the interface")
        .subcommand(Command::new("list").about("List the themes there are"))
        .subcommand(Command::new("roles").about("List what a theme gives looks to"))
        .subcommand(
            Command::new("show").about("Print the file of a theme").arg(name().required(true).help("Its name or file")),
        )
        .subcommand(
            Command::new("check")
                .about("Say what is wrong with a theme, line by line")
                .arg(name().required(true).help("Its name or file")),
        )
}

/// What its words ask for.
pub fn job(matches: &ArgMatches) -> Job {
    let name = |below: &ArgMatches| below.get_one::<String>("name").cloned().unwrap_or_default();
    Job::Theme(match matches.subcommand() {
        Some(("roles", _)) => ThemeJob::Roles,
        Some(("show", below)) => ThemeJob::Show(name(below)),
        Some(("check", below)) => ThemeJob::Check(name(below)),
        _ => ThemeJob::List,
    })
}

/// Does it.
///
/// # Errors
/// There is no such theme; it cannot be read, or is not as it should be.
pub fn run(job: &ThemeJob, options: &Options, environment: &Environment) -> Result<ExitCode, CommandError> {
    let shelf = Shelf::of(options, environment);
    let in_json = options.json || options.ndjson;
    match job {
        ThemeJob::List => {
            let all = shelf.all();
            if in_json {
                let themes: Vec<Value> =
                    all.iter().map(|(name, file)| json!({ "name": name, "file": file.as_ref() })).collect();
                out::json(&json!({ "v": 1, "verb": "theme", "ok": true, "themes": themes }));
            } else {
                for (name, file) in all {
                    let from = file.map(|file| format!("  {}", file.display())).unwrap_or_default();
                    out::line(&sanitise(&format!("{name}{from}")));
                }
            }
            Ok(ExitCode::Ok)
        }
        ThemeJob::Roles if in_json => {
            let roles: Vec<Value> =
                Role::ALL.iter().map(|role| json!({ "name": role.name(), "doc": role.doc() })).collect();
            out::json(&json!({ "v": 1, "verb": "theme", "ok": true, "roles": roles }));
            Ok(ExitCode::Ok)
        }
        ThemeJob::Roles => {
            Role::ALL.iter().for_each(|role| out::line(&format!("{:14} {}", role.name(), role.doc())));
            Ok(ExitCode::Ok)
        }
        ThemeJob::Show(name) => {
            let bytes = shelf.bytes(name)?;
            let text = String::from_utf8_lossy(&bytes);
            if in_json {
                out::json(&json!({ "v": 1, "verb": "theme", "ok": true, "name": name, "text": text }));
            } else {
                text.lines().for_each(|line| out::line(&sanitise(line)));
            }
            Ok(ExitCode::Ok)
        }
        ThemeJob::Check(name) => {
            let (_, faults) = shelf.looks(name)?;
            let wrong = faults.iter().filter(|fault| !fault.is_note).count();
            if in_json {
                let faults: Vec<Value> = faults.iter().map(fault_json).collect();
                out::json(&json!({ "v": 1, "verb": "theme", "ok": wrong == 0, "name": name, "faults": faults }));
            } else {
                let name = sanitise(name);
                faults.iter().for_each(|fault| out::line(&format!("{name}{}", told(fault))));
                if faults.is_empty() {
                    out::line(&format!("{name}: nothing is odd"));
                }
            }
            Ok(if wrong == 0 { ExitCode::Ok } else { ExitCode::Config })
        }
    }
}

fn fault_json(fault: &Fault) -> Value {
    json!({ "line": fault.line, "message": fault.words, "note": fault.is_note })
}

/// A fault behind the name of its theme.
fn told(fault: &Fault) -> String {
    let line = if fault.line > 0 { format!(" line {}", fault.line) } else { String::new() };
    let note = if fault.is_note { " note:" } else { "" };
    format!("{line}:{note} {}", fault.words)
}

/// Where themes of one's own are.
#[derive(Debug, Clone)]
pub struct Shelf {
    folder: PathBuf,
}

impl Shelf {
    /// That of the ini file which these options mean.
    pub fn of(options: &Options, environment: &Environment) -> Shelf {
        let named = options.ini.as_ref().map(|ini| ini.to_string_lossy());
        Shelf::beside(&environment.ini(named.as_deref()).path)
    }

    /// The folder beside this ini file.
    pub fn beside(ini: &Path) -> Shelf {
        Shelf { folder: ini.with_file_name("themes") }
    }

    /// The looks that a setting names, and what is odd about them in a line; with a fault of the whole, the terminal's.
    pub fn chosen(&self, name: &str) -> (Looks, Option<String>) {
        let name = if name.trim().is_empty() { "terminal" } else { name.trim() };
        match self.looks(name) {
            Err(why) => (Looks::default(), Some(why.message)),
            Ok((looks, faults)) => {
                let first = faults.iter().find(|fault| !fault.is_note);
                let more = || format!("; tuiphone theme check {name} tells all");
                (looks, first.map(|fault| sanitise(&format!("theme {name}{}{}", told(fault), more()))))
            }
        }
    }

    fn looks(&self, name: &str) -> Result<(Looks, Vec<Fault>), CommandError> {
        let bytes = self.bytes(name)?;
        Ok(read(&bytes, &|other| self.own(other).and_then(|file| contents(&file).ok())))
    }

    fn bytes(&self, name: &str) -> Result<Vec<u8>, CommandError> {
        let shown = sanitise(name);
        let own = self.own(name);
        let Some(file) = own else {
            let built_in = BuiltIn::find(name).map(|theme| theme.text().as_bytes().to_vec());
            return built_in.ok_or_else(|| {
                let hint = Some("tuiphone theme list");
                exit::config(format!("there is no theme {shown}"), hint)
            });
        };
        contents(&file).map_err(|why| {
            exit::config(format!("cannot read the theme {}: {}", file.display(), plain_error(&why)), None)
        })
    }

    /// The file of this name that somebody wrote, if there is one: a file's own path, or a name in the folder.
    fn own(&self, name: &str) -> Option<PathBuf> {
        let is_path = name.contains(['/', '\\']) || name.ends_with(".ini");
        let file = if is_path { PathBuf::from(name) } else { self.folder.join(format!("{name}.ini")) };
        (is_path || file.is_file()).then_some(file)
    }

    /// All names in order, each with its file or that it comes along.
    pub fn names(&self) -> impl Iterator<Item = (String, String)> {
        let from = |file: Option<PathBuf>| file.map_or("comes along".to_owned(), |file| file.display().to_string());
        self.all().into_iter().map(move |(name, file)| (name, from(file)))
    }

    /// All names in order, each with the file of one's own.
    fn all(&self) -> Vec<(String, Option<PathBuf>)> {
        let mut all: Vec<(String, Option<PathBuf>)> =
            BUILT_IN.iter().map(|theme| (theme.name.to_owned(), self.own(theme.name))).collect();
        let mut more: Vec<(String, Option<PathBuf>)> = std::fs::read_dir(&self.folder)
            .into_iter()
            .flatten()
            .take(MOST)
            .filter_map(|entry| {
                let file = entry.ok()?.path();
                let name = file.file_stem()?.to_str()?.to_owned();
                let is_theme = file.extension().is_some_and(|ext| ext == "ini") && BuiltIn::find(&name).is_none();
                is_theme.then_some((name, Some(file)))
            })
            .collect();
        more.sort();
        all.extend(more);
        all
    }
}

/// No more than a theme may have, and one byte that tells that there is more.
fn contents(file: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    std::fs::File::open(file)?.take(MAX_FILE as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::theme::Role;

    fn shelf(files: &[(&str, &str)]) -> (tempfile::TempDir, Shelf) {
        let folder = tempfile::tempdir().unwrap();
        let shelf = Shelf::beside(&folder.path().join("microsip.ini"));
        std::fs::create_dir(&shelf.folder).unwrap();
        for (name, text) in files {
            std::fs::write(shelf.folder.join(name), text).unwrap();
        }
        (folder, shelf)
    }

    #[test]
    fn a_theme_of_ones_own_goes_before_the_one_of_that_name_and_may_begin_with_it() {
        let (_folder, shelf) = shelf(&[("nord.ini", "[theme]\ninherits=nord\n[roles]\nbad=underline\n")]);
        let (looks, odd) = shelf.chosen("nord");
        assert_eq!(odd, None);
        let theirs = BuiltIn::find("nord").unwrap().looks();
        assert_eq!(looks.of(Role::Good), theirs.of(Role::Good));
        assert_ne!(looks.of(Role::Bad), theirs.of(Role::Bad));
    }

    #[test]
    fn what_is_not_there_or_odd_is_told_in_a_line_and_the_rest_counts() {
        let (_folder, shelf) = shelf(&[("mine.ini", "[roles]\nbad=fat\ngood=bold\n")]);
        let (looks, odd) = shelf.chosen("nowhere");
        assert_eq!(
            (looks, odd.as_deref()),
            (BuiltIn::find("terminal").unwrap().looks(), Some("there is no theme nowhere"))
        );
        let (looks, odd) = shelf.chosen("mine");
        let odd = odd.unwrap();
        assert!(odd.starts_with("theme mine line 2: bad: 'fat' is no colour") && !odd.contains('\n'), "{odd}");
        assert_eq!(looks.of(Role::Good).add_modifier, ratatui::style::Modifier::BOLD);
        assert_eq!(shelf.chosen("").1, None);
        assert!(shelf.all().iter().any(|(name, file)| name == "mine" && file.is_some()));
    }
}
