//! Sections 1, 2 and 13.3: the file itself. A row a fact.

use tuiphone::config::Document;
use tuiphone::config::ini::Encoding;

fn utf16(text: &str, to: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(to).collect()
}

fn read(bytes: &[u8]) -> Document {
    Document::parse(bytes).expect("an ini file")
}

#[test]
fn lines_mean_what_they_mean_to_microsip() {
    for (fact, text, (section, key), value) in [
        ("a section's case is nothing", "[SETTINGS]\nDND=1\n", ("Settings", "DND"), Some("1")),
        ("a key's case is nothing", "[Settings]\nSingleMode=1\n", ("Settings", "singleMode"), Some("1")),
        ("of two sections the first counts", "[A]\nx=1\n[B]\n[a]\nx=2\ny=3\n", ("A", "x"), Some("1")),
        ("and the second is not looked into", "[A]\nx=1\n[B]\n[a]\nx=2\ny=3\n", ("A", "y"), None),
        ("of two keys the first counts", "[A]\nx=1\nX=2\n", ("A", "x"), Some("1")),
        ("blanks around the key are none", "[A]\n \tx \t=1\n", ("A", "x"), Some("1")),
        ("blanks around the value are none", "[A]\nx= \t1 \t\n", ("A", "x"), Some("1")),
        ("a pair of quotes is taken off", "[A]\nx=\"1\"\n", ("A", "x"), Some("1")),
        ("of either kind", "[A]\nx='1'\n", ("A", "x"), Some("1")),
        ("which keeps blanks at the ends", "[A]\nx=\" 1 \"\n", ("A", "x"), Some(" 1 ")),
        ("one pair alone", "[A]\nx=\"\"C:\\a b\\x.cmd\" 1\"\n", ("A", "x"), Some("\"C:\\a b\\x.cmd\" 1")),
        ("however many there are", "[A]\nx=\"'1'\"\n", ("A", "x"), Some("'1'")),
        ("and no half of one", "[A]\nx=\"1\n", ("A", "x"), Some("\"1")),
        ("nor a mixed one", "[A]\nx=\"1'\n", ("A", "x"), Some("\"1'")),
        ("; begins a comment", "[A]\n;x=1\n", ("A", "x"), None),
        ("behind blanks too", "[A]\n  ; x=1\n", ("A", "; x"), None),
        ("but not within a value", "[A]\nx=1 ; one\n", ("A", "x"), Some("1 ; one")),
        ("# begins none", "[A]\n#x=1\n", ("A", "#x"), Some("1")),
        ("= is part of a value", "[A]\nx=a=b\n", ("A", "x"), Some("a=b")),
        ("an empty key is there", "[A]\nx=\n", ("A", "x"), Some("")),
        ("a missing one is not", "[A]\nx=\n", ("A", "y"), None),
        ("empty quotes are empty", "[A]\nx=\"\"\n", ("A", "x"), Some("")),
        (
            "sections come in any order",
            "[Dialed]\n0=1\n[Account7]\ndomain=d\n[Settings]\n",
            ("Account7", "domain"),
            Some("d"),
        ),
        ("a section needs no blank line before it", "[A]\nx=1\n[B]\nx=2\n", ("B", "x"), Some("2")),
        ("what stands before all sections is nobody's", "x=1\n[A]\n", ("A", "x"), None),
        ("lines may end in CRLF", "[A]\r\nx=1\r\n", ("A", "x"), Some("1")),
        ("or CR", "[A]\rx=1\r", ("A", "x"), Some("1")),
        ("or in nothing, the last one", "[A]\nx=1", ("A", "x"), Some("1")),
    ] {
        assert_eq!(read(text.as_bytes()).get(section, key), value, "{fact}: {text:?}");
        let all = [
            [b"\xff\xfe".to_vec(), utf16(text, u16::to_le_bytes)].concat(),
            [b"\xfe\xff".to_vec(), utf16(text, u16::to_be_bytes)].concat(),
            [b"\xef\xbb\xbf", text.as_bytes()].concat(),
        ];
        for bytes in all {
            assert_eq!(read(&bytes).get(section, key), value, "{fact}, in {:?}", read(&bytes).encoding());
            assert_eq!(read(&bytes).to_bytes(), bytes, "{fact}");
        }
    }
}

#[test]
fn files_of_any_encoding_are_read_and_stay_in_it() {
    const BEFORE: &str = "[Settings]\r\nuserAgent=Müller\r\nDND=0\r\n";
    const AFTER: &str = "[Settings]\r\nuserAgent=Müller\r\nDND=1\r\nringingSound=Glöckchen\r\n";
    let spelled = |text: &str, encoding: Encoding| {
        [encoding.bom().to_vec(), encoding.encode(text).expect("it has all of them")].concat()
    };
    for encoding in [Encoding::Utf16Le, Encoding::Utf16Be, Encoding::Utf8Bom, Encoding::Utf8, Encoding::Windows1252] {
        let mut document = read(&spelled(BEFORE, encoding));
        assert_eq!((document.encoding(), document.get("Settings", "userAgent")), (encoding, Some("Müller")));
        document.set("Settings", "DND", "1").expect("set");
        document.set("Settings", "ringingSound", "Glöckchen").expect("set");
        assert_eq!(document.to_bytes(), spelled(AFTER, encoding), "{encoding:?}");
    }
    let mut new = Document::new(Encoding::Utf16Le);
    new.set("Settings", "accountId", "1").expect("set");
    assert_eq!(new.to_bytes(), spelled("[Settings]\r\naccountId=1\r\n", Encoding::Utf16Le), "as MicroSIP begins one");
    let mut new = Document::new(Encoding::Utf8);
    new.set("Settings", "accountId", "1").expect("set");
    assert_eq!(new.to_bytes(), b"[Settings]\naccountId=1\n", "as this phone does");
}

#[test]
fn what_is_written_is_one_line() {
    for (fact, before, (section, key, value), after) in [
        ("a value changes in its place", "[A]\nx=1\ny=2\n", ("A", "x", "3"), "[A]\nx=3\ny=2\n"),
        ("the key keeps its spelling and blanks", "[a]\n X = 1\n", ("A", "x", "3"), "[a]\n X = 3\n"),
        ("and the value its quotes", "[A]\nx=\"1\"\n", ("A", "x", "3"), "[A]\nx=\"3\"\n"),
        ("of two keys the first is written", "[A]\nx=1\nx=2\n", ("A", "x", "3"), "[A]\nx=3\nx=2\n"),
        ("of two sections too", "[A]\nx=1\n[A]\nx=2\n", ("A", "x", "3"), "[A]\nx=3\n[A]\nx=2\n"),
        ("a new key ends its section", "[A]\nx=1\n[B]\n", ("A", "y", "2"), "[A]\nx=1\ny=2\n[B]\n"),
        (
            "before what separates it from the next",
            "[A]\nx=1\n\n; b\n[B]\n",
            ("A", "y", "2"),
            "[A]\nx=1\ny=2\n\n; b\n[B]\n",
        ),
        ("a new section ends the file", "[A]\nx=1\n", ("B", "y", "2"), "[A]\nx=1\n[B]\ny=2\n"),
        ("lines end as those before", "[A]\r\nx=1\r\n", ("A", "y", "2"), "[A]\r\nx=1\r\ny=2\r\n"),
        ("what nobody knows stays", "junk\n[Odd]\n?=!\n[A]\nx=1\n", ("A", "x", "2"), "junk\n[Odd]\n?=!\n[A]\nx=2\n"),
        ("comments stay", "; mine\n[A]\n;x=0\nx=1\n", ("A", "x", "2"), "; mine\n[A]\n;x=0\nx=2\n"),
        ("blanks at the ends need quotes", "[A]\nx=1\n", ("A", "x", " 2 "), "[A]\nx=\" 2 \"\n"),
        ("and so do quotes", "[A]\nx=1\n", ("A", "x", "\"2\""), "[A]\nx=\"\"2\"\"\n"),
        ("empty is not missing", "[A]\nx=1\n", ("A", "x", ""), "[A]\nx=\n"),
        ("what is so already is not written", "[A]\nx = \"1\"  \n", ("A", "x", "1"), "[A]\nx = \"1\"  \n"),
    ] {
        let mut document = read(before.as_bytes());
        document.set(section, key, value).expect("set");
        assert_eq!(String::from_utf8(document.to_bytes()).expect("text"), after, "{fact}");
        assert_eq!(read(after.as_bytes()).get(section, key), Some(value), "{fact}");
    }
}
