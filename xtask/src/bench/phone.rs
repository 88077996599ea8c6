//! A phone under measurement: a process of its own, registered at a far end of ours.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::far_end::FarEnd;
use super::joined::Way;
use super::makes::{Make, ours};
use crate::Failure;

/// What a phone does with a call that comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer<'a> {
    /// It rings.
    Ring,
    /// It answers, and says a tone.
    Auto,
    /// The same, and its sound goes so.
    Joined(Way),
    /// It answers so many, and each hears itself.
    Echo(usize),
    /// It answers so many, and says nothing itself.
    Confer(usize),
    /// It answers, says what is in the first file, and writes what it hears into the second.
    Files(&'a Path, &'a Path),
}

/// The process.
pub struct Phone {
    /// Where it registers.
    pub far: FarEnd,
    /// When it was started.
    pub started: Instant,
    child: Child,
    folder: PathBuf,
    farewell: &'static str,
}

impl Phone {
    /// Starts one in a folder of its own, without a sound card.
    #[allow(clippy::disallowed_methods, reason = "a measurement reads the clock")]
    pub fn start(make: Make, answer: Answer<'_>) -> Result<Self, Failure> {
        let far = FarEnd::open()?;
        // A short path: a socket's address has room for no more than 107 bytes.
        let folder = std::env::temp_dir().join(format!("tuiphone-bench-{}", far.address()?.port()));
        fs::create_dir_all(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
        let mut command = make.command(&folder, far.address()?, answer)?;
        let words = make.words(&folder, answer);
        let input = if words.is_empty() { Stdio::null() } else { Stdio::piped() };
        command.stdin(input).stdout(Stdio::null()).stderr(Stdio::null());
        let started = Instant::now();
        let mut child = command.spawn().map_err(|e| format!("cannot start {make:?}: {e}"))?;
        if let Some(input) = &mut child.stdin {
            input.write_all(words.as_bytes()).map_err(|e| format!("telling {make:?} what to do: {e}"))?;
        }
        Ok(Self { far, started, child, folder, farewell: make.farewell() })
    }

    /// Asks it to end.
    pub fn dismiss(&mut self) {
        match &mut self.child.stdin {
            Some(input) if !self.farewell.is_empty() => drop(input.write_all(self.farewell.as_bytes())),
            _ => drop(Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status()),
        }
    }

    /// Waits a little until it has ended: what it records is whole then.
    pub fn stop(mut self) {
        for _ in 0..150 {
            if !matches!(self.child.try_wait(), Ok(None)) {
                break;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Our program on the profile of this phone, as another process.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = ours(&self.folder);
        command.args(arguments);
        command
    }

    /// A file in its folder.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// The control socket, once it is there.
    pub fn control(&self) -> Result<PathBuf, Failure> {
        let folder = self.folder.join("tuiphone");
        let found = fs::read_dir(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
        let mut sockets = found.filter_map(|e| Some(e.ok()?.path())).filter(|p| p.extension() == Some("sock".as_ref()));
        sockets.next().ok_or_else(|| format!("no control socket in {}", folder.display()))
    }

    /// Resident and proportional memory as the system counts it, MB.
    pub fn memory(&self) -> Result<(f64, f64), Failure> {
        memory_of(self.child.id())
    }

    /// Processor time so far, user and system, seconds.
    pub fn processor(&self) -> Result<f64, Failure> {
        let mut nanoseconds = 0.0;
        for task in self.tasks()? {
            let times = fs::read_to_string(task.join("schedstat")).unwrap_or_default();
            nanoseconds += times.split_whitespace().next().and_then(|t| t.parse::<f64>().ok()).unwrap_or(0.0);
        }
        Ok(nanoseconds / 1e9)
    }

    /// How often its threads went to sleep so far.
    pub fn sleeps(&self) -> Result<f64, Failure> {
        let mut sleeps = 0.0;
        for task in self.tasks()? {
            let status = fs::read_to_string(task.join("status")).unwrap_or_default();
            let line = status.lines().find_map(|l| l.strip_prefix("voluntary_ctxt_switches:"));
            sleeps += line.and_then(|l| l.trim().parse::<f64>().ok()).unwrap_or(0.0);
        }
        Ok(sleeps)
    }

    /// The best that any of its threads was granted, as the system calls it.
    pub fn priority(&self) -> String {
        let stats = self.tasks().unwrap_or_default().into_iter();
        let best = stats.filter_map(|task| {
            let stat = fs::read_to_string(task.join("stat")).ok()?;
            // Counted from the end of the name, which may have spaces in it: nice value, real-time priority.
            let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(16);
            let nice: i32 = fields.next()?.parse().ok()?;
            let real_time: i32 = fields.nth(20)?.parse().ok()?;
            Some((real_time, -nice))
        });
        match best.max() {
            Some((1.., _)) => "real-time".to_owned(),
            Some((_, nice @ 1..)) => format!("nice −{nice}"),
            _ => "normal".to_owned(),
        }
    }

    fn tasks(&self) -> Result<Vec<PathBuf>, Failure> {
        let folder = PathBuf::from(format!("/proc/{}/task", self.child.id()));
        let found = fs::read_dir(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
        Ok(found.filter_map(|entry| Some(entry.ok()?.path())).collect())
    }
}

impl Drop for Phone {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Resident and proportional memory of a process as the system counts it, MB.
pub fn memory_of(process: u32) -> Result<(f64, f64), Failure> {
    let path = format!("/proc/{process}/smaps_rollup");
    let rollup = fs::read_to_string(&path).map_err(|e| format!("{path}: {e}"))?;
    let megabytes = |field: &str| {
        let line = rollup.lines().find_map(|l| l.strip_prefix(field));
        let kilobytes = line.and_then(|l| l.split_whitespace().next()?.parse::<f64>().ok());
        kilobytes.map(|k| k / 1024.0).ok_or_else(|| format!("no {field} in {path}"))
    };
    Ok((megabytes("Rss:")?, megabytes("Pss:")?))
}

/// Waits until the phone has nothing to do any more: what it does at its start is no part of what it costs.
pub fn settle() {
    std::thread::sleep(Duration::from_secs(2));
}
