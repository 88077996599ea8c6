//! `"Bob" <sip:bob@example.com>;tag=1`: From, To, Contact, Route, Refer-To and their kin.

use std::borrow::Cow;
use std::fmt;

use super::split::{cut, find, is_token, quote, quoted_len, split, unquote};
use super::{Params, ValueError};
use crate::sip::uri::Uri;

/// A URI with a display name and header parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameAddr {
    /// The display name, quotes and escapes undone, bytes outside UTF-8 replaced. Foreign text: sanitise before showing.
    pub display_name: Option<String>,
    /// The URI, verbatim.
    pub uri: Uri,
    /// The header parameters behind it.
    pub params: Params,
}

impl NameAddr {
    /// One without a name and parameters.
    pub fn new(uri: Uri) -> NameAddr {
        NameAddr { display_name: None, uri, params: Params::new() }
    }

    /// The same with a display name; an empty one is none.
    pub fn with_display_name(mut self, name: &str) -> NameAddr {
        self.display_name = Some(name.to_owned()).filter(|n| !n.is_empty());
        self
    }

    /// Reads one element, with or without angle brackets.
    pub fn parse(value: &[u8]) -> Result<NameAddr, ValueError> {
        let value = value.trim_ascii();
        if value.is_empty() {
            return Err(ValueError::Empty);
        }
        let (display_name, rest) = split_name(value)?;
        let (uri, params) = match rest.strip_prefix(b"<") {
            Some(inner) => {
                let close = inner.iter().position(|&b| b == b'>').ok_or(ValueError::Bracket)?;
                let after = inner.get(close + 1..).unwrap_or_default().trim_ascii_start();
                let params = match after.split_first() {
                    None => after,
                    Some((b';', params)) => params,
                    Some(_) => return Err(ValueError::Trailing),
                };
                (inner.get(..close).unwrap_or_default(), params)
            }
            //= RFC 3261 §20: without angle brackets, parameters are the header's, not the URI's
            None => {
                let (uri, params) = cut(rest, b';');
                if find(uri, b',').is_some() || uri.contains(&b'?') {
                    return Err(ValueError::Bracket);
                }
                (uri, params.unwrap_or_default())
            }
        };
        let uri = std::str::from_utf8(uri.trim_ascii()).map_err(|_| ValueError::NotText)?;
        Ok(NameAddr { display_name, uri: Uri::parse(uri)?, params: Params::parse(params)? })
    }

    /// Reads a comma-separated list.
    pub fn parse_list(value: &[u8]) -> Result<Vec<NameAddr>, ValueError> {
        split(value, b',').map(NameAddr::parse).collect()
    }

    /// The `tag` parameter.
    pub fn tag(&self) -> Option<&str> {
        self.params.get("tag").flatten()
    }

    /// Puts a header parameter, replacing one of that name.
    pub fn set_param(&mut self, name: &str, value: Option<&str>) {
        self.params.set(name, value);
    }

    /// A Contact's `expires` parameter in seconds.
    pub fn expires(&self) -> Option<u32> {
        self.params.get("expires").flatten().and_then(|v| super::number::delta_seconds(v.as_bytes()).ok())
    }
}

/// The display name, if any, and what follows it: `<…` or a bare URI.
fn split_name(value: &[u8]) -> Result<(Option<String>, &[u8]), ValueError> {
    let lossy = |b: &[u8]| String::from_utf8_lossy(b).into_owned();
    if value.first() == Some(&b'"') {
        let (name, rest) = quoted_len(value).and_then(|end| value.split_at_checked(end)).ok_or(ValueError::Quote)?;
        let rest = rest.trim_ascii_start();
        if rest.first() != Some(&b'<') {
            return Err(ValueError::Bracket);
        }
        return Ok((Some(unquote(&lossy(name)).into_owned()).filter(|n| !n.is_empty()), rest));
    }
    match find(value, b'<') {
        None => Ok((None, value)),
        Some(open) => {
            let (name, rest) = value.split_at_checked(open).ok_or(ValueError::Bracket)?;
            // A bare URI ends at its first parameter; a `<` behind one is not a bracket but rubbish.
            if name.iter().any(|b| matches!(b, b';' | b'"')) {
                return Err(ValueError::Quote);
            }
            let name = name.trim_ascii();
            Ok((Some(lossy(name)).filter(|n| !n.is_empty()), rest))
        }
    }
}

impl fmt::Display for NameAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(name) = &self.display_name {
            let is_bare = name.split(' ').all(|word| is_token(word.as_bytes()));
            let name = if is_bare { Cow::Borrowed(name.as_str()) } else { Cow::Owned(quote(name)) };
            write!(f, "{name} ")?;
        }
        write!(f, "<{}>{}", self.uri, self.params)
    }
}

/// The Contact headers of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ContactList {
    /// `*`: every binding (RFC 3261 §10.2.2).
    Star,
    /// The elements in order; empty if there is no Contact.
    List(Vec<NameAddr>),
}

impl ContactList {
    /// The elements; none for `*`.
    pub fn list(&self) -> &[NameAddr] {
        match self {
            ContactList::Star => &[],
            ContactList::List(list) => list,
        }
    }

    /// The first element.
    pub fn first(&self) -> Option<&NameAddr> {
        self.list().first()
    }
}
