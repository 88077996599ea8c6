//! `cargo xtask soak [CALLS] [--keep]`: a phone that is called, registered, cut off, stopped, killed and set to another
//! time over and over holds no more than at the beginning. Ends with a table.

use std::path::Path;
use std::process::Command;

use crate::Failure;
use crate::run::{LONG, bounded, cargo, output, program, root, say, target};

/// Calls that are set up and torn down where nothing is said.
const CALLS: u64 = 10_000;

/// For `tests/cli/soak.rs`: requests and calls one after another, how long a call is asked about, and how long calls are
/// made before anything is compared: transactions outlast a call by 32 s.
const OF_REQUESTS: [(&str, &str); 4] = [
    ("TUIPHONE_SOAK_REQUESTS", "10000"),
    ("TUIPHONE_SOAK_CALLS", "500"),
    ("TUIPHONE_SOAK_SECONDS", "20"),
    ("TUIPHONE_SOAK_WARMING_SECONDS", "45"),
];

/// What glibc keeps for each thread of what was freed is not the phone's: with it, a page stays for each of some thousand
/// blocks, now here, now there.
const TUNABLES: &str = "glibc.malloc.tcache_count=0:glibc.malloc.arena_max=1";

/// Over the rows that `tests/soak` writes.
const HEAD: &str = "\
| what | times | RSS, MiB | anonymous, MiB | files | sockets | threads | calls left | history: should have / has |
|---|---|---|---|---|---|---|---|---|
";

/// What is measured, where it is kept.
const PREFACE: &str = "\
# The long run

One phone of a release build for each row, on loopback or in network namespaces of its own; what it holds at rest, before and
after, once a few turns have shown what such a phone needs. Memory that no file stands behind (anonymous) may not grow by more
than 2 % or thirty pages, with glibc told to keep nothing for single threads; files, sockets, threads and calls may not be more;
no call may be missing in the history. The run fails otherwise. RSS also has pages of the program's file, which come and go with
what was done last, and so is only told. What each row does:
`tests/soak`; the same with a few turns is part of `cargo xtask test`.

Repeat it with (Linux; as root, with `ip`, `pulseaudio` and `faketime` installed, or rows are left out):

```sh
cargo xtask soak --keep
```

";

/// Builds the phone, runs `tests/soak` and the requests of `tests/cli/soak.rs` with it, prints the table.
pub fn run(arguments: &[String], keep: bool) -> Result<(), Failure> {
    let calls = match arguments {
        [] => CALLS,
        [count] => count.parse().map_err(|_| format!("not a number: {count}"))?,
        _ => return Err("a number of calls, and --keep".into()),
    };
    cargo(&["build", "--locked", "--release", "--bin", "tuiphone"])?;
    let about = about();
    let table = target().join("soak.md");
    let _ = std::fs::remove_file(&table);
    let calls = calls.to_string();
    let phases = test(
        &["--test", "soak", "--", "--test-threads", "4"],
        &[
            ("TUIPHONE_SOAK_LONG", "1"),
            ("GLIBC_TUNABLES", TUNABLES),
            ("TUIPHONE_SOAK_TABLE", &table.to_string_lossy()),
            ("TUIPHONE_SOAK_CALLS", &calls),
        ],
    );
    let requests = test(&["--test", "cli", "soak::", "--", "--test-threads", "1"], &OF_REQUESTS);
    let rows = std::fs::read_to_string(&table).map_err(|why| format!("no table {}: {why}", table.display()))?;
    let told = format!("{about}{HEAD}{rows}");
    println!("{told}");
    phases.and(requests)?;
    if keep {
        let file = root().join("benches").join("SOAK.md");
        std::fs::write(&file, format!("{PREFACE}{told}")).map_err(|why| format!("{}: {why}", file.display()))?;
        say(&format!("kept in {}", file.display()));
    }
    Ok(())
}

/// Tests with the optimised phone in the place of the one that is built with them.
fn test(arguments: &[&str], environment: &[(&str, &str)]) -> Result<(), Failure> {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root()).args(["test", "--locked"]).args(arguments).arg("--nocapture");
    command.envs(environment.iter().copied()).env("TUIPHONE_SOAK_PROGRAM", program("release"));
    say(&format!("cargo test {}", arguments.join(" ")));
    bounded(&mut command, LONG)
}

/// When, which phone, on what.
fn about() -> String {
    let day = output("date", &["-u", "+%F"]).unwrap_or_default();
    let commit = output("git", &["rev-parse", "--short=12", "HEAD"]).unwrap_or_default();
    let processors = std::fs::read_to_string(Path::new("/proc/cpuinfo")).unwrap_or_default();
    let names = || processors.lines().filter(|line| line.starts_with("model name"));
    let name = names().next().and_then(|line| line.split_once(": ")).map_or("unknown", |(_, name)| name);
    format!("{}, commit {}, {} processors {name}:\n\n", day.trim(), commit.trim(), names().count())
}
