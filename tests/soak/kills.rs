//! `kill -9` in a call, and the next phone at the same place, over and over.

use std::path::Path;

use crate::held::{Held, Row};
use crate::phones::{hang_up, kept, talk};
use crate::support::{House, until};

/// Every file below a folder.
fn files(folder: &Path) -> Vec<String> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok) {
        let path = entry.path();
        match entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            true => all.extend(files(&path)),
            false => all.push(path.display().to_string()),
        }
    }
    all.sort();
    all
}

#[test]
fn a_phone_that_is_killed_over_and_over_finds_everything_again() {
    // No more: the far end goes on in a call with each that is dead.
    let turns = 3;
    let house = House::open();
    let ini = std::fs::read(house.ini()).expect("read");
    let mut phone = house.daemon();
    hang_up(talk(&phone, "600"));
    let before = Held::by(&phone);
    let mut left = Vec::new();
    for turn in 1..=turns {
        let wire = talk(&phone, "600");
        assert!(until(|| kept(&house) == turn + 1), "turn {turn}: the call stands in the history");
        phone.child.kill().expect("killed");
        phone.child.wait().expect("gone");
        drop(wire);
        assert!(house.socket().exists(), "turn {turn}: it had no time to clear up");
        // Said once it is registered, and takes whoever comes at the place of the dead one.
        phone = house.daemon();
        assert_eq!(kept(&house), turn + 1, "turn {turn}: nothing is forgotten");
        // What the first that was killed left is all there ever is.
        let now = files(house.folder.path());
        if turn == 1 {
            left = now;
        } else {
            assert_eq!(now, left, "turn {turn}");
        }
    }
    // As the first one, which had a call.
    hang_up(talk(&phone, "600"));
    let after = Held::again(&phone, &before);
    assert_eq!(std::fs::read(house.ini()).expect("read"), ini, "its settings are as they were");
    Row { phase: "kill -9 in a call", count: turns, before, after, history: (turns + 2, kept(&house)) }.holds();
}
