//! `cargo xtask fuzz [SEEDS]`: damaged traffic between phones and damaged samples for every reader, from seeds nobody has
//! tried. `cargo xtask fuzz READER…|all [SECONDS] [--keep]`: these readers, or every one, their input led by coverage, as
//! many at once as there are processors; kept in `benches/FUZZ.md`.

mod page;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::PathBuf;
use std::process::Command;
use std::sync::Mutex;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::Failure;
use crate::run::{LONG, bounded, output, root, say, target};

/// Seeds where none are said.
const SEEDS: u64 = 1000;
/// How long one reader is led, where nothing is said.
const SECONDS: u64 = 60;
/// An input that takes a reader so long is a finding. Not less: beside other work a moment's input has taken 13 s.
const SLOW_S: u64 = 60;
/// What a reader may need beyond its time: samples are read before it begins, and statistics written behind it.
const BESIDE: Duration = Duration::from_secs(240);

/// Runs it; a failure names its seed, or the file of its input.
pub fn run(arguments: &[String], keep: bool) -> Result<(), Failure> {
    let (numbers, names): (Vec<_>, Vec<_>) = arguments.iter().partition(|word| word.parse::<u64>().is_ok());
    let number = match numbers[..] {
        [] => None,
        [number] => number.parse().ok(),
        _ => return Err("one number: of seeds, or of seconds".into()),
    };
    if names.is_empty() {
        return seeds(number.unwrap_or(SEEDS));
    }
    let known = readers()?;
    if let Some(name) = names.iter().find(|name| **name != "all" && !known.contains(name)) {
        return Err(format!("there is no reader {name}; there are {}, and all", known.join(" ")));
    }
    let is_meant = |name: &String| names.iter().any(|meant| *meant == "all" || *meant == name);
    let meant: Vec<String> = known.into_iter().filter(is_meant).collect();
    lead(&built(Guard::Nothing)?, &meant, number.unwrap_or(SECONDS), keep)
}

fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    command
}

/// `tests/sim/fuzz.rs` and `tests/fuzz` on many seeds, in an optimised build.
fn seeds(count: u64) -> Result<(), Failure> {
    #[allow(clippy::disallowed_methods, reason = "chores run on the real clock")]
    let seed = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
    say(&format!("{count} seeds from {seed}"));
    for (test, filter) in [("fuzz", ""), ("sim", "fuzz")] {
        let mut command = cargo();
        command.args(["test", "--locked", "--release", "--test", test, "--", "--nocapture", filter]);
        command.env("TUIPHONE_FUZZ_SEED", seed.to_string()).env("TUIPHONE_FUZZ_COUNT", count.to_string());
        bounded(&mut command, LONG)?;
    }
    Ok(())
}

fn corpus() -> PathBuf {
    root().join("fuzz").join("corpus")
}

/// The readers there are: each has a folder of samples.
fn readers() -> Result<Vec<String>, Failure> {
    let known = fs::read_dir(corpus()).map_err(|e| format!("{}: {e}", corpus().display()))?;
    let mut known: Vec<String> = known.flatten().map(|e| e.file_name().to_string_lossy().into_owned()).collect();
    known.sort();
    Ok(known)
}

/// What looks at memory while a reader works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Guard {
    /// Nobody: everything that Rust checks by itself is checked, and every sum.
    Nothing,
    /// AddressSanitizer, which also sees what C does; it needs a nightly toolchain.
    Address,
}

impl Guard {
    /// Where everything of it is kept.
    fn home(self) -> PathBuf {
        target().join(if self == Guard::Address { "fuzz-address" } else { "fuzz" })
    }
}

/// A fuzzer that is built.
pub struct Fuzzer {
    program: PathBuf,
    guard: Guard,
}

/// Builds it with all readers.
pub fn built(guard: Guard) -> Result<Fuzzer, Failure> {
    if output("cargo", &["fuzz", "--version"]).is_none() {
        return Err("cargo-fuzz is not here: cargo install --locked cargo-fuzz".into());
    }
    // The versions that the phone is built with.
    let (lock, own) = (root().join("Cargo.lock"), root().join("fuzz").join("Cargo.lock"));
    fs::copy(&lock, &own).map_err(|e| format!("{}: {e}", own.display()))?;
    let mut command = cargo();
    // What leads the fuzzer is no part of stable Rust.
    command.env("RUSTC_BOOTSTRAP", "1");
    let sanitiser = match guard {
        Guard::Nothing => "none",
        Guard::Address => {
            command = Command::new("cargo");
            command.current_dir(root()).env_remove("CARGO").env("RUSTUP_TOOLCHAIN", "nightly");
            // The libraries in C are to be looked at too.
            command.env("CFLAGS", "-fsanitize=address -fno-omit-frame-pointer -g");
            "address"
        }
    };
    command.args(["fuzz", "build", "--sanitizer", sanitiser, "--debug-assertions", "--target-dir"]);
    bounded(command.arg(guard.home()).arg("reader"), LONG)?;
    let version = output("rustc", &["-vV"]).ok_or("rustc does not say its version")?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).ok_or("rustc does not say its host")?;
    let name = format!("reader{}", std::env::consts::EXE_SUFFIX);
    Ok(Fuzzer { program: guard.home().join(host).join("release").join(name), guard })
}

/// What came of a reader.
#[derive(Debug, Default, PartialEq, Eq)]
struct Run {
    executions: u64,
    /// Inputs that lead to different places.
    corpus: u64,
    /// The input it cannot bear, or why there was no end.
    finding: Option<String>,
}

/// Leads these readers, as many at once as there are processors, and prints a table; fails when one of them found something.
pub fn lead(fuzzer: &Fuzzer, readers: &[String], seconds: u64, keep: bool) -> Result<(), Failure> {
    let (waiting, runs) = (Mutex::new(readers.iter()), Mutex::new(BTreeMap::new()));
    let work = || -> Result<(), Failure> {
        let next = || waiting.lock().ok().and_then(|mut waiting| waiting.next());
        while let Some(reader) = next() {
            say(&format!("{reader}, {seconds} s"));
            let run = fuzzer.led(reader, seconds)?;
            runs.lock().map_err(|_| "a run has failed")?.insert(reader.clone(), run);
        }
        Ok(())
    };
    let workers = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        workers.into_iter().try_for_each(|worker| worker.join().map_err(|_| "a run has failed")?)
    })?;
    let runs = runs.into_inner().map_err(|_| "a run has failed")?;
    println!("{:<14} {:>12} {:>7} {:>8}  findings", "reader", "executions", "corpus", "seconds");
    for (reader, run) in &runs {
        let Run { executions, corpus, finding } = run;
        println!("{reader:<14} {executions:>12} {corpus:>7} {seconds:>8}  {}", finding.as_deref().unwrap_or("none"));
    }
    if keep {
        let day = output("date", &["-u", "+%F"]).unwrap_or_default();
        let commit = output("git", &["describe", "--always", "--dirty"]).unwrap_or_default();
        let row = |Run { executions, corpus, finding }: &Run| {
            let found = if finding.is_some() { "**one**" } else { "none" };
            format!("{seconds} | {executions} | {corpus} | {found} | {} | {}", day.trim(), commit.trim())
        };
        let file = root().join("benches").join("FUZZ.md");
        let rows = runs.iter().map(|(reader, run)| (reader.clone(), row(run))).collect();
        let before = fs::read_to_string(&file).map_err(|e| format!("{}: {e}", file.display()))?;
        fs::write(&file, page::with(&before, &rows)).map_err(|e| format!("{}: {e}", file.display()))?;
    }
    match runs.values().filter(|run| run.finding.is_some()).count() {
        0 => Ok(()),
        count => Err(format!("{count} of {} readers met what they cannot bear", runs.len())),
    }
}

impl Fuzzer {
    /// What the fuzzer finds new goes below `target`; the samples of the tree stay as they are.
    fn led(&self, reader: &str, seconds: u64) -> Result<Run, Failure> {
        let home = self.guard.home();
        let (found, wrong) = (home.join("found").join(reader), home.join("wrong").join(reader));
        for folder in [&found, &wrong] {
            fs::create_dir_all(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
        }
        let told = home.join(format!("{reader}.txt"));
        let words = File::create(&told).map_err(|e| format!("{}: {e}", told.display()))?;
        let mut command = Command::new(&self.program);
        command.current_dir(root()).env("TUIPHONE_FUZZ_TARGET", reader).stderr(words);
        command.arg(&found).arg(corpus().join(reader));
        command.args(["-max_len=65536", &format!("-timeout={SLOW_S}"), "-rss_limit_mb=1024", "-print_final_stats=1"]);
        command.arg(format!("-max_total_time={seconds}")).arg(format!("-artifact_prefix={}/", wrong.display()));
        let end = bounded(&mut command, Duration::from_secs(seconds) + BESIDE);
        let words = fs::read(&told).map_err(|e| format!("{}: {e}", told.display()))?;
        let run = read(&String::from_utf8_lossy(&words));
        let place = |why: &str| format!("{why}: {}, inputs in {}", told.display(), wrong.display());
        Ok(Run { finding: end.err().map(|why| place(&why)), ..run })
    }
}

/// The figures in what libFuzzer tells: `#12 DONE cov: 3 ft: 4 corp: 5/6b …`, and its statistics.
fn read(told: &str) -> Run {
    let number = |text: &str| text.chars().take_while(char::is_ascii_digit).collect::<String>().parse().ok();
    let after = |word: &str| told.lines().rev().find_map(|line| number(line.split_once(word)?.1.trim_start()));
    let executions = after("stat::number_of_executed_units:").or_else(|| after("#")).unwrap_or(0);
    Run { executions, corpus: after(" corp: ").unwrap_or(0), finding: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_figures_of_a_run_are_read() {
        let told = "#2\tINITED cov: 3 ft: 4 corp: 1/6b\n#99\tDONE   cov: 30 ft: 41 corp: 17/2Kb lim: 4 exec/s: 9\n\
            Done 99 runs in 11 second(s)\nstat::number_of_executed_units: 99\nstat::peak_rss_mb: 40\n";
        assert_eq!(read(told), Run { executions: 99, corpus: 17, finding: None });
        let cut = "#8\tNEW    cov: 3 ft: 4 corp: 2/6b lim: 4 exec/s: 0\n==1== ERROR: libFuzzer: deadly signal\n";
        assert_eq!(read(cut), Run { executions: 8, corpus: 2, finding: None });
        assert_eq!(read(""), Run::default());
    }
}
