//! WWW-Authenticate and Proxy-Authenticate.

use std::fmt;

use super::{Algorithm, parameter, schemes};
use crate::sip::header::split::{between_quotes, quote, unquote};
use crate::sip::message::{HeaderName, Headers};

/// Quality of protection (RFC 7616 §3.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Qop {
    /// The request line is protected.
    Auth,
    /// The body too.
    AuthInt,
}

impl Qop {
    /// The token.
    pub fn as_str(self) -> &'static str {
        match self {
            Qop::Auth => "auth",
            Qop::AuthInt => "auth-int",
        }
    }

    /// The quality of a token, letter case aside.
    pub fn parse(token: &str) -> Option<Qop> {
        [Qop::Auth, Qop::AuthInt].into_iter().find(|q| q.as_str().eq_ignore_ascii_case(token))
    }
}

/// One Digest challenge we can answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Challenge {
    /// From Proxy-Authenticate (407), not WWW-Authenticate (401).
    pub proxy: bool,
    /// The realm, quotes and backslashes undone. Foreign text.
    pub realm: String,
    /// The nonce as it stands between the quotes: it is hashed and sent back so (RFC 7616 §3.4).
    pub nonce: String,
    /// To be sent back as it is, likewise.
    pub opaque: Option<String>,
    /// The old nonce ran out; the password was right.
    pub stale: bool,
    /// The algorithm.
    pub algorithm: Algorithm,
    /// True if the challenge named it; a bare one is answered barely.
    pub names_algorithm: bool,
    /// The server takes the user name hashed (RFC 7616 §3.4.4).
    pub userhash: bool,
    /// The best quality both sides know; `None` for a challenge without `qop` (RFC 2069).
    pub qop: Option<Qop>,
}

impl Challenge {
    /// The challenges of a response in wire order, however they are spread over header lines. Schemes other than
    /// Digest, unknown algorithms and unknown qualities are left out.
    pub fn list(headers: &Headers, proxy: bool) -> Vec<Challenge> {
        let name = if proxy { HeaderName::ProxyAuthenticate } else { HeaderName::WwwAuthenticate };
        let parts = headers.all(&name).flat_map(schemes);
        let digests = parts.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("Digest"));
        digests.filter_map(|(_, parameters)| Challenge::read(&parameters, proxy)).collect()
    }

    fn read(parameters: &[(String, String)], proxy: bool) -> Option<Challenge> {
        let text = |name| parameter(parameters, name).map(|v| unquote(v).into_owned());
        let raw = |name| parameter(parameters, name).map(between_quotes);
        let algorithm = text("algorithm");
        let qop = match text("qop") {
            None => None,
            Some(list) => {
                let mut known = list.split(',').filter_map(|q| Qop::parse(q.trim())).collect::<Vec<_>>();
                // `auth` first: middle boxes rewrite bodies, and auth-int would then fail.
                known.sort_by_key(|q| *q == Qop::AuthInt);
                // An empty list is as good as none; one of strangers only cannot be answered.
                if known.is_empty() && !list.trim().is_empty() {
                    return None;
                }
                known.first().copied()
            }
        };
        Some(Challenge {
            proxy,
            realm: text("realm")?,
            nonce: raw("nonce")?,
            opaque: raw("opaque"),
            stale: text("stale").is_some_and(|s| s.eq_ignore_ascii_case("true")),
            algorithm: algorithm.as_deref().map_or(Some(Algorithm::MD5), Algorithm::parse)?,
            names_algorithm: algorithm.is_some(),
            userhash: text("userhash").is_some_and(|s| s.eq_ignore_ascii_case("true")),
            qop,
        })
    }
}

impl fmt::Display for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest realm={}, nonce=\"{}\"", quote(&self.realm), self.nonce)?;
        if let Some(opaque) = &self.opaque {
            write!(f, ", opaque=\"{opaque}\"")?;
        }
        if self.stale {
            f.write_str(", stale=true")?;
        }
        if self.names_algorithm {
            write!(f, ", algorithm={}", self.algorithm)?;
        }
        self.qop.map_or(Ok(()), |qop| write!(f, ", qop=\"{}\"", qop.as_str()))
    }
}

/// A registrar's WWW-Authenticate value: qop `auth`, this algorithm and nonce.
pub fn challenge_header(realm: &str, nonce: &str, algorithm: Algorithm, stale: bool) -> String {
    let challenge = Challenge {
        proxy: false,
        realm: realm.to_owned(),
        nonce: between_quotes(nonce),
        opaque: None,
        stale,
        algorithm,
        names_algorithm: true,
        userhash: false,
        qop: Some(Qop::Auth),
    };
    challenge.to_string()
}
