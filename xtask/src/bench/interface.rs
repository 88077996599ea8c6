//! The interface in a pseudo-terminal: how soon a key shows, and whether it is quiet when nothing happens.

use std::io::{Read, Write};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

use super::phone::Phone;
use crate::Failure;

/// How many keys are pressed.
const KEYS: usize = 200;

/// What was seen.
pub struct Seen {
    /// From each key to the first byte of the frame that shows it, sorted.
    pub keys: Vec<Duration>,
    /// Bytes written in [`QUIET`] without a key.
    pub idle_bytes: usize,
}

/// How long the idle screen is watched.
pub const QUIET: Duration = Duration::from_secs(20);

/// Attaches an interface to the daemon of this phone and presses keys.
pub fn watch(phone: &Phone) -> Result<Seen, Failure> {
    let mut terminal = Terminal::open(phone)?;
    terminal.drain(Duration::from_millis(1_500));
    let mut keys = Vec::new();
    for n in 0..KEYS {
        // Another digit, then its end; at moments that keep step with nothing.
        let key: &[u8] = if n % 2 == 0 { b"5" } else { b"\x7f" };
        terminal.drain(Duration::from_millis(40 + (n as u64 * 17) % 43));
        keys.push(terminal.press(key)?);
    }
    keys.sort();
    terminal.drain(Duration::from_millis(1_500));
    let idle_bytes = terminal.drain(QUIET);
    Ok(Seen { keys, idle_bytes })
}

struct Terminal {
    keys: Box<dyn Write + Send>,
    bytes: Receiver<(Instant, usize)>,
    child: Box<dyn Child + Send + Sync>,
    _master: Box<dyn MasterPty + Send>,
}

impl Terminal {
    fn open(phone: &Phone) -> Result<Self, Failure> {
        let tried = |what: &str, why: &dyn std::fmt::Display| format!("{what}: {why}");
        let size = PtySize { rows: 24, cols: 80, ..PtySize::default() };
        let pair = native_pty_system().openpty(size).map_err(|e| tried("a pseudo-terminal", &e))?;
        let program = phone.command(&[]);
        let mut command = CommandBuilder::new(program.get_program());
        command.args(program.get_args());
        program.get_envs().filter_map(|(name, value)| Some((name, value?))).for_each(|(n, v)| command.env(n, v));
        command.env("TERM", "xterm-256color");
        let child = pair.slave.spawn_command(command).map_err(|e| tried("tuiphone", &e))?;
        let mut output = pair.master.try_clone_reader().map_err(|e| tried("its screen", &e))?;
        let keys = pair.master.take_writer().map_err(|e| tried("its keys", &e))?;
        let (sender, bytes) = channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 65_536];
            while let Ok(count @ 1..) = output.read(&mut buffer) {
                if sender.send((now(), count)).is_err() {
                    return;
                }
            }
        });
        Ok(Self { keys, bytes, child, _master: pair.master })
    }

    /// Presses a key; how long until the first byte of what it changes.
    fn press(&mut self, key: &[u8]) -> Result<Duration, Failure> {
        let start = now();
        self.keys.write_all(key).and_then(|()| self.keys.flush()).map_err(|e| format!("pressing a key: {e}"))?;
        let (first, _) =
            self.bytes.recv_timeout(Duration::from_secs(2)).map_err(|_| "a key changed nothing on the screen")?;
        Ok(first.saturating_duration_since(start))
    }

    /// Takes in what is written within this time: its bytes.
    fn drain(&mut self, time: Duration) -> usize {
        let until = now() + time;
        let mut total = 0;
        loop {
            match self.bytes.recv_timeout(until.saturating_duration_since(now())) {
                Ok((_, count)) => total += count,
                Err(RecvTimeoutError::Timeout) => return total,
                Err(RecvTimeoutError::Disconnected) => {
                    std::thread::sleep(until.saturating_duration_since(now()));
                    return total;
                }
            }
        }
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
