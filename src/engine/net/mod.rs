//! Sockets, connections and names.

pub mod arrival;
pub(super) mod connect;
pub mod dns;
pub(super) mod http;
#[cfg(target_os = "linux")]
mod icmp;
pub mod paths;
pub mod resolve;
pub(super) mod servers;
pub(super) mod stream;
pub mod streams;
#[cfg(feature = "tls")]
pub(super) mod tls;
#[cfg(not(feature = "tls"))]
#[path = "no_tls.rs"]
pub(super) mod tls;
pub(super) mod turn;
pub mod udp;
pub mod watch;
mod websocket;
pub(super) mod wire;

pub use stream::PING;
