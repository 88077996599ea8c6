//! The transactions of RFC 3261 §17 with RFC 6026 and RFC 4320.
//!
//! ```text
//!              bytes parsed                                  Request · Response · Cancelled · …
//!  transport ───────────────▶ Layer::receive ─▶ table ─▶ machine ─▶ Effects ─▶ Layer::poll ─▶ user
//!            ◀─────────────── LayerEvent::Transmit ◀────────┘          Layer::{request, respond, cancel} ◀─ user
//! ```
//!
//! The four machines are leaves: `handle(event, now) -> Effects`. `Layer` finds the machine a message belongs to and
//! carries its wishes out.

mod client;
mod effect;
mod event;
mod invite_client;
mod invite_server;
mod key;
mod layer;
mod queue;
mod reply;
mod server;
#[cfg(test)]
mod testing;
mod timer;

pub use client::{NonInviteClient, NonInviteClientState};
pub use effect::{ClientEvent, Effect, Effects, Failure, ServerEvent};
pub use event::{ClientId, Counters, LayerEvent, ServerId};
pub use invite_client::{InviteClient, InviteClientState};
pub use invite_server::{InviteServer, InviteServerState};
pub use key::{TransactionKey, push_via, push_via_as};
pub use layer::Layer;
pub use reply::{reply_address, stateless_tag};
pub use server::{NonInviteServer, NonInviteServerState};
pub use timer::{Config, T1, T2, T4, Timer};
