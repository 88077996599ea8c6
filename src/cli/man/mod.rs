//! The pages of the manual, made of the tables: `man`, and the files under `man/`.

mod commands;
mod control;
mod roff;
mod settings;

use super::options::{Job, Options};
use super::{exit, out};
use crate::control::{CommandError, ExitCode};
use crate::text::plain_error;
use clap::{Arg, ArgMatches, Command, value_parser};
use roff::Roff;
use std::path::{Path, PathBuf};

/// When the words of these pages were last changed that stand in no table.
const DATE: &str = "2026-11-22";

/// The manual of programs.
const USER: &str = "User Commands";

/// What `man` is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManJob {
    /// A page, by its name or the command's; `None` = that of the program.
    pub page: Option<String>,
    /// All pages go into this folder instead, as man(1) looks for them.
    pub dir: Option<PathBuf>,
}

/// A page.
struct Page {
    name: String,
    section: u8,
    text: String,
}

impl Page {
    fn new(name: &str, section: u8, roff: Roff) -> Page {
        Page { name: name.to_owned(), section, text: roff.finish() }
    }

    /// Where it lies below a folder of pages.
    fn place(&self) -> PathBuf {
        Path::new(&format!("man{}", self.section)).join(format!("{}.{}", self.name, self.section))
    }

    /// By its whole name, by that of its command, or as a file is called.
    fn is_called(&self, name: &str) -> bool {
        let short = self.name.strip_prefix("tuiphone-");
        let is_named = self.section != 5 && (name == self.name || short == Some(name));
        is_named || name == format!("{}.{}", self.name, self.section)
    }
}

/// The command as the parser has it.
pub fn command() -> Command {
    Command::new("man")
        .about("Print a page of the manual, as roff, or write them all")
        .arg(Arg::new("page").value_name("PAGE").help("A command, or tuiphone, tuiphone.5, control"))
        .arg(
            Arg::new("dir")
                .long("dir")
                .value_name("DIR")
                .value_parser(value_parser!(PathBuf))
                .conflicts_with("page")
                .help("Write all pages below this folder, as man1/tuiphone.1 and so on"),
        )
}

/// What its words ask for.
pub fn job(matches: &ArgMatches) -> Job {
    let (page, dir) = (matches.get_one("page").cloned(), matches.get_one("dir").cloned());
    Job::Man(ManJob { page, dir })
}

/// Prints the page, or writes them all.
///
/// # Errors
/// There is no such page; a file cannot be written.
pub fn run(job: &ManJob, options: &Options) -> Result<ExitCode, CommandError> {
    let pages = pages();
    let Some(dir) = &job.dir else {
        let name = job.page.as_deref().unwrap_or("tuiphone");
        let page = pages.iter().find(|page| page.is_called(name)).ok_or_else(|| CommandError {
            hint: Some("tuiphone man COMMAND; tuiphone --help lists the commands".to_owned()),
            ..exit::usage(&format!("there is no page {name:?}"))
        })?;
        out::line(page.text.trim_end());
        return Ok(ExitCode::Ok);
    };
    for page in &pages {
        let path = dir.join(page.place());
        let folder = path.parent().unwrap_or(dir);
        let written = std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&path, &page.text));
        written.map_err(|why| CommandError {
            code: ExitCode::Unexpected,
            kind: "file",
            message: format!("cannot write {}: {}", path.display(), plain_error(&why)),
            hint: None,
        })?;
    }
    match options.json || options.ndjson {
        true => out::json(&serde_json::json!({"v": 1, "verb": "man", "ok": true, "dir": dir, "pages": pages.len()})),
        false if options.quiet => {}
        false => out::talk(&format!("tuiphone: {} pages are in {}", pages.len(), dir.display())),
    }
    Ok(ExitCode::Ok)
}

fn pages() -> Vec<Page> {
    let mut pages = vec![commands::program()];
    pages.extend(commands::all());
    pages.extend([settings::page(), control::page()]);
    pages
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::verb::VERBS;

    #[test]
    fn every_verb_has_a_page_and_each_is_found_by_its_names() {
        let pages = pages();
        for row in VERBS.iter().filter(|row| !["attach", "session-password"].contains(&row.name)) {
            let page = pages.iter().find(|page| page.is_called(row.name)).unwrap_or_else(|| panic!("{}", row.name));
            assert_eq!(page.place(), Path::new("man1").join(format!("tuiphone-{}.1", row.name)));
            assert!(row.examples.iter().all(|(line, _)| page.text.contains(&roff::escaped(line))), "{}", page.text);
        }
        for (name, place) in [
            ("tuiphone", "man1/tuiphone.1"),
            ("tuiphone.5", "man5/tuiphone.5"),
            ("control", "man7/tuiphone-control.7"),
            ("tuiphone-call", "man1/tuiphone-call.1"),
        ] {
            let page = pages.iter().find(|page| page.is_called(name)).map(Page::place);
            assert_eq!(page.as_deref(), Some(Path::new(place)));
        }
        assert!(!pages.iter().any(|page| page.is_called("attach") || page.is_called("")));
    }

    #[test]
    fn every_exit_code_is_on_the_page() {
        let text = commands::program().text;
        let (_, table) = text.split_once(".SH \"EXIT STATUS\"").expect("the section");
        let table = table.split(".SH").next().unwrap_or_default();
        let codes: Vec<u8> =
            table.lines().filter_map(|line| line.strip_prefix("\\fB")?.strip_suffix("\\fR")?.parse().ok()).collect();
        assert_eq!(codes, ExitCode::ALL.iter().map(|code| code.code()).collect::<Vec<_>>());
        assert!(
            ExitCode::ALL.iter().all(|code| table.replace('\n', " ").contains(&roff::escaped(code.meaning()))),
            "{table}"
        );
    }
}
