//! From a message and values to a text.

use super::catalogue::{Catalogue, is_odd};
use fluent_syntax::ast::{CallArguments, Expression, InlineExpression, Pattern, PatternElement, VariantKey};
use fluent_syntax::unicode::unescape_unicode_to_string;
use intl_pluralrules::{PluralCategory, PluralRules};
use std::borrow::Cow;

/// Messages that name each other, one behind the other.
const MAX_DEPTH: usize = 8;
/// Placeables of one text, those of the messages it names among them.
const MAX_PLACEABLES: usize = 100;
/// Bytes of one text.
const MAX_TEXT: usize = 32 * 1024;

/// What stands in a placeable: data, never read as a message.
#[derive(Debug, Clone, PartialEq)]
pub enum Value<'a> {
    /// Text.
    Text(Cow<'a, str>),
    /// A whole number, which chooses among plurals.
    Number(i64),
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Value<'a> {
        Value::Text(Cow::Borrowed(text))
    }
}

impl<'a> From<&'a &'a str> for Value<'a> {
    fn from(text: &'a &'a str) -> Value<'a> {
        Value::Text(Cow::Borrowed(text))
    }
}

impl<'a> From<&'a String> for Value<'a> {
    fn from(text: &'a String) -> Value<'a> {
        Value::Text(Cow::Borrowed(text))
    }
}

impl From<String> for Value<'_> {
    fn from(text: String) -> Self {
        Value::Text(Cow::Owned(text))
    }
}

impl<'a> From<Cow<'a, str>> for Value<'a> {
    fn from(text: Cow<'a, str>) -> Value<'a> {
        Value::Text(text)
    }
}

impl<'a> From<&'a Cow<'a, str>> for Value<'a> {
    fn from(text: &'a Cow<'a, str>) -> Value<'a> {
        Value::Text(Cow::Borrowed(text))
    }
}

impl From<&char> for Value<'_> {
    fn from(character: &char) -> Self {
        Value::from(*character)
    }
}

impl From<char> for Value<'_> {
    fn from(character: char) -> Self {
        Value::Text(Cow::Owned(character.to_string()))
    }
}

macro_rules! numbers {
    ($($number:ty)*) => {$(
        impl From<$number> for Value<'_> {
            fn from(number: $number) -> Self {
                Value::Number(i64::try_from(number).unwrap_or(i64::MAX))
            }
        }

        impl From<&$number> for Value<'_> {
            fn from(number: &$number) -> Self {
                Value::from(*number)
            }
        }
    )*};
}

numbers! { u8 u16 u32 u64 usize i32 i64 }

/// The text of a message; `None` where it is missing, or names what is not there.
pub(super) fn text(
    catalogue: &Catalogue,
    plurals: Option<&PluralRules>,
    id: &str,
    values: &[(&str, Value<'_>)],
) -> Option<String> {
    let mut scope = Scope { catalogue, plurals, placeables: 0, depth: 0, out: String::new() };
    scope.pattern(catalogue.pattern(id)?, values)?;
    Some(scope.out)
}

type Values<'v> = [(&'v str, Value<'v>)];

struct Scope<'a> {
    catalogue: &'a Catalogue,
    plurals: Option<&'a PluralRules>,
    placeables: usize,
    depth: usize,
    out: String,
}

impl<'a> Scope<'a> {
    fn pattern(&mut self, pattern: &'a Pattern<String>, values: &Values<'_>) -> Option<()> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return None;
        }
        for element in &pattern.elements {
            match element {
                PatternElement::TextElement { value } => self.push(value)?,
                PatternElement::Placeable { expression } => self.expression(expression, values)?,
            }
        }
        self.depth -= 1;
        Some(())
    }

    fn push(&mut self, text: &str) -> Option<()> {
        self.out.push_str(text);
        (self.out.len() <= MAX_TEXT).then_some(())
    }

    fn expression(&mut self, expression: &'a Expression<String>, values: &Values<'_>) -> Option<()> {
        self.placeables += 1;
        if self.placeables > MAX_PLACEABLES {
            return None;
        }
        match expression {
            Expression::Inline(InlineExpression::Placeable { expression }) => self.expression(expression, values),
            Expression::Inline(InlineExpression::MessageReference { id, attribute: None }) => {
                self.pattern(self.catalogue.pattern(&id.name)?, values)
            }
            Expression::Inline(InlineExpression::TermReference { id, attribute: None, arguments }) => {
                let values = given(arguments.as_ref());
                self.pattern(self.catalogue.pattern(&format!("-{}", id.name))?, &values)
            }
            Expression::Inline(inline) => match value(inline, values)? {
                Value::Text(text) => self.push(&text),
                Value::Number(number) => self.push(&number.to_string()),
            },
            Expression::Select { selector, variants } => {
                let chosen = value(selector, values);
                let fits = |key: &VariantKey<String>| chosen.as_ref().is_some_and(|value| self.fits(key, value));
                // A number itself goes before its plural.
                let exact =
                    variants.iter().find(|it| matches!(it.key, VariantKey::NumberLiteral { .. }) && fits(&it.key));
                let variant = exact.or_else(|| variants.iter().find(|it| fits(&it.key)));
                let variant = variant.or_else(|| variants.iter().find(|it| it.default))?;
                self.pattern(&variant.value, values)
            }
        }
    }

    fn fits(&self, key: &VariantKey<String>, value: &Value<'_>) -> bool {
        match (key, value) {
            (VariantKey::NumberLiteral { value: key }, Value::Number(number)) => key.parse() == Ok(*number),
            (VariantKey::Identifier { name }, Value::Text(text)) => name == text,
            (VariantKey::Identifier { name }, Value::Number(number)) => {
                let category = self.plurals.and_then(|rules| rules.select(number.unsigned_abs()).ok());
                category.is_some_and(|category| name == word(category))
            }
            (VariantKey::NumberLiteral { .. }, Value::Text(_)) => false,
        }
    }
}

/// What stands for itself.
fn value<'v>(inline: &'v InlineExpression<String>, values: &'v Values<'_>) -> Option<Value<'v>> {
    match inline {
        InlineExpression::StringLiteral { value } => {
            let text: String = unescape_unicode_to_string(value).chars().filter(|c| !is_odd(*c)).collect();
            Some(Value::from(text))
        }
        InlineExpression::NumberLiteral { value } => {
            Some(value.parse().map_or_else(|_| Value::from(value), Value::Number))
        }
        InlineExpression::VariableReference { id } => {
            values.iter().find(|(name, _)| *name == id.name).map(|(_, value)| value.clone())
        }
        InlineExpression::FunctionReference { id, arguments } if id.name == "NUMBER" => {
            value(arguments.positional.first()?, values)
        }
        _ => None,
    }
}

/// What a term is given.
fn given(arguments: Option<&CallArguments<String>>) -> Vec<(&str, Value<'_>)> {
    let named = arguments.into_iter().flat_map(|arguments| &arguments.named);
    named.filter_map(|it| Some((it.name.name.as_str(), value(&it.value, &[])?))).collect()
}

fn word(category: PluralCategory) -> &'static str {
    match category {
        PluralCategory::ZERO => "zero",
        PluralCategory::ONE => "one",
        PluralCategory::TWO => "two",
        PluralCategory::FEW => "few",
        PluralCategory::MANY => "many",
        PluralCategory::OTHER => "other",
    }
}
