//! Running other programs: echoed, never interactive, always bounded in time.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use crate::Failure;

/// The longest a build or a test run may take.
pub const LONG: Duration = Duration::from_secs(40 * 60);

/// The root of the workspace.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}

/// Where cargo puts what it builds.
pub fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// The built program of a profile folder (`debug`, `release`).
pub fn program(profile: &str) -> PathBuf {
    target().join(profile).join(format!("tuiphone{}", std::env::consts::EXE_SUFFIX))
}

/// True when a machine, not a person, waits for the outcome.
pub fn is_ci() -> bool {
    std::env::var("CI").is_ok_and(|v| !v.is_empty() && v != "0" && v != "false")
}

/// Cargo with these arguments in the workspace, its words passed through.
pub fn cargo(arguments: &[&str]) -> Result<(), Failure> {
    cargo_for(arguments, LONG)
}

/// Likewise, `limit` at most.
pub fn cargo_for(arguments: &[&str], limit: Duration) -> Result<(), Failure> {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments).current_dir(root());
    say(&format!("cargo {}", arguments.join(" ")));
    bounded(&mut command, limit)
}

/// Runs to the end, or kills after `limit`. Standard input is empty.
pub fn bounded(command: &mut Command, limit: Duration) -> Result<(), Failure> {
    let name = command.get_program().to_string_lossy().into_owned();
    let mut child = command.stdin(Stdio::null()).spawn().map_err(|e| format!("cannot start {name}: {e}"))?;
    match wait(&mut child, limit).map_err(|e| format!("{name}: {e}"))? {
        Some(status) if status.success() => Ok(()),
        Some(status) => Err(format!("{name} ended with {status}")),
        None => Err(format!("{name} did not end within {} s and was stopped", limit.as_secs())),
    }
}

/// Standard output of a short command that succeeds, or nothing.
pub fn output(program: &str, arguments: &[&str]) -> Option<String> {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(root());
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().ok()?;
    let mut pipe = child.stdout.take()?;
    let reader = std::thread::spawn(move || {
        let mut text = String::new();
        pipe.read_to_string(&mut text).map(|_| text)
    });
    let status = wait(&mut child, Duration::from_secs(120)).ok()??;
    let text = reader.join().ok()?.ok()?;
    status.success().then_some(text)
}

/// The full path of a program on PATH; `sbin` folders count, because servers live there.
pub fn which(program: &str) -> Option<PathBuf> {
    all_on_path(program).into_iter().next()
}

/// Every program of this name on PATH, the one that is started first.
pub fn all_on_path(program: &str) -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(["/usr/sbin", "/usr/local/sbin", "/sbin"].map(PathBuf::from));
    folders.map(|f| f.join(format!("{program}{}", std::env::consts::EXE_SUFFIX))).filter(|p| p.is_file()).collect()
}

/// A line about what happens next.
pub fn say(text: &str) {
    eprintln!("xtask: {text}");
}

/// The exit status, or nothing when the time is over (the child is killed then).
pub fn wait(child: &mut Child, limit: Duration) -> std::io::Result<Option<ExitStatus>> {
    #[allow(clippy::disallowed_methods, reason = "chores run on the real clock")]
    let start = Instant::now();
    while start.elapsed() < limit {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    child.kill()?;
    child.wait()?;
    Ok(None)
}
