//! Via: the path a response takes back (RFC 3261 §20.42).

use std::fmt;
use std::net::IpAddr;

use super::split::{cut, is_token};
use super::{Params, ValueError};
use crate::sip::ident::MAGIC_COOKIE;
use crate::sip::uri::{Host, parse_host_port};

/// One Via element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Via {
    /// The protocol version as it came, `2.0`.
    pub version: String,
    /// The transport token as it came, `UDP`.
    pub transport: String,
    /// The sent-by host.
    pub host: Host,
    /// The sent-by port.
    pub port: Option<u16>,
    /// `branch`, `rport`, `received` and others.
    pub params: Params,
}

impl Via {
    /// A Via of our own: `SIP/2.0/transport host:port;branch=…;rport`.
    pub fn new(transport: &str, host: Host, port: Option<u16>, branch: &str) -> Via {
        let mut params = Params::new();
        //= RFC 3581 §3
        params.set("rport", None);
        params.set("branch", Some(branch));
        Via { version: "2.0".to_owned(), transport: transport.to_owned(), host, port, params }
    }

    /// Reads one element. Blanks may stand around the slashes (RFC 3261 §25.1 SLASH).
    pub fn parse(value: &[u8]) -> Result<Via, ValueError> {
        let (head, params) = cut(value.trim_ascii(), b';');
        let head = std::str::from_utf8(head).map_err(|_| ValueError::NotText)?;
        let mut parts = head.splitn(3, '/').map(str::trim);
        let (Some(name), Some(version), Some(rest)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(ValueError::Via);
        };
        //= RFC 3261 §25.1: any token may be a version; an answer of 505 goes back by such a Via
        if !name.eq_ignore_ascii_case("SIP") || !is_token(version.as_bytes()) {
            return Err(ValueError::Via);
        }
        let (transport, sent_by) = rest.split_once([' ', '\t']).ok_or(ValueError::Via)?;
        if !is_token(transport.as_bytes()) {
            return Err(ValueError::Via);
        }
        let (host, port) = parse_host_port(sent_by)?;
        let params = Params::parse(params.unwrap_or_default())?;
        Ok(Via { version: version.to_owned(), transport: transport.to_owned(), host, port, params })
    }

    /// The branch.
    pub fn branch(&self) -> Option<&str> {
        self.params.get("branch").flatten()
    }

    /// True if the branch bears RFC 3261's cookie and so names a transaction by itself (§17.2.3).
    pub fn has_magic_cookie(&self) -> bool {
        let parts = self.branch().and_then(|b| b.split_at_checked(MAGIC_COOKIE.len()));
        //= RFC 4475 §3.2.1: a cookie with nothing behind it names nothing
        parts.is_some_and(|(cookie, rest)| cookie.eq_ignore_ascii_case(MAGIC_COOKIE) && !rest.is_empty())
    }

    /// Host and port as the sender wrote them.
    pub fn sent_by(&self) -> (&Host, Option<u16>) {
        (&self.host, self.port)
    }

    /// The `rport` parameter: `Some(None)` when asked for, `Some(Some(port))` when filled in.
    pub fn rport(&self) -> Option<Option<u16>> {
        self.params.get("rport").map(|v| v.and_then(|v| v.parse().ok()))
    }

    /// The address in `received`; brackets round IPv6 are tolerated.
    pub fn received(&self) -> Option<IpAddr> {
        self.params.get("received").flatten().and_then(|v| Host::parse(v).ok()).and_then(|h| h.ip())
    }

    /// Notes where the request really came from, as a server must (RFC 3261 §18.2.1, RFC 3581 §4).
    pub fn note_source(&mut self, source: std::net::SocketAddr) {
        //= RFC 3581 §4: with rport, received is always added
        let asked = self.params.has("rport");
        if asked {
            self.params.set("rport", Some(&source.port().to_string()));
        }
        if asked || self.host.ip() != Some(source.ip()) {
            self.params.set("received", Some(&source.ip().to_string()));
        }
    }
}

impl fmt::Display for Via {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SIP/{}/{} {}", self.version, self.transport, self.host)?;
        if let Some(port) = self.port {
            write!(f, ":{port}")?;
        }
        write!(f, "{}", self.params)
    }
}
