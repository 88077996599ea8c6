//! Themes: what there is, what one is made of, what is wrong with it.

use crate::support::shape::Schema;
use crate::support::{bare, finish};
use tuiphone::ui::theme::Role;

/// A home with themes beside its ini file, and what the program says there.
#[test]
fn themes_are_listed_shown_and_checked() {
    let home = tempfile::tempdir().expect("a folder");
    let ini = home.path().join("microsip.ini");
    std::fs::write(&ini, "[Settings]\r\n").expect("written");
    std::fs::create_dir(home.path().join("themes")).expect("made");
    let write = |name: &str, text: &str| std::fs::write(home.path().join("themes").join(name), text).expect("written");
    write("mine.ini", "[theme]\ninherits=nord\n[roles]\npending=bold yellow\n");
    write("torn.ini", "[theme]\ninherits=nord\n\n[roles]\ngood=pinkish\n");
    write("faint.ini", "[roles]\ntext=#777777 on #888888\n");
    let ini = ini.to_str().expect("UTF-8").to_owned();
    let theme = |words: &[&str]| finish(bare(home.path(), &[&["-i", &ini, "theme"], words].concat()));
    let shape = Schema::of("theme");

    let listed = theme(&[]);
    let names: Vec<&str> = listed.stdout.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert!(listed.code == 0 && names.starts_with(&["terminal", "dark", "light"]), "{listed:?}");
    assert!(names.ends_with(&["faint", "mine", "torn"]) && listed.stdout.contains("mine.ini"), "{listed:?}");
    let listed = theme(&["list", "--json"]).json();
    shape.fits(&listed);
    let of = |name: &str| listed["themes"].as_array().unwrap().iter().find(|row| row["name"] == name).unwrap().clone();
    assert!(of("nord")["file"].is_null() && of("mine")["file"].as_str().is_some_and(|file| file.ends_with("mine.ini")));

    let roles = theme(&["roles"]);
    assert_eq!((roles.code, roles.stdout.lines().count()), (0, Role::ALL.len()), "{roles:?}");
    let told = theme(&["roles", "--json"]).json();
    shape.fits(&told);
    assert_eq!(told["roles"][0]["name"], Role::ALL[0].name());

    let shown = theme(&["show", "nord"]);
    assert!(shown.code == 0 && shown.stdout.contains("[palette]\nbackground=#2e3440\n"), "{shown:?}");
    shape.fits(&theme(&["show", "mine", "--json"]).json());
    let none = theme(&["show", "nowhere"]);
    assert!(none.code == 3 && none.stderr.contains("there is no theme nowhere"), "{none:?}");

    let good = theme(&["check", "mine"]);
    assert_eq!((good.code, good.stdout.as_str()), (0, "mine: nothing is odd\n"), "{good:?}");
    let torn = theme(&["check", "torn"]);
    assert!(torn.code == 3 && torn.stdout.starts_with("torn line 5: good: 'pinkish' is no colour"), "{torn:?}");
    let told = theme(&["check", "torn", "--json"]).json();
    shape.fits(&told);
    assert_eq!((&told["ok"], &told["faults"][0]["line"]), (&false.into(), &5.into()));
    let faint = theme(&["check", "faint"]);
    assert!(faint.code == 0 && faint.stdout.contains("note: text has a contrast of 1."), "{faint:?}");

    let offered = finish(bare(home.path(), &["complete", "--", "-i", &ini, "theme", "check", "mi"]));
    assert!(offered.stdout.starts_with("files\nmine\t"), "{offered:?}");
}
