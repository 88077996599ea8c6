//! `cargo xtask profile`: what a start is made of, and what a call takes from the heap, written to `benches/PROFILE.md`.
//! valgrind counts both, so figures do not depend on how busy the machine is.

mod records;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use self::records::{Allocations, Heap};
use crate::Failure;
use crate::run::{bounded, output, root, say, target, wait, which};
use crate::size;

/// Calls that are made one after another, and how long the short and the long ones last.
const CALLS: u64 = 4;
const SHORT_SECONDS: u64 = 3;
const LONG_SECONDS: u64 = 8;
/// How long a phone may take to register, at valgrind's pace.
const START: Duration = Duration::from_secs(90);
/// Rows of a table.
const ROWS: usize = 24;
const OWN: &str = "tuiphone";

/// Builds with symbols, measures, writes the page.
pub fn run() -> Result<(), Failure> {
    which("valgrind").ok_or("valgrind is not here (Debian: valgrind)")?;
    let program = size::with_symbols()?;
    let home = target().join("size").join("home");
    let _ = fs::remove_dir_all(&home);
    fs::create_dir_all(&home).map_err(|e| format!("{}: {e}", home.display()))?;
    let place = Place { program, home };
    let _peer = place.peer()?;

    say("a start");
    let record = place.daemon("callgrind", &[])?;
    let start = records::instructions(&record, OWN);
    let heap = |calls: u64, seconds: u64| {
        say(&format!("{calls} calls of {seconds} s"));
        let seconds = seconds.to_string();
        let call = ["-q", "call", "600", "--duration", &seconds];
        let record = place.daemon("dhat", &vec![&call[..]; usize::try_from(calls).unwrap_or_default()])?;
        records::allocations(&record, OWN).ok_or_else(|| "DHAT's record cannot be read".to_owned())
    };
    let (none, short, long) = (heap(0, 0)?, heap(CALLS, SHORT_SECONDS)?, heap(CALLS, LONG_SECONDS)?);
    let text = page(&start, &none, &short, &long);
    let file = root().join("benches").join("PROFILE.md");
    fs::write(&file, &text).map_err(|e| format!("{}: {e}", file.display()))?;
    print!("{text}");
    Ok(())
}

/// A phone and where it lives.
struct Place {
    program: PathBuf,
    home: PathBuf,
}

impl Place {
    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.env("HOME", &self.home).env("XDG_RUNTIME_DIR", &self.home).env("LANG", "C.UTF-8");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    fn ini(&self) -> PathBuf {
        self.home.join("p.ini")
    }

    /// Far ends, and the settings that lead to them.
    fn peer(&self) -> Result<Ended, Failure> {
        let mut command = self.command(&self.program);
        let peer = Ended::start(command.args(["demo", "--peer"]).arg(self.ini()))?;
        for _ in 0..200 {
            if self.ini().exists() {
                return Ok(peer);
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Err("the far ends did not come up".to_owned())
    }

    /// What a tool of valgrind's has written of a daemon that registers, makes these calls, and ends.
    fn daemon(&self, tool: &str, calls: &[&[&str]]) -> Result<String, Failure> {
        let record = self.home.join(format!("{tool}.out"));
        let mut command = self.command(Path::new("valgrind"));
        command.args(["-q", "--demangle=no", "--num-callers=40", &format!("--tool={tool}")]);
        command.arg(format!("--{tool}-out-file={}", record.display())).arg(&self.program).arg("-i").arg(self.ini());
        let mut daemon = Ended::start(command.args(["daemon", "--audio-in", "null", "--audio-out", "null"]))?;
        self.until_registered()?;
        for words in calls {
            bounded(self.command(&self.program).arg("-i").arg(self.ini()).args(*words), START)?;
        }
        bounded(Command::new("kill").args(["-TERM", &daemon.0.id().to_string()]), Duration::from_secs(10))?;
        daemon.until_ended()?;
        fs::read(&record).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).map_err(|e| format!("{tool}: {e}"))
    }

    fn until_registered(&self) -> Result<(), Failure> {
        for _ in 0..START.as_secs() * 5 {
            let mut command = self.command(&self.program);
            let said = command.arg("-i").arg(self.ini()).args(["status", "--json"]).stdout(Stdio::piped()).output();
            if said.is_ok_and(|said| String::from_utf8_lossy(&said.stdout).contains("\"state\":\"registered\"")) {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(200));
        }
        Err("the phone did not register".to_owned())
    }
}

/// A process that does not outlive this.
struct Ended(Child);

impl Ended {
    fn start(command: &mut Command) -> Result<Ended, Failure> {
        command.spawn().map(Ended).map_err(|e| format!("cannot start it: {e}"))
    }

    fn until_ended(&mut self) -> Result<(), Failure> {
        match wait(&mut self.0, START) {
            Ok(Some(status)) if status.code().is_some() => Ok(()),
            _ => Err("the phone did not end".to_owned()),
        }
    }
}

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn page(start: &BTreeMap<String, u64>, none: &Allocations, short: &Allocations, long: &Allocations) -> String {
    let instructions: u64 = start.values().sum();
    let mut text = format!(
        "# Profiles\n\nWritten by `cargo xtask profile`; do not edit. Version {}.\n\n## A start\n\n\
         {:.1} million instructions from the start of a daemon to its registration with digest, and its end, as callgrind\n\
         counts them.\n\n| who | million | part |\n|---|---|---|\n",
        output("git", &["describe", "--always", "--dirty"]).unwrap_or_default().trim(),
        instructions as f64 / 1e6
    );
    for (name, count) in sorted(start.iter().map(|(name, count)| (name.as_str(), *count))) {
        let part = count as f64 * 100.0 / instructions.max(1) as f64;
        let _ = writeln!(text, "| {name} | {:.2} | {part:.1} % |", count as f64 / 1e6);
    }
    let sum = |of: &Allocations| {
        let add = |sum: Heap, heap: &Heap| Heap { blocks: sum.blocks + heap.blocks, bytes: sum.bytes + heap.bytes };
        of.by.values().fold(Heap::default(), add)
    };
    let (calls, talked) = (sum(short).beyond(sum(none)), sum(long).beyond(sum(short)));
    let seconds = CALLS * (LONG_SECONDS - SHORT_SECONDS);
    let _ = write!(
        text,
        "\n## A call\n\nAs DHAT counts blocks of the heap, over {CALLS} calls to the echo from dialling to the end, each led by a\n\
         `tuiphone call` of its own. The media thread takes none while it talks; what a second takes is the reports, the events\n\
         and the far end's RTCP.\n\n| what | blocks | kB |\n|---|---|---|\n\
         | a call of {SHORT_SECONDS} s | {} | {:.1} |\n| each further second of it | {:.1} | {:.2} |\n\n\
         At the fullest moment {:.0} kB were held without a call, {:.0} kB with one.\n\n| who, of a call | blocks | kB |\n|---|---|---|\n",
        calls.blocks / CALLS,
        calls.bytes as f64 / 1e3 / CALLS as f64,
        talked.blocks as f64 / seconds as f64,
        talked.bytes as f64 / 1e3 / seconds as f64,
        none.most as f64 / 1e3,
        short.most as f64 / 1e3,
    );
    let beyond = |name: &String, heap: &Heap| heap.beyond(none.by.get(name).copied().unwrap_or_default());
    let by: BTreeMap<&str, Heap> = short.by.iter().map(|(name, heap)| (name.as_str(), beyond(name, heap))).collect();
    for (name, _) in sorted(by.iter().map(|(name, heap)| (*name, heap.bytes))) {
        let heap = by.get(name).copied().unwrap_or_default();
        let (blocks, bytes) = (heap.blocks as f64 / CALLS as f64, heap.bytes as f64 / 1e3 / CALLS as f64);
        let _ = writeln!(text, "| {name} | {blocks:.1} | {bytes:.1} |");
    }
    text
}

/// The most first, as many as a table has rows.
fn sorted<'a>(rows: impl Iterator<Item = (&'a str, u64)>) -> Vec<(&'a str, u64)> {
    let mut rows: Vec<_> = rows.filter(|(_, count)| *count > 0).collect();
    rows.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    rows.truncate(ROWS);
    rows
}
