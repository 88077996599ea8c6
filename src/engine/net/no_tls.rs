//! A build without TLS says so.

use super::stream::Duplex;
use super::wire::Names;
use crate::config::TlsSettings;
use tokio::net::TcpStream;

/// Whether this build has TLS.
///
/// # Errors
/// Always.
pub fn is_here() -> Result<(), String> {
    Err("this build of tuiphone has no TLS; set transport to udp, tcp or ws, or take a build with TLS".to_owned())
}

/// Nothing is shown.
pub async fn look(_: TcpStream, _: &str, _: &TlsSettings, _: Names) -> (Vec<Vec<u8>>, Result<(), String>) {
    (Vec::new(), is_here())
}

/// Cannot make a connection secret.
///
/// # Errors
/// Always.
pub async fn secure(_: TcpStream, _: &str, _: &TlsSettings, _: Names) -> Result<Box<dyn Duplex>, String> {
    Err(is_here().err().unwrap_or_default())
}
