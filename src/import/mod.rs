//! Other softphones' files → accounts, settings, contacts and calls as this phone keeps them, and what of it is new here.
//! Opens no file, and decrypts no password.

mod address;
mod baresip;
mod codec;
mod linphone;
mod microsip;
mod plan;
mod twinkle;

pub use microsip::old_contacts;
pub use plan::{Plan, next_account, write_account};

use crate::config::ini::{Document, IniError};
use crate::config::{Account, AccountId, Secret};
use crate::contacts::{self, Contact, ContactsError};
use crate::history::Record;
use crate::text::encoding::Encoding;
use crate::text::sanitise;

/// Longest text file of softphones other than MicroSIP that is read, in bytes.
const MAX_TEXT_BYTES: usize = 4 << 20;

/// Longest line of such a file that is read, in bytes.
const MAX_LINE_BYTES: usize = 16 << 10;

/// Most accounts of one file.
const MAX_ACCOUNTS: usize = 100;

/// Most notes about one file.
const MAX_NOTES: usize = 50;

/// A softphone whose files are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum Source {
    MicroSip,
    Baresip,
    Twinkle,
    Linphone,
}

impl Source {
    /// All of them, in the order they are looked for.
    pub const ALL: [Source; 4] = [Source::MicroSip, Source::Baresip, Source::Twinkle, Source::Linphone];

    /// Its word on the command line and in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Source::MicroSip => "microsip",
            Source::Baresip => "baresip",
            Source::Twinkle => "twinkle",
            Source::Linphone => "linphone",
        }
    }

    /// The softphone of a word.
    pub fn of_word(word: &str) -> Option<Source> {
        Source::ALL.into_iter().find(|source| source.word() == word)
    }
}

/// A kind of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    /// MicroSIP's ini.
    MicroSipIni,
    /// MicroSIP's `Contacts.xml`.
    ContactsXml,
    /// MicroSIP's database of calls; whoever has SQLite reads it.
    CallLog,
    /// baresip's `accounts`.
    BaresipAccounts,
    /// baresip's `contacts`.
    BaresipContacts,
    /// A profile of Twinkle's, `NAME.cfg`.
    TwinkleProfile,
    /// `twinkle.ab`.
    TwinkleAddressBook,
    /// `linphonerc`.
    LinphoneRc,
}

impl Form {
    /// Whose it is.
    pub fn source(self) -> Source {
        match self {
            Form::MicroSipIni | Form::ContactsXml | Form::CallLog => Source::MicroSip,
            Form::BaresipAccounts | Form::BaresipContacts => Source::Baresip,
            Form::TwinkleProfile | Form::TwinkleAddressBook => Source::Twinkle,
            Form::LinphoneRc => Source::Linphone,
        }
    }

    /// The kind of a file by its name and its first bytes; of the softphone `from`, if that is said.
    pub fn of(name: &str, start: &[u8], from: Option<Source>) -> Option<Form> {
        let name = name.to_ascii_lowercase();
        let named = match name.as_str() {
            "microsip.ini" => Some(Form::MicroSipIni),
            "contacts.xml" => Some(Form::ContactsXml),
            "twinkle.ab" => Some(Form::TwinkleAddressBook),
            "linphonerc" | ".linphonerc" => Some(Form::LinphoneRc),
            _ if start.starts_with(b"SQLite format 3\0") => Some(Form::CallLog),
            _ => None,
        };
        let wanted = |form: &Form| from.is_none_or(|from| form.source() == from);
        let by_from = || match (from?, name.as_str()) {
            (Source::MicroSip, _) => Some(Form::MicroSipIni),
            (Source::Baresip, "contacts") => Some(Form::BaresipContacts),
            (Source::Baresip, _) => Some(Form::BaresipAccounts),
            (Source::Twinkle, _) if name.ends_with(".ab") => Some(Form::TwinkleAddressBook),
            (Source::Twinkle, _) => Some(Form::TwinkleProfile),
            (Source::Linphone, _) => Some(Form::LinphoneRc),
        };
        named.filter(wanted).or_else(|| Form::of_text(&name, start).filter(wanted)).or_else(by_from)
    }

    /// By the first line that says something unmistakable.
    fn of_text(name: &str, start: &[u8]) -> Option<Form> {
        let text = decoded(start);
        for line in text.lines().map(str::trim) {
            let lower = line.to_ascii_lowercase();
            let numbered = |word: &str| {
                let digits = lower.strip_prefix(word).and_then(|rest| rest.strip_suffix(']'));
                digits.is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()))
            };
            if ["[proxy_", "[auth_info_", "[audio_codec_"].into_iter().any(numbered) {
                return Some(Form::LinphoneRc);
            }
            if lower == "[settings]" || lower == "[account]" || numbered("[account") {
                return Some(Form::MicroSipIni);
            }
            if lower.starts_with("user_name=") {
                return Some(Form::TwinkleProfile);
            }
            if lower.contains("<sip:") && !lower.starts_with(['#', ';', '[']) {
                return Some(if name == "contacts" { Form::BaresipContacts } else { Form::BaresipAccounts });
            }
        }
        None
    }
}

/// What becomes of the password of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Password {
    /// The file has none.
    None,
    /// It is in [`Account::password`].
    Plain,
    /// MicroSIP has encrypted it: it is asked for.
    Sealed,
    /// Only a hash of it is kept there.
    Hashed,
}

/// An account of another softphone.
#[derive(Debug, Clone, PartialEq)]
pub struct FoundAccount {
    /// As this phone would have it; its number means nothing yet.
    pub account: Account,
    /// Its password.
    pub password: Password,
}

impl FoundAccount {
    fn new(account: Account) -> FoundAccount {
        let password = if account.password.is_empty() { Password::None } else { Password::Plain };
        FoundAccount { account, password }
    }
}

/// A key of `[Settings]`, or of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// The section.
    pub section: &'static str,
    /// The key.
    pub key: String,
    /// Its value.
    pub value: String,
}

/// What a file has.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Found {
    /// Accounts, in the file's order.
    pub accounts: Vec<FoundAccount>,
    /// Settings.
    pub settings: Vec<Setting>,
    /// Contacts.
    pub contacts: Vec<Contact>,
    /// Calls.
    pub calls: Vec<Record>,
    /// What is not brought over, and why; safe to show.
    pub notes: Vec<String>,
}

impl Found {
    fn note(&mut self, note: impl Into<String>) {
        match self.notes.len() {
            ..MAX_NOTES => self.notes.push(note.into()),
            MAX_NOTES => self.notes.push("and more of the kind".to_owned()),
            _ => {}
        }
    }

    /// Takes one more account in; one without user or domain is none.
    fn account(&mut self, account: Account) {
        if !account.domain.is_empty() && !account.username.is_empty() {
            self.add(FoundAccount::new(account));
        }
    }

    fn add(&mut self, new: FoundAccount) {
        let aor = sanitise(&new.account.aor());
        // A stray line break must not keep the other accounts out.
        if write_account(&new.account, &mut Document::default(), true).is_err() {
            self.note(format!("{aor} is left out: it holds what no line of an ini file can"));
        } else if self.accounts.len() < MAX_ACCOUNTS {
            self.accounts.push(new);
        } else {
            self.note(format!("{aor} is left out: {MAX_ACCOUNTS} accounts are the most"));
        }
    }

    fn setting(&mut self, key: &str, value: impl Into<String>) {
        self.settings.push(Setting { section: "Settings", key: key.to_owned(), value: value.into() });
    }

    /// Takes contacts in, and what was odd about them.
    fn contacts(&mut self, read: contacts::Read) {
        for problem in read.problems {
            let line = problem.line.map(|line| format!("line {line}: ")).unwrap_or_default();
            self.note(format!("{line}{}", sanitise(&problem.message)));
        }
        self.contacts.extend(read.contacts);
    }
}

/// Why a file is not read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    /// Longer than is read.
    #[error("it has more than the {0} bytes that are read")]
    TooLong(usize),
    /// An ini file that cannot be read.
    #[error(transparent)]
    Ini(#[from] IniError),
    /// A file of contacts that cannot be read.
    #[error(transparent)]
    Contacts(#[from] ContactsError),
}

/// Reads a file. `same_system` = it was written on a system like this one, so that its paths and device names mean
/// something. A [`Form::CallLog`] has nothing here.
///
/// # Errors
/// It is too long, or not what it should be.
pub fn read(form: Form, bytes: &[u8], same_system: bool) -> Result<Found, ImportError> {
    let text = || match bytes.len() {
        ..=MAX_TEXT_BYTES => Ok(decoded(bytes)),
        _ => Err(ImportError::TooLong(MAX_TEXT_BYTES)),
    };
    let mut found = match form {
        Form::MicroSipIni => microsip::read(&Document::parse(bytes)?, same_system),
        Form::ContactsXml => {
            let mut found = Found::default();
            found.contacts(contacts::read(bytes)?);
            found
        }
        Form::CallLog => Found::default(),
        Form::BaresipAccounts => baresip::accounts(&text()?),
        Form::BaresipContacts => baresip::contacts(&text()?),
        Form::TwinkleProfile => twinkle::profile(&text()?),
        Form::TwinkleAddressBook => twinkle::address_book(&text()?),
        Form::LinphoneRc => {
            text()?;
            linphone::read(&Document::parse(bytes)?)
        }
    };
    let is_writable = |it: &Setting| Document::default().set(it.section, &it.key, &it.value).is_ok();
    found.settings.retain(is_writable);
    Ok(found)
}

fn decoded(bytes: &[u8]) -> String {
    let encoding = Encoding::detect(bytes);
    encoding.decode(bytes.strip_prefix(encoding.bom()).unwrap_or(bytes))
}

/// The lines that say something, with their numbers from 1: no comment, not empty, not too long.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let numbered = text.lines().enumerate().map(|(index, line)| (index + 1, line.trim()));
    numbered.filter(|(_, line)| !line.is_empty() && !line.starts_with('#') && line.len() <= MAX_LINE_BYTES)
}

fn fresh() -> Account {
    Account::new(AccountId(0))
}

/// A password as a file has it.
fn secret(text: &str) -> Secret {
    Secret::new(text)
}

/// A name and a number, if there is a number.
fn contact(name: &str, number: &str) -> Option<Contact> {
    Contact { name: sanitise(name.trim()), number: sanitise(number.trim()), ..Contact::default() }.completed()
}

#[cfg(test)]
mod tests;
