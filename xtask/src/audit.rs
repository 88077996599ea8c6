//! `cargo xtask audit`: what is known to be wrong with the dependencies, their licences and where they come from, as
//! `deny.toml` has it, by cargo-deny.

use std::process::Command;

use crate::Failure;
use crate::run::{LONG, bounded, output, root, say};

/// Names a copy of the repository of advisories, for machines that cannot reach it.
const COPY: &str = "TUIPHONE_ADVISORIES";
/// Where the advisories come from.
const ADVISORIES: &str = "https://github.com/rustsec/advisory-db";

/// Runs every check, those that need no network first.
pub fn run() -> Result<(), Failure> {
    if output("cargo", &["deny", "--version"]).is_none() {
        return Err("cargo-deny is not here: cargo install --locked cargo-deny".into());
    }
    let known = deny(&["bans", "licenses", "sources"]).map_err(|why| format!("licences, origins, versions: {why}"));
    // Whether nothing came or something was found is said by cargo-deny, above.
    let advisories = deny(&["advisories"]).map_err(|why| {
        format!("advisories: {why}; they come from {ADVISORIES}, or from the copy of it that {COPY} names")
    });
    known.and(advisories)
}

fn deny(checks: &[&str]) -> Result<(), Failure> {
    let mut command = Command::new("cargo");
    command
        .current_dir(root())
        .args(["deny", "--all-features", "--locked", "check", "--hide-inclusion-graph"])
        .args(checks);
    if let Some(copy) = std::env::var_os(COPY) {
        let key = format!("url.{}.insteadOf", copy.to_string_lossy());
        command.env("GIT_CONFIG_COUNT", "1").env("GIT_CONFIG_KEY_0", key).env("GIT_CONFIG_VALUE_0", ADVISORIES);
    }
    say(&format!("cargo deny check {}", checks.join(" ")));
    bounded(&mut command, LONG)
}
