//! The phone as a pure machine: accounts × registrations × calls. No I/O of any kind.

mod account;
mod admission;
pub mod agent;
mod auto_answer;
mod call;
pub mod census;
pub mod command;
mod commands;
mod composing;
mod contact;
mod dial;
mod digits;
mod ending;
pub mod event;
mod feature_code;
mod forward;
mod gate;
mod hold;
mod identity;
mod inbox;
mod incoming;
mod large;
mod limiter;
mod messages;
mod network;
pub mod outcome;
mod owner;
mod parking;
mod pickup;
pub mod port;
mod progress;
mod publishing;
mod redirect;
mod referral;
pub mod refused;
mod registering;
mod replace;
mod requests;
mod route;
pub mod snapshot;
mod sound;
mod subscriptions;
mod transfer;

#[cfg(test)]
mod tests;
