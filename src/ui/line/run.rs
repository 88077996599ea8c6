//! The shell around line mode: whole lines in, whole lines out. Sleeps unless something happens; the end of the input
//! leaves. The terminal's own line discipline edits the line: what is half typed stays with the kernel, and a sentence that
//! comes meanwhile begins on a line of its own.

use super::speech::{Out, Voice};
use super::ssip::{self, SpeechOptions};
use super::state::{Do, Line, Msg, Now, Said, Topic, Weight};
use super::{update, words};
use crate::control::feed::Feed;
use crate::control::link::Link;
use crate::control::verb::Request;
use crate::control::{Command, CommandError};
use crate::text::{bidi::isolated, sanitise, say};
use crate::ui::asking::LocalTime;
use crate::ui::run::UiError;
use crate::ui::term::{SignalAsks, Signals};
use serde_json::{Map, Value};
use std::collections::VecDeque;
use std::io::{self, BufRead, IsTerminal, Read, Write};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::sync::mpsc;

/// The longest line that is read, in bytes.
const LONGEST: u64 = 8 * 1024;
/// Lines that may wait: a pipe is not read further meanwhile.
const LINES: usize = 16;
/// How long the next line waits for the answer to the one before.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long the end of the input waits for outcomes, such as that of a message.
const LAST_WORDS: Duration = Duration::from_secs(10);
/// So soon after Enter nobody has typed half a line.
const JUST_TYPED: Duration = Duration::from_millis(300);

/// How line mode is to behave.
#[derive(Debug, Clone)]
pub struct LineOptions {
    /// The phone lives on when it is left.
    pub stays: bool,
    /// A number to dial at once.
    pub dial: Option<String>,
    /// A number that a link names.
    pub fill: Option<String>,
    /// What is to be said first.
    pub notes: Vec<String>,
    /// How the clock on the wall tells a moment.
    pub local_time: LocalTime,
    /// What reads the lines takes UTF-8: names that run from right to left are kept apart.
    pub isolates: bool,
    /// Sentences are spoken too.
    pub speech: Option<SpeechOptions>,
}

/// What comes in from standard input.
enum Input {
    Line(String),
    TooLong,
    /// The input ended within a line.
    Unfinished,
}

type Answered = (Topic, Box<Request>, Result<Map<String, Value>, CommandError>);

/// Runs line mode until it is left or its input ends.
pub async fn run(link: Link, options: LineOptions) -> Result<(), UiError> {
    let mut feed = link.face().await.map_err(UiError::Phone)?;
    let mut signals = Signals::listen().map_err(UiError::Terminal)?;
    let mut shell = Shell::new(link, &options);
    for note in &options.notes {
        shell.say(Said { text: sanitise(note), weight: Weight::Answer });
    }
    // The first status, so that whatever is typed meets a phone that is known.
    if let Some(news) = feed.recv().await {
        shell.take(Msg::Feed(news));
    }
    if let Some(number) = options.fill.clone().filter(|number| !number.is_empty()) {
        shell.take(Msg::Feed(Feed::Face(crate::control::FaceAsk::Fill { number })));
    }
    if let Some(target) = options.dial.clone() {
        shell.ask(Box::new(Request::Command(Command::Dial { target, account: None })), Topic::Plain);
    }
    let mut input = read_lines();
    let mut is_open = true;
    while !shell.leaves {
        let reads = is_open && shell.may_read();
        let until = shell.wake(is_open);
        tokio::select! {
            biased;
            asks = signals.next() => if asks == SignalAsks::Leave { break },
            Some((topic, request, answer)) = shell.answers.recv() => {
                shell.settled(&request);
                shell.take(Msg::Answer(topic, request, answer));
            }
            Some(trouble) = trouble_of(&mut shell.troubles) => shell.write(&trouble, Weight::News),
            news = feed.recv() => match news {
                Some(news) => shell.take(Msg::Feed(news)),
                None => break,
            },
            line = input.recv(), if reads => match line {
                Some(Input::Line(text)) => {
                    shell.typed = Some(now());
                    if let Some((voice, _)) = &mut shell.voice {
                        voice.interrupt();
                    }
                    shell.take(Msg::Typed(text));
                }
                Some(Input::TooLong) => shell.take(Msg::TooLong),
                Some(Input::Unfinished) => shell.take(Msg::Unfinished),
                None => {
                    is_open = false;
                    shell.ends_by = Some(now() + LAST_WORDS);
                }
            },
            () = sleep_until(until) => shell.overdue(),
        }
        shell.speak();
        if !is_open && shell.is_settled() {
            break;
        }
    }
    shell.farewell(&options);
    Ok(())
}

/// The parts of the loop that act.
struct Shell {
    link: Link,
    line: Line,
    answer: mpsc::UnboundedSender<Answered>,
    answers: mpsc::UnboundedReceiver<Answered>,
    /// The request whose answer the next line waits for, and until when.
    busy: Option<Instant>,
    /// Requests under way.
    under_way: usize,
    /// Requests that wait for their turn.
    queue: VecDeque<(Box<Request>, Topic)>,
    /// Somebody may be typing where the sentences are written.
    is_terminal: bool,
    /// What reads them takes UTF-8.
    isolates: bool,
    voice: Option<(Voice, mpsc::Sender<Out>)>,
    troubles: Option<mpsc::UnboundedReceiver<String>>,
    typed: Option<Instant>,
    ends_by: Option<Instant>,
    leaves: bool,
}

impl Shell {
    fn new(link: Link, options: &LineOptions) -> Shell {
        let (answer, answers) = mpsc::unbounded_channel();
        let (server, troubles) = options.speech.clone().map(ssip::start).unzip();
        Shell {
            link,
            line: Line::new(options.stays, options.local_time),
            answer,
            answers,
            busy: None,
            under_way: 0,
            queue: VecDeque::new(),
            isolates: options.isolates,
            is_terminal: io::stdin().is_terminal() && io::stdout().is_terminal(),
            voice: server.map(|server| (Voice::default(), server)),
            troubles,
            typed: None,
            ends_by: None,
            leaves: false,
        }
    }

    /// One line after another: the next one is read once the phone has answered to the last.
    fn may_read(&self) -> bool {
        self.busy.is_none()
    }

    fn is_settled(&self) -> bool {
        self.under_way == 0 || self.ends_by.is_some_and(|end| now() >= end)
    }

    fn wake(&self, is_open: bool) -> Option<Instant> {
        let voice = self.voice.as_ref().and_then(|(voice, _)| voice.wake(now()));
        let own = if is_open { self.busy } else { self.ends_by };
        [own, voice].into_iter().flatten().min()
    }

    /// The phone takes long: lines are read again meanwhile.
    fn overdue(&mut self) {
        self.busy = self.busy.filter(|until| *until > now());
    }

    /// Hands over what may be spoken now. A server that takes nothing is not waited for.
    fn speak(&mut self) {
        let levels = self.line.levels;
        let Some((voice, server)) = &mut self.voice else { return };
        voice.levels(levels, now());
        while let Some(out) = voice.poll(now()) {
            let _ = server.try_send(out);
        }
    }

    fn say(&mut self, said: Said) {
        self.write(&said.text, said.weight);
        if let Some((voice, _)) = &mut self.voice {
            voice.offer(&said, now());
        }
    }

    fn take(&mut self, msg: Msg) {
        for done in update(&mut self.line, msg, moment()) {
            match done {
                Do::Say(said) => self.say(said),
                Do::Ask(request, topic) => self.ask(request, topic),
                Do::Leave => self.leaves = true,
            }
        }
    }

    /// One request after another, but for those that wait for an outcome at the far end.
    fn ask(&mut self, request: Box<Request>, topic: Topic) {
        let waits = matches!(&*request, Request::Command(command) if command.awaits_outcome());
        if !waits && self.busy.is_some() {
            self.queue.push_back((request, topic));
            return;
        }
        if !waits {
            self.busy = Some(now() + PATIENCE);
        }
        self.under_way += 1;
        let (link, answer) = (self.link.clone(), self.answer.clone());
        tokio::spawn(async move {
            let told = link.fields(&request).await;
            let _ = answer.send((topic, request, told));
        });
    }

    fn settled(&mut self, request: &Request) {
        self.under_way = self.under_way.saturating_sub(1);
        if matches!(request, Request::Command(command) if command.awaits_outcome()) {
            return;
        }
        self.busy = None;
        if let Some((request, topic)) = self.queue.pop_front() {
            self.ask(request, topic);
        }
    }

    /// Writes a sentence. Nothing in it moves a cursor: what came from outside is made safe once more.
    fn write(&mut self, text: &str, weight: Weight) {
        let text = sanitise_long(text);
        let text = if self.line.spaced { words::spaced(&text) } else { text };
        let text = if self.isolates { isolated(&text) } else { text };
        let is_fresh = self.typed.is_some_and(|typed| now() < typed + JUST_TYPED);
        let apart = self.is_terminal && weight != Weight::Answer && !is_fresh;
        let mut out = io::stdout().lock();
        let begin = if apart { "\n" } else { "" };
        // A bell is heard through tmux and ssh; whoever reads a pipe has no use for it.
        let bell = if self.is_terminal && weight == Weight::Alarm { "\x07" } else { "" };
        if writeln!(out, "{bell}{begin}{text}").and_then(|()| out.flush()).is_err() {
            // Nobody reads any more.
            self.leaves = true;
        }
    }

    fn farewell(&mut self, options: &LineOptions) {
        if !options.stays || self.line.closed.is_some() {
            return;
        }
        let calls = match self.line.status.calls.len() {
            0 => return,
            count => say!("line-calls-go-on", count),
        };
        self.write(&calls, Weight::Answer);
    }
}

/// A line of any length, safe to write.
fn sanitise_long(text: &str) -> String {
    crate::text::elided(text, 1_000)
}

/// Reads standard input on a thread of its own, which sleeps in the kernel; the channel closes with the input.
fn read_lines() -> mpsc::Receiver<Input> {
    let (sender, receiver) = mpsc::channel(LINES);
    let read = move || {
        let mut stdin = io::stdin().lock();
        let mut too_long = false;
        loop {
            let mut bytes = Vec::new();
            match stdin.by_ref().take(LONGEST).read_until(b'\n', &mut bytes) {
                Ok(0) => return,
                Ok(_) => {}
                Err(why) if why.kind() == io::ErrorKind::Interrupted => continue,
                Err(_) => return,
            }
            let is_whole = bytes.ends_with(b"\n");
            let goes_on = !is_whole && bytes.len() as u64 >= LONGEST;
            let input = match (too_long, goes_on) {
                (_, true) => {
                    too_long = true;
                    continue;
                }
                (true, false) => Input::TooLong,
                // Whoever was cut off has asked for nothing: `60` may be half a number, `a` half a name.
                (false, false) if !is_whole => Input::Unfinished,
                (false, false) => Input::Line(String::from_utf8_lossy(&bytes).into_owned()),
            };
            too_long = false;
            if sender.blocking_send(input).is_err() {
                return;
            }
        }
    };
    // Without the thread the channel is closed at once, and line mode leaves.
    let _ = std::thread::Builder::new().name("lines".to_owned()).spawn(read);
    receiver
}

fn moment() -> Now {
    #[allow(clippy::disallowed_methods)]
    let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Now { at: now(), wall_s: i64::try_from(wall.as_secs()).unwrap_or_default() }
}

#[allow(clippy::disallowed_methods)]
fn now() -> Instant {
    Instant::now()
}

/// The next word about the speech server; never, where none speaks.
async fn trouble_of(troubles: &mut Option<mpsc::UnboundedReceiver<String>>) -> Option<String> {
    match troubles {
        Some(troubles) => troubles.recv().await,
        None => std::future::pending().await,
    }
}

async fn sleep_until(moment: Option<Instant>) {
    match moment {
        Some(moment) => tokio::time::sleep_until(moment.into()).await,
        None => std::future::pending().await,
    }
}
