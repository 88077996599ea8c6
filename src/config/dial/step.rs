//! The stages on the way from what was typed to what is called, as values that can be shown.

use super::{DialError, DialTarget};

/// What is done to a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// The digits behind the first comma are split off: they are keyed after the answer.
    Digits,
    /// It stood between `<` and `>`: it is called as it is.
    Complete,
    /// It goes out by the Local account, which changes no address.
    Direct,
    /// A rule of the person's own (`rewrite1`…).
    Rewrite,
    /// The signs that people write into telephone numbers are left out.
    Cleaned,
    /// `dialingPrefix` is put before it.
    Prefix,
    /// The rule of the dial plan that let it out.
    Plan,
    /// The address that is called.
    Address,
}

impl Stage {
    /// Its word in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Stage::Digits => "digits",
            Stage::Complete => "complete",
            Stage::Direct => "direct",
            Stage::Rewrite => "rewrite",
            Stage::Cleaned => "cleaned",
            Stage::Prefix => "prefix",
            Stage::Plan => "plan",
            Stage::Address => "address",
        }
    }
}

/// A stage that changed or decided something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Which.
    pub stage: Stage,
    /// The rule or setting that did it, as it is written, if one did.
    pub rule: Option<String>,
    /// The number from there on; the digits of [`Stage::Digits`].
    pub result: String,
}

/// The way of a number: every step of it, and where it ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Way {
    /// In the order they were taken, up to the one that failed.
    pub steps: Vec<Step>,
    /// What is called, or why nothing is.
    pub outcome: Result<DialTarget, DialError>,
}

impl Way {
    pub(super) fn new(follow: impl FnOnce(&mut Steps) -> Result<DialTarget, DialError>) -> Way {
        let mut steps = Steps(Vec::new());
        let outcome = follow(&mut steps);
        Way { steps: steps.0, outcome }
    }
}

/// Steps as they are taken.
pub(super) struct Steps(Vec<Step>);

impl Steps {
    pub fn take(&mut self, stage: Stage, rule: Option<&str>, result: &str) {
        self.0.push(Step { stage, rule: rule.map(str::to_owned), result: result.to_owned() });
    }
}
