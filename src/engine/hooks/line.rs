//! One line to a local socket that somebody else listens on: a Unix socket, or a named pipe of Windows.

use crate::engine::local_socket;
use crate::text::plain_error;
use std::io;
use std::path::Path;
use std::time::Duration;
use tokio::io::AsyncWriteExt;

/// Longest line, in bytes.
const MAX_LINE: usize = 8 * 1024;

/// Writes it and lets go, within this time.
///
/// # Errors
/// Why it was not written, in words.
pub(super) async fn write(path: &str, line: &str, patience: Duration) -> Result<(), String> {
    if line.len() > MAX_LINE {
        return Err(format!("the line has more than {MAX_LINE} bytes"));
    }
    let work = async {
        let mut stream = local_socket::connect(Path::new(path)).await?;
        stream.write_all(format!("{line}\n").as_bytes()).await?;
        stream.flush().await
    };
    match tokio::time::timeout(patience, work).await {
        Ok(written) => written.map_err(|why: io::Error| plain_error(&why)),
        Err(_) => Err(format!("it is not read within {} s", patience.as_secs())),
    }
}
