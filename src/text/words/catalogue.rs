//! The messages of one file, each parsed when it is first asked for.

use fluent_syntax::ast::{Entry, Pattern};
use fluent_syntax::parser;
use std::borrow::Cow;
use std::ops::Range;
use std::sync::OnceLock;

/// Bytes of a file, at most.
pub const MAX_FILE: usize = 512 * 1024;
/// Messages of a file, at most.
const MAX_MESSAGES: usize = 5000;
/// Characters of a word that a fault shows.
pub(super) const MAX_SHOWN: usize = 60;

/// Something in a file that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spot {
    /// Its line, from 1; 0 = the file as a whole.
    pub line: usize,
    /// What is wrong, and what would be right.
    pub words: String,
    /// It works all the same.
    pub is_note: bool,
}

/// Messages by their ids.
#[derive(Debug)]
pub struct Catalogue {
    text: Cow<'static, str>,
    /// In the order of their ids.
    messages: Vec<Message>,
}

#[derive(Debug)]
struct Message {
    id: Range<usize>,
    /// With its id, up to the next one.
    body: Range<usize>,
    pattern: OnceLock<Option<Pattern<String>>>,
}

impl Catalogue {
    /// What a text has, whatever may be wrong with some of its messages.
    pub fn new(text: impl Into<Cow<'static, str>>) -> Catalogue {
        let text = text.into();
        let mut messages: Vec<Message> = Vec::new();
        let mut at = 0;
        for line in text.split_inclusive('\n') {
            if let Some(length) = id_length(line) {
                if let Some(last) = messages.last_mut() {
                    last.body.end = at;
                }
                if messages.len() == MAX_MESSAGES {
                    break;
                }
                messages.push(Message { id: at..at + length, body: at..text.len(), pattern: OnceLock::new() });
            }
            at += line.len();
        }
        let id = |message: &Message| text.get(message.id.clone()).unwrap_or_default();
        messages.sort_by(|one, other| id(one).cmp(id(other)));
        messages.dedup_by(|later, first| id(later) == id(first));
        messages.shrink_to_fit();
        Catalogue { text, messages }
    }

    /// What a file has, and what is wrong with it.
    pub fn read(bytes: &[u8]) -> (Catalogue, Vec<Spot>) {
        let whole = |words: String| (Catalogue::new(""), vec![Spot { line: 0, words, is_note: false }]);
        if bytes.len() > MAX_FILE {
            return whole(format!("the file is larger than {} KB", MAX_FILE / 1024));
        }
        let Ok(text) = std::str::from_utf8(bytes) else { return whole("the file is not UTF-8".to_owned()) };
        let text: String = text.trim_start_matches('\u{feff}').chars().filter(|c| !is_odd(*c)).collect();
        let faults = faults(&text);
        (Catalogue::new(text), faults)
    }

    /// All ids, terms with their hyphen.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.messages.iter().map(|message| self.id(message))
    }

    /// True where there is such a message.
    pub fn has(&self, id: &str) -> bool {
        self.find(id).is_some()
    }

    /// The line of a message, from 1.
    pub fn line(&self, id: &str) -> Option<usize> {
        let message = self.find(id)?;
        self.text.get(..message.id.start).map(|before| before.matches('\n').count() + 1)
    }

    /// What a message says, if that can be read.
    pub(super) fn pattern(&self, id: &str) -> Option<&Pattern<String>> {
        let message = self.find(id)?;
        message.pattern.get_or_init(|| parsed(self.text.get(message.body.clone()).unwrap_or_default())).as_ref()
    }

    fn find(&self, id: &str) -> Option<&Message> {
        let place = self.messages.binary_search_by(|message| self.id(message).cmp(id)).ok()?;
        self.messages.get(place)
    }

    fn id(&self, message: &Message) -> &str {
        self.text.get(message.id.clone()).unwrap_or_default()
    }
}

/// The length of the id of a message or term that begins with this line.
fn id_length(line: &str) -> Option<usize> {
    let (id, _) = line.split_once('=')?;
    let id = id.trim_end_matches([' ', '\t']);
    let name = id.strip_prefix('-').unwrap_or(id);
    let is_one = name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    is_one.then_some(id.len())
}

fn parsed(body: &str) -> Option<Pattern<String>> {
    let resource = parser::parse_runtime(body.to_owned()).ok()?;
    match resource.body.into_iter().next()? {
        Entry::Message(message) => message.value,
        Entry::Term(term) => Some(term.value),
        _ => None,
    }
}

/// Characters that would reach the terminal as more than text; those that join letters and turn the line stay.
pub(super) fn is_odd(c: char) -> bool {
    (c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
        || matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// What of a file cannot be read.
fn faults(text: &str) -> Vec<Spot> {
    let Err((_, errors)) = parser::parse_runtime(text) else { return Vec::new() };
    let line = |at: usize| text.get(..at).map_or(0, |before| before.matches('\n').count() + 1);
    let fault = |error: parser::ParserError| {
        let at = error.slice.as_ref().map_or(error.pos.start, |slice| slice.start);
        let at = at + text.get(at..).map_or(0, |rest| rest.len() - rest.trim_start().len());
        let id = text.get(at..).and_then(|rest| rest.split(['=', '\n']).next()).unwrap_or_default().trim();
        let words = format!("{}: {}", crate::text::elided(id, MAX_SHOWN), error.kind);
        Spot { line: line(at), words, is_note: false }
    };
    errors.into_iter().map(fault).collect()
}
