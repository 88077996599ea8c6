//! Requests byte by byte, answers taken apart, and what hostile ones do.

use super::*;
use proptest::prelude::*;

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn person_search() -> Search {
    Search::new("dc=example", "(cn=*)", "name=cn number=telephoneNumber mobile=mobile mobile=pager").unwrap()
}

//= RFC 4511 §4.5.1
#[test]
fn requests_are_these_bytes() {
    assert_eq!(hex(&bind(1, "", "")), "300c020101600702010304008000");
    assert_eq!(hex(&start_tls(1)), "301d02010177188016312e332e362e312e342e312e313436362e3230303337");
    assert_eq!(hex(&unbind(300)), "30060202012c4200");
    let search = Search::new("o=x", "(cn=*)", "number=t").unwrap();
    assert_eq!(
        hex(&message::search(2, &search, 30, &Vec::new())),
        "3048020102631d04036f3d780a01020a010002010002011e0101008702636e3003040174\
         a02430220416312e322e3834302e3131333535362e312e342e33313904083006020201f40400"
    );
}

//= RFC 4515 §3
#[test]
fn filters_are_these_bytes() {
    for (text, bytes) in [
        ("(cn=*)", "8702636e"),
        (" cn=a ", "a3070402636e040161"),
        ("(cn=a*b*c)", "a40f0402636e3009800161810162820163"),
        ("(cn=*a)", "a4090402636e3003820161"),
        ("(cn>=a)", "a5070402636e040161"),
        ("(cn<=a)", "a6070402636e040161"),
        ("(cn~=a)", "a8070402636e040161"),
        ("(cn=\\2a\\C3\\a9)", "a3090402636e04032ac3a9"),
        ("(!(cn=*))", "a2048702636e"),
        ("(& (cn=*) (|(sn=*)) )", "a00a8702636ea1048702736e"),
    ] {
        assert_eq!(filter::encode(text).map(|bytes| hex(&bytes)), Ok(bytes.to_owned()), "{text}");
    }
    let deep = format!("{}(a=b){}", "(!".repeat(20), ")".repeat(20));
    for text in [
        "",
        "()",
        "(cn)",
        "(cn=a",
        "(=a)",
        "(cn=a)(b=c)",
        "(!(a=b)(c=d))",
        "(&(a=b)",
        "(cn=\\2)",
        "(cn=**)",
        "(c n=a)",
        &deep,
        &"x".repeat(5000),
    ] {
        assert!(filter::encode(text).is_err(), "{text}");
    }
}

#[test]
fn what_cannot_be_searched_for_is_said() {
    for (filter, attributes, why) in [
        ("(cn", "number=t", "ldapFilter: it is no filter such as (telephoneNumber=*): a bracket is not closed"),
        ("(cn=*)", "name=cn", "ldapAttributes names no number"),
        (
            "(cn=*)",
            "number=t shoe=size",
            "ldapAttributes: 'shoe=size' is no pair such as name=cn; known are name number firstname",
        ),
        ("(cn=*)", "number=t name", "ldapAttributes: 'name' is no pair"),
        ("(cn=*)", "number=t directory=x", "ldapAttributes: 'directory=x' is no pair"),
    ] {
        let said = Search::new("", filter, attributes).unwrap_err().to_string();
        assert!(said.starts_with(why), "{said}");
    }
}

fn attribute(name: &str, values: &[&[u8]]) -> Vec<u8> {
    let values: Vec<u8> = values.iter().flat_map(|value| ber::element(0x04, value)).collect();
    ber::element(0x30, &[ber::element(0x04, name.as_bytes()), ber::element(0x31, &values)].concat())
}

fn answer(id: u32, operation: &[u8], more: &[u8]) -> Vec<u8> {
    ber::element(0x30, &[&ber::number(0x02, id), operation, more].concat())
}

//= RFC 4511 §4.1.9
//= RFC 4511 §4.5.2
//= RFC 2696 §2
#[test]
fn answers_are_taken_apart() {
    let attributes = [
        attribute("CN;lang-en", &[b"A\xff", "Zo\u{eb}\x1b[2J".as_bytes()]),
        attribute("telephoneNumber", &[b" ", b"100"]),
        attribute("pager", &[b"7"]),
    ];
    let found = ber::element(0x64, &[ber::element(0x04, b"cn=x"), ber::element(0x30, &attributes.concat())].concat());
    let Some((2, Reply::Entry(entry))) = parse(&answer(2, &found, &[])) else { panic!("no entry") };
    let contact = person_search().contact(&entry);
    assert_eq!((contact.name.as_str(), contact.number.as_str(), contact.mobile.as_str()), ("Zo\u{eb}[2J", "100", "7"));
    let done = |code: u32, text: &str| {
        ber::element(
            0x65,
            &[ber::number(0x0a, code), ber::element(0x04, b""), ber::element(0x04, text.as_bytes())].concat(),
        )
    };
    let cookie = ber::element(0x30, &[ber::number(0x02, 0), ber::element(0x04, b"more")].concat());
    let control = ber::element(
        0x30,
        &[ber::element(0x04, b"1.2.840.113556.1.4.319"), ber::element(0x01, &[0]), ber::element(0x04, &cookie)]
            .concat(),
    );
    let Some((9, Reply::Done(last))) = parse(&answer(9, &done(0, ""), &ber::element(0xa0, &control))) else {
        panic!("no end")
    };
    assert_eq!((last.refusal(), last.next.as_slice()), (None, &b"more"[..]));
    for (code, is_part, words) in [
        (4, true, "the server hands out no more than this"),
        (32, false, "there is no entry of the name that ldapBase has"),
        (49, false, "the server refuses ldapUsername or its password"),
        (80, false, "the server answered 80: no [luck"),
    ] {
        let Some((1, Reply::Done(outcome))) = parse(&answer(1, &done(code, "no \x1b[luck"), &[])) else {
            panic!("no end")
        };
        assert_eq!((outcome.is_part(), outcome.refusal().as_deref()), (is_part, Some(words)));
    }
    assert_eq!(
        parse(&answer(1, &ber::element(0x73, b"x"), &[])),
        Some((1, Reply::Other)),
        "references are not followed"
    );
}

#[test]
fn messages_have_a_bound() {
    let whole = bind(1, "cn=x", "y");
    for length in 0..whole.len() {
        assert_eq!(frame(&whole[..length]), Ok(None), "{length}");
    }
    assert_eq!(frame(&[whole.clone(), vec![1]].concat()), Ok(Some(whole.len())));
    for bytes in [
        &[0x30, 0x84, 0xff, 0xff, 0xff, 0xff][..],
        &[0x30, 0x80],
        &[0x31, 0],
        &[0x3f, 1],
        b"HTTP/1.1 400",
        &[0x30, 0x85, 1],
    ] {
        assert!(frame(bytes).is_err(), "{bytes:?}");
    }
}

#[test]
fn there_is_room_for_so_many() {
    let entry = vec![("telephoneNumber".to_owned(), vec!["1".to_owned()])];
    let mut found = Found::default();
    let taken = (0..SIZE_LIMIT + 5).filter(|_| found.take(&person_search(), &entry)).count();
    let answer = found.answer(None);
    assert_eq!((taken, answer.contacts.len(), answer.is_whole), (SIZE_LIMIT, SIZE_LIMIT, false));
    let mut some = Found::default();
    some.take(&person_search(), &Vec::new());
    let answer = some.answer(Some("no more".to_owned()));
    assert_eq!((answer.without_number, answer.is_whole, answer.problems.len()), (1, false, 1));
}

proptest! {
    #[test]
    fn nothing_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200), text in "[()&|!=*\\\\a-f0-9]{0,40}") {
        let _ = frame(&bytes);
        let _ = parse(&bytes);
        let _ = parse(&answer(1, &ber::element(0x64, &bytes), &bytes));
        let _ = filter::encode(&text);
    }

    #[test]
    fn numbers_come_back(value in any::<u32>()) {
        let bytes = ber::number(0x02, value);
        prop_assert_eq!(ber::Elements(&bytes).expect(0x02).and_then(ber::value), Some(value));
    }
}
