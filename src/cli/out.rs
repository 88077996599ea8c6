//! Standard output is for data, standard error for talk; a closed pipe is no error.

use crate::control::CommandError;
use serde_json::Value;
use std::io::Write;

/// A line of JSON on standard output.
pub fn json(value: &Value) {
    line(&value.to_string());
}

/// A line on standard output.
pub fn line(text: &str) {
    let mut stdout = std::io::stdout().lock();
    let _ = writeln!(stdout, "{text}");
    let _ = stdout.flush();
}

/// A line on standard error.
pub fn talk(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
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
