//! Messages: requests as bytes, answers taken apart.

use super::ber::{self, Elements};
use super::{Entry, MAX_ATTRIBUTES, Search};
use crate::text::sanitise_bytes;

/// Longest message that is read, in bytes: one entry, whole.
const MAX_MESSAGE: usize = 1024 * 1024;
/// Entries asked for at once.
const PAGE: u32 = 500;
/// Values of one attribute that are looked at.
const MAX_VALUES: usize = 16;

/// Results in pages (RFC 2696).
const PAGED_RESULTS: &[u8] = b"1.2.840.113556.1.4.319";
/// To speak TLS from here on (RFC 4511 §4.14).
const START_TLS: &[u8] = b"1.3.6.1.4.1.1466.20037";

/// Where the next page begins; empty = at the beginning, or nowhere.
pub type Page = Vec<u8>;

/// How a request ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// 0 = well.
    pub code: u32,
    /// The server's own words, safe to show.
    pub text: String,
    /// Where the next page begins.
    pub next: Page,
}

impl Outcome {
    /// What is wrong, in words; `None` if nothing is.
    //= RFC 4511 §4.1.9
    pub fn refusal(&self) -> Option<String> {
        let text = if self.text.is_empty() { String::new() } else { format!(": {}", self.text) };
        Some(match self.code {
            0 => return None,
            3 | 4 | 11 => "the server hands out no more than this".to_owned(),
            8 | 13 => format!("the server wants a secret connection or another proof{text}"),
            32 => "there is no entry of the name that ldapBase has".to_owned(),
            49 => "the server refuses ldapUsername or its password".to_owned(),
            50 => format!("ldapUsername may not look there{text}"),
            code => format!("the server answered {code}{text}"),
        })
    }

    /// There is more, and this is all that is handed out.
    pub fn is_part(&self) -> bool {
        matches!(self.code, 3 | 4 | 11)
    }
}

/// What a server says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// An entry that was found.
    Entry(Entry),
    /// The end of a request.
    Done(Outcome),
    /// Something else: a reference to another server, which is not followed.
    Other,
}

/// Who asks. The bytes hold the password.
pub fn bind(id: u32, name: &str, password: &str) -> Vec<u8> {
    let credentials =
        [ber::number(0x02, 3), ber::element(0x04, name.as_bytes()), ber::element(0x80, password.as_bytes())];
    message(id, &ber::element(0x60, &credentials.concat()), None)
}

/// Asks for a secret connection.
pub fn start_tls(id: u32) -> Vec<u8> {
    message(id, &ber::element(0x77, &ber::element(0x80, START_TLS)), None)
}

/// Takes leave.
pub fn unbind(id: u32) -> Vec<u8> {
    message(id, &ber::element(0x42, &[]), None)
}

/// Asks for a page of the entries; each may take the server `seconds`.
//= RFC 4511 §4.5.1
pub fn search(id: u32, search: &Search, seconds: u32, page: &Page) -> Vec<u8> {
    let attributes: Vec<u8> =
        search.attributes.iter().flat_map(|(_, theirs)| ber::element(0x04, theirs.as_bytes())).collect();
    let parts = [
        ber::element(0x04, search.base.as_bytes()),
        // The whole tree below, aliases as they stand.
        ber::number(0x0a, 2),
        ber::number(0x0a, 0),
        ber::number(0x02, 0),
        ber::number(0x02, seconds),
        ber::element(0x01, &[0]),
        search.filter.clone(),
        ber::element(0x30, &attributes),
    ];
    let value = ber::element(0x30, &[ber::number(0x02, PAGE), ber::element(0x04, page)].concat());
    let control = ber::element(0x30, &[ber::element(0x04, PAGED_RESULTS), ber::element(0x04, &value)].concat());
    message(id, &ber::element(0x63, &parts.concat()), Some(&control))
}

fn message(id: u32, operation: &[u8], control: Option<&[u8]>) -> Vec<u8> {
    let controls = control.map(|control| ber::element(0xa0, control)).unwrap_or_default();
    ber::element(0x30, &[&ber::number(0x02, id), operation, &controls].concat())
}

/// The length of the first message of what has come; `None` = not all of it is there.
///
/// # Errors
/// It is no message, or too long a one.
pub fn frame(bytes: &[u8]) -> Result<Option<usize>, String> {
    match ber::head(bytes) {
        Ok(None) => Ok(None),
        Ok(Some((0x30, head, length))) if length <= MAX_MESSAGE => {
            let whole = head + length;
            Ok(Some(whole).filter(|whole| bytes.len() >= *whole))
        }
        Ok(Some((0x30, _, length))) => Err(format!("a message of {length} bytes, more than an entry may have")),
        Ok(Some(_)) | Err(()) => Err("it does not answer as LDAP does".to_owned()),
    }
}

/// A message and the number of the request it is about; `None` = it is broken.
pub fn parse(bytes: &[u8]) -> Option<(u32, Reply)> {
    let mut parts = Elements(Elements(bytes).expect(0x30)?);
    let id = ber::value(parts.expect(0x02)?)?;
    let (tag, operation) = parts.next()?;
    let reply = match tag {
        0x64 => Reply::Entry(entry(operation)?),
        0x61 | 0x65 | 0x78 => {
            let mut parts_of = Elements(operation);
            let code = ber::value(parts_of.expect(0x0a)?)?;
            let _matched = parts_of.expect(0x04)?;
            let text = sanitise_bytes(parts_of.expect(0x04)?);
            let next = parts.expect(0xa0).and_then(next_page).unwrap_or_default();
            Reply::Done(Outcome { code, text, next })
        }
        _ => Reply::Other,
    };
    Some((id, reply))
}

//= RFC 4511 §4.5.2
fn entry(content: &[u8]) -> Option<Entry> {
    let mut parts = Elements(content);
    let _name = parts.expect(0x04)?;
    let attributes = Elements(parts.expect(0x30)?).take(MAX_ATTRIBUTES);
    attributes
        .map(|(_, attribute)| {
            let mut parts = Elements(attribute);
            let name = String::from_utf8(parts.expect(0x04)?.to_vec()).ok()?;
            let values = Elements(parts.expect(0x31)?).take(MAX_VALUES);
            let text = values.filter_map(|(_, value)| String::from_utf8(value.to_vec()).ok());
            Some((name, text.collect()))
        })
        .collect()
}

//= RFC 2696 §2
fn next_page(controls: &[u8]) -> Option<Page> {
    let of_pages = Elements(controls).find_map(|(_, control)| {
        let mut parts = Elements(control);
        (parts.expect(0x04)? == PAGED_RESULTS).then_some(parts)
    });
    let mut parts = of_pages?;
    let _critical = parts.expect(0x01);
    let mut value = Elements(Elements(parts.expect(0x04)?).expect(0x30)?);
    let _estimate = value.expect(0x02)?;
    Some(value.expect(0x04)?.to_vec())
}
