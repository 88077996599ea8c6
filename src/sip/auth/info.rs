//! Authentication-Info and Proxy-Authentication-Info (RFC 7616 §3.5, RFC 7615).

use super::parameter;
use crate::sip::header::split::{between_quotes, cut, split, unquote};
use crate::sip::message::{HeaderName, Headers};

/// What a server says after it has taken our answer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Info {
    /// The nonce for the next request.
    pub nextnonce: Option<String>,
    /// The server's proof that it knows the password, lower-case hex.
    pub rspauth: Option<String>,
}

impl Info {
    /// Reads the header of a response; `None` if there is none.
    pub fn read(headers: &Headers, proxy: bool) -> Option<Info> {
        let name = if proxy { HeaderName::ProxyAuthenticationInfo } else { HeaderName::AuthenticationInfo };
        let value = headers.get(&name)?;
        let own = |bytes: &[u8]| String::from_utf8_lossy(bytes.trim_ascii()).into_owned();
        let parameters: Vec<(String, String)> = split(value, b',')
            .filter_map(|element| match cut(element, b'=') {
                (name, Some(value)) => Some((own(name), own(value))),
                _ => None,
            })
            .collect();
        let text = |name| parameter(&parameters, name).map(|value| unquote(value).into_owned());
        let nextnonce = parameter(&parameters, "nextnonce").map(between_quotes).filter(|nonce| !nonce.is_empty());
        Some(Info { nextnonce, rspauth: text("rspauth").map(|hex| hex.to_ascii_lowercase()) })
    }
}
