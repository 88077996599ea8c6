//! The terminal: made ours, given back. Given back on every way out, the panic included.

use super::host::Host;
use super::input::Answer;
use super::osc;
use crossterm::cursor::Show;
use crossterm::event::{
    DisableBracketedPaste, DisableFocusChange, DisableMouseCapture, EnableBracketedPaste, EnableFocusChange,
};
use crossterm::style::Print;
use crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode};
use crossterm::{execute, queue};
use std::io::{self, IsTerminal, Stdout, Write};
use std::panic;
use std::sync::Once;
use std::sync::atomic::{AtomicU8, Ordering};

/// What of the terminal is changed, bit by bit: whoever gives it back knows no more than this.
static CHANGED: AtomicU8 = AtomicU8::new(0);
/// It is ours: raw, on its other screen.
const TAKEN: u8 = 1;
/// Its title is kept on its stack.
const TITLED: u8 = 2;
/// Keys come as in kitty's protocol.
const KEYBOARD: u8 = 4;
/// It was told where updates begin and end.
const UPDATES: u8 = 8;
static HOOK: Once = Once::new();

/// Escape codes and key releases are told apart (kitty's flags 1 and 2).
const KEYBOARD_FLAGS: u8 = 3;

/// Holds the terminal; dropping it gives it back.
#[derive(Debug)]
pub struct Term {
    host: Host,
    keyboard: bool,
    in_one: bool,
    title: String,
}

impl Term {
    /// Takes the terminal as it is: raw mode, alternate screen, bracketed paste, news of the focus, the mouse if wanted.
    pub fn take(mouse: bool) -> io::Result<Term> {
        Term::take_of(Host { mouse, titles: false, asks: false, ..Host::default() })
    }

    /// Takes the terminal, and puts the questions that are to be put: what it answers is read as keys are.
    pub fn take_of(host: Host) -> io::Result<Term> {
        if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
            return Err(io::Error::new(io::ErrorKind::NotConnected, "standard input or output is no terminal"));
        }
        HOOK.call_once(|| {
            let before = panic::take_hook();
            panic::set_hook(Box::new(move |info| {
                give_back();
                before(info);
            }));
        });
        let term = Term { host, keyboard: false, in_one: false, title: String::new() };
        term.enter()?;
        if host.asks {
            write(queries(host.measures).as_bytes())?;
        }
        Ok(term)
    }

    /// Takes it again, after a stop; harmless if it is ours.
    pub fn enter(&self) -> io::Result<()> {
        enable_raw_mode()?;
        let fresh = CHANGED.fetch_or(TAKEN, Ordering::SeqCst) & TAKEN == 0;
        let mut out = io::stdout();
        if fresh && self.host.titles {
            CHANGED.fetch_or(TITLED, Ordering::SeqCst);
            queue!(out, Print("\x1b[22;2t"), Print(title_of(&self.title)))?;
        }
        queue!(out, EnterAlternateScreen, EnableBracketedPaste, EnableFocusChange)?;
        if self.host.mouse {
            enable_mouse(&mut out)?;
        }
        out.flush()?;
        if self.keyboard { self.push_keyboard(fresh) } else { Ok(()) }
    }

    /// Each screen of a terminal has a stack of its own for these.
    fn push_keyboard(&self, fresh: bool) -> io::Result<()> {
        CHANGED.fetch_or(KEYBOARD, Ordering::SeqCst);
        let how = if fresh { '>' } else { '=' };
        write(format!("\x1b[{how}{KEYBOARD_FLAGS}u").as_bytes())
    }

    /// The terminal has answered: what it can is used from now on.
    pub fn answered(&mut self, answer: Answer) -> io::Result<()> {
        match answer {
            Answer::Keyboard if !self.keyboard => {
                self.keyboard = true;
                self.push_keyboard(true)
            }
            // Set or reset: it can be changed.
            Answer::Mode { mode: 2026, state: 1 | 2 } => {
                CHANGED.fetch_or(UPDATES, Ordering::SeqCst);
                self.in_one = true;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// The terminal shows an update as a whole if told where it begins and ends.
    pub fn shows_in_one(&self) -> bool {
        self.in_one
    }

    /// Writes a frame, or nothing.
    pub fn draw(&self, frame: &[u8]) -> io::Result<()> {
        if frame.is_empty() { Ok(()) } else { write(frame) }
    }

    /// Names the window, if it is another name and that is wished.
    pub fn title(&mut self, title: String) -> io::Result<()> {
        if !self.host.titles || title == self.title {
            return Ok(());
        }
        self.title = title;
        write(title_of(&self.title).as_bytes())
    }

    /// Gives it back for now.
    pub fn leave(&self) {
        give_back();
    }

    /// Rings the bell, so that `monitor-bell` of tmux works too.
    pub fn bell(&self) -> io::Result<()> {
        if self.host.bell { write(b"\x07") } else { Ok(()) }
    }

    /// Tells of something on the desktop of whoever sits at the terminal, where that is known to work.
    pub fn notice(&self, text: &str) -> io::Result<()> {
        match self.host.notice {
            Some(notice) => write(notice.show(text, self.host.between).as_bytes()),
            None => Ok(()),
        }
    }

    /// Puts a text into the clipboard of whoever looks at the terminal. In one write: what else is drawn stays whole.
    pub fn copy(&self, text: &str) -> io::Result<()> {
        write(osc::copy(text, self.host.between).as_bytes())
    }

    /// Brings the window to the front and out of its icon, as xterm and its kin understand it.
    pub fn raise(&self) -> io::Result<()> {
        write(b"\x1b[1t\x1b[5t")?;
        self.bell()
    }

    /// Gives the terminal back, stops the whole job as Ctrl-Z would, and takes it again at `fg`.
    pub fn suspend(&self, farewell: &str) -> io::Result<()> {
        self.leave();
        writeln!(io::stdout(), "{farewell}")?;
        stop_job()?;
        self.enter()
    }
}

impl Drop for Term {
    fn drop(&mut self) {
        give_back();
    }
}

/// What is asked, the last of which every terminal answers: kitty's keyboard protocol, updates in one, how wide an ambiguous
/// character is, what kind of terminal it is (DA1).
fn queries(measures: bool) -> String {
    // Drawn in the corner, where nothing is yet, and wiped away.
    let measure = if measures { "\x1b[H\u{25cf}\x1b[6n\x1b[H\x1b[K" } else { "" };
    format!("\x1b[?u\x1b[?2026$p{measure}\x1b[c")
}

fn title_of(title: &str) -> String {
    if title.is_empty() { String::new() } else { osc::title(title) }
}

/// In one write: what else is drawn stays whole.
fn write(bytes: &[u8]) -> io::Result<()> {
    let mut out = io::stdout();
    out.write_all(bytes)?;
    out.flush()
}

/// Undoes everything that was changed; once.
fn give_back() {
    let changed = CHANGED.swap(0, Ordering::SeqCst);
    if changed & TAKEN == 0 {
        return;
    }
    let undo = |bit: u8, how: &'static str| Print(if changed & bit == 0 { "" } else { how });
    let mut out = io::stdout();
    // A terminal that is gone cannot be restored; there is nobody to tell.
    let _ = execute!(
        out,
        undo(UPDATES, "\x1b[?2026l"),
        undo(KEYBOARD, "\x1b[<u"),
        DisableMouseCapture,
        DisableFocusChange,
        DisableBracketedPaste,
        LeaveAlternateScreen,
        Show,
        undo(TITLED, "\x1b[23;2t"),
    );
    let _ = disable_raw_mode();
}

/// Throws away what the terminal has sent and nobody has read: an answer to us is nothing to whoever reads next.
#[cfg(unix)]
pub fn forget_input() {
    let _ = rustix::termios::tcflush(io::stdin(), rustix::termios::QueueSelector::IFlush);
}

/// Nothing is asked here.
#[cfg(not(unix))]
pub fn forget_input() {}

/// Presses and wheel only: reports of every motion would wake an idle phone.
#[cfg(unix)]
fn enable_mouse(out: &mut Stdout) -> io::Result<()> {
    out.write_all(b"\x1b[?1000h\x1b[?1006h")
}

#[cfg(not(unix))]
fn enable_mouse(out: &mut Stdout) -> io::Result<()> {
    execute!(out, crossterm::event::EnableMouseCapture)
}

#[cfg(unix)]
fn stop_job() -> io::Result<()> {
    use rustix::process::{Signal, kill_current_process_group};
    Ok(kill_current_process_group(Signal::TSTP)?)
}

#[cfg(not(unix))]
fn stop_job() -> io::Result<()> {
    Ok(())
}

/// Waits for the signals that end or wake an interface.
#[derive(Debug)]
pub struct Signals {
    #[cfg(unix)]
    inner: [tokio::signal::unix::Signal; 5],
}

/// What a signal asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignalAsks {
    /// Leave: SIGTERM, SIGHUP, SIGINT from outside.
    Leave,
    /// Take the terminal again: SIGCONT after a stop from outside.
    Continue,
    /// Look at the terminal's size again: SIGWINCH.
    Resized,
}

/// What a wait has brought.
#[cfg(unix)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waited {
    /// There is something to read.
    Input,
    /// The time is over.
    Nothing,
    /// The terminal is gone, or nobody wants to read it any more.
    Gone,
}

/// Sleeps until the terminal has input, for so long at most; `stopped` hangs up when it is read no longer.
#[cfg(unix)]
pub fn wait_for_input(stopped: &impl std::os::fd::AsFd, patience: Option<std::time::Duration>) -> Waited {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    let stdin = io::stdin();
    let patience = patience.and_then(|patience| Timespec::try_from(patience).ok());
    loop {
        let mut waiting = [PollFd::new(&stdin, PollFlags::IN), PollFd::new(stopped, PollFlags::IN)];
        match poll(&mut waiting, patience.as_ref()) {
            Err(rustix::io::Errno::INTR) => {}
            Err(_) => return Waited::Gone,
            Ok(0) => return Waited::Nothing,
            Ok(_) => {
                let gone = PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL;
                let [terminal, stopped] = &waiting;
                let is_over = terminal.revents().intersects(gone) || !stopped.revents().is_empty();
                return if is_over { Waited::Gone } else { Waited::Input };
            }
        }
    }
}

#[cfg(unix)]
impl Signals {
    /// Begins to listen.
    pub fn listen() -> io::Result<Signals> {
        use tokio::signal::unix::{SignalKind, signal};
        let cont = SignalKind::from_raw(Signal::CONT.as_raw());
        use rustix::process::Signal;
        let leave = [SignalKind::terminate(), SignalKind::hangup(), SignalKind::interrupt()];
        let [terminate, hang_up, interrupt] = leave.map(signal);
        Ok(Signals { inner: [terminate?, hang_up?, interrupt?, signal(cont)?, signal(SignalKind::window_change())?] })
    }

    /// The next one.
    pub async fn next(&mut self) -> SignalAsks {
        let [term, hup, int, cont, size] = &mut self.inner;
        tokio::select! {
            _ = term.recv() => SignalAsks::Leave,
            _ = hup.recv() => SignalAsks::Leave,
            _ = int.recv() => SignalAsks::Leave,
            _ = cont.recv() => SignalAsks::Continue,
            _ = size.recv() => SignalAsks::Resized,
        }
    }
}

#[cfg(not(unix))]
impl Signals {
    /// Nothing to listen to.
    pub fn listen() -> io::Result<Signals> {
        Ok(Signals {})
    }

    /// Never.
    pub async fn next(&mut self) -> SignalAsks {
        std::future::pending().await
    }
}
