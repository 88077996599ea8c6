//! The `tuiphone` program against real peers on loopback: kamailio as registrar and proxy, SIPp as far ends that
//! misbehave on purpose, baresip and linphone as other softphones, Asterisk as the exchange of an office, PulseAudio as
//! a sound server with null devices, Linux as gateway and coturn as relay.
//!
//! `cargo xtask test` installs them on Debian, except Asterisk. A test whose peer is not here says `skipped` and passes;
//! with `CI=true` it fails, again except for Asterisk. Each test starts its own peers on free ports and stops what it
//! started.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test may panic, and runs on the real clock")]

mod asterisk;
mod baresip;
mod behaviour;
mod daemon;
mod dtls;
mod kamailio;
#[cfg(target_os = "linux")]
mod lab;
mod ladder;
mod linphone;
mod loss;
#[cfg(target_os = "linux")]
mod nat;
#[cfg(target_os = "linux")]
mod netns;
mod outcomes;
mod pulse;
mod restart;
mod score;
mod seen;
mod sipp;
mod softphone;
#[cfg(target_os = "linux")]
mod space;
mod srv;
mod support;
#[cfg(target_os = "linux")]
mod switchboard;
mod wire;
