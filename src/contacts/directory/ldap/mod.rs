//! LDAP (RFC 4511) as far as a search for people needs it: requests as bytes, answers as people. Reads alone: there is no
//! request here that changes anything.

mod ber;
mod filter;
mod message;

pub use filter::FilterError;
pub use message::{Outcome, Page, Reply, bind, frame, parse, search, start_tls, unbind};

use super::{Answer, put};
use crate::contacts::{Contact, FIELDS, MAX_CONTACTS, Read};

/// Most attributes that are asked for.
const MAX_ATTRIBUTES: usize = 64;

/// What is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Search {
    /// Below which entry.
    pub base: String,
    /// Which entries, encoded.
    filter: Vec<u8>,
    /// Attributes of Contacts.xml, and whose value each has at the server; of several the first that says something.
    attributes: Vec<(&'static str, String)>,
}

/// Why a search cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SearchError {
    /// No filter.
    #[error("ldapFilter: {0}")]
    Filter(#[from] FilterError),
    /// No pair of attributes.
    #[error("ldapAttributes: '{0}' is no pair such as name=cn; known are {known}", known = known())]
    Attribute(String),
    /// Nothing to call anybody by.
    #[error("ldapAttributes names no number")]
    NoNumber,
}

fn known() -> String {
    FIELDS.iter().map(|field| field.attribute).filter(|name| *name != "directory").collect::<Vec<_>>().join(" ")
}

impl Search {
    /// Of these settings.
    ///
    /// # Errors
    /// A filter or attributes that are none.
    pub fn new(base: &str, filter: &str, attributes: &str) -> Result<Search, SearchError> {
        let mut pairs = Vec::new();
        for word in attributes.split([' ', ',', ';', '\t']).filter(|word| !word.is_empty()).take(MAX_ATTRIBUTES) {
            let odd = || SearchError::Attribute(crate::text::sanitise(word));
            let (ours, theirs) = word.split_once('=').filter(|(_, theirs)| !theirs.is_empty()).ok_or_else(odd)?;
            let field = FIELDS.iter().find(|field| field.attribute.eq_ignore_ascii_case(ours)).ok_or_else(odd)?;
            if field.attribute == "directory" {
                return Err(odd());
            }
            pairs.push((field.attribute, theirs.to_owned()));
        }
        if !pairs.iter().any(|(ours, _)| ["number", "phone", "mobile"].contains(ours)) {
            return Err(SearchError::NoNumber);
        }
        Ok(Search { base: base.to_owned(), filter: filter::encode(filter)?, attributes: pairs })
    }

    /// Somebody as an entry tells of them.
    fn contact(&self, entry: &Entry) -> Contact {
        let mut contact = Contact::default();
        for (ours, theirs) in &self.attributes {
            let is_free = FIELDS.iter().any(|field| field.attribute == *ours && field.is_empty(&contact));
            let values = entry.iter().filter(|(name, _)| plain(name).eq_ignore_ascii_case(theirs));
            if let Some(value) =
                values.flat_map(|(_, values)| values).find(|value| !value.trim().is_empty()).filter(|_| is_free)
            {
                put(&mut contact, ours, value);
            }
        }
        contact
    }
}

/// A name without its options: `cn;lang-en`.
fn plain(name: &str) -> &str {
    name.split(';').next().unwrap_or_default()
}

/// Attributes and their values; those that are no text are left out.
pub type Entry = Vec<(String, Vec<String>)>;

/// People, as they come in.
#[derive(Debug, Default)]
pub struct Found {
    read: Read,
    is_full: bool,
}

impl Found {
    /// Takes in an entry; false where there is no room.
    pub fn take(&mut self, search: &Search, entry: &Entry) -> bool {
        self.is_full |= !self.read.push(search.contact(entry), None);
        !self.is_full
    }

    /// All of them; `cut` says why there may be more.
    pub fn answer(self, cut: Option<String>) -> Answer {
        let mut answer = Answer { is_whole: cut.is_none() && !self.is_full, ..Answer::default() }.with(self.read);
        answer.problems.extend(cut.map(|message| super::Problem { line: None, message }));
        answer.contacts.iter_mut().for_each(|contact| contact.directory = true);
        answer
    }
}

/// Entries that are asked for in all: no more have room.
pub const SIZE_LIMIT: usize = MAX_CONTACTS;

#[cfg(test)]
mod tests;
