//! Who may come in: whoever has the token, under a name of ours, and not from a page of somebody else's.

use super::answer::Refusal;
use crate::control::ExitCode;
use hyper::HeaderMap;
use hyper::header::{AUTHORIZATION, HOST, HeaderName, ORIGIN};
use sha2::{Digest, Sha256};
use std::net::{IpAddr, SocketAddr};
use subtle::ConstantTimeEq;

/// The fewest characters of a token.
pub const MIN_TOKEN: usize = 16;

/// The most.
const MAX_TOKEN: usize = 512;

/// What browsers say of the page a request comes from.
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The token, as its hash: nothing here can tell it.
#[derive(Clone)]
pub struct Token([u8; 32]);

impl Token {
    /// The token of a text; the error says what is wrong with it and not what it is.
    ///
    /// # Errors
    /// Too short, too long, or with what no header can hold.
    pub fn new(text: &str) -> Result<Token, String> {
        match text.len() {
            ..MIN_TOKEN => Err(format!("the token has {} characters, it needs {MIN_TOKEN}", text.len())),
            MIN_TOKEN..=MAX_TOKEN if text.bytes().all(|byte| byte.is_ascii_graphic()) => {
                Ok(Token(hash(text.as_bytes())))
            }
            MIN_TOKEN..=MAX_TOKEN => {
                Err("the token has a blank or another character that no header can hold".to_owned())
            }
            _ => Err(format!("the token has more than {MAX_TOKEN} characters")),
        }
    }

    /// As long whatever is right about it: hashes are compared, and all of them.
    fn is(&self, given: &[u8]) -> bool {
        self.0.ct_eq(&hash(given)).into()
    }
}

fn hash(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// What a request must have to be looked at.
#[derive(Clone)]
pub struct Gate {
    token: Token,
    at: SocketAddr,
    /// Callers of other machines are served too.
    remote: bool,
    /// Names of this machine that a `Host` may have, beside addresses and `localhost`.
    names: Vec<String>,
}

impl Gate {
    /// The gate of a listener at this address.
    pub fn new(token: Token, at: SocketAddr, remote: bool, names: Vec<String>) -> Gate {
        Gate { token, at, remote, names }
    }

    /// Lets a request in, or says why not.
    pub(super) fn check(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        let host = self.host(headers)?;
        self.page(headers, host)?;
        self.token(headers)
    }

    /// Why by name: a page whose name leads here (DNS rebinding) still says its own.
    fn host<'a>(&self, headers: &'a HeaderMap) -> Result<&'a str, Refusal> {
        let refused = |why: &str| Err(Refusal::new(400, ExitCode::Usage, "bad_host", why));
        let Some(host) = only(headers, &HOST) else { return refused("a request names one Host") };
        let Some((name, port)) = split(host) else { return refused("the Host is none") };
        let own_port = port.is_none_or(|port| port == self.at.port());
        let named = self.names.iter().any(|own| own.eq_ignore_ascii_case(name));
        let known = match name.parse::<IpAddr>() {
            Ok(ip) => own_port && (self.remote || ip.is_loopback() || ip == self.at.ip()),
            Err(_) => own_port && name.eq_ignore_ascii_case("localhost"),
        };
        if named || known {
            return Ok(host);
        }
        let why = "that Host is no name of this phone; --host NAME gives it one";
        Err(Refusal::new(421, ExitCode::Refused, "wrong_host", why))
    }

    /// No page is served here, so none but one of this very place has a reason to ask.
    fn page(&self, headers: &HeaderMap, host: &str) -> Result<(), Refusal> {
        let mut origins = headers.get_all(ORIGIN).iter();
        let own = |origin: &[u8]| {
            let origin = origin.split_at_checked("http://".len());
            origin.is_some_and(|(scheme, rest)| scheme == b"http://" && rest.eq_ignore_ascii_case(host.as_bytes()))
        };
        let mut sites = headers.get_all(FETCH_SITE).iter();
        let is_ours = origins.all(|origin| own(origin.as_bytes()))
            && sites.all(|site| matches!(site.as_bytes(), b"same-origin" | b"none"));
        match is_ours {
            true => Ok(()),
            false => Err(Refusal::new(403, ExitCode::Refused, "wrong_origin", "no page of another place is served")),
        }
    }

    //= RFC 6750 §2.1
    fn token(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        let mut values = headers.get_all(AUTHORIZATION).iter();
        let refused = |why: &str| Err(Refusal::new(401, ExitCode::Refused, "unauthorized", why));
        let (Some(value), None) = (values.next(), values.next()) else {
            return refused("the token is missing: Authorization: Bearer TOKEN");
        };
        let parts = value.as_bytes().split_at_checked("Bearer ".len());
        match parts {
            Some((scheme, given)) if scheme.eq_ignore_ascii_case(b"Bearer ") && self.token.is(given) => Ok(()),
            _ => refused("the token is another one"),
        }
    }
}

/// The value of a header that is there once.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().ok(),
        _ => None,
    }
}

/// Name, an address of IPv6 without its brackets, and port.
fn split(host: &str) -> Option<(&str, Option<u16>)> {
    let (name, rest) = match host.strip_prefix('[') {
        Some(rest) => rest.split_once(']')?,
        None => host.find(':').map_or((host, ""), |at| host.split_at(at)),
    };
    let port = match rest.strip_prefix(':') {
        Some(port) => Some(port.parse().ok()?),
        None if rest.is_empty() => None,
        None => return None,
    };
    (!name.is_empty()).then_some((name, port))
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::header::HeaderValue;

    const TOKEN: &str = "correct-horse-battery";

    fn gate(remote: bool) -> Gate {
        let token = Token::new(TOKEN).expect("a token");
        Gate::new(token, "127.0.0.1:8080".parse().expect("an address"), remote, vec!["phone.example.net".to_owned()])
    }

    fn status(gate: &Gate, lines: &[(&'static str, &str)]) -> u16 {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, HeaderValue::from_str(value).expect("a value"));
        }
        gate.check(&headers).map_or_else(|refusal| refusal.status, |()| 200)
    }

    #[test]
    fn names_that_are_ours() {
        let bearer = format!("Bearer {TOKEN}");
        for (host, here, remote) in [
            ("127.0.0.1:8080", 200, 200),
            ("127.0.0.1", 200, 200),
            ("localhost:8080", 200, 200),
            ("LOCALHOST:8080", 200, 200),
            ("[::1]:8080", 200, 200),
            ("phone.example.net", 200, 200),
            ("phone.example.net:443", 200, 200),
            ("127.0.0.1:8081", 421, 421),
            ("192.0.2.1:8080", 421, 200),
            ("evil.example:8080", 421, 421),
            ("localhost.evil.example:8080", 421, 421),
            ("localhost.:8080", 421, 421),
            ("127.0.0.1.evil.example", 421, 421),
            ("", 400, 400),
            (":8080", 400, 400),
            ("[::1", 400, 400),
            ("[::1]x", 400, 400),
            ("localhost:", 400, 400),
            ("localhost:99999", 400, 400),
            ("user@localhost:8080", 421, 421),
        ] {
            let lines = [("host", host), ("authorization", bearer.as_str())];
            assert_eq!((status(&gate(false), &lines), status(&gate(true), &lines)), (here, remote), "{host:?}");
        }
        let twice = [("host", "localhost"), ("host", "localhost"), ("authorization", bearer.as_str())];
        assert_eq!((status(&gate(false), &twice), status(&gate(false), &twice[2..])), (400, 400));
    }

    #[test]
    fn pages_of_others_are_refused_with_the_token_too() {
        let bearer = format!("Bearer {TOKEN}");
        let good = [("host", "localhost:8080"), ("authorization", bearer.as_str())];
        for (line, expected) in [
            (("origin", "http://localhost:8080"), 200),
            (("origin", "http://localhost:8081"), 403),
            (("origin", "http://127.0.0.1:8080"), 403),
            (("origin", "https://localhost:8080"), 403),
            (("origin", "http://evil.example"), 403),
            (("origin", "null"), 403),
            (("origin", ""), 403),
            (("sec-fetch-site", "none"), 200),
            (("sec-fetch-site", "same-origin"), 200),
            (("sec-fetch-site", "same-site"), 403),
            (("sec-fetch-site", "cross-site"), 403),
        ] {
            assert_eq!(status(&gate(false), &[&good[..], &[line]].concat()), expected, "{line:?}");
        }
    }

    #[test]
    fn the_token_and_nothing_like_it() {
        let host = ("host", "localhost:8080");
        for (value, expected) in [
            (format!("Bearer {TOKEN}"), 200),
            (format!("bearer {TOKEN}"), 200),
            (format!("Bearer {TOKEN}x"), 401),
            (format!("Bearer {}", &TOKEN[1..]), 401),
            (format!("Bearer  {TOKEN}"), 401),
            (format!("Basic {TOKEN}"), 401),
            (TOKEN.to_owned(), 401),
            ("Bearer".to_owned(), 401),
            ("Bearer ".to_owned(), 401),
            (String::new(), 401),
        ] {
            assert_eq!(status(&gate(false), &[host, ("authorization", &value)]), expected, "{value}");
        }
        assert_eq!(status(&gate(false), &[host]), 401);
        let right = format!("Bearer {TOKEN}");
        let twice = [host, ("authorization", right.as_str()), ("authorization", right.as_str())];
        assert_eq!(status(&gate(false), &twice), 401);
    }

    #[test]
    fn what_can_be_a_token() {
        for (text, good) in [(TOKEN, true), ("short", false), ("", false), ("with a blank in the middle", false)] {
            assert_eq!(Token::new(text).is_ok(), good, "{text}");
        }
        assert!(Token::new(&"x".repeat(MAX_TOKEN + 1)).is_err());
    }
}
