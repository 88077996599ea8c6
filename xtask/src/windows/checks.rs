//! What was looked at: a line each, and how many were wrong.

use std::time::Instant;

use super::machine::Ran;
use crate::Failure;

/// How much of an output stands in a line.
const SHOWN: usize = 100;

/// The count.
pub struct Checks {
    began: Instant,
    looked: u32,
    wrong: u32,
    skipped: u32,
}

impl Checks {
    /// Nothing yet.
    #[allow(clippy::disallowed_methods, reason = "chores run on the real clock")]
    pub fn new() -> Checks {
        Checks { began: Instant::now(), looked: 0, wrong: 0, skipped: 0 }
    }

    /// One look: what, and what came. True when it was as it should be.
    pub fn is(&mut self, what: &str, is_good: bool, came: &str) -> bool {
        self.looked += 1;
        self.wrong += u32::from(!is_good);
        let (mark, after) = (if is_good { "ok   " } else { "WRONG" }, self.began.elapsed().as_secs());
        println!("{mark} {after:4} s  {what}: {}", first_line(came));
        if !is_good {
            came.lines().take(40).for_each(|line| println!("              | {line}"));
        }
        is_good
    }

    /// A command that ended: its exit code, and words that stand in what it printed.
    pub fn ran(&mut self, what: &str, ran: &Ran, code: i32, words: &[&str]) -> bool {
        let missing = words.iter().find(|word| !ran.says(word));
        let came = match missing {
            Some(word) => format!("exit code {}, and not {word:?} in:\n{}", ran.code_text(), ran.all()),
            None if ran.code == Some(code) => format!("exit code {code}{}", told(ran)),
            None => format!("exit code {}, not {code}:\n{}", ran.code_text(), ran.all()),
        };
        self.is(what, ran.code == Some(code) && missing.is_none(), &came)
    }

    /// What did not come about at all.
    pub fn failed(&mut self, what: &str, why: &str) {
        self.is(what, false, why);
    }

    /// What this machine cannot show.
    pub fn skipped(&mut self, what: &str, why: &str) {
        self.skipped += 1;
        println!("skip  {:4} s  {what}: {why}", self.began.elapsed().as_secs());
    }

    /// The outcome of all of it.
    pub fn end(self) -> Result<(), Failure> {
        let Checks { looked, wrong, skipped, .. } = self;
        println!("{looked} looked at, {wrong} wrong, {skipped} skipped");
        if wrong == 0 { Ok(()) } else { Err(format!("{wrong} of {looked} are wrong")) }
    }
}

fn told(ran: &Ran) -> String {
    let line = ran.out.lines().chain(ran.err.lines()).find(|line| !line.trim().is_empty());
    line.map_or_else(String::new, |line| format!(", {line}"))
}

fn first_line(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    let line: String = line.chars().map(|c| if c.is_control() { '?' } else { c }).collect();
    if line.chars().count() <= SHOWN { line } else { line.chars().take(SHOWN).chain("…".chars()).collect() }
}
