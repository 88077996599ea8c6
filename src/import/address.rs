//! Addresses as softphones write them, taken apart into the fields of an account.

use crate::config::Account;
use crate::sip::header::NameAddr;
use crate::sip::uri::Uri;

/// `"Name" <sip:user:password@host:port;transport=tls>;parameters`, or without the brackets.
pub(super) fn parse(text: &str) -> Option<NameAddr> {
    let text = text.trim();
    let whole = if text.contains("sip:") || text.contains("sips:") { text.to_owned() } else { format!("sip:{text}") };
    // Without brackets what follows would be no part of the URI.
    let whole = if whole.contains('<') { whole } else { format!("<{whole}>") };
    NameAddr::parse(whole.as_bytes()).ok().filter(|address| address.uri.is_sip())
}

/// `host[:port]` of an address, as a proxy or a server is written.
pub(super) fn host_port(uri: &Uri) -> String {
    let Some(host) = uri.host() else { return String::new() };
    uri.port().map_or_else(|| host.to_string(), |port| format!("{host}:{port}"))
}

/// The transport that an address asks for: that of its parameter, or TLS for `sips:`.
pub(super) fn transport(uri: &Uri) -> Option<&'static str> {
    const KNOWN: [&str; 5] = ["udp", "tcp", "tls", "ws", "wss"];
    let named = uri.transport().and_then(|name| KNOWN.into_iter().find(|known| known.eq_ignore_ascii_case(name)));
    named.or_else(|| uri.is_sips().then_some("tls"))
}

/// An outbound proxy; its transport counts where the account has said none.
pub(super) fn add_proxy(account: &mut Account, text: &str) {
    if let Some(address) = parse(text) {
        let proxy = host_port(&address.uri);
        if !proxy.is_empty() && !account.proxies.contains(&proxy) {
            account.proxies.push(proxy);
        }
        if let Some(transport) = transport(&address.uri).filter(|_| account.transport == "udp") {
            account.transport = transport.to_owned();
        }
    }
}

/// What is dialled to reach an address.
pub(super) fn number(uri: &Uri) -> String {
    let (scheme, host) = (if uri.is_sips() { "sips" } else { "sip" }, host_port(uri));
    uri.user_decoded().map_or_else(|| format!("{scheme}:{host}"), |user| format!("{scheme}:{user}@{host}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_come_apart() {
        for (text, host, transport_is, dialled) in [
            ("sip:bob@example.net", "example.net", None, "sip:bob@example.net"),
            (
                "\"Bob B.\" <sip:bob:pw@example.net:5070;transport=TLS>;x=1",
                "example.net:5070",
                Some("tls"),
                "sip:bob@example.net:5070",
            ),
            ("<sips:example.net;lr>", "example.net", Some("tls"), "sips:example.net"),
            ("proxy.example.net:5080", "proxy.example.net:5080", None, "sip:proxy.example.net:5080"),
            ("sip:a@[2001:db8::1]:5062", "[2001:db8::1]:5062", None, "sip:a@[2001:db8::1]:5062"),
        ] {
            let address = parse(text).unwrap();
            let uri = &address.uri;
            assert_eq!((host_port(uri).as_str(), transport(uri), number(uri).as_str()), (host, transport_is, dialled));
        }
        for text in ["", "sip:", "<sip:x", "sip:a b@c"] {
            assert!(parse(text).is_none(), "{text:?}");
        }
    }
}
