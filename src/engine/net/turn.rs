//! Streams to TURN servers.

use super::stream::Duplex;
use super::wire::Names;
use super::{connect, tls};
use crate::config::TlsSettings;
use crate::text::plain_error;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::time::timeout;

/// How long a server may take to be connected to, with its handshake.
const PATIENCE: Duration = Duration::from_secs(8);

/// Opens a stream to a server; under TLS where it has a name to prove.
///
/// # Errors
/// Why there is none, in words.
pub async fn open(server: SocketAddr, secure: Option<&str>, settings: &TlsSettings) -> Result<Box<dyn Duplex>, String> {
    let opened = async {
        let stream = connect::to(server, None).await.map_err(|error| plain_error(&error))?;
        match secure {
            Some(name) => tls::secure(stream, name, settings, Names::Web).await,
            None => Ok(Box::new(stream) as Box<dyn Duplex>),
        }
    };
    timeout(PATIENCE, opened).await.unwrap_or_else(|_| Err(format!("no answer in {} s", PATIENCE.as_secs())))
}
