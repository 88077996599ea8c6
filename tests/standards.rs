//! The tables of `src/sip/standards.rs`, `src/ua/threats.rs` and `src/rtp/threats.rs`: each row names tests that are
//! there, and nothing that is tested is left out.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use tuiphone::rtp::dropped::Dropped;

/// What a user agent of today is asked for, of signalling.
const WANTED: &[u32] = &[
    3261, 3262, 3263, 3264, 3311, 3323, 3325, 3326, 3327, 3420, 3428, 3515, 3581, 3608, 3842, 3856, 3863, 3891, 3892,
    3903, 3966, 3994, 4028, 4235, 4475, 4488, 4733, 5057, 5118, 5373, 5621, 5626, 5627, 5630, 5922, 6026, 6337, 6665,
    7118, 7616, 8760,
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// What must have a row among the threats.
const THREATS: &[&str] = &[
    "REFER",
    "3xx",
    "scanners",
    "microphone",
    "strangers",
    "downgrade",
    "logs",
    "TLS",
    "terminal",
    "SSRF",
    "XML",
    "amplification",
    "requests within",
    "floods",
    "streams",
    "storms",
    "decay",
];

/// The rows of a table of this many cells: the first one, and `path::test` of their tests, the last.
fn table(path: &str, cells: usize) -> Vec<(String, Vec<String>)> {
    let text = fs::read_to_string(root().join(path)).unwrap();
    let lines = text.lines().filter(|line| line.starts_with("//! |")).skip(2);
    let row = |line: &str| {
        let row: Vec<&str> = line.split('|').map(str::trim).collect();
        assert_eq!(row.len(), cells + 2, "not {cells} cells: {line}");
        let tests = row[cells].split(',').map(|test| test.trim().trim_matches('`').to_owned());
        (row[1].to_owned(), tests.filter(|test| !test.is_empty()).collect())
    };
    lines.map(row).collect()
}

/// The standards: numbers of RFCs, and their tests.
fn rows() -> Vec<(Vec<u32>, Vec<String>)> {
    let number = |link: &str| link.trim().strip_prefix('[')?.split(']').next()?.parse().ok();
    let numbers = |cell: String| cell.split(',').filter_map(number).collect();
    table("src/sip/standards.rs", 3).into_iter().map(|(cell, tests)| (numbers(cell), tests)).collect()
}

fn check_tests(row: &str, tests: &[String]) {
    assert!(!tests.is_empty(), "{row}: without a test");
    for test in tests {
        let (path, name) = test.split_once("::").unwrap_or_else(|| panic!("no path::test: {test}"));
        let text = fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
        assert!(tests_of(&text).iter().any(|(known, _)| known == name), "{row}: there is no test {test}");
    }
}

/// The tests of a file, each with the comments over it.
fn tests_of(text: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let (mut comments, mut is_test) = (String::new(), false);
    for line in text.lines().map(str::trim) {
        let name = line.strip_prefix("fn ").or(line.strip_prefix("async fn "));
        match (line, name) {
            ("#[test]", _) => is_test = true,
            (_, Some(rest)) if is_test => {
                let name = rest.split('(').next().unwrap_or_default();
                found.push((name.to_owned(), std::mem::take(&mut comments)));
                is_test = false;
            }
            _ if line.starts_with("//") => comments.push_str(line),
            _ if is_test || line.starts_with("#[") => {}
            _ => comments.clear(),
        }
    }
    found
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn every_row_names_tests_that_are_there() {
    let rows = rows();
    assert!(rows.len() > 20, "the table is read: {} rows", rows.len());
    for (numbers, tests) in &rows {
        assert!(!numbers.is_empty(), "no number: {tests:?}");
        check_tests(&format!("{numbers:?}"), tests);
    }
}

#[test]
fn every_threat_names_tests_that_are_there() {
    let rows = table("src/ua/threats.rs", 4);
    rows.iter().for_each(|(class, tests)| check_tests(class, tests));
    let has = |threat: &&&str| rows.iter().any(|(class, _)| class.contains(**threat));
    let missing: Vec<_> = THREATS.iter().filter(|threat| !has(threat)).collect();
    assert!(missing.is_empty(), "without a row: {missing:?}");
}

#[test]
fn every_threat_to_sound_names_tests_and_every_counter_a_threat() {
    let rows = table("src/rtp/threats.rs", 4);
    assert!(rows.len() > 12, "the table is read: {} rows", rows.len());
    rows.iter().for_each(|(class, tests)| check_tests(class, tests));
    let text = fs::read_to_string(root().join("src/rtp/threats.rs")).unwrap();
    let missing: Vec<_> = Dropped::TABLE.iter().filter(|(_, name, _)| !text.contains(&format!("`{name}`"))).collect();
    assert!(missing.is_empty(), "without a row: {missing:?}");
}

#[test]
fn what_is_wanted_or_tested_has_a_row() {
    let known: BTreeSet<u32> = rows().into_iter().flat_map(|(numbers, _)| numbers).collect();
    let missing: Vec<&u32> = WANTED.iter().filter(|number| !known.contains(number)).collect();
    assert!(missing.is_empty(), "without a row: {missing:?}");
    let mut files = Vec::new();
    ["src/sip", "src/ua", "tests/sim"].iter().for_each(|folder| sources(&root().join(folder), &mut files));
    let mut cited = BTreeSet::new();
    for file in files {
        for (_, comments) in tests_of(&fs::read_to_string(&file).unwrap()) {
            let numbers = comments.split("RFC ").skip(1).map(|rest| rest.split(|c: char| !c.is_ascii_digit()).next());
            cited.extend(numbers.flatten().filter_map(|digits| digits.parse::<u32>().ok()));
        }
    }
    assert!(cited.len() > 20, "citations are read: {cited:?}");
    let missing: Vec<&u32> = cited.difference(&known).collect();
    assert!(missing.is_empty(), "cited over a test, without a row: {missing:?}");
}
