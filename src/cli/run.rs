//! From argv to an exit code.

use super::args::{self, Invocation};
use super::options::{CallJob, Job, Options};
use super::paths::Environment;
use super::session::{self, Session};
use super::signals::Interrupts;
use super::{call, daemon, demo, exit, out, phone, screen, verbs};
use crate::config::{AccountId, DialError, Loaded, dial};
use crate::control::link::Link;
use crate::control::socket::Client;
use crate::control::{Command, CommandError, ExitCode, json};
use crate::engine::signalling;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};

/// Runs the program; the code it ends with.
pub fn run(argv: impl IntoIterator<Item = std::ffi::OsString>) -> ExitCode {
    let invocation = match args::parse(argv) {
        Ok(invocation) => invocation,
        Err(error) => return failed(&error, false),
    };
    let wants_json = invocation.options.json || invocation.options.ndjson;
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(why) => {
            out::talk(&format!("tuiphone: cannot start: {why}"));
            return ExitCode::Unexpected;
        }
    };
    runtime.block_on(carry_out(invocation)).unwrap_or_else(|error| failed(&error, wants_json))
}

fn failed(error: &CommandError, wants_json: bool) -> ExitCode {
    if wants_json {
        out::json(&serde_json::json!({ "v": 1, "ok": false, "error": json::error(error) }));
    }
    out::error(error);
    error.code
}

async fn carry_out(invocation: Invocation) -> Result<ExitCode, CommandError> {
    let Invocation { mut options, job, password, notes } = invocation;
    let environment = Environment::of_process();
    match &job {
        Job::Print(text) => {
            out::line(text.trim_end());
            return Ok(ExitCode::Ok);
        }
        Job::Demo { seed, .. } if screen::is_there() => return demo::show(&options, *seed).await,
        Job::Demo { seed, .. } => return demo::speak(&options, *seed).await,
        _ => {}
    }
    notes.iter().for_each(|note| out::talk(&format!("tuiphone: {note}")));
    let mut session = session::load(&options, &environment)?;
    let socket = options.socket.clone().unwrap_or_else(|| environment.socket(&session.ini.path));
    // Whoever only asks a running phone needs no password, and no word about the file that phone has read.
    let alone = options.standalone || options.session.is_some() || Client::connect(&socket).await.is_err();
    if alone || matches!(job, Job::Daemon) {
        session.passwords(&mut options, password.as_ref(), &environment)?;
        if !options.quiet {
            session.notes.iter().for_each(|note| out::talk(&format!("tuiphone: {note}")));
        }
    }
    let place = Place { options, session, socket, alone, log: environment.state_dir().join("daemon.log") };
    place.carry_out(job).await
}

struct Place {
    options: Options,
    session: Session,
    socket: PathBuf,
    /// No phone runs that could be asked, or none is to be asked.
    alone: bool,
    log: PathBuf,
}

impl Place {
    async fn carry_out(self, job: Job) -> Result<ExitCode, CommandError> {
        match job {
            Job::Daemon => daemon::run(&self.options, self.session.loaded, &self.socket).await,
            Job::Call(call) => self.call(call).await,
            Job::Interface { dial: Some(number) } if !self.alone => self.dial(number).await,
            Job::Interface { dial: Some(number) } if !std::io::stdout().is_terminal() => {
                self.call(CallJob { number, ..CallJob::default() }).await
            }
            Job::Interface { dial } => self.interface(dial).await,
            Job::Verb { verb: verb @ "register", .. } if self.alone => self.register_once(verb).await,
            Job::Verb { verb, request } => {
                Ok(verbs::run(&Link::Socket(self.socket), &self.options, verb, &request).await)
            }
            Job::Demo { .. } | Job::Print(_) => Ok(ExitCode::Ok),
        }
    }

    /// A number alone, and a phone that runs: it dials, we are done.
    async fn dial(self, number: String) -> Result<ExitCode, CommandError> {
        let dial = Command::Dial { target: number, account: self.options.account.clone() };
        Link::Socket(self.socket).request(dial).await?;
        Ok(ExitCode::Ok)
    }

    async fn call(self, job: CallJob) -> Result<ExitCode, CommandError> {
        let mut interrupts = Interrupts::listen();
        if !self.alone {
            return Ok(call::run(&Link::Socket(self.socket), &self.options, &job, &mut interrupts).await);
        }
        usable(&self.session.loaded, &self.options, &job.number, &self.session.ini.path)?;
        let config = phone::engine_config(&self.options, self.session.loaded)?;
        let (handle, _phone) = signalling::start(config).map_err(|error| phone::not_started(&error))?;
        let code = call::run(&Link::Local(handle.clone()), &self.options, &job, &mut interrupts).await;
        daemon::stop(&handle).await;
        Ok(code)
    }

    async fn interface(self, dial: Option<String>) -> Result<ExitCode, CommandError> {
        screen::required()?;
        let link = daemon::attach_or_start(&self.options, &self.socket, &self.log).await?;
        let shown = screen::Shown { dial, stays: true, welcome: self.first_steps(), note: None };
        screen::show(link, &self.options, shown).await
    }

    /// What to try where no account is set up.
    fn first_steps(&self) -> Vec<String> {
        if has_account(&self.session.loaded, &self.options) {
            return Vec::new();
        }
        let home = std::env::var("HOME").unwrap_or_default();
        let path = self.session.ini.path.display().to_string();
        let path =
            path.strip_prefix(&home).filter(|_| !home.is_empty()).map_or(path.clone(), |rest| format!("~{rest}"));
        vec![
            "No account yet; its file is".to_owned(),
            format!("  {path}"),
            "Without one:".to_owned(),
            "  tuiphone demo   built-in far ends".to_owned(),
            "  tuiphone --user 101 --domain HOST".to_owned(),
            "  /  then name@host   call an address".to_owned(),
        ]
    }

    /// `register` and `unregister` where no phone runs: what the server says, then gone again.
    async fn register_once(self, verb: &'static str) -> Result<ExitCode, CommandError> {
        let config = phone::engine_config(&self.options, self.session.loaded)?;
        let (handle, _phone) = signalling::start(config).map_err(|error| phone::not_started(&error))?;
        let code = verbs::registration(&handle, &self.options, verb).await;
        daemon::stop(&handle).await;
        code
    }
}

/// Without an account only addresses can be called.
fn usable(loaded: &Loaded, options: &Options, number: &str, ini: &Path) -> Result<(), CommandError> {
    let numbered = has_account(loaded, options);
    let local = loaded.accounts.first().map(|local| dial(number, local));
    match local {
        Some(Err(DialError::NoDomain(_))) | None if !numbered => {
            let hint = Some("give --user and --domain, or --ini FILE");
            Err(exit::config(format!("there is no account in {}", ini.display()), hint))
        }
        _ => Ok(()),
    }
}

fn has_account(loaded: &Loaded, options: &Options) -> bool {
    options.session.is_some() || loaded.accounts.iter().any(|account| account.id != AccountId(0))
}
