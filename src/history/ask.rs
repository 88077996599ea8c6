//! What the history is asked, and what it answers.

use super::{Kind, Record};

/// The most records of one answer; who wants more asks again from the last one on.
pub const PAGE: usize = 1_000;

/// Which calls are meant. Everything that is not given leaves nothing out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Query {
    /// Part of the number, name, address or outcome, in any letter case; a number may be formatted.
    pub text: String,
    /// Kinds.
    pub kinds: Vec<Kind>,
    /// The account's AOR.
    pub account: Option<String>,
    /// From this moment on, milliseconds since 1970.
    pub since_ms: Option<i64>,
    /// Before this moment.
    pub until_ms: Option<i64>,
    /// Older than the call with this id: the next page.
    pub before: Option<i64>,
    /// Only those that nobody has looked at, see [`HistoryAsk::Seen`].
    pub unseen: bool,
    /// The most records wanted; 0 = all, a [`PAGE`] at a time.
    pub limit: usize,
}

/// A question to the history, or a change of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HistoryAsk {
    /// The calls that fit, the latest first.
    List(Query),
    /// Forget the calls with these ids.
    Remove(Vec<i64>),
    /// Forget every call.
    Clear,
    /// Every call that has ended was looked at.
    Seen,
    /// Bring over the calls of a file of MicroSIP's: its ini, or its database.
    Import(String),
}

/// The answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Found {
    /// Calls, the latest first, and whether there are older ones that fit.
    Records(Vec<Record>, bool),
    /// So many were forgotten.
    Removed(usize),
    /// They are looked at.
    Seen,
    /// So many were brought over; so many were there already.
    Imported {
        /// Brought over.
        new: usize,
        /// There already.
        known: usize,
    },
}
