//! People: what is kept of each, the files they come in (MicroSIP's Contacts.xml, CSV, vCard), and whose number calls.
//! Everything read here is foreign text: it is made safe to show on its way into a [`Contact`].

mod book;
pub mod csv;
pub mod directory;
mod field;
mod merge;
pub mod vcard;
pub mod xml;

pub use book::{Book, same_number};
pub use field::{FIELDS, Field};
pub use merge::{Merged, Taken};

use crate::text::encoding::Encoding;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// Longest file that is read, in bytes.
pub const MAX_BYTES: usize = 16 * 1024 * 1024;
/// Most contacts of a file.
pub const MAX_CONTACTS: usize = 50_000;
/// Most problems of a file that are told.
const MAX_PROBLEMS: usize = 50;

/// Somebody, as MicroSIP keeps them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[allow(missing_docs)]
pub struct Contact {
    pub name: String,
    /// An extension, a number, a SIP address; `,DIGITS` behind it are sent after the answer.
    pub number: String,
    pub first_name: String,
    pub last_name: String,
    /// The number at home.
    pub phone: String,
    pub mobile: String,
    pub email: String,
    pub address: String,
    pub city: String,
    pub state: String,
    pub zip: String,
    pub comment: String,
    /// Of whoever keeps them elsewhere.
    pub id: String,
    /// What was last told of their presence.
    pub info: String,
    /// Their presence is to be followed.
    pub presence: bool,
    /// Stands before the others.
    pub starred: bool,
    /// Came from a directory, and goes with it.
    pub directory: bool,
}

impl Contact {
    /// With a number to call and a name to show, taken from the others where they are missing; `None` without any number.
    pub fn completed(mut self) -> Option<Contact> {
        let number = self.numbers().next()?.to_owned();
        self.number = number;
        if self.name.is_empty() {
            self.name = format!("{} {}", self.first_name, self.last_name).trim().to_owned();
        }
        if self.name.is_empty() {
            self.name.clone_from(&self.number);
        }
        Some(self)
    }

    /// The numbers they have, the one to call first.
    pub fn numbers(&self) -> impl Iterator<Item = &str> {
        [&self.number, &self.phone, &self.mobile].into_iter().map(String::as_str).filter(|number| !names_nobody(number))
    }

    /// They are found by this text: part of a name, a comment or an address in any letter case, or of a number as
    /// anybody writes it.
    pub fn is_found_by(&self, text: &str) -> bool {
        let wanted = text.trim().to_lowercase();
        let words = [&self.name, &self.first_name, &self.last_name, &self.email, &self.comment, &self.city, &self.id];
        let digits = book::digits(&wanted);
        words.into_iter().any(|word| word.to_lowercase().contains(&wanted))
            || self.numbers().any(|number| number.to_lowercase().contains(&wanted))
            || !digits.is_empty() && self.numbers().any(|number| book::digits(number).contains(&digits))
    }
}

/// Something in a file that was not taken as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Problem {
    /// The line, from 1.
    pub line: Option<usize>,
    /// In words.
    pub message: String,
}

/// What a file holds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Read {
    /// Everybody with a number, in the file's order.
    pub contacts: Vec<Contact>,
    /// How many have none, and were passed over.
    pub without_number: usize,
    /// What was not taken; the first of many.
    pub problems: Vec<Problem>,
}

/// Nothing stands there, or a scheme with nothing behind it.
fn names_nobody(number: &str) -> bool {
    let scheme = |text: &&str| ["tel:", "sip:", "sips:"].iter().any(|scheme| begins(text, scheme));
    let whole = std::iter::successors(Some(number), |text| {
        Some(*text).filter(scheme).and_then(|text| text.split_once(':')).map(|(_, rest)| rest.trim_start())
    });
    whole.last().is_none_or(str::is_empty)
}

fn begins(value: &str, start: &str) -> bool {
    value.get(..start.len()).is_some_and(|given| given.eq_ignore_ascii_case(start))
}

impl Read {
    /// Takes in one more; false where there is no room.
    fn push(&mut self, contact: Contact, line: Option<usize>) -> bool {
        if self.is_full() {
            self.problem(line, format!("more than {MAX_CONTACTS} contacts; the others are left out"));
            return false;
        }
        match contact.completed() {
            Some(contact) => self.contacts.push(contact),
            None => self.without_number += 1,
        }
        true
    }

    /// There is no room for another.
    fn is_full(&self) -> bool {
        self.contacts.len() == MAX_CONTACTS
    }

    fn problem(&mut self, line: Option<usize>, message: String) {
        if self.problems.len() < MAX_PROBLEMS {
            self.problems.push(Problem { line, message });
        }
    }
}

/// Why a file is not read or written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ContactsError {
    /// Longer than [`MAX_BYTES`].
    #[error("{0} bytes, more than a file of contacts may have")]
    TooLong(usize),
    /// XML of another kind.
    #[error("no contacts: its root is <{0}>")]
    Root(String),
    /// The first line of a CSV names no column that is known.
    #[error("line 1 names neither Name nor Number; known are {}", csv::header())]
    Header,
    /// Something is broken in it: to write it would lose what could not be read.
    #[error("it is broken (line {line}: {why}); mend it first, nothing was changed")]
    Broken {
        /// Where.
        line: usize,
        /// In words.
        why: String,
    },
}

/// A kind of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// MicroSIP's Contacts.xml.
    Xml,
    /// A table with MicroSIP's header, Google's or Outlook's.
    Csv,
    /// Business cards.
    Vcard,
}

impl Format {
    /// By a file's name: `.xml`, `.csv`, `.vcf`, `.vcard`.
    pub fn of_name(file: &Path) -> Option<Format> {
        let ending = file.extension()?.to_string_lossy().to_ascii_lowercase();
        match ending.as_str() {
            "xml" => Some(Format::Xml),
            "csv" => Some(Format::Csv),
            "vcf" | "vcard" => Some(Format::Vcard),
            _ => None,
        }
    }

    /// By what it holds.
    fn of_text(text: &str) -> Format {
        let start = text.trim_start();
        match start.get(..11) {
            _ if start.starts_with('<') => Format::Xml,
            Some(word) if word.eq_ignore_ascii_case("BEGIN:VCARD") => Format::Vcard,
            _ => Format::Csv,
        }
    }

    /// A whole file of contacts.
    pub fn write(self, contacts: &[Contact]) -> String {
        match self {
            Format::Xml => {
                let mut document = xml::Document::default();
                contacts.iter().for_each(|contact| document.add(contact));
                document.text()
            }
            Format::Csv => csv::write(contacts),
            Format::Vcard => vcard::write(contacts),
        }
    }
}

/// Reads a file of any kind, told by what it holds, in any encoding.
///
/// # Errors
/// Too long, XML of another kind, a table without a header.
pub fn read(bytes: &[u8]) -> Result<Read, ContactsError> {
    if bytes.len() > MAX_BYTES {
        return Err(ContactsError::TooLong(bytes.len()));
    }
    let text = decoded(bytes).1;
    match Format::of_text(&text) {
        Format::Xml => Ok(xml::Document::parse(bytes)?.read()),
        Format::Csv => csv::read(&text),
        Format::Vcard => Ok(vcard::read(&text)),
    }
}

/// The text behind its byte order mark.
fn decoded(bytes: &[u8]) -> (Encoding, String) {
    let encoding = Encoding::detect(bytes);
    (encoding, encoding.decode(bytes.strip_prefix(encoding.bom()).unwrap_or(bytes)))
}

/// The number of the line that begins, or goes on, at this byte.
fn line_at(text: &str, byte: usize) -> usize {
    text.bytes().take(byte).filter(|byte| *byte == b'\n').count() + 1
}

#[cfg(test)]
mod tests;
