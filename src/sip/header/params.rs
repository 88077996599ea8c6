//! `;name=value` parameters, values kept as they came.

use std::borrow::Cow;
use std::fmt;

use super::ValueError;
use super::split::{find, is_token, quote, split, unquote};

/// Parameters in order. A quoted value keeps its quotes here, so that it prints as it came.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Params(Vec<(String, Option<String>)>);

impl Params {
    /// No parameters.
    pub fn new() -> Params {
        Params::default()
    }

    /// Reads `a=b;c;d="e"`, the part after the first semicolon.
    pub fn parse(text: &[u8]) -> Result<Params, ValueError> {
        let text = std::str::from_utf8(text).map(Cow::Borrowed).unwrap_or_else(|_| String::from_utf8_lossy(text));
        let one = |part: &[u8]| {
            let part = std::str::from_utf8(part).map_err(|_| ValueError::NotText)?;
            let (name, value) = match find(part.as_bytes(), b'=').and_then(|at| part.split_at_checked(at)) {
                Some((name, value)) => (name, value.get(1..)),
                None => (part, None),
            };
            let name = name.trim_ascii_end();
            if !is_token(name.as_bytes()) {
                return Err(ValueError::Parameter);
            }
            Ok((name.trim_ascii().to_owned(), value.map(|value| value.trim_ascii().to_owned())))
        };
        split(text.as_bytes(), b';').map(one).collect::<Result<_, _>>().map(Params)
    }

    /// A parameter's value as it came, `Some(None)` for one without `=`.
    pub fn get(&self, name: &str) -> Option<Option<&str>> {
        self.0.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_deref())
    }

    /// A parameter's value without quotes and escapes.
    pub fn value(&self, name: &str) -> Option<Cow<'_, str>> {
        self.get(name).flatten().map(unquote)
    }

    /// True if the parameter is there, with or without a value.
    pub fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Puts a parameter, replacing one of that name. A value that is neither a token, a host nor quoted is quoted.
    pub fn set(&mut self, name: &str, value: Option<&str>) {
        let plain =
            |v: &str| v.bytes().all(|b| super::split::is_token_byte(b) || matches!(b, b'[' | b']' | b':' | b'/'));
        let is_quoted = |v: &str| super::split::quoted_len(v.as_bytes()) == Some(v.len());
        let value = value.map(|v| if (plain(v) && !v.is_empty()) || is_quoted(v) { v.to_owned() } else { quote(v) });
        match self.0.iter_mut().find(|(n, _)| n.eq_ignore_ascii_case(name)) {
            Some(slot) => slot.1 = value,
            None => self.0.push((name.to_owned(), value)),
        }
    }

    /// Removes a parameter.
    pub fn remove(&mut self, name: &str) {
        self.0.retain(|(n, _)| !n.eq_ignore_ascii_case(name));
    }

    /// All parameters in order, as they came.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.0.iter().map(|(n, v)| (n.as_str(), v.as_deref()))
    }
}

impl fmt::Display for Params {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, value) in self.iter() {
            write!(f, ";{name}")?;
            if let Some(value) = value {
                write!(f, "={value}")?;
            }
        }
        Ok(())
    }
}
