//! `doctor`: what may keep a phone from working, looked at all at once, in words.

pub(super) mod finding;
mod machine;
mod mqtt;
mod registration;
mod server;

use super::ini_files::IniFiles;
use super::options::{Job, Options};
use super::password::PasswordSource;
use super::paths::{Environment, IniPath};
use super::session::{self, Session};
use super::{out, phone, prompt, run};
use crate::config::{Account, AccountId, Settings};
use crate::control::socket::Client;
use crate::control::{AccountInfo, CommandError, ExitCode};
use clap::{Arg, ArgAction, ArgMatches, Command};
use finding::{Finding, Verdict};
use futures_util::StreamExt;
use futures_util::stream::FuturesOrdered;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::time::Duration;

/// No check takes longer, unless `--timeout` says so.
const PATIENCE: Duration = Duration::from_secs(30);

/// What is to be looked at.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DoctorJob {
    /// These checks; none = all.
    pub checks: Vec<String>,
    /// Mend what can be mended.
    pub fix: bool,
    /// Unasked.
    pub yes: bool,
}

type Looking<'a> = Pin<Box<dyn Future<Output = Vec<Finding>> + 'a>>;

/// A row of the table.
struct Check {
    name: &'static str,
    /// What else it finds.
    also: &'static [&'static str],
    /// One line for people.
    about: &'static str,
    run: for<'a> fn(&'a Patient) -> Looking<'a>,
}

static CHECKS: &[Check] = &[
    Check {
        name: "settings",
        also: &[],
        about: "the ini file, as config check reads it",
        run: |it| now(machine::settings(it)),
    },
    Check { name: "files", also: &[], about: "who may read the files with secrets", run: |it| now(machine::files(it)) },
    Check { name: "socket", also: &[], about: "the control socket and its folder", run: |it| now(machine::socket(it)) },
    Check {
        name: "phone",
        also: &[],
        about: "the phone that runs, and its version",
        run: |it| Box::pin(machine::phone(it)),
    },
    Check {
        name: "mqtt",
        also: &[],
        about: "the broker that is told of the phone",
        run: |it| Box::pin(mqtt::broker(it)),
    },
    Check {
        name: "priority",
        also: &[],
        about: "real-time scheduling of the sound thread",
        run: |it| Box::pin(machine::priority(it)),
    },
    Check {
        name: "audio",
        also: &[],
        about: "sound cards, and those the settings name",
        run: |it| Box::pin(machine::audio(it)),
    },
    Check {
        name: "dns",
        also: &[],
        about: "NAPTR, SRV and addresses of each server, and its certificates",
        run: |it| Box::pin(server::ways(it)),
    },
    Check {
        name: "registration",
        also: &["nat", "alg"],
        about: "what the servers answer, the NAT before us, and whether a SIP ALG rewrites what we send",
        run: |it| Box::pin(registration::registrations(it)),
    },
    Check {
        name: "mtu",
        also: &[],
        about: "the size of an INVITE against what a datagram carries",
        run: |it| Box::pin(registration::sizes(it)),
    },
];

impl Check {
    fn names(&self) -> impl Iterator<Item = &'static str> {
        std::iter::once(self.name).chain(self.also.iter().copied())
    }
}

fn now<'a>(findings: Vec<Finding>) -> Looking<'a> {
    Box::pin(std::future::ready(findings))
}

/// The command.
pub(super) fn command(name: &'static str) -> Command {
    let checks = CHECKS.iter().map(|check| format!("\n  {:12}  {}", check.name, check.about)).collect::<String>();
    let flag = |name: &'static str, doc: &'static str| Arg::new(name).long(name).action(ArgAction::SetTrue).help(doc);
    Command::new(name)
        .about("Look for what may keep the phone from working, and say what to do about it")
        .arg(
            Arg::new("check")
                .num_args(0..)
                .value_parser(CHECKS.iter().flat_map(Check::names).collect::<Vec<_>>())
                .help("Only these"),
        )
        .arg(flag("fix", "Mend what can be mended, each thing after a question"))
        .arg(flag("yes", "Mend it unasked"))
        .after_help(format!("Checks:{checks}"))
}

/// What its matches ask for.
pub(super) fn job(matches: &ArgMatches) -> Job {
    let checks = matches.get_many::<String>("check").into_iter().flatten().cloned().collect();
    Job::Doctor(DoctorJob { checks, fix: matches.get_flag("fix"), yes: matches.get_flag("yes") })
}

/// Who is looked at.
pub(super) struct Patient {
    options: Options,
    /// The files of the settings, read again by themselves: a session needs more than they.
    files: Result<IniFiles, CommandError>,
    session: Result<Session, CommandError>,
    /// Accounts and settings as a phone would have them; empty where there is no session.
    agent: Option<(Settings, Vec<Account>)>,
    socket: PathBuf,
    /// A phone listens there, and is to be asked.
    runs: bool,
}

impl Patient {
    /// Reads what there is to read. Passwords come from where a phone has them; nobody is asked.
    pub(super) async fn new(
        options: &Options,
        password: Option<&PasswordSource>,
        environment: &Environment,
    ) -> Patient {
        let mut options = Options { no_input: true, ..options.clone() };
        let files = IniFiles::open(&options, environment);
        let mut session = session::load(&options, environment);
        let ini = match (&session, &files) {
            (Ok(session), _) => session.ini.path.clone(),
            (_, Ok(files)) => files.ini.path.clone(),
            _ => environment.own_ini(),
        };
        let socket = options.socket.clone().unwrap_or_else(|| environment.socket(&ini));
        let alone = options.standalone || options.session.is_some();
        let runs = !alone && Client::connect(&socket).await.is_ok();
        if let (Ok(session), false) = (&mut session, runs) {
            let job = Job::Doctor(DoctorJob::default());
            if let Err(error) = run::passwords(session, &mut options, &job, password, environment) {
                session.notes.push(error.message);
            }
        }
        let wanted = session.as_ref().ok().map(|session| phone::wanted(&options, session.loaded.clone()));
        let agent = match wanted {
            Some(Ok(wanted)) => Some((wanted.agent.settings, wanted.agent.accounts)),
            Some(Err(error)) => {
                session = Err(error);
                None
            }
            None => None,
        };
        Patient { options, files, session, agent, socket, runs }
    }

    fn runs(&self) -> bool {
        self.runs
    }

    /// Where a phone of these settings listens.
    pub(super) fn socket(&self) -> &Path {
        &self.socket
    }

    /// The ini file, if it could be read.
    pub(super) fn ini(&self) -> Option<&IniPath> {
        self.session.as_ref().ok().map(|session| &session.ini)
    }

    fn settings(&self) -> Option<&Settings> {
        self.agent.as_ref().map(|(settings, _)| settings)
    }

    /// The accounts that are meant.
    fn accounts(&self) -> Vec<&Account> {
        let Some((settings, accounts)) = &self.agent else { return Vec::new() };
        let chosen = settings.account_id.filter(|_| self.options.session.is_some());
        let named = self.options.account.as_deref().filter(|_| self.options.session.is_none());
        let named = named.and_then(|name| session::find_account(accounts, name)).map(|account| account.id.0);
        let only = chosen.or(named);
        let is_meant = |account: &&Account| account.id != AccountId(0) && only.is_none_or(|id| account.id.0 == id);
        accounts.iter().filter(is_meant).collect()
    }

    /// This account of a phone is meant.
    fn is_chosen(&self, info: &AccountInfo) -> bool {
        match self.options.account.as_deref() {
            Some(name) if self.options.session.is_none() => {
                name.parse() == Ok(info.id) || info.label == name || info.aor.eq_ignore_ascii_case(name)
            }
            // The account that calls by address has none.
            _ => info.id != 0,
        }
    }

    /// The ini file holds passwords, in clear or nearly so.
    fn keeps_secrets(&self) -> bool {
        self.session.as_ref().is_ok_and(|session| {
            let accounts = &session.loaded.accounts;
            !session.with_password.is_empty()
                || accounts.iter().any(|a| a.password_sealed || !a.turn.password.is_empty())
        })
    }

    /// Every secret that is known here.
    pub(super) fn secrets(&self) -> Vec<String> {
        let Some((settings, accounts)) = &self.agent else { return Vec::new() };
        let directories = &settings.directories;
        let of_accounts = accounts.iter().flat_map(|account| [&account.password, &account.turn.password]);
        let all = of_accounts.chain([
            &directories.card_dav.password,
            &directories.ldap.password,
            &settings.webhook.url,
            &settings.webhook.secret,
            &settings.mqtt.password,
            &self.options.password,
        ]);
        all.map(|secret| secret.reveal().to_owned()).filter(|secret| secret.len() > 2).collect()
    }
}

/// Looks, tells, and mends what is to be mended.
///
/// # Errors
/// Somebody broke off at a question.
pub(super) async fn run(
    job: &DoctorJob,
    options: &Options,
    password: Option<&PasswordSource>,
    environment: &Environment,
) -> Result<ExitCode, CommandError> {
    let patient = Patient::new(options, password, environment).await;
    let shows = !options.json && !options.ndjson;
    let tell = |finding: &Finding| {
        if shows && (!options.quiet || matches!(finding.verdict, Verdict::Warn | Verdict::Fail)) {
            out::line(&finding.text());
        }
    };
    let mut findings = look(&patient, &job.checks, tell).await;
    if job.fix {
        mend(&mut findings, job, options)?;
    }
    let code = finding::code(&findings);
    if options.ndjson {
        for finding in &findings {
            let mut line = serde_json::json!({"v": 1, "verb": "doctor"});
            if let (Some(line), serde_json::Value::Object(fields)) = (line.as_object_mut(), finding.json()) {
                line.extend(fields);
            }
            out::json(&line);
        }
    } else if options.json {
        let checks: Vec<_> = findings.iter().map(Finding::json).collect();
        out::json(&serde_json::json!({"v": 1, "verb": "doctor", "ok": code == ExitCode::Ok, "checks": checks}));
    }
    Ok(code)
}

/// All checks at once, or these; told in the order of the table, as soon as they are known.
pub(super) async fn look(patient: &Patient, only: &[String], tell: impl Fn(&Finding)) -> Vec<Finding> {
    let limit = patient.options.timeout.unwrap_or(PATIENCE);
    let is_meant = |check: &&Check| only.is_empty() || check.names().any(|name| only.iter().any(|meant| meant == name));
    let meant = CHECKS.iter().filter(is_meant);
    let mut looking: FuturesOrdered<_> = meant.map(|check| bounded(check, patient, limit)).collect();
    let mut findings = Vec::new();
    while let Some(found) = looking.next().await {
        found.iter().for_each(&tell);
        findings.extend(found);
    }
    findings
}

/// What a check finds in time.
async fn bounded(check: &Check, patient: &Patient, limit: Duration) -> Vec<Finding> {
    let late = |_| {
        let found = format!("it took longer than {} s", limit.as_secs_f64());
        vec![Finding::ok(check.name, check.about, "", found).fail(ExitCode::Unexpected)]
    };
    tokio::time::timeout(limit, (check.run)(patient)).await.unwrap_or_else(late)
}

fn mend(findings: &mut [Finding], job: &DoctorJob, options: &Options) -> Result<(), CommandError> {
    for finding in findings.iter_mut() {
        let Some(fix) = &finding.fix else { continue };
        if !job.yes && (options.no_input || !prompt::possible()) {
            out::talk(&format!("tuiphone: nobody can be asked whether to {}; --yes does it", fix.words()));
            continue;
        }
        if !job.yes && !prompt::yes(&format!("tuiphone: {}?", fix.words()))? {
            continue;
        }
        match machine::mend(fix) {
            Ok(()) => {
                out::talk(&format!("tuiphone: done: {}", fix.words()));
                finding.fixed = true;
            }
            Err(error) => out::error(&error),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_check_has_a_name_of_its_own() {
        let mut names: Vec<&str> = CHECKS.iter().map(|check| check.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), CHECKS.len());
        let page = command("doctor").render_help().to_string();
        assert!(CHECKS.iter().all(|check| page.contains(check.about)), "{page}");
    }

    #[tokio::test]
    async fn a_check_that_hangs_is_given_up() {
        let folder = tempfile::tempdir().unwrap();
        let environment = Environment { cwd: folder.path().to_owned(), ..Environment::default() };
        let options = Options { socket: Some(folder.path().join("s")), ..Options::default() };
        let patient = Patient::new(&options, None, &environment).await;
        let hangs = Check { name: "x", also: &[], about: "wait", run: |_| Box::pin(std::future::pending()) };
        let found = bounded(&hangs, &patient, Duration::from_millis(20)).await;
        let shown: Vec<String> = found.iter().map(Finding::text).collect();
        assert_eq!(shown, ["fail  x             wait: it took longer than 0.02 s"]);
    }
}
