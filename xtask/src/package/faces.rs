//! The recipes of systems that build or fetch the program themselves: `contrib/packaging`, filled from the table, the sums of
//! what was built, and the address where that will lie. No address is made up, so there is none before a release.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use super::facts::{ABOUT, Facts, MAIL, MAINTAINER};
use super::tree::files;
use super::{PACKING, folder, sum, windows, wrong};
use crate::Failure;
use crate::run::{bounded, output, root, say};

/// What stands for `@name@` in a recipe.
type Values = BTreeMap<&'static str, String>;

/// Writes the archive of the sources, and every recipe whose files are here, for a release whose files lie at `from`.
pub fn write(facts: &Facts, from: &str, time: u64) -> Result<Vec<PathBuf>, Failure> {
    if !from.starts_with("https://") || from.contains(char::is_whitespace) {
        return Err(format!("{from}: recipes name an address that begins with https://"));
    }
    let source = source(facts)?;
    let mut values = values(facts, from.trim_end_matches('/'), &day(time)?);
    values.insert("source.sha256", sum(&source)?);
    let program = folder().join(windows(&facts.version));
    if program.is_file() {
        values.extend([("windows", windows(&facts.version)), ("windows.sha256", sum(&program)?)]);
    }
    let mut made = vec![source];
    let recipes = root().join("contrib/packaging");
    let out = folder().join("manifests");
    let _ = fs::remove_dir_all(&out);
    for recipe in files(&recipes)? {
        let at = out.join(recipe.strip_prefix(&recipes).map_err(|e| e.to_string())?);
        let text = fs::read_to_string(&recipe).map_err(|e| wrong(&recipe, &e))?;
        match filled(&text, &values) {
            Ok(text) => {
                fs::create_dir_all(at.parent().unwrap_or(&out)).map_err(|e| wrong(&at, &e))?;
                fs::write(&at, text).map_err(|e| wrong(&at, &e))?;
                made.push(at);
            }
            Err(missing) if missing.starts_with("windows") => {
                say(&format!("left out: {} (it needs package --target x86_64-pc-windows-gnu first)", recipe.display()));
            }
            Err(missing) => return Err(format!("{}: nothing is known of @{missing}@", recipe.display())),
        }
    }
    Ok(made)
}

/// The sources of the last commit: the archive that recipes build from.
fn source(facts: &Facts) -> Result<PathBuf, Failure> {
    if output("git", &["status", "--porcelain"]).is_none_or(|changed| !changed.trim().is_empty()) {
        return Err("the archive is made of a commit: commit first, or put away what is changed".into());
    }
    let tar = folder().join(archive(&facts.version).trim_end_matches(".xz"));
    fs::create_dir_all(folder()).map_err(|e| wrong(&folder(), &e))?;
    let mut git = Command::new("git");
    git.args(["-c", "tar.umask=0022", "archive", "--format=tar"]).current_dir(root());
    git.arg(format!("--prefix=tuiphone-{}/", facts.version)).arg("-o").arg(&tar).arg("HEAD");
    bounded(&mut git, PACKING)?;
    bounded(Command::new("xz").args(["-9e", "-T1", "-f"]).arg(&tar), PACKING)?;
    Ok(folder().join(archive(&facts.version)))
}

fn archive(version: &str) -> String {
    format!("tuiphone-{version}.tar.xz")
}

/// All that the table knows; the sums come to it.
fn values(facts: &Facts, from: &str, day: &str) -> Values {
    let licences = facts.licences();
    let quoted: Vec<String> = licences.iter().map(|licence| format!("\"{licence}\"")).collect();
    let about: Vec<String> = ABOUT.iter().map(|lines| lines.join(" ")).collect();
    Values::from([
        ("version", facts.version.clone()),
        ("summary", facts.summary.clone()),
        ("about", about.join(" ")),
        ("licence", facts.licence.clone()),
        ("licence.any", licences.join("|")),
        ("licence.list", quoted.join(", ")),
        ("maintainer", MAINTAINER.to_owned()),
        ("mail", MAIL.to_owned()),
        ("home", facts.home.clone().unwrap_or_else(|| from.to_owned())),
        ("from", from.to_owned()),
        ("source", archive(&facts.version)),
        ("day", day.to_owned()),
    ])
}

/// The text with every `@name@` replaced, or the name that has no value.
fn filled(text: &str, values: &Values) -> Result<String, String> {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('@') {
        out.push_str(before);
        let name = behind.split_once('@').filter(|(name, _)| is_name(name));
        rest = match name {
            Some((name, after)) => {
                out.push_str(values.get(name).ok_or_else(|| name.to_owned())?);
                after
            }
            None => {
                out.push('@');
                behind
            }
        };
    }
    Ok(out + rest)
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '.')
}

/// The day of a time, in UTC.
fn day(time: u64) -> Result<String, Failure> {
    let told = output("date", &["-u", "-d", &format!("@{time}"), "+%F"]);
    let told = told.or_else(|| output("date", &["-u", "-r", &time.to_string(), "+%F"]));
    told.map(|day| day.trim().to_owned()).ok_or_else(|| "date tells no day".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> Values {
        let facts = Facts::read().expect("facts");
        let mut values = values(&facts, "https://dl.example.net/1", "2026-01-31");
        values.extend([("source.sha256", "aa".repeat(32)), ("windows.sha256", "bb".repeat(32))]);
        values.insert("windows", windows(&facts.version));
        values
    }

    #[test]
    fn names_are_replaced_and_nothing_else() {
        let values = Values::from([("a", "1".to_owned()), ("b.c", "2".to_owned())]);
        assert_eq!(filled("x@a@y@b.c@@a@", &values).as_deref(), Ok("x1y21"));
        assert_eq!(filled("\"$@\" me@example.net @a@", &values).as_deref(), Ok("\"$@\" me@example.net 1"));
        assert_eq!(filled("@none@", &values), Err("none".to_owned()));
    }

    #[test]
    fn every_recipe_can_be_filled_and_has_no_fact_of_its_own() {
        let facts = Facts::read().expect("facts");
        let recipes = files(&root().join("contrib/packaging")).expect("recipes");
        assert!(recipes.len() >= 6, "{recipes:?}");
        for recipe in recipes {
            let text = fs::read_to_string(&recipe).expect("a recipe");
            assert!(!text.contains("https://dl.") && !text.contains(&facts.version), "{}", recipe.display());
            assert!(!text.contains(&facts.summary), "{}", recipe.display());
            let filled = filled(&text, &all());
            assert!(filled.as_ref().is_ok_and(|text| text.contains(&facts.version)), "{filled:?}");
        }
    }

    #[test]
    fn what_fetches_the_program_for_windows_waits_for_it_together() {
        let mut known = all();
        known.retain(|name, _| !name.starts_with("windows"));
        let recipes = files(&root().join("contrib/packaging")).expect("recipes");
        let waits = |recipe: &PathBuf| filled(&fs::read_to_string(recipe).expect("a recipe"), &known).is_err();
        let waiting: Vec<_> = recipes.iter().filter(|recipe| waits(recipe)).collect();
        let is_theirs =
            |recipe: &&PathBuf| recipe.ends_with("tuiphone.json") || recipe.to_string_lossy().contains("winget");
        assert_eq!(waiting, recipes.iter().filter(is_theirs).collect::<Vec<_>>());
    }

    #[test]
    fn the_container_is_built_by_the_toolchain_of_the_tree() {
        let pinned = fs::read_to_string(root().join("rust-toolchain.toml")).expect("the toolchain");
        let channel = pinned.split("channel = \"").nth(1).and_then(|rest| rest.split('"').next()).expect("a channel");
        let recipe = fs::read_to_string(root().join("contrib/docker/Dockerfile")).expect("the recipe");
        assert!(recipe.contains(&format!("FROM rust:{channel}-")), "{channel}");
    }

    #[test]
    fn an_address_that_is_none_is_refused() {
        let facts = Facts::read().expect("facts");
        for address in ["", "example.net", "http://example.net", "https://a b"] {
            assert!(write(&facts, address, 0).is_err_and(|why| why.contains("https://")), "{address}");
        }
        assert_eq!(day(0).as_deref(), Ok("1970-01-01"));
    }
}
