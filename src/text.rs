//! The one gate for foreign text: whatever came from the network or a file passes here before it
//! reaches a terminal, a log, a notification or a file name.

pub mod bidi;
pub mod encoding;
pub mod fold;
pub mod local;
mod masked;
pub mod words;
pub mod xml;

pub use masked::{MASK, masked};
pub(crate) use words::say;

/// Longest text, in characters, that [`sanitise`] lets through.
pub const MAX_CHARS: usize = 256;

/// Longest text, in characters, that [`sanitise_text`] lets through.
pub const MAX_TEXT_CHARS: usize = 4096;

/// Makes foreign text safe to show: control characters (C0, C1, DEL), bidirectional controls, zero-width and
/// tag characters are dropped, at most two combining marks follow a base character, and the result is cut at
/// [`MAX_CHARS`] characters with `…` in place of the rest. Line breaks and tabs become blanks.
pub fn sanitise(text: &str) -> String {
    clean(text, MAX_CHARS, false)
}

/// [`sanitise`] without blanks around what is left: what is written so is read so again.
pub fn sanitise_trimmed(text: &str) -> String {
    sanitise(text).trim().to_owned()
}

/// [`sanitise`] for a message of many lines: line ends stay, and it is cut at [`MAX_TEXT_CHARS`].
pub fn sanitise_text(text: &str) -> String {
    clean(&text.replace("\r\n", "\n"), MAX_TEXT_CHARS, true)
}

/// [`sanitise_text`], however long.
pub fn sanitise_all(text: &str) -> String {
    clean(&text.replace("\r\n", "\n"), usize::MAX, true)
}

fn clean(text: &str, most: usize, keeps_lines: bool) -> String {
    let mut out = String::with_capacity(text.len().min(most.saturating_mul(4)));
    let mut marks = 0;
    let mut count = 0;
    // What a mark at the beginning would sit on: blanks there may be trimmed.
    let mut has_base = false;
    for c in text.chars() {
        let is_kept = keeps_lines && c == '\n';
        let c = if matches!(c, '\n' | '\r' | '\t') && !is_kept { ' ' } else { c };
        if is_forbidden(c) && !is_kept {
            continue;
        }
        if is_combining(c) {
            marks += 1;
            if marks > 2 || !has_base {
                continue;
            }
        } else {
            marks = 0;
            has_base |= !c.is_whitespace();
        }
        if count == most {
            out.push('…');
            break;
        }
        out.push(c);
        count += 1;
    }
    out
}

/// A sentence that repeats foreign words: clean, and of a long one the beginning and the end, at most `most` characters.
pub fn elided(sentence: &str, most: usize) -> String {
    let clean = clean(sentence, usize::MAX, false);
    let length = clean.chars().count();
    if length <= most {
        return clean;
    }
    let tail = most / 3;
    let head: String = clean.chars().take(most.saturating_sub(tail + 1)).collect();
    head + "…" + &clean.chars().skip(length - tail).collect::<String>()
}

/// [`sanitise`] for bytes that may not be UTF-8.
pub fn sanitise_bytes(bytes: &[u8]) -> String {
    let cut = bytes.get(..MAX_CHARS * 8).unwrap_or(bytes);
    sanitise(&String::from_utf8_lossy(cut))
}

/// [`sanitise`] line by line; line ends stay.
pub fn sanitise_lines(text: &str) -> String {
    text.lines().map(sanitise).collect::<Vec<_>>().join("\n")
}

/// A cell of a CSV: foreign text that no spreadsheet takes for a formula.
pub fn csv_cell(text: &str) -> String {
    csv_quoted(&sanitise(text))
}

/// [`csv_cell`] for text that is safe to show already.
pub fn csv_quoted(text: &str) -> String {
    let safe = if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() };
    if safe.contains([',', '"', '\n', '\r']) { format!("\"{}\"", safe.replace('"', "\"\"")) } else { safe }
}

fn is_forbidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' | '\u{180E}'
            | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{3164}'
            | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFB}' | '\u{FFFE}' | '\u{FFFF}'
            | '\u{E0000}'..='\u{E0FFF}')
}

fn is_combining(c: char) -> bool {
    matches!(c, '\u{0300}'..='\u{036F}' | '\u{0483}'..='\u{0489}' | '\u{0591}'..='\u{05BD}' | '\u{0610}'..='\u{061A}'
        | '\u{064B}'..='\u{065F}' | '\u{0E31}' | '\u{0E34}'..='\u{0E3A}' | '\u{0E47}'..='\u{0E4E}'
        | '\u{1AB0}'..='\u{1AFF}' | '\u{1DC0}'..='\u{1DFF}' | '\u{20D0}'..='\u{20FF}' | '\u{FE20}'..='\u{FE2F}')
}

/// The system's words for an error, without its number.
pub fn plain_error(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escape_sequences_lose_their_teeth() {
        assert_eq!(sanitise("a\x1b]52;c;ZXZpbA==\x07b"), "a]52;c;ZXZpbA==b");
        assert_eq!(sanitise("\u{9b}2J"), "2J");
        assert_eq!(sanitise("Bob\r\nVia: x"), "Bob  Via: x");
    }

    #[test]
    fn what_was_trimmed_is_trimmed_no_further() {
        for (text, clean) in [(" \u{300}", ""), (" a\u{301} ", "a\u{301}"), ("\u{7f} \u{300}b \u{300}", "b \u{300}")] {
            assert_eq!(sanitise_trimmed(text), clean, "{text:?}");
            assert_eq!(sanitise_trimmed(clean), clean, "{text:?}");
        }
    }

    #[test]
    fn a_long_sentence_keeps_its_beginning_and_its_end() {
        assert_eq!(elided("short", 10), "short");
        let long = elided(&format!("no '{}' here", "é".repeat(5000)), 30);
        assert_eq!(
            (long.chars().count(), long.starts_with("no 'é"), long.ends_with("' here")),
            (30, true, true),
            "{long}"
        );
    }

    #[test]
    fn a_text_keeps_its_lines_and_nothing_worse() {
        assert_eq!(sanitise_text("one\r\ntwo\rthree\tfour\x1b[2J\n"), "one\ntwo three four[2J\n");
        let long = sanitise_text(&"x\n".repeat(5000));
        assert_eq!((long.chars().count(), long.ends_with('…')), (MAX_TEXT_CHARS + 1, true));
    }

    #[test]
    fn bidi_zero_width_and_tags_are_dropped() {
        assert_eq!(sanitise("a\u{202e}b\u{2066}c\u{200b}d\u{e0041}e\u{feff}"), "abcde");
        // XML has no place for these, not even by their numbers.
        assert_eq!(sanitise("a\u{fffe}b\u{ffff}c"), "abc");
    }

    #[test]
    fn marks_and_length_are_bounded() {
        assert_eq!(sanitise("\u{301}e\u{301}\u{301}\u{301}\u{301}x"), "e\u{301}\u{301}x");
        let long = sanitise(&"x".repeat(5000));
        assert_eq!(long.chars().count(), MAX_CHARS + 1);
        assert!(long.ends_with('…'));
        assert_eq!(sanitise_bytes(b"ok\xff"), "ok\u{fffd}");
    }
}
