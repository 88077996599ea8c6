//! What is offered to those on whom no person looks, over HTTP and over MQTT alike.

use super::verb::{Request, VERBS, VerbRow};
use super::{Command, ContactsAsk, HistoryAsk, RecordAct};

/// Verbs that are not offered: those that never end, for which there are events, the one that tells a password, and the
/// one that may name programs to run.
const NOT_HERE: &[&str] = &["attach", "session-password", "setting", "sound", "trace", "watch"];

/// The verbs that are offered.
pub(super) fn offered() -> impl Iterator<Item = &'static VerbRow> {
    VERBS.iter().filter(|row| !NOT_HERE.contains(&row.name))
}

/// A request that reads or writes a file whose name is given.
pub(super) fn names_a_file(request: &Request) -> bool {
    let command = match request {
        Request::Command(Command::Guarded(inner)) => inner,
        Request::Contacts(ContactsAsk::Import { .. } | ContactsAsk::Export { .. }) => return true,
        Request::History { ask: HistoryAsk::Import(_), .. } => return true,
        _ => return false,
    };
    matches!(**command, Command::Play { .. } | Command::Record { act: RecordAct::Start { file: Some(_) }, .. })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::spelling;

    #[test]
    fn files_are_told_from_the_rest() {
        for (line, is) in [
            ("play /etc/x.wav", true),
            ("play stop", false),
            ("record start --file /tmp/x.wav", true),
            ("record start", false),
            ("contacts import /tmp/x", true),
            ("contacts export /tmp/x", true),
            ("contacts", false),
            (r#"{"verb":"history","act":"import","of":"/tmp/x"}"#, true),
            ("call 600", false),
        ] {
            let request = spelling::parse(line).request.expect(line).guarded();
            assert_eq!(names_a_file(&request), is, "{line}");
        }
    }

    #[test]
    fn what_never_ends_and_what_tells_a_password_is_not_offered() {
        let names: Vec<&str> = offered().map(|row| row.name).collect();
        assert!(NOT_HERE.iter().all(|name| !names.contains(name) && VERBS.iter().any(|row| row.name == *name)));
        assert!(names.contains(&"call") && names.contains(&"status"));
    }
}
