//! `password`: an account's password kept, forgotten, and where each has its own. None is ever told.

use super::config_verb::{self, Ran};
use super::ini_files::IniFiles;
use super::keeping::{self, Keep};
use super::options::{Job, Options};
use super::password::PasswordSource;
use super::paths::Environment;
use super::{exit, out, prompt, session};
use crate::config::ini::Document;
use crate::config::schema::Section;
use crate::config::{self, Account, AccountId, Loaded, PASSWORD_VARIABLE, Secret};
use crate::control::{CommandError, ExitCode};
use clap::{Arg, ArgMatches, Command};
use serde_json::{Value, json};

const ORDER: &str = "A password is looked for in this order: --password -, --password-file; TUIPHONE_PASSWORD; the ini file, as plain\n\
    text; [tuiphone] passwordCommand; the keyring; the terminal. What MicroSIP has encrypted only MicroSIP can read:\n\
    such a line is left as it is, and the search goes on.";

/// What is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PasswordJob {
    /// Keep one; `None` = of the selected account.
    Set(Option<String>),
    /// Forget it.
    Forget(Option<String>),
    /// Say where each is.
    List,
}

/// The command as the parser has it.
pub fn command() -> Command {
    Command::new("password")
        .about("Keep or forget an account's password, in the keyring or as plain text; no phone needs to run")
        .after_help(ORDER)
        .arg(
            Arg::new("action").value_name("ACTION").required(true).value_parser(["set", "forget", "list"]).help(
                "set = keep one, in the keyring unless --save-password says otherwise; forget; list = where each is",
            ),
        )
        .arg(
            Arg::new("whose")
                .value_name("ACCOUNT")
                .help("Number, label or address; mqtt = the broker of [tuiphone] mqtt; without it the selected one"),
        )
}

/// What its words ask for.
///
/// # Errors
/// Wrong usage.
pub fn job(matches: &ArgMatches, options: &Options) -> Result<Job, CommandError> {
    let whose = matches.get_one::<String>("whose").or(options.account.as_ref()).cloned();
    Ok(Job::Password(match matches.get_one::<String>("action").map_or("", String::as_str) {
        "set" => PasswordJob::Set(whose),
        "forget" => PasswordJob::Forget(whose),
        _ if whose.is_some() => return Err(exit::usage("password list takes no account")),
        _ => PasswordJob::List,
    }))
}

/// Carries out a `password` job.
///
/// # Errors
/// No such account, no password given, nowhere to keep it.
pub fn run(
    job: &PasswordJob,
    options: &Options,
    given: Option<&PasswordSource>,
    environment: &Environment,
) -> Result<Ran, CommandError> {
    let files = IniFiles::open(options, environment)?;
    let loaded = config::load(&files.main, &files.overlays);
    let changed = match job {
        PasswordJob::Set(whose) => {
            let account = account(&loaded, whose.as_deref(), options)?;
            set(account, &files, &loaded, options, given, environment)?
        }
        PasswordJob::Forget(whose) => forget(&account(&loaded, whose.as_deref(), options)?, &files, options)?,
        PasswordJob::List => {
            list(&files, &loaded, options);
            false
        }
    };
    Ok(Ran { code: ExitCode::Ok, ini: files.ini.path, changed, needs_restart: Vec::new() })
}

fn account(loaded: &Loaded, whose: Option<&str>, options: &Options) -> Result<Account, CommandError> {
    if let Some(session) = &options.session {
        return Ok(super::phone::session_account(session, Account::new(AccountId(0))));
    }
    if let Some(broker) = session::broker_account(&loaded.settings).filter(|_| whose == Some(BROKER)) {
        return Ok(broker);
    }
    let found = match whose {
        Some(name) => session::find_account(&loaded.accounts, name).filter(|account| account.id.0 > 0),
        None => loaded.accounts.iter().find(|account| account.id == loaded.selected && account.id.0 > 0),
    };
    found.cloned().ok_or_else(|| match whose {
        Some(name) => session::no_account(&loaded.accounts, name),
        None => exit::config("there is no account whose password could be kept", Some("name it, or set one up first")),
    })
}

fn set(
    mut account: Account,
    files: &IniFiles,
    loaded: &Loaded,
    options: &Options,
    given: Option<&PasswordSource>,
    environment: &Environment,
) -> Result<bool, CommandError> {
    let keep = match options.keep {
        Some(Keep::None) => {
            return Err(exit::usage("password set has to keep it somewhere: kernel, file, keyring or plain"));
        }
        None if keeping::keyring().is_some() => Keep::Keyring,
        keep => keeping::decide(keep, !options.no_input && !options.json, &account.aor(), &files.ini.path)?,
    };
    if keep == Keep::None {
        return Err(keeping::no_keyring());
    }
    account.password = secret(&account, options, given, environment)?;
    let (changed, words) = put(&account, keep, files, loaded)?;
    told(options, &account, "set", &json!({ "kept": keep.word() }), &words);
    Ok(changed)
}

/// Puts the password of an account where it is to be kept: true if the ini file is changed by that, and where it is.
fn put(account: &Account, keep: Keep, files: &IniFiles, loaded: &Loaded) -> Result<(bool, String), CommandError> {
    if keep == Keep::Plain {
        let document = with_password(account, files, loaded)?;
        config_verb::write(&files.ini.path, &document.to_bytes())?;
        return Ok((true, format!("is kept as plain text in {}", files.ini.path.display())));
    }
    keeping::keep(keep, account)?;
    // An old one in the file would be found first.
    Ok((without_password(account, files)?, format!("is kept {}", keep.place())))
}

/// Keeps the password that MicroSIP's `/account:N /password:P` gives: where `--save-password` says, else in the keyring,
/// else nowhere. A sentence about it.
///
/// # Errors
/// No such account, or it cannot be written.
pub fn keep_given(
    whose: &str,
    secret: &Secret,
    options: &Options,
    environment: &Environment,
) -> Result<String, CommandError> {
    let files = IniFiles::open(options, environment)?;
    let loaded = config::load(&files.main, &files.overlays);
    let mut account = account(&loaded, Some(whose), options)?;
    account.password = secret.clone();
    let in_keyring = keeping::keyring().map_or(Keep::None, |_| Keep::Keyring);
    let words = match options.keep.unwrap_or(in_keyring) {
        Keep::None if options.keep.is_none() => {
            "counts until the phone ends: there is no keyring, and --save-password plain was not given".to_owned()
        }
        Keep::None => "counts until the phone ends".to_owned(),
        keep => put(&account, keep, &files, &loaded)?.1,
    };
    Ok(format!("the password of {} {words}", crate::text::sanitise(&account.aor())))
}

/// Keeps a new password of an account that stands in the files, and asks nobody: in the keyring where there is one, in
/// the ini file where a plain one stands already, else in a file that only the person can read. Empty = forgets it
/// everywhere. A sentence about it.
///
/// # Errors
/// No such account, or it cannot be written.
pub(super) fn replace(number: u32, secret: &Secret, files: &IniFiles) -> Result<String, CommandError> {
    let loaded = config::load(&files.main, &files.overlays);
    let section = Section::Account.name(number);
    let account = loaded.accounts.iter().find(|account| account.id.0 == number && number > 0);
    let mut account = account.cloned().ok_or_else(|| session::no_account(&loaded.accounts, &section))?;
    let aor = crate::text::sanitise(&account.aor());
    if secret.is_empty() {
        for keep in Keep::STORES {
            keep.forget(&account.aor()).map_err(|why| exit::config(why, None))?;
        }
        without_password(&account, files)?;
        return Ok(format!("the password of {aor} is forgotten"));
    }
    let keep = match (keeping::keyring().is_some(), account.password.is_empty()) {
        (true, _) => Keep::Keyring,
        (false, false) => Keep::Plain,
        (false, true) => Keep::File,
    };
    account.password = secret.clone();
    let (_, words) = put(&account, keep, files, &loaded)?;
    Ok(format!("the password of {aor} {words}"))
}

/// The password: as it is given, else as it is typed.
fn secret(
    account: &Account,
    options: &Options,
    given: Option<&PasswordSource>,
    environment: &Environment,
) -> Result<Secret, CommandError> {
    let found = match given {
        Some(source) => Some(source.read()?),
        None => environment.vars.get(PASSWORD_VARIABLE).and_then(|value| value.to_str()).map(Secret::new),
    };
    if let Some(secret) = found.filter(|secret| !secret.is_empty()) {
        return Ok(secret);
    }
    if options.no_input || !prompt::possible() {
        let hint = Some("--password -, --password-file or TUIPHONE_PASSWORD gives it".to_owned());
        return Err(CommandError { hint, ..exit::usage("there is no password to keep, and nobody to ask") });
    }
    match prompt::password(&account.aor()) {
        Ok(Some(secret)) => Ok(secret),
        Ok(None) => Err(exit::usage("there is no password to keep; nothing was changed")),
        Err(_) => {
            let message = "interrupted at the password; nothing was changed".to_owned();
            Err(CommandError { code: ExitCode::Interrupted, kind: "interrupted", message, hint: None })
        }
    }
}

/// The ini file with the password in its account.
fn with_password(account: &Account, files: &IniFiles, loaded: &Loaded) -> Result<Document, CommandError> {
    let path = &files.ini.path;
    let section = Section::Account.name(account.id.0);
    if account.id.0 == 0 {
        let hint = Some("--save makes an account of it".to_owned());
        return Err(CommandError {
            hint,
            ..exit::usage("an account of --user and --domain has no place in the ini file")
        });
    }
    if files.ini.foreign {
        let why = format!("{} is MicroSIP's own and never written", path.display());
        return Err(exit::config(why, Some("--save-password keyring keeps it elsewhere")));
    }
    if let Some(found) = files.layers().locked(&section, PASSWORD) {
        let why =
            format!("{section}.{PASSWORD} is locked by {}; nothing was changed", files.path(found.layer).display());
        return Err(CommandError { kind: "locked", ..exit::config(why, None) });
    }
    if !files.main.has_section(&section) {
        let why =
            format!("account {} of {} is not under [{section}]; nothing was changed", account.id.0, path.display());
        return Err(exit::config(why, Some("name its section so first")));
    }
    let mut document = files.main.clone();
    document
        .set(&section, PASSWORD, account.password.reveal())
        .map_err(|why| exit::config(keeping::unwritten(path, &why), Some("nothing was changed")))?;
    let after = config::load(&document, &files.overlays);
    let is_sealed = after.accounts.iter().any(|it| it.id == account.id && it.password_sealed);
    if is_sealed && !loaded.settings.password_plain {
        let why = "this password looks like one that MicroSIP has encrypted; nothing was changed";
        return Err(exit::config(
            why,
            Some("tuiphone config set tuiphone.passwordPlain=1 takes every such one as it stands"),
        ));
    }
    Ok(document)
}

/// Takes a plain password out of the ini file; what MicroSIP has encrypted stays. True if something is changed.
fn without_password(account: &Account, files: &IniFiles) -> Result<bool, CommandError> {
    let section = Section::Account.name(account.id.0);
    let is_plain = account.id.0 > 0 && files.main.get(&section, PASSWORD).is_some_and(|value| !value.is_empty());
    if !is_plain || files.ini.foreign || account.password_sealed {
        return Ok(false);
    }
    let mut document = files.main.clone();
    document
        .set(&section, PASSWORD, "")
        .map_err(|why| exit::config(keeping::unwritten(&files.ini.path, &why), None))?;
    config_verb::write(&files.ini.path, &document.to_bytes())?;
    Ok(true)
}

fn forget(account: &Account, files: &IniFiles, options: &Options) -> Result<bool, CommandError> {
    let mut from = Vec::new();
    for keep in Keep::STORES {
        if keep.forget(&account.aor()).map_err(|why| exit::config(why, None))? {
            from.push(keep);
        }
    }
    let from_file = without_password(account, files)?;
    let stores = from.iter().map(|keep| keep.word()).collect::<Vec<_>>().join(" and the ");
    let words = match (stores.as_str(), from_file) {
        ("", false) => "was kept nowhere".to_owned(),
        ("", true) => "is no longer in the ini file".to_owned(),
        (stores, false) => format!("is forgotten by the {stores}"),
        (stores, true) => format!("is forgotten by the {stores}, and no longer in the ini file"),
    };
    let [keyring, kernel, own] = Keep::STORES.map(|keep| from.contains(&keep));
    let more = json!({ "keyring": keyring, "kernel": kernel, "file": own, "ini": from_file });
    told(options, account, "forget", &more, &words);
    Ok(from_file)
}

fn list(files: &IniFiles, loaded: &Loaded, options: &Options) {
    let mut all = Vec::new();
    for account in loaded.accounts.iter().filter(|account| account.id.0 > 0) {
        let is_command = !loaded.settings.password_command.is_empty();
        let stored = || keeping::find(&account.aor()).ok().flatten().map(|(keep, _)| keep);
        let kept = if account.password.is_empty() && !is_command { stored() } else { None };
        let (word, text) = match (account.password.is_empty(), account.password_sealed) {
            (false, _) => ("plain", format!("as plain text in {}", files.ini.path.display())),
            (true, _) if is_command => ("command", "from passwordCommand".to_owned()),
            (true, _) if let Some(keep) = kept => (keep.word(), keep.place()),
            (true, true) => ("encrypted", "encrypted by MicroSIP: it is asked for".to_owned()),
            (true, false) => ("none", "nowhere: it is asked for".to_owned()),
        };
        let aor = crate::text::sanitise(&account.aor());
        if !options.json {
            out::line(&format!("{} {aor}: {text}", account.id.0));
        }
        all.push(json!({ "id": account.id.0, "aor": aor, "password": word }));
    }
    if options.json {
        out::json(&json!({ "v": 1, "verb": "password", "ok": true, "accounts": all }));
    } else if all.is_empty() {
        out::line("no accounts");
    }
}

fn told(options: &Options, account: &Account, action: &str, more: &Value, words: &str) {
    let aor = crate::text::sanitise(&account.aor());
    if options.json {
        let mut reply = json!({ "v": 1, "verb": "password", "ok": true, "action": action, "account": aor });
        if let (Some(reply), Some(more)) = (reply.as_object_mut(), more.as_object()) {
            reply.extend(more.clone());
        }
        out::json(&reply);
    } else if !options.quiet {
        out::line(&format!("the password of {aor} {words}"));
    }
}

/// Who the broker of MQTT is called, where an account could be.
const BROKER: &str = "mqtt";

/// The key of a password.
const PASSWORD: &str = "password";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::schema::Row;

    #[test]
    fn the_key_is_that_of_the_table() {
        assert!(Row::find(Section::Account, PASSWORD).is_some_and(Row::is_password));
    }
}
