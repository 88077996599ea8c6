//! What a phone holds, before and after; a row of the table, and its bounds.

use std::fmt;
use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use crate::support::{Daemon, until};

/// How many of something: a few, or as many as the long run makes.
pub fn many(few: usize, long: usize) -> usize {
    if is_long() { long } else { few }
}

/// Whether this is the long run of `cargo xtask soak`.
pub fn is_long() -> bool {
    std::env::var_os("TUIPHONE_SOAK_LONG").is_some()
}

/// A number that `cargo xtask soak` was given.
pub fn wished(name: &str) -> Option<usize> {
    std::env::var(name).ok()?.parse().ok()
}

/// Memory that no file stands behind may grow by this part or by so many kilobytes, in the long run: what runs short or
/// unoptimised says little about it. Thirty pages come and go with where an allocator finds room. Resident memory has pages of
/// the program's file as well, which come and go with what was done last.
const FLAT: f64 = 0.02;
const PAGES_KB: f64 = 120.0;
/// Samples of memory, and the pause between them.
const SAMPLES: usize = 9;
const PAUSE: Duration = Duration::from_millis(100);
/// A phone that nothing has happened on for a second gives back what it does not need; after forty also what outlasts
/// a call: transactions (64*T1, RFC 3261 §17), the open history.
const REST: Duration = Duration::from_millis(1_800);
const LONG_REST: Duration = Duration::from_secs(50);

/// What a phone holds at rest.
#[derive(Debug, Clone, Copy)]
pub struct Held {
    /// Resident memory, and the part of it that no file stands behind, in kilobytes.
    memory: [f64; 2],
    counts: Counts,
    calls: usize,
}

impl Held {
    /// What a phone holds once it rests.
    pub fn by(daemon: &Daemon) -> Held {
        rest(daemon);
        Held::now(daemon)
    }

    /// The same afterwards. What is on its way out, a thread or a device, has its time; what has not gone then stays.
    pub fn again(daemon: &Daemon, before: &Held) -> Held {
        rest(daemon);
        Held::since(daemon, before)
    }

    /// As `again`, of one that rests already.
    pub fn since(daemon: &Daemon, before: &Held) -> Held {
        let exceeds = |now: &Counts| now.0 > before.counts.0 || now.1 > before.counts.1 || now.2 > before.counts.2;
        if !until(|| !exceeds(&counts(daemon))) {
            println!("soak: more than before: {:?}, {:?}", open(daemon), threads(daemon));
        }
        Held::now(daemon)
    }

    /// What one that rests already holds.
    pub fn now(daemon: &Daemon) -> Held {
        let mut samples = [Vec::new(), Vec::new()];
        for _ in 0..SAMPLES {
            for (all, now) in samples.iter_mut().zip(memory(daemon)) {
                all.push(now);
            }
            std::thread::sleep(PAUSE);
        }
        let memory = samples.map(|mut all| {
            all.sort_by(f64::total_cmp);
            all[SAMPLES / 2]
        });
        Held { memory, counts: counts(daemon), calls: calls(daemon) }
    }
}

/// Waits until there is no call, in the long run for the end of what outlasts one as well.
pub fn rest(daemon: &Daemon) {
    assert!(until(|| calls(daemon) == 0), "{}", daemon.connect().ask("calls"));
    std::thread::sleep(if is_long() { LONG_REST } else { REST });
}

/// Files, sockets, threads.
type Counts = (usize, usize, usize);

fn counts(daemon: &Daemon) -> Counts {
    let files = open(daemon);
    let sockets = files.iter().filter(|target| target.starts_with("socket:")).count();
    (files.len() - sockets, sockets, threads(daemon).len())
}

/// What its threads are called.
fn threads(daemon: &Daemon) -> Vec<String> {
    let all = std::fs::read_dir(place(daemon).join("task")).expect("its threads");
    let name =
        |entry: std::io::Result<std::fs::DirEntry>| std::fs::read_to_string(entry.ok()?.path().join("comm")).ok();
    all.filter_map(name).map(|name| name.trim_end().to_owned()).collect()
}

fn calls(daemon: &Daemon) -> usize {
    daemon.connect().ask("status")["calls"].as_array().map_or(usize::MAX, Vec::len)
}

fn place(daemon: &Daemon) -> PathBuf {
    PathBuf::from(format!("/proc/{}", daemon.child.id()))
}

/// Resident memory, and the part of it that no file stands behind, in kilobytes.
fn memory(daemon: &Daemon) -> [f64; 2] {
    let text = std::fs::read_to_string(place(daemon).join("smaps_rollup")).expect("its memory");
    ["Rss:", "Anonymous:"].map(|name| {
        let line = text.lines().find_map(|line| line.strip_prefix(name)).expect("a line");
        line.split_whitespace().next().and_then(|word| word.parse().ok()).expect("a number")
    })
}

/// What its open files are.
fn open(daemon: &Daemon) -> Vec<String> {
    let all = std::fs::read_dir(place(daemon).join("fd")).expect("its files");
    let target = |entry: std::io::Result<std::fs::DirEntry>| std::fs::read_link(entry.ok()?.path()).ok();
    all.filter_map(target).map(|target| target.to_string_lossy().into_owned()).collect()
}

/// What a phase did to a phone.
pub struct Row<'a> {
    pub phase: &'a str,
    /// How often it was done.
    pub count: usize,
    pub before: Held,
    pub after: Held,
    /// Calls that the history should have, and those it has.
    pub history: (usize, usize),
}

impl Row<'_> {
    /// Tells it, for the table as well, and fails where a bound is broken.
    #[track_caller]
    pub fn holds(self) {
        println!("soak: {self}");
        if let Some(path) = std::env::var_os("TUIPHONE_SOAK_TABLE") {
            let file = std::fs::OpenOptions::new().create(true).append(true).open(path);
            writeln!(file.expect("the table"), "{self}").expect("written");
        }
        if is_long() {
            let [_, grown] = self.growth();
            let may = FLAT.max(PAGES_KB / self.before.memory[1]);
            assert!(grown <= may, "{}: memory has grown by {:.1} %: {self}", self.phase, grown * 100.0);
        }
        for (what, was, is) in self.counts() {
            assert!(is <= was, "{}: {what} are left, {was} before, {is} now: {self}", self.phase);
        }
        assert_eq!(self.after.calls, 0, "{}: calls are left", self.phase);
        assert_eq!(self.history.0, self.history.1, "{}: calls that the history should have, and has", self.phase);
    }

    fn counts(&self) -> [(&'static str, usize, usize); 3] {
        let (was, is) = (self.before.counts, self.after.counts);
        [("files", was.0, is.0), ("sockets", was.1, is.1), ("threads", was.2, is.2)]
    }

    fn growth(&self) -> [f64; 2] {
        [0, 1].map(|which| self.after.memory[which] / self.before.memory[which] - 1.0)
    }
}

impl fmt::Display for Row<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (before, after, growth) = (&self.before, &self.after, self.growth());
        write!(out, "| {} | {} ", self.phase, self.count)?;
        for which in [0, 1] {
            let [was, is] = [before, after].map(|held| held.memory[which] / 1024.0);
            write!(out, "| {was:.2} → {is:.2} ({:+.1} %) ", growth[which] * 100.0)?;
        }
        for (_, was, is) in self.counts() {
            write!(out, "| {was} → {is} ")?;
        }
        let (expected, kept) = self.history;
        write!(out, "| {} | {expected} / {kept} |", after.calls)
    }
}
