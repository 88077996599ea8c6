//! Standard output is for data, standard error for talk. A reader that has gone is no error; a full disk is one.

use crate::control::CommandError;
use serde_json::Value;
use std::io::{self, IsTerminal, Write};
use std::sync::OnceLock;

/// The first thing that went wrong with standard output.
static TROUBLE: OnceLock<io::Error> = OnceLock::new();

/// A line of JSON on standard output.
pub fn json(value: &Value) {
    line(&value.to_string());
}

/// A line on standard output.
pub fn line(text: &str) {
    let mut stdout = io::stdout().lock();
    if let Err(trouble) = writeln!(stdout, "{text}").and_then(|()| stdout.flush()) {
        let _ = TROUBLE.set(trouble);
    }
}

/// True when nothing more reaches standard output, for whatever reason.
pub fn is_gone() -> bool {
    TROUBLE.get().is_some()
}

/// What kept data from standard output, unless its reader just had enough.
pub fn trouble() -> Option<&'static io::Error> {
    TROUBLE.get().filter(|trouble| trouble.kind() != io::ErrorKind::BrokenPipe)
}

/// A line on standard error.
pub fn talk(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// A question on standard error; the answer stands on the same line.
pub fn ask(text: &str) {
    let mut stderr = io::stderr().lock();
    let _ = write!(stderr, "{text}").and_then(|()| stderr.flush());
}

/// Standard error is a terminal on which a line can be written over.
pub fn may_write_over() -> bool {
    let is_plain = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    io::stderr().is_terminal() && !is_plain
}

/// A line on standard error, over what stood on the one before.
pub fn over(text: &str) {
    let mut stderr = io::stderr().lock();
    let _ = write!(stderr, "\r\x1b[K{text}").and_then(|()| stderr.flush());
}

/// An error with its hint on standard error.
pub fn error(error: &CommandError) {
    talk(&super::words::error(error));
}

/// Now, ISO 8601 UTC.
pub fn time_now() -> String {
    #[allow(clippy::disallowed_methods, reason = "the shell reads the clock")]
    let now = std::time::SystemTime::now();
    humantime::format_rfc3339_millis(now).to_string()
}
