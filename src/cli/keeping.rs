//! Where passwords are kept: nothing is written as plain text that nobody has agreed to.

use super::keyring::Keyring;
use super::paths::Environment;
use super::{exit, password_file, prompt};
use crate::config::ini::IniError;
use crate::config::{Account, Secret};
use crate::control::CommandError;
use clap::{Arg, ArgMatches};
use std::path::{Path, PathBuf};

/// Where a password is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// In the ini file, for whoever can read it.
    Plain,
    /// In the system's keyring.
    Keyring,
    /// By the kernel, until it is restarted.
    Kernel,
    /// In a file of its own that only its owner can read.
    File,
    /// Nowhere.
    None,
}

impl Keep {
    const ALL: [Keep; 5] = [Keep::Plain, Keep::Keyring, Keep::Kernel, Keep::File, Keep::None];
    /// Those that are looked into for an account without a password, in this order.
    pub const STORES: [Keep; 3] = [Keep::Keyring, Keep::Kernel, Keep::File];

    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            Keep::Plain => "plain",
            Keep::Keyring => "keyring",
            Keep::Kernel => "kernel",
            Keep::File => "file",
            Keep::None => "none",
        }
    }

    /// Where that is, for people.
    pub fn place(self) -> String {
        match self {
            Keep::Plain => "as plain text in the ini file".to_owned(),
            Keep::Keyring => "in the keyring".to_owned(),
            Keep::Kernel => "by the kernel, until it is restarted".to_owned(),
            Keep::File => format!("in {}, for its owner alone", file().display()),
            Keep::None => "nowhere".to_owned(),
        }
    }

    /// The password of an address that is kept there.
    ///
    /// # Errors
    /// The place does not answer; in words.
    pub fn get(self, aor: &str) -> Result<Option<Secret>, String> {
        match self {
            Keep::Keyring => keyring().map_or(Ok(None), |keyring| keyring.get(aor)),
            Keep::Kernel => kernel().map_or(Ok(None), |keyring| keyring.get(aor)),
            Keep::File => password_file::get(&file(), aor),
            Keep::Plain | Keep::None => Ok(None),
        }
    }

    /// Forgets the password of an address there; false if none was kept.
    ///
    /// # Errors
    /// The place does not answer; in words.
    pub fn forget(self, aor: &str) -> Result<bool, String> {
        match self {
            Keep::Keyring => keyring().map_or(Ok(false), |keyring| keyring.forget(aor)),
            Keep::Kernel => kernel().map_or(Ok(false), |keyring| keyring.forget(aor)),
            Keep::File => password_file::forget(&file(), aor),
            Keep::Plain | Keep::None => Ok(false),
        }
    }
}

/// The password of an address, wherever it is kept, and where that is.
///
/// # Errors
/// It is found nowhere, and a place did not answer; in words.
pub fn find(aor: &str) -> Result<Option<(Keep, Secret)>, String> {
    let mut trouble = None;
    for keep in Keep::STORES {
        match keep.get(aor) {
            Ok(Some(secret)) => return Ok(Some((keep, secret))),
            Ok(None) => {}
            Err(why) => trouble = trouble.or(Some(why)),
        }
    }
    trouble.map_or(Ok(None), Err)
}

/// The kernel's keys for this user, if there are any.
pub fn kernel() -> Option<Keyring> {
    Keyring::kernel(std::env::var_os("PATH").as_deref())
}

/// The file of passwords.
fn file() -> PathBuf {
    Environment::of_process().config_dir().join("passwords")
}

/// `--save-password`.
pub fn argument() -> Arg {
    Arg::new("save-password")
        .long("save-password")
        .value_name("WHERE")
        .value_parser(Keep::ALL.map(Keep::word))
        .help("Where to keep a password: keyring, kernel = until a restart, file = one that only you can read, plain = in the ini file, none")
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
        Some(Keep::Kernel) if kernel().is_none() => {
            Err(exit::config("the kernel keeps no passwords here: no keyctl is installed (keyutils)", Some(OTHER_WAYS)))
        }
        Some(keep) => Ok(keep),
        None if may_ask && prompt::possible() => {
            let in_keyring = keyring().map_or("", |_| "k = in the keyring, ");
            let question = format!(
                "Keep the password of {whose}? {in_keyring}f = in a file that only you can read, p = as plain text in {}, \
                 n = not at all",
                ini.display()
            );
            loop {
                match (prompt::line(&question, "n")?.as_str(), in_keyring.is_empty()) {
                    ("k", false) => return Ok(Keep::Keyring),
                    ("f", _) => return Ok(Keep::File),
                    ("p", _) => return Ok(Keep::Plain),
                    ("n", _) => return Ok(Keep::None),
                    _ => {}
                }
            }
        }
        None => Ok(Keep::None),
    }
}

/// Keeps the password of an account where it is to be, unless that is the ini file or nowhere.
///
/// # Errors
/// The place is not there, or does not take it.
pub fn keep(keep: Keep, account: &Account) -> Result<(), CommandError> {
    let (aor, secret) = (account.aor(), &account.password);
    let kept = match keep {
        Keep::Plain | Keep::None => Ok(()),
        Keep::Keyring => keyring().ok_or_else(no_keyring)?.set(&aor, secret),
        Keep::Kernel => kernel().ok_or_else(no_keyring)?.set(&aor, secret),
        Keep::File => password_file::set(&file(), &aor, secret),
    };
    kept.map_err(|why| exit::config(why, Some(OTHER_WAYS)))
}

/// The other ways to have a password.
const OTHER_WAYS: &str = "passwordCommand, TUIPHONE_PASSWORD, --password-file, or --save-password plain or file";

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
