//! `call N` and its kin: place a call, follow it to its end, tell how it went.

use super::attached::{Attached, Wish};
use super::options::{Begin, CallJob, Options};
use super::signals::Interrupts;
use super::{out, words};
use crate::control::feed::Feed;
use crate::control::link::Link;
use crate::control::{
    CallInfo, CallState, Command, CommandError, Event, ExitCode, HangupWhich, PlayingState, Press, RecordAct,
    RecordingState, RegistrationState, Reply, json,
};
use crate::text::{plain_error, sanitise};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::Instant;

/// How long the end of a call may take once we hang up.
const END_PATIENCE: Duration = Duration::from_secs(5);

/// Carries the job out over `link`, with what stands where microphone and speaker would, if anything does; prints the
/// result; gives the exit code.
pub async fn run(
    link: &Link,
    options: &Options,
    job: &CallJob,
    interrupts: &mut Interrupts,
    attached: Option<Attached>,
) -> ExitCode {
    follow_attached(link, options, job, interrupts, attached).await.0
}

/// As `run`, with the call as it was at its end.
pub async fn follow(
    link: &Link,
    options: &Options,
    job: &CallJob,
    interrupts: &mut Interrupts,
) -> (ExitCode, Option<CallInfo>) {
    follow_attached(link, options, job, interrupts, None).await
}

async fn follow_attached(
    link: &Link,
    options: &Options,
    job: &CallJob,
    interrupts: &mut Interrupts,
    attached: Option<Attached>,
) -> (ExitCode, Option<CallInfo>) {
    let mut following = Following { link, options, job, attached, call: None, hang_up_at: None, interrupted: None };
    let followed = following.follow(interrupts).await;
    let told = match following.attached.take() {
        Some(attached) => {
            // A phone that runs goes on: its call has nobody to talk any more.
            if followed.is_err() {
                let _ = following.hang_up().await;
            }
            attached.finish().await
        }
        None => None,
    };
    let code = match followed {
        Ok(()) => following.report(told),
        Err(e) => {
            if options.json || options.ndjson {
                let outcome = e.code.kind();
                let result = json!({"v": 1, "verb": job.begin.verb(), "ok": false, "outcome": outcome,
                    "call": following.call, "error": json::error(&e)});
                out::json(&with(result, told));
            }
            out::error(&e);
            following.interrupted.unwrap_or(e.code)
        }
    };
    (code, following.call)
}

struct Following<'a> {
    link: &'a Link,
    options: &'a Options,
    job: &'a CallJob,
    attached: Option<Attached>,
    call: Option<CallInfo>,
    hang_up_at: Option<Instant>,
    interrupted: Option<ExitCode>,
}

impl Following<'_> {
    async fn follow(&mut self, interrupts: &mut Interrupts) -> Result<(), CommandError> {
        can_be_played(self.job.play.as_deref())?;
        let mut feed = self.link.feed().await?;
        self.await_registration(&mut feed, interrupts).await?;
        let (number, account) = (self.job.number.clone(), self.options.account.clone());
        let named = Some(number.clone()).filter(|number| !number.trim().is_empty());
        let begin = match self.job.begin {
            Begin::Dial => Command::Dial { target: number, account },
            Begin::Pickup => Command::Pickup { number: named, account },
            Begin::Retrieve => Command::Retrieve { number: named, account },
        };
        let reply = tokio::select! {
            reply = self.link.request(begin) => reply?,
            code = interrupts.next() => {
                self.interrupted = Some(code);
                return Err(interrupted("before the call was placed", code));
            }
        };
        if let Reply::Call(call) = reply {
            let id = self.call.insert(*call).id.clone();
            if let Some(attached) = &mut self.attached {
                attached.join(self.link, &id).await?;
            }
        }
        if self.job.no_wait {
            return Ok(());
        }
        // The limit is one on the answer, not on the talk.
        let mut give_up = self.options.timeout.map(|t| Instant::now() + t);
        loop {
            tokio::select! {
                news = feed.recv() => match news {
                    Some(Feed::Event(event)) => {
                        if self.take(&event).await? {
                            return Ok(());
                        }
                        let answered = matches!(*event, Event::CallAnswered { .. }) && self.is_up();
                        give_up = give_up.filter(|_| !answered || self.interrupted.is_some());
                    }
                    Some(Feed::Closed(why)) => return Err(gone(why)),
                    None => return Err(gone("the phone has stopped".into())),
                    Some(Feed::Status(_) | Feed::Levels(_) | Feed::Face(_) | Feed::Traced(_)) => {}
                },
                wish = wish(&mut self.attached) => match wish {
                    Wish::Digit(digit) => self.send(digit.to_string()).await?,
                    Wish::Failed(why) => return Err(why),
                    Wish::Over(why) => {
                        if let Some(why) = why {
                            self.talk(&format!("tuiphone: {why}"));
                        }
                        self.hang_up().await?;
                        give_up = Some(Instant::now() + END_PATIENCE);
                    }
                },
                () = at(self.hang_up_at) => {
                    self.hang_up_at = None;
                    self.hang_up().await?;
                    give_up = Some(Instant::now() + END_PATIENCE);
                }
                () = at(give_up) => {
                    if self.interrupted.is_some() || self.ended_for_us() {
                        return Ok(());
                    }
                    self.hang_up().await?;
                    give_up = Some(Instant::now() + END_PATIENCE);
                    let patience = self.options.timeout.unwrap_or_default().as_secs_f64();
                    let silent = self.call.as_ref().is_none_or(|call| call.status.is_none());
                    self.interrupted = Some(if silent { ExitCode::Unreachable } else { ExitCode::NoAnswer });
                    let what = if silent { "nothing came back" } else { "nobody answered" };
                    self.talk(&format!("{what} within {patience} s (--timeout)"));
                }
                code = interrupts.next() => {
                    if self.interrupted.replace(code).is_some() {
                        return Ok(());
                    }
                    self.hang_up().await?;
                    give_up = Some(Instant::now() + END_PATIENCE);
                }
            }
        }
    }

    /// `--wait-registered`: the account must be there in time. Without the option the phone itself waits.
    async fn await_registration(
        &mut self,
        feed: &mut mpsc::Receiver<Feed>,
        interrupts: &mut Interrupts,
    ) -> Result<(), CommandError> {
        let Some(bound) = self.job.wait_registered else { return Ok(()) };
        let deadline = Instant::now() + bound;
        loop {
            let status = self.link.status().await?;
            let wanted = |a: &&crate::control::AccountInfo| match &self.options.account {
                None => a.selected,
                Some(text) => a.id.to_string() == *text || a.label == *text || a.aor == *text,
            };
            let waited = |a: &&crate::control::AccountInfo| {
                !matches!(a.state, RegistrationState::Registered | RegistrationState::Off)
            };
            let Some(account) = status.accounts.iter().find(wanted).filter(waited) else { return Ok(()) };
            tokio::select! {
                _ = feed.recv() => {}
                () = tokio::time::sleep_until(deadline) => {
                    return Err(CommandError {
                        code: ExitCode::Unreachable,
                        kind: "unreachable",
                        message: match words::why_unregistered(account) {
                            Some(why) => format!("not registered within {} s: {why}", bound.as_secs()),
                            None => format!("not registered within {} s", bound.as_secs()),
                        },
                        hint: matches!(self.link, Link::Socket(_)).then(|| "see why: tuiphone accounts".into()),
                    });
                }
                code = interrupts.next() => {
                    self.interrupted = Some(code);
                    return Err(interrupted("while waiting for the registration", code));
                }
            }
        }
    }

    /// Takes an event in; true when our call is over.
    async fn take(&mut self, event: &Event) -> Result<bool, CommandError> {
        let Some(of) = event.call() else {
            if let Event::Device { .. } | Event::Error { .. } | Event::Registration { .. } = event {
                self.say(event);
            }
            return Ok(false);
        };
        match &self.call {
            Some(call) if call.id != of.id => return Ok(false),
            _ => self.call = Some(of.clone()),
        }
        self.say(event);
        let begins = matches!(event, Event::CallAnswered { .. }) || self.job.attached_early;
        if let Some(attached) = self.attached.as_mut().filter(|_| begins) {
            attached.begin(self.link, of, event)?;
        }
        if let (Some(attached), Event::CallDtmf { digit, .. }) = (&self.attached, event) {
            attached.pressed(*digit);
        }
        match event {
            Event::CallAnswered { .. } => {
                self.begin_files(&of.id).await?;
                self.hang_up_at = self.job.duration.map(|d| Instant::now() + d);
                if let Some(digits) = &self.job.dtmf {
                    self.send(digits.clone()).await?;
                }
                Ok(false)
            }
            Event::CallDtmf { digit, .. } if self.job.until_dtmf == Some(*digit) => {
                self.hang_up().await?;
                Ok(false)
            }
            Event::CallEnded { .. } => Ok(true),
            _ => Ok(false),
        }
    }

    fn say(&self, event: &Event) {
        if self.options.ndjson {
            out::json(&json::event(event, &out::time_now()));
        } else if let Some(sentence) = words::sentence(event) {
            self.talk(&sentence);
        }
    }

    fn talk(&self, sentence: &str) {
        if !self.options.quiet && !self.options.ndjson {
            out::talk(sentence);
        }
    }

    /// `--record` and `--play`. A file that cannot be opened is told of by an event, and ends no call.
    async fn begin_files(&self, id: &str) -> Result<(), CommandError> {
        let call = Some(id.to_owned());
        let record = self.job.record.clone().map(|file| RecordAct::Start { file: Some(file) });
        let record = record.map(|act| Command::Record { call: call.clone(), act });
        let play = self.job.play.clone().map(|file| Command::Play { call, file, alone: false });
        for command in record.into_iter().chain(play) {
            match self.link.request(command).await {
                Err(error) if error.code == ExitCode::Unexpected => {}
                Err(error) if error.code == ExitCode::Usage => out::error(&error),
                other => drop(other?),
            }
        }
        Ok(())
    }

    async fn send(&self, digits: String) -> Result<(), CommandError> {
        let call = self.call.as_ref().map(|call| call.id.clone());
        let dtmf = Command::Dtmf { call, digits, press: Press::Tap, via: None };
        if let Reply::Digits { note: Some(note), .. } = self.link.request(dtmf).await? {
            out::talk(&format!("tuiphone: {note}"));
        }
        Ok(())
    }

    async fn hang_up(&self) -> Result<(), CommandError> {
        let Some(call) = &self.call else { return Ok(()) };
        let which = HangupWhich::Call(call.id.clone());
        match self.link.request(Command::Hangup { which }).await {
            Err(e) if e.code != ExitCode::NotFound => Err(e),
            _ => Ok(()),
        }
    }

    fn is_up(&self) -> bool {
        self.call.as_ref().is_some_and(|c| c.answered_after.is_some() && c.state != CallState::Ended)
    }

    fn ended_for_us(&self) -> bool {
        self.call.as_ref().is_none_or(|c| c.state == CallState::Ended)
    }

    fn report(&self, told: Option<(&'static str, Value)>) -> ExitCode {
        let code = match (&self.call, self.interrupted) {
            (_, Some(code)) => code,
            (Some(_), None) if self.job.no_wait => ExitCode::Ok,
            (Some(call), None) => match outcome(call) {
                ExitCode::Ok if has_failed_files(call) => ExitCode::Unexpected,
                code => code,
            },
            (None, None) => ExitCode::Unexpected,
        };
        if let (ExitCode::NoMedia, Some(call)) = (code, &self.call) {
            out::talk(&words::unheard(call));
        }
        if self.options.json || self.options.ndjson {
            let name = self.call.as_ref().and_then(|c| c.outcome.clone()).filter(|_| code != ExitCode::NoMedia);
            let result = json!({"v": 1, "verb": self.job.begin.verb(), "ok": code == ExitCode::Ok,
                "outcome": name.unwrap_or_else(|| code.kind().to_owned()), "call": self.call});
            out::json(&with(result, told));
        } else if let (true, false, Some(call)) = (self.job.no_wait, self.options.quiet, &self.call) {
            out::line(&call.id);
        }
        code
    }
}

/// The result of a call with what is told beside it.
fn with(mut result: Value, told: Option<(&'static str, Value)>) -> Value {
    if let (Some(result), Some((key, value))) = (result.as_object_mut(), told) {
        result.insert(key.to_owned(), value);
    }
    result
}

async fn wish(attached: &mut Option<Attached>) -> Wish {
    match attached {
        Some(attached) => attached.wish().await,
        None => std::future::pending().await,
    }
}

/// Nobody is rung for a file that is not there.
///
/// # Errors
/// It cannot be read.
pub fn can_be_played(file: Option<&str>) -> Result<(), CommandError> {
    let Some(file) = file else { return Ok(()) };
    let readable = std::fs::File::open(file).and_then(|file| file.metadata());
    match readable {
        Ok(about) if about.is_file() => Ok(()),
        Ok(_) => Err(no_such_sound(file, "it is no file")),
        Err(why) => Err(no_such_sound(file, &plain_error(&why))),
    }
}

fn no_such_sound(file: &str, why: &str) -> CommandError {
    let message = format!("cannot play {}: {why}", sanitise(file));
    CommandError { code: ExitCode::Unexpected, kind: "play", message, hint: Some("nobody was called".into()) }
}

/// What `--record` or `--play` asked for was not done.
fn has_failed_files(call: &CallInfo) -> bool {
    let recording = call.recording.as_ref().is_some_and(|it| it.state == RecordingState::Failed);
    recording || call.playing.as_ref().is_some_and(|it| it.state == PlayingState::Failed)
}

/// The exit code a finished call deserves.
pub fn outcome(call: &CallInfo) -> ExitCode {
    match call.outcome.as_deref() {
        Some("answered") => {
            let heard = call.media.as_ref().is_some_and(|m| m.rx_packets > 0);
            // A talk shorter than this may end before the first packet could come.
            if heard || call.duration < 0.5 { ExitCode::Ok } else { ExitCode::NoMedia }
        }
        Some(kind) => ExitCode::ALL.iter().copied().find(|c| c.kind() == kind).unwrap_or(ExitCode::Failed),
        None => ExitCode::Unexpected,
    }
}

async fn at(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

fn gone(why: String) -> CommandError {
    CommandError { code: ExitCode::NoDaemon, kind: "no_daemon", message: why, hint: None }
}

fn interrupted(when: &str, code: ExitCode) -> CommandError {
    CommandError { code, kind: code.kind(), message: format!("interrupted {when}"), hint: None }
}
