//! Keymaps: what there is, what keys can do, what is wrong with one.

use crate::support::shape::Schema;
use crate::support::{bare, finish};

/// A home with keymaps beside its ini file, and what the program says there.
#[test]
fn keymaps_are_listed_shown_and_checked() {
    let home = tempfile::tempdir().expect("a folder");
    let ini = home.path().join("microsip.ini");
    std::fs::write(&ini, "[Settings]\r\n").expect("written");
    std::fs::create_dir(home.path().join("keymaps")).expect("made");
    let write = |name: &str, text: &str| std::fs::write(home.path().join("keymaps").join(name), text).expect("written");
    write("mine.ini", "[keymap]\ninherits=vim\n[keys]\nredial=F5\n");
    write("torn.ini", "[keys]\nhold=x\n\nplay=x\n");
    write("twin.ini", "[keys]\nhold=Ctrl-i\n");
    let ini = ini.to_str().expect("UTF-8").to_owned();
    let keymap = |words: &[&str]| finish(bare(home.path(), &[&["-i", &ini, "keymap"], words].concat()));
    let shape = Schema::of("keymap");

    let listed = keymap(&[]);
    let names: Vec<&str> = listed.stdout.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!(names, ["default", "vim", "emacs", "microsip", "mine", "torn", "twin"], "{listed:?}");
    let listed = keymap(&["list", "--json"]).json();
    shape.fits(&listed);
    assert!(listed["keymaps"][0]["file"].is_null());
    assert!(listed["keymaps"][4]["file"].as_str().is_some_and(|file| file.ends_with("mine.ini")));

    let told = keymap(&["actions", "--json"]).json();
    shape.fits(&told);
    let answer = told["actions"].as_array().unwrap().iter().find(|row| row["name"] == "answer").expect("a row").clone();
    assert_eq!(
        (&answer["keys"], &answer["places"]),
        (&serde_json::json!(["a", "F2"]), &serde_json::json!(["everywhere"]))
    );
    let actions = keymap(&["actions"]);
    assert!(actions.stdout.lines().any(|line| line.starts_with("mute-speaker ")), "{actions:?}");

    let shown = keymap(&["show"]);
    assert!(shown.code == 0 && shown.stdout.contains("\nanswer=a, F2\n"), "{shown:?}");
    write("copy.ini", &shown.stdout);
    let copy = keymap(&["check", "copy"]);
    assert_eq!((copy.code, copy.stdout.as_str()), (0, "copy: nothing is odd\n"), "{copy:?}");
    shape.fits(&keymap(&["show", "mine", "--json"]).json());
    let none = keymap(&["show", "nowhere"]);
    assert!(none.code == 3 && none.stderr.contains("there is no keymap nowhere"), "{none:?}");

    let torn = keymap(&["check", "torn"]);
    assert_eq!((torn.code, torn.stdout.as_str()), (3, "torn line 4: x is bound twice: hold and play\n"), "{torn:?}");
    let told = keymap(&["check", "torn", "--json"]).json();
    shape.fits(&told);
    assert_eq!((&told["ok"], &told["faults"][0]["line"]), (&false.into(), &4.into()));
    let twin = keymap(&["check", "twin"]);
    assert!(twin.code == 0 && twin.stdout.contains("line 2: note: most terminals tell Ctrl-i as Tab"), "{twin:?}");

    let offered = finish(bare(home.path(), &["complete", "--", "-i", &ini, "--keymap", "mi"]));
    assert!(offered.stdout.starts_with("files\nmicrosip\t") && offered.stdout.contains("\nmine\t"), "{offered:?}");
}
