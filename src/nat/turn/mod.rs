//! TURN (RFC 8656): an address borrowed from a server, and datagrams carried through it.
//!
//! ```text
//!  new ─▶ Allocate ─▶ 401 ─▶ Allocate, signed ─▶ Allocated(relayed) ─▶ Refresh … ─▶ close
//!  send(peer) ─▶ CreatePermission, the data waits ─▶ Send indications ─▶ bind(peer) ─▶ ChannelData
//! ```

mod client;
mod framing;
mod permission;
#[cfg(test)]
mod tests;

pub use client::{Client, Effect, Failure, Received};
pub use framing::{ChannelData, Framer, FramingError};
use std::fmt;
use std::net::SocketAddr;
use zeroize::Zeroizing;

/// A server and the account there.
#[derive(Clone, PartialEq, Eq)]
pub struct Server {
    /// Where it listens.
    pub address: SocketAddr,
    /// Over TCP or TLS: what is sent are pieces of a stream.
    pub is_stream: bool,
    /// The name of the account.
    pub username: String,
    /// Its password.
    pub password: Zeroizing<String>,
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Server({}{})", self.address, if self.is_stream { ", stream" } else { "" })
    }
}
