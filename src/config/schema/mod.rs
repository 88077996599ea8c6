//! The ini-key table: one row per key, from which files are read, written, and documented.
//!
//! A new key is a new row here and a field in [`Settings`] or [`Account`], nothing else.

mod account_rows;
mod behaviour_rows;
mod codec_rows;
mod directory_rows;
mod field;
pub(super) mod hook_rows;
mod interface_rows;
mod kept;
mod names;
mod number_rows;
mod outside_rows;
mod own_rows;
mod recording_rows;
mod rows;
mod sound_rows;
mod tone_rows;
mod words;

pub use kept::{Kept, all_kept, kept};
pub use names::{Known, Place, beyond_microsip, nearest_section, section_of};

use super::ini::{Document, IniError};
use super::value::flag;
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
    /// The most characters of its value that MicroSIP reads; `None` = it reads none.
    pub limit: Option<u16>,
    /// MicroSIP writes its value in quotes.
    pub quoted: bool,
    /// When a phone that runs takes another value.
    pub takes: Takes,
    /// The field it fills.
    pub field: Field,
}

/// When a phone that runs takes another value of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Takes {
    /// At once, or with the next call.
    Now,
    /// At once, and the account is registered anew.
    Anew,
    /// When it is started the next time.
    Restart,
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
    /// `[Global]`: what newer MicroSIPs keep for themselves.
    Global,
}

/// The forms of a value. Empty is a value of its own: 0 for numbers, off for flags, unless `doc` says otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `0` or `1`; any number but 0 is read as 1.
    Flag,
    /// `0` or `1`; whatever is not exactly `1` is read as 0.
    Strict,
    /// `0` or `1`; whatever is not exactly `0` is read as 1.
    UnlessZero,
    /// A whole number.
    Number,
    /// Any text.
    Text,
    /// The name of a file that is read, as it is written.
    File,
    /// Any text, never shown.
    Secret,
    /// One of these words.
    Word(&'static [&'static str]),
    /// Words separated by blanks.
    List,
}

impl Kind {
    /// One word for it.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Flag | Kind::Strict | Kind::UnlessZero => "flag",
            Kind::Number => "number",
            Kind::Text | Kind::File => "text",
            Kind::Secret => "secret",
            Kind::Word(_) => "word",
            Kind::List => "list",
        }
    }

    /// The value as a reader takes it: flags differ in what they count as a yes.
    pub(in crate::config) fn plain(self, value: &str) -> &str {
        let yes = match self {
            Kind::Flag => flag(value),
            Kind::Strict => value == "1",
            Kind::UnlessZero => value != "0",
            Kind::Number | Kind::Text | Kind::File | Kind::Secret | Kind::Word(_) | Kind::List => return value,
        };
        if yes { "1" } else { "0" }
    }
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
    ($($name:ident = $section:ident, $of:ident, $limit:expr;)*) => {$(
        const fn $name(
            key: &'static str,
            kind: Kind,
            default: &'static str,
            doc: &'static str,
            get: fn(&$of) -> String,
            set: fn(&mut $of, &str) -> Option<String>,
        ) -> Row {
            let field = Field::$of(get, set);
            let takes = Takes::Now;
            Row { section: Section::$section, key, kind, default, doc, limit: $limit, quoted: false, takes, field }
        }
    )*};
}

constructors! {
    settings = Settings, Settings, Some(names::LIMIT);
    tuiphone = Tuiphone, Settings, None;
    account = Account, Account, Some(names::LIMIT);
    own_account = TuiphoneAccount, Account, None;
}

impl Section {
    /// The name of the section in the file, for the account of this number.
    pub fn name(self, account: u32) -> String {
        match self {
            Section::Settings => "Settings".to_owned(),
            Section::Account => format!("Account{account}"),
            Section::Tuiphone => "tuiphone".to_owned(),
            Section::TuiphoneAccount => format!("tuiphone{account}"),
            Section::Global => "Global".to_owned(),
        }
    }
}

/// Every key this phone reads, each section's in file order.
pub fn rows() -> impl Iterator<Item = &'static Row> {
    let sound = codec_rows::ROWS.iter().chain(sound_rows::ROWS).chain(tone_rows::ROWS).chain(recording_rows::ROWS);
    rows::ROWS
        .iter()
        .chain(hook_rows::ROWS)
        .chain(hook_rows::OWN_ROWS)
        .chain(own_rows::ROWS)
        .chain(interface_rows::ROWS)
        .chain(outside_rows::ROWS)
        .chain(behaviour_rows::ROWS)
        .chain(directory_rows::ROWS)
        .chain(sound)
        .chain(account_rows::ROWS)
        .chain(number_rows::ROWS)
}

impl Row {
    const fn at_most(self, limit: u16) -> Row {
        Row { limit: Some(limit), ..self }
    }

    const fn quoted(self) -> Row {
        Row { quoted: true, ..self }
    }

    const fn anew(self) -> Row {
        Row { takes: Takes::Anew, ..self }
    }

    const fn at_start(self) -> Row {
        Row { takes: Takes::Restart, ..self }
    }

    /// The rows of a section.
    pub fn of(section: Section) -> impl Iterator<Item = &'static Row> {
        rows().filter(move |row| row.section == section)
    }

    /// The row of a key, case ignored.
    pub fn find(section: Section, key: &str) -> Option<&'static Row> {
        Row::of(section).find(|row| row.key.eq_ignore_ascii_case(key))
    }

    /// Takes a value of `[Settings]` or `[tuiphone]`; what could not be taken as written, in words. Rows of accounts
    /// take nothing.
    pub fn read_settings(&self, settings: &mut Settings, value: &str) -> Option<String> {
        match self.field {
            Field::Settings(_, set) => set(settings, self.kind.plain(value)),
            Field::Account(..) => None,
        }
    }

    /// Takes a value of `[AccountN]`, `[tuiphone]` or `[tuiphoneN]`; what could not be taken as written, in words. Rows
    /// of settings take nothing.
    pub fn read_account(&self, account: &mut Account, value: &str) -> Option<String> {
        match self.field {
            Field::Account(_, set) => set(account, self.kind.plain(value)),
            Field::Settings(..) => None,
        }
    }

    /// The key and its new value, if it differs between these settings; rows of accounts never do.
    pub fn change(&self, before: &Settings, after: &Settings) -> Option<(&'static str, String)> {
        match self.field {
            Field::Settings(get, _) => Some((self.key, get(after))).filter(|(_, value)| *value != get(before)),
            Field::Account(..) => None,
        }
    }

    /// The value in these settings, as a file would have it; rows of accounts have none.
    pub fn value(&self, settings: &Settings) -> Option<String> {
        match self.field {
            Field::Settings(get, _) => Some(get(settings)),
            Field::Account(..) => None,
        }
    }

    /// The key differs between these accounts; of rows of settings none does.
    pub fn differs(&self, before: &Account, after: &Account) -> bool {
        match self.field {
            // Why not as text: no copy of a secret is left about.
            Field::Account(..) if self.is_password() => {
                (&before.password, before.password_sealed) != (&after.password, after.password_sealed)
            }
            Field::Account(..) if self.kind == Kind::Secret => before.turn.password != after.turn.password,
            Field::Account(get, _) => get(before) != get(after),
            Field::Settings(..) => false,
        }
    }

    /// It is the password of the account.
    pub fn is_password(&self) -> bool {
        self.kind == Kind::Secret && self.section == Section::Account
    }

    /// Writes the key of `[Settings]` or `[tuiphone]` as these settings have it; rows of accounts write nothing.
    pub fn write_settings(&self, settings: &Settings, document: &mut Document) -> Result<(), IniError> {
        match self.field {
            Field::Settings(get, _) => self.write(0, &get(settings), document),
            Field::Account(..) => Ok(()),
        }
    }

    /// Writes the key of `[AccountN]` or `[tuiphoneN]` as this account has it; rows of settings write nothing. A password that only
    /// MicroSIP can read stays as it is in the file.
    pub fn write_account(&self, account: &Account, document: &mut Document) -> Result<(), IniError> {
        match self.field {
            Field::Account(..) if self.is_password() && account.password_sealed => Ok(()),
            Field::Account(get, _) => self.write(account.id.0, &get(account), document),
            Field::Settings(..) => Ok(()),
        }
    }

    /// Writes the key as MicroSIP would, the account's of this number.
    pub fn write(&self, account: u32, value: &str, document: &mut Document) -> Result<(), IniError> {
        let section = self.section.name(account);
        if self.quoted {
            document.set_quoted(&section, self.key, value)
        } else {
            document.set(&section, self.key, value)
        }
    }
}

#[cfg(test)]
mod tests;
