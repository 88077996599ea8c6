//! The ini-key table: one row per key, from which files are read, written, and documented.
//!
//! A new key is a new row here and a field in [`Settings`] or [`Account`], nothing else.

mod account_rows;
mod codec_rows;
mod field;
mod own_rows;
mod recording_rows;
mod rows;
mod sound_rows;
mod tone_rows;
mod words;

use super::ini::{Document, IniError};
use super::{Account, Settings};

/// One key.
pub struct Row {
    /// Where it stands.
    pub section: Section,
    /// Its name as MicroSIP spells it.
    pub key: &'static str,
    /// What its value looks like.
    pub kind: Kind,
    /// The value that a missing key stands for, as text.
    pub default: &'static str,
    /// One line for people.
    pub doc: &'static str,
    /// The field it fills.
    pub field: Field,
}

/// The sections that rows belong to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    /// `[Settings]`.
    Settings,
    /// `[AccountN]`.
    Account,
    /// `[tuiphone]`: keys MicroSIP does not have; it leaves the section alone.
    Tuiphone,
    /// Keys of an account that MicroSIP does not have: in `[tuiphone]` for every account, in `[tuiphoneN]` for the one
    /// of `[AccountN]`, which then counts.
    TuiphoneAccount,
}

/// The forms of a value. Empty is a value of its own: 0 for numbers, off for flags, unless `doc` says otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `0` or `1`; any number but 0 is read as 1.
    Flag,
    /// A whole number.
    Number,
    /// Any text.
    Text,
    /// Any text, never shown.
    Secret,
    /// One of these words.
    Word(&'static [&'static str]),
    /// Words separated by blanks.
    List,
}

/// Reader and writer of a field. A reader always leaves a usable value and returns what it could not take as written.
#[derive(Clone, Copy)]
pub enum Field {
    /// A field of [`Settings`].
    Settings(fn(&Settings) -> String, fn(&mut Settings, &str) -> Option<String>),
    /// A field of [`Account`].
    Account(fn(&Account) -> String, fn(&mut Account, &str) -> Option<String>),
}

/// A constructor of rows for each section, by what the section fills.
macro_rules! constructors {
    ($($name:ident = $section:ident, $of:ident;)*) => {$(
        const fn $name(
            key: &'static str,
            kind: Kind,
            default: &'static str,
            doc: &'static str,
            get: fn(&$of) -> String,
            set: fn(&mut $of, &str) -> Option<String>,
        ) -> Row {
            Row { section: Section::$section, key, kind, default, doc, field: Field::$of(get, set) }
        }
    )*};
}

constructors! {
    settings = Settings, Settings;
    tuiphone = Tuiphone, Settings;
    account = Account, Account;
    own_account = TuiphoneAccount, Account;
}

impl Section {
    /// The name of the section in the file, for the account of this number.
    fn name(self, account: u32) -> String {
        match self {
            Section::Settings => "Settings".to_owned(),
            Section::Account => format!("Account{account}"),
            Section::Tuiphone => "tuiphone".to_owned(),
            Section::TuiphoneAccount => format!("tuiphone{account}"),
        }
    }
}

/// Every key this phone reads, each section's in file order.
pub fn rows() -> impl Iterator<Item = &'static Row> {
    let sound = codec_rows::ROWS.iter().chain(sound_rows::ROWS).chain(tone_rows::ROWS).chain(recording_rows::ROWS);
    rows::ROWS.iter().chain(own_rows::ROWS).chain(sound).chain(account_rows::ROWS)
}

impl Row {
    /// The rows of a section.
    pub fn of(section: Section) -> impl Iterator<Item = &'static Row> {
        rows().filter(move |row| row.section == section)
    }

    /// The row of a key, case ignored.
    pub fn find(section: Section, key: &str) -> Option<&'static Row> {
        Row::of(section).find(|row| row.key.eq_ignore_ascii_case(key))
    }

    /// The key and its new value, if it differs between these settings; rows of accounts never do.
    pub fn change(&self, before: &Settings, after: &Settings) -> Option<(&'static str, String)> {
        match self.field {
            Field::Settings(get, _) => Some((self.key, get(after))).filter(|(_, value)| *value != get(before)),
            Field::Account(..) => None,
        }
    }

    /// Writes the key of `[Settings]` or `[tuiphone]` as these settings have it; rows of accounts write nothing.
    pub fn write_settings(&self, settings: &Settings, document: &mut Document) -> Result<(), IniError> {
        match self.field {
            Field::Settings(get, _) => document.set(&self.section.name(0), self.key, &get(settings)),
            Field::Account(..) => Ok(()),
        }
    }

    /// Writes the key of `[AccountN]` or `[tuiphoneN]` as this account has it; rows of settings write nothing. A password that only
    /// MicroSIP can read stays as it is in the file.
    pub fn write_account(&self, account: &Account, document: &mut Document) -> Result<(), IniError> {
        match self.field {
            Field::Account(..) if self.kind == Kind::Secret && account.password_sealed => Ok(()),
            Field::Account(get, _) => document.set(&self.section.name(account.id.0), self.key, &get(account)),
            Field::Settings(..) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
