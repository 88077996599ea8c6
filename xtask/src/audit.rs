//! `cargo xtask audit`: what is known to be wrong with the dependencies, their licences and where they come from, as
//! `deny.toml` has it, by cargo-deny.

use std::process::Command;

use crate::Failure;
use crate::run::{LONG, bounded, output, root, say};

/// Folder of a copy of the advisories, for machines that cannot reach them: a repository as cargo-deny keeps it.
const COPIES: &str = "TUIPHONE_ADVISORIES";

/// Runs every check that can be run here; the one that cannot be is a failure of its own, told last.
pub fn run() -> Result<(), Failure> {
    if output("cargo", &["deny", "--version"]).is_none() {
        return Err("cargo-deny is not here: cargo install --locked cargo-deny".into());
    }
    let known = deny(&["bans", "licenses", "sources"]);
    let copies = std::env::var_os(COPIES);
    // A failed fetch and a finding are both a failure; which it was is said by cargo-deny above.
    let advisories = deny(if copies.is_some() { &["--disable-fetch", "advisories"][..] } else { &["advisories"] });
    match (known, advisories) {
        (Ok(()), Ok(())) => Ok(()),
        (Ok(()), Err(why)) => Err(format!(
            "advisories: {why}\n  they come from github.com/rustsec/advisory-db; without a way there {COPIES} names a \
             copy of it"
        )),
        (Err(why), Ok(())) => Err(format!("licences, sources, versions: {why}")),
        (Err(why), Err(other)) => Err(format!("licences, sources, versions: {why}; advisories: {other}")),
    }
}

fn deny(checks: &[&str]) -> Result<(), Failure> {
    let mut command = Command::new("cargo");
    command.current_dir(root()).args(["deny", "--all-features", "--locked", "check"]).args(checks);
    say(&format!("cargo deny check {}", checks.join(" ")));
    bounded(&mut command, LONG)
}
