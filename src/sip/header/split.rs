//! Cutting header values apart with quotes, angle brackets and comments in mind.

use std::borrow::Cow;

/// Cuts at each `separator` outside `"…"` and `<…>`; parts are trimmed, empty ones dropped.
/// An unclosed quote or bracket reaches to the end.
pub fn split(value: &[u8], separator: u8) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(value);
    std::iter::from_fn(move || {
        loop {
            let whole = rest?;
            let (part, tail) = cut(whole, separator);
            rest = tail;
            let part = part.trim_ascii();
            if !part.is_empty() {
                return Some(part);
            }
        }
    })
}

/// Cuts once at the first `separator` outside `"…"` and `<…>`; the tail is what follows it.
pub fn cut(value: &[u8], separator: u8) -> (&[u8], Option<&[u8]>) {
    match find(value, separator) {
        Some(at) => (value.get(..at).unwrap_or_default(), value.get(at + 1..)),
        None => (value, None),
    }
}

/// Where `wanted` first stands outside `"…"` and `<…>`.
pub fn find(value: &[u8], wanted: u8) -> Option<usize> {
    let first = value.iter().position(|&b| b == wanted)?;
    let is_bare = |part: &[u8]| !part.contains(&b'"') && !part.contains(&b'<');
    if value.get(..first).is_some_and(is_bare) {
        return Some(first);
    }
    let (mut quoted, mut bracketed, mut escaped) = (false, false, false);
    value.iter().position(|&b| {
        if escaped {
            escaped = false;
            return false;
        }
        match b {
            b'\\' if quoted => escaped = true,
            b'"' if !bracketed => quoted = !quoted,
            _ if quoted => {}
            b if b == wanted && (!bracketed || wanted == b'>') => return true,
            b'<' => bracketed = true,
            b'>' => bracketed = false,
            _ => {}
        }
        false
    })
}

/// The length of the quoted string `value` begins with, quotes included; `None` if it is not closed.
pub fn quoted_len(value: &[u8]) -> Option<usize> {
    let mut escaped = false;
    let inner = value.strip_prefix(b"\"")?;
    let close = inner.iter().position(|&b| {
        let closes = b == b'"' && !escaped;
        escaped = b == b'\\' && !escaped;
        closes
    })?;
    Some(close + 2)
}

/// A value without its quotes and backslashes; as it is when it is not quoted.
pub fn unquote(text: &str) -> Cow<'_, str> {
    let Some(inner) = text.strip_prefix('"').and_then(|t| t.strip_suffix('"')) else {
        return Cow::Borrowed(text);
    };
    if !inner.contains('\\') {
        return Cow::Borrowed(inner);
    }
    let mut escaped = false;
    let unescaped = inner.chars().filter(|&c| {
        escaped = c == '\\' && !escaped;
        !escaped
    });
    Cow::Owned(unescaped.collect())
}

/// What stands between the quotes, backslashes kept; a value without quotes as [`quote`] would write it there.
pub fn between_quotes(text: &str) -> String {
    let is_whole = quoted_len(text.as_bytes()) == Some(text.len()) && !text.contains(char::is_control);
    let quoted = if is_whole { text.to_owned() } else { quote(&unquote(text)) };
    quoted.strip_prefix('"').and_then(|text| text.strip_suffix('"')).map(str::to_owned).unwrap_or_default()
}

/// A quoted string of plain text; control characters become blanks.
pub fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// True for a non-empty RFC 3261 token.
pub fn is_token(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().all(|&b| is_token_byte(b))
}

/// A byte a token may have (RFC 3261 §25.1).
pub fn is_token_byte(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'!' | b'%' | b'*' | b'_' | b'+' | b'`' | b'\'' | b'~')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(value: &str, separator: u8) -> Vec<String> {
        split(value.as_bytes(), separator).map(|p| String::from_utf8_lossy(p).into_owned()).collect()
    }

    #[test]
    fn commas_in_quotes_and_brackets_do_not_cut() {
        assert_eq!(parts("a, b ,c", b','), ["a", "b", "c"]);
        assert_eq!(
            parts(r#""x, \"y\", z" <sip:a,b@c>, <sip:d@e>;p="q,r""#, b','),
            [r#""x, \"y\", z" <sip:a,b@c>"#, r#"<sip:d@e>;p="q,r""#]
        );
        assert_eq!(parts(",,a,,", b','), ["a"]);
        assert_eq!(parts("\"open, never closed", b','), ["\"open, never closed"]);
    }

    #[test]
    fn quoting_and_unquoting() {
        assert_eq!(unquote(r#""a \"b\" \\ c""#), r#"a "b" \ c"#);
        assert_eq!(unquote("bare"), "bare");
        assert_eq!(quote("a\"b\\\r\n"), "\"a\\\"b\\\\  \"");
        assert_eq!(quoted_len(br#""a\"b" rest"#), Some(6));
        assert_eq!(quoted_len(br#""a\""#), None);
    }
}
