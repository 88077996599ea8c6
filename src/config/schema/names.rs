//! Names as files have them: what this phone knows of a section and a key.

use super::hook_rows::OWN_ROWS;
use super::kept::KEPT;
use super::{Kept, Row, Section, kept, rows};

/// Sections that are lists: their keys are numbers.
const LISTS: &[&str] = &["Shortcuts", "Calls", "Dialed", "Contacts"];

/// The most characters of a value that MicroSIP reads, unless its row says otherwise.
pub(super) const LIMIT: u16 = 255;
const SHORTCUT_LIMIT: u16 = 1023;

/// What this phone knows of a key.
#[derive(Clone, Copy)]
pub enum Known {
    /// It is read.
    Read(&'static Row),
    /// It is MicroSIP's, and not used.
    Kept(&'static Kept),
    /// It is one of a list, as `0` of `[Shortcuts]`.
    Entry,
    /// Nothing.
    Unknown,
}

/// A section of a name that is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The name as MicroSIP, or we, spell it.
    pub name: String,
    /// Whose keys stand there; none in a list.
    pub sections: &'static [Section],
    /// N of `[AccountN]` and `[tuiphoneN]`.
    pub account: Option<u32>,
}

impl Place {
    /// The place of a section's name, case ignored; `None` = no section of that name is known.
    pub fn of(section: &str) -> Option<Place> {
        let plain = |name: &str, sections| Place { name: name.to_owned(), sections, account: None };
        let named: [(&str, &'static [Section]); 4] = [
            ("Settings", &[Section::Settings]),
            ("Global", &[Section::Global]),
            ("tuiphone", &[Section::Tuiphone, Section::TuiphoneAccount]),
            ("Account", &[Section::Account]),
        ];
        let lists = LISTS.iter().map(|name| (*name, &[] as &[Section]));
        if let Some((name, sections)) =
            named.into_iter().chain(lists).find(|(name, _)| name.eq_ignore_ascii_case(section))
        {
            return Some(plain(name, sections));
        }
        let numbered: [(&str, &'static [Section]); 2] =
            [("Account", &[Section::Account]), ("tuiphone", &[Section::TuiphoneAccount])];
        numbered.into_iter().find_map(|(word, sections)| {
            let (start, digits) = section.split_at_checked(word.len())?;
            let number: u32 = digits.parse().ok().filter(|number: &u32| number.to_string() == digits)?;
            let name = format!("{word}{number}");
            start.eq_ignore_ascii_case(word).then_some(Place { name, sections, account: Some(number) })
        })
    }

    /// What is known of a key here, case ignored.
    pub fn known(&self, key: &str) -> Known {
        if let Some(row) = self.sections.iter().find_map(|&section| Row::find(section, key)) {
            return Known::Read(row);
        }
        let beside = OWN_ROWS.iter().find(|row| self.name == "Settings" && row.key.eq_ignore_ascii_case(key));
        if let Some(row) = beside {
            return Known::Read(row);
        }
        if let Some(kept) = self.sections.iter().find_map(|&section| kept(section, key)) {
            return Known::Kept(kept);
        }
        let is_entry = self.sections.is_empty() && !key.is_empty() && key.bytes().all(|digit| digit.is_ascii_digit());
        // `Account=user@domain` of the section without a number.
        let is_address = self.name == "Account" && key.eq_ignore_ascii_case("Account");
        if is_entry || is_address { Known::Entry } else { Known::Unknown }
    }

    /// The key that was probably meant.
    pub fn nearest(&self, key: &str) -> Option<&'static str> {
        let read = rows().map(|row| (row.section, row.key));
        let kept = KEPT.iter().flat_map(|kept| kept.keys.iter().map(|key| (kept.section, *key)));
        let here = read.chain(kept).filter(|(section, _)| self.sections.contains(section));
        nearest(key, here.map(|(_, known)| known))
    }
}

/// What is too long of a value for MicroSIP, in words; `None` = nothing, or it reads no such key.
pub fn beyond_microsip(section: &str, key: &str, value: &str) -> Option<String> {
    let place = Place::of(section)?;
    let most = match place.known(key) {
        Known::Read(row) => row.limit?,
        Known::Kept(_) => LIMIT,
        Known::Entry if place.name == "Shortcuts" => SHORTCUT_LIMIT,
        Known::Entry | Known::Unknown => return None,
    };
    // Its characters are those of UTF-16.
    let length = value.encode_utf16().count();
    (length > usize::from(most)).then(|| format!("{length} characters: MicroSIP reads {most} of them"))
}

/// The section that was probably meant.
pub fn nearest_section(section: &str) -> Option<String> {
    let digits = section.len() - section.trim_end_matches(|c: char| c.is_ascii_digit()).len();
    let (word, number) = section.split_at_checked(section.len() - digits)?;
    let words = ["Settings", "Account", "tuiphone", "Global"].into_iter().chain(LISTS.iter().copied());
    nearest(word, words).map(|word| format!("{word}{number}"))
}

/// The section where a key of that name is read.
pub fn section_of(key: &str) -> Option<Section> {
    rows().find(|row| row.key.eq_ignore_ascii_case(key)).map(|row| row.section)
}

/// The word that is most like this one, if any is like it.
fn nearest(word: &str, all: impl Iterator<Item = &'static str>) -> Option<&'static str> {
    const LONGEST: usize = 64;
    if word.len() > LONGEST {
        return None;
    }
    let near = all.map(|known| (distance(word, known), known)).filter(|(far, known)| *far <= 1 + known.len() / 6);
    near.min_by_key(|(far, _)| *far).map(|(_, known)| known)
}

/// Letters to add, drop, change or swap with their neighbour, case ignored.
fn distance(one: &str, other: &str) -> usize {
    let [one, other] = [one, other].map(|word| word.to_lowercase().chars().collect::<Vec<char>>());
    let first: Vec<usize> = (0..=other.len()).collect();
    let mut rows = [Vec::new(), first];
    for (i, a) in one.iter().enumerate() {
        let [before, last] = &rows;
        let at = |row: &[usize], n: usize| row.get(n).copied().unwrap_or(usize::MAX - 1);
        let mut row = vec![i + 1];
        for (j, b) in other.iter().enumerate() {
            let change = at(last, j) + usize::from(a != b);
            let step = 1 + at(last, j + 1).min(at(&row, j));
            let is_swap = i > 0 && j > 0 && other.get(j - 1) == Some(a) && one.get(i - 1) == Some(b);
            let swap = if is_swap { at(before, j - 1) + 1 } else { usize::MAX };
            row.push(change.min(step).min(swap));
        }
        rows = [std::mem::take(&mut rows[1]), row];
    }
    rows[1].last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_are_known_whatever_their_case() {
        for (text, expected) in [
            ("settings", Some(("Settings", None))),
            ("ACCOUNT12", Some(("Account12", Some(12)))),
            ("account", Some(("Account", None))),
            ("Tuiphone2", Some(("tuiphone2", Some(2)))),
            ("shortcuts", Some(("Shortcuts", None))),
            ("Account01", None),
            ("Account-1", None),
            ("Settings1", None),
            ("Ünlü", None),
            ("", None),
        ] {
            let place = Place::of(text);
            assert_eq!(place.as_ref().map(|it| (it.name.as_str(), it.account)), expected, "{text}");
        }
    }

    #[test]
    fn keys_are_read_kept_entries_or_unknown() {
        for (section, key, expected) in [
            ("Settings", "dnd", "read"),
            ("Settings", "videoH264", "kept"),
            ("Settings", "Watch", "unknown"),
            ("tuiphone", "watch", "read"),
            ("tuiphone", "turnServer", "read"),
            ("tuiphone2", "turnServer", "read"),
            ("tuiphone2", "watch", "unknown"),
            ("Account3", "STUN", "kept"),
            ("Account", "Account", "entry"),
            ("Account1", "Account", "unknown"),
            ("Dialed", "3", "entry"),
            ("Dialed", "x", "unknown"),
        ] {
            let found = match Place::of(section).unwrap().known(key) {
                Known::Read(_) => "read",
                Known::Kept(_) => "kept",
                Known::Entry => "entry",
                Known::Unknown => "unknown",
            };
            assert_eq!(found, expected, "[{section}] {key}");
        }
    }

    #[test]
    fn values_that_microsip_would_cut_off_are_known() {
        for (section, key, most) in [
            ("Settings", "userAgent", Some(255)),
            ("Settings", "audioCodecs", Some(511)),
            ("Settings", "videoCodec", Some(255)),
            ("account1", "LABEL", Some(255)),
            ("Account1", "server", Some(1040)),
            ("Account1", "proxy", Some(1040)),
            ("Account1", "domain", Some(1040)),
            ("Account1", "username", Some(1040)),
            ("Account1", "password", Some(1040)),
            ("Account1", "authID", Some(1040)),
            ("Account1", "displayName", Some(1040)),
            ("Account1", "dialPlan", Some(255)),
            ("Shortcuts", "0", Some(1023)),
            ("Dialed", "0", None),
            ("tuiphone", "watch", None),
            ("Nowhere", "x", None),
        ] {
            let told = |length| beyond_microsip(section, key, &"x".repeat(length));
            let expected = most.map(|most| format!("{} characters: MicroSIP reads {most} of them", most + 1));
            assert_eq!(told(most.unwrap_or(4000) + 1), expected, "[{section}] {key}");
            assert_eq!(told(most.unwrap_or(0)), None, "[{section}] {key}");
        }
        // Two units of UTF-16 each.
        assert!(beyond_microsip("Settings", "userAgent", &"📞".repeat(128)).is_some());
    }

    #[test]
    fn slips_of_the_finger_are_understood() {
        for (section, key, expected) in [
            ("Settings", "audioCodec", Some("audioCodecs")),
            ("Settings", "autoAnwser", Some("autoAnswer")),
            ("Settings", "DMD", Some("DND")),
            ("Account1", "pasword", Some("password")),
            ("tuiphone", "passwordComand", Some("passwordCommand")),
            ("Settings", "nonsense", None),
            ("Settings", &"x".repeat(100_000), None),
        ] {
            assert_eq!(Place::of(section).unwrap().nearest(key), expected, "[{section}] {key}");
        }
        for (one, other, far) in
            [("", "ab", 2), ("abc", "ABC", 0), ("abcd", "acbd", 1), ("ab", "", 2), ("kitten", "sitting", 3)]
        {
            assert_eq!(distance(one, other), far, "{one} {other}");
        }
        assert_eq!(nearest_section("Setings").as_deref(), Some("Settings"));
        assert_eq!(nearest_section("Acount2").as_deref(), Some("Account2"));
        assert_eq!(nearest_section("Fritz"), None);
    }
}
