//! What is told of a test, to people and to machines. Each form is a pure function of the same results.

pub mod junit;
pub mod nagios;
pub mod otlp;
pub mod prometheus;
pub mod tap;
pub mod text;

use super::finding::Finding;
use super::job::ProbeJob;
use super::judge::Check;
use super::measures::{MEASURES, number};
use super::summary::{self, Judged, spreads};
use crate::control::json;
use serde_json::{Map, Value, json};
use std::time::SystemTime;

/// A test that is over.
#[derive(Debug, Clone)]
pub struct Results<'a> {
    /// What was asked.
    pub job: &'a ProbeJob,
    /// When it began.
    pub began: SystemTime,
    /// Its calls, in the order they were begun.
    pub calls: &'a [Judged],
}

impl Results<'_> {
    /// When it began, ISO 8601 UTC.
    pub fn began_at(&self) -> String {
        humantime::format_rfc3339_millis(self.began).to_string()
    }

    /// The account of the calls.
    pub fn account(&self) -> String {
        let account = self.calls.iter().find_map(|call| Some(call.finding.call.as_ref()?.account.clone()));
        account.unwrap_or_default()
    }
}

/// The one object of `--json`.
pub fn json(results: &Results<'_>) -> Value {
    let calls = results.calls;
    let code = summary::code(calls);
    let outcome = summary::deciding(calls).map(|call| call.finding.outcome());
    let measures = spreads(calls).into_iter().map(|(measure, spread)| {
        let [min, median, p95, max] = [spread.min, spread.median, spread.p95, spread.max].map(|v| number(Some(v)));
        (measure.key.to_owned(), json!({"min": min, "median": median, "p95": p95, "max": max}))
    });
    json!({
        "v": 1, "verb": "test", "ok": code == crate::control::ExitCode::Ok, "outcome": outcome, "code": code.code(),
        "number": results.job.number, "account": results.account(), "started_at": results.began_at(),
        "runs": calls.iter().enumerate().map(|(at, call)| run(at + 1, call)).collect::<Vec<_>>(),
        "summary": {
            "calls": calls.len(), "passed": summary::passed(calls), "failed": calls.len() - summary::passed(calls),
            "measures": Map::from_iter(measures),
        },
    })
}

/// The line of `--ndjson` for one call of it.
pub fn line(number_of_call: usize, call: &Judged) -> Value {
    let mut line = json!({"v": 1, "verb": "test"});
    if let (Some(line), Value::Object(fields)) = (line.as_object_mut(), run(number_of_call, call)) {
        line.extend(fields);
    }
    line
}

/// One call of it.
fn run(number_of_call: usize, call: &Judged) -> Value {
    let Judged { finding, verdict } = call;
    let media = finding.media();
    let measures = MEASURES.iter().map(|measure| (measure.key.to_owned(), number((measure.read)(finding))));
    let mut told = json!({
        "run": number_of_call, "ok": verdict.is_ok(), "outcome": finding.outcome(), "code": verdict.code.code(),
        "status": finding.status(), "reason": finding.call.as_ref().and_then(|call| call.reason.clone()),
        "ended_by": finding.call.as_ref().and_then(|call| call.ended_by),
        "measures": Map::from_iter(measures),
        "codec": media.map(|media| &media.codec), "transport": finding.transport, "tls": finding.tls,
        "srtp": media.and_then(|media| media.srtp.as_ref()), "dtls": media.and_then(|media| media.dtls),
        "heard_here": finding.heard_here(), "heard_there": finding.heard_there(), "one_way_audio": finding.one_way(),
        "sound": sound(finding), "echo": echo(finding),
        "dtmf": finding.digits.as_ref().map(|digits| json!({"sent": digits.sent, "heard": digits.heard})),
        "fingerprint": finding.known.map(|likeness| json!({
            "same": likeness.is_some_and(|found| found.is_same()), "likeness": number(likeness.map(|found| found.share)),
            "at_ms": number(likeness.map(|found| found.at_ms)),
        })),
        "checks": verdict.checks.iter().map(check).collect::<Vec<_>>(),
        "call": finding.call,
    });
    if let (Some(error), Some(fields)) = (&finding.error, told.as_object_mut()) {
        fields.insert("error".to_owned(), json::error(error));
    }
    told
}

fn check(check: &Check) -> Value {
    let Check { name, level, wanted, found } = check;
    json!({"check": name, "level": level.word(), "wanted": wanted, "found": found})
}

fn sound(finding: &Finding) -> Value {
    let Some(heard) = &finding.sound else { return Value::Null };
    json!({
        "kind": heard.kind().map(|kind| kind.word()), "silence_ms": heard.silence_ms, "tone_ms": heard.tone_ms,
        "speech_ms": heard.speech_ms, "noise_ms": heard.noise_ms, "tone_hz": number(heard.tone_hz.map(f64::from)),
        "loudest_dbfs": number(Some(f64::from(heard.loudest_dbfs))),
    })
}

fn echo(finding: &Finding) -> Value {
    let Some(echo) = finding.echo else { return Value::Null };
    let found = echo.found;
    json!({
        "played": echo.played, "delay_ms": number(found.map(|echo| echo.delay_ms)),
        "gain_db": number(found.map(|echo| echo.gain_db)), "likeness": number(found.map(|echo| echo.likeness)),
        "inverted": found.map(|echo| echo.inverted),
    })
}

/// Results for tests of each form.
#[cfg(test)]
pub mod samples {
    use super::super::finding::samples::{GOOD, answered, refused};
    use super::super::job;
    use super::super::judge::judge;
    use super::*;
    use std::time::Duration;

    /// A good call and a busy one, as this line asks.
    pub fn results(line: &str, good_alone: bool, with: impl FnOnce(&Results<'_>)) {
        let words = std::iter::once("test").chain(line.split_whitespace());
        let job = job::read(&job::command().try_get_matches_from(words).unwrap()).unwrap();
        let mut findings = vec![answered(GOOD)];
        findings.extend((!good_alone).then(|| refused(486, "busy")));
        let calls: Vec<Judged> =
            findings.into_iter().map(|finding| Judged { verdict: judge(&job.expect, &finding), finding }).collect();
        let began = SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_323_045);
        with(&Results { job: &job, began, calls: &calls });
    }
}

#[cfg(test)]
mod tests {
    use super::samples::results;
    use super::*;

    #[test]
    fn the_object_has_what_was_measured_checked_and_summed_up() {
        results("600 --max-pdd 2", false, |results| {
            let told = json(results);
            assert_eq!(
                (&told["v"], &told["verb"], &told["ok"], &told["code"]),
                (&1.into(), &"test".into(), &false.into(), &20.into())
            );
            assert_eq!((&told["outcome"], &told["started_at"]), (&"busy".into(), &"2026-01-02T03:04:05.000Z".into()));
            let first = &told["runs"][0];
            assert_eq!(first["measures"]["post_dial_delay"], 0.004);
            assert_eq!(first["measures"]["echo_ms"], Value::Null);
            assert_eq!((&first["codec"], &first["one_way_audio"]), (&"opus".into(), &false.into()));
            assert_eq!(
                first["checks"][1],
                json!({"check": "max-pdd", "level": "ok", "wanted": "at most 2 s", "found": "0.004 s"})
            );
            assert_eq!(first["call"]["id"], "c1");
            assert_eq!(told["runs"][1]["checks"][1]["level"], "skipped");
            assert_eq!((&told["summary"]["calls"], &told["summary"]["failed"]), (&2.into(), &1.into()));
            assert_eq!(told["summary"]["measures"]["mos_rx"]["median"], 4.31);
        });
    }
}
