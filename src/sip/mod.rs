//! SIP: bytes ↔ messages, and the machines of RFC 3261. No socket, no clock, no chance of its own; bodies are opaque.

pub mod flow;
pub mod message;
