//! `cargo xtask doctor`: what is here, what is missing, what that costs.

use crate::Failure;
use crate::run::{output, which};
use crate::system;
use crate::test::PEERS;

/// Prints the state of the machine; with `install` fetches what the build needs first.
pub fn run(install: bool) -> Result<(), Failure> {
    if install {
        system::prepare(true)?;
    }
    println!("build");
    let rust = output("rustc", &["--version"]);
    row(rust.is_some(), rust.as_deref().unwrap_or("rustc").trim(), "");
    for need in &system::NEEDS {
        row(need.is_here(), need.name, need.why);
    }
    println!("real peers for the tests (optional; the tests that need a missing one are skipped)");
    for peer in &PEERS {
        row(which(peer.program).is_some(), peer.program, peer.why);
    }
    let missing = system::NEEDS.iter().filter(|n| !n.is_here()).count();
    if missing > 0 {
        return Err(format!("{missing} missing for the build; `cargo xtask doctor --install` fetches them"));
    }
    Ok(())
}

fn row(here: bool, name: &str, why: &str) {
    let line = format!("  {} {name:<24} {why}", if here { "ok     " } else { "missing" });
    println!("{}", line.trim_end());
}
