//! MicroSIP's own files there and back, what is changed in them, and what hostile ones do.

use super::*;
use proptest::prelude::*;

const FULL: &str = include_str!("../../tests/fixtures/ini/Contacts-SYNTHETIC-3.22-all-attributes.xml");
const FED: &str = include_str!("../../tests/fixtures/ini/Contacts-directory-fed.xml");
const OLD: &str = include_str!("../../tests/fixtures/ini/Contacts-old-2016.xml");

fn parsed(text: &str) -> xml::Document {
    xml::Document::parse(text.as_bytes()).unwrap()
}

fn ann() -> Contact {
    Contact { name: "Ann & <Bell>".into(), number: "7".into(), comment: "a\nb".into(), ..Contact::default() }
}

#[test]
fn files_nobody_changed_keep_every_byte() {
    for (text, count) in [(FULL, 2), (FED, 6), (OLD, 1)] {
        let document = parsed(text);
        assert_eq!(document.contacts().count(), count, "{text}");
        assert_eq!((document.problems(), document.to_bytes()), (&[][..], text.as_bytes().to_vec()));
    }
    for text in ["\u{feff}<contacts>\r\n<contact name='Zoë' number='1'></contact>\r\n</contacts>", FULL] {
        for encoding in [Encoding::Utf16Le, Encoding::Utf16Be, Encoding::Utf8Bom, Encoding::Windows1252] {
            let text = text.trim_start_matches('\u{feff}');
            let bytes = [encoding.bom(), &encoding.encode(text).unwrap()].concat();
            let document = xml::Document::parse(&bytes).unwrap();
            assert_eq!((document.to_bytes(), document.writable()), (bytes, Ok(())), "{encoding:?}");
            assert!(document.contacts().next().unwrap().name.starts_with("Zoë"));
        }
    }
}

#[test]
fn what_an_attribute_says() {
    let zoe = parsed(FULL).contacts().next().unwrap().clone();
    assert_eq!((zoe.name.as_str(), zoe.number.as_str(), zoe.mobile.as_str()), ("Zoë & Co", "5550111", "5550222"));
    assert_eq!((zoe.id.as_str(), zoe.info.as_str()), ("crm-42", "Online"));
    assert_eq!((zoe.presence, zoe.starred, zoe.directory), (true, true, false));
    let fed = parsed(FED);
    assert!(fed.contacts().all(|contact| contact.directory && contact.presence && contact.info == "Not online"));
    let old = parsed(OLD).contacts().next().unwrap().clone();
    assert_eq!((old.name.as_str(), old.number.as_str(), old.presence), ("Test", "5550123", false));
}

#[test]
fn numbers_and_names_that_are_missing() {
    for (attributes, expected) in [
        ("number='1' phone='2' mobile='3'", Some("1|1")),
        ("phone='2' mobile='3' name='N'", Some("N|2")),
        ("mobile='3' firstname='A' lastname='B'", Some("A B|3")),
        ("mobile='3' lastname='B'", Some("B|3")),
        ("number='sip:a@b' ", Some("sip:a@b|sip:a@b")),
        ("number='800,1234#' name='x'", Some("x|800,1234#")),
        ("name='nobody' email='a@b'", None),
        ("name='N' number='TEL:'", None),
        ("name='N' number='sip: tel:' phone='2'", Some("N|2")),
        ("name='N' number='tel:2'", Some("N|tel:2")),
    ] {
        let text = format!("<contacts><contact {attributes}/></contacts>");
        let document = parsed(&text);
        let shown = document.contacts().next().map(|contact| format!("{}|{}", contact.name, contact.number));
        assert_eq!(shown.as_deref(), expected, "{attributes}");
        assert_eq!(document.text(), text, "what is passed over stays");
    }
}

#[test]
fn a_change_touches_what_it_is_about() {
    let mut document = parsed(OLD);
    assert_eq!(document.change_if(|c| c.number == "5550123", |c| c.name = "A \"B\" & C".into()), 1);
    assert_eq!(document.text(), OLD.replace("\"Test\"", "\"A &quot;B&quot; &amp; C\""));
    assert_eq!(document.change_if(|c| c.number == "5550123", |c| c.starred = true), 1);
    assert!(document.text().contains("directory=\"0\" starred=\"1\" >"), "{}", document.text());
    let foreign = "<contacts>\n<!-- mine --><contact other='1' name='x' number='1'><note>n</note></contact>\n<group/>\n</contacts>";
    let mut document = parsed(foreign);
    document.change_if(|_| true, |c| c.name = "y".into());
    document.add(&ann());
    let added = "<contact name=\"Ann &amp; &lt;Bell&gt;\" number=\"7\" firstname=\"\" lastname=\"\" phone=\"\" mobile=\"\" email=\"\" \
                 address=\"\" city=\"\" state=\"\" zip=\"\" comment=\"a&#10;b\" id=\"\" info=\"\" presence=\"0\" starred=\"0\" directory=\"0\"/>\n";
    assert_eq!(document.text(), foreign.replace("'x'", "'y'").replace("</contacts>", &format!("{added}</contacts>")));
    assert_eq!(parsed(&document.text()).contacts().last(), Some(&ann()));
    assert_eq!(document.remove_if(|c| c.number == "7"), 1);
    assert_eq!(document.text(), foreign.replace("'x'", "'y'"));
}

#[test]
fn what_is_added_to_empty_files_is_read() {
    for text in ["", " \n", "<contacts/>", "<?xml version=\"1.0\"?>\n<contacts />\n", "<contacts></contacts>"] {
        let mut document = parsed(text);
        document.add(&ann());
        document.add(&Contact { number: "8".into(), ..ann() });
        let again = parsed(&document.text());
        assert_eq!((again.contacts().count(), again.writable()), (2, Ok(())), "{text}: {}", document.text());
        assert_eq!(document.remove_if(|_| true), 2);
    }
    // What stands behind an empty list stays, and is not taken for its end.
    for (text, expected) in [
        ("<contacts/><!--</contacts>-->", "<contacts>\nANN\n</contacts><!--</contacts>-->"),
        ("<contacts a='1' />\n<!-- mine -->", "<contacts a='1'>\nANN\n</contacts>\n<!-- mine -->"),
        ("<contacts></contacts><!--</contacts>-->", "<contacts>ANN\n</contacts><!--</contacts>-->"),
    ] {
        let mut document = parsed(text);
        document.add(&ann());
        let row = "<contact name=";
        let told = document.text();
        let (before, rest) = told.split_once(row).unwrap_or_else(|| panic!("{told}"));
        let (_, after) = rest.split_once("/>").unwrap_or_else(|| panic!("{told}"));
        assert_eq!(format!("{before}ANN{after}"), expected);
        assert_eq!(parsed(&told).contacts().count(), 1, "{told}");
    }
    let mut two = parsed("<contacts>\n<contact number='1'/><contact number='2'/>\n</contacts>\n");
    assert_eq!(two.remove_if(|contact| contact.number == "1"), 1);
    assert_eq!(two.text(), "<contacts>\n<contact number='2'/>\n</contacts>\n");
    // One that is a mark of its encoding alone keeps it, and is left alone.
    for encoding in [Encoding::Utf16Le, Encoding::Utf16Be, Encoding::Utf8Bom] {
        let mut document = xml::Document::parse(encoding.bom()).unwrap();
        assert_eq!((document.to_bytes(), document.writable()), (encoding.bom().to_vec(), Ok(())), "{encoding:?}");
        document.add(&ann());
        let bytes = document.to_bytes();
        let again = xml::Document::parse(&bytes).unwrap();
        assert!(bytes.starts_with(encoding.bom()) && again.contacts().eq([&ann()]), "{encoding:?}");
    }
    assert!(xml::Document::parse(b"\xff\xfe\0").unwrap().writable().is_err(), "half a character");
    let mut fed = parsed(FED);
    assert_eq!(fed.remove_if(|c| c.number == "4001"), 1);
    assert_eq!(parsed(&fed.text()).contacts().count(), 5);
}

#[test]
fn broken_files_say_where_and_are_left_alone() {
    let cut = FULL.split("<contact name=\"Ops\"").next().unwrap();
    for (text, count, line) in [
        (cut.to_owned(), 1, 3),
        (format!("{cut}<contact name=\"x\" num"), 1, 4),
        (FULL.replace("</contacts>", ""), 2, 4),
    ] {
        let document = parsed(&text);
        assert_eq!(document.contacts().count(), count, "{text}");
        assert!(matches!(document.writable(), Err(ContactsError::Broken { .. })), "{text}");
        let lines: Vec<_> = document.problems().iter().map(|problem| problem.line).collect();
        assert_eq!(lines, [Some(line)], "{text}");
        assert_eq!(document.text(), text);
    }
    // One contact that cannot be read takes no other with it.
    let text = FULL.replace("Zoë &amp; Co", "Zoë &mine; Co");
    let mut document = parsed(&text);
    assert_eq!((document.contacts().count(), document.problems().first().and_then(|p| p.line)), (1, Some(3)));
    document.remove_if(|_| true);
    assert!(document.text().contains("&mine;"));
    let typed = "<!DOCTYPE contacts [<!ENTITY a \"ha\">]><contacts><contact name='&a;' number='1'/><contact number='2'/></contacts>";
    let typed = parsed(typed);
    assert_eq!((typed.contacts().count(), typed.problems().len()), (1, 2));
    let other = xml::Document::parse(b"<html><body/></html>");
    assert_eq!(other.unwrap_err().to_string(), "no contacts: its root is <html>");
    assert_eq!(read(&vec![b' '; MAX_BYTES + 1]), Err(ContactsError::TooLong(MAX_BYTES + 1)));
}

#[test]
fn too_many_are_left_out_and_stay() {
    let row = "<contact number=\"1\"/>\n";
    let text = format!("<contacts>\n{}</contacts>\n", row.repeat(MAX_CONTACTS + 3));
    let document = parsed(&text);
    assert_eq!((document.contacts().count(), document.problems().len()), (MAX_CONTACTS, 1));
    assert_eq!(document.text(), text);
    let table = format!("Number\n{}", "1\n".repeat(MAX_CONTACTS + 3));
    let table = read(table.as_bytes()).unwrap();
    assert_eq!((table.contacts.len(), table.problems.len()), (MAX_CONTACTS, 1));
}

#[test]
fn who_is_taken_in_twice_is_there_once() {
    let mut document = parsed(FULL);
    let others = || {
        vec![
            Contact {
                name: "zoë & co".into(),
                number: "555 0111".into(),
                email: "new@example.org".into(),
                ..Contact::default()
            },
            Contact { name: "Son".into(), number: "5550111".into(), ..Contact::default() },
            Contact { name: "Renamed".into(), number: "9".into(), id: "crm-42".into(), ..Contact::default() },
            ann(),
            ann(),
        ]
    };
    assert_eq!(document.merge(others()[1..].to_vec()), Merged { added: 2, changed: 1, same: 1 });
    let once = document.text();
    assert_eq!(document.merge(others()[1..].to_vec()), Merged { added: 0, changed: 0, same: 4 });
    assert_eq!(document.text(), once);
    assert!(once.contains("name=\"Renamed\" number=\"9\" firstname=\"Zoë\""), "{once}");
    let mut document = parsed(FULL);
    assert_eq!(document.merge(others()[..1].to_vec()), Merged { added: 0, changed: 1, same: 0 });
    assert_eq!(
        document.text(),
        FULL.replace("Zoë &amp; Co", "zoë &amp; co").replace("zoe@example.org", "new@example.org")
    );
}

#[test]
fn who_is_found() {
    let zoe = parsed(FULL).contacts().next().unwrap().clone();
    for (text, found) in
        [("zoË", true), ("EXAMPLE.org", true), ("555-0111", true), ("0222", true), ("+55", true), ("bob", false)]
    {
        assert_eq!(zoe.is_found_by(text), found, "{text}");
    }
}

#[test]
fn a_file_is_known_by_what_it_holds() {
    for (bytes, name) in [
        (FULL.as_bytes(), "Zoë & Co"),
        (b"Name,Number\nM\xfcller,1\n", "Müller"),
        (b"\xff\xfeN\0u\0m\0b\0e\0r\0\n\x001\0\n\0", "1"),
        (b"\xef\xbb\xbfbegin:vcard\nFN:A\nTEL:1\nend:vcard", "A"),
    ] {
        assert_eq!(read(bytes).unwrap().contacts.first().unwrap().name, name);
    }
    for (format, file) in [(Format::Xml, "a.XML"), (Format::Csv, "b.csv"), (Format::Vcard, "c.vcf")] {
        assert_eq!(Format::of_name(Path::new(file)), Some(format));
        let all: Vec<Contact> =
            parsed(FULL).contacts().map(|c| Contact { presence: false, info: String::new(), ..c.clone() }).collect();
        let mut again = read(format.write(&all).as_bytes()).unwrap().contacts;
        // A card tells no last name apart from a name that is all there is.
        again.iter_mut().filter(|c| c.name == "Ops").for_each(|c| c.last_name.clear());
        assert_eq!(again, all, "{file}");
    }
    assert_eq!(Format::of_name(Path::new("contacts.txt")), None);
}

proptest! {
    #[test]
    fn nothing_panics_and_nothing_is_lost(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = read(&bytes);
    }

    #[test]
    fn what_looks_like_a_file_of_contacts(
        words in proptest::collection::vec(
            proptest::sample::select(vec![
                "<contacts", "<contact", "</contact>", "</contacts>", "/>", ">", " name=\"", "\"", "'", " number='1'", "&", "&amp;",
                "<!--", "-->", "<![CDATA[", "]]>", "<!DOCTYPE x [", "]>", "\n", "=", "<?", "?>", "ü", "BEGIN:VCARD\n", "END:VCARD\n",
                "TEL:1\n", "N;ENCODING=QUOTED-PRINTABLE:=C3=", "=\n", " ", "Number,Name\n", ",", ";",
            ]),
            0..40,
        ),
    ) {
        let text = words.concat();
        let _ = read(text.as_bytes());
        if let Ok(mut document) = xml::Document::parse(text.as_bytes()) {
            if !text.trim().is_empty() {
                prop_assert_eq!(document.text(), text);
            }
            if document.writable().is_ok() {
                let before: Vec<Contact> = document.contacts().cloned().collect();
                document.add(&ann());
                let again = parsed(&document.text());
                prop_assert_eq!(again.contacts().count(), before.len() + 1);
            }
        }
    }

    #[test]
    fn a_contact_survives_its_change(name in "[ \u{7f}]{0,2}[^\u{0}-\u{1f}]{0,20}[ \u{7f}]{0,2}", number in "[+0-9a-z,@<>&\"']{1,12}") {
        let mut document = parsed(OLD);
        let mut meant = Contact::default();
        FIELDS[0].set(&mut meant, &name);
        FIELDS[1].set(&mut meant, &number);
        let meant = meant.completed();
        prop_assume!(meant.is_some());
        let meant = meant.unwrap();
        document.change_if(|_| true, |contact| *contact = meant.clone());
        let text = document.text();
        let again = parsed(&text);
        prop_assert_eq!(again.contacts().next(), Some(&meant), "{}", text);
    }
}

#[test]
fn strangers_join_and_nobody_who_is_there_is_touched() {
    let here = "<contacts>\n<contact name=\"Bob\" number=\"(555) 0123\"/>\n<contact name=\"Ann\" number=\"7\" id=\"x\"/>\n</contacts>\n";
    let other = |name: &str, number: &str, id: &str| Contact {
        name: name.into(),
        number: number.into(),
        id: id.into(),
        ..Contact::default()
    };
    let others = vec![
        other("Robert", "5550123", ""),
        other("Ann Lee", "8", "x"),
        other("Eve", "9", ""),
        other("Al", "9", ""),
        other("eve", "9", ""),
    ];
    let mut document = parsed(here);
    assert_eq!(document.add_strangers(others.clone()), 2, "two of one household are two");
    let names: Vec<&str> = document.contacts().map(|contact| contact.name.as_str()).collect();
    assert_eq!(names, ["Bob", "Ann", "Eve", "Al"]);
    assert!(document.text().starts_with(here.trim_end_matches("</contacts>\n")), "{}", document.text());
    assert_eq!(document.add_strangers(others), 0);
}
