//! `config check`: what is odd in the files, told line by line.

use super::config_verb::sanitise_line;
use super::ini_files::IniFiles;
use super::options::Options;
use super::{keymap, languages, out, theme};
use crate::config::ini::Item;
use crate::config::schema::{Kind, Known, Place, Row};
use crate::config::{self, Fault, Finding, Warning};
use crate::control::ExitCode;
use crate::text::plain_error;
use serde_json::{Value, json};
use std::path::Path;

/// Tells of them, as lines or as JSON.
pub(super) fn run(files: &IniFiles, options: &Options) -> ExitCode {
    let mut findings = config::check(&files.main, &files.overlays);
    findings.extend(unseen_files(files));
    findings.sort_by_key(|finding| (finding.warning.layer, finding.warning.line));
    let is_well = findings.iter().all(|finding| finding.fault.is_note());
    if options.json {
        let list: Vec<Value> = findings.iter().map(|finding| finding_json(finding, files)).collect();
        let path = files.ini.path.display().to_string();
        out::json(&json!({ "v": 1, "verb": "config", "ok": is_well, "path": path, "findings": list }));
    } else {
        // What is wrong comes first, and what is good to know behind it.
        let (notes, faults): (Vec<&Finding>, Vec<_>) = findings.iter().partition(|finding| finding.fault.is_note());
        let notes = notes.into_iter().filter(|_| !options.quiet);
        let shown = faults.into_iter().chain(notes);
        shown.for_each(|finding| out::line(&sanitise_line(&files.located(&finding.warning))));
        if findings.is_empty() && !options.quiet {
            out::line(&format!("{}: nothing is odd", files.ini.path.display()));
        }
    }
    if is_well { ExitCode::Ok } else { ExitCode::Config }
}

/// What is odd about a value that leads to a file: it stays as it is written, until the file is there.
pub(super) fn unseen(row: &Row, value: &str, ini: &Path) -> Option<String> {
    match row.key {
        "theme" => theme::Shelf::beside(ini).chosen(value).1,
        "keymap" => keymap::Shelf::beside(ini).chosen(value).1,
        "language" => languages::own(value, ini).1,
        _ if row.kind == Kind::File && !value.is_empty() => match std::fs::metadata(value) {
            Ok(found) if found.is_dir() => Some(format!("{value} is a folder, and no file")),
            Ok(found) if !found.is_file() => Some(format!("{value} is no file")),
            found => found
                .and_then(|_| std::fs::File::open(value))
                .err()
                .map(|why| format!("cannot read {value}: {}", plain_error(&why))),
        },
        _ => None,
    }
}

/// What values in force lead to, and is not there.
fn unseen_files(files: &IniFiles) -> Vec<Finding> {
    let layers = files.layers();
    let mut findings = Vec::new();
    for (layer, document) in layers.documents().enumerate() {
        let (mut section, mut place) = ("", None);
        for (line, item) in document.items() {
            match (item, &place) {
                (Item::Section(name), _) => (section, place) = (name, Place::of(name)),
                (Item::Pair(key, value), Some(of)) => {
                    let Known::Read(row) = of.known(key) else { continue };
                    let Some(message) = unseen(row, value, &files.ini.path) else { continue };
                    let found = layers.find(section, key);
                    if found.is_some_and(|found| (found.layer, found.line) == (layer, Some(line))) {
                        let (section, key) = (section.to_owned(), key.to_owned());
                        let warning = Warning { layer, line: Some(line), section, key, message, is_of_value: true };
                        findings.push(Finding { fault: Fault::Value, warning });
                    }
                }
                _ => {}
            }
        }
    }
    findings
}

fn finding_json(Finding { fault, warning }: &Finding, files: &IniFiles) -> Value {
    json!({
        "file": files.path(warning.layer).display().to_string(), "line": warning.line, "section": warning.section,
        "key": warning.key, "kind": fault.word(), "note": fault.is_note(), "message": sanitise_line(&warning.message),
    })
}
