//! From behind a NAT: one's own address (STUN), a path to the peer (ICE), an address to borrow (TURN).
//!
//! ```text
//!  stun      one message; what signs it; when it is sent again         RFC 8489
//!  mapping   the address of a socket as seen from outside, kept alive  RFC 8489
//!  kind      how the NAT behaves, in words                             RFC 4787, RFC 5780
//!  turn      an allocation: permissions, channels, refreshes           RFC 8656
//!  ice       candidates, checks, nomination, consent                   RFC 8445, RFC 7675, RFC 8863
//! ```
//!
//! The machines are told datagrams and the time, and what they want sent is polled from them.

pub mod ice;
pub mod kind;
pub mod mapping;
pub mod stun;
pub mod turn;
