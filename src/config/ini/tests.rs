//! The document against real files, against serde_ini, and against anything at all.

use super::*;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use std::collections::BTreeMap;

macro_rules! samples {
    ($($name:literal),* $(,)?) => { &[$(($name, include_bytes!(concat!("../../../tests/fixtures/ini/", $name)))),*] };
}

/// Anonymised files of real users; `tests/fixtures/ini/README.md` says what is odd in each.
const SAMPLES: &[(&str, &[u8])] = samples![
    "01-2016-ansi-crlf-calls-dialed.ini",
    "02-2016-ansi-lf-no-account.ini",
    "03-autoconf-template-ansi-lf-oddcase.ini",
    "03b-autoconf-user-overlay-ansi-lf.ini",
    "04-account-only-ansi-crlf.ini",
    "05-3.20-upgraded-to-3.21-utf16-multi-account.ini",
    "06-3.21-template-ansi-lf-empty-account.ini",
    "07-3.21-utf16-single-account.ini",
    "08-3.21.6-deploy-utf16-duplicate-settings.ini",
    "09-3.21-utf16-toggle-shortcut-unknown-verbs-dialled.ini",
    "10-SYNTHETIC-3.22.16-all-keys-utf16.ini",
];

fn sample(prefix: &str) -> Document {
    let (_, bytes) = SAMPLES.iter().find(|(name, _)| name.starts_with(prefix)).unwrap();
    Document::parse(bytes).unwrap()
}

fn document(text: &str) -> Document {
    Document::parse(text.as_bytes()).unwrap()
}

fn text(document: &Document) -> String {
    String::from_utf8(document.to_bytes()).unwrap()
}

#[test]
fn every_sample_is_saved_as_it_was() {
    for (name, bytes) in SAMPLES {
        let document = Document::parse(bytes).unwrap();
        assert_eq!(&document.to_bytes(), bytes, "{name}");
        assert!(document.sections().count() > 0, "{name}");
    }
}

#[test]
fn setting_a_key_of_a_sample_changes_its_line_only() {
    for (name, bytes) in SAMPLES {
        let before = Document::parse(bytes).unwrap();
        let mut keys: Vec<(&str, &str)> = Vec::new();
        for section in before.sections() {
            let new = before.entries(section).map(|(key, _)| (section, key));
            keys.extend(new.filter(|pair| !keys.contains(pair)).collect::<Vec<_>>());
        }
        assert!(!keys.is_empty(), "{name}");
        for (section, key) in keys {
            let mut after = before.clone();
            after.set(section, key, "another value").unwrap();
            assert_eq!(after.get(section, key), Some("another value"), "{name} {key}");
            let line = before.line_of(section, key).unwrap() - 1;
            assert_eq!(after.lines.len(), before.lines.len());
            for (n, (old, new)) in before.lines.iter().zip(&after.lines).enumerate() {
                assert_eq!(old.raw == new.raw, n != line, "{name} [{section}] {key}, line {}", n + 1);
            }
            let again = Document::parse(&after.to_bytes()).unwrap();
            assert!(again == after && again.encoding() == before.encoding(), "{name} [{section}] {key}");
        }
    }
}

#[test]
fn a_new_key_of_a_sample_is_one_line_more() {
    for (name, bytes) in SAMPLES {
        let before = Document::parse(bytes).unwrap();
        for section in ["Settings", "Account1", "Account7", "tuiphone"] {
            let mut after = before.clone();
            after.set(section, "newKey", "Grüße").unwrap();
            let more = if before.has_section(section) { 1 } else { 2 };
            assert_eq!(after.lines.len(), before.lines.len() + more, "{name} [{section}]");
            let mut rest = after.clone();
            assert!(rest.remove(section, "newKey"));
            let kept = rest.to_bytes();
            assert!(kept.starts_with(bytes) || kept == *bytes, "{name} [{section}]");
            let again = Document::parse(&after.to_bytes()).unwrap();
            assert_eq!(again.get(section, "NEWKEY"), Some("Grüße"), "{name} [{section}]");
        }
    }
}

#[test]
fn samples_say_what_they_are_known_to_say() {
    let odd_case = sample("03-");
    assert_eq!(odd_case.get("settings", "singlemode"), Some("1"));
    assert_eq!(odd_case.get("Settings", "denyIncoming"), Some(""), "of two the first counts");
    assert_eq!(odd_case.get("account1", "server"), Some("voip.example.local"));
    assert_eq!(sample("03b").get("Account1", "label"), Some("40000"));
    assert!(sample("05").has_section("Account7"));
    assert_eq!(sample("05").encoding(), Encoding::Utf16Le);
    let twice = sample("08");
    assert_eq!(twice.sections().filter(|name| same(name, "settings")).count(), 2);
}

#[test]
fn lookups_follow_the_profile_rules() {
    let document = document("stray=1\n[A]\nk = \" v \"\nK=2\n;k2=3\nempty=\n#x=y\n[b]\nk=other\n[a]\nlate=1\n");
    for (section, key, value) in [
        ("a", "K", Some(" v ")),
        ("A", "k2", None),
        ("A", "empty", Some("")),
        ("A", "#x", Some("y")),
        ("A", "late", None),
        ("B", "k", Some("other")),
        ("c", "k", None),
        ("", "stray", None),
    ] {
        assert_eq!(document.get(section, key), value, "[{section}] {key}");
    }
    assert_eq!((document.line_of("A", "k"), document.line_of("a", "empty")), (Some(3), Some(6)));
    assert_eq!((document.line_of_section("b"), document.line_of_section("c")), (Some(8), None));
}

#[test]
fn changes_touch_their_own_lines() {
    for (before, section, key, value, after) in [
        ("[A]\r\nk = 1\r\nx=2\r\n", "a", "K", "3", "[A]\r\nk = 3\r\nx=2\r\n"),
        ("[A]\nk=\"old\"\n", "A", "k", "new", "[A]\nk=\"new\"\n"),
        ("[A]\nk=1", "A", "k", "2", "[A]\nk=2"),
        ("[A]\nk=1\n\n; about B\n[B]\n", "A", "n", "2", "[A]\nk=1\nn=2\n\n; about B\n[B]\n"),
        ("[A]\nk=1", "A", "n", "2", "[A]\nk=1\nn=2\n"),
        ("[A]\r\n[B]\r\n", "A", "n", "2", "[A]\r\nn=2\r\n[B]\r\n"),
        ("[A]\rk=1\r", "B", "n", "2", "[A]\rk=1\r[B]\rn=2\r"),
        ("", "B", "n", " 2 ", "[B]\nn=\" 2 \"\n"),
        ("[A]\nk=1\n", "A", "k", "'q'", "[A]\nk=\"'q'\"\n"),
        ("[A]\nk= 1 \n", "A", "k", "1", "[A]\nk= 1 \n"),
    ] {
        let mut document = document(before);
        document.set(section, key, value).unwrap();
        assert_eq!(text(&document), after, "from {before:?}");
        assert_eq!(document.get(section, key), Some(value));
    }
}

#[test]
fn lines_beyond_the_most_are_kept_and_not_read() {
    for end in ["\n", "\r\n"] {
        let bytes = format!("[A]{end}k=1{end}{}[B]{end}k=2{end}", end.repeat(Document::MAX_LINES)).into_bytes();
        let mut document = Document::parse(&bytes).unwrap();
        assert_eq!((document.get("A", "k"), document.get("B", "k")), (Some("1"), None));
        assert!(document.lines.len() == Document::MAX_LINES && document.to_bytes() == bytes);
        let last = document.items().last().map(|(line, item)| (line, matches!(item, Item::Long(_))));
        assert_eq!(last, Some((Document::MAX_LINES, true)));
        document.set("C", "k", "3").unwrap();
        let mut expected = bytes;
        expected.extend(format!("[C]{end}k=3{end}").into_bytes());
        assert!(document.to_bytes() == expected);
        assert_eq!(document.get("c", "K"), Some("3"));
    }
}

/// Two bytes that are one letter of UTF-8 are two of Windows-1252, as long as something shows that it is that.
#[test]
fn a_change_makes_no_other_text_of_what_stands_beside_it() {
    let mut document = Document::parse(b"[Settings]\r\nuserAgent=caf\xe9\r\na\xc3\xa9=\xc5\xbe\r\n").unwrap();
    assert_eq!(document.get("Settings", "aÃ©"), Some("Å¾"));
    document.set("Settings", "userAgent", "plain").unwrap();
    let again = Document::parse(&document.to_bytes()).unwrap();
    assert_eq!(again.get("Settings", "aÃ©"), Some("Å¾"));
    assert_eq!((again.get("Settings", "userAgent"), again.encoding()), (Some("plain"), Encoding::Utf16Le));
    document.remove("Settings", "aÃ©");
    assert_eq!(document.to_bytes(), b"[Settings]\r\nuserAgent=plain\r\n");
}

#[test]
fn removal_leaves_the_key_missing() {
    let mut document = document("[A]\nk=1\nx=2\nK=3\n[B]\nk=4\n");
    assert!(document.remove("a", "k"));
    assert_eq!((document.get("A", "k"), text(&document).as_str()), (None, "[A]\nx=2\n[B]\nk=4\n"));
    assert!(!document.remove("A", "k"));
}

#[test]
fn a_new_microsip_file_is_utf16_with_crlf() {
    let mut document = Document::new(Encoding::Utf16Le);
    document.set("Settings", "accountId", "1").unwrap();
    let expected: Vec<u8> = "\u{feff}[Settings]\r\naccountId=1\r\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(document.to_bytes(), expected);
}

#[test]
fn what_no_line_can_hold_is_refused() {
    let mut ansi = Document::parse(b"[A]\nname=M\xfcller\n").unwrap();
    let untouched = ansi.clone();
    assert_eq!(ansi.get("A", "name"), Some("Müller"));
    assert_eq!(ansi.set("A", "name", "Жук"), Err(IniError::Unencodable('Ж')));
    for (section, key, value) in [
        ("A]", "k", ""),
        ("A", "", ""),
        ("A", "k=", ""),
        ("A", ";k", ""),
        ("A", "[k", ""),
        ("A", "k", "1\n[B]"),
        ("A", "k", "\0"),
    ] {
        assert!(matches!(ansi.set(section, key, value), Err(IniError::Unwritable { .. })), "{section} {key} {value:?}");
    }
    assert_eq!(ansi, untouched);
    assert_eq!(Document::parse(&vec![b' '; Document::MAX_BYTES + 1]), Err(IniError::TooLarge(Document::MAX_BYTES + 1)));
}

#[test]
fn damaged_files_lose_no_byte() {
    for bytes in [
        &b"\xff\xfe[\0A\0]\0\n\0k\0=\0\x3d\xd8\r\0x"[..],
        b"\xff\xfe\n",
        b"\xfe\xff",
        b"\xff\xfe",
        b"\xef\xbb\xbf[A]\nk=\xff\n",
        b"[A]\0\nk=\0v\0\n\r\n\r\rlast",
    ] {
        assert_eq!(Document::parse(bytes).unwrap().to_bytes(), bytes, "{bytes:?}");
    }
    let mut odd = Document::parse(b"\xff\xfe[\0A\0]\0x").unwrap();
    odd.set("A", "k", "1").unwrap();
    assert_eq!(odd.to_bytes(), b"\xff\xfe[\0A\0]\0\r\0\n\0k\0=\x001\0\r\0\n\0x");
}

fn any_file() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just("[A]".to_owned()),
        Just("[b]".to_owned()),
        Just("k=".to_owned()),
        Just("\r\n".to_owned()),
        Just("\n".to_owned()),
        Just("\r".to_owned()),
        Just("; ".to_owned()),
        "[ -~äЖ\u{0}]{0,6}",
    ];
    let text = proptest::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat());
    let noise = proptest::collection::vec(any::<u8>(), 0..3);
    (text, noise, 0..5).prop_map(|(text, noise, form)| {
        let utf16 = |to: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(to).collect::<Vec<u8>>();
        let mut bytes = match form {
            0 => [b"\xff\xfe".to_vec(), utf16(u16::to_le_bytes)].concat(),
            1 => [b"\xfe\xff".to_vec(), utf16(u16::to_be_bytes)].concat(),
            2 => [b"\xef\xbb\xbf", text.as_bytes()].concat(),
            _ => text.into_bytes(),
        };
        bytes.extend(noise);
        bytes
    })
}

proptest! {
    #![proptest_config(ProptestConfig { rng_seed: RngSeed::Fixed(16), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_saved_as_they_were(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        prop_assert_eq!(Document::parse(&bytes).unwrap().to_bytes(), bytes);
    }

    #[test]
    fn any_file_takes_a_change_and_keeps_the_rest(bytes in any_file(), value in "[ -~]{0,12}") {
        let before = Document::parse(&bytes).unwrap();
        prop_assert_eq!(before.to_bytes(), bytes);
        let mut after = before.clone();
        after.set("a", "K", &value).unwrap();
        prop_assert_eq!(after.get("A", "k"), Some(value.as_str()));
        let others = |d: &Document| d.entries("b").map(|(k, v)| (k.to_owned(), v.to_owned())).collect::<Vec<_>>();
        prop_assert_eq!(others(&before), others(&after));
        let again = Document::parse(&after.to_bytes()).unwrap();
        if again.encoding() == after.encoding() {
            prop_assert_eq!(&again, &after);
        }
    }

    /// Whatever a file was and however often it is changed: each key says what was said last, every other what it said.
    #[test]
    fn a_file_says_what_it_was_told_last(
        bytes in any_file(),
        edits in proptest::collection::vec(
            ("[abAB]|New", "[kK]|x|y", proptest::option::weighted(0.8, "[ -~]{0,12}"), any::<bool>()), 1..12),
    ) {
        let mut document = Document::parse(&bytes).unwrap();
        let encoding = document.encoding();
        let mut said: BTreeMap<(String, String), Option<String>> = BTreeMap::new();
        let name = |section: &str, key: &str| (section.to_lowercase(), key.to_lowercase());
        for section in document.sections().map(str::to_owned).collect::<Vec<_>>() {
            for (key, value) in document.entries(&section) {
                said.entry(name(&section, key)).or_insert(Some(value.to_owned()));
            }
        }
        for (section, key, value, quoted) in edits {
            match &value {
                Some(value) if quoted => document.set_quoted(&section, &key, value).unwrap(),
                Some(value) => document.set(&section, &key, value).unwrap(),
                None => drop(document.remove(&section, &key)),
            }
            said.insert(name(&section, &key), value);
        }
        let again = Document::parse(&document.to_bytes()).unwrap();
        for ((section, key), value) in said {
            prop_assert_eq!(document.get(&section, &key), value.as_deref(), "[{}] {}", &section, &key);
            // What is not valid in one encoding may be read in another.
            if again.encoding() == encoding {
                prop_assert_eq!(again.get(&section, &key), value.as_deref(), "[{}] {} read again", &section, &key);
            }
        }
    }

    /// On plain files (no quotes, no duplicates, no blanks at the ends) serde_ini and we read the same.
    #[test]
    fn plain_files_read_as_serde_ini_reads_them(
        file in proptest::collection::btree_map(
            "[A-Z][a-z0-9]{0,8}",
            proptest::collection::btree_map("[a-z][A-Za-z0-9]{0,8}", "([!#-&(-~]([ -~]{0,10}[!#-&(-~])?)?", 0..6),
            0..6,
        ),
        crlf in any::<bool>(),
    ) {
        let end = if crlf { "\r\n" } else { "\n" };
        let mut text = String::new();
        for (section, pairs) in &file {
            text += &format!("[{section}]{end}");
            pairs.iter().for_each(|(key, value)| text += &format!("{key}={value}{end}"));
        }
        let theirs: BTreeMap<String, BTreeMap<String, String>> = serde_ini::from_str(&text).unwrap();
        let ours = document(&text);
        for (section, pairs) in &theirs {
            for (key, value) in pairs {
                // Of keys that differ in case alone we take the first, serde_ini both.
                if pairs.keys().filter(|other| same(other, key)).count() == 1 {
                    prop_assert_eq!(ours.get(section, key), Some(value.as_str()), "[{}] {}", section, key);
                }
            }
        }
        prop_assert_eq!(&theirs, &file);
    }
}
