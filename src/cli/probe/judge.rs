//! Whether a call was as it should be: expectations against facts. Pure.

use super::finding::{EchoFound, Finding};
use super::measures::{Limit, find};
use crate::control::ExitCode;
use crate::engine::probe::Kind;

/// How a call is to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expect {
    /// With an answer.
    Answered,
    /// 486, 600.
    Busy,
    /// It rings, or does nothing.
    NoAnswer,
    /// 603, 607.
    Rejected,
    /// 404, 410, 484, 604.
    NotFound,
    /// With this status.
    Status(u16),
}

impl Expect {
    /// The words, for `--help`.
    pub const WORDS: &str = "answered|busy|no-answer|rejected|not-found|STATUS";

    /// Reads one.
    pub fn parse(text: &str) -> Option<Expect> {
        Some(match text {
            "answered" => Expect::Answered,
            "busy" => Expect::Busy,
            "no-answer" => Expect::NoAnswer,
            "rejected" => Expect::Rejected,
            "not-found" => Expect::NotFound,
            status => Expect::Status(status.parse().ok().filter(|status| (200..700).contains(status))?),
        })
    }

    /// What it reads, written.
    pub fn word(self) -> String {
        match self {
            Expect::Answered => "answered".to_owned(),
            Expect::Busy => "busy".to_owned(),
            Expect::NoAnswer => "no-answer".to_owned(),
            Expect::Rejected => "rejected".to_owned(),
            Expect::NotFound => "not-found".to_owned(),
            Expect::Status(status) => status.to_string(),
        }
    }

    fn is_met(self, finding: &Finding) -> bool {
        let code = match self {
            Expect::Answered => return finding.answered().is_some(),
            Expect::Status(status) => return finding.status() == Some(status),
            Expect::Busy => ExitCode::Busy,
            Expect::NoAnswer => ExitCode::NoAnswer,
            Expect::Rejected => ExitCode::Rejected,
            Expect::NotFound => ExitCode::NoSuchNumber,
        };
        finding.code() == code
    }

    /// Nothing can be measured of a call that ends so.
    fn is_without_sound(self) -> bool {
        !matches!(self, Expect::Answered | Expect::Status(200..300))
    }
}

/// What is expected of a call.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Expectations {
    /// How it ends; `None` = answered, with the exit code of whatever comes instead.
    pub outcome: Option<Expect>,
    /// Bounds on measures.
    pub limits: Vec<Limit>,
    /// What is to be heard.
    pub sound: Option<Kind>,
    /// The digits that are to be heard.
    pub digits: Option<String>,
    /// A known sound is to be heard.
    pub known: bool,
    /// An echo is to be heard.
    pub echo: bool,
}

/// What came of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// As it should be.
    Ok,
    /// Beyond its warning, within its limit.
    Warning,
    /// Not as it should be.
    Failed,
    /// There was nothing to check.
    Skipped,
}

impl Level {
    /// The word.
    pub fn word(self) -> &'static str {
        match self {
            Level::Ok => "ok",
            Level::Warning => "warning",
            Level::Failed => "failed",
            Level::Skipped => "skipped",
        }
    }
}

/// One thing that was checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Check {
    /// `outcome`, or the option's name.
    pub name: String,
    /// What came of it.
    pub level: Level,
    /// What was wanted, in words.
    pub wanted: String,
    /// What was found, in words.
    pub found: String,
}

/// The judgement of a call.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// Every check; the outcome first.
    pub checks: Vec<Check>,
    /// The exit code.
    pub code: ExitCode,
}

impl Verdict {
    /// All was as it should be, or nearly so.
    pub fn is_ok(&self) -> bool {
        self.code == ExitCode::Ok
    }

    /// The worst of all checks.
    pub fn level(&self) -> Level {
        let any = |level: Level| self.checks.iter().any(|check| check.level == level);
        match () {
            () if !self.is_ok() || any(Level::Failed) => Level::Failed,
            () if any(Level::Warning) => Level::Warning,
            () => Level::Ok,
        }
    }

    /// The checks that failed, in a sentence each.
    pub fn failures(&self) -> impl Iterator<Item = String> {
        let failed = self.checks.iter().filter(|check| check.level == Level::Failed);
        failed.map(|Check { name, wanted, found, .. }| format!("{name}: {found}, wanted {wanted}"))
    }
}

/// Judges a call.
pub fn judge(expected: &Expectations, finding: &Finding) -> Verdict {
    let stopped = [ExitCode::Interrupted, ExitCode::Terminated].contains(&finding.code());
    let mut checks = vec![outcome(expected, finding)];
    // Of a call that did not come to its sound one word is enough.
    let measurable = finding.answered().is_some();
    let skips = stopped || !measurable && expected.outcome.is_none_or(|outcome| outcome.is_without_sound());
    let level = |met: bool| {
        if skips {
            Level::Skipped
        } else if met {
            Level::Ok
        } else {
            Level::Failed
        }
    };
    checks.extend(expected.limits.iter().map(|limit| judge_limit(limit, finding, skips)));
    if let Some(wanted) = expected.sound {
        let heard = finding.sound.as_ref();
        checks.push(Check {
            name: "expect-sound".to_owned(),
            level: level(heard.is_some_and(|heard| heard.has(wanted))),
            wanted: wanted.word().to_owned(),
            found: heard.and_then(|heard| heard.kind()).map_or("too little to tell", Kind::word).to_owned(),
        });
    }
    if expected.known {
        let likeness = finding.known.flatten();
        checks.push(Check {
            name: "fingerprint".to_owned(),
            level: level(likeness.is_some_and(|likeness| likeness.is_same())),
            wanted: "the known sound".to_owned(),
            found: match likeness {
                Some(found) if found.is_same() => format!("it, {:.0} % alike", found.share * 100.0),
                Some(found) => format!("something else, {:.0} % alike", found.share * 100.0),
                None => "too little to compare".to_owned(),
            },
        });
    }
    if expected.echo {
        let echo = finding.echo;
        checks.push(Check {
            name: "echo".to_owned(),
            level: level(echo.is_some_and(|echo| echo.found.is_some())),
            wanted: "the chirp back".to_owned(),
            found: match echo {
                Some(EchoFound { found: Some(echo), .. }) => format!("it, after {:.0} ms", echo.delay_ms),
                Some(EchoFound { played: false, .. }) => "no time to play it".to_owned(),
                _ => "nothing like it".to_owned(),
            },
        });
    }
    if let Some(wanted) = &expected.digits {
        let heard = finding.digits.as_ref().map(|digits| digits.heard.as_str()).unwrap_or_default();
        checks.push(Check {
            name: "expect-dtmf".to_owned(),
            level: level(heard.contains(wanted.as_str())),
            wanted: wanted.clone(),
            found: if heard.is_empty() { "no digit".to_owned() } else { heard.to_owned() },
        });
    }
    for step in &finding.steps {
        checks.push(Check {
            name: format!("line {}: {}", step.line, step.text),
            level: step.level(),
            wanted: step.text.clone(),
            found: step.words(),
        });
    }
    let failed = |check: &Check| check.level == Level::Failed;
    let code = match (finding.code(), expected.outcome) {
        (code, _) if stopped => code,
        // What came instead says more than that it is not what was measured for.
        (code, None) if code != ExitCode::Ok => code,
        _ if checks.iter().any(failed) => ExitCode::Expectation,
        (_, Some(outcome)) if outcome.is_without_sound() => ExitCode::Ok,
        (code, _) => code,
    };
    Verdict { checks, code }
}

fn outcome(expected: &Expectations, finding: &Finding) -> Check {
    let met = match expected.outcome {
        Some(outcome) => outcome.is_met(finding),
        None => finding.code() == ExitCode::Ok,
    };
    Check {
        name: "outcome".to_owned(),
        level: if met { Level::Ok } else { Level::Failed },
        wanted: expected.outcome.map_or("answered".to_owned(), Expect::word),
        found: found_outcome(finding),
    }
}

/// `busy (486 Busy Here)`.
pub fn found_outcome(finding: &Finding) -> String {
    let outcome = finding.outcome().replace('_', " ");
    let status = finding.status().map(|status| status.to_string());
    let reason = finding.call.as_ref().and_then(|call| call.reason.clone());
    let reason = reason.or_else(|| finding.error.as_ref().map(|error| error.message.clone()));
    let told: Vec<String> = match (status, reason) {
        (Some(status), Some(reason)) if reason.contains(&status) => vec![reason],
        (status, reason) => status.into_iter().chain(reason).collect(),
    };
    if told.is_empty() { outcome } else { format!("{outcome} ({})", told.join(" ")) }
}

fn judge_limit(limit: &Limit, finding: &Finding, skips: bool) -> Check {
    let worst = limit.worst(finding);
    let level = match worst {
        Some(value) if limit.is_beyond(limit.limit, value) => Level::Failed,
        Some(value) if limit.warning.is_some_and(|warning| limit.is_beyond(warning, value)) => Level::Warning,
        Some(_) => Level::Ok,
        None if skips => Level::Skipped,
        None => Level::Failed,
    };
    let known = limit.row.of.iter().filter_map(|key| {
        let value = (find(key)?.read)(finding)?;
        Some((key, limit.row.unit.words(value)))
    });
    let found: Vec<String> = match limit.row.of.len() {
        1 => known.map(|(_, words)| words).collect(),
        _ => known.map(|(key, words)| format!("{words} {}", way(key))).collect(),
    };
    Check {
        name: limit.row.option.to_owned(),
        level,
        wanted: limit.words(),
        found: if found.is_empty() { "not measured".to_owned() } else { found.join(", ") },
    }
}

/// Where a measure of one way was taken.
fn way(key: &str) -> &'static str {
    if key.contains("_tx") { "there" } else { "here" }
}

#[cfg(test)]
mod tests {
    use super::super::finding::samples::*;
    use super::super::measures::LIMITS;
    use super::*;

    fn expecting(outcome: Option<&str>, limits: &[(&str, &str)]) -> Expectations {
        let limits = limits.iter().map(|(option, text)| {
            Limit::parse(LIMITS.iter().find(|row| row.option == *option).unwrap(), text).unwrap()
        });
        Expectations {
            outcome: outcome.map(|text| Expect::parse(text).unwrap()),
            limits: limits.collect(),
            ..Expectations::default()
        }
    }

    #[test]
    fn the_exit_code_is_the_calls_own_unless_something_was_expected() {
        use ExitCode::{Busy, Expectation, NoMedia, NoSuchNumber, Ok};
        let silent = r#"{"rx_packets": 0}"#;
        type Row<'a> = (&'a str, Finding, Option<&'a str>, &'a [(&'a str, &'a str)], ExitCode);
        let rows: [Row<'_>; 16] = [
            ("answered", answered(GOOD), None, &[], Ok),
            ("answered, as expected", answered(GOOD), Some("answered"), &[], Ok),
            ("200, as expected", answered(GOOD), Some("200"), &[], Ok),
            ("answered instead of busy", answered(GOOD), Some("busy"), &[], Expectation),
            ("busy", refused(486, "busy"), None, &[], Busy),
            ("busy, and measured", refused(486, "busy"), None, &[("min-mos", "4")], Busy),
            ("busy, as expected", refused(486, "busy"), Some("busy"), &[], Ok),
            ("486, as expected", refused(486, "busy"), Some("486"), &[("max-pdd", "2")], Ok),
            ("404 instead of busy", refused(404, "no_such_number"), Some("busy"), &[], Expectation),
            ("404", refused(404, "no_such_number"), None, &[], NoSuchNumber),
            ("busy instead of answered", refused(486, "busy"), Some("answered"), &[("min-mos", "4")], Expectation),
            ("good enough", answered(GOOD), None, &[("min-mos", "4.3"), ("max-loss", "1")], Ok),
            ("loss there", answered(GOOD), None, &[("max-loss", "0.9")], Expectation),
            ("jitter there", answered(GOOD), None, &[("max-jitter", "2")], Expectation),
            ("no sound", answered(silent), None, &[], NoMedia),
            ("no sound, but an answer", answered(silent), Some("answered"), &[], NoMedia),
        ];
        for (what, finding, outcome, limits, code) in rows {
            let verdict = judge(&expecting(outcome, limits), &finding);
            assert_eq!(verdict.code, code, "{what}: {verdict:?}");
            assert_eq!(
                verdict.failures().count() > 0,
                code == Expectation || outcome.is_none() && code != Ok,
                "{what}"
            );
        }
    }

    #[test]
    fn what_was_not_measured_has_failed_and_a_warning_is_none() {
        let unknown = answered(r#"{"rx_packets": 9, "mos_rx": 4.2}"#);
        let verdict = judge(&expecting(None, &[("max-rtt", "10"), ("min-mos", "4.3:4")]), &unknown);
        let told: Vec<(&str, Level, &str)> =
            verdict.checks.iter().map(|c| (c.name.as_str(), c.level, c.found.as_str())).collect();
        let expected = [
            ("outcome", Level::Ok, "answered (200 OK)"),
            ("max-rtt", Level::Failed, "not measured"),
            ("min-mos", Level::Warning, "4.2 here"),
        ];
        assert_eq!((told.as_slice(), verdict.code), (&expected[..], ExitCode::Expectation));
        let warned = judge(&expecting(None, &[("min-mos", "4.3:4")]), &unknown);
        assert_eq!((warned.level(), warned.code), (Level::Warning, ExitCode::Ok));
    }

    #[test]
    fn digits_echo_and_sound_are_judged() {
        use super::super::finding::Digits;
        use crate::engine::probe::Heard;
        let wanted = Expectations {
            sound: Some(Kind::Speech),
            digits: Some("5".to_owned()),
            known: true,
            echo: true,
            ..Expectations::default()
        };
        let levels = |finding: &Finding| -> Vec<Level> {
            judge(&wanted, finding).checks.iter().skip(1).map(|check| check.level).collect()
        };
        assert_eq!(levels(&answered(GOOD)), [Level::Failed; 4]);
        assert_eq!(levels(&refused(486, "busy")), [Level::Skipped; 4]);
        let good = Finding {
            sound: Some(Heard { speech_ms: 900, ..Heard::default() }),
            digits: Some(Digits { heard: "15".to_owned(), ..Digits::default() }),
            known: Some(Some(crate::engine::probe::Likeness { share: 0.9, at_ms: 0.0 })),
            echo: Some(EchoFound {
                played: true,
                found: Some(crate::engine::probe::Echo {
                    delay_ms: 80.0,
                    gain_db: 0.0,
                    likeness: 0.9,
                    inverted: false,
                    said: 1,
                    heard: 1,
                }),
            }),
            ..answered(GOOD)
        };
        assert_eq!(levels(&good), [Level::Ok; 4]);
    }

    #[test]
    fn an_interrupted_call_is_judged_no_further() {
        let stopped = Finding { given_up: Some(ExitCode::Interrupted), ..answered(GOOD) };
        assert_eq!(judge(&expecting(Some("answered"), &[("max-rtt", "0")]), &stopped).code, ExitCode::Interrupted);
    }

    #[test]
    fn every_word_of_an_outcome_is_read_back() {
        for word in Expect::WORDS.split('|').filter(|word| *word != "STATUS").chain(["486", "699"]) {
            assert_eq!(Expect::parse(word).map(Expect::word).as_deref(), Some(word));
        }
        for word in ["", "Busy", "99", "199", "700", "-1", "2 00"] {
            assert_eq!(Expect::parse(word), None, "{word}");
        }
    }
}
