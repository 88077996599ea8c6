//! DTLS-SRTP (RFC 5763, RFC 5764): keys of a call's sound, agreed on the path the sound takes.
//!
//! [`Certificate`] is who we are, [`Expected`] what the signalling said of the peer's certificate, and [`Association`]
//! the machine between the two. It yields [`Keys`] for [`super::srtp`] only of a peer whose certificate is the one that
//! was announced.
//!
//! Chance: `dimpl`, which speaks DTLS, draws its keys and nonces from the system itself; it takes no generator.

mod association;
mod certificate;
mod fingerprint;
mod keys;
mod machine;
#[cfg(test)]
mod tests;

pub use association::{Association, Effect, Event, Failure, Path, Role};
pub use certificate::{Certificate, CertificateError};
pub use fingerprint::{Expected, FingerprintError};
pub use keys::Keys;
pub use machine::is_hello;
