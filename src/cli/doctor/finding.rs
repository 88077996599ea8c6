//! What a check found: a row of the doctor's table.

use crate::control::{CommandError, ExitCode};
use crate::text::elided;
use serde_json::{Value, json};
use std::path::PathBuf;

/// Longest sentence of a finding, in characters.
const MOST: usize = 600;

/// How it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli) enum Verdict {
    /// As it should be.
    Ok,
    /// It works, and may bite.
    Warn,
    /// It does not work.
    Fail,
    /// It was not looked at, and why.
    Skip,
}

impl Verdict {
    /// Its word, in JSON and for people.
    pub(in crate::cli) fn word(self) -> &'static str {
        match self {
            Verdict::Ok => "ok",
            Verdict::Warn => "warn",
            Verdict::Fail => "fail",
            Verdict::Skip => "skip",
        }
    }
}

/// What can be mended on request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cli) enum Fix {
    /// The file or folder becomes its owner's alone.
    Rights(PathBuf, u32),
}

impl Fix {
    /// As a question: `make /x its owner's alone (0600)`.
    pub(super) fn words(&self) -> String {
        match self {
            Fix::Rights(path, mode) => format!("make {} its owner's alone ({mode:04o})", path.display()),
        }
    }
}

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cli) struct Finding {
    /// The check.
    pub name: &'static str,
    /// What was tried.
    pub tried: String,
    /// On what: a file, a server, an account.
    pub on: String,
    /// How it stands.
    pub verdict: Verdict,
    /// What came of it.
    pub found: String,
    /// Why that is so, most likely.
    pub cause: Option<String>,
    /// What to do about it.
    pub next: Option<String>,
    /// The exit code, where it fails.
    pub code: ExitCode,
    /// How it can be mended here.
    pub fix: Option<Fix>,
    /// It was mended.
    pub fixed: bool,
}

impl Finding {
    /// All is well.
    pub(super) fn ok(name: &'static str, tried: &str, on: impl Into<String>, found: impl Into<String>) -> Finding {
        Finding {
            name,
            tried: tried.to_owned(),
            on: on.into(),
            verdict: Verdict::Ok,
            found: found.into(),
            cause: None,
            next: None,
            code: ExitCode::Ok,
            fix: None,
            fixed: false,
        }
    }

    /// It was not looked at.
    pub(super) fn skip(name: &'static str, tried: &str, on: impl Into<String>, why: impl Into<String>) -> Finding {
        Finding { verdict: Verdict::Skip, ..Finding::ok(name, tried, on, why) }
    }

    /// It works, and may bite.
    pub(super) fn warn(self) -> Finding {
        Finding { verdict: Verdict::Warn, ..self }
    }

    /// It does not work, and the program ends so.
    pub(super) fn fail(self, code: ExitCode) -> Finding {
        Finding { verdict: Verdict::Fail, code, ..self }
    }

    /// The likely reason.
    pub(super) fn because(self, cause: impl Into<String>) -> Finding {
        Finding { cause: Some(cause.into()), ..self }
    }

    /// What to do about it.
    pub(super) fn then(self, next: impl Into<String>) -> Finding {
        Finding { next: Some(next.into()), ..self }
    }

    /// How it can be mended here.
    pub(super) fn mended_by(self, fix: Fix) -> Finding {
        Finding { fix: Some(fix), ..self }
    }

    /// What an error says, as a finding that fails.
    pub(super) fn of_error(name: &'static str, tried: &str, on: impl Into<String>, error: &CommandError) -> Finding {
        let finding = Finding::ok(name, tried, on, error.message.clone()).fail(error.code);
        Finding { next: error.hint.clone(), ..finding }
    }

    /// For people: a line, and one for each of cause and advice.
    pub(in crate::cli) fn text(&self) -> String {
        let Finding { name, tried, on, found, .. } = self;
        let on = if on.is_empty() { String::new() } else { format!(" {on}") };
        let mut text = clean(&format!("{:4}  {name:12}  {tried}{on}: {found}", self.verdict.word()));
        let below = [("cause", self.cause.as_ref()), ("next", self.next.as_ref())];
        for (label, words) in below.iter().filter_map(|(label, words)| Some((label, (*words)?))) {
            text += &format!("\n      {label}: {}", clean(words));
        }
        if self.fixed {
            text += "\n      mended";
        }
        text
    }

    /// For programs.
    pub(super) fn json(&self) -> Value {
        let words = |text: &Option<String>| text.as_deref().map(clean);
        json!({
            "name": self.name, "tried": clean(&self.tried), "on": clean(&self.on), "result": self.verdict.word(),
            "found": clean(&self.found), "cause": words(&self.cause), "next": words(&self.next),
            "fixable": self.fix.is_some(), "fixed": self.fixed,
        })
    }
}

fn clean(text: &str) -> String {
    elided(text, MOST)
}

/// The code of the first that fails.
pub(super) fn code(findings: &[Finding]) -> ExitCode {
    let mut failed = findings.iter().filter(|it| it.verdict == Verdict::Fail && !it.fixed).map(|it| it.code);
    failed.next().unwrap_or(ExitCode::Ok)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_in_words_and_in_json() {
        let well = Finding::ok("dns", "look up", "pbx", "192.0.2.1\x1b[2J");
        assert_eq!(well.text(), "ok    dns           look up pbx: 192.0.2.1[2J");
        let ill = well.clone().fail(ExitCode::Unreachable).because("a typo").then("mend it");
        assert_eq!(
            ill.text(),
            "fail  dns           look up pbx: 192.0.2.1[2J\n      cause: a typo\n      next: mend it"
        );
        let shown = ill.json();
        assert_eq!(
            (&shown["result"], &shown["cause"], &shown["fixable"]),
            (&"fail".into(), &"a typo".into(), &false.into())
        );
        let mended = Finding { fixed: true, ..ill.clone().mended_by(Fix::Rights("/x".into(), 0o600)) };
        assert!(mended.text().ends_with("\n      mended"));
        assert_eq!(mended.fix.as_ref().map(Fix::words).as_deref(), Some("make /x its owner's alone (0600)"));
        let refused = Finding::ok("registration", "REGISTER", "", "").fail(ExitCode::Refused);
        for (all, expected) in [
            (vec![well.clone(), well.clone().warn()], ExitCode::Ok),
            (vec![mended.clone()], ExitCode::Ok),
            (vec![well, mended, ill, refused.clone()], ExitCode::Unreachable),
            (vec![refused], ExitCode::Refused),
        ] {
            assert_eq!(code(&all), expected);
        }
    }
}
