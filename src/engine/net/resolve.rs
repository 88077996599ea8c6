//! Host names to addresses through the system's resolver.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// SIP's port (RFC 3261 §19.1.2).
pub const SIP_PORT: u16 = 5060;

/// Paths tried at most.
const MAX_ADDRESSES: usize = 8;

/// The system's resolver may take long; the caller's timers should decide, not it.
const PATIENCE: Duration = Duration::from_secs(10);

/// The address of a literal, which needs no resolver.
pub fn literal(host: &str, port: Option<u16>) -> Option<SocketAddr> {
    let bare = host.strip_prefix('[').and_then(|h| h.strip_suffix(']')).unwrap_or(host);
    let ip: IpAddr = bare.parse().ok()?;
    Some(SocketAddr::new(ip, port.unwrap_or(SIP_PORT)))
}

/// Every address of a host, in the system's order.
///
/// # Errors
/// Why not, in words that follow the host's name.
pub async fn lookup(host: &str, port: Option<u16>) -> Result<Vec<SocketAddr>, String> {
    if let Some(address) = literal(host, port) {
        return Ok(vec![address]);
    }
    let question = tokio::net::lookup_host((host, port.unwrap_or(SIP_PORT)));
    match tokio::time::timeout(PATIENCE, question).await {
        Err(_) => Err(format!("no answer from the resolver in {} s", PATIENCE.as_secs())),
        Ok(Err(e)) => Err(reason(&e)),
        Ok(Ok(addresses)) => {
            let list: Vec<SocketAddr> = addresses.take(MAX_ADDRESSES).collect();
            if list.is_empty() { Err("it has no address".to_owned()) } else { Ok(list) }
        }
    }
}

/// The system's words without those of the library around them.
fn reason(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.strip_prefix("failed to lookup address information: ").unwrap_or(&text).to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_need_no_resolver() {
        assert_eq!(literal("127.0.0.1", None), Some(SocketAddr::from(([127, 0, 0, 1], 5060))));
        assert_eq!(literal("[::1]", Some(5070)).map(|a| a.to_string()).as_deref(), Some("[::1]:5070"));
        assert_eq!(literal("example.net", None), None);
    }
}
