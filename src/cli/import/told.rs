//! A plan in words and as JSON. No password is told, nor an address with one in it.

use super::{Counts, Read};
use crate::cli::ini_files::IniFiles;
use crate::cli::keeping::Keep;
use crate::import::{Password, Plan};
use crate::text::{masked, sanitise};
use serde_json::{Value, json};

/// What there is, what is new, what stays and what cannot be brought over, a line each.
pub fn lines(read: &Read, plan: &Plan, counts: &Counts, files: &IniFiles) -> Vec<String> {
    let mut lines = vec!["found:".to_owned()];
    lines.extend(
        read.places.iter().map(|place| {
            format!("  {:<9} {}", place.form.source().word(), sanitise(&place.file.display().to_string()))
        }),
    );
    let mut new = Vec::new();
    for it in &plan.accounts {
        let password = match it.password {
            Password::Plain => "its password is known there",
            Password::Sealed => "its password is encrypted by MicroSIP: it will be asked for",
            Password::Hashed => "only a hash of its password is kept there: it will be asked for",
            Password::None => "no password is kept there",
        };
        new.push(format!("  account {}  {}; {password}", it.account.id.0, sanitise(&it.account.aor())));
    }
    for setting in &plan.settings {
        let value = sanitise(&masked(&setting.value));
        new.push(format!("  [{}] {}={value}", setting.section, sanitise(&setting.key)));
    }
    for (what, (found, new_ones)) in [("contacts", counts.contacts), ("calls", counts.calls)] {
        if new_ones > 0 {
            new.push(format!("  {new_ones} {what}, of {found} found"));
        }
    }
    if !new.is_empty() {
        lines.push(format!("to be brought over into {}:", files.ini.path.display()));
        lines.append(&mut new);
    }
    let mut stays: Vec<String> = plan.known_accounts.iter().map(|aor| format!("  account {aor}")).collect();
    if !plan.kept_settings.is_empty() {
        stays.push(format!("  settings {}", plan.kept_settings.join(" ")));
    }
    for (what, (found, new_ones)) in [("contacts", counts.contacts), ("calls", counts.calls)] {
        if found > new_ones {
            stays.push(format!("  {} {what}", found - new_ones));
        }
    }
    if !stays.is_empty() {
        lines.push("here already, and left as it is:".to_owned());
        lines.append(&mut stays);
    }
    if !read.notes.is_empty() {
        lines.push("not brought over:".to_owned());
        lines.extend(read.notes.iter().map(|note| format!("  {note}")));
    }
    lines
}

/// The same as JSON; `kept` = what became of passwords, `None` where nothing was done.
pub fn json(read: &Read, plan: &Plan, counts: &Counts, files: &IniFiles, kept: Option<Keep>) -> Value {
    let found = read.places.iter().map(
        |place| json!({ "softphone": place.form.source().word(), "file": sanitise(&place.file.display().to_string()) }),
    );
    let accounts = plan.accounts.iter().map(|it| {
        let password = match it.password {
            Password::Plain => "plain",
            Password::Sealed => "encrypted",
            Password::Hashed => "hashed",
            Password::None => "none",
        };
        json!({ "id": it.account.id.0, "aor": sanitise(&it.account.aor()), "password": password })
    });
    let settings = plan.settings.iter().map(|setting| {
        let value = sanitise(&masked(&setting.value));
        json!({ "section": setting.section, "key": sanitise(&setting.key), "value": value })
    });
    let count = |(found, new): (usize, usize)| json!({ "found": found, "new": new });
    json!({
        "v": 1, "verb": "import", "ok": true, "done": kept.is_some(), "ini": files.ini.path.display().to_string(),
        "found": found.collect::<Vec<_>>(), "accounts": accounts.collect::<Vec<_>>(),
        "known_accounts": plan.known_accounts, "settings": settings.collect::<Vec<_>>(),
        "kept_settings": plan.kept_settings, "contacts": count(counts.contacts), "calls": count(counts.calls),
        "passwords": kept.map(Keep::word), "notes": read.notes,
    })
}
