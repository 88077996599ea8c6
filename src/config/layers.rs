//! A configuration in layers: the ini file, and what overrules it key by key.

use super::ini::Document;
use std::borrow::Cow;

/// The documents of a configuration, the weakest first: 0 is the ini file, the others overrule it.
#[derive(Debug, Clone)]
pub struct Layers<'a>(Vec<&'a Document>);

/// A value, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found<'a> {
    /// As the document has it, trimmed and without quotes.
    pub value: Cow<'a, str>,
    /// The document, 0 = the ini file.
    pub layer: usize,
    /// The line, counted from 1.
    pub line: Option<usize>,
}

impl<'a> Layers<'a> {
    /// The ini file, and the documents that overrule it, the last of them strongest.
    pub fn new(main: &'a Document, overlays: impl IntoIterator<Item = &'a Document>) -> Layers<'a> {
        Layers(std::iter::once(main).chain(overlays).collect())
    }

    /// The value that counts; `None` = no document has the key.
    pub fn find(&self, section: &str, key: &str) -> Option<Found<'a>> {
        self.0.iter().enumerate().rev().find_map(|(layer, document)| {
            let value = document.get(section, key)?;
            Some(Found { value: value.into(), layer, line: document.line_of(section, key) })
        })
    }

    /// The value, if it is not the ini file that says it: what is changed there has no effect.
    pub fn locked(&self, section: &str, key: &str) -> Option<Found<'a>> {
        self.find(section, key).filter(|found| found.layer > 0)
    }

    /// True if any document has the section.
    pub fn has_section(&self, section: &str) -> bool {
        self.0.iter().any(|document| document.has_section(section))
    }

    /// The first document that has the section, and the line of its header.
    pub(super) fn place_of_section(&self, section: &str) -> Option<(usize, usize)> {
        self.0.iter().enumerate().find_map(|(layer, document)| Some((layer, document.line_of_section(section)?)))
    }

    /// The documents, the weakest first.
    pub fn documents(&self) -> impl Iterator<Item = &'a Document> {
        self.0.iter().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_that_has_the_key_counts_and_locks_it() {
        let [main, one, two] = ["[A]\nx=1\ny=1\nz=1\n", "[a]\nX=2\ny=\n", "[B]\n[A]\nx=3\n"]
            .map(|text| Document::parse(text.as_bytes()).unwrap());
        let layers = Layers::new(&main, [&one, &two]);
        for (key, expected) in [
            ("x", Some(("3", 2, Some(3)))),
            ("y", Some(("", 1, Some(3)))),
            ("z", Some(("1", 0, Some(4)))),
            ("none", None),
        ] {
            let found = layers.find("A", key);
            assert_eq!(found.as_ref().map(|it| (it.value.as_ref(), it.layer, it.line)), expected, "{key}");
            assert_eq!(layers.locked("A", key).is_some(), expected.is_some_and(|(_, layer, _)| layer > 0), "{key}");
        }
        assert!(layers.has_section("b") && !layers.has_section("c"));
    }
}
