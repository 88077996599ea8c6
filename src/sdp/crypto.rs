//! `a=crypto` (RFC 4568): suites and keys in a description, as read and as written.

mod base64;

use std::fmt;

use zeroize::Zeroizing;

use super::{Attribute, Media};

/// Most crypto lines read of one media line, and most keys of one of them.
const MAX_LINES: usize = 32;
const MAX_KEYS: usize = 4;
/// Longest `a=crypto` value read.
const MAX_OCTETS: usize = 1024;
/// Packets a master key may last at most (RFC 3711 §9.2).
const MAX_LIFETIME: u64 = 1 << 48;
/// Longest master key identifier (RFC 4568 §6.1).
const MAX_MKI: usize = 128;

/// A suite this phone can, as descriptions name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CryptoSuite {
    /// Its name in the registry of RFC 4568.
    pub name: &'static str,
    /// Octets of master key and salt together.
    pub key_and_salt: usize,
    /// We offer it; else it is taken only where the peer offers it.
    pub offered: bool,
}

/// Master key and salt as one; wiped when dropped, and never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct KeyAndSalt(Zeroizing<Vec<u8>>);

impl KeyAndSalt {
    /// So many octets of chance.
    pub fn random(octets: usize, rng: &mut impl rand::Rng) -> KeyAndSalt {
        let mut key = Zeroizing::new(vec![0; octets]);
        rng.fill_bytes(&mut key);
        KeyAndSalt(key)
    }

    /// The octets; for the session keys and nothing else.
    pub fn reveal(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for KeyAndSalt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyAndSalt(…)")
    }
}

/// A key that packets are protected with, and what they call it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CryptoKey {
    /// Master key and salt.
    pub key: KeyAndSalt,
    /// The master key identifier, as it stands in packets; empty when they have none.
    pub mki: Vec<u8>,
}

/// One line that can be used: all it asks for is what we do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Crypto {
    /// What an answer names the line by.
    pub(super) tag: u32,
    pub(super) suite: CryptoSuite,
    /// What the writer of the line protects its packets with.
    pub(super) keys: Vec<CryptoKey>,
}

impl Crypto {
    /// The lines of a media line that can be used, in their order.
    pub(super) fn usable<'a>(media: &'a Media, suites: &'a [CryptoSuite]) -> impl Iterator<Item = Crypto> + 'a {
        media.attributes_named("crypto").take(MAX_LINES).filter_map(|value| Crypto::read(value, suites))
    }

    /// Read `tag suite key-params session-params`. `None`: it cannot be read, its suite is not among these, or it asks
    /// for what we do not do.
    fn read(value: &str, suites: &[CryptoSuite]) -> Option<Crypto> {
        let mut words = Some(value).filter(|value| value.len() <= MAX_OCTETS)?.split_ascii_whitespace();
        //= RFC 4568 §9.1: up to nine digits
        let tag = words.next().filter(|tag| tag.len() <= 9 && tag.bytes().all(|b| b.is_ascii_digit()))?.parse().ok()?;
        let name = words.next()?;
        let suite = *suites.iter().find(|suite| suite.name.eq_ignore_ascii_case(name))?;
        let parts: Vec<&str> = words.next()?.split(';').collect();
        if parts.len() > MAX_KEYS || !words.all(harmless) {
            return None;
        }
        let keys: Vec<CryptoKey> = parts.iter().map(|part| inline(part, suite)).collect::<Option<_>>()?;
        let first = keys.first()?;
        //= RFC 4568 §6.1: several keys are told apart by identifiers, all of the same length
        let told_apart = keys.iter().enumerate().all(|(at, key)| {
            let others = keys.iter().skip(at.saturating_add(1));
            key.mki.len() == first.mki.len() && !others.into_iter().any(|other| other.mki == key.mki)
        });
        told_apart.then_some(Crypto { tag, suite, keys })
    }

    /// The attribute; identifiers and lifetimes are not written.
    pub(super) fn attribute(tag: u32, suite: CryptoSuite, key: &KeyAndSalt) -> Attribute {
        Attribute::with_value("crypto", format!("{tag} {} inline:{}", suite.name, base64::encode(key.reveal())))
    }
}

/// `inline:key||salt["|"lifetime]["|"MKI:length]`
fn inline(part: &str, suite: CryptoSuite) -> Option<CryptoKey> {
    const METHOD: &str = "inline:";
    let info =
        part.get(..METHOD.len()).filter(|method| method.eq_ignore_ascii_case(METHOD)).and(part.get(METHOD.len()..))?;
    let mut fields = info.split('|');
    let key = base64::decode(fields.next()?).filter(|key| key.len() == suite.key_and_salt)?;
    let (mut lifetime, mut mki) = (None, None);
    for field in fields {
        match field.split_once(':') {
            Some((value, length)) if mki.is_none() => mki = Some(identifier(value, length)?),
            None if lifetime.is_none() && mki.is_none() => lifetime = Some(packets(field)?),
            _ => return None,
        }
    }
    // How long its own key lasts is for the peer to keep to: what it sends with it is authentic in any case.
    lifetime.is_none_or(|packets| (1..=MAX_LIFETIME).contains(&packets)).then_some(())?;
    Some(CryptoKey { key: KeyAndSalt(key), mki: mki.unwrap_or_default() })
}

/// `2^20` or `1048576`
fn packets(lifetime: &str) -> Option<u64> {
    match lifetime.strip_prefix("2^") {
        Some(power) => 1_u64.checked_shl(power.parse().ok()?),
        None => lifetime.parse().ok(),
    }
}

/// A number in so many octets, the highest first.
fn identifier(value: &str, length: &str) -> Option<Vec<u8>> {
    let length: usize = length.parse().ok().filter(|length| (1..=MAX_MKI).contains(length))?;
    let value = value.parse::<u128>().ok()?.to_be_bytes();
    let zeros = value.iter().take_while(|octet| **octet == 0).count();
    let digits = value.get(zeros..)?;
    let front = length.checked_sub(digits.len())?;
    Some([vec![0; front], digits.to_vec()].concat())
}

/// A session parameter that changes nothing of what we do.
//= RFC 4568 §6.3, §6.3.7: a parameter that is not known spoils the line, unless it begins with a dash
fn harmless(parameter: &str) -> bool {
    let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
    match name.to_ascii_uppercase().as_str() {
        // Session keys are derived once.
        "KDR" => value == "0",
        // How far back the writer wishes to be understood.
        "WSH" => value.parse::<u32>().is_ok_and(|window| window >= 64),
        // UNENCRYPTED_SRTP, UNENCRYPTED_SRTCP, UNAUTHENTICATED_SRTP: what is protected is protected whole.
        other => other.starts_with('-'),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SUITE: CryptoSuite = CryptoSuite { name: "AES_CM_128_HMAC_SHA1_80", key_and_salt: 30, offered: true };
    /// The key of the example of RFC 4568 §9.1, 30 octets.
    const KEY: &str = "WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz";

    #[test]
    fn lines_are_read_or_passed_over() {
        // Line with K for the key; tag and identifiers of its keys in hex.
        type Row<'a> = (&'a str, Option<(u32, &'a [&'a str])>);
        let rows: &[Row] = &[
            ("1 AES_CM_128_HMAC_SHA1_80 inline:K", Some((1, &[""]))),
            ("1 AES_CM_128_HMAC_SHA1_80 inline:K|2^20|1:4", Some((1, &["00000001"]))),
            ("1 AES_CM_128_HMAC_SHA1_80 inline:K|1:32 FEC_ORDER=FEC_SRTP", None),
            ("999999999 aes_cm_128_hmac_sha1_80 INLINE:K|2^48", Some((999_999_999, &[""]))),
            ("2 AES_CM_128_HMAC_SHA1_80 inline:K|1048576|258:2;inline:K|2^20|3:2", Some((2, &["0102", "0003"]))),
            ("1\tAES_CM_128_HMAC_SHA1_80  inline:K  WSH=64 KDR=0 -OURS=1", Some((1, &[""]))),
            ("1 AES_CM_128_HMAC_SHA1_80 inline:K==", Some((1, &[""]))),
            ("1 AES_CM_128_HMAC_SHA1_80 inline:K UNENCRYPTED_SRTP", None),
            ("1 AES_CM_128_HMAC_SHA1_80 inline:K UNENCRYPTED_SRTCP", None),
            ("1 AES_CM_128_HMAC_SHA1_80 inline:K UNAUTHENTICATED_SRTP", None),
            ("1 AES_CM_128_HMAC_SHA1_80 inline:K KDR=1", None),
            ("1 AES_CM_128_HMAC_SHA1_80 inline:K WSH=63", None),
            ("1 AES_CM_128_HMAC_SHA1_80 inline:K SOMETHING", None),
            ("1 AES_CM_128_HMAC_SHA1_80 inline:K|2^49", None),
            ("1 AES_CM_128_HMAC_SHA1_80 inline:K|2^99999999999", None),
            ("1 AES_CM_128_HMAC_SHA1_80 inline:K|0", None),
            ("1 AES_CM_128_HMAC_SHA1_80 inline:K|2^20|2^20", None),
            ("1 AES_CM_128_HMAC_SHA1_80 inline:K|1:4|2^20", None),
            ("1 AES_CM_128_HMAC_SHA1_80 inline:K|1:0", None),
            ("1 AES_CM_128_HMAC_SHA1_80 inline:K|1:129", None),
            ("1 AES_CM_128_HMAC_SHA1_80 inline:K|256:1", None),
            ("1 AES_CM_128_HMAC_SHA1_80 inline:K|x:4", None),
            ("1 AES_CM_128_HMAC_SHA1_80 inline:K;inline:K", None),
            ("1 AES_CM_128_HMAC_SHA1_80 inline:K|1:1;inline:K|1:2", None),
            ("1 AES_CM_128_HMAC_SHA1_80 inline:K|1:1;inline:K|1:1", None),
            ("1 AES_CM_128_HMAC_SHA1_80 inline:K|1:1;inline:K|2:1;inline:K|3:1;inline:K|4:1;inline:K|5:1", None),
            ("1 AES_CM_128_HMAC_SHA1_80 inline:KAAAA", None),
            ("1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1j", None),
            ("1 AES_CM_128_HMAC_SHA1_80 inline:", None),
            ("1 AES_CM_128_HMAC_SHA1_80 K", None),
            ("1 AES_CM_128_HMAC_SHA1_80", None),
            ("1 F8_128_HMAC_SHA1_80 inline:K", None),
            ("1234567890 AES_CM_128_HMAC_SHA1_80 inline:K", None),
            ("+1 AES_CM_128_HMAC_SHA1_80 inline:K", None),
            ("x AES_CM_128_HMAC_SHA1_80 inline:K", None),
            ("", None),
        ];
        for (line, expected) in rows {
            let read = Crypto::read(&line.replace('K', KEY).replace(&format!("{KEY}DR"), "KDR"), &[SUITE]);
            let hex = |mki: &[u8]| mki.iter().map(|octet| format!("{octet:02x}")).collect::<String>();
            let shown = read.as_ref().map(|c| (c.tag, c.keys.iter().map(|k| hex(&k.mki)).collect::<Vec<_>>()));
            let expected = expected.map(|(tag, mkis)| (tag, mkis.iter().map(|mki| (*mki).to_owned()).collect()));
            assert_eq!(shown, expected, "{line}");
            if let Some(read) = read {
                assert!(read.keys.iter().all(|key| key.key.reveal() == b"YS___semctl () {\t220;}\n}\nunles"), "{line}");
            }
        }
        let long = format!("1 {} inline:{KEY} {}", SUITE.name, "-X ".repeat(400));
        assert_eq!(Crypto::read(&long, &[SUITE]), None, "longer than any honest line");
    }

    #[test]
    fn keys_are_not_printed() {
        let read = Crypto::read(&format!("1 {} inline:{KEY}", SUITE.name), &[SUITE]);
        let shown = format!("{read:?}");
        assert!(shown.contains("KeyAndSalt(…)") && !shown.contains("89"), "{shown}");
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn what_is_written_is_read(tag in 1_u32..999_999_999, octets in proptest::collection::vec(any::<u8>(), 30)) {
            let key = KeyAndSalt(Zeroizing::new(octets));
            let value = Crypto::attribute(tag, SUITE, &key).value.unwrap_or_default();
            let keys = vec![CryptoKey { key, mki: Vec::new() }];
            prop_assert_eq!(Crypto::read(&value, &[SUITE]), Some(Crypto { tag, suite: SUITE, keys }));
        }

        #[test]
        fn any_line_is_read_without_panic(value in "([0-9]{1,10} )?(AES_CM_128_HMAC_SHA1_80 )?(inline:)?[A-Za-z0-9+/=|:;^ ]{0,80}") {
            let _ = Crypto::read(&value, &[SUITE]);
        }
    }
}
