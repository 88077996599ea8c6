//! An answer in XML: MicroSIP's own contacts, the phone books of Yealink, and directories after Cisco's.

use super::{Answer, DirectoryError, put, put_numbers, seconds};
use crate::contacts::xml::{CONTACT, of_element, position};
use crate::contacts::{Contact, Read};
use crate::text::sanitise;
use crate::text::xml::Element;
use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};

/// Deepest nesting round the rows.
const MAX_DEPTH: usize = 16;

/// Makes somebody of an element.
type Make = fn(&Element) -> Contact;

/// Elements that are somebody, and how each is read.
const ROWS: [(&str, Make); 4] = [("contact", of_element), ("Unit", unit), ("DirectoryEntry", entry), ("entry", entry)];

pub(super) fn read(text: &str) -> Result<Answer, DirectoryError> {
    let mut scan = Scan { text, ..Scan::default() };
    scan.run()?;
    Ok(scan.answer.with(scan.read))
}

/// One pass over the text.
#[derive(Default)]
struct Scan<'a> {
    text: &'a str,
    answer: Answer,
    read: Read,
    root: Option<String>,
    /// Elements open round the rows.
    depth: usize,
    /// The row that is open: how it is read, where it begins, how many elements are open in it.
    row: Option<(usize, usize, usize)>,
    rows: usize,
    /// There is somebody for whom there was no room.
    is_full: bool,
    lines: Lines,
}

/// The number of the line at a byte, counted on from the last one asked for.
struct Lines {
    at: usize,
    line: usize,
}

impl Default for Lines {
    fn default() -> Lines {
        Lines { at: 0, line: 1 }
    }
}

impl Lines {
    fn at(&mut self, text: &str, byte: usize) -> usize {
        let between = text.as_bytes().get(self.at..byte).unwrap_or_default();
        self.line += between.iter().filter(|byte| **byte == b'\n').count();
        self.at = self.at.max(byte);
        self.line
    }
}

impl Scan<'_> {
    fn run(&mut self) -> Result<(), DirectoryError> {
        let mut reader = quick_xml::Reader::from_str(self.text);
        // The end of a row is told by counting; names that do not match are told of when the row is read.
        reader.config_mut().check_end_names = false;
        reader.config_mut().allow_dangling_amp = true;
        loop {
            let at = position(reader.buffer_position());
            let event = match reader.read_event() {
                Ok(event) => event,
                Err(why) => {
                    let line = self.lines.at(self.text, position(reader.error_position()));
                    self.broken(line, &why.to_string());
                    break;
                }
            };
            match event {
                Event::Start(ref tag) => self.opens(tag, at),
                Event::Empty(ref tag) => {
                    self.opens(tag, at);
                    self.closes(position(reader.buffer_position()));
                }
                Event::End(_) => self.closes(position(reader.buffer_position())),
                Event::DocType(_) => {
                    let line = self.lines.at(self.text, at);
                    self.read.problem(Some(line), "a document type is passed over".to_owned());
                }
                Event::Eof => break,
                _ => {}
            }
            if self.depth > MAX_DEPTH {
                let line = self.lines.at(self.text, at);
                self.broken(line, "its elements are nested too deep");
                break;
            }
            // Whole, or no room for more.
            if self.root.is_some() && self.depth == 0 && self.row.is_none() {
                self.answer.is_whole = true;
                break;
            }
            if self.is_full {
                break;
            }
        }
        if !self.answer.is_whole && self.answer.problems.is_empty() && !self.is_full {
            let line = self.lines.at(self.text, self.text.trim_end().len());
            self.broken(line, "it ends too soon");
        }
        let told = std::mem::take(&mut self.answer.problems);
        self.read.problems.extend(told);
        match &self.root {
            Some(root) if self.rows == 0 && !is_known(root) => {
                Err(DirectoryError::Other(format!("its root is <{}>", sanitise(root))))
            }
            _ => Ok(()),
        }
    }

    fn opens(&mut self, tag: &BytesStart<'_>, at: usize) {
        if let Some((_, _, open)) = &mut self.row {
            *open += 1;
            return;
        }
        let name = tag.local_name();
        let row = ROWS.iter().position(|(row, _)| *row == name.as_ref());
        match row.filter(|_| self.root.is_some()) {
            Some(row) => self.row = Some((row, at, 1)),
            None => {
                if self.root.is_none() {
                    self.root = Some(name.as_ref().to_owned());
                    self.answer.refresh_s = attribute(tag, "refresh").as_deref().and_then(seconds);
                    self.answer.silent = attribute(tag, "silent").is_some_and(|value| value.trim() == "1");
                }
                self.depth += 1;
            }
        }
    }

    fn closes(&mut self, end: usize) {
        let Some((row, begun, open)) = &mut self.row else {
            self.depth = self.depth.saturating_sub(1);
            return;
        };
        *open -= 1;
        if *open > 0 {
            return;
        }
        let (row, begun) = (*row, *begun);
        self.row = None;
        self.rows += 1;
        let line = self.lines.at(self.text, begun);
        let Some((name, contact)) = ROWS.get(row) else { return };
        match Element::parse(self.text.get(begun..end).unwrap_or_default().as_bytes(), name, CONTACT) {
            Ok(element) => self.is_full = !self.read.push(contact(&element), Some(line)),
            Err(why) => {
                self.read.problem(Some(line), format!("an entry is passed over: {}", sanitise(&why.to_string())))
            }
        }
    }

    fn broken(&mut self, line: usize, why: &str) {
        self.answer.broken(line, why);
    }
}

/// A list may have nobody in it.
fn is_known(root: &str) -> bool {
    ["contacts", "YealinkIPPhoneBook"].contains(&root) || root.ends_with("Directory")
}

fn attribute(tag: &BytesStart<'_>, name: &str) -> Option<String> {
    let found = tag.try_get_attribute(name).ok().flatten()?;
    found.normalized_value(XmlVersion::Implicit1_0).ok().map(std::borrow::Cow::into_owned)
}

/// `<Unit Name="" Phone1="" Phone2="" Phone3=""/>`
fn unit(element: &Element) -> Contact {
    let part = |name: &str| element.attribute(name).or_else(|| element.text_of(name)).unwrap_or_default();
    let mut contact = Contact::default();
    put(&mut contact, "name", part("Name"));
    put_numbers(&mut contact, ["Phone1", "Phone2", "Phone3"].into_iter().map(part));
    contact
}

/// `<DirectoryEntry><Name/><Telephone/>…</DirectoryEntry>`, `<entry><name/><extension/>…</entry>`
fn entry(element: &Element) -> Contact {
    let mut contact = Contact::default();
    let is = |child: &&Element, name: &str| child.name.eq_ignore_ascii_case(name);
    for name in ["name", "info", "presence", "starred"] {
        let child = element.children.iter().find(|child| is(child, name));
        child.into_iter().for_each(|child| put(&mut contact, name, &child.text));
    }
    let numbers = element.children.iter().filter(|child| is(child, "telephone") || is(child, "extension"));
    put_numbers(&mut contact, numbers.map(|child| child.text.as_str()));
    contact
}
