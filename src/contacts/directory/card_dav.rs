//! An address book of CardDAV (RFC 6352): what it is asked, and the cards in what it answers.

use super::{Answer, DirectoryError, of};
use crate::contacts::{MAX_BYTES, MAX_CONTACTS, vcard};
use crate::text::sanitise;
use crate::text::xml::{Element, Limits};

/// Asks for every card, whole.
//= RFC 6352 §8.6
//= RFC 6352 §10.5
pub const QUERY: &str = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n\
    <C:addressbook-query xmlns:D=\"DAV:\" xmlns:C=\"urn:ietf:params:xml:ns:carddav\">\
    <D:prop><D:getetag/><C:address-data/></D:prop><C:filter/></C:addressbook-query>\n";

/// Asks what state the book is in, before its cards are asked for.
//= RFC 4918 §9.1
//= RFC 6578 §3.1
pub const STATE: &str = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n\
    <D:propfind xmlns:D=\"DAV:\" xmlns:S=\"http://calendarserver.org/ns/\">\
    <D:prop><D:sync-token/><S:getctag/></D:prop></D:propfind>\n";

/// Longest state that is remembered, in bytes.
const MAX_STATE: usize = 1024;

/// The state of a book, which is another one after every change of a card; `None` = the server tells none.
pub fn state(bytes: &[u8]) -> Option<String> {
    let root = Element::parse(bytes, "multistatus", Limits { bytes: 64 * 1024, depth: 16, elements: 256 }).ok()?;
    let found = |name: &str| {
        let props = root.all("response").flat_map(|response| response.all("propstat"));
        let told = props.filter_map(|props| props.child("prop")?.text_of(name)).next();
        told.map(|text| format!("{name} {text}"))
    };
    found("sync-token").or_else(|| found("getctag")).filter(|state| state.len() <= MAX_STATE)
}

/// What an answer may be: some elements for each card.
const LIMITS: Limits = Limits { bytes: MAX_BYTES, depth: 16, elements: 12 * MAX_CONTACTS };

/// Reads an answer; cards that come without their text are told of.
///
/// # Errors
/// Too long, or another kind of document.
pub fn read(bytes: &[u8]) -> Result<Answer, DirectoryError> {
    if bytes.len() > MAX_BYTES {
        return Err(DirectoryError::TooLong(bytes.len()));
    }
    let root = Element::parse(bytes, "multistatus", LIMITS);
    let root = root.map_err(|why| DirectoryError::Other(sanitise(&why.to_string())))?;
    let mut cards = String::new();
    let (mut without, mut is_cut) = (0, false);
    for response in root.all("response") {
        let card = response.all("propstat").find_map(|found| found.child("prop")?.text_of("address-data"));
        match (card, response.text_of("status")) {
            (Some(card), _) => {
                cards += card;
                cards += "\n";
            }
            //= RFC 6352 §8.6.2: 507 for the book itself = there is more than it hands out
            (None, Some(status)) if status.contains(" 507") => is_cut = true,
            // The book itself, or a card that went meanwhile.
            (None, Some(_)) => {}
            (None, None) => without += 1,
        }
    }
    let mut answer = of(vcard::read(&cards));
    // A line of a card is no line of the answer.
    answer.problems.iter_mut().for_each(|problem| problem.line = None);
    for (is_so, what) in [
        (is_cut, "the server hands out a part of the book alone".to_owned()),
        (without > 0, format!("{without} cards came without their text")),
    ] {
        if is_so {
            answer.is_whole = false;
            answer.problems.push(super::Problem { line: None, message: what });
        }
    }
    answer.contacts.iter_mut().for_each(|contact| contact.directory = true);
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn multistatus(responses: &str) -> String {
        format!(
            "<?xml version=\"1.0\"?><d:multistatus xmlns:d=\"DAV:\" xmlns:card=\"urn:ietf:params:xml:ns:carddav\">{responses}</d:multistatus>"
        )
    }

    fn card(name: &str, number: &str) -> String {
        format!(
            "<d:response><d:href>/{number}.vcf</d:href><d:propstat><d:prop><d:getetag>\"1\"</d:getetag><card:address-data>\
             BEGIN:VCARD&#13;\nVERSION:3.0\r\nUID:u{number}\r\nFN:{name}\r\nTEL;TYPE=CELL:{number}\r\nEND:VCARD\r\n</card:address-data>\
             </d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>"
        )
    }

    //= RFC 6578 §3.1
    #[test]
    fn a_book_tells_its_state() {
        let found = |props: &str| {
            multistatus(&format!(
                "<d:response><d:href>/</d:href><d:propstat><d:prop>{props}</d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat>\
                 <d:propstat><d:prop><d:other/></d:prop><d:status>HTTP/1.1 404 Not Found</d:status></d:propstat></d:response>"
            ))
        };
        let long = format!("<d:sync-token>{}</d:sync-token>", "x".repeat(MAX_STATE));
        for (text, expected) in [
            (found("<d:sync-token>http://x/1</d:sync-token>"), Some("sync-token http://x/1")),
            (
                found("<s:getctag xmlns:s='http://calendarserver.org/ns/'>&quot;7&quot;</s:getctag>"),
                Some("getctag \"7\""),
            ),
            (found("<x:getctag xmlns:x='y'>7</x:getctag><d:sync-token>8</d:sync-token>"), Some("sync-token 8")),
            (found("<d:sync-token/>"), None),
            (found(""), None),
            (found(&long), None),
            (multistatus(""), None),
            ("<html/>".to_owned(), None),
            (String::new(), None),
            ("<!DOCTYPE d [<!ENTITY a \"b\">]><multistatus/>".to_owned(), None),
        ] {
            assert_eq!(state(text.as_bytes()).as_deref(), expected, "{text}");
        }
    }

    //= RFC 6352 §8.6
    //= RFC 6352 §8.6.2
    #[test]
    fn cards_are_read_and_what_is_missing_is_told() {
        let whole = read(multistatus(&(card("Ann &amp; Bob", "1") + &card("Cid", "2"))).as_bytes()).unwrap();
        let people: Vec<_> =
            whole.contacts.iter().map(|c| (c.name.as_str(), c.number.as_str(), c.id.as_str())).collect();
        assert_eq!(people, [("Ann & Bob", "1", "u1"), ("Cid", "2", "u2")]);
        assert!(whole.is_whole && whole.problems.is_empty() && whole.contacts.iter().all(|c| c.directory), "{whole:?}");
        assert!(read(multistatus("").as_bytes()).unwrap().is_whole, "nobody is somebody too");
        let cut = "<d:response><d:href>/</d:href><d:status>HTTP/1.1 507 Insufficient Storage</d:status></d:response>";
        let bare = "<d:response><d:href>/x</d:href><d:propstat><d:prop><d:getetag/></d:prop></d:propstat></d:response>";
        for (more, why) in [(cut, "a part of the book alone"), (bare, "1 cards came without their text")] {
            let answer = read(multistatus(&(card("Ann", "1") + more)).as_bytes()).unwrap();
            assert_eq!((answer.contacts.len(), answer.is_whole), (1, false));
            assert!(answer.problems.iter().any(|problem| problem.message.contains(why)), "{:?}", answer.problems);
        }
        for text in ["", "<html/>", "BEGIN:VCARD", "<d:multistatus xmlns:d='DAV:'><d:response>"] {
            assert!(matches!(read(text.as_bytes()), Err(DirectoryError::Other(_))), "{text}");
        }
    }
}
