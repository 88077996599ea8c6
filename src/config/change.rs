//! What differs between two readings of a configuration, key by key, and what of it a person has changed meanwhile.

use super::schema::{Row, Section, Takes, rows};
use super::{Account, Settings};

/// A key that has another value, or a section that came or went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// `Settings.DND`, `Account2.label`; the name of a section alone for an account that is new or gone.
    pub name: String,
    /// The key; empty for a section.
    pub key: &'static str,
    /// When a phone that runs takes it.
    pub takes: Takes,
}

/// What differs, settings first, then account by account. No value is told: some are secret.
pub fn changes(before: (&Settings, &[Account]), after: (&Settings, &[Account])) -> Vec<Change> {
    let change =
        |section: String, row: &Row| Change { name: format!("{section}.{}", row.key), key: row.key, takes: row.takes };
    // Why not that one: the phone writes it itself, call by call.
    let settings = rows().filter(|row| row.key != "lastCallNumber" && row.change(before.0, after.0).is_some());
    let mut found: Vec<Change> = settings.map(|row| change(row.section.name(0), row)).collect();
    if before.0.shortcuts != after.0.shortcuts {
        found.push(Change { name: "Shortcuts".to_owned(), key: "", takes: Takes::Now });
    }
    let mut ids: Vec<_> = before.1.iter().chain(after.1).map(|account| account.id).collect();
    ids.sort_unstable();
    ids.dedup();
    for id in ids {
        let of = |accounts: &'_ [Account]| accounts.iter().position(|account| account.id == id);
        let pair = |was: usize, is: usize| before.1.get(was).zip(after.1.get(is));
        match of(before.1).zip(of(after.1)).and_then(|(was, is)| pair(was, is)) {
            Some((was, is)) => {
                let differing = rows().filter(|row| row.differs(was, is));
                found.extend(differing.map(|row| change(row.section.name(id.0), row)));
            }
            None => found.push(Change { name: Section::Account.name(id.0), key: "", takes: Takes::Now }),
        }
    }
    found
}

/// The settings that count once a file was read again: `before` is what it said the last time, `read` what it says now,
/// `current` what counts. What somebody has changed in the phone stays unless the file says something new, and so do the
/// keys of `touched`: those were changed while it was read. What is locked is as it is read.
pub fn renewed(before: &Settings, read: &Settings, current: &Settings, touched: &[&str]) -> Settings {
    let mut new = read.clone();
    if before.dialled == read.dialled {
        new.dialled.clone_from(&current.dialled);
    }
    for row in rows().filter(|row| !read.locked.contains(&row.key)) {
        let says_nothing_new = row.change(before, read).is_none() || touched.contains(&row.key);
        if let Some((_, held)) = row.change(read, current).filter(|_| says_nothing_new) {
            row.read_settings(&mut new, &held);
        }
    }
    new
}

#[cfg(test)]
mod tests {
    use super::super::ini::Document;
    use super::super::{Loaded, load};
    use super::*;

    fn read(text: &str) -> Loaded {
        load(&Document::parse(text.as_bytes()).unwrap(), &[])
    }

    const BASE: &str = "[Settings]\naccountId=1\n[Account1]\nserver=s\ndomain=d\nusername=u\npassword=p\n";

    #[test]
    fn each_kind_of_key_is_named_and_says_when_it_counts() {
        use Takes::{Anew, Now, Restart};
        for (more, expected) in [
            ("", &[][..]),
            ("label=Desk\n", &[("Account1.label", Now)]),
            ("username=u\n", &[]),
            ("transport=tcp\nproxy=x\n", &[("Account1.proxy", Anew), ("Account1.transport", Anew)]),
            ("[Account2]\ndomain=e\n", &[("Account2", Now)]),
            ("[tuiphone]\nbindAddress=::1\nwatch=102\n", &[("tuiphone.bindAddress", Restart), ("tuiphone.watch", Now)]),
            ("[tuiphone]\ntlsVerify=0\n", &[("tuiphone1.tlsVerify", Anew)]),
            ("[Shortcuts]\n0=a;102;call;;1\n", &[("Shortcuts", Now)]),
        ] {
            let (before, after) = (read(BASE), read(&format!("{BASE}{more}")));
            let names = |was: &Loaded, is: &Loaded| -> Vec<(String, Takes)> {
                let found = changes((&was.settings, &was.accounts), (&is.settings, &is.accounts));
                found.into_iter().map(|change| (change.name, change.takes)).collect()
            };
            let expected: Vec<(String, Takes)> =
                expected.iter().map(|(name, takes)| ((*name).to_owned(), *takes)).collect();
            assert_eq!(names(&before, &after), expected, "{more}");
            assert_eq!(names(&after, &before), expected, "{more} taken away");
        }
        let (before, after) = (read(BASE), read(&BASE.replace("password=p", "password=q")));
        let found = changes((&before.settings, &before.accounts), (&after.settings, &after.accounts));
        let shown = format!("{found:?}");
        assert!(found.len() == 1 && shown.contains("Account1.password") && !shown.contains("\"q\""), "{shown}");
    }

    #[test]
    fn what_the_phone_notes_by_itself_is_no_change() {
        let after = read(&BASE.replace("[Settings]\n", "[Settings]\nlastCallNumber=600\n"));
        assert_eq!(after.settings.last_call_number, "600");
        let before = read(BASE);
        assert_eq!(changes((&before.settings, &before.accounts), (&after.settings, &after.accounts)), []);
    }

    #[test]
    fn what_was_dialled_stays_until_the_file_says_otherwise() {
        let dialled = |numbers: &str| {
            let dialled = super::super::Dialled::of(numbers.split_whitespace());
            Settings { dialled, ..Settings::default() }
        };
        for (before, read, current, expected) in [("1", "1", "2 1", "2 1"), ("1", "9", "2 1", "9"), ("1", "", "1", "")]
        {
            let new = renewed(&dialled(before), &dialled(read), &dialled(current), &[]);
            assert_eq!(new.dialled.numbers().join(" "), expected, "{before} {read} {current}");
        }
    }

    #[test]
    fn what_a_person_changed_stays_until_the_file_says_otherwise() {
        // What the file said, what it says, what counts, what was changed meanwhile; what counts then.
        for (before, read, current, touched, expected) in [
            (false, false, true, &[][..], true),
            (false, true, false, &[], true),
            (true, false, true, &[], false),
            (false, true, false, &["DND"], false),
            (true, true, false, &[], false),
        ] {
            let dnd = |dnd: bool| Settings { dnd, ..Settings::default() };
            let new = renewed(&dnd(before), &dnd(read), &dnd(current), touched);
            assert_eq!(new.dnd, expected, "{before} {read} {current} {touched:?}");
            let locked = Settings { locked: vec!["DND"], ..dnd(read) };
            assert_eq!(renewed(&dnd(before), &locked, &dnd(current), touched).dnd, read, "locked");
        }
    }
}
