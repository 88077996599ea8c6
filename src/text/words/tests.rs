use super::*;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn words(tag: &str, text: &str) -> Arc<Words> {
    Arc::new(Words::of(tag, Catalogue::new(text.to_owned())))
}

const POLISH: &str = "\
# a comment = of sorts
calls = { $count ->
    [0] nic
    [one] { $count } rozmowa
    [few] { $count } rozmowy
   *[many] { $count } rozmów
}

-phone = { $case ->
   *[one] telefon
    [two] telefonem
}
with = z { -phone(case: \"two\") }, { greeting }
greeting =
    Dzień
    dobry, { $name }
quoted = { \"{\" }{ \"\\u0041\\u001B\" }{ NUMBER(7) }
";

#[test]
fn plurals_terms_and_messages_come_out_as_their_language_wants_them() {
    speaking(words("pl-PL", POLISH), || {
        let calls = |count: u64| say!("calls", count);
        assert_eq!([0, 1, 2, 5, 22].map(calls), ["nic", "1 rozmowa", "2 rozmowy", "5 rozmów", "22 rozmowy"]);
        assert_eq!(say!("with", name = "Ala"), "z telefonem, Dzień\ndobry, Ala");
        assert_eq!(say!("quoted"), "{A7", "and no escape sequence");
        assert_eq!(say!("greeting", name = "{ greeting }"), "Dzień\ndobry, { greeting }", "a value is data");
    });
    assert_eq!(say!("greeting", name = "x"), "greeting", "elsewhere it is unknown, and its id");
}

#[test]
fn whatever_cannot_be_said_is_said_in_english_and_never_without_end() {
    let english =
        Words::of("en", Catalogue::new("calls = { $count ->\n [one] a call\n *[other] { $count } calls\n }\n"));
    assert_eq!(english.said("calls", &[("count", Value::from(1u8))]).as_deref(), Some("a call"));
    assert_eq!(english.said("calls", &[("count", Value::from(2u8))]).as_deref(), Some("2 calls"));
    let bombs = "a = { b }{ b }{ b }{ b }{ b }{ b }{ b }{ b }{ b }{ b }\nb = { c }{ c }{ c }{ c }{ c }{ c }{ c }{ c }{ c }{ c }\n\
                 c = { d }{ d }{ d }{ d }{ d }{ d }{ d }{ d }{ d }{ d }\nd = x\nself = { self }\nlost = { $nothing }\n\
                 wrong = { $a\nfar = { nowhere }\nodd = { DATETIME($x) }\n";
    let torn = Words::of("xx", Catalogue::new(bombs));
    for id in ["a", "self", "lost", "wrong", "far", "odd", "none"] {
        assert_eq!(torn.said(id, &[]), None, "{id}");
    }
    assert_eq!(torn.said("d", &[]).as_deref(), Some("x"), "the rest works");
}

#[test]
fn a_file_is_bounded_and_its_faults_have_their_lines() {
    let (read, faults) = Catalogue::read(b"good = yes\n\nbad = { $x\nfine = no\x1b[2J\n");
    assert!(read.has("good") && read.has("fine") && faults.len() == 1, "{faults:?}");
    assert!(faults[0].words.starts_with("bad: ") && faults[0].line == 3, "{faults:?}");
    assert_eq!(Words::of("xx", read).said("fine", &[]).as_deref(), Some("no[2J"));
    for bytes in [vec![b'a'; MAX_FILE + 1], vec![0xff]] {
        let (read, faults) = Catalogue::read(&bytes);
        assert!(read.ids().count() == 0 && faults.len() == 1 && faults[0].line == 0, "{faults:?}");
    }
}

#[test]
fn a_translation_is_held_against_english() {
    let all = Catalogue::new("one = { $a } is { $b }\ntwo = two\nthree = three\n-term = x\n");
    let own = Catalogue::new("one = { $a } { $c }\nfour = 4\n-mine = y\ntwo = deux\n");
    let told: Vec<(usize, bool, String)> =
        against(&all, &own).into_iter().map(|spot| (spot.line, spot.is_note, spot.words)).collect();
    assert_eq!(told.len(), 4, "{told:?}");
    assert!(told[0].1 && told[0].2.starts_with("1 of 4 texts are missing and stay English: three"), "{told:?}");
    assert_eq!(told[1], (1, false, "one: nobody puts in $c; there is $a, $b".to_owned()));
    assert_eq!(told[2], (1, true, "one: $b is left out".to_owned()));
    assert_eq!((told[3].0, told[3].1), (2, false), "{told:?}");
}

#[test]
fn a_row_of_a_table_keeps_its_english_there() {
    assert_eq!(of("act", "test-audio", "test the sound"), "test the sound");
    speaking(words("de", "act-test-audio = Ton prüfen\n"), || {
        assert_eq!(of("act", "test-audio", "test the sound"), "Ton prüfen");
        assert_eq!(of("act", "redial", "dial again"), "dial again");
    });
    assert_eq!(id_of("setting", "tuiphone.theme"), "setting-tuiphone-theme");
    for english in ["plain", "{ braces }", "[bracket]", "*", "two\nlines"] {
        let catalogue = Catalogue::new(message("x", english));
        assert_eq!(Words::of("en", catalogue).said("x", &[]).as_deref(), Some(english));
    }
}

/// Neither list rots: what the sources say is in the catalogue with the same placeables, and what is there is said.
#[test]
fn every_text_is_there_and_every_one_is_said() {
    let (catalogue, faults) = Catalogue::read(ENGLISH.as_bytes());
    assert_eq!(faults, []);
    let starts = ENGLISH.lines().filter(|line| line.starts_with(|c: char| c.is_ascii_alphabetic())).count();
    assert_eq!(starts, catalogue.ids().count(), "an id stands twice");
    let mut said: BTreeSet<String> = BTreeSet::new();
    let mut wrong = Vec::new();
    for file in sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src")) {
        let text = std::fs::read_to_string(&file).unwrap();
        if file.ends_with("text/words.rs") || file.ends_with("text/words/tests.rs") {
            continue;
        }
        for (id, given) in sayings(&text) {
            let wanted = variables(&catalogue, &id);
            if wanted.as_ref() != Some(&given) {
                wrong.push(format!("{}: say!(\"{id}\") gives {given:?}, words/en.ftl has {wanted:?}", file.display()));
            }
            said.insert(id);
        }
    }
    let asked = |id: &&str| !said.contains(*id) && !id.starts_with(retold::PREFIX);
    wrong.extend(catalogue.ids().filter(asked).map(|id| format!("words/en.ftl: nobody says {id}")));
    assert!(wrong.is_empty(), "\n  {}\n", wrong.join("\n  "));
}

/// Tables keep their English, which a language says by their rows' names; a clipboard and a voice have languages of their own.
const WITH_ENGLISH: &[&str] = &[
    "ui/form.rs",
    "ui/keymap/acts.rs",
    "ui/keymap/verb_keys.rs",
    "ui/line/commands.rs",
    "ui/line/ssip.rs",
    "ui/osc.rs",
    "ui/setup/answers.rs",
    "ui/setup/refusal.rs",
    "ui/theme/role.rs",
];
/// What is no text of the interface: before it, or in a file.
const OF_PROGRAMS: &[&str] = &[
    "cannot use the terminal: {}",
    "cannot draw on the terminal: {}",
    "standard input or output is no terminal",
    "; Keys of tuiphone.",
    "tuiphone config set",
    "cannot find",
    "keys in clear",
];

/// Where the interface says something, the catalogue says what.
#[test]
fn no_sentence_stands_in_the_sources_of_the_interface() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    let ours = ["cli/setup/helper.rs", "cli/setup/lines.rs", "cli/import/offer.rs"].map(|file| root.join(file));
    for file in sources(&root.join("ui")).into_iter().chain(ours) {
        if file.ends_with("tests.rs") || WITH_ENGLISH.iter().any(|name| file.ends_with(name)) {
            continue;
        }
        let text = std::fs::read_to_string(&file).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        for literal in literals(code).into_iter().filter(|it| !OF_PROGRAMS.iter().any(|known| it.starts_with(known))) {
            let words =
                literal.split(' ').filter(|word| word.len() > 2 && word.chars().all(|c| c.is_ascii_lowercase()));
            if words.count() > 1 {
                found.push(format!("{}: {literal:?}", file.display()));
            }
        }
    }
    assert!(found.is_empty(), "plain English:\n  {}\n", found.join("\n  "));
}

#[test]
fn the_reader_of_sources_sees_what_is_given() {
    let text = "x(say!(\"a-b\"), say!(\n  \"c\",\n one = f(1, \"=,)\"), two, three = a == b,\n)); essay!(\"no\")";
    let found: BTreeMap<String, BTreeSet<String>> = sayings(text).into_iter().collect();
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
    let expected = [("a-b".to_owned(), names(&[])), ("c".to_owned(), names(&["one", "two", "three"]))];
    assert_eq!(found, expected.into_iter().collect());
}

/// What is known by its English is in the sources letter by letter, and has letters to be known by.
#[test]
fn what_is_retold_is_written_so_in_the_sources() {
    let (catalogue, _) = Catalogue::read(ENGLISH.as_bytes());
    let mut written: BTreeSet<String> = BTreeSet::new();
    for file in sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src")) {
        let is_other = ["/ui/", "/text/", "/tests"].iter().any(|part| file.to_string_lossy().contains(part));
        if !is_other {
            written.extend(literals(&std::fs::read_to_string(&file).unwrap()));
        }
    }
    let mut wrong = Vec::new();
    for id in catalogue.ids().filter(|id| id.starts_with(retold::PREFIX)) {
        match retold::Form::of(&catalogue, id) {
            None => wrong.push(format!("{id}: more than text and names")),
            Some(form) if form.letters() < 4 => wrong.push(format!("{id}: too little to be known by")),
            Some(form) if !written.contains(&form.plain()) => {
                wrong.push(format!("{id}: nobody says {:?}", form.plain()))
            }
            Some(_) => {}
        }
    }
    assert!(wrong.is_empty(), "\n  {}\n", wrong.join("\n  "));
}

#[test]
fn the_reader_of_literals_sees_what_stands_in_them() {
    let source = "f(\"a {b:?} c\", '\"', \"x \\\n   y\"); // \"no\n    /// \"neither\n g(\"{{}} \\\"q\\\"\")";
    assert_eq!(literals(source), ["a {} c", "x y", "{} \"q\""]);
}

/// The texts of a source, what is put in as `{}`.
fn literals(source: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut chars = source.chars().peekable();
    let mut before = ' ';
    while let Some(c) = chars.next() {
        match c {
            '/' if chars.peek() == Some(&'/') => while chars.next_if(|c| *c != '\n').is_some() {},
            // A quote that is a character.
            '"' if before == '\'' => {}
            '"' => found.push(literal(&mut chars)),
            _ => {}
        }
        before = c;
    }
    found
}

/// What stands up to the quote that ends it.
fn literal(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) -> String {
    let mut out = String::new();
    while let Some(c) = chars.next() {
        match c {
            '"' => break,
            '\\' => match chars.next() {
                Some('\n') => while chars.next_if(|c| c.is_whitespace()).is_some() {},
                Some(c) => out.push(c),
                None => {}
            },
            '{' if chars.next_if_eq(&'{').is_some() => out.push('{'),
            '}' if chars.next_if_eq(&'}').is_some() => out.push('}'),
            '{' => {
                while chars.next_if(|c| !matches!(c, '}' | '"')).is_some() {}
                chars.next_if_eq(&'}');
                out.push_str("{}");
            }
            c => out.push(c),
        }
    }
    out
}

/// Each `say!` of a source: its id and the names of what it is given.
fn sayings(source: &str) -> Vec<(String, BTreeSet<String>)> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    source
        .match_indices("say!(")
        .filter(|(at, _)| !source[..*at].ends_with(is_word))
        .filter_map(|(at, mark)| {
            let mut parts = parts(&source[at + mark.len()..]).into_iter();
            let id = parts.next()?.trim().strip_prefix('"')?.strip_suffix('"')?.to_owned();
            let name = |part: String| part.trim().chars().take_while(|c| is_word(*c)).collect::<String>();
            Some((id, parts.map(name).filter(|name| !name.is_empty()).collect()))
        })
        .collect()
}

/// What stands between the commas of a call, up to its end.
fn parts(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let (mut depth, mut quoted, mut escaped) = (0, false, false);
    for c in text.chars() {
        if quoted {
            quoted = escaped || c != '"';
            escaped = c == '\\' && !escaped;
        } else {
            match c {
                '"' => quoted = true,
                ')' if depth == 0 => break,
                '(' | '[' | '{' => depth += 1,
                ')' | ']' | '}' => depth -= 1,
                ',' if depth == 0 => {
                    parts.push(String::new());
                    continue;
                }
                _ => {}
            }
        }
        parts.last_mut().unwrap().push(c);
    }
    parts
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] })
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .collect()
}
