//! Messages between windows, DDE, hooks in batch files and rights: the looks of `tests/windows`, which has a program of its
//! own to say to the phone what other programs say.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use super::TARGET;
use super::checks::Checks;
use super::machine::Machine;
use crate::Failure;
use crate::run::{LONG, cargo_for, root, target, which};

/// The longest that all of it may take.
const PATIENCE: Duration = Duration::from_secs(20 * 60);

/// Looks at them.
pub fn look(machine: &Machine, phone: Option<&Path>, checks: &mut Checks) -> Result<(), Failure> {
    let what = "tests/windows/run";
    let (Some(phone), Some(wine)) = (phone, machine.wine_alone()) else {
        checks.skipped(what, "it is for Wine, as one program");
        return Ok(());
    };
    if which("x86_64-w64-mingw32-gcc").is_none() {
        checks.skipped(what, "no compiler for Windows is here");
        return Ok(());
    }
    let manifest = root().join("tests/windows/Cargo.toml").display().to_string();
    let folder = target().display().to_string();
    let build = ["build", "--locked", "--target", TARGET, "--manifest-path", &manifest, "--target-dir", &folder];
    cargo_for(&build, LONG)?;
    let messages = target().join(TARGET).join("debug").join("messages.exe");
    // The batch files there name it: in a folder that every code page has, and without a blank.
    let programs = std::env::temp_dir().join(format!("tuiphone-messages-{}", std::process::id()));
    fs::create_dir_all(&programs).map_err(|e| format!("{}: {e}", programs.display()))?;
    for (from, name) in [(&machine.exe, "tuiphone.exe"), (&messages, "messages.exe")] {
        fs::copy(from, programs.join(name)).map_err(|e| format!("{}: {e}", from.display()))?;
    }
    let mut command = Command::new("bash");
    command.arg(root().join("tests/windows/run")).env("WINE", wine).env("EXE", &programs).env("PHONE", phone);
    // Its lines are read by whoever looks for what went wrong.
    let ran = machine.begin(command)?.end_within(PATIENCE);
    ran.out.lines().filter(|line| !line.starts_with("ok ")).for_each(|line| println!("              | {line}"));
    let _ = fs::remove_dir_all(&programs);
    let last = ran.out.lines().last().unwrap_or_default();
    checks.is(what, ran.code == Some(0) && last.ends_with(", 0 wrong"), last);
    Ok(())
}
