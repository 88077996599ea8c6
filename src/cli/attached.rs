//! What stands where the microphone and the speaker of one call would: a program, an AudioSocket server, or standard input
//! and output; the call is one of a phone in this process, or of the one that runs.

mod ends;

use super::phone;
use crate::audio::Spec;
use crate::audio::audiosocket::{self, Incoming, Line, News, Outgoing, Place};
use crate::audio::jack::{Jack, Plug};
use crate::control::link::Link;
use crate::control::sound::Sound;
use crate::control::{CallInfo, CommandError, Event, ExitCode};
use crate::engine::exec::Program;
use crate::text::{plain_error, sanitise};
use ends::{Served, Sink, Source};
use serde_json::{Value, json};
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::ExitStatus;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until, timeout};

/// How long what an ended program has said may take to be played: its pipe holds a few seconds.
const LAST_SOUND: Duration = Duration::from_secs(10);
/// What is left between its pipe and the far end.
const LAST_WORDS: Duration = Duration::from_millis(300);
/// The same where the phone is behind a socket.
const LAST_WORDS_THERE: Duration = Duration::from_millis(600);
/// How long a program may run on once its call has ended, and once more when it is asked to end; how long a server may
/// take to be told.
const FAREWELL: Duration = Duration::from_secs(2);
/// News of a server that may wait.
const BACKLOG: usize = 32;

/// What is attached to a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attachment {
    /// `--exec`: a program and its arguments, s16le mono at this rate in Hz.
    Program {
        /// The words of its command line.
        argv: Vec<String>,
        /// Samples a second.
        rate: u32,
    },
    /// `--audiosocket`.
    Server(Place),
    /// `--audio-in pipe:`, `--audio-out pipe:` beside a phone that runs: s16le mono at this rate in Hz.
    Standard {
        /// Samples a second.
        rate: u32,
        /// Standard input is what is said.
        input: bool,
        /// Standard output gets what is heard.
        output: bool,
    },
}

/// What it asks of its call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wish {
    /// It has ended: so should the call. Why, where that is no matter of course.
    Over(Option<String>),
    /// A DTMF digit for the far end.
    Digit(char),
    /// It could not begin: there is nothing to have a call with.
    Failed(CommandError),
}

/// A connection that is being made, for this plug.
struct Connecting {
    made: oneshot::Receiver<io::Result<(Incoming<TcpStream>, Outgoing, Line)>>,
    plug: Plug,
    news: mpsc::Receiver<News>,
    /// Where to.
    named: String,
}

/// How far it is.
enum Stage {
    /// The call is not there yet.
    Waits,
    Connects(Connecting),
    Serves(mpsc::Receiver<News>),
    Runs(Program),
    /// The program or the server has ended; until then what it has said is played.
    Drains(Instant),
    LastWords(Instant),
    Over,
}

/// An attachment of a call that is placed.
pub struct Attached {
    attachment: Attachment,
    /// The device of its call, until a phone behind a socket has the call.
    jack: Option<Jack>,
    /// Who carries its sound to that phone and back.
    carrier: Option<JoinHandle<()>>,
    plug: Option<Plug>,
    stage: Stage,
    id: [u8; 16],
    /// The server, once there is one.
    line: Option<Line>,
    /// Ends with the sound of the program or the server.
    drained: Option<oneshot::Receiver<()>>,
    /// Ends when the server has been told of the end.
    told: Option<oneshot::Receiver<()>>,
    /// The program's standard input is to be closed.
    closing: Arc<AtomicBool>,
    /// Who tells the program of events and does what it asks.
    attendant: Option<JoinHandle<io::Result<()>>>,
    status: Option<ExitStatus>,
    ended_first: bool,
}

impl Attached {
    /// What of these is for one call of a phone that runs, whose sound is its own.
    ///
    /// # Errors
    /// It cannot have them both.
    pub fn of_pipes(input: Option<&Spec>, output: Option<&Spec>) -> Result<Option<Attachment>, CommandError> {
        let rate = |spec: Option<&Spec>| match spec {
            Some(Spec::Pipe { rate }) => Some(*rate),
            _ => None,
        };
        let (says, hears) = (rate(input), rate(output));
        if let (Some(says), Some(hears)) = (says, hears)
            && says != hears
        {
            let hint = Some("the same rate for both, or --standalone for a phone of its own".to_owned());
            let why = format!("a phone runs, and a call of it has one rate: {says} or {hears} Hz?");
            return Err(CommandError { hint, ..super::exit::usage(&why) });
        }
        let made = |rate| Attachment::Standard { rate, input: says.is_some(), output: hears.is_some() };
        Ok(says.or(hears).map(made))
    }

    /// The device to call with, and what is behind it.
    ///
    /// # Errors
    /// There is no such program.
    pub fn new(attachment: Attachment) -> Result<(Spec, Attached), CommandError> {
        let rate = match &attachment {
            Attachment::Program { argv, rate } => {
                let program = argv.first().map_or("", String::as_str);
                if !is_there(program) {
                    return Err(not_run(program, "there is no such program"));
                }
                *rate
            }
            Attachment::Server(place) => place.rate,
            Attachment::Standard { rate, .. } => *rate,
        };
        let seed = phone::seed()?;
        let (jack, plug) = Jack::new(rate);
        let attached = Attached {
            attachment,
            jack: Some(jack.clone()),
            carrier: None,
            plug: Some(plug),
            stage: Stage::Waits,
            id: uuid(std::array::from_fn(|at| seed[at])),
            line: None,
            drained: None,
            told: None,
            closing: Arc::default(),
            attendant: None,
            status: None,
            ended_first: false,
        };
        Ok((Spec::Jack(jack), attached))
    }

    /// Its call is on its way: where its phone is behind a socket, the sound is carried there and back from now on.
    ///
    /// # Errors
    /// The phone's refusal.
    pub async fn join(&mut self, link: &Link, call: &str) -> Result<(), CommandError> {
        let (Link::Socket(path), Some(jack)) = (link, self.jack.take()) else { return Ok(()) };
        let failed = |why: io::Error| {
            let message = format!("no thread for the sound: {}", plain_error(&why));
            CommandError { code: ExitCode::Unexpected, kind: "unexpected", message, hint: None }
        };
        let (from, to) = (jack.input().map_err(failed)?, jack.output().map_err(failed)?);
        let sound = Sound::join(path, call, jack.rate()).await?;
        self.carrier = Some(tokio::spawn(sound.carry(from, to)));
        Ok(())
    }

    /// Its call is there: the program is started, the server is looked for. The first time alone.
    ///
    /// # Errors
    /// The program cannot be run, in words.
    pub fn begin(&mut self, link: &Link, call: &CallInfo, event: &Event) -> Result<(), CommandError> {
        let Some(plug) = self.plug.take() else { return Ok(()) };
        match self.attachment.clone() {
            Attachment::Program { argv, rate } => self.run(plug, link, (call, event), &argv, rate),
            Attachment::Standard { input, output, .. } => {
                let says: Box<dyn Read + Send> = if input { Box::new(io::stdin()) } else { Box::new(io::empty()) };
                let hears: Box<dyn Write + Send> = if output { Box::new(io::stdout()) } else { Box::new(io::sink()) };
                plug.insert(says, hears);
                Ok(())
            }
            Attachment::Server(place) => {
                self.connect(plug, place);
                Ok(())
            }
        }
    }

    fn run(
        &mut self,
        plug: Plug,
        link: &Link,
        (call, event): (&CallInfo, &Event),
        argv: &[String],
        rate: u32,
    ) -> Result<(), CommandError> {
        let environment = [
            ("TUIPHONE_CALL", call.id.clone()),
            ("TUIPHONE_CALLID", sanitise(&call.sip_call_id)),
            ("TUIPHONE_NUMBER", sanitise(&call.remote.user)),
            ("TUIPHONE_RATE", rate.to_string()),
        ];
        let failed = |why: io::Error| {
            let why = not_run(argv.first().map_or("", String::as_str), &plain_error(&why));
            CommandError { code: ExitCode::Unexpected, kind: "unexpected", ..why }
        };
        let (program, pipes) = Program::start(argv, &environment).map_err(failed)?;
        let (over, drained) = oneshot::channel();
        let sink = Sink { pipe: Some(pipes.to), closing: self.closing.clone() };
        plug.insert(Box::new(Source { input: pipes.from, _over: over }), Box::new(sink));
        #[cfg(unix)]
        {
            let crate::engine::exec::Control { events, commands } = pipes.control;
            use crate::control::{socket, sound};
            let id = call.id.clone();
            self.attendant = Some(match link {
                Link::Local(handle) => tokio::spawn(socket::attend(commands, events, handle.clone(), id, event)),
                Link::Socket(path) => tokio::spawn(sound::attend(path.clone(), commands, events, id, event)),
            });
        }
        #[cfg(not(unix))]
        {
            let _ = (link, event);
            super::out::talk("tuiphone: --exec: on Windows a program has no fd 3 and 4: it gets sound alone");
        }
        self.drained = Some(drained);
        self.stage = Stage::Runs(program);
        Ok(())
    }

    fn connect(&mut self, plug: Plug, place: Place) {
        let (sender, news) = mpsc::channel(BACKLOG);
        let (id, named) = (self.id, format!("{}:{}", place.host, place.port));
        // Digits for which there is no room are said to nobody; the end waits for it.
        let tell = move |news| match news {
            News::Digit(_) => drop(sender.try_send(news)),
            end => drop(sender.blocking_send(end)),
        };
        let (done, made) = oneshot::channel();
        // Why no task: the end of the program would wait for it.
        let connect = move || drop(done.send(audiosocket::connect(&place, id, tell)));
        let _ = thread::Builder::new().name("audiosocket".to_owned()).spawn(connect);
        self.stage = Stage::Connects(Connecting { made, plug, news, named });
    }

    /// The far end of the call pressed this.
    pub fn pressed(&self, digit: char) {
        if let Some(line) = &self.line {
            line.digit(digit);
        }
    }

    /// What it asks next; for ever, where it asks nothing. Nothing is lost where the wait is broken off.
    pub async fn wish(&mut self) -> Wish {
        loop {
            match &mut self.stage {
                Stage::Waits | Stage::Over => std::future::pending().await,
                Stage::Connects(connecting) => {
                    let made = (&mut connecting.made).await.map_err(io::Error::other).and_then(|made| made);
                    let Stage::Connects(connecting) = std::mem::replace(&mut self.stage, Stage::Over) else { continue };
                    let Connecting { plug, news, named, .. } = connecting;
                    match made {
                        Ok((incoming, outgoing, line)) => {
                            let ((over, drained), (gone, told)) = (oneshot::channel(), oneshot::channel());
                            (self.drained, self.told, self.line) = (Some(drained), Some(told), Some(line));
                            let source = Source { input: incoming, _over: over };
                            plug.insert(Box::new(source), Box::new(Served { outgoing, _over: gone }));
                            self.stage = Stage::Serves(news);
                        }
                        Err(why) => return Wish::Failed(unreachable(&named, &why)),
                    }
                }
                Stage::Serves(news) => {
                    let news = news.recv().await;
                    if let Some(News::Digit(digit)) = news {
                        return Wish::Digit(digit);
                    }
                    self.ended_first = true;
                    if let Some(News::Failed(why)) = news {
                        self.stage = Stage::Over;
                        return Wish::Over(Some(format!("the AudioSocket server: {why}")));
                    }
                    self.stage = Stage::Drains(Instant::now() + LAST_SOUND);
                }
                Stage::Runs(program) => {
                    self.status = program.ended().await.ok();
                    (self.stage, self.ended_first) = (Stage::Drains(Instant::now() + LAST_SOUND), true);
                }
                Stage::Drains(until) => {
                    let until = *until;
                    if let Some(drained) = &mut self.drained {
                        tokio::select! {
                            _ = drained => {}
                            () = sleep_until(until) => {}
                        }
                    }
                    self.drained = None;
                    let rest = if self.carrier.is_some() { LAST_WORDS_THERE } else { LAST_WORDS };
                    self.stage = Stage::LastWords(Instant::now() + rest);
                }
                Stage::LastWords(at) => {
                    sleep_until(*at).await;
                    self.stage = Stage::Over;
                    return Wish::Over(None);
                }
            }
        }
    }

    /// The call has ended, and so does this; how it went, for the JSON of the call.
    pub async fn finish(mut self) -> Option<(&'static str, Value)> {
        self.closing.store(true, Ordering::Relaxed);
        let attendant = self.attendant.take();
        if let Stage::Runs(mut program) = std::mem::replace(&mut self.stage, Stage::Over) {
            self.status = ended(&mut program).await.ok();
        }
        if let Some((line, told)) = self.line.take().zip(self.told.take()) {
            line.hang_up();
            let _ = timeout(FAREWELL, told).await;
        }
        attendant.into_iter().for_each(|attendant| attendant.abort());
        self.carrier.take().into_iter().for_each(|carrier| carrier.abort());
        let ended_by = if self.ended_first { "itself" } else { "call" };
        match &self.attachment {
            Attachment::Program { .. } => {
                let code = self.status.and_then(|status| status.code());
                let signal = self.status.and_then(signal);
                Some(("exec", json!({ "exit_code": code, "signal": signal, "ended_by": ended_by })))
            }
            Attachment::Server(_) => Some(("audiosocket", json!({ "id": hyphened(self.id), "ended_by": ended_by }))),
            Attachment::Standard { .. } => None,
        }
    }
}

/// Is the sound of a call of the phone that runs, to its end: standard input and output, s16le mono.
///
/// # Errors
/// The phone's refusal.
pub async fn stand_in(link: &Link, call: &str, rate: u32) -> Result<(), CommandError> {
    let (Spec::Jack(jack), mut attached) = Attached::new(Attachment::Standard { rate, input: true, output: true })?
    else {
        return Ok(());
    };
    attached.jack = Some(jack);
    attached.join(link, call).await?;
    if let Some(plug) = attached.plug.take() {
        plug.insert(Box::new(io::stdin()), Box::new(io::stdout()));
    }
    if let Some(carrier) = attached.carrier.take() {
        let _ = carrier.await;
    }
    Ok(())
}

/// The end of a program that has nothing to listen to any more.
async fn ended(program: &mut Program) -> io::Result<ExitStatus> {
    if let Ok(ended) = timeout(FAREWELL, program.ended()).await {
        return ended;
    }
    program.ask_to_end();
    if let Ok(ended) = timeout(FAREWELL, program.ended()).await {
        return ended;
    }
    program.stop();
    program.ended().await
}

fn unreachable(server: &str, why: &io::Error) -> CommandError {
    CommandError {
        code: ExitCode::Unreachable,
        kind: "unreachable",
        message: format!("no AudioSocket server at {server}: {}", plain_error(why)),
        hint: Some("the far end had answered, and is hung up on".to_owned()),
    }
}

fn not_run(program: &str, why: &str) -> CommandError {
    CommandError {
        code: ExitCode::Usage,
        kind: "usage",
        message: format!("--exec: cannot run {}: {why}", sanitise(program)),
        hint: Some("a program and its arguments, with quotes round what has blanks; no shell reads it".to_owned()),
    }
}

/// True unless it is certain that nothing could be run: a far end should not be rung for that.
fn is_there(program: &str) -> bool {
    if cfg!(windows) || program.contains('/') {
        return cfg!(windows) || Path::new(program).is_file();
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

#[cfg(unix)]
fn signal(status: ExitStatus) -> Option<i32> {
    std::os::unix::process::ExitStatusExt::signal(&status)
}

#[cfg(not(unix))]
fn signal(_: ExitStatus) -> Option<i32> {
    None
}

/// A UUID by chance.
//= RFC 9562 §5.4
fn uuid(mut chance: [u8; 16]) -> [u8; 16] {
    let [_, _, _, _, _, _, version, _, variant, ..] = &mut chance;
    *version = *version & 0x0f | 0x40;
    *variant = *variant & 0x3f | 0x80;
    chance
}

/// As people write it.
fn hyphened(id: [u8; 16]) -> String {
    let mut text = String::with_capacity(36);
    for (at, byte) in id.iter().enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        text += &format!("{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    //= RFC 9562 §5.4
    #[test]
    fn a_call_has_a_uuid_of_version_4() {
        assert_eq!(hyphened(uuid([0xff; 16])), "ffffffff-ffff-4fff-bfff-ffffffffffff");
        assert_eq!(hyphened(uuid([0; 16])), "00000000-0000-4000-8000-000000000000");
    }

    #[test]
    fn what_is_not_there_rings_nobody() {
        let attachment = |program: &str| Attachment::Program { argv: vec![program.to_owned()], rate: 8_000 };
        for program in ["/no/such/program", "no-such-program-either"] {
            let why = Attached::new(attachment(program)).map(|_| ()).unwrap_err();
            assert!(why.code == ExitCode::Usage && why.message.contains(program), "{why}");
        }
        assert!(cfg!(windows) || Attached::new(attachment("sh")).is_ok());
    }
}
