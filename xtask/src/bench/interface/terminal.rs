//! An interface in a pseudo-terminal that answers as a terminal of today does; each piece it writes with its moment.

use std::io::{Read, Write};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

use super::super::phone::{Phone, memory_of};
use super::frames::Marks;
use crate::Failure;

/// Columns and rows.
const SIZE: (u16, u16) = (200, 60);

/// It knows of updates in one; ambiguous characters are narrow; DA1.
const ANSWERS: &[u8] = b"\x1b[?2026;2$y\x1b[1;2R\x1b[?62;52;c";
/// The longest wait for anything.
const PATIENCE: Duration = Duration::from_secs(10);

/// A key that was pressed.
pub struct Pressed {
    /// Until the end of the first frame behind it.
    pub first: Duration,
    /// Until the end of the last one: what was to be looked up for it has been found.
    pub last: Duration,
}

/// The interface.
pub struct Terminal {
    keys: Box<dyn Write + Send>,
    written: Receiver<(Instant, Vec<u8>)>,
    child: Box<dyn Child + Send + Sync>,
    _master: Box<dyn MasterPty + Send>,
    screen: vt100::Parser,
    updates: Marks,
    resets: Marks,
    asked: Marks,
    /// When it was started.
    started: Instant,
}

/// A piece of what is written.
struct Piece {
    at: Instant,
    bytes: usize,
    /// An update ends in it.
    updates: bool,
    /// A frame ends in it, whether or not it is marked as an update.
    frames: bool,
}

impl Terminal {
    /// Attaches an interface to the daemon of this phone.
    pub fn open(phone: &Phone) -> Result<Self, Failure> {
        let tried = |what: &str, why: &dyn std::fmt::Display| format!("{what}: {why}");
        let (cols, rows) = SIZE;
        let size = PtySize { rows, cols, ..PtySize::default() };
        let pair = native_pty_system().openpty(size).map_err(|e| tried("a pseudo-terminal", &e))?;
        let program = phone.command(&[]);
        let mut command = CommandBuilder::new(program.get_program());
        command.args(program.get_args());
        program.get_envs().filter_map(|(name, value)| Some((name, value?))).for_each(|(n, v)| command.env(n, v));
        command.env("TERM", "xterm-256color");
        command.env("LANG", "C.UTF-8");
        // Where this runs is nothing to what is measured.
        for name in ["LC_ALL", "NO_COLOR", "TMUX", "STY", "SSH_CONNECTION", "SSH_TTY", "SSH_CLIENT"] {
            command.env_remove(name);
        }
        let mut output = pair.master.try_clone_reader().map_err(|e| tried("its screen", &e))?;
        let keys = pair.master.take_writer().map_err(|e| tried("its keys", &e))?;
        let (sender, written) = channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 65_536];
            while let Ok(count @ 1..) = output.read(&mut buffer) {
                if sender.send((now(), buffer[..count].to_vec())).is_err() {
                    return;
                }
            }
        });
        let started = now();
        let child = pair.slave.spawn_command(command).map_err(|e| tried("tuiphone", &e))?;
        Ok(Self {
            keys,
            written,
            child,
            _master: pair.master,
            screen: vt100::Parser::new(rows, cols, 0),
            updates: Marks::updates(),
            resets: Marks::resets(),
            asked: Marks::asked(),
            started,
        })
    }

    /// From the start of the process to the end of the first frame that has this text.
    pub fn until_started(&mut self, text: &str) -> Result<Duration, Failure> {
        Ok(self.until(text)?.saturating_duration_since(self.started))
    }

    /// Waits for a frame with this text; its end.
    pub fn until(&mut self, text: &str) -> Result<Instant, Failure> {
        let deadline = now() + PATIENCE;
        loop {
            let Some(piece) = self.read(deadline)? else {
                return Err(format!("no '{text}' on the screen:\n{}", self.screen.screen().contents().trim_end()));
            };
            if piece.frames && self.screen.screen().contents().contains(text) {
                return Ok(piece.at);
            }
        }
    }

    /// Types without a look at what comes of it.
    pub fn send(&mut self, keys: &[u8]) -> Result<(), Failure> {
        self.keys.write_all(keys).and_then(|()| self.keys.flush()).map_err(|e| format!("pressing a key: {e}"))
    }

    /// Presses a key, and waits until nothing was written for a while.
    pub fn press(&mut self, key: &[u8], quiet: Duration) -> Result<Pressed, Failure> {
        let start = now();
        let deadline = start + PATIENCE;
        self.send(key)?;
        let mut seen: Option<(Instant, Instant)> = None;
        loop {
            let until = if seen.is_some() { deadline.min(now() + quiet) } else { deadline };
            match self.read(until)? {
                Some(piece) if piece.updates => {
                    let (first, _) = seen.unwrap_or((piece.at, piece.at));
                    seen = Some((first, piece.at));
                }
                Some(_) => {}
                None => break,
            }
        }
        let (first, last) =
            seen.ok_or_else(|| format!("the key {:?} changed nothing", String::from_utf8_lossy(key)))?;
        Ok(Pressed { first: first.saturating_duration_since(start), last: last.saturating_duration_since(start) })
    }

    /// Waits until nothing was written for so long.
    pub fn rest(&mut self, quiet: Duration) -> Result<(), Failure> {
        let deadline = now() + PATIENCE;
        while self.read(deadline.min(now() + quiet))?.is_some() {}
        Ok(())
    }

    /// How many bytes are written within this time.
    pub fn bytes_within(&mut self, time: Duration) -> Result<usize, Failure> {
        let deadline = now() + time;
        let mut bytes = 0;
        while let Some(piece) = self.read(deadline)? {
            bytes += piece.bytes;
        }
        Ok(bytes)
    }

    /// Resident and proportional memory of the interface, MB.
    pub fn memory(&self) -> Result<(f64, f64), Failure> {
        memory_of(self.child.process_id().ok_or("the interface has no process")?)
    }

    /// The next piece until then; `None`: none came.
    fn read(&mut self, deadline: Instant) -> Result<Option<Piece>, Failure> {
        let Ok((at, bytes)) = self.written.recv_timeout(deadline.saturating_duration_since(now())) else {
            let ended = self.child.try_wait().map_err(|e| format!("the interface: {e}"))?;
            return ended.map_or(Ok(None), |status| Err(format!("the interface has ended: {status:?}")));
        };
        if self.asked.within(&bytes) > 0 {
            self.send(ANSWERS)?;
        }
        self.screen.process(&bytes);
        let (updates, resets) = (self.updates.within(&bytes) > 0, self.resets.within(&bytes) > 0);
        Ok(Some(Piece { at, bytes: bytes.len(), updates, frames: updates || resets }))
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[allow(clippy::disallowed_methods, reason = "a measurement reads the clock")]
fn now() -> Instant {
    Instant::now()
}
