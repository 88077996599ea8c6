//! `microsip.ini` as a document: bytes in, the same bytes out, and Win32-profile look-ups in between.
//!
//! Sections and keys ignore case; of two equal sections, or two equal keys in one, the first counts; a missing key
//! is not an empty one. A change rewrites the lines it concerns and no other byte.

mod line;

pub use crate::text::encoding::Encoding;

use line::{Kind, Line};
use std::collections::HashMap;

/// A profile file that keeps every byte it was not asked to change.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Document {
    encoding: Encoding,
    lines: Vec<Line>,
    /// Where the first section of each name begins, in lower case.
    headers: HashMap<String, usize>,
    /// The odd last byte of a damaged UTF-16 file.
    tail: Vec<u8>,
}

/// What a line says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Item<'a> {
    /// `[name]`.
    Section(&'a str),
    /// `key=value`, trimmed and without quotes.
    Pair(&'a str, &'a str),
    /// Neither of these, and no comment: nobody reads it.
    Odd,
    /// A line of so many bytes: too long to be read.
    Long(usize),
}

/// Why a file or a change was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IniError {
    /// The file is larger than [`Document::MAX_BYTES`].
    #[error("the file has {0} bytes, more than the {max} that are read", max = Document::MAX_BYTES)]
    TooLarge(usize),
    /// A section, key or value that no line of a profile file can hold.
    #[error("{what} {text:?} cannot stand in an ini file")]
    Unwritable {
        /// `section`, `key` or `value`.
        what: &'static str,
        /// The text as given.
        text: String,
    },
    /// A character that the file's own encoding does not have.
    #[error("the file's encoding has no character {0:?}; save the file as UTF-8 first")]
    Unencodable(char),
}

impl Document {
    /// The largest file that is read, in bytes.
    pub const MAX_BYTES: usize = 32 << 20;

    /// The most lines that are read; what follows is kept as one.
    const MAX_LINES: usize = 1 << 19;

    /// An empty file; UTF-16 gets CRLF line ends, the others LF.
    pub fn new(encoding: Encoding) -> Document {
        Document { encoding, ..Document::default() }
    }

    /// Reads a file of any of the known encodings.
    pub fn parse(bytes: &[u8]) -> Result<Document, IniError> {
        if bytes.len() > Document::MAX_BYTES {
            return Err(IniError::TooLarge(bytes.len()));
        }
        let encoding = Encoding::detect(bytes);
        let text = bytes.get(encoding.bom().len()..).unwrap_or_default();
        let (text, tail) = text.split_at(text.len() - text.len() % encoding.width());
        let lines = split_lines(text, encoding);
        let mut document = Document { encoding, lines, tail: tail.to_vec(), headers: HashMap::new() };
        document.find_headers();
        Ok(document)
    }

    /// The file as it is to be written.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.encoding.bom().to_vec();
        self.lines.iter().for_each(|line| bytes.extend_from_slice(&line.raw));
        bytes.extend_from_slice(&self.tail);
        // What showed its encoding is gone by a change: as they are, the other lines would be read as something else.
        if self.encoding == Encoding::Windows1252 && !bytes.is_ascii() && Encoding::detect(&bytes) != self.encoding {
            let text = Encoding::Utf16Le.encode(&self.encoding.decode(&bytes)).unwrap_or_default();
            bytes = [Encoding::Utf16Le.bom(), &text].concat();
        }
        bytes
    }

    /// How the file spells its text.
    pub fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// The value of a key, trimmed and unquoted; `None` = missing, which is not the same as empty.
    pub fn get(&self, section: &str, key: &str) -> Option<&str> {
        self.pairs(section).find(|pair| same(pair.key, key)).map(|pair| pair.value)
    }

    /// The line of a key, counted from 1.
    pub fn line_of(&self, section: &str, key: &str) -> Option<usize> {
        self.pairs(section).find(|pair| same(pair.key, key)).map(|pair| pair.index + 1)
    }

    /// The line of a section's header, counted from 1.
    pub fn line_of_section(&self, section: &str) -> Option<usize> {
        self.header(section).map(|index| index + 1)
    }

    /// True if the section's header is there, even with nothing below it.
    pub fn has_section(&self, section: &str) -> bool {
        self.header(section).is_some()
    }

    /// The names of the sections in file order, repeated ones too.
    pub fn sections(&self) -> impl Iterator<Item = &str> {
        self.lines.iter().filter_map(|line| match &line.kind {
            Kind::Section(name) => Some(name.as_str()),
            _ => None,
        })
    }

    /// The keys and values of the first section of that name in file order, repeated keys too.
    pub fn entries(&self, section: &str) -> impl Iterator<Item = (&str, &str)> {
        self.pairs(section).map(|pair| (pair.key, pair.value))
    }

    /// Every line that says something, or should: its number, counted from 1, and what. Sections and keys that are
    /// repeated come as often.
    pub fn items(&self) -> impl Iterator<Item = (usize, Item<'_>)> {
        self.lines.iter().enumerate().filter_map(|(index, line)| {
            let item = match &line.kind {
                Kind::Section(name) => Item::Section(name),
                Kind::Pair { key, value, .. } => Item::Pair(key, value),
                Kind::Odd => Item::Odd,
                Kind::Long => Item::Long(line.raw.len()),
                Kind::Silent => return None,
            };
            Some((index + 1, item))
        })
    }

    /// Gives a key a value: changes its line, or adds one below the last key of its section, or adds the section at the
    /// end of the file. A value that is there already changes nothing.
    pub fn set(&mut self, section: &str, key: &str, value: &str) -> Result<(), IniError> {
        self.put(section, key, value, false)
    }

    /// As [`Document::set`]; where the line is new, its value stands in quotes.
    pub fn set_quoted(&mut self, section: &str, key: &str, value: &str) -> Result<(), IniError> {
        self.put(section, key, value, true)
    }

    fn put(&mut self, section: &str, key: &str, value: &str, quoted: bool) -> Result<(), IniError> {
        check("section", section, |text| line::trim(text) == text && !text.contains(']'))?;
        check("key", key, |text| line::trim(text) == text && !text.is_empty() && !text.contains('='))?;
        check("key", key, |text| !text.starts_with([';', '[']))?;
        check("value", value, |_| true)?;
        let present = self.pairs(section).find(|pair| same(pair.key, key));
        match present.map(|pair| (pair.index, pair.value == value)) {
            Some((_, true)) => Ok(()),
            Some((index, false)) => self.replace_value(index, value),
            None => self.add(section, key, &quote(value, quoted)),
        }
    }

    /// Takes a key's lines out of the first section of that name; false if there is none.
    pub fn remove(&mut self, section: &str, key: &str) -> bool {
        let doomed: Vec<usize> = self.pairs(section).filter(|pair| same(pair.key, key)).map(|p| p.index).collect();
        for &index in doomed.iter().rev() {
            self.lines.remove(index);
        }
        self.find_headers();
        !doomed.is_empty()
    }

    fn replace_value(&mut self, index: usize, value: &str) -> Result<(), IniError> {
        let encoding = self.encoding;
        if let Some(line) = self.lines.get_mut(index)
            && let Kind::Pair { quoted, value_at, .. } = line.kind
        {
            let mut raw = line.raw.get(..value_at).unwrap_or_default().to_vec();
            raw.extend(encode(encoding, &quote(value, quoted))?);
            raw.extend_from_slice(line.ending());
            *line = Line::read(raw, line.terminator, encoding);
        }
        Ok(())
    }

    /// `value` as it is to stand in the file.
    fn add(&mut self, section: &str, key: &str, value: &str) -> Result<(), IniError> {
        let ending = self.ending();
        let line = |text: String| -> Result<Line, IniError> {
            let mut raw = encode(self.encoding, &text)?;
            raw.extend_from_slice(&ending);
            Ok(Line::read(raw, ending.len(), self.encoding))
        };
        let pair = line(format!("{key}={value}"))?;
        let (at, new) = match self.header(section) {
            Some(header) => (self.pairs(section).last().map_or(header, |last| last.index) + 1, vec![pair]),
            None => (self.lines.len(), vec![line(format!("[{section}]"))?, pair]),
        };
        if let Some(before) = at.checked_sub(1).and_then(|index| self.lines.get_mut(index))
            && before.terminator == 0
        {
            before.raw.extend_from_slice(&ending);
            before.terminator = ending.len();
        }
        self.lines.splice(at..at, new);
        self.find_headers();
        Ok(())
    }

    /// The line end new lines get: that of the first line. A lone CR only where no LF is near that it could join.
    fn ending(&self) -> Vec<u8> {
        let mut ends = self.lines.iter().filter(|line| line.terminator > 0);
        let mut with_lf = ends.clone().filter(|line| self.encoding.units(line.ending()).last() == Some(10));
        match with_lf.next().or_else(|| ends.next()) {
            Some(line) => line.ending().to_vec(),
            None => {
                let text = if self.encoding.width() == 2 { "\r\n" } else { "\n" };
                self.encoding.encode(text).unwrap_or_default()
            }
        }
    }

    fn header(&self, section: &str) -> Option<usize> {
        self.headers.get(&section.to_lowercase()).copied()
    }

    fn find_headers(&mut self) {
        self.headers.clear();
        for (index, line) in self.lines.iter().enumerate() {
            if let Kind::Section(name) = &line.kind {
                self.headers.entry(name.to_lowercase()).or_insert(index);
            }
        }
    }

    fn pairs(&self, section: &str) -> impl Iterator<Item = Pair<'_>> {
        let start = self.header(section).map_or(self.lines.len(), |header| header + 1);
        let body = self.lines.iter().enumerate().skip(start);
        body.take_while(|(_, line)| !matches!(line.kind, Kind::Section(_))).filter_map(|(index, line)| {
            match &line.kind {
                Kind::Pair { key, value, .. } => Some(Pair { index, key, value }),
                _ => None,
            }
        })
    }
}

struct Pair<'a> {
    index: usize,
    key: &'a str,
    value: &'a str,
}

fn split_lines(text: &[u8], encoding: Encoding) -> Vec<Line> {
    const CR: u16 = 13;
    const LF: u16 = 10;
    let (mut lines, mut start, mut offset) = (Vec::new(), 0, 0);
    let mut units = encoding.units(text).peekable();
    while let Some(unit) = units.next() {
        offset += encoding.width();
        let mut terminator = encoding.width();
        match unit {
            CR if units.next_if_eq(&LF).is_some() => {
                offset += encoding.width();
                terminator *= 2;
            }
            CR | LF => {}
            _ => continue,
        }
        if lines.len() + 1 == Document::MAX_LINES {
            // Read or not, its end is known.
            lines.push(Line::unread(text.get(start..).unwrap_or_default(), encoding));
            return lines;
        }
        let raw = text.get(start..offset).unwrap_or_default();
        lines.push(Line::read(raw.to_vec(), terminator, encoding));
        start = offset;
    }
    match text.get(start..) {
        Some(rest) if !rest.is_empty() => lines.push(Line::read(rest.to_vec(), 0, encoding)),
        _ => {}
    }
    lines
}

/// Names are equal whatever their case.
fn same(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other) || (!one.is_ascii() && one.to_lowercase() == other.to_lowercase())
}

/// Quotes a value that was quoted before or would not survive bare.
fn quote(value: &str, quoted: bool) -> String {
    let bare = line::trim(value) == value && !line::unquote(value).1;
    if quoted || !bare { format!("\"{value}\"") } else { value.to_owned() }
}

fn check(what: &'static str, text: &str, allowed: impl Fn(&str) -> bool) -> Result<(), IniError> {
    if text.contains(['\r', '\n', '\0']) || !allowed(text) {
        return Err(IniError::Unwritable { what, text: text.to_owned() });
    }
    Ok(())
}

fn encode(encoding: Encoding, text: &str) -> Result<Vec<u8>, IniError> {
    encoding.encode(text).map_err(IniError::Unencodable)
}

#[cfg(test)]
mod tests;
