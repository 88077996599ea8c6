//! What packets can be protected with, and the key handed in for it.

use std::fmt;

use zeroize::Zeroizing;

use super::SrtpError;
use super::transform::{CM_RTCP_TAG, GCM_TAG};

/// Longest master key identifier (RFC 4568 §6.1).
pub const MAX_MKI: usize = 128;
/// Most master keys of one direction at once.
pub const MAX_KEYS: usize = 4;

/// Most octets of master key and salt.
const MOST: usize = 32 + 14;

/// A cipher with its authentication.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Suite {
    /// AEAD_AES_256_GCM (RFC 7714).
    Aes256Gcm,
    /// AEAD_AES_128_GCM (RFC 7714).
    Aes128Gcm,
    /// AES_256_CM_HMAC_SHA1_80 (RFC 6188).
    Aes256CmSha1_80,
    /// AES_256_CM_HMAC_SHA1_32 (RFC 6188).
    Aes256CmSha1_32,
    /// AES_CM_128_HMAC_SHA1_80 (RFC 3711, 4568).
    Aes128CmSha1_80,
    /// AES_CM_128_HMAC_SHA1_32 (RFC 3711, 4568).
    Aes128CmSha1_32,
}

impl Suite {
    /// All of them, the strongest first.
    pub const ALL: [Suite; 6] = [
        Suite::Aes256Gcm,
        Suite::Aes128Gcm,
        Suite::Aes256CmSha1_80,
        Suite::Aes128CmSha1_80,
        Suite::Aes256CmSha1_32,
        Suite::Aes128CmSha1_32,
    ];

    /// The name of the registry of RFC 4568.
    pub fn name(self) -> &'static str {
        match self {
            Suite::Aes256Gcm => "AEAD_AES_256_GCM",
            Suite::Aes128Gcm => "AEAD_AES_128_GCM",
            Suite::Aes256CmSha1_80 => "AES_256_CM_HMAC_SHA1_80",
            Suite::Aes256CmSha1_32 => "AES_256_CM_HMAC_SHA1_32",
            Suite::Aes128CmSha1_80 => "AES_CM_128_HMAC_SHA1_80",
            Suite::Aes128CmSha1_32 => "AES_CM_128_HMAC_SHA1_32",
        }
    }

    /// The suite of this name of the registry.
    pub fn named(name: &str) -> Option<Suite> {
        Suite::ALL.into_iter().find(|suite| suite.name().eq_ignore_ascii_case(name))
    }

    /// Octets of the master key.
    pub fn key(self) -> usize {
        match self {
            Suite::Aes256Gcm | Suite::Aes256CmSha1_80 | Suite::Aes256CmSha1_32 => 32,
            Suite::Aes128Gcm | Suite::Aes128CmSha1_80 | Suite::Aes128CmSha1_32 => 16,
        }
    }

    /// Octets of the master salt.
    pub fn salt(self) -> usize {
        if self.is_aead() { 12 } else { 14 }
    }

    /// Octets of master key and salt together, as SDES carries them.
    pub fn key_and_salt(self) -> usize {
        self.key().saturating_add(self.salt())
    }

    /// Octets of the tag of an RTP packet.
    pub fn rtp_tag(self) -> usize {
        match self {
            Suite::Aes256CmSha1_32 | Suite::Aes128CmSha1_32 => 4,
            other => other.rtcp_tag(),
        }
    }

    /// Octets of the tag of an RTCP packet.
    //= RFC 4568 §6.2.2: RTCP keeps its 80 bits where RTP has 32
    pub fn rtcp_tag(self) -> usize {
        if self.is_aead() { GCM_TAG } else { CM_RTCP_TAG }
    }

    /// True where the cipher authenticates.
    pub fn is_aead(self) -> bool {
        matches!(self, Suite::Aes256Gcm | Suite::Aes128Gcm)
    }
}

impl fmt::Display for Suite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A master key with its salt, and what packets call it; wiped when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct MasterKey {
    suite: Suite,
    octets: Zeroizing<[u8; MOST]>,
    mki: Vec<u8>,
}

impl MasterKey {
    /// Master key and salt as one, as SDES carries them. An error when the length is not the suite's.
    pub fn new(suite: Suite, key_and_salt: &[u8]) -> Result<MasterKey, SrtpError> {
        let mut octets = Zeroizing::new([0; MOST]);
        match octets.get_mut(..key_and_salt.len()) {
            Some(place) if key_and_salt.len() == suite.key_and_salt() => place.copy_from_slice(key_and_salt),
            _ => return Err(SrtpError::KeyLength { suite, had: key_and_salt.len() }),
        }
        Ok(MasterKey { suite, octets, mki: Vec::new() })
    }

    /// The same key, which packets name by `mki`; of keys to receive by. An identifier longer than [`MAX_MKI`] is
    /// refused.
    pub fn named(self, mki: &[u8]) -> Result<MasterKey, SrtpError> {
        if mki.len() > MAX_MKI { Err(SrtpError::Keys) } else { Ok(MasterKey { mki: mki.to_vec(), ..self }) }
    }

    /// What it is a key of.
    pub fn suite(&self) -> Suite {
        self.suite
    }

    /// Its identifier; empty when packets do not name it.
    pub fn mki(&self) -> &[u8] {
        &self.mki
    }

    /// The master key.
    pub(super) fn key(&self) -> &[u8] {
        self.octets.get(..self.suite.key()).unwrap_or_default()
    }

    /// The master salt.
    pub(super) fn salt(&self) -> &[u8] {
        self.octets.get(self.suite.key()..self.suite.key_and_salt()).unwrap_or_default()
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MasterKey({}, …)", self.suite)
    }
}
