//! Does what events set off: programs run without a shell, beside the signalling, so many at once and for so long.
//!
//! The programs of one call run one after another in the order of its events, as MicroSIP's do; those of several calls
//! run side by side.

mod decision;
mod document;
mod group;
mod line;
pub(super) mod program;

pub(super) use self::decision::Decisions;
pub(super) use self::group::Group;
use crate::config::hook::{Action, Facts, Hooks, Trigger};
use crate::config::{Account, Settings};
use crate::sip::locate::Target;
use crate::text::{plain_error, sanitise, sanitise_bytes};
use crate::ua::event::Event;
use crate::ua::hooks::{Fired, fired};
use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::sync::{broadcast, mpsc};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::timeout;

/// Programs that run at once.
const MOST_RUNNING: usize = 8;
/// Those that wait to be looked at, and as many that wait for a place or for their call's turn.
const MOST_WAITING: usize = 32;
/// What is taken down of a program's output: lines, and bytes of each.
const MOST_LINES: usize = 20;
const MOST_BYTES: usize = 500;
/// How long the output of an ended program is waited for.
const OUTPUT_PATIENCE: Duration = Duration::from_millis(200);
/// How fast output is read that is not taken down: so much each time.
const IDLE_READING: Duration = Duration::from_millis(10);
/// Outputs that what a program left behind may still write to.
const MOST_OUTPUTS: usize = 64;
/// How long the end of the phone waits for programs that run.
const LAST_PATIENCE: Duration = Duration::from_secs(2);
/// Accounts whose servers are remembered, those of now apart.
const MOST_SERVERS: usize = 1_000;

/// Something to be done.
struct Job {
    trigger: Trigger,
    key: &'static str,
    /// The call it is about; empty = none.
    call: String,
    /// The call, else the event: its jobs are done one after another.
    turn: String,
    work: Work,
    folder: String,
    patience: Duration,
}

enum Work {
    Run { argv: Vec<String>, environment: Vec<(String, String)> },
    Write { path: String, line: String },
}

/// Who is told what programs say.
struct Desk {
    events: broadcast::Sender<Arc<Event>>,
}

/// The hooks of a running phone.
pub(super) struct Runner {
    hooks: Hooks,
    patience: Duration,
    servers: BTreeMap<String, String>,
    jobs: mpsc::Sender<Job>,
    dropped: Arc<AtomicU64>,
    task: JoinHandle<()>,
    events: broadcast::Sender<Arc<Event>>,
}

impl Runner {
    /// Runs what these settings hang on calls; `None` if that is nothing.
    pub fn start(settings: &Settings, accounts: &[Account], events: broadcast::Sender<Arc<Event>>) -> Option<Runner> {
        if settings.hooks.is_empty() {
            return None;
        }
        let (jobs, waiting) = mpsc::channel(MOST_WAITING);
        let dropped = Arc::<AtomicU64>::default();
        let task = tokio::spawn(run(waiting, Arc::new(Desk { events: events.clone() }), dropped.clone()));
        let (hooks, patience, servers) = (Hooks::default(), Duration::ZERO, BTreeMap::new());
        let mut runner = Runner { hooks, patience, servers, jobs, dropped, task, events };
        runner.configure(settings, accounts);
        Some(runner)
    }

    /// From now on these settings count; what runs goes on.
    pub fn configure(&mut self, settings: &Settings, accounts: &[Account]) {
        self.hooks = settings.hooks.clone();
        self.patience = Duration::from_secs(settings.hook_timeout_s.into());
        // Calls of an account that is gone may still go on.
        if self.servers.len() > MOST_SERVERS {
            self.servers.clear();
        }
        self.servers.extend(accounts.iter().map(|account| (account.aor(), server(account))));
    }

    /// Sets off what hangs on this event. Never waits.
    pub fn note(&self, event: &Event) {
        for fired in fired(event, &self.servers) {
            // Why half: who floods the phone with calls that are refused leaves room for those of others.
            let is_refused = matches!(event, Event::CallEnded { .. }) && fired.trigger == Trigger::IncomingCall;
            let is_many = is_refused || fired.trigger == Trigger::Message;
            let has_room = !is_many || self.jobs.capacity() > MOST_WAITING / 2;
            let Fired { trigger, facts } = fired;
            let call = facts.call.clone();
            let turn = if call.is_empty() { trigger.name().to_owned() } else { call.clone() };
            for (key, action) in self.hooks.on(trigger) {
                let work = match action {
                    Action::Run(command) => {
                        Work::Run { argv: command.argv(&facts), environment: facts.environment(trigger) }
                    }
                    Action::Write { path, line } => Work::Write { path: path.clone(), line: facts.put_into(line) },
                    Action::Notify { target, message, values } => {
                        self.notify(trigger, &facts, (target, message, values));
                        continue;
                    }
                };
                let (folder, patience) = (self.hooks.folder.clone(), self.patience);
                let job = Job { trigger, key, call: call.clone(), turn: turn.clone(), work, folder, patience };
                if !has_room || self.jobs.try_send(job).is_err() {
                    self.dropped.fetch_add(1, Ordering::Relaxed);
                }
            }
        }
    }

    /// Tells those who listen under the name of the target.
    fn notify(&self, trigger: Trigger, facts: &Facts, (target, message, values): (&str, &str, &[String])) {
        let event = Event::Notification {
            target: target.to_owned(),
            msg: sanitise(message),
            hook: trigger.name().to_owned(),
            call: Some(facts.call.clone()).filter(|call| !call.is_empty()),
            number: sanitise(&facts.number),
            values: values.iter().map(|value| facts.put_into(value)).collect(),
        };
        // Nobody need listen.
        let _ = self.events.send(Arc::new(event));
    }

    /// Waits a moment for what still runs; the rest is stopped.
    pub async fn finish(self) {
        let Runner { jobs, mut task, .. } = self;
        drop(jobs);
        if timeout(LAST_PATIENCE, &mut task).await.is_err() {
            task.abort();
            let _ = task.await;
        }
    }
}

/// The host of the server of an account, without its port.
fn server(account: &Account) -> String {
    let named = if account.server.is_empty() { &account.domain } else { &account.server };
    Target::of_server(named, "").map_or_else(|| named.clone(), |target| target.host)
}

async fn run(mut jobs: mpsc::Receiver<Job>, desk: Arc<Desk>, dropped: Arc<AtomicU64>) {
    let mut waiting = VecDeque::<Job>::new();
    let mut running = JoinSet::<Done>::new();
    let mut turns = HashMap::new();
    let mut told = HashSet::new();
    let mut outputs = VecDeque::<JoinHandle<()>>::new();
    let mut is_open = true;
    loop {
        while running.len() < MOST_RUNNING {
            let free = |job: &Job| !turns.values().any(|turn| *turn == job.turn);
            let Some(job) = waiting.iter().position(free).and_then(|at| waiting.remove(at)) else { break };
            let turn = job.turn.clone();
            turns.insert(running.spawn(carry_out(job, desk.clone())).id(), turn);
        }
        if waiting.is_empty() && jobs.is_empty() {
            let missed = dropped.swap(0, Ordering::Relaxed);
            if missed > 0 {
                desk.complain(
                    format!("{missed} programs or lines of hooks were not run: too many were called for at once"),
                    None,
                );
            }
        }
        tokio::select! {
            job = jobs.recv(), if is_open && waiting.len() < MOST_WAITING => match job {
                Some(job) => waiting.push_back(job),
                None => is_open = false,
            },
            Some(done) = running.join_next_with_id() => match done {
                Ok((id, done)) => {
                    turns.remove(&id);
                    // Why once: what is not there is missing at every call.
                    if let Some(failure) = done.failure.filter(|failure| told.insert(failure.clone())) {
                        let Failure { words, hint } = failure;
                        desk.complain(words, Some(hint));
                    }
                    outputs.retain(|output| !output.is_finished());
                    outputs.extend(done.outputs);
                    let surplus = outputs.len().saturating_sub(MOST_OUTPUTS);
                    outputs.drain(..surplus).for_each(|output| output.abort());
                }
                Err(gone) => {
                    turns.remove(&gone.id());
                }
            },
            else => return,
        }
    }
}

/// Why something was not done, and what next.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Failure {
    words: String,
    hint: &'static str,
}

/// Something that is done.
#[derive(Default)]
struct Done {
    /// Why it could not be.
    failure: Option<Failure>,
    /// Who reads what it left open.
    outputs: Vec<JoinHandle<()>>,
}

async fn carry_out(job: Job, desk: Arc<Desk>) -> Done {
    match &job.work {
        Work::Run { argv, environment } => run_program(&job, argv, environment, desk).await,
        Work::Write { path, line } => {
            let failure = line::write(path, line, job.patience).await.err().map(|why| Failure {
                words: format!("{}: cannot write to {}: {why}", job.key, sanitise(path)),
                hint: "somebody must listen on that socket",
            });
            Done { failure, ..Done::default() }
        }
    }
}

async fn run_program(job: &Job, argv: &[String], environment: &[(String, String)], desk: Arc<Desk>) -> Done {
    let Some(program) = argv.first() else { return Done::default() };
    let words = program::words(argv, &job.folder);
    let Some((runs, arguments)) = words.split_first() else { return Done::default() };
    let mut command = program::command(runs);
    command.args(arguments);
    let is_batch = program::is_batch(program);
    for (name, value) in environment {
        command.env(name, if is_batch { program::tamed(value) } else { value.clone() });
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    if !job.folder.is_empty() {
        command.current_dir(&job.folder);
    }
    // What it starts is stopped with it.
    Group::begin(&mut command);
    // Why elsewhere: to start a program may wait for a disk.
    let mut child = match tokio::task::spawn_blocking(move || command.spawn()).await {
        Ok(Ok(child)) => child,
        Ok(Err(why)) => {
            let words = format!("{}: cannot run {}: {}", job.key, sanitise(program), plain_error(&why));
            let hint = "the program and its arguments, with quotes round what has blanks; no shell reads it";
            return Done { failure: Some(Failure { words, hint }), ..Done::default() };
        }
        Err(_) => return Done::default(),
    };
    let mut group = Group::of(&child);
    let speaker = Arc::new(Speaker { desk: desk.clone(), trigger: job.trigger, call: job.call.clone() });
    let out = child.stdout.take().map(|out| tokio::spawn(listen(out, speaker.clone())));
    let err = child.stderr.take().map(|err| tokio::spawn(listen(err, speaker.clone())));
    let ended = timeout(job.patience, child.wait()).await;
    if ended.is_err() {
        group.stop();
        let _ = child.start_kill();
        let _ = timeout(OUTPUT_PATIENCE, child.wait()).await;
    }
    group.leave();
    let mut outputs: Vec<JoinHandle<()>> = out.into_iter().chain(err).collect();
    let heard = async {
        for output in &mut outputs {
            let _ = output.await;
        }
    };
    if timeout(OUTPUT_PATIENCE, heard).await.is_ok() {
        outputs.clear();
    }
    match ended {
        Ok(Ok(status)) if status.success() => {}
        Ok(Ok(status)) => speaker.say(format!("{} ended with {status}", sanitise(program))),
        Ok(Err(why)) => speaker.say(format!("{} is lost: {}", sanitise(program), plain_error(&why))),
        Err(_) => {
            let seconds = job.patience.as_secs();
            let words = format!("{}: {} ran for {seconds} s and was stopped", job.key, sanitise(program));
            desk.complain(words, Some("[tuiphone] hookTimeout says how long it may run"));
        }
    }
    outputs.retain(|output| !output.is_finished());
    Done { failure: None, outputs }
}

impl Desk {
    fn complain(&self, message: String, hint: Option<&str>) {
        let _ = self.events.send(Arc::new(Event::Error { message, hint: hint.map(str::to_owned) }));
    }
}

/// Whose words are taken down.
struct Speaker {
    desk: Arc<Desk>,
    trigger: Trigger,
    call: String,
}

impl Speaker {
    fn say(&self, message: String) {
        let hook = self.trigger.name().to_owned();
        let call = Some(self.call.clone()).filter(|call| !call.is_empty());
        let _ = self.desk.events.send(Arc::new(Event::Hook { hook, call, message }));
    }
}

/// Reads an output to its end; the first lines are told.
async fn listen(mut output: impl AsyncRead + Unpin, speaker: Arc<Speaker>) {
    let (mut buffer, mut line, mut lines) = ([0; 4096], Vec::new(), 0);
    while let Ok(length @ 1..) = output.read(&mut buffer).await {
        for &byte in buffer.iter().take(length) {
            if byte == b'\n' {
                lines += 1;
                take_down(&line, lines, &speaker);
                line.clear();
            } else if line.len() < MOST_BYTES {
                line.push(byte);
            }
        }
        if lines >= MOST_LINES {
            tokio::time::sleep(IDLE_READING).await;
        }
    }
    if !line.is_empty() {
        take_down(&line, lines + 1, &speaker);
    }
}

fn take_down(line: &[u8], number: usize, speaker: &Speaker) {
    match number {
        ..=MOST_LINES if line.iter().all(u8::is_ascii_whitespace) => {}
        ..=MOST_LINES => speaker.say(sanitise_bytes(line)),
        _ if number == MOST_LINES + 1 => speaker.say("(what it says beyond that is left out)".to_owned()),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::AccountId;

    #[test]
    fn a_server_is_its_host() {
        for (server_text, domain, host) in [
            ("pbx.example.net", "d", "pbx.example.net"),
            ("pbx.example.net:5070", "d", "pbx.example.net"),
            ("", "example.net:5070", "example.net"),
            ("[2001:db8::1]:5070", "d", "2001:db8::1"),
            ("[2001:db8::1]", "d", "2001:db8::1"),
            ("192.0.2.1:5070", "d", "192.0.2.1"),
            ("", "", ""),
        ] {
            let account = Account { server: server_text.into(), domain: domain.into(), ..Account::new(AccountId(1)) };
            assert_eq!(server(&account), host, "{server_text} {domain}");
        }
    }
}
