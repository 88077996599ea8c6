//! Dial plans: which numbers may be called, and how they are dialled. Either MicroSIP's rules, or `PREFIX,<REGEX>`: a number
//! that is all of what the expression says has the prefix put before it, every other is dialled as it is.

mod rules;

use super::pattern::{Pattern, PatternError};

/// Longest plan, in characters.
const MAX_PLAN: usize = 4096;

/// Why a plan is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DialPlanError {
    /// More than 4096 characters.
    #[error("a dial plan has {MAX_PLAN} characters at most")]
    TooLong,
    /// The expression of `PREFIX,<REGEX>`.
    #[error(transparent)]
    Pattern(#[from] PatternError),
}

/// The dial plan of an account (`dialPlan`, `--dialplan`).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DialPlan {
    text: String,
    kind: Kind,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
enum Kind {
    /// Every number is dialled as it is.
    #[default]
    Open,
    /// MicroSIP's rules.
    Rules,
    Prefix(String, Pattern),
    Broken(DialPlanError),
}

/// What a plan makes of a number.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Planned<'a> {
    /// It goes out as it is.
    Unchanged,
    /// This rule lets it out, so.
    By(&'a str, String),
    /// No rule does.
    Refused,
    /// Nobody can tell what the plan means.
    Broken(&'a DialPlanError),
}

impl DialPlan {
    /// The plan of a text; blank = every number is dialled as it is.
    ///
    /// # Errors
    /// It is too long, or its expression is wrong or too big.
    pub fn parse(text: &str) -> Result<DialPlan, DialPlanError> {
        let plan = DialPlan::kept(text);
        match plan.kind {
            Kind::Broken(why) => Err(why),
            _ => Ok(plan),
        }
    }

    /// The same, whatever the text: one that cannot be read lets no number out.
    pub fn kept(text: &str) -> DialPlan {
        let kind = match prefixed(text) {
            _ if text.chars().count() > MAX_PLAN => Kind::Broken(DialPlanError::TooLong),
            _ if text.trim().is_empty() => Kind::Open,
            None => Kind::Rules,
            Some((prefix, expression)) => match Pattern::whole(expression) {
                Ok(pattern) => Kind::Prefix(prefix.to_owned(), pattern),
                Err(why) => Kind::Broken(why.into()),
            },
        };
        DialPlan { text: text.to_owned(), kind }
    }

    /// As it is written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Why it cannot be read, if it cannot.
    pub fn complaint(&self) -> Option<&DialPlanError> {
        match &self.kind {
            Kind::Broken(why) => Some(why),
            _ => None,
        }
    }

    /// What it hardly means as it says it: signs that are no operators of MicroSIP's rules, brackets that nothing closes.
    pub(super) fn oddities(&self) -> Vec<String> {
        if self.kind == Kind::Rules { rules::oddities(&self.text) } else { Vec::new() }
    }

    /// What becomes of a number, cleaned and prefixed.
    pub(super) fn apply(&self, number: &str) -> Planned<'_> {
        match &self.kind {
            Kind::Open => Planned::Unchanged,
            Kind::Broken(why) => Planned::Broken(why),
            Kind::Rules => match rules::apply(&self.text, number) {
                Some((rule, dialled)) => Planned::By(rule, dialled),
                None => Planned::Refused,
            },
            // An address is no number.
            Kind::Prefix(prefix, pattern) if !number.contains('@') && pattern.matches(number) => {
                Planned::By(&self.text, format!("{prefix}{number}"))
            }
            Kind::Prefix(..) => Planned::Unchanged,
        }
    }
}

/// Prefix and expression of `PREFIX,<REGEX>`. In MicroSIP's rules a comma means nothing: no number has one.
fn prefixed(text: &str) -> Option<(&str, &str)> {
    let (prefix, rest) = text.trim().split_once(',')?;
    let expression = rest.trim().strip_prefix('<')?.strip_suffix('>')?;
    let prefix = prefix.trim();
    let is_prefix = prefix.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+*#".contains(&byte));
    is_prefix.then_some((prefix, expression))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_fit_have_the_prefix_and_others_none() {
        for (plan, number, expected) in [
            ("9,<.*>", "5551234", Some("95551234")),
            (r"9,<\d{7}>", "5551234", Some("95551234")),
            (r"9,<\d{7}>", "55512345", None),
            (r"9, < ?[2-9]xx>", "234", None),
            ("+49,<0[1-9][0-9]+>", "030123", Some("+49030123")),
            ("9,<1|2>", "12", None),
            ("9,<1|2>", "2", Some("92")),
            ("9,<.*>", "bob@other.example", None),
            (",<.*>", "100", Some("100")),
        ] {
            let planned = DialPlan::parse(plan).unwrap();
            let expected = expected.map_or(Planned::Unchanged, |number| Planned::By(plan, number.to_owned()));
            assert_eq!(planned.apply(number), expected, "{plan} on {number}");
        }
    }

    #[test]
    fn microsips_rules_stay_rules() {
        for (plan, number, expected) in [
            ("<:9>xxxxxxx", "5551234", Planned::By("<:9>xxxxxxx", "95551234".to_owned())),
            ("1xx | <8:+7>x.", "8916", Planned::By("<8:+7>x.", "+7916".to_owned())),
            ("[2-9]xx", "134", Planned::Refused),
            (" ", "134", Planned::Unchanged),
            // No prefix stands before the comma.
            ("1xx|9,<.*>", "5", Planned::Refused),
        ] {
            assert_eq!(DialPlan::parse(plan).unwrap().apply(number), expected, "{plan}");
        }
    }

    #[test]
    fn a_plan_that_cannot_be_read_lets_nothing_out() {
        for (plan, why) in [
            ("9,<(>", "the expression ( cannot be used: "),
            ("9,<x{1000}{1000}>", "the expression x{1000}{1000} cannot be used: "),
            (&"x".repeat(MAX_PLAN + 1), "a dial plan has 4096 characters at most"),
        ] {
            let told = DialPlan::parse(plan).expect_err(plan).to_string();
            assert!(told.starts_with(why), "{told}");
            let kept = DialPlan::kept(plan);
            assert!(matches!(kept.apply("100"), Planned::Broken(_)) && kept.text() == plan);
        }
    }
}
