//! `benches/FUZZ.md`: its last part has a row for each reader that was led by coverage. Pure.

use std::collections::BTreeMap;

/// Over the part that is written here.
const PART: &str = "## Led by coverage\n";
const HEAD: &str = "\
Written by `cargo xtask fuzz all 600 --keep`; each reader has its last run.

| reader | seconds | executions | corpus | findings | day | commit |
|---|---|---|---|---|---|---|
";

/// The page with these rows, by reader, in place of those of before; the rest of it stays.
pub fn with(page: &str, rows: &BTreeMap<String, String>) -> String {
    let (above, part) = page.split_once(PART).unwrap_or((page, ""));
    let name = |line: &str| Some(line.strip_prefix("| `")?.split_once('`')?.0.to_owned());
    let mut all: BTreeMap<String, String> =
        part.lines().filter_map(|line| Some((name(line)?, line.to_owned()))).collect();
    all.extend(rows.iter().map(|(name, row)| (name.clone(), format!("| `{name}` | {row} |"))));
    let lines: String = all.values().map(|line| format!("{line}\n")).collect();
    format!("{}\n\n{PART}\n{HEAD}{lines}", above.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_has_its_last_run_and_the_others_theirs() {
        let row = |text: &str| BTreeMap::from([("sip".to_owned(), text.to_owned())]);
        let first = with("# Hostile input\n\nWords.\n", &row("60 | 5"));
        assert!(first.starts_with("# Hostile input\n\nWords.\n\n## Led by coverage\n\nWritten by"), "{first}");
        let both = with(&first, &BTreeMap::from([("rtp".to_owned(), "60 | 9".to_owned())]));
        assert!(both.ends_with("|---|\n| `rtp` | 60 | 9 |\n| `sip` | 60 | 5 |\n"), "{both}");
        assert_eq!(with(&both, &row("600 | 50")), both.replace("60 | 5 |", "600 | 50 |"));
    }
}
