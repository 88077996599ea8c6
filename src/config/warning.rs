//! What is told of a file that is read: where, and what is odd.

use std::fmt;

/// Something in a file that was not taken as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// Which document: 0 = the main one, 1 = the first overlay …
    pub layer: usize,
    /// The line, counted from 1; `None` where something is missing.
    pub line: Option<usize>,
    /// The section, without brackets.
    pub section: String,
    /// The key; empty = the section as a whole.
    pub key: String,
    /// What is odd and what was done about it.
    pub message: String,
    /// The value itself cannot be meant so; otherwise it can, and something else is odd about it.
    pub is_of_value: bool,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}: ")?;
        }
        match (self.section.as_str(), self.key.as_str()) {
            ("", _) => write!(f, "{}", self.message),
            (section, "") => write!(f, "[{section}]: {}", self.message),
            (section, key) => write!(f, "[{section}] {key}: {}", self.message),
        }
    }
}
