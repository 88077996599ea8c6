//! `cargo xtask windows`: the program for Windows, built, run and looked at; under Wine, or on Windows itself.
//!
//! Each part is a file below and has a subject; a look is a line of the output, and one that is wrong fails the chore.

mod calls;
mod checks;
mod console;
mod links;
mod machine;
mod messages;
mod pipe;
mod program;
mod settings;
mod sound;

use std::path::PathBuf;

use crate::run::{LONG, cargo_for, is_ci, root, say, target, which};
use crate::{Failure, take_value};
use checks::Checks;
use machine::Machine;

/// What is built where nothing is named.
const TARGET: &str = "x86_64-pc-windows-gnu";

/// Builds where no program is named, and looks at all of it.
pub fn run(mut arguments: Vec<String>) -> Result<(), Failure> {
    let named = take_value(&mut arguments, "--exe")?.map(PathBuf::from);
    let phone = take_value(&mut arguments, "--phone")?.map(PathBuf::from);
    if let Some(unknown) = arguments.first() {
        return Err(format!("{unknown} is no option of it: --exe PATH, --phone PATH"));
    }
    let Some(wine) = machine::wine() else { return skipped("no Wine is here; WINE=… names one") };
    if let Some(why) = machine::too_old(&wine) {
        return skipped(&why);
    }
    let exe = named.map_or_else(build, |path| path.canonicalize().map_err(|e| format!("{}: {e}", path.display())))?;
    let phone = other_phone(phone)?;
    let mut machine = Machine::new(wine, &exe)?;
    let mut checks = Checks::new();
    say(&format!("{}, {}", exe.display(), machine.system()));
    program::look(&machine, &mut checks);
    settings::look(&machine, &mut checks)?;
    if calls::look(&mut machine, &mut checks) {
        pipe::look(&machine, &mut checks);
        console::look(&machine, &mut checks);
        match &phone {
            Some(phone) => sound::look(&machine, phone, &mut checks)?,
            None => checks.skipped("calls with another system's phone", "this is Windows itself"),
        }
    }
    links::look(&machine, &mut checks);
    messages::look(&machine, phone.as_deref(), &mut checks)?;
    checks.end()
}

/// A Wine that is not here is a fact on a person's machine and a failure on CI's.
fn skipped(why: &str) -> Result<(), Failure> {
    if is_ci() {
        return Err(why.into());
    }
    say(&format!("skipped: {why}"));
    Ok(())
}

/// The program for Windows, not optimised.
fn build() -> Result<PathBuf, Failure> {
    let mut command = vec!["build", "--locked", "--package", "tuiphone", "--bin", "tuiphone"];
    if cfg!(windows) {
        cargo_for(&command, LONG)?;
        return Ok(crate::run::program("debug"));
    }
    if which("x86_64-w64-mingw32-gcc").is_none() {
        let hint = "apt-get install gcc-mingw-w64-x86-64 g++-mingw-w64-x86-64; rustup target add x86_64-pc-windows-gnu";
        return Err(format!("no compiler for Windows, and no --exe\nhint: {hint}"));
    }
    command.extend(["--target", TARGET]);
    cargo_for(&command, LONG)?;
    Ok(target().join(TARGET).join("debug").join("tuiphone.exe"))
}

/// The phone of the system that Wine runs on.
fn other_phone(named: Option<PathBuf>) -> Result<Option<PathBuf>, Failure> {
    if let Some(path) = named {
        return path.canonicalize().map(Some).map_err(|e| format!("{}: {e}", path.display()));
    }
    if cfg!(windows) {
        return Ok(None);
    }
    cargo_for(&["build", "--locked", "--package", "tuiphone", "--bin", "tuiphone"], LONG)?;
    Ok(Some(root().join(crate::run::program("debug"))))
}
