//! Scenarios in virtual time: machines of the phone, an exchange and a bad network in memory, on a seed.
#![allow(clippy::disallowed_methods, clippy::unwrap_used)] // A moment to count from; nothing waits on it.

mod changes;
mod connections;
mod credentials;
mod endings;
mod exchange;
mod failover;
mod following;
mod fuzz;
#[path = "../nat/gateway.rs"]
#[allow(dead_code)] // Not all that its own tests want of it.
mod gateway;
mod incoming;
mod lasting;
mod mangle;
mod messages;
mod moving;
mod network;
mod outside;
mod peer;
mod phone;
mod pickups;
mod probes;
mod races;
mod registering;
mod registrars;
mod scripted;
mod servers;
mod signalling;
mod stage;
mod storm;
mod streams;
mod telling;
mod transfers;
mod watching;
mod zone;
