//! The certificate of this install: made once, kept as PEM beside the phone's other state, made anew when it has run
//! out or cannot be read. It proves nothing but that the sound comes from whom the signalling named.

use p256::ecdsa::{Signature, SigningKey, signature::Signer};
use p256::elliptic_curve::Generate;
use p256::pkcs8::{DecodePrivateKey, EncodePrivateKey, EncodePublicKey};
use pem_rfc7468::LineEnding;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use x509_cert::der::{DateTime, Decode, Encode};
use x509_cert::time::{Time, Validity};
use zeroize::Zeroizing;

use super::fingerprint;

/// How long one is good for. Peers look at the fingerprint alone; a stolen key is not good for ever.
const GOOD_FOR: Duration = Duration::from_secs(365 * 86_400);
/// It begins this much earlier: clocks of peers that do look are not all right.
const BACKDATED: Duration = Duration::from_secs(86_400);
/// Longest file read.
const MAX_PEM: usize = 16 * 1024;

const KEY: &str = "PRIVATE KEY";
const CERTIFICATE: &str = "CERTIFICATE";

/// Why a kept certificate is not used, or none could be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// Not a P-256 key and a certificate of it, in PEM.
    #[error("it cannot be read")]
    Damaged,
    /// Its time is over, or has not come.
    #[error("it has run out")]
    Expired,
    /// The clock tells no time a certificate can hold.
    #[error("the clock of this machine is wrong")]
    Clock,
}

/// A self-signed ECDSA P-256 certificate and its key. The key is wiped when dropped, and never printed.
#[derive(Clone)]
pub struct Certificate {
    der: Vec<u8>,
    key: Zeroizing<Vec<u8>>,
    fingerprint: String,
}

impl std::fmt::Debug for Certificate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Certificate").field(&self.fingerprint).finish()
    }
}

impl Certificate {
    /// A new one, good from `wall` for a year.
    pub fn generate(rng: &mut impl rand::CryptoRng, wall: SystemTime) -> Result<Certificate, CertificateError> {
        let key = SigningKey::generate_from_rng(rng);
        let mut serial = [0; 8];
        rng.fill_bytes(&mut serial);
        let der = self_signed(&key, serial, wall).ok_or(CertificateError::Clock)?;
        let pkcs8 = key.to_pkcs8_der().map_err(|_| CertificateError::Damaged)?;
        Ok(Certificate::of(der, Zeroizing::new(pkcs8.as_bytes().to_vec())))
    }

    /// One that was kept: PEM of its PKCS #8 key and of itself, as [`Certificate::to_pem`] writes it.
    pub fn from_pem(pem: &[u8], wall: SystemTime) -> Result<Certificate, CertificateError> {
        use CertificateError::{Damaged, Expired};
        let text = std::str::from_utf8(pem).ok().filter(|text| text.len() <= MAX_PEM).ok_or(Damaged)?;
        let key = Zeroizing::new(block(text, KEY).ok_or(Damaged)?);
        let der = block(text, CERTIFICATE).ok_or(Damaged)?;
        let signer = SigningKey::from_pkcs8_der(&key).map_err(|_| Damaged)?;
        let read = x509_cert::Certificate::from_der(&der).map_err(|_| Damaged)?;
        let (theirs, ours) = (read.tbs_certificate().subject_public_key_info().to_der(), public_key(&signer));
        if theirs.ok() != ours {
            return Err(Damaged);
        }
        let validity = read.tbs_certificate().validity();
        let now = wall.duration_since(UNIX_EPOCH).map_err(|_| Expired)?;
        let good = validity.not_before.to_unix_duration()..validity.not_after.to_unix_duration();
        if good.contains(&now) { Ok(Certificate::of(der, key)) } else { Err(Expired) }
    }

    /// Its text for a file that only its owner may read.
    pub fn to_pem(&self) -> Zeroizing<String> {
        let block = |label: &str, der: &[u8]| pem_rfc7468::encode_string(label, LineEnding::LF, der);
        let key = block(KEY, &self.key).map(Zeroizing::new).unwrap_or_default();
        Zeroizing::new(format!("{}{}", *key, block(CERTIFICATE, &self.der).unwrap_or_default()))
    }

    /// The value of `a=fingerprint`: `sha-256 4A:AD:…`.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    pub(super) fn to_dimpl(&self) -> dimpl::DtlsCertificate {
        dimpl::DtlsCertificate { certificate: self.der.clone(), private_key: self.key.to_vec() }
    }

    fn of(der: Vec<u8>, key: Zeroizing<Vec<u8>>) -> Certificate {
        Certificate { fingerprint: fingerprint::of(&der), der, key }
    }
}

/// The bytes of the PEM block with this label.
fn block(text: &str, label: &str) -> Option<Vec<u8>> {
    let from = text.find(&format!("-----BEGIN {label}-----"))?;
    let end = format!("-----END {label}-----");
    let text = text.get(from..)?;
    let text = text.get(..text.find(&end)?.checked_add(end.len())?)?;
    pem_rfc7468::decode_vec(text.as_bytes()).ok().map(|(_, der)| der)
}

fn public_key(key: &SigningKey) -> Option<Vec<u8>> {
    key.verifying_key().to_public_key_der().ok().map(|der| der.into_vec())
}

/// A certificate of X.509 version 3 (RFC 5280 §4.1), as small as one can be; `None` when the time cannot be written.
fn self_signed(key: &SigningKey, serial: [u8; 8], wall: SystemTime) -> Option<Vec<u8>> {
    const VERSION_3: &[u8] = &[0xa0, 3, 2, 1, 2];
    // SEQUENCE { ecdsa-with-SHA256 }
    const ALGORITHM: &[u8] = &[0x30, 0x0a, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2];
    // SEQUENCE { SET { SEQUENCE { commonName, UTF8String "tuiphone" } } }
    const NAME: &[u8] = b"\x30\x13\x31\x11\x30\x0f\x06\x03\x55\x04\x03\x0c\x08tuiphone";

    let time = |time: Option<SystemTime>| {
        let since = time?.duration_since(UNIX_EPOCH).ok()?;
        DateTime::from_unix_duration(since).ok().map(Time::from)
    };
    let from = time(wall.checked_sub(BACKDATED).filter(|from| *from >= UNIX_EPOCH).or(Some(wall)))?;
    let validity: Validity = Validity::new(from, time(wall.checked_add(GOOD_FOR))?);
    //= RFC 5280 §4.1.2.2: the serial is positive
    let [first, rest @ ..] = serial;
    let serial = [&[2, 8, first & 0x3f | 0x40], rest.as_slice()].concat();
    let signed = [VERSION_3, &serial, ALGORITHM, NAME, &validity.to_der().ok()?, NAME, &public_key(key)?];
    let signed = tlv(SEQUENCE, &signed.concat());
    let signature: Signature = key.sign(&signed);
    let signature = tlv(BIT_STRING, &[&[0], signature.to_der().as_bytes()].concat());
    Some(tlv(SEQUENCE, &[signed.as_slice(), ALGORITHM, &signature].concat()))
}

const SEQUENCE: u8 = 0x30;
const BIT_STRING: u8 = 3;

/// One value of DER, shorter than 64 KiB.
fn tlv(tag: u8, value: &[u8]) -> Vec<u8> {
    let [high, low] = u16::try_from(value.len()).unwrap_or(u16::MAX).to_be_bytes();
    let length: &[u8] = match (high, low) {
        (0, 0..=0x7f) => &[low],
        (0, _) => &[0x81, low],
        _ => &[0x82, high, low],
    };
    [&[tag], length, value].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    /// 2026-11-21.
    const NOW: u64 = 1_795_219_200;
    const DAY: u64 = 86_400;

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    fn made(seed: u64) -> Certificate {
        Certificate::generate(&mut StdRng::seed_from_u64(seed), at(NOW)).unwrap()
    }

    #[test]
    fn what_is_kept_is_the_same_again() {
        let (made, other) = (made(1), made(2));
        let again = Certificate::from_pem(made.to_pem().as_bytes(), at(NOW + DAY)).unwrap();
        assert_eq!((again.fingerprint(), &again.der, &again.key), (made.fingerprint(), &made.der, &made.key));
        assert_ne!(made.fingerprint(), other.fingerprint());
        assert!(!format!("{made:?}").contains("key"), "{made:?}");
        assert_eq!(made.fingerprint().len(), "sha-256 ".len() + 32 * 3 - 1);
    }

    /// The chain of who reads X.509 for a living takes it: version, serial, times, and its own signature.
    #[test]
    fn others_can_read_it() {
        use p256::ecdsa::{VerifyingKey, signature::Verifier};
        use p256::pkcs8::DecodePublicKey;
        for (seed, wall) in [(1, NOW), (2, 0), (3, DAY), (4, 2_524_608_000)] {
            let made = Certificate::generate(&mut StdRng::seed_from_u64(seed), at(wall)).unwrap();
            let read = x509_cert::Certificate::from_der(&made.der).unwrap();
            let tbs = read.tbs_certificate();
            assert_eq!(tbs.subject().to_string(), "CN=tuiphone");
            let seconds = |time: Time| time.to_unix_duration().as_secs();
            assert_eq!(seconds(tbs.validity().not_before), if wall < DAY { wall } else { wall - DAY });
            assert_eq!(seconds(tbs.validity().not_after), wall + 365 * DAY);
            let key = tbs.subject_public_key_info().to_der().unwrap();
            let signature = Signature::from_der(read.signature().raw_bytes()).unwrap();
            let verifier = VerifyingKey::from_public_key_der(&key).unwrap();
            verifier.verify(&tbs.to_der().unwrap(), &signature).unwrap();
        }
    }

    #[test]
    fn what_is_no_longer_good_is_said() {
        use CertificateError::{Damaged, Expired};
        let (made, other) = (made(1), made(2));
        let pem = made.to_pem();
        let (key, certificate) = pem.split_at(pem.find("-----BEGIN CERT").unwrap());
        let other = other.to_pem();
        let other_key = &other[..other.find("-----BEGIN CERT").unwrap()];
        let long = format!("{}{}", *pem, " ".repeat(MAX_PEM));
        let rows: [(&str, &str, u64, Option<CertificateError>); 11] = [
            ("good", &pem, NOW, None),
            ("the other way round", &format!("{certificate}{key}"), NOW, None),
            ("its last second", &pem, NOW + 365 * DAY - 1, None),
            ("one later", &pem, NOW + 365 * DAY, Some(Expired)),
            ("a clock set back", &pem, NOW - DAY - 1, Some(Expired)),
            ("empty", "", NOW, Some(Damaged)),
            ("no key", certificate, NOW, Some(Damaged)),
            ("no certificate", key, NOW, Some(Damaged)),
            ("another's key", &format!("{other_key}{certificate}"), NOW, Some(Damaged)),
            ("cut off", &pem[..pem.len() - 40], NOW, Some(Damaged)),
            ("too long", &long, NOW, Some(Damaged)),
        ];
        for (what, pem, now, error) in rows {
            assert_eq!(Certificate::from_pem(pem.as_bytes(), at(now)).err(), error, "{what}");
        }
        assert_eq!(Certificate::from_pem(&[0xff, 0xfe], at(NOW)).err(), Some(Damaged));
    }
}
