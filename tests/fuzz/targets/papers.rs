//! Files that people write, and answers of address books.

use super::text;
use std::sync::Arc;
use tuiphone::cli::probe::script as scripts;
#[cfg(any(feature = "ldap", feature = "carddav"))]
use tuiphone::contacts::directory;
use tuiphone::text::words::{self, Catalogue, Value, Words};
use tuiphone::ui::{keymap, theme};

/// Keymaps and themes: a fault stands on a line of the file, and nobody is without the keys to answer, hang up and leave.
pub fn dressing(bytes: &[u8]) {
    // A file may be based on another one of the owner's, and on itself.
    let other = |name: &str| (name.len() < 3).then(|| bytes.to_vec());
    let lines = text(bytes).split('\n').count() + 1;
    let (keys, faults) = keymap::read(bytes, &other);
    assert!(faults.iter().all(|fault| fault.line <= lines), "{faults:?} of {lines} lines");
    for needed in ["answer", "hangup", "quit"] {
        assert!(keys.named(needed).is_some(), "{needed}");
    }
    let (_, faults) = theme::read(bytes, &other);
    assert!(faults.iter().all(|fault| fault.line <= lines), "{faults:?} of {lines} lines");
}

/// A file of texts: every message comes to an end, whatever it refers to, and what is wrong stands on a line.
pub fn words(bytes: &[u8]) {
    let (catalogue, faults) = Catalogue::read(bytes);
    let lines = text(bytes).split('\n').count() + 1;
    assert!(faults.iter().all(|fault| fault.line <= lines), "{} of {lines} lines", faults.len());
    let _ = words::against(&Catalogue::new(words::ENGLISH), &catalogue);
    let ids: Vec<String> = catalogue.ids().take(64).map(str::to_owned).collect();
    let said = || {
        let values = [("count", Value::from(2_usize)), ("name", Value::from("bob"))];
        ids.iter().map(|id| words::text(id, &values)).collect::<Vec<_>>()
    };
    let said = words::speaking(Arc::new(Words::of("pl", catalogue)), said);
    assert!(said.iter().all(|text| text.len() <= 64 * 1024), "bounded");
}

/// Scripts of probes: steps of the file, in their order, each with an end.
pub fn script(bytes: &[u8]) {
    let text = text(bytes);
    match scripts::parse(&text, std::path::Path::new("folder")) {
        Ok(script) => {
            assert!(!script.steps.is_empty() && script.steps.is_sorted_by_key(|step| step.line));
            let longest = std::time::Duration::from_secs(1210);
            assert!(script.steps.iter().all(|step| step.within <= longest && step.text.chars().count() <= 100));
        }
        Err((line, why)) => {
            assert!(line <= text.lines().count() && why.chars().count() <= 200, "{line}: {why}");
            assert!(!why.chars().any(char::is_control), "{why:?}");
        }
    }
}

/// An address book of CardDAV: whom it names has a number, and comes from there.
#[cfg(feature = "carddav")]
pub fn card_dav(bytes: &[u8]) {
    let _ = directory::card_dav::state(bytes);
    let Ok(answer) = directory::card_dav::read(bytes) else { return };
    assert!(answer.contacts.len() <= tuiphone::contacts::MAX_CONTACTS);
    assert!(answer.contacts.iter().all(|contact| contact.directory && contact.numbers().next().is_some()));
    assert!(answer.is_whole || !answer.problems.is_empty(), "what is missing is told");
}

/// Answers of LDAP on a connection: cut into messages without end or overlap.
#[cfg(feature = "ldap")]
pub fn ldap(bytes: &[u8]) {
    use directory::ldap::{Found, Reply, Search, frame, parse};
    let search = Search::new("dc=a", "(sn=*)", "name=cn number=telephoneNumber").expect("a search");
    let (mut rest, mut found) = (bytes, Found::default());
    while let Ok(Some(length)) = frame(rest) {
        assert!((1..=rest.len()).contains(&length), "{length} of {}", rest.len());
        let (message, behind) = rest.split_at(length);
        match parse(message) {
            Some((_, Reply::Entry(entry))) => {
                let _ = found.take(&search, &entry);
            }
            Some((_, Reply::Done(outcome))) => assert!(!outcome.text.chars().any(char::is_control)),
            _ => {}
        }
        rest = behind;
    }
    let answer = found.answer(None);
    assert!(answer.contacts.iter().all(|contact| contact.directory && contact.numbers().next().is_some()));
}
