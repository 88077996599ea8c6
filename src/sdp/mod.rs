//! Session descriptions (RFC 8866) and offer/answer (RFC 3264). No codec code.

mod agreed;

pub use agreed::{Agreed, Direction, Format};
