//! The shell around the pure parts: events in, frames and commands out. Sleeps unless something happens.

use super::asking::{LocalTime, ask_in_order, look_up};
use super::following::Following;
use super::glyphs::{Glyphs, UNICODE};
use super::keymap::Keymap;
use super::ladder::Export;
use super::model::{Message, Model, Weight};
use super::msg::{Action, Msg, Urgency};
use super::past;
use super::term::{SignalAsks, Signals, Term};
use super::theme::Theme;
use super::update::update;
use super::view::view;
use crate::control::feed::Feed;
use crate::control::link::Link;
use crate::control::trace::export;
use crate::control::verb::Request;
use crate::control::{Command, CommandError, ContactsAsk, FaceAsk};
use crossterm::event;
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use std::future;
use std::io::{self, Stdout, Write};
use std::path::PathBuf;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::sync::mpsc;

/// The shortest time between two frames that only move the meters.
const METER_FRAME: Duration = Duration::from_millis(100);
/// Terminal events that may wait.
const EVENTS: usize = 256;

/// How the interface is to look and behave.
#[derive(Debug, Clone)]
pub struct UiOptions {
    /// The looks.
    pub theme: Theme,
    /// The signs.
    pub glyphs: Glyphs,
    /// The keys.
    pub keymap: Keymap,
    /// Clicks on the dial pad, calls and keys.
    pub mouse: bool,
    /// The terminal's bell on an incoming call.
    pub bell: bool,
    /// The phone lives on when the interface is left.
    pub stays: bool,
    /// Lines for an empty call list: what to try.
    pub welcome: Vec<String>,
    /// A number to dial at once.
    pub dial: Option<String>,
    /// A number to put in the dial field; empty = only go there.
    pub fill: Option<String>,
    /// A note for the message line at the start.
    pub note: Option<String>,
    /// How the clock on the wall tells a moment.
    pub local_time: LocalTime,
    /// The folder of traces that somebody keeps.
    pub traces: Option<PathBuf>,
}

impl Default for UiOptions {
    fn default() -> UiOptions {
        UiOptions {
            theme: Theme::default(),
            glyphs: UNICODE,
            keymap: Keymap::default(),
            mouse: true,
            bell: true,
            stays: true,
            welcome: Vec::new(),
            dial: None,
            fill: None,
            note: None,
            local_time: |_| None,
            traces: None,
        }
    }
}

/// Why the interface could not go on.
#[derive(Debug, thiserror::Error)]
pub enum UiError {
    /// The phone could not be reached.
    #[error("{0}")]
    Phone(#[source] CommandError),
    /// The terminal could not be taken.
    #[error("cannot use the terminal: {0}")]
    Terminal(#[source] io::Error),
    /// The terminal could not be drawn on.
    #[error("cannot draw on the terminal: {0}")]
    Draw(#[source] io::Error),
}

type Screen = Terminal<CrosstermBackend<Stdout>>;

/// Runs the interface until it is left. The terminal is as before when this returns, whatever happened.
pub async fn run(link: Link, options: UiOptions) -> Result<(), UiError> {
    let mut feed = link.face().await.map_err(UiError::Phone)?;
    let term = Term::take(options.mouse).map_err(UiError::Terminal)?;
    let mut signals = Signals::listen().map_err(UiError::Terminal)?;
    let mut screen = Terminal::new(CrosstermBackend::new(io::stdout())).map_err(UiError::Draw)?;
    let size = screen.size().map_err(UiError::Draw)?;
    let mut model = Model::new((size.width, size.height), options.stays, options.welcome.clone());
    model.keymap = options.keymap.clone();
    if let Some(text) = options.note.clone() {
        model.message =
            Some(Message { text, hint: None, weight: Weight::Note, until: now() + Duration::from_secs(20) });
    }
    if let Some(number) = options.fill.clone() {
        update(&mut model, Msg::Feed(Feed::Face(FaceAsk::Fill { number })), now());
    }
    let mut events = read_terminal();
    let (ask, asked) = mpsc::unbounded_channel();
    let (answer, mut answers) = mpsc::unbounded_channel();
    let request = |command| {
        let link = link.clone();
        async move { link.request(command).await }
    };
    let asking = ask_in_order(request, asked, answer);
    tokio::pin!(asking);
    let (look, looked) = mpsc::unbounded_channel();
    let (tell, mut told) = mpsc::unbounded_channel();
    let looking = look_up(link.clone(), options.local_time, looked, tell.clone());
    tokio::pin!(looking);
    // What was written before we looked.
    let _ = ask.send(Command::Messages { with: None, read: false });
    let contacts = Request::Contacts(ContactsAsk::List { search: None });
    for request in past::at_start().into_iter().chain([contacts]) {
        let _ = look.send(request);
    }
    if let Some(target) = options.dial.clone() {
        let _ = ask.send(Command::Dial { target, account: None });
    }

    let trace = Following::new(link.clone());
    let mut shell =
        Shell { term: &term, ask, look, tell, trace, options: &options, due: Some(Urgency::Now), drawn: None };
    loop {
        // 1. draw what is out of date, if it may be drawn yet
        shell.draw(&mut screen, &model).map_err(UiError::Draw)?;
        // 2. wait for the first thing to happen
        let wake = shell.wake(&model);
        let msg = tokio::select! {
            biased;
            asks = signals.next() => match asks {
                SignalAsks::Leave => break,
                SignalAsks::Resized => match crossterm::terminal::size() {
                    Ok((columns, rows)) => Msg::Resize(columns, rows),
                    Err(_) => continue,
                },
                SignalAsks::Continue => {
                    term.enter().map_err(UiError::Terminal)?;
                    shell.repaint(&mut screen).map_err(UiError::Draw)?;
                    continue;
                }
            },
            event = events.recv() => match event {
                Some(msg) => msg,
                // The terminal is gone: a closed window ends no call.
                None => break,
            },
            Some((command, reply)) = answers.recv() => Msg::Reply(command, reply),
            Some(answer) = told.recv() => answer,
            Some(news) = feed.recv() => Msg::Feed(news),
            traced = shell.trace.next() => traced,
            () = sleep_until(wake) => Msg::Tick,
            () = &mut asking => break,
            () = &mut looking => break,
        };
        // 3. take it in, and all that waits behind it: several events, one frame
        let mut next = Some(msg);
        while let Some(msg) = next {
            if shell.take_in(&mut model, &mut screen, msg)? {
                drop(screen);
                drop(term);
                return farewell(&model);
            }
            let waiting = events.try_recv().ok().or_else(|| feed.try_recv().ok().map(Msg::Feed));
            next = waiting.or_else(|| shell.trace.waiting());
        }
    }
    Ok(())
}

/// The parts of the loop that act.
struct Shell<'a> {
    term: &'a Term,
    ask: mpsc::UnboundedSender<Command>,
    look: mpsc::UnboundedSender<Request>,
    tell: mpsc::UnboundedSender<Msg>,
    trace: Following,
    options: &'a UiOptions,
    due: Option<Urgency>,
    drawn: Option<Instant>,
}

impl Shell<'_> {
    /// Takes a message in and does what comes of it. True: leave.
    fn take_in(&mut self, model: &mut Model, screen: &mut Screen, msg: Msg) -> Result<bool, UiError> {
        model.wall.set(wall_us(), self.options.local_time);
        for action in update(model, msg, now()) {
            match action {
                Action::Send(command) => {
                    let _ = self.ask.send(command);
                }
                Action::Ask(request) => {
                    let _ = self.look.send(request);
                }
                Action::Draw(urgency) => self.due = self.due.max(Some(urgency)),
                Action::Repaint => self.repaint(screen).map_err(UiError::Draw)?,
                Action::Bell if self.options.bell => self.term.bell().map_err(UiError::Draw)?,
                Action::Bell => {}
                Action::Copy(text) => self.term.copy(&text).map_err(UiError::Draw)?,
                Action::Raise => self.term.raise(self.options.bell).map_err(UiError::Draw)?,
                Action::Trace(on) => self.trace.follow(on),
                Action::Keep(export) => self.keep(*export),
                Action::Suspend => {
                    let farewell = if model.stays {
                        "tuiphone: calls go on; fg brings the screen back"
                    } else {
                        "tuiphone: stopped; fg goes on"
                    };
                    self.term.suspend(farewell).map_err(UiError::Terminal)?;
                    self.repaint(screen).map_err(UiError::Draw)?;
                }
                Action::Quit => return Ok(true),
            }
        }
        Ok(false)
    }

    /// Writes a trace into a file; what came of it is told.
    fn keep(&self, export: Export) {
        let (tell, folder) = (self.tell.clone(), self.options.traces.clone());
        tokio::task::spawn_blocking(move || {
            let Export { name, form, bytes } = export;
            let kept = match folder {
                Some(folder) => export::keep(&folder, &name, form, &bytes).map(|path| path.display().to_string()),
                None => Err("there is no folder for traces here".to_owned()),
            };
            let _ = tell.send(Msg::Kept(kept));
        });
    }

    fn repaint(&mut self, screen: &mut Screen) -> io::Result<()> {
        self.due = Some(Urgency::Now);
        screen.clear()
    }

    fn draw(&mut self, screen: &mut Screen, model: &Model) -> io::Result<()> {
        let now = now();
        let may = match self.due {
            None => false,
            Some(Urgency::Now) => true,
            Some(Urgency::Meter) => self.drawn.is_none_or(|drawn| now >= drawn + METER_FRAME),
        };
        if may {
            screen.draw(|frame| view(model, &self.options.theme, &self.options.glyphs, now, frame))?;
            self.drawn = Some(now);
            self.due = None;
        }
        Ok(())
    }

    /// When to wake without any event; `None` while nothing moves.
    fn wake(&self, model: &Model) -> Option<Instant> {
        let meter = self.due.and(self.drawn).map(|drawn| drawn + METER_FRAME);
        [meter, model.next_wake(now())].into_iter().flatten().min()
    }
}

/// Reads the terminal on a thread of its own, which sleeps in the kernel; the channel closes when the terminal does.
fn read_terminal() -> mpsc::Receiver<Msg> {
    let (sender, receiver) = mpsc::channel(EVENTS);
    let read = move || {
        while super::term::wait_for_input() {
            while event::poll(Duration::ZERO).unwrap_or(false) {
                let Ok(event) = event::read() else { return };
                if Msg::of_terminal(event).is_some_and(|msg| sender.blocking_send(msg).is_err()) {
                    return;
                }
            }
        }
    };
    // Without the thread the channel is closed at once, and the interface leaves.
    let _ = std::thread::Builder::new().name("terminal".to_owned()).spawn(read);
    receiver
}

fn farewell(model: &Model) -> Result<(), UiError> {
    if !model.stays {
        return Ok(());
    }
    let calls = match model.calls.len() {
        0 => String::new(),
        1 => " with a call up".to_owned(),
        n => format!(" with {n} calls up"),
    };
    writeln!(io::stdout(), "tuiphone goes on in the background{calls}: `tuiphone` comes back, `tuiphone exit` ends it")
        .map_err(UiError::Draw)
}

async fn sleep_until(moment: Option<Instant>) {
    match moment {
        Some(moment) => tokio::time::sleep_until(moment.into()).await,
        None => future::pending().await,
    }
}

#[allow(clippy::disallowed_methods)]
fn wall_us() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

#[allow(clippy::disallowed_methods)]
fn now() -> Instant {
    Instant::now()
}
