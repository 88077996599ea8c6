//! `cargo xtask soak [REQUESTS [CALLS]]`: a phone that is asked and called for long holds no more than at the beginning.

use std::process::Command;

use crate::Failure;
use crate::run::{LONG, bounded, root, say};

/// Requests and calls where nothing is said.
const MANY: [u64; 2] = [10_000, 500];
/// How long a call is asked about.
const SECONDS: u64 = 20;
/// How long calls are made before anything is compared: transactions outlast a call by 32 s.
const WARMING_SECONDS: u64 = 45;

/// `tests/cli/soak.rs` in an optimised build; what the phones held after each quarter is printed.
pub fn run(arguments: &[String]) -> Result<(), Failure> {
    let mut counts = MANY;
    if arguments.len() > counts.len() {
        return Err("a number of requests and one of calls".into());
    }
    for (count, word) in counts.iter_mut().zip(arguments) {
        *count = word.parse().map_err(|_| format!("not a number: {word}"))?;
    }
    let [requests, calls] = counts;
    say(&format!("{requests} requests, {calls} calls"));
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    command.args([
        "test",
        "--locked",
        "--release",
        "--test",
        "cli",
        "soak::",
        "--",
        "--nocapture",
        "--test-threads",
        "1",
    ]);
    command.env("TUIPHONE_SOAK_REQUESTS", requests.to_string()).env("TUIPHONE_SOAK_CALLS", calls.to_string());
    command.env("TUIPHONE_SOAK_SECONDS", SECONDS.to_string());
    command.env("TUIPHONE_SOAK_WARMING_SECONDS", WARMING_SECONDS.to_string());
    bounded(&mut command, LONG)
}
