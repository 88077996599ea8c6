//! Rules of a person's own that numbers are rewritten by before anything else is done to them: `rewrite1` to `rewrite9`.

use super::pattern::{Pattern, PatternError};

/// What stands between expression and replacement.
const ARROW: &str = "=>";
/// Longest replacement, in characters.
const MAX_REPLACEMENT: usize = 256;

/// Why a rule is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RewriteError {
    /// There is nothing to replace by.
    #[error("it is no EXPRESSION => REPLACEMENT")]
    NoArrow,
    /// The replacement has more than 256 characters.
    #[error("its replacement has more than {MAX_REPLACEMENT} characters")]
    TooLong,
    /// The expression.
    #[error(transparent)]
    Pattern(#[from] PatternError),
}

/// `EXPRESSION => REPLACEMENT`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Rule {
    pattern: Pattern,
    replacement: String,
}

impl Rule {
    fn parse(text: &str) -> Result<Rule, RewriteError> {
        let (expression, replacement) = text.rsplit_once(ARROW).ok_or(RewriteError::NoArrow)?;
        let (expression, replacement) = (expression.trim(), replacement.trim());
        if expression.is_empty() {
            return Err(RewriteError::NoArrow);
        }
        if replacement.chars().count() > MAX_REPLACEMENT {
            return Err(RewriteError::TooLong);
        }
        Ok(Rule { pattern: Pattern::parse(expression)?, replacement: replacement.to_owned() })
    }
}

/// A rule at its place; without the rule its text cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Slot {
    place: u8,
    text: String,
    rule: Option<Rule>,
}

/// The rules of an account, in order of their numbers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RewriteRules(Vec<Slot>);

impl RewriteRules {
    /// The rule of this number as it is written; empty = there is none.
    pub fn text(&self, place: u8) -> String {
        self.0.iter().find(|slot| slot.place == place).map(|slot| slot.text.clone()).unwrap_or_default()
    }

    /// Takes the text of a rule. One that cannot be read rewrites nothing, and why it cannot is told.
    pub fn set(&mut self, place: u8, text: &str) -> Option<String> {
        self.0.retain(|slot| slot.place != place);
        if text.trim().is_empty() {
            return None;
        }
        let rule = Rule::parse(text);
        let complaint = rule.as_ref().err().map(|why| format!("{why}; nothing is rewritten by it"));
        self.0.push(Slot { place, text: text.to_owned(), rule: rule.ok() });
        self.0.sort_by_key(|slot| slot.place);
        complaint
    }

    /// What each rule that fits makes of a number, one after another: the text of the rule, and the number from there
    /// on, cut off soon after `longest` bytes.
    pub(super) fn apply(&self, number: &str, longest: usize) -> Vec<(&str, String)> {
        let mut made: Vec<(&str, String)> = Vec::new();
        for slot in &self.0 {
            let Some(rule) = &slot.rule else { continue };
            let before = made.last().map_or(number, |(_, number)| number.as_str());
            if let Some(after) = rule.pattern.replace(before, &rule.replacement, longest) {
                made.push((&slot.text, after));
            }
        }
        made
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(texts: &[&str]) -> RewriteRules {
        let mut rules = RewriteRules::default();
        for (place, text) in (1..).zip(texts) {
            assert_eq!(rules.set(place, text), None, "{text}");
        }
        rules
    }

    #[test]
    fn rules_follow_one_another() {
        let tidy = rules(&[r"[\s()./-]+ =>", r"^(?:\+7|8)?(\d{10})$ => 8$1"]);
        for (typed, steps) in [
            ("+7 (916) 123-45-67", vec!["+79161234567", "89161234567"]),
            ("9161234567", vec!["89161234567"]),
            ("100", vec![]),
        ] {
            let made: Vec<String> = tidy.apply(typed, 1024).into_iter().map(|(_, number)| number).collect();
            assert_eq!(made, steps, "{typed}");
        }
        let arrows = rules(&["=>x => y"]);
        assert_eq!(arrows.apply("a=>x", 100), [("=>x => y", "ay".to_owned())], "the last arrow counts");
    }

    #[test]
    fn the_order_is_that_of_the_numbers_and_what_is_empty_is_gone() {
        let mut rules = RewriteRules::default();
        for (place, text) in [(7, "b => c"), (2, "a => b"), (3, "b => x"), (3, "")] {
            rules.set(place, text);
        }
        let made: Vec<String> = rules.apply("a", 100).into_iter().map(|(_, number)| number).collect();
        assert_eq!(
            (made, rules.text(7).as_str(), rules.text(3).as_str()),
            (vec!["b".into(), "c".into()], "b => c", "")
        );
    }

    #[test]
    fn a_rule_that_cannot_be_read_is_kept_and_told() {
        for (text, why) in [
            ("0049", "it is no EXPRESSION => REPLACEMENT; nothing is rewritten by it"),
            (" => 1", "it is no EXPRESSION => REPLACEMENT; nothing is rewritten by it"),
            ("( => 1", "the expression ( cannot be used: "),
            (&format!("x => {}", "y".repeat(257)), "its replacement has more than 256 characters"),
        ] {
            let mut rules = RewriteRules::default();
            let told = rules.set(1, text).unwrap_or_default();
            assert!(told.starts_with(why), "{text}: {told}");
            assert_eq!((rules.text(1).as_str(), rules.apply("x0049", 10).len()), (text, 0));
        }
    }
}
