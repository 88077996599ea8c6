//! Addresses of the web, as far as they are fetched here.

use crate::config::Secret;
use crate::text::sanitise;
use hyper::Uri;
use std::fmt::Write;

/// Longest address that is asked for, in bytes.
const MAX_BYTES: usize = 4096;

/// An address of `http` or `https`. It may hold secrets: what people see of it is [`Url::shown`].
#[derive(Clone, PartialEq, Eq)]
pub struct Url(Uri);

impl Url {
    /// Reads an address; what an address cannot hold as it is (blanks, letters beyond ASCII) is escaped.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn parse(text: &str) -> Result<Url, String> {
        if text.len() > MAX_BYTES {
            return Err(format!("an address of {} bytes, more than {MAX_BYTES}", text.len()));
        }
        let mut escaped = String::with_capacity(text.len());
        for byte in text.trim().bytes() {
            match byte {
                b' '..=b'~' if !b" \"<>\\^`{|}".contains(&byte) => escaped.push(char::from(byte)),
                _ => escape(&mut escaped, byte),
            }
        }
        // A query without a path is one of the root.
        let place = escaped.find("://").map_or(0, |at| at + 3);
        let behind = escaped.get(place..).and_then(|rest| rest.find(['/', '?', '#']));
        if let Some(at) =
            behind.map(|at| place + at).filter(|at| escaped.get(*at..).is_some_and(|rest| rest.starts_with('?')))
        {
            escaped.insert(at, '/');
        }
        let uri: Uri = escaped.parse().map_err(|_| "it is no address (https://HOST/PATH is wanted)".to_owned())?;
        match (uri.scheme_str(), uri.host()) {
            (Some("http" | "https"), Some(host)) if !host.is_empty() => Ok(Url(uri)),
            _ => Err("it is no address of the web (https://HOST/PATH is wanted)".to_owned()),
        }
    }

    /// It is asked for in secret.
    pub fn is_secure(&self) -> bool {
        self.0.scheme_str() == Some("https")
    }

    /// The host, an address of IPv6 without its brackets.
    pub fn host(&self) -> &str {
        let host = self.0.host().unwrap_or_default();
        host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
    }

    /// The port, the usual one unless another is named.
    pub fn port(&self) -> u16 {
        self.0.port_u16().unwrap_or(if self.is_secure() { 443 } else { 80 })
    }

    /// Host and port as they are named, without a user.
    pub fn authority(&self) -> &str {
        let authority = self.0.authority().map_or("", |authority| authority.as_str());
        authority.rsplit_once('@').map_or(authority, |(_, place)| place)
    }

    /// Path and query.
    pub fn target(&self) -> &str {
        self.0.path_and_query().map_or("/", |target| target.as_str())
    }

    /// User and password before the host.
    pub fn credentials(&self) -> Option<(String, Secret)> {
        let (user, _) = self.0.authority()?.as_str().rsplit_once('@')?;
        let (user, password) = user.split_once(':').unwrap_or((user, ""));
        Some((unescaped(user), Secret::new(unescaped(password))))
    }

    /// Both are the same server: what is secret to one is to the other.
    pub fn is_beside(&self, other: &Url) -> bool {
        let place = |url: &Url| (url.is_secure(), url.host().to_ascii_lowercase(), url.port());
        place(self) == place(other)
    }

    /// Where a redirection from here leads.
    ///
    /// # Errors
    /// No address, or one that would give a secret away.
    pub fn redirected(&self, location: &str) -> Result<Url, String> {
        let location = location.trim();
        let scheme = self.0.scheme_str().unwrap_or("https");
        let path = self.0.path();
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let place = self.authority();
        let text = match location {
            absolute if absolute.split(['/', '?', '#']).next().is_some_and(|start| start.contains(':')) => {
                absolute.to_owned()
            }
            beside if beside.starts_with("//") => format!("{scheme}:{beside}"),
            rooted if rooted.starts_with('/') => format!("{scheme}://{place}{rooted}"),
            query if query.starts_with('?') => format!("{scheme}://{place}{path}{query}"),
            relative => format!("{scheme}://{place}{folder}/{relative}"),
        };
        let to =
            Url::parse(&text).map_err(|_| format!("it redirects to {:?}, which is no address", sanitise(location)))?;
        if self.is_secure() && !to.is_secure() {
            return Err(format!("it redirects from https to {}: nothing secret goes there", to.shown()));
        }
        Ok(to)
    }

    /// What people may see of it: no user, no password, no query.
    pub fn shown(&self) -> String {
        sanitise(&format!("{}://{}{}", self.0.scheme_str().unwrap_or_default(), self.authority(), self.0.path()))
    }
}

impl std::fmt::Debug for Url {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.shown())
    }
}

/// A value as a part of an address: whatever is not unreserved is escaped.
//= RFC 3986 §2.1
pub fn escaped(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for byte in value.bytes() {
        //= RFC 3986 §2.3
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            _ => escape(&mut out, byte),
        }
    }
    out
}

fn escape(out: &mut String, byte: u8) {
    let _ = write!(out, "%{byte:02X}");
}

fn unescaped(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.bytes().next() {
        let hex = rest.get(1..3).filter(|_| first == b'%').and_then(|hex| u8::from_str_radix(hex, 16).ok());
        let taken = if hex.is_some() { 3 } else { rest.chars().next().map_or(1, char::len_utf8) };
        match hex {
            Some(byte) => bytes.push(byte),
            None => bytes.extend(rest.bytes().take(taken)),
        }
        rest = rest.get(taken..).unwrap_or_default();
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_of_whom() {
        for (text, host, port, target, shown) in [
            ("http://pbx/dir", "pbx", 80, "/dir", "http://pbx/dir"),
            (
                "https://u:p%40ss@pbx.example.net:8443/a?password=x#f",
                "pbx.example.net",
                8443,
                "/a?password=x",
                "https://pbx.example.net:8443/a",
            ),
            ("https://[::1]/a b/\u{e9}", "::1", 443, "/a%20b/%C3%A9", "https://[::1]/a%20b/%C3%A9"),
            (" https://pbx?q=\"1\" ", "pbx", 443, "/?q=%221%22", "https://pbx/"),
        ] {
            let url = Url::parse(text).unwrap();
            assert_eq!(
                (url.host(), url.port(), url.target(), url.shown().as_str()),
                (host, port, target, shown),
                "{text}"
            );
            assert_eq!(format!("{url:?}"), shown, "nothing secret is printed");
        }
        let (user, password) = Url::parse("https://u%3A:p%40ss@h/").unwrap().credentials().unwrap();
        assert_eq!((user.as_str(), password.reveal()), ("u:", "p@ss"));
        for text in [
            "",
            "pbx/dir",
            "ftp://pbx/dir",
            "file:///etc/passwd",
            "https://",
            "https:///x",
            &format!("http://h/{}", "x".repeat(5000)),
        ] {
            assert!(Url::parse(text).is_err(), "{text}");
        }
    }

    //= RFC 3986 §2.1
    //= RFC 3986 §2.3
    #[test]
    fn values_in_an_address() {
        assert_eq!(escaped("a-Z_0.~ &=/?#%\u{e9}\n"), "a-Z_0.~%20%26%3D%2F%3F%23%25%C3%A9%0A");
        assert_eq!(unescaped("%zz%4"), "%zz%4");
    }

    #[test]
    fn where_redirections_lead() {
        let from = Url::parse("https://u:p@pbx.example.net/a/b?c").unwrap();
        for (location, to) in [
            ("https://other.example.net/x", Ok("https://other.example.net/x")),
            ("//other.example.net/x", Ok("https://other.example.net/x")),
            ("/x?y", Ok("https://pbx.example.net/x")),
            ("x", Ok("https://pbx.example.net/a/x")),
            ("?d", Ok("https://pbx.example.net/a/b")),
            ("http://pbx.example.net/a", Err("from https to http://pbx.example.net/a: nothing secret goes there")),
            ("ftp://pbx.example.net/a", Err("which is no address")),
            ("javascript:alert(1)", Err("which is no address")),
        ] {
            match (from.redirected(location), to) {
                (Ok(url), Ok(expected)) => {
                    assert_eq!(url.shown(), expected);
                    assert!(url.credentials().is_none());
                }
                (Err(why), Err(expected)) => assert!(why.ends_with(expected), "{why}"),
                (other, _) => panic!("{location}: {other:?}"),
            }
        }
        let up = Url::parse("http://pbx/").unwrap().redirected("https://pbx/").unwrap();
        assert!(up.is_secure() && !up.is_beside(&Url::parse("http://pbx/").unwrap()));
        assert!(up.is_beside(&Url::parse("https://PBX:443/other").unwrap()));
    }
}
