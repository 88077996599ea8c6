//! `licenses`: what the program is made of, and under which licences; and what `--version` tells of it as JSON.

use super::options::Options;
use super::out;
use crate::control::ExitCode;
use clap::Command;
use serde_json::{Value, json};

/// A line for each package: name, version, licence. Written by `cargo xtask licences --write`.
const PACKAGES: &str = include_str!("licenses.txt");

/// What a build may have or not.
const FEATURES: [(&str, bool); 9] = [
    ("apm", cfg!(feature = "apm")),
    ("audio", cfg!(feature = "audio")),
    ("carddav", cfg!(feature = "carddav")),
    ("history", cfg!(feature = "history")),
    ("http", cfg!(feature = "http")),
    ("ldap", cfg!(feature = "ldap")),
    ("mqtt", cfg!(feature = "mqtt")),
    ("rnnoise", cfg!(feature = "rnnoise")),
    ("tls", cfg!(feature = "tls")),
];

/// The command as the parser has it.
pub fn command() -> Command {
    Command::new("licenses").about("List what the program is made of, and its licences")
}

/// Prints them.
pub fn run(options: &Options) -> ExitCode {
    if options.json || options.ndjson {
        let package = |(name, version, license)| json!({ "name": name, "version": version, "license": license });
        let packages: Vec<Value> = packages().map(package).collect();
        out::json(&json!({ "v": 1, "verb": "licenses", "ok": true, "licenses": packages }));
    } else {
        packages().for_each(|(name, version, license)| out::line(&format!("{name:32} {version:12} {license}")));
    }
    ExitCode::Ok
}

/// The version, and what this build of it is.
pub fn version() -> Value {
    let features: Vec<&str> = features().collect();
    json!({ "v": 1, "ok": true, "version": env!("CARGO_PKG_VERSION"), "target": env!("TARGET"), "features": features })
}

/// What this build has beside what every build has, in order of the alphabet.
pub fn features() -> impl Iterator<Item = &'static str> {
    FEATURES.into_iter().filter(|(_, has)| *has).map(|(name, _)| name)
}

/// Name, version, licence of each.
fn packages() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    PACKAGES.lines().filter_map(|line| {
        let (name, rest) = line.split_once(' ')?;
        let (version, license) = rest.split_once(' ')?;
        Some((name, version, license))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_is_a_package() {
        assert_eq!(packages().count(), PACKAGES.lines().count());
        for of_c in ["SQLite", "libopus", "ring"] {
            assert!(packages().any(|(name, ..)| name == of_c), "{of_c}");
        }
    }

    #[test]
    fn every_feature_is_told() {
        let manifest = include_str!("../../Cargo.toml");
        let table = manifest.split("[features]").nth(1).and_then(|rest| rest.split("\n[").next()).unwrap();
        let mut named: Vec<&str> =
            table.lines().filter_map(|line| line.split_once(" = ")).map(|(name, _)| name).collect();
        // Sets of the others.
        named.retain(|name| !["default", "headless"].contains(name));
        named.sort_unstable();
        assert_eq!(named, FEATURES.map(|(name, _)| name));
    }
}
