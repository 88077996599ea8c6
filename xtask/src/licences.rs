//! `cargo xtask licences`: every dependency's licence, a refusal of those we cannot ship, and the list that the program
//! itself prints.

use std::collections::BTreeMap;
use std::fs;

use crate::Failure;
use crate::run::{output, root};

/// Licences that ask for no more than a notice, or (MPL) bind their own files only.
const ALLOWED: [&str; 14] = [
    "MIT",
    "MIT-0",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "0BSD",
    "ISC",
    "Zlib",
    "BSL-1.0",
    "Unlicense",
    "Unicode-3.0",
    "MPL-2.0",
    // Lists of certificate authorities: data, not code.
    "CDLA-Permissive-2.0",
];

/// Packages that ship a licence text instead of naming it: read by a person.
const READ: [(&str, &str); 2] = [("rsip", "MIT"), ("rsip-derives", "MIT")];

/// What comes along inside other packages, in C: read by a person.
const INSIDE: [(&str, &str); 2] = [("SQLite bundled", "blessing"), ("libopus bundled", "BSD-3-Clause")];

/// Prints a table licence → packages; fails when one package offers no licence of [`ALLOWED`], or the list that the program
/// prints is another one. With `write` that list is written.
pub fn run(write: bool) -> Result<(), Failure> {
    let mut by_licence: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut refused = Vec::new();
    for (package, licence) in tree(&["--workspace", "--edges", "normal,build,dev"])? {
        if !allowed(&licence) {
            refused.push(format!("{package}: {}", if licence.is_empty() { "no licence named" } else { &licence }));
        }
        by_licence.entry(licence).or_default().push(package);
    }
    for (licence, packages) in &by_licence {
        println!("{:>4}  {licence}", packages.len());
    }
    if by_licence.is_empty() {
        return Err(format!("no packages seen in {}", root().display()));
    }
    if !refused.is_empty() {
        return Err(format!("licences we cannot ship:\n  {}", refused.join("\n  ")));
    }
    let file = root().join("src").join("cli").join("licenses.txt");
    let list: String =
        shipped()?.iter().map(|(name, version, licence)| format!("{name} {version} {licence}\n")).collect();
    if write {
        return fs::write(&file, list).map_err(|e| format!("{}: {e}", file.display()));
    }
    let is_told = fs::read_to_string(&file).is_ok_and(|told| told.lines().eq(list.lines()));
    is_told.then_some(()).ok_or_else(|| format!("{} is old: cargo xtask licences --write", file.display()))
}

/// `name version` and licence of all that `cargo tree` sees, whatever the features and the system.
fn tree(of: &[&str]) -> Result<BTreeMap<String, String>, Failure> {
    let shape = ["tree", "--locked", "--all-features", "--target", "all", "--prefix", "none", "--no-dedupe"];
    let arguments = [&shape[..], &["--format", "{p}|{l}"], of].concat();
    Ok(packages(&output("cargo", &arguments).ok_or("cargo tree failed")?))
}

/// What the program is made of, whatever its features and its system: name, version, licence.
pub fn shipped() -> Result<Vec<(String, String, String)>, Failure> {
    Ok(with_inside(tree(&["--package", "tuiphone", "--edges", "normal"])?))
}

fn with_inside(mut packages: BTreeMap<String, String>) -> Vec<(String, String, String)> {
    packages.extend(INSIDE.map(|(package, licence)| (package.to_owned(), licence.to_owned())));
    let parts = |(package, licence): (String, String)| {
        let (name, version) = package.split_once(' ').unwrap_or((&package, ""));
        (name.to_owned(), version.trim_start_matches('v').to_owned(), licence)
    };
    packages.into_iter().map(parts).collect()
}

/// `name version` and licence of each line of `cargo tree`, once each.
fn packages(tree: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for line in tree.lines() {
        let Some((package, licence)) = line.split_once('|') else { continue };
        let mut words = package.split_whitespace();
        let (Some(name), Some(version)) = (words.next(), words.next()) else { continue };
        let licence = READ.iter().find(|(read, _)| *read == name).map_or(licence.trim(), |(_, l)| l);
        found.insert(format!("{name} {version}"), licence.to_owned());
    }
    found
}

/// Whether an SPDX expression can be met: one branch of each OR, all branches of an AND. `/` is an old OR.
fn allowed(expression: &str) -> bool {
    let flat = expression.replace(['(', ')'], " ").replace('/', " OR ");
    let flat = flat.split_whitespace().collect::<Vec<_>>().join(" ");
    // Without brackets OR binds looser than AND; with them we ask for more than SPDX does, never for less.
    if expression.contains('(') {
        return flat.split(" AND ").all(|part| part.split(" OR ").any(|l| ALLOWED.contains(&l)));
    }
    flat.split(" OR ").any(|part| part.split(" AND ").all(|l| ALLOWED.contains(&l)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions() {
        for (expression, expected) in [
            ("MIT", true),
            ("MIT/Apache-2.0", true),
            ("Apache-2.0 / MIT", true),
            ("MIT OR Apache-2.0 OR LGPL-2.1-or-later", true),
            ("(MIT OR Apache-2.0) AND Unicode-3.0", true),
            ("Apache-2.0 WITH LLVM-exception OR Apache-2.0 OR MIT", true),
            ("LGPL-2.1-or-later", false),
            ("GPL-3.0-only AND MIT", false),
            ("(MIT OR Apache-2.0) AND GPL-2.0", false),
            ("", false),
        ] {
            assert_eq!(allowed(expression), expected, "{expression}");
        }
    }

    #[test]
    fn the_program_lists_packages_and_what_is_inside_them() {
        let list = with_inside(packages("b v2.0.0|MIT\na v1.0.0 (proc-macro)|ISC\n"));
        for expected in [("a", "1.0.0", "ISC"), ("b", "2.0.0", "MIT"), ("libopus", "bundled", "BSD-3-Clause")] {
            assert!(
                list.iter().any(|(n, v, l)| (n.as_str(), v.as_str(), l.as_str()) == expected),
                "{expected:?}: {list:?}"
            );
        }
    }

    #[test]
    fn lines_of_the_tree_become_packages_once() {
        let tree = "a v1.0.0|MIT\nb v2.0.0 (proc-macro)|GPL-3.0\na v1.0.0|MIT (*)\n\nrsip v0.4.0|\n";
        let found = packages(tree);
        assert_eq!(found.get("b v2.0.0").map(String::as_str), Some("GPL-3.0"));
        assert_eq!(found.get("rsip v0.4.0").map(String::as_str), Some("MIT"));
        assert_eq!(found.len(), 3);
    }
}
