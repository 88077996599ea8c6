//! For Nagios and its kin: a line, and a code of theirs
//! (<https://nagios-plugins.org/doc/guidelines.html>, "Plugin Output" and "Performance data").

use super::super::judge::{Level, found_outcome};
use super::super::measures::{Unit, find, number};
use super::super::summary::{self, Judged, spreads};
use super::Results;
use crate::control::{CommandError, ExitCode};

/// What a plugin says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// 0
    Ok,
    /// 1
    Warning,
    /// 2
    Critical,
    /// 3
    Unknown,
}

impl Status {
    /// Of a test that is over.
    pub fn of(calls: &[Judged]) -> Status {
        let code = summary::code(calls);
        let warns = calls.iter().any(|call| call.verdict.level() == Level::Warning);
        match code {
            ExitCode::Ok if warns => Status::Warning,
            ExitCode::Ok => Status::Ok,
            // What was not tried is not known.
            ExitCode::Unexpected
            | ExitCode::Usage
            | ExitCode::Config
            | ExitCode::NoDaemon
            | ExitCode::NotFound
            | ExitCode::Interrupted
            | ExitCode::Terminated => Status::Unknown,
            _ => Status::Critical,
        }
    }

    /// The exit code that has this number: Nagios has meanings of its own.
    pub fn exit_code(self) -> ExitCode {
        match self {
            Status::Ok => ExitCode::Ok,
            Status::Warning => ExitCode::Unexpected,
            Status::Critical => ExitCode::Usage,
            Status::Unknown => ExitCode::Config,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Status::Ok => "OK",
            Status::Warning => "WARNING",
            Status::Critical => "CRITICAL",
            Status::Unknown => "UNKNOWN",
        }
    }
}

/// The line of a test that could not be made.
pub fn unknown(error: &CommandError) -> String {
    format!("SIP UNKNOWN - {}", plain(&error.message))
}

/// The line of a test.
pub fn line(results: &Results<'_>) -> String {
    let (job, calls, status) = (results.job, results.calls, Status::of(results.calls));
    let told: Vec<String> = match (status, calls) {
        (Status::Ok, [call]) => vec![good(call)],
        (Status::Ok, _) => vec![format!("{} calls", calls.len())],
        _ => calls.iter().flat_map(|call| wrong(call, status)).take(3).collect(),
    };
    let counted = match calls.len() {
        0 | 1 => String::new(),
        all if status == Status::Ok => format!(" all {all} as they should be"),
        all => format!(" {} of {all} as they should be:", summary::passed(calls)),
    };
    let data: Vec<String> = spreads(calls)
        .into_iter()
        .map(|(measure, spread)| {
            let limit = job.expect.limits.iter().find(|limit| limit.row.of.contains(&measure.key));
            let bound = |value: Option<f64>| {
                let value = value.map(|value| number(Some(measure.unit.shown(value))).to_string()).unwrap_or_default();
                // A floor is written as the beginning of a range.
                if limit.is_some_and(|limit| limit.row.is_least) && !value.is_empty() { value + ":" } else { value }
            };
            let (warning, critical) = (bound(limit.and_then(|l| l.warning)), bound(limit.map(|l| l.limit)));
            let value = number(Some(measure.unit.shown(spread.median)));
            format!("{}={value}{};{warning};{critical}", measure.key, measure.unit.symbol())
        })
        .collect();
    let told = plain(&told.join("; "));
    format!("SIP {} - {}{counted} {told} | {}", status.word(), plain(&job.number), data.join(" "))
}

/// What of a good call is worth a word.
fn good(Judged { finding, .. }: &Judged) -> String {
    let answer =
        finding.answered_after().map(|after| format!(" in {}", Unit::Seconds.words(after))).unwrap_or_default();
    let mos: Vec<String> = ["mos_rx", "mos_tx"]
        .iter()
        .filter_map(|key| find(key).and_then(|measure| (measure.read)(finding)))
        .map(|mos| format!("{mos:.1}"))
        .collect();
    let mos = if mos.is_empty() { String::new() } else { format!(", MOS {}", mos.join("/")) };
    match finding.answered() {
        Some(_) => format!("answered{answer}{mos}"),
        None => found_outcome(finding),
    }
}

fn wrong(call: &Judged, status: Status) -> Vec<String> {
    let level = if status == Status::Warning { Level::Warning } else { Level::Failed };
    let checks = call.verdict.checks.iter().filter(|check| check.level == level);
    checks.map(|check| format!("{}: {}, wanted {}", check.name, check.found, check.wanted)).collect()
}

/// Without what has a meaning in such a line.
fn plain(text: &str) -> String {
    crate::text::sanitise(text).replace('|', "/")
}

#[cfg(test)]
mod tests {
    use super::super::samples::results;
    use super::*;

    #[test]
    fn a_line_and_its_numbers() {
        results("600 --min-mos 3.8:3.5 --max-loss 2:5 --max-pdd 2", true, |results| {
            let told = line(results);
            assert!(
                told.starts_with("SIP OK - 600 answered in 0.808 s, MOS 4.3/4.4 | registered_after=0.008s;; "),
                "{told}"
            );
            for part in ["post_dial_delay=0.004s;;2.0 ", "mos_rx=4.31;3.8:;3.5: ", "loss_tx=1.0%;2.0;5.0 "] {
                assert!(told.contains(part), "{part} in {told}");
            }
            assert_eq!(Status::of(results.calls).exit_code().code(), 0);
        });
        results("600 --min-mos 4.35:3.5", true, |results| {
            let told = line(results);
            assert!(
                told.starts_with("SIP WARNING - 600 min-mos: 4.31 here, 4.4 there, wanted at least 3.5 | "),
                "{told}"
            );
            assert_eq!(Status::of(results.calls).exit_code().code(), 1);
        });
        results("600 --max-jitter 2", true, |results| {
            let told = line(results);
            assert!(told.starts_with("SIP CRITICAL - 600 max-jitter: 1.2 ms here, 2.5 ms there, wanted"), "{told}");
            assert_eq!(Status::of(results.calls).exit_code().code(), 2);
        });
        results("600", false, |results| {
            let told = line(results);
            assert!(told.starts_with("SIP CRITICAL - 600 1 of 2 as they should be: outcome: busy (486"), "{told}");
        });
    }

    #[test]
    fn nothing_from_outside_breaks_the_line() {
        let error = CommandError { code: ExitCode::Config, kind: "config", message: "a | b\nc".into(), hint: None };
        let told = unknown(&error);
        assert!(told.starts_with("SIP UNKNOWN - a / b") && !told.contains('\n'), "{told}");
        assert_eq!(Status::Unknown.exit_code().code(), 3);
    }
}
