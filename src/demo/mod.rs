//! What the phone talks to when there is nothing else: a registrar and proxy, and far ends, pure machines all. `run`
//! gives them sockets on loopback; the simulation gives them a network of its own.

pub mod exchange;
pub mod far_ends;
mod notifier;
pub mod registrar;
pub mod run;
