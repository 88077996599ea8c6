//! Texts that come in English alone, as a contract has them: known by the message of English that they are made by, and
//! said in the language that is spoken here.

use super::catalogue::Catalogue;
use super::{IN_ENGLISH, Value, Words, own};
use fluent_syntax::ast::{Expression, InlineExpression, PatternElement};
use std::borrow::Cow;
use std::sync::LazyLock;

/// What the ids of such messages begin with.
pub(super) const PREFIX: &str = "engine-";
/// Bytes of a text that is looked at.
const MAX_TEXT: usize = 4 * 1024;
/// Texts within texts.
const MAX_DEPTH: usize = 3;
/// Digits of a number that chooses among plurals.
const MAX_DIGITS: usize = 15;

static FORMS: LazyLock<Vec<Form>> = LazyLock::new(|| {
    let catalogue = &IN_ENGLISH.catalogue;
    let mut forms: Vec<Form> =
        catalogue.ids().filter(|id| id.starts_with(PREFIX)).filter_map(|id| Form::of(catalogue, id)).collect();
    // Of two that fit, the one with more words of its own.
    forms.sort_by_key(|form| std::cmp::Reverse(form.letters()));
    forms
});

/// A text in the language that is spoken here, if it is one that English has under an id that begins so: `engine-…`; what is
/// put into it is retold likewise. Every other text as it is.
pub fn retold(english: &str) -> Cow<'_, str> {
    own(|words| told(words, english, 0)).map_or(Cow::Borrowed(english), Cow::Owned)
}

fn told(words: &Words, english: &str, depth: usize) -> Option<String> {
    if depth == MAX_DEPTH || english.len() > MAX_TEXT {
        return None;
    }
    FORMS.iter().find_map(|form| {
        let values: Vec<(&str, Value<'_>)> =
            form.values(english)?.into_iter().map(|(name, text)| (name, value(words, text, depth))).collect();
        words.said(&form.id, &values)
    })
}

fn value<'t>(words: &Words, text: &'t str, depth: usize) -> Value<'t> {
    let is_number = text.len() <= MAX_DIGITS && text.bytes().all(|b| b.is_ascii_digit());
    match text.parse().ok().filter(|_| is_number) {
        Some(number) => Value::Number(number),
        None => told(words, text, depth + 1).map_or(Value::from(text), Value::from),
    }
}

/// A message of English, taken apart.
pub(super) struct Form {
    id: String,
    pieces: Vec<Piece>,
}

enum Piece {
    Text(String),
    Hole(String),
}

impl Form {
    /// `None` if it is more than text and names.
    pub(super) fn of(catalogue: &Catalogue, id: &str) -> Option<Form> {
        let pieces = catalogue.pattern(id)?.elements.iter().map(|element| match element {
            PatternElement::TextElement { value } => Some(Piece::Text(value.clone())),
            PatternElement::Placeable { expression: Expression::Inline(inline) } => match inline {
                InlineExpression::VariableReference { id } => Some(Piece::Hole(id.name.clone())),
                InlineExpression::StringLiteral { value } => Some(Piece::Text(value.clone())),
                _ => None,
            },
            PatternElement::Placeable { .. } => None,
        });
        Some(Form { id: id.to_owned(), pieces: pieces.collect::<Option<_>>()? })
    }

    /// As a source has it: `no call {}`.
    #[cfg(test)]
    pub(super) fn plain(&self) -> String {
        self.pieces.iter().map(|piece| if let Piece::Text(text) = piece { text.as_str() } else { "{}" }).collect()
    }

    /// Letters that it has whatever is put in.
    pub(super) fn letters(&self) -> usize {
        let letters = |piece: &Piece| match piece {
            Piece::Text(text) => text.chars().filter(|c| c.is_alphabetic()).count(),
            Piece::Hole(_) => 0,
        };
        self.pieces.iter().map(letters).sum()
    }

    /// What is put in, if the text is one of these.
    fn values<'t>(&self, text: &'t str) -> Option<Vec<(&str, &'t str)>> {
        let mut found: Vec<(&str, &'t str)> = Vec::new();
        let mut rest = text;
        let mut open: Option<&str> = None;
        for (at, piece) in self.pieces.iter().enumerate() {
            match (piece, open.take()) {
                (Piece::Hole(_), Some(_)) => return None,
                (Piece::Hole(name), None) => open = Some(name),
                (Piece::Text(text), None) => rest = rest.strip_prefix(text.as_str())?,
                (Piece::Text(text), Some(name)) => {
                    let is_last = at + 1 == self.pieces.len();
                    let (value, behind) =
                        if is_last { (rest.strip_suffix(text.as_str())?, "") } else { rest.split_once(text.as_str())? };
                    found.push((name, value));
                    rest = behind;
                }
            }
        }
        found.extend(open.map(|name| (name, std::mem::take(&mut rest))));
        (rest.is_empty() && found.iter().all(|(_, value)| !value.is_empty())).then_some(found)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Words, speaking};
    use super::*;
    use std::sync::Arc;

    fn form(text: &str) -> Form {
        Form::of(&Catalogue::new(format!("x = {text}\n")), "x").unwrap()
    }

    #[test]
    fn a_text_is_taken_apart_by_its_message() {
        for (message, text, expected) in [
            ("direct", "direct", Some(vec![])),
            ("direct", "directly", None),
            ("{ $n } new", "2 new", Some(vec![("n", "2")])),
            ("{ $n } new", " new", None),
            ("no call { $id }", "no call c7", Some(vec![("id", "c7")])),
            ("{ $a } of { $b }: { $c }", "x of y of z: w: v", Some(vec![("a", "x"), ("b", "y of z"), ("c", "w: v")])),
            ("{ $a } of { $b }", "x", None),
            ("{ $a } is { $b }.", "x is y. z.", Some(vec![("a", "x"), ("b", "y. z")])),
            ("({ $a })", "(a)b)", Some(vec![("a", "a)b")])),
        ] {
            assert_eq!(form(message).values(text), expected, "{message}: {text}");
        }
        assert!(Form::of(&Catalogue::new("x = { $n ->\n *[other] b\n }\n"), "x").is_none());
    }

    #[test]
    fn what_the_engine_says_is_said_in_another_language() {
        let german = "engine-cause-loss = { $percent } % verloren\nengine-unfound = kein Weg zu { $name }: { $why }\n\
                      engine-no-address = keine Adresse\n";
        assert_eq!(retold("loss 6 %"), "loss 6 %", "English stays as it is");
        speaking(Arc::new(Words::of("de", Catalogue::new(german))), || {
            assert_eq!(retold("loss 6 %"), "6 % verloren");
            assert_eq!(retold("cannot find pbx (udp): it has no address"), "kein Weg zu pbx (udp): keine Adresse");
            assert_eq!(retold("delay 300 ms"), "delay 300 ms", "what the language lacks is English");
            assert_eq!(retold("something else"), "something else");
            let long = format!("cannot find {}: x", "y".repeat(MAX_TEXT));
            assert_eq!(retold(&long), long);
        });
    }
}
