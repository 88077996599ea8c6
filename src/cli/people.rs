//! The contacts of a session, and answers about contacts as text.

use super::out;
use super::session::Session;
use crate::control::AddressBook;
use crate::engine::address_book::FILE_NAME;
use serde_json::{Map, Value};

/// They lie beside its ini file, as MicroSIP has them.
pub(super) fn of_session(session: &Session) -> AddressBook {
    AddressBook::new(session.ini.path.with_file_name(FILE_NAME), !session.ini.foreign)
        .after(session.old_contacts.clone())
}

/// Prints an answer.
pub fn print(fields: &Map<String, Value>, quiet: bool) {
    let count = |key: &str| fields.get(key).and_then(Value::as_u64);
    if let Some(contacts) = fields.get("contacts").and_then(Value::as_array) {
        if contacts.is_empty() {
            out::line("no contacts");
        }
        contacts.iter().for_each(|contact| out::line(&line(contact)));
    } else if let (Some(contact), false) = (fields.get("contact"), quiet) {
        out::line(&line(contact));
    } else if let (Some(exported), false) = (count("exported"), quiet) {
        out::line(&format!("{exported} written to {}", fields.get("file").and_then(Value::as_str).unwrap_or_default()));
    } else if let (Some(added), Some(changed), Some(same), false) =
        (count("added"), count("changed"), count("same"), quiet)
    {
        let gone = count("removed").map(|count| format!(", {count} gone")).unwrap_or_default();
        let without = count("without_number").filter(|count| *count > 0);
        let without = without.map(|count| format!(", {count} without a number left out")).unwrap_or_default();
        out::line(&format!("{added} added, {changed} changed, {same} known already{gone}{without}"));
    }
    let file = fields.get("file").and_then(Value::as_str).map(|file| format!("{file}: ")).unwrap_or_default();
    for problem in fields.get("problems").and_then(Value::as_array).into_iter().flatten() {
        let line = problem.get("line").and_then(Value::as_u64).map(|line| format!("line {line}: ")).unwrap_or_default();
        let what = problem.get("message").and_then(Value::as_str).unwrap_or_default();
        out::talk(&format!("tuiphone: {file}{line}{what}"));
    }
}

/// `* Zoë & Co  5550111, mobile 5550222  Online`
fn line(contact: &Value) -> String {
    let text = |key: &str| contact.get(key).and_then(Value::as_str).unwrap_or_default();
    let mark = if contact.get("starred") == Some(&Value::Bool(true)) { '*' } else { ' ' };
    let mut line = format!("{mark} {}", text("name"));
    if text("name") != text("number") {
        line += &format!("  {}", text("number"));
    }
    for (key, what) in [("phone", "home"), ("mobile", "mobile")] {
        if !["", text("number")].contains(&text(key)) {
            line += &format!(", {what} {}", text(key));
        }
    }
    if !text("info").is_empty() {
        line += &format!("  ({})", text("info"));
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_each() {
        for (contact, expected) in [
            (
                serde_json::json!({"name": "Ann", "number": "1", "starred": true, "info": "Online"}),
                "* Ann  1  (Online)",
            ),
            (serde_json::json!({"name": "1", "number": "1", "phone": "1", "mobile": "2"}), "  1, mobile 2"),
        ] {
            assert_eq!(line(&contact), expected);
        }
    }
}
