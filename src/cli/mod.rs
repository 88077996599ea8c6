//! argv → verb or interface: paths, exit codes, what people read. No phone logic.

pub mod call;
pub mod daemon;
pub mod demo;
pub mod options;
mod out;
pub mod phone;
pub mod signals;
pub mod verbs;
pub mod words;
