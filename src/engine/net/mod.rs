//! Sockets, connections and names.

pub mod arrival;
mod connect;
pub mod dns;
#[cfg(target_os = "linux")]
mod icmp;
pub mod paths;
pub mod resolve;
mod stream;
pub mod streams;
pub mod udp;
