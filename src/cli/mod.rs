//! argv → verb or interface: paths, exit codes, what people read. No phone logic.

pub mod call;
pub mod options;
mod out;
pub mod signals;
pub mod verbs;
pub mod words;
