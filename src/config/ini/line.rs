//! One line of a profile file: its bytes, and what they say.

use crate::text::encoding::Encoding;

/// A line with its terminator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    /// Every byte of it.
    pub raw: Vec<u8>,
    /// How many of the last bytes are its terminator: CRLF, LF or CR; 0 at the end of a file.
    pub terminator: usize,
    /// Its meaning.
    pub kind: Kind,
}

/// What a line says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    /// `[name]`, trimmed.
    Section(String),
    /// `key=value`, both trimmed, one pair of quotes taken off the value.
    Pair {
        key: String,
        value: String,
        quoted: bool,
        /// Where the value begins in `raw`, after the blanks behind `=`.
        value_at: usize,
    },
    /// A comment, or a blank line.
    Silent,
    /// Anything else.
    Odd,
    /// Too long to be read.
    Long,
}

/// The longest line that is read, in bytes.
pub(super) const LONGEST: usize = 64 << 10;

impl Line {
    /// Reads a line of these bytes, of which the last `terminator` end it.
    pub fn read(raw: Vec<u8>, terminator: usize, encoding: Encoding) -> Line {
        let body = raw.get(..raw.len().saturating_sub(terminator)).unwrap_or_default();
        if body.len() > LONGEST {
            return Line { raw, terminator, kind: Kind::Long };
        }
        let text = encoding.decode(body);
        let kind = match trim(&text) {
            comment if comment.is_empty() || comment.starts_with(';') => Kind::Silent,
            header if header.starts_with('[') => section_name(header).map_or(Kind::Odd, Kind::Section),
            pair => match pair.split_once('=') {
                Some((key, value)) if !trim(key).is_empty() => {
                    let (value, quoted) = unquote(trim(value));
                    let value_at = value_offset(body, encoding);
                    Kind::Pair { key: trim(key).to_owned(), value: value.to_owned(), quoted, value_at }
                }
                _ => Kind::Odd,
            },
        };
        Line { raw, terminator, kind }
    }

    /// Lines that are kept as one and not read.
    pub fn unread(raw: &[u8], encoding: Encoding) -> Line {
        let last: Vec<u16> = raw.rchunks(encoding.width()).take(2).flat_map(|unit| encoding.units(unit)).collect();
        let ends = match last.as_slice() {
            [10, 13] => 2,
            [10 | 13, ..] => 1,
            _ => 0,
        };
        Line { raw: raw.to_vec(), terminator: ends * encoding.width(), kind: Kind::Long }
    }

    /// The bytes that end the line.
    pub fn ending(&self) -> &[u8] {
        self.raw.get(self.raw.len().saturating_sub(self.terminator)..).unwrap_or_default()
    }
}

/// Trims blanks and controls, as the Win32 profile functions do; no-break spaces are text.
pub(super) fn trim(text: &str) -> &str {
    text.trim_matches(|c: char| c <= ' ')
}

/// Takes one pair of equal quotes off.
pub(super) fn unquote(value: &str) -> (&str, bool) {
    for quote in ['"', '\''] {
        if let Some(inner) = value.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote)) {
            return (inner, true);
        }
    }
    (value, false)
}

fn section_name(header: &str) -> Option<String> {
    let (name, _) = header.strip_prefix('[')?.split_once(']')?;
    Some(trim(name).to_owned())
}

/// The byte behind `=` and the blanks that follow it. `body` has an `=`.
fn value_offset(body: &[u8], encoding: Encoding) -> usize {
    let mut units = encoding.units(body).enumerate().skip_while(|&(_, unit)| unit != u16::from(b'=')).skip(1);
    let first = units.find(|&(_, unit)| unit > u16::from(b' '));
    first.map_or(body.len() - body.len() % encoding.width(), |(index, _)| index * encoding.width())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(text: &str) -> Kind {
        Line::read(text.as_bytes().to_vec(), 0, Encoding::Utf8).kind
    }

    #[test]
    fn lines_are_told_apart() {
        for silent in ["", "  ", ";x=1", "  ; x=1"] {
            assert_eq!(kind(silent), Kind::Silent, "{silent:?}");
        }
        for odd in ["[open", "word", "=value", " = "] {
            assert_eq!(kind(odd), Kind::Odd, "{odd:?}");
        }
        assert_eq!(kind(&format!("k={}", "v".repeat(LONGEST))), Kind::Long);
        for header in ["[Settings]", "  [ Settings ] ", "[Settings]; x=[1]"] {
            assert_eq!(kind(header), Kind::Section("Settings".to_owned()), "{header:?}");
        }
    }

    #[test]
    fn values_lose_blanks_and_one_pair_of_quotes() {
        for (text, expected) in [
            ("k=v", "v"),
            (" k =\t v ", "v"),
            ("k=", ""),
            ("k=\"\"", ""),
            ("k=\" v \"", " v "),
            ("k='v'", "v"),
            ("k=\"\"v\"\"", "\"v\""),
            ("k='v\"", "'v\""),
            ("k=\"", "\""),
            ("k=a;b", "a;b"),
            ("k=a=b", "a=b"),
            (r#"k=""C:\a b\1.cmd" x""#, r#""C:\a b\1.cmd" x"#),
        ] {
            match kind(text) {
                Kind::Pair { key, value, .. } => {
                    assert_eq!((key.as_str(), value.as_str()), ("k", expected), "{text:?}")
                }
                other => panic!("{text:?}: {other:?}"),
            }
        }
    }

    #[test]
    fn the_value_is_found_in_the_bytes() {
        for (raw, encoding, at) in [
            (&b"k = v"[..], Encoding::Utf8, 4),
            (b"k=", Encoding::Utf8, 2),
            (b"k\0=\0v\0", Encoding::Utf16Le, 4),
            (b"\0k\0=\0 \0v", Encoding::Utf16Be, 6),
            (b"\x3d\xd8=\0v\0", Encoding::Utf16Le, 4),
        ] {
            match Line::read(raw.to_vec(), 0, encoding).kind {
                Kind::Pair { value_at, .. } => assert_eq!(value_at, at, "{raw:?}"),
                other => panic!("{raw:?}: {other:?}"),
            }
        }
    }
}
