//! `cargo xtask fuzz [SEEDS]`: damaged traffic between phones and damaged samples for every reader, from seeds nobody has
//! tried. `cargo xtask fuzz READER [SECONDS]`: one reader, its input led by coverage.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::Failure;
use crate::run::{LONG, bounded, output, root, say};

/// Seeds where none are said.
const SEEDS: u64 = 1000;
/// How long one reader is led, where nothing is said.
const SECONDS: u64 = 60;

/// Runs it; a failure names its seed, or the file of its input.
pub fn run(arguments: &[String]) -> Result<(), Failure> {
    match arguments {
        [] => seeds(SEEDS),
        [word] if word.parse::<u64>().is_ok() => seeds(word.parse().unwrap_or(SEEDS)),
        [reader] => led(reader, SECONDS),
        [reader, seconds] => led(reader, seconds.parse().map_err(|_| format!("not a number of seconds: {seconds}"))?),
        _ => Err("a number of seeds, or a reader and its seconds".into()),
    }
}

fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    command
}

/// `tests/sim/fuzz.rs` and `tests/fuzz` on many seeds, in an optimised build.
fn seeds(count: u64) -> Result<(), Failure> {
    #[allow(clippy::disallowed_methods, reason = "chores run on the real clock")]
    let seed = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
    say(&format!("{count} seeds from {seed}"));
    for (test, filter) in [("fuzz", ""), ("sim", "fuzz")] {
        let mut command = cargo();
        command.args(["test", "--locked", "--release", "--test", test, "--", "--nocapture", filter]);
        command.env("TUIPHONE_FUZZ_SEED", seed.to_string()).env("TUIPHONE_FUZZ_COUNT", count.to_string());
        bounded(&mut command, LONG)?;
    }
    Ok(())
}

fn corpus() -> PathBuf {
    root().join("fuzz").join("corpus")
}

/// What the fuzzer finds new goes below `target`; the samples of the tree stay as they are.
fn led(reader: &str, seconds: u64) -> Result<(), Failure> {
    let samples = corpus().join(reader);
    if !samples.is_dir() {
        let known = fs::read_dir(corpus()).map_err(|e| format!("{}: {e}", corpus().display()))?;
        let mut known: Vec<String> = known.flatten().map(|e| e.file_name().to_string_lossy().into_owned()).collect();
        known.sort();
        return Err(format!("there is no reader {reader}; there are {}", known.join(" ")));
    }
    if output("cargo", &["fuzz", "--version"]).is_none() {
        return Err("cargo-fuzz is not here: cargo install --locked cargo-fuzz".into());
    }
    // The versions that the phone is built with.
    let (lock, own) = (root().join("Cargo.lock"), root().join("fuzz").join("Cargo.lock"));
    fs::copy(&lock, &own).map_err(|e| format!("{}: {e}", own.display()))?;
    let home = crate::run::target().join("fuzz");
    let (found, wrong) = (home.join("found").join(reader), home.join("wrong").join(reader));
    for folder in [&found, &wrong] {
        fs::create_dir_all(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    }
    let mut command = cargo();
    // What leads the fuzzer is no part of stable Rust; the address sanitiser would need more of it.
    command.env("RUSTC_BOOTSTRAP", "1").env("TUIPHONE_FUZZ_TARGET", reader);
    command.args(["fuzz", "run", "--sanitizer", "none", "--debug-assertions", "--target-dir"]).arg(&home);
    command.arg("reader").arg(&found).arg(&samples);
    command.args(["--", "-max_len=65536", "-timeout=10", "-rss_limit_mb=1024"]);
    command.arg(format!("-max_total_time={seconds}")).arg(format!("-artifact_prefix={}/", wrong.display()));
    bounded(&mut command, Duration::from_secs(seconds) + LONG)
        .map_err(|why| format!("{why}; an input that a reader cannot bear is in {}", wrong.display()))
}
