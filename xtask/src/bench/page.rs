//! The page of results, where a part of it is measured anew.

/// `page` with the rows of `newer` in place of its own, by table and by name; rows that it has not are added to their
/// table. A table is known by its head, so figures of other phones, or of other versions, mix with nobody's; where this
/// phone was measured alone its rows go beside those of all phones, but for rows that others have a figure in. What was
/// not to be had this time is told beside what was not before: its rows are those of before. `note` goes below the line
/// that says on what the page was measured.
pub fn merged(page: &str, newer: &str, note: &str) -> String {
    let mut lines: Vec<String> = page.lines().map(str::to_owned).collect();
    for (head, rows) in tables(newer) {
        let is_head = |line: &String| line.strip_prefix(head).is_some_and(|others| others.is_empty() || head == ALONE);
        let Some(begin) = lines.iter().position(is_head) else { continue };
        let others = lines[begin].matches(" | ").count() - head.matches(" | ").count();
        let end =
            |lines: &[String]| begin + 2 + lines.iter().skip(begin + 2).take_while(|l| l.starts_with('|')).count();
        // The first ones have nothing to stand behind.
        let mut last = end(&lines) - 1;
        for row in rows {
            let row = format!("{row}{}", "  |".repeat(others));
            match (begin + 2..end(&lines)).find(|at| lines.get(*at).is_some_and(|line| name(line) == name(&row))) {
                Some(at) if others > 0 && !lines[at].ends_with(&"  |".repeat(others)) => {}
                Some(at) => {
                    lines[at] = row;
                    last = at;
                }
                None => {
                    last += 1;
                    lines.insert(last, row);
                }
            }
        }
    }
    if let Some(at) = lines.iter().position(|line| line.contains("; commit ")) {
        // Behind what was measured anew before.
        let notes = lines.iter().skip(at + 1).take_while(|line| !line.is_empty()).count();
        lines.insert(at + 1 + notes, note.to_owned());
    }
    let missing: Vec<String> = not_had(newer).filter(|line| !lines.contains(line)).collect();
    if !missing.is_empty() && !lines.iter().any(|line| line == NOT_HAD) {
        lines.extend(["", NOT_HAD, ""].map(str::to_owned));
    }
    lines.extend(missing);
    lines.join("\n") + "\n"
}

/// The head of what this phone was measured for without others.
const ALONE: &str = "| what | tuiphone |";

/// Over what was not to be had; the last part of a page.
pub const NOT_HAD: &str = "## Not had";

/// Its lines, which say that they came later.
fn not_had(page: &str) -> impl Iterator<Item = String> {
    let lines = page.lines().skip_while(|line| *line != NOT_HAD);
    lines.filter(|line| line.starts_with("- ")).map(|line| format!("{line} (anew)"))
}

/// The heads of a page's tables, and their rows.
fn tables(page: &str) -> Vec<(&str, Vec<&str>)> {
    let mut tables: Vec<(&str, Vec<&str>)> = Vec::new();
    let mut is_inside = false;
    for line in page.lines() {
        match (line.starts_with('|'), is_inside) {
            (true, false) => tables.push((line, Vec::new())),
            (true, true) if !line.starts_with("|---") => tables.last_mut().into_iter().for_each(|t| t.1.push(line)),
            _ => {}
        }
        is_inside = line.starts_with('|');
    }
    tables
}

/// What a row is about.
fn name(row: &str) -> &str {
    row.trim_start_matches('|').split(" | ").next().unwrap_or_default().trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_take_the_place_of_their_like_in_the_same_table() {
        let page = "# Results\n\nLinux, load 1; commit a\n\n| what | ours |\n|---|---|\n| a | 1 |\n| b | 2 |\n\n\
                    | Opus | ours |\n|---|---|\n| a | 3 |\n";
        let newer = "x; commit b\n\n| what | ours |\n|---|---|\n| b | 5 |\n| c | 6 |\n\n| other | ours |\n|---|---|\n| a | 9 |\n";
        let wanted = "# Results\n\nLinux, load 1; commit a\nanew\n\n| what | ours |\n|---|---|\n| a | 1 |\n| b | 5 |\n\
                      | c | 6 |\n\n| Opus | ours |\n|---|---|\n| a | 3 |\n";
        assert_eq!(merged(page, newer, "anew"), wanted);
        assert!(merged(wanted, newer, "again").contains("commit a\nanew\nagain\n\n"));
        let missed = format!("{newer}\n## Not had\n\n- d: it was refused\n");
        let told = merged(page, &missed, "anew");
        assert_eq!(told, format!("{wanted}\n## Not had\n\n- d: it was refused (anew)\n"));
        assert!(merged(&told, &missed, "again").ends_with("\n- d: it was refused (anew)\n"));
        assert_eq!(merged(&told, &missed, "again").matches("(anew)").count(), 1);
    }

    #[test]
    fn who_was_measured_alone_goes_beside_the_others() {
        let page = "x; commit a\n\n| what | tuiphone | b 1 |\n|---|---|---|\n| start | 1 | 2 |\n| own | 3 |  |\n";
        let newer = "x; commit b\n\n| what | tuiphone |\n|---|---|\n| start | 9 |\n| own | 4 |\n| more | 5 |\n";
        let wanted = "x; commit a\nanew\n\n| what | tuiphone | b 1 |\n|---|---|---|\n| start | 1 | 2 |\n| own | 4 |  |\n\
                      | more | 5 |  |\n";
        assert_eq!(merged(page, newer, "anew"), wanted);
    }
}
