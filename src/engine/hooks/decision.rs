//! `decideIncoming`: a program is asked about a call, and has so long to answer.

use super::group::Group;
use super::{MOST_RUNNING, OUTPUT_PATIENCE, program};
use crate::config::Settings;
use crate::config::command_line::CommandLine;
use crate::config::hook::Trigger;
use crate::text::{plain_error, sanitise};
use crate::ua::deciding::{Decision, Verdict};
use crate::ua::event::Event;
use crate::ua::hooks::fired;
use crate::ua::snapshot::CallInfo;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::Child;
use tokio::sync::{Semaphore, broadcast, mpsc};
use tokio::time::timeout;

/// Bytes of a program's answer.
const MAX_ANSWER: u64 = 4096;

/// A call, and what is said about it.
type Word = (u32, Verdict);

/// The programs that think about calls, and their words.
pub(in crate::engine) struct Decisions {
    places: Arc<Semaphore>,
    events: broadcast::Sender<Arc<Event>>,
    words: (mpsc::UnboundedSender<Word>, mpsc::UnboundedReceiver<Word>),
}

/// A program that is asked.
struct Question {
    command: CommandLine,
    folder: String,
    patience: Duration,
    info: CallInfo,
}

impl Decisions {
    /// Nobody thinks yet.
    pub fn new(events: broadcast::Sender<Arc<Event>>) -> Decisions {
        Decisions { places: Arc::new(Semaphore::new(MOST_RUNNING)), events, words: mpsc::unbounded_channel() }
    }

    /// Asks about a call. Its word comes, whatever becomes of the program.
    pub fn ask(&self, call: u32, info: CallInfo, settings: &Settings) {
        let said = self.words.0.clone();
        let question = settings.decider.command.clone().map(|command| Question {
            command,
            folder: settings.hooks.folder.clone(),
            patience: Duration::from_secs(settings.decider.timeout_s.into()),
            info,
        });
        let (Some(question), Ok(place)) = (question, self.places.clone().try_acquire_owned()) else {
            let _ = said.send((call, Verdict::default()));
            return;
        };
        let events = self.events.clone();
        tokio::spawn(async move {
            let verdict = question.answer().await.unwrap_or_else(|why| {
                let message = format!("decideIncoming: {why}");
                let hint = Some("the call goes on as if nobody had been asked".to_owned());
                let _ = events.send(Arc::new(Event::Error { message, hint }));
                Verdict::default()
            });
            drop(place);
            let _ = said.send((call, verdict));
        });
    }

    /// The next word.
    pub async fn next(&mut self) -> Option<Word> {
        self.words.1.recv().await
    }
}

impl Question {
    /// Runs the program without a shell; what it says, or why it says nothing.
    async fn answer(self) -> Result<Verdict, String> {
        let event = Event::CallIncoming { call: self.info };
        #[allow(clippy::disallowed_methods, reason = "the shell reads the clock")]
        let now = SystemTime::now();
        let line = format!("{}\n", event.line(&humantime::format_rfc3339_millis(now).to_string()));
        let facts = fired(&event, &BTreeMap::new()).into_iter().next().map(|fired| fired.facts).unwrap_or_default();
        let argv = self.command.argv(&facts);
        let named = sanitise(&self.command.program);
        let words = program::words(&argv, &self.folder);
        let Some((runs, arguments)) = words.split_first() else { return Ok(Verdict::default()) };
        let mut command = program::command(runs);
        command.args(arguments);
        let is_batch = program::is_batch(&self.command.program);
        for (name, value) in facts.environment(Trigger::IncomingCall) {
            command.env(name, if is_batch { program::tamed(&value) } else { value });
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
        if !self.folder.is_empty() {
            command.current_dir(&self.folder);
        }
        // What it starts is stopped with it.
        Group::begin(&mut command);
        // Why elsewhere: to start a program may wait for a disk.
        let started = tokio::task::spawn_blocking(move || command.spawn()).await;
        let mut child = match started {
            Ok(Ok(child)) => child,
            Ok(Err(why)) => return Err(format!("cannot run {named}: {}", plain_error(&why))),
            Err(_) => return Err(format!("cannot run {named}")),
        };
        let mut group = Group::of(&child);
        let told = timeout(self.patience, hear(&mut child, line.as_bytes())).await;
        if told.is_err() {
            group.stop();
            let _ = child.start_kill();
            let _ = timeout(OUTPUT_PATIENCE, child.wait()).await;
        }
        group.leave();
        let seconds = self.patience.as_secs();
        let told = told.map_err(|_| format!("{named} has said nothing for {seconds} s and was stopped"))?;
        let text = told.map_err(|why| format!("{named} {why}"))?;
        let mut verdict = Verdict::parse(&text).map_err(|why| format!("{named}: {why}"))?;
        if let Decision::Play(file) = &mut verdict.decision {
            *file = Path::new(&self.folder).join(&*file).to_string_lossy().into_owned();
        }
        Ok(verdict)
    }
}

/// Tells the program of the call, and hears it to its end.
async fn hear(child: &mut Child, line: &[u8]) -> Result<String, String> {
    let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
    let tell = async {
        if let Some(mut stdin) = stdin {
            // It need not listen.
            let _ = stdin.write_all(line).await;
        }
    };
    let mut said = Vec::new();
    let listen = async {
        if let Some(stdout) = stdout {
            let _ = stdout.take(MAX_ANSWER).read_to_end(&mut said).await;
        }
    };
    tokio::join!(tell, listen);
    match child.wait().await {
        Ok(status) if status.success() => Ok(String::from_utf8_lossy(&said).into_owned()),
        Ok(status) => Err(format!("ended with {status}")),
        Err(why) => Err(format!("is lost: {}", plain_error(&why))),
    }
}
