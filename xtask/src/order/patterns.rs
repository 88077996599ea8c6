//! From the names of functions to a linker script that finds them again, whatever the hashes of the next build. Pure.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// A section of code in the linked program, a function as a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// As the compiler named it: `.text.` and the function, a cold one `.text.unlikely.` and the function.
    pub name: String,
    /// Bytes.
    pub size: u64,
}

/// The functions that ran.
#[derive(Debug, Clone, Copy)]
pub struct Users<'a> {
    /// In a daemon.
    pub daemon: &'a BTreeSet<String>,
    /// In an interface.
    pub interface: &'a BTreeSet<String>,
}

/// Who runs a section: an index into sums of bytes.
const INTERFACE: usize = 0;
const BOTH: usize = 1;
const DAEMON: usize = 2;
const NOBODY: usize = 3;

/// A pattern may take in so much that does not belong, as a part of what does.
const SLACK: f64 = 0.05;
/// Likewise for the daemon's own, which are many.
const SLACK_OF_DAEMON: f64 = 0.3;
/// A name stands with so many letters behind the first that tells it from the others.
const LETTERS: usize = 12;

/// The sections of code in a map of LLD's.
pub fn sections(map: &str) -> Vec<Section> {
    let section = |line: &str| {
        let size = u64::from_str_radix(line.split_whitespace().nth(2)?, 16).ok()?;
        let (_, name) = line.rsplit_once(":(")?;
        let name = name.strip_suffix(')')?;
        (name.starts_with(".text.") && size > 0).then(|| Section { name: name.to_owned(), size })
    };
    map.lines().filter_map(section).collect()
}

/// The names in a record of callgrind's: `fn=(12) name`, once in full.
pub fn names(record: &str) -> BTreeSet<String> {
    let name = |line: &str| {
        let rest = line.strip_prefix("fn=(").or_else(|| line.strip_prefix("cfn=("))?;
        let (_, name) = rest.split_once(") ")?;
        // Behind an apostrophe stands how deep it had called itself.
        Some(name.split('\'').next().unwrap_or(name).to_owned())
    };
    record.lines().filter_map(name).collect()
}

/// The linker script: first what only an interface runs, then what both do, then the daemon's own.
pub fn script(sections: &[Section], users: &Users<'_>) -> String {
    let mut known: BTreeMap<String, [u64; 4]> = BTreeMap::new();
    for section in sections {
        let function = section.name.trim_start_matches(".text.").trim_start_matches("unlikely.");
        let user = match (users.interface.contains(function), users.daemon.contains(function)) {
            (true, false) => INTERFACE,
            (true, true) => BOTH,
            (false, true) => DAEMON,
            (false, false) => NOBODY,
        };
        let sum = &mut known.entry(without_hashes(&section.name)).or_default()[user];
        *sum += section.size;
    }
    let known: Vec<(String, [u64; 4])> = known.into_iter().collect();
    let mut text = String::from(
        "/* Made by `cargo xtask order` from what runs in a daemon and in an interface: functions that are used together lie\n   \
         together, so that fewer pages are taken into memory. A pattern that finds nothing does no harm. */\n\
         SECTIONS {\n  .text.tuiphone : {\n",
    );
    for (user, slack) in [(INTERFACE, SLACK), (BOTH, SLACK), (DAEMON, SLACK_OF_DAEMON)] {
        let mut found = Vec::new();
        gather(&known, 0, user, slack, &mut found);
        for pattern in found {
            let _ = writeln!(text, "    *({pattern})");
        }
    }
    text.push_str("  }\n} INSERT BEFORE .text;\n");
    text
}

/// A name as the next build will have it: the hashes of crates and what counts letters before them (RFC 2603's
/// disambiguators and back references) become stars.
fn without_hashes(name: &str) -> String {
    let mut out = String::new();
    let mut rest = name;
    while let Some(first) = rest.chars().next() {
        let (mark, least, most) = match first {
            'C' if rest.starts_with("Cs") => ("Cs", 6, 13),
            'B' => ("B", 1, 3),
            _ => ("", 0, 0),
        };
        let digits = rest.get(mark.len()..).unwrap_or_default();
        let count = digits.bytes().take_while(u8::is_ascii_alphanumeric).count();
        match digits.get(count..) {
            Some(behind) if !mark.is_empty() && (least..=most).contains(&count) && behind.starts_with('_') => {
                out.push_str(mark);
                out.push('*');
                rest = behind;
            }
            _ => {
                out.push(first);
                rest = rest.get(first.len_utf8()..).unwrap_or_default();
            }
        }
    }
    out
}

/// The fewest prefixes that take in what this user runs, and little else. `known` is sorted, and shares `depth` bytes.
fn gather(known: &[(String, [u64; 4])], depth: usize, user: usize, slack: f64, found: &mut Vec<String>) {
    let sum = |of: usize| known.iter().filter_map(|(_, sums)| sums.get(of)).sum::<u64>();
    let own = sum(user);
    if own == 0 {
        return;
    }
    let others = (INTERFACE..=NOBODY).filter(|of| *of != user).map(sum).sum::<u64>();
    let Some((first, _)) = known.first() else { return };
    let fits = others as f64 <= slack * own as f64;
    if let [(name, _)] = known {
        // One name for several functions: worth it while most of it is ours.
        if others <= 3 * own {
            let end = (depth + LETTERS).min(name.len());
            found.push(format!("{}*", name.get(..end).unwrap_or(name)));
        }
        return;
    }
    if fits {
        found.push(format!("{}*", first.get(..depth).unwrap_or(first)));
        return;
    }
    for group in known.chunk_by(|(a, _), (b, _)| a.as_bytes().get(depth) == b.as_bytes().get(depth)) {
        let shared = match group {
            [(one, _), .., (last, _)] => one.bytes().zip(last.bytes()).take_while(|(a, b)| a == b).count(),
            _ => depth + 1,
        };
        gather(group, shared, user, slack, found);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAP: &str = "\
        \x20   VMA      LMA     Size Align Out     In      Symbol\n\
        \x20 2df5c0   2df5c0      1a3    16         /x/tuiphone.rcgu.o:(.text._RNvNtCs5B1bunaZh40_8tuiphone2ui4draw)\n\
        \x20 2df5c0   2df5c0      1a3     1                 _RNvNtCs5B1bunaZh40_8tuiphone2ui4draw\n\
        \x20 2df763   2df763       10    16         /x/tuiphone.rcgu.o:(.text.unlikely._RNvCs5B1bunaZh40_8tuiphone4grow)\n\
        \x20 2df800   2df800        0    16         /x/opus.a(celt.o):(.text)\n\
        \x20 2df900   2df900      200    16         /x/tuiphone.rcgu.o:(.rodata.x)\n";

    fn set(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn a_map_tells_functions_and_their_sizes() {
        let found = sections(MAP);
        let rows: Vec<(&str, u64)> = found.iter().map(|section| (section.name.as_str(), section.size)).collect();
        let wanted = [
            (".text._RNvNtCs5B1bunaZh40_8tuiphone2ui4draw", 0x1a3),
            (".text.unlikely._RNvCs5B1bunaZh40_8tuiphone4grow", 0x10),
        ];
        assert_eq!(rows, wanted);
    }

    #[test]
    fn a_record_tells_names_once() {
        let record = "fn=(1) main\n16 3\ncfn=(2) walk'2\nfn=(2)\nfl=(1) x\n";
        assert_eq!(names(record), set(&["main", "walk"]));
    }

    #[test]
    fn hashes_and_what_counts_them_become_stars() {
        let rows = [
            ("_RNvNtCs5B1bunaZh40_8tuiphone2ui4draw", "_RNvNtCs*_8tuiphone2ui4draw"),
            ("_RINvNtCslNYArtu3iFV_5alloc3vecNtB8_3VecNtB2k_4CellE", "_RINvNtCs*_5alloc3vecNtB*_3VecNtB*_4CellE"),
            ("_RNvNtC3Box8BaseLine4draw", "_RNvNtC3Box8BaseLine4draw"),
            ("celt_decode", "celt_decode"),
        ];
        for (name, wanted) in rows {
            assert_eq!(without_hashes(name), wanted);
        }
    }

    #[test]
    fn what_runs_together_is_found_by_its_common_beginning() {
        let section = |name: &str, size| Section { name: format!(".text.{name}"), size };
        let sections = [
            section("_RNvNtCs1111111_5phone4view4card", 100),
            section("_RNvNtCs1111111_5phone4view4pads", 100),
            section("_RNvNtCs1111111_5phone6engine4turn", 100),
            section("_RNvNtCs1111111_5phone6engine4unused_for_long_years", 900),
            section("memmove", 10),
        ];
        let users = Users {
            interface: &set(&["_RNvNtCs1111111_5phone4view4card", "_RNvNtCs1111111_5phone4view4pads", "memmove"]),
            daemon: &set(&["_RNvNtCs1111111_5phone6engine4turn", "memmove"]),
        };
        let text = script(&sections, &users);
        let patterns: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("    *(")).collect();
        assert_eq!(
            patterns,
            [".text._RNvNtCs*_5phone4view4*)", ".text.memmove*)", ".text._RNvNtCs*_5phone6engine4turn*)"]
        );
        assert!(text.ends_with("  }\n} INSERT BEFORE .text;\n"));
    }
}
