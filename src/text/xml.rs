//! The only reader of XML: a small tree of local names, bounded in every direction, without document types.

use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

/// What a document may be at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the whole.
    pub bytes: usize,
    /// Deepest nesting of elements.
    pub depth: usize,
    /// Elements in all.
    pub elements: usize,
}

/// Why a document is not taken in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum XmlError {
    /// Longer than the limit.
    #[error("{0} bytes, more than a document may have")]
    TooLong(usize),
    /// Elements nested too deep, or too many of them.
    #[error("too deep or too many elements")]
    TooMuch,
    /// It brings a document type of its own: nothing we read needs one.
    #[error("a document type declaration")]
    DocumentType,
    /// Not well-formed.
    #[error("not well-formed: {0}")]
    Malformed(String),
    /// Another document than the one asked for.
    #[error("the root is {0}")]
    Root(String),
}

/// An element; namespaces are told apart by nobody who sends these documents, so only local names are kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Element {
    /// The local name.
    pub name: String,
    attributes: Vec<(String, String)>,
    /// The text directly inside, ends trimmed.
    pub text: String,
    /// The elements directly inside, in order.
    pub children: Vec<Element>,
}

impl Element {
    /// Reads a document whose root has this name, within these limits; bytes outside UTF-8 are replaced.
    ///
    /// # Errors
    /// Not such a document, or more than the limits allow.
    pub fn parse(body: &[u8], root: &str, limits: Limits) -> Result<Element, XmlError> {
        if body.len() > limits.bytes {
            return Err(XmlError::TooLong(body.len()));
        }
        let element = tree(&String::from_utf8_lossy(body), limits)?;
        if element.name == root { Ok(element) } else { Err(XmlError::Root(element.name)) }
    }

    /// An attribute's value.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// The first child of this name.
    pub fn child(&self, name: &str) -> Option<&Element> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The children of this name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Element> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The text of the first child of this name, if there is any.
    pub fn text_of(&self, name: &str) -> Option<&str> {
        self.child(name).map(|child| child.text.as_str()).filter(|text| !text.is_empty())
    }

    /// Every element below, at any depth, parents first.
    pub fn descendants(&self) -> impl Iterator<Item = &Element> {
        let mut waiting: Vec<&Element> = self.children.iter().rev().collect();
        std::iter::from_fn(move || {
            let next = waiting.pop()?;
            waiting.extend(next.children.iter().rev());
            Some(next)
        })
    }
}

fn tree(text: &str, limits: Limits) -> Result<Element, XmlError> {
    let malformed = |why: &dyn std::fmt::Display| XmlError::Malformed(why.to_string());
    let mut reader = Reader::from_str(text.trim_start_matches('\u{feff}').trim_start());
    // The elements open at this point, the root first.
    let mut open: Vec<Element> = Vec::new();
    let mut count = 0;
    loop {
        let event = reader.read_event().map_err(|e| malformed(&e))?;
        let is_empty = matches!(event, Event::Empty(_));
        match event {
            Event::Start(start) | Event::Empty(start) => {
                count += 1;
                if open.len() >= limits.depth || count > limits.elements {
                    return Err(XmlError::TooMuch);
                }
                open.push(element(&start)?);
                if is_empty && let Some(root) = close(&mut open) {
                    return Ok(root);
                }
            }
            Event::End(_) => {
                if let Some(root) = close(&mut open) {
                    return Ok(root);
                }
            }
            Event::Text(text) => push(&mut open, &text.xml10_content()),
            Event::CData(text) => push(&mut open, &text.xml10_content()),
            // Why no others: an entity that is not predefined would need a document type.
            Event::GeneralRef(name) => match name.resolve_char_ref().map_err(|e| malformed(&e))? {
                Some(c) => push(&mut open, c.encode_utf8(&mut [0; 4])),
                None => push(&mut open, predefined(&name.xml10_content())?),
            },
            Event::DocType(_) => return Err(XmlError::DocumentType),
            Event::Decl(_) | Event::PI(_) | Event::Comment(_) => {}
            Event::Eof => return Err(malformed(&"it ends too soon")),
        }
    }
}

fn element(start: &BytesStart<'_>) -> Result<Element, XmlError> {
    let malformed = |why: &dyn std::fmt::Display| XmlError::Malformed(why.to_string());
    let mut element = Element { name: start.local_name().as_ref().to_owned(), ..Element::default() };
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|e| malformed(&e))?;
        let value = attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|e| malformed(&e))?;
        element.attributes.push((attribute.key.local_name().as_ref().to_owned(), value.into_owned()));
    }
    Ok(element)
}

/// Ends the innermost element; the root, if it was that.
fn close(open: &mut Vec<Element>) -> Option<Element> {
    let mut element = open.pop()?;
    element.text = element.text.trim().to_owned();
    match open.last_mut() {
        Some(parent) => {
            parent.children.push(element);
            None
        }
        None => Some(element),
    }
}

fn push(open: &mut [Element], text: &str) {
    if let Some(element) = open.last_mut() {
        element.text.push_str(text);
    }
}

fn predefined(name: &str) -> Result<&'static str, XmlError> {
    quick_xml::escape::resolve_xml_entity(name).ok_or_else(|| XmlError::Malformed(format!("no entity {name}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits { bytes: 64 * 1024, depth: 16, elements: 2048 };

    #[test]
    fn a_tree_of_local_names() {
        let text = "\u{feff}<?xml version=\"1.0\"?><!-- x --><a:r xmlns:a='u' a:k='1 &amp; 2'>  t&lt;&#x41;<![CDATA[<&]]>\
                    <b/><a:b n=\"2\"><c>deep</c></a:b></a:r>";
        let root = Element::parse(text.as_bytes(), "r", LIMITS).unwrap();
        assert_eq!(root.attribute("k"), Some("1 & 2"));
        assert_eq!(root.text, "t<A<&");
        assert_eq!(root.all("b").count(), 2);
        let names: Vec<&str> = root.descendants().map(|element| element.name.as_str()).collect();
        assert_eq!(names, ["b", "b", "c"]);
    }

    #[test]
    fn what_a_hostile_document_meets() {
        let bomb = "<!DOCTYPE r [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;\">]><r>&b;</r>";
        let outside = "<!DOCTYPE r SYSTEM \"http://192.0.2.1/x.dtd\"><r/>";
        let deep = format!("<r>{}{}</r>", "<d>".repeat(LIMITS.depth), "</d>".repeat(LIMITS.depth));
        let wide = format!("<r>{}</r>", "<d/>".repeat(LIMITS.elements));
        let long = format!("<r>{}</r>", "x".repeat(LIMITS.bytes));
        for (document, error) in [
            (bomb, XmlError::DocumentType),
            (outside, XmlError::DocumentType),
            (&deep, XmlError::TooMuch),
            (&wide, XmlError::TooMuch),
            (&long, XmlError::TooLong(long.len())),
            ("<other/>", XmlError::Root("other".into())),
        ] {
            let head = document.get(..60).unwrap_or(document);
            assert_eq!(Element::parse(document.as_bytes(), "r", LIMITS), Err(error), "{head}");
        }
        for document in ["", "<r>", "<r></s>", "<r k=1/>", "<r>&mine;</r>", "<r k='&mine;'/>", "text", "<r>&#0;</r>"] {
            let read = Element::parse(document.as_bytes(), "r", LIMITS);
            assert!(matches!(read, Err(XmlError::Malformed(_))), "{document}: {read:?}");
        }
    }

    #[test]
    fn at_the_bounds_it_still_reads() {
        let deep = format!("<r>{}{}</r>", "<d>".repeat(LIMITS.depth - 1), "</d>".repeat(LIMITS.depth - 1));
        assert!(Element::parse(deep.as_bytes(), "r", LIMITS).is_ok());
        let latin = b"<r>M\xfcller</r>";
        assert_eq!(Element::parse(latin, "r", LIMITS).unwrap().text, "M\u{fffd}ller");
    }
}
