//! Connections to servers that are no SIP servers: those of directories.

use super::stream::Duplex;
use super::wire::Names;
use super::{connect, resolve, tls};
use crate::config::TlsSettings;
use crate::text::{plain_error, sanitise};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Connects to the first address of a host that takes the connection; each may take so long.
///
/// # Errors
/// Why not, in words.
pub async fn tcp(host: &str, port: u16, patience: Duration) -> Result<TcpStream, String> {
    let found = resolve::lookup(host, Some(port)).await;
    let addresses = found.map_err(|why| format!("cannot find {}: {why}", sanitise(host)))?;
    let mut why = "no address".to_owned();
    for address in addresses {
        match timeout(patience, connect::to(address, None)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => why = plain_error(&error),
            Err(_) => why = format!("no answer in {} s", patience.as_secs()),
        }
    }
    Err(format!("cannot connect to {} port {port}: {why}", sanitise(host)))
}

/// Whether this build has TLS.
///
/// # Errors
/// It has none, in words.
pub fn has_tls() -> Result<(), String> {
    tls::is_here().map_err(|_| "this build of tuiphone has no TLS; take a build with TLS".to_owned())
}

/// Makes a connection secret, with a server whose certificate an authority vouches for under this name.
///
/// # Errors
/// What is wrong and what to do about it, in words.
pub async fn secure(stream: TcpStream, host: &str, ca_file: &str) -> Result<Box<dyn Duplex>, String> {
    let trust = TlsSettings { ca_file: ca_file.to_owned(), ..TlsSettings::default() };
    let secured = tls::secure(stream, host, &trust, Names::Web).await;
    // The one key that tells of a certificate is about that of the SIP server.
    secured.map_err(|why| why.split(" or tlsFingerprint").next().unwrap_or_default().to_owned())
}
