//! `test N`: a number is called as a test; what is measured, expected and found is told to people and to machines.
//!
//! ```text
//!  job ─► lane: Handle, Tap ─► Finding ─► judge ─► Verdict ─► report: text, JSON, Nagios, Prometheus, JUnit, OTLP, TAP
//!              (ear, script)   facts      pure               pure
//! ```

mod ear;
mod finding;
pub mod job;
mod judge;
mod lane;
mod measures;
mod progress;
mod report;
pub mod script;
mod summary;

pub use job::ProbeJob;
pub use report::nagios;

use super::options::Options;
use super::signals::Interrupts;
use super::{exit, out, phone};
use crate::audio::Spec;
use crate::config::hook::Hooks;
use crate::config::{AutoAnswer, Loaded};
use crate::control::{AccountInfo, CommandError, Event, ExitCode, RegistrationState};
use crate::engine::files;
use crate::engine::handle::Handle;
use crate::engine::probe::{each_by_itself, known_sound};
use crate::text::plain_error;
use finding::Finding;
use judge::judge;
use lane::Bench;
use progress::Progress;
use report::Results;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;
use summary::Judged;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// Makes a phone for as long as the test lasts, calls, tells.
///
/// # Errors
/// The test could not be made: the phone did not start, a file could not be read or written.
pub async fn run(
    options: &Options,
    loaded: Loaded,
    certificate_file: PathBuf,
    job: ProbeJob,
) -> Result<ExitCode, CommandError> {
    if job.nagios && (options.json || options.ndjson) {
        return Err(exit::usage("--nagios and --json both tell on standard output; take one"));
    }
    let known = job.fingerprint.as_ref().map(|file| known_sound(file).map(Arc::new));
    let known = known.transpose().map_err(|why| exit::config(why, None))?;
    let quiet = Options {
        audio_in: options.audio_in.clone().or(Some(Spec::Null)),
        audio_out: options.audio_out.clone().or(Some(Spec::Null)),
        audio_ring: options.audio_ring.clone().or(Some(Spec::Null)),
        ..options.clone()
    };
    super::call::can_be_played(job.play.as_deref())?;
    let mut config = phone::engine_config(&quiet, as_test(loaded, &job))?;
    config.certificate_file = Some(certificate_file);
    each_by_itself(&mut config);
    let mut interrupts = Interrupts::listen();
    #[allow(clippy::disallowed_methods, reason = "the shell reads the clock")]
    let began = SystemTime::now();
    let start = Instant::now();
    let mut phone = phone::start_with(options, config)?;
    let patience = options.timeout.unwrap_or(job::PATIENCE);
    let handle = phone.handle.clone();
    let account = options.account.clone().filter(|_| options.session.is_none());
    let bench = Arc::new(Bench { handle, account, job, patience, known });
    let calls = calls(&bench, start, options, &mut interrupts).await;
    phone.stop(&mut interrupts).await;
    tell(&Results { job: &bench.job, began, calls: &calls }, options)
}

/// The settings of a phone that makes test calls alone: nothing of a person's is set off by them.
fn as_test(mut loaded: Loaded, job: &ProbeJob) -> Loaded {
    let settings = &mut loaded.settings;
    settings.single_mode = false;
    settings.max_concurrent_calls = settings.max_concurrent_calls.max(job.parallel + 8);
    settings.hooks = Hooks::default();
    settings.auto_answer = AutoAnswer::Never;
    settings.auto_recording = false;
    settings.auto_hang_up_s = 0;
    settings.watch.clear();
    loaded
}

/// Places all the calls, as many at once as may be.
async fn calls(bench: &Arc<Bench>, start: Instant, options: &Options, interrupts: &mut Interrupts) -> Vec<Judged> {
    let (stop, stopping) = watch::channel(None);
    let mut progress = Progress::new(&bench.job, options);
    let registered = tokio::select! {
        account = registration(&bench.handle, bench.account.as_deref(), bench.patience) => account,
        code = interrupts.next() => {
            let _ = stop.send(Some(code));
            None
        }
    };
    let registered_after = registered.as_ref().filter(|account| account.registered).map(|_| start.elapsed());
    let mut lanes: JoinSet<(u32, Finding)> = JoinSet::new();
    let mut found: Vec<Option<Judged>> = vec![None; bench.job.repeat as usize];
    let (mut begun, mut interrupted) = (0, stop.borrow().is_some());
    loop {
        while !interrupted && begun < bench.job.repeat && lanes.len() < bench.job.parallel as usize {
            let (number, bench, stopping) = (begun, bench.clone(), stopping.clone());
            lanes.spawn(async move { (number, lane::run(bench, stopping).await) });
            begun += 1;
        }
        tokio::select! {
            over = lanes.join_next() => {
                let Some(over) = over else { break };
                // A lane that panicked leaves nothing to tell.
                let Ok((number, mut finding)) = over else { continue };
                finding.registered_after = registered_after.map(|after| after.as_secs_f64());
                finding.transport = registered.as_ref().map(|account| account.transport.clone());
                finding.tls = registered.as_ref().and_then(|account| account.tls);
                let verdict = judge(&bench.job.expect, &finding);
                let judged = Judged { finding, verdict };
                progress.over(&judged);
                if options.ndjson {
                    out::json(&report::line(number as usize + 1, &judged));
                }
                if let Some(place) = found.get_mut(number as usize) {
                    *place = Some(judged);
                }
            }
            () = progress.tick() => {}
            code = interrupts.next() => {
                if std::mem::replace(&mut interrupted, true) {
                    break;
                }
                let _ = stop.send(Some(code));
            }
        }
    }
    progress.end();
    let mut calls: Vec<Judged> = found.into_iter().flatten().collect();
    if let (true, Some(code)) = (calls.is_empty(), *stop.borrow()) {
        let finding = Finding { given_up: Some(code), ..Finding::default() };
        calls.push(Judged { verdict: judge(&bench.job.expect, &finding), finding });
    }
    calls
}

/// The account of the calls once it is registered, or is not going to be.
async fn registration(handle: &Handle, name: Option<&str>, patience: std::time::Duration) -> Option<AccountInfo> {
    let mut events = handle.events();
    let deadline = Instant::now() + patience;
    loop {
        let status = handle.status().await.ok()?;
        let wanted = |account: &&AccountInfo| match name {
            None => account.selected,
            Some(text) => account.id.to_string() == text || account.label == text || account.aor == text,
        };
        let account = status.accounts.iter().find(wanted)?.clone();
        if account.state != RegistrationState::Registering {
            return Some(account);
        }
        loop {
            tokio::select! {
                event = events.recv() => match event.as_deref() {
                    Ok(Event::Registration { .. }) => break,
                    Ok(_) => {}
                    Err(tokio::sync::broadcast::error::RecvError::Lagged(_)) => break,
                    Err(tokio::sync::broadcast::error::RecvError::Closed) => return None,
                },
                () = tokio::time::sleep_until(deadline) => return Some(account),
            }
        }
    }
}

/// Tells everybody; how the program ends.
fn tell(results: &Results<'_>, options: &Options) -> Result<ExitCode, CommandError> {
    let job = results.job;
    let mut errors: Vec<&CommandError> = results.calls.iter().filter_map(|call| call.finding.error.as_ref()).collect();
    errors.dedup_by(|a, b| a.message == b.message);
    errors.into_iter().for_each(out::error);
    if options.json || options.ndjson {
        out::json(&report::json(results));
    } else if job.nagios {
        out::line(&nagios::line(results));
    } else if job.script.is_some() {
        report::tap::lines(results).iter().for_each(|line| out::line(line));
    } else if !options.quiet {
        report::text::lines(results).iter().for_each(|line| out::line(line));
    }
    let files = [
        (&job.prometheus, report::prometheus::file as fn(&Results<'_>) -> String),
        (&job.junit, report::junit::file),
        (&job.otlp, |results| report::otlp::file(results).to_string() + "\n"),
    ];
    for (file, form) in files {
        if let Some(file) = file {
            put(file, &form(results))?;
        }
    }
    match job.nagios {
        true => Ok(nagios::Status::of(results.calls).exit_code()),
        false => Ok(summary::code(results.calls)),
    }
}

/// Puts a file in its place, whole. One that is new is made as others are: those who collect it are not who writes it.
fn put(file: &Path, text: &str) -> Result<(), CommandError> {
    let made = match std::fs::OpenOptions::new().create_new(true).write(true).open(file) {
        Err(why) if why.kind() != std::io::ErrorKind::AlreadyExists => Err(why),
        _ => files::replace(file, text.as_bytes()),
    };
    made.map_err(|why| CommandError {
        code: ExitCode::Unexpected,
        kind: "unexpected",
        message: format!("cannot write {}: {}", file.display(), plain_error(&why)),
        hint: None,
    })
}
