//! STUN (RFC 8489): one message read and written, what signs it, and when a request is sent again.

mod integrity;
mod message;
mod retransmission;
#[cfg(test)]
mod tests;
mod writer;

pub use integrity::{Integrity, Key};
pub use message::{Attribute, Class, ErrorCode, MAX_BYTES, Message, Method, StunError, TransactionId, looks_like};
pub use retransmission::{Retransmission, Schedule, Turn};
pub use writer::Writer;
