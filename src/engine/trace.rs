//! The SIP trace of `--debug`: every message with time, direction and path, secrets masked.

use crate::sip::flow::Flow;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::Path;
use std::time::SystemTime;

/// Where the trace goes.
pub struct Trace {
    out: Box<dyn Write + Send>,
}

impl std::fmt::Debug for Trace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Trace")
    }
}

impl Trace {
    /// Appends to a file (created readable by its owner alone); `-` is standard error.
    ///
    /// # Errors
    /// The file cannot be opened.
    pub fn open(path: &Path) -> io::Result<Trace> {
        if path.as_os_str() == "-" {
            return Ok(Trace { out: Box::new(io::stderr()) });
        }
        let mut options = OpenOptions::new();
        options.append(true).create(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        Ok(Trace { out: Box::new(io::BufWriter::new(options.open(path)?)) })
    }

    /// Writes there.
    #[cfg(test)]
    pub fn into(out: impl Write + Send + 'static) -> Trace {
        Trace { out: Box::new(out) }
    }

    /// Writes one message; a full disk never stops the phone.
    pub fn message(&mut self, sent: bool, flow: &Flow, bytes: &[u8], wall: SystemTime) {
        let arrow = if sent { "->" } else { "<-" };
        let time = humantime::format_rfc3339_millis(wall);
        //= RFC 7983 §7
        if bytes.first().is_some_and(|first| *first < 4) {
            let _ = write!(self.out, "{time} {arrow} {} {} {}\nSTUN\n\n", flow.transport, flow.remote, bytes.len());
            return drop(self.out.flush());
        }
        let redacted = crate::sip::message::redact::redact(bytes);
        let text = String::from_utf8_lossy(&redacted);
        let _ = write!(self.out, "{time} {arrow} {} {} {}\n{text}\n", flow.transport, flow.remote, bytes.len());
        let _ = self.out.flush();
    }
}
