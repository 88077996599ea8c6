//! How a daemon reads its configuration again: the same files, under the options it was started with.

use super::ini_files::IniFiles;
use super::options::Options;
use super::out;
use super::paths::Environment;
use super::phone::{self, Wanted};
use super::session::{self, Session, broker_account};
use crate::config::{Account, Secret};
use crate::control::CommandError;
use crate::control::link::Link;
use crate::control::socket::Client;
use crate::control::verb::Request;
use crate::engine::media;
use crate::engine::reloading::{Cause, Fresh, Source};
use crate::ua::sound;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// Passwords that were given or found, by account. None of a file is among them: who takes one out of there means it.
type Known = HashMap<(String, String), Secret>;

/// A phone that runs reads the ini file anew, and what it says to that is told.
pub async fn taken(ini: &Path, needs_restart: &[String], options: &Options, environment: &Environment) {
    let socket = options.socket.clone().unwrap_or_else(|| environment.socket(ini));
    if Client::connect(&socket).await.is_err() {
        return;
    }
    let taken = Link::Socket(socket).fields(&Request::Reload).await;
    let words = match (&taken, needs_restart) {
        (Err(why), _) => format!("the phone that runs goes on as before: {why}"),
        (Ok(_), []) => "the phone that runs has taken it".to_owned(),
        (Ok(_), keys) => format!("the phone that runs takes {} when it is started anew", keys.join(", ")),
    };
    if taken.is_err() || !options.quiet {
        out::talk(&format!("tuiphone: {words}"));
    }
}

/// Reads what this session was read from.
pub fn source(options: &Options, session: &Session) -> Source {
    let (options, ini) = (options.clone(), session.ini.clone());
    let known = Mutex::new(known(session));
    Source::new(move |cause| {
        let environment = Environment::of_process();
        let files = IniFiles::again(&ini, &options, &environment)?;
        let mut session = session::of_files(files, &options, &environment)?;
        let mut options = options.clone();
        if !options.password.is_empty() {
            let secret = options.password.clone();
            session.take_password(&mut options, secret);
        }
        let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
        found_passwords(&mut session, &mut options, &mut known, cause);
        fresh(&options, session)
    })
}

/// The files of this session, there or not.
pub fn files(options: &Options, session: &Session) -> Vec<PathBuf> {
    let overriding = IniFiles::overriding(&session.ini.path, options, &Environment::of_process());
    std::iter::once(session.ini.path.clone()).chain(overriding).collect()
}

/// The command and the keyring are asked if somebody is there who asked for it, or for an account that is new. Where they
/// fail, what they gave before counts.
fn found_passwords(session: &mut Session, options: &mut Options, known: &mut Known, cause: Cause) {
    let remember = |session: &mut Session, known: &Known| {
        let lacking = session.loaded.accounts.iter_mut().filter(|account| account.password.is_empty());
        for account in lacking {
            if let Some(secret) = known.get(&name(account)) {
                account.password = secret.clone();
                account.password_sealed = false;
            }
        }
        let broker = session.broker_without_password().and_then(|_| broker_account(&session.loaded.settings));
        if let Some(secret) = broker.and_then(|broker| known.get(&name(&broker))) {
            session.loaded.settings.mqtt.password = secret.clone();
        }
    };
    if cause == Cause::Noticed {
        remember(session, known);
    }
    session.commanded_passwords();
    session.kept_passwords(options);
    remember(session, known);
    *known = self::known(session);
}

fn known(session: &Session) -> Known {
    let in_file = |account: &Account| session.with_password.contains(&account.id);
    let given = session.loaded.accounts.iter().filter(|account| !account.password.is_empty() && !in_file(account));
    let mqtt = &session.loaded.settings.mqtt;
    let broker = broker_account(&session.loaded.settings).filter(|_| !session.broker_with_password);
    let broker = broker.filter(|_| !mqtt.password.is_empty()).map(|broker| (name(&broker), mqtt.password.clone()));
    given.map(|account| (name(account), account.password.clone())).chain(broker).collect()
}

fn name(account: &Account) -> (String, String) {
    (account.aor(), account.server.clone())
}

fn fresh(options: &Options, session: Session) -> Result<Fresh, CommandError> {
    let Session { loaded, mut notes, .. } = session;
    notes.extend(sound::codecs_left_out(&loaded.settings, &media::tuning(&loaded.settings)));
    let Wanted { agent, media, .. } = phone::wanted(options, loaded)?;
    Ok(Fresh { agent, media, notes })
}
