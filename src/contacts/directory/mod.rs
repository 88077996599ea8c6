//! What a directory answers (MicroSIP's `usersDirectory`): a table, JSON, or XML of several makers, told apart by what
//! it holds. Of a broken answer everything before the break counts, and nobody goes because they are not in it.

#[cfg(feature = "carddav")]
pub mod card_dav;
mod json;
#[cfg(feature = "ldap")]
pub mod ldap;
mod xml;

use super::book::key;
use super::{Contact, ContactsError, FIELDS, MAX_BYTES, Problem, Read, csv, decoded, vcard};
use crate::text::{sanitise, sanitise_bytes};
use std::collections::HashMap;

/// Most lights that an answer may tell of.
const MAX_PRESENCE: usize = 10_000;

/// What a directory said.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Answer {
    /// Everybody with a number, in its order, each marked as the directory's.
    pub contacts: Vec<Contact>,
    /// How many have none, and were passed over.
    pub without_number: usize,
    /// What was not taken; the first of many.
    pub problems: Vec<Problem>,
    /// It was read to its end: who is not in it is gone.
    pub is_whole: bool,
    /// Seconds until it wants to be asked again.
    pub refresh_s: Option<u64>,
    /// Nobody is to be told that it came.
    pub silent: bool,
    /// What people do just now.
    pub presence: Vec<Presence>,
}

/// What somebody does just now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Presence {
    /// Their number, as the directory writes it.
    pub number: String,
    /// In one word: `offline`, `online`, `away`, `busy`, `ring`, `phone`; empty where it is none of these.
    pub status: &'static str,
    /// In their own words.
    pub info: String,
}

/// The words of a status.
const STATUS: [&str; 6] = ["offline", "online", "away", "busy", "ring", "phone"];

/// Why an answer is of no use at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DirectoryError {
    /// Longer than [`MAX_BYTES`].
    #[error("{0} bytes, more than a directory may have")]
    TooLong(usize),
    /// A table without a usable first line.
    #[error(transparent)]
    Table(ContactsError),
    /// Something else.
    #[error("it is neither JSON, XML of contacts nor a table: {0}")]
    Other(String),
}

/// Reads an answer; `media_type` is what the server calls it, in any letter case.
///
/// # Errors
/// Too long, or no list of contacts.
pub fn read(bytes: &[u8], media_type: &str) -> Result<Answer, DirectoryError> {
    if bytes.len() > MAX_BYTES {
        return Err(DirectoryError::TooLong(bytes.len()));
    }
    let text = decoded(bytes).1;
    let start = text.trim_start();
    let is = |wanted: &str| media_type.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(wanted);
    let mut answer = match start.chars().next() {
        _ if is("text/csv") => of(csv::read(&text).map_err(DirectoryError::Table)?),
        Some('[' | '{') => json::read(&text),
        Some('<') => xml::read(&text)?,
        _ if start.get(..11).is_some_and(|word| word.eq_ignore_ascii_case("BEGIN:VCARD")) => of(vcard::read(&text)),
        _ => of(csv::read(&text).map_err(|_| DirectoryError::Other(glimpse(start)))?),
    };
    answer.note_presence();
    answer.contacts.iter_mut().for_each(|contact| contact.directory = true);
    answer.problems.truncate(super::MAX_PROBLEMS);
    Ok(answer)
}

fn of(read: Read) -> Answer {
    Answer { is_whole: read.problems.is_empty(), ..Answer::default() }.with(read)
}

/// The beginning of something unexpected.
fn glimpse(text: &str) -> String {
    match text.lines().next().unwrap_or_default() {
        "" => "it is empty".to_owned(),
        line => format!("it begins {:?}", sanitise_bytes(line.as_bytes().get(..40).unwrap_or(line.as_bytes()))),
    }
}

impl Answer {
    fn with(self, read: Read) -> Answer {
        Answer { contacts: read.contacts, without_number: read.without_number, problems: read.problems, ..self }
    }

    /// The rest of the answer is lost.
    fn broken(&mut self, line: usize, why: &str) {
        self.is_whole = false;
        let message = format!("it is broken ({}); what stands before counts", sanitise(why));
        self.problems.push(Problem { line: Some(line), message });
    }

    /// What people do becomes the note of those who have no other.
    fn note_presence(&mut self) {
        let known: HashMap<String, &Presence> = self.presence.iter().map(|light| (key(&light.number), light)).collect();
        for contact in self.contacts.iter_mut().filter(|contact| contact.info.is_empty()) {
            if let Some(light) = known.get(&key(&contact.number)) {
                let words = if light.info.is_empty() { light.status } else { &light.info };
                put(contact, "info", words);
            }
        }
    }

    fn told(&mut self, number: &str, status: &str, info: &str) {
        let number = sanitise(number.trim());
        let status = STATUS.into_iter().find(|word| word.eq_ignore_ascii_case(status.trim())).unwrap_or_default();
        if !number.is_empty() && self.presence.len() < MAX_PRESENCE {
            self.presence.push(Presence { number, status, info: sanitise(info.trim()) });
        }
    }
}

/// Gives a contact what is called so in Contacts.xml.
fn put(contact: &mut Contact, attribute: &str, value: &str) {
    FIELDS.iter().filter(|field| field.attribute == attribute).for_each(|field| field.set(contact, value));
}

/// Gives a contact its numbers, the one to call first: empty ones are none.
fn put_numbers<'a>(contact: &mut Contact, numbers: impl Iterator<Item = &'a str>) {
    let numbers = numbers.filter(|number| !number.trim().is_empty());
    ["number", "phone", "mobile"].iter().zip(numbers).for_each(|(place, number)| put(contact, place, number));
}

/// The number that a server writes for seconds: `60`, `"60"`.
fn seconds(text: &str) -> Option<u64> {
    text.trim().parse().ok()
}

#[cfg(test)]
mod tests;
