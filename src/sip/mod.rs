//! SIP: bytes ↔ messages, and the machines of RFC 3261. No socket, no clock, no chance of its own; bodies are opaque.

pub mod auth;
pub mod body;
pub mod dialog;
pub mod event;
pub mod flow;
pub mod framing;
pub mod header;
pub mod ident;
pub mod locate;
pub mod message;
pub mod option_tag;
mod patience;
pub mod publication;
pub mod reason;
pub mod refer;
pub mod refer_news;
pub mod registration;
pub mod session;
pub mod standards;
pub mod subscription;
pub mod tel;
pub mod transaction;
pub mod uri;
pub mod validate;
