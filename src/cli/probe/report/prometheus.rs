//! For Prometheus: a file of the textfile collector
//! (<https://prometheus.io/docs/instrumenting/exposition_formats/>, "Text-based format").

use super::super::measures::Unit;
use super::super::summary::{self, spreads};
use super::Results;
use crate::control::ExitCode;
use std::time::SystemTime;

/// The file.
pub fn file(results: &Results<'_>) -> String {
    let labels = format!("{{target=\"{}\",account=\"{}\"}}", label(&results.job.number), label(&results.account()));
    let mut text = String::new();
    let mut gauge = |name: &str, help: &str, value: f64| {
        text += &format!("# HELP tuiphone_test_{name} {help}\n# TYPE tuiphone_test_{name} gauge\n");
        text += &format!("tuiphone_test_{name}{labels} {value}\n");
    };
    let code = summary::code(results.calls);
    gauge("ok", "1 if the test went as it should.", if code == ExitCode::Ok { 1.0 } else { 0.0 });
    gauge("exit_code", "The exit code of the test.", f64::from(code.code()));
    gauge("calls", "Calls of the test.", results.calls.len() as f64);
    gauge("calls_passed", "Calls that went as they should.", summary::passed(results.calls) as f64);
    let began = results.began.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    gauge("started_timestamp_seconds", "When the test began.", began.as_secs_f64());
    for (measure, spread) in spreads(results.calls) {
        let (name, scale) = match measure.unit {
            Unit::Seconds => (format!("{}_seconds", measure.key), 1.0),
            Unit::Milliseconds => (format!("{}_seconds", measure.key.trim_end_matches("_ms")), 1e-3),
            Unit::Share => (format!("{}_ratio", measure.key), 1.0),
            Unit::Mos => (measure.key.to_owned(), 1.0),
        };
        let shown = |value: f64| (value * scale * 1e9).round() / 1e9;
        gauge(&name, &format!("{}, the median.", measure.doc), shown(spread.median));
        if results.calls.len() > 1 {
            for (part, value) in [("min", spread.min), ("p95", spread.p95), ("max", spread.max)] {
                gauge(&format!("{name}_{part}"), &format!("{}, {part}.", measure.doc), shown(value));
            }
        }
    }
    text
}

/// The value of a label.
fn label(text: &str) -> String {
    crate::text::sanitise(text).replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::super::samples::results;
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_line_is_one_the_collector_reads() {
        results("600", false, |results| {
            let text = file(results);
            let mut seen = BTreeSet::new();
            for line in text.lines().filter(|line| !line.starts_with('#')) {
                let (name, rest) = line.split_once('{').unwrap();
                assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_'), "{line}");
                let (labels, value) = rest.rsplit_once("} ").unwrap();
                assert_eq!(labels, "target=\"600\",account=\"100@demo\"");
                value.parse::<f64>().unwrap();
                assert!(seen.insert(name.to_owned()), "{name} twice");
                assert!(text.contains(&format!("# TYPE {name} gauge\n")), "{name}");
            }
            for line in
                ["ok{", "jitter_rx_seconds{", "loss_tx_ratio_p95{", "mos_rx_max{", "post_dial_delay_seconds_min{"]
            {
                assert!(text.contains(&format!("\ntuiphone_test_{line}")), "{line}\n{text}");
            }
            assert!(
                text.contains("tuiphone_test_jitter_rx_seconds{target=\"600\",account=\"100@demo\"} 0.0012\n"),
                "{text}"
            );
            assert!(text.ends_with('\n'));
        });
        results("600", true, |results| {
            let text = file(results);
            assert!(text.contains("tuiphone_test_ok{target=\"600\",account=\"100@demo\"} 1\n"), "{text}");
            assert!(!text.contains("_p95"), "{text}");
        });
    }

    #[test]
    fn a_label_ends_where_it_should() {
        assert_eq!(label(r#"a"b\c"#), r#"a\"b\\c"#);
    }
}
