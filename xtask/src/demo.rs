//! `cargo xtask demo`: from nothing to a ringing phone.

use std::process::Command;

use crate::run::{cargo, program, say};
use crate::{Failure, system};

/// Fetches, builds (optimised: this is a newcomer's first impression), and hands the terminal to the phone.
pub fn run(install: bool, arguments: &[String]) -> Result<(), Failure> {
    system::prepare(install)?;
    cargo(&["build", "--release", "--locked", "--bin", "tuiphone"])?;
    say("tuiphone demo");
    let status = Command::new(program("release")).arg("demo").args(arguments).status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("tuiphone demo ended with {status}")),
        Err(e) => Err(format!("cannot start {}: {e}", program("release").display())),
    }
}
