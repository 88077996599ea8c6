//! Calls that were, as the interface has them: pages of the history, what is searched for, whom one may call again.
//! Plain data; whatever is to be asked of the phone is given back as a request.

use super::editor::Editor;
use crate::control::verb::Request;
use crate::control::{HistoryAsk, Kind, Query, Record};

/// Calls asked for at once.
const PAGE: usize = 100;
/// So near the end of what is known, more is asked for.
const NEAR: usize = 30;
/// Calls kept for the list; who wants older ones searches.
const MOST: usize = 5_000;
/// The most that the phone gives at once.
const MOST_AT_ONCE: usize = 1_000;
/// Calls that are looked through for numbers to complete and to recall.
const RECENT: usize = 200;
/// Missed calls that are counted.
const MISSED: usize = 100;

/// A call, and when it began as the clock on the wall had it: `2026-01-02 04:04:05`.
#[derive(Debug, Clone, PartialEq)]
pub struct PastCall {
    /// The call.
    pub call: Record,
    /// Local time.
    pub local: String,
}

/// Somebody a call was with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recent {
    /// The number, as one would dial it.
    pub number: String,
    /// The name; empty = none.
    pub name: String,
}

/// All of it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Past {
    calls: Vec<PastCall>,
    /// There are older ones that fit.
    more: bool,
    /// What is searched for.
    pub search: Editor,
    /// Only calls of this kind.
    pub kind: Option<Kind>,
    /// The chosen row.
    pub row: usize,
    /// Rows the details are scrolled by.
    pub scroll: usize,
    /// The list has come.
    pub known: bool,
    /// Why there is none.
    pub trouble: Option<String>,
    /// Missed calls nobody has looked at.
    pub missed: usize,
    /// This phone keeps no history; it is not asked again by itself.
    pub absent: bool,
    /// The question that waits for its answer.
    asked: Option<Query>,
    /// It is out of date already.
    outdated: bool,
    recent: Vec<Recent>,
}

impl Past {
    /// The calls that are known, the latest first.
    pub fn calls(&self) -> &[PastCall] {
        &self.calls
    }

    /// There are older ones.
    pub fn has_more(&self) -> bool {
        self.more
    }

    /// The chosen one.
    pub fn chosen(&self) -> Option<&PastCall> {
        self.calls.get(self.row)
    }

    /// Who calls were with, the last one first, each once.
    pub fn recent(&self) -> &[Recent] {
        &self.recent
    }

    /// Asks for the list as it is wanted now; `None` while an answer is awaited, which asks again.
    pub fn ask(&mut self) -> Option<Request> {
        if self.asked.is_some() {
            self.outdated = true;
            return None;
        }
        let limit = self.calls.len().clamp(PAGE, MOST_AT_ONCE);
        Some(self.asking(Query { limit, ..self.query() }))
    }

    /// Asks for another list: from its beginning.
    pub fn ask_anew(&mut self) -> Option<Request> {
        self.row = 0;
        self.calls.truncate(PAGE);
        self.ask()
    }

    /// Asks for older calls, if the chosen one is near the end of those known.
    pub fn ask_more(&mut self) -> Option<Request> {
        let is_near = self.row + NEAR >= self.calls.len();
        if !self.more || !is_near || self.asked.is_some() || self.calls.len() >= MOST {
            return None;
        }
        let before = self.calls.last().map(|last| last.call.id);
        Some(self.asking(Query { before, limit: PAGE, ..self.query() }))
    }

    /// Takes an answer in; what is to be asked next.
    pub fn take(&mut self, query: &Query, calls: Vec<PastCall>, more: bool) -> Option<Request> {
        if *query == recent() {
            self.take_recent(&calls);
        }
        if *query == missed() {
            self.missed = calls.len();
        }
        if self.asked.as_ref() != Some(query) {
            return None;
        }
        self.asked = None;
        if std::mem::take(&mut self.outdated) {
            return self.ask();
        }
        let chosen = self.chosen().map(|chosen| chosen.call.id).filter(|_| self.row > 0);
        if query.before.is_none() {
            self.calls.clear();
        }
        self.calls.extend(calls);
        self.more = more;
        self.known = true;
        self.trouble = None;
        let stays = chosen.and_then(|id| self.calls.iter().position(|past| past.call.id == id));
        self.row = stays.unwrap_or(self.row).min(self.calls.len().saturating_sub(1));
        None
    }

    /// There is no answer, and why.
    pub fn failed(&mut self, query: &Query, why: &str) {
        if self.asked.as_ref() == Some(query) {
            self.asked = None;
            self.outdated = false;
            self.trouble = Some(why.to_owned());
        }
    }

    /// Calls with these ids are forgotten.
    pub fn forget(&mut self, ids: &[i64]) {
        self.calls.retain(|past| !ids.contains(&past.call.id));
        self.row = self.row.min(self.calls.len().saturating_sub(1));
    }

    /// Every call is forgotten.
    pub fn forget_all(&mut self) {
        self.calls.clear();
        self.recent.clear();
        self.row = 0;
        self.more = false;
        self.missed = 0;
    }

    /// A call was with somebody just now.
    pub fn saw(&mut self, number: &str, name: &str) {
        self.recent.retain(|recent| recent.number != number);
        if !number.is_empty() {
            self.recent.insert(0, Recent { number: number.to_owned(), name: name.to_owned() });
        }
        self.recent.truncate(RECENT);
    }

    fn take_recent(&mut self, calls: &[PastCall]) {
        self.recent.clear();
        calls.iter().rev().for_each(|past| self.saw(&past.call.number, &past.call.name));
    }

    fn query(&self) -> Query {
        Query { text: self.search.text().trim().to_owned(), kinds: self.kind.into_iter().collect(), ..Query::default() }
    }

    fn asking(&mut self, query: Query) -> Request {
        self.asked = Some(query.clone());
        list(query)
    }
}

/// The next kind of calls to list: all, then each by itself.
pub fn next_kind(kind: Option<Kind>) -> Option<Kind> {
    let order = [Kind::Missed, Kind::Incoming, Kind::Outgoing, Kind::AnsweredElsewhere];
    match kind {
        None => order.first().copied(),
        Some(kind) => order.iter().skip_while(|known| **known != kind).nth(1).copied(),
    }
}

/// What an interface asks before anybody does: whom to call again, and what was missed.
pub fn at_start() -> [Request; 2] {
    [list(recent()), ask_missed()]
}

/// Asks how many missed calls nobody has looked at.
pub fn ask_missed() -> Request {
    list(missed())
}

/// They are looked at.
pub fn look() -> Request {
    Request::History { ask: HistoryAsk::Seen, form: None }
}

/// The question for those one may call again.
pub fn recent() -> Query {
    Query { limit: RECENT, ..Query::default() }
}

fn missed() -> Query {
    Query { kinds: vec![Kind::Missed], unseen: true, limit: MISSED, ..Query::default() }
}

fn list(query: Query) -> Request {
    Request::History { ask: HistoryAsk::List(query), form: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calls(ids: impl Iterator<Item = i64>) -> Vec<PastCall> {
        let call = |id: i64| Record { id, number: format!("{}", id % 10), ..Record::default() };
        ids.map(|id| PastCall { call: call(id), local: String::new() }).collect()
    }

    fn query(request: Option<Request>) -> Query {
        match request {
            Some(Request::History { ask: HistoryAsk::List(query), .. }) => query,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn pages_come_as_one_goes_down() {
        let mut past = Past::default();
        let first = query(past.ask());
        assert_eq!(past.ask_more(), None);
        assert_eq!(past.take(&first, calls((901..=1_000).rev()), true), None);
        assert_eq!(past.ask_more(), None, "the end is far");
        past.row = 80;
        let next = query(past.ask_more());
        assert_eq!((next.before, next.limit), (Some(901), PAGE));
        assert_eq!(past.ask_more(), None, "asked already");
        past.take(&next, calls((801..=900).rev()), false);
        assert_eq!((past.calls().len(), past.chosen().map(|c| c.call.id)), (200, Some(920)));
        past.row = 199;
        assert_eq!(past.ask_more(), None, "there are no more");
        // A call comes: all that is known is asked for, and whoever is chosen stays chosen.
        let again = query(past.ask());
        assert_eq!(again.limit, 200);
        past.take(&again, calls((802..=1_001).rev()), true);
        assert_eq!(past.chosen().map(|c| c.call.id), Some(802));
    }

    #[test]
    fn quick_typing_asks_once_more_for_the_last_text_alone() {
        let mut past = Past::default();
        let first = query(past.ask_anew());
        for text in ["b", "bo", "bob"] {
            past.search.set(text, 10);
            assert_eq!(past.ask_anew(), None);
        }
        let second = query(past.take(&first, calls(1..3), false));
        assert_eq!((second.text.as_str(), past.calls().len()), ("bob", 0));
        past.failed(&first, "late");
        assert_eq!(past.trouble, None);
        past.failed(&second, "gone");
        assert_eq!(past.trouble.as_deref(), Some("gone"));
        assert!(past.ask().is_some());
    }

    #[test]
    fn everybody_one_may_call_again_is_there_once() {
        let mut past = Past::default();
        past.take(&recent(), calls([22, 31, 12].into_iter()), false);
        past.saw("1", "Ann");
        past.saw("", "nobody");
        let numbers: Vec<&str> = past.recent().iter().map(|recent| recent.number.as_str()).collect();
        assert_eq!((numbers, past.known), (vec!["1", "2"], false));
        past.take(&missed(), calls(1..4), true);
        assert_eq!(past.missed, 3);
    }

    #[test]
    fn kinds_go_round() {
        let mut kind = None;
        let round: Vec<_> = (0..5)
            .map(|_| {
                kind = next_kind(kind);
                kind
            })
            .collect();
        assert_eq!(round[4], None);
        assert!(round[..4].iter().all(Option::is_some));
    }
}
