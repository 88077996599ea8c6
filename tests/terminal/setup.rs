//! The questions of the first run, answered in a terminal.

use crate::screen::Screen;
use crate::support::{House, bare};
use std::process::Command;

/// The program where nothing is set up yet.
fn fresh(house: &House, arguments: &[&str]) -> Command {
    let mut command = bare(house.folder.path(), &["--audio-in", "voice", "--audio-out", "null", "--socket"]);
    command.arg(house.socket()).args(arguments);
    command
}

fn file(house: &House, name: &str) -> String {
    std::fs::read_to_string(house.folder.path().join(".config/tuiphone").join(name)).unwrap_or_default()
}

#[test]
fn five_answers_end_in_a_registered_phone() {
    let house = House::open();
    std::fs::remove_file(house.ini()).unwrap();
    let mut screen = Screen::open(fresh(&house, &[]), 24, 80);
    screen.wait_for("Welcome");
    screen.press("\r");
    screen.wait_for("Which server");
    screen.press(&format!("{}\r", house.server));
    screen.wait_for("user name");
    screen.press("100@demo\r");
    screen.wait_for("And your password?");
    screen.press("hunter2\r");
    screen.wait_for("automatic");
    screen.press("\r");
    screen.wait_for("does not take this password");
    screen.press("\r");
    screen.wait_for("And your password?");
    assert!(!screen.raw().contains("hunter2"), "{}", screen.text());
    screen.press(&format!("\u{15}{}\r", house.password));
    screen.wait_for("automatic");
    screen.press("\r");
    screen.wait_for("Registered over UDP");
    screen.press("\t");
    screen.wait_for("Where is the password");
    assert!(file(&house, "microsip.ini").is_empty(), "nothing is written before the end");
    screen.press("\r");
    screen.wait_for("registered 100@demo");
    screen.press("q");
    assert_eq!(screen.ended(), 0);
    screen.assert_restored();
    let told = crate::support::finish(fresh(&house, &["exit"]));
    assert_eq!(told.code, 0, "{told:?}");
    let ini = file(&house, "microsip.ini");
    assert!(ini.contains("username=100") && ini.contains("accountId=1") && ini.contains("transport=udp"), "{ini}");
    assert!(!ini.contains(&house.password) && file(&house, "passwords").contains(&house.password), "{ini}");
}

#[test]
fn line_by_line_there_is_no_escape_and_who_leaves_has_written_nothing() {
    let house = House::open();
    std::fs::remove_file(house.ini()).unwrap();
    let mut by_lines = fresh(&house, &["setup"]);
    by_lines.env("ACCESSIBLE", "1");
    let mut screen = Screen::open(by_lines, 40, 100);
    let server = format!("{}\r", house.server);
    let password = format!("{}\r", house.password);
    for (question, answer) in [
        ("1 set up an account", "1\r"),
        ("Exchange", "\r"),
        ("1 of 5", "nonsense here\r"),
        ("That is no name", server.as_str()),
        ("2 of 5", "100@demo\r"),
        ("Password of 100@demo", password.as_str()),
        ("4 of 5", "2\r"),
        ("registered over udp", ""),
        ("5 of 5", "3\r"),
        ("kept?", "quit\r"),
    ] {
        screen.wait_for(question);
        screen.press(answer);
    }
    assert_eq!(screen.ended(), 130);
    assert!(!screen.raw().contains('\u{1b}'), "{:?}", screen.raw());
    assert!(!screen.raw().contains(&house.password));
    assert!(file(&house, "microsip.ini").is_empty() && file(&house, "passwords").is_empty());
}
