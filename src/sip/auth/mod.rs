//! Digest authentication (RFC 3261 §22, RFC 7616, RFC 8760), both sides. Never Basic.

mod algorithm;
mod authenticator;
mod challenge;
mod credentials;
mod info;

pub use algorithm::{Algorithm, Hash};
pub use authenticator::{AuthError, Authenticator};
pub use challenge::{Challenge, Qop, challenge_header};
pub use credentials::{Credentials, verify};
pub use info::Info;

use crate::sip::header::split::{cut, is_token, split};

/// A scheme and its parameters, as they stand in a challenge or in credentials.
type Parts = (String, Vec<(String, String)>);

/// Reads `Digest a=b, c="d", Basic e=f`: schemes with their parameters, quotes kept. An element that is neither a
/// parameter nor a scheme is skipped.
fn schemes(value: &[u8]) -> Vec<Parts> {
    let text = String::from_utf8_lossy(value);
    let mut found: Vec<Parts> = Vec::new();
    for element in split(text.as_bytes(), b',') {
        let mut parameter = element;
        let word_end = element.iter().position(|b| b.is_ascii_whitespace() || *b == b'=').unwrap_or(element.len());
        let (word, rest) = element.split_at_checked(word_end).unwrap_or((element, &[]));
        // `token token…` begins a challenge, `token = …` does not; nor does `token` alone: some leave the quotes of
        // `qop="auth,auth-int"` out.
        let rest = rest.trim_ascii();
        if is_token(word) && !rest.is_empty() && !rest.starts_with(b"=") {
            found.push((String::from_utf8_lossy(word).into_owned(), Vec::new()));
            parameter = rest;
        }
        let (name, value) = cut(parameter, b'=');
        if let (Some((_, parameters)), Some(value)) = (found.last_mut(), value) {
            let own = |b: &[u8]| String::from_utf8_lossy(b.trim_ascii()).into_owned();
            parameters.push((own(name), own(value)));
        }
    }
    found
}

/// The first parameter of this name, quotes kept.
fn parameter<'a>(parameters: &'a [(String, String)], name: &str) -> Option<&'a str> {
    parameters.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str())
}

#[cfg(test)]
mod tests;
