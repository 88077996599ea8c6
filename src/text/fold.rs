//! Text as it is searched: without letter case and accents.

/// Letters with marks, and what people without such keys type instead.
const LETTERS: &[(&str, &str)] = &[
    ("àáâãäåāăąǎǻ", "a"),
    ("æǽ", "ae"),
    ("çćĉċč", "c"),
    ("ðďđ", "d"),
    ("èéêëēĕėęě", "e"),
    ("ĝğġģǧ", "g"),
    ("ĥħ", "h"),
    ("ìíîïĩīĭįıǐ", "i"),
    ("ĳ", "ij"),
    ("ĵ", "j"),
    ("ķĸ", "k"),
    ("ĺļľŀł", "l"),
    ("ñńņňŉŋ", "n"),
    ("òóôõöøōŏőǒǿơ", "o"),
    ("œ", "oe"),
    ("ŕŗř", "r"),
    ("śŝşšșſ", "s"),
    ("ß", "ss"),
    ("ţťŧț", "t"),
    ("þ", "th"),
    ("ùúûüũūŭůűųǔǖǘǚǜư", "u"),
    ("ŵ", "w"),
    ("ýÿŷ", "y"),
    ("źżž", "z"),
    ("ά", "α"),
    ("έ", "ε"),
    ("ή", "η"),
    ("ίϊΐ", "ι"),
    ("ό", "ο"),
    ("ύϋΰ", "υ"),
    ("ώ", "ω"),
    ("ς", "σ"),
    ("ё", "е"),
    ("й", "и"),
    ("ї", "і"),
];

/// The text in lower case, its accents gone: `Zoë Groß` and `zoe gross` become one.
pub fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii() {
            out.push(c.to_ascii_lowercase());
            continue;
        }
        for c in c.to_lowercase().filter(|c| !super::is_combining(*c)) {
            let plain = LETTERS.iter().find(|(marked, _)| marked.contains(c));
            match plain {
                Some((_, letters)) => out.push_str(letters),
                None => out.push(c),
            }
        }
    }
    out
}

/// The signs of a number alone, as it is dialled; empty for a text that is more than a number.
pub fn digits(text: &str) -> String {
    let between = |c: char| " -./()\u{a0}".contains(c);
    let is_sign = |c: char| c.is_ascii_digit() || "+*#".contains(c);
    if text.chars().any(|c| !between(c) && !is_sign(c)) {
        return String::new();
    }
    text.chars().filter(|c| is_sign(*c)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_and_accents_make_no_difference() {
        for (one, other) in [
            ("Zoë GROß", "zoe gross"),
            ("Łukasz Żółć", "lukasz zolc"),
            ("Ærø", "aero"),
            ("cafe\u{301}", "CAFÉ"),
            ("Ёлка", "елка"),
            ("Άννα Σωτήρης", "αννα σωτηρησ"),
            ("日本", "日本"),
            ("İ", "i"),
        ] {
            assert_eq!(fold(one), fold(other));
        }
        assert_ne!(fold("ann"), fold("anno"));
        assert!(LETTERS.iter().all(|(marked, plain)| marked.chars().all(|c| fold(&c.to_string()) == *plain)));
    }

    #[test]
    fn numbers_lose_what_only_people_need() {
        for (text, expected) in [("+49 (0)40/12-3", "+49040123"), ("*21#", "*21#"), ("bob", ""), ("12a", ""), (" ", "")]
        {
            assert_eq!(digits(text), expected, "{text}");
        }
    }
}
