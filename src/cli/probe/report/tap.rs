//! For test harnesses: a test point for each step of a script, as the Test Anything Protocol has them
//! (<https://testanything.org/tap-version-14-specification.html>).

use super::super::judge::{Check, Level};
use super::Results;

/// The lines of a test.
pub fn lines(results: &Results<'_>) -> Vec<String> {
    let checks: Vec<&Check> = results.calls.iter().flat_map(|call| &call.verdict.checks).collect();
    let mut lines = vec!["TAP version 14".to_owned(), format!("1..{}", checks.len())];
    for (at, check) in checks.into_iter().enumerate() {
        let (at, name) = (at + 1, plain(&check.name));
        match check.level {
            Level::Ok | Level::Warning => lines.push(format!("ok {at} - {name}")),
            Level::Skipped => lines.push(format!("ok {at} - {name} # SKIP not tried")),
            Level::Failed => {
                lines.push(format!("not ok {at} - {name}"));
                lines.push("  ---".to_owned());
                lines.push(format!("  message: {}", quoted(&check.found)));
                lines.push(format!("  wanted: {}", quoted(&check.wanted)));
                lines.push("  ...".to_owned());
            }
        }
    }
    lines
}

/// Without what begins a directive.
fn plain(text: &str) -> String {
    crate::text::sanitise(text).replace('\\', "\\\\").replace('#', "\\#")
}

/// A string of YAML.
fn quoted(text: &str) -> String {
    format!("\"{}\"", crate::text::sanitise(text).replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::super::samples::results;
    use super::*;

    #[test]
    fn a_point_for_each_check() {
        results("600 --max-jitter 2", true, |results| {
            let expected = [
                "TAP version 14",
                "1..2",
                "ok 1 - outcome",
                "not ok 2 - max-jitter",
                "  ---",
                "  message: \"1.2 ms here, 2.5 ms there\"",
                "  wanted: \"at most 2 ms\"",
                "  ...",
            ];
            assert_eq!(lines(results), expected);
        });
    }

    #[test]
    fn digits_are_no_directives() {
        assert_eq!(plain(r"line 3: press 1#"), r"line 3: press 1\#");
        assert_eq!(quoted(r#"a "b" \c"#), r#""a \"b\" \\c""#);
    }
}
