//! A server of the network around the phone, as keys spell it.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

/// Name or address, and the port unless it is the usual one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// A host's name, or an address without brackets.
    pub host: String,
    /// Its port; `None` = the usual one.
    pub port: Option<u16>,
}

impl Server {
    /// Reads `host`, `host:port`, `2001:db8::1` or `[2001:db8::1]:port`; a `stun:` or `turn:` before it is passed over.
    /// `None` if it is none of these.
    pub fn parse(text: &str) -> Option<Server> {
        let scheme = ["stun:", "stuns:", "turn:", "turns:"].into_iter().find_map(|scheme| text.strip_prefix(scheme));
        let text = scheme.unwrap_or(text).trim();
        if let Ok(ip) = text.trim_matches(['[', ']']).parse::<IpAddr>() {
            return Some(Server { host: ip.to_string(), port: None });
        }
        let (host, port) = match text.parse::<SocketAddr>() {
            Ok(address) => (address.ip().to_string(), Some(address.port())),
            Err(_) => match text.split_once(':') {
                Some((host, port)) => (host.to_owned(), Some(port.parse().ok()?)),
                None => (text.to_owned(), None),
            },
        };
        let is_letter = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | ':');
        let is_host = (1..=253).contains(&host.len()) && host.chars().all(is_letter);
        (is_host && port != Some(0)).then_some(Server { host, port })
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.port, self.host.contains(':')) {
            (None, _) => f.write_str(&self.host),
            (Some(port), false) => write!(f, "{}:{port}", self.host),
            (Some(port), true) => write!(f, "[{}]:{port}", self.host),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_are_read_and_written() {
        for (text, expected) in [
            ("stun.example.net", Some("stun.example.net")),
            ("stun.example.net:19302", Some("stun.example.net:19302")),
            ("stun:stun.example.net:19302", Some("stun.example.net:19302")),
            ("192.0.2.1:3478", Some("192.0.2.1:3478")),
            ("2001:db8::1", Some("2001:db8::1")),
            ("[2001:db8::1]", Some("2001:db8::1")),
            ("[2001:db8::1]:3479", Some("[2001:db8::1]:3479")),
            ("", None),
            (":3478", None),
            ("host:0", None),
            ("host:65536", None),
            ("host:port", None),
            ("ho st", None),
            ("user@host", None),
        ] {
            let read = Server::parse(text);
            assert_eq!(read.as_ref().map(Server::to_string).as_deref(), expected, "{text}");
            assert_eq!(read.as_ref().and_then(|server| Server::parse(&server.to_string())), read, "{text}");
        }
    }
}
