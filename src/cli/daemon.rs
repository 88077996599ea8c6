//! The daemon in the foreground, and how one is started in the background.

#[cfg(unix)]
use super::languages;
use super::options::Options;
use super::paths::Environment;
use super::service::{Manager, Moment};
use super::session::Session;
use super::signals::Interrupts;
use super::{history, out, people, phone, platform, reload, setting_files, words};
use crate::config::{PASSWORD_VARIABLE, Settings};
use crate::control::link::Link;
use crate::control::socket::{Client, Server, SocketError};
use crate::control::{CommandError, Event, ExitCode};
use crate::engine::handle::Handle;
use crate::engine::instance;
use crate::engine::reloading::Cause;
use crate::engine::trace::Trace;
use crate::text::plain_error;
use rand::SeedableRng;
use rand::rngs::StdRng;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// How long a daemon may take to come up.
const START_PATIENCE: Duration = Duration::from_secs(10);

/// A phone that nothing has happened on for so long rests; and once more when what outlasts a call is gone as well:
/// transactions (32 s), the open history.
const RESTS: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(40)];

/// How long the end of the phone waits until the desktop is told.
const LAST_PATIENCE: Duration = Duration::from_millis(500);

/// Runs until told to stop. What it keeps from one start to the next lies beside `log`.
///
/// # Errors
/// The socket or the phone could not be had.
pub async fn run(
    options: &Options,
    session: Session,
    socket: &Path,
    log_file: &Path,
    notify: bool,
) -> Result<ExitCode, CommandError> {
    platform::allow_many_files();
    let mut interrupts = Interrupts::listen();
    let mut hang_ups = interrupts.take_hang_ups();
    let manager = Manager::of(&Environment::of_process(), notify);
    let server = match manager.listener() {
        Some(server) => server,
        None => Server::open(socket).await,
    };
    let server = server.map_err(|e| refused(&e, options))?;
    let socket = server.path().to_owned();
    if let Some(folder) = log_file.parent().filter(|_| !session.ini.portable) {
        let _ = platform::own_folder(folder).inspect_err(|why| {
            out::talk(&format!("tuiphone: {} is not its owner's alone: {}", folder.display(), plain_error(why)));
        });
    }
    let contacts = people::of_session(&session);
    let (source, files) = (reload::source(options, &session), reload::files(options, &session));
    let settings = session.loaded.settings.clone();
    let files_of_settings = setting_files::source(options, &session.ini);
    let Session { ini, loaded, .. } = session;
    let history = history::shelf(&loaded.settings, &ini);
    let trace = log_file.with_file_name(trace_name(log_file));
    let writes_trace = options.debug.is_none() && loaded.settings.enable_log;
    let title = if loaded.settings.compat_window_title { "MicroSIP" } else { "tuiphone" };
    let mut config = phone::engine_config(options, loaded)?;
    let settings_beside = ini.path.clone();
    config.settings_file = (ini.exists && !ini.foreign).then_some(ini.path);
    config.contacts = Some(contacts.fed());
    config.history = history;
    if writes_trace {
        // Why not an end: MicroSIP's key is one switch among many, and nobody waits for its file.
        config.trace = Trace::open_bounded(&trace)
            .inspect_err(|why| out::talk(&format!("tuiphone: no {}: {}", trace.display(), plain_error(why))))
            .ok();
    }
    // Why the daemon alone: phones that come and go beside it would pass for it.
    #[cfg(feature = "mqtt")]
    let (commands, asked) = tokio::sync::mpsc::channel(crate::control::mqtt::BACKLOG);
    #[cfg(not(feature = "mqtt"))]
    let (commands, _asked) = tokio::sync::mpsc::channel(1);
    config.mqtt = Some(commands);
    let mut rng: StdRng = SeedableRng::from_seed(phone::seed()?);
    // Why the daemon alone: phones that come and go beside it would pass for it, and take its calls.
    config.certificate_file = Some(log_file.with_extension("certificate"));
    config.agent.instance = Some(instance::of_file(&log_file.with_extension("instance"), &mut rng));
    let mut phone = phone::start_with(options, config)?;
    phone.handle = phone.handle.with_source(source, files, &settings).with_settings(files_of_settings);
    let handle = phone.handle.clone();
    let addresses: Vec<String> = handle.addresses().iter().map(ToString::to_string).collect();
    let mut events = handle.events();
    let mut watchdog = manager.watchdog();
    let serving = tokio::spawn(server.serve(handle.clone()));
    #[cfg(feature = "mqtt")]
    tokio::spawn(crate::control::mqtt::serve(handle.clone(), asked));
    let http = open_http(&settings, log_file, &handle).await;
    let desktop = tell_desktop(&settings, &settings_beside, &handle);
    let messages = platform::take_messages(&handle, title).await.inspect_err(|why| {
        out::talk(&format!("tuiphone: no messages of other programs are taken: {}", plain_error(why)));
    });
    // Last: whoever waits for this line finds every door open.
    out::talk(&format!("tuiphone: SIP on udp {}, control on {}", addresses.join(" and "), socket.display()));
    manager.tell(Moment::Ready);
    let mut rests = Rests::begin();
    loop {
        tokio::select! {
            // Why not in calls: sound waits for no page.
            () = rests.next() => {
                if handle.status().await.is_ok_and(|status| status.calls.is_empty()) {
                    platform::settle();
                }
            }
            // Why asked: what answers here is what calls hang on.
            () = watchdog.due() => if handle.status().await.is_ok() { manager.tell(Moment::Alive) },
            event = events.recv() => match event {
                Ok(event) => {
                    log(&event, options);
                    rests = Rests::begin();
                }
                Err(tokio::sync::broadcast::error::RecvError::Lagged(_)) => {}
                Err(tokio::sync::broadcast::error::RecvError::Closed) => break,
            },
            _ = &mut phone.task => break,
            _ = interrupts.next() => break,
            () = hang_ups.next() => {
                let handle = handle.clone();
                // Why beside: calls are told of while files are read. What comes of it is an event.
                tokio::spawn(async move { handle.reload(Cause::Asked).await });
            }
        }
    }
    drop(messages);
    manager.tell(Moment::Stopping);
    phone.stop(&mut interrupts).await;
    if let Some(desktop) = desktop {
        let _ = tokio::time::timeout(LAST_PATIENCE, desktop).await;
    }
    for serving in http.into_iter().chain([serving]) {
        serving.abort();
        let _ = serving.await;
    }
    Ok(ExitCode::Ok)
}

/// When a phone is to give back what it no longer needs, counted from the last thing that happened.
struct Rests {
    since: Instant,
    left: std::slice::Iter<'static, Duration>,
}

impl Rests {
    fn begin() -> Rests {
        Rests { since: Instant::now(), left: RESTS.iter() }
    }

    /// Waits for the next of them, if there is one. Dropped and called again, it leaves none out.
    async fn next(&mut self) {
        match self.left.as_slice().first() {
            Some(rest) => tokio::time::sleep_until(self.since + *rest).await,
            None => std::future::pending().await,
        }
        self.left.next();
    }
}

/// Tells the desktop of calls and messages, where a session has one and the settings let it.
#[cfg(unix)]
fn tell_desktop(settings: &Settings, ini: &Path, handle: &Handle) -> Option<JoinHandle<()>> {
    let bus = Environment::of_process().session_bus().filter(|_| settings.interface.desktop)?;
    let (words, _) = languages::own(&settings.language, ini);
    Some(tokio::spawn(crate::control::desktop::serve(handle.clone(), bus, words)))
}

/// See above.
#[cfg(not(unix))]
fn tell_desktop(_: &Settings, _: &Path, _: &Handle) -> Option<JoinHandle<()>> {
    None
}

/// Serves HTTP where the settings say; a phone that cannot says so, and does everything else.
#[cfg(feature = "http")]
async fn open_http(settings: &Settings, log_file: &Path, handle: &Handle) -> Option<JoinHandle<()>> {
    let at = settings.http_listen?;
    let token_file = log_file.with_extension("token");
    let opened = super::serve::Door::open(at, &token_file).await;
    match opened {
        Ok(door) => {
            out::talk(&format!("tuiphone: {}", door.words()));
            Some(tokio::spawn(door.serve(handle.clone())))
        }
        Err(why) => {
            out::talk(&format!("tuiphone: no HTTP, [tuiphone] httpListen: {}", why.message));
            None
        }
    }
}

/// See above.
#[cfg(not(feature = "http"))]
async fn open_http(settings: &Settings, _: &Path, _: &Handle) -> Option<JoinHandle<()>> {
    if settings.http_listen.is_some() {
        out::talk("tuiphone: no HTTP, [tuiphone] httpListen: this build of tuiphone serves none");
    }
    None
}

/// The name of the SIP trace beside this log, as MicroSIP names its own.
pub(super) fn trace_name(log_file: &Path) -> String {
    format!("{}_log.txt", log_file.file_stem().unwrap_or_default().to_string_lossy())
}

fn log(event: &Event, options: &Options) {
    if options.quiet {
        return;
    }
    if let Some(line) = words::line(event, &out::time_now()) {
        out::talk(&line);
    }
}

/// A link to the daemon of this socket; starts one in the background if there is none.
///
/// # Errors
/// None could be started: the last words of its log.
pub async fn attach_or_start(options: &Options, socket: &Path, log: &Path) -> Result<Link, CommandError> {
    if Client::connect(socket).await.is_ok() {
        return Ok(Link::Socket(socket.to_owned()));
    }
    let mut child = spawn(options, socket, log).map_err(|e| CommandError {
        code: ExitCode::NoDaemon,
        kind: "no_daemon",
        message: format!("cannot start the phone in the background: {e}"),
        hint: None,
    })?;
    let deadline = Instant::now() + START_PATIENCE;
    loop {
        // Why first: one that found the place taken by another has ended, and that other is what we attach to.
        let ended = child.try_wait();
        if Client::connect(socket).await.is_ok() {
            return Ok(Link::Socket(socket.to_owned()));
        }
        if let Ok(Some(status)) = ended {
            let code = status.code().and_then(|c| u8::try_from(c).ok());
            let code = ExitCode::ALL.iter().copied().find(|c| Some(c.code()) == code).unwrap_or(ExitCode::NoDaemon);
            return Err(CommandError {
                code,
                kind: code.kind(),
                message: format!("the phone did not start: {}", last_words(log)),
                hint: Some(format!("its log is {}", log.display())),
            });
        }
        if Instant::now() > deadline {
            return Err(CommandError {
                code: ExitCode::NoDaemon,
                kind: "no_daemon",
                message: format!("the phone did not come up in {} s", START_PATIENCE.as_secs()),
                hint: Some(format!("its log is {}", log.display())),
            });
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

fn spawn(options: &Options, socket: &Path, log: &Path) -> std::io::Result<std::process::Child> {
    if let Some(folder) = log.parent() {
        platform::own_folder(folder)?;
    }
    let mut open = std::fs::OpenOptions::new();
    open.create(true).write(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut open, 0o600);
    let mut command = std::process::Command::new(std::env::current_exe()?);
    command.args(options.daemon_arguments(socket)).arg("daemon");
    if !options.password.is_empty() {
        command.env(PASSWORD_VARIABLE, options.password.reveal());
    }
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(open.open(log)?);
    platform::detach(&mut command);
    command.spawn()
}

fn last_words(log: &Path) -> String {
    let text = std::fs::read(log).unwrap_or_default();
    let text = crate::text::sanitise_lines(&String::from_utf8_lossy(&text));
    let last = text.lines().rev().find(|l| !l.trim().is_empty() && !l.starts_with("hint:"));
    last.map(|l| l.trim_start_matches("tuiphone: ").to_owned()).unwrap_or_else(|| "it said nothing".into())
}

fn refused(error: &SocketError, options: &Options) -> CommandError {
    let hint = match (error, options.program()) {
        (SocketError::InUse(_), program) => format!("attach to it: {program}; or stop it: {program} exit"),
        (SocketError::Io { .. }, _) => "another place: --socket PATH, or TUIPHONE_SOCKET".to_owned(),
    };
    CommandError { code: ExitCode::NoDaemon, kind: "no_daemon", message: error.to_string(), hint: Some(hint) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_phone_rests_twice_after_the_last_thing_that_happened() {
        let mut rests = Rests::begin();
        let begin = rests.since;
        for after in [1, 40] {
            // As when something else is done first.
            assert!(tokio::time::timeout(Duration::from_millis(500), rests.next()).await.is_err());
            rests.next().await;
            assert_eq!(begin.elapsed().as_secs(), after);
        }
        assert!(tokio::time::timeout(Duration::from_secs(3_600), rests.next()).await.is_err(), "and no more");
    }
}
