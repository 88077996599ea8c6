//! Devices: sound cards, files, pipes and what stands in for them. The media thread sees only wait-free ends.

pub mod spec;

pub use spec::{Direction, Spec, SpecError};
