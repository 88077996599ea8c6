//! The proxies that the environment names, as other programs read it: `http_proxy`, `https_proxy`, `all_proxy`,
//! `no_proxy`.

use super::Url;
use std::net::IpAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Bytes of a proxy's answer.
const MAX_HEAD: usize = 8 * 1024;

/// Which servers are reached through whom.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Proxies {
    http: Option<String>,
    https: Option<String>,
    none: String,
}

impl Proxies {
    /// Those that these variables name; an empty one is none.
    pub fn of(variable: impl Fn(&str) -> Option<String>) -> Proxies {
        let first =
            |names: &[&str]| names.iter().find_map(|name| variable(name).filter(|value| !value.trim().is_empty()));
        // Why not HTTP_PROXY: to a program behind a web server that is a header somebody sent.
        Proxies {
            http: first(&["http_proxy", "all_proxy", "ALL_PROXY"]),
            https: first(&["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]),
            none: first(&["no_proxy", "NO_PROXY"]).unwrap_or_default(),
        }
    }

    /// The proxy for this server; `None` = it is reached without.
    ///
    /// # Errors
    /// One of a kind that is not spoken here, in words.
    pub fn through(&self, url: &Url) -> Result<Option<Url>, String> {
        let named = if url.is_secure() { &self.https } else { &self.http };
        let Some(named) = named.as_deref().map(str::trim).filter(|_| !self.is_reached_without(url.host())) else {
            return Ok(None);
        };
        let whole = if named.contains("://") { named.to_owned() } else { format!("http://{named}") };
        match Url::parse(&whole) {
            Ok(proxy) if !proxy.is_secure() => Ok(Some(proxy)),
            _ => Err("the proxy of the environment is none that is spoken to here (http://HOST:PORT is)".to_owned()),
        }
    }

    fn is_reached_without(&self, host: &str) -> bool {
        let here = host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback()) || host.eq_ignore_ascii_case("localhost");
        let host = host.to_ascii_lowercase();
        let is_meant = |part: &str| {
            let part = part.trim().trim_start_matches("*.").trim_start_matches('.').to_ascii_lowercase();
            part == "*"
                || !part.is_empty()
                    && (host == part || host.strip_suffix(&part).is_some_and(|rest| rest.ends_with('.')))
        };
        here || self.none.split(',').any(is_meant)
    }
}

/// Has a proxy connect to a server; what goes through is between us and the server.
//= RFC 9110 §9.3.6
pub(super) async fn tunnel(mut stream: TcpStream, url: &Url, authorization: Option<&str>) -> Result<TcpStream, String> {
    let place = if url.host().contains(':') {
        format!("[{}]:{}", url.host(), url.port())
    } else {
        format!("{}:{}", url.host(), url.port())
    };
    let authorization = authorization.map(|value| format!("Proxy-Authorization: {value}\r\n")).unwrap_or_default();
    let request = format!("CONNECT {place} HTTP/1.1\r\nHost: {place}\r\n{authorization}\r\n");
    let gone = |_| "the proxy closed the connection".to_owned();
    stream.write_all(request.as_bytes()).await.map_err(gone)?;
    let mut head = Vec::new();
    // Byte by byte: what stands behind the head is the server's.
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() == MAX_HEAD {
            return Err("the proxy does not answer as HTTP does".to_owned());
        }
        head.push(stream.read_u8().await.map_err(gone)?);
    }
    let first = String::from_utf8_lossy(head.split(|byte| *byte == b'\r').next().unwrap_or_default()).into_owned();
    match first.split(' ').nth(1) {
        Some(status) if first.starts_with("HTTP/1.") && status.starts_with('2') => Ok(stream),
        Some(status) => Err(format!("the proxy does not connect ({})", crate::text::sanitise(status))),
        None => Err("the proxy does not answer as HTTP does".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_reached_through_whom() {
        let proxies = |list: &[(&str, &str)]| {
            let list: Vec<(String, String)> =
                list.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            Proxies::of(move |name| list.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone()))
        };
        let both = &[("http_proxy", "proxy:3128"), ("HTTPS_PROXY", "http://u:p@secure.example.net:8080/")][..];
        let except = &[("all_proxy", "http://proxy:1"), ("no_proxy", "pbx, .example.net,10.0.0.1")][..];
        for (variables, url, through) in [
            (&[][..], "https://h/", Ok(None)),
            (both, "http://h/", Ok(Some("http://proxy:3128/"))),
            (both, "https://h/", Ok(Some("http://secure.example.net:8080/"))),
            (both, "http://127.0.0.1/", Ok(None)),
            (both, "https://localhost/", Ok(None)),
            (&[("HTTP_PROXY", "proxy:1"), ("https_proxy", " ")], "http://h/", Ok(None)),
            (except, "https://h/", Ok(Some("http://proxy:1/"))),
            (except, "https://PBX/", Ok(None)),
            (except, "https://a.example.net/", Ok(None)),
            (except, "https://example.net/", Ok(None)),
            (except, "https://badexample.net/", Ok(Some("http://proxy:1/"))),
            (except, "https://10.0.0.1/", Ok(None)),
            (&[("https_proxy", "x:1"), ("NO_PROXY", "*")], "https://h/", Ok(None)),
            (&[("https_proxy", "socks5://x:1")], "https://h/", Err(())),
        ] {
            let found = proxies(variables).through(&Url::parse(url).unwrap());
            let shown = found.map(|proxy| proxy.map(|proxy| proxy.shown())).map_err(|_| ());
            assert_eq!(shown, through.map(|it| it.map(str::to_owned)), "{variables:?} {url}");
        }
    }
}
