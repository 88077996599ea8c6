//! What `test` is asked, and how its words are read.

use super::judge::{Expect, Expectations};
use super::measures::{LIMITS, Limit};
use super::script::{self, Script};
use crate::cli::args::{digits, seconds};
use crate::cli::exit;
use crate::config::dial;
use crate::control::CommandError;
use crate::engine::probe::Kind;
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use std::path::PathBuf;
use std::time::Duration;

/// How long a call talks, unless said.
const DURATION: Duration = Duration::from_secs(5);
/// How long an answer may take, unless `--timeout` says.
pub const PATIENCE: Duration = Duration::from_secs(30);
/// Calls of one test.
const MOST_CALLS: u32 = 100_000;
/// Calls at once.
const MOST_AT_ONCE: u32 = 100;

/// The lines of a script.
const STEPS: &str = "A script has a step a line; what is expected may take ten seconds, unless it says `within TIME`:\n  \
    expect tone [HZ] | silence [TIME] | speech | dtmf DIGITS [within TIME]\n  \
    press DIGITS | say FILE.wav | wait TIME | hangup";

/// A test.
#[derive(Debug, Clone, PartialEq)]
pub struct ProbeJob {
    /// Number or address as typed.
    pub number: String,
    /// How long each call talks.
    pub duration: Duration,
    /// Calls, all in all.
    pub repeat: u32,
    /// Calls at once.
    pub parallel: u32,
    /// What is expected of each.
    pub expect: Expectations,
    /// A sound to be known again.
    pub fingerprint: Option<PathBuf>,
    /// Digits to send.
    pub dtmf: Option<String>,
    /// A WAV file to play.
    pub play: Option<String>,
    /// A file to record into.
    pub record: Option<String>,
    /// What to do in the call.
    pub script: Option<Script>,
    /// Tell Nagios.
    pub nagios: bool,
    /// Where numbers go for Prometheus.
    pub prometheus: Option<PathBuf>,
    /// Where checks go as JUnit has them.
    pub junit: Option<PathBuf>,
    /// Where numbers go as OpenTelemetry has them.
    pub otlp: Option<PathBuf>,
}

impl ProbeJob {
    /// Something is left to look at when a call is over.
    pub fn examines(&self) -> bool {
        self.expect.echo || self.fingerprint.is_some()
    }
}

/// The command as the parser has it.
pub fn command() -> Command {
    let value = |name: &'static str, value: &'static str, doc| Arg::new(name).long(name).value_name(value).help(doc);
    let flag = |name: &'static str, doc| Arg::new(name).long(name).action(ArgAction::SetTrue).help(doc);
    let path = || value_parser!(PathBuf);
    let count = |most: u32| value_parser!(u32).range(1..=i64::from(most));
    let limits = LIMITS.iter().map(|row| {
        let unit = if row.is_least { "MOS" } else { "LIMIT" };
        value(row.option, unit, row.doc).allow_negative_numbers(true)
    });
    Command::new("test")
        .about("Call a number as a test: measure, compare, tell; no running phone is used")
        .arg(
            Arg::new("number")
                .value_name("NUMBER")
                .required(true)
                .allow_negative_numbers(true)
                .help("Number, user or SIP address"),
        )
        .arg(
            value("duration", "SEC", "How long to talk; 5 unless said")
                .value_parser(seconds)
                .allow_negative_numbers(true),
        )
        .arg(value("repeat", "N", "So many calls").value_parser(count(MOST_CALLS)))
        .arg(value("parallel", "N", "So many of them at once").value_parser(count(MOST_AT_ONCE)))
        .arg(value("expect", "OUTCOME", "How it is to end: answered, busy, no-answer, rejected, not-found, a status"))
        .args(limits)
        .arg(flag("echo", "Play a chirp and measure how long it takes to come back; none is a failure"))
        .arg(value("dtmf", "DIGITS", "Send digits after the answer; a comma is a second").value_parser(digits))
        .arg(value("expect-dtmf", "DIGITS", "Digits that are to come back").value_parser(digits))
        .arg(value("expect-sound", "KIND", "What is to be heard").value_parser(["tone", "silence", "speech"]))
        .arg(value("fingerprint", "FILE.wav", "An announcement that is to be heard").value_parser(path()))
        .arg(value("play", "FILE", "Play a WAV file after the answer"))
        .arg(value("record", "FILE", "Record into a new file, name.ogg or name.wav"))
        .arg(value("script", "FILE", "Lead through an IVR, step by step; tells TAP").value_parser(path()))
        .arg(flag("nagios", "One line and the exit codes of Nagios: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN"))
        .arg(value("prometheus", "FILE", "Write metrics for the textfile collector").value_parser(path()))
        .arg(value("junit", "FILE", "Write the checks as JUnit has them").value_parser(path()))
        .arg(value("otlp", "FILE", "Write metrics as OpenTelemetry has them, OTLP in JSON").value_parser(path()))
        .after_help(STEPS)
}

/// What its words ask for.
///
/// # Errors
/// Wrong usage; a script that is none.
pub fn read(matches: &ArgMatches) -> Result<ProbeJob, CommandError> {
    let text = |name: &str| matches.get_one::<String>(name).cloned();
    let path = |name: &str| matches.get_one::<PathBuf>(name).cloned();
    let number = dial::decode_argument(&text("number").unwrap_or_default());
    if number.trim().is_empty() {
        return Err(exit::usage("there is no number to test"));
    }
    let outcome = text("expect").map(|text| {
        Expect::parse(&text).ok_or_else(|| {
            let shown = crate::text::elided(&text, 40);
            exit::usage(&format!("--expect '{shown}' is none of {}", Expect::WORDS.replace('|', ", ")))
        })
    });
    let limits = LIMITS.iter().filter_map(|row| text(row.option).map(|text| Limit::parse(row, &text)));
    let limits: Vec<Limit> = limits.collect::<Result<_, _>>().map_err(|why| exit::usage(&why))?;
    let needs_echo = limits.iter().any(|limit| limit.row.option == "max-echo");
    let script = path("script").map(|file| script::read(&file)).transpose()?;
    let count = |name: &str| matches.get_one::<u32>(name).copied();
    let parallel = count("parallel").unwrap_or(1);
    let repeat = count("repeat").unwrap_or(parallel);
    if script.is_some() && (repeat > 1 || parallel > 1) {
        return Err(exit::usage("--script leads through one call; --repeat and --parallel do not go with it"));
    }
    let several = [("--nagios", matches.get_flag("nagios")), ("--script", script.is_some())];
    let several: Vec<&str> = several.iter().filter(|(_, given)| *given).map(|(name, _)| *name).collect();
    if let [one, other, ..] = several.as_slice() {
        return Err(exit::usage(&format!("{one} and {other} both tell on standard output; take one")));
    }
    let absolute = |file: String| std::path::absolute(&file).map_or(file, |path| path.to_string_lossy().into_owned());
    let fingerprint = path("fingerprint");
    Ok(ProbeJob {
        number,
        duration: matches.get_one("duration").copied().unwrap_or(DURATION),
        repeat,
        parallel: parallel.min(repeat),
        expect: Expectations {
            outcome: outcome.transpose()?,
            limits,
            sound: match text("expect-sound").as_deref() {
                Some("tone") => Some(Kind::Tone),
                Some("silence") => Some(Kind::Silence),
                Some("speech") => Some(Kind::Speech),
                _ => None,
            },
            digits: text("expect-dtmf").map(|text| text.replace(',', "").to_ascii_uppercase()),
            known: fingerprint.is_some(),
            echo: matches.get_flag("echo") || needs_echo,
        },
        fingerprint,
        dtmf: text("dtmf"),
        play: text("play").map(absolute),
        record: text("record").map(absolute),
        script,
        nagios: matches.get_flag("nagios"),
        prometheus: path("prometheus"),
        junit: path("junit"),
        otlp: path("otlp"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(line: &str) -> Result<ProbeJob, String> {
        let words = std::iter::once("test").chain(line.split_whitespace());
        let matches = command().try_get_matches_from(words).map_err(|error| error.to_string())?;
        read(&matches).map_err(|error| error.message)
    }

    #[test]
    fn its_words_are_read() {
        let plain = job("600").unwrap();
        assert_eq!((plain.number.as_str(), plain.duration, plain.repeat, plain.parallel), ("600", DURATION, 1, 1));
        assert_eq!(plain.expect, Expectations::default());
        let job = job("600 --expect busy --min-mos 3.8:3.5 --max-loss 1 --max-echo 300 --parallel 3 --expect-dtmf 1,a")
            .unwrap();
        assert_eq!((job.repeat, job.parallel, job.expect.echo), (3, 3, true));
        assert_eq!((job.expect.outcome, job.expect.digits.as_deref()), (Some(Expect::Busy), Some("1A")));
        let limits: Vec<&str> = job.expect.limits.iter().map(|limit| limit.row.option).collect();
        assert_eq!(limits, ["min-mos", "max-loss", "max-echo"]);
    }

    #[test]
    fn what_makes_no_sense_is_told() {
        for (line, part) in [
            ("", "NUMBER"),
            ("600 --expect maybe", "none of answered, busy"),
            ("600 --min-mos good", "neither LIMIT nor"),
            ("600 --repeat 0", "--repeat"),
            ("600 --parallel 101", "--parallel"),
            ("600 --expect-dtmf x", "--expect-dtmf"),
            ("600 --expect-sound music", "--expect-sound"),
            ("600 --script /nowhere/ivr.txt", "cannot read"),
            ("600 --duration -1", "--duration"),
        ] {
            let why = job(line).unwrap_err();
            assert!(why.contains(part), "{line}: {why}");
        }
    }
}
