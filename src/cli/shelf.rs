//! Themes, keymaps and languages: those that come along, those of one's own in a folder beside the ini file, and the verbs that list,
//! show and check them.

use super::options::Options;
use super::paths::Environment;
use super::{exit, out};
use crate::control::{CommandError, ExitCode};
use crate::text::{plain_error, sanitise, say};
use crate::ui::layered::{Fault, Kind};
use clap::{Arg, ArgMatches, Command};
use serde_json::{Value, json};
use std::io::Read;
use std::path::{Path, PathBuf};

/// Files of one's own that are listed.
const MOST: usize = 500;

/// What is asked of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ShelfJob {
    /// What there is.
    List,
    /// What such a file may name.
    Parts,
    /// The file of one, to begin one's own with.
    Show(Option<String>),
    /// Whether one is as it should be.
    Check(String),
}

/// The commands of a kind as the parser has them; `parts` lists what such a file may name, `show_names`: `show` is to be told
/// which one.
pub fn command(kind: &'static Kind, about: &'static str, parts: Option<Command>, show_names: bool) -> Command {
    let word = kind.word;
    let name = || Arg::new("name").value_name(word.to_uppercase()).help("Its name or file");
    Command::new(kind.verb)
        .about(about)
        .subcommand(Command::new("list").about(format!("List the {word}s there are")))
        .subcommands(parts)
        .subcommand(Command::new("show").about(format!("Print the file of a {word}")).arg(name().required(show_names)))
        .subcommand(
            Command::new("check")
                .about(format!("Say what is wrong with a {word}, line by line"))
                .arg(name().required(true)),
        )
}

/// What its words ask for.
pub fn job(matches: &ArgMatches) -> ShelfJob {
    let name = |below: &ArgMatches| below.get_one::<String>("name").cloned();
    match matches.subcommand() {
        Some(("show", below)) => ShelfJob::Show(name(below)),
        Some(("check", below)) => ShelfJob::Check(name(below).unwrap_or_default()),
        None | Some(("list", _)) => ShelfJob::List,
        Some(_) => ShelfJob::Parts,
    }
}

/// True where a name is that of a file.
pub fn is_path(kind: &Kind, name: &str) -> bool {
    name.contains(['/', '\\']) || name.strip_suffix(kind.extension).is_some_and(|name| name.ends_with('.'))
}

/// Where those of one kind are.
#[derive(Debug, Clone)]
pub struct Shelf {
    kind: &'static Kind,
    folder: PathBuf,
}

impl Shelf {
    /// That of the ini file which these options mean.
    pub fn of(kind: &'static Kind, options: &Options, environment: &Environment) -> Shelf {
        let named = options.ini.as_ref().map(|ini| ini.to_string_lossy());
        Shelf::beside(kind, &environment.ini(named.as_deref()).path)
    }

    /// The folder beside this ini file.
    pub fn beside(kind: &'static Kind, ini: &Path) -> Shelf {
        Shelf { kind, folder: ini.with_file_name(kind.folder) }
    }

    /// What is odd about one in a line, if anything is.
    pub fn odd(&self, name: &str, faults: &[Fault]) -> Option<String> {
        let first = faults.iter().find(|fault| !fault.is_note)?;
        Some(sanitise(&say!("file-odd", kind = self.kind.word, name, fault = first.told(name))))
    }

    /// Prints the names, each with the file of one's own.
    pub fn list(&self, in_json: bool) {
        let (all, word, verb) = (self.all(), self.kind.word, self.kind.verb);
        if in_json {
            let names: Vec<Value> =
                all.iter().map(|(name, file)| json!({ "name": name, "file": file.as_ref() })).collect();
            out::json(&json!({ "v": 1, "verb": verb, "ok": true, (format!("{word}s")): names }));
            return;
        }
        for (name, file) in all {
            let from = file.map(|file| format!("  {}", file.display())).unwrap_or_default();
            out::line(&sanitise(&format!("{name}{from}")));
        }
    }

    /// Prints a file.
    pub fn show(&self, name: &str, bytes: &[u8], in_json: bool) {
        let text = String::from_utf8_lossy(bytes);
        if in_json {
            out::json(&json!({ "v": 1, "verb": self.kind.verb, "ok": true, "name": name, "text": text }));
        } else {
            text.lines().for_each(|line| out::line(&sanitise(line)));
        }
    }

    /// Prints what is wrong with one.
    pub fn check(&self, name: &str, faults: &[Fault], in_json: bool) -> ExitCode {
        let wrong = faults.iter().filter(|fault| !fault.is_note).count();
        if in_json {
            let fault = |it: &Fault| json!({ "line": it.line, "message": it.words, "note": it.is_note });
            let faults: Vec<Value> = faults.iter().map(fault).collect();
            out::json(&json!({ "v": 1, "verb": self.kind.verb, "ok": wrong == 0, "name": name, "faults": faults }));
        } else {
            let name = sanitise(name);
            faults.iter().for_each(|fault| out::line(&fault.told(&name)));
            if faults.is_empty() {
                out::line(&format!("{name}: nothing is odd"));
            }
        }
        if wrong == 0 { ExitCode::Ok } else { ExitCode::Config }
    }

    /// The file of this name, of one's own or one that comes along.
    ///
    /// # Errors
    /// There is none; it cannot be read.
    pub fn bytes(&self, name: &str) -> Result<Vec<u8>, CommandError> {
        let word = self.kind.word;
        let Some(file) = self.own(name) else {
            let built_in = self.kind.find(name).map(|one| one.text.as_bytes().to_vec());
            return built_in.ok_or_else(|| {
                let mut error = exit::config(format!("there is no {word} {}", sanitise(name)), None);
                error.hint = Some(format!("tuiphone {} list", self.kind.verb));
                error
            });
        };
        contents(&file, self.kind.max_bytes).map_err(|why| {
            exit::config(format!("cannot read the {word} {}: {}", file.display(), plain_error(&why)), None)
        })
    }

    /// The bytes of one of one's own, for another that begins with it.
    pub fn other(&self, name: &str) -> Option<Vec<u8>> {
        self.own(name).and_then(|file| contents(&file, self.kind.max_bytes).ok())
    }

    /// The file where one of one's own of this name is, or would be.
    pub fn place(&self, name: &str) -> PathBuf {
        let extension = self.kind.extension;
        if is_path(self.kind, name) { PathBuf::from(name) } else { self.folder.join(format!("{name}.{extension}")) }
    }

    /// The file of this name that somebody wrote, if there is one: a file's own path, or a name in the folder.
    pub fn own(&self, name: &str) -> Option<PathBuf> {
        let file = self.place(name);
        (is_path(self.kind, name) || file.is_file()).then_some(file)
    }

    /// All names in order, each with its file or that it comes along.
    pub fn names(&self) -> impl Iterator<Item = (String, String)> {
        let from = |file: Option<PathBuf>| file.map_or("comes along".to_owned(), |file| file.display().to_string());
        self.all().into_iter().map(move |(name, file)| (name, from(file)))
    }

    /// All names in order, each with the file of one's own.
    pub fn all(&self) -> Vec<(String, Option<PathBuf>)> {
        let mut all: Vec<(String, Option<PathBuf>)> =
            self.kind.built_in.iter().map(|one| (one.name.to_owned(), self.own(one.name))).collect();
        let mut more: Vec<(String, Option<PathBuf>)> = std::fs::read_dir(&self.folder)
            .into_iter()
            .flatten()
            .take(MOST)
            .filter_map(|entry| {
                let file = entry.ok()?.path();
                let name = file.file_stem()?.to_str()?.to_owned();
                let is_one =
                    file.extension().is_some_and(|ext| ext == self.kind.extension) && self.kind.find(&name).is_none();
                is_one.then_some((name, Some(file)))
            })
            .collect();
        more.sort();
        all.extend(more);
        all
    }
}

/// No more than such a file may have, and one byte that tells that there is more.
fn contents(file: &Path, max_bytes: usize) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    std::fs::File::open(file)?.take(max_bytes as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}
