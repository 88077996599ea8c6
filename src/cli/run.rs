//! From argv to an exit code.

use super::args::{self, Invocation, Refusal};
use super::attached::Attached;
use super::history::Source;
use super::options::{CallJob, Job, Options, Show};
use super::password::PasswordSource;
use super::paths::Environment;
use super::probe::ProbeJob;
use super::session::{self, Session, has_account, usable, without_account};
use super::signals::Interrupts;
use super::wants::{Wants, failed};
use super::{
    bug_report, call, completion, config_verb, daemon, demo, doctor, exit, history, import, keymap, languages,
    licenses, links, man, microsip, nobody, out, password_verb, people, phone, platform, probe, prompt, reload, reset,
    saving, schema, screen, setup, theme, verbs,
};
use crate::audio::Spec;
use crate::config::AccountId;
use crate::control::link::{self, Link};
use crate::control::socket::Client;
use crate::control::verb::Request;
use crate::control::{AccountInfo, Command, CommandError, ExitCode, FaceAsk, Form, HistoryAsk, Query};
use crate::engine::media;
use crate::text::plain_error;
use crate::ua::sound;
use crate::ui::setup::Ending;
use std::io::IsTerminal;
use std::path::PathBuf;
use std::time::Duration;

/// How long work on other threads may take once everything else has ended.
const LAST_WORK: Duration = Duration::from_secs(2);

/// Runs the program; the code it ends with.
pub fn run(argv: impl IntoIterator<Item = std::ffi::OsString>) -> ExitCode {
    let argv: Vec<_> = argv.into_iter().collect();
    platform::hide_passwords();
    let wants = Wants::of(&argv);
    let invocation = match args::read(argv.clone()) {
        Ok(invocation) => invocation,
        Err(Refusal::Usage(error)) => return failed(&error, None, wants),
        Err(Refusal::Unknown(error)) => match microsip::dialled(&argv) {
            Some(invocation) => invocation,
            None => return failed(&error, None, wants),
        },
    };
    let verb = invocation.job.verb();
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(why) => {
            out::talk(&format!("tuiphone: cannot start: {why}"));
            return ExitCode::Unexpected;
        }
    };
    let code = runtime.block_on(carry_out(invocation)).unwrap_or_else(|error| failed(&error, verb, wants));
    // A question that a sound server or a disk never answers must not hold up the end.
    runtime.shutdown_timeout(LAST_WORK);
    match out::trouble() {
        Some(why) if code == ExitCode::Ok => {
            out::talk(&format!("tuiphone: cannot write to standard output: {}", plain_error(why)));
            ExitCode::Unexpected
        }
        _ => microsip::exit_code(&argv, code),
    }
}

async fn carry_out(invocation: Invocation) -> Result<ExitCode, CommandError> {
    let Invocation { mut options, job, password, notes } = invocation;
    let environment = Environment::of_process();
    match &job {
        Job::Print(text) => {
            out::line(text.trim_end());
            return Ok(ExitCode::Ok);
        }
        Job::Demo { seed, lively, peer: Some(file) } => return demo::serve(*seed, *lively, file, &options).await,
        Job::Demo { seed, lively, .. } if screen::is_line_mode(&options, false) => {
            return demo::line(&options, *seed, *lively).await;
        }
        Job::Demo { seed, lively, .. } if screen::is_there() => return demo::show(&options, *seed, *lively).await,
        Job::Demo { seed, .. } => return demo::speak(&options, *seed).await,
        Job::Links(what) => return links::run(*what, &options, &environment),
        Job::Man(job) => return man::run(job, &options),
        Job::Schema { name } => return schema::run(name.as_deref(), &options),
        Job::Theme(job) => return theme::run(job, &options, &environment),
        Job::Keymap(job) => return keymap::run(job, &options, &environment),
        Job::Words(job) => return languages::run(job, &options, &environment),
        Job::Licenses => return Ok(licenses::run(&options)),
        Job::Complete(words) => return completion::run(words, &environment).await,
        _ => {}
    }
    notes.iter().for_each(|note| out::talk(&format!("tuiphone: {note}")));
    match &job {
        Job::Doctor(job) => return doctor::run(job, &options, password.as_ref(), &environment).await,
        Job::BugReport(file) => {
            return bug_report::run(file.as_deref(), &options, password.as_ref(), &environment).await;
        }
        _ => {}
    }
    let ran = match &job {
        Job::Config(job) => Some(config_verb::run(job, &options, &environment)?),
        Job::Import(job) => Some(import::run(job, &options, &environment)?),
        Job::Password(job) => Some(password_verb::run(job, &options, password.as_ref(), &environment)?),
        _ => None,
    };
    if let Some(ran) = ran {
        if ran.changed {
            reload::taken(&ran.ini, &ran.needs_restart, &options, &environment).await;
        }
        return Ok(ran.code);
    }
    let job = match job {
        Job::Setup => match setup::run(&options, &environment).await? {
            Ending::Demo => return demo::show(&options, None, false).await,
            Ending::Saved if !setup::is_by_lines(&environment) => {
                let ini = saving::own_files(&options, &environment)?.ini.path;
                reload::taken(&ini, &[], &Options { quiet: true, ..options.clone() }, &environment).await;
                Job::Interface { dial: None, fill: None }
            }
            ending => return Ok(setup::farewell(ending, &options)),
        },
        job => job,
    };
    let mut session = session::load(&options, &environment)?;
    let socket = options.socket.clone().unwrap_or_else(|| environment.socket(&session.ini.path));
    // Whoever only asks a running phone needs no password, and no word about the file that phone has read.
    let is_test = matches!(job, Job::Test(_));
    let alone = is_test || options.standalone || options.session.is_some() || Client::connect(&socket).await.is_err();
    // One log a profile: two phones do not write over each other's.
    let name = socket.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let log = environment.state_of(&session.ini).join(format!("{name}.log"));
    if let Job::Reset { unasked } = job {
        return reset::run(&options, unasked, &session.ini, &socket, &log).await;
    }
    let is_bare = matches!(job, Job::Interface { dial: None, fill: None });
    let accounts = &session.loaded.accounts;
    if let Job::Verb {
        request: Request::Command(Command::SelectAccount { account } | Command::Password { account: Some(account), .. }),
        ..
    } = &job
        && alone
        && session::find_account(accounts, account).is_none()
    {
        return Err(session::no_account(accounts, account));
    }
    if let Job::Verb { request: Request::Command(Command::Password { account: Some(whose), password }), .. } = &job
        && options.keeps_given
        && session::find_account(accounts, whose).is_some()
    {
        let told = password_verb::keep_given(whose, password, &options, &environment);
        let words = told.unwrap_or_else(|why| format!("the password is not kept: {why}"));
        if !options.quiet {
            out::talk(&format!("tuiphone: {words}"));
        }
    }
    if alone && is_bare && setup::is_due(&session, &options) {
        match setup::run(&options, &environment).await? {
            Ending::Demo => return demo::show(&options, None, false).await,
            ending @ Ending::Left => return Ok(setup::farewell(ending, &options)),
            Ending::Saved | Ending::Skipped => session = session::load(&options, &environment)?,
        }
    }
    let (job, password) = nobody::asked(job, password, alone, &session, &mut options);
    // MicroSIP's first run ignores it too: there is no file that says so.
    if alone
        && is_bare
        && options.show.is_none()
        && session.loaded.settings.minimized
        && screen::is_there()
        && !options.line
    {
        options.show = Some(Show::Minimized);
    }
    if needs_phone(&job) && (alone || matches!(job, Job::Daemon { .. })) {
        passwords(&mut session, &mut options, &job, password.as_ref(), &environment)?;
        session.notes.extend(saving::session_account(&options, &environment)?);
        let settings = &session.loaded.settings;
        session.notes.extend(sound::codecs_left_out(settings, &media::tuning(settings)));
        if !options.quiet {
            session.notes.iter().for_each(|note| out::talk(&format!("tuiphone: {note}")));
        }
    } else if !alone && !options.quiet && (options.debug.is_some() || options.log.is_some()) {
        out::talk("tuiphone: --log and --debug are for the phone that runs; stop it and start it with them");
    }
    let place = Place { options, session, socket, alone, log };
    place.carry_out(job).await
}

/// True for a job that makes a phone where none runs.
fn needs_phone(job: &Job) -> bool {
    #[cfg(feature = "http")]
    if matches!(job, Job::Serve(_)) {
        return false;
    }
    !matches!(job, Job::Verb { verb, .. } if !matches!(*verb, "register" | "unregister" | "message"))
}

/// Passwords from wherever they are to be had; the last resort is to ask.
pub(super) fn passwords(
    session: &mut Session,
    options: &mut Options,
    job: &Job,
    source: Option<&PasswordSource>,
    environment: &Environment,
) -> Result<(), CommandError> {
    session.given_password(options, source, environment)?;
    // A daemon in the background runs its command itself.
    let in_background = matches!(job, Job::Interface { .. }) && (screen::is_there() || options.hides());
    let command_to_come = in_background && !session.loaded.settings.password_command.is_empty();
    if !in_background {
        session.commanded_passwords();
    }
    if !command_to_come {
        session.kept_passwords(options);
    }
    let Some(whose) = session.lacks_password(options).filter(|_| !command_to_come) else { return Ok(()) };
    if options.no_input || !prompt::possible() {
        let how = "--password -, --password-file, TUIPHONE_PASSWORD, passwordCommand or the keyring can give one";
        session.notes.push(format!("there is no password for {whose}; {how}"));
        return Ok(());
    }
    match prompt::password(&whose) {
        Ok(Some(secret)) => session.take_password(options, secret),
        Ok(None) => {}
        Err(why) if why.kind() == std::io::ErrorKind::Interrupted => {
            let message = "interrupted at the password".to_owned();
            return Err(CommandError { code: ExitCode::Interrupted, kind: "interrupted", message, hint: None });
        }
        Err(why) => session.notes.push(format!("cannot ask for the password: {}", plain_error(&why))),
    }
    Ok(())
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
            Job::Daemon { notify } => daemon::run(&self.options, self.session, &self.socket, &self.log, notify).await,
            #[cfg(feature = "http")]
            Job::Serve(job) => super::serve::run(&job, &self.options, &self.socket, &self.log).await,
            Job::Call(call) => self.call(call).await,
            Job::Test(job) => self.test(*job).await,
            Job::Interface { dial, .. } if self.options.hides() => self.background(dial).await,
            Job::Interface { dial, fill } if self.options.line => self.interface(dial, fill).await,
            Job::Interface { dial: Some(number), .. } if !self.alone => self.dial(number).await,
            Job::Interface { dial: Some(number), .. } if !std::io::stdout().is_terminal() => {
                self.call(CallJob { number, ..CallJob::default() }).await
            }
            Job::Interface { dial, fill } => self.interface(dial, fill).await,
            Job::Verb { verb, request: Request::Face(ask) } => self.face(verb, ask).await,
            Job::Verb { verb, request: Request::Command(Command::Register { account }) } if self.alone => {
                self.register_once(verb, account, true).await
            }
            Job::Verb {
                verb,
                request: Request::Command(Command::Unregister { account } | Command::UnregisterAll { account }),
            } if self.alone => self.register_once(verb, account, false).await,
            Job::Verb {
                verb,
                request:
                    Request::Command(command @ (Command::Message { .. } | Command::Ping { .. } | Command::TestAudio)),
            } if self.alone => self.ask_once(verb, command).await,
            Job::Verb { verb, request: Request::Contacts(ask) } if self.alone => {
                let told = people::of_session(&self.session).obey(&ask);
                Ok(verbs::answer(&self.options, verb, &Request::Contacts(ask), told))
            }
            Job::Verb { verb, request: Request::Codecs } if self.alone => {
                let codecs = link::codecs(&self.session.loaded.settings.audio_codecs);
                Ok(verbs::answer(&self.options, verb, &Request::Codecs, Ok(codecs)))
            }
            Job::Verb { verb, request: Request::History { ask, form } } => self.history(verb, ask, form).await,
            Job::Verb { verb, request } => {
                Ok(verbs::run(&Link::Socket(self.socket), &self.options, verb, &request).await)
            }
            Job::Demo { .. } | Job::Config(_) | Job::Import(_) | Job::Password(_) | Job::Print(_) => Ok(ExitCode::Ok),
            Job::Links(_) | Job::Reset { .. } | Job::Setup | Job::Doctor(_) | Job::BugReport(_) => Ok(ExitCode::Ok),
            Job::Man(_) | Job::Schema { .. } | Job::Theme(_) | Job::Keymap(_) | Job::Words(_) => Ok(ExitCode::Ok),
            Job::Licenses | Job::Complete(_) => Ok(ExitCode::Ok),
        }
    }

    /// A number alone, and a phone that runs: it dials, we are done.
    async fn dial(self, number: String) -> Result<ExitCode, CommandError> {
        let dial = Request::Command(Command::Dial { target: number, account: self.options.account.clone() });
        Ok(verbs::run(&Link::Socket(self.socket), &self.options, "call", &dial).await)
    }

    /// The calls that were: of the phone that runs, else as its file has them.
    async fn history(self, verb: &str, mut ask: HistoryAsk, form: Option<Form>) -> Result<ExitCode, CommandError> {
        let accounts = &self.session.loaded.accounts;
        if let HistoryAsk::List(Query { account: Some(name), .. }) = &mut ask
            && let Some(account) = session::find_account(accounts, name)
        {
            *name = account.aor();
        }
        let source = match self.alone {
            true => Source::of_file(history::shelf(&self.session.loaded.settings, &self.session.ini))?,
            false => Source::Phone(Link::Socket(self.socket)),
        };
        Ok(history::run(&source, &self.options, verb, ask, form).await)
    }

    async fn call(mut self, job: CallJob) -> Result<ExitCode, CommandError> {
        let mut interrupts = Interrupts::listen();
        if !self.alone {
            let pipes = Attached::of_pipes(self.options.audio_in.as_ref(), self.options.audio_out.as_ref())?;
            if pipes.is_none()
                && (self.options.audio_in.is_some() || self.options.audio_out.is_some())
                && !self.options.quiet
            {
                out::talk(
                    "tuiphone: the running phone keeps its sound devices; --standalone calls with those given here",
                );
            }
            let attachment = job.attachment.clone().or(pipes);
            let attached = attachment.map(Attached::new).transpose()?.map(|(_, attached)| attached);
            let link = Link::Socket(self.socket);
            return Ok(call::run(&link, &self.options, &job, &mut interrupts, attached).await);
        }
        if job.no_wait {
            let mut error = exit::usage("--no-wait needs a running phone: here the call would end with the command");
            error.hint = Some("start one: tuiphone daemon".to_owned());
            error.code = if self.options.standalone { ExitCode::Usage } else { ExitCode::NoDaemon };
            return Err(CommandError { kind: error.code.kind(), ..error });
        }
        if job.number.trim().is_empty() {
            let verb = job.begin.verb();
            let message = format!("{verb} needs a number: no phone runs that would know whose call is meant");
            let hint = Some("name it, or start a phone: tuiphone daemon".to_owned());
            return Err(CommandError { code: ExitCode::NoDaemon, kind: "no_daemon", message, hint });
        }
        usable(&self.session.loaded, &self.options, &job.number, &self.session.ini.path)?;
        let mut attached = None;
        if let Some(attachment) = &job.attachment {
            let (device, behind) = Attached::new(attachment.clone())?;
            self.options.audio_ring.get_or_insert(Spec::Null);
            (self.options.audio_in, self.options.audio_out) = (Some(device.clone()), Some(device));
            attached = Some(behind);
        }
        let contacts = people::of_session(&self.session);
        let history = history::shelf(&self.session.loaded.settings, &self.session.ini);
        let mut config = phone::engine_config(&self.options, self.session.loaded)?;
        config.contacts = Some(contacts);
        config.history = history;
        config.certificate_file = Some(self.log.with_extension("certificate"));
        let mut phone = phone::start_with(&self.options, config)?;
        let link = Link::Local(phone.handle.clone());
        let code = call::run(&link, &self.options, &job, &mut interrupts, attached).await;
        phone.stop(&mut interrupts).await;
        Ok(code)
    }

    /// A test has a phone of its own, whatever else runs.
    async fn test(self, job: ProbeJob) -> Result<ExitCode, CommandError> {
        usable(&self.session.loaded, &self.options, &job.number, &self.session.ini.path)?;
        let certificate = self.log.with_extension("certificate");
        probe::run(&self.options, self.session.loaded, certificate, job).await
    }

    /// `message`, `ping` and `test-audio` where no phone runs: the answer, then gone again. To ask takes no registration.
    async fn ask_once(self, verb: &str, command: Command) -> Result<ExitCode, CommandError> {
        let mut interrupts = Interrupts::listen();
        let (loaded, ini) = (&self.session.loaded, &self.session.ini.path);
        match &command {
            Command::Message { target, .. } | Command::Ping { target: Some(target), .. } => {
                usable(loaded, &self.options, target, ini)?;
            }
            Command::TestAudio => {}
            _ if !has_account(loaded, &self.options) => return Err(without_account(ini)),
            _ => {}
        }
        let mut config = phone::engine_config(&self.options, self.session.loaded)?;
        config.agent.register &= !matches!(command, Command::Ping { .. } | Command::TestAudio);
        let mut phone = phone::start_with(&self.options, config)?;
        let (link, request) = (Link::Local(phone.handle.clone()), Request::Command(command));
        let code = tokio::select! {
            code = verbs::run(&link, &self.options, verb, &request) => code,
            code = interrupts.next() => code,
        };
        phone.stop(&mut interrupts).await;
        Ok(code)
    }

    /// Something for the interface that is open; where a person sits and none is, one is opened.
    async fn face(self, verb: &str, ask: FaceAsk) -> Result<ExitCode, CommandError> {
        let told = Link::Socket(self.socket.clone()).fields(&Request::Face(ask.clone())).await;
        let opens = screen::is_there() && matches!(&told, Err(why) if why.kind == "no_interface");
        match ask {
            FaceAsk::Show if opens => self.interface(None, None).await,
            FaceAsk::Fill { number } if opens => self.interface(None, Some(number)).await,
            ask => Ok(verbs::answer(&self.options, verb, &Request::Face(ask), told)),
        }
    }

    /// The phone without an interface, started if it does not run.
    async fn background(self, dial: Option<String>) -> Result<ExitCode, CommandError> {
        let link = daemon::attach_or_start(&self.options, &self.socket, &self.log).await?;
        if self.options.show == Some(Show::Minimized) && self.alone && !self.options.quiet {
            let program = self.options.program();
            out::talk(&format!("tuiphone: runs in the background: `{program}` shows it, `{program} exit` ends it"));
        }
        let Some(target) = dial else { return Ok(ExitCode::Ok) };
        let dial = Request::Command(Command::Dial { target, account: self.options.account.clone() });
        Ok(verbs::run(&link, &self.options, "call", &dial).await)
    }

    async fn interface(self, dial: Option<String>, fill: Option<String>) -> Result<ExitCode, CommandError> {
        let is_line_mode = screen::is_line_mode(&self.options, self.session.loaded.settings.line);
        if fill.as_deref() == Some("") && !screen::is_there() {
            let hint = Some("tuiphone call NUMBER".to_owned());
            return Err(CommandError { hint, ..exit::usage("there is no number to call") });
        }
        if !is_line_mode {
            screen::required()?;
        }
        let link = daemon::attach_or_start(&self.options, &self.socket, &self.log).await?;
        if is_line_mode {
            let settings = self.session.loaded.settings;
            let note = languages::choose(&settings.language, &self.session.ini.path);
            let speaks = (self.options.speak || settings.speak).then_some(settings.speak_sink);
            let shown = screen::Shown { dial, fill, stays: true, speaks, note, ..screen::Shown::default() };
            return screen::speak(link, shown).await;
        }
        let is_new = !has_account(&self.session.loaded, &self.options);
        let settings = &self.session.loaded.settings;
        let chosen = screen::Shown::chosen(&self.options, settings, &self.session.ini.path);
        let welcome = if is_new { screen::first_steps(&self.session.ini.path) } else { Vec::new() };
        let shown = screen::Shown { dial, fill, stays: true, welcome, ..chosen };
        screen::show(link, &self.options, shown).await
    }

    /// `register` and `unregister` where no phone runs: what the server says, then gone again. No binding is ours then:
    /// un-registering removes them all.
    async fn register_once(
        self,
        verb: &str,
        account: Option<String>,
        registers: bool,
    ) -> Result<ExitCode, CommandError> {
        let mut interrupts = Interrupts::listen();
        let accounts = &self.session.loaded.accounts;
        let of_session = self.options.session.is_some();
        let meant = match account.filter(|_| !of_session) {
            None => None,
            Some(name) => {
                let found = session::find_account(accounts, &name).map(|account| account.id.0);
                Some(found.ok_or_else(|| session::no_account(accounts, &name))?)
            }
        };
        if !of_session && accounts.iter().all(|account| account.id == AccountId(0)) {
            return Err(without_account(&self.session.ini.path));
        }
        let mut config = phone::engine_config(&self.options, self.session.loaded)?;
        let meant = meant.or(config.agent.settings.account_id.filter(|_| of_session));
        config.agent.register = registers;
        let mut phone = phone::start_with(&self.options, config)?;
        if !registers {
            let account = meant.map(|id| id.to_string());
            phone.handle.request(Command::UnregisterAll { account }).await?;
        }
        let meant = |account: &AccountInfo| meant.is_none_or(|id| account.id == id);
        let code = verbs::registration(&phone.handle, &self.options, verb, meant, &mut interrupts).await;
        phone.stop(&mut interrupts).await;
        code
    }
}
