//! `cargo xtask fuzz [SEEDS]`: damaged traffic between phones, from seeds nobody has tried.

use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::Failure;
use crate::run::{LONG, bounded, root, say};

/// Seeds where none are said.
const SEEDS: u64 = 1000;

/// Runs the test of `tests/sim/fuzz.rs` on many seeds, in an optimised build; a failure names its seed.
pub fn run(arguments: &[String]) -> Result<(), Failure> {
    let count = match arguments {
        [] => SEEDS,
        [count] => count.parse().map_err(|_| format!("not a number of seeds: {count}"))?,
        _ => return Err("one number of seeds at most".into()),
    };
    #[allow(clippy::disallowed_methods, reason = "chores run on the real clock")]
    let seed = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
    say(&format!("{count} seeds from {seed}"));
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(["test", "--locked", "--release", "--test", "sim", "--", "--nocapture", "fuzz"]).current_dir(root());
    command.env("TUIPHONE_FUZZ_SEED", seed.to_string()).env("TUIPHONE_FUZZ_COUNT", count.to_string());
    bounded(&mut command, LONG)
}
