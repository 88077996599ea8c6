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

/// Reads a table whose first line names its columns; commas, semicolons or tabs stand between them.
pub(super) fn read(text: &str) -> Result<Read, ContactsError> {
    let first = text.lines().next().unwrap_or_default();
    let count = |delimiter: &char| first.matches(*delimiter).count();
    let delimiter = [',', ';', '\t'].into_iter().rev().max_by_key(count).unwrap_or(',');
    let delimiter = u8::try_from(delimiter).unwrap_or(b',');
    let mut reader =
        ::csv::ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter).from_reader(text.as_bytes());
    let mut records = reader.records();
    let Some(Ok(head)) = records.next() else { return Err(ContactsError::Header) };
    let named = |column: &str| FIELDS.iter().find(|field| field.is_called(column.trim()));
    let columns: Vec<Option<&Field>> = head.iter().map(named).collect();
    let is_number = |field: &&Field| matches!(field.attribute, "number" | "phone" | "mobile");
    if !columns.iter().flatten().any(is_number) {
        return Err(ContactsError::Header);
    }
    let mut read = Read::default();
    for record in records {
        let record = match record {
            Ok(record) => record,
            Err(why) => {
                read.problem(Some(why.position().map_or(1, line)), format!("a line is passed over: {why}"));
                continue;
            }
        };
        let mut contact = Contact::default();
        for (field, cell) in columns.iter().zip(&record) {
            // Of several columns for the same, the first that says something counts.
            if let Some(field) = field.filter(|field| field.is_empty(&contact)) {
                field.set(&mut contact, plain(cell));
            }
        }
        if !read.push(contact, Some(record.position().map_or(1, line))) {
            break;
        }
    }
    Ok(read)
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
    fn without_a_header_it_says_what_is_missing() {
        for text in ["", "Ann,100\n", "Name,Shoe\nAnn,44\n"] {
            assert_eq!(read(text), Err(ContactsError::Header), "{text}");
        }
    }
}
