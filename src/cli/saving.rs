//! `--save`: the account of `--user` and `--domain` becomes one of the ini file.

use super::config_verb;
use super::ini_files::IniFiles;
use super::keeping::{self, Keep};
use super::options::Options;
use super::paths::{Environment, IniPath};
use super::{exit, phone};
use crate::config::ini::{Document, Encoding};
use crate::config::{self, Account, AccountId};
use crate::control::CommandError;
use crate::import;

/// Writes it as the next `[AccountN]` and selects it, as MicroSIP does; what is to be said about it. One with its
/// address that is there already stays as it is.
///
/// # Errors
/// The file cannot be written, or the keyring does not take the password.
pub fn session_account(options: &Options, environment: &Environment) -> Result<Vec<String>, CommandError> {
    let Some(session) = options.session.as_ref().filter(|_| options.save) else { return Ok(Vec::new()) };
    let files = own_files(options, environment)?;
    let path = &files.ini.path;
    let loaded = config::load(&files.main, &files.overlays);
    let mut account = phone::session_account(session, Account::new(AccountId(0)));
    let aor = crate::text::sanitise(&account.aor());
    if let Some(known) = loaded.accounts.iter().find(|it| it.id.0 > 0 && it.aor().eq_ignore_ascii_case(&account.aor()))
    {
        let words = format!("{aor} is account {} of {} already, and stays as it is there", known.id.0, path.display());
        return Ok(vec![words]);
    }
    account.id = import::next_account(&files.main, &loaded).map_err(|why| exit::config(why, None))?;
    let keep = match account.password.is_empty() {
        true => Keep::None,
        false => keeping::decide(options.keep, !options.no_input && !options.json, &aor, path)?,
    };
    write(&files, &account, keep)?;
    let number = account.id.0;
    let password = match keep {
        Keep::Plain => ", its password as plain text".to_owned(),
        Keep::None if account.password.is_empty() => String::new(),
        Keep::None => ", without its password: --save-password keyring or plain keeps it".to_owned(),
        keep => format!(", its password {}", keep.place()),
    };
    let mut told = vec![format!("{aor} is account {number} of {}{password}", path.display())];
    let mut new = Document::default();
    if import::write_account(&account, &mut new, keep == Keep::Plain).is_ok() {
        told.extend(config::too_long_for_microsip(&new));
    }
    Ok(told)
}

/// The ini file that is ours to write, and what overrules it; MicroSIP's own is not.
///
/// # Errors
/// One of them cannot be read.
pub fn own_files(options: &Options, environment: &Environment) -> Result<IniFiles, CommandError> {
    let mut files = IniFiles::open(options, environment)?;
    if files.ini.foreign {
        let path = environment.own_ini();
        files.ini = IniPath { exists: false, trusted: true, path, ..IniPath::default() };
        files.main = Document::new(Encoding::Utf8);
        files.overlays.clear();
    }
    files.begin(options.microsip);
    Ok(files)
}

/// Writes a whole account and selects it; its password is kept there.
///
/// # Errors
/// The file cannot be written, or the keyring does not take the password.
pub fn write(files: &IniFiles, account: &Account, keep: Keep) -> Result<(), CommandError> {
    let path = &files.ini.path;
    let mut document = files.main.clone();
    let selected = match files.layers().locked("Settings", "accountId") {
        Some(_) => Ok(()),
        None => document.set("Settings", "accountId", &account.id.0.to_string()),
    };
    selected
        .and_then(|()| import::write_account(account, &mut document, keep == Keep::Plain))
        .map_err(|why| exit::config(keeping::unwritten(path, &why), Some("nothing was changed")))?;
    keeping::keep(keep, account)?;
    config_verb::write(path, &document.to_bytes())
}
