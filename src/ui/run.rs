//! The shell around the pure parts: events in, frames and commands out. Sleeps unless something happens.

use super::asking::{LocalTime, ask_in_order, carry_out, look_up};
use super::dressing::Dressing;
use super::following::Following;
use super::glyphs::{Glyphs, Width};
use super::host::Host;
use super::input::{Answer, Input, Reading};
use super::keymap::Keymap;
use super::ladder::Export;
use super::model::{Message, Model, Weight};
use super::msg::{Action, Msg, Urgency};
use super::past;
use super::pen::{Frames, Pace, Pen};
use super::term::{SignalAsks, Signals, Term, forget_input};
use super::theme::{ColorDepth, Theme, Wardrobe};
use super::tips::Tips;
use super::update::update;
use super::view::{bidi, title::title, view, wide};
use crate::control::feed::Feed;
use crate::control::link::Link;
use crate::control::trace::export;
use crate::control::verb::Request;
use crate::control::{Command, CommandError, ContactsAsk, FaceAsk, SoundPath};
use crate::text::say;
use crossterm::event::Event;
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::layout::Rect;
use std::future;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::sync::mpsc;

/// How long answers of the terminal are waited for at the end, so that they do not reach the shell.
const LAST_ANSWERS: Duration = Duration::from_millis(100);

/// So long after a key nobody waits for anything.
const REST: Duration = Duration::from_millis(500);

/// A phone that went away is looked for so often, and so long at once: keys wait meanwhile.
const AGAIN: Duration = Duration::from_secs(1);
const LOOK: Duration = Duration::from_millis(300);

/// How long the phone may take to mute the microphone at the end.
const LAST_WORD: Duration = Duration::from_secs(2);

/// How the interface is to look and behave.
#[derive(Debug, Clone)]
pub struct UiOptions {
    /// The looks.
    pub theme: Theme,
    /// What the setting calls them; empty = the first theme.
    pub theme_name: String,
    /// How many colours other themes are fitted to.
    pub depth: ColorDepth,
    /// Where other themes come from.
    pub wardrobe: Option<Arc<dyn Wardrobe>>,
    /// How the terminal is treated.
    pub host: Host,
    /// The keys.
    pub keymap: Keymap,
    /// The phone lives on when the interface is left.
    pub stays: bool,
    /// What is typed to come back to it.
    pub program: String,
    /// Lines for an empty call list: what to try.
    pub welcome: Vec<String>,
    /// A number to dial at once.
    pub dial: Option<String>,
    /// A number to put in the dial field; empty = only go there.
    pub fill: Option<String>,
    /// A note for the message line at the start.
    pub note: Option<String>,
    /// Tips, from this one on.
    pub tips: Option<Tips>,
    /// How the clock on the wall tells a moment.
    pub local_time: LocalTime,
    /// Called while nobody waits for anything: what will not be needed soon can go.
    pub at_rest: fn(),
    /// The folder of traces that somebody keeps.
    pub traces: Option<PathBuf>,
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

type Screen = Terminal<CrosstermBackend<Pen>>;

/// Runs the interface until it is left. The terminal is as before when this returns, whatever happened.
pub async fn run(link: Link, options: UiOptions) -> Result<(), UiError> {
    let mut feed = link.face().await.map_err(UiError::Phone)?;
    let host = options.host;
    let term = Term::take_of(host).map_err(UiError::Terminal)?;
    let mut signals = Signals::listen().map_err(UiError::Terminal)?;
    let pen = Pen::default();
    let mut screen = Terminal::new(CrosstermBackend::new(pen.clone())).map_err(UiError::Draw)?;
    let size = screen.size().map_err(UiError::Draw)?;
    let mut model = Model::new((size.width, size.height), options.stays, options.welcome.clone());
    model.keymap = options.keymap.clone();
    model.tips = options.tips;
    model.themes.worn = options.theme_name.clone();
    model.is_near = !host.is_far;
    // Windows does, all of them.
    model.tells_releases = cfg!(windows);
    if let Some(text) = options.note.clone() {
        model.message =
            Some(Message { text, hint: None, weight: Weight::Note, until: now() + Duration::from_secs(20) });
    }
    if let Some(number) = options.fill.clone() {
        update(&mut model, Msg::Feed(Feed::Face(FaceAsk::Fill { number })), now());
    }
    let mut events = Reading::begin(host.asks);
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
    ask_at_start(&ask, &look);
    if let Some(target) = options.dial.clone() {
        let _ = ask.send(Command::Dial { target, account: None });
    }

    let mut shell = Shell {
        term,
        link: link.clone(),
        pen,
        frames: Frames::default(),
        pace: Pace::new(host.meter_frame, host.slow_meter_frame),
        glyphs: host.glyphs,
        width: host.width,
        owes: host.asks,
        ask,
        look,
        tell,
        trace: Following::new(link.clone()),
        dressing: Dressing::new(options.theme.clone(), &options.theme_name, options.depth, options.wardrobe.clone()),
        options: &options,
        due: Some(Urgency::Now),
        drawn: None,
        rests: None,
    };
    // When a phone that went away is looked for again.
    let mut again: Option<Instant> = None;
    let is_left = loop {
        // 1. draw what is out of date, if it may be drawn yet
        shell.draw(&mut screen, &model).map_err(UiError::Draw)?;
        // 2. wait for the first thing to happen
        let (wake, rests) = (shell.wake(&model), shell.rests);
        if again.is_none() && feed.is_closed() && feed.is_empty() && matches!(link, Link::Socket(_)) {
            again = Some(now() + AGAIN);
        }
        let msg = tokio::select! {
            biased;
            asks = signals.next() => match asks {
                SignalAsks::Leave => break false,
                SignalAsks::Resized => match crossterm::terminal::size() {
                    Ok((columns, rows)) => Msg::Resize(columns, rows),
                    Err(_) => continue,
                },
                SignalAsks::Continue => {
                    shell.term.enter().map_err(UiError::Terminal)?;
                    shell.repaint(&mut screen).map_err(UiError::Draw)?;
                    continue;
                }
            },
            input = events.next() => match input {
                Some(input) => match shell.of_terminal(&mut screen, input)? {
                    Some(msg) => msg,
                    None => continue,
                },
                // The terminal is gone: a closed window ends no call.
                None => break false,
            },
            Some((command, reply)) = answers.recv() => Msg::Reply(command, reply),
            Some(answer) = told.recv() => answer,
            Some(news) = feed.recv() => Msg::Feed(news),
            traced = shell.trace.next() => traced,
            () = shell.dressing.changed() => match shell.dressing.look_again() {
                Some(msg) => msg,
                None => continue,
            },
            () = sleep_until(wake) => Msg::Tick,
            () = sleep_until(rests) => {
                shell.rests = None;
                // Why not in calls: sound waits for no page.
                if model.calls.is_empty() {
                    (options.at_rest)();
                }
                continue;
            }
            () = sleep_until(again) => {
                again = None;
                if let Ok(Ok(anew)) = tokio::time::timeout(LOOK, link.face()).await {
                    feed = anew;
                    ask_at_start(&shell.ask, &shell.look);
                }
                continue;
            }
            () = &mut asking => break false,
            () = &mut looking => break false,
        };
        // 3. take it in, and all that waits behind it: several events, one frame
        let mut next = Some(msg);
        let mut leaves = false;
        while let Some(msg) = next.take().filter(|_| !leaves) {
            leaves = shell.take_in(&mut model, &mut screen, msg)?;
            while next.is_none()
                && let Some(input) = events.at_hand()
            {
                next = shell.of_terminal(&mut screen, input)?;
            }
            next = next.or_else(|| feed.try_recv().ok().map(Msg::Feed)).or_else(|| shell.trace.waiting());
        }
        if leaves {
            break true;
        }
    };
    if model.talk.is_some() {
        // Whoever holds a key to talk does so no longer.
        let mute = link.request(Command::Mute { path: SoundPath::Mic });
        let _ = tokio::time::timeout(LAST_WORD, mute).await;
    }
    if shell.owes {
        let answered = async { while !matches!(events.next().await, None | Some(Input::Answer(Answer::Last))) {} };
        let _ = tokio::time::timeout(LAST_ANSWERS, answered).await;
        forget_input();
    }
    drop(events);
    drop(screen);
    drop(shell);
    if is_left { farewell(&model, &options.program) } else { Ok(()) }
}

/// Asks for what the interface keeps of its own: messages, calls that were, contacts.
fn ask_at_start(ask: &mpsc::UnboundedSender<Command>, look: &mpsc::UnboundedSender<Request>) {
    // What was written before we looked.
    let _ = ask.send(Command::Messages { with: None, read: false });
    let contacts = Request::Contacts(ContactsAsk::List { search: None });
    for request in past::at_start().into_iter().chain([contacts]) {
        let _ = look.send(request);
    }
}

/// The parts of the loop that act.
struct Shell<'a> {
    term: Term,
    link: Link,
    pen: Pen,
    frames: Frames,
    pace: Pace,
    glyphs: Glyphs,
    /// How wide ambiguous characters are.
    width: Width,
    /// The terminal has not answered everything yet.
    owes: bool,
    ask: mpsc::UnboundedSender<Command>,
    look: mpsc::UnboundedSender<Request>,
    tell: mpsc::UnboundedSender<Msg>,
    trace: Following,
    dressing: Dressing,
    options: &'a UiOptions,
    due: Option<Urgency>,
    drawn: Option<Instant>,
    /// When nobody waits any more.
    rests: Option<Instant>,
}

impl Shell<'_> {
    /// What came from the terminal, if it is a message: its answers are taken in here.
    fn of_terminal(&mut self, screen: &mut Screen, input: Input) -> Result<Option<Msg>, UiError> {
        self.rests = Some(now() + REST);
        let answer = match input {
            // Whoever wrote a theme in another window comes back.
            Input::Event(Event::FocusGained) if self.dressing.must_look() => {
                let looked = self.dressing.look_again();
                self.told(looked);
                return Ok(Some(Msg::Focus(true)));
            }
            Input::Event(event) => return Ok(Some(Msg::of_terminal(event))),
            Input::Answer(answer) => answer,
        };
        match answer {
            Answer::Last => self.owes = false,
            Answer::Column(column) if self.options.host.measures => {
                let width = if column > 2 { Width::Wide } else { Width::Narrow };
                if std::mem::replace(&mut self.width, width) != width {
                    self.glyphs = Glyphs::of(self.options.host.is_ascii, width);
                    self.repaint(screen).map_err(UiError::Draw)?;
                }
            }
            answer => {
                self.term.answered(answer).map_err(UiError::Draw)?;
                return Ok((answer == Answer::Keyboard).then_some(Msg::TellsReleases));
            }
        }
        Ok(None)
    }

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
                Action::Run(verb, request) => {
                    tokio::spawn(carry_out(self.link.clone(), verb, *request, self.tell.clone()));
                }
                Action::Draw(urgency) => self.due = self.due.max(Some(urgency)),
                Action::Repaint => {
                    let looked = self.dressing.look_again();
                    self.told(looked);
                    self.repaint(screen).map_err(UiError::Draw)?;
                }
                Action::Bell => self.term.bell().map_err(UiError::Draw)?,
                Action::Notify(text) => self.term.notice(&text).map_err(UiError::Draw)?,
                Action::Copy(text) => self.term.copy(&text).map_err(UiError::Draw)?,
                Action::Raise => self.term.raise().map_err(UiError::Draw)?,
                Action::Trace(on) => self.trace.follow(on),
                Action::Keep(export) => self.keep(*export),
                Action::LayOutThemes => self.dressing.lay_out(self.tell.clone()),
                Action::Wear(name) => {
                    let trouble = self.dressing.wear(&name);
                    self.told(trouble.map(|why| Msg::Dressed(Some(why))));
                }
                Action::Suspend => {
                    let farewell = if model.stays { say!("screen-suspended-stays") } else { say!("screen-suspended") };
                    self.term.suspend(&farewell).map_err(UiError::Terminal)?;
                    self.repaint(screen).map_err(UiError::Draw)?;
                }
                Action::Quit => return Ok(true),
            }
        }
        Ok(false)
    }

    /// A message of our own, to be taken in with the next.
    fn told(&self, msg: Option<Msg>) {
        if let Some(msg) = msg {
            let _ = self.tell.send(msg);
        }
    }

    /// Writes a trace into a file; what came of it is told.
    fn keep(&self, export: Export) {
        let (tell, folder) = (self.tell.clone(), self.options.traces.clone());
        tokio::task::spawn_blocking(move || {
            let Export { name, form, bytes } = export;
            let kept = match folder {
                Some(folder) => export::keep(&folder, &name, form, &bytes).map(|path| path.display().to_string()),
                None => Err(say!("screen-no-folder")),
            };
            let _ = tell.send(Msg::Kept(kept));
        });
    }

    /// Everything is drawn again, whatever is thought to be there.
    fn repaint(&mut self, screen: &mut Screen) -> io::Result<()> {
        self.due = Some(Urgency::Now);
        self.frames.forget();
        // Why not clear(): that asks the terminal where its cursor is, and waits.
        let size = screen.size()?;
        screen.resize(Rect::new(0, 0, size.width, size.height))
    }

    fn draw(&mut self, screen: &mut Screen, model: &Model) -> io::Result<()> {
        let now = now();
        let may = match self.due {
            None => false,
            Some(Urgency::Now) => true,
            Some(Urgency::Meter) => self.drawn.is_none_or(|drawn| now >= drawn + self.pace.frame(now)),
        };
        if may {
            screen.draw(|frame| {
                view(model, self.dressing.theme(), &self.glyphs, now, frame);
                if self.width == Width::Wide {
                    wide::apart(frame.buffer_mut());
                }
                if self.options.host.isolates {
                    bidi::isolate(frame.buffer_mut());
                }
            })?;
            let frame = self.frames.next(&self.pen, self.term.shows_in_one());
            let begun = self::now();
            self.term.draw(&frame)?;
            self.pace.wrote(begun.elapsed(), begun);
            self.term.title(title(model, &self.glyphs))?;
            if self.drawn.replace(now).is_none() {
                self.rests = Some(now + REST);
            }
            self.due = None;
        }
        Ok(())
    }

    /// When to wake without any event; `None` while nothing moves.
    fn wake(&self, model: &Model) -> Option<Instant> {
        let now = now();
        let meter = self.due.and(self.drawn).map(|drawn| drawn + self.pace.frame(now));
        [meter, model.next_wake(now)].into_iter().flatten().min()
    }
}

fn farewell(model: &Model, program: &str) -> Result<(), UiError> {
    if !model.stays {
        return Ok(());
    }
    writeln!(io::stdout(), "{}", say!("screen-goes-on", calls = model.calls.len(), program)).map_err(UiError::Draw)
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
pub(super) fn now() -> Instant {
    Instant::now()
}
