//! `help settings` and `config print --default`: every key there is, from the one table of keys; and of MicroSIP's those
//! that stay in the file unused, with the reason.

use crate::config::schema::{self, Kept, Kind, Row, Section, Takes};
use serde_json::{Value, json};

/// Sections in the order they are told, and what is to be known of each.
pub(super) const SECTIONS: [(Section, &str, &str); 4] = [
    (Section::Settings, "[Settings]", "the phone, as MicroSIP has it"),
    (Section::Account, "[Account1], [Account2] …", "an account each, without a gap"),
    (Section::Tuiphone, "[tuiphone]", "the phone, what MicroSIP does not have"),
    (
        Section::TuiphoneAccount,
        "[tuiphone], [tuiphone1] …",
        "accounts, what MicroSIP does not have: all of them, and that of [Account1]",
    ),
];

/// How keys are read.
pub(super) const ABOUT: &str =
    "A key that is missing has its default; one that is empty is empty: 0, off, none, unless it says otherwise.";

/// What becomes of the keys that nothing is done with.
pub(super) const ABOUT_KEPT: &str = "MicroSIP's other keys stay in the file byte for byte, and are not used:";

/// The page of `help settings`.
pub(super) fn page() -> String {
    let mut text = format!("The keys of microsip.ini. {ABOUT}\n");
    for (section, heading, about) in SECTIONS {
        text += &format!("\n{heading}: {about}\n");
        Row::of(section).for_each(|row| text += &of_row(row));
    }
    text += &format!("\n{ABOUT_KEPT}\n");
    for kept in schema::all_kept() {
        let (section, keys) = (heading(kept.section), kept.keys.join(" "));
        text += &format!("\n  {section} {keys}\n      {}\n", kept.why);
    }
    text + "\n`tuiphone config print --default` is the same as an ini file."
}

fn of_row(row: &Row) -> String {
    format!("  {} ({})\n      {}\n", row.key, form(row), row.doc)
}

/// What its value looks like, its default, and when it is taken.
pub(super) fn form(row: &Row) -> String {
    let words = match row.kind {
        Kind::Word(words) => words.iter().filter(|word| !word.is_empty()).copied().collect::<Vec<_>>().join(" "),
        kind => kind.word().to_owned(),
    };
    let default = if row.default.is_empty() { String::new() } else { format!("; default {}", row.default) };
    let takes = match row.takes {
        Takes::Now | Takes::Anew => "",
        Takes::Restart => "; from the next start on",
    };
    format!("{words}{default}{takes}")
}

/// As an ini file: every key with its default, and what it is for in a comment above it.
pub(super) fn defaults() -> Vec<String> {
    let mut lines = Vec::new();
    for (section, ..) in SECTIONS {
        lines.push(match section {
            Section::TuiphoneAccount => "; for every account; under [tuiphone1] for that of [Account1]".to_owned(),
            _ => format!("[{}]", section.name(1)),
        });
        for row in Row::of(section) {
            lines.push(format!("; {}", row.doc));
            lines.push(format!("{}={}", row.key, row.default));
        }
    }
    lines.push("; MicroSIP's other keys stay in the file, and are not used:".to_owned());
    lines.extend(
        schema::all_kept()
            .iter()
            .map(|Kept { section, keys, why }| format!("; {} {}: {why}", heading(*section), keys.join(" "))),
    );
    lines
}

/// The same as JSON.
pub(super) fn defaults_json() -> Value {
    let keys = schema::rows().map(|row| {
        let section = heading(row.section);
        let section = section.trim_matches(['[', ']']);
        json!({ "section": section, "key": row.key, "default": row.default, "kind": row.kind.word(), "doc": row.doc })
    });
    let kept = schema::all_kept().iter().flat_map(|kept| {
        let section = heading(kept.section);
        kept.keys
            .iter()
            .map(move |key| json!({ "section": section.trim_matches(['[', ']']), "key": key, "why": kept.why }))
    });
    json!({ "keys": keys.collect::<Vec<_>>(), "kept": kept.collect::<Vec<_>>() })
}

pub(super) fn heading(section: Section) -> &'static str {
    match section {
        Section::Settings => "[Settings]",
        Section::Account => "[AccountN]",
        Section::Tuiphone => "[tuiphone]",
        Section::TuiphoneAccount => "[tuiphone, tuiphoneN]",
        Section::Global => "[Global]",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Document;

    #[test]
    fn every_key_is_on_the_page_with_what_it_is_for() {
        let page = page();
        for row in schema::rows() {
            let about = format!("\n  {} (", row.key);
            let (_, behind) = page.split_once(&about).unwrap_or_else(|| panic!("no {}", row.key));
            assert!(behind.lines().any(|line| line.trim() == row.doc), "{}", row.key);
        }
        for kept in schema::all_kept() {
            assert!(page.contains(&format!("{}\n      {}\n", kept.keys.join(" "), kept.why)), "{:?}", kept.keys);
        }
        assert!(page.contains("  transport (udp tcp tls ws wss; default udp)\n"), "{page}");
        assert!(page.contains("  sourcePort (number; default 0; from the next start on)\n"), "{page}");
    }

    #[test]
    fn the_defaults_are_an_ini_file_and_the_rest_its_comments() {
        let text = defaults().join("\n");
        let document = Document::parse(text.as_bytes()).unwrap();
        for row in schema::rows() {
            let section =
                if row.section == Section::TuiphoneAccount { "tuiphone".to_owned() } else { row.section.name(1) };
            assert_eq!(document.get(&section, row.key), Some(row.default), "{}", row.key);
        }
        assert_eq!(document.items().count(), schema::rows().count() + 3, "three sections, and nothing odd");
        let kept = defaults_json()["kept"].as_array().map(Vec::len).unwrap();
        assert_eq!(kept, schema::all_kept().iter().map(|kept| kept.keys.len()).sum::<usize>());
        assert!(text.contains("videoH264") && !text.contains("\nvideoH264"), "{text}");
    }
}
