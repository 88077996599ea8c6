//! What the interface says: messages in Mozilla Fluent's syntax, by their ids. English comes along; another language stands
//! before it, message by message, and what that lacks is said in English.
//!
//! ```text
//! say!("history-none")
//! say!("history-found", count = found.len(), text = &searched)
//! ```

// Fluent's parser and plural rules alone: fluent-bundle is seven crates more, and keeps every message's tree in memory, where
// here a message is parsed when it is first said.
mod catalogue;
mod check;
mod resolve;
mod retold;
#[cfg(test)]
mod tests;

pub use catalogue::{Catalogue, MAX_FILE, Spot};
pub use check::{against, variables};
pub use resolve::Value;
pub use retold::retold;

use intl_pluralrules::{PluralRuleType, PluralRules};
use std::borrow::Cow;
use std::cell::RefCell;
use std::sync::{Arc, LazyLock, OnceLock};
use unic_langid::LanguageIdentifier;

/// The English catalogue as it comes with the program.
pub const ENGLISH: &str = include_str!("../../words/en.ftl");

static IN_ENGLISH: LazyLock<Words> = LazyLock::new(|| Words::of("en", Catalogue::new(ENGLISH)));
static CHOSEN: OnceLock<Words> = OnceLock::new();

thread_local! {
    static HERE: RefCell<Option<Arc<Words>>> = const { RefCell::new(None) };
}

/// The text of an id, with what stands in its placeables: `say!("id", name = value, count)`.
macro_rules! say {
    (@value $name:ident) => { $name };
    (@value $name:ident $value:expr) => { $value };
    ($id:literal $(, $name:ident $(= $value:expr)?)* $(,)?) => {
        $crate::text::words::text(
            $id,
            &[$((stringify!($name), $crate::text::words::Value::from($crate::text::words::say!(@value $name $($value)?)))),*],
        )
    };
}
pub(crate) use say;

/// The texts of one language.
pub struct Words {
    catalogue: Catalogue,
    plurals: Option<PluralRules>,
}

impl Words {
    /// A language by its tag, as `de` or `pt-BR`.
    pub fn of(tag: &str, catalogue: Catalogue) -> Words {
        Words { catalogue, plurals: plurals(tag) }
    }

    fn said(&self, id: &str, values: &[(&str, Value<'_>)]) -> Option<String> {
        resolve::text(&self.catalogue, self.plurals.as_ref(), id, values)
    }
}

/// The rules of a language, those of its dialect first.
fn plurals(tag: &str) -> Option<PluralRules> {
    let mut language: LanguageIdentifier = tag.parse().ok()?;
    let rules = |language: &LanguageIdentifier| PluralRules::create(language.clone(), PluralRuleType::CARDINAL).ok();
    rules(&language).or_else(|| {
        language.clear_variants();
        language.script = None;
        rules(&language).or_else(|| {
            language.region = None;
            rules(&language)
        })
    })
}

/// From here on the program speaks so; once a process, at its start.
pub fn choose(words: Words) {
    // Whoever chose first goes on.
    let _ = CHOSEN.set(words);
}

/// What `then` says on this thread, it says in these words.
pub fn speaking<T>(words: Arc<Words>, then: impl FnOnce() -> T) -> T {
    struct Before(Option<Arc<Words>>);
    impl Drop for Before {
        fn drop(&mut self) {
            HERE.set(self.0.take());
        }
    }
    let _before = Before(HERE.replace(Some(words)));
    then()
}

/// The text of an id in the language that was chosen, else in English; the id itself where there is none.
pub fn text(id: &str, values: &[(&str, Value<'_>)]) -> String {
    let own = own(|words| words.said(id, values));
    own.or_else(|| IN_ENGLISH.said(id, values)).unwrap_or_else(|| id.to_owned())
}

/// What stands in a row of a table, whose English is written there: the message `TABLE-NAME` of another language, else that.
pub fn of<'a>(table: &str, name: &str, english: &'a str) -> Cow<'a, str> {
    own(|words| words.said(&id_of(table, name), &[])).map_or(Cow::Borrowed(english), Cow::Owned)
}

/// The id of a row of a table: `act-test-audio`.
pub fn id_of(table: &str, name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' };
    format!("{table}-{}", name.chars().map(plain).collect::<String>())
}

/// A message as a file has it, of a text that is plain.
pub fn message(id: &str, english: &str) -> String {
    let mut text = String::new();
    for (at, line) in english.lines().enumerate() {
        text.push_str(if at > 0 { "\n    " } else { "" });
        let quoted = line.replace('{', "\u{0}").replace('}', "{\"}\"}").replace('\u{0}', "{\"{\"}");
        match quoted.strip_prefix(['[', '*', '.']) {
            Some(rest) => text.push_str(&format!("{{\"{}\"}}{rest}", &line[..1])),
            None => text.push_str(&quoted),
        }
    }
    format!("{id} = {text}\n")
}

/// What the language that is spoken here says, if it is another than English.
fn own(ask: impl FnOnce(&Words) -> Option<String>) -> Option<String> {
    match HERE.with_borrow(Clone::clone) {
        Some(words) => ask(&words),
        None => CHOSEN.get().and_then(ask),
    }
}
