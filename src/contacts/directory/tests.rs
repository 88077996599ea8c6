//! Every form of an answer, what is broken in it, and how its people join those who are there.

use super::super::xml::Document;
use super::super::{MAX_CONTACTS, Taken};
use super::*;
use proptest::prelude::*;

/// `name number phone mobile`, and a mark for presence and for a star.
fn shown(answer: &Answer) -> Vec<String> {
    let row = |c: &Contact| {
        let marks =
            [(c.presence, " p"), (c.starred, " s")].iter().filter(|(on, _)| *on).map(|(_, m)| *m).collect::<String>();
        format!("{}|{}|{}|{}{marks}", c.name, c.number, c.phone, c.mobile)
    };
    answer.contacts.iter().map(row).collect()
}

#[test]
fn every_form_is_read() {
    let rows: [(&str, &str, &[&str]); 15] = [
        ("text/csv", "Name,Number\nAnn,100\n", &["Ann|100||"]),
        ("TEXT/CSV; charset=utf-8", "Name,Number\n<b>,100\n", &["<b>|100||"]),
        ("text/plain", "Name,Number\nAnn,100\n", &["Ann|100||"]),
        ("text/html", "[{\"name\":\"Ann\",\"number\":\"100\"},{\"phone\":7}]", &["Ann|100||", "7|7||"]),
        (
            "application/json",
            " {\"items\":[{\"number\":\"1\",\"telephone\":\"2\",\"mobile\":\"3\",\"presence\":true,\"starred\":\"1\"}]}",
            &["1|1|2|3 p s"],
        ),
        ("", "[{\"firstname\":\"A\",\"lastname\":\"B\",\"mobile\":\"5\",\"presence\":1}]", &["A B|5||5 p"]),
        ("", "[]", &[]),
        ("", "<contacts refresh='60'><contact name='Ann' number='1' presence='1'/></contacts>", &["Ann|1|| p"]),
        ("text/xml", "\u{feff}<?xml version='1.0'?>\n<contacts/>", &[]),
        (
            "",
            "<YealinkIPPhoneBook><Title>x</Title><Menu Name='All'><Unit Name='Ann' Phone1='1' Phone2='' Phone3='3'/>\
             <Unit Name='Nobody' Phone1=''/></Menu></YealinkIPPhoneBook>",
            &["Ann|1|3|"],
        ),
        ("", "<YealinkIPPhoneBook/>", &[]),
        (
            "",
            "<CiscoIPPhoneDirectory><DirectoryEntry><Name>A &amp; B</Name><Telephone>1</Telephone><Telephone>2</Telephone>\
             <Telephone>3</Telephone><presence>1</presence></DirectoryEntry></CiscoIPPhoneDirectory>",
            &["A & B|1|2|3 p"],
        ),
        (
            "",
            "<directory><item><entry><name>Ann</name><extension>7</extension><starred>1</starred></entry></item></directory>",
            &["Ann|7|| s"],
        ),
        ("", "BEGIN:VCARD\nFN:Ann\nTEL:1\nEND:VCARD\n", &["Ann|1||"]),
        ("", "{\"items\":[],\"more\":{\"deep\":[1,{}]}}", &[]),
    ];
    for (media_type, text, expected) in rows {
        let answer = read(text.as_bytes(), media_type).unwrap();
        assert_eq!(shown(&answer), expected, "{text}");
        assert!(answer.is_whole && answer.problems.is_empty(), "{text}: {:?}", answer.problems);
        assert!(answer.contacts.iter().all(|contact| contact.directory));
    }
}

#[test]
fn what_it_says_beside_the_contacts() {
    let json = "{\"silent\":1,\"presence\":[{\"number\":\"1\",\"status\":\"Busy\",\"info\":\"in a\\u001b talk\"},\
                {\"number\":2,\"status\":\"asleep\"},{\"status\":\"away\"},3],\"refresh\":\"90\",\"items\":[{\"number\":\"1\"},{}]}";
    let answer = read(json.as_bytes(), "").unwrap();
    assert_eq!((answer.refresh_s, answer.silent, answer.without_number), (Some(90), true, 1));
    let lights: Vec<_> = answer.presence.iter().map(|p| (p.number.as_str(), p.status, p.info.as_str())).collect();
    assert_eq!(lights, [("1", "busy", "in a talk"), ("2", "", "")]);
    assert_eq!(answer.contacts.first().map(|contact| contact.info.as_str()), Some("in a talk"));
    let xml = read(b"<contacts refresh='60' silent='1'></contacts>", "").unwrap();
    assert_eq!((xml.refresh_s, xml.silent, xml.is_whole), (Some(60), true, true));
    let xml = read(b"<contacts refresh='soon' silent='0'></contacts>", "").unwrap();
    assert_eq!((xml.refresh_s, xml.silent), (None, false));
}

#[test]
fn what_stands_before_a_break_counts() {
    let deep = format!("<contacts><contact number='1'/>{}", "<a>".repeat(20));
    let wild = format!("[{{\"number\":\"1\"}},{}]", "[".repeat(200));
    let rows: [(&str, &[&str], usize, &str); 10] = [
        ("[{\"number\":\"1\"},\n{\"number\":\"2", &["1|1||"], 2, "it is broken (EOF"),
        ("{\"items\":[{\"number\":\"1\"}],\n\"refresh\":}", &["1|1||"], 2, "it is broken (expected value"),
        ("[{\"number\":\"1\"}] x", &["1|1||"], 1, "it is broken (trailing characters"),
        ("{\"items\":\"none\"}", &[], 1, "it is broken (invalid type"),
        (&wild, &["1|1||"], 1, "it is broken (recursion limit"),
        ("<contacts>\n<contact number='1'/>\n<contact number='2", &["1|1||"], 3, "it is broken (syntax"),
        ("<contacts><contact number='1'/>\n", &["1|1||"], 1, "it is broken (it ends too soon"),
        (&deep, &["1|1||"], 1, "it is broken (its elements are nested too deep"),
        ("<contacts><contact number='1'/><contact number='2'>\n<a>", &["1|1||"], 2, "it is broken (it ends too soon"),
        ("<contacts>\n<a></contacts>", &[], 2, "it is broken (it ends too soon"),
    ];
    for (text, expected, line, why) in rows {
        let answer = read(text.as_bytes(), "").unwrap();
        assert_eq!(shown(&answer), expected, "{text}");
        let problem = answer.problems.last().unwrap();
        assert_eq!((answer.is_whole, problem.line), (false, Some(line)), "{text}: {problem:?}");
        assert!(
            problem.message.starts_with(why) && problem.message.ends_with("what stands before counts"),
            "{problem:?}"
        );
    }
}

#[test]
fn one_bad_entry_takes_no_other_with_it() {
    let bomb = "<!DOCTYPE contacts [<!ENTITY a \"ha\">]>\n<contacts>\n<contact name='&a;' number='1'/>\n<contact number='2'/></contacts>";
    type Told<'a> = &'a [(Option<usize>, &'a str)];
    let rows: [(&str, &[&str], Told<'_>); 3] = [
        (
            bomb,
            &["2|2||"],
            &[(Some(1), "a document type is passed over"), (Some(3), "an entry is passed over: not well-formed")],
        ),
        (
            "[1,{\"number\":\"2\"},null]",
            &["2|2||"],
            &[(None, "item 1 is passed over: a number"), (None, "item 3 is passed over: null")],
        ),
        (
            "<contacts><contact number='1'><a></b></contact><contact number='2'/></contacts>",
            &["2|2||"],
            &[(Some(1), "an entry")],
        ),
    ];
    for (text, expected, problems) in rows {
        let answer = read(text.as_bytes(), "").unwrap();
        assert_eq!(
            (shown(&answer).as_slice(), answer.is_whole),
            (expected.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>().as_slice(), true)
        );
        assert_eq!(answer.problems.len(), problems.len(), "{:?}", answer.problems);
        for (problem, (line, start)) in answer.problems.iter().zip(problems) {
            assert!(problem.line == *line && problem.message.starts_with(start), "{problem:?}");
        }
    }
}

#[test]
fn what_is_no_directory_says_what_it_is() {
    for (media_type, text, why) in [
        ("text/html", "<!DOCTYPE html>\n<html><body>Log in</body></html>", "its root is <html>"),
        ("", "<html><p>", "its root is <html>"),
        ("", "", "it is empty"),
        ("", "Welcome\x1b[2J\nhome", "it begins \"Welcome[2J\""),
        ("text/csv", "[]", "line 1 names neither Name nor Number"),
    ] {
        let error = read(text.as_bytes(), media_type).unwrap_err().to_string();
        assert!(error.contains(why), "{text}: {error}");
    }
    assert_eq!(read(&vec![b' '; MAX_BYTES + 1], ""), Err(DirectoryError::TooLong(MAX_BYTES + 1)));
}

#[test]
fn there_is_room_for_so_many() {
    let json = format!("[{}{{}}]", "{\"number\":\"1\"},".repeat(MAX_CONTACTS + 2));
    let xml = format!("<contacts>{}</contacts>", "<contact number='1'/>".repeat(MAX_CONTACTS + 2));
    for text in [json, xml] {
        let answer = read(text.as_bytes(), "").unwrap();
        assert_eq!((answer.contacts.len(), answer.is_whole), (MAX_CONTACTS, false));
        let told: Vec<&str> = answer.problems.iter().map(|problem| problem.message.as_str()).collect();
        assert_eq!(told, ["more than 50000 contacts; the others are left out"]);
    }
}

fn person(name: &str, number: &str) -> Contact {
    Contact { name: name.into(), number: number.into(), ..Contact::default() }
}

#[test]
fn the_directorys_own_come_change_and_go() {
    let own = "<contacts>\n<!-- kept -->\n<contact name=\"Mum\" number=\"1\" x=\"y\"/>\n</contacts>\n";
    let mut document = Document::parse(own.as_bytes()).unwrap();
    let of_mum = || Contact { email: "m@example.net".into(), ..person("mum", "1") };
    let first =
        vec![of_mum(), person("Ann", "100"), Contact { id: "7".into(), ..person("Bob", "200") }, person("Ann", "100")];
    assert_eq!(document.replace_directory(first.clone(), true), Taken { added: 2, same: 1, ..Taken::default() });
    assert_eq!(document.replace_directory(first, true), Taken { same: 3, ..Taken::default() });
    assert!(
        document.text().starts_with("<contacts>\n<!-- kept -->\n<contact name=\"Mum\" number=\"1\" x=\"y\"/>\n"),
        "hers stays"
    );
    // A star and a note that a person has put on somebody stay, what the directory owns does not.
    document.change_if(
        |c| c.number == "200",
        |c| (c.starred, c.presence, c.comment, c.email) = (true, true, "calls back".into(), "x@y".into()),
    );
    let second = vec![Contact { id: "7".into(), ..person("Robert", "201") }];
    let taken = document.replace_directory(second.clone(), false);
    assert_eq!(taken, Taken { changed: 1, ..Taken::default() }, "nobody goes on account of a broken answer");
    assert_eq!(document.contacts().count(), 3);
    let bob = document.contacts().find(|c| c.id == "7").unwrap();
    let expected =
        Contact { starred: true, presence: true, comment: "calls back".into(), directory: true, ..second[0].clone() };
    assert_eq!(bob, &expected);
    assert_eq!(document.replace_directory(second, true), Taken { removed: 1, same: 1, ..Taken::default() });
    assert_eq!(document.replace_directory(Vec::new(), true), Taken { removed: 1, ..Taken::default() });
    assert_eq!(document.text(), own);
}

#[test]
fn large_directories_come_and_go_in_no_time() {
    let all: Vec<Contact> = (0..MAX_CONTACTS).map(|n| person(&format!("N{n}"), &n.to_string())).collect();
    let mut document = Document::default();
    let before = document.text();
    assert_eq!(document.replace_directory(all, true).added, MAX_CONTACTS);
    assert_eq!(document.replace_directory(Vec::new(), true).removed, MAX_CONTACTS);
    assert_eq!(document.text(), before);
}

proptest! {
    #[test]
    fn nothing_panics(
        words in proptest::collection::vec(
            proptest::sample::select(vec![
                "<contacts", "<contact", "</contact>", "</contacts>", "/>", ">", " name=\"", "\"", " number='1'", "&", "<entry>", "<Unit",
                " Phone1='2'", "<!--", "-->", "<![CDATA[", "]]>", "<!DOCTYPE x [", "\n", "[", "]", "{", "}", "\"items\":", "\"number\":", "1", ",",
                "null", "\"presence\":", "é",
            ]),
            0..40,
        ),
    ) {
        let _ = read(words.concat().as_bytes(), "");
    }
}
