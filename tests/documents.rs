//! `SECURITY.md`, `CONTRIBUTING.md` and `docs/releasing.md` held against the tree: each test, module and file they name is there, and every
//! threat has its row.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;

/// What must have a row, by words of its first cell.
const THREATS: [&str; 35] = [
    "REFER outside",
    "REFER inside",
    "302",
    "links, HTTP",
    "Ghost calls",
    "microphone",
    "Digest to strangers",
    "Digest downgrade",
    "logs and traces",
    "argv and files",
    "RTP bleed",
    "SRTP downgrade",
    "DTLS",
    "TLS that",
    "hooks",
    "Terminal",
    "Header",
    "CSV",
    "Path traversal",
    "SSRF",
    "Control socket",
    "browsers",
    "XML",
    "Messages that",
    "Amplification",
    "requests within",
    "Replaces",
    "Forged responses",
    "Floods of requests",
    "Dialog floods",
    "slowloris",
    "ICE",
    "storms",
    "Configuration",
    "decay",
];

/// Where what a document names by its path may lie.
const PLACES: [&str; 13] = [
    "src/", "tests/", "xtask/", "words/", "fuzz/", "benches/", "link/", "man/", "keymaps/", "themes/", ".ci/",
    "contrib/", "docs/",
];

/// A file of this repository.
fn file(path: &str) -> Option<String> {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).ok()
}

fn document(name: &str) -> String {
    file(name).unwrap_or_else(|| panic!("no {name}"))
}

/// What stands between backquotes, line by line.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.lines().flat_map(|line| line.split('`').skip(1).step_by(2))
}

/// The rows under `## Threats`, three cells each.
fn rows(text: &str) -> Vec<[&str; 3]> {
    let below = text.lines().skip_while(|line| *line != "## Threats").skip(1);
    let table = below.take_while(|line| !line.starts_with("## ")).filter(|line| line.starts_with('|'));
    table.skip(2).map(cells).collect()
}

fn cells(row: &str) -> [&str; 3] {
    let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
    cells.try_into().unwrap_or_else(|cells: Vec<&str>| panic!("{} cells: {row}", cells.len()))
}

/// What is wrong with something that is named: a test, a module, a file. `read` gives a file of the tree.
fn fault(name: &str, read: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    match name.split_once(".rs::") {
        Some((path, test)) => {
            let Some(text) = read(&format!("{path}.rs")) else { return Some(format!("{name}: no such file")) };
            let is_test = is_test(&text, test).map_or(Some("no such function"), |is| (!is).then_some("is no test"));
            is_test.map(|why| format!("{name}: {why}"))
        }
        None if name.contains("::") => {
            let path = format!("src/{}", name.replace("::", "/"));
            let is_there = ["", "/mod"].iter().any(|end| read(&format!("{path}{end}.rs")).is_some());
            (!is_there).then(|| format!("{name}: no such module"))
        }
        None => None,
    }
}

/// Whether the function of this name is run as a test; `None` where there is none.
fn is_test(text: &str, name: &str) -> Option<bool> {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let begins = [format!("fn {name}("), format!("async fn {name}(")];
    let at = lines.iter().position(|line| begins.iter().any(|begin| line.starts_with(begin)))?;
    let above = lines.iter().take(at).rev().take_while(|line| line.starts_with("#[") || line.starts_with("//"));
    let marks: Vec<&str> = above.filter(|line| line.starts_with("#[")).copied().collect();
    let runs = marks.iter().any(|mark| *mark == "#[test]" || mark.starts_with("#[tokio::test"));
    Some(runs && !marks.iter().any(|mark| mark.starts_with("#[ignore")))
}

#[test]
fn every_threat_has_a_row_and_every_row_a_test_that_is_there() {
    let text = document("SECURITY.md");
    let rows = rows(&text);
    let missing: Vec<_> = THREATS.iter().filter(|words| !rows.iter().any(|row| row[0].contains(**words))).collect();
    assert!(missing.is_empty(), "without a row: {missing:?}");
    let bare: Vec<_> = rows.iter().filter(|row| !quoted(row[2]).any(|name| name.contains(".rs::"))).collect();
    assert!(bare.is_empty(), "without a test: {bare:?}");
    let faults: Vec<String> = quoted(&text).filter_map(|name| fault(name, &file)).collect();
    assert!(faults.is_empty(), "\n  {}\n", faults.join("\n  "));
}

#[test]
fn what_the_documents_name_by_its_path_is_there() {
    for name in ["SECURITY.md", "CONTRIBUTING.md", "docs/releasing.md"] {
        let text = document(name);
        let paths = quoted(&text).filter(|path| PLACES.iter().any(|place| path.starts_with(place)));
        let paths: Vec<&str> =
            paths.filter(|path| !path.contains("::") && !path.contains(char::is_uppercase)).collect();
        assert!(!paths.is_empty(), "{name}");
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let missing: Vec<_> = paths.iter().filter(|path| !root.join(path).exists()).collect();
        assert!(missing.is_empty(), "{name}: {missing:?}");
    }
}

/// Where the links and pictures of a page lead within the tree; a heading's name is left off.
fn links(text: &str) -> impl Iterator<Item = &str> {
    let targets = text.split("](").skip(1).filter_map(|behind| behind.split(')').next());
    targets.map(|to| to.split('#').next().unwrap_or(to)).filter(|to| !to.is_empty() && !to.contains("://"))
}

#[test]
fn links_lead_to_what_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folders = ["docs", "benches"].map(|folder| fs::read_dir(root.join(folder)).unwrap());
    let pages = folders.into_iter().flatten().flatten().map(|entry| entry.path());
    let pages = pages.filter(|page| page.extension().is_some_and(|end| end == "md"));
    let own = ["README.md", "SECURITY.md", "CONTRIBUTING.md", "CHANGELOG.md"].map(|name| root.join(name));
    let mut count = 0;
    for page in own.into_iter().chain(pages) {
        let text = fs::read_to_string(&page).unwrap();
        let folder = page.parent().unwrap();
        let missing: Vec<&str> = links(&text).filter(|to| !folder.join(to).exists()).collect();
        assert!(missing.is_empty(), "{}: {missing:?}", page.display());
        count += links(&text).count();
    }
    assert!(count > 25, "{count}");
}

/// The names with `::` in the drawings of the architecture.
fn drawn(text: &str) -> Vec<&str> {
    let drawings = text.split("```").skip(1).step_by(2);
    let words = drawings.flat_map(|part| part.split(|c: char| !c.is_alphanumeric() && !"_:".contains(c)));
    words.map(|word| word.trim_matches(':')).filter(|word| word.contains("::")).collect()
}

/// All sources below a folder, one after another.
fn sources(folder: &Path) -> String {
    let entries = fs::read_dir(folder).unwrap().flatten().map(|entry| entry.path());
    let texts =
        entries.map(|path| if path.is_dir() { sources(&path) } else { fs::read_to_string(path).unwrap_or_default() });
    texts.collect()
}

#[test]
fn the_hot_paths_lead_through_code_that_is_there() {
    let text = document("src/lib.rs").replace("//! ", "");
    let names = drawn(&text);
    assert!(names.len() > 30, "{names:?}");
    let all = sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    for name in names {
        let (path, last) = name.rsplit_once("::").unwrap();
        let is_there = match last.starts_with(char::is_uppercase) {
            true => {
                all.contains(&format!("    {last}("))
                    || all.contains(&format!("    {last} {{"))
                    || all.contains(&format!("    {last},"))
            }
            false if path.starts_with(char::is_uppercase) => all.contains(&format!("fn {last}(")),
            false => fault(name, &file).is_none(),
        };
        assert!(is_there, "{name}");
    }
}

#[test]
fn the_checker_catches_what_it_should() {
    let read = |path: &str| {
        let text = "/// What it is.\n#[test]\n//= RFC 1\n#[allow(x)]\nfn good() {}\n#[tokio::test(start_paused = true)]\n\
                    async fn awaited() {}\n#[test]\n#[ignore]\nfn idle() {}\n#[test]\n\nfn helper() {}\nfn good_too() {}\n";
        ["src/a.rs", "src/b/c/mod.rs"].contains(&path).then(|| text.to_owned())
    };
    for (name, is_right) in [
        ("src/a.rs::good", true),
        ("src/a.rs::awaited", true),
        ("src/b/c/mod.rs::good", true),
        ("b::c", true),
        ("UNENCRYPTED_SRTP", true),
        ("src/a.rs::goo", false),
        ("src/a.rs::good_to", false),
        ("src/a.rs::good_too", false),
        ("src/a.rs::idle", false),
        ("src/a.rs::helper", false),
        ("src/b.rs::good", false),
        ("b::d", false),
    ] {
        assert_eq!(fault(name, &read).is_none(), is_right, "{name}: {:?}", fault(name, &read));
    }
    let table =
        "x\n## Threats\n\n| threat | a | b |\n|---|---|---|\n| one | two | `three` |\n\n## Open\n| no | row | here |\n";
    assert_eq!(rows(table), [["one", "two", "`three`"]]);
}
