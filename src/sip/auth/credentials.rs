//! Authorization and Proxy-Authorization: computing, printing, reading, verifying.

use std::fmt;

use super::{Algorithm, Challenge, Qop, parameter, schemes};
use crate::sip::header::split::{between_quotes, quote, unquote};
use crate::sip::message::{HeaderName, Headers, Method};

/// The answer to one challenge. Holds no password, only the hash made with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The user name as it is shown: plain, or its hash where `userhash` says so.
    pub username: String,
    /// See `username`.
    pub userhash: bool,
    /// The realm of the challenge.
    pub realm: String,
    /// The nonce of the challenge, as it stood between the quotes.
    pub nonce: String,
    /// The digest-uri: our Request-URI.
    pub uri: String,
    /// The hash, lower-case hex.
    pub response: String,
    /// The algorithm.
    pub algorithm: Algorithm,
    /// True if the header names it.
    pub names_algorithm: bool,
    /// The opaque of the challenge, likewise.
    pub opaque: Option<String>,
    /// The client's nonce; there is one with a qop or a `-sess` algorithm.
    pub cnonce: Option<String>,
    /// The chosen quality and the use count of the nonce.
    pub qop: Option<(Qop, u32)>,
}

impl Credentials {
    /// Answers a challenge. `cnonce` is fresh text and `count` the number of uses of the nonce so far, this one
    /// included; both are used where the challenge has a qop or a `-sess` algorithm.
    pub fn answer(
        challenge: &Challenge,
        (username, password): (&str, &str),
        (method, uri, body): (&Method, &str, &[u8]),
        (cnonce, count): (String, u32),
    ) -> Credentials {
        let mut credentials = Credentials {
            username: username.to_owned(),
            userhash: challenge.userhash,
            realm: challenge.realm.clone(),
            nonce: challenge.nonce.clone(),
            uri: uri.to_owned(),
            response: String::new(),
            algorithm: challenge.algorithm,
            names_algorithm: challenge.names_algorithm,
            opaque: challenge.opaque.clone(),
            cnonce: Some(cnonce).filter(|_| challenge.qop.is_some() || challenge.algorithm.session),
            qop: challenge.qop.map(|qop| (qop, count)),
        };
        credentials.response = credentials.expected_response(password, method, body);
        if challenge.userhash {
            //= RFC 7616 §3.4.4: hashed after everything else
            credentials.username = challenge.algorithm.hash.hex(format!("{username}:{}", challenge.realm).as_bytes());
        }
        credentials
    }

    /// The `rspauth` of a server that knows the password, in the response that has this body (RFC 7616 §3.5); `user` is
    /// the name before any hash.
    pub fn rspauth(&self, (user, password): (&str, &str), body: &[u8]) -> String {
        Credentials { username: user.to_owned(), ..self.clone() }.hash(password, "", body)
    }

    /// The Digest credentials of a request, however spread over header lines.
    pub fn list(headers: &Headers, proxy: bool) -> Vec<Credentials> {
        let name = if proxy { HeaderName::ProxyAuthorization } else { HeaderName::Authorization };
        let parts = headers.all(&name).flat_map(schemes);
        let digests = parts.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("Digest"));
        digests.filter_map(|(_, parameters)| Credentials::read(&parameters)).collect()
    }

    fn read(parameters: &[(String, String)]) -> Option<Credentials> {
        let text = |name| parameter(parameters, name).map(|v| unquote(v).into_owned());
        let raw = |name| parameter(parameters, name).map(between_quotes);
        let algorithm = text("algorithm");
        let qop = match text("qop") {
            None => None,
            //= RFC 7616 §3.4: nc is eight hex digits
            Some(qop) => Some((Qop::parse(&qop)?, u32::from_str_radix(&text("nc")?, 16).ok()?)),
        };
        Some(Credentials {
            username: text("username")?,
            userhash: text("userhash").is_some_and(|s| s.eq_ignore_ascii_case("true")),
            realm: text("realm")?,
            nonce: raw("nonce")?,
            uri: text("uri")?,
            response: text("response")?,
            algorithm: algorithm.as_deref().map_or(Some(Algorithm::MD5), Algorithm::parse)?,
            names_algorithm: algorithm.is_some(),
            opaque: raw("opaque"),
            //= RFC 7616 §3.4: cnonce must come with a qop
            cnonce: match text("cnonce") {
                None if qop.is_some() => return None,
                cnonce => cnonce,
            },
            qop,
        })
    }

    /// The response these credentials should carry with this password.
    fn expected_response(&self, password: &str, method: &Method, body: &[u8]) -> String {
        self.hash(password, method.as_str(), body)
    }

    fn hash(&self, password: &str, method: &str, body: &[u8]) -> String {
        let hash = |text: &str| self.algorithm.hash.hex(text.as_bytes());
        let cnonce = self.cnonce.as_deref().unwrap_or_default();
        //= RFC 7616 §3.4.2
        let mut secret = hash(&format!("{}:{}:{password}", self.username, self.realm));
        if self.algorithm.session {
            secret = hash(&format!("{secret}:{}:{cnonce}", self.nonce));
        }
        //= RFC 7616 §3.4.3
        let action = match &self.qop {
            Some((Qop::AuthInt, ..)) => hash(&format!("{method}:{}:{}", self.uri, self.algorithm.hash.hex(body))),
            _ => hash(&format!("{method}:{}", self.uri)),
        };
        //= RFC 7616 §3.4.1
        match &self.qop {
            None => hash(&format!("{secret}:{}:{action}", self.nonce)),
            Some((qop, count)) => {
                hash(&format!("{secret}:{}:{count:08x}:{cnonce}:{}:{action}", self.nonce, qop.as_str()))
            }
        }
    }
}

impl fmt::Display for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quoted = |text: &str| quote(text);
        write!(f, "Digest username={}, realm={}", quoted(&self.username), quoted(&self.realm))?;
        write!(f, ", nonce=\"{}\", uri={}, response=\"{}\"", self.nonce, quoted(&self.uri), self.response)?;
        if self.names_algorithm {
            write!(f, ", algorithm={}", self.algorithm)?;
        }
        if let Some(opaque) = &self.opaque {
            write!(f, ", opaque=\"{opaque}\"")?;
        }
        if self.userhash {
            f.write_str(", userhash=true")?;
        }
        if let Some((qop, count)) = &self.qop {
            write!(f, ", qop={}, nc={count:08x}", qop.as_str())?;
        }
        if let Some(cnonce) = &self.cnonce {
            write!(f, ", cnonce={}", quoted(cnonce))?;
        }
        Ok(())
    }
}

/// A server's judgement: do these credentials prove the password for this request? Nonce, realm, user and
/// digest-uri are the caller's to compare with what it issued and knows.
pub fn verify(credentials: &Credentials, password: &str, method: &Method, body: &[u8]) -> bool {
    let expected = credentials.expected_response(password, method, body);
    let given = credentials.response.to_ascii_lowercase();
    // No early end: the time taken tells nothing about where they differ.
    let difference = expected.bytes().zip(given.bytes()).fold(0, |all, (a, b)| all | (a ^ b));
    expected.len() == given.len() && difference == 0
}
