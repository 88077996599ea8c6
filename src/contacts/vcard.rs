//! Contacts as business cards: vCard 3.0 (RFC 2426) and 4.0 (RFC 6350) are read, and as much of 2.1 as phones write;
//! 3.0 is written, which everybody reads.

use super::{Contact, Read, begins, names_nobody};
use crate::text::{sanitise, sanitise_text, sanitise_trimmed};

/// Longest line, unfolded, that counts: pictures are longer, and nobody's name is.
const MAX_LINE: usize = 16 * 1024;
/// Longest line that is written, in bytes, its end apart.
const FOLD: usize = 75;

/// Reads the cards of a file.
pub(super) fn read(text: &str) -> Read {
    let mut read = Read::default();
    let mut card: Option<(usize, Card)> = None;
    for (number, line) in unfolded(text) {
        let Some(property) = Property::parse(&line) else {
            if card.is_some() && !line.trim().is_empty() {
                read.problem(Some(number), "a line of a card is no property and is passed over".to_owned());
            }
            continue;
        };
        let is_card = property.value.trim().eq_ignore_ascii_case("VCARD");
        match (property.name.as_str(), &mut card) {
            ("BEGIN", open) if is_card => {
                if let Some((begun, _)) = open.replace((number, Card::default())) {
                    read.problem(Some(begun), "a card without END:VCARD is passed over".to_owned());
                }
            }
            ("END", open) if is_card => {
                let Some((begun, whole)) = open.take() else { continue };
                if !read.push(whole.contact(), Some(begun)) {
                    return read;
                }
            }
            (_, Some((_, card))) => card.take(&property),
            _ => {}
        }
    }
    if let Some((begun, _)) = card {
        read.problem(Some(begun), "a card without END:VCARD is passed over".to_owned());
    }
    read
}

/// The logical lines with the number of each one's first.
//= RFC 6350 §3.2: a line that begins with a blank goes on where the one before ended
fn unfolded(text: &str) -> impl Iterator<Item = (usize, String)> {
    let mut lines = text.lines().enumerate().peekable();
    std::iter::from_fn(move || {
        let (index, first) = lines.next()?;
        let mut whole = String::new();
        extend(&mut whole, first);
        // A line of version 2.1 goes on behind the sign that ends it.
        let is_quoted =
            first.split_once(':').is_some_and(|(head, _)| head.to_ascii_uppercase().contains("QUOTED-PRINTABLE"));
        loop {
            if is_quoted && whole.ends_with('=') {
                let Some((_, next)) = lines.next() else { break };
                whole.pop();
                extend(&mut whole, next);
            } else if let Some((_, next)) = lines.next_if(|(_, next)| next.starts_with([' ', '\t'])) {
                extend(&mut whole, next.get(1..).unwrap_or_default());
            } else {
                break;
            }
        }
        Some((index + 1, whole))
    })
}

fn extend(whole: &mut String, part: &str) {
    if whole.len() + part.len() <= MAX_LINE {
        whole.push_str(part);
    }
}

/// `group.NAME;PARAM=value:value`
struct Property {
    name: String,
    /// Parameters as `NAME=value`, or a bare word, in upper case.
    params: Vec<String>,
    /// Still escaped.
    value: String,
}

impl Property {
    fn parse(line: &str) -> Option<Property> {
        let mut quoted = false;
        let colon = line.find(|c: char| {
            quoted ^= c == '"';
            c == ':' && !quoted
        })?;
        let (head, value) = (line.get(..colon)?, line.get(colon + 1..)?);
        let mut parts = head.split(';');
        let name = parts.next()?;
        let name = name.rsplit_once('.').map_or(name, |(_, name)| name).trim().to_ascii_uppercase();
        let params: Vec<String> = parts.map(|param| param.trim().to_ascii_uppercase()).collect();
        let is_quoted = params.iter().any(|param| param.ends_with("QUOTED-PRINTABLE"));
        let value = if is_quoted { unquoted(value) } else { value.to_owned() };
        let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        is_name.then_some(Property { name, params, value })
    }

    /// It is marked so: `TYPE=cell`, `TYPE="voice,cell"`, `CELL`.
    fn is(&self, kind: &str) -> bool {
        self.params.iter().any(|param| {
            let values = param.strip_prefix("TYPE=").unwrap_or(param).trim_matches('"');
            values.split(',').any(|value| value == kind)
        })
    }

    /// It comes before its like.
    fn is_preferred(&self) -> bool {
        self.is("PREF") || self.params.iter().any(|param| param == "PREF=1")
    }

    fn text(&self) -> String {
        unescaped(&self.value)
    }

    /// The parts between semicolons.
    fn parts(&self) -> Vec<String> {
        let mut parts = vec![String::new()];
        let mut escaped = false;
        for c in self.value.chars() {
            match c {
                ';' if !escaped => parts.push(String::new()),
                c => parts.last_mut().into_iter().for_each(|part| part.push(c)),
            }
            escaped = c == '\\' && !escaped;
        }
        parts.iter().map(|part| unescaped(part)).collect()
    }
}

//= RFC 2045 §6.7
fn unquoted(value: &str) -> String {
    let mut parts = value.split('=');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        match part.get(..2).and_then(|code| u8::from_str_radix(code, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                bytes.extend(part.bytes().skip(2));
            }
            None => {
                bytes.push(b'=');
                bytes.extend(part.bytes());
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

//= RFC 6350 §3.4
fn unescaped(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    let mut escaped = false;
    for c in value.chars() {
        match (escaped, c) {
            (false, '\\') => {
                escaped = true;
                continue;
            }
            (true, 'n' | 'N') => out.push('\n'),
            (_, c) => out.push(c),
        }
        escaped = false;
    }
    out
}

fn is_address(number: &str) -> bool {
    begins(number, "sip:") || begins(number, "sips:")
}

/// A card as far as it is read.
#[derive(Default)]
struct Card {
    contact: Contact,
    organisation: String,
    numbers: Vec<(Kind, String)>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Preferred,
    Mobile,
    Home,
    Other,
}

/// Most numbers of a card that count.
const MAX_NUMBERS: usize = 16;

impl Card {
    fn take(&mut self, property: &Property) {
        let line = || sanitise_trimmed(&property.text());
        let set = |place: &mut String, value: String| {
            if place.is_empty() {
                *place = value;
            }
        };
        let contact = &mut self.contact;
        match property.name.as_str() {
            "FN" => set(&mut contact.name, line()),
            "N" => {
                let mut parts = property.parts().into_iter().map(|part| sanitise_trimmed(&part));
                set(&mut contact.last_name, parts.next().unwrap_or_default());
                set(&mut contact.first_name, parts.next().unwrap_or_default());
            }
            "ORG" => {
                set(&mut self.organisation, property.parts().first().map(|part| sanitise(part)).unwrap_or_default())
            }
            "EMAIL" => set(&mut contact.email, line()),
            "NOTE" => set(&mut contact.comment, sanitise_text(&property.text()).trim().to_owned()),
            "UID" => set(&mut contact.id, line()),
            "CATEGORIES" => contact.starred |= property.value.split(',').any(|word| word.trim() == "starred"),
            "ADR" => {
                let parts: Vec<String> = property.parts().iter().map(|part| sanitise_trimmed(part)).collect();
                let part = |at: usize| parts.get(at).cloned().unwrap_or_default();
                //= RFC 6350 §6.3.1: box; extended; street; locality; region; code; country
                if [&contact.address, &contact.city, &contact.state, &contact.zip].into_iter().all(String::is_empty) {
                    (contact.address, contact.city) = (part(2), part(3));
                    (contact.state, contact.zip) = (part(4), part(5));
                }
            }
            "TEL" | "IMPP" | "X-SIP" => self.number(property),
            _ => {}
        }
    }

    fn number(&mut self, property: &Property) {
        let value = sanitise_trimmed(&property.text());
        // Messengers that are not called, and machines.
        let is_other = property.name == "IMPP" && !is_address(&value);
        if names_nobody(&value)
            || is_other
            || property.is("FAX")
            || property.is("PAGER")
            || self.numbers.len() == MAX_NUMBERS
        {
            return;
        }
        let number = match value.split_once(':') {
            Some((_, number)) if begins(&value, "tel:") => number.trim_start().to_owned(),
            _ => value,
        };
        let kind = match () {
            () if property.is_preferred() => Kind::Preferred,
            () if property.is("CELL") => Kind::Mobile,
            () if property.is("HOME") => Kind::Home,
            () => Kind::Other,
        };
        self.numbers.push((kind, number));
    }

    fn contact(self) -> Contact {
        let mut contact = self.contact;
        let mut numbers = self.numbers;
        let mut take = |kinds: &[Kind]| {
            let at = kinds.iter().find_map(|kind| numbers.iter().position(|(known, _)| known == kind));
            at.map(|at| numbers.remove(at).1).unwrap_or_default()
        };
        contact.number = take(&[Kind::Preferred, Kind::Other]);
        contact.mobile = take(&[Kind::Mobile]);
        contact.phone = take(&[Kind::Home, Kind::Other]);
        if contact.name.is_empty() && contact.first_name.is_empty() && contact.last_name.is_empty() {
            contact.name = self.organisation;
        }
        contact
    }
}

/// The cards of these contacts, in version 3.0.
pub fn write(contacts: &[Contact]) -> String {
    let mut out = String::new();
    for contact in contacts {
        let mut line = |name: &str, value: String| {
            if !value.trim_matches(';').is_empty() {
                fold(&mut out, &format!("{name}:{value}"));
            }
        };
        let joined = |parts: &[&String]| parts.iter().map(|part| escaped(part)).collect::<Vec<_>>().join(";");
        line("BEGIN", "VCARD".to_owned());
        line("VERSION", "3.0".to_owned());
        line("FN", escaped(&contact.name));
        let none = &String::new();
        //= RFC 2426 §3.1.2: a card has its N, even if nothing is known of it
        let known = [&contact.last_name, &contact.first_name].iter().any(|name| !name.is_empty());
        let last = if known { &contact.last_name } else { &contact.name };
        line("N", joined(&[last, &contact.first_name, none, none, none]));
        line(
            if is_address(&contact.number) { "IMPP;TYPE=PREF" } else { "TEL;TYPE=VOICE,PREF" },
            escaped(&contact.number),
        );
        for (name, number) in [("TEL;TYPE=HOME,VOICE", &contact.phone), ("TEL;TYPE=CELL,VOICE", &contact.mobile)] {
            line(name, escaped(number));
        }
        line("EMAIL;TYPE=INTERNET", escaped(&contact.email));
        let address = [none, none, &contact.address, &contact.city, &contact.state, &contact.zip, none];
        line("ADR;TYPE=HOME", joined(&address));
        line("NOTE", escaped(&contact.comment));
        line("UID", escaped(&contact.id));
        line("CATEGORIES", if contact.starred { "starred".to_owned() } else { String::new() });
        line("END", "VCARD".to_owned());
    }
    out
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('\n', "\\n").replace(',', "\\,").replace(';', "\\;")
}

/// A line and its end; what is longer than [`FOLD`] goes on behind a blank.
fn fold(out: &mut String, line: &str) {
    let mut width = 0;
    for c in line.chars() {
        if width + c.len_utf8() > FOLD {
            out.push_str("\r\n ");
            width = 1;
        }
        out.push(c);
        width += c.len_utf8();
    }
    out.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn only(text: &str) -> Contact {
        let read = read(text);
        assert_eq!((read.contacts.len(), &read.problems[..]), (1, &[][..]), "{text}");
        read.contacts.into_iter().next().unwrap()
    }

    #[test]
    fn cards_of_three_versions() {
        let old = only(
            "BEGIN:VCARD\r\nVERSION:2.1\r\nN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:M=C3=BCller;Zo=C3=\r\n=AB\r\n\
             TEL;CELL:0170 1\r\nTEL;HOME;FAX:9\r\nTEL;HOME:030 2\r\nEND:VCARD\r\n",
        );
        assert_eq!((old.name.as_str(), old.mobile.as_str(), old.phone.as_str()), ("Zoë Müller", "0170 1", "030 2"));
        assert_eq!(old.number, "030 2");
        let three = only(
            "BEGIN:VCARD\nVERSION:3.0\nFN:Ann\\, Bell\nN:Bell;Ann;;;\nitem1.TEL;type=pref:+49 30 1\nTEL;TYPE=\"cell,voice\":7\n\
             ADR;TYPE=HOME:;;1 Str\\; a;To\n wn;ST;00;X\nNOTE:one\\ntwo\nCATEGORIES:myContacts,starred\nPHOTO;ENCODING=b:AAAA\n \
             AAAA\nEND:VCARD\n",
        );
        assert_eq!((three.name.as_str(), three.number.as_str(), three.mobile.as_str()), ("Ann, Bell", "+49 30 1", "7"));
        assert_eq!((three.address.as_str(), three.city.as_str(), three.zip.as_str()), ("1 Str; a", "Town", "00"));
        assert_eq!((three.comment.as_str(), three.starred), ("one\ntwo", true));
        let four = only(
            "BEGIN:VCARD\nVERSION:4.0\nFN:Ops\nTEL;VALUE=uri;PREF=1;TYPE=\"voice,home\":tel:+1-555-0100\n\
             IMPP:xmpp:a@b\nIMPP;PREF=2:sip:ops@example.net\nEND:VCARD\n",
        );
        assert_eq!((four.number.as_str(), four.phone.as_str()), ("+1-555-0100", "sip:ops@example.net"));
    }

    #[test]
    fn what_is_written_reads_the_same() {
        let contact = Contact {
            name: "Zoë; \\n, Co ".repeat(9).trim().into(),
            number: "sip:z@b".into(),
            phone: "1".into(),
            mobile: "2".into(),
            first_name: "Zoë".into(),
            last_name: "Ex".into(),
            email: "z@b".into(),
            address: "1, St".into(),
            comment: "a\nb".into(),
            id: "7".into(),
            starred: true,
            ..Contact::default()
        };
        let text = write(std::slice::from_ref(&contact));
        assert!(text.lines().all(|line| line.len() <= FOLD), "{text}");
        assert_eq!(only(&text), contact);
    }

    #[test]
    fn broken_cards_are_told_and_the_others_read() {
        let text = "BEGIN:VCARD\nFN:lost\nBEGIN:VCARD\nFN:b\nTEL:2\nodd\nEND:VCARD\nEND:VCARD\nBEGIN:VCARD\nFN:nobody\nEND:VCARD\nBEGIN:VCARD\nTEL:3";
        let read = read(text);
        assert_eq!((read.contacts.len(), read.without_number), (1, 1));
        let lines: Vec<Option<usize>> = read.problems.iter().map(|problem| problem.line).collect();
        assert_eq!(lines, [Some(1), Some(6), Some(12)]);
        let long = format!("BEGIN:VCARD\nFN:x\nNOTE:{}\nTEL:4\nEND:VCARD\n", "y".repeat(MAX_LINE * 2));
        assert_eq!(only(&long).number, "4");
    }
}
