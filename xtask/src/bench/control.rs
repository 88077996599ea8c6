//! Requests to our daemon: over an open connection, and as a process of their own.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use super::phone::Phone;
use super::{TIMES, median};
use crate::Failure;

/// An open connection to a phone.
pub struct Line {
    stream: BufReader<UnixStream>,
}

impl Line {
    /// Connects.
    pub fn open(phone: &Phone) -> Result<Self, Failure> {
        let path = phone.control()?;
        let stream = UnixStream::connect(&path).map_err(|e| format!("{}: {e}", path.display()))?;
        stream.set_read_timeout(Some(Duration::from_secs(5))).map_err(|e| e.to_string())?;
        Ok(Self { stream: BufReader::new(stream) })
    }

    /// Sends a request.
    pub fn say(&mut self, request: &str) -> Result<(), Failure> {
        self.stream.get_mut().write_all(format!("{request}\n").as_bytes()).map_err(|e| format!("{request}: {e}"))
    }

    /// Takes one line in.
    pub fn hear(&mut self) -> Result<String, Failure> {
        let mut line = String::new();
        self.stream.read_line(&mut line).map_err(|e| format!("no reply: {e}"))?;
        Ok(line)
    }
}

/// A request → its reply on an open connection.
#[allow(clippy::disallowed_methods, reason = "a measurement reads the clock")]
pub fn status(line: &mut Line) -> Result<Duration, Failure> {
    let start = Instant::now();
    line.say("status")?;
    line.hear()?;
    Ok(start.elapsed())
}

/// `tuiphone status` from its start to its end.
#[allow(clippy::disallowed_methods, reason = "a measurement reads the clock")]
pub fn status_process(phone: &Phone) -> Result<Duration, Failure> {
    let mut command = phone.command(&["status", "--json"]);
    let start = Instant::now();
    let ended = command.stdin(Stdio::null()).stdout(Stdio::null()).status().map_err(|e| e.to_string())?;
    if ended.success() { Ok(start.elapsed()) } else { Err(format!("tuiphone status ended with {ended}")) }
}

/// `call 600` on an open connection → the INVITE at the far end, which refuses it.
#[allow(clippy::disallowed_methods, reason = "a measurement reads the clock")]
pub fn dial(phone: &Phone, line: &mut Line) -> Result<Duration, Failure> {
    let start = Instant::now();
    line.say("call 600")?;
    let invite = phone.far.receive("INVITE", |l| l.starts_with("INVITE "))?;
    let took = start.elapsed();
    phone.far.refuse(&invite)?;
    line.hear()?;
    Ok(took)
}

/// The start of `tuiphone call 600` → the INVITE of the daemon.
#[allow(clippy::disallowed_methods, reason = "a measurement reads the clock")]
pub fn dial_process(phone: &Phone) -> Result<Duration, Failure> {
    let mut command = phone.command(&["call", "600"]);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let start = Instant::now();
    let mut child: Child = command.spawn().map_err(|e| e.to_string())?;
    let took = phone.far.receive("INVITE", |l| l.starts_with("INVITE ")).and_then(|invite| {
        let took = start.elapsed();
        phone.far.refuse(&invite).map(|()| took)
    });
    // Refused or never begun: it ends by itself, or here.
    if took.is_err() {
        let _ = child.kill();
    }
    let _ = child.wait();
    took
}

/// [`TIMES`] of them.
pub fn times(mut once: impl FnMut() -> Result<Duration, Failure>) -> Result<Vec<Duration>, Failure> {
    (0..TIMES).map(|_| once()).collect()
}

/// The median of as many.
pub fn median_of(once: impl FnMut() -> Result<Duration, Failure>) -> Result<Duration, Failure> {
    times(once).map(median)
}
