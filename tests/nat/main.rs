//! Phones behind gateways of every kind, STUN and TURN servers, and an internet that loses and delays: all in memory,
//! in virtual time, on a seed.
#![allow(clippy::disallowed_methods, clippy::unwrap_used)] // A moment to count from; nothing waits on it.

mod behaviour;
mod calls;
mod gateway;
mod internet;
mod pairs;
mod peer;
mod server;
mod wired;
mod wires;
