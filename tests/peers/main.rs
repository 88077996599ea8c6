//! The `tuiphone` program against real peers on loopback: kamailio as registrar and proxy, SIPp as far ends that
//! misbehave on purpose, baresip as another softphone, PulseAudio as a sound server with null devices.
//!
//! `cargo xtask test` installs them on Debian. A test whose peer is not here says `skipped` and passes; with `CI=true`
//! it fails. Each test starts its own peers on free ports and stops what it started.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test may panic, and runs on the real clock")]

mod baresip;
mod behaviour;
mod kamailio;
mod ladder;
mod loss;
mod pulse;
mod score;
mod sipp;
mod srv;
mod support;
