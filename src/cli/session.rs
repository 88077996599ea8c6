//! The configuration of a session: the ini file, `override.ini` beside it, and the passwords neither of them has.

use super::exit;
use super::ini_files::IniFiles;
use super::keeping;
use super::options::Options;
use super::password::{self, PasswordSource};
use super::paths::{Environment, IniPath};
use crate::config::hook::Hooks;
use crate::config::{
    self, Account, AccountId, Broker, Decider, DialError, DialRules, Loaded, Mqtt, PASSWORD_VARIABLE, Secret, Settings,
    Webhook, dial,
};
use crate::control::{CommandError, Contact, ExitCode};
use crate::import;
use std::path::{Path, PathBuf};

/// What a session runs on.
#[derive(Debug, Clone)]
pub struct Session {
    /// The ini file, there or not.
    pub ini: IniPath,
    /// Settings and accounts, `override.ini` applied; options are applied where the engine is made.
    pub loaded: Loaded,
    /// The accounts whose password stands in the file.
    pub with_password: Vec<AccountId>,
    /// The password of the broker of MQTT does too.
    pub broker_with_password: bool,
    /// Contacts that an old MicroSIP keeps in the ini file.
    pub old_contacts: Vec<Contact>,
    /// What is to be said on standard error, a line each.
    pub notes: Vec<String>,
}

/// Reads everything a session runs on. Passwords are not asked for yet.
///
/// # Errors
/// A file that is named and missing, a file that cannot be read, an account that does not exist.
pub fn load(options: &Options, environment: &Environment) -> Result<Session, CommandError> {
    let files = IniFiles::open(options, environment)?;
    if files.named && !files.ini.exists {
        return Err(files.missing());
    }
    of_files(files, options, environment)
}

/// What a session runs on by these files.
///
/// # Errors
/// The account that is asked for does not exist.
pub fn of_files(files: IniFiles, options: &Options, environment: &Environment) -> Result<Session, CommandError> {
    let mut loaded = config::load(&files.main, &files.overlays);
    let old_contacts = import::old_contacts(&files.main);
    let mut notes: Vec<String> = loaded.warnings.iter().map(|warning| files.located(warning)).collect();
    let ini = files.ini;
    let directories = &loaded.settings.directories;
    let runs = [
        ("passwordCommand", !loaded.settings.password_command.is_empty()),
        ("cardDavPasswordCommand", !directories.card_dav.password_command.is_empty()),
        ("ldapPasswordCommand", !directories.ldap.password_command.is_empty()),
        ("mqttPasswordCommand", !loaded.settings.mqtt.password_command.is_empty()),
        ("what calls set off (cmd… and On… keys)", !loaded.settings.hooks.is_empty()),
        ("decideIncoming", loaded.settings.decider.command.is_some()),
    ];
    if !ini.trusted {
        for (what, _) in runs.into_iter().filter(|(_, is_given)| *is_given) {
            notes.push(format!("{}: {what} is only run if the file is named with --ini", ini.path.display()));
        }
        loaded.settings.password_command.clear();
        loaded.settings.directories.card_dav.password_command.clear();
        loaded.settings.directories.ldap.password_command.clear();
        loaded.settings.hooks = Hooks::default();
        loaded.settings.decider = Decider::default();
        // Nor is anybody told of calls, or let dial more, by somebody who just left a file here.
        loaded.settings.webhook = Webhook::default();
        loaded.settings.mqtt = Mqtt::default();
        loaded.settings.http_listen = None;
        loaded.settings.dial_rules = DialRules::default();
        // Nor does it say how the account of somebody else is to be proven or dialled by.
        loaded.common = Account { dtmf_method: loaded.common.dtmf_method, ..Account::new(AccountId(0)) };
    }
    if ini.foreign {
        notes.push(format!(
            "{} is MicroSIP's own: it is read, and never written; {}",
            ini.path.display(),
            copied(environment)
        ));
    }
    if let Some(name) = options.account.as_deref().filter(|_| options.session.is_none()) {
        let found = find_account(&loaded.accounts, name).map(|account| account.id);
        loaded.selected = found.ok_or_else(|| no_account(&loaded.accounts, name))?;
    }
    let path = |found: PathBuf| found.to_string_lossy().into_owned();
    let settings = &mut loaded.settings;
    let is_default = settings.recording_path.is_empty();
    let recordings = if is_default && ini.portable { "Recordings" } else { &settings.recording_path };
    settings.recording_path = path(environment.recordings(recordings, Some(&ini.path)));
    if !settings.hold_music.is_empty() {
        settings.hold_music = path(environment.beside(&settings.hold_music, Some(&ini.path)));
    }
    settings.hooks.locate(|program| path(environment.beside(program, Some(&ini.path))));
    settings.decider.locate(|program| path(environment.beside(program, Some(&ini.path))));
    settings.hooks.folder = path(environment.beside("", Some(&ini.path)));
    loaded.settings.account_id = Some(loaded.selected.0);
    let with_password = loaded.accounts.iter().filter(|account| !account.password.is_empty());
    let with_password = with_password.map(|account| account.id).collect();
    let broker_with_password = !loaded.settings.mqtt.password.is_empty();
    Ok(Session { ini, loaded, with_password, broker_with_password, old_contacts, notes })
}

impl Session {
    /// Fills in the password of the session account, else of the selected one: the option's or `TUIPHONE_PASSWORD`.
    ///
    /// # Errors
    /// The password named on the command line cannot be read.
    pub fn given_password(
        &mut self,
        options: &mut Options,
        source: Option<&PasswordSource>,
        environment: &Environment,
    ) -> Result<(), CommandError> {
        let given = match source {
            Some(source) => Some(source.read()?),
            None => environment.vars.get(PASSWORD_VARIABLE).and_then(|value| value.to_str()).map(Secret::new),
        };
        if let Some(secret) = given.filter(|secret| !secret.is_empty()) {
            self.take_password(options, secret);
        }
        Ok(())
    }

    /// This is the password of the session account, else of the selected one.
    pub fn take_password(&mut self, options: &mut Options, secret: Secret) {
        options.password = secret.clone();
        match (&mut options.session, selected(&mut self.loaded)) {
            (Some(session), _) => session.password = secret,
            (None, Some(account)) => {
                account.password = secret;
                account.password_sealed = false;
            }
            _ => {}
        }
    }

    /// The account that is going to register without a password, as `user@domain`.
    pub fn lacks_password(&self, options: &Options) -> Option<String> {
        if let Some(session) = &options.session {
            return session.password.is_empty().then(|| format!("{}@{}", session.user, session.domain));
        }
        let account = self.loaded.accounts.iter().find(|account| account.id == self.loaded.selected)?;
        let registers = !account.server.is_empty() && !account.username.is_empty();
        (registers && account.password.is_empty()).then(|| account.aor())
    }

    /// Runs `passwordCommand` for every account that registers and has no password, and the commands of directories that
    /// have none. One that fails is a note, not an end.
    pub fn commanded_passwords(&mut self) {
        self.commanded_directories();
        let command = self.loaded.settings.password_command.clone();
        if command.is_empty() {
            return;
        }
        let folder = self.ini.path.parent().filter(|folder| folder.is_dir()).unwrap_or(Path::new("."));
        for account in self.loaded.accounts.iter_mut().filter(|a| !a.server.is_empty() && a.password.is_empty()) {
            match password::run_command(&command, account, folder, password::PATIENCE) {
                Ok(secret) => {
                    account.password = secret;
                    account.password_sealed = false;
                }
                Err(error) => self.notes.push(error.message),
            }
        }
    }
}

impl Session {
    /// Looks into the keyring and its like for every account that registers and has no password. One that does not answer
    /// is a note, not an end.
    pub fn kept_passwords(&mut self, options: &mut Options) {
        let find = |aor: &str, notes: &mut Vec<String>| match keeping::find(aor) {
            Ok(found) => found.map(|(_, secret)| secret),
            Err(why) => {
                notes.extend(Some(why).filter(|why| !notes.contains(why)));
                None
            }
        };
        let of_broker = self.broker_without_password().and_then(|_| broker_account(&self.loaded.settings));
        if let Some(broker) = of_broker.filter(|_| self.ini.trusted)
            && let Some(secret) = find(&broker.aor(), &mut self.notes)
        {
            self.loaded.settings.mqtt.password = secret;
        }
        if let Some(session) = options.session.as_ref().filter(|session| session.password.is_empty()) {
            let aor = format!("{}@{}", session.user, session.domain);
            if let Some(secret) = find(&aor, &mut self.notes) {
                self.take_password(options, secret);
            }
            return;
        }
        // Whoever wrote a file that merely lies about has chosen the server that would be shown the password.
        if !self.ini.trusted {
            return;
        }
        let accounts = self.loaded.accounts.iter_mut().filter(|a| !a.server.is_empty() && a.password.is_empty());
        for account in accounts.filter(|account| !account.username.is_empty()) {
            if let Some(secret) = find(&account.aor(), &mut self.notes) {
                account.password = secret;
                account.password_sealed = false;
            }
        }
    }

    fn commanded_directories(&mut self) {
        let folder = self.ini.path.parent().filter(|folder| folder.is_dir()).unwrap_or(Path::new("."));
        let directories = &mut self.loaded.settings.directories;
        let (card_dav, ldap) = (&mut directories.card_dav, &mut directories.ldap);
        for (key, command, username, url, password) in [
            (
                "cardDavPasswordCommand",
                &card_dav.password_command,
                &card_dav.username,
                &card_dav.url,
                &mut card_dav.password,
            ),
            ("ldapPasswordCommand", &ldap.password_command, &ldap.username, &ldap.url, &mut ldap.password),
        ] {
            if command.is_empty() || url.is_empty() || !password.is_empty() {
                continue;
            }
            let host = url.split(['/', '@']).nth(2).unwrap_or_default().to_owned();
            let asking = Account { username: username.clone(), domain: host, ..Account::new(AccountId(0)) };
            match password::run_command(command, &asking, folder, password::PATIENCE) {
                Ok(secret) => *password = secret,
                Err(error) => self.notes.push(error.message.replacen("passwordCommand", key, 1)),
            }
        }
        if let Some(broker) = self.broker_without_password() {
            let asking =
                Account { username: broker.user.clone(), domain: broker.host.clone(), ..Account::new(AccountId(0)) };
            let command = &self.loaded.settings.mqtt.password_command;
            if !command.is_empty() {
                match password::run_command(command, &asking, folder, password::PATIENCE) {
                    Ok(secret) => self.loaded.settings.mqtt.password = secret,
                    Err(error) => self.notes.push(error.message.replacen("passwordCommand", "mqttPasswordCommand", 1)),
                }
            }
        }
    }

    /// The broker of MQTT whose user has no password yet.
    pub(super) fn broker_without_password(&self) -> Option<Broker> {
        let mqtt = &self.loaded.settings.mqtt;
        mqtt.broker.clone().filter(|broker| !broker.user.is_empty() && mqtt.password.is_empty())
    }
}

/// The broker of MQTT, as somebody whose password is kept.
pub(super) fn broker_account(settings: &Settings) -> Option<Account> {
    let (username, domain) = settings.mqtt.broker.as_ref()?.keeper();
    Some(Account { username, domain, ..Account::new(AccountId(0)) })
}

/// How to get a file of one's own.
pub(super) fn copied(environment: &Environment) -> String {
    format!("a copy in {} is yours to change", environment.config_dir().display())
}

/// The account that `--account` names: its number, label or address. `None` if there is none.
pub fn find_account<'a>(accounts: &'a [Account], name: &str) -> Option<&'a Account> {
    let by_number = accounts.iter().find(|account| name.parse() == Ok(account.id.0));
    by_number.or_else(|| accounts.iter().find(|a| a.label == name || a.aor().eq_ignore_ascii_case(name)))
}

/// The error of a name that is no account's.
pub fn no_account(accounts: &[Account], name: &str) -> CommandError {
    let named = accounts.iter().filter(|account| account.id.0 != 0);
    let list: Vec<String> = named.map(|account| format!("{} {}", account.id.0, account.aor())).collect();
    let hint = if list.is_empty() { "there is none".to_owned() } else { format!("there are: {}", list.join(", ")) };
    let message = format!("there is no account {name:?}");
    CommandError { code: ExitCode::NotFound, kind: "no_such_account", message, hint: Some(hint) }
}

fn selected(loaded: &mut Loaded) -> Option<&mut Account> {
    loaded.accounts.iter_mut().find(|account| account.id == loaded.selected)
}

/// Without an account only addresses can be called.
///
/// # Errors
/// This is none, and there is no account.
pub fn usable(loaded: &Loaded, options: &Options, number: &str, ini: &Path) -> Result<(), CommandError> {
    let numbered = has_account(loaded, options);
    let local = loaded.accounts.first().map(|local| dial(number, local));
    match local {
        Some(Err(DialError::NoDomain(_))) | None if !numbered => Err(without_account(ini)),
        _ => Ok(()),
    }
}

/// The error of a file without one.
pub fn without_account(ini: &Path) -> CommandError {
    let hint = Some("give --user and --domain, or --ini FILE");
    exit::config(format!("there is no account in {}", ini.display()), hint)
}

/// Somebody may be called by number.
pub fn has_account(loaded: &Loaded, options: &Options) -> bool {
    options.session.is_some() || loaded.accounts.iter().any(|account| account.id != AccountId(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(ini: &str, line: &str) -> Result<(Session, Options), CommandError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("phone.ini");
        std::fs::write(&path, ini).unwrap();
        std::fs::write(folder.path().join("override.ini"), "[Settings]\nuserAgent=locked\nDTMFMethod=7\n").unwrap();
        let words = ["tuiphone", "-i", path.to_str().unwrap()].into_iter().chain(line.split_whitespace());
        let mut given = super::super::args::parse(words.map(Into::into)).unwrap();
        let environment = Environment { cwd: folder.path().to_owned(), ..Environment::default() };
        let mut session = load(&given.options, &environment)?;
        session.given_password(&mut given.options, given.password.as_ref(), &environment)?;
        session.commanded_passwords();
        Ok((session, given.options))
    }

    const INI: &str = "[Settings]\nuserAgent=mine\n[Account1]\ndomain=d\nusername=u\n\
                       [Account2]\nlabel=Desk\ndomain=e\npassword=a268c52c2c3a93f1\n";

    #[test]
    fn override_ini_overrules_and_locks() {
        let (given, _) = session(INI, "").unwrap();
        assert_eq!(given.loaded.settings.user_agent, "locked");
        assert_eq!(given.loaded.settings.locked, ["userAgent", "DTMFMethod"]);
        let told = given.notes.iter().any(|note| note.contains("override.ini: line 3: [Settings] DTMFMethod"));
        assert!(told, "{:?}", given.notes);
        assert_eq!(session(INI, "--no-override").unwrap().0.loaded.settings.user_agent, "mine");
    }

    #[test]
    fn a_password_goes_to_the_account_that_is_meant() {
        let (given, options) = session(INI, "-a Desk --password pw").unwrap();
        let account = find_account(&given.loaded.accounts, "2").unwrap();
        assert_eq!(
            (given.loaded.selected, account.password.reveal(), account.password_sealed),
            (account.id, "pw", false)
        );
        assert!(options.session.is_none());
        let (given, options) = session(INI, "--user 101@pbx.example.net --password pw").unwrap();
        assert_eq!(options.session.unwrap().password.reveal(), "pw");
        assert!(given.loaded.accounts.iter().all(|account| account.password.is_empty()));
        let error = session(INI, "-a Nobody").unwrap_err();
        assert_eq!((error.code, error.hint.as_deref()), (ExitCode::NotFound, Some("there are: 1 u@d, 2 e")));
    }

    #[test]
    fn a_named_file_must_be_there() {
        let options = Options { ini: Some("none.ini".into()), ..Options::default() };
        let error = load(&options, &Environment::default()).unwrap_err();
        assert!(error.code == ExitCode::Config && error.message.contains("none.ini"), "{error}");
    }

    #[test]
    fn a_file_that_merely_lies_about_runs_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let commands = "[Settings]\ncmdCallEnd=touch pwned\n[tuiphone]\npasswordCommand=touch pwned\ntlsVerify=0\n";
        std::fs::write(folder.path().join("microsip.ini"), commands).unwrap();
        std::fs::write(folder.path().join("override.ini"), "[Settings]\ncmdCallStart=touch pwned\n").unwrap();
        let environment = Environment { cwd: folder.path().to_owned(), ..Environment::default() };
        let session = load(&Options::default(), &environment).unwrap();
        let settings = &session.loaded.settings;
        assert!(settings.password_command.is_empty() && settings.hooks.is_empty() && session.notes.len() == 2);
        assert!(session.loaded.common.tls.verify, "nor does it say whom to trust with the password of --user");
    }

    #[test]
    fn beside_the_program_lies_everything_and_microsips_folder_is_left_alone() {
        let root = tempfile::tempdir().unwrap();
        let program = root.path().join("bin");
        std::fs::create_dir(&program).unwrap();
        std::fs::write(program.join("override.ini"), "[Settings]\nuserAgent=ours\n").unwrap();
        let exe_dir = Some(program.clone());
        let environment = Environment { cwd: root.path().join("cwd"), exe_dir, ..Environment::default() };
        let elsewhere = load(&Options::default(), &environment).unwrap();
        assert_eq!(elsewhere.loaded.settings.user_agent, "ours", "what lies beside the program counts everywhere");
        std::fs::write(program.join("microsip.ini"), "").unwrap();
        let portable = load(&Options::default(), &environment).unwrap();
        assert_eq!(portable.loaded.settings.recording_path, program.join("Recordings").to_string_lossy());
        let home = root.path().join("home");
        std::fs::create_dir_all(home.join(".config/MicroSIP")).unwrap();
        std::fs::write(home.join(".config/MicroSIP/microsip.ini"), "").unwrap();
        let vars = [("HOME".to_owned(), home.into_os_string())].into();
        let session = load(&Options::default(), &Environment { vars, exe_dir: None, ..environment }).unwrap();
        assert!(session.ini.foreign && session.notes.iter().any(|note| note.contains("never written")));
    }
}
