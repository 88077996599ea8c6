//! Base64 (RFC 4648 §4), as keys are written in it.

use zeroize::Zeroizing;

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The text of these octets, padded.
pub(super) fn encode(octets: &[u8]) -> String {
    let mut text = String::with_capacity(octets.len().div_ceil(3).saturating_mul(4));
    for chunk in octets.chunks(3) {
        let octet = |at: usize| u32::from(chunk.get(at).copied().unwrap_or(0));
        let bits = (octet(0) << 16) | (octet(1) << 8) | octet(2);
        for at in 0..4 {
            let digit = ALPHABET.get((bits >> (18 - 6 * at)) as usize & 63).filter(|_| at as usize <= chunk.len());
            text.push(char::from(*digit.unwrap_or(&b'=')));
        }
    }
    text
}

/// The octets of a text. Padding may be missing, and peers write too much of it; bits beyond the last octet are not
/// looked at.
pub(super) fn decode(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let mut octets = Zeroizing::new(Vec::with_capacity(text.len()));
    for chunk in text.trim_end_matches('=').as_bytes().chunks(4) {
        let mut bits = 0_u32;
        for digit in chunk {
            let value = ALPHABET.iter().position(|known| known == digit)?;
            bits = (bits << 6) | u32::try_from(value).ok()?;
        }
        let whole = chunk.len().checked_mul(6)?;
        let count = Some(whole / 8).filter(|count| *count > 0)?;
        let [_, bytes @ ..] = (bits << (24 - whole.min(24))).to_be_bytes();
        octets.extend(bytes.into_iter().take(count));
    }
    Some(octets)
}

#[cfg(test)]
mod tests {
    use super::*;

    //= RFC 4648 §10
    #[test]
    fn published_vectors() {
        let rows = [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ];
        for (plain, text) in rows {
            assert_eq!(encode(plain.as_bytes()), text);
            assert_eq!(decode(text).unwrap().as_slice(), plain.as_bytes());
            assert_eq!(decode(text.trim_end_matches('=')).unwrap().as_slice(), plain.as_bytes(), "without padding");
        }
        for text in ["Z", "Zm9vY", "Zm=v", "Zm9 v", "Zm9_", "Zöv"] {
            assert_eq!(decode(text).map(|octets| octets.to_vec()), None, "{text}");
        }
    }
}
