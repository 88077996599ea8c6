//! The languages of the interface: what there is, what one is made of, what is wrong with it.

use crate::support::shape::Schema;
use crate::support::{bare, finish};

/// A home with a language beside its ini file, and what the program says there.
#[test]
fn languages_are_listed_shown_and_checked() {
    let home = tempfile::tempdir().expect("a folder");
    let ini = home.path().join("microsip.ini");
    std::fs::write(&ini, "[Settings]\r\n").expect("written");
    std::fs::create_dir(home.path().join("words")).expect("made");
    let write = |name: &str, text: &str| std::fs::write(home.path().join("words").join(name), text).expect("written");
    write(
        "torn.ftl",
        "line-no-call = Kein Anruf.\nline-forwarded = an { $whom }\nline-pause = { $time\nnonsense = x\n",
    );
    let ini = ini.to_str().expect("UTF-8").to_owned();
    let words = |words: &[&str]| finish(bare(home.path(), &[&["-i", &ini, "words"], words].concat()));
    let shape = Schema::of("words");

    let listed = words(&[]);
    assert!(
        listed.code == 0 && listed.stdout.starts_with("en\ntorn  ") && listed.stdout.contains("torn.ftl"),
        "{listed:?}"
    );
    shape.fits(&words(&["list", "--json"]).json());

    // What is shown is what a translator begins with, and is whole.
    let shown = words(&["show"]);
    assert!(
        shown.stdout.contains("\nline-no-call = No call.\n") && shown.stdout.contains("\nact-answer = "),
        "{shown:?}"
    );
    write("copy.ftl", &shown.stdout);
    let copy = words(&["check", "copy"]);
    assert_eq!((copy.code, copy.stdout.as_str()), (0, "copy: nothing is odd\n"), "{copy:?}");

    assert_eq!(words(&["check", "en"]).stdout, "en: nothing is odd\n");

    let torn = words(&["check", "torn"]);
    for line in [
        "torn: note: ",
        "torn line 2: line-forwarded: nobody puts in $whom; there is $number\n",
        "torn line 3: line-pause: ",
        "torn line 4: nonsense: the phone says nothing by this id\n",
    ] {
        assert!(torn.code == 3 && torn.stdout.contains(line), "{line}: {torn:?}");
    }
    let told = words(&["check", "torn", "--json"]).json();
    shape.fits(&told);
    assert_eq!((&told["ok"], &told["faults"][0]["line"]), (&false.into(), &0.into()));
    let none = words(&["show", "nowhere"]);
    assert!(none.code == 3 && none.stderr.contains("there is no language nowhere"), "{none:?}");
}
