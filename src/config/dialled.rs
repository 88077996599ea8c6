//! `[Dialed]`: what was dialled last, as it was typed, and `lastCallNumber` beside it.

use super::ini::{Document, Encoding};

/// What MicroSIP keeps.
pub const MAX_DIALLED: usize = 10;

/// The longest number that is kept, in characters: MicroSIP reads no more of a value.
const MAX_CHARS: usize = 255;

/// The section.
const SECTION: &str = "Dialed";

/// Keys by which a file shows that MicroSIP has written it, beside the section itself.
const ITS_MARKS: [(&str, &str); 4] =
    [("Settings", "lastCallNumber"), ("Settings", "callsLastKey"), ("Settings", "version"), ("Global", "version")];

/// Whether the file keeps what was dialled (`[tuiphone] keepDialed`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum KeepDialled {
    /// `auto`: where MicroSIP has written the file, or its form was asked for.
    #[default]
    Auto,
    /// `on`: always.
    On,
    /// `off`: never.
    Off,
}

impl KeepDialled {
    /// It is kept in this file.
    pub fn is_kept_in(self, document: &Document) -> bool {
        match self {
            KeepDialled::On => true,
            KeepDialled::Off => false,
            KeepDialled::Auto => {
                document.encoding() == Encoding::Utf16Le
                    || document.has_section(SECTION)
                    || ITS_MARKS.iter().any(|(section, key)| document.get(section, key).is_some())
            }
        }
    }
}

/// Numbers as they were typed, the last one first, each once.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Dialled(Vec<String>);

impl Dialled {
    /// Those of these values, which are in the order of their keys: `0` is the last one.
    pub fn of<'a>(values: impl Iterator<Item = &'a str>) -> Dialled {
        let mut dialled = Dialled::default();
        for value in values.filter(|value| may_be_kept(value)) {
            if dialled.0.len() < MAX_DIALLED && !dialled.0.iter().any(|known| known == value) {
                dialled.0.push(value.to_owned());
            }
        }
        dialled
    }

    /// This was dialled just now.
    pub fn add(&mut self, typed: &str) {
        let typed = typed.trim();
        if may_be_kept(typed) {
            self.0.retain(|known| known != typed);
            self.0.insert(0, typed.to_owned());
            self.0.truncate(MAX_DIALLED);
        }
    }

    /// The numbers.
    pub fn numbers(&self) -> &[String] {
        &self.0
    }

    /// Writes the section anew: these and no others. One that the file's encoding has not the characters for is left out.
    pub fn write(&self, document: &mut Document) {
        let mut key = 0_usize;
        for number in &self.0 {
            key += usize::from(document.set(SECTION, &key.to_string(), number).is_ok());
        }
        let is_over = |name: &str| name.parse::<usize>().is_ok_and(|number| number >= key);
        let over: Vec<String> =
            document.entries(SECTION).map(|(name, _)| name).filter(|name| is_over(name)).map(str::to_owned).collect();
        for name in over {
            document.remove(SECTION, &name);
        }
    }
}

/// A line of the file can hold it, and MicroSIP reads the whole of it.
fn may_be_kept(typed: &str) -> bool {
    !typed.trim().is_empty() && !typed.contains(char::is_control) && typed.chars().count() <= MAX_CHARS
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(text: &str) -> Document {
        Document::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn the_last_one_stands_first_and_each_once() {
        let ten = "9 8 7 6 5 4 3 2 1 0";
        for (before, typed, after) in [
            ("", "600", "600"),
            ("600", "601", "601 600"),
            ("601 600", "600", "600 601"),
            (ten, "x", "x 9 8 7 6 5 4 3 2 1"),
            ("600", "800,1234#", "800,1234# 600"),
            ("600", "  601 ", "601 600"),
            ("600", "/dnd", "/dnd 600"),
            ("600", "", "600"),
            ("600", "6\n7", "600"),
        ] {
            let mut dialled = Dialled::of(before.split_whitespace());
            dialled.add(typed);
            assert_eq!(dialled.numbers().join(" "), after, "{typed:?} after {before}");
        }
        assert_eq!(Dialled::of("1 2 3 2 4 5 6 7 8 9 10 11".split(' ')).numbers().join(" "), "1 2 3 4 5 6 7 8 9 10");
        let mut dialled = Dialled::default();
        dialled.add(&"1".repeat(MAX_CHARS));
        dialled.add(&"2".repeat(MAX_CHARS + 1));
        assert_eq!(dialled.numbers().len(), 1);
    }

    #[test]
    fn the_section_is_written_anew_and_nothing_else() {
        for (before, numbers, after) in [
            ("[Settings]\na=1\n", "600 601", "[Settings]\na=1\n[Dialed]\n0=600\n1=601\n"),
            ("[Dialed]\n0=1\n1=2\n2=3\n[Calls]\n0=x\n", "9", "[Dialed]\n0=9\n[Calls]\n0=x\n"),
            ("[Dialed]\n; mine\n0=1\nother=2\n", "5 6", "[Dialed]\n; mine\n0=5\nother=2\n1=6\n"),
            ("[dialed]\r\n0=1\r\n", "1", "[dialed]\r\n0=1\r\n"),
        ] {
            let mut document = document(before);
            Dialled::of(numbers.split(' ')).write(&mut document);
            assert_eq!(String::from_utf8(document.to_bytes()).unwrap(), after);
        }
        let mut latin = Document::parse(b"[Settings]\nlabel=M\xfcller\n").unwrap();
        Dialled::of(["жук@h", "600"].into_iter()).write(&mut latin);
        assert_eq!(latin.entries("Dialed").collect::<Vec<_>>(), [("0", "600")], "what cannot be spelt is left out");
    }

    #[test]
    fn microsips_files_keep_it_and_others_do_not() {
        let utf16 = [&b"\xff\xfe"[..], &Encoding::Utf16Le.encode("[Settings]\r\n").unwrap()].concat();
        for (text, auto) in [
            (&b"[Settings]\naccountId=1\n"[..], false),
            (b"[Settings]\n[Dialed]\n", true),
            (b"[Settings]\ncallsLastKey=-1\n", true),
            (b"[Settings]\nlastcallnumber=\n", true),
            (b"[Settings]\nversion=3.22.3\n", true),
            (b"[Global]\nversion=3.22.16\n", true),
            (&utf16, true),
            (b"\xef\xbb\xbf[Settings]\n", false),
        ] {
            let document = Document::parse(text).unwrap();
            let kept = [KeepDialled::Auto, KeepDialled::On, KeepDialled::Off].map(|keep| keep.is_kept_in(&document));
            assert_eq!(kept, [auto, true, false], "{}", text.escape_ascii());
        }
    }
}
