//! What only a phone that runs knows: contacts, accounts, calls.

use super::Candidate;
use crate::control::socket::{Client, is_served};
use crate::text::sanitise;
use serde_json::Value;
use std::path::Path;
use std::time::Duration;

/// How long a person who pressed TAB is kept waiting.
const PATIENCE: Duration = Duration::from_millis(400);

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Live {
    /// Ids of calls.
    Calls,
    /// Numbers of contacts.
    Contacts,
    /// Accounts.
    Accounts,
}

/// It may be put on a command line: it shows as it is, is no option, and has no quote but those that every shell's
/// completion knows. PowerShell takes curly ones for its own.
fn is_harmless(value: &str) -> bool {
    let is_curly = |c| matches!(c, '\u{2018}'..='\u{201f}');
    !value.starts_with('-') && !value.contains(is_curly) && sanitise(value) == value
}

/// What the phone at this socket has of it; nothing, where none answers at once.
pub(super) async fn candidates(socket: &Path, what: Live) -> Vec<Candidate> {
    // Why not just asked: where a service manager listens, that would start a phone.
    if !is_served(socket) {
        return Vec::new();
    }
    let line = match what {
        Live::Calls => r#"{"verb":"calls"}"#,
        Live::Contacts => r#"{"verb":"contacts"}"#,
        Live::Accounts => r#"{"verb":"accounts"}"#,
    };
    let asking = async { Client::connect(socket).await?.ask(line).await };
    match tokio::time::timeout(PATIENCE, asking).await {
        Ok(Ok(reply)) => read(what, &reply),
        _ => Vec::new(),
    }
}

fn read(what: Live, reply: &Value) -> Vec<Candidate> {
    let list = match what {
        Live::Calls => "calls",
        Live::Contacts => "contacts",
        Live::Accounts => "accounts",
    };
    let text = |of: &Value, path: &str| of.pointer(path).and_then(Value::as_str).unwrap_or_default().to_owned();
    let rows = reply.get(list).and_then(Value::as_array).into_iter().flatten();
    rows.map(|row| match what {
        Live::Calls => {
            let who = [text(row, "/remote/name"), text(row, "/number"), text(row, "/state")];
            (text(row, "/id"), who.join(" ").trim().to_owned())
        }
        Live::Contacts => (text(row, "/number"), text(row, "/name")),
        Live::Accounts => (text(row, "/aor"), text(row, "/label")),
    })
    .filter(|(value, _)| is_harmless(value))
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn rows_become_candidates() {
        let reply = json!({
            "calls": [{"id": "c1", "number": "600", "state": "connected", "remote": {"name": null}}],
            "contacts": [{"number": "7001", "name": "Ann"}, {"name": "nobody"}],
            "accounts": [{"aor": "100@demo", "label": "Desk"}],
        });
        let pair = |value: &str, doc: &str| (value.to_owned(), doc.to_owned());
        assert_eq!(read(Live::Calls, &reply), [pair("c1", "600 connected")]);
        assert_eq!(read(Live::Contacts, &reply), [pair("7001", "Ann"), pair("", "nobody")]);
        assert_eq!(read(Live::Accounts, &reply), [pair("100@demo", "Desk")]);
        assert_eq!(read(Live::Calls, &json!({"ok": false})), []);
    }

    #[test]
    fn what_others_chose_is_no_option_and_no_trick() {
        for (number, is_offered) in [
            ("7001", true),
            ("sip:bob@example.net", true),
            ("7;touch owned", true),
            ("+49 30 1234", true),
            ("--exec=sh", false),
            ("-v", false),
            ("7\u{2019};calc;\u{2019}", false),
            ("7\u{201d}x", false),
            ("7\u{202e}1007", false),
            ("7\u{1b}[2J", false),
        ] {
            let offered = read(Live::Contacts, &json!({"contacts": [{"number": number, "name": "x"}]}));
            assert_eq!(!offered.is_empty(), is_offered, "{number:?}");
        }
    }
}
