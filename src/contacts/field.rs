//! The one table of what a contact has: the attribute of Contacts.xml, the column of a CSV, the names others give it.

use super::Contact;
use crate::text::{sanitise_text, sanitise_trimmed};

/// A part of a contact.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// The attribute of Contacts.xml.
    pub attribute: &'static str,
    /// The column of a CSV.
    pub header: &'static str,
    /// Columns of the same meaning in Google's and Outlook's files.
    pub aliases: &'static [&'static str],
    part: Part,
}

#[derive(Debug, Clone, Copy)]
enum Part {
    Line(fn(&mut Contact) -> &mut String, fn(&Contact) -> &str),
    Lines(fn(&mut Contact) -> &mut String, fn(&Contact) -> &str),
    Flag(fn(&mut Contact) -> &mut bool, fn(&Contact) -> bool),
}

macro_rules! row {
    ($attribute:literal, $header:literal, $part:ident $field:ident, $aliases:expr) => {
        Field {
            attribute: $attribute,
            header: $header,
            aliases: &$aliases,
            part: row!($part $field),
        }
    };
    (Flag $field:ident) => { Part::Flag(|c| &mut c.$field, |c| c.$field) };
    ($part:ident $field:ident) => { Part::$part(|c| &mut c.$field, |c| &c.$field) };
}

/// Every part, in the order of Contacts.xml.
pub static FIELDS: [Field; 17] = [
    row!("name", "Name", Line name, ["Display Name", "Full Name"]),
    row!("number", "Number", Line number, ["Primary Phone", "phone", "Business Phone"]),
    row!("firstname", "First Name", Line first_name, ["Given Name", "first_name"]),
    row!("lastname", "Last Name", Line last_name, ["Family Name", "last_name"]),
    row!("phone", "Phone Number", Line phone, ["Home Phone", "Phone 2 - Value", "home_number"]),
    row!("mobile", "Mobile Number", Line mobile, ["Mobile Phone", "Phone 1 - Value", "mobile_number"]),
    row!("email", "E-mail Address", Line email, ["E-mail 1 - Value", "email"]),
    row!("address", "Address", Line address, ["Home Address", "Home Street", "Address 1 - Street"]),
    row!("city", "City", Line city, ["Home City", "Address 1 - City"]),
    row!("state", "State", Line state, ["Home State", "Address 1 - Region"]),
    row!("zip", "Postal Code", Line zip, ["Home Postal Code", "Address 1 - Postal Code"]),
    row!("comment", "Comment", Lines comment, ["Notes"]),
    row!("id", "Id", Line id, []),
    row!("info", "Info", Line info, []),
    row!("presence", "Presence", Flag presence, []),
    row!("starred", "Starred", Flag starred, []),
    row!("directory", "Directory", Flag directory, []),
];

impl Field {
    /// What the contact has; flags as `0` and `1`.
    pub fn get(self, contact: &Contact) -> &str {
        match self.part {
            Part::Line(_, get) | Part::Lines(_, get) => get(contact),
            Part::Flag(_, get) => {
                if get(contact) {
                    "1"
                } else {
                    "0"
                }
            }
        }
    }

    /// Gives it to the contact, as safe text.
    pub fn set(self, contact: &mut Contact, value: &str) {
        match self.part {
            Part::Line(place, _) => *place(contact) = sanitise_trimmed(value),
            Part::Lines(place, _) => *place(contact) = sanitise_text(value).trim().to_owned(),
            Part::Flag(place, _) => *place(contact) = value.trim() == "1",
        }
    }

    /// The contact has nothing of it.
    pub fn is_empty(self, contact: &Contact) -> bool {
        match self.part {
            Part::Line(_, get) | Part::Lines(_, get) => get(contact).is_empty(),
            Part::Flag(_, get) => !get(contact),
        }
    }

    /// The column of this name is its own, in any letter case.
    pub fn is_called(self, column: &str) -> bool {
        std::iter::once(&self.header).chain(self.aliases).any(|name| name.eq_ignore_ascii_case(column))
    }
}
