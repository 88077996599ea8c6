//! Filters as people write them (RFC 4515), as the protocol has them.

use super::ber;

/// Deepest nesting.
const MAX_DEPTH: usize = 16;
/// Longest filter, in bytes.
const MAX_BYTES: usize = 4096;

/// Why a text is no filter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("it is no filter such as (telephoneNumber=*): {0}")]
pub struct FilterError(&'static str);

pub(super) fn encode(text: &str) -> Result<Vec<u8>, FilterError> {
    let text = text.trim();
    if text.len() > MAX_BYTES {
        return Err(FilterError("it is too long"));
    }
    let whole = if text.starts_with('(') { text.to_owned() } else { format!("({text})") };
    let mut out = Vec::new();
    match filter(&whole, &mut out, 0)? {
        "" => Ok(out),
        _ => Err(FilterError("something stands behind its last bracket")),
    }
}

/// Reads one filter in brackets; what stands behind it.
//= RFC 4515 §3
fn filter<'a>(text: &'a str, out: &mut Vec<u8>, depth: usize) -> Result<&'a str, FilterError> {
    if depth == MAX_DEPTH {
        return Err(FilterError("it is nested too deep"));
    }
    let rest = text.trim_start().strip_prefix('(').ok_or(FilterError("a bracket is missing"))?;
    let (tag, mut rest) = match rest.chars().next() {
        Some('&') => (0xa0, rest.get(1..).unwrap_or_default()),
        Some('|') => (0xa1, rest.get(1..).unwrap_or_default()),
        Some('!') => (0xa2, rest.get(1..).unwrap_or_default()),
        _ => {
            let (item, rest) = rest.split_once(')').ok_or(FilterError("a bracket is not closed"))?;
            out.extend(self::item(item)?);
            return Ok(rest);
        }
    };
    let mut inner = Vec::new();
    let mut count = 0;
    while rest.trim_start().starts_with('(') {
        rest = filter(rest, &mut inner, depth + 1)?;
        count += 1;
    }
    if tag == 0xa2 && count != 1 {
        return Err(FilterError("! takes one filter"));
    }
    ber::put(out, tag, &inner);
    rest.trim_start().strip_prefix(')').ok_or(FilterError("a bracket is not closed"))
}

fn item(text: &str) -> Result<Vec<u8>, FilterError> {
    let (name, value) = text.split_once('=').ok_or(FilterError("there is no = in it"))?;
    let (tag, name) = match name.chars().last() {
        Some('>') => (0xa5, name.trim_end_matches('>')),
        Some('<') => (0xa6, name.trim_end_matches('<')),
        Some('~') => (0xa8, name.trim_end_matches('~')),
        _ => (0xa3, name),
    };
    let name = name.trim();
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | ';' | '_');
    if name.is_empty() || !name.chars().all(is_name) {
        return Err(FilterError("an attribute's name has other signs than letters, digits, - and ."));
    }
    if tag == 0xa3 && value == "*" {
        return Ok(ber::element(0x87, name.as_bytes()));
    }
    let mut content = ber::element(0x04, name.as_bytes());
    if tag != 0xa3 || !value.contains('*') {
        ber::put(&mut content, 0x04, &unescaped(value)?);
        return Ok(ber::element(tag, &content));
    }
    let parts: Vec<&str> = value.split('*').collect();
    let mut pieces = Vec::new();
    for (at, part) in parts.iter().enumerate().filter(|(_, part)| !part.is_empty()) {
        let tag = if at == 0 {
            0x80
        } else if at + 1 == parts.len() {
            0x82
        } else {
            0x81
        };
        ber::put(&mut pieces, tag, &unescaped(part)?);
    }
    if pieces.is_empty() {
        return Err(FilterError("** is nothing to look for"));
    }
    ber::put(&mut content, 0x30, &pieces);
    Ok(ber::element(0xa4, &content))
}

/// `\2a` is the byte of that number.
fn unescaped(text: &str) -> Result<Vec<u8>, FilterError> {
    let wrong = FilterError("behind \\ stand two hex digits");
    let mut out = Vec::new();
    let mut parts = text.split('\\');
    out.extend(parts.next().unwrap_or_default().bytes());
    for part in parts {
        let hex = part.get(..2).and_then(|hex| u8::from_str_radix(hex, 16).ok()).ok_or(wrong.clone())?;
        out.push(hex);
        out.extend(part.bytes().skip(2));
    }
    Ok(out)
}
