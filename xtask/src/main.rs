//! The chores of tuiphone; [`USAGE`] lists them.
//!
//! Standard library only: this program must build on a machine that has Rust and nothing else, because it is the one
//! that fetches the rest.

mod audit;
#[cfg(all(feature = "measure", target_os = "linux"))]
mod bench;
mod demo;
mod doctor;
mod fuzz;
mod licences;
mod order;
#[cfg(unix)]
mod package;
mod profile;
mod run;
mod sanitize;
mod size;
mod soak;
mod system;
mod test;
mod windows;

use std::process::ExitCode;

/// What went wrong, in a line for a person.
type Failure = String;

const USAGE: &str = "\
usage: cargo xtask CHORE [--no-install] [-- ARGS]

  demo      install what the build needs, build, start the phone with its built-in far ends
  test      everything: licences, tests of both feature sets, real peers where they can be had
  windows   build for Windows, run that under Wine and look at it (--exe PATH: that program; WINE=…: that Wine;
            --phone PATH: that phone of this system at the other end); on Windows without Wine
  fuzz      damaged traffic between phones, damaged samples for every reader, on new seeds (fuzz 5000: so many);
            fuzz READER…|all [SECONDS]: these, or every one, led by coverage (needs cargo-fuzz; --keep: into benches/FUZZ.md)
  sanitize  what reads sound and its packets, led by coverage, under AddressSanitizer (needs cargo-fuzz and nightly Rust)
  audit     what is known to be wrong with dependencies, their licences and where they come from (needs cargo-deny)
  soak      10,000 calls, 1,000 registrations, falls of the network, restarts, kills, a full disk, other times: nothing may grow
            (soak 50000: so many calls; --keep: write the table to benches/SOAK.md); then 10,000 requests of one phone
  bench     measure a release build, write benches/RESULTS.md (--peers: other phones beside it; PART…: print that part;
            --lines N, --seeds N: less of the speech, printed; --keep: put it into RESULTS.md beside what stands there)
  doctor    say what is here and what is missing (--install: fetch what the build needs)
  fmt       format every package
  man       write the pages of the manual anew, from the tables
  order     record what runs in a phone, write the order of its functions in a release build (needs valgrind)
  package   build, and put packages under target/package: .deb, .rpm, .tar.xz, SBOM (headless: without sound cards;
            --target TRIPLE: for another system; tree: only what is installed, below target/package/tree);
            package try [FOLDER]: install, run, remove each in a Debian (as root; made, or in that folder);
            package manifests --from URL: recipes of other systems, for a release whose files lie there
  size      whose bytes a release build is made of, into benches/SIZE.md (size tries: other ways to build it)
  profile   what a start is made of and what a call takes from the heap, into benches/PROFILE.md (needs valgrind)
  licences  list the dependencies' licences, fail on one we cannot ship (--write: the list that the program prints)

  --no-install  never call the package manager; say what is missing and stop
";

fn main() -> ExitCode {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let passed_on = match arguments.iter().position(|a| a == "--") {
        Some(at) => arguments.split_off(at).split_off(1),
        None => Vec::new(),
    };
    let install = !take(&mut arguments, "--no-install");
    let chore = if arguments.is_empty() { String::new() } else { arguments.remove(0) };
    let outcome = match chore.as_str() {
        "demo" => demo::run(install, &[arguments, passed_on].concat()),
        "test" => test::run(install, &[arguments, passed_on].concat()),
        "windows" => windows::run([arguments, passed_on].concat()),
        "soak" => {
            let keep = take(&mut arguments, "--keep");
            soak::run(&[arguments, passed_on].concat(), keep)
        }
        "fuzz" => {
            let keep = take(&mut arguments, "--keep");
            fuzz::run(&[arguments, passed_on].concat(), keep)
        }
        "bench" => bench(install, arguments),
        "doctor" => doctor::run(take(&mut arguments, "--install") && install),
        "fmt" => run::cargo(&["fmt", "--all"]),
        "man" => run::cargo(&["run", "--quiet", "--locked", "--package", "tuiphone", "--", "man", "--dir", "man"]),
        "order" => order::run(),
        #[cfg(unix)]
        "package" => package::run([arguments, passed_on].concat()),
        "size" => size::run(take(&mut arguments, "tries")),
        "profile" => profile::run(),
        "sanitize" => sanitize::run(&[arguments, passed_on].concat()),
        "audit" => audit::run(),
        "licences" | "licenses" => licences::run(take(&mut arguments, "--write")),
        _ => {
            eprint!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("xtask {chore}: {why}");
            ExitCode::FAILURE
        }
    }
}

/// Measures; the one chore that needs more than the standard library, so it is built when it is asked for.
#[cfg(all(feature = "measure", target_os = "linux"))]
fn bench(install: bool, mut arguments: Vec<String>) -> Result<(), Failure> {
    let (peers, keep) = (take(&mut arguments, "--peers"), take(&mut arguments, "--keep"));
    let (lines, seeds) = (take_number(&mut arguments, "--lines")?, take_number(&mut arguments, "--seeds")?);
    bench::run(install, &bench::Wish { peers, only: arguments, lines, seeds, keep })
}

/// Builds the chores again, now with what measuring needs, and runs that.
#[cfg(not(all(feature = "measure", target_os = "linux")))]
fn bench(install: bool, arguments: Vec<String>) -> Result<(), Failure> {
    if cfg!(not(target_os = "linux")) {
        return Err("it reads /proc: it measures on Linux only".into());
    }
    let mut command = vec!["run", "--quiet", "--locked", "--package", "xtask", "--features", "measure", "--", "bench"];
    command.extend(arguments.iter().map(String::as_str));
    command.extend((!install).then_some("--no-install"));
    run::cargo_for(&command, 2 * run::LONG)
}

/// Removes `option` and the number behind it from the arguments.
#[cfg(all(feature = "measure", target_os = "linux"))]
fn take_number(arguments: &mut Vec<String>, option: &str) -> Result<Option<usize>, Failure> {
    let number = take_value(arguments, option)?.map(|number| number.parse().ok());
    number.map(|number| number.ok_or_else(|| format!("{option} needs a number"))).transpose()
}

/// Removes `option` and the value behind it from the arguments.
fn take_value(arguments: &mut Vec<String>, option: &str) -> Result<Option<String>, Failure> {
    let Some(at) = arguments.iter().position(|a| a == option) else { return Ok(None) };
    arguments.remove(at);
    if at < arguments.len() { Ok(Some(arguments.remove(at))) } else { Err(format!("{option} needs a value")) }
}

/// Removes `flag` from the arguments; true when it was there.
fn take(arguments: &mut Vec<String>, flag: &str) -> bool {
    let before = arguments.len();
    arguments.retain(|a| a != flag);
    arguments.len() != before
}
