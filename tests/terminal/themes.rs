//! Themes while the interface runs: a file that is written is worn at once, one is chosen from inside.

use crate::screen::Screen;
use crate::support::House;
use std::fs;

/// A foreground of these 24 bits.
fn colour(rgb: &str) -> String {
    format!("38;2;{rgb};")
}

#[test]
fn a_theme_is_worn_as_it_is_written_and_another_one_is_chosen() {
    let house = House::open();
    let _daemon = house.daemon();
    let folder = house.ini().with_file_name("themes");
    fs::create_dir(&folder).expect("made");
    let theme = folder.join("mine.ini");
    // As editors write: beside it, then over it.
    let write = |text: &str| {
        fs::write(folder.join(".mine.ini.swp"), text).expect("written");
        fs::rename(folder.join(".mine.ini.swp"), &theme).expect("renamed");
    };
    let base = |good: &str| fs::write(folder.join("base.ini"), format!("[roles]\ngood={good}\n")).expect("written");
    base("#010203");
    write("[theme]\ninherits=base\n");
    let mut program = house.program(&["--theme", "mine"]);
    program.env("COLORTERM", "truecolor");
    let mut screen = Screen::open(program, 24, 80);
    screen.wait_for("registered");
    screen.wait_until_written(&colour("1;2;3"), 1);
    screen.settle();

    // Linux tells of it; elsewhere somebody has to look.
    let look = |screen: &mut Screen| {
        if !cfg!(target_os = "linux") {
            screen.press("\u{c}"); // Ctrl-L
        }
    };
    base("#040506");
    look(&mut screen);
    screen.wait_until_written(&colour("4;5;6"), 1);
    write("[theme]\ninherits=base\n[roles]\nbad=fat\n");
    look(&mut screen);
    screen.wait_for("mine.ini:4: bad: 'fat' is no colour");
    screen.wait_for("registered");
    write("[roles]\ngood=#070809\n");
    look(&mut screen);
    screen.wait_until_written(&colour("7;8;9"), 1);
    screen.wait_for_end_of("mine.ini");

    screen.press(" t");
    screen.wait_for("gruvbox");
    screen.press("\x1b[H"); // Home
    screen.press("\x1b[B"); // Down
    let is_chosen = |line: &str| line.contains('▌') && line.contains(" dark ");
    screen.wait_until("dark is tried", |screen| screen.text().lines().any(is_chosen));
    screen.settle();
    let tried = screen.times_written(&colour("7;8;9"));
    screen.press("\x1b");
    screen.wait_for_end_of("gruvbox");
    screen.wait_until_written(&colour("7;8;9"), tried + 1);
    // All of it at once: nobody who knows the way waits for a list.
    screen.press(" t\x1b[H\x1b[B\r");
    screen.wait_for("the theme is dark from now on");
    let ini = fs::read_to_string(house.ini()).expect("read");
    assert!(ini.contains("theme=dark"), "{ini}");
    screen.press("\u{11}"); // Ctrl-Q
    assert_eq!(screen.ended(), 0);
    screen.assert_restored();
}
