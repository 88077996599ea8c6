//! URIs: the text is kept as it came, the parts are read from it on demand.

use std::borrow::Cow;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Longest URI we read, in bytes.
pub const MAX_LEN: usize = 4096;

/// Why a text is no URI.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UriError {
    /// Nothing there.
    #[error("empty URI")]
    Empty,
    /// Longer than [`MAX_LEN`].
    #[error("URI longer than {MAX_LEN} bytes")]
    TooLong,
    /// No `scheme:` in front, or the scheme is no token.
    #[error("URI without a scheme")]
    Scheme,
    /// A blank, a control character, `<`, `>` or `"`.
    #[error("character {0:?} in a URI")]
    Character(char),
    /// No host, or characters no host has.
    #[error("URI with a bad host")]
    Host,
    /// Not a number in 0..=65535.
    #[error("URI with a bad port")]
    Port,
}

/// The host of a `sip:` URI or of a Via. Names compare without regard to letter case.
#[derive(Debug, Clone, Eq)]
pub enum Host {
    /// A domain name, as it came.
    Name(String),
    /// An IPv4 address.
    V4(Ipv4Addr),
    /// An IPv6 address; printed in brackets.
    V6(Ipv6Addr),
}

impl Host {
    /// Reads `example.com`, `192.0.2.1`, `[2001:db8::1]` or a bare `2001:db8::1`.
    pub fn parse(text: &str) -> Result<Host, UriError> {
        let inner = text.strip_prefix('[').and_then(|t| t.strip_suffix(']'));
        if let Some(v6) = inner {
            // A zone (`%eth0`) names an interface of the sender; it means nothing here.
            let address = v6.split('%').next().unwrap_or(v6);
            //= RFC 5118 §4.10: the grammar of RFC 3261 let a third colon in; it is passed over
            let address = address.replacen(":::", "::", 1);
            return address.parse().map(Host::V6).map_err(|_| UriError::Host);
        }
        if let Ok(address) = text.parse::<IpAddr>() {
            return Ok(Host::from(address));
        }
        let is_name = !text.is_empty()
            && text.len() <= 255
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_'));
        if is_name { Ok(Host::Name(text.to_owned())) } else { Err(UriError::Host) }
    }

    /// The address, unless it is a name.
    pub fn ip(&self) -> Option<IpAddr> {
        match self {
            Host::Name(_) => None,
            Host::V4(a) => Some(IpAddr::V4(*a)),
            Host::V6(a) => Some(IpAddr::V6(*a)),
        }
    }
}

impl From<IpAddr> for Host {
    fn from(address: IpAddr) -> Host {
        match address {
            IpAddr::V4(a) => Host::V4(a),
            IpAddr::V6(a) => Host::V6(a),
        }
    }
}

impl PartialEq for Host {
    fn eq(&self, other: &Host) -> bool {
        match (self, other) {
            (Host::Name(a), Host::Name(b)) => a.eq_ignore_ascii_case(b),
            _ => self.ip().is_some() && self.ip() == other.ip(),
        }
    }
}

impl Hash for Host {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self {
            Host::Name(name) => name.bytes().for_each(|b| state.write_u8(b.to_ascii_lowercase())),
            Host::V4(a) => a.hash(state),
            Host::V6(a) => a.hash(state),
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Host::Name(name) => f.write_str(name),
            Host::V4(a) => write!(f, "{a}"),
            Host::V6(a) => write!(f, "[{a}]"),
        }
    }
}

/// Splits `host[:port]`, IPv6 in brackets; blanks around the colon are allowed as in a Via.
pub(crate) fn parse_host_port(text: &str) -> Result<(Host, Option<u16>), UriError> {
    let text = text.trim();
    let host_end = match text.strip_prefix('[') {
        Some(_) => text.find(']').map_or(text.len(), |at| at + 1),
        None => text.find(':').unwrap_or(text.len()),
    };
    let (host, rest) = text.split_at_checked(host_end).ok_or(UriError::Host)?;
    let host = Host::parse(host.trim_end())?;
    let rest = rest.trim_start();
    if rest.is_empty() {
        return Ok((host, None));
    }
    let digits = rest.strip_prefix(':').ok_or(UriError::Host)?.trim();
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(UriError::Port);
    }
    digits.parse().map(|port| (host, Some(port))).map_err(|_| UriError::Port)
}

/// A URI of any scheme. `Display` gives back the very text that was read.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Uri {
    text: String,
    host: Option<Host>,
    port: Option<u16>,
}

impl Uri {
    /// Reads a URI. `sip:` and `sips:` must have a sound host and port; of other schemes only the scheme is judged.
    pub fn parse(text: &str) -> Result<Uri, UriError> {
        if text.is_empty() {
            return Err(UriError::Empty);
        }
        if text.len() > MAX_LEN {
            return Err(UriError::TooLong);
        }
        if let Some(bad) = text.chars().find(|c| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | '"')) {
            return Err(UriError::Character(bad));
        }
        let (scheme, _) = text.split_once(':').ok_or(UriError::Scheme)?;
        let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'));
        if !is_scheme {
            return Err(UriError::Scheme);
        }
        let mut uri = Uri { text: text.to_owned(), host: None, port: None };
        if uri.is_sip() {
            let (host, port) = parse_host_port(uri.host_port())?;
            (uri.host, uri.port) = (Some(host), port);
        }
        Ok(uri)
    }

    /// Builds `sip:user@host:port`. The user is plain text and is escaped where the grammar asks for it.
    pub fn sip(user: Option<&str>, host: &Host, port: Option<u16>) -> Uri {
        let user = user.filter(|u| !u.is_empty()).map(|u| format!("{}@", escape_user(u))).unwrap_or_default();
        let suffix = port.map(|p| format!(":{p}")).unwrap_or_default();
        Uri { text: format!("sip:{user}{host}{suffix}"), host: Some(host.clone()), port }
    }

    /// The same URI with one more parameter, before any `?headers`. Name and value are plain text.
    pub fn with_param(mut self, name: &str, value: Option<&str>) -> Uri {
        let mut param = format!(";{}", escape(name, is_param_char));
        if let Some(value) = value {
            param.push('=');
            param.push_str(&escape(value, is_param_char));
        }
        let at = self.text.len() - self.headers().map_or(0, |h| h.len() + 1);
        self.text.insert_str(at, &param);
        self
    }

    /// The text as it came.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The scheme as it came; compare without regard to letter case.
    pub fn scheme(&self) -> &str {
        self.text.split_once(':').map_or("", |(scheme, _)| scheme)
    }

    /// `sip:` or `sips:`.
    pub fn is_sip(&self) -> bool {
        self.scheme().eq_ignore_ascii_case("sip") || self.is_sips()
    }

    /// `sips:`.
    pub fn is_sips(&self) -> bool {
        self.scheme().eq_ignore_ascii_case("sips")
    }

    /// `tel:` (RFC 3966).
    pub fn is_tel(&self) -> bool {
        self.scheme().eq_ignore_ascii_case("tel")
    }

    /// The user part without a password, escapes untouched; the number of a `tel:` URI.
    pub fn user(&self) -> Option<&str> {
        if self.is_tel() {
            return self.after_scheme().split([';', '?']).next().filter(|n| !n.is_empty());
        }
        self.user_info().map(|info| info.split_once(':').map_or(info, |(user, _)| user))
    }

    /// The user part with its `%xx` undone and bytes outside UTF-8 replaced, a number of `tel:` without its separators:
    /// for people, never for the wire.
    pub fn user_decoded(&self) -> Option<String> {
        let user = self.user().map(|u| String::from_utf8_lossy(&unescape(u)).into_owned());
        if self.is_tel() { user.map(|number| super::tel::without_separators(&number)) } else { user }
    }

    /// The host of a `sip:` URI.
    pub fn host(&self) -> Option<&Host> {
        self.host.as_ref()
    }

    /// The port as written, 0..=65535.
    pub fn port(&self) -> Option<u16> {
        self.port
    }

    /// A parameter's value, `Some(None)` for one without `=`.
    pub fn param(&self, name: &str) -> Option<Option<&str>> {
        self.params().find(|(n, _)| same_escaped(n, name)).map(|(_, v)| v)
    }

    /// All parameters in order, verbatim.
    pub fn params(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        let tail = if self.is_sip() { self.tail() } else { self.after_scheme() };
        let params = tail.split('?').next().unwrap_or(tail).split(';').skip(1);
        params.filter(|p| !p.is_empty()).map(|p| match p.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (p, None),
        })
    }

    /// The value of `transport`, verbatim; see `Transport::from_token`.
    pub fn transport(&self) -> Option<&str> {
        self.param("transport").flatten()
    }

    /// True for a loose router (RFC 3261 §19.1.1).
    pub fn is_lr(&self) -> bool {
        self.param("lr").is_some()
    }

    /// What follows the `?`, verbatim.
    pub fn headers(&self) -> Option<&str> {
        if !self.is_sip() {
            return None;
        }
        self.tail().split_once('?').map(|(_, headers)| headers)
    }

    /// The value of one `?name=value` header, its escapes undone.
    pub fn header(&self, name: &str) -> Option<String> {
        let found = self.header_pairs().find(|(n, _)| same_escaped(n, name));
        found.map(|(_, value)| String::from_utf8_lossy(&unescape(value)).into_owned())
    }

    /// This URI without `?headers`, the form that may stand in a request line (RFC 3261 §19.1.1).
    pub fn without_headers(mut self) -> Uri {
        let cut = self.text.len() - self.headers().map_or(0, |h| h.len() + 1);
        self.text.truncate(cut);
        self
    }

    /// This URI without a parameter of this name.
    pub fn without_param(mut self, name: &str) -> Uri {
        let found = self.params().find(|(n, _)| same_escaped(n, name));
        let Some(param) = found.map(|(n, value)| value.map_or(format!(";{n}"), |v| format!(";{n}={v}"))) else {
            return self;
        };
        let begin = self.text.len() - if self.is_sip() { self.tail().len() } else { self.after_scheme().len() };
        let at = self.text.get(begin..).and_then(|tail| tail.find(&param)).map(|at| begin + at);
        if let Some(at) = at {
            self.text.replace_range(at..at + param.len(), "");
        }
        self
    }

    /// A `sip:` URI as `sips:`; others as they are.
    pub fn secured(mut self) -> Uri {
        if self.is_sip() && !self.is_sips() {
            let end = self.scheme().len();
            self.text.replace_range(..end, "sips");
        }
        self
    }

    /// Equality as RFC 3261 §19.1.4 defines it, of `tel:` as RFC 3966 §4; other schemes compare as text.
    pub fn equivalent(&self, other: &Uri) -> bool {
        //= RFC 3261 §19.1.4: a sip and a sips URI are never equivalent
        if !self.scheme().eq_ignore_ascii_case(other.scheme()) {
            return false;
        }
        if self.is_tel() {
            return super::tel::equivalent(self, other);
        }
        if !self.is_sip() {
            return self.text == other.text;
        }
        self.user_info().map(unescape) == other.user_info().map(unescape)
            && self.host == other.host
            && self.port == other.port
            && params_agree(self, other)
            && params_agree(other, self)
            && headers_agree(self, other)
            && headers_agree(other, self)
    }

    fn after_scheme(&self) -> &str {
        self.text.split_once(':').map_or("", |(_, rest)| rest)
    }

    /// Where the `@` between user and host is. A stray `@` in the user (`sip:a@b@host`) belongs to the user;
    /// one in parameters or headers does not end it.
    fn at(&self) -> Option<usize> {
        let rest = self.after_scheme();
        let first = rest.find('@')?;
        let tail = rest.get(first + 1..)?;
        let hostish = tail.split([';', '?']).next().unwrap_or(tail);
        Some(hostish.rfind('@').map_or(first, |more| first + 1 + more))
    }

    fn user_info(&self) -> Option<&str> {
        if !self.is_sip() {
            return None;
        }
        self.at().and_then(|at| self.after_scheme().get(..at))
    }

    /// Host, port, parameters and headers.
    fn tail(&self) -> &str {
        let rest = self.after_scheme();
        self.at().and_then(|at| rest.get(at + 1..)).unwrap_or(rest)
    }

    fn host_port(&self) -> &str {
        self.tail().split([';', '?']).next().unwrap_or("")
    }

    fn header_pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        let pairs = self.headers().unwrap_or("").split('&').filter(|p| !p.is_empty());
        pairs.map(|p| p.split_once('=').unwrap_or((p, "")))
    }
}

impl fmt::Display for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::str::FromStr for Uri {
    type Err = UriError;
    fn from_str(text: &str) -> Result<Uri, UriError> {
        Uri::parse(text)
    }
}

/// Each parameter of `a` agrees with `b`, or `b` lacks it and it is not one of the five that must match.
fn params_agree(a: &Uri, b: &Uri) -> bool {
    a.params().all(|(name, value)| match b.param(&String::from_utf8_lossy(&unescape(name))) {
        Some(theirs) => match (value, theirs) {
            (Some(x), Some(y)) => same_escaped(x, y),
            (x, y) => x == y,
        },
        //= RFC 3261 §19.1.4: user, ttl, method, maddr must be in both or neither; transport likewise
        None => !["user", "ttl", "method", "maddr", "transport"].iter().any(|must| same_escaped(name, must)),
    })
}

fn headers_agree(a: &Uri, b: &Uri) -> bool {
    a.header_pairs()
        .all(|(name, value)| b.header_pairs().any(|(n, v)| same_escaped(n, name) && unescape(v) == unescape(value)))
}

fn same_escaped(a: &str, b: &str) -> bool {
    unescape(a).eq_ignore_ascii_case(&unescape(b))
}

/// Undoes `%xx`; anything else, a lone `%` included, stays.
pub fn unescape(text: &str) -> Cow<'_, [u8]> {
    if !text.contains('%') {
        return Cow::Borrowed(text.as_bytes());
    }
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        rest = tail;
        let hex = |b: Option<&u8>| b.and_then(|b| char::from(*b).to_digit(16)).and_then(|d| u8::try_from(d).ok());
        match (first, hex(tail.first()), hex(tail.get(1))) {
            (b'%', Some(high), Some(low)) => {
                out.push(high << 4 | low);
                rest = tail.get(2..).unwrap_or_default();
            }
            _ => out.push(first),
        }
    }
    Cow::Owned(out)
}

/// Escapes plain text for the user part of a URI.
pub fn escape_user(text: &str) -> String {
    escape(text, |b| is_unreserved(b) || matches!(b, b'&' | b'=' | b'+' | b'$' | b',' | b';' | b'?' | b'/'))
}

/// Escapes plain text for a `?name=value` of a URI.
pub fn escape_header(text: &str) -> String {
    escape(text, |b| is_unreserved(b) || matches!(b, b'[' | b']' | b'/' | b'?' | b':' | b'+' | b'$'))
}

fn escape(text: &str, plain: impl Fn(u8) -> bool) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if plain(byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

fn is_unreserved(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'!' | b'~' | b'*' | b'\'' | b'(' | b')')
}

fn is_param_char(b: u8) -> bool {
    is_unreserved(b) || matches!(b, b'[' | b']' | b'/' | b':' | b'&' | b'+' | b'$')
}
