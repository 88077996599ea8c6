//! For people: what was measured, then what was checked.

use super::super::finding::Finding;
use super::super::judge::{Level, found_outcome};
use super::super::measures::MEASURES;
use super::super::summary::{self, Judged, spreads};
use super::Results;
use crate::control::TlsTrust;

/// The lines of a test.
pub fn lines(results: &Results<'_>) -> Vec<String> {
    let mut lines = Vec::new();
    match results.calls {
        [call] => one(&results.job.number, call, &mut lines),
        calls => {
            let (passed, all) = (summary::passed(calls), calls.len());
            lines.push(format!("{}: {passed} of {all} calls as they should be", results.job.number));
            lines.push(format!("{:<18}{:>12}{:>12}{:>12}{:>12}", "", "min", "median", "p95", "max"));
            for (measure, spread) in spreads(calls) {
                let cells = [spread.min, spread.median, spread.p95, spread.max];
                let cells: String = cells.iter().map(|value| format!("{:>12}", measure.unit.words(*value))).collect();
                lines.push(format!("{:<18}{cells}", measure.key));
            }
            for (at, call) in calls.iter().enumerate().filter(|(_, call)| !call.verdict.is_ok()) {
                let why: Vec<String> = call.verdict.failures().collect();
                lines.push(format!("call {}: {}", at + 1, why.join("; ")));
            }
        }
    }
    lines
}

fn one(number: &str, Judged { finding, verdict }: &Judged, lines: &mut Vec<String>) {
    lines.push(format!("{number}: {}", found_outcome(finding)));
    let mut row = |name: &str, value: String| lines.push(format!("  {name:<18}{value}"));
    for measure in MEASURES {
        if let Some(value) = (measure.read)(finding) {
            row(measure.key, format!("{:<10}{}", measure.unit.words(value), measure.doc));
        }
    }
    if let Some(call) = finding.answered() {
        if let Some(media) = &call.media {
            row("codec", media.codec.clone());
        }
        row("encrypted", encrypted(finding));
        row("sound", sound(finding));
        let by = call.ended_by.and_then(|by| serde_json::to_value(by).ok());
        row("ended by", by.and_then(|by| by.as_str().map(str::to_owned)).unwrap_or_default());
    }
    if let Some(digits) = &finding.digits {
        row("digits", format!("sent '{}', heard '{}'", digits.sent, digits.heard));
    }
    if let Some(echo) = finding.echo.and_then(|echo| echo.found) {
        let inverted = if echo.inverted { ", upside down" } else { "" };
        row(
            "echo",
            format!("{:.0} ms, {:+.0} dB, {:.0} % alike{inverted}", echo.delay_ms, echo.gain_db, echo.likeness * 100.0),
        );
    }
    for check in &verdict.checks {
        let mark = match check.level {
            Level::Ok => "ok     ",
            Level::Warning => "WARNING",
            Level::Failed => "FAILED ",
            Level::Skipped => "skipped",
        };
        lines.push(format!("{mark} {}: {}, wanted {}", check.name, check.found, check.wanted));
    }
}

fn encrypted(finding: &Finding) -> String {
    let transport = finding.transport.as_ref().map(|name| format!("signalling by {}", name.to_ascii_uppercase()));
    let trust = match finding.tls {
        Some(TlsTrust::Verified) => ", the server proved its name",
        Some(TlsTrust::Pinned) => ", the server has its certificate",
        Some(TlsTrust::Unverified) => ", the server proved NOTHING",
        None => "",
    };
    let srtp = finding.media().and_then(|media| media.srtp.clone());
    let sound = srtp.map_or("sound in the clear".to_owned(), |suite| format!("sound by SRTP {suite}"));
    transport.map_or(sound.clone(), |transport| format!("{transport}{trust}; {sound}"))
}

fn sound(finding: &Finding) -> String {
    let kind = finding.sound.as_ref().and_then(|heard| heard.kind());
    let kind = kind.map(|kind| format!(", {} is heard", kind.word())).unwrap_or_default();
    match (finding.heard_here(), finding.heard_there()) {
        (Some(true), Some(true)) => format!("both ways{kind}"),
        (Some(true), Some(false)) => format!("ONE WAY: nothing gets there{kind}"),
        (Some(true), None) => format!("from there; whether it gets there is not told{kind}"),
        (_, Some(true)) => "ONE WAY: nothing comes from there".to_owned(),
        _ => "NONE".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::results;
    use super::*;

    #[test]
    fn one_call_is_told_line_by_line() {
        results("600 --min-mos 4.4 --max-pdd 1", true, |results| {
            let told = lines(results);
            let has = |start: &str| told.iter().any(|line| line.starts_with(start));
            for start in [
                "600: answered (200 OK)",
                "  post_dial_delay   0.004 s   INVITE to",
                "  loss_rx           0.4 %",
                "  codec             opus",
                "  encrypted         signalling by UDP; sound in the clear",
                "  sound             both ways",
                "ok      outcome: answered (200 OK), wanted answered",
                "FAILED  min-mos: 4.31 here, 4.4 there, wanted at least 4.4",
                "ok      max-pdd: 0.004 s, wanted at most 1 s",
            ] {
                assert!(has(start), "{start} in {told:#?}");
            }
        });
    }

    #[test]
    fn several_calls_are_summed_up() {
        results("600", false, |results| {
            let told = lines(results);
            assert_eq!(told[0], "600: 1 of 2 calls as they should be");
            assert!(told[1].trim_start().starts_with("min"), "{told:?}");
            assert!(told.iter().any(|line| line.starts_with("mos_rx                    4.31")), "{told:#?}");
            assert_eq!(told[told.len() - 1], "call 2: outcome: busy (486 No & <never>), wanted answered");
        });
    }
}
