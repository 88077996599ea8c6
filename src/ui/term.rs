//! The terminal: made ours, given back. Given back on every way out, the panic included.

use super::osc::{self, Between};
use crossterm::cursor::Show;
use crossterm::event::{DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste};
use crossterm::execute;
use crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode};
use std::io::{self, IsTerminal, Stdout, Write};
use std::panic;
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

static OURS: AtomicBool = AtomicBool::new(false);
static HOOK: Once = Once::new();

/// Holds the terminal; dropping it gives it back.
#[derive(Debug)]
pub struct Term {
    mouse: bool,
}

impl Term {
    /// Takes the terminal: raw mode, alternate screen, bracketed paste, the mouse if wanted.
    pub fn take(mouse: bool) -> io::Result<Term> {
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
        let term = Term { mouse };
        term.enter()?;
        Ok(term)
    }

    /// Takes it again, after a stop; harmless if it is ours.
    pub fn enter(&self) -> io::Result<()> {
        enable_raw_mode()?;
        OURS.store(true, Ordering::SeqCst);
        let mut out = io::stdout();
        execute!(out, EnterAlternateScreen, EnableBracketedPaste)?;
        if self.mouse {
            enable_mouse(&mut out)?;
        }
        out.flush()
    }

    /// Gives it back for now.
    pub fn leave(&self) {
        give_back();
    }

    /// Rings the bell, so that `monitor-bell` of tmux works too.
    pub fn bell(&self) -> io::Result<()> {
        let mut out = io::stdout();
        out.write_all(b"\x07")?;
        out.flush()
    }

    /// Puts a text into the clipboard of whoever looks at the terminal. In one write: what else is drawn stays whole.
    pub fn copy(&self, text: &str) -> io::Result<()> {
        let variable = |name: &str| std::env::var(name).ok();
        let between = Between::of(variable("TMUX").as_deref(), variable("STY").as_deref());
        let mut out = io::stdout();
        out.write_all(osc::copy(text, between).as_bytes())?;
        out.flush()
    }

    /// Brings the window to the front and out of its icon, as xterm and its kin understand it.
    pub fn raise(&self, bell: bool) -> io::Result<()> {
        let mut out = io::stdout();
        out.write_all(b"\x1b[1t\x1b[5t")?;
        out.flush()?;
        if bell { self.bell() } else { Ok(()) }
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

/// Undoes everything `enter` does; once.
fn give_back() {
    if OURS.swap(false, Ordering::SeqCst) {
        let mut out = io::stdout();
        // A terminal that is gone cannot be restored; there is nobody to tell.
        let _ = execute!(out, DisableMouseCapture, DisableBracketedPaste, LeaveAlternateScreen, Show);
        let _ = disable_raw_mode();
    }
}

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

/// Sleeps until the terminal has input; false when it is gone. The event reader alone would spin on a terminal that
/// hung up.
#[cfg(unix)]
pub fn wait_for_input() -> bool {
    use rustix::event::{PollFd, PollFlags, poll};
    let stdin = io::stdin();
    let mut waiting = [PollFd::new(&stdin, PollFlags::IN)];
    loop {
        match poll(&mut waiting, None) {
            Err(rustix::io::Errno::INTR) => {}
            Err(_) => return false,
            Ok(_) => {
                let gone = PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL;
                return !waiting.iter().any(|w| w.revents().intersects(gone));
            }
        }
    }
}

/// Sleeps until the terminal has input; false when it is gone.
#[cfg(not(unix))]
pub fn wait_for_input() -> bool {
    crossterm::event::poll(std::time::Duration::from_secs(3600)).is_ok()
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
