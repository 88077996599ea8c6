//! The hash algorithms of Digest, weakest first.

use std::fmt::{self, Write};

use md5::{Digest, Md5};
use sha2::{Sha256, Sha512_256};

/// A hash function, ordered by strength.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Hash {
    /// MD5, all that most PBXs know.
    Md5,
    /// SHA-256.
    Sha256,
    /// SHA-512/256.
    Sha512_256,
}

impl Hash {
    /// Lower-case hex of the hash.
    pub fn hex(self, data: &[u8]) -> String {
        match self {
            Hash::Md5 => hex(&Md5::digest(data)),
            Hash::Sha256 => hex(&Sha256::digest(data)),
            Hash::Sha512_256 => hex(&Sha512_256::digest(data)),
        }
    }
}

/// A Digest algorithm: the hash, plain or `-sess`. Ordered by strength.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Algorithm {
    /// The hash function.
    pub hash: Hash,
    /// `-sess`: the nonces go into A1 (RFC 7616 §3.4.2).
    pub session: bool,
}

impl Algorithm {
    /// MD5, also what a challenge without `algorithm` means.
    pub const MD5: Algorithm = Algorithm { hash: Hash::Md5, session: false };
    /// SHA-256.
    pub const SHA256: Algorithm = Algorithm { hash: Hash::Sha256, session: false };
    /// SHA-512-256.
    pub const SHA512_256: Algorithm = Algorithm { hash: Hash::Sha512_256, session: false };

    /// The algorithm of a token, letter case aside; `None` for one we do not know.
    pub fn parse(token: &str) -> Option<Algorithm> {
        let hashes = [Hash::Md5, Hash::Sha256, Hash::Sha512_256];
        let all = hashes.into_iter().flat_map(|hash| [false, true].map(|session| Algorithm { hash, session }));
        all.into_iter().find(|a| a.as_str().eq_ignore_ascii_case(token))
    }

    /// The token.
    pub fn as_str(self) -> &'static str {
        match (self.hash, self.session) {
            (Hash::Md5, false) => "MD5",
            (Hash::Md5, true) => "MD5-sess",
            (Hash::Sha256, false) => "SHA-256",
            (Hash::Sha256, true) => "SHA-256-sess",
            (Hash::Sha512_256, false) => "SHA-512-256",
            (Hash::Sha512_256, true) => "SHA-512-256-sess",
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut out, b| {
        // Writing to a String cannot fail.
        let _ = write!(out, "{b:02x}");
        out
    })
}
