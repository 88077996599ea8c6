//! How the program ends when it is used or configured wrongly, and the list of its exit codes.

use crate::control::{CommandError, ExitCode};

/// Wrong usage.
pub fn usage(message: &str) -> CommandError {
    let hint = Some("tuiphone --help lists what there is".to_owned());
    CommandError { code: ExitCode::Usage, kind: "usage", message: message.to_owned(), hint }
}

/// Configuration missing or wrong.
pub fn config(message: impl Into<String>, hint: Option<&str>) -> CommandError {
    let hint = hint.map(str::to_owned);
    CommandError { code: ExitCode::Config, kind: "config", message: message.into(), hint }
}

/// The section of `--help` that lists every exit code.
pub fn table() -> String {
    ExitCode::ALL.iter().fold("Exit codes:".to_owned(), |mut text, code| {
        let sip = if code.sip().is_empty() { String::new() } else { format!(" ({})", code.sip()) };
        text += &format!("\n  {:>3}  {}{sip}", code.code(), code.meaning());
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_listed() {
        let table = table();
        assert_eq!(table.lines().count(), ExitCode::ALL.len() + 1);
        assert!(table.contains("\n   20  busy (486 600)"), "{table}");
    }
}
