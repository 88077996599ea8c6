//! The palette: every verb and every act of the interface by name, found by a few of their letters, and what may stand
//! behind a verb.

use super::editor::Editor;
use super::enabled::why_not;
use super::keymap::{Act, Binding, Keymap, Place};
use super::model::{CallRow, Mode, Model};
use super::people::Wanted;
use crate::control::verb::{self, Param, ParamKind, VerbRow, WORDS};
use crate::text::{fold::fold, words as catalogue};
use std::borrow::Cow;

/// Characters of a line.
pub const MAX_CHARS: usize = 300;
/// Lines and names that are remembered.
const MAX_KEPT: usize = 50;
/// Words that are offered for a place.
const MAX_WORDS: usize = 50;
/// Verbs whose key does something else than the verb without words, so that words are asked for.
const ASKS: &[&str] = &["call", "forward", "play", "shortcut"];

/// What is typed and what was.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Palette {
    /// The line.
    pub line: Editor,
    /// The row that was chosen by hand.
    pub row: Option<usize>,
    /// The phone ends with the next Enter.
    pub armed: bool,
    used: Vec<&'static str>,
    lines: Vec<String>,
    recall: Option<usize>,
}

/// Something that can be chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Offer {
    /// A verb or an act.
    Act(Entry),
    /// A word for the place where the cursor is.
    Word {
        /// The word.
        word: String,
        /// What or whose it is.
        what: String,
    },
}

/// A verb or an act.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// What is done.
    pub act: Act,
    /// Its name.
    pub name: &'static str,
    /// A sentence.
    pub doc: &'static str,
    /// Its keys, the first one.
    pub key: String,
    /// Why it would come to nothing now.
    pub why: Option<String>,
}

/// A line whose verb is known.
#[derive(Debug, Clone, Copy)]
pub struct Typing {
    /// The verb.
    pub row: &'static VerbRow,
    /// What the last word is; nothing where it is one too many.
    pub param: Option<&'static Param>,
}

/// What a parameter of a verb is, in the language that is spoken.
pub fn doc_of_param(row: &VerbRow, param: &Param) -> Cow<'static, str> {
    catalogue::of("param", &format!("{} {}", row.name, param.name), param.doc)
}

impl Palette {
    /// Empties the line.
    pub fn begin(&mut self) {
        self.line.clear();
        self.touch();
        self.recall = None;
    }

    /// The line is another one now.
    pub fn touch(&mut self) {
        self.row = None;
        self.armed = false;
    }

    /// Shows a line, the cursor at its end.
    pub fn set(&mut self, line: &str) {
        self.line.set(line, MAX_CHARS);
        self.touch();
    }

    /// A verb or an act was used.
    pub fn use_up(&mut self, name: &'static str) {
        self.used.retain(|used| *used != name);
        self.used.insert(0, name);
        self.used.truncate(MAX_KEPT);
    }

    /// A line was carried out.
    pub fn remember(&mut self, line: &str) {
        self.lines.retain(|known| known != line);
        self.lines.push(line.to_owned());
        if self.lines.len() > MAX_KEPT {
            self.lines.remove(0);
        }
    }

    /// Brings back the line before, or the one after; false where there is none.
    pub fn recall(&mut self, back: bool) -> bool {
        if self.recall.is_none() && !self.line.is_empty() {
            return false;
        }
        let at = match (self.recall, back) {
            (None, true) => self.lines.len().checked_sub(1),
            (None, false) => return false,
            (Some(at), true) => at.checked_sub(1),
            (Some(at), false) => Some(at + 1),
        };
        let Some(at) = at else { return true };
        let line = self.lines.get(at).cloned();
        self.set(line.as_deref().unwrap_or_default());
        self.recall = line.map(|_| at);
        true
    }

    /// Somebody typed: what was brought back is his own line now.
    pub fn typed(&mut self) {
        self.recall = None;
        self.touch();
    }
}

/// What is offered for what is typed.
pub fn offers(model: &Model) -> Vec<Offer> {
    let line = model.palette.line.text();
    match typing(&line) {
        Some(Typing { row, param }) => param.map_or_else(Vec::new, |param| words(model, row, param, last_word(&line))),
        None => entries(model, line.trim()).into_iter().map(Offer::Act).collect(),
    }
}

/// The verb of a line and the place of its last word, once there is a blank behind the verb.
pub fn typing(line: &str) -> Option<Typing> {
    let (first, rest) = line.trim_start().split_once(' ')?;
    let row = verb::find(first)?;
    let mut before: Vec<&str> = rest.split(' ').collect();
    before.pop();
    let before: Vec<&str> = before.into_iter().filter(|word| !word.is_empty()).collect();
    let option = |word: &str| {
        let name = word.strip_prefix("--")?;
        row.params.iter().find(|param| param.name == name && param.kind == ParamKind::Option)
    };
    if let Some(param) = before.last().and_then(|word| option(word)) {
        return Some(Typing { row, param: Some(param) });
    }
    let mut places = 0;
    let mut words = before.iter();
    while let Some(word) = words.next() {
        if option(word).is_some() {
            words.next();
        } else if !word.starts_with("--") {
            places += 1;
        }
    }
    let all: Vec<&Param> = row.places().collect();
    let many = |param: &&&Param| matches!(param.kind, ParamKind::Rest | ParamKind::Words);
    let param = all.get(places).or_else(|| all.last().filter(many)).copied();
    Some(Typing { row, param })
}

/// The word behind the last blank.
pub fn last_word(line: &str) -> &str {
    line.rsplit(' ').next().unwrap_or_default()
}

/// A verb that needs words it has not got.
pub fn asks(model: &Model, entry: &Entry) -> bool {
    let Act::Verb(name) = entry.act else { return false };
    let playing = || model.current().is_some_and(|row| row.info.playing.is_some());
    match name {
        "forward" => model.status.forward.is_none(),
        "play" => !playing(),
        _ if ASKS.contains(&name) => true,
        // Its key knows what to do without.
        _ if Keymap::has_own_way(name) => false,
        _ => verb::find(name).is_some_and(|row| {
            row.params.iter().any(|param| matches!(param.kind, ParamKind::Required | ParamKind::Rest))
        }),
    }
}

fn entries(model: &Model, wanted: &str) -> Vec<Entry> {
    let place = model.place_of(&model.returns);
    let here = |it: &&Binding| it.places.contains(&Place::Everywhere) || it.places.contains(&place);
    let open = |it: &&Binding| it.act != Act::Palette && !(it.act == Act::Cancel && model.returns == Mode::Phone);
    let found = model.keymap.bindings().iter().filter(here).filter(open).filter_map(|binding| {
        let why = why_not(model, binding.act);
        let rank = rank(binding, wanted)?;
        let used = model.palette.used.iter().position(|name| *name == binding.name).unwrap_or(usize::MAX);
        let key = binding.keys.first().map(ToString::to_string).unwrap_or_default();
        let entry = Entry { act: binding.act, name: binding.name, doc: binding.doc, key, why };
        // Where nothing is wanted yet, what can be done stands before what cannot.
        let idle = wanted.is_empty() && entry.why.is_some();
        Some(((idle, std::cmp::Reverse(rank), used), entry))
    });
    let mut found: Vec<_> = found.collect();
    found.sort_by_key(|(order, _)| *order);
    found.into_iter().map(|(_, entry)| entry).collect()
}

/// How well a row is what is wanted, the more the better: by name, by key, by its sentence.
fn rank(binding: &Binding, wanted: &str) -> Option<u32> {
    if wanted.is_empty() {
        return Some(0);
    }
    let by_key = binding.keys.iter().any(|keys| keys.to_string() == wanted).then_some(5_000);
    let short = || fuzzy(binding.short, wanted).or_else(|| fuzzy(&binding.words(), wanted));
    let by_name = fuzzy(binding.name, wanted).or_else(short).map(|points| 1_000 + points);
    let in_doc = fold(&catalogue::of("act", binding.name, binding.doc)).contains(&fold(wanted)).then_some(1);
    by_key.max(by_name).max(in_doc)
}

/// Points for letters that come in this order: more where they begin a word or follow each other, most where all of it is
/// the beginning.
fn fuzzy(text: &str, wanted: &str) -> Option<u32> {
    let (text, wanted) = (fold(text), fold(wanted));
    let letters: Vec<char> = text.chars().collect();
    let (mut at, mut points, mut last) = (0, 0, None);
    for c in wanted.chars() {
        let found = at + letters.get(at..)?.iter().position(|letter| *letter == c)?;
        let begins = found == 0 || letters.get(found - 1).is_some_and(|before| !before.is_alphanumeric());
        let follows = last.is_some_and(|last| last + 1 == found);
        points += 1 + if begins { 8 } else { 0 } + if follows { 5 } else { 0 };
        last = Some(found);
        at = found + 1;
    }
    let whole = if text == wanted { 500 } else { 0 };
    let start = if text.starts_with(&wanted) { 100 } else { 0 };
    Some(points + whole + start + 20u32.saturating_sub(letters.len() as u32))
}

fn words(model: &Model, row: &VerbRow, param: &Param, typed: &str) -> Vec<Offer> {
    let folded = fold(typed);
    let is_meant = |word: &str, what: &str| fold(word).contains(&folded) || fold(what).contains(&folded);
    let mut found: Vec<(String, String)> = Vec::new();
    let own = WORDS.iter().find(|(verb, name, _)| *verb == row.name && *name == param.name);
    found.extend(own.into_iter().flat_map(|(.., words)| words.iter()).map(|word| ((*word).to_owned(), String::new())));
    match param.name {
        "number" => {
            let wanted = Wanted::new(typed);
            let people = model.people.list().iter().filter(|it| typed.is_empty() || it.is_called_by(&wanted));
            found.extend(people.take(MAX_WORDS).map(|it| (it.contact.number.clone(), it.contact.name.clone())));
            found.extend(model.past.recent().iter().map(|it| (it.number.clone(), it.name.clone())));
        }
        "account" => {
            found.extend(model.status.accounts.iter().map(|it| (it.aor.clone(), it.label.clone())));
        }
        "call" | "calls" => {
            let who = |it: &CallRow| (it.info.id.clone(), super::view::words::who(&it.info));
            found.extend(model.calls.iter().map(who));
        }
        _ => {}
    }
    let mut seen = std::collections::HashSet::new();
    found.retain(|(word, what)| {
        // Nothing that a line would take for more than a word.
        !word.is_empty() && !word.contains(' ') && is_meant(word, what) && seen.insert(word.clone())
    });
    found.truncate(MAX_WORDS);
    found.into_iter().map(|(word, what)| Offer::Word { word, what }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model(line: &str) -> Model {
        let mut model = Model::new((80, 24), true, Vec::new());
        model.palette.set(line);
        model
    }

    fn first(line: &str) -> Option<String> {
        offers(&model(line)).into_iter().next().map(|offer| match offer {
            Offer::Act(entry) => entry.name.to_owned(),
            Offer::Word { word, .. } => word,
        })
    }

    #[test]
    fn words_of_another_language_find_it_too() {
        let german =
            std::sync::Arc::new(catalogue::Words::of("de", catalogue::Catalogue::new("key-hold = warteschleife\n")));
        assert_ne!(first("warteschl").as_deref(), Some("hold"));
        assert_eq!(catalogue::speaking(german, || first("warteschl")).as_deref(), Some("hold"));
    }

    #[test]
    fn a_few_letters_find_what_is_meant() {
        for (typed, expected) in [
            ("answer", "answer"),
            ("ans", "answer"),
            ("hgup", "hangup"),
            ("mute-s", "mute-speaker"),
            ("mspk", "mute-speaker"),
            ("F5", "hold"),
            ("dnd", "dnd"),
            ("echo service", "echo"),
            ("stat", "status"),
        ] {
            assert_eq!(first(typed).as_deref(), Some(expected), "{typed}");
        }
        assert_eq!(first("zzzz"), None);
    }

    #[test]
    fn what_was_used_comes_first_and_what_cannot_be_done_last() {
        let mut model = model("");
        model.palette.use_up("status");
        let rows = offers(&model);
        let name = |offer: Option<&Offer>| match offer {
            Some(Offer::Act(entry)) => (entry.name, entry.why.is_some()),
            other => panic!("{other:?}"),
        };
        assert_eq!(name(rows.first()), ("status", false));
        assert!(name(rows.last()).1);
    }

    #[test]
    fn the_place_of_a_word_is_known() {
        for (line, expected) in [
            ("volume ", Some("path")),
            ("volume mic", Some("path")),
            ("volume mic ", Some("level")),
            ("call 600 --account ", Some("account")),
            ("call --account 1 ", Some("number")),
            ("message 600 how are ", Some("text")),
            ("dnd on ", None),
        ] {
            let param = typing(line).and_then(|typing| typing.param).map(|param| param.name);
            assert_eq!(param, expected, "{line}");
        }
        assert!(typing("volume").is_none() && typing("nonsense 5").is_none());
        assert_eq!(first("dnd "), Some("on".to_owned()));
        assert_eq!(first("volume s"), Some("speaker".to_owned()));
    }

    #[test]
    fn lines_come_back_newest_first() {
        let mut palette = Palette::default();
        ["a", "b", "a"].into_iter().for_each(|line| palette.remember(line));
        let mut back = |back| {
            palette.recall(back);
            palette.line.text()
        };
        assert_eq!([back(true), back(true), back(true), back(false), back(false)], ["a", "b", "b", "a", ""]);
    }
}
