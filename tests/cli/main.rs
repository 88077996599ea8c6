//! The program as people and scripts meet it: the real binary beside the built-in exchange, on loopback, without a card.

#![allow(missing_docs)]
#![allow(clippy::disallowed_methods)] // These tests wait on the real clock, within bounds.

mod call;
mod daemon;
mod digits;
mod errors;
mod files;
mod flood;
mod hostile_sound;
mod incoming;
mod message;
mod options;
mod ping;
mod prompt;
mod registering;
mod socket;
mod sound;
mod support;
mod tcp;
