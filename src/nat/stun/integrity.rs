//! What proves who wrote a message, and that it is one.

use super::message::HEADER;
use sha1::{Digest, Sha1};
use zeroize::Zeroizing;

/// What a message is signed with.
#[derive(Clone, PartialEq, Eq)]
pub struct Key(Zeroizing<Vec<u8>>);

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key(…)")
    }
}

/// Whether a message was signed as it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Integrity {
    /// It carries no signature.
    Missing,
    /// Someone else's, or the message was changed.
    Bad,
    /// With the key.
    Good,
}

impl Key {
    /// A password that both know for one session.
    //= RFC 8489 §9.1.1
    pub fn short_term(password: &str) -> Key {
        Key(Zeroizing::new(password.as_bytes().to_vec()))
    }

    /// A password of an account at a server.
    //= RFC 8489 §9.2.2
    pub fn long_term(username: &str, realm: &[u8], password: &str) -> Key {
        let mut hash = md5::Md5::new();
        for part in [username.as_bytes(), b":", realm, b":", password.as_bytes()] {
            hash.update(part);
        }
        Key(Zeroizing::new(hash.finalize().to_vec()))
    }

    /// MESSAGE-INTEGRITY for a message whose bytes so far are these, its header length whatever it is.
    //= RFC 8489 §14.5: the length in the header counts up to the end of the signature
    pub(super) fn sign(&self, before: &[u8]) -> [u8; 20] {
        let length = (before.len() + 24).saturating_sub(HEADER) as u16;
        let (kind, rest) = before.split_at_checked(2).unwrap_or_default();
        hmac_sha1(&self.0, &[kind, &length.to_be_bytes(), rest.get(2..).unwrap_or_default()])
    }
}

/// HMAC-SHA1 (RFC 2104) over parts.
fn hmac_sha1(key: &[u8], parts: &[&[u8]]) -> [u8; 20] {
    const BLOCK: usize = 64;
    let mut block = Zeroizing::new([0u8; BLOCK]);
    let hashed;
    let key = if key.len() > BLOCK {
        hashed = Sha1::digest(key);
        hashed.as_slice()
    } else {
        key
    };
    block.iter_mut().zip(key).for_each(|(place, byte)| *place = *byte);
    let padded = |pad: u8| Zeroizing::new(block.map(|byte| byte ^ pad));
    let mut inner = Sha1::new_with_prefix(*padded(0x36));
    parts.iter().for_each(|part| inner.update(part));
    let outer = Sha1::new_with_prefix(*padded(0x5c));
    outer.chain_update(inner.finalize()).finalize().into()
}

/// Compares without telling by the time it takes where they differ.
pub(super) fn is_same(ours: &[u8], theirs: &[u8]) -> bool {
    ours.len() == theirs.len() && ours.iter().zip(theirs).fold(0, |differs, (a, b)| differs | (a ^ b)) == 0
}

/// FINGERPRINT of the bytes before it.
//= RFC 8489 §14.7: CRC-32 of ITU V.42, XOR'ed with "STUN"
pub(super) fn fingerprint(before: &[u8]) -> u32 {
    let crc = before.iter().fold(u32::MAX, |crc, byte| {
        let step = |crc: u32, _| if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 };
        (0..8).fold(crc ^ u32::from(*byte), step)
    });
    !crc ^ 0x5354_554e
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    //= RFC 2202 §3
    fn hmac_sha1_of_the_vectors() {
        let rows: [(&[u8], &[u8], &str); 4] = [
            (&[0x0b; 20], b"Hi There", "b617318655057264e28bc0b6fb378c8ef146be00"),
            (b"Jefe", b"what do ya want for nothing?", "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"),
            (&[0xaa; 20], &[0xdd; 50], "125d7342b9ac11cd91a39af48aa17b4f63f175d3"),
            (
                &[0xaa; 80],
                b"Test Using Larger Than Block-Size Key - Hash Key First",
                "aa4ae5e15272d00e95705637ce8a3b55ed402112",
            ),
        ];
        for (key, text, mac) in rows {
            let (head, tail) = text.split_at(3);
            assert_eq!(hex(&hmac_sha1(key, &[head, tail])), mac);
        }
    }

    #[test]
    fn the_checksum_is_the_common_one() {
        assert_eq!(fingerprint(b"123456789") ^ 0x5354_554e, 0xcbf4_3926);
    }

    #[test]
    fn a_key_does_not_show_itself() {
        assert_eq!(format!("{:?}", Key::short_term("secret")), "Key(…)");
    }
}
