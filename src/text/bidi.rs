//! Text that runs from right to left, kept from turning what stands beside it around (UAX #9 §2.4, isolates).

use std::ops::Range;

/// First strong isolate.
pub const FSI: char = '\u{2068}';
/// Pop directional isolate.
pub const PDI: char = '\u{2069}';

/// True for letters that run from right to left: Hebrew, Arabic, Syriac, Thaana, N'Ko and the scripts beside them.
pub fn is_right_to_left(c: char) -> bool {
    matches!(c,
        '\u{0590}'..='\u{08FF}' | '\u{FB1D}'..='\u{FDFF}' | '\u{FE70}'..='\u{FEFE}'
        | '\u{10800}'..='\u{10FFF}' | '\u{1E800}'..='\u{1EFFF}')
}

/// Runs of such text among pieces: from the first piece with a letter of it to the last, with no more between them than one
/// piece that is neither such a letter nor one that runs from left to right.
pub fn runs<'a>(pieces: impl Iterator<Item = &'a str>) -> Vec<Range<usize>> {
    let mut runs: Vec<Range<usize>> = Vec::new();
    let mut joins = false;
    let mut gap = 0;
    for (at, piece) in pieces.enumerate() {
        if piece.chars().any(is_right_to_left) {
            match runs.last_mut().filter(|_| joins && gap < 2) {
                Some(run) => run.end = at + 1,
                None => runs.push(at..at + 1),
            }
            (joins, gap) = (true, 0);
        } else {
            gap += 1;
            joins &= piece.chars().all(|c| c == ' ' || c.is_ascii_punctuation());
        }
    }
    runs
}

/// Each run of a text in marks of its own. Nothing else is changed.
pub fn isolated(text: &str) -> String {
    if !text.chars().any(is_right_to_left) {
        return text.to_owned();
    }
    let letters: Vec<String> = text.chars().map(String::from).collect();
    let runs = runs(letters.iter().map(String::as_str));
    let mut out = String::with_capacity(text.len() + 6 * runs.len());
    for (at, letter) in letters.iter().enumerate() {
        if runs.iter().any(|run| run.start == at) {
            out.push(FSI);
        }
        out.push_str(letter);
        if runs.iter().any(|run| run.end == at + 1) {
            out.push(PDI);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::sanitise;

    #[test]
    fn names_that_run_from_right_to_left_stand_in_marks() {
        for (text, told) in [
            ("Alice, 201", "Alice, 201"),
            ("דוד, 201 calls", "\u{2068}דוד\u{2069}, 201 calls"),
            ("Call from דוד לוי, extension 201.", "Call from \u{2068}דוד לוי\u{2069}, extension 201."),
            ("محمد  دوד", "\u{2068}محمد\u{2069}  \u{2068}دوד\u{2069}"),
            ("דAד", "\u{2068}ד\u{2069}A\u{2068}ד\u{2069}"),
            ("ד1ד", "\u{2068}ד\u{2069}1\u{2068}ד\u{2069}"),
            ("ד-ד", "\u{2068}ד-ד\u{2069}"),
            ("", ""),
        ] {
            assert_eq!(isolated(text), told);
            assert_eq!(sanitise(told), text, "marks from outside do not stay");
        }
    }
}
