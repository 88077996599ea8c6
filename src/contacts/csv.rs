//! Contacts as a table: MicroSIP's columns, and those of Google's and Outlook's exports.

use super::{Contact, ContactsError, FIELDS, Field, Read};
use crate::text::csv_quoted;

/// Between the values of one cell in Google's files.
const NEXT_VALUE: &str = " ::: ";

/// MicroSIP's columns in its order: that of Contacts.xml, but for the last two.
fn columns() -> impl Iterator<Item = &'static Field> {
    let is_last = |field: &&Field| field.attribute == "starred";
    FIELDS.iter().filter(move |field| !is_last(field)).chain(FIELDS.iter().filter(is_last))
}

/// MicroSIP's first line.
pub fn header() -> String {
    columns().map(|field| field.header).collect::<Vec<_>>().join(",")
}

/// The table of these contacts, with MicroSIP's header.
pub fn write(contacts: &[Contact]) -> String {
    let mut out = header() + "\r\n";
    for contact in contacts {
        let cells = columns().map(|field| cell(field.get(contact)));
        out += &cells.collect::<Vec<_>>().join(",");
        out += "\r\n";
    }
    out
}

/// A number stays one: to a spreadsheet it is no formula, and other phones read the file too.
fn cell(text: &str) -> String {
    let is_number = text.strip_prefix('+').is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
    if is_number { text.to_owned() } else { csv_quoted(text) }
}

/// Reads a table whose first line names its columns; commas, semicolons or tabs stand between them. A quote that nobody
/// closes takes its own line along, and no other.
pub(super) fn read(text: &str) -> Result<Read, ContactsError> {
    let first = text.lines().next().unwrap_or_default();
    let count = |delimiter: &char| first.matches(*delimiter).count();
    let delimiter = [',', ';', '\t'].into_iter().rev().max_by_key(count).unwrap_or(',');
    let delimiter = u8::try_from(delimiter).unwrap_or(b',');
    let Some(Ok(head)) = reader(text, delimiter).records().next() else { return Err(ContactsError::Header) };
    let named = |column: &str| FIELDS.iter().find(|field| field.is_called(column.trim()));
    let columns: Columns = head.iter().map(named).collect();
    let is_number = |field: &&Field| matches!(field.attribute, "number" | "phone" | "mobile");
    if !columns.iter().flatten().any(is_number) {
        return Err(ContactsError::Header);
    }
    let mut read = Read::default();
    let (mut from, mut lines, mut skips, mut broken) = (0, 0, 1, 0);
    while let Some(at) = rows(&mut read, &columns, delimiter, (text.get(from..).unwrap_or_default(), lines), skips) {
        broken += 1;
        let line = lines + at.lines + 1;
        if broken > MAX_BROKEN {
            read.problem(Some(line), "a quote is not closed, like many before; what follows is left out".to_owned());
            break;
        }
        read.problem(Some(line), "a quote is not closed; the line is read without it".to_owned());
        let rest = text.get(from + at.bytes..).unwrap_or_default();
        let raw = rest.split_inclusive('\n').next().unwrap_or_default();
        let bare = raw.replace('"', "");
        if let Some(Ok(record)) = reader(&bare, delimiter).records().next()
            && !read.push(contact(&columns, &record), Some(line))
        {
            break;
        }
        (from, lines, skips) = (from + at.bytes + raw.len(), line, 0);
    }
    Ok(read)
}

/// Lines with a quote that is not closed after which nobody goes on.
const MAX_BROKEN: usize = 16;

/// What each column is about; `None` = nothing that is known.
type Columns = Vec<Option<&'static Field>>;

/// Where a record begins.
struct Place {
    bytes: usize,
    /// Before it.
    lines: usize,
}

fn reader(text: &str, delimiter: u8) -> ::csv::Reader<&[u8]> {
    ::csv::ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter).from_reader(text.as_bytes())
}

/// Takes in the records of a text with so many lines before it, the first ones skipped. Gives the place of one whose quote
/// is not closed: neither it nor what follows is taken in.
fn rows(
    read: &mut Read,
    columns: &Columns,
    delimiter: u8,
    (text, before): (&str, usize),
    skips: usize,
) -> Option<Place> {
    let mut reader = reader(text, delimiter);
    let mut record = ::csv::StringRecord::new();
    let mut count = 0;
    loop {
        let begun = reader.position().clone();
        match reader.read_record(&mut record) {
            Ok(false) => return None,
            Err(why) => {
                read.problem(Some(before + line(&begun)), format!("a line is passed over: {why}"));
                continue;
            }
            Ok(true) => {}
        }
        count += 1;
        if count <= skips {
            continue;
        }
        // Blank lines before it are not its own.
        let bytes = byte(&begun);
        let raw = text.get(bytes..).unwrap_or_default();
        let own = raw.trim_start_matches(['\r', '\n']);
        let blank = raw.len() - own.len();
        let lines = line(&begun) - 1 + raw.bytes().take(blank).filter(|byte| *byte == b'\n').count();
        let is_last = byte(reader.position()) >= text.len();
        if breaks(columns, &record) || is_last && is_open(own, delimiter) {
            return Some(Place { bytes: bytes + blank, lines });
        }
        if !read.push(contact(columns, &record), Some(before + lines + 1)) {
            return None;
        }
    }
}

fn contact(columns: &Columns, record: &::csv::StringRecord) -> Contact {
    let mut contact = Contact::default();
    for (field, cell) in columns.iter().zip(record) {
        // Of several columns for the same, the first that says something counts.
        if let Some(field) = field.filter(|field| field.is_empty(&contact)) {
            field.set(&mut contact, plain(cell));
        }
    }
    contact
}

/// A name or a number has lines in it: the quote before it was closed by one that opens another.
fn breaks(columns: &Columns, record: &::csv::StringRecord) -> bool {
    let of_one_line = |field: &&Field| {
        matches!(field.attribute, "name" | "number" | "phone" | "mobile" | "firstname" | "lastname" | "email")
    };
    columns.iter().zip(record).any(|(field, cell)| field.filter(of_one_line).is_some() && cell.trim().contains('\n'))
}

/// This record, the last of a text, ends within quotes.
fn is_open(raw: &str, delimiter: u8) -> bool {
    #[derive(PartialEq)]
    enum At {
        Start,
        Bare,
        Quoted,
        /// Behind a quote that closes, unless another follows at once.
        Closed,
    }
    let step = |at: At, byte: u8| match (at, byte) {
        (At::Start | At::Closed, b'"') => At::Quoted,
        (At::Quoted, b'"') => At::Closed,
        (At::Quoted, _) => At::Quoted,
        (_, byte) if byte == delimiter => At::Start,
        _ => At::Bare,
    };
    raw.bytes().fold(At::Start, step) == At::Quoted
}

fn byte(position: &::csv::Position) -> usize {
    usize::try_from(position.byte()).unwrap_or(usize::MAX)
}

fn line(position: &::csv::Position) -> usize {
    usize::try_from(position.line()).unwrap_or(usize::MAX)
}

/// The first value of a cell, without the mark that keeps it from being a formula.
fn plain(cell: &str) -> &str {
    let first = cell.split(NEXT_VALUE).next().unwrap_or_default();
    first.strip_prefix('\'').filter(|rest| rest.starts_with(['=', '+', '-', '@'])).unwrap_or(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_is_microsips() {
        assert_eq!(
            header(),
            "Name,Number,First Name,Last Name,Phone Number,Mobile Number,E-mail Address,Address,City,State,\
             Postal Code,Comment,Id,Info,Presence,Directory,Starred"
        );
    }

    #[test]
    fn what_is_written_reads_the_same() {
        let contact = Contact {
            name: "=cmd|' /C calc'!A0, \"x\"".into(),
            number: "+4930".into(),
            mobile: "-5".into(),
            comment: "two\nlines; one".into(),
            starred: true,
            presence: true,
            ..Contact::default()
        };
        let text = write(std::slice::from_ref(&contact));
        assert!(text.contains("\r\n\"'=cmd|' /C calc'!A0, \"\"x\"\"\",+4930,,,,'-5,"), "{text}");
        assert_eq!(read(&text).unwrap().contacts, [contact]);
    }

    #[test]
    fn the_columns_of_others() {
        let rows = [
            ("Name,Number\nAnn,100\n", "Ann 100"),
            ("name;NUMBER\nAnn;100\n", "Ann 100"),
            ("Name\tNumber\r\nAnn\t100\r\n", "Ann 100"),
            ("Given Name,Family Name,Phone 1 - Value,Phone 2 - Value\nAnn,Bell,170,30 ::: 31\n", "Ann Bell 30 30 170"),
            ("First Name,Last Name,Primary Phone,Home Phone,Mobile Phone\nAnn,Bell,1,2,3\n", "Ann Bell 1 2 3"),
            ("First Name,Primary Phone,Business Phone\nAnn,,5\n", "Ann 5"),
            ("first_name,last_name,phone,home_number,mobile_number\nAnn,Bell,1,2,3\n", "Ann Bell 1 2 3"),
            ("Number\n\"100\n", "100 100"),
        ];
        for (text, expected) in rows {
            let read = read(text).unwrap();
            let shown: Vec<String> = read
                .contacts
                .iter()
                .map(|c| [&c.name, &c.number, &c.phone, &c.mobile].map(String::as_str).join(" ").trim_end().to_owned())
                .collect();
            assert_eq!(shown, [expected], "{text}");
        }
        let text =
            "Name,Number,E-mail 1 - Value,Home City,Notes\nAnn,1,a@b,Town,\"x\ny\"\n,,,,\nBob,,b@c,,\nCid,3,,,\n";
        let read = read(text).unwrap();
        let ann = read.contacts.first().unwrap();
        assert_eq!((ann.email.as_str(), ann.city.as_str(), ann.comment.as_str()), ("a@b", "Town", "x\ny"));
        assert_eq!((read.contacts.len(), read.without_number), (2, 2));
    }

    #[test]
    fn every_column_by_each_of_its_names() {
        for (header, part) in [
            ("Name", "name"),
            ("Number", "number"),
            ("Primary Phone", "number"),
            ("phone", "number"),
            ("First Name", "firstname"),
            ("Given Name", "firstname"),
            ("first_name", "firstname"),
            ("Last Name", "lastname"),
            ("Family Name", "lastname"),
            ("last_name", "lastname"),
            ("Phone Number", "phone"),
            ("Home Phone", "phone"),
            ("Phone 2 - Value", "phone"),
            ("home_number", "phone"),
            ("Mobile Number", "mobile"),
            ("Mobile Phone", "mobile"),
            ("Phone 1 - Value", "mobile"),
            ("mobile_number", "mobile"),
            ("E-mail Address", "email"),
            ("E-mail 1 - Value", "email"),
            ("email", "email"),
            ("Address", "address"),
            ("Home Address", "address"),
            ("City", "city"),
            ("Home City", "city"),
            ("State", "state"),
            ("Home State", "state"),
            ("Postal Code", "zip"),
            ("Home Postal Code", "zip"),
            ("Comment", "comment"),
            ("Notes", "comment"),
            ("Id", "id"),
            ("Info", "info"),
        ] {
            // Whoever has no other number is called so.
            let text = format!("{header},Business Phone\nx,99\n");
            let read = read(&text).unwrap();
            let field = FIELDS.iter().find(|field| field.attribute == part).unwrap();
            assert_eq!(read.contacts.first().map(|contact| field.get(contact)), Some("x"), "{header}");
        }
        for (header, cell, is_set) in [
            ("Presence", "1", true),
            ("Starred", "1", true),
            ("Directory", "1", true),
            ("Presence", "0", false),
            ("Starred", "", false),
            ("Directory", "yes", false),
        ] {
            let read = read(&format!("Number,{header}\n1,{cell}\n")).unwrap();
            let field = FIELDS.iter().find(|field| field.header == header).unwrap();
            let contact = read.contacts.first().unwrap();
            assert_eq!(field.get(contact) == "1", is_set, "{header}={cell}");
        }
    }

    #[test]
    fn a_quote_that_is_not_closed_takes_its_own_line_along_and_no_other() {
        let closed = "a quote is not closed; the line is read without it";
        for (text, names, lines) in [
            ("Name,Number\nAnn,1\n\"Bob,2\nCid,3\n", "Ann Bob Cid", &[3][..]),
            ("Name,Number\nAnn,\"1\nBob,2\nCid,\"3\"\nDan,4\n", "Ann Bob Cid Dan", &[2]),
            ("Name,Number\r\n\"Ann,1\r\n\"Bob,2\r\n\"Cid\",3\r\n", "Ann Bob Cid", &[2, 3]),
            ("Name,Number\n\n\nAnn,\"1", "Ann", &[4]),
            ("Name,Number\nAnn \"A\" Bell,1\n\"Bob \"\"B\"\"\",2\n", "Ann \"A\" Bell Bob \"B\"", &[]),
            ("Name,Number,Comment\nAnn,1,\"two\nlines\"\nBob,2,\n", "Ann Bob", &[]),
        ] {
            let read = read(text).unwrap();
            let shown: Vec<&str> = read.contacts.iter().map(|contact| contact.name.as_str()).collect();
            let told: Vec<Option<usize>> = read.problems.iter().map(|problem| problem.line).collect();
            assert_eq!(
                (shown.join(" ").as_str(), told),
                (names, lines.iter().map(|line| Some(*line)).collect()),
                "{text}"
            );
            assert!(read.problems.iter().all(|problem| problem.message == closed), "{:?}", read.problems);
        }
        let many = format!("Number\n{}", "\"1\n".repeat(MAX_BROKEN + 5));
        let read = read(&many).unwrap();
        assert_eq!((read.contacts.len(), read.problems.len()), (MAX_BROKEN, MAX_BROKEN + 1));
    }

    #[test]
    fn without_a_header_it_says_what_is_missing() {
        for text in ["", "Ann,100\n", "Name,Shoe\nAnn,44\n"] {
            assert_eq!(read(text), Err(ContactsError::Header), "{text}");
        }
    }
}
