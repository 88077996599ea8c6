//! Regular expressions that stand in a file: bounded in what they take, and matched in a time that grows with the text
//! alone, whatever they are.

use regex_lite::{Regex, RegexBuilder};

/// Longest expression, in characters.
const MAX_LENGTH: usize = 256;
/// What a compiled one may take, in bytes: `x{1000}{1000}` is short to write.
const MAX_COMPILED: usize = 128 * 1024;
/// How deep its groups may be nested.
const MAX_DEPTH: u32 = 16;

/// Why an expression is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// More than 256 characters.
    #[error("an expression has {MAX_LENGTH} characters at most")]
    TooLong,
    /// It is wrong, or too big once compiled.
    #[error("the expression {text} cannot be used: {why}")]
    Unusable {
        /// As it is written.
        text: String,
        /// What is wrong with it.
        why: String,
    },
}

/// An expression; two are equal if they are written alike.
#[derive(Debug, Clone)]
pub(super) struct Pattern {
    text: String,
    regex: Regex,
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Pattern) -> bool {
        self.text == other.text
    }
}

impl Eq for Pattern {}

impl Pattern {
    /// One that is looked for anywhere in a text.
    pub fn parse(text: &str) -> Result<Pattern, PatternError> {
        if text.chars().count() > MAX_LENGTH {
            return Err(PatternError::TooLong);
        }
        Ok(Pattern { text: text.to_owned(), regex: compiled(text, text)? })
    }

    /// One that a text must be from its beginning to its end.
    pub fn whole(text: &str) -> Result<Pattern, PatternError> {
        let pattern = Pattern::parse(text)?;
        Ok(Pattern { regex: compiled(&format!("^(?:{text})$"), text)?, ..pattern })
    }

    /// It is found in this text.
    pub fn matches(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }

    /// The text with each place that matches replaced, `$1` and `${name}` standing for its groups; `None` where none
    /// does. What comes out is cut off soon after `longest` bytes.
    pub fn replace(&self, text: &str, replacement: &str, longest: usize) -> Option<String> {
        let (mut out, mut done) = (String::new(), 0);
        for found in self.regex.captures_iter(text) {
            let Some(whole) = found.get(0) else { continue };
            out += text.get(done..whole.start()).unwrap_or_default();
            found.expand(replacement, &mut out);
            done = whole.end();
            if out.len() > longest {
                return Some(out);
            }
        }
        let is_found = done > 0 || !out.is_empty() || self.regex.is_match(text);
        out += text.get(done..).unwrap_or_default();
        is_found.then_some(out)
    }
}

fn compiled(expression: &str, text: &str) -> Result<Regex, PatternError> {
    let mut builder = RegexBuilder::new(expression);
    let made = builder.size_limit(MAX_COMPILED).nest_limit(MAX_DEPTH).build();
    made.map_err(|why| PatternError::Unusable { text: crate::text::sanitise(text), why: why.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_means_from_end_to_end() {
        for (expression, text, is) in [
            ("1|2", "12", false),
            ("1|2", "2", true),
            (r"\d{7}", "5551234", true),
            (r"\d{7}", "55512345", false),
            ("(?m)1", "1\n2", false),
            (".*", "", true),
        ] {
            assert_eq!(Pattern::whole(expression).unwrap().matches(text), is, "{expression} {text}");
        }
        // Nothing gets out of the brackets.
        assert!(Pattern::whole("1)|(?:2").is_err());
    }

    #[test]
    fn places_are_replaced_one_after_another() {
        for (expression, replacement, text, expected) in [
            (r"[\s()-]+", "", "(555) 01-02", Some("5550102")),
            (r"^00(\d+)$", "+$1", "004930", Some("+4930")),
            (r"^00(\d+)$", "+$1", "4930", None),
            (r"^(?:\+7|8)?(\d{10})$", "8$1", "+79161234567", Some("89161234567")),
            ("x*", "-", "ab", Some("-a-b-")),
            ("^", "9", "1", Some("91")),
            (r"^\d$", "", "1", Some("")),
        ] {
            let replaced = Pattern::parse(expression).unwrap().replace(text, replacement, 100);
            assert_eq!(replaced.as_deref(), expected, "{expression} {text}");
        }
    }

    #[test]
    fn what_takes_too_much_is_refused_and_the_rest_is_quick() {
        for expression in
            [&"x".repeat(MAX_LENGTH + 1), "x{1000}{1000}", "[", "a**?)", "(?=x)", &"(".repeat(100), "\\p{Greek}"]
        {
            let why = Pattern::whole(expression).expect_err(expression).to_string();
            assert!(why.len() < 2 * MAX_LENGTH + 200, "{why}");
        }
        let hard = Pattern::whole("(a*)*(a*)*(a*)*b").unwrap();
        assert!(!hard.matches(&"a".repeat(1024)));
        let growing = Pattern::parse("").unwrap().replace(&"1".repeat(1024), &"$0x".repeat(80), 2048);
        assert!(growing.is_some_and(|grown| grown.len() < 8192));
    }
}
