//! argv → verb or interface: paths, exit codes, what people read. No phone logic.

pub mod options;
