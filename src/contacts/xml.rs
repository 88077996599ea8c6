//! Contacts.xml: read, and changed without touching a byte of what is not meant.

use super::merge::{Kept, Merged, Plan, Taken, merge, replace_directory, strangers};
use super::{Contact, ContactsError, FIELDS, Field, MAX_BYTES, MAX_CONTACTS, Problem, Read, decoded, line_at};
use crate::text::encoding::Encoding;
use crate::text::xml::{Element, Limits};
use quick_xml::Reader;
use quick_xml::escape::escape;
use quick_xml::events::Event;

/// What one contact may be.
pub(super) const CONTACT: Limits = Limits { bytes: 256 * 1024, depth: 4, elements: 64 };

/// How a file begins.
const DECLARATION: &str = "<?xml version=\"1.0\"?>\n";

/// A file, whole: its contacts, and everything round them as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    encoding: Encoding,
    pieces: Vec<Piece>,
    /// Why nothing may be added or changed.
    broken: Option<(usize, String)>,
    problems: Vec<Problem>,
    without_number: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    /// Between the contacts.
    Other(String),
    /// A contact as it is spelt; `None` = it has no number, or cannot be read.
    Contact(String, Option<Contact>),
    /// What ends the list: its closing tag, or the only one of a list of none.
    End(String),
}

impl Default for Document {
    /// A file without contacts.
    fn default() -> Document {
        let pieces = vec![
            Piece::Other(format!("{DECLARATION}<contacts>\n")),
            Piece::End("</contacts>".to_owned()),
            Piece::Other("\n".to_owned()),
        ];
        Document { encoding: Encoding::Utf8, pieces, broken: None, problems: Vec::new(), without_number: 0 }
    }
}

impl Document {
    /// Reads a file; one without a word is one without contacts. What is broken is a problem with its line, and what stands
    /// before it counts.
    ///
    /// # Errors
    /// Too long, or another kind of document.
    pub fn parse(bytes: &[u8]) -> Result<Document, ContactsError> {
        if bytes.len() > MAX_BYTES {
            return Err(ContactsError::TooLong(bytes.len()));
        }
        let (encoding, text) = decoded(bytes);
        let mut document = Document { encoding, pieces: Vec::new(), ..Document::default() };
        if text.trim().is_empty() {
            document.other(Some(&text));
        } else {
            document.scan(&text)?;
        }
        if document.broken.is_none() && encoded(encoding, &text) != bytes {
            document.broken = Some((1, format!("it is no clean {encoding:?}")));
        }
        if let Some((line, why)) = document.broken.clone() {
            document.problem(line, why);
        }
        Ok(document)
    }

    fn scan(&mut self, text: &str) -> Result<(), ContactsError> {
        let mut reader = Reader::from_str(text);
        // The end of a contact is told by counting; names that do not match are nobody's concern here.
        reader.config_mut().check_end_names = false;
        reader.config_mut().allow_dangling_amp = true;
        // Where what is not yet in a piece begins, where the open contact does, and what is open in it.
        let (mut done, mut begun, mut open, mut rows) = (0, 0, 0_usize, 0);
        let (mut has_root, mut closed) = (false, false);
        loop {
            let was_closed = closed;
            let at = position(reader.buffer_position());
            let event = match reader.read_event() {
                Ok(event) => event,
                Err(error) => {
                    let line = line_at(text, position(reader.error_position()));
                    self.broken = Some((line, error.to_string()));
                    break;
                }
            };
            let ended = match event {
                Event::Start(ref tag) | Event::Empty(ref tag) => {
                    let name = tag.local_name();
                    let is_empty = matches!(event, Event::Empty(_));
                    if !has_root {
                        if name.as_ref() != "contacts" {
                            return Err(ContactsError::Root(crate::text::sanitise(name.as_ref())));
                        }
                        (has_root, closed) = (true, is_empty);
                        false
                    } else if open == 0 && name.as_ref() != "contact" {
                        false
                    } else {
                        if open == 0 {
                            begun = at;
                        }
                        open += usize::from(!is_empty);
                        open == 0
                    }
                }
                Event::End(_) if open > 0 => {
                    open -= 1;
                    open == 0
                }
                Event::End(ref tag) => {
                    closed |= tag.local_name().as_ref() == "contacts";
                    false
                }
                Event::DocType(_) => {
                    self.problem(line_at(text, at), "a document type is passed over".to_owned());
                    false
                }
                Event::Eof => break,
                _ => false,
            };
            if ended {
                let end = position(reader.buffer_position());
                rows += 1;
                self.other(text.get(done..begun));
                self.row(text.get(begun..end).unwrap_or_default(), rows, || line_at(text, begun));
                done = end;
            }
            if closed && !was_closed {
                let end = position(reader.buffer_position());
                self.other(text.get(done..at));
                self.pieces.extend(text.get(at..end).map(|tag| Piece::End(tag.to_owned())));
                done = end;
            }
        }
        self.other(text.get(done..));
        if self.broken.is_none() && !closed {
            self.broken = Some((line_at(text, text.trim_end().len()), "it ends too soon".to_owned()));
        }
        Ok(())
    }

    fn other(&mut self, text: Option<&str>) {
        self.pieces.extend(text.filter(|text| !text.is_empty()).map(|text| Piece::Other(text.to_owned())));
    }

    fn row(&mut self, raw: &str, number: usize, line: impl Fn() -> usize) {
        let contact = if number > MAX_CONTACTS {
            self.problem(line(), format!("more than {MAX_CONTACTS} contacts; the others are left out"));
            None
        } else {
            match Element::parse(raw.as_bytes(), "contact", CONTACT) {
                Ok(element) => {
                    let contact = of_element(&element).completed();
                    self.without_number += usize::from(contact.is_none());
                    contact
                }
                Err(why) => {
                    self.problem(line(), format!("a contact is passed over: {why}"));
                    None
                }
            }
        };
        self.pieces.push(Piece::Contact(raw.to_owned(), contact));
    }

    fn problem(&mut self, line: usize, message: String) {
        let is_told = self.problems.last().is_some_and(|last| last.message == message);
        if self.problems.len() < super::MAX_PROBLEMS && !is_told {
            self.problems.push(Problem { line: Some(line), message });
        }
    }

    /// The contacts, in the file's order.
    pub fn contacts(&self) -> impl Iterator<Item = &Contact> {
        self.rows().map(|(_, contact)| contact)
    }

    /// The contacts with their places.
    pub(super) fn rows(&self) -> impl Iterator<Item = (usize, &Contact)> {
        self.pieces.iter().enumerate().filter_map(|(at, piece)| match piece {
            Piece::Contact(_, Some(contact)) => Some((at, contact)),
            _ => None,
        })
    }

    /// What it holds, as any other file's.
    pub fn read(self) -> Read {
        let contacts = self.contacts().cloned().collect();
        Read { contacts, without_number: self.without_number, problems: self.problems }
    }

    /// What was not taken.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// It may be changed.
    ///
    /// # Errors
    /// It is broken, and what is behind that place would be lost to its next reader.
    pub fn writable(&self) -> Result<(), ContactsError> {
        match self.broken.clone() {
            Some((line, why)) => Err(ContactsError::Broken { line, why }),
            None => Ok(()),
        }
    }

    /// The text.
    pub fn text(&self) -> String {
        let text = |piece: &Piece| match piece {
            Piece::Other(text) | Piece::Contact(text, _) | Piece::End(text) => text.clone(),
        };
        self.pieces.iter().map(text).collect()
    }

    /// The bytes, in the encoding it came in, or in UTF-8 if that has not all of its characters.
    pub fn to_bytes(&self) -> Vec<u8> {
        encoded(self.encoding, &self.text())
    }

    /// Puts one more contact behind the others.
    pub fn add(&mut self, contact: &Contact) {
        self.add_all(std::slice::from_ref(contact));
    }

    fn add_all(&mut self, contacts: &[Contact]) {
        let line_end = self.line_end();
        contacts.iter().for_each(|contact| self.add_one(contact, line_end));
    }

    fn add_one(&mut self, contact: &Contact, line_end: &str) {
        let row = Piece::Contact(spelt(contact), Some(contact.clone()));
        let end = self.pieces.iter().enumerate().find_map(|(at, piece)| match piece {
            Piece::End(tag) => Some((at, tag.clone())),
            _ => None,
        });
        let line = || Piece::Other(line_end.to_owned());
        let Some((at, tag)) = end else {
            // Nothing at all stands there.
            let opened = Piece::Other(format!("{DECLARATION}<contacts>{line_end}"));
            self.pieces = vec![opened, row, line(), Piece::End("</contacts>".to_owned()), line()];
            return;
        };
        let Some(only) = tag.strip_suffix("/>") else {
            self.pieces.splice(at..at, [row, line()]);
            return;
        };
        let name = only.trim_start_matches('<').split([' ', '\t', '\r', '\n']).next().unwrap_or("contacts");
        let closing = Piece::End(format!("</{name}>"));
        let opened = Piece::Other(format!("{}>{line_end}", only.trim_end()));
        self.pieces.splice(at..=at, [opened, row, line(), closing]);
    }

    /// Takes the contacts at these places out, in rising order, and the lines of those that stood there alone.
    fn remove_all(&mut self, places: &[usize]) {
        let mut places = places.iter().copied().peekable();
        let mut kept: Vec<Piece> = Vec::with_capacity(self.pieces.len());
        let mut was_alone = false;
        for (at, piece) in std::mem::take(&mut self.pieces).into_iter().enumerate() {
            if places.next_if_eq(&at).is_some() {
                was_alone = matches!(kept.last(), Some(Piece::Other(text)) if text.trim_end_matches([' ', '\t']).ends_with('\n'));
                continue;
            }
            let follows = std::mem::take(&mut was_alone);
            let piece = match piece {
                Piece::Other(text) if follows => {
                    let rest = text.strip_prefix("\r\n").or_else(|| text.strip_prefix('\n')).map(str::to_owned);
                    Piece::Other(rest.unwrap_or(text))
                }
                other => other,
            };
            // Pieces between contacts grow together where one has gone, so that the end of a line is still seen.
            match (kept.last_mut(), piece) {
                (Some(Piece::Other(before)), Piece::Other(text)) => before.push_str(&text),
                (_, piece) => kept.push(piece),
            }
        }
        self.pieces = kept;
    }

    /// Takes out every contact that this is true of; how many.
    pub fn remove_if(&mut self, is_meant: impl Fn(&Contact) -> bool) -> usize {
        let places: Vec<usize> = self.rows().filter(|(_, contact)| is_meant(contact)).map(|(at, _)| at).collect();
        self.remove_all(&places);
        places.len()
    }

    /// Gives every contact that this is true of another shape; how many differ from before.
    pub fn change_if(&mut self, is_meant: impl Fn(&Contact) -> bool, change: impl Fn(&mut Contact)) -> usize {
        let meant: Vec<(usize, Contact)> =
            self.rows().filter(|(_, contact)| is_meant(contact)).map(|(at, contact)| (at, contact.clone())).collect();
        let mut changed = 0;
        for (at, mut contact) in meant {
            change(&mut contact);
            changed += usize::from(self.change(at, contact));
        }
        changed
    }

    /// Spells the contact at this place anew where it differs; what else the element says stays.
    pub(super) fn change(&mut self, at: usize, new: Contact) -> bool {
        let Some(Piece::Contact(raw, Some(old))) = self.pieces.get_mut(at) else { return false };
        if *old == new {
            return false;
        }
        for field in FIELDS.iter().filter(|field| field.get(old) != field.get(&new)) {
            set_attribute(raw, *field, field.get(&new));
        }
        *old = new;
        true
    }

    /// Adds those of others that nobody here is; how many. Those it has stay as they are.
    pub fn add_strangers(&mut self, others: Vec<Contact>) -> usize {
        let room = MAX_CONTACTS.saturating_sub(self.contacts().count());
        let mut new = strangers(self.contacts(), others);
        new.truncate(room);
        self.add_all(&new);
        new.len()
    }

    /// Takes others in: those it has are completed, the rest is added.
    pub fn merge(&mut self, others: Vec<Contact>) -> Merged {
        let (changed, added, merged) = merge(self.kept(), others);
        for Kept { at, contact } in changed {
            self.change(at, contact);
        }
        self.add_all(&added);
        merged
    }

    /// A directory has these now: its former ones change and go with it, those a person made stay. Nobody goes on
    /// account of an answer that is not whole.
    pub fn replace_directory(&mut self, theirs: Vec<Contact>, is_whole: bool) -> Taken {
        let Plan { changed, added, gone, taken } = replace_directory(self.kept(), theirs, is_whole);
        for Kept { at, contact } in changed {
            self.change(at, contact);
        }
        self.remove_all(&gone);
        self.add_all(&added);
        taken
    }

    fn kept(&self) -> Vec<Kept> {
        self.rows().map(|(at, contact)| Kept { at, contact: contact.clone() }).collect()
    }

    fn line_end(&self) -> &'static str {
        let is_dos = |piece: &Piece| matches!(piece, Piece::Other(text) if text.contains("\r\n"));
        if self.pieces.iter().any(is_dos) { "\r\n" } else { "\n" }
    }
}

pub(super) fn position(offset: u64) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX)
}

fn encoded(encoding: Encoding, text: &str) -> Vec<u8> {
    match encoding.encode(text) {
        Ok(bytes) => [encoding.bom(), &bytes].concat(),
        Err(_) => text.as_bytes().to_vec(),
    }
}

/// What the attributes of Contacts.xml say.
pub(super) fn of_element(element: &Element) -> Contact {
    let mut contact = Contact::default();
    for field in &FIELDS {
        if let Some(value) = element.attribute(field.attribute) {
            field.set(&mut contact, value);
        }
    }
    contact
}

/// A contact as MicroSIP writes it: every attribute, in its order.
fn spelt(contact: &Contact) -> String {
    let attribute = |field: &Field| format!(" {}=\"{}\"", field.attribute, value(field.get(contact)));
    format!("<contact{}/>", FIELDS.iter().map(attribute).collect::<String>())
}

fn value(text: &str) -> String {
    escape(text).replace('\n', "&#10;")
}

/// Puts a value in the start tag of an element that has been read.
fn set_attribute(raw: &mut String, field: Field, new: &str) {
    let Some((place, end)) = attribute_place(raw, field.attribute) else { return };
    match place {
        Some((from, to)) => raw.replace_range(from..to, &value(new)),
        None => raw.insert_str(end, &format!(" {}=\"{}\"", field.attribute, value(new))),
    }
}

/// Where the value of this attribute stands, if there is one, and where the start tag's attributes end.
fn attribute_place(raw: &str, wanted: &str) -> Option<(Option<(usize, usize)>, usize)> {
    let is_blank = |c: char| c.is_ascii_whitespace();
    let mut at = raw.find(|c: char| is_blank(c) || c == '/' || c == '>')?;
    let mut end = at;
    loop {
        let rest = raw.get(at..)?;
        let name_at = at + rest.find(|c: char| !is_blank(c))?;
        let rest = raw.get(name_at..)?;
        if rest.starts_with(['/', '>']) {
            return Some((None, end));
        }
        let equals = rest.find('=')?;
        let name = rest.get(..equals)?.trim_end();
        let quote_at = name_at + equals + 1 + rest.get(equals + 1..)?.find(['"', '\''])?;
        let quote = raw.get(quote_at..)?.chars().next()?;
        let from = quote_at + 1;
        let to = from + raw.get(from..)?.find(quote)?;
        if name == wanted {
            return Some((Some((from, to)), end));
        }
        (at, end) = (to + 1, to + 1);
    }
}
