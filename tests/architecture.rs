//! The map of `src/lib.rs`, kept by a test: arrows between rooms go where it draws them, the pure rooms stay pure,
//! and the odd things (unsafe code, `target_os`, printing) have one door each.
//!
//! What is read is code alone: comments, strings and the test module at the bottom of a file are put aside first.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Which rooms a room may name. Everyone may name `text`: nothing foreign reaches a screen past it.
const ARROWS: [(&str, &[&str]); 16] = [
    ("cli", &["config", "control", "demo", "engine", "history", "import", "ui", "ua", "audio"]),
    ("ui", &["control"]),
    ("demo", &["engine", "ua", "media", "audio", "sip", "sdp", "config"]),
    ("control", &["engine", "ua"]),
    ("engine", &["ua", "media", "audio", "config", "history", "sip", "sdp", "rtp", "contacts"]),
    ("ua", &["sip", "sdp", "nat", "config", "contacts", "media"]),
    ("import", &["config", "contacts", "history", "sip"]),
    ("media", &["rtp", "sdp", "nat"]),
    ("audio", &[]),
    ("config", &[]),
    ("contacts", &[]),
    ("history", &[]),
    ("sip", &[]),
    ("sdp", &[]),
    ("rtp", &[]),
    ("nat", &[]),
];

/// Rooms without a socket, clock, thread, file or source of chance of their own.
const PURE: [&str; 11] = ["text", "config", "contacts", "history", "import", "sip", "sdp", "rtp", "nat", "ua", "media"];

/// What a pure room cannot say.
const EFFECTS: [&str; 15] = [
    "Instant::now",
    "SystemTime::now",
    "std::fs",
    "std::thread",
    "std::process",
    "std::env",
    "UdpSocket",
    "TcpStream",
    "TcpListener",
    "tokio",
    "mio::",
    "cpal",
    "rand::rng(",
    "rand::rng;",
    "SysRng",
];

/// Files where one system may be told from another, and where unsafe code may stand.
const PLATFORM: [&str; 4] = ["audio/", "engine/net", "cli/platform", "cli/paths"];
const UNSAFE: [&str; 7] = [
    "audio/",
    "cli/platform",
    "control/windows/",
    "engine/exec",
    "engine/hooks/document",
    "engine/hooks/group",
    "engine/media/bcg729",
];

/// Files that may write to standard output and standard error.
const PRINTING: [&str; 2] = ["cli/", "main.rs"];

/// A file longer than this, its tests not counted, has a second subject.
const LINES: usize = 500;

/// Files with one long subject.
const LONG: [&str; 0] = [];

#[test]
fn the_house_stands_as_drawn() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let files = sources(&root);
    assert!(files.len() > 10, "only {} files under {}", files.len(), root.display());
    let complaints: Vec<String> = files
        .iter()
        .flat_map(|path| {
            let name = path.strip_prefix(&root).unwrap().to_string_lossy().replace('\\', "/");
            complaints(&name, &fs::read_to_string(path).unwrap())
        })
        .collect();
    assert!(complaints.is_empty(), "\n  {}\n", complaints.join("\n  "));
}

#[test]
fn the_map_in_the_crate_documentation_is_this_one() {
    let map = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs")).unwrap();
    let mut drawn = 0;
    for line in map.lines().filter(|l| l.starts_with("//!") && l.contains("─▶")) {
        let (left, right) = line.split_once("─▶").unwrap();
        let room = left.split_whitespace().nth(2).unwrap();
        let (_, arrows) = ARROWS.iter().find(|(name, _)| *name == room).unwrap_or_else(|| panic!("{room}?"));
        let words = right.replace("(media: words)", "media");
        let drawn_here: BTreeSet<&str> = words.split_whitespace().collect();
        assert_eq!(drawn_here, arrows.iter().copied().collect(), "arrows of {room}");
        drawn += 1;
    }
    assert!(drawn >= 6, "the map has {drawn} rooms with arrows");
}

/// Every planted breach is caught, and nothing else is.
#[test]
fn the_checker_catches_what_it_should() {
    let rows: [(&str, &str, usize); 27] = [
        ("sip/dialog.rs", "use crate::ua::Agent;", 1),
        ("sip/dialog.rs", "use crate::sip::uri::Uri;", 0),
        ("sip/dialog.rs", "use crate::{sip::uri::Uri, ua::{Agent, x}};", 1),
        ("sip/dialog.rs", "use crate::{\n    sip::uri::Uri,\n    media::X,\n};", 1),
        ("sip/dialog.rs", "fn f() { crate::engine::x() }", 1),
        ("sip/mod.rs", "use super::config::Account;", 1),
        ("sip/transaction/timer.rs", "use super::super::super::ua::Agent;", 1),
        ("sip/transaction/timer.rs", "use super::effect::Effect;", 0),
        ("ui/view/pad.rs", "use crate::engine::Handle;", 1),
        ("ui/view/pad.rs", "use crate::control::Command; use crate::text::sanitise;", 0),
        ("ua/agent.rs", "let now = Instant::now();", 1),
        ("ua/agent.rs", "// Instant::now() belongs to the engine", 0),
        ("ua/agent.rs", "let s = \"Instant::now()\"; let c = '\"'; /* std::fs */", 0),
        ("ua/agent.rs", "let s = r#\"a \" tokio\"#;", 0),
        ("ua/agent.rs", "fn f<'a>(x: &'a str) -> &'a str { std::fs::read(x) }", 1),
        ("ua/agent.rs", "pub fn f() {}\n#[cfg(test)]\nmod tests { use std::fs; fn f() { Instant::now(); } }", 0),
        ("ua/agent.rs", "#[cfg(test)]\nfn g() {}\nfn f() { Instant::now(); }", 1),
        ("sip/transaction/tests.rs", "use std::thread;", 0),
        ("engine/signalling.rs", "let now = Instant::now();", 0),
        ("engine/signalling.rs", "println!(\"{x}\");", 1),
        ("engine/signalling.rs", "eprintln!(\"{x}\");", 1),
        ("cli/verb.rs", "println!(\"{x}\");", 0),
        ("control/socket.rs", "#[cfg(target_os = \"linux\")]", 1),
        ("audio/host.rs", "#[cfg(target_os = \"linux\")]", 0),
        ("media/mixer.rs", "#![allow(unsafe_code)]\nfn f() { unsafe { x() } }", 1),
        ("config/load.rs", concat!("const HOME: &str = \"/ro", "ot/me\";"), 1),
        ("garden/tree.rs", "", 1),
    ];
    for (name, text, expected) in rows {
        let found = complaints(name, text);
        assert_eq!(found.len(), expected, "{name}: {text}\nfound: {found:#?}");
    }
    assert_eq!(complaints("sip/long.rs", &"fn f() {}\n".repeat(LINES + 1)).len(), 1);
}

/// What is wrong with one file. `name` is its path under `src`, with `/`.
fn complaints(name: &str, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut say = |what: String| found.push(format!("src/{name}: {what}"));
    for path in ["/root/", "/home/", "/var/tmp/"].iter().filter(|p| text.contains(**p)) {
        say(format!("names a path of somebody's machine ({path}…)"));
    }
    if name.ends_with("tests.rs") || name.contains("/tests/") {
        return found;
    }
    let code = without_tests(&code_only(text));
    let lines = code.lines().count();
    if lines > LINES && !LONG.contains(&name) {
        say(format!("{lines} lines before its tests; look for a second subject"));
    }
    for (word, doors) in [("println!", &PRINTING[..]), ("target_os", &PLATFORM), ("unsafe ", &UNSAFE)] {
        if code.contains(word) && !doors.iter().any(|d| name.starts_with(d)) {
            say(format!("{} has its place in {}", word.trim(), doors.join(", ")));
        }
    }
    let Some((room, _)) = name.split_once('/').or_else(|| name.split_once(".rs")) else { return found };
    if ["lib", "main"].contains(&room) {
        return found;
    }
    if room != "text" && !ARROWS.iter().any(|(r, _)| *r == room) {
        say("a room that is not on the map".into());
    }
    for other in named_rooms(name, &code) {
        if !may_name(room, &other) {
            say(format!("no arrow {room} ─▶ {other}"));
        }
    }
    if PURE.contains(&room) {
        for effect in EFFECTS.iter().filter(|e| code.contains(**e)) {
            say(format!("{effect} in a pure room"));
        }
    }
    found
}

fn may_name(room: &str, other: &str) -> bool {
    let drawn = || ARROWS.iter().any(|(r, to)| *r == room && to.contains(&other));
    let is_room = || ARROWS.iter().any(|(r, _)| *r == other);
    room == other || other == "text" || !is_room() || drawn()
}

/// The first name of every path that starts at the crate's root: `crate::NAME`, `crate::{NAME, …}`, and `super::`
/// climbed as far.
fn named_rooms(name: &str, code: &str) -> BTreeSet<String> {
    let squeezed = code.split_whitespace().collect::<Vec<_>>().join(" ").replace(":: ", "::").replace(" ::", "::");
    let depth = name.split('/').count() - usize::from(name.ends_with("/mod.rs"));
    let mut rooms = BTreeSet::new();
    for root in ["crate::".to_owned(), "super::".repeat(depth)] {
        for (at, _) in squeezed.match_indices(&root) {
            if squeezed[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':') {
                continue;
            }
            let rest = squeezed[at + root.len()..].trim_start();
            match rest.strip_prefix('{') {
                Some(group) => rooms.extend(heads(group)),
                None => rooms.extend(identifier(rest)),
            }
        }
    }
    rooms
}

/// The first name of each member of a `{…}` group, nested groups passed over.
fn heads(group: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut depth = 0;
    let mut member = String::new();
    for c in group.chars() {
        match c {
            '}' if depth == 0 => break,
            ',' if depth == 0 => found.extend(identifier(std::mem::take(&mut member).trim())),
            '{' => depth += 1,
            '}' => depth -= 1,
            _ if depth == 0 => member.push(c),
            _ => {}
        }
    }
    found.extend(identifier(member.trim()));
    found
}

fn identifier(text: &str) -> Option<String> {
    let word: String = text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    (!word.is_empty()).then_some(word)
}

/// Comments and the insides of literals become blanks; line breaks stay.
fn code_only(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    let starts = |at: usize, what: &str| what.chars().enumerate().all(|(i, c)| chars.get(at + i) == Some(&c));
    while at < chars.len() {
        let end = if starts(at, "//") {
            (at..chars.len()).find(|&i| chars[i] == '\n').unwrap_or(chars.len())
        } else if starts(at, "/*") {
            (at + 2..chars.len()).find(|&i| starts(i, "*/")).map_or(chars.len(), |i| i + 2)
        } else if let Some(hashes) = raw_string(&chars, at) {
            let close = format!("\"{}", "#".repeat(hashes));
            let open = at + 2 + hashes;
            (open..chars.len()).find(|&i| starts(i, &close)).map_or(chars.len(), |i| i + close.len())
        } else if chars[at] == '"' {
            closing(&chars, at + 1, '"')
        } else if chars[at] == '\'' && (chars.get(at + 1) == Some(&'\\') || chars.get(at + 2) == Some(&'\'')) {
            closing(&chars, at + 1, '\'')
        } else {
            out.push(chars[at]);
            at += 1;
            continue;
        };
        out.push(' ');
        out.extend(chars[at..end].iter().filter(|c| **c == '\n'));
        at = end;
    }
    out
}

/// The number of hashes when a raw string starts at `at`.
fn raw_string(chars: &[char], at: usize) -> Option<usize> {
    let inside_a_word = at > 0 && (chars[at - 1].is_alphanumeric() && chars[at - 1] != 'b' || chars[at - 1] == '_');
    if chars[at] != 'r' || inside_a_word {
        return None;
    }
    let hashes = chars[at + 1..].iter().take_while(|c| **c == '#').count();
    (chars.get(at + 1 + hashes) == Some(&'"')).then_some(hashes)
}

/// One past the closing quote, escapes respected.
fn closing(chars: &[char], from: usize, quote: char) -> usize {
    let mut at = from;
    while at < chars.len() && chars[at] != quote {
        at += if chars[at] == '\\' { 2 } else { 1 };
    }
    (at + 1).min(chars.len())
}

/// Everything before the `#[cfg(test)] mod …` at the bottom.
fn without_tests(code: &str) -> String {
    let is_module = |rest: &str| rest.trim_start().starts_with("mod ");
    code.match_indices("#[cfg(test)]")
        .find(|(at, mark)| {
            let rest = &code[at + mark.len()..];
            is_module(rest)
                || rest.trim_start().starts_with("#[") && rest.split_once(']').is_some_and(|(_, r)| is_module(r))
        })
        .map_or_else(|| code.to_owned(), |(at, _)| code[..at].to_owned())
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for path in fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()) {
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// A number of the interface goes through `text::local`, which knows the sign before tenths here.
#[test]
fn the_interface_writes_no_decimal_of_its_own() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let files = sources(&root).into_iter().filter(|file| file.strip_prefix(&root).unwrap().starts_with("ui"));
    let decimal = |line: &str| {
        line.match_indices(":.").any(|(at, _)| line[at + 2..].starts_with(|c: char| c.is_ascii_digit() && c != '0'))
    };
    let mut complaints = Vec::new();
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        let found = (1..).zip(code.lines()).filter(|(_, line)| decimal(line));
        complaints.extend(found.map(|(number, line)| format!("{}:{number}: {}", file.display(), line.trim())));
    }
    assert_eq!(complaints, Vec::<String>::new());
}
