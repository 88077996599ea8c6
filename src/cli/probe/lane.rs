//! One call of a test: placed, listened to, ended; what came of it.

use super::ear::{Ear, chirps};
use super::finding::{Digits, Finding};
use super::job::ProbeJob;
use super::script::{Deed, News, Runner};
use crate::control::{
    CallInfo, Command, CommandError, DtmfVia, Event, ExitCode, HangupWhich, PlayingState, Press, RecordAct, Reply,
};
use crate::engine::handle::Handle;
use crate::engine::probe::Fingerprint;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::watch;
use tokio::time::Instant;

/// How long the end of a call may take once we hang up.
const END_PATIENCE: Duration = Duration::from_secs(5);
/// How often sound is fetched.
const LISTEN_PERIOD: Duration = Duration::from_millis(20);
/// When digits are sent, from the answer on.
const DIGITS_AFTER: Duration = Duration::from_millis(500);
/// How long a script may go on behind its answer, whatever it says.
const LONGEST_SCRIPT: Duration = Duration::from_secs(3_600);

/// What all calls of a test share.
pub struct Bench {
    /// The phone.
    pub handle: Handle,
    /// The account the calls go out with.
    pub account: Option<String>,
    /// What is to be done.
    pub job: ProbeJob,
    /// The longest wait for an answer.
    pub patience: Duration,
    /// The known sound.
    pub known: Option<Arc<Fingerprint>>,
}

/// Places a call and follows it to its end; `stop` = hang up now, and what that means.
pub async fn run(bench: Arc<Bench>, stop: watch::Receiver<Option<ExitCode>>) -> Finding {
    let mut events = bench.handle.events();
    let (target, account) = (bench.job.number.clone(), bench.account.clone());
    let call = match bench.handle.request(Command::Dial { target, account }).await {
        Ok(Reply::Call(call)) => *call,
        Ok(_) => return Finding::failed(unexpected("the phone placed no call")),
        Err(error) => return Finding::failed(error),
    };
    let give_up = Some(Instant::now() + bench.patience);
    let mut lane = Lane {
        bench: &bench,
        call,
        give_up,
        given_up: None,
        hang_up_at: None,
        ear: None,
        chirps: VecDeque::new(),
        digits_at: None,
        pressed: None,
        digits: BTreeMap::new(),
        heard_after: None,
        runner: None,
        error: None,
    };
    lane.follow(&mut events, stop).await;
    lane.finish().await
}

struct Lane<'a> {
    bench: &'a Bench,
    call: CallInfo,
    give_up: Option<Instant>,
    given_up: Option<ExitCode>,
    hang_up_at: Option<Instant>,
    ear: Option<Ear>,
    chirps: VecDeque<Instant>,
    digits_at: Option<Instant>,
    /// When the digits were sent.
    pressed: Option<Instant>,
    /// What came, by its way: who sends both ways is heard twice.
    digits: BTreeMap<&'static str, String>,
    heard_after: Option<Duration>,
    runner: Option<Runner>,
    error: Option<CommandError>,
}

impl Lane<'_> {
    async fn follow(&mut self, events: &mut Receiver<Arc<Event>>, mut stop: watch::Receiver<Option<ExitCode>>) {
        let mut listening = tokio::time::interval(LISTEN_PERIOD);
        listening.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            let digits_at = self.digits_at;
            let chirp_at = self.chirps.front().copied();
            let step_at = self.runner.as_ref().and_then(Runner::next_timeout).map(Instant::from_std);
            tokio::select! {
                event = events.recv() => match event {
                    Ok(event) => if self.take(&event).await { return },
                    Err(RecvError::Lagged(_)) => if self.is_gone().await { return },
                    Err(RecvError::Closed) => {
                        self.error = Some(unexpected("the phone has stopped"));
                        return;
                    }
                },
                _ = listening.tick(), if self.ear.is_some() => self.listen().await,
                () = at(chirp_at) => {
                    self.chirps.pop_front();
                    if let Some(ear) = &mut self.ear {
                        ear.chirp();
                    }
                }
                () = at(digits_at) => {
                    self.digits_at = None;
                    if let Some(digits) = self.bench.job.dtmf.clone() {
                        self.press(digits).await;
                    }
                }
                () = at(step_at) => self.step(News::Time).await,
                () = at(self.hang_up_at) => {
                    self.hang_up_at = None;
                    self.hang_up().await;
                }
                () = at(self.give_up) => {
                    if self.given_up.is_some() || self.call.answered_after.is_some() {
                        return;
                    }
                    let silent = self.call.status.is_none();
                    self.given_up = Some(if silent { ExitCode::Unreachable } else { ExitCode::NoAnswer });
                    self.hang_up().await;
                }
                code = stopped(&mut stop), if self.given_up.is_none() => {
                    self.given_up = Some(code);
                    self.hang_up().await;
                }
            }
        }
    }

    /// Takes an event in; true when our call is over.
    async fn take(&mut self, event: &Event) -> bool {
        let Some(of) = event.call().filter(|of| of.id == self.call.id) else { return false };
        let was_answered = self.call.answered_after.is_some();
        self.call = of.clone();
        match event {
            // What is heard before the answer is none of the call's own, but all there is of one that is refused.
            Event::CallEarlyMedia { .. } if !was_answered => self.tap(),
            Event::CallAnswered { .. } if !was_answered => {
                self.tap();
                self.answered().await;
            }
            Event::CallDtmf { digit, via, .. } => {
                self.digits.entry(way(*via)).or_default().push(*digit);
                if let Some(pressed) = self.pressed {
                    self.heard_after.get_or_insert(pressed.elapsed());
                }
                self.step(News::Digit(*digit)).await;
            }
            Event::CallPlaying { call } => match call.playing.as_ref().map(|playing| playing.state) {
                Some(PlayingState::Playing) | None => {}
                Some(state) => self.step(News::Played(state == PlayingState::Ended)).await,
            },
            Event::CallEnded { .. } => {
                self.step(News::Ended).await;
                return true;
            }
            _ => {}
        }
        false
    }

    /// Events were missed: is there still a call?
    async fn is_gone(&mut self) -> bool {
        let Ok(status) = self.bench.handle.status().await else { return true };
        match status.calls.into_iter().find(|call| call.id == self.call.id) {
            Some(call) => {
                self.call = call;
                false
            }
            None => {
                self.error = Some(unexpected("the call's end was missed: the machine is too slow for this many"));
                true
            }
        }
    }

    fn tap(&mut self) {
        let job = &self.bench.job;
        self.ear = self.bench.handle.tap(&self.call.id).ok().map(|tap| Ear::new(tap, job.examines()));
    }

    async fn answered(&mut self) {
        let (job, now) = (&self.bench.job, Instant::now());
        if self.given_up.is_none() {
            self.give_up = None;
        }
        let length = if job.script.is_some() { LONGEST_SCRIPT } else { job.duration };
        self.hang_up_at = Some(now + length);
        if job.expect.echo {
            self.chirps = chirps(length).into_iter().map(|after| now + after).collect();
        }
        // A chirp is not cut in two by a digit.
        let after = if job.expect.echo { DIGITS_AFTER * 2 } else { DIGITS_AFTER };
        self.digits_at = job.dtmf.as_ref().map(|_| now + after);
        let call = Some(self.call.id.clone());
        if let Some(file) = job.record.clone() {
            self.request(Command::Record { call: call.clone(), act: RecordAct::Start { file: Some(file) } }).await;
        }
        if let Some(file) = job.play.clone() {
            self.request(Command::Play { call, file, alone: true }).await;
        }
        if let Some(script) = &self.bench.job.script {
            self.runner = Some(Runner::new(script, now.into_std()));
            self.step(News::Time).await;
        }
    }

    async fn listen(&mut self) {
        let Some(ear) = &mut self.ear else { return };
        let moments = ear.listen();
        if self.runner.is_some() {
            for moment in moments {
                self.step(News::Heard(&moment)).await;
            }
        }
    }

    /// The script goes on.
    async fn step(&mut self, news: News<'_>) {
        let Some(runner) = &mut self.runner else { return };
        if runner.is_over() {
            return;
        }
        let mut deeds = runner.handle(news, Instant::now().into_std());
        let over = runner.is_over();
        if over && !deeds.contains(&Deed::HangUp) && news != News::Ended {
            deeds.push(Deed::HangUp);
        }
        for deed in deeds {
            match deed {
                Deed::Press(digits) => self.press(digits).await,
                Deed::Say(file) => {
                    let file = std::path::absolute(&file).unwrap_or(file).to_string_lossy().into_owned();
                    self.request(Command::Play { call: Some(self.call.id.clone()), file, alone: true }).await;
                }
                Deed::HangUp => self.hang_up().await,
            }
        }
    }

    async fn press(&mut self, digits: String) {
        self.pressed.get_or_insert(Instant::now());
        let call = Some(self.call.id.clone());
        self.request(Command::Dtmf { call, digits, press: Press::Tap, via: None }).await;
    }

    async fn hang_up(&mut self) {
        self.give_up = Some(Instant::now() + END_PATIENCE);
        let which = HangupWhich::Call(self.call.id.clone());
        // Gone already is gone.
        let _ = self.bench.handle.request(Command::Hangup { which }).await;
    }

    async fn request(&mut self, command: Command) {
        match self.bench.handle.request(command).await {
            // The far end was faster: that it hung up is told anyhow.
            Err(error) if error.code != ExitCode::NotFound => drop(self.error.get_or_insert(error)),
            _ => {}
        }
    }

    async fn finish(self) -> Finding {
        let job = &self.bench.job;
        let mut finding =
            Finding { given_up: self.given_up, error: self.error, call: Some(self.call), ..Finding::default() };
        if job.dtmf.is_some() || job.expect.digits.is_some() {
            let heard = self.digits.into_values().max_by_key(String::len).unwrap_or_default();
            let after = self.heard_after.map(|after| after.as_secs_f64());
            finding.digits = Some(Digits { sent: job.dtmf.clone().unwrap_or_default(), heard, after });
        }
        finding.steps = match (self.runner, &job.script) {
            (Some(runner), _) => runner.into_results(),
            (None, Some(script)) => Runner::new(script, Instant::now().into_std()).into_results(),
            (None, None) => Vec::new(),
        };
        let Some(ear) = self.ear else {
            finding.known = self.bench.known.as_ref().map(|_| None);
            return finding;
        };
        let (heard, kept) = ear.finish();
        finding.sound = Some(heard);
        let (echo, known) = (job.expect.echo, self.bench.known.clone());
        if let Ok((echo, known)) = tokio::task::spawn_blocking(move || kept.examine(echo, known.as_ref())).await {
            (finding.echo, finding.known) = (echo, known);
        }
        finding
    }
}

fn way(via: DtmfVia) -> &'static str {
    match via {
        DtmfVia::Rtp => "rtp",
        DtmfVia::Info => "info",
        DtmfVia::Inband => "inband",
    }
}

async fn at(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

async fn stopped(stop: &mut watch::Receiver<Option<ExitCode>>) -> ExitCode {
    let code = stop.wait_for(Option::is_some).await.ok().and_then(|code| *code);
    match code {
        Some(code) => code,
        None => std::future::pending().await,
    }
}

fn unexpected(message: &str) -> CommandError {
    CommandError { code: ExitCode::Unexpected, kind: "unexpected", message: message.to_owned(), hint: None }
}
