//! Staying up: a phone that is called, registered, cut off, stopped, killed and set to another time over and over holds
//! nothing more than before, and has forgotten no call. A few turns here; `cargo xtask soak` makes thousands of them,
//! of an optimised phone, and prints the table.
//!
//! ```text
//!  calls           set up and torn down, several at once        network   a link that falls and comes back, in a call
//!  registrations   refreshed; the registrar starts anew         sound     a sound server that starts anew, in a call
//!  disk            full, and room again                         clock     an hour, a day, a year on and back, in a call
//!  stops           stands still (SIGSTOP), in a call and out    kills     kill -9 in a call, and the next one
//! ```

#![allow(missing_docs)]
#![allow(clippy::disallowed_methods)] // These tests wait on the real clock, within bounds.
#![cfg(target_os = "linux")]

mod calls;
mod clock;
mod disk;
mod held;
mod kills;
mod network;
mod phones;
mod registrar;
mod registrations;
mod sound;
#[path = "../peers/space.rs"]
#[allow(dead_code, clippy::unwrap_used)]
mod space;
mod stops;
#[path = "../cli/support.rs"]
#[allow(dead_code)]
mod support;
mod turns;
