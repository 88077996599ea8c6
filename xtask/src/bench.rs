//! `cargo xtask bench`: figures made by the program, never typed.

use crate::run::cargo;
use crate::{Failure, system};

/// Builds a release and measures it.
pub fn run(install: bool) -> Result<(), Failure> {
    system::prepare(install)?;
    cargo(&["build", "--release", "--locked", "--bin", "tuiphone"])?;
    Err("nothing to measure yet".into())
}
