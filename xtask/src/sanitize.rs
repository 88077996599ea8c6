//! `cargo xtask sanitize [SECONDS]`: the readers behind which there is code that Rust does not check, led by coverage under
//! AddressSanitizer, with the libraries in C built for it too.

use crate::Failure;
use crate::fuzz::{Guard, built, lead};
use crate::run::{output, say};

/// How long each reader is led, where nothing is said.
const SECONDS: u64 = 60;

/// Sound and its packets (libopus, and what is written for the vectors of a processor), files of sound, keys.
const READERS: [&str; 7] = ["sound", "sound_files", "rtp", "rtcp", "srtp", "dtls", "whole_calls"];

/// Runs it; a failure names the reader and the file of its input.
pub fn run(arguments: &[String]) -> Result<(), Failure> {
    let seconds = match arguments {
        [] => SECONDS,
        [seconds] => seconds.parse().map_err(|_| format!("not a number of seconds: {seconds}"))?,
        _ => return Err("a number of seconds".into()),
    };
    if output("rustc", &["+nightly", "--version"]).is_none() {
        return Err("there is no nightly toolchain here: rustup toolchain install nightly".into());
    }
    say("building for AddressSanitizer; Rust's own libraries are as they come");
    lead(&built(Guard::Address)?, &READERS.map(str::to_owned), seconds, false)
}
