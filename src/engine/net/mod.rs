//! Sockets and names.

#[cfg(target_os = "linux")]
mod icmp;
pub mod resolve;
pub mod udp;
