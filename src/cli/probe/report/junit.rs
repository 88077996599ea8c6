//! For continuous integration: a test case for each check, as JUnit has them.

use super::super::judge::Level;
use super::super::measures::{MEASURES, number};
use super::super::summary::Judged;
use super::Results;
use std::fmt::Write;

/// The file.
pub fn file(results: &Results<'_>) -> String {
    let number = escaped(&results.job.number);
    let count = |calls: &[Judged], level: Level| -> usize {
        calls.iter().flat_map(|call| &call.verdict.checks).filter(|check| check.level == level).count()
    };
    let all = |calls: &[Judged]| calls.iter().map(|call| call.verdict.checks.len()).sum::<usize>();
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let heads = |calls: &[Judged]| {
        let (failed, skipped) = (count(calls, Level::Failed), count(calls, Level::Skipped));
        format!("tests=\"{}\" failures=\"{failed}\" errors=\"0\" skipped=\"{skipped}\"", all(calls))
    };
    let _ = writeln!(text, "<testsuites name=\"tuiphone test {number}\" {}>", heads(results.calls));
    for (at, call) in results.calls.iter().enumerate() {
        let (one, began) = (heads(std::slice::from_ref(call)), results.began_at());
        let at = at + 1;
        let time = call.finding.call.as_ref().map_or(0.0, |call| call.answered_after.unwrap_or(0.0) + call.duration);
        let _ = writeln!(
            text,
            "  <testsuite name=\"{number}, call {at}\" {one} time=\"{time:.3}\" timestamp=\"{}\">",
            // The form has no fractions and no zone.
            began.get(..19).unwrap_or_default()
        );
        let _ = writeln!(text, "    <properties>");
        for measure in MEASURES {
            if let Some(value) = (measure.read)(&call.finding) {
                let value = self::number(Some(value));
                let _ = writeln!(text, "      <property name=\"{}\" value=\"{value}\"/>", measure.key);
            }
        }
        let _ = writeln!(text, "    </properties>");
        for check in &call.verdict.checks {
            let (name, found, wanted) = (escaped(&check.name), escaped(&check.found), escaped(&check.wanted));
            let case = format!("    <testcase classname=\"tuiphone.test.{number}\" name=\"{name}\"");
            let _ = match check.level {
                Level::Ok => writeln!(text, "{case}/>"),
                Level::Warning => writeln!(text, "{case}><system-out>warning: {found}</system-out></testcase>"),
                Level::Skipped => writeln!(text, "{case}><skipped/></testcase>"),
                Level::Failed => {
                    let why = format!("{found}, wanted {wanted}");
                    writeln!(text, "{case}><failure message=\"{why}\" type=\"expectation\">{why}</failure></testcase>")
                }
            };
        }
        let _ = writeln!(text, "  </testsuite>");
    }
    text + "</testsuites>\n"
}

/// Text as XML takes it.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in crate::text::sanitise(text).chars() {
        match c {
            '&' => out += "&amp;",
            '<' => out += "&lt;",
            '>' => out += "&gt;",
            '"' => out += "&quot;",
            '\'' => out += "&apos;",
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::samples::results;
    use super::*;
    use quick_xml::Reader;
    use quick_xml::events::Event;

    #[test]
    fn each_check_is_a_case_of_well_formed_xml() {
        results("600 --max-jitter 2 --min-mos 4.35:3", false, |results| {
            let text = file(results);
            let (mut reader, mut cases, mut open) = (Reader::from_str(&text), 0, 0_i32);
            loop {
                match reader.read_event().unwrap_or_else(|error| panic!("{error} in {text}")) {
                    Event::Start(tag) => {
                        open += 1;
                        cases += usize::from(tag.name().as_ref() == "testcase");
                    }
                    Event::Empty(tag) => cases += usize::from(tag.name().as_ref() == "testcase"),
                    Event::End(_) => open -= 1,
                    Event::Eof => break,
                    _ => {}
                }
            }
            assert_eq!((cases, open), (6, 0), "{text}");
            assert!(text.contains("tests=\"6\" failures=\"2\" errors=\"0\" skipped=\"2\">"), "{text}");
            assert!(text.contains("busy (486 No &amp; &lt;never&gt;), wanted answered"), "{text}");
            assert!(text.contains("<property name=\"rtt_ms\" value=\"0.4\"/>"), "{text}");
            assert!(text.contains("timestamp=\"2026-01-02T03:04:05\""), "{text}");
            assert!(text.contains("warning: 4.31 here"), "{text}");
        });
    }
}
