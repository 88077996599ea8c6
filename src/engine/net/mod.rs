//! Sockets and names.

pub mod arrival;
pub mod dns;
#[cfg(target_os = "linux")]
mod icmp;
pub mod resolve;
pub mod udp;
