//! What every form of package says of the program: one table, filled from Cargo.toml. The forms are its faces.

use std::fs;

use crate::Failure;
use crate::run::root;

/// Who answers for the packages.
pub const MAINTAINER: &str = "The tuiphone maintainers";
/// Where they are written to.
pub const MAIL: &str = "maintainers@tuiphone.invalid";

/// What it is, in paragraphs of lines that are short enough for every form.
pub const ABOUT: [&[&str]; 2] = [
    &[
        "Calls over SIP from a terminal, over SSH and in tmux, with or without a sound",
        "card: an interface by keys and mouse, a line mode for screen readers and",
        "expect(1), and verbs for scripts that answer in JSON.",
    ],
    &["It reads and keeps MicroSIP's microsip.ini and understands MicroSIP's", "command line."],
];

/// What Cargo.toml says of the program.
pub struct Facts {
    /// The version.
    pub version: String,
    /// A line, without article.
    pub summary: String,
    /// An expression of SPDX.
    pub licence: String,
    /// Where the project is at home, once it says so.
    pub home: Option<String>,
}

impl Facts {
    /// Those of this tree.
    pub fn read() -> Result<Facts, Failure> {
        let manifest = fs::read_to_string(root().join("Cargo.toml")).map_err(|e| format!("Cargo.toml: {e}"))?;
        Facts::of(&manifest)
    }

    fn of(manifest: &str) -> Result<Facts, Failure> {
        let package = manifest.split("[package]").nth(1).and_then(|rest| rest.split("\n[").next()).unwrap_or_default();
        let value = |key: &str| {
            let line = package.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(" = \""));
            line.map(|line| line.trim_end_matches('"').to_owned())
        };
        let needed = |key: &str| value(key).ok_or_else(|| format!("Cargo.toml has no {key}"));
        let description = needed("description")?;
        let plain = description.strip_prefix("A ").unwrap_or(&description);
        Ok(Facts {
            version: needed("version")?,
            summary: plain.chars().take(1).flat_map(char::to_uppercase).chain(plain.chars().skip(1)).collect(),
            licence: needed("license")?,
            home: value("homepage").or_else(|| value("repository")),
        })
    }

    /// The licences that one may choose among.
    pub fn licences(&self) -> Vec<&str> {
        self.licence.split(" OR ").collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_has_the_facts_of_its_own_package() {
        let manifest = "[workspace]\nversion = \"9\"\n\n[package]\nversion = \"1.2.3\"\nlicense = \"MIT OR Zlib\"\n\
                        description = \"A thing\"\nrepository = \"https://a.example\"\n\n[x]\nhomepage = \"no\"\n";
        let facts = Facts::of(manifest).expect("facts");
        assert_eq!((facts.version.as_str(), facts.summary.as_str()), ("1.2.3", "Thing"));
        assert_eq!((facts.licences(), facts.home.as_deref()), (vec!["MIT", "Zlib"], Some("https://a.example")));
        assert!(Facts::of("[package]\nversion = \"1\"\n").is_err());
    }

    #[test]
    fn what_it_is_fits_every_form() {
        for line in ABOUT.concat() {
            assert!(line.len() < 80 && !line.starts_with(' ') && !line.starts_with('.'), "{line}");
        }
        let facts = Facts::read().expect("facts");
        assert!(facts.summary.len() < 60 && !facts.summary.ends_with('.'), "{}", facts.summary);
    }
}
