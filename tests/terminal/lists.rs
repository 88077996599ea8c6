//! Contacts and calls that were, in a real terminal.

use crate::screen::Screen;
use crate::support::House;

#[test]
fn somebody_is_written_down_called_by_name_and_found_in_the_history() {
    let house = House::open();
    let contacts =
        "<?xml version=\"1.0\"?>\n<contacts>\n<contact name=\"Zoë &#x202e;Gro&#xdf;\" number=\"602\"/>\n</contacts>\n";
    let file = house.folder.path().join("Contacts.xml");
    std::fs::write(&file, contacts).expect("written");
    let _daemon = house.daemon();
    let mut screen = Screen::open(house.program(&[]), 24, 80);
    screen.wait_for("registered");
    screen.press("b");
    screen.wait_for("Zoë Groß");
    screen.press("\u{1}"); // Ctrl-A
    screen.wait_for("New contact");
    screen.press("Mirror\x1b[B600\r");
    screen.wait_for("600 is a contact now");
    screen.wait_for("Contacts: 2");
    let kept = std::fs::read_to_string(&file).expect("there");
    assert!(kept.contains("name=\"Mirror\" number=\"600\"") && kept.contains("&#x202e;"), "{kept}");
    // Another terminal knows her as well, and offers the number.
    let mut other = Screen::open(house.program(&[]), 12, 40);
    other.wait_for("registered");
    other.press("/mir");
    other.wait_for("Mirror");
    other.press("\t\r");
    other.wait_for("talking");
    other.press("\x1bOS"); // F4
    other.wait_for_end_of("talking");
    screen.press("\x1b[23~"); // F11
    screen.wait_for("outgoing  Mirror");
    screen.press("\x1b[3~y"); // Delete
    screen.wait_for("no calls yet");
    screen.press("\u{11}"); // Ctrl-Q
    assert_eq!(screen.ended(), 0);
    screen.assert_restored();
}
