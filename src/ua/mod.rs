//! The phone as a pure machine: accounts × registrations × calls. No I/O of any kind.

pub mod agent;
pub mod command;
pub mod event;
pub mod outcome;
pub mod port;
pub mod snapshot;
