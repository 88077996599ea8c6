//! `bug-report`: what somebody who is to help must know, in one text, without secrets.

use super::doctor::Patient;
use super::doctor::finding::Finding;
use super::ini_files::IniFiles;
use super::options::{Job, Options};
use super::password::PasswordSource;
use super::paths::Environment;
use super::{config_verb, doctor, exit, licenses, out};
use crate::control::link::Link;
use crate::control::{CommandError, ExitCode, TraceAsk};
use crate::text::{MASK, elided, masked, plain_error};
use clap::{Arg, ArgMatches, Command};
use serde_json::{Map, Value};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Messages of the trace.
const MESSAGES: usize = 100;
/// Lines of the log, and bytes that are read for them.
const LOG_LINES: usize = 200;
const LOG_BYTES: u64 = 128 << 10;
/// Longest line, in characters.
const MAX_LINE: usize = 2_000;

/// The command.
pub(super) fn command(name: &'static str) -> Command {
    Command::new(name)
        .about("Write what somebody who is to help must know into one file, without secrets")
        .arg(Arg::new("file").help("A new file, - = standard output; tuiphone-report-TIME.txt unless said"))
}

/// What its matches ask for.
pub(super) fn job(matches: &ArgMatches) -> Job {
    Job::BugReport(matches.get_one::<String>("file").cloned())
}

/// Gathers, and writes.
///
/// # Errors
/// The file is there already, or cannot be written.
pub(super) async fn run(
    file: Option<&str>,
    options: &Options,
    password: Option<&PasswordSource>,
    environment: &Environment,
) -> Result<ExitCode, CommandError> {
    let patient = Patient::new(options, password, environment).await;
    let time = out::time_now();
    let mut sections: Vec<(String, Vec<String>)> =
        vec![("version".to_owned(), version()), ("platform".to_owned(), platform())];
    let findings = doctor::look(&patient, &[], |_| {}).await;
    sections.push(("doctor".to_owned(), findings.iter().map(Finding::text).collect()));
    let settings = match IniFiles::open(options, environment) {
        Ok(files) => {
            let mut lines = vec![format!("; {}", files.ini.path.display())];
            lines.extend(config_verb::lines(&files));
            lines
        }
        Err(error) => vec![error.to_string()],
    };
    sections.push(("settings".to_owned(), settings));
    let link = Link::Socket(patient.socket().to_owned());
    sections.push(("phone".to_owned(), status(&link).await));
    sections.push((format!("trace: the last {MESSAGES} messages, without bodies"), trace(&link).await));
    let log = patient.log(environment);
    sections.push((format!("log: the last lines of {}", log.display()), tail(&log)));
    let (secrets, home) = (patient.secrets(), environment.home());
    let text = written(&time, &sections, |line| scrubbed(line, &secrets, &home));
    let name = match file {
        Some("-") => {
            io::stdout().write_all(text.as_bytes()).map_err(|why| unwritable("standard output", &why))?;
            return Ok(ExitCode::Ok);
        }
        Some(name) => name.to_owned(),
        None => {
            let stamp: String = time.chars().take(19).filter(|c| c.is_ascii_digit() || *c == 'T').collect();
            format!("tuiphone-report-{stamp}.txt")
        }
    };
    write(Path::new(&name), &text).map_err(|why| unwritable(&name, &why))?;
    if options.json || options.ndjson {
        out::json(&serde_json::json!({"v": 1, "verb": "bug-report", "ok": true, "file": name}));
    } else {
        out::line(&name);
        if !options.quiet {
            out::talk("tuiphone: it tells addresses, names and numbers: read it before you send it");
        }
    }
    Ok(ExitCode::Ok)
}

fn version() -> Vec<String> {
    let features: Vec<&str> = licenses::features().collect();
    let build = if cfg!(debug_assertions) { "debug" } else { "release" };
    vec![format!("tuiphone {} ({build}; {})", env!("CARGO_PKG_VERSION"), features.join(" "))]
}

fn platform() -> Vec<String> {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let name = read("/etc/os-release")
        .lines()
        .find_map(|line| Some(line.strip_prefix("PRETTY_NAME=")?.trim_matches('"').to_owned()));
    let kernel = read("/proc/sys/kernel/osrelease").trim().to_owned();
    let mut lines = vec![format!("{} {}", std::env::consts::OS, std::env::consts::ARCH)];
    lines.extend(name);
    lines.extend(Some(kernel).filter(|kernel| !kernel.is_empty()));
    let variables = ["TERM", "COLORTERM", "LANG", "LC_ALL", "XDG_SESSION_TYPE", "SSH_TTY", "TMUX", "WSL_DISTRO_NAME"];
    let set = variables.iter().filter_map(|name| Some(format!("{name}={}", std::env::var(name).ok()?)));
    lines.extend(set);
    lines
}

async fn status(link: &Link) -> Vec<String> {
    match link.status().await {
        Ok(status) => serde_json::to_string_pretty(&status).unwrap_or_default().lines().map(str::to_owned).collect(),
        Err(error) => vec![error.to_string()],
    }
}

async fn trace(link: &Link) -> Vec<String> {
    let ask = TraceAsk { last: Some(MESSAGES), no_body: true, ..TraceAsk::default() };
    let told = match link.traced(&ask).await {
        Ok(fields) => fields,
        Err(error) => {
            return vec![error.to_string(), "hint: write it while the phone runs that has the fault".to_owned()];
        }
    };
    super::trace::full_lines(told.get("messages").unwrap_or(&Value::Object(Map::new())))
}

/// The last lines of a file.
fn tail(path: &Path) -> Vec<String> {
    use std::io::{Read, Seek, SeekFrom};
    let read = || -> io::Result<Vec<u8>> {
        let mut file = std::fs::File::open(path)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(LOG_BYTES)))?;
        let mut bytes = Vec::new();
        file.take(LOG_BYTES).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    match read() {
        Err(why) => vec![plain_error(&why)],
        Ok(bytes) => {
            let text = String::from_utf8_lossy(&bytes);
            let lines: Vec<&str> = text.lines().collect();
            let first = lines.len().saturating_sub(LOG_LINES);
            lines.get(first..).unwrap_or_default().iter().map(|line| masked(line)).collect()
        }
    }
}

/// The whole text. `scrub` sees each line before it is cut: half a secret would not be known for one.
fn written(time: &str, sections: &[(String, Vec<String>)], scrub: impl Fn(&str) -> String) -> String {
    let mut text = format!("A report of tuiphone, {time}\n");
    for (title, lines) in sections {
        text += &format!("\n== {}\n", scrub(title));
        for line in lines.iter().flat_map(|line| line.split('\n')) {
            text += &elided(&scrub(line), MAX_LINE);
            text.push('\n');
        }
    }
    text
}

/// Without the secrets that are known, wherever they came from, and without the name of the person's folder.
fn scrubbed(text: &str, secrets: &[String], home: &Path) -> String {
    let mut clean = text.to_owned();
    let mut secrets: Vec<&String> = secrets.iter().collect();
    // The longest first: one may be a part of another.
    secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    for secret in secrets {
        clean = clean.replace(secret.as_str(), MASK);
    }
    match home.to_str().filter(|home| home.len() > 1) {
        Some(home) => clean.replace(home, "~"),
        None => clean,
    }
}

/// Into a new file that is its owner's alone.
fn write(path: &Path, text: &str) -> io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?.write_all(text.as_bytes())
}

fn unwritable(name: &str, why: &io::Error) -> CommandError {
    let hint = (why.kind() == io::ErrorKind::AlreadyExists).then_some("name another file; none is written over");
    let error = exit::config(format!("cannot write {name}: {}", plain_error(why)), hint);
    CommandError { code: ExitCode::Unexpected, kind: "unexpected", ..error }
}

impl Patient {
    /// The log of a phone in the background.
    fn log(&self, environment: &Environment) -> PathBuf {
        let name = self.socket().file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let folder = self.ini().map_or_else(|| environment.state_dir(), |ini| environment.state_of(ini));
        folder.join(format!("{name}.log"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_secrets_leave_wherever_they_stand() {
        let sections = [(
            "log of /h/ann".to_owned(),
            vec!["hunter2 and hunter22 in /h/ann/x\x1b[2J".to_owned(), "a\nb".to_owned()],
        )];
        let secrets = ["hunter2".to_owned(), "hunter22".to_owned()];
        let scrub = |line: &str| scrubbed(line, &secrets, Path::new("/h/ann"));
        let clean = written("T", &sections, scrub);
        assert_eq!(clean, "A report of tuiphone, T\n\n== log of ~\n<hidden> and <hidden> in ~/x[2J\na\nb\n");
        // Wherever a long line is cut, it is not cut through a secret.
        for before in MAX_LINE / 2..MAX_LINE + 8 {
            let line = format!("{}hunter22{}", "x".repeat(before), "y".repeat(MAX_LINE));
            let clean = written("T", &[("log".to_owned(), vec![line])], scrub);
            assert!(!clean.contains("hunt") && !clean.contains("ter22"), "{before}");
        }
    }

    #[test]
    fn of_a_long_log_its_end_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let lines: String = (0..40_000).map(|n| format!("line {n} token=s3\n")).collect();
        std::fs::write(&path, lines).unwrap();
        let told = tail(&path);
        assert_eq!((told.len(), told.last().map(String::as_str)), (LOG_LINES, Some("line 39999 token=<hidden>")));
        assert_eq!(tail(&folder.path().join("none")).len(), 1);
    }

    #[test]
    fn a_report_is_never_written_over_another_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.txt");
        write(&path, "one").unwrap();
        assert!(write(&path, "two").is_err());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "one");
    }
}
