//! Fingerprints of certificates (RFC 8122): what a description says of the certificate that will come.

use sha1::Sha1;
use sha2::{Digest, Sha256, Sha384, Sha512};
use std::fmt::Write;
use subtle::ConstantTimeEq;

/// Most fingerprints that are kept of one description.
pub const MAX_FINGERPRINTS: usize = 16;

/// The hash our own fingerprints are made with.
//= RFC 8122 §5: SHA-256 is what everybody has
const OURS: &str = "sha-256";

type Hash = fn(&[u8]) -> Vec<u8>;

/// The hashes that are read, by their names in `a=fingerprint`. MD2 and MD5 prove nothing (RFC 8122 §5).
const HASHES: [(&str, Hash); 4] = [
    (OURS, |der| Sha256::digest(der).to_vec()),
    ("sha-384", |der| Sha384::digest(der).to_vec()),
    ("sha-512", |der| Sha512::digest(der).to_vec()),
    ("sha-1", |der| Sha1::digest(der).to_vec()),
];

/// Why fingerprints say nothing of a certificate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FingerprintError {
    /// There is none, or none with a hash that is read.
    #[error("no fingerprint by a hash this phone knows (sha-256, sha-384, sha-512, sha-1)")]
    NoneKnown,
    /// The value is not as long as the hash makes it.
    #[error("a {0} fingerprint of the wrong length")]
    Length(&'static str),
    /// More than `MAX_FINGERPRINTS`.
    #[error("more than {MAX_FINGERPRINTS} fingerprints")]
    TooMany,
}

/// What the signalling said of the peer's certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected(Vec<(usize, Vec<u8>)>);

impl Expected {
    /// From names of hashes and their values; names that nobody knows are passed over.
    pub fn new<'a>(fingerprints: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Result<Expected, FingerprintError> {
        let mut known = Vec::new();
        for (name, value) in fingerprints {
            let row = HASHES.iter().enumerate().find(|(_, (hash, _))| hash.eq_ignore_ascii_case(name));
            let Some((row, (hash, digest))) = row else { continue };
            if digest(&[]).len() != value.len() {
                return Err(FingerprintError::Length(hash));
            }
            if known.len() == MAX_FINGERPRINTS {
                return Err(FingerprintError::TooMany);
            }
            known.push((row, value.to_vec()));
        }
        if known.is_empty() { Err(FingerprintError::NoneKnown) } else { Ok(Expected(known)) }
    }

    /// True when the certificate is one of those announced, by every hash they were announced with.
    //= RFC 8122 §5: the same hashes for each certificate; one that is not among them is no peer
    pub fn matches(&self, der: &[u8]) -> bool {
        HASHES.iter().enumerate().all(|(row, (_, digest))| {
            let mut announced = self.0.iter().filter(|(hash, _)| *hash == row).peekable();
            announced.peek().is_none() || {
                let seen = digest(der);
                announced.fold(false, |found, (_, value)| bool::from(seen.ct_eq(value)) | found)
            }
        })
    }
}

/// The value of `a=fingerprint` for a certificate of ours: `sha-256 4A:AD:…`.
pub(super) fn of(der: &[u8]) -> String {
    let mut text = String::from(OURS);
    for (at, byte) in Sha256::digest(der).iter().enumerate() {
        // Why no error: writing to a string has none.
        let _ = write!(text, "{}{byte:02X}", if at == 0 { ' ' } else { ':' });
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const DER: &[u8] = b"a certificate";

    fn digest(name: &str) -> Vec<u8> {
        HASHES.iter().find(|(hash, _)| *hash == name).unwrap().1(DER)
    }

    #[test]
    //= RFC 8122 §5
    fn which_certificates_are_taken() {
        let [sha1, sha256, sha384, sha512] = ["sha-1", "sha-256", "sha-384", "sha-512"].map(digest);
        let (wrong, wrong1) = (vec![7; 32], vec![7; 20]);
        let mut last_bit = sha256.clone();
        last_bit[31] ^= 1;
        type Row<'a> = (&'a str, &'a [(&'a str, &'a [u8])], bool);
        let rows: [Row; 9] = [
            ("the one hash", &[("sha-256", &sha256)], true),
            ("case of names", &[("SHA-256", &sha256)], true),
            ("one bit off", &[("sha-256", &last_bit)], false),
            ("every hash", &[("sha-1", &sha1), ("sha-256", &sha256), ("sha-384", &sha384), ("sha-512", &sha512)], true),
            ("the weak one alone", &[("sha-1", &sha1)], true),
            ("the weak one right, the strong one wrong", &[("sha-1", &sha1), ("sha-256", &wrong)], false),
            ("the strong one right, the weak one wrong", &[("sha-256", &sha256), ("sha-1", &wrong1)], false),
            ("one of two certificates", &[("sha-256", &wrong), ("sha-256", &sha256)], true),
            ("a hash nobody knows beside it", &[("sha-3", &[1]), ("sha-256", &sha256)], true),
        ];
        for (what, fingerprints, taken) in rows {
            let expected = Expected::new(fingerprints.iter().copied()).unwrap();
            assert_eq!(expected.matches(DER), taken, "{what}");
            assert!(!expected.matches(b"another certificate"), "{what}");
        }
    }

    #[test]
    fn what_says_nothing_is_refused() {
        let sha256 = digest("sha-256");
        let many = vec![("sha-256", sha256.as_slice()); MAX_FINGERPRINTS + 1];
        type Row<'a> = (&'a [(&'a str, &'a [u8])], FingerprintError);
        let rows: [Row; 5] = [
            (&[], FingerprintError::NoneKnown),
            (&[("md5", &[0; 16])], FingerprintError::NoneKnown),
            (&[("sha-256", &sha256[1..])], FingerprintError::Length("sha-256")),
            (&[("sha-1", &sha256)], FingerprintError::Length("sha-1")),
            (&many, FingerprintError::TooMany),
        ];
        for (fingerprints, error) in rows {
            assert_eq!(Expected::new(fingerprints.iter().copied()), Err(error));
        }
    }

    /// Made by `printf abc | openssl dgst -sha256 -c` (FIPS 180-4's example).
    #[test]
    fn a_fingerprint_is_written_as_everybody_writes_it() {
        let text = "sha-256 BA:78:16:BF:8F:01:CF:EA:41:41:40:DE:5D:AE:22:23:\
                    B0:03:61:A3:96:17:7A:9C:B4:10:FF:61:F2:00:15:AD";
        assert_eq!(of(b"abc"), text);
    }
}
