//! Where passwords are kept: nothing is written as plain text that nobody has agreed to.

use super::keyring::Keyring;
use super::{exit, prompt};
use crate::config::Account;
use crate::config::ini::IniError;
use crate::control::CommandError;
use clap::{Arg, ArgMatches};
use std::path::Path;

/// Where a password is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// In the ini file, for whoever can read it.
    Plain,
    /// In the system's keyring.
    Keyring,
    /// Nowhere.
    None,
}

impl Keep {
    const ALL: [Keep; 3] = [Keep::Plain, Keep::Keyring, Keep::None];

    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            Keep::Plain => "plain",
            Keep::Keyring => "keyring",
            Keep::None => "none",
        }
    }
}

/// `--save-password`.
pub fn argument() -> Arg {
    Arg::new("save-password")
        .long("save-password")
        .value_name("WHERE")
        .value_parser(Keep::ALL.map(Keep::word))
        .help("Where to keep a password: keyring, none, or plain = as text in the ini file")
}

/// What it says.
pub fn given(matches: &ArgMatches) -> Option<Keep> {
    let word = matches.get_one::<String>("save-password")?;
    Keep::ALL.into_iter().find(|keep| keep.word() == word)
}

/// The system's keyring, if there is one.
pub fn keyring() -> Option<Keyring> {
    Keyring::find(std::env::var_os("PATH").as_deref())
}

/// Where the passwords of these accounts are to be kept: as is said, else as the person says, else nowhere.
///
/// # Errors
/// There is no keyring, or the question is broken off.
pub fn decide(given: Option<Keep>, may_ask: bool, whose: &str, ini: &Path) -> Result<Keep, CommandError> {
    match given {
        Some(Keep::Keyring) if keyring().is_none() => Err(no_keyring()),
        Some(keep) => Ok(keep),
        None if may_ask && prompt::possible() => {
            let in_keyring = keyring().map_or("", |_| "k = in the keyring, ");
            let question = format!(
                "Keep the password of {whose}? {in_keyring}p = as plain text in {}, n = not at all",
                ini.display()
            );
            loop {
                match (prompt::line(&question, "n")?.as_str(), in_keyring.is_empty()) {
                    ("k", false) => return Ok(Keep::Keyring),
                    ("p", _) => return Ok(Keep::Plain),
                    ("n", _) => return Ok(Keep::None),
                    _ => {}
                }
            }
        }
        None => Ok(Keep::None),
    }
}

/// Puts the password of an account into the keyring.
///
/// # Errors
/// There is none, or it does not take it.
pub fn to_keyring(account: &Account) -> Result<(), CommandError> {
    let keyring = keyring().ok_or_else(no_keyring)?;
    keyring.set(&account.aor(), &account.password).map_err(|why| exit::config(why, Some(OTHER_WAYS)))
}

/// The other ways to have a password.
const OTHER_WAYS: &str = "passwordCommand, TUIPHONE_PASSWORD, --password-file, or --save-password plain";

/// The error of a system without a keyring.
pub fn no_keyring() -> CommandError {
    exit::config("there is no keyring here: no secret-tool is installed (libsecret)", Some(OTHER_WAYS))
}

/// Why a file cannot hold an account. The value at fault may be a secret: it is not told.
pub fn unwritten(ini: &Path, why: &IniError) -> String {
    let why = match why {
        IniError::Unwritable { what, .. } => format!("a {what} holds what no line of an ini file can"),
        IniError::Unencodable(_) => "its encoding has not all the characters; save it as UTF-8 first".to_owned(),
        why => why.to_string(),
    };
    format!("cannot write {}: {why}", ini.display())
}
