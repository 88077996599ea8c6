//! The phone as a pure machine: accounts × registrations × calls. No I/O of any kind.

mod account;
pub mod agent;
mod call;
pub mod command;
mod commands;
mod contact;
mod dial;
mod digits;
mod ending;
pub mod event;
mod hold;
mod incoming;
mod large;
mod messages;
pub mod outcome;
mod owner;
pub mod port;
mod progress;
mod publishing;
mod redirect;
mod referral;
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
