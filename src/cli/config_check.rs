//! `config check`: what is odd in the files, told line by line.

use super::config_verb::sanitise_line;
use super::ini_files::IniFiles;
use super::options::Options;
use super::{keymap, languages, out, theme};
use crate::config::{self, Fault, Finding, Found, Warning};
use crate::control::ExitCode;
use serde_json::{Value, json};
use std::path::Path;

/// Tells of them, as lines or as JSON.
pub(super) fn run(files: &IniFiles, options: &Options) -> ExitCode {
    let mut findings = config::check(&files.main, &files.overlays);
    findings.extend(unseen_choices(files));
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

/// What is odd about a theme, keymap or language that is chosen: it stays as it is written, and the default is seen until it is
/// there.
pub(super) fn unseen(name: &str, value: &str, ini: &Path) -> Option<String> {
    match name.to_ascii_lowercase().as_str() {
        "tuiphone.theme" => theme::Shelf::beside(ini).chosen(value).1,
        "tuiphone.keymap" => keymap::Shelf::beside(ini).chosen(value).1,
        "tuiphone.language" => languages::own(value, ini).1,
        _ => None,
    }
}

/// Of what the interface is to look like, what is not there.
fn unseen_choices(files: &IniFiles) -> Vec<Finding> {
    let layers = files.layers();
    let of = |key: &str| {
        let Found { value, layer, line } = layers.find("tuiphone", key)?;
        let message = unseen(&format!("tuiphone.{key}"), &value, &files.ini.path)?;
        let (section, key) = ("tuiphone".to_owned(), key.to_owned());
        Some(Finding {
            fault: Fault::Value,
            warning: Warning { layer, line, section, key, message, is_of_value: true },
        })
    };
    ["theme", "keymap", "language"].into_iter().filter_map(of).collect()
}

fn finding_json(Finding { fault, warning }: &Finding, files: &IniFiles) -> Value {
    json!({
        "file": files.path(warning.layer).display().to_string(), "line": warning.line, "section": warning.section,
        "key": warning.key, "kind": fault.word(), "note": fault.is_note(), "message": sanitise_line(&warning.message),
    })
}
